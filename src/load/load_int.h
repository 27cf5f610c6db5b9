/*
 * load_int.h - what the files of load/ share.
 *
 * What it is:   the loader and its parts' functions, file by file.
 * Promises:     everything about headers is decided once, when the file is opened; a row costs one
 *               walk over its cells and one over the plan.
 * Threads:      one loader, one thread.
 */
#ifndef TRICHTER_LOAD_INT_H
#define TRICHTER_LOAD_INT_H

#include "load/load_parts_int.h"
#include "load/message.h"

/* ---- the loader ------------------------------------------------------------------------------ */

struct chunk_row {
	uint64_t line, number;
	const str *fields;
	size_t fields_n;
	str text;
	size_t first, items_n;
	bool is_object; /* text is a JSON object */
	str reason;	/* not empty: rejected here */
};

struct chunk {
	struct arena arena;
	struct intake *items;
	uint8_t *abouts; /* enum about, per item */
	size_t n;
	struct chunk_row *rows;
	size_t rows_n;
	size_t bytes;
};

struct rejects;
struct seen;

struct loader {
	const char *path;
	const char *dir;
	struct journal *j;
	const struct load_options *o;
	struct load_result *r;
	struct fs *fs;
	enum load_kind kind;
	bool kind_settled;
	struct arena setup;
	struct map_file map;
	struct columns columns;
	bool types_found;
	struct plan plan;
	VEC(struct lookup) lookups;
	struct source source;
	struct chunk chunk;
	struct rejects *rejects;
	struct seen *seen;
	struct buf scratch;	    /* bytes that a message id is made of */
	char problem[ERR_TEXT_MAX]; /* the sentence about the present row */
	struct buf state;	    /* JSON, stored with every chunk */
	bool sent;		    /* something of this run is stored */
	struct cell_value *cells;
	struct message_reader messages;
	struct prop *props;   /* TOUCH_PROPS_MAX, scratch of Segment messages */
	char currency[4];     /* of amounts that name none */
	char row_currency[4]; /* the present row\'s; "" none */
	bool currency_given;
	str id_system; /* of external ids */
	bool id_system_given;
	int64_t import_us;	    /* the time of the import */
	uint64_t bytes, head, tail; /* of the file: size and checksums */
	uint64_t rows_before;	    /* done by an interrupted run */
	bool replaying;		    /* the first chunk after a resume: it may have been committed */
	int64_t progress_us;
	/* of bulk loading */
	struct bulk *bulk;     /* NULL: row by row */
	uint64_t bytes_done;   /* of the file */
	bool built;	       /* its segments are in the archive: only the end is missing */
	bool is_bulk;	       /* as of the state: an import ends as it began */
	size_t runs;	       /* in files */
	uint64_t offset, line; /* where reading goes on; 0: at the first row */
	bool in_bulk;	       /* rows are read in place, and get no message ids of ours */
	bool keys_settled;     /* JSON: a key that is not known yet is only told */
	bool key_is_new;
	size_t csv_fields; /* in the header */
	char csv_delimiter;
	/* for notes */
	uint64_t without_company, without_person, about_nobody, import_timed, closed_before_created;
	uint64_t closed_before_line;
	uint64_t blocked_ids, currency_assumed, made_deal_ids;
	struct map stages_unknown;
};

/* load_headers.c */
str header_fold(struct arena *a, str header);
struct field_info {
	const char *name;
	enum role role;
	enum cell_type type;
	bool as_prop;
};
/* The kind's own fields, by name (folded); NULL: none. */
const struct field_info *field_find(enum load_kind kind, str name);
const struct field_info *field_table(enum load_kind kind, size_t *n_r);
/* Field that other systems' header stands for, NULL: none. `*rank_r`: the lower, the better. */
const struct field_info *header_find(enum load_kind kind, str folded, size_t *rank_r);
/* "became_a_lead_date" -> "lead"; empty: no such header. */
str header_stage(enum load_kind kind, str header, str folded, struct arena *a);
/* "Marketing Qualified Lead" -> "mql"; empty: unknown. */
str stage_of_text(str text);
/* What a deal's stage says: "won", "lost", or empty for an open one. */
str deal_outcome_of_text(str text);
bool kind_recognise(const str *headers, size_t n, struct arena *a, enum load_kind *kind_r);
/* " (did you mean X?)" or nothing, appended. */
struct near_name {
	str want;
	str best;
	size_t distance;
};
void near_init(struct near_name *n, str want);
void near_offer(struct near_name *n, str name);
str near_sentence(const struct near_name *n, struct arena *a);

