/*
 * erase_end.c - what was erased leaves the files.
 *
 * What it is:   everything is sealed, then the segments and the files of ids are written anew
 *               without the touches and ids of those who were erased; the ledger's records of them
 *               go, and its log is emptied.
 * Workload:     once a day, for all erasures of the day together: it writes each segment anew that
 *               holds any of them.
 * Promises:     done again from the beginning after a crash, until a row says that it is done.
 * Threads:      erase_end the writer's; the others any, one at a time (the sealer's lock).
 */
#include "journal/journal_int.h"

#define TRIM_ROUNDS_MAX	   100000
#define CHECKPOINT_TRIES   50
#define CHECKPOINT_WAIT_US (INT64_C(100) * 1000)

struct dropping {
	struct map64 touches, persons;
	VEC(uint64_t) rows; /* by the number of their person_erased */
	uint64_t seq_min, seq_max;
};

static bool drops_segment(void *arg, const struct segment_info *info)
{
	const struct dropping *d = arg;
	return info->seq_min <= d->seq_max && info->seq_max >= d->seq_min;
}

static bool drops_touch(void *arg, const struct touch *t)
{
	const struct dropping *d = arg;
	uint64_t ignored;
	return map64_get(&d->touches, t->seq, &ignored);
}

static bool drops_id(void *arg, uint64_t profile, uint8_t kind, str system, str id)
{
	const struct dropping *d = arg;
	uint64_t ignored;
	(void)kind;
	(void)system;
	(void)id;
	return map64_get(&d->persons, profile, &ignored);
}

static bool add_row(struct dropping *d, const struct undone_row *row)
{
	for (size_t i = 0; i < row->touches_n; i++) {
		d->seq_min = MIN(d->seq_min, row->touches[i]);
		d->seq_max = MAX(d->seq_max, row->touches[i]);
		if (!map64_put(&d->touches, row->touches[i], 1))
			return false;
	}
	for (size_t i = 0; i < row->persons_n; i++) {
		if (!map64_put(&d->persons, row->persons[i], 1))
			return false;
	}
	return vec_push(&d->rows, row->undone_seq);
}

static bool waits(const struct undone_row *row, int64_t before_us)
{
	return (row->effects & EFFECT_ERASED) && row->erased_us != 0 && row->erased_us <= before_us;
}

/* What is sealed can be dropped. */
static bool collect(struct journal *j, int64_t before_us, struct dropping *d, uint64_t *waiting_r,
		    err *e)
{
	struct store s = { .dir = j->store.dir,
			   .fs = j->store.fs,
			   .ledger_driver = j->store.ledger_driver,
			   .mode = STORE_READ,
			   .as_of = UINT64_MAX };
	bool ok = store_open_bare(&s, e);
	d->seq_min = UINT64_MAX;
	*waiting_r = 0;
	for (size_t i = 0; ok && i < s.undone_touches.n; i++) {
		const struct undone_row *row = &s.undone_touches.items[i];
		if (!waits(row, before_us))
			continue;
		if (row->undone_seq > s.archive->manifest.sealed_seq)
			(*waiting_r)++;
		else
			ok = add_row(d, row) || err_nomem(e);
	}
	store_close(&s);
	return ok;
}

/* ---- the writer's part ----------------------------------------------------------------------- */

static bool end_row(struct journal *j, struct undone_row *row, err *e)
{
	for (size_t i = 0; i < row->joins_n; i++) {
		struct ledger_change gone = { .table = LEDGER_EDGES,
					      .key = row->joins[i],
					      .remove = true };
		if (!vec_push(&j->wb.changes, gone))
			return err_nomem(e);
	}
	/* Readers that did not see it come open anew. */
	if (row->effects & EFFECT_EXPIRED)
		row->subjects_n = 0;
	row->touches_n = 0;
	row->erased_us = 0;
	row->dirty = true;
	j->store.undone_changed = true;
	return true;
}

static int64_t oldest_waiting(const struct store *s)
{
	int64_t oldest = 0;
	for (size_t i = 0; i < s->undone_touches.n; i++) {
		const struct undone_row *row = &s->undone_touches.items[i];
		if (waits(row, INT64_MAX) && (oldest == 0 || row->erased_us < oldest))
			oldest = row->erased_us;
	}
	return oldest;
}

