/*
 * csv.c - rows of a table, one after another.
 *
 * What it is:   libcsv fed line by line, which is how a row knows the line on which it began; its
 *               callbacks gather the fields of one row.
 * Promises:     a row that cannot be used is delivered as such, and reading goes on at the line
 *               after it; memory is bounded by CSV_ROW_BYTES_MAX however long a line is. Lines
 *               without a byte are no rows.
 * Data from:    csv_text.c, as UTF-8 in which undecodable bytes stand as 0xFF.
 * Threads:      one reader belongs to one thread at a time.
 */
#include "io/csv.h"

#include "base/mem.h"
#include "io/csv_int.h"
#include "io/utf8_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PROBLEM_BYTES 200

struct csv_reader {
	struct file *file;
	struct csv_text text;
	bool text_open;
	struct csv_parser parser;
	char delimiter;
	uint64_t line;	 /* of the next piece */
	uint64_t number; /* of the last data row */

	/* The header, in memory of its own. */
	str *header;
	size_t header_n;
	char *header_text;

	/* The row being read. Each field in `cells` is followed by a byte of separation, so that
	 * one check for UTF-8 over all of them holds for each. */
	struct buf cells;
	size_t ends[CSV_FIELDS_MAX]; /* of the fields in cells, separation not counted */
	str fields[CSV_FIELDS_MAX];
	size_t n;
	uint64_t row_line;
	uint64_t row_bytes; /* 0: no row is open */
	bool row_ended;
	bool skips_line; /* broken: the rest of the line is not looked at */
	char problem[PROBLEM_BYTES];
};

static void row_clear(struct csv_reader *r)
{
	buf_clear(&r->cells);
	r->n = 0;
	r->row_bytes = 0;
	r->row_ended = false;
	r->skips_line = false;
	r->problem[0] = '\0';
}

/* The first problem of a row is the one that is told. */
static PRINTF_LIKE(2, 3) void row_problem(struct csv_reader *r, const char *fmt, ...)
{
	if (r->problem[0])
		return;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(r->problem, sizeof r->problem, fmt, ap);
	va_end(ap);
}

static void row_too_long(struct csv_reader *r)
{
	row_problem(r, "this row is longer than %zu MiB; a quotation mark may be missing",
		    CSV_ROW_BYTES_MAX / MIB);
}

static void on_field(void *text, size_t n, void *arg)
{
	struct csv_reader *r = arg;
	if (r->problem[0])
		return;
	if (r->n == CSV_FIELDS_MAX) {
		row_problem(r, "this row has more than %d fields", CSV_FIELDS_MAX);
		return;
	}
	char *room = buf_room(&r->cells, n + 1);
	if (!room) {
		if (!r->cells.nomem)
			row_too_long(r);
		return;
	}
	if (n > 0)
		memcpy(room, text, n);
	room[n] = '\n';
	r->cells.n += n + 1;
	r->ends[r->n++] = r->cells.n - 1;
}

static void on_row(int c UNUSED, void *arg)
{
	((struct csv_reader *)arg)->row_ended = true;
}

static void parser_reset(struct csv_reader *r)
{
	csv_set_opts(&r->parser, 0);
	csv_fini(&r->parser, NULL, NULL, NULL);
	csv_set_opts(&r->parser, CSV_STRICT | CSV_STRICT_FINI);
}

/* Takes in a piece of a line; true also when the row turns out to be broken. */
static bool row_take(struct csv_reader *r, str piece, bool ends_line, err *e)
{
	r->row_bytes += piece.n;
	if (!r->skips_line) {
		size_t used;
		if (!csv_parser_feed(&r->parser, piece, on_field, on_row, r, &used) ||
		    r->cells.nomem)
			return err_nomem(e);
		if (used < piece.n) {
			row_problem(r, "text stands behind a closing quotation mark in line %llu",
				    (unsigned long long)r->line);
			r->skips_line = true;
			parser_reset(r);
		}
	}
	if (r->row_bytes > CSV_ROW_BYTES_MAX) {
		row_too_long(r);
		/* The field is lost, and what libcsv gathered of it must not grow. One byte stays,
		 * since a closing quotation mark is taken off again. */
		r->parser.entry_pos = MIN(r->parser.entry_pos, (size_t)1);
	}
	if (r->skips_line && ends_line)
		r->row_ended = true;
	return true;
}

/* The input has ended inside a row. */
static void row_finish(struct csv_reader *r)
{
	if (!r->row_ended && csv_fini(&r->parser, on_field, on_row, r) != 0) {
		row_problem(r,
			    "a quotation mark in this row is never closed: everything from here "
			    "to the end of the file (line %llu) was read as one field",
			    (unsigned long long)(r->line - 1));
		parser_reset(r);
	}
	r->row_ended = true;
}

/* Reads one row into r->cells; *more_r false: there is none. */
static bool row_read(struct csv_reader *r, bool *more_r, err *e)
{
	row_clear(r);
	while (!r->row_ended) {
		str piece;
		bool ends_line;
		bool more;
		if (!csv_text_piece(&r->text, &piece, &ends_line, &more, e))
			return false;
		if (!more) {
			*more_r = r->row_bytes > 0;
			if (*more_r)
				row_finish(r);
			return !r->cells.nomem || err_nomem(e);
		}
		bool is_blank = r->row_bytes == 0 && (piece.p[0] == '\n' || piece.p[0] == '\r');
		if (r->row_bytes == 0)
			r->row_line = r->line;
		if (!is_blank && !row_take(r, piece, ends_line, e))
			return false;
		r->line += ends_line;
	}
	*more_r = true;
	return true;
}

