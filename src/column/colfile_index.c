/*
 * colfile_index.c - what stands at the end of a column file, and at its beginning.
 *
 * What it is:   header and index to bytes and back. A column that is one number or one line from
 *               end to end has no entries, so that the many columns that say nothing cost nothing.
 * Promises:     what index_read accepts leads nowhere outside the file: every place, length, width
 *               and count is compared with the file's size, whatever the checksums say; and every
 *               byte between header and index belongs to a block.
 * Format:       docs/format/segment.md
 * Threads:      any; shares nothing.
 */
#include "column/colfile_int.h"

#include "base/mem.h"
#include "io/zip.h"

#include <string.h>

static bool damaged(const struct colfile *f, const char *what, err *e)
{
	return err_set(e, ERR_CORRUPT, "%s is damaged (%s)", f->path, what);
}

/* ---- the header ------------------------------------------------------------------------------ */

#define CHECKSUM_AT (COLFILE_HEADER_BYTES - 8)

void colfile_header_encode(const struct colfile_header *h, uint8_t out[COLFILE_HEADER_BYTES])
{
	const uint32_t words[] = { COLFILE_VERSION, (uint32_t)COLFILE_BLOCK_ROWS };
	const uint64_t numbers[] = { h->bytes, h->index_at, h->index_bytes, h->index_checksum };
	memset(out, 0, COLFILE_HEADER_BYTES);
	memcpy(out, COLFILE_MAGIC, 8);
	memcpy(out + 8, words, sizeof words);
	memcpy(out + 16, numbers, sizeof numbers);
	uint64_t checksum = zip_hash(out, CHECKSUM_AT);
	memcpy(out + CHECKSUM_AT, &checksum, 8);
}

