/*
 * test_zone.c - the workspace's zone against the C library's, over all its years.
 */
#include "unit/base/base_test.h"

#include "base/mem.h"
#include "base/rand.h"
#include "base/time.h"

#include <time.h>

/* Half hours, changes at midnight, the southern half, negative daylight time, days left out, a rule
 * that ends in days of the year, and none at all. */
static const char *const ZONES[] = {
	"Europe/Berlin",    "America/New_York",	 "Australia/Lord_Howe",
	"Asia/Kathmandu",   "America/Sao_Paulo", "America/St_Johns",
	"Europe/Dublin",    "Pacific/Apia",	 "Africa/Casablanca",
	"America/Havana",   "Asia/Gaza",	 "America/Nuuk",
	"Asia/Manila",	    "America/Anchorage", "Africa/Monrovia",
	"Etc/GMT+12",	    "Asia/Tehran",	 "Pacific/Kiritimati",
	"America/Santiago", "America/Toronto",	 "UTC",
	"Asia/Jerusalem",   "Antarctica/Troll",	 "Africa/Cairo",
};

static void zone_use(const char *name)
{
	err e;
	if (!zone_set(name, &e))
		fail_msg("%s", e.text);
	assert_string_equal(zone_name(), name);
	char tz[80];
	snprintf(tz, sizeof tz, ":%s", name);
	setenv("TZ", tz, 1);
	tzset();
}

static int zone_back(void **state)
{
	(void)state;
	zone_use("UTC");
	unsetenv("TZDIR");
	return 0;
}

static int64_t any_second(struct rng *r)
{
	/* Half of them near our time, where most changes are. */
	if (rng_chance(r, 0.5))
		return (int64_t)rng_below(r, UINT64_C(6000000000)) - 3000000000;
	return TIME_MIN_US / US_PER_S +
	       (int64_t)rng_below(r, (uint64_t)((TIME_MAX_US - TIME_MIN_US) / US_PER_S));
}

static int32_t library_offset(int64_t at_s)
{
	time_t t = (time_t)at_s;
	struct tm tm;
	assert_non_null(localtime_r(&t, &tm));
	return (int32_t)tm.tm_gmtoff;
}

static void offsets_match_the_library(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 51);
	for (size_t z = 0; z < ARRAY_LEN(ZONES); z++) {
		zone_use(ZONES[z]);
		for (int round = 0; round < 20000; round++) {
			int64_t at_s = any_second(&r);
			int64_t at_us = at_s * US_PER_S + (int64_t)rng_below(&r, 1000000);
			if (zone_offset_s(at_us) != library_offset(at_s))
				fail_msg("%s at %lld: %d, library %d", ZONES[z], (long long)at_s,
					 zone_offset_s(at_us), library_offset(at_s));
		}
	}
}

static void every_change_is_seen_to_the_second(void **state)
{
	(void)state;
	for (size_t z = 0; z < ARRAY_LEN(ZONES); z++) {
		zone_use(ZONES[z]);
		/* 1900 to 2100 in steps of 3 days; where the offset differs, halve to the second.
		 */
		int64_t step = 3 * 86400;
		for (int64_t at = -2208988800; at < 4102444800; at += step) {
			int64_t low = at;
			int64_t high = at + step;
			if (library_offset(low) == library_offset(high))
				continue;
			while (high - low > 1) {
				int64_t middle = low + (high - low) / 2;
				if (library_offset(middle) == library_offset(low))
					low = middle;
				else
					high = middle;
			}
			assert_int_equal(zone_offset_s(low * US_PER_S), library_offset(low));
			assert_int_equal(zone_offset_s(high * US_PER_S), library_offset(high));
			assert_int_equal(zone_offset_s(high * US_PER_S - 1), library_offset(low));
		}
	}
}

