/*
 * test_steps.c - steps and windows as people write them.
 */
#include "funnel/funnel_int.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

struct good {
	const char *text;
	size_t n;
	struct {
		enum funnel_step_kind kind;
		const char *name, *written;
	} steps[4];
};

static const struct good good[] = {
	{ "page_viewed", 1, { { STEP_NAME, "page_viewed", "page_viewed" } } },
	{ " a ,b,  c d ",
	  3,
	  { { STEP_NAME, "a", "a" }, { STEP_NAME, "b", "b" }, { STEP_NAME, "c d", "c d" } } },
	{ "stage:mql, deal:won, *",
	  3,
	  { { STEP_STAGE, "mql", "stage:mql" },
	    { STEP_DEAL_STAGE, "won", "deal:won" },
	    { STEP_ANY, "*", "*" } } },
	{ "stage: Closed won", 1, { { STEP_STAGE, "Closed won", "stage:Closed won" } } },
	{ "\"a, b\", \"stage:x\"",
	  2,
	  { { STEP_NAME, "a, b", "\"a, b\"" }, { STEP_NAME, "stage:x", "\"stage:x\"" } } },
	{ "\"say \\\"hi\\\"\"", 1, { { STEP_NAME, "say \"hi\"", "\"say \\\"hi\\\"\"" } } },
	{ "[name = \"a, b]\" and path in (\"x\", \"y\")], c",
	  2,
	  { { STEP_RULE, "name = \"a, b]\" and path in (\"x\", \"y\")",
	      "[name = \"a, b]\" and path in (\"x\", \"y\")]" },
	    { STEP_NAME, "c", "c" } } },
	{ "[`odd ] key` is known]",
	  1,
	  { { STEP_RULE, "`odd ] key` is known", "[`odd ] key` is known]" } } },
	{ "a, a, a",
	  3,
	  { { STEP_NAME, "a", "a" }, { STEP_NAME, "a", "a" }, { STEP_NAME, "a", "a" } } },
};

static void steps_are_taken_apart_and_put_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct arena a;
		struct funnel_step *steps;
		size_t n;
		err e = { 0 };
		arena_init(&a, MIB);
		if (!funnel_parse_steps(&a, str_of(good[i].text), &steps, &n, &e))
			fail_msg("%s: %s", good[i].text, e.text);
		assert_int_equal(n, good[i].n);
		for (size_t k = 0; k < n; k++) {
			assert_int_equal(steps[k].kind, good[i].steps[k].kind);
			assert_true(str_eq(steps[k].name, str_of(good[i].steps[k].name)));
			assert_true(
				str_eq(step_text(&a, &steps[k]), str_of(good[i].steps[k].written)));
			assert_int_equal(steps[k].rule != NULL, steps[k].kind == STEP_RULE);
		}
		arena_fini(&a);
	}
}

static void a_step_that_cannot_be_read_is_named(void **state)
{
	static const char *const bad[][2] = {
		{ "", "no steps" },
		{ "  ", "no steps" },
		{ "a,,b", "step 2: nothing stands here" },
		{ "a,", "step 2: nothing stands here" },
		{ ",a", "step 1: nothing stands here" },
		{ "a, stage:", "step 2: the name is missing" },
		{ "a, deal: ", "step 2: the name is missing" },
		{ "a, \"b", "step 2, column 4: this quote has no end" },
		{ "a, \"b\\\"", "step 2, column 4: this quote has no end" },
		{ "\"\"", "step 1: the name is empty" },
		{ "a, [name = \"x\"", "step 2, column 4: [ without its ]" },
		{ "a], b", "step 1, column 2: ] without a [" },
		{ "[]", "step 1: the brackets are empty" },
		{ "[name = \"x\"] y", "step 1: nothing may follow" },
		{ "a, [name == 1]", "step 2: line 1, column 6" },
		{ "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a",
		  "more than 32" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct arena a;
		struct funnel_step *steps;
		size_t n;
		err e = { 0 };
		arena_init(&a, MIB);
		if (funnel_parse_steps(&a, str_of(bad[i][0]), &steps, &n, &e))
			fail_msg("%s was accepted", bad[i][0]);
		assert_int_equal(e.code, ERR_INVALID);
		if (!strstr(e.text, bad[i][1]))
			fail_msg("%s: %s", bad[i][0], e.text);
		arena_fini(&a);
	}
}

static void windows_are_spans(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} rows[] = {
		{ "14d", 14 * US_PER_DAY },
		{ "none", FUNNEL_WINDOW_NONE },
		{ " NONE ", FUNNEL_WINDOW_NONE },
		{ "0s", 0 },
		{ "8h", 8 * 3600 * US_PER_S },
		{ "1y", 365 * US_PER_DAY },
		{ "1mo", 30 * US_PER_DAY },
		{ "1y6mo", 545 * US_PER_DAY },
		{ "500ms", 500000 },
	};
	err e = { 0 };
	int64_t us;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!funnel_parse_window(str_of(rows[i].text), &us, &e))
			fail_msg("%s: %s", rows[i].text, e.text);
		assert_int_equal(us, rows[i].us);
	}
	assert_false(funnel_parse_window(S("soon"), &us, &e));
	assert_non_null(strstr(e.text, "window"));
	assert_false(funnel_parse_window(S(""), &us, &e));
	assert_false(funnel_parse_window(S("-1d"), &us, &e));
}

static void a_full_arena_is_a_limit(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes < 16 * KIB; bytes += 16) {
		struct arena a;
		struct funnel_step *steps;
		size_t n;
		err e = { 0 };
		arena_init(&a, bytes);
		if (!funnel_parse_steps(&a,
					S("stage:mql, \"a, b\", [name = \"x\" or path ~ \"/y*\"]"),
					&steps, &n, &e))
			assert_int_equal(e.code, ERR_LIMIT);
		arena_fini(&a);
	}
}

static void no_memory_is_said(void **state)
{
	(void)state;
	for (uint64_t fail = 1;; fail++) {
		struct arena a;
		struct funnel_step *steps;
		size_t n;
		err e = { 0 };
		arena_init(&a, MIB);
		mem_fail_at(fail);
		bool ok = funnel_parse_steps(&a, S("stage:mql, [name = \"x\" or path ~ \"/y*\"]"),
					     &steps, &n, &e);
		bool failed = mem_failed();
		mem_fail_at(0);
		arena_fini(&a);
		if (!failed) {
			assert_true(ok);
			break;
		}
		assert_false(ok);
		assert_int_equal(e.code, ERR_NOMEM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_taken_apart_and_put_together),
		cmocka_unit_test(a_step_that_cannot_be_read_is_named),
		cmocka_unit_test(windows_are_spans),
		cmocka_unit_test(a_full_arena_is_a_limit),
		cmocka_unit_test(no_memory_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
