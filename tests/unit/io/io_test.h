/*
 * io_test.h - what the tests of io/ share.
 *
 * What it is:   cmocka with what it wants included before it, comparisons of texts, and files by
 *               one call.
 */
#ifndef TRICHTER_IO_TEST_H
#define TRICHTER_IO_TEST_H

#include "base/mem.h"
#include "io/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEMORY_MAX (64 * MIB)

/* Fails with both texts when they differ. */
#define assert_text(got, want)                                                                     \
	do {                                                                                       \
		str got_ = (got);                                                                  \
		str want_ = str_of(want);                                                          \
		if (!str_eq(got_, want_))                                                          \
			fail_msg("got \"%.*s\", wanted \"%.*s\"", STR_ARG(got_), STR_ARG(want_));  \
	} while (0)

/* Fails with the error's text. */
#define assert_ok(ok, e)                                                                           \
	do {                                                                                       \
		if (!(ok))                                                                         \
			fail_msg("%s: %s", #ok, (e)->text);                                        \
	} while (0)

/* Fails unless the error is of that code and its text contains the words. */
#define assert_error(ok, e, want_code, words)                                                      \
	do {                                                                                       \
		(e)->code = ERR_NONE;                                                              \
		(e)->text[0] = '\0';                                                               \
		assert_false(ok);                                                                  \
		if ((e)->code != (want_code) || !strstr((e)->text, (words)))                       \
			fail_msg("got %s \"%s\", wanted %s \"%s\"", err_code_name((e)->code),      \
				 (e)->text, err_code_name(want_code), (words));                    \
	} while (0)

static inline void put_file(struct fs *fs, const char *path, const void *p, size_t n)
{
	err e;
	assert_ok(fs_write_all(fs, path, str_make(p, n), &e), &e);
}

#endif
