/*
 * imports.c - an import begins, becomes visible, is taken back.
 *
 * What it is:   the row of an import, its closing touch, and the folding of all it brought at that
 *               moment; undo hides its touches and computes anew whom they were about.
 * Promises:     closing and undoing are one commit each; after a crash behind that commit the
 * folding is done again when the store is opened. Threads:      the writer's.
 */
#include "journal/journal_int.h"

#include "base/time.h"

#include <stdlib.h>

static struct import_row *import_open_one(struct store *s)
{
	for (size_t i = 0; i < s->imports.n; i++) {
		struct import_row *row = &s->imports.items[i];
		if (!row->closed_seq && !row->undone_seq)
			return row;
	}
	return NULL;
}

bool import_begin(struct journal *j, struct job *job, err *e)
{
	struct store *s = &j->store;
	const struct import_row *open = import_open_one(s);
	if (open)
		return err_set(
			e, ERR_CONFLICT,
			"import %llu was interrupted: go on with --resume, or take it back with "
			"--undo %llu",
			(unsigned long long)open->import, (unsigned long long)open->import);
	group_begin(j);
	struct import_row row = { .import = s->imports.n + 1,
				  .from_seq = j->next_seq,
				  .begun_us = j->received_us,
				  .dirty = true };
	buf_init(&row.state, MIB);
	buf_str(&row.state, job->text);
	if (!buf_ok(&row.state, e) || !vec_push(&s->imports, row)) {
		buf_fini(&row.state);
		return e->code != ERR_NONE ? false : err_nomem(e);
	}
	job->import = row.import;
	return group_commit(j, e);
}

/* A touch that only says what became of an import; `root`: the import that it is hidden with. */
static bool append_note(struct journal *j, str name, uint64_t import, uint64_t root, err *e)
{
	struct prop *props = ARENA_ARRAY(&j->group, struct prop, 1);
	if (!props)
		return arena_err(&j->group, e);
	props[0] = (struct prop){ S("import"), value_int((int64_t)import) };
	struct touch t = {
		.name = name, .at_us = j->received_us, .import = root, .props = props, .props_n = 1
	};
	return group_append(j, &t, e);
}

/* ---- closing --------------------------------------------------------------------------------- */

struct closing {
	struct journal *j;
	const struct import_row *row;
	struct map64 people; /* who was concerned, once */
	VEC(uint64_t) order;
	err *e;
	bool failed;
};

static int number_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static bool note_person(struct closing *c, uint64_t person)
{
	uint64_t ignored;
	if (person == 0 || map64_get(&c->people, person, &ignored))
		return true;
	return (map64_put(&c->people, person, 1) && vec_push(&c->order, person)) || err_nomem(c->e);
}

static bool tell_person(void *arg, uint64_t person)
{
	struct closing *c = arg;
	return note_person(c, person);
}

/* Imported history fires no rule on its way; whoever it was about is looked at once, afterwards. */
static bool evaluate_once(struct closing *c)
{
	struct journal *j = c->j;
	size_t appended = 0;
	group_begin(j);
	if (c->order.n)
		qsort(c->order.items, c->order.n, sizeof *c->order.items, number_cmp);
	for (size_t i = 0; i < c->order.n; i++) {
		uint64_t person = c->order.items[i];
		struct touch closed = { .name = S("import_closed"),
					.person = person,
					.at_us = j->received_us,
					.import = c->row->import,
					.seq = c->row->closed_seq };
		arena_reset(&j->batch);
		j->decided->then_n = 0;
		if (!journal_hooks.react(j->store.people, &closed, &j->batch, j->decided, c->e))
			return false;
		appended += j->decided->then_n;
		if (!group_append_then(j, &closed, c->e))
			return false;
		if (appended >= BATCH_ITEMS_MAX) {
			if (!group_commit(j, c->e))
				return false;
			group_begin(j);
			appended = 0;
		}
	}
	return group_commit(j, c->e);
}

/* ---- a new rule ------------------------------------------------------------------------------ */

static bool watch_touch(void *arg, const struct touch *t)
{
	struct closing *c = arg;
	c->failed = !journal_hooks.watch(c->j->store.people, t, c->e);
	if (!c->failed)
		c->failed = !note_person(c, t->person);
	return !c->failed;
}

bool evaluate_everyone(struct journal *j, err *e)
{
	const struct import_row none = { 0 };
	struct closing c = { .j = j, .row = &none, .e = e };
	j->must_reload = true; /* until all of it is done */
	bool ok = store_scan(&j->store, 1, j->store.last_seq, false, watch_touch, &c, e) &&
		  !c.failed && evaluate_once(&c);
	map64_fini(&c.people);
	vec_free(&c.order);
	j->must_reload = !ok;
	return ok;
}

