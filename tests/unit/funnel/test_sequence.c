/*
 * test_sequence.c - the general sequence engine on cases that one can check by eye, and at its
 * limits.
 */
#include "funnel/chain_int.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define A 1u
#define B 2u
#define C 4u

static struct chain_rules rules_of(size_t steps_n)
{
	struct chain_rules r = { .steps_n = steps_n,
				 .window_us = FUNNEL_WINDOW_NONE,
				 .from_us = INT64_MIN,
				 .to_us = INT64_MAX };
	for (size_t k = 0; k < FUNNEL_STEPS_MAX; k++)
		r.max_gap_us[k] = FUNNEL_GAP_NONE;
	return r;
}

static size_t level_of(const struct chain_rules *r, const struct chain_touch *t, size_t n)
{
	struct sequence *s;
	struct chain c;
	err e = { 0 };
	assert_true(sequence_new(r, &s, &e));
	assert_true(sequence_best(s, t, n, &c, &e));
	sequence_free(&s);
	return c.level;
}

#define T(at, steps) ((struct chain_touch){ .at_us = (at), .mask = (steps) })
#define X(at)	     ((struct chain_touch){ .at_us = (at), .exclude = 1 })
#define LEVEL(r, ...)                                                                              \
	level_of(&(r), (const struct chain_touch[]){ __VA_ARGS__ },                                \
		 sizeof((const struct chain_touch[]){ __VA_ARGS__ }) / sizeof(struct chain_touch))

static void a_swap_is_within_the_grace_of_every_step_before(void **state)
{
	struct chain_rules r = rules_of(3);
	(void)state;
	r.ties = FUNNEL_GRACE;
	r.grace_us = 2;
	assert_int_equal(LEVEL(r, T(2, B), T(4, A)), 2);
	assert_int_equal(LEVEL(r, T(1, B), T(4, A)), 1);
	/* Each a swap with the one before, but the last two lie too far apart. */
	assert_int_equal(LEVEL(r, T(0, C), T(2, B), T(4, A)), 2);
	assert_int_equal(LEVEL(r, T(2, C), T(2, B), T(4, A)), 3);
	r.steps_n = 4;
	assert_int_equal(LEVEL(r, T(0, A), T(0, 8), T(2, C), T(4, B)), 3);
	assert_int_equal(LEVEL(r, T(0, A), T(2, 8), T(2, C), T(4, B)), 4);
}

static void a_window_counts_from_the_first_step_also_when_swapped(void **state)
{
	struct chain_rules r = rules_of(2);
	(void)state;
	r.ties = FUNNEL_GRACE;
	r.grace_us = 5;
	r.window_us = 0;
	assert_int_equal(LEVEL(r, T(0, B), T(5, A)), 2);
	assert_int_equal(LEVEL(r, T(0, A), T(1, B)), 1);
}

static void gaps_are_inclusive_and_of_each_step(void **state)
{
	struct chain_rules r = rules_of(3);
	(void)state;
	r.has_gaps = true;
	r.max_gap_us[1] = 5;
	r.min_gap_us[2] = 3;
	assert_int_equal(LEVEL(r, T(0, A), T(5, B), T(8, C)), 3);
	assert_int_equal(LEVEL(r, T(0, A), T(6, B), T(9, C)), 1);
	assert_int_equal(LEVEL(r, T(0, A), T(5, B), T(7, C)), 2);
	/* The older of two steps before is the one that is old enough. */
	assert_int_equal(LEVEL(r, T(0, A), T(2, B), T(4, B), T(6, C)), 3);
}

static void strict_lets_repeats_of_the_step_pass_and_nothing_else(void **state)
{
	struct chain_rules r = rules_of(2);
	(void)state;
	r.order = FUNNEL_STRICT;
	assert_int_equal(LEVEL(r, T(0, A), T(1, A), T(2, B)), 2);
	assert_int_equal(LEVEL(r, T(0, A), T(1, 0), T(2, B)), 1);
	assert_int_equal(LEVEL(r, T(0, A), T(1, 0), T(1, B)), 2);
	assert_int_equal(LEVEL(r, T(0, A), T(1, 0), T(2, A), T(3, B)), 2);
}

