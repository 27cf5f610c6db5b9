/*
 * api_reconcile.c - a list from another system beside the funnel: who is counted, who is not, why.
 *
 * What it is:   POST /api/v1/reconcile. It writes nothing; it is a POST because lists are long.
 * Promises:     at most RECONCILE_IDS_MAX lines; each gets one row, in the order given; then those
 *               who are counted here and stand on no line.
 * Threads:      workers.
 */
#include "server/reconcile_int.h"

#define BODY_BYTES_MAX	    (4 * MIB)
#define RECONCILE_BYTES_MAX (256 * MIB)

/* ---- what was asked -------------------------------------------------------------------------- */

struct asked {
	str stage;
	int64_t from_us, to_us;
	const struct json *ids;
};

static bool member_known(struct request *q, const struct json *body, err *e)
{
	static const char *const names[] = { "ids", "stage", "from", "to" };
	for (const struct json *m = json_first(body); m; m = json_after(body, m)) {
		bool known = false;
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			known = known || str_eq(m->key, str_of(names[i]));
		if (!known) {
			q->field = str_dup(q->arena, m->key);
			return err_set(e, ERR_INVALID, "there is no member \"%.*s\" here",
				       STR_ARG(str_sub(m->key, 0, 64)));
		}
	}
	return true;
}

static bool read_time(struct request *q, const char *name, int64_t *at_r, err *e)
{
	const struct json *m = json_get(q->body, str_of(name));
	err why = { 0 };
	if (!m || m->kind == JSON_NULL || (m->kind == JSON_TEXT && m->text.n == 0))
		return true;
	if (m->kind != JSON_TEXT)
		return problem_field(q, e, name, "expected a time as text");
	return time_parse(str_trim(m->text), at_r, &why) ||
	       problem_field(q, e, name, "%s", why.text);
}

static bool read_body(struct request *q, struct asked *x, err *e)
{
	*x = (struct asked){ .from_us = INT64_MIN, .to_us = INT64_MAX };
	if (!q->body || q->body->kind != JSON_OBJECT)
		return err_set(e, ERR_INVALID,
			       "expected an object with ids, stage, from and to as body");
	if (!member_known(q, q->body, e) || !read_time(q, "from", &x->from_us, e) ||
	    !read_time(q, "to", &x->to_us, e))
		return false;
	if (x->from_us >= x->to_us)
		return problem_field(q, e, "to", "the period ends before it begins");
	x->stage = str_trim(json_text_of(q->body, S("stage")));
	if (x->stage.n == 0)
		return problem_field(q, e, "stage", "expected the name of a stage");
	x->ids = json_get(q->body, S("ids"));
	if (!x->ids || x->ids->kind != JSON_ARRAY)
		return problem_field(q, e, "ids", "expected a list of texts");
	if (x->ids->n > RECONCILE_IDS_MAX)
		return problem_field(q, e, "ids", "%u lines; at most %d can be compared at once",
				     x->ids->n, RECONCILE_IDS_MAX);
	return true;
}

/* Empty lines are none. */
static bool take_lines(struct request *q, struct reconcile *c, const struct json *ids, err *e)
{
	size_t number = 0;
	c->lines = ARENA_ARRAY(c->a, struct line, ids->n);
	if (!c->lines)
		return arena_err(c->a, e);
	for (const struct json *id = json_first(ids); id; id = json_after(ids, id)) {
		number++;
		if (id->kind != JSON_TEXT && id->kind != JSON_INT)
			return problem_field(q, e, "ids", "line %zu is no text", number);
		str given = id->kind == JSON_INT ? str_printf(c->a, "%jd", (intmax_t)id->i)
						 : str_trim(id->text);
		if (given.n > RECONCILE_ID_BYTES_MAX)
			return problem_field(q, e, "ids", "line %zu is longer than %d bytes",
					     number, RECONCILE_ID_BYTES_MAX);
		if (given.n > 0)
			c->lines[c->lines_n++].given = given;
	}
	return true;
}

