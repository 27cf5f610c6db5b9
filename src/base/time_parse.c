/*
 * time_parse.c - instants and dates from text.
 *
 * What it is:   one reader for RFC 3339 and its shorter forms; patterns are in time_pattern.c.
 * Promises:     the whole text is read or refused; a date that does not exist is refused. Second
 * 60, a leap second, is the last microsecond of its minute, since instants have none.
 */
#include "base/time.h"
#include "base/time_int.h"
#include "base/time_parse_int.h"

#include <string.h>

const char *time_show(char shown[TIME_SHOWN_MAX], str s)
{
	static const char MORE[] = "...";
	size_t most = TIME_SHOWN_MAX - sizeof MORE;
	size_t n = MIN(s.n, most);
	bool text = str_is_utf8(s);
	while (text && n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		shown[i] = c < 0x20 || c == 0x7F || (c >= 0x80 && !text) ? '?' : (char)c;
	}
	memcpy(shown + n, MORE, sizeof MORE);
	if (n == s.n)
		shown[n] = '\0';
	return shown;
}

bool time_refuse(err *e, str s, const char *what, const char *why)
{
	char shown[TIME_SHOWN_MAX];
	return err_set(e, ERR_INVALID, "\"%s\" is no %s: %s", time_show(shown, s), what, why);
}

bool read_digits(str *s, size_t least, size_t most, int *v_r)
{
	size_t n = 0;
	int v = 0;
	while (n < s->n && n < most && s->p[n] >= '0' && s->p[n] <= '9')
		v = v * 10 + (s->p[n++] - '0');
	if (n < least)
		return false;
	*s = str_sub(*s, n, s->n);
	*v_r = v;
	return true;
}

bool read_char(str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = str_sub(*s, 1, s->n);
	return true;
}

bool read_fraction(str *s, int64_t *us_r)
{
	int64_t us = 0;
	size_t n = 0;
	for (; n < s->n && n < 9 && s->p[n] >= '0' && s->p[n] <= '9'; n++)
		if (n < 6)
			us = us * 10 + (s->p[n] - '0');
	for (size_t i = n; i < 6; i++)
		us *= 10;
	if (n == 0)
		return false;
	*s = str_sub(*s, n, s->n);
	*us_r = us;
	return true;
}

bool read_offset(str *s, int32_t *offset_s_r)
{
	if (read_char(s, 'Z') || read_char(s, 'z')) {
		*offset_s_r = 0;
		return true;
	}
	bool west = s->n > 0 && s->p[0] == '-';
	int hour;
	int minute = 0;
	if (!read_char(s, west ? '-' : '+') || !read_digits(s, 2, 2, &hour))
		return false;
	bool colon = read_char(s, ':');
	if (!read_digits(s, 2, 2, &minute) && colon)
		return false;
	if (hour > 23 || minute > 59)
		return false;
	int32_t offset = hour * 3600 + minute * 60;
	*offset_s_r = west ? -offset : offset;
	return true;
}

static bool read_date(str *s, int64_t *days_r, const char **why_r)
{
	int year;
	int month;
	int day;
	*why_r = "a date is written 2026-01-31";
	if (!read_digits(s, 4, 4, &year) || !read_char(s, '-') || !read_digits(s, 2, 2, &month) ||
	    !read_char(s, '-') || !read_digits(s, 2, 2, &day))
		return false;
	*why_r = "there is no such day in the calendar";
	if (!time_is_date(year, month, day))
		return false;
	*days_r = time_days_from_civil(year, month, day);
	return true;
}

int64_t clock_us(int hour, int minute, int second, int64_t fraction_us)
{
	if (second == 60) {
		second = 59;
		fraction_us = US_PER_S - 1;
	}
	return (hour * INT64_C(3600) + minute * 60 + second) * US_PER_S + fraction_us;
}

/* "12:00", "12:00:00", "12:00:00.5" as microseconds since midnight. */
static bool read_clock(str *s, int64_t *us_r, const char **why_r)
{
	int hour;
	int minute;
	int second = 0;
	int64_t fraction = 0;
	*why_r = "a time of day is written 12:00, 12:00:00 or 12:00:00.123456";
	if (!read_digits(s, 2, 2, &hour) || !read_char(s, ':') || !read_digits(s, 2, 2, &minute))
		return false;
	if (read_char(s, ':')) {
		if (!read_digits(s, 2, 2, &second))
			return false;
		if ((read_char(s, '.') || read_char(s, ',')) && !read_fraction(s, &fraction))
			return false;
	}
	*why_r = "there is no such time of day";
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*us_r = clock_us(hour, minute, second, fraction);
	return true;
}

bool time_from_local(int64_t local_us, const int32_t *offset_s, int64_t *at_us_r,
		     const char **why_r)
{
	int64_t at = offset_s ? local_us - *offset_s * US_PER_S : zone_from_local(local_us);
	*why_r = "it lies outside the years 1 to 9999";
	if (at < TIME_MIN_US || at > TIME_MAX_US)
		return false;
	*at_us_r = at;
	return true;
}

static bool parse_instant(str s, int64_t *at_us_r, const char **why_r)
{
	int64_t days;
	int64_t us = 0;
	if (!read_date(&s, &days, why_r))
		return false;
	if (s.n == 0)
		return time_from_local(days * US_PER_DAY, NULL, at_us_r, why_r);
	*why_r = "after the date stands T or a blank, then the time of day";
	if (!read_char(&s, 'T') && !read_char(&s, 't') && !read_char(&s, ' '))
		return false;
	if (!read_clock(&s, &us, why_r))
		return false;
	int64_t local_us = days * US_PER_DAY + us;
	if (s.n == 0)
		return time_from_local(local_us, NULL, at_us_r, why_r);
	int32_t offset;
	*why_r = "after the time of day stands Z or an offset such as +01:00, and nothing else";
	if (!read_offset(&s, &offset) || s.n > 0)
		return false;
	return time_from_local(local_us, &offset, at_us_r, why_r);
}

bool time_parse(str s, int64_t *at_us_r, err *e)
{
	const char *why;
	return parse_instant(s, at_us_r, &why) || time_refuse(e, s, "time", why);
}

bool time_parse_date(str s, int64_t *days_r, err *e)
{
	str rest = s;
	int64_t days;
	const char *why;
	if (!read_date(&rest, &days, &why))
		return time_refuse(e, s, "date", why);
	if (rest.n > 0)
		return time_refuse(e, s, "date", "a date is written 2026-01-31");
	*days_r = days;
	return true;
}
