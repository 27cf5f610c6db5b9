/*
 * api_deals.c - the list of deals, one deal, its people and touches.
 *
 * Threads:      workers.
 */
#include "server/page_int.h"

static bool list_deals(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	struct list l;
	bool ok = view_borrow(q->server, &v, e) && list_read(q, v, ENTITY_DEAL, &l, e) &&
		  list_answer(q, a, v, &l, e);
	view_return(&v);
	return ok;
}

static bool export_deals(struct request *q, struct answer *a, err *e)
{
	return list_export(q, a, ENTITY_DEAL, "deals.csv", e);
}

/* Who has a say in it, with their roles; the main contact first. */
static bool put_people(struct request *q, struct json_writer *w, struct people *p,
		       const struct subject_view *deal, err *e)
{
	struct deal_person *people;
	size_t n;
	if (!deal_people(p, deal, q->arena, &people, &n, e))
		return false;
	json_key(w, S("people"));
	json_array_open(w);
	for (size_t i = 0; i < n; i++) {
		struct subject_view v;
		if (!people_view(p, people[i].person, q->arena, &v, e))
			return false;
		json_object_open(w);
		json_key(w, S("person"));
		json_put_uint(w, people[i].person);
		shape_key_text(w, S("name"), subject_name(&v, q->arena));
		shape_key_text(w, S("role"), people[i].role);
		shape_key_value(w, S("stage"), subject_cell(&v, S("stage")));
		json_object_close(w);
	}
	json_array_close(w);
	return true;
}

static bool put_deal(struct request *q, struct answer *a, struct view *v, const struct subject *s,
		     err *e)
{
	struct json_writer w;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	bool ok = page_put(q, &w, v, s, e) &&
		  put_people(q, &w, snapshot_people(view_snapshot(v)), &s->view, e);
	json_object_close(&w);
	a->etag = shape_etag(&s->view, q->arena);
	return ok;
}

static bool get_deal(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	struct subject s;
	bool ok = params_known(q, e) && view_borrow(q->server, &v, e) &&
		  list_subject(q, v, ENTITY_DEAL, &s, e) && put_deal(q, a, v, &s, e);
	view_return(&v);
	return ok;
}

static bool get_journey(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	struct subject s;
	bool ok = view_borrow(q->server, &v, e) && list_subject(q, v, ENTITY_DEAL, &s, e) &&
		  page_journey(q, a, v, &s, e);
	view_return(&v);
	return ok;
}

static const struct route_param list_params[] = { LIST_PARAMS("status = open"), { 0 } };
static const struct route_param id_params[] = { ID_PARAM, { 0 } };
static const struct route_param journey_params[] = { JOURNEY_PARAMS, { 0 } };

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/deals",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = list_deals,
	  .id = "listDeals",
	  .tag = "deals",
	  .summary = "Deals for which a rule holds, in any order",
	  .params = list_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/deals.csv",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .run = export_deals,
	  .id = "exportDeals",
	  .tag = "deals",
	  .summary = "The same as a table, all of them",
	  .params = list_params,
	  .answer_schema = "{\"type\":\"string\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/deals/{id}",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = get_deal,
	  .id = "getDeal",
	  .tag = "deals",
	  .summary = "All that is known of one deal, and where it comes from",
	  .params = id_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/deals/{id}/journey",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = get_journey,
	  .id = "getDealJourney",
	  .tag = "deals",
	  .summary = "Every touch of one deal, in order",
	  .params = journey_params,
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_deals = { rows, ARRAY_LEN(rows) };
