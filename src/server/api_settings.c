/*
 * api_settings.c - the workspace and its privacy: what holds, and changing it.
 *
 * What it is:   GET shows what holds, defaults included; PATCH with If-Match changes the members
 *               that it names. Each part is one value of the configuration, so that the audit log
 *               tells who changed what.
 * Promises:     what is not known is refused, what is not changed stays as it is.
 * Threads:      workers; one change at a time.
 */
#include "server/server_int.h"
#include "server/settings_int.h"
#include "server/shape_int.h"

#include "base/num.h"
#include "base/time.h"

#define DOMAINS_MAX 50
#define NOTE_MAX    ((size_t)2000)

enum { WORKSPACE, PRIVACY, REASONS_DISQUALIFY, REASONS_LOSS };
static const char *const NAMES[] = { "workspace", "privacy", "reasons.disqualify", "reasons.loss",
				     NULL };

enum member_kind {
	MEMBER_NAME,
	MEMBER_CURRENCY,
	MEMBER_DOMAINS,
	MEMBER_BOOL,
	MEMBER_MONTHS,
	MEMBER_NOTE
};
struct member {
	const char *part; /* of the document */
	size_t at;	  /* its value in the configuration */
	const char *name;
	enum member_kind kind;
	bool on; /* MEMBER_BOOL: unless it is set */
};
static const struct member MEMBERS[] = {
	{ "workspace", WORKSPACE, "name", MEMBER_NAME, false },
	{ "workspace", WORKSPACE, "currency", MEMBER_CURRENCY, false },
	{ "workspace", WORKSPACE, "domains", MEMBER_DOMAINS, false },
	{ "privacy", PRIVACY, "dnt", MEMBER_BOOL, true },
	{ "privacy", PRIVACY, "gpc", MEMBER_BOOL, true },
	{ "privacy", PRIVACY, "retention", MEMBER_MONTHS, false },
	{ "privacy", PRIVACY, "retention_note", MEMBER_NOTE, false },
};

/* ---- shown ----------------------------------------------------------------------------------- */

static void put_domains(struct json_writer *w, const struct json *list)
{
	json_array_open(w);
	if (list && list->kind == JSON_ARRAY) {
		for (const struct json *c = json_first(list); c; c = json_after(list, c))
			json_put_text(w, c->kind == JSON_TEXT ? c->text : S(""));
	}
	json_array_close(w);
}

static void put_member(struct json_writer *w, const struct member *m, const struct json *o)
{
	const struct json *v = o ? json_get(o, str_of(m->name)) : NULL;
	str text = v && v->kind == JSON_TEXT ? v->text : S("");
	json_key(w, str_of(m->name));
	switch (m->kind) {
	case MEMBER_NAME:
	case MEMBER_NOTE:
		json_put_text(w, text);
		return;
	case MEMBER_CURRENCY:
		json_put_text(w, text.n ? text : S("EUR"));
		return;
	case MEMBER_DOMAINS:
		put_domains(w, v);
		return;
	case MEMBER_MONTHS:
		if (v && v->kind == JSON_INT)
			json_put_int(w, v->i);
		else
			json_put_null(w);
		return;
	case MEMBER_BOOL:
		json_put_bool(w, v && v->kind == JSON_BOOL ? v->b : m->on);
		return;
	}
}

static void put_part(struct json_writer *w, const char *part, const struct json *o)
{
	json_key(w, str_of(part));
	json_object_open(w);
	for (size_t i = 0; i < ARRAY_LEN(MEMBERS); i++) {
		if (str_eq(str_of(part), str_of(MEMBERS[i].part)))
			put_member(w, &MEMBERS[i], o);
	}
	if (str_eq(str_of(part), S("workspace"))) {
		json_key(w, S("zone"));
		json_put_text(w, str_of(zone_name()));
	}
	json_object_close(w);
}

static void put_limit(struct json_writer *w, str key, size_t n)
{
	json_key(w, key);
	json_put_uint(w, n);
}

