/*
 * arena.h - memory that is given back all at once, with a maximum.
 *
 * What it is:   bump allocation in blocks. A request, a query or a job has one and can take no more
 *               than its maximum; going over it is an ordinary error.
 * Promises:     16-byte alignment; after arena_reset the blocks are kept and used again (touching
 *               fresh pages is slow); freed and unused bytes are poisoned under ASan.
 * Threads:      one thread at a time.
 */
#ifndef TRICHTER_ARENA_H
#define TRICHTER_ARENA_H

#include "base/err.h"

struct arena_block;

struct arena {
	struct arena_block *first;
	struct arena_block *now;
	size_t bytes_max;
	size_t bytes_held; /* in blocks, used or not */
	bool over;	   /* an allocation was refused since init or reset */
	bool nomem;	   /* ... because the system had none */
};

/* Takes no memory yet. `bytes_max` is the most that its blocks may hold together. */
void arena_init(struct arena *a, size_t bytes_max);
void arena_fini(struct arena *a);

/* Everything handed out is gone; the blocks stay. */
void arena_reset(struct arena *a);

/* Undefined contents; NULL when over the maximum or out of memory: arena_err says which. */
void *arena_alloc(struct arena *a, size_t bytes) MUST_CHECK;
/* `count` items of `size` bytes, zeroed. */
void *arena_zalloc(struct arena *a, size_t count, size_t size) MUST_CHECK;

#define ARENA_NEW(a, type)	((type *)arena_zalloc((a), 1, sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_zalloc((a), (n), sizeof(type)))

/* Says in `e` why the last allocation failed; always returns false. */
bool arena_err(const struct arena *a, err *e);

/* Bytes handed out so far, alignment included. */
size_t arena_bytes_used(const struct arena *a);

#endif
