/*
 * api_stages.c - the line of stages, reasons, and who can own a lead.
 *
 * What it is:   the line is one value of the configuration ("stages"), how its stages are called
 * and in which zone they lie another ("stages.look"); a PUT with If-Match sets both. Promises: a
 * stage in which people are is not taken out of the line unasked. Threads:      workers; one change
 * at a time.
 */
#include "server/server_int.h"
#include "server/settings_int.h"
#include "server/shape_int.h"

#include "base/time.h"
#include "directory/directory.h"

#define STAGES_MIN	2
#define STAGES_MAX	20
#define STAGE_BYTES_MAX ((size_t)40)

enum { LINE, LOOK };
static const char *const NAMES[] = { "stages", "stages.look", NULL };

/* ---- shown ----------------------------------------------------------------------------------- */

static void put_stage(struct json_writer *w, str stage, const struct json *look)
{
	const struct json *own = look ? json_get(look, stage) : NULL;
	str en = own ? json_text_of(own, S("en")) : S("");
	str de = own ? json_text_of(own, S("de")) : S("");
	str zone = own ? json_text_of(own, S("zone")) : S("");
	json_object_open(w);
	json_key(w, S("name"));
	json_put_text(w, stage);
	json_key(w, S("en"));
	json_put_text(w, en.n ? en : words_label(stage, false));
	json_key(w, S("de"));
	json_put_text(w, de.n ? de : words_label(stage, true));
	json_key(w, S("zone"));
	json_put_text(w, zone.n ? zone : words_zone(stage));
	json_object_close(w);
}

static bool put_stages(struct settings *s, struct request *q, struct answer *a, err *e)
{
	struct sales_rules r;
	struct json_writer w;
	if (!sales_rules_load(s->snapshot, q->arena, &r, e))
		return false;
	const struct json *look = settings_object(s, q, LOOK);
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("stages"));
	json_array_open(&w);
	for (size_t i = 0; i < r.stages.n; i++)
		put_stage(&w, r.stages.items[i], look);
	json_array_close(&w);
	words_put_list(&w, S("deal_stages"), &r.deal_stages);
	json_key(&w, S("default"));
	json_put_bool(&w, s->texts[LINE].n == 0);
	shape_key_text(&w, S("etag"), str_printf(q->arena, "\"%.*s\"", STR_ARG(s->etag)));
	json_object_close(&w);
	a->etag = s->etag;
	return true;
}

static bool show(struct request *q, struct answer *a, err *e)
{
	struct settings s;
	if (!settings_begin(&s, q, NAMES, e))
		return false;
	bool ok = put_stages(&s, q, a, e);
	settings_end(&s);
	return ok;
}

/* ---- changed --------------------------------------------------------------------------------- */

struct changing {
	struct request *q;
	str names[STAGES_MAX];
	size_t n;
	bool anyway;
	str line, look; /* the values to be */
};

/* Names are written in rules and in addresses. */
static bool name_fits(str name)
{
	bool ok = name.n > 0 && name.n <= STAGE_BYTES_MAX && name.p[0] >= 'a' && name.p[0] <= 'z';
	for (size_t i = 0; ok && i < name.n; i++) {
		char c = name.p[i];
		ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
	}
	return ok && !str_eq(name, S("visitor")) && !str_eq(name, S("won")) &&
	       !str_eq(name, S("lost"));
}

static int zone_place(str zone)
{
	return str_eq(zone, S("tofu"))	 ? 0
	       : str_eq(zone, S("mofu")) ? 1
	       : str_eq(zone, S("bofu")) ? 2
					 : -1;
}

static bool read_label(struct changing *c, const struct json *stage, const char *name,
		       struct json_writer *w, err *e)
{
	const struct json *v = json_get(stage, str_of(name));
	if (!v)
		return true;
	if (v->kind != JSON_TEXT || str_trim(v->text).n == 0 ||
	    sales_text_fault(v->text, SALES_LINE, STAGE_BYTES_MAX))
		return problem_field(c->q, e, name, "a text of 1 to %zu bytes is needed",
				     STAGE_BYTES_MAX);
	json_key(w, str_of(name));
	json_put_text(w, str_trim(v->text));
	return true;
}

