/*
 * retain_search.c - which touches have been kept for long enough.
 *
 * What it is:   reads the journal once for up to a million old touches of people who are not
 *               customers, in order of person, and gathers for a part of them everything from which
 *               the writer computes anew whom they are about.
 * Promises:     what people/ says is still of use, what an open import brings and what was taken
 *               back by hand stays.
 * Threads:      the caller's; the store is its own.
 */
#include "journal/retain_int.h"

#include <stdlib.h>

#define HISTORY_BYTES_MAX (512 * MIB)

struct searching {
	struct store *s;
	struct leavers *found;
	struct map64 buyers;
	int64_t before_us;
	err *e;
	bool failed;
};

static bool is_buyer(const struct searching *c, uint64_t person)
{
	uint64_t ignored;
	return map64_get(&c->buyers, journal_hooks.subject_of(c->s->people, person), &ignored);
}

static bool wants_old(void *arg, const struct touch_brief *h)
{
	const struct searching *c = arg;
	return h->person && !h->deal && !c->found->more && !is_buyer(c, h->person);
}

static bool is_open(struct store *s, uint64_t import)
{
	const struct import_row *row = import ? store_import(s, import) : NULL;
	return row && !row->closed_seq && !row->undone_seq;
}

static bool look_at(struct searching *c, const struct touch *t)
{
	bool leaves;
	if (t->at_us >= c->before_us || is_open(c->s, t->import) ||
	    store_touch_hidden(c->s, t->seq))
		return true;
	if (!journal_hooks.leaves(c->s->people, t, &leaves, c->e))
		return false;
	if (!leaves)
		return true;
	if (c->found->items.n == RETAIN_ROUND) {
		c->found->more = true;
		return true;
	}
	struct leaving one = { t->person, t->company, t->seq, t->import };
	return vec_push(&c->found->items, one) || err_nomem(c->e);
}

static bool on_old(void *arg, const struct touch *t)
{
	struct searching *c = arg;
	c->failed = !look_at(c, t);
	return !c->failed;
}

static int leaving_cmp(const void *a, const void *b)
{
	const struct leaving *x = a, *y = b;
	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

bool retain_search(struct store *s, int64_t before_us, struct leavers *found, err *e)
{
	struct searching c = { .s = s, .found = found, .before_us = before_us, .e = e };
	bool ok = journal_hooks.buyers(s->people, &c.buyers, e) &&
		  store_scan_some(s, 1, s->last_seq, wants_old, on_old, &c, e) && !c.failed;
	if (ok && found->items.n)
		qsort(found->items.items, found->items.n, sizeof *found->items.items, leaving_cmp);
	map64_fini(&c.buyers);
	return ok;
}

/* ---- a part of them -------------------------------------------------------------------------- */

static int number_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static bool note_import(struct retaining *x, uint64_t import)
{
	for (size_t i = 0; i + 1 < x->imports.n; i += 2) {
		if (x->imports.items[i] == import) {
			x->imports.items[i + 1]++;
			return true;
		}
	}
	return vec_push(&x->imports, import) && vec_push(&x->imports, 1);
}

static bool note_leaving(struct store *s, struct retaining *x, const struct leaving *l)
{
	bool is_new = x->persons.n == 0 || x->persons.items[x->persons.n - 1] != l->person;
	uint64_t subject = journal_hooks.subject_of(s->people, l->person);
	if (is_new &&
	    (!vec_push(&x->persons, l->person) || !vec_push(&x->subjects, subject) ||
	     !map64_put(&x->set, l->person, 1) || !map64_put(&x->b.subjects, l->person, 1)))
		return false;
	return (!l->company || map64_put(&x->b.subjects, l->company, 1)) &&
	       (!l->import || note_import(x, l->import));
}

static bool fill_row(struct retaining *x, const struct leaving *items, size_t n, err *e)
{
	struct undone_row *row = &x->b.row;
	uint64_t *touches = ARENA_ARRAY(&x->b.arena, uint64_t, n);
	uint64_t *subjects = ARENA_ARRAY(&x->b.arena, uint64_t, x->b.subjects.n), key, ignored;
	if (!touches || !subjects)
		return arena_err(&x->b.arena, e);
	for (size_t i = 0; i < n; i++)
		touches[i] = items[i].seq;
	for (size_t at = 0; map64_next(&x->b.subjects, &at, &key, &ignored);)
		subjects[row->subjects_n++] = key;
	qsort(touches, n, sizeof *touches, number_cmp);
	qsort(subjects, row->subjects_n, sizeof *subjects, number_cmp);
	row->touches = touches;
	row->touches_n = n;
	row->subjects = subjects;
	row->imports = x->imports.items;
	row->imports_n = x->imports.n;
	return true;
}

bool retain_part(struct store *s, const struct leavers *found, size_t from, size_t to,
		 uint64_t undone_version, struct retaining *x, err *e)
{
	*x = (struct retaining){ .step = RETAIN_HIDE };
	arena_init(&x->b.arena, HISTORY_BYTES_MAX);
	x->b.upto = s->last_seq;
	x->b.undone_version = undone_version;
	for (size_t i = from; i < to; i++) {
		if (!note_leaving(s, x, &found->items.items[i]))
			return err_nomem(e);
	}
	return fill_row(x, found->items.items + from, to - from, e) && undo_gather(s, &x->b, 1, e);
}

void retaining_fini(struct retaining *x)
{
	taking_back_fini(&x->b);
	vec_free(&x->persons);
	vec_free(&x->subjects);
	vec_free(&x->imports);
	map64_fini(&x->set);
}
