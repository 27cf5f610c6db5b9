/*
 * posix_tz.c - the rule at the end of a TZif file.
 *
 * What it is:   std offset [dst [offset] , start [/time] , end [/time]], as POSIX and RFC 8536
 * write it: offsets count west of Greenwich, names are letters or stand in < >. Promises:     the
 * whole text is read or refused. A daylight name without its rule is refused: what it would mean is
 * left to each system.
 */
#include "base/time_int.h"
#include "base/time_parse_int.h"
#include "base/tzif_int.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool read_name(str *s)
{
	size_t n = 0;
	bool quoted = read_char(s, '<');
	while (n < s->n && (quoted ? s->p[n] != '>' : is_letter(s->p[n])))
		n++;
	if (n == 0)
		return false;
	*s = str_sub(*s, n, s->n);
	return !quoted || read_char(s, '>');
}

/* "[+-]hh[:mm[:ss]]" in seconds. */
static bool read_hms(str *s, int hour_max, int32_t *seconds_r)
{
	bool minus = s->n > 0 && s->p[0] == '-';
	if (!minus)
		(void)read_char(s, '+');
	else
		(void)read_char(s, '-');
	int hour;
	int minute = 0;
	int second = 0;
	if (!read_digits(s, 1, 3, &hour) || hour > hour_max)
		return false;
	if (read_char(s, ':')) {
		if (!read_digits(s, 1, 2, &minute) || minute > 59)
			return false;
		if (read_char(s, ':') && (!read_digits(s, 1, 2, &second) || second > 59))
			return false;
	}
	int32_t v = hour * 3600 + minute * 60 + second;
	*seconds_r = minus ? -v : v;
	return true;
}

static bool read_change(str *s, struct posix_change *c)
{
	*c = (struct posix_change){ .time_s = 2 * 3600 };
	if (!read_char(s, ','))
		return false;
	bool ok;
	if (read_char(s, 'M')) {
		c->kind = POSIX_MONTH;
		ok = read_digits(s, 1, 2, &c->month) && c->month >= 1 && c->month <= 12 &&
		     read_char(s, '.') && read_digits(s, 1, 1, &c->week) && c->week >= 1 &&
		     c->week <= 5 && read_char(s, '.') && read_digits(s, 1, 1, &c->day) &&
		     c->day <= 6;
	} else if (read_char(s, 'J')) {
		c->kind = POSIX_JULIAN;
		ok = read_digits(s, 1, 3, &c->day) && c->day >= 1 && c->day <= 365;
	} else {
		c->kind = POSIX_DAY;
		ok = read_digits(s, 1, 3, &c->day) && c->day <= 365;
	}
	return ok && (!read_char(s, '/') || read_hms(s, 167, &c->time_s));
}

bool posix_tz_parse(str s, struct posix_tz *tz_r)
{
	struct posix_tz tz = { 0 };
	int32_t west;
	if (!read_name(&s) || !read_hms(&s, 24, &west))
		return false;
	tz.std_s = -west;
	if (s.n > 0) {
		tz.has_dst = true;
		tz.dst_s = tz.std_s + 3600;
		if (!read_name(&s))
			return false;
		if (s.n > 0 && s.p[0] != ',') {
			if (!read_hms(&s, 24, &west))
				return false;
			tz.dst_s = -west;
		}
		if (!read_change(&s, &tz.start) || !read_change(&s, &tz.end) || s.n > 0)
			return false;
	}
	*tz_r = tz;
	return true;
}

int64_t posix_change_day(const struct posix_change *c, int year)
{
	int64_t new_year = time_days_from_civil(year, 1, 1);
	if (c->kind == POSIX_DAY)
		return new_year + c->day;
	if (c->kind == POSIX_JULIAN)
		return new_year + c->day - 1 + (c->day >= 60 && days_in_month(year, 2) == 29);
	int64_t first = time_days_from_civil(year, c->month, 1);
	/* 1970-01-01 was a Thursday: weekday 4 where Sunday is 0. */
	int64_t weekday = first + 4 - floor_div(first + 4, 7) * 7;
	int64_t day = (c->day - weekday + 7) % 7 + (c->week - 1) * 7;
	while (day >= days_in_month(year, c->month))
		day -= 7;
	return first + day;
}
