/*
 * bulk.c - events in bulk: the loop, and the end.
 *
 * What it is:   keeps the workers in blocks, settles what they have read in the order of the file,
 *               asks the journal where it has to be asked, and turns all that is new into segments
 *               that become visible with the import's closing touch.
 * Promises:     as any import: nothing is visible before the end, nothing counts twice, rows that
 *               cannot be used come back, a failure says how to go on.
 * Threads:      the caller's; workers read, the journal's writer decides.
 */
#include "load/bulk_int.h"

#include "base/mem.h"

#include <string.h>
#include <unistd.h>

#define AHEAD	      16	  /* rows whose combinations are fetched */
#define RUN_BYTES_MAX (256 * MIB) /* twice that while it is put in order */
#define BLOCKS_MAX    (2 * BULK_WORKERS_MAX + 1)

bool bulk_fits(const struct loader *l)
{
	bool plain = l->kind == LOAD_EVENTS && !l->source.segment && !l->map.touches &&
		     l->lookups.n == 0 && l->plan.n == 1 &&
		     l->columns.of_role[ROLE_MESSAGE_ID] == LOAD_NO_COLUMN;
	if (!plain || l->o->live || l->o->bulk == LOAD_BULK_NEVER || !journal_bulk_can(l->j))
		return false;
	return l->o->bulk == LOAD_BULK_ALWAYS || l->bytes >= BULK_FILE_BYTES_MIN;
}

static bool entry_add(struct bulk *b, const struct bulk_block *block, const struct bulk_row *row,
		      const struct bulk_combo *c, err *e)
{
	struct bulk_entry x = { .person = c->person,
				.at_us = row->at_us,
				.what = row->what,
				.company = c->company,
				.deal = c->deal };
	const char *extra = row->extra ? block->extras.p + (size_t)(row->extra - 1) * 8 : NULL;
	return run_add(&b->run, &x, extra, e);
}

/* ---- what the journal is asked --------------------------------------------------------------- */

/* One answer for all rows with these ids, as far as it does not depend on when. */
static void settle(struct bulk_combo *c, const struct intake *t)
{
	c->person = (uint32_t)t->about.person;
	c->company = (uint32_t)t->about.company;
	c->deal = (uint32_t)t->about.deal;
	c->timed |= t->about.by_time;
	c->settled = true;
}

/* Of the rows that were sent: what is placed becomes an entry. */
bool bulk_answers(struct bulk *b, err *e)
{
	struct chunk *chunk = &b->l->chunk;
	for (size_t i = 0; i < chunk->rows_n; i++) {
		const struct bulk_row *row = &b->now->rows.items[b->sent.items[i]];
		if (chunk->rows[i].items_n != 1 || row->kind != BULK_PLAIN)
			continue;
		struct intake *t = &chunk->items[chunk->rows[i].first];
		if (t->outcome != OUTCOME_PLACED && t->outcome != OUTCOME_ACCEPTED)
			continue;
		struct bulk_combo *c;
		if (!whos_of(&b->whos, row, b->block, &c, e))
			return false;
		settle(c, t);
		if (t->outcome == OUTCOME_PLACED && !entry_add(b, b->now, row, c, e))
			return false;
		t->outcome = OUTCOME_ACCEPTED;
	}
	vec_clear(&b->sent);
	return true;
}

