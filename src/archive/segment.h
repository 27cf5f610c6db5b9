/*
 * segment.h - touches in columns, sorted by subject and time.
 *
 * What it is:   an immutable run of touches in one column file (column/colfile.h), or in memory:
 *               everything that a touch is, so that the journal's records of them can go. Sorted by
 *               (subject, at, tie, seq). The subject is the person of the touch, else its company,
 *               else its deal, else 0; as it stood when the segment was written.
 * Promises:     immutable; segment_touch gives back what was added, to the byte. Names, sources and
 *               properties are numbered by segment: a question translates its words once for each.
 * Threads:      any number may read one; a builder belongs to one thread.
 * Format:       docs/format/segment.md
 */
#ifndef TRICHTER_SEGMENT_H
#define TRICHTER_SEGMENT_H

#include "archive/touch.h"
#include "column/colfile.h"

struct segment;

struct segment_info {
	uint64_t touches, subjects;
	uint64_t seq_min, seq_max;
	int64_t at_min_us, at_max_us;
	uint64_t keyed_seq; /* the subjects are those known at this number */
	uint64_t import;    /* all touches are of this import; 0: of none, or of several */
	bool has_imports;   /* some touch is of an import */
	uint64_t bytes;	    /* in the file, or in memory */
};

bool segment_open(struct fs *fs, const char *path, struct segment **s_r, err *e) MUST_CHECK;
/* A segment may be shared: each holder releases it once. */
struct segment *segment_hold(struct segment *s);
void segment_release(struct segment **s);
const struct segment_info *segment_info(const struct segment *s);
const struct colfile *segment_file(const struct segment *s);

/* The columns that questions read most. */
const struct column *segment_at(const struct segment *s);     /* microseconds */
const struct column *segment_name(const struct segment *s);   /* codes: segment_names */
const struct column *segment_origin(const struct segment *s); /* codes: segment_origins */
const struct column *segment_seq(const struct segment *s);
/* Whose each touch was: 0 its subject itself, which is nearly always; else the profile's number
 * + 1, so 1 for nobody. */
const struct column *segment_person(const struct segment *s);
const struct column *segment_company(const struct segment *s);
const struct column *segment_deal(const struct segment *s);
const struct column *segment_import(const struct segment *s); /* 0 none */
const struct column *segment_cause(const struct segment *s);  /* 0 none */
/* Row i of these is the i-th subject: its number, rising strictly, and how many touches it has. */
const struct column *segment_subject(const struct segment *s);
const struct column *segment_count(const struct segment *s);
/* Where each block of subjects begins among the touches: segment_begin(s, 0) is 0. */
uint64_t segment_begin(const struct segment *s, size_t subject_block);

/* Names by code, and how often each occurs. */
size_t segment_names(const struct segment *s);
str segment_name_text(const struct segment *s, size_t code);
uint64_t segment_name_count(const struct segment *s, size_t code);
bool segment_name_code(const struct segment *s, str name, uint32_t *code_r); /* false: not in it */
/* Where touches came from, by code; code 0 is "nowhere known". */
size_t segment_origins(const struct segment *s);
const struct origin *segment_origin_of(const struct segment *s, size_t code);

/* A property that has a column of its own: its codes are into its values. */
struct segment_property {
	str key;
	const struct column
		*codes; /* COLUMN_CODES; 0: the touch does not have it. NULL: see ints */
	size_t values_n;
	const struct column *ints; /* COLUMN_INTS, for numbers with many values; `has` beside it */
	const struct column *has;  /* COLUMN_CODES of 0 and 1 */
	enum value_kind kind;	   /* of ints */
	char currency[4];	   /* of ints that are money */
};
size_t segment_properties(const struct segment *s);
const struct segment_property *segment_property_at(const struct segment *s, size_t i);
/* NULL: no column of its own; the touch itself may have it all the same. */
const struct segment_property *segment_property(const struct segment *s, str key);
/* False when no touch of the segment has the property at all. */
bool segment_has_property(const struct segment *s, str key);
value segment_property_value(const struct segment *s, const struct segment_property *p,
			     size_t code); /* code >= 1 */

/* The touches of one subject: `n_r` rows from `first_r` on; 0 when there are none. */
bool segment_find(const struct segment *s, uint64_t subject, uint64_t *first_r, size_t *n_r,
		  err *e) MUST_CHECK;

