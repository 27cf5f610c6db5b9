/*
 * time_pattern.c - instants by a pattern of strptime's letters.
 *
 * What it is:   for files whose dates are written in ways of their own; the pattern comes from the
 *               user, so it is checked like the text.
 * Promises:     months are known by English and German names, whatever the process's locale. A year
 *               of %Y has four digits: "17" would be the year 17, and is refused.
 */
#include "base/time.h"
#include "base/time_int.h"
#include "base/time_parse_int.h"

#include <stdio.h>

struct fields {
	int year; /* 0: not said; so are month and day */
	int month;
	int day;
	int hour; /* -1: not said */
	int minute;
	int second;
	int64_t fraction_us;
	int half; /* 0 not said, 1 AM, 2 PM */
	bool hour12;
	bool has_offset;
	int32_t offset_s;
};

struct month_name {
	str name;
	int month;
};

#define NAME(text, month)                                                                          \
	{                                                                                          \
		{ text, sizeof(text) - 1 }, month                                                  \
	}
/* Letters of ASCII match in either case; the others are listed in both. */
static const struct month_name MONTHS[] = {
	NAME("january", 1),   NAME("januar", 1),    NAME("jan", 1),	  NAME("jänner", 1),
	NAME("jÄnner", 1),    NAME("jän", 1),	    NAME("jÄn", 1),	  NAME("february", 2),
	NAME("februar", 2),   NAME("feb", 2),	    NAME("march", 3),	  NAME("märz", 3),
	NAME("mÄrz", 3),      NAME("maerz", 3),	    NAME("mar", 3),	  NAME("mär", 3),
	NAME("mÄr", 3),	      NAME("mrz", 3),	    NAME("april", 4),	  NAME("apr", 4),
	NAME("may", 5),	      NAME("mai", 5),	    NAME("june", 6),	  NAME("juni", 6),
	NAME("jun", 6),	      NAME("july", 7),	    NAME("juli", 7),	  NAME("jul", 7),
	NAME("august", 8),    NAME("aug", 8),	    NAME("september", 9), NAME("sept", 9),
	NAME("sep", 9),	      NAME("october", 10),  NAME("oktober", 10),  NAME("oct", 10),
	NAME("okt", 10),      NAME("november", 11), NAME("nov", 11),	  NAME("december", 12),
	NAME("dezember", 12), NAME("dec", 12),	    NAME("dez", 12),
};
#undef NAME

static bool read_month_name(str *s, int *month_r)
{
	const struct month_name *best = NULL;
	for (size_t i = 0; i < ARRAY_LEN(MONTHS); i++) {
		str name = MONTHS[i].name;
		if (name.n <= s->n && str_eq_nocase(str_sub(*s, 0, name.n), name) &&
		    (!best || name.n > best->name.n))
			best = &MONTHS[i];
	}
	if (!best)
		return false;
	*month_r = best->month;
	*s = str_sub(*s, best->name.n, s->n);
	return true;
}

static bool read_half(str *s, int *half_r)
{
	str two = str_sub(*s, 0, 2);
	if (!str_eq_nocase(two, S("am")) && !str_eq_nocase(two, S("pm")))
		return false;
	*half_r = str_eq_nocase(two, S("am")) ? 1 : 2;
	*s = str_sub(*s, 2, s->n);
	return true;
}

/* A fraction may follow the seconds though the pattern does not say so; a pattern that goes on with
 * a point means that point. */
static bool read_seconds(str *s, str pattern_rest, struct fields *f)
{
	if (!read_digits(s, 1, 2, &f->second) || f->second > 60)
		return false;
	bool point = s->n > 1 && s->p[0] == '.' && s->p[1] >= '0' && s->p[1] <= '9';
	if (!point || str_starts(pattern_rest, S(".")))
		return true;
	return read_char(s, '.') && read_fraction(s, &f->fraction_us);
}

static bool read_short_year(str *s, int *year_r)
{
	if (!read_digits(s, 2, 2, year_r))
		return false;
	*year_r += *year_r < 69 ? 2000 : 1900;
	return true;
}

