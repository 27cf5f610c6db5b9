/*
 * problem.c - errors as problem documents (RFC 9457).
 *
 * What it is:   the one place where an error becomes a status and a document.
 * Promises:     what went wrong inside (disk, memory, damage) is logged and not told.
 * Threads:      nothing shared.
 */
#include "server/server_int.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define PROBLEM_BYTES_MAX (8 * KIB)

static const struct {
	enum err_code code;
	int status;
	const char *title;
	bool inside; /* its words are for the log alone */
} problems[] = {
	{ ERR_IO, 500, "The server has a problem with its disk", true },
	{ ERR_CORRUPT, 500, "Stored data is damaged", true },
	{ ERR_INVALID, 400, "The request is not valid", false },
	{ ERR_NOT_FOUND, 404, "Not found", false },
	{ ERR_CONFLICT, 409, "It was changed meanwhile", false },
	{ ERR_LIMIT, 413, "A limit is passed", false },
	{ ERR_BUSY, 503, "Busy; try again", false },
	{ ERR_DENIED, 403, "Not allowed", false },
	{ ERR_TIMEOUT, 503, "It took too long", false },
	{ ERR_UPSTREAM, 502, "Another system failed", false },
	{ ERR_UNCERTAIN, 503, "It may have happened; send it again with the same ids", false },
	{ ERR_NOMEM, 503, "Out of memory", true },
};

int problem_status(enum err_code code)
{
	for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
		if (problems[i].code == code)
			return problems[i].status;
	}
	return 500;
}

static const char *title_of(int status, const err *e, bool *inside_r)
{
	*inside_r = true;
	for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
		if (problems[i].code == e->code && problems[i].status == status) {
			*inside_r = problems[i].inside;
			return problems[i].title;
		}
	}
	*inside_r = false;
	switch (status) {
	case 401:
		return "Sign in first";
	case 405:
		return "The method is not allowed here";
	case 412:
		return "It was changed meanwhile";
	case 415:
		return "The body is of a kind that is not taken here";
	case 428:
		return "If-Match is missing";
	case 429:
		return "Too many requests";
	case 413:
		return "A limit is passed";
	case 414:
	case 431:
		return "The head of the request is too large";
	case 417:
		return "The expectation cannot be met";
	case 501:
		return "The method is not known";
	case 505:
		return "The version is not spoken here";
	default:
		return status < 500 ? "The request is not valid" : "The server failed";
	}
}

static str type_of(int status, const err *e)
{
	return str_of(status == 401   ? "sign-in-first"
		      : status == 405 ? "method-not-allowed"
		      : status == 412 ? "changed"
		      : status == 415 ? "media-type"
		      : status == 428 ? "if-match-missing"
		      : status == 429 ? "too-many-requests"
				      : err_code_name(e->code));
}

void problem_answer(struct http_request *r, int status, const err *e, str field)
{
	problem_answer_with(r, status, e, field, S(""));
}

void problem_answer_with(struct http_request *r, int status, const err *e, str field, str members)
{
	struct buf b;
	struct json_writer w;
	bool inside;
	char type[128];
	const char *title = title_of(status, e, &inside);
	str kind = type_of(status, e);
	int n = snprintf(type, sizeof type, PROBLEM_TYPE "%.*s", STR_ARG(kind));
	if (inside)
		log_event(LOG_ERROR, "request_failed", "id=%llu status=%d why=\"%s\"",
			  (unsigned long long)http_id(r), status, e->text);
	buf_init(&b, PROBLEM_BYTES_MAX);
	json_writer_init(&w, &b, false);
	json_object_open(&w);
	json_key(&w, S("type"));
	json_put_text(&w, str_make(type, (size_t)n));
	json_key(&w, S("title"));
	json_put_text(&w, str_of(title));
	json_key(&w, S("status"));
	json_put_int(&w, status);
	if (!inside && e->text[0] != '\0') {
		json_key(&w, S("detail"));
		json_put_text(&w, str_of(e->text));
	}
	if (field.n > 0) {
		json_key(&w, S("field"));
		json_put_text(&w, field);
	}
	buf_str(&b, members);
	json_object_close(&w);
	char id[24];
	n = snprintf(id, sizeof id, "%llu", (unsigned long long)http_id(r));
	http_answer_header(r, "X-Request-Id", str_make(id, (size_t)n));
	if ((status == 503 || status == 429) && !http_answer_has(r, "Retry-After"))
		http_answer_header(r, "Retry-After", S("1"));
	http_answer(r, status, "application/problem+json", buf_view(&b));
	buf_fini(&b);
}

bool problem_field(struct request *q, err *e, const char *field, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	q->field = str_dup(q->arena, str_of(field));
	return err_set(e, ERR_INVALID, "%s: %s", field, text);
}

bool problem_with(struct request *q, err *e, int status, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	q->status = status;
	return err_set(e, status == 429 ? ERR_LIMIT : ERR_DENIED, "%s", text);
}
