/*
 * plan_deeds.c - did(...), first(...) and last(...) over the columns of touches.
 *
 * What it is:   one pass over the names of the segments counts per row; a `where` unpacks the
 *               touches of that name.
 * Threads:      under the directory's lock, reading.
 */
#include "directory/directory_int.h"

#include "base/mem.h"
#include "base/time.h"
#include "journal/channel.h"

#include <string.h>

#define COUNTS_TESTED	1024
#define SUBJECTS_WINDOW 512
#define TOUCH_BYTES	(4 * MIB)

/* Counted by profile first, which costs one look-up a touch; put together by row afterwards. */
struct deeds {
	uint32_t *count;
	int64_t *first_us, *last_us; /* only where times are asked for; else NULL */
	size_t n;
	const struct plan *p;
	const struct rule_did *did;
};

static void deeds_free(struct deeds *x)
{
	mem_free(x->count);
	mem_free(x->first_us);
	mem_free(x->last_us);
}

static bool deeds_make(struct deeds *x, size_t n, bool times, err *e)
{
	x->n = n;
	x->count = mem_zalloc(n + 1, sizeof *x->count);
	if (times) {
		x->first_us = mem_zalloc(n + 1, sizeof *x->first_us);
		x->last_us = mem_zalloc(n + 1, sizeof *x->last_us);
	}
	return (x->count && (!times || (x->first_us && x->last_us))) || err_nomem(e);
}

static void deed(struct deeds *x, size_t i, uint32_t count, int64_t first_us, int64_t last_us)
{
	if (i >= x->n)
		return;
	if (x->first_us) {
		x->first_us[i] = x->count[i] ? MIN(x->first_us[i], first_us) : first_us;
		x->last_us[i] = x->count[i] ? MAX(x->last_us[i], last_us) : last_us;
	}
	x->count[i] += MIN(count, UINT32_MAX - x->count[i]);
}

/* From profiles to the rows of their subjects. */
static void deeds_join(const struct deeds *by_profile, struct deeds *by_row)
{
	const struct plan *p = by_profile->p;
	bool times = by_profile->first_us != NULL;
	for (size_t i = 0; i < by_profile->n; i++) {
		size_t row;
		if (by_profile->count[i] && rows_find(&p->d->rows, p->q->entity, i + 1, &row))
			deed(by_row, row, by_profile->count[i], times ? by_profile->first_us[i] : 0,
			     times ? by_profile->last_us[i] : 0);
	}
}

/* ---- the touches of one name ----------------------------------------------------------------- */

struct walk {
	struct deeds *x;
	struct plan *p;
	const struct snapshot_segment *seg;
	uint32_t code;
	int64_t from_us, to_us;
	bool times; /* or the period, matter */
	int64_t *names, *subjects, *counts;
	/* of the block at hand, from its first row on; read when a row asks */
	int64_t *at, *about;
	bool asks_hidden;		    /* some row of the segment may be hidden */
	bool has_at, has_about, about_none; /* about: of people, whose; else the company, or deal */
	uint64_t block_from;
	size_t block_n;
	struct segment_cursor *whole;
	struct arena texts;
	/* the run of the row */
	uint64_t subject_i, subjects_from, subjects_n;
	uint64_t run_end;
};

/* The subject under which the row lies; rows come in rising order. */
static bool walk_subject(struct walk *w, uint64_t row, uint64_t *subject_r, err *e)
{
	const struct segment *s = w->seg->segment;
	uint64_t all = segment_info(s)->subjects;
	while (row >= w->run_end) {
		uint64_t i = w->run_end == 0 ? 0 : w->subject_i + 1;
		if (i >= all)
			return err_set(e, ERR_CORRUPT, "a segment has more touches than subjects");
		if (w->subjects_n == 0 || i >= w->subjects_from + w->subjects_n) {
			size_t n = (size_t)MIN(all - i, (uint64_t)SUBJECTS_WINDOW);
			if (!column_ints(segment_subject(s), i, n, w->subjects, e) ||
			    !column_ints(segment_count(s), i, n, w->counts, e))
				return false;
			w->subjects_from = i;
			w->subjects_n = n;
		}
		w->subject_i = i;
		w->run_end += (uint64_t)w->counts[i - w->subjects_from];
	}
	*subject_r = (uint64_t)w->subjects[w->subject_i - w->subjects_from];
	return true;
}