/* Reads what the letter stands for; false: the text does not have it. */
static bool read_letter(str *s, char letter, str pattern_rest, struct fields *f)
{
	switch (letter) {
	case 'Y':
		return read_digits(s, 4, 4, &f->year) && f->year >= 1;
	case 'y':
		return read_short_year(s, &f->year);
	case 'm':
		return read_digits(s, 1, 2, &f->month) && f->month >= 1 && f->month <= 12;
	case 'b':
	case 'B':
		return read_month_name(s, &f->month);
	case 'd':
		return read_digits(s, 1, 2, &f->day) && f->day >= 1 && f->day <= 31;
	case 'H':
		f->hour12 = false;
		return read_digits(s, 1, 2, &f->hour) && f->hour <= 23;
	case 'I':
		f->hour12 = true;
		return read_digits(s, 1, 2, &f->hour) && f->hour >= 1 && f->hour <= 12;
	case 'p':
		return read_half(s, &f->half);
	case 'M':
		return read_digits(s, 1, 2, &f->minute) && f->minute <= 59;
	case 'S':
		return read_seconds(s, pattern_rest, f);
	case 'z':
		f->has_offset = true;
		return read_offset(s, &f->offset_s);
	default:
		return read_char(s, letter); /* '%' */
	}
}

/* False with a reason about the pattern when no text could fit it. */
static bool pattern_check(str pattern, err *e)
{
	char shown[TIME_SHOWN_MAX];
	bool year = false;
	bool month = false;
	bool day = false;
	for (size_t i = 0; i < pattern.n; i++) {
		if (pattern.p[i] != '%')
			continue;
		char letter = ++i < pattern.n ? pattern.p[i] : '\0';
		if (letter == '\0' || str_index(S("YmdHMSybBpIz%"), letter) == 13)
			return err_set(
				e, ERR_INVALID,
				"the pattern \"%s\" may hold %%Y %%y %%m %%b %%B %%d %%H %%I "
				"%%p %%M %%S %%z and %%%% only",
				time_show(shown, pattern));
		year |= letter == 'Y' || letter == 'y';
		month |= letter == 'm' || letter == 'b' || letter == 'B';
		day |= letter == 'd';
	}
	if (!year || !month || !day)
		return err_set(e, ERR_INVALID, "the pattern \"%s\" lacks a year, a month or a day",
			       time_show(shown, pattern));
	return true;
}

static bool fields_read(str s, str pattern, struct fields *f)
{
	*f = (struct fields){ .hour = -1 };
	for (size_t i = 0; i < pattern.n; i++) {
		bool letter = pattern.p[i] == '%';
		i += letter;
		str rest = str_sub(pattern, i + 1, pattern.n);
		if (!(letter ? read_letter(&s, pattern.p[i], rest, f)
			     : read_char(&s, pattern.p[i])))
			return false;
	}
	return s.n == 0;
}

bool time_parse_pattern(str s, str pattern, int64_t *at_us_r, bool *date_only_r, err *e)
{
	if (!pattern_check(pattern, e))
		return false;
	struct fields f;
	if (!fields_read(s, pattern, &f)) {
		char shown[TIME_SHOWN_MAX];
		char why[TIME_SHOWN_MAX + 32];
		snprintf(why, sizeof why, "it should look like \"%s\"", time_show(shown, pattern));
		return time_refuse(e, s, "time", why);
	}
	if (!time_is_date(f.year, f.month, f.day))
		return time_refuse(e, s, "time", "there is no such day in the calendar");
	int hour = MAX(f.hour, 0);
	if (f.hour12 && f.half != 0)
		hour = hour % 12 + (f.half == 2 ? 12 : 0);
	int64_t local_us = time_days_from_civil(f.year, f.month, f.day) * US_PER_DAY +
			   clock_us(hour, f.minute, f.second, f.fraction_us);
	const char *why;
	if (!time_from_local(local_us, f.has_offset ? &f.offset_s : NULL, at_us_r, &why))
		return time_refuse(e, s, "time", why);
	*date_only_r = f.hour < 0;
	return true;
}
