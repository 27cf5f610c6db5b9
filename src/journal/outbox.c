/*
 * outbox.c - what is to be delivered outside.
 *
 * What it is:   one row per delivery, written in the commit of the touches that it follows from,
 * and removed when it is done; who delivers (webhooks, mail) asks for what is due. Promises:     at
 * least once: a row is there until its delivery was confirmed. Threads:      the writer's.
 */
#include "journal/journal_int.h"

#include <stdlib.h>

static void item_encode(struct buf *b, const struct outbox_item *item)
{
	buf_zigzag(b, item->due_us);
	buf_varint(b, item->tries);
	buf_lenstr(b, item->kind);
	buf_lenstr(b, item->body);
}

static bool item_decode(uint64_t id, str bytes, struct outbox_item *item_r)
{
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	*item_r = (struct outbox_item){ .id = id };
	item_r->due_us = reader_zigzag(&r);
	item_r->tries = (uint32_t)reader_varint(&r);
	item_r->kind = reader_lenstr(&r);
	item_r->body = reader_lenstr(&r);
	return !r.bad;
}

static bool item_put(struct journal *j, const struct outbox_item *item, err *e)
{
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, 2 * OUTBOX_BODY_BYTES_MAX);
	item_encode(&b, item);
	return buf_ok(&b, e) && group_put(j, LEDGER_OUTBOX, item->id, buf_view(&b), e);
}

bool outbox_put(struct journal *j, const struct outbox_item *items, size_t n, err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct outbox_item item = items[i];
		if (item.body.n > OUTBOX_BODY_BYTES_MAX)
			return err_set(e, ERR_LIMIT, "one delivery may hold %zu KiB at most",
				       OUTBOX_BODY_BYTES_MAX / KIB);
		item.id = ++j->outbox_last_id;
		item.tries = 0;
		if (!item_put(j, &item, e))
			return false;
	}
	return true;
}

static bool last_id(void *arg, uint64_t id, str bytes)
{
	struct journal *j = arg;
	(void)bytes;
	j->outbox_last_id = MAX(j->outbox_last_id, id);
	return true;
}

bool outbox_load(struct journal *j, err *e)
{
	return ledger_scan(j->store.ledger, LEDGER_OUTBOX, 0, last_id, j, e);
}

/* ---- what is due ----------------------------------------------------------------------------- */

struct collecting {
	struct job *job;
	VEC(struct outbox_item) due;
	err *e;
	bool failed;
};

static bool collect(void *arg, uint64_t id, str bytes)
{
	struct collecting *c = arg;
	struct outbox_item item;
	c->failed = true;
	if (!item_decode(id, bytes, &item))
		return err_set(c->e, ERR_CORRUPT, "delivery %llu cannot be read",
			       (unsigned long long)id);
	c->failed = false;
	if (item.due_us > c->job->at_us)
		return true;
	item.kind = str_dup(c->job->arena, item.kind);
	item.body = str_dup(c->job->arena, item.body);
	c->failed = !vec_push(&c->due, item);
	return !c->failed || err_nomem(c->e);
}

static int due_cmp(const void *a, const void *b)
{
	const struct outbox_item *x = a, *y = b;
	if (x->due_us != y->due_us)
		return x->due_us < y->due_us ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static bool outbox_due(struct journal *j, struct job *job, err *e)
{
	struct collecting c = { .job = job, .e = e };
	bool ok = ledger_scan(j->store.ledger, LEDGER_OUTBOX, 0, collect, &c, e) && !c.failed;
	if (ok && c.due.n)
		qsort(c.due.items, c.due.n, sizeof *c.due.items, due_cmp);
	job->items_n = MIN(c.due.n, job->items_max);
	job->items = ARENA_ARRAY(job->arena, struct outbox_item, job->items_n);
	for (size_t i = 0; ok && job->items && i < job->items_n; i++)
		job->items[i] = c.due.items[i];
	vec_free(&c.due);
	return ok && (!job->arena->over || arena_err(job->arena, e));
}

static bool outbox_change(struct journal *j, struct job *job, err *e)
{
	uint64_t id = job->outbox_id;
	str bytes;
	struct outbox_item item;
	group_begin(j);
	if (!ledger_load(j->store.ledger, LEDGER_OUTBOX, &id, 1, &j->group, &bytes, e))
		return false;
	if (!bytes.p || !item_decode(id, bytes, &item))
		return err_set(e, ERR_NOT_FOUND, "there is no delivery %llu",
			       (unsigned long long)id);
	item.due_us = job->at_us;
	item.tries++;
	struct ledger_change gone = { .table = LEDGER_OUTBOX, .key = id, .remove = true };
	bool ok = job->kind == JOB_OUTBOX_RETRY ? item_put(j, &item, e)
						: vec_push(&j->wb.changes, gone) || err_nomem(e);
	return ok && group_commit(j, e);
}

bool outbox_run(struct journal *j, struct job *job, err *e)
{
	return job->kind == JOB_OUTBOX_DUE ? outbox_due(j, job, e) : outbox_change(j, job, e);
}
