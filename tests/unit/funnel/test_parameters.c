/*
 * test_parameters.c - a funnel's parameters as people write them, and what does not go together.
 */
#include "funnel/funnel_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

struct desk {
	struct arena a;
	struct funnel_spec spec;
	err e;
};

static void desk_open(struct desk *d, const char *steps)
{
	struct funnel_step *list;
	memset(d, 0, sizeof *d);
	arena_init(&d->a, 16 * MIB);
	d->spec.from_us = INT64_MIN;
	d->spec.to_us = INT64_MAX;
	assert_true(funnel_parse_steps(&d->a, str_of(steps), &list, &d->spec.steps_n, &d->e));
	d->spec.steps = list;
}

static bool set(struct desk *d, const char *name, const char *text)
{
	d->e = (err){ 0 };
	return funnel_parameter_set(&d->a, &d->spec, funnel_parameter_number(str_of(name)),
				    str_of(text), &d->e);
}

static void marks_stand_before_a_step_and_are_written_again(void **state)
{
	struct desk d;
	(void)state;
	desk_open(&d, "first:a, optional: stage:mql, anchor:first:[name = \"x\"], \"first:b\", *");
	const struct funnel_step *s = d.spec.steps;
	assert_true(s[0].first_ever && !s[0].optional && str_eq(s[0].name, S("a")));
	assert_true(s[1].optional && s[1].kind == STEP_STAGE && str_eq(s[1].name, S("mql")));
	assert_true(s[2].anchor && s[2].first_ever && s[2].kind == STEP_RULE);
	assert_true(!s[3].first_ever && str_eq(s[3].name, S("first:b")));
	assert_true(str_eq(step_text(&d.a, &s[0]), S("first:a")));
	assert_true(str_eq(step_text(&d.a, &s[1]), S("optional:stage:mql")));
	assert_true(str_eq(step_text(&d.a, &s[2]), S("anchor:first:[name = \"x\"]")));
	assert_true(str_eq(step_text(&d.a, &s[3]), S("\"first:b\"")));
	arena_fini(&d.a);
}

static void exclusions_have_a_step_and_a_span(void **state)
{
	struct desk d;
	(void)state;
	desk_open(&d, "a, b, c");
	assert_true(
		set(&d, "exclude", "x:1-2, deal:lost:2-3, [name = \"y:1-2\"], \"z, w:1-2\":1-3"));
	const struct funnel_exclusion *x = d.spec.excludes;
	assert_int_equal(d.spec.excludes_n, 4);
	assert_true(x[0].from == 1 && x[0].to == 2 && str_eq(x[0].what.name, S("x")));
	assert_true(x[1].from == 2 && x[1].to == 3 && x[1].what.kind == STEP_DEAL_STAGE);
	assert_true(x[2].from == 0 && x[2].to == 0 && x[2].what.kind == STEP_RULE);
	assert_true(x[3].from == 1 && x[3].to == 3 && str_eq(x[3].what.name, S("z, w:1-2")));
	assert_true(set(&d, "exclude", "none"));
	assert_int_equal(d.spec.excludes_n, 0);
	assert_false(set(&d, "exclude", "x:2-2"));
	assert_false(set(&d, "exclude", "first:x"));
	assert_false(set(&d, "exclude", "x,"));
	arena_fini(&d.a);
}

static void gaps_are_one_for_all_or_one_each(void **state)
{
	struct desk d;
	(void)state;
	desk_open(&d, "a, b, c");
	assert_true(set(&d, "max_gap", "2d"));
	assert_true(d.spec.max_gap_us[1] == 2 * US_PER_DAY &&
		    d.spec.max_gap_us[2] == 2 * US_PER_DAY);
	assert_true(set(&d, "max_gap", "none, 1s"));
	assert_true(d.spec.max_gap_us[1] == FUNNEL_GAP_NONE && d.spec.max_gap_us[2] == US_PER_S);
	assert_true(set(&d, "max_gap", "none"));
	assert_null(d.spec.max_gap_us);
	assert_true(set(&d, "min_gap", "none, 1s"));
	assert_true(d.spec.min_gap_us[1] == 0 && d.spec.min_gap_us[2] == US_PER_S);
	assert_false(set(&d, "max_gap", "1s, 1s, 1s"));
	assert_false(set(&d, "max_gap", "1 fortnight"));
	arena_fini(&d.a);
}

