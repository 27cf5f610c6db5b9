/*
 * test_docs.c - every rule that docs/rules.md shows is one.
 */
#include "rule_common.h"

/* The blocks between ```rule and ```. Run from the root of the sources, as make does. */
static void every_rule_of_the_manual_is_a_rule(void **state)
{
	(void)state;
	FILE *f = fopen("docs/rules.md", "r");
	assert_non_null(f);
	char line[1024], text[4096] = "";
	bool inside = false;
	int rules = 0;
	while (fgets(line, sizeof line, f)) {
		bool begin = strcmp(line, "```rule\n") == 0;
		if (inside && strcmp(line, "```\n") == 0) {
			struct arena a;
			arena_init(&a, MIB);
			const struct rule *r = parsed(&a, text);
			assert_false(rule_is_empty(r));
			parsed(&a, str_cstr(&a, rule_print(&a, r)));
			arena_fini(&a);
			rules++;
			inside = false;
		} else if (inside) {
			assert_true(strlen(text) + strlen(line) < sizeof text);
			strcat(text, line);
		} else if (begin) {
			inside = true;
			text[0] = '\0';
		}
	}
	fclose(f);
	assert_true(rules > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_of_the_manual_is_a_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
