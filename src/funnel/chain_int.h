/*
 * chain_int.h - the sequence engines: one subject's touches in, the level and the chain out.
 *
 * What it is:   private to funnel/. Three engines over the same array: steps in order (chain.c), in
 *               any order (chain_any.c), and the stages of the lifecycle (lifecycle.c).
 * Promises:     no allocation, no failure; the answer depends on the touches alone.
 * Data from:    funnel_scan.c, sorted there by (at, tie, seq); an index into the array is the total
 *               order.
 * Threads:      share nothing.
 */
#ifndef TRICHTER_CHAIN_INT_H
#define TRICHTER_CHAIN_INT_H

#include "funnel/funnel.h"

#define CHAIN_NONE SIZE_MAX

/* The touches of one subject, in their total order. Which ones: chain_wants. */
struct chain_touch {
	int64_t at_us;
	uint64_t tie, seq; /* with at_us the total order */
	uint32_t mask;	   /* bit k: fills step k (counted from 0); in the lifecycle, stage k */
	uint32_t value;	   /* of the breakdown: the number of its value, or of its two values */
	uint32_t exclude;  /* bit x: meets the x-th exclusion */
	uint32_t hold; /* the number of its values of the properties held; 0: one of them is missing
			*/
};

/* Which steps an exclusion lies between: after step `from`, before step `to`; counted from 0. */
struct chain_span {
	uint8_t from, to;
};

/* All 0 but the first five: the defaults. */
struct chain_rules {
	size_t steps_n; /* 1 to FUNNEL_STEPS_MAX; in the lifecycle, the stages: at most one less */
	int64_t window_us;	/* inclusive, not negative; FUNNEL_WINDOW_NONE */
	int64_t from_us, to_us; /* [from, to): where a chain may begin */
	bool clip;		/* ... and where all of it must lie */
	enum funnel_order order;
	enum funnel_entry entry;
	enum funnel_reuse reuse;
	enum funnel_ties ties;
	int64_t grace_us;
	enum funnel_repeat repeat;
	enum funnel_policy policy;
	bool hold;	   /* a chain has touches of one value of `hold`, and never of 0 */
	bool same_session; /* ... and of one session */
	bool sessions;	   /* each session is counted by itself */
	uint32_t first_ever, optional, anchors; /* bit k: step k is such a one */
	size_t excludes_n;
	struct chain_span excludes[FUNNEL_EXCLUDES_MAX];
	bool has_gaps;
	/* From the step before, inclusive; has_gaps. Without: FUNNEL_GAP_NONE, and 0. */
	int64_t max_gap_us[FUNNEL_STEPS_MAX], min_gap_us[FUNNEL_STEPS_MAX];
};

/* May the touch matter? Whoever collects touches leaves out the others, and no more. */
bool chain_wants(const struct chain_rules *rules, int64_t at_us, uint32_t mask, uint32_t exclude);
/* The one-pass engine of chain.c answers exactly: order ordered, any reuse, ties but a grace, and
 * everything else at its default. */
bool chain_is_simple(const struct chain_rules *rules);
/* Everything at its default. */
bool chain_is_plain(const struct chain_rules *rules);
/* The same of chain_any.c and order any. */
bool chain_is_plain_any(const struct chain_rules *rules);

/* The chain that is reported. In order: touch[i] fills step i. In any order: the touches by time,
 * touch[i] fills step[i]. Lifecycle: row 0 is the visitor, touch[i] is CHAIN_NONE where a stage was
 * passed over. */
struct chain {
	size_t level;
	size_t touch[FUNNEL_STEPS_MAX];
	uint8_t step[FUNNEL_STEPS_MAX];
};

/* The earliest chain of the greatest length: first by the instant at which it was complete, then by
 * the instants of its touches from the first on, then by their places in the total order. */
void chain_ordered(const struct chain_rules *rules, const struct chain_touch *touches, size_t n,
		   struct chain *chain_r);

/* The same with the steps in any order; touches compare by time, then the steps that they fill, the
 * lower the earlier. */
void chain_any(const struct chain_rules *rules, const struct chain_touch *touches, size_t n,
	       struct chain *chain_r);

/* ---- every parameter (sequence.c) ------------------------------------------------------------ */

/* An engine for these rules, with the memory that it needs; one per thread. */
struct sequence;
bool sequence_new(const struct chain_rules *rules, struct sequence **s_r, err *e) MUST_CHECK;
void sequence_free(struct sequence **s);
/* Each chain that counts, level 1 at least: one at most, but with entry `each` one per attempt,
 * with `sessions` one per session. `each` returns false to hear of no more. ERR_NOMEM, or ERR_LIMIT
 * when too many touches lie within a grace of each other. */
typedef bool (*sequence_each)(void *arg, const struct chain *chain);
bool sequence_run(struct sequence *s, const struct chain_touch *touches, size_t n,
		  sequence_each each, void *arg, err *e) MUST_CHECK;
/* The first of them; level 0: none. */
bool sequence_best(struct sequence *s, const struct chain_touch *touches, size_t n,
		   struct chain *chain_r, err *e) MUST_CHECK;

/* The highest row reached: 0 not in the period, 1 visitor, 1 + k the k-th stage. A touch whose mask
 * is 0 is a visit. In order: a stage is reached when it was entered, at some time, at or after the
 * first entry of every earlier stage that was entered at all; otherwise whenever it was entered. */
void lifecycle_chain(const struct chain_rules *rules, bool in_order,
		     const struct chain_touch *touches, size_t n, struct chain *chain_r);

/* True when `at_us` lies no more than the window after `from_us` (from_us <= at_us). */
bool chain_in_window(const struct chain_rules *rules, int64_t from_us, int64_t at_us);

/* The earliest instant at which a chain that is complete at `at_us` may begin. */
int64_t chain_entry_from(const struct chain_rules *rules, int64_t at_us);

/* Cuts the touches to those that may take part: none before the period, with `clip` none after. */
void chain_cut(const struct chain_rules *rules, const struct chain_touch *touches, size_t n,
	       size_t *begin_r, size_t *end_r);

#endif
