/*
 * saved.c - funnels that somebody gave a name: rows of the configuration, read and written.
 *
 * What it is:   {"title":"…","query":{"steps":"…","window":"14d"},"place":1}.
 * Promises:     reading costs one pass over the configuration; a list holds SAVED_FUNNELS_MAX rows
 *               at most.
 * Threads:      any.
 */
#include "funnel/saved.h"

#include "io/json.h"

#include <stdlib.h>

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool saved_name_check(str name, err *e)
{
	bool ok = name.n > 0 && name.n <= SAVED_NAME_BYTES_MAX && name.p[0] != '-' &&
		  name.p[0] != '_' && !str_eq(name, S("new"));
	for (size_t i = 0; ok && i < name.n; i++)
		ok = is_name_byte(name.p[i]);
	return ok || err_set(e, ERR_INVALID,
			     "a funnel's name has 1 to %d of a-z, 0-9, - and _, begins with a "
			     "letter or figure, and is not \"new\"",
			     SAVED_NAME_BYTES_MAX);
}

bool saved_title_check(str title, err *e)
{
	bool ok = str_trim(title).n > 0 && title.n <= SAVED_TITLE_BYTES_MAX && str_is_utf8(title);
	for (size_t i = 0; ok && i < title.n; i++)
		ok = (unsigned char)title.p[i] >= ' ' && title.p[i] != 0x7f;
	return ok || err_set(e, ERR_INVALID, "a title has 1 to %d bytes on one line",
			     SAVED_TITLE_BYTES_MAX);
}

str saved_param(const struct saved_funnel *f, str name)
{
	for (size_t i = 0; i < f->params_n; i++)
		if (str_eq(f->params[i].name, name))
			return f->params[i].value;
	return S("");
}

