/*
 * record.c - one group of touches to bytes and back.
 *
 * What it is:   see record_int.h and docs/format/record.md. Short texts that repeat (names, keys,
 *               sources) stand once in a table; values stand where they are used.
 * Promises:     a record is self-contained: no dictionary outside it is needed to read it.
 * Threads:      a writer belongs to one thread; reading shares nothing.
 */
#include "journal/record_int.h"

#include "base/mem.h"
#include "io/zip.h"
#include "journal/channel.h"

#include <string.h>

#define STRINGS_PER_RECORD_MAX (1u << 20)

struct record_string {
	uint64_t hash;
	uint32_t generation;
	uint32_t index;
	uint32_t offset; /* in `strings`, behind the length */
	uint32_t length;
};

void record_writer_init(struct record_writer *w)
{
	*w = (struct record_writer){ 0 };
	buf_init(&w->ids, RECORD_BYTES_MAX);
	buf_init(&w->strings, RECORD_BYTES_MAX);
	buf_init(&w->touches, RECORD_BYTES_MAX);
	buf_init(&w->body, RECORD_BYTES_MAX);
}

void record_writer_fini(struct record_writer *w)
{
	buf_fini(&w->ids);
	buf_fini(&w->strings);
	buf_fini(&w->touches);
	buf_fini(&w->body);
	mem_free(w->slots);
	w->slots = NULL;
	w->slots_cap = 0;
}

void record_begin(struct record_writer *w, uint64_t first_seq, int64_t received_us)
{
	buf_clear(&w->ids);
	buf_clear(&w->strings);
	buf_clear(&w->touches);
	w->first_seq = first_seq;
	w->ids_n = w->strings_n = w->touches_n = 0;
	w->at_us = received_us;
	w->received_us = received_us;
	w->generation++;
}

static bool slots_grow(struct record_writer *w, err *e)
{
	size_t cap = w->slots_cap ? w->slots_cap * 2 : 1024;
	struct record_string *slots = mem_zalloc(cap, sizeof *slots);
	if (!slots)
		return err_nomem(e);
	for (size_t i = 0; i < w->slots_cap; i++) {
		struct record_string *old = &w->slots[i];
		if (old->generation != w->generation)
			continue;
		size_t at = old->hash & (cap - 1);
		while (slots[at].generation == w->generation)
			at = (at + 1) & (cap - 1);
		slots[at] = *old;
	}
	mem_free(w->slots);
	w->slots = slots;
	w->slots_cap = cap;
	return true;
}

/* The index of a text in the record's table; 0 is the empty text. */
static bool string_index(struct record_writer *w, str s, uint64_t *index_r, err *e)
{
	if (s.n == 0) {
		*index_r = 0;
		return true;
	}
	if ((size_t)w->strings_n * 2 >= w->slots_cap && !slots_grow(w, e))
		return false;
	uint64_t hash = str_hash(s);
	size_t at = hash & (w->slots_cap - 1);
	for (; w->slots[at].generation == w->generation; at = (at + 1) & (w->slots_cap - 1)) {
		const struct record_string *r = &w->slots[at];
		if (r->hash == hash && r->length == s.n &&
		    memcmp(w->strings.p + r->offset, s.p, s.n) == 0) {
			*index_r = r->index;
			return true;
		}
	}
	if (w->strings_n == STRINGS_PER_RECORD_MAX)
		return err_set(e, ERR_LIMIT, "one group holds too many different texts");
	buf_lenstr(&w->strings, s);
	if (!buf_ok(&w->strings, e))
		return false;
	w->slots[at] = (struct record_string){ .hash = hash,
					       .generation = w->generation,
					       .index = ++w->strings_n,
					       .offset = (uint32_t)(w->strings.n - s.n),
					       .length = (uint32_t)s.n };
	*index_r = w->strings_n;
	return true;
}

static bool put_string(struct record_writer *w, struct buf *out, str s, err *e)
{
	uint64_t index = 0;
	if (!string_index(w, s, &index, e))
		return false;
	buf_varint(out, index);
	return true;
}

