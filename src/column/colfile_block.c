/*
 * colfile_block.c - numbers out of blocks, of any codec.
 *
 * What it is:   rows of a block, rows of a column, and a cursor that keeps an unpacked block.
 * Promises:     a row of a block that is not cold costs a load or two.
 * Threads:      a cursor belongs to one thread; all else shares nothing.
 */
#include "column/colfile_int.h"

#include "base/mem.h"

#include <string.h>

static int64_t split_int(const struct column_block *b, size_t i)
{
	unsigned low = b->width - 8;
	uint64_t word;
	size_t bit = i * low;
	memcpy(&word, b->bytes + b->rows + bit / 8, 8);
	word = word >> bit % 8 & ((UINT64_C(1) << low) - 1);
	return colfile_value(b->base, b->scale, word | (uint64_t)b->bytes[i] << low);
}

int64_t block_int(const struct column_block *b, size_t i)
{
	uint64_t word;
	CHECK(b->codec != CODEC_COLD);
	switch (b->codec) {
	case CODEC_CONST:
		return b->base;
	case CODEC_LINE:
		return colfile_value(b->base, b->scale, i);
	case CODEC_SPLIT:
		return split_int(b, i);
	case CODEC_PACKED:
	case CODEC_COLD:
		break;
	}
	size_t bit = i * b->width;
	memcpy(&word, b->bytes + bit / 8, 8);
	if (b->width < 64)
		word = word >> bit % 8 & ((UINT64_C(1) << b->width) - 1);
	return colfile_value(b->base, b->scale, word);
}

static bool scale_cold(const struct column_block *b, size_t from, size_t n, const uint64_t *x,
		       int64_t *out, err *e)
{
	for (size_t i = 0; i < n; i++)
		out[i] = colfile_value(b->base, b->scale, x[from + i]);
	if (!b->codes)
		return true;
	/* Codes lead into tables: none may be above what the index says. */
	for (size_t i = 0; i < n; i++) {
		if (out[i] < 0 || out[i] > b->max)
			return err_set(e, ERR_CORRUPT, "a cold block holds a code out of range");
	}
	return true;
}

static bool cold_ints(const struct column_block *b, size_t from, size_t n, int64_t *out, err *e)
{
	if (n == b->rows)
		return cold_unpack(b, (uint64_t *)out, e) &&
		       scale_cold(b, 0, n, (const uint64_t *)out, out, e);
	uint64_t *x = mem_alloc(b->rows * sizeof *x);
	if (!x)
		return err_nomem(e);
	bool ok = cold_unpack(b, x, e) && scale_cold(b, from, n, x, out, e);
	mem_free(x);
	return ok;
}

bool block_ints(const struct column_block *b, size_t from, size_t n, int64_t *out, err *e)
{
	CHECK(from <= b->rows && n <= b->rows - from);
	switch (b->codec) {
	case CODEC_CONST:
		for (size_t i = 0; i < n; i++)
			out[i] = b->base;
		break;
	case CODEC_LINE:
		for (size_t i = 0; i < n; i++)
			out[i] = colfile_value(b->base, b->scale, from + i);
		break;
	case CODEC_PACKED:
		pack_get(b->bytes, b->width, from, n, b->base, b->scale, out);
		break;
	case CODEC_SPLIT:
		split_get(b, from, n, out);
		break;
	case CODEC_COLD:
		return cold_ints(b, from, n, out, e);
	}
	return true;
}

static bool with_place(const struct column *c, size_t block, err *e)
{
	if (e && e->code != ERR_CORRUPT)
		return false;
	return err_prefix(e, "%s is damaged (column %u.%.*s, block %zu)", c->file->path, c->table,
			  STR_ARG(c->name), block);
}

bool column_ints(const struct column *c, uint64_t from, size_t n, int64_t *out, err *e)
{
	CHECK(c->type != COLUMN_BYTES && from <= c->rows && n <= c->rows - from);
	while (n > 0) {
		struct column_block b;
		size_t block = (size_t)(from / COLFILE_BLOCK_ROWS);
		size_t at = (size_t)(from % COLFILE_BLOCK_ROWS);
		if (!column_block(c, block, &b, e))
			return false;
		size_t take = MIN(n, b.rows - at);
		if (!block_ints(&b, at, take, out, e))
			return with_place(c, block, e);
		from += take;
		out += take;
		n -= take;
	}
	return true;
}

void ints_cursor_init(struct ints_cursor *t, const struct column *c)
{
	CHECK(c->type != COLUMN_BYTES);
	*t = (struct ints_cursor){ .column = c, .block = SIZE_MAX };
}

void ints_cursor_fini(struct ints_cursor *t)
{
	mem_free(t->unpacked);
	t->unpacked = NULL;
}

static bool cursor_move(struct ints_cursor *t, size_t block, err *e)
{
	t->block = SIZE_MAX;
	if (!column_block(t->column, block, &t->b, e))
		return false;
	if (t->b.codec == CODEC_COLD) {
		if (!t->unpacked)
			t->unpacked = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *t->unpacked);
		if (!t->unpacked)
			return err_nomem(e);
		if (!block_ints(&t->b, 0, t->b.rows, t->unpacked, e))
			return with_place(t->column, block, e);
	}
	t->block = block;
	return true;
}

bool ints_cursor_get(struct ints_cursor *t, uint64_t row, int64_t *v_r, err *e)
{
	CHECK(row < t->column->rows);
	size_t block = (size_t)(row / COLFILE_BLOCK_ROWS), at = (size_t)(row % COLFILE_BLOCK_ROWS);
	if (UNLIKELY(block != t->block) && !cursor_move(t, block, e))
		return false;
	*v_r = t->b.codec == CODEC_COLD ? t->unpacked[at] : block_int(&t->b, at);
	return true;
}
