/*
 * test_erase.c - a person is erased: from every answer at once, from every byte at the end.
 *
 * What it is:   two people of one company, a deal of one of them; she is erased while her touches
 *               are in the tail, in the archive, or in both. Afterwards every file of the data
 *               directory is searched for every text of hers, and the replay proves the rest.
 */
#include "fault/byte_search.h"

#include "base/rand.h"

#include <signal.h>
#include <sys/wait.h>

#define KILLS 8

/* Everything by which she could be found. */
static const char *const HERS[] = {
	"anna.xylander", "Xylander", "xylander", "kd-4711", "device-a1",
	"998877",	 "msg-anna", "crm-anna", "Grete",   "likes tea",
};

static void one(struct world *w, struct intake in)
{
	world_one(w, TRUST_SECRET, in);
}

static struct intake anna(const char *name, int64_t at_us)
{
	return (struct intake){ .name = str_of(name), .at_us = at_us, .user_id = S("kd-4711") };
}

static void fill(struct world *w, int64_t from_us)
{
	char message[32];
	snprintf(message, sizeof message, "msg-anna-%lld", (long long)from_us);
	static const struct external_id crm = { S("crm"), S("crm-anna") };
	struct prop known[] = { { S("name"), value_text(S("Grete Xylander")) },
				{ S("phone"), value_text(S("+49 431 998877")) } };
	struct prop page[] = { { S("path"), value_text(S("/hello/xylander")) } };
	struct prop deal[] = { { S("name"), value_text(S("Roof for Xylander")) },
			       { S("product"), value_text(S("roof")) },
			       { S("size"), value_int(12500) },
			       { S("note"), value_text(S("likes tea")) } };
	struct intake in = { .name = S("page_viewed"),
			     .at_us = from_us,
			     .anonymous_id = S("device-a1"),
			     .message_id = str_of(message),
			     .props = page,
			     .props_n = 1 };
	one(w, in);
	in = anna("person_updated", from_us + 1);
	in.anonymous_id = S("device-a1");
	in.email = S("anna.xylander@example.com");
	in.external = &crm;
	in.external_n = 1;
	in.props = known;
	in.props_n = 2;
	in.company_domain = S("roofs.example");
	one(w, in);
	in = anna("deal_created", from_us + 2);
	in.deal_id = (struct external_id){ S("crm"), S("d-1") };
	in.company_domain = S("roofs.example");
	in.props = deal;
	in.props_n = 4;
	one(w, in);
	in = anna("deal_won", from_us + 3);
	in.deal_id = (struct external_id){ S("crm"), S("d-1") };
	one(w, in);
	for (int64_t i = 0; i < 30; i++) {
		in = i % 3 ? anna("page_viewed", from_us + 10 + i)
			   : (struct intake){ .name = S("page_viewed"),
					      .at_us = from_us + 10 + i,
					      .user_id = S("bert"),
					      .company_domain = S("roofs.example") };
		one(w, in);
	}
}

/* ---- what is there --------------------------------------------------------------------------- */

static uint64_t search(const char *dir, bool tells)
{
	const struct byte_search s = { HERS, ARRAY_LEN(HERS), tells };
	return search_dir(&s, dir);
}

struct seen {
	uint64_t touches, hers, erased;
};

static bool see(void *arg, const struct touch *t)
{
	struct seen *s = arg;
	s->touches++;
	s->erased += str_eq(t->name, S("person_erased"));
	s->hers += str_starts(t->message_id, S("msg-anna"));
	for (size_t i = 0; i < t->props_n; i++) {
		s->hers += t->props[i].value.kind == VALUE_TEXT &&
			   str_holds_nocase(t->props[i].value.text, S("xylander"));
	}
	return true;
}

static struct seen look(struct world *w, uint64_t as_of)
{
	struct seen s = { 0 };
	struct snapshot *snapshot;
	WORLD_OK(w, snapshot_open(w->dir, as_of, &snapshot, &w->e));
	WORLD_OK(w, snapshot_scan(snapshot, see, &s, &w->e));
	uint64_t person;
	assert_false(people_find(snapshot_people(snapshot), ENTITY_PERSON, S("kd-4711"), &person));
	assert_false(people_find(snapshot_people(snapshot), ENTITY_PERSON,
				 S("anna.xylander@example.com"), &person));
	snapshot_close(&snapshot);
	return s;
}

