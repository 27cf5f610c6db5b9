/*
 * test_print.c - a funnel as JSON, CSV, a sentence and a drawing.
 *
 * What it is:   answers made by hand, printed, and read back: JSON by jansson, the drawing by a
 * small checker of well-formedness that knows nothing of how it is made.
 */
#include "funnel/print_int.h"
#include "base/mem.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define ROWS_MAX 32

struct answer {
	struct funnel_result r;
	struct funnel_step_result steps[ROWS_MAX], group[3][ROWS_MAX];
	struct funnel_group groups[3];
	struct funnel_trend_point trend[2];
	struct funnel_step asked[ROWS_MAX];
	str stages[ROWS_MAX];
};

static void fill(struct funnel_step_result *steps, size_t n, const uint64_t *counts)
{
	for (size_t k = 0; k < n; k++) {
		steps[k].count = counts[k];
		steps[k].from_previous = k == 0 || counts[k - 1] == 0
						 ? (double)NAN
						 : (double)counts[k] / (double)counts[k - 1];
		steps[k].from_first = k == 0 || counts[0] == 0
					      ? (double)NAN
					      : (double)counts[k] / (double)counts[0];
		steps[k].median_us = k == 0 || counts[k] == 0 ? -1 : 1500000;
		steps[k].p90_us = steps[k].median_us < 0 ? -1 : 86400 * US_PER_S;
	}
}

/* Two steps, by source, by month. */
static void make_answer(struct answer *x)
{
	static const uint64_t all[] = { 8000, 841 }, some[] = { 6000, 0 }, none[] = { 2000, 841 };
	memset(x, 0, sizeof *x);
	x->asked[0] = (struct funnel_step){ .kind = STEP_STAGE, .name = S("mql") };
	x->asked[1] = (struct funnel_step){ .kind = STEP_NAME, .name = S("<&\"'>") };
	x->steps[0].name = S("stage:mql");
	x->steps[1].name = S("<&\"'>");
	fill(x->steps, 2, all);
	for (size_t g = 0; g < 3; g++) {
		x->group[g][0].name = x->steps[0].name;
		x->group[g][1].name = x->steps[1].name;
		fill(x->group[g], 2, g == 1 ? none : some);
		x->groups[g].steps = x->group[g];
	}
	x->groups[0].value = value_text(S("organic, \"search\""));
	x->groups[2].value = value_text(S("(other)"));
	x->groups[2].other = true;
	for (size_t i = 0; i < 2; i++)
		x->trend[i] = (struct funnel_trend_point){ .from_us = (int64_t)i * US_PER_DAY,
							   .to_us = (int64_t)(i + 1) * US_PER_DAY,
							   .complete = i == 0,
							   .steps = x->group[i] };
	x->r = (struct funnel_result){ .steps_n = 2,
				       .steps = x->steps,
				       .groups = x->groups,
				       .groups_n = 3,
				       .trend = x->trend,
				       .trend_n = 2,
				       .snapshot = 4242,
				       .out_of_order = 1 };
	x->r.spec = (struct funnel_spec){ .steps = x->asked,
					  .steps_n = 2,
					  .window_us = 14 * US_PER_DAY,
					  .from_us = 0,
					  .to_us = INT64_MAX,
					  .by = S("source"),
					  .groups_max = 2,
					  .trend = true,
					  .trend_unit = TIME_MONTH,
					  .now_us = 5 * US_PER_DAY };
}

static void make_lifecycle(struct answer *x, uint64_t visitors)
{
	static const char *const names[] = { "visitor", "lead",	       "mql",	  "sal",
					     "sql",	"opportunity", "customer" };
	const uint64_t counts[] = { visitors, 8000, 8000, 842, 842, 842, 842 };
	memset(x, 0, sizeof *x);
	for (size_t k = 0; k < 7; k++)
		x->steps[k].name = str_of(names[k]);
	for (size_t k = 1; k < 7; k++)
		x->stages[k - 1] = str_of(names[k]);
	fill(x->steps, 7, counts);
	x->steps[3].skipped = 842;
	x->r = (struct funnel_result){ .steps_n = 7, .steps = x->steps };
	x->r.spec = (struct funnel_spec){ .stages = x->stages,
					  .stages_n = 6,
					  .window_us = FUNNEL_WINDOW_NONE,
					  .from_us = INT64_MIN,
					  .to_us = INT64_MAX };
}

