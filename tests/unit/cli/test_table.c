/*
 * test_table.c - figures, text that fits, and tables in three forms.
 */
#include "cli/cli_int.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define assert_str(s, lit)                                                                         \
	do {                                                                                       \
		str got_ = (s);                                                                    \
		if (!str_eq(got_, str_of(lit)))                                                    \
			fail_msg("\"%.*s\" instead of \"%s\"", STR_ARG(got_), lit);                \
	} while (0)

static const struct terminal wide = { .utf8 = true, .columns = SIZE_MAX };

static void figures_read_as_people_write_them(void **state)
{
	(void)state;
	char text[NUMBER_TEXT_MAX];
	assert_str(show_count(text, 0), "0");
	assert_str(show_count(text, 999), "999");
	assert_str(show_count(text, 1000), "1,000");
	assert_str(show_count(text, UINT64_MAX), "18,446,744,073,709,551,615");
	assert_str(show_rate(text, 0.1053), "10.5 %");
	assert_str(show_rate(text, 1.0), "100.0 %");
	assert_str(show_rate(text, 0.0), "0.0 %");
	assert_str(show_rate(text, 0.00042), "0.042 %");
	assert_str(show_rate(text, (double)NAN), "–");
	assert_str(show_bytes(text, 0), "0 B");
	assert_str(show_bytes(text, 999), "999 B");
	assert_str(show_bytes(text, 1000), "1.0 kB");
	assert_str(show_bytes(text, 12345678), "12 MB");
}

static void text_is_as_wide_as_the_terminal_shows_it(void **state)
{
	(void)state;
	assert_int_equal(text_width(S("abc")), 3);
	assert_int_equal(text_width(S("Köln")), 4);
	assert_int_equal(text_width(S("日本")), 4);
	assert_int_equal(text_width(S("e\u0301")), 1);
	assert_int_equal(text_width(S("")), 0);
}

static void text_is_cut_between_characters(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t columns;
		const char *shown;
	} cases[] = {
		{ "Köln", 4, "Köln" },	   { "Köln", 3, "Kö…" }, { "日本語", 4, "日…" },
		{ "日本語", 6, "日本語" }, { "abc", 1, "…" },	 { "abc", 0, "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b;
		buf_init(&b, KIB);
		text_put_fitted(&wide, &b, str_of(cases[i].text), cases[i].columns);
		assert_str(buf_view(&b), cases[i].shown);
		buf_fini(&b);
	}
}

static void nothing_that_steers_a_terminal_gets_through(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, KIB);
	text_put_clean(&b, S("a\x1b[31m\n\xff\u202eb\xc2\x9b"));
	assert_str(buf_view(&b), "a\ufffd[31m\ufffd\ufffd\ufffdb\ufffd");
	buf_fini(&b);
}

static void words_are_wrapped_and_indented(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, KIB);
	text_put_wrapped(&b, 0, 2, 12, S("one two three averyverylongword x"));
	assert_str(buf_view(&b), "one two\n  three\n  averyverylongword\n  x\n");
	buf_fini(&b);
}

static void table_make(struct table *t, err *e)
{
	static const struct table_column columns[] = {
		{ { "name", 4 }, { "name", 4 }, ALIGN_LEFT, true },
		{ { "n", 1 }, { "people", 6 }, ALIGN_RIGHT, false },
	};
	*t = (struct table){ .columns = columns, .columns_n = 2 };
	const struct table_cell cells[] = {
		{ .value = value_text(S("Größe, \"x\"")) },
		{ .value = value_int(7) },
		{ .value = value_text(S("=1+1")) },
		{ .value = value_int(-12345) },
		{ .value = value_none() },
		{ .value = value_real(0.5) },
	};
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		assert_true(table_add(t, cells[i], e));
	assert_int_equal(table_rows(t), 3);
}

