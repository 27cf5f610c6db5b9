/*
 * http_parse.c - texts that clients send: paths, queries, cookies.
 *
 * What it is:   small readers that refuse rather than repair.
 * Promises:     what is read is UTF-8 without control characters; no path climbs.
 * Threads:      nothing shared.
 */
#include "server/http_int.h"

#include <string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool http_decode(struct arena *a, str in, bool plus, str *out_r)
{
	if (memchr(in.p != NULL ? in.p : "", '%', in.n) == NULL &&
	    (!plus || memchr(in.p != NULL ? in.p : "", '+', in.n) == NULL)) {
		*out_r = in;
		return in.n == 0 || (memchr(in.p, 0, in.n) == NULL && str_is_utf8(in));
	}
	char *out = arena_alloc(a, in.n);
	size_t n = 0;
	if (out == NULL)
		return false;
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		if (c == '%') {
			int high = i + 2 < in.n ? hex(in.p[i + 1]) : -1;
			int low = i + 2 < in.n ? hex(in.p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (plus && c == '+') {
			c = ' ';
		}
		if (c == '\0')
			return false;
		out[n++] = c;
	}
	*out_r = str_make(out, n);
	return str_is_utf8(*out_r);
}

/* A segment of a path, decoded. */
static bool segment_is_fine(str s, bool last)
{
	if ((s.n == 0 && !last) || str_eq(s, S(".")) || str_eq(s, S("..")))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c == 0x7f || c == '\\')
			return false;
	}
	return true;
}

bool http_path_read(struct arena *a, str raw, str *path_r)
{
	str path;
	if (raw.n == 0 || raw.p[0] != '/' || !http_decode(a, raw, false, &path))
		return false;
	/* An encoded slash would make two segments of one: nothing here is named so. */
	if (path.n != raw.n) {
		size_t raw_slashes = 0;
		size_t slashes = 0;
		for (size_t i = 0; i < raw.n; i++)
			raw_slashes += raw.p[i] == '/';
		for (size_t i = 0; i < path.n; i++)
			slashes += path.p[i] == '/';
		if (slashes != raw_slashes)
			return false;
	}
	for (size_t at = 1; at <= path.n;) {
		str rest = str_sub(path, at, path.n);
		size_t n = str_index(rest, '/');
		if (!segment_is_fine(str_sub(rest, 0, n), at + n >= path.n))
			return false;
		at += n + 1;
	}
	*path_r = path;
	return true;
}

bool http_query_next(str query, size_t *at, str *name_r, str *value_r)
{
	while (*at < query.n) {
		str rest = str_sub(query, *at, query.n);
		size_t n = str_index(rest, '&');
		str pair = str_sub(rest, 0, n);
		*at += n + 1;
		if (pair.n == 0)
			continue;
		size_t eq = str_index(pair, '=');
		*name_r = str_sub(pair, 0, eq);
		*value_r = eq < pair.n ? str_sub(pair, eq + 1, pair.n) : S("");
		return true;
	}
	return false;
}

bool http_query_is_sound(struct arena *a, str query)
{
	str name, value, ignored;
	size_t n = 0;
	for (size_t at = 0; http_query_next(query, &at, &name, &value); n++) {
		if (n == HTTP_QUERY_PARAMS_MAX || !http_decode(a, name, true, &ignored) ||
		    !http_decode(a, value, true, &ignored))
			return false;
	}
	return true;
}

str http_cookie_find(str header, str name)
{
	for (str part; str_next(&header, ';', &part);) {
		part = str_trim(part);
		size_t eq = str_index(part, '=');
		if (eq < part.n && str_eq(str_sub(part, 0, eq), name))
			return str_sub(part, eq + 1, part.n);
	}
	return (str){ NULL, 0 };
}

/* "0.5" in thousandths; more digits than three, or another text, is 0. */
static unsigned q_read(str text)
{
	unsigned q = 0;
	if (text.n == 0 || text.n > 5 || (text.p[0] != '0' && text.p[0] != '1'))
		return 0;
	q = text.p[0] == '1' ? 1000 : 0;
	if (text.n == 1)
		return q;
	if (text.p[1] != '.')
		return 0;
	unsigned unit = 100;
	for (size_t i = 2; i < text.n; i++, unit /= 10) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return 0;
		q += (unsigned)(text.p[i] - '0') * unit;
	}
	return MIN(q, 1000U);
}

unsigned http_accept_q(str header, str coding)
{
	unsigned q = 0;
	bool named = false;
	for (str part; str_next(&header, ',', &part);) {
		size_t semi = str_index(part, ';');
		str name = str_trim(str_sub(part, 0, semi));
		str rest = str_sub(part, semi + 1, part.n);
		unsigned this_q = 1000;
		for (str param; str_next(&rest, ';', &param);) {
			param = str_trim(param);
			if (str_starts(param, S("q=")) || str_starts(param, S("Q=")))
				this_q = q_read(str_trim(str_sub(param, 2, param.n)));
		}
		if (str_eq_nocase(name, coding)) {
			named = true;
			q = this_q;
		} else if (!named && str_eq(name, S("*"))) {
			q = this_q;
		}
	}
	return q;
}