/* load.c: rows into the chunk, and the chunk to the journal. */
bool load_build_row(struct loader *l, const struct raw_row *raw, err *e) MUST_CHECK;
bool load_chunk_is_full(const struct loader *l);
bool load_chunk_send(struct loader *l, err *e) MUST_CHECK;
void load_progress(struct loader *l, bool always);
bool load_stop_asked(const struct loader *l);

/* load_columns.c */
/* The file's headers; JSON: the keys of the first rows. */
bool columns_collect(struct loader *l, err *e) MUST_CHECK;
/* What each of them means; the kind is known by now. */
bool columns_settle(struct loader *l, err *e) MUST_CHECK;
bool column_add(struct loader *l, str header, err *e) MUST_CHECK; /* a key met later (JSON) */
void columns_index(struct columns *c);
bool columns_check(struct loader *l, err *e) MUST_CHECK;
size_t columns_find(const struct loader *l, str header_or_key);
void columns_fini(struct columns *c);

/* load_types.c: how each column reads, from the first rows. */
bool types_find(struct loader *l, err *e) MUST_CHECK;

/* load_cells.c */
/* Reads `text` (cleaned, not empty) as the column says. False: the row cannot be used, and
 * l->problem says why. */
bool cell_read(struct loader *l, struct column *c, str text, uint64_t line, struct arena *a,
	       struct cell_value *v_r) MUST_CHECK;
/* Trimmed; the apostrophe that keeps spreadsheets from running a text is taken off. */
str cell_clean(str s);

/* load_parse.c */
bool parse_number(str s, enum num_decimal decimal, value *v_r);
bool parse_bool(str s, value *v_r);
/* `currency` is what counts when the text names none; "" then fails. */
bool parse_money(str s, enum num_decimal decimal, const char *currency, double times, value *v_r);
/* By a pattern (empty: RFC 3339); a pattern without an hour reads texts that have one, too. */
bool parse_time(str s, str pattern, bool *date_only_r, int64_t *at_us_r);
bool parse_looks_like_list(str s);
bool parse_list(struct arena *a, str s, char split, value *v_r) MUST_CHECK;
/* The instant of a VALUE_TIME or VALUE_DATE. */
int64_t value_instant(value v);
extern const char *const date_patterns[];
extern const size_t date_patterns_n;

/* load_map.c, load_map_columns.c, load_map_touch.c */
bool map_text(const struct loader *l, const struct yaml *y, str *text_r, err *e) MUST_CHECK;
bool map_decimal(const struct loader *l, const struct yaml *y, enum num_decimal *decimal_r,
		 err *e) MUST_CHECK;
bool map_currency(const struct loader *l, const struct yaml *y, char currency[4],
		  err *e) MUST_CHECK;
