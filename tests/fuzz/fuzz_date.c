/*
 * fuzz_date.c - everything that reads times: instants, dates, patterns, spans, zone files.
 *
 * What it is:   the first byte chooses the reader, the rest is its text; of a pattern, the text
 * ends at the first NUL and the pattern follows. Promises:     what was read is in range and
 * survives being printed and read again.
 */
#include "fuzz/replay.h"

#include "base/time.h"
#include "base/tzif_int.h"

static void check_instant(int64_t at)
{
	CHECK(at >= TIME_MIN_US && at <= TIME_MAX_US);
	char text[TIME_TEXT_MAX];
	int64_t back;
	err e;
	CHECK(time_parse(time_print(text, at), &back, &e) && back == at);
	(void)time_print_local(text, at);
	for (enum time_unit unit = TIME_DAY; unit <= TIME_MONTH; unit++) {
		int64_t floor = time_floor(at, unit);
		CHECK(floor <= at && time_next(floor, unit) > at);
	}
}

static void instant(str s)
{
	int64_t at;
	err e;
	if (time_parse(s, &at, &e))
		check_instant(at);
	else
		CHECK(e.code == ERR_INVALID && str_is_utf8(str_of(e.text)));
}

static void date(str s)
{
	int64_t days;
	int64_t back;
	err e;
	char text[TIME_TEXT_MAX];
	if (!time_parse_date(s, &days, &e))
		return;
	CHECK(str_eq(time_print_date(text, days), s));
	CHECK(time_parse_date(str_of(text), &back, &e) && back == days);
}

static void pattern(str s)
{
	str text = str_sub(s, 0, str_index(s, '\0'));
	str how = str_sub(s, text.n + 1, s.n);
	int64_t at;
	bool date_only;
	err e;
	if (time_parse_pattern(text, how, &at, &date_only, &e))
		check_instant(at);
	else
		CHECK(e.code == ERR_INVALID && str_is_utf8(str_of(e.text)));
}

static void span(str s)
{
	struct duration d;
	struct duration back;
	err e;
	char text[TIME_TEXT_MAX];
	if (!duration_parse(s, &d, &e))
		return;
	CHECK(d.us >= 0 && d.months >= 0);
	CHECK(duration_parse(duration_print(text, d), &back, &e));
	CHECK(back.us == d.us && back.months == d.months);
	(void)duration_print_short(text, d.us);
	CHECK(time_add(0, d, 1) >= 0 && time_add(0, d, -1) <= 0);
}

static void zone_file(str s)
{
	struct zone_table z;
	err e;
	if (!zone_table_read(&z, s.p, s.n, &e))
		return;
	for (int64_t at = TIME_MIN_US / US_PER_S; at < TIME_MAX_US / US_PER_S;
	     at += INT64_C(3600) * 24 * 1009) {
		int32_t offset = zone_table_offset(&z, at);
		CHECK(offset > -26 * 3600 && offset < 27 * 3600);
		int64_t reached = zone_table_reach(&z, at);
		CHECK(reached + zone_table_offset(&z, reached) >= at);
		CHECK(zone_table_from_local(&z, at) >= reached);
	}
	zone_table_fini(&z);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const READERS[])(str) = { instant, date, pattern, span, zone_file };
	static bool zone_is_set;
	if (!zone_is_set) {
		/* Where there are no zone files, UTC has to do. */
		err e;
		(void)!zone_set("Europe/Berlin", &e);
		zone_is_set = true;
	}
	if (n > 0)
		READERS[data[0] % ARRAY_LEN(READERS)]((str){ (const char *)data + 1, n - 1 });
	return 0;
}
