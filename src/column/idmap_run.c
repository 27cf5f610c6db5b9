/*
 * idmap_run.c - an immutable file of keys and values, sorted by key.
 *
 * What it is:   opening and looking up. The filter and the index (each block's first key and
 *               checksum) are in memory; a look-up that the filter lets pass interpolates in the
 *               index, then in one mapped block.
 * Promises:     header, index and filter are verified at opening, a block when it is first read; a
 *               damaged one is ERR_CORRUPT with the file's name and never read as data.
 * Format:       docs/format/run.md
 * Threads:      run_get is for the map's caller alone (it notes which blocks it verified); the rest
 *               may be called by many.
 */
#include "column/idmap_int.h"

#include "base/mem.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#define HEADER_FIELDS (sizeof(struct run_header) / sizeof(uint64_t))
#define HEADER_HASHED (16 + HEADER_FIELDS * 8)
#define RUN_COUNT_MAX (UINT64_C(1) << 40)

_Static_assert(sizeof(struct idmap_entry) == 24 && sizeof(struct run_index) == 24,
	       "they are written as they are");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "runs are mapped; a big endian machine needs le64toh wherever entries are read");

static bool damaged(const struct run *r, const char *what, err *e)
{
	return err_set(e, ERR_CORRUPT, "%s is damaged (%s)", r->path, what);
}

void run_header_encode(const struct run_header *h, uint8_t out[RUN_HEADER_BYTES],
		       uint64_t *checksum_r)
{
	uint32_t words[2] = { RUN_VERSION, RUN_BLOCK_ENTRIES };
	memset(out, 0, RUN_HEADER_BYTES);
	memcpy(out, RUN_MAGIC, 8);
	memcpy(out + 8, words, sizeof words);
	memcpy(out + 16, h, sizeof *h);
	*checksum_r = zip_hash(out, HEADER_HASHED);
	memcpy(out + HEADER_HASHED, checksum_r, sizeof *checksum_r);
}

/* Everything that follows from `count` must be what the header says, so nothing overflows later. */
static bool header_is_sound(const struct run_header *h)
{
	if (h->count == 0 || h->count > RUN_COUNT_MAX)
		return false;
	uint64_t blocks = (h->count + RUN_BLOCK_ENTRIES - 1) / RUN_BLOCK_ENTRIES;
	if (h->blocks != blocks || h->filter_blocks == 0 || h->filter_blocks > RUN_COUNT_MAX)
		return false;
	return h->bytes == run_filter_at(h) + run_filter_bytes(h) &&
	       !idmap_before(h->max_hi, h->max_lo, h->min_hi, h->min_lo);
}

static bool header_read(struct run *r, err *e)
{
	uint8_t head[RUN_HEADER_BYTES];
	size_t n;
	if (!file_read(r->file, head, sizeof head, 0, &n, e))
		return false;
	if (n < sizeof head || memcmp(head, RUN_MAGIC, 8) != 0)
		return damaged(r, "it does not begin like a run", e);
	uint32_t words[2];
	memcpy(words, head + 8, sizeof words);
	if (words[0] > RUN_VERSION)
		return err_set(e, ERR_CONFLICT,
			       "%s: written by a newer version of this program (format %u)",
			       r->path, words[0]);
	memcpy(&r->checksum, head + HEADER_HASHED, sizeof r->checksum);
	memcpy(&r->h, head + 16, sizeof r->h);
	if (r->checksum != zip_hash(head, HEADER_HASHED) || words[1] != RUN_BLOCK_ENTRIES ||
	    !header_is_sound(&r->h))
		return damaged(r, "its header", e);
	uint64_t bytes;
	if (!file_size(r->file, &bytes, e))
		return false;
	return bytes == r->h.bytes || damaged(r, "its length", e);
}

static bool read_part(struct run *r, void *p, uint64_t n, uint64_t at, uint64_t checksum,
		      const char *what, err *e)
{
	size_t got;
	if (!file_read(r->file, p, (size_t)n, at, &got, e))
		return false;
	return (got == n && zip_hash(p, (size_t)n) == checksum) || damaged(r, what, e);
}

uint8_t *run_filter_alloc(uint64_t blocks, void **memory_r)
{
	size_t bytes = (size_t)blocks * RUN_FILTER_BYTES + RUN_FILTER_BYTES;
	uint8_t *p = mem_alloc(bytes);
	if (!p)
		return NULL;
	idmap_use_large_pages(p, bytes);
	memset(p, 0, bytes);
	*memory_r = p;
	return p + (RUN_FILTER_BYTES - (uintptr_t)p % RUN_FILTER_BYTES) % RUN_FILTER_BYTES;
}