/* Whole touches, one after the other; cheapest in rising order of row. */
struct segment_cursor;
bool segment_cursor_new(const struct segment *s, struct segment_cursor **c_r, err *e) MUST_CHECK;
void segment_cursor_free(struct segment_cursor **c);
/* The touch at `row`, its texts in the arena or the segment. `channel` stays empty: the journal
 * knows it. */
bool segment_touch(struct segment_cursor *c, uint64_t row, struct arena *a, struct touch *t_r,
		   err *e) MUST_CHECK;
/* Rows in order of seq: numbers of `n` rows from the `from`-th on; the first call may sort. */
bool segment_by_seq(struct segment_cursor *c, uint64_t from, size_t n, uint64_t *rows_r,
		    err *e) MUST_CHECK;
/* The row of a number; *found_r false: not in this segment. */
bool segment_row_of(struct segment_cursor *c, uint64_t seq, uint64_t *row_r, bool *found_r,
		    err *e) MUST_CHECK;

/* Compares every checksum, and that the order, counts and dictionaries are as promised. */
bool segment_check(struct segment *s, err *e) MUST_CHECK;

/* ---- building -------------------------------------------------------------------------------- */

struct segment_builder;
struct segment_options {
	struct fs *fs;
	const char *path; /* NULL: in memory */
	bool cold;
	uint64_t keyed_seq;
};
bool segment_begin_build(const struct segment_options *o, struct segment_builder **b_r,
			 err *e) MUST_CHECK;
/* In order of (subject, at, tie, seq). */
bool segment_add(struct segment_builder *b, uint64_t subject, const struct touch *t,
		 err *e) MUST_CHECK;
/* Many plain touches at once, as bulk loading has them: of one import, without message id or
 * properties of their own; in the same order. Codes are those that these two gave. */
struct segment_plain {
	size_t n;
	const uint64_t *subject, *person, *company, *deal; /* company, deal may be NULL */
	const int64_t *at_us;
	const uint32_t *name, *origin;
	uint64_t first_seq; /* the i-th has first_seq + i */
	uint64_t import;
	int64_t received_us;
};
bool segment_name_add(struct segment_builder *b, str name, uint32_t *code_r, err *e) MUST_CHECK;
bool segment_origin_add(struct segment_builder *b, const struct origin *o, uint32_t *code_r,
			err *e) MUST_CHECK;
bool segment_add_plain(struct segment_builder *b, const struct segment_plain *p, err *e) MUST_CHECK;
uint64_t segment_builder_touches(const struct segment_builder *b);
/* Frees the builder in any case; on failure no file is left. */
bool segment_finish(struct segment_builder **b, struct segment **s_r, err *e) MUST_CHECK;
void segment_abort(struct segment_builder **b);

/* ---- merging --------------------------------------------------------------------------------- */

enum segment_fate {
	FATE_KEEP, /* as it is */
	FATE_MOVE, /* to the subject that is told */
	FATE_DROP, /* it is in no output */
	FATE_EACH, /* of a subject: ask of each touch */
};
struct segment_merge_options {
	struct fs *fs;
	bool cold;
	uint64_t keyed_seq;
	void *arg;
	/* Asked once for each subject of each input; NULL: all stay. */
	enum segment_fate (*subject)(void *arg, const struct segment *s, uint64_t subject,
				     uint64_t *now_r);
	/* Asked for each touch of a subject that answered FATE_EACH. */
	enum segment_fate (*touch)(void *arg, const struct segment *s, const struct touch *t,
				   uint64_t *now_r);
	/* Where the output for a calendar year (UTC) goes; NULL: all in memory. */
	bool (*path)(void *arg, int year, char *path, size_t path_max, err *e);
	/* Now and then: touches written so far; false stops with ERR_CONFLICT. */
	bool (*progress)(void *arg, uint64_t touches);
};
#define SEGMENT_YEARS_MAX 32 /* outputs of one merge; further years share the last */
/* Several segments to one a calendar year of `at`, streaming. Outputs with the latest touches last;
 * the caller releases each and frees the array with mem_free. On failure no file is left. */
bool segment_merge(struct segment *const *in, size_t n, const struct segment_merge_options *o,
		   struct segment ***out_r, size_t *out_n_r, err *e) MUST_CHECK;

#endif
