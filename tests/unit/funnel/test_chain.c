/*
 * test_chain.c - the sequence engines on cases that one can check by eye, and at their limits.
 */
#include "funnel/chain_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define A    1u
#define B    2u
#define C    4u
#define D    8u
#define EVER INT64_MIN, INT64_MAX
#define NONE FUNNEL_WINDOW_NONE
#define NO   CHAIN_NONE

struct row {
	const char *what;
	size_t steps_n;
	int64_t window_us, from_us, to_us;
	bool clip;
	struct chain_touch touches[8]; /* { at, 0, 0, mask }, sorted; ends with seq 1 */
	size_t n;
	size_t level;
	size_t chain[4];
};

#define T(when, steps)                                                                             \
	{                                                                                          \
		.at_us = when, .mask = steps                                                       \
	}

static const struct row ordered[] = {
	{ "no touches", 2, NONE, EVER, false, { { 0 } }, 0, 0, { 0 } },
	{ "one step, any touch", 1, 0, EVER, false, { T(5, A) }, 1, 1, { 0 } },
	{ "time zero counts", 2, 10, EVER, false, { T(0, A), T(10, B) }, 2, 2, { 0, 1 } },
	{ "before 1970", 2, 10, EVER, false, { T(-20, A), T(-10, B) }, 2, 2, { 0, 1 } },
	{ "the window is inclusive", 2, 9, EVER, false, { T(0, A), T(10, B) }, 2, 1, { 0 } },
	{ "the window counts from the first step",
	  3,
	  10,
	  EVER,
	  false,
	  { T(0, A), T(8, B), T(16, C) },
	  3,
	  2,
	  { 0, 1 } },
	{ "a later entry saves the chain",
	  3,
	  10,
	  EVER,
	  false,
	  { T(0, A), T(6, A), T(8, B), T(16, C) },
	  4,
	  3,
	  { 1, 2, 3 } },
	{ "the earliest entry that converts is reported",
	  2,
	  10,
	  EVER,
	  false,
	  { T(0, A), T(5, A), T(6, B), T(7, B) },
	  4,
	  2,
	  { 0, 2 } },
	{ "out of order", 2, NONE, EVER, false, { T(0, B), T(1, A) }, 2, 1, { 1 } },
	{ "a, a, b needs two", 3, NONE, EVER, false, { T(0, A | B), T(1, C) }, 2, 1, { 0 } },
	{ "a, a, b with two",
	  3,
	  NONE,
	  EVER,
	  false,
	  { T(0, A | B), T(1, A | B), T(2, C) },
	  3,
	  3,
	  { 0, 1, 2 } },
	{ "one instant, arrived the wrong way round",
	  2,
	  0,
	  EVER,
	  false,
	  { T(7, B), T(7, A) },
	  2,
	  2,
	  { 1, 0 } },
	{ "one touch of an instant fills one step",
	  2,
	  0,
	  EVER,
	  false,
	  { T(7, A | B) },
	  1,
	  1,
	  { 0 } },
	{ "the touch that fits both is left for the second",
	  2,
	  0,
	  EVER,
	  false,
	  { T(7, A | B), T(7, A) },
	  2,
	  2,
	  { 1, 0 } },
	{ "the period is half open",
	  2,
	  NONE,
	  10,
	  20,
	  false,
	  { T(9, A), T(20, A), T(21, B) },
	  3,
	  0,
	  { 0 } },
	{ "followed after the period",
	  2,
	  NONE,
	  10,
	  20,
	  false,
	  { T(19, A), T(30, B) },
	  2,
	  2,
	  { 0, 1 } },
	{ "clipped at the period's end",
	  2,
	  NONE,
	  10,
	  20,
	  true,
	  { T(19, A), T(20, B) },
	  2,
	  1,
	  { 0 } },
	{ "the longest chain wins over the first",
	  3,
	  5,
	  EVER,
	  false,
	  { T(0, A), T(1, B), T(10, A), T(11, B), T(12, C) },
	  5,
	  3,
	  { 2, 3, 4 } },
	{ "the first of the greatest length is reported",
	  3,
	  5,
	  EVER,
	  false,
	  { T(0, A), T(1, B), T(10, A), T(11, B) },
	  4,
	  2,
	  { 0, 1 } },
	{ "the ends of time",
	  2,
	  100,
	  EVER,
	  false,
	  { T(INT64_MIN, A), T(INT64_MAX, B) },
	  2,
	  1,
	  { 0 } },
	{ "the ends of time, no window",
	  2,
	  NONE,
	  EVER,
	  false,
	  { T(INT64_MIN, A), T(INT64_MAX, B) },
	  2,
	  2,
	  { 0, 1 } },
};

