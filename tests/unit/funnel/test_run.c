/*
 * test_run.c - whole funnels over a journal: steps, windows, times, periods, the lifecycle.
 */
#include "funnel_test.h"

static void steps_in_order_within_the_window(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	did(&w, "u1", "a", DAY(0));
	did(&w, "u1", "other", DAY(1));
	did(&w, "u1", "b", DAY(2));
	did(&w, "u2", "b", DAY(0));
	did(&w, "u2", "a", DAY(1));
	did(&w, "u3", "a", DAY(0));
	did(&w, "u3", "b", DAY(14));
	did(&w, "u4", "a", DAY(0));
	did(&w, "u4", "b", DAY(14) + 1);
	did(&w, "u5", "b", DAY(3));
	struct funnel_spec spec = spec_of(&w, "a, b");
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "4 2");
	assert_int_equal(r.out_of_order, 1);
	assert_int_equal(r.spec.window_us, 14 * US_PER_DAY);
	assert_true(isnan(r.steps[0].from_previous) && isnan(r.steps[0].from_first));
	assert_float_equal(r.steps[1].from_previous, 0.5, 0);
	assert_int_equal(r.steps[0].median_us, -1);
	assert_int_equal(r.steps[1].median_us, 14 * US_PER_DAY);
	assert_int_equal(r.steps[1].p90_us, 14 * US_PER_DAY);
	spec.order = FUNNEL_ANY;
	r = run(&w, &spec);
	assert_counts(r, "5 3");
	assert_int_equal(r.out_of_order, 0);
	spec.order = FUNNEL_ORDERED;
	spec.window_given = true;
	spec.window_us = FUNNEL_WINDOW_NONE;
	r = run(&w, &spec);
	assert_counts(r, "4 3");
	spec.window_us = 2 * US_PER_DAY;
	r = run(&w, &spec);
	assert_counts(r, "4 1");
	world_fini(&w);
}

static void nobody_is_a_rate_unknown(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	struct funnel_spec spec = spec_of(&w, "a, b");
	spec.by = S("source");
	spec.trend = true;
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "0 0");
	assert_true(isnan(r.steps[1].from_previous));
	assert_int_equal(r.groups_n, 0);
	assert_int_equal(r.trend_n, 0);
	world_fini(&w);
}

static void times_are_the_middle_and_the_nearest_rank(void **state)
{
	struct world w;
	char user[16];
	(void)state;
	world_init(&w);
	for (int i = 1; i <= 10; i++) {
		snprintf(user, sizeof user, "u%d", i);
		did(&w, user, "a", DAY(0));
		did(&w, user, "b", DAY(0) + i * US_PER_S);
	}
	struct funnel_spec spec = spec_of(&w, "a, b");
	struct funnel_result r = run(&w, &spec);
	assert_int_equal(r.steps[1].median_us, 6 * US_PER_S);
	assert_int_equal(r.steps[1].p90_us, 9 * US_PER_S);
	world_fini(&w);
}

static void an_anonymous_visit_belongs_to_the_person(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	struct intake visit = { .name = S("page_viewed"),
				.at_us = DAY(0),
				.anonymous_id = S("a1") };
	visit.origin.source = S("google");
	world_one(&w, TRUST_PUBLIC, visit);
	struct intake form = of_user("u1", "form_submitted", DAY(1));
	form.anonymous_id = S("a1");
	world_one(&w, TRUST_SECRET, form);
	enters(&w, "u1", "customer", DAY(100));
	struct funnel_spec spec = spec_of(&w, "page_viewed, form_submitted, stage:customer");
	spec.by = S("source");
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "1 1 1");
	assert_group(r, "google", "1 1 1");
	assert_int_equal(r.spec.window_us, FUNNEL_WINDOW_NONE);
	world_fini(&w);
}

static void stages_fold_case_and_deals_have_theirs(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	enters(&w, "u1", "MQL", DAY(0));
	enters(&w, "u2", "Pr\u00fcfung", DAY(0));
	struct intake deal = of_user("u1", "deal_created", DAY(1));
	deal.deal_id.value = S("d1");
	say(&w, deal, "stage", "prospecting");
	deal.name = S("deal_stage_entered");
	deal.at_us = DAY(2);
	say(&w, deal, "stage", "Evaluation");
	deal.name = S("deal_won");
	deal.at_us = DAY(3);
	say(&w, deal, "amount", "1");
	deal = of_user("u2", "deal_created", DAY(1));
	deal.deal_id.value = S("d2");
	say(&w, deal, "stage", "prospecting");
	deal.name = S("deal_lost");
	deal.at_us = DAY(2);
	say(&w, deal, NULL, NULL);
	struct funnel_spec spec = spec_of(&w,
					  "stage:mql, deal:prospecting, deal:evaluation, deal:won");
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "1 1 1 1");
	assert_true(str_eq(r.steps[3].name, S("deal:won")));
	spec = spec_of(&w, "stage:pr\u00dcfung, deal:lost");
	r = run(&w, &spec);
	assert_counts(r, "1 1");
	spec = spec_of(&w, "deal:prospecting, deal:won");
	spec.count = FUNNEL_DEALS;
	r = run(&w, &spec);
	assert_counts(r, "2 1");
	/* a stage of a deal is no stage of a person, nor the other way round */
	spec = spec_of(&w, "stage:prospecting");
	r = run(&w, &spec);
	assert_counts(r, "0");
	spec = spec_of(&w, "deal:mql");
	r = run(&w, &spec);
	assert_counts(r, "0");
	world_fini(&w);
}