bool map_column(struct loader *l, const struct yaml *y, struct column *c, err *e) MUST_CHECK;
bool column_push(struct loader *l, struct column c, size_t *i_r, err *e) MUST_CHECK;
/* " (did you mean ...?)" for a header that is not there. */
str columns_near(struct loader *l, str header);
bool map_read(struct loader *l, err *e) MUST_CHECK;
bool map_error(const struct loader *l, const struct yaml *at, err *e, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
bool map_columns(struct loader *l, err *e) MUST_CHECK;
bool map_pairs(struct loader *l, err *e) MUST_CHECK;
bool map_lookups(struct loader *l, err *e) MUST_CHECK;
bool map_touches(struct loader *l, err *e) MUST_CHECK;
bool map_yes_no(const struct loader *l, const struct yaml *y, bool *yes_r, err *e) MUST_CHECK;
bool map_known_keys(struct loader *l, const struct yaml *map, const char *const *keys, size_t n,
		    err *e) MUST_CHECK;

/* As map files name it: "yes_no". */
const char *cell_type_name(enum cell_type type);

/* load_lookup.c */
bool lookups_open(struct loader *l, err *e) MUST_CHECK;
/* Texts of the added columns of the present row; uses the cells read so far. */
bool lookups_fill(struct loader *l, uint64_t line, struct arena *a) MUST_CHECK;
void lookups_fini(struct loader *l);

/* load_plan.c */
bool plan_make(struct loader *l, err *e) MUST_CHECK; /* the map's touches, or the standard ones */

/* load_rows.c: raw row -> touches in the chunk. *ok_r false: l->problem says why not. */
bool row_build(struct loader *l, const struct raw_row *raw, struct chunk_row *row, bool *ok_r,
	       err *e) MUST_CHECK;
/* The row's own copy of its texts: what the journal is given points here. */
bool row_copy(struct loader *l, const struct raw_row *raw, struct chunk_row *row,
	      err *e) MUST_CHECK;
/* Room for a touch in the chunk, or NULL with the error in `e`. */
struct intake *chunk_item(struct loader *l, enum about about, err *e) MUST_CHECK;

/* load_touches.c: the slots of the plan that hold for the row that was read. */
struct making {
	struct loader *l;
	struct arena *a;
	const struct raw_row *raw;
	struct intake whole; /* all ids and the origin of the row */
	str stage;	     /* people: a stage of the line or empty; deals: as written */
	bool won, lost;
	bool has_person, has_company;
	uint64_t blocked; /* ids of this row that stand for none */
};
bool touches_make(struct making *m, bool *ok_r, err *e) MUST_CHECK;
/* A message id made of bytes and the touch's place; `p` has room for LOAD_MESSAGE_ID_MAX. */
void message_id_print(char *p, const void *bytes, size_t n, unsigned place, str *id_r);

/* load_ids.c */
bool row_ids(struct loader *l, struct intake *whole, struct arena *a, bool *ok_r,
	     err *e) MUST_CHECK;
/* Bytes of the id that the message id of a touch about that subject is made of. */
void row_subject_bytes(const struct intake *t, enum about about, struct buf *b);
bool row_problem(struct loader *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

bool email_is_fine(struct arena *a, str s);

/* load_url.c */
void origin_from_url(str url, struct arena *a, struct origin *o);
str url_host(str url);

/* load_segment.c */
bool segment_build(struct loader *l, const struct raw_row *raw, struct chunk_row *row, bool *ok_r,
		   err *e) MUST_CHECK;

/* load_json.c */
bool lines_open(struct fs *fs, const char *path, struct lines **r_r, err *e) MUST_CHECK;
void lines_close(struct lines **r);
bool lines_next(struct lines *r, str *line_r, uint64_t *number_r, bool *too_long_r, bool *more_r,
		err *e) MUST_CHECK;
uint64_t lines_bytes_read(const struct lines *r);
uint64_t lines_bytes_total(const struct lines *r);
/* Scalars and lists below `node` as key, node pairs; keys joined by dots. */
bool json_flatten(struct arena *a, str prefix, const struct json *node,
		  bool (*each)(void *arg, str key, const struct json *leaf), void *arg,
		  err *e) MUST_CHECK;
value json_value(struct arena *a, const struct json *leaf);

/* load_source.c */
bool source_open(struct loader *l, err *e) MUST_CHECK;
bool source_restart(struct loader *l, err *e) MUST_CHECK;
bool source_next(struct loader *l, struct raw_row *raw_r, bool *more_r, err *e) MUST_CHECK;
void source_close(struct loader *l);
/* A row of `n` fields where the header has `want`. */
str source_fields_problem(struct loader *l, size_t n, size_t want);
/* A line as a row, its number and line not set. */
bool source_json(struct loader *l, str line, bool too_long, struct raw_row *raw, err *e) MUST_CHECK;
uint64_t source_bytes(const struct loader *l);

/* load_rejects.c */
bool rejects_put(struct loader *l, const struct chunk_row *row, str reason, err *e) MUST_CHECK;
bool rejects_resume(struct loader *l, uint64_t bytes, err *e) MUST_CHECK;
bool rejects_close(struct loader *l, err *e) MUST_CHECK;
bool rejects_flush(struct loader *l, err *e) MUST_CHECK;
void rejects_drop(struct loader *l); /* after a failure: what is written stays */
uint64_t rejects_bytes(const struct loader *l);

/* load_seen.c: how often an equal row came before. */
bool seen_new(struct seen **s_r, err *e) MUST_CHECK;
void seen_free(struct seen **s);
bool seen_count(struct seen *s, uint64_t hash, uint32_t *before_r, err *e) MUST_CHECK;

/* All of it as bytes, and back into an empty one. */
void seen_put(const struct seen *s, struct buf *b);
bool seen_take(struct seen *s, struct reader *r, err *e) MUST_CHECK;

/* load_state.c */
bool state_file_marks(struct loader *l, err *e) MUST_CHECK;
bool state_print(const struct loader *l, struct buf *b, err *e) MUST_CHECK;
bool state_resume(struct loader *l, uint64_t *import_r, err *e) MUST_CHECK;

/* load_notes.c */
bool notes_make(struct loader *l, struct arena *a, str *notes_r, err *e) MUST_CHECK;

/* load_open.c */
bool loader_open(struct loader *l, const char *path, const struct load_options *o,
		 err *e) MUST_CHECK;
/* Only what the columns are called and how they read; a kind has to be given. Nothing is checked
 * that a map could still mend. */
bool loader_look(struct loader *l, const char *path, const struct load_options *o,
		 err *e) MUST_CHECK;
void loader_fini(struct loader *l);

#endif
