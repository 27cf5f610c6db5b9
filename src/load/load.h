/*
 * load.h - files in and out.
 *
 * What it is:   recognising what a file is and which column means what; map files; turning rows
 * into touches; sending them through the journal's door in chunks; rejects, resume, undo, dry run;
 * and export in the shape that import reads. Promises:     an import becomes visible as a whole at
 * its end; killed, it resumes; a row that cannot be used comes back in the rejects file with its
 * reason; nothing is dropped silently.
 */
#ifndef TRICHTER_LOAD_H
#define TRICHTER_LOAD_H

#include "journal/journal.h"

enum load_kind { LOAD_EVENTS, LOAD_PEOPLE, LOAD_COMPANIES, LOAD_DEALS, LOAD_SPEND, LOAD_KINDS_N };
bool load_kind_parse(str text, enum load_kind *kind_r);
const char *load_kind_name(enum load_kind kind);

/* Large files of events go straight into segments, small ones through the journal. */
enum load_bulk { LOAD_BULK_LARGE, LOAD_BULK_ALWAYS, LOAD_BULK_NEVER };

struct load_options {
	enum load_bulk bulk;
	size_t bulk_bytes_max; /* of rows in memory; 0: 256 MiB */
	bool kind_given;
	enum load_kind kind;
	const char *map_path;	      /* a map file (YAML); NULL: recognise headers */
	const char *const *map_pairs; /* "field=Header"; these win over what was recognised */
	size_t map_pairs_n;
	const char *date_format; /* "%d-%m-%Y"; NULL: recognised */
	enum duplicates duplicates;
	bool dry_run;
	bool resume;
	bool live;
	const char *rejects_path; /* NULL: FILE.rejects.csv beside the file, when there are any */
	void (*progress)(void *arg, uint64_t rows, uint64_t bytes, uint64_t bytes_total);
	void *progress_arg;
	const volatile bool
		*stop; /* set by a signal: finish the chunk, keep the rest for --resume */
};

struct load_result {
	uint64_t import;
	uint64_t read, accepted, duplicate, rejected, skipped; /* rows */
	uint64_t touches;
	uint64_t people_new, people_updated;
	uint64_t companies_new, deals_new;
	bool stopped;		 /* by `stop`: resume later */
	char rejects_path[4096]; /* empty: none written */
	str notes;		 /* what a person should know: columns kept as traits, values
				    translated, deals without a company ...; one sentence a line */
};
/* ERR_INVALID names file, line and column. Notes live in the arena. */
bool load_file(const char *dir, struct journal *j, const char *path, const struct load_options *o,
	       struct arena *a, struct load_result *r, err *e) MUST_CHECK;

/* What an import would read: for previews and messages. One sentence per column. */
bool load_describe(const char *path, const struct load_options *o, struct arena *a, str *text_r,
		   err *e) MUST_CHECK;

/* The same for programs: what each column is taken for, with values from the first rows. */
enum load_use { LOAD_USE_FIELD, LOAD_USE_TRAIT, LOAD_USE_STAGE_DATE, LOAD_USE_IGNORE };
struct load_column {
	str header;
	enum load_use use;
	str key;	  /* the field, the trait, or the stage whose date it is */
	const char *type; /* as a map file names it: "text", "number", ..., "auto" */
	str pattern;	  /* of dates; empty: RFC 3339 */
	bool ambiguous;	  /* day and month cannot be told apart */
	str *samples;	  /* of the first rows, "" where a cell is empty; as many as rows_n */
};
struct load_preview {
	str problem;	 /* why it cannot be imported like this; "" it can */
	bool kind_known; /* false: the headers do not say; columns are as of `people` */
	enum load_kind kind;
	bool segment; /* Segment messages: no columns to choose */
	struct load_column *columns;
	size_t columns_n, rows_n;
	str *touches; /* what a row stands for */
	size_t touches_n;
};
#define LOAD_PREVIEW_ROWS 6
bool load_preview(const char *path, const struct load_options *o, struct arena *a,
		  struct load_preview *p_r, err *e) MUST_CHECK;
/* The fields of a kind and how they read, by index; false past the end. */
bool load_field_at(enum load_kind kind, size_t i, const char **name_r, const char **type_r);

/* All rows of a kind, as CSV (json false) or JSON lines, through `put`. */
struct load_export {
	enum load_kind kind;
	bool json;
	bool (*put)(void *arg, str piece);
	void *arg;
};
bool load_export(struct snapshot *s, const struct load_export *x, err *e) MUST_CHECK;

#endif