static void rules_and_any_touch_are_steps(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	say(&w, of_user("u1", "page_viewed", DAY(0)), "path", "/pricing/eu");
	did(&w, "u1", "form_submitted", DAY(1));
	say(&w, of_user("u2", "page_viewed", DAY(0)), "path", "/blog");
	did(&w, "u2", "form_submitted", DAY(1));
	struct funnel_spec spec = spec_of(&w,
					  "[name = \"page_viewed\" and path ~ \"/pricing*\"], *");
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "1 1");
	spec = spec_of(&w, "*, *, *");
	r = run(&w, &spec);
	assert_counts(r, "2 2 0");
	world_fini(&w);
}

static void the_period_is_where_chains_begin(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	did(&w, "u1", "a", DAY(9));
	did(&w, "u1", "b", DAY(10));
	did(&w, "u2", "a", DAY(10));
	did(&w, "u2", "b", DAY(20));
	did(&w, "u3", "a", DAY(20));
	did(&w, "u3", "b", DAY(20));
	struct funnel_spec spec = spec_of(&w, "a, b");
	spec.from_us = DAY(10);
	spec.to_us = DAY(20);
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "1 1");
	spec.tail = FUNNEL_CLIP;
	r = run(&w, &spec);
	assert_counts(r, "1 0");
	spec.to_us = spec.from_us;
	r = run(&w, &spec);
	assert_counts(r, "0 0");
	world_fini(&w);
}

static void the_lifecycle_shows_who_came_how_far(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	did(&w, "visitor", "page_viewed", DAY(0));
	did(&w, "all", "page_viewed", DAY(0));
	enters(&w, "all", "lead", DAY(1));
	enters(&w, "all", "mql", DAY(3));
	enters(&w, "all", "customer", DAY(13));
	enters(&w, "skips", "customer", DAY(5));
	/* won before the first contact: kept, and shown as what it is */
	enters(&w, "early", "customer", DAY(1));
	enters(&w, "early", "lead", DAY(2));
	enters(&w, "early", "mql", DAY(2));
	struct funnel_spec spec = spec_of(&w, NULL);
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "4 3 3 2");
	assert_int_equal(r.out_of_order, 1);
	assert_int_equal(r.steps[1].skipped, 1);
	assert_int_equal(r.steps[2].skipped, 1);
	assert_int_equal(r.steps[3].skipped, 0);
	assert_int_equal(r.steps[3].median_us, 10 * US_PER_DAY);
	assert_true(str_eq(r.steps[0].name, S("visitor")));
	spec.order = FUNNEL_ANY;
	r = run(&w, &spec);
	assert_counts(r, "4 3 3 3");
	assert_int_equal(r.out_of_order, 0);
	spec.order = FUNNEL_ORDERED;
	spec.from_us = DAY(2);
	spec.to_us = DAY(4);
	r = run(&w, &spec);
	assert_counts(r, "2 2 2 1");
	spec.tail = FUNNEL_CLIP;
	r = run(&w, &spec);
	assert_counts(r, "2 2 2 0");
	spec = spec_of(&w, NULL);
	spec.window_given = true;
	spec.window_us = 3 * US_PER_DAY;
	r = run(&w, &spec);
	assert_counts(r, "4 3 3 2");
	assert_int_equal(r.steps[3].skipped, 0);
	world_fini(&w);
}

static void earlier_knowledge_can_be_asked_for(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	did(&w, "u1", "a", DAY(0));
	struct intake in = of_user("u2", "a", DAY(0));
	struct batch b = { .items = &in, .n = 1, .trust = TRUST_SECRET };
	WORLD_OK(&w, journal_submit(w.j, &b, &w.e));
	did(&w, "u1", "b", DAY(1));
	did(&w, "u2", "b", DAY(1));
	struct funnel_spec spec = spec_of(&w, "a, b");
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "2 2");
	r = run_as_of(&w, &spec, in.seq);
	assert_counts(r, "2 0");
	assert_int_equal(r.snapshot, in.seq);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_in_order_within_the_window),
		cmocka_unit_test(nobody_is_a_rate_unknown),
		cmocka_unit_test(times_are_the_middle_and_the_nearest_rank),
		cmocka_unit_test(an_anonymous_visit_belongs_to_the_person),
		cmocka_unit_test(stages_fold_case_and_deals_have_theirs),
		cmocka_unit_test(rules_and_any_touch_are_steps),
		cmocka_unit_test(the_period_is_where_chains_begin),
		cmocka_unit_test(the_lifecycle_shows_who_came_how_far),
		cmocka_unit_test(earlier_knowledge_can_be_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
