/*
 * test_journal.c - the door: recognising messages, imports and undo, rules, timers, looking back.
 *
 * What it is:   tests of journal/ with the real people/ behind its hooks.
 */
#include "world.h"

#include "base/rand.h"

#define DAY(n) ((int64_t)(20000 + (n)) * US_PER_DAY)

static struct intake touch_named(const char *name, const char *user, int64_t at_us,
				 const char *message_id)
{
	return (struct intake){ .name = str_of(name),
				.at_us = at_us,
				.user_id = str_of(user),
				.message_id = str_of(message_id) };
}

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

/* ---- imports --------------------------------------------------------------------------------- */

static uint64_t import_begin_ok(struct world *w)
{
	uint64_t import = 0;
	WORLD_OK(w, journal_import_begin(w->j, S("{}"), &import, &w->e));
	return import;
}

static void import_submit(struct world *w, uint64_t import, enum duplicates duplicates,
			  struct intake *items, size_t n)
{
	struct batch b = { .items = items,
			   .n = n,
			   .trust = TRUST_SECRET,
			   .import = import,
			   .duplicates = duplicates };
	WORLD_OK(w, journal_submit(w->j, &b, &w->e));
}

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

/* ---- rules ----------------------------------------------------------------------------------- */

static str stage_of(struct world *w, const char *id)
{
	struct subject_view v = world_view(w, id);
	value stage = subject_cell(&v, S("stage"));
	return stage.kind == VALUE_TEXT ? stage.text : S("");
}

/* The same by a reader beside the writer, who may be at work on a timer. */
static str stage_on_disk(struct world *w, const char *id)
{
	struct snapshot *s;
	struct subject_view v;
	uint64_t subject;
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	assert_true(people_find(snapshot_people(s), ENTITY_PERSON, str_of(id), &subject));
	WORLD_OK(w, people_view(snapshot_people(s), subject, &w->a, &v, &w->e));
	value stage = subject_cell(&v, S("stage"));
	str text = stage.kind == VALUE_TEXT ? str_dup(&w->a, stage.text) : S("");
	snapshot_close(&s);
	return text;
}

static void configure(struct world *w, const char *name, const char *text)
{
	WORLD_OK(w, journal_config_set(w->j, str_of(name), str_of(text), S("test"), &w->e));
}

static const char MQL_RULE[] = "enter mql when stage = lead and did(\"paper_read\") >= 2";

static struct intake lead(const char *user, int64_t at_us)
{
	static const struct prop PROPS[] = { { S("stage"),
					       { .kind = VALUE_TEXT, .text = { "lead", 4 } } } };
	struct intake in = touch_named("stage_entered", user, at_us, NULL);
	in.props = PROPS;
	in.props_n = 1;
	return in;
}

static void a_rule_moves_a_person_and_says_why(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	configure(&w, "stages", "lead, mql, sal, sql, opportunity, customer");
	world_one(&w, TRUST_SECRET, lead("u1", DAY(1)));
	configure(&w, "rule.mql", "enter mql when stage = lead and did(\"paper_read\") >= 2");
	world_one(&w, TRUST_PUBLIC, touch_named("paper_read", "u1", DAY(2), NULL));
	assert_true(str_eq(stage_of(&w, "u1"), S("lead")));
	world_one(&w, TRUST_PUBLIC, touch_named("paper_read", "u1", DAY(3), NULL));
	assert_true(str_eq(stage_of(&w, "u1"), S("mql")));
	struct subject_view v = world_view(&w, "u1");
	assert_true(str_eq(subject_cell(&v, S("stage_reason")).text, S("mql")));
	assert_int_equal(v.touches, 4);
	world_verify(&w);
	world_one(&w, TRUST_PUBLIC, touch_named("paper_read", "u1", DAY(4), NULL));
	assert_int_equal(world_view(&w, "u1").touches, 5); /* entered once */
	world_fini(&w);
}

