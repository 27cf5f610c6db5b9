/*
 * api_imports.c - files in, from the screens: uploaded in parts, looked at, rehearsed, imported,
 * taken back.
 *
 * What it is:   a file comes in parts, so that a broken connection loses nothing; what it would be
 * read as is a preview; importing is a job whose progress can be asked for.
 * Threads:      workers.
 */
#include "server/server_int.h"

#include "base/num.h"
#include "base/time.h"
#include "server/import_json_int.h"

/* ---- small things ---------------------------------------------------------------------------- */

static bool number_of(struct request *q, str text, const char *what, uint64_t *n_r, err *e)
{
	(void)q;
	return num_parse_u64(text, n_r) || err_set(e, ERR_NOT_FOUND, "there is no such %s", what);
}

static bool switch_of(struct request *q, const char *name, bool *on_r, err *e)
{
	const struct json *j = json_get(q->body, str_of(name));
	*on_r = j && j->kind == JSON_BOOL && j->b;
	return !j || j->kind == JSON_BOOL || j->kind == JSON_NULL ||
	       problem_field(q, e, name, "true or false is wanted");
}

static bool text_of(struct request *q, const char *name, str *text_r, err *e)
{
	const struct json *j = json_get(q->body, str_of(name));
	*text_r = j && j->kind == JSON_TEXT ? j->text : S("");
	return !j || j->kind == JSON_TEXT || j->kind == JSON_NULL ||
	       problem_field(q, e, name, "a text is wanted");
}

static bool body_is_there(struct request *q, err *e)
{
	return (q->body && q->body->kind == JSON_OBJECT) ||
	       err_set(e, ERR_INVALID, "a JSON object is wanted");
}

/* `map`: a map file as text, or the same as JSON, which YAML reads as well. */
static bool map_of(struct request *q, str *text_r, err *e)
{
	const struct json *map = json_get(q->body, S("map"));
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, IMPORT_MAP_MAX);
	*text_r = S("");
	if (!map || map->kind == JSON_NULL)
		return true;
	if (map->kind == JSON_TEXT) {
		*text_r = map->text;
		return true;
	}
	if (map->kind != JSON_OBJECT)
		return problem_field(q, e, "map", "a map is a text (YAML) or an object");
	import_put_node(&b, map);
	if (!buf_ok(&b, e))
		return false;
	*text_r = str_dup(q->arena, buf_view(&b));
	return !q->arena->over || arena_err(q->arena, e);
}

static bool order_of(struct request *q, struct import_order *o, err *e)
{
	*o = (struct import_order){ 0 };
	return body_is_there(q, e) && text_of(q, "kind", &o->kind, e) &&
	       text_of(q, "date_format", &o->date_format, e) &&
	       text_of(q, "duplicates", &o->duplicates, e) &&
	       switch_of(q, "dry_run", &o->dry_run, e) && switch_of(q, "live", &o->live, e) &&
	       switch_of(q, "resume", &o->resume, e) && map_of(q, &o->map, e);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void put_upload(struct answer *a, str token, uint64_t bytes)
{
	struct json_writer w;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("file"));
	json_put_text(&w, token);
	json_key(&w, S("bytes"));
	json_put_uint(&w, bytes);
	json_key(&w, S("part_bytes_max"));
	json_put_uint(&w, UPLOAD_PART_MAX);
	json_object_close(&w);
}

static bool file_begin(struct request *q, struct answer *a, err *e)
{
	char token[UPLOAD_TOKEN_CHARS + 1];
	str name;
	if (!body_is_there(q, e) || !text_of(q, "name", &name, e) ||
	    !upload_begin(server_imports(q->server), name, token, e))
		return false;
	put_upload(a, str_of(token), 0);
	a->location = str_printf(q->arena, "/api/v1/imports/files/%s", token);
	return true;
}

static bool file_part(struct request *q, struct answer *a, err *e)
{
	uint64_t offset, bytes;
	if (!num_parse_u64(http_query(q->http, S("offset")), &offset))
		return problem_field(q, e, "offset",
				     "the byte at which this part begins is wanted");
	if (!upload_append(server_imports(q->server), q->path[0], offset, http_body(q->http),
			   &bytes, e))
		return false;
	put_upload(a, q->path[0], bytes);
	return true;
}

static bool file_remove(struct request *q, struct answer *a, err *e)
{
	(void)a;
	return upload_remove(server_imports(q->server), q->path[0], e);
}

static bool file_preview(struct request *q, struct answer *a, err *e)
{
	struct import_order o;
	struct load_preview p;
	str name;
	if (!order_of(q, &o, e))
		return false;
	o.token = q->path[0];
	if (!imports_preview(server_imports(q->server), &o, q->arena, &p, &name, e))
		return false;
	import_put_preview(&a->body, name, &p);
	return true;
}

