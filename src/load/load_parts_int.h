/*
 * load_parts_int.h - what a loader is made of.
 *
 * What it is:   columns (what a header means and how its cells read), the plan (which touches a row
 *               stands for), what a map file says, and sources of rows (CSV, JSON lines).
 */
#ifndef TRICHTER_LOAD_PARTS_INT_H
#define TRICHTER_LOAD_PARTS_INT_H

#include "load/load.h"

#include "base/map.h"
#include "base/num.h"
#include "base/time.h"
#include "base/vec.h"
#include "io/csv.h"
#include "io/json.h"
#include "io/yaml.h"

#define LOAD_COLUMNS_MAX     CSV_FIELDS_MAX
#define LOAD_SLOTS_MAX	     64		/* touches that one row can stand for */
#define LOAD_CHUNK_ROWS	     2000	/* rows of one commit */
#define LOAD_CHUNK_BYTES     (16 * MIB) /* a chunk is sent when its texts pass this */
#define LOAD_CHUNK_ARENA_MAX (256 * MIB)
#define LOAD_SETUP_ARENA_MAX (256 * MIB)
#define LOAD_SAMPLE_ROWS     1000	/* rows that decide how a column reads */
#define LOAD_CELL_BYTES_MAX  (64 * KIB) /* longest text of one cell */
#define LOAD_ID_BYTES_MAX    1000	/* longest id */
#define LOAD_LINE_BYTES_MAX  (4 * MIB)	/* longest line of a JSON lines file */
#define LOAD_PATTERNS_MAX    24
#define LOAD_AT_MAX	     4 /* columns that a touch's time is looked for in */
#define LOAD_MESSAGE_ID_MAX  32
#define LOAD_NO_COLUMN	     SIZE_MAX

/* ---- columns --------------------------------------------------------------------------------- */

/* What a column is for. Each but PROP, COMPANY_PROP, IGNORE and BECAME belongs to one column. */
enum role {
	ROLE_PROP,	   /* a property of the row's touches: known field or trait */
	ROLE_COMPANY_PROP, /* the same of the person's company */
	ROLE_IGNORE,
	ROLE_BECAME, /* the date on which a stage was entered; column.stage names it */
	ROLE_AT,
	ROLE_UPDATED_AT,
	ROLE_NAME, /* of the touch */
	ROLE_MESSAGE_ID,
	ROLE_EXTERNAL_ID,
	ROLE_USER_ID,
	ROLE_ANONYMOUS_ID,
	ROLE_EMAIL,
	ROLE_COMPANY_DOMAIN,
	ROLE_COMPANY_NAME,
	ROLE_COMPANY_ID,
	ROLE_DEAL_ID,
	ROLE_SOURCE,
	ROLE_MEDIUM,
	ROLE_CAMPAIGN,
	ROLE_CONTENT,
	ROLE_TERM,
	ROLE_REFERRER,
	ROLE_URL, /* of a page: its utm_ parameters and click ids fill the origin */
	ROLE_CURRENCY,
	ROLE_AMOUNT,
	ROLE_STAGE,
	ROLE_STAGE_AT,
	ROLE_STAGE_FROM,
	ROLE_CREATED_AT,
	ROLE_CLOSED_AT,
	ROLE_OBTAINED_AT,
	ROLE_WON,
	ROLE_LINKEDIN,
	ROLES_N
};

/* How a cell reads. AUTO is decided by the first rows. */
enum cell_type {
	CELL_AUTO,
	CELL_TEXT,
	CELL_NUMBER,
	CELL_MONEY,
	CELL_TIME,
	CELL_DATE,
	CELL_BOOL,
	CELL_LIST,
	CELL_TYPES_N
};

/* Where the text of a column comes from. */
enum column_from { FROM_FILE, FROM_CONSTANT, FROM_LOOKUP };

/* One entry of `values:` in a map file. */
struct translation {
	str from, to;
	uint64_t rows;
};

struct column {
	str header; /* as it stands in the file */
	str key;    /* field or trait */
	enum role role;
	enum cell_type type;
	bool as_prop;  /* a role that is kept as a property too */
	bool declared; /* the type was said, not guessed: a bad date rejects the row */
	bool known;    /* a field of the kind, not a trait */
	bool claimed;  /* a map or an option said what it is */
	str stage;     /* ROLE_BECAME */
	str pattern;   /* of dates; empty: as RFC 3339 */
	enum num_decimal decimal;
	double times;	  /* numbers are multiplied by this; 0: not */
	char split;	  /* of lists */
	char currency[4]; /* "": the row's, then the file's */
	struct translation *values;
	size_t values_n;
	struct map values_by; /* text -> index */
	bool values_closed;   /* a value that is not in `values` rejects the row */
	uint32_t map_line;    /* where a map file speaks of it; 0: nowhere */
	enum column_from from;
	str constant; /* FROM_CONSTANT */
	/* while running */
	bool ambiguous; /* day and month cannot be told apart */
	uint64_t filled, fallbacks;
	uint64_t fallback_line;
	str fallback_text;
};

