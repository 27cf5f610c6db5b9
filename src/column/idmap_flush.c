/*
 * idmap_flush.c - from the table in memory to runs, and from runs to fewer runs.
 *
 * What it is:   the caller's side of the background work: freezing the active table, taking
 *               results, posting the next job, and telling the caller when the manifest changed.
 * Promises:     results are put in their place here, on the caller's thread, so looking up needs no
 *               lock. The manifest handed out is that of the last poll, and idmap_commit removes
 *               only files that it does not name, whatever has ended in between.
 * Threads:      the caller's.
 */
#include "column/idmap_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#include <string.h>

static struct run_place place_next(struct idmap *m)
{
	return (struct run_place){ m->fs, m->dir, m->name, m->number_next++ };
}

static bool post_flush(struct idmap *m, err *e)
{
	struct run_place at = place_next(m);
	m->flush_posted = work_post_flush(&m->work, &at, &m->frozen, &m->flush_err);
	if (!m->flush_posted && e)
		*e = m->flush_err;
	return m->flush_posted;
}

bool flush_freeze(struct idmap *m, err *e)
{
	/* Room for its run now, so that taking the result cannot fail. */
	if (!vec_reserve(&m->runs, m->runs.n + 1))
		return err_nomem(e);
	struct idmap_table t = m->active;
	m->active = m->spare;
	m->frozen = t;
	m->spare = (struct idmap_table){ 0 };
	if (m->active.cap == 0)
		idmap_table_init(&m->active);
	m->has_frozen = true;
	m->frozen_n++;
	return post_flush(m, e);
}

static void take_flush(struct idmap *m)
{
	struct flush_job job = work_take_flush(&m->work);
	if (job.state == JOB_NONE)
		return;
	m->flush_posted = false;
	if (job.state == JOB_FAILED) {
		m->flush_err = job.e;
		m->flush_retry_us = time_monotonic_us() + IDMAP_FLUSH_RETRY_US;
		log_event(LOG_WARN, "idmap_not_written", "name=%s why=\"%s\"", m->name, job.e.text);
		return;
	}
	CHECK(vec_push(&m->runs, job.result));
	idmap_table_fini(&m->spare);
	m->spare = m->frozen;
	idmap_table_clear(&m->spare);
	m->frozen = (struct idmap_table){ 0 };
	m->has_frozen = false;
	m->installed_n++;
	m->changed = true;
}

/* Puts the merged run (NULL: nothing was left) in the place of its inputs, which stand together. */
static void replace_runs(struct idmap *m, const struct merge_job *job)
{
	size_t at = 0;
	while (m->runs.items[at] != job->inputs[0])
		at++;
	for (size_t i = 0; i < job->inputs_n; i++)
		CHECK(vec_push(&m->obsolete, m->runs.items[at + i]));
	size_t keep = job->result ? 1 : 0;
	if (job->result)
		m->runs.items[at] = job->result;
	size_t after = m->runs.n - at - job->inputs_n;
	memmove(&m->runs.items[at + keep], &m->runs.items[at + job->inputs_n],
		after * sizeof(struct run *));
	m->runs.n = at + keep + after;
	m->changed = true;
}

static void take_merge(struct idmap *m)
{
	struct merge_job job = work_take_merge(&m->work);
	if (job.state == JOB_NONE)
		return;
	m->merge_posted = false;
	if (job.state == JOB_DONE) {
		replace_runs(m, &job);
	} else {
		/* Nothing is lost but time at looking up. */
		m->merge_retry_us = time_monotonic_us() + IDMAP_MERGE_RETRY_US;
		if (job.damaged)
			job.damaged->damaged = true;
		log_event(LOG_WARN, "idmap_not_merged", "name=%s why=\"%s\"", m->name, job.e.text);
	}
	mem_free(job.inputs);
	mem_free(job.older);
}

static struct run **runs_copy(struct run *const *runs, size_t n)
{
	struct run **p = mem_alloc(n * sizeof(struct run *));
	if (p && n > 0)
		memcpy(p, runs, n * sizeof(struct run *));
	return p;
}

