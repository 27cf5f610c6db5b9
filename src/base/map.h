/*
 * map.h - hash tables: from text or from a number to a number.
 *
 * What it is:   open addressing; values are uint64_t (an index, a number, or a pointer cast by the
 *               caller). Keys of `map` are copied and owned; of `map64` they are plain numbers.
 * Promises:     expected O(1); a failed put changes nothing. No removal from `map`; map64 removes.
 * Threads:      one at a time, or many readers.
 */
#ifndef TRICHTER_MAP_H
#define TRICHTER_MAP_H

#include "base/str.h"

struct map_slot;
struct map_block;
struct map {
	struct map_slot *slots;
	size_t n;
	size_t cap; /* a power of two, or 0 */
	struct map_block *keys;
};

/* Zero-initialised is empty. */
void map_fini(struct map *m);
bool map_get(const struct map *m, str key, uint64_t *value_r);
/* Adds or replaces; false: no memory. */
bool map_put(struct map *m, str key, uint64_t value) MUST_CHECK;
/* Walks in no particular order, another one in every process: start with *at = 0. What is shown or
 * stored must be sorted first. */
bool map_next(const struct map *m, size_t *at, str *key_r, uint64_t *value_r);

struct map64_slot;
struct map64 {
	struct map64_slot *slots;
	size_t n;
	size_t cap; /* a power of two, or 0 */
};
void map64_fini(struct map64 *m);
bool map64_get(const struct map64 *m, uint64_t key, uint64_t *value_r);
bool map64_put(struct map64 *m, uint64_t key, uint64_t value) MUST_CHECK;
bool map64_remove(struct map64 *m, uint64_t key);
bool map64_next(const struct map64 *m, size_t *at, uint64_t *key_r, uint64_t *value_r);
void map64_clear(struct map64 *m);

#endif
