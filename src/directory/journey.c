/*
 * journey.c - what happened to one, in order; and what happened last.
 *
 * What it is:   where the subject's touches stand (touches.c) and when they were, then the page's
 *               own, unpacked; nothing else is read.
 * Threads:      the snapshot's.
 */
#include "directory/directory_int.h"

#include "base/mem.h"
#include "journal/channel.h"

#include <stdlib.h>

#define LATEST_SCAN_MAX	    200000
#define LATEST_CHUNK	    2000
#define JOURNEY_TOUCHES_MAX 5000000

struct head {
	uint64_t seq;
	int64_t at_us;
	uint64_t row;
	uint32_t segment;
	bool is_stage;
};

/* The name of one segment's codes that enters a stage. */
struct stage_code {
	uint32_t code;
	bool there;
};
struct finding {
	const struct snapshot_segment *segments;
	struct stage_code *stages; /* by segment */
	VEC(struct head) heads;
};

static bool found(void *arg, size_t segment, uint64_t row, err *e)
{
	struct finding *f = arg;
	const struct segment *s = f->segments[segment].segment;
	int64_t seq, at_us, name;
	if (!column_ints(segment_seq(s), row, 1, &seq, e) ||
	    !column_ints(segment_at(s), row, 1, &at_us, e) ||
	    !column_ints(segment_name(s), row, 1, &name, e))
		return false;
	struct head h = { .seq = (uint64_t)seq,
			  .at_us = at_us,
			  .row = row,
			  .segment = (uint32_t)segment,
			  .is_stage = f->stages[segment].there &&
				      f->stages[segment].code == (uint64_t)name };
	if (f->heads.n >= JOURNEY_TOUCHES_MAX)
		return err_set(e, ERR_LIMIT, "the journey has more than %d touches",
			       JOURNEY_TOUCHES_MAX);
	return vec_push(&f->heads, h) || err_nomem(e);
}

static bool find_all(struct directory *d, struct snapshot *s, const struct subject_view *v,
		     struct arena *a, struct finding *f, err *e)
{
	size_t n;
	str stage = v->entity == ENTITY_DEAL ? S("deal_stage_entered") : S("stage_entered");
	if (!snapshot_segments(s, &f->segments, &n, e))
		return false;
	f->stages = ARENA_ARRAY(a, struct stage_code, n);
	if (!f->stages)
		return arena_err(a, e);
	for (size_t i = 0; i < n; i++)
		f->stages[i].there = segment_name_code(f->segments[i].segment, stage,
						       &f->stages[i].code);
	return touches_each(d, s, v, found, f, e);
}

