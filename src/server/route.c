/*
 * route.c - from a request to the handler of its route, and from what that said to an answer.
 *
 * What it is:   finds the row by path and method, asks who is there, checks what they may, parses
 *               the body, runs the handler, sends the answer or the problem.
 * Promises:     a handler runs only for those who may.
 * Threads:      the table is constant after routes_open.
 */
#include "server/server_int.h"
#include "server/once_int.h"

#include "base/log.h"
#include "base/mem.h"

#include <string.h>

#define ROUTES_MAX	    512
#define ALLOW_BYTES_MAX	    128
#define ANSWER_BYTES_MAX    (256 * MIB)
#define JSON_BODY_BYTES_MAX (4 * MIB)

struct routes {
	const struct route *rows[ROUTES_MAX];
	size_t n;
};

bool routes_open(struct server *s, err *e)
{
	struct routes *t = mem_zalloc(1, sizeof *t);
	if (t == NULL)
		return err_nomem(e);
	for (size_t i = 0; route_list_at(i) != NULL; i++) {
		const struct route_list *list = route_list_at(i);
		for (size_t k = 0; k < list->n; k++) {
			CHECK(t->n < ROUTES_MAX);
			t->rows[t->n++] = &list->rows[k];
		}
	}
	s->routes = t;
	return true;
}

void routes_close(struct server *s)
{
	mem_free(s->routes);
	s->routes = NULL;
}

size_t routes_count(const struct routes *t)
{
	return t->n;
}

const struct route *route_at(const struct routes *t, size_t i)
{
	return t->rows[i];
}

/* "/people/{id}/journey" against "/people/12/journey"; a pattern that ends in "/" followed by "*"
 * takes all that stands below. Values of {…} go to `values`. */
static bool pattern_matches(str pattern, str path, str values[ROUTE_PATH_PARAMS_MAX])
{
	size_t n = 0;
	while (pattern.n > 0) {
		if (pattern.p[0] == '*')
			return true;
		if (pattern.p[0] == '{') {
			size_t end = str_index(path, '/');
			CHECK(n < ROUTE_PATH_PARAMS_MAX);
			if (end == 0)
				return false;
			size_t close = str_index(pattern, '}');
			pattern = str_sub(pattern, close + 1, pattern.n);
			/* "{id}.csv" */
			size_t tail = str_index(pattern, '/');
			if (tail > end ||
			    !str_ends(str_sub(path, 0, end), str_sub(pattern, 0, tail)))
				return false;
			if (end == tail)
				return false;
			values[n++] = str_sub(path, 0, end - tail);
			path = str_sub(path, end - tail, path.n);
			continue;
		}
		if (path.n == 0 || path.p[0] != pattern.p[0])
			return false;
		path = str_sub(path, 1, path.n);
		pattern = str_sub(pattern, 1, pattern.n);
	}
	return path.n == 0;
}

/* The row's number; t->n with `allow` filled when the path is there with other methods. An earlier
 * row goes before a later one, so fixed paths stand before patterns. */
static size_t route_find(const struct routes *t, str method, str path,
			 str values[ROUTE_PATH_PARAMS_MAX], struct buf *allow)
{
	str wanted = str_eq(method, S("HEAD")) ? S("GET") : method;
	for (size_t i = 0; i < t->n; i++) {
		const struct route *row = t->rows[i];
		if (!pattern_matches(str_of(row->pattern), path, values))
			continue;
		if (str_eq(str_of(row->method), wanted))
			return i;
		if (allow->n > 0)
			buf_cstr(allow, ", ");
		buf_cstr(allow, row->method);
		if (strcmp(row->method, "GET") == 0)
			buf_cstr(allow, ", HEAD");
	}
	return t->n;
}

static bool body_parse(struct request *q, err *e)
{
	str text = http_body(q->http);
	struct json_parser *parser = NULL;
	str type = http_header(q->http, S("Content-Type"));
	if (text.n == 0 || q->route->body_schema == NULL || q->route->body_type != NULL ||
	    q->route->own_key)
		return true;
	if (!str_starts(type, S("application/json")))
		return problem_with(q, e, 415, "The body has to be application/json");
	bool ok = json_parser_new(&parser, JSON_BODY_BYTES_MAX, e) &&
		  json_parse(parser, text, q->arena, &q->body, e);
	json_parser_free(&parser);
	return ok;
}

static bool may_go_on(struct request *q, err *e)
{
	if (q->route->own_key)
		return true;
	if (!auth_actor(q, e))
		return false;
	if (actor_may(&q->actor, q->route->may))
		return true;
	if (q->actor.user == 0 && q->actor.key == 0)
		return problem_with(q, e, 401, "Sign in, or send a secret key");
	return err_set(e, ERR_DENIED, "Your role does not allow this");
}

