/*
 * http_answer.c - what a handler reads of a request and says in answer.
 *
 * Threads:      a request's present owner.
 */
#include "server/http_int.h"

#include "base/log.h"

str http_method(const struct http_request *r)
{
	return r->method;
}

str http_path(const struct http_request *r)
{
	return r->path;
}

bool http_query_each(const struct http_request *r, size_t *at, str *name_r, str *value_r)
{
	/* The request's arena is its owner's, whatever the pointer says. */
	struct arena *a = http_arena((struct http_request *)(uintptr_t)r);
	str name;
	str value;
	while (http_query_next(r->query, at, &name, &value)) {
		if (http_decode(a, name, true, name_r) && http_decode(a, value, true, value_r))
			return true;
	}
	return false;
}

str http_query(const struct http_request *r, str name)
{
	str found;
	str value;
	for (size_t at = 0; http_query_each(r, &at, &found, &value);) {
		if (str_eq(found, name))
			return value.p != NULL ? value : S("");
	}
	return (str){ NULL, 0 };
}

str http_header(const struct http_request *r, str name)
{
	for (size_t i = 0; i < r->headers_n; i++) {
		if (str_eq_nocase(r->headers[i].name, name))
			return r->headers[i].value;
	}
	return (str){ NULL, 0 };
}

str http_cookie(const struct http_request *r, str name)
{
	for (size_t i = 0; i < r->headers_n; i++) {
		if (!str_eq_nocase(r->headers[i].name, S("Cookie")))
			continue;
		str value = http_cookie_find(r->headers[i].value, name);
		if (value.p != NULL)
			return value;
	}
	return (str){ NULL, 0 };
}

str http_body(const struct http_request *r)
{
	return buf_view(&r->body);
}

str http_client(const struct http_request *r)
{
	return r->client;
}

bool http_is_secure(const struct http_request *r)
{
	return r->secure;
}

uint64_t http_id(const struct http_request *r)
{
	return r->id;
}

bool http_accepts(const struct http_request *r, str coding)
{
	return http_accept_q(http_header(r, S("Accept-Encoding")), coding) > 0;
}

struct arena *http_arena(struct http_request *r)
{
	return &r->arena;
}

void http_set_note(struct http_request *r, void *note)
{
	r->note = note;
}

void *http_note(const struct http_request *r)
{
	return r->note;
}

static bool is_clean(str value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];
		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return true;
}

void http_answer_header(struct http_request *r, const char *name, str value)
{
	CHECK(r->answer_headers_n < HTTP_ANSWER_HEADERS_MAX);
	char *copy = is_clean(value) ? str_cstr(&r->arena, value) : NULL;
	if (copy == NULL) {
		log_event(LOG_ERROR, "http_header_dropped", "name=%s", name);
		return;
	}
	r->answer_headers[r->answer_headers_n++] = (struct http_header){ str_of(name),
									 str_of(copy) };
}
