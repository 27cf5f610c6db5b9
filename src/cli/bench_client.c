/*
 * bench_client.c - a load generator: many connections, one thread.
 *
 * What it is:   each connection has one request under way at most. Either the next goes out as soon
 *               as an answer came (all that the server can do), or at fixed times, whether the
 *               server keeps up or not; then a span begins when the request was due, so that a
 *               server that stops for a moment cannot hide it.
 * Promises:     costs a few microseconds a request; the same for every server that is measured.
 * Threads:      one.
 */
#include "cli/bench_client_int.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX (512 * KIB)
#define EVENTS_MAX	 256
#define SILENCE_US	 (30 * US_PER_S)

struct conn {
	int fd;
	bool busy;
	str request;
	size_t sent, got;
	int64_t began_us;
	char answer[ANSWER_BYTES_MAX];
};

struct loading {
	const struct load *l;
	struct load_result *r;
	struct conn *conns;
	size_t *idle, idle_n;
	int epoll_fd;
	uint64_t begun;
	int64_t start_us, heard_us;
	err *e;
};

static bool conn_open(struct loading *g, struct conn *c)
{
	static const int on = 1;
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)g->l->port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0)
		return err_set_errno(g->e, ERR_IO, errno, "port %u", g->l->port);
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	return epoll_ctl(g->epoll_fd, EPOLL_CTL_ADD, c->fd, &ev) == 0 ||
	       err_set_errno(g->e, ERR_IO, errno, "epoll");
}

