/*
 * test_cases.c - the public cases of other systems, each under its profile.
 *
 * What it is:   ../shared/data/funnel/cases.jsonl: touches, steps, window and what that system
 *               answers. Each case is run by the engine alone, and once more as a whole: through
 * the journal, with a funnel over it. Skipped with a message when the file is not there.
 */
#include "funnel/funnel_int.h"

#include "funnel_test.h"

#include <jansson.h>
#include <stdlib.h>

#define CASES_MIN   88
#define TOUCHES_MAX 256
#define USERS_MAX   128

struct user {
	const char *name;
	struct chain_touch touches[TOUCHES_MAX];
	const char *value[TOUCHES_MAX];
	size_t n;
	struct chain chain; /* the best; level 0 none */
};
struct exercise {
	json_t *json;
	const char *id;
	struct funnel_spec spec;
	struct funnel_step steps[FUNNEL_STEPS_MAX];
	struct user users[USERS_MAX];
	size_t users_n;
	int64_t tick_us;
	size_t entries, conversions;
};

/* ---- reading a case -------------------------------------------------------------------------- */

static const char *text_of(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

static bool has_mode(const struct exercise *x, const char *mode)
{
	size_t i;
	json_t *m;
	json_array_foreach(json_object_get(x->json, "mode"), i,
			   m) if (strcmp(json_string_value(m), mode) == 0) return true;
	return false;
}

static void set(struct world *w, struct exercise *x, const char *name, const char *text)
{
	size_t i = funnel_parameter_number(str_of(name));
	WORLD_OK(w, funnel_parameter_set(&w->a, &x->spec, i, str_of(text), &w->e));
}

/* As its profile and its mode words say. */
static void read_rules(struct world *w, struct exercise *x)
{
	const char *dialect = text_of(x->json, "dialect");
	if (strcmp(dialect, "mixpanel_docs") == 0)
		dialect = "mixpanel";
	if (has_mode(x, "strict_once"))
		dialect = "clickhouse_once";
	set(w, x, "window", "1d");
	x->spec.window_us = (int64_t)json_integer_value(json_object_get(x->json, "window")) *
			    x->tick_us;
	x->spec.changed = 0;
	set(w, x, "profile", dialect);
	if (has_mode(x, "strict"))
		set(w, x, "order", "strict");
	if (has_mode(x, "strict_order"))
		set(w, x, "order", "strict_order");
	if (has_mode(x, "unordered"))
		set(w, x, "order", "any");
	if (has_mode(x, "strict_increase"))
		set(w, x, "ties", "increase");
	if (has_mode(x, "strict_deduplication"))
		set(w, x, "repeat", "stop");
	if (has_mode(x, "totals"))
		set(w, x, "count", "totals");
}

static bool step_has(json_t *step, const char *name)
{
	size_t i;
	json_t *one;
	if (json_is_string(step))
		return strcmp(json_string_value(step), name) == 0 ||
		       strcmp(json_string_value(step), "*") == 0;
	json_array_foreach(step, i, one) if (strcmp(json_string_value(one), name) == 0) return true;
	return false;
}

/* 's' counts seconds; what does not fit then counts ticks. */
static int64_t tick_of(json_t *json)
{
	size_t i;
	json_t *e;
	int64_t tick = strcmp(text_of(json, "unit"), "us") == 0 ? 1 : 1000000;
	json_array_foreach(json_object_get(json, "events"), i,
			   e) if (json_integer_value(json_object_get(e, "ts")) >
				  INT64_MAX / 1000000) tick = 1;
	return tick;
}

static const char *subject_of(const struct exercise *x, json_t *event)
{
	const char *by = text_of(x->json, "aggregate_by");
	if (strncmp(by, "props.", 6) != 0)
		return text_of(event, "user");
	return text_of(json_object_get(event, "props"), by + 6);
}

static struct user *user_at(struct exercise *x, const char *name)
{
	for (size_t i = 0; i < x->users_n; i++)
		if (strcmp(x->users[i].name, name) == 0)
			return &x->users[i];
	assert_true(x->users_n < USERS_MAX);
	x->users[x->users_n].name = name;
	return &x->users[x->users_n++];
}

static int cmp_touch(const void *a, const void *b)
{
	const struct chain_touch *x = a, *y = b;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

static void read_touches(struct exercise *x)
{
	json_t *event, *step, *exclusion;
	size_t i, k;
	const char *by = text_of(json_object_get(x->json, "breakdown"), "property");
	json_array_foreach(json_object_get(x->json, "events"), i, event)
	{
		struct user *u = user_at(x, subject_of(x, event));
		assert_true(u->n < TOUCHES_MAX);
		struct chain_touch *t = &u->touches[u->n];
		t->at_us = json_integer_value(json_object_get(event, "ts")) * x->tick_us;
		t->seq = i;
		json_array_foreach(json_object_get(x->json, "steps"), k, step)
			t->mask |= (uint32_t)step_has(step, text_of(event, "event")) << k;
		json_array_foreach(json_object_get(x->json, "exclusions"), k, exclusion)
			t->exclude |= (uint32_t)(strcmp(text_of(exclusion, "event"),
							text_of(event, "event")) == 0)
				      << k;
		/* The first letter tells the values apart. */
		t->value = *by ? (uint32_t)(unsigned char)*text_of(json_object_get(event, "props"),
								   by)
			       : 0;
		u->n++;
	}
	for (i = 0; i < x->users_n; i++)
		qsort(x->users[i].touches, x->users[i].n, sizeof *x->users[i].touches, cmp_touch);
}

static str exclusions_of(struct world *w, json_t *json)
{
	str all = S("");
	size_t i;
	json_t *e;
	json_array_foreach(json_object_get(json, "exclusions"), i, e) all = str_printf(
		&w->a, "%.*s%s\"%s\":%d-%d", STR_ARG(all), i ? ", " : "", text_of(e, "event"),
		(int)json_integer_value(json_object_get(e, "from")) + 1,
		(int)json_integer_value(json_object_get(e, "to")) + 1);
	return all;
}

static void read_case(struct world *w, json_t *json, struct exercise *x)
{
	memset(x, 0, sizeof *x);
	x->json = json;
	x->id = text_of(json, "id");
	x->tick_us = tick_of(json);
	x->spec = spec_of(w, NULL);
	x->spec.steps = x->steps;
	x->spec.steps_n = json_array_size(json_object_get(json, "steps"));
	for (size_t k = 0; k < x->spec.steps_n; k++)
		x->steps[k] = (struct funnel_step){ .kind = STEP_NAME, .name = S("x") };
	read_rules(w, x);
	str out = exclusions_of(w, json);
	if (out.n > 0)
		WORLD_OK(w,
			 funnel_parameter_set(&w->a, &x->spec,
					      funnel_parameter_number(S("exclude")), out, &w->e));
	read_touches(x);
}

/* ---- the engine alone ------------------------------------------------------------------------ */

static bool take(void *arg, const struct chain *c)
{
	struct exercise *x = arg;
	x->entries++;
	x->conversions += c->level == x->spec.steps_n;
	return true;
}

static void run_engine(struct world *w, struct exercise *x)
{
	struct chain_rules rules;
	struct sequence *s;
	WORLD_OK(w, funnel_check(&x->spec, NULL, &w->e));
	WORLD_OK(w, rules_settle(&x->spec, &w->a, &w->e));
	rules_make(&x->spec, &rules);
	WORLD_OK(w, sequence_new(&rules, &s, &w->e));
	for (size_t i = 0; i < x->users_n; i++) {
		struct user *u = &x->users[i];
		WORLD_OK(w, sequence_best(s, u->touches, u->n, &u->chain, &w->e));
		WORLD_OK(w, sequence_run(s, u->touches, u->n, take, x, &w->e));
	}
	sequence_free(&s);
}

static void check_number(const struct exercise *x, const char *what, double got, json_t *wanted)
{
	if (json_is_null(wanted))
		return;
	double want = json_number_value(wanted);
	if (fabs(got - want) > 1e-6)
		fail_msg("%s: %s is %g, not %g", x->id, what, got, want);
}

static size_t at_level(const struct exercise *x, size_t level)
{
	size_t n = 0;
	for (size_t i = 0; i < x->users_n; i++)
		n += x->users[i].chain.level >= level;
	return n;
}

static int cmp_int64(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* Times from one step to another, sorted; returns how many. */
static size_t gaps_of(const struct exercise *x, size_t from, size_t to, int64_t *gaps)
{
	size_t n = 0;
	for (size_t i = 0; i < x->users_n; i++) {
		const struct user *u = &x->users[i];
		if (u->chain.level > to)
			gaps[n++] = u->touches[u->chain.touch[to]].at_us -
				    u->touches[u->chain.touch[from]].at_us;
	}
	qsort(gaps, n, sizeof *gaps, cmp_int64);
	return n;
}

static double average(const int64_t *gaps, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)gaps[i] / 1e6;
	return n ? sum / (double)n : NAN;
}

static void check_levels(const struct exercise *x, json_t *expected)
{
	const char *name;
	json_t *wanted;
	size_t k;
	json_object_foreach(json_object_get(expected, "levels"), name, wanted)
	{
		double level = 0;
		for (size_t i = 0; i < x->users_n; i++)
			if (strcmp(x->users[i].name, name) == 0)
				level = (double)x->users[i].chain.level;
		check_number(x, name, level, wanted);
	}
	json_array_foreach(json_object_get(expected, "step_counts"), k, wanted)
		check_number(x, "a step count", (double)at_level(x, k + 1), wanted);
	json_object_foreach(json_object_get(expected, "users_at_step"), name, wanted)
	{
		size_t step = strtoul(name, NULL, 10);
		assert_int_equal(at_level(x, step), json_array_size(wanted));
		for (size_t i = 0; i < x->users_n; i++) {
			bool listed = false;
			json_t *one;
			json_array_foreach(wanted, k, one)
				listed = listed ||
					 strcmp(json_string_value(one), x->users[i].name) == 0;
			assert_int_equal(x->users[i].chain.level >= step, listed);
		}
	}
	json_t *totals = json_object_get(expected, "totals");
	if ((wanted = json_object_get(totals, "entries")))
		check_number(x, "entries", (double)x->entries, wanted);
	if ((wanted = json_object_get(totals, "conversions")))
		check_number(x, "conversions", (double)x->conversions, wanted);
}

static void check_times(const struct exercise *x, json_t *expected)
{
	int64_t gaps[USERS_MAX];
	json_t *wanted;
	size_t k;
	json_array_foreach(json_object_get(expected, "avg_conversion_s"), k, wanted)
	{
		size_t n = k == 0 ? 0 : gaps_of(x, k - 1, k, gaps);
		check_number(x, "an average time", average(gaps, n), wanted);
	}
	json_array_foreach(json_object_get(expected, "median_conversion_s"), k, wanted)
	{
		size_t n = k == 0 ? 0 : gaps_of(x, k - 1, k, gaps);
		double middle = n ? (double)(gaps[n / 2] + gaps[(n - 1) / 2]) / 2e6 : NAN;
		check_number(x, "a median time", middle, wanted);
	}
	json_t *convert = json_object_get(expected, "time_to_convert");
	if (!convert)
		return;
	size_t from = (size_t)json_integer_value(json_object_get(convert, "from_step"));
	size_t to = (size_t)json_integer_value(json_object_get(convert, "to_step"));
	size_t n = gaps_of(x, from, to, gaps);
	json_t *bins = json_object_get(convert, "bins");
	check_number(x, "average", average(gaps, n), json_object_get(convert, "average_s"));
	for (k = 0; k < json_array_size(bins); k++) {
		double low = json_number_value(json_array_get(json_array_get(bins, k), 0));
		double high = k + 1 < json_array_size(bins)
				      ? json_number_value(
						json_array_get(json_array_get(bins, k + 1), 0))
				      : INFINITY;
		size_t in = 0;
		for (size_t i = 0; i < n; i++)
			in += (double)gaps[i] / 1e6 >= low && (double)gaps[i] / 1e6 < high;
		check_number(x, "a bin", (double)in, json_array_get(json_array_get(bins, k), 1));
	}
}

/* ---- as a whole ------------------------------------------------------------------------------ */

static str step_rule(struct world *w, json_t *step)
{
	size_t i;
	json_t *one;
	str rule = S("");
	if (json_is_string(step))
		return str_printf(&w->a, "\"%s\"", json_string_value(step));
	json_array_foreach(step, i, one)
		rule = str_printf(&w->a, "%.*s%sname = \"%s\"", STR_ARG(rule), i ? " or " : "",
				  json_string_value(one));
	return str_printf(&w->a, "[%.*s]", STR_ARG(rule));
}

static void tell_journal(struct world *w, const struct exercise *x)
{
	size_t i;
	json_t *event, *wanted;
	const char *key;
	json_array_foreach(json_object_get(x->json, "events"), i, event)
	{
		struct prop props[4];
		size_t n = 0;
		/* "test" alone is an id of nobody. */
		str user = str_printf(&w->a, "user-%s", subject_of(x, event));
		struct intake in = of_user("", text_of(event, "event"),
					   json_integer_value(json_object_get(event, "ts")) *
						   x->tick_us);
		json_object_foreach(json_object_get(event, "props"), key, wanted) props[n++] =
			(struct prop){ str_of(key), value_text(str_of(json_string_value(wanted))) };
		in.user_id = user;
		in.props = props;
		in.props_n = n;
		world_one(w, TRUST_SECRET, in);
	}
}

static void check_groups(const struct exercise *x, const struct funnel_result *r, json_t *groups)
{
	const char *name;
	json_t *counts, *wanted;
	size_t k;
	json_object_foreach(groups, name, counts) json_array_foreach(counts, k, wanted)
		check_number(x, name, (double)group_of(r, name)->steps[k].count, wanted);
}

static void check_trend(const struct exercise *x, const struct funnel_result *r, json_t *trend)
{
	json_t *buckets = json_object_get(trend, "buckets");
	assert_int_equal(r->trend_n, json_array_size(buckets));
	for (size_t i = 0; i < r->trend_n; i++) {
		json_t *b = json_array_get(buckets, i);
		const struct funnel_step_result *steps = r->trend[i].steps;
		double rate = steps[r->steps_n - 1].from_first;
		check_number(x, "entered", (double)steps[0].count, json_array_get(b, 1));
		check_number(x, "went through", (double)steps[r->steps_n - 1].count,
			     json_array_get(b, 2));
		check_number(x, "rate", isnan(rate) ? 0 : rate * 100, json_array_get(b, 3));
	}
}

static void as_a_whole(struct world *w, struct exercise *x)
{
	json_t *expected = json_object_get(x->json, "expected");
	json_t *breakdown = json_object_get(x->json, "breakdown");
	json_t *trend = json_object_get(expected, "trend");
	json_t *step, *wanted;
	struct funnel_step *list;
	size_t k;
	str steps = S("");
	json_array_foreach(json_object_get(x->json, "steps"), k, step) steps = str_printf(
		&w->a, "%.*s%s%.*s", STR_ARG(steps), k ? ", " : "", STR_ARG(step_rule(w, step)));
	WORLD_OK(w, funnel_parse_steps(&w->a, steps, &list, &x->spec.steps_n, &w->e));
	x->spec.steps = list;
	if (breakdown) {
		x->spec.by = str_of(text_of(breakdown, "property"));
		bool of_step = strcmp(text_of(breakdown, "attribution"), "step") == 0;
		x->spec.of = of_step ? FUNNEL_OF_STEP_ALL : FUNNEL_OF_ALL;
		x->spec.of_step = (size_t)json_integer_value(
					  json_object_get(breakdown, "attribution_step")) +
				  1;
	}
	if (trend) {
		x->spec.trend = true;
		x->spec.trend_unit = TIME_MONTH;
		WORLD_OK(w, time_parse(str_of(text_of(trend, "from")), &x->spec.from_us, &w->e));
		WORLD_OK(w, time_parse(str_of("2020-08-01"), &x->spec.to_us, &w->e));
	}
	tell_journal(w, x);
	struct funnel_result r = run(w, &x->spec);
	json_array_foreach(json_object_get(expected, "step_counts"), k, wanted)
		check_number(x, "a step count of the answer", (double)r.steps[k].count, wanted);
	json_array_foreach(json_object_get(expected, "median_conversion_s"), k, wanted)
		check_number(x, "a median of the answer", (double)r.steps[k].median_us / 1e6,
			     wanted);
	for (k = 0; k < r.steps_n && x->spec.count != FUNNEL_TOTALS; k++)
		assert_int_equal(r.steps[k].count, at_level(x, k + 1));
	if (x->spec.count == FUNNEL_TOTALS)
		assert_int_equal(r.steps[0].count, x->entries);
	check_groups(x, &r, json_object_get(expected, "breakdown_step_counts"));
	if (trend)
		check_trend(x, &r, trend);
}

static FILE *open_cases(void)
{
	const char *dir = getenv("TRICHTER_SHARED");
	char path[4096];
	snprintf(path, sizeof path, "%s/data/funnel/cases.jsonl", dir ? dir : "../shared");
	return fopen(path, "r");
}

static void every_public_case_gives_its_numbers(void **state)
{
	static char line[1 << 17];
	static struct exercise x;
	FILE *f = open_cases();
	size_t n = 0;
	(void)state;
	if (!f) {
		print_message("skipped: ../shared/data/funnel/cases.jsonl is not there\n");
		skip();
	}
	while (fgets(line, sizeof line, f)) {
		json_error_t bad;
		json_t *json = json_loads(line, 0, &bad);
		struct world w;
		assert_non_null(json);
		world_init(&w);
		read_case(&w, json, &x);
		run_engine(&w, &x);
		json_t *expected = json_object_get(json, "expected");
		check_levels(&x, expected);
		check_times(&x, expected);
		if (x.users_n < 20 && json_object_size(json) > 0 &&
		    strcmp(x.id, "ch-00632-014") != 0)
			as_a_whole(&w, &x);
		world_fini(&w);
		json_decref(json);
		n++;
	}
	fclose(f);
	assert_true(n >= CASES_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_public_case_gives_its_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
