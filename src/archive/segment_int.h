/*
 * segment_int.h - what the files of segment share.
 *
 * What it is:   the tables and columns of a segment's file, its dictionaries in memory, and the
 *               builder's parts. docs/format/segment.md says what each column holds.
 */
#ifndef TRICHTER_SEGMENT_INT_H
#define TRICHTER_SEGMENT_INT_H

#include "archive/segment.h"
#include "base/map.h"
#include "base/vec.h"

#include <stdatomic.h>

#define SEGMENT_KIND		 S("touches")
#define SEGMENT_VERSION		 1
#define SEGMENT_NOTE		 S("segment")
#define ORIGIN_FIELDS		 7
#define UUID_BYTES		 16
#define UUID_CHARS		 36

#define SHAPE_NONE		 0 /* no properties */
#define SHAPE_OWN		 1 /* the keys stand in the rest */
#define SHAPES_MAX		 65536

#define PROPERTY_COLUMNS_MAX	 64
#define PROPERTY_VALUES_MAX	 8192	    /* of one column */
#define PROPERTY_VALUE_BYTES_MAX 1024	    /* encoded; longer ones have no code */
#define PROPERTY_BYTES_MAX	 (32 * MIB) /* of all values that have codes */

enum table {
	TABLE_TOUCHES,
	TABLE_SUBJECTS,
	TABLE_NAMES,
	TABLE_WORDS,
	TABLE_ORIGINS,
	TABLE_KEYS,
	TABLE_SHAPES,
	TABLE_VALUES,
};

/* The columns of touches that every segment has. */
enum touch_column {
	COL_AT,
	COL_NAME,
	COL_ORIGIN,
	COL_SEQ,
	COL_PERSON,
	COL_COMPANY,
	COL_DEAL,
	COL_IMPORT,
	COL_RECEIVED,
	COL_CAUSE,
	COL_RULE,
	COL_BY,
	COL_FLAGS,
	COL_SHAPE,
	COL_NUMBERS, /* so many of numbers; texts follow */
	COL_ID = COL_NUMBERS,
	COL_REST,
	COL_ALL,
};
struct column_form {
	const char *name;
	enum column_type type;
	bool small; /* seldom read */
};
extern const struct column_form segment_forms[COL_ALL];
extern const char *const segment_origin_fields[ORIGIN_FIELDS];
/* The seven texts of an origin, in the order of those names. */
void origin_texts(const struct origin *o, str texts[ORIGIN_FIELDS]);

enum touch_flags {
	FLAG_FILL = 1,
	FLAG_PUBLIC = 2,
	FLAG_UUID = 4, /* the message id stands there as 16 bytes */
	FLAG_TEXT = 8, /* as it is */
	FLAGS_ALL = 15,
};
/* "123e4567-e89b-12d3-a456-426614174000" as 16 bytes; false: it is not written like that. */
bool uuid_pack(str id, uint8_t bytes[UUID_BYTES]);
void uuid_unpack(const uint8_t bytes[UUID_BYTES], char text[UUID_CHARS]);

/* The profile of a touch as its column has it, and back. */
static inline uint64_t person_code(uint64_t subject, uint64_t person)
{
	return person == subject ? 0 : person + 1;
}
static inline uint64_t person_of_code(uint64_t subject, uint64_t code)
{
	return code == 0 ? subject : code - 1;
}

/* How a key's values are kept. */
enum key_how { KEY_REST, KEY_CODES, KEY_INTS, KEY_HOWS };
/* Kinds that can be numbers of a column. */
static inline bool kind_is_int(unsigned kind)
{
	return kind == VALUE_INT || kind == VALUE_TIME || kind == VALUE_DATE || kind == VALUE_MONEY;
}
/* Columns of a key: "c12", "i12" and "h12". */
#define KEY_COLUMN_MAX 24
str key_column_name(char out[KEY_COLUMN_MAX], char letter, size_t key);

/* ---- reading --------------------------------------------------------------------------------- */

struct segment_key {
	str text;
	enum key_how how;
	size_t property; /* in `columns`; of KEY_CODES and KEY_INTS */
};
/* A column of one key: it may hold the property of some touches only (`whole` false), and is then
 * no segment_property. */
struct key_column {
	struct segment_property p;
	size_t key;
	bool whole;
	value *values; /* of code 1, 2, ... */
	size_t filled;
};
struct shape {
	const uint32_t *keys;
	size_t n;
};
struct segment {
	atomic_size_t holders;
	struct colfile *file;
	struct segment_info info;
	struct arena arena; /* all dictionaries */
	const struct column *cols[COL_ALL];
	const struct column *subject, *count;
	uint64_t *begins; /* of each block of subjects, and the end */
	str *names, *words;
	uint64_t *name_counts;
	size_t names_n, words_n, origins_n, keys_n, shapes_n, columns_n;
	struct map name_codes, key_codes;
	struct origin *origins;
	struct segment_key *keys;
	struct shape *shapes;
	struct key_column *columns;
	const struct segment_property *properties[PROPERTY_COLUMNS_MAX]; /* the whole ones */
	size_t properties_n;
};
bool segment_damaged(const struct segment *s, const char *what, err *e);
/* Takes the file, also when it fails. */
bool segment_of_file(struct colfile *f, struct segment **s_r, err *e) MUST_CHECK;
bool segment_read_columns(struct segment *s, err *e) MUST_CHECK;
bool segment_read_dictionaries(struct segment *s, err *e) MUST_CHECK;
bool segment_read_keys(struct segment *s, err *e) MUST_CHECK;
/* A column of a table, of that type and length. */
bool segment_need_column(const struct segment *s, enum table table, str name, enum column_type type,
			 uint64_t rows, const struct column **c_r, err *e) MUST_CHECK;