static void the_rest_is_as_it_was(struct world *w)
{
	uint64_t deal;
	struct subject_view v;
	WORLD_OK(w, journal_flush(w->j, &w->e));
	assert_true(people_find(journal_people(w->j), ENTITY_DEAL, S("crm:d-1"), &deal));
	WORLD_OK(w, people_view(journal_people(w->j), deal, &w->a, &v, &w->e));
	assert_true(v.visible);
	assert_int_equal(subject_cell(&v, S("size")).i, 12500);
	assert_true(str_eq(subject_cell(&v, S("status")).text, S("won")));
	assert_true(str_eq(subject_cell(&v, S("product")).text, S("roof")));
	assert_int_equal(subject_cell(&v, S("name")).kind, VALUE_NONE);
	assert_int_equal(subject_cell(&v, S("person")).kind, VALUE_NONE);
	v = world_view(w, "bert");
	assert_int_equal(v.touches, 10);
}

static struct erasure erase(struct world *w)
{
	struct erasure x = { .person = world_find(w, "kd-4711"), .by = S("user:1") };
	assert_true(x.person != 0);
	WORLD_OK(w, journal_erase(w->j, &x, &w->e));
	return x;
}

static void finish(struct world *w)
{
	uint64_t waiting;
	WORLD_OK(w, journal_erase_finish(w->j, &waiting, &w->e));
	assert_int_equal(waiting, 0);
}

