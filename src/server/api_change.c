/*
 * api_change.c - people, companies and deals made and changed by hand; joined and separated.
 *
 * What it is:   POST makes (Idempotency-Key: once), PATCH changes (If-Match: what was read still
 *               holds), merge and unmerge say who is one.
 * Promises:     of two who change the same at the same time, one is told so.
 * Threads:      workers; one PATCH at a time between its comparison and its commit.
 */
#include "server/server_int.h"
#include "server/shape_int.h"
#include "server/work_int.h"

#include "base/thread.h"

/* ---- made ------------------------------------------------------------------------------------ */

/* Who was made: the subject of the touch, as the journal numbered it. */
static bool made_number(struct request *q, enum entity entity, uint64_t seq, uint64_t *number_r,
			err *e)
{
	struct touch t;
	struct view *v = NULL;
	if (!view_borrow(q->server, &v, e))
		return false;
	struct snapshot *s = view_snapshot(v);
	bool ok = snapshot_touch(s, seq, q->arena, &t, e);
	if (ok)
		*number_r = people_subject_of(snapshot_people(s), entity == ENTITY_PERSON ? t.person
								  : entity == ENTITY_COMPANY
									  ? t.company
									  : t.deal);
	view_return(&v);
	return ok;
}

static bool make(struct request *q, struct answer *a, enum entity entity, const char *path, err *e)
{
	struct work w;
	struct sales_deed d;
	struct json_writer out;
	uint64_t seq, number;
	if (!work_begin(&w, q, entity, 0, e))
		return false;
	bool ok = work_fields(q, S(""), &w.ask.fields, &w.ask.fields_n, e) &&
		  sales_create(&w.ask, q->arena, &d, &q->field, e);
	work_end(&w);
	if (!ok || !work_write(q, &d, &seq, e) || !made_number(q, entity, seq, &number, e))
		return false;
	a->status = 201;
	a->location = str_printf(q->arena, "/api/v1/%s/%llu", path, (unsigned long long)number);
	json_writer_init(&out, &a->body, false);
	json_object_open(&out);
	json_key(&out, str_of(shape_entity(entity)));
	json_put_uint(&out, number);
	work_put_deed(&out, q, &d, seq);
	json_object_close(&out);
	return !q->arena->over || arena_err(q->arena, e);
}

static bool make_person(struct request *q, struct answer *a, err *e)
{
	return make(q, a, ENTITY_PERSON, "people", e);
}

static bool make_company(struct request *q, struct answer *a, err *e)
{
	return make(q, a, ENTITY_COMPANY, "companies", e);
}

static bool make_deal(struct request *q, struct answer *a, err *e)
{
	return make(q, a, ENTITY_DEAL, "deals", e);
}

/* ---- changed --------------------------------------------------------------------------------- */

static bool subject_matches(struct request *q, struct work *w, enum entity entity, uint64_t number,
			    err *e)
{
	struct subject_view v = { 0 };
	struct people *p = w->ask.people;
	bool fits = number <= people_profiles(p) && people_entity_of(p, number) == entity;
	if (fits && !people_view(p, number, q->arena, &v, e))
		return false;
	if (!v.visible)
		return err_set(e, ERR_NOT_FOUND, "There is no %s of that number",
			       shape_entity(entity));
	return work_if_match(q, work_etag(q->arena, &v), e);
}

static bool change_locked(struct request *q, enum entity entity, uint64_t number,
			  struct sales_deed *d, uint64_t *seq_r, err *e)
{
	struct work w;
	if (!work_begin(&w, q, entity, number, e))
		return false;
	bool ok = work_fields(q, S(""), &w.ask.fields, &w.ask.fields_n, e) &&
		  subject_matches(q, &w, entity, number, e) &&
		  sales_update(&w.ask, q->arena, d, &q->field, e);
	work_end(&w);
	return ok && work_write(q, d, seq_r, e);
}

