/*
 * segment_merge.c - several segments become one for each calendar year.
 *
 * What it is:   a walk over the subjects of all inputs at once. A subject that one input alone has
 *               is copied column by column; where several have it, their rows are told apart by
 *               time, and copied in the runs that this gives.
 * Promises:     streaming: memory for a block a column of each input and output, a byte for each
 *               subject that was asked about, and each touch that moves. Touches come out in order
 *               whatever their inputs' order in time. On failure no file is left.
 * Threads:      one at a time; inputs are shared.
 */
#include "archive/segment_merge_int.h"

#include "base/mem.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>

#define PATH_BYTES_MAX 4096
#define TELL_TOUCHES   ((uint64_t)1 << 18)

/* ---- outputs --------------------------------------------------------------------------------- */

static int year_of(int64_t at_us)
{
	int64_t days = at_us / US_PER_DAY - (at_us % US_PER_DAY < 0);
	int year, month, day;
	time_civil_from_days(days, &year, &month, &day);
	return year;
}

static bool maps_new(struct merge *m, struct merge_out *out, err *e)
{
	out->maps = mem_zalloc(m->n, sizeof *out->maps);
	if (!out->maps)
		return err_nomem(e);
	for (size_t i = 0; i < m->n; i++) {
		const struct segment *s = m->in[i].s;
		size_t all = s->names_n + s->origins_n + s->words_n;
		uint32_t *p = mem_alloc(all * sizeof *p);
		if (!p)
			return err_nomem(e);
		for (size_t k = 0; k < all; k++)
			p[k] = UINT32_MAX;
		out->maps[i] = (struct code_maps){ p, p + s->names_n,
						   p + s->names_n + s->origins_n };
	}
	return true;
}

static bool out_new(struct merge *m, int year, err *e)
{
	char path[PATH_BYTES_MAX];
	struct merge_out out = { .year = year,
				 .from_us = time_days_from_civil(year, 1, 1) * US_PER_DAY,
				 .to_us = time_days_from_civil(year + 1, 1, 1) * US_PER_DAY };
	struct segment_options o = { .fs = m->o->fs,
				     .path = m->o->path ? path : NULL,
				     .cold = m->o->cold,
				     .keyed_seq = m->o->keyed_seq };
	if (!vec_push(&m->outs, out))
		return err_nomem(e);
	struct merge_out *last = &m->outs.items[m->outs.n - 1];
	return (!m->o->path || m->o->path(m->o->arg, year, path, sizeof path, e)) &&
	       segment_begin_build(&o, &last->b, e) && maps_new(m, last, e);
}

bool merge_out_for(struct merge *m, int64_t at_us, struct merge_out **out_r, err *e)
{
	struct merge_out *out = m->out_now < m->outs.n ? &m->outs.items[m->out_now] : NULL;
	if (out && at_us >= out->from_us && at_us < out->to_us) {
		*out_r = out;
		return true;
	}
	/* What lies outside the calendar shares its first and last year. */
	int64_t clamped = MAX(at_us, TIME_MIN_US);
	int year = year_of(MIN(clamped, TIME_MAX_US));
	for (m->out_now = 0; m->out_now < m->outs.n; m->out_now++) {
		if (m->outs.items[m->out_now].year == year)
			break;
	}
	if (m->out_now == SEGMENT_YEARS_MAX)
		m->out_now--;
	if (m->out_now == m->outs.n && !out_new(m, year, e))
		return false;
	*out_r = &m->outs.items[m->out_now];
	return true;
}

/* ---- subjects -------------------------------------------------------------------------------- */

static bool in_load(struct merge_in *in, err *e)
{
	int64_t subject, count;
	in->ended = in->i == in->s->info.subjects;
	if (in->ended)
		return true;
	if (!ints_cursor_get(&in->subjects, in->i, &subject, e) ||
	    !ints_cursor_get(&in->counts, in->i, &count, e))
		return false;
	in->subject = (uint64_t)subject;
	in->count = (uint64_t)count;
	return true;
}

static bool in_skip_others(struct merge_in *in, err *e)
{
	while (!in->ended && in->fates && in->fates[in->i] != FATE_KEEP) {
		in->row += in->count;
		in->i++;
		if (!in_load(in, e))
			return false;
	}
	return true;
}

bool merge_in_next(struct merge_in *in, err *e)
{
	in->row += in->count;
	in->i++;
	return in_load(in, e) && in_skip_others(in, e);
}

