/*
 * api_work.c - what everyone does on the first day: own, note, call, move, win, lose.
 *
 * What it is:   one route per kind of subject; the body names the action and its fields. What is
 *               allowed and what a field may hold is said by sales/, and there alone.
 * Promises:     one request is one touch, or none; a problem names the field.
 * Threads:      workers.
 */
#include "server/work_int.h"

static bool act(struct request *q, struct answer *a, enum entity entity, err *e)
{
	uint64_t number;
	struct work w;
	struct sales_deed d;
	const struct prop *fields;
	size_t n;
	if (!work_number(q, 0, &number, e) || !work_fields(q, S("action"), &fields, &n, e) ||
	    !work_begin(&w, q, entity, number, e))
		return false;
	w.ask.action = json_text_of(q->body, S("action"));
	w.ask.fields = fields;
	w.ask.fields_n = n;
	bool ok = sales_act(&w.ask, q->arena, &d, &q->field, e);
	work_end(&w);
	return ok && work_answer(q, a, &d, e);
}

static bool act_person(struct request *q, struct answer *a, err *e)
{
	return act(q, a, ENTITY_PERSON, e);
}

static bool act_company(struct request *q, struct answer *a, err *e)
{
	return act(q, a, ENTITY_COMPANY, e);
}

static bool act_deal(struct request *q, struct answer *a, err *e)
{
	return act(q, a, ENTITY_DEAL, e);
}

#define ID_SCHEMA "{\"type\":\"integer\",\"minimum\":1}"
#define DONE_SCHEMA                                                                                \
	"{\"type\":\"object\",\"required\":[\"touch\",\"undo\"],\"properties\":{"                  \
	"\"touch\":{\"type\":\"object\"},"                                                         \
	"\"undo\":{\"type\":\"integer\",\"description\":\"POST /touches/{undo}/undo takes it back\"}}}"

static const struct route_param by_id[] = {
	{ .name = "id", .in = "path", .schema = ID_SCHEMA, .help = "Its number", .required = true },
	{ .name = NULL },
};

#define ACTION_SCHEMA(names, fields)                                                               \
	"{\"type\":\"object\",\"required\":[\"action\"],\"additionalProperties\":false,"           \
	"\"properties\":{\"action\":{\"type\":\"string\",\"enum\":[" names "]}," fields "}}"
#define TEXT(name)     "\"" name "\":{\"type\":\"string\"}"
#define NULLABLE(name) "\"" name "\":{\"type\":[\"string\",\"null\"]}"
#define OWNER                                                                                      \
	"\"owner\":{\"type\":[\"integer\",\"string\",\"null\"],\"description\":"                   \
	"\"A user's number or name; null: nobody\"}"
#define AMOUNT                                                                                     \
	"\"amount\":{\"type\":[\"object\",\"null\"],\"required\":[\"amount_minor\",\"currency\"]," \
	"\"properties\":{\"amount_minor\":{\"type\":\"integer\",\"minimum\":0},"                   \
	"\"currency\":{\"type\":\"string\"}}}"

static const struct route rows[] = {
	{ .method = "POST",
	  .pattern = "/api/v1/people/{id}/actions",
	  .may = MAY_WORK,
	  .where = HTTP_WORKER,
	  .body_bytes_max = WORK_BODY_BYTES_MAX,
	  .run = act_person,
	  .id = "actOnPerson",
	  .tag = "work",
	  .summary = "Accept, disqualify, recycle, move, own, note or call a person",
	  .params = by_id,
	  .body_schema = ACTION_SCHEMA(
		  "\"accept\",\"disqualify\",\"recycle\",\"stage\",\"owner\",\"note\",\"call\"",
		  TEXT("stage") "," TEXT("reason") "," TEXT("until") "," OWNER "," TEXT(
			  "text") "," TEXT("outcome")),
	  .answer_schema = DONE_SCHEMA,
	  .answer_status = 201,
	  .once = true },
	{ .method = "POST",
	  .pattern = "/api/v1/companies/{id}/actions",
	  .may = MAY_WORK,
	  .where = HTTP_WORKER,
	  .body_bytes_max = WORK_BODY_BYTES_MAX,
	  .run = act_company,
	  .id = "actOnCompany",
	  .tag = "work",
	  .summary = "Own, note or call a company",
	  .params = by_id,
	  .body_schema = ACTION_SCHEMA("\"owner\",\"note\",\"call\"",
				       OWNER "," TEXT("text") "," TEXT("outcome")),
	  .answer_schema = DONE_SCHEMA,
	  .answer_status = 201,
	  .once = true },
	{ .method = "POST",
	  .pattern = "/api/v1/deals/{id}/actions",
	  .may = MAY_WORK,
	  .where = HTTP_WORKER,
	  .body_bytes_max = WORK_BODY_BYTES_MAX,
	  .run = act_deal,
	  .id = "actOnDeal",
	  .tag = "work",
	  .summary = "Move, price, plan, own, note, call, win or lose a deal; link people to it",
	  .params = by_id,
	  .body_schema = ACTION_SCHEMA(
		  "\"stage\",\"amount\",\"close_date\",\"next_step\",\"owner\",\"note\",\"call\","
		  "\"won\",\"lost\",\"link\",\"unlink\"",
		  TEXT("stage") "," AMOUNT "," NULLABLE("close_date") "," NULLABLE("next_step") "," NULLABLE(
			  "next_step_at") "," OWNER
					  "," TEXT("text") "," TEXT("outcome") "," TEXT("reason") "," TEXT(
						  "competitor") ",\"person\":{\"type\":\"integer\"}," TEXT("role")),
	  .answer_schema = DONE_SCHEMA,
	  .answer_status = 201,
	  .once = true },
};
const struct route_list routes_work = { rows, ARRAY_LEN(rows) };
