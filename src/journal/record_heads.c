/*
 * record_heads.c - who, when and what of the touches of a record, and nothing else.
 *
 * What it is:   the same walk as record.c's, without building what is not asked for: no origin, no
 *               channel, no message id, no value of a property.
 * Workload:     ten million in a row when a server starts; some thousand four times a second after.
 * Promises:     as record_read: reading never leaves the body.
 * Threads:      shares nothing.
 */
#include "journal/record_int.h"

#include "base/mem.h"

#include <string.h>

#define VARINT_BYTES_MAX 10

struct heads {
	const uint8_t *p, *end;
	bool bad;
	const str *texts;
	uint64_t texts_n;
};

static inline uint64_t varint(struct heads *h)
{
	uint64_t v = 0;
	if (h->p < h->end && *h->p < 0x80)
		return *h->p++;
	for (unsigned i = 0; i < VARINT_BYTES_MAX && h->p < h->end; i++) {
		uint8_t c = *h->p++;
		v |= (uint64_t)(c & 0x7F) << (7 * i);
		if (c < 0x80)
			return v;
	}
	h->bad = true;
	return 0;
}

static inline int64_t zigzag(struct heads *h)
{
	uint64_t v = varint(h);
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static inline void skip(struct heads *h, uint64_t n)
{
	if (n > (uint64_t)(h->end - h->p)) {
		h->bad = true;
		h->p = h->end;
		return;
	}
	h->p += n;
}

static inline str text_at(struct heads *h)
{
	uint64_t index = varint(h);
	if (index > h->texts_n)
		h->bad = true;
	return h->bad || index == 0 ? S("") : h->texts[index - 1];
}

/* As value_encode writes them; lists hold no lists. */
static void skip_value(struct heads *h, bool inner)
{
	if (h->p == h->end) {
		h->bad = true;
		return;
	}
	switch ((enum value_kind) * h->p++) {
	case VALUE_NONE:
		break;
	case VALUE_TEXT:
		skip(h, varint(h));
		break;
	case VALUE_INT:
	case VALUE_TIME:
	case VALUE_DATE:
		(void)varint(h);
		break;
	case VALUE_REAL:
		skip(h, sizeof(double));
		break;
	case VALUE_BOOL:
		skip(h, 1);
		break;
	case VALUE_MONEY:
		skip(h, 3);
		(void)varint(h);
		break;
	case VALUE_LIST:
		if (inner) {
			h->bad = true;
			break;
		}
		for (uint64_t n = varint(h); n > 0 && !h->bad; n--)
			skip_value(h, true);
		break;
	default:
		h->bad = true;
	}
}

static int64_t add_wrapping(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static void read_head(struct heads *h, struct touch_head *t)
{
	uint64_t flags = varint(h);
	t->name = text_at(h);
	t->at_us = add_wrapping(t->at_us, zigzag(h));
	if (flags & HAS_OWN_RECEIVED)
		(void)varint(h);
	if (flags & MESSAGE_IS_UUID)
		skip(h, UUID_BYTES);
	else if (flags & HAS_MESSAGE)
		skip(h, varint(h));
	t->person = flags & HAS_PERSON ? varint(h) : 0;
	t->company = flags & HAS_COMPANY ? varint(h) : 0;
	t->deal = flags & HAS_DEAL ? varint(h) : 0;
	for (int i = 0; flags & HAS_ORIGIN && i < ORIGIN_FIELDS; i++)
		(void)varint(h);
	t->import = flags & HAS_IMPORT ? varint(h) : 0;
	if (flags & HAS_CAUSE)
		(void)varint(h);
	if (flags & HAS_RULE)
		(void)varint(h);
	if (flags & HAS_BY)
		(void)varint(h);
	for (uint64_t n = varint(h); n > 0 && !h->bad; n--) {
		(void)varint(h);
		skip_value(h, false);
	}
}

static bool read_all(struct heads *h, uint64_t first_seq, int64_t received_us, head_fn head,
		     void *arg, bool *stopped_r, err *e)
{
	for (uint64_t n = varint(h); n > 0 && !h->bad; n--) { /* ids */
		(void)varint(h);
		skip(h, 1);
		(void)varint(h);
		skip(h, varint(h));
	}
	struct touch_head t = { .seq = first_seq, .at_us = received_us };
	for (uint64_t n = varint(h); n > 0 && !h->bad; n--, t.seq++) {
		read_head(h, &t);
		if (h->bad)
			break;
		if (!head(arg, &t)) {
			*stopped_r = true;
			return true;
		}
	}
	return !h->bad || err_set(e, ERR_CORRUPT, "record %llu: its touches do not fit",
				  (unsigned long long)first_seq);
}

bool record_read_heads(str body, uint64_t first_seq, head_fn head, void *arg, bool *stopped_r,
		       err *e)
{
	struct heads h = { .p = (const uint8_t *)body.p, .end = (const uint8_t *)body.p + body.n };
	*stopped_r = false;
	uint8_t version = body.n ? *h.p++ : 0;
	if (version < RECORD_OLDEST || version > RECORD_VERSION)
		return err_set(e, ERR_CORRUPT, "record %llu is of no format that is known",
			       (unsigned long long)first_seq);
	int64_t received_us = zigzag(&h);
	uint64_t n = varint(&h);
	if (h.bad || n > (uint64_t)(h.end - h.p))
		return err_set(e, ERR_CORRUPT, "record %llu: its table of texts does not fit",
			       (unsigned long long)first_seq);
	str *texts = mem_alloc((size_t)(n ? n : 1) * sizeof *texts);
	if (!texts)
		return err_nomem(e);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t length = varint(&h);
		const uint8_t *at = h.p;
		skip(&h, length);
		texts[i] = h.bad ? S("") : str_make((const char *)at, (size_t)length);
	}
	h.texts = texts;
	h.texts_n = n;
	bool ok = read_all(&h, first_seq, received_us, head, arg, stopped_r, e);
	mem_free(texts);
	return ok;
}
