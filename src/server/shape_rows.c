/*
 * shape_rows.c - people, companies and deals as rows of a list.
 *
 * What it is:   the members that every row of an entity has, and further ones that were asked for.
 * Threads:      nothing shared.
 */
#include "server/shape_int.h"

#include "base/time.h"

const char *shape_entity(enum entity entity)
{
	return entity == ENTITY_PERSON ? "person" : entity == ENTITY_COMPANY ? "company" : "deal";
}

str shape_etag(const struct subject_view *v, struct arena *a)
{
	return str_printf(a, "%016llx", (unsigned long long)subject_version(v));
}

/* {"company":12,"name":"..."} of a number that a cell holds. */
static bool put_reference(struct json_writer *w, struct people *p, enum entity entity, value number,
			  struct arena *a, err *e)
{
	struct subject_view v;
	if (number.kind != VALUE_INT || number.i <= 0 || (uint64_t)number.i > people_profiles(p) ||
	    people_entity_of(p, (uint64_t)number.i) != entity) {
		json_put_null(w);
		return true;
	}
	if (!people_view(p, (uint64_t)number.i, a, &v, e))
		return false;
	json_object_open(w);
	json_key(w, str_of(shape_entity(entity)));
	json_put_uint(w, v.subject);
	shape_key_text(w, S("name"), subject_name(&v, a));
	json_object_close(w);
	return true;
}

bool shape_company(struct json_writer *w, struct people *p, value company, struct arena *a, err *e)
{
	return put_reference(w, p, ENTITY_COMPANY, company, a, e);
}

bool shape_person(struct json_writer *w, struct people *p, value person, struct arena *a, err *e)
{
	return put_reference(w, p, ENTITY_PERSON, person, a, e);
}

static const str PERSON_ROW[] = { S("stage"),	      S("owner"),	  S("title"),
				  S("stage_since"),   S("first_source"),  S("latest_source"),
				  S("first_channel"), S("latest_channel") };
static const str COMPANY_ROW[] = { S("domain"),	 S("industry"), S("employees"),
				   S("country"), S("owner"),	S("stage") };
static const str DEAL_ROW[] = { S("stage"),	S("status"),	 S("amount"),	  S("owner"),
				S("pipeline"),	S("next_step"),	 S("close_date"), S("created_at"),
				S("closed_at"), S("loss_reason") };

struct row_shape {
	const str *fields;
	size_t n;
};

static struct row_shape row_shape_of(enum entity entity)
{
	switch (entity) {
	case ENTITY_COMPANY:
		return (struct row_shape){ COMPANY_ROW, ARRAY_LEN(COMPANY_ROW) };
	case ENTITY_DEAL:
		return (struct row_shape){ DEAL_ROW, ARRAY_LEN(DEAL_ROW) };
	case ENTITY_PERSON:
	default:
		return (struct row_shape){ PERSON_ROW, ARRAY_LEN(PERSON_ROW) };
	}
}

/* A domain is an id of the company, and may be a trait too. */
value shape_row_value(const struct subject *s, str field, struct arena *a)
{
	value v = subject_value(s, field, a);
	if (v.kind != VALUE_NONE || !str_eq(field, S("domain")) || s->view.entity != ENTITY_COMPANY)
		return v;
	for (size_t i = 0; i < s->view.ids_n; i++) {
		if (s->view.ids[i].kind == ID_COMPANY_DOMAIN)
			return value_text(s->view.ids[i].value);
	}
	return v;
}

static bool is_shown(str column, const struct row_shape *shape, enum entity entity)
{
	static const str ALWAYS[] = { S("name"),     S("email"),   S("company"), S("person"),
				      S("first_at"), S("last_at"), S("touches"), S("deal") };
	for (size_t i = 0; i < ARRAY_LEN(ALWAYS); i++) {
		if (str_eq(column, ALWAYS[i]) &&
		    (entity == ENTITY_PERSON || !str_eq(column, S("email"))))
			return true;
	}
	for (size_t i = 0; i < shape->n; i++) {
		if (str_eq(column, shape->fields[i]))
			return true;
	}
	return false;
}

static bool put_head(struct json_writer *w, struct people *p, const struct subject *s,
		     struct arena *a, err *e)
{
	const struct subject_view *v = &s->view;
	json_key(w, str_of(shape_entity(v->entity)));
	json_put_uint(w, v->subject);
	shape_key_text(w, S("name"), subject_name(v, a));
	if (v->entity == ENTITY_PERSON) {
		value email = v->emails;
		shape_key_value(w, S("email"),
				email.kind == VALUE_LIST && email.list.n ? email.list.items[0]
									 : email);
	}
	if (v->entity == ENTITY_DEAL) {
		json_key(w, S("person"));
		if (!shape_person(w, p, subject_cell(v, S("person")), a, e))
			return false;
	}
	if (v->entity == ENTITY_COMPANY)
		return true;
	json_key(w, S("company"));
	return shape_company(w, p, subject_cell(v, S("company")), a, e);
}

bool shape_row(struct json_writer *w, struct people *p, const struct subject *s,
	       const struct shape_columns *columns, struct arena *a, err *e)
{
	const struct subject_view *v = &s->view;
	struct row_shape shape = row_shape_of(v->entity);
	if (!put_head(w, p, s, a, e))
		return false;
	for (size_t i = 0; i < shape.n; i++)
		shape_key_value(w, shape.fields[i], shape_row_value(s, shape.fields[i], a));
	shape_key_time(w, S("first_at"), v->first_us, v->touches > 0);
	shape_key_time(w, S("last_at"), v->last_us, v->touches > 0);
	json_key(w, S("touches"));
	json_put_uint(w, v->touches);
	for (size_t i = 0; columns && i < columns->n; i++) {
		if (!is_shown(columns->names[i], &shape, v->entity))
			shape_key_value(w, columns->names[i],
					shape_row_value(s, columns->names[i], a));
	}
	return !a->over || arena_err(a, e);
}

bool shape_row_of(struct json_writer *w, struct people *p, uint64_t number,
		  const struct shape_columns *columns, int64_t now_us, struct arena *a, err *e)
{
	struct subject s;
	if (number == 0 || number > people_profiles(p))
		return true;
	if (!subject_read(p, number, NULL, 0, now_us, a, &s, e))
		return false;
	json_object_open(w);
	bool ok = shape_row(w, p, &s, columns, a, e);
	json_object_close(w);
	return ok;
}
