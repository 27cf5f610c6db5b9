/*
 * shape_int.h - people, companies, deals and touches as the API shows them.
 *
 * What it is:   the JSON of values and rows, the same wherever they appear; and the reading of
 *               parameters that every list takes.
 * Threads:      nothing shared.
 */
#ifndef TRICHTER_SERVER_SHAPE_INT_H
#define TRICHTER_SERVER_SHAPE_INT_H

#include "people/subject.h"
#include "server/view_int.h"

/* ---- values and rows: shape.c, shape_rows.c -------------------------------------------------- */

void shape_value(struct json_writer *w, value v);
void shape_key_value(struct json_writer *w, str key, value v);
void shape_key_text(struct json_writer *w, str key, str text); /* null when empty */
void shape_key_time(struct json_writer *w, str key, int64_t at_us, bool known);
void shape_key_number(struct json_writer *w, str key, uint64_t n);	       /* null when 0 */
void shape_origin(struct json_writer *w, const struct origin *o, str channel); /* an object */
/* {"company":12,"name":"..."}, or null when there is none. Of a number in a cell. */
bool shape_company(struct json_writer *w, struct people *p, value company, struct arena *a,
		   err *e) MUST_CHECK;
bool shape_person(struct json_writer *w, struct people *p, value person, struct arena *a,
		  err *e) MUST_CHECK;
/* "tofu", "mofu", "bofu" of a stage; of none "tofu". */
str shape_zone(str stage);
/* A touch of a journey; `stage`: in which its person was. */
void shape_touch(struct json_writer *w, const struct touch *t, str stage);
/* The same for one that was taken back by `undone`, a touch_undone. */
void shape_touch_undone(struct json_writer *w, const struct touch *t, const struct touch *undone);

/* One field of a row; a company's domain is looked for among its ids, too. */
value shape_row_value(const struct subject *s, str field, struct arena *a);
struct shape_columns {
	const str *names;
	size_t n;
};
/* The members of a row, into an object that is open; further columns by their names. */
bool shape_row(struct json_writer *w, struct people *p, const struct subject *s,
	       const struct shape_columns *columns, struct arena *a, err *e) MUST_CHECK;
/* The same as a whole object, by number; nobody of that number writes nothing. */
bool shape_row_of(struct json_writer *w, struct people *p, uint64_t number,
		  const struct shape_columns *columns, int64_t now_us, struct arena *a,
		  err *e) MUST_CHECK;
/* "0123456789abcdef": what ETag and If-Match carry in quotes; in the arena. */
str shape_etag(const struct subject_view *v, struct arena *a);
const char *shape_entity(enum entity entity); /* "person", "company", "deal" */

/* ---- parameters: params.c -------------------------------------------------------------------- */

/* Every parameter of the query stands in the route's table, once. */
bool params_known(struct request *q, err *e) MUST_CHECK;
/* The number in the path; ERR_NOT_FOUND when it is none. */
bool params_path_number(struct request *q, size_t i, uint64_t *n_r, err *e) MUST_CHECK;
bool params_number(struct request *q, const char *name, uint64_t min, uint64_t max,
		   uint64_t missing, uint64_t *n_r, err *e) MUST_CHECK;
bool params_flag(struct request *q, const char *name, bool *on_r, err *e) MUST_CHECK;
/* "a,b,c"; in the arena. */
bool params_list(struct request *q, const char *name, size_t max, const str **list_r, size_t *n_r,
		 err *e) MUST_CHECK;
/* A rule of that entity; the error names the parameter. */
bool params_rule(struct request *q, struct people *p, enum entity entity, const char *name,
		 const struct rule **rule_r, err *e) MUST_CHECK;

#define LIST_ROWS_DEFAULT 50
#define LIST_COLUMNS_MAX  50
struct list {
	struct directory_query query;
	struct shape_columns columns;
	struct people *people;
};
/* where, sort, columns, limit, after, count. */
bool list_read(struct request *q, struct view *v, enum entity entity, struct list *l_r,
	       err *e) MUST_CHECK;
/* ERR_INVALID about the parameter when rules and lists know no such field. */
bool list_field_known(struct request *q, struct people *p, enum entity entity, const char *param,
		      str field, err *e) MUST_CHECK;
/* {"rows":[...],"next":...,"count":...} */
bool list_answer(struct request *q, struct answer *a, struct view *v, const struct list *l,
		 err *e) MUST_CHECK;
/* The subject that the path names, of that entity; ERR_NOT_FOUND otherwise. */
bool list_subject(struct request *q, struct view *v, enum entity entity, struct subject *s_r,
		  err *e) MUST_CHECK;
/* All that fit as CSV, piece by piece. */
bool list_export(struct request *q, struct answer *a, enum entity entity, const char *file_name,
		 err *e) MUST_CHECK;

/* What every list takes, for tables of parameters. */
#define LIST_PARAMS(example)                                                                       \
	{ "where", "query", "{\"type\":\"string\"}", "A rule: " example, false },                  \
		{ "sort", "query", "{\"type\":\"string\"}",                                        \
		  "A field; with - in front the other way round", false },                         \
		{ "columns", "query", "{\"type\":\"string\"}", "Further fields, with commas",      \
		  false },                                                                         \
		{ "limit", "query",                                                                \
		  "{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"default\":50}",           \
		  "At most so many rows", false },                                                 \
		{ "after", "query", "{\"type\":\"string\"}", "`next` of the page before", false }, \
	{                                                                                          \
		"count", "query", "{\"type\":\"string\",\"enum\":[\"0\",\"1\"]}",                  \
			"1: say how many fit in all", false                                        \
	}

#endif
