/*
 * api_audit.c - who did what, and when: the history of the configuration and the log of sign-ins,
 * as one list.
 *
 * Promises:     newest first; a cursor is a place in both, so that nothing is missed or told twice
 *               while more is written; no password, code or key in it.
 * Threads:      workers.
 */
#include "server/auth_actor_int.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define FETCH		100
#define LOOKED_AT_MAX	5000 /* rows, for one answer: a filter that finds little ends there */
#define VALUE_SHOWN_MAX ((size_t)2000)

struct merge {
	struct request *q;
	struct json_parser *parser;
	uint64_t change_before; /* of what is not fetched yet; 1: nothing is left */
	struct config_change *changes;
	size_t changes_n, change_at;
	uint64_t line_before; /* the same; 0 */
	struct audit_line *lines;
	size_t lines_n, line_at;
	const struct json *line; /* the next one, parsed */
	int64_t line_us;
};

/* ---- the two sources ------------------------------------------------------------------------- */

static bool fill_changes(struct merge *m, err *e)
{
	if (m->change_at < m->changes_n || m->change_before == 1)
		return true;
	m->change_at = 0;
	if (!journal_config_history(m->q->server->journal, m->change_before, FETCH, m->q->arena,
				    &m->changes, &m->changes_n, e))
		return false;
	if (m->changes_n == 0)
		m->change_before = 1;
	return true;
}

static bool fill_lines(struct merge *m, err *e)
{
	for (;;) {
		if (m->line != NULL)
			return true;
		if (m->line_at == m->lines_n) {
			if (m->line_before == 0)
				return true;
			m->line_at = 0;
			if (!audit_read(m->q->server->auth, m->line_before, FETCH, m->q->arena,
					&m->lines, &m->lines_n, e))
				return false;
			if (m->lines_n == 0) {
				m->line_before = 0;
				return true;
			}
		}
		/* A line that cannot be read (the disk was full in its middle) is passed over. */
		err bad = { 0 };
		const struct json *o = NULL;
		const struct audit_line *l = &m->lines[m->line_at];
		if (json_parse(m->parser, l->text, m->q->arena, &o, &bad) &&
		    o->kind == JSON_OBJECT &&
		    time_parse(json_text_of(o, S("at")), &m->line_us, &bad)) {
			m->line = o;
			return true;
		}
		m->line_before = l->at;
		m->line_at++;
	}
}

/* ---- one row --------------------------------------------------------------------------------- */

static const char *kind_of_change(str name)
{
	if (str_starts(name, S("user.")) || str_starts(name, S("secret.user.")))
		return "users";
	if (str_starts(name, S("key.")))
		return "keys";
	return "settings";
}

static const char *kind_of_line(str what)
{
	if (str_starts(what, S("export")))
		return "exports";
	return "sign-ins";
}

/* Who: the number and the name that the user or key has now. */
static void put_by(struct merge *m, struct json_writer *w, str key, str by)
{
	uint64_t id = 0;
	struct user u;
	struct key k;
	str name = by;
	json_key(w, key);
	if (by.n == 0) {
		json_put_null(w);
		return;
	}
	if (str_starts(by, S("user:")) && num_parse_u64(str_sub(by, 5, by.n), &id) &&
	    auth_user(m->q->server->auth, id, &u))
		name = str_dup(m->q->arena, str_of(u.name));
	else if (str_starts(by, S("key:")) && num_parse_u64(str_sub(by, 4, by.n), &id) &&
		 auth_key(m->q->server->auth, id, &k))
		name = str_dup(m->q->arena, str_of(k.name));
	json_object_open(w);
	put_member(w, S("id"), by);
	put_member(w, S("name"), name);
	json_object_close(w);
}

static str shown(struct arena *a, const struct json *v)
{
	struct buf b CLEANUP(buf_fini) = { 0 };
	if (v == NULL || v->kind == JSON_NULL)
		return S("");
	if (v->kind == JSON_TEXT)
		return str_sub(v->text, 0, VALUE_SHOWN_MAX);
	if (v->kind == JSON_BOOL)
		return v->b ? S("yes") : S("no");
	if (v->kind == JSON_INT)
		return str_printf(a, "%lld", (long long)v->i);
	if (v->kind == JSON_REAL)
		return num_print_real(a, v->real);
	buf_init(&b, 16 * KIB);
	for (const struct json *x = json_first(v); x != NULL; x = json_after(v, x)) {
		if (b.n > 0)
			buf_cstr(&b, ", ");
		buf_str(&b, shown(a, x));
	}
	return str_dup(a, str_sub(buf_view(&b), 0, VALUE_SHOWN_MAX));
}

