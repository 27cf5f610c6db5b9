/*
 * api_session.c - signing in and out, the first run, one-time links.
 *
 * Promises:     an address that nobody has is answered as a wrong password is, and as late; every
 *               sign-in has a new token; each try is in the audit log.
 * Threads:      workers.
 */
#include "server/auth_actor_int.h"

#include <stdio.h>
#include <string.h>

#define STAGES_DEFAULT	 "lead, mql, sal, sql, opportunity, customer"
#define TOKEN_FIELD_MAX	 128
#define ACCOUNT_TEXT_MAX (USER_EMAIL_BYTES_MAX + 1)

/* ---- what the screens begin with ------------------------------------------------------------- */

static void put_user(struct json_writer *w, const struct user *u)
{
	json_key(w, S("user"));
	json_object_open(w);
	json_key(w, S("id"));
	json_put_uint(w, u->id);
	put_member(w, S("name"), str_of(u->name));
	put_member(w, S("email"), str_of(u->email));
	put_member(w, S("role"), str_of(role_name(u->role)));
	json_key(w, S("language"));
	if (u->language[0] != '\0')
		json_put_text(w, str_of(u->language));
	else
		json_put_null(w);
	json_key(w, S("totp"));
	json_put_bool(w, u->totp);
	json_key(w, S("has_password"));
	json_put_bool(w, u->has_password);
	json_object_close(w);
	json_key(w, S("may"));
	json_array_open(w);
	for (size_t i = 0; scope_at(role_may(u->role), i) != NULL; i++)
		json_put_text(w, str_of(scope_at(role_may(u->role), i)));
	json_array_close(w);
}

static bool put_workspace(struct request *q, struct json_writer *w, err *e)
{
	struct workspace s;
	if (!auth_workspace(q->server->auth, q->arena, &s, e))
		return false;
	json_key(w, S("workspace"));
	json_object_open(w);
	put_member(w, S("name"), s.name.n > 0 ? s.name : S("Trichter"));
	put_member(w, S("zone"), str_of(zone_name()));
	put_member(w, S("currency"), s.currency.n > 0 ? s.currency : S("EUR"));
	json_key(w, S("stages"));
	json_array_open(w);
	str rest = s.stages.n > 0 ? s.stages : S(STAGES_DEFAULT);
	for (str part; str_next(&rest, ',', &part);) {
		if (str_trim(part).n > 0)
			json_put_text(w, str_trim(part));
	}
	json_array_close(w);
	json_key(w, S("sample"));
	json_put_bool(w, s.sample);
	put_member(w, S("version"), S(TRICHTER_VERSION));
	json_object_close(w);
	return true;
}

static bool put_session(struct request *q, struct answer *a, const struct user *u, str token,
			err *e)
{
	struct json_writer w;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	put_user(&w, u);
	put_member(&w, S("csrf"), csrf_of(q->arena, token));
	if (!put_workspace(q, &w, e))
		return false;
	json_object_close(&w);
	return !q->arena->over || arena_err(q->arena, e);
}

bool session_answer_new(struct request *q, struct answer *a, uint64_t user, const char *how, err *e)
{
	struct auth *auth = q->server->auth;
	struct device d;
	struct user u;
	char *token = arena_alloc(q->arena, TOKEN_TEXT_MAX);
	char by[32];
	bool ended;
	if (token == NULL)
		return arena_err(q->arena, e);
	/* The session that came with the request ends: nobody can plant one that lives on. */
	if (q->actor.session != 0 &&
	    !session_end(auth, q->actor.user, q->actor.session, 0, &ended, e))
		return false;
	device_read(q, &d);
	if (!session_begin(auth, user, &d, token, e) || !auth_user(auth, user, &u))
		return false;
	int n = snprintf(by, sizeof by, "user:%llu", (unsigned long long)user);
	audit_request(q, how, user, str_make(by, (size_t)n), S(""));
	cookie_set(q, str_of(token));
	return put_session(q, a, &u, str_of(token), e);
}

/* ---- GET, DELETE ----------------------------------------------------------------------------- */

/* A problem with a member of its own. */
static void put_problem(struct answer *a, const char *type, const char *title, const char *detail,
			bool has_setup, bool setup)
{
	struct json_writer w;
	a->status = 401;
	a->content_type = "application/problem+json";
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	put_member(&w, S("type"), str_of(type));
	put_member(&w, S("title"), str_of(title));
	json_key(&w, S("status"));
	json_put_int(&w, 401);
	put_member(&w, S("detail"), str_of(detail));
	if (has_setup) {
		json_key(&w, S("setup"));
		json_put_bool(&w, setup);
	}
	json_object_close(&w);
}

