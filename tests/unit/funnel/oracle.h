/*
 * oracle.h - FUNNEL.md by brute force: all chains there are, each asked whether it is one.
 *
 * What it is:   an oracle for the sequence engines that shares no idea with them. It writes down
 *               every assignment of touches to steps, in every order, asks the conditions of each,
 *               one parameter after the other, and keeps the best. Slow, for a handful of touches.
 */
#ifndef TRICHTER_TESTS_ORACLE_H
#define TRICHTER_TESTS_ORACLE_H

#include "funnel/chain_int.h"

#include <string.h>

#define ORACLE_TOUCHES 8
#define ORACLE_STEPS   5
#define ORACLE_CHAINS  8

/* A chain as it is written down: touch and step, in the order in which they are meant. */
struct draft {
	size_t n;
	size_t touch[ORACLE_STEPS], step[ORACLE_STEPS];
};

struct oracle {
	struct chain_rules rules;
	struct chain_touch touches[ORACLE_TOUCHES];
	size_t n;
	/* while looking */
	bool used[ORACLE_TOUCHES]; /* by an attempt before */
	uint32_t hold;
	size_t begin, end; /* the session */
	bool entry_given;
	int64_t entry_us;
	bool exclusions; /* asked at all */
	bool has_cut;
	int64_t cut_us;
	size_t cut_steps;
	int64_t reach_us[ORACLE_STEPS + 1];
	bool reach[ORACLE_STEPS + 1];
	struct draft best;
	size_t most; /* the greatest length, exclusions or not */
	/* what was found */
	struct chain found[ORACLE_CHAINS];
	size_t found_n;
};

typedef void (*draft_seen)(struct oracle *o, const struct draft *d);

static int64_t far(int64_t a, int64_t b)
{
	__int128 d = (__int128)a - b;
	return d > INT64_MAX ? INT64_MAX : d < INT64_MIN ? INT64_MIN : (int64_t)d;
}

static int64_t at_of(const struct oracle *o, const struct draft *d, size_t i)
{
	return o->touches[d->touch[i]].at_us;
}

static int64_t grace_of(const struct oracle *o)
{
	return o->rules.ties == FUNNEL_GRACE ? o->rules.grace_us : 0;
}

/* Seen by a chain of the value held: its own, and those without one, which then fill no step. */
static bool seen(const struct oracle *o, size_t t)
{
	const struct chain_touch *touch = &o->touches[t];
	if (t < o->begin || t >= o->end || touch->at_us < o->rules.from_us ||
	    (o->rules.clip && touch->at_us >= o->rules.to_us))
		return false;
	return !o->rules.hold || touch->hold == o->hold || touch->hold == 0;
}

static bool fills(const struct oracle *o, size_t t, size_t step)
{
	const struct chain_touch *touch = &o->touches[t];
	if (!seen(o, t) || o->used[t] || (o->rules.hold && touch->hold == 0) ||
	    (touch->mask >> step & 1) == 0)
		return false;
	for (size_t i = 0; (o->rules.first_ever >> step & 1) != 0 && i < t; i++)
		if ((o->touches[i].mask >> step & 1) != 0)
			return false;
	return true;
}

static bool fills_any(const struct oracle *o, size_t t)
{
	for (size_t k = 0; k < o->rules.steps_n; k++)
		if (fills(o, t, k))
			return true;
	return false;
}

/* May `step` come next? */
static bool step_next(const struct oracle *o, const struct draft *d, size_t step)
{
	const struct chain_rules *r = &o->rules;
	uint32_t filled = 0;
	size_t last = 0;
	for (size_t i = 0; i < d->n; i++) {
		filled |= UINT32_C(1) << d->step[i];
		last = d->step[i] + 1;
	}
	if ((filled >> step & 1) != 0)
		return false;
	if (r->order == FUNNEL_ANY)
		return true;
	if (r->order == FUNNEL_ANCHORED) {
		/* All before the last anchor at or before it; for an anchor all before it. */
		bool anchor = (r->anchors >> step & 1) != 0;
		for (size_t k = 0; k < step; k++) {
			bool between = false;
			for (size_t i = k; i < step; i++)
				between = between || (r->anchors >> i & 1) != 0;
			if ((anchor || between) && (filled >> k & 1) == 0)
				return false;
		}
		return true;
	}
	for (size_t k = last; k < step; k++)
		if ((r->optional >> k & 1) == 0)
			return false;
	return step >= last;
}

/* Other touches between the steps must repeat the step just reached. */
static bool strict_holds(const struct oracle *o, const struct draft *d)
{
	for (size_t x = 0; x < o->n; x++) {
		int64_t at = o->touches[x].at_us;
		bool ok = !seen(o, x) || at <= at_of(o, d, 0) || at >= at_of(o, d, d->n - 1);
		for (size_t i = 0; i < d->n; i++)
			ok = ok || d->touch[i] == x;
		for (size_t i = 0; i + 1 < d->n; i++)
			ok = ok || (at_of(o, d, i) <= at && at <= at_of(o, d, i + 1) &&
				    fills(o, x, d->step[i]));
		if (!ok)
			return false;
	}
	return true;
}

