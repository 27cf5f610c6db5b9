/*
 * auth_body.c - what the routes about people who sign in read and write alike.
 *
 * Threads:      workers.
 */
#include "server/auth_actor_int.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define PAGE_DEFAULT 50
#define PAGE_MAX     500

void put_member(struct json_writer *w, str key, str text)
{
	json_key(w, key);
	json_put_text(w, text);
}

bool body_text_maybe(struct request *q, const char *name, size_t max, str *text_r, err *e)
{
	const struct json *v = q->body != NULL && q->body->kind == JSON_OBJECT
				       ? json_get(q->body, str_of(name))
				       : NULL;
	*text_r = S("");
	if (v == NULL || v->kind == JSON_NULL)
		return true;
	if (v->kind != JSON_TEXT)
		return problem_field(q, e, name, "a text is needed");
	if (v->text.n > max)
		return problem_field(q, e, name, "at most %zu bytes", max);
	/* What is kept as a C string must not end early. */
	if (memchr(v->text.p, '\0', v->text.n) != NULL)
		return problem_field(q, e, name, "no text holds the character NUL");
	*text_r = v->text;
	return true;
}

bool body_text(struct request *q, const char *name, size_t max, str *text_r, err *e)
{
	return body_text_maybe(q, name, max, text_r, e) &&
	       (text_r->n > 0 || problem_field(q, e, name, "is needed"));
}

bool password_is_fit(struct request *q, str password, const struct user *u, err *e)
{
	err why = { 0 };
	return password_check(password, u, &why) || problem_field(q, e, "password", "%s", why.text);
}

bool refuse_later(struct request *q, int64_t wait_us, err *e)
{
	long long s = (long long)((wait_us + US_PER_S - 1) / US_PER_S);
	str text = str_printf(q->arena, "%lld", s);
	if (text.p != NULL)
		http_answer_header(q->http, "Retry-After", text);
	return problem_with(q, e, 429, "Too many tries. Try again in %lld seconds", s);
}

const struct route_param page_params[] = {
	{ "limit", "query", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"default\":50}",
	  "How many at most", false },
	{ "after", "query", "{\"type\":\"string\"}", "`next` of the answer before", false },
	{ 0 },
};

bool page_read(struct request *q, struct page *p_r, err *e)
{
	str limit = http_query(q->http, S("limit"));
	str after = http_query(q->http, S("after"));
	uint64_t n = PAGE_DEFAULT;
	uint64_t at = 0;
	if (limit.n > 0 && (!num_parse_u64(limit, &n) || n < 1 || n > PAGE_MAX))
		return problem_field(q, e, "limit", "a number from 1 to %d", PAGE_MAX);
	if (after.n > 0 && (!num_parse_u64(after, &at) || at > INT64_MAX))
		return problem_field(q, e, "after", "this is no cursor of this list");
	*p_r = (struct page){ .limit = (size_t)n, .after = at };
	return true;
}

void page_put_next(struct json_writer *w, uint64_t after)
{
	char text[32];
	json_key(w, S("next"));
	if (after == 0) {
		json_put_null(w);
		return;
	}
	int n = snprintf(text, sizeof text, "%llu", (unsigned long long)after);
	json_put_text(w, str_make(text, (size_t)n));
}
