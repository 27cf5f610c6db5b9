/*
 * test_home.c - what stands beside the counts: exits, stages now, money, the period before, the
 * view of a period, and who is behind each number.
 *
 * What it is:   small worlds made by hand; and 400 lives by chance, counted a second time by a
 * plain model that knows only what FUNNEL.md says.
 */
#include "funnel_test.h"

static void deal_says(struct world *w, const char *user, const char *deal, const char *name,
		      int64_t at_us, int64_t minor, const char *currency, const char *reason)
{
	struct intake in = of_user(user, name, at_us);
	struct prop props[2] = { { S("amount"), value_money(minor, currency) },
				 { S("loss_reason"), value_text(str_of(reason)) } };
	in.deal_id.value = str_of(deal);
	in.props = props;
	in.props_n = reason[0] ? 2 : 1;
	world_one(w, TRUST_SECRET, in);
}

static void who_left_is_counted_once_with_the_last_reason(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	enters(&w, "twice", "mql", DAY(1));
	refused(&w, "twice", DAY(2), "too small");
	refused(&w, "twice", DAY(3), "budget");
	enters(&w, "back", "lead", DAY(0));
	enters(&w, "back", "mql", DAY(1));
	refused(&w, "back", DAY(2), "budget");
	recycled(&w, "back", DAY(3));
	enters(&w, "back", "lead", DAY(4));
	enters(&w, "again", "mql", DAY(1));
	refused(&w, "again", DAY(2), "budget");
	enters(&w, "again", "mql", DAY(3));
	enters(&w, "accepted", "mql", DAY(1));
	refused(&w, "accepted", DAY(2), "budget");
	did(&w, "accepted", "lead_accepted", DAY(3));
	enters(&w, "silent", "mql", DAY(1));
	refused(&w, "silent", DAY(2), "");
	enters(&w, "on", "mql", DAY(1));
	refused(&w, "on", DAY(2), "budget");
	enters(&w, "on", "customer", DAY(3));
	struct funnel_spec spec = spec_of(&w, NULL);
	struct funnel_result r = run(&w, &spec);
	assert_true(r.has_sides);
	assert_int_equal(left(&r, 2, FUNNEL_DISQUALIFIED), 2);
	assert_int_equal(left(&r, 2, FUNNEL_RECYCLED), 1);
	assert_int_equal(left(&r, 1, FUNNEL_DISQUALIFIED), 0);
	assert_int_equal(left(&r, 3, FUNNEL_DISQUALIFIED), 0);
	const struct funnel_exit *x = &r.steps[2].exits[FUNNEL_DISQUALIFIED];
	assert_int_equal(x->reasons_n, 2);
	assert_true(str_eq(x->reasons[0].reason, S("")));
	assert_true(str_eq(x->reasons[1].reason, S("budget")));
	/* here: those who left are nowhere, who was recycled is a lead again */
	assert_int_equal(r.steps[1].here_now, 1);
	assert_int_equal(r.steps[2].here_now, 2);
	assert_int_equal(r.steps[3].here_now, 1);
	world_fini(&w);
}

static void a_lost_deal_is_an_exit_while_no_other_is_open(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	enters(&w, "u1", "mql", DAY(1));
	deal_says(&w, "u1", "d1", "deal_created", DAY(2), 100, "EUR", "");
	deal_says(&w, "u1", "d1", "deal_lost", DAY(3), 100, "EUR", "price");
	enters(&w, "u2", "mql", DAY(1));
	deal_says(&w, "u2", "d2", "deal_created", DAY(2), 100, "EUR", "");
	deal_says(&w, "u2", "d3", "deal_created", DAY(2), 100, "EUR", "");
	deal_says(&w, "u2", "d2", "deal_lost", DAY(3), 100, "EUR", "price");
	enters(&w, "u3", "mql", DAY(1));
	deal_says(&w, "u3", "d4", "deal_lost", DAY(3), 100, "EUR", "price");
	deal_says(&w, "u3", "d4", "deal_stage_entered", DAY(4), 100, "EUR", "");
	struct funnel_spec spec = spec_of(&w, NULL);
	struct funnel_result r = run(&w, &spec);
	assert_int_equal(left(&r, 2, FUNNEL_LOST), 1);
	assert_true(str_eq(r.steps[2].exits[FUNNEL_LOST].reasons[0].reason, S("price")));
	world_fini(&w);
}

