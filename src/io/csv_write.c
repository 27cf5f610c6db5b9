/*
 * csv_write.c - one field of a table, quoted where it has to be.
 *
 * What it is:   the writing side of RFC 4180.
 * Promises:     what csv_next reads back is the field that was written (with the apostrophe, when
 *               `safe` put one). The one row that cannot be told from a blank line, a single empty
 *               field, is the caller's to avoid.
 */
#include "io/csv.h"

#include <string.h>

static bool needs_quotes(str field)
{
	for (size_t i = 0; i < field.n; i++) {
		switch (field.p[i]) {
		case ',':
		case ';':
		case '\t':
		case '|':
		case '"':
		case '\n':
		case '\r':
			return true;
		default:
			break;
		}
	}
	/* Other readers trim blanks at the ends. */
	return field.n > 0 && (field.p[0] == ' ' || field.p[field.n - 1] == ' ');
}

/* What spreadsheets run: OWASP's list for CSV injection; also behind apostrophes, so that taking
 * one away again gives what was written. */
static bool is_formula(str field)
{
	size_t i = 0;
	while (i < field.n && field.p[i] == '\'')
		i++;
	return i < field.n && memchr("=+-@\t\r", field.p[i], 6);
}

void csv_put_field(struct buf *b, str field, bool safe)
{
	bool guard = safe && is_formula(field);
	bool quoted = needs_quotes(field);
	if (quoted)
		buf_byte(b, '"');
	if (guard)
		buf_byte(b, '\'');
	if (!quoted) {
		buf_str(b, field);
		return;
	}
	while (field.n > 0) {
		size_t n = str_index(field, '"');
		bool mark = n < field.n;
		buf_put(b, field.p, n + (mark ? 1 : 0));
		if (mark)
			buf_byte(b, '"');
		field = str_sub(field, n + (mark ? 1 : 0), field.n);
	}
	buf_byte(b, '"');
}
