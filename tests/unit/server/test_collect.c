/*
 * test_collect.c - settings of collecting, names that write keys brought, and calls that are kept.
 */
#include "server_test.h"

#include "base/thread.h"
#include "base/time.h"
#include "server/collect.h"
#include "server/collect_int.h"

#include <unistd.h>

struct open_collect {
	char dir[64];
	struct server server;
	err e;
};

static void collect_begin(struct open_collect *o)
{
	assert_ok(journal_open(o->dir, NULL, &o->server.journal, &o->e), &o->e);
	o->server.options.data = o->dir;
	assert_ok(collect_open(&o->server, &o->e), &o->e);
}

static void collect_end(struct open_collect *o)
{
	journal_close(&o->server.journal);
	collect_close(&o->server);
}

static int setup(void **state)
{
	struct open_collect *o = calloc(1, sizeof *o);
	snprintf(o->dir, sizeof o->dir, "/tmp/collect-test-XXXXXX");
	assert_non_null(mkdtemp(o->dir));
	assert_ok(journal_init(o->dir, &o->e), &o->e);
	collect_begin(o);
	*state = o;
	return 0;
}

static int teardown(void **state)
{
	struct open_collect *o = *state;
	char command[128];
	collect_end(o);
	snprintf(command, sizeof command, "rm -rf '%s'", o->dir);
	assert_int_equal(system(command), 0);
	free(o);
	return 0;
}

static void set(struct open_collect *o, const char *name, const char *text)
{
	assert_ok(
		journal_config_set(o->server.journal, str_of(name), str_of(text), S("test"), &o->e),
		&o->e);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void without_any_setting_the_defaults_hold(void **state)
{
	struct open_collect *o = *state;
	const struct collect_settings *s = o->server.collect->settings;
	assert_true(s->honour_dnt && s->honour_gpc);
	assert_int_equal(s->bots, BOTS_MARK);
	assert_int_equal(s->rate_per_s, 0);
	assert_true(settings_is_test(s, S("localhost")));
	assert_false(settings_is_test(s, S("example.com")));
	assert_true(settings_takes_origin(s, S("https://any.example")));
	assert_false(settings_is_staff(s, S("127.0.0.1"), S("a@example.com")));
}

static void a_change_of_one_document_keeps_the_other(void **state)
{
	struct open_collect *o = *state;
	set(o, "collect", "{\"bots\":\"drop\",\"rate\":7}");
	set(o, "privacy", "{\"dnt\":false}");
	const struct collect_settings *s = o->server.collect->settings;
	assert_int_equal(s->bots, BOTS_DROP);
	assert_int_equal(s->rate_per_s, 7);
	assert_true(!s->honour_dnt && s->honour_gpc);
	set(o, "collect", "");
	s = o->server.collect->settings;
	assert_int_equal(s->bots, BOTS_MARK);
	assert_false(s->honour_dnt);
	set(o, "collect", "{this is no JSON");
	assert_int_equal(o->server.collect->settings->bots, BOTS_MARK);
}

static void networks_and_domains_of_the_staff_are_compared_as_such(void **state)
{
	static const struct {
		const char *client, *email;
		bool staff;
	} CASES[] = {
		{ "192.0.2.7", "", true },	    { "192.0.3.7", "", false },
		{ "198.51.100.129", "", true },	    { "198.51.100.127", "", false },
		{ "2001:db8::1", "", true },	    { "2001:db9::1", "", false },
		{ "203.0.113.5", "", true },	    { "203.0.113.6", "", false },
		{ "::ffff:192.0.2.9", "", true },   { "no address", "", false },
		{ "", "a@own.example", true },	    { "", "a@mail.own.example", true },
		{ "", "a@OWN.example", true },	    { "", "a@notown.example", false },
		{ "", "own.example@x.org", false },
	};
	struct open_collect *o = *state;
	set(o, "collect",
	    "{\"staff_networks\":[\"192.0.2.0/24\",\"198.51.100.128/25\",\"2001:db8::/32\","
	    "\"203.0.113.5\",\"not one\",\"1.2.3.4/99\"],\"staff_domains\":[\"own.example\"]}");
	const struct collect_settings *s = o->server.collect->settings;
	assert_int_equal(s->staff_networks_n, 4);
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		if (settings_is_staff(s, str_of(CASES[i].client), str_of(CASES[i].email)) !=
		    CASES[i].staff)
			fail_msg("%s %s", CASES[i].client, CASES[i].email);
	}
}

