/*
 * undo_collect.c - what is taken back, and whom it was about, before the writer is asked.
 *
 * What it is:   searches the journal on the caller's thread, with a reader of its own: the touches
 *               that followed from the deed, everybody whom they are about, and every touch about
 *               those, from which the writer computes them anew.
 * Promises:     only what was done by hand is taken back. Touches that are not wanted are passed
 *               over without being decoded.
 * Threads:      the caller's; the store is its own.
 */
#include "journal/journal_int.h"

#include <stdlib.h>

#define HISTORY_BYTES_MAX (512 * MIB)

struct collecting {
	struct store *s;
	struct taking_back *b;
	err *e;
	bool failed;
	VEC(uint64_t) touches;
};

void taking_back_fini(struct taking_back *b)
{
	map64_fini(&b->chain);
	map64_fini(&b->subjects);
	vec_free(&b->history);
	vec_free(&b->cuts);
	arena_fini(&b->arena);
}

static bool add_touch(struct collecting *c, const struct touch *t)
{
	struct taking_back *b = c->b;
	const uint64_t about[] = { t->person, t->company, t->deal };
	if (c->touches.n == UNDO_CHAIN_MAX)
		return err_set(c->e, ERR_LIMIT, "more than %zu touches followed from touch %llu",
			       UNDO_CHAIN_MAX, (unsigned long long)b->u->seq);
	b->row.effects |= journal_hooks.effects(t);
	for (size_t i = 0; i < ARRAY_LEN(about); i++) {
		if (about[i] && !map64_put(&b->subjects, about[i], 1))
			return err_nomem(c->e);
	}
	return (map64_put(&b->chain, t->seq, 1) && vec_push(&c->touches, t->seq)) ||
	       err_nomem(c->e);
}

static bool wants_cause(void *arg, const struct touch_brief *h)
{
	const struct collecting *c = arg;
	uint64_t ignored;
	return h->cause && map64_get(&c->b->chain, h->cause, &ignored);
}

/* What followed, and what followed from that: a cause stands before what it causes. */
static bool add_follower(void *arg, const struct touch *t)
{
	struct collecting *c = arg;
	c->failed = !store_touch_hidden(c->s, t->seq) && !add_touch(c, t);
	return !c->failed;
}

/* Is it something that somebody did by hand, and that still holds? */
static bool may_be_taken_back(struct store *s, const struct touch *t, err *e)
{
	if (t->by.n == 0 && t->cause)
		return err_set(e, ERR_DENIED,
			       "touch %llu followed from touch %llu: take that one back",
			       (unsigned long long)t->seq, (unsigned long long)t->cause);
	if (t->by.n == 0 || str_eq(t->name, S("touch_redone")))
		return err_set(e, ERR_DENIED,
			       "touch %llu was not done by hand: it cannot be taken back",
			       (unsigned long long)t->seq);
	return !store_touch_hidden(s, t->seq) ||
	       err_set(e, ERR_CONFLICT, "touch %llu was taken back already",
		       (unsigned long long)t->seq);
}

static const uint64_t *sorted_keys(struct arena *a, const struct map64 *m, size_t *n_r);

static bool collect_deed(struct store *s, struct taking_back *b, const struct touch *deed, err *e)
{
	struct collecting c = { .s = s, .b = b, .e = e };
	bool ok = may_be_taken_back(s, deed, e) && add_touch(&c, deed) &&
		  store_scan_some(s, deed->seq + 1, s->last_seq, wants_cause, add_follower, &c,
				  e) &&
		  !c.failed;
	vec_free(&c.touches);
	if (!ok)
		return false;
	b->row.deed = deed->seq;
	b->row.touches = sorted_keys(&b->arena, &b->chain, &b->row.touches_n);
	b->row.subjects = sorted_keys(&b->arena, &b->subjects, &b->row.subjects_n);
	return (b->row.touches && b->row.subjects) || arena_err(&b->arena, e);
}

static int number_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static const uint64_t *sorted_keys(struct arena *a, const struct map64 *m, size_t *n_r)
{
	uint64_t *keys = ARENA_ARRAY(a, uint64_t, m->n), key, ignored;
	size_t n = 0;
	if (!keys)
		return NULL;
	for (size_t at = 0; map64_next(m, &at, &key, &ignored);)
		keys[n++] = key;
	qsort(keys, n, sizeof *keys, number_cmp);
	*n_r = n;
	return keys;
}

/* A touch_undone: what it took back is done again. */
static bool collect_again(struct store *s, struct taking_back *b, err *e)
{
	const struct undone_row *row = store_undone_of(s, b->u->seq);
	if (!row)
		return err_set(e, ERR_CORRUPT, "what touch %llu took back is not known",
			       (unsigned long long)b->u->seq);
	if (row->redone_seq)
		return err_set(e, ERR_CONFLICT, "it was done again already");
	if (row->effects & EFFECT_CUTS)
		return err_set(e, ERR_CONFLICT,
			       "a separation is not done again: separate them once more");
	b->again = row->undone_seq;
	b->row = *row; /* its lists live as long as the store: copied below */
	uint64_t *touches = ARENA_ARRAY(&b->arena, uint64_t, row->touches_n);
	uint64_t *subjects = ARENA_ARRAY(&b->arena, uint64_t, row->subjects_n);
	if (!touches || !subjects)
		return arena_err(&b->arena, e);
	for (size_t i = 0; i < row->touches_n; i++) {
		touches[i] = row->touches[i];
		if (!map64_put(&b->chain, touches[i], 1))
			return err_nomem(e);
	}
	for (size_t i = 0; i < row->subjects_n; i++) {
		subjects[i] = row->subjects[i];
		if (!map64_put(&b->subjects, subjects[i], 1))
			return err_nomem(e);
	}
	b->row.touches = touches;
	b->row.subjects = subjects;
	return true;
}

