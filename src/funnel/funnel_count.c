/*
 * funnel_count.c - from what became of each subject to the numbers of the answer.
 *
 * What it is:   counts, rates and times per step, for all, per group and per period. The median is
 * the middle time, of an even number the later of the two in the middle; the 90th percentile is the
 * nearest rank: the shortest time within which nine in ten had come. Promises:     counts never
 * rise from step to step; a rate whose denominator is zero is NaN, a time that nobody has is -1.
 * Threads:      one at a time.
 */
#include "funnel/funnel_int.h"

#include "base/num.h"

#include <math.h>
#include <string.h>

#define OTHER S("(other)")

bool progress_make(const struct chain *c, const struct chain_touch *touches, struct arena *a,
		   struct progress **progress_r, err *e)
{
	struct progress *o = arena_alloc(a, sizeof *o + c->level * sizeof o->gap_us[0]);
	if (!o)
		return arena_err(a, e);
	*o = (struct progress){ .first_us = touches[c->touch[0]].at_us, .level = c->level };
	for (size_t k = 0; k < c->level; k++) {
		o->gap_us[k] = -1;
		if (c->touch[k] == CHAIN_NONE) {
			o->passed |= UINT32_C(1) << k;
		} else if (k > 0 && c->touch[k - 1] != CHAIN_NONE) {
			int64_t gap_us;
			bool over = __builtin_sub_overflow(touches[c->touch[k]].at_us,
							   touches[c->touch[k - 1]].at_us, &gap_us);
			o->gap_us[k] = over ? -1 : MAX(gap_us, (int64_t)-1);
		}
	}
	*progress_r = o;
	return true;
}

/* The k-th smallest of v[0..n), from 0; moves the items about. */
static int64_t nth(int64_t *v, size_t n, size_t k)
{
	uint64_t salt = n;
	size_t low = 0, high = n;
	while (high - low > 1) {
		/* The pivot is taken anywhere, so that no order of the input is a slow one. */
		salt = salt * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		int64_t pivot = v[low + (size_t)((salt >> 33) % (high - low))];
		size_t less = low, more = high;
		for (size_t i = low; i < more;) {
			int64_t t = v[i];
			if (t < pivot) {
				v[i++] = v[less];
				v[less++] = t;
			} else if (t > pivot) {
				v[i] = v[--more];
				v[more] = t;
			} else {
				i++;
			}
		}
		if (k < less)
			high = less;
		else if (k >= more)
			low = more;
		else
			return pivot;
	}
	return v[low];
}

static double rate(uint64_t n, uint64_t of)
{
	return of == 0 ? (double)NAN : (double)n / (double)of;
}

struct counting {
	struct arena *a;
	const struct plan *p;
	struct progress **list; /* sorted by bucket */
	size_t n;
	uint32_t *bucket; /* of each, while sorting */
	int64_t *scratch; /* n times */
};

/* The steps of the answer for list[from..to). */
static bool tally(const struct counting *c, size_t from, size_t to,
		  struct funnel_step_result **steps_r, err *e)
{
	size_t rows_n = c->p->rows_n;
	struct funnel_step_result *steps = ARENA_ARRAY(c->a, struct funnel_step_result, rows_n);
	if (!steps)
		return arena_err(c->a, e);
	for (size_t k = 0; k < rows_n; k++) {
		struct funnel_step_result *s = &steps[k];
		size_t times = 0;
		s->name = c->p->names[k];
		for (size_t i = from; i < to; i++) {
			const struct progress *o = c->list[i];
			if (o->level <= k)
				continue;
			s->count++;
			s->skipped += o->passed >> k & 1;
			if (o->gap_us[k] >= 0)
				c->scratch[times++] = o->gap_us[k];
		}
		s->from_previous = k == 0 ? (double)NAN : rate(s->count, steps[k - 1].count);
		s->from_first = k == 0 ? (double)NAN : rate(s->count, steps[0].count);
		s->median_us = times ? nth(c->scratch, times, times / 2) : -1;
		s->p90_us = times ? nth(c->scratch, times, times - 1 - times / 10) : -1;
	}
	*steps_r = steps;
	return true;
}

/* Sorts the list by bucket; begin_r gets where each of the `buckets_n` begins, and the end. */
static bool sort_by_bucket(struct counting *c, size_t buckets_n, size_t **begin_r, err *e)
{
	size_t *begin = ARENA_ARRAY(c->a, size_t, buckets_n + 2);
	struct progress **sorted = ARENA_ARRAY(c->a, struct progress *, c->n);
	if (!begin || !sorted)
		return arena_err(c->a, e);
	/* Shifted by two, so that placing the items moves each begin to where it belongs. */
	for (size_t i = 0; i < c->n; i++)
		begin[c->bucket[i] + 2]++;
	for (size_t b = 2; b < buckets_n + 2; b++)
		begin[b] += begin[b - 1];
	for (size_t i = 0; i < c->n; i++)
		sorted[begin[c->bucket[i] + 1]++] = c->list[i];
	c->list = sorted;
	*begin_r = begin;
	return true;
}