static json_t *parsed(const struct funnel_result *r)
{
	struct buf b;
	json_error_t error;
	buf_init(&b, MIB);
	funnel_print_json(r, &b);
	json_t *root = json_loadb(b.p, b.n, 0, &error);
	if (!root)
		fail_msg("%d: %s", error.line, error.text);
	buf_fini(&b);
	return root;
}

static json_t *step(json_t *object, size_t k)
{
	return json_array_get(json_object_get(object, "steps"), k);
}

static void the_json_has_the_fields_promised(void **state)
{
	struct answer x;
	(void)state;
	make_answer(&x);
	json_t *root = parsed(&x.r);
	json_t *one = step(root, 0), *two = step(root, 1);
	assert_int_equal(json_integer_value(json_object_get(one, "step")), 1);
	assert_string_equal(json_string_value(json_object_get(one, "name")), "stage:mql");
	assert_int_equal(json_integer_value(json_object_get(one, "count")), 8000);
	assert_true(json_is_null(json_object_get(one, "from_previous")));
	assert_true(json_is_null(json_object_get(one, "from_first")));
	assert_true(json_is_null(json_object_get(one, "median_seconds")));
	assert_true(json_is_null(json_object_get(one, "p90_seconds")));
	assert_string_equal(json_string_value(json_object_get(two, "name")), "<&\"'>");
	assert_float_equal(json_number_value(json_object_get(two, "from_previous")), 0.105125,
			   1e-12);
	assert_float_equal(json_number_value(json_object_get(two, "median_seconds")), 1.5, 1e-12);
	assert_float_equal(json_number_value(json_object_get(two, "p90_seconds")), 86400, 1e-12);
	assert_int_equal(json_integer_value(json_object_get(root, "snapshot")), 4242);
	assert_int_equal(json_integer_value(json_object_get(root, "out_of_order")), 1);
	json_t *groups = json_object_get(root, "groups");
	assert_int_equal(json_array_size(groups), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(groups, 0), "value")),
			    "organic, \"search\"");
	assert_true(json_is_null(json_object_get(json_array_get(groups, 1), "value")));
	assert_true(json_is_true(json_object_get(json_array_get(groups, 2), "other")));
	assert_int_equal(
		json_integer_value(json_object_get(step(json_array_get(groups, 1), 1), "count")),
		841);
	json_t *trend = json_object_get(root, "trend");
	assert_int_equal(json_array_size(trend), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(trend, 0), "from")),
			    "1970-01-01T00:00:00Z");
	assert_true(json_is_true(json_object_get(json_array_get(trend, 0), "complete")));
	assert_true(json_is_false(json_object_get(json_array_get(trend, 1), "complete")));
	assert_non_null(step(json_array_get(trend, 1), 1));
	json_decref(root);
}

static void the_json_names_every_rule(void **state)
{
	static const char *const keys[] = {
		"steps",     "order", "window", "max_gap",    "min_gap",   "entry",
		"reuse",     "ties",  "repeat", "exclude",    "hold",	   "count",
		"breakdown", "of",    "tail",	"view",	      "as_of",	   "from",
		"to",	     "where", "trend",	"groups_max", "time_zone",
	};
	struct answer x;
	(void)state;
	make_answer(&x);
	json_t *root = parsed(&x.r);
	json_t *rules = json_object_get(root, "rules");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (!json_object_get(rules, keys[i]))
			fail_msg("%s is missing", keys[i]);
	assert_string_equal(json_string_value(json_object_get(rules, "window")), "14d");
	assert_float_equal(json_number_value(json_object_get(rules, "window_seconds")), 14 * 86400,
			   0);
	assert_string_equal(json_string_value(json_object_get(rules, "from")),
			    "1970-01-01T00:00:00Z");
	assert_true(json_is_null(json_object_get(rules, "to")));
	json_decref(root);
	make_lifecycle(&x, 9000);
	root = parsed(&x.r);
	rules = json_object_get(root, "rules");
	assert_string_equal(json_string_value(json_object_get(rules, "window")), "none");
	assert_true(json_is_null(json_object_get(rules, "breakdown")));
	assert_int_equal(json_integer_value(json_object_get(step(root, 3), "skipped")), 842);
	assert_null(json_object_get(root, "trend"));
	json_decref(root);
}

