/*
 * arena.c - blocks of memory, given back together.
 *
 * What it is:   a list of blocks; the first is small, each further one twice the last, up to 1 MiB
 *               or what one allocation needs.
 * Promises:     bytes_held never passes bytes_max; a reset keeps the blocks in their order.
 */
#include "base/arena.h"

#include "base/mem.h"

#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define ARENA_ALIGN	((size_t)16)
#define BLOCK_BYTES_MIN (4 * KIB)
#define BLOCK_BYTES_MAX MIB

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size; /* of data */
	size_t pad;
	unsigned char data[];
};

void arena_init(struct arena *a, size_t bytes_max)
{
	*a = (struct arena){ .bytes_max = bytes_max };
}

void arena_fini(struct arena *a)
{
	struct arena_block *next;
	for (struct arena_block *b = a->first; b; b = next) {
		next = b->next;
		UNPOISON(b->data, b->size);
		mem_free(b);
	}
	arena_init(a, a->bytes_max);
}

void arena_reset(struct arena *a)
{
	for (struct arena_block *b = a->first; b; b = b->next) {
		b->used = 0;
		POISON(b->data, b->size);
	}
	a->now = a->first;
	a->over = false;
	a->nomem = false;
}

static void *block_take(struct arena_block *b, size_t bytes)
{
	void *p = b->data + b->used;
	b->used += bytes;
	UNPOISON(p, bytes);
	return p;
}

/* Links a block of at least `bytes` behind the present one; NULL says why in the arena. */
static struct arena_block *block_add(struct arena *a, size_t bytes)
{
	size_t size = a->now ? a->now->size * 2 : BLOCK_BYTES_MIN;
	size = MIN(size, BLOCK_BYTES_MAX);
	size_t room = a->bytes_max - a->bytes_held;
	size = MAX(MIN(size, room), bytes);
	if (size > room) {
		a->over = true;
		return NULL;
	}
	struct arena_block *b = mem_alloc(sizeof *b + size);
	if (!b) {
		a->over = true;
		a->nomem = true;
		return NULL;
	}
	b->used = 0;
	b->size = size;
	POISON(b->data, size);
	a->bytes_held += size;
	b->next = a->now ? a->now->next : NULL;
	if (a->now)
		a->now->next = b;
	else
		a->first = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	size_t need;
	if (__builtin_add_overflow(MAX(bytes, (size_t)1), ARENA_ALIGN - 1, &need)) {
		a->over = true;
		return NULL;
	}
	need &= ~(ARENA_ALIGN - 1);
	for (struct arena_block *b = a->now; b; b = b->next) {
		if (need <= b->size - b->used) {
			a->now = b;
			return block_take(b, need);
		}
		if (!b->next)
			break;
		if (b->next->used > 0 || b->next->size < need)
			break;
	}
	struct arena_block *b = block_add(a, need);
	if (!b)
		return NULL;
	a->now = b;
	return block_take(b, need);
}

void *arena_zalloc(struct arena *a, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		a->over = true;
		return NULL;
	}
	void *p = arena_alloc(a, bytes);
	return p ? memset(p, 0, bytes) : NULL;
}

bool arena_err(const struct arena *a, err *e)
{
	if (a->nomem)
		return err_nomem(e);
	return err_set(e, ERR_LIMIT, "this needs more than the %zu KiB of memory that it may use",
		       a->bytes_max / KIB);
}

size_t arena_bytes_used(const struct arena *a)
{
	size_t sum = 0;
	for (const struct arena_block *b = a->first; b; b = b->next)
		sum += b->used;
	return sum;
}