static struct world begun(void)
{
	struct world w;
	world_init(&w);
	world_close(&w);
	w.options.tail_touches_max = UINT64_MAX;
	world_open(&w);
	return w;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void an_erased_person_is_in_no_answer_at_once(void **state)
{
	(void)state;
	struct world w = begun();
	fill(&w, 0);
	struct snapshot *s;
	WORLD_OK(&w, snapshot_open_live(w.dir, &s, &w.e));
	uint64_t before = snapshot_seq(s), person;
	struct erasure x = erase(&w);
	assert_true(x.touches >= 23);
	assert_int_equal(x.profiles, 4);
	assert_int_equal(x.kept, 2);
	/* a reader that was open before */
	bool reopened;
	WORLD_OK(&w, snapshot_refresh(&s, NULL, NULL, &reopened, &w.e));
	assert_false(people_find(snapshot_people(s), ENTITY_PERSON, S("kd-4711"), &person));
	snapshot_close(&s);
	for (int i = 0; i < 2; i++) {
		struct seen seen = look(&w, 0);
		assert_int_equal(seen.hers, 0);
		assert_int_equal(seen.erased, 1);
		assert_int_equal(look(&w, before).hers, 0);
		the_rest_is_as_it_was(&w);
		world_verify(&w);
	}
	struct touch t;
	WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
	assert_false(snapshot_touch(s, 1, &w.a, &t, &w.e));
	assert_int_equal(w.e.code, ERR_NOT_FOUND);
	snapshot_close(&s);
	struct erasure again = { .person = 1, .by = S("user:1") };
	assert_false(journal_erase(w.j, &again, &w.e));
	assert_int_equal(w.e.code, ERR_NOT_FOUND);
	world_fini(&w);
}

/* Where her touches are when she is erased: so many of the newest stay in the tail. */
static void erased_to_the_last_byte(uint64_t keep, bool merged)
{
	struct world w = begun();
	fill(&w, 0);
	fill(&w, INT64_C(400) * US_PER_DAY);
	WORLD_OK(&w, journal_seal(w.j, keep, &w.e));
	if (merged)
		WORLD_OK(&w, journal_merge(w.j, &w.e));
	assert_true(search(w.dir, false) > 5);
	(void)erase(&w);
	assert_int_equal(look(&w, 0).hers, 0);
	world_verify(&w);
	finish(&w);
	assert_int_equal(look(&w, 0).hers, 0);
	world_verify(&w);
	world_close(&w);
	assert_int_equal(search(w.dir, true), 0);
	world_open(&w);
	uint64_t deal;
	assert_true(people_find(journal_people(w.j), ENTITY_DEAL, S("crm:d-1"), &deal));
	world_fini(&w);
}

static void no_byte_is_left_of_who_was_in_the_tail(void **state)
{
	(void)state;
	erased_to_the_last_byte(1000, false);
}

static void no_byte_is_left_of_who_was_in_the_archive(void **state)
{
	(void)state;
	erased_to_the_last_byte(0, false);
	erased_to_the_last_byte(0, true);
}

static void no_byte_is_left_of_who_was_in_both(void **state)
{
	(void)state;
	erased_to_the_last_byte(50, false);
}

/* The log cannot be emptied meanwhile: it is tried again, each time to its end. */
static void a_reader_that_stays_open_does_not_hold_it_up(void **state)
{
	(void)state;
	struct world w = begun();
	struct snapshot *s;
	fill(&w, 0);
	WORLD_OK(&w, snapshot_open_live(w.dir, &s, &w.e));
	(void)erase(&w);
	finish(&w);
	snapshot_close(&s);
	assert_int_equal(look(&w, 0).hers, 0);
	world_verify(&w);
	world_fini(&w);
}

static void who_comes_again_is_somebody_new(void **state)
{
	(void)state;
	struct world w = begun();
	fill(&w, 0);
	uint64_t before = world_find(&w, "kd-4711");
	(void)erase(&w);
	for (int i = 0; i < 2; i++) {
		struct intake in = anna("page_viewed", US_PER_DAY + i);
		one(&w, in);
		uint64_t now = world_find(&w, "kd-4711");
		assert_true(now != 0 && now != before);
		assert_int_equal(world_view(&w, "kd-4711").touches, i + 1);
		world_verify(&w);
		finish(&w);
		world_verify(&w);
	}
	world_fini(&w);
}

static void import_touches_that_are_erased_are_no_difference(void **state)
{
	(void)state;
	struct world w = begun();
	uint64_t import;
	WORLD_OK(&w, journal_import_begin(w.j, S("file"), &import, &w.e));
	struct intake in = anna("page_viewed", 5);
	struct batch b = { .items = &in, .n = 1, .trust = TRUST_SECRET, .import = import };
	WORLD_OK(&w, journal_submit(w.j, &b, &w.e));
	WORLD_OK(&w, journal_import_close(w.j, import, S("file"), &w.e));
	fill(&w, 0);
	(void)erase(&w);
	world_verify(&w);
	finish(&w);
	world_verify(&w);
	world_fini(&w);
}

static void erase_in_child(const char *dir)
{
	struct journal *j;
	struct journal_options o = { .tail_touches_max = UINT64_MAX };
	uint64_t person = 0, waiting;
	err e = { 0 };
	if (!journal_open(dir, &o, &j, &e))
		_exit(3);
	if (people_find(journal_people(j), ENTITY_PERSON, S("kd-4711"), &person)) {
		struct erasure x = { .person = person, .by = S("user:1") };
		if (!journal_erase(j, &x, &e))
			_exit(4);
	}
	if (!journal_erase_finish(j, &waiting, &e))
		_exit(5);
	journal_close(&j);
	_exit(0);
}

static void killed_at_any_moment_it_is_done_whole_or_not_at_all(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 11);
	for (int i = 0; i < KILLS; i++) {
		struct world w = begun();
		fill(&w, 0);
		WORLD_OK(&w, journal_seal(w.j, i % 2 ? 20 : 1000, &w.e));
		world_close(&w);
		int status;
		pid_t pid = fork();
		if (pid == 0)
			erase_in_child(w.dir);
		usleep((useconds_t)rng_below(&r, 30000));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
		world_open(&w);
		world_verify(&w);
		if (world_find(&w, "kd-4711")) {
			assert_true(world_view(&w, "kd-4711").touches > 20);
			(void)erase(&w);
		}
		finish(&w);
		world_verify(&w);
		the_rest_is_as_it_was(&w);
		world_close(&w);
		assert_int_equal(search(w.dir, true), 0);
		world_open(&w);
		world_fini(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_erased_person_is_in_no_answer_at_once),
		cmocka_unit_test(no_byte_is_left_of_who_was_in_the_tail),
		cmocka_unit_test(no_byte_is_left_of_who_was_in_the_archive),
		cmocka_unit_test(no_byte_is_left_of_who_was_in_both),
		cmocka_unit_test(a_reader_that_stays_open_does_not_hold_it_up),
		cmocka_unit_test(who_comes_again_is_somebody_new),
		cmocka_unit_test(import_touches_that_are_erased_are_no_difference),
		cmocka_unit_test(killed_at_any_moment_it_is_done_whole_or_not_at_all),
	};
	return cmocka_run_group_tests_name("erasing", tests, NULL, NULL);
}
