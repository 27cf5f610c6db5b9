/*
 * saved.h - funnels that somebody gave a name, and periods that have one.
 *
 * What it is:   a saved funnel is a row of the configuration, "funnel.NAME": a title, and the
 *               parameters of FUNNEL.md by their names, as the API and the command line take them.
 *               Its history is the audit log's.
 * Promises:     a row that cannot be read is passed over in lists and said by name when it is asked
 *               for; nothing in it is believed before it is parsed as a request's parameter is.
 * Threads:      any; texts live in the caller's arena.
 */
#ifndef TRICHTER_FUNNEL_SAVED_H
#define TRICHTER_FUNNEL_SAVED_H

#include "funnel/funnel.h"

#define SAVED_NAME_BYTES_MAX  64
#define SAVED_TITLE_BYTES_MAX 120
#define SAVED_VALUE_BYTES_MAX (16 * KIB)
#define SAVED_TEXT_BYTES_MAX  (32 * KIB) /* of all parameters together */
#define SAVED_PARAMS_MAX      48
#define SAVED_FUNNELS_MAX     500
#define SAVED_PLACES_MAX      1000
#define SAVED_PREFIX	      "funnel."

struct saved_param {
	str name, value;
};
struct saved_funnel {
	str name;  /* of its address: a-z, 0-9, - and _ */
	str title; /* as people call it */
	struct saved_param *params;
	size_t params_n;
	uint64_t place; /* on the home, from 1; 0: it is not there */
	str text;	/* the row as it is kept */
	str by;		/* who changed it last */
	int64_t at_us;	/* ... and when */
};

/* ERR_INVALID unless it may be part of an address: 1 to 64 of a-z, 0-9, - and _, a letter or figure
 * first; "new" is the builder's own. */
bool saved_name_check(str name, err *e) MUST_CHECK;
/* 1 to 120 bytes of one line. */
bool saved_title_check(str title, err *e) MUST_CHECK;
/* A parameter's value; empty when it has none. */
str saved_param(const struct saved_funnel *f, str name);
/* The row to be kept; fails when it would be too large. */
bool saved_print(const struct saved_funnel *f, struct buf *out, err *e) MUST_CHECK;
/* ERR_NOT_FOUND says which name is near. */
bool saved_find(struct snapshot *s, str name, struct arena *a, struct saved_funnel *f_r,
		err *e) MUST_CHECK;
/* Those on the home first, by their place; then by title. */
bool saved_list(struct snapshot *s, struct arena *a, struct saved_funnel **list_r, size_t *n_r,
		err *e) MUST_CHECK;

/* "30d", "90d", "12mo", "month", "last_month", "quarter", "last_quarter", "year": from the first
 * day to before `to`, on the workspace's clocks; today belongs to it. */
bool funnel_parse_period(str name, int64_t now_us, int64_t *from_us_r, int64_t *to_us_r,
			 err *e) MUST_CHECK;

#endif
