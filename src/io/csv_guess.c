/*
 * csv_guess.c - what encoding and what delimiter a table has, judged by its beginning.
 *
 * What it is:   a byte order mark decides; else NULs in half of all byte pairs mean UTF-16; else
 *               it is UTF-8, unless most of what is not ASCII is wrong as such, and then
 *               Windows-1252. For the delimiter, the first rows are read with each candidate.
 * Promises:     looks at CSV_WINDOW bytes and GUESS_ROWS rows at most. A few damaged characters do
 *               not turn a UTF-8 file into a Windows one: accidental UTF-8 is rare, so as many good
 *               characters as bad ones prove it.
 */
#include "io/csv_int.h"

#include "base/mem.h"
#include "io/utf8_int.h"

#include <string.h>

#define GUESS_ROWS  100
#define GUESS_BYTES (64 * KIB)

static const char DELIMITERS[] = { ',', ';', '\t', '|' };

static bool begins(const char *p, size_t n, const char *with, size_t with_n)
{
	return n >= with_n && memcmp(p, with, with_n) == 0;
}

/* Files that people hand over as tables and that are none. */
static bool refuse_other_kinds(const char *p, size_t n, err *e)
{
	static const struct {
		const char *magic;
		size_t n;
		const char *what;
	} KINDS[] = {
		{ "PK\003\004", 4, "a workbook or a zip archive" },
		{ "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8, "an old Excel workbook" },
		{ "\x1F\x8B", 2, "a gzip archive" },
		{ "\x28\xB5\x2F\xFD", 4, "a zstd archive" },
		{ "%PDF-", 5, "a PDF document" },
		{ "SQLite format 3", 16, "an SQLite database" },
	};
	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
		if (begins(p, n, KINDS[i].magic, KINDS[i].n))
			return err_set(e, ERR_INVALID,
				       "this is %s, not a text table; save or unpack it as CSV",
				       KINDS[i].what);
	}
	return true;
}

/* Text in Latin script has a NUL in nearly every UTF-16 unit. Other scripts need the mark. */
static bool guess_utf16(const char *p, size_t n, enum csv_encoding *encoding_r)
{
	size_t nuls[2] = { 0, 0 };
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\0')
			nuls[i & 1]++;
	}
	size_t most = MAX(nuls[0], nuls[1]);
	size_t least = MIN(nuls[0], nuls[1]);
	if (most < 2 || most * 4 < n || most < least * 10)
		return false;
	*encoding_r = nuls[1] > nuls[0] ? CSV_UTF16_LE : CSV_UTF16_BE;
	return true;
}

static bool is_utf8_on_the_whole(const char *p, size_t n, bool whole)
{
	size_t good = 0;
	size_t bad = 0;
	/* The window may cut through its last character. */
	size_t end = whole || n < 4 ? n : n - 3;
	for (size_t i = 0; i < end;) {
		size_t k = utf8_char(p + i, n - i);
		good += k > 1;
		bad += k == 0;
		i += k ? k : 1;
	}
	return bad <= good;
}

bool csv_guess_encoding(const char *window, size_t n, bool whole, enum csv_encoding *encoding_r,
			size_t *start_r, err *e)
{
	*start_r = 0;
	if (!refuse_other_kinds(window, n, e))
		return false;
	if (begins(window, n, "\xEF\xBB\xBF", 3)) {
		*encoding_r = CSV_UTF8;
		*start_r = 3;
	} else if (begins(window, n, "\xFF\xFE", 2)) {
		*encoding_r = CSV_UTF16_LE;
		*start_r = 2;
	} else if (begins(window, n, "\xFE\xFF", 2)) {
		*encoding_r = CSV_UTF16_BE;
		*start_r = 2;
	} else if (!guess_utf16(window, n, encoding_r)) {
		*encoding_r = is_utf8_on_the_whole(window, n, whole) ? CSV_UTF8 : CSV_WINDOWS_1252;
	}
	return true;
}

static int is_never_blank(unsigned char c UNUSED)
{
	return 0;
}

static void *parser_realloc(void *block, size_t bytes)
{
	return mem_realloc(block, bytes, 1);
}

void csv_parser_start(struct csv_parser *p, char delimiter)
{
	csv_init(p, CSV_STRICT | CSV_STRICT_FINI);
	csv_set_delim(p, (unsigned char)delimiter);
	csv_set_space_func(p, is_never_blank);
	csv_set_realloc_func(p, parser_realloc);
	csv_set_free_func(p, mem_free);
	csv_set_blk_size(p, 4 * KIB);
}

