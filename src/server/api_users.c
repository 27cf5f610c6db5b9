/*
 * api_users.c - users, as administrators see and change them.
 *
 * Promises:     nobody's password or second factor can be read, and no password can be set by
 *               another; a one-time link lets somebody in who has none, or forgot it.
 * Threads:      workers.
 */
#include "server/auth_actor_int.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define BODY_MAX      (16 * KIB)
#define LINK_VALID_US (72 * 3600 * US_PER_S)
#define ROLE_TEXT_MAX 32

static void put_user(struct json_writer *w, const struct user *u)
{
	char at[TIME_TEXT_MAX];
	json_object_open(w);
	json_key(w, S("user"));
	json_put_uint(w, u->id);
	put_member(w, S("name"), str_of(u->name));
	put_member(w, S("email"), str_of(u->email));
	put_member(w, S("role"), str_of(role_name(u->role)));
	json_key(w, S("language"));
	if (u->language[0] != '\0')
		json_put_text(w, str_of(u->language));
	else
		json_put_null(w);
	json_key(w, S("disabled"));
	json_put_bool(w, u->disabled);
	json_key(w, S("has_password"));
	json_put_bool(w, u->has_password);
	json_key(w, S("totp"));
	json_put_bool(w, u->totp);
	put_member(w, S("created"), time_print(at, u->created_us));
	json_object_close(w);
}

static bool list_users(struct request *q, struct answer *a, err *e)
{
	struct auth *auth = q->server->auth;
	struct user u;
	struct json_writer w;
	struct page page;
	if (!page_read(q, &page, e))
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("rows"));
	json_array_open(&w);
	uint64_t at = page.after;
	size_t n = 0;
	for (; n < page.limit && auth_user_next(auth, &at, &u); n++)
		put_user(&w, &u);
	json_array_close(&w);
	page_put_next(&w, n == page.limit ? at : 0);
	json_object_close(&w);
	return true;
}

/* What the body says about a user; members that are not there stay as they are. */
static bool user_read(struct request *q, struct user *u, err *e)
{
	str name, email, role, language;
	err why = { 0 };
	if (!body_text_maybe(q, "name", USER_NAME_BYTES_MAX, &name, e) ||
	    !body_text_maybe(q, "email", USER_EMAIL_BYTES_MAX, &email, e) ||
	    !body_text_maybe(q, "role", ROLE_TEXT_MAX, &role, e) ||
	    !body_text_maybe(q, "language", 2, &language, e))
		return false;
	if (name.n > 0)
		snprintf(u->name, sizeof u->name, "%.*s", STR_ARG(str_trim(name)));
	if (email.n > 0)
		snprintf(u->email, sizeof u->email, "%.*s", STR_ARG(str_trim(email)));
	if (role.n > 0 && !role_find(role, &u->role, &why))
		return problem_field(q, e, "role", "%s", why.text);
	if (q->body != NULL && json_get(q->body, S("language")) != NULL)
		snprintf(u->language, sizeof u->language, "%.*s", STR_ARG(language));
	const struct json *disabled = q->body != NULL ? json_get(q->body, S("disabled")) : NULL;
	if (disabled != NULL && disabled->kind != JSON_BOOL)
		return problem_field(q, e, "disabled", "true or false");
	if (disabled != NULL)
		u->disabled = disabled->b;
	return true;
}

static void put_link(struct request *q, struct json_writer *w, const char *token)
{
	char at[TIME_TEXT_MAX];
	str path = str_printf(q->arena, "/in/%s", token);
	put_member(w, S("path"), path);
	put_member(w, S("expires"), time_print(at, time_now_us() + LINK_VALID_US));
}

static bool add_user(struct request *q, struct answer *a, err *e)
{
	struct auth *auth = q->server->auth;
	struct user u = { .role = ROLE_READ_ONLY };
	struct json_writer w;
	char token[TOKEN_TEXT_MAX];
	str text;
	uint64_t id;
	if (!body_text(q, "name", USER_NAME_BYTES_MAX, &text, e) ||
	    !body_text(q, "email", USER_EMAIL_BYTES_MAX, &text, e) ||
	    !body_text(q, "role", ROLE_TEXT_MAX, &text, e) || !user_read(q, &u, e) ||
	    !auth_user_add(auth, &u, S(""), q->actor.name, &id, e) ||
	    !auth_user_link(auth, id, LINK_VALID_US, q->actor.name, token, e) ||
	    !auth_user(auth, id, &u))
		return false;
	a->location = str_printf(q->arena, "/api/v1/users/%llu", (unsigned long long)id);
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("user"));
	put_user(&w, &u);
	json_key(&w, S("link"));
	json_object_open(&w);
	put_link(q, &w, token);
	json_object_close(&w);
	json_object_close(&w);
	return !q->arena->over || arena_err(q->arena, e);
}

