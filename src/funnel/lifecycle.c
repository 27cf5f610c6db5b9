/*
 * lifecycle.c - how far one subject came along the line of stages.
 *
 * What it is:   FUNNEL.md's lifecycle funnel: who entered a stage or a later one counts for it, so
 * that data which knows only two of the stages still shows them. In order, a stage that was first
 * entered before an earlier one does not count as progress: it is shown as out of order, as a list
 * of steps would show it. The chain begins with a visit in the period, which may be the same touch
 * as the first entry. Without a window the first visit is the best beginning: what lies before a
 * later one holds nothing back. With a window each visit is tried at which the entries within reach
 * change. Promises:     O(touches + entries^2 x stages) with a window, else O(touches x stages).
 * Threads:      shares nothing.
 */
#include "funnel/chain_int.h"

/* What the entries within the window of one visit amount to. */
struct line {
	int64_t first_us[FUNNEL_STEPS_MAX];
	size_t last[FUNNEL_STEPS_MAX]; /* CHAIN_NONE: never entered */
	size_t chosen[FUNNEL_STEPS_MAX];
};

static void line_read(struct line *l, size_t stages_n, const struct chain_touch *touches,
		      size_t begin, size_t end)
{
	for (size_t k = 0; k < stages_n; k++)
		l->last[k] = CHAIN_NONE;
	for (size_t t = begin; t < end; t++) {
		for (uint32_t rest = touches[t].mask; rest != 0; rest &= rest - 1) {
			size_t k = (size_t)__builtin_ctz(rest);
			if (l->last[k] == CHAIN_NONE)
				l->first_us[k] = touches[t].at_us;
			l->last[k] = t;
		}
	}
}

/* Chooses for each stage its first entry that is in order; returns the number of the highest stage
 * reached, counted from 1. */
static size_t line_choose(struct line *l, size_t stages_n, bool in_order,
			  const struct chain_touch *touches, size_t begin)
{
	size_t highest = 0;
	int64_t not_before = INT64_MIN;
	for (size_t k = 0; k < stages_n; k++) {
		size_t t = begin;
		l->chosen[k] = CHAIN_NONE;
		if (l->last[k] == CHAIN_NONE)
			continue;
		if (!in_order || touches[l->last[k]].at_us >= not_before) {
			while ((touches[t].mask >> k & 1) == 0 ||
			       (in_order && touches[t].at_us < not_before))
				t++;
			l->chosen[k] = t;
			highest = k + 1;
		}
		not_before = MAX(not_before, l->first_us[k]);
	}
	return highest;
}

/* Takes what begins at `visit` when it goes further than what is there, or as far, but earlier. */
static void chain_better(struct chain *chain, struct line *line, const struct chain_rules *rules,
			 bool in_order, const struct chain_touch *touches, size_t visit,
			 size_t reach)
{
	line_read(line, rules->steps_n, touches, visit, reach);
	size_t highest = line_choose(line, rules->steps_n, in_order, touches, visit);
	if (highest + 1 < chain->level)
		return;
	if (highest + 1 == chain->level &&
	    (highest == 0 ||
	     touches[line->chosen[highest - 1]].at_us >= touches[chain->touch[highest]].at_us))
		return;
	chain->level = highest + 1;
	chain->touch[0] = visit;
	chain->step[0] = 0;
	for (size_t k = 0; k < highest; k++) {
		chain->touch[k + 1] = line->chosen[k];
		chain->step[k + 1] = (uint8_t)(k + 1);
	}
}

void lifecycle_chain(const struct chain_rules *rules, bool in_order,
		     const struct chain_touch *touches, size_t n, struct chain *chain_r)
{
	struct line line;
	size_t visit, end;
	size_t passed = 0,
	       within = 0; /* entries before the visit; entries up to the window's end */
	size_t seen = CHAIN_NONE;
	chain_cut(rules, touches, n, &visit, &end);
	size_t reach = visit;
	chain_r->level = 0;
	while (visit < end && touches[visit].at_us < rules->to_us) {
		int64_t at = touches[visit].at_us;
		while (reach < end && chain_in_window(rules, at, touches[reach].at_us))
			within += touches[reach++].mask != 0;
		/* Both only grow, so that their sum says whether either has changed. */
		if (passed + within != seen)
			chain_better(chain_r, &line, rules, in_order, touches, visit, reach);
		seen = passed + within;
		if (rules->window_us == FUNNEL_WINDOW_NONE)
			break;
		for (; visit < end && touches[visit].at_us == at; visit++)
			passed += touches[visit].mask != 0;
	}
}
