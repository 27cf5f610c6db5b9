/*
 * test_time.c - the calendar and instants as text; the C library is the oracle of the calendar.
 */
#include "unit/base/base_test.h"

#include "base/rand.h"
#include "base/time.h"

#include <time.h>

static int64_t any_instant(struct rng *r)
{
	return TIME_MIN_US + (int64_t)rng_below(r, (uint64_t)(TIME_MAX_US - TIME_MIN_US) + 1);
}

static void days_match_the_library(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 31);
	for (int round = 0; round < 200000; round++) {
		int64_t days = (int64_t)rng_below(&r, 3652059) - 719162;
		time_t t = (time_t)(days * 86400);
		struct tm tm;
		assert_non_null(gmtime_r(&t, &tm));
		int year;
		int month;
		int day;
		time_civil_from_days(days, &year, &month, &day);
		assert_int_equal(year, tm.tm_year + 1900);
		assert_int_equal(month, tm.tm_mon + 1);
		assert_int_equal(day, tm.tm_mday);
		assert_int_equal(time_days_from_civil(year, month, day), days);
		assert_true(time_is_date(year, month, day));
	}
}

static void only_days_of_the_calendar_are_dates(void **state)
{
	(void)state;
	size_t dates = 0;
	for (int year = 1999; year <= 2000; year++)
		for (int month = -1; month <= 14; month++)
			for (int day = -1; day <= 33; day++)
				dates += time_is_date(year, month, day);
	assert_int_equal(dates, 365 + 366);
	assert_false(time_is_date(1900, 2, 29));
	assert_true(time_is_date(2000, 2, 29));
	assert_false(time_is_date(0, 1, 1));
	assert_false(time_is_date(10000, 1, 1));
	assert_false(time_is_date(-4, 2, 29));
}

static void instants_print_as_the_library_does_and_read_back(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 32);
	for (int round = 0; round < 100000; round++) {
		int64_t at = any_instant(&r);
		if (round % 2)
			at -= at % US_PER_S;
		char text[TIME_TEXT_MAX];
		str printed = time_print(text, at);
		assert_int_equal(strlen(text), printed.n);
		time_t t = (time_t)((at - ((at % US_PER_S) + US_PER_S) % US_PER_S) / US_PER_S);
		struct tm tm;
		char want[40];
		gmtime_r(&t, &tm);
		snprintf(want, sizeof want, "%04d", tm.tm_year + 1900);
		strftime(want + 4, sizeof want - 4, "-%m-%dT%H:%M:%S", &tm);
		assert_memory_equal(text, want, 19);
		int64_t back;
		err e;
		assert_true(time_parse(printed, &back, &e));
		assert_true(back == at);
	}
}

static void what_is_out_of_range_prints_as_the_range_ends(void **state)
{
	(void)state;
	char text[TIME_TEXT_MAX];
	assert_text(time_print(text, INT64_MAX), "9999-12-31T23:59:59.999999Z");
	assert_text(time_print(text, INT64_MIN), "0001-01-01T00:00:00Z");
	assert_text(time_print(text, TIME_MIN_US), "0001-01-01T00:00:00Z");
	assert_text(time_print(text, -1), "1969-12-31T23:59:59.999999Z");
	assert_text(time_print(text, 500000), "1970-01-01T00:00:00.5Z");
	assert_text(time_print_date(text, INT64_MAX), "9999-12-31");
	assert_text(time_print_date(text, INT64_MIN), "0001-01-01");
	assert_text(time_print_date(text, 0), "1970-01-01");
	assert_text(time_print_local(text, INT64_MAX), "9999-12-31 23:59");
	assert_text(time_print_local(text, INT64_MIN), "0001-01-01 00:00");
}