static bool user_of_path(struct request *q, struct user *u, err *e)
{
	uint64_t id = 0;
	return (num_parse_u64(q->path[0], &id) && auth_user(q->server->auth, id, u)) ||
	       err_set(e, ERR_NOT_FOUND, "There is no such user");
}

static bool get_user(struct request *q, struct answer *a, err *e)
{
	struct user u;
	struct json_writer w;
	if (!user_of_path(q, &u, e))
		return false;
	json_writer_init(&w, &a->body, false);
	put_user(&w, &u);
	return true;
}

static bool change_user(struct request *q, struct answer *a, err *e)
{
	struct user u;
	if (!user_of_path(q, &u, e) || !user_read(q, &u, e) ||
	    !auth_user_change(q->server->auth, &u, q->actor.name, e))
		return false;
	return get_user(q, a, e);
}

static bool make_link(struct request *q, struct answer *a, err *e)
{
	struct user u;
	struct json_writer w;
	char token[TOKEN_TEXT_MAX];
	if (!user_of_path(q, &u, e) ||
	    !auth_user_link(q->server->auth, u.id, LINK_VALID_US, q->actor.name, token, e))
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	put_link(q, &w, token);
	json_object_close(&w);
	return !q->arena->over || arena_err(q->arena, e);
}

static bool end_sessions(struct request *q, struct answer *a, err *e)
{
	struct user u;
	bool found;
	a->status = 204;
	return user_of_path(q, &u, e) &&
	       auth_user_end_sessions(q->server->auth, u.id, q->actor.name, e) &&
	       session_end(q->server->auth, u.id, 0, 0, &found, e);
}

static bool end_totp(struct request *q, struct answer *a, err *e)
{
	struct user u;
	a->status = 204;
	return user_of_path(q, &u, e) &&
	       auth_user_totp_off(q->server->auth, u.id, q->actor.name, e);
}

static const struct route_param user_path[] = {
	{ "id", "path", "{\"type\":\"integer\"}", "The user's number", true }, { 0 }
};

#define USER_BODY                                                                                  \
	"{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"email\":{\"type\":" \
	"\"string\"},\"role\":{\"type\":\"string\",\"enum\":[\"administrator\",\"operations\","    \
	"\"marketing\",\"sales\",\"read-only\"]},\"language\":{\"type\":[\"string\",\"null\"]},"   \
	"\"disabled\":{\"type\":\"boolean\"}}}"
#define LINK_ANSWER                                                                                  \
	"{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},\"expires\":{\"type\":" \
	"\"string\",\"format\":\"date-time\"}}}"
#define ROUTE(m, p, fn, oid, text)                                                                 \
	.method = m, .pattern = p, .may = MAY_ADMINISTER, .where = HTTP_WORKER, .run = fn,         \
	.id = oid, .tag = "users", .summary = text

static const struct route rows[] = {
	{ ROUTE("GET", "/api/v1/users", list_users, "listUsers", "Everybody who may sign in"),
	  .params = page_params,
	  .answer_schema = "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"array\","
			   "\"items\":{\"$ref\":\"#/components/schemas/User\"}},\"next\":{\"type\":"
			   "[\"string\",\"null\"]}}}" },
	{ ROUTE("POST", "/api/v1/users", add_user, "addUser",
		"Makes a user, and a link that lets in once"),
	  .body_bytes_max = BODY_MAX, .body_schema = USER_BODY, .answer_status = 201,
	  .answer_schema = "{\"type\":\"object\",\"properties\":{\"user\":{\"$ref\":"
			   "\"#/components/schemas/User\"},\"link\":" LINK_ANSWER "}}" },
	{ ROUTE("GET", "/api/v1/users/{id}", get_user, "getUser", "One user"), .params = user_path,
	  .answer_schema = "User" },
	{ ROUTE("PATCH", "/api/v1/users/{id}", change_user, "changeUser",
		"Changes name, address, role, language, or shuts out and lets in again"),
	  .params = user_path, .body_bytes_max = BODY_MAX, .body_schema = USER_BODY,
	  .answer_schema = "User" },
	{ ROUTE("POST", "/api/v1/users/{id}/link", make_link, "makeSignInLink",
		"A link that lets the user in once; ends an older one"),
	  .params = user_path, .answer_status = 201, .answer_schema = LINK_ANSWER },
	{ ROUTE("DELETE", "/api/v1/users/{id}/sessions", end_sessions, "endUserSessions",
		"Ends all sessions of a user"),
	  .params = user_path, .answer_status = 204 },
	{ ROUTE("DELETE", "/api/v1/users/{id}/totp", end_totp, "endUserTotp",
		"Takes a user's second factor off"),
	  .params = user_path, .answer_status = 204 },
};
const struct route_list routes_users = { rows, ARRAY_LEN(rows) };
