/*
 * test_run.c - whole funnels over a journal: counts, times, groups, rules, periods, subjects.
 */
#include "funnel_test.h"

#include "base/rand.h"
#include "funnel/funnel_int.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_in_order_within_the_window),
		cmocka_unit_test(nobody_is_a_rate_unknown),
		cmocka_unit_test(times_are_the_middle_and_the_nearest_rank),
		cmocka_unit_test(an_anonymous_visit_belongs_to_the_person),
		cmocka_unit_test(stages_fold_case_and_deals_have_theirs),
		cmocka_unit_test(rules_and_any_touch_are_steps),
		cmocka_unit_test(groups_by_the_property_of_a_touch),
		cmocka_unit_test(more_groups_than_asked_for_are_summed),
		cmocka_unit_test(groups_by_what_the_person_is),
		cmocka_unit_test(only_those_for_whom_the_rule_holds),
		cmocka_unit_test(companies_are_counted_with_their_people),
		cmocka_unit_test(the_period_is_where_chains_begin),
		cmocka_unit_test(the_trend_marks_what_is_not_over),
		cmocka_unit_test(the_lifecycle_shows_who_came_how_far),
		cmocka_unit_test(earlier_knowledge_can_be_asked_for),
		cmocka_unit_test(the_order_of_arrival_leaves_no_trace),
		cmocka_unit_test(a_wrong_specification_is_refused),
		cmocka_unit_test(too_small_an_arena_is_a_limit),
		cmocka_unit_test(every_failing_allocation_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
