/*
 * rows.c - who there is, and what changed.
 *
 * What it is:   a row per visible subject, for ever the same; marks on profiles whose subject is to
 *               be read again; the reading of who is marked, before a question is answered.
 * Workload:     marks come with every touch and cost a few nanoseconds; reading comes with a
 *               question, once per subject, a fifth of a microsecond where only counts changed.
 * Promises:     after rows_settle every column says what the snapshot says.
 * Threads:      under the directory's lock, writing.
 */
#include "directory/directory_int.h"

#include "base/mem.h"

#define SUBJECT_ARENA_MAX (64 * MIB)

void rows_fini(struct rows *r)
{
	for (size_t i = 0; i < ENTITIES_N; i++) {
		struct table *t = &r->tables[i];
		for (size_t k = 0; k < t->columns.n; k++)
			trait_column_free(t->columns.items[k]);
		vec_free(&t->columns);
		vec_free(&t->subjects);
		vec_free(&t->live);
	}
	vec_free(&r->row_of);
	vec_free(&r->root);
	vec_free(&r->dirty);
	vec_free(&r->dirty_list);
	*r = (struct rows){ 0 };
}

static bool profiles_grow(struct rows *r, uint64_t n, err *e)
{
	if (!vec_reserve(&r->row_of, n) || !vec_reserve(&r->root, n) || !vec_reserve(&r->dirty, n))
		return err_nomem(e);
	for (; r->root.n < n; r->root.n++) {
		r->row_of.items[r->row_of.n++] = 0;
		r->dirty.items[r->dirty.n++] = DIRTY_NOT;
		r->root.items[r->root.n] = (uint32_t)(r->root.n + 1);
	}
	return true;
}

bool rows_mark(struct rows *r, uint64_t profile, enum dirty how, err *e)
{
	if (profile == 0)
		return true;
	if (profile > r->dirty.n && !profiles_grow(r, profile, e))
		return false;
	uint8_t *mark = &r->dirty.items[profile - 1];
	if (*mark == DIRTY_NOT && !vec_push(&r->dirty_list, (uint32_t)profile))
		return err_nomem(e);
	*mark = (uint8_t)MAX((int)*mark, (int)how);
	return true;
}

bool rows_find(const struct rows *r, enum entity entity, uint64_t profile, size_t *row_r)
{
	if (profile == 0 || profile > r->root.n)
		return false;
	uint32_t row = r->row_of.items[r->root.items[profile - 1] - 1];
	const struct table *t = &r->tables[entity];
	if (row == 0 || row > t->subjects.n ||
	    t->subjects.items[row - 1] != r->root.items[profile - 1] ||
	    !bit_get(t->live.items, row - 1))
		return false;
	*row_r = row - 1;
	return true;
}

static bool row_add(struct rows *r, struct table *t, uint32_t subject, err *e)
{
	size_t row = t->subjects.n;
	if (!vec_push(&t->subjects, subject))
		return err_nomem(e);
	if (row % 64 == 0 && !vec_push(&t->live, 0)) {
		t->subjects.n--;
		return err_nomem(e);
	}
	r->row_of.items[subject - 1] = (uint32_t)row + 1;
	return true;
}

static void live_set(struct table *t, size_t row, bool on)
{
	uint64_t bit = UINT64_C(1) << (row % 64);
	t->live.items[row / 64] = on ? t->live.items[row / 64] | bit
				     : t->live.items[row / 64] & ~bit;
}

/* ---- from the beginning ---------------------------------------------------------------------- */

bool rows_begin(struct directory *d, struct snapshot *s, err *e)
{
	struct rows *r = &d->rows;
	struct people *p = snapshot_people(s);
	uint64_t n = people_profiles(p);
	rows_fini(r);
	for (size_t i = 0; i < ENTITIES_N; i++)
		r->tables[i].entity = (enum entity)i;
	if (!profiles_grow(r, n, e))
		return false;
	for (uint64_t i = 1; i <= n; i++) {
		struct subject_view v;
		r->root.items[i - 1] = (uint32_t)people_subject_of(p, i);
		if (r->root.items[i - 1] != i)
			continue;
		people_view_counts(p, i, NULL, NULL, &v);
		struct table *t = &r->tables[v.entity];
		if (v.visible && !row_add(r, t, (uint32_t)i, e))
			return false;
		if (v.visible)
			live_set(t, t->subjects.n - 1, true);
	}
	r->seq = snapshot_seq(s);
	return true;
}

bool rows_mark_moved(struct rows *r, struct people *p, err *e)
{
	uint64_t n = people_profiles(p);
	if (!profiles_grow(r, n, e))
		return false;
	for (uint64_t i = 1; i <= n; i++) {
		uint64_t root = people_subject_of(p, i);
		if (root != r->root.items[i - 1] &&
		    (!rows_mark(r, r->root.items[i - 1], DIRTY_ALL, e) ||
		     !rows_mark(r, root, DIRTY_ALL, e)))
			return false;
	}
	return true;
}

