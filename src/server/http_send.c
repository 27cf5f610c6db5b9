/*
 * http_send.c - from what a handler says to what goes over the wire.
 *
 * What it is:   headers that every answer has, compression, answers of bytes that stay, which each
 *               loop makes once, and answers in pieces, which workers make while they are sent.
 * Promises:     no answer without the headers of safety; what one client gets is stored by nobody
 *               unless a handler says so.
 * Threads:      the request's owner; http_response_static and the reading of pieces on the loop.
 */
#include "server/http_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "io/gzip.h"

#include <string.h>

#define CSP_PAGE                                                                                   \
	"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "          \
	"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "        \
	"object-src 'none'"
#define CSP_DATA "default-src 'none'; frame-ancestors 'none'"

static const struct {
	const char *name, *page, *data; /* for pages, for all else */
} safety[] = {
	{ "Content-Security-Policy", CSP_PAGE, CSP_DATA },
	{ "X-Content-Type-Options", "nosniff", "nosniff" },
	{ "Referrer-Policy", "same-origin", "no-referrer" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
	  NULL },
	{ "Cross-Origin-Opener-Policy", "same-origin", NULL },
	{ "Cross-Origin-Resource-Policy", "same-origin", "same-origin" },
	{ "X-Frame-Options", "DENY", NULL },
	{ "Cache-Control", "no-store", "no-store" },
};
#define HSTS "max-age=31536000; includeSubDomains"

bool http_answer_has(const struct http_request *r, const char *name)
{
	for (size_t i = 0; i < r->answer_headers_n; i++) {
		if (str_eq_nocase(r->answer_headers[i].name, str_of(name)))
			return true;
	}
	return false;
}

static bool is_text(str type)
{
	return str_starts(type, S("text/")) || str_starts(type, S("application/json")) ||
	       str_starts(type, S("application/problem+json")) ||
	       str_starts(type, S("application/javascript")) ||
	       str_starts(type, S("image/svg+xml"));
}

/* False: the system gave no memory for a header; the answer must not go out without it. */
static bool headers_add(struct http_request *r, const char *content_type,
			struct MHD_Response *response)
{
	bool page = content_type != NULL && str_starts(str_of(content_type), S("text/html"));
	bool ok = content_type == NULL ||
		  MHD_add_response_header(response, "Content-Type", content_type) == MHD_YES;
	for (size_t i = 0; i < ARRAY_LEN(safety); i++) {
		const char *value = page ? safety[i].page : safety[i].data;
		if (value != NULL &&
		    (r->answer_headers_n == 0 || !http_answer_has(r, safety[i].name)))
			ok &= MHD_add_response_header(response, safety[i].name, value) == MHD_YES;
	}
	if (r->secure)
		ok &= MHD_add_response_header(response, "Strict-Transport-Security", HSTS) ==
		      MHD_YES;
	for (size_t i = 0; i < r->answer_headers_n; i++)
		ok &= MHD_add_response_header(response, r->answer_headers[i].name.p,
					      r->answer_headers[i].value.p) == MHD_YES;
	return ok;
}

void http_answer_with(struct http_request *r, int status, const char *content_type,
		      struct MHD_Response *response)
{
	CHECK(r->response == NULL && !r->is_static);
	r->status = status;
	if (response != NULL && !headers_add(r, content_type, response)) {
		MHD_destroy_response(response);
		response = NULL;
	}
	if (response == NULL)
		log_event(LOG_ERROR, "http_no_memory", "status=%d", status);
	r->response = response; /* NULL: the connection ends */
	http_request_answered(r);
}

/* ---- compression ---------------------------------------------------------------------------- */

static struct gzip *gzip_borrow(struct http_server *s)
{
	err e = { 0 };
	mutex_lock(&s->lock);
	struct gzip *g = s->gzips;
	if (g != NULL)
		s->gzips = g->next;
	mutex_unlock(&s->lock);
	if (g == NULL && !gzip_new(&g, GZIP_FAST, &e))
		return NULL;
	return g;
}

static void gzip_return(struct http_server *s, struct gzip *g)
{
	mutex_lock(&s->lock);
	g->next = s->gzips;
	s->gzips = g;
	mutex_unlock(&s->lock);
}

/* The body, compressed, when that pays. On true `out` is the caller's to free. */
static bool compress(struct http_request *r, const char *content_type, str body, struct buf *out)
{
	bool pays = r->gzip && content_type != NULL && is_text(str_of(content_type)) &&
		    body.n >= HTTP_GZIP_BYTES_MIN && body.n <= HTTP_GZIP_BYTES_MAX &&
		    (body.n <= HTTP_GZIP_ON_LOOP_MAX || !http_is_on_loop()) &&
		    !http_answer_has(r, "Content-Encoding");
	struct gzip *g = pays ? gzip_borrow(r->server) : NULL;
	err e = { 0 };
	if (g == NULL)
		return false;
	buf_init(out, 2 * HTTP_GZIP_BYTES_MAX);
	bool ok = gzip_compress(g, body, out, &e) && out->n < body.n;
	gzip_return(r->server, g);
	if (!ok)
		buf_fini(out);
	return ok;
}

