/*
 * test_http_parse.c - paths, queries, cookies, codings, addresses of proxies.
 */
#include "unit/server/server_test.h"

static void paths_that_mean_one_thing_are_read(void **state)
{
	static const struct {
		const char *raw, *path; /* NULL: refused */
	} rows[] = {
		{ "/", "/" },
		{ "/a/b", "/a/b" },
		{ "/a/", "/a/" },
		{ "/%68i", "/hi" },
		{ "/a%20b", "/a b" },
		{ "/a+b", "/a+b" },
		{ "/m%C3%BCller", "/m\xc3\xbcller" },
		{ "/...", "/..." },
		{ "/.a", "/.a" },
		{ "/%252e", "/%2e" },
		{ "", NULL },
		{ "a", NULL },
		{ "//", NULL },
		{ "/a//b", NULL },
		{ "/.", NULL },
		{ "/..", NULL },
		{ "/../a", NULL },
		{ "/a/..", NULL },
		{ "/a/./b", NULL },
		{ "/%2e", NULL },
		{ "/%2e%2E/a", NULL },
		{ "/a%2fb", NULL },
		{ "/a%2", NULL },
		{ "/a%", NULL },
		{ "/%zz", NULL },
		{ "/%00", NULL },
		{ "/%0a", NULL },
		{ "/%7f", NULL },
		{ "/a\\b", NULL },
		{ "/a%5cb", NULL },
		{ "/%c0%af", NULL },
		{ "/%ff", NULL },
		{ "/%ed%a0%80", NULL },
	};
	struct arena a;
	(void)state;
	arena_init(&a, MIB);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		str path = { NULL, 0 };
		bool ok = http_path_read(&a, str_of(rows[i].raw), &path);
		if (ok != (rows[i].path != NULL))
			fail_msg("%s is %s", rows[i].raw, ok ? "read" : "refused");
		if (ok)
			assert_text(path, rows[i].path);
	}
	arena_fini(&a);
}

static void a_query_is_taken_apart(void **state)
{
	static const char *const want[] = { "a", "b", "a", "", "c", "", "", "d", "e", "f=g" };
	str name, value;
	size_t n = 0;
	(void)state;
	for (size_t at = 0; http_query_next(S("a=b&&a=&c&=d&e=f=g&"), &at, &name, &value); n += 2) {
		assert_true(n + 1 < ARRAY_LEN(want));
		assert_text(name, want[n]);
		assert_text(value, want[n + 1]);
	}
	assert_int_equal(n, ARRAY_LEN(want));
}

static void a_cookie_is_found_by_its_whole_name(void **state)
{
	str header = S("a=1; trichter=abc=; b = 2;trichter2=x");
	(void)state;
	assert_text(http_cookie_find(header, S("trichter")), "abc=");
	assert_text(http_cookie_find(header, S("a")), "1");
	assert_text(http_cookie_find(header, S("trichter2")), "x");
	assert_null(http_cookie_find(header, S("b")).p);
	assert_null(http_cookie_find(header, S("richter")).p);
	assert_null(http_cookie_find(S(""), S("a")).p);
}

static void codings_are_taken_by_their_q(void **state)
{
	static const struct {
		const char *header;
		unsigned q;
	} rows[] = {
		{ "gzip", 1000 },
		{ "deflate, gzip, br", 1000 },
		{ "GZIP;q=0.5", 500 },
		{ "gzip;q=0", 0 },
		{ "gzip; q=0.000", 0 },
		{ "gzip;q=0.25", 250 },
		{ "gzip;q=1.000", 1000 },
		{ "*", 1000 },
		{ "*;q=0", 0 },
		{ "gzip;q=0, *", 0 },
		{ "*, gzip;q=0", 0 },
		{ "br, *;q=0.1", 100 },
		{ "identity", 0 },
		{ "gzipped", 0 },
		{ "", 0 },
		{ "gzip;q=2", 0 },
		{ "gzip;q=x", 0 },
		{ "gzip;q=0.1234", 0 },
		{ "gzip;q=", 0 },
		{ ",,;;,gzip", 1000 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned q = http_accept_q(str_of(rows[i].header), S("gzip"));
		if (q != rows[i].q)
			fail_msg("\"%s\": %u, not %u", rows[i].header, q, rows[i].q);
	}
}

static void addresses_are_compared_by_networks(void **state)
{
	static const struct {
		const char *list, *address;
		bool in;
	} rows[] = {
		{ "127.0.0.0/8 ::1", "127.0.0.1", true },
		{ "127.0.0.0/8 ::1", "127.255.0.1", true },
		{ "127.0.0.0/8 ::1", "128.0.0.1", false },
		{ "127.0.0.0/8 ::1", "::1", true },
		{ "127.0.0.0/8 ::1", "::2", false },
		{ "127.0.0.0/8", "::ffff:127.0.0.1", true },
		{ "10.0.0.0/9, 192.0.2.7", "10.127.0.1", true },
		{ "10.0.0.0/9, 192.0.2.7", "10.128.0.1", false },
		{ "10.0.0.0/9, 192.0.2.7", "192.0.2.7", true },
		{ "10.0.0.0/9, 192.0.2.7", "192.0.2.8", false },
		{ "0.0.0.0/0", "203.0.113.1", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "10.0.0.0/33", "10.0.0.0", false },
		{ "10.0.0.0/x", "10.0.0.0", false },
		{ "nonsense", "10.0.0.0", false },
		{ "", "10.0.0.0", false },
		{ "10.0.0.0/8", "nonsense", false },
		{ "10.0.0.0/8", "", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (http_address_in(str_of(rows[i].list), str_of(rows[i].address)) != rows[i].in)
			fail_msg("%s in %s is %s", rows[i].address, rows[i].list,
				 rows[i].in ? "not seen" : "seen");
	}
}

static void only_trusted_proxies_say_who_the_client_is(void **state)
{
	static const struct {
		const char *peer, *forwarded, *client;
	} rows[] = {
		{ "127.0.0.1", "", "127.0.0.1" },
		{ "127.0.0.1", "203.0.113.9", "203.0.113.9" },
		{ "127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9" },
		{ "127.0.0.1", "198.51.100.1, 203.0.113.9, 127.0.0.1", "203.0.113.9" },
		{ "203.0.113.5", "198.51.100.1", "203.0.113.5" },
		{ "127.0.0.1", "unknown", "127.0.0.1" },
		{ "127.0.0.1", "198.51.100.1, <script>", "127.0.0.1" },
		{ "127.0.0.1", "[2001:db8::7]", "[2001:db8::7]" },
		{ "127.0.0.1", ",,,", "127.0.0.1" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_text(http_client_forwarded((str){ NULL, 0 }, str_of(rows[i].peer),
						  str_of(rows[i].forwarded)),
			    rows[i].client);
	assert_text(http_client_forwarded(S("203.0.113.0/24"), S("203.0.113.5"), S("198.51.100.1")),
		    "198.51.100.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_that_mean_one_thing_are_read),
		cmocka_unit_test(a_query_is_taken_apart),
		cmocka_unit_test(a_cookie_is_found_by_its_whole_name),
		cmocka_unit_test(codings_are_taken_by_their_q),
		cmocka_unit_test(addresses_are_compared_by_networks),
		cmocka_unit_test(only_trusted_proxies_say_who_the_client_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
