/*
 * fast_line.c - how far the subjects of a batch came along the line of stages.
 *
 * What it is:   entries of stages are few; most subjects have none and are visitors, or not there
 *               at all. The others are lifecycle.c's.
 * Promises:     what lifecycle_chain() answers, without a window.
 * Threads:      belongs to a worker.
 */
#include "funnel/fast_kit_int.h"

/* The visit, then the entries; `index` by row into the batch, CHAIN_NONE for rows passed over. */
static bool line_of(struct worker *w, size_t place, size_t *level_r, size_t *index, err *e)
{
	const struct fast_question *q = w->job->q;
	const struct bundle *b = &w->batch;
	size_t from = b->begin[place], end = b->end[place], n = 1;
	struct chain chain;
	if (!room_for(w->job, &w->touches, end - from + 1, sizeof(struct chain_touch), e) ||
	    !room_for(w->job, &w->completes, end - from + 1, sizeof(size_t), e))
		return false;
	struct chain_touch *touches = w->touches.p;
	size_t *where = w->completes.p;
	touches[0] = (struct chain_touch){ .at_us = b->visit_at[place] };
	for (size_t i = from; i < end; i++) {
		if (b->mask[i] == 0)
			continue;
		where[n] = i;
		touches[n++] = (struct chain_touch){ .at_us = b->at[i], .mask = b->mask[i] };
	}
	lifecycle_chain(q->rules, q->in_order, touches, n, &chain);
	index[0] = CHAIN_NONE; /* the visit itself */
	for (size_t k = 1; k < chain.level; k++)
		index[k] = chain.touch[k] == CHAIN_NONE ? CHAIN_NONE : where[chain.touch[k]];
	*level_r = chain.level;
	if (!q->out_of_order)
		return true;
	lifecycle_chain(q->rules, false, touches, n, &chain);
	w->answer.out_of_order += chain.level > *level_r;
	return true;
}

bool bundle_count_lifecycle(struct worker *w, err *e)
{
	const struct bundle *b = &w->batch;
	size_t index[FUNNEL_STEPS_MAX];
	for (size_t place = 0; place < b->n; place++) {
		size_t level = 1;
		if (b->visit_row[place] == UINT64_MAX)
			continue;
		if (w->job->chains && b->crossed && b->crossed[place]) {
			if (!worker_leave(w, (uint64_t)b->subject[place], e))
				return false;
			continue;
		}
		index[0] = CHAIN_NONE;
		if (b->end[place] > b->begin[place] && !line_of(w, place, &level, index, e))
			return false;
		for (size_t k = 1; k < level; k++)
			w->answer.skipped[k] += index[k] == CHAIN_NONE;
		if (!worker_tell(w, (uint32_t)place, level, index, e))
			return false;
	}
	return true;
}
