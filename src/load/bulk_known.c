/*
 * bulk_known.c - which entries earlier imports have brought already.
 *
 * What it is:   entries have no message ids, so they are known by what they say: same person, same
 *               instant, same name, origin, properties and deal. Both the entries and the segments
 *               lie in order of subject, so this is a merge; nothing is stored for it. Of n equal
 *               entries where m are there already, n - m are new: equal rows of a file are
 *               different events, and the file again brings none of them.
 * Workload:     an empty archive, or one whose touches lie at other times: then nothing is read.
 * Promises:     what was taken back, and what came with a message id of the sender's, is no
 *               duplicate.
 * Threads:      the caller's.
 */
#include "load/bulk_int.h"

#include "base/mem.h"
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

#define PIECE	       4096
#define KNOWN_ID_BYTES 26 /* of message ids that load_touches.c makes */

struct candidate {
	const struct snapshot_segment *in;
	struct segment_cursor *cursor;
	struct map64 whats; /* name and origin -> what + 1; 0: none of ours */
};
struct present {
	int64_t at_us;
	uint32_t what;
	uint32_t candidate;
	uint64_t row;
	bool taken;
};
struct alias {
	uint32_t root, profile;
};
struct bulk_known {
	struct bulk *b;
	struct snapshot *s;
	VEC(struct candidate) in;
	VEC(struct present) present; /* of the subject at hand, in order of time */
	VEC(struct alias) aliases;   /* profiles that are not their own subject, by subject */
	size_t alias_at;
	const struct bulk_run *group;
	struct arena arena;
	err *e; /* of the present call */
};

static bool candidates_find(struct bulk_known *k, int64_t from_us, int64_t to_us)
{
	const struct snapshot_segment *all;
	size_t n;
	if (!snapshot_segments(k->s, &all, &n, k->e))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct segment_info *info = segment_info(all[i].segment);
		if (all[i].hidden || !info->has_imports || info->at_max_us < from_us ||
		    info->at_min_us > to_us)
			continue;
		struct candidate c = { .in = &all[i] };
		if (!segment_cursor_new(all[i].segment, &c.cursor, k->e))
			return false;
		if (!vec_push(&k->in, c)) {
			segment_cursor_free(&c.cursor);
			return err_nomem(k->e);
		}
	}
	return true;
}

/* ---- what is there of a subject -------------------------------------------------------------- */

/* Our number for the name and origin of a row of the segment. */
static bool what_of(struct bulk_known *k, struct candidate *c, uint32_t name, uint32_t origin,
		    uint32_t *what_r)
{
	const struct segment *s = c->in->segment;
	uint64_t key = (uint64_t)name << 32 | origin, found;
	if (!map64_get(&c->whats, key, &found)) {
		uint32_t what;
		if (!whats_add(&k->b->whats, segment_name_text(s, name),
			       segment_origin_of(s, origin), &what, k->e))
			return false;
		found = what;
		if (!map64_put(&c->whats, key, found))
			return err_nomem(k->e);
	}
	*what_r = (uint32_t)found;
	return true;
}

struct piece {
	int64_t at[PIECE], name[PIECE], origin[PIECE], import[PIECE], seq[PIECE];
};

static bool piece_read(const struct segment *s, uint64_t from, size_t n, bool seqs, struct piece *p,
		       err *e)
{
	return column_ints(segment_at(s), from, n, p->at, e) &&
	       column_ints(segment_name(s), from, n, p->name, e) &&
	       column_ints(segment_origin(s), from, n, p->origin, e) &&
	       column_ints(segment_import(s), from, n, p->import, e) &&
	       (!seqs || column_ints(segment_seq(s), from, n, p->seq, e));
}

static bool gather_piece(struct bulk_known *k, uint32_t candidate, uint64_t from, size_t n,
			 const struct piece *p, int64_t from_us, int64_t to_us)
{
	struct candidate *c = &k->in.items[candidate];
	for (size_t i = 0; i < n; i++) {
		bool fits = p->import[i] != 0 && p->at[i] >= from_us && p->at[i] <= to_us;
		if (!fits || (c->in->some_hidden && snapshot_hides_row(k->s, (uint64_t)p->seq[i],
								       (uint64_t)p->import[i])))
			continue;
		struct present x = { .at_us = p->at[i], .candidate = candidate, .row = from + i };
		if (!what_of(k, c, (uint32_t)p->name[i], (uint32_t)p->origin[i], &x.what))
			return false;
		if (!vec_push(&k->present, x))
			return err_nomem(k->e);
	}
	return true;
}

static bool gather(struct bulk_known *k, uint32_t candidate, uint64_t subject, int64_t from_us,
		   int64_t to_us)
{
	const struct candidate *c = &k->in.items[candidate];
	const struct segment *s = c->in->segment;
	struct piece p;
	uint64_t first;
	size_t n;
	if (!segment_find(s, subject, &first, &n, k->e))
		return false;
	for (size_t at = 0; at < n; at += PIECE) {
		size_t some = MIN(n - at, (size_t)PIECE);
		if (!piece_read(s, first + at, some, c->in->some_hidden, &p, k->e) ||
		    !gather_piece(k, candidate, first + at, some, &p, from_us, to_us))
			return false;
	}
	return true;
}

static int present_cmp(const void *a, const void *b)
{
	const struct present *x = a, *y = b;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->what < y->what ? -1 : x->what > y->what;
}

