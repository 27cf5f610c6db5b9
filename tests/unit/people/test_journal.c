/*
 * test_journal.c - the door: recognising messages, looking back, configuration, the outbox.
 *
 * What it is:   tests of journal/ with the real people/ behind its hooks.
 */
#include "people_test.h"

#include "base/thread.h"

static void a_message_id_is_recognised(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	for (int round = 0; round < 3; round++) {
		struct intake items[2] = { touch_named("page_viewed", "u1", DAY(1), "m1"),
					   touch_named("page_viewed", "u1", DAY(1), "m1") };
		world_submit(&w, TRUST_PUBLIC, items, 2);
		assert_int_equal(items[0].outcome, round ? OUTCOME_DUPLICATE : OUTCOME_ACCEPTED);
		assert_int_equal(items[1].outcome, OUTCOME_DUPLICATE);
		world_reopen(&w);
	}
	assert_int_equal(world_view(&w, "u1").touches, 1);
	world_verify(&w);
	world_fini(&w);
}

static void a_write_key_may_not_send_reserved_names(void **state)
{
	static const char *const RESERVED[] = { "stage_entered", "deal_won",	  "consent_given",
						"person_merged", "import_undone", "spend_booked" };
	struct world w;
	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_LEN(RESERVED); i++) {
		struct intake in = touch_named(RESERVED[i], "u1", DAY(1), NULL);
		world_submit(&w, TRUST_PUBLIC, &in, 1);
		assert_int_equal(in.outcome, OUTCOME_REJECTED);
		assert_non_null(in.reason);
	}
	world_one(&w, TRUST_PUBLIC, touch_named("stage_dived", "u1", DAY(1), NULL));
	world_one(&w, TRUST_SECRET, touch_named("deal_won", "u1", DAY(1), NULL));
	assert_int_equal(world_touches(&w), 2);
	world_fini(&w);
}

static void a_clock_that_runs_ahead_is_corrected(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	int64_t ahead = time_now_us() + 3 * US_PER_DAY;
	world_one(&w, TRUST_PUBLIC, touch_named("page_viewed", "u1", ahead, NULL));
	struct subject_view v = world_view(&w, "u1");
	assert_true(v.last_us <= time_now_us());
	world_verify(&w);
	world_fini(&w);
}

/* ---- nobody waits ---------------------------------------------------------------------------- */

#define SINGLES 600

struct told {
	struct mutex mutex;
	size_t ok, failed;
};

static void tell(void *arg, bool ok, const err *e)
{
	struct told *t = arg;
	(void)e;
	mutex_lock(&t->mutex);
	t->ok += ok;
	t->failed += !ok;
	mutex_unlock(&t->mutex);
}

static void touches_that_nobody_waits_for_share_commits(void **state)
{
	static struct intake items[SINGLES];
	static struct batch batches[SINGLES];
	struct world w;
	struct told told = { 0 };
	struct journal_numbers numbers;
	(void)state;
	world_init(&w);
	mutex_init(&told.mutex);
	for (size_t i = 0; i < SINGLES; i++) {
		items[i] = touch_named("page_viewed", "u1", DAY(1) + (int64_t)i, NULL);
		batches[i] = (struct batch){ .items = &items[i], .n = 1, .trust = TRUST_PUBLIC };
		WORLD_OK(&w, journal_submit_then(w.j, &batches[i], tell, &told, &w.e));
	}
	WORLD_OK(&w, journal_flush(w.j, &w.e));
	assert_int_equal(told.ok, SINGLES);
	for (size_t i = 0; i < SINGLES; i++)
		assert_int_equal(items[i].outcome, OUTCOME_ACCEPTED);
	journal_numbers(w.j, &numbers);
	assert_true(numbers.commits < SINGLES);
	assert_int_equal(world_touches(&w), SINGLES);
	mutex_fini(&told.mutex);
	world_fini(&w);
}

