/*
 * sequence_int.h - the general sequence engine: what its files share.
 *
 * What it is:   private to funnel/. The engine follows one attempt at a time: from each instant at
 *               which a chain may begin (the entry), through the touches after it, to see which
 *               levels it reaches and when. What FUNNEL.md's parameters mean, file by file:
 *
 *               sequence.c          whose touches a chain may have: sessions, `hold`, `first time
 *                                   ever`; in which orders the steps may come: `anchored`,
 *                                   `optional`
 *               sequence_entry.c    which attempts there are: `entry`, and which one counts
 *               sequence_attempt.c  one attempt: window, gaps, `strict`, exclusions, ties, `reuse`
 *               sequence_cut.c      where `strict_order` and `repeat: stop` end everything
 *               sequence_chain.c    the touches of the attempt that counts: the reported chain
 *               sequence_grace.c    one attempt when touches may be swapped within a grace
 *               sequence_any.c      one attempt with the steps in any order
 *
 * Promises:     no allocation while a subject is looked at; memory grows between subjects only.
 * Threads:      one engine per thread.
 */
#ifndef TRICHTER_SEQUENCE_INT_H
#define TRICHTER_SEQUENCE_INT_H

#include "funnel/instant_int.h"

#define LEVELS (FUNNEL_STEPS_MAX + 1)

/* Levels that have been reached, and the instant at which each first was. */
struct reached {
	uint64_t levels; /* bit k: level k */
	int64_t at_us[LEVELS];
};

enum attempt_end {
	ATTEMPT_GOES_ON, /* as far as the touches go, it could go on */
	ATTEMPT_DONE,	 /* all steps */
	ATTEMPT_TIMED_OUT,
	ATTEMPT_EXCLUDED,
	ATTEMPT_BROKEN, /* strict, strict_order, stop */
};
struct attempt {
	struct reached all;   /* by any chain */
	struct reached clean; /* by chains that no exclusion touches, also not afterwards */
	enum attempt_end end;
	int64_t end_us; /* excluded, broken: by a touch of this instant */
};

/* The chains of a level that may go on, as the instants at which their last touches lie, rising.
 * Those before `head` are over. */
struct nodes {
	uint32_t *at; /* numbers of instants */
	uint32_t head, n;
};

/* What one instant of an attempt did, kept to find the chain again. */
struct trace {
	/* per level */
	uint32_t *head, *end; /* [head, end) of nodes that it could follow */
	uint32_t *ends;	      /* bit l: a chain came to it from level l, and counts */
	uint32_t *goes;	      /* ... and may go on from here */
	uint64_t good;	      /* levels on a way to the chain that is looked for */
};

struct grace_state {
	uint32_t touch, from; /* from: number of the state before */
	int64_t max_us;	      /* the latest touch so far */
	bool tainted;
};

struct sequence {
	struct chain_rules asked; /* as given */
	struct chain_rules rules; /* of the funnel in view: one order of steps, no optional ones */
	size_t cap;		  /* touches that there is room for */

	/* the touches in view, and where each stands in the array given */
	struct chain_touch *view;
	uint32_t *place;
	size_t n;
	struct chain_touch *kept; /* view before the steps were renumbered */
	uint32_t *kept_place;
	uint8_t step_of[FUNNEL_STEPS_MAX]; /* the step in view is this one of those asked */

	/* one attempt */
	struct instant instant;
	size_t *begins; /* of its instants, in the view */
	struct nodes clean[LEVELS], tainted[LEVELS], idle[LEVELS];
	struct trace *traces;
	uint32_t *trace_words; /* what they point into */
	int32_t *cover;	       /* per level and node */
	struct grace_state *states;
	size_t states_n, states_cap;
	bool over; /* the states did not suffice */

	/* what was found, in terms of what was asked */
	const struct chain_touch *touches;
	struct chain best;
	size_t tainted_level; /* the greatest length, exclusions or not */
	sequence_each each;
	void *arg;
};

/* May chains of level `level` be ended by exclusion x at all? After its first step, before its
 * second. */
static inline bool span_holds(const struct chain_rules *r, size_t x, size_t level)
{
	return level > r->excludes[x].from && level <= r->excludes[x].to;
}

/* Exclusions matter also after the last touch of a chain. */
static inline bool rules_taint(const struct chain_rules *r)
{
	return r->excludes_n > 0 && r->policy != FUNNEL_END_ATTEMPT;
}

static inline void reached_note(struct reached *r, size_t level, int64_t at_us)
{
	if ((r->levels >> level & 1) == 0 || at_us < r->at_us[level])
		r->at_us[level] = at_us;
	r->levels |= UINT64_C(1) << level;
}
static inline size_t reached_most(const struct reached *r)
{
	return r->levels == 0 ? 0 : 63 - (size_t)__builtin_clzll(r->levels);
}

/* Follows the attempt that begins at the instant of touch `entry` of the view. */
void attempt_run(struct sequence *s, size_t entry, struct attempt *a);
/* The same until `until_us`, its course kept in s->traces; returns how many instants. */
size_t attempt_trace(struct sequence *s, size_t entry, int64_t until_us, struct attempt *a);
/* The chain of the attempt that reaches the level at that instant. */
void attempt_chain(struct sequence *s, size_t entry, size_t level, int64_t complete_us,
		   struct chain *chain_r);

void grace_run(struct sequence *s, size_t entry, struct attempt *a);
void grace_chain(struct sequence *s, size_t entry, size_t level, int64_t complete_us,
		 struct chain *chain_r);
void any_run(struct sequence *s, size_t entry, struct attempt *a);
void any_chain(struct sequence *s, size_t entry, size_t level, int64_t complete_us,
	       struct chain *chain_r);

/* Takes away what was reached after the end that strict_order or stop set; end_us_r gets its
 * instant. False: there was no such end. */
bool cut_apply(const struct sequence *s, struct reached *r, int64_t *end_us_r);

/* The attempts in view: each chain that counts is handed to sequence_take. */
bool entries_run(struct sequence *s);
/* Takes a chain of the view; false: whoever asked wants no more. */
bool sequence_take(struct sequence *s, const struct chain *c);
/* Somebody came to this level of the view, if only with an exclusion. */
void sequence_tainted(struct sequence *s, size_t level);

#endif
