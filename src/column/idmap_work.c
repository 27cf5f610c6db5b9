/*
 * idmap_work.c - the background thread: writes frozen tables, merges runs.
 *
 * What it is:   one job of each kind at a time, and files to be removed. A table that waits goes
 *               before a merge, even one that has begun: the merge looks up now and then and writes
 *               the table in between.
 * Promises:     nothing that a job points to is freed here; results wait until they are taken.
 * Threads:      job states change under `lock`. The caller's thread posts and takes.
 */
#include "column/idmap_int.h"

#include "base/log.h"
#include "base/mem.h"

void work_init(struct idmap_work *w, struct fs *fs)
{
	*w = (struct idmap_work){ .fs = fs };
	mutex_init(&w->lock);
	cond_init(&w->wanted);
	cond_init(&w->done);
}

static void job_end(struct idmap_work *w, enum job_state *state, bool ok)
{
	mutex_lock(&w->lock);
	*state = ok ? JOB_DONE : JOB_FAILED;
	atomic_store(&w->news, true);
	cond_broadcast(&w->done);
	mutex_unlock(&w->lock);
}

static bool job_begin(struct idmap_work *w, enum job_state *state)
{
	mutex_lock(&w->lock);
	bool waits = *state == JOB_WAITING;
	if (waits)
		*state = JOB_RUNNING;
	mutex_unlock(&w->lock);
	return waits;
}

static void run_flush(struct idmap_work *w)
{
	atomic_store(&w->flush_waits, false);
	if (!job_begin(w, &w->flush.state))
		return;
	struct flush_job *j = &w->flush;
	job_end(w, &j->state, run_write_table(&j->at, j->table, &j->result, &j->e));
}

static void run_merge(struct idmap_work *w)
{
	if (job_begin(w, &w->merge.state))
		job_end(w, &w->merge.state, merge_run(w, &w->merge));
}

/* What stays if this fails is removed when the map is opened next. */
static void remove_now(struct idmap_work *w, struct run *r)
{
	err e;
	if (!fs_remove(w->fs, r->path, &e))
		log_event(LOG_WARN, "idmap_not_removed", "why=\"%s\"", e.text);
	run_free(&r);
}

static struct run *trash_take(struct idmap_work *w)
{
	mutex_lock(&w->lock);
	struct run *r = w->trash.n > 0 ? w->trash.items[--w->trash.n] : NULL;
	mutex_unlock(&w->lock);
	return r;
}

static void empty_trash(struct idmap_work *w)
{
	struct run *r;
	while ((r = trash_take(w)) != NULL) {
		remove_now(w, r);
		if (atomic_load(&w->flush_waits) && !atomic_load(&w->stop))
			run_flush(w);
	}
}

void work_remove(struct idmap_work *w, struct run *r)
{
	mutex_lock(&w->lock);
	bool later = w->thread.started && vec_push(&w->trash, r);
	if (later)
		cond_signal(&w->wanted);
	mutex_unlock(&w->lock);
	if (!later)
		remove_now(w, r);
}

bool work_breathe(struct idmap_work *w)
{
	if (UNLIKELY(atomic_load_explicit(&w->flush_waits, memory_order_relaxed)))
		run_flush(w);
	return !atomic_load_explicit(&w->stop, memory_order_relaxed);
}

static void *work_main(void *arg)
{
	struct idmap_work *w = arg;
	for (;;) {
		mutex_lock(&w->lock);
		while (!atomic_load(&w->stop) && w->flush.state != JOB_WAITING &&
		       w->merge.state != JOB_WAITING && w->trash.n == 0)
			cond_wait(&w->wanted, &w->lock);
		mutex_unlock(&w->lock);
		if (atomic_load(&w->stop))
			return NULL;
		run_flush(w);
		empty_trash(w);
		run_merge(w);
	}
}

void work_stop(struct idmap_work *w)
{
	mutex_lock(&w->lock);
	atomic_store(&w->stop, true);
	cond_broadcast(&w->wanted);
	mutex_unlock(&w->lock);
	thread_join(&w->thread);
	empty_trash(w);
}

void work_fini(struct idmap_work *w)
{
	cond_fini(&w->wanted);
	cond_fini(&w->done);
	mutex_fini(&w->lock);
	vec_free(&w->trash);
}

static bool thread_needed(struct idmap_work *w, err *e)
{
	return w->thread.started || thread_start(&w->thread, "idmap", work_main, w, e);
}

bool work_post_flush(struct idmap_work *w, const struct run_place *at,
		     const struct idmap_table *table, err *e)
{
	if (!thread_needed(w, e))
		return false;
	mutex_lock(&w->lock);
	CHECK(w->flush.state == JOB_NONE);
	w->flush = (struct flush_job){ .state = JOB_WAITING, .at = *at, .table = table };
	atomic_store(&w->flush_waits, true);
	cond_signal(&w->wanted);
	mutex_unlock(&w->lock);
	return true;
}

bool work_post_merge(struct idmap_work *w, const struct merge_job *job, err *e)
{
	if (!thread_needed(w, e))
		return false;
	mutex_lock(&w->lock);
	CHECK(w->merge.state == JOB_NONE);
	w->merge = *job;
	w->merge.state = JOB_WAITING;
	cond_signal(&w->wanted);
	mutex_unlock(&w->lock);
	return true;
}

static bool has_ended(enum job_state state)
{
	return state == JOB_DONE || state == JOB_FAILED;
}

struct flush_job work_take_flush(struct idmap_work *w)
{
	struct flush_job job = { .state = JOB_NONE };
	mutex_lock(&w->lock);
	if (has_ended(w->flush.state)) {
		job = w->flush;
		w->flush.state = JOB_NONE;
	}
	mutex_unlock(&w->lock);
	return job;
}

struct merge_job work_take_merge(struct idmap_work *w)
{
	struct merge_job job = { .state = JOB_NONE };
	mutex_lock(&w->lock);
	if (has_ended(w->merge.state)) {
		job = w->merge;
		w->merge.state = JOB_NONE;
	}
	mutex_unlock(&w->lock);
	return job;
}

void work_wait_flush(struct idmap_work *w)
{
	mutex_lock(&w->lock);
	while (w->flush.state == JOB_WAITING || w->flush.state == JOB_RUNNING)
		cond_wait(&w->done, &w->lock);
	mutex_unlock(&w->lock);
}
