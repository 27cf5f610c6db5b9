/*
 * api_companies.c - the list of companies, one company, its people, deals and touches.
 *
 * Threads:      workers.
 */
#include "server/page_int.h"

#include "base/time.h"

static bool list_companies(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	struct list l;
	bool ok = view_borrow(q->server, &v, e) && list_read(q, v, ENTITY_COMPANY, &l, e) &&
		  list_answer(q, a, v, &l, e);
	view_return(&v);
	return ok;
}

static bool export_companies(struct request *q, struct answer *a, err *e)
{
	return list_export(q, a, ENTITY_COMPANY, "companies.csv", e);
}

/* How many people (deals) it has. */
static bool put_count(struct request *q, struct json_writer *w, struct view *v, str key,
		      enum entity entity, uint64_t company, err *e)
{
	struct directory_query query = { .entity = entity,
					 .company = company,
					 .now_us = time_now_us(),
					 .limit = 1,
					 .count = true };
	struct directory_page page;
	if (!directory_page(view_directory(v), view_snapshot(v), &query, q->arena, &page, e))
		return false;
	json_key(w, key);
	json_put_uint(w, page.count);
	return true;
}

static bool put_company(struct request *q, struct answer *a, struct view *v,
			const struct subject *s, err *e)
{
	struct json_writer w;
	uint64_t company = s->view.subject;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	bool ok = page_put(q, &w, v, s, e) &&
		  put_count(q, &w, v, S("people"), ENTITY_PERSON, company, e) &&
		  put_count(q, &w, v, S("deals"), ENTITY_DEAL, company, e);
	json_object_close(&w);
	a->etag = shape_etag(&s->view, q->arena);
	return ok;
}

static bool get_company(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	struct subject s;
	bool ok = params_known(q, e) && view_borrow(q->server, &v, e) &&
		  list_subject(q, v, ENTITY_COMPANY, &s, e) && put_company(q, a, v, &s, e);
	view_return(&v);
	return ok;
}

static bool list_of_company(struct request *q, struct answer *a, enum entity entity, err *e)
{
	struct view *v = NULL;
	struct subject s;
	struct list l;
	bool ok = view_borrow(q->server, &v, e) && list_subject(q, v, ENTITY_COMPANY, &s, e) &&
		  list_read(q, v, entity, &l, e);
	if (ok) {
		l.query.company = s.view.subject;
		ok = list_answer(q, a, v, &l, e);
	}
	view_return(&v);
	return ok;
}

static bool people_of_company(struct request *q, struct answer *a, err *e)
{
	return list_of_company(q, a, ENTITY_PERSON, e);
}

static bool deals_of_company(struct request *q, struct answer *a, err *e)
{
	return list_of_company(q, a, ENTITY_DEAL, e);
}

static bool get_journey(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	struct subject s;
	bool ok = view_borrow(q->server, &v, e) && list_subject(q, v, ENTITY_COMPANY, &s, e) &&
		  page_journey(q, a, v, &s, e);
	view_return(&v);
	return ok;
}

static const struct route_param list_params[] = {
	LIST_PARAMS("employees > 10 and industry = banking"), { 0 }
};
static const struct route_param id_params[] = { ID_PARAM, { 0 } };
static const struct route_param of_params[] = { ID_PARAM, LIST_PARAMS("stage = mql"), { 0 } };
static const struct route_param journey_params[] = { JOURNEY_PARAMS, { 0 } };

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/companies",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = list_companies,
	  .id = "listCompanies",
	  .tag = "companies",
	  .summary = "Companies for which a rule holds, in any order",
	  .params = list_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/companies.csv",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .run = export_companies,
	  .id = "exportCompanies",
	  .tag = "companies",
	  .summary = "The same as a table, all of them",
	  .params = list_params,
	  .answer_schema = "{\"type\":\"string\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/companies/{id}",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = get_company,
	  .id = "getCompany",
	  .tag = "companies",
	  .summary = "All that is known of one company, and where it comes from",
	  .params = id_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/companies/{id}/people",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = people_of_company,
	  .id = "listPeopleOfCompany",
	  .tag = "companies",
	  .summary = "The people of one company",
	  .params = of_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/companies/{id}/deals",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = deals_of_company,
	  .id = "listDealsOfCompany",
	  .tag = "companies",
	  .summary = "The deals of one company",
	  .params = of_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/companies/{id}/journey",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = get_journey,
	  .id = "getCompanyJourney",
	  .tag = "companies",
	  .summary = "Every touch of one company, in order",
	  .params = journey_params,
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_companies = { rows, ARRAY_LEN(rows) };
