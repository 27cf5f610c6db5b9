/*
 * time.h - instants, calendar days, durations and the workspace's zone.
 *
 * What it is:   int64 microseconds UTC since 1970 (years 1 to 9999); calendar arithmetic by the
 *               proleptic Gregorian calendar (days_from_civil, H. Hinnant).
 * Promises:     a date that does not exist is refused; times before 1970 are valid. The zone is set
 *               once, at start, from the system's zone files (TZif).
 */
#ifndef TRICHTER_TIME_H
#define TRICHTER_TIME_H

#include "base/str.h"

#define US_PER_S    INT64_C(1000000)
#define US_PER_DAY  (INT64_C(86400) * US_PER_S)
#define TIME_MIN_US (INT64_C(-62135596800) * US_PER_S)	   /* 0001-01-01T00:00:00Z */
#define TIME_MAX_US (INT64_C(253402300800) * US_PER_S - 1) /* 9999-12-31T23:59:59.999999Z */

int64_t time_now_us(void);	 /* wall clock */
int64_t time_monotonic_us(void); /* for measuring */
int64_t time_cpu_us(void);	 /* CPU time of the whole process */

int64_t time_days_from_civil(int year, int month, int day);
void time_civil_from_days(int64_t days, int *year_r, int *month_r, int *day_r);
bool time_is_date(int year, int month, int day);

/* RFC 3339 ("2026-01-31T12:00:00.5+01:00", "T" or blank, "Z"), also a date alone (midnight in the
 * zone) and a date and time without an offset (local in the zone); seconds may be missing. Up to 9
 * digits of fraction, cut to microseconds; second 60 is the last microsecond of its minute. A local
 * time that clocks showed twice is the first of the two; one that they never showed lies as far
 * behind the change as the text behind the gap's beginning (02:30 becomes 03:30). */
bool time_parse(str s, int64_t *at_us_r, err *e) MUST_CHECK;
bool time_parse_date(str s, int64_t *days_r, err *e) MUST_CHECK; /* 2026-01-31 */
/* By a pattern of strptime's letters (Y m d H M S y b B p I z, everything else literally), as in
 * "%d-%m-%Y %H:%M"; local in the zone unless %z. `date_only_r` says that it held no hour. */
bool time_parse_pattern(str s, str pattern, int64_t *at_us_r, bool *date_only_r, err *e) MUST_CHECK;

#define TIME_TEXT_MAX 40
/* "2026-01-31T12:00:00Z", with up to 6 digits of fraction where there is one. */
str time_print(char text[TIME_TEXT_MAX], int64_t at_us);
str time_print_date(char text[TIME_TEXT_MAX], int64_t days);
/* In the zone, for people: "2026-01-31 13:00". */
str time_print_local(char text[TIME_TEXT_MAX], int64_t at_us);

/* A duration: exact part and calendar part ("1y" = 12 months, "2w" = 14 days). */
struct duration {
	int64_t us;
	int32_t months;
};
/* "15min", "8h", "30d", "6w", "3mo", "1y", "500ms", "90s", sums such as "1y6mo". */
bool duration_parse(str s, struct duration *d_r, err *e) MUST_CHECK;
str duration_print(char text[TIME_TEXT_MAX], struct duration d);
/* "3 d 4 h": the two largest units, for people. */
str duration_print_short(char text[TIME_TEXT_MAX], int64_t us);
/* at + sign * d, the months first; they keep the day and the time of day on the zone's clocks, or
 * take the month's last day ("Jan 31" + 1mo = "Feb 28"). Ends at the first or last instant. */
int64_t time_add(int64_t at_us, struct duration d, int sign);

/* Zone by IANA name ("Europe/Berlin", "UTC"). Call once, before threads start. */
bool zone_set(const char *name, err *e) MUST_CHECK;
const char *zone_name(void);
int32_t zone_offset_s(int64_t at_us); /* east of UTC */
enum time_unit { TIME_DAY, TIME_WEEK, TIME_MONTH };
/* The start, in UTC, of the local day, ISO week or month that holds `at_us`; and of the next:
 * floor <= at < next, also where clocks pass midnight twice or never. */
int64_t time_floor(int64_t at_us, enum time_unit unit);
int64_t time_next(int64_t floor_us, enum time_unit unit);
int64_t time_local_midnight(int64_t days); /* the instant at which that local day begins */

#endif
