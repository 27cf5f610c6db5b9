/*
 * colfile_write.c - writes a column file, front to back.
 *
 * What it is:   each column gathers a block; a full one is encoded and goes out, wherever the file
 *               is by then. The index follows the blocks, the header comes last.
 * Promises:     memory for one block a column and the index, however long the columns get. A file
 *               that was cut short has no header: all else is on disk before that is written. The
 *               disk is synced every few megabytes, so that other files' syncs do not wait for all
 *               of it.
 * Threads:      one at a time; any.
 */
#include "column/colfile_int.h"

#include "base/mem.h"
#include "io/zip.h"

#include <string.h>

#define OUT_BYTES      (MIB)
#define SYNC_BYTES_MAX (8 * MIB)
#define ZIP_LEVEL      1
#define ZIP_LEVEL_COLD 9

/* ---- making and ending ----------------------------------------------------------------------- */

bool writer_own(str s, str *own_r)
{
	char *p = mem_alloc(s.n + 1);
	if (!p)
		return false;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	*own_r = str_make(p, s.n);
	return true;
}

static void str_disown(str s)
{
	mem_free((void *)(uintptr_t)s.p);
}

void writer_free(struct colfile_writer **w_p)
{
	struct colfile_writer *w = *w_p;
	*w_p = NULL;
	for (size_t i = 0; i < w->columns.n; i++) {
		struct open_column *c = &w->columns.items[i];
		str_disown(c->c.name);
		mem_free(c->c.entries);
		mem_free(c->v);
		buf_fini(&c->lengths);
		buf_fini(&c->texts);
	}
	vec_free(&w->columns);
	for (size_t i = 0; i < w->notes.n; i++) {
		str_disown(w->notes.items[i].name);
		str_disown(w->notes.items[i].bytes);
	}
	vec_free(&w->notes);
	buf_fini(&w->out);
	buf_fini(&w->scratch);
	str_disown(w->kind);
	mem_free(w->path);
	mem_free(w);
}

void colfile_abort(struct colfile_writer **w_p)
{
	struct colfile_writer *w = *w_p;
	if (!w)
		return;
	if (w->file) {
		/* What stays if this fails has no header, and is taken for nothing. */
		file_close(&w->file, NULL);
		(void)!fs_remove(w->fs, w->path, NULL);
	}
	writer_free(w_p);
}

bool colfile_create(const struct colfile_options *o, struct colfile_writer **w_r, err *e)
{
	static const char ZERO[COLFILE_HEADER_BYTES];
	struct colfile_writer *w = mem_zalloc(1, sizeof *w);
	if (!w)
		return err_nomem(e);
	w->fs = o->fs;
	w->cold = o->cold;
	str path = str_of(o->path);
	buf_init(&w->out, o->path ? 8 * MIB : SIZE_MAX / 2);
	buf_init(&w->scratch, 8 * MIB);
	buf_put(&w->out, ZERO, sizeof ZERO);
	bool ok = writer_own(o->kind, &w->kind) && (!o->path || writer_own(path, &path));
	if (ok && o->path)
		w->path = (char *)(uintptr_t)path.p;
	if (!ok || !buf_ok(&w->out, e)) {
		writer_free(&w);
		return err_nomem(e);
	}
	if (o->path && !file_open(w->fs, o->path, FILE_CREATE, &w->file, e)) {
		writer_free(&w);
		return false;
	}
	*w_r = w;
	return true;
}

bool colfile_add_column(struct colfile_writer *w, unsigned table, str name, enum column_type type,
			unsigned *handle_r, err *e)
{
	CHECK(table < COLFILE_TABLES_MAX && name.n <= COLFILE_NAME_MAX);
	if (w->columns.n == COLFILE_COLUMNS_MAX)
		return err_set(e, ERR_LIMIT, "a file holds at most %d columns",
			       COLFILE_COLUMNS_MAX);
	struct open_column c = { .c = { .table = table, .type = type },
				 .size = w->cold ? ENCODE_COLD : ENCODE_FAST };
	buf_init(&c.lengths, 5 * COLFILE_BLOCK_ROWS);
	buf_init(&c.texts, TEXT_BLOCK_BYTES + COLFILE_TEXT_MAX);
	if (!writer_own(name, &c.c.name))
		return err_nomem(e);
	if (!vec_push(&w->columns, c)) {
		str_disown(c.c.name);
		return err_nomem(e);
	}
	*handle_r = (unsigned)w->columns.n - 1;
	return true;
}

void colfile_prefer_small(struct colfile_writer *w, unsigned column)
{
	CHECK(column < w->columns.n);
	if (!w->cold)
		w->columns.items[column].size = ENCODE_SMALL;
}