static bool put_settings(struct settings *s, struct request *q, struct answer *a, err *e)
{
	struct sales_rules r;
	struct json_writer w;
	if (!sales_rules_load(s->snapshot, q->arena, &r, e))
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	put_part(&w, "workspace", settings_object(s, q, WORKSPACE));
	put_part(&w, "privacy", settings_object(s, q, PRIVACY));
	json_key(&w, S("reasons"));
	json_object_open(&w);
	words_put_list(&w, S("disqualify"), &r.disqualify);
	words_put_list(&w, S("loss"), &r.loss);
	json_object_close(&w);
	json_key(&w, S("limits"));
	json_object_open(&w);
	put_limit(&w, S("note_bytes"), SALES_NOTE_BYTES_MAX);
	put_limit(&w, S("line_bytes"), SALES_LINE_BYTES_MAX);
	put_limit(&w, S("value_bytes"), SALES_VALUE_BYTES_MAX);
	put_limit(&w, S("name_bytes"), SALES_NAME_BYTES_MAX);
	put_limit(&w, S("deal_people"), DEAL_PEOPLE_MAX);
	json_object_close(&w);
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
	bool ok = put_settings(&s, q, a, e);
	settings_end(&s);
	return ok;
}

/* ---- changed --------------------------------------------------------------------------------- */

static bool check_text(struct request *q, const struct member *m, const struct json *v, err *e)
{
	bool note = m->kind == MEMBER_NOTE;
	if (v->kind != JSON_TEXT)
		return problem_field(q, e, m->name, "a text is needed");
	const char *fault = sales_text_fault(v->text, note ? SALES_LINES : SALES_LINE,
					     note ? NOTE_MAX : SALES_NAME_BYTES_MAX);
	return !fault || problem_field(q, e, m->name, "%s", fault);
}

static bool check_domains(struct request *q, const struct member *m, const struct json *v, err *e)
{
	if (v->kind != JSON_ARRAY || v->n > DOMAINS_MAX)
		return problem_field(q, e, m->name, "a list of at most %d domains is needed",
				     DOMAINS_MAX);
	for (const struct json *c = json_first(v); c; c = json_after(v, c)) {
		bool good = c->kind == JSON_TEXT && c->text.n >= 4 &&
			    str_contains(c->text, S(".")) && !str_contains(c->text, S(" ")) &&
			    !str_contains(c->text, S("/")) &&
			    !sales_text_fault(c->text, SALES_LINE, SALES_NAME_BYTES_MAX);
		if (!good)
			return problem_field(q, e, m->name,
					     "each has to be a domain such as example.com");
	}
	return true;
}

static bool check_member(struct request *q, const struct member *m, const struct json *v, err *e)
{
	switch (m->kind) {
	case MEMBER_NAME:
	case MEMBER_NOTE:
		return check_text(q, m, v, e);
	case MEMBER_CURRENCY:
		return (v->kind == JSON_TEXT && num_is_currency(v->text)) ||
		       problem_field(q, e, m->name, "a currency of ISO 4217 such as EUR is needed");
	case MEMBER_DOMAINS:
		return check_domains(q, m, v, e);
	case MEMBER_MONTHS:
		return v->kind == JSON_NULL ||
		       (v->kind == JSON_INT && v->i >= 1 && v->i <= RETENTION_MONTHS_MAX) ||
		       problem_field(q, e, m->name,
				     "a number of months from 1 to %d is needed, or none",
				     RETENTION_MONTHS_MAX);
	case MEMBER_BOOL:
		return v->kind == JSON_BOOL || problem_field(q, e, m->name, "true or false");
	}
	return false;
}

static const struct member *member_find(const char *part, str name)
{
	for (size_t i = 0; i < ARRAY_LEN(MEMBERS); i++) {
		if (str_eq(str_of(part), str_of(MEMBERS[i].part)) &&
		    str_eq(name, str_of(MEMBERS[i].name)))
			return &MEMBERS[i];
	}
	return NULL;
}