/* The least subject that is left; false: none. */
static bool least_subject(const struct merge *m, uint64_t *subject_r, size_t *holders_r,
			  size_t *holder_r)
{
	bool any = false;
	uint64_t least = 0;
	*holders_r = 0;
	for (size_t i = 0; i < m->n; i++) {
		const struct merge_in *in = &m->in[i];
		if (in->ended || (any && in->subject > least))
			continue;
		*holders_r = any && in->subject == least ? *holders_r + 1 : 1;
		*holder_r = i;
		least = in->subject;
		any = true;
	}
	if (m->moved_i < m->moved.n) {
		uint64_t subject = m->moved.items[m->moved_i].subject;
		if (!any || subject <= least)
			*holders_r = 2;
		least = !any ? subject : MIN(least, subject);
		any = true;
	}
	*subject_r = least;
	return any;
}

/* Below which subject nobody but `holder` has any. */
static uint64_t others_from(const struct merge *m, size_t holder)
{
	uint64_t from = UINT64_MAX;
	for (size_t i = 0; i < m->n; i++) {
		if (i != holder && !m->in[i].ended)
			from = MIN(from, m->in[i].subject);
	}
	if (m->moved_i < m->moved.n)
		from = MIN(from, m->moved.items[m->moved_i].subject);
	return from;
}

/* A subject that one input alone has, and those behind it of which that is true as well. */
static bool copy_alone(struct merge *m, size_t holder, err *e)
{
	struct merge_in *in = &m->in[holder];
	uint64_t from = others_from(m, holder);
	do {
		if (!merge_copy(m, in, in->row, (size_t)in->count, in->subject, e) ||
		    !merge_in_next(in, e))
			return false;
	} while (!in->ended && in->subject < from);
	return true;
}

/* ---- one subject of several inputs ----------------------------------------------------------- */

static bool row_load(struct merge_in *in, err *e)
{
	return in->at_row == in->end_row ||
	       ints_cursor_get(&in->c->numbers[COL_AT], in->at_row, &in->at_us, e);
}

/* The next touch of one source, to be compared with those of others. */
struct head {
	struct merge_in *in; /* NULL: the next that moved */
	int64_t at_us;
};

static bool head_order(struct merge *m, const struct head *h, uint64_t *tie_r, uint64_t *seq_r,
		       err *e)
{
	if (!h->in) {
		*tie_r = m->moved.items[m->moved_i].tie;
		*seq_r = m->moved.items[m->moved_i].seq;
		return true;
	}
	int64_t seq;
	if (!ints_cursor_get(&h->in->c->numbers[COL_SEQ], h->in->at_row, &seq, e))
		return false;
	*seq_r = (uint64_t)seq;
	return merge_tie(m, h->in, h->in->at_row, tie_r, e);
}

static bool head_before(struct merge *m, const struct head *a, const struct head *b, bool *before_r,
			err *e)
{
	uint64_t tie_a, tie_b, seq_a, seq_b;
	*before_r = a->at_us < b->at_us;
	if (a->at_us != b->at_us)
		return true;
	if (!head_order(m, a, &tie_a, &seq_a, e) || !head_order(m, b, &tie_b, &seq_b, e))
		return false;
	*before_r = tie_a != tie_b ? tie_a < tie_b : seq_a < seq_b;
	return true;
}

/* The first of all sources; *others_r the least time of the others. */
static bool first_head(struct merge *m, uint64_t subject, struct head *h_r, bool *any_r,
		       int64_t *others_r, err *e)
{
	*any_r = false;
	*others_r = INT64_MAX;
	for (size_t i = 0; i <= m->n; i++) {
		struct head h = { 0 };
		if (i < m->n) {
			h = (struct head){ &m->in[i], m->in[i].at_us };
			if (h.in->at_row == h.in->end_row)
				continue;
		} else {
			if (m->moved_i == m->moved.n ||
			    m->moved.items[m->moved_i].subject != subject)
				continue;
			h.at_us = m->moved.items[m->moved_i].at_us;
		}
		bool before = true;
		if (*any_r && !head_before(m, &h, h_r, &before, e))
			return false;
		if (*any_r)
			*others_r = MIN(*others_r, before ? h_r->at_us : h.at_us);
		if (before)
			*h_r = h;
		*any_r = true;
	}
	return true;
}

/* Copies from one input what comes before all others' next. */
static bool copy_until(struct merge *m, struct merge_in *in, uint64_t subject, int64_t others,
		       err *e)
{
	uint64_t first = in->at_row;
	do {
		in->at_row++;
		if (!row_load(in, e))
			return false;
	} while (in->at_row < in->end_row && in->at_us < others);
	return merge_copy(m, in, first, (size_t)(in->at_row - first), subject, e);
}

