/*
 * funnel_lens.c - one thread's way into one segment.
 *
 * What it is:   what a touch says of steps, exclusions, held values and the breakdown, from its
 *               codes: a touch with the same codes was asked before, so it need not be unpacked.
 * Promises:     the answers are those of matcher_mask() and touch_breakdown() of the whole touch.
 *               What is noted is at most MEMO_MAX entries for each segment and thread.
 * Threads:      a lens belongs to one thread; numbers of values are given under the sources'
 *               lock.
 */
#include "funnel/source_int.h"

#include "base/mem.h"
#include "journal/channel.h"

#define MEMO_FIRST	 ((size_t)64)
#define MEMO_MAX	 ((size_t)65536)
#define TOUCH_BYTES_MAX_ (4 * MIB)

/* ---- what was found before ------------------------------------------------------------------- */

struct memo_entry {
	int64_t key[1 + DEPENDS_MAX];
	struct facts facts; /* of values: `mask` is the number */
	bool used;
};

static uint64_t hash_key(const int64_t *key, size_t n)
{
	uint64_t h = 0;
	for (size_t i = 0; i < n; i++) {
		h = (h ^ (uint64_t)key[i]) * UINT64_C(0x9E3779B97F4A7C15);
		h ^= h >> 29;
	}
	return h;
}

static struct memo_entry *memo_slot(const struct memo *m, const int64_t *key, size_t n)
{
	size_t at = (size_t)hash_key(key, n) & (m->slots_n - 1);
	for (;; at = (at + 1) & (m->slots_n - 1)) {
		struct memo_entry *x = &m->slots[at];
		bool same = x->used;
		for (size_t i = 0; same && i < n; i++)
			same = x->key[i] == key[i];
		if (!x->used || same)
			return x;
	}
}

/* What does not fit any more is asked again each time. */
static bool memo_put(struct memo *m, const int64_t *key, size_t n, struct facts facts, err *e)
{
	if (m->n >= MEMO_MAX)
		return true;
	if (m->n * 2 >= m->slots_n) {
		struct memo bigger = { .slots_n = m->slots_n ? m->slots_n * 2 : MEMO_FIRST };
		bigger.slots = mem_zalloc(bigger.slots_n, sizeof *bigger.slots);
		if (!bigger.slots)
			return err_nomem(e);
		for (size_t i = 0; i < m->slots_n; i++)
			if (m->slots[i].used)
				*memo_slot(&bigger, m->slots[i].key, n) = m->slots[i];
		mem_free(m->slots);
		m->slots = bigger.slots;
		m->slots_n = bigger.slots_n;
	}
	struct memo_entry *x = memo_slot(m, key, n);
	for (size_t i = 0; i < n; i++)
		x->key[i] = key[i];
	x->facts = facts;
	x->used = true;
	m->n++;
	return true;
}

