/*
 * sequence_entry.c - which attempts there are, and which one counts.
 *
 * What it is:   FUNNEL.md's `entry`. Any: an attempt from each instant at which a chain may begin;
 *               for each level the attempt counts that reaches it first, then that which begins
 *               first. First and each: one attempt after the other, the next when the last is over:
 *
 *               over by                  the next begins
 *               conversion               with touches of that instant or later that it did not use
 *               time-out (window, gap)   with the first touch beyond it
 *               an exclusion             after the instant of the exclusion (each), or after the
 *                                        window (first: the first entry holds until it times out)
 *               strict, strict_order,    at the instant of the touch that ended it (each), or after
 *               stop                     the window (first)
 * Promises:     an attempt costs its touches; entries behind a conversion cannot be earlier and are
 *               not tried.
 */
#include "funnel/sequence_int.h"

static void run(struct sequence *s, size_t entry, struct attempt *a)
{
	if (s->rules.order == FUNNEL_ANY)
		any_run(s, entry, a);
	else if (s->rules.ties == FUNNEL_GRACE)
		grace_run(s, entry, a);
	else
		attempt_run(s, entry, a);
}

static void find(struct sequence *s, size_t entry, size_t level, int64_t complete_us,
		 struct chain *chain_r)
{
	if (s->rules.order == FUNNEL_ANY)
		any_chain(s, entry, level, complete_us, chain_r);
	else if (s->rules.ties == FUNNEL_GRACE)
		grace_chain(s, entry, level, complete_us, chain_r);
	else
		attempt_chain(s, entry, level, complete_us, chain_r);
}

/* The first touch from `from` on with which a chain may begin; s->n: none. */
static size_t entry_from(const struct sequence *s, size_t from)
{
	uint32_t begins = s->rules.order == FUNNEL_ANY ? UINT32_MAX : 1;
	for (size_t i = from; i < s->n; i++) {
		if (s->view[i].at_us >= s->rules.to_us)
			break;
		if ((s->view[i].mask & begins) != 0)
			return i;
	}
	return s->n;
}

static size_t instant_from(const struct sequence *s, size_t i)
{
	while (i > 0 && s->view[i - 1].at_us == s->view[i].at_us)
		i--;
	return i;
}

static size_t at_or_after(const struct sequence *s, size_t i, int64_t at_us)
{
	while (i < s->n && s->view[i].at_us < at_us)
		i++;
	return i;
}

static size_t after(const struct sequence *s, size_t i, int64_t at_us)
{
	while (i < s->n && s->view[i].at_us <= at_us)
		i++;
	return i;
}

static size_t after_window(const struct sequence *s, size_t i, int64_t entry_us)
{
	while (i < s->n && chain_in_window(&s->rules, entry_us, s->view[i].at_us))
		i++;
	return i;
}

/* ---- entry any ------------------------------------------------------------------------------- */

/* For each level the attempt that reaches it first. */
struct firsts {
	struct reached reached;
	size_t entry[LEVELS];
};

static void firsts_merge(struct firsts *f, const struct reached *r, size_t entry)
{
	for (uint64_t rest = r->levels; rest != 0; rest &= rest - 1) {
		size_t k = (size_t)__builtin_ctzll(rest);
		if ((f->reached.levels >> k & 1) == 0 || r->at_us[k] < f->reached.at_us[k])
			f->entry[k] = entry;
		reached_note(&f->reached, k, r->at_us[k]);
	}
}

static bool run_any(struct sequence *s)
{
	struct firsts all = { 0 }, clean = { 0 };
	struct firsts *counts = rules_taint(&s->rules) ? &clean : &all;
	size_t steps_n = s->rules.steps_n;
	int64_t cut_us;
	struct chain chain;
	for (size_t i = entry_from(s, 0); i < s->n && !s->over;) {
		struct attempt a;
		int64_t at_us = s->view[i].at_us;
		if ((counts->reached.levels >> steps_n & 1) != 0 &&
		    at_us > counts->reached.at_us[steps_n])
			break;
		size_t entry = instant_from(s, i);
		run(s, entry, &a);
		firsts_merge(&all, &a.all, entry);
		firsts_merge(&clean, &a.clean, entry);
		i = entry_from(s, after(s, i, at_us));
	}
	(void)cut_apply(s, &counts->reached, &cut_us);
	size_t level = reached_most(&counts->reached);
	sequence_tainted(s, reached_most(&all.reached));
	if (level == 0 || s->over)
		return true;
	find(s, counts->entry[level], level, counts->reached.at_us[level], &chain);
	return sequence_take(s, &chain);
}

/* ---- entry first, each ----------------------------------------------------------------------- */

/* What strict_order and stop cut off. */
static void attempt_cut(struct sequence *s, struct attempt *a)
{
	int64_t cut_us;
	if (!cut_apply(s, &a->all, &cut_us))
		return;
	bool done = (a->all.levels >> s->rules.steps_n & 1) != 0;
	bool over = a->end == ATTEMPT_TIMED_OUT || a->end == ATTEMPT_EXCLUDED;
	if (done || (over && a->end_us <= cut_us))
		return;
	a->end = ATTEMPT_BROKEN;
	a->end_us = cut_us;
}

/* Where the next attempt may begin. */
static size_t attempt_next(struct sequence *s, size_t entry, const struct attempt *a,
			   const struct chain *c)
{
	int64_t entry_us = s->view[entry].at_us;
	int64_t complete_us = entry_us;
	bool each = s->rules.entry == FUNNEL_ENTRY_EACH;
	switch (a->end) {
	case ATTEMPT_DONE:
		for (size_t k = 0; k < c->level; k++) {
			s->view[c->touch[k]].mask = 0;
			complete_us = MAX(complete_us, s->view[c->touch[k]].at_us);
		}
		return each ? at_or_after(s, entry, complete_us) : s->n;
	case ATTEMPT_TIMED_OUT:
		return at_or_after(s, entry, a->end_us);
	case ATTEMPT_EXCLUDED:
		return each ? after(s, entry, a->end_us) : after_window(s, entry, entry_us);
	case ATTEMPT_BROKEN:
		return each ? at_or_after(s, entry, a->end_us) : after_window(s, entry, entry_us);
	case ATTEMPT_GOES_ON:
		break;
	}
	return s->n;
}

static bool run_in_turn(struct sequence *s)
{
	bool taint = rules_taint(&s->rules);
	for (size_t i = entry_from(s, 0); i < s->n && !s->over;) {
		struct attempt a;
		struct chain chain = { 0 };
		size_t entry = instant_from(s, i);
		run(s, entry, &a);
		attempt_cut(s, &a);
		const struct reached *counts = taint ? &a.clean : &a.all;
		size_t level = reached_most(counts);
		sequence_tainted(s, reached_most(&a.all));
		if (level > 0 && !s->over) {
			find(s, entry, level, counts->at_us[level], &chain);
			if (!sequence_take(s, &chain))
				return false;
		}
		i = entry_from(s, attempt_next(s, entry, &a, &chain));
	}
	return true;
}

bool entries_run(struct sequence *s)
{
	return s->rules.entry == FUNNEL_ENTRY_ANY ? run_any(s) : run_in_turn(s);
}
