/*
 * test_http_seam.c - the seam with many threads: loops, workers, answers from elsewhere, streams,
 * pieces, the stop. Run under the thread checks.
 */
#include "unit/server/server_test.h"

#include "base/time.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS	 8
#define REQUESTS 60

/* A thread that answers what handlers give it. */
struct seam {
	struct http_server *server;
	struct queue *later;
	struct thread answers;
	atomic_size_t done, gone;
	struct mutex lock;
	struct http_stream *streams[CLIENTS];
	size_t streams_n;
};

static void *answer_later(void *arg)
{
	struct seam *s = arg;
	void *items[16];
	size_t n;
	while ((n = queue_take(s->later, items, ARRAY_LEN(items), -1)) > 0) {
		for (size_t i = 0; i < n; i++)
			http_answer_static(items[i], 200, "text/plain", S("later"));
	}
	return NULL;
}

static void run_later(struct http_request *r, void *arg)
{
	struct seam *s = arg;
	if (!queue_put(s->later, r, 0))
		http_answer(r, 503, "text/plain", S("full"));
}

static void run_here(struct http_request *r, void *arg)
{
	(void)arg;
	http_answer(r, 200, "text/plain", http_body(r));
}

static bool piece(void *arg, struct buf *out)
{
	int *left = arg;
	for (int i = 0; i < 1000; i++)
		buf_cstr(out, "0123456789");
	return --*left > 0;
}

static void pieces_over(void *arg)
{
	free(arg);
}

static void run_pieces(struct http_request *r, void *arg)
{
	int *left = malloc(sizeof *left);
	(void)arg;
	*left = 20;
	http_answer_pieces(r, 200, "text/plain", piece, pieces_over, left);
}

static void run_stream(struct http_request *r, void *arg)
{
	struct seam *s = arg;
	struct http_stream *stream = http_stream_open(r, 4096);
	mutex_lock(&s->lock);
	s->streams[s->streams_n++] = stream;
	mutex_unlock(&s->lock);
	assert_true(http_stream_send(stream, S("data: hello\n\n")));
}

static void plan(void *arg, struct http_request *r, struct http_plan *p)
{
	static const struct {
		const char *path;
		enum http_where where;
		void (*run)(struct http_request *r, void *arg);
	} rows[] = { { "/later", HTTP_QUICK, run_later },
		     { "/here", HTTP_QUICK, run_here },
		     { "/worker", HTTP_WORKER, run_here },
		     { "/pieces", HTTP_WORKER, run_pieces },
		     { "/stream", HTTP_WORKER, run_stream } };
	*p = (struct http_plan){ .body_bytes_max = 100, .arg = arg };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!str_eq(http_path(r), str_of(rows[i].path)))
			continue;
		p->where = rows[i].where;
		p->run = rows[i].run;
	}
	if (p->run == NULL)
		http_answer(r, 404, "text/plain", S("nothing"));
}

static void refuse(void *arg, struct http_request *r, int status, const char *why)
{
	(void)arg;
	http_answer(r, status, "text/plain", str_of(why));
}

static void done(void *arg, struct http_request *r, int status, uint64_t bytes, int64_t us)
{
	struct seam *s = arg;
	(void)r;
	(void)bytes;
	assert_true(us >= 0);
	atomic_fetch_add(status != 0 ? &s->done : &s->gone, 1);
}

static void seam_open(struct seam *s)
{
	const struct http_options o = { .listen = "127.0.0.1:0",
					.loops = 2,
					.workers = 3,
					.plan = plan,
					.refuse = refuse,
					.done = done,
					.arg = s };
	err e = { 0 };
	memset(s, 0, sizeof *s);
	mutex_init(&s->lock);
	assert_ok(queue_new(&s->later, 1024, &e), &e);
	assert_ok(thread_start(&s->answers, "later", answer_later, s, &e), &e);
	assert_ok(http_server_start(&o, &s->server, &e), &e);
	assert_true(http_server_port(s->server) > 0);
}

static void seam_close(struct seam *s)
{
	http_server_stop(&s->server, 2 * US_PER_S);
	assert_null(s->server);
	queue_close(s->later);
	thread_join(&s->answers);
	queue_free(&s->later);
	mutex_fini(&s->lock);
}

static int dial(const struct seam *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)http_server_port(s->server)) };
	struct timeval wait = { .tv_sec = 20 };
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	size_t n = strlen(text);
	assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* Reads until `end` has come, or the other side closed. */
