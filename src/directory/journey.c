/*
 * journey.c - what happened to one, in order; and what happened last.
 *
 * What it is:   the numbers of a subject's touches from the columns, then the records that hold the
 *               page's own; nothing else of the journal is read.
 * Threads:      the lock is held while numbers are looked for, not while records are read.
 */
#include "directory/directory_int.h"

#include <stdlib.h>

#define PROFILES_FEW	    8
#define LATEST_SCAN_MAX	    200000
#define LATEST_CHUNK	    2000
#define JOURNEY_TOUCHES_MAX 5000000

struct head {
	uint64_t seq;
	int64_t at_us;
	uint16_t name;
};

struct finding {
	const struct touches *t;
	VEC(struct head) heads;
	bool nomem;
};

static void found(struct finding *f, uint64_t seq)
{
	size_t i = (size_t)seq - 1;
	if (bit_get(f->t->hidden.items, i) || f->nomem)
		return;
	struct head h = { seq, f->t->at_us.items[i], f->t->name.items[i] };
	f->nomem = f->heads.n >= JOURNEY_TOUCHES_MAX || !vec_push(&f->heads, h);
}

#define BLOCK 64

/* Loops of a fixed length, so that the compiler compares many at once. */
static uint32_t block_has(const uint32_t *block, const uint32_t p[PROFILES_FEW], size_t n)
{
	uint32_t any = 0;
	for (size_t k = 0; k < n; k++) {
		uint32_t profile = p[k], found = 0;
		for (size_t i = 0; i < BLOCK; i++)
			found |= block[i] == profile;
		any |= found;
	}
	return any;
}

static void find_few(struct finding *f, const uint32_t *profiles, size_t n)
{
	const uint32_t *person = f->t->person.items;
	size_t rows = f->t->person.n;
	for (size_t from = 0; from < rows; from += BLOCK) {
		size_t to = MIN(from + BLOCK, rows);
		if (to - from == BLOCK && !block_has(person + from, profiles, n))
			continue;
		for (size_t i = from; i < to; i++) {
			for (size_t k = 0; k < n; k++) {
				if (person[i] == profiles[k])
					found(f, i + 1);
			}
		}
	}
}

static void find_many(struct finding *f, const struct rows *r, uint64_t subject)
{
	for (size_t i = 0; i < f->t->person.n; i++) {
		uint32_t profile = f->t->person.items[i];
		if (profile && profile <= r->root.n && r->root.items[profile - 1] == subject)
			found(f, i + 1);
	}
}

static void find_about(struct finding *f, const struct rows *r, const struct about *about, size_t n,
		       uint64_t subject)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t profile = about[i].profile;
		if (profile <= r->root.n && r->root.items[profile - 1] == subject)
			found(f, about[i].touch);
	}
}

static bool find_all(struct directory *d, const struct subject_view *v, struct finding *f, err *e)
{
	uint32_t profiles[PROFILES_FEW];
	size_t n = v->ids_n;
	f->t = &d->touches;
	if (v->entity == ENTITY_COMPANY) {
		find_about(f, &d->rows, f->t->companies.items, f->t->companies.n, v->subject);
	} else if (v->entity == ENTITY_DEAL) {
		find_about(f, &d->rows, f->t->deals.items, f->t->deals.n, v->subject);
	} else if (n > PROFILES_FEW) {
		find_many(f, &d->rows, v->subject);
	} else if (n) {
		for (size_t i = 0; i < n; i++)
			profiles[i] = (uint32_t)v->ids[i].profile;
		find_few(f, profiles, n);
	}
	return !f->nomem ||
	       err_set(e, ERR_LIMIT, "the journey has more than %d touches", JOURNEY_TOUCHES_MAX);
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
	struct head after = { j->after_seq, j->after_at_us, 0 };
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

struct copying {
	struct touch *touches;
	size_t n, max;
	struct arena *a;
};

static bool copy_touch(void *arg, const struct touch *t)
{
	struct copying *c = arg;
	return c->n < c->max && touch_copy(c->a, t, &c->touches[c->n++]);
}

static int seq_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static int touch_at_cmp(const void *a, const void *b)
{
	const struct touch *x = a, *y = b;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static bool touches_read(struct snapshot *s, const struct head *heads, size_t n, bool latest_first,
			 struct arena *a, struct directory_touches *t, err *e)
{
	uint64_t *seqs = ARENA_ARRAY(a, uint64_t, n);
	struct copying c = { .touches = ARENA_ARRAY(a, struct touch, n), .max = n, .a = a };
	if (!seqs || !c.touches)
		return arena_err(a, e);
	for (size_t i = 0; i < n; i++)
		seqs[i] = heads[i].seq;
	if (n)
		qsort(seqs, n, sizeof *seqs, seq_cmp);
	if (!snapshot_touches(s, seqs, n, copy_touch, &c, e))
		return false;
	if (a->over)
		return arena_err(a, e);
	if (c.n)
		qsort(c.touches, c.n, sizeof *c.touches, touch_at_cmp);
	for (size_t i = 0; latest_first && i < c.n / 2; i++) {
		struct touch swap = c.touches[i];
		c.touches[i] = c.touches[c.n - 1 - i];
		c.touches[c.n - 1 - i] = swap;
	}
	t->touches = c.touches;
	t->n = c.n;
	return true;
}

/* The stage in which the page begins: that of the last stage touch before it. */
static bool stage_before(struct snapshot *s, const struct finding *f, size_t from,
			 uint16_t stage_name, struct arena *a, struct directory_touches *t, err *e)
{
	struct directory_touches one = { 0 };
	size_t i = from;
	while (i > 0 && f->heads.items[i - 1].name != stage_name)
		i--;
	if (i == 0 || stage_name == NAME_NONE)
		return true;
	if (!touches_read(s, &f->heads.items[i - 1], 1, false, a, &one, e))
		return false;
	value stage = one.n ? touch_prop(&one.touches[0], S("stage")) : value_none();
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
	if (!people_view(snapshot_people(s), j->subject, a, &v, e) ||
	    !touches_follow(d, s, snapshot_seq(s), e) || !directory_read(d, s, e))
		return false;
	bool ok = find_all(d, &v, &f, e);
	uint16_t stage_name = touches_name(&d->touches, v.entity == ENTITY_DEAL
								? S("deal_stage_entered")
								: S("stage_entered"));
	rwlock_unlock(&d->lock);
	if (ok && f.heads.n)
		qsort(f.heads.items, f.heads.n, sizeof *f.heads.items, head_cmp);
	struct part p = part_of(&f, j);
	t.count = f.heads.n;
	t.more = p.more;
	if (ok && f.heads.n)
		ok = touches_read(s, f.heads.items + p.from, p.to - p.from, j->latest_first, a, &t,
				  e) &&
		     stage_before(s, &f, p.from, stage_name, a, &t, e);
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
