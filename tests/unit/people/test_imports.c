/*
 * test_imports.c - imports begin, become visible, are taken back; duplicates follow their policy.
 */
#include "people_test.h"

#include <time.h>

static void an_import_becomes_visible_at_its_end(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	uint64_t import = import_begin_ok(&w);
	struct intake items[] = { touch_named("page_viewed", "u1", DAY(1), "m1"),
				  touch_named("page_viewed", "u2", DAY(1), "m2") };
	import_submit(&w, import, DUPLICATES_UPDATE, items, 2);
	assert_true(items[0].subject_is_new && items[1].subject_is_new);
	world_reopen(&w);
	assert_int_equal(world_touches(&w), 0);
	assert_int_equal(world_people(&w), 0);
	uint64_t second;
	assert_false(journal_import_begin(w.j, S(""), &second, &w.e));
	assert_int_equal(w.e.code, ERR_CONFLICT);
	WORLD_OK(&w, journal_import_close(w.j, import, S("{}"), &w.e));
	assert_int_equal(world_people(&w), 2);
	assert_int_equal(world_view(&w, "u1").touches, 1);
	world_verify(&w);
	world_fini(&w);
}

static void undo_brings_back_what_was_overwritten(void **state)
{
	const struct prop before[] = { { S("city"), value_text(S("Kiel")) } };
	const struct prop after[] = { { S("city"), value_text(S("Bonn")) },
				      { S("title"), value_text(S("CEO")) } };
	struct world w;
	(void)state;
	world_init(&w);
	struct intake live = touch_named("person_updated", "u1", DAY(1), "m0");
	live.props = before;
	live.props_n = 1;
	world_one(&w, TRUST_SECRET, live);
	uint64_t touches = world_touches(&w);
	uint64_t import = import_begin_ok(&w);
	struct intake items[] = { touch_named("person_updated", "u1", DAY(2), "m1"),
				  touch_named("person_updated", "u2", DAY(2), "m2"),
				  touch_named("page_viewed", "u1", DAY(3), "m3") };
	items[0].props = items[1].props = after;
	items[0].props_n = items[1].props_n = 2;
	items[0].email = S("anna@example.com");
	import_submit(&w, import, DUPLICATES_UPDATE, items, 3);
	WORLD_OK(&w, journal_import_close(w.j, import, S("{}"), &w.e));
	struct subject_view v = world_view(&w, "u1");
	assert_true(str_eq(subject_cell(&v, S("city")).text, S("Bonn")));
	assert_int_equal(v.touches, 3);
	struct undo_result undone;
	WORLD_OK(&w, journal_import_undo(w.j, import, &undone, &w.e));
	assert_int_equal(undone.touches, 4); /* three rows and a join */
	v = world_view(&w, "u1");
	assert_true(str_eq(subject_cell(&v, S("city")).text, S("Kiel")));
	assert_int_equal(subject_cell(&v, S("title")).kind, VALUE_NONE);
	assert_int_equal(v.touches, 1);
	assert_int_equal(v.ids_n, 1); /* the address was only the import's word */
	assert_int_equal(world_people(&w), 1);
	assert_int_equal(world_touches(&w), touches + 1); /* that it was undone is known */
	assert_false(journal_import_undo(w.j, import, &undone, &w.e));
	assert_int_equal(w.e.code, ERR_CONFLICT);
	world_verify(&w);
	/* duplicates are freed: the same file may come again */
	import = import_begin_ok(&w);
	import_submit(&w, import, DUPLICATES_UPDATE, items, 3);
	assert_int_equal(items[0].outcome, OUTCOME_ACCEPTED);
	assert_false(items[0].subject_is_new);
	assert_true(items[1].subject_is_new);
	WORLD_OK(&w, journal_import_close(w.j, import, S("{}"), &w.e));
	assert_int_equal(world_view(&w, "anna@example.com").touches, 3);
	world_verify(&w);
	world_fini(&w);
}

/* Up to which number the projections on disk are complete (docs/format/ledger.md). */
static uint64_t applied_on_disk(struct world *w)
{
	static const uint64_t KEY = 1;
	struct ledger *l;
	char path[300];
	str bytes;
	(void)snprintf(path, sizeof path, "%s/ledger.db", w->dir);
	WORLD_OK(w, ledger_open(path, LEDGER_READ, NULL, &l, &w->e));
	WORLD_OK(w, ledger_read_begin(l, &w->e));
	WORLD_OK(w, ledger_load(l, LEDGER_META, &KEY, 1, &w->a, &bytes, &w->e));
	ledger_read_end(l);
	ledger_close(&l);
	uint64_t n = 0;
	for (size_t i = 0; i < bytes.n; i++)
		n |= (uint64_t)((unsigned char)bytes.p[i] & 0x7F) << (7 * i);
	return n;
}

