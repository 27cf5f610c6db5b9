/*
 * map.c - hash tables with linear probing.
 *
 * What it is:   `map` keeps the hash beside each key, and the keys in blocks of its own; `map64`
 *               keeps nothing but keys and values, 16 bytes a slot, one cache line a look-up.
 * Promises:     at most three quarters full, so probes stay short. Hashes are keyed with a secret
 *               of the process: who sends us keys cannot choose them so that they collide.
 */
#include "base/map.h"

#include "base/mem.h"
#include "base/rand.h"

#include <stdatomic.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SLOTS_MIN	((size_t)16)
#define BLOCK_BYTES_MIN ((size_t)256)
#define BLOCK_BYTES_MAX (256 * KIB)

struct map_slot {
	const char *p; /* NULL: empty */
	size_t n;
	uint64_t hash;
	uint64_t value;
};

/* Keys are never removed, so they lie one behind the other. */
struct map_block {
	struct map_block *next;
	size_t used;
	size_t size;
	char data[];
};

struct map64_slot {
	uint64_t key; /* 0: empty; the key 0 itself has the slot behind the last */
	uint64_t value;
};

static uint64_t map_secret(void)
{
	static _Atomic uint64_t secret;
	uint64_t s = atomic_load_explicit(&secret, memory_order_relaxed);
	if (LIKELY(s != 0))
		return s;
	uint64_t drawn = rand_u64() | 1;
	uint64_t expected = 0;
	/* Two threads may draw at the same time: the first to store wins for both. */
	return atomic_compare_exchange_strong(&secret, &expected, drawn) ? drawn : expected;
}

static size_t room_of(size_t cap)
{
	return cap - cap / 4;
}

/* The next larger table, 0 when there is none. */
static size_t cap_next(size_t cap)
{
	if (cap > SIZE_MAX / 4)
		return 0;
	return cap ? cap * 2 : SLOTS_MIN;
}

void map_fini(struct map *m)
{
	struct map_block *next;
	for (struct map_block *b = m->keys; b; b = next) {
		next = b->next;
		mem_free(b);
	}
	mem_free(m->slots);
	*m = (struct map){ 0 };
}

static uint64_t map_hash(str key)
{
	return XXH3_64bits_withSeed(key.n ? key.p : "", key.n, map_secret());
}

/* The slot that holds `key`, or the empty one where it would be put. */
static struct map_slot *map_seek(const struct map *m, str key, uint64_t hash)
{
	size_t mask = m->cap - 1;
	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct map_slot *s = &m->slots[i];
		if (!s->p)
			return s;
		if (s->hash == hash && str_eq((str){ s->p, s->n }, key))
			return s;
	}
}

bool map_get(const struct map *m, str key, uint64_t *value_r)
{
	if (m->n == 0)
		return false;
	const struct map_slot *s = map_seek(m, key, map_hash(key));
	if (!s->p)
		return false;
	*value_r = s->value;
	return true;
}

static bool map_grow(struct map *m)
{
	size_t cap = cap_next(m->cap);
	struct map_slot *slots = cap ? mem_zalloc(cap, sizeof *slots) : NULL;
	if (!slots)
		return false;
	for (size_t i = 0; i < m->cap; i++) {
		if (!m->slots[i].p)
			continue;
		size_t at = m->slots[i].hash & (cap - 1);
		while (slots[at].p)
			at = (at + 1) & (cap - 1);
		slots[at] = m->slots[i];
	}
	mem_free(m->slots);
	m->slots = slots;
	m->cap = cap;
	return true;
}

/* Copies the key into the blocks; NULL: no memory. */
static const char *map_keep(struct map *m, str key)
{
	struct map_block *b = m->keys;
	if (!b || key.n > b->size - b->used) {
		size_t size = b ? MIN(b->size * 2, BLOCK_BYTES_MAX) : BLOCK_BYTES_MIN;
		size = MAX(size, key.n);
		if (size > SIZE_MAX - sizeof *b)
			return NULL;
		b = mem_alloc(sizeof *b + size);
		if (!b)
			return NULL;
		*b = (struct map_block){ .next = m->keys, .size = size };
		m->keys = b;
	}
	char *p = b->data + b->used;
	if (key.n > 0)
		memcpy(p, key.p, key.n);
	b->used += key.n;
	return p;
}

