/*
 * counts.c - what only counts: how many touches, first and last, first and latest source.
 *
 * What it is:   56 bytes a profile in memory, about 28 on disk, in blocks of 64 profiles; a block
 * is one row of the ledger. Workload:     every touch changes one count at random; a block is
 * written back at most once a sweep. Promises:     sums, minima and maxima only, so the order of
 * arrival does not matter. A block knows up to which touch it is folded: folding again after a
 * crash changes nothing. Threads: as the people that own it.
 */
#include "people/people_int.h"

#include "base/mem.h"

static bool block_for(struct people *p, uint64_t block, struct count_block **b_r, err *e)
{
	struct counts *c = &p->counts;
	while (c->blocks.n <= block) {
		if (!vec_push(&c->blocks, NULL))
			return err_nomem(e);
	}
	while (c->dirty.n <= block / 64) {
		if (!vec_push(&c->dirty, 0))
			return err_nomem(e);
	}
	if (!c->blocks.items[block]) {
		c->blocks.items[block] = mem_zalloc(1, sizeof **c->blocks.items);
		if (!c->blocks.items[block])
			return err_nomem(e);
	}
	*b_r = c->blocks.items[block];
	return true;
}

static void mark_dirty(struct people *p, uint64_t block)
{
	uint64_t bit = UINT64_C(1) << (block % 64);
	uint64_t *word = &p->counts.dirty.items[block / 64];
	p->counts.dirty_n += !(*word & bit);
	*word |= bit;
}

static bool earlier(int64_t at, uint32_t tie, int64_t than_at, uint32_t than_tie)
{
	return at < than_at || (at == than_at && tie < than_tie);
}

static void count_origin(struct count *c, uint32_t origin, int64_t at, uint32_t tie)
{
	if (!c->first_origin || earlier(at, tie, c->first_origin_us, c->first_origin_tie)) {
		c->first_origin = origin;
		c->first_origin_us = at;
		c->first_origin_tie = tie;
	}
	if (!c->last_origin || earlier(c->last_origin_us, c->last_origin_tie, at, tie)) {
		c->last_origin = origin;
		c->last_origin_us = at;
		c->last_origin_tie = tie;
	}
}

void count_join(struct count *into, const struct count *from)
{
	if (!from || from->touches == 0)
		return;
	into->first_us = into->touches ? MIN(into->first_us, from->first_us) : from->first_us;
	into->last_us = into->touches ? MAX(into->last_us, from->last_us) : from->last_us;
	into->touches += from->touches;
	if (from->first_origin)
		count_origin(into, from->first_origin, from->first_origin_us,
			     from->first_origin_tie);
	if (from->last_origin)
		count_origin(into, from->last_origin, from->last_origin_us, from->last_origin_tie);
}

bool counts_add(struct people *p, uint32_t profile, const struct count *c, uint64_t effect_seq,
		err *e)
{
	uint64_t block = (profile - 1) / BLOCK_PROFILES;
	struct count_block *b;
	if (!block_for(p, block, &b, e))
		return false;
	if (effect_seq <= b->applied_seq)
		return true;
	count_join(&b->items[(profile - 1) % BLOCK_PROFILES], c);
	mark_dirty(p, block);
	return true;
}

bool counts_fold(struct people *p, uint32_t profile, const struct touch *t, uint64_t effect_seq,
		 err *e)
{
	uint32_t origin;
	if (!origins_number(p, &t->origin, &origin, e))
		return false;
	struct count one = { .touches = 1, .first_us = t->at_us, .last_us = t->at_us };
	if (origin) {
		one.first_origin = one.last_origin = origin;
		one.first_origin_us = one.last_origin_us = t->at_us;
		one.first_origin_tie = one.last_origin_tie = (uint32_t)(t->tie >> 32);
	}
	return counts_add(p, profile, &one, effect_seq, e);
}

void counts_prefetch(const struct people *p, uint32_t profile)
{
	const struct count *c = counts_get(p, profile);
	if (c)
		__builtin_prefetch(c, 1);
}

const struct count *counts_get(const struct people *p, uint32_t profile)
{
	uint64_t block = (profile - 1) / BLOCK_PROFILES;
	if (block >= p->counts.blocks.n || !p->counts.blocks.items[block])
		return NULL;
	return &p->counts.blocks.items[block]->items[(profile - 1) % BLOCK_PROFILES];
}

/* What is folded into the block from now on counts, whatever its number: the caller folds this
 * profile again from the beginning, and the others are up to date. */