static void the_years_after_the_last_change_follow_the_rule(void **state)
{
	(void)state;
	static const struct {
		const char *local;
		const char *utc;
	} CASES[] = {
		{ "2045-07-01T12:00:00", "2045-07-01T10:00:00Z" },
		{ "2045-12-01T12:00:00", "2045-12-01T11:00:00Z" },
		{ "2045-03-26T01:59:59", "2045-03-26T00:59:59Z" },
		{ "2045-03-26T03:00:00", "2045-03-26T01:00:00Z" },
		{ "2999-07-01T12:00:00", "2999-07-01T10:00:00Z" },
		{ "9999-12-31T23:59:59.999999", "9999-12-31T22:59:59.999999Z" },
		{ "9999-07-01T12:00", "9999-07-01T10:00:00Z" },
	};
	zone_use("Europe/Berlin");
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		int64_t at;
		err e;
		char text[TIME_TEXT_MAX];
		assert_true(time_parse(str_of(CASES[i].local), &at, &e));
		assert_text(time_print(text, at), CASES[i].utc);
	}
}

static void gaps_are_shifted_and_overlaps_are_the_first(void **state)
{
	(void)state;
	static const struct {
		const char *local;
		const char *utc;
	} CASES[] = {
		{ "2026-03-29 02:00", "2026-03-29T01:00:00Z" }, /* shown as 03:00 */
		{ "2026-03-29 02:30", "2026-03-29T01:30:00Z" }, /* shown as 03:30 */
		{ "2026-03-29 03:30", "2026-03-29T01:30:00Z" },
		{ "2026-10-25 02:30", "2026-10-25T00:30:00Z" }, /* the first, in summer time */
		{ "2026-10-25 02:59:59", "2026-10-25T00:59:59Z" },
		{ "2026-10-25 03:00", "2026-10-25T02:00:00Z" },
		{ "2026-10-25", "2026-10-24T22:00:00Z" },
		{ "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z" },
	};
	zone_use("Europe/Berlin");
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		int64_t at;
		err e;
		char text[TIME_TEXT_MAX];
		assert_true(time_parse(str_of(CASES[i].local), &at, &e));
		assert_text(time_print(text, at), CASES[i].utc);
	}
	int64_t at;
	bool date_only;
	err e;
	char text[TIME_TEXT_MAX];
	assert_true(time_parse_pattern(S("1.7.2026 0"), S("%d.%m.%Y %H"), &at, &date_only, &e));
	assert_text(time_print(text, at), "2026-06-30T22:00:00Z");
	assert_text(time_print_local(text, at), "2026-07-01 00:00");
}

/* The first instant at which clocks show `local_s`, found by trying all offsets there are, largest
 * first; INT64_MIN: they never do. Since 1973 all are multiples of five minutes. */
static int64_t first_showing(int64_t local_s)
{
	for (int64_t offset = 15 * 3600; offset >= -15 * 3600; offset -= 300)
		if (library_offset(local_s - offset) == offset)
			return local_s - offset;
	return INT64_MIN;
}

static void local_times_are_found_as_by_trying(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 52);
	for (size_t z = 0; z < ARRAY_LEN(ZONES); z++) {
		zone_use(ZONES[z]);
		size_t gaps = 0;
		for (int64_t at = 100000000; at < 2300000000; at += 3600 * 23) {
			if (library_offset(at) == library_offset(at + 3600 * 23) &&
			    !rng_chance(&r, 0.002))
				continue;
			int64_t local = at + library_offset(at) + (int64_t)rng_below(&r, 86400);
			char text[TIME_TEXT_MAX];
			int64_t got;
			int64_t want = first_showing(local);
			err e;
			str printed = time_print(text, local * US_PER_S);
			printed.n--; /* without the Z it is local */
			assert_true(time_parse(printed, &got, &e));
			if (want != INT64_MIN) {
				if (got != want * US_PER_S)
					fail_msg("%s %s: %lld, wanted %lld", ZONES[z], text,
						 (long long)got, (long long)want);
			} else {
				/* A gap: as if the change had not been. */
				int64_t shown = got / US_PER_S + zone_offset_s(got);
				assert_true(shown > local);
				gaps++;
			}
		}
		if (z == 0)
			assert_true(gaps > 0);
	}
}

