/*
 * erase.c - a person is erased: from every answer at once.
 *
 * What it is:   as with what is taken back (undo.c), the caller's thread searches the journal for
 *               everything about the person, and the writer's thread carries it out in one commit:
 *               their touches are hidden for ever, whoever else those were about is computed anew,
 *               their ids and values go, and what was said of deals and companies is recorded
 *               again without them. erase_end.c removes the touches from the files.
 * Promises:     afterwards everything is as if the person had never been; what a crash interrupts
 *               has not happened. An erasure holds for every earlier number as well, and cannot be
 *               taken back.
 * Threads:      journal_erase any; erase_begin and erase_run the writer's.
 */
#include "journal/journal_int.h"

#include "base/time.h"

#include <stdlib.h>

#define ERASE_TRIES    5
#define KEPT_MAX       ((size_t)20000)
#define KEPT_BYTES_MAX (64 * MIB)

/* ---- what is about them ---------------------------------------------------------------------- */

struct searching {
	struct store *s;
	struct erasing *x;
	struct map64 persons;
	VEC(uint64_t) touches;
	err *e;
	bool failed;
};

static bool wants_person(void *arg, const struct touch_brief *h)
{
	const struct searching *c = arg;
	uint64_t ignored;
	return h->person && map64_get(&c->persons, h->person, &ignored);
}

/* So many of each import. */
static bool note_import(struct searching *c, uint64_t import)
{
	struct erasing *x = c->x;
	for (size_t i = 0; i + 1 < x->imports.n; i += 2) {
		if (x->imports.items[i] == import) {
			x->imports.items[i + 1]++;
			return true;
		}
	}
	return (vec_push(&x->imports, import) && vec_push(&x->imports, 1)) || err_nomem(c->e);
}

static bool keep_rest(struct searching *c, const struct touch *t)
{
	struct erasing *x = c->x;
	struct touch kept, copy;
	bool keeps;
	if (store_hides_touch(c->s, t))
		return true;
	if (!journal_hooks.keeps(t, x->texts, x->texts_n, &x->arena, &kept, &keeps, c->e))
		return false;
	if (!keeps)
		return true;
	if (x->kept.n == KEPT_MAX)
		return err_set(c->e, ERR_LIMIT,
			       "more than %zu touches of deals and companies name "
			       "the person",
			       KEPT_MAX);
	if (!touch_copy(&x->arena, &kept, &copy))
		return arena_err(&x->arena, c->e);
	return vec_push(&x->kept, copy) || err_nomem(c->e);
}

static bool found_touch(struct searching *c, const struct touch *t)
{
	struct erasing *x = c->x;
	unsigned effects = journal_hooks.effects(t);
	const struct import_row *row = store_import(c->s, t->import);
	if (row && !row->closed_seq && !row->undone_seq)
		return err_set(c->e, ERR_CONFLICT,
			       "import %llu, which is not finished, is about the "
			       "person: finish it or take it back first",
			       (unsigned long long)t->import);
	if (t->import && !note_import(c, t->import))
		return false;
	x->b.row.effects |= effects;
	if (!vec_push(&c->touches, t->seq) || (effects && !vec_push(&x->joins, t->seq)) ||
	    (t->company && !map64_put(&x->b.subjects, t->company, 1)) ||
	    (t->deal && !map64_put(&x->b.subjects, t->deal, 1)))
		return err_nomem(c->e);
	return keep_rest(c, t);
}

static bool on_touch(void *arg, const struct touch *t)
{
	struct searching *c = arg;
	c->failed = !found_touch(c, t);
	return !c->failed;
}

static const uint64_t *numbers_copy(struct arena *a, const uint64_t *items, size_t n)
{
	uint64_t *copy = ARENA_ARRAY(a, uint64_t, n);
	for (size_t i = 0; copy && i < n; i++)
		copy[i] = items[i];
	return copy;
}

static int number_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static bool fill_row(struct searching *c)
{
	struct erasing *x = c->x;
	struct undone_row *row = &x->b.row;
	uint64_t *subjects = ARENA_ARRAY(&x->b.arena, uint64_t, x->b.subjects.n), key, ignored;
	row->effects |= EFFECT_ERASED;
	row->touches = numbers_copy(&x->b.arena, c->touches.items, c->touches.n);
	row->touches_n = c->touches.n;
	row->persons = x->profiles.items;
	row->persons_n = x->profiles.n;
	row->joins = x->joins.items;
	row->joins_n = x->joins.n;
	row->imports = x->imports.items;
	row->imports_n = x->imports.n;
	if (!row->touches || !subjects)
		return arena_err(&x->b.arena, c->e);
	for (size_t at = 0; map64_next(&x->b.subjects, &at, &key, &ignored);)
		subjects[row->subjects_n++] = key;
	qsort(subjects, row->subjects_n, sizeof *subjects, number_cmp);
	row->subjects = subjects;
	return true;
}

