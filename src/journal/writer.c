/*
 * writer.c - the one thread that writes.
 *
 * What it is:   takes all that waits in the queue, makes one group of it, commits once, answers
 *               everyone. Between groups it keeps timers and finishes sweeps.
 * Promises:     an answer is given only after the commit; a failed commit leaves nothing behind, in
 *               memory either: everything is loaded again from the disk before the next group.
 * Threads:      runs on its own; others see `numbers` and jobs under the journal's mutex.
 */
#include "journal/retain_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#include <math.h>

#define GROUP_JOBS_MAX	1024  /* single touches share a commit */
#define GROUP_ITEMS_MAX 10000 /* a group takes no further batch beyond this */
#define SWEEP_US	(INT64_C(950) * 1000)
#define IDLE_WAIT_US	(INT64_C(100) * 1000)
#define TRIM_BYTES	(64 * KIB) /* of sealed records, a commit, at least */
#define TRIM_IDLE_BYTES (512 * KIB)

void group_begin(struct journal *j)
{
	j->next_seq = j->store.last_seq + 1;
	j->received_us = time_now_us();
	arena_reset(&j->group);
	vec_clear(&j->wb.changes);
	vec_clear(&j->wb.timers);
	vec_clear(&j->timers_done);
	j->wb.arena = &j->group;
	record_begin(&j->record, j->next_seq, j->received_us);
}

static bool is_visible(struct journal *j, uint64_t import)
{
	const struct import_row *row = store_import(&j->store, import);
	return import == 0 || (row && row->closed_seq != 0);
}

bool group_append(struct journal *j, struct touch *t, err *e)
{
	t->seq = j->next_seq++;
	if (t->received_us == 0)
		t->received_us = j->received_us;
	t->tie = t->message_id.n ? tie_of_message_id(t->message_id) : t->seq;
	if (!record_add_touch(&j->record, t, e) || !journal_hooks.join(j->store.people, t, e))
		return false;
	struct import_row *row = store_import(&j->store, t->import);
	if (row && !str_eq(t->name, S("import_closed"))) {
		row->touches++;
		row->dirty = true;
	}
	return !is_visible(j, t->import) || journal_hooks.fold(j->store.people, t, t->seq, e);
}

/* ---- committing ------------------------------------------------------------------------------ */

bool group_put(struct journal *j, enum ledger_table table, uint64_t key, str bytes, err *e)
{
	struct ledger_change c = { .table = table, .key = key, .value = str_dup(&j->group, bytes) };
	if (bytes.n && !c.value.p)
		return arena_err(&j->group, e);
	return vec_push(&j->wb.changes, c) || err_nomem(e);
}

static bool put_number(struct journal *j, uint64_t key, uint64_t number, err *e)
{
	char room[16];
	struct buf b = { .p = room, .cap = sizeof room, .bytes_max = sizeof room };
	buf_varint(&b, number);
	return group_put(j, LEDGER_META, key, buf_view(&b), e);
}

static bool put_undone(struct journal *j, struct buf *b, err *e)
{
	struct store *s = &j->store;
	for (size_t i = 0; i < s->undone_touches.n; i++) {
		struct undone_row *row = &s->undone_touches.items[i];
		buf_clear(b);
		if (row->dirty &&
		    (!store_undone_encode(row, b, e) ||
		     !group_put(j, LEDGER_META, undone_key(row->undone_seq), buf_view(b), e)))
			return false;
		row->dirty = false;
	}
	s->undone_changed = false;
	return put_number(j, META_UNDONE, s->undone_version, e);
}

static bool put_rows(struct journal *j, err *e)
{
	struct store *s = &j->store;
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, 4 * MIB);
	for (size_t i = 0; i < s->imports.n; i++) {
		struct import_row *row = &s->imports.items[i];
		buf_clear(&b);
		if (row->dirty && (!store_import_encode(row, &b, e) ||
				   !group_put(j, LEDGER_IMPORTS, row->import, buf_view(&b), e)))
			return false;
		row->dirty = false;
	}
	if (s->undone_changed && !put_undone(j, &b, e))
		return false;
	for (size_t i = 0; s->config_changed && i < s->config.n; i++) {
		struct config_row *row = &s->config.items[i];
		buf_clear(&b);
		if (row->dirty && (!store_config_encode(row, &b, e) ||
				   !group_put(j, LEDGER_CONFIG, row->key, buf_view(&b), e)))
			return false;
		row->dirty = false;
	}
	s->config_changed = false;
	return true;
}