/* Makes what was read of a broken row fit to be shown. */
static void make_printable(char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t k = utf8_char(p + i, n - i);
		if (k == 0 || p[i] == '\0')
			p[i] = '?';
		i += k ? k : 1;
	}
}

static void row_check_text(struct csv_reader *r)
{
	str all = buf_view(&r->cells);
	const char *nul = all.n > 0 ? memchr(all.p, '\0', all.n) : NULL;
	if (nul)
		row_problem(r, "this row holds a NUL byte");
	else if (!str_is_utf8(all))
		row_problem(r, "this row holds bytes that are not %s",
			    csv_encoding_name(r->text.encoding));
	if (r->problem[0])
		make_printable(r->cells.p, r->cells.n);
}

static void row_view(struct csv_reader *r)
{
	size_t at = 0;
	for (size_t i = 0; i < r->n; i++) {
		r->fields[i] = (str){ r->cells.p + at, r->ends[i] - at };
		at = r->ends[i] + 1;
	}
}

bool csv_next(struct csv_reader *r, struct csv_row *row_r, bool *more_r, err *e)
{
	bool more;
	if (!row_read(r, &more, e))
		return false;
	*more_r = more;
	if (!more)
		return true;
	row_check_text(r);
	row_view(r);
	*row_r = (struct csv_row){
		.fields = r->fields,
		.n = r->n,
		.line = r->row_line,
		.number = ++r->number,
		.problem = str_of(r->problem),
	};
	return true;
}

static bool header_read(struct csv_reader *r, err *e)
{
	struct csv_row row;
	bool more;
	if (!csv_next(r, &row, &more, e))
		return false;
	if (!more)
		return true;
	r->number = 0;
	if (row.problem.n > 0)
		return err_set(e, ERR_INVALID, "line %llu, which should name the columns: %.*s",
			       (unsigned long long)row.line, STR_ARG(row.problem));
	r->header = mem_alloc(row.n * sizeof *r->header);
	r->header_text = mem_alloc(r->cells.n);
	if (!r->header || !r->header_text)
		return err_nomem(e);
	memcpy(r->header_text, r->cells.p, r->cells.n);
	for (size_t i = 0; i < row.n; i++) {
		size_t at = (size_t)(row.fields[i].p - r->cells.p);
		r->header[i] = (str){ r->header_text + at, row.fields[i].n };
	}
	r->header_n = row.n;
	return true;
}

/* Looks at the beginning of the file and opens the text in the right encoding. */
static bool text_open(struct csv_reader *r, err *e)
{
	uint64_t size;
	if (!file_size(r->file, &size, e))
		return false;
	size_t n = (size_t)MIN(size, (uint64_t)CSV_WINDOW);
	char *window = mem_alloc(n);
	if (!window)
		return err_nomem(e);
	enum csv_encoding encoding;
	size_t start;
	bool ok = file_read(r->file, window, n, 0, &n, e) &&
		  csv_guess_encoding(window, n, n == size, &encoding, &start, e) &&
		  csv_text_init(&r->text, r->file, size, encoding, start, e);
	mem_free(window);
	r->text_open = ok;
	return ok;
}

static bool reader_start(struct csv_reader *r, struct csv_options options, err *e)
{
	str text;
	if (!text_open(r, e) || !csv_text_peek(&r->text, &text, e))
		return false;
	size_t bytes = 0;
	char mark = csv_sep_line(text, &bytes);
	r->text.out_at += bytes;
	r->line = mark ? 2 : 1;
	if (options.delimiter)
		r->delimiter = options.delimiter;
	else if (mark)
		r->delimiter = mark;
	else
		r->delimiter = csv_guess_delimiter(text, r->text.end);
	csv_parser_start(&r->parser, r->delimiter);
	return !options.has_header || header_read(r, e);
}

bool csv_open(struct fs *fs, const char *path, struct csv_options options, struct csv_reader **r_r,
	      err *e)
{
	struct csv_reader *r = mem_zalloc(1, sizeof *r);
	if (!r)
		return err_nomem(e);
	buf_init(&r->cells, CSV_ROW_BYTES_MAX);
	if (!file_open(fs, path, FILE_READ, &r->file, e)) {
		mem_free(r);
		return false;
	}
	if (!reader_start(r, options, e)) {
		err_prefix(e, "%s", path);
		csv_close(&r);
		return false;
	}
	*r_r = r;
	return true;
}

void csv_close(struct csv_reader **reader)
{
	struct csv_reader *r = *reader;
	if (!r)
		return;
	*reader = NULL;
	csv_free(&r->parser);
	if (r->text_open)
		csv_text_fini(&r->text);
	file_close(&r->file, NULL);
	buf_fini(&r->cells);
	mem_free(r->header);
	mem_free(r->header_text);
	mem_free(r);
}

const str *csv_header(const struct csv_reader *r, size_t *n_r)
{
	*n_r = r->header_n;
	return r->header;
}

uint64_t csv_bytes_read(const struct csv_reader *r)
{
	uint64_t waiting = r->text.raw_n;
	/* Of decoded text the bytes in the file are not known any more: about as many units. */
	if (r->text.encoding == CSV_UTF8)
		waiting = r->text.out_n - r->text.out_at;
	return r->text.offset - waiting;
}

uint64_t csv_bytes_total(const struct csv_reader *r)
{
	return r->text.size;
}

const char *csv_encoding(const struct csv_reader *r)
{
	return csv_encoding_name(r->text.encoding);
}

char csv_delimiter(const struct csv_reader *r)
{
	return r->delimiter;
}
