/*
 * test_compare.c - broken down by two properties, by all values, beside others; times in classes.
 */
#include "funnel_test.h"

#include "funnel/funnel_int.h"

static void comes(struct world *w, const char *user, const char *name, int64_t at_us,
		  const char *source, const char *country)
{
	struct intake in = of_user(user, name, at_us);
	in.origin.source = source ? str_of(source) : S("");
	say(w, in, country ? "country" : NULL, country);
}

static const struct funnel_group *pair_of(const struct funnel_result *r, const char *a,
					  const char *b)
{
	for (size_t g = 0; g < r->groups_n; g++) {
		const value *v = r->groups[g].values;
		bool same = true;
		for (size_t i = 0; i < 2; i++) {
			const char *text = i ? b : a;
			same = same &&
			       (text ? v[i].kind == VALUE_TEXT && str_eq(v[i].text, str_of(text))
				     : v[i].kind == VALUE_NONE);
		}
		if (same)
			return &r->groups[g];
	}
	fail_msg("no group %s, %s", a ? a : "-", b ? b : "-");
	return NULL;
}

static void groups_by_two_properties(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	comes(&w, "u1", "a", DAY(0), "google", "DE");
	comes(&w, "u1", "b", DAY(1), "mail", "FR");
	comes(&w, "u2", "a", DAY(0), "google", "FR");
	comes(&w, "u3", "a", DAY(0), "google", "DE");
	comes(&w, "u4", "a", DAY(0), NULL, "DE");
	comes(&w, "u5", "a", DAY(0), NULL, NULL);
	struct funnel_spec spec = spec_of(&w, "a, b");
	spec.by = S("source, country");
	struct funnel_result r = run(&w, &spec);
	assert_int_equal(r.by_n, 2);
	assert_int_equal(r.groups_n, 4);
	assert_string_equal(counts_of(&r, pair_of(&r, "google", "DE")->steps), "2 1");
	assert_string_equal(counts_of(&r, pair_of(&r, "google", "FR")->steps), "1 0");
	assert_string_equal(counts_of(&r, pair_of(&r, NULL, "DE")->steps), "1 0");
	assert_string_equal(counts_of(&r, pair_of(&r, NULL, NULL)->steps), "1 0");
	spec.by = S("source, country, name");
	struct snapshot *s;
	err e = { 0 };
	WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
	assert_false(funnel_run(s, &spec, &w.a, &r, &e));
	assert_int_equal(e.code, ERR_INVALID);
	snapshot_close(&s);
	world_fini(&w);
}

static void of_all_counts_each_value_by_itself(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	from_source(&w, "u1", "a", DAY(0), "google");
	from_source(&w, "u1", "a", DAY(1), "mail");
	from_source(&w, "u1", "b", DAY(2), "mail");
	from_source(&w, "u2", "a", DAY(0), "mail");
	from_source(&w, "u2", "b", DAY(1), "google");
	did(&w, "u3", "a", DAY(0));
	struct funnel_spec spec = spec_of(&w, "a, b");
	spec.by = S("source");
	spec.of = FUNNEL_OF_ALL;
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "3 2");
	assert_group(r, "google", "1 0");
	assert_group(r, "mail", "2 1");
	assert_group(r, NULL, "1 0");
	world_fini(&w);
}

static void two_groups_stand_side_by_side(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	for (int i = 0; i < 40; i++) {
		char user[16];
		snprintf(user, sizeof user, "u%d", i);
		comes(&w, user, "a", DAY(0), i % 2 ? "ads" : "mail", NULL);
		if (i % 2 == 0 || i < 8)
			comes(&w, user, "b", DAY(1), NULL, NULL);
	}
	struct funnel_spec spec = spec_of(&w, "a, b"), other = spec;
	where(&w, &spec, "first_source = \"mail\"");
	where(&w, &other, "first_source = \"ads\"");
	spec.compare_where = other.where;
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "20 20");
	assert_non_null(r.versus);
	assert_string_equal(counts_of(&r, r.versus->steps), "20 4");
	assert_true(fabs(r.versus->difference[1] + 0.8) < 1e-12);
	assert_true(r.versus->p_value[1] < 1e-6);
	assert_true(isnan(r.versus->p_value[0]));
	world_fini(&w);
}

