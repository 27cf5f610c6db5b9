/*
 * directory_int.h - the parts of directory/ among themselves.
 *
 * What it is:   a table per entity (rows, columns), the touches beside them, and what is known to
 *               have changed since a row was read last.
 */
#ifndef TRICHTER_DIRECTORY_INT_H
#define TRICHTER_DIRECTORY_INT_H

#include "base/map.h"
#include "base/thread.h"
#include "base/vec.h"
#include "directory/directory.h"
#include "people/subject.h"

#define ENTITIES_N 3

/* ---- cursor.c: where a page ended ------------------------------------------------------------ */

/* What stands for a value in an order: lists by their first item, text folded and cut. */
#define SORT_TEXT_BYTES_MAX 128
value sort_key(value v, struct arena *a);
/* Unknown last; then by value, down when `descending`; then by number. */
int sort_cmp(value a, uint64_t a_number, value b, uint64_t b_number, bool descending);

struct cursor {
	uint64_t number;
	value key;
};
str cursor_print(struct arena *a, const struct cursor *c);
bool cursor_parse(str text, struct arena *a, struct cursor *c_r, err *e) MUST_CHECK;

/* ---- dict.c: different values, numbered ------------------------------------------------------ */

/* Codes are given in turn, from 1; nothing is removed. */
struct dict {
	struct buf bytes;     /* encoded values, one behind the other */
	VEC(uint64_t) ends;   /* by code - 1: where the value ends */
	struct buf folds;     /* the sort keys of texts */
	VEC(uint64_t) folded; /* by code - 1: where the key ends */
	VEC(uint64_t) order;  /* by code - 1: grows with the order of values; equal: ask them */
	uint32_t *slots;      /* open addressing: codes */
	size_t slots_n;
};
void dict_fini(struct dict *d);
/* *code_r may come in as the code that is expected; 0: none is. */
bool dict_code(struct dict *d, value v, uint32_t *code_r, err *e) MUST_CHECK;
/* Lists into the arena; texts point into the dictionary. */
value dict_decode(const struct dict *d, uint32_t code, struct arena *a);
str dict_fold(const struct dict *d, uint32_t code); /* "" unless a text, or a list of texts */
/* As it stands in `order`. */
uint64_t dict_order(value key);
uint64_t dict_bytes(const struct dict *d);

/* ---- column.c: one field of all rows --------------------------------------------------------- */

enum column_from {
	COLUMN_RULE,   /* what the rule language calls by that name */
	COLUMN_ROW,    /* what a list shows under it (subject_value) */
	COLUMN_PEOPLE, /* of deals: the numbers of who has a say in it */
};

/* Numbers where all known values are of one kind that is one; codes of a dictionary otherwise. */
struct trait_column {
	str name; /* in `texts` of the directory */
	enum column_from from;
	bool counts;	      /* changes with every touch */
	bool of_ids;	      /* an id, which everybody has */
	bool numeric;	      /* as long as it can be */
	enum value_kind kind; /* of the numbers; VALUE_NONE: none yet */
	VEC(int64_t) numbers; /* NUMBER_UNKNOWN: unknown */
	VEC(uint32_t) codes;  /* 0: unknown */
	struct dict dict;
};
bool trait_column_is_pure_count(const struct trait_column *c);
#define NUMBER_UNKNOWN INT64_MIN
struct trait_column *trait_column_new(str name, enum column_from from, bool counts, err *e);
void trait_column_free(struct trait_column *c);
bool trait_column_set(struct trait_column *c, size_t row, value v, err *e) MUST_CHECK;
/* Lists into the arena. */
value trait_column_value(const struct trait_column *c, size_t row, struct arena *a);
size_t trait_column_rows(const struct trait_column *c);
uint64_t trait_column_bytes(const struct trait_column *c);

/* ---- rows.c: who there is, and what changed -------------------------------------------------- */

struct table {
	enum entity entity;
	VEC(uint32_t) subjects; /* by row; a row stays that subject's */
	VEC(uint64_t) live;	/* bit per row: visible, and not joined to a smaller number */
	VEC(struct trait_column *) columns;
};

enum dirty { DIRTY_NOT, DIRTY_COUNTS, DIRTY_ALL };

struct rows {
	struct table tables[ENTITIES_N];
	VEC(uint32_t) row_of; /* by profile - 1: row + 1 in its entity's table; 0 none */
	VEC(uint32_t) root;   /* by profile - 1: the subject, as of the last settling */
	VEC(uint8_t) dirty;   /* by profile - 1: enum dirty */
	VEC(uint32_t) dirty_list;
	uint64_t seq; /* what happened up to there is marked or settled; 0: nothing read yet */
};

struct directory;

