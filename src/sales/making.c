/*
 * making.c - a deed while it is put together.
 *
 * What it is:   the subject as it is now, what was asked for, and the properties of the touch to
 *               be.
 */
#include "sales/sales_int.h"

static const char *entity_word(enum entity entity)
{
	return entity == ENTITY_PERSON ? "person" : entity == ENTITY_COMPANY ? "company" : "deal";
}

bool making_init(struct making *m, const struct sales_ask *q, struct arena *a, str *field_r, err *e)
{
	*field_r = S("");
	*m = (struct making){ .q = q, .a = a, .field_r = field_r, .e = e };
	if (q->fields_n > SALES_FIELDS_MAX)
		return err_set(e, ERR_LIMIT, "at most %zu fields at once", SALES_FIELDS_MAX);
	m->props_max = q->fields_n + DEED_PROPS_MORE;
	m->props = ARENA_ARRAY(a, struct prop, m->props_max);
	if (!m->props)
		return arena_err(a, e);
	if (q->subject == 0)
		return true;
	bool fits = q->subject <= people_profiles(q->people) &&
		    people_entity_of(q->people, q->subject) == q->entity;
	if (fits && !people_view(q->people, q->subject, a, &m->view, e))
		return false;
	return m->view.visible || err_set(e, ERR_NOT_FOUND, "there is no %s of number %llu",
					  entity_word(q->entity), (unsigned long long)q->subject);
}

void making_put(struct making *m, str key, value v)
{
	CHECK(m->props_n < m->props_max);
	m->props[m->props_n++] = (struct prop){ key, v };
}

bool making_given(const struct making *m, const char *name, value *v_r)
{
	for (size_t i = 0; i < m->q->fields_n; i++) {
		if (str_eq(m->q->fields[i].key, str_of(name))) {
			*v_r = m->q->fields[i].value;
			return true;
		}
	}
	return false;
}

bool making_take(struct making *m, const struct field *f)
{
	value given, kept;
	str key = str_of(f->key ? f->key : f->name);
	if (!making_given(m, f->name, &given))
		return !f->required || making_fault(m, str_of(f->name), "is missing");
	if (given.kind == VALUE_NONE && !f->removable)
		return making_fault(m, str_of(f->name), "cannot be taken away");
	if (given.kind == VALUE_NONE) {
		if (f->kind == FIELD_OWNER)
			making_put(m, S("owner_id"), given);
		making_put(m, key, given);
		return true;
	}
	if (!field_read(m, f, given, &kept))
		return false;
	making_put(m, key, kept);
	return true;
}

bool making_refuse_others(struct making *m, const struct field *fields)
{
	for (size_t i = 0; i < m->q->fields_n; i++) {
		str key = m->q->fields[i].key;
		bool known = false;
		for (const struct field *f = fields; f->name && !known; f++)
			known = str_eq(key, str_of(f->name));
		if (!known)
			return making_fault(m, key, "is not a field that can be set here");
		for (size_t k = 0; k < i; k++) {
			if (str_eq(m->q->fields[k].key, key))
				return making_fault(m, key, "is given twice");
		}
	}
	return true;
}

struct intake making_touch(const struct making *m, str name)
{
	struct intake in = { .name = name,
			     .at_us = m->q->now_us,
			     .by = m->q->by,
			     .props = m->props,
			     .props_n = m->props_n };
	if (m->q->entity == ENTITY_PERSON)
		in.person = m->view.subject;
	else if (m->q->entity == ENTITY_COMPANY)
		in.company = m->view.subject;
	else
		in.deal = m->view.subject;
	return in;
}
