/*
 * openapi.c - the table of routes as an OpenAPI 3.1 document.
 *
 * What it is:   every row with a summary, its parameters and shapes, who may, and how one signs in.
 * Promises:     see openapi_int.h. Shapes are parsed before they are printed, so that a mistake in
 *               one is an error with its place and not a broken document.
 * Threads:      nothing shared.
 */
#include "server/openapi_int.h"

#include <string.h>

#define SCHEMA_BYTES_MAX (64 * KIB)
#define SCHEMA_ARENA_MAX (8 * MIB)
#define METHODS_MAX	 8

struct openapi {
	struct json_writer w;
	struct json_parser *parser;
	struct arena arena;
	uint64_t used; /* schemas that something refers to, by number */
	err e;	       /* the first error */
};

const char *may_name(enum may may)
{
	static const char *const names[MAY_N] = {
		[MAY_ANYONE] = "anyone",       [MAY_SIGNED_IN] = "signed_in",
		[MAY_READ] = "read",	       [MAY_WORK] = "work",
		[MAY_MARKET] = "market",       [MAY_IMPORT] = "import",
		[MAY_CONFIGURE] = "configure", [MAY_ADMINISTER] = "administer",
	};
	return names[may];
}

bool route_path_param(const struct route *row, size_t *at, str *name_r)
{
	str pattern = str_of(row->pattern);
	str rest = str_sub(pattern, *at, pattern.n);
	size_t open = str_index(rest, '{');
	if (open == rest.n)
		return false;
	size_t close = str_index(rest, '}');
	*name_r = str_sub(rest, open + 1, close - open - 1);
	*at += close + 1;
	return true;
}

const struct route_param *route_param_find(const struct route *row, const char *in, str name)
{
	for (const struct route_param *p = row->params; p != NULL && p->name != NULL; p++) {
		if (strcmp(p->in, in) == 0 && str_eq(name, str_of(p->name)))
			return p;
	}
	return NULL;
}

static void key(struct openapi *o, const char *name)
{
	json_key(&o->w, str_of(name));
}

static void text(struct openapi *o, const char *name, const char *words)
{
	key(o, name);
	json_put_text(&o->w, str_of(words));
}

static void open_at(struct openapi *o, const char *name)
{
	key(o, name);
	json_object_open(&o->w);
}

#define REF_BEGIN "#/components/schemas/"

static void use(struct openapi *o, str name)
{
	for (size_t i = 0; schema_at(i) != NULL; i++) {
		if (str_eq(name, str_of(schema_at(i)->name)))
			o->used |= UINT64_C(1) << i;
	}
}

static void put_node(struct openapi *o, const struct json *n)
{
	struct json_writer *w = &o->w;
	switch (n->kind) {
	case JSON_NULL:
		json_put_null(w);
		break;
	case JSON_BOOL:
		json_put_bool(w, n->b);
		break;
	case JSON_INT:
		json_put_int(w, n->i);
		break;
	case JSON_REAL:
		json_put_real(w, n->real);
		break;
	case JSON_TEXT:
		json_put_text(w, n->text);
		break;
	case JSON_ARRAY:
		json_array_open(w);
		for (const struct json *c = json_first(n); c != NULL; c = json_after(n, c))
			put_node(o, c);
		json_array_close(w);
		break;
	case JSON_OBJECT:
		json_object_open(w);
		for (const struct json *c = json_first(n); c != NULL; c = json_after(n, c)) {
			if (c->kind == JSON_TEXT && str_starts(c->text, S(REF_BEGIN)))
				use(o, str_sub(c->text, sizeof REF_BEGIN - 1, c->text.n));
			json_key(w, c->key);
			put_node(o, c);
		}
		json_object_close(w);
		break;
	}
}

/* JSON Schema as text, or the name of one of openapi_schemas.c. `where` is for the error. */
static void put_schema(struct openapi *o, const char *schema, const char *where)
{
	const struct json *root = NULL;
	err e = { 0 };
	if (schema[0] != '{') {
		if (schema_find(str_of(schema)) == NULL)
			err_set(&o->e, ERR_INVALID, "%s: there is no schema %s", where, schema);
		use(o, str_of(schema));
		str ref = str_printf(&o->arena, REF_BEGIN "%s", schema);
		json_object_open(&o->w);
		key(o, "$ref");
		json_put_text(&o->w, ref);
		json_object_close(&o->w);
		return;
	}
	if (json_parse(o->parser, str_of(schema), &o->arena, &root, &e)) {
		put_node(o, root);
		return;
	}
	json_put_null(&o->w);
	if (o->e.code == ERR_NONE)
		err_set(&o->e, ERR_INVALID, "%s: %s", where, e.text);
}