static void a_full_queue_is_an_answer_and_what_was_taken_is_told(void **state)
{
	static struct intake items[SINGLES];
	static struct batch batches[SINGLES];
	struct world w = { 0 };
	struct told told = { 0 };
	size_t taken = 0, refused = 0;
	(void)state;
	world_init(&w);
	world_close(&w);
	w.options.queue_batches_max = 2;
	world_open(&w);
	mutex_init(&told.mutex);
	for (size_t i = 0; i < SINGLES; i++) {
		items[i] = touch_named("page_viewed", "u1", DAY(1) + (int64_t)i, NULL);
		batches[i] = (struct batch){ .items = &items[i], .n = 1, .trust = TRUST_PUBLIC };
		if (journal_submit_then(w.j, &batches[i], tell, &told, &w.e))
			taken++;
		else
			refused += w.e.code == ERR_BUSY;
	}
	assert_true(taken > 0 && refused > 0);
	assert_int_equal(taken + refused, SINGLES);
	world_close(&w); /* finishes what was taken */
	assert_int_equal(told.ok, taken);
	assert_int_equal(told.failed, 0);
	world_open(&w);
	assert_int_equal(world_touches(&w), taken);
	mutex_fini(&told.mutex);
	world_fini(&w);
}

/* ---- looking back ---------------------------------------------------------------------------- */

static void as_of_shows_what_was_known_then(void **state)
{
	struct world w;
	struct snapshot *s;
	struct subject_view v;
	uint64_t subject;
	(void)state;
	world_init(&w);
	for (int i = 1; i <= 4; i++)
		world_one(&w, TRUST_PUBLIC, touch_named("page_viewed", "u1", DAY(i), NULL));
	WORLD_OK(&w, snapshot_open(w.dir, 2, &s, &w.e));
	assert_int_equal(snapshot_seq(s), 2);
	assert_true(people_find(snapshot_people(s), ENTITY_PERSON, S("u1"), &subject));
	WORLD_OK(&w, people_view(snapshot_people(s), subject, &w.a, &v, &w.e));
	assert_int_equal(v.touches, 2);
	assert_int_equal(v.last_us, DAY(2));
	uint64_t n = 0;
	WORLD_OK(&w, snapshot_scan(s, world_count_touch, &n, &w.e));
	assert_int_equal(n, 2);
	snapshot_close(&s);
	world_fini(&w);
}

static void configuration_keeps_its_versions(void **state)
{
	struct world w;
	struct snapshot *s;
	str text;
	(void)state;
	world_init(&w);
	configure(&w, "stages", "lead, customer");
	for (int i = 1; i <= 3; i++)
		world_one(&w, TRUST_PUBLIC, touch_named("page_viewed", "u1", DAY(i), NULL));
	configure(&w, "stages", "lead, mql, customer");
	world_one(&w, TRUST_PUBLIC, touch_named("page_viewed", "u1", DAY(4), NULL));
	WORLD_OK(&w, snapshot_open(w.dir, 2, &s, &w.e));
	WORLD_OK(&w, snapshot_config(s, S("stages"), &w.a, &text, &w.e));
	assert_true(str_eq(text, S("lead, customer")));
	snapshot_close(&s);
	WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
	WORLD_OK(&w, snapshot_config(s, S("stages"), &w.a, &text, &w.e));
	assert_true(str_eq(text, S("lead, mql, customer")));
	snapshot_close(&s);
	world_fini(&w);
}

struct watched {
	char told[512];
};

static bool watch(void *arg, str name, str text, uint64_t from_seq, int64_t from_us, str by)
{
	struct watched *x = arg;
	size_t n = strlen(x->told);
	(void)from_seq;
	assert_true(from_us > 0);
	snprintf(x->told + n, sizeof x->told - n, "%.*s=%.*s(%.*s) ", STR_ARG(name), STR_ARG(text),
		 STR_ARG(by));
	return true;
}

static bool each_name(void *arg, str name, str text, uint64_t from_seq, int64_t from_us, str by)
{
	return watch(arg, name, text, from_seq, from_us, by);
}

static void who_watches_the_configuration_is_told_what_holds_and_what_changes(void **state)
{
	struct world w;
	struct watched x = { 0 };
	struct config_change *changes;
	size_t n;
	(void)state;
	world_init(&w);
	configure(&w, "user.1", "ann");
	configure(&w, "user.1", "anna");
	configure(&w, "secret.user.1", "hash");
	WORLD_OK(&w, journal_config_watch(w.j, watch, &x, &w.e));
	assert_string_equal(x.told, "user.1=anna(test) secret.user.1=hash(test) ");
	x.told[0] = '\0';
	configure(&w, "user.1", "");
	assert_string_equal(x.told, "user.1=(test) ");
	world_reopen(&w);
	WORLD_OK(&w, journal_config_history(w.j, 0, 10, &w.a, &changes, &n, &w.e));
	assert_int_equal(n, 4);
	assert_true(str_eq(changes[0].name, S("user.1")) && str_eq(changes[0].old, S("anna")));
	assert_true(str_eq(changes[2].value, S("anna")) && str_eq(changes[2].old, S("ann")));
	assert_true(str_eq(changes[3].old, S("")));
	WORLD_OK(&w, journal_config_history(w.j, changes[2].number, 10, &w.a, &changes, &n, &w.e));
	assert_int_equal(n, 1);
	assert_true(str_eq(changes[0].value, S("ann")));
	world_fini(&w);
}