static bool find_row(struct request *q, struct reconcile *c, str stage, err *e)
{
	for (size_t k = 0; k < c->r->steps_n; k++) {
		if (str_eq_nocase(c->r->steps[k].name, stage)) {
			c->row = k;
			return true;
		}
	}
	return problem_field(q, e, "stage", "there is no stage \"%.*s\"",
			     STR_ARG(str_sub(stage, 0, 64)));
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void put_number(struct json_writer *w, const char *key, uint64_t n)
{
	json_key(w, str_of(key));
	json_put_uint(w, n);
}

static void put_text(struct json_writer *w, const char *key, str s)
{
	json_key(w, str_of(key));
	if (s.n > 0)
		json_put_text(w, s);
	else
		json_put_null(w);
}

static void put_line(struct json_writer *w, const struct reconcile *c, const struct line *l)
{
	static const char *const names[] = { "en", "de" };
	json_object_open(w);
	put_text(w, "given", l->given);
	json_key(w, S("person"));
	if (l->person != 0)
		json_put_uint(w, l->person);
	else
		json_put_null(w);
	put_text(w, "name", l->name);
	json_key(w, S("counted"));
	json_put_bool(w, l->counted);
	put_text(w, "code", str_of(verdict_word(l->verdict)));
	json_key(w, S("why"));
	json_object_open(w);
	for (size_t i = 0; i < LANGUAGES_N; i++) {
		struct buf b CLEANUP(buf_fini);
		buf_init(&b, 16 * KIB);
		reconcile_say(c, l, (enum language)i, &b);
		put_text(w, names[i], buf_view(&b));
	}
	json_object_close(w);
	json_object_close(w);
}

/* Who is counted here and stands on no line. */
static bool put_missing(struct json_writer *w, const struct reconcile *c, err *e)
{
	struct arena row CLEANUP(arena_fini);
	int64_t now_us = time_now_us();
	uint64_t n = 0, number;
	char text[TIME_TEXT_MAX];
	arena_init(&row, 64 * MIB);
	json_key(w, S("missing_there"));
	json_object_open(w);
	json_key(w, S("rows"));
	json_array_open(w);
	for (size_t i = 0; i < c->counted_n; i++) {
		uint64_t person = c->counted[i].subject;
		if (map64_get(&c->line_of, person, &number) ||
		    n++ >= (uint64_t)RECONCILE_MISSING_MAX)
			continue;
		arena_reset(&row);
		json_object_open(w);
		if (!person_put_row(w, snapshot_people(c->snapshot), person, now_us, &row, e))
			return false;
		put_text(w, "at", time_print(text, c->counted[i].at_us));
		json_object_close(w);
	}
	json_array_close(w);
	put_number(w, "count", n);
	json_object_close(w);
	return true;
}

static bool put_answer(struct json_writer *w, const struct reconcile *c, err *e)
{
	size_t counted = 0;
	json_object_open(w);
	put_text(w, "stage", c->r->steps[c->row].name);
	put_number(w, "counted_here", c->counted_n);
	put_number(w, "given", c->lines_n);
	json_key(w, S("rows"));
	json_array_open(w);
	for (size_t i = 0; i < c->lines_n; i++) {
		put_line(w, c, &c->lines[i]);
		counted += c->lines[i].counted && c->lines[i].verdict != VERDICT_SAME;
	}
	json_array_close(w);
	put_number(w, "counted_of_given", counted);
	json_key(w, S("names_left_out"));
	json_put_bool(w, c->names_left_out);
	if (!put_missing(w, c, e))
		return false;
	put_number(w, "snapshot", c->r->snapshot);
	json_object_close(w);
	return true;
}

static bool answer(struct request *q, struct answer *a, struct reconcile *c, const struct asked *x,
		   err *e)
{
	struct json_writer w;
	struct view *v = NULL;
	if (!find_row(q, c, x->stage, e) || !take_lines(q, c, x->ids, e) ||
	    !view_borrow_long(q->server, &v, e))
		return false;
	c->snapshot = view_snapshot(v);
	json_writer_init(&w, &a->body, false);
	bool ok = reconcile_run(c, e) && put_answer(&w, c, e);
	view_return(&v);
	return ok;
}

static bool reconcile(struct request *q, struct answer *a, err *e)
{
	struct asked x;
	struct funnel_answer *f = NULL;
	struct arena arena CLEANUP(arena_fini);
	arena_init(&arena, RECONCILE_BYTES_MAX);
	if (!params_known(q, e) || !read_body(q, &x, e))
		return false;
	struct funnel_ask ask = { .period = true, .from_us = &x.from_us, .to_us = &x.to_us };
	if (!funnel_borrow(q, &ask, &f, e))
		return false;
	struct reconcile c = { .a = &arena, .r = funnel_answer_of(f) };
	bool ok = answer(q, a, &c, &x, e);
	map64_fini(&c.counted_at);
	map64_fini(&c.line_of);
	funnel_return(&f);
	return ok;
}

static const struct route rows[] = {
	{ .method = "POST",
	  .pattern = "/api/v1/reconcile",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .body_bytes_max = BODY_BYTES_MAX,
	  .run = reconcile,
	  .id = "reconcile",
	  .tag = "funnel",
	  .summary = "Who of a list is counted in a stage, who is not, and why",
	  .body_schema = "{\"type\":\"object\",\"required\":[\"ids\",\"stage\"],\"properties\":{"
			 "\"ids\":{\"type\":\"array\",\"maxItems\":10000,\"items\":{\"type\":"
			 "\"string\",\"maxLength\":512}},\"stage\":{\"type\":\"string\"},"
			 "\"from\":{\"type\":[\"string\",\"null\"]},"
			 "\"to\":{\"type\":[\"string\",\"null\"]}}}",
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_reconcile = { rows, ARRAY_LEN(rows) };
