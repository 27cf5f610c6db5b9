/*
 * segment_cursor_int.h - what a cursor over touches keeps, for the files that move it.
 */
#ifndef TRICHTER_SEGMENT_CURSOR_INT_H
#define TRICHTER_SEGMENT_CURSOR_INT_H

#include "archive/segment_int.h"

struct seq_row {
	uint64_t seq, row;
};
struct segment_cursor {
	const struct segment *s;
	struct ints_cursor numbers[COL_NUMBERS];
	struct texts_cursor id;
	struct props_cursor props;
	/* The loaded block of subjects: who they are, and where the touches of each end. */
	size_t subject_block, subjects_n, subject_i;
	int64_t *subjects, *ends;
	/* A slice of the rows in order of seq: segment_order.c */
	VEC(struct seq_row) order;
	uint64_t order_from;		    /* which of all rows its first is */
	uint64_t slice, slices, slice_seqs; /* slice i holds seqs from seq_min + i * slice_seqs */
};
bool cursor_subject(struct segment_cursor *c, uint64_t row, uint64_t *subject_r, err *e) MUST_CHECK;
bool cursor_message_id(struct segment_cursor *c, uint64_t row, unsigned flags, struct arena *a,
		       str *id_r, err *e) MUST_CHECK;

#endif