/* Where the span of an exclusion begins and ends in the chain. False: it has not begun. */
static bool span_of(const struct oracle *o, const struct draft *d, size_t x, size_t *open_r,
		    size_t *close_r)
{
	const struct chain_span *span = &o->rules.excludes[x];
	bool by_step = o->rules.order != FUNNEL_ANY && o->rules.order != FUNNEL_ANCHORED;
	bool begun = false;
	*close_r = SIZE_MAX;
	for (size_t i = 0; i < d->n; i++) {
		size_t at = by_step ? d->step[i] : i;
		if (at <= span->from)
			*open_r = i;
		begun = begun || at >= span->from;
		if (at >= span->to && *close_r == SIZE_MAX)
			*close_r = i;
	}
	/* A step of the span that is passed over: begun with the next one taken before it. */
	return begun;
}

static bool excluded_inside(const struct oracle *o, const struct draft *d)
{
	int64_t g = grace_of(o);
	for (size_t x = 0; x < o->rules.excludes_n; x++) {
		size_t open, close;
		if (!span_of(o, d, x, &open, &close))
			continue;
		for (size_t t = 0; t < o->n; t++) {
			int64_t at = o->touches[t].at_us;
			if (!seen(o, t) || (o->touches[t].exclude >> x & 1) == 0 ||
			    far(at, at_of(o, d, open)) <= g)
				continue;
			for (size_t i = open + 1; i < d->n && (close == SIZE_MAX || i <= close);
			     i++)
				if (far(at_of(o, d, i), at) > g)
					return true;
		}
	}
	return false;
}

/* ... or after it, while it could have gone on. */
static bool excluded_after(const struct oracle *o, const struct draft *d)
{
	int64_t g = grace_of(o);
	size_t next = d->step[d->n - 1] + 1;
	bool floats = o->rules.order == FUNNEL_ANY || o->rules.order == FUNNEL_ANCHORED;
	bool whole = floats ? d->n == o->rules.steps_n : next == o->rules.steps_n;
	if (whole)
		return false;
	for (size_t x = 0; x < o->rules.excludes_n; x++) {
		size_t open, close;
		if (!span_of(o, d, x, &open, &close) || close != SIZE_MAX)
			continue;
		for (size_t t = 0; t < o->n; t++) {
			int64_t at = o->touches[t].at_us;
			if (!seen(o, t) || (o->touches[t].exclude >> x & 1) == 0 ||
			    far(at, at_of(o, d, open)) <= g)
				continue;
			if (o->rules.window_us != FUNNEL_WINDOW_NONE &&
			    far(at, at_of(o, d, 0)) > o->rules.window_us)
				continue;
			if (o->rules.has_gaps && o->rules.max_gap_us[next] != FUNNEL_GAP_NONE &&
			    far(at, at_of(o, d, d->n - 1)) > o->rules.max_gap_us[next])
				continue;
			return true;
		}
	}
	return false;
}

/* The condition between the last touch of the chain and all before it. */
static bool touch_next(const struct oracle *o, const struct draft *d, size_t t, size_t step)
{
	const struct chain_rules *r = &o->rules;
	int64_t at = o->touches[t].at_us;
	if (d->n == 0)
		return at >= r->from_us && at < r->to_us && (!o->entry_given || at == o->entry_us);
	for (size_t i = 0; i < d->n; i++) {
		if (far(at_of(o, d, i), at) > grace_of(o))
			return false;
		if (r->reuse == FUNNEL_ONCE && d->touch[i] == t)
			return false;
	}
	int64_t gap = far(at, at_of(o, d, d->n - 1));
	if (r->ties == FUNNEL_INCREASE && gap <= 0)
		return false;
	/* Any order: written down by time, so that each chain is there once. */
	if (r->order == FUNNEL_ANY &&
	    (t < d->touch[d->n - 1] || (t == d->touch[d->n - 1] && step < d->step[d->n - 1])))
		return false;
	if (r->window_us != FUNNEL_WINDOW_NONE && far(at, at_of(o, d, 0)) > r->window_us)
		return false;
	return !r->has_gaps ||
	       ((r->max_gap_us[step] == FUNNEL_GAP_NONE || gap <= r->max_gap_us[step]) &&
		(r->min_gap_us[step] <= 0 || gap >= r->min_gap_us[step]));
}

static void all_drafts(struct oracle *o, struct draft *d, draft_seen see)
{
	if (d->n > 0)
		see(o, d);
	if (d->n == o->rules.steps_n)
		return;
	for (size_t t = 0; t < o->n; t++) {
		for (size_t step = 0; step < o->rules.steps_n; step++) {
			if (!fills(o, t, step) || !step_next(o, d, step) ||
			    !touch_next(o, d, t, step))
				continue;
			d->touch[d->n] = t;
			d->step[d->n++] = step;
			all_drafts(o, d, see);
			d->n--;
		}
	}
}