static bool memo_get(const struct memo *m, const int64_t *key, size_t n, struct facts *facts_r)
{
	if (m->n == 0)
		return false;
	const struct memo_entry *x = memo_slot(m, key, n);
	if (x->used)
		*facts_r = x->facts;
	return x->used;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void lens_init(struct lens *r, struct lenses *all, const struct source *s)
{
	*r = (struct lens){ .source = s, .all = all };
	for (size_t i = 0; i < all->s->plan->by_n; i++)
		r->by_name = r->by_name || str_eq(all->s->plan->by[i].name, S("name"));
	ints_cursor_init(&r->at, segment_at(s->segment));
	ints_cursor_init(&r->name, segment_name(s->segment));
	ints_cursor_init(&r->person, segment_person(s->segment));
	ints_cursor_init(&r->company, segment_company(s->segment));
	ints_cursor_init(&r->deal, segment_deal(s->segment));
	for (size_t i = 0; i < s->facts.n; i++)
		ints_cursor_init(&r->facts[i], s->facts.columns[i]);
	for (size_t i = 0; i < s->values.n; i++)
		ints_cursor_init(&r->values[i], s->values.columns[i]);
}

static void lens_fini(struct lens *r)
{
	ints_cursor_fini(&r->at);
	ints_cursor_fini(&r->name);
	ints_cursor_fini(&r->person);
	ints_cursor_fini(&r->company);
	ints_cursor_fini(&r->deal);
	for (size_t i = 0; i < r->source->facts.n; i++)
		ints_cursor_fini(&r->facts[i]);
	for (size_t i = 0; i < r->source->values.n; i++)
		ints_cursor_fini(&r->values[i]);
	segment_cursor_free(&r->whole);
	mem_free(r->facts_memo.slots);
	mem_free(r->values_memo.slots);
	mem_free(r->window_subjects);
	mem_free(r->window_counts);
}

bool lenses_init(struct lenses *r, struct sources *s, size_t bytes_max, err *e)
{
	*r = (struct lenses){ .s = s };
	arena_init(&r->scratch, TOUCH_BYTES_MAX_);
	arena_init(&r->own, bytes_max);
	bool ok = matcher_init(&r->matcher, &s->plan->spec, &r->own, e);
	ok = matcher_init_excludes(&r->excluder, &s->plan->spec, &r->own, e) && ok;
	r->items = mem_zalloc(s->n + 1, sizeof *r->items);
	if (!r->items)
		return err_nomem(e);
	for (size_t i = 0; i < s->n; i++)
		lens_init(&r->items[i], r, &s->items[i]);
	return ok;
}

void lenses_fini(struct lenses *r)
{
	for (size_t i = 0; r->items && i < r->s->n; i++)
		lens_fini(&r->items[i]);
	mem_free(r->items);
	r->items = NULL;
	matcher_fini(&r->matcher);
	matcher_fini(&r->excluder);
	arena_fini(&r->scratch);
	arena_fini(&r->own);
}

void lenses_rewind(struct lenses *r)
{
	for (size_t i = 0; i < r->s->n; i++)
		r->items[i].at_subject = r->items[i].at_row = 0;
}

/* ---- touches --------------------------------------------------------------------------------- */

bool lens_touch(struct lens *r, uint64_t row, struct touch *t_r, err *e)
{
	arena_reset(&r->all->scratch);
	if (!r->whole && !segment_cursor_new(r->source->segment, &r->whole, e))
		return false;
	if (!segment_touch(r->whole, row, &r->all->scratch, t_r, e))
		return false;
	t_r->channel = channel_of(&t_r->origin);
	return true;
}

bool lens_hides(struct lens *r, uint64_t row, bool *hides_r, err *e)
{
	int64_t seq, import;
	const struct sources *s = r->all->s;
	*hides_r = false;
	if (!r->source->some_hidden)
		return true;
	if (!column_ints(segment_seq(r->source->segment), row, 1, &seq, e) ||
	    !column_ints(segment_import(r->source->segment), row, 1, &import, e))
		return false;
	*hides_r = (uint64_t)seq > s->seq ||
		   snapshot_hides_row(s->snapshot, (uint64_t)seq, (uint64_t)import);
	return true;
}

bool lens_person(struct lens *r, uint64_t row, uint64_t subject, uint64_t *person_r, err *e)
{
	int64_t v;
	if (!ints_cursor_get(&r->person, row, &v, e))
		return false;
	*person_r = v == 0 ? subject : (uint64_t)v - 1;
	return true;
}

/* The codes on which something depends, behind that of the name. */
static bool key_of(struct ints_cursor *cursors, size_t n, uint64_t row, int64_t *key, err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!ints_cursor_get(&cursors[i], row, &key[1 + i], e))
			return false;
	return true;
}

/* The number of what is held: 0 when something of it is missing. */
static bool held_number(struct lens *r, const struct touch *t, uint32_t *number_r, err *e)
{
	value values[FUNNEL_HOLD_MAX];
	size_t n;
	*number_r = 0;
	if (!touch_held(t, &r->all->s->plan->spec, values, &n))
		return true;
	mutex_lock(&r->all->s->lock);
	bool ok = dict_number_all(&r->all->s->held, values, n, number_r, e);
	mutex_unlock(&r->all->s->lock);
	return ok;
}

bool lens_facts(struct lens *r, uint64_t row, int64_t name, struct facts *f_r, err *e)
{
	const struct depends *d = &r->source->facts;
	int64_t key[1 + DEPENDS_MAX] = { name };
	struct touch t;
	if (!d->unknown && !key_of(r->facts, d->n, row, key, e))
		return false;
	if (!d->unknown && memo_get(&r->facts_memo, key, 1 + d->n, f_r))
		return true;
	if (!lens_touch(r, row, &t, e))
		return false;
	*f_r = (struct facts){ .mask = matcher_mask(&r->all->matcher, &t),
			       .exclude = matcher_mask(&r->all->excluder, &t) };
	return held_number(r, &t, &f_r->hold, e) &&
	       (d->unknown || memo_put(&r->facts_memo, key, 1 + d->n, *f_r, e));
}

static bool number_of_values(struct lens *r, const struct touch *t, uint32_t *number_r, err *e)
{
	const struct plan *p = r->all->s->plan;
	value values[FUNNEL_BY_MAX];
	for (size_t i = 0; i < p->by_n; i++)
		values[i] = p->by[i].of_person ? value_none()
					       : touch_breakdown(t, p->by[i].name, p->spec.now_us);
	mutex_lock(&r->all->s->lock);
	bool ok = dict_number_all(r->all->s->values, values, p->by_n, number_r, e);
	mutex_unlock(&r->all->s->lock);
	return ok;
}

bool lens_value(struct lens *r, uint64_t row, uint32_t *number_r, err *e)
{
	const struct depends *d = &r->source->values;
	int64_t key[1 + DEPENDS_MAX] = { 0 };
	struct facts found = { 0 };
	struct touch t;
	if (!d->unknown && (!key_of(r->values, d->n, row, key, e) ||
			    (r->by_name && !ints_cursor_get(&r->name, row, &key[0], e))))
		return false;
	if (d->unknown || !memo_get(&r->values_memo, key, 1 + d->n, &found)) {
		if (!lens_touch(r, row, &t, e) || !number_of_values(r, &t, &found.mask, e) ||
		    (!d->unknown && !memo_put(&r->values_memo, key, 1 + d->n, found, e)))
			return false;
	}
	*number_r = found.mask;
	return true;
}