static void put_content(struct openapi *o, const char *type, const char *schema, const char *where)
{
	open_at(o, "content");
	open_at(o, type != NULL ? type : "application/json");
	key(o, "schema");
	put_schema(o, schema, where);
	json_object_close(&o->w);
	json_object_close(&o->w);
}

static void put_param(struct openapi *o, const char *name, const char *in, bool required,
		      const char *schema, const char *help, const char *where)
{
	json_object_open(&o->w);
	text(o, "name", name);
	text(o, "in", in);
	key(o, "required");
	json_put_bool(&o->w, required);
	if (help != NULL)
		text(o, "description", help);
	key(o, "schema");
	put_schema(o, schema, where);
	json_object_close(&o->w);
}

static void put_params(struct openapi *o, const struct route *row)
{
	str name;
	size_t at = 0;
	bool any = (row->params != NULL && row->params[0].name != NULL) ||
		   route_path_param(row, &at, &name);
	if (!any)
		return;
	key(o, "parameters");
	json_array_open(&o->w);
	for (at = 0; route_path_param(row, &at, &name);) {
		char *z = str_cstr(&o->arena, name);
		if (z != NULL && route_param_find(row, "path", name) == NULL)
			put_param(o, z, "path", true, "{\"type\":\"integer\",\"minimum\":1}", NULL,
				  row->pattern);
	}
	for (const struct route_param *p = row->params; p != NULL && p->name != NULL; p++)
		put_param(o, p->name, p->in, p->required || strcmp(p->in, "path") == 0, p->schema,
			  p->help, row->pattern);
	json_array_close(&o->w);
}

static void put_scheme_use(struct openapi *o, const char *name)
{
	json_object_open(&o->w);
	key(o, name);
	json_array_open(&o->w);
	json_array_close(&o->w);
	json_object_close(&o->w);
}

static void put_security(struct openapi *o, const struct route *row)
{
	key(o, "security");
	json_array_open(&o->w);
	if (str_starts(str_of(row->pattern), S("/v1/")))
		put_scheme_use(o, "writeKey");
	else if (row->may != MAY_ANYONE)
		put_scheme_use(o, "session");
	if (row->may != MAY_ANYONE && row->may != MAY_SIGNED_IN) {
		put_scheme_use(o, "secretKey");
		put_scheme_use(o, "secretKeyAsUser");
	}
	json_array_close(&o->w);
}

/* Tables and drawings say so in their names. */
static const char *answer_type_of(const struct route *row)
{
	if (row->answer_type != NULL)
		return row->answer_type;
	if (str_ends(str_of(row->pattern), S(".csv")))
		return "text/csv";
	return str_ends(str_of(row->pattern), S(".svg")) ? "image/svg+xml" : NULL;
}

static void put_responses(struct openapi *o, const struct route *row)
{
	char status[4] = "200";
	int n = row->answer_status != 0 ? row->answer_status : 200;
	CHECK(n >= 100 && n <= 599);
	status[0] = (char)('0' + n / 100);
	status[1] = (char)('0' + n / 10 % 10);
	status[2] = (char)('0' + n % 10);
	open_at(o, "responses");
	open_at(o, status);
	text(o, "description",
	     n == 201	? "Made"
	     : n == 202 ? "Taken"
	     : n == 204 ? "Done"
			: "Answer");
	const char *type = answer_type_of(row);
	if (n != 204 && type != NULL && row->answer_schema == NULL)
		put_content(o, type, "{\"type\":\"string\"}", row->pattern);
	else if (n != 204 && row->answer_schema != NULL)
		put_content(o, type, row->answer_schema, row->pattern);
	json_object_close(&o->w);
	static const char *const problems[] = { "4XX", "5XX" };
	for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
		open_at(o, problems[i]);
		text(o, "$ref", "#/components/responses/Problem");
		json_object_close(&o->w);
	}
	json_object_close(&o->w);
}

static void put_operation(struct openapi *o, const struct route *row)
{
	static const struct {
		const char *method, *name;
	} names[] = { { "GET", "get" },	    { "POST", "post" },	    { "PUT", "put" },
		      { "PATCH", "patch" }, { "DELETE", "delete" }, { "OPTIONS", "options" } };
	const char *method = "get";
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i].method, row->method) == 0)
			method = names[i].name;
	}
	open_at(o, method);
	text(o, "operationId", row->id);
	key(o, "tags");
	json_array_open(&o->w);
	json_put_text(&o->w, str_of(row->tag));
	json_array_close(&o->w);
	text(o, "summary", row->summary);
	text(o, "x-may", may_name(row->may));
	put_security(o, row);
	put_params(o, row);
	if (row->body_schema != NULL || row->body_type != NULL) {
		open_at(o, "requestBody");
		key(o, "required");
		json_put_bool(&o->w, true);
		put_content(o, row->body_type,
			    row->body_schema != NULL ? row->body_schema : "{\"type\":\"string\"}",
			    row->pattern);
		json_object_close(&o->w);
	}
	put_responses(o, row);
	json_object_close(&o->w);
}