static void a_table_reads_the_same_in_three_forms(void **state)
{
	(void)state;
	struct table t;
	struct arena a;
	struct buf b;
	struct json_writer w;
	err e = { 0 };
	arena_init(&a, MIB);
	buf_init(&b, KIB);
	table_make(&t, &e);
	table_put_text(&t, &wide, &a, &b);
	assert_str(buf_view(&b), "name        people\n"
				 "Größe, \"x\"       7\n"
				 "=1+1        -12345\n"
				 "               0.5\n");
	buf_clear(&b);
	table_put_csv(&t, true, &b);
	assert_str(buf_view(&b), "name,n\n\"Größe, \"\"x\"\"\",7\n'=1+1,-12345\n,0.5\n");
	buf_clear(&b);
	json_writer_init(&w, &b, false);
	json_array_open(&w);
	table_put_json(&t, &w);
	json_array_close(&w);
	assert_str(buf_view(&b), "[{\"name\":\"Größe, \\\"x\\\"\",\"n\":7},"
				 "{\"name\":\"=1+1\",\"n\":-12345},{\"name\":null,\"n\":0.5}]");
	table_fini(&t);
	buf_fini(&b);
	arena_fini(&a);
}

static void a_narrow_terminal_cuts_flexible_columns_alone(void **state)
{
	(void)state;
	static const struct table_column columns[] = {
		{ { "a", 1 }, { "a", 1 }, ALIGN_LEFT, true },
		{ { "b", 1 }, { "b", 1 }, ALIGN_LEFT, true },
		{ { "n", 1 }, { "n", 1 }, ALIGN_RIGHT, false },
	};
	struct terminal narrow = { .is_terminal = true, .utf8 = true, .columns = 40 };
	struct table t = { .columns = columns, .columns_n = 3 };
	struct arena a;
	struct buf b;
	err e = { 0 };
	str long_text = S("abcdefghijklmnopqrstuvwxyz");
	assert_true(table_add(&t, (struct table_cell){ .value = value_text(long_text) }, &e));
	assert_true(table_add(&t, (struct table_cell){ .value = value_text(long_text) }, &e));
	assert_true(table_add(&t, (struct table_cell){ .value = value_int(1234567) }, &e));
	arena_init(&a, MIB);
	buf_init(&b, KIB);
	table_put_text(&t, &narrow, &a, &b);
	str shown = buf_view(&b);
	for (str line; str_next(&shown, '\n', &line);)
		assert_true(text_width(line) <= 40);
	assert_true(str_contains(buf_view(&b), S("1234567")));
	assert_true(str_contains(buf_view(&b), S("…")));
	table_fini(&t);
	buf_fini(&b);
	arena_fini(&a);
}

static void running_out_of_memory_is_an_error(void **state)
{
	(void)state;
	static const struct table_column column = { { "a", 1 }, { "a", 1 }, ALIGN_LEFT, true };
	for (uint64_t n = 1;; n++) {
		struct table t = { .columns = &column, .columns_n = 1 };
		struct arena a;
		struct buf b;
		err e = { 0 };
		arena_init(&a, MIB);
		buf_init(&b, KIB);
		mem_fail_at(n);
		bool ok = table_add(&t, (struct table_cell){ .value = value_int(1) }, &e);
		if (ok)
			table_put_text(&t, &wide, &a, &b);
		ok = ok && buf_ok(&b, &e);
		bool failed = mem_failed();
		mem_fail_at(0);
		table_fini(&t);
		buf_fini(&b);
		arena_fini(&a);
		assert_true(ok == !failed);
		if (ok)
			break;
		assert_int_equal(e.code, ERR_NOMEM);
		assert_true(n < 100);
	}
}

static void colours_need_a_terminal(void **state)
{
	(void)state;
	struct terminal t;
	struct buf b;
	terminal_look(&t, -1);
	assert_false(t.colour);
	assert_true(t.columns == SIZE_MAX);
	buf_init(&b, KIB);
	terminal_put(&t, &b, STYLE_BAD, S("x"));
	assert_str(buf_view(&b), "x");
	buf_clear(&b);
	t.colour = true;
	terminal_put(&t, &b, STYLE_BAD, S("x"));
	assert_str(buf_view(&b), "\x1b[31mx\x1b[0m");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_read_as_people_write_them),
		cmocka_unit_test(text_is_as_wide_as_the_terminal_shows_it),
		cmocka_unit_test(text_is_cut_between_characters),
		cmocka_unit_test(nothing_that_steers_a_terminal_gets_through),
		cmocka_unit_test(words_are_wrapped_and_indented),
		cmocka_unit_test(a_table_reads_the_same_in_three_forms),
		cmocka_unit_test(a_narrow_terminal_cuts_flexible_columns_alone),
		cmocka_unit_test(running_out_of_memory_is_an_error),
		cmocka_unit_test(colours_need_a_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