static bool fields(struct request *q, struct answer *a, err *e)
{
	enum load_kind kind;
	str text = http_query(q->http, S("kind"));
	if (!load_kind_parse(text, &kind))
		return problem_field(q, e, "kind", "people, companies, deals, events or spend");
	import_put_fields(&a->body, kind);
	return true;
}

/* ---- jobs ------------------------------------------------------------------------------------ */

static bool job_answer(struct request *q, struct answer *a, uint64_t id, err *e)
{
	struct import_job job;
	if (!imports_job(server_imports(q->server), id, q->arena, &job, e))
		return false;
	import_put_job(&a->body, &job);
	return true;
}

static bool import_start(struct request *q, struct answer *a, err *e)
{
	struct import_order o;
	uint64_t job;
	if (!order_of(q, &o, e) || !text_of(q, "file", &o.token, e))
		return false;
	if (!upload_token_is_fine(o.token))
		return problem_field(q, e, "file", "the token of an uploaded file is wanted");
	if (!imports_start(server_imports(q->server), &o, &job, e))
		return false;
	a->location = str_printf(q->arena, "/api/v1/imports/jobs/%llu", (unsigned long long)job);
	return job_answer(q, a, job, e);
}

static bool job_show(struct request *q, struct answer *a, err *e)
{
	uint64_t id;
	return number_of(q, q->path[0], "job", &id, e) && job_answer(q, a, id, e);
}

static bool job_stop(struct request *q, struct answer *a, err *e)
{
	uint64_t id;
	return number_of(q, q->path[0], "job", &id, e) &&
	       imports_stop(server_imports(q->server), id, e) && job_answer(q, a, id, e);
}

/* ---- imports --------------------------------------------------------------------------------- */

static bool put_imports(struct request *q, struct answer *a, uint64_t only, bool *found_r, err *e)
{
	struct import_info *list;
	size_t n;
	struct view *v = NULL;
	struct import_list_out out = { .b = &a->body, .arena = q->arena, .only = only };
	if (!view_borrow(q->server, &v, e))
		return false;
	bool ok = snapshot_imports(view_snapshot(v), q->arena, &list, &n, e) &&
		  import_put_list(&out, server_imports(q->server), list, n, e);
	view_return(&v);
	*found_r = out.found;
	return ok;
}

static bool import_list(struct request *q, struct answer *a, err *e)
{
	bool found;
	return put_imports(q, a, 0, &found, e);
}

