/*
 * period_name.c - "last 90 days", "this month": periods that move with the clock.
 *
 * What it is:   the names that the screens offer, for saved funnels, which must mean the same in a
 *               year; web/src/lib/period.ts says them again for the browser.
 * Promises:     days are the workspace's; a month keeps its length when clocks change in it.
 * Threads:      any.
 */
#include "funnel/saved.h"

/* The first of the month that lies `months` before that of `day`. */
static int64_t month_start(int64_t day, int months)
{
	int year, month, ignored;
	time_civil_from_days(day, &year, &month, &ignored);
	int at = year * 12 + month - 1 - months;
	return time_days_from_civil(at / 12, at % 12 + 1, 1);
}

static int64_t local_day(int64_t at_us)
{
	int64_t local_us = at_us + (int64_t)zone_offset_s(at_us) * US_PER_S;
	return (local_us - (local_us % US_PER_DAY + US_PER_DAY) % US_PER_DAY) / US_PER_DAY;
}

bool funnel_parse_period(str name, int64_t now_us, int64_t *from_us_r, int64_t *to_us_r, err *e)
{
	int64_t today = local_day(now_us), from, to = today + 1;
	int year, month, ignored;
	time_civil_from_days(today, &year, &month, &ignored);
	int into_quarter = (month - 1) % 3;
	if (str_eq(name, S("30d")))
		from = to - 30;
	else if (str_eq(name, S("90d")))
		from = to - 90;
	else if (str_eq(name, S("12mo")))
		from = month_start(today, 11);
	else if (str_eq(name, S("month")))
		from = month_start(today, 0);
	else if (str_eq(name, S("last_month"))) {
		from = month_start(today, 1);
		to = month_start(today, 0);
	} else if (str_eq(name, S("quarter")))
		from = month_start(today, into_quarter);
	else if (str_eq(name, S("last_quarter"))) {
		from = month_start(today, into_quarter + 3);
		to = month_start(today, into_quarter);
	} else if (str_eq(name, S("year")))
		from = time_days_from_civil(year, 1, 1);
	else
		return err_set(e, ERR_INVALID,
			       "expected 30d, 90d, 12mo, month, last_month, quarter, last_quarter "
			       "or year, not \"%.*s\"",
			       STR_ARG(str_sub(name, 0, 32)));
	*from_us_r = time_local_midnight(from);
	*to_us_r = time_local_midnight(to);
	return true;
}