/* R: prop.test(c(40, 60), c(100, 100), correct = FALSE), fisher.test(matrix(c(3, 1, 1, 3), 2)):
 * Fisher's tea. */
static void probabilities_are_those_of_the_books(void **state)
{
	(void)state;
	assert_true(fabs(versus_p_value(40, 100, 60, 100) - 0.004677735) < 1e-8);
	assert_true(fabs(versus_p_value(3, 4, 1, 4) - 0.4857142857) < 1e-9);
	assert_true(fabs(versus_p_value(4, 4, 0, 4) - 0.0285714286) < 1e-9);
	assert_true(fabs(versus_p_value(0, 10, 0, 10) - 1) < 1e-12);
	assert_true(isnan(versus_p_value(0, 0, 5, 10)));
}

static void times_are_told_in_classes(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	did(&w, "u1", "a", DAY(0));
	did(&w, "u1", "b", DAY(0) + 30 * US_PER_S);
	did(&w, "u2", "a", DAY(0));
	did(&w, "u2", "b", DAY(0) + 60 * US_PER_S);
	did(&w, "u3", "a", DAY(0));
	did(&w, "u3", "b", DAY(0) + 20 * 60 * US_PER_S);
	struct funnel_spec spec = spec_of(&w, "a, b");
	struct funnel_result r = run(&w, &spec);
	assert_int_equal(r.steps[0].buckets_n, 0);
	assert_int_equal(r.steps[1].buckets_n, 4);
	assert_int_equal(r.steps[1].buckets[0].from_us, 10 * US_PER_S);
	assert_int_equal(r.steps[1].buckets[0].count, 1);
	assert_int_equal(r.steps[1].buckets[1].count, 1);
	assert_int_equal(r.steps[1].buckets[2].count, 0);
	assert_int_equal(r.steps[1].buckets[3].count, 1);
	world_fini(&w);
}

/* Half of sixty read the paper before they buy; a few read it later, or do not come so far. */
static void what_comes_with_conversion_is_found(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	for (int i = 0; i < 120; i++) {
		char user[16];
		snprintf(user, sizeof user, "u%d", i);
		comes(&w, user, "visit", DAY(0), i % 3 ? "ads" : "mail", NULL);
		if (i < 30 || i >= 114)
			did(&w, user, "paper_read", DAY(1));
		if (i < 60)
			did(&w, user, "buy", DAY(2));
		if (i >= 30 && i < 60)
			did(&w, user, "paper_read", DAY(3));
	}
	struct funnel_spec spec = spec_of(&w, "visit, buy");
	spec.correlate = true;
	for (spec.threads = 1; spec.threads <= 3; spec.threads++) {
		struct funnel_result r = run(&w, &spec);
		const struct funnel_factor *paper = NULL, *mail = NULL;
		for (size_t i = 0; i < r.factors_n; i++) {
			const struct funnel_factor *f = &r.factors[i];
			if (f->is_touch && str_eq(f->name, S("paper_read")))
				paper = f;
			if (str_eq(f->name, S("source")) && str_eq(f->value.text, S("mail")))
				mail = f;
			assert_false(str_eq(f->name, S("buy")) || str_eq(f->name, S("visit")));
		}
		assert_ptr_equal(paper, &r.factors[0]);
		assert_int_equal(paper->converted_with, 30);
		assert_int_equal(paper->converted, 60);
		assert_int_equal(paper->dropped_with, 6);
		assert_int_equal(paper->dropped, 60);
		/* 30.5 * 54.5 / (30.5 * 6.5) */
		assert_true(fabs(paper->odds_ratio - 54.5 / 6.5) < 1e-9);
		assert_true(paper->low > 1 && paper->high > paper->odds_ratio);
		assert_non_null(mail);
		assert_int_equal(mail->converted_with, 20);
		assert_true(mail->low < 1 && mail->high > 1);
	}
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_by_two_properties),
		cmocka_unit_test(of_all_counts_each_value_by_itself),
		cmocka_unit_test(two_groups_stand_side_by_side),
		cmocka_unit_test(probabilities_are_those_of_the_books),
		cmocka_unit_test(times_are_told_in_classes),
		cmocka_unit_test(what_comes_with_conversion_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
