/*
 * directory.h - who fits a rule, in which order, how many, and with which values.
 *
 * What it is:   people, companies and deals as columns in memory, made from a snapshot and kept
 *               current by what changed since; filter, count, sort, page, facets and search run
 * over them. Touches are read from segments, so that a journey reads its own only, and a rule
 * with did(...) reads their names. Promises:     the answer is rule_test's over every row, as
 * of the snapshot that is given. A page costs the same at any depth. A column is made when it is
 * first asked for. Memory is at most DIRECTORY_BYTES_MAX; over it is an ordinary error. Threads:
 * any number may ask, each with a snapshot of its own; one brings it up to date while the others
 * wait.
 */
#ifndef TRICHTER_DIRECTORY_H
#define TRICHTER_DIRECTORY_H

#include "people/people.h"

#define DIRECTORY_BYTES_MAX	  (4 * GIB)
#define DIRECTORY_ROWS_MAX	  500
#define DIRECTORY_FACET_MAX	  1000
#define DIRECTORY_SEARCH_MAX	  50
#define DIRECTORY_CURSOR_TEXT_MAX 1024

struct directory;

bool directory_new(struct directory **d_r, err *e) MUST_CHECK;
void directory_free(struct directory **d);

enum directory_how {
	DIRECTORY_MARKS,  /* who changed, no more: nobody asks at present */
	DIRECTORY_NEEDED, /* what a question needs now */
	DIRECTORY_AHEAD,  /* also what the next question may need, while nobody waits */
};
/* Brings it up to the snapshot's number; every question below does so by itself. */
bool directory_follow(struct directory *d, struct snapshot *s, enum directory_how how,
		      err *e) MUST_CHECK;

/* Whom a question is about. Fields are those of the rule language (people_catalogue), and "name",
 * "company", "first_at", "last_at" as subject_value knows them. */
struct directory_query {
	enum entity entity;
	const struct rule *rule; /* parsed with that entity's catalogue; NULL: everyone */
	uint64_t company;	 /* only those of this company; 0: any */
	uint64_t person;	 /* deals: only those with this person; 0: any */
	int64_t now_us;
	str sort; /* a field; empty: by number */
	bool descending;
	str after;    /* where the last page ended; empty: from the beginning */
	size_t limit; /* 1 ... DIRECTORY_ROWS_MAX */
	bool count;   /* count all that fit, too */
};
struct directory_page {
	uint64_t *subjects; /* in order; in the arena, as `next` */
	size_t n;
	str next; /* empty: this was the last page */
	uint64_t count;
};
/* ERR_INVALID: `after` is no cursor of this order. Values that are unknown come last, whichever way
 * the order goes; of equal ones the smaller number comes first. */
bool directory_page(struct directory *d, struct snapshot *s, const struct directory_query *q,
		    struct arena *a, struct directory_page *p_r, err *e) MUST_CHECK;

struct directory_facet {
	value value; /* VALUE_NONE: unknown */
	uint64_t count;
};
/* How many of those who fit have which value of a field, most frequent first, at most `max`. */
bool directory_facets(struct directory *d, struct snapshot *s, const struct directory_query *q,
		      str field, size_t max, struct arena *a, struct directory_facet **facets_r,
		      size_t *n_r, err *e) MUST_CHECK;

/* Whose name, address or company begins with the words, or has a word that does: best first. */
bool directory_search(struct directory *d, struct snapshot *s, enum entity entity, str text,
		      size_t max, struct arena *a, uint64_t **subjects_r, size_t *n_r,
		      err *e) MUST_CHECK;

/* Where a page of touches ended, as a text. */
struct directory_cursor {
	int64_t at_us;
	uint64_t seq;
};
str directory_cursor_text(const struct directory_cursor *c, struct arena *a);
bool directory_cursor_read(str text, struct arena *a, struct directory_cursor *c_r,
			   err *e) MUST_CHECK;

/* Visible touches of one subject in order of (at, seq), or latest first, from behind `after_at_us`
 * and `after_seq` on. Copies in the arena. */
struct directory_journey {
	uint64_t subject;
	bool latest_first;
	bool begin; /* from the beginning: `after` does not count */
	int64_t after_at_us;
	uint64_t after_seq;
	size_t limit;
};
struct directory_touches {
	struct touch *touches;
	size_t n;
	bool more;
	uint64_t next_seq; /* directory_latest: `before` of the next page */
	uint64_t count;	   /* of the subject, in all */
	str stage; /* of a person or deal, just before the first (in time) of these; "" none */
};
bool directory_journey(struct directory *d, struct snapshot *s, const struct directory_journey *j,
		       struct arena *a, struct directory_touches *t_r, err *e) MUST_CHECK;

/* Touches for which the rule holds (touch_catalogue; NULL: all), latest number first, before the
 * number `before` (0: from the newest on). */
bool directory_latest(struct directory *d, struct snapshot *s, const struct rule *rule,
		      uint64_t before, size_t limit, int64_t now_us, struct arena *a,
		      struct directory_touches *t_r, err *e) MUST_CHECK;

/* Bytes held at present, and of what. */
struct directory_numbers {
	uint64_t bytes, touch_bytes, column_bytes;
	uint64_t rows, touches, columns;
	uint64_t seq;
};
void directory_numbers(struct directory *d, struct directory_numbers *n_r);

#endif
