/*
 * test_saved.c - funnels with a name, and periods with one.
 */
#include "funnel_test.h"

#include "funnel/saved.h"

static void a_name_can_stand_in_an_address(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} cases[] = {
		{ "trial", true }, { "trial-to-paid_2", true },
		{ "2026", true },  { "", false },
		{ "new", false },  { "Trial", false },
		{ "-a", false },   { "_a", false },
		{ "a/b", false },  { "a b", false },
		{ "../a", false }, { "ä", false },
		{ "newer", true },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		err e = { 0 };
		assert_int_equal(saved_name_check(str_of(cases[i].name), &e), cases[i].ok);
	}
	char longest[SAVED_NAME_BYTES_MAX + 1];
	err e = { 0 };
	memset(longest, 'a', sizeof longest);
	assert_true(saved_name_check(str_make(longest, SAVED_NAME_BYTES_MAX), &e));
	assert_false(saved_name_check(str_make(longest, sizeof longest), &e));
}

static void a_title_is_one_line_that_says_something(void **state)
{
	static const char *const bad[] = { "", "  ", "a\nb", "a\tb", "\xff", "a\x7f" };
	(void)state;
	err e = { 0 };
	assert_true(saved_title_check(S("Trial → Kauf <b>"), &e));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(saved_title_check(str_of(bad[i]), &e));
}

static void keep(struct world *w, const char *name, const char *text)
{
	str row = str_printf(&w->a, SAVED_PREFIX "%s", name);
	WORLD_OK(w, journal_config_set(w->j, row, str_of(text), S("user:1"), &w->e));
}

static void what_was_kept_comes_back_pinned_first(void **state)
{
	struct world w;
	struct snapshot *s = NULL;
	struct saved_funnel *list, f;
	struct saved_param params[] = { { S("steps"), S("a, \"b\"") }, { S("window"), S("14d") } };
	struct saved_funnel one = {
		.title = S("Zeta"), .params = params, .params_n = 2, .place = 2
	};
	struct buf b;
	size_t n;
	(void)state;
	world_init(&w);
	buf_init(&b, MIB);
	WORLD_OK(&w, saved_print(&one, &b, &w.e));
	buf_byte(&b, 0);
	keep(&w, "zeta", (const char *)b.p);
	keep(&w, "alpha", "{\"title\":\"Alpha\",\"query\":{\"steps\":\"a\"}}");
	keep(&w, "gone", "{\"title\":\"Gone\",\"query\":{\"steps\":\"a\"}}");
	keep(&w, "gone", "");
	keep(&w, "first", "{\"title\":\"First\",\"query\":{\"steps\":\"a\"},\"place\":1}");
	WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
	WORLD_OK(&w, saved_list(s, &w.a, &list, &n, &w.e));
	assert_int_equal(n, 3);
	assert_true(str_eq(list[0].name, S("first")) && str_eq(list[1].name, S("zeta")) &&
		    str_eq(list[2].name, S("alpha")));
	assert_true(str_eq(list[1].by, S("user:1")) && list[1].place == 2 && list[2].place == 0);
	WORLD_OK(&w, saved_find(s, S("zeta"), &w.a, &f, &w.e));
	assert_true(str_eq(saved_param(&f, S("steps")), S("a, \"b\"")));
	assert_true(str_eq(saved_param(&f, S("window")), S("14d")));
	assert_int_equal(saved_param(&f, S("by")).n, 0);
	assert_false(saved_find(s, S("zetta"), &w.a, &f, &w.e));
	assert_int_equal(w.e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(w.e.text, "did you mean \"zeta\"?"));
	snapshot_close(&s);
	buf_fini(&b);
	world_fini(&w);
}

static void a_row_that_cannot_be_read_is_named(void **state)
{
	static const char *const bad[] = { "{",
					   "[]",
					   "\"x\"",
					   "{\"title\":\"x\"}",
					   "{\"title\":\"x\",\"query\":{\"steps\":1}}",
					   "{\"query\":{\"steps\":\"a\"}}" };
	struct world w;
	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct snapshot *s = NULL;
		struct saved_funnel *list, f;
		size_t n;
		keep(&w, "bad", bad[i]);
		WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
		WORLD_OK(&w, saved_list(s, &w.a, &list, &n, &w.e));
		assert_int_equal(n, 0);
		assert_false(saved_find(s, S("bad"), &w.a, &f, &w.e));
		assert_int_equal(w.e.code, ERR_INVALID);
		snapshot_close(&s);
	}
	world_fini(&w);
}

static void a_period_moves_with_the_clock(void **state)
{
	static const struct {
		const char *name, *now, *from, *to;
	} cases[] = {
		{ "30d", "2026-03-15T12:00:00Z", "2026-02-14", "2026-03-16" },
		{ "90d", "2026-03-15T00:00:00Z", "2025-12-16", "2026-03-16" },
		{ "12mo", "2026-03-15T23:59:59Z", "2025-04-01", "2026-03-16" },
		{ "month", "2026-03-31T12:00:00Z", "2026-03-01", "2026-04-01" },
		{ "last_month", "2026-01-31T12:00:00Z", "2025-12-01", "2026-01-01" },
		{ "quarter", "2026-05-31T12:00:00Z", "2026-04-01", "2026-06-01" },
		{ "last_quarter", "2026-02-28T12:00:00Z", "2025-10-01", "2026-01-01" },
		{ "year", "2026-12-31T12:00:00Z", "2026-01-01", "2027-01-01" },
		{ "month", "1969-12-31T23:00:00Z", "1969-12-01", "1970-01-01" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t now_us, from_us, to_us, from, to;
		err e = { 0 };
		assert_true(time_parse(str_of(cases[i].now), &now_us, &e));
		assert_true(
			funnel_parse_period(str_of(cases[i].name), now_us, &from_us, &to_us, &e));
		assert_true(time_parse(str_of(cases[i].from), &from, &e));
		assert_true(time_parse(str_of(cases[i].to), &to, &e));
		assert_int_equal(from_us, from);
		assert_int_equal(to_us, to);
	}
	int64_t from_us, to_us;
	err e = { 0 };
	assert_false(funnel_parse_period(S("14d"), 0, &from_us, &to_us, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_can_stand_in_an_address),
		cmocka_unit_test(a_title_is_one_line_that_says_something),
		cmocka_unit_test(what_was_kept_comes_back_pinned_first),
		cmocka_unit_test(a_row_that_cannot_be_read_is_named),
		cmocka_unit_test(a_period_moves_with_the_clock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
