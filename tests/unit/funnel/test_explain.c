/*
 * test_explain.c - why one subject came as far as it did.
 */
#include "funnel_test.h"

static struct funnel_explanation explain(struct world *w, const struct funnel_spec *spec,
					 const char *user)
{
	struct funnel_explanation x;
	struct snapshot *s;
	uint64_t subject = world_find(w, user);
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	WORLD_OK(w, funnel_explain(s, spec, subject, &w->a, &x, &w->e));
	snapshot_close(&s);
	assert_int_equal(x.subject, subject);
	return x;
}

static void assert_why(struct world *w, const struct funnel_spec *spec, const char *user,
		       size_t level, const char *why)
{
	struct funnel_explanation x = explain(w, spec, user);
	char text[512];
	snprintf(text, sizeof text, "%.*s", STR_ARG(x.why_stopped));
	assert_string_equal(text, why);
	assert_int_equal(x.level, level);
}

static void the_chain_chosen_is_shown(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	did(&w, "u1", "a", DAY(-20));
	from_source(&w, "u1", "a", DAY(0), "google");
	did(&w, "u1", "x", DAY(1));
	did(&w, "u1", "a", DAY(2));
	did(&w, "u1", "b", DAY(3));
	did(&w, "u1", "b", DAY(4));
	struct funnel_spec spec = spec_of(&w, "a, b");
	struct funnel_explanation x = explain(&w, &spec, "u1");
	assert_int_equal(x.level, 2);
	assert_int_equal(x.why_stopped.n, 0);
	assert_int_equal(x.chain[0].at_us, DAY(0));
	assert_true(str_eq(x.chain[0].origin.source, S("google")));
	assert_int_equal(x.chain[1].at_us, DAY(3));
	assert_true(str_eq(x.chain[1].name, S("b")));
	assert_int_equal(x.step[1], 1);
	world_fini(&w);
}

static void a_missing_step_has_a_reason(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	did(&w, "never", "a", DAY(0));
	did(&w, "early", "b", DAY(0));
	did(&w, "early", "a", DAY(1));
	did(&w, "late", "a", DAY(0));
	did(&w, "late", "b", DAY(20));
	did(&w, "nothing", "x", DAY(0));
	struct funnel_spec spec = spec_of(&w, "a, b");
	assert_why(&w, &spec, "never", 1, "Step 2, b, never happened.");
	assert_why(&w, &spec, "nothing", 0, "Step 1, a, never happened.");
	assert_why(
		&w, &spec, "early", 1,
		"Step 2, b, happened before step 1, a: on 2024-10-04 00:00, not after 2024-10-05 00:00.");
	assert_why(
		&w, &spec, "late", 1,
		"Step 2, b, happened on 2024-10-24 00:00, 6 d after the window of 14 d had ended.");
	spec.from_us = DAY(10);
	spec.to_us = DAY(15);
	assert_why(&w, &spec, "late", 0,
		   "Step 1, a, happened only outside the period, first on 2024-10-04 00:00.");
	spec.from_us = DAY(0);
	spec.tail = FUNNEL_CLIP;
	assert_why(&w, &spec, "late", 1,
		   "Step 2, b, happened only outside the period, on 2024-10-24 00:00.");
	spec = spec_of(&w, "a, a");
	assert_why(&w, &spec, "never", 1,
		   "Step 2, a, happened only in a touch that counts for another step.");
	spec = spec_of(&w, "a, b");
	spec.order = FUNNEL_ANY;
	assert_why(&w, &spec, "early", 2, "");
	assert_why(
		&w, &spec, "late", 1,
		"Step 2, b, happened on 2024-10-24 00:00, 6 d after the window of 14 d had ended.");
	where(&w, &spec, "touches > 1");
	assert_why(&w, &spec, "never", 0, "Not counted: this does not hold: touches > 1");
	world_fini(&w);
}

