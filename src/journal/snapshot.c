/*
 * snapshot.c - what is known as of one touch, for reading.
 *
 * What it is:   a store opened read-only. For the present it is the projections on disk, brought up
 * to the last record; for an earlier touch a replay up to there. Promises:     nothing is written;
 * a writer goes on undisturbed; every answer of one snapshot belongs to one sequence number.
 * Threads:      one.
 */
#include "journal/journal_int.h"

#include "base/mem.h"
#include "base/time.h"

#include <string.h>

struct snapshot {
	struct store store;
};

static bool open_once(const char *dir, uint64_t as_of, bool lean, struct snapshot **s_r, err *e)
{
	struct snapshot *s = mem_zalloc(1, sizeof *s);
	size_t n = strlen(dir) + 1;
	char *copy = s ? mem_alloc(n) : NULL;
	if (!copy) {
		mem_free(s);
		return err_nomem(e);
	}
	memcpy(copy, dir, n);
	s->store.dir = copy;
	s->store.fs = fs_real();
	s->store.mode = STORE_READ;
	s->store.lean = lean;
	s->store.as_of = as_of ? as_of : UINT64_MAX;
	if (!store_open(&s->store, e)) {
		snapshot_close(&s);
		return false;
	}
	*s_r = s;
	return true;
}

static bool open_tried(const char *dir, uint64_t as_of, bool lean, struct snapshot **s_r, err *e)
{
	char path[4096];
	struct buf b = { .p = path, .cap = sizeof path, .bytes_max = sizeof path };
	buf_printf(&b, "%s/ledger.db%c", dir, '\0');
	if (!buf_ok(&b, NULL) || !fs_exists(fs_real(), path))
		return err_set(e, ERR_NOT_FOUND,
			       "%s is no data directory; make one with `trichter --data %s init`",
			       dir, dir);
	/* A run of ids or a segment that was just merged away is gone: the new list is read then.
	 */
	for (int i = 1;; i++) {
		if (open_once(dir, as_of, lean, s_r, e))
			return true;
		if (!e || e->code != ERR_NOT_FOUND || i == STORE_OPEN_TRIES)
			return false;
	}
}

bool snapshot_open(const char *dir, uint64_t as_of, struct snapshot **s_r, err *e)
{
	return open_tried(dir, as_of, false, s_r, e);
}

bool snapshot_open_live(const char *dir, struct snapshot **s_r, err *e)
{
	return open_tried(dir, 0, true, s_r, e);
}

bool snapshot_refresh(struct snapshot **ss, touch_fn each, void *arg, bool *reopened_r, err *e)
{
	struct snapshot *s = *ss, *fresh = NULL;
	bool reopen = false;
	CHECK(s->store.lean);
	if (!store_refresh(&s->store, each, arg, &reopen, e))
		return false;
	*reopened_r = reopen;
	if (!reopen)
		return true;
	if (!open_tried(s->store.dir, 0, true, &fresh, e))
		return false;
	snapshot_close(ss);
	*ss = fresh;
	return true;
}

void snapshot_rest(struct snapshot *s)
{
	store_rest(&s->store);
}

void snapshot_close(struct snapshot **ss)
{
	struct snapshot *s = *ss;
	if (!s)
		return;
	store_close(&s->store);
	mem_free(s->store.dir);
	mem_free(s);
	*ss = NULL;
}

struct store *snapshot_store(struct snapshot *s)
{
	return &s->store;
}

uint64_t snapshot_seq(const struct snapshot *s)
{
	return MIN(s->store.as_of, s->store.last_seq);
}

struct people *snapshot_people(struct snapshot *s)
{
	return s->store.people;
}

bool snapshot_seq_at(struct snapshot *s, int64_t at_us, uint64_t *seq_r, err *e)
{
	return store_seq_at(&s->store, at_us, seq_r, e);
}

bool snapshot_scan(struct snapshot *s, touch_fn each, void *arg, err *e)
{
	return store_scan(&s->store, 1, snapshot_seq(s), false, each, arg, e);
}

bool snapshot_scan_from(struct snapshot *s, uint64_t from_seq, uint64_t to_seq, touch_fn each,
			void *arg, err *e)
{
	return store_scan(&s->store, from_seq, MIN(to_seq, snapshot_seq(s)), false, each, arg, e);
}

bool snapshot_touches(struct snapshot *s, const uint64_t *seqs, size_t n, touch_fn each, void *arg,
		      err *e)
{
	uint64_t last = snapshot_seq(s);
	while (n > 0 && seqs[n - 1] > last)
		n--;
	return store_pick(&s->store, seqs, n, each, arg, e);
}

bool snapshot_heads(struct snapshot *s, uint64_t from_seq, uint64_t to_seq, head_fn each, void *arg,
		    err *e)
{
	return store_heads(&s->store, from_seq, MIN(to_seq, snapshot_seq(s)), each, arg, e);
}

bool snapshot_imports(struct snapshot *s, struct arena *a, struct import_info **imports_r,
		      size_t *n_r, err *e)
{
	size_t n = s->store.imports.n;
	struct import_info *out = ARENA_ARRAY(a, struct import_info, n);
	if (!out)
		return arena_err(a, e);
	for (size_t i = 0; i < n; i++) {
		const struct import_row *row = &s->store.imports.items[i];
		out[i] = (struct import_info){ .import = row->import,
					       .from_seq = row->from_seq,
					       .closed_seq = row->closed_seq,
					       .closed = row->closed_seq != 0,
					       .undone = row->undone_seq != 0,
					       .undone_seq = row->undone_seq,
					       .begun_us = row->begun_us,
					       .touches = row->touches,
					       .state = str_dup(a, buf_view(&row->state)) };
	}
	*imports_r = out;
	*n_r = n;
	return !a->over || arena_err(a, e);
}

