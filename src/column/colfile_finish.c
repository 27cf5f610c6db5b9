/*
 * colfile_finish.c - the end of a column file: index, header, and the reader that comes of it.
 *
 * Promises:     the header is written when all else is on disk. On failure no file is left.
 * Threads:      as the writer.
 */
#include "column/colfile_int.h"

#include "base/mem.h"
#include "io/zip.h"

#include <string.h>

static bool blocks_end(struct colfile_writer *w, err *e)
{
	uint64_t rows[COLFILE_TABLES_MAX];
	bool known[COLFILE_TABLES_MAX] = { 0 };
	for (size_t i = 0; i < w->columns.n; i++) {
		struct open_column *c = &w->columns.items[i];
		if (c->n > 0 && !writer_block_end(w, c, e))
			return false;
		CHECK(!known[c->c.table] || rows[c->c.table] == c->c.rows);
		known[c->c.table] = true;
		rows[c->c.table] = c->c.rows;
	}
	return true;
}

static bool index_write(struct colfile_writer *w, struct colfile_header *h, err *e)
{
	static const char ZERO[COLFILE_SLACK];
	struct buf b;
	buf_init(&b, COLFILE_INDEX_MAX);
	buf_put(&b, ZERO, sizeof ZERO);
	buf_lenstr(&b, w->kind);
	buf_varint(&b, w->notes.n);
	for (size_t i = 0; i < w->notes.n; i++) {
		buf_lenstr(&b, w->notes.items[i].name);
		buf_lenstr(&b, w->notes.items[i].bytes);
	}
	buf_varint(&b, w->columns.n);
	for (size_t i = 0; i < w->columns.n; i++)
		index_put_column(&b, &w->columns.items[i].c);
	bool ok = buf_ok(&b, e) && writer_out(w, e);
	h->index_at = w->out_at + w->out.n;
	h->index_bytes = b.n;
	h->bytes = h->index_at + b.n;
	if (ok)
		h->index_checksum = zip_hash(b.p, b.n);
	if (ok && w->file)
		ok = file_write(w->file, b.p, b.n, h->index_at, e);
	else
		buf_str(&w->out, buf_view(&b));
	buf_fini(&b);
	return ok && buf_ok(&w->out, e);
}

static bool header_write(struct colfile_writer *w, const struct colfile_header *h, err *e)
{
	uint8_t bytes[COLFILE_HEADER_BYTES];
	colfile_header_encode(h, bytes);
	if (!w->file) {
		memcpy(w->out.p, bytes, sizeof bytes);
		return true;
	}
	/* All else is on disk before the header says so. */
	return file_sync(w->file, e) && file_write(w->file, bytes, sizeof bytes, 0, e) &&
	       file_sync(w->file, e);
}

static bool memory_open(struct colfile_writer *w, struct colfile **f_r, err *e)
{
	struct colfile *f = mem_zalloc(1, sizeof *f);
	str path;
	if (!f || !writer_own(S("(memory)"), &path)) {
		mem_free(f);
		return err_nomem(e);
	}
	f->path = (char *)(uintptr_t)path.p;
	f->memory = w->out;
	buf_init(&w->out, 0);
	/* It stays as long as it is: what growing left over is given back. */
	char *exact = mem_realloc(f->memory.p, f->memory.n, 1);
	if (exact) {
		f->memory.p = exact;
		f->memory.cap = f->memory.n;
	}
	f->map = (const uint8_t *)f->memory.p;
	f->map_n = f->memory.n;
	if (!colfile_begin_reading(f, w->kind, e)) {
		colfile_close(&f);
		return false;
	}
	*f_r = f;
	return true;
}

bool colfile_finish(struct colfile_writer **w_p, struct colfile **f_r, err *e)
{
	struct colfile_writer *w = *w_p;
	struct colfile_header h = { 0 };
	bool ok = blocks_end(w, e) && index_write(w, &h, e) && header_write(w, &h, e);
	if (ok && w->file)
		ok = colfile_open(w->fs, w->path, w->kind, f_r, e);
	else if (ok)
		ok = memory_open(w, f_r, e);
	if (!ok) {
		colfile_abort(w_p);
		return false;
	}
	file_close(&w->file, NULL);
	writer_free(w_p);
	return true;
}