static bool read_stage(struct changing *c, const struct json *stage, int *zone, struct buf *line,
		       struct json_writer *w, err *e)
{
	struct request *q = c->q;
	str name = stage->kind == JSON_OBJECT ? json_text_of(stage, S("name")) : S("");
	if (!name_fits(name))
		return problem_field(q, e, "name",
				     "small letters, digits, - and _, beginning with a letter; not "
				     "visitor, won or lost");
	for (size_t i = 0; i < c->n; i++) {
		if (str_eq(c->names[i], name))
			return problem_field(q, e, "name", "\"%.*s\" is there twice",
					     STR_ARG(name));
	}
	for (const struct json *m = json_first(stage); m; m = json_after(stage, m)) {
		bool known = str_eq(m->key, S("name")) || str_eq(m->key, S("en")) ||
			     str_eq(m->key, S("de")) || str_eq(m->key, S("zone"));
		if (!known)
			q->field = m->key;
		if (!known)
			return err_set(e, ERR_INVALID, "a stage has no such member");
	}
	const struct json *given = json_get(stage, S("zone"));
	str text = given && given->kind == JSON_TEXT ? given->text : words_zone(name);
	int place = zone_place(text);
	if (place < 0 || (given && given->kind != JSON_TEXT))
		return problem_field(q, e, "zone", "one of tofu, mofu, bofu");
	if (place < *zone)
		return problem_field(q, e, "zone", "zones follow one another: tofu, mofu, bofu");
	*zone = place;
	c->names[c->n++] = name;
	buf_printf(line, "%s%.*s", line->n ? ", " : "", STR_ARG(name));
	json_key(w, name);
	json_object_open(w);
	if (!read_label(c, stage, "en", w, e) || !read_label(c, stage, "de", w, e))
		return false;
	json_key(w, S("zone"));
	json_put_text(w, text);
	json_object_close(w);
	return true;
}

static bool read_line(struct changing *c, err *e)
{
	struct request *q = c->q;
	struct buf line CLEANUP(buf_fini), look CLEANUP(buf_fini);
	struct json_writer w;
	int zone = 0;
	buf_init(&line, 4 * KIB);
	buf_init(&look, 16 * KIB);
	const struct json *stages = q->body && q->body->kind == JSON_OBJECT
					    ? json_get(q->body, S("stages"))
					    : NULL;
	const struct json *anyway = stages ? json_get(q->body, S("anyway")) : NULL;
	if (!stages || stages->kind != JSON_ARRAY || stages->n < STAGES_MIN ||
	    stages->n > STAGES_MAX)
		return problem_field(q, e, "stages", "a list of %d to %d stages is needed",
				     STAGES_MIN, STAGES_MAX);
	for (const struct json *m = json_first(q->body); m; m = json_after(q->body, m)) {
		if (m == stages || (m == anyway && m->kind == JSON_BOOL))
			continue;
		q->field = m->key;
		return err_set(e, ERR_INVALID, "this cannot be said here");
	}
	c->anyway = anyway && anyway->b;
	json_writer_init(&w, &look, false);
	json_object_open(&w);
	for (const struct json *s = json_first(stages); s; s = json_after(stages, s)) {
		if (!read_stage(c, s, &zone, &line, &w, e))
			return false;
	}
	json_object_close(&w);
	if (!buf_ok(&line, e) || !buf_ok(&look, e))
		return false;
	c->line = str_dup(q->arena, buf_view(&line));
	c->look = str_dup(q->arena, buf_view(&look));
	return !q->arena->over || arena_err(q->arena, e);
}

/* How many people are in a stage. */
static bool count_in(struct changing *c, struct settings *s, str stage, uint64_t *n_r, err *e)
{
	struct request *q = c->q;
	struct rule_catalogue catalogue;
	struct directory_page page;
	struct directory_query dq = {
		.entity = ENTITY_PERSON, .now_us = time_now_us(), .limit = 1, .count = true
	};
	str text = str_printf(q->arena, "stage = \"%.*s\"", STR_ARG(stage));
	if (!people_catalogue(snapshot_people(s->snapshot), ENTITY_PERSON, q->arena, &catalogue,
			      e) ||
	    !rule_parse(q->arena, text, &catalogue, &dq.rule, e) ||
	    !directory_page(view_directory(s->view), s->snapshot, &dq, q->arena, &page, e))
		return false;
	*n_r = page.count;
	return true;
}

static bool nobody_is_left_behind(struct changing *c, struct settings *s, err *e)
{
	struct sales_rules r;
	if (c->anyway)
		return true;
	if (!sales_rules_load(s->snapshot, c->q->arena, &r, e))
		return false;
	const struct sales_words line = { c->names, c->n };
	for (size_t i = 0; i < r.stages.n; i++) {
		uint64_t n;
		str gone = r.stages.items[i];
		if (sales_has_word(&line, gone))
			continue;
		if (!count_in(c, s, gone, &n, e))
			return false;
		if (n)
			return err_set(e, ERR_CONFLICT,
				       "%llu %s in stage %.*s, which the new line has not: move "
				       "them first, or say \"anyway\"",
				       (unsigned long long)n, n == 1 ? "person is" : "people are",
				       STR_ARG(gone));
	}
	return true;
}

