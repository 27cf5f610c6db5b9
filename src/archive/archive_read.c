/*
 * archive_read.c - touches of many segments in the order of their numbers.
 *
 * What it is:   segments are sorted by subject and time, so the touches of one stretch of numbers
 *               lie all over them. They are read in windows of numbers: of each segment the rows in
 *               the window, in the order of the rows, and from the window in order of seq.
 * Workload:     replay, verify, export, undo: all of it, once. One or few touches by number.
 * Promises:     a block is unpacked once for each window, whatever the order in it. Memory is the
 *               window's: it shrinks when its touches are large.
 * Threads:      a walk belongs to one thread.
 */
#include "archive/archive.h"

#include "base/mem.h"

#include <string.h>

#define WINDOW_MAX   ((uint64_t)1 << 19)
#define WINDOW_MIN   ((uint64_t)1 << 12)
#define FILTER_BITS  ((size_t)1 << 16)
#define WINDOW_PARTS 16 /* of all that is to be read, when that is more than the least */

/* ---- which rows ------------------------------------------------------------------------------ */

/* Rows of one block whose numbers are wanted. */
struct gathered {
	uint32_t segment; /* place in the list */
	size_t block;
	uint64_t first_row; /* of the block */
	size_t n;
	const uint32_t *at; /* in the block, rising */
	const int64_t *seqs;
};
typedef bool (*gathered_fn)(void *arg, const struct gathered *g, err *e);

struct gathering {
	const struct segment_list *list;
	uint64_t lo, hi;
	const uint64_t *only; /* NULL: all of them; else these numbers, which rise */
	size_t only_n;
	uint64_t filter[FILTER_BITS / 64]; /* of `only`: most others are told apart by a look */
	gathered_fn each;
	void *arg;
	int64_t seqs[COLFILE_BLOCK_ROWS];
	int64_t hits[COLFILE_BLOCK_ROWS];
	uint32_t at[COLFILE_BLOCK_ROWS];
};

static size_t filter_bit(uint64_t seq)
{
	return (size_t)(seq * UINT64_C(0x9E3779B97F4A7C15) >> 48) % FILTER_BITS;
}

static bool is_wanted(const struct gathering *g, uint64_t seq)
{
	if (seq < g->lo || seq > g->hi)
		return false;
	size_t bit = filter_bit(seq);
	if (g->only && !(g->filter[bit / 64] >> bit % 64 & 1))
		return false;
	size_t low = 0, high = g->only_n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (g->only[mid] < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return !g->only || (low < g->only_n && g->only[low] == seq);
}

static bool gather_block(struct gathering *g, uint32_t segment, size_t block, size_t rows, err *e)
{
	const struct column *c = segment_seq(g->list->items[segment]);
	struct gathered out = { .segment = segment,
				.block = block,
				.first_row = block * COLFILE_BLOCK_ROWS,
				.at = g->at,
				.seqs = g->hits };
	if (!column_ints(c, out.first_row, rows, g->seqs, e))
		return false;
	for (size_t i = 0; i < rows; i++) {
		if (!is_wanted(g, (uint64_t)g->seqs[i]))
			continue;
		g->at[out.n] = (uint32_t)i;
		g->hits[out.n++] = g->seqs[i];
	}
	return out.n == 0 || g->each(g->arg, &out, e);
}

static bool gather(struct gathering *g, err *e)
{
	for (uint32_t i = 0; i < g->list->n; i++) {
		const struct segment *s = g->list->items[i];
		const struct segment_info *info = segment_info(s);
		const struct column *c = segment_seq(s);
		if (info->seq_min > g->hi || info->seq_max < g->lo)
			continue;
		for (size_t k = 0; k < column_blocks(c); k++) {
			struct column_block b;
			column_peek(c, k, &b);
			if ((uint64_t)b.min > g->hi || (uint64_t)b.max < g->lo)
				continue;
			if (!gather_block(g, i, k, b.rows, e))
				return false;
		}
	}
	return true;
}

/* ---- windows --------------------------------------------------------------------------------- */

struct archive_walk {
	struct segment_list list;
	uint64_t from_seq, to_seq; /* what is left to be read: from_seq is the window's next */
	bool heads;
	struct arena arena;
	uint64_t lo, hi; /* the window; lo > hi: none */
	uint64_t width;
	uint64_t at; /* next place in it */
	struct touch **touches;
	struct archive_head *items;
	struct segment_cursor **cursors;
	struct gathering *g;
	VEC(int64_t) values; /* columns of a block, for heads */
};

static uint64_t width_for(const struct segment_list *l, uint64_t from_seq, uint64_t to_seq)
{
	uint64_t touches = 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct segment_info *info = segment_info(l->items[i]);
		if (info->seq_min <= to_seq && info->seq_max >= from_seq)
			touches += info->touches;
	}
	uint64_t width = MIN(MAX(touches / WINDOW_PARTS, WINDOW_MIN), WINDOW_MAX);
	return MIN(width, to_seq - from_seq + 1);
}

