/*
 * api_funnel.c - the funnel: how many came how far, as a document, a table and a drawing.
 *
 * What it is:   GET /api/v1/funnel and its other forms over the same answer; why one person came as
 *               far as they did.
 * Promises:     the document, the table, the drawing and the lists of people come from one answer.
 * Threads:      workers.
 */
#include "server/funnel_int.h"

#include "base/num.h"

#define TITLE_BYTES_MAX	  200
#define EXPLAIN_BYTES_MAX (256 * MIB)
#define PERSON_BYTES_MAX  512

static bool funnel_json(struct request *q, struct answer *a, err *e)
{
	struct funnel_answer *f = NULL;
	if (!params_known(q, e) || !funnel_borrow(q, &FUNNEL_AS_ASKED, &f, e))
		return false;
	funnel_print_json(funnel_answer_of(f), &a->body);
	funnel_return(&f);
	return true;
}

static void as_file(struct request *q, struct answer *a, const char *type, str disposition)
{
	a->content_type = type;
	http_answer_header(q->http, "Content-Disposition", disposition);
}

static bool funnel_csv(struct request *q, struct answer *a, err *e)
{
	struct funnel_answer *f = NULL;
	if (!params_known(q, e) || !funnel_borrow(q, &FUNNEL_AS_ASKED, &f, e))
		return false;
	as_file(q, a, "text/csv; charset=utf-8", S("attachment; filename=\"funnel.csv\""));
	funnel_print_csv(funnel_answer_of(f), &a->body);
	funnel_return(&f);
	return true;
}

static bool funnel_svg(struct request *q, struct answer *a, err *e)
{
	struct funnel_answer *f = NULL;
	str title = param_text(q, "title");
	if (!params_known(q, e))
		return false;
	if (title.n > TITLE_BYTES_MAX)
		return problem_field(q, e, "title", "longer than %d bytes", TITLE_BYTES_MAX);
	if (!funnel_borrow(q, &FUNNEL_AS_ASKED, &f, e))
		return false;
	as_file(q, a, "image/svg+xml", S("attachment; filename=\"funnel.svg\""));
	funnel_print_svg(funnel_answer_of(f), title, &a->body);
	funnel_return(&f);
	return true;
}

/* {"counting":true,"touches_done":N,"touches":N} of the same question. */
static bool funnel_how_far(struct request *q, struct answer *a, err *e)
{
	struct funnel_progress p;
	struct json_writer w;
	if (!params_known(q, e) || !funnel_progress_of(q, &p, e))
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("counting"));
	json_put_bool(&w, p.counting);
	json_key(&w, S("touches_done"));
	json_put_uint(&w, p.touches_done);
	json_key(&w, S("touches"));
	json_put_uint(&w, p.touches);
	json_object_close(&w);
	return true;
}

/* ---- why ------------------------------------------------------------------------------------- */

static void put_touch(struct json_writer *w, const struct funnel_result *names, size_t row,
		      const struct touch *t)
{
	char text[TIME_TEXT_MAX];
	json_object_open(w);
	json_key(w, S("step"));
	json_put_uint(w, row + 1);
	json_key(w, S("step_name"));
	json_put_text(w, names->steps[row].name);
	if (t->seq != 0) {
		json_key(w, S("at"));
		json_put_text(w, time_print(text, t->at_us));
		json_key(w, S("name"));
		json_put_text(w, t->name);
		json_key(w, S("seq"));
		json_put_uint(w, t->seq);
	}
	json_key(w, S("passed_over"));
	json_put_bool(w, t->seq == 0);
	json_object_close(w);
}

static void put_explanation(struct json_writer *w, const struct funnel_result *r,
			    const struct funnel_explanation *x)
{
	enum entity entity = funnel_entity(r->spec.count);
	json_object_open(w);
	json_key(w, entity == ENTITY_COMPANY ? S("company")
		    : entity == ENTITY_DEAL  ? S("deal")
					     : S("person"));
	json_put_uint(w, x->subject);
	json_key(w, S("level"));
	json_put_uint(w, x->level);
	json_key(w, S("steps"));
	json_put_uint(w, r->steps_n);
	json_key(w, S("chain"));
	json_array_open(w);
	for (size_t i = 0; i < x->level; i++)
		put_touch(w, r, r->spec.steps_n > 0 ? x->step[i] : i, &x->chain[i]);
	json_array_close(w);
	json_key(w, S("why_stopped"));
	if (x->why_stopped.n > 0)
		json_put_text(w, x->why_stopped);
	else
		json_put_null(w);
	json_key(w, S("why_stopped_de"));
	if (x->why_stopped_de.n > 0)
		json_put_text(w, x->why_stopped_de);
	else
		json_put_null(w);
	json_object_close(w);
}

