/*
 * api_people.c - the list of people, one person, their journey.
 *
 * Threads:      workers.
 */
#include "server/page_int.h"

#include "base/time.h"

static bool list_people(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	struct list l;
	bool ok = view_borrow(q->server, &v, e) && list_read(q, v, ENTITY_PERSON, &l, e) &&
		  list_answer(q, a, v, &l, e);
	view_return(&v);
	return ok;
}

static bool export_people(struct request *q, struct answer *a, err *e)
{
	return list_export(q, a, ENTITY_PERSON, "people.csv", e);
}

/* Deals that somebody has a say in. */
static struct directory_query deals_of(const struct subject *s)
{
	return (struct directory_query){ .entity = ENTITY_DEAL,
					 .person = s->view.subject,
					 .now_us = time_now_us(),
					 .sort = S("last_at"),
					 .descending = true,
					 .limit = LIST_ROWS_DEFAULT };
}

static bool put_person(struct request *q, struct answer *a, struct view *v, const struct subject *s,
		       err *e)
{
	struct json_writer w;
	struct directory_query deals = deals_of(s);
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	bool ok = page_put(q, &w, v, s, e) && page_rows(q, &w, v, S("deals"), &deals, e);
	json_object_close(&w);
	a->etag = shape_etag(&s->view, q->arena);
	return ok;
}

static bool get_person(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	struct subject s;
	bool ok = params_known(q, e) && view_borrow(q->server, &v, e) &&
		  list_subject(q, v, ENTITY_PERSON, &s, e) && put_person(q, a, v, &s, e);
	view_return(&v);
	return ok;
}

static bool get_journey(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	struct subject s;
	bool ok = view_borrow(q->server, &v, e) && list_subject(q, v, ENTITY_PERSON, &s, e) &&
		  page_journey(q, a, v, &s, e);
	view_return(&v);
	return ok;
}

static const struct route_param list_params[] = {
	LIST_PARAMS("stage = mql and country in (DE, AT)"), { 0 }
};
static const struct route_param id_params[] = { ID_PARAM, { 0 } };
static const struct route_param journey_params[] = { JOURNEY_PARAMS, { 0 } };

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/people",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = list_people,
	  .id = "listPeople",
	  .tag = "people",
	  .summary = "People for whom a rule holds, in any order",
	  .params = list_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/people.csv",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .run = export_people,
	  .id = "exportPeople",
	  .tag = "people",
	  .summary = "The same as a table, all of them",
	  .params = list_params,
	  .answer_schema = "{\"type\":\"string\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/people/{id}",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = get_person,
	  .id = "getPerson",
	  .tag = "people",
	  .summary = "All that is known of one person, and where it comes from",
	  .params = id_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/people/{id}/journey",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = get_journey,
	  .id = "getPersonJourney",
	  .tag = "people",
	  .summary = "Every touch of one person, in order",
	  .params = journey_params,
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_people = { rows, ARRAY_LEN(rows) };