/* Whether If-None-Match names the tag: a list, weak ones too, or "*". */
static bool has_already(const struct request *q, str quoted)
{
	str list = http_header(q->http, S("If-None-Match"));
	for (str tag; str_next(&list, ',', &tag);) {
		tag = str_trim(tag);
		if (str_starts(tag, S("W/")))
			tag = str_sub(tag, 2, tag.n);
		if (str_eq(tag, quoted) || str_eq(tag, S("*")))
			return true;
	}
	return false;
}

static void answer_send(struct request *q, struct answer *a)
{
	bool reads = str_eq(http_method(q->http), S("GET")) ||
		     str_eq(http_method(q->http), S("HEAD"));
	if (a->etag.n > 0) {
		str quoted = str_printf(q->arena, "\"%.*s\"", STR_ARG(a->etag));
		http_answer_header(q->http, "ETag", quoted);
		if (reads)
			http_answer_header(q->http, "Cache-Control", S("private, no-cache"));
		if (reads && a->status == 200 && has_already(q, quoted)) {
			http_answer(q->http, 304, NULL, S(""));
			return;
		}
	}
	if (a->location.n > 0)
		http_answer_header(q->http, "Location", a->location);
	http_answer(q->http, a->status, a->status == 204 ? NULL : a->content_type,
		    buf_view(&a->body));
}

/* A request that was answered before, by its key, is answered the same. */
static bool handler_run(struct request *q, struct answer *a, err *e)
{
	bool again = false;
	if (!q->route->once)
		return q->route->run(q, a, e);
	if (!once_begin(q->server->once, q, a, &again, e))
		return false;
	if (again)
		return true;
	bool ok = q->route->run(q, a, e);
	once_end(q->server->once, q, ok, a);
	return ok;
}

/* Runs on the loop or on a worker, as the row says. */
static void route_run(struct http_request *r, void *arg)
{
	struct request *q = arg;
	struct answer a = { .status = q->route->answer_status, .content_type = "application/json" };
	err e = { 0 };
	if (a.status == 0)
		a.status = 200;
	buf_init(&a.body, ANSWER_BYTES_MAX);
	if (!may_go_on(q, &e) || !body_parse(q, &e) || !handler_run(q, &a, &e) ||
	    (!a.sent && !buf_ok(&a.body, &e)))
		problem_answer_with(r, q->status != 0 ? q->status : problem_status(e.code), &e,
				    q->field, q->members);
	else if (!a.sent)
		answer_send(q, &a);
	buf_fini(&a.body);
}

static void refuse(struct http_request *r, const struct buf *allow)
{
	err e = { 0 };
	if (allow->n == 0) {
		err_set(&e, ERR_NOT_FOUND, "There is nothing at this address");
		problem_answer(r, 404, &e, S(""));
		return;
	}
	http_answer_header(r, "Allow", buf_view(allow));
	if (str_eq(http_method(r), S("OPTIONS"))) {
		http_answer(r, 204, NULL, S(""));
		return;
	}
	err_set(&e, ERR_INVALID, "Allowed here: %.*s", STR_ARG(buf_view(allow)));
	problem_answer(r, 405, &e, S(""));
}

void route_refuse(void *server, struct http_request *r, int status, const char *why)
{
	err e = { 0 };
	(void)server;
	err_set(&e, status == 503 ? ERR_BUSY : ERR_INVALID, "%s", why);
	problem_answer(r, status, &e, S(""));
}

void route_plan(void *server, struct http_request *r, struct http_plan *plan)
{
	struct server *s = server;
	struct buf allow;
	struct request *q = ARENA_NEW(http_arena(r), struct request);
	buf_init(&allow, ALLOW_BYTES_MAX);
	if (q == NULL) {
		err e = { 0 };
		err_nomem(&e);
		problem_answer(r, 503, &e, S(""));
		return;
	}
	*q = (struct request){ .server = s, .http = r, .arena = http_arena(r) };
	size_t number = route_find(s->routes, http_method(r), http_path(r), q->path, &allow);
	if (number == s->routes->n) {
		refuse(r, &allow);
	} else {
		q->route = s->routes->rows[number];
		q->route_number = number;
		http_set_note(r, q);
		*plan = (struct http_plan){ .where = q->route->where,
					    .body_bytes_max = q->route->body_bytes_max,
					    .run = route_run,
					    .arg = q };
	}
	buf_fini(&allow);
}