static const struct text_case {
	const char *text;
	const char *printed; /* NULL: refused */
} TEXTS[] = {
	{ "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z" },
	{ "2026-01-31t12:00:00z", "2026-01-31T12:00:00Z" },
	{ "2026-01-31 12:00:00Z", "2026-01-31T12:00:00Z" },
	{ "2026-01-31T12:00:00.5+01:00", "2026-01-31T11:00:00.5Z" },
	{ "2026-01-31T12:00:00-0530", "2026-01-31T17:30:00Z" },
	{ "2026-01-31T12:00:00+01", "2026-01-31T11:00:00Z" },
	{ "2026-01-31T12:00:00-00:00", "2026-01-31T12:00:00Z" },
	{ "2026-01-31T12:00Z", "2026-01-31T12:00:00Z" },
	{ "2026-01-31T12:00", "2026-01-31T12:00:00Z" },
	{ "2026-01-31", "2026-01-31T00:00:00Z" },
	{ "2026-01-31T12:00:00.1234567", "2026-01-31T12:00:00.123456Z" },
	{ "2026-01-31T12:00:00.999999999Z", "2026-01-31T12:00:00.999999Z" },
	{ "1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z" },
	{ "2026-01-31T12:00:00,25Z", "2026-01-31T12:00:00.25Z" },
	{ "2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z" },
	{ "2016-12-31T23:59:60.5Z", "2016-12-31T23:59:59.999999Z" },
	{ "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z" },
	{ "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z" },
	{ "2024-02-29", "2024-02-29T00:00:00Z" },
	{ "2026-01-31T23:59:59-23:59", "2026-02-01T23:58:59Z" },
	{ "0001-01-01T00:00:00+00:01", NULL },
	{ "9999-12-31T23:59:59-00:01", NULL },
	{ "0000-01-01T00:00:00Z", NULL },
	{ "2026-02-29", NULL },
	{ "1900-02-29", NULL },
	{ "2026-13-01", NULL },
	{ "2026-00-10", NULL },
	{ "2026-01-00", NULL },
	{ "2026-01-32", NULL },
	{ "2026-01-31T24:00:00Z", NULL },
	{ "2026-01-31T12:60:00Z", NULL },
	{ "2026-01-31T12:00:61Z", NULL },
	{ "2026-01-31T12:00:00.Z", NULL },
	{ "2026-01-31T12:00:00.1234567890Z", NULL },
	{ "2026-01-31T12:00:00+24:00", NULL },
	{ "2026-01-31T12:00:00+01:60", NULL },
	{ "2026-01-31T12:00:00+1", NULL },
	{ "2026-01-31T12:00:00+01:", NULL },
	{ "2026-01-31T12:00:00 Z", NULL },
	{ "2026-01-31T12:00:00ZZ", NULL },
	{ "2026-01-31T", NULL },
	{ "2026-01-31T12", NULL },
	{ "2026-01-31T1:00", NULL },
	{ "2026-01-31X12:00", NULL },
	{ "2026-1-31", NULL },
	{ "26-01-31", NULL },
	{ "+2026-01-31", NULL },
	{ "-026-01-31", NULL },
	{ "20260131", NULL },
	{ " 2026-01-31", NULL },
	{ "2026-01-31 ", NULL },
	{ "now", NULL },
	{ "", NULL },
};

static void texts_are_read_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
		int64_t at = 42;
		err e;
		char text[TIME_TEXT_MAX];
		bool ok = time_parse(str_of(TEXTS[i].text), &at, &e);
		if (ok != (TEXTS[i].printed != NULL))
			fail_msg("\"%s\" should be %s", TEXTS[i].text, ok ? "refused" : "read");
		if (ok) {
			assert_text(time_print(text, at), TEXTS[i].printed);
			continue;
		}
		assert_int_equal(e.code, ERR_INVALID);
		assert_true(at == 42);
	}
}

