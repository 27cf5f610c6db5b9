/*
 * oracle_attempts.h - by brute force: which attempts there are, and what a subject's touches give.
 *
 * What it is:   the outer half of the oracle: sessions, values held, entries one after the other.
 */
#ifndef TRICHTER_TESTS_ORACLE_ATTEMPTS_H
#define TRICHTER_TESTS_ORACLE_ATTEMPTS_H

#include "oracle.h"

/* ---- attempts -------------------------------------------------------------------------------- */

static void draft_take(const struct oracle *o, const struct draft *d, struct chain *c)
{
	c->level = level_of(o, d);
	for (size_t k = 0; k < c->level; k++) {
		c->touch[k] = CHAIN_NONE;
		c->step[k] = (uint8_t)k;
	}
	for (size_t i = 0; i < d->n; i++) {
		size_t row = o->rules.optional != 0 ? d->step[i] : i;
		c->touch[row] = d->touch[i];
		c->step[row] = (uint8_t)d->step[i];
	}
}

/* Can a chain of the attempt go on with a touch that comes at `at`? Anything the exclusions and the
 * strict order have to say of touches before that is heard. */
struct open_at {
	int64_t at;
	bool is, by_exclusion, by_order;
};
static struct open_at *open_now;

static void see_open(struct oracle *o, const struct draft *d)
{
	struct open_at *w = open_now;
	struct oracle *p = o;
	size_t next = d->n;
	if (complete_of(o, d) >= w->at || d->n == o->rules.steps_n || !draft_valid(o, d))
		return;
	if (o->rules.has_gaps && next < o->rules.steps_n &&
	    o->rules.max_gap_us[next] != FUNNEL_GAP_NONE &&
	    far(w->at, at_of(o, d, d->n - 1)) > o->rules.max_gap_us[next])
		return;
	/* One more touch, which fills the next step and nothing else. */
	struct draft longer = *d;
	size_t last = p->n;
	size_t end = p->end;
	p->touches[last] = (struct chain_touch){ .at_us = w->at,
						 .mask = UINT32_C(1) << next,
						 .hold = o->hold };
	longer.touch[longer.n] = last;
	longer.step[longer.n++] = next;
	p->n++;
	p->end = p->n;
	bool barred = o->exclusions && excluded_inside(p, &longer);
	bool out = o->rules.order == FUNNEL_STRICT && !strict_holds(p, &longer);
	p->n--;
	p->end = end;
	w->is = w->is || (!barred && !out);
	w->by_exclusion = w->by_exclusion || barred;
	w->by_order = w->by_order || out;
}

static bool oracle_each(const struct oracle *o)
{
	return o->rules.entry == FUNNEL_ENTRY_EACH;
}

static int64_t next_instant(const struct oracle *o, int64_t after)
{
	for (size_t t = o->begin; t < o->end; t++)
		if (seen(o, t) && o->touches[t].at_us > after)
			return o->touches[t].at_us;
	return INT64_MAX;
}

static bool in_window(const struct oracle *o, int64_t at)
{
	return o->rules.window_us == FUNNEL_WINDOW_NONE ||
	       far(at, o->entry_us) <= o->rules.window_us;
}

/* Where the next attempt may begin, after one that did not go through; INT64_MAX: nowhere. */
static int64_t attempt_over(struct oracle *o)
{
	const struct chain_rules *r = &o->rules;
	bool by_state = r->order != FUNNEL_ANY && r->ties != FUNNEL_GRACE;
	for (int64_t at = o->entry_us, next; at != INT64_MAX; at = next) {
		struct open_at w = { .at = next_instant(o, at) };
		struct draft d = { 0 };
		bool barred = false, broken = o->has_cut && at == o->cut_us;
		next = w.at;
		for (size_t t = o->begin; t < o->end && !by_state; t++)
			barred = barred ||
				 (seen(o, t) && o->touches[t].at_us == at &&
				  o->touches[t].exclude != 0 && far(at, o->entry_us) > grace_of(o));
		if (by_state && (!r->has_gaps || (next != INT64_MAX && in_window(o, next)))) {
			w.at = r->has_gaps ? next : at + 1;
			open_now = &w;
			all_drafts(o, &d, see_open);
			if (!w.is && r->has_gaps)
				return next;
			barred = barred || (!w.is && r->excludes_n > 0);
			broken = broken || (!w.is && r->order == FUNNEL_STRICT);
		}
		if (barred || broken) {
			if (oracle_each(o))
				return barred ? next : at;
			while (next != INT64_MAX && in_window(o, next))
				next = next_instant(o, next);
			return next;
		}
		if (next != INT64_MAX && !in_window(o, next))
			return next;
	}
	return INT64_MAX;
}

