/*
 * api_rules.c - what a rule may ask about, and whether one can be read.
 *
 * What it is:   what the field in which people write rules needs: names, types, frequent values;
 *               and for a rule that is wrong, the place, the message, what was probably meant.
 * Threads:      workers.
 */
#include "server/shape_int.h"

#include "base/num.h"
#include "base/time.h"

#define VALUES_MAX	    20
#define VALUE_FIELDS_MAX    60
#define RULE_BODY_BYTES_MAX (RULE_BYTES_MAX * 2)

static const char *type_name(enum rule_type type)
{
	static const char *const NAMES[] = {
		[RULE_TEXT] = "text",  [RULE_NUMBER] = "number", [RULE_BOOL] = "bool",
		[RULE_TIME] = "time",  [RULE_AGE] = "duration",	 [RULE_MONEY] = "money",
		[RULE_MULTI] = "list", [RULE_ANY] = "any",
	};
	return NAMES[type];
}

static const char *help_of(str field)
{
	static const struct {
		str name;
		const char *help;
	} HELP[] = {
		{ S("stage"), "How far along the line: stage = mql" },
		{ S("stage_since"), "When the stage was entered: stage_since last 30d" },
		{ S("time_in_stage"), "How long in the stage: time_in_stage > 14d" },
		{ S("touches"), "How many touches: touches >= 5" },
		{ S("first_seen"), "The first touch: first_seen last 7d" },
		{ S("last_seen"), "The latest touch: last_seen last 7d" },
		{ S("first_source"), "Where the first touch came from" },
		{ S("latest_source"), "Where the latest touch came from" },
		{ S("first_channel"), "The first touch's kind of source" },
		{ S("latest_channel"), "The latest touch's kind of source" },
		{ S("email"), "One of the addresses: email ~ \"*@example.com\"" },
		{ S("number"), "The number in Trichter" },
		{ S("time_in_role"), "How long in the role: time_in_role < 1y" },
	};
	for (size_t i = 0; i < ARRAY_LEN(HELP); i++) {
		if (str_eq(HELP[i].name, field))
			return HELP[i].help;
	}
	return NULL;
}

/* Fields whose values are few enough to choose from. */
static bool has_few_values(const struct rule_field *f)
{
	static const str MANY[] = { S("name"),	      S("email"),     S("first_name"),
				    S("last_name"),   S("full_name"), S("phone"),
				    S("mobile"),      S("user_id"),   S("anonymous_id"),
				    S("external_id"), S("company"),   S("linkedin_url") };
	if (f->type != RULE_TEXT && f->type != RULE_ANY)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(MANY); i++) {
		if (str_eq(f->name, MANY[i]))
			return false;
	}
	return !str_starts(f->name, S("company.")) && !str_starts(f->name, S("role."));
}

