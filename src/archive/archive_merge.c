/*
 * archive_merge.c - several segments as one.
 *
 * What it is:   which segments are to become one, and the merging itself: each input is read in its
 *               order; touches whose subject is another one by now are sorted beside it and merged
 *               in, so that the result is in the order of today's subjects.
 * Promises:     size-tiered, within a calendar year and within an import: four segments of about
 *               the same size become one of the next size, up to MERGED_MAX touches. So a touch is
 *               written once for each of the sizes from a seal's (half a million) to MERGED_MAX:
 *               at most six times for the smallest seals of 16,384, and there are at most three
 *               segments of each size and year beside the full ones. While a merge runs, its result
 *               stands beside its inputs: at most MERGED_MAX touches more on disk.
 * Threads:      shares nothing; never the writer's.
 */
#include "archive/archive.h"

#include "base/mem.h"
#include "base/time.h"

#include <stdlib.h>

#define SMALLEST    UINT64_C(65536) /* below, all are of one size */
#define SIZE_FACTOR 4
#define MERGE_FAN   4
#define MERGED_MAX  (UINT64_C(1) << 26)
#define STOP_EVERY  4096

/* ---- which ----------------------------------------------------------------------------------- */

static unsigned size_class(uint64_t touches)
{
	unsigned class = 0;
	for (uint64_t size = SMALLEST; size <= touches && class < 40; size *= SIZE_FACTOR)
		class ++;
	return class;
}

static int year_of(int64_t at_us)
{
	int year, month, day;
	time_civil_from_days(at_us / US_PER_DAY - (at_us % US_PER_DAY < 0), &year, &month, &day);
	return year;
}

static bool alike(const struct segment_info *a, const struct segment_info *b)
{
	return size_class(a->touches) == size_class(b->touches) && a->import == b->import &&
	       year_of(a->at_min_us) == year_of(b->at_min_us);
}

/* Those like the one at `from`, as many as fit into one. */
static size_t choose_like(const struct segment_list *l, size_t from,
			  size_t places[ARCHIVE_MERGE_MAX])
{
	const struct segment_info *first = segment_info(l->items[from]);
	uint64_t touches = 0;
	size_t n = 0;
	for (size_t i = from; i < l->n && n < ARCHIVE_MERGE_MAX; i++) {
		const struct segment_info *info = segment_info(l->items[i]);
		if (!alike(first, info) || touches + info->touches > MERGED_MAX)
			continue;
		touches += info->touches;
		places[n++] = i;
	}
	return n >= MERGE_FAN ? n : 0;
}

size_t archive_merge_choose(const struct segment_list *l, size_t places[ARCHIVE_MERGE_MAX])
{
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < l->n; i++) {
		if (choose_like(l, i, places) == 0)
			continue;
		if (best == SIZE_MAX ||
		    segment_info(l->items[i])->touches < segment_info(l->items[best])->touches)
			best = i;
	}
	return best == SIZE_MAX ? 0 : choose_like(l, best, places);
}

/* ---- whom rows are about --------------------------------------------------------------------- */

/* The rows of a segment one after the other: subject of then, profile. */
struct rows {
	const struct segment *s;
	uint64_t row, rows_n; /* `row` is the next */
	size_t filled;	      /* of the block in memory; 0: none */
	uint64_t block_row;
	uint64_t run, run_end; /* which subject, and where its touches end */
	int64_t subject;
	int64_t person[COLFILE_BLOCK_ROWS], company[COLFILE_BLOCK_ROWS], deal[COLFILE_BLOCK_ROWS];
};

static void rows_init(struct rows *r, const struct segment *s)
{
	r->s = s;
	r->row = r->block_row = r->run = r->run_end = 0;
	r->rows_n = segment_info(s)->touches;
	r->filled = 0;
	r->subject = 0;
}

static bool rows_fill(struct rows *r, err *e)
{
	r->block_row = r->row;
	r->filled = (size_t)MIN(r->rows_n - r->row, (uint64_t)COLFILE_BLOCK_ROWS);
	/* 0: the subject itself; else the profile's number + 1. */
	return column_ints(segment_person(r->s), r->row, r->filled, r->person, e) &&
	       column_ints(segment_company(r->s), r->row, r->filled, r->company, e) &&
	       column_ints(segment_deal(r->s), r->row, r->filled, r->deal, e);
}

