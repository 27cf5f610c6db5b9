/*
 * http.c - starting and stopping the HTTP server.
 *
 * What it is:   the listening socket, the loops, the workers.
 * Threads:      start and stop by one thread.
 */
#include "server/http_int.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "io/gzip.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPS_MAX	     64
#define WORKERS_MAX	     256
#define LISTEN_BACKLOG	     1024
#define DESCRIPTORS_FOR_REST 512

/* "HOST:PORT" or "[HOST]:PORT" */
static bool listen_read(str text, char host[256], char port[8], err *e)
{
	size_t colon = text.n;
	while (colon > 0 && text.p[colon - 1] != ':')
		colon--;
	str h = colon > 0 ? str_sub(text, 0, colon - 1) : S("");
	str p = str_sub(text, colon, text.n);
	uint64_t number = 0;
	if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
		h = str_sub(h, 1, h.n - 2);
	if (h.n == 0 || h.n >= 256 || p.n >= 8 || !num_parse_u64(p, &number) || number > 65535)
		return err_set(e, ERR_INVALID,
			       "listen wants HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080, not "
			       "\"%.*s\"",
			       STR_ARG(text));
	memcpy(host, h.p, h.n);
	host[h.n] = '\0';
	memcpy(port, p.p, p.n);
	port[p.n] = '\0';
	return true;
}

static unsigned port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t n = sizeof address;
	if (getsockname(fd, (struct sockaddr *)&address, &n) != 0)
		return 0;
	if (address.ss_family == AF_INET6) {
		struct sockaddr_in6 in;
		memcpy(&in, &address, sizeof in);
		return ntohs(in.sin6_port);
	}
	struct sockaddr_in in;
	memcpy(&in, &address, sizeof in);
	return ntohs(in.sin_port);
}

static int listen_on(const struct addrinfo *at)
{
	static const int on = 1;
	int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

static bool listen_open(struct http_server *s, err *e)
{
	char host[256];
	char port[8];
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *list = NULL;
	if (!listen_read(str_of(s->options.listen), host, port, e))
		return false;
	int failed = getaddrinfo(host, port, &hints, &list);
	if (failed != 0)
		return err_set(e, ERR_INVALID, "listen on %s: %s", s->options.listen,
			       gai_strerror(failed));
	for (struct addrinfo *at = list; at != NULL && s->listen_fd < 0; at = at->ai_next)
		s->listen_fd = listen_on(at);
	int why = errno;
	freeaddrinfo(list);
	if (s->listen_fd < 0)
		return err_set_errno(e, why == EADDRINUSE ? ERR_CONFLICT : ERR_IO, why,
				     "cannot listen on %s", s->options.listen);
	s->port = port_of(s->listen_fd);
	return true;
}

/* As many connections as asked for, or as the system lets us have. */
static void descriptors_raise(struct http_options *o)
{
	struct rlimit limit;
	rlim_t wanted = o->connections_max + DESCRIPTORS_FOR_REST;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = MIN(wanted, limit.rlim_max);
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur < wanted)
		o->connections_max = limit.rlim_cur > DESCRIPTORS_FOR_REST * 2
					     ? limit.rlim_cur - DESCRIPTORS_FOR_REST
					     : limit.rlim_cur / 2;
}

static void options_fill(struct http_options *o)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = cores > 0 ? (unsigned)cores : 1;
	o->loops = MIN(o->loops > 0 ? o->loops : n, LOOPS_MAX);
	o->workers = MIN(o->workers > 0 ? o->workers : MAX(2 * n, 4), WORKERS_MAX);
	if (o->connections_max == 0)
		o->connections_max = HTTP_CONNECTIONS_MAX;
	if (o->workers_queue_max == 0)
		o->workers_queue_max = HTTP_WORKERS_QUEUE_MAX;
	if (o->head_bytes_max == 0)
		o->head_bytes_max = HTTP_HEAD_BYTES_MAX;
	if (o->request_arena_bytes_max == 0)
		o->request_arena_bytes_max = HTTP_ARENA_BYTES_MAX;
	if (o->head_wait_us == 0)
		o->head_wait_us = HTTP_HEAD_WAIT_US;
	if (o->idle_wait_us == 0)
		o->idle_wait_us = HTTP_IDLE_WAIT_US;
	if (o->body_wait_us == 0)
		o->body_wait_us = HTTP_BODY_GRACE_US;
	descriptors_raise(o);
}

