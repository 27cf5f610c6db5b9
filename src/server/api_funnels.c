/*
 * api_funnels.c - funnels that were given a name: listed, kept, changed, pinned to the home, taken
 * away.
 *
 * What it is:   rows of the configuration (funnel/saved.h); their history is the audit log's.
 * Promises:     what is kept can be asked: every parameter is read as GET /funnel reads it before a
 *               row is written. Two who change one row at once: the later is told (412). Making one
 *               again under a name that was taken away is its undo.
 * Threads:      workers; changes under the server's lock for them.
 */
#include "server/auth_int.h"
#include "server/funnel_int.h"
#include "server/server_int.h"
#include "server/work_int.h"

#include "base/num.h"

#define BODY_BYTES_MAX	    (48 * KIB)
#define QUERY_BYTES_MAX	    (64 * MIB)
#define NAMES_TRIED_MAX	    100
#define IDENTITY_PREFIX_LEN 5 /* "user:" */

/* ---- rows ------------------------------------------------------------------------------------ */

static str etag_of(struct arena *a, const struct saved_funnel *f)
{
	return str_printf(a, "%016llx", (unsigned long long)str_hash(f->text));
}

/* {"id":"user:3","name":"Anna"}: who has that number now. */
static void put_by(struct request *q, struct json_writer *w, str by)
{
	struct user u;
	uint64_t id = 0;
	bool known = str_starts(by, S("user:")) &&
		     num_parse_u64(str_sub(by, IDENTITY_PREFIX_LEN, by.n), &id) &&
		     auth_user(q->server->auth, id, &u);
	json_key(w, S("changed_by"));
	json_object_open(w);
	shape_key_text(w, S("id"), by);
	shape_key_text(w, S("name"), known ? str_of(u.name) : by);
	json_object_close(w);
}

static void put_funnel(struct request *q, struct json_writer *w, const struct saved_funnel *f)
{
	json_object_open(w);
	shape_key_text(w, S("name"), f->name);
	shape_key_text(w, S("title"), f->title);
	json_key(w, S("query"));
	json_object_open(w);
	for (size_t i = 0; i < f->params_n; i++)
		shape_key_text(w, f->params[i].name, f->params[i].value);
	json_object_close(w);
	shape_key_number(w, S("place"), f->place);
	shape_key_time(w, S("changed_at"), f->at_us, true);
	put_by(q, w, f->by);
	shape_key_text(w, S("etag"), etag_of(q->arena, f));
	json_object_close(w);
}

static bool list_funnels(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	struct saved_funnel *list = NULL;
	size_t n = 0;
	struct json_writer w;
	if (!params_known(q, e) || !view_borrow(q->server, &v, e))
		return false;
	bool ok = saved_list(view_snapshot(v), q->arena, &list, &n, e);
	view_return(&v);
	if (!ok)
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("rows"));
	json_array_open(&w);
	for (size_t i = 0; i < n; i++)
		put_funnel(q, &w, &list[i]);
	json_array_close(&w);
	json_object_close(&w);
	return true;
}

static bool find_row(struct request *q, str name, struct saved_funnel *f_r, err *e)
{
	struct view *v = NULL;
	if (!view_borrow(q->server, &v, e))
		return false;
	bool ok = saved_find(view_snapshot(v), name, q->arena, f_r, e);
	view_return(&v);
	return ok;
}

static bool show_row(struct request *q, struct answer *a, str name, err *e)
{
	struct saved_funnel f;
	struct json_writer w;
	if (!find_row(q, name, &f, e))
		return false;
	a->etag = etag_of(q->arena, &f);
	json_writer_init(&w, &a->body, false);
	put_funnel(q, &w, &f);
	return !q->arena->over || arena_err(q->arena, e);
}

static bool show_funnel(struct request *q, struct answer *a, err *e)
{
	return params_known(q, e) && show_row(q, a, q->path[0], e);
}

/* ---- what is to be kept ---------------------------------------------------------------------- */

/* What GET /funnel takes may be kept. */
static const struct route_param kept[] = { FUNNEL_PARAMS, { .name = NULL } };

static bool is_kept(str name)
{
	for (size_t i = 0; kept[i].name; i++)
		if (str_eq(name, str_of(kept[i].name)))
			return true;
	return false;
}