/* Whether the bytes stand anywhere in the closed ledger. */
static bool ledger_holds(struct world *w, const char *bytes)
{
	char path[512];
	struct buf b;
	snprintf(path, sizeof path, "%s/ledger.db", w->dir);
	buf_init(&b, 64 * MIB);
	WORLD_OK(w, fs_read_all(fs_real(), path, 64 * MIB, &b, &w->e));
	bool found = memmem(b.p, b.n, bytes, strlen(bytes)) != NULL;
	buf_fini(&b);
	return found;
}

static void a_secret_is_told_to_watchers_alone_and_wiped_when_replaced(void **state)
{
	struct world w;
	struct watched x = { 0 };
	struct snapshot *s;
	struct config_change *changes;
	size_t n;
	str text;
	(void)state;
	world_init(&w);
	configure(&w, "secret.user.1", "first-hash");
	configure(&w, "user.1", "ann");
	WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
	WORLD_OK(&w, snapshot_config(s, S("secret.user.1"), &w.a, &text, &w.e));
	assert_int_equal(text.n, 0);
	WORLD_OK(&w, snapshot_config_each(s, each_name, &x, &w.e));
	assert_string_equal(x.told, "user.1=ann(test) ");
	snapshot_close(&s);
	configure(&w, "secret.user.1", "second-hash");
	WORLD_OK(&w, journal_config_history(w.j, 0, 10, &w.a, &changes, &n, &w.e));
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i += 2)
		assert_true(changes[i].value.n == 0 && changes[i].old.n == 0);
	world_close(&w);
	assert_false(ledger_holds(&w, "first-hash"));
	assert_true(ledger_holds(&w, "second-hash"));
	world_open(&w);
	world_fini(&w);
}

static void a_damaged_run_of_message_ids_is_named(void **state)
{
	struct world w;
	char path[512];
	uint64_t differences, touches;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_SECRET, touch_named("page_viewed", "u1", DAY(1), "m1"));
	world_close(&w);
	WORLD_OK(&w, journal_verify(w.dir, NULL, NULL, &differences, &touches, &w.e));
	snprintf(path, sizeof path, "%s/messages-000001.run", w.dir);
	FILE *f = fopen(path, "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, -1, SEEK_END), 0);
	int last = fgetc(f);
	assert_int_equal(fseek(f, -1, SEEK_END), 0);
	fputc(last ^ 1, f);
	fclose(f);
	assert_false(journal_verify(w.dir, NULL, NULL, &differences, &touches, &w.e));
	assert_int_equal(w.e.code, ERR_CORRUPT);
	assert_non_null(strstr(w.e.text, "messages-000001.run"));
	world_fini(&w);
}

static bool count_run(void *arg, const char *name)
{
	*(int *)arg += str_ends(str_of(name), S(".run"));
	return true;
}

static int runs_in(struct world *w)
{
	int n = 0;
	WORLD_OK(w, fs_list(fs_real(), w->dir, count_run, &n, &w->e));
	return n;
}

/* Opening and closing alone is no work: nothing is read again, and no file written again. */
static void a_start_with_nothing_new_writes_no_run(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	world_one(&w, TRUST_SECRET, touch_named("page_viewed", "anna", DAY(1), "m1"));
	world_reopen(&w);
	int runs = runs_in(&w);
	assert_true(runs > 0);
	for (int i = 0; i < 3; i++) {
		WORLD_OK(&w,
			 journal_config_set(w.j, S("stages"), i % 2 ? S("lead") : S("lead, mql"),
					    S("test"), &w.e));
		world_reopen(&w);
		assert_int_equal(runs_in(&w), runs);
	}
	world_fini(&w);
}

