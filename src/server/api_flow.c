/*
 * api_flow.c - from where people come, through which stages they go, and where they end.
 *
 * What it is:   GET /api/v1/flow: the lifecycle funnel broken down by source, as nodes and links of
 *               a Sankey diagram. It begins with the first stage: visitors are many and would dwarf
 *               the rest; how many they are stands beside.
 * Promises:     what flows into a stage flows out of it: to the next, to an exit, or it is open.
 *               Every link says which list of /funnel/people it is.
 * Threads:      workers.
 */
#include "server/funnel_int.h"

#define SOURCES_MAX 8
#define OPEN	    FUNNEL_EXITS_N

static const char *const exits[] = { "disqualified", "recycled", "lost", "open" };

static void put_text(struct json_writer *w, const char *key, str s)
{
	json_key(w, str_of(key));
	json_put_text(w, s);
}

static void put_number(struct json_writer *w, const char *key, uint64_t n)
{
	json_key(w, str_of(key));
	json_put_uint(w, n);
}

static uint64_t open_of(const struct funnel_result *r, size_t row)
{
	uint64_t n = r->steps[row].count;
	if (row + 1 == r->steps_n)
		return 0;
	n -= r->steps[row + 1].count;
	for (size_t i = 0; i < FUNNEL_EXITS_N; i++)
		n -= r->steps[row].exits[i].count;
	return n;
}

static uint64_t left_of(const struct funnel_result *r, size_t row, size_t exit)
{
	return exit == OPEN	       ? open_of(r, row)
	       : row + 1 == r->steps_n ? 0
				       : r->steps[row].exits[exit].count;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static void put_node(struct json_writer *w, str id, str label, const char *kind, uint64_t count)
{
	json_object_open(w);
	put_text(w, "id", id);
	put_text(w, "label", label);
	put_text(w, "kind", str_of(kind));
	put_number(w, "count", count);
	json_object_close(w);
}

static str group_label(struct arena *a, const struct funnel_group *g)
{
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, MIB);
	value_print(&b, g->value);
	return str_dup(a, buf_view(&b));
}

static str source_id(struct arena *a, size_t g)
{
	return str_printf(a, "source:%zu", g);
}

static str stage_id(struct arena *a, const struct funnel_result *r, size_t row)
{
	return str_printf(a, "stage:%.*s", STR_ARG(r->steps[row].name));
}

static void put_nodes(struct json_writer *w, struct arena *a, const struct funnel_result *r)
{
	json_key(w, S("nodes"));
	json_array_open(w);
	for (size_t g = 0; g < r->groups_n; g++)
		if (r->groups[g].steps[1].count > 0)
			put_node(w, source_id(a, g), group_label(a, &r->groups[g]), "source",
				 r->groups[g].steps[1].count);
	for (size_t k = 1; k < r->steps_n; k++)
		put_node(w, stage_id(a, r, k), r->steps[k].name, "stage", r->steps[k].count);
	for (size_t i = 0; i < ARRAY_LEN(exits); i++) {
		uint64_t n = 0;
		for (size_t k = 1; k < r->steps_n; k++)
			n += left_of(r, k, i);
		if (n > 0)
			put_node(w, str_printf(a, "exit:%s", exits[i]), str_of(exits[i]), "exit",
				 n);
	}
	json_array_close(w);
}

/* ---- links ----------------------------------------------------------------------------------- */

/* With the parameters of /funnel/people that list who goes this way. */
static void link_open(struct json_writer *w, str from, str to, uint64_t count, size_t step,
		      str outcome)
{
	json_object_open(w);
	put_text(w, "from", from);
	put_text(w, "to", to);
	put_number(w, "count", count);
	json_key(w, S("people"));
	json_object_open(w);
	put_number(w, "step", step);
	put_text(w, "outcome", outcome);
}

static void link_close(struct json_writer *w)
{
	json_object_close(w);
	json_object_close(w);
}