static void the_csv_has_a_row_per_step(void **state)
{
	struct answer x;
	struct buf b;
	(void)state;
	make_answer(&x);
	buf_init(&b, MIB);
	funnel_print_csv(&x.r, &b);
	buf_byte(&b, 0);
	assert_string_equal(
		b.p,
		"part,value,step,name,count,skipped,from_previous,from_first,median_seconds,p90_seconds,complete\n"
		"all,,1,stage:mql,8000,0,,,,,\n"
		"all,,2,\"<&\"\"'>\",841,0,0.105125,0.105125,1.5,86400,\n"
		"group,\"organic, \"\"search\"\"\",1,stage:mql,6000,0,,,,,\n"
		"group,\"organic, \"\"search\"\"\",2,\"<&\"\"'>\",0,0,0,0,,,\n"
		"group,,1,stage:mql,2000,0,,,,,\n"
		"group,,2,\"<&\"\"'>\",841,0,0.4205,0.4205,1.5,86400,\n"
		"other,(other),1,stage:mql,6000,0,,,,,\n"
		"other,(other),2,\"<&\"\"'>\",0,0,0,0,,,\n"
		"trend,1970-01-01T00:00:00Z,1,stage:mql,6000,0,,,,,true\n"
		"trend,1970-01-01T00:00:00Z,2,\"<&\"\"'>\",0,0,0,0,,,true\n"
		"trend,1970-01-02T00:00:00Z,1,stage:mql,2000,0,,,,,false\n"
		"trend,1970-01-02T00:00:00Z,2,\"<&\"\"'>\",841,0,0.4205,0.4205,1.5,86400,false\n");
	buf_fini(&b);
}

static void the_sentence_says_how_it_was_counted(void **state)
{
	static const char *const parts[] = {
		"people",
		"in order",
		"within 14d of the first",
		"from 1970-01-01",
		"broken down by source of the first touch",
		"touch 4,242",
		"not counted to the end: 1",
	};
	struct answer x;
	struct buf b;
	(void)state;
	make_answer(&x);
	buf_init(&b, MIB);
	funnel_print_rules(&x.r, LANGUAGE_EN, &b);
	buf_byte(&b, 0);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (!strstr(b.p, parts[i]))
			fail_msg("\"%s\" is not in: %s", parts[i], b.p);
	buf_clear(&b);
	make_lifecycle(&x, 1);
	x.r.spec.order = FUNNEL_ANY;
	x.r.spec.count = FUNNEL_COMPANIES;
	funnel_print_rules(&x.r, LANGUAGE_EN, &b);
	buf_byte(&b, 0);
	assert_non_null(strstr(b.p, "companies who entered each stage or a later one"));
	assert_non_null(strstr(b.p, "any order"));
	assert_non_null(strstr(b.p, "without a window"));
	buf_fini(&b);
}