static void strict_order_and_stop_end_everything(void **state)
{
	struct chain_rules r = rules_of(3);
	(void)state;
	r.order = FUNNEL_STRICT_ORDER;
	assert_int_equal(LEVEL(r, T(0, 0), T(1, A), T(2, B), T(3, C)), 3);
	assert_int_equal(LEVEL(r, T(0, A), T(1, C), T(2, B), T(3, C)), 1);
	assert_int_equal(LEVEL(r, T(0, A), T(1, 0), T(2, A), T(3, B)), 1);
	r.order = FUNNEL_ORDERED;
	r.repeat = FUNNEL_STOP;
	assert_int_equal(LEVEL(r, T(0, A), T(1, A), T(2, B), T(3, C)), 3);
	assert_int_equal(LEVEL(r, T(0, A), T(1, B), T(2, B), T(3, C)), 2);
}

static void exclusions_end_drop_and_reset(void **state)
{
	struct chain_rules r = rules_of(2);
	(void)state;
	r.excludes_n = 1;
	r.excludes[0] = (struct chain_span){ 0, 1 };
	r.window_us = 10;
	assert_int_equal(LEVEL(r, T(0, A), X(1), T(2, B)), 1);
	assert_int_equal(LEVEL(r, T(0, A), X(0), T(2, B)), 2);
	assert_int_equal(LEVEL(r, T(0, A), T(2, B), X(3)), 2);
	r.policy = FUNNEL_DROP_PERSON;
	assert_int_equal(LEVEL(r, T(0, A), X(1), T(2, B)), 0);
	assert_int_equal(LEVEL(r, T(0, A), X(1), T(2, B), T(90, A)), 0);
	assert_int_equal(LEVEL(r, T(0, A), X(1), T(90, A)), 1);
	assert_int_equal(LEVEL(r, T(0, A), X(11)), 1);
	r.policy = FUNNEL_RESET;
	assert_int_equal(LEVEL(r, T(0, A), X(1), T(2, B), T(90, A)), 1);
	/* The earlier of two entries had timed out before it came; the later had not. */
	assert_int_equal(LEVEL(r, T(0, A), T(5, A), X(11)), 1);
}

struct many {
	size_t n, through;
};

static bool count(void *arg, const struct chain *c)
{
	struct many *m = arg;
	m->n++;
	m->through += c->level == 2;
	return true;
}

static void each_attempt_begins_when_the_last_is_over(void **state)
{
	struct chain_rules r = rules_of(2);
	const struct chain_touch t[] = { T(0, A), T(1, A), T(2, B), T(3, A), T(20, A), T(21, B) };
	struct sequence *s;
	struct many m = { 0 };
	err e = { 0 };
	(void)state;
	r.entry = FUNNEL_ENTRY_EACH;
	r.window_us = 10;
	assert_true(sequence_new(&r, &s, &e));
	assert_true(sequence_run(s, t, 6, count, &m, &e));
	sequence_free(&s);
	assert_int_equal(m.n, 3);
	assert_int_equal(m.through, 2);
}

#define MANY 4000

/* A machine that views a page every second, with each kind of rules: still quick. */
static void thousands_of_touches_of_one_subject(void **state)
{
	static struct chain_touch t[MANY];
	(void)state;
	for (size_t i = 0; i < MANY; i++)
		t[i] = T((int64_t)i, i % 7 == 0 ? A : i % 7 == 3 ? B : i % 1000 == 999 ? C : 0);
	for (int kind = 0; kind < 6; kind++) {
		struct chain_rules r = rules_of(4);
		r.window_us = 500;
		r.has_gaps = kind == 0;
		r.min_gap_us[1] = 2;
		r.order = kind == 1   ? FUNNEL_STRICT
			  : kind == 2 ? FUNNEL_STRICT_ORDER
				      : FUNNEL_ORDERED;
		r.reuse = kind == 3 ? FUNNEL_MULTI : FUNNEL_ONCE;
		r.ties = kind == 4 ? FUNNEL_GRACE : FUNNEL_TIES_ANY;
		r.grace_us = 2;
		r.entry = kind == 5 ? FUNNEL_ENTRY_FIRST : FUNNEL_ENTRY_ANY;
		assert_true(level_of(&r, t, MANY) >= 1);
	}
}

