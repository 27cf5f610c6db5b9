/*
 * load_segment.c - a line of a file of Segment messages becomes a touch of the chunk.
 *
 * What it is:   message_read over what the line says; who has no message id gets one made of the
 *               whole line and how often it came.
 * Promises:     the texts of the touch live in the chunk.
 */
#include "load/load_int.h"

/* The sender's id, or one made of the whole message and how often it came. */
static bool message_id_of(struct loader *l, const struct raw_row *raw, struct intake *t, err *e)
{
	if (t->message_id.n > 0)
		return true;
	struct buf *b = &l->scratch;
	char *p = arena_alloc(&l->chunk.arena, LOAD_MESSAGE_ID_MAX);
	if (!p)
		return arena_err(&l->chunk.arena, e);
	buf_clear(b);
	buf_lenstr(b, raw->text);
	if (!buf_ok(b, e))
		return false;
	uint32_t before;
	if (!seen_count(l->seen, str_hash(raw->text), &before, e))
		return false;
	buf_u32(b, before);
	if (!buf_ok(b, e))
		return false;
	message_id_print(p, b->p, b->n, 0, &t->message_id);
	return true;
}

static bool read_message(struct loader *l, const struct json *object, struct intake *t, bool *ok_r,
			 err *e)
{
	struct message_reader *r = &l->messages;
	r->arena = &l->chunk.arena;
	r->props = l->props;
	r->blocked_ids = 0;
	if (!message_read(r, object, t, ok_r, e))
		return false;
	l->blocked_ids += r->blocked_ids;
	return *ok_r || row_problem(l, "%s", r->problem) || true;
}

bool segment_build(struct loader *l, const struct raw_row *raw, struct chunk_row *row, bool *ok_r,
		   err *e)
{
	struct intake t;
	if (!row_copy(l, raw, row, e))
		return false;
	row->first = l->chunk.n;
	row->items_n = 0;
	*ok_r = raw->problem.n == 0 || row_problem(l, "%.*s", STR_ARG(raw->problem));
	if (!*ok_r)
		return true;
	if (!read_message(l, raw->object, &t, ok_r, e))
		return false;
	if (!*ok_r)
		return true;
	if (!message_id_of(l, raw, &t, e))
		return false;
	bool company = str_eq(t.name, S("company_updated"));
	struct intake *item = chunk_item(l, company ? ABOUT_COMPANY : ABOUT_PERSON, e);
	if (!item)
		return false;
	*item = t;
	item->row = raw->number;
	row->items_n = 1;
	return true;
}
