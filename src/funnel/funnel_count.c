/*
 * funnel_count.c - from what became of each subject to the numbers of the answer.
 *
 * What it is:   counts, rates and times per step, for all, per group and per period. The median is
 * the middle time, of an even number the later of the two in the middle (PostHog shows their mean);
 * the 90th percentile is the nearest rank: the shortest time within which nine in ten had come.
 * Promises:     counts never rise from step to step; a rate whose denominator is zero is NaN, a
 * time that nobody has is -1. Threads:      one at a time.
 */
#include "funnel/funnel_int.h"

#include <math.h>
#include <string.h>

#define OTHER S("(other)")

bool progress_make(const struct chain *c, const struct chain_touch *touches, struct arena *a,
		   struct progress **progress_r, err *e)
{
	struct progress *o = arena_alloc(a, sizeof *o + c->level * sizeof o->at_us[0]);
	int64_t next_us = INT64_MAX;
	if (!o)
		return arena_err(a, e);
	*o = (struct progress){ .level = (uint8_t)c->level, .exit = EXIT_NONE, .here = ROW_NONE };
	for (size_t k = c->level; k-- > 0;) {
		if (c->touch[k] == CHAIN_NONE)
			o->passed |= UINT32_C(1) << k;
		else
			next_us = touches[c->touch[k]].at_us;
		o->at_us[k] = next_us;
	}
	*progress_r = o;
	return true;
}

int64_t progress_gap_us(const struct progress *o, size_t k)
{
	int64_t gap_us;
	if (k == 0 || ((o->passed >> k | o->passed >> (k - 1)) & 1) != 0 ||
	    __builtin_sub_overflow(o->at_us[k], o->at_us[k - 1], &gap_us))
		return -1;
	return MAX(gap_us, (int64_t)-1);
}

bool progress_counts(const struct funnel_spec *spec, const struct progress *o, size_t k)
{
	if (o->level <= k)
		return false;
	return spec->view == FUNNEL_COHORT ||
	       (o->at_us[k] >= spec->from_us && o->at_us[k] < spec->to_us);
}

bool progress_drops(const struct funnel_spec *spec, const struct progress *o, size_t k)
{
	return o->level == k + 1 && progress_counts(spec, o, k);
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

static int64_t median(const struct funnel_spec *spec, int64_t *v, size_t n)
{
	int64_t high = nth(v, n, n / 2);
	if (n % 2 != 0 || spec->profile != FUNNEL_POSTHOG)
		return high;
	int64_t low = nth(v, n, n / 2 - 1);
	return low + (high - low) / 2; /* none is negative */
}

static double rate(uint64_t n, uint64_t of)
{
	return of == 0 ? (double)NAN : (double)n / (double)of;
}

void counting_rates(struct funnel_step_result *steps, size_t rows_n)
{
	for (size_t k = 0; k < rows_n; k++) {
		uint64_t n = steps[k].count;
		steps[k].from_previous = k == 0 ? (double)NAN : rate(n, steps[k - 1].count);
		steps[k].from_first = k == 0 ? (double)NAN : rate(n, steps[0].count);
	}
}

bool counting_tally(const struct counting *c, size_t from, size_t to, uint64_t firsts_n,
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
			if (!progress_counts(&c->p->spec, o, k))
				continue;
			s->count++;
			s->skipped += o->passed >> k & 1;
			int64_t gap_us = progress_gap_us(o, k);
			if (gap_us >= 0)
				c->scratch[times++] = gap_us;
		}
		s->median_us = times ? median(&c->p->spec, c->scratch, times) : -1;
		if (c->n == to - from && !times_count(c->scratch, times, c->a, s, e))
			return false;
		s->p90_us = times ? nth(c->scratch, times, times - 1 - times / 10) : -1;
	}
	steps[0].count += firsts_n;
	counting_rates(steps, rows_n);
	*steps_r = steps;
	return true;
}