/* *row_r UINT64_MAX: there are no more. */
static bool rows_next(struct rows *r, uint64_t *row_r, uint64_t *subject_r, uint64_t *profile_r,
		      err *e)
{
	*row_r = UINT64_MAX;
	if (r->row == r->rows_n)
		return true;
	if (r->row >= r->block_row + r->filled && !rows_fill(r, e))
		return false;
	while (r->row == r->run_end) {
		int64_t count;
		if (!column_ints(segment_subject(r->s), r->run, 1, &r->subject, e) ||
		    !column_ints(segment_count(r->s), r->run, 1, &count, e))
			return false;
		r->run_end += (uint64_t)count;
		r->run++;
	}
	size_t i = (size_t)(r->row - r->block_row);
	int64_t person = r->person[i] ? r->person[i] - 1 : r->subject;
	*profile_r = (uint64_t)(person ? person : r->company[i] ? r->company[i] : r->deal[i]);
	*subject_r = (uint64_t)r->subject;
	*row_r = r->row++;
	return true;
}

static uint64_t highest_profile(const struct segment *s)
{
	int64_t a = column_max(segment_person(s)), b = column_max(segment_company(s)),
		c = column_max(segment_deal(s)), d = column_max(segment_subject(s));
	return (uint64_t)MAX(MAX(a, b), MAX(c, MAX(d, INT64_C(0))));
}

static bool mark_profiles(struct rows *r, struct profile_bits *b, err *e)
{
	uint64_t row, subject, profile;
	for (;;) {
		if (!rows_next(r, &row, &subject, &profile, e))
			return false;
		if (row == UINT64_MAX)
			return true;
		if (profile / 64 >= b->n)
			return err_set(e, ERR_CORRUPT, "%s: profile %llu is above the highest",
				       colfile_path(segment_file(r->s)),
				       (unsigned long long)profile);
		b->words[profile / 64] |= UINT64_C(1) << profile % 64;
	}
}

bool archive_profiles(struct segment *const *inputs, size_t n, struct profile_bits *b_r, err *e)
{
	struct profile_bits b = { 0 };
	uint64_t highest = 0;
	for (size_t i = 0; i < n; i++)
		highest = MAX(highest, highest_profile(inputs[i]));
	b.n = (size_t)(highest / 64 + 1);
	b.words = mem_zalloc(b.n, sizeof *b.words);
	struct rows *r = mem_alloc(sizeof *r);
	bool ok = (b.words && r) || err_nomem(e);
	for (size_t i = 0; ok && i < n; i++) {
		rows_init(r, inputs[i]);
		ok = mark_profiles(r, &b, e);
	}
	mem_free(r);
	if (!ok) {
		mem_free(b.words);
		return false;
	}
	*b_r = b;
	return true;
}

/* ---- merging --------------------------------------------------------------------------------- */

/* A touch that belongs to another subject now than when its segment was written. */
struct moved {
	uint64_t subject;
	int64_t at_us;
	uint64_t tie, seq;
	size_t input;
	uint64_t row;
};

/* One of the rows that are merged; the last one is that of those who moved. */
struct stream {
	struct rows *rows; /* NULL: of the moved */
	struct segment_cursor *cursor;
	struct arena arena;
	bool ended;
	uint64_t subject;
	struct touch t;
};

struct merging {
	struct archive_merge *m;
	struct stream streams[ARCHIVE_MERGE_MAX + 1];
	size_t n;
	VEC(struct moved) moved;
	size_t moved_at;
	struct segment_cursor *cursors[ARCHIVE_MERGE_MAX]; /* of the moved */
	struct segment_builder *builder;
	uint64_t added;
};

static bool subject_now(const struct archive_merge *m, uint64_t profile, uint64_t *subject_r,
			err *e)
{
	if (profile >= m->subjects_n && profile != 0)
		return err_set(e, ERR_CORRUPT,
			       "a segment is about profile %llu, which is not known",
			       (unsigned long long)profile);
	*subject_r = profile ? m->subjects[profile] : 0;
	return true;
}

static bool find_moved(struct merging *x, size_t input, struct rows *r, err *e)
{
	struct arena a CLEANUP(arena_fini);
	uint64_t row, then, profile, now = 0;
	arena_init(&a, 64 * MIB);
	rows_init(r, x->m->inputs[input]);
	for (;;) {
		struct touch t;
		if (!rows_next(r, &row, &then, &profile, e))
			return false;
		if (row == UINT64_MAX)
			return true;
		if (!subject_now(x->m, profile, &now, e))
			return false;
		if (now == then)
			continue;
		arena_reset(&a);
		if (!segment_touch(x->cursors[input], row, &a, &t, e))
			return false;
		const struct moved moved = { now, t.at_us, t.tie, t.seq, input, row };
		if (!vec_push(&x->moved, moved))
			return err_nomem(e);
	}
}