bool colfile_header_decode(struct colfile_header *h_r, const uint8_t *p, size_t n, const char *path,
			   err *e)
{
	if (n < COLFILE_HEADER_BYTES || memcmp(p, COLFILE_MAGIC, 8) != 0)
		return err_set(e, ERR_CORRUPT, "%s is damaged (its header)", path);
	uint32_t words[2];
	uint64_t numbers[4], checksum;
	memcpy(words, p + 8, sizeof words);
	memcpy(numbers, p + 16, sizeof numbers);
	memcpy(&checksum, p + CHECKSUM_AT, 8);
	if (words[0] > COLFILE_VERSION)
		return err_set(e, ERR_CONFLICT,
			       "%s has format %u; this program reads up to format %d: use a newer "
			       "one",
			       path, words[0], COLFILE_VERSION);
	if (checksum != zip_hash(p, CHECKSUM_AT) || words[0] == 0 || words[1] != COLFILE_BLOCK_ROWS)
		return err_set(e, ERR_CORRUPT, "%s is damaged (its header)", path);
	struct colfile_header h = { numbers[0], numbers[1], numbers[2], numbers[3] };
	if (h.bytes != n)
		return err_set(e, ERR_CORRUPT, "%s is damaged (it has %zu bytes instead of %llu)",
			       path, n, (unsigned long long)h.bytes);
	if (h.index_at < COLFILE_HEADER_BYTES || h.index_at % COLFILE_ALIGN != 0 ||
	    h.index_at > n || h.index_bytes != n - h.index_at || h.index_bytes > COLFILE_INDEX_MAX)
		return err_set(e, ERR_CORRUPT, "%s is damaged (its index)", path);
	*h_r = h;
	return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Whether the entries are one CONST or LINE over all of them. */
static bool is_uniform(const struct column *c, uint64_t *scale_r)
{
	uint64_t scale = 0;
	if (c->blocks > 0 && c->entries[0].codec == CODEC_LINE)
		scale = c->entries[0].scale;
	for (size_t i = 0; i < c->blocks; i++) {
		const struct block_entry *x = &c->entries[i];
		bool line = x->codec == CODEC_LINE && x->scale == scale;
		/* The last block may be a single row of a line. */
		bool same = x->codec == CODEC_CONST && (scale == 0 || x->rows == 1);
		if (!(scale > 0 && line) && !same)
			return false;
		if (x->base != colfile_value(c->entries[0].base, scale, i * COLFILE_BLOCK_ROWS))
			return false;
	}
	*scale_r = scale;
	return true;
}

static void put_place(struct buf *b, const struct block_entry *x, uint64_t *end)
{
	buf_varint(b, (x->at - *end) / COLFILE_ALIGN);
	buf_u64(b, x->checksum);
	*end = x->at + colfile_padded(x->bytes_n);
}

static void put_numbers(struct buf *b, const struct column *c)
{
	uint64_t end = COLFILE_HEADER_BYTES;
	int64_t base = 0;
	for (size_t i = 0; i < c->blocks; i++) {
		const struct block_entry *x = &c->entries[i];
		buf_byte(b, x->codec);
		buf_zigzag(b, (int64_t)((uint64_t)x->base - (uint64_t)base));
		base = x->base;
		if (x->codec == CODEC_CONST)
			continue;
		buf_varint(b, x->scale);
		if (x->codec == CODEC_LINE)
			continue;
		buf_byte(b, x->width);
		buf_varint(b, (uint64_t)x->min - (uint64_t)x->base);
		buf_varint(b, (uint64_t)x->max - (uint64_t)x->min);
		if (c->type == COLUMN_CODES)
			buf_u64(b, x->present);
		if (x->codec == CODEC_COLD)
			buf_varint(b, x->bytes_n);
		put_place(b, x, &end);
	}
}

static void put_texts(struct buf *b, const struct column *c)
{
	uint64_t end = COLFILE_HEADER_BYTES;
	buf_varint(b, c->blocks);
	for (size_t i = 0; i < c->blocks; i++) {
		const struct block_entry *x = &c->entries[i];
		buf_byte(b, x->codec);
		buf_varint(b, x->rows);
		if (x->codec == CODEC_CONST)
			continue;
		buf_varint(b, x->unpacked);
		if (x->codec == CODEC_COLD)
			buf_varint(b, x->bytes_n);
		put_place(b, x, &end);
	}
}

void index_put_column(struct buf *b, const struct column *c)
{
	uint64_t scale = 0;
	buf_varint(b, c->table);
	buf_lenstr(b, c->name);
	buf_byte(b, (uint8_t)c->type);
	buf_varint(b, c->rows);
	bool uniform = is_uniform(c, &scale);
	buf_byte(b, uniform);
	if (uniform && c->type != COLUMN_BYTES) {
		buf_zigzag(b, c->blocks > 0 ? c->entries[0].base : 0);
		buf_varint(b, scale);
	} else if (!uniform && c->type == COLUMN_BYTES) {
		put_texts(b, c);
	} else if (!uniform) {
		put_numbers(b, c);
	}
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Reading one column: where its blocks end, and what of the file is taken. */
struct places {
	const struct colfile *file;
	struct reader *r;
	uint64_t end;	/* of the column's last block */
	uint64_t taken; /* bytes of all blocks of all columns */
};

static bool read_place(struct places *p, struct block_entry *x)
{
	uint64_t steps = reader_varint(p->r), room = p->file->index_at;
	x->checksum = reader_u64(p->r);
	uint64_t bytes = colfile_padded(x->bytes_n);
	if (steps > room / COLFILE_ALIGN)
		return false;
	x->at = p->end + steps * COLFILE_ALIGN;
	if (x->at > room || bytes > room - x->at)
		return false;
	p->end = x->at + bytes;
	p->taken += bytes;
	return true;
}

/* The greatest value of a line; false: it is none of 64 bits. */
static bool line_end(int64_t base, uint64_t scale, uint64_t rows, int64_t *max_r)
{
	uint64_t span;
	if (scale == 0 || rows == 0 || __builtin_mul_overflow(scale, rows - 1, &span) ||
	    span > (uint64_t)INT64_MAX - (uint64_t)base)
		return false;
	*max_r = colfile_value(base, 1, span);
	return true;
}

static bool width_fits(const struct column *c, const struct block_entry *x)
{
	unsigned w = x->width;
	if (x->codec == CODEC_SPLIT)
		return c->type == COLUMN_TIMES && w >= COLFILE_SPLIT_MIN && w <= COLFILE_WIDTH_MAX;
	if (c->type != COLUMN_CODES)
		return (w >= 1 && w <= COLFILE_WIDTH_MAX) || w == 64;
	return w <= 32 && w >= 1 && (w & (w - 1)) == 0 && pack_bits((uint64_t)x->max) <= w;
}

static bool read_packed(struct places *p, const struct column *c, struct block_entry *x)
{
	x->width = reader_byte(p->r);
	uint64_t above = reader_varint(p->r), span = reader_varint(p->r);
	if (above > (uint64_t)INT64_MAX - (uint64_t)x->base)
		return false;
	x->min = colfile_value(x->base, 1, above);
	if (span > (uint64_t)INT64_MAX - (uint64_t)x->min)
		return false;
	x->max = colfile_value(x->min, 1, span);
	if (c->type == COLUMN_CODES) {
		x->present = reader_u64(p->r);
		if (x->base != 0 || x->scale != 1 || x->max > UINT32_MAX)
			return false;
	}
	if (!width_fits(c, x))
		return false;
	uint64_t bytes = x->codec == CODEC_COLD	   ? reader_varint(p->r)
			 : x->codec == CODEC_SPLIT ? split_bytes(x->rows, x->width)
						   : pack_bytes(x->rows, x->width);
	x->bytes_n = (uint32_t)bytes;
	return bytes <= UINT32_MAX / 2 && read_place(p, x);
}

static bool read_number_block(struct places *p, const struct column *c, struct block_entry *x)
{
	x->codec = reader_byte(p->r);
	x->base = (int64_t)((uint64_t)x->base + (uint64_t)reader_zigzag(p->r));
	if (x->codec == CODEC_CONST) {
		if (c->type == COLUMN_CODES && (x->base < 0 || x->base > UINT32_MAX))
			return false;
		encode_same(x->base, x->rows, c->type, x);
		return true;
	}
	x->scale = reader_varint(p->r);
	if (x->codec == CODEC_LINE) {
		x->min = x->base;
		return c->type != COLUMN_CODES && line_end(x->base, x->scale, x->rows, &x->max);
	}
	return x->scale > 0 && x->codec <= CODEC_SPLIT && read_packed(p, c, x);
}

static bool read_numbers(struct places *p, struct column *c)
{
	int64_t base = 0;
	for (size_t i = 0; i < c->blocks; i++) {
		struct block_entry *x = &c->entries[i];
		uint64_t first = i * COLFILE_BLOCK_ROWS;
		x->base = base;
		x->rows = (uint32_t)MIN(c->rows - first, (uint64_t)COLFILE_BLOCK_ROWS);
		if (!read_number_block(p, c, x) || p->r->bad)
			return false;
		x->first_row = first;
		base = x->base;
		c->min = i == 0 ? x->min : MIN(c->min, x->min);
		c->max = i == 0 ? x->max : MAX(c->max, x->max);
	}
	return true;
}

#define TEXT_UNPACKED_MAX (TEXT_BLOCK_BYTES + COLFILE_TEXT_MAX + 5 * COLFILE_BLOCK_ROWS)

static bool read_text_block(struct places *p, struct block_entry *x)
{
	x->codec = reader_byte(p->r);
	uint64_t rows = reader_varint(p->r);
	if (rows == 0 || rows > COLFILE_BLOCK_ROWS)
		return false;
	x->rows = (uint32_t)rows;
	if (x->codec == CODEC_CONST)
		return true;
	uint64_t unpacked = reader_varint(p->r), bytes = unpacked;
	if (x->codec == CODEC_COLD)
		bytes = reader_varint(p->r);
	else if (x->codec != CODEC_PACKED)
		return false;
	if (unpacked > TEXT_UNPACKED_MAX || unpacked < rows || bytes > 2 * TEXT_UNPACKED_MAX)
		return false;
	x->unpacked = (uint32_t)unpacked;
	x->bytes_n = (uint32_t)bytes;
	return read_place(p, x);
}

static bool read_texts(struct places *p, struct column *c)
{
	uint64_t row = 0;
	for (size_t i = 0; i < c->blocks; i++) {
		struct block_entry *x = &c->entries[i];
		if (!read_text_block(p, x) || p->r->bad || x->rows > c->rows - row)
			return false;
		x->first_row = row;
		row += x->rows;
	}
	return row == c->rows;
}

static bool read_uniform(struct reader *r, struct column *c)
{
	c->uniform = true;
	c->blocks = colfile_blocks_of(c->rows);
	if (c->type == COLUMN_BYTES)
		return true;
	c->base = c->min = c->max = reader_zigzag(r);
	c->scale = reader_varint(r);
	if (c->type == COLUMN_CODES)
		return c->scale == 0 && c->base >= 0 && c->base <= UINT32_MAX;
	return c->scale == 0 || line_end(c->base, c->scale, c->rows, &c->max);
}

/* False with an error, or without one when the bytes make no sense. */
static bool read_entries(struct places *p, struct column *c, err *e)
{
	uint64_t n = c->type == COLUMN_BYTES ? reader_varint(p->r) : colfile_blocks_of(c->rows);
	/* Each takes two bytes at least: a short index cannot ask for much memory. */
	if (p->r->bad || n > (uint64_t)(p->r->end - p->r->p) / 2)
		return false;
	c->blocks = (size_t)n;
	c->entries = mem_zalloc(c->blocks, sizeof *c->entries);
	c->verified = mem_zalloc(c->blocks / 64 + 1, sizeof *c->verified);
	if (!c->entries || !c->verified)
		return err_nomem(e);
	p->end = COLFILE_HEADER_BYTES;
	return c->type == COLUMN_BYTES ? read_texts(p, c) : read_numbers(p, c);
}

static bool read_column(struct places *p, struct column *c, err *e)
{
	c->file = p->file;
	uint64_t table = reader_varint(p->r);
	c->name = reader_lenstr(p->r);
	uint8_t type = reader_byte(p->r);
	c->rows = reader_varint(p->r);
	uint8_t uniform = reader_byte(p->r);
	if (p->r->bad || table >= COLFILE_TABLES_MAX || c->name.n > COLFILE_NAME_MAX ||
	    type > COLUMN_BYTES || c->rows > COLFILE_ROWS_MAX || uniform > 1)
		return false;
	c->table = (unsigned)table;
	c->type = (enum column_type)type;
	return uniform ? read_uniform(p->r, c) : read_entries(p, c, e);
}

static bool read_notes(struct colfile *f, struct reader *r, err *e)
{
	uint64_t n = reader_varint(r);
	if (r->bad || n > COLFILE_NOTES_MAX)
		return false;
	f->notes = mem_zalloc((size_t)n, sizeof *f->notes);
	if (!f->notes)
		return err_nomem(e);
	f->notes_n = (size_t)n;
	for (size_t i = 0; i < f->notes_n; i++) {
		f->notes[i].name = reader_lenstr(r);
		f->notes[i].bytes = reader_lenstr(r);
	}
	return !r->bad;
}

static bool read_all(struct colfile *f, struct reader *r, err *e)
{
	str slack = reader_bytes(r, COLFILE_SLACK);
	for (size_t i = 0; i < slack.n; i++) {
		if (slack.p[i] != 0)
			return false;
	}
	f->kind = reader_lenstr(r);
	if (!read_notes(f, r, e))
		return false;
	uint64_t n = reader_varint(r);
	if (r->bad || n > COLFILE_COLUMNS_MAX)
		return false;
	f->columns = mem_zalloc((size_t)n, sizeof *f->columns);
	if (!f->columns)
		return err_nomem(e);
	f->columns_n = (size_t)n;
	struct places p = { .file = f, .r = r };
	for (size_t i = 0; i < f->columns_n; i++) {
		if (!read_column(&p, &f->columns[i], e) || r->bad)
			return false;
	}
	return r->p == r->end && p.taken == f->index_at - COLFILE_HEADER_BYTES;
}

bool index_read(struct colfile *f, const struct colfile_header *h, err *e)
{
	const uint8_t *p = f->map + h->index_at;
	f->index_at = h->index_at;
	f->checksum = h->index_checksum;
	if (zip_hash(p, (size_t)h->index_bytes) != h->index_checksum)
		return damaged(f, "its index", e);
	struct reader r;
	reader_init(&r, p, (size_t)h->index_bytes);
	err why;
	err_clear(&why);
	if (read_all(f, &r, &why))
		return true;
	if (why.code == ERR_NONE)
		return damaged(f, "its index", e);
	if (e)
		*e = why;
	return false;
}