static void copy_json(struct json_writer *w, const struct json *v)
{
	switch (v->kind) {
	case JSON_NULL:
		json_put_null(w);
		return;
	case JSON_BOOL:
		json_put_bool(w, v->b);
		return;
	case JSON_INT:
		json_put_int(w, v->i);
		return;
	case JSON_REAL:
		json_put_real(w, v->real);
		return;
	case JSON_TEXT:
		json_put_text(w, v->text);
		return;
	case JSON_ARRAY:
		json_array_open(w);
		for (const struct json *c = json_first(v); c; c = json_after(v, c))
			copy_json(w, c);
		json_array_close(w);
		return;
	case JSON_OBJECT:
		json_object_open(w);
		for (const struct json *c = json_first(v); c; c = json_after(v, c)) {
			json_key(w, c->key);
			copy_json(w, c);
		}
		json_object_close(w);
		return;
	}
}

/* The old object with the members of `changes` in place of its own. */
static bool merged(struct request *q, const struct json *old, const struct json *changes,
		   str *text_r, err *e)
{
	struct buf b CLEANUP(buf_fini);
	struct json_writer w;
	buf_init(&b, 64 * KIB);
	json_writer_init(&w, &b, false);
	json_object_open(&w);
	for (const struct json *c = old ? json_first(old) : NULL; c; c = json_after(old, c)) {
		if (json_get(changes, c->key))
			continue;
		json_key(&w, c->key);
		copy_json(&w, c);
	}
	for (const struct json *c = json_first(changes); c; c = json_after(changes, c)) {
		json_key(&w, c->key);
		copy_json(&w, c);
	}
	json_object_close(&w);
	if (!buf_ok(&b, e))
		return false;
	*text_r = str_dup(q->arena, buf_view(&b));
	return text_r->p || arena_err(q->arena, e);
}

static bool change_part(struct request *q, struct settings *s, const struct json *part, str *text_r,
			size_t *at_r, err *e)
{
	const char *name = str_eq(part->key, S("workspace")) ? "workspace" : "privacy";
	*at_r = str_eq(part->key, S("workspace")) ? WORKSPACE : PRIVACY;
	if (part->kind != JSON_OBJECT)
		return problem_field(q, e, name, "an object is needed");
	for (const struct json *c = json_first(part); c; c = json_after(part, c)) {
		const struct member *m = member_find(name, c->key);
		if (!m && str_eq(c->key, S("zone")))
			return problem_field(q, e, "zone",
					     "the zone belongs to the machine: trichter config set "
					     "zone, then start again");
		if (!m)
			q->field = c->key;
		if (!m)
			return err_set(e, ERR_INVALID, "there is no such setting");
		if (!check_member(q, m, c, e))
			return false;
	}
	return merged(q, settings_object(s, q, *at_r), part, text_r, e);
}

/* ["no fit", …] as a list of the configuration. */
static bool change_words(struct request *q, const struct json *list, const char *name, str *text_r,
			 err *e)
{
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, 16 * KIB);
	if (list->kind != JSON_ARRAY || list->n == 0 || list->n > SALES_WORDS_MAX)
		return problem_field(q, e, name, "a list of 1 to %zu reasons is needed",
				     SALES_WORDS_MAX);
	for (const struct json *c = json_first(list); c; c = json_after(list, c)) {
		str t = c->kind == JSON_TEXT ? str_trim(c->text) : S("");
		if (t.n == 0 || sales_text_fault(t, SALES_LINE, 80) || str_contains(t, S(",")))
			return problem_field(q, e, name,
					     "each is a text of 1 to 80 bytes without a comma");
		buf_printf(&b, "%s%.*s", b.n ? ", " : "", STR_ARG(t));
	}
	if (!buf_ok(&b, e))
		return false;
	*text_r = str_dup(q->arena, buf_view(&b));
	return text_r->p || arena_err(q->arena, e);
}

