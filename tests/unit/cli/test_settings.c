/*
 * test_settings.c - the settings file: reading, checking, changing one line.
 */
#include "cli/settings_int.h"

#include "base/mem.h"
#include "base/time.h"
#include "io/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/trichter-settings-XXXXXX", sizeof "/tmp/trichter-settings-XXXXXX");
	unsetenv("TRICHTER_ZONE");
	unsetenv("TRICHTER_MEMORY_MAX");
	return mkdtemp(dir) != NULL ? 0 : 1;
}

static void path_of(char path[128])
{
	snprintf(path, 128, "%s/%s", dir, SETTINGS_FILE);
}

static int remove_dir(void **state)
{
	char path[128];
	(void)state;
	path_of(path);
	unlink(path);
	return rmdir(dir);
}

static void put_file(const char *text)
{
	char path[128];
	err e = { 0 };
	path_of(path);
	assert_true(fs_write_all(fs_real(), path, str_of(text), &e));
}

static void assert_file(const char *text)
{
	char path[128];
	struct buf b;
	err e = { 0 };
	path_of(path);
	buf_init(&b, MIB);
	assert_true(fs_read_all(fs_real(), path, MIB, &b, &e));
	if (!str_eq(buf_view(&b), str_of(text)))
		fail_msg("the file is\n%.*s\ninstead of\n%s", STR_ARG(buf_view(&b)), text);
	buf_fini(&b);
}

static void without_a_file_the_defaults_hold(void **state)
{
	(void)state;
	struct settings s;
	struct arena a;
	err e = { 0 };
	arena_init(&a, MIB);
	assert_true(settings_read(&s, dir, &a, &e));
	assert_int_equal(s.memory_max, GIB);
	assert_int_equal(s.all[SETTING_ZONE].origin, SETTING_DEFAULT);
	assert_string_equal(zone_name(), "UTC");
	arena_fini(&a);
}

static void the_file_wins_over_defaults_and_variables_over_both(void **state)
{
	(void)state;
	struct settings s;
	struct arena a;
	err e = { 0 };
	arena_init(&a, MIB);
	put_file("memory_max: 64MiB\nzone: Europe/Berlin\n");
	assert_true(settings_read(&s, dir, &a, &e));
	assert_int_equal(s.memory_max, 64 * MIB);
	assert_int_equal(s.all[SETTING_ZONE].origin, SETTING_FILE);
	assert_string_equal(zone_name(), "Europe/Berlin");
	setenv("TRICHTER_ZONE", "Asia/Tokyo", 1);
	assert_true(settings_read(&s, dir, &a, &e));
	assert_int_equal(s.all[SETTING_ZONE].origin, SETTING_ENVIRONMENT);
	assert_string_equal(zone_name(), "Asia/Tokyo");
	setenv("TRICHTER_ZONE", "Mars/Olympus", 1);
	assert_false(settings_read(&s, dir, &a, &e));
	assert_non_null(strstr(e.text, "TRICHTER_ZONE"));
	unsetenv("TRICHTER_ZONE");
	arena_fini(&a);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "zone: UTC\nzoen: UTC\n", "line 2" },	      { "zone: Mars/Olympus\n", "line 1" },
		{ "# x\nmemory_max: many\n", "line 2" },      { "memory_max: 1MiB\n", "16MiB" },
		{ "memory_max: 99999999999GiB\n", "line 1" }, { "- zone\n", "name: value" },
		{ "zone:\n  a: b\n", "one value" },	      { "zone: [\n", SETTINGS_FILE },
	};
	struct settings s;
	struct arena a;
	arena_init(&a, MIB);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		err e = { 0 };
		put_file(cases[i].text);
		assert_false(settings_read(&s, dir, &a, &e));
		if (strstr(e.text, cases[i].says) == NULL)
			fail_msg("\"%s\" says not \"%s\"", e.text, cases[i].says);
	}
	arena_fini(&a);
}

static void a_change_touches_its_own_line_alone(void **state)
{
	(void)state;
	struct arena a;
	err e = { 0 };
	arena_init(&a, MIB);
	put_file("# mine\nzone : UTC\n# zone: no\nmemory_max: 1GiB\n");
	assert_true(settings_write(dir, S("zone"), S("Europe/Berlin"), &a, &e));
	assert_file("# mine\nzone: Europe/Berlin\n# zone: no\nmemory_max: 1GiB\n");
	put_file("zone: UTC");
	assert_true(settings_write(dir, S("memory_max"), S("512 MiB"), &a, &e));
	assert_file("zone: UTC\nmemory_max: '512 MiB'\n");
	assert_false(settings_write(dir, S("zone"), S("Mars"), &a, &e));
	assert_false(settings_write(dir, S("nothing"), S("x"), &a, &e));
	assert_false(settings_write(dir, S("zone"), S("UTC\nx: y"), &a, &e));
	assert_file("zone: UTC\nmemory_max: '512 MiB'\n");
	arena_fini(&a);
}

static void a_new_file_reads_back_as_the_defaults(void **state)
{
	(void)state;
	struct settings s;
	struct arena a;
	err e = { 0 };
	arena_init(&a, MIB);
	assert_true(settings_make(dir, S("Europe/Vienna"), &e));
	assert_true(settings_read(&s, dir, &a, &e));
	assert_int_equal(s.memory_max, GIB);
	assert_string_equal(zone_name(), "Europe/Vienna");
	put_file("zone: UTC\n");
	assert_true(settings_make(dir, S("Europe/Vienna"), &e));
	assert_file("zone: UTC\n");
	arena_fini(&a);
}

static void running_out_of_memory_changes_nothing(void **state)
{
	(void)state;
	for (uint64_t n = 1;; n++) {
		struct settings s;
		struct arena a;
		err e = { 0 };
		put_file("zone: UTC\n");
		arena_init(&a, MIB);
		mem_fail_at(n);
		bool ok = settings_read(&s, dir, &a, &e) &&
			  settings_write(dir, S("zone"), S("Europe/Berlin"), &a, &e);
		bool failed = mem_failed();
		mem_fail_at(0);
		arena_fini(&a);
		if (ok) {
			assert_file("zone: Europe/Berlin\n");
			if (!failed)
				break;
		} else {
			assert_file("zone: UTC\n");
			assert_int_not_equal(e.code, ERR_NONE);
		}
		assert_true(n < 2000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_a_file_the_defaults_hold, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(the_file_wins_over_defaults_and_variables_over_both,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(what_is_wrong_is_named_with_its_line, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(a_change_touches_its_own_line_alone, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(a_new_file_reads_back_as_the_defaults, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(running_out_of_memory_changes_nothing, make_dir,
						remove_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