static void run_attempts(struct oracle *o, struct draft *best)
{
	int64_t from = INT64_MIN;
	for (;;) {
		struct draft d = { 0 };
		int64_t entry = INT64_MAX;
		for (size_t t = o->n; t-- > 0;)
			if ((o->rules.order == FUNNEL_ANY ? fills_any(o, t) : fills(o, t, 0)) &&
			    o->touches[t].at_us >= from && o->touches[t].at_us < o->rules.to_us)
				entry = o->touches[t].at_us;
		if (entry == INT64_MAX)
			return;
		o->entry_given = true;
		o->entry_us = entry;
		o->best.n = 0;
		find_cut(o);
		o->exclusions = true;
		all_drafts(o, &d, see_best);
		struct draft found = o->best;
		if (found.n > 0 && oracle_each(o) && o->found_n < ORACLE_CHAINS)
			draft_take(o, &found, &o->found[o->found_n++]);
		if (found.n > 0 && (best->n == 0 || draft_better(o, &found, best)))
			*best = found;
		if (found.n == o->rules.steps_n) {
			if (!oracle_each(o))
				return;
			for (size_t i = 0; i < found.n; i++)
				o->used[found.touch[i]] = true;
			from = complete_of(o, &found);
		} else {
			from = attempt_over(o);
		}
	}
}

static void run_best(struct oracle *o, struct draft *best)
{
	struct draft d = { 0 };
	o->entry_given = false;
	o->best.n = 0;
	find_cut(o);
	o->exclusions = false;
	all_drafts(o, &d, see_best);
	o->most = MAX(o->most, level_of(o, &o->best));
	o->best.n = 0;
	o->exclusions = true;
	all_drafts(o, &d, see_best);
	if (o->best.n > 0 && (best->n == 0 || draft_better(o, &o->best, best)))
		*best = o->best;
}

static void run_session(struct oracle *o, struct draft *best)
{
	for (size_t i = o->begin; i < o->end; i++) {
		bool fresh = !o->rules.hold || (o->touches[i].hold != 0 && o->touches[i].mask != 0);
		for (size_t k = o->begin; k < i; k++)
			fresh = fresh && o->rules.hold &&
				(o->touches[k].mask == 0 ||
				 o->touches[k].hold != o->touches[i].hold);
		if (!fresh)
			continue;
		o->hold = o->touches[i].hold;
		memset(o->used, 0, sizeof o->used);
		if (o->rules.entry == FUNNEL_ENTRY_ANY)
			run_best(o, best);
		else
			run_attempts(o, best);
	}
}

/* Unless whoever came as far only did so with an exclusion. */
static void hand_over(struct oracle *o, struct draft *best)
{
	bool dropped = o->rules.policy == FUNNEL_DROP_PERSON && o->rules.excludes_n > 0 &&
		       o->most > level_of(o, best);
	if (best->n > 0 && !dropped && !oracle_each(o))
		draft_take(o, best, &o->found[o->found_n++]);
	best->n = 0;
	o->most = 0;
}

/* All chains that count, as sequence_run hands them over. */
static void oracle_run(struct oracle *o)
{
	struct draft best = { 0 };
	bool split = o->rules.sessions || o->rules.same_session;
	o->found_n = 0;
	o->most = 0;
	for (o->begin = 0; o->begin < o->n; o->begin = o->end) {
		o->end = split ? o->begin + 1 : o->n;
		while (o->end < o->n && far(o->touches[o->end].at_us,
					    o->touches[o->end - 1].at_us) <= FUNNEL_SESSION_US)
			o->end++;
		run_session(o, &best);
		if (o->rules.sessions)
			hand_over(o, &best);
	}
	hand_over(o, &best);
}

#endif
