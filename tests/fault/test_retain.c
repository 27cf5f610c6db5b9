/*
 * test_retain.c - what was kept for long enough is in no byte, and everything else as it was.
 *
 * What it is:   a visitor, a customer, somebody with a won deal, each with old and new touches;
 *               touches of the visitor leave from tail and archive. Every file is searched for the
 *               value of a property that only such a touch had; the replay proves the rest.
 */
#include "fault/byte_search.h"

#include "base/rand.h"

#include <signal.h>
#include <sys/wait.h>

#define KILLS	  8
#define OLD_US	  (INT64_C(100) * US_PER_DAY)
#define BEFORE_US (INT64_C(500) * US_PER_DAY)
#define NEW_US	  (INT64_C(600) * US_PER_DAY)

/* Only old touches of the visitor hold these. */
static const char *const GONE[] = { "rare-quince-4711", "msg-quince", "former-phone-88" };

static void one(struct world *w, const char *who, const char *name, int64_t at_us, str key,
		str text)
{
	struct prop props[] = { { key, value_text(text) } };
	struct intake in = { .name = str_of(name),
			     .at_us = at_us,
			     .user_id = str_of(who),
			     .company_domain = S("roofs.example"),
			     .props = props,
			     .props_n = 1 };
	world_one(w, TRUST_SECRET, in);
}

static void stage(struct world *w, const char *who, const char *name, int64_t at_us)
{
	struct prop props[] = { { S("stage"), value_text(str_of(name)) } };
	struct intake in = { .name = S("stage_entered"),
			     .at_us = at_us,
			     .user_id = str_of(who),
			     .by = S("user:1"),
			     .props = props,
			     .props_n = 1 };
	world_one(w, TRUST_SELF, in);
}

static void won(struct world *w, const char *who, int64_t at_us)
{
	struct intake in = { .name = S("deal_won"),
			     .at_us = at_us,
			     .user_id = str_of(who),
			     .deal_id = { S("crm"), S("d-1") } };
	world_one(w, TRUST_SECRET, in);
}

static void fill(struct world *w)
{
	struct prop quince[] = { { S("fruit"), value_text(S("rare-quince-4711")) } };
	struct intake rare = { .name = S("fruit_seen"),
			       .at_us = OLD_US,
			       .user_id = S("vera"),
			       .message_id = S("msg-quince"),
			       .props = quince,
			       .props_n = 1 };
	world_one(w, TRUST_SECRET, rare);
	one(w, "vera", "person_updated", OLD_US + 1, S("phone"), S("former-phone-88"));
	one(w, "vera", "person_updated", OLD_US + 2, S("phone"), S("present-phone-99"));
	stage(w, "vera", "lead", OLD_US + 3);
	stage(w, "carl", "customer", OLD_US + 4);
	won(w, "dora", OLD_US + 5);
	for (int64_t i = 0; i < 30; i++) {
		one(w, "vera", "page_viewed", OLD_US + 10 + i, S("path"), S("/old"));
		one(w, "carl", "page_viewed", OLD_US + 10 + i, S("path"), S("/old"));
		one(w, "dora", "page_viewed", OLD_US + 10 + i, S("path"), S("/old"));
	}
	for (int64_t i = 0; i < 5; i++)
		one(w, "vera", "page_viewed", NEW_US + i, S("path"), S("/new"));
}

/* ---- what is there --------------------------------------------------------------------------- */

static uint64_t search(const char *dir, bool tells)
{
	const struct byte_search s = { GONE, ARRAY_LEN(GONE), tells };
	return search_dir(&s, dir);
}

struct seen {
	uint64_t pages, fruits, expired;
};

static bool see(void *arg, const struct touch *t)
{
	struct seen *s = arg;
	s->pages += str_eq(t->name, S("page_viewed"));
	s->fruits += str_eq(t->name, S("fruit_seen"));
	s->expired += str_eq(t->name, S("touches_expired"));
	return true;
}

static struct seen look(struct world *w, uint64_t as_of)
{
	struct seen s = { 0 };
	struct snapshot *snapshot;
	WORLD_OK(w, snapshot_open(w->dir, as_of, &snapshot, &w->e));
	WORLD_OK(w, snapshot_scan(snapshot, see, &s, &w->e));
	snapshot_close(&snapshot);
	return s;
}

static struct retention retain(struct world *w)
{
	struct retention r;
	WORLD_OK(w, journal_retain(w->j, BEFORE_US, &r, &w->e));
	assert_int_equal(r.waiting, 0);
	return r;
}

static void what_holds_is_there(struct world *w)
{
	struct subject_view v = world_view(w, "vera");
	assert_true(str_eq(subject_cell(&v, S("phone")).text, S("present-phone-99")));
	assert_true(str_eq(subject_cell(&v, S("stage")).text, S("lead")));
	assert_int_equal(v.last_us, NEW_US + 4);
	assert_true(world_view(w, "carl").touches >= 31);
	assert_true(world_view(w, "dora").touches >= 31);
}