bool saved_print(const struct saved_funnel *f, struct buf *out, err *e)
{
	struct json_writer w;
	size_t bytes = 0;
	json_writer_init(&w, out, false);
	json_object_open(&w);
	json_key(&w, S("title"));
	json_put_text(&w, f->title);
	json_key(&w, S("query"));
	json_object_open(&w);
	for (size_t i = 0; i < f->params_n; i++) {
		bytes += f->params[i].name.n + f->params[i].value.n;
		json_key(&w, f->params[i].name);
		json_put_text(&w, f->params[i].value);
	}
	json_object_close(&w);
	if (f->place > 0) {
		json_key(&w, S("place"));
		json_put_uint(&w, f->place);
	}
	json_object_close(&w);
	if (bytes > SAVED_TEXT_BYTES_MAX || f->params_n > SAVED_PARAMS_MAX)
		return err_set(e, ERR_LIMIT, "a saved funnel holds at most %zu bytes of parameters",
			       SAVED_TEXT_BYTES_MAX);
	return buf_ok(out, e);
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool params_read(const struct json *query, struct arena *a, struct saved_funnel *f)
{
	if (!query || query->kind != JSON_OBJECT || query->n > SAVED_PARAMS_MAX)
		return false;
	f->params = ARENA_ARRAY(a, struct saved_param, query->n);
	if (!f->params)
		return false;
	for (const struct json *c = json_first(query); c; c = json_after(query, c)) {
		if (c->kind != JSON_TEXT)
			return false;
		f->params[f->params_n++] = (struct saved_param){ c->key, c->text };
	}
	return true;
}

/* `f` has its name and text. */
static bool row_read(struct json_parser *parser, struct arena *a, struct saved_funnel *f)
{
	const struct json *row = NULL;
	err bad = { 0 };
	if (!json_parse(parser, f->text, a, &row, &bad) || row->kind != JSON_OBJECT)
		return false;
	const struct json *place = json_get(row, S("place"));
	f->title = json_text_of(row, S("title"));
	if (place && place->kind == JSON_INT && place->i > 0 && place->i <= SAVED_PLACES_MAX)
		f->place = (uint64_t)place->i;
	return saved_name_check(f->name, &bad) && f->title.n > 0 &&
	       params_read(json_get(row, S("query")), a, f);
}

struct collect {
	struct arena *a;
	struct saved_funnel *list;
	size_t n;
	bool over;
};

static bool collect_row(void *arg, str name, str text, uint64_t from_seq, int64_t from_us, str by)
{
	struct collect *c = arg;
	(void)from_seq;
	if (!str_starts(name, S(SAVED_PREFIX)) || text.n == 0)
		return true;
	if (c->n == SAVED_FUNNELS_MAX)
		return false;
	struct saved_funnel *f = &c->list[c->n++];
	*f = (struct saved_funnel){
		.name = str_dup(c->a, str_sub(name, sizeof SAVED_PREFIX - 1, name.n)),
		.text = str_dup(c->a, text),
		.by = str_dup(c->a, by),
		.at_us = from_us,
	};
	c->over = c->a->over;
	return !c->over;
}

static int saved_cmp(const void *a, const void *b)
{
	const struct saved_funnel *x = a, *y = b;
	uint64_t at_x = x->place ? x->place : UINT64_MAX, at_y = y->place ? y->place : UINT64_MAX;
	if (at_x != at_y)
		return at_x < at_y ? -1 : 1;
	int order = str_cmp(x->title, y->title);
	return order ? order : str_cmp(x->name, y->name);
}

bool saved_list(struct snapshot *s, struct arena *a, struct saved_funnel **list_r, size_t *n_r,
		err *e)
{
	struct collect c = { .a = a };
	struct json_parser *parser = NULL;
	size_t n = 0;
	c.list = ARENA_ARRAY(a, struct saved_funnel, SAVED_FUNNELS_MAX);
	if (!c.list)
		return arena_err(a, e);
	if (!snapshot_config_each(s, collect_row, &c, e))
		return false;
	if (c.over)
		return arena_err(a, e);
	if (!json_parser_new(&parser, 2 * SAVED_TEXT_BYTES_MAX, e))
		return false;
	for (size_t i = 0; i < c.n; i++)
		if (row_read(parser, a, &c.list[i]))
			c.list[n++] = c.list[i];
	json_parser_free(&parser);
	if (a->over)
		return arena_err(a, e);
	if (n > 1)
		qsort(c.list, n, sizeof *c.list, saved_cmp);
	*list_r = c.list;
	*n_r = n;
	return true;
}

static bool not_found(const struct saved_funnel *list, size_t n, str name, err *e)
{
	const struct saved_funnel *near = NULL;
	size_t least = name.n / 3 + 2;
	for (size_t i = 0; i < n; i++) {
		size_t far = str_distance(list[i].name, name, least);
		if (far < least) {
			least = far;
			near = &list[i];
		}
	}
	if (near)
		return err_set(
			e, ERR_NOT_FOUND, "There is no funnel \"%.*s\"; did you mean \"%.*s\"?",
			STR_ARG(str_sub(name, 0, SAVED_NAME_BYTES_MAX)), STR_ARG(near->name));
	return err_set(e, ERR_NOT_FOUND, "There is no funnel \"%.*s\"",
		       STR_ARG(str_sub(name, 0, SAVED_NAME_BYTES_MAX)));
}

bool saved_find(struct snapshot *s, str name, struct arena *a, struct saved_funnel *f_r, err *e)
{
	struct saved_funnel *list = NULL;
	size_t n = 0;
	str text;
	if (!saved_list(s, a, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (str_eq(list[i].name, name)) {
			*f_r = list[i];
			return true;
		}
	}
	err ignored = { 0 };
	if (!saved_name_check(name, &ignored))
		return not_found(list, n, name, e);
	if (!snapshot_config(s, str_printf(a, SAVED_PREFIX "%.*s", STR_ARG(name)), a, &text, e))
		return false;
	if (text.n > 0)
		return err_set(e, ERR_INVALID,
			       "the funnel \"%.*s\" is kept in a form that cannot "
			       "be read: save it anew, or take it away",
			       STR_ARG(name));
	return not_found(list, n, name, e);
}
