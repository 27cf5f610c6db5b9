/*
 * colfile.h - columns in blocks: an immutable, checksummed, mapped file of them.
 *
 * What it is:   tables of columns, each cut into blocks of COLFILE_BLOCK_ROWS rows. A block is
 *               encoded by itself, so that reading one row or skipping a block costs no more than
 *               that. What the columns mean is the user's: touches (archive/), the directory.
 * Promises:     a file is there whole or not at all; every byte of it is under a checksum that is
 *               compared when its block is first read; nothing read from a file can lead outside of
 *               it. Reading needs no locks.
 * Threads:      a writer belongs to one thread; a reader may be used by any number.
 * Format:       docs/format/segment.md
 */
#ifndef TRICHTER_COLFILE_H
#define TRICHTER_COLFILE_H

#include "io/file.h"

#define COLFILE_BLOCK_ROWS  ((size_t)16384)
#define COLFILE_TABLES_MAX  16
#define COLFILE_COLUMNS_MAX 4096
#define COLFILE_NAME_MAX    255
#define COLFILE_TEXT_MAX    MIB /* bytes of one text */
#define COLFILE_ROWS_MAX    (UINT64_C(1) << 34)

enum column_type {
	COLUMN_INTS,  /* int64 */
	COLUMN_TIMES, /* int64 that questions compare with a period: CODEC_SPLIT wherever it can be
		       */
	COLUMN_CODES, /* 0 ... 2^32 - 1, numbers into another table; CONST, or packed with base 0
			 and scale 1 to 1, 2, 4, 8, 16 or 32 bits, so that a search can compare
			 many at once; a block's codes are never above its `max` */
	COLUMN_BYTES, /* texts of any length; a block has fewer rows where they are long */
};

enum column_codec {
	CODEC_CONST,  /* all are `base` */
	CODEC_LINE,   /* base + i * scale */
	CODEC_PACKED, /* base + scale * (the i-th number of `width` bits, lowest bits first); at
			 least COLFILE_SLACK readable bytes follow the last */
	CODEC_COLD,   /* packed again, smaller: only block_ints() reads it */
	CODEC_SPLIT,  /* as CODEC_PACKED, but the highest 8 of the `width` bits lie apart: first one
			 byte for each row with those, at once behind them, bit by bit, the low
			 width - 8. So a period is looked for among bytes, 64 at a time. Width is
			 COLFILE_SPLIT_MIN to COLFILE_WIDTH_MAX; the slack is the same */
};
#define COLFILE_SPLIT_MIN 17
#define COLFILE_SLACK	  ((size_t)64)
#define COLFILE_WIDTH_MAX 57 /* more: 64 */

/* One block of a column of numbers, where it lies in the file. */
struct column_block {
	enum column_codec codec;
	unsigned width; /* bits; CODEC_PACKED, CODEC_SPLIT */
	int64_t base;
	uint64_t scale;	  /* at least 1 */
	int64_t min, max; /* of its values */
	uint64_t present; /* of COLUMN_CODES: bit c % 64 is set for every code c that it holds */
	size_t rows;
	const uint8_t *bytes;
	size_t bytes_n;
	bool codes; /* of a column of codes */
};

/* ---- reading --------------------------------------------------------------------------------- */

struct colfile;
struct column;

/* ERR_CORRUPT names file and place; ERR_CONFLICT: of a newer version; ERR_NOT_FOUND. `kind` says
 * what the file must hold ("touches"). */
bool colfile_open(struct fs *fs, const char *path, str kind, struct colfile **f_r,
		  err *e) MUST_CHECK;
void colfile_close(struct colfile **f);
const char *colfile_path(const struct colfile *f); /* "(memory)" when it has none */
uint64_t colfile_bytes(const struct colfile *f);
/* Says which file this is: a hash of its index, which holds every block's checksum. */
uint64_t colfile_checksum(const struct colfile *f);
/* A few bytes for the user, verified at opening; empty when there are none of that name. */
str colfile_note(const struct colfile *f, str name);

/* NULL: none of that name. */
const struct column *colfile_column(const struct colfile *f, unsigned table, str name);
size_t colfile_columns(const struct colfile *f);
const struct column *colfile_column_at(const struct colfile *f, size_t i);
str column_name(const struct column *c);
unsigned column_table(const struct column *c);
enum column_type column_type(const struct column *c);
uint64_t column_rows(const struct column *c);
size_t column_blocks(const struct column *c);
/* Least and greatest of all; 0, 0 of an empty one. */
int64_t column_min(const struct column *c);
int64_t column_max(const struct column *c);

