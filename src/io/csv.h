/*
 * csv.h - RFC 4180 tables, streaming, in whatever encoding and with whatever delimiter they come.
 *
 * What it is:   a reader on libcsv behind recognition of encoding (UTF-8 with or without mark,
 *               UTF-16 either way, Windows-1252) and delimiter (, ; tab |); and a writer.
 * Promises:     memory is bounded by one row; a row knows the line on which it began.
 */
#ifndef TRICHTER_CSV_H
#define TRICHTER_CSV_H

#include "io/file.h"

#define CSV_FIELDS_MAX	  2000
#define CSV_ROW_BYTES_MAX (4 * MIB)

struct csv_reader;

struct csv_options {
	char delimiter; /* 0: recognised */
	bool has_header;
};

struct csv_row {
	const str *fields; /* UTF-8; valid until the next row */
	size_t n;
	uint64_t line;	 /* 1 = first of the file */
	uint64_t number; /* data rows from 1, the header not counted */
	/* Not empty: this row cannot be used, and why (too long, NUL, bad bytes, a quotation mark
	 * out of place). Then `fields` are what could be read, for showing: bad bytes stand as '?'.
	 */
	str problem;
};

bool csv_open(struct fs *fs, const char *path, struct csv_options options, struct csv_reader **r_r,
	      err *e) MUST_CHECK;
void csv_close(struct csv_reader **r);
/* Header names as they stand; n is 0 for an empty file. */
const str *csv_header(const struct csv_reader *r, size_t *n_r);
/* *more_r false at the end. A broken row is a row with a problem, not a failure. */
bool csv_next(struct csv_reader *r, struct csv_row *row_r, bool *more_r, err *e) MUST_CHECK;
uint64_t csv_bytes_read(const struct csv_reader *r);
uint64_t csv_bytes_total(const struct csv_reader *r);
const char *csv_encoding(const struct csv_reader *r);
char csv_delimiter(const struct csv_reader *r);

/* Appends one field, quoted where needed; the caller puts commas and CRLF-free "\n" between. A text
 * that a spreadsheet would run as a formula (=, +, -, @, tab, CR first) gets a leading apostrophe
 * when `safe`; one that has apostrophes before such a mark, one more. */
void csv_put_field(struct buf *b, str field, bool safe);

#endif
