/*
 * vec.c - the one function behind every growing array.
 *
 * What it is:   doubling, so that n pushes cost O(n).
 * Promises:     a failed growth leaves items and capacity as they were.
 */
#include "base/vec.h"

#include "base/mem.h"

#include <string.h>

#define VEC_ITEMS_MIN ((size_t)8)

/* `items` is the address of some `type *`. It is read and written as bytes, since a `void *` and a
 * `type *` are not the same object type to the compiler. */
bool vec_grow_(void **items, size_t *cap, size_t want, size_t item_size)
{
	if (want <= *cap)
		return true;
	size_t next = *cap > SIZE_MAX / 2 ? want : *cap * 2;
	next = MAX(MAX(next, want), VEC_ITEMS_MIN);
	void *old;
	memcpy(&old, (const void *)items, sizeof old);
	void *grown = mem_realloc(old, next, item_size);
	if (!grown)
		return false;
	memcpy((void *)items, &grown, sizeof grown);
	*cap = next;
	return true;
}

void vec_free_(void **items)
{
	void *old;
	memcpy(&old, (const void *)items, sizeof old);
	mem_free(old);
	memset((void *)items, 0, sizeof old);
}