static bool put_messages(struct journal *j, bool all, err *e)
{
	struct store *s = &j->store;
	bool flushed = false, changed = false;
	if (all || idmap_wants_flush(s->messages)) {
		s->messages_begun_seq = j->next_seq - 1;
		if (!idmap_flush_begin(s->messages, e))
			return false;
	}
	if (!(all ? idmap_flush_wait(s->messages, &flushed, &changed, e)
		  : idmap_poll(s->messages, &flushed, &changed, e)))
		return false;
	if (!changed)
		return true;
	if (flushed)
		s->messages_flushed_seq = s->messages_begun_seq;
	str manifest;
	s->messages_changed = true;
	return idmap_manifest(s->messages, &j->group, &manifest, e) &&
	       group_put(j, LEDGER_META, META_MESSAGES, manifest, e) &&
	       put_number(j, META_MESSAGES_FLUSHED, s->messages_flushed_seq, e);
}

/* Until it is written down that an import is folded, whoever opens the directory folds it again. */
static bool a_close_is_not_written(const struct journal *j)
{
	const struct store *s = &j->store;
	for (size_t i = s->imports.n; i > 0; i--) {
		if (s->imports.items[i - 1].closed_seq)
			return s->imports.items[i - 1].closed_seq > s->applied_seq;
	}
	return false;
}

static bool is_to_be_swept(const struct journal *j)
{
	return j->sweeping || journal_hooks.is_dirty(j->store.people) || a_close_is_not_written(j);
}

/* The part of the sweep that ought to be done by now. */
static bool put_sweep(struct journal *j, double share, err *e)
{
	int64_t now = time_monotonic_us();
	struct people *p = j->store.people;
	if (j->no_sweep)
		return true;
	if (!j->sweeping) {
		if (!is_to_be_swept(j) && !j->sweep_all &&
		    j->store.applied_seq + 10000 > j->next_seq)
			return true;
		journal_hooks.sweep_begin(p, j->next_seq - 1);
		j->sweeping = true;
		j->sweep_began_us = now;
	}
	if (share < 1)
		share = MIN(1.0, (double)(now - j->sweep_began_us) / (double)SWEEP_US);
	bool done = false;
	if (!journal_hooks.sweep(p, share, &j->wb, &done, e))
		return false;
	if (!done)
		return true;
	j->sweeping = false;
	uint64_t applied = journal_hooks.swept_seq(p);
	j->store.applied_seq = applied;
	return put_number(j, META_APPLIED, applied, e);
}

static void note_commit(struct journal *j, int64_t us)
{
	uint64_t sealed = j->store.archive->manifest.sealed_seq;
	size_t class = us < 1 ? 0 : (size_t)(log((double)us) / log(1.1));
	mutex_lock(&j->mutex);
	j->numbers.commits++;
	j->tail_touches = j->store.last_seq - MIN(j->store.last_seq, sealed);
	j->numbers.commit_us_max = MAX(j->numbers.commit_us_max, us);
	j->commit_classes[MIN(class, (size_t)COMMIT_CLASSES - 1)]++;
	mutex_unlock(&j->mutex);
}

static void tell_committed(struct journal *j)
{
	mutex_lock(&j->mutex);
	void (*committed)(void *, uint64_t) = j->committed;
	void *arg = j->committed_arg;
	mutex_unlock(&j->mutex);
	if (committed)
		committed(arg, j->store.last_seq);
}

/* One transaction: the record, the rows, a slice of what was sealed. */
static bool commit_all(struct journal *j, const struct ledger_record *record, size_t record_n,
		       err *e)
{
	bool trimmed = false, trims = j->trimming;
	struct ledger_commit c = { .records = record,
				   .records_n = record_n,
				   .changes = j->wb.changes.items,
				   .changes_n = j->wb.changes.n,
				   .timers = j->wb.timers.items,
				   .timers_n = j->wb.timers.n };
	if (trims) {
		c.trim_to = j->store.archive->manifest.sealed_seq;
		/* More than this commit adds, so that it comes to an end. */
		c.trim_bytes = record_n ? MAX(TRIM_BYTES, 2 * (uint64_t)record->body.n)
					: TRIM_IDLE_BYTES;
		c.trimmed_r = &trimmed;
	}
	if (!ledger_commit(j->store.ledger, &c, e))
		return false;
	j->trimming = trims && !trimmed;
	return true;
}