/* Reads the parameters as a request's, so that what is kept can be asked; errors name them. */
static bool query_check(struct request *q, struct snapshot *s, err *e)
{
	struct arena arena CLEANUP(arena_fini);
	struct funnel_spec spec;
	str key;
	arena_init(&arena, QUERY_BYTES_MAX);
	return funnel_query_read(q, &FUNNEL_AS_ASKED, s, &arena, &spec, &key, e);
}

static bool query_read(struct request *q, struct snapshot *s, const struct json *query,
		       struct saved_funnel *f, err *e)
{
	if (!query || query->kind != JSON_OBJECT || query->n > SAVED_PARAMS_MAX)
		return problem_field(q, e, "query",
				     "an object of at most %d parameters is needed, by their names",
				     SAVED_PARAMS_MAX);
	f->params_n = 0;
	f->params = ARENA_ARRAY(q->arena, struct saved_param, query->n);
	if (!f->params)
		return arena_err(q->arena, e);
	for (const struct json *c = json_first(query); c; c = json_after(query, c)) {
		if (!is_kept(c->key))
			return problem_field(q, e, "query", "a funnel has no parameter \"%.*s\"",
					     STR_ARG(str_sub(c->key, 0, 64)));
		if (c->kind != JSON_TEXT || c->text.n > SAVED_VALUE_BYTES_MAX ||
		    !str_is_utf8(c->text))
			return problem_field(q, e, "query",
					     "\"%.*s\" is no text of at most %zu bytes",
					     STR_ARG(c->key), SAVED_VALUE_BYTES_MAX);
		if (str_trim(c->text).n > 0 && saved_param(f, c->key).n == 0)
			f->params[f->params_n++] = (struct saved_param){ c->key, c->text };
	}
	q->given = query;
	bool ok = query_check(q, s, e);
	q->given = NULL;
	return ok;
}

static bool place_read(struct request *q, const struct json *place, struct saved_funnel *f, err *e)
{
	if (place->kind == JSON_NULL) {
		f->place = 0;
		return true;
	}
	if (place->kind != JSON_INT || place->i < 1 || place->i > SAVED_PLACES_MAX)
		return problem_field(q, e, "place",
				     "expected a place on the home from 1 to %d, or null",
				     SAVED_PLACES_MAX);
	f->place = (uint64_t)place->i;
	return true;
}

/* The members of the body that are there, checked, into `f`. */
static bool body_read(struct request *q, struct snapshot *s, struct saved_funnel *f, bool with_name,
		      err *e)
{
	err why = { 0 };
	if (!q->body || q->body->kind != JSON_OBJECT)
		return err_set(e, ERR_INVALID, "The body has to be a JSON object");
	for (const struct json *c = json_first(q->body); c; c = json_after(q->body, c)) {
		if (str_eq(c->key, S("query"))) {
			if (!query_read(q, s, c, f, e))
				return false;
		} else if (str_eq(c->key, S("place"))) {
			if (!place_read(q, c, f, e))
				return false;
		} else if (str_eq(c->key, S("title"))) {
			f->title = c->kind == JSON_TEXT ? str_trim(c->text) : S("");
			if (!saved_title_check(f->title, &why))
				return problem_field(q, e, "title", "%s", why.text);
		} else if (with_name && str_eq(c->key, S("name"))) {
			f->name = c->kind == JSON_TEXT ? c->text : S("");
			if (!saved_name_check(f->name, &why))
				return problem_field(q, e, "name", "%s", why.text);
		} else {
			return problem_field(q, e, "query", "there is no member \"%.*s\"",
					     STR_ARG(str_sub(c->key, 0, 64)));
		}
	}
	return true;
}

/* "Trial → Übernahme" becomes "trial-ubernahme". */
static str name_of_title(struct arena *a, str title)
{
	str folded = str_fold(a, title);
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, SAVED_NAME_BYTES_MAX);
	for (size_t i = 0; i < folded.n && b.n < SAVED_NAME_BYTES_MAX - 4; i++) {
		char c = folded.p[i];
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			buf_byte(&b, (uint8_t)c);
		else if (b.n > 0 && b.p[b.n - 1] != '-')
			buf_byte(&b, '-');
	}
	while (b.n > 0 && b.p[b.n - 1] == '-')
		b.n--;
	return b.n > 0 ? str_dup(a, buf_view(&b)) : S("funnel");
}