static void thirty_two_steps_and_the_ends_of_time(void **state)
{
	struct chain_touch t[32];
	struct chain_rules r = rules_of(32);
	(void)state;
	for (size_t i = 0; i < 32; i++)
		t[i] = T(INT64_MAX - 31 + (int64_t)i, UINT32_C(1) << i);
	r.reuse = FUNNEL_MULTI;
	assert_int_equal(level_of(&r, t, 32), 32);
	r.has_gaps = true;
	r.min_gap_us[31] = 2;
	assert_int_equal(level_of(&r, t, 32), 31);
	t[0].at_us = INT64_MIN;
	assert_int_equal(level_of(&r, t, 32), 31);
	r.max_gap_us[1] = INT64_MAX - 1;
	assert_int_equal(level_of(&r, t, 32), 1);
}

/* Hundreds of touches that all fill every step, within a grace of each other. */
static void alike_touches_within_a_grace_are_no_crowd(void **state)
{
	static struct chain_touch t[300];
	struct chain_rules r = rules_of(6);
	(void)state;
	for (size_t i = 0; i < 300; i++)
		t[i] = T((int64_t)i / 100, 63);
	r.ties = FUNNEL_GRACE;
	r.grace_us = 5;
	assert_int_equal(level_of(&r, t, 300), 6);
}

/* No two alike: too many ways to tell apart are a limit that is said. */
static void too_many_touches_within_a_grace_are_an_error(void **state)
{
	static struct chain_touch t[400];
	struct chain_rules r = rules_of(32);
	struct sequence *s;
	struct chain c;
	err e = { 0 };
	(void)state;
	for (size_t i = 0; i < 400; i++)
		t[i] = T((int64_t)i, UINT32_MAX & ~(UINT32_C(1) << 31));
	r.ties = FUNNEL_GRACE;
	r.grace_us = 1000;
	r.has_gaps = true;
	r.min_gap_us[31] = 1;
	assert_true(sequence_new(&r, &s, &e));
	bool ok = sequence_best(s, t, 400, &c, &e);
	sequence_free(&s);
	if (ok)
		assert_int_equal(c.level, 31);
	else
		assert_int_equal(e.code, ERR_LIMIT);
}

static void every_failing_allocation_of_the_engine_is_an_error(void **state)
{
	const struct chain_touch t[] = { T(0, A), T(1, B) };
	struct chain_rules r = rules_of(2);
	(void)state;
	r.ties = FUNNEL_GRACE;
	for (uint64_t n = 1;; n++) {
		struct sequence *s = NULL;
		struct chain c;
		err e = { 0 };
		mem_fail_at(n);
		bool ok = sequence_new(&r, &s, &e) && sequence_best(s, t, 2, &c, &e);
		bool failed = mem_failed();
		mem_fail_at(0);
		sequence_free(&s);
		assert_int_equal(ok, !failed);
		if (ok)
			break;
		assert_int_equal(e.code, ERR_NOMEM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_swap_is_within_the_grace_of_every_step_before),
		cmocka_unit_test(a_window_counts_from_the_first_step_also_when_swapped),
		cmocka_unit_test(gaps_are_inclusive_and_of_each_step),
		cmocka_unit_test(strict_lets_repeats_of_the_step_pass_and_nothing_else),
		cmocka_unit_test(strict_order_and_stop_end_everything),
		cmocka_unit_test(exclusions_end_drop_and_reset),
		cmocka_unit_test(each_attempt_begins_when_the_last_is_over),
		cmocka_unit_test(thousands_of_touches_of_one_subject),
		cmocka_unit_test(thirty_two_steps_and_the_ends_of_time),
		cmocka_unit_test(alike_touches_within_a_grace_are_no_crowd),
		cmocka_unit_test(too_many_touches_within_a_grace_are_an_error),
		cmocka_unit_test(every_failing_allocation_of_the_engine_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
