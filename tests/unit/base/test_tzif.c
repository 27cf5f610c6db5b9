/*
 * test_tzif.c - zone files made for the test: rules, damage, old versions.
 */
#include "unit/base/base_test.h"

#include "base/buf.h"
#include "base/time.h"
#include "base/tzif_int.h"

#include <time.h>

struct spec {
	const char *rule; /* NULL: version 1, without one */
	size_t changes;
	const int64_t *at_s;
	const uint8_t *type;
	size_t types;
	const int32_t *offset_s;
	uint32_t leap;
};

static void put_big(struct buf *b, int64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		buf_byte(b, (uint8_t)((uint64_t)v >> (8 * i)));
}

static void put_block(struct buf *b, const struct spec *s, int time_bytes)
{
	buf_cstr(b, "TZif");
	buf_byte(b, s->rule ? '2' : 0);
	for (int i = 0; i < 15; i++)
		buf_byte(b, 0);
	put_big(b, 0, 4);
	put_big(b, 0, 4);
	put_big(b, s->leap, 4);
	put_big(b, (int64_t)s->changes, 4);
	put_big(b, (int64_t)s->types, 4);
	put_big(b, 4, 4);
	for (size_t i = 0; i < s->changes; i++)
		put_big(b, s->at_s[i], time_bytes);
	buf_put(b, s->type, s->changes);
	for (size_t i = 0; i < s->types; i++) {
		put_big(b, s->offset_s[i], 4);
		buf_put(b, "\0\0", 2);
	}
	buf_put(b, "XXX", 4);
	for (uint32_t i = 0; i < s->leap; i++) {
		put_big(b, i, time_bytes);
		put_big(b, 1, 4);
	}
}

static void put_file(struct buf *b, const struct spec *s)
{
	put_block(b, s, 4);
	if (!s->rule)
		return;
	put_block(b, s, 8);
	buf_printf(b, "\n%s\n", s->rule);
}

static bool read_spec(const struct spec *s, struct zone_table *z, err *e)
{
	struct buf b;
	buf_init(&b, MEMORY_MAX);
	put_file(&b, s);
	bool ok = zone_table_read(z, b.p, b.n, e);
	buf_fini(&b);
	return ok;
}

static const int32_t ONE_OFFSET[] = { 3600 };

static void rules_match_the_library(void **state)
{
	(void)state;
	static const char *const RULES[] = {
		"CET-1CEST,M3.5.0,M10.5.0/3",
		"EST5EDT,M3.2.0,M11.1.0",
		"AEST-10AEDT,M10.1.0,M4.1.0/3",
		"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
		"IST-1GMT0,M10.5.0,M3.5.0/1",
		"AAA1BBB,J60/2,J300/2",
		"AAA1BBB,59/2,300/2:30:15",
		"IST-2IDT,M3.4.4/26,M10.5.0",
		"<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
		"AAA-3BBB,M2.5.1/0,M8.5.6/24",
		"EET-2EEST,M3.4.4/50,M10.4.4/50",
		"UTC0",
		"<+1245>-12:45",
	};
	for (size_t i = 0; i < ARRAY_LEN(RULES); i++) {
		static const int64_t AT[] = { 0 };
		static const uint8_t TYPE[] = { 0 };
		struct posix_tz tz;
		assert_true(posix_tz_parse(str_of(RULES[i]), &tz));
		const int32_t offsets[] = { tz.std_s };
		struct spec s = { RULES[i], 1, AT, TYPE, 1, offsets, 0 };
		struct zone_table z;
		err e;
		if (!read_spec(&s, &z, &e))
			fail_msg("%s: %s", RULES[i], e.text);
		setenv("TZ", RULES[i], 1);
		tzset();
		/* The library applies a rule to all years; ours begins with the file's end. */
		for (int64_t at = 400 * 86400; at < INT64_C(250000000000);) {
			struct tm tm;
			time_t t = (time_t)at;
			localtime_r(&t, &tm);
			if (zone_table_offset(&z, at) != tm.tm_gmtoff)
				fail_msg("%s at %lld: %d, library %ld", RULES[i], (long long)at,
					 zone_table_offset(&z, at), tm.tm_gmtoff);
			at += at < INT64_C(10000000000) ? 977777 : 99777777;
		}
		zone_table_fini(&z);
	}
	unsetenv("TZ");
	tzset();
}

