/*
 * test_limits.c - what must not matter (the order of arrival), and what must fail cleanly.
 */
#include "funnel_test.h"

#include "base/rand.h"

/* One set of random touches; the order in which `order` says. */
static void submit_shuffled(struct world *w, uint64_t order)
{
	enum { TOUCHES = 600 };
	static struct intake items[TOUCHES];
	static char ids[TOUCHES][16], users[40][8];
	static const str names[] = { S("a"), S("b"), S("c"), S("x") };
	static const str sources[] = { S("s1"), S("s2"), S("") };
	struct rng r;
	rng_init(&r, 7);
	for (size_t i = 0; i < 40; i++)
		snprintf(users[i], sizeof users[i], "u%zu", i);
	for (size_t i = 0; i < TOUCHES; i++) {
		snprintf(ids[i], sizeof ids[i], "m%zu", i);
		items[i] = of_user(users[rng_below(&r, 40)], "", DAY(rng_below(&r, 9)));
		items[i].name = names[rng_below(&r, ARRAY_LEN(names))];
		items[i].message_id = str_of(ids[i]);
		items[i].origin.source = sources[rng_below(&r, ARRAY_LEN(sources))];
	}
	rng_init(&r, order);
	for (size_t i = TOUCHES - 1; i > 0; i--) {
		size_t k = (size_t)rng_below(&r, i + 1);
		struct intake t = items[i];
		items[i] = items[k];
		items[k] = t;
	}
	for (size_t i = 0; i < TOUCHES; i += 100)
		world_submit(w, TRUST_SECRET, items + i, 100);
}

static str documents(struct world *w)
{
	static const char *const steps[] = { "a, b, c", "a, a, b", "*, c", NULL };
	struct buf b;
	buf_init(&b, 16 * MIB);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		for (int way = 0; way < 4; way++) {
			struct funnel_spec spec = spec_of(w, steps[i]);
			spec.order = way % 2 ? FUNNEL_ANY : FUNNEL_ORDERED;
			spec.window_given = true;
			spec.window_us = way < 2 ? 3 * US_PER_DAY : FUNNEL_WINDOW_NONE;
			spec.by = S("source");
			spec.of = way < 2 ? FUNNEL_OF_LAST : FUNNEL_OF_FIRST;
			spec.trend = true;
			struct funnel_result r = run(w, &spec);
			funnel_print_csv(&r, &b);
		}
	}
	str s = str_dup(&w->a, buf_view(&b));
	buf_fini(&b);
	return s;
}

static void the_order_of_arrival_leaves_no_trace(void **state)
{
	struct world first, second;
	(void)state;
	world_init(&first);
	world_init(&second);
	submit_shuffled(&first, 1);
	submit_shuffled(&second, 2);
	assert_true(str_eq(documents(&first), documents(&second)));
	world_fini(&first);
	world_fini(&second);
}

