/*
 * tail.c - all touches in columns: the archive's segments, and the tail's, made in memory.
 *
 * What it is:   the tail is cut at multiples of CHUNK_TOUCHES numbers, eight of those make a larger
 *               one, and so on; chunks that are complete never change and are shared by all
 *               snapshots of the directory (the depot keeps them). Only the last, incomplete one is
 *               each snapshot's own.
 * Workload:     a question every few seconds while touches come in.
 * Promises:     every touch up to the snapshot's number is in exactly one segment. A segment is
 *               only handed out if what it is sorted by was known at the snapshot's number.
 * Threads:      the snapshot's; other snapshots may make chunks at the same time.
 */
#include "journal/journal_int.h"

#include "base/mem.h"

#include <stdlib.h>

#define CHUNK_TOUCHES	UINT64_C(16384)
#define CHUNK_FAN	8
#define CHUNK_LEVELS	3
#define MERGES_PER_CALL 1 /* of smaller chunks that are there into one */
/* Records and places of one chunk while it is made. */
#define CHUNK_BYTES_MAX	 GIB
#define BACK_TOUCHES	 UINT64_C(131072)
#define BACK_TOUCHES_MAX (UINT64_C(1) << 25) /* 30 bytes each, in memory */

struct tail {
	VEC(struct snapshot_segment) segments;
	VEC(struct chunk *) chunks;
	VEC(struct segment *) own; /* made for this snapshot alone */
};

void store_tail_release(struct store *s)
{
	struct tail *t = s->tail;
	if (!t)
		return;
	s->tail = NULL;
	for (size_t i = 0; i < t->chunks.n; i++)
		depot_chunk_release(s->depot, &t->chunks.items[i]);
	for (size_t i = 0; i < t->own.n; i++)
		segment_release(&t->own.items[i]);
	vec_free(&t->segments);
	vec_free(&t->chunks);
	vec_free(&t->own);
	mem_free(t);
}

/* ---- making one ------------------------------------------------------------------------------ */

uint64_t store_keyed_seq(const struct store *s)
{
	return MIN(s->as_of, s->last_seq);
}

struct making {
	struct store *s;
	struct record_sort *sort;
	uint64_t from_seq, to_seq;
	bool failed;
	err *e;
};

static bool make_record(void *arg, const struct ledger_record *r)
{
	struct making *m = arg;
	m->failed = !record_sort_add(m->sort, r->body, r->first_seq, m->from_seq, m->to_seq, m->e);
	return !m->failed;
}

static void find_subjects(const struct store *s, struct record_sort *sort)
{
	size_t n;
	struct sorted_touch *items = record_sort_items(sort, &n);
	for (size_t i = 0; i < n; i++) {
		if (items[i].subject)
			items[i].subject = journal_hooks.subject_of(s->people, items[i].subject);
	}
	record_sort_run(sort);
}

bool record_sort_build(struct record_sort *sort, const struct sorted_touch *items, size_t n,
		       const struct segment_options *o, struct segment **s_r, err *e)
{
	struct segment_builder *b = NULL;
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, 64 * MIB);
	if (!segment_begin_build(o, &b, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct touch t;
		arena_reset(&a);
		if (!record_sort_touch(sort, &items[i], &a, &t, e) ||
		    !segment_add(b, items[i].subject, &t, e)) {
			segment_abort(&b);
			return false;
		}
	}
	return segment_finish(&b, s_r, e);
}

/* NULL when there is no touch in that range. */
static bool chunk_make(void *arg, uint64_t from_seq, uint64_t to_seq, struct segment **s_r, err *e)
{
	struct store *s = arg;
	struct making m = { .s = s, .from_seq = from_seq, .to_seq = to_seq, .e = e };
	const struct segment_options o = { .keyed_seq = store_keyed_seq(s) };
	if (!record_sort_new(CHUNK_BYTES_MAX, false, &m.sort, e))
		return false;
	bool ok = ledger_scan_records(s->ledger, from_seq, to_seq, make_record, &m, e) && !m.failed;
	*s_r = NULL;
	if (ok) {
		find_subjects(s, m.sort);
		size_t n;
		const struct sorted_touch *items = record_sort_items(m.sort, &n);
		ok = n == 0 || record_sort_build(m.sort, items, n, &o, s_r, e);
	}
	record_sort_free(&m.sort);
	return ok;
}

/* ---- which ones ------------------------------------------------------------------------------ */

static bool children_are_there(struct store *s, uint64_t from, uint64_t size)
{
	uint64_t child = size / CHUNK_FAN;
	for (uint64_t at = from; at < from + size; at += child) {
		if (!depot_has_chunk(s->depot, at, at + child - 1, s->last_seq))
			return false;
	}
	return true;
}

