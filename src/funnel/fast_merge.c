/*
 * fast_merge.c - what was found in several segments, by subject, in order of time.
 *
 * What it is:   the parts of a batch side by side: subject by subject their touches one behind the
 *               other where they do not overlap in time, as segments mostly do not, else merged.
 *               Touches of one instant are then put in the order of their steps: when each fills
 *               one step, no chain can be longer.
 * Promises:     touches of one segment keep their order; where touches of several segments have one
 *               instant, which only whole touches could put in order, the subject is marked.
 * Threads:      belongs to a worker.
 */
#include "funnel/fast_kit_int.h"

#include <string.h>

void bundle_init(struct bundle *b)
{
	memset(b, 0, sizeof *b);
}

void bundle_fini(struct bundle *b)
{
	struct room *rooms[] = { &b->subjects, &b->begins,    &b->ends,	      &b->steps,
				 &b->masks,    &b->ats,	      &b->poses,      &b->srcs,
				 &b->crosses,  &b->visit_ats, &b->visit_rows, &b->visit_srcs,
				 &b->spare[0], &b->spare[1],  &b->spare[2],   &b->spare[3] };
	for (size_t i = 0; i < ARRAY_LEN(rooms); i++)
		room_fini(rooms[i]);
}

static bool visit_room(struct job *j, struct bundle *b, size_t n, err *e)
{
	if (!room_for(j, &b->visit_ats, n, sizeof *b->visit_at, e) ||
	    !room_for(j, &b->visit_rows, n, sizeof *b->visit_row, e) ||
	    !room_for(j, &b->visit_srcs, n, sizeof *b->visit_src, e))
		return false;
	b->visit_at = b->visit_ats.p;
	b->visit_row = b->visit_rows.p;
	b->visit_src = b->visit_srcs.p;
	return true;
}

/* Place `place` has none yet, or a later one. */
static bool put_visit(struct bundle *b, size_t place, uint32_t src, size_t subject, err *e)
{
	struct part *p = &b->parts[src];
	uint64_t row = p->visit_row[subject];
	int64_t at;
	if (row == UINT64_MAX)
		return true;
	if (!ints_cursor_get(&p->when, row, &at, e))
		return false;
	if (b->visit_row[place] != UINT64_MAX && b->crossed && at == b->visit_at[place])
		b->crossed[place] = true;
	if (b->visit_row[place] != UINT64_MAX && at >= b->visit_at[place])
		return true;
	b->visit_at[place] = at;
	b->visit_row[place] = row;
	b->visit_src[place] = src;
	return true;
}

/* One part is the batch. */
static bool merge_one(struct job *j, struct bundle *b, struct part *p, err *e)
{
	b->n = p->n;
	b->subject = p->subject;
	b->begin = p->begin;
	b->end = p->end;
	b->touches_n = p->found.n;
	b->step = p->found.step;
	b->mask = p->mask;
	b->at = p->at;
	b->pos = p->found.pos;
	b->src = NULL;
	b->crossed = NULL;
	if (!j->q->lifecycle)
		return true;
	if (!visit_room(j, b, p->n, e))
		return false;
	for (size_t i = 0; i < p->n; i++) {
		b->visit_row[i] = UINT64_MAX;
		if (!put_visit(b, i, 0, i, e))
			return false;
	}
	return true;
}

static bool merge_room(struct job *j, struct bundle *b, size_t subjects, size_t touches, err *e)
{
	size_t most = touches + ARRAY_SLACK;
	if (!room_for(j, &b->subjects, subjects, sizeof(int64_t), e) ||
	    !room_for(j, &b->begins, subjects, sizeof(uint32_t), e) ||
	    !room_for(j, &b->ends, subjects, sizeof(uint32_t), e) ||
	    !room_for(j, &b->crosses, subjects, sizeof(bool), e) ||
	    !room_for(j, &b->ats, most, sizeof(int64_t), e) ||
	    !room_for(j, &b->poses, most, sizeof(uint32_t), e) ||
	    !room_for(j, &b->srcs, most, sizeof(uint32_t), e) ||
	    !room_for(j, j->wide ? &b->masks : &b->steps, most,
		      j->wide ? sizeof(uint32_t) : sizeof(uint8_t), e))
		return false;
	if (j->q->lifecycle && !visit_room(j, b, subjects, e))
		return false;
	b->subject = b->subjects.p;
	b->begin = b->begins.p;
	b->end = b->ends.p;
	b->crossed = b->crosses.p;
	b->at = b->ats.p;
	b->pos = b->poses.p;
	b->src = b->srcs.p;
	b->mask = b->masks.p;
	b->step = b->steps.p;
	return true;
}

/* One touch of the batch to another place. */
static inline void copy_touch(const struct job *j, struct bundle *b, size_t to, size_t from)
{
	b->at[to] = b->at[from];
	b->pos[to] = b->pos[from];
	b->src[to] = b->src[from];
	if (j->wide)
		b->mask[to] = b->mask[from];
	else
		b->step[to] = b->step[from];
}

static inline void take_touch(const struct job *j, struct bundle *b, size_t to, uint32_t src,
			      size_t from)
{
	const struct part *p = &b->parts[src];
	b->at[to] = p->at[from];
	b->pos[to] = p->found.pos[from];
	b->src[to] = src;
	if (j->wide)
		b->mask[to] = p->mask[from];
	else
		b->step[to] = p->found.step[from];
}

