/*
 * duration.c - spans of time: reading, printing, adding.
 *
 * What it is:   what has a fixed length (up to weeks) is counted in microseconds, what has not
 *               (months, years) in months. Negative spans do not exist as text.
 * Promises:     duration_print is read back by duration_parse as the same span. Adding never leaves
 *               the range of instants: it ends at its first or last.
 */
#include "base/time.h"
#include "base/time_int.h"

#include <stdio.h>

/* Longer spans than all the years there are mean a mistake. */
#define SPAN_MONTHS_MAX (10000 * 12)
#define SPAN_US_MAX	(INT64_C(3652425) * US_PER_DAY)

struct unit {
	str name;
	int64_t us;
	int64_t months;
};

/* Largest first: the order in which spans are printed. */
static const struct unit UNITS[] = {
	{ { "y", 1 }, 0, 12 },
	{ { "mo", 2 }, 0, 1 },
	{ { "w", 1 }, 7 * US_PER_DAY, 0 },
	{ { "d", 1 }, US_PER_DAY, 0 },
	{ { "h", 1 }, US_PER_HOUR, 0 },
	{ { "min", 3 }, US_PER_MIN, 0 },
	{ { "s", 1 }, US_PER_S, 0 },
	{ { "ms", 2 }, 1000, 0 },
	{ { "us", 2 }, 1, 0 },
};

static const struct unit *unit_find(str name)
{
	for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
		if (str_eq(UNITS[i].name, name))
			return &UNITS[i];
	return NULL;
}

static bool refuse(err *e, str s, const char *why)
{
	char shown[TIME_SHOWN_MAX];
	return err_set(e, ERR_INVALID, "\"%s\" is no span of time: %s", time_show(shown, s), why);
}

static bool span_add(int64_t *sum, int64_t count, int64_t each, int64_t most)
{
	int64_t part;
	return !__builtin_mul_overflow(count, each, &part) &&
	       !__builtin_add_overflow(*sum, part, sum) && *sum <= most;
}

bool duration_parse(str s, struct duration *d_r, err *e)
{
	int64_t us = 0;
	int64_t months = 0;
	if (s.n == 0)
		return refuse(e, s, "a number and a unit are missing, as in 30d");
	for (size_t i = 0; i < s.n;) {
		int64_t count = 0;
		size_t from = i;
		for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
			if (!span_add(&count, count, 9, INT64_MAX) ||
			    !span_add(&count, s.p[i] - '0', 1, INT64_MAX))
				return refuse(e, s, "it is longer than 10000 years");
		if (i == from)
			return refuse(e, s, "a whole number stands before each unit, as in 1y6mo");
		from = i;
		while (i < s.n && s.p[i] >= 'a' && s.p[i] <= 'z')
			i++;
		const struct unit *unit = unit_find(str_sub(s, from, i - from));
		if (!unit)
			return refuse(e, s, "units are y, mo, w, d, h, min, s, ms, us");
		if (!span_add(&us, count, unit->us, SPAN_US_MAX) ||
		    !span_add(&months, count, unit->months, SPAN_MONTHS_MAX))
			return refuse(e, s, "it is longer than 10000 years");
	}
	*d_r = (struct duration){ .us = us, .months = (int32_t)months };
	return true;
}

/* "3d" where there are three of the unit in *left, which keeps the rest. */
static size_t print_part(char *text, size_t room, int64_t *left, int64_t each, str name)
{
	if (each == 0 || *left < each)
		return 0;
	int n = snprintf(text, room, "%lld%.*s", (long long)(*left / each), STR_ARG(name));
	*left %= each;
	return (size_t)n;
}

str duration_print(char text[TIME_TEXT_MAX], struct duration d)
{
	int64_t us = MIN(MAX(d.us, 0), SPAN_US_MAX);
	int64_t months = MIN(MAX(d.months, 0), SPAN_MONTHS_MAX);
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(UNITS); i++) {
		str name = UNITS[i].name;
		/* Weeks are read, and printed as days: who writes 30d wants to see 30d. The last
		 * two are printed as one, for want of room. */
		if (str_eq(name, S("w")) || (str_eq(name, S("ms")) && us % 1000 != 0))
			continue;
		n += print_part(text + n, TIME_TEXT_MAX - n, &months, UNITS[i].months, name);
		n += print_part(text + n, TIME_TEXT_MAX - n, &us, UNITS[i].us, name);
	}
	if (n == 0)
		n = (size_t)snprintf(text, TIME_TEXT_MAX, "0s");
	return (str){ text, n };
}

str duration_print_short(char text[TIME_TEXT_MAX], int64_t us)
{
	static const struct {
		const char *name;
		uint64_t us;
	} PARTS[] = { { "d", US_PER_DAY }, { "h", US_PER_HOUR }, { "min", US_PER_MIN },
		      { "s", US_PER_S },   { "ms", 1000 },	 { "us", 1 } };
	uint64_t left = us < 0 ? -(uint64_t)us : (uint64_t)us;
	const char *sign = us < 0 ? "-" : "";
	size_t i = 0;
	while (i < ARRAY_LEN(PARTS) && left < PARTS[i].us)
		i++;
	if (i == ARRAY_LEN(PARTS))
		return (str){ text, (size_t)snprintf(text, TIME_TEXT_MAX, "0 s") };
	int n = snprintf(text, TIME_TEXT_MAX, "%s%llu %s", sign,
			 (unsigned long long)(left / PARTS[i].us), PARTS[i].name);
	left %= PARTS[i].us;
	/* Below seconds one unit says enough. */
	if (i + 1 < ARRAY_LEN(PARTS) && PARTS[i + 1].us >= (uint64_t)US_PER_S &&
	    left >= PARTS[i + 1].us)
		n += snprintf(text + n, TIME_TEXT_MAX - (size_t)n, " %llu %s",
			      (unsigned long long)(left / PARTS[i + 1].us), PARTS[i + 1].name);
	return (str){ text, (size_t)n };
}

/* The same day and time of day, on the zone's clocks, so many months later. */
static int64_t add_months(int64_t at_us, int64_t months)
{
	int64_t local_us = at_us + zone_offset_s(at_us) * US_PER_S;
	int64_t days = floor_div(local_us, US_PER_DAY);
	int year;
	int month;
	int day;
	time_civil_from_days(days, &year, &month, &day);
	int64_t count = (int64_t)year * 12 + (month - 1) + months;
	int64_t to_year = floor_div(count, 12);
	if (to_year < 1)
		return TIME_MIN_US;
	if (to_year > 9999)
		return TIME_MAX_US;
	int to_month = (int)(count - to_year * 12) + 1;
	int to_day = MIN(day, days_in_month((int)to_year, to_month));
	int64_t to = time_days_from_civil((int)to_year, to_month, to_day);
	return zone_from_local(to * US_PER_DAY + (local_us - days * US_PER_DAY));
}

int64_t time_add(int64_t at_us, struct duration d, int sign)
{
	CHECK(sign == 1 || sign == -1);
	int64_t at = time_clamp(at_us);
	if (d.months != 0)
		at = time_clamp(add_months(at, sign * (int64_t)d.months));
	bool over = sign > 0 ? __builtin_add_overflow(at, d.us, &at)
			     : __builtin_sub_overflow(at, d.us, &at);
	if (over)
		return (d.us > 0) == (sign > 0) ? TIME_MAX_US : TIME_MIN_US;
	return time_clamp(at);
}