bool csv_parser_feed(struct csv_parser *p, str piece,
		     void (*field)(void *text, size_t n, void *arg), void (*row)(int c, void *arg),
		     void *arg, size_t *used_r)
{
	/* libcsv grows by equal steps: larger ones for what is large already. */
	csv_set_blk_size(p, MAX(4 * KIB, csv_get_buffer_size(p)));
	size_t at = csv_parse(p, piece.p, piece.n, field, row, arg);
	while (at < piece.n) {
		if (csv_error(p) != CSV_EPARSE)
			return false;
		p->status = CSV_SUCCESS;
		if (p->quoted)
			break;
		csv_set_opts(p, 0);
		size_t took = csv_parse(p, piece.p + at, 1, field, row, arg);
		csv_set_opts(p, CSV_STRICT | CSV_STRICT_FINI);
		if (took == 0)
			return false;
		at++;
		at += csv_parse(p, piece.p + at, piece.n - at, field, row, arg);
	}
	*used_r = at;
	return true;
}

struct trial {
	size_t fields; /* of the present row */
	size_t first;  /* fields of the first row */
	size_t rows;
	size_t same; /* rows with as many fields as the first */
};

static void trial_field(void *text UNUSED, size_t n UNUSED, void *arg)
{
	((struct trial *)arg)->fields++;
}

static void trial_row(int c UNUSED, void *arg)
{
	struct trial *t = arg;
	if (t->rows == GUESS_ROWS)
		return;
	if (t->rows == 0)
		t->first = t->fields;
	t->same += t->fields == t->first;
	t->rows++;
	t->fields = 0;
}

/* Line by line, so that a broken row costs only itself. */
static void try_rows(str text, char delimiter, struct trial *t)
{
	struct csv_parser parser;
	csv_parser_start(&parser, delimiter);
	size_t at = 0;
	while (at < text.n && t->rows < GUESS_ROWS) {
		size_t end = at;
		while (end < text.n && text.p[end] != '\n' && text.p[end] != '\r')
			end++;
		end += end < text.n;
		size_t used;
		if (!csv_parser_feed(&parser, (str){ text.p + at, end - at }, trial_field,
				     trial_row, t, &used))
			break;
		if (used < end - at) {
			csv_free(&parser);
			csv_parser_start(&parser, delimiter);
			t->rows++;
			t->fields = 0;
		}
		at = end;
	}
	/* The last row may have no line end. */
	csv_set_opts(&parser, 0);
	csv_fini(&parser, trial_field, trial_row, t);
	csv_free(&parser);
}

char csv_guess_delimiter(str text, bool whole)
{
	text.n = MIN(text.n, GUESS_BYTES);
	/* A last line that is cut would look ragged. */
	if (!whole || text.n == GUESS_BYTES) {
		size_t n = text.n;
		while (n > 0 && text.p[n - 1] != '\n' && text.p[n - 1] != '\r')
			n--;
		text.n = n > 0 ? n : text.n;
	}
	char best = ',';
	size_t best_score = 0;
	for (size_t i = 0; i < ARRAY_LEN(DELIMITERS); i++) {
		struct trial t = { 0 };
		try_rows(text, DELIMITERS[i], &t);
		if (t.first < 2 || t.rows == 0)
			continue;
		/* Consistency counts squared, in thousandths: a mark that only happens to stand in
		 * texts loses against one that makes the same columns in every row. */
		size_t share = t.same * 1000 / t.rows;
		size_t score = t.first * share * share;
		if (score > best_score) {
			best_score = score;
			best = DELIMITERS[i];
		}
	}
	return best;
}

char csv_sep_line(str text, size_t *bytes_r)
{
	str line = str_sub(text, 0, MIN(str_index(text, '\n'), str_index(text, '\r')));
	size_t n = line.n;
	if (line.n == 7 && line.p[0] == '"' && line.p[6] == '"')
		line = str_sub(line, 1, 5);
	if (line.n != 5 || !str_eq_nocase(str_sub(line, 0, 4), S("sep=")) || n == text.n)
		return 0;
	char mark = line.p[4];
	if (!memchr(DELIMITERS, mark, sizeof DELIMITERS))
		return 0;
	bool crlf = text.p[n] == '\r' && n + 1 < text.n && text.p[n + 1] == '\n';
	*bytes_r = n + (crlf ? 2 : 1);
	return mark;
}
