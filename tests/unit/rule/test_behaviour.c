/*
 * test_behaviour.c - what somebody did, and when; and the rule that must always work.
 */
#include "rule_common.h"
#include "rule_values.h"

static const value TECHS[] = { TEXT("HubSpot"), TEXT("Google Analytics"), TEXT("caf\u00E9") };

static const struct touched TOUCHED[] = {
	{ "page_viewed", NOW - 40 * DAY, "/pricing", 1 },
	{ "page_viewed", NOW - 10 * DAY, "/pricing/enterprise", 5 },
	{ "page_viewed", NOW - 2 * DAY, "/blog/pricing", 3 },
	{ "Order Completed", NOW - 1 * DAY, NULL, 0 },
};

static const struct {
	const char *rule;
	bool holds;
} BEHAVIOUR[] = {
	{ "did(page_viewed)", true },
	{ "did(\"Order Completed\")", true },
	{ "did(call_made)", false },
	{ "not did(call_made)", true },
	{ "did(page_viewed) = 3", true },
	{ "did(page_viewed) >= 4", false },
	{ "did(page_viewed) between 3 and 4", true },
	{ "did(page_viewed) in (1, 3)", true },
	{ "did(page_viewed, last 30d) = 2", true },
	{ "did(page_viewed where path ~ \"/pricing*\") = 2", true },
	{ "did(page_viewed where path ~ \"/pricing*\" and depth > 2, last 30d) = 1", true },
	{ "did(page_viewed where path ~ \"pricing\" or depth = 9) = 3", true },
	{ "did(page_viewed where at last 5d) = 1", true },
	{ "did(\"Order Completed\" where path is unknown)", true },
	{ "did(\"Order Completed\" where path != x)", false },
	{ "did(\"Order Completed\" where path != x or unknown)", true },
	{ "first(page_viewed) < 2026-01-01", true },
	{ "first(page_viewed) last 30d", false },
	{ "last(page_viewed) last 30d", true },
	{ "last(page_viewed) = 2026-01-29", true },
	{ "first(page_viewed, last 30d) > 2026-01-01", true },
	{ "first(call_made) < 2026-01-01", false },
	{ "first(call_made) < 2026-01-01 or unknown", true },
	{ "last(page_viewed where path ~ \"/pricing*\") = 2026-01-21", true },
	{ "in_list(fair) and in_segment(hot) and matches(persona cfo)", true },
	{ "in_list(hot)", false },
	{ "in_segment(fair) or matches(persona fair)", false },
};

static void behaviour_is_counted_and_dated(void **state)
{
	(void)state;
	struct person p = { .touches = TOUCHED,
			    .touches_n = ARRAY_LEN(TOUCHED),
			    .list = "fair",
			    .segment = "hot",
			    .persona = "cfo",
			    .now_us = NOW };
	struct rule_row row = person_row(&p);
	for (size_t i = 0; i < ARRAY_LEN(BEHAVIOUR); i++) {
		struct arena a;
		arena_init(&a, MIB);
		if (rule_test(parsed(&a, BEHAVIOUR[i].rule), &row) != BEHAVIOUR[i].holds)
			fail_msg("%s should %s", BEHAVIOUR[i].rule,
				 BEHAVIOUR[i].holds ? "hold" : "not hold");
		arena_fini(&a);
	}
}

static void the_example_of_the_specification_finds_its_person(void **state)
{
	(void)state;
	static const value jobs[] = { TEXT("Marketing Manager"), TEXT("marketing") };
	struct cell cells[] = {
		{ "industry", TEXT("Banking") },
		{ "employees", INT(11) },
		{ "ad_spend.google", REAL(0.5) },
		{ "technologies", LIST(TECHS) },
		{ "jobs", LIST(jobs) },
		{ "role", TEXT("Head of HR") },
		{ "time_in_role", TIME(NOW - 100 * DAY) },
	};
	struct person p = { .cells = cells, .cells_n = ARRAY_LEN(cells), .now_us = NOW };
	struct rule_row row = person_row(&p);
	struct arena a;
	arena_init(&a, MIB);
	const struct rule *r = parsed(
		&a,
		"industry in (\"financial services\", \"banking\") and employees > 10 and "
		"ad_spend.google > 0 and technologies has \"HubSpot\" and jobs has \"marketing\" "
		"and role = \"head of hr\" and time_in_role < 1y");
	assert_true(rule_test(r, &row));
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		value kept = cells[i].value;
		cells[i].value = (value){ .kind = VALUE_NONE };
		assert_false(rule_test(r, &row));
		cells[i].value = kept;
	}
	row.now_us += 300 * DAY;
	assert_false(rule_test(r, &row));
	arena_fini(&a);
}

static int in_utc(void **state)
{
	(void)state;
	err e;
	return zone_set("UTC", &e) ? 0 : 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaviour_is_counted_and_dated),
		cmocka_unit_test(the_example_of_the_specification_finds_its_person),
	};
	return cmocka_run_group_tests(tests, in_utc, NULL);
}