/* ---- groups ---------------------------------------------------------------------------------- */

struct rank {
	uint64_t count;
	value value;
	uint32_t number;
};

static int cmp_rank(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	int c = value_cmp(x->value, y->value);
	return c != 0 ? c : (x->number > y->number) - (x->number < y->number);
}

/* Ranks the groups that have anybody. */
static bool rank_groups(const struct counting *c, const struct dict *dict, struct rank **ranks_r,
			size_t *n_r, err *e)
{
	size_t n = 0;
	struct rank *ranks = ARENA_ARRAY(c->a, struct rank, dict->values.n);
	if (!ranks)
		return arena_err(c->a, e);
	for (size_t i = 0; i < c->n; i++)
		ranks[c->list[i]->group].count++;
	for (uint32_t g = 0; g < dict->values.n; g++)
		if (ranks[g].count > 0)
			ranks[n++] = (struct rank){ ranks[g].count, dict_value(dict, g), g };
	sort_items(ranks, n, sizeof *ranks, cmp_rank);
	*ranks_r = ranks;
	*n_r = n;
	return true;
}

static bool count_groups(struct counting *c, const struct dict *dict, struct funnel_result *r,
			 err *e)
{
	struct rank *ranks = NULL;
	size_t n = 0, *begin, groups_n = 0;
	uint32_t *bucket_of = ARENA_ARRAY(c->a, uint32_t, dict->values.n);
	if (!bucket_of)
		return arena_err(c->a, e);
	if (!rank_groups(c, dict, &ranks, &n, e))
		return false;
	size_t max = c->p->spec.groups_max;
	r->groups = ARENA_ARRAY(c->a, struct funnel_group, MIN(n, max) + 2);
	if (!r->groups)
		return arena_err(c->a, e);
	for (size_t i = 0; i < n; i++) {
		/* Those without a value are a group of their own, however few. */
		bool own = i < max || ranks[i].value.kind == VALUE_NONE;
		bucket_of[ranks[i].number] = own ? (uint32_t)groups_n : UINT32_MAX;
		if (own)
			r->groups[groups_n++].value = ranks[i].value;
	}
	if (groups_n < n)
		r->groups[groups_n++] = (struct funnel_group){ .value = value_text(OTHER),
							       .other = true };
	for (size_t i = 0; i < c->n; i++)
		c->bucket[i] = MIN(bucket_of[c->list[i]->group], (uint32_t)groups_n - 1);
	if (!sort_by_bucket(c, groups_n, &begin, e))
		return false;
	for (size_t g = 0; g < groups_n; g++)
		if (!tally(c, begin[g], begin[g + 1], &r->groups[g].steps, e))
			return false;
	r->groups_n = groups_n;
	return true;
}

/* ---- trend ----------------------------------------------------------------------------------- */

/* First and last instant that the trend shows; false when there is nothing to show. */
static bool trend_span(const struct counting *c, int64_t *first_r, int64_t *last_r)
{
	const struct funnel_spec *spec = &c->p->spec;
	int64_t first = INT64_MAX, last = INT64_MIN;
	for (size_t i = 0; i < c->n; i++) {
		first = MIN(first, c->list[i]->first_us);
		last = MAX(last, c->list[i]->first_us);
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

static bool count_trend(struct counting *c, struct funnel_result *r, err *e)
{
	size_t *begin;
	if (!trend_points(c, r, e))
		return false;
	for (size_t i = 0; i < c->n; i++) {
		size_t low = 0, high = r->trend_n;
		while (high - low > 1) {
			size_t mid = low + (high - low) / 2;
			if (r->trend[mid].from_us <= c->list[i]->first_us)
				low = mid;
			else
				high = mid;
		}
		c->bucket[i] = (uint32_t)low;
	}
	if (!sort_by_bucket(c, r->trend_n, &begin, e))
		return false;
	for (size_t i = 0; i < r->trend_n; i++)
		if (!tally(c, begin[i], begin[i + 1], &r->trend[i].steps, e))
			return false;
	return true;
}

bool progress_count(struct progress *list, size_t n, const struct plan *p, const struct dict *dict,
		    struct arena *a, struct funnel_result *r, err *e)
{
	struct counting c = { .a = a, .p = p, .n = n };
	c.list = ARENA_ARRAY(a, struct progress *, n);
	c.bucket = ARENA_ARRAY(a, uint32_t, n);
	c.scratch = ARENA_ARRAY(a, int64_t, n);
	if (!c.list || !c.bucket || !c.scratch)
		return arena_err(a, e);
	for (size_t i = 0; i < n; i++, list = list->next)
		c.list[i] = list;
	r->steps_n = p->rows_n;
	return tally(&c, 0, n, &r->steps, e) &&
	       (p->spec.by.n == 0 || count_groups(&c, dict, r, e)) &&
	       (!p->spec.trend || count_trend(&c, r, e));
}
