/*
 * cli_table.c - rows of cells as a table for people, as CSV or as JSON.
 *
 * What it is:   a table takes the width that it needs; on a terminal that is narrower, flexible
 *               columns give way, the widest first, and what is cut ends in an ellipsis.
 * Promises:     off a terminal nothing is cut; figures stand right-aligned; CSV is quoted by RFC
 * 4180 and guarded against formulas. Threads:      one table, one thread.
 */
#include "cli/cli_int.h"

#include "io/csv.h"

#define TABLE_GAP	   2
#define CELL_BYTES_MAX	   (16 * MIB)
#define TABLE_FLEXIBLE_MIN 8

bool table_add(struct table *t, struct table_cell cell, err *e)
{
	if (!vec_push(&t->cells, cell))
		return err_nomem(e);
	return true;
}

void table_fini(struct table *t)
{
	vec_free(&t->cells);
}

size_t table_rows(const struct table *t)
{
	return t->columns_n > 0 ? t->cells.n / t->columns_n : 0;
}

/* A value as text, valid until `scratch` changes. What fails here fails `out`, whose writer looks.
 */
static str value_shown(value v, struct buf *scratch, struct buf *out)
{
	buf_clear(scratch);
	value_print(scratch, v);
	out->nomem = out->nomem || scratch->nomem;
	out->over = out->over || scratch->over;
	return buf_view(scratch);
}

static str cell_text(const struct table_cell *cell, struct buf *scratch, struct buf *out)
{
	return cell->text.p != NULL ? cell->text : value_shown(cell->value, scratch, out);
}

static void widths_measure(const struct table *t, struct buf *scratch, struct buf *out,
			   size_t *widths)
{
	for (size_t i = 0; i < t->columns_n; i++)
		widths[i] = text_width(t->columns[i].title);
	for (size_t i = 0; i < t->cells.n; i++) {
		size_t width = text_width(cell_text(&t->cells.items[i], scratch, out));
		if (width > widths[i % t->columns_n])
			widths[i % t->columns_n] = width;
	}
}

static void widths_fit(const struct table *t, size_t room, size_t *widths)
{
	for (;;) {
		size_t sum = 0;
		size_t widest = t->columns_n;
		for (size_t i = 0; i < t->columns_n; i++) {
			sum += widths[i] + (i > 0 ? TABLE_GAP : 0);
			if (t->columns[i].flexible && widths[i] > TABLE_FLEXIBLE_MIN &&
			    (widest == t->columns_n || widths[i] > widths[widest]))
				widest = i;
		}
		if (sum <= room || widest == t->columns_n)
			return;
		size_t over = sum - room;
		size_t spare = widths[widest] - TABLE_FLEXIBLE_MIN;
		/* A little at a time, so that two wide columns end up alike. */
		widths[widest] -= MIN(MIN(over, spare), MAX(over / 8, (size_t)1));
	}
}

static void put_blanks(struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_byte(b, ' ');
}

static void put_cell(const struct terminal *term, struct buf *b, const struct table_column *column,
		     size_t width, bool last, enum style style, str text)
{
	size_t used = MIN(text_width(text), width);
	if (column->align == ALIGN_RIGHT)
		put_blanks(b, width - used);
	if (style != STYLE_PLAIN)
		terminal_style(term, b, style);
	text_put_fitted(term, b, text, width);
	if (style != STYLE_PLAIN)
		terminal_style(term, b, STYLE_PLAIN);
	if (column->align == ALIGN_LEFT && !last)
		put_blanks(b, width - used);
	if (!last)
		put_blanks(b, TABLE_GAP);
}

static void end_line(struct buf *b)
{
	while (b->n > 0 && b->p[b->n - 1] == ' ')
		b->n--;
	buf_byte(b, '\n');
}

void table_put_text(const struct table *t, const struct terminal *term, struct arena *a,
		    struct buf *b)
{
	size_t *widths = ARENA_ARRAY(a, size_t, t->columns_n);
	if (widths == NULL) {
		b->nomem = true; /* found by the buf_ok at the writer's end */
		return;
	}
	struct buf scratch;
	buf_init(&scratch, CELL_BYTES_MAX);
	widths_measure(t, &scratch, b, widths);
	if (term->columns != SIZE_MAX)
		widths_fit(t, term->columns, widths);
	for (size_t i = 0; i < t->columns_n; i++)
		put_cell(term, b, &t->columns[i], widths[i], i + 1 == t->columns_n, STYLE_GREY,
			 t->columns[i].title);
	end_line(b);
	for (size_t i = 0; i < t->cells.n; i++) {
		size_t column = i % t->columns_n;
		bool last = column + 1 == t->columns_n;
		put_cell(term, b, &t->columns[column], widths[column], last,
			 t->cells.items[i].style, cell_text(&t->cells.items[i], &scratch, b));
		if (last)
			end_line(b);
	}
	buf_fini(&scratch);
}

void table_put_csv(const struct table *t, bool header, struct buf *b)
{
	for (size_t i = 0; header && i < t->columns_n; i++) {
		buf_cstr(b, i > 0 ? "," : "");
		csv_put_field(b, t->columns[i].key, true);
	}
	if (header)
		buf_byte(b, '\n');
	struct buf scratch;
	buf_init(&scratch, CELL_BYTES_MAX);
	for (size_t i = 0; i < t->cells.n; i++) {
		const struct table_cell *cell = &t->cells.items[i];
		str shown = value_shown(cell->value, &scratch, b);
		buf_cstr(b, i % t->columns_n > 0 ? "," : "");
		/* A negative number is no formula. */
		bool text = cell->value.kind == VALUE_TEXT || cell->value.kind == VALUE_LIST;
		csv_put_field(b, shown, text);
		if (i % t->columns_n == t->columns_n - 1)
			buf_byte(b, '\n');
	}
	buf_fini(&scratch);
}

void table_put_json(const struct table *t, struct json_writer *w)
{
	for (size_t i = 0; i < t->cells.n; i++) {
		size_t column = i % t->columns_n;
		if (column == 0)
			json_object_open(w);
		json_key(w, t->columns[column].key);
		put_json_value(w, t->cells.items[i].value);
		if (column == t->columns_n - 1)
			json_object_close(w);
	}
}