bool rows_mark(struct rows *r, uint64_t profile, enum dirty how, err *e) MUST_CHECK;
/* Every subject anew, from the snapshot's people; columns that are there are forgotten. */
bool rows_begin(struct directory *d, struct snapshot *s, err *e) MUST_CHECK;
/* Who is no longer the same subject is marked: after a separation, or an import's coming or going.
 */
bool rows_mark_moved(struct rows *r, struct people *p, err *e) MUST_CHECK;
/* Reads who is marked, from a snapshot that is no older than `seq`. */
bool rows_settle(struct directory *d, struct snapshot *s, err *e) MUST_CHECK;
void rows_fini(struct rows *r);
/* The row of a profile's subject in that entity's table; false: none, or not live. */
bool rows_find(const struct rows *r, enum entity entity, uint64_t profile, size_t *row_r);
static inline bool bit_get(const uint64_t *bits, size_t i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

/* ---- build.c: columns, when they are asked for ----------------------------------------------- */

struct wanted {
	str name;
	enum column_from from;
};
/* Finds or makes them; made beside everything else, so that nobody waits but who asked. */
bool columns_need(struct directory *d, struct snapshot *s, enum entity entity,
		  const struct wanted *wanted, size_t n, err *e) MUST_CHECK;
/* Those that the next question may need. */
bool columns_ahead(struct directory *d, struct snapshot *s, err *e) MUST_CHECK;
void columns_forget(struct directory *d);
struct trait_column *trait_column_find(const struct table *t, str name, enum column_from from);
/* One value of a row: of a subject that was read, and of one whose counts alone were. */
value trait_column_read(const struct trait_column *c, struct people *p, const struct subject *s,
			struct arena *a);
value trait_column_read_counts(const struct trait_column *c, const struct subject_view *v);
/* Which column answers for a field of a list; `name` may come out another one. */
struct wanted wanted_of_list(str field);

/* ---- touches.c: where the touches of one stand ----------------------------------------------- */

struct about {
	uint32_t profile, row;
};
/* Which rows of a segment are about companies, and which about deals; by profile. */
struct about_list {
	uint64_t checksum; /* of the segment */
	uint64_t used;
	VEC(struct about) items[2];
};
struct touches {
	struct mutex lock;
	VEC(struct about_list *) lists;
	uint64_t clock;
};
void touches_init(struct touches *t);
void touches_fini(struct touches *t);
uint64_t touches_bytes(struct touches *t);
/* `segment`: its number among snapshot_segments. */
typedef bool (*place_fn)(void *arg, size_t segment, uint64_t row, err *e);
/* Every visible touch of the subject, in no order. The view has the ids. */
bool touches_each(struct directory *d, struct snapshot *s, const struct subject_view *v,
		  place_fn each, void *arg, err *e) MUST_CHECK;
bool touches_hidden(struct snapshot *s, const struct snapshot_segment *seg, uint64_t row,
		    bool *hidden_r, err *e) MUST_CHECK;

/* ---- plan.c: a rule over columns ------------------------------------------------------------- */

/* Bits of the rows for which it holds, in the arena; live rows only. The columns are there. */
bool plan_run(struct directory *d, struct snapshot *s, const struct directory_query *q,
	      struct arena *a, uint64_t **bits_r, size_t *rows_r, err *e) MUST_CHECK;
/* Columns that the query needs; `more`: one further field of a list, or empty. */
bool plan_columns(struct directory *d, struct snapshot *s, const struct directory_query *q,
		  str more, err *e) MUST_CHECK;

struct plan {
	struct directory *d;
	struct snapshot *s;
	const struct table *table;
	const struct directory_query *q;
	size_t rows, words;
	uint64_t tests;
	struct arena scratch; /* values of lists */
	VEC(uint64_t *) free; /* bitmaps that may be used again */
	struct arena bitmaps;
	err *e;
};

/* Counts tests against their maximum. */
bool plan_count(struct plan *p, uint64_t n) MUST_CHECK;
/* plan_deeds.c: bits of `within` for which did(...), first(...) or last(...) holds. */
bool plan_deeds(struct plan *p, const struct rule_part *part, const uint64_t *within,
		uint64_t *out) MUST_CHECK;

/* ---- directory.c ----------------------------------------------------------------------------- */

struct directory {
	struct rwlock lock; /* everything below but the next three */
	struct mutex build_lock;
	struct cond built;
	bool building; /* one makes columns at a time */
	struct rows rows;
	struct touches touches;
	struct arena texts; /* names of columns */
	struct map changes; /* name -> enum change */
	struct arena names; /* of them */
	bool ahead;	    /* columns of the next question are there */
};
/* Up to the snapshot's number, and the lock taken for reading; give it back. */
bool directory_read(struct directory *d, struct snapshot *s, err *e) MUST_CHECK;

#endif
