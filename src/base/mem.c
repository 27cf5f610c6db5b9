/*
 * mem.c - malloc, checked, and failing on request.
 *
 * What it is:   see mem.h.
 * Threads:      the countdown is atomic, so that a test with a writer thread can use it too.
 */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

static _Atomic uint64_t fail_countdown;
static atomic_bool fail_seen;
static atomic_bool fail_once;

static bool fails_now(void)
{
	uint64_t left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
	if (LIKELY(left == 0))
		return false;
	if (left > 1) {
		atomic_store_explicit(&fail_countdown, left - 1, memory_order_relaxed);
		return false;
	}
	if (atomic_load_explicit(&fail_once, memory_order_relaxed))
		atomic_store(&fail_countdown, 0);
	atomic_store(&fail_seen, true);
	return true;
}

void *mem_alloc(size_t bytes)
{
	return fails_now() ? NULL : malloc(bytes ? bytes : 1);
}

void *mem_zalloc(size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || fails_now())
		return NULL;
	return calloc(count ? count : 1, size ? size : 1);
}

void *mem_realloc(void *block, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || fails_now())
		return NULL;
	return realloc(block, bytes ? bytes : 1);
}

void mem_free(void *block)
{
	free(block);
}

void mem_fail_once(uint64_t n)
{
	mem_fail_at(n);
	atomic_store(&fail_once, true);
}

void mem_fail_at(uint64_t n)
{
	atomic_store(&fail_once, false);
	atomic_store(&fail_seen, false);
	atomic_store(&fail_countdown, n);
}

bool mem_failed(void)
{
	return atomic_load(&fail_seen);
}
