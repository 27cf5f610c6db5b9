/*
 * test_mem.c - the heap's door, arenas, errors.
 */
#include "unit/base/base_test.h"

#include "base/mem.h"

#include <errno.h>

static void zero_bytes_may_be_asked_for(void **state)
{
	(void)state;
	void *p = mem_alloc(0);
	void *q = mem_zalloc(0, 8);
	assert_non_null(p);
	assert_non_null(q);
	p = mem_realloc(p, 0, 1);
	assert_non_null(p);
	mem_free(p);
	mem_free(q);
	mem_free(NULL);
	assert_null(mem_realloc(NULL, SIZE_MAX / 2, 3));
	assert_null(mem_zalloc(SIZE_MAX / 2, 3));
}

static void the_asked_allocation_fails_and_all_after_it(void **state)
{
	(void)state;
	mem_fail_at(3);
	void *a = mem_alloc(1);
	void *b = mem_alloc(1);
	assert_non_null(a);
	assert_non_null(b);
	assert_false(mem_failed());
	assert_null(mem_alloc(1));
	assert_true(mem_failed());
	assert_null(mem_realloc(a, 2, 1));
	assert_null(mem_zalloc(1, 1));
	mem_fail_at(0);
	assert_false(mem_failed());
	mem_free(a);
	mem_free(b);
}

static void an_arena_stays_below_its_maximum(void **state)
{
	(void)state;
	struct arena a;
	err e;
	arena_init(&a, 100 * KIB);
	size_t got = 0;
	for (void *p; (p = arena_alloc(&a, 1000)) != NULL; got++) {
		assert_int_equal((uintptr_t)p % 16, 0);
		memset(p, 0xAA, 1000);
	}
	assert_true(got >= 90 && got <= 101);
	assert_true(a.over && a.bytes_held <= 100 * KIB);
	assert_false(arena_err(&a, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	size_t held = a.bytes_held;
	arena_reset(&a);
	assert_false(a.over);
	assert_int_equal(arena_bytes_used(&a), 0);
	for (size_t i = 0; i < got; i++)
		assert_non_null(arena_alloc(&a, 1000));
	assert_int_equal(a.bytes_held, held);
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_zalloc(&a, SIZE_MAX, 2));
	arena_fini(&a);
}

static void an_arena_gives_zeroed_arrays_again(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, MIB);
	for (int round = 0; round < 3; round++) {
		uint64_t *n = ARENA_ARRAY(&a, uint64_t, 3000);
		assert_non_null(n);
		for (size_t i = 0; i < 3000; i++)
			assert_int_equal(n[i], 0);
		memset(n, 0xFF, 3000 * sizeof *n);
		arena_reset(&a);
	}
	arena_fini(&a);
}

static void a_long_error_is_cut_between_characters(void **state)
{
	(void)state;
	char wide[700];
	for (size_t i = 0; i + 1 < sizeof wide; i += 2)
		memcpy(wide + i, "é", 2);
	wide[698] = '\0';
	for (int shift = 0; shift < 2; shift++) {
		err e;
		assert_false(err_set(&e, ERR_INVALID, "%s%s", shift ? "x" : "", wide));
		assert_true(str_is_utf8(str_of(e.text)));
		assert_true(strlen(e.text) > 500);
		assert_false(err_prefix(&e, "leads.csv:%d", 12));
		assert_true(str_starts(str_of(e.text), S("leads.csv:12: ")));
		assert_true(str_is_utf8(str_of(e.text)));
		assert_false(err_prefix(&e, "%s", wide));
		assert_true(str_is_utf8(str_of(e.text)));
		assert_true(strlen(e.text) > 500);
	}
}

static void errors_say_what_and_where(void **state)
{
	(void)state;
	err e;
	err_clear(&e);
	assert_false(err_prefix(&e, "place"));
	assert_string_equal(e.text, "");
	err_set(&e, ERR_BUSY, "%d of %d", 1, 2);
	err_prefix(&e, "queue");
	err_prefix(&e, "main");
	assert_string_equal(e.text, "main: queue: 1 of 2");
	assert_int_equal(e.code, ERR_BUSY);
	err_set_errno(&e, ERR_IO, ENOENT, "file \"%s\"", "x");
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_string_equal(e.text, "file \"x\": No such file or directory");
	err_set_errno(&e, ERR_IO, ENOMEM, "x");
	assert_int_equal(e.code, ERR_NOMEM);
	err_set_errno(&e, ERR_IO, EACCES, "x");
	assert_int_equal(e.code, ERR_IO);
	assert_false(err_set(NULL, ERR_IO, "nobody listens"));
	assert_false(err_set_errno(NULL, ERR_IO, EIO, "nobody listens"));
	assert_false(err_prefix(NULL, "x"));
	err_clear(NULL);
	assert_string_equal(err_code_name(ERR_NOT_FOUND), "not_found");
	assert_string_equal(err_code_name(ERR_NOMEM), "nomem");
	assert_string_equal(err_code_name((enum err_code)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zero_bytes_may_be_asked_for),
		cmocka_unit_test(the_asked_allocation_fails_and_all_after_it),
		cmocka_unit_test(an_arena_stays_below_its_maximum),
		cmocka_unit_test(an_arena_gives_zeroed_arrays_again),
		cmocka_unit_test(a_long_error_is_cut_between_characters),
		cmocka_unit_test(errors_say_what_and_where),
	};
	return cmocka_run_group_tests_name("base/mem", tests, NULL, NULL);
}
