/*
 * test_rules.c - what follows when a rule holds: stages by rule, new rules, joins, time passing.
 */
#include "people_test.h"

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

static void a_rule_sends_nobody_back(void **state)
{
	static const struct prop CUSTOMER[] = {
		{ S("stage"), { .kind = VALUE_TEXT, .text = { "customer", 8 } } }
	};
	struct world w;
	(void)state;
	world_init(&w);
	configure(&w, "stages", "lead, mql, sal, sql, opportunity, customer");
	configure(&w, "rule.mql", "enter mql when did(\"paper_read\") >= 1");
	struct intake in = touch_named("stage_entered", "u1", DAY(1), NULL);
	in.props = CUSTOMER;
	in.props_n = 1;
	world_one(&w, TRUST_SECRET, in);
	world_one(&w, TRUST_PUBLIC, touch_named("paper_read", "u1", DAY(2), NULL));
	assert_true(str_eq(stage_of(&w, "u1"), S("customer")));
	world_verify(&w);
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
		  "enter quiet when stage = lead and not did(\"paper_read\", last 2s)");
	int64_t now = time_now_us();
	struct intake items[] = { touch_named("paper_read", "u1", now, NULL), lead("u1", now) };
	world_submit(&w, TRUST_SECRET, items, 2);
	assert_true(str_eq(stage_on_disk(&w, "u1"), S("lead")));
	/* not before its time, and soon after it, however busy the machine is */
	for (int i = 0; i < 100 && !str_eq(stage_on_disk(&w, "u1"), S("quiet")); i++)
		usleep(100 * 1000);
	assert_true(str_eq(stage_on_disk(&w, "u1"), S("quiet")));
	assert_true(time_now_us() - now > 2 * US_PER_S);
	world_verify(&w);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_moves_a_person_and_says_why),
		cmocka_unit_test(a_rule_sends_nobody_back),
		cmocka_unit_test(a_new_rule_looks_at_what_happened_before),
		cmocka_unit_test(what_was_done_before_joining_counts),
		cmocka_unit_test(history_fires_no_rule_but_is_looked_at_once),
		cmocka_unit_test(a_rule_that_makes_no_sense_is_refused_and_changes_nothing),
		cmocka_unit_test(time_passing_alone_can_make_a_rule_hold),
	};
	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
