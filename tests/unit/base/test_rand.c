/*
 * test_rand.c - random numbers: repeatable, and spread as they should be.
 */
#include "unit/base/base_test.h"

#include "base/rand.h"

#include <math.h>

#define DRAWS 200000

static void the_same_seed_gives_the_same_numbers(void **state)
{
	(void)state;
	struct rng a;
	struct rng b;
	struct rng c;
	rng_init(&a, 1);
	rng_init(&b, 1);
	rng_init(&c, 2);
	bool differs = false;
	for (int i = 0; i < 1000; i++) {
		uint64_t v = rng_u64(&a);
		assert_true(v == rng_u64(&b));
		differs |= v != rng_u64(&c);
	}
	assert_true(differs);
}

/* splitmix64 of 0 is published with its source; xoshiro256++ of the state 1, 2, 3, 4 follows from
 * its definition by hand: (1 + 4) rotated by 23, plus 1. */
static void the_algorithms_are_the_published_ones(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 0);
	assert_true(r.s[0] == UINT64_C(0xE220A8397B1DCDAF));
	assert_true(r.s[1] == UINT64_C(0x6E789E6AA1B965F4));
	r = (struct rng){ { 1, 2, 3, 4 } };
	assert_true(rng_u64(&r) == (UINT64_C(5) << 23) + 1);
	assert_true(rng_u64(&r) == UINT64_C(58720359));
}

static void numbers_below_are_even(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 61);
	static const uint64_t SIZES[] = { 1, 2, 7, 100 };
	for (size_t k = 0; k < ARRAY_LEN(SIZES); k++) {
		size_t seen[100] = { 0 };
		for (int i = 0; i < DRAWS; i++) {
			uint64_t v = rng_below(&r, SIZES[k]);
			assert_true(v < SIZES[k]);
			seen[v]++;
		}
		double mean = (double)DRAWS / (double)SIZES[k];
		for (size_t i = 0; i < SIZES[k]; i++)
			assert_true(fabs((double)seen[i] - mean) < 6 * sqrt(mean) + 1);
	}
	/* Plain multiplication would draw multiples of three twice as often as others here. */
	size_t threes = 0;
	for (int i = 0; i < DRAWS; i++)
		threes += rng_below(&r, UINT64_C(3) << 62) % 3 == 0;
	assert_true(fabs((double)threes - DRAWS / 3.0) < 6 * sqrt(DRAWS));
}

static void reals_have_their_mean_and_deviation(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 62);
	double sum[4] = { 0 };
	double squares[4] = { 0 };
	for (int i = 0; i < DRAWS; i++) {
		double x = rng_real(&r);
		assert_true(x >= 0 && x < 1);
		double v[4] = { x, rng_normal(&r), rng_exponential(&r, 3), rng_chance(&r, 0.25) };
		assert_true(v[2] >= 0 && isfinite(v[1]));
		for (size_t k = 0; k < 4; k++) {
			sum[k] += v[k];
			squares[k] += v[k] * v[k];
		}
	}
	static const double MEAN[] = { 0.5, 0, 3, 0.25 };
	static const double DEVIATION[] = { 0.28868, 1, 3, 0.43301 };
	for (size_t k = 0; k < 4; k++) {
		double mean = sum[k] / DRAWS;
		double deviation = sqrt(squares[k] / DRAWS - mean * mean);
		assert_true(fabs(mean - MEAN[k]) < 6 * DEVIATION[k] / sqrt(DRAWS));
		assert_true(fabs(deviation - DEVIATION[k]) < 0.02 * DEVIATION[k]);
	}
	assert_false(rng_chance(&r, 0));
	assert_true(rng_chance(&r, 1));
}

static void the_system_gives_other_numbers_each_time(void **state)
{
	(void)state;
	uint8_t a[64] = { 0 };
	uint8_t b[64] = { 0 };
	rand_bytes(a, sizeof a);
	rand_bytes(b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
	rand_bytes(a, 0);
	assert_true(rand_u64() != rand_u64());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_numbers),
		cmocka_unit_test(the_algorithms_are_the_published_ones),
		cmocka_unit_test(numbers_below_are_even),
		cmocka_unit_test(reals_have_their_mean_and_deviation),
		cmocka_unit_test(the_system_gives_other_numbers_each_time),
	};
	return cmocka_run_group_tests_name("base/rand", tests, NULL, NULL);
}