static bool is_taken(const struct saved_funnel *list, size_t n, str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(list[i].name, name))
			return true;
	return str_eq(name, S("new"));
}

static bool name_choose(struct request *q, const struct saved_funnel *list, size_t n,
			struct saved_funnel *f, err *e)
{
	if (n >= SAVED_FUNNELS_MAX)
		return err_set(e, ERR_LIMIT, "There are %d saved funnels, and no room for more",
			       SAVED_FUNNELS_MAX);
	if (f->name.n > 0)
		return !is_taken(list, n, f->name) ||
		       err_set(e, ERR_CONFLICT, "There is a funnel of the name \"%.*s\" already",
			       STR_ARG(f->name));
	str base = name_of_title(q->arena, f->title);
	f->name = base;
	for (int i = 2; is_taken(list, n, f->name); i++) {
		if (i > NAMES_TRIED_MAX)
			return err_set(e, ERR_CONFLICT, "Too many funnels have this title");
		f->name = str_printf(q->arena, "%.*s-%d", STR_ARG(base), i);
	}
	return !q->arena->over || arena_err(q->arena, e);
}

static bool keep(struct request *q, const struct saved_funnel *f, err *e)
{
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, 2 * SAVED_TEXT_BYTES_MAX);
	str name = str_printf(q->arena, SAVED_PREFIX "%.*s", STR_ARG(f->name));
	if (!name.p)
		return arena_err(q->arena, e);
	return saved_print(f, &b, e) &&
	       journal_config_set(server_journal(q->server), name, buf_view(&b), q->actor.name, e);
}

/* ---- changes --------------------------------------------------------------------------------- */

static bool make_locked(struct request *q, struct saved_funnel *f, err *e)
{
	struct view *v = NULL;
	struct saved_funnel *list = NULL;
	size_t n = 0;
	if (!view_borrow(q->server, &v, e))
		return false;
	bool ok = body_read(q, view_snapshot(v), f, true, e) &&
		  saved_list(view_snapshot(v), q->arena, &list, &n, e);
	view_return(&v);
	if (!ok)
		return false;
	if (f->title.n == 0)
		return problem_field(q, e, "title", "a title is needed");
	if (f->params_n == 0)
		return problem_field(q, e, "query", "parameters are needed, steps at least");
	return name_choose(q, list, n, f, e) && keep(q, f, e);
}

static bool make_funnel(struct request *q, struct answer *a, err *e)
{
	struct saved_funnel f = { 0 };
	mutex_lock(&q->server->changing);
	bool ok = make_locked(q, &f, e);
	mutex_unlock(&q->server->changing);
	if (!ok)
		return false;
	a->location = str_printf(q->arena, "/api/v1/funnels/%.*s", STR_ARG(f.name));
	return show_row(q, a, f.name, e);
}

static bool change_locked(struct request *q, err *e)
{
	struct view *v = NULL;
	struct saved_funnel f;
	if (!view_borrow(q->server, &v, e))
		return false;
	bool ok = saved_find(view_snapshot(v), q->path[0], q->arena, &f, e) &&
		  work_if_match(q, str_printf(q->arena, "\"%.*s\"", STR_ARG(etag_of(q->arena, &f))),
				e) &&
		  body_read(q, view_snapshot(v), &f, false, e);
	view_return(&v);
	return ok && keep(q, &f, e);
}

static bool change_funnel(struct request *q, struct answer *a, err *e)
{
	mutex_lock(&q->server->changing);
	bool ok = change_locked(q, e);
	mutex_unlock(&q->server->changing);
	return ok && show_row(q, a, q->path[0], e);
}

static bool remove_funnel(struct request *q, struct answer *a, err *e)
{
	struct saved_funnel f;
	a->status = 204;
	mutex_lock(&q->server->changing);
	bool ok = find_row(q, q->path[0], &f, e) &&
		  journal_config_set(server_journal(q->server),
				     str_printf(q->arena, SAVED_PREFIX "%.*s", STR_ARG(f.name)),
				     S(""), q->actor.name, e);
	mutex_unlock(&q->server->changing);
	return ok;
}

