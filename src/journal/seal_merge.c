/*
 * seal_merge.c - fewer and larger segments, and segments without what is to be forgotten.
 *
 * What it is:   archive/ chooses and merges; here the writer is asked whom profiles belong to now,
 *               and the manifest is changed. Files of ids are joined the same way.
 * Promises:     a file leaves the disk only after a manifest without it is on disk; readers that
 *               have it go on reading.
 * Threads:      one at a time (seal.c); never the writer's.
 */
#include "journal/journal_int.h"

#include "base/mem.h"

#define IDS_FILES_MAX 8 /* more are joined into one */

static bool is_stopped(void *arg)
{
	return sealer_is_stopped(arg);
}

/* The archive as the disk has it, to be closed. */
static bool archive_now(struct journal *j, struct store *s, err *e)
{
	*s = (struct store){ .dir = j->store.dir,
			     .fs = j->store.fs,
			     .ledger_driver = j->store.ledger_driver,
			     .mode = STORE_READ,
			     .as_of = UINT64_MAX };
	if (!store_open_bare(s, e)) {
		store_close(s);
		return false;
	}
	store_rest(s); /* the list stays */
	return true;
}

/* Whom the profiles of these segments belong to now, by their number; to be freed. */
static bool subjects_of(struct journal *j, struct segment *const *inputs, size_t n,
			uint64_t **subjects_r, uint64_t *n_r, uint64_t *keyed_r, err *e)
{
	struct profile_bits bits = { 0 };
	VEC(uint64_t) profiles = { 0 };
	if (!archive_profiles(inputs, n, &bits, e))
		return false;
	bool ok = true;
	for (uint64_t p = 1; ok && p < bits.n * 64; p++) {
		if (bits.words[p / 64] >> p % 64 & 1)
			ok = vec_push(&profiles, p) || err_nomem(e);
	}
	uint64_t *subjects = ok ? mem_zalloc(bits.n * 64, sizeof *subjects) : NULL;
	ok = ok && (subjects || err_nomem(e)) &&
	     journal_subjects(j, profiles.items, profiles.n, keyed_r, e);
	size_t at = 0;
	for (uint64_t p = 1; ok && p < bits.n * 64; p++) {
		if (bits.words[p / 64] >> p % 64 & 1)
			subjects[p] = profiles.items[at++];
	}
	*n_r = bits.n * 64;
	*subjects_r = subjects;
	vec_free(&profiles);
	mem_free(bits.words);
	if (!ok)
		mem_free(subjects);
	return ok;
}

/* ---- segments -------------------------------------------------------------------------------- */

static uint64_t number_of(const struct archive *a, const struct segment *s)
{
	uint64_t checksum = colfile_checksum(segment_file(s));
	for (size_t i = 0; i < a->manifest.segments.n; i++) {
		char name[ARCHIVE_NAME_MAX];
		archive_name(name, a->manifest.segments.items[i].number, false);
		if (a->manifest.segments.items[i].checksum == checksum &&
		    str_ends(str_of(colfile_path(segment_file(s))), str_of(name)))
			return a->manifest.segments.items[i].number;
	}
	return 0;
}

/* The change in one commit; on failure the new files go, unless they may be listed. */
static bool change(struct journal *j, struct archive_change *c, err *e)
{
	err why = { 0 };
	if (journal_archive_change(j, c, &why)) {
		for (size_t i = 0; i < c->gone_n; i++)
			journal_archive_remove(j, c->gone[i], false);
		for (size_t i = 0; i < c->ids_gone_n; i++)
			journal_archive_remove(j, c->ids_gone[i], true);
		return true;
	}
	for (size_t i = 0; why.code != ERR_UNCERTAIN && i < c->segments_n; i++)
		journal_archive_remove(j, c->segments[i].number, false);
	for (size_t i = 0; why.code != ERR_UNCERTAIN && i < c->ids_n; i++)
		journal_archive_remove(j, c->ids[i].number, true);
	if (e)
		*e = why;
	return false;
}

