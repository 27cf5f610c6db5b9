/*
 * csv_int.h - the parts of the CSV reader: text out of bytes, and guesses about both.
 */
#ifndef TRICHTER_CSV_INT_H
#define TRICHTER_CSV_INT_H

#include "io/csv.h"

#include <csv.h>

enum csv_encoding { CSV_UTF8, CSV_UTF16_LE, CSV_UTF16_BE, CSV_WINDOWS_1252 };

/* One read; also the longest piece of a line that is handed on at once. */
#define CSV_CHUNK (256 * KIB)
/* What the encoding is judged by. */
#define CSV_WINDOW MIB

/* A file as UTF-8 text, in pieces of lines. Bytes that the encoding does not allow come out as
 * 0xFF, which is never UTF-8, so that the one check for UTF-8 finds them. */
struct csv_text {
	struct file *file;
	uint64_t size;
	uint64_t offset; /* of the next byte to read */
	enum csv_encoding encoding;
	bool end;  /* the file is read to its end */
	char *raw; /* not yet decoded; unused for UTF-8 */
	size_t raw_n;
	char *out; /* CSV_CHUNK bytes of text */
	size_t out_at;
	size_t out_n;
	/* Places of the next LF and CR from out_at on, out_n when there is none, so that a file
	 * with only one of the two is not searched for the other again and again. */
	size_t lf;
	size_t cr;
};

/* Takes over nothing: the caller closes the file after csv_text_fini. `start` is where the text
 * begins, behind a byte order mark. */
bool csv_text_init(struct csv_text *t, struct file *file, uint64_t size, enum csv_encoding encoding,
		   size_t start, err *e) MUST_CHECK;
void csv_text_fini(struct csv_text *t);
/* The next piece with its line end. A line longer than CSV_CHUNK comes in several, of which only
 * the last ends it; so does the end of the file. Valid until the next call. */
bool csv_text_piece(struct csv_text *t, str *piece_r, bool *ends_line_r, bool *more_r,
		    err *e) MUST_CHECK;
/* The text that the next pieces will come from, as far as it is read; reads the first chunk. */
bool csv_text_peek(struct csv_text *t, str *text_r, err *e) MUST_CHECK;

/* Decodes from `raw` what is whole; *used_r bytes were consumed. At the end of the file what is not
 * whole is decoded as bad. `out` has room for 3 bytes per byte of raw. */
size_t csv_decode(enum csv_encoding encoding, const char *raw, size_t n, bool at_end, char *out,
		  size_t *used_r);
const char *csv_encoding_name(enum csv_encoding encoding);

/* By byte order mark, by NUL bytes, by whether it is UTF-8. *start_r is the length of the mark. An
 * error when it is no text at all (a workbook, an archive). */
bool csv_guess_encoding(const char *window, size_t n, bool whole, enum csv_encoding *encoding_r,
			size_t *start_r, err *e) MUST_CHECK;
/* The delimiter by which the first rows have the same number of fields. Comma when none does. */
char csv_guess_delimiter(str text, bool whole);
/* A first line "sep=;" as spreadsheets write it; 0 when it is none. */
char csv_sep_line(str text, size_t *bytes_r);

/* libcsv set up our way: blanks kept (RFC 4180), memory from mem.h, strict about quotes. */
void csv_parser_start(struct csv_parser *p, char delimiter);
/* Feeds a piece. A quotation mark inside an unquoted field is taken as it is. *used_r < n: text
 * stands behind a closing quotation mark at that place. False: no memory. */
bool csv_parser_feed(struct csv_parser *p, str piece,
		     void (*field)(void *text, size_t n, void *arg), void (*row)(int c, void *arg),
		     void *arg, size_t *used_r) MUST_CHECK;

#endif
