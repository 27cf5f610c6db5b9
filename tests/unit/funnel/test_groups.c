/*
 * test_groups.c - whole funnels over a journal: for whom, broken down by what, over time.
 */
#include "funnel_test.h"

static void groups_by_the_property_of_a_touch(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	from_source(&w, "u1", "a", DAY(0), "google");
	from_source(&w, "u1", "b", DAY(1), "mail");
	from_source(&w, "u2", "a", DAY(0), "google");
	from_source(&w, "u3", "a", DAY(0), "mail");
	did(&w, "u4", "a", DAY(0));
	from_source(&w, "u4", "b", DAY(1), "ads");
	did(&w, "u5", "a", DAY(0));
	from_source(&w, "u6", "a", DAY(0), "zzz");
	struct funnel_spec spec = spec_of(&w, "a, b");
	spec.by = S("source");
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "6 2");
	assert_int_equal(r.groups_n, 4);
	/* by falling count, then by value, none first among equals */
	assert_int_equal(r.groups[0].value.kind, VALUE_NONE);
	assert_true(str_eq(r.groups[1].value.text, S("google")));
	assert_true(str_eq(r.groups[2].value.text, S("mail")));
	assert_true(str_eq(r.groups[3].value.text, S("zzz")));
	assert_group(r, NULL, "2 1");
	assert_group(r, "google", "2 1");
	spec.of = FUNNEL_OF_LAST;
	r = run(&w, &spec);
	assert_group(r, "ads", "1 1");
	assert_group(r, "mail", "2 1");
	assert_group(r, NULL, "1 0");
	spec.of = FUNNEL_OF_STEP;
	spec.of_step = 2;
	r = run(&w, &spec);
	assert_group(r, NULL, "4 0");
	assert_group(r, "mail", "1 1");
	world_fini(&w);
}

static void first_and_last_are_meant_of_the_steps(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	from_source(&w, "u1", "b", DAY(0), "late");
	from_source(&w, "u1", "a", DAY(1), "early");
	from_source(&w, "u2", "b", DAY(1), "alone");
	struct funnel_spec spec = spec_of(&w, "a, b");
	spec.order = FUNNEL_ANY;
	spec.by = S("source");
	struct funnel_result r = run(&w, &spec);
	assert_group(r, "early", "1 1");
	assert_group(r, "alone", "1 0");
	spec.of = FUNNEL_OF_LAST;
	r = run(&w, &spec);
	assert_group(r, "late", "1 1");
	world_fini(&w);
}

static void the_lifecycle_takes_the_first_value_there_is(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	enters(&w, "u1", "customer", DAY(0));
	struct intake in = of_user("u1", "stage_entered", DAY(1));
	in.origin.source = S("google");
	say(&w, in, "stage", "lead");
	from_source(&w, "u2", "page_viewed", DAY(0), "mail");
	from_source(&w, "u2", "page_viewed", DAY(1), "ads");
	struct funnel_spec spec = spec_of(&w, NULL);
	spec.by = S("source");
	struct funnel_result r = run(&w, &spec);
	assert_group(r, "google", "1 1 0 0");
	assert_group(r, "mail", "1 0 0 0");
	world_fini(&w);
}

static void more_groups_than_asked_for_are_summed(void **state)
{
	struct world w;
	char user[16], source[16];
	(void)state;
	world_init(&w);
	for (int i = 0; i < 10; i++) {
		for (int k = 0; k <= i; k++) {
			snprintf(user, sizeof user, "u%d-%d", i, k);
			snprintf(source, sizeof source, "s%d", i);
			from_source(&w, user, "a", DAY(0), source);
		}
	}
	did(&w, "nowhere", "a", DAY(0));
	struct funnel_spec spec = spec_of(&w, "a");
	spec.by = S("source");
	spec.groups_max = 3;
	struct funnel_result r = run(&w, &spec);
	assert_int_equal(r.groups_n, 5);
	assert_group(r, "s9", "10");
	assert_group(r, "s7", "8");
	assert_group(r, NULL, "1");
	assert_true(r.groups[4].other);
	assert_string_equal(counts_of(&r, r.groups[4].steps), "28");
	spec.groups_max = 11;
	r = run(&w, &spec);
	assert_int_equal(r.groups_n, 11);
	assert_false(r.groups[10].other);
	world_fini(&w);
}

static void groups_by_what_the_person_is(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	from_source(&w, "u1", "a", DAY(1), "google");
	say(&w, of_user("u1", "person_updated", DAY(2)), "country", "DE");
	from_source(&w, "u1", "a", DAY(3), "mail");
	did(&w, "u2", "a", DAY(0));
	struct funnel_spec spec = spec_of(&w, "a, a");
	spec.by = S("country");
	spec.of = FUNNEL_OF_PERSON;
	struct funnel_result r = run(&w, &spec);
	assert_group(r, "DE", "1 1");
	assert_group(r, NULL, "1 0");
	/* no touch has a country, so that it can only be meant of the person */
	spec.of = FUNNEL_OF_FIRST;
	r = run(&w, &spec);
	assert_group(r, "DE", "1 1");
	assert_int_equal(r.spec.of, FUNNEL_OF_PERSON);
	spec.by = S("first_source");
	r = run(&w, &spec);
	assert_group(r, "google", "1 1");
	spec.by = S("latest_source");
	r = run(&w, &spec);
	assert_group(r, "mail", "1 1");
	enters(&w, "u1", "customer", DAY(4));
	spec = spec_of(&w, "stage:customer");
	spec.by = S("source");
	r = run(&w, &spec);
	assert_group(r, "google", "1");
	assert_true(str_eq(r.spec.by, S("first_source")));
	world_fini(&w);
}

