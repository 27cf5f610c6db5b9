/*
 * import_json.c - imports, jobs and previews as JSON.
 *
 * What it is:   writers; nothing is decided here.
 * Threads:      workers.
 */
#include "server/import_json_int.h"

#include "base/time.h"

#include <string.h>

#define STATE_BYTES_MAX MIB

static void put_node(struct json_writer *w, const struct json *node)
{
	switch (node->kind) {
	case JSON_NULL:
		json_put_null(w);
		return;
	case JSON_BOOL:
		json_put_bool(w, node->b);
		return;
	case JSON_INT:
		json_put_int(w, node->i);
		return;
	case JSON_REAL:
		json_put_real(w, node->real);
		return;
	case JSON_TEXT:
		json_put_text(w, node->text);
		return;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	bool object = node->kind == JSON_OBJECT;
	if (object)
		json_object_open(w);
	else
		json_array_open(w);
	for (const struct json *c = json_first(node); c; c = json_after(node, c)) {
		if (object)
			json_key(w, c->key);
		put_node(w, c);
	}
	if (object)
		json_object_close(w);
	else
		json_array_close(w);
}

void import_put_node(struct buf *b, const struct json *node)
{
	struct json_writer w;
	json_writer_init(&w, b, false);
	put_node(&w, node);
}

static void put_text(struct json_writer *w, const char *key, str text)
{
	json_key(w, str_of(key));
	json_put_text(w, text);
}

static void put_count(struct json_writer *w, const char *key, uint64_t n)
{
	json_key(w, str_of(key));
	json_put_uint(w, n);
}

static void put_time(struct json_writer *w, const char *key, int64_t at_us)
{
	char text[TIME_TEXT_MAX];
	json_key(w, str_of(key));
	if (at_us)
		json_put_text(w, time_print(text, at_us));
	else
		json_put_null(w);
}

/* ---- previews -------------------------------------------------------------------------------- */

static void put_column(struct json_writer *w, const struct load_column *c, size_t rows)
{
	static const char *const USES[] = { [LOAD_USE_FIELD] = "field",
					    [LOAD_USE_TRAIT] = "trait",
					    [LOAD_USE_STAGE_DATE] = "stage_date",
					    [LOAD_USE_IGNORE] = "ignore" };
	json_object_open(w);
	put_text(w, "header", c->header);
	put_text(w, "use", str_of(USES[c->use]));
	put_text(w, "key", c->key);
	put_text(w, "type", str_of(c->type));
	put_text(w, "date_format", c->pattern);
	json_key(w, S("ambiguous"));
	json_put_bool(w, c->ambiguous);
	json_key(w, S("samples"));
	json_array_open(w);
	for (size_t i = 0; i < rows; i++)
		json_put_text(w, c->samples[i]);
	json_array_close(w);
	json_object_close(w);
}

void import_put_preview(struct buf *b, str name, const struct load_preview *p)
{
	struct json_writer w;
	json_writer_init(&w, b, false);
	json_object_open(&w);
	put_text(&w, "name", name);
	json_key(&w, S("kind"));
	if (p->kind_known)
		json_put_text(&w, str_of(load_kind_name(p->kind)));
	else
		json_put_null(&w);
	json_key(&w, S("problem"));
	if (p->problem.n > 0)
		json_put_text(&w, p->problem);
	else
		json_put_null(&w);
	json_key(&w, S("segment"));
	json_put_bool(&w, p->segment);
	json_key(&w, S("columns"));
	json_array_open(&w);
	for (size_t i = 0; i < p->columns_n; i++)
		put_column(&w, &p->columns[i], p->rows_n);
	json_array_close(&w);
	json_key(&w, S("touches"));
	json_array_open(&w);
	for (size_t i = 0; i < p->touches_n; i++)
		json_put_text(&w, p->touches[i]);
	json_array_close(&w);
	json_object_close(&w);
}

void import_put_fields(struct buf *b, enum load_kind kind)
{
	struct json_writer w;
	const char *name, *type;
	json_writer_init(&w, b, false);
	json_object_open(&w);
	put_text(&w, "kind", str_of(load_kind_name(kind)));
	json_key(&w, S("fields"));
	json_array_open(&w);
	for (size_t i = 0; load_field_at(kind, i, &name, &type); i++) {
		json_object_open(&w);
		put_text(&w, "name", str_of(name));
		put_text(&w, "type", str_of(type));
		json_object_close(&w);
	}
	json_array_close(&w);
	json_object_close(&w);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

static void put_result(struct json_writer *w, const struct load_result *r, str notes)
{
	const struct {
		const char *key;
		uint64_t n;
	} counts[] = {
		{ "read", r->read },
		{ "accepted", r->accepted },
		{ "duplicate", r->duplicate },
		{ "rejected", r->rejected },
		{ "skipped", r->skipped },
		{ "touches", r->touches },
		{ "people_new", r->people_new },
		{ "people_updated", r->people_updated },
		{ "companies_new", r->companies_new },
		{ "deals_new", r->deals_new },
	};
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		put_count(w, counts[i].key, counts[i].n);
	json_key(w, S("notes"));
	json_array_open(w);
	for (str line; str_next(&notes, '\n', &line);) {
		if (line.n > 0)
			json_put_text(w, line);
	}
	json_array_close(w);
}

void import_put_job(struct buf *b, const struct import_job *job)
{
	static const char *const WHAT[] = { [IMPORT_JOB_LOAD] = "import",
					    [IMPORT_JOB_REHEARSE] = "dry_run",
					    [IMPORT_JOB_UNDO] = "undo" };
	static const char *const STATES[] = { [IMPORT_JOB_WAITING] = "waiting",
					      [IMPORT_JOB_RUNNING] = "running",
					      [IMPORT_JOB_DONE] = "done",
					      [IMPORT_JOB_FAILED] = "failed",
					      [IMPORT_JOB_STOPPED] = "stopped" };
	struct json_writer w;
	json_writer_init(&w, b, false);
	json_object_open(&w);
	put_count(&w, "job", job->id);
	put_text(&w, "what", str_of(WHAT[job->what]));
	put_text(&w, "state", str_of(STATES[job->state]));
	put_text(&w, "name", str_of(job->file));
	json_key(&w, S("import"));
	if (job->result.import)
		json_put_uint(&w, job->result.import);
	else
		json_put_null(&w);
	put_count(&w, "bytes", job->bytes);
	put_count(&w, "bytes_total", job->bytes_total);
	put_result(&w, &job->result, job->notes);
	put_count(&w, "undone_touches", job->undone.touches);
	put_count(&w, "undone_subjects", job->undone.subjects);
	json_key(&w, S("error"));
	if (job->state == IMPORT_JOB_FAILED)
		json_put_text(&w, str_of(job->e.text));
	else
		json_put_null(&w);
	put_time(&w, "begun_at", job->begun_us);
	put_time(&w, "ended_at", job->ended_us);
	json_object_close(&w);
}

/* ---- imports --------------------------------------------------------------------------------- */

/* What the import itself noted while it ran: names and counts, no paths. */
static void put_state(struct json_writer *w, const struct json *state)
{
	static const char *const COUNTS[] = { "rows",		"accepted",	 "duplicate",
					      "rejected",	"skipped",	 "people_new",
					      "people_updated", "companies_new", "deals_new",
					      "bytes" };
	put_text(w, "name", json_text_of(state, S("file")));
	put_text(w, "kind", json_text_of(state, S("kind")));
	for (size_t i = 0; i < ARRAY_LEN(COUNTS); i++) {
		const struct json *n = json_get(state, str_of(COUNTS[i]));
		put_count(w, COUNTS[i], n && n->kind == JSON_INT && n->i > 0 ? (uint64_t)n->i : 0);
	}
}

static void put_import(struct json_writer *w, const struct import_info *i, const struct json *state,
		       str token)
{
	json_object_open(w);
	put_count(w, "import", i->import);
	put_text(w, "state",
		 i->undone ? S("undone") : (i->closed ? S("closed") : S("interrupted")));
	put_time(w, "begun_at", i->begun_us);
	put_count(w, "touches", i->touches);
	if (state && state->kind == JSON_OBJECT)
		put_state(w, state);
	/* An interrupted one goes on from its file, when that is still here. */
	json_key(w, S("file"));
	if (token.n > 0)
		json_put_text(w, token);
	else
		json_put_null(w);
	json_object_close(w);
}

static bool put_one(struct import_list_out *out, struct json_writer *w, struct imports *im,
		    struct json_parser *p, const struct import_info *i, err *e)
{
	const struct json *state = NULL;
	str token = S("");
	err ignored = { 0 };
	/* A state that cannot be read leaves its columns out; the import itself is known. */
	if (i->state.n && !json_parse(p, i->state, out->arena, &state, &ignored))
		state = NULL;
	if (!i->closed && !i->undone && !imports_token_of(im, i->import, out->arena, &token, e))
		return false;
	put_import(w, i, state, token);
	out->found = true;
	return true;
}

bool import_put_list(struct import_list_out *out, struct imports *im,
		     const struct import_info *list, size_t n, err *e)
{
	struct json_writer w;
	struct json_parser *p = NULL;
	if (!json_parser_new(&p, STATE_BYTES_MAX, e))
		return false;
	bool ok = true;
	json_writer_init(&w, out->b, false);
	if (!out->only) {
		json_object_open(&w);
		json_key(&w, S("rows"));
		json_array_open(&w);
	}
	for (size_t i = n; ok && i-- > 0;) {
		if (!out->only || list[i].import == out->only)
			ok = put_one(out, &w, im, p, &list[i], e);
	}
	if (!out->only) {
		json_array_close(&w);
		json_key(&w, S("next"));
		json_put_null(&w);
		json_object_close(&w);
	}
	json_parser_free(&p);
	return ok;
}
