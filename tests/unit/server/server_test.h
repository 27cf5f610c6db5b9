/*
 * server_test.h - what the tests of server/ share: cmocka with what it wants before it.
 */
#ifndef TRICHTER_SERVER_TEST_H
#define TRICHTER_SERVER_TEST_H

#include "base/mem.h"
#include "server/http_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define assert_ok(ok, e)                                                                           \
	do {                                                                                       \
		if (!(ok))                                                                         \
			fail_msg("%s: %s", #ok, (e)->text);                                        \
	} while (0)

#define assert_text(got, want)                                                                     \
	do {                                                                                       \
		str got_ = (got);                                                                  \
		str want_ = str_of(want);                                                          \
		if (!str_eq(got_, want_))                                                          \
			fail_msg("got \"%.*s\", wanted \"%.*s\"", STR_ARG(got_), STR_ARG(want_));  \
	} while (0)

#endif
