/*
 * idmap_table.c - the part of an idmap that is in memory and still changes.
 *
 * What it is:   open addressing with linear probing. A byte per slot says whether it is taken and
 *               holds 8 bits of the hash, so that looking for a key that is not there (the usual
 *               case) touches these bytes only. Nothing is ever removed.
 * Promises:     the place of a key depends on a secret, so that nobody can choose keys that meet.
 * Threads:      one writes; many may read what does not change.
 */
#include "column/idmap_int.h"

#include "base/mem.h"
#include "base/rand.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_PAGE_BYTES (2 * MIB)
#define SORT_SMALL	 24

void idmap_use_large_pages(void *p, size_t n)
{
	uintptr_t from = ((uintptr_t)p + LARGE_PAGE_BYTES - 1) & ~(uintptr_t)(LARGE_PAGE_BYTES - 1);
	uintptr_t to = ((uintptr_t)p + n) & ~(uintptr_t)(LARGE_PAGE_BYTES - 1);
	if (from < to)
		(void)madvise((void *)from, to - from, MADV_HUGEPAGE);
}

void idmap_table_init(struct idmap_table *t)
{
	*t = (struct idmap_table){ .secret = { rand_u64(), rand_u64() } };
}

void idmap_table_fini(struct idmap_table *t)
{
	mem_free(t->tags);
	mem_free(t->slots);
	*t = (struct idmap_table){ 0 };
}

static uint64_t table_hash(const struct idmap_table *t, uint64_t hi, uint64_t lo)
{
	unsigned __int128 m = (unsigned __int128)(hi ^ t->secret[0]) * (lo ^ t->secret[1]);
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint8_t hash_tag(uint64_t h)
{
	uint8_t tag = (uint8_t)h;
	return tag ? tag : 1;
}

/* The first empty slot from the key's home on. */
static void put_new(struct idmap_table *t, const struct idmap_entry *entry)
{
	uint64_t h = table_hash(t, entry->hi, entry->lo);
	size_t i = (size_t)idmap_scale(h, t->cap);
	while (t->tags[i])
		i = i + 1 == t->cap ? 0 : i + 1;
	t->tags[i] = hash_tag(h);
	t->slots[i] = *entry;
}

bool idmap_table_reserve(struct idmap_table *t, size_t keys)
{
	if (keys <= t->n_max)
		return true;
	struct idmap_table bigger = *t;
	if (keys > SIZE_MAX / sizeof(struct idmap_entry) / 4)
		return false;
	bigger.cap = keys + keys / 2 + 16; /* two thirds full at most */
	bigger.n_max = keys;
	bigger.tags = mem_zalloc(bigger.cap, 1);
	bigger.slots = mem_alloc(bigger.cap * sizeof *bigger.slots);
	if (!bigger.tags || !bigger.slots) {
		mem_free(bigger.tags);
		mem_free(bigger.slots);
		return false;
	}
	idmap_use_large_pages(bigger.slots, bigger.cap * sizeof *bigger.slots);
	for (size_t i = 0; i < t->cap; i++)
		if (t->tags[i])
			put_new(&bigger, &t->slots[i]);
	mem_free(t->tags);
	mem_free(t->slots);
	*t = bigger;
	return true;
}

void idmap_table_clear(struct idmap_table *t)
{
	if (t->cap > 0)
		memset(t->tags, 0, t->cap);
	t->n = 0;
}

void idmap_table_prefetch(const struct idmap_table *t, struct hash128 key)
{
	if (t->cap == 0)
		return;
	size_t i = (size_t)idmap_scale(table_hash(t, key.hi, key.lo), t->cap);
	__builtin_prefetch(t->tags + i, 1);
	__builtin_prefetch(t->slots + i, 1);
}

struct idmap_entry *idmap_table_find(const struct idmap_table *t, struct hash128 key)
{
	if (t->n == 0)
		return NULL;
	uint64_t h = table_hash(t, key.hi, key.lo);
	uint8_t tag = hash_tag(h);
	size_t i = (size_t)idmap_scale(h, t->cap);
	while (t->tags[i]) {
		struct idmap_entry *s = &t->slots[i];
		if (t->tags[i] == tag && s->hi == key.hi && s->lo == key.lo)
			return s;
		i = i + 1 == t->cap ? 0 : i + 1;
	}
	return NULL;
}

void idmap_table_add(struct idmap_table *t, struct hash128 key, uint64_t value)
{
	CHECK(t->n < t->n_max);
	put_new(t, &(struct idmap_entry){ key.hi, key.lo, value });
	t->n++;
}

uint64_t idmap_table_bytes(const struct idmap_table *t)
{
	return (uint64_t)t->cap * (sizeof *t->slots + 1);
}

static int entry_cmp(const void *a, const void *b)
{
	const struct idmap_entry *x = a, *y = b;
	if (idmap_before(x->hi, x->lo, y->hi, y->lo))
		return -1;
	return idmap_before(y->hi, y->lo, x->hi, x->lo);
}

static void sort_bucket(struct idmap_entry *p, size_t n)
{
	if (n > SORT_SMALL) {
		qsort(p, n, sizeof *p, entry_cmp);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct idmap_entry x = p[i];
		size_t k = i;
		for (; k > 0 && idmap_before(x.hi, x.lo, p[k - 1].hi, p[k - 1].lo); k--)
			p[k] = p[k - 1];
		p[k] = x;
	}
}

/* Keys are hashes: spread by their leading bits, some four fall into each bucket. */
struct idmap_entry *idmap_table_sorted(const struct idmap_table *t)
{
	size_t buckets = t->n / 4 + 1;
	size_t *ends = mem_zalloc(buckets + 1, sizeof *ends);
	struct idmap_entry *out = mem_alloc(t->n * sizeof *out);
	if (!ends || !out) {
		mem_free(ends);
		mem_free(out);
		return NULL;
	}
	idmap_use_large_pages(out, t->n * sizeof *out);
	for (size_t i = 0; i < t->cap; i++)
		if (t->tags[i])
			ends[idmap_scale(t->slots[i].hi, buckets) + 1]++;
	for (size_t b = 1; b <= buckets; b++)
		ends[b] += ends[b - 1];
	/* ends[b] is where bucket b begins, and moves to where it ends */
	for (size_t i = 0; i < t->cap; i++)
		if (t->tags[i])
			out[ends[idmap_scale(t->slots[i].hi, buckets)]++] = t->slots[i];
	size_t from = 0;
	for (size_t b = 0; b < buckets; b++) {
		sort_bucket(out + from, ends[b] - from);
		from = ends[b];
	}
	mem_free(ends);
	return out;
}