static void a_wrong_specification_is_refused(void **state)
{
	struct world w;
	struct snapshot *s;
	(void)state;
	world_init(&w);
	WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
	for (int i = 0; i < 6; i++) {
		struct funnel_spec spec = spec_of(&w, "a, b");
		struct funnel_result r;
		err e = { 0 };
		if (i == 0)
			spec.from_us = INT64_MAX;
		if (i == 0)
			spec.to_us = 0;
		if (i == 1)
			spec.steps_n = FUNNEL_STEPS_MAX + 1;
		if (i == 2)
			spec.window_given = true, spec.window_us = -1;
		if (i == 3)
			spec.of = FUNNEL_OF_STEP;
		if (i == 4)
			spec.of = FUNNEL_OF_STEP, spec.of_step = 3;
		if (i == 5)
			spec.steps_n = 0, spec.stages_n = 0;
		assert_false(funnel_run(s, &spec, &w.a, &r, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	snapshot_close(&s);
	world_fini(&w);
}

static void too_small_an_arena_is_a_limit(void **state)
{
	struct world w;
	struct snapshot *s;
	(void)state;
	world_init(&w);
	submit_shuffled(&w, 3);
	struct funnel_spec spec = spec_of(&w, "a, b, c");
	spec.by = S("source");
	spec.trend = true;
	where(&w, &spec, "did(\"x\")");
	WORLD_OK(&w, journal_flush(w.j, &w.e));
	WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
	bool went_through = false;
	for (size_t bytes = 0; !went_through; bytes = bytes * 5 / 4 + 64) {
		struct arena a;
		struct funnel_result r;
		err e = { 0 };
		arena_init(&a, bytes);
		went_through = funnel_run(s, &spec, &a, &r, &e);
		if (!went_through)
			assert_int_equal(e.code, ERR_LIMIT);
		arena_fini(&a);
		assert_true(bytes < 16 * MIB);
	}
	snapshot_close(&s);
	world_fini(&w);
}

static void every_failing_allocation_is_an_error(void **state)
{
	struct world w;
	struct snapshot *s;
	(void)state;
	world_init(&w);
	submit_shuffled(&w, 4);
	struct funnel_spec spec = spec_of(&w, "[name = a], b, c");
	spec.by = S("first_source");
	spec.trend = true;
	spec.count = FUNNEL_PEOPLE;
	where(&w, &spec, "did(\"x\") >= 0");
	uint64_t subject = world_find(&w, "u1");
	WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
	bool done = false;
	for (uint64_t fail = 1; !done; fail += 1 + fail / 16) {
		struct arena a;
		struct funnel_result r;
		struct funnel_explanation x;
		err e = { 0 };
		arena_init(&a, 64 * MIB);
		mem_fail_at(fail);
		bool ok = funnel_run(s, &spec, &a, &r, &e) &&
			  funnel_explain(s, &spec, subject, &a, &x, &e);
		bool failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(ok, !failed);
		if (failed)
			assert_int_equal(e.code, ERR_NOMEM);
		arena_fini(&a);
		done = !failed;
	}
	snapshot_close(&s);
	world_fini(&w);
}

/* The home's question: everything beside the counts, the period before, the people kept. */
static void every_failing_allocation_of_the_home_is_an_error(void **state)
{
	struct world w;
	struct snapshot *s;
	(void)state;
	world_init(&w);
	enters(&w, "u1", "mql", DAY(1));
	refused(&w, "u1", DAY(2), "budget");
	enters(&w, "u2", "lead", DAY(3));
	from_source(&w, "u3", "page_viewed", DAY(4), "google");
	struct funnel_spec spec = spec_of(&w, NULL);
	spec.by = S("source");
	spec.from_us = DAY(0);
	spec.to_us = DAY(10);
	spec.compare = spec.keep = spec.trend = true;
	WORLD_OK(&w, journal_flush(w.j, &w.e));
	WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
	bool done = false;
	for (uint64_t fail = 1; !done; fail += 1 + fail / 16) {
		struct arena a;
		struct funnel_result r;
		struct funnel_person *people;
		const struct funnel_who who = { .step = 1 };
		size_t n;
		uint64_t count;
		err e = { 0 };
		arena_init(&a, 64 * MIB);
		mem_fail_at(fail);
		bool ok = funnel_run(s, &spec, &a, &r, &e) &&
			  funnel_people(&r, &who, NULL, 10, &a, &people, &n, &count, &e);
		bool failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(ok, !failed);
		if (failed)
			assert_int_equal(e.code, ERR_NOMEM);
		else
			assert_int_equal(count, 3);
		arena_fini(&a);
		done = !failed;
	}
	snapshot_close(&s);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_of_arrival_leaves_no_trace),
		cmocka_unit_test(a_wrong_specification_is_refused),
		cmocka_unit_test(too_small_an_arena_is_a_limit),
		cmocka_unit_test(every_failing_allocation_is_an_error),
		cmocka_unit_test(every_failing_allocation_of_the_home_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