bool record_add_id(struct record_writer *w, const struct new_id *id, err *e)
{
	buf_varint(&w->ids, id->profile);
	buf_byte(&w->ids, id->kind);
	if (!put_string(w, &w->ids, id->system, e))
		return false;
	buf_lenstr(&w->ids, id->value);
	w->ids_n++;
	return buf_ok(&w->ids, e);
}

static void origin_fields(const struct origin *o, str fields[ORIGIN_FIELDS])
{
	fields[0] = o->source;
	fields[1] = o->medium;
	fields[2] = o->campaign;
	fields[3] = o->content;
	fields[4] = o->term;
	fields[5] = o->referrer;
	fields[6] = o->click_kind;
}

static bool put_origin(struct record_writer *w, const struct origin *o, err *e)
{
	str fields[ORIGIN_FIELDS];
	origin_fields(o, fields);
	for (size_t i = 0; i < ORIGIN_FIELDS; i++) {
		if (!put_string(w, &w->touches, fields[i], e))
			return false;
	}
	return true;
}

static bool origin_is_empty(const struct origin *o)
{
	return !(o->source.n | o->medium.n | o->campaign.n | o->content.n | o->term.n |
		 o->referrer.n | o->click_kind.n);
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "123e4567-e89b-12d3-a456-426614174000" as 16 bytes; false: it is not written like that. */
static bool uuid_pack(str id, uint8_t bytes[UUID_BYTES])
{
	if (id.n != UUID_CHARS)
		return false;
	size_t k = 0;
	for (size_t i = 0; i < UUID_CHARS;) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (id.p[i++] != '-')
				return false;
			continue;
		}
		int high = hex_digit(id.p[i]), low = hex_digit(id.p[i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[k++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	return true;
}

void record_uuid_text(const uint8_t *bytes, char text[UUID_CHARS])
{
	static const char DIGITS[] = "0123456789abcdef";
	size_t at = 0;
	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[at++] = '-';
		text[at++] = DIGITS[bytes[i] >> 4];
		text[at++] = DIGITS[bytes[i] & 15];
	}
}

static str uuid_unpack(const uint8_t *bytes, struct arena *a)
{
	char *text = arena_alloc(a, UUID_CHARS);
	if (!text)
		return S("");
	record_uuid_text(bytes, text);
	return str_make(text, UUID_CHARS);
}

static unsigned touch_flags(const struct record_writer *w, const struct touch *t)
{
	return (t->message_id.n ? HAS_MESSAGE : 0u) | (t->person ? HAS_PERSON : 0u) |
	       (t->company ? HAS_COMPANY : 0u) | (t->deal ? HAS_DEAL : 0u) |
	       (origin_is_empty(&t->origin) ? 0u : HAS_ORIGIN) | (t->import ? HAS_IMPORT : 0u) |
	       (t->cause ? HAS_CAUSE : 0u) | (t->rule.n ? HAS_RULE : 0u) |
	       (t->fill ? IS_FILL : 0u) | (t->from_public ? IS_PUBLIC : 0u) |
	       (t->received_us != w->received_us ? HAS_OWN_RECEIVED : 0u) | (t->by.n ? HAS_BY : 0u);
}

bool record_add_touch(struct record_writer *w, const struct touch *t, err *e)
{
	CHECK(t->seq == w->first_seq + w->touches_n);
	struct buf *out = &w->touches;
	uint8_t uuid[UUID_BYTES];
	unsigned flags = touch_flags(w, t);
	if (uuid_pack(t->message_id, uuid))
		flags |= MESSAGE_IS_UUID;
	buf_varint(out, flags);
	if (!put_string(w, out, t->name, e))
		return false;
	buf_zigzag(out, (int64_t)((uint64_t)t->at_us - (uint64_t)w->at_us));
	w->at_us = t->at_us;
	if (flags & HAS_OWN_RECEIVED)
		buf_zigzag(out, (int64_t)((uint64_t)t->received_us - (uint64_t)w->received_us));
	if (flags & MESSAGE_IS_UUID)
		buf_put(out, uuid, sizeof uuid);
	else if (flags & HAS_MESSAGE)
		buf_lenstr(out, t->message_id);
	if (flags & HAS_PERSON)
		buf_varint(out, t->person);
	if (flags & HAS_COMPANY)
		buf_varint(out, t->company);
	if (flags & HAS_DEAL)
		buf_varint(out, t->deal);
	if ((flags & HAS_ORIGIN) && !put_origin(w, &t->origin, e))
		return false;
	if (flags & HAS_IMPORT)
		buf_varint(out, t->import);
	if (flags & HAS_CAUSE)
		buf_varint(out, t->cause);
	if ((flags & HAS_RULE) && !put_string(w, out, t->rule, e))
		return false;
	if ((flags & HAS_BY) && !put_string(w, out, t->by, e))
		return false;
	buf_varint(out, t->props_n);
	for (size_t i = 0; i < t->props_n; i++) {
		if (!put_string(w, out, t->props[i].key, e))
			return false;
		value_encode(out, t->props[i].value);
	}
	w->touches_n++;
	return buf_ok(out, e);
}

bool record_finish(struct record_writer *w, str *body_r, err *e)
{
	struct buf *b = &w->body;
	buf_clear(b);
	buf_byte(b, RECORD_VERSION);
	buf_zigzag(b, w->received_us);
	buf_varint(b, w->strings_n);
	buf_str(b, buf_view(&w->strings));
	buf_varint(b, w->ids_n);
	buf_str(b, buf_view(&w->ids));
	buf_varint(b, w->touches_n);
	buf_str(b, buf_view(&w->touches));
	if (!buf_ok(b, e))
		return false;
	*body_r = buf_view(b);
	return true;
}

/* ---- reading --------------------------------------------------------------------------------- */

static str text_at(struct reader *r, const struct record_texts *texts)
{
	uint64_t index = reader_varint(r);
	if (index > texts->n) {
		r->bad = true;
		return S("");
	}
	return index == 0 ? S("") : texts->items[index - 1];
}

static bool read_texts(struct reader *r, struct record_texts *texts_r, err *e)
{
	uint64_t n = reader_varint(r);
	if (r->bad || n > (uint64_t)(r->end - r->p))
		return err_set(e, ERR_CORRUPT, "a record's table of texts does not fit");
	str *items = mem_alloc((size_t)n * sizeof *items);
	if (!items)
		return err_nomem(e);
	for (uint64_t i = 0; i < n; i++)
		items[i] = reader_lenstr(r);
	*texts_r = (struct record_texts){ items, n };
	return true;
}

static bool read_ids(struct reader *r, const struct record_texts *texts, struct record_reader *out,
		     err *e)
{
	uint64_t n = reader_varint(r);
	for (uint64_t i = 0; i < n && !r->bad; i++) {
		struct new_id id = { 0 };
		id.profile = reader_varint(r);
		id.kind = reader_byte(r);
		id.system = text_at(r, texts);
		id.value = reader_lenstr(r);
		if (!r->bad && out->id && !out->id(out->arg, &id, e))
			return false;
	}
	return !r->bad || err_set(e, ERR_CORRUPT, "a record's list of ids does not fit");
}

static void read_origin(struct reader *r, const struct record_texts *texts, struct touch *t)
{
	t->origin.source = text_at(r, texts);
	t->origin.medium = text_at(r, texts);
	t->origin.campaign = text_at(r, texts);
	t->origin.content = text_at(r, texts);
	t->origin.term = text_at(r, texts);
	t->origin.referrer = text_at(r, texts);
	t->origin.click_kind = text_at(r, texts);
	t->channel = channel_of(&t->origin);
}

static bool read_props(struct reader *r, const struct record_texts *texts, struct arena *a,
		       struct touch *t, err *e)
{
	uint64_t n = reader_varint(r);
	if (r->bad || n > TOUCH_PROPS_MAX)
		return err_set(e, ERR_CORRUPT, "a touch has more properties than one may have");
	struct prop *props = ARENA_ARRAY(a, struct prop, (size_t)n);
	if (!props)
		return arena_err(a, e);
	for (uint64_t i = 0; i < n; i++) {
		props[i].key = text_at(r, texts);
		if (!value_decode(r, a, &props[i].value))
			return a->over ? arena_err(a, e)
				       : err_set(e, ERR_CORRUPT, "a property does not fit");
	}
	t->props = props;
	t->props_n = (size_t)n;
	return true;
}

static int64_t add_wrapping(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

bool record_read_touch(struct record_state *s, struct arena *a, struct touch *t, err *e)
{
	struct reader *r = &s->r;
	*t = (struct touch){ .seq = s->seq };
	uint64_t flags = reader_varint(r);
	t->name = text_at(r, &s->texts);
	s->at_us = add_wrapping(s->at_us, reader_zigzag(r));
	t->at_us = s->at_us;
	t->received_us = s->received_us;
	if (flags & HAS_OWN_RECEIVED)
		t->received_us = add_wrapping(s->received_us, reader_zigzag(r));
	if (flags & MESSAGE_IS_UUID) {
		str packed = reader_bytes(r, UUID_BYTES);
		if (packed.n == UUID_BYTES)
			t->message_id = uuid_unpack((const uint8_t *)packed.p, a);
	} else if (flags & HAS_MESSAGE) {
		t->message_id = reader_lenstr(r);
	}
	if (flags & HAS_MESSAGE) {
		t->tie = tie_of_message_id(t->message_id);
	} else {
		t->tie = t->seq;
	}
	t->person = flags & HAS_PERSON ? reader_varint(r) : 0;
	t->company = flags & HAS_COMPANY ? reader_varint(r) : 0;
	t->deal = flags & HAS_DEAL ? reader_varint(r) : 0;
	if (flags & HAS_ORIGIN)
		read_origin(r, &s->texts, t);
	t->import = flags & HAS_IMPORT ? reader_varint(r) : 0;
	t->cause = flags & HAS_CAUSE ? reader_varint(r) : 0;
	if (flags & HAS_RULE)
		t->rule = text_at(r, &s->texts);
	if (flags & HAS_BY)
		t->by = text_at(r, &s->texts);
	t->fill = flags & IS_FILL;
	t->from_public = flags & IS_PUBLIC;
	return read_props(r, &s->texts, a, t, e) &&
	       (!r->bad || err_set(e, ERR_CORRUPT, "a touch does not fit"));
}

static bool read_touches(struct record_state *s, struct arena *a, struct record_reader *out, err *e)
{
	uint64_t n = reader_varint(&s->r);
	for (uint64_t i = 0; i < n && out->touch; i++, s->seq++) {
		struct touch t;
		arena_reset(a);
		if (!record_read_touch(s, a, &t, e))
			return false;
		if (!out->touch(out->arg, &t)) {
			out->stopped = true;
			return true;
		}
	}
	return !s->r.bad || err_set(e, ERR_CORRUPT, "a record's touches do not fit");
}

bool record_state_init(struct record_state *s, str body, uint64_t first_seq,
		       struct record_reader *out, err *e)
{
	*s = (struct record_state){ .seq = first_seq };
	reader_init(&s->r, body.p, body.n);
	uint8_t version = reader_byte(&s->r);
	if (version < RECORD_OLDEST || version > RECORD_VERSION)
		return err_set(e, ERR_CORRUPT,
			       "record %llu has format version %u; this program knows %u to %u",
			       (unsigned long long)first_seq, version, RECORD_OLDEST,
			       RECORD_VERSION);
	s->received_us = reader_zigzag(&s->r);
	s->at_us = s->received_us;
	out->stopped = false;
	return read_texts(&s->r, &s->texts, e) && read_ids(&s->r, &s->texts, out, e);
}

void record_state_fini(struct record_state *s)
{
	mem_free((void *)(uintptr_t)s->texts.items);
}

bool record_read(str body, uint64_t first_seq, struct arena *a, struct record_reader *out, err *e)
{
	struct record_state s;
	bool ok = record_state_init(&s, body, first_seq, out, e) && read_touches(&s, a, out, e);
	record_state_fini(&s);
	return ok || err_prefix(e, "record %llu", (unsigned long long)first_seq);
}
