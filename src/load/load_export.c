/*
 * load_export.c - everything that is known, in the shape that import reads.
 *
 * What it is:   two walks over people, companies, deals or touches: one finds the columns, the
 * other writes them; JSON lines are written in one. Promises:     memory does not grow with the
 * number of rows. A text that a spreadsheet would run as a formula gets an apostrophe in front,
 * which the import takes off again.
 */
#include "load/load_export_int.h"

#include "load/load_int.h"

#define EXPORT_COLUMNS_MAX 20000
#define EXPORT_PIECE_BYTES (64 * KIB)
#define EXPORT_ARENA_MAX   (256 * MIB)
#define EXPORT_ROW_MAX	   (64 * MIB)

static bool fail(struct export *x)
{
	x->failed = true;
	return false;
}

static bool column_of(struct export *x, str name, size_t *i_r)
{
	uint64_t i;
	if (map_get(&x->columns, name, &i)) {
		*i_r = (size_t)i;
		return true;
	}
	if (x->order.n == EXPORT_COLUMNS_MAX) {
		err_set(x->e, ERR_LIMIT, "more than %d columns; export JSON lines instead",
			EXPORT_COLUMNS_MAX);
		return fail(x);
	}
	str kept = str_dup(&x->names, name);
	if (x->names.over) {
		arena_err(&x->names, x->e);
		return fail(x);
	}
	*i_r = x->order.n;
	if (!map_put(&x->columns, name, x->order.n) || !vec_push(&x->order, kept) ||
	    !vec_push(&x->cells, value_none()) || !vec_push(&x->used, false)) {
		err_nomem(x->e);
		return fail(x);
	}
	return true;
}

static void put_json(struct export *x, str name, value v)
{
	struct json_writer *w = &x->json;
	json_key(w, name);
	switch (v.kind) {
	case VALUE_INT:
		json_put_int(w, v.i);
		return;
	case VALUE_REAL:
		json_put_real(w, v.real);
		return;
	case VALUE_BOOL:
		json_put_bool(w, v.i != 0);
		return;
	case VALUE_LIST:
		json_array_open(w);
		for (size_t i = 0; i < v.list.n; i++) {
			buf_clear(&x->text);
			value_print(&x->text, v.list.items[i]);
			json_put_text(w, buf_view(&x->text));
		}
		json_array_close(w);
		return;
	case VALUE_NONE:
	case VALUE_TEXT:
	case VALUE_TIME:
	case VALUE_DATE:
	case VALUE_MONEY:
		break;
	}
	buf_clear(&x->text);
	value_print(&x->text, v);
	json_put_text(w, buf_view(&x->text));
}

bool export_put(struct export *x, str name, value v)
{
	if (v.kind == VALUE_NONE || (v.kind == VALUE_TEXT && v.text.n == 0))
		return true;
	if (x->x->json) {
		put_json(x, name, v);
		return true;
	}
	size_t i;
	if (!column_of(x, name, &i))
		return false;
	x->used.items[i] = true;
	x->cells.items[i] = v;
	return true;
}

bool export_put_text(struct export *x, const char *name, str text)
{
	return text.n == 0 || export_put(x, str_of(name), value_text(text));
}

static bool flush(struct export *x, size_t least)
{
	if (!buf_ok(&x->out, x->e) || !buf_ok(&x->text, x->e))
		return fail(x);
	if (x->out.n < least)
		return true;
	if (x->out.n > 0 && !x->x->put(x->x->arg, buf_view(&x->out))) {
		err_set(x->e, ERR_IO, "the export could not be written");
		return fail(x);
	}
	buf_clear(&x->out);
	return true;
}

static void put_cell(struct export *x, value v)
{
	buf_clear(&x->text);
	value_print(&x->text, v);
	str s = buf_view(&x->text);
	csv_put_field(&x->out, s, v.kind == VALUE_TEXT || v.kind == VALUE_LIST);
}

