/*
 * record_some.c - of a record only the touches that somebody wants.
 *
 * What it is:   walks over the touches of a record without decoding them, since of a hundred
 *               thousand one is wanted: when something is taken back, when one touch is looked at.
 * Promises:     finds what record_read would find; damage that record_read would say in a touch
 *               that is passed over may go unsaid, the record's checksum was compared before.
 * Threads:      shares nothing.
 */
#include "journal/record_int.h"

static void skip_varints(struct reader *r, size_t n)
{
	while (n-- > 0)
		(void)reader_varint(r);
}

/* In the order in which record_read_touch reads it. */
void record_pass(struct record_state *s, struct record_passed *x)
{
	struct reader *r = &s->r;
	struct touch_brief *h = &x->brief;
	*x = (struct record_passed){ .brief = { .seq = s->seq } };
	uint64_t flags = reader_varint(r);
	skip_varints(r, 1);
	s->at_us = (int64_t)((uint64_t)s->at_us + (uint64_t)reader_zigzag(r));
	x->at_us = s->at_us;
	if (flags & HAS_OWN_RECEIVED)
		skip_varints(r, 1);
	x->is_uuid = flags & MESSAGE_IS_UUID;
	if (x->is_uuid)
		x->message = reader_bytes(r, UUID_BYTES);
	else if (flags & HAS_MESSAGE)
		x->message = reader_lenstr(r);
	h->person = flags & HAS_PERSON ? reader_varint(r) : 0;
	h->company = flags & HAS_COMPANY ? reader_varint(r) : 0;
	h->deal = flags & HAS_DEAL ? reader_varint(r) : 0;
	if (flags & HAS_ORIGIN)
		skip_varints(r, ORIGIN_FIELDS);
	h->import = flags & HAS_IMPORT ? reader_varint(r) : 0;
	h->cause = flags & HAS_CAUSE ? reader_varint(r) : 0;
	skip_varints(r, (flags & HAS_RULE ? 1u : 0u) + (flags & HAS_BY ? 1u : 0u));
	for (uint64_t n = reader_varint(r); n > 0 && !r->bad; n--) {
		skip_varints(r, 1);
		value_skip(r);
	}
}

static bool read_wanted(struct record_state *s, struct arena *a, touch_wanted_fn wanted,
			struct record_reader *out, err *e)
{
	uint64_t n = reader_varint(&s->r);
	for (uint64_t i = 0; i < n && !s->r.bad; i++, s->seq++) {
		struct record_state before = *s;
		struct record_passed x;
		struct touch t;
		record_pass(s, &x);
		if (s->r.bad || !wanted(out->arg, &x.brief))
			continue;
		arena_reset(a);
		if (!record_read_touch(&before, a, &t, e))
			return false;
		if (!out->touch(out->arg, &t)) {
			out->stopped = true;
			return true;
		}
	}
	return !s->r.bad || err_set(e, ERR_CORRUPT, "a record's touches do not fit");
}

bool record_read_some(str body, uint64_t first_seq, struct arena *a, touch_wanted_fn wanted,
		      struct record_reader *out, err *e)
{
	struct record_state s;
	out->id = NULL;
	bool ok = record_state_init(&s, body, first_seq, out, e) &&
		  read_wanted(&s, a, wanted, out, e);
	record_state_fini(&s);
	return ok || err_prefix(e, "record %llu", (unsigned long long)first_seq);
}
