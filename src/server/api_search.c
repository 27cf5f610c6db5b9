/*
 * api_search.c - the quick search over everybody, and how many have which value.
 *
 * Threads:      workers.
 */
#include "server/shape_int.h"

#include "base/time.h"

#define SEARCH_BEST	     8
#define SEARCH_BYTES_MAX     200
#define FACET_FIELDS_MAX     10
#define FACET_VALUES_DEFAULT 20

static bool put_found(struct request *q, struct json_writer *w, struct view *v, str key,
		      enum entity entity, str text, size_t limit, err *e)
{
	uint64_t *subjects;
	size_t n;
	struct people *p = snapshot_people(view_snapshot(v));
	if (!directory_search(view_directory(v), view_snapshot(v), entity, text, limit, q->arena,
			      &subjects, &n, e))
		return false;
	json_key(w, key);
	json_array_open(w);
	for (size_t i = 0; i < n; i++) {
		if (!shape_row_of(w, p, subjects[i], NULL, time_now_us(), q->arena, e))
			return false;
	}
	json_array_close(w);
	return true;
}

static bool search_in(struct request *q, struct answer *a, struct view *v, err *e)
{
	struct json_writer w;
	uint64_t limit;
	str text = str_trim(http_query(q->http, S("q")));
	if (text.n == 0 || text.n > SEARCH_BYTES_MAX)
		return problem_field(q, e, "q", "1 to %d bytes are wanted", SEARCH_BYTES_MAX);
	if (!params_number(q, "limit", 1, DIRECTORY_SEARCH_MAX, SEARCH_BEST, &limit, e))
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	bool ok = put_found(q, &w, v, S("people"), ENTITY_PERSON, text, (size_t)limit, e) &&
		  put_found(q, &w, v, S("companies"), ENTITY_COMPANY, text, (size_t)limit, e) &&
		  put_found(q, &w, v, S("deals"), ENTITY_DEAL, text, (size_t)limit, e);
	json_object_close(&w);
	return ok;
}

static bool search(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	bool ok = params_known(q, e) && view_borrow(q->server, &v, e) && search_in(q, a, v, e);
	view_return(&v);
	return ok;
}

/* ---- facets ---------------------------------------------------------------------------------- */

static bool put_facet(struct request *q, struct json_writer *w, struct view *v,
		      const struct list *l, str field, size_t max, err *e)
{
	struct directory_facet *facets;
	size_t n;
	if (!directory_facets(view_directory(v), view_snapshot(v), &l->query, field, max, q->arena,
			      &facets, &n, e))
		return false;
	json_key(w, field);
	json_array_open(w);
	for (size_t i = 0; i < n; i++) {
		json_object_open(w);
		shape_key_value(w, S("value"), facets[i].value);
		json_key(w, S("count"));
		json_put_uint(w, facets[i].count);
		json_object_close(w);
	}
	json_array_close(w);
	return true;
}

static bool put_facets(struct request *q, struct answer *a, struct view *v, enum entity entity,
		       err *e)
{
	struct list l;
	struct json_writer w;
	struct directory_page page;
	const str *fields;
	size_t n;
	uint64_t values;
	if (!params_number(q, "values", 1, DIRECTORY_FACET_MAX, FACET_VALUES_DEFAULT, &values, e) ||
	    !params_list(q, "fields", FACET_FIELDS_MAX, &fields, &n, e) ||
	    !list_read(q, v, entity, &l, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!list_field_known(q, l.people, entity, "fields", fields[i], e))
			return false;
	}
	l.query.count = true;
	l.query.limit = 1;
	if (!directory_page(view_directory(v), view_snapshot(v), &l.query, q->arena, &page, e))
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("count"));
	json_put_uint(&w, page.count);
	json_key(&w, S("facets"));
	json_object_open(&w);
	for (size_t i = 0; i < n; i++) {
		if (!put_facet(q, &w, v, &l, fields[i], (size_t)values, e))
			return false;
	}
	json_object_close(&w);
	json_object_close(&w);
	return true;
}

static bool facets_of(struct request *q, struct answer *a, enum entity entity, err *e)
{
	struct view *v = NULL;
	bool ok = view_borrow(q->server, &v, e) && put_facets(q, a, v, entity, e);
	view_return(&v);
	return ok;
}

static bool people_facets(struct request *q, struct answer *a, err *e)
{
	return facets_of(q, a, ENTITY_PERSON, e);
}

static bool company_facets(struct request *q, struct answer *a, err *e)
{
	return facets_of(q, a, ENTITY_COMPANY, e);
}

static bool deal_facets(struct request *q, struct answer *a, err *e)
{
	return facets_of(q, a, ENTITY_DEAL, e);
}

static const struct route_param search_params[] = {
	{ "q", "query", "{\"type\":\"string\",\"minLength\":1,\"maxLength\":200}",
	  "How a word of the name, address or company begins", true },
	{ "limit", "query", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":50,\"default\":8}",
	  "At most so many of each kind", false },
	{ 0 },
};
static const struct route_param facet_params[] = {
	{ "where", "query", "{\"type\":\"string\"}", "A rule", false },
	{ "fields", "query", "{\"type\":\"string\"}", "Fields, with commas", true },
	{ "values", "query", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":20}",
	  "At most so many values of each", false },
	{ 0 },
};

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/search",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = search,
	  .id = "search",
	  .tag = "search",
	  .summary = "People, companies and deals by the beginning of a word, best first",
	  .params = search_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/people/facets",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = people_facets,
	  .id = "getPeopleFacets",
	  .tag = "people",
	  .summary = "How many of the people for whom a rule holds have which value",
	  .params = facet_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/companies/facets",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = company_facets,
	  .id = "getCompanyFacets",
	  .tag = "companies",
	  .summary = "How many of the companies for which a rule holds have which value",
	  .params = facet_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/deals/facets",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = deal_facets,
	  .id = "getDealFacets",
	  .tag = "deals",
	  .summary = "How many of the deals for which a rule holds have which value",
	  .params = facet_params,
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_search = { rows, ARRAY_LEN(rows) };
