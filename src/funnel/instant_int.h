/*
 * instant_int.h - the touches of one instant: how far they carry a chain when each is used once.
 *
 * What it is:   private to funnel/. Touches of one instant may be taken in any order, each once, so
 *               how far they carry a chain of length l is a matching of the steps l, l + 1, ...
 * with them. Promises:     no allocation; the same touches give the same answer whatever came
 * before.
 */
#ifndef TRICHTER_INSTANT_INT_H
#define TRICHTER_INSTANT_INT_H

#include "funnel/chain_int.h"

/* Of the touches of one instant only the first FUNNEL_STEPS_MAX of each step can matter: a chain
 * uses no more than that, so one of them is always free for a touch beyond. */
#define CANDIDATES_MAX (FUNNEL_STEPS_MAX * FUNNEL_STEPS_MAX)

struct instant {
	const struct chain_touch *touches;
	size_t begin, end; /* of the instant, in the array */
	uint32_t mask;	   /* of all its touches together */
	size_t n;	   /* candidates */
	bool chosen;	   /* candidates are listed; otherwise they are all */
	size_t at[CANDIDATES_MAX];
	/* the matching */
	uint16_t candidate_of[FUNNEL_STEPS_MAX];
	uint8_t step_of[CANDIDATES_MAX];
	uint32_t seen[CANDIDATES_MAX]; /* = round: visited in this search, or not to be had */
	uint32_t round;
};

/* Takes up the instant that begins at `begin`. */
void instant_take(struct instant *i, const struct chain_touch *touches, size_t begin, size_t end);
/* How far its touches carry a chain that has `level` steps; no further than `steps_n`. */
size_t instant_reach(struct instant *i, size_t level, size_t steps_n);
/* Carries the chain on as far as that and notes by which touches: of all ways the one with the
 * earliest touch for the first of the new steps, then for the second, and so on. */
void instant_fill(struct instant *i, size_t steps_n, struct chain *chain);

#endif