static void money_is_spend_a_head_and_then_what_deals_are_worth(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	struct prop amount = { S("amount"), value_money(1001, "EUR") };
	struct intake spend = {
		.name = S("spend_booked"), .at_us = DAY(5), .props = &amount, .props_n = 1
	};
	world_one(&w, TRUST_SECRET, spend);
	amount.value = value_money(500, "USD");
	spend.at_us = DAY(6);
	world_one(&w, TRUST_SECRET, spend);
	amount.value = value_money(999, "EUR");
	spend.at_us = DAY(6);
	world_one(&w, TRUST_SECRET, spend);
	spend.at_us = DAY(50);
	world_one(&w, TRUST_SECRET, spend);
	enters(&w, "u1", "lead", DAY(5));
	enters(&w, "u1", "customer", DAY(8));
	enters(&w, "u2", "lead", DAY(6));
	enters(&w, "u3", "lead", DAY(7));
	deal_says(&w, "u1", "d1", "deal_created", DAY(7), 70000, "EUR", "");
	deal_says(&w, "u1", "d1", "deal_won", DAY(8), 60000, "EUR", "");
	deal_says(&w, "u1", "d2", "deal_created", DAY(9), 1, "USD", "");
	deal_says(&w, "u1", "d2", "deal_won", DAY(9), 5, "USD", "");
	deal_says(&w, "u2", "d3", "deal_created", DAY(9), 7, "EUR", "");
	struct funnel_spec spec = spec_of(&w, NULL);
	spec.to_us = DAY(40);
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "3 3 1 1");
	assert_int_equal(r.steps[1].money_kind, FUNNEL_COST_PER_HEAD);
	assert_int_equal(r.steps[1].money_n, 2);
	assert_int_equal(r.steps[1].money[0].amount_minor, 667); /* 20.00 / 3 */
	assert_string_equal(r.steps[1].money[0].currency, "EUR");
	assert_int_equal(r.steps[1].money[1].amount_minor, 167);
	assert_int_equal(r.steps[3].money_kind, FUNNEL_VALUE);
	assert_int_equal(r.steps[3].money_n, 2);
	assert_int_equal(r.steps[3].money[0].amount_minor, 60000);
	assert_int_equal(r.steps[3].money[1].amount_minor, 5);
	/* spend is of nobody, so that a rule about people leaves it unknown */
	where(&w, &spec, "number > 0");
	r = run(&w, &spec);
	assert_int_equal(r.steps[1].money_n, 0);
	assert_int_equal(r.steps[3].money_n, 2);
	world_fini(&w);
}

static void who_may_still_come_is_young(void **state)
{
	struct world w;
	char user[16];
	(void)state;
	world_init(&w);
	for (int i = 1; i <= 10; i++) {
		snprintf(user, sizeof user, "u%d", i);
		enters(&w, user, "lead", DAY(0));
		enters(&w, user, "mql", DAY(i));
	}
	enters(&w, "old", "lead", DAY(10));
	enters(&w, "new", "lead", DAY(12));
	struct funnel_spec spec = spec_of(&w, NULL);
	spec.now_us = DAY(20);
	struct funnel_result r = run(&w, &spec);
	assert_int_equal(r.steps[2].p90_us, 9 * US_PER_DAY);
	assert_int_equal(r.steps[1].young, 1);
	spec.window_given = true;
	spec.window_us = 10 * US_PER_DAY + 1;
	r = run(&w, &spec);
	assert_int_equal(r.steps[1].young, 2);
	refused(&w, "new", DAY(13), "budget");
	r = run(&w, &spec);
	assert_int_equal(r.steps[1].young, 1);
	world_fini(&w);
}

