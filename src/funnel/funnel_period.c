/*
 * funnel_period.c - the period before, for comparison.
 *
 * What it is:   as many whole months on the workspace's clocks where the period is whole months,
 *               else as long, on whole days where the period is. It is counted as it stood when it
 *               was as old as this period is now: otherwise the older would always look better.
 * Threads:      any.
 */
#include "funnel/funnel_int.h"

#include "base/num.h"

#define MONTHS_MAX 1200

/* How many whole months the period is; 0: it is none. */
static int32_t whole_months(int64_t from_us, int64_t to_us)
{
	int32_t n = 0;
	int64_t at = from_us;
	if (from_us < TIME_MIN_US || to_us > TIME_MAX_US ||
	    time_floor(from_us, TIME_MONTH) != from_us)
		return 0;
	for (; at < to_us && n < MONTHS_MAX; n++)
		at = time_next(at, TIME_MONTH);
	return at == to_us ? n : 0;
}

static bool is_midnight(int64_t at_us)
{
	return at_us >= TIME_MIN_US && at_us <= TIME_MAX_US && time_floor(at_us, TIME_DAY) == at_us;
}

bool period_before(const struct funnel_spec *spec, struct funnel_spec *before_r)
{
	struct funnel_spec b = *spec;
	int64_t to_us = spec->to_us == INT64_MAX ? spec->now_us : spec->to_us;
	int64_t span_us;
	if (spec->from_us == INT64_MIN || to_us <= spec->from_us)
		return false;
	int32_t months = whole_months(spec->from_us, to_us);
	struct duration back = { .months = months };
	b.to_us = spec->from_us;
	if (months > 0) {
		b.from_us = time_add(spec->from_us, back, -1);
		b.until_us = time_add(spec->now_us, back, -1);
	} else {
		if (__builtin_sub_overflow(to_us, spec->from_us, &span_us) ||
		    __builtin_sub_overflow(spec->from_us, span_us, &b.from_us) ||
		    __builtin_sub_overflow(spec->now_us, span_us, &b.until_us) ||
		    b.from_us < TIME_MIN_US)
			return false;
		/* A day in between may have had 23 or 25 hours. */
		if (is_midnight(spec->from_us) && is_midnight(to_us))
			b.from_us = time_floor(b.from_us + US_PER_DAY / 2, TIME_DAY);
	}
	if (spec->until_given)
		b.until_us = MIN(b.until_us, spec->until_us);
	b.until_given = true;
	b.by = S("");
	b.trend = b.compare = b.keep = false;
	b.counts_only = true;
	b.correlate = false;
	b.compare_where = NULL;
	*before_r = b;
	return true;
}