static inline void append_run(const struct job *j, struct bundle *b, size_t to, uint32_t src,
			      size_t from, size_t n)
{
	const struct part *p = &b->parts[src];
	if (j->wide) {
		for (size_t i = 0; i < n; i++)
			take_touch(j, b, to + i, src, from + i);
		return;
	}
	struct append a = { .from_step = p->found.step + from,
			    .from_at = p->at + from,
			    .from_pos = p->found.pos + from,
			    .step = b->step + to,
			    .at = b->at + to,
			    .pos = b->pos + to,
			    .src = b->src + to,
			    .part = src,
			    .n = n };
	j->kit->append(&a);
}

/* Puts touches [from, to) of a part behind those of the same subject, which begin at `first` and
 * end at `end`. True: two of them have one instant. */
static bool add_run(const struct job *j, struct bundle *b, size_t first, size_t end, uint32_t src,
		    size_t from, size_t to)
{
	const struct part *p = &b->parts[src];
	size_t n = to - from;
	bool same = false;
	if (n == 0)
		return false;
	if (end == first || b->at[end - 1] < p->at[from]) {
		append_run(j, b, end, src, from, n);
		return false;
	}
	/* Backwards, so that nothing is written over before it was moved. */
	for (size_t out = end + n; n > 0;) {
		bool old = end > first && b->at[end - 1] >= p->at[from + n - 1];
		same = same || (end > first && b->at[end - 1] == p->at[from + n - 1]);
		out--;
		if (old)
			copy_touch(j, b, out, --end);
		else
			take_touch(j, b, out, src, from + --n);
	}
	return same;
}

/* The least subject that is next in any part; UINT64_MAX: none. */
static uint64_t next_subject(const struct part *parts, const size_t *next, size_t n)
{
	uint64_t least = UINT64_MAX;
	for (size_t i = 0; i < n; i++)
		if (next[i] < parts[i].n)
			least = MIN(least, (uint64_t)parts[i].subject[next[i]]);
	return least;
}

static bool merge_subjects(struct job *j, struct bundle *b, size_t *next, err *e)
{
	int64_t *subject = b->subjects.p;
	uint32_t *begins = b->begins.p, *ends = b->ends.p;
	size_t n = 0, end = 0;
	for (uint64_t s; (s = next_subject(b->parts, next, b->parts_n)) != UINT64_MAX; n++) {
		size_t first = end;
		subject[n] = (int64_t)s;
		begins[n] = (uint32_t)first;
		b->crossed[n] = false;
		if (j->q->lifecycle)
			b->visit_row[n] = UINT64_MAX;
		for (uint32_t k = 0; k < b->parts_n; k++) {
			const struct part *p = &b->parts[k];
			size_t i = next[k];
			if (i == p->n || (uint64_t)p->subject[i] != s)
				continue;
			next[k]++;
			if (add_run(j, b, first, end, k, p->begin[i], p->end[i]))
				b->crossed[n] = true;
			end += p->end[i] - p->begin[i];
			if (j->q->lifecycle && !put_visit(b, n, k, i, e))
				return false;
		}
		ends[n] = (uint32_t)end;
	}
	b->touches_n = end;
	b->n = n;
	return true;
}

bool bundle_merge(struct job *j, struct bundle *b, struct part *parts, size_t n, err *e)
{
	size_t subjects = 0, touches = 0;
	b->parts = parts;
	b->parts_n = n;
	if (n == 1)
		return merge_one(j, b, parts, e);
	for (size_t i = 0; i < n; i++) {
		subjects += parts[i].n;
		touches += parts[i].found.n;
	}
	if (touches >= UINT32_MAX)
		return err_set(e, ERR_LIMIT,
			       "one subject has more than 4 thousand million touches");
	if (!merge_room(j, b, subjects, touches, e) ||
	    !room_for(j, &b->spare[0], n, sizeof(size_t), e))
		return false;
	memset(b->spare[0].p, 0, n * sizeof(size_t));
	return merge_subjects(j, b, b->spare[0].p, e);
}

/* ---- touches of one instant ------------------------------------------------------------------ */

/* [from, to) have one instant: by step, and within a step as they were. */
static bool sort_instant(struct job *j, struct bundle *b, size_t from, size_t to, err *e)
{
	size_t n = to - from;
	size_t place[FUNNEL_STEPS_MAX + 3] = { 0 };
	if (!room_for(j, &b->spare[1], n, sizeof *b->step, e) ||
	    !room_for(j, &b->spare[2], n, sizeof *b->pos, e) ||
	    !room_for(j, &b->spare[3], n, sizeof(uint32_t), e))
		return false;
	uint8_t *step = b->spare[1].p;
	uint32_t *pos = b->spare[2].p, *src = b->spare[3].p;
	for (size_t i = from; i < to; i++)
		place[b->step[i] + 1]++;
	for (size_t k = 1; k < ARRAY_LEN(place); k++)
		place[k] += place[k - 1];
	for (size_t i = from; i < to; i++) {
		size_t at = place[b->step[i]]++;
		step[at] = b->step[i];
		pos[at] = b->pos[i];
		if (b->src)
			src[at] = b->src[i];
	}
	memcpy(b->step + from, step, n * sizeof *step);
	memcpy(b->pos + from, pos, n * sizeof *pos);
	if (b->src)
		memcpy(b->src + from, src, n * sizeof *src);
	return true;
}

bool bundle_settle(struct job *j, struct bundle *b, err *e)
{
	if (!j->kit->repeats(b->at, b->touches_n))
		return true;
	for (size_t s = 0; s < b->n; s++) {
		for (size_t i = b->begin[s], end; i < b->end[s]; i = end) {
			bool sorted = true;
			for (end = i + 1; end < b->end[s] && b->at[end] == b->at[i]; end++)
				sorted = sorted && b->step[end - 1] <= b->step[end];
			if (!sorted && !sort_instant(j, b, i, end, e))
				return false;
		}
	}
	return true;
}