static bool walk_new(const struct segment_list *l, uint64_t from_seq, uint64_t to_seq, bool heads,
		     struct archive_walk **w_r, err *e)
{
	struct archive_walk *w = mem_zalloc(1, sizeof *w);
	if (!w)
		return err_nomem(e);
	w->list = *l;
	w->from_seq = MAX(from_seq, UINT64_C(1));
	w->to_seq = MIN(to_seq, (uint64_t)INT64_MAX);
	w->heads = heads;
	w->lo = 1;
	arena_init(&w->arena, WALK_BYTES_MAX);
	if (w->from_seq <= w->to_seq)
		w->width = width_for(l, w->from_seq, w->to_seq);
	w->cursors = mem_zalloc(l->n, sizeof(struct segment_cursor *));
	w->g = mem_alloc(sizeof *w->g);
	if (!w->cursors || !w->g) {
		archive_walk_free(&w);
		return err_nomem(e);
	}
	*w_r = w;
	return true;
}

bool archive_walk_new(const struct segment_list *l, uint64_t from_seq, uint64_t to_seq,
		      struct archive_walk **w_r, err *e)
{
	return walk_new(l, from_seq, to_seq, false, w_r, e);
}

bool archive_heads_new(const struct segment_list *l, uint64_t from_seq, uint64_t to_seq,
		       struct archive_walk **w_r, err *e)
{
	return walk_new(l, from_seq, to_seq, true, w_r, e);
}

void archive_walk_free(struct archive_walk **wp)
{
	struct archive_walk *w = *wp;
	if (!w)
		return;
	for (size_t i = 0; w->cursors && i < w->list.n; i++)
		segment_cursor_free(&w->cursors[i]);
	mem_free(w->cursors);
	mem_free(w->g);
	vec_free(&w->values);
	arena_fini(&w->arena);
	mem_free(w);
	*wp = NULL;
}

static bool cursor_of(struct archive_walk *w, uint32_t segment, struct segment_cursor **c_r, err *e)
{
	if (!w->cursors[segment] &&
	    !segment_cursor_new(w->list.items[segment], &w->cursors[segment], e))
		return false;
	*c_r = w->cursors[segment];
	return true;
}

static bool take_touches(void *arg, const struct gathered *g, err *e)
{
	struct archive_walk *w = arg;
	struct segment_cursor *c;
	if (!cursor_of(w, g->segment, &c, e))
		return false;
	for (size_t i = 0; i < g->n; i++) {
		struct touch *t = ARENA_NEW(&w->arena, struct touch);
		if (!t)
			return arena_err(&w->arena, e);
		if (!segment_touch(c, g->first_row + g->at[i], &w->arena, t, e))
			return false;
		w->touches[(uint64_t)g->seqs[i] - w->lo] = t;
	}
	return true;
}

enum {
	HEAD_AT,
	HEAD_NAME,
	HEAD_PERSON,
	HEAD_COMPANY,
	HEAD_DEAL,
	HEAD_IMPORT,
	HEAD_CAUSE,
	HEAD_COLUMNS,
	HEAD_SUBJECT = HEAD_COLUMNS,
	HEAD_N
};