static bool commit_rows(struct journal *j, double share, bool all, err *e)
{
	struct store *s = &j->store;
	int64_t began = time_monotonic_us();
	uint64_t n = j->next_seq - s->last_seq - 1;
	if (!journal_hooks.changes(s->people, &j->wb, e) || !put_rows(j, e))
		return false;
	if (s->mode == STORE_REHEARSE) {
		journal_hooks.committed(s->people);
		s->last_seq += n;
		return true;
	}
	if (!put_messages(j, all, e) || !put_sweep(j, share, e))
		return false;
	for (size_t i = 0; i < j->timers_done.n; i++) {
		if (!vec_push(&j->wb.timers, j->timers_done.items[i]))
			return err_nomem(e);
	}
	struct ledger_record record = { .first_seq = s->last_seq + 1, .touches = (uint32_t)n };
	if (n && !record_finish(&j->record, &record.body, e))
		return false;
	if (n + j->wb.changes.n + j->wb.timers.n == 0 && !j->trimming)
		return true;
	if (!commit_all(j, &record, n ? 1 : 0, e))
		return false;
	s->last_seq += n;
	journal_hooks.committed(s->people);
	if (s->messages_changed)
		idmap_commit(s->messages);
	s->messages_changed = false;
	for (size_t i = 0; i < j->wb.timers.n; i++) {
		if (!j->wb.timers.items[i].remove)
			j->timer_next_us = MIN(j->timer_next_us,
					       j->wb.timers.items[i].timer.due_us);
	}
	note_commit(j, time_monotonic_us() - began);
	if (n)
		tell_committed(j);
	return true;
}

bool group_commit(struct journal *j, err *e)
{
	if (commit_rows(j, 0, false, e))
		return true;
	j->must_reload = true;
	return false;
}

bool flush_runs(struct journal *j, err *e)
{
	return journal_hooks.flush(j->store.people, &j->wb, e) && commit_rows(j, 1, true, e);
}

bool writer_flush(struct journal *j, err *e)
{
	if (j->store.mode == STORE_REHEARSE)
		return true;
	for (bool first = true; first || is_to_be_swept(j); first = false) {
		group_begin(j);
		if (!commit_rows(j, 1, false, e)) {
			j->must_reload = true;
			return false;
		}
	}
	return true;
}

bool group_append_then(struct journal *j, const struct touch *t, err *e)
{
	struct decided *d = j->decided;
	for (size_t i = 0; i < d->then_n; i++) {
		struct touch *next = &d->then[i];
		next->import = t->import;
		next->cause = next->cause ? next->cause : t->seq;
		if (!group_append(j, next, e))
			return false;
	}
	d->then_n = 0;
	return true;
}

/* ---- jobs ------------------------------------------------------------------------------------ */

static void answer(struct journal *j, struct job *job, bool ok, const err *e)
{
	if (job->then) {
		job->then(job->then_arg, ok, e);
		mem_free(job);
		return;
	}
	mutex_lock(&j->mutex);
	job->ok = ok;
	if (!ok)
		job->e = *e;
	job->done = true;
	cond_signal(&job->finished);
	mutex_unlock(&j->mutex);
}

static bool reload(struct journal *j, err *e)
{
	store_close(&j->store);
	j->sweeping = false;
	j->timer_next_us = 0;
	if (!store_open(&j->store, e) || !outbox_load(j, e)) {
		log_event(LOG_ERROR, "reload_failed", "code=%s why=\"%s\"", err_code_name(e->code),
			  e->text);
		return false;
	}
	j->must_reload = false;
	return true;
}

static bool disk_has_room(struct journal *j, err *e)
{
	uint64_t bytes;
	if (j->store.mode == STORE_REHEARSE)
		return true;
	if (!fs_free_bytes(j->store.fs, j->store.dir, &bytes, e))
		return false;
	if (bytes >= j->options.disk_reserve_bytes)
		return true;
	return err_set(e, ERR_BUSY, "the disk is full: %llu MiB are free, %llu are kept in reserve",
		       (unsigned long long)(bytes / MIB),
		       (unsigned long long)(j->options.disk_reserve_bytes / MIB));
}

