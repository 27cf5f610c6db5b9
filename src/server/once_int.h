/*
 * once_int.h - requests that may be sent again: Idempotency-Key.
 *
 * What it is:   what a request with a key was answered is kept for a day, and answered again.
 */
#ifndef TRICHTER_SERVER_ONCE_INT_H
#define TRICHTER_SERVER_ONCE_INT_H

#include "server/route_int.h"

struct once;
bool once_open(struct once **o_r, err *e) MUST_CHECK;
void once_close(struct once **o);

/* Looks whether this request was answered before. *again_r: it was, and `a` is filled with what it
 * was answered then. Otherwise the handler is to run, and once_end to be called. Errors: 400 for a
 * key that is none, 422 for one that was sent with another request, 409 while the first is worked
 * on. Without the header nothing is kept. */
bool once_begin(struct once *o, struct request *q, struct answer *a, bool *again_r,
		err *e) MUST_CHECK;
/* `ok`: it was done, and `a` is the answer; else it may be tried anew. */
void once_end(struct once *o, struct request *q, bool ok, const struct answer *a);
/* A message id for what this request writes: the same for the same key, so that the journal knows
 * it again when the answer is forgotten. Empty without a key. In the request's arena. */
str once_message_id(struct request *q);

#endif