static void the_period_before_is_as_old_as_this_one(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	int64_t january, february, march;
	WORLD_OK(&w, time_parse(S("2025-01-01"), &january, &w.e));
	WORLD_OK(&w, time_parse(S("2025-02-01"), &february, &w.e));
	WORLD_OK(&w, time_parse(S("2025-03-01"), &march, &w.e));
	did(&w, "j1", "a", january);
	did(&w, "j1", "b", january + US_PER_DAY);
	did(&w, "j2", "a", january);
	did(&w, "j2", "b", february + 12 * US_PER_DAY);
	did(&w, "f1", "a", february);
	struct funnel_spec spec = spec_of(&w, "a, b");
	spec.window_given = true;
	spec.window_us = FUNNEL_WINDOW_NONE;
	spec.from_us = february;
	spec.to_us = march;
	spec.now_us = march + 5 * US_PER_DAY;
	spec.compare = true;
	struct funnel_result r = run(&w, &spec);
	assert_true(r.has_previous);
	assert_int_equal(r.previous_from_us, january);
	assert_int_equal(r.previous_to_us, february);
	assert_int_equal(r.steps[0].previous, 2);
	assert_int_equal(r.steps[1].previous, 1);
	spec.now_us = march + 20 * US_PER_DAY;
	r = run(&w, &spec);
	assert_int_equal(r.steps[1].previous, 2);
	/* ten days that are no months; no end: up to now */
	spec.from_us = february + 10 * US_PER_DAY;
	spec.to_us = INT64_MAX;
	spec.now_us = february + 20 * US_PER_DAY;
	r = run(&w, &spec);
	assert_int_equal(r.previous_from_us, february);
	spec.from_us = INT64_MIN;
	r = run(&w, &spec);
	assert_false(r.has_previous);
	world_fini(&w);
}

static void a_sentence_in_each_language(void **state)
{
	static const struct {
		enum language language;
		const char *says;
	} wanted[] = {
		{ LANGUAGE_EN,
		  "Of 2 leads, 1 became customer. Most are lost between MQL and Customer." },
		{ LANGUAGE_DE,
		  "Von 2 Leads wurde 1 Kunde. Die meisten gehen zwischen MQL und Kunde "
		  "verloren." },
	};
	struct world w;
	(void)state;
	world_init(&w);
	did(&w, "v", "page_viewed", DAY(1));
	enters(&w, "u1", "mql", DAY(1));
	enters(&w, "u2", "customer", DAY(1));
	struct funnel_spec spec = spec_of(&w, NULL);
	struct funnel_result r = run(&w, &spec);
	struct funnel_truth t = funnel_truth_of(&r);
	assert_int_equal(t.first, 1);
	assert_int_equal(t.last, 3);
	assert_int_equal(t.leak, 3);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		struct buf b;
		buf_init(&b, KIB);
		funnel_print_sentence(&r, wanted[i].language, &b);
		buf_byte(&b, 0);
		assert_string_equal(b.p, wanted[i].says);
		buf_fini(&b);
	}
	enum funnel_zone zone;
	enum funnel_side side;
	assert_true(funnel_place(&r.spec, 0, &zone, &side));
	assert_int_equal(zone, FUNNEL_TOFU);
	assert_true(funnel_place(&r.spec, 2, &zone, &side));
	assert_int_equal(zone, FUNNEL_MOFU);
	assert_int_equal(side, FUNNEL_BOTH);
	assert_true(funnel_place(&r.spec, 3, &zone, &side));
	assert_int_equal(zone, FUNNEL_BOFU);
	assert_int_equal(side, FUNNEL_SALES);
	spec = spec_of(&w, "page_viewed, stage:mql");
	r = run(&w, &spec);
	assert_false(funnel_place(&r.spec, 0, &zone, &side));
	assert_true(funnel_place(&r.spec, 1, &zone, &side));
	world_fini(&w);
}

static void the_trend_of_a_period_is_when_each_step_was_reached(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	enters(&w, "u1", "lead", DAY(0));
	enters(&w, "u1", "mql", DAY(2));
	enters(&w, "u2", "mql", DAY(2));
	struct funnel_spec spec = spec_of(&w, NULL);
	spec.view = FUNNEL_PERIOD;
	spec.from_us = DAY(1);
	spec.to_us = DAY(3);
	spec.trend = true;
	struct funnel_result r = run(&w, &spec);
	assert_counts(r, "1 1 2 0");
	assert_float_equal(r.steps[2].from_previous, 2, 0);
	assert_int_equal(r.trend_n, 2);
	assert_string_equal(counts_of(&r, r.trend[0].steps), "0 0 0 0");
	assert_string_equal(counts_of(&r, r.trend[1].steps), "1 1 2 0");
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_left_is_counted_once_with_the_last_reason),
		cmocka_unit_test(a_lost_deal_is_an_exit_while_no_other_is_open),
		cmocka_unit_test(money_is_spend_a_head_and_then_what_deals_are_worth),
		cmocka_unit_test(who_may_still_come_is_young),
		cmocka_unit_test(the_period_before_is_as_old_as_this_one),
		cmocka_unit_test(a_sentence_in_each_language),
		cmocka_unit_test(the_trend_of_a_period_is_when_each_step_was_reached),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
