/*
 * api_send.c - any touch, from a system that holds a secret key.
 *
 * What it is:   POST /touches with up to a thousand touches by name, time, ids, source and
 *               properties; what the program itself decides (joins, ends of imports, taking back)
 *               cannot be sent. Each is answered by itself.
 * Promises:     200 means on disk; a touch with a message id is taken once.
 * Threads:      workers.
 */
#include "server/shape_int.h"
#include "server/work_int.h"

#include "base/time.h"

#define SEND_TOUCHES_MAX     1000
#define SEND_BODY_BYTES_MAX  (2 * MIB)
#define SEND_NUMBER_MAX	     INT64_C(0xFFFFFFFF)
#define SEND_TEXT_BYTES_MAX  ((size_t)500)
#define SEND_VALUE_BYTES_MAX (16 * KIB)

struct sending {
	struct request *q;
	struct intake *in; /* the one that is read */
	size_t at;
};

/* An error about the touch that is read; always false. */
static bool fault(struct sending *s, str member, const char *why, err *e)
{
	s->q->field = str_printf(s->q->arena, "touches[%zu].%.*s", s->at,
				 STR_ARG(str_sub(member, 0, 64)));
	return err_set(e, ERR_INVALID, "touch %zu: %.*s %s", s->at, STR_ARG(str_sub(member, 0, 64)),
		       why);
}

static bool read_text(struct sending *s, const struct json *v, str *text_r, err *e)
{
	if (v->kind != JSON_TEXT || v->text.n > SEND_TEXT_BYTES_MAX)
		return fault(s, v->key, "has to be a text of at most 500 bytes", e);
	for (size_t i = 0; i < v->text.n; i++) {
		if ((unsigned char)v->text.p[i] < 0x20)
			return fault(s, v->key, "holds control characters", e);
	}
	*text_r = v->text;
	return true;
}

static bool read_number(struct sending *s, const struct json *v, uint64_t *number_r, err *e)
{
	if (v->kind != JSON_INT || v->i <= 0 || v->i > SEND_NUMBER_MAX)
		return fault(s, v->key, "has to be a number", e);
	*number_r = (uint64_t)v->i;
	return true;
}

/* {"system": "hubspot", "value": "17"}, or the value alone. */
static bool read_external(struct sending *s, const struct json *v, struct external_id *id_r, err *e)
{
	if (v->kind == JSON_TEXT)
		return read_text(s, v, &id_r->value, e);
	const struct json *system = json_get(v, S("system")), *id = json_get(v, S("value"));
	if (v->kind != JSON_OBJECT || v->n != 2 || !system || !id)
		return fault(s, v->key, "has to be {\"system\", \"value\"}", e);
	return read_text(s, system, &id_r->system, e) && read_text(s, id, &id_r->value, e);
}

static bool read_prop(struct sending *s, const struct json *v, struct prop *out_r, err *e)
{
	switch (v->kind) {
	case JSON_TEXT:
		if (v->text.n > SEND_VALUE_BYTES_MAX)
			return fault(s, v->key, "is longer than 16 KB", e);
		out_r->value = value_text(v->text);
		return true;
	case JSON_INT:
		out_r->value = value_int(v->i);
		return true;
	case JSON_REAL:
		out_r->value = value_real(v->real);
		return true;
	case JSON_BOOL:
		out_r->value = value_bool(v->b);
		return true;
	case JSON_OBJECT:
		if (v->n == 2 && json_get(v, S("amount_minor")) &&
		    json_get(v, S("amount_minor"))->kind == JSON_INT &&
		    json_text_of(v, S("currency")).n == 3) {
			out_r->value = value_money(json_get(v, S("amount_minor"))->i,
						   json_text_of(v, S("currency")).p);
			return true;
		}
		break;
	default:
		break;
	}
	return fault(s, v->key, "is of no kind that a property can hold", e);
}