static bool get_session(struct request *q, struct answer *a, err *e)
{
	struct user u;
	struct auth *auth = q->server->auth;
	if (q->actor.user == 0 || !auth_user(auth, q->actor.user, &u)) {
		put_problem(a, PROBLEM_TYPE "sign-in-first", "Sign in first", "Nobody is signed in",
			    true, auth_users_n(auth) == 0);
		return true;
	}
	sessions_save_seen(auth);
	return put_session(q, a, &u, session_cookie(q->http), e);
}

static bool delete_session(struct request *q, struct answer *a, err *e)
{
	bool found;
	if (!session_end(q->server->auth, q->actor.user, q->actor.session, 0, &found, e))
		return false;
	audit_request(q, "signed_out", q->actor.user, q->actor.name, S(""));
	cookie_set(q, S(""));
	a->status = 204;
	return true;
}

/* ---- signing in ------------------------------------------------------------------------------ */

struct attempt {
	str account; /* the address as typed, lower case */
	str network;
	struct member m; /* id 0: nobody's address */
};

static bool refuse(struct request *q, const struct attempt *t, const char *why, err *e)
{
	audit_request(q, "sign_in_failed", t->m.user.id, S(""), str_of(why));
	return problem_with(q, e, 401, "The address, the password or the code is wrong");
}

/* The second factor: a code of the app, or a recovery code. */
static bool code_fits(struct request *q, const struct attempt *t, str code, bool *fits_r, err *e)
{
	struct auth *auth = q->server->auth;
	*fits_r = totp_use(auth, t->m.user.id, code, time_now_us());
	return *fits_r || auth_recovery_use(auth, t->m.user.id, code, fits_r, e);
}

static bool sign_in(struct request *q, struct answer *a, const struct attempt *t, str password,
		    str code, err *e)
{
	struct auth *auth = q->server->auth;
	bool fits = false;
	bool may = t->m.user.id != 0 && !t->m.user.disabled;
	if (!password_verify(auth, may ? t->m.secrets.password : "", password, &fits, e)) {
		if (e->code != ERR_BUSY)
			return false;
		return refuse_later(q, 2 * US_PER_S, e);
	}
	if (!fits)
		return refuse(q, t, t->m.user.disabled ? "disabled" : "password", e);
	if (t->m.user.totp && code.n == 0) {
		throttle_ok(&auth->throttle, t->account, t->network);
		put_problem(a, PROBLEM_TYPE "code-needed", "A code is needed",
			    "Type the six digits that your app shows, or a recovery code", false,
			    false);
		return true;
	}
	if (t->m.user.totp && !code_fits(q, t, code, &fits, e))
		return false;
	if (!fits)
		return refuse(q, t, "code", e);
	throttle_ok(&auth->throttle, t->account, t->network);
	return session_answer_new(q, a, t->m.user.id, "signed_in", e);
}

static bool post_session(struct request *q, struct answer *a, err *e)
{
	struct auth *auth = q->server->auth;
	struct attempt t = { 0 };
	char network[NETWORK_TEXT_MAX];
	str email, password, code;
	if (!body_text(q, "email", ACCOUNT_TEXT_MAX, &email, e) ||
	    !body_text(q, "password", 4 * PASSWORD_BYTES_MAX, &password, e) ||
	    !body_text_maybe(q, "code", 64, &code, e))
		return false;
	t.account = str_lower(q->arena, str_trim(email));
	if (t.account.p == NULL)
		return arena_err(q->arena, e);
	t.network = network_of(http_client(q->http), network);
	int64_t wait = throttle_begin(&auth->throttle, t.account, t.network, time_monotonic_us());
	if (wait > 0)
		return refuse_later(q, wait, e);
	if (!auth_member_by_email(auth, t.account, &t.m))
		t.m.user.id = 0;
	bool ok = sign_in(q, a, &t, password, str_trim(code), e);
	sodium_memzero(&t.m, sizeof t.m);
	return ok;
}