/* ---- routes ---------------------------------------------------------------------------------- */

#define FUNNEL_SCHEMA                                                                              \
	"{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"title\":{\"type\":" \
	"\"string\"},\"query\":{\"type\":\"object\",\"additionalProperties\":{\"type\":"           \
	"\"string\"}},\"place\":{\"type\":[\"integer\",\"null\"]},\"changed_at\":{\"type\":"       \
	"\"string\"},\"changed_by\":{\"type\":\"object\"},\"etag\":{\"type\":\"string\"}}}"
#define WRITTEN                                                                                    \
	"\"title\":{\"type\":\"string\",\"maxLength\":120},\"query\":{\"type\":\"object\","        \
	"\"description\":\"Parameters of GET /funnel by their names, as texts\","                  \
	"\"additionalProperties\":{\"type\":\"string\"}},\"place\":{\"type\":[\"integer\","        \
	"\"null\"],\"minimum\":1,\"maximum\":1000,\"description\":"                                \
	"\"Where on the home it is pinned; null: it is not\"}"

static const struct route_param by_name[] = {
	{ "name", "path", "{\"type\":\"string\"}", "The funnel's name, as in its address", true },
	{ .name = NULL },
};
static const struct route_param name_and_match[] = {
	{ "name", "path", "{\"type\":\"string\"}", "The funnel's name, as in its address", true },
	{ "If-Match", "header", "{\"type\":\"string\"}", "The ETag of what was read", true },
	{ .name = NULL },
};
static const struct route_param key_only[] = {
	{ "Idempotency-Key", "header", "{\"type\":\"string\",\"maxLength\":200}",
	  "Sent again with the same key within a day, it is answered the same and not done twice",
	  false },
	{ .name = NULL },
};

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/funnels",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = list_funnels,
	  .id = "listFunnels",
	  .tag = "funnel",
	  .summary = "Saved funnels, those pinned to the home first",
	  .answer_schema = "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"array\","
			   "\"items\":" FUNNEL_SCHEMA "}}}" },
	{ .method = "POST",
	  .pattern = "/api/v1/funnels",
	  .may = MAY_WORK,
	  .where = HTTP_WORKER,
	  .body_bytes_max = BODY_BYTES_MAX,
	  .run = make_funnel,
	  .id = "createFunnel",
	  .tag = "funnel",
	  .summary = "Keep a funnel under a name, or bring one back that was taken away",
	  .params = key_only,
	  .once = true,
	  .body_schema =
		  "{\"type\":\"object\",\"required\":[\"title\",\"query\"],"
		  "\"additionalProperties\":false,\"properties\":{\"name\":{\"type\":"
		  "\"string\",\"description\":\"Of a-z, 0-9, - and _; made of the title when "
		  "it is missing\"}," WRITTEN "}}",
	  .answer_status = 201,
	  .answer_schema = FUNNEL_SCHEMA },
	{ .method = "GET",
	  .pattern = "/api/v1/funnels/{name}",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = show_funnel,
	  .id = "getSavedFunnel",
	  .tag = "funnel",
	  .summary = "One saved funnel",
	  .params = by_name,
	  .answer_schema = FUNNEL_SCHEMA },
	{ .method = "PATCH",
	  .pattern = "/api/v1/funnels/{name}",
	  .may = MAY_WORK,
	  .where = HTTP_WORKER,
	  .body_bytes_max = BODY_BYTES_MAX,
	  .run = change_funnel,
	  .id = "updateFunnel",
	  .tag = "funnel",
	  .summary = "Change a saved funnel, or pin it to the home",
	  .params = name_and_match,
	  .body_schema = "{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":false,"
			 "\"properties\":{" WRITTEN "}}",
	  .answer_schema = FUNNEL_SCHEMA },
	{ .method = "DELETE",
	  .pattern = "/api/v1/funnels/{name}",
	  .may = MAY_WORK,
	  .where = HTTP_WORKER,
	  .run = remove_funnel,
	  .id = "deleteFunnel",
	  .tag = "funnel",
	  .summary = "Take a saved funnel away",
	  .params = by_name,
	  .answer_status = 204 },
};
const struct route_list routes_funnels = { rows, ARRAY_LEN(rows) };
