/*
 * archive_change.c - the writer's part of sealing and merging.
 *
 * What it is:   files that others wrote come into the manifest, or leave it, in one commit; and
 *               what those others have to know of the writer's state.
 * Promises:     the manifest on disk names only files that are whole on disk. Once it says that
 *               records are sealed they are not read any more; they are removed slice by slice in
 *               the commits that follow, so that none of those is long.
 * Threads:      the writer's, but the journal_ functions: any.
 */
#include "journal/journal_int.h"

#include <stdio.h>
#include <string.h>

#define MANIFEST_BYTES_MAX (32 * MIB)
#define SUBJECTS_PER_JOB   ((size_t)8192) /* a millisecond of the writer's time */

/* ---- the manifest ---------------------------------------------------------------------------- */

static bool number_is_in(uint64_t number, const uint64_t *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (numbers[i] == number)
			return true;
	}
	return false;
}

/* ERR_CONFLICT: what is to go is not there; somebody else was first. */
static bool files_remove(struct archive_file *files, size_t *n, const uint64_t *gone, size_t gone_n,
			 err *e)
{
	size_t kept = 0;
	for (size_t i = 0; i < *n; i++) {
		if (!number_is_in(files[i].number, gone, gone_n))
			files[kept++] = files[i];
	}
	bool all = *n - kept == gone_n;
	*n = kept;
	return all || err_set(e, ERR_CONFLICT, "the archive was changed meanwhile");
}

static bool apply(struct archive_manifest *m, const struct archive_change *c, err *e)
{
	if (!files_remove(m->segments.items, &m->segments.n, c->gone, c->gone_n, e) ||
	    !files_remove(m->ids.items, &m->ids.n, c->ids_gone, c->ids_gone_n, e))
		return false;
	for (size_t i = 0; i < c->segments_n; i++) {
		if (!vec_push(&m->segments, c->segments[i]))
			return err_nomem(e);
		m->number_next = MAX(m->number_next, c->segments[i].number + 1);
	}
	for (size_t i = 0; i < c->ids_n; i++) {
		if (!vec_push(&m->ids, c->ids[i]))
			return err_nomem(e);
		m->number_next = MAX(m->number_next, c->ids[i].number + 1);
	}
	m->sealed_seq = MAX(m->sealed_seq, c->seal_to);
	m->last_seq = MAX(m->last_seq, m->sealed_seq);
	m->dropped = (uint64_t)((int64_t)m->dropped + c->dropped);
	return true;
}

static bool reserve(struct journal *j, struct archive_manifest *m, struct archive_change *c, err *e)
{
	uint64_t last = MAX(j->store.last_seq, m->last_seq);
	if (c->reserve == 0)
		return true;
	if (c->reserve > (uint64_t)INT64_MAX / 4 || last > (uint64_t)INT64_MAX / 4)
		return err_set(e, ERR_LIMIT, "there are not that many numbers");
	c->reserved_seq = last + 1;
	m->last_seq = last + c->reserve;
	m->dropped += c->reserve;
	return true;
}

/* The import that brought the segments: how many touches, and how far it is. */
static bool note_import(struct journal *j, const struct archive_change *c, err *e)
{
	struct import_row *row = store_import(&j->store, c->import);
	if (c->import == 0)
		return true;
	if (!row || row->closed_seq || row->undone_seq)
		return err_set(e, ERR_CONFLICT, "import %llu is not open",
			       (unsigned long long)c->import);
	j->must_reload = true; /* until it is on disk */
	row->touches += c->import_touches;
	row->dirty = true;
	buf_clear(&row->state);
	buf_str(&row->state, c->import_state);
	return buf_ok(&row->state, e);
}

/* Opened before the commit: what cannot be read is not promised. */
static bool change_commit(struct journal *j, const struct archive_manifest *m, err *e)
{
	struct store *s = &j->store;
	struct archive *fresh = NULL;
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, MANIFEST_BYTES_MAX);
	group_begin(j);
	if (!archive_manifest_write(m, &b, e) || !archive_open(s->depot, buf_view(&b), &fresh, e))
		return false;
	if (!group_put(j, LEDGER_META, META_ARCHIVE, buf_view(&b), e) || !group_commit(j, e)) {
		archive_close(&fresh);
		return false;
	}
	mutex_lock(&j->mutex);
	j->archive_changes++;
	mutex_unlock(&j->mutex);
	j->trimming |= m->sealed_seq > s->archive->manifest.sealed_seq;
	archive_close(&s->archive);
	s->archive = fresh;
	s->last_seq = MAX(s->last_seq, m->last_seq);
	return true;
}

