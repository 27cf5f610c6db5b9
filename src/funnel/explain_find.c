/*
 * explain_find.c - all touches of one person.
 *
 * What it is:   in each segment the touches under every profile that may ever have been theirs;
 *               those that are theirs now.
 * Promises:     what a scan of everything would tell of them, at the cost of a search in each
 *               segment.
 * Threads:      the snapshot's.
 */
#include "funnel/explain_int.h"

#include "base/vec.h"
#include "journal/channel.h"

#define TOUCH_BYTES (4 * MIB)

struct profiles {
	VEC(uint64_t) items;
	bool nomem;
};

static void take(void *arg, uint64_t profile)
{
	struct profiles *p = arg;
	p->nomem = p->nomem || !vec_push(&p->items, profile);
}

struct search {
	struct snapshot *s;
	const struct snapshot_segment *segment;
	struct segment_cursor *cursor;
	struct arena texts;
	touch_fn each;
	void *arg;
	bool stopped;
};

static bool is_hidden(const struct search *x, const struct touch *t)
{
	return t->seq > snapshot_seq(x->s) ||
	       (x->segment->some_hidden && snapshot_hides_row(x->s, t->seq, t->import));
}

static bool search_run(struct search *x, uint64_t profile, err *e)
{
	const struct segment *s = x->segment->segment;
	uint64_t first;
	size_t n;
	if (!segment_find(s, profile, &first, &n, e))
		return false;
	for (uint64_t row = first; row < first + n && !x->stopped; row++) {
		struct touch t;
		arena_reset(&x->texts);
		if ((!x->cursor && !segment_cursor_new(s, &x->cursor, e)) ||
		    !segment_touch(x->cursor, row, &x->texts, &t, e))
			return false;
		t.channel = channel_of(&t.origin);
		if (!is_hidden(x, &t))
			x->stopped = !x->each(x->arg, &t);
	}
	return true;
}

bool person_touches(struct snapshot *s, uint64_t subject, touch_fn each, void *arg, err *e)
{
	struct search x = { .s = s, .each = each, .arg = arg };
	struct profiles profiles = { .nomem = false };
	const struct snapshot_segment *segments;
	size_t n = 0;
	arena_init(&x.texts, TOUCH_BYTES);
	people_ever_with(snapshot_people(s), subject, take, &profiles);
	bool ok = (!profiles.nomem || err_nomem(e)) && snapshot_segments(s, &segments, &n, e);
	for (size_t i = 0; ok && i < n && !x.stopped; i++) {
		x.segment = &segments[i];
		for (size_t k = 0; ok && !segments[i].hidden && k < profiles.items.n; k++)
			ok = search_run(&x, profiles.items.items[k], e);
		segment_cursor_free(&x.cursor);
	}
	arena_fini(&x.texts);
	vec_free(&profiles.items);
	return ok;
}
