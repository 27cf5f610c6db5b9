/*
 * work.c - what the routes share by which people change things by hand.
 *
 * Threads:      workers.
 */
#include "server/work_int.h"

#include "server/once_int.h"
#include "server/shape_int.h"

#include "base/num.h"
#include "base/time.h"

#include <string.h>

#define FIELDS_MAX ((size_t)120)

bool work_number(struct request *q, size_t i, uint64_t *number_r, err *e)
{
	if (num_parse_u64(q->path[i], number_r) && *number_r > 0 && *number_r <= INT64_MAX)
		return true;
	return err_set(e, ERR_NOT_FOUND, "There is nothing of that number");
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static bool is_amount(const struct json *o)
{
	const struct json *minor = json_get(o, S("amount_minor"));
	return o->kind == JSON_OBJECT && o->n == 2 && minor && minor->kind == JSON_INT &&
	       json_text_of(o, S("currency")).n == 3;
}

static bool value_of(struct request *q, const struct json *j, bool inner, value *v_r, err *e);

static bool list_of(struct request *q, const struct json *j, value *v_r, err *e)
{
	value *items = ARENA_ARRAY(q->arena, value, j->n);
	size_t n = 0;
	if (!items)
		return arena_err(q->arena, e);
	for (const struct json *c = json_first(j); c; c = json_after(j, c)) {
		if (!value_of(q, c, true, &items[n++], e))
			return false;
	}
	*v_r = (value){ .kind = VALUE_LIST };
	v_r->list.items = items;
	v_r->list.n = n;
	return true;
}

static bool value_of(struct request *q, const struct json *j, bool inner, value *v_r, err *e)
{
	switch (j->kind) {
	case JSON_NULL:
		*v_r = value_none();
		return true;
	case JSON_BOOL:
		*v_r = value_bool(j->b);
		return true;
	case JSON_INT:
		*v_r = value_int(j->i);
		return true;
	case JSON_REAL:
		*v_r = value_real(j->real);
		return true;
	case JSON_TEXT:
		*v_r = value_text(j->text);
		return true;
	case JSON_ARRAY:
		if (!inner)
			return list_of(q, j, v_r, e);
		break;
	case JSON_OBJECT:
		if (is_amount(j)) {
			*v_r = value_money(json_get(j, S("amount_minor"))->i,
					   json_text_of(j, S("currency")).p);
			return true;
		}
		break;
	}
	return err_set(e, ERR_INVALID, "a value is of no kind that a field can hold");
}

bool work_fields(struct request *q, str except, const struct prop **fields_r, size_t *n_r, err *e)
{
	size_t n = 0;
	if (!q->body || q->body->kind != JSON_OBJECT)
		return err_set(e, ERR_INVALID, "The body has to be a JSON object");
	if (q->body->n > FIELDS_MAX)
		return err_set(e, ERR_INVALID, "The body has more than %zu fields", FIELDS_MAX);
	struct prop *fields = ARENA_ARRAY(q->arena, struct prop, q->body->n);
	if (!fields)
		return arena_err(q->arena, e);
	for (const struct json *c = json_first(q->body); c; c = json_after(q->body, c)) {
		if (except.n && str_eq(c->key, except))
			continue;
		fields[n].key = c->key;
		if (!value_of(q, c, false, &fields[n].value, e)) {
			q->field = c->key;
			return false;
		}
		n++;
	}
	*fields_r = fields;
	*n_r = n;
	return true;
}

/* ---- entity tags ----------------------------------------------------------------------------- */

str work_etag(struct arena *a, const struct subject_view *v)
{
	return str_printf(a, "\"%.*s\"", STR_ARG(shape_etag(v, a)));
}

bool work_if_match(struct request *q, str etag, err *e)
{
	str given = http_header(q->http, S("If-Match")), part;
	if (given.p == NULL || str_trim(given).n == 0)
		return problem_with(
			q, e, 428,
			"Send If-Match with the ETag of what you read, so that nobody's "
			"change is lost");
	/* Strong comparison: a weak tag matches nothing (RFC 9110, 13.1.1). "*" would match
	 * everything, and with it lose somebody's change. */
	while (str_next(&given, ',', &part)) {
		if (str_eq(str_trim(part), etag))
			return true;
	}
	return problem_with(q, e, 412,
			    "Somebody changed it since you read it: read it again, then change it");
}

/* ---- one deed -------------------------------------------------------------------------------- */

bool work_begin(struct work *w, struct request *q, enum entity entity, uint64_t subject, err *e)
{
	*w = (struct work){ .q = q };
	if (!view_borrow(q->server, &w->view, e))
		return false;
	struct snapshot *s = view_snapshot(w->view);
	if (!sales_rules_load(s, q->arena, &w->rules, e)) {
		work_end(w);
		return false;
	}
	w->ask = (struct sales_ask){ .people = snapshot_people(s),
				     .rules = &w->rules,
				     .entity = entity,
				     .subject = subject,
				     .by = q->actor.name,
				     .now_us = time_now_us() };
	return true;
}

void work_end(struct work *w)
{
	view_return(&w->view);
}

static void put_number(struct json_writer *w, str key, uint64_t number)
{
	if (!number)
		return;
	json_key(w, key);
	json_put_uint(w, number);
}

static void put_touch(struct json_writer *w, const struct request *q, const struct intake *in)
{
	char room[TIME_TEXT_MAX];
	json_object_open(w);
	json_key(w, S("seq"));
	json_put_uint(w, in->seq);
	json_key(w, S("at"));
	json_put_text(w, time_print(room, in->at_us));
	json_key(w, S("name"));
	json_put_text(w, in->name);
	put_number(w, S("person"), in->person);
	put_number(w, S("company"), in->company);
	put_number(w, S("deal"), in->deal);
	json_key(w, S("by"));
	json_object_open(w);
	json_key(w, S("id"));
	json_put_text(w, in->by);
	json_key(w, S("name"));
	json_put_text(w, q->actor.display);
	json_object_close(w);
	json_key(w, S("properties"));
	json_object_open(w);
	for (size_t i = 0; i < in->props_n; i++) {
		json_key(w, in->props[i].key);
		shape_value(w, in->props[i].value);
	}
	json_object_close(w);
	json_object_close(w);
}

bool work_write(struct request *q, struct sales_deed *d, uint64_t *seq_r, err *e)
{
	return sales_write(server_journal(q->server), d, once_message_id(q), seq_r, e);
}

void work_put_deed(struct json_writer *w, struct request *q, const struct sales_deed *d,
		   uint64_t seq)
{
	json_key(w, S("touch"));
	put_touch(w, q, &d->items[0]);
	json_key(w, S("undo"));
	json_put_uint(w, seq);
}

bool work_answer(struct request *q, struct answer *a, struct sales_deed *d, err *e)
{
	uint64_t seq;
	struct json_writer w;
	if (!work_write(q, d, &seq, e))
		return false;
	a->status = 201;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	work_put_deed(&w, q, d, seq);
	json_object_close(&w);
	return true;
}
