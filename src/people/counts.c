/*
 * counts.c - what only counts: how many touches, first and last, first and latest source.
 *
 * What it is:   64 bytes a profile, in blocks of 64 profiles; a block is one row of the ledger.
 * Workload:     every touch changes one count at random; a block is written back at most once a
 * sweep. Promises:     sums, minima and maxima only, so the order of arrival does not matter. A
 * block knows up to which touch it is folded: folding again after a crash changes nothing. Threads:
 * as the people that own it.
 */
#include "people/people_int.h"

#include "base/mem.h"

#include <string.h>

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

static bool earlier(int64_t at, uint64_t tie, int64_t than_at, uint64_t than_tie)
{
	return at < than_at || (at == than_at && tie < than_tie);
}

static void count_origin(struct count *c, uint32_t origin, int64_t at, uint64_t tie)
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

bool counts_fold(struct people *p, uint32_t profile, const struct touch *t, uint64_t effect_seq,
		 err *e)
{
	uint64_t block = (profile - 1) / BLOCK_PROFILES;
	struct count_block *b;
	if (!block_for(p, block, &b, e))
		return false;
	if (effect_seq <= b->applied_seq)
		return true;
	uint32_t origin;
	if (!origins_number(p, &t->origin, &origin, e))
		return false;
	struct count one = { .touches = 1, .first_us = t->at_us, .last_us = t->at_us };
	if (origin) {
		one.first_origin = one.last_origin = origin;
		one.first_origin_us = one.last_origin_us = t->at_us;
		one.first_origin_tie = one.last_origin_tie = t->tie;
	}
	count_join(&b->items[(profile - 1) % BLOCK_PROFILES], &one);
	mark_dirty(p, block);
	return true;
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

/* A row holds the counts as they lie in memory: 64 bytes a profile, little endian. */
_Static_assert(sizeof(struct count) == 64, "a count's layout is a file format");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows of counts are little endian");

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
		change.value = str_dup(wb->arena, str_make((const char *)cb, sizeof *cb));
		if (!change.value.p)
			return arena_err(wb->arena, e);
		if (!vec_push(&wb->changes, change))
			return err_nomem(e);
		c->dirty.items[block / 64] &= ~bit;
		c->dirty_n--;
	}
	return true;
}

struct load_state {
	struct people *p;
	err *e;
	bool failed;
};

static bool load_block(void *arg, uint64_t block, str bytes)
{
	struct load_state *s = arg;
	struct count_block *b;
	if (block > PROFILES_MAX / BLOCK_PROFILES || !block_for(s->p, block, &b, s->e)) {
		s->failed = true;
		return false;
	}
	if (bytes.n == sizeof *b) {
		memcpy(b, bytes.p, sizeof *b);
		return true;
	}
	s->failed = true;
	return err_set(s->e, ERR_CORRUPT, "block %llu of the counts cannot be read",
		       (unsigned long long)block);
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
