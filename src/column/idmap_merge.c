/*
 * idmap_merge.c - makes one run of several.
 *
 * What it is:   which runs to merge, and the merge: of entries with one key the newest stays.
 * Promises:     at most IDMAP_RUNS_MAX runs once merging has caught up. A run is merged only with
 *               newer ones that are together as large as it is, so with 6 runs an entry is written
 *               about twice on its way to ten million. A dead entry is dropped only when no older
 *               run can hold its key, for an older value must not come back.
 * Threads:      the background thread; what it reads does not change.
 */
#include "column/idmap_int.h"

#include "base/mem.h"

#include <string.h>

/* Where one input stands. */
struct cursor {
	const struct run *run;
	const struct idmap_entry *next; /* NULL at the end */
	uint64_t block;
	uint64_t left; /* in the block, `next` included */
};

size_t merge_choose(struct run *const *runs, size_t n)
{
	if (n <= IDMAP_RUNS_MAX)
		return 0;
	uint64_t sum = 0;
	size_t take = 0;
	while (take < n) {
		const struct run *r = runs[n - 1 - take];
		bool enough = take >= 2 && n - take + 1 <= IDMAP_RUNS_MAX;
		if (r->damaged || (enough && r->h.count > sum))
			break;
		sum += r->h.count;
		take++;
	}
	return take >= 2 ? take : 0;
}

static bool cursor_enter(struct cursor *c, uint64_t block, err *e)
{
	if (block == c->run->h.blocks) {
		c->next = NULL;
		return true;
	}
	c->block = block;
	c->left = run_block_entries(c->run, block);
	c->next = run_block(c->run, block, e);
	return c->next != NULL;
}

static bool cursor_step(struct cursor *c, err *e)
{
	c->next++;
	return --c->left > 0 || cursor_enter(c, c->block + 1, e);
}

static bool same_key(const struct idmap_entry *a, const struct idmap_entry *b)
{
	return a->hi == b->hi && a->lo == b->lo;
}

/* The cursor with the smallest key, the newest of several; NULL when all are at their end. */
static struct cursor *cursor_smallest(struct cursor *c, size_t n)
{
	struct cursor *best = NULL;
	for (size_t i = 0; i < n; i++) { /* oldest first, so a later one of the same key is newer */
		if (!c[i].next)
			continue;
		if (!best ||
		    !idmap_before(best->next->hi, best->next->lo, c[i].next->hi, c[i].next->lo))
			best = &c[i];
	}
	return best;
}

/* Takes one key off all cursors. */
static bool cursors_step(struct merge_job *job, struct cursor *c, struct idmap_entry key)
{
	for (size_t i = 0; i < job->inputs_n; i++) {
		if (!c[i].next || !same_key(c[i].next, &key))
			continue;
		if (!cursor_step(&c[i], &job->e)) {
			job->damaged = job->inputs[i];
			return false;
		}
	}
	return true;
}

static bool older_may_hold(const struct merge_job *job, const struct idmap_entry *x)
{
	struct hash128 key = { .hi = x->hi, .lo = x->lo };
	for (size_t i = 0; i < job->older_n; i++)
		if (run_may_hold(job->older[i], key))
			return true;
	return false;
}

static bool merge_entries(struct idmap_work *work, struct merge_job *job, struct cursor *c,
			  struct run_writer *w)
{
	struct cursor *best;
	for (uint64_t n = 1; (best = cursor_smallest(c, job->inputs_n)) != NULL; n++) {
		struct idmap_entry x = *best->next;
		bool drop = job->dead && job->dead(job->dead_arg, x.value) &&
			    !older_may_hold(job, &x);
		if (!drop && !run_write(w, &x, &job->e))
			return false;
		if (!cursors_step(job, c, x))
			return false;
		if (n % RUN_BLOCK_ENTRIES == 0 && !work_breathe(work))
			return err_set(&job->e, ERR_BUSY, "merging was stopped");
	}
	return true;
}

bool merge_run(struct idmap_work *work, struct merge_job *job)
{
	struct cursor *c = mem_zalloc(job->inputs_n, sizeof *c);
	if (!c)
		return err_nomem(&job->e);
	uint64_t keys_max = 0;
	bool ok = true;
	for (size_t i = 0; ok && i < job->inputs_n; i++) {
		keys_max += job->inputs[i]->h.count;
		c[i].run = job->inputs[i];
		ok = cursor_enter(&c[i], 0, &job->e);
		if (!ok)
			job->damaged = job->inputs[i];
	}
	struct run_writer *w = NULL;
	ok = ok && run_write_begin(&job->at, keys_max, &w, &job->e) &&
	     merge_entries(work, job, c, w);
	mem_free(c);
	if (!ok) {
		run_write_abort(&w);
		return false;
	}
	return run_write_end(&w, &job->result, &job->e);
}