static void a_new_rule_looks_at_what_happened_before(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_SECRET, lead("u1", DAY(1)));
	for (int i = 0; i < 2; i++)
		world_one(&w, TRUST_PUBLIC, touch_named("paper_read", "u1", DAY(2 + i), NULL));
	configure(&w, "rule.mql", MQL_RULE);
	assert_true(str_eq(stage_of(&w, "u1"), S("mql")));
	world_verify(&w);
	world_fini(&w);
}

static void what_was_done_before_joining_counts(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	configure(&w, "rule.mql", "enter mql when did(\"paper_read\") >= 2");
	struct intake in = touch_named("paper_read", NULL, DAY(1), NULL);
	in.anonymous_id = S("a1");
	world_one(&w, TRUST_PUBLIC, in);
	world_one(&w, TRUST_PUBLIC, touch_named("paper_read", "u1", DAY(2), NULL));
	assert_true(str_eq(stage_of(&w, "u1"), S("")));
	in = touch_named("person_updated", "u1", DAY(3), NULL);
	in.anonymous_id = S("a1");
	world_one(&w, TRUST_PUBLIC, in);
	assert_true(str_eq(stage_of(&w, "u1"), S("mql")));
	world_verify(&w);
	world_fini(&w);
}

static void history_fires_no_rule_but_is_looked_at_once(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_SECRET, lead("u1", DAY(1)));
	configure(&w, "rule.mql", MQL_RULE);
	uint64_t import = import_begin_ok(&w);
	struct intake items[] = { touch_named("paper_read", "u1", DAY(2), "m1"),
				  touch_named("paper_read", "u1", DAY(3), "m2"),
				  touch_named("paper_read", "u1", DAY(4), "m3") };
	import_submit(&w, import, DUPLICATES_UPDATE, items, 3);
	assert_true(str_eq(stage_of(&w, "u1"), S("lead")));
	WORLD_OK(&w, journal_import_close(w.j, import, S("{}"), &w.e));
	assert_true(str_eq(stage_of(&w, "u1"), S("mql")));
	world_verify(&w);
	struct undo_result undone;
	WORLD_OK(&w, journal_import_undo(w.j, import, &undone, &w.e));
	assert_true(str_eq(stage_of(&w, "u1"), S("lead"))); /* what followed from it goes with it */
	world_verify(&w);
	world_fini(&w);
}

static void a_rule_that_makes_no_sense_is_refused_and_changes_nothing(void **state)
{
	static const char *const BAD[] = { "enter",
					   "enter mql",
					   "enter mql if stage = lead",
					   "enter mql when",
					   "enter mql when stagge = lead",
					   "enter mql when stage = ",
					   "leave mql when stage = lead" };
	struct world w;
	(void)state;
	world_init(&w);
	configure(&w, "rule.mql", MQL_RULE);
	for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
		assert_false(
			journal_config_set(w.j, S("rule.mql"), str_of(BAD[i]), S("test"), &w.e));
		assert_int_equal(w.e.code, ERR_INVALID);
	}
	world_one(&w, TRUST_SECRET, lead("u1", DAY(1)));
	for (int i = 0; i < 2; i++)
		world_one(&w, TRUST_PUBLIC, touch_named("paper_read", "u1", DAY(2), NULL));
	assert_true(str_eq(stage_of(&w, "u1"), S("mql")));
	world_fini(&w);
}

