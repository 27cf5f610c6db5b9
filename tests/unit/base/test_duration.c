/*
 * test_duration.c - spans of time: reading, printing, adding.
 */
#include "unit/base/base_test.h"

#include "base/rand.h"
#include "base/time.h"

static void spans_are_read_or_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		int64_t us;
		int32_t months;
		const char *printed;
	} CASES[] = {
		{ "15min", true, 900 * US_PER_S, 0, "15min" },
		{ "8h", true, 8 * 3600 * US_PER_S, 0, "8h" },
		{ "30d", true, 30 * US_PER_DAY, 0, "30d" },
		{ "6w", true, 42 * US_PER_DAY, 0, "42d" },
		{ "2w", true, 14 * US_PER_DAY, 0, "14d" },
		{ "3mo", true, 0, 3, "3mo" },
		{ "1y", true, 0, 12, "1y" },
		{ "500ms", true, 500000, 0, "500ms" },
		{ "90s", true, 90 * US_PER_S, 0, "1min30s" },
		{ "1y6mo", true, 0, 18, "1y6mo" },
		{ "18mo", true, 0, 18, "1y6mo" },
		{ "1d1y1d", true, 2 * US_PER_DAY, 12, "1y2d" },
		{ "0d", true, 0, 0, "0s" },
		{ "1us", true, 1, 0, "1us" },
		{ "1ms1us", true, 1001, 0, "1001us" },
		{ "10000y", true, 0, 120000, "10000y" },
		{ "3652425d", true, 3652425 * US_PER_DAY, 0, "3652425d" },
		{ "3652424d23h59min59s999999us", true, 3652425 * US_PER_DAY - 1, 0,
		  "3652424d23h59min59s999999us" },
		{ "007h", true, 7 * 3600 * US_PER_S, 0, "7h" },
		{ "10000y1mo", false, 0, 0, "" },
		{ "3652425d1us", false, 0, 0, "" },
		{ "9223372036854775807us", false, 0, 0, "" },
		{ "9223372036854775808us", false, 0, 0, "" },
		{ "99999999999999999999999d", false, 0, 0, "" },
		{ "9223372036854775807mo9223372036854775807mo", false, 0, 0, "" },
		{ "", false, 0, 0, "" },
		{ "d", false, 0, 0, "" },
		{ "5", false, 0, 0, "" },
		{ "5m", false, 0, 0, "" },
		{ "5 d", false, 0, 0, "" },
		{ " 5d", false, 0, 0, "" },
		{ "5d ", false, 0, 0, "" },
		{ "5d6", false, 0, 0, "" },
		{ "-5d", false, 0, 0, "" },
		{ "+5d", false, 0, 0, "" },
		{ "1.5h", false, 0, 0, "" },
		{ "5D", false, 0, 0, "" },
		{ "5days", false, 0, 0, "" },
		{ "5dd", false, 0, 0, "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct duration d = { 42, 42 };
		char text[TIME_TEXT_MAX];
		err e;
		bool ok = duration_parse(str_of(CASES[i].text), &d, &e);
		if (ok != CASES[i].ok)
			fail_msg("\"%s\" should be %s", CASES[i].text, ok ? "refused" : "read");
		if (!ok) {
			assert_int_equal(e.code, ERR_INVALID);
			assert_true(d.us == 42 && d.months == 42);
			continue;
		}
		assert_true(d.us == CASES[i].us && d.months == CASES[i].months);
		assert_text(duration_print(text, d), CASES[i].printed);
	}
}

static void printed_spans_read_back(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 41);
	for (int round = 0; round < 100000; round++) {
		struct duration d = {
			.us = (int64_t)(rng_u64(&r) % (uint64_t)(3652425 * US_PER_DAY) >>
					rng_below(&r, 50)),
			.months = (int32_t)(rng_below(&r, 120001) >> rng_below(&r, 17)),
		};
		if (round % 3 == 0)
			d.us -= d.us % (round % 2 ? US_PER_S : 1000);
		struct duration back;
		char text[TIME_TEXT_MAX];
		err e;
		str printed = duration_print(text, d);
		assert_true(printed.n < TIME_TEXT_MAX && strlen(text) == printed.n);
		assert_true(duration_parse(printed, &back, &e));
		assert_true(back.us == d.us && back.months == d.months);
	}
	char text[TIME_TEXT_MAX];
	struct duration most = { INT64_MAX, INT32_MAX };
	assert_text(duration_print(text, most), "10000y3652425d");
	struct duration least = { INT64_MIN, INT32_MIN };
	assert_text(duration_print(text, least), "0s");
}