static void put_source_links(struct json_writer *w, struct arena *a, const struct funnel_result *r)
{
	for (size_t g = 0; g < r->groups_n; g++) {
		uint64_t n = r->groups[g].steps[1].count;
		if (n == 0)
			continue;
		link_open(w, source_id(a, g), stage_id(a, r, 1), n, 2, S("reached"));
		if (r->groups[g].value.kind == VALUE_NONE)
			put_text(w, "no_group", S("1"));
		else
			put_text(w, "group", group_label(a, &r->groups[g]));
		link_close(w);
	}
}

static void put_links(struct json_writer *w, struct arena *a, const struct funnel_result *r)
{
	json_key(w, S("links"));
	json_array_open(w);
	put_source_links(w, a, r);
	for (size_t k = 1; k < r->steps_n; k++) {
		if (k + 1 < r->steps_n && r->steps[k + 1].count > 0) {
			link_open(w, stage_id(a, r, k), stage_id(a, r, k + 1),
				  r->steps[k + 1].count, k + 2, S("reached"));
			link_close(w);
		}
		for (size_t i = 0; i < ARRAY_LEN(exits); i++) {
			uint64_t n = left_of(r, k, i);
			if (n == 0)
				continue;
			link_open(w, stage_id(a, r, k), str_printf(a, "exit:%s", exits[i]), n,
				  k + 1,
				  i == OPEN ? S("open") : str_printf(a, "exit:%s", exits[i]));
			link_close(w);
		}
	}
	json_array_close(w);
}

static void put_rules(struct json_writer *w, const struct funnel_result *r)
{
	static const char *const names[] = { "en", "de" };
	json_key(w, S("rules_text"));
	json_object_open(w);
	for (size_t i = 0; i < LANGUAGES_N; i++) {
		struct buf b CLEANUP(buf_fini);
		buf_init(&b, MIB);
		funnel_print_rules(r, (enum language)i, &b);
		put_text(w, names[i], buf_view(&b));
	}
	json_object_close(w);
}

static bool flow(struct request *q, struct answer *a, err *e)
{
	static const struct funnel_ask ask = { .by = "source", .groups = SOURCES_MAX };
	struct funnel_answer *f = NULL;
	struct json_writer w;
	if (!params_known(q, e) || !funnel_borrow(q, &ask, &f, e))
		return false;
	const struct funnel_result *r = funnel_answer_of(f);
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	put_nodes(&w, q->arena, r);
	put_links(&w, q->arena, r);
	put_number(&w, "visitors", r->steps[0].count);
	put_text(&w, "by", param_text(q, "by").n > 0 ? param_text(q, "by") : S("source"));
	put_number(&w, "groups", r->spec.groups_max);
	put_rules(&w, r);
	put_number(&w, "snapshot", r->snapshot);
	json_object_close(&w);
	funnel_return(&f);
	return !q->arena->over || arena_err(q->arena, e);
}

static const struct route_param params[] = {
	{ "from", "query", "{\"type\":\"string\"}", "A visit at or after this", false },
	{ "to", "query", "{\"type\":\"string\"}", "... and before this", false },
	{ "by", "query", "{\"type\":\"string\"}", "source (default), channel, campaign ...",
	  false },
	{ "groups", "query", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000}",
	  "At most so many sources, the rest summed (8)", false },
	{ "where", "query", "{\"type\":\"string\"}", "Only those for whom this rule holds", false },
	{ "order", "query", "{\"enum\":[\"ordered\",\"any\"]}", "The stages in order, or in any",
	  false },
	{ "as_of", "query", "{\"type\":\"string\"}", "Only what was known then", false },
	{ NULL, NULL, NULL, NULL, false }
};

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/flow",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = flow,
	  .id = "getFlow",
	  .tag = "funnel",
	  .summary = "From sources through stages to customers and exits",
	  .params = params,
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_flow = { rows, ARRAY_LEN(rows) };