bool colfile_put_note(struct colfile_writer *w, str name, str bytes, err *e)
{
	struct note note = { 0 };
	if (w->notes.n == COLFILE_NOTES_MAX || bytes.n > COLFILE_NOTE_MAX)
		return err_set(e, ERR_LIMIT, "a file holds at most %d notes of %zu KiB",
			       COLFILE_NOTES_MAX, COLFILE_NOTE_MAX / KIB);
	if (writer_own(name, &note.name) && writer_own(bytes, &note.bytes) &&
	    vec_push(&w->notes, note))
		return true;
	str_disown(note.name);
	str_disown(note.bytes);
	return err_nomem(e);
}

/* ---- bytes out ------------------------------------------------------------------------------- */

bool writer_out(struct colfile_writer *w, err *e)
{
	if (!w->file || w->out.n == 0)
		return true;
	if (!file_write(w->file, w->out.p, w->out.n, w->out_at, e))
		return false;
	w->out_at += w->out.n;
	buf_clear(&w->out);
	if (w->out_at - w->synced_at < SYNC_BYTES_MAX)
		return true;
	w->synced_at = w->out_at;
	return file_sync(w->file, e);
}

/* The entry's bytes stand at the end of `out`, from `start` on: pads and places them. */
static bool block_placed(struct colfile_writer *w, struct open_column *c, struct block_entry *x,
			 size_t start, err *e)
{
	static const char ZERO[COLFILE_ALIGN];
	if (x->bytes_n > 0) {
		x->at = w->out_at + start;
		buf_put(&w->out, ZERO, (size_t)(colfile_padded(x->bytes_n) - x->bytes_n));
		if (!buf_ok(&w->out, e))
			return false;
		x->checksum = zip_hash(w->out.p + start, w->out.n - start);
	}
	struct column *k = &c->c;
	if (k->blocks == c->entries_cap &&
	    !vec_grow_((void **)&k->entries, &c->entries_cap, k->blocks + 1, sizeof *k->entries))
		return err_nomem(e);
	k->entries[k->blocks++] = *x;
	k->rows += x->rows;
	c->n = 0;
	return k->rows <= COLFILE_ROWS_MAX
		       ? w->out.n < OUT_BYTES || writer_out(w, e)
		       : err_set(e, ERR_LIMIT, "a column holds at most %llu rows",
				 (unsigned long long)COLFILE_ROWS_MAX);
}

static bool numbers_end(struct colfile_writer *w, struct open_column *c, err *e)
{
	struct block_entry x;
	size_t start = w->out.n;
	if (c->same)
		encode_same(c->value, c->n, c->c.type, &x);
	else if (!encode_ints(c->v, c->n, c->c.type, c->size, &x, &w->out, e))
		return false;
	return block_placed(w, c, &x, start, e);
}

static bool texts_end(struct colfile_writer *w, struct open_column *c, err *e)
{
	struct block_entry x = { .rows = (uint32_t)c->n, .codec = CODEC_CONST, .scale = 1 };
	size_t start = w->out.n;
	if (c->texts.n > 0) {
		struct buf *s = &w->scratch;
		buf_clear(s);
		buf_str(s, buf_view(&c->lengths));
		buf_str(s, buf_view(&c->texts));
		if (!buf_ok(s, e) ||
		    !zip_pack(&w->out, buf_view(s), w->cold ? ZIP_LEVEL_COLD : ZIP_LEVEL, e))
			return false;
		x.codec = CODEC_COLD;
		x.unpacked = (uint32_t)s->n;
		if (w->out.n - start >= s->n - s->n / 16) {
			x.codec = CODEC_PACKED;
			w->out.n = start;
			buf_str(&w->out, buf_view(s));
		}
		if (!buf_ok(&w->out, e))
			return false;
		x.bytes_n = (uint32_t)(w->out.n - start);
	}
	buf_clear(&c->lengths);
	buf_clear(&c->texts);
	return block_placed(w, c, &x, start, e);
}

bool writer_block_end(struct colfile_writer *w, struct open_column *c, err *e)
{
	return c->c.type == COLUMN_BYTES ? texts_end(w, c, e) : numbers_end(w, c, e);
}

/* ---- numbers in ------------------------------------------------------------------------------ */

/* Makes room for numbers that differ in the open block. */
static bool block_spread(struct open_column *c, err *e)
{
	if (!c->v)
		c->v = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *c->v);
	if (!c->v)
		return err_nomem(e);
	for (size_t i = 0; i < c->n; i++)
		c->v[i] = c->value;
	c->same = false;
	return true;
}

static struct open_column *numbers_of(struct colfile_writer *w, unsigned column)
{
	CHECK(column < w->columns.n && w->columns.items[column].c.type != COLUMN_BYTES);
	return &w->columns.items[column];
}