static bool put_values(struct request *q, struct json_writer *w, struct view *v, enum entity entity,
		       const struct rule_field *f, err *e)
{
	struct directory_query query = { .entity = entity, .now_us = time_now_us(), .limit = 1 };
	struct directory_facet *facets;
	size_t n;
	json_key(w, S("values"));
	json_array_open(w);
	if (has_few_values(f)) {
		if (!directory_facets(view_directory(v), view_snapshot(v), &query, f->name,
				      VALUES_MAX, q->arena, &facets, &n, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			if (facets[i].value.kind == VALUE_TEXT)
				json_put_text(w, facets[i].value.text);
		}
	}
	json_array_close(w);
	return true;
}

static bool put_fields(struct request *q, struct answer *a, struct view *v, enum entity entity,
		       err *e)
{
	struct rule_catalogue c;
	struct json_writer w;
	if (!people_catalogue(snapshot_people(view_snapshot(v)), entity, q->arena, &c, e))
		return false;
	json_writer_init(&w, &a->body, false);
	json_array_open(&w);
	for (size_t i = 0, shown = 0; i < c.n; i++) {
		const struct rule_field *f = &c.fields[i];
		const char *help = help_of(f->name);
		json_object_open(&w);
		shape_key_text(&w, S("name"), f->name);
		shape_key_text(&w, S("type"), str_of(type_name(f->type)));
		if (shown < VALUE_FIELDS_MAX) {
			shown += has_few_values(f);
			if (!put_values(q, &w, v, entity, f, e))
				return false;
		}
		shape_key_text(&w, S("help"), str_of(help));
		json_object_close(&w);
	}
	json_array_close(&w);
	return true;
}

static bool fields_of(struct request *q, struct answer *a, enum entity entity, err *e)
{
	struct view *v = NULL;
	bool ok = params_known(q, e) && view_borrow(q->server, &v, e) &&
		  put_fields(q, a, v, entity, e);
	view_return(&v);
	return ok;
}

static bool people_fields(struct request *q, struct answer *a, err *e)
{
	return fields_of(q, a, ENTITY_PERSON, e);
}

static bool company_fields(struct request *q, struct answer *a, err *e)
{
	return fields_of(q, a, ENTITY_COMPANY, e);
}

static bool deal_fields(struct request *q, struct answer *a, err *e)
{
	return fields_of(q, a, ENTITY_DEAL, e);
}

/* ---- checking -------------------------------------------------------------------------------- */

/* "line 1, column 14: what is wrong; did you mean "country"?" */
struct complaint {
	uint64_t line, column, length;
	str message, suggestion;
};

static bool take_number(str *rest, str before, char after, uint64_t *n_r)
{
	if (!str_starts(*rest, before))
		return false;
	*rest = str_sub(*rest, before.n, rest->n);
	size_t end = str_index(*rest, after);
	if (end == rest->n || !num_parse_u64(str_sub(*rest, 0, end), n_r))
		return false;
	*rest = str_sub(*rest, end + 1, rest->n);
	return true;
}

/* How much of the rule to underline: the word, text or sign that stands there. */
static uint64_t token_length(str rule, uint64_t line, uint64_t column)
{
	str part = S("");
	for (uint64_t i = 0; i < line && str_next(&rule, '\n', &part); i++)
		continue;
	size_t at = MIN((size_t)(column - 1), part.n), end = at;
	if (at < part.n && part.p[at] == '"') {
		for (end++; end < part.n && part.p[end] != '"'; end++)
			continue;
		return MIN(end + 1, part.n) - at;
	}
	static const char ENDS[] = " \t(),=<>!~\"";
	while (end < part.n && str_index(str_of(ENDS), part.p[end]) == sizeof ENDS - 1)
		end++;
	return end > at ? end - at : 1;
}

static struct complaint complaint_read(str text, str rule)
{
	static const str MEANT = S("did you mean \"");
	struct complaint c = { .line = 1, .column = 1, .length = 1, .message = text };
	str rest = text;
	if (take_number(&rest, S("line "), ',', &c.line) &&
	    take_number(&rest, S(" column "), ':', &c.column) && c.column > 0)
		c.message = str_trim(rest);
	c.length = token_length(rule, c.line, c.column);
	for (size_t i = 0; i + MEANT.n < text.n; i++) {
		if (!str_starts(str_sub(text, i, text.n), MEANT))
			continue;
		str name = str_sub(text, i + MEANT.n, text.n);
		c.suggestion = str_sub(name, 0, str_index(name, '"'));
		break;
	}
	return c;
}

static void put_complaint(struct json_writer *w, const struct complaint *c)
{
	json_key(w, S("ok"));
	json_put_bool(w, false);
	json_key(w, S("line"));
	json_put_uint(w, c->line);
	json_key(w, S("column"));
	json_put_uint(w, c->column);
	json_key(w, S("length"));
	json_put_uint(w, c->length);
	shape_key_text(w, S("message"), c->message);
	json_key(w, S("suggestions"));
	json_array_open(w);
	if (c->suggestion.n)
		json_put_text(w, c->suggestion);
	json_array_close(w);
}

static bool entity_read(struct request *q, bool *touch_r, enum entity *entity_r, err *e)
{
	str name = json_text_of(q->body, S("entity"));
	*touch_r = str_eq(name, S("touch"));
	*entity_r = ENTITY_PERSON;
	if (name.n == 0 || *touch_r)
		return true;
	for (int i = ENTITY_PERSON; i <= ENTITY_DEAL; i++) {
		*entity_r = (enum entity)i;
		if (str_eq(name, str_of(shape_entity(*entity_r))))
			return true;
	}
	return problem_field(q, e, "entity", "person, company, deal or touch is wanted");
}

static bool rule_check(struct request *q, struct answer *a, struct view *v, err *e)
{
	struct rule_catalogue c;
	const struct rule *rule;
	struct json_writer w;
	err why = { 0 };
	bool touch;
	enum entity entity;
	str text = json_text_of(q->body, S("rule"));
	if (!entity_read(q, &touch, &entity, e))
		return false;
	if (touch)
		c = *touch_catalogue();
	else if (!people_catalogue(snapshot_people(view_snapshot(v)), entity, q->arena, &c, e))
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	if (rule_parse(q->arena, text, &c, &rule, &why)) {
		json_key(&w, S("ok"));
		json_put_bool(&w, true);
		shape_key_value(&w, S("canonical"), value_text(rule_print(q->arena, rule)));
	} else if (why.code == ERR_INVALID || why.code == ERR_LIMIT) {
		struct complaint x = complaint_read(str_of(why.text), text);
		put_complaint(&w, &x);
	} else {
		*e = why;
		return false;
	}
	json_object_close(&w);
	return !q->arena->over || arena_err(q->arena, e);
}

static bool check_rule(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	if (q->body == NULL || q->body->kind != JSON_OBJECT)
		return err_set(e, ERR_INVALID, "The body has to be a JSON object");
	bool ok = view_borrow(q->server, &v, e) && rule_check(q, a, v, e);
	view_return(&v);
	return ok;
}

#define FIELDS_SCHEMA "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/people/fields",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = people_fields,
	  .id = "listPeopleFields",
	  .tag = "rules",
	  .summary = "What a rule about people may ask",
	  .answer_schema = FIELDS_SCHEMA },
	{ .method = "GET",
	  .pattern = "/api/v1/companies/fields",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = company_fields,
	  .id = "listCompanyFields",
	  .tag = "rules",
	  .summary = "What a rule about companies may ask",
	  .answer_schema = FIELDS_SCHEMA },
	{ .method = "GET",
	  .pattern = "/api/v1/deals/fields",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = deal_fields,
	  .id = "listDealFields",
	  .tag = "rules",
	  .summary = "What a rule about deals may ask",
	  .answer_schema = FIELDS_SCHEMA },
	{ .method = "POST",
	  .pattern = "/api/v1/rules/check",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .body_bytes_max = RULE_BODY_BYTES_MAX,
	  .run = check_rule,
	  .id = "checkRule",
	  .tag = "rules",
	  .summary = "Can this rule be read, and if not, where is it wrong?",
	  .body_schema = "{\"type\":\"object\",\"required\":[\"rule\"],\"properties\":{\"entity\":{"
			 "\"type\":\"string\",\"enum\":[\"person\",\"company\",\"deal\",\"touch\"]}"
			 ",\"rule\":{\"type\":\"string\"}}}",
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_rules = { rows, ARRAY_LEN(rows) };
