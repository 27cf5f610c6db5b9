/*
 * retain.c - what of a person is kept beyond the period for which visits are.
 *
 * What it is:   what the journal asks for when old touches leave: who is a customer, and whether a
 *               touch says something that still holds.
 * Promises:     a touch from which a present value of anybody comes stays, and so does whatever
 *               joins profiles, keeps the books or is about a deal: what is known without the
 *               others is what is known with them.
 * Threads:      as the people.
 */
#include "people/people_int.h"

/* ---- who bought ------------------------------------------------------------------------------ */

struct buyers {
	struct people *p;
	struct map64 *subjects;
	struct arena a;
	err *e;
	bool failed;
};

static bool note_buyer(struct buyers *b, uint64_t person)
{
	return map64_put(b->subjects, people_subject_of(b->p, person), 1) || err_nomem(b->e);
}

static bool view_of(struct buyers *b, uint64_t subject, struct subject_view *v)
{
	arena_reset(&b->a);
	if (b->p->cells.bytes > CELLS_HELD_BYTES_MAX)
		cells_drop_clean(b->p);
	return people_view(b->p, subject, &b->a, v, b->e);
}

static bool is_text(value v, str text)
{
	return v.kind == VALUE_TEXT && str_eq(v.text, text);
}

static bool on_person(void *arg, uint64_t person)
{
	struct buyers *b = arg;
	struct subject_view v;
	bool ok = view_of(b, person, &v);
	if (ok && is_text(subject_cell(&v, S("stage")), S("customer")))
		ok = note_buyer(b, person);
	b->failed |= !ok;
	return ok;
}

static bool on_deal(void *arg, uint64_t deal)
{
	struct buyers *b = arg;
	struct deal_person *persons = NULL;
	struct subject_view v;
	size_t n = 0;
	bool ok = view_of(b, deal, &v);
	if (ok && is_text(subject_cell(&v, S("status")), S("won")))
		ok = deal_people(b->p, &v, &b->a, &persons, &n, b->e);
	for (size_t i = 0; ok && i < n; i++)
		ok = note_buyer(b, persons[i].person);
	b->failed |= !ok;
	return ok;
}

bool retain_buyers(struct people *p, struct map64 *subjects, err *e)
{
	struct buyers b = { .p = p, .subjects = subjects, .e = e };
	arena_init(&b.a, 64 * MIB);
	bool ok = people_each(p, ENTITY_PERSON, on_person, &b, e) &&
		  people_each(p, ENTITY_DEAL, on_deal, &b, e) && !b.failed;
	arena_fini(&b.a);
	return ok;
}

/* ---- what still holds ------------------------------------------------------------------------ */

static bool holds(const struct cell_state *cells, size_t n, str key, uint64_t seq)
{
	for (size_t i = 0; i < n; i++) {
		if (cells[i].seq == seq && str_eq(cells[i].key, key))
			return true;
	}
	return false;
}

static bool sets_present(struct people *p, const struct touch *t, enum entity about,
			 uint64_t profile, bool *sets_r, err *e)
{
	struct arena a CLEANUP(arena_fini);
	struct cell_state *says, *known;
	size_t says_n, known_n;
	arena_init(&a, 4 * MIB);
	if (profile == 0 || *sets_r)
		return true;
	if (!fold_cells(t, about, &a, &says, &says_n, e) ||
	    !cells_get(p, (uint32_t)profile, &a, &known, &known_n, e))
		return false;
	for (size_t i = 0; i < says_n && !*sets_r; i++)
		*sets_r = holds(known, known_n, says[i].key, t->seq);
	return true;
}

bool retain_leaves(struct people *p, const struct touch *t, bool *leaves_r, err *e)
{
	bool sets = false;
	*leaves_r = false;
	if (t->deal || touch_is_bookkeeping(t->name))
		return true;
	if (p->cells.bytes > CELLS_HELD_BYTES_MAX)
		cells_drop_clean(p);
	if (people_touch_changes_values(t->name) &&
	    (!sets_present(p, t, ENTITY_PERSON, t->person, &sets, e) ||
	     !sets_present(p, t, ENTITY_COMPANY, t->company, &sets, e)))
		return false;
	*leaves_r = !sets;
	return true;
}
