/*
 * test_gunzip.c - compressed bodies: whole ones, broken ones, and those that would never end.
 */
#include "io/gunzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define ROOM (4 * MIB)

/* `in`, as gzip writes it. */
static str pack(str in, unsigned char *room)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)in.p,
		       .avail_in = (unsigned)in.n,
		       .next_out = room,
		       .avail_out = ROOM };
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return str_make((const char *)room, z.total_out);
}

static void what_was_packed_comes_back(void **state)
{
	static const size_t SIZES[] = { 0, 1, 100, 65535, 65536, 65537, 1000000 };
	unsigned char *room = malloc(ROOM);
	char *text = malloc(1000000);
	(void)state;
	for (size_t i = 0; i < 1000000; i++)
		text[i] = (char)('a' + i * 7919 % 23);
	for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
		struct arena a;
		str out;
		err e = { 0 };
		arena_init(&a, 4 * MIB);
		if (!gunzip(pack(str_make(text, SIZES[i]), room), 1000000, &a, &out, &e))
			fail_msg("%s", e.text);
		assert_true(str_eq(out, str_make(text, SIZES[i])));
		arena_fini(&a);
	}
	free(text);
	free(room);
}

static void more_than_asked_for_is_a_limit(void **state)
{
	unsigned char *room = malloc(ROOM);
	char *blanks = calloc(1, 100 * MIB);
	struct arena a;
	str out;
	err e = { 0 };
	(void)state;
	arena_init(&a, MIB);
	str bomb = pack(str_make(blanks, 100 * MIB), room);
	assert_true(bomb.n < 200 * KIB);
	assert_false(gunzip(bomb, 500 * KIB, &a, &out, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(a.bytes_held, 0);
	assert_true(gunzip(pack(str_make(blanks, 500 * KIB), room), 500 * KIB, &a, &out, &e));
	arena_fini(&a);
	free(blanks);
	free(room);
}

static void a_broken_member_is_invalid(void **state)
{
	unsigned char *room = malloc(ROOM);
	struct arena a;
	str out;
	err e = { 0 };
	(void)state;
	arena_init(&a, MIB);
	str whole = pack(S("a text that is long enough to be cut in the middle"), room);
	for (size_t n = 0; n < whole.n; n++) {
		assert_false(gunzip(str_sub(whole, 0, n), MIB, &a, &out, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	room[whole.n] = 'x';
	assert_false(gunzip(str_make(whole.p, whole.n + 1), MIB, &a, &out, &e));
	room[whole.n - 6] ^= 1; /* the checksum */
	assert_false(gunzip(whole, MIB, &a, &out, &e));
	assert_false(gunzip(S("plain text"), MIB, &a, &out, &e));
	arena_fini(&a);
	free(room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_packed_comes_back),
		cmocka_unit_test(more_than_asked_for_is_a_limit),
		cmocka_unit_test(a_broken_member_is_invalid),
	};
	return cmocka_run_group_tests_name("gunzip", tests, NULL, NULL);
}
