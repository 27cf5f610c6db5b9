/*
 * segment_order.c - rows by subject, and rows in order of seq.
 *
 * What it is:   finding a subject is a search over blocks of subjects. The order of seq is made in
 *               slices of a few million rows, so that a large segment costs a pass over one column
 *               for each slice, and not memory for all of it.
 * Threads:      segment_find: any; the rest as its cursor.
 */
#include "archive/segment_cursor_int.h"

#include "base/mem.h"

#include <stdlib.h>

#define SLICE_ROWS ((uint64_t)4 << 20)

/* ---- a subject ------------------------------------------------------------------------------- */

/* The last block that begins at or before the subject. */
static size_t subject_block(const struct column *c, uint64_t subject)
{
	size_t low = 0, high = column_blocks(c);
	while (high - low > 1) {
		struct column_block b;
		size_t middle = low + (high - low) / 2;
		column_peek(c, middle, &b);
		if ((uint64_t)b.min <= subject)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The first row of the block that is not below the subject. */
static size_t block_seek(const struct column_block *b, const int64_t *unpacked, uint64_t subject)
{
	size_t low = 0, high = b->rows;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int64_t v = unpacked ? unpacked[middle] : block_int(b, middle);
		if ((uint64_t)v < subject)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool sum_counts(const struct segment *s, uint64_t from, size_t n, uint64_t *sum_r, err *e)
{
	int64_t v[512];
	uint64_t sum = 0;
	while (n > 0) {
		size_t take = MIN(n, ARRAY_LEN(v));
		if (!column_ints(s->count, from, take, v, e))
			return false;
		for (size_t i = 0; i < take; i++)
			sum += (uint64_t)v[i];
		from += take;
		n -= take;
	}
	*sum_r = sum;
	return true;
}

/* The subject is number i of the block, when it is there. */
static bool seek(const struct segment *s, size_t block, uint64_t subject, size_t *i_r,
		 bool *found_r, err *e)
{
	struct column_block b;
	int64_t *unpacked = NULL;
	if (!column_block(s->subject, block, &b, e))
		return false;
	if (b.codec == CODEC_COLD) {
		unpacked = mem_alloc(b.rows * sizeof *unpacked);
		if (!unpacked)
			return err_nomem(e);
		if (!block_ints(&b, 0, b.rows, unpacked, e)) {
			mem_free(unpacked);
			return false;
		}
	}
	size_t i = block_seek(&b, unpacked, subject);
	*found_r = i < b.rows && (uint64_t)(unpacked ? unpacked[i] : block_int(&b, i)) == subject;
	*i_r = i;
	mem_free(unpacked);
	return true;
}

bool segment_find(const struct segment *s, uint64_t subject, uint64_t *first_r, size_t *n_r, err *e)
{
	bool found = false;
	size_t i = 0;
	*n_r = 0;
	*first_r = 0;
	if (s->info.subjects == 0 || subject > (uint64_t)column_max(s->subject))
		return true;
	size_t block = subject_block(s->subject, subject);
	if (!seek(s, block, subject, &i, &found, e))
		return false;
	if (!found)
		return true;
	uint64_t before = 0, n = 0, at = (uint64_t)block * COLFILE_BLOCK_ROWS;
	if (!sum_counts(s, at, i, &before, e) || !sum_counts(s, at + i, 1, &n, e))
		return false;
	*first_r = s->begins[block] + before;
	*n_r = (size_t)n;
	return true;
}

/* ---- the order of seq ------------------------------------------------------------------------ */

static int by_seq(const void *a, const void *b)
{
	const struct seq_row *x = a, *y = b;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* Puts each where its seq says, when that is nearly all of them: the usual case, and quick. */
static bool order_by_place(struct segment_cursor *c, uint64_t least, uint64_t span)
{
	size_t n = c->order.n;
	if (span == 0 || span / 2 > n)
		return false;
	uint64_t *rows = mem_alloc((size_t)span * sizeof *rows);
	if (!rows)
		return false;
	for (size_t i = 0; i < span; i++)
		rows[i] = UINT64_MAX;
	bool once = true;
	for (size_t i = 0; i < n && once; i++) {
		uint64_t *place = &rows[c->order.items[i].seq - least];
		once = *place == UINT64_MAX;
		*place = c->order.items[i].row;
	}
	size_t k = 0;
	for (size_t i = 0; once && i < span; i++) {
		if (rows[i] != UINT64_MAX)
			c->order.items[k++] = (struct seq_row){ least + i, rows[i] };
	}
	mem_free(rows);
	return once;
}

static bool gather_block(struct segment_cursor *c, size_t block, uint64_t least, uint64_t most,
			 int64_t *v, err *e)
{
	struct column_block b;
	const struct column *seq = c->s->cols[COL_SEQ];
	column_peek(seq, block, &b);
	if ((uint64_t)b.min > most || (uint64_t)b.max < least)
		return true;
	uint64_t first = (uint64_t)block * COLFILE_BLOCK_ROWS;
	if (!column_ints(seq, first, b.rows, v, e))
		return false;
	for (size_t i = 0; i < b.rows; i++) {
		uint64_t x = (uint64_t)v[i];
		if (x >= least && x <= most &&
		    !vec_push(&c->order, (struct seq_row){ x, first + i }))
			return err_nomem(e);
	}
	return true;
}

/* All rows of the cursor's slice, by seq. */
static bool slice_load(struct segment_cursor *c, uint64_t slice, err *e)
{
	const struct segment_info *info = &c->s->info;
	uint64_t least = info->seq_min + slice * c->slice_seqs;
	uint64_t most = slice + 1 == c->slices ? info->seq_max : least + c->slice_seqs - 1;
	int64_t *v = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *v);
	if (!v)
		return err_nomem(e);
	vec_clear(&c->order);
	c->slice = slice;
	bool ok = true;
	for (size_t i = 0; ok && i < column_blocks(c->s->cols[COL_SEQ]); i++)
		ok = gather_block(c, i, least, most, v, e);
	mem_free(v);
	if (ok && c->order.n > 1 && !order_by_place(c, least, most - least + 1))
		qsort(c->order.items, c->order.n, sizeof *c->order.items, by_seq);
	return ok;
}

static bool order_begin(struct segment_cursor *c, err *e)
{
	const struct segment_info *info = &c->s->info;
	uint64_t span = info->seq_max - info->seq_min;
	c->slices = MIN(info->touches / SLICE_ROWS, span / 2) + 1;
	c->slice_seqs = span / c->slices + 1;
	c->order_from = 0;
	return slice_load(c, 0, e);
}

bool segment_by_seq(struct segment_cursor *c, uint64_t from, size_t n, uint64_t *rows_r, err *e)
{
	uint64_t touches = c->s->info.touches;
	CHECK(from <= touches && n <= touches - from);
	if (n == 0)
		return true;
	if ((c->slices == 0 || from < c->order_from) && !order_begin(c, e))
		return false;
	for (size_t i = 0; i < n;) {
		uint64_t at = from + i - c->order_from;
		if (at < c->order.n) {
			rows_r[i++] = c->order.items[at].row;
			continue;
		}
		if (c->slice + 1 == c->slices)
			return segment_damaged(c->s, "its numbers", e);
		c->order_from += c->order.n;
		if (!slice_load(c, c->slice + 1, e))
			return false;
	}
	return true;
}

static bool scan_for(struct segment_cursor *c, uint64_t seq, uint64_t *row_r, bool *found_r, err *e)
{
	const struct column *col = c->s->cols[COL_SEQ];
	int64_t *v = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *v);
	if (!v)
		return err_nomem(e);
	bool ok = true;
	for (size_t k = 0; ok && !*found_r && k < column_blocks(col); k++) {
		struct column_block b;
		uint64_t first = (uint64_t)k * COLFILE_BLOCK_ROWS;
		column_peek(col, k, &b);
		if (seq < (uint64_t)b.min || seq > (uint64_t)b.max)
			continue;
		ok = column_ints(col, first, b.rows, v, e);
		for (size_t i = 0; ok && !*found_r && i < b.rows; i++) {
			if ((uint64_t)v[i] == seq) {
				*row_r = first + i;
				*found_r = true;
			}
		}
	}
	mem_free(v);
	return ok;
}

bool segment_row_of(struct segment_cursor *c, uint64_t seq, uint64_t *row_r, bool *found_r, err *e)
{
	const struct segment_info *info = &c->s->info;
	*found_r = false;
	if (info->touches == 0 || seq < info->seq_min || seq > info->seq_max)
		return true;
	if (info->touches / SLICE_ROWS > 0)
		return scan_for(c, seq, row_r, found_r, e);
	if (c->slices == 0 && !order_begin(c, e))
		return false;
	size_t low = 0, high = c->order.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (c->order.items[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < c->order.n && c->order.items[low].seq == seq) {
		*row_r = c->order.items[low].row;
		*found_r = true;
	}
	return true;
}
