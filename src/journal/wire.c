/*
 * wire.c - the calls of a journal to bytes and back.
 *
 * Promises:     whatever bytes come in, reading stays inside the frame and gives a call or an
 * error. Threads:      none of its own.
 */
#include "journal/wire_int.h"

#include <string.h>

#define EXTERNAL_IDS_MAX 1000
#define OUTBOX_ITEMS_MAX 10000

/* ---- writing --------------------------------------------------------------------------------- */

static void put_external(struct buf *b, struct external_id id)
{
	buf_lenstr(b, id.system);
	buf_lenstr(b, id.value);
}

static void put_origin(struct buf *b, const struct origin *o)
{
	const str texts[] = { o->source, o->medium,   o->campaign,  o->content,
			      o->term,	 o->referrer, o->click_kind };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		buf_lenstr(b, texts[i]);
}

static void put_intake(struct buf *b, const struct intake *in)
{
	const str texts[] = { in->name,	 in->message_id,  in->anonymous_id,   in->user_id,
			      in->email, in->previous_id, in->company_domain, in->company_name };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		buf_lenstr(b, texts[i]);
	buf_zigzag(b, in->at_us);
	buf_varint(b, in->external_n);
	for (size_t i = 0; i < in->external_n; i++)
		put_external(b, in->external[i]);
	put_external(b, in->company_id);
	put_external(b, in->deal_id);
	buf_varint(b, in->person);
	buf_varint(b, in->company);
	buf_varint(b, in->deal);
	put_origin(b, &in->origin);
	buf_varint(b, in->props_n);
	for (size_t i = 0; i < in->props_n; i++) {
		buf_lenstr(b, in->props[i].key);
		value_encode(b, in->props[i].value);
	}
	buf_varint(b, in->row);
	buf_byte(b, in->tie);
	buf_varint(b, in->equal);
	buf_lenstr(b, in->equal_id);
	buf_varint(b, in->cause);
	buf_lenstr(b, in->by);
}

static void put_batch(struct buf *b, const struct batch *batch)
{
	buf_byte(b, (uint8_t)batch->trust);
	buf_varint(b, batch->import);
	buf_byte(b, (uint8_t)batch->duplicates);
	buf_byte(b, batch->live);
	buf_lenstr(b, batch->import_state);
	buf_varint(b, batch->n);
	for (size_t i = 0; i < batch->n; i++)
		put_intake(b, &batch->items[i]);
	buf_varint(b, batch->outbox_n);
	for (size_t i = 0; i < batch->outbox_n; i++) {
		buf_zigzag(b, batch->outbox[i].due_us);
		buf_lenstr(b, batch->outbox[i].kind);
		buf_lenstr(b, batch->outbox[i].body);
	}
}

/* The length that was left open at the frame's beginning. */
static bool frame_close(struct buf *b, size_t begin, err *e)
{
	if (!buf_ok(b, e))
		return false;
	uint32_t n = (uint32_t)(b->n - begin - 4);
	for (size_t i = 0; i < 4; i++)
		b->p[begin + i] = (char)(n >> (8 * i) & 0xff);
	return true;
}

bool wire_put_request(struct buf *b, const struct wire_request *r, err *e)
{
	size_t begin = b->n;
	buf_u32(b, 0);
	buf_byte(b, (uint8_t)r->call);
	buf_varint(b, r->import);
	buf_lenstr(b, r->name);
	buf_lenstr(b, r->text);
	buf_lenstr(b, r->by);
	if (r->call == WIRE_BATCH)
		put_batch(b, &r->batch);
	return frame_close(b, begin, e);
}

bool wire_put_reply(struct buf *b, const struct wire_reply *r, const struct intake *items, size_t n,
		    err *e)
{
	size_t begin = b->n;
	buf_u32(b, 0);
	buf_byte(b, r->ok);
	buf_byte(b, (uint8_t)r->e.code);
	buf_lenstr(b, r->ok ? S("") : str_of(r->e.text));
	buf_varint(b, r->a);
	buf_varint(b, r->b);
	buf_lenstr(b, r->text);
	for (size_t i = 0; r->ok && items && i < n; i++) {
		buf_byte(b, (uint8_t)items[i].outcome);
		buf_varint(b, items[i].seq);
		buf_byte(b, items[i].subject_is_new);
		buf_lenstr(b, str_of(items[i].reason));
	}
	return frame_close(b, begin, e);
}

/* ---- reading --------------------------------------------------------------------------------- */

static struct external_id get_external(struct reader *r)
{
	struct external_id id;
	id.system = reader_lenstr(r);
	id.value = reader_lenstr(r);
	return id;
}

static void get_origin(struct reader *r, struct origin *o)
{
	str *const texts[] = { &o->source, &o->medium,	 &o->campaign,	&o->content,
			       &o->term,   &o->referrer, &o->click_kind };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = reader_lenstr(r);
}

static bool get_ids(struct reader *r, struct arena *a, struct intake *in)
{
	uint64_t n = reader_varint(r);
	if (r->bad || n > EXTERNAL_IDS_MAX)
		return false;
	struct external_id *ids = ARENA_ARRAY(a, struct external_id, n);
	for (size_t i = 0; ids && i < n; i++)
		ids[i] = get_external(r);
	in->external = ids;
	in->external_n = n;
	in->company_id = get_external(r);
	in->deal_id = get_external(r);
	in->person = reader_varint(r);
	in->company = reader_varint(r);
	in->deal = reader_varint(r);
	return ids || n == 0;
}

