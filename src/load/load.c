/*
 * load.c - a file into the journal.
 *
 * What it is:   the loop: read a row, make its touches, send a chunk, count what became of it.
 * Promises:     a chunk is one commit and carries how far the import came; nothing of an import is
 *               visible before its end; a failure says how to go on or to take it back.
 * Threads:      one; the journal's writer works while this one waits for it.
 */
#include "load/bulk_int.h"

#include "base/mem.h"

#include <stdio.h>

#define PROGRESS_US    INT64_C(150000)
#define PROGRESS_EVERY 64

struct intake *chunk_item(struct loader *l, enum about about, err *e)
{
	struct chunk *c = &l->chunk;
	if (c->n == BATCH_ITEMS_MAX) {
		err_set(e, ERR_LIMIT, "one row stands for more touches than a commit can hold");
		return NULL;
	}
	c->abouts[c->n] = (uint8_t)about;
	return &c->items[c->n++];
}

void load_progress(struct loader *l, bool always)
{
	if (!l->o->progress)
		return;
	int64_t now = time_monotonic_us();
	if (!always && now - l->progress_us < PROGRESS_US)
		return;
	l->progress_us = now;
	l->o->progress(l->o->progress_arg, l->r->read, l->bulk ? l->bytes_done : source_bytes(l),
		       l->bytes);
}

/* ---- what became of a chunk ------------------------------------------------------------------ */

/* New and known subjects, once per row and kind of subject. */
static void count_subjects(struct loader *l, const struct chunk_row *row)
{
	bool seen[ABOUT_NOBODY + 1] = { false };
	struct load_result *r = l->r;
	for (size_t i = row->first; i < row->first + row->items_n; i++) {
		const struct intake *t = &l->chunk.items[i];
		uint8_t about = l->chunk.abouts[i];
		if (t->outcome != OUTCOME_ACCEPTED || seen[about])
			continue;
		seen[about] = true;
		if (about == ABOUT_PERSON) {
			r->people_new += t->subject_is_new;
			r->people_updated += !t->subject_is_new && l->kind == LOAD_PEOPLE;
		}
		/* Of a company beside a person the answer is about the person. */
		r->companies_new += about == ABOUT_COMPANY && t->subject_is_new &&
				    l->kind == LOAD_COMPANIES;
		r->deals_new += about == ABOUT_DEAL && t->subject_is_new;
	}
}

/* Stored by the run that was interrupted. What is said of a company beside a person is said once
 * per run, so it may be older. */
static bool is_own_again(const struct loader *l, const struct intake *t, uint8_t about)
{
	bool beside = about == ABOUT_COMPANY && l->kind != LOAD_COMPANIES;
	bool again = l->replaying || (l->is_bulk && l->o->resume && t->own);
	return again && t->outcome == OUTCOME_DUPLICATE && !beside;
}

static bool count_row(struct loader *l, const struct chunk_row *row, err *e)
{
	struct load_result *r = l->r;
	size_t accepted = 0, skipped = 0, again = 0;
	const char *reason = NULL;
	for (size_t i = row->first; i < row->first + row->items_n; i++) {
		const struct intake *t = &l->chunk.items[i];
		accepted += t->outcome == OUTCOME_ACCEPTED;
		again += is_own_again(l, t, l->chunk.abouts[i]);
		skipped += t->outcome == OUTCOME_SKIPPED;
		if (t->outcome == OUTCOME_REJECTED && !reason)
			reason = t->reason ? t->reason : "the journal refused it";
	}
	r->touches += accepted + again;
	if (row->reason.n > 0 || reason) {
		r->rejected++;
		return rejects_put(l, row, row->reason.n > 0 ? row->reason : str_of(reason), e);
	}
	/* Sent a second time after an interruption: it was this import that brought it. */
	if (accepted + again > 0 || (l->replaying && skipped == 0))
		r->accepted++;
	else if (skipped > 0)
		r->skipped++;
	else
		r->duplicate++;
	count_subjects(l, row);
	return true;
}

static bool count_chunk(struct loader *l, err *e)
{
	for (size_t i = 0; i < l->chunk.rows_n; i++) {
		if (!count_row(l, &l->chunk.rows[i], e))
			return false;
	}
	l->r->read += l->chunk.rows_n;
	l->replaying = false;
	return rejects_flush(l, e);
}

static void chunk_clear(struct loader *l)
{
	arena_reset(&l->chunk.arena);
	l->chunk.n = l->chunk.rows_n = l->chunk.bytes = 0;
}

bool load_chunk_send(struct loader *l, err *e)
{
	if (l->chunk.rows_n == 0)
		return true;
	bool rows_are_subjects = l->kind != LOAD_EVENTS && l->kind != LOAD_SPEND;
	if (!state_print(l, &l->state, e))
		return false;
	struct batch b = { .items = l->chunk.items,
			   .n = l->chunk.n,
			   .trust = TRUST_SECRET,
			   .import = l->r->import,
			   .duplicates = rows_are_subjects ? l->o->duplicates : DUPLICATES_UPDATE,
			   .live = l->o->live,
			   .import_state = l->bulk ? S("") : buf_view(&l->state) };
	if (b.n > 0 && !journal_submit(l->j, &b, e))
		return false;
	l->sent |= b.n > 0;
	if (l->bulk && !bulk_answers(l->bulk, e))
		return false;
	if (!count_chunk(l, e))
		return false;
	chunk_clear(l);
	load_progress(l, false);
	return true;
}