static const struct column *about_column(const struct walk *w)
{
	const struct segment *s = w->seg->segment;
	return w->p->q->entity == ENTITY_PERSON	   ? segment_person(s)
	       : w->p->q->entity == ENTITY_COMPANY ? segment_company(s)
						   : segment_deal(s);
}

/* The profile of the entity that the row is about; 0 none. */
static bool walk_about(struct walk *w, uint64_t row, uint64_t *profile_r, err *e)
{
	int64_t v = 0;
	if (!w->about_none) {
		if (!w->has_about &&
		    !column_ints(about_column(w), w->block_from, w->block_n, w->about, e))
			return false;
		w->has_about = true;
		v = w->about[row - w->block_from];
	}
	*profile_r = (uint64_t)v;
	if (w->p->q->entity != ENTITY_PERSON)
		return true;
	if (!walk_subject(w, row, profile_r, e))
		return false;
	if (v != 0)
		*profile_r = (uint64_t)v - 1;
	return true;
}

static bool walk_where(struct walk *w, uint64_t row, bool *holds_r, err *e)
{
	struct touch t;
	*holds_r = true;
	if (!w->x->did->where)
		return true;
	arena_reset(&w->texts);
	if ((!w->whole && !segment_cursor_new(w->seg->segment, &w->whole, e)) ||
	    !segment_touch(w->whole, row, &w->texts, &t, e))
		return false;
	t.channel = channel_of(&t.origin);
	struct rule_row rule_row = touch_row(&t, w->p->q->now_us);
	*holds_r = rule_test(w->x->did->where, &rule_row);
	return true;
}

static bool walk_row(struct walk *w, uint64_t row, err *e)
{
	bool hidden = false, holds;
	uint64_t profile = 0;
	int64_t at_us = 0;
	if (w->times) {
		if (!w->has_at &&
		    !column_ints(segment_at(w->seg->segment), w->block_from, w->block_n, w->at, e))
			return false;
		w->has_at = true;
		at_us = w->at[row - w->block_from];
	}
	if (w->times && (at_us < w->from_us || at_us > w->to_us))
		return true;
	if ((w->asks_hidden && !touches_hidden(w->p->s, w->seg, row, &hidden, e)) ||
	    (!hidden && !walk_about(w, row, &profile, e)))
		return false;
	if (hidden || profile == 0)
		return true;
	if (!walk_where(w, row, &holds, e))
		return false;
	if (holds)
		deed(w->x, (size_t)profile - 1, 1, at_us, at_us);
	return true;
}

/* Where only the name decides, run by run. */
static bool walk_runs(struct walk *w, uint64_t from, size_t n, err *e)
{
	for (uint64_t row = from; row < from + n;) {
		uint64_t subject;
		int64_t code = (int64_t)w->code;
		uint32_t count = 0;
		if (!walk_subject(w, row, &subject, e))
			return false;
		uint64_t end = MIN(w->run_end, from + n);
		for (; row < end; row++)
			count += w->names[row - from] == code;
		if (count > 0 && subject != 0)
			deed(w->x, (size_t)subject - 1, count, 0, 0);
	}
	return true;
}

static bool walk_rows(struct walk *w, err *e)
{
	bool by_name = w->p->q->entity == ENTITY_PERSON && !w->asks_hidden && !w->times &&
		       !w->x->did->where;
	const struct column *c = segment_name(w->seg->segment);
	uint64_t rows = column_rows(c);
	for (size_t b = 0; b < column_blocks(c); b++) {
		uint64_t from = (uint64_t)b * COLFILE_BLOCK_ROWS;
		size_t n = (size_t)MIN(rows - from, (uint64_t)COLFILE_BLOCK_ROWS);
		struct column_block peek;
		column_peek(c, b, &peek);
		if ((peek.present >> (w->code % 64) & 1) == 0)
			continue;
		if (!plan_count(w->p, n) || !column_ints(c, from, n, w->names, e))
			return false;
		column_peek(about_column(w), b, &peek);
		w->about_none = peek.min == 0 && peek.max == 0;
		w->has_at = w->has_about = false;
		w->block_from = from;
		w->block_n = n;
		if (by_name && w->about_none) {
			if (!walk_runs(w, from, n, e))
				return false;
			continue;
		}
		for (size_t i = 0; i < n; i++)
			if (w->names[i] == (int64_t)w->code && !walk_row(w, from + i, e))
				return false;
	}
	return true;
}