static bool copy_together(struct merge *m, uint64_t subject, err *e)
{
	for (size_t i = 0; i < m->n; i++) {
		struct merge_in *in = &m->in[i];
		bool has = !in->ended && in->subject == subject;
		in->at_row = in->row;
		in->end_row = has ? in->row + in->count : in->row;
		if (!row_load(in, e))
			return false;
	}
	for (;;) {
		struct head h = { 0 };
		bool any = false;
		int64_t others = 0;
		if (!first_head(m, subject, &h, &any, &others, e))
			return false;
		if (!any)
			break;
		bool ok = h.in ? copy_until(m, h.in, subject, others, e)
			       : merge_copy_moved(m, &m->moved.items[m->moved_i++], e);
		if (!ok)
			return false;
	}
	for (size_t i = 0; i < m->n; i++) {
		struct merge_in *in = &m->in[i];
		if (!in->ended && in->subject == subject && !merge_in_next(in, e))
			return false;
	}
	return true;
}

static bool tell(struct merge *m, err *e)
{
	if (!m->o->progress || m->written - m->told < TELL_TOUCHES)
		return true;
	m->told = m->written;
	return m->o->progress(m->o->arg, m->written) ||
	       err_set(e, ERR_CONFLICT, "merging was stopped");
}

static bool merge_all(struct merge *m, err *e)
{
	uint64_t subject;
	size_t holders, holder = 0;
	while (least_subject(m, &subject, &holders, &holder)) {
		if (!(holders == 1 ? copy_alone(m, holder, e) : copy_together(m, subject, e)) ||
		    !tell(m, e))
			return false;
	}
	return true;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static bool in_open(struct merge_in *in, const struct segment *s, err *e)
{
	in->s = s;
	ints_cursor_init(&in->subjects, s->subject);
	ints_cursor_init(&in->counts, s->count);
	return segment_cursor_new(s, &in->c, e);
}

static bool merge_begin(struct merge *m, struct segment *const *in, size_t n, err *e)
{
	m->in = mem_zalloc(n, sizeof *m->in);
	m->numbers = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *m->numbers);
	m->codes = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *m->codes);
	if (!m->in || !m->numbers || !m->codes)
		return err_nomem(e);
	m->n = n;
	for (size_t i = 0; i < n; i++) {
		if (!in_open(&m->in[i], in[i], e))
			return false;
	}
	if (!merge_ask(m, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct merge_in *x = &m->in[i];
		if (!in_load(x, e) || !in_skip_others(x, e))
			return false;
	}
	return true;
}

static void merge_fini(struct merge *m)
{
	for (size_t i = 0; i < m->outs.n; i++) {
		struct merge_out *out = &m->outs.items[i];
		segment_abort(&out->b);
		segment_release(&out->done);
		for (size_t k = 0; out->maps && k < m->n; k++)
			mem_free(out->maps[k].names);
		mem_free(out->maps);
	}
	vec_free(&m->outs);
	for (size_t i = 0; m->in && i < m->n; i++) {
		segment_cursor_free(&m->in[i].c);
		ints_cursor_fini(&m->in[i].subjects);
		ints_cursor_fini(&m->in[i].counts);
		mem_free(m->in[i].fates);
	}
	mem_free(m->in);
	mem_free(m->numbers);
	mem_free(m->codes);
	vec_free(&m->moved);
	arena_fini(&m->a);
}

static int earlier_year(const void *a, const void *b)
{
	const struct merge_out *x = a, *y = b;
	return (x->year > y->year) - (x->year < y->year);
}

static bool outs_finish(struct merge *m, struct segment ***out_r, size_t *out_n_r, err *e)
{
	struct segment **done = mem_zalloc(m->outs.n, sizeof(struct segment *));
	if (!done)
		return err_nomem(e);
	if (m->outs.n > 1)
		qsort(m->outs.items, m->outs.n, sizeof *m->outs.items, earlier_year);
	for (size_t i = 0; i < m->outs.n; i++) {
		if (!segment_finish(&m->outs.items[i].b, &m->outs.items[i].done, e)) {
			mem_free((void *)done);
			return false;
		}
	}
	for (size_t i = 0; i < m->outs.n; i++) {
		done[i] = m->outs.items[i].done;
		m->outs.items[i].done = NULL;
	}
	*out_r = done;
	*out_n_r = m->outs.n;
	return true;
}

/* Files of outputs that were finished before another failed. */
static void outs_remove(struct merge *m)
{
	for (size_t i = 0; m->o->path && i < m->outs.n; i++) {
		const struct segment *s = m->outs.items[i].done;
		if (s)
			(void)!fs_remove(m->o->fs, colfile_path(s->file), NULL);
	}
}

bool segment_merge(struct segment *const *in, size_t n, const struct segment_merge_options *o,
		   struct segment ***out_r, size_t *out_n_r, err *e)
{
	struct merge m = { .o = o, .out_now = SIZE_MAX };
	arena_init(&m.a, 64 * MIB);
	bool ok = merge_begin(&m, in, n, e) && merge_all(&m, e) &&
		  outs_finish(&m, out_r, out_n_r, e);
	if (!ok)
		outs_remove(&m);
	merge_fini(&m);
	return ok;
}