/* ---- the loop -------------------------------------------------------------------------------- */

bool load_chunk_is_full(const struct loader *l)
{
	size_t slots = MAX(l->plan.n, (size_t)1);
	return l->chunk.rows_n == LOAD_CHUNK_ROWS || l->chunk.n + slots > BATCH_ITEMS_MAX ||
	       l->chunk.bytes > LOAD_CHUNK_BYTES;
}

bool load_build_row(struct loader *l, const struct raw_row *raw, err *e)
{
	struct chunk_row *row = &l->chunk.rows[l->chunk.rows_n];
	*row = (struct chunk_row){ .line = raw->line,
				   .number = raw->number,
				   .first = l->chunk.n,
				   .is_object = raw->object != NULL };
	bool ok;
	if (!(l->source.segment ? segment_build(l, raw, row, &ok, e)
				: row_build(l, raw, row, &ok, e)))
		return false;
	if (!ok) {
		row->reason = str_dup(&l->chunk.arena, str_of(l->problem));
		if (row->reason.n == 0)
			return arena_err(&l->chunk.arena, e);
	}
	l->chunk.rows_n++;
	return true;
}

/* Rows of an interrupted run: only what counts equal rows must see them again. */
static bool pass_row(struct loader *l, const struct raw_row *raw, err *e)
{
	l->r->read++;
	if (!l->plan.counted && !l->source.segment)
		return true;
	bool ok = load_build_row(l, raw, e);
	chunk_clear(l);
	return ok;
}

bool load_stop_asked(const struct loader *l)
{
	return l->o->stop && __atomic_load_n(l->o->stop, __ATOMIC_RELAXED);
}

static bool run(struct loader *l, err *e)
{
	struct raw_row raw;
	bool more = true;
	for (;;) {
		if (!source_next(l, &raw, &more, e))
			return false;
		if (!more)
			return load_chunk_send(l, e);
		bool ok = raw.number <= l->rows_before ? pass_row(l, &raw, e)
						       : load_build_row(l, &raw, e);
		if (!ok)
			return false;
		if (raw.number % PROGRESS_EVERY == 0)
			load_progress(l, false);
		if (!load_chunk_is_full(l))
			continue;
		if (!load_chunk_send(l, e))
			return false;
		if (load_stop_asked(l)) {
			l->r->stopped = true;
			return true;
		}
	}
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool begin(struct loader *l, err *e)
{
	if (l->o->resume)
		return state_resume(l, &l->r->import, e);
	l->is_bulk = bulk_fits(l);
	if (!state_print(l, &l->state, e))
		return false;
	return journal_import_begin(l->j, buf_view(&l->state), &l->r->import, e);
}

/* What to do after a failure stands in its message; where nothing was stored there is nothing to
 * do. */
static void leave(struct loader *l, err *e)
{
	struct undo_result undone;
	if (l->o->dry_run)
		return;
	err ignored = { 0 };
	if (!l->sent && !l->o->resume && journal_import_undo(l->j, l->r->import, &undone, &ignored))
		return;
	char why[ERR_TEXT_MAX];
	enum err_code code = e->code;
	snprintf(why, sizeof why, "%s", e->text);
	err_set(e, code,
		"%.300s; import %llu is kept as far as it came: go on with --resume, or take it "
		"back with --undo %llu",
		why, (unsigned long long)l->r->import, (unsigned long long)l->r->import);
}

static bool finish(struct loader *l, err *e)
{
	load_progress(l, true);
	if (!rejects_close(l, e))
		return false;
	if (l->r->stopped)
		return true;
	return state_print(l, &l->state, e) &&
	       journal_import_close(l->j, l->r->import, buf_view(&l->state), e);
}

static bool load(struct loader *l, struct arena *a, err *e)
{
	if (!begin(l, e))
		return false;
	bool ok = (l->is_bulk ? bulk_load(l, e) : run(l, e)) && finish(l, e);
	if (!ok) {
		leave(l, e);
		return false;
	}
	if (l->r->rejected == 0)
		l->r->rejects_path[0] = '\0';
	return notes_make(l, a, &l->r->notes, e);
}

bool load_file(const char *dir, struct journal *j, const char *path, const struct load_options *o,
	       struct arena *a, struct load_result *r, err *e)
{
	struct loader *l = mem_zalloc(1, sizeof *l);
	if (!l)
		return err_nomem(e);
	err own = { 0 };
	*r = (struct load_result){ 0 };
	l->dir = dir;
	l->j = j;
	l->r = r;
	bool ok = loader_open(l, path, o, &own) && load(l, a, &own);
	loader_fini(l);
	mem_free(l);
	if (!ok && e)
		*e = own;
	return ok;
}