bool snapshot_config(struct snapshot *s, str name, struct arena *a, str *value_r, err *e)
{
	const struct config_row *row = config_is_secret(name) ? NULL
							      : store_config(&s->store, name);
	*value_r = row ? str_dup(a, row->value) : S("");
	return !a->over || arena_err(a, e);
}

bool snapshot_config_each(struct snapshot *s, config_fn each, void *arg, err *e)
{
	(void)e;
	for (size_t i = 0; i < s->store.config.n; i++) {
		const struct config_row *row = &s->store.config.items[i];
		if (row->value.n == 0 || config_is_secret(row->name) ||
		    store_config(&s->store, row->name) != row)
			continue;
		if (!each(arg, row->name, row->value, row->from_seq, row->from_us, row->by))
			break;
	}
	return true;
}

bool snapshot_touch(struct snapshot *s, uint64_t seq, struct arena *a, struct touch *t_r, err *e)
{
	return store_touch(&s->store, seq, a, t_r, e);
}

uint64_t snapshot_undone_by(const struct snapshot *s, uint64_t seq)
{
	const struct undone_row *row = s->store.undone_touches.n ? store_undone_by(&s->store, seq)
								 : NULL;
	return row && !(row->effects & EFFECT_ERASED) ? row->undone_seq : 0;
}

static bool row_is_about(const struct undone_row *row, bool (*about)(void *arg, uint64_t profile),
			 void *arg)
{
	for (size_t i = 0; i < row->subjects_n; i++) {
		if (about(arg, row->subjects[i]))
			return true;
	}
	return false;
}

void snapshot_undone_each(const struct snapshot *s, bool (*about)(void *arg, uint64_t profile),
			  void (*each)(void *arg, uint64_t seq, uint64_t undone_seq), void *arg)
{
	for (size_t i = 0; i < s->store.undone_touches.n; i++) {
		const struct undone_row *row = &s->store.undone_touches.items[i];
		if (row->effects & EFFECT_ERASED)
			continue;
		if (!row_is_about(row, about, arg))
			continue;
		for (size_t k = 0; k < row->touches_n; k++) {
			if (store_undone_by(&s->store, row->touches[k]) == row)
				each(arg, row->touches[k], row->undone_seq);
		}
	}
}

bool snapshot_shows(const struct snapshot *s, const struct touch *t)
{
	return !store_hides_touch(&s->store, t);
}

/* The row of a touch_undone, or of the one that a touch_redone takes back. */
static const struct undone_row *undone_row_of(const struct snapshot *s, const struct touch *t)
{
	value of = touch_prop(t, S("touch"));
	bool again = str_eq(t->name, S("touch_redone"));
	uint64_t undone_seq = again && of.kind == VALUE_INT ? (uint64_t)of.i : t->seq;
	return store_undone_of((struct store *)(uintptr_t)&s->store, undone_seq);
}

void snapshot_undone_touches(const struct snapshot *s, const struct touch *t,
			     const uint64_t **seqs_r, size_t *n_r)
{
	const struct undone_row *row = undone_row_of(s, t);
	*seqs_r = row ? row->touches : NULL;
	*n_r = row ? row->touches_n : 0;
}

void snapshot_undone_subjects(const struct snapshot *s, const struct touch *t,
			      const uint64_t **profiles_r, size_t *n_r)
{
	const struct undone_row *row = undone_row_of(s, t);
	*profiles_r = row ? row->subjects : NULL;
	*n_r = row ? row->subjects_n : 0;
}

void snapshot_undone_since(const struct snapshot *s, uint64_t seq,
			   void (*each)(void *arg, uint64_t profile), void *arg)
{
	for (size_t i = 0; i < s->store.undone_touches.n; i++) {
		const struct undone_row *row = &s->store.undone_touches.items[i];
		if ((row->undone_seq <= seq && row->redone_seq <= seq) ||
		    (row->effects & EFFECT_EXPIRED)) /* nobody is another for it */
			continue;
		for (size_t k = 0; k < row->subjects_n; k++)
			each(arg, row->subjects[k]);
	}
}

void snapshot_archive_numbers(const struct snapshot *s, struct archive_numbers *n_r)
{
	const struct archive *a = s->store.archive;
	*n_r = (struct archive_numbers){ .sealed_seq = a->manifest.sealed_seq,
					 .segments = a->segments.n,
					 .touches = archive_touches(a),
					 .dropped = a->manifest.dropped };
	/* Numbers that are here, or nowhere, are not in the tail. */
	uint64_t elsewhere = n_r->touches + n_r->dropped;
	n_r->tail_touches = s->store.last_seq - MIN(s->store.last_seq, elsewhere);
	for (size_t i = 0; i < a->segments.n; i++)
		n_r->bytes += segment_info(a->segments.items[i])->bytes;
	for (size_t i = 0; i < a->ids_n; i++)
		n_r->bytes += colfile_bytes(a->ids[i]);
}
