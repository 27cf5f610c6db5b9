/*
 * file_sim_node.c - the content of a simulated file: what programs see and what is on the disk.
 *
 * What it is:   two arrays of the same size and a mark for each 512-byte sector that was written
 *               since it was synced.
 * Promises:     bytes beyond either size are zero, so that growing shows zeros as a disk does.
 */
#include "io/file_sim_int.h"

#include "base/mem.h"

#include <string.h>

struct sim_node *sim_node_new(void)
{
	struct sim_node *node = mem_zalloc(1, sizeof *node);
	if (node)
		node->refs = 1;
	return node;
}

void sim_node_ref(struct sim_node *node)
{
	node->refs++;
}

void sim_node_unref(struct sim_node *node)
{
	if (!node || --node->refs > 0)
		return;
	mem_free(node->now);
	mem_free(node->disk);
	mem_free(node->dirty);
	mem_free(node);
}

static bool grow_zeroed(void **block, size_t from, size_t to)
{
	char *grown = mem_realloc(*block, to, 1);
	if (!grown)
		return false;
	memset(grown + from, 0, to - from);
	*block = grown;
	return true;
}

bool sim_node_reserve(struct sim_node *node, size_t bytes)
{
	if (bytes <= node->cap)
		return true;
	size_t cap = MAX(node->cap, 8 * SIM_SECTOR);
	while (cap < bytes) {
		if (__builtin_mul_overflow(cap, (size_t)2, &cap))
			return false;
	}
	/* When a later one fails, an earlier one is larger than cap says: harmless. */
	if (!grow_zeroed((void **)&node->now, node->cap, cap) ||
	    !grow_zeroed((void **)&node->disk, node->cap, cap) ||
	    !grow_zeroed((void **)&node->dirty, node->cap / SIM_SECTOR, cap / SIM_SECTOR))
		return false;
	node->cap = cap;
	return true;
}

static void mark(struct sim_node *node, size_t from, size_t to)
{
	for (size_t at = from / SIM_SECTOR; at * SIM_SECTOR < to; at++)
		node->dirty[at] = 1;
}

void sim_node_put(struct sim_node *node, const void *p, size_t n, size_t offset)
{
	if (n == 0)
		return;
	memcpy(node->now + offset, p, n);
	mark(node, MIN(offset, node->now_n), offset + n);
	node->now_n = MAX(node->now_n, offset + n);
}

void sim_node_resize(struct sim_node *node, size_t bytes)
{
	if (bytes < node->now_n)
		memset(node->now + bytes, 0, node->now_n - bytes);
	mark(node, MIN(bytes, node->now_n), MAX(bytes, node->now_n));
	node->now_n = bytes;
}

static void keep_sector(struct sim_node *node, size_t at)
{
	memcpy(node->disk + at * SIM_SECTOR, node->now + at * SIM_SECTOR, SIM_SECTOR);
}

void sim_node_sync(struct sim_node *node)
{
	for (size_t at = 0; at < node->cap / SIM_SECTOR; at++) {
		if (!node->dirty[at])
			continue;
		keep_sector(node, at);
		node->dirty[at] = 0;
	}
	node->disk_n = node->now_n;
}

/* Sets the disk's size to something between the two, and clears what then lies beyond it. */
static void settle_size(struct sim_node *node, struct rng *rng)
{
	size_t low = MIN(node->now_n, node->disk_n);
	size_t high = MAX(node->now_n, node->disk_n);
	switch (rng_below(rng, 3)) {
	case 0:
		node->disk_n = low;
		break;
	case 1:
		node->disk_n = high;
		break;
	default:
		node->disk_n = low + (size_t)rng_below(rng, high - low + 1);
		break;
	}
	if (node->cap > node->disk_n)
		memset(node->disk + node->disk_n, 0, node->cap - node->disk_n);
}

static void keep_some(struct sim_node *node, struct rng *rng)
{
	for (size_t at = 0; at < node->cap / SIM_SECTOR; at++) {
		if (node->dirty[at] && rng_chance(rng, 0.5))
			keep_sector(node, at);
		node->dirty[at] = 0;
	}
	settle_size(node, rng);
}

void sim_node_sync_fail(struct sim_node *node, struct rng *rng)
{
	keep_some(node, rng);
}

void sim_node_crash(struct sim_node *node, struct rng *rng)
{
	keep_some(node, rng);
	if (node->cap > 0)
		memcpy(node->now, node->disk, node->cap);
	node->now_n = node->disk_n;
}