static bool search(struct store *s, struct erasing *x, err *e)
{
	struct searching c = { .s = s, .x = x, .e = e };
	bool ok = true;
	arena_init(&x->b.arena, ERASE_BYTES_MAX);
	x->b.upto = s->last_seq;
	x->b.undone_version = s->undone_version;
	for (size_t i = 0; ok && i < x->profiles.n; i++)
		ok = (map64_put(&c.persons, x->profiles.items[i], 1) &&
		      map64_put(&x->b.subjects, x->profiles.items[i], 1)) ||
		     err_nomem(e);
	ok = ok && store_scan_some(s, 1, s->last_seq, wants_person, on_touch, &c, e) && !c.failed &&
	     fill_row(&c) && undo_gather(s, &x->b, 1, e);
	map64_fini(&c.persons);
	vec_free(&c.touches);
	return ok;
}

/* ---- the writer's part ----------------------------------------------------------------------- */

struct ringing {
	struct erasing *x;
	bool nomem;
};

static void ring_one(void *arg, uint64_t profile)
{
	struct ringing *r = arg;
	r->nomem |= !vec_push(&r->x->profiles, profile);
}

static bool ring_of(struct journal *j, struct erasing *x, err *e)
{
	struct ringing r = { .x = x };
	vec_clear(&x->profiles);
	if (store_is_erased(&j->store, x->x->person) ||
	    !journal_hooks.ring(j->store.people, x->x->person, ring_one, &r))
		return err_set(e, ERR_NOT_FOUND, "there is no person %llu",
			       (unsigned long long)x->x->person);
	if (r.nomem)
		return err_nomem(e);
	qsort(x->profiles.items, x->profiles.n, sizeof *x->profiles.items, number_cmp);
	return true;
}

bool erase_begin(struct journal *j, struct job *job, err *e)
{
	struct erasing *x = job->erasing;
	return ring_of(j, x, e) &&
	       journal_hooks.texts(j->store.people, x->profiles.items, x->profiles.n, &x->arena,
				   &x->texts, &x->texts_n, e);
}

/* Did anything about them happen since it was searched for? */
static bool is_stale(struct journal *j, struct erasing *x, bool *stale_r, err *e)
{
	struct store *s = &j->store;
	struct erasing now = { .x = x->x };
	struct searching c = { .s = s, .x = x, .e = e };
	bool ok = ring_of(j, &now, e);
	*stale_r = ok &&
		   (now.profiles.n != x->profiles.n || x->b.undone_version != s->undone_version);
	for (size_t i = 0; ok && !*stale_r && i < now.profiles.n; i++) {
		*stale_r = now.profiles.items[i] != x->profiles.items[i];
		ok = map64_put(&c.persons, now.profiles.items[i], 1) || err_nomem(e);
	}
	if (ok && !*stale_r)
		ok = store_scan_some(s, x->b.upto + 1, s->last_seq, wants_person, on_touch, &c,
				     e) &&
		     !c.failed;
	*stale_r |= c.touches.n > 0;
	map64_fini(&c.persons);
	vec_free(&c.touches);
	vec_free(&now.profiles);
	return ok;
}

static bool add_row(struct journal *j, struct erasing *x, uint64_t seq, err *e)
{
	struct store *s = &j->store;
	struct undone_row row = x->b.row;
	s->undone_version = seq;
	s->undone_changed = true;
	row.undone_seq = row.deed = seq;
	row.erased_us = j->received_us;
	row.dirty = true;
	return store_undone_add(s, &row, e);
}

static bool append_note(struct journal *j, const struct erasing *x, err *e)
{
	struct prop *props = ARENA_ARRAY(&j->group, struct prop, 1);
	if (!props)
		return arena_err(&j->group, e);
	props[0] = (struct prop){ S("touches"), value_int((int64_t)x->b.row.touches_n) };
	struct touch t = { .name = S("person_erased"),
			   .at_us = j->received_us,
			   .by = x->x->by,
			   .props = props,
			   .props_n = 1 };
	return group_append(j, &t, e);
}