/* The last number of the chunk that begins at `from`. A large one is made at once when nothing
 * smaller is there; what is there in pieces is joined piece by piece, not all in one question. */
static uint64_t chunk_end(struct store *s, uint64_t from, uint64_t last, unsigned *merges)
{
	uint64_t size = CHUNK_TOUCHES;
	for (unsigned i = 1; i < CHUNK_LEVELS; i++)
		size *= CHUNK_FAN;
	for (; size > CHUNK_TOUCHES; size /= CHUNK_FAN) {
		if ((from - 1) % size || from - 1 + size > last)
			continue;
		if (depot_has_chunk(s->depot, from, from - 1 + size, last) ||
		    !children_are_there(s, from, size))
			return from - 1 + size;
		if (*merges > 0) {
			(*merges)--;
			return from - 1 + size;
		}
	}
	return MIN(last, ((from - 1) / CHUNK_TOUCHES + 1) * CHUNK_TOUCHES);
}

static bool hides_touches_in(const struct store *s, const struct segment_info *info)
{
	for (size_t i = 0; i < s->undone_touches.n; i++) {
		const struct undone_row *row = &s->undone_touches.items[i];
		for (size_t k = 0; k < row->touches_n; k++) {
			uint64_t seq = row->touches[k];
			if (seq >= info->seq_min && seq <= info->seq_max && store_undone_by(s, seq))
				return true;
		}
	}
	return false;
}

static bool hides_imports_in(const struct store *s, const struct segment_info *info)
{
	for (size_t i = 0; info->has_imports && i < s->imports.n; i++) {
		const struct import_row *row = &s->imports.items[i];
		uint64_t to = row->closed_seq ? row->closed_seq : UINT64_MAX;
		if (store_hides(s, row->import) && row->from_seq <= info->seq_max &&
		    to >= info->seq_min)
			return true;
	}
	return false;
}

static bool add_segment(struct store *s, struct segment *segment, err *e)
{
	const struct segment_info *info = segment_info(segment);
	struct snapshot_segment x = { .segment = segment };
	x.hidden = info->import && store_hides(s, info->import);
	x.some_hidden = !x.hidden && (hides_imports_in(s, info) || hides_touches_in(s, info));
	return vec_push(&s->tail->segments, x) || err_nomem(e);
}

static bool add_chunk(struct store *s, uint64_t from, uint64_t to, bool whole, err *e)
{
	struct chunk *c = NULL;
	struct segment *own = NULL;
	if (!whole) {
		if (!chunk_make(s, from, to, &own, e))
			return false;
		if (own && !vec_push(&s->tail->own, own)) {
			segment_release(&own);
			return err_nomem(e);
		}
		return !own || add_segment(s, own, e);
	}
	if (!depot_chunk(s->depot, from, to, s->last_seq, chunk_make, s, &c, e))
		return false;
	if (!vec_push(&s->tail->chunks, c)) {
		depot_chunk_release(s->depot, &c);
		return err_nomem(e);
	}
	return !chunk_segment(c) || add_segment(s, chunk_segment(c), e);
}

static bool present_segments(struct store *s, err *e)
{
	unsigned merges = MERGES_PER_CALL;
	const struct archive *a = s->archive;
	for (size_t i = 0; i < a->segments.n; i++) {
		if (!add_segment(s, a->segments.items[i], e))
			return false;
	}
	for (uint64_t from = a->manifest.sealed_seq + 1; from <= s->last_seq;) {
		uint64_t to = chunk_end(s, from, s->last_seq, &merges);
		if (!add_chunk(s, from, to, to % CHUNK_TOUCHES == 0, e))
			return false;
		from = to + 1;
	}
	return true;
}

/* ---- as of an earlier number ----------------------------------------------------------------- */

/* What is sorted by what was not known yet, or holds what had not happened, is made anew for this
 * snapshot alone. */
struct back {
	struct store *s;
	struct arena arena;
	VEC(struct touch *) touches;
	err *e;
	bool failed;
};

static uint64_t subject_of_touch(const struct store *s, const struct touch *t)
{
	uint64_t profile = t->person ? t->person : t->company ? t->company : t->deal;
	return profile ? journal_hooks.subject_of(s->people, profile) : 0;
}

struct keyed {
	uint64_t subject;
	const struct touch *t;
};

static int keyed_cmp(const void *x, const void *y)
{
	const struct keyed *a = x, *b = y;
	if (a->subject != b->subject)
		return a->subject < b->subject ? -1 : 1;
	return touch_cmp(a->t, b->t);
}