static bool post_setup(struct request *q, struct answer *a, err *e)
{
	struct user u = { .role = ROLE_ADMINISTRATOR };
	str token, name, email, password, language;
	uint64_t id;
	if (!body_text(q, "token", TOKEN_FIELD_MAX, &token, e) ||
	    !body_text(q, "name", USER_NAME_BYTES_MAX, &name, e) ||
	    !body_text(q, "email", USER_EMAIL_BYTES_MAX, &email, e) ||
	    !body_text(q, "password", 4 * PASSWORD_BYTES_MAX, &password, e) ||
	    !body_text_maybe(q, "language", 2, &language, e))
		return false;
	snprintf(u.name, sizeof u.name, "%.*s", STR_ARG(str_trim(name)));
	snprintf(u.email, sizeof u.email, "%.*s", STR_ARG(str_trim(email)));
	snprintf(u.language, sizeof u.language, "%.*s", STR_ARG(language));
	if (!password_is_fit(q, password, &u, e))
		return false;
	return setup_use(q->server->auth, token, &u, password, &id, e) &&
	       session_answer_new(q, a, id, "setup_done", e);
}

static bool post_link(struct request *q, struct answer *a, err *e)
{
	str token;
	struct user u;
	char network[NETWORK_TEXT_MAX];
	struct auth *auth = q->server->auth;
	if (!body_text(q, "token", TOKEN_FIELD_MAX, &token, e))
		return false;
	str from = network_of(http_client(q->http), network);
	/* Counted by network alone: strangers must not make others wait for their links. */
	str account = str_printf(q->arena, "link from %.*s", STR_ARG(from));
	int64_t wait = throttle_begin(&auth->throttle, account, from, time_monotonic_us());
	if (wait > 0)
		return refuse_later(q, wait, e);
	if (!auth_link_use(auth, token, &u, e)) {
		audit_request(q, "link_refused", 0, S(""), S(""));
		return false;
	}
	throttle_ok(&auth->throttle, account, from);
	return session_answer_new(q, a, u.id, "link_used", e);
}

#define BODY_MAX (16 * KIB)

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/session",
	  .may = MAY_ANYONE,
	  .where = HTTP_WORKER,
	  .run = get_session,
	  .id = "getSession",
	  .tag = "session",
	  .summary = "Who is signed in, what they may, and the workspace",
	  .answer_schema = "Session" },
	{ .method = "POST",
	  .pattern = "/api/v1/session",
	  .may = MAY_ANYONE,
	  .where = HTTP_SLOW,
	  .body_bytes_max = BODY_MAX,
	  .run = post_session,
	  .id = "signIn",
	  .tag = "session",
	  .summary = "Signs in; with a second factor, asks for its code first",
	  .body_schema = "{\"type\":\"object\",\"required\":[\"email\",\"password\"],"
			 "\"properties\":{\"email\":{\"type\":\"string\"},\"password\":{\"type\":"
			 "\"string\"},\"code\":{\"type\":\"string\"}}}",
	  .answer_schema = "Session" },
	{ .method = "DELETE",
	  .pattern = "/api/v1/session",
	  .may = MAY_SIGNED_IN,
	  .where = HTTP_WORKER,
	  .run = delete_session,
	  .id = "signOut",
	  .tag = "session",
	  .summary = "Signs out",
	  .answer_status = 204 },
	{ .method = "POST",
	  .pattern = "/api/v1/setup",
	  .may = MAY_ANYONE,
	  .where = HTTP_WORKER,
	  .body_bytes_max = BODY_MAX,
	  .run = post_setup,
	  .id = "setUp",
	  .tag = "session",
	  .summary = "Makes the first administrator, with the token that the server has printed",
	  .body_schema =
		  "{\"type\":\"object\",\"required\":[\"token\",\"name\",\"email\",\"password\"],"
		  "\"properties\":{\"token\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"
		  "\"email\":{\"type\":\"string\"},\"password\":{\"type\":\"string\"},"
		  "\"language\":{\"type\":\"string\",\"enum\":[\"de\",\"en\"]}}}",
	  .answer_schema = "Session" },
	{ .method = "POST",
	  .pattern = "/api/v1/link",
	  .may = MAY_ANYONE,
	  .where = HTTP_WORKER,
	  .body_bytes_max = BODY_MAX,
	  .run = post_link,
	  .id = "signInByLink",
	  .tag = "session",
	  .summary = "Signs in by a one-time link, which is used up by that",
	  .body_schema = "{\"type\":\"object\",\"required\":[\"token\"],\"properties\":{\"token\":"
			 "{\"type\":\"string\"}}}",
	  .answer_schema = "Session" },
};
const struct route_list routes_session = { rows, ARRAY_LEN(rows) };
