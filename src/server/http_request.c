/*
 * http_request.c - a request from its first line to the handler.
 *
 * What it is:   what the library calls while it reads: target, head, pieces of the body, the end.
 * Promises:     a handler sees a whole, limited and unambiguous request.
 * Threads:      the loop's; http_worker_run on workers.
 */
#include "server/http_int.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"

#include <stdio.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The request whose handler runs on this thread's loop right now: its answer needs no wake-up. */
static _Thread_local struct http_request *running;

bool http_is_on_loop(void)
{
	return running != NULL;
}

static struct http_conn *conn_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info != NULL ? info->socket_context : NULL;
}

bool http_client_gone(const struct http_request *r)
{
	char byte;
	ssize_t n = recv(r->conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
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
	atomic_fetch_sub_explicit(&l->server->bodies_bytes, r->body_held, memory_order_relaxed);
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
	r->target_at = uri;
	r->target = str_dup(&r->arena, str_of(uri));
	r->id = atomic_fetch_add_explicit(&l->server->ids, 1, memory_order_relaxed);
	buf_init(&r->body, 0);
	conn->request = r;
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

/* What of the head is asked for by every request. The head is known to be sound. */
static void head_use(struct http_request *r)
{
	str trusted = str_of(r->server->options.trusted_proxies);
	if (r->server->options.trusted_proxies == NULL)
		trusted = (str){ NULL, 0 };
	r->client = str_of(r->conn->client);
	for (size_t i = 0; i < r->headers_n; i++) {
		struct http_header *h = &r->headers[i];
		h->value = str_trim(h->value);
		if (str_eq_nocase(h->name, S("Content-Length")))
			r->has_body |= !str_eq(h->value, S("0"));
		else if (str_eq_nocase(h->name, S("Transfer-Encoding")))
			r->has_body = true;
		else if (str_eq_nocase(h->name, S("Accept-Encoding")))
			r->gzip |= http_accept_q(h->value, S("gzip")) > 0;
		else if (str_eq_nocase(h->name, S("X-Forwarded-For")))
			r->client = http_client_forwarded(trusted, r->client, h->value);
		else if (str_eq_nocase(h->name, S("X-Forwarded-Proto")))
			r->secure = str_eq_nocase(h->value, S("https")) &&
				    http_address_in(trusted.p != NULL ? trusted : S(HTTP_LOOPBACK),
						    str_of(r->conn->client));
	}
}

static const struct http_fault *head_look(struct http_request *r, const char *version)
{
	static const struct http_fault no_memory = { 503, "Out of memory" };
	if (r->target.p == NULL)
		return &no_memory;
	const struct http_head head = { .method = r->method,
					.target = r->target,
					.version = str_of(version),
					.target_at = r->server->laid_out ? r->target_at : NULL,
					.headers = r->headers,
					.headers_n = r->headers_n,
					.bytes_max = r->server->options.head_bytes_max };
	return http_head_fault(&head);
}

static void refuse(struct http_request *r, int status, const char *why)
{
	r->server->options.refuse(r->server->options.arg, r, status, why);
}

/* A body that is said to be too large to be read, or that the client waits to send: the answer
 * comes at once, and the connection ends. */
static bool ends_early(const struct http_request *r)
{
	uint64_t n = 0;
	if (!r->has_body)
		return false;
	if (http_header(r, S("Expect")).n > 0)
		return true;
	return num_parse_u64(http_header(r, S("Content-Length")), &n) &&
	       n > r->plan.body_bytes_max + HTTP_DISCARD_BYTES_MAX;
}

static bool declares_too_much(const struct http_request *r)
{
	uint64_t n = 0;
	return num_parse_u64(http_header(r, S("Content-Length")), &n) && n > r->plan.body_bytes_max;
}

/* The head is there: is it sound, and who handles it? True: the answer has to go out now. */
static bool head_is_read(struct http_request *r, const char *method, const char *version)
{
	r->planned = true;
	r->read_us = time_monotonic_us();
	r->method = str_of(method);
	r->is_head = str_eq(r->method, S("HEAD"));
	r->client = str_of(r->conn->client);
	MHD_get_connection_values_n(r->mhd, MHD_HEADER_KIND, each_header, r);
	const struct http_fault *fault = head_look(r, version);
	r->headers_n = MIN(r->headers_n, (size_t)HTTP_HEADERS_MAX);
	running = r;
	if (fault != NULL) {
		http_answer_header(r, "Connection", S("close"));
		refuse(r, fault->status, fault->why);
		running = NULL;
		return true;
	}
	head_use(r);
	size_t q = str_index(r->target, '?');
	r->query = q < r->target.n ? str_sub(r->target, q + 1, r->target.n) : S("");
	if (str_eq(r->target, S("*")))
		refuse(r, 404, "There is nothing at this address");
	else if (!http_path_read(&r->arena, str_sub(r->target, 0, q), &r->path))
		refuse(r, 400, "The path is malformed");
	else if (!http_query_is_sound(&r->arena, r->query))
		refuse(r, 400, "The query is malformed");
	else
		r->server->options.plan(r->server->options.arg, r, &r->plan);
	if (!r->ready && r->has_body && declares_too_much(r))
		refuse(r, 413, "The body is too large");
	running = NULL;
	buf_fini(&r->body);
	buf_init(&r->body, r->plan.body_bytes_max);
	return r->ready && ends_early(r);
}

/* Into memory, as long as all bodies together have room in it. */
static void keep_body(struct http_request *r, str piece)
{
	size_t held = atomic_fetch_add_explicit(&r->server->bodies_bytes, piece.n,
						memory_order_relaxed);
	r->body_held += piece.n;
	r->no_room |= held + piece.n > HTTP_BODIES_BYTES_MAX;
	if (!r->no_room)
		buf_put(&r->body, piece.p, piece.n);
}

/* False: so much too large that the connection ends. */
static bool take_body(struct http_request *r, str piece)
{
	r->body_seen += piece.n;
	if (r->body_seen > r->plan.body_bytes_max) {
		r->too_large = true;
		return r->body_seen <= r->plan.body_bytes_max + HTTP_DISCARD_BYTES_MAX;
	}
	if (r->ready)
		return true;
	if (r->plan.body_piece != NULL) {
		running = r;
		if (!r->plan.body_piece(r, r->plan.arg, piece))
			CHECK(r->ready);
		running = NULL;
	} else {
		keep_body(r, piece);
	}
	return true;
}

static void request_run(struct http_job *job)
{
	struct http_request *r =
		(struct http_request *)(void *)((char *)job - offsetof(struct http_request, job));
	r->plan.run(r, r->plan.arg);
}

/* Gives the whole request to its handler. */
static void dispatch(struct http_request *r)
{
	r->state = HTTP_RUNNING;
	running = r;
	if (r->too_large) {
		refuse(r, 413, "The body is too large");
	} else if (r->body.nomem || r->no_room) {
		refuse(r, 503, "Out of memory");
	} else if (r->plan.where == HTTP_QUICK) {
		r->plan.run(r, r->plan.arg);
	} else {
		struct http_server *s = r->server;
		r->job.run = request_run;
		if (!queue_put(r->plan.where == HTTP_SLOW ? s->slow : s->work, &r->job, 0))
			refuse(r, 503, "Too much to do at the moment");
	}
	running = NULL;
}

void http_job_put(struct http_loop *l, struct http_job *job)
{
	if (l->jobs == NULL && queue_put(l->server->work, job, 0))
		return;
	job->next = l->jobs;
	l->jobs = job;
}

void *http_worker_run(void *arg)
{
	struct queue *work = arg;
	void *item;
	while (queue_take(work, &item, 1, -1) == 1) {
		struct http_job *job = item;
		job->run(job);
	}
	return NULL;
}

void http_refuse_raw(int fd, int status)
{
	char text[256];
	char thrown_away[4096];
	int n = snprintf(text, sizeof text,
			 "HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n"
			 "X-Content-Type-Options: nosniff\r\n\r\n",
			 status, status == 408 ? "Request Timeout" : "Content Too Large");
	(void)!send(fd, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* What was sent and not read would make the end a reset, and lose the answer. */
	(void)shutdown(fd, SHUT_WR);
	for (int i = 0; i < 64 && recv(fd, thrown_away, sizeof thrown_away, MSG_DONTWAIT) > 0;)
		i++;
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
	struct MHD_Response *response = r->is_static ? http_response_static(r) : r->response;
	if (response == NULL)
		return MHD_NO;
	r->state = HTTP_SENDING;
	r->sent_us = time_monotonic_us();
	enum MHD_Result ok = MHD_queue_response(r->mhd, (unsigned)r->status, response);
	if (!r->is_static || r->answer_headers_n > 0)
		MHD_destroy_response(response);
	r->response = NULL;
	if (r->stream != NULL)
		http_loop_watch_end(r->conn);
	return ok;
}

enum MHD_Result http_on_request(void *arg, struct MHD_Connection *c, const char *url,
				const char *method, const char *version, const char *data,
				size_t *data_n, void **request)
{
	struct http_request *r = *request;
	(void)arg;
	(void)url;
	if (r == NULL)
		return MHD_NO;
	if (!r->planned)
		return head_is_read(r, method, version) ? send_answer(r) : MHD_YES;
	if (*data_n > 0) {
		bool go_on = take_body(r, str_make(data, *data_n));
		if (!go_on)
			http_refuse_raw(r->conn->fd, 413);
		*data_n = 0;
		return go_on ? MHD_YES : MHD_NO;
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
	http_stream_lost(r);
	if (r->response != NULL)
		MHD_destroy_response(r->response);
	int64_t now_us = time_monotonic_us();
	bool sent = why == MHD_REQUEST_TERMINATED_COMPLETED_OK;
	if (l->server->options.done != NULL)
		l->server->options.done(l->server->options.arg, r, sent ? r->status : 0,
					r->is_head ? 0 : r->bytes_out, now_us - r->begun_us);
	r->conn->request = NULL;
	r->conn->since_us = now_us;
	r->conn->used = true;
	*request = NULL;
	request_give(l, r);
}