static int moved_cmp(const void *x, const void *y)
{
	const struct moved *a = x, *b = y;
	if (a->subject != b->subject)
		return a->subject < b->subject ? -1 : 1;
	if (a->at_us != b->at_us)
		return a->at_us < b->at_us ? -1 : 1;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static bool moved_next(struct merging *x, struct stream *s, err *e)
{
	s->ended = x->moved_at == x->moved.n;
	if (s->ended)
		return true;
	const struct moved *m = &x->moved.items[x->moved_at++];
	s->subject = m->subject;
	arena_reset(&s->arena);
	return segment_touch(x->cursors[m->input], m->row, &s->arena, &s->t, e);
}

static bool stream_next(struct merging *x, struct stream *s, err *e)
{
	uint64_t row, then, profile, now = 0;
	if (!s->rows)
		return moved_next(x, s, e);
	do {
		if (!rows_next(s->rows, &row, &then, &profile, e))
			return false;
		s->ended = row == UINT64_MAX;
		if (s->ended)
			return true;
		if (!subject_now(x->m, profile, &now, e))
			return false;
	} while (now != then);
	s->subject = now;
	arena_reset(&s->arena);
	return segment_touch(s->cursor, row, &s->arena, &s->t, e);
}

static bool begin(struct merging *x, err *e)
{
	struct archive_merge *m = x->m;
	for (size_t i = 0; i < m->n; i++) {
		struct stream *s = &x->streams[x->n++];
		arena_init(&s->arena, 64 * MIB);
		s->rows = mem_alloc(sizeof *s->rows);
		if (!s->rows)
			return err_nomem(e);
		if (!segment_cursor_new(m->inputs[i], &s->cursor, e) ||
		    !segment_cursor_new(m->inputs[i], &x->cursors[i], e) ||
		    !find_moved(x, i, s->rows, e))
			return false;
		rows_init(s->rows, m->inputs[i]);
	}
	if (x->moved.n)
		qsort(x->moved.items, x->moved.n, sizeof *x->moved.items, moved_cmp);
	arena_init(&x->streams[x->n++].arena, 64 * MIB);
	for (size_t i = 0; i < x->n; i++) {
		if (!stream_next(x, &x->streams[i], e))
			return false;
	}
	return true;
}

static struct stream *least(struct merging *x)
{
	struct stream *best = NULL;
	for (size_t i = 0; i < x->n; i++) {
		struct stream *s = &x->streams[i];
		if (s->ended)
			continue;
		if (!best || s->subject < best->subject ||
		    (s->subject == best->subject && touch_cmp(&s->t, &best->t) < 0))
			best = s;
	}
	return best;
}

static bool merge_all(struct merging *x, err *e)
{
	struct archive_merge *m = x->m;
	for (uint64_t i = 0;; i++) {
		struct stream *s = least(x);
		if (!s)
			return true;
		if (i % STOP_EVERY == 0 && m->stopped && m->stopped(m->stopped_arg))
			return err_set(e, ERR_BUSY, "merging was stopped");
		bool dropped = m->drops && m->drops(m->arg, &s->t);
		m->dropped += dropped;
		x->added += !dropped;
		if ((!dropped && !segment_add(x->builder, s->subject, &s->t, e)) ||
		    !stream_next(x, s, e))
			return false;
	}
}

static void merging_fini(struct merging *x)
{
	for (size_t i = 0; i < x->n; i++) {
		mem_free(x->streams[i].rows);
		segment_cursor_free(&x->streams[i].cursor);
		arena_fini(&x->streams[i].arena);
	}
	for (size_t i = 0; i < x->m->n; i++)
		segment_cursor_free(&x->cursors[i]);
	vec_free(&x->moved);
	segment_abort(&x->builder);
	mem_free(x);
}

bool archive_merge_run(struct archive_merge *m, const struct segment_options *o,
		       struct segment **s_r, err *e)
{
	struct merging *x = mem_zalloc(1, sizeof *x);
	if (!x)
		return err_nomem(e);
	CHECK(m->n <= ARCHIVE_MERGE_MAX);
	x->m = m;
	m->dropped = 0;
	*s_r = NULL;
	bool ok = begin(x, e) && segment_begin_build(o, &x->builder, e) && merge_all(x, e);
	if (ok && x->added)
		ok = segment_finish(&x->builder, s_r, e);
	merging_fini(x);
	return ok;
}