static bool gather_subject(struct bulk_known *k, uint32_t subject, int64_t from_us, int64_t to_us)
{
	vec_clear(&k->present);
	while (k->alias_at < k->aliases.n && k->aliases.items[k->alias_at].root < subject)
		k->alias_at++;
	for (uint32_t i = 0; i < k->in.n; i++) {
		if (!gather(k, i, subject, from_us, to_us))
			return false;
		for (size_t a = k->alias_at;
		     a < k->aliases.n && k->aliases.items[a].root == subject; a++) {
			if (!gather(k, i, k->aliases.items[a].profile, from_us, to_us))
				return false;
		}
	}
	if (k->present.n > 1)
		qsort(k->present.items, k->present.n, sizeof *k->present.items, present_cmp);
	return true;
}

/* ---- is it the same? ------------------------------------------------------------------------- */

/* An id that an import made of what the touch says, or none. */
static bool id_is_ours(str id)
{
	return id.n == 0 || (id.n == KNOWN_ID_BYTES && id.p[0] == 'i' && id.p[23] == ':');
}

bool bulk_extra_read(str extra, struct arena *a, const struct prop **props_r, size_t *n_r, err *e)
{
	struct reader r;
	*props_r = NULL;
	*n_r = 0;
	if (extra.n == 0)
		return true;
	reader_init(&r, extra.p, extra.n);
	size_t n = reader_u32(&r);
	struct prop *props = ARENA_ARRAY(a, struct prop, n);
	if (!props)
		return arena_err(a, e);
	for (size_t i = 0; i < n; i++) {
		props[i].key = reader_lenstr(&r);
		if (!value_decode(&r, a, &props[i].value))
			return arena_err(a, e);
	}
	*props_r = props;
	*n_r = n;
	return true;
}

static bool same_props(const struct touch *t, const struct prop *props, size_t n)
{
	if (t->props_n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		value v = touch_prop(t, props[i].key);
		if (v.kind != props[i].value.kind || !value_eq(v, props[i].value))
			return false;
	}
	return true;
}

static bool is_same(struct bulk_known *k, const struct bulk_entry *x, const struct present *p,
		    bool *same_r)
{
	struct touch t;
	const struct prop *props;
	size_t n;
	arena_reset(&k->arena);
	if (!bulk_extra_read(run_extra(k->group, x), &k->arena, &props, &n, k->e) ||
	    !segment_touch(k->in.items[p->candidate].cursor, p->row, &k->arena, &t, k->e))
		return false;
	*same_r = id_is_ours(t.message_id) && t.cause == 0 && t.deal == x->deal &&
		  same_props(&t, props, n);
	return true;
}

/* Takes one of the touches that are there for the entry. */
static bool take(struct bulk_known *k, const struct bulk_entry *x, size_t *from, bool *found_r)
{
	struct present *p = k->present.items;
	*found_r = false;
	while (*from < k->present.n && p[*from].at_us < x->at_us)
		++*from;
	for (size_t i = *from; i < k->present.n && p[i].at_us == x->at_us; i++) {
		if (p[i].taken || p[i].what != x->what)
			continue;
		if (!is_same(k, x, &p[i], found_r))
			return false;
		p[i].taken = *found_r;
		if (*found_r)
			return true;
	}
	return true;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static int alias_cmp(const void *a, const void *b)
{
	const struct alias *x = a, *y = b;
	if (x->root != y->root)
		return x->root < y->root ? -1 : 1;
	return x->profile < y->profile ? -1 : x->profile > y->profile;
}

static bool aliases_find(struct bulk_known *k, const uint32_t *roots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct alias a = { roots[i], (uint32_t)i + 1 };
		if (a.root != a.profile && !vec_push(&k->aliases, a))
			return err_nomem(k->e);
	}
	if (k->aliases.n > 1)
		qsort(k->aliases.items, k->aliases.n, sizeof *k->aliases.items, alias_cmp);
	return true;
}

bool known_drop(struct bulk_known *k, struct bulk_run *group, err *e)
{
	struct bulk_entry *x = group->entries;
	size_t at = 0, kept = 0;
	k->e = e;
	k->group = group;
	if (!gather_subject(k, x[0].subject, x[0].at_us, x[group->n - 1].at_us))
		return false;
	if (k->present.n == 0)
		return true;
	for (size_t i = 0; i < group->n; i++) {
		bool found = false;
		if (!take(k, &x[i], &at, &found))
			return false;
		if (!found)
			x[kept++] = x[i];
	}
	group->n = kept;
	return true;
}

void known_restart(struct bulk_known *k)
{
	k->alias_at = 0;
}

void known_close(struct bulk_known **kk)
{
	struct bulk_known *k = *kk;
	if (!k)
		return;
	*kk = NULL;
	for (size_t i = 0; i < k->in.n; i++) {
		segment_cursor_free(&k->in.items[i].cursor);
		map64_fini(&k->in.items[i].whats);
	}
	vec_free(&k->in);
	vec_free(&k->present);
	vec_free(&k->aliases);
	arena_fini(&k->arena);
	snapshot_close(&k->s);
	mem_free(k);
}

bool known_open(struct bulk *b, const uint32_t *roots, size_t roots_n, int64_t from_us,
		int64_t to_us, struct bulk_known **k_r, err *e)
{
	bool older;
	*k_r = NULL;
	if (!journal_bulk_has_imports(b->l->j, b->l->r->import, &older, e))
		return false;
	if (!older)
		return true;
	struct bulk_known *k = mem_zalloc(1, sizeof *k);
	if (!k)
		return err_nomem(e);
	k->b = b;
	k->e = e;
	arena_init(&k->arena, 64 * MIB);
	bool ok = snapshot_open(b->l->dir, 0, &k->s, e) && candidates_find(k, from_us, to_us) &&
		  (k->in.n == 0 || aliases_find(k, roots, roots_n));
	if (!ok || k->in.n == 0)
		known_close(&k);
	*k_r = k;
	return ok;
}
