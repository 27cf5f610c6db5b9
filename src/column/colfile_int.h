/*
 * colfile_int.h - what the files of colfile share.
 *
 * What it is:   a file's index in memory, how numbers are packed, and how an index is written and
 *               read. docs/format/segment.md says where each byte stands.
 */
#ifndef TRICHTER_COLFILE_INT_H
#define TRICHTER_COLFILE_INT_H

#include "column/colfile.h"
#include "base/vec.h"

#include <stdatomic.h>

#define COLFILE_MAGIC	     "Trichcol"
#define COLFILE_VERSION	     1
#define COLFILE_HEADER_BYTES ((size_t)64)
#define COLFILE_ALIGN	     ((size_t)64) /* blocks begin at multiples of it */
#define COLFILE_INDEX_MAX    GIB
#define COLFILE_NOTES_MAX    64
#define COLFILE_NOTE_MAX     (64 * KIB)
#define TEXT_BLOCK_BYTES     (64 * KIB) /* a block of texts ends when it has as many */

/* Where a block lies and what it holds. */
struct block_entry {
	uint64_t at; /* in the file; a multiple of COLFILE_ALIGN */
	uint64_t checksum;
	uint64_t first_row;
	int64_t base, min, max;
	uint64_t scale, present;
	uint32_t bytes_n, rows;
	uint32_t unpacked; /* bytes of texts, with their lengths */
	uint8_t codec, width;
};

struct column {
	const struct colfile *file;
	str name; /* in the index */
	unsigned table;
	enum column_type type;
	uint64_t rows;
	size_t blocks;
	int64_t min, max;
	/* One CONST or LINE over all rows: no entries. */
	bool uniform;
	int64_t base;
	uint64_t scale; /* 0: CONST */
	struct block_entry *entries;
	_Atomic uint64_t *verified; /* a bit a block */
};

struct colfile_note {
	str name, bytes;
};

struct colfile {
	char *path;
	struct file *file; /* NULL: in memory */
	const uint8_t *map;
	size_t map_n;
	struct buf memory;
	str kind;
	uint64_t index_at, checksum;
	struct colfile_note *notes;
	size_t notes_n;
	struct column *columns;
	size_t columns_n;
};

struct colfile_header {
	uint64_t bytes, index_at, index_bytes, index_checksum;
};
void colfile_header_encode(const struct colfile_header *h, uint8_t out[COLFILE_HEADER_BYTES]);
/* Of `n` bytes at `p`, the whole file; `path` for messages. */
bool colfile_header_decode(struct colfile_header *h_r, const uint8_t *p, size_t n, const char *path,
			   err *e) MUST_CHECK;

/* Bytes that a block takes in the file. */
static inline uint64_t colfile_padded(uint64_t bytes)
{
	return (bytes + COLFILE_ALIGN - 1) / COLFILE_ALIGN * COLFILE_ALIGN;
}
static inline size_t colfile_blocks_of(uint64_t rows)
{
	return (size_t)((rows + COLFILE_BLOCK_ROWS - 1) / COLFILE_BLOCK_ROWS);
}
/* Modulo 2^64, as all of the file's arithmetic. */
static inline int64_t colfile_value(int64_t base, uint64_t scale, uint64_t x)
{
	return (int64_t)((uint64_t)base + scale * x);
}

/* Reads header and index of f->map. */
bool colfile_begin_reading(struct colfile *f, str kind, err *e) MUST_CHECK;

/* ---- the index: colfile_index.c -------------------------------------------------------------- */

/* Appends what stands in the index of one column, given its entries. */
void index_put_column(struct buf *b, const struct column *c);
/* Reads kind, notes and columns out of f->map; all of it is checked against the file's size. */
bool index_read(struct colfile *f, const struct colfile_header *h, err *e) MUST_CHECK;

/* ---- packing: colfile_pack.c ----------------------------------------------------------------- */

unsigned pack_bits(uint64_t x); /* bits that x needs; 0 for 0 */
static inline size_t pack_bytes(size_t n, unsigned width)
{
	return (n * width + 7) / 8;
}
/* `out` has COLFILE_SLACK bytes behind pack_bytes(). */
void pack_put(uint8_t *out, const uint64_t *x, size_t n, unsigned width);
void pack_get(const uint8_t *in, unsigned width, size_t from, size_t n, int64_t base,
	      uint64_t scale, int64_t *out);
/* The highest 8 bits of each, then the others: CODEC_SPLIT. */
static inline size_t split_bytes(size_t n, unsigned width)
{
	return n + pack_bytes(n, width - 8);
}
void split_put(uint8_t *out, uint64_t *x, size_t n, unsigned width); /* `x` is used up */
void split_get(const struct column_block *b, size_t from, size_t n, int64_t *out);
/* The greatest number that divides all of x; 0 when all are 0. */
uint64_t pack_gcd(const uint64_t *x, size_t n);
/* Divides all of x by a number that divides each. */
void pack_divide(uint64_t *x, size_t n, uint64_t by);

/* ---- blocks of numbers, encoded: colfile_encode.c -------------------------------------------- */

enum encode_size { ENCODE_FAST, ENCODE_SMALL, ENCODE_COLD };
/* Fills the entry but for its place and checksum, and `out` with its bytes; `v` is used up. */
bool encode_ints(int64_t *v, size_t n, enum column_type type, enum encode_size size,
		 struct block_entry *entry_r, struct buf *out, err *e) MUST_CHECK;
void encode_same(int64_t v, size_t n, enum column_type type, struct block_entry *entry_r);
/* All rows of a cold block, as numbers before base and scale. */
bool cold_unpack(const struct column_block *b, uint64_t *x_r, err *e) MUST_CHECK;
bool cold_pack(struct buf *out, const uint64_t *x, size_t n, err *e) MUST_CHECK;

/* ---- the writer: colfile_write.c, colfile_finish.c ------------------------------------------- */

struct open_column {
	struct column c; /* as it will stand in the index; min, max, verified are not used */
	size_t entries_cap;
	enum encode_size size;
	/* The open block. */
	size_t n;
	bool same; /* all of it is `value`; `v` holds nothing */
	int64_t value;
	int64_t *v;
	struct buf lengths, texts;
};

struct note {
	str name, bytes;
};

struct colfile_writer {
	struct fs *fs;
	char *path; /* NULL: in memory */
	str kind;
	bool cold;
	struct file *file;
	struct buf out;	 /* in memory: all of it; else what was not yet written */
	uint64_t out_at; /* where `out` goes in the file */
	uint64_t synced_at;
	struct buf scratch;
	VEC(struct open_column) columns;
	VEC(struct note) notes;
};

/* A copy on the heap, with a NUL behind it. */
bool writer_own(str s, str *own_r) MUST_CHECK;
void writer_free(struct colfile_writer **w);
bool writer_out(struct colfile_writer *w, err *e) MUST_CHECK;
bool writer_block_end(struct colfile_writer *w, struct open_column *c, err *e) MUST_CHECK;

#endif
