/*
 * api_funnel.c - GET /api/v1/funnel: how many came how far.
 *
 * Threads:      workers.
 */
#include "server/route_int.h"

#include "base/time.h"
#include "funnel/funnel.h"
#include "server/view_int.h"

#define STAGES_DEFAULT "lead, mql, sal, sql, opportunity, customer"
#define STAGES_MAX     64

static bool stages_read(struct request *q, struct snapshot *s, struct funnel_spec *spec, err *e)
{
	str text;
	if (!snapshot_config(s, S("stages"), q->arena, &text, e))
		return false;
	str *stages = ARENA_ARRAY(q->arena, str, STAGES_MAX);
	if (stages == NULL)
		return arena_err(q->arena, e);
	if (text.n == 0)
		text = S(STAGES_DEFAULT);
	for (str part; str_next(&text, ',', &part);) {
		part = str_trim(part);
		if (part.n > 0 && spec->stages_n < STAGES_MAX)
			stages[spec->stages_n++] = part;
	}
	spec->stages = stages;
	return true;
}

static bool funnel(struct request *q, struct answer *a, err *e)
{
	struct funnel_spec spec = { .from_us = INT64_MIN,
				    .to_us = INT64_MAX,
				    .now_us = time_now_us() };
	struct funnel_result r = { 0 };
	struct view *v = NULL;
	if (!view_borrow(q->server, &v, e))
		return false;
	bool ok = stages_read(q, view_snapshot(v), &spec, e) &&
		  funnel_run(view_snapshot(v), &spec, q->arena, &r, e);
	if (ok)
		funnel_print_json(&r, &a->body);
	view_return(&v);
	return ok;
}

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/funnel",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = funnel,
	  .id = "getFunnel",
	  .tag = "funnel",
	  .summary = "How many came how far, from visitor to customer",
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_funnel = { rows, ARRAY_LEN(rows) };
