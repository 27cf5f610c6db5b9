/*
 * api_account.c - what everybody may change about themselves: name, language, password, second
 * factor, sessions.
 *
 * Promises:     who sits down at an open screen can change neither password nor second factor
 *               without the password; a new password ends every other session.
 * Threads:      workers.
 */
#include "server/auth_actor_int.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define BODY_MAX     (16 * KIB)
#define PASSWORD_MAX (4 * PASSWORD_BYTES_MAX)

/* The password once more, with the delays of a sign-in. */
static bool password_again(struct request *q, const char *field, err *e)
{
	struct auth *auth = q->server->auth;
	struct member m;
	char network[NETWORK_TEXT_MAX];
	str password;
	bool fits = false;
	if (!auth_member(auth, q->actor.user, &m))
		return err_set(e, ERR_DENIED, "This user is gone");
	if (!m.user.has_password)
		return true;
	if (!body_text(q, field, PASSWORD_MAX, &password, e))
		return false;
	str email = str_of(m.user.email);
	str from = network_of(http_client(q->http), network);
	int64_t wait = throttle_begin(&auth->throttle, email, from, time_monotonic_us());
	if (wait > 0)
		return refuse_later(q, wait, e);
	if (!password_verify(auth, m.secrets.password, password, &fits, e))
		return e->code == ERR_BUSY ? refuse_later(q, 2 * US_PER_S, e) : false;
	if (fits)
		throttle_ok(&auth->throttle, email, from);
	sodium_memzero(&m.secrets, sizeof m.secrets);
	return fits || problem_field(q, e, field, "is not your password");
}

static bool patch_account(struct request *q, struct answer *a, err *e)
{
	struct user u;
	str name, language;
	if (!auth_user(q->server->auth, q->actor.user, &u))
		return err_set(e, ERR_DENIED, "This user is gone");
	if (!body_text_maybe(q, "name", USER_NAME_BYTES_MAX, &name, e) ||
	    !body_text_maybe(q, "language", 2, &language, e))
		return false;
	if (name.n > 0)
		snprintf(u.name, sizeof u.name, "%.*s", STR_ARG(str_trim(name)));
	if (q->body != NULL && json_get(q->body, S("language")) != NULL)
		snprintf(u.language, sizeof u.language, "%.*s", STR_ARG(language));
	if (!auth_user_change(q->server->auth, &u, q->actor.name, e))
		return false;
	a->status = 204;
	return true;
}

static bool post_password(struct request *q, struct answer *a, err *e)
{
	struct auth *auth = q->server->auth;
	struct user u;
	str password;
	if (!auth_user(auth, q->actor.user, &u))
		return err_set(e, ERR_DENIED, "This user is gone");
	if (!password_again(q, "old", e) || !body_text(q, "new", PASSWORD_MAX, &password, e) ||
	    !password_is_fit(q, password, &u, e) ||
	    !auth_user_password(auth, u.id, password, q->actor.name, e))
		return false;
	/* Its old token is worth nothing any more, like everybody's else: a new one. */
	return session_answer_new(q, a, u.id, "password_changed", e);
}

/* ---- the second factor ----------------------------------------------------------------------- */

static bool post_totp(struct request *q, struct answer *a, err *e)
{
	struct auth *auth = q->server->auth;
	uint8_t secret[TOTP_SECRET_BYTES];
	char text[BASE32_TEXT_MAX];
	struct user u;
	struct workspace space;
	struct json_writer w;
	if (!password_again(q, "password", e) || !auth_user(auth, q->actor.user, &u) ||
	    !auth_workspace(auth, q->arena, &space, e))
		return false;
	if (!u.has_password)
		return err_set(e, ERR_CONFLICT,
			       "Set a password first: the code is asked for after it");
	randombytes_buf(secret, sizeof secret);
	session_pending_set(auth, q->actor.session, secret);
	str issuer = space.name.n > 0 ? space.name : S("Trichter");
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	put_member(&w, S("secret"), base32_print(text, secret, sizeof secret));
	put_member(&w, S("uri"), totp_uri(q->arena, issuer, str_of(u.email), secret));
	json_object_close(&w);
	sodium_memzero(secret, sizeof secret);
	return true;
}

static bool post_totp_confirm(struct request *q, struct answer *a, err *e)
{
	struct auth *auth = q->server->auth;
	uint8_t secret[TOTP_SECRET_BYTES];
	str codes[RECOVERY_CODES];
	struct json_writer w;
	str code;
	if (!body_text(q, "code", 16, &code, e))
		return false;
	if (!session_pending(auth, q->actor.session, secret))
		return err_set(e, ERR_CONFLICT, "Ask for a new secret first");
	if (totp_match(secret, code, time_now_us(), 0) == 0)
		return problem_field(q, e, "code", "does not fit; is the telephone's clock right?");
	bool ok = auth_user_totp_on(auth, q->actor.user, secret, codes, q->arena, q->actor.name, e);
	sodium_memzero(secret, sizeof secret);
	if (!ok)
		return false;
	/* This very code must not open a session as well. */
	totp_use(auth, q->actor.user, code, time_now_us());
	audit_request(q, "totp_on", q->actor.user, q->actor.name, S(""));
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("recovery"));
	json_array_open(&w);
	for (size_t i = 0; i < RECOVERY_CODES; i++)
		json_put_text(&w, codes[i]);
	json_array_close(&w);
	json_object_close(&w);
	return true;
}