static bool change_locked(struct request *q, err *e)
{
	struct settings s;
	struct changing c = { .q = q };
	struct journal *j = server_journal(q->server);
	if (!settings_begin(&s, q, NAMES, e))
		return false;
	bool ok = settings_match(&s, q, e) && read_line(&c, e) && nobody_is_left_behind(&c, &s, e);
	settings_end(&s);
	if (ok && !str_eq(c.look, s.texts[LOOK]))
		ok = journal_config_set(j, S("stages.look"), c.look, q->actor.name, e);
	if (ok && !str_eq(c.line, s.texts[LINE]))
		ok = journal_config_set(j, S("stages"), c.line, q->actor.name, e);
	return ok;
}

static bool change(struct request *q, struct answer *a, err *e)
{
	mutex_lock(&q->server->changing);
	bool ok = change_locked(q, e);
	mutex_unlock(&q->server->changing);
	return ok && show(q, a, e);
}

/* ---- reasons, owners ------------------------------------------------------------------------- */

static bool with_rules(struct request *q, struct answer *a,
		       void (*put)(struct json_writer *w, const struct sales_rules *r), err *e)
{
	struct view *v = NULL;
	struct sales_rules r;
	struct json_writer w;
	if (!view_borrow(q->server, &v, e))
		return false;
	bool ok = sales_rules_load(view_snapshot(v), q->arena, &r, e);
	view_return(&v);
	if (!ok)
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	put(&w, &r);
	json_object_close(&w);
	return true;
}

static void put_reasons(struct json_writer *w, const struct sales_rules *r)
{
	words_put_list(w, S("disqualify"), &r->disqualify);
	words_put_list(w, S("loss"), &r->loss);
	words_put_list(w, S("outcomes"), &r->outcomes);
}

static bool reasons(struct request *q, struct answer *a, err *e)
{
	return with_rules(q, a, put_reasons, e);
}

static void put_owners(struct json_writer *w, const struct sales_rules *r)
{
	json_key(w, S("rows"));
	json_array_open(w);
	for (size_t i = 0; i < r->owners_n; i++) {
		json_object_open(w);
		json_key(w, S("id"));
		json_put_uint(w, r->owners[i].user);
		json_key(w, S("name"));
		json_put_text(w, r->owners[i].name);
		json_object_close(w);
	}
	json_array_close(w);
}

static bool owners(struct request *q, struct answer *a, err *e)
{
	return with_rules(q, a, put_owners, e);
}

#define STAGE_ITEM                                                                                 \
	"{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"name\":{\"type\":"         \
	"\"string\"},\"en\":{\"type\":\"string\"},\"de\":{\"type\":\"string\"},\"zone\":{"         \
	"\"type\":\"string\",\"enum\":[\"tofu\",\"mofu\",\"bofu\"]}}}"
#define STAGES_SCHEMA                                                                              \
	"{\"type\":\"object\",\"required\":[\"stages\"],\"properties\":{\"stages\":{\"type\":"     \
	"\"array\",\"items\":" STAGE_ITEM "},\"deal_stages\":{\"type\":\"array\",\"items\":{"      \
	"\"type\":\"object\"}},\"default\":{\"type\":\"boolean\"},\"etag\":{\"type\":\"string\"}}}"

static const struct route_param match[] = {
	{ "If-Match", "header", "{\"type\":\"string\"}", "The ETag of what was read", true },
	{ .name = NULL },
};

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/stages",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = show,
	  .id = "getStages",
	  .tag = "settings",
	  .summary = "The line of stages, with names and zones",
	  .answer_schema = STAGES_SCHEMA },
	{ .method = "PUT",
	  .pattern = "/api/v1/stages",
	  .may = MAY_CONFIGURE,
	  .where = HTTP_WORKER,
	  .body_bytes_max = 16 * KIB,
	  .run = change,
	  .id = "setStages",
	  .tag = "settings",
	  .summary = "Set the line of stages",
	  .params = match,
	  .body_schema = "{\"type\":\"object\",\"required\":[\"stages\"],\"additionalProperties\":"
			 "false,\"properties\":{\"stages\":{\"type\":\"array\",\"minItems\":2,"
			 "\"maxItems\":20,\"items\":" STAGE_ITEM "},\"anyway\":{\"type\":"
			 "\"boolean\",\"description\":\"Also when people are in a stage that is "
			 "taken out\"}}}",
	  .answer_schema = STAGES_SCHEMA },
	{ .method = "GET",
	  .pattern = "/api/v1/reasons",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = reasons,
	  .id = "getReasons",
	  .tag = "work",
	  .summary = "Reasons to disqualify and to lose, outcomes of calls",
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/owners",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = owners,
	  .id = "listOwners",
	  .tag = "work",
	  .summary = "Who can own people, companies and deals",
	  .answer_schema = "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"array\","
			   "\"items\":{\"type\":\"object\"}}}}" },
};
const struct route_list routes_stages = { rows, ARRAY_LEN(rows) };