bool map_put(struct map *m, str key, uint64_t value)
{
	uint64_t hash = map_hash(key);
	if (m->cap > 0) {
		struct map_slot *s = map_seek(m, key, hash);
		if (s->p) {
			s->value = value;
			return true;
		}
	}
	if (m->n >= room_of(m->cap) && !map_grow(m))
		return false;
	const char *p = map_keep(m, key);
	if (!p)
		return false;
	*map_seek(m, key, hash) = (struct map_slot){ p, key.n, hash, value };
	m->n++;
	return true;
}

bool map_next(const struct map *m, size_t *at, str *key_r, uint64_t *value_r)
{
	while (*at < m->cap) {
		const struct map_slot *s = &m->slots[(*at)++];
		if (!s->p)
			continue;
		*key_r = (str){ s->p, s->n };
		*value_r = s->value;
		return true;
	}
	return false;
}

/* Keys are often running numbers: a multiplication folded onto itself spreads them. */
static size_t map64_home(const struct map64 *m, uint64_t key)
{
	unsigned __int128 wide = (unsigned __int128)(key ^ map_secret()) *
				 UINT64_C(0x9E3779B97F4A7C15);
	return (size_t)((uint64_t)wide ^ (uint64_t)(wide >> 64)) & (m->cap - 1);
}

/* The slot that holds `key`, or the empty one where it would be put; key is not 0. */
static size_t map64_seek(const struct map64 *m, uint64_t key)
{
	size_t i = map64_home(m, key);
	while (m->slots[i].key != 0 && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

/* The slot behind the last says with its own key, 0 or 1, whether the key 0 is there. */
static struct map64_slot *map64_zero(const struct map64 *m)
{
	return &m->slots[m->cap];
}

void map64_fini(struct map64 *m)
{
	mem_free(m->slots);
	*m = (struct map64){ 0 };
}

bool map64_get(const struct map64 *m, uint64_t key, uint64_t *value_r)
{
	if (m->n == 0)
		return false;
	const struct map64_slot *s = key ? &m->slots[map64_seek(m, key)] : map64_zero(m);
	if (s->key == 0)
		return false;
	*value_r = s->value;
	return true;
}

static bool map64_grow(struct map64 *m)
{
	size_t cap = cap_next(m->cap);
	struct map64 grown = { .n = m->n, .cap = cap };
	grown.slots = cap ? mem_zalloc(cap + 1, sizeof *grown.slots) : NULL;
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].key != 0)
			grown.slots[map64_seek(&grown, m->slots[i].key)] = m->slots[i];
	if (m->cap > 0)
		*map64_zero(&grown) = *map64_zero(m);
	mem_free(m->slots);
	*m = grown;
	return true;
}

bool map64_put(struct map64 *m, uint64_t key, uint64_t value)
{
	if (m->cap > 0) {
		struct map64_slot *s = key ? &m->slots[map64_seek(m, key)] : map64_zero(m);
		if (s->key != 0) {
			s->value = value;
			return true;
		}
	}
	if (m->n >= room_of(m->cap) && !map64_grow(m))
		return false;
	if (key == 0)
		*map64_zero(m) = (struct map64_slot){ 1, value };
	else
		m->slots[map64_seek(m, key)] = (struct map64_slot){ key, value };
	m->n++;
	return true;
}

/* Closes the hole at `hole`: whoever was pushed past it moves back (Knuth, 6.4, algorithm R). */
static void map64_close(struct map64 *m, size_t hole)
{
	size_t mask = m->cap - 1;
	for (size_t i = (hole + 1) & mask; m->slots[i].key != 0; i = (i + 1) & mask) {
		size_t home = map64_home(m, m->slots[i].key);
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		m->slots[hole] = m->slots[i];
		hole = i;
	}
	m->slots[hole].key = 0;
}

bool map64_remove(struct map64 *m, uint64_t key)
{
	if (m->n == 0)
		return false;
	if (key == 0) {
		if (map64_zero(m)->key == 0)
			return false;
		map64_zero(m)->key = 0;
	} else {
		size_t i = map64_seek(m, key);
		if (m->slots[i].key == 0)
			return false;
		map64_close(m, i);
	}
	m->n--;
	return true;
}

bool map64_next(const struct map64 *m, size_t *at, uint64_t *key_r, uint64_t *value_r)
{
	while (m->cap > 0 && *at <= m->cap) {
		const struct map64_slot *s = &m->slots[*at];
		bool zero = (*at)++ == m->cap;
		if (s->key == 0)
			continue;
		*key_r = zero ? 0 : s->key;
		*value_r = s->value;
		return true;
	}
	return false;
}

void map64_clear(struct map64 *m)
{
	if (m->cap > 0)
		memset(m->slots, 0, (m->cap + 1) * sizeof *m->slots);
	m->n = 0;
}