/* The row is read again, as the journal and the rejects need it. */
static bool send(struct bulk *b, size_t i, err *e)
{
	struct loader *l = b->l;
	const struct bulk_row *row = &b->now->rows.items[i];
	struct loader *by = row->kind == BULK_NEW_KEY ? l : b->again;
	struct raw_row raw;
	if (!bulk_again(b, by, b->now, row, &raw, e))
		return false;
	if (!vec_push(&b->sent, (uint32_t)i))
		return err_nomem(e);
	by->chunk = l->chunk;
	size_t before = by->chunk.n;
	bool ok = load_build_row(by, &raw, e);
	l->chunk = by->chunk;
	if (!ok)
		return false;
	if (row->kind == BULK_PLAIN && l->chunk.n == before + 1)
		l->chunk.items[before].plain = true;
	return !load_chunk_is_full(l) || load_chunk_send(l, e);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static bool is_full(const struct bulk *b)
{
	return b->run.n * sizeof *b->run.entries + b->run.extras.n >= b->run_bytes_max;
}

/* What is read so far is put in order and written to a file, and the import's state says that it is
 * there: from here it can go on. */
static bool spill(struct bulk *b, const struct bulk_block *block, err *e)
{
	struct loader *l = b->l;
	uint32_t *roots = NULL;
	size_t n;
	uint64_t ignored;
	struct batch none = { .trust = TRUST_SECRET, .import = l->r->import };
	if (l->runs == BULK_RUNS_MAX)
		return err_set(e, ERR_LIMIT,
			       "the file is too large for the memory that it may use; "
			       "split it");
	bool ok = journal_bulk_subjects(l->j, &roots, &n, &ignored, e) &&
		  run_sort(&b->run, &b->whats, roots, n, e) && spill_write(b, l->runs, e) &&
		  rejects_flush(l, e);
	mem_free(roots);
	if (!ok)
		return false;
	l->runs++;
	l->offset = block->offset_next;
	l->line = block->line_next;
	b->run.n = 0;
	buf_clear(&b->run.extras);
	if (!state_print(l, &l->state, e))
		return false;
	none.import_state = buf_view(&l->state);
	l->sent = true;
	return journal_submit(l->j, &none, e);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static bool settle_row(struct bulk *b, size_t i, err *e)
{
	const struct bulk_row *row = &b->now->rows.items[i];
	struct bulk_combo *c;
	if (row->kind != BULK_PLAIN)
		return send(b, i, e);
	if (!whos_of(&b->whos, row, b->block, &c, e))
		return false;
	if (!c->settled || c->timed || c->fresh == b->block)
		return send(b, i, e);
	b->l->r->read++;
	b->l->r->accepted++;
	b->l->r->touches++;
	return entry_add(b, b->now, row, c, e);
}

static bool settle_block(struct bulk *b, struct bulk_block *block, err *e)
{
	b->block++;
	b->now = block;
	size_t n = block->rows.n;
	for (size_t i = 0; i < n; i++) {
		if (i + AHEAD < n)
			whos_prefetch(&b->whos, block->rows.items[i + AHEAD].who);
		if (!settle_row(b, i, e))
			return false;
	}
	b->l->bytes_done = block->bytes;
	return load_chunk_send(b->l, e) && (!is_full(b) || spill(b, block, e));
}

struct pipeline {
	struct bulk_block blocks[BLOCKS_MAX];
	size_t n, at, in_flight;
	bool more;
};

static bool cut(struct bulk *b, struct pipeline *p, struct bulk_block *block, err *e)
{
	if (!p->more)
		return true;
	if (!cutter_next(&b->cutter, block, &p->more, e))
		return false;
	if (!p->more)
		return true;
	p->in_flight++;
	readers_give(b, block);
	return true;
}

static bool pipeline_run(struct bulk *b, struct pipeline *p, err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!cut(b, p, &p->blocks[i], e))
			return false;
	}
	while (p->in_flight > 0) {
		struct bulk_block *block = &p->blocks[p->at];
		p->at = (p->at + 1) % p->n;
		readers_wait(b, block);
		p->in_flight--;
		if (block->e.code != ERR_NONE) {
			*e = block->e;
			return false;
		}
		if (!settle_block(b, block, e))
			return false;
		if (load_stop_asked(b->l)) {
			b->l->r->stopped = true;
			return b->run.n == 0 || spill(b, block, e);
		}
		if (!cut(b, p, block, e))
			return false;
	}
	return true;
}

static bool read_all(struct bulk *b, err *e)
{
	struct pipeline p = { .n = 2 * b->workers_n + 1, .more = true };
	for (size_t i = 0; i < p.n; i++) {
		buf_init(&p.blocks[i].text, 4 * CSV_ROW_BYTES_MAX + BULK_BLOCK_BYTES);
		buf_init(&p.blocks[i].extras, 512 * MIB);
		arena_init(&p.blocks[i].arena, 64 * MIB);
	}
	bool ok = readers_start(b, e) && pipeline_run(b, &p, e);
	for (size_t i = 0; i < b->workers_n && ok; i++)
		loader_gather(b->l, b->workers[i].l);
	readers_stop(b);
	for (size_t i = 0; i < p.n; i++) {
		buf_fini(&p.blocks[i].text);
		buf_fini(&p.blocks[i].extras);
		arena_fini(&p.blocks[i].arena);
		vec_free(&p.blocks[i].rows);
		vec_free(&p.blocks[i].odd);
	}
	return ok;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool bulk_open(struct bulk *b, struct loader *l, err *e)
{
	size_t n;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	*b = (struct bulk){ .l = l };
	b->workers_n = (size_t)MIN(MAX(cores, 1), BULK_WORKERS_MAX);
	b->last = &b->first;
	b->run_bytes_max = l->o->bulk_bytes_max ? l->o->bulk_bytes_max : RUN_BYTES_MAX;
	l->bulk = b;
	mutex_init(&b->lock);
	cond_init(&b->given);
	cond_init(&b->done);
	whats_init(&b->whats);
	buf_init(&b->run.extras, BULK_EXTRAS_MAX);
	if (!l->source.json) {
		csv_header(l->source.csv, &n);
		l->csv_fields = n;
		l->csv_delimiter = csv_delimiter(l->source.csv);
	}
	b->split = mem_alloc(sizeof *b->split);
	return (b->split || err_nomem(e)) && loader_clone(l, 0, &b->again, e) &&
	       (l->runs == 0 || spill_resume(b, l->runs - 1, e)) &&
	       cutter_open(&b->cutter, l, l->offset, l->line, e);
}

static void bulk_close(struct bulk *b)
{
	b->l->bulk = NULL;
	if (b->again) {
		memset(&b->again->chunk, 0, sizeof b->again->chunk);
		loader_clone_free(&b->again);
	}
	cutter_close(&b->cutter);
	mem_free(b->split);
	whos_fini(&b->whos);
	whats_fini(&b->whats);
	run_fini(&b->run);
	vec_free(&b->sent);
	mutex_fini(&b->lock);
	cond_fini(&b->given);
	cond_fini(&b->done);
}

bool bulk_load(struct loader *l, err *e)
{
	struct bulk *b = mem_alloc(sizeof *b);
	if (!b)
		return err_nomem(e);
	/* A run that was interrupted behind its last commit but one has nothing more to do here. */
	bool ok = bulk_open(b, l, e) &&
		  (l->built || (read_all(b, e) && (l->r->stopped || bulk_finish(b, e))));
	bulk_close(b);
	mem_free(b);
	return ok;
}