static bool job_takes_room(const struct job *job)
{
	return job->kind != JOB_FLUSH && job->kind != JOB_CONFIG_WATCH &&
	       job->kind != JOB_CONFIG_UNWATCH && job->kind != JOB_CONFIG_HISTORY &&
	       job->kind != JOB_SUBJECTS && job->kind != JOB_SEAL_LIMIT;
}

static bool run_alone(struct journal *j, struct job *job, err *e)
{
	switch (job->kind) {
	case JOB_IMPORT_BEGIN:
		return import_begin(j, job, e);
	case JOB_IMPORT_CLOSE:
		return import_close(j, job, e);
	case JOB_IMPORT_UNDO:
		return import_undo(j, job, e);
	case JOB_BULK_SUBJECTS:
		return bulk_subjects(j, job, e);
	case JOB_BULK_HAS_IMPORTS:
		return bulk_has_imports(j, job, e);
	case JOB_TOUCH_UNDO:
		return touch_undo(j, job, e);
	case JOB_CONFIG:
		return config_set(j, job, e);
	case JOB_CONFIG_WATCH:
		return config_watch(j, job, e);
	case JOB_CONFIG_UNWATCH:
		config_unwatch(j, job);
		return true;
	case JOB_CONFIG_HISTORY:
		return config_history(j, job, e);
	case JOB_FLUSH:
		return writer_flush(j, e);
	case JOB_OUTBOX_DUE:
	case JOB_OUTBOX_DONE:
	case JOB_OUTBOX_RETRY:
		return outbox_run(j, job, e);
	case JOB_ARCHIVE:
		return archive_change(j, job, e);
	case JOB_SUBJECTS:
		return archive_subjects(j, job, e);
	case JOB_SEAL_LIMIT:
		return archive_limit(j, job, e);
	case JOB_ERASE_BEGIN:
		return erase_begin(j, job, e);
	case JOB_ERASE:
		return erase_run(j, job, e);
	case JOB_ERASE_END:
		return erase_end(j, job, e);
	case JOB_RETAIN:
		return retain_run(j, job, e);
	case JOB_BATCH:
		break;
	}
	return err_set(e, ERR_INVALID, "no such job");
}

/* The batches from jobs[i] on that become one group: where they end. */
static size_t group_end(struct job *const *jobs, size_t i, size_t n)
{
	size_t items = 0;
	for (; i < n && jobs[i]->kind == JOB_BATCH && items < GROUP_ITEMS_MAX; i++)
		items += jobs[i]->batch->n;
	return i;
}

/* Batches that stand together become one group; any other job stands alone. */
static void run_jobs(struct journal *j, struct job **jobs, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t k = group_end(jobs, i, n);
		size_t end = k > i ? k : i + 1;
		err e = { 0 };
		bool ok = (!j->must_reload || reload(j, &e)) &&
			  (!job_takes_room(jobs[i]) || disk_has_room(j, &e));
		if (ok)
			ok = k > i ? group_batches(j, jobs + i, k - i, &e)
				   : run_alone(j, jobs[i], &e);
		for (; i < end; i++)
			answer(j, jobs[i], ok, &e);
	}
}

static int64_t wait_us(const struct journal *j)
{
	if (j->must_reload)
		return -1;
	if (j->trimming || is_to_be_swept(j))
		return IDLE_WAIT_US;
	if (j->timer_next_us == INT64_MAX)
		return -1;
	return MAX(INT64_C(0), MIN(j->timer_next_us - time_now_us(), 60 * US_PER_S));
}

static void idle(struct journal *j)
{
	err e = { 0 };
	if (j->must_reload || j->store.mode == STORE_REHEARSE)
		return;
	bool ok = true;
	if (j->timer_next_us <= time_now_us())
		ok = group_timers(j, &e);
	if (ok && (j->trimming || is_to_be_swept(j))) {
		group_begin(j);
		ok = group_commit(j, &e);
	}
	if (!ok) {
		j->must_reload = true;
		log_event(LOG_ERROR, "write_failed", "code=%s", err_code_name(e.code));
	}
}

void *writer_run(void *journal)
{
	struct journal *j = journal;
	struct job *jobs[GROUP_JOBS_MAX];
	for (;;) {
		size_t n = queue_take(j->queue, (void **)jobs, ARRAY_LEN(jobs), wait_us(j));
		if (n == 0 && queue_is_closed(j->queue))
			return NULL;
		if (n == 0)
			idle(j);
		else
			run_jobs(j, jobs, n);
	}
}
