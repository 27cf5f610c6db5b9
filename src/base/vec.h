/*
 * vec.h - growing arrays of one type.
 *
 * What it is:   VEC(type) declares { type *items; size_t n, cap; }; zero-initialised is empty.
 * Promises:     vec_push keeps the old items when memory runs out and returns false.
 *
 *	VEC(uint64_t) seen = { 0 };
 *	if (!vec_push(&seen, 7))
 *		return err_nomem(e);
 *	vec_free(&seen);
 */
#ifndef TRICHTER_VEC_H
#define TRICHTER_VEC_H

#include "base/base.h"

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t n;                                                                          \
		size_t cap;                                                                        \
	}

bool vec_grow_(void **items, size_t *cap, size_t want, size_t item_size) MUST_CHECK;
void vec_free_(void **items);

/* Room for `want` items in all. */
#define vec_reserve(v, want)                                                                       \
	((want) <= (v)->cap ||                                                                     \
	 vec_grow_((void **)&(v)->items, &(v)->cap, (want), sizeof *(v)->items))
#define vec_push(v, ...)                                                                           \
	(vec_reserve((v), (v)->n + 1) ? ((v)->items[(v)->n++] = (__VA_ARGS__), true) : false)
#define vec_free(v)  (vec_free_((void **)&(v)->items), (v)->n = 0, (v)->cap = 0)
#define vec_clear(v) ((v)->n = 0)

#endif