/* ---- settling -------------------------------------------------------------------------------- */

struct settling {
	struct rows *r;
	struct people *p;
	struct arena a;
	uint32_t subject;    /* that is being read */
	VEC(uint64_t) moved; /* companies whose values changed: bit per row */
	bool companies;
	err *e;
};

/* Profiles of the subject that had a row of their own have it no more. */
static void note_profile(void *arg, uint64_t profile)
{
	struct settling *x = arg;
	if (profile > x->r->root.n)
		return;
	x->r->root.items[profile - 1] = x->subject;
	uint32_t row = x->r->row_of.items[profile - 1];
	if (row && profile != x->subject)
		live_set(&x->r->tables[people_entity_of(x->p, profile)], row - 1, false);
}

/* Where only counts changed, what they do not say stays as it was read with the values. */
static bool set_columns(struct settling *x, struct table *t, size_t row,
			const struct subject_view *counts, const struct subject *s)
{
	for (size_t i = 0; i < t->columns.n; i++) {
		struct trait_column *c = t->columns.items[i];
		if (!s && !c->counts)
			continue;
		value v = s ? trait_column_read(c, x->p, s, &x->a)
			    : trait_column_read_counts(c, counts);
		if (!s && v.kind == VALUE_NONE)
			continue;
		if (!trait_column_set(c, row, v, x->e))
			return false;
	}
	return true;
}

static bool note_company(struct settling *x, size_t row)
{
	while (x->moved.n <= row / 64) {
		if (!vec_push(&x->moved, 0))
			return err_nomem(x->e);
	}
	x->moved.items[row / 64] |= UINT64_C(1) << (row % 64);
	x->companies = true;
	return true;
}

static bool settle_one(struct settling *x, uint32_t profile, bool all)
{
	struct rows *r = x->r;
	struct subject_view v;
	struct subject s;
	x->subject = (uint32_t)people_subject_of(x->p, profile);
	people_view_counts(x->p, x->subject, note_profile, x, &v);
	struct table *t = &r->tables[v.entity];
	uint32_t row = r->row_of.items[x->subject - 1];
	if (!row && !v.visible)
		return true;
	all |= !row || !bit_get(t->live.items, row - 1);
	if (!row && !row_add(r, t, x->subject, x->e))
		return false;
	row = r->row_of.items[x->subject - 1];
	live_set(t, row - 1, v.visible);
	if (!v.visible)
		return true;
	arena_reset(&x->a);
	if (all && !subject_read(x->p, x->subject, NULL, 0, 0, &x->a, &s, x->e))
		return false;
	if (all && v.entity == ENTITY_COMPANY && !note_company(x, row - 1))
		return false;
	return set_columns(x, t, row - 1, &v, all ? &s : NULL);
}

/* People and deals answer with their company's values, too. */
static bool mark_companys(struct settling *x, struct table *t)
{
	const struct trait_column *c = trait_column_find(t, S("company"), COLUMN_RULE);
	for (size_t row = 0; c && row < trait_column_rows(c); row++) {
		size_t company;
		value v = trait_column_value(c, row, &x->a);
		if (v.kind == VALUE_INT && v.i > 0 &&
		    rows_find(x->r, ENTITY_COMPANY, (uint64_t)v.i, &company) &&
		    company / 64 < x->moved.n && bit_get(x->moved.items, company) &&
		    !rows_mark(x->r, t->subjects.items[row], DIRTY_ALL, x->e))
			return false;
	}
	return true;
}

static bool settle_list(struct settling *x)
{
	struct rows *r = x->r;
	for (size_t i = 0; i < r->dirty_list.n; i++) {
		uint32_t profile = r->dirty_list.items[i];
		bool all = r->dirty.items[profile - 1] == DIRTY_ALL;
		if (!settle_one(x, profile, all))
			return false;
	}
	for (size_t i = 0; i < r->dirty_list.n; i++)
		r->dirty.items[r->dirty_list.items[i] - 1] = DIRTY_NOT;
	vec_clear(&r->dirty_list);
	return true;
}

bool rows_settle(struct directory *d, struct snapshot *s, err *e)
{
	struct settling x = { .r = &d->rows, .p = snapshot_people(s), .e = e };
	if (d->rows.dirty_list.n == 0)
		return true;
	arena_init(&x.a, SUBJECT_ARENA_MAX);
	bool ok = profiles_grow(&d->rows, people_profiles(x.p), e) && settle_list(&x);
	if (ok && x.companies) {
		x.companies = false;
		ok = mark_companys(&x, &d->rows.tables[ENTITY_PERSON]) &&
		     mark_companys(&x, &d->rows.tables[ENTITY_DEAL]) && settle_list(&x);
	}
	vec_free(&x.moved);
	arena_fini(&x.a);
	return ok;
}
