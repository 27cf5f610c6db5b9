/*
 * segment_merge_ask.c - what becomes of the subjects of a merge's inputs.
 *
 * What it is:   each subject is asked about once; the touches of those that do not simply stay are
 *               listed with their new subjects, in order, as one more source of the merge.
 * Threads:      as the merge.
 */
#include "archive/segment_merge_int.h"

#include "base/mem.h"

#include <stdlib.h>

static int in_order(const void *a, const void *b)
{
	const struct moved *x = a, *y = b;
	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	if (x->tie != y->tie)
		return x->tie < y->tie ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

static bool list_touch(struct merge *m, struct merge_in *in, uint64_t row, uint64_t subject, err *e)
{
	int64_t at_us, seq;
	struct moved t = { .subject = subject, .row = row, .input = (size_t)(in - m->in) };
	if (!ints_cursor_get(&in->c->numbers[COL_AT], row, &at_us, e) ||
	    !ints_cursor_get(&in->c->numbers[COL_SEQ], row, &seq, e) ||
	    !merge_tie(m, in, row, &t.tie, e))
		return false;
	t.at_us = at_us;
	t.seq = (uint64_t)seq;
	return vec_push(&m->moved, t) || err_nomem(e);
}

/* One touch of a subject whose touches are told apart. */
static bool ask_touch(struct merge *m, struct merge_in *in, uint64_t row, uint64_t subject, err *e)
{
	struct touch t;
	uint64_t now = subject;
	arena_reset(&m->a);
	if (!segment_touch(in->c, row, &m->a, &t, e))
		return false;
	CHECK(m->o->touch);
	enum segment_fate fate = m->o->touch(m->o->arg, in->s, &t, &now);
	return fate == FATE_DROP || list_touch(m, in, row, fate == FATE_MOVE ? now : subject, e);
}

static bool ask_subject(struct merge *m, struct merge_in *in, uint64_t i, uint64_t row, size_t n,
			uint64_t subject, err *e)
{
	uint64_t now = subject;
	enum segment_fate fate = m->o->subject(m->o->arg, in->s, subject, &now);
	if (fate == FATE_MOVE && now == subject)
		fate = FATE_KEEP;
	in->fates[i] = (uint8_t)fate;
	for (size_t k = 0; k < n && fate == FATE_MOVE; k++) {
		if (!list_touch(m, in, row + k, now, e))
			return false;
	}
	for (size_t k = 0; k < n && fate == FATE_EACH; k++) {
		if (!ask_touch(m, in, row + k, subject, e))
			return false;
	}
	return true;
}

static bool ask_input(struct merge *m, struct merge_in *in, err *e)
{
	uint64_t subjects = in->s->info.subjects, row = 0;
	in->fates = mem_zalloc((size_t)subjects, sizeof *in->fates);
	if (!in->fates)
		return err_nomem(e);
	for (uint64_t i = 0; i < subjects; i++) {
		int64_t subject, count;
		if (!ints_cursor_get(&in->subjects, i, &subject, e) ||
		    !ints_cursor_get(&in->counts, i, &count, e) ||
		    !ask_subject(m, in, i, row, (size_t)count, (uint64_t)subject, e))
			return false;
		row += (uint64_t)count;
	}
	return true;
}

bool merge_ask(struct merge *m, err *e)
{
	for (size_t i = 0; m->o->subject && i < m->n; i++) {
		if (!ask_input(m, &m->in[i], e))
			return false;
	}
	if (m->moved.n > 1)
		qsort(m->moved.items, m->moved.n, sizeof *m->moved.items, in_order);
	return true;
}