/* ---- everything about them ------------------------------------------------------------------- */

static bool wants_subject(void *arg, const struct touch_brief *h)
{
	const struct collecting *c = arg;
	const struct map64 *m = &c->b->subjects;
	uint64_t ignored;
	return (c->b->row.effects & EFFECT_CUTS) ||
	       (h->person && map64_get(m, h->person, &ignored)) ||
	       (h->company && map64_get(m, h->company, &ignored)) ||
	       (h->deal && map64_get(m, h->deal, &ignored)) ||
	       (h->cause && map64_get(&c->b->chain, h->cause, &ignored));
}

static bool gather_touch(void *arg, const struct touch *t)
{
	struct collecting *c = arg;
	struct taking_back *b = c->b;
	struct touch copy;
	uint64_t ignored;
	bool ours = (t->person && map64_get(&b->subjects, t->person, &ignored)) ||
		    (t->company && map64_get(&b->subjects, t->company, &ignored)) ||
		    (t->deal && map64_get(&b->subjects, t->deal, &ignored));
	bool cut = (b->row.effects & EFFECT_CUTS) && (journal_hooks.effects(t) & EFFECT_CUTS);
	if (!b->again && t->cause && map64_get(&b->chain, t->cause, &ignored) &&
	    !map64_get(&b->chain, t->seq, &ignored) && !store_touch_hidden(c->s, t->seq))
		b->stale = true; /* it followed while we searched */
	if (!ours && !cut)
		return true;
	c->failed = true;
	if (!touch_copy(&b->arena, t, &copy))
		return err_set(c->e, ERR_LIMIT,
			       "too much is known of whom it is about: it cannot be taken back");
	if ((ours && !vec_push(&b->history, copy)) || (cut && !vec_push(&b->cuts, copy)))
		return err_nomem(c->e);
	c->failed = false;
	return true;
}

bool undo_gather(struct store *s, struct taking_back *b, uint64_t from_seq, err *e)
{
	struct collecting c = { .s = s, .b = b, .e = e };
	return store_scan_some(s, from_seq, s->last_seq, wants_subject, gather_touch, &c, e) &&
	       !c.failed;
}

/* ---- what builds on it ----------------------------------------------------------------------- */

static bool is_beginning(const struct taking_back *b, const struct touch *deed)
{
	const uint64_t about = deed->deal     ? deed->deal
			       : deed->person ? deed->person
					      : deed->company;
	for (size_t i = 0; i < b->history.n; i++) {
		const struct touch *t = &b->history.items[i];
		if (t->person == about || t->company == about || t->deal == about)
			return t->seq == deed->seq;
	}
	return false;
}

/* Later touches that set what the deed set, or that are about somebody whom it made. */
static bool look_later(struct store *s, struct taking_back *b, const struct touch *deed, err *e)
{
	struct map64 keys = { 0 };
	uint64_t ignored;
	bool ok = true, sets, begins = is_beginning(b, deed);
	for (size_t i = 0; ok && i < b->history.n; i++) {
		const struct touch *t = &b->history.items[i];
		if (map64_get(&b->chain, t->seq, &ignored))
			ok = journal_hooks.sets(NULL, t, true, &keys, &sets, e);
	}
	for (size_t i = 0; ok && i < b->history.n && b->u->later_n < UNDO_LATER_MAX; i++) {
		const struct touch *t = &b->history.items[i];
		if (t->seq < deed->seq || touch_cmp(t, deed) <= 0 || store_hides_touch(s, t) ||
		    map64_get(&b->chain, t->seq, &ignored))
			continue;
		ok = journal_hooks.sets(NULL, t, false, &keys, &sets, e);
		if (ok && (sets || begins))
			b->u->later[b->u->later_n++] = t->seq;
	}
	map64_fini(&keys);
	if (!ok || b->u->later_n == 0 || b->u->anyway)
		return ok;
	return err_set(e, ERR_CONFLICT,
		       "something later builds on it (touch %llu): take that back first, or take "
		       "back this one alone",
		       (unsigned long long)b->u->later[0]);
}

bool undo_collect(struct store *s, struct taking_back *b, err *e)
{
	struct touch deed;
	arena_init(&b->arena, HISTORY_BYTES_MAX);
	b->u->later_n = 0;
	if (!store_touch(s, b->u->seq, &b->arena, &deed, e))
		return false;
	bool again = str_eq(deed.name, S("touch_undone"));
	b->upto = s->last_seq;
	b->undone_version = s->undone_version;
	bool ok = again ? collect_again(s, b, e) : collect_deed(s, b, &deed, e);
	return ok && undo_gather(s, b, 1, e) && (again || look_later(s, b, &deed, e));
}