static bool post_merge(struct idmap *m, err *e)
{
	size_t n = m->compacts ? m->runs.n : merge_choose(m->runs.items, m->runs.n);
	if (n == 0)
		return true;
	if (!vec_reserve(&m->obsolete, m->obsolete.n + n))
		return err_nomem(e);
	size_t older = m->runs.n - n;
	struct merge_job job = { .inputs = runs_copy(m->runs.items + older, n),
				 .inputs_n = n,
				 .older = runs_copy(m->runs.items, older),
				 .older_n = older,
				 .dead = m->dead,
				 .dead_arg = m->dead_arg };
	bool ok = job.inputs && job.older;
	if (!ok)
		err_nomem(e);
	job.at = place_next(m);
	m->merge_posted = ok && work_post_merge(&m->work, &job, e);
	m->compacts = m->compacts && !m->merge_posted;
	if (!m->merge_posted) {
		mem_free(job.inputs);
		mem_free(job.older);
	}
	return m->merge_posted;
}

/* The flush that had to wait for the one before it. */
static bool begin_queued(struct idmap *m, err *e)
{
	if (m->active.n > 0 && !flush_freeze(m, e))
		return false;
	m->flush_queued = false;
	m->flush_wanted = m->frozen_n;
	return true;
}

bool flush_advance(struct idmap *m, bool now, err *e)
{
	if (atomic_exchange(&m->work.news, false)) {
		take_flush(m);
		take_merge(m);
	}
	if (m->has_frozen && !m->flush_posted &&
	    (now || time_monotonic_us() >= m->flush_retry_us) && !post_flush(m, e))
		return false;
	if (m->flush_queued && !m->has_frozen && !begin_queued(m, e))
		return false;
	if ((m->runs.n <= IDMAP_RUNS_MAX && !m->compacts) || m->merge_posted || m->read_only ||
	    time_monotonic_us() < m->merge_retry_us)
		return true;
	return post_merge(m, e);
}

bool idmap_wants_flush(const struct idmap *m)
{
	return !m->read_only && !m->flush_queued && (m->active.n >= m->keys_max || m->handed_over);
}

bool idmap_flush_begin(struct idmap *m, err *e)
{
	if (m->read_only)
		return true;
	if (!flush_advance(m, false, e))
		return false;
	m->flush_queued = true;
	if (!m->has_frozen && !begin_queued(m, e)) {
		m->flush_queued = false;
		return false;
	}
	m->flush_begun = true;
	m->handed_over = false;
	return true;
}

static bool flush_is_in(const struct idmap *m)
{
	return m->flush_begun && !m->flush_queued && m->installed_n >= m->flush_wanted;
}

bool idmap_poll(struct idmap *m, bool *flushed_r, bool *changed_r, err *e)
{
	if (!flush_advance(m, false, e))
		return false;
	if (m->changed) {
		if (!manifest_encode(m, &m->manifest, e))
			return false;
		for (size_t i = 0; i < m->obsolete.n; i++)
			m->obsolete.items[i]->unlisted = true;
		m->changed = false;
		m->uncommitted = true;
	}
	*flushed_r = flush_is_in(m);
	if (*flushed_r) {
		m->flush_begun = false;
		m->uncommitted = true;
	}
	*changed_r = m->uncommitted;
	return true;
}

bool idmap_flush_wait(struct idmap *m, bool *flushed_r, bool *changed_r, err *e)
{
	if (!flush_advance(m, true, e))
		return false;
	while (m->flush_begun && !flush_is_in(m)) {
		work_wait_flush(&m->work);
		if (!flush_advance(m, false, e))
			return false;
		if (m->has_frozen && !m->flush_posted) {
			if (e)
				*e = m->flush_err;
			return false;
		}
	}
	return idmap_poll(m, flushed_r, changed_r, e);
}

bool idmap_manifest(const struct idmap *m, struct arena *a, str *manifest_r, err *e)
{
	str copy = str_dup(a, buf_view(&m->manifest));
	if (!copy.p)
		return arena_err(a, e);
	*manifest_r = copy;
	return true;
}

void idmap_commit(struct idmap *m)
{
	size_t kept = 0;
	for (size_t i = 0; i < m->obsolete.n; i++) {
		struct run *r = m->obsolete.items[i];
		if (r->unlisted)
			work_remove(&m->work, r);
		else
			m->obsolete.items[kept++] = r;
	}
	m->obsolete.n = kept;
	m->uncommitted = false;
}
