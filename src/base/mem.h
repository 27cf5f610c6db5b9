/*
 * mem.h - the one door to the heap.
 *
 * What it is:   malloc with overflow checks and a switch that makes the n-th call fail.
 * Promises:     every allocation of the project's own code comes through here, so tests can fail
 *               each of them in turn. Zero bytes may be asked for.
 * Threads:      any; the switch is for single-threaded tests.
 */
#ifndef TRICHTER_MEM_H
#define TRICHTER_MEM_H

#include "base/base.h"

/* NULL when the system has none; contents undefined. */
void *mem_alloc(size_t bytes) MUST_CHECK;

/* `count` items of `size` bytes, zeroed; NULL also when the product overflows. */
void *mem_zalloc(size_t count, size_t size) MUST_CHECK;

/* As realloc: NULL leaves the old block as it was. */
void *mem_realloc(void *block, size_t count, size_t size) MUST_CHECK;

void mem_free(void *block);

/* For tests: the n-th allocation from now on (1 = the next) and all after it fail; 0 switches the
 * failing off. mem_failed() says whether one has failed since. */
void mem_fail_at(uint64_t n);
/* Only the n-th fails. */
void mem_fail_once(uint64_t n);
bool mem_failed(void);

#endif
