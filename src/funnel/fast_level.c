/*
 * fast_level.c - how far the subjects of a batch came, and by which touches.
 *
 * What it is:   levels come from the kit's walk, or where a touch may fill several steps, from the
 *               same walk over sets of steps; instants with several such touches are the engine's
 *               (chain.c). The reported chain is found as chain.c says: from the first touch of
 *               step 0 that lies within the window before the chain was complete, each step as
 *               early as possible.
 * Promises:     what chain_ordered() answers.
 * Threads:      belongs to a worker.
 */
#include "funnel/fast_kit_int.h"

#include <string.h>

/* ---- steps that come one to a touch ---------------------------------------------------------- */

/* The reported chain of a level, from its entry on: touches of the batch, by step. */
static void chain_of_steps(const struct bundle *b, size_t level, size_t *index)
{
	size_t i = index[0];
	for (size_t k = 1; k < level; k++) {
		do
			i++;
		while (b->step[i] != k);
		index[k] = i;
	}
}

static bool tell_steps(struct worker *w, err *e)
{
	const struct job *j = w->job;
	const struct bundle *b = &w->batch;
	size_t index[FUNNEL_STEPS_MAX];
	/* When only the first touch is asked for, the others need not be found. */
	bool first_only = !j->q->each && j->q->grouping == FAST_BY_STEP && j->q->of_step == 1;
	const uint32_t *entry = w->indexes.p;
	for (size_t s = 0; s < b->n; s++) {
		size_t level = w->level[s];
		if (level == 0)
			continue;
		if (b->crossed && b->crossed[s]) {
			if (!worker_leave(w, (uint64_t)b->subject[s], e))
				return false;
			continue;
		}
		index[0] = entry[s];
		chain_of_steps(b, first_only ? 1 : level, index);
		if (!worker_tell(w, (uint32_t)s, level, index, e))
			return false;
	}
	return true;
}

/* Whether the engine finds all steps of a subject in any order, its first touch in the period. */
static bool has_all(struct worker *w, size_t from, size_t end, bool *has_r, err *e)
{
	const struct job *j = w->job;
	const struct bundle *b = &w->batch;
	const size_t steps_n = j->q->rules->steps_n;
	struct chain chain;
	size_t n = 0;
	if (!room_for(w->job, &w->touches, end - from, sizeof(struct chain_touch), e))
		return false;
	struct chain_touch *touches = w->touches.p;
	for (size_t i = from; i < end; i++) {
		uint32_t mask = 0;
		if (j->wide)
			mask = b->mask[i];
		else if (b->step[i] != STEP_NOTHING(steps_n))
			mask = UINT32_C(1) << (b->step[i] == STEP_LATE(steps_n) ? 0 : b->step[i]);
		if (mask != 0)
			touches[n++] = (struct chain_touch){ .at_us = b->at[i], .mask = mask };
	}
	chain_any(j->q->rules, touches, n, &chain);
	*has_r = chain.level == steps_n;
	return true;
}

/* Who has every step, but not in order. Only where chains may begin in a part of the time, it
 * matters which touch is the first. */
static bool count_out_of_order(struct worker *w, const struct walk *walk, err *e)
{
	const struct chain_rules *rules = w->job->q->rules;
	const struct bundle *b = &w->batch;
	if (!room_for(w->job, &w->anys, b->n + 1, sizeof(uint8_t), e))
		return false;
	uint8_t *any = w->anys.p;
	w->job->kit->any(walk, rules->to_us, any);
	for (size_t s = 0; s < b->n; s++) {
		/* Who is left to the caller is counted there. */
		bool left = w->job->chains && b->crossed && b->crossed[s] && w->level[s] > 0;
		bool has = any[s] != ANY_NONE && w->level[s] < rules->steps_n && !left;
		if (has && any[s] != ANY_SURE && !has_all(w, b->begin[s], b->end[s], &has, e))
			return false;
		w->answer.out_of_order += has;
	}
	return true;
}

static bool count_steps(struct worker *w, err *e)
{
	struct job *j = w->job;
	struct bundle *b = &w->batch;
	uint64_t of_level[FUNNEL_STEPS_MAX + 1] = { 0 };
	if (!bundle_settle(j, b, e))
		return false;
	if (j->chains && (!room_for(j, &w->completes, b->n + 1, sizeof *w->complete_us, e) ||
			  !room_for(j, &w->indexes, b->n + 1, sizeof(uint32_t), e)))
		return false;
	w->complete_us = j->chains ? w->completes.p : NULL;
	struct walk walk = { .step = b->step,
			     .at = b->at,
			     .begin = b->begin,
			     .end = b->end,
			     .n = b->n,
			     .steps_n = j->q->rules->steps_n,
			     .window_us = j->window_us,
			     .level = w->level,
			     .complete_us = w->complete_us };
	j->kit->walk(&walk);
	if (j->q->out_of_order && !count_out_of_order(w, &walk, e))
		return false;
	if (j->chains) {
		struct entries entries = { .walk = &walk,
					   .from_us = j->from_us,
					   .index = w->indexes.p };
		j->kit->entries(&entries);
		return tell_steps(w, e);
	}
	if (j->q->grouping == FAST_BY_SUBJECT) {
		for (size_t s = 0; s < b->n; s++)
			if (w->level[s] > 0 && !worker_tell(w, (uint32_t)s, w->level[s], NULL, e))
				return false;
		return true;
	}
	for (size_t s = 0; s < b->n; s++)
		of_level[w->level[s]]++;
	for (size_t k = 1; k <= walk.steps_n; k++)
		w->answer.count[k - 1] += of_level[k];
	return true;
}