static const struct row any[] = {
	{ "no touches", 2, NONE, EVER, false, { { 0 } }, 0, 0, { 0 } },
	{ "either way round", 2, 10, EVER, false, { T(0, B), T(10, A) }, 2, 2, { 0, 1 } },
	{ "any of the steps is a level", 3, 10, EVER, false, { T(0, C) }, 1, 1, { 0 } },
	{ "each touch once", 2, 10, EVER, false, { T(0, A | B) }, 1, 1, { 0 } },
	{ "moved aside for another", 2, 10, EVER, false, { T(0, A | B), T(1, A) }, 2, 2, { 0, 1 } },
	{ "outside the window", 2, 9, EVER, false, { T(0, B), T(10, A) }, 2, 1, { 0 } },
	{ "begins in the period",
	  2,
	  NONE,
	  5,
	  8,
	  false,
	  { T(4, A), T(7, B), T(9, A) },
	  3,
	  2,
	  { 1, 2 } },
	{ "the first complete one",
	  2,
	  5,
	  EVER,
	  false,
	  { T(0, A), T(7, B), T(9, A), T(10, B) },
	  4,
	  2,
	  { 1, 2 } },
};

static const struct row lifecycle[] = {
	{ "a visit", 3, NONE, EVER, false, { T(0, 0) }, 1, 1, { 0 } },
	{ "nobody in the period", 3, NONE, 5, 6, false, { T(0, A) }, 1, 0, { 0 } },
	{ "all stages",
	  3,
	  NONE,
	  EVER,
	  false,
	  { T(0, 0), T(1, A), T(2, B), T(3, C) },
	  4,
	  4,
	  { 0, 1, 2, 3 } },
	{ "stages passed over", 3, NONE, EVER, false, { T(0, C) }, 1, 4, { 0, NO, NO, 0 } },
	{ "won before the first contact",
	  3,
	  NONE,
	  EVER,
	  false,
	  { T(0, C), T(1, A), T(1, B) },
	  3,
	  3,
	  { 0, 1, 2 } },
	{ "an earlier stage entered late, then on",
	  3,
	  NONE,
	  EVER,
	  false,
	  { T(0, B), T(1, A), T(2, C) },
	  3,
	  4,
	  { 0, 1, NO, 2 } },
	{ "entered again after recycling",
	  3,
	  NONE,
	  EVER,
	  false,
	  { T(0, A), T(1, B), T(5, A), T(6, C) },
	  4,
	  4,
	  { 0, 0, 1, 3 } },
	{ "the window from the best visit",
	  2,
	  5,
	  EVER,
	  false,
	  { T(0, 0), T(20, 0), T(22, A), T(25, B) },
	  4,
	  3,
	  { 1, 2, 3 } },
	{ "followed after the period",
	  2,
	  NONE,
	  0,
	  5,
	  false,
	  { T(4, 0), T(9, A), T(30, B) },
	  3,
	  3,
	  { 0, 1, 2 } },
	{ "clipped", 2, NONE, 0, 5, true, { T(4, A), T(9, B) }, 2, 2, { 0, 0 } },
	{ "a customer of old comes by",
	  2,
	  NONE,
	  5,
	  9,
	  false,
	  { T(0, A), T(1, B), T(6, 0) },
	  3,
	  1,
	  { 2 } },
};

static struct chain_rules rules_of(size_t steps_n, int64_t window_us, int64_t from_us,
				   int64_t to_us, bool clip)
{
	return (struct chain_rules){ .steps_n = steps_n,
				     .window_us = window_us,
				     .from_us = from_us,
				     .to_us = to_us,
				     .clip = clip };
}

enum engine { ORDERED, ANY_ORDER, LIFECYCLE };

static void check(const struct row *rows, size_t n, enum engine engine)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		struct chain_rules rules = rules_of(r->steps_n, r->window_us, r->from_us, r->to_us,
						    r->clip);
		struct chain c;
		if (engine == ORDERED)
			chain_ordered(&rules, r->touches, r->n, &c);
		else if (engine == ANY_ORDER)
			chain_any(&rules, r->touches, r->n, &c);
		else
			lifecycle_chain(&rules, true, r->touches, r->n, &c);
		if (c.level != r->level)
			print_error("%s: level %zu, not %zu\n", r->what, c.level, r->level);
		assert_int_equal(c.level, r->level);
		for (size_t k = 0; k < c.level; k++) {
			if (c.touch[k] != r->chain[k])
				print_error("%s: step %zu\n", r->what, k + 1);
			assert_int_equal(c.touch[k], r->chain[k]);
		}
	}
}