static void time_passing_alone_can_make_a_rule_hold(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	configure(&w, "rule.quiet",
		  "enter quiet when stage = lead and not did(\"paper_read\", last 500ms)");
	int64_t now = time_now_us();
	struct intake items[] = { touch_named("paper_read", "u1", now, NULL), lead("u1", now) };
	world_submit(&w, TRUST_SECRET, items, 2);
	assert_true(str_eq(stage_on_disk(&w, "u1"), S("lead")));
	usleep(1200 * 1000);
	assert_true(str_eq(stage_on_disk(&w, "u1"), S("quiet")));
	world_verify(&w);
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

/* Everything at once, at random: live and imported, undone, joined, separated, reopened. */
static void random_histories_can_be_proven(void **state)
{
	struct rng rng;
	(void)state;
	rng_init(&rng, 11);
	for (int round = 0; round < 6; round++) {
		struct world w;
		int refused = 0; /* nobody of that number, or one person already: as it should be */
		world_init(&w);
		configure(&w, "rule.mql",
			  "enter mql when did(\"paper_read\", last 3d) >= 2 or touches > 9");
		for (int step = 0; step < 60; step++) {
			struct intake items[8];
			struct prop props[8];
			char text[8][3][24];
			size_t n = 1 + rng_below(&rng, 8);
			for (size_t i = 0; i < n; i++) {
				snprintf(text[i][0], 24, "u%d", (int)rng_below(&rng, 12));
				snprintf(text[i][1], 24, "a%d", (int)rng_below(&rng, 20));
				snprintf(text[i][2], 24, "m%d", (int)rng_below(&rng, 400));
				static const char *const NAMES[] = { "page_viewed", "paper_read",
								     "person_updated" };
				items[i] = touch_named(NAMES[rng_below(&rng, 3)],
						       rng_chance(&rng, 0.5) ? text[i][0] : NULL,
						       DAY((int64_t)rng_below(&rng, 9)),
						       text[i][2]);
				if (rng_chance(&rng, 0.7))
					items[i].anonymous_id = str_of(text[i][1]);
				props[i] = (struct prop){
					S("city"),
					value_text(rng_chance(&rng, 0.2) ? S("Bonn") : S("Kiel"))
				};
				items[i].props = &props[i];
				items[i].props_n = 1;
				items[i].origin.source = rng_chance(&rng, 0.3) ? S("google")
									       : S("");
			}
			uint64_t dice = rng_below(&rng, 20);
			if (dice < 14) {
				world_submit(&w, TRUST_SECRET, items, n);
			} else if (dice < 17) {
				uint64_t import = import_begin_ok(&w);
				import_submit(&w, import, (enum duplicates)rng_below(&rng, 3),
					      items, n);
				if (rng_chance(&rng, 0.3))
					world_reopen(&w);
				WORLD_OK(&w, journal_import_close(w.j, import, S("{}"), &w.e));
				struct undo_result undone;
				if (rng_chance(&rng, 0.5))
					WORLD_OK(&w,
						 journal_import_undo(w.j, import, &undone, &w.e));
			} else if (dice == 17) {
				uint64_t all = people_profiles(journal_people(w.j)) + 1;
				refused += !people_merge(w.j, rng_below(&rng, all),
							 rng_below(&rng, all), S("t"), S("t"),
							 &w.e);
			} else if (dice == 18) {
				uint64_t all = people_profiles(journal_people(w.j)) + 1;
				refused += !people_unmerge(w.j, rng_below(&rng, all), S("t"),
							   S("t"), &w.e);
			} else {
				world_reopen(&w);
			}
		}
		(void)refused;
		world_verify(&w);
		world_fini(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_id_is_recognised),
		cmocka_unit_test(a_write_key_may_not_send_reserved_names),
		cmocka_unit_test(a_clock_that_runs_ahead_is_corrected),
		cmocka_unit_test(an_import_becomes_visible_at_its_end),
		cmocka_unit_test(undo_brings_back_what_was_overwritten),
		cmocka_unit_test(an_import_that_was_interrupted_can_be_undone),
		cmocka_unit_test(duplicates_follow_their_policy),
		cmocka_unit_test(a_rule_moves_a_person_and_says_why),
		cmocka_unit_test(a_new_rule_looks_at_what_happened_before),
		cmocka_unit_test(what_was_done_before_joining_counts),
		cmocka_unit_test(history_fires_no_rule_but_is_looked_at_once),
		cmocka_unit_test(a_rule_that_makes_no_sense_is_refused_and_changes_nothing),
		cmocka_unit_test(time_passing_alone_can_make_a_rule_hold),
		cmocka_unit_test(as_of_shows_what_was_known_then),
		cmocka_unit_test(configuration_keeps_its_versions),
		cmocka_unit_test(one_process_writes_at_a_time),
		cmocka_unit_test(a_rehearsal_leaves_nothing_behind),
		cmocka_unit_test(what_is_to_be_delivered_stays_until_it_is_done),
		cmocka_unit_test(random_histories_can_be_proven),
	};
	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
