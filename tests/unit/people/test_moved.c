/*
 * test_moved.c - who is another subject than at an earlier number, and who is not.
 */
#include "people_test.h"

#include "base/rand.h"

#define STEPS	     40
#define PROFILES_MAX 256

/* Whose each profile was, as readers knew it and as the writer did. */
struct then {
	uint64_t seq, n;
	uint64_t reader[PROFILES_MAX], writer[PROFILES_MAX];
};

static void note(struct world *w, struct then *t)
{
	struct snapshot *s;
	WORLD_OK(w, journal_flush(w->j, &w->e));
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	t->seq = snapshot_seq(s);
	t->n = people_profiles(snapshot_people(s));
	assert_true(t->n < PROFILES_MAX);
	for (uint64_t i = 1; i <= t->n; i++) {
		t->reader[i] = people_subject_of(snapshot_people(s), i);
		t->writer[i] = people_subject_of(journal_people(w->j), i);
	}
	snapshot_close(&s);
}

static bool has(const struct people_moved *m, uint64_t profile)
{
	return profile < m->n && (m->bits[profile / 64] >> (profile % 64) & 1) != 0;
}

/* Of a subject that did not move, and only of one, the profiles are those that it had. */
static uint64_t compare(struct world *w, const struct then *t)
{
	struct snapshot *s;
	struct people_moved m;
	uint64_t stayed = 0;
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	WORLD_OK(w, people_moved_since(s, t->seq, &w->a, &m, &w->e));
	for (uint64_t i = 1; i <= t->n; i++) {
		uint64_t now = people_subject_of(snapshot_people(s), i);
		if (!has(&m, i)) {
			assert_int_equal(now, t->reader[i]);
			assert_int_equal(now, t->writer[i]);
			stayed++;
		}
		if (now != t->reader[i]) {
			assert_true(has(&m, i));
			assert_true(has(&m, now));
			assert_true(has(&m, t->reader[i]));
			assert_true(m.any);
		}
	}
	snapshot_close(&s);
	return stayed;
}

static void step(struct world *w, struct rng *rng, uint64_t *last_merge)
{
	char text[3][24];
	struct intake in[3];
	struct undo_result undone;
	size_t n = 1 + rng_below(rng, 3);
	uint64_t all = people_profiles(journal_people(w->j)) + 1;
	for (size_t i = 0; i < n; i++) {
		snprintf(text[i], sizeof text[i], "a%d", (int)rng_below(rng, 60));
		in[i] = touch_named("page_viewed", NULL, DAY((int64_t)rng_below(rng, 9)), NULL);
		in[i].anonymous_id = str_of(text[i]);
		static const char *const USERS[] = { "u1", "u2", "u3", "u4", "u5", "u6" };
		if (rng_chance(rng, 0.3))
			in[i].user_id = str_of(USERS[rng_below(rng, 6)]);
	}
	uint64_t dice = rng_below(rng, 20);
	if (dice < 10) {
		world_submit(w, TRUST_SECRET, in, n);
	} else if (dice < 14) {
		uint64_t import = import_begin_ok(w);
		import_submit(w, import, DUPLICATES_UPDATE, in, n);
		WORLD_OK(w, journal_import_close(w->j, import, S("{}"), &w->e));
		if (rng_chance(rng, 0.5))
			WORLD_OK(w, journal_import_undo(w->j, import, &undone, &w->e));
	} else if (dice < 17 && all > 1) {
		if (people_merge(w->j, rng_below(rng, all), rng_below(rng, all), S("user:1"),
				 S("t"), &w->e))
			*last_merge = 1;
	} else if (dice < 19 && all > 1) {
		bool ok = people_unmerge(w->j, rng_below(rng, all), S("user:1"), S("t"), &w->e);
		(void)ok;
	} else if (*last_merge) {
		struct snapshot *s;
		uint64_t newest;
		WORLD_OK(w, journal_flush(w->j, &w->e));
		WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
		newest = snapshot_seq(s);
		snapshot_close(&s);
		/* Whatever was done by hand lately is taken back. */
		for (uint64_t seq = newest; seq > 0 && seq + 30 > newest; seq--) {
			struct touch_undo u = { .seq = seq, .by = S("user:1"), .anyway = true };
			if (journal_touch_undo(w->j, &u, &w->e))
				break;
		}
	}
}

static void whoever_is_not_told_is_who_they_were(void **state)
{
	static struct then thens[STEPS];
	struct rng rng;
	uint64_t stayed = 0;
	(void)state;
	rng_init(&rng, 7);
	for (int round = 0; round < 4; round++) {
		struct world w;
		uint64_t last_merge = 0;
		world_init(&w);
		for (size_t i = 0; i < STEPS; i++) {
			step(&w, &rng, &last_merge);
			note(&w, &thens[i]);
		}
		for (size_t i = 0; i < STEPS; i++)
			stayed += compare(&w, &thens[i]);
		world_fini(&w);
	}
	assert_true(stayed > 500);
}

static void what_an_open_import_joins_has_moved_when_it_closes(void **state)
{
	struct world w;
	struct then t;
	(void)state;
	world_init(&w);
	struct intake a = touch_named("x", "u1", DAY(0), NULL);
	struct intake b = touch_named("x", "", DAY(0), NULL);
	b.anonymous_id = S("a1");
	world_one(&w, TRUST_SECRET, a);
	world_one(&w, TRUST_SECRET, b);
	uint64_t import = import_begin_ok(&w);
	a.anonymous_id = S("a1");
	import_submit(&w, import, DUPLICATES_UPDATE, &a, 1);
	note(&w, &t);
	WORLD_OK(&w, journal_import_close(w.j, import, S("{}"), &w.e));
	WORLD_OK(&w, journal_flush(w.j, &w.e));
	assert_int_equal(compare(&w, &t), 0);
	note(&w, &t);
	assert_int_equal(compare(&w, &t), t.n);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_is_not_told_is_who_they_were),
		cmocka_unit_test(what_an_open_import_joins_has_moved_when_it_closes),
	};
	return cmocka_run_group_tests_name("moved", tests, NULL, NULL);
}
