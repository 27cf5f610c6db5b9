/*
 * http_request.c - a request from its first line to the handler.
 *
 * What it is:   what the library calls while it reads: target, head, pieces of the body, the end.
 * Promises:     a handler sees a whole, limited and unambiguous request.
 * Threads:      the loop's; http_worker_run on workers.
 */
#include "server/http_int.h"

#include "base/mem.h"
#include "base/time.h"

#include <string.h>

/* The request whose handler runs on this thread's loop right now: its answer needs no wake-up. */
static _Thread_local struct http_request *running;

static struct http_conn *conn_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info != NULL ? info->socket_context : NULL;
}

static struct http_request *request_take(struct http_loop *l)
{
	struct http_request *r = l->kept;
	if (r != NULL) {
		struct arena arena = r->arena;
		l->kept = r->next;
		l->kept_n--;
		*r = (struct http_request){ .arena = arena };
		return r;
	}
	r = mem_zalloc(1, sizeof *r);
	if (r != NULL)
		arena_init(&r->arena, l->server->options.request_arena_bytes_max);
	return r;
}

static void request_free(struct http_request *r)
{
	arena_fini(&r->arena);
	mem_free(r);
}

static void request_give(struct http_loop *l, struct http_request *r)
{
	buf_fini(&r->body);
	if (l->kept_n >= HTTP_REQUESTS_KEPT_MAX || r->arena.bytes_held > HTTP_ARENA_KEEP_MAX) {
		request_free(r);
		return;
	}
	arena_reset(&r->arena);
	r->next = l->kept;
	l->kept = r;
	l->kept_n++;
}

void http_requests_free(struct http_loop *l)
{
	while (l->kept != NULL) {
		struct http_request *r = l->kept;
		l->kept = r->next;
		request_free(r);
	}
}

void *http_on_target(void *arg, const char *uri, struct MHD_Connection *c)
{
	struct http_loop *l = arg;
	struct http_conn *conn = conn_of(c);
	struct http_request *r = conn != NULL ? request_take(l) : NULL;
	if (r == NULL)
		return NULL;
	r->server = l->server;
	r->conn = conn;
	r->mhd = c;
	r->begun_us = time_monotonic_us();
	r->target = str_dup(&r->arena, str_of(uri));
	buf_init(&r->body, 0);
	conn->request = r;
	conn->since_us = r->begun_us;
	return r;
}

static enum MHD_Result each_header(void *arg, enum MHD_ValueKind kind, const char *key,
				   size_t key_n, const char *value, size_t value_n)
{
	struct http_request *r = arg;
	(void)kind;
	if (r->headers_n < HTTP_HEADERS_MAX)
		r->headers[r->headers_n] = (struct http_header){ str_make(key, key_n),
								 str_make(value, value_n) };
	r->headers_n++;
	return MHD_YES;
}

/* Asks the layer above for a handler; false: the answer is made. */
static void head_is_read(struct http_request *r, const char *method)
{
	r->planned = true;
	r->method = str_of(method);
	r->is_head = str_eq(r->method, S("HEAD"));
	MHD_get_connection_values_n(r->mhd, MHD_HEADER_KIND, each_header, r);
	r->headers_n = MIN(r->headers_n, (size_t)HTTP_HEADERS_MAX);
	size_t q = str_index(r->target, '?');
	r->query = q < r->target.n ? str_sub(r->target, q + 1, r->target.n) : S("");
	running = r;
	if (!http_path_read(&r->arena, str_sub(r->target, 0, q), &r->path))
		http_answer(r, 400, "text/plain; charset=utf-8", S("Bad request: the path.\n"));
	else
		r->server->options.plan(r->server->options.arg, r, &r->plan);
	running = NULL;
	buf_fini(&r->body);
	buf_init(&r->body, r->plan.body_bytes_max);
}

static void take_body(struct http_request *r, str piece)
{
	r->body_seen += piece.n;
	if (r->ready || r->body_seen > r->plan.body_bytes_max)
		return;
	if (r->plan.body_piece != NULL) {
		running = r;
		if (!r->plan.body_piece(r, r->plan.arg, piece))
			CHECK(r->ready);
		running = NULL;
	} else {
		buf_put(&r->body, piece.p, piece.n);
	}
}

/* Gives the whole request to its handler. */
static void dispatch(struct http_request *r)
{
	r->state = HTTP_RUNNING;
	running = r;
	if (r->body_seen > r->plan.body_bytes_max || r->body.over)
		http_answer(r, 413, "text/plain; charset=utf-8", S("The body is too large.\n"));
	else if (r->plan.where == HTTP_QUICK)
		r->plan.run(r, r->plan.arg);
	else if (!queue_put(r->server->work, r, 0)) {
		http_answer_header(r, "Retry-After", S("1"));
		http_answer(r, 503, "text/plain; charset=utf-8", S("Busy. Try again.\n"));
	}
	running = NULL;
}

void *http_worker_run(void *arg)
{
	struct http_server *s = arg;
	void *item;
	while (queue_take(s->work, &item, 1, -1) == 1) {
		struct http_request *r = item;
		r->plan.run(r, r->plan.arg);
	}
	return NULL;
}

void http_request_answered(struct http_request *r)
{
	if (running == r)
		r->ready = true;
	else
		http_loop_done(r);
}

static enum MHD_Result send_answer(struct http_request *r)
{
	enum MHD_Result ok;
	r->state = HTTP_SENDING;
	ok = MHD_queue_response(r->mhd, (unsigned)r->status, r->response);
	MHD_destroy_response(r->response);
	r->response = NULL;
	return ok;
}

enum MHD_Result http_on_request(void *arg, struct MHD_Connection *c, const char *url,
				const char *method, const char *version, const char *data,
				size_t *data_n, void **request)
{
	struct http_request *r = *request;
	(void)arg;
	(void)url;
	(void)version;
	if (r == NULL)
		return MHD_NO;
	if (!r->planned) {
		head_is_read(r, method);
		return r->ready ? send_answer(r) : MHD_YES;
	}
	if (*data_n > 0) {
		take_body(r, str_make(data, *data_n));
		*data_n = 0;
		return MHD_YES;
	}
	if (r->state == HTTP_READING && !r->ready)
		dispatch(r);
	if (r->ready)
		return send_answer(r);
	MHD_suspend_connection(c);
	return MHD_YES;
}

void http_on_completed(void *arg, struct MHD_Connection *c, void **request,
		       enum MHD_RequestTerminationCode why)
{
	struct http_loop *l = arg;
	struct http_request *r = *request;
	(void)c;
	if (r == NULL)
		return;
	if (r->response != NULL)
		MHD_destroy_response(r->response);
	int64_t now_us = time_monotonic_us();
	bool sent = why == MHD_REQUEST_TERMINATED_COMPLETED_OK;
	if (l->server->options.done != NULL)
		l->server->options.done(l->server->options.arg, r, sent ? r->status : 0,
					r->bytes_out, now_us - r->begun_us);
	r->conn->request = NULL;
	r->conn->since_us = now_us;
	*request = NULL;
	request_give(l, r);
}