static bool walk_segment(struct walk *w, err *e)
{
	const struct segment *s = w->seg->segment;
	if (w->seg->hidden || !segment_name_code(s, w->x->did->name, &w->code))
		return true;
	w->asks_hidden = w->seg->some_hidden || segment_info(s)->seq_max > snapshot_seq(w->p->s);
	w->subject_i = w->subjects_n = w->run_end = 0;
	bool ok = walk_rows(w, e);
	segment_cursor_free(&w->whole);
	return ok;
}

static bool deeds_count(struct plan *p, struct deeds *x)
{
	const struct rule_did *did = x->did;
	bool ever = did->last.us == 0 && did->last.months == 0;
	const struct snapshot_segment *segments;
	size_t n;
	struct walk w = { .x = x,
			  .p = p,
			  .from_us = ever ? INT64_MIN : time_add(p->q->now_us, did->last, -1),
			  .to_us = ever ? INT64_MAX : p->q->now_us,
			  .times = !ever || x->first_us != NULL };
	if (!snapshot_segments(p->s, &segments, &n, p->e))
		return false;
	arena_init(&w.texts, TOUCH_BYTES);
	w.names = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *w.names);
	w.at = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *w.at);
	w.about = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *w.about);
	w.subjects = mem_alloc(SUBJECTS_WINDOW * sizeof *w.subjects);
	w.counts = mem_alloc(SUBJECTS_WINDOW * sizeof *w.counts);
	bool ok = (w.names && w.at && w.about && w.subjects && w.counts) || err_nomem(p->e);
	for (size_t i = 0; ok && i < n; i++) {
		w.seg = &segments[i];
		ok = walk_segment(&w, p->e);
	}
	mem_free(w.names);
	mem_free(w.at);
	mem_free(w.about);
	mem_free(w.subjects);
	mem_free(w.counts);
	arena_fini(&w.texts);
	return ok;
}

/* Most counts are small: each is tested once. */
struct tested {
	int8_t holds[COUNTS_TESTED]; /* -1: not yet */
};

static bool deed_holds(const struct plan *p, const struct rule_part *part, const struct deeds *x,
		       size_t row, struct tested *t)
{
	enum rule_part_kind kind = rule_part_kind(part);
	uint32_t count = x->count[row];
	if (kind != RULE_PART_DID) {
		value at = !count		     ? value_none()
			   : kind == RULE_PART_FIRST ? value_time(x->first_us[row])
						     : value_time(x->last_us[row]);
		return rule_part_holds(part, at, p->q->now_us);
	}
	if (count >= COUNTS_TESTED)
		return rule_part_holds(part, value_int(count), p->q->now_us);
	if (t->holds[count] < 0)
		t->holds[count] = rule_part_holds(part, value_int(count), p->q->now_us);
	return t->holds[count];
}

static void bits_by_deeds(const struct plan *p, const struct rule_part *part, const struct deeds *x,
			  const uint64_t *within, uint64_t *out)
{
	struct tested tested;
	memset(tested.holds, -1, sizeof tested.holds);
	for (size_t w = 0; w < p->words; w++) {
		uint64_t bits = 0;
		for (size_t i = 0; within[w] && i < 64 && w * 64 + i < p->rows; i++)
			bits |= (uint64_t)deed_holds(p, part, x, w * 64 + i, &tested) << i;
		out[w] = bits & within[w];
	}
}

bool plan_deeds(struct plan *p, const struct rule_part *part, const uint64_t *within, uint64_t *out)
{
	const struct rule_did *did = rule_part_did(part);
	bool times = rule_part_kind(part) != RULE_PART_DID;
	struct deeds x = { .p = p, .did = did }, rows = { .p = p, .did = did };
	if (!plan_count(p, p->rows))
		return false;
	bool ok = deeds_make(&x, p->d->rows.root.n, times, p->e) &&
		  deeds_make(&rows, p->rows, times, p->e) && deeds_count(p, &x);
	if (ok) {
		deeds_join(&x, &rows);
		bits_by_deeds(p, part, &rows, within, out);
	}
	deeds_free(&x);
	deeds_free(&rows);
	return ok;
}
