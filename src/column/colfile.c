/*
 * colfile.c - an open column file: its columns, its notes, its blocks.
 *
 * What it is:   header and index, read and compared at opening; blocks, compared when they are
 *               first read, with a bit for each that says that it was.
 * Promises:     a block that column_block handed out is what was written, or an error named file,
 *               column and block. Codes are never above what the index says of their block.
 * Threads:      any number of readers; the bits are atomic, and two who compare the same block at
 *               the same time do it twice.
 */
#include "column/colfile_int.h"

#include "base/mem.h"
#include "io/zip.h"

#include <string.h>
#include <sys/mman.h>

static bool map_open(struct fs *fs, struct colfile *f, err *e)
{
	const void *p;
	if (!file_open(fs, f->path, FILE_READ, &f->file, e) || !file_map(f->file, &p, &f->map_n, e))
		return false;
	f->map = p;
	return true;
}

static bool is_of_kind(const struct colfile *f, str kind, err *e)
{
	return str_eq(f->kind, kind) || err_set(e, ERR_CORRUPT, "%s holds %.*s, not %.*s", f->path,
						STR_ARG(f->kind), STR_ARG(kind));
}

bool colfile_begin_reading(struct colfile *f, str kind, err *e)
{
	struct colfile_header h;
	return colfile_header_decode(&h, f->map, f->map_n, f->path, e) && index_read(f, &h, e) &&
	       is_of_kind(f, kind, e);
}

bool colfile_open(struct fs *fs, const char *path, str kind, struct colfile **f_r, err *e)
{
	struct colfile *f = mem_zalloc(1, sizeof *f);
	size_t n = strlen(path) + 1;
	char *copy = mem_alloc(n);
	if (!f || !copy) {
		mem_free(f);
		mem_free(copy);
		return err_nomem(e);
	}
	memcpy(copy, path, n);
	f->path = copy;
	if (!map_open(fs, f, e) || !colfile_begin_reading(f, kind, e)) {
		colfile_close(&f);
		return false;
	}
	*f_r = f;
	return true;
}

void colfile_close(struct colfile **f_p)
{
	struct colfile *f = *f_p;
	*f_p = NULL;
	if (!f)
		return;
	for (size_t i = 0; i < f->columns_n; i++) {
		mem_free(f->columns[i].entries);
		mem_free((void *)(uintptr_t)f->columns[i].verified);
	}
	mem_free(f->columns);
	mem_free(f->notes);
	if (f->file && f->map)
		file_unmap(f->file, f->map, f->map_n);
	file_close(&f->file, NULL);
	buf_fini(&f->memory);
	mem_free(f->path);
	mem_free(f);
}

const char *colfile_path(const struct colfile *f)
{
	return f->path;
}

uint64_t colfile_bytes(const struct colfile *f)
{
	return f->map_n;
}

uint64_t colfile_checksum(const struct colfile *f)
{
	return f->checksum;
}

str colfile_note(const struct colfile *f, str name)
{
	for (size_t i = 0; i < f->notes_n; i++) {
		if (str_eq(f->notes[i].name, name))
			return f->notes[i].bytes;
	}
	return S("");
}

const struct column *colfile_column(const struct colfile *f, unsigned table, str name)
{
	for (size_t i = 0; i < f->columns_n; i++) {
		if (f->columns[i].table == table && str_eq(f->columns[i].name, name))
			return &f->columns[i];
	}
	return NULL;
}

size_t colfile_columns(const struct colfile *f)
{
	return f->columns_n;
}

const struct column *colfile_column_at(const struct colfile *f, size_t i)
{
	CHECK(i < f->columns_n);
	return &f->columns[i];
}

str column_name(const struct column *c)
{
	return c->name;
}

unsigned column_table(const struct column *c)
{
	return c->table;
}

enum column_type column_type(const struct column *c)
{
	return c->type;
}

uint64_t column_rows(const struct column *c)
{
	return c->rows;
}

size_t column_blocks(const struct column *c)
{
	return c->blocks;
}

int64_t column_min(const struct column *c)
{
	return c->min;
}

