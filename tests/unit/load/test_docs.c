/*
 * test_docs.c - what docs/import.md shows is what happens.
 */
#include "unit/load/load_test.h"

/* The file of a block, or the touches that its files make. */
static void check_block(struct loading *l, char *info, const char *text, int *checked)
{
	char *kind_or_name = strchr(info, ' ');
	if (!kind_or_name)
		return;
	*kind_or_name++ = '\0';
	if (strcmp(info, "touches") != 0) {
		put(l, kind_or_name, text);
		return;
	}
	fake_fini(&l->j);
	fake_init(&l->j);
	l->o = (struct load_options){ 0 };
	char *second = strchr(kind_or_name, ' ');
	assert_non_null(second);
	*second++ = '\0';
	char file[300], map[300];
	bool mapped = !load_kind_parse(str_of(kind_or_name), &l->o.kind);
	l->o.kind_given = !mapped;
	snprintf(file, sizeof file, "%s/%s", l->dir, mapped ? kind_or_name : second);
	snprintf(map, sizeof map, "%s/%s", l->dir, second);
	l->o.map_path = mapped ? map : NULL;
	if (!load_path(l, file))
		fail_msg("%s", l->e.text);
	assert_touches(l, text);
	++*checked;
}

/* Run from the root of the sources, as make does. */
static void every_example_of_the_manual_works(void **state)
{
	struct loading *l = *state;
	FILE *f = fopen("docs/import.md", "r");
	assert_non_null(f);
	char line[4096], info[200] = "", text[16384];
	bool inside = false;
	int checked = 0;
	while (fgets(line, sizeof line, f)) {
		bool mark = strncmp(line, "```", 3) == 0;
		if (mark && inside) {
			check_block(l, info, text, &checked);
			inside = false;
		} else if (mark) {
			inside = true;
			text[0] = '\0';
			line[strcspn(line, "\n")] = '\0';
			snprintf(info, sizeof info, "%.190s", line + 3);
		} else if (inside) {
			assert_true(strlen(text) + strlen(line) < sizeof text);
			strcat(text, line);
		}
	}
	fclose(f);
	assert_int_equal(checked, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_example_of_the_manual_works),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
