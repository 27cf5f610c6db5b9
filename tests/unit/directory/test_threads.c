/*
 * test_threads.c - many ask while the journal is written.
 *
 * What it is:   readers with snapshots of their own ask for pages, facets and journeys; what was
 *               acknowledged before a snapshot was refreshed is in its answer. Meant for TSan.
 */
#include "directory_test.h"

#include <stdatomic.h>

#define READERS 3
#define ROUNDS	40

struct shared {
	struct pair *p;
	struct directory *d;
	atomic_uint acknowledged; /* people made so far */
	atomic_uint stop;
};

static void read_once(struct shared *s, struct snapshot **snapshot, struct arena *a)
{
	static const str SORTS[] = { S("name"), S("last_at"), S("city"), S("touches") };
	bool reopened;
	err e = { 0 };
	unsigned before = atomic_load(&s->acknowledged);
	assert_true(snapshot_refresh(snapshot, NULL, NULL, &reopened, &e));
	struct directory_query q = { .now_us = DAY(9), .limit = 5, .count = true };
	struct directory_page page;
	q.sort = SORTS[before % ARRAY_LEN(SORTS)];
	bool ok = directory_page(s->d, *snapshot, &q, a, &page, &e);
	assert_true(ok || e.code == ERR_BUSY);
	if (ok)
		assert_true(page.count >= before);
	struct directory_facet *facets;
	struct directory_touches t;
	size_t n;
	if (ok && page.n) {
		struct directory_journey j = { .subject = page.subjects[0],
					       .begin = true,
					       .limit = 5 };
		assert_true(directory_journey(s->d, *snapshot, &j, a, &t, &e));
		assert_true(t.n > 0);
		assert_true(
			directory_facets(s->d, *snapshot, &q, S("city"), 9, a, &facets, &n, &e) ||
			e.code == ERR_BUSY);
	}
	snapshot_rest(*snapshot);
	arena_reset(a);
}

static void *reader(void *arg)
{
	struct shared *s = arg;
	struct snapshot *snapshot;
	struct arena a;
	err e = { 0 };
	arena_init(&a, 64 * MIB);
	assert_true(snapshot_open_live(s->p->w.dir, &snapshot, &e));
	while (!atomic_load(&s->stop))
		read_once(s, &snapshot, &a);
	snapshot_close(&snapshot);
	arena_fini(&a);
	return NULL;
}

static void many_ask_while_it_is_written(void **state)
{
	struct pair p;
	(void)state;
	pair_init(&p, 3);
	struct shared s = { .p = &p, .d = p.d };
	struct thread threads[READERS];
	for (size_t i = 0; i < READERS; i++)
		WORLD_OK(&p.w, thread_start(&threads[i], "reader", reader, &s, &p.w.e));
	for (unsigned round = 0; round < ROUNDS; round++) {
		char id[24];
		snprintf(id, sizeof id, "u%u", round);
		struct prop city = { S("city"), value_text(round % 2 ? S("Bonn") : S("Kiel")) };
		world_one(&p.w, TRUST_SECRET,
			  (struct intake){ .name = S("person_updated"),
					   .at_us = DAY(round % 7),
					   .user_id = str_of(id),
					   .message_id = str_of(id),
					   .props = &city,
					   .props_n = 1 });
		atomic_store(&s.acknowledged, round + 1);
		refresh(&p);
		WORLD_OK(&p.w, directory_follow(p.d, p.s, DIRECTORY_AHEAD, &p.w.e));
		snapshot_rest(p.s);
	}
	atomic_store(&s.stop, 1);
	for (size_t i = 0; i < READERS; i++)
		thread_join(&threads[i]);
	pair_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(many_ask_while_it_is_written) };
	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
