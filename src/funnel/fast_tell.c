/*
 * fast_tell.c - one subject into the counts of its worker.
 *
 * What it is:   the group that its chain says, and what whoever asked is told of it.
 * Data from:    indexes into the batch, by row; codes are checked against the question's tables.
 * Threads:      belongs to a worker.
 */
#include "funnel/fast_kit_int.h"

#include "base/mem.h"

bool worker_leave(struct worker *w, uint64_t subject, err *e)
{
	struct fast_answer *a = &w->answer;
	if (a->left_n == w->left_cap) {
		size_t cap = MAX(w->left_cap * 2, (size_t)64);
		uint64_t *left = mem_realloc(a->left, cap, sizeof *left);
		if (!left)
			return err_nomem(e);
		a->left = left;
		w->left_cap = cap;
	}
	a->left[a->left_n++] = subject;
	return true;
}

static uint64_t row_of(const struct bundle *b, uint32_t place, size_t index, uint32_t *src_r)
{
	bool visit = index == CHAIN_NONE;
	*src_r = visit ? b->visit_src[place] : b->src ? b->src[index] : 0;
	return visit ? b->visit_row[place] : b->parts[*src_r].first_row + b->pos[index];
}

/* The group by the touch of row `k`. */
static bool group_of_touch(struct worker *w, uint32_t place, size_t k, const size_t *index,
			   uint32_t *group_r, err *e)
{
	struct bundle *b = &w->batch;
	uint32_t src;
	int64_t code = 0;
	*group_r = w->job->q->group_none;
	if (index[k] == CHAIN_NONE && k > 0)
		return true;
	uint64_t row = row_of(b, place, index[k], &src);
	struct part *p = &b->parts[src];
	const struct fast_segment *s = p->p->s;
	if (!s->group)
		return true;
	if (!ints_cursor_get(&p->group, row, &code, e))
		return false;
	if ((uint64_t)code < s->group_codes_n && s->group_of[code] < w->job->q->groups_n)
		*group_r = s->group_of[code];
	return true;
}

static bool choose_group(struct worker *w, uint32_t place, size_t level, const size_t *index,
			 uint32_t *group_r, err *e)
{
	const struct fast_question *q = w->job->q;
	uint64_t subject = (uint64_t)w->batch.subject[place];
	*group_r = q->group_none;
	switch (q->grouping) {
	case FAST_UNGROUPED:
		break;
	case FAST_BY_STEP:
		if (level >= q->of_step)
			return group_of_touch(w, place, q->of_step - 1, index, group_r, e);
		break;
	case FAST_BY_LAST:
		return group_of_touch(w, place, level - 1, index, group_r, e);
	case FAST_BY_SUBJECT:
		if (subject < q->subject_groups_n && q->subject_group[subject] < q->groups_n)
			*group_r = q->subject_group[subject];
		break;
	}
	return true;
}

static bool tell_each(struct worker *w, uint32_t place, size_t level, const size_t *index,
		      uint32_t group, err *e)
{
	const struct bundle *b = &w->batch;
	int64_t at_us[FUNNEL_STEPS_MAX];
	uint32_t segment[FUNNEL_STEPS_MAX];
	uint64_t row[FUNNEL_STEPS_MAX];
	for (size_t k = level; k-- > 0;) {
		uint32_t src;
		if (index[k] == CHAIN_NONE && k > 0) {
			at_us[k] =
				at_us[k + 1]; /* the row above is reached: the last one always is */
			segment[k] = segment[k + 1];
			row[k] = UINT64_MAX;
			continue;
		}
		row[k] = row_of(b, place, index[k], &src);
		segment[k] = b->parts[src].p->number;
		at_us[k] = index[k] == CHAIN_NONE ? b->visit_at[place] : b->at[index[k]];
	}
	struct fast_subject s = { .subject = (uint64_t)b->subject[place],
				  .group = group,
				  .level = level,
				  .at_us = at_us,
				  .segment = segment,
				  .row = row };
	return w->job->q->each(w->job->q->arg, w->number, &s, e);
}

bool worker_tell(struct worker *w, uint32_t place, size_t level, const size_t *index, err *e)
{
	const struct fast_question *q = w->job->q;
	uint32_t group = 0;
	w->answer.count[level - 1]++;
	if (q->grouping != FAST_UNGROUPED) {
		if (!choose_group(w, place, level, index, &group, e))
			return false;
		w->answer.group_count[(size_t)group * FUNNEL_STEPS_MAX + level - 1]++;
	}
	return !q->each || tell_each(w, place, level, index, group, e);
}
