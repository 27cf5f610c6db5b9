/*
 * metrics_int.h - what is counted of requests, and what is logged of them.
 *
 * What it is:   numbers by route and status for /metrics, and the access log: one line a request
 *               with the route's pattern, never the path, the query, an address or a name.
 * Promises:     counting and logging never wait: what cannot be written in time is dropped, and
 *               how much is said.
 * Threads:      any.
 */
#ifndef TRICHTER_SERVER_METRICS_INT_H
#define TRICHTER_SERVER_METRICS_INT_H

#include "server/server.h"

struct metrics;
struct http_request;

bool metrics_open(struct server *s, err *e) MUST_CHECK;
void metrics_close(struct server *s);
/* What the HTTP seam calls after each answer. */
void metrics_done(void *server, struct http_request *r, int status, uint64_t bytes, int64_t us);

#endif
