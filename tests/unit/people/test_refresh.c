/*
 * test_refresh.c - a reader that stays open knows what one opened now would.
 */
#include "people_test.h"

#include "base/rand.h"
#include "journal/hooks.h"

struct pair {
	struct world w;
	struct snapshot *live;
	uint64_t told; /* touches, by refreshes that did not open anew */
};

static bool count_told(void *arg, const struct touch *t)
{
	struct pair *p = arg;
	(void)t;
	p->told++;
	return true;
}

static void refresh(struct pair *p)
{
	bool reopened;
	WORLD_OK(&p->w, snapshot_refresh(&p->live, count_told, p, &reopened, &p->w.e));
}

/* The refreshed one beside one that is opened now: people, touches and sequence number. */
static void assert_same(struct pair *p)
{
	struct snapshot *fresh;
	uint64_t differences = 0, touches[2] = { 0 };
	refresh(p);
	WORLD_OK(&p->w, snapshot_open_live(p->w.dir, &fresh, &p->w.e));
	assert_int_equal(snapshot_seq(p->live), snapshot_seq(fresh));
	WORLD_OK(&p->w, journal_hooks.compare(snapshot_people(p->live), snapshot_people(fresh),
					      world_say, NULL, &differences, &p->w.e));
	assert_int_equal(differences, 0);
	WORLD_OK(&p->w, snapshot_scan(p->live, world_count_touch, &touches[0], &p->w.e));
	WORLD_OK(&p->w, snapshot_scan(fresh, world_count_touch, &touches[1], &p->w.e));
	assert_int_equal(touches[0], touches[1]);
	snapshot_close(&fresh);
	snapshot_rest(p->live);
}

static void pair_init(struct pair *p)
{
	*p = (struct pair){ 0 };
	world_init(&p->w);
	WORLD_OK(&p->w, snapshot_open_live(p->w.dir, &p->live, &p->w.e));
}

static void pair_fini(struct pair *p)
{
	snapshot_close(&p->live);
	world_fini(&p->w);
}

static void some_touches(struct pair *p, struct rng *rng, uint64_t import)
{
	struct intake items[8];
	struct prop props[8];
	char text[8][3][24];
	size_t n = 1 + rng_below(rng, 8);
	static const char *const NAMES[] = { "page_viewed", "paper_read", "person_updated" };
	for (size_t i = 0; i < n; i++) {
		snprintf(text[i][0], 24, "u%d", (int)rng_below(rng, 12));
		snprintf(text[i][1], 24, "a%d", (int)rng_below(rng, 20));
		snprintf(text[i][2], 24, "m%d", (int)rng_below(rng, 900));
		items[i] = touch_named(NAMES[rng_below(rng, 3)],
				       rng_chance(rng, 0.5) ? text[i][0] : NULL,
				       DAY((int64_t)rng_below(rng, 9)), text[i][2]);
		if (rng_chance(rng, 0.7))
			items[i].anonymous_id = str_of(text[i][1]);
		if (rng_chance(rng, 0.2))
			items[i].company_domain = S("acme.example");
		props[i] = (struct prop){ S("city"), value_int((int64_t)rng_below(rng, 5)) };
		items[i].props = &props[i];
		items[i].props_n = 1;
		items[i].origin.source = rng_chance(rng, 0.3) ? S("google") : S("");
	}
	if (import)
		import_submit(&p->w, import, (enum duplicates)rng_below(rng, 3), items, n);
	else
		world_submit(&p->w, TRUST_SECRET, items, n);
}

static void an_import(struct pair *p, struct rng *rng)
{
	struct undo_result undone;
	uint64_t import = import_begin_ok(&p->w);
	some_touches(p, rng, import);
	if (rng_chance(rng, 0.5))
		assert_same(p); /* while it is open */
	some_touches(p, rng, 0);
	some_touches(p, rng, import);
	WORLD_OK(&p->w, journal_import_close(p->w.j, import, S("{}"), &p->w.e));
	if (rng_chance(rng, 0.5))
		assert_same(p);
	if (rng_chance(rng, 0.4))
		WORLD_OK(&p->w, journal_import_undo(p->w.j, import, &undone, &p->w.e));
}

static void a_join_by_hand(struct pair *p, struct rng *rng)
{
	uint64_t all = people_profiles(journal_people(p->w.j)) + 1;
	bool done = rng_chance(rng, 0.5)
			    ? people_merge(p->w.j, rng_below(rng, all), rng_below(rng, all), S("t"),
					   S("t"), &p->w.e)
			    : people_unmerge(p->w.j, rng_below(rng, all), S("t"), S("t"), &p->w.e);
	(void)done; /* nobody of that number, or one person already: as it should be */
}

static void a_refreshed_reader_is_one_opened_now(void **state)
{
	struct rng rng;
	(void)state;
	rng_init(&rng, 5);
	for (int round = 0; round < 6; round++) {
		struct pair p;
		pair_init(&p);
		configure(&p.w, "rule.mql", "enter mql when did(\"paper_read\") >= 2");
		for (int step = 0; step < 60; step++) {
			uint64_t dice = rng_below(&rng, 20);
			if (dice < 13)
				some_touches(&p, &rng, 0);
			else if (dice < 15)
				an_import(&p, &rng);
			else if (dice < 18)
				a_join_by_hand(&p, &rng);
			else if (dice == 18)
				WORLD_OK(&p.w, journal_flush(p.w.j, &p.w.e));
			else
				configure(&p.w, "stages",
					  rng_chance(&rng, 0.5) ? "lead, mql" : "visitor, mql");
			if (rng_chance(&rng, 0.5))
				assert_same(&p);
		}
		assert_same(&p);
		pair_fini(&p);
	}
}

static void an_acknowledged_touch_is_seen_after_a_refresh(void **state)
{
	struct pair p;
	uint64_t subject;
	(void)state;
	pair_init(&p);
	for (int i = 0; i < 300; i++) {
		char user[24], id[24];
		snprintf(user, sizeof user, "u%d", i);
		snprintf(id, sizeof id, "m%d", i);
		snapshot_rest(p.live);
		world_one(&p.w, TRUST_SECRET, touch_named("page_viewed", user, DAY(1), id));
		refresh(&p);
		assert_true(people_find(snapshot_people(p.live), ENTITY_PERSON, str_of(user),
					&subject));
	}
	assert_int_equal(p.told, 300);
	pair_fini(&p);
}

/* What the writer wrote back is given up here too, or a reader would hold everything for ever. */
static void what_is_on_disk_is_not_held_for_ever(void **state)
{
	struct pair p;
	(void)state;
	pair_init(&p);
	for (int round = 0; round < 5; round++) {
		struct intake items[200];
		char text[200][32];
		struct prop prop = { S("city"), value_text(S("Bonn")) };
		for (int i = 0; i < 200; i++) {
			snprintf(text[i], sizeof text[i], "u%d-%d", round, i);
			items[i] = touch_named("person_updated", text[i], DAY(1), text[i]);
			items[i].props = &prop;
			items[i].props_n = 1;
		}
		world_submit(&p.w, TRUST_SECRET, items, 200);
		WORLD_OK(&p.w, journal_flush(p.w.j, &p.w.e));
		assert_same(&p);
		assert_same(&p);
	}
	pair_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refreshed_reader_is_one_opened_now),
		cmocka_unit_test(an_acknowledged_touch_is_seen_after_a_refresh),
		cmocka_unit_test(what_is_on_disk_is_not_held_for_ever),
	};
	return cmocka_run_group_tests_name("refresh", tests, NULL, NULL);
}
