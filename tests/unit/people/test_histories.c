/*
 * test_histories.c - everything at once, at random, and the projections can be proven.
 */
#include "people_test.h"

#include "base/rand.h"

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
		cmocka_unit_test(random_histories_can_be_proven),
	};
	return cmocka_run_group_tests_name("histories", tests, NULL, NULL);
}