int64_t column_max(const struct column *c)
{
	return c->max;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void uniform_block(const struct column *c, size_t block, struct column_block *b)
{
	uint64_t first = (uint64_t)block * COLFILE_BLOCK_ROWS;
	b->rows = (size_t)MIN(c->rows - first, (uint64_t)COLFILE_BLOCK_ROWS);
	b->codec = c->scale == 0 ? CODEC_CONST : CODEC_LINE;
	b->base = b->min = colfile_value(c->base, c->scale, first);
	b->max = colfile_value(b->base, c->scale, b->rows - 1);
	b->scale = MAX(c->scale, UINT64_C(1));
	if (c->type == COLUMN_CODES)
		b->present = UINT64_C(1) << (uint64_t)c->base % 64;
}

void column_peek(const struct column *c, size_t block, struct column_block *b_r)
{
	CHECK(block < c->blocks);
	*b_r = (struct column_block){ .codes = c->type == COLUMN_CODES };
	if (c->uniform) {
		uniform_block(c, block, b_r);
		return;
	}
	const struct block_entry *x = &c->entries[block];
	*b_r = (struct column_block){ .codec = (enum column_codec)x->codec,
				      .width = x->width,
				      .base = x->base,
				      .scale = x->scale,
				      .min = x->min,
				      .max = x->max,
				      .present = x->present,
				      .rows = x->rows,
				      .bytes = c->file->map + x->at,
				      .bytes_n = x->bytes_n,
				      .codes = c->type == COLUMN_CODES };
}

static bool damaged(const struct column *c, size_t block, err *e)
{
	return err_set(e, ERR_CORRUPT, "%s is damaged (column %u.%.*s, block %zu)", c->file->path,
		       c->table, STR_ARG(c->name), block);
}

#define CODES_AT_ONCE 1024

static bool codes_within(const struct column_block *b, err *e)
{
	int64_t v[CODES_AT_ONCE];
	if (b->codec == CODEC_PACKED && (uint64_t)b->max == (UINT64_C(1) << b->width) - 1)
		return true;
	if (b->codec == CODEC_COLD)
		return true; /* looked at in unpacking */
	for (size_t i = 0; i < b->rows; i += CODES_AT_ONCE) {
		size_t n = MIN(b->rows - i, (size_t)CODES_AT_ONCE);
		int64_t over = 0;
		if (!block_ints(b, i, n, v, e))
			return false;
		for (size_t k = 0; k < n; k++)
			over |= b->max - v[k];
		if (over < 0)
			return false;
	}
	return true;
}

static bool block_compare(const struct column *c, size_t block, const struct column_block *b,
			  err *e)
{
	const struct block_entry *x = &c->entries[block];
	if (zip_hash(b->bytes, (size_t)colfile_padded(x->bytes_n)) != x->checksum ||
	    (c->type == COLUMN_CODES && !codes_within(b, NULL)))
		return damaged(c, block, e);
	return true;
}

bool column_block(const struct column *c, size_t block, struct column_block *b_r, err *e)
{
	if (UNLIKELY(block >= c->blocks))
		return damaged(c, block, e);
	column_peek(c, block, b_r);
	if (c->uniform || b_r->codec == CODEC_CONST || b_r->codec == CODEC_LINE)
		return true;
	_Atomic uint64_t *word = &c->verified[block / 64];
	uint64_t bit = UINT64_C(1) << block % 64;
	if (LIKELY(atomic_load_explicit(word, memory_order_relaxed) & bit))
		return true;
	if (!block_compare(c, block, b_r, e))
		return false;
	atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
	return true;
}

bool colfile_check(const struct colfile *f, err *e)
{
	for (size_t i = 0; i < f->columns_n; i++) {
		const struct column *c = &f->columns[i];
		for (size_t k = 0; !c->uniform && k < c->blocks; k++) {
			struct column_block b;
			column_peek(c, k, &b);
			if (b.codec != CODEC_CONST && b.codec != CODEC_LINE &&
			    !block_compare(c, k, &b, e))
				return false;
		}
	}
	return true;
}

#define PAGE_BYTES ((uintptr_t)4096)

void column_will_need(const struct column *c)
{
	if (!c->file->file || c->uniform)
		return;
	for (size_t i = 0; i < c->blocks; i++) {
		const struct block_entry *x = &c->entries[i];
		uintptr_t at = (uintptr_t)(c->file->map + x->at), first = at & ~(PAGE_BYTES - 1);
		/* Advice: whether it is taken changes no answer. */
		if (x->bytes_n > 0)
			(void)madvise((void *)first, at - first + x->bytes_n, MADV_WILLNEED);
	}
}
