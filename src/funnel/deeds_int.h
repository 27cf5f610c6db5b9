/*
 * deeds_int.h - the touches that stand beside the steps, taken out of segments.
 *
 * What it is:   private to funnel/. Exits, stages, deals and spend are few among many touches, and
 *               every answer looks at all of them. A segment never changes, so they are found and
 *               unpacked once, and kept where the caller has a memory for it.
 * Promises:     at most MEMORY_BYTES_MAX are kept; what is in use stays until it is given back.
 * Threads:      a memory is shared by all; deeds are only read once they are made.
 */
#ifndef TRICHTER_FUNNEL_DEEDS_INT_H
#define TRICHTER_FUNNEL_DEEDS_INT_H

#include "funnel/source_int.h"

/* The deeds of one segment, in order of row. */
struct deeds {
	VEC(struct deed) items;
	struct arena texts;
	uint64_t checksum;
	uint64_t bytes;
	unsigned refs;
	uint64_t used; /* counts up */
	struct deeds *next;
};

/* Those of every source, by its number; found by several threads, or taken from the memory (NULL:
 * none). deeds_give_back in any case. */
struct deeds_list {
	struct deeds **items;
	size_t n;
	struct funnel_memory *memory;
};
bool deeds_find(struct deeds_list *l, struct sources *s, struct funnel_memory *memory,
		size_t workers_n, size_t bytes_max, struct arena *a, err *e) MUST_CHECK;
void deeds_give_back(struct deeds_list *l);

#endif
