/*
 * server_int.h - the parts of one running server, for the files that are its parts.
 *
 * What it is:   each part is opened and closed by its own file and keeps its own state behind a
 *               pointer; server.c opens them in order and closes them in reverse.
 * Threads:      the pointers are set before the first request and stay until after the last.
 */
#ifndef TRICHTER_SERVER_INT_H
#define TRICHTER_SERVER_INT_H

#include "server/auth.h"
#include "server/imports_int.h"
#include "server/live_int.h"
#include "server/metrics_int.h"
#include "server/route_int.h"
#include "server/view_int.h"
#include "base/thread.h"

struct collect;
struct routes;
struct views;
struct funnels;
struct touch_names;

struct server {
	struct server_options options;
	struct journal *journal;
	struct http_server *http;
	struct routes *routes;
	struct auth *auth;
	struct views *views;
	struct funnels *funnels;	 /* funnel_cache.c */
	struct touch_names *touch_names; /* api_sources.c */
	struct live *live;
	struct metrics *metrics;
	struct imports *imports;
	struct collect *collect;
	struct once *once;
	struct mutex changing; /* what If-Match was compared with holds until it is written */
};

/* route.c: the table of all routes, ready to be searched. */
bool routes_open(struct server *s, err *e) MUST_CHECK;
void routes_close(struct server *s);
size_t routes_count(const struct routes *t);
const struct route *route_at(const struct routes *t, size_t i);
/* What the HTTP seam asks for each request. */
void route_plan(void *server, struct http_request *r, struct http_plan *plan_r);
void route_refuse(void *server, struct http_request *r, int status, const char *why);

/* auth_actor.c */
/* Who asks? Fills q->actor; nobody is an actor with user 0 and key 0. Must not wait when the route
 * is HTTP_QUICK. False: credentials were given and are wrong (ERR_DENIED). */
bool auth_actor(struct request *q, err *e) MUST_CHECK;

/* collect.c */
bool collect_open(struct server *s, err *e) MUST_CHECK;
void collect_close(struct server *s);

/* funnel_cache.c */
bool funnels_open(struct server *s, err *e) MUST_CHECK;
void funnels_close(struct server *s);

/* api_sources.c */
bool touch_names_open(struct server *s, err *e) MUST_CHECK;
void touch_names_close(struct server *s);

/* view.c */
bool views_open(struct server *s, err *e) MUST_CHECK;
void views_close(struct server *s);

/* problem.c: an error as a problem document (RFC 9457); the only place where statuses are made of
 * errors. `field` may be empty. */
#define PROBLEM_TYPE "urn:trichter:problem:"
int problem_status(enum err_code code);
void problem_answer(struct http_request *r, int status, const err *e, str field);
/* With further members, as in struct request. */
void problem_answer_with(struct http_request *r, int status, const err *e, str field, str members);

#endif