bool counting_sort(struct counting *c, size_t buckets_n, size_t **begin_r, err *e)
{
	size_t *begin = ARENA_ARRAY(c->scratch_a, size_t, buckets_n + 2);
	struct progress **sorted = ARENA_ARRAY(c->scratch_a, struct progress *, c->n);
	if (!begin || !sorted)
		return arena_err(c->scratch_a, e);
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
	struct rank *ranks = ARENA_ARRAY(c->scratch_a, struct rank, dict->values.n);
	if (!ranks)
		return arena_err(c->scratch_a, e);
	for (size_t i = 0; i < c->n; i++)
		ranks[c->list[i]->group].count++;
	for (size_t i = 0; i < c->firsts_n; i++)
		ranks[c->firsts[i].group].count++;
	for (uint32_t g = 0; g < dict->values.n; g++)
		if (ranks[g].count > 0)
			ranks[n++] = (struct rank){ ranks[g].count, dict_value(dict, g), g };
	sort_items(ranks, n, sizeof *ranks, cmp_rank);
	*ranks_r = ranks;
	*n_r = n;
	return true;
}

/* Of a value of several properties each of them. */
static void group_values(struct funnel_group *g, size_t by_n)
{
	g->values[0] = g->value;
	for (size_t i = 0; by_n > 1 && i < by_n; i++)
		g->values[i] = g->value.kind == VALUE_LIST ? g->value.list.items[i] : value_none();
}

static bool count_groups(struct counting *c, const struct dict *dict, struct funnel_result *r,
			 err *e)
{
	struct rank *ranks = NULL;
	size_t n = 0, *begin, groups_n = 0;
	uint32_t *bucket_of = ARENA_ARRAY(c->scratch_a, uint32_t, dict->values.n);
	if (!bucket_of)
		return arena_err(c->scratch_a, e);
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
		if (!own)
			continue;
		r->groups[groups_n].value = value_dup(c->a, ranks[i].value);
		group_values(&r->groups[groups_n++], c->p->by_n);
	}
	if (c->a->over)
		return arena_err(c->a, e);
	uint64_t *firsts = ARENA_ARRAY(c->scratch_a, uint64_t, groups_n + 1);
	if (!firsts)
		return arena_err(c->scratch_a, e);
	if (groups_n < n)
		r->groups[groups_n++] = (struct funnel_group){ .value = value_text(OTHER),
							       .other = true };
	for (size_t i = 0; i < c->n; i++)
		c->bucket[i] = c->list[i]->group = MIN(bucket_of[c->list[i]->group],
						       (uint32_t)groups_n - 1);
	for (size_t i = 0; i < c->firsts_n; i++) {
		uint32_t *group = &c->firsts[i].group;
		*group = MIN(bucket_of[*group], (uint32_t)groups_n - 1);
		firsts[*group]++;
	}
	if (!counting_sort(c, groups_n, &begin, e))
		return false;
	for (size_t g = 0; g < groups_n; g++)
		if (!counting_tally(c, begin[g], begin[g + 1], firsts[g], &r->groups[g].steps, e))
			return false;
	r->groups_n = groups_n;
	return true;
}

/* Groups in which somebody may be several times are counted from a list of their own. */
static bool count_all(struct counting *c, const struct dict *dict, struct funnel_result *r, err *e)
{
	struct counting all = *c;
	all.list = c->all;
	all.n = c->all_n;
	all.firsts_n = 0;
	if (!count_groups(&all, dict, r, e))
		return false;
	c->all = all.list;
	for (size_t i = 0; i < c->n; i++)
		c->list[i]->group = UINT32_MAX;
	return true;
}

bool progress_count(struct counting *c, const struct dict *dict, struct funnel_result *r, err *e)
{
	r->steps_n = c->p->rows_n;
	if (!counting_tally(c, 0, c->n, c->firsts_n, &r->steps, e) ||
	    (c->p->spec.trend && !trend_count(c, r, e)))
		return false;
	if (c->p->by_n == 0)
		return true;
	return of_several(c->p->spec.of) ? count_all(c, dict, r, e) : count_groups(c, dict, r, e);
}