/* ---- which is the best ----------------------------------------------------------------------- */

static size_t level_of(const struct oracle *o, const struct draft *d)
{
	return d->n == 0 ? 0 : o->rules.optional != 0 ? d->step[d->n - 1] + 1 : d->n;
}

static int64_t complete_of(const struct oracle *o, const struct draft *d)
{
	int64_t at = INT64_MIN;
	for (size_t i = 0; i < d->n; i++)
		at = MAX(at, at_of(o, d, i));
	return at;
}

static bool draft_better(const struct oracle *o, const struct draft *a, const struct draft *b)
{
	if (level_of(o, a) != level_of(o, b))
		return level_of(o, a) > level_of(o, b);
	if (complete_of(o, a) != complete_of(o, b))
		return complete_of(o, a) < complete_of(o, b);
	if (a->n != b->n)
		return a->n > b->n;
	bool by_place = o->rules.ties == FUNNEL_GRACE && o->rules.order != FUNNEL_ANY;
	for (size_t i = 0; i < a->n && !by_place; i++) {
		if (o->rules.optional != 0 && a->step[i] != b->step[i])
			return a->step[i] < b->step[i];
		if (at_of(o, a, i) != at_of(o, b, i))
			return at_of(o, a, i) < at_of(o, b, i);
	}
	for (size_t i = 0; i < a->n; i++)
		if (a->touch[i] != b->touch[i])
			return a->touch[i] < b->touch[i];
	for (size_t i = 0; i < a->n; i++)
		if (a->step[i] != b->step[i])
			return a->step[i] < b->step[i];
	return false;
}

static bool draft_valid(const struct oracle *o, const struct draft *d)
{
	if (o->rules.order == FUNNEL_STRICT && !strict_holds(o, d))
		return false;
	return !o->exclusions || !excluded_inside(o, d);
}

static void see_reach(struct oracle *o, const struct draft *d)
{
	int64_t at = complete_of(o, d);
	if (!draft_valid(o, d))
		return;
	if (!o->reach[d->n] || at < o->reach_us[d->n])
		o->reach_us[d->n] = at;
	o->reach[d->n] = true;
}

static void see_best(struct oracle *o, const struct draft *d)
{
	bool taints = o->rules.policy != FUNNEL_END_ATTEMPT && o->rules.excludes_n > 0;
	int64_t at = complete_of(o, d);
	if (!draft_valid(o, d) || (taints && o->exclusions && excluded_after(o, d)))
		return;
	if (o->has_cut && (at > o->cut_us || (at == o->cut_us && o->rules.ties == FUNNEL_BY_STEP &&
					      d->n > o->cut_steps)))
		return;
	if (o->best.n == 0 || draft_better(o, d, &o->best))
		o->best = *d;
}

/* ---- strict_order and stop ------------------------------------------------------------------- */

static bool ends_all(const struct oracle *o, size_t t, size_t *step_r)
{
	int64_t at = o->touches[t].at_us;
	bool turn = false, further = false, none = true;
	size_t lowest = 0, again = SIZE_MAX;
	for (size_t k = o->rules.steps_n; k-- > 0;) {
		if (!fills(o, t, k))
			continue;
		bool mine = k == 0 || (o->reach[k] && o->reach_us[k] <= at);
		bool before = o->reach[k + 1] && o->reach_us[k + 1] < at;
		none = false;
		lowest = k;
		turn = turn || mine;
		if (k > 0 && before)
			again = k;
		further = further || (k > 0 && !before && mine);
	}
	if (o->rules.order == FUNNEL_STRICT_ORDER && !turn) {
		*step_r = none ? 0 : lowest;
		return true;
	}
	*step_r = again;
	return o->rules.repeat == FUNNEL_STOP && again != SIZE_MAX && !further;
}

static void find_cut(struct oracle *o)
{
	struct draft d = { 0 };
	memset(o->reach, 0, sizeof o->reach);
	o->has_cut = false;
	if (o->rules.order != FUNNEL_STRICT_ORDER && o->rules.repeat != FUNNEL_STOP)
		return;
	all_drafts(o, &d, see_reach);
	for (size_t t = 0; t < o->n; t++) {
		size_t step;
		if (!seen(o, t) || o->used[t] || !o->reach[1] ||
		    o->touches[t].at_us <= o->reach_us[1] || !ends_all(o, t, &step))
			continue;
		if (o->has_cut && o->touches[t].at_us > o->cut_us)
			continue;
		o->cut_steps = o->has_cut ? MIN(o->cut_steps, step) : step;
		o->cut_us = o->touches[t].at_us;
		o->has_cut = true;
	}
}

#endif
