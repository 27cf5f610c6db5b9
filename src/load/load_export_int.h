/*
 * load_export_int.h - what the files of the export share.
 *
 * What it is:   a row is a sequence of named values; the first walk finds out which names there
 * are, the second writes. JSON lines need the second alone.
 */
#ifndef TRICHTER_LOAD_EXPORT_INT_H
#define TRICHTER_LOAD_EXPORT_INT_H

#include "load/load.h"

#include "base/map.h"
#include "base/vec.h"
#include "io/json.h"
#include "people/people.h"

struct export
{
	const struct load_export *x;
	struct snapshot *s;
	struct people *people;
	struct arena names; /* of columns */
	struct arena row;
	struct arena other; /* a view beside the row's: the company of a person */
	struct map columns; /* name -> index */
	VEC(str) order;
	VEC(value) cells; /* of the present row, per column */
	VEC(bool) used;
	struct buf out;
	struct buf text;
	struct json_writer json;
	bool counting; /* the first walk */
	bool failed;
	err *e;
	/* events: ids by subject, so that a person is looked at once */
	struct map64 known;
	struct arena known_ids;
	struct touch const *touch;
};

/* A value of the present row. Unknown values and empty texts are left out. */
bool export_put(struct export *x, str name, value v) MUST_CHECK;
bool export_put_text(struct export *x, const char *name, str text) MUST_CHECK;
bool export_row_end(struct export *x) MUST_CHECK;

/* load_export_rows.c */
bool export_subject(struct export *x, enum entity entity, uint64_t subject) MUST_CHECK;
bool export_touch(struct export *x, const struct touch *t) MUST_CHECK;
const char *const *export_first_columns(enum load_kind kind, size_t *n_r);

#endif