bool import_close(struct journal *j, struct job *job, err *e)
{
	struct import_row *row = store_import(&j->store, job->import);
	if (!row || row->closed_seq || row->undone_seq)
		return err_set(e, ERR_CONFLICT, "import %llu is not open",
			       (unsigned long long)job->import);
	group_begin(j);
	buf_clear(&row->state);
	buf_str(&row->state, job->text);
	row->closed_seq = j->next_seq;
	row->dirty = true;
	j->must_reload = true; /* until all of it is done */
	/* A count that is written now says that the closing touch is in it, and it is not yet. */
	j->no_sweep = true;
	bool closed = buf_ok(&row->state, e) &&
		      append_note(j, S("import_closed"), row->import, row->import, e) &&
		      group_commit(j, e);
	j->no_sweep = false;
	if (!closed)
		return false;
	struct closing c = { .j = j, .row = row, .e = e };
	bool ok = bulk_fold(&j->store, row, tell_person, &c, e) && evaluate_once(&c);
	map64_fini(&c.people);
	vec_free(&c.order);
	j->must_reload = !ok;
	if (ok)
		bulk_spill_remove(&j->store, job->import);
	return ok;
}

/* ---- undoing --------------------------------------------------------------------------------- */

struct undoing {
	struct store *s;
	uint64_t import;
	uint64_t effect_seq;
	struct map64 subjects;
	uint64_t touches;
	err *e;
	bool failed;
};

static bool is_of_import(void *arg, const struct touch_brief *h)
{
	const struct undoing *u = arg;
	return h->import == u->import;
}

static bool collect_subjects(void *arg, const struct touch *t)
{
	struct undoing *u = arg;
	if (str_eq(t->name, S("import_closed")))
		return true;
	const uint64_t about[] = { t->person, t->company, t->deal };
	for (size_t i = 0; i < ARRAY_LEN(about); i++) {
		if (about[i] && !map64_put(&u->subjects, about[i], 1)) {
			u->failed = true;
			return err_nomem(u->e);
		}
	}
	u->touches++;
	return true;
}

static bool is_about_subjects(void *arg, const struct touch_brief *h)
{
	const struct undoing *u = arg;
	uint64_t ignored;
	return map64_get(&u->subjects, h->person, &ignored) ||
	       map64_get(&u->subjects, h->company, &ignored) ||
	       map64_get(&u->subjects, h->deal, &ignored);
}

/* Folds a touch again, but only into the subjects that were forgotten. */
static bool refold(void *arg, const struct touch *t)
{
	struct undoing *u = arg;
	uint64_t ignored;
	struct touch part = *t;
	part.person = map64_get(&u->subjects, t->person, &ignored) ? t->person : 0;
	part.company = map64_get(&u->subjects, t->company, &ignored) ? t->company : 0;
	part.deal = map64_get(&u->subjects, t->deal, &ignored) ? t->deal : 0;
	if (store_hides_touch(u->s, t))
		return true;
	u->failed = !journal_hooks.refold(u->s->people, t, &part, u->effect_seq, u->e);
	return !u->failed;
}

bool undo_apply(struct store *s, uint64_t import, uint64_t effect_seq, struct undo_result *r,
		err *e)
{
	struct import_row *row = store_import(s, import);
	struct undoing u = { .s = s, .import = import, .effect_seq = effect_seq, .e = e };
	if (!row)
		return err_set(e, ERR_NOT_FOUND, "there is no import %llu",
			       (unsigned long long)import);
	bool ok = store_scan_some(s, row->from_seq, s->last_seq, is_of_import, collect_subjects, &u,
				  e) &&
		  !u.failed;
	ok = ok && journal_hooks.forget(s->people, &u.subjects, e);
	/* Without the import the journal begins where it always did: what it hid shows again. */
	journal_hooks.rejoin(s->people);
	ok = ok && store_scan_some(s, 1, s->last_seq, is_about_subjects, refold, &u, e) &&
	     !u.failed;
	r->touches = u.touches;
	r->subjects = u.subjects.n;
	map64_fini(&u.subjects);
	return ok;
}

bool import_undo(struct journal *j, struct job *job, err *e)
{
	struct import_row *row = store_import(&j->store, job->import);
	if (!row)
		return err_set(e, ERR_NOT_FOUND, "there is no import %llu",
			       (unsigned long long)job->import);
	if (row->undone_seq)
		return err_set(e, ERR_CONFLICT, "import %llu was taken back already",
			       (unsigned long long)job->import);
	group_begin(j);
	row->undone_seq = j->next_seq;
	row->dirty = true;
	j->must_reload = true; /* until all of it is done */
	if (!store_note_undone(&j->store, job->import, e))
		return false;
	if (!append_note(j, S("import_undone"), job->import, 0, e) || !group_commit(j, e))
		return false;
	if (!undo_apply(&j->store, job->import, j->store.last_seq, &job->undo, e))
		return false;
	j->must_reload = false;
	bulk_spill_remove(&j->store, job->import);
	return writer_flush(j, e);
}
