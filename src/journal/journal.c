/*
 * journal.c - the door: opening, submitting, closing.
 *
 * What it is:   the public calls; each becomes a job in the writer's queue and waits for its
 * answer. Promises:     at most one process has a data directory open for writing (DIR/lock).
 * Threads:      any, but journal_open and journal_close.
 */
#include "journal/journal_int.h"

#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define QUEUE_BATCHES_MAX     1024
#define DISK_RESERVE_BYTES    (64 * MIB)
#define PATIENCE_US	      (30 * US_PER_S)
#define GROUP_ARENA_BYTES_MAX GIB
#define BATCH_ARENA_BYTES_MAX (64 * MIB)

bool journal_init(const char *dir, err *e)
{
	struct fs *fs = fs_real();
	char path[4096];
	if (snprintf(path, sizeof path, "%s/ledger.db", dir) >= (int)sizeof path)
		return err_set(e, ERR_INVALID, "the path is too long");
	if (fs_exists(fs, path))
		return err_set(e, ERR_CONFLICT, "%s is a data directory already", dir);
	struct ledger *l;
	if (!fs_make_dir(fs, dir, e) || !ledger_open(path, LEDGER_WRITE, NULL, &l, e))
		return false;
	ledger_close(&l);
	return true;
}

/* The lock goes with the process, however it ends. */
static bool lock_take(struct journal *j, err *e)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/lock", j->store.dir);
	j->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->lock_fd < 0)
		return err_set_errno(e, ERR_IO, errno, "%s", path);
	if (flock(j->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	return err_set(e, ERR_CONFLICT,
		       "another process is writing to %s; wait until it has finished",
		       j->store.dir);
}

static void journal_release(struct journal *j)
{
	store_close(&j->store);
	queue_free(&j->queue);
	record_writer_fini(&j->record);
	arena_fini(&j->group);
	arena_fini(&j->batch);
	vec_free(&j->wb.changes);
	vec_free(&j->wb.timers);
	vec_free(&j->timers_done);
	mem_free(j->decided);
	mem_free(j->store.dir);
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	mutex_fini(&j->mutex);
	mem_free(j);
}

bool journal_join(const char *dir, struct journal **j_r, err *e)
{
	err busy = { 0 };
	if (journal_open(dir, NULL, j_r, &busy))
		return true;
	struct journal *j = busy.code == ERR_CONFLICT ? mem_zalloc(1, sizeof *j) : NULL;
	err why = { 0 };
	if (j && remote_open(dir, &j->remote, &why)) {
		*j_r = j;
		return true;
	}
	mem_free(j);
	if (e)
		*e = why.code && why.code != ERR_NOT_FOUND ? why : busy;
	return false;
}

bool journal_listen(struct journal *j, err *e)
{
	return listener_start(j, j->store.dir, &j->listener, e);
}

static bool journal_prepare(struct journal *j, const char *dir, err *e)
{
	size_t n = strlen(dir) + 1;
	j->store.dir = mem_alloc(n);
	j->decided = mem_zalloc(1, sizeof *j->decided);
	if (!j->store.dir || !j->decided)
		return err_nomem(e);
	memcpy(j->store.dir, dir, n);
	char path[4096];
	if (snprintf(path, sizeof path, "%s/ledger.db", dir) >= (int)sizeof path ||
	    !fs_exists(fs_real(), path))
		return err_set(e, ERR_NOT_FOUND,
			       "%s is no data directory; make one with `trichter --data %s init`",
			       dir, dir);
	return queue_new(&j->queue, j->options.queue_batches_max, e) &&
	       (j->options.rehearse || lock_take(j, e)) && store_open(&j->store, e) &&
	       archive_begin(j, e);
}

bool journal_open(const char *dir, const struct journal_options *o, struct journal **j_r, err *e)
{
	struct journal *j = mem_zalloc(1, sizeof *j);
	if (!j)
		return err_nomem(e);
	j->lock_fd = -1;
	j->options = o ? *o : (struct journal_options){ 0 };
	if (!j->options.queue_batches_max)
		j->options.queue_batches_max = QUEUE_BATCHES_MAX;
	if (!j->options.disk_reserve_bytes)
		j->options.disk_reserve_bytes = DISK_RESERVE_BYTES;
	j->store.fs = j->options.fs ? j->options.fs : fs_real();
	j->store.ledger_driver = j->options.ledger_driver;
	j->store.mode = j->options.rehearse ? STORE_REHEARSE : STORE_WRITE;
	j->store.as_of = UINT64_MAX;
	mutex_init(&j->mutex);
	record_writer_init(&j->record);
	arena_init(&j->group, GROUP_ARENA_BYTES_MAX);
	arena_init(&j->batch, BATCH_ARENA_BYTES_MAX);
	if (!journal_prepare(j, dir, e) || !outbox_load(j, e) ||
	    !ledger_timer_next(j->store.ledger, &j->timer_next_us, e) ||
	    !thread_start(&j->thread, "writer", writer_run, j, e)) {
		journal_release(j);
		return false;
	}
	if (j->store.mode == STORE_WRITE && !sealer_start(j, e)) {
		journal_close(&j);
		return false;
	}
	*j_r = j;
	return true;
}

static bool queue_is_full(err *e)
{
	return err_set(e, ERR_BUSY, "too much is waiting to be written; try again in a moment");
}

bool journal_run_job(struct journal *j, struct job *job, err *e)
{
	if (j->remote)
		return remote_run(j->remote, job, e);
	job->done = false; /* the same job may be asked for again */
	cond_init(&job->finished);
	if (!queue_put(j->queue, job, job->patient ? PATIENCE_US : 0)) {
		cond_fini(&job->finished);
		return queue_is_full(e);
	}
	mutex_lock(&j->mutex);
	while (!job->done)
		cond_wait(&job->finished, &j->mutex);
	mutex_unlock(&j->mutex);
	cond_fini(&job->finished);
	if (!job->ok && e)
		*e = job->e;
	return job->ok;
}

static bool batch_begin(struct batch *b, err *e)
{
	if (b->n > BATCH_ITEMS_MAX)
		return err_set(e, ERR_LIMIT, "one batch may hold %d touches at most",
			       BATCH_ITEMS_MAX);
	for (size_t i = 0; i < b->n; i++)
		b->items[i].outcome = OUTCOME_PENDING;
	return true;
}

bool journal_submit(struct journal *j, struct batch *b, err *e)
{
	struct job job = { .kind = JOB_BATCH, .batch = b };
	return batch_begin(b, e) && journal_run_job(j, &job, e);
}

bool journal_submit_then(struct journal *j, struct batch *b, submitted_fn done, void *arg, err *e)
{
	if (!batch_begin(b, e))
		return false;
	struct job *job = mem_alloc(sizeof *job);
	if (!job)
		return err_nomem(e);
	memset(job, 0, offsetof(struct job, e));
	job->kind = JOB_BATCH;
	job->batch = b;
	job->then = done;
	job->then_arg = arg;
	if (queue_put(j->queue, job, 0))
		return true;
	mem_free(job);
	return queue_is_full(e);
}

bool journal_import_begin(struct journal *j, str state, uint64_t *import_r, err *e)
{
	struct job job = { .kind = JOB_IMPORT_BEGIN, .text = state };
	if (!journal_run_job(j, &job, e))
		return false;
	*import_r = job.import;
	return true;
}

bool journal_import_close(struct journal *j, uint64_t import, str state, err *e)
{
	struct job job = { .kind = JOB_IMPORT_CLOSE, .import = import, .text = state };
	return journal_run_job(j, &job, e);
}

bool journal_import_undo(struct journal *j, uint64_t import, struct undo_result *r, err *e)
{
	struct job job = { .kind = JOB_IMPORT_UNDO, .import = import };
	if (!journal_run_job(j, &job, e))
		return false;
	*r = job.undo;
	return true;
}

bool journal_flush(struct journal *j, err *e)
{
	struct job job = { .kind = JOB_FLUSH };
	return journal_run_job(j, &job, e);
}

bool journal_outbox_due(struct journal *j, int64_t now_us, size_t max, struct arena *a,
			struct outbox_item **items_r, size_t *n_r, err *e)
{
	struct job job = { .kind = JOB_OUTBOX_DUE, .at_us = now_us, .items_max = max, .arena = a };
	if (!journal_run_job(j, &job, e))
		return false;
	*items_r = job.items;
	*n_r = job.items_n;
	return true;
}

bool journal_outbox_done(struct journal *j, uint64_t id, err *e)
{
	struct job job = { .kind = JOB_OUTBOX_DONE, .outbox_id = id };
	return journal_run_job(j, &job, e);
}

bool journal_outbox_retry(struct journal *j, uint64_t id, int64_t due_us, err *e)
{
	struct job job = { .kind = JOB_OUTBOX_RETRY, .outbox_id = id, .at_us = due_us };
	return journal_run_job(j, &job, e);
}

struct people *journal_people(struct journal *j)
{
	CHECK(!j->remote);
	return j->store.people;
}

/* Everything in memory goes to the disk, so that the next start has nothing to catch up with. What
 * fails here costs time at the next start, nothing else: the journal holds it all. */
static void write_back_all(struct journal *j)
{
	err ignored = { 0 };
	if (j->must_reload || j->store.mode == STORE_REHEARSE || !writer_flush(j, &ignored))
		return;
	group_begin(j);
	bool ok = flush_runs(j, &ignored);
	(void)ok;
}

void journal_close(struct journal **jj)
{
	struct journal *j = *jj;
	if (!j)
		return;
	*jj = NULL;
	if (j->remote) {
		remote_close(&j->remote);
		mem_free(j);
		return;
	}
	listener_stop(&j->listener);
	sealer_stop(j);
	queue_close(j->queue);
	thread_join(&j->thread);
	write_back_all(j);
	journal_release(j);
}

void journal_on_commit(struct journal *j, void (*committed)(void *arg, uint64_t last_seq),
		       void *arg)
{
	mutex_lock(&j->mutex);
	j->committed_arg = arg;
	j->committed = committed;
	mutex_unlock(&j->mutex);
}

void journal_numbers(struct journal *j, struct journal_numbers *n_r)
{
	mutex_lock(&j->mutex);
	*n_r = j->numbers;
	uint64_t seen = 0;
	for (size_t i = 0; i < COMMIT_CLASSES; i++) {
		seen += j->commit_classes[i];
		if (seen * 1000 >= n_r->commits * 999) {
			n_r->commit_us_p999 = (int64_t)pow(1.1, (double)i + 1);
			break;
		}
	}
	n_r->commit_us_p999 = MIN(n_r->commit_us_p999, n_r->commit_us_max);
	mutex_unlock(&j->mutex);
	n_r->queue_length = queue_length(j->queue);
}
