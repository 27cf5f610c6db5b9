/*
 * test_buf.c - growing bytes, reading them back, growing arrays.
 */
#include "unit/base/base_test.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/vec.h"

static void what_is_appended_is_there(void **state)
{
	(void)state;
	struct buf b;
	err e;
	buf_init(&b, MEMORY_MAX);
	buf_cstr(&b, "one ");
	buf_str(&b, S("two "));
	buf_byte(&b, '3');
	buf_printf(&b, " %d%s", 4, "!");
	buf_str(&b, (str){ NULL, 0 });
	assert_true(buf_ok(&b, &e));
	assert_text(buf_view(&b), "one two 3 4!");
	buf_clear(&b);
	assert_int_equal(buf_view(&b).n, 0);
	char wide[1000];
	memset(wide, 'w', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	buf_printf(&b, "<%s>", wide);
	assert_int_equal(b.n, sizeof wide + 1);
	assert_int_equal(b.p[b.n - 1], '>');
	buf_fini(&b);
}

static void a_buffer_never_passes_its_maximum(void **state)
{
	(void)state;
	for (size_t most = 0; most < 200; most++) {
		struct buf b;
		err e;
		buf_init(&b, most);
		for (size_t i = 0; i < most; i++)
			buf_byte(&b, (uint8_t)i);
		assert_true(buf_ok(&b, &e));
		assert_true(b.cap <= most);
		buf_byte(&b, 0);
		assert_false(buf_ok(&b, &e));
		assert_int_equal(e.code, ERR_LIMIT);
		assert_int_equal(b.n, most);
		/* It stays failed, though this would fit. */
		b.n = 0;
		buf_put(&b, "", 0);
		assert_null(buf_room(&b, 0));
		assert_false(buf_ok(&b, &e));
		buf_clear(&b);
		assert_true(buf_ok(&b, &e));
		assert_null(buf_room(&b, SIZE_MAX));
		buf_fini(&b);
	}
}

static void running_out_of_memory_is_remembered(void **state)
{
	(void)state;
	char wide[600];
	memset(wide, 'w', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	for (uint64_t n = 1;; n++) {
		struct buf b;
		err e;
		buf_init(&b, MEMORY_MAX);
		mem_fail_at(n);
		for (int i = 0; i < 100; i++)
			buf_cstr(&b, "some bytes");
		buf_printf(&b, "%s", wide);
		bool failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(buf_ok(&b, &e), !failed);
		if (failed)
			assert_int_equal(e.code, ERR_NOMEM);
		buf_fini(&b);
		if (!failed)
			break;
	}
}

static uint64_t any_number(struct rng *r)
{
	return rng_u64(r) >> rng_below(r, 64);
}

static void numbers_read_back(void **state)
{
	(void)state;
	static const uint64_t EDGES[] = {
		0, 1, 127, 128, 16383, 16384, UINT32_MAX, INT64_MAX, UINT64_MAX, UINT64_C(1) << 63
	};
	struct rng r;
	rng_init(&r, 3);
	struct buf b;
	buf_init(&b, MEMORY_MAX);
	for (int round = 0; round < 20000; round++) {
		uint64_t v = round < (int)ARRAY_LEN(EDGES) ? EDGES[round] : any_number(&r);
		buf_clear(&b);
		buf_varint(&b, v);
		assert_true(b.n >= 1 && b.n <= 10);
		buf_zigzag(&b, (int64_t)v);
		buf_zigzag(&b, -(int64_t)(v >> 1));
		buf_u64(&b, v);
		buf_u32(&b, (uint32_t)v);
		buf_lenstr(&b, S("text"));
		struct reader in;
		reader_init(&in, b.p, b.n);
		assert_true(reader_varint(&in) == v);
		assert_true(reader_zigzag(&in) == (int64_t)v);
		assert_true(reader_zigzag(&in) == -(int64_t)(v >> 1));
		assert_true(reader_u64(&in) == v);
		assert_int_equal(reader_u32(&in), (uint32_t)v);
		assert_text(reader_lenstr(&in), "text");
		assert_true(in.p == in.end && !in.bad);
		/* Every shorter text fails somewhere, and nowhere reads past its end. */
		size_t cut = rng_below(&r, b.n);
		char *exact = malloc(cut + !cut);
		memcpy(exact, b.p, cut);
		reader_init(&in, exact, cut);
		reader_varint(&in);
		reader_zigzag(&in);
		reader_zigzag(&in);
		reader_u64(&in);
		reader_u32(&in);
		reader_lenstr(&in);
		assert_true(in.bad && in.p == in.end);
		free(exact);
	}
	buf_fini(&b);
}

static void small_magnitudes_are_short(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, MEMORY_MAX);
	buf_zigzag(&b, -64);
	buf_zigzag(&b, 63);
	assert_int_equal(b.n, 2);
	buf_clear(&b);
	buf_u32(&b, 0x04030201);
	assert_memory_equal(b.p, "\1\2\3\4", 4);
	buf_fini(&b);
}

static void a_bad_reader_stays_at_its_end(void **state)
{
	(void)state;
	static const struct {
		str bytes;
		bool bad;
	} CASES[] = {
		{ S(""), true },
		{ S("\x80"), true },
		{ S("\x80\x01"), false },
		{ S("\x80\x00"), true }, /* 0 in two bytes */
		{ S("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), false },
		{ S("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"), true },
		{ S("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\x01"), true },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct reader r;
		reader_init(&r, CASES[i].bytes.p, CASES[i].bytes.n);
		reader_varint(&r);
		assert_int_equal(r.bad, CASES[i].bad);
		assert_true(r.p == r.end);
	}
	struct reader r;
	reader_init(&r,
		    "\x05"
		    "abc",
		    4);
	assert_int_equal(reader_lenstr(&r).n, 0);
	assert_true(r.bad);
	assert_int_equal(reader_byte(&r), 0);
	reader_init(&r, NULL, 0);
	assert_int_equal(reader_bytes(&r, 0).n, 0);
	assert_false(r.bad);
	assert_int_equal(reader_bytes(&r, UINT64_MAX).n, 0);
	assert_true(r.bad);
}

static void arrays_grow(void **state)
{
	(void)state;
	VEC(uint32_t) v = { 0 };
	for (uint32_t i = 0; i < 100000; i++)
		assert_true(vec_push(&v, i * 3));
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(v.items[i], i * 3);
	vec_clear(&v);
	assert_int_equal(v.n, 0);
	assert_true(v.cap >= 100000);
	vec_free(&v);
	assert_null(v.items);
	struct pair {
		int a;
		int b;
	};
	VEC(struct pair) pairs = { 0 };
	assert_true(vec_push(&pairs, (struct pair){ 1, 2 }));
	assert_int_equal(pairs.items[0].b, 2);
	vec_free(&pairs);
}

static void an_array_keeps_its_items_when_memory_runs_out(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 8; n++) {
		VEC(uint64_t) v = { 0 };
		mem_fail_at(n);
		size_t pushed = 0;
		while (pushed < 10000 && vec_push(&v, (uint64_t)pushed))
			pushed++;
		mem_fail_at(0);
		assert_int_equal(pushed, n == 1 ? 0 : (size_t)8 << (n - 2));
		assert_int_equal(v.n, pushed);
		for (size_t i = 0; i < pushed; i++)
			assert_int_equal(v.items[i], i);
		assert_true(vec_push(&v, 1));
		vec_free(&v);
	}
	VEC(uint64_t) huge = { 0 };
	assert_false(vec_reserve(&huge, SIZE_MAX / 4));
	assert_false(vec_reserve(&huge, SIZE_MAX));
	assert_null(huge.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_appended_is_there),
		cmocka_unit_test(a_buffer_never_passes_its_maximum),
		cmocka_unit_test(running_out_of_memory_is_remembered),
		cmocka_unit_test(numbers_read_back),
		cmocka_unit_test(small_magnitudes_are_short),
		cmocka_unit_test(a_bad_reader_stays_at_its_end),
		cmocka_unit_test(arrays_grow),
		cmocka_unit_test(an_array_keeps_its_items_when_memory_runs_out),
	};
	return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