static bool import_show(struct request *q, struct answer *a, err *e)
{
	uint64_t import;
	bool found;
	if (!number_of(q, q->path[0], "import", &import, e) || import == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no such import");
	return put_imports(q, a, import, &found, e) &&
	       (found || err_set(e, ERR_NOT_FOUND, "there is no such import"));
}

static bool import_take_back(struct request *q, struct answer *a, err *e)
{
	uint64_t import, job;
	return number_of(q, q->path[0], "import", &import, e) &&
	       imports_undo(server_imports(q->server), import, &job, e) && job_answer(q, a, job, e);
}

static bool import_rejects(struct request *q, struct answer *a, err *e)
{
	uint64_t import, bytes;
	bool json;
	int fd;
	if (!number_of(q, q->path[0], "import", &import, e) ||
	    !imports_rejects(server_imports(q->server), import, &fd, &bytes, &json, e))
		return false;
	if (fd < 0)
		return err_set(
			e, ERR_NOT_FOUND,
			"no row of this import was rejected, or the file is older than a month");
	http_answer_header(q->http, "Content-Disposition",
			   str_printf(q->arena, "attachment; filename=\"import-%llu-rejects.%s\"",
				      (unsigned long long)import, json ? "jsonl" : "csv"));
	a->sent = true;
	http_answer_file(q->http, 200, json ? "application/jsonl" : "text/csv; charset=utf-8", fd,
			 bytes);
	return true;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define TEXT_SCHEMA   "{\"type\":\"string\"}"
#define NUMBER_SCHEMA "{\"type\":\"integer\",\"minimum\":1}"
#define ORDER_MEMBERS                                                                              \
	"\"kind\":{\"type\":\"string\",\"enum\":[\"people\",\"companies\",\"deals\",\"events\","   \
	"\"spend\"]},\"map\":{\"description\":\"a map file as text (YAML), or the same as an "     \
	"object\",\"type\":[\"string\",\"object\",\"null\"]},\"date_format\":{\"type\":"           \
	"\"string\",\"examples\":[\"%d-%m-%Y\"]}"

static const struct route_param token_params[] = {
	{ "token", "path", TEXT_SCHEMA, "the file's token, from its upload", true },
	{ 0 },
};
static const struct route_param part_params[] = {
	{ "token", "path", TEXT_SCHEMA, "the file's token, from its upload", true },
	{ "offset", "query", "{\"type\":\"integer\",\"minimum\":0}",
	  "the byte of the file at which this part begins", true },
	{ 0 },
};
static const struct route_param job_params[] = {
	{ "job", "path", NUMBER_SCHEMA, "the job's number", true },
	{ 0 },
};
static const struct route_param import_params[] = {
	{ "import", "path", NUMBER_SCHEMA, "the import's number", true },
	{ 0 },
};
static const struct route_param kind_params[] = {
	{ "kind", "query", TEXT_SCHEMA, "people, companies, deals, events or spend", true },
	{ 0 },
};

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/imports",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = import_list,
	  .id = "listImports",
	  .tag = "imports",
	  .summary = "All imports, the newest first",
	  .answer_schema = "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"array\","
			   "\"items\":{\"type\":\"object\"}},\"next\":{\"type\":[\"string\","
			   "\"null\"]}}}" },
	{ .method = "GET",
	  .pattern = "/api/v1/imports/fields",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .run = fields,
	  .id = "listImportFields",
	  .tag = "imports",
	  .summary = "The fields that a column can feed",
	  .params = kind_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "POST",
	  .pattern = "/api/v1/imports/files",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .body_bytes_max = 4 * KIB,
	  .run = file_begin,
	  .id = "beginUpload",
	  .tag = "imports",
	  .summary = "Begins the upload of a file; its parts follow",
	  .body_schema = "{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"name\":"
			 "{\"type\":\"string\",\"examples\":[\"leads.csv\"]}}}",
	  .answer_schema = "{\"type\":\"object\"}",
	  .answer_status = 201 },
	{ .method = "PUT",
	  .pattern = "/api/v1/imports/files/{token}",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .body_bytes_max = UPLOAD_PART_MAX,
	  .run = file_part,
	  .id = "uploadPart",
	  .tag = "imports",
	  .summary = "The next part of a file (application/octet-stream); the same part sent twice "
		     "does no harm",
	  .params = part_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "DELETE",
	  .pattern = "/api/v1/imports/files/{token}",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .run = file_remove,
	  .id = "removeUpload",
	  .tag = "imports",
	  .summary = "Removes a file that is not wanted after all",
	  .params = token_params,
	  .answer_status = 204 },
	{ .method = "POST",
	  .pattern = "/api/v1/imports/files/{token}/preview",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .body_bytes_max = IMPORT_MAP_MAX,
	  .run = file_preview,
	  .id = "previewUpload",
	  .tag = "imports",
	  .summary = "What each column would be taken for, with the first rows",
	  .params = token_params,
	  .body_schema = "{\"type\":\"object\",\"properties\":{" ORDER_MEMBERS "}}",
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "POST",
	  .pattern = "/api/v1/imports",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .body_bytes_max = IMPORT_MAP_MAX,
	  .run = import_start,
	  .id = "startImport",
	  .tag = "imports",
	  .summary = "Imports an uploaded file, or rehearses it; answers with the job",
	  .body_schema = "{\"type\":\"object\",\"required\":[\"file\"],\"properties\":{\"file\":"
			 "{\"type\":\"string\"}," ORDER_MEMBERS ",\"duplicates\":{\"type\":"
			 "\"string\",\"enum\":[\"update\",\"fill\",\"skip\"]},\"dry_run\":{"
			 "\"type\":\"boolean\"},\"live\":{\"type\":\"boolean\"},\"resume\":{"
			 "\"type\":\"boolean\"}}}",
	  .answer_schema = "{\"type\":\"object\"}",
	  .answer_status = 202 },
	{ .method = "GET",
	  .pattern = "/api/v1/imports/jobs/{job}",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .run = job_show,
	  .id = "getImportJob",
	  .tag = "imports",
	  .summary = "How far a job is, and what came of it",
	  .params = job_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "DELETE",
	  .pattern = "/api/v1/imports/jobs/{job}",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .run = job_stop,
	  .id = "stopImportJob",
	  .tag = "imports",
	  .summary = "Stops a job; what is whole is kept, to be resumed or taken back",
	  .params = job_params,
	  .answer_schema = "{\"type\":\"object\"}",
	  .answer_status = 202 },
	{ .method = "GET",
	  .pattern = "/api/v1/imports/{import}",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = import_show,
	  .id = "getImport",
	  .tag = "imports",
	  .summary = "One import",
	  .params = import_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "POST",
	  .pattern = "/api/v1/imports/{import}/undo",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .run = import_take_back,
	  .id = "undoImport",
	  .tag = "imports",
	  .summary = "Takes an import back; answers with the job",
	  .params = import_params,
	  .answer_schema = "{\"type\":\"object\"}",
	  .answer_status = 202 },
	{ .method = "GET",
	  .pattern = "/api/v1/imports/{import}/rejects",
	  .may = MAY_IMPORT,
	  .where = HTTP_WORKER,
	  .run = import_rejects,
	  .id = "getRejectedRows",
	  .tag = "imports",
	  .summary = "The rows that could not be used, each with its line and the reason",
	  .params = import_params },
};
const struct route_list routes_imports = { rows, ARRAY_LEN(rows) };