/* How many entries a dictionary can have: rows that are all alike take no room in a file, but would
 * take memory. */
uint64_t segment_entries_max(const struct segment *s);
/* All numbers or texts of a column, into the arena. */
bool segment_read_ints(struct segment *s, const struct column *c, int64_t **v_r, err *e) MUST_CHECK;
bool segment_read_texts(struct segment *s, const struct column *c, str **v_r, err *e) MUST_CHECK;

/* The properties of a touch, by a cursor that goes over rows: segment_props.c */
struct props_cursor {
	const struct segment *s;
	struct texts_cursor rest;
	struct ints_cursor *codes; /* of each of s->columns: codes or ints */
	struct ints_cursor *has;
};
bool props_cursor_init(struct props_cursor *p, const struct segment *s, err *e) MUST_CHECK;
void props_cursor_fini(struct props_cursor *p);
struct shape_props {
	const struct prop *items;
	size_t n;
};
bool props_cursor_read(struct props_cursor *p, uint64_t row, size_t shape, struct arena *a,
		       struct shape_props *props_r, err *e) MUST_CHECK;

/* ---- building -------------------------------------------------------------------------------- */

/* Texts numbered in the order in which they came. */
struct text_dict {
	struct map codes;
};
bool text_dict_add(struct text_dict *d, str text, uint32_t *code_r, err *e) MUST_CHECK;
/* All of them by number, views into the dictionary; to be freed with mem_free. */
bool text_dict_list(const struct text_dict *d, str **texts_r, err *e) MUST_CHECK;

/* One property as it comes: its key, and its value encoded. */
struct encoded_prop {
	uint32_t key;
	str bytes;
};
/* What is known of a key, while it is not yet decided which have columns, and then. */
struct build_key {
	uint64_t count;
	uint32_t kinds;	  /* a bit a kind */
	char currency[4]; /* of money */
	bool mixed_money, too_long;
	struct text_dict values; /* encoded; code 0 is the first */
	enum key_how how;
	bool whole;
	enum value_kind kind;
	unsigned column, has;
	uint64_t rows; /* of its columns, written so far */
};
struct build_props {
	struct colfile_writer *w;
	unsigned shape_column, rest_column;
	bool decided;
	uint64_t rows;	  /* of shape and rest, written so far */
	uint64_t waiting; /* rows without properties since the last with some, in the sample */
	struct buf sample;
	size_t sample_rows;
	size_t value_bytes;
	struct text_dict keys, shapes;
	VEC(struct build_key) items; /* of each key */
	VEC(struct encoded_prop) now;
	struct buf encoded, shape, rest;
};
void build_props_init(struct build_props *p);
void build_props_fini(struct build_props *p);
/* The next row's. */
bool build_props_put(struct build_props *p, const struct touch *t, err *e) MUST_CHECK;
/* The next n rows have none. */
bool build_props_skip(struct build_props *p, uint64_t n, err *e) MUST_CHECK;
/* Chooses the columns by what came so far. */
bool build_props_decide(struct build_props *p, err *e) MUST_CHECK;
/* Writes what is left, and the tables of keys, shapes and values. */
bool build_props_finish(struct build_props *p, err *e) MUST_CHECK;

/* Appends a column of texts, or of codes, at once: segment_tables.c */
bool build_put_texts(struct colfile_writer *w, enum table table, str name, const str *texts,
		     size_t n, err *e) MUST_CHECK;
bool build_put_codes(struct colfile_writer *w, enum table table, str name, const uint32_t *v,
		     size_t n, err *e) MUST_CHECK;

struct segment_builder {
	struct fs *fs;
	char *path; /* NULL: in memory */
	struct colfile_writer *w;
	unsigned cols[COL_ALL], subject_column, count_column;
	uint64_t keyed_seq, touches;
	/* The run of one subject that is open, and its last touch. */
	uint64_t subject, count, tie, seq;
	int64_t at_us;
	struct text_dict names, words, origins;
	VEC(uint64_t) name_counts;
	struct build_props props;
	struct buf scratch;
	int64_t *numbers; /* a block of them */
};
/* That the next touch is not before the last; opens a run for its subject. */
bool build_order(struct segment_builder *b, uint64_t subject, int64_t at_us, uint64_t tie,
		 uint64_t seq, err *e) MUST_CHECK;
/* Writes dictionaries and notes. */
bool build_tables(struct segment_builder *b, err *e) MUST_CHECK;

#endif
