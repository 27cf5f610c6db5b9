/*
 * api_keys.c - keys of web sites and programs.
 *
 * What it is:   write keys are made by whoever may configure; secret keys by administrators, and
 *               with no scope that their maker does not have.
 * Threads:      workers.
 */
#include "server/auth_actor_int.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define BODY_MAX (16 * KIB)

static void put_key(struct json_writer *w, const struct key *k)
{
	char at[TIME_TEXT_MAX];
	json_key(w, S("key"));
	json_put_uint(w, k->id);
	put_member(w, S("name"), str_of(k->name));
	put_member(w, S("kind"), k->secret ? S("secret") : S("write"));
	put_member(w, S("hint"), str_of(k->hint));
	json_key(w, S("scopes"));
	json_array_open(w);
	for (size_t i = 0; scope_at(k->may, i) != NULL; i++)
		json_put_text(w, str_of(scope_at(k->may, i)));
	json_array_close(w);
	json_key(w, S("revoked"));
	json_put_bool(w, k->revoked);
	put_member(w, S("created"), time_print(at, k->created_us));
	json_key(w, S("used"));
	if (k->used_us != 0)
		json_put_text(w, time_print(at, k->used_us));
	else
		json_put_null(w);
}

static bool list_keys(struct request *q, struct answer *a, err *e)
{
	struct key k;
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
	for (; n < page.limit && auth_key_next(q->server->auth, &at, &k); n++) {
		json_object_open(&w);
		put_key(&w, &k);
		json_object_close(&w);
	}
	json_array_close(&w);
	page_put_next(&w, n == page.limit ? at : 0);
	json_object_close(&w);
	return true;
}

static bool scopes_read(struct request *q, struct key *k, err *e)
{
	const struct json *scopes = json_get(q->body, S("scopes"));
	if (scopes == NULL)
		return true;
	if (scopes->kind != JSON_ARRAY)
		return problem_field(q, e, "scopes", "a list is needed");
	for (const struct json *s = json_first(scopes); s != NULL; s = json_after(scopes, s)) {
		uint64_t may = 0;
		err why = { 0 };
		if (s->kind != JSON_TEXT || !scope_find(s->text, &may, &why))
			return problem_field(q, e, "scopes", "%s",
					     why.text[0] != '\0' ? why.text : "texts are needed");
		k->may |= may;
	}
	return true;
}

/* Nobody hands out more than they have. To be believed when sending is an administrator's to give,
 * though no user sends. */
static bool may_make(struct request *q, const struct key *k, err *e)
{
	uint64_t has = q->actor.may;
	if (!k->secret)
		return true;
	if (!actor_may(&q->actor, MAY_ADMINISTER))
		return err_set(e, ERR_DENIED, "Secret keys are made by administrators");
	if (q->actor.user != 0)
		has |= UINT64_C(1) << MAY_COLLECT;
	return (k->may & ~has) == 0 ||
	       err_set(e, ERR_DENIED, "A key cannot have more scopes than its maker");
}

static bool add_key(struct request *q, struct answer *a, err *e)
{
	struct key k = { 0 };
	struct json_writer w;
	char token[TOKEN_TEXT_MAX];
	uint64_t id;
	str kind, name;
	if (!body_text(q, "kind", 16, &kind, e) ||
	    !body_text(q, "name", USER_NAME_BYTES_MAX, &name, e) || !scopes_read(q, &k, e))
		return false;
	k.secret = str_eq(kind, S("secret"));
	if (!k.secret && !str_eq(kind, S("write")))
		return problem_field(q, e, "kind", "write or secret");
	if (!k.secret && k.may != 0)
		return problem_field(q, e, "scopes", "a write key has none");
	if (k.secret && k.may == 0)
		return problem_field(q, e, "scopes", "at least one is needed");
	snprintf(k.name, sizeof k.name, "%.*s", STR_ARG(str_trim(name)));
	if (!may_make(q, &k, e) ||
	    !auth_key_add(q->server->auth, &k, q->actor.name, &id, token, e) ||
	    !auth_key(q->server->auth, id, &k))
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	put_key(&w, &k);
	put_member(&w, S("token"), str_of(token));
	json_object_close(&w);
	return true;
}

static bool revoke_key(struct request *q, struct answer *a, err *e)
{
	struct key k;
	uint64_t id = 0;
	if (!num_parse_u64(q->path[0], &id) || !auth_key(q->server->auth, id, &k))
		return err_set(e, ERR_NOT_FOUND, "There is no such key");
	a->status = 204;
	return may_make(q, &k, e) && auth_key_revoke(q->server->auth, id, q->actor.name, e);
}

static const struct route_param key_path[] = {
	{ "id", "path", "{\"type\":\"integer\"}", "The key's number", true }, { 0 }
};

#define ROUTE(m, p, fn, oid, text)                                                                 \
	.method = m, .pattern = p, .may = MAY_CONFIGURE, .where = HTTP_WORKER, .run = fn,          \
	.id = oid, .tag = "keys", .summary = text

static const struct route rows[] = {
	{ ROUTE("GET", "/api/v1/keys", list_keys, "listKeys",
		"All keys, without the keys themselves"),
	  .params = page_params,
	  .answer_schema = "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"array\","
			   "\"items\":{\"$ref\":\"#/components/schemas/Key\"}},\"next\":{\"type\":"
			   "[\"string\",\"null\"]}}}" },
	{ ROUTE("POST", "/api/v1/keys", add_key, "addKey",
		"Makes a key; `token` is the key itself, shown this once"),
	  .body_bytes_max = BODY_MAX,
	  .body_schema =
		  "{\"type\":\"object\",\"required\":[\"kind\",\"name\"],\"properties\":{\"kind\":"
		  "{\"type\":\"string\",\"enum\":[\"write\",\"secret\"]},\"name\":{\"type\":"
		  "\"string\"},\"scopes\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}",
	  .answer_status = 201, .answer_schema = "Key" },
	{ ROUTE("DELETE", "/api/v1/keys/{id}", revoke_key, "revokeKey",
		"Revokes a key: dead at once, for ever"),
	  .params = key_path, .answer_status = 204 },
};
const struct route_list routes_keys = { rows, ARRAY_LEN(rows) };
