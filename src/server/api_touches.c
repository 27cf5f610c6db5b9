/*
 * api_touches.c - touches as they came in, latest first.
 *
 * Threads:      workers.
 */
#include "server/shape_int.h"

#include "base/num.h"
#include "base/time.h"

static bool list_touches(struct request *q, struct answer *a, struct view *v, err *e)
{
	struct directory_touches t;
	struct json_writer w;
	const struct rule *rule = NULL;
	uint64_t limit, before;
	err why = { 0 };
	str where = http_query(q->http, S("where"));
	if (!params_number(q, "limit", 1, DIRECTORY_ROWS_MAX, LIST_ROWS_DEFAULT, &limit, e) ||
	    !params_number(q, "after", 1, INT64_MAX, 0, &before, e))
		return false;
	if (where.n && !rule_parse(q->arena, where, touch_catalogue(), &rule, &why))
		return problem_field(q, e, "where", "%s", why.text);
	if (!directory_latest(view_directory(v), view_snapshot(v), rule, before, (size_t)limit,
			      time_now_us(), q->arena, &t, e))
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("rows"));
	json_array_open(&w);
	for (size_t i = 0; i < t.n; i++)
		shape_touch(&w, &t.touches[i], S(""));
	json_array_close(&w);
	str next = S("");
	if (t.more)
		next = str_printf(q->arena, "%llu", (unsigned long long)t.next_seq);
	shape_key_text(&w, S("next"), next);
	json_object_close(&w);
	return !q->arena->over || arena_err(q->arena, e);
}

static bool touches(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	bool ok = params_known(q, e) && view_borrow(q->server, &v, e) && list_touches(q, a, v, e);
	view_return(&v);
	return ok;
}

struct one {
	struct touch touch;
	struct arena *arena;
	bool found;
};

static bool take_one(void *arg, const struct touch *t)
{
	struct one *o = arg;
	o->found = touch_copy(o->arena, t, &o->touch);
	return false;
}

static bool put_one(struct request *q, struct answer *a, struct view *v, err *e)
{
	struct one o = { .arena = q->arena };
	struct json_writer w;
	uint64_t seq;
	if (!params_path_number(q, 0, &seq, e) ||
	    !snapshot_touches(view_snapshot(v), &seq, 1, take_one, &o, e))
		return false;
	if (q->arena->over)
		return arena_err(q->arena, e);
	if (!o.found)
		return err_set(e, ERR_NOT_FOUND, "there is no touch of that number");
	json_writer_init(&w, &a->body, false);
	shape_touch(&w, &o.touch, S(""));
	return true;
}

static bool touch(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	bool ok = params_known(q, e) && view_borrow(q->server, &v, e) && put_one(q, a, v, e);
	view_return(&v);
	return ok;
}

static const struct route_param list_params[] = {
	{ "where", "query", "{\"type\":\"string\"}",
	  "A rule over touches: name = form_submitted and source = google", false },
	{ "limit", "query", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"default\":50}",
	  "At most so many", false },
	{ "after", "query", "{\"type\":\"string\"}", "`next` of the page before", false },
	{ 0 },
};
static const struct route_param touch_params[] = {
	{ "seq", "path", "{\"type\":\"integer\",\"minimum\":1}", "Its number", true },
	{ 0 },
};

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/touches",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = touches,
	  .id = "listTouches",
	  .tag = "touches",
	  .summary = "Touches for which a rule holds, the one learned last first",
	  .params = list_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/touches/{seq}",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = touch,
	  .id = "getTouch",
	  .tag = "touches",
	  .summary = "One touch",
	  .params = touch_params,
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_touches = { rows, ARRAY_LEN(rows) };
