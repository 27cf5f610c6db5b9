/*
 * colfile_text.c - texts out of blocks.
 *
 * What it is:   a block of texts is their lengths, then their bytes, all of it compressed where
 *               that helps. A cursor unpacks a block once and keeps it.
 * Promises:     lengths that do not add up are damage, and never a view of something else.
 * Threads:      a cursor belongs to one thread.
 */
#include "column/colfile_int.h"

#include "base/mem.h"
#include "io/zip.h"

#include <string.h>

void texts_cursor_init(struct texts_cursor *t, const struct column *c)
{
	CHECK(c->type == COLUMN_BYTES);
	*t = (struct texts_cursor){ .column = c, .block = SIZE_MAX };
	buf_init(&t->unpacked, 2 * (TEXT_BLOCK_BYTES + COLFILE_TEXT_MAX));
}

void texts_cursor_fini(struct texts_cursor *t)
{
	buf_fini(&t->unpacked);
	mem_free(t->ends);
	t->ends = NULL;
}

/* The last block that begins at or before the row. */
static size_t block_of_row(const struct column *c, uint64_t row)
{
	if (c->uniform)
		return (size_t)(row / COLFILE_BLOCK_ROWS);
	size_t low = 0, high = c->blocks;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (c->entries[middle].first_row <= row)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool damaged(const struct texts_cursor *t, size_t block, err *e)
{
	const struct column *c = t->column;
	return err_set(e, ERR_CORRUPT, "%s is damaged (column %u.%.*s, block %zu)", c->file->path,
		       c->table, STR_ARG(c->name), block);
}

static bool unpack(struct texts_cursor *t, size_t block, str *bytes_r, err *e)
{
	const struct block_entry *x = &t->column->entries[block];
	str packed = str_make((const char *)t->b.bytes, t->b.bytes_n);
	*bytes_r = packed;
	if (t->b.codec == CODEC_PACKED)
		return true;
	buf_clear(&t->unpacked);
	err why;
	if (!zip_unpack(&t->unpacked, packed, x->unpacked, &why)) {
		if (why.code != ERR_NOMEM)
			return damaged(t, block, e);
		return err_nomem(e);
	}
	*bytes_r = buf_view(&t->unpacked);
	return bytes_r->n == x->unpacked || damaged(t, block, e);
}

static bool lengths_read(struct texts_cursor *t, str bytes)
{
	struct reader r;
	uint64_t end = 0;
	reader_init(&r, bytes.p, bytes.n);
	for (size_t i = 0; i < t->b.rows; i++) {
		uint64_t n = reader_varint(&r);
		if (r.bad || n > COLFILE_TEXT_MAX)
			return false;
		end += n;
		t->ends[i] = (uint32_t)end;
	}
	t->texts = (const char *)r.p;
	return end == (uint64_t)(r.end - r.p);
}

static bool cursor_move(struct texts_cursor *t, uint64_t row, err *e)
{
	const struct column *c = t->column;
	size_t block = block_of_row(c, row);
	str bytes;
	t->block = SIZE_MAX;
	if (!column_block(c, block, &t->b, e))
		return false;
	t->first_row = c->uniform ? (uint64_t)block * COLFILE_BLOCK_ROWS
				  : c->entries[block].first_row;
	if (t->b.codec != CODEC_CONST) {
		if (!t->ends)
			t->ends = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *t->ends);
		if (!t->ends)
			return err_nomem(e);
		if (!unpack(t, block, &bytes, e))
			return false;
		if (!lengths_read(t, bytes))
			return damaged(t, block, e);
	}
	t->block = block;
	return true;
}

bool texts_cursor_get(struct texts_cursor *t, uint64_t row, str *text_r, err *e)
{
	CHECK(row < t->column->rows);
	if (t->block == SIZE_MAX || row < t->first_row || row - t->first_row >= t->b.rows) {
		if (!cursor_move(t, row, e))
			return false;
	}
	*text_r = S("");
	if (t->b.codec == CODEC_CONST)
		return true;
	size_t i = (size_t)(row - t->first_row);
	uint32_t begin = i > 0 ? t->ends[i - 1] : 0;
	*text_r = str_make(t->texts + begin, t->ends[i] - begin);
	return true;
}