static bool find_subject(struct request *q, struct snapshot *s, enum funnel_count count,
			 uint64_t *subject_r, err *e)
{
	str text = param_text(q, "person");
	uint64_t number;
	if (text.n == 0 || text.n > PERSON_BYTES_MAX)
		return problem_field(q, e, "person",
				     "expected a number, an e-mail address or another id");
	struct people *p = snapshot_people(s);
	/* Lists give numbers; an id that looks like one has to be written "system:id". */
	if (num_parse_u64(text, &number) && number > 0 && number <= people_profiles(p) &&
	    people_entity_of(p, number) == funnel_entity(count)) {
		*subject_r = people_subject_of(p, number);
		return true;
	}
	return people_find(p, funnel_entity(count), text, subject_r) ||
	       err_set(e, ERR_NOT_FOUND, "There is nobody of that name");
}

static bool funnel_explained(struct request *q, struct answer *a, err *e)
{
	struct funnel_answer *f = NULL;
	struct view *v = NULL;
	struct arena arena CLEANUP(arena_fini);
	struct funnel_explanation x;
	struct json_writer w;
	uint64_t subject = 0;
	arena_init(&arena, EXPLAIN_BYTES_MAX);
	if (!params_known(q, e) || !funnel_borrow(q, &FUNNEL_AS_ASKED, &f, e))
		return false;
	const struct funnel_result *r = funnel_answer_of(f);
	bool ok = view_borrow(q->server, &v, e) &&
		  find_subject(q, view_snapshot(v), r->spec.count, &subject, e) &&
		  funnel_explain(view_snapshot(v), &r->spec, subject, &arena, &x, e);
	if (ok) {
		json_writer_init(&w, &a->body, false);
		put_explanation(&w, r, &x);
	}
	view_return(&v);
	funnel_return(&f);
	return ok;
}

/* ---- routes ---------------------------------------------------------------------------------- */

#define PARAMS_END                                                                                 \
	{                                                                                          \
		NULL, NULL, NULL, NULL, false                                                      \
	}
static const struct route_param funnel_params[] = { FUNNEL_PARAMS, PARAMS_END };
static const struct route_param svg_params[] = { FUNNEL_PARAMS,
						 { "title", "query",
						   "{\"type\":\"string\",\"maxLength\":200}",
						   "The drawing's title", false },
						 PARAMS_END };
static const struct route_param explain_params[] = {
	FUNNEL_PARAMS,
	{ "person", "query", "{\"type\":\"string\"}",
	  "A number, an e-mail address or another id, of what is counted", true },
	PARAMS_END
};
static const struct route_param people_params[] = {
	FUNNEL_PARAMS,
	{ "step", "query", "{\"type\":\"integer\",\"minimum\":1}", "Behind which step's number",
	  true },
	{ "outcome", "query", "{\"type\":\"string\"}",
	  "reached, dropped, here, here_all, young, open, or exit:disqualified, exit:recycled, exit:lost",
	  false },
	{ "reason", "query", "{\"type\":\"string\"}",
	  "Of an exit: only with this reason; empty: without one", false },
	{ "group", "query", "{\"type\":\"string\"}",
	  "Only this group's, as the answer names its value", false },
	{ "no_group", "query", "{\"enum\":[\"1\"]}", "Only those without a value", false },
	{ "snapshot", "query", "{\"type\":\"integer\"}",
	  "The answer's `snapshot` whose number is opened, while it is kept", false },
	{ "limit", "query", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":500}",
	  "Rows of a page (50)", false },
	{ "after", "query", "{\"type\":\"string\"}", "The page after the one that gave this",
	  false },
	PARAMS_END
};

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/funnel",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = funnel_json,
	  .id = "getFunnel",
	  .tag = "funnel",
	  .summary = "How many came how far, from visitor to customer",
	  .params = funnel_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/funnel/progress",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = funnel_how_far,
	  .id = "getFunnelProgress",
	  .tag = "funnel",
	  .summary = "How far the same question is that somebody waits for",
	  .params = funnel_params,
	  .answer_schema =
		  "{\"type\":\"object\",\"properties\":{\"counting\":{\"type\":\"boolean\"},"
		  "\"touches_done\":{\"type\":\"integer\"},\"touches\":{\"type\":"
		  "\"integer\"}}}" },
	{ .method = "GET",
	  .pattern = "/api/v1/funnel.csv",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = funnel_csv,
	  .id = "getFunnelTable",
	  .tag = "funnel",
	  .summary = "The funnel as a table",
	  .params = funnel_params,
	  .answer_schema = "{\"type\":\"string\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/funnel.svg",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = funnel_svg,
	  .id = "getFunnelDrawing",
	  .tag = "funnel",
	  .summary = "The funnel as a drawing for a slide",
	  .params = svg_params,
	  .answer_schema = "{\"type\":\"string\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/funnel/people",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = funnel_people_answer,
	  .id = "listFunnelPeople",
	  .tag = "funnel",
	  .summary = "Who is behind one of its numbers",
	  .params = people_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/funnel/explain",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = funnel_explained,
	  .id = "explainFunnel",
	  .tag = "funnel",
	  .summary = "Why somebody came as far as they did",
	  .params = explain_params,
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_funnel = { rows, ARRAY_LEN(rows) };