static void check_partition(int64_t at, enum time_unit unit)
{
	int64_t floor = time_floor(at, unit);
	int64_t next = time_next(floor, unit);
	assert_true(floor <= at && at < next);
	assert_true(time_floor(floor, unit) == floor);
	assert_true(time_floor(next - 1, unit) == floor);
	assert_true(time_floor(next, unit) == next);
}

static void days_weeks_and_months_part_time(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 53);
	for (size_t z = 0; z < ARRAY_LEN(ZONES); z++) {
		zone_use(ZONES[z]);
		for (int round = 0; round < 5000; round++) {
			int64_t at = any_second(&r) * US_PER_S + (int64_t)rng_below(&r, 1000000);
			at = MAX(at, TIME_MIN_US + 70 * US_PER_DAY);
			at = MIN(at, TIME_MAX_US - 70 * US_PER_DAY);
			check_partition(at, TIME_DAY);
			check_partition(at, TIME_WEEK);
			check_partition(at, TIME_MONTH);
		}
		/* Around every change of our time. */
		for (int64_t at = 0; at < 2000000000; at += 86400) {
			if (library_offset(at) == library_offset(at + 86400))
				continue;
			for (int64_t s = at - 86400; s < at + 2 * 86400; s += 1799)
				check_partition(s * US_PER_S, TIME_DAY);
		}
	}
}

static void days_begin_when_clocks_say_so(void **state)
{
	(void)state;
	static const struct {
		const char *zone;
		const char *day;
		const char *begins;
	} CASES[] = {
		{ "Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z" },
		{ "Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z" },
		/* Midnight does not exist: clocks go from 23:59:59 to 01:00. */
		{ "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z" },
		/* Clocks are put back from 01:00 to midnight, which comes twice. */
		{ "America/Havana", "2025-11-02", "2025-11-02T04:00:00Z" },
		/* Put back a minute past midnight: the day begins the first time. */
		{ "America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z" },
		/* Clocks put forward from 23:30 to 00:30: the day begins half past midnight. */
		{ "America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z" },
		/* A day left out begins and ends with the next. */
		{ "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z" },
		{ "Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z" },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		int64_t days;
		err e;
		char text[TIME_TEXT_MAX];
		zone_use(CASES[i].zone);
		assert_true(time_parse_date(str_of(CASES[i].day), &days, &e));
		assert_text(time_print(text, time_local_midnight(days)), CASES[i].begins);
	}
	zone_use("UTC");
	assert_true(time_local_midnight(INT64_MAX) > TIME_MAX_US);
	assert_true(time_local_midnight(INT64_MIN) < TIME_MIN_US);
}

static void weeks_begin_on_mondays_and_months_on_firsts(void **state)
{
	(void)state;
	zone_use("Europe/Berlin");
	int64_t at;
	err e;
	char text[TIME_TEXT_MAX];
	assert_true(time_parse(S("2026-04-01T12:00"), &at, &e));
	assert_text(time_print_local(text, time_floor(at, TIME_DAY)), "2026-04-01 00:00");
	assert_text(time_print_local(text, time_floor(at, TIME_WEEK)), "2026-03-30 00:00");
	assert_text(time_print_local(text, time_floor(at, TIME_MONTH)), "2026-04-01 00:00");
	assert_text(time_print_local(text, time_next(at, TIME_MONTH)), "2026-05-01 00:00");
	assert_text(time_print_local(text, time_next(at, TIME_WEEK)), "2026-04-06 00:00");
	assert_true(time_parse(S("2026-12-31T23:59:59"), &at, &e));
	assert_text(time_print_local(text, time_next(at, TIME_MONTH)), "2027-01-01 00:00");
}