static void rules_that_are_none_are_refused(void **state)
{
	(void)state;
	static const char *const BAD[] = {
		"",
		"CET",
		"-1",
		"CET-1CEST",
		"CET-25",
		"CET-1:60",
		"<CET-1",
		"CET-1CEST,M3.5.0",
		"CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,M3.0.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0",
		"CET-1CEST,J0,J365",
		"CET-1CEST,J1,J366",
		"CET-1CEST,0,366",
		"CET-1CEST,M3.5.0,M10.5.0/168",
		"CET-1CEST,M3.5.0,M10.5.0/3x",
		"CET-1CEST,M3.5.0,M10.5.0/3:00:60",
		"<>-1",
		"CET-1 ",
		"CET-1CEST,,M10.5.0",
	};
	for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
		struct posix_tz tz;
		if (posix_tz_parse(str_of(BAD[i]), &tz))
			fail_msg("\"%s\" was read", BAD[i]);
		static const int64_t AT[] = { 0 };
		static const uint8_t TYPE[] = { 0 };
		struct spec s = { BAD[i], 1, AT, TYPE, 1, ONE_OFFSET, 0 };
		struct zone_table z;
		err e;
		if (i == 0)
			continue; /* an empty line says that there is no rule */
		assert_false(read_spec(&s, &z, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
}

static void an_old_file_ends_with_its_last_offset(void **state)
{
	(void)state;
	static const int64_t AT[] = { -100, 100 };
	static const uint8_t TYPE[] = { 1, 0 };
	static const int32_t OFFSETS[] = { 60, -7200 };
	struct spec s = { NULL, 2, AT, TYPE, 2, OFFSETS, 0 };
	for (int version = 0; version < 2; version++) {
		struct zone_table z;
		err e;
		s.rule = version ? "" : NULL;
		assert_true(read_spec(&s, &z, &e));
		assert_int_equal(zone_table_offset(&z, -101), 60);
		assert_int_equal(zone_table_offset(&z, -100), -7200);
		assert_int_equal(zone_table_offset(&z, 99), -7200);
		assert_int_equal(zone_table_offset(&z, 100), 60);
		assert_int_equal(zone_table_offset(&z, INT64_C(1) << 50), 60);
		zone_table_fini(&z);
	}
}

static void a_rule_alone_holds_for_all_years(void **state)
{
	(void)state;
	struct spec s = { "CET-1CEST,M3.5.0,M10.5.0/3", 0, NULL, NULL, 1, ONE_OFFSET, 0 };
	struct zone_table z;
	err e;
	assert_true(read_spec(&s, &z, &e));
	for (int year = 2; year < 9999; year += 7) {
		int64_t january = time_days_from_civil(year, 1, 15) * 86400;
		int64_t july = time_days_from_civil(year, 7, 15) * 86400;
		assert_int_equal(zone_table_offset(&z, january), 3600);
		assert_int_equal(zone_table_offset(&z, july), 7200);
		assert_int_equal(zone_table_from_local(&z, july), july - 7200);
		assert_int_equal(zone_table_reach(&z, january), january - 3600);
	}
	zone_table_fini(&z);
}

/* An example of RFC 8536; the library is wrong for some hours around new year, for it looks for the
 * rule by the year in UTC. */
static void daylight_time_may_last_all_year(void **state)
{
	(void)state;
	struct spec s = { "XXX3EDT4,0/0,J365/23", 0, NULL, NULL, 1, ONE_OFFSET, 0 };
	struct zone_table z;
	err e;
	assert_true(read_spec(&s, &z, &e));
	for (int64_t at = 0; at < INT64_C(40000000000); at += 3600 * 5 + 1)
		assert_int_equal(zone_table_offset(&z, at), -4 * 3600);
	zone_table_fini(&z);
}

static void damage_is_refused(void **state)
{
	(void)state;
	static const int64_t AT[] = { 0, 0 };
	static const int64_t FAR_OFF[] = { INT64_MIN, INT64_MAX };
	static const uint8_t TYPE[] = { 0, 0 };
	static const uint8_t NO_TYPE[] = { 0, 1 };
	static const int64_t RISING[] = { 0, 1 };
	static const int32_t WIDE[] = { 100000 };
	static const struct spec BAD[] = {
		{ "UTC0", 2, AT, TYPE, 1, ONE_OFFSET, 0 },
		{ "UTC0", 2, FAR_OFF, TYPE, 1, ONE_OFFSET, 0 },
		{ "UTC0", 2, RISING, NO_TYPE, 1, ONE_OFFSET, 0 },
		{ "UTC0", 2, RISING, TYPE, 0, ONE_OFFSET, 0 },
		{ "UTC0", 2, RISING, TYPE, 1, WIDE, 0 },
		{ "UTC0", 2, RISING, TYPE, 1, ONE_OFFSET, 1 },
		{ NULL, 2, AT, TYPE, 1, ONE_OFFSET, 0 },
	};
	struct zone_table z;
	err e;
	for (size_t i = 0; i < ARRAY_LEN(BAD); i++)
		assert_false(read_spec(&BAD[i], &z, &e));
	struct spec good = { "CET-1CEST,M3.5.0,M10.5.0/3", 2, RISING, TYPE, 1, ONE_OFFSET, 0 };
	struct buf b;
	buf_init(&b, MEMORY_MAX);
	put_file(&b, &good);
	assert_true(zone_table_read(&z, b.p, b.n, &e));
	zone_table_fini(&z);
	/* Cut anywhere, it is refused, and nothing past the cut is read. */
	for (size_t n = 0; n < b.n; n++) {
		char *exact = malloc(n + !n);
		memcpy(exact, b.p, n);
		assert_false(zone_table_read(&z, exact, n, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
		free(exact);
	}
	assert_false(zone_table_read(&z, b.p, ZONE_FILE_BYTES_MAX + 1, &e));
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_match_the_library),
		cmocka_unit_test(rules_that_are_none_are_refused),
		cmocka_unit_test(an_old_file_ends_with_its_last_offset),
		cmocka_unit_test(a_rule_alone_holds_for_all_years),
		cmocka_unit_test(daylight_time_may_last_all_year),
		cmocka_unit_test(damage_is_refused),
	};
	return cmocka_run_group_tests_name("base/tzif", tests, NULL, NULL);
}