void erase_note_waiting(struct journal *j)
{
	int64_t since_us = oldest_waiting(&j->store);
	mutex_lock(&j->mutex);
	j->erased_since_us = since_us;
	mutex_unlock(&j->mutex);
}

/* One commit; job->items_n: are there records left that were sealed? Without: the log is emptied.
 */
bool erase_end(struct journal *j, struct job *job, err *e)
{
	struct erasing *x = job->erasing;
	group_begin(j);
	for (size_t i = 0; i < x->ended.n; i++) {
		struct undone_row *row = store_undone_of(&j->store, x->ended.items[i]);
		if (row && !end_row(j, row, e))
			return false;
	}
	if (x->ended.n) {
		journal_hooks.compact(j->store.people);
		if (!flush_runs(j, e)) {
			j->must_reload = true;
			return false;
		}
		/* Their lists leave the memory as well. */
		if (!store_undone_load(&j->store, e)) {
			j->must_reload = true;
			return false;
		}
		erase_note_waiting(j);
	} else if (j->trimming && !group_commit(j, e)) {
		return false;
	}
	job->items_n = j->trimming;
	return j->trimming || ledger_checkpoint(j->store.ledger, e);
}

static void wait_a_moment(void)
{
	struct mutex m;
	struct cond never;
	mutex_init(&m);
	cond_init(&never);
	mutex_lock(&m);
	(void)cond_wait_for(&never, &m, CHECKPOINT_WAIT_US);
	mutex_unlock(&m);
	cond_fini(&never);
	mutex_fini(&m);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool end_rows(struct journal *j, struct dropping *d, err *e)
{
	struct erasing x = { .x = NULL };
	struct job job = { .kind = JOB_ERASE_END, .erasing = &x, .patient = true };
	err why = { 0 };
	x.ended.items = d->rows.items;
	x.ended.n = d->rows.n;
	bool ok = journal_run_job(j, &job, &why);
	x.ended.n = 0;
	for (int i = 0; ok && job.items_n && i < TRIM_ROUNDS_MAX; i++)
		ok = journal_run_job(j, &job, &why);
	/* Somebody reads: what is in the log goes a moment later. */
	for (int i = 0; !ok && why.code == ERR_BUSY && i < CHECKPOINT_TRIES; i++) {
		wait_a_moment();
		ok = journal_run_job(j, &job, &why);
	}
	if (!ok && why.code == ERR_BUSY)
		ok = true; /* with the next commits */
	if (!ok && e)
		*e = why;
	return ok;
}

bool erase_finish(struct journal *j, int64_t before_us, uint64_t *waiting_r, err *e)
{
	struct dropping d = { .seq_max = 0 };
	uint64_t touches;
	const struct journal_drop drop = {
		.segment = drops_segment, .touch = drops_touch, .id = drops_id, .arg = &d
	};
	bool ok = collect(j, before_us, &d, waiting_r, e);
	if (ok && *waiting_r) {
		map64_fini(&d.touches);
		map64_fini(&d.persons);
		vec_free(&d.rows);
		d = (struct dropping){ .seq_max = 0 };
		ok = seal_everything(j, e) && collect(j, before_us, &d, waiting_r, e);
	}
	ok = ok && (d.rows.n == 0 || (seal_drop(j, &drop, &touches, e) && end_rows(j, &d, e)));
	map64_fini(&d.touches);
	map64_fini(&d.persons);
	vec_free(&d.rows);
	return ok;
}

void snapshot_erasures(const struct snapshot *snapshot, uint64_t *done_r, uint64_t *waiting_r,
		       int64_t *since_us_r)
{
	const struct store *s = snapshot_store((struct snapshot *)(uintptr_t)snapshot);
	*done_r = *waiting_r = 0;
	*since_us_r = oldest_waiting(s);
	for (size_t i = 0; i < s->undone_touches.n; i++) {
		const struct undone_row *row = &s->undone_touches.items[i];
		if ((row->effects & EFFECT_ERASED) && !(row->effects & EFFECT_EXPIRED))
			*(row->erased_us ? waiting_r : done_r) += 1;
	}
}