static bool tables_read(struct run *r, err *e)
{
	uint64_t index_bytes = r->h.blocks * sizeof *r->index;
	r->index = mem_alloc((size_t)index_bytes);
	r->filter = run_filter_alloc(r->h.filter_blocks, &r->filter_memory);
	if (!r->index || !r->filter)
		return err_nomem(e);
	return read_part(r, r->index, index_bytes, run_index_at(&r->h), r->h.index_checksum,
			 "its index", e) &&
	       read_part(r, r->filter, run_filter_bytes(&r->h), run_filter_at(&r->h),
			 r->h.filter_checksum, "its filter", e);
}

bool run_begin_reading(struct run *r, err *e)
{
	r->verified = mem_zalloc((size_t)(r->h.blocks / 64 + 1), sizeof *r->verified);
	r->first_hi = mem_zalloc((size_t)r->h.blocks, sizeof *r->first_hi);
	if (!r->verified || !r->first_hi)
		return err_nomem(e);
	for (uint64_t b = 0; b < r->h.blocks; b++)
		r->first_hi[b] = r->index[b].hi;
	const void *p;
	if (!file_map(r->file, &p, &r->map_n, e))
		return false;
	r->map = p;
	if (r->map_n < r->h.bytes)
		return damaged(r, "its length", e);
	double span = (double)(r->h.max_hi - r->h.min_hi) + 1;
	r->blocks_per_key = (double)r->h.blocks / span;
	return true;
}

char *run_path(const char *dir, const char *name, uint64_t number)
{
	size_t n = strlen(dir) + strlen(name) + 32;
	char *p = mem_alloc(n);
	if (p)
		snprintf(p, n, "%s/%s-%06llu.run", dir, name, (unsigned long long)number);
	return p;
}

bool run_open(struct fs *fs, const char *dir, const char *name, uint64_t number, struct run **r_r,
	      err *e)
{
	struct run *r = mem_zalloc(1, sizeof *r);
	if (!r)
		return err_nomem(e);
	r->number = number;
	r->path = run_path(dir, name, number);
	if (!r->path) {
		mem_free(r);
		return err_nomem(e);
	}
	if (!file_open(fs, r->path, FILE_READ, &r->file, e) || !header_read(r, e) ||
	    !tables_read(r, e) || !run_begin_reading(r, e)) {
		run_free(&r);
		return false;
	}
	*r_r = r;
	return true;
}

void run_free(struct run **r)
{
	if (!*r)
		return;
	if ((*r)->map)
		file_unmap((*r)->file, (*r)->map, (*r)->map_n);
	(void)file_close(&(*r)->file, NULL);
	mem_free((*r)->index);
	mem_free((*r)->first_hi);
	mem_free((*r)->filter_memory);
	mem_free((*r)->verified);
	mem_free((*r)->path);
	mem_free(*r);
	*r = NULL;
}

uint64_t run_filter_blocks(uint64_t keys)
{
	uint64_t bits = RUN_FILTER_BYTES * 8;
	return (keys * RUN_FILTER_BITS + bits - 1) / bits + 1;
}

/* Blocks follow the order of keys, so that a run is written front to back. */
static uint64_t filter_block(struct hash128 key, uint64_t blocks)
{
	return idmap_scale(key.hi, blocks);
}

/* Seven places of nine bits each, from all bits of the key. */
static uint64_t filter_places(struct hash128 key)
{
	uint64_t x = (key.lo ^ (key.hi << 32 | key.hi >> 32)) * UINT64_C(0x9E3779B97F4A7C15);
	return x ^ x >> 32;
}

void run_filter_add(uint8_t *filter, uint64_t blocks, struct hash128 key)
{
	uint8_t *line = filter + filter_block(key, blocks) * RUN_FILTER_BYTES;
	uint64_t places = filter_places(key);
	for (int i = 0; i < RUN_PROBES; i++, places >>= 9)
		line[(places & 511) >> 3] |= (uint8_t)(1U << (places & 7));
}

bool run_may_hold(const struct run *r, struct hash128 key)
{
	const uint8_t *line = r->filter + filter_block(key, r->h.filter_blocks) * RUN_FILTER_BYTES;
	uint64_t places = filter_places(key);
	for (int i = 0; i < RUN_PROBES; i++, places >>= 9)
		if (!(line[(places & 511) >> 3] >> (places & 7) & 1))
			return false;
	return true;
}

void run_prefetch(const struct run *r, struct hash128 key)
{
	__builtin_prefetch(r->filter + filter_block(key, r->h.filter_blocks) * RUN_FILTER_BYTES);
}

uint64_t run_block_entries(const struct run *r, uint64_t block)
{
	return MIN(r->h.count - block * RUN_BLOCK_ENTRIES, (uint64_t)RUN_BLOCK_ENTRIES);
}

