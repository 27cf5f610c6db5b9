/*
 * export.c - a list as a table, all of it, piece by piece.
 *
 * What it is:   who fits is settled at the beginning; their rows are read as the client takes them,
 *               so that a slow one holds no view.
 * Promises:     memory is a number per row and one piece. No cell that a spreadsheet would run as a
 *               formula goes out as it is: an apostrophe stands before it, and the import takes it
 *               away again.
 * Threads:      workers, one at a time.
 */
#include "server/shape_int.h"

#include "server/auth_actor_int.h"

#include "base/mem.h"
#include "base/time.h"
#include "io/csv.h"

#include <string.h>

#define EXPORT_ROWS_MAX	   10000000
#define PIECE_ROWS	   200
#define PIECE_ARENA_MAX	   (64 * MIB)
#define NUMBERS_ARENA_MAX  (512 * MIB)
#define CELL_BYTES_MAX	   MIB
#define EXPORT_COLUMNS_MAX (LIST_COLUMNS_MAX + 16)

struct export
{
	struct server *server;
	struct arena arena; /* numbers and names of columns */
	struct arena piece;
	str columns[EXPORT_COLUMNS_MAX];
	size_t columns_n;
	uint64_t *subjects;
	size_t n, at;
	int64_t now_us;
	bool begun;
};

static const str PERSON_COLUMNS[] = { S("person"),	  S("name"),	 S("email"),
				      S("company"),	  S("title"),	 S("stage"),
				      S("stage_since"),	  S("owner"),	 S("first_source"),
				      S("latest_source"), S("first_at"), S("last_at"),
				      S("touches") };
static const str COMPANY_COLUMNS[] = { S("company"),   S("name"),    S("domain"), S("industry"),
				       S("employees"), S("country"), S("owner"),  S("stage"),
				       S("first_at"),  S("last_at"), S("touches") };
static const str DEAL_COLUMNS[] = { S("deal"),	      S("name"),       S("company"),
				    S("stage"),	      S("status"),     S("amount"),
				    S("owner"),	      S("pipeline"),   S("next_step"),
				    S("close_date"),  S("created_at"), S("closed_at"),
				    S("loss_reason"), S("first_at"),   S("last_at"),
				    S("touches") };

static void column_add(struct export *x, str name)
{
	for (size_t i = 0; i < x->columns_n; i++) {
		if (str_eq(x->columns[i], name))
			return;
	}
	if (x->columns_n < EXPORT_COLUMNS_MAX)
		x->columns[x->columns_n++] = str_dup(&x->arena, name);
}

static void columns_choose(struct export *x, enum entity entity, const struct shape_columns *more)
{
	const str *names = entity == ENTITY_PERSON    ? PERSON_COLUMNS
			   : entity == ENTITY_COMPANY ? COMPANY_COLUMNS
						      : DEAL_COLUMNS;
	size_t n = entity == ENTITY_PERSON    ? ARRAY_LEN(PERSON_COLUMNS)
		   : entity == ENTITY_COMPANY ? ARRAY_LEN(COMPANY_COLUMNS)
					      : ARRAY_LEN(DEAL_COLUMNS);
	for (size_t i = 0; i < n; i++)
		column_add(x, names[i]);
	for (size_t i = 0; i < more->n; i++)
		column_add(x, more->names[i]);
}

static value cell_of(const struct subject *s, str column, struct arena *a)
{
	bool own = str_eq(column, str_of(shape_entity(s->view.entity)));
	return own ? value_int((int64_t)s->view.subject) : shape_row_value(s, column, a);
}

/* Only text can be taken for a formula; a number with a sign stays one. */
static bool put_cell(struct buf *out, value v, struct buf *text, bool first, err *e)
{
	buf_clear(text);
	value_print(text, v);
	if (!first)
		buf_byte(out, ',');
	csv_put_field(out, buf_view(text), v.kind == VALUE_TEXT || v.kind == VALUE_LIST);
	return buf_ok(text, e);
}

static bool put_rows(struct export *x, struct people *p, struct buf *out, err *e)
{
	struct buf text CLEANUP(buf_fini);
	buf_init(&text, CELL_BYTES_MAX);
	for (size_t k = 0; k < PIECE_ROWS && x->at < x->n; k++, x->at++) {
		struct subject s;
		arena_reset(&x->piece);
		if (!subject_read(p, x->subjects[x->at], NULL, 0, x->now_us, &x->piece, &s, e))
			return false;
		for (size_t i = 0; i < x->columns_n; i++) {
			value v = cell_of(&s, x->columns[i], &x->piece);
			if (!put_cell(out, v, &text, i == 0, e))
				return false;
		}
		buf_cstr(out, "\r\n");
	}
	return true;
}

static void put_head(struct export *x, struct buf *out)
{
	for (size_t i = 0; i < x->columns_n; i++) {
		if (i)
			buf_byte(out, ',');
		csv_put_field(out, x->columns[i], true);
	}
	buf_cstr(out, "\r\n");
	x->begun = true;
}

/* An export that fails ends early; what was sent stays whole rows. */
static bool piece(void *arg, struct buf *out)
{
	struct export *x = arg;
	struct view *v = NULL;
	err e = { 0 };
	if (!x->begun)
		put_head(x, out);
	if (x->at == x->n || !view_borrow(x->server, &v, &e))
		return false;
	bool ok = put_rows(x, snapshot_people(view_snapshot(v)), out, &e);
	view_return(&v);
	return ok && x->at < x->n;
}

static void export_free(void *arg)
{
	struct export *x = arg;
	arena_fini(&x->piece);
	arena_fini(&x->arena);
	mem_free(x);
}

static bool who_fits(struct request *q, struct export *x, enum entity entity, err *e)
{
	struct view *v = NULL;
	struct list l;
	struct directory_page page;
	bool ok = view_borrow(q->server, &v, e) && list_read(q, v, entity, &l, e);
	if (ok) {
		l.query.limit = EXPORT_ROWS_MAX;
		ok = directory_page(view_directory(v), view_snapshot(v), &l.query, &x->arena, &page,
				    e);
	}
	if (ok) {
		x->subjects = page.subjects;
		x->n = page.n;
		x->now_us = l.query.now_us;
		columns_choose(x, entity, &l.columns);
		ok = !x->arena.over || arena_err(&x->arena, e);
	}
	view_return(&v);
	return ok;
}

bool list_export(struct request *q, struct answer *a, enum entity entity, const char *file_name,
		 err *e)
{
	struct export *x = mem_zalloc(1, sizeof *x);
	if (x == NULL)
		return err_nomem(e);
	x->server = q->server;
	arena_init(&x->arena, NUMBERS_ARENA_MAX);
	arena_init(&x->piece, PIECE_ARENA_MAX);
	if (!who_fits(q, x, entity, e)) {
		export_free(x);
		return false;
	}
	str told = str_printf(q->arena, "%s, %zu", file_name, x->n);
	audit_request(q, "exported", 0, q->actor.name, told);
	http_answer_header(q->http, "Content-Disposition",
			   str_printf(q->arena, "attachment; filename=\"%s\"", file_name));
	http_answer_pieces(q->http, 200, "text/csv; charset=utf-8", piece, export_free, x);
	a->sent = true;
	return true;
}
