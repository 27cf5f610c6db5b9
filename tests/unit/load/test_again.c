/*
 * test_again.c - the same file again, a changed file, an interrupted import.
 */
#include "unit/load/load_test.h"

static const char CONTACTS[] = "external_id,email,title,became_lead_at,became_mql_at\n"
			       "1,a@b.de,CEO,2025-01-01,2025-01-02\n"
			       "2,c@b.de,CTO,2025-01-01,2025-01-01\n";

static void the_same_file_again_changes_nothing(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", CONTACTS);
	counts(l, 2, 2, 0, 0);
	size_t touches = l->j.touches.n;
	load(l, "p.csv", CONTACTS);
	counts(l, 2, 0, 2, 0);
	assert_int_equal(l->r.touches, 0);
	assert_int_equal(l->j.touches.n, touches);
}

static void neither_name_nor_order_of_columns_nor_encoding_matter(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", "external_id,email,city\n1,a@b.de,K\xC3\xB6ln\n");
	load(l, "q.csv",
	     "\xEF\xBB\xBF"
	     "city;e-mail;external_id\r\nK\xC3\xB6ln;a@b.de;1\r\n");
	counts(l, 1, 0, 1, 0);
	load(l, "r.csv", "external_id,email,city\n1,a@b.de,K\xF6ln\n");
	counts(l, 1, 0, 1, 0);
}

static void a_changed_cell_makes_new_only_what_it_changes(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", CONTACTS);
	load(l, "p.csv",
	     "external_id,email,title,became_lead_at,became_mql_at\n"
	     "1,a@b.de,CFO,2025-01-01,2025-01-02\n"
	     "2,c@b.de,CTO,2025-01-01,2025-01-01\n");
	counts(l, 2, 1, 1, 0);
	assert_int_equal(l->r.touches, 1);
	assert_int_equal(l->r.people_updated, 1);
	assert_true(str_eq(l->j.touches.items[l->j.touches.n - 1].name, S("person_updated")));
}

static void a_new_stage_leaves_the_others_as_they_are(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", "external_id,email,became_lead_at,became_mql_at\n1,a@b.de,2025-01-01,\n");
	load(l, "p.csv",
	     "external_id,email,became_lead_at,became_mql_at\n1,a@b.de,2025-01-01,2025-02-01\n");
	assert_int_equal(l->r.touches, 1);
	assert_has(dump(l),
		   "stage_entered 2025-02-01T00:00:00Z external=1 email=a@b.de {stage:text=mql}\n");
}

/* What the order of touches rests on: the same text before ":NN", and NN in order. */
static void touches_of_one_instant_share_the_body_of_their_id(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", "email,became_lead_at,became_mql_at\na@b.de,2025-01-01,2025-01-01\n");
	assert_int_equal(l->j.touches.n, 3);
	str lead = l->j.touches.items[1].message_id, mql = l->j.touches.items[2].message_id;
	assert_int_equal(lead.n, mql.n);
	assert_true(str_eq(str_sub(lead, 0, lead.n - 3), str_sub(mql, 0, mql.n - 3)));
	assert_true(str_eq(str_sub(lead, lead.n - 3, 3), S(":02")));
	assert_true(str_eq(str_sub(mql, mql.n - 3, 3), S(":03")));
	assert_int_equal(l->j.touches.items[2].tie, 3);
}

/* ---- chunks and interruptions ---------------------------------------------------------------- */

static const char *many(struct loading *l, const char *name, size_t rows)
{
	struct buf b;
	buf_init(&b, 64 * MIB);
	buf_cstr(&b, "external_id,email,score\n");
	for (size_t i = 0; i < rows; i++) {
		if (i % 1000 == 999)
			buf_printf(&b, "%zu,broken,1\n", i);
		else
			buf_printf(&b, "%zu,p%zu@x.de,%zu\n", i, i, i % 100);
	}
	buf_byte(&b, 0);
	const char *path = put(l, name, b.p);
	buf_fini(&b);
	return path;
}

static void a_chunk_holds_at_most_two_thousand_rows(void **state)
{
	struct loading *l = *state;
	assert_true(load_path(l, many(l, "m.csv", 5000)));
	assert_int_equal(l->j.batches, 3);
	assert_int_equal(l->j.items_max, 1998);
	counts(l, 5000, 4995, 0, 5);
	assert_int_equal(l->j.closed, 1);
	assert_has(
		rejects(l),
		"999,broken,1,1001,\"column \"\"email\"\": \"\"broken\"\" is no e-mail address\"\n");
}

static void an_interrupted_import_goes_on_where_it_stopped(void **state)
{
	struct loading *l = *state;
	const char *path = many(l, "m.csv", 9000);
	for (int how = 0; how < 2; how++) {
		fake_fini(&l->j);
		fake_init(&l->j);
		/* The third batch is lost, or stored without an answer. */
		l->j.fail_at = how == 0 ? 3 : 0;
		l->j.die_at = how == 0 ? 0 : 3;
		l->o.resume = false;
		assert_fails(l, load_path(l, path),
			     "go on with --resume, or take it back with --undo 1");
		assert_int_equal(l->j.import, 1);
		assert_fails(l, load_path(l, path), "import 1 was interrupted");
		l->o.resume = true;
		assert_true(load_path(l, path));
		counts(l, 9000, 8991, 0, 9);
		assert_int_equal(l->r.import, 1);
		assert_int_equal(l->r.touches, 8991);
		assert_int_equal(l->j.touches.n, 8991);
		assert_int_equal(l->j.closed, 1);
		size_t lines = 0;
		for (const char *p = rejects(l); *p; p++)
			lines += *p == '\n';
		assert_int_equal(lines, 10);
	}
}

