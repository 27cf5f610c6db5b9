/*
 * list.c - lists of people, companies and deals: what is asked, and the page that answers.
 *
 * Threads:      workers.
 */
#include "server/shape_int.h"

#include "base/time.h"

#include <string.h>

/* Fields that every row can be put in order by, beside those of rules. */
static bool field_is_known(const struct rule_catalogue *c, str name)
{
	static const str ALWAYS[] = { S("person"),   S("name"),	   S("company"),
				      S("first_at"), S("last_at"), S("touches") };
	for (size_t i = 0; i < ARRAY_LEN(ALWAYS); i++) {
		if (str_eq(name, ALWAYS[i]))
			return true;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (str_eq_nocase(c->fields[i].name, name))
			return true;
	}
	return false;
}

bool list_field_known(struct request *q, struct people *p, enum entity entity, const char *param,
		      str field, err *e)
{
	struct rule_catalogue catalogue;
	if (!people_catalogue(p, entity, q->arena, &catalogue, e))
		return false;
	return field_is_known(&catalogue, field) ||
	       problem_field(q, e, param, "there is no field \"%.*s\"",
			     STR_ARG(str_sub(field, 0, 64)));
}

static bool sort_read(struct request *q, enum entity entity, struct list *l, err *e)
{
	str sort = http_query(q->http, S("sort"));
	if (sort.n == 0)
		return true;
	l->query.descending = sort.p[0] == '-';
	l->query.sort = str_sub(sort, l->query.descending, sort.n);
	return list_field_known(q, l->people, entity, "sort", l->query.sort, e);
}

bool list_read(struct request *q, struct view *v, enum entity entity, struct list *l_r, err *e)
{
	struct list l = { .people = snapshot_people(view_snapshot(v)) };
	uint64_t limit;
	l.query.entity = entity;
	l.query.now_us = time_now_us();
	if (!params_known(q, e) ||
	    !params_number(q, "limit", 1, DIRECTORY_ROWS_MAX, LIST_ROWS_DEFAULT, &limit, e) ||
	    !params_flag(q, "count", &l.query.count, e) ||
	    !params_list(q, "columns", LIST_COLUMNS_MAX, &l.columns.names, &l.columns.n, e) ||
	    !params_rule(q, l.people, entity, "where", &l.query.rule, e) ||
	    !sort_read(q, entity, &l, e))
		return false;
	l.query.limit = (size_t)limit;
	l.query.after = http_query(q->http, S("after"));
	*l_r = l;
	return true;
}

static bool cursor_failed(struct request *q, err *e)
{
	if (e->code == ERR_INVALID && q->field.n == 0)
		q->field = S("after");
	return false;
}

bool list_answer(struct request *q, struct answer *a, struct view *v, const struct list *l, err *e)
{
	struct directory_page page;
	struct json_writer w;
	bool ok = true;
	if (!directory_page(view_directory(v), view_snapshot(v), &l->query, q->arena, &page, e))
		return cursor_failed(q, e);
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("rows"));
	json_array_open(&w);
	for (size_t i = 0; ok && i < page.n; i++)
		ok = shape_row_of(&w, l->people, page.subjects[i], &l->columns, l->query.now_us,
				  q->arena, e);
	json_array_close(&w);
	shape_key_text(&w, S("next"), page.next);
	if (l->query.count) {
		json_key(&w, S("count"));
		json_put_uint(&w, page.count);
	}
	json_object_close(&w);
	return ok;
}

bool list_subject(struct request *q, struct view *v, enum entity entity, struct subject *s_r,
		  err *e)
{
	struct people *p = snapshot_people(view_snapshot(v));
	uint64_t number;
	if (!params_path_number(q, 0, &number, e))
		return false;
	if (number > people_profiles(p) || people_entity_of(p, number) != entity)
		return err_set(e, ERR_NOT_FOUND, "there is no %s of that number",
			       shape_entity(entity));
	if (!subject_read(p, number, NULL, 0, time_now_us(), q->arena, s_r, e))
		return false;
	return s_r->view.visible ||
	       err_set(e, ERR_NOT_FOUND, "there is no %s of that number", shape_entity(entity));
}
