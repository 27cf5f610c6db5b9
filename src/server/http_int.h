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

#include "base/map.h"
#include "base/queue.h"
#include "base/thread.h"
#include "server/http.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define HTTP_HEADERS_MAX	64
#define HTTP_ANSWER_HEADERS_MAX 16
#define HTTP_TARGET_BYTES_MAX	8192
#define HTTP_HEAD_BYTES_MAX	(16 * KIB)
#define HTTP_COOKIE_BYTES_MAX	8192
#define HTTP_QUERY_PARAMS_MAX	256
#define HTTP_CONNECTIONS_MAX	12000
#define HTTP_WORKERS_QUEUE_MAX	512
#define HTTP_SLOW_THREADS	2
#define HTTP_SLOW_QUEUE_MAX	64
#define HTTP_ARENA_BYTES_MAX	(64 * MIB)
#define HTTP_ARENA_KEEP_MAX	(64 * KIB)
#define HTTP_REQUESTS_KEPT_MAX	256
#define HTTP_ACCEPTS_PER_ROUND	64
#define HTTP_HEAD_WAIT_US	(10 * US_PER_S)
#define HTTP_IDLE_WAIT_US	(60 * US_PER_S)
#define HTTP_CONNECTION_MEMORY                                                                     \
	(24 * KIB) /* of the library, per connection: head and answer's head */
#define HTTP_CLIENT_TEXT_MAX   48
#define HTTP_BODY_GRACE_US     (20 * US_PER_S) /* a body may take so long, and longer ... */
#define HTTP_BODY_BYTES_PER_S  (8 * KIB)       /* ... as long as it comes this fast */
#define HTTP_SEND_GRACE_US     (30 * US_PER_S)
#define HTTP_SEND_BYTES_PER_S  (8 * KIB)
#define HTTP_CROWDED_WAIT_US   (3 * US_PER_S) /* idle ones stay no longer when there are many */
#define HTTP_DISCARD_BYTES_MAX (4 * MIB)   /* of a body that is too large, to be able to say so */
#define HTTP_BODIES_BYTES_MAX  (512 * MIB) /* of all requests together, in memory */
#define HTTP_GZIP_BYTES_MIN    KIB
#define HTTP_GZIP_BYTES_MAX    (64 * MIB)
#define HTTP_GZIP_ON_LOOP_MAX  (64 * KIB)
#define HTTP_PIECE_BYTES_MAX   (256 * KIB)
#define HTTP_KEPT_ANSWERS      64 /* of bytes that stay, per loop; a power of two */

#define HTTP_LOOPBACK	       "127.0.0.0/8 ::1"

struct http_header {
	str name, value;
};

/* A head, as http_head_fault looks at it. */
struct http_head {
	str method, target, version;
	const char *target_at; /* where it lay in the library's buffer; NULL: layout not known */
	const struct http_header *headers;
	size_t headers_n;
	size_t bytes_max;
};
struct http_fault {
	int status;
	const char *why;
};

/* What a worker does next for somebody. */
struct http_job {
	void (*run)(struct http_job *job);
	struct http_job *next;
};

/* An answer of bytes that stay, made once per loop. */
struct http_kept_answer {
	const char *p, *content_type;
	size_t n;
	int status;
	bool secure;
	struct MHD_Response *response;
};

struct http_conn {
	struct http_conn *next, *prev; /* in its loop's list */
	struct sockaddr_storage address;
	struct http_loop *loop;
	int fd;
	int64_t since_us;	      /* since when it waits for a request */
	bool used;		      /* it had a request before */
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
	bool ready;	/* the loop may send the answer */
	bool has_body;	/* it comes, or came */
	bool too_large; /* the rest of the body is thrown away */
	bool no_room;	/* all bodies together are too large */
	bool secure;	/* TLS at the trusted proxy */
	bool gzip;	/* the client takes it */
	struct http_plan plan;
	str method, target, path, query;
	const char *target_at; /* in the library's buffer, for its place alone */
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t headers_n;
	str client;
	struct buf body;
	uint64_t body_seen;
	size_t body_held; /* of bodies_bytes */
	struct arena arena;
	int64_t begun_us, read_us, sent_us; /* first line, head, and answer */
	uint64_t bytes_out;
	uint64_t id;
	void *note;
	/* the answer */
	int status;
	struct MHD_Response *response;
	const char *static_type; /* an answer of bytes that stay is made on the loop */
	str static_body;
	bool is_static;
	struct http_header answer_headers[HTTP_ANSWER_HEADERS_MAX];
	size_t answer_headers_n;
	struct http_stream *stream; /* its own reference */
	struct http_job job;
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
	struct http_job *jobs;		     /* for which the workers had no room yet */
	struct http_kept_answer kept_answers[HTTP_KEPT_ANSWERS];
	bool shut; /* takes no new connections */
};

