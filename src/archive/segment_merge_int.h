/*
 * segment_merge_int.h - what the files of merging share.
 */
#ifndef TRICHTER_SEGMENT_MERGE_INT_H
#define TRICHTER_SEGMENT_MERGE_INT_H

#include "archive/segment_cursor_int.h"

/* What an input's codes are in one output; UINT32_MAX: not asked yet. */
struct code_maps {
	uint32_t *names, *origins, *words;
};
/* The output of one calendar year. */
struct merge_out {
	int year;
	int64_t from_us, to_us; /* of the year; to_us is not in it */
	struct segment_builder *b;
	struct segment *done;
	struct code_maps *maps; /* of each input */
};
/* A touch that does not stay where it is, or that is told apart from others of its subject. */
struct moved {
	uint64_t subject, tie, seq, row;
	int64_t at_us;
	size_t input;
};
struct merge_in {
	const struct segment *s;
	struct segment_cursor *c;
	uint8_t *fates; /* of each subject; NULL: all stay */
	/* Where the walk over its subjects is. */
	struct ints_cursor subjects, counts;
	uint64_t i, row; /* number of the subject; its first row */
	uint64_t subject, count;
	bool ended;
	/* Within the subject, when several have it. */
	uint64_t at_row, end_row;
	int64_t at_us;
};
struct merge {
	const struct segment_merge_options *o;
	struct merge_in *in;
	size_t n;
	VEC(struct merge_out) outs;
	size_t out_now; /* SIZE_MAX: none */
	VEC(struct moved) moved;
	size_t moved_i;
	struct arena a;	  /* of one touch */
	int64_t *numbers; /* a block of them */
	uint32_t *codes;
	uint64_t written, told;
};

/* Asks what becomes of each subject, and lists the touches that do not simply stay. */
bool merge_ask(struct merge *m, err *e) MUST_CHECK;
/* Rows of an input that are of one subject now, to the outputs of their years. */
bool merge_copy(struct merge *m, struct merge_in *in, uint64_t row, size_t n, uint64_t subject,
		err *e) MUST_CHECK;
/* The tie of a row, from its message id. */
bool merge_tie(struct merge *m, struct merge_in *in, uint64_t row, uint64_t *tie_r,
	       err *e) MUST_CHECK;
bool merge_copy_moved(struct merge *m, const struct moved *t, err *e) MUST_CHECK;
bool merge_out_for(struct merge *m, int64_t at_us, struct merge_out **out_r, err *e) MUST_CHECK;
/* The next subject that stays; in->ended when there is none. */
bool merge_in_next(struct merge_in *in, err *e) MUST_CHECK;

#endif