static bool change_reasons(struct request *q, const struct json *part, str texts[], err *e)
{
	if (part->kind != JSON_OBJECT)
		return problem_field(q, e, "reasons", "an object is needed");
	for (const struct json *c = json_first(part); c; c = json_after(part, c)) {
		bool loss = str_eq(c->key, S("loss"));
		if (!loss && !str_eq(c->key, S("disqualify")))
			return problem_field(q, e, "reasons",
					     "there are \"disqualify\" and \"loss\"");
		if (!change_words(q, c, loss ? "loss" : "disqualify",
				  &texts[loss ? REASONS_LOSS : REASONS_DISQUALIFY], e))
			return false;
	}
	return true;
}

/* Everything is checked before anything is set. */
static bool read_changes(struct request *q, struct settings *s, str texts[], err *e)
{
	if (!q->body || q->body->kind != JSON_OBJECT)
		return err_set(e, ERR_INVALID, "The body has to be a JSON object");
	for (const struct json *c = json_first(q->body); c; c = json_after(q->body, c)) {
		size_t at;
		str text;
		if (str_eq(c->key, S("reasons"))) {
			if (!change_reasons(q, c, texts, e))
				return false;
			continue;
		}
		if (!str_eq(c->key, S("workspace")) && !str_eq(c->key, S("privacy"))) {
			q->field = c->key;
			return err_set(e, ERR_INVALID, "there are no such settings");
		}
		if (!change_part(q, s, c, &text, &at, e))
			return false;
		texts[at] = text;
	}
	return true;
}

static bool change_locked(struct request *q, err *e)
{
	struct settings s;
	str texts[SETTINGS_NAMES_MAX] = { 0 };
	if (!settings_begin(&s, q, NAMES, e))
		return false;
	bool ok = settings_match(&s, q, e) && read_changes(q, &s, texts, e);
	settings_end(&s);
	for (size_t i = 0; ok && i < SETTINGS_NAMES_MAX; i++) {
		ok = texts[i].n == 0 || str_eq(texts[i], s.texts[i]) ||
		     journal_config_set(server_journal(q->server), str_of(NAMES[i]), texts[i],
					q->actor.name, e);
	}
	return ok;
}

static bool change(struct request *q, struct answer *a, err *e)
{
	mutex_lock(&q->server->changing);
	bool ok = change_locked(q, e);
	mutex_unlock(&q->server->changing);
	return ok && show(q, a, e);
}

#define SETTINGS_SCHEMA                                                                            \
	"{\"type\":\"object\",\"properties\":{\"workspace\":{\"type\":\"object\",\"properties\":"  \
	"{\"name\":{\"type\":\"string\"},\"zone\":{\"type\":\"string\"},\"currency\":{\"type\":"   \
	"\"string\"},\"domains\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}},"          \
	"\"privacy\":{\"type\":\"object\",\"properties\":{\"dnt\":{\"type\":\"boolean\"},\"gpc\":" \
	"{\"type\":\"boolean\"},\"retention\":{\"type\":[\"integer\",\"null\"]},"                  \
	"\"retention_note\":{\"type\":\"string\"}}},\"reasons\":{\"type\":"                        \
	"\"object\"},\"limits\":{\"type\":\"object\"},\"etag\":{\"type\":\"string\"}}}"

static const struct route_param match[] = {
	{ "If-Match", "header", "{\"type\":\"string\"}", "The ETag of what was read", true },
	{ .name = NULL },
};

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/settings",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = show,
	  .id = "getSettings",
	  .tag = "settings",
	  .summary = "Workspace, privacy, reasons, and limits of what may be typed",
	  .answer_schema = SETTINGS_SCHEMA },
	{ .method = "PATCH",
	  .pattern = "/api/v1/settings",
	  .may = MAY_CONFIGURE,
	  .where = HTTP_WORKER,
	  .body_bytes_max = 32 * KIB,
	  .run = change,
	  .id = "updateSettings",
	  .tag = "settings",
	  .summary = "Change settings of the workspace",
	  .params = match,
	  .body_schema = SETTINGS_SCHEMA,
	  .answer_schema = SETTINGS_SCHEMA },
};
const struct route_list routes_settings = { rows, ARRAY_LEN(rows) };
