/*
 * undo.c - what was done by hand is taken back, or done again.
 *
 * What it is:   the caller's thread searches (undo_collect.c), the writer's carries out: the
 * touches are hidden, whom they are about is forgotten and folded again from everything else that
 * is known of them, and all of it is one commit with the touch that says so. Promises: afterwards
 * everything is as if the touches had never been. The commit holds the values it brought back, so
 * that neither a restart nor a reader has to find them again; what a crash interrupts has not
 * happened. Threads:      journal_touch_undo any; touch_undo the writer's.
 */
#include "journal/journal_int.h"

#include "base/time.h"

#define UNDO_TRIES 5

/* ---- the writer's part ----------------------------------------------------------------------- */

static struct touch part_of(const struct taking_back *b, const struct touch *t)
{
	struct touch part = *t;
	uint64_t ignored;
	part.person = map64_get(&b->subjects, t->person, &ignored) ? t->person : 0;
	part.company = map64_get(&b->subjects, t->company, &ignored) ? t->company : 0;
	part.deal = map64_get(&b->subjects, t->deal, &ignored) ? t->deal : 0;
	return part;
}

/* Separations that hold, in order; in the group's arena. */
static bool recut(struct journal *j, const struct taking_back *b, err *e)
{
	size_t n = 0;
	struct touch *cuts = ARENA_ARRAY(&j->group, struct touch, b->cuts.n);
	if (!cuts)
		return arena_err(&j->group, e);
	for (size_t i = 0; i < b->cuts.n; i++) {
		if (!store_hides_touch(&j->store, &b->cuts.items[i]))
			cuts[n++] = b->cuts.items[i];
	}
	return journal_hooks.recut(j->store.people, cuts, n, e);
}

/* Whom it is about, from all that is known of them and not hidden now. */
bool undo_compute_anew(struct journal *j, const struct taking_back *b, uint64_t effect_seq, err *e)
{
	struct people *p = j->store.people;
	if (!journal_hooks.forget(p, &b->subjects, e))
		return false;
	for (size_t i = 0; i < b->history.n; i++) {
		const struct touch *t = &b->history.items[i];
		struct touch part = part_of(b, t);
		if (!store_hides_touch(&j->store, t) &&
		    !journal_hooks.refold(p, t, &part, effect_seq, e))
			return false;
	}
	if ((b->row.effects & EFFECT_CUTS) && !recut(j, b, e))
		return false;
	if (b->row.effects)
		journal_hooks.rejoin(p);
	return true;
}

static bool append_note(struct journal *j, const struct taking_back *b, err *e)
{
	struct prop *props = ARENA_ARRAY(&j->group, struct prop, 2);
	size_t n = b->row.touches_n;
	value *touches = ARENA_ARRAY(&j->group, value, n);
	if (!props || !touches)
		return arena_err(&j->group, e);
	for (size_t i = 0; i < n; i++)
		touches[i] = value_int((int64_t)b->row.touches[i]);
	value list = { .kind = VALUE_LIST };
	list.list.items = touches;
	list.list.n = n;
	props[0] = (struct prop){ S("touch"), value_int((int64_t)b->u->seq) };
	props[1] = (struct prop){ S("touches"), list };
	struct touch t = { .name = b->again ? S("touch_redone") : S("touch_undone"),
			   .at_us = j->received_us,
			   .by = b->u->by,
			   .props = props,
			   .props_n = 2 };
	return group_append(j, &t, e);
}

/* The row that hides the touches, or shows them again, from touch `seq` on. */
static bool set_row(struct store *s, const struct taking_back *b, uint64_t seq, err *e)
{
	s->undone_version = seq;
	s->undone_changed = true;
	if (b->again) {
		struct undone_row *row = store_undone_of(s, b->again);
		if (!row)
			return err_set(e, ERR_CORRUPT, "what touch %llu took back is not known",
				       (unsigned long long)b->again);
		row->redone_seq = seq;
		row->dirty = true;
		return true;
	}
	struct undone_row row = b->row;
	row.undone_seq = seq;
	row.dirty = true;
	return store_undone_add(s, &row, e);
}

bool touch_undo(struct journal *j, struct job *job, err *e)
{
	struct taking_back *b = job->back;
	struct store *s = &j->store;
	if (b->undone_version != s->undone_version) {
		b->stale = true;
		return true;
	}
	/* What was recorded while the caller searched; little, since that was a moment ago. */
	if (!undo_gather(s, b, b->upto + 1, e))
		return false;
	b->upto = s->last_seq;
	if (b->stale)
		return true;
	group_begin(j);
	uint64_t seq = j->next_seq;
	j->must_reload = true; /* until all of it is on disk */
	if (!set_row(s, b, seq, e) || !append_note(j, b, e) || !undo_compute_anew(j, b, seq, e) ||
	    !journal_hooks.write_now(s->people, &b->subjects, &j->wb, e) || !group_commit(j, e))
		return false;
	j->must_reload = false;
	b->u->undone_seq = seq;
	b->u->touches = b->row.touches_n;
	b->u->subjects = b->subjects.n;
	return true;
}

/* ---- the caller's part ----------------------------------------------------------------------- */

static bool try_once(struct journal *j, struct touch_undo *u, bool *stale_r, err *e)
{
	struct taking_back b = { .u = u };
	struct store s = { .dir = j->store.dir,
			   .fs = j->store.fs,
			   .ledger_driver = j->store.ledger_driver,
			   .mode = STORE_READ,
			   .as_of = UINT64_MAX };
	bool ok = store_open_bare(&s, e) && undo_collect(&s, &b, e);
	store_close(&s);
	if (ok && !b.stale) {
		struct job job = { .kind = JOB_TOUCH_UNDO, .back = &b };
		ok = journal_run_job(j, &job, e);
	}
	*stale_r = ok && b.stale;
	taking_back_fini(&b);
	return ok;
}

bool journal_touch_undo(struct journal *j, struct touch_undo *u, err *e)
{
	if (j->remote || j->options.rehearse)
		return err_set(e, ERR_CONFLICT,
			       "what was done by hand is taken back through the server");
	for (int i = 0; i < UNDO_TRIES; i++) {
		bool stale;
		if (!try_once(j, u, &stale, e))
			return false;
		if (!stale)
			return true;
	}
	return err_set(e, ERR_BUSY, "whom it is about is being changed: try again in a moment");
}
