/*
 * http.h - the seam to the HTTP library: requests in, answers out, streams that stay open.
 *
 * What it is:   a dozen functions behind which libmicrohttpd stands; nothing else of the program
 * names it. A loop per core reads requests; a handler runs on the loop (QUICK: never waits, may
 * answer later from another thread) or on a worker (WORKER: may wait for the disk).
 * Promises:     ambiguous framing is refused before any handler sees it; a request's body, headers
 * and time are limited; a full pool of workers answers 503 and never grows.
 * Threads:      a request belongs to one thread at a time; http_answer may be called from any.
 */
#ifndef TRICHTER_SERVER_HTTP_H
#define TRICHTER_SERVER_HTTP_H

#include "base/buf.h"

struct http_server;
struct http_request;
struct http_stream;

enum http_where {
	HTTP_QUICK,  /* on the loop; must not wait */
	HTTP_WORKER, /* on a worker thread */
	/* On one of a few threads of their own: what takes a core and much memory, and what anybody
	 * may ask for many times at once; others do not wait behind it. */
	HTTP_SLOW,
};

/* What the layer above says once the head of a request is read, before its body. */
struct http_plan {
	enum http_where where;
	size_t body_bytes_max; /* 0: no body wanted */
	/* NULL: the body is collected in memory. Else each piece goes here, on the loop; false ends
	 * the request (answer it first). For uploads that go to a file. */
	bool (*body_piece)(struct http_request *r, void *arg, str piece);
	void (*run)(struct http_request *r, void *arg); /* must lead to one http_answer */
	void *arg;
};

struct http_options {
	const char *listen; /* "127.0.0.1:8080", "[::1]:0", "0.0.0.0:80" */
	unsigned loops;	    /* 0: one per core */
	unsigned workers;   /* 0: twice the cores */
	size_t connections_max, workers_queue_max, head_bytes_max;
	size_t connections_per_client_max; /* 0: as many as they like */
	size_t request_arena_bytes_max;
	int64_t head_wait_us, body_wait_us, idle_wait_us;
	/* Whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses and networks,
	 * separated by blanks or commas. NULL: loopback. */
	const char *trusted_proxies;
	/* Chooses the handler by method and path; on the loop. */
	void (*plan)(void *arg, struct http_request *r, struct http_plan *plan_r);
	/* Answers a request that is refused before it has a handler: malformed, too large, too many
	 * at once. Never NULL. */
	void (*refuse)(void *arg, struct http_request *r, int status, const char *why);
	/* After the answer went out: access log, numbers. Status 0: the client went away. */
	void (*done)(void *arg, struct http_request *r, int status, uint64_t bytes, int64_t us);
	void *arg;
};

bool http_server_start(const struct http_options *o, struct http_server **s_r, err *e) MUST_CHECK;
unsigned http_server_port(const struct http_server *s);
/* No new connections; what was accepted is answered (waiting `wait_us` at most), streams end. */
void http_server_stop(struct http_server **s, int64_t wait_us);

struct http_numbers {
	uint64_t connections, connections_max;
	uint64_t refused; /* connections, because there were too many */
	uint64_t jobs_waiting, jobs_max;
	unsigned loops, workers;
};
void http_server_numbers(struct http_server *s, struct http_numbers *n_r);

/* Views that live as long as the request. */
str http_method(const struct http_request *r);
str http_path(const struct http_request *r);		 /* percent-decoded, without the query */
str http_query(const struct http_request *r, str name);	 /* decoded; p NULL: not there */
str http_header(const struct http_request *r, str name); /* any case; p NULL: not there */
str http_cookie(const struct http_request *r, str name);
str http_body(const struct http_request *r);
str http_client(
	const struct http_request *r); /* address; behind a trusted proxy the forwarded one */
bool http_is_secure(const struct http_request *r); /* TLS at the trusted proxy */
/* Has the client left, so that nobody reads the answer? Of a request that runs on a worker. */
bool http_client_gone(const struct http_request *r);
uint64_t http_id(const struct http_request *r); /* for logs and for those who ask for help */
/* Whether the client takes this coding of content ("gzip"), by Accept-Encoding with its q-values.
 */
bool http_accepts(const struct http_request *r, str coding);
struct arena *http_arena(struct http_request *r);
/* Every parameter of the query in turn; false at the end. Begin with *at = 0. */
bool http_query_each(const struct http_request *r, size_t *at, str *name_r, str *value_r);
/* A place for the layer above, kept until `done`. */
void http_set_note(struct http_request *r, void *note);
void *http_note(const struct http_request *r);

/* Adds a header to the answer to come. Headers about safety (Content-Security-Policy, ...) and
 * Cache-Control: no-store come by themselves; one set here takes their place. Control characters in
 * a value end the process in tests and are dropped in production. */
void http_answer_header(struct http_request *r, const char *name, str value);
bool http_answer_has(const struct http_request *r, const char *name);
/* Ends the request. The body is copied; it is compressed when that pays and the client takes it. */
void http_answer(struct http_request *r, int status, const char *content_type, str body);
/* The same for bytes that stay for ever (assets): not copied, not compressed again. */
void http_answer_static(struct http_request *r, int status, const char *content_type, str body);
/* The same from a file descriptor, which is taken: `bytes` from its beginning. */
void http_answer_file(struct http_request *r, int status, const char *content_type, int fd,
		      uint64_t bytes);
/* An answer of any length, asked for piece by piece on a worker; `piece` appends to `out` and
 * returns false at the end. */
void http_answer_pieces(struct http_request *r, int status, const char *content_type,
			bool (*piece)(void *arg, struct buf *out), void (*end)(void *arg),
			void *arg);

/* Server-sent events: the request becomes a stream. Never waits: a listener that does not read
 * loses its connection when `bytes_max` wait for it. */
struct http_stream *http_stream_open(struct http_request *r, size_t bytes_max);
bool http_stream_send(struct http_stream *s, str bytes);
void http_stream_close(struct http_stream **s);

#endif
