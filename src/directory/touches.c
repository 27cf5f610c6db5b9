/*
 * touches.c - where the touches of one stand.
 *
 * What it is:   segments are sorted by subject, so a person's touches are found by a search in
 * each; of companies and deals a list beside each segment says which rows are about them, 8 bytes a
 * touch, made when somebody first asks. Promises:     each visible touch of the subject once,
 * whatever was joined or separated since its segment was written. Nothing is held of touches that
 * are about people alone. Threads:      the lists have a lock of their own, held while they are
 * read.
 */
#include "directory/directory_int.h"

#include "base/mem.h"

#include <stdlib.h>

#define WINDOW	   512
#define LISTS_IDLE 64 /* of segments that are gone, before they are swept */

void touches_init(struct touches *t)
{
	*t = (struct touches){ 0 };
	mutex_init(&t->lock);
}

static void list_free(struct about_list *l)
{
	vec_free(&l->items[0]);
	vec_free(&l->items[1]);
	mem_free(l);
}

void touches_fini(struct touches *t)
{
	for (size_t i = 0; i < t->lists.n; i++)
		list_free(t->lists.items[i]);
	vec_free(&t->lists);
	mutex_fini(&t->lock);
}

uint64_t touches_bytes(struct touches *t)
{
	uint64_t bytes = 0;
	mutex_lock(&t->lock);
	for (size_t i = 0; i < t->lists.n; i++)
		for (size_t k = 0; k < 2; k++)
			bytes += t->lists.items[i]->items[k].cap * sizeof(struct about);
	mutex_unlock(&t->lock);
	return bytes;
}

/* ---- one row --------------------------------------------------------------------------------- */

bool touches_hidden(struct snapshot *s, const struct snapshot_segment *seg, uint64_t row,
		    bool *hidden_r, err *e)
{
	int64_t seq, import;
	bool later = segment_info(seg->segment)->seq_max > snapshot_seq(s);
	*hidden_r = seg->hidden;
	if (seg->hidden || (!seg->some_hidden && !later))
		return true;
	if (!column_ints(segment_seq(seg->segment), row, 1, &seq, e) ||
	    !column_ints(segment_import(seg->segment), row, 1, &import, e))
		return false;
	*hidden_r = (uint64_t)seq > snapshot_seq(s) ||
		    snapshot_hides_row(s, (uint64_t)seq, (uint64_t)import);
	return true;
}

/* ---- people ---------------------------------------------------------------------------------- */

struct keys {
	VEC(uint64_t) items;
	bool nomem;
};

static void take_key(void *arg, uint64_t profile)
{
	struct keys *k = arg;
	k->nomem = k->nomem || !vec_push(&k->items, profile);
}

/* The touches of one run that are the subject's now. */
static bool run_each(struct snapshot *s, const struct snapshot_segment *seg, size_t number,
		     uint64_t key, uint64_t subject, place_fn each, void *arg, err *e)
{
	uint64_t first;
	size_t n;
	int64_t person[WINDOW];
	if (!segment_find(seg->segment, key, &first, &n, e))
		return false;
	for (size_t done = 0; done < n; done += WINDOW) {
		size_t some = MIN(n - done, (size_t)WINDOW);
		if (!column_ints(segment_person(seg->segment), first + done, some, person, e))
			return false;
		for (size_t i = 0; i < some; i++) {
			uint64_t profile = person[i] == 0 ? key : (uint64_t)person[i] - 1;
			bool hidden;
			if (!touches_hidden(s, seg, first + done + i, &hidden, e))
				return false;
			if (hidden || profile == 0 ||
			    people_subject_of(snapshot_people(s), profile) != subject)
				continue;
			if (!each(arg, number, first + done + i, e))
				return false;
		}
	}
	return true;
}

static bool person_each(struct snapshot *s, const struct snapshot_segment *segments, size_t n,
			uint64_t subject, place_fn each, void *arg, err *e)
{
	struct keys keys = { .nomem = false };
	people_ever_with(snapshot_people(s), subject, take_key, &keys);
	bool ok = !keys.nomem || err_nomem(e);
	for (size_t i = 0; ok && i < n; i++)
		for (size_t k = 0; ok && !segments[i].hidden && k < keys.items.n; k++)
			ok = run_each(s, &segments[i], i, keys.items.items[k], subject, each, arg,
				      e);
	vec_free(&keys.items);
	return ok;
}

/* ---- companies and deals --------------------------------------------------------------------- */

