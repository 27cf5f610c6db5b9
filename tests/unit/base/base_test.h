/*
 * base_test.h - what the tests of base/ share.
 *
 * What it is:   cmocka with what it wants included before it, and comparisons of texts.
 */
#ifndef TRICHTER_BASE_TEST_H
#define TRICHTER_BASE_TEST_H

#include "base/str.h"

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

#endif
