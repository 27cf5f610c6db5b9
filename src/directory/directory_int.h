/*
 * directory_int.h - the parts of directory/ among themselves.
 */
#ifndef TRICHTER_DIRECTORY_INT_H
#define TRICHTER_DIRECTORY_INT_H

#include "base/map.h"
#include "base/thread.h"
#include "base/vec.h"
#include "directory/directory.h"
#include "people/subject.h"

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

#endif
