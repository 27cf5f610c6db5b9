/*
 * funnel_exits.c - counts who left, who is where now, and who may still come further.
 *
 * What it is:   from what became of each subject to the figures that stand between and beside the
 *               rows. Of those who came to a row and no further, everyone left by one exit, or is
 *               young, or neither.
 * Promises:     exits and young of a row together are at most what is lost after it; reasons by
 *               falling count, then by name.
 * Threads:      one at a time.
 */
#include "funnel/funnel_int.h"

#include "base/num.h"

struct left {
	uint8_t row, exit;
	uint32_t reason;
};

static int cmp_left(const void *a, const void *b)
{
	const struct left *x = a, *y = b;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	if (x->exit != y->exit)
		return x->exit < y->exit ? -1 : 1;
	return (x->reason > y->reason) - (x->reason < y->reason);
}

static int cmp_reason(const void *a, const void *b)
{
	const struct funnel_reason *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return str_cmp(x->reason, y->reason);
}

/* The reasons of one exit from one row: all[0..n), sorted. */
static bool count_reasons(const struct sides *s, struct arena *a, const struct left *all, size_t n,
			  struct funnel_exit *exit, err *e)
{
	size_t kinds = 0;
	for (size_t i = 0; i < n; i++)
		kinds += i == 0 || all[i].reason != all[i - 1].reason;
	struct funnel_reason *reasons = ARENA_ARRAY(a, struct funnel_reason, kinds);
	if (!reasons)
		return arena_err(a, e);
	kinds = 0;
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || all[i].reason != all[i - 1].reason) {
			value text = dict_value(&s->reasons, all[i].reason);
			reasons[kinds++].reason = text.kind == VALUE_TEXT ? str_dup(a, text.text)
									  : S("");
		}
		reasons[kinds - 1].count++;
	}
	if (a->over)
		return arena_err(a, e);
	sort_items(reasons, kinds, sizeof *reasons, cmp_reason);
	exit->count = n;
	exit->reasons = reasons;
	exit->reasons_n = MIN(kinds, (size_t)FUNNEL_REASONS_MAX);
	return true;
}

static bool count_exits(const struct sides *s, struct counting *c, struct funnel_result *r, err *e)
{
	size_t n = 0;
	struct left *all = ARENA_ARRAY(c->scratch_a, struct left, c->n);
	if (!all)
		return arena_err(c->scratch_a, e);
	for (size_t i = 0; i < c->n; i++) {
		const struct progress *o = c->list[i];
		if (o->exit != EXIT_NONE && progress_drops(&c->p->spec, o, o->level - 1u))
			all[n++] = (struct left){ (uint8_t)(o->level - 1), o->exit, o->reason };
	}
	sort_items(all, n, sizeof *all, cmp_left);
	for (size_t i = 0; i < n;) {
		size_t end = i;
		while (end < n && all[end].row == all[i].row && all[end].exit == all[i].exit)
			end++;
		if (!count_reasons(s, c->a, all + i, end - i,
				   &r->steps[all[i].row].exits[all[i].exit], e))
			return false;
		i = end;
	}
	return true;
}

/* `level` rows reached, without an exit; the first and the last of them at these times. */
static bool is_young(const struct funnel_result *r, size_t level, int64_t first_us, int64_t last_us)
{
	const struct funnel_spec *spec = &r->spec;
	bool window = spec->window_us != FUNNEL_WINDOW_NONE;
	int64_t end_us;
	if (level == 0 || level >= r->steps_n || spec->view == FUNNEL_PERIOD)
		return false;
	/* Without a window nine in ten of those who came further had come by then. */
	int64_t span_us = window ? spec->window_us : r->steps[level].p90_us;
	int64_t from_us = window ? first_us : last_us;
	if (span_us < 0)
		return false;
	if (ADD_OVERFLOWS(from_us, span_us, &end_us))
		end_us = INT64_MAX;
	if (spec->tail == FUNNEL_CLIP)
		end_us = MIN(end_us, spec->to_us);
	return end_us > (spec->until_given ? MIN(spec->now_us, spec->until_us) : spec->now_us);
}

bool progress_is_young(const struct funnel_result *r, const struct progress *o)
{
	return o->exit == EXIT_NONE && o->level > 0 &&
	       is_young(r, o->level, o->at_us[0], o->at_us[o->level - 1]);
}

bool first_is_young(const struct funnel_result *r, const struct first *f)
{
	return is_young(r, 1, f->at_us, f->at_us);
}

/* Of two the later one is young if the earlier is: one bound says it of all. */
static uint64_t young_firsts(const struct funnel_result *r, const struct first *firsts, size_t n)
{
	int64_t low = INT64_MIN, high = INT64_MAX;
	uint64_t young = 0;
	if (n == 0 || !is_young(r, 1, high, high))
		return 0;
	while (low < high) { /* the earliest instant that is young */
		int64_t mid = low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);
		if (is_young(r, 1, mid, mid))
			high = mid;
		else
			low = mid + 1;
	}
	for (size_t i = 0; i < n; i++)
		young += firsts[i].at_us >= low;
	return young;
}

bool sides_count(const struct sides *s, struct counting *c, const struct progress *outside,
		 struct funnel_result *r, err *e)
{
	const struct funnel_spec *spec = &c->p->spec;
	r->spec = *spec;
	r->has_sides = true;
	r->has_here = spec->count == FUNNEL_PEOPLE && c->p->matcher.stages != 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct progress *o = c->list[i];
		if (o->here != ROW_NONE) {
			r->steps[o->here].here_now += progress_counts(spec, o, o->here);
			r->steps[o->here].here_all++;
		}
		if (progress_is_young(r, o) && progress_drops(spec, o, o->level - 1u))
			r->steps[o->level - 1].young++;
	}
	if (c->p->lifecycle) {
		r->steps[0].here_now += c->firsts_n;
		r->steps[0].here_all += c->firsts_n;
	}
	r->steps[0].young += young_firsts(r, c->firsts, c->firsts_n);
	for (; outside; outside = outside->next)
		r->steps[outside->here].here_all++;
	return count_exits(s, c, r, e) && sides_money(s, c, r, e);
}
