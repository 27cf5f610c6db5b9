/*
 * test_http_guard.c - which heads are refused, and with what; laid out as the library lays them.
 */
#include "unit/server/server_test.h"

/* The library's work, in small: words and lines end in zeros where they stand. */
struct laid {
	char text[4096];
	struct http_header headers[HTTP_HEADERS_MAX + 8];
	struct http_head head;
};

static char *cut(char *p, const char *at)
{
	char *end = strstr(p, at);
	assert_non_null(end);
	memset(end, 0, strlen(at));
	return end + strlen(at);
}

static void lay(struct laid *l, const char *text)
{
	memset(l, 0, sizeof *l);
	memcpy(l->text, text, strlen(text));
	char *method = l->text;
	char *target = cut(method, " ");
	char *version = cut(target, " ");
	char *line = cut(version, "\r\n");
	l->head = (struct http_head){ .method = str_of(method),
				      .target = str_of(target),
				      .version = str_of(version),
				      .target_at = target,
				      .headers = l->headers,
				      .bytes_max = HTTP_HEAD_BYTES_MAX };
	while (line[0] != '\r') {
		char *name = line;
		char *value = cut(name, ": ");
		line = cut(value, "\r\n");
		l->headers[l->head.headers_n++] = (struct http_header){ str_of(name),
									str_of(value) };
	}
	line[0] = line[1] = '\0';
}

static int status_of(const char *text)
{
	struct laid l;
	lay(&l, text);
	const struct http_fault *fault = http_head_fault(&l.head);
	return fault != NULL ? fault->status : 0;
}

static void sound_heads_pass(void **state)
{
	(void)state;
	assert_int_equal(status_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	assert_int_equal(status_of("GET /a?b=c HTTP/1.0\r\nAccept: d\r\n\r\n"), 0);
	assert_int_equal(status_of("POST /a HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 0\r\n"
				   "X-A: b c\td\r\n\r\n"),
			 0);
	assert_int_equal(status_of("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked \r\n"
				   "Expect: 100-Continue\r\n\r\n"),
			 0);
}

static void unsound_heads_are_refused(void **state)
{
	static const struct {
		int status;
		const char *text;
	} rows[] = {
		{ 400,
		  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
		       "transfer-encoding: chunked\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n" },
		{ 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1a\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: a\r\n"
		       "Content-Length: 18446744073709551616\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a\r\nX A: b\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a\r\nX\x80: b\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a\r\nX: b\x02\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nX: a\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" },
		{ 400, "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET /\x81 HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 417, "GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n" },
		{ 501, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 505, "GET / HTTP/1.2\r\nHost: a\r\n\r\n" },
		{ 505, "GET / HTTP/1.10\r\nHost: a\r\n\r\n" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int status = status_of(rows[i].text);
		if (status != rows[i].status)
			fail_msg("%d, not %d: %s", status, rows[i].status, rows[i].text);
	}
}

static void what_lies_elsewhere_in_the_buffer_is_refused(void **state)
{
	static char elsewhere[] = "c";
	struct laid l;
	(void)state;
	/* A folded value was copied to another place. */
	lay(&l, "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n");
	l.headers[1].value = str_of(elsewhere);
	lay(&l, "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\nY: c\r\n\r\n");
	l.headers[1].value = str_of(elsewhere);
	assert_int_equal(http_head_fault(&l.head)->status, 400);
	/* A NUL has cut a value: the next name stands too far away. */
	lay(&l, "GET / HTTP/1.1\r\nHost: a\r\nX: bcd\r\nY: e\r\n\r\n");
	l.headers[1].value.n = 1;
	assert_int_equal(http_head_fault(&l.head)->status, 400);
	/* A line ended in one byte. */
	lay(&l, "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\nY: c\r\n\r\n");
	l.headers[2].name.p--;
	l.headers[2].name.n++;
	assert_int_equal(http_head_fault(&l.head)->status, 400);
	/* The last line was no empty one. */
	lay(&l, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	char *end = l.text + sizeof "GET / HTTP/1.1\r\nHost: a" - 1;
	end[3] = 'x';
	assert_int_equal(http_head_fault(&l.head)->status, 400);
	/* With a library whose layout is not known, nothing of it is looked at. */
	l.head.target_at = NULL;
	assert_null(http_head_fault(&l.head));
}

static void what_is_too_much_is_refused(void **state)
{
	static char large[HTTP_COOKIE_BYTES_MAX + 1];
	struct laid l;
	(void)state;
	memset(large, 'x', sizeof large);
	lay(&l, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	l.head.target_at = NULL;
	l.head.headers_n = HTTP_HEADERS_MAX + 1;
	assert_int_equal(http_head_fault(&l.head)->status, 431);
	l.head.headers_n = 2;
	l.headers[1] = (struct http_header){ S("cookie"), str_make(large, sizeof large) };
	assert_int_equal(http_head_fault(&l.head)->status, 431);
	l.headers[1].value.n = HTTP_COOKIE_BYTES_MAX;
	assert_null(http_head_fault(&l.head));
	l.head.bytes_max = 1024;
	assert_int_equal(http_head_fault(&l.head)->status, 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_heads_pass),
		cmocka_unit_test(unsound_heads_are_refused),
		cmocka_unit_test(what_lies_elsewhere_in_the_buffer_is_refused),
		cmocka_unit_test(what_is_too_much_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
