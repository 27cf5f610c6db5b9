/*
 * instant.c - how far the touches of one instant carry a chain.
 *
 * What it is:   augmenting paths from the steps to the touches, a step at a time.
 * Promises:     one touch, or none that fits, costs nothing; of thousands alike only as many are
 *               looked at as there are steps.
 * Threads:      shares nothing.
 */
#include "funnel/instant_int.h"

#define NO_STEP UINT8_MAX

/* Takes up the instant that begins at `begin`. */
void instant_take(struct instant *i, const struct chain_touch *touches, size_t begin, size_t end)
{
	i->touches = touches;
	i->begin = begin;
	i->end = begin;
	i->mask = 0;
	i->chosen = false;
	while (i->end < end && touches[i->end].at_us == touches[begin].at_us)
		i->mask |= touches[i->end++].mask;
	i->n = i->end - begin;
}

/* Lists the candidates; done only when a matching is needed. */
static void instant_choose(struct instant *i)
{
	uint8_t many[FUNNEL_STEPS_MAX] = { 0 };
	i->chosen = true;
	i->n = 0;
	for (size_t t = i->begin; t < i->end; t++) {
		bool wanted = false;
		for (uint32_t rest = i->touches[t].mask; rest != 0; rest &= rest - 1) {
			size_t step = (size_t)__builtin_ctz(rest);
			if (many[step] < FUNNEL_STEPS_MAX) {
				many[step]++;
				wanted = true;
			}
		}
		if (wanted)
			i->at[i->n++] = t;
	}
	for (size_t c = 0; c < i->n; c++)
		i->seen[c] = 0;
	i->round = 0;
}

static bool instant_has(const struct instant *i, size_t candidate, size_t step)
{
	return (i->touches[i->at[candidate]].mask >> step & 1) != 0;
}

/* Finds a touch for `step`, moving others to further touches where needed (an augmenting path,
 * depth at most the steps). A failed search leaves the matching as it was. */
static bool match_step(struct instant *i, size_t step)
{
	for (size_t c = 0; c < i->n; c++) {
		if (i->seen[c] == i->round || !instant_has(i, c, step))
			continue;
		i->seen[c] = i->round;
		if (i->step_of[c] == NO_STEP || match_step(i, i->step_of[c])) {
			i->step_of[c] = (uint8_t)step;
			i->candidate_of[step] = (uint16_t)c;
			return true;
		}
	}
	return false;
}

/* How far the touches of the instant carry a chain that has `level` steps. */
size_t instant_reach(struct instant *i, size_t level, size_t steps_n)
{
	if (level == steps_n || (i->mask >> level & 1) == 0)
		return level;
	if (i->end - i->begin == 1)
		return level + 1;
	if (!i->chosen)
		instant_choose(i);
	for (size_t c = 0; c < i->n; c++)
		i->step_of[c] = NO_STEP;
	for (i->round++; level < steps_n && match_step(i, level); i->round++)
		level++;
	return level;
}

/* Tries to give candidate `c` to `step`, whose touch is a later one; `taken` are the candidates of
 * earlier steps. */
static bool match_move(struct instant *i, size_t c, size_t step, size_t first_step)
{
	uint16_t old = i->candidate_of[step];
	uint8_t other = i->step_of[c];
	i->round++;
	for (size_t s = first_step; s < step; s++)
		i->seen[i->candidate_of[s]] = i->round;
	i->seen[c] = i->round;
	i->step_of[old] = NO_STEP;
	i->step_of[c] = (uint8_t)step;
	i->candidate_of[step] = (uint16_t)c;
	if (other == NO_STEP || match_step(i, other))
		return true;
	i->step_of[c] = other;
	i->candidate_of[other] = (uint16_t)c;
	i->step_of[old] = (uint8_t)step;
	i->candidate_of[step] = old;
	return false;
}

/* Carries the chain on by the touches of the instant and notes which: of all ways the one with the
 * earliest touch for the first of the new steps, then for the second, and so on. */
void instant_fill(struct instant *i, size_t steps_n, struct chain *chain)
{
	size_t first = chain->level;
	size_t level = instant_reach(i, first, steps_n);
	if (level == first)
		return;
	chain->level = level;
	if (i->end - i->begin == 1) {
		chain->touch[first] = i->begin;
		return;
	}
	for (size_t step = first; step < level; step++) {
		for (size_t c = 0; c < i->candidate_of[step]; c++) {
			bool taken = i->step_of[c] != NO_STEP && i->step_of[c] < step;
			if (!taken && instant_has(i, c, step) && match_move(i, c, step, first))
				break;
		}
		chain->touch[step] = i->at[i->candidate_of[step]];
	}
}