/* The described row number `i` over all lists; NULL past the end. */
static const struct route *row_at(size_t i)
{
	const struct route_list *list;
	for (size_t k = 0; (list = route_list_at(k)) != NULL; k++) {
		if (i < list->n)
			return &list->rows[i];
		i -= list->n;
	}
	return NULL;
}

static bool is_described(const struct route *row)
{
	return row->summary != NULL && strcmp(row->method, "OPTIONS") != 0;
}

static void put_paths(struct openapi *o)
{
	const struct route *row, *other;
	open_at(o, "paths");
	for (size_t i = 0; (row = row_at(i)) != NULL; i++) {
		bool first = is_described(row);
		for (size_t k = 0; k < i && first; k++) {
			other = row_at(k);
			first = !is_described(other) || strcmp(other->pattern, row->pattern) != 0;
		}
		if (!first)
			continue;
		open_at(o, row->pattern);
		for (size_t k = i; (other = row_at(k)) != NULL; k++) {
			if (is_described(other) && strcmp(other->pattern, row->pattern) == 0)
				put_operation(o, other);
		}
		json_object_close(&o->w);
	}
	json_object_close(&o->w);
}

static void put_scheme(struct openapi *o, const char *name, const char *schema)
{
	key(o, name);
	put_schema(o, schema, name);
}

static void put_components(struct openapi *o)
{
	open_at(o, "components");
	open_at(o, "securitySchemes");
	put_scheme(o, "session",
		   "{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"trichter\","
		   "\"description\":\"Set by POST /api/v1/session. Whatever changes something also "
		   "needs the header X-CSRF-Token with the session's csrf.\"}");
	put_scheme(o, "secretKey",
		   "{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"A secret key "
		   "(tsk_...)\"}");
	put_scheme(
		o, "secretKeyAsUser",
		"{\"type\":\"http\",\"scheme\":\"basic\",\"description\":\"A secret key as user, "
		"no password\"}");
	put_scheme(o, "writeKey",
		   "{\"type\":\"http\",\"scheme\":\"basic\",\"description\":\"A write key as user, "
		   "no password; or writeKey in the body\"}");
	json_object_close(&o->w);
	open_at(o, "responses");
	open_at(o, "Problem");
	text(o, "description", "What went wrong, as a problem document");
	put_content(o, "application/problem+json", "Problem", "Problem");
	json_object_close(&o->w);
	json_object_close(&o->w);
	open_at(o, "schemas");
	for (size_t i = 0; schema_at(i) != NULL; i++) {
		CHECK(i < 64);
		if ((o->used >> i & 1) == 0)
			continue;
		key(o, schema_at(i)->name);
		put_schema(o, schema_at(i)->text, schema_at(i)->name);
	}
	json_object_close(&o->w);
	json_object_close(&o->w);
}

static void put_head(struct openapi *o)
{
	text(o, "openapi", "3.1.0");
	open_at(o, "info");
	text(o, "title", "Trichter");
	text(o, "version", TRICHTER_VERSION);
	text(o, "description",
	     "One funnel from visitor to customer. Times are RFC 3339 in UTC, money is in a "
	     "currency's smallest unit, lists are paged by cursor, errors are problem documents.");
	open_at(o, "license");
	text(o, "name", "Apache 2.0");
	text(o, "identifier", "Apache-2.0");
	json_object_close(&o->w);
	json_object_close(&o->w);
	key(o, "servers");
	json_array_open(&o->w);
	json_object_open(&o->w);
	text(o, "url", "/");
	text(o, "description", "This server");
	json_object_close(&o->w);
	json_array_close(&o->w);
	key(o, "tags");
	json_array_open(&o->w);
	for (size_t i = 0; tag_at(i) != NULL; i++) {
		json_object_open(&o->w);
		text(o, "name", tag_at(i)->name);
		text(o, "description", tag_at(i)->help);
		json_object_close(&o->w);
	}
	json_array_close(&o->w);
}

bool server_openapi(struct buf *out, err *e)
{
	struct openapi o = { .parser = NULL };
	if (!json_parser_new(&o.parser, SCHEMA_BYTES_MAX, e))
		return false;
	arena_init(&o.arena, SCHEMA_ARENA_MAX);
	json_writer_init(&o.w, out, true);
	json_object_open(&o.w);
	put_head(&o);
	put_paths(&o);
	put_components(&o);
	json_object_close(&o.w);
	buf_byte(out, '\n');
	json_parser_free(&o.parser);
	bool ok = !o.arena.over || arena_err(&o.arena, e);
	arena_fini(&o.arena);
	if (o.e.code != ERR_NONE)
		return err_set(e, o.e.code, "%s", o.e.text);
	return ok && buf_ok(out, e);
}
