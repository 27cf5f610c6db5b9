/*
 * test_gzip.c - what is compressed is expanded again, by the reader of compressed bodies.
 */
#include "unit/io/io_test.h"

#include "base/rand.h"
#include "io/gunzip.h"
#include "io/gzip.h"

static void what_is_compressed_is_expanded(void **state)
{
	static const size_t sizes[] = { 0, 1, 1000, 65536, 300000 };
	static char text[300000];
	struct gzip *g = NULL;
	struct arena a;
	struct rng rng;
	err e = { 0 };
	(void)state;
	rng_init(&rng, 1);
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + rng_below(&rng, 4));
	arena_init(&a, MEMORY_MAX);
	assert_ok(gzip_new(&g, GZIP_FAST, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct buf out;
		str back;
		buf_init(&out, MIB);
		buf_cstr(&out, "kept");
		assert_ok(gzip_compress(g, str_make(text, sizes[i]), &out, &e), &e);
		if (sizes[i] >= 1000)
			assert_true(out.n < sizes[i] / 2);
		assert_memory_equal(out.p, "kept", 4);
		back = S("");
		assert_ok(gunzip(str_sub(buf_view(&out), 4, out.n), MIB, &a, &back, &e), &e);
		assert_int_equal(back.n, sizes[i]);
		assert_true(str_eq(back, str_make(text, sizes[i])));
		buf_fini(&out);
	}
	gzip_free(&g);
	assert_null(g);
	arena_fini(&a);
}

static void the_same_text_gives_the_same_bytes(void **state)
{
	struct gzip *g = NULL;
	struct buf one, two;
	err e = { 0 };
	(void)state;
	buf_init(&one, MIB);
	buf_init(&two, MIB);
	assert_ok(gzip_new(&g, GZIP_BEST, &e), &e);
	assert_ok(gzip_compress(g, S("{\"a\":1}"), &one, &e), &e);
	assert_ok(gzip_compress(g, S("{\"a\":1}"), &two, &e), &e);
	assert_true(str_eq(buf_view(&one), buf_view(&two)));
	gzip_free(&g);
	buf_fini(&one);
	buf_fini(&two);
}

static void an_output_that_is_full_is_an_error(void **state)
{
	struct gzip *g = NULL;
	struct buf out;
	err e = { 0 };
	(void)state;
	buf_init(&out, 10);
	assert_ok(gzip_new(&g, GZIP_FAST, &e), &e);
	assert_false(gzip_compress(g, S("many more than ten bytes of text"), &out, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	gzip_free(&g);
	buf_fini(&out);
}

static void running_out_of_memory_is_an_error(void **state)
{
	(void)state;
	for (uint64_t n = 1;; n++) {
		struct gzip *g = NULL;
		err e = { 0 };
		mem_fail_at(n);
		bool ok = gzip_new(&g, GZIP_FAST, &e);
		mem_fail_at(0);
		gzip_free(&g);
		if (ok)
			break;
		assert_int_equal(e.code, ERR_NOMEM);
		assert_true(n < 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_compressed_is_expanded),
		cmocka_unit_test(the_same_text_gives_the_same_bytes),
		cmocka_unit_test(an_output_that_is_full_is_an_error),
		cmocka_unit_test(running_out_of_memory_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
