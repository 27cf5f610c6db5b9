/*
 * fuzz_http.c - the readers of what clients send before a handler sees it: paths, queries, cookies,
 * codings, what proxies say, heads.
 *
 * What it is:   the first byte chooses the reader, the rest is its text.
 * Promises:     what was read is UTF-8 without control characters and climbs nowhere; views lie
 *               inside the text; a head that passed has one length.
 */
#include "fuzz/replay.h"

#include "server/http_int.h"

#include <string.h>

static void check_inside(str view, str whole)
{
	CHECK(view.n == 0 || (view.p >= whole.p && view.p + view.n <= whole.p + whole.n));
}

static void path(str s, struct arena *a)
{
	str p;
	if (!http_path_read(a, s, &p))
		return;
	CHECK(p.n > 0 && p.p[0] == '/' && str_is_utf8(p));
	CHECK(!str_contains(p, S("/../")) && !str_contains(p, S("//")) &&
	      !str_contains(p, S("\\")));
	CHECK(!str_ends(p, S("/..")) && !str_ends(p, S("/.")));
	for (size_t i = 0; i < p.n; i++)
		CHECK((unsigned char)p.p[i] >= 0x20 && p.p[i] != 0x7f);
}

static void query(str s, struct arena *a)
{
	str name, value, out;
	size_t n = 0;
	for (size_t at = 0; http_query_next(s, &at, &name, &value); n++) {
		check_inside(name, s);
		check_inside(value, s);
		CHECK(name.n + value.n <= s.n);
		if (http_decode(a, value, true, &out))
			CHECK(str_is_utf8(out) && out.n <= value.n &&
			      (out.n == 0 || memchr(out.p, 0, out.n) == NULL));
	}
	if (http_query_is_sound(a, s))
		CHECK(n <= HTTP_QUERY_PARAMS_MAX);
}

static void cookie(str s)
{
	size_t cut = str_index(s, '\n');
	str name = str_sub(s, 0, cut);
	str header = str_sub(s, cut + 1, s.n);
	str value = http_cookie_find(header, name);
	if (value.p != NULL)
		check_inside(value, header);
}

static void proxies(str s)
{
	size_t cut = str_index(s, '\n');
	str list = str_sub(s, 0, cut);
	str forwarded = str_sub(s, cut + 1, s.n);
	str client = http_client_forwarded(list, S("127.0.0.1"), forwarded);
	CHECK(client.n > 0 && client.n < 64);
	(void)http_address_in(list, client);
}

/* A head of "name: value" lines, behind its first line. */
static void head(str s)
{
	static struct http_header headers[HTTP_HEADERS_MAX + 1];
	struct http_head h = { .headers = headers, .bytes_max = HTTP_HEAD_BYTES_MAX };
	str line;
	size_t lengths = 0;
	if (!str_next(&s, '\n', &line))
		return;
	str_next(&line, ' ', &h.method);
	str_next(&line, ' ', &h.target);
	h.version = line;
	while (h.headers_n < ARRAY_LEN(headers) && str_next(&s, '\n', &line)) {
		size_t colon = str_index(line, ':');
		headers[h.headers_n++] = (struct http_header){ str_sub(line, 0, colon),
							       str_sub(line, colon + 1, line.n) };
	}
	if (http_head_fault(&h) != NULL)
		return;
	CHECK(h.headers_n <= HTTP_HEADERS_MAX);
	for (size_t i = 0; i < h.headers_n; i++)
		lengths += str_eq_nocase(headers[i].name, S("content-length")) ||
			   str_eq_nocase(headers[i].name, S("transfer-encoding"));
	CHECK(lengths <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;
	if (n == 0)
		return 0;
	str s = str_make((const char *)data + 1, n - 1);
	arena_init(&a, MIB);
	switch (data[0] % 6) {
	case 0:
		path(s, &a);
		break;
	case 1:
		query(s, &a);
		break;
	case 2:
		cookie(s);
		break;
	case 3:
		CHECK(http_accept_q(s, S("gzip")) <= 1000);
		break;
	case 4:
		proxies(s);
		break;
	default:
		head(s);
	}
	arena_fini(&a);
	return 0;
}