/* What waits to be delivered and names them is not sent any more. */
struct delivering {
	struct journal *j;
	const struct erasing *x;
	err *e;
	bool failed;
};

static bool on_delivery(void *arg, uint64_t id, str bytes)
{
	struct delivering *d = arg;
	struct ledger_change gone = { .table = LEDGER_OUTBOX, .key = id, .remove = true };
	for (size_t i = 0; i < d->x->texts_n; i++) {
		if (!str_holds_nocase(bytes, d->x->texts[i]))
			continue;
		d->failed = !vec_push(&d->j->wb.changes, gone);
		return !d->failed || err_nomem(d->e);
	}
	return true;
}

static bool drop_deliveries(struct journal *j, const struct erasing *x, err *e)
{
	struct delivering d = { .j = j, .x = x, .e = e };
	return ledger_scan(j->store.ledger, LEDGER_OUTBOX, 0, on_delivery, &d, e) && !d.failed;
}

static bool carry_out(struct journal *j, struct erasing *x, err *e)
{
	struct people *p = j->store.people;
	uint64_t seq = j->next_seq;
	x->x->seq = seq;
	if (!add_row(j, x, seq, e) || !append_note(j, x, e) || !undo_compute_anew(j, &x->b, seq, e))
		return false;
	for (size_t i = 0; i < x->kept.n; i++) {
		if (!group_append(j, &x->kept.items[i], e))
			return false;
	}
	return journal_hooks.erase(p, x->profiles.items, x->profiles.n, &j->wb, e) &&
	       drop_deliveries(j, x, e) && journal_hooks.write_now(p, &x->b.subjects, &j->wb, e) &&
	       group_commit(j, e);
}

bool erase_run(struct journal *j, struct job *job, err *e)
{
	struct erasing *x = job->erasing;
	if (!is_stale(j, x, &x->b.stale, e))
		return false;
	if (x->b.stale)
		return true;
	if (!undo_gather(&j->store, &x->b, x->b.upto + 1, e))
		return false;
	x->b.upto = j->store.last_seq;
	group_begin(j);
	j->must_reload = true; /* until all of it is on disk */
	if (!carry_out(j, x, e))
		return false;
	j->must_reload = false;
	erase_list_write(j);
	mutex_lock(&j->mutex);
	if (j->erased_since_us == 0)
		j->erased_since_us = j->received_us;
	mutex_unlock(&j->mutex);
	x->x->touches = x->b.row.touches_n;
	x->x->profiles = x->profiles.n;
	x->x->kept = x->kept.n;
	return true;
}

/* ---- the caller's part ----------------------------------------------------------------------- */

static bool try_once(struct journal *j, struct erasure *how, bool *stale_r, err *e)
{
	struct erasing x = { .x = how };
	struct job begin = { .kind = JOB_ERASE_BEGIN, .erasing = &x };
	struct job end = { .kind = JOB_ERASE, .erasing = &x };
	struct store s = { .dir = j->store.dir,
			   .fs = j->store.fs,
			   .ledger_driver = j->store.ledger_driver,
			   .mode = STORE_READ,
			   .as_of = UINT64_MAX };
	arena_init(&x.arena, KEPT_BYTES_MAX);
	x.b.u = &x.undo;
	bool ok = journal_run_job(j, &begin, e);
	if (ok) {
		ok = store_open_bare(&s, e) && search(&s, &x, e);
		store_close(&s);
	}
	ok = ok && journal_run_job(j, &end, e);
	*stale_r = ok && x.b.stale;
	taking_back_fini(&x.b);
	vec_free(&x.profiles);
	vec_free(&x.joins);
	vec_free(&x.imports);
	vec_free(&x.kept);
	arena_fini(&x.arena);
	return ok;
}

bool journal_erase(struct journal *j, struct erasure *x, err *e)
{
	if (j->remote) {
		struct job job = { .kind = JOB_ERASE, .import = x->person, .by = x->by };
		if (!journal_run_job(j, &job, e))
			return false;
		x->touches = job.undo.touches;
		x->profiles = job.undo.subjects;
		return true;
	}
	for (int i = 0; i < ERASE_TRIES; i++) {
		bool stale;
		if (!try_once(j, x, &stale, e))
			return false;
		if (!stale)
			return true;
	}
	return err_set(e, ERR_BUSY, "the person is being changed: try again in a moment");
}