static int head_cmp(const void *a, const void *b)
{
	const struct head *x = a, *y = b;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* The heads [from, to) of the page, in order of time. */
struct part {
	size_t from, to;
	bool more;
};

static struct part part_of(const struct finding *f, const struct directory_journey *j)
{
	struct head after = { .seq = j->after_seq, .at_us = j->after_at_us };
	size_t n = f->heads.n, low = 0, high = n;
	while (low < high) { /* the first that is not before the cursor */
		size_t middle = low + (high - low) / 2;
		if (head_cmp(&f->heads.items[middle], &after) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	struct part p;
	if (j->latest_first) {
		p.to = j->begin ? n : low;
		p.from = p.to > j->limit ? p.to - j->limit : 0;
		p.more = p.from > 0;
		return p;
	}
	bool at_cursor = low < n && head_cmp(&f->heads.items[low], &after) == 0;
	p.from = j->begin ? 0 : low + at_cursor;
	p.to = MIN(n, p.from + j->limit);
	p.more = p.to < n;
	return p;
}

static int segment_cmp(const void *a, const void *b)
{
	const struct head *x = a, *y = b;
	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static int touch_at_cmp(const void *a, const void *b)
{
	const struct touch *x = a, *y = b;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Unpacked segment by segment, row by row. */
static bool read_rows(const struct finding *f, const struct head *heads, size_t n, struct arena *a,
		      struct touch *touches, err *e)
{
	struct segment_cursor *c = NULL;
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++) {
		struct touch t;
		if (i == 0 || heads[i].segment != heads[i - 1].segment) {
			segment_cursor_free(&c);
			ok = segment_cursor_new(f->segments[heads[i].segment].segment, &c, e);
		}
		ok = ok && segment_touch(c, heads[i].row, a, &t, e);
		if (!ok)
			break;
		t.channel = channel_of(&t.origin);
		/* What the segment lends goes when the snapshot does. */
		ok = touch_copy(a, &t, &touches[i]) || arena_err(a, e);
	}
	segment_cursor_free(&c);
	return ok;
}

static bool touches_read(const struct finding *f, const struct head *heads, size_t n,
			 bool latest_first, struct arena *a, struct directory_touches *t, err *e)
{
	struct head *sorted = ARENA_ARRAY(a, struct head, n);
	struct touch *touches = ARENA_ARRAY(a, struct touch, n);
	if (!sorted || !touches)
		return arena_err(a, e);
	for (size_t i = 0; i < n; i++)
		sorted[i] = heads[i];
	if (n)
		qsort(sorted, n, sizeof *sorted, segment_cmp);
	if (!read_rows(f, sorted, n, a, touches, e))
		return false;
	if (n)
		qsort(touches, n, sizeof *touches, touch_at_cmp);
	for (size_t i = 0; latest_first && i < n / 2; i++) {
		struct touch swap = touches[i];
		touches[i] = touches[n - 1 - i];
		touches[n - 1 - i] = swap;
	}
	t->touches = touches;
	t->n = n;
	return true;
}

/* The stage in which the page begins: that of the last stage touch before it. */
static bool stage_before(const struct finding *f, size_t from, struct arena *a,
			 struct directory_touches *t, err *e)
{
	struct directory_touches one = { 0 };
	size_t i = from;
	while (i > 0 && !f->heads.items[i - 1].is_stage)
		i--;
	if (i == 0)
		return true;
	if (!touches_read(f, &f->heads.items[i - 1], 1, false, a, &one, e))
		return false;
	value stage = touch_prop(&one.touches[0], S("stage"));
	if (stage.kind == VALUE_TEXT)
		t->stage = stage.text;
	return true;
}

bool directory_journey(struct directory *d, struct snapshot *s, const struct directory_journey *j,
		       struct arena *a, struct directory_touches *t_r, err *e)
{
	struct subject_view v;
	struct finding f = { 0 };
	struct directory_touches t = { .stage = S("") };
	if (!people_view(snapshot_people(s), j->subject, a, &v, e))
		return false;
	bool ok = find_all(d, s, &v, a, &f, e);
	if (ok && f.heads.n)
		qsort(f.heads.items, f.heads.n, sizeof *f.heads.items, head_cmp);
	struct part p = part_of(&f, j);
	t.count = f.heads.n;
	t.more = p.more;
	if (ok && f.heads.n)
		ok = touches_read(&f, f.heads.items + p.from, p.to - p.from, j->latest_first, a, &t,
				  e) &&
		     stage_before(&f, p.from, a, &t, e);
	vec_free(&f.heads);
	*t_r = t;
	return ok;
}

/* ---- the latest ------------------------------------------------------------------------------ */

struct chunk {
	const struct rule *rule;
	int64_t now_us;
	VEC(struct touch) touches; /* of one chunk, in order */
	struct arena *a;
	bool nomem;
};

static bool take_chunk(void *arg, const struct touch *t)
{
	struct chunk *c = arg;
	struct rule_row row = touch_row(t, c->now_us);
	struct touch copy;
	if (c->rule && !rule_test(c->rule, &row))
		return true;
	c->nomem = !touch_copy(c->a, t, &copy) || !vec_push(&c->touches, copy);
	return !c->nomem;
}

bool directory_latest(struct directory *d, struct snapshot *s, const struct rule *rule,
		      uint64_t before, size_t limit, int64_t now_us, struct arena *a,
		      struct directory_touches *t_r, err *e)
{
	struct chunk c = { .rule = rule, .now_us = now_us, .a = a };
	struct directory_touches t = { .stage = S("") };
	uint64_t last = snapshot_seq(s), to = before ? MIN(before - 1, last) : last;
	uint64_t end = to > LATEST_SCAN_MAX ? to - LATEST_SCAN_MAX : 0;
	bool ok = true;
	(void)d;
	t.touches = ARENA_ARRAY(a, struct touch, limit);
	if (!t.touches)
		return arena_err(a, e);
	while (ok && to > end && t.n < limit) {
		uint64_t from = to > LATEST_CHUNK ? to - LATEST_CHUNK : 0;
		vec_clear(&c.touches);
		ok = snapshot_scan_from(s, from + 1, to, take_chunk, &c, e) &&
		     (!c.nomem || arena_err(a, e));
		for (size_t i = c.touches.n; ok && i-- > 0 && t.n < limit;)
			t.touches[t.n++] = c.touches.items[i];
		to = t.n == limit ? t.touches[t.n - 1].seq - 1 : from;
	}
	vec_free(&c.touches);
	t.more = to > 0;
	t.next_seq = to + 1;
	*t_r = t;
	return ok;
}
