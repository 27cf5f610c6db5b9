/*
 * segment_check.c - that a segment is what it promises to be.
 *
 * What it is:   every checksum, every touch read whole, the order of them, and the counts of names.
 * Threads:      any.
 */
#include "archive/segment_cursor_int.h"

#include "base/mem.h"

#define TOUCH_MEMORY_MAX (64 * MIB)

static bool subjects_rise(const struct segment *s, err *e)
{
	struct ints_cursor t;
	ints_cursor_init(&t, s->subject);
	bool ok = true;
	int64_t last = 0, v;
	for (uint64_t i = 0; ok && i < s->info.subjects; i++) {
		ok = ints_cursor_get(&t, i, &v, e);
		if (ok && i > 0 && (uint64_t)v <= (uint64_t)last)
			ok = segment_damaged(s, "the order of its subjects", e);
		last = v;
	}
	ints_cursor_fini(&t);
	return ok;
}

struct touch_place {
	uint64_t subject, tie, seq;
	int64_t at_us;
};

static bool in_order(const struct touch_place *a, const struct touch_place *b)
{
	if (a->subject != b->subject)
		return a->subject < b->subject;
	if (a->at_us != b->at_us)
		return a->at_us < b->at_us;
	return a->tie != b->tie ? a->tie < b->tie : a->seq < b->seq;
}

static bool touches_fit(struct segment_cursor *c, struct arena *a, uint64_t *counts, err *e)
{
	const struct segment *s = c->s;
	struct touch_place last = { 0 };
	for (uint64_t row = 0; row < s->info.touches; row++) {
		struct touch t;
		struct touch_place now = { 0 };
		int64_t name;
		arena_reset(a);
		if (!segment_touch(c, row, a, &t, e) || !cursor_subject(c, row, &now.subject, e))
			return false;
		now.tie = t.tie;
		now.seq = t.seq;
		now.at_us = t.at_us;
		if (row > 0 && !in_order(&last, &now))
			return segment_damaged(s, "the order of its touches", e);
		last = now;
		if (!ints_cursor_get(&c->numbers[COL_NAME], row, &name, e))
			return false;
		counts[name]++;
	}
	for (size_t i = 0; i < s->names_n; i++) {
		if (counts[i] != s->name_counts[i])
			return segment_damaged(s, "its counts of names", e);
	}
	return true;
}

bool segment_check(struct segment *s, err *e)
{
	struct segment_cursor *c;
	struct arena a;
	if (!colfile_check(s->file, e) || !subjects_rise(s, e))
		return false;
	uint64_t *counts = mem_zalloc(s->names_n, sizeof *counts);
	if (!counts)
		return err_nomem(e);
	if (!segment_cursor_new(s, &c, e)) {
		mem_free(counts);
		return false;
	}
	arena_init(&a, TOUCH_MEMORY_MAX);
	bool ok = touches_fit(c, &a, counts, e);
	arena_fini(&a);
	segment_cursor_free(&c);
	mem_free(counts);
	return ok;
}