static void two_units_are_enough_for_people(void **state)
{
	(void)state;
	static const struct {
		int64_t us;
		const char *text;
	} CASES[] = {
		{ 0, "0 s" },
		{ 999, "999 us" },
		{ 250000, "250 ms" },
		{ 1500000, "1 s" },
		{ 59 * US_PER_S, "59 s" },
		{ 90 * US_PER_S, "1 min 30 s" },
		{ 3600 * US_PER_S, "1 h" },
		{ 3600 * US_PER_S + 59 * US_PER_S, "1 h" },
		{ 3 * US_PER_DAY + 4 * 3600 * US_PER_S + 59, "3 d 4 h" },
		{ 3 * US_PER_DAY + 59 * 60 * US_PER_S, "3 d" },
		{ -90 * US_PER_S, "-1 min 30 s" },
		{ INT64_MAX, "106751991 d 4 h" },
		{ INT64_MIN, "-106751991 d 4 h" },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		char text[TIME_TEXT_MAX];
		assert_text(duration_print_short(text, CASES[i].us), CASES[i].text);
	}
}

static void check_add(const char *from, struct duration d, int sign, const char *want)
{
	int64_t at;
	err e;
	char text[TIME_TEXT_MAX];
	assert_true(time_parse(str_of(from), &at, &e));
	assert_text(time_print(text, time_add(at, d, sign)), want);
}

static void months_keep_the_day_or_take_the_last(void **state)
{
	(void)state;
	struct duration month = { .months = 1 };
	struct duration year = { .months = 12 };
	struct duration both = { .months = 1, .us = US_PER_DAY };
	check_add("2026-01-31T10:00:00Z", month, 1, "2026-02-28T10:00:00Z");
	check_add("2024-01-31T10:00:00Z", month, 1, "2024-02-29T10:00:00Z");
	check_add("2026-03-31T10:00:00Z", month, -1, "2026-02-28T10:00:00Z");
	check_add("2026-12-15T10:00:00.5Z", month, 1, "2027-01-15T10:00:00.5Z");
	check_add("2026-01-15T10:00:00Z", month, -1, "2025-12-15T10:00:00Z");
	check_add("2024-02-29T10:00:00Z", year, 1, "2025-02-28T10:00:00Z");
	check_add("2026-01-31T10:00:00Z", both, 1, "2026-03-01T10:00:00Z");
	check_add("2026-03-31T10:00:00Z", both, -1, "2026-02-27T10:00:00Z");
	check_add("1970-01-01T00:00:00Z", month, -1, "1969-12-01T00:00:00Z");
}

static void months_keep_the_time_of_day_of_the_zone(void **state)
{
	(void)state;
	err e;
	struct duration month = { .months = 1 };
	assert_true(zone_set("Europe/Berlin", &e));
	/* Noon stays noon when summer time begins. */
	check_add("2026-03-15T11:00:00Z", month, 1, "2026-04-15T10:00:00Z");
	/* The last of January at half past midnight is still January in UTC. */
	check_add("2026-01-30T23:30:00Z", month, 1, "2026-02-27T23:30:00Z");
	check_add("2026-01-31T23:30:00Z", month, 1, "2026-02-28T23:30:00Z");
	assert_true(zone_set("UTC", &e));
}

static void adding_ends_at_the_range(void **state)
{
	(void)state;
	struct duration huge = { .us = INT64_MAX };
	struct duration negative = { .us = INT64_MIN };
	struct duration ages = { .months = INT32_MAX };
	struct duration back = { .months = INT32_MIN };
	assert_true(time_add(0, huge, 1) == TIME_MAX_US);
	assert_true(time_add(1, huge, 1) == TIME_MAX_US);
	assert_true(time_add(-10, huge, -1) == TIME_MIN_US);
	assert_true(time_add(0, negative, -1) == TIME_MAX_US);
	assert_true(time_add(-1, negative, 1) == TIME_MIN_US);
	assert_true(time_add(0, ages, 1) == TIME_MAX_US);
	assert_true(time_add(0, ages, -1) == TIME_MIN_US);
	assert_true(time_add(0, back, -1) == TIME_MAX_US);
	assert_true(time_add(INT64_MAX, (struct duration){ 0 }, 1) == TIME_MAX_US);
	struct duration month = { .months = 1 };
	assert_true(time_add(TIME_MAX_US, month, 1) == TIME_MAX_US);
	assert_true(time_add(TIME_MIN_US, month, -1) == TIME_MIN_US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_read_or_refused),
		cmocka_unit_test(printed_spans_read_back),
		cmocka_unit_test(two_units_are_enough_for_people),
		cmocka_unit_test(months_keep_the_day_or_take_the_last),
		cmocka_unit_test(months_keep_the_time_of_day_of_the_zone),
		cmocka_unit_test(adding_ends_at_the_range),
	};
	return cmocka_run_group_tests_name("base/duration", tests, NULL, NULL);
}
