/*
 * fast.h - the fast path over segments, asked directly: to measure it.
 *
 * What it is:   a funnel of touch names over given segments, without a snapshot, rules about people
 *               or anything else that stands around it in funnel_run.
 * Threads:      starts its own.
 */
#ifndef TRICHTER_FAST_H
#define TRICHTER_FAST_H

#include "archive/segment.h"

#define FAST_TRIAL_STEPS  32
#define FAST_TRIAL_GROUPS 64

struct fast_trial {
	struct segment *const *segments;
	size_t segments_n;
	const str *steps; /* touch names */
	size_t steps_n;
	int64_t window_us;	/* INT64_MAX: none */
	int64_t from_us, to_us; /* where chains begin; INT64_MIN, INT64_MAX: anywhere */
	bool by_source;		/* also by the source of the first step's touch in the chain */
	bool by_first_touch; /* ... or of each subject's first touch of step 1, which other systems
				can ask as well; it needs `subjects_n` */
	uint64_t subjects_n; /* all numbers are below */
	const uint64_t *people; /* a bit for each subject that counts; NULL: all */
	uint64_t people_n;
	unsigned threads; /* 0: one for each core */
};
struct fast_trial_group {
	str source; /* in the segment; empty: nowhere known */
	uint64_t count[FAST_TRIAL_STEPS];
};
struct fast_trial_result {
	uint64_t count[FAST_TRIAL_STEPS];
	struct fast_trial_group groups[FAST_TRIAL_GROUPS];
	size_t groups_n;
	uint64_t touches;
};
/* ERR_LIMIT: more sources than FAST_TRIAL_GROUPS; else as reading fails. */
bool fast_trial_run(const struct fast_trial *t, struct fast_trial_result *r, err *e) MUST_CHECK;
/* The instruction set in use: "avx512", ... */
const char *fast_isa_name(void);

#endif