/* What the index says of a block; its bytes are not touched, nor verified. */
void column_peek(const struct column *c, size_t block, struct column_block *b_r);
/* The block, verified. ERR_CORRUPT names file, column and block. */
bool column_block(const struct column *c, size_t block, struct column_block *b_r,
		  err *e) MUST_CHECK;
/* Row `i` of the block; not of CODEC_COLD. */
int64_t block_int(const struct column_block *b, size_t i);
/* Rows from ... from + n - 1, of any codec. */
bool block_ints(const struct column_block *b, size_t from, size_t n, int64_t *out,
		err *e) MUST_CHECK;
/* Rows of a column wherever they lie. */
bool column_ints(const struct column *c, uint64_t from, size_t n, int64_t *out, err *e) MUST_CHECK;

/* Numbers by row, in any order, of any codec; cheapest in rising order. */
struct ints_cursor {
	const struct column *column;
	size_t block; /* SIZE_MAX: none yet */
	struct column_block b;
	int64_t *unpacked; /* of a cold block */
};
void ints_cursor_init(struct ints_cursor *t, const struct column *c);
void ints_cursor_fini(struct ints_cursor *t);
bool ints_cursor_get(struct ints_cursor *t, uint64_t row, int64_t *v_r, err *e) MUST_CHECK;

/* Texts: a block is unpacked whole, and kept for the next question. */
struct texts_cursor {
	const struct column *column;
	size_t block; /* SIZE_MAX: none yet */
	uint64_t first_row;
	struct column_block b;
	struct buf unpacked;
	const char *texts;
	uint32_t *ends; /* where each text ends */
};
void texts_cursor_init(struct texts_cursor *t, const struct column *c);
void texts_cursor_fini(struct texts_cursor *t);
/* Valid until the next call. */
bool texts_cursor_get(struct texts_cursor *t, uint64_t row, str *text_r, err *e) MUST_CHECK;

/* Compares every checksum. */
bool colfile_check(const struct colfile *f, err *e) MUST_CHECK;
/* Asks the system to read ahead what a column holds. */
void column_will_need(const struct column *c);

/* ---- writing --------------------------------------------------------------------------------- */

struct colfile_writer;
struct colfile_options {
	struct fs *fs;
	const char *path; /* NULL: in memory, and the reader that comes of it lives there */
	str kind;
	bool cold; /* smaller and slower to read */
};
bool colfile_create(const struct colfile_options *o, struct colfile_writer **w_r,
		    err *e) MUST_CHECK;
/* A new column; `handle_r` is for the calls below. Blocks are written as they fill, so columns of
 * any length may be filled side by side. */
bool colfile_add_column(struct colfile_writer *w, unsigned table, str name, enum column_type type,
			unsigned *handle_r, err *e) MUST_CHECK;
/* Of this column a block may be CODEC_COLD even in a file that is not cold, where that saves much:
 * for columns that are seldom read. */
void colfile_prefer_small(struct colfile_writer *w, unsigned column);
bool colfile_put_ints(struct colfile_writer *w, unsigned column, const int64_t *v, size_t n,
		      err *e) MUST_CHECK;
bool colfile_put_codes(struct colfile_writer *w, unsigned column, const uint32_t *v, size_t n,
		       err *e) MUST_CHECK;
/* `n` times the same number, or code; costs next to nothing where all of a block are. */
bool colfile_put_same(struct colfile_writer *w, unsigned column, int64_t v, uint64_t n,
		      err *e) MUST_CHECK;
bool colfile_put_text(struct colfile_writer *w, unsigned column, str text, err *e) MUST_CHECK;
bool colfile_put_empty(struct colfile_writer *w, unsigned column, uint64_t n, err *e) MUST_CHECK;
bool colfile_put_note(struct colfile_writer *w, str name, str bytes, err *e) MUST_CHECK;
/* Writes what is left, syncs the file and its name, and opens it. Frees the writer in any case;
 * on failure no file is left. */
bool colfile_finish(struct colfile_writer **w, struct colfile **f_r, err *e) MUST_CHECK;
void colfile_abort(struct colfile_writer **w);

#endif
