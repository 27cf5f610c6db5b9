/*
 * api_bulk.c - one action for many people, taken back as one.
 *
 * What it is:   POST /people/actions with the numbers of people, or a rule and how many it finds.
 *               A touch about nobody says what is done; each person's own touch names it as its
 *               cause, so that taking back the one takes back all.
 * Promises:     a field that is wrong stops all of it; people for whom the action makes no sense
 *               (accepted already, ...) are left out and told. When the rule finds another number
 *               of people than was confirmed, nothing is done.
 * Threads:      workers.
 */
#include "server/once_int.h"
#include "server/shape_int.h"
#include "server/work_int.h"

#include "base/time.h"
#include "directory/directory.h"

#define BULK_IDS_MAX	    500
#define BULK_PEOPLE_MAX	    2000
#define BULK_BODY_BYTES_MAX (64 * KIB)
#define BULK_TOLD_MAX	    100 /* of those left out */

struct bulk {
	struct request *q;
	struct work w;
	uint64_t *people;
	size_t people_n;
	struct intake *items;
	size_t n;
	struct {
		uint64_t person;
		str why;
	} left[BULK_TOLD_MAX];
	size_t left_n; /* all, also those not told */
};

/* ---- who ------------------------------------------------------------------------------------- */

static bool take_ids(struct bulk *b, const struct json *ids, err *e)
{
	struct request *q = b->q;
	if (ids->kind != JSON_ARRAY || ids->n == 0 || ids->n > BULK_IDS_MAX)
		return problem_field(q, e, "ids", "1 to %d numbers of people are needed",
				     BULK_IDS_MAX);
	b->people = ARENA_ARRAY(q->arena, uint64_t, ids->n);
	if (!b->people)
		return arena_err(q->arena, e);
	for (const struct json *c = json_first(ids); c; c = json_after(ids, c)) {
		if (c->kind != JSON_INT || c->i <= 0)
			return problem_field(q, e, "ids", "they have to be numbers");
		for (size_t i = 0; i < b->people_n; i++) {
			if (b->people[i] == (uint64_t)c->i)
				return problem_field(q, e, "ids", "%lld is there twice",
						     (long long)c->i);
		}
		b->people[b->people_n++] = (uint64_t)c->i;
	}
	return true;
}

static bool take_page(struct bulk *b, struct directory_query *dq, bool *more_r, err *e)
{
	struct request *q = b->q;
	struct directory_page page;
	if (!directory_page(view_directory(b->w.view), view_snapshot(b->w.view), dq, q->arena,
			    &page, e))
		return false;
	if (b->people_n + page.n > BULK_PEOPLE_MAX)
		return problem_field(q, e, "where", "it finds more than %d people",
				     BULK_PEOPLE_MAX);
	for (size_t i = 0; i < page.n; i++)
		b->people[b->people_n++] = page.subjects[i];
	*more_r = page.next.n > 0;
	dq->after = page.next;
	return true;
}

static bool take_rule(struct bulk *b, str where, const struct json *count, err *e)
{
	struct request *q = b->q;
	struct rule_catalogue c;
	const struct rule *rule;
	err why = { 0 };
	bool more = true;
	if (!count || count->kind != JSON_INT || count->i < 0)
		return problem_field(q, e, "count", "say how many people the rule finds");
	if (!people_catalogue(b->w.ask.people, ENTITY_PERSON, q->arena, &c, e))
		return false;
	if (!rule_parse(q->arena, where, &c, &rule, &why))
		return problem_field(q, e, "where", "%s", why.text);
	b->people = ARENA_ARRAY(q->arena, uint64_t, BULK_PEOPLE_MAX);
	if (!b->people)
		return arena_err(q->arena, e);
	struct directory_query dq = { .entity = ENTITY_PERSON,
				      .rule = rule,
				      .now_us = time_now_us(),
				      .limit = DIRECTORY_ROWS_MAX };
	while (more) {
		if (!take_page(b, &dq, &more, e))
			return false;
	}
	return b->people_n == (uint64_t)count->i ||
	       err_set(e, ERR_CONFLICT,
		       "the rule finds %zu people now, not %lld: look again, then confirm",
		       b->people_n, (long long)count->i);
}

static bool take_people(struct bulk *b, err *e)
{
	const struct json *ids = json_get(b->q->body, S("ids"));
	const struct json *where = json_get(b->q->body, S("where"));
	if ((ids != NULL) == (where != NULL))
		return problem_field(b->q, e, "ids", "say either \"ids\" or \"where\"");
	if (ids)
		return take_ids(b, ids, e);
	if (where->kind != JSON_TEXT)
		return problem_field(b->q, e, "where", "it has to be a rule");
	return take_rule(b, where->text, json_get(b->q->body, S("count")), e);
}

/* ---- what ------------------------------------------------------------------------------------ */

/* Everything of the body that is a field of the action. */
static bool take_fields(struct bulk *b, err *e)
{
	const struct prop *all;
	size_t n, kept = 0;
	static const str OURS[] = { S("ids"), S("where"), S("count") };
	struct sales_ask *ask = &b->w.ask;
	if (!work_fields(b->q, S("action"), &all, &n, e))
		return false;
	struct prop *fields = ARENA_ARRAY(b->q->arena, struct prop, n);
	if (!fields)
		return arena_err(b->q->arena, e);
	for (size_t i = 0; i < n; i++) {
		bool ours = false;
		for (size_t k = 0; k < ARRAY_LEN(OURS); k++)
			ours |= str_eq(all[i].key, OURS[k]);
		if (!ours)
			fields[kept++] = all[i];
	}
	ask->action = json_text_of(b->q->body, S("action"));
	ask->fields = fields;
	ask->fields_n = kept;
	return true;
}

