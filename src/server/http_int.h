/*
 * http_int.h - what the files of the HTTP seam share: loops, connections, requests.
 *
 * What it is:   one thread per core runs a loop of its own (epoll) around a libmicrohttpd daemon of
 * its own, so nothing in the library is shared between threads. A request that waits for another
 * thread is suspended; whoever answers puts it on its loop's list and wakes the loop once for all
 * that wait.
 * Threads:      everything of a loop belongs to its thread, except `done` and `wake_fd`.
 */
#ifndef TRICHTER_SERVER_HTTP_INT_H
#define TRICHTER_SERVER_HTTP_INT_H

#include "base/queue.h"
#include "base/thread.h"
#include "server/http.h"

#include <microhttpd.h>
#include <stdatomic.h>

#define HTTP_HEADERS_MAX	64
#define HTTP_ANSWER_HEADERS_MAX 16
#define HTTP_TARGET_BYTES_MAX	8192
#define HTTP_HEAD_BYTES_MAX	(16 * KIB)
#define HTTP_COOKIE_BYTES_MAX	8192
#define HTTP_QUERY_PARAMS_MAX	64
#define HTTP_CONNECTIONS_MAX	12000
#define HTTP_WORKERS_QUEUE_MAX	512
#define HTTP_ARENA_BYTES_MAX	(64 * MIB)
#define HTTP_ARENA_KEEP_MAX	(64 * KIB)
#define HTTP_REQUESTS_KEPT_MAX	256
#define HTTP_ACCEPTS_PER_ROUND	64
#define HTTP_HEAD_WAIT_US	(10 * US_PER_S)
#define HTTP_IDLE_WAIT_US	(60 * US_PER_S)
#define HTTP_CONNECTION_MEMORY                                                                     \
	(24 * KIB) /* of the library, per connection: head and answer's head */
#define HTTP_CLIENT_TEXT_MAX 48

struct http_header {
	str name, value;
};

struct http_conn {
	struct http_conn *next, *prev; /* in its loop's list */
	struct http_loop *loop;
	int fd;
	int64_t since_us;	      /* since when it has been waiting for a whole head */
	struct http_request *request; /* being read or answered; NULL between two */
	char client[HTTP_CLIENT_TEXT_MAX];
};

enum http_state {
	HTTP_READING, /* head or body */
	HTTP_RUNNING, /* a handler has it */
	HTTP_SENDING,
};

struct http_request {
	struct http_server *server;
	struct http_conn *conn;
	struct MHD_Connection *mhd;
	enum http_state state;
	bool planned, is_head;
	bool ready; /* the loop may send the answer */
	struct http_plan plan;
	str method, target, path, query;
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t headers_n;
	struct buf body;
	uint64_t body_seen;
	struct arena arena;
	int64_t begun_us;
	uint64_t bytes_out;
	void *note;
	/* the answer */
	int status;
	struct MHD_Response *response;
	struct http_header answer_headers[HTTP_ANSWER_HEADERS_MAX];
	size_t answer_headers_n;
	struct http_stream *stream;
	struct http_request *next; /* in the loop's list of answers, or of kept requests */
};

struct http_loop {
	struct http_server *server;
	struct thread thread;
	struct MHD_Daemon *daemon;
	int epoll_fd, wake_fd, listen_fd;
	struct http_conn *conns;
	size_t conns_n, active_n; /* active: requests of which a handler has not let go */
	struct http_request *kept;
	size_t kept_n;
	int64_t swept_us;
	_Atomic(struct http_request *) done; /* answered by other threads */
	bool accepting;
};

struct http_server {
	struct http_options options;
	struct http_loop *loops;
	unsigned loops_n;
	unsigned port;
	int listen_fd;
	struct queue *work;
	struct thread *workers;
	unsigned workers_n;
	atomic_bool stopping;
	_Atomic int64_t stop_by_us;
	atomic_size_t conns_n;
};

/* http_loop.c */
bool http_loop_start(struct http_loop *l, struct http_server *s, err *e) MUST_CHECK;
void http_loop_wake(struct http_loop *l);
void http_loop_stop(struct http_loop *l);
/* Puts an answered request on its loop's list; any thread. */
void http_loop_done(struct http_request *r);

/* http_request.c: what the library calls. */
void *http_on_target(void *arg, const char *uri, struct MHD_Connection *c);
enum MHD_Result http_on_request(void *arg, struct MHD_Connection *c, const char *url,
				const char *method, const char *version, const char *data,
				size_t *data_n, void **request);
void http_on_completed(void *arg, struct MHD_Connection *c, void **request,
		       enum MHD_RequestTerminationCode why);
void http_requests_free(struct http_loop *l);
void *http_worker_run(void *arg);
/* The answer is made: goes out at once when its handler runs on the loop, else wakes the loop. */
void http_request_answered(struct http_request *r);

/* http_parse.c: views of texts that clients sent. */
/* Percent-decodes into the arena; `plus`: "+" is a blank. False: a bad encoding, a NUL or bytes
 * that are not UTF-8. */
bool http_decode(struct arena *a, str in, bool plus, str *out_r) MUST_CHECK;
/* False: no path that this server has a use for: not absolute, dot segments, empty segments,
 * backslashes, control characters, a bad encoding. */
bool http_path_read(struct arena *a, str raw, str *path_r) MUST_CHECK;
bool http_query_next(str query, size_t *at, str *name_r, str *value_r);
str http_cookie_find(str header, str name);

#endif
