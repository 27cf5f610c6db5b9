/*
 * funnel_past.c - what subjects did, for rules that ask.
 *
 * What it is:   the touches that did(...) asks about, of one subject after the other.
 * Promises:     in their total order, whatever segments they come from.
 * Threads:      one at a time.
 */
#include "funnel/past_int.h"

#include <stdlib.h>

#define TEXTS_BYTES_MAX (256 * MIB)

static void note_did(void *arg, const struct rule_did *did)
{
	struct past *p = arg;
	if (p->dids_n < DIDS_MAX)
		p->dids[p->dids_n] = did->name;
	p->dids_n += p->dids_n <= DIDS_MAX;
}

void past_init(struct past *p, const struct rule *where, size_t bytes_max)
{
	*p = (struct past){ .notes_max = bytes_max / sizeof(struct strayed) };
	arena_init(&p->texts, TEXTS_BYTES_MAX);
	if (where)
		rule_each_did(where, note_did, p);
	p->asks_any = p->dids_n > 0;
}

void past_fini(struct past *p)
{
	vec_free(&p->notes);
	vec_free(&p->touches);
	arena_fini(&p->texts);
}

bool past_asks(const struct past *p, str name)
{
	if (p->dids_n > DIDS_MAX)
		return true;
	for (size_t i = 0; i < p->dids_n; i++)
		if (str_eq_nocase(p->dids[i], name))
			return true;
	return false;
}

bool past_note(struct past *p, uint32_t subject, uint64_t ref, err *e)
{
	if (p->notes.n >= p->notes_max)
		return err_set(e, ERR_LIMIT,
			       "the query needs more memory than it may take (memory_max)");
	return vec_push(&p->notes, (struct strayed){ subject, ref }) || err_nomem(e);
}

static int cmp_note(const void *a, const void *b)
{
	const struct strayed *x = a, *y = b;
	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	return (x->ref > y->ref) - (x->ref < y->ref);
}

void past_sort(struct past *p)
{
	if (p->notes.n > 1)
		qsort(p->notes.items, p->notes.n, sizeof *p->notes.items, cmp_note);
}

static int cmp_touch(const void *a, const void *b)
{
	return touch_cmp(a, b);
}

bool past_read(struct past *p, struct worker *w, uint64_t subject, err *e)
{
	size_t low = 0, high = p->notes.n;
	vec_clear(&p->touches);
	arena_reset(&p->texts);
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (p->notes.items[mid].subject < subject)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < p->notes.n && p->notes.items[low].subject == subject; low++) {
		uint64_t ref = p->notes.items[low].ref;
		struct touch whole, copy;
		if (!lens_touch(&w->lenses.items[REF_SOURCE(ref)], REF_ROW(ref), &whole, e))
			return false;
		if (!touch_copy(&p->texts, &whole, &copy))
			return arena_err(&p->texts, e);
		if (!vec_push(&p->touches, copy))
			return err_nomem(e);
	}
	if (p->touches.n > 1)
		sort_items(p->touches.items, p->touches.n, sizeof *p->touches.items, cmp_touch);
	return true;
}