struct http_server {
	struct http_options options;
	struct http_loop *loops;
	unsigned loops_n;
	unsigned port;
	int listen_fd;
	struct queue *work, *slow;
	struct thread *workers; /* the last HTTP_SLOW_THREADS take from `slow` */
	unsigned workers_n;
	atomic_bool stopping;
	_Atomic int64_t stop_by_us;
	atomic_size_t conns_n;
	atomic_size_t bodies_bytes; /* that requests hold */
	atomic_uint_fast64_t ids, refused;
	bool laid_out;	      /* the library's buffer is as http_guard.c knows it */
	struct mutex lock;    /* of the next two */
	struct map64 clients; /* connections of each address, when they are limited */
	struct gzip *gzips;   /* free ones */
};

/* http_loop.c */
bool http_loop_start(struct http_loop *l, struct http_server *s, err *e) MUST_CHECK;
/* From now on it takes connections. */
bool http_loop_accept(struct http_loop *l, err *e) MUST_CHECK;
void http_loop_wake(struct http_loop *l);
void http_loop_stop(struct http_loop *l);
/* Notices when the client of an open stream goes away. */
void http_loop_watch_end(struct http_conn *c);
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
void *http_worker_run(void *arg); /* `arg`: the queue from which it takes */
/* The answer is made: goes out at once when its handler runs on the loop, else wakes the loop. */
void http_request_answered(struct http_request *r);
/* True on a loop, where nothing may wait. */
bool http_is_on_loop(void);
/* Says what is wrong past the library, for requests that it is still reading. */
void http_refuse_raw(int fd, int status);
/* Gives a job to the workers; when they have no room, as soon as they have. The loop's thread. */
void http_job_put(struct http_loop *l, struct http_job *job);

/* http_guard.c: NULL, or why this head is refused. */
const struct http_fault *http_head_fault(const struct http_head *h);

/* http_send.c */
/* The answer that is kept for bytes that stay, with the request's headers. */
struct MHD_Response *http_response_static(struct http_request *r);
void http_answer_with(struct http_request *r, int status, const char *content_type,
		      struct MHD_Response *response);
void http_kept_answers_free(struct http_loop *l);

/* http_stream.c: the request is over. */
void http_stream_lost(struct http_request *r);
/* Its client is gone, or the server stops: the stream ends. */
void http_stream_end(struct http_request *r);

/* http_clients.c: whose connection; addresses of proxies. */
/* False: too many from there. */
bool http_client_enter(struct http_server *s, const struct sockaddr *sa);
void http_client_leave(struct http_server *s, const struct sockaddr *sa);
void http_client_print(const struct sockaddr *sa, char text[HTTP_CLIENT_TEXT_MAX]);
/* The client as proxies that are trusted say it: the last address of X-Forwarded-For that is not a
 * trusted proxy's. */
str http_client_forwarded(str trusted, str peer, str forwarded);
bool http_address_in(str list, str address);

/* http_parse.c: views of texts that clients sent. */
/* Percent-decodes into the arena; `plus`: "+" is a blank. False: a bad encoding, a NUL or bytes
 * that are not UTF-8. */
bool http_decode(struct arena *a, str in, bool plus, str *out_r) MUST_CHECK;
/* False: no path that this server has a use for: not absolute, dot segments, empty segments,
 * backslashes, control characters, a bad encoding. */
bool http_path_read(struct arena *a, str raw, str *path_r) MUST_CHECK;
/* False: a bad encoding in a name or a value, or more parameters than HTTP_QUERY_PARAMS_MAX. */
bool http_query_is_sound(struct arena *a, str query) MUST_CHECK;
bool http_query_next(str query, size_t *at, str *name_r, str *value_r);
str http_cookie_find(str header, str name);
/* Whether an Accept-Encoding takes a coding: its q-value, in thousandths. */
unsigned http_accept_q(str header, str coding);

#endif
