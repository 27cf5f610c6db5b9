/*
 * access_log_int.h - one line in the log for each request.
 *
 * Promises:     putting never waits for the writing; what does not fit is dropped, and how much is
 *               said. Nothing personal is in a line: the route's pattern, never the path or query.
 * Threads:      any.
 */
#ifndef TRICHTER_SERVER_ACCESS_LOG_INT_H
#define TRICHTER_SERVER_ACCESS_LOG_INT_H

#include "base/err.h"

struct access_log;
struct access_line {
	const char *method, *route; /* constants */
	uint64_t id, bytes;
	int64_t us;
	int status; /* 0: the client went away */
};

bool access_log_new(struct access_log **l_r, err *e) MUST_CHECK;
void access_log_free(struct access_log **l); /* writes what is left */
void access_log_put(struct access_log *l, const struct access_line *x);

#endif