/* The tag of what it is now, for the next change. */
static bool new_etag(struct request *q, struct answer *a, uint64_t number, err *e)
{
	struct subject_view now;
	struct view *v = NULL;
	if (!view_borrow(q->server, &v, e))
		return false;
	bool ok = people_view(snapshot_people(view_snapshot(v)), number, q->arena, &now, e);
	if (ok)
		a->etag = shape_etag(&now, q->arena);
	view_return(&v);
	return ok;
}

static bool change(struct request *q, struct answer *a, enum entity entity, err *e)
{
	uint64_t number, seq;
	struct sales_deed d;
	struct json_writer out;
	if (!work_number(q, 0, &number, e))
		return false;
	mutex_lock(&q->server->changing);
	bool ok = change_locked(q, entity, number, &d, &seq, e);
	mutex_unlock(&q->server->changing);
	if (!ok || !new_etag(q, a, number, e))
		return false;
	json_writer_init(&out, &a->body, false);
	json_object_open(&out);
	work_put_deed(&out, q, &d, seq);
	shape_key_text(&out, S("etag"), str_printf(q->arena, "\"%.*s\"", STR_ARG(a->etag)));
	json_object_close(&out);
	return !q->arena->over || arena_err(q->arena, e);
}

static bool change_person(struct request *q, struct answer *a, err *e)
{
	return change(q, a, ENTITY_PERSON, e);
}

static bool change_company(struct request *q, struct answer *a, err *e)
{
	return change(q, a, ENTITY_COMPANY, e);
}

static bool change_deal(struct request *q, struct answer *a, err *e)
{
	return change(q, a, ENTITY_DEAL, e);
}

/* ---- joined ---------------------------------------------------------------------------------- */

/* {"with": 17, "reason": "…"}: one number and a reason, nothing else. */
static bool number_and_reason(struct request *q, const char *name, uint64_t *number_r,
			      str *reason_r, err *e)
{
	const struct json *o = q->body;
	const struct json *number = o && o->kind == JSON_OBJECT ? json_get(o, str_of(name)) : NULL;
	if (!number || number->kind != JSON_INT || number->i <= 0)
		return problem_field(q, e, name, "a number is needed");
	*number_r = (uint64_t)number->i;
	*reason_r = json_text_of(o, S("reason"));
	for (const struct json *c = json_first(o); c; c = json_after(o, c)) {
		bool known = c == number || (str_eq(c->key, S("reason")) && c->kind == JSON_TEXT);
		if (!known)
			q->field = c->key;
		if (!known)
			return err_set(e, ERR_INVALID, "this cannot be said here");
	}
	return true;
}

static bool join(struct request *q, struct answer *a, const char *name,
		 bool (*deed)(const struct sales_ask *ask, uint64_t number, str reason,
			      struct arena *arena, struct sales_deed *d_r, str *field_r, err *e),
		 err *e)
{
	uint64_t person, number = 0;
	str reason;
	struct work w;
	struct sales_deed d;
	if (!work_number(q, 0, &person, e) || !number_and_reason(q, name, &number, &reason, e) ||
	    !work_begin(&w, q, ENTITY_PERSON, person, e))
		return false;
	bool ok = deed(&w.ask, number, reason, q->arena, &d, &q->field, e);
	work_end(&w);
	return ok && work_answer(q, a, &d, e);
}

static bool merge(struct request *q, struct answer *a, err *e)
{
	return join(q, a, "with", sales_merge, e);
}

static bool unmerge(struct request *q, struct answer *a, err *e)
{
	return join(q, a, "profile", sales_unmerge, e);
}

/* ---- rows ------------------------------------------------------------------------------------ */

#define ID_SCHEMA "{\"type\":\"integer\",\"minimum\":1}"
#define ANY_FIELDS                                                                                          \
	"{\"type\":\"object\",\"minProperties\":1,\"description\":\"Fields and their values; null takes a " \
	"value away\"}"
#define MADE_SCHEMA(name)                                                                          \
	"{\"type\":\"object\",\"required\":[\"" name                                               \
	"\",\"touch\",\"undo\"],\"properties\":{\"" name                                           \
	"\":{\"type\":\"integer\"},\"touch\":{\"type\":\"object\"},\"undo\":{\"type\":\"integer\"}}}"
