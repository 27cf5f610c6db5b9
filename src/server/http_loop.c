/*
 * http_loop.c - a thread that reads requests and sends answers, and never waits for anything else.
 *
 * What it is:   epoll over the listening socket, the library's own epoll and a wake-up; accepting,
 *               limits on connections, deadlines.
 * Promises:     a wake-up costs one write for all answers that wait; who is slow loses their
 *               connection.
 * Threads:      one per loop; http_loop_done and http_loop_wake from any.
 */
#include "server/http_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define SWEEP_US      (250 * INT64_C(1000))
#define EVENTS_MAX    64
#define JOBS_RETRY_MS 5
/* MHD_ALLOW_SUSPEND_RESUME without the library's own wake-up: resuming happens on the loop. */
#define FLAG_SUSPEND ((unsigned)MHD_ALLOW_SUSPEND_RESUME & ~(unsigned)MHD_USE_ITC)

static void conn_open(struct http_loop *l, struct MHD_Connection *c, void **context)
{
	const union MHD_ConnectionInfo *fd = MHD_get_connection_info(
		c, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *address = MHD_get_connection_info(
		c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct http_conn *conn = mem_zalloc(1, sizeof *conn);
	if (conn == NULL)
		return; /* its requests are refused */
	conn->loop = l;
	conn->fd = fd->connect_fd;
	conn->since_us = time_monotonic_us();
	memcpy(&conn->address, address->client_addr,
	       address->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
							   : sizeof(struct sockaddr_in));
	http_client_print(address->client_addr, conn->client);
	conn->next = l->conns;
	if (l->conns != NULL)
		l->conns->prev = conn;
	l->conns = conn;
	*context = conn;
}

static void on_connection(void *arg, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct http_loop *l = arg;
	struct http_conn *conn = *context;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		conn_open(l, c, context);
		return;
	}
	l->conns_n--;
	atomic_fetch_sub(&l->server->conns_n, 1);
	if (conn == NULL)
		return;
	http_client_leave(l->server, (struct sockaddr *)&conn->address);
	if (conn->prev != NULL)
		conn->prev->next = conn->next;
	else
		l->conns = conn->next;
	if (conn->next != NULL)
		conn->next->prev = conn->prev;
	mem_free(conn);
	*context = NULL;
}

static size_t keep_raw(void *arg, struct MHD_Connection *c, char *s)
{
	(void)arg;
	(void)c;
	return strlen(s);
}

/* False: the server is full, or this client has enough. */
static bool may_come_in(struct http_server *s, const struct sockaddr *sa)
{
	if (atomic_fetch_add(&s->conns_n, 1) < s->options.connections_max &&
	    http_client_enter(s, sa))
		return true;
	atomic_fetch_sub(&s->conns_n, 1);
	atomic_fetch_add(&s->refused, 1);
	return false;
}

static void accept_some(struct http_loop *l)
{
	static const int on = 1;
	for (int i = 0; i < HTTP_ACCEPTS_PER_ROUND; i++) {
		struct sockaddr_storage address;
		socklen_t n = sizeof address;
		struct sockaddr *sa = (struct sockaddr *)&address;
		int fd = accept4(l->listen_fd, sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		if (!may_come_in(l->server, sa)) {
			close(fd);
			continue;
		}
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		l->conns_n++;
		/* The library closes the socket when it refuses it. */
		if (MHD_add_connection(l->daemon, fd, sa, n) != MHD_YES) {
			l->conns_n--;
			atomic_fetch_sub(&l->server->conns_n, 1);
			http_client_leave(l->server, sa);
		}
	}
}

void http_loop_wake(struct http_loop *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->wake_fd, &one, sizeof one);
	(void)n; /* a full counter wakes as well */
}

void http_loop_done(struct http_request *r)
{
	struct http_loop *l = r->conn->loop;
	struct http_request *first = atomic_load_explicit(&l->done, memory_order_relaxed);
	do
		r->next = first;
	while (!atomic_compare_exchange_weak_explicit(&l->done, &first, r, memory_order_release,
						      memory_order_relaxed));
	if (first == NULL)
		http_loop_wake(l);
}

/* All that other threads have answered goes on, in the order in which they did. */
static void resume_done(struct http_loop *l)
{
	struct http_request *r = atomic_exchange_explicit(&l->done, NULL, memory_order_acquire);
	struct http_request *in_order = NULL;
	while (r != NULL) {
		struct http_request *next = r->next;
		r->next = in_order;
		in_order = r;
		r = next;
	}
	for (r = in_order; r != NULL;) {
		struct http_request *next = r->next;
		r->ready = true;
		MHD_resume_connection(r->mhd);
		r = next;
	}
}

/* How long a connection may stay without a request: less when there are many. */
static int64_t idle_wait_us(const struct http_loop *l, const struct http_conn *c)
{
	const struct http_options *o = &l->server->options;
	int64_t wait_us = c->used ? o->idle_wait_us : o->head_wait_us;
	if (atomic_load_explicit(&l->server->conns_n, memory_order_relaxed) >
	    o->connections_max - o->connections_max / 4)
		wait_us = MIN(wait_us, HTTP_CROWDED_WAIT_US);
	return wait_us;
}

static int64_t at_rate_us(uint64_t bytes, size_t bytes_per_s)
{
	return (int64_t)(bytes / bytes_per_s) * US_PER_S;
}

/* A request whose client is too slow, at any of three stages. */
static bool is_too_slow(const struct http_loop *l, const struct http_request *r, int64_t now_us)
{
	if (r->state == HTTP_READING && !r->planned)
		return now_us - r->begun_us > l->server->options.head_wait_us;
	if (r->state == HTTP_READING)
		return now_us - r->read_us >
		       l->server->options.body_wait_us +
			       at_rate_us(r->body_seen, HTTP_BODY_BYTES_PER_S);
	if (r->state == HTTP_SENDING && r->stream == NULL)
		return now_us - r->sent_us >
		       HTTP_SEND_GRACE_US + at_rate_us(r->bytes_out, HTTP_SEND_BYTES_PER_S);
	return false;
}

/* Who is too slow is cut off; at the stop, whoever is between requests, and in the end everyone. */
static void sweep(struct http_loop *l, int64_t now_us)
{
	bool stopping = atomic_load(&l->server->stopping);
	bool late = stopping && now_us >= atomic_load(&l->server->stop_by_us);
	l->swept_us = now_us;
	for (struct http_conn *c = l->conns; c != NULL; c = c->next) {
		struct http_request *r = c->request;
		bool cut = late;
		if (r == NULL) {
			cut |= stopping || now_us - c->since_us > idle_wait_us(l, c);
		} else if (is_too_slow(l, r, now_us)) {
			if (r->state == HTTP_READING)
				http_refuse_raw(c->fd, 408);
			cut = true;
		} else if (stopping && r->stream != NULL) {
			http_stream_end(r);
		}
		if (cut)
			(void)shutdown(c->fd, SHUT_RDWR);
	}
}

static void stop_accepting(struct http_loop *l)
{
	if (!l->shut)
		(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, l->listen_fd, NULL);
	l->shut = true;
}

static int wait_ms(struct http_loop *l)
{
	MHD_UNSIGNED_LONG_LONG ms = 0;
	if (MHD_get_timeout(l->daemon, &ms) == MHD_YES && ms < SWEEP_US / 1000)
		return (int)ms;
	return l->jobs != NULL ? JOBS_RETRY_MS : (int)(SWEEP_US / 1000);
}

/* Jobs for which the workers had no room. */
static void jobs_retry(struct http_loop *l)
{
	while (l->jobs != NULL) {
		struct http_job *job = l->jobs;
		struct http_job *rest = job->next;
		if (!queue_put(l->server->work, job, 0))
			break;
		l->jobs = rest;
	}
}

void http_loop_watch_end(struct http_conn *c)
{
	struct epoll_event ev = { .events = EPOLLRDHUP | EPOLLONESHOT, .data = { .ptr = c } };
	/* Without it, the next heartbeat notices. */
	(void)epoll_ctl(c->loop->epoll_fd, EPOLL_CTL_ADD, c->fd, &ev);
}

/* One event of the loop's own; `what` is the address of a descriptor of the loop, or a connection
 * with an open stream whose client is gone. */
static void on_event(struct http_loop *l, void *what)
{
	uint64_t count;
	if (what == &l->listen_fd) {
		accept_some(l);
	} else if (what == &l->wake_fd) {
		if (read(l->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
			log_event(LOG_ERROR, "http_wake", "errno=%d", errno);
	} else if (what != &l->daemon) {
		struct http_conn *c = what;
		if (c->request != NULL && c->request->stream != NULL)
			http_stream_end(c->request);
	}
}

static void *loop_run(void *arg)
{
	struct http_loop *l = arg;
	struct epoll_event events[EVENTS_MAX];
	for (;;) {
		int n = epoll_wait(l->epoll_fd, events, EVENTS_MAX, wait_ms(l));
		for (int i = 0; i < n; i++)
			on_event(l, events[i].data.ptr);
		resume_done(l);
		MHD_run(l->daemon);
		jobs_retry(l);
		if (atomic_load_explicit(&l->server->stopping, memory_order_relaxed)) {
			stop_accepting(l);
			if (l->conns == NULL && l->jobs == NULL)
				break;
		}
		int64_t now_us = time_monotonic_us();
		if (now_us - l->swept_us >= SWEEP_US)
			sweep(l, now_us);
	}
	return NULL;
}

static bool watch(struct http_loop *l, int fd, uint32_t events, void *what, err *e)
{
	struct epoll_event ev = { .events = events, .data = { .ptr = what } };
	return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0 ||
	       err_set_errno(e, ERR_IO, errno, "cannot watch a socket");
}

static bool daemon_start(struct http_loop *l, err *e)
{
	l->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_TURBO | FLAG_SUSPEND, 0, NULL,
		NULL, http_on_request, l, MHD_OPTION_URI_LOG_CALLBACK, http_on_target, l,
		MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, l, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, l, MHD_OPTION_UNESCAPE_CALLBACK, keep_raw, NULL,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)l->server->options.connections_max,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	return l->daemon != NULL || err_set(e, ERR_IO, "the HTTP library did not start");
}

bool http_loop_start(struct http_loop *l, struct http_server *s, err *e)
{
	l->server = s;
	l->listen_fd = s->listen_fd;
	l->swept_us = time_monotonic_us();
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll_fd < 0 || l->wake_fd < 0)
		return err_set_errno(e, ERR_IO, errno, "cannot wait for sockets");
	if (!daemon_start(l, e))
		return false;
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return watch(l, l->wake_fd, EPOLLIN, &l->wake_fd, e) &&
	       watch(l, info->epoll_fd, EPOLLIN, &l->daemon, e) &&
	       thread_start(&l->thread, "http", loop_run, l, e);
}

bool http_loop_accept(struct http_loop *l, err *e)
{
	return watch(l, l->listen_fd, EPOLLIN | EPOLLEXCLUSIVE, &l->listen_fd, e);
}

void http_loop_stop(struct http_loop *l)
{
	if (l->server == NULL)
		return;
	if (l->thread.started) {
		http_loop_wake(l);
		thread_join(&l->thread);
	}
	if (l->daemon != NULL)
		MHD_stop_daemon(l->daemon);
	http_requests_free(l);
	http_kept_answers_free(l);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
}
