/*
 * history.c - touches of some subjects, copied out of a scan and put in order.
 *
 * What it is:   what journeys and rules with did(...) read. One walk over the journal, whatever the
 *               number of subjects.
 * Promises:     no more than the arena's maximum; over it is an error that says how to raise it.
 * Threads:      one at a time.
 */
#include "people/subject.h"

#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

struct item {
	uint64_t subject;
	struct touch touch;
};

struct gathering {
	history_keep keep;
	void *arg;
	struct arena *arena;
	VEC(struct item) items;
	bool nomem;
};

static bool gather(void *arg, const struct touch *t)
{
	struct gathering *g = arg;
	uint64_t subject = g->keep(g->arg, t);
	if (subject == 0)
		return true;
	struct item item = { .subject = subject };
	if (!touch_copy(g->arena, t, &item.touch))
		return false;
	g->nomem = !vec_push(&g->items, item);
	return !g->nomem;
}

static int item_cmp(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;
	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	return touch_cmp(&x->touch, &y->touch);
}

static bool history_take(struct gathering *g, struct history *h_r, err *e)
{
	if (g->nomem)
		return err_nomem(e);
	if (g->arena->over || g->arena->nomem)
		return arena_err(g->arena, e);
	size_t n = g->items.n;
	struct touch *touches = ARENA_ARRAY(g->arena, struct touch, n);
	uint64_t *subjects = ARENA_ARRAY(g->arena, uint64_t, n);
	if (touches == NULL || subjects == NULL)
		return arena_err(g->arena, e);
	if (n > 0)
		qsort(g->items.items, n, sizeof *g->items.items, item_cmp);
	for (size_t i = 0; i < n; i++) {
		touches[i] = g->items.items[i].touch;
		subjects[i] = g->items.items[i].subject;
	}
	*h_r = (struct history){ touches, subjects, n };
	return true;
}

bool history_gather(struct snapshot *s, history_keep keep, void *arg, struct arena *a,
		    struct history *h_r, err *e)
{
	struct gathering g = { .keep = keep, .arg = arg, .arena = a };
	bool ok = snapshot_scan(s, gather, &g, e) && history_take(&g, h_r, e);
	vec_free(&g.items);
	return ok;
}

const struct touch *history_of(const struct history *h, uint64_t subject, size_t *n_r)
{
	size_t low = 0;
	size_t high = h->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (h->subjects[middle] < subject)
			low = middle + 1;
		else
			high = middle;
	}
	size_t end = low;
	while (end < h->n && h->subjects[end] == subject)
		end++;
	*n_r = end - low;
	return end > low ? h->touches + low : NULL;
}