bool colfile_put_same(struct colfile_writer *w, unsigned column, int64_t v, uint64_t n, err *e)
{
	struct open_column *c = numbers_of(w, column);
	CHECK(c->c.type != COLUMN_CODES || (v >= 0 && v <= UINT32_MAX));
	while (n > 0) {
		size_t take = (size_t)MIN(n, (uint64_t)(COLFILE_BLOCK_ROWS - c->n));
		if (c->n == 0) {
			c->same = true;
			c->value = v;
		} else if (c->same && v != c->value && !block_spread(c, e)) {
			return false;
		}
		for (size_t i = 0; !c->same && i < take; i++)
			c->v[c->n + i] = v;
		c->n += take;
		n -= take;
		if (c->n == COLFILE_BLOCK_ROWS && !numbers_end(w, c, e))
			return false;
	}
	return true;
}

/* How many of the first `most` are the open block's one number. */
#define COUNT_SAME(c, v, most, k_r)                                                                \
	do {                                                                                       \
		if ((c)->n == 0) {                                                                 \
			(c)->same = true;                                                          \
			(c)->value = (int64_t)(v)[0];                                              \
		}                                                                                  \
		while ((c)->same && (k_r) < (most) && (int64_t)(v)[k_r] == (c)->value)             \
			(k_r)++;                                                                   \
	} while (0)

bool colfile_put_ints(struct colfile_writer *w, unsigned column, const int64_t *v, size_t n, err *e)
{
	struct open_column *c = numbers_of(w, column);
	CHECK(c->c.type != COLUMN_CODES);
	while (n > 0) {
		size_t take = MIN(n, COLFILE_BLOCK_ROWS - c->n), same = 0;
		COUNT_SAME(c, v, take, same);
		c->n += same;
		if (same < take) {
			if (c->same && !block_spread(c, e))
				return false;
			memcpy(c->v + c->n, v + same, (take - same) * sizeof *v);
			c->n += take - same;
		}
		v += take;
		n -= take;
		if (c->n == COLFILE_BLOCK_ROWS && !numbers_end(w, c, e))
			return false;
	}
	return true;
}

bool colfile_put_codes(struct colfile_writer *w, unsigned column, const uint32_t *v, size_t n,
		       err *e)
{
	struct open_column *c = numbers_of(w, column);
	CHECK(c->c.type == COLUMN_CODES);
	while (n > 0) {
		size_t take = MIN(n, COLFILE_BLOCK_ROWS - c->n), same = 0;
		COUNT_SAME(c, v, take, same);
		c->n += same;
		if (same < take) {
			if (c->same && !block_spread(c, e))
				return false;
			int64_t *to = c->v + c->n;
			for (size_t i = same; i < take; i++)
				to[i - same] = v[i];
			c->n += take - same;
		}
		v += take;
		n -= take;
		if (c->n == COLFILE_BLOCK_ROWS && !numbers_end(w, c, e))
			return false;
	}
	return true;
}

static struct open_column *texts_of(struct colfile_writer *w, unsigned column)
{
	CHECK(column < w->columns.n && w->columns.items[column].c.type == COLUMN_BYTES);
	return &w->columns.items[column];
}

bool colfile_put_empty(struct colfile_writer *w, unsigned column, uint64_t n, err *e)
{
	struct open_column *c = texts_of(w, column);
	while (n > 0) {
		size_t take = (size_t)MIN(n, (uint64_t)(COLFILE_BLOCK_ROWS - c->n));
		/* Lengths stand there from the first text on that is not empty. */
		if (c->texts.n > 0) {
			char *p = buf_room(&c->lengths, take);
			if (!p)
				return buf_ok(&c->lengths, e);
			memset(p, 0, take);
			c->lengths.n += take;
		}
		c->n += take;
		n -= take;
		if (c->n == COLFILE_BLOCK_ROWS && !texts_end(w, c, e))
			return false;
	}
	return true;
}

bool colfile_put_text(struct colfile_writer *w, unsigned column, str text, err *e)
{
	struct open_column *c = texts_of(w, column);
	if (text.n == 0)
		return colfile_put_empty(w, column, 1, e);
	if (text.n > COLFILE_TEXT_MAX)
		return err_set(e, ERR_LIMIT,
			       "a text of %zu bytes is too long for a file: %zu at most", text.n,
			       COLFILE_TEXT_MAX);
	if (c->texts.n == 0) {
		char *p = buf_room(&c->lengths, c->n);
		if (!p)
			return buf_ok(&c->lengths, e);
		memset(p, 0, c->n);
		c->lengths.n = c->n;
	}
	buf_varint(&c->lengths, text.n);
	buf_str(&c->texts, text);
	if (!buf_ok(&c->lengths, e) || !buf_ok(&c->texts, e))
		return false;
	c->n++;
	return (c->n < COLFILE_BLOCK_ROWS && c->texts.n < TEXT_BLOCK_BYTES) || texts_end(w, c, e);
}
