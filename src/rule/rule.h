/*
 * rule.h - the one predicate language: who is found, who is in a segment, what a good lead is.
 *
 * What it is:   text -> typed tree -> canonical text, and a test of one row (a person, a touch, a
 *               deal) against the tree. INTERFACES.md, "The rule language", is its specification.
 * Promises:     parsing needs a catalogue of fields and knows no data; the tree lives in the arena
 *               and may be used by several threads. Printing and parsing again gives the same tree.
 *               Two-valued: an unknown value satisfies no comparison; `not` negates what came out.
 * Limits:       RULE_BYTES_MAX of text, RULE_NODES_MAX nodes, RULE_DEPTH_MAX nesting.
 */
#ifndef TRICHTER_RULE_H
#define TRICHTER_RULE_H

#include "base/time.h"
#include "base/value.h"

#define RULE_BYTES_MAX (64 * KIB)
#define RULE_NODES_MAX 10000
#define RULE_DEPTH_MAX 100

enum rule_type {
	RULE_TEXT,
	RULE_NUMBER,
	RULE_BOOL,
	RULE_TIME,  /* an instant or a day: compares with dates, `last 30d`, `before 2026-01-01` */
	RULE_AGE,   /* a span up to now, kept as the time it began: compares with durations */
	RULE_MONEY, /* compares with numbers (any currency) and with money (that currency) */
	RULE_MULTI, /* several texts: `has`, `has any (...)`; `=` means has */
	RULE_ANY,   /* a trait whose type is found in each row */
};

struct rule_field {
	str name;
	enum rule_type type;
	const str *values; /* known values, for suggestions; NULL when free */
	size_t values_n;
	bool values_closed; /* any other value is an error */
};

/* What may be asked about. Names are looked for in `fields` (any case of ASCII letters), then by
 * `find`, as written and once more in lower case; the rule keeps the name that the field found has.
 * Suggestions come from `fields`. `behaviour` says whether did(), first(), last(), in_list() ...
 * apply. An unknown name is an error unless `open` (touch properties), where it is RULE_ANY and
 * kept as written. */
struct rule_catalogue {
	const struct rule_field *fields;
	size_t n;
	bool (*find)(void *arg, str name,
		     struct rule_field *field_r); /* beyond `fields`; may be NULL */
	void *arg;
	bool open;
	bool behaviour;
	const struct rule_catalogue
		*touch; /* what `where` in did() asks; NULL: any name, RULE_ANY */
};

struct rule;

/* Empty text is a rule that always holds. An error reads "line 1, column 14: ..., expected ...; did
 * you mean \"country\"?". */
bool rule_parse(struct arena *a, str text, const struct rule_catalogue *c, const struct rule **r_r,
		err *e) MUST_CHECK;
/* The canonical text, at most RULE_BYTES_MAX (a longer one is refused by rule_parse); p NULL when
 * the arena is full. */
str rule_print(struct arena *a, const struct rule *r);
bool rule_is_empty(const struct rule *r);

/* A did(...) of the rule: which touches count, and how far back. */
struct rule_did {
	str name;		  /* of the touch */
	const struct rule *where; /* over the touch; NULL: all */
	struct duration last;	  /* 0: ever */
};

enum rule_set { RULE_LIST, RULE_SEGMENT, RULE_PERSONA };

/* One row. Functions may be NULL where the catalogue has no behaviour. */
struct rule_row {
	void *arg;
	int64_t now_us;
	/* The value of a field; VALUE_NONE when unknown. Lists for RULE_MULTI. */
	value (*field)(void *arg, str name);
	/* How many touches fit; first_us_r and last_us_r (either may be NULL) their times. */
	uint64_t (*did)(void *arg, const struct rule_did *did, int64_t *first_us_r,
			int64_t *last_us_r);
	bool (*member)(void *arg, enum rule_set set, str name);
};
/* Takes no memory, whatever the row holds. */
bool rule_test(const struct rule *r, const struct rule_row *row);

/* The tree, for those who answer a rule otherwise than row by row: over columns, say. */
struct rule_part;
enum rule_part_kind {
	RULE_PART_AND, /* of its parts: rule_part_first, rule_part_next */
	RULE_PART_OR,
	RULE_PART_NOT,	 /* of its one part */
	RULE_PART_FIELD, /* the value of a field is compared */
	RULE_PART_DID,	 /* how many touches fit (a whole number, known) */
	RULE_PART_FIRST, /* when the first of them was, or unknown */
	RULE_PART_LAST,
	RULE_PART_MEMBER,
};
const struct rule_part *rule_root(const struct rule *r); /* NULL: always holds */
enum rule_part_kind rule_part_kind(const struct rule_part *p);
const struct rule_part *rule_part_first(const struct rule_part *p);
const struct rule_part *rule_part_next(const struct rule_part *p);
str rule_part_field(const struct rule_part *p);
const struct rule_did *rule_part_did(const struct rule_part *p);
/* Whether a comparison (FIELD, DID, FIRST, LAST) holds when what it asks about has this value. */
bool rule_part_holds(const struct rule_part *p, value v, int64_t now_us);

/* Where that is so for exactly the numbers (VALUE_INT) or times (VALUE_TIME) of one range, or all
 * but those. False: it is not known to be so. */
struct rule_range {
	int64_t from, to; /* both included; from > to: none */
	bool inside;
};
bool rule_part_range(const struct rule_part *p, enum value_kind kind, int64_t now_us,
		     struct rule_range *r_r);

/* Walks over what a rule depends on: for triggers, counters and timers. Names and dids come in the
 * order of the text, each as often as it stands there; fields of `where` are those of did->where.
 */
void rule_each_field(const struct rule *r, void (*each)(void *arg, str name), void *arg);
void rule_each_did(const struct rule *r, void (*each)(void *arg, const struct rule_did *did),
		   void *arg);
/* True when the answer can change by time passing alone (ages, `last 30d`, ...). */
bool rule_depends_on_time(const struct rule *r);

#endif