static void put_difference(struct json_writer *w, str field, str old, str new)
{
	json_object_open(w);
	json_key(w, S("field"));
	if (field.n > 0)
		json_put_text(w, field);
	else
		json_put_null(w);
	put_member(w, S("old"), old);
	put_member(w, S("new"), new);
	json_object_close(w);
}

static const struct json *object_of(struct merge *m, str text)
{
	const struct json *o = NULL;
	err bad = { 0 };
	bool ok = text.n > 0 && json_parse(m->parser, text, m->q->arena, &o, &bad) &&
		  o->kind == JSON_OBJECT;
	return ok ? o : NULL;
}

/* Old and new, member by member when both are objects. */
static void put_differences(struct merge *m, struct json_writer *w, const struct config_change *c)
{
	struct arena *a = m->q->arena;
	const struct json *old = object_of(m, c->old);
	const struct json *new = object_of(m, c->value);
	json_key(w, S("changes"));
	json_array_open(w);
	if (new == NULL && old == NULL && (c->old.n > 0 || c->value.n > 0))
		put_difference(w, S(""), str_sub(c->old, 0, VALUE_SHOWN_MAX),
			       str_sub(c->value, 0, VALUE_SHOWN_MAX));
	for (const struct json *x = new != NULL ? json_first(new) : NULL; x != NULL;
	     x = json_after(new, x)) {
		str before = old != NULL ? shown(a, json_get(old, x->key)) : S("");
		str now = shown(a, x);
		if (!str_eq(before, now))
			put_difference(w, x->key, before, now);
	}
	for (const struct json *x = old != NULL ? json_first(old) : NULL; x != NULL;
	     x = json_after(old, x)) {
		if (new == NULL || json_get(new, x->key) == NULL)
			put_difference(w, x->key, shown(a, x), S(""));
	}
	json_array_close(w);
}

static void put_change(struct merge *m, struct json_writer *w, const struct config_change *c)
{
	char at[TIME_TEXT_MAX];
	bool secret = str_starts(c->name, S("secret."));
	str name = secret ? str_sub(c->name, 7, c->name.n) : c->name;
	json_object_open(w);
	put_member(w, S("at"), time_print(at, c->at_us));
	put_member(w, S("kind"), str_of(kind_of_change(c->name)));
	put_member(w, S("what"),
		   secret	     ? S("secret_changed")
		   : c->value.n == 0 ? S("removed")
		   : c->old.n == 0   ? S("added")
				     : S("changed"));
	put_by(m, w, S("by"), c->by);
	put_member(w, S("name"), name);
	if (str_starts(name, S("user.")))
		put_by(m, w, S("about"),
		       str_printf(m->q->arena, "user:%.*s", STR_ARG(str_sub(name, 5, name.n))));
	put_differences(m, w, c);
	json_object_close(w);
}

static void put_line(struct merge *m, struct json_writer *w)
{
	const struct json *o = m->line;
	const struct json *user = json_get(o, S("user"));
	str what = json_text_of(o, S("what"));
	json_object_open(w);
	put_member(w, S("at"), json_text_of(o, S("at")));
	put_member(w, S("kind"), str_of(kind_of_line(what)));
	put_member(w, S("what"), what);
	put_by(m, w, S("by"), json_text_of(o, S("by")));
	if (user != NULL && user->kind == JSON_INT)
		put_by(m, w, S("about"), str_printf(m->q->arena, "user:%lld", (long long)user->i));
	static const char *const TEXTS[] = { "detail", "network", "device" };
	for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
		str text = json_text_of(o, str_of(TEXTS[i]));
		if (text.n > 0)
			put_member(w, str_of(TEXTS[i]), text);
	}
	json_object_close(w);
}

/* ---- the list -------------------------------------------------------------------------------- */