static void errors_show_the_text_and_say_why(void **state)
{
	(void)state;
	int64_t at;
	err e;
	assert_false(time_parse(S("2026-02-29"), &at, &e));
	assert_string_equal(e.text,
			    "\"2026-02-29\" is no time: there is no such day in the calendar");
	assert_false(time_parse(S("a\0\n\xFF"), &at, &e));
	assert_string_equal(e.text, "\"a???\" is no time: a date is written 2026-01-31");
	char wide[500];
	for (size_t i = 0; i < sizeof wide; i += 2)
		memcpy(wide + i, "é", 2);
	assert_false(time_parse(str_make(wide + 1, sizeof wide - 1), &at, &e));
	assert_true(str_is_utf8(str_of(e.text)));
	assert_false(time_parse(str_make(wide, sizeof wide), &at, &e));
	assert_true(str_is_utf8(str_of(e.text)));
	assert_true(str_contains(str_of(e.text), S("éé...\"")));
	assert_false(time_parse_date((str){ NULL, 0 }, &at, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

static void dates_are_read_strictly(void **state)
{
	(void)state;
	int64_t days = 42;
	err e;
	assert_true(time_parse_date(S("1970-01-02"), &days, &e) && days == 1);
	assert_true(time_parse_date(S("0001-01-01"), &days, &e) && days == -719162);
	assert_true(time_parse_date(S("9999-12-31"), &days, &e) && days == 2932896);
	assert_false(time_parse_date(S("2026-01-31T00:00"), &days, &e));
	assert_false(time_parse_date(S("2026-02-30"), &days, &e));
	assert_false(time_parse_date(S("2026-2-3"), &days, &e));
	assert_int_equal(days, 2932896);
}

static const struct pattern_case {
	const char *text;
	const char *pattern;
	const char *printed; /* NULL: refused */
	bool date_only;
} PATTERNS[] = {
	{ "31-01-2026 13:05", "%d-%m-%Y %H:%M", "2026-01-31T13:05:00Z", false },
	{ "31.1.26", "%d.%m.%y", "2026-01-31T00:00:00Z", true },
	{ "1/2/69", "%m/%d/%y", "1969-01-02T00:00:00Z", true },
	{ "1/2/68", "%m/%d/%y", "2068-01-02T00:00:00Z", true },
	{ "Jan 2, 2026 12:30 AM", "%b %d, %Y %I:%M %p", "2026-01-02T00:30:00Z", false },
	{ "Jan 2, 2026 12:30 pm", "%b %d, %Y %I:%M %p", "2026-01-02T12:30:00Z", false },
	{ "Jan 2, 2026 1:30 PM", "%b %d, %Y %I:%M %p", "2026-01-02T13:30:00Z", false },
	{ "Jan 2, 2026 1:30", "%b %d, %Y %I:%M", "2026-01-02T01:30:00Z", false },
	{ "PM 1 2026-01-02", "%p %I %Y-%m-%d", "2026-01-02T13:00:00Z", false },
	{ "2. März 2026", "%d. %B %Y", "2026-03-02T00:00:00Z", true },
	{ "2. MÄRZ 2026", "%d. %B %Y", "2026-03-02T00:00:00Z", true },
	{ "2 Mai 2026", "%d %b %Y", "2026-05-02T00:00:00Z", true },
	{ "2 december 2026", "%d %b %Y", "2026-12-02T00:00:00Z", true },
	{ "2 Dez 2026", "%d %b %Y", "2026-12-02T00:00:00Z", true },
	{ "20260131", "%Y%m%d", "2026-01-31T00:00:00Z", true },
	{ "2026-01-31T12:00:00+0200", "%Y-%m-%dT%H:%M:%S%z", "2026-01-31T10:00:00Z", false },
	{ "2026-01-31 Z", "%Y-%m-%d %z", "2026-01-31T00:00:00Z", true },
	{ "2026-01-31 12:00:00.125", "%Y-%m-%d %H:%M:%S", "2026-01-31T12:00:00.125Z", false },
	{ "12:00:05.31.01.2026", "%H:%M:%S.%d.%m.%Y", "2026-01-31T12:00:05Z", false },
	{ "2016-12-31 23:59:60", "%Y-%m-%d %H:%M:%S", "2016-12-31T23:59:59.999999Z", false },
	{ "100% 2026-01-31", "100%% %Y-%m-%d", "2026-01-31T00:00:00Z", true },
	{ "31-02-2026", "%d-%m-%Y", NULL, false },
	{ "31-13-2026", "%d-%m-%Y", NULL, false },
	{ "31-01-17", "%d-%m-%Y", NULL, false },
	{ "31-01-2026 ", "%d-%m-%Y", NULL, false },
	{ "31-01-2026", "%d-%m-%Y %H:%M", NULL, false },
	{ "31-01-2026 24:00", "%d-%m-%Y %H:%M", NULL, false },
	{ "31-01-2026 13:00 PM", "%d-%m-%Y %I:%M %p", NULL, false },
	{ "31-01-2026 0:00 PM", "%d-%m-%Y %I:%M %p", NULL, false },
	{ "31 Foo 2026", "%d %b %Y", NULL, false },
	{ "9999-12-31 -01:00", "%Y-%m-%d %z", "9999-12-31T01:00:00Z", true },
	{ "0001-01-01 +01:00", "%Y-%m-%d %z", NULL, false },
	{ "0000-01-01", "%Y-%m-%d", NULL, false },
	{ "2026-01-31", "%Y-%m-%q", NULL, false },
	{ "2026-01-31", "%Y-%m-%d%", NULL, false },
	{ "2026-01", "%Y-%m", NULL, false },
	{ "", "", NULL, false },
};

static void patterns_say_how_to_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(PATTERNS); i++) {
		const struct pattern_case *c = &PATTERNS[i];
		int64_t at;
		bool date_only;
		err e;
		char text[TIME_TEXT_MAX];
		bool ok = time_parse_pattern(str_of(c->text), str_of(c->pattern), &at, &date_only,
					     &e);
		if (ok != (c->printed != NULL))
			fail_msg("\"%s\" by \"%s\" should be %s", c->text, c->pattern,
				 ok ? "refused" : "read");
		if (ok) {
			assert_text(time_print(text, at), c->printed);
			assert_int_equal(date_only, c->date_only);
		} else {
			assert_int_equal(e.code, ERR_INVALID);
		}
	}
}

static void a_wrong_pattern_is_told_from_a_wrong_text(void **state)
{
	(void)state;
	int64_t at;
	bool date_only;
	err e;
	assert_false(time_parse_pattern(S("x"), S("%Q"), &at, &date_only, &e));
	assert_true(str_starts(str_of(e.text), S("the pattern \"%Q\" may hold %Y %y")));
	assert_false(time_parse_pattern(S("x"), S("%Y"), &at, &date_only, &e));
	assert_string_equal(e.text, "the pattern \"%Y\" lacks a year, a month or a day");
	assert_false(time_parse_pattern(S("x"), S("%Y-%m-%d"), &at, &date_only, &e));
	assert_string_equal(e.text, "\"x\" is no time: it should look like \"%Y-%m-%d\"");
}

static void clocks_run(void **state)
{
	(void)state;
	int64_t wall = time_now_us();
	int64_t start = time_monotonic_us();
	int64_t cpu = time_cpu_us();
	assert_true(wall / US_PER_S - (int64_t)time(NULL) <= 1);
	while (time_cpu_us() - cpu < 2000)
		;
	assert_true(time_monotonic_us() - start >= 1000);
	assert_true(wall > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_match_the_library),
		cmocka_unit_test(only_days_of_the_calendar_are_dates),
		cmocka_unit_test(instants_print_as_the_library_does_and_read_back),
		cmocka_unit_test(what_is_out_of_range_prints_as_the_range_ends),
		cmocka_unit_test(texts_are_read_or_refused),
		cmocka_unit_test(errors_show_the_text_and_say_why),
		cmocka_unit_test(dates_are_read_strictly),
		cmocka_unit_test(patterns_say_how_to_read),
		cmocka_unit_test(a_wrong_pattern_is_told_from_a_wrong_text),
		cmocka_unit_test(clocks_run),
	};
	return cmocka_run_group_tests_name("base/time", tests, NULL, NULL);
}
