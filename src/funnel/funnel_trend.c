/*
 * funnel_trend.c - the same counts by day, week or month.
 *
 * What it is:   periods on the workspace's clocks; a cohort by the period in which it began, the
 *               view of a period by when each step was reached.
 * Promises:     a period that is not over, or whose people have had less than the whole window, is
 *               marked; at most TREND_POINTS_MAX points.
 * Threads:      one at a time.
 */
#include "funnel/funnel_int.h"

#include "base/num.h"

/* First and last instant that the trend shows; false when there is nothing to show. */
static bool trend_span(const struct counting *c, int64_t *first_r, int64_t *last_r)
{
	const struct funnel_spec *spec = &c->p->spec;
	int64_t first = INT64_MAX, last = INT64_MIN;
	for (size_t i = 0; i < c->n; i++) {
		const struct progress *o = c->list[i];
		for (size_t k = 0; k < (spec->view == FUNNEL_PERIOD ? o->level : 1u); k++) {
			if (!progress_counts(spec, o, k))
				continue;
			first = MIN(first, o->at_us[k]);
			last = MAX(last, o->at_us[k]);
		}
	}
	for (size_t i = 0; i < c->firsts_n; i++) {
		first = MIN(first, c->firsts[i].at_us);
		last = MAX(last, c->firsts[i].at_us);
	}
	if (spec->from_us != INT64_MIN)
		first = MIN(first, spec->from_us);
	if (spec->to_us != INT64_MAX && spec->to_us != INT64_MIN)
		last = MAX(last, MIN(spec->to_us - 1, spec->now_us));
	*first_r = first;
	*last_r = last;
	return first <= last && first != INT64_MAX && last != INT64_MIN;
}

/* Whether everyone who can begin in the period has had all the time there is. */
static bool trend_complete(const struct funnel_spec *spec, const struct funnel_trend_point *point)
{
	int64_t end;
	if (point->from_us < spec->from_us || point->to_us > spec->to_us)
		return false;
	if (spec->view == FUNNEL_PERIOD)
		return point->to_us <= spec->now_us;
	if (spec->window_us == FUNNEL_WINDOW_NONE ||
	    ADD_OVERFLOWS(point->to_us, spec->window_us, &end))
		end = spec->window_us == FUNNEL_WINDOW_NONE ? point->to_us : INT64_MAX;
	if (spec->tail == FUNNEL_CLIP)
		end = MIN(end, spec->to_us);
	return end <= spec->now_us;
}

static bool trend_points(const struct counting *c, struct funnel_result *r, err *e)
{
	const struct funnel_spec *spec = &c->p->spec;
	int64_t first, last;
	size_t n = 0;
	if (!trend_span(c, &first, &last))
		return true;
	int64_t begin = time_floor(first, spec->trend_unit);
	for (int64_t at = begin; at <= last; at = time_next(at, spec->trend_unit))
		if (++n > TREND_POINTS_MAX)
			return err_set(e, ERR_LIMIT,
				       "the trend would have more than %d points; choose "
				       "weeks or months, or a period",
				       TREND_POINTS_MAX);
	r->trend = ARENA_ARRAY(c->a, struct funnel_trend_point, n);
	if (!r->trend)
		return arena_err(c->a, e);
	for (size_t i = 0; i < n; i++) {
		struct funnel_trend_point *point = &r->trend[i];
		point->from_us = i == 0 ? begin : point[-1].to_us;
		point->to_us = time_next(point->from_us, spec->trend_unit);
		point->complete = trend_complete(spec, point);
	}
	r->trend_n = n;
	return true;
}

static size_t point_of(const struct funnel_result *r, int64_t at_us)
{
	size_t low = 0, high = r->trend_n;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		if (r->trend[mid].from_us <= at_us)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static bool cohort_trend(struct counting *c, struct funnel_result *r, err *e)
{
	size_t *begin;
	uint64_t *firsts = ARENA_ARRAY(c->scratch_a, uint64_t, r->trend_n);
	if (!firsts)
		return arena_err(c->scratch_a, e);
	for (size_t i = 0; i < c->firsts_n; i++)
		firsts[point_of(r, c->firsts[i].at_us)]++;
	for (size_t i = 0; i < c->n; i++)
		c->bucket[i] = (uint32_t)point_of(r, c->list[i]->at_us[0]);
	if (!counting_sort(c, r->trend_n, &begin, e))
		return false;
	for (size_t i = 0; i < r->trend_n; i++)
		if (!counting_tally(c, begin[i], begin[i + 1], firsts[i], &r->trend[i].steps, e))
			return false;
	return true;
}

/* Who came to each step when; how long it took them stands in the whole period's steps. */
static bool period_trend(struct counting *c, struct funnel_result *r, err *e)
{
	size_t rows_n = c->p->rows_n;
	for (size_t i = 0; i < r->trend_n; i++) {
		r->trend[i].steps = ARENA_ARRAY(c->a, struct funnel_step_result, rows_n);
		if (!r->trend[i].steps)
			return arena_err(c->a, e);
		for (size_t k = 0; k < rows_n; k++)
			r->trend[i].steps[k] = (struct funnel_step_result){ .name = c->p->names[k],
									    .median_us = -1,
									    .p90_us = -1 };
	}
	for (size_t i = 0; i < c->n; i++) {
		const struct progress *o = c->list[i];
		for (size_t k = 0; k < o->level; k++) {
			if (!progress_counts(&c->p->spec, o, k))
				continue;
			struct funnel_step_result *s = &r->trend[point_of(r, o->at_us[k])].steps[k];
			s->count++;
			s->skipped += o->passed >> k & 1;
		}
	}
	for (size_t i = 0; i < c->firsts_n; i++)
		r->trend[point_of(r, c->firsts[i].at_us)].steps[0].count++;
	for (size_t i = 0; i < r->trend_n; i++)
		counting_rates(r->trend[i].steps, rows_n);
	return true;
}

bool trend_count(struct counting *c, struct funnel_result *r, err *e)
{
	if (!trend_points(c, r, e))
		return false;
	if (r->trend_n == 0)
		return true;
	return c->p->spec.view == FUNNEL_PERIOD ? period_trend(c, r, e) : cohort_trend(c, r, e);
}