/* ---- touches that fill several steps --------------------------------------------------------- */

/* Levels of one subject whose touches all have instants of their own. */
static size_t walk_masks(const struct job *j, const struct bundle *b, size_t i, size_t end,
			 int64_t *complete_us_r)
{
	int64_t slot[SLOTS_N];
	size_t level = 0;
	for (size_t k = 0; k < SLOTS_N; k++)
		slot[k] = NEVER_US;
	for (; i < end; i++) {
		int64_t at = b->at[i];
		slot[0] = at;
		/* Downwards: a touch is used once. */
		for (uint32_t rest = b->mask[i]; rest != 0;) {
			size_t k = 31 - (size_t)__builtin_clz(rest);
			rest &= ~(UINT32_C(1) << k);
			if (k == 0 && at >= j->q->rules->to_us)
				continue;
			slot[k + 1] = slot[k];
			if (k == level && at - slot[k] <= j->window_us) {
				level = k + 1;
				*complete_us_r = at;
			}
		}
	}
	return level;
}

static void chain_of_masks(const struct job *j, const struct bundle *b, size_t i, size_t level,
			   int64_t complete_us, size_t *index)
{
	int64_t entry_from = chain_entry_from(j->q->rules, complete_us);
	while ((b->mask[i] & 1) == 0 || b->at[i] < entry_from)
		i++;
	index[0] = i;
	for (size_t k = 1; k < level; k++) {
		do
			i++;
		while ((b->mask[i] >> k & 1) == 0);
		index[k] = i;
	}
}

/* By the engine itself. */
static bool chain_of_engine(struct worker *w, size_t from, size_t end, size_t *level_r,
			    size_t *index, err *e)
{
	const struct bundle *b = &w->batch;
	struct chain chain;
	size_t n = end - from;
	if (!room_for(w->job, &w->touches, n, sizeof(struct chain_touch), e))
		return false;
	struct chain_touch *touches = w->touches.p;
	for (size_t i = 0; i < n; i++)
		touches[i] = (struct chain_touch){ .at_us = b->at[from + i],
						   .mask = b->mask[from + i] };
	chain_ordered(w->job->q->rules, touches, n, &chain);
	for (size_t k = 0; k < chain.level; k++)
		index[k] = from + chain.touch[k];
	*level_r = chain.level;
	return true;
}

static bool count_mask_out_of_order(struct worker *w, size_t from, size_t end, size_t level, err *e)
{
	const struct bundle *b = &w->batch;
	const size_t steps_n = w->job->q->rules->steps_n;
	uint32_t seen = 0;
	bool has = false;
	if (!w->job->q->out_of_order || level == steps_n)
		return true;
	for (size_t i = from; i < end; i++)
		seen |= b->mask[i];
	if ((size_t)__builtin_popcount(seen) == steps_n && !has_all(w, from, end, &has, e))
		return false;
	w->answer.out_of_order += has;
	return true;
}

static bool count_masks(struct worker *w, err *e)
{
	const struct job *j = w->job;
	const struct bundle *b = &w->batch;
	size_t index[FUNNEL_STEPS_MAX];
	for (size_t s = 0; s < b->n; s++) {
		size_t from = b->begin[s], end = b->end[s];
		int64_t complete = 0;
		bool repeats = false;
		size_t level;
		for (size_t i = from + 1; i < end; i++)
			repeats = repeats || b->at[i] == b->at[i - 1];
		if (j->chains && b->crossed && b->crossed[s]) {
			if (!worker_leave(w, (uint64_t)b->subject[s], e))
				return false;
			continue;
		}
		if (repeats) {
			if (!chain_of_engine(w, from, end, &level, index, e))
				return false;
		} else {
			level = walk_masks(j, b, from, end, &complete);
			if (j->chains && level > 0)
				chain_of_masks(j, b, from, level, complete, index);
		}
		if (!count_mask_out_of_order(w, from, end, level, e) ||
		    (level > 0 && !worker_tell(w, (uint32_t)s, level, index, e)))
			return false;
	}
	return true;
}

bool bundle_count(struct worker *w, err *e)
{
	if (!room_for(w->job, &w->levels, w->batch.n + 1, sizeof *w->level, e))
		return false;
	w->level = w->levels.p;
	if (w->job->q->lifecycle)
		return bundle_count_lifecycle(w, e);
	return w->job->wide ? count_masks(w, e) : count_steps(w, e);
}