static void want_write(struct loading *g, struct conn *c, bool wanted)
{
	struct epoll_event ev = { .events = EPOLLIN | (wanted ? (uint32_t)EPOLLOUT : 0),
				  .data.ptr = c };
	(void)epoll_ctl(g->epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
}

static bool push(struct loading *g, struct conn *c)
{
	bool waited = c->sent > 0;
	ssize_t n = send(c->fd, c->request.p + c->sent, c->request.n - c->sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN)
		return err_set_errno(g->e, ERR_IO, errno, "sending");
	c->sent += n > 0 ? (size_t)n : 0;
	if (c->sent < c->request.n || waited)
		want_write(g, c, c->sent < c->request.n);
	return true;
}

static bool begin(struct loading *g, struct conn *c, int64_t due_us)
{
	c->request = g->l->next(g->l->arg, (size_t)(c - g->conns));
	c->busy = true;
	c->sent = c->got = 0;
	c->began_us = due_us;
	g->begun++;
	return push(g, c);
}

/* When request `i` is due; now, when they go as fast as answers come. */
static int64_t due_of(const struct loading *g, uint64_t i, int64_t now_us)
{
	if (g->l->per_second <= 0)
		return now_us;
	return g->start_us + (int64_t)((double)i / g->l->per_second * (double)US_PER_S);
}

static bool begin_due(struct loading *g, int64_t now_us)
{
	while (g->idle_n > 0 && g->begun < g->l->requests) {
		int64_t due = due_of(g, g->begun, now_us);
		if (due > now_us)
			return true;
		if (!begin(g, &g->conns[g->idle[--g->idle_n]], due))
			return false;
	}
	return true;
}

/* Bytes of the answer's body; SIZE_MAX: the head says nothing that we can read. */
static size_t length_of(str head)
{
	for (str line; str_next(&head, '\n', &line);) {
		uint64_t n;
		if (!str_eq_nocase(str_sub(line, 0, 15), S("Content-Length:")))
			continue;
		return num_parse_u64(str_trim(str_sub(line, 15, line.n)), &n) ? (size_t)n
									      : SIZE_MAX;
	}
	return 0;
}

static bool is_whole(const struct conn *c, int *status_r)
{
	const char *end = memmem(c->answer, c->got, "\r\n\r\n", 4);
	if (end == NULL || c->got < 12)
		return false;
	size_t head = (size_t)(end - c->answer) + 4;
	*status_r = (c->answer[9] - '0') * 100 + (c->answer[10] - '0') * 10 + c->answer[11] - '0';
	size_t body = length_of(str_make(c->answer, head));
	return body <= c->got - head;
}

static bool finish(struct loading *g, struct conn *c, int status, int64_t now_us)
{
	g->r->answered++;
	g->r->failed += status != 200 && status != 204;
	g->r->status_last = status;
	c->busy = false;
	g->idle[g->idle_n++] = (size_t)(c - g->conns);
	return vec_push(&g->r->spans_us, now_us - c->began_us) || err_nomem(g->e);
}

static bool take(struct loading *g, struct conn *c, int64_t now_us)
{
	int status;
	ssize_t n = recv(c->fd, c->answer + c->got, sizeof c->answer - c->got, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0)
		return err_set(g->e, ERR_IO, "the server ended a connection");
	c->got += (size_t)n;
	if (is_whole(c, &status))
		return finish(g, c, status, now_us);
	return c->got < sizeof c->answer || err_set(g->e, ERR_IO, "an answer without end");
}

static bool wait_and_serve(struct loading *g)
{
	struct epoll_event events[EVENTS_MAX];
	int64_t now = time_monotonic_us(), wait = US_PER_S / 10;
	if (g->idle_n > 0 && g->begun < g->l->requests)
		wait = MAX(due_of(g, g->begun, now) - now, INT64_C(0));
	wait = MIN(wait, US_PER_S / 10);
	struct timespec ts = { .tv_nsec = (long)(wait * 1000) };
	int n = epoll_pwait2(g->epoll_fd, events, EVENTS_MAX, &ts, NULL);
	now = time_monotonic_us();
	if (n > 0)
		g->heard_us = now;
	else if (now - g->heard_us > SILENCE_US)
		return err_set(g->e, ERR_TIMEOUT, "the server does not answer");
	for (int i = 0; i < n; i++) {
		struct conn *c = events[i].data.ptr;
		if ((events[i].events & EPOLLOUT) != 0 && c->sent < c->request.n && !push(g, c))
			return false;
		if ((events[i].events & (uint32_t)~EPOLLOUT) != 0 && !take(g, c, now))
			return false;
	}
	return begin_due(g, now);
}

static bool run(struct loading *g)
{
	for (size_t i = 0; i < g->l->connections; i++) {
		g->conns[i].fd = -1;
		if (!conn_open(g, &g->conns[i]))
			return false;
		g->idle[g->idle_n++] = i;
	}
	g->start_us = g->heard_us = time_monotonic_us();
	if (!begin_due(g, g->start_us))
		return false;
	while (g->r->answered < g->l->requests) {
		if (!wait_and_serve(g))
			return false;
		if (*g->l->stop)
			return err_set(g->e, ERR_BUSY, "interrupted");
	}
	g->r->wall_us = MAX(time_monotonic_us() - g->start_us, INT64_C(1));
	return true;
}

static int span_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

bool bench_load(const struct load *l, struct load_result *r, err *e)
{
	struct loading g = { .l = l, .r = r, .e = e, .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	g.conns = mem_zalloc(l->connections, sizeof *g.conns);
	g.idle = mem_zalloc(l->connections, sizeof *g.idle);
	bool ok = (g.conns != NULL && g.idle != NULL && g.epoll_fd >= 0) || err_nomem(e);
	ok = ok && run(&g);
	for (size_t i = 0; g.conns != NULL && i < l->connections; i++) {
		if (g.conns[i].fd > 0)
			close(g.conns[i].fd);
	}
	if (g.epoll_fd >= 0)
		close(g.epoll_fd);
	mem_free(g.conns);
	mem_free(g.idle);
	if (ok)
		qsort(r->spans_us.items, r->spans_us.n, sizeof *r->spans_us.items, span_cmp);
	return ok;
}

double load_span_ms(const struct load_result *r, unsigned of_thousand)
{
	if (r->spans_us.n == 0)
		return 0;
	size_t i = MIN(r->spans_us.n - 1, r->spans_us.n * of_thousand / 1000);
	return (double)r->spans_us.items[i] / 1000;
}
