/*
 * test_args.c - what is typed: words, options, suggestions.
 */
#include "cli/cli_int.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const struct option options[] = {
	OPTION("steps", "LIST", "a value"),
	OPTION_MANY("map", "FILE", "several values"),
	SWITCH("times", "a switch"),
	OPTION("limit", "N", "a number"),
	OPTIONS_END,
};
static const struct command command = { .name = "test", .words = "", .options = options };

struct typed {
	struct arena arena;
	struct args args;
	err e;
	bool ok;
};

static void parse(struct typed *t, const char *line)
{
	static char text[512];
	static char *argv[32];
	size_t argc = 0;
	*t = (struct typed){ 0 };
	arena_init(&t->arena, MIB);
	assert_true(strlen(line) < sizeof text);
	memcpy(text, line, strlen(line) + 1);
	for (char *p = text; p != NULL && *p != '\0';) {
		argv[argc++] = p;
		p = strchr(p, '|');
		if (p != NULL)
			*p++ = '\0';
	}
	t->ok = args_parse(&command, argv, argc, &t->arena, &t->args, &t->e);
}

static void words_and_options_stand_in_any_order(void **state)
{
	(void)state;
	static const char *const lines[] = { "a|--steps|x, y|--times|b", "--times|a|b|--steps=x, y",
					     "--steps=x, y|--times|--|a|b" };
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct typed t;
		parse(&t, lines[i]);
		assert_true(t.ok);
		assert_int_equal(t.args.words_n, 2);
		assert_string_equal(t.args.words[0], "a");
		assert_string_equal(t.args.words[1], "b");
		assert_string_equal(args_text(&t.args, "steps"), "x, y");
		assert_true(args_on(&t.args, "times"));
		assert_null(args_text(&t.args, "limit"));
		arena_fini(&t.arena);
	}
}

static void a_word_after_two_dashes_may_begin_with_one(void **state)
{
	(void)state;
	struct typed t;
	parse(&t, "-|--|--times|-x");
	assert_true(t.ok);
	assert_int_equal(t.args.words_n, 3);
	assert_string_equal(t.args.words[0], "-");
	assert_string_equal(t.args.words[1], "--times");
	assert_false(args_on(&t.args, "times"));
	arena_fini(&t.arena);
}

static void a_value_may_look_like_an_option_or_be_empty(void **state)
{
	(void)state;
	struct typed t;
	parse(&t, "--steps|--times|--map=|--map==");
	assert_true(t.ok);
	assert_string_equal(args_text(&t.args, "steps"), "--times");
	assert_false(args_on(&t.args, "times"));
	size_t at = 0;
	assert_string_equal(args_each(&t.args, "map", &at), "");
	assert_string_equal(args_each(&t.args, "map", &at), "=");
	assert_null(args_each(&t.args, "map", &at));
	arena_fini(&t.arena);
}

static void what_is_wrong_is_said_with_the_nearest_that_is_right(void **state)
{
	(void)state;
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "--step|a", "there is no option --step. Did you mean --steps?" },
		{ "--stpes=a", "there is no option --stpes. Did you mean --steps?" },
		{ "--lim|3", "there is no option --lim. Did you mean --limit?" },
		{ "--qqqqqqqq", "there is no option --qqqqqqqq." },
		{ "-t", "there is no option -t (options have two dashes)" },
		{ "--steps", "--steps needs a value: --steps LIST" },
		{ "--times=1", "--times takes no value" },
		{ "--steps|a|--steps|b", "--steps is given twice" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct typed t;
		parse(&t, cases[i].line);
		assert_false(t.ok);
		assert_string_equal(t.e.text, cases[i].says);
		arena_fini(&t.arena);
	}
}

static void numbers_and_choices_are_checked(void **state)
{
	(void)state;
	static const char *const words[] = { "one", "two", "three", NULL };
	struct typed t;
	uint64_t n = 0;
	size_t i = 9;
	parse(&t, "--limit|12|--steps|two");
	assert_true(args_count(&t.args, "limit", 5, &n, &t.e));
	assert_int_equal(n, 12);
	assert_true(args_choice(&t.args, "steps", words, 0, &i, &t.e));
	assert_int_equal(i, 1);
	assert_true(args_choice(&t.args, "map", words, 2, &i, &t.e));
	assert_int_equal(i, 2);
	arena_fini(&t.arena);
	parse(&t, "--limit|-3|--steps|four");
	assert_false(args_count(&t.args, "limit", 5, &n, &t.e));
	assert_string_equal(t.e.text, "--limit wants a whole number, not \"-3\"");
	assert_false(args_choice(&t.args, "steps", words, 0, &i, &t.e));
	assert_string_equal(t.e.text, "--steps is one, two or three, not \"four\"");
	arena_fini(&t.arena);
}

static void running_out_of_memory_is_an_error(void **state)
{
	(void)state;
	struct arena a;
	struct args args;
	err e = { 0 };
	char *argv[] = { (char *)(uintptr_t) "--times" };
	arena_init(&a, MIB);
	mem_fail_at(1);
	assert_false(args_parse(&command, argv, 1, &a, &args, &e));
	assert_true(mem_failed());
	mem_fail_at(0);
	assert_int_equal(e.code, ERR_NOMEM);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_options_stand_in_any_order),
		cmocka_unit_test(a_word_after_two_dashes_may_begin_with_one),
		cmocka_unit_test(a_value_may_look_like_an_option_or_be_empty),
		cmocka_unit_test(what_is_wrong_is_said_with_the_nearest_that_is_right),
		cmocka_unit_test(numbers_and_choices_are_checked),
		cmocka_unit_test(running_out_of_memory_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