static void the_range_has_no_edge_to_fall_off(void **state)
{
	(void)state;
	static const char *const EDGES[] = { "UTC", "America/New_York", "Pacific/Kiritimati" };
	for (size_t z = 0; z < ARRAY_LEN(EDGES); z++) {
		zone_use(EDGES[z]);
		static const int64_t ENDS[] = { INT64_MIN, TIME_MIN_US, TIME_MAX_US, INT64_MAX };
		for (size_t i = 0; i < ARRAY_LEN(ENDS); i++)
			for (enum time_unit u = TIME_DAY; u <= TIME_MONTH; u++) {
				int64_t floor = time_floor(ENDS[i], u);
				assert_true(floor <= MIN(MAX(ENDS[i], TIME_MIN_US), TIME_MAX_US));
				assert_true(time_next(floor, u) > floor);
				(void)time_next(ENDS[i], u);
				char text[TIME_TEXT_MAX];
				str shown = time_print_local(text, ENDS[i]);
				assert_true(shown.n == 16 || shown.n == 17);
				assert_int_equal(text[shown.n], 0);
			}
	}
}

static void names_that_are_none_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum err_code code;
	} CASES[] = {
		{ "", ERR_INVALID },
		{ "/etc/passwd", ERR_INVALID },
		{ "../../../etc/passwd", ERR_INVALID },
		{ "Europe/../UTC", ERR_INVALID },
		{ "Europe/Berlin\n", ERR_INVALID },
		{ "zone.tab", ERR_INVALID },
		{ "Europe/", ERR_INVALID },
		{ "Europe", ERR_IO },
		{ "Europe/Bielefeld", ERR_NOT_FOUND },
		{ "an_endless_name_an_endless_name_an_endless_name_an_endless_name",
		  ERR_NOT_FOUND },
		{ "an_endless_name_an_endless_name_an_endless_name_an_endless_name_", ERR_INVALID },
	};
	zone_use("Europe/Berlin");
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		err e;
		assert_false(zone_set(CASES[i].name, &e));
		if (e.code != CASES[i].code)
			fail_msg("\"%s\": %s", CASES[i].name, e.text);
		assert_string_equal(zone_name(), "Europe/Berlin");
	}
	assert_int_equal(zone_offset_s(0), 3600);
}

static void utc_needs_no_files(void **state)
{
	(void)state;
	err e;
	setenv("TZDIR", "/nowhere", 1);
	assert_true(zone_set("UTC", &e));
	assert_int_equal(zone_offset_s(0), 0);
	assert_false(zone_set("Europe/Berlin", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_true(str_contains(str_of(e.text), S("tzdata")));
	unsetenv("TZDIR");
}

static void running_out_of_memory_keeps_the_old_zone(void **state)
{
	(void)state;
	zone_use("Europe/Berlin");
	for (uint64_t n = 1;; n++) {
		err e;
		mem_fail_at(n);
		bool ok = zone_set("Asia/Kathmandu", &e);
		mem_fail_at(0);
		if (ok)
			break;
		assert_int_equal(e.code, ERR_NOMEM);
		assert_string_equal(zone_name(), "Europe/Berlin");
		assert_int_equal(zone_offset_s(0), 3600);
	}
	assert_string_equal(zone_name(), "Asia/Kathmandu");
	assert_int_equal(zone_offset_s(time_now_us()), 20700);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(offsets_match_the_library, zone_back),
		cmocka_unit_test_teardown(every_change_is_seen_to_the_second, zone_back),
		cmocka_unit_test_teardown(the_years_after_the_last_change_follow_the_rule,
					  zone_back),
		cmocka_unit_test_teardown(gaps_are_shifted_and_overlaps_are_the_first, zone_back),
		cmocka_unit_test_teardown(local_times_are_found_as_by_trying, zone_back),
		cmocka_unit_test_teardown(days_weeks_and_months_part_time, zone_back),
		cmocka_unit_test_teardown(days_begin_when_clocks_say_so, zone_back),
		cmocka_unit_test_teardown(weeks_begin_on_mondays_and_months_on_firsts, zone_back),
		cmocka_unit_test_teardown(the_range_has_no_edge_to_fall_off, zone_back),
		cmocka_unit_test_teardown(names_that_are_none_are_refused, zone_back),
		cmocka_unit_test_teardown(utc_needs_no_files, zone_back),
		cmocka_unit_test_teardown(running_out_of_memory_keeps_the_old_zone, zone_back),
	};
	return cmocka_run_group_tests_name("base/zone", tests, NULL, NULL);
}