static void only_those_for_whom_the_rule_holds(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	did(&w, "u1", "a", DAY(0));
	say(&w, of_user("u1", "person_updated", DAY(2)), "country", "DE");
	did(&w, "u2", "a", DAY(0));
	say(&w, of_user("u2", "paper", DAY(5)), "kind", "white");
	say(&w, of_user("u2", "paper", DAY(4)), "kind", "white");
	did(&w, "u3", "b", DAY(0));
	did(&w, "u3", "a", DAY(1));
	say(&w, of_user("u3", "person_updated", DAY(2)), "country", "AT");
	struct funnel_spec spec = spec_of(&w, "a, b");
	where(&w, &spec, "country in (DE, AT)");
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "2 0");
	assert_int_equal(r.out_of_order, 1);
	where(&w, &spec, "country = DE");
	r = run(&w, &spec);
	assert_counts(r, "1 0");
	assert_int_equal(r.out_of_order, 0);
	where(&w, &spec, "did(\"paper\" where kind = \"white\") >= 2");
	r = run(&w, &spec);
	assert_counts(r, "1 0");
	where(&w, &spec, "did(\"paper\") >= 3 or first(\"paper\") > 2000-01-01");
	r = run(&w, &spec);
	assert_counts(r, "1 0");
	where(&w, &spec, "not did(\"paper\")");
	r = run(&w, &spec);
	assert_counts(r, "2 0");
	world_fini(&w);
}

static void companies_are_counted_with_their_people(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	/* One touch says where u1 works; the others are the company's all the same. */
	struct intake in = of_user("u1", "a", DAY(0));
	world_one(&w, TRUST_SECRET, in);
	in = of_user("u1", "person_updated", DAY(1));
	in.company_domain = S("acme.com");
	world_one(&w, TRUST_SECRET, in);
	in = of_user("u2", "b", DAY(2));
	in.company_domain = S("acme.com");
	world_one(&w, TRUST_SECRET, in);
	in = of_user("u3", "a", DAY(2));
	in.company_domain = S("other.com");
	world_one(&w, TRUST_SECRET, in);
	did(&w, "u4", "a", DAY(0));
	struct funnel_spec spec = spec_of(&w, "a, b");
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "3 0");
	spec.count = FUNNEL_COMPANIES;
	r = run(&w, &spec);
	assert_counts(r, "2 1");
	world_fini(&w);
}

static void the_trend_marks_what_is_not_over(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	did(&w, "u1", "a", DAY(0));
	did(&w, "u1", "b", DAY(3));
	did(&w, "u2", "a", DAY(3) - 1);
	did(&w, "u3", "a", DAY(3));
	struct funnel_spec spec = spec_of(&w, "a, b");
	spec.window_given = true;
	spec.window_us = 5 * US_PER_DAY;
	spec.trend = true;
	spec.trend_unit = TIME_DAY;
	spec.now_us = DAY(8);
	struct funnel_result r = run(&w, &spec);
	assert_int_equal(r.trend_n, 4);
	assert_int_equal(r.trend[0].from_us, DAY(0));
	assert_int_equal(r.trend[3].to_us, DAY(4));
	assert_string_equal(counts_of(&r, r.trend[0].steps), "1 1");
	assert_string_equal(counts_of(&r, r.trend[1].steps), "0 0");
	assert_string_equal(counts_of(&r, r.trend[2].steps), "1 0");
	assert_string_equal(counts_of(&r, r.trend[3].steps), "1 0");
	assert_true(r.trend[2].complete);
	assert_false(r.trend[3].complete);
	/* the period widens the trend, and cuts it */
	spec.from_us = DAY(-2);
	spec.to_us = DAY(3) + 1;
	r = run(&w, &spec);
	assert_int_equal(r.trend_n, 6);
	assert_true(r.trend[0].complete);
	assert_false(r.trend[5].complete);
	spec.from_us = DAY(-15000);
	err e = { 0 };
	struct snapshot *s;
	WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
	assert_false(funnel_run(s, &spec, &w.a, &r, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	snapshot_close(&s);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_by_the_property_of_a_touch),
		cmocka_unit_test(first_and_last_are_meant_of_the_steps),
		cmocka_unit_test(the_lifecycle_takes_the_first_value_there_is),
		cmocka_unit_test(more_groups_than_asked_for_are_summed),
		cmocka_unit_test(groups_by_what_the_person_is),
		cmocka_unit_test(only_those_for_whom_the_rule_holds),
		cmocka_unit_test(companies_are_counted_with_their_people),
		cmocka_unit_test(the_trend_marks_what_is_not_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
