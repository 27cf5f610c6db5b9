/*
 * load_seen.c - how often an equal row came before, in this file.
 *
 * What it is:   two equal rows of events are two events: the second gets another message id. A
 * table of 8 bytes a slot: 56 bits of the row's hash, and how often it was seen. Promises:     two
 * different rows fall together with a chance of 1 in 2^56 per pair; at most SEEN_MAX rows are held,
 * more is a stated limit.
 */
#include "load/load_int.h"

#include "base/mem.h"

#include <string.h>

#define SEEN_MAX   ((size_t)200 * 1000 * 1000)
#define SLOTS_MIN  ((size_t)4096)
#define COUNT_MASK UINT64_C(0xFF)

struct seen {
	uint64_t *slots; /* 0: empty */
	size_t n;
	size_t cap;
	struct map64 many; /* counts above 254 */
};

bool seen_new(struct seen **s_r, err *e)
{
	struct seen *s = mem_zalloc(1, sizeof *s);
	if (s)
		s->slots = mem_zalloc(SLOTS_MIN, sizeof *s->slots);
	if (!s || !s->slots) {
		mem_free(s);
		return err_nomem(e);
	}
	s->cap = SLOTS_MIN;
	*s_r = s;
	return true;
}

void seen_free(struct seen **s)
{
	if (!*s)
		return;
	map64_fini(&(*s)->many);
	mem_free((*s)->slots);
	mem_free(*s);
	*s = NULL;
}

static uint64_t *slot_of(uint64_t *slots, size_t cap, uint64_t hash)
{
	size_t i = (size_t)(hash >> 8) & (cap - 1);
	while (slots[i] != 0 && (slots[i] & ~COUNT_MASK) != (hash & ~COUNT_MASK))
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static bool grow(struct seen *s, err *e)
{
	if (s->n >= SEEN_MAX)
		return err_set(e, ERR_LIMIT,
			       "the file has more than %zu rows without a message_id; split it",
			       SEEN_MAX);
	uint64_t *slots = mem_zalloc(s->cap * 2, sizeof *slots);
	if (!slots)
		return err_nomem(e);
	for (size_t i = 0; i < s->cap; i++) {
		if (s->slots[i] != 0)
			*slot_of(slots, s->cap * 2, s->slots[i]) = s->slots[i];
	}
	mem_free(s->slots);
	s->slots = slots;
	s->cap *= 2;
	return true;
}

bool seen_count(struct seen *s, uint64_t hash, uint32_t *before_r, err *e)
{
	if (s->n * 4 >= s->cap * 3 && !grow(s, e))
		return false;
	uint64_t *slot = slot_of(s->slots, s->cap, hash);
	if (*slot == 0) {
		*slot = (hash & ~COUNT_MASK) | 1;
		s->n++;
		*before_r = 0;
		return true;
	}
	uint64_t count = *slot & COUNT_MASK;
	if (count < COUNT_MASK) {
		++*slot;
		*before_r = (uint32_t)count;
		return true;
	}
	count = COUNT_MASK;
	map64_get(&s->many, hash | COUNT_MASK, &count);
	if (!map64_put(&s->many, hash | COUNT_MASK, count + 1))
		return err_nomem(e);
	*before_r = (uint32_t)count;
	return true;
}

/* ---- for an import that goes on -------------------------------------------------------------- */

void seen_put(const struct seen *s, struct buf *b)
{
	uint64_t hash, count;
	buf_varint(b, s->n);
	for (size_t i = 0; i < s->cap; i++) {
		if (s->slots[i] != 0)
			buf_u64(b, s->slots[i]);
	}
	buf_varint(b, s->many.n);
	for (size_t at = 0; map64_next(&s->many, &at, &hash, &count);) {
		buf_u64(b, hash);
		buf_varint(b, count);
	}
}

bool seen_take(struct seen *s, struct reader *r, err *e)
{
	uint64_t n = reader_varint(r);
	for (uint64_t i = 0; i < n && !r->bad; i++) {
		uint64_t slot = reader_u64(r);
		if (s->n * 4 >= s->cap * 3 && !grow(s, e))
			return false;
		*slot_of(s->slots, s->cap, slot) = slot;
		s->n++;
	}
	n = reader_varint(r);
	for (uint64_t i = 0; i < n && !r->bad; i++) {
		uint64_t hash = reader_u64(r);
		if (!map64_put(&s->many, hash, reader_varint(r)))
			return err_nomem(e);
	}
	return true;
}