bool archive_change(struct journal *j, struct job *job, err *e)
{
	struct archive_manifest m = { 0 };
	if (!archive_manifest_copy(&j->store.archive->manifest, &m, e))
		return false;
	bool ok = apply(&m, job->archive, e) && reserve(j, &m, job->archive, e) &&
		  note_import(j, job->archive, e) && change_commit(j, &m, e);
	if (ok)
		j->must_reload = false;
	archive_manifest_fini(&m);
	return ok;
}

/* ---- what the others ask --------------------------------------------------------------------- */

bool archive_subjects(struct journal *j, struct job *job, err *e)
{
	(void)e;
	for (size_t i = 0; i < job->profiles_n; i++) {
		if (job->profiles[i])
			job->profiles[i] = journal_hooks.subject_of(j->store.people,
								    job->profiles[i]);
	}
	job->keyed_seq = store_keyed_seq(&j->store);
	return true;
}

/* A sweep that is under way ends where it was begun: then another one. */
static bool write_back_all(struct journal *j, err *e)
{
	bool ok = true;
	j->sweep_all = true;
	for (int i = 0; ok && i < 2 && j->store.applied_seq < j->store.last_seq; i++)
		ok = writer_flush(j, e);
	j->sweep_all = false;
	return ok;
}

bool archive_limit(struct journal *j, struct job *job, err *e)
{
	struct seal_limit *l = job->limit;
	struct store *s = &j->store;
	if (l->exact && !write_back_all(j, e))
		return false;
	l->sealed_seq = s->archive->manifest.sealed_seq;
	l->last_seq = s->last_seq;
	l->to_seq = MIN(s->last_seq, s->applied_seq);
	for (size_t i = 0; i < s->imports.n; i++) {
		const struct import_row *row = &s->imports.items[i];
		if (store_hides(s, row->import) && !vec_push(&l->hidden, row->import))
			return err_nomem(e);
		if (!row->closed_seq && !row->undone_seq && row->from_seq)
			l->to_seq = MIN(l->to_seq, row->from_seq - 1);
	}
	return true;
}

bool journal_archive_change(struct journal *j, struct archive_change *c, err *e)
{
	struct job job = { .kind = JOB_ARCHIVE, .archive = c, .patient = true };
	return journal_run_job(j, &job, e);
}

bool journal_subjects(struct journal *j, uint64_t *profiles, size_t n, uint64_t *keyed_seq_r,
		      err *e)
{
	uint64_t keyed = UINT64_MAX;
	for (size_t at = 0; at < n || at == 0; at += SUBJECTS_PER_JOB) {
		struct job job = { .kind = JOB_SUBJECTS,
				   .patient = true,
				   .profiles = profiles + at,
				   .profiles_n = MIN(n - at, SUBJECTS_PER_JOB) };
		if (!journal_run_job(j, &job, e))
			return false;
		keyed = MIN(keyed, job.keyed_seq);
	}
	*keyed_seq_r = keyed;
	return true;
}

/* ---- files ----------------------------------------------------------------------------------- */

bool archive_begin(struct journal *j, err *e)
{
	struct store *s = &j->store;
	j->archive_number = s->archive->manifest.number_next;
	if (s->mode != STORE_WRITE)
		return true;
	j->trimming = s->archive->manifest.sealed_seq > 0;
	erase_note_waiting(j);
	erase_list_write(j);
	j->archive_changes = s->archive->segments.n > 0;
	j->tail_touches = s->last_seq - MIN(s->last_seq, s->archive->manifest.sealed_seq);
	return archive_clean(s->fs, s->dir, &s->archive->manifest, &j->archive_number, e);
}

uint64_t journal_archive_number(struct journal *j)
{
	mutex_lock(&j->mutex);
	uint64_t number = j->archive_number++;
	mutex_unlock(&j->mutex);
	return number;
}

bool journal_archive_path(struct journal *j, uint64_t number, bool ids, char path[4096], err *e)
{
	char name[ARCHIVE_NAME_MAX];
	if (snprintf(path, 4096, "%s/" ARCHIVE_DIR, j->store.dir) >= 4096 - (int)sizeof name)
		return err_set(e, ERR_INVALID, "the path of the data directory is too long");
	if (!fs_exists(j->store.fs, path) &&
	    (!fs_make_dir(j->store.fs, path, e) || !fs_sync_dir(j->store.fs, j->store.dir, e)))
		return false;
	archive_name(name, number, ids);
	snprintf(path, 4096, "%s/%s", j->store.dir, name);
	return true;
}

void journal_archive_remove(struct journal *j, uint64_t number, bool ids)
{
	char path[4096];
	err ignored = { 0 };
	if (journal_archive_path(j, number, ids, path, &ignored) && fs_exists(j->store.fs, path) &&
	    !fs_remove(j->store.fs, path, &ignored))
		err_clear(&ignored); /* it goes at the next opening */
}