/* The last block of subjects that begins at or before a row. */
static size_t subject_block(const struct segment *s, uint64_t row)
{
	size_t low = 0, high = column_blocks(segment_subject(s));
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		if (segment_begin(s, mid) <= row)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* Whose each of these rows is, as the segment is sorted. */
static bool subjects_of_rows(const struct segment *s, uint64_t first_row, size_t rows, int64_t *out,
			     err *e)
{
	size_t block = subject_block(s, first_row);
	uint64_t at = block * COLFILE_BLOCK_ROWS, row = segment_begin(s, block);
	while (row < first_row + rows) {
		int64_t subject, count;
		if (!column_ints(segment_subject(s), at, 1, &subject, e) ||
		    !column_ints(segment_count(s), at, 1, &count, e))
			return false;
		for (at++; count > 0 && row < first_row + rows; count--, row++) {
			if (row >= first_row)
				out[row - first_row] = subject;
		}
	}
	return true;
}

static bool take_heads(void *arg, const struct gathered *g, err *e)
{
	struct archive_walk *w = arg;
	const struct segment *s = w->list.items[g->segment];
	const struct column *columns[HEAD_COLUMNS] = { segment_at(s),	  segment_name(s),
						       segment_person(s), segment_company(s),
						       segment_deal(s),	  segment_import(s),
						       segment_cause(s) };
	size_t rows = g->at[g->n - 1] + 1;
	int64_t *v = w->values.items;
	for (size_t k = 0; k < HEAD_COLUMNS; k++) {
		if (!column_ints(columns[k], g->first_row, rows, v + k * COLFILE_BLOCK_ROWS, e))
			return false;
	}
	if (!subjects_of_rows(s, g->first_row, rows, v + HEAD_SUBJECT * COLFILE_BLOCK_ROWS, e))
		return false;
	for (size_t i = 0; i < g->n; i++) {
		const int64_t *row = v + g->at[i];
#define OF(k) ((uint64_t)row[(k)*COLFILE_BLOCK_ROWS])
		w->items[(uint64_t)g->seqs[i] - w->lo] = (struct archive_head){
			.seq = (uint64_t)g->seqs[i],
			.at_us = row[HEAD_AT * COLFILE_BLOCK_ROWS],
			.name = segment_name_text(s, (size_t)OF(HEAD_NAME)),
			.person = OF(HEAD_PERSON) ? OF(HEAD_PERSON) - 1 : OF(HEAD_SUBJECT),
			.company = OF(HEAD_COMPANY),
			.deal = OF(HEAD_DEAL),
			.import = OF(HEAD_IMPORT),
			.cause = OF(HEAD_CAUSE),
			.segment = g->segment,
			.row = g->first_row + g->at[i],
		};
#undef OF
	}
	return true;
}

/* The next number that any segment may have. */
static uint64_t next_seq(const struct archive_walk *w)
{
	uint64_t next = UINT64_MAX;
	for (size_t i = 0; i < w->list.n; i++) {
		const struct segment_info *info = segment_info(w->list.items[i]);
		if (info->seq_max >= w->from_seq)
			next = MIN(next, MAX(info->seq_min, w->from_seq));
	}
	return next;
}

static bool window_fill(struct archive_walk *w, err *e)
{
	uint64_t n = w->hi - w->lo + 1;
	arena_reset(&w->arena);
	w->g->list = &w->list;
	w->g->lo = w->lo;
	w->g->hi = w->hi;
	w->g->only = NULL;
	w->g->only_n = 0;
	w->g->arg = w;
	if (!w->heads) {
		w->touches = ARENA_ARRAY(&w->arena, struct touch *, n);
		w->g->each = take_touches;
		return w->touches ? gather(w->g, e) : arena_err(&w->arena, e);
	}
	w->items = ARENA_ARRAY(&w->arena, struct archive_head, n);
	w->g->each = take_heads;
	if (!w->items)
		return arena_err(&w->arena, e);
	if (!vec_reserve(&w->values, HEAD_N * COLFILE_BLOCK_ROWS))
		return err_nomem(e);
	return gather(w->g, e);
}

/* The next window that is not empty for certain; *more_r false: there is none. What does not fit
 * into memory is tried again with half as much. */
static bool window_next(struct archive_walk *w, bool *more_r, err *e)
{
	uint64_t lo = next_seq(w);
	*more_r = lo <= w->to_seq;
	if (!*more_r)
		return true;
	for (;;) {
		err why = { 0 };
		w->lo = w->at = lo;
		w->hi = MIN(w->to_seq, lo + w->width - 1);
		if (window_fill(w, &why))
			break;
		w->lo = 1;
		w->hi = 0;
		if (why.code != ERR_LIMIT || w->width == 1) {
			if (e)
				*e = why;
			return false;
		}
		w->width /= 2;
	}
	w->from_seq = w->hi + 1;
	return true;
}

/* The place of the next touch in the window; *found_r false: none up to `upto`. */
static bool walk_to(struct archive_walk *w, uint64_t upto, bool *found_r, err *e)
{
	*found_r = false;
	for (;;) {
		for (; w->at <= w->hi && w->at <= upto && w->lo <= w->hi; w->at++) {
			uint64_t i = w->at - w->lo;
			if (w->heads ? w->items[i].seq != 0 : w->touches[i] != NULL) {
				*found_r = true;
				return true;
			}
		}
		bool more = true;
		if (w->lo <= w->hi && w->at <= w->hi)
			return true;
		if (next_seq(w) > MIN(upto, w->to_seq))
			return true;
		if (!window_next(w, &more, e))
			return false;
		if (!more)
			return true;
	}
}

bool archive_walk_next(struct archive_walk *w, uint64_t upto, const struct touch **t_r, err *e)
{
	bool found;
	*t_r = NULL;
	if (!walk_to(w, upto, &found, e))
		return false;
	if (found)
		*t_r = w->touches[w->at++ - w->lo];
	return true;
}

bool archive_heads_next(struct archive_walk *w, uint64_t upto, const struct archive_head **h_r,
			err *e)
{
	bool found;
	*h_r = NULL;
	if (!walk_to(w, upto, &found, e))
		return false;
	if (found)
		*h_r = &w->items[w->at++ - w->lo];
	return true;
}

bool archive_head_touch(struct archive_walk *w, const struct archive_head *h, struct arena *a,
			struct touch *t_r, err *e)
{
	struct segment_cursor *c;
	return cursor_of(w, h->segment, &c, e) && segment_touch(c, h->row, a, t_r, e);
}

/* ---- some, by number ------------------------------------------------------------------------- */

struct picking {
	const struct segment_list *list;
	struct arena *a;
	struct touch **found;
	const uint64_t *seqs;
	size_t n;
};

static bool take_picked(void *arg, const struct gathered *g, err *e)
{
	struct picking *p = arg;
	struct segment_cursor *c;
	if (!segment_cursor_new(p->list->items[g->segment], &c, e))
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < g->n; i++) {
		struct touch *t = ARENA_NEW(p->a, struct touch);
		size_t low = 0, high = p->n;
		while (low < high) {
			size_t mid = low + (high - low) / 2;
			if (p->seqs[mid] < (uint64_t)g->seqs[i])
				low = mid + 1;
			else
				high = mid;
		}
		ok = t ? segment_touch(c, g->first_row + g->at[i], p->a, t, e) : arena_err(p->a, e);
		p->found[low] = t;
	}
	segment_cursor_free(&c);
	return ok;
}

bool archive_pick(const struct segment_list *l, const uint64_t *seqs, size_t n, struct arena *a,
		  archive_touch_fn each, void *arg, err *e)
{
	if (n == 0 || l->n == 0)
		return true;
	struct picking p = { .list = l, .a = a, .seqs = seqs, .n = n };
	struct gathering *g = mem_alloc(sizeof *g);
	p.found = ARENA_ARRAY(a, struct touch *, n);
	if (!g || !p.found) {
		mem_free(g);
		return p.found ? err_nomem(e) : arena_err(a, e);
	}
	g->list = l;
	g->lo = seqs[0];
	g->hi = seqs[n - 1];
	g->only = seqs;
	g->only_n = n;
	memset(g->filter, 0, sizeof g->filter);
	for (size_t i = 0; i < n; i++)
		g->filter[filter_bit(seqs[i]) / 64] |= UINT64_C(1) << filter_bit(seqs[i]) % 64;
	g->each = take_picked;
	g->arg = &p;
	bool ok = gather(g, e);
	mem_free(g);
	for (size_t i = 0; ok && i < n; i++) {
		if (p.found[i] && !each(arg, p.found[i]))
			break;
	}
	return ok;
}