bool export_row_end(struct export *x)
{
	if (x->x->json) {
		json_object_close(&x->json);
		buf_byte(&x->out, '\n');
		json_writer_init(&x->json, &x->out, false);
		json_object_open(&x->json);
		return flush(x, EXPORT_PIECE_BYTES);
	}
	bool first = true;
	for (size_t i = 0; i < x->order.n; i++) {
		if (!x->used.items[i])
			continue;
		if (!x->counting) {
			if (!first)
				buf_byte(&x->out, ',');
			put_cell(x, x->cells.items[i]);
		}
		first = false;
		x->cells.items[i] = value_none();
	}
	if (!x->counting)
		buf_byte(&x->out, '\n');
	if (x->row.over) {
		arena_err(&x->row, x->e);
		return fail(x);
	}
	return flush(x, EXPORT_PIECE_BYTES);
}

static void put_header(struct export *x)
{
	bool first = true;
	for (size_t i = 0; i < x->order.n; i++) {
		if (!x->used.items[i])
			continue;
		if (!first)
			buf_byte(&x->out, ',');
		csv_put_field(&x->out, x->order.items[i], true);
		first = false;
	}
	buf_byte(&x->out, '\n');
}

static enum entity entity_of(enum load_kind kind)
{
	return kind == LOAD_PEOPLE	? ENTITY_PERSON
	       : kind == LOAD_COMPANIES ? ENTITY_COMPANY
					: ENTITY_DEAL;
}

static bool each_subject(void *arg, uint64_t subject)
{
	struct export *x = arg;
	arena_reset(&x->row);
	return export_subject(x, entity_of(x->x->kind), subject);
}

static bool each_touch(void *arg, const struct touch *t)
{
	struct export *x = arg;
	arena_reset(&x->row);
	return export_touch(x, t);
}

static bool walk(struct export *x)
{
	bool touches = x->x->kind == LOAD_EVENTS || x->x->kind == LOAD_SPEND;
	bool ok = touches ? snapshot_scan(x->s, each_touch, x, x->e)
			  : people_each(x->people, entity_of(x->x->kind), each_subject, x, x->e);
	return ok && !x->failed;
}

/* The best known columns stand first, where there are any. */
static bool order_columns(struct export *x)
{
	size_t n, i;
	const char *const *first = export_first_columns(x->x->kind, &n);
	for (size_t k = 0; k < n; k++) {
		if (!column_of(x, str_of(first[k]), &i))
			return false;
	}
	return true;
}

static bool export_json(struct export *x)
{
	json_writer_init(&x->json, &x->out, false);
	json_object_open(&x->json);
	if (!walk(x))
		return false;
	/* The object that was opened for the next row. */
	x->out.n -= MIN(x->out.n, (size_t)1);
	return flush(x, 0);
}

static bool export_csv(struct export *x)
{
	x->counting = true;
	if (!order_columns(x) || !walk(x))
		return false;
	x->counting = false;
	put_header(x);
	return walk(x) && flush(x, 0);
}

bool load_export(struct snapshot *s, const struct load_export *options, err *e)
{
	err own = { 0 };
	struct export x = { .x = options, .s = s, .people = snapshot_people(s), .e = &own };
	arena_init(&x.names, EXPORT_ARENA_MAX);
	arena_init(&x.row, EXPORT_ROW_MAX);
	arena_init(&x.other, EXPORT_ROW_MAX);
	arena_init(&x.known_ids, EXPORT_ARENA_MAX);
	buf_init(&x.out, EXPORT_ROW_MAX);
	buf_init(&x.text, EXPORT_ROW_MAX);
	bool ok = options->json ? export_json(&x) : export_csv(&x);
	map_fini(&x.columns);
	map64_fini(&x.known);
	vec_free(&x.order);
	vec_free(&x.cells);
	vec_free(&x.used);
	buf_fini(&x.out);
	buf_fini(&x.text);
	arena_fini(&x.names);
	arena_fini(&x.row);
	arena_fini(&x.other);
	arena_fini(&x.known_ids);
	if (!ok && e)
		*e = own;
	return ok;
}
