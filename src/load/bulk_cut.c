/*
 * bulk_cut.c - a file as blocks of whole rows, and a row as its fields.
 *
 * What it is:   reads a megabyte at a time and cuts it behind its last whole row. What io/csv reads
 *               alike byte for byte is split here: UTF-8, LF or CRLF, quotation marks only around
 *               whole fields or inside of bare ones. At the first thing that is not so plain the
 *               rest of the file goes through io/csv, which knows what to say about it; its rows
 *               are written down again plainly for the workers.
 * Promises:     the rows of a file are those of io/csv, in the same order, with the same lines.
 * Threads:      the cutter is the caller's; splitting is the workers'.
 */
#include "load/bulk_int.h"

#include <string.h>

/* ---- a row ----------------------------------------------------------------------------------- */

/* A field in quotation marks: behind its closing one; NULL when it is not plain. */
static const char *quoted_end(const char *p, const char *end, bool *doubled_r)
{
	*doubled_r = false;
	for (;;) {
		p = memchr(p, '"', (size_t)(end - p));
		if (!p)
			return NULL;
		if (p + 1 == end || p[1] != '"')
			return p;
		*doubled_r = true;
		p += 2;
	}
}

static str undouble(str s, struct arena *a)
{
	char *to = arena_alloc(a, s.n);
	size_t n = 0;
	if (!to)
		return S("");
	for (size_t i = 0; i < s.n; i++) {
		to[n++] = s.p[i];
		i += s.p[i] == '"';
	}
	return str_make(to, n);
}

static const char *bare_end(const char *p, const char *end, char delimiter)
{
	while (p < end && *p != delimiter && *p != '\n')
		p++;
	return p;
}

static uint32_t count_lines(const char *p, const char *end)
{
	uint32_t n = 0;
	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		n++;
		p++;
	}
	return n;
}

const char *bulk_split_row(struct bulk_split *s, const char *p, const char *end, char delimiter,
			   struct arena *a)
{
	s->n = 0;
	s->lines = 1;
	for (;;) {
		const char *from = p;
		if (p < end && *p == '"') {
			bool doubled;
			const char *close = quoted_end(p + 1, end, &doubled);
			CHECK(close); /* the cutter has seen to that */
			str field = str_make(p + 1, (size_t)(close - p - 1));
			s->lines += count_lines(field.p, close);
			p = close + 1;
			s->fields[s->n++] = doubled ? undouble(field, a) : field;
			if (p + 1 < end && *p == '\r' && p[1] == '\n')
				p++;
			from = NULL;
			s->end = close + 1;
		} else {
			p = bare_end(p, end, delimiter);
			s->fields[s->n++] = str_make(from, (size_t)(p - from));
			s->end = p;
		}
		if (p < end && *p == delimiter) {
			p++;
			continue;
		}
		str *last = &s->fields[s->n - 1];
		if (from && last->n > 0 && p < end && last->p[last->n - 1] == '\r') {
			last->n--;
			s->end--;
		}
		return p < end ? p + 1 : p;
	}
}

/* Where the row that begins at `p` ends, behind its line end. NULL: not in here; *odd_r: it is not
 * plain. */