static bool get_props(struct reader *r, struct arena *a, struct intake *in)
{
	uint64_t n = reader_varint(r);
	if (r->bad || n > TOUCH_PROPS_MAX)
		return false;
	struct prop *props = ARENA_ARRAY(a, struct prop, n);
	for (size_t i = 0; i < n; i++) {
		if (!props)
			return false;
		props[i].key = reader_lenstr(r);
		if (!value_decode(r, a, &props[i].value))
			return false;
	}
	in->props = props;
	in->props_n = n;
	return true;
}

static bool get_intake(struct reader *r, struct arena *a, struct intake *in)
{
	str *const texts[] = {
		&in->name,  &in->message_id,  &in->anonymous_id,   &in->user_id,
		&in->email, &in->previous_id, &in->company_domain, &in->company_name
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = reader_lenstr(r);
	in->at_us = reader_zigzag(r);
	if (!get_ids(r, a, in))
		return false;
	get_origin(r, &in->origin);
	if (!get_props(r, a, in))
		return false;
	in->row = reader_varint(r);
	in->tie = reader_byte(r);
	in->equal = (uint32_t)reader_varint(r);
	in->equal_id = reader_lenstr(r);
	in->cause = reader_varint(r);
	in->by = reader_lenstr(r);
	return !r->bad;
}

static bool get_outbox(struct reader *r, struct arena *a, struct batch *b)
{
	uint64_t n = reader_varint(r);
	if (r->bad || n > OUTBOX_ITEMS_MAX)
		return false;
	struct outbox_item *items = ARENA_ARRAY(a, struct outbox_item, n);
	for (size_t i = 0; i < n; i++) {
		if (!items)
			return false;
		items[i].due_us = reader_zigzag(r);
		items[i].kind = reader_lenstr(r);
		items[i].body = reader_lenstr(r);
	}
	b->outbox = items;
	b->outbox_n = n;
	return !r->bad;
}

static bool get_batch(struct reader *r, struct arena *a, struct wire_request *q)
{
	struct batch *b = &q->batch;
	uint8_t trust = reader_byte(r);
	b->import = reader_varint(r);
	uint8_t duplicates = reader_byte(r);
	b->live = reader_byte(r) != 0;
	b->import_state = reader_lenstr(r);
	b->n = reader_varint(r);
	if (r->bad || trust > TRUST_SELF || duplicates > DUPLICATES_SKIP || b->n > BATCH_ITEMS_MAX)
		return false;
	b->trust = (enum trust)trust;
	b->duplicates = (enum duplicates)duplicates;
	b->items = q->items = ARENA_ARRAY(a, struct intake, b->n);
	for (size_t i = 0; i < b->n; i++) {
		if (!b->items || !get_intake(r, a, &b->items[i]))
			return false;
	}
	return get_outbox(r, a, b);
}

bool wire_get_request(str frame, struct arena *a, struct wire_request *q, err *e)
{
	struct reader r;
	*q = (struct wire_request){ 0 };
	reader_init(&r, frame.p, frame.n);
	uint8_t call = reader_byte(&r);
	q->import = reader_varint(&r);
	q->name = reader_lenstr(&r);
	q->text = reader_lenstr(&r);
	q->by = reader_lenstr(&r);
	bool ok = !r.bad && call >= WIRE_HELLO && call <= WIRE_ERASE;
	q->call = (enum wire_call)call;
	if (ok && call == WIRE_BATCH)
		ok = get_batch(&r, a, q);
	if (a->over)
		return arena_err(a, e);
	if (!ok || r.p != r.end)
		return err_set(e, ERR_INVALID, "these bytes are no call of a journal");
	return true;
}

static bool get_outcome(struct reader *r, struct intake *in, struct arena *reasons)
{
	uint8_t outcome = reader_byte(r);
	in->seq = reader_varint(r);
	in->subject_is_new = reader_byte(r) != 0;
	str reason = reader_lenstr(r);
	if (r->bad || outcome > OUTCOME_REJECTED)
		return false;
	in->outcome = (enum outcome)outcome;
	in->reason = reason.n ? str_cstr(reasons, reason) : NULL;
	return reason.n == 0 || in->reason;
}

bool wire_get_reply(str frame, struct wire_reply *reply, struct intake *items, size_t n,
		    struct arena *reasons, err *e)
{
	struct reader r;
	*reply = (struct wire_reply){ 0 };
	reader_init(&r, frame.p, frame.n);
	reply->ok = reader_byte(&r) != 0;
	uint8_t code = reader_byte(&r);
	str text = reader_lenstr(&r);
	reply->a = reader_varint(&r);
	reply->b = reader_varint(&r);
	reply->text = reader_lenstr(&r);
	bool ok = !r.bad && code <= ERR_NOMEM;
	for (size_t i = 0; ok && reply->ok && items && i < n; i++)
		ok = get_outcome(&r, &items[i], reasons);
	if (!ok || r.p != r.end)
		return err_set(e, ERR_UNCERTAIN, "the server's answer could not be read");
	if (!reply->ok)
		err_set(&reply->e, (enum err_code)code, "%.*s", STR_ARG(text));
	return true;
}