struct columns {
	VEC(struct column) all;
	size_t of_role[ROLES_N]; /* index, or LOAD_NO_COLUMN */
};

/* One cell of a row, read. */
struct cell_value {
	bool filled;
	str text; /* trimmed and translated */
	value value;
};

/* ---- the plan -------------------------------------------------------------------------------- */

enum about { ABOUT_PERSON, ABOUT_COMPANY, ABOUT_DEAL, ABOUT_NOBODY };

/* What must hold for a touch to be made. */
struct condition {
	size_t column;
	bool filled; /* must (not, with `negate`) be filled; else one of `any` */
	bool negate;
	const str *any;
	size_t any_n;
};

/* Conditions that no column states: what the standard plans find out about a row. */
enum slot_test {
	TEST_NONE,
	TEST_COMPANY_PROPS, /* some field of the person's company is filled */
	TEST_STAGE_UNDATED, /* a stage is named without the date of its entering */
	TEST_DEAL_STAGE,    /* an open stage, or one with its own date */
	TEST_DEAL_WON,
	TEST_DEAL_LOST,
	TEST_DEAL_NEW /* not a mere row of a stage history */
};

enum prop_when { PROP_ALWAYS, PROP_NO_COMPANY, PROP_STAGE_UNKNOWN, PROP_DEAL_OPEN };

struct slot_prop {
	str key;
	size_t column;
	uint64_t hash; /* of key */
	enum prop_when when;
};

/* One touch that a row may stand for. */
struct slot {
	str name; /* empty: the row's ROLE_NAME */
	enum about about;
	enum slot_test test;
	size_t at[LOAD_AT_MAX];
	size_t at_n;
	bool at_import; /* none of them is filled: the time of the import; else no touch */
	bool origin;
	bool origin_if_alone; /* only when the row has no other touch */
	bool all_props;	      /* every ROLE_PROP column */
	const struct condition *conditions;
	size_t conditions_n;
	bool stage_prop; /* the row's stage as property `stage` */
	const struct prop *sets;
	size_t sets_n;
	struct slot_prop *props; /* sorted by key */
	size_t props_n;
	uint8_t place; /* the number that its message ids end in: 0 to 99 */
	uint64_t seed; /* of message ids: everything constant about the slot */
};

struct plan {
	struct slot slots[LOAD_SLOTS_MAX];
	size_t n;
	bool counted; /* equal rows are different events, so the n-th counts */
	bool deals;   /* some touch is about a deal */
};

/* A second file from which columns are added to each row. */
struct lookup {
	str file;
	size_t match; /* column of ours */
	str their;    /* header of theirs */
	bool optional;
	bool there;
	uint32_t map_line;
	struct lookup_column {
		str their;
		size_t column; /* of ours */
		size_t at;     /* in their rows */
	} * columns;
	size_t columns_n;
	struct map rows;  /* value of `their` -> index */
	VEC(str *) cells; /* per row, columns_n texts */
	uint64_t misses;
	str miss_first;
};

/* ---- what a map file says -------------------------------------------------------------------- */

struct map_file {
	const char *path;
	const struct yaml *root;
	bool kind_given;
	enum load_kind kind;
	char delimiter;
	str encoding;
	str date_format;
	enum num_decimal decimal; /* NUM_GUESS: not said */
	char currency[4];
	str id_system;
	bool id_system_given;
	const struct yaml *columns, *constants, *touches, *lookups, *ignore;
	uint64_t hash;
};

/* ---- sources --------------------------------------------------------------------------------- */

struct lines;

/* A row as it stands in the file. */
struct raw_row {
	const str *fields;
	const struct json *const *nodes; /* JSON: where a field came from; NULL for CSV */
	size_t n;
	uint64_t line;
	uint64_t number;
	str text; /* the whole line of a JSON lines file */
	const struct json *object;
	str problem; /* not empty: cannot be used */
};

struct source {
	bool json;
	bool segment; /* Segment messages */
	struct csv_reader *csv;
	struct lines *lines;
	struct json_parser *parser;
	struct arena row; /* of the row being read */
	struct map keys;  /* of objects -> column */
	uint64_t number;
	size_t rejects_tail; /* columns `line`, `reason` at the end of a rejects file: 2, else 0 */
};

#endif