void http_answer(struct http_request *r, int status, const char *content_type, str body)
{
	struct buf packed;
	struct MHD_Response *response;
	if (content_type != NULL && body.n >= HTTP_GZIP_BYTES_MIN && !http_answer_has(r, "Vary"))
		http_answer_header(r, "Vary", S("Accept-Encoding"));
	if (compress(r, content_type, body, &packed)) {
		http_answer_header(r, "Content-Encoding", S("gzip"));
		r->bytes_out = packed.n;
		response = MHD_create_response_from_buffer_with_free_callback(packed.n, packed.p,
									      mem_free);
		if (response == NULL)
			mem_free(packed.p);
	} else {
		r->bytes_out = body.n;
		response = MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p,
							   MHD_RESPMEM_MUST_COPY);
	}
	http_answer_with(r, status, content_type, response);
}

/* ---- bytes that stay ------------------------------------------------------------------------ */

void http_answer_static(struct http_request *r, int status, const char *content_type, str body)
{
	CHECK(r->response == NULL && !r->is_static);
	r->is_static = true;
	r->static_body = body;
	r->static_type = content_type;
	r->status = status;
	r->bytes_out = body.n;
	http_request_answered(r);
}

static struct MHD_Response *static_make(struct http_request *r)
{
	str body = r->static_body;
	struct MHD_Response *response = MHD_create_response_from_buffer(
		body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_PERSISTENT);
	if (response != NULL && !headers_add(r, r->static_type, response)) {
		MHD_destroy_response(response);
		return NULL;
	}
	return response;
}

struct MHD_Response *http_response_static(struct http_request *r)
{
	if (r->answer_headers_n > 0)
		return static_make(r);
	size_t at = ((uintptr_t)r->static_body.p >> 3 ^ r->static_body.n ^ (size_t)r->status ^
		     (uintptr_t)r->secure << 4) &
		    (HTTP_KEPT_ANSWERS - 1);
	struct http_kept_answer *k = &r->conn->loop->kept_answers[at];
	if (k->response != NULL && k->p == r->static_body.p && k->n == r->static_body.n &&
	    k->content_type == r->static_type && k->status == r->status && k->secure == r->secure)
		return k->response;
	struct MHD_Response *response = static_make(r);
	if (k->response != NULL)
		MHD_destroy_response(k->response);
	*k = (struct http_kept_answer){ .p = r->static_body.p,
					.n = r->static_body.n,
					.content_type = r->static_type,
					.status = r->status,
					.secure = r->secure,
					.response = response };
	return response;
}

void http_kept_answers_free(struct http_loop *l)
{
	for (size_t i = 0; i < HTTP_KEPT_ANSWERS; i++) {
		if (l->kept_answers[i].response != NULL)
			MHD_destroy_response(l->kept_answers[i].response);
	}
}

void http_answer_file(struct http_request *r, int status, const char *content_type, int fd,
		      uint64_t bytes)
{
	r->bytes_out = bytes;
	http_answer_with(r, status, content_type, MHD_create_response_from_fd64(bytes, fd));
}

/* ---- pieces --------------------------------------------------------------------------------- */

struct pieces {
	struct http_job job;
	struct http_request *r;
	struct http_loop *loop; /* outlives the request */
	bool (*piece)(void *arg, struct buf *out);
	void (*end)(void *arg);
	void *arg;
	struct buf out;
	size_t taken; /* of `out`, by the loop */
	bool last, over;
};

/* On a worker, while the request is suspended. */
static void pieces_more(struct http_job *job)
{
	struct pieces *p = (struct pieces *)(void *)job;
	buf_clear(&p->out);
	p->taken = 0;
	while (!p->last && p->out.n == 0 && !p->over) {
		p->last = !p->piece(p->arg, &p->out);
		p->over = p->out.over || p->out.nomem;
	}
	http_loop_done(p->r);
}

static void pieces_end(struct http_job *job)
{
	struct pieces *p = (struct pieces *)(void *)job;
	if (p->end != NULL)
		p->end(p->arg);
	buf_fini(&p->out);
	mem_free(p);
}

static ssize_t pieces_read(void *arg, uint64_t pos, char *to, size_t n_max)
{
	struct pieces *p = arg;
	(void)pos;
	size_t n = MIN(p->out.n - p->taken, n_max);
	if (n > 0) {
		memcpy(to, p->out.p + p->taken, n);
		p->taken += n;
		p->r->bytes_out += n;
		p->r->sent_us = time_monotonic_us(); /* it moves: the time to send begins anew */
		return (ssize_t)n;
	}
	if (p->over)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (p->last)
		return MHD_CONTENT_READER_END_OF_STREAM;
	MHD_suspend_connection(p->r->mhd);
	http_job_put(p->loop, &p->job);
	return 0;
}

static void pieces_free(void *arg)
{
	struct pieces *p = arg;
	p->job.run = pieces_end;
	http_job_put(p->loop, &p->job);
}

void http_answer_pieces(struct http_request *r, int status, const char *content_type,
			bool (*piece)(void *arg, struct buf *out), void (*end)(void *arg),
			void *arg)
{
	struct pieces *p = mem_zalloc(1, sizeof *p);
	struct MHD_Response *response = NULL;
	if (p != NULL) {
		*p = (struct pieces){
			.r = r, .loop = r->conn->loop, .piece = piece, .end = end, .arg = arg
		};
		p->job.run = pieces_more;
		buf_init(&p->out, 8 * MIB);
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTP_PIECE_BYTES_MAX,
							     pieces_read, p, pieces_free);
	}
	if (response == NULL) {
		mem_free(p);
		if (end != NULL)
			end(arg);
	}
	http_answer_with(r, status, content_type, response);
}
