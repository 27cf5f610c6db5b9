/*
 * health.c - is the process there, and does it take what is sent?
 *
 * Threads:      any.
 */
#include "server/server_int.h"

static bool healthz(struct request *q, struct answer *a, err *e)
{
	(void)q;
	(void)e;
	a->content_type = "text/plain; charset=utf-8";
	buf_cstr(&a->body, "ok\n");
	return true;
}

static bool readyz(struct request *q, struct answer *a, err *e)
{
	struct journal_numbers n;
	(void)e;
	journal_numbers(server_journal(q->server), &n);
	a->content_type = "text/plain; charset=utf-8";
	buf_cstr(&a->body, "ok\n");
	return true;
}

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/healthz",
	  .may = MAY_ANYONE,
	  .where = HTTP_QUICK,
	  .run = healthz },
	{ .method = "GET",
	  .pattern = "/readyz",
	  .may = MAY_ANYONE,
	  .where = HTTP_QUICK,
	  .run = readyz },
};
const struct route_list routes_health = { rows, ARRAY_LEN(rows) };