static bool threads_start(struct http_server *s, err *e)
{
	s->loops = mem_zalloc(s->options.loops, sizeof *s->loops);
	unsigned workers = s->options.workers + HTTP_SLOW_THREADS;
	s->workers = mem_zalloc(workers, sizeof *s->workers);
	if (s->loops == NULL || s->workers == NULL)
		return err_nomem(e);
	if (!queue_new(&s->work, s->options.workers_queue_max, e) ||
	    !queue_new(&s->slow, HTTP_SLOW_QUEUE_MAX, e))
		return false;
	for (; s->workers_n < workers; s->workers_n++) {
		struct queue *work = s->workers_n < s->options.workers ? s->work : s->slow;
		if (!thread_start(&s->workers[s->workers_n], "worker", http_worker_run, work, e))
			return false;
	}
	for (; s->loops_n < s->options.loops; s->loops_n++) {
		if (!http_loop_start(&s->loops[s->loops_n], s, e)) {
			s->loops_n++; /* half started: to be stopped as well */
			return false;
		}
	}
	return true;
}

bool http_server_start(const struct http_options *o, struct http_server **s_r, err *e)
{
	struct http_server *s = mem_zalloc(1, sizeof *s);
	if (s == NULL)
		return err_nomem(e);
	s->options = *o;
	s->listen_fd = -1;
	mutex_init(&s->lock);
	/* Newer ones refuse by themselves what http_guard.c sees in the layout. */
	s->laid_out = strncmp(MHD_get_version(), "0.9.75", 6) == 0;
	options_fill(&s->options);
	bool ok = listen_open(s, e) && threads_start(s, e);
	/* Handlers may ask for the server, so it has to be known before the first request. */
	if (ok)
		*s_r = s;
	for (unsigned i = 0; ok && i < s->loops_n; i++)
		ok = http_loop_accept(&s->loops[i], e);
	if (!ok) {
		*s_r = NULL;
		http_server_stop(&s, 0);
	}
	return ok;
}

unsigned http_server_port(const struct http_server *s)
{
	return s->port;
}

void http_server_numbers(struct http_server *s, struct http_numbers *n_r)
{
	*n_r = (struct http_numbers){ .connections = atomic_load(&s->conns_n),
				      .connections_max = s->options.connections_max,
				      .refused = atomic_load(&s->refused),
				      .jobs_waiting = queue_length(s->work),
				      .jobs_max = s->options.workers_queue_max,
				      .loops = s->loops_n,
				      .workers = s->workers_n };
}

void http_server_stop(struct http_server **server, int64_t wait_us)
{
	struct http_server *s = *server;
	if (s == NULL)
		return;
	atomic_store(&s->stop_by_us, time_monotonic_us() + wait_us);
	atomic_store(&s->stopping, true);
	if (s->listen_fd >= 0)
		(void)shutdown(s->listen_fd, SHUT_RDWR); /* who comes now is refused at once */
	for (unsigned i = 0; i < s->loops_n; i++)
		http_loop_stop(&s->loops[i]);
	if (s->work != NULL)
		queue_close(s->work);
	if (s->slow != NULL)
		queue_close(s->slow);
	for (unsigned i = 0; i < s->workers_n; i++)
		thread_join(&s->workers[i]);
	queue_free(&s->work);
	queue_free(&s->slow);
	if (s->listen_fd >= 0)
		close(s->listen_fd);
	while (s->gzips != NULL) {
		struct gzip *g = s->gzips;
		s->gzips = g->next;
		gzip_free(&g);
	}
	map64_fini(&s->clients);
	mutex_fini(&s->lock);
	mem_free(s->loops);
	mem_free(s->workers);
	mem_free(s);
	*server = NULL;
}
