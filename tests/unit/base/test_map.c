/*
 * test_map.c - hash tables against plain arrays.
 */
#include "unit/base/base_test.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/rand.h"

#define KEYS_MAX 3000

static str key_of(char text[32], size_t i)
{
	/* Some short, some longer than a block has room for at its end, one empty. */
	int n = i == 0 ? 0 : snprintf(text, 32, i % 2 ? "k%zu" : "a rather long key %zu", i);
	return (str){ text, (size_t)n };
}

static void texts_map_as_in_a_plain_array(void **state)
{
	(void)state;
	static bool there[KEYS_MAX];
	static uint64_t value[KEYS_MAX];
	struct map m = { 0 };
	struct rng r;
	rng_init(&r, 11);
	size_t n = 0;
	uint64_t got;
	char text[32];
	assert_false(map_get(&m, S("x"), &got));
	for (int round = 0; round < 20000; round++) {
		size_t i = rng_below(&r, KEYS_MAX);
		assert_int_equal(map_get(&m, key_of(text, i), &got), there[i]);
		if (there[i])
			assert_true(got == value[i]);
		value[i] = rng_u64(&r);
		assert_true(map_put(&m, key_of(text, i), value[i]));
		/* The map's key is its own. */
		memset(text, '?', sizeof text);
		n += !there[i];
		there[i] = true;
		assert_int_equal(m.n, n);
	}
	size_t at = 0;
	size_t seen = 0;
	str key;
	while (map_next(&m, &at, &key, &got)) {
		uint64_t again;
		assert_true(map_get(&m, key, &again) && again == got);
		seen++;
	}
	assert_int_equal(seen, n);
	map_fini(&m);
	assert_int_equal(m.n, 0);
}

static void keys_with_nul_and_long_keys_are_keys(void **state)
{
	(void)state;
	struct map m = { 0 };
	uint64_t got;
	static char big[1000000];
	memset(big, 'b', sizeof big);
	assert_true(map_put(&m, S("a\0b"), 1));
	assert_true(map_put(&m, S("a\0c"), 2));
	assert_true(map_put(&m, str_make(big, sizeof big), 3));
	assert_true(map_put(&m, str_make(big, sizeof big - 1), 4));
	assert_true(map_get(&m, S("a\0c"), &got) && got == 2);
	assert_true(map_get(&m, str_make(big, sizeof big), &got) && got == 3);
	assert_false(map_get(&m, S("a"), &got));
	map_fini(&m);
}

static void a_failed_put_changes_nothing(void **state)
{
	(void)state;
	char text[32];
	for (uint64_t n = 1;; n++) {
		struct map m = { 0 };
		size_t put = 0;
		mem_fail_at(n);
		while (put < 2000 && map_put(&m, key_of(text, put), put))
			put++;
		bool failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(m.n, put);
		uint64_t got;
		for (size_t i = 0; i < 2000; i++) {
			assert_int_equal(map_get(&m, key_of(text, i), &got), i < put);
			if (i < put)
				assert_int_equal(got, i);
		}
		assert_true(map_put(&m, key_of(text, put), put));
		map_fini(&m);
		if (!failed)
			break;
	}
}

static uint64_t number_of(size_t i)
{
	/* 0, small numbers, and numbers that differ in their high bits only. */
	return i % 3 == 0 ? (uint64_t)i << 48 : i;
}

static void check_walk(const struct map64 *m, const bool *there, const uint64_t *value)
{
	static bool seen[KEYS_MAX];
	memset(seen, 0, sizeof seen);
	size_t at = 0;
	size_t n = 0;
	uint64_t key;
	uint64_t got;
	while (map64_next(m, &at, &key, &got)) {
		size_t i = key >> 48 ? (size_t)(key >> 48) : (size_t)key;
		assert_true(i < KEYS_MAX && number_of(i) == key);
		assert_true(there[i] && !seen[i] && value[i] == got);
		seen[i] = true;
		n++;
	}
	assert_int_equal(n, m->n);
}

static void numbers_map_as_in_a_plain_array(void **state)
{
	(void)state;
	static bool there[KEYS_MAX];
	static uint64_t value[KEYS_MAX];
	struct map64 m = { 0 };
	struct rng r;
	rng_init(&r, 12);
	uint64_t got;
	assert_false(map64_get(&m, 0, &got));
	assert_false(map64_remove(&m, 0));
	map64_clear(&m);
	check_walk(&m, there, value);
	for (int round = 0; round < 400000; round++) {
		/* Shrinks and grows by turns. */
		double put = round / 40000 % 2 ? 0.3 : 0.7;
		size_t i = rng_below(&r, KEYS_MAX);
		uint64_t key = number_of(i);
		assert_int_equal(map64_get(&m, key, &got), there[i]);
		if (there[i])
			assert_true(got == value[i]);
		if (rng_chance(&r, put)) {
			value[i] = rng_u64(&r);
			assert_true(map64_put(&m, key, value[i]));
			there[i] = true;
		} else {
			assert_int_equal(map64_remove(&m, key), there[i]);
			there[i] = false;
		}
		if (round % 20000 == 0)
			check_walk(&m, there, value);
	}
	/* Removing leaves nothing behind: the table is no larger than its keys ever needed. */
	assert_true(m.cap <= 8192);
	map64_clear(&m);
	assert_int_equal(m.n, 0);
	assert_false(map64_get(&m, 0, &got));
	map64_fini(&m);
}

static void a_failed_put_of_a_number_changes_nothing(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 6; n++) {
		struct map64 m = { 0 };
		uint64_t put = 0;
		mem_fail_at(n);
		while (map64_put(&m, put, put))
			put++;
		mem_fail_at(0);
		assert_int_equal(m.n, put);
		uint64_t got;
		for (uint64_t i = 0; i < put + 10; i++)
			assert_int_equal(map64_get(&m, i, &got), i < put);
		assert_true(map64_put(&m, put, put));
		map64_fini(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_map_as_in_a_plain_array),
		cmocka_unit_test(keys_with_nul_and_long_keys_are_keys),
		cmocka_unit_test(a_failed_put_changes_nothing),
		cmocka_unit_test(numbers_map_as_in_a_plain_array),
		cmocka_unit_test(a_failed_put_of_a_number_changes_nothing),
	};
	return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