bool counts_forget(struct people *p, uint32_t profile, err *e)
{
	uint64_t block = (profile - 1) / BLOCK_PROFILES;
	struct count_block *b;
	if (!block_for(p, block, &b, e))
		return false;
	b->items[(profile - 1) % BLOCK_PROFILES] = (struct count){ 0 };
	b->applied_seq = 0;
	mark_dirty(p, block);
	return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* A count is its touches, and unless they are 0 the times and sources, each as the difference to
 * what it lies near to; written without a call per byte, since a sweep writes every count that
 * changed. */
#define COUNT_BYTES_MAX (7 * 10 + 2 * 4)

static uint8_t *put_varint(uint8_t *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *put_fixed(uint8_t *p, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		*p++ = (uint8_t)(v >> (8 * i));
	return p;
}

static uint8_t *count_encode(uint8_t *p, const struct count *c, int64_t base_us)
{
	p = put_varint(p, c->touches);
	if (c->touches == 0)
		return p;
	p = put_varint(p, (uint64_t)c->first_us - (uint64_t)base_us);
	p = put_varint(p, (uint64_t)c->last_us - (uint64_t)c->first_us);
	p = put_varint(p, c->first_origin);
	if (c->first_origin == 0)
		return p;
	p = put_varint(p, (uint64_t)c->first_origin_us - (uint64_t)c->first_us);
	p = put_fixed(p, c->first_origin_tie, 4);
	p = put_varint(p, c->last_origin);
	p = put_varint(p, (uint64_t)c->last_us - (uint64_t)c->last_origin_us);
	return put_fixed(p, c->last_origin_tie, 4);
}

static void count_decode(struct reader *r, struct count *c, int64_t base_us)
{
	c->touches = reader_varint(r);
	if (c->touches == 0)
		return;
	c->first_us = (int64_t)((uint64_t)base_us + reader_varint(r));
	c->last_us = (int64_t)((uint64_t)c->first_us + reader_varint(r));
	c->first_origin = (uint32_t)reader_varint(r);
	if (c->first_origin == 0)
		return;
	c->first_origin_us = (int64_t)((uint64_t)c->first_us + reader_varint(r));
	c->first_origin_tie = reader_u32(r);
	c->last_origin = (uint32_t)reader_varint(r);
	c->last_origin_us = (int64_t)((uint64_t)c->last_us - reader_varint(r));
	c->last_origin_tie = reader_u32(r);
}

/* The block's row, in the arena. */
static bool block_encode(const struct count_block *b, struct arena *a, str *bytes_r, err *e)
{
	uint8_t room[10 + 8 + BLOCK_PROFILES * COUNT_BYTES_MAX];
	int64_t base_us = INT64_MAX; /* the earliest of the block */
	for (size_t i = 0; i < BLOCK_PROFILES; i++) {
		if (b->items[i].touches)
			base_us = MIN(base_us, b->items[i].first_us);
	}
	uint8_t *p = put_varint(room, b->applied_seq);
	p = put_fixed(p, (uint64_t)base_us, 8);
	for (size_t i = 0; i < BLOCK_PROFILES; i++)
		p = count_encode(p, &b->items[i], base_us);
	*bytes_r = str_dup(a, str_make((const char *)room, (size_t)(p - room)));
	return bytes_r->p || arena_err(a, e);
}

bool counts_changes(struct people *p, struct writeback *wb, uint64_t block_from, uint64_t block_to,
		    err *e)
{
	struct counts *c = &p->counts;
	for (uint64_t block = block_from; block < block_to && block < c->blocks.n; block++) {
		uint64_t bit = UINT64_C(1) << (block % 64);
		if (c->dirty.items[block / 64] == 0) {
			block |= 63; /* the whole word is clean */
			continue;
		}
		if (!(c->dirty.items[block / 64] & bit))
			continue;
		struct count_block *cb = c->blocks.items[block];
		cb->applied_seq = p->applied_seq;
		struct ledger_change change = { .table = LEDGER_COUNTS, .key = block };
		if (!block_encode(cb, wb->arena, &change.value, e))
			return false;
		if (!vec_push(&wb->changes, change))
			return err_nomem(e);
		c->dirty.items[block / 64] &= ~bit;
		c->dirty_n--;
	}
	return true;
}

static bool load_block(void *arg, uint64_t block, str bytes)
{
	struct load_state *s = arg;
	struct count_block *b;
	if (block > PROFILES_MAX / BLOCK_PROFILES || !block_for(s->p, block, &b, s->e)) {
		s->failed = true;
		return false;
	}
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	b->applied_seq = reader_varint(&r);
	int64_t base_us = (int64_t)reader_u64(&r);
	for (size_t i = 0; i < BLOCK_PROFILES; i++) {
		b->items[i] = (struct count){ 0 };
		count_decode(&r, &b->items[i], base_us);
	}
	if (!r.bad)
		return true;
	s->failed = true;
	return err_set(s->e, ERR_CORRUPT, "block %llu of the counts cannot be read",
		       (unsigned long long)block);
}

bool counts_reload(struct people *p, uint32_t profile, err *e)
{
	uint64_t block = (profile - 1) / BLOCK_PROFILES;
	struct load_state s = { .p = p, .e = e };
	struct arena a CLEANUP(arena_fini);
	str bytes;
	arena_init(&a, MIB);
	if (!ledger_load(p->ledger, LEDGER_COUNTS, &block, 1, &a, &bytes, e))
		return false;
	return !bytes.p || load_block(&s, block, bytes);
}

bool counts_open(struct people *p, const struct hooks_env *env, err *e)
{
	struct load_state s = { .p = p, .e = e };
	return env->empty ||
	       (ledger_scan(p->ledger, LEDGER_COUNTS, 0, load_block, &s, e) && !s.failed);
}

void counts_close(struct people *p)
{
	for (size_t i = 0; i < p->counts.blocks.n; i++)
		mem_free(p->counts.blocks.items[i]);
	vec_free(&p->counts.blocks);
	vec_free(&p->counts.dirty);
}
