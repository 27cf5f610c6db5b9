/*
 * chain_any.c - finds the most steps, in any order, in one subject's touches.
 *
 * What it is:   FUNNEL.md's order `any`: a chain is a set of touches, each filling another step,
 * all within the window of the first of them. Sets of touches that can fill steps, each another
 * one, are the independent sets of a transversal matroid. The one that is kept is the latest
 * possible: a new touch is added, or takes the place of the oldest with which it competes. Those of
 * it that lie in a window are then a largest set of that window, so one pass over the touches finds
 *               the greatest level and the instant at which it is first complete. From the first
 *               touch that may begin there, each touch that adds a step is taken: the earliest set.
 * Promises:     O(touches x steps) while a touch matches few steps; no allocation.
 * Data from:    sorted by (at, tie, seq). Checked where they are collected.
 * Threads:      shares nothing.
 */
#include "funnel/chain_int.h"

#define NO_STEP UINT8_MAX

struct matching {
	const struct chain_touch *touches;
	size_t steps_n;
	size_t touch_of[FUNNEL_STEPS_MAX]; /* CHAIN_NONE: the step is free */
};

static void matching_clear(struct matching *m, const struct chain_touch *touches, size_t steps_n)
{
	m->touches = touches;
	m->steps_n = steps_n;
	for (size_t s = 0; s < steps_n; s++)
		m->touch_of[s] = CHAIN_NONE;
}

/* Moves each touch along the path that led to `step`, which is then free for the one before. */
static void matching_shift(struct matching *m, const uint8_t *from, size_t step, size_t touch)
{
	while (from[step] != NO_STEP) {
		m->touch_of[step] = m->touch_of[from[step]];
		step = from[step];
	}
	m->touch_of[step] = touch;
}

/* Gives `touch` a step, moving others where needed, without the steps in `banned`. When there is no
 * free one and `replace` is set, the oldest touch that stands in its way leaves, if it is older. */
static bool matching_add(struct matching *m, size_t touch, uint32_t banned, bool replace)
{
	uint8_t from[FUNNEL_STEPS_MAX];
	uint8_t queue[FUNNEL_STEPS_MAX];
	size_t head = 0, tail = 0;
	size_t oldest = NO_STEP;
	uint8_t came_from = NO_STEP;
	uint32_t seen = banned;
	uint32_t mask = m->touches[touch].mask;
	for (;;) {
		for (uint32_t rest = mask & ~seen; rest != 0; rest &= rest - 1) {
			size_t step = (size_t)__builtin_ctz(rest);
			from[step] = came_from;
			if (m->touch_of[step] == CHAIN_NONE) {
				matching_shift(m, from, step, touch);
				return true;
			}
			queue[tail++] = (uint8_t)step;
		}
		seen |= mask;
		if (head == tail)
			break;
		came_from = queue[head++];
		size_t owner = m->touch_of[came_from];
		if (oldest == NO_STEP || owner < m->touch_of[oldest])
			oldest = came_from;
		mask = m->touches[owner].mask;
	}
	if (replace && oldest != NO_STEP && m->touch_of[oldest] < touch)
		matching_shift(m, from, oldest, touch);
	return false;
}

static size_t matching_since(const struct matching *m, int64_t since_us)
{
	size_t n = 0;
	for (size_t s = 0; s < m->steps_n; s++)
		n += m->touch_of[s] != CHAIN_NONE && m->touches[m->touch_of[s]].at_us >= since_us;
	return n;
}

/* The greatest number of steps and the instant at which it is first reached; `first_r` is the touch
 * with which the chain begins. */
static size_t greatest_level(const struct chain_rules *rules, const struct chain_touch *touches,
			     size_t begin, size_t end, size_t *first_r, int64_t *at_us_r)
{
	struct matching m;
	size_t best = 0;
	size_t first = begin;
	matching_clear(&m, touches, rules->steps_n);
	for (size_t t = begin; t < end && best < rules->steps_n;) {
		int64_t at = touches[t].at_us;
		for (; t < end && touches[t].at_us == at; t++)
			(void)matching_add(&m, t, 0, true);
		int64_t entry_from = chain_entry_from(rules, at);
		while (touches[first].at_us < entry_from)
			first++;
		if (touches[first].at_us >= rules->to_us)
			break;
		size_t level = matching_since(&m, entry_from);
		if (level > best) {
			best = level;
			*first_r = first;
			*at_us_r = at;
		}
	}
	return best;
}

/* Lists the touches chosen by time and gives each the lowest step that leaves the later ones
 * theirs. */
static void chain_settle(struct matching *m, const size_t *chosen, struct chain *chain)
{
	uint32_t settled = 0;
	for (size_t i = 0; i < chain->level; i++) {
		size_t step = 0;
		while (m->touch_of[step] != chosen[i])
			step++;
		for (size_t s = 0; s < step; s++) {
			struct matching before = *m;
			size_t other = m->touch_of[s];
			if ((m->touches[chosen[i]].mask & ~settled) >> s & 1) {
				m->touch_of[step] = CHAIN_NONE;
				m->touch_of[s] = chosen[i];
				if (other == CHAIN_NONE ||
				    matching_add(m, other, settled | UINT32_C(1) << s, false))
					step = s;
				else
					*m = before;
			}
		}
		settled |= UINT32_C(1) << step;
		chain->touch[i] = chosen[i];
		chain->step[i] = (uint8_t)step;
	}
}

void chain_any(const struct chain_rules *rules, const struct chain_touch *touches, size_t n,
	       struct chain *chain_r)
{
	struct matching m;
	size_t begin, end;
	size_t first = 0;
	int64_t complete = 0;
	size_t chosen[FUNNEL_STEPS_MAX];
	chain_cut(rules, touches, n, &begin, &end);
	size_t level = greatest_level(rules, touches, begin, end, &first, &complete);
	chain_r->level = 0;
	matching_clear(&m, touches, rules->steps_n);
	for (size_t t = first; chain_r->level < level; t++) {
		CHECK(t < end && touches[t].at_us <= complete);
		if (matching_add(&m, t, 0, false))
			chosen[chain_r->level++] = t;
	}
	chain_settle(&m, chosen, chain_r);
}
