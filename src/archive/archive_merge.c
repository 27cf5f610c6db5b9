/*
 * archive_merge.c - several segments as one.
 *
 * What it is:   which segments are to become one; and whose touches belong to another subject by
 *               now, or go, so that segment_merge copies all others as they are.
 * Promises:     size-tiered, within a calendar year and within an import: four segments of about
 *               the same size become one of the next size, up to MERGED_MAX touches. So a touch is
 *               written once for each of the sizes from a seal's (half a million) to MERGED_MAX:
 *               at most six times for the smallest seals of 16,384, and there are at most three
 *               segments of each size and year beside the full ones. While a merge runs, its result
 *               stands beside its inputs: at most MERGED_MAX touches more on disk.
 * Threads:      shares nothing; never the writer's.
 */
#include "archive/archive.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/time.h"

#include <stdio.h>

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

struct merging {
	struct archive_merge *m;
	const char *path;
	struct map64 concerned; /* subjects of which some touch moves or goes */
	bool failed;
	err *e;
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

static bool is_stopped(const struct archive_merge *m, uint64_t row)
{
	return row % STOP_EVERY == 0 && m->stopped && m->stopped(m->stopped_arg);
}

/* Whole touches are looked at only where some may go. */
static bool find_concerned(struct merging *x, const struct segment *s, struct rows *r, err *e)
{
	struct arena a CLEANUP(arena_fini);
	struct segment_cursor *c = NULL;
	uint64_t row, then, profile, now = 0;
	arena_init(&a, 64 * MIB);
	rows_init(r, s);
	bool ok = !x->m->drops || segment_cursor_new(s, &c, e);
	while (ok) {
		struct touch t;
		bool goes = false;
		ok = rows_next(r, &row, &then, &profile, e);
		if (!ok || row == UINT64_MAX)
			break;
		ok = subject_now(x->m, profile, &now, e);
		if (ok && is_stopped(x->m, row))
			ok = err_set(e, ERR_BUSY, "merging was stopped");
		if (ok && x->m->drops) {
			arena_reset(&a);
			ok = segment_touch(c, row, &a, &t, e);
			goes = ok && x->m->drops(x->m->arg, &t);
		}
		if (ok && (goes || now != then) && !map64_put(&x->concerned, then, 1))
			ok = err_nomem(e);
	}
	segment_cursor_free(&c);
	return ok;
}

static enum segment_fate ask_subject(void *arg, const struct segment *s, uint64_t subject,
				     uint64_t *now_r)
{
	const struct merging *x = arg;
	uint64_t ignored;
	(void)s;
	(void)now_r;
	return map64_get(&x->concerned, subject, &ignored) ? FATE_EACH : FATE_KEEP;
}

static enum segment_fate ask_touch(void *arg, const struct segment *s, const struct touch *t,
				   uint64_t *now_r)
{
	struct merging *x = arg;
	uint64_t profile = t->person ? t->person : t->company ? t->company : t->deal;
	(void)s;
	if (x->m->drops && x->m->drops(x->m->arg, t)) {
		x->m->dropped++;
		return FATE_DROP;
	}
	x->failed |= !subject_now(x->m, profile, now_r, x->e);
	return FATE_MOVE;
}

static bool goes_on(void *arg, uint64_t touches)
{
	const struct merging *x = arg;
	(void)touches;
	return !x->failed && !(x->m->stopped && x->m->stopped(x->m->stopped_arg));
}

static bool path_of(void *arg, int year, char *path, size_t path_max, err *e)
{
	const struct merging *x = arg;
	(void)year; /* all inputs are of one */
	return snprintf(path, path_max, "%s", x->path) < (int)path_max ||
	       err_set(e, ERR_INVALID, "the path of the data directory is too long");
}

static bool merge(struct merging *x, const struct segment_options *o, struct segment **s_r, err *e)
{
	struct segment **out = NULL;
	size_t n = 0;
	const struct segment_merge_options mo = { .fs = o->fs,
						  .cold = o->cold,
						  .keyed_seq = o->keyed_seq,
						  .arg = x,
						  .subject = ask_subject,
						  .touch = ask_touch,
						  .path = o->path ? path_of : NULL,
						  .progress = goes_on };
	err why = { 0 };
	if (!segment_merge(x->m->inputs, x->m->n, &mo, &out, &n, &why)) {
		if (x->failed)
			return false;
		if (why.code == ERR_CONFLICT)
			return err_set(e, ERR_BUSY, "merging was stopped");
		if (e)
			*e = why;
		return false;
	}
	CHECK(n <= 1);
	*s_r = n ? out[0] : NULL;
	mem_free(out);
	return true;
}

bool archive_merge_run(struct archive_merge *m, const struct segment_options *o,
		       struct segment **s_r, err *e)
{
	struct merging x = { .m = m, .path = o->path, .e = e };
	struct rows *r = mem_alloc(sizeof *r);
	if (!r)
		return err_nomem(e);
	CHECK(m->n <= ARCHIVE_MERGE_MAX);
	m->dropped = 0;
	*s_r = NULL;
	bool ok = true;
	for (size_t i = 0; ok && i < m->n; i++)
		ok = find_concerned(&x, m->inputs[i], r, e);
	mem_free(r);
	ok = ok && merge(&x, o, s_r, e);
	map64_fini(&x.concerned);
	return ok;
}
