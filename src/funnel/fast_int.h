/*
 * fast_int.h - the funnel over segments, many touches at a time.
 *
 * What it is:   private to funnel/. The plain funnels, answered from the columns of segments: steps
 *               that are sets of touch names (of some names also by a value, as stages are), in
 *               order, any entry, each touch used once, touches of one instant in any order. What
 *               is counted has to be the segments' own subject. Whoever asks translates words into
 *               the codes of each segment, and says which subjects and touches are not to be looked
 *               at: those that moved since a segment was keyed, hidden ones.
 * Promises:     exactly the answer of chain_ordered() or lifecycle_chain() over the same touches;
 *               the same from any instruction set, number of threads and cut into segments.
 * Data from:    segments; what they say is checked again where it leads to an array. Cold ones are
 *               read too, at the cost of unpacking them.
 * Threads:      starts its own; a question and its segments are read by all of them.
 */
#ifndef TRICHTER_FAST_INT_H
#define TRICHTER_FAST_INT_H

#include "archive/segment.h"
#include "funnel/chain_int.h"

#include <stdatomic.h>

#define FAST_THREADS_MAX  64
#define FAST_SEGMENTS_MAX 4096
#define FAST_NO_GROUP	  UINT32_MAX

/* What a touch of one name fills. */
struct fast_name {
	uint32_t steps; /* bit k: step k, whatever else it says */
	/* The touch also fills by_value[code of `value`]; NULL: it does not. */
	const uint32_t *by_value;
};

/* One segment, and what the question's words are in it. Columns and their tables may be shared. */
struct fast_segment {
	const struct segment *segment;
	const struct fast_name *names; /* by code; as many as the segment has */
	/* The property of by_value[]; NULL: no name looks at one. by_value[0] is for touches
	 * without it, so there are values_n + 1. */
	const struct column *value;
	size_t values_n; /* as segment_property has it */
	/* The column that tells the group, and the group of each of its codes; NULL: the question
	 * has no such groups, or no touch of the segment has a value: then it is group_none. */
	const struct column *group;
	const uint32_t *group_of;
	size_t group_codes_n; /* items of group_of: segment_origins(), or values_n + 1 */
	/* A bit for each row: touches that are passed over. (rows + 63) / 64 words; NULL: none. */
	const uint64_t *hidden;
};

/* Bit n % 64 of word n / 64 stands for subject n; subjects behind `n` are not in it. */
struct fast_set {
	const uint64_t *bits;
	uint64_t n;
};

enum fast_grouping {
	FAST_UNGROUPED,
	FAST_BY_STEP, /* by the code of the touch that the reported chain has for step `of_step` */
	FAST_BY_LAST, /* by that of its last touch */
	FAST_BY_SUBJECT, /* by a number for each subject */
};

/* What became of one subject; valid during the call. */
struct fast_subject {
	uint64_t subject;
	uint32_t group;
	size_t level;
	/* Of the reported chain, by step: `level` of each. In the lifecycle by row, and of a stage
	 * that was passed over `row` is UINT64_MAX. */
	const int64_t *at_us;
	const uint32_t *segment; /* number in the list */
	const uint64_t *row;	 /* of its touches */
};
/* Called by several threads at once, each with a number below FAST_THREADS_MAX of its own; in no
 * order between threads. Subjects of level 0 are not told. False ends the question: `e` says why.
 */
typedef bool (*fast_each)(void *arg, unsigned worker, const struct fast_subject *s, err *e);

struct fast_question {
	const struct fast_segment *segments;
	size_t segments_n;
	/* steps, window, period, clip: as the engine has them. In the lifecycle the stages, and no
	 * window. */
	const struct chain_rules *rules;
	bool until_given; /* nothing at or after until_us counts */
	int64_t until_us;
	bool lifecycle, in_order;
	struct fast_set only; /* the subjects that count; bits NULL: all */
	struct fast_set skip; /* passed over: somebody else counts them; bits NULL: none */
	enum fast_grouping grouping;
	size_t of_step; /* from 1 */
	size_t groups_n;
	uint32_t group_none;	       /* of those without a value */
	const uint32_t *subject_group; /* FAST_BY_SUBJECT, by number; FAST_NO_GROUP: group_none */
	uint64_t subject_groups_n;
	bool out_of_order; /* also count who has every step within the window, but not in order */
	fast_each each;	   /* NULL: counts alone, which is quicker */
	void *arg;
	unsigned threads;		/* 0: one for each core */
	size_t bytes_max;		/* of working memory, all threads together; 0: 1 GiB */
	uint64_t batch_touches;		/* 0: as many as suit a core's cache; tests make it few */
	const atomic_bool *stop;	/* set from outside to end early, with ERR_BUSY; or NULL */
	_Atomic uint64_t *touches_done; /* counts up while it works; or NULL */
};

struct fast_answer {
	uint64_t count[FUNNEL_STEPS_MAX];   /* subjects that came at least so far, by row */
	uint64_t skipped[FUNNEL_STEPS_MAX]; /* lifecycle: of them, who passed the row over */
	/* groups_n rows of FUNNEL_STEPS_MAX, in the caller's storage, added to; NULL: ungrouped. */
	uint64_t *group_count;
	uint64_t out_of_order;
	uint64_t touches; /* that were looked at */
	/* Subjects that are left to the caller, rising, in memory of the answer: touches of several
	 * segments at one instant decide between two chains of theirs, and only whole touches tell
	 * which comes first. They are in no count. */
	uint64_t *left;
	size_t left_n;
};

/* True when the rules are those that it knows. (Whether the steps are names is the caller's.) */
bool fast_can(const struct chain_rules *rules, bool lifecycle);
/* ERR_CORRUPT, ERR_LIMIT, ERR_NOMEM, ERR_BUSY when stopped. fast_answer_fini in any case. */
bool fast_run(const struct fast_question *q, struct fast_answer *r, err *e) MUST_CHECK;
void fast_answer_fini(struct fast_answer *r);

/* The instruction sets, for tests and for comparing them; all answer the same. */
enum fast_isa { FAST_PLAIN, FAST_AVX2, FAST_AVX512, FAST_ISAS_N };
bool fast_isa_has(enum fast_isa isa);
/* The best that the processor has, unless the environment says TRICHTER_ISA=plain|avx2|avx512. */
enum fast_isa fast_isa_used(void);
/* For tests: from now on this one. FAST_ISAS_N: the best again. */
void fast_isa_force(enum fast_isa isa);

#endif