static const uint8_t *block_at(const struct run *r, uint64_t block)
{
	return r->map + RUN_HEADER_BYTES + block * RUN_BLOCK_BYTES;
}

static const struct idmap_entry *block_entries(const struct run *r, uint64_t block)
{
	return (const struct idmap_entry *)(const void *)block_at(r, block);
}

const struct idmap_entry *run_block(const struct run *r, uint64_t block, err *e)
{
	if (zip_hash(block_at(r, block), RUN_BLOCK_BYTES) == r->index[block].checksum)
		return block_entries(r, block);
	err_set(e, ERR_CORRUPT, "%s is damaged (block %llu)", r->path, (unsigned long long)block);
	return NULL;
}

static const struct idmap_entry *block_verified(struct run *r, uint64_t block, err *e)
{
	uint64_t *word = &r->verified[block / 64], bit = UINT64_C(1) << block % 64;
	if (LIKELY(*word & bit))
		return block_entries(r, block);
	const struct idmap_entry *p = run_block(r, block, e);
	if (p)
		*word |= bit;
	return p;
}

static bool block_is_after(const struct run *r, uint64_t block, struct hash128 key)
{
	uint64_t hi = r->first_hi[block];
	return hi != key.hi ? key.hi < hi : key.lo < r->index[block].lo;
}

/* The last block that begins at or before the key, which is not below the run's first. From where a
 * uniform distribution has it, in steps that double, then by halves. */
static uint64_t block_find(const struct run *r, struct hash128 key)
{
	double guess = (double)(key.hi - r->h.min_hi) * r->blocks_per_key;
	uint64_t at = MIN((uint64_t)guess, r->h.blocks - 1);
	uint64_t low, high, step = 1; /* low is at or before the key, high after */
	if (block_is_after(r, at, key)) {
		for (high = at; high > step && block_is_after(r, high - step, key); step *= 2)
			high -= step;
		low = high > step ? high - step : 0;
	} else {
		for (low = at; r->h.blocks - low > step && !block_is_after(r, low + step, key);
		     step *= 2)
			low += step;
		high = MIN(low + step, r->h.blocks);
	}
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		if (block_is_after(r, middle, key))
			high = middle;
		else
			low = middle;
	}
	return low;
}

/* Where a uniform distribution has the key in its block. */
static uint64_t entry_guess(const struct run *r, uint64_t block, struct hash128 key)
{
	uint64_t n = run_block_entries(r, block);
	uint64_t first = r->first_hi[block];
	uint64_t end = block + 1 < r->h.blocks ? r->first_hi[block + 1] : r->h.max_hi;
	double guess = (double)(key.hi - first) / ((double)(end - first) + 1) * (double)n;
	return MIN((uint64_t)guess, n - 1);
}

/* Walks from there: a few entries, mostly in one cache line or two. */
static bool block_search(const struct run *r, uint64_t block, const struct idmap_entry *p,
			 struct hash128 key, uint64_t *value_r)
{
	uint64_t n = run_block_entries(r, block);
	uint64_t i = entry_guess(r, block, key);
	while (i > 0 && idmap_before(key.hi, key.lo, p[i].hi, p[i].lo))
		i--;
	while (i + 1 < n && idmap_before(p[i].hi, p[i].lo, key.hi, key.lo))
		i++;
	if (p[i].hi != key.hi || p[i].lo != key.lo)
		return false;
	*value_r = p[i].value;
	return true;
}

bool run_get(struct run *r, struct hash128 key, uint64_t *value_r, bool *found_r, err *e)
{
	*found_r = false;
	if (!run_may_hold(r, key) || idmap_before(key.hi, key.lo, r->h.min_hi, r->h.min_lo) ||
	    idmap_before(r->h.max_hi, r->h.max_lo, key.hi, key.lo))
		return true;
	uint64_t block = block_find(r, key);
	const struct idmap_entry *p = block_verified(r, block, e);
	if (!p)
		return false;
	*found_r = block_search(r, block, p, key, value_r);
	return true;
}

bool run_check(const struct run *r, err *e)
{
	for (uint64_t b = 0; b < r->h.blocks; b++) {
		const struct idmap_entry *p = run_block(r, b, e);
		if (!p)
			return false;
		if (p[0].hi != r->index[b].hi || p[0].lo != r->index[b].lo)
			return damaged(r, "its index", e);
	}
	return true;
}

uint64_t run_memory(const struct run *r)
{
	return sizeof *r + r->h.blocks * (sizeof *r->index + sizeof *r->first_hi) +
	       run_filter_bytes(&r->h) + r->h.blocks / 8;
}