static void a_value_that_makes_no_sense_is_refused_with_its_member(void **state)
{
	static const char *const BAD[] = {
		"[]",
		"7",
		"{",
		"{\"rate\":-1}",
		"{\"rate\":\"x\"}",
		"{\"bots\":\"eat\"}",
		"{\"staff_networks\":[\"1.2.3\"]}",
		"{\"origins\":\"x\"}",
		"{\"what\":1}",
	};
	err e = { 0 };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
		if (collect_config_check(S("collect"), str_of(BAD[i]), &e))
			fail_msg("%s was taken", BAD[i]);
		assert_int_equal(e.code, ERR_INVALID);
	}
	assert_true(collect_config_check(S("collect"), S(""), &e));
	assert_true(collect_config_check(S("collect"), S("{\"rate\":0}"), &e));
	assert_true(collect_config_check(S("privacy"), S("{\"dnt\":true,\"other\":1}"), &e));
	assert_false(collect_config_check(S("privacy"), S("{\"dnt\":1}"), &e));
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool admit(struct open_collect *o, const char *name, size_t n_max)
{
	return names_admit(&o->server.collect->names, false, str_of(name), n_max);
}

static void names_are_let_in_until_there_are_enough(void **state)
{
	struct open_collect *o = *state;
	assert_true(admit(o, "a", 2));
	assert_true(admit(o, "b", 2));
	assert_false(admit(o, "c", 2));
	assert_true(admit(o, "a", 2));
	assert_true(admit(o, "b", 0));
	assert_true(names_admit(&o->server.collect->names, true, S("c"), 1));
	collect_end(o);
	collect_begin(o);
	assert_true(admit(o, "a", 2));
	assert_false(admit(o, "c", 2));
	assert_true(admit(o, "c", 3));
}

static void a_damaged_file_of_names_is_read_as_far_as_it_makes_sense(void **state)
{
	struct open_collect *o = *state;
	char path[128];
	collect_end(o);
	snprintf(path, sizeof path, "%s/collect.names", o->dir);
	assert_true(fs_write_all(fs_real(), path, S("egood\n\nx\n?odd\nkkey\ne"), &o->e));
	collect_begin(o);
	assert_int_equal(atomic_load(&o->server.collect->names.events.n), 1);
	assert_int_equal(atomic_load(&o->server.collect->names.keys.n), 1);
	assert_true(admit(o, "good", 0));
}

#define ADDERS	   4
#define NAMES_EACH 3000

static void *add_many(void *arg)
{
	struct open_collect *o = arg;
	for (int i = 0; i < NAMES_EACH; i++) {
		char name[24];
		snprintf(name, sizeof name, "name %d", i);
		admit(o, name, 1000);
	}
	return NULL;
}

static void many_threads_never_let_in_more(void **state)
{
	struct open_collect *o = *state;
	struct thread threads[ADDERS] = { 0 };
	for (size_t i = 0; i < ADDERS; i++)
		assert_ok(thread_start(&threads[i], "adder", add_many, o, &o->e), &o->e);
	for (size_t i = 0; i < ADDERS; i++)
		thread_join(&threads[i]);
	assert_int_equal(atomic_load(&o->server.collect->names.events.n), 1000);
}

/* ---- rates ----------------------------------------------------------------------------------- */

static void a_rate_is_an_allowance_of_each_key(void **state)
{
	struct open_collect *o = *state;
	struct collect *c = o->server.collect;
	set(o, "collect", "{\"rate\":100}");
	assert_true(rate_allows(c, c->settings, 1, 60));
	assert_true(rate_allows(c, c->settings, 1, 60)); /* while something is left */
	assert_false(rate_allows(c, c->settings, 1, 1));
	assert_true(rate_allows(c, c->settings, 2, 1));
	usleep(300000);
	assert_true(rate_allows(c, c->settings, 1, 1));
	set(o, "collect", "");
	assert_true(rate_allows(c, c->settings, 1, 1000000));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(without_any_setting_the_defaults_hold),
		T(a_change_of_one_document_keeps_the_other),
		T(networks_and_domains_of_the_staff_are_compared_as_such),
		T(a_value_that_makes_no_sense_is_refused_with_its_member),
		T(names_are_let_in_until_there_are_enough),
		T(a_damaged_file_of_names_is_read_as_far_as_it_makes_sense),
		T(many_threads_never_let_in_more),
		T(a_rate_is_an_allowance_of_each_key),
	};
	return cmocka_run_group_tests_name("collect", tests, NULL, NULL);
}