static bool back_build(struct back *b, err *e)
{
	struct store *s = b->s;
	size_t n = b->touches.n;
	const struct segment_options o = { .keyed_seq = store_keyed_seq(s) };
	struct segment_builder *builder = NULL;
	struct segment *segment = NULL;
	struct keyed *keyed = mem_alloc(n * sizeof *keyed);
	if (!keyed)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		keyed[i] = (struct keyed){ subject_of_touch(s, b->touches.items[i]),
					   b->touches.items[i] };
	if (n)
		qsort(keyed, n, sizeof *keyed, keyed_cmp);
	bool ok = n == 0 || segment_begin_build(&o, &builder, e);
	for (size_t i = 0; ok && i < n; i++)
		ok = segment_add(builder, keyed[i].subject, keyed[i].t, e);
	mem_free(keyed);
	if (!ok)
		segment_abort(&builder);
	else if (n)
		ok = segment_finish(&builder, &segment, e);
	if (ok && segment && !vec_push(&s->tail->own, segment)) {
		segment_release(&segment);
		ok = err_nomem(e);
	}
	vec_clear(&b->touches);
	arena_reset(&b->arena);
	return ok && (!segment || add_segment(s, segment, e));
}

static bool back_touch(void *arg, const struct touch *t)
{
	struct back *b = arg;
	struct touch *copy = ARENA_NEW(&b->arena, struct touch);
	b->failed = true;
	if (!copy || !touch_copy(&b->arena, t, copy))
		return arena_err(&b->arena, b->e);
	if (!vec_push(&b->touches, copy))
		return err_nomem(b->e);
	if ((b->touches.n == BACK_TOUCHES || arena_bytes_used(&b->arena) > WALK_BYTES_MAX) &&
	    !back_build(b, b->e))
		return false;
	b->failed = false;
	return true;
}

/* What was sorted by what was known then, and holds nothing later, stays as it is. */
static bool fits(const struct store *s, const struct segment *segment)
{
	const struct segment_info *info = segment_info(segment);
	return info->seq_max <= s->as_of && info->keyed_seq <= s->as_of;
}

static bool back_walk(struct back *b, const struct segment_list *l, err *e)
{
	struct archive_walk *w = NULL;
	const struct touch *t = NULL;
	uint64_t n = 0;
	bool ok = archive_walk_new(l, 1, b->s->as_of, &w, e);
	do {
		ok = ok && archive_walk_next(w, UINT64_MAX, &t, e) && (!t || back_touch(b, t));
		if (ok && t && ++n > BACK_TOUCHES_MAX)
			ok = err_set(e, ERR_LIMIT,
				     "more than %llu touches would have to be sorted anew, as of "
				     "touch %llu",
				     (unsigned long long)BACK_TOUCHES_MAX,
				     (unsigned long long)b->s->as_of);
	} while (ok && t);
	archive_walk_free(&w);
	return ok && back_build(b, e);
}

static bool back_segments(struct store *s, err *e)
{
	struct back b = { .s = s, .e = e };
	VEC(struct segment *) others = { 0 };
	const struct archive *a = s->archive;
	bool ok = true;
	for (size_t i = 0; ok && i < a->segments.n; i++) {
		struct segment *x = a->segments.items[i];
		ok = fits(s, x) ? add_segment(s, x, e) : (vec_push(&others, x) || err_nomem(e));
	}
	arena_init(&b.arena, WALK_BYTES_MAX + 64 * MIB);
	const struct segment_list list = { others.items, others.n };
	ok = ok && back_walk(&b, &list, e);
	for (uint64_t from = a->manifest.sealed_seq + 1; ok && from <= s->as_of;) {
		uint64_t to = MIN(s->as_of, from + BACK_TOUCHES - 1);
		ok = add_chunk(s, from, to, false, e);
		from = to + 1;
	}
	arena_fini(&b.arena);
	vec_free(&b.touches);
	vec_free(&others);
	return ok;
}

/* ---- the whole ------------------------------------------------------------------------------- */

bool snapshot_segments(struct snapshot *snapshot, const struct snapshot_segment **segments_r,
		       size_t *n_r, err *e)
{
	struct store *s = snapshot_store(snapshot);
	if (!s->tail) {
		s->tail = mem_zalloc(1, sizeof *s->tail);
		if (!s->tail)
			return err_nomem(e);
		if (!(s->as_of < s->last_seq ? back_segments(s, e) : present_segments(s, e))) {
			store_tail_release(s);
			return false;
		}
	}
	*segments_r = s->tail->segments.items;
	*n_r = s->tail->segments.n;
	return true;
}

bool snapshot_hides_row(const struct snapshot *snapshot, uint64_t seq, uint64_t import)
{
	const struct store *s = snapshot_store((struct snapshot *)(uintptr_t)snapshot);
	return (import && store_hides(s, import)) ||
	       (s->undone_touches.n && store_undone_by(s, seq) != NULL);
}
