/*
 * http_guard.c - heads of requests that are refused before anything acts on them.
 *
 * What it is:   what two programs in a row could read in two ways, and what is too much. The
 *               library is lenient: it takes two lengths, blanks in names, folded lines, lines that
 *               end in a bare CR or LF and texts with a NUL in them. The last three can be seen
 * only in how the parts of the head lie in its buffer: CR and LF are two bytes. Promises:     a
 * head that passes has one meaning. Threads:      nothing shared.
 */
#include "server/http_int.h"

#include "base/num.h"

#include <string.h>

static const struct http_fault fault_framing = {
	400, "The length of the body is said twice or not clearly"
};
static const struct http_fault fault_line = { 400, "A line of the head is malformed" };
static const struct http_fault fault_name = { 400, "A header's name is malformed" };
static const struct http_fault fault_value = { 400, "A header's value is malformed" };
static const struct http_fault fault_host = { 400, "One Host header is wanted" };
static const struct http_fault fault_target = { 400, "The address is malformed" };
static const struct http_fault fault_long = { 414, "The address is too long" };
static const struct http_fault fault_many = { 431, "The head is too large" };
static const struct http_fault fault_cookie = { 431, "The cookies are too large" };
static const struct http_fault fault_method = { 501, "The method is not known here" };
static const struct http_fault fault_version = { 505, "HTTP/1.1 is spoken here" };
static const struct http_fault fault_expect = { 417, "Only 100-continue can be expected" };

static bool is_token_byte(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_token_byte((unsigned char)s.p[i]))
			return false;
	}
	return s.n > 0;
}

static bool is_value(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_host(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    (c == '\0' || strchr("-._:[]%~", c) == NULL))
			return false;
	}
	return s.n > 0;
}

static bool is_length(str s)
{
	uint64_t n;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0 && num_parse_u64(s, &n);
}

static const struct http_fault *line_fault(const struct http_head *h)
{
	static const char *const methods[] = { "GET",	 "POST",    "PUT",   "HEAD",   "PATCH",
					       "DELETE", "OPTIONS", "TRACE", "CONNECT" };
	bool known = false;
	if (!str_eq(h->version, S("HTTP/1.1")) && !str_eq(h->version, S("HTTP/1.0")))
		return &fault_version;
	for (size_t i = 0; i < ARRAY_LEN(methods) && !known; i++)
		known = str_eq(h->method, str_of(methods[i]));
	if (!known)
		return &fault_method;
	if (h->target.n > HTTP_TARGET_BYTES_MAX)
		return &fault_long;
	if (h->target.n == 0 || (h->target.p[0] != '/' && !str_eq(h->target, S("*"))))
		return &fault_target;
	for (size_t i = 0; i < h->target.n; i++) {
		unsigned char c = (unsigned char)h->target.p[i];
		if (c <= 0x20 || c >= 0x7f || c == '#')
			return &fault_target;
	}
	return NULL;
}

/* One blank between the words of the first line, two bytes between all lines. */
static const struct http_fault *layout_fault(const struct http_head *h)
{
	const char *end = h->version.p + h->version.n;
	if (h->method.p + h->method.n + 1 != h->target_at ||
	    h->target_at + h->target.n + 1 != h->version.p)
		return &fault_line;
	for (size_t i = 0; i < h->headers_n; i++) {
		if (h->headers[i].name.p != end + 2)
			return &fault_line;
		end = h->headers[i].value.p + h->headers[i].value.n;
	}
	/* CR LF CR LF have become four zeros; else the line behind had no name. */
	return h->headers_n == 0 || (end[2] == '\0' && end[3] == '\0') ? NULL : &fault_line;
}

struct seen {
	size_t bytes, cookie_bytes;
	unsigned lengths, encodings, hosts;
	bool bad_length, bad_encoding, bad_host, bad_expect;
};

static const struct http_fault *header_look(const struct http_header *h, struct seen *s)
{
	str value = str_trim(h->value);
	s->bytes += h->name.n + h->value.n + 4;
	if (!is_token(h->name))
		return &fault_name;
	if (!is_value(h->value))
		return &fault_value;
	if (str_eq_nocase(h->name, S("Content-Length"))) {
		s->lengths++;
		s->bad_length |= !is_length(value);
	} else if (str_eq_nocase(h->name, S("Transfer-Encoding"))) {
		s->encodings++;
		s->bad_encoding |= !str_eq_nocase(value, S("chunked"));
	} else if (str_eq_nocase(h->name, S("Host"))) {
		s->hosts++;
		s->bad_host |= !is_host(value);
	} else if (str_eq_nocase(h->name, S("Cookie"))) {
		s->cookie_bytes += h->value.n;
	} else if (str_eq_nocase(h->name, S("Expect"))) {
		s->bad_expect |= !str_eq_nocase(value, S("100-continue"));
	}
	return NULL;
}

const struct http_fault *http_head_fault(const struct http_head *h)
{
	struct seen s = { 0 };
	const struct http_fault *fault = line_fault(h);
	if (fault == NULL && h->headers_n > HTTP_HEADERS_MAX)
		fault = &fault_many;
	if (fault == NULL && h->target_at != NULL)
		fault = layout_fault(h);
	for (size_t i = 0; fault == NULL && i < h->headers_n; i++)
		fault = header_look(&h->headers[i], &s);
	if (fault != NULL)
		return fault;
	bool old = str_eq(h->version, S("HTTP/1.0"));
	if (s.lengths + s.encodings > 1 || s.bad_length || s.bad_encoding ||
	    (old && s.encodings > 0))
		return &fault_framing;
	if (s.hosts > 1 || s.bad_host || (!old && s.hosts == 0))
		return &fault_host;
	if (s.cookie_bytes > HTTP_COOKIE_BYTES_MAX)
		return &fault_cookie;
	if (s.bytes + h->target.n > h->bytes_max)
		return &fault_many;
	return s.bad_expect ? &fault_expect : NULL;
}