/* These become one; *dropped_r touches of them are nowhere any more. */
static bool merge_these(struct journal *j, const struct archive *a, struct segment *const *inputs,
			size_t n, const struct journal_drop *d, uint64_t *dropped_r, err *e)
{
	char path[4096];
	uint64_t *subjects = NULL, gone[ARCHIVE_MERGE_MAX];
	struct archive_merge m = { .inputs = inputs,
				   .n = n,
				   .drops = d ? d->touch : NULL,
				   .arg = d ? d->arg : NULL,
				   .stopped = is_stopped,
				   .stopped_arg = j };
	struct segment_options o = { .fs = j->store.fs, .path = path };
	struct archive_file f = { .number = journal_archive_number(j) };
	struct segment *out = NULL;
	if (!subjects_of(j, inputs, n, &subjects, &m.subjects_n, &o.keyed_seq, e))
		return false;
	m.subjects = subjects;
	bool ok = journal_archive_path(j, f.number, false, path, e) &&
		  archive_merge_run(&m, &o, &out, e);
	mem_free(subjects);
	if (!ok)
		return false;
	if (out)
		f.checksum = colfile_checksum(segment_file(out));
	segment_release(&out);
	for (size_t i = 0; i < n; i++)
		gone[i] = number_of(a, inputs[i]);
	bool as_before = d && m.dropped == 0;
	if (as_before) {
		journal_archive_remove(j, f.number, false);
		return true;
	}
	struct archive_change c = { .segments = &f,
				    .segments_n = f.checksum ? 1 : 0,
				    .gone = gone,
				    .gone_n = n,
				    .dropped = (int64_t)m.dropped };
	*dropped_r += m.dropped;
	return change(j, &c, e);
}

/* ---- ids ------------------------------------------------------------------------------------- */

struct joining {
	struct ids_writer *w;
	const struct journal_drop *d;
	uint64_t dropped;
};

static bool join_id(void *arg, const struct archive_id *id, err *e)
{
	struct joining *x = arg;
	struct archive_id kept = *id;
	const struct journal_drop *d = x->d;
	if (d && d->id && id->value.n &&
	    d->id(d->arg, id->profile, id->kind, id->system, id->value)) {
		kept.system = kept.value = S("");
		x->dropped++;
	}
	return ids_writer_put(x->w, &kept, e);
}

/* All files of ids become one. */
static bool join_ids(struct journal *j, const struct archive *a, const struct journal_drop *d,
		     err *e)
{
	char path[4096];
	struct joining x = { .d = d };
	struct archive_file f = { .number = journal_archive_number(j) };
	const struct archive_manifest *m = &a->manifest;
	if (a->ids_n == 0)
		return true;
	if (!journal_archive_path(j, f.number, true, path, e) ||
	    !ids_writer_new(j->store.fs, path, &x.w, e))
		return false;
	for (size_t i = 0; i < a->ids_n; i++) {
		if (!ids_each(a->ids[i], 0, UINT64_MAX, join_id, &x, e)) {
			ids_writer_abort(&x.w);
			return false;
		}
	}
	if (!ids_writer_finish(&x.w, &f, e))
		return false;
	if (d && x.dropped == 0) {
		journal_archive_remove(j, f.number, true);
		return true;
	}
	uint64_t *gone = mem_alloc(m->ids.n * sizeof *gone);
	if (!gone) {
		journal_archive_remove(j, f.number, true);
		return err_nomem(e);
	}
	for (size_t i = 0; i < m->ids.n; i++)
		gone[i] = m->ids.items[i].number;
	struct archive_change c = {
		.ids = &f, .ids_n = 1, .ids_gone = gone, .ids_gone_n = m->ids.n
	};
	bool ok = change(j, &c, e);
	mem_free(gone);
	return ok;
}

/* ---- what is due ----------------------------------------------------------------------------- */

bool seal_merge(struct journal *j, bool *merged_r, err *e)
{
	struct store s;
	size_t places[ARCHIVE_MERGE_MAX];
	struct segment *inputs[ARCHIVE_MERGE_MAX];
	uint64_t ignored = 0;
	*merged_r = false;
	if (!archive_now(j, &s, e))
		return false;
	size_t n = archive_merge_choose(&s.archive->segments, places);
	for (size_t i = 0; i < n; i++)
		inputs[i] = s.archive->segments.items[places[i]];
	bool ids = s.archive->ids_n > IDS_FILES_MAX;
	bool ok = n == 0 || merge_these(j, s.archive, inputs, n, NULL, &ignored, e);
	ok = ok && (!ids || join_ids(j, s.archive, NULL, e));
	*merged_r = ok && (n > 0 || ids);
	store_close(&s);
	return ok;
}

bool seal_drop(struct journal *j, const struct journal_drop *d, uint64_t *touches_r, err *e)
{
	struct store s;
	*touches_r = 0;
	if (!archive_now(j, &s, e))
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < s.archive->segments.n; i++) {
		struct segment *one = s.archive->segments.items[i];
		if (!d->segment || d->segment(d->arg, segment_info(one)))
			ok = merge_these(j, s.archive, &one, 1, d, touches_r, e);
	}
	ok = ok && (!d->id || join_ids(j, s.archive, d, e));
	store_close(&s);
	return ok;
}
