/*
 * health.c - is the process there, and does it take what is sent?
 *
 * Threads:      any.
 */
#include "server/server_int.h"

#include "io/file.h"

#define QUEUE_NEARLY_FULL  900 /* batches; the journal's queue holds 1024 */
#define DISK_RESERVE_BYTES (64 * MIB)

static bool healthz(struct request *q, struct answer *a, err *e)
{
	(void)e;
	a->sent = true;
	http_answer_static(q->http, 200, "text/plain; charset=utf-8", S("ok\n"));
	return true;
}

/* Whether a touch that is sent now would be taken. */
static bool readyz(struct request *q, struct answer *a, err *e)
{
	struct journal_numbers n;
	uint64_t free_bytes = 0;
	journal_numbers(server_journal(q->server), &n);
	if (n.queue_length >= QUEUE_NEARLY_FULL)
		return err_set(e, ERR_BUSY, "The queue is full");
	if (!fs_free_bytes(fs_real(), server_data(q->server), &free_bytes, e))
		return false;
	if (free_bytes < DISK_RESERVE_BYTES)
		return err_set(e, ERR_BUSY, "The disk is full");
	a->content_type = "text/plain; charset=utf-8";
	buf_cstr(&a->body, "ready\n");
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
	  .where = HTTP_WORKER,
	  .run = readyz },
};
const struct route_list routes_health = { rows, ARRAY_LEN(rows) };