static const char *row_end(const char *p, const char *end, char delimiter, bool at_end, bool *odd_r)
{
	size_t fields = 0;
	for (;;) {
		if (++fields > CSV_FIELDS_MAX) {
			*odd_r = true;
			return NULL;
		}
		if (p < end && *p == '"') {
			bool doubled;
			const char *close = quoted_end(p + 1, end, &doubled);
			bool last = close && close + 1 == end;
			if (!close || (last && !at_end)) {
				*odd_r = !close && at_end;
				return NULL;
			}
			p = close + 1;
			bool crlf = p + 1 < end && *p == '\r' && p[1] == '\n';
			if (p + 1 == end && *p == '\r' && !at_end)
				return NULL;
			if (p < end && *p != delimiter && *p != '\n' && !crlf) {
				*odd_r = true;
				return NULL;
			}
			p += crlf;
		} else {
			p = bare_end(p, end, delimiter);
		}
		if (p == end)
			return at_end ? p : NULL;
		if (*p++ == '\n')
			return p;
	}
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* A carriage return that ends no line, a NUL, or bytes that are no UTF-8. */
static bool has_odd_bytes(str s)
{
	const char *p = s.p, *end = s.p + s.n;
	if (memchr(p, '\0', s.n) || !str_is_utf8(s))
		return true;
	while ((p = memchr(p, '\r', (size_t)(end - p))) != NULL) {
		if (p + 1 == end || p[1] != '\n')
			return true;
		p++;
	}
	return false;
}

/* The header was read by io/csv; where it ended is where the rows begin. */
static bool find_start(struct bulk_cutter *c, err *e)
{
	struct loader *l = c->l;
	struct buf head CLEANUP(buf_fini);
	size_t n = 0;
	c->line = 1;
	buf_init(&head, CSV_ROW_BYTES_MAX + MIB);
	uint64_t bytes = l->source.json ? 3 : csv_bytes_read(l->source.csv);
	char *room = buf_room(&head, (size_t)bytes);
	if (!room)
		return buf_ok(&head, e);
	if (!file_read(c->file, room, (size_t)bytes, 0, &n, e))
		return false;
	if (l->source.json) {
		c->offset = n == 3 && memcmp(room, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
		return true;
	}
	c->offset = bytes;
	c->line += count_lines(room, room + n);
	c->slow = strcmp(csv_encoding(l->source.csv), "UTF-8") != 0 ||
		  has_odd_bytes(str_make(room, n));
	c->at_line = c->slow;
	return true;
}

bool cutter_open(struct bulk_cutter *c, struct loader *l, uint64_t offset, uint64_t line, err *e)
{
	*c = (struct bulk_cutter){ .l = l, .block_bytes = BULK_BLOCK_BYTES };
	buf_init(&c->rest, 4 * CSV_ROW_BYTES_MAX);
	if (!file_open(l->fs, l->path, FILE_READ, &c->file, e) || !find_start(c, e))
		return false;
	if (line > 0) {
		c->line = line;
		c->offset = offset;
		c->slow |= offset == 0;
		c->at_line = false;
	}
	return true;
}

void cutter_close(struct bulk_cutter *c)
{
	file_close(&c->file, NULL);
	buf_fini(&c->rest);
}

/* How many bytes of the block are whole, plain rows. */
static size_t whole_rows(struct bulk_cutter *c, str s, bool at_end, bool *odd_r)
{
	char delimiter = c->l->source.json ? '\n' : csv_delimiter(c->l->source.csv);
	if (c->l->source.json || !memchr(s.p, '"', s.n)) {
		const char *last = memrchr(s.p, '\n', s.n);
		return at_end ? s.n : last ? (size_t)(last - s.p) + 1 : 0;
	}
	const char *p = s.p, *end = s.p + s.n, *next;
	while (p < end && (next = row_end(p, end, delimiter, at_end, odd_r)) != NULL)
		p = next;
	return (size_t)(p - s.p);
}

/* Reads on behind what is left over. */
static bool fill(struct bulk_cutter *c, struct buf *to, size_t more, err *e)
{
	size_t n = 0;
	char *room = buf_room(to, more);
	if (!room)
		return buf_ok(to, e);
	if (!file_read(c->file, room, more, c->offset, &n, e))
		return false;
	to->n += n;
	c->offset += n;
	c->ended = n < more;
	return true;
}

static bool plain_block(struct bulk_cutter *c, struct bulk_block *b, err *e)
{
	buf_clear(&b->text);
	buf_put(&b->text, c->rest.p, c->rest.n);
	buf_clear(&c->rest);
	bool odd = false;
	size_t whole = 0;
	for (size_t more = c->block_bytes; whole == 0 && !odd; more *= 2) {
		if (!fill(c, &b->text, more, e))
			return false;
		if (b->text.n == 0)
			break;
		whole = whole_rows(c, buf_view(&b->text), c->ended, &odd);
		odd |= !c->l->source.json && b->text.n > CSV_ROW_BYTES_MAX && whole == 0;
		if (c->ended)
			break;
	}
	if (!c->l->source.json && whole > 0 && has_odd_bytes(str_make(b->text.p, whole))) {
		odd = true;
		whole = 0;
	}
	c->slow = odd;
	buf_put(&c->rest, b->text.p + whole, b->text.n - whole);
	b->text.n = whole;
	b->quoted = memchr(b->text.p, '"', whole) != NULL;
	b->line = c->line;
	b->bytes = c->offset - c->rest.n;
	c->line += count_lines(b->text.p, b->text.p + whole);
	b->offset_next = b->bytes;
	b->line_next = c->line;
	return buf_ok(&c->rest, e);
}

/* ---- through io/csv -------------------------------------------------------------------------- */

static bool put_row(struct bulk_cutter *c, struct bulk_block *b, const struct raw_row *raw, err *e)
{
	char delimiter = csv_delimiter(c->l->source.csv);
	struct bulk_odd odd = { raw->line, raw->n, str_dup(&b->arena, raw->problem) };
	for (size_t i = 0; i < raw->n; i++) {
		if (i > 0)
			buf_byte(&b->text, (uint8_t)delimiter);
		buf_byte(&b->text, '"');
		for (size_t k = 0; k < raw->fields[i].n; k++) {
			if (raw->fields[i].p[k] == '"')
				buf_byte(&b->text, '"');
			buf_byte(&b->text, (uint8_t)raw->fields[i].p[k]);
		}
		buf_byte(&b->text, '"');
	}
	if (raw->n == 0)
		buf_cstr(&b->text, "\"\"");
	buf_byte(&b->text, '\n');
	if (b->arena.over)
		return arena_err(&b->arena, e);
	return buf_ok(&b->text, e) && (vec_push(&b->odd, odd) || err_nomem(e));
}

static bool slow_block(struct bulk_cutter *c, struct bulk_block *b, err *e)
{
	struct raw_row raw;
	bool more = true;
	buf_clear(&b->text);
	while (b->text.n < c->block_bytes) {
		if (!source_next(c->l, &raw, &more, e))
			return false;
		if (!more)
			break;
		c->at_line |= raw.line >= c->line;
		if (c->at_line && !put_row(c, b, &raw, e))
			return false;
	}
	c->ended = !more;
	buf_clear(&c->rest);
	b->quoted = true;
	b->line = 0;
	b->bytes = source_bytes(c->l);
	if (b->odd.n > 0)
		c->line = b->odd.items[b->odd.n - 1].line + 1;
	b->offset_next = 0;
	b->line_next = c->line;
	return true;
}

bool cutter_next(struct bulk_cutter *c, struct bulk_block *b, bool *more_r, err *e)
{
	vec_clear(&b->odd);
	arena_reset(&b->arena);
	b->text.n = 0;
	if (!c->slow && (!c->ended || c->rest.n > 0) && !plain_block(c, b, e))
		return err_prefix(e, "%s", c->l->path);
	if (c->slow && b->text.n == 0 && !slow_block(c, b, e))
		return err_prefix(e, "%s", c->l->path);
	*more_r = b->text.n > 0;
	return true;
}