/* Tags nest, attributes are quoted, text has no bare marks, all is UTF-8. */
static void assert_well_formed(const char *p, size_t n)
{
	const char *open[32];
	size_t depth = 0;
	assert_true(str_is_utf8(str_make(p, n)));
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '&') {
			size_t end = i;
			while (end < n && p[end] != ';' && end - i < 8)
				end++;
			assert_true(p[end] == ';');
		}
		if (p[i] != '<') {
			assert_true(p[i] != '>' && ((unsigned char)p[i] >= 0x20 || p[i] == '\n'));
			continue;
		}
		const char *name = p + i + 1;
		bool closing = *name == '/';
		char quote = 0;
		for (i++; i < n && (quote != 0 || p[i] != '>'); i++) {
			assert_true(p[i] != '<');
			if (quote == 0 && (p[i] == '"' || p[i] == '\''))
				quote = p[i];
			else if (p[i] == quote)
				quote = 0;
		}
		assert_true(i < n);
		size_t length = strcspn(closing ? name + 1 : name, " >/");
		if (closing) {
			assert_true(depth > 0);
			depth--;
			assert_memory_equal(open[depth], name + 1, length);
		} else if (p[i - 1] != '/') {
			assert_true(depth < ARRAY_LEN(open));
			open[depth++] = name;
		}
	}
	assert_int_equal(depth, 0);
}

static char *drawn(const struct funnel_result *r, str title, struct buf *b)
{
	err e = { 0 };
	buf_init(b, 4 * MIB);
	funnel_print_svg(r, title, b);
	assert_true(buf_ok(b, &e));
	assert_well_formed(b->p, b->n);
	buf_byte(b, 0);
	return b->p;
}

static void the_drawing_shows_counts_and_rates(void **state)
{
	struct answer x;
	struct buf b;
	(void)state;
	make_lifecycle(&x, 12000);
	char *svg = drawn(&x.r, S("A <year> & more"), &b);
	assert_non_null(strstr(svg, "width=\"1280\""));
	assert_non_null(strstr(svg, "A &lt;year&gt; &amp; more"));
	assert_non_null(strstr(svg, ">12,000<"));
	assert_non_null(strstr(svg, ">MQL<"));
	assert_non_null(strstr(svg, "10.5\u202F%"));
	assert_non_null(strstr(svg, "Of 8,000 leads, 842 became customers."));
	assert_non_null(strstr(svg, "Most are lost between MQL and SAL."));
	assert_non_null(strstr(svg, "#0B6E7F"));
	assert_non_null(strstr(svg, "#A8501A"));
	assert_non_null(strstr(svg, "Pale"));
	assert_non_null(strstr(svg, "system-ui"));
	assert_null(strstr(svg, "nan"));
	assert_null(strstr(svg, "<script"));
	buf_fini(&b);
}

static void many_visitors_do_not_dwarf_the_rest(void **state)
{
	struct answer x;
	struct buf b;
	(void)state;
	make_lifecycle(&x, 8000);
	assert_null(strstr(drawn(&x.r, S(""), &b), "fill=\"#FFF\"/>\n<path"));
	size_t plain = b.n;
	buf_fini(&b);
	make_lifecycle(&x, 8000000);
	/* the bar of the leads is three quarters of the whole, that of the visitors all of it */
	char *svg = drawn(&x.r, S(""), &b);
	assert_non_null(strstr(svg, "width=\"464.0\""));
	assert_non_null(strstr(svg, "width=\"348.0\""));
	assert_true(b.n > plain);
	buf_fini(&b);
}

static void a_breakdown_is_small_multiples(void **state)
{
	struct answer x;
	struct buf b;
	(void)state;
	make_answer(&x);
	char *svg = drawn(&x.r, S("By source"), &b);
	assert_non_null(strstr(svg, "organic, &quot;search&quot;"));
	assert_non_null(strstr(svg, "(none)"));
	assert_non_null(strstr(svg, "&lt;&amp;&quot;&#39;&gt;"));
	buf_fini(&b);
}