static void what_was_known_before_stays_known_after_a_resume(void **state)
{
	struct loading *l = *state;
	const char *path = many(l, "m.csv", 9000);
	struct buf b;
	buf_init(&b, 8 * MIB);
	buf_cstr(&b, "external_id,email,score\n");
	for (size_t i = 7000; i < 8000; i++)
		buf_printf(&b, "%zu,p%zu@x.de,%zu\n", i, i, i % 100);
	buf_byte(&b, 0);
	load(l, "part.csv", b.p);
	buf_fini(&b);
	l->j.fail_at = 4;
	assert_false(load_path(l, path));
	l->o.resume = true;
	assert_true(load_path(l, path));
	counts(l, 9000, 7992, 999, 9);
}

static void a_changed_file_or_map_is_not_resumed(void **state)
{
	struct loading *l = *state;
	const char *path = many(l, "m.csv", 9000);
	l->j.fail_at = 2;
	assert_false(load_path(l, path));
	l->o.resume = true;
	many(l, "m.csv", 9001);
	assert_fails(l, load_path(l, path), "is not the file of the interrupted import (m.csv,");
	many(l, "m.csv", 9000);
	put_map(l, "kind: people\n");
	assert_fails(l, load_path(l, path), "was read with another map");
	l->o.map_path = NULL;
	assert_true(load_path(l, path));
	assert_fails(l, load_path(l, path), "nothing to resume");
}

static void nothing_is_left_open_when_the_first_batch_fails(void **state)
{
	struct loading *l = *state;
	l->j.fail_at = 1;
	assert_fails(l, load_path(l, many(l, "m.csv", 10)), "the disk refused");
	assert_int_equal(l->j.import, 0);
	assert_int_equal(l->j.undone, 1);
	assert_null(strstr(l->e.text, "--resume"));
}

static bool stop_now;
static size_t progress_calls;
static void on_progress(void *arg, uint64_t rows, uint64_t bytes, uint64_t bytes_total)
{
	(void)arg;
	progress_calls++;
	assert_true(bytes <= bytes_total);
	stop_now = rows >= 2000;
}

static void a_signal_stops_after_a_chunk(void **state)
{
	struct loading *l = *state;
	const char *path = many(l, "m.csv", 9000);
	stop_now = true;
	l->o.stop = &stop_now;
	assert_true(load_path(l, path));
	assert_true(l->r.stopped);
	assert_int_equal(l->r.read, 2000);
	assert_int_equal(l->j.import, 1);
	stop_now = false;
	l->o.resume = true;
	l->o.progress = on_progress;
	l->o.stop = NULL;
	assert_true(load_path(l, path));
	assert_false(l->r.stopped);
	assert_true(progress_calls > 0);
	counts(l, 9000, 8991, 0, 9);
}

static void equal_events_are_counted_across_an_interruption(void **state)
{
	struct loading *l = *state;
	struct buf b;
	buf_init(&b, 8 * MIB);
	buf_cstr(&b, "at,name,user_id\n");
	for (size_t i = 0; i < 5000; i++)
		buf_cstr(&b, "2025-01-01,a,u\n");
	buf_byte(&b, 0);
	const char *path = put(l, "e.csv", b.p);
	buf_fini(&b);
	l->j.fail_at = 3;
	assert_false(load_path(l, path));
	l->o.resume = true;
	assert_true(load_path(l, path));
	assert_int_equal(l->j.touches.n, 5000);
}

static void a_row_of_many_touches_fits_the_batch(void **state)
{
	struct loading *l = *state;
	struct buf b;
	buf_init(&b, 8 * MIB);
	buf_cstr(
		&b,
		"email,became_lead_at,became_mql_at,became_sal_at,became_sql_at,became_opportunity_at,"
		"became_customer_at\n");
	for (size_t i = 0; i < 3000; i++)
		buf_printf(
			&b,
			"p%zu@x.de,2025-01-01,2025-01-02,2025-01-03,2025-01-04,2025-01-05,2025-01-06\n",
			i);
	buf_byte(&b, 0);
	const char *path = put(l, "p.csv", b.p);
	buf_fini(&b);
	assert_true(load_path(l, path));
	assert_int_equal(l->j.touches.n, 21000);
	assert_true(l->j.items_max <= BATCH_ITEMS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_file_again_changes_nothing),
		TEST(neither_name_nor_order_of_columns_nor_encoding_matter),
		TEST(a_changed_cell_makes_new_only_what_it_changes),
		TEST(a_new_stage_leaves_the_others_as_they_are),
		TEST(touches_of_one_instant_share_the_body_of_their_id),
		TEST(a_chunk_holds_at_most_two_thousand_rows),
		TEST(an_interrupted_import_goes_on_where_it_stopped),
		TEST(what_was_known_before_stays_known_after_a_resume),
		TEST(a_changed_file_or_map_is_not_resumed),
		TEST(nothing_is_left_open_when_the_first_batch_fails),
		TEST(a_signal_stops_after_a_chunk),
		TEST(equal_events_are_counted_across_an_interruption),
		TEST(a_row_of_many_touches_fits_the_batch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
