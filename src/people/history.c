/*
 * history.c - touches of some subjects, copied out of a scan and put in order.
 *
 * What it is:   what journeys and rules with did(...) read. Of many subjects one walk over the
 *               journal; of one person their rows of each segment.
 * Promises:     no more than the arena's maximum; over it is an error that says how to raise it.
 * Threads:      one at a time.
 */
#include "people/subject.h"

#include "base/vec.h"
#include "journal/channel.h"

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
	bool nomem, over;
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
	/* what they take until they are in order, and as they are handed out */
	size_t bytes = (g->items.n + 1) * (sizeof item + sizeof item.touch);
	g->over = bytes > g->arena->bytes_max - MIN(g->arena->bytes_max, g->arena->bytes_held);
	g->nomem = !g->over && !vec_push(&g->items, item);
	return !g->nomem && !g->over;
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
	g->arena->over |= g->over;
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

/* ---- of one person --------------------------------------------------------------------------- */

struct seeking {
	struct snapshot *snapshot;
	const struct snapshot_segment *segments;
	size_t n;
	struct gathering *g;
	struct arena texts; /* of one touch at a time */
	err *e;
	bool failed;
};

/* Segments know no channels. */
static bool gather_row(struct seeking *x, struct segment_cursor *c, uint64_t row, bool some_hidden)
{
	struct touch t;
	arena_reset(&x->texts);
	if (!segment_touch(c, row, &x->texts, &t, x->e))
		return false;
	if (some_hidden && !snapshot_shows(x->snapshot, &t))
		return true;
	t.channel = channel_of(&t.origin);
	(void)gather(x->g, &t); /* what it could not take is said at the end */
	return true;
}

/* What lies under one profile's number. */
static void gather_profile(void *arg, uint64_t profile)
{
	struct seeking *x = arg;
	for (size_t i = 0; !x->failed && i < x->n; i++) {
		const struct snapshot_segment *s = &x->segments[i];
		struct segment_cursor *c = NULL;
		uint64_t first;
		size_t n;
		if (s->hidden)
			continue;
		x->failed = !segment_find(s->segment, profile, &first, &n, x->e);
		if (x->failed || n == 0)
			continue;
		x->failed = !segment_cursor_new(s->segment, &c, x->e);
		for (size_t k = 0; !x->failed && k < n; k++)
			x->failed = !gather_row(x, c, first + k, s->some_hidden);
		segment_cursor_free(&c);
	}
}

bool history_of_person(struct snapshot *s, uint64_t person, history_keep keep, void *arg,
		       struct arena *a, struct history *h_r, err *e)
{
	struct gathering g = { .keep = keep, .arg = arg, .arena = a };
	struct seeking x = { .snapshot = s, .g = &g, .e = e };
	arena_init(&x.texts, a->bytes_max);
	bool ok = snapshot_segments(s, &x.segments, &x.n, e);
	if (ok)
		people_ever_with(snapshot_people(s), person, gather_profile, &x);
	ok = ok && !x.failed && history_take(&g, h_r, e);
	arena_fini(&x.texts);
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