static int cmp_about(const void *a, const void *b)
{
	const struct about *x = a, *y = b;
	if (x->profile != y->profile)
		return x->profile < y->profile ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static bool list_fill(struct about_list *l, size_t which, const struct column *c, int64_t *v,
		      err *e)
{
	uint64_t rows = column_rows(c);
	for (size_t b = 0; b < column_blocks(c); b++) {
		uint64_t from = (uint64_t)b * COLFILE_BLOCK_ROWS;
		size_t n = (size_t)MIN(rows - from, (uint64_t)COLFILE_BLOCK_ROWS);
		struct column_block peek;
		column_peek(c, b, &peek);
		if (peek.min == 0 && peek.max == 0)
			continue;
		if (!column_ints(c, from, n, v, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			struct about one = { (uint32_t)v[i], (uint32_t)(from + i) };
			if (v[i] != 0 && !vec_push(&l->items[which], one))
				return err_nomem(e);
		}
	}
	if (l->items[which].n > 1)
		qsort(l->items[which].items, l->items[which].n, sizeof(struct about), cmp_about);
	return true;
}

static bool list_make(struct touches *t, const struct segment *s, struct about_list **l_r, err *e)
{
	struct about_list *l = mem_zalloc(1, sizeof *l);
	int64_t *v = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *v);
	bool ok = (l && v) || err_nomem(e);
	if (ok && segment_info(s)->touches > UINT32_MAX)
		ok = err_set(e, ERR_LIMIT, "a segment has more touches than can be told apart");
	ok = ok && list_fill(l, 0, segment_company(s), v, e) &&
	     list_fill(l, 1, segment_deal(s), v, e);
	if (ok) {
		l->checksum = colfile_checksum(segment_file(s));
		ok = vec_push(&t->lists, l) || err_nomem(e);
	}
	mem_free(v);
	if (!ok && l)
		list_free(l);
	else
		*l_r = l;
	return ok;
}

/* With the lock. */
static bool list_of(struct touches *t, const struct segment *s, struct about_list **l_r, err *e)
{
	uint64_t checksum = colfile_checksum(segment_file(s));
	for (size_t i = 0; i < t->lists.n; i++) {
		if (t->lists.items[i]->checksum == checksum) {
			*l_r = t->lists.items[i];
			(*l_r)->used = t->clock;
			return true;
		}
	}
	if (!list_make(t, s, l_r, e))
		return false;
	(*l_r)->used = t->clock;
	return true;
}

/* Those of segments that nobody has any more. */
static void lists_sweep(struct touches *t, size_t segments_n)
{
	size_t kept = 0;
	if (t->lists.n < segments_n + LISTS_IDLE)
		return;
	for (size_t i = 0; i < t->lists.n; i++) {
		if (t->lists.items[i]->used == t->clock)
			t->lists.items[kept++] = t->lists.items[i];
		else
			list_free(t->lists.items[i]);
	}
	t->lists.n = kept;
}

static bool list_each(struct snapshot *s, const struct snapshot_segment *seg, size_t number,
		      const struct about_list *l, size_t which, uint64_t profile, place_fn each,
		      void *arg, err *e)
{
	size_t low = 0, high = l->items[which].n;
	const struct about *items = l->items[which].items;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (items[mid].profile < profile)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < l->items[which].n && items[low].profile == profile; low++) {
		bool hidden;
		if (!touches_hidden(s, seg, items[low].row, &hidden, e) ||
		    (!hidden && !each(arg, number, items[low].row, e)))
			return false;
	}
	return true;
}

static bool others_each(struct touches *t, struct snapshot *s,
			const struct snapshot_segment *segments, size_t n,
			const struct subject_view *v, place_fn each, void *arg, err *e)
{
	size_t which = v->entity == ENTITY_COMPANY ? 0 : 1;
	bool ok = true;
	mutex_lock(&t->lock);
	t->clock++;
	for (size_t i = 0; ok && i < n; i++) {
		struct about_list *l;
		if (segments[i].hidden)
			continue;
		ok = list_of(t, segments[i].segment, &l, e);
		for (size_t k = 0; ok && k < v->ids_n; k++)
			ok = list_each(s, &segments[i], i, l, which, v->ids[k].profile, each, arg,
				       e);
	}
	lists_sweep(t, n);
	mutex_unlock(&t->lock);
	return ok;
}

bool touches_each(struct directory *d, struct snapshot *s, const struct subject_view *v,
		  place_fn each, void *arg, err *e)
{
	const struct snapshot_segment *segments;
	size_t n;
	if (!snapshot_segments(s, &segments, &n, e))
		return false;
	if (v->entity == ENTITY_PERSON)
		return person_each(s, segments, n, v->subject, each, arg, e);
	return others_each(&d->touches, s, segments, n, v, each, arg, e);
}