/* Counts are written back block by block; some are due whenever something is committed. */
static void what_is_written_back_as_an_import_closes_loses_none_of_it(void **state)
{
	enum { PEOPLE = 6400 };
	static struct intake items[PEOPLE];
	static char ids[2 * PEOPLE][40];
	struct world w;
	(void)state;
	world_init(&w);
	for (int round = 0; round < 2; round++) {
		uint64_t import = 0;
		for (int part = 0; part < 2; part++) {
			for (int i = 0; i < PEOPLE; i++) {
				char user[40];
				(void)snprintf(ids[i], sizeof ids[i], "u%d", i);
				(void)snprintf(user, sizeof user, "m%d%d.%d", round, part, i);
				memcpy(ids[PEOPLE + i], user, sizeof user);
				items[i] = touch_named("page_viewed", ids[i], DAY(1),
						       ids[PEOPLE + i]);
			}
			if (part == 0) {
				struct batch b = { .items = items,
						   .n = PEOPLE,
						   .trust = TRUST_SECRET };
				WORLD_OK(&w, journal_submit(w.j, &b, &w.e));
				import = import_begin_ok(&w);
			} else {
				import_submit(&w, import, DUPLICATES_UPDATE, items, PEOPLE);
			}
		}
		(void)nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
		WORLD_OK(&w, journal_import_close(w.j, import, S("{}"), &w.e));
	}
	WORLD_OK(&w, journal_flush(w.j, &w.e));
	for (int i = 0; i < PEOPLE; i += 16)
		assert_int_equal(world_view(&w, ids[i]).touches, 4);
	world_verify(&w);
	world_fini(&w);
}

/* A sweep that began before the import takes its counts along, and knows nothing of its end. */
static void a_closed_import_is_folded_once(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_SECRET, touch_named("page_viewed", "u1", DAY(1), "m1"));
	uint64_t import = import_begin_ok(&w);
	struct intake item = touch_named("page_viewed", "u1", DAY(2), "m2");
	import_submit(&w, import, DUPLICATES_UPDATE, &item, 1);
	WORLD_OK(&w, journal_import_close(w.j, import, S("{}"), &w.e));
	WORLD_OK(&w, journal_flush(w.j, &w.e));
	assert_int_equal(applied_on_disk(&w), item.seq + 1);
	world_verify(&w);
	world_fini(&w);
}

static void an_import_that_was_interrupted_can_be_undone(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	uint64_t import = import_begin_ok(&w);
	struct intake items[] = { touch_named("page_viewed", "u1", DAY(1), "m1") };
	import_submit(&w, import, DUPLICATES_UPDATE, items, 1);
	world_reopen(&w);
	struct undo_result undone;
	WORLD_OK(&w, journal_import_undo(w.j, import, &undone, &w.e));
	assert_int_equal(world_people(&w), 0);
	world_verify(&w);
	world_one(&w, TRUST_SECRET, items[0]);
	assert_int_equal(world_people(&w), 1);
	world_fini(&w);
}

static void duplicates_follow_their_policy(void **state)
{
	const struct prop props[] = { { S("city"), value_text(S("Bonn")) },
				      { S("title"), value_text(S("CEO")) } };
	const struct prop known[] = { { S("city"), value_text(S("Kiel")) } };
	static const struct {
		enum duplicates policy;
		const char *city, *title;
	} CASES[] = { { DUPLICATES_UPDATE, "Bonn", "CEO" },
		      { DUPLICATES_FILL, "Kiel", "CEO" },
		      { DUPLICATES_SKIP, "Kiel", NULL } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct world w;
		world_init(&w);
		struct intake live = touch_named("person_updated", "u1", DAY(1), NULL);
		live.props = known;
		live.props_n = 1;
		world_one(&w, TRUST_SECRET, live);
		uint64_t import = import_begin_ok(&w);
		struct intake row = touch_named("person_updated", "u1", DAY(2), "m1");
		row.props = props;
		row.props_n = 2;
		row.row = 1;
		import_submit(&w, import, CASES[i].policy, &row, 1);
		WORLD_OK(&w, journal_import_close(w.j, import, S("{}"), &w.e));
		struct subject_view v = world_view(&w, "u1");
		assert_true(str_eq(subject_cell(&v, S("city")).text, str_of(CASES[i].city)));
		value title = subject_cell(&v, S("title"));
		assert_int_equal(title.kind, CASES[i].title ? VALUE_TEXT : VALUE_NONE);
		world_verify(&w);
		world_fini(&w);
	}
}

static void of_two_that_only_fill_the_first_stays(void **state)
{
	static const int DAYS[2][2] = { { 2, 3 }, { 3, 2 } }; /* arriving in order, and late */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(DAYS); i++) {
		struct world w;
		world_init(&w);
		for (size_t k = 0; k < 2; k++) {
			const struct prop props[] = {
				{ S("city"), value_text(DAYS[i][k] == 2 ? S("Kiel") : S("Bonn")) }
			};
			uint64_t import = import_begin_ok(&w);
			struct intake row = touch_named("person_updated", "u1", DAY(DAYS[i][k]),
							k ? "m1" : "m0");
			row.props = props;
			row.props_n = 1;
			import_submit(&w, import, DUPLICATES_FILL, &row, 1);
			WORLD_OK(&w, journal_import_close(w.j, import, S("{}"), &w.e));
		}
		struct subject_view v = world_view(&w, "u1");
		assert_true(str_eq(subject_cell(&v, S("city")).text, S("Kiel")));
		world_verify(&w);
		world_fini(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_import_becomes_visible_at_its_end),
		cmocka_unit_test(undo_brings_back_what_was_overwritten),
		cmocka_unit_test(what_is_written_back_as_an_import_closes_loses_none_of_it),
		cmocka_unit_test(a_closed_import_is_folded_once),
		cmocka_unit_test(an_import_that_was_interrupted_can_be_undone),
		cmocka_unit_test(duplicates_follow_their_policy),
		cmocka_unit_test(of_two_that_only_fill_the_first_stays),
	};
	return cmocka_run_group_tests_name("imports", tests, NULL, NULL);
}