static size_t hear(int fd, char *text, size_t n_max, const char *end)
{
	size_t n = 0;
	text[0] = '\0';
	while (n + 1 < n_max && strstr(text, end) == NULL) {
		ssize_t got = recv(fd, text + n, n_max - n - 1, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
		text[n] = '\0';
	}
	return n;
}

static void *client(void *arg)
{
	static const struct {
		const char *ask, *end;
	} rows[] = {
		{ "GET /later HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\nlater" },
		{ "POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
		  "\r\n\r\nhello" },
		{ "POST /worker HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		  "\r\n\r\nabcde" },
		{ "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\nnothing" },
	};
	char text[4096];
	int fd = dial(arg);
	for (size_t i = 0; i < REQUESTS; i++) {
		say(fd, rows[i % ARRAY_LEN(rows)].ask);
		hear(fd, text, sizeof text, rows[i % ARRAY_LEN(rows)].end);
		assert_non_null(strstr(text, rows[i % ARRAY_LEN(rows)].end));
	}
	close(fd);
	return NULL;
}

static void many_clients_get_their_answers(void **state)
{
	struct seam s;
	struct thread clients[CLIENTS] = { { 0 } };
	err e = { 0 };
	(void)state;
	seam_open(&s);
	for (size_t i = 0; i < CLIENTS; i++)
		assert_ok(thread_start(&clients[i], "client", client, &s, &e), &e);
	for (size_t i = 0; i < CLIENTS; i++)
		thread_join(&clients[i]);
	struct http_numbers n;
	http_server_numbers(s.server, &n);
	assert_int_equal(n.loops, 2);
	seam_close(&s);
	assert_int_equal(atomic_load(&s.done), CLIENTS * REQUESTS);
	assert_int_equal(atomic_load(&s.gone), 0);
}

static void pieces_come_whole_and_are_given_back(void **state)
{
	static char text[1 << 20];
	struct seam s;
	(void)state;
	seam_open(&s);
	int fd = dial(&s);
	say(fd, "GET /pieces HTTP/1.0\r\n\r\n");
	size_t n = hear(fd, text, sizeof text, "never");
	assert_true(n > 20 * 10000 && n < 20 * 10000 + 2000);
	close(fd);
	/* Somebody who goes away in the middle. */
	fd = dial(&s);
	say(fd, "GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
	close(fd);
	seam_close(&s);
}

static void a_stream_is_told_and_ends(void **state)
{
	char text[4096];
	struct seam s;
	(void)state;
	seam_open(&s);
	int fd = dial(&s);
	say(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	hear(fd, text, sizeof text, "data: hello\n\n");
	assert_non_null(strstr(text, "data: hello\n\n"));
	for (int i = 0; i < 100; i++)
		assert_true(http_stream_send(s.streams[0], S("data: again\n\n")));
	hear(fd, text, sizeof text, "data: again\n\n");
	assert_non_null(strstr(text, "data: again\n\n"));
	/* The client goes; sending says so before long. */
	close(fd);
	int64_t until_us = time_monotonic_us() + 5 * US_PER_S;
	while (http_stream_send(s.streams[0], S("data: x\n\n")) && time_monotonic_us() < until_us)
		usleep(1000);
	assert_true(time_monotonic_us() < until_us);
	http_stream_close(&s.streams[0]);
	/* One that is open when the server stops ends. */
	fd = dial(&s);
	say(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	hear(fd, text, sizeof text, "data: hello\n\n");
	seam_close(&s);
	assert_false(http_stream_send(s.streams[1], S("data: late\n\n")));
	http_stream_close(&s.streams[1]);
	close(fd);
}

static void who_does_not_read_a_stream_loses_it(void **state)
{
	static char block[1024];
	struct seam s;
	char text[4096];
	(void)state;
	memset(block, 'x', sizeof block);
	seam_open(&s);
	int fd = dial(&s);
	say(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	hear(fd, text, sizeof text, "data: hello\n\n");
	size_t sent = 0;
	while (http_stream_send(s.streams[0], str_make(block, sizeof block))) {
		sent += sizeof block;
		assert_true(sent < 256 * MIB); /* what the system's buffers take, and no more */
	}
	http_stream_close(&s.streams[0]);
	close(fd);
	seam_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_clients_get_their_answers),
		cmocka_unit_test(pieces_come_whole_and_are_given_back),
		cmocka_unit_test(a_stream_is_told_and_ends),
		cmocka_unit_test(who_does_not_read_a_stream_loses_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