static bool is_told(const struct config_change *c)
{
	/* The key's or the new user's own row says the same; that a link was used is in the log. */
	return !str_starts(c->name, S("secret.key.")) && !str_starts(c->name, S("secret.link.")) &&
	       !(str_starts(c->name, S("secret.user.")) && c->first);
}

/* Puts the next row, if it is of the kind that is asked for; *end_r: there is none. */
static bool step(struct merge *m, str kind, struct json_writer *w, size_t *rows, bool *end_r,
		 err *e)
{
	if (!fill_changes(m, e) || !fill_lines(m, e))
		return false;
	const struct config_change *c = m->change_at < m->changes_n ? &m->changes[m->change_at]
								    : NULL;
	*end_r = c == NULL && m->line == NULL;
	if (c != NULL && (m->line == NULL || c->at_us >= m->line_us)) {
		if (is_told(c) && (kind.n == 0 || str_eq(kind, str_of(kind_of_change(c->name))))) {
			put_change(m, w, c);
			*rows += 1;
		}
		m->change_before = c->number;
		m->change_at++;
	} else if (m->line != NULL) {
		str what = json_text_of(m->line, S("what"));
		if (kind.n == 0 || str_eq(kind, str_of(kind_of_line(what)))) {
			put_line(m, w);
			*rows += 1;
		}
		m->line_before = m->lines[m->line_at].at;
		m->line_at++;
		m->line = NULL;
	}
	return !m->q->arena->over || arena_err(m->q->arena, e);
}

/* "CHANGE.PLACE" */
static bool cursor_read(struct merge *m, err *e)
{
	str after = http_query(m->q->http, S("after"));
	size_t dot = str_index(after, '.');
	m->change_before = 0;
	m->line_before = UINT64_MAX;
	if (after.n == 0)
		return true;
	return (num_parse_u64(str_sub(after, 0, dot), &m->change_before) &&
		num_parse_u64(str_sub(after, dot + 1, after.n), &m->line_before)) ||
	       problem_field(m->q, e, "after", "this is no cursor of this list");
}

static bool put_rows(struct merge *m, size_t limit, str kind, struct answer *a, err *e)
{
	struct json_writer w;
	bool end = false;
	size_t rows = 0;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("rows"));
	json_array_open(&w);
	for (size_t i = 0; i < LOOKED_AT_MAX && rows < limit && !end; i++) {
		if (!step(m, kind, &w, &rows, &end, e))
			return false;
	}
	json_array_close(&w);
	json_key(&w, S("next"));
	if (end)
		json_put_null(&w);
	else
		json_put_text(&w, str_printf(m->q->arena, "%llu.%llu",
					     (unsigned long long)m->change_before,
					     (unsigned long long)m->line_before));
	json_object_close(&w);
	return true;
}

static bool list_audit(struct request *q, struct answer *a, err *e)
{
	struct merge m = { .q = q };
	struct page page = { .limit = 50 };
	str limit = http_query(q->http, S("limit"));
	str kind = http_query(q->http, S("kind"));
	uint64_t n = page.limit;
	if (limit.n > 0 && (!num_parse_u64(limit, &n) || n < 1 || n > 500))
		return problem_field(q, e, "limit", "a number from 1 to 500");
	if (!cursor_read(&m, e) || !json_parser_new(&m.parser, 256 * KIB, e))
		return false;
	bool ok = put_rows(&m, (size_t)n, kind, a, e);
	json_parser_free(&m.parser);
	return ok;
}

static const struct route_param params[] = {
	{ "kind", "query",
	  "{\"type\":\"string\",\"enum\":[\"sign-ins\",\"users\",\"keys\",\"settings\",\"exports\"]}",
	  "Only these", false },
	{ "limit", "query", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"default\":50}",
	  "How many at most", false },
	{ "after", "query", "{\"type\":\"string\"}", "`next` of the answer before", false },
	{ 0 },
};

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/audit",
	  .may = MAY_ADMINISTER,
	  .where = HTTP_WORKER,
	  .run = list_audit,
	  .id = "listAudit",
	  .tag = "audit",
	  .summary = "Who changed what, who signed in, who could not; newest first",
	  .params = params,
	  .answer_schema = "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"array\","
			   "\"items\":{\"type\":\"object\"}},\"next\":{\"type\":[\"string\","
			   "\"null\"]}}}" },
};
const struct route_list routes_audit = { rows, ARRAY_LEN(rows) };
