/*
 * params.c - parameters of a query, read strictly.
 *
 * What it is:   what a route's table names, once each, in its range; everything else is an error
 *               that names the parameter.
 * Threads:      nothing shared.
 */
#include "server/shape_int.h"

#include "base/num.h"

bool params_known(struct request *q, err *e)
{
	str name, text;
	for (size_t at = 0, n = 0; http_query_each(q->http, &at, &name, &text); n++) {
		bool known = false;
		const struct route_param *p = q->route->params;
		for (; p && p->name && !known; p++)
			known = str_eq(str_of(p->in), S("query")) && str_eq(str_of(p->name), name);
		if (!known)
			q->field = str_dup(q->arena, name);
		if (!known)
			return err_set(e, ERR_INVALID, "there is no parameter \"%.*s\" here",
				       STR_ARG(str_sub(name, 0, 64)));
		str again, ignored;
		for (size_t other = 0, k = 0; http_query_each(q->http, &other, &again, &ignored);
		     k++) {
			if (k < n && str_eq(again, name))
				return problem_field(q, e, p[-1].name, "it is there twice");
		}
	}
	return true;
}

bool params_path_number(struct request *q, size_t i, uint64_t *n_r, err *e)
{
	uint64_t n = 0;
	if (q->path[i].n == 0 || q->path[i].p[0] == '+' || !num_parse_u64(q->path[i], &n) || n == 0)
		return err_set(e, ERR_NOT_FOUND, "there is nothing of that number");
	*n_r = n;
	return true;
}

bool params_number(struct request *q, const char *name, uint64_t min, uint64_t max,
		   uint64_t missing, uint64_t *n_r, err *e)
{
	str text = http_query(q->http, str_of(name));
	*n_r = missing;
	if (text.p == NULL)
		return true;
	if (text.n && text.p[0] != '+' && num_parse_u64(text, n_r) && *n_r >= min && *n_r <= max)
		return true;
	return problem_field(q, e, name, "a number from %llu to %llu is wanted",
			     (unsigned long long)min, (unsigned long long)max);
}

bool params_flag(struct request *q, const char *name, bool *on_r, err *e)
{
	str text = http_query(q->http, str_of(name));
	*on_r = str_eq(text, S("1"));
	return text.p == NULL || *on_r || str_eq(text, S("0")) ||
	       problem_field(q, e, name, "0 or 1 is wanted");
}

bool params_list(struct request *q, const char *name, size_t max, const str **list_r, size_t *n_r,
		 err *e)
{
	str rest = http_query(q->http, str_of(name)), part;
	str *list = ARENA_ARRAY(q->arena, str, max);
	size_t n = 0;
	if (list == NULL)
		return arena_err(q->arena, e);
	while (str_next(&rest, ',', &part)) {
		part = str_trim(part);
		if (part.n == 0)
			continue;
		if (n == max)
			return problem_field(q, e, name, "at most %zu names are taken", max);
		list[n++] = part;
	}
	*list_r = list;
	*n_r = n;
	return true;
}

bool params_rule(struct request *q, struct people *p, enum entity entity, const char *name,
		 const struct rule **rule_r, err *e)
{
	struct rule_catalogue catalogue;
	err why = { 0 };
	str text = http_query(q->http, str_of(name));
	*rule_r = NULL;
	if (text.n == 0)
		return true;
	if (!people_catalogue(p, entity, q->arena, &catalogue, e))
		return false;
	if (rule_parse(q->arena, text, &catalogue, rule_r, &why))
		return true;
	if (why.code == ERR_INVALID || why.code == ERR_LIMIT)
		return problem_field(q, e, name, "%s", why.text);
	*e = why;
	return false;
}