static void ties_are_words_or_a_grace(void **state)
{
	struct desk d;
	(void)state;
	desk_open(&d, "a, b");
	assert_true(set(&d, "ties", "increase") && d.spec.ties == FUNNEL_INCREASE);
	assert_true(set(&d, "ties", "2000") && d.spec.ties == FUNNEL_GRACE);
	assert_int_equal(d.spec.grace_us, 2 * US_PER_S);
	assert_true(set(&d, "ties", "3s"));
	assert_int_equal(d.spec.grace_us, 3 * US_PER_S);
	assert_false(set(&d, "ties", "-1"));
	assert_false(set(&d, "ties", "none"));
	assert_false(set(&d, "ties", "99999999999999999999"));
	arena_fini(&d.a);
}

static void what_is_given_beside_a_profile_holds(void **state)
{
	struct desk d;
	(void)state;
	desk_open(&d, "a, b");
	assert_true(set(&d, "profile", "mixpanel") && set(&d, "entry", "any"));
	assert_true(d.spec.entry == FUNNEL_ENTRY_ANY && d.spec.ties == FUNNEL_GRACE);
	assert_int_equal(d.spec.changed, 1u << funnel_parameter_number(S("entry")));
	assert_false(set(&d, "profile", "excel"));
	arena_fini(&d.a);
	desk_open(&d, "a, b");
	assert_true(set(&d, "profile", "posthog") && set(&d, "order", "any"));
	assert_true(rules_settle(&d.spec, &d.a, &d.e));
	assert_int_equal(d.spec.exclude_policy, FUNNEL_RESET);
	assert_true(set(&d, "exclude_policy", "end_attempt"));
	assert_true(rules_settle(&d.spec, &d.a, &d.e));
	assert_int_equal(d.spec.exclude_policy, FUNNEL_END_ATTEMPT);
	arena_fini(&d.a);
}

static void what_means_nothing_is_refused_by_name(void **state)
{
	static const struct {
		const char *steps;
		const char *set[6];
		const char *parameter; /* NULL: fine */
	} rows[] = {
		{ "a, b", { NULL }, NULL },
		{ "a, b", { "order", "strict", "ties", "grace 5", NULL }, "ties" },
		{ "a, b", { "order", "any", "ties", "increase", NULL }, "ties" },
		{ "a, b", { "order", "any", "max_gap", "1d", NULL }, "max_gap" },
		{ "a, b", { "order", "any", "repeat", "stop", NULL }, "repeat" },
		{ "a, b, c", { "order", "any", "exclude", "x:1-2", NULL }, "exclude" },
		{ "a, b, c", { "order", "any", "exclude", "x:1-3", NULL }, NULL },
		{ "a, anchor:b", { "order", "ordered", NULL }, "order" },
		{ "a, b", { "order", "anchored", NULL }, "steps" },
		{ "anchor:a, b, c, d, e, f, g, h", { "order", "anchored", NULL }, "steps" },
		{ "anchor:a, b, c, d, e, f, g", { "order", "anchored", NULL }, NULL },
		{ "optional:a, b", { NULL }, "steps" },
		{ "a, optional:b", { "entry", "first", NULL }, "entry" },
		{ "a, optional:b", { "order", "any", NULL }, "order" },
		{ "a", { "exclude", "x", NULL }, "exclude" },
		{ "a, b", { "count", "totals", "entry", "any", NULL }, "entry" },
		{ "a, b", { "count", "people", "entry", "each", NULL }, "count" },
		{ "a, b", { "entry", "each", NULL }, NULL },
		{ "a, b", { "exclude", "x", "exclude_policy", "reset", NULL }, NULL },
		{ "a, b", { "exclude", "x:1-2", "repeat", "stop", NULL }, NULL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct desk d;
		const char *parameter = NULL;
		desk_open(&d, rows[i].steps);
		for (size_t k = 0; rows[i].set[k]; k += 2)
			assert_true(set(&d, rows[i].set[k], rows[i].set[k + 1]));
		bool ok = funnel_check(&d.spec, &parameter, &d.e);
		assert_int_equal(ok, rows[i].parameter == NULL);
		if (!ok)
			assert_string_equal(parameter, rows[i].parameter);
		arena_fini(&d.a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_stand_before_a_step_and_are_written_again),
		cmocka_unit_test(exclusions_have_a_step_and_a_span),
		cmocka_unit_test(gaps_are_one_for_all_or_one_each),
		cmocka_unit_test(ties_are_words_or_a_grace),
		cmocka_unit_test(what_is_given_beside_a_profile_holds),
		cmocka_unit_test(what_means_nothing_is_refused_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