static void in_any_order_each_touch_names_its_step(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	did(&w, "u1", "c", DAY(0));
	did(&w, "u1", "a", DAY(1));
	struct funnel_spec spec = spec_of(&w, "a, b, c");
	spec.order = FUNNEL_ANY;
	struct funnel_explanation x = explain(&w, &spec, "u1");
	assert_int_equal(x.level, 2);
	assert_int_equal(x.step[0], 2);
	assert_int_equal(x.step[1], 0);
	assert_true(str_eq(x.why_stopped, S("Step 2, b, never happened.")));
	world_fini(&w);
}

static void a_lifecycle_stops_at_a_stage(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	did(&w, "visitor", "page_viewed", DAY(0));
	enters(&w, "early", "customer", DAY(0));
	enters(&w, "early", "lead", DAY(1));
	enters(&w, "early", "mql", DAY(2));
	enters(&w, "skips", "customer", DAY(0));
	struct funnel_spec spec = spec_of(&w, NULL);
	assert_why(&w, &spec, "visitor", 1, "No stage after visitor was entered.");
	assert_why(&w, &spec, "early", 3,
		   "customer was entered on 2024-10-04 00:00, before lead, on 2024-10-05 00:00.");
	struct funnel_explanation x = explain(&w, &spec, "skips");
	assert_int_equal(x.level, 4);
	assert_int_equal(x.why_stopped.n, 0);
	assert_int_equal(x.chain[1].seq, 0);
	assert_true(x.chain[3].seq != 0);
	spec.from_us = DAY(5);
	assert_why(&w, &spec, "visitor", 0, "Nothing happened in the period.");
	spec = spec_of(&w, NULL);
	spec.to_us = DAY(2);
	spec.tail = FUNNEL_CLIP;
	assert_why(&w, &spec, "early", 2,
		   "mql was entered only outside the period, on 2024-10-06 00:00.");
	world_fini(&w);
}

static void nobody_of_that_number_is_not_found(void **state)
{
	struct world w;
	struct snapshot *s;
	struct funnel_explanation x;
	err e = { 0 };
	(void)state;
	world_init(&w);
	struct funnel_spec spec = spec_of(&w, "a");
	WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
	assert_false(funnel_explain(s, &spec, 7, &w.a, &x, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_false(funnel_explain(s, &spec, 0, &w.a, &x, &e));
	snapshot_close(&s);
	world_fini(&w);
}

/* What explain says of each is what run counts. */
static void explaining_everyone_gives_the_counts(void **state)
{
	static const char *const names[] = { "a", "b", "c" };
	static const char *const stages[] = { "lead", "mql", "customer" };
	struct world w;
	char user[16];
	(void)state;
	world_init(&w);
	for (int i = 0; i < 120; i++) {
		snprintf(user, sizeof user, "u%d", i % 30);
		if (i % 4 == 3)
			enters(&w, user, stages[i * 5 % 7 % 3], DAY(i * 13 % 17));
		else
			did(&w, user, names[i * 7 % 11 % 3], DAY(i * 31 % 23));
	}
	for (int kind = 0; kind < 4; kind++) {
		struct funnel_spec spec = spec_of(&w, kind < 2 ? "a, b, c" : NULL);
		uint64_t counts[4] = { 0 };
		spec.order = kind % 2 ? FUNNEL_ANY : FUNNEL_ORDERED;
		spec.window_given = true;
		spec.window_us = 9 * US_PER_DAY;
		struct funnel_result r = run(&w, &spec);
		for (int i = 0; i < 30; i++) {
			snprintf(user, sizeof user, "u%d", i);
			struct funnel_explanation x = explain(&w, &spec, user);
			for (size_t k = 0; k < x.level; k++)
				counts[k]++;
			assert_int_equal(x.why_stopped.n == 0, x.level == r.steps_n);
		}
		for (size_t k = 0; k < r.steps_n; k++)
			assert_int_equal(r.steps[k].count, counts[k]);
		assert_true(r.steps[1].count > 0);
	}
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_chain_chosen_is_shown),
		cmocka_unit_test(a_missing_step_has_a_reason),
		cmocka_unit_test(in_any_order_each_touch_names_its_step),
		cmocka_unit_test(a_lifecycle_stops_at_a_stage),
		cmocka_unit_test(nobody_of_that_number_is_not_found),
		cmocka_unit_test(explaining_everyone_gives_the_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