static bool post_totp_off(struct request *q, struct answer *a, err *e)
{
	if (!password_again(q, "password", e) ||
	    !auth_user_totp_off(q->server->auth, q->actor.user, q->actor.name, e))
		return false;
	audit_request(q, "totp_off", q->actor.user, q->actor.name, S(""));
	a->status = 204;
	return true;
}

/* ---- sessions -------------------------------------------------------------------------------- */

static bool get_sessions(struct request *q, struct answer *a, err *e)
{
	struct session *s = NULL;
	size_t n = 0;
	struct json_writer w;
	if (!session_list(q->server->auth, q->actor.user, q->arena, &s, &n, e))
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("rows"));
	json_array_open(&w);
	for (size_t i = 0; i < n; i++) {
		char at[TIME_TEXT_MAX];
		json_object_open(&w);
		json_key(&w, S("session"));
		json_put_uint(&w, s[i].id);
		put_member(&w, S("device"), str_of(s[i].device));
		put_member(&w, S("network"), str_of(s[i].network));
		put_member(&w, S("since"), time_print(at, s[i].created_us));
		put_member(&w, S("seen"), time_print(at, s[i].seen_us));
		json_key(&w, S("current"));
		json_put_bool(&w, s[i].id == q->actor.session);
		json_object_close(&w);
	}
	json_array_close(&w);
	json_key(&w, S("next"));
	json_put_null(&w);
	json_object_close(&w);
	return true;
}

static bool delete_one(struct request *q, struct answer *a, err *e)
{
	uint64_t id = 0;
	bool found = false;
	if (!num_parse_u64(q->path[0], &id) || id == 0)
		return err_set(e, ERR_NOT_FOUND, "There is no such session");
	if (!session_end(q->server->auth, q->actor.user, id, 0, &found, e))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "There is no such session");
	audit_request(q, "session_ended", q->actor.user, q->actor.name, S(""));
	a->status = 204;
	return true;
}

static bool delete_others(struct request *q, struct answer *a, err *e)
{
	bool found = false;
	if (!session_end(q->server->auth, q->actor.user, 0, q->actor.session, &found, e))
		return false;
	audit_request(q, "sessions_ended", q->actor.user, q->actor.name, S(""));
	a->status = 204;
	return true;
}

static const struct route_param session_path[] = {
	{ "id", "path", "{\"type\":\"integer\"}", "The session's number", true }, { 0 }
};

#define ROUTE(m, p, fn, oid, text)                                                                 \
	.method = m, .pattern = p, .may = MAY_SIGNED_IN, .where = HTTP_WORKER, .run = fn,          \
	.id = oid, .tag = "account", .summary = text

static const struct route rows[] = {
	{ ROUTE("PATCH", "/api/v1/account", patch_account, "changeAccount",
		"Changes one's own name and language"),
	  .body_bytes_max = BODY_MAX,
	  .body_schema =
		  "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},"
		  "\"language\":{\"type\":[\"string\",\"null\"],\"enum\":[\"de\",\"en\",null]}}}",
	  .answer_status = 204 },
	{ ROUTE("POST", "/api/v1/account/password", post_password, "changePassword",
		"Changes one's own password, and ends all other sessions"),
	  .body_bytes_max = BODY_MAX,
	  .body_schema = "{\"type\":\"object\",\"required\":[\"new\"],\"properties\":{\"old\":"
			 "{\"type\":\"string\"},\"new\":{\"type\":\"string\"}}}",
	  .answer_schema = "Session" },
	{ ROUTE("POST", "/api/v1/account/totp", post_totp, "beginTotp",
		"Makes a secret for an authenticator app, to be confirmed with a code"),
	  .body_bytes_max = BODY_MAX,
	  .body_schema = "{\"type\":\"object\",\"required\":[\"password\"],\"properties\":"
			 "{\"password\":{\"type\":\"string\"}}}",
	  .answer_schema = "{\"type\":\"object\",\"properties\":{\"secret\":{\"type\":\"string\"},"
			   "\"uri\":{\"type\":\"string\"}}}" },
	{ ROUTE("POST", "/api/v1/account/totp/confirm", post_totp_confirm, "confirmTotp",
		"Switches the second factor on; answers with recovery codes, this once"),
	  .body_bytes_max = BODY_MAX,
	  .body_schema = "{\"type\":\"object\",\"required\":[\"code\"],\"properties\":{\"code\":"
			 "{\"type\":\"string\"}}}",
	  .answer_schema = "{\"type\":\"object\",\"properties\":{\"recovery\":{\"type\":\"array\","
			   "\"items\":{\"type\":\"string\"}}}}" },
	{ ROUTE("POST", "/api/v1/account/totp/off", post_totp_off, "endTotp",
		"Switches the second factor off"),
	  .body_bytes_max = BODY_MAX,
	  .body_schema = "{\"type\":\"object\",\"required\":[\"password\"],\"properties\":"
			 "{\"password\":{\"type\":\"string\"}}}",
	  .answer_status = 204 },
	{ ROUTE("GET", "/api/v1/account/sessions", get_sessions, "listSessions",
		"From where one is signed in"),
	  .answer_schema = "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"array\","
			   "\"items\":{\"type\":\"object\"}}}}" },
	{ ROUTE("DELETE", "/api/v1/account/sessions", delete_others, "endOtherSessions",
		"Ends all sessions but this one"),
	  .answer_status = 204 },
	{ ROUTE("DELETE", "/api/v1/account/sessions/{id}", delete_one, "endSession",
		"Ends one session"),
	  .params = session_path, .answer_status = 204 },
};
const struct route_list routes_account = { rows, ARRAY_LEN(rows) };