static void odd_answers_are_drawn_as_well(void **state)
{
	static char name[4000];
	static const uint64_t zeros[ROWS_MAX];
	struct answer x;
	struct buf b;
	(void)state;
	make_answer(&x);
	fill(x.steps, 2, zeros);
	fill(x.group[0], 2, zeros);
	assert_non_null(strstr(drawn(&x.r, S("Nothing"), &b), "No MQLs in this period."));
	buf_fini(&b);
	make_answer(&x);
	x.r.steps_n = 1;
	(void)drawn(&x.r, S(""), &b);
	buf_fini(&b);
	make_answer(&x);
	x.r.groups_n = 0;
	x.r.steps_n = ROWS_MAX;
	for (size_t k = 0; k < ROWS_MAX; k++)
		x.steps[k].name = S("step");
	fill(x.steps, ROWS_MAX, zeros);
	(void)drawn(&x.r, S(""), &b);
	buf_fini(&b);
	/* long, without blanks, beyond ASCII, and bytes that are no text at all */
	for (size_t i = 0; i < sizeof name; i++)
		name[i] = (char)(i % 2 == 0 ? 'M' : (int)(i * 7 % 256) - 128);
	make_answer(&x);
	x.steps[1].name = str_make(name, sizeof name);
	x.groups[0].value = value_text(x.steps[1].name);
	(void)drawn(&x.r, str_make(name, 300), &b);
	buf_fini(&b);
}

static void texts_are_cut_between_characters(void **state)
{
	struct buf b;
	str rest;
	(void)state;
	buf_init(&b, KIB);
	svg_fitted(&b, S("\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc"), 15, 50);
	assert_true(str_is_utf8(buf_view(&b)));
	assert_true(str_ends(buf_view(&b), S("\u2026")));
	assert_true(b.n < 18);
	str line = svg_line(S("one two three four"), 13, 60, &rest);
	assert_true(str_eq(line, S("one two")));
	assert_true(str_eq(rest, S("three four")));
	line = svg_line(S("short"), 13, 600, &rest);
	assert_true(str_eq(line, S("short")) && rest.n == 0);
	line = svg_line(S("unbreakable"), 13, 1, &rest);
	assert_int_equal(line.n, 1);
	assert_int_equal(rest.n, 10);
	buf_fini(&b);
}

static void thousands_are_separated(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} rows[] = { { 0, "0" },
		     { 999, "999" },
		     { 1000, "1,000" },
		     { 123456, "123,456" },
		     { 10005534, "10,005,534" },
		     { UINT64_MAX, "18,446,744,073,709,551,615" } };
	struct buf b;
	(void)state;
	buf_init(&b, KIB);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_clear(&b);
		print_count(&b, rows[i].n);
		assert_true(str_eq(buf_view(&b), str_of(rows[i].text)));
	}
	buf_fini(&b);
}

/* What does not fit or cannot be had is known at the end, never a shorter answer. */
static void no_memory_is_remembered(void **state)
{
	struct answer x;
	err e = { 0 };
	(void)state;
	make_answer(&x);
	for (uint64_t fail = 1;; fail++) {
		struct buf b;
		buf_init(&b, MIB);
		mem_fail_at(fail);
		funnel_print_json(&x.r, &b);
		funnel_print_csv(&x.r, &b);
		funnel_print_svg(&x.r, S("title"), &b);
		bool failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(buf_ok(&b, &e), !failed);
		buf_fini(&b);
		if (!failed)
			break;
	}
	struct buf small;
	buf_init(&small, 100);
	funnel_print_svg(&x.r, S("title"), &small);
	assert_false(buf_ok(&small, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	buf_fini(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_json_has_the_fields_promised),
		cmocka_unit_test(the_json_names_every_rule),
		cmocka_unit_test(the_csv_has_a_row_per_step),
		cmocka_unit_test(the_sentence_says_how_it_was_counted),
		cmocka_unit_test(the_drawing_shows_counts_and_rates),
		cmocka_unit_test(many_visitors_do_not_dwarf_the_rest),
		cmocka_unit_test(a_breakdown_is_small_multiples),
		cmocka_unit_test(odd_answers_are_drawn_as_well),
		cmocka_unit_test(texts_are_cut_between_characters),
		cmocka_unit_test(thousands_are_separated),
		cmocka_unit_test(no_memory_is_remembered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
