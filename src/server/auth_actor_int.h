/*
 * auth_actor_int.h - what the routes about people who sign in share.
 */
#ifndef TRICHTER_SERVER_AUTH_ACTOR_INT_H
#define TRICHTER_SERVER_AUTH_ACTOR_INT_H

#include "server/auth_int.h"
#include "server/server_int.h"

/* The prefix makes browsers take the cookie only from us, over TLS, for every path: a neighbour's
 * host cannot plant one. */
#define COOKIE_SECURE "__Host-trichter"
#define COOKIE_PLAIN  "trichter"

bool request_is_safe(const struct request *q);
str session_cookie(const struct http_request *r);
/* What X-CSRF-Token has to say in the session of this token. */
str csrf_of(struct arena *arena, str token);
/* The empty token takes the cookie away. */
void cookie_set(struct request *q, str token);
void device_read(struct request *q, struct device *d_r);
void audit_request(struct request *q, const char *what, uint64_t user, str by, str detail);

/* api_session.c: begins a session for the user, sets the cookie, and answers as GET /session. */
bool session_answer_new(struct request *q, struct answer *a, uint64_t user, const char *how,
			err *e) MUST_CHECK;
/* The text member of the body; problem_field when it is missing or longer than `max`. */
bool body_text(struct request *q, const char *name, size_t max, str *text_r, err *e) MUST_CHECK;
/* The same, "" when it is missing. */
bool body_text_maybe(struct request *q, const char *name, size_t max, str *text_r,
		     err *e) MUST_CHECK;
bool password_is_fit(struct request *q, str password, const struct user *u, err *e) MUST_CHECK;
/* 429 with Retry-After; always false. */
bool refuse_later(struct request *q, int64_t wait_us, err *e);
/* `limit` and `after` of a list whose rows have numbers. */
struct page {
	size_t limit;
	uint64_t after; /* 0: from the beginning */
};
extern const struct route_param page_params[];
bool page_read(struct request *q, struct page *p_r, err *e) MUST_CHECK;
/* "next": 0 is the end. */
void page_put_next(struct json_writer *w, uint64_t after);
void put_member(struct json_writer *w, str key, str text);

/* auth_setup.c: the one-time token of the first run; "" when there are users. */
void setup_begin(struct auth *a, char token_r[TOKEN_TEXT_MAX]);
bool setup_use(struct auth *a, str token, const struct user *u, str password, uint64_t *id_r,
	       err *e) MUST_CHECK;

#endif