static void one_process_writes_at_a_time(void **state)
{
	struct world w;
	struct journal *second;
	(void)state;
	world_init(&w);
	assert_false(journal_open(w.dir, NULL, &second, &w.e));
	assert_int_equal(w.e.code, ERR_CONFLICT);
	assert_false(journal_init(w.dir, &w.e));
	assert_int_equal(w.e.code, ERR_CONFLICT);
	assert_false(journal_open("/nonexistent/dir", NULL, &second, &w.e));
	assert_int_equal(w.e.code, ERR_NOT_FOUND);
	world_fini(&w);
}

static void a_rehearsal_leaves_nothing_behind(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_SECRET, touch_named("page_viewed", "u1", DAY(1), "m1"));
	world_close(&w);
	w.options.rehearse = true;
	world_open(&w);
	uint64_t import = import_begin_ok(&w);
	struct intake items[] = { touch_named("page_viewed", "u1", DAY(1), "m1"),
				  touch_named("page_viewed", "u2", DAY(1), "m2") };
	import_submit(&w, import, DUPLICATES_UPDATE, items, 2);
	assert_int_equal(items[0].outcome, OUTCOME_DUPLICATE);
	assert_int_equal(items[1].outcome, OUTCOME_ACCEPTED);
	world_close(&w);
	w.options.rehearse = false;
	world_open(&w);
	assert_int_equal(world_touches(&w), 1);
	world_verify(&w);
	world_fini(&w);
}

/* ---- outbox ---------------------------------------------------------------------------------- */

static void what_is_to_be_delivered_stays_until_it_is_done(void **state)
{
	const struct outbox_item out[] = {
		{ .due_us = DAY(3), .kind = S("mail"), .body = S("later") },
		{ .due_us = DAY(1), .kind = S("webhook"), .body = S("first") }
	};
	struct world w;
	struct outbox_item *items;
	size_t n;
	(void)state;
	world_init(&w);
	struct intake in = touch_named("page_viewed", "u1", DAY(1), NULL);
	struct batch b = {
		.items = &in, .n = 1, .trust = TRUST_SECRET, .outbox = out, .outbox_n = 2
	};
	WORLD_OK(&w, journal_submit(w.j, &b, &w.e));
	world_reopen(&w);
	WORLD_OK(&w, journal_outbox_due(w.j, DAY(2), 10, &w.a, &items, &n, &w.e));
	assert_int_equal(n, 1);
	assert_true(str_eq(items[0].body, S("first")));
	WORLD_OK(&w, journal_outbox_retry(w.j, items[0].id, DAY(4), &w.e));
	WORLD_OK(&w, journal_outbox_due(w.j, DAY(5), 10, &w.a, &items, &n, &w.e));
	assert_int_equal(n, 2);
	assert_true(str_eq(items[1].body, S("first")));
	assert_int_equal(items[1].tries, 1);
	for (size_t i = 0; i < n; i++)
		WORLD_OK(&w, journal_outbox_done(w.j, items[i].id, &w.e));
	assert_false(journal_outbox_done(w.j, items[0].id, &w.e));
	assert_int_equal(w.e.code, ERR_NOT_FOUND);
	world_reopen(&w);
	WORLD_OK(&w, journal_outbox_due(w.j, DAY(5), 10, &w.a, &items, &n, &w.e));
	assert_int_equal(n, 0);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_id_is_recognised),
		cmocka_unit_test(a_write_key_may_not_send_reserved_names),
		cmocka_unit_test(a_clock_that_runs_ahead_is_corrected),
		cmocka_unit_test(touches_that_nobody_waits_for_share_commits),
		cmocka_unit_test(a_full_queue_is_an_answer_and_what_was_taken_is_told),
		cmocka_unit_test(as_of_shows_what_was_known_then),
		cmocka_unit_test(configuration_keeps_its_versions),
		cmocka_unit_test(who_watches_the_configuration_is_told_what_holds_and_what_changes),
		cmocka_unit_test(a_secret_is_told_to_watchers_alone_and_wiped_when_replaced),
		cmocka_unit_test(a_damaged_run_of_message_ids_is_named),
		cmocka_unit_test(a_start_with_nothing_new_writes_no_run),
		cmocka_unit_test(one_process_writes_at_a_time),
		cmocka_unit_test(a_rehearsal_leaves_nothing_behind),
		cmocka_unit_test(what_is_to_be_delivered_stays_until_it_is_done),
	};
	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
