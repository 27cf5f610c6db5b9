/*
 * work_int.h - what the routes share by which people change things by hand.
 *
 * What it is:   bodies as fields with values, subjects by the number in the path, entity tags, and
 *               the deed from its check to its answer.
 */
#ifndef TRICHTER_SERVER_WORK_INT_H
#define TRICHTER_SERVER_WORK_INT_H

#include "sales/sales.h"
#include "server/view_int.h"

#define WORK_BODY_BYTES_MAX (64 * KIB)

/* The number at place `i` of the path; ERR_NOT_FOUND when it is none. */
bool work_number(struct request *q, size_t i, uint64_t *number_r, err *e) MUST_CHECK;
/* The members of the body, an object, as fields; but for `except` (may be empty). An object of
 * amount_minor and currency is an amount. */
bool work_fields(struct request *q, str except, const struct prop **fields_r, size_t *n_r,
		 err *e) MUST_CHECK;
/* "\"5f…\"" of what is known of a subject. */
str work_etag(struct arena *a, const struct subject_view *v);
/* The header If-Match against `etag`: 428 when it is missing, 412 when it is another. */
bool work_if_match(struct request *q, str etag, err *e) MUST_CHECK;

/* One deed of this request: fills `ask` but for the action and the fields. The view is borrowed
 * until work_end. */
struct work {
	struct request *q;
	struct view *view;
	struct sales_rules rules;
	struct sales_ask ask;
};
bool work_begin(struct work *w, struct request *q, enum entity entity, uint64_t subject,
		err *e) MUST_CHECK;
void work_end(struct work *w);

/* The deed into the journal; by the request's Idempotency-Key once. */
bool work_write(struct request *q, struct sales_deed *d, uint64_t *seq_r, err *e) MUST_CHECK;
/* The members "touch" and "undo". */
void work_put_deed(struct json_writer *w, struct request *q, const struct sales_deed *d,
		   uint64_t seq);
/* Both: 201 {"touch": …, "undo": N}. */
bool work_answer(struct request *q, struct answer *a, struct sales_deed *d, err *e) MUST_CHECK;

#endif
