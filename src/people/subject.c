/*
 * subject.c - what is known of one person, company or deal, by column.
 *
 * What it is:   a view with the company's beside it; a column is something counted, a source, or
 * any field of the rule language. Threads:      one at a time.
 */
#include "people/subject.h"

bool subject_read(struct people *p, uint64_t number, const struct touch *history, size_t history_n,
		  int64_t now_us, struct arena *a, struct subject *s_r, err *e)
{
	*s_r = (struct subject){ 0 };
	if (!people_view(p, number, a, &s_r->view, e))
		return false;
	value company = subject_cell(&s_r->view, S("company"));
	if (s_r->view.entity != ENTITY_COMPANY && company.kind == VALUE_INT && company.i > 0) {
		if (!people_view(p, (uint64_t)company.i, a, &s_r->company, e))
			return false;
		s_r->has_company = true;
	}
	s_r->row = (struct subject_row){ .view = &s_r->view,
					 .company = s_r->has_company ? &s_r->company : NULL,
					 .history = history,
					 .history_n = history_n,
					 .now_us = now_us };
	s_r->rule_row = subject_rule_row(&s_r->row);
	return true;
}

static str cell_text_of(const struct subject_view *v, str key)
{
	value cell = subject_cell(v, key);
	return cell.kind == VALUE_TEXT ? cell.text : S("");
}

const char *id_kind_name(enum id_kind kind)
{
	static const char *const names[ID_KINDS_N] = {
		[ID_ANONYMOUS] = "anonymous id",
		[ID_USER] = "user id",
		[ID_EMAIL] = "email",
		[ID_EXTERNAL] = "external id",
		[ID_COMPANY_DOMAIN] = "domain",
		[ID_COMPANY_NAME] = "name",
		[ID_COMPANY_EXTERNAL] = "company",
		[ID_DEAL] = "deal",
	};
	return names[kind];
}

str id_text(const struct profile_id *id, struct arena *a)
{
	if (id->system.n == 0)
		return id->value;
	return str_printf(a, "%.*s:%.*s", STR_ARG(id->system), STR_ARG(id->value));
}

str subject_name(const struct subject_view *v, struct arena *a)
{
	/* From what people call each other to what only a program does. */
	static const enum id_kind order[] = { ID_EMAIL,	   ID_COMPANY_NAME,	ID_COMPANY_DOMAIN,
					      ID_DEAL,	   ID_COMPANY_EXTERNAL, ID_USER,
					      ID_EXTERNAL, ID_ANONYMOUS };
	str full = cell_text_of(v, S("full_name"));
	if (full.n == 0 && v->entity != ENTITY_PERSON)
		full = cell_text_of(v, S("name"));
	if (full.n > 0)
		return full;
	str first = cell_text_of(v, S("first_name"));
	str last = cell_text_of(v, S("last_name"));
	if (first.n > 0 || last.n > 0)
		return str_printf(a, "%.*s%s%.*s", STR_ARG(first),
				  first.n > 0 && last.n > 0 ? " " : "", STR_ARG(last));
	for (size_t k = 0; k < ARRAY_LEN(order); k++) {
		for (size_t i = 0; i < v->ids_n; i++) {
			if (v->ids[i].kind == order[k])
				return id_text(&v->ids[i], a);
		}
	}
	return S("");
}

static value text_or_none(str s)
{
	return s.n > 0 ? value_text(s) : value_none();
}

static value list_of_ids(const struct subject_view *v, struct arena *a)
{
	value *items = ARENA_ARRAY(a, value, v->ids_n);
	for (size_t i = 0; items != NULL && i < v->ids_n; i++)
		items[i] = value_text(id_text(&v->ids[i], a));
	value list = { .kind = VALUE_LIST };
	list.list.items = items;
	list.list.n = items != NULL ? v->ids_n : 0;
	return list;
}

value subject_value(const struct subject *s, str column, struct arena *a)
{
	const struct subject_view *v = &s->view;
	value found;
	if (str_eq(column, S("person")) || str_eq(column, S("number")))
		return value_int((int64_t)v->subject);
	if (str_eq(column, S("name")))
		return text_or_none(subject_name(v, a));
	if (str_eq(column, S("company")))
		return s->has_company ? text_or_none(subject_name(&s->company, a)) : value_none();
	if (str_eq(column, S("ids")))
		return list_of_ids(v, a);
	if (str_eq(column, S("touches")))
		return value_int((int64_t)v->touches);
	if (str_eq(column, S("first_at")))
		return v->touches > 0 ? value_time(v->first_us) : value_none();
	if (str_eq(column, S("last_at")))
		return v->touches > 0 ? value_time(v->last_us) : value_none();
	if (subject_origin(v, column, &found))
		return found;
	return s->rule_row.field(s->rule_row.arg, column);
}