static void steps_in_order(void **state)
{
	(void)state;
	check(ordered, ARRAY_LEN(ordered), ORDERED);
}

static void steps_in_any_order(void **state)
{
	(void)state;
	check(any, ARRAY_LEN(any), ANY_ORDER);
}

static void stages_of_the_lifecycle(void **state)
{
	(void)state;
	check(lifecycle, ARRAY_LEN(lifecycle), LIFECYCLE);
}

static void in_any_order_the_late_deal_counts(void **state)
{
	const struct chain_touch t[] = { T(0, C), T(1, A), T(1, B) };
	struct chain_rules rules = rules_of(3, NONE, EVER, false);
	struct chain c;
	(void)state;
	lifecycle_chain(&rules, false, t, 3, &c);
	assert_int_equal(c.level, 4);
	assert_int_equal(c.touch[3], 0);
	assert_int_equal(c.touch[1], 1);
}

#define MANY 5000

/* Far more touches of one instant than there are steps, and all steps alike. */
static void many_touches_of_one_instant(void **state)
{
	static struct chain_touch t[MANY];
	struct chain_rules rules = rules_of(32, 0, EVER, false);
	struct chain c;
	(void)state;
	for (size_t i = 0; i < MANY; i++)
		t[i] = (struct chain_touch){ .at_us = 9, .mask = UINT32_MAX };
	chain_ordered(&rules, t, MANY, &c);
	assert_int_equal(c.level, 32);
	for (size_t k = 0; k < 32; k++)
		assert_int_equal(c.touch[k], k);
	chain_any(&rules, t, MANY, &c);
	assert_int_equal(c.level, 32);
	chain_ordered(&rules, t, 31, &c);
	assert_int_equal(c.level, 31);
	chain_any(&rules, t, 31, &c);
	assert_int_equal(c.level, 31);
}

/* Step k is filled by the last touches only: none of them may be lost among the many before. */
static void the_rare_touch_of_an_instant_is_found(void **state)
{
	static struct chain_touch t[MANY];
	struct chain_rules rules = rules_of(32, 0, EVER, false);
	struct chain c;
	(void)state;
	for (size_t i = 0; i < MANY; i++)
		t[i] = (struct chain_touch){ .at_us = -9, .mask = 3 };
	for (size_t k = 2; k < 32; k++)
		t[MANY - 1 - k].mask = UINT32_C(1) << k;
	chain_ordered(&rules, t, MANY, &c);
	assert_int_equal(c.level, 32);
	for (size_t k = 2; k < 32; k++)
		assert_int_equal(c.touch[k], MANY - 1 - k);
	assert_int_equal(c.touch[1], 1);
}

/* The only way is to move every touch along by one. */
static void a_long_row_of_touches_moves_aside(void **state)
{
	struct chain_touch t[32];
	struct chain_rules rules = rules_of(32, 0, EVER, false);
	struct chain c;
	(void)state;
	for (size_t i = 0; i < 31; i++)
		t[i] = (struct chain_touch){ .at_us = 1, .mask = UINT32_C(3) << i };
	t[31] = (struct chain_touch){ .at_us = 1, .mask = 1 };
	chain_ordered(&rules, t, 32, &c);
	assert_int_equal(c.level, 32);
	assert_int_equal(c.touch[0], 31);
	for (size_t k = 1; k < 32; k++)
		assert_int_equal(c.touch[k], k - 1);
	chain_any(&rules, t, 32, &c);
	assert_int_equal(c.level, 32);
	assert_int_equal(c.step[31], 0);
	assert_int_equal(c.step[0], 1);
}

static void thirty_two_steps_one_after_another(void **state)
{
	struct chain_touch t[32];
	struct chain_rules rules = rules_of(32, 31, EVER, false);
	struct chain c;
	(void)state;
	for (size_t i = 0; i < 32; i++)
		t[i] = (struct chain_touch){ .at_us = (int64_t)i - 16, .mask = UINT32_C(1) << i };
	chain_ordered(&rules, t, 32, &c);
	assert_int_equal(c.level, 32);
	rules.window_us = 30;
	chain_ordered(&rules, t, 32, &c);
	assert_int_equal(c.level, 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_in_order),
		cmocka_unit_test(steps_in_any_order),
		cmocka_unit_test(stages_of_the_lifecycle),
		cmocka_unit_test(in_any_order_the_late_deal_counts),
		cmocka_unit_test(many_touches_of_one_instant),
		cmocka_unit_test(the_rare_touch_of_an_instant_is_found),
		cmocka_unit_test(a_long_row_of_touches_moves_aside),
		cmocka_unit_test(thirty_two_steps_one_after_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