static bool read_props(struct sending *s, const struct json *v, err *e)
{
	if (v->kind != JSON_OBJECT || v->n > TOUCH_PROPS_MAX)
		return fault(s, v->key, "has to be an object of at most 1000 members", e);
	struct prop *props = ARENA_ARRAY(s->q->arena, struct prop, v->n);
	size_t n = 0;
	if (!props)
		return arena_err(s->q->arena, e);
	for (const struct json *c = json_first(v); c; c = json_after(v, c)) {
		if (c->kind == JSON_NULL)
			continue;
		if (c->key.n == 0 || c->key.n > 200)
			return fault(s, v->key, "has a name of no or more than 200 bytes", e);
		props[n].key = c->key;
		if (!read_prop(s, c, &props[n++], e))
			return false;
	}
	s->in->props = props;
	s->in->props_n = n;
	return true;
}

static bool read_at(struct sending *s, const struct json *v, err *e)
{
	err ignored = { 0 };
	if (v->kind != JSON_TEXT || !time_parse(v->text, &s->in->at_us, &ignored))
		return fault(s, v->key, "has to be a time such as 2026-01-31T12:00:00Z", e);
	return true;
}

static bool read_member(struct sending *s, const struct json *v, err *e)
{
	struct intake *in = s->in;
	const struct {
		const char *name;
		str *text;
	} TEXTS[] = {
		{ "name", &in->name },
		{ "message_id", &in->message_id },
		{ "anonymous_id", &in->anonymous_id },
		{ "user_id", &in->user_id },
		{ "email", &in->email },
		{ "company_domain", &in->company_domain },
		{ "company_name", &in->company_name },
		{ "source", &in->origin.source },
		{ "medium", &in->origin.medium },
		{ "campaign", &in->origin.campaign },
		{ "content", &in->origin.content },
		{ "term", &in->origin.term },
		{ "referrer", &in->origin.referrer },
	};
	for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
		if (str_eq(v->key, str_of(TEXTS[i].name)))
			return read_text(s, v, TEXTS[i].text, e);
	}
	if (str_eq(v->key, S("person")))
		return read_number(s, v, &in->person, e);
	if (str_eq(v->key, S("company")))
		return read_number(s, v, &in->company, e);
	if (str_eq(v->key, S("deal")))
		return read_number(s, v, &in->deal, e);
	if (str_eq(v->key, S("deal_id")))
		return read_external(s, v, &in->deal_id, e);
	if (str_eq(v->key, S("company_id")))
		return read_external(s, v, &in->company_id, e);
	if (str_eq(v->key, S("external_id"))) {
		struct external_id *id = ARENA_NEW(s->q->arena, struct external_id);
		in->external = id;
		in->external_n = 1;
		return id ? read_external(s, v, id, e) : arena_err(s->q->arena, e);
	}
	if (str_eq(v->key, S("at")))
		return read_at(s, v, e);
	if (str_eq(v->key, S("properties")))
		return read_props(s, v, e);
	return fault(s, v->key, "is not known here", e);
}

/* Numbers have to be of their kind: a company's is no person's. */
static bool numbers_fit(struct sending *s, const struct people *p, err *e)
{
	const struct intake *in = s->in;
	const struct {
		const char *name;
		uint64_t number;
		enum entity entity;
	} ABOUT[] = { { "person", in->person, ENTITY_PERSON },
		      { "company", in->company, ENTITY_COMPANY },
		      { "deal", in->deal, ENTITY_DEAL } };
	for (size_t i = 0; i < ARRAY_LEN(ABOUT); i++) {
		if (ABOUT[i].number && (ABOUT[i].number > people_profiles(p) ||
					people_entity_of(p, ABOUT[i].number) != ABOUT[i].entity))
			return fault(s, str_of(ABOUT[i].name), "is nobody's number", e);
	}
	return true;
}