static void leave_out(struct bulk *b, uint64_t person, const err *why)
{
	if (b->left_n < BULK_TOLD_MAX) {
		b->left[b->left_n].person = person;
		b->left[b->left_n].why = str_dup(b->q->arena, str_of(why->text));
	}
	b->left_n++;
}

static bool plan(struct bulk *b, err *e)
{
	b->items = ARENA_ARRAY(b->q->arena, struct intake, b->people_n);
	if (!b->items)
		return arena_err(b->q->arena, e);
	for (size_t i = 0; i < b->people_n; i++) {
		struct sales_deed d;
		err why = { 0 };
		b->w.ask.subject = b->people[i];
		if (sales_act(&b->w.ask, b->q->arena, &d, &b->q->field, &why)) {
			b->items[b->n++] = d.items[0];
			continue;
		}
		if (why.code != ERR_CONFLICT && why.code != ERR_NOT_FOUND) {
			*e = why;
			return false;
		}
		leave_out(b, b->people[i], &why);
	}
	if (b->n)
		return true;
	if (b->people_n == 0)
		return err_set(e, ERR_CONFLICT, "the rule finds nobody");
	return err_set(e, ERR_CONFLICT, "it can be done for none of them: %.*s",
		       STR_ARG(b->left[0].why));
}

/* ---- done ------------------------------------------------------------------------------------ */

static bool write_head(struct bulk *b, uint64_t *seq_r, err *e)
{
	const struct prop props[] = { { S("action"), value_text(b->w.ask.action) },
				      { S("people"), value_int((int64_t)b->n) } };
	struct intake head = { .name = S("bulk_changed"),
			       .at_us = b->w.ask.now_us,
			       .by = b->w.ask.by,
			       .props = props,
			       .props_n = ARRAY_LEN(props) };
	struct sales_deed d = { &head, 1 };
	return work_write(b->q, &d, seq_r, e);
}

static bool write_people(struct bulk *b, uint64_t head, err *e)
{
	struct batch batch = { .items = b->items, .n = b->n, .trust = TRUST_SELF };
	for (size_t i = 0; i < b->n; i++)
		b->items[i].cause = head;
	return journal_submit(server_journal(b->q->server), &batch, e);
}

static void put_answer(struct bulk *b, struct answer *a, uint64_t head)
{
	struct json_writer w;
	size_t done = 0;
	for (size_t i = 0; i < b->n; i++)
		done += b->items[i].outcome == OUTCOME_ACCEPTED;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("done"));
	json_put_uint(&w, done);
	json_key(&w, S("left_out"));
	json_put_uint(&w, b->left_n);
	json_key(&w, S("reasons"));
	json_array_open(&w);
	for (size_t i = 0; i < MIN(b->left_n, (size_t)BULK_TOLD_MAX); i++) {
		json_object_open(&w);
		json_key(&w, S("person"));
		json_put_uint(&w, b->left[i].person);
		json_key(&w, S("why"));
		json_put_text(&w, b->left[i].why);
		json_object_close(&w);
	}
	json_array_close(&w);
	json_key(&w, S("undo"));
	json_put_uint(&w, head);
	json_object_close(&w);
}

static bool bulk(struct request *q, struct answer *a, err *e)
{
	uint64_t head;
	struct bulk *b = ARENA_NEW(q->arena, struct bulk);
	if (!b)
		return arena_err(q->arena, e);
	b->q = q;
	if (!q->body || q->body->kind != JSON_OBJECT)
		return err_set(e, ERR_INVALID, "The body has to be a JSON object");
	if (!work_begin(&b->w, q, ENTITY_PERSON, 0, e))
		return false;
	bool ok = take_people(b, e) && take_fields(b, e) && plan(b, e);
	work_end(&b->w);
	if (!ok || !write_head(b, &head, e) || !write_people(b, head, e))
		return false;
	a->status = 201;
	put_answer(b, a, head);
	return true;
}

static const struct route_param key_only[] = {
	{ "Idempotency-Key", "header", "{\"type\":\"string\",\"maxLength\":200}",
	  "Sent again with the same key, it is not done twice", false },
	{ .name = NULL },
};

static const struct route rows[] = {
	{ .method = "POST",
	  .pattern = "/api/v1/people/actions",
	  .may = MAY_WORK,
	  .where = HTTP_WORKER,
	  .body_bytes_max = BULK_BODY_BYTES_MAX,
	  .run = bulk,
	  .id = "actOnPeople",
	  .tag = "work",
	  .summary = "One action for many people, taken back as one",
	  .params = key_only,
	  .once = true,
	  .body_schema =
		  "{\"type\":\"object\",\"required\":[\"action\"],\"properties\":{\"action\":{"
		  "\"type\":\"string\"},\"ids\":{\"type\":\"array\",\"maxItems\":500,\"items\":{"
		  "\"type\":\"integer\"}},\"where\":{\"type\":\"string\",\"description\":\"A rule, "
		  "instead of ids\"},\"count\":{\"type\":\"integer\",\"description\":\"How many "
		  "people the rule finds, as it was shown\"}}}",
	  .answer_schema = "{\"type\":\"object\",\"required\":[\"done\",\"left_out\",\"undo\"],"
			   "\"properties\":{\"done\":{\"type\":\"integer\"},\"left_out\":{\"type\":"
			   "\"integer\"},\"reasons\":{\"type\":\"array\",\"items\":{\"type\":"
			   "\"object\"}},\"undo\":{\"type\":\"integer\"}}}",
	  .answer_status = 201 },
};
const struct route_list routes_bulk = { rows, ARRAY_LEN(rows) };