#define CHANGED_SCHEMA                                                                                \
	"{\"type\":\"object\",\"required\":[\"touch\",\"undo\",\"etag\"],\"properties\":{\"touch\":{" \
	"\"type\":\"object\"},\"undo\":{\"type\":\"integer\"},\"etag\":{\"type\":\"string\"}}}"

static const struct route_param key_only[] = {
	{ "Idempotency-Key", "header", "{\"type\":\"string\",\"maxLength\":200}",
	  "Sent again with the same key within a day, it is answered the same and not done twice",
	  false },
	{ .name = NULL },
};
static const struct route_param id_and_match[] = {
	{ "id", "path", ID_SCHEMA, "Its number", true },
	{ "If-Match", "header", "{\"type\":\"string\"}", "The ETag of what was read", true },
	{ .name = NULL },
};
static const struct route_param id_and_key[] = {
	{ "id", "path", ID_SCHEMA, "The person's number", true },
	{ "Idempotency-Key", "header", "{\"type\":\"string\",\"maxLength\":200}",
	  "Sent again with the same key, it is not done twice", false },
	{ .name = NULL },
};

#define MAKES(path, fn, operation, words, name)                                                    \
	{                                                                                          \
		.method = "POST", .pattern = "/api/v1/" path, .may = MAY_WORK,                     \
		.where = HTTP_WORKER, .run = fn, .body_bytes_max = WORK_BODY_BYTES_MAX,            \
		.id = operation, .tag = "work", .summary = words, .params = key_only,              \
		.once = true, .body_schema = ANY_FIELDS, .answer_status = 201,                     \
		.answer_schema = MADE_SCHEMA(name)                                                 \
	}
#define CHANGES(path, fn, operation, words)                                                        \
	{                                                                                          \
		.method = "PATCH", .pattern = "/api/v1/" path "/{id}", .may = MAY_WORK,            \
		.where = HTTP_WORKER, .run = fn, .body_bytes_max = WORK_BODY_BYTES_MAX,            \
		.id = operation, .tag = "work", .summary = words, .params = id_and_match,          \
		.body_schema = ANY_FIELDS, .answer_schema = CHANGED_SCHEMA                         \
	}
#define JOINS(verb, fn, operation, words, name)                                                    \
	{                                                                                          \
		.method = "POST", .pattern = "/api/v1/people/{id}/" verb, .may = MAY_WORK,         \
		.where = HTTP_WORKER, .run = fn, .body_bytes_max = KIB, .id = operation,           \
		.tag = "work", .summary = words, .params = id_and_key, .once = true,               \
		.answer_status = 201,                                                              \
		.body_schema = "{\"type\":\"object\",\"required\":[\"" name                        \
			       "\"],\"additionalProperties\":false,\"properties\":{\"" name        \
			       "\":{\"type\":\"integer\"},\"reason\":{\"type\":\"string\"}}}",     \
		.answer_schema = "{\"type\":\"object\",\"required\":[\"touch\",\"undo\"],"         \
				 "\"properties\":{\"touch\":{\"type\":\"object\"},\"undo\":{"      \
				 "\"type\":\"integer\"}}}"                                         \
	}

static const struct route rows[] = {
	MAKES("people", make_person, "createPerson", "Make a person by hand", "person"),
	MAKES("companies", make_company, "createCompany", "Make a company by hand", "company"),
	MAKES("deals", make_deal, "createDeal", "Make a deal by hand", "deal"),
	CHANGES("people", change_person, "updatePerson", "Change values of a person"),
	CHANGES("companies", change_company, "updateCompany", "Change values of a company"),
	CHANGES("deals", change_deal, "updateDeal", "Change values of a deal"),
	JOINS("merge", merge, "mergePeople", "Say that two people are one", "with"),
	JOINS("unmerge", unmerge, "unmergePerson", "Take a profile out of its person", "profile"),
};
const struct route_list routes_change = { rows, ARRAY_LEN(rows) };