static bool read_touches(struct request *q, const struct json *list, const struct people *p,
			 struct intake *items, err *e)
{
	struct sending s = { .q = q };
	int64_t now = time_now_us();
	for (const struct json *t = json_first(list); t; t = json_after(list, t), s.at++) {
		s.in = &items[s.at];
		s.in->at_us = now;
		if (t->kind != JSON_OBJECT)
			return fault(&s, S(""), "has to be an object", e);
		for (const struct json *v = json_first(t); v; v = json_after(t, v)) {
			if (v->kind != JSON_NULL && !read_member(&s, v, e))
				return false;
		}
		if (s.in->name.n == 0)
			return fault(&s, S("name"), "is missing", e);
		if (!numbers_fit(&s, p, e))
			return false;
	}
	return true;
}

static const char *outcome_word(enum outcome o)
{
	return o == OUTCOME_ACCEPTED	? "accepted"
	       : o == OUTCOME_DUPLICATE ? "duplicate"
					: "rejected";
}

static void put_answer(struct answer *a, const struct intake *items, size_t n)
{
	struct json_writer w;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("rows"));
	json_array_open(&w);
	for (size_t i = 0; i < n; i++) {
		json_object_open(&w);
		json_key(&w, S("outcome"));
		json_put_text(&w, str_of(outcome_word(items[i].outcome)));
		shape_key_number(&w, S("seq"), items[i].seq);
		if (items[i].outcome != OUTCOME_ACCEPTED)
			shape_key_text(&w, S("reason"), str_of(items[i].reason));
		json_object_close(&w);
	}
	json_array_close(&w);
	json_object_close(&w);
}

static bool send(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	const struct json *list = q->body && q->body->kind == JSON_OBJECT
					  ? json_get(q->body, S("touches"))
					  : NULL;
	if (!list || q->body->n != 1 || list->kind != JSON_ARRAY || list->n == 0 ||
	    list->n > SEND_TOUCHES_MAX)
		return problem_field(q, e, "touches", "a list of 1 to %d touches is needed",
				     SEND_TOUCHES_MAX);
	struct intake *items = ARENA_ARRAY(q->arena, struct intake, list->n);
	if (!items)
		return arena_err(q->arena, e);
	if (!view_borrow(q->server, &v, e))
		return false;
	bool ok = read_touches(q, list, snapshot_people(view_snapshot(v)), items, e);
	view_return(&v);
	struct batch b = { .items = items, .n = list->n, .trust = TRUST_SECRET };
	if (!ok || !journal_submit(server_journal(q->server), &b, e))
		return false;
	put_answer(a, items, list->n);
	return true;
}

static const struct route rows[] = {
	{ .method = "POST",
	  .pattern = "/api/v1/touches",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .body_bytes_max = SEND_BODY_BYTES_MAX,
	  .run = send,
	  .id = "sendTouches",
	  .tag = "touches",
	  .summary = "Send any touches: from your own systems, with a secret key",
	  .once = true,
	  .body_schema = "{\"type\":\"object\",\"required\":[\"touches\"],\"properties\":{"
			 "\"touches\":{\"type\":\"array\",\"maxItems\":1000,\"items\":{\"type\":"
			 "\"object\",\"required\":[\"name\"],\"properties\":{\"name\":{\"type\":"
			 "\"string\"},\"at\":{\"type\":\"string\",\"format\":\"date-time\"},"
			 "\"message_id\":{\"type\":\"string\"},\"email\":{\"type\":\"string\"},"
			 "\"user_id\":{\"type\":\"string\"},\"person\":{\"type\":\"integer\"},"
			 "\"company\":{\"type\":\"integer\"},\"deal\":{\"type\":\"integer\"},"
			 "\"properties\":{\"type\":\"object\"}}}}}}",
	  .answer_schema = "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"array\","
			   "\"items\":{\"type\":\"object\"}}}}" },
};
const struct route_list routes_send = { rows, ARRAY_LEN(rows) };
