/*
 * archive_ids.c - the ids that sealed records brought, kept for replay.
 *
 * What it is:   a column file beside the segments: which record, which profile, which id.
 * Workload:     written once a seal, read when the journal is replayed.
 * Promises:     in the order in which they were given; a file that does not fit its own columns is
 *               named and not handed out.
 * Threads:      a writer belongs to one thread; files are shared.
 * Format:       docs/format/archive.md
 */
#include "archive/archive_int.h"

#include "base/mem.h"

enum { IDS_SEQ, IDS_PROFILE, IDS_KINDS, IDS_SYSTEM, IDS_VALUE, IDS_COLUMNS_N };
static const struct {
	str name;
	enum column_type type;
} columns[IDS_COLUMNS_N] = {
	[IDS_SEQ] = { { "seq", 3 }, COLUMN_INTS },
	[IDS_PROFILE] = { { "profile", 7 }, COLUMN_INTS },
	[IDS_KINDS] = { { "kind", 4 }, COLUMN_CODES },
	[IDS_SYSTEM] = { { "system", 6 }, COLUMN_BYTES },
	[IDS_VALUE] = { { "value", 5 }, COLUMN_BYTES },
};

struct ids_writer {
	struct colfile_writer *file;
	unsigned handles[IDS_COLUMNS_N];
	uint64_t number;
};

bool ids_writer_new(struct fs *fs, const char *path, struct ids_writer **w_r, err *e)
{
	struct ids_writer *w = mem_zalloc(1, sizeof *w);
	struct colfile_options o = { .fs = fs, .path = path, .kind = S(IDS_KIND) };
	if (!w)
		return err_nomem(e);
	bool ok = colfile_create(&o, &w->file, e);
	for (size_t i = 0; ok && i < IDS_COLUMNS_N; i++)
		ok = colfile_add_column(w->file, 0, columns[i].name, columns[i].type,
					&w->handles[i], e);
	if (!ok) {
		ids_writer_abort(&w);
		return false;
	}
	*w_r = w;
	return true;
}

bool ids_writer_put(struct ids_writer *w, const struct archive_id *id, err *e)
{
	const int64_t seq = (int64_t)id->seq, profile = (int64_t)id->profile;
	const uint32_t kind = id->kind;
	return colfile_put_ints(w->file, w->handles[IDS_SEQ], &seq, 1, e) &&
	       colfile_put_ints(w->file, w->handles[IDS_PROFILE], &profile, 1, e) &&
	       colfile_put_codes(w->file, w->handles[IDS_KINDS], &kind, 1, e) &&
	       colfile_put_text(w->file, w->handles[IDS_SYSTEM], id->system, e) &&
	       colfile_put_text(w->file, w->handles[IDS_VALUE], id->value, e);
}

bool ids_writer_finish(struct ids_writer **wp, struct archive_file *file_r, err *e)
{
	struct ids_writer *w = *wp;
	struct colfile *f = NULL;
	*wp = NULL;
	bool ok = colfile_finish(&w->file, &f, e);
	if (ok)
		file_r->checksum = colfile_checksum(f);
	colfile_close(&f);
	mem_free(w);
	return ok;
}

void ids_writer_abort(struct ids_writer **wp)
{
	if (!*wp)
		return;
	colfile_abort(&(*wp)->file);
	mem_free(*wp);
	*wp = NULL;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct ids_reader {
	const struct column *columns[IDS_COLUMNS_N];
	struct texts_cursor system, value;
	uint64_t rows;
};

static bool reader_open(struct ids_reader *r, const struct colfile *f, err *e)
{
	for (size_t i = 0; i < IDS_COLUMNS_N; i++) {
		const struct column *c = colfile_column(f, 0, columns[i].name);
		if (!c || column_type(c) != columns[i].type ||
		    (i > 0 && column_rows(c) != column_rows(r->columns[0])))
			return err_set(e, ERR_CORRUPT, "%s: its columns do not fit",
				       colfile_path(f));
		r->columns[i] = c;
	}
	r->rows = column_rows(r->columns[0]);
	texts_cursor_init(&r->system, r->columns[IDS_SYSTEM]);
	texts_cursor_init(&r->value, r->columns[IDS_VALUE]);
	return true;
}

static bool seq_at(const struct ids_reader *r, uint64_t row, uint64_t *seq_r, err *e)
{
	int64_t v;
	if (!column_ints(r->columns[IDS_SEQ], row, 1, &v, e))
		return false;
	*seq_r = (uint64_t)v;
	return true;
}

/* The first row whose record begins at `seq` or behind it. */
static bool row_from(const struct ids_reader *r, uint64_t seq, uint64_t *row_r, err *e)
{
	uint64_t low = 0, high = r->rows;
	while (low < high) {
		uint64_t mid = low + (high - low) / 2, at;
		if (!seq_at(r, mid, &at, e))
			return false;
		if (at < seq)
			low = mid + 1;
		else
			high = mid;
	}
	*row_r = low;
	return true;
}

static bool read_one(struct ids_reader *r, uint64_t row, struct archive_id *id_r, err *e)
{
	int64_t profile, kind;
	if (!seq_at(r, row, &id_r->seq, e) ||
	    !column_ints(r->columns[IDS_PROFILE], row, 1, &profile, e) ||
	    !column_ints(r->columns[IDS_KINDS], row, 1, &kind, e) ||
	    !texts_cursor_get(&r->system, row, &id_r->system, e) ||
	    !texts_cursor_get(&r->value, row, &id_r->value, e))
		return false;
	id_r->profile = (uint64_t)profile;
	id_r->kind = (uint8_t)kind;
	return true;
}

bool ids_each(const struct colfile *f, uint64_t from_seq, uint64_t to_seq, archive_id_fn each,
	      void *arg, err *e)
{
	struct ids_reader r = { 0 };
	uint64_t row;
	if (!reader_open(&r, f, e))
		return false;
	bool ok = row_from(&r, from_seq, &row, e);
	for (; ok && row < r.rows; row++) {
		struct archive_id id = { 0 };
		ok = read_one(&r, row, &id, e);
		if (ok && id.seq > to_seq)
			break;
		ok = ok && each(arg, &id, e);
	}
	texts_cursor_fini(&r.system);
	texts_cursor_fini(&r.value);
	return ok;
}

struct ids_checking {
	const struct colfile *f;
	uint64_t seq, profile;
};

static bool check_id(void *arg, const struct archive_id *id, err *e)
{
	struct ids_checking *c = arg;
	if (id->seq < c->seq || id->profile <= c->profile)
		return err_set(e, ERR_CORRUPT, "%s: profile %llu is out of turn",
			       colfile_path(c->f), (unsigned long long)id->profile);
	c->seq = id->seq;
	c->profile = id->profile;
	return true;
}

bool ids_check(const struct colfile *f, err *e)
{
	struct ids_checking c = { .f = f };
	return colfile_check(f, e) && ids_each(f, 0, UINT64_MAX, check_id, &c, e);
}