static struct world begun(void)
{
	struct world w;
	world_init(&w);
	world_close(&w);
	w.options.tail_touches_max = UINT64_MAX;
	world_open(&w);
	fill(&w);
	return w;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void left_to_the_last_byte(uint64_t keep, bool merged)
{
	struct world w = begun();
	WORLD_OK(&w, journal_seal(w.j, keep, &w.e));
	if (merged)
		WORLD_OK(&w, journal_merge(w.j, &w.e));
	uint64_t touches = world_view(&w, "vera").touches;
	assert_true(search(w.dir, false) >= ARRAY_LEN(GONE));
	struct retention r = retain(&w);
	assert_int_equal(r.touches, 32);
	assert_int_equal(look(&w, 0).fruits, 0);
	assert_int_equal(look(&w, 0).pages, 65);
	assert_int_equal(look(&w, 20).fruits, 0);
	assert_int_equal(world_view(&w, "vera").touches, touches - 32);
	what_holds_is_there(&w);
	world_verify(&w);
	world_close(&w);
	assert_int_equal(search(w.dir, true), 0);
	world_open(&w);
	what_holds_is_there(&w);
	assert_int_equal(retain(&w).touches, 0);
	world_verify(&w);
	world_fini(&w);
}

static void old_touches_of_who_is_no_customer_are_in_no_byte(void **state)
{
	(void)state;
	left_to_the_last_byte(1000, false);
	left_to_the_last_byte(0, false);
	left_to_the_last_byte(0, true);
	left_to_the_last_byte(40, false);
}

static void a_reader_that_was_open_follows(void **state)
{
	(void)state;
	struct world w = begun();
	struct snapshot *s;
	struct subject_view v;
	uint64_t vera = world_find(&w, "vera");
	bool reopened;
	WORLD_OK(&w, snapshot_open_live(w.dir, &s, &w.e));
	(void)retain(&w);
	WORLD_OK(&w, snapshot_refresh(&s, NULL, NULL, &reopened, &w.e));
	WORLD_OK(&w, people_view(snapshot_people(s), vera, &w.a, &v, &w.e));
	assert_int_equal(v.touches, world_view(&w, "vera").touches);
	struct retention_state state_now;
	WORLD_OK(&w, snapshot_retention(s, &state_now, &w.e));
	assert_int_equal(state_now.waiting, 0);
	assert_true(state_now.last_us > 0);
	assert_int_equal(look(&w, 0).expired, 1);
	snapshot_close(&s);
	world_fini(&w);
}

static void touches_of_an_import_that_left_are_no_difference(void **state)
{
	(void)state;
	struct world w = begun();
	uint64_t import;
	WORLD_OK(&w, journal_import_begin(w.j, S("file"), &import, &w.e));
	struct intake in = { .name = S("fruit_seen"), .at_us = OLD_US, .user_id = S("vera") };
	struct batch b = { .items = &in, .n = 1, .trust = TRUST_SECRET, .import = import };
	WORLD_OK(&w, journal_submit(w.j, &b, &w.e));
	struct retention r;
	WORLD_OK(&w, journal_retain(w.j, BEFORE_US, &r, &w.e));
	assert_int_equal(r.touches, 32);
	WORLD_OK(&w, journal_import_close(w.j, import, S("file"), &w.e));
	assert_int_equal(retain(&w).touches, 1);
	assert_int_equal(look(&w, 0).fruits, 0);
	world_verify(&w);
	world_fini(&w);
}

static void the_period_is_what_privacy_says(void **state)
{
	(void)state;
	assert_int_equal(journal_retention_months(S("{\"dnt\":true,\"retention\":24}")), 24);
	assert_int_equal(journal_retention_months(S("{\"retention\":null}")), 0);
	assert_int_equal(journal_retention_months(S("{\"retention\":0}")), 0);
	assert_int_equal(journal_retention_months(S("")), 0);
	/* The sealer's thread does it by itself, soon after it began. */
	struct world w = begun();
	WORLD_OK(&w,
		 journal_config_set(w.j, S("privacy"), S("{\"retention\":24}"), S("user:1"), &w.e));
	world_close(&w);
	w.options.tail_touches_max = 0;
	world_open(&w);
	for (int i = 0; i < 300 && look(&w, 0).expired == 0; i++)
		usleep(100000);
	assert_int_equal(look(&w, 0).fruits, 0);
	assert_true(look(&w, 0).expired > 0);
	world_verify(&w);
	world_fini(&w);
}

static void retain_in_child(const char *dir)
{
	struct journal *j;
	struct journal_options o = { .tail_touches_max = UINT64_MAX };
	struct retention r;
	err e = { 0 };
	if (!journal_open(dir, &o, &j, &e))
		_exit(3);
	if (!journal_retain(j, BEFORE_US, &r, &e))
		_exit(4);
	journal_close(&j);
	_exit(0);
}

static void killed_at_any_moment_it_is_finished_by_the_next(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 17);
	for (int i = 0; i < KILLS; i++) {
		struct world w = begun();
		WORLD_OK(&w, journal_seal(w.j, i % 2 ? 20 : 1000, &w.e));
		world_close(&w);
		int status;
		pid_t pid = fork();
		if (pid == 0)
			retain_in_child(w.dir);
		usleep((useconds_t)rng_below(&r, 30000));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
		world_open(&w);
		world_verify(&w);
		(void)retain(&w);
		what_holds_is_there(&w);
		world_verify(&w);
		world_close(&w);
		assert_int_equal(search(w.dir, true), 0);
		world_open(&w);
		world_fini(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_touches_of_who_is_no_customer_are_in_no_byte),
		cmocka_unit_test(a_reader_that_was_open_follows),
		cmocka_unit_test(touches_of_an_import_that_left_are_no_difference),
		cmocka_unit_test(the_period_is_what_privacy_says),
		cmocka_unit_test(killed_at_any_moment_it_is_finished_by_the_next),
	};
	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
