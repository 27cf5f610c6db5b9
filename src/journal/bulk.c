/*
 * bulk.c - what an import is told that writes touches into segments itself.
 *
 * What it is:   who is whose now, a range of numbers that nobody else gets, files for its segments;
 *               and at the end the segments come into the manifest, in one commit with the state of
 *               the import. They show when it is closed, as all that an import brings.
 * Promises:     after a crash either all of its segments are there, and the state says so, or none.
 * Threads:      any; the writer does it.
 */
#include "journal/journal_int.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define SPILL_DIR "bulk" /* below the data directory */

bool journal_bulk_can(const struct journal *j)
{
	return j->remote == NULL;
}

struct fs *journal_bulk_fs(const struct journal *j)
{
	return j->store.fs;
}

bool bulk_subjects(struct journal *j, struct job *job, err *e)
{
	size_t n = (size_t)journal_hooks.profiles(j->store.people);
	job->subjects = mem_alloc(MAX(n, (size_t)1) * sizeof *job->subjects);
	if (!job->subjects)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		job->subjects[i] = (uint32_t)journal_hooks.subject_of(j->store.people,
								      (uint64_t)i + 1);
	job->profiles_n = n;
	job->keyed_seq = store_keyed_seq(&j->store);
	return true;
}

bool journal_bulk_subjects(struct journal *j, uint32_t **subjects_r, size_t *n_r,
			   uint64_t *keyed_seq_r, err *e)
{
	struct job job = { .kind = JOB_BULK_SUBJECTS, .patient = true };
	if (!journal_run_job(j, &job, e))
		return false;
	*subjects_r = job.subjects;
	*n_r = job.profiles_n;
	*keyed_seq_r = job.keyed_seq;
	return true;
}

bool bulk_has_imports(struct journal *j, struct job *job, err *e)
{
	(void)e;
	for (size_t i = 0; i < j->store.imports.n; i++) {
		const struct import_row *row = &j->store.imports.items[i];
		job->has |= row->import != job->import && row->closed_seq && !row->undone_seq &&
			    row->touches > 0;
	}
	return true;
}

bool journal_bulk_has_imports(struct journal *j, uint64_t but, bool *has_r, err *e)
{
	struct job job = { .kind = JOB_BULK_HAS_IMPORTS, .patient = true, .import = but };
	if (!journal_run_job(j, &job, e))
		return false;
	*has_r = job.has;
	return true;
}

bool journal_bulk_reserve(struct journal *j, uint64_t n, uint64_t *first_seq_r, err *e)
{
	struct archive_change c = { .reserve = n };
	if (!journal_archive_change(j, &c, e))
		return false;
	*first_seq_r = c.reserved_seq;
	return true;
}

bool journal_bulk_file(struct journal *j, uint64_t *number_r, char path[4096], err *e)
{
	*number_r = journal_archive_number(j);
	return journal_archive_path(j, *number_r, false, path, e);
}

void journal_bulk_drop(struct journal *j, uint64_t number)
{
	journal_archive_remove(j, number, false);
}

bool journal_bulk_add(struct journal *j, uint64_t import, const struct archive_file *files,
		      size_t n, uint64_t touches, str state, err *e)
{
	struct archive_change c = { .segments = files,
				    .segments_n = n,
				    .dropped = -(int64_t)touches,
				    .import = import,
				    .import_touches = touches,
				    .import_state = state };
	return journal_archive_change(j, &c, e);
}

/* ---- what is read so far --------------------------------------------------------------------- */

bool journal_bulk_spill_path(struct journal *j, uint64_t import, size_t k, char path[4096], err *e)
{
	struct store *s = &j->store;
	if (snprintf(path, 4096, "%s/" SPILL_DIR, s->dir) >= 4000)
		return err_set(e, ERR_INVALID, "the path of the data directory is too long");
	if (!fs_exists(s->fs, path) &&
	    (!fs_make_dir(s->fs, path, e) || !fs_sync_dir(s->fs, s->dir, e)))
		return false;
	size_t at = strlen(path);
	snprintf(path + at, 4096 - at, "/%06llu-%04zu.run", (unsigned long long)import, k);
	return true;
}

struct removing {
	struct store *s;
	char head[32];
	char dir[4096];
};

static bool remove_one(void *arg, const char *name)
{
	struct removing *r = arg;
	char path[4096];
	err ignored = { 0 };
	bool fits = snprintf(path, sizeof path, "%s/%s", r->dir, name) < (int)sizeof path;
	if (fits && strncmp(name, r->head, strlen(r->head)) == 0 &&
	    !fs_remove(r->s->fs, path, &ignored))
		err_clear(&ignored); /* it takes room, nothing else */
	return true;
}

void bulk_spill_remove(struct store *s, uint64_t import)
{
	struct removing r = { .s = s };
	err ignored = { 0 };
	snprintf(r.head, sizeof r.head, "%06llu-", (unsigned long long)import);
	if (s->mode != STORE_WRITE ||
	    snprintf(r.dir, sizeof r.dir, "%s/" SPILL_DIR, s->dir) >= 4000 ||
	    !fs_exists(s->fs, r.dir))
		return;
	if (!fs_list(s->fs, r.dir, remove_one, &r, &ignored))
		err_clear(&ignored);
}
