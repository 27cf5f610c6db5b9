/*
 * test_idmap.c - what column.h promises of idmap, against a plain array.
 */
#include "idmap_test.h"

static void a_value_is_found_at_once_and_the_newest_wins(void **state)
{
	struct keeper *k = keeper_new(fs_real(), *state, KEYS_HASHED, 100);
	assert_int_equal(keeper_get(k, 1), 0);
	keeper_put(k, 1);
	keeper_put(k, 2);
	assert_int_equal(keeper_get(k, 1), 1);
	keeper_put(k, 1);
	assert_int_equal(keeper_get(k, 1), 3);
	assert_int_equal(keeper_get(k, 2), 2);
	keeper_check_all(k);
	keeper_free(k);
}

static void zero_and_the_largest_numbers_are_ordinary(void **state)
{
	static const uint64_t EDGES[] = { 0, 1, INT64_MAX, UINT64_MAX };
	struct idmap_options o = { .fs = fs_real(), .dir = *state, .name = "edge" };
	struct idmap *m;
	err e;
	assert_ok(idmap_open(&o, S(""), &m, &e), e);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t a = 0; a < ARRAY_LEN(EDGES); a++)
			for (size_t b = 0; b < ARRAY_LEN(EDGES); b++) {
				struct hash128 key = { .hi = EDGES[a], .lo = EDGES[b] };
				uint64_t v = 99;
				bool found;
				if (pass == 0)
					assert_ok(idmap_put(m, key, EDGES[(a + b) % 4], &e), e);
				assert_ok(idmap_get(m, key, &v, &found, &e), e);
				assert_true(found && v == EDGES[(a + b) % 4]);
			}
		bool flushed, changed;
		assert_ok(idmap_flush_begin(m, &e), e);
		assert_ok(idmap_flush_wait(m, &flushed, &changed, &e), e);
		assert_true(flushed && changed);
	}
	assert_int_equal(idmap_runs(m), 1);
	assert_int_equal(idmap_keys(m), 16);
	idmap_close(&m);
}

/* Random work of a caller, on keys of every kind. */
static void work(struct keeper *k, struct rng *r, size_t steps)
{
	err e;
	for (size_t step = 0; step < steps; step++) {
		uint64_t i = rng_below(r, KEYS_MAX), what = rng_below(r, 10000);
		if (what < 6000)
			keeper_put(k, i);
		else if (what < 9900)
			assert_int_equal(keeper_get(k, i), k->now[i]);
		else if (what < 9920 || idmap_wants_flush(k->map))
			assert_ok(keeper_begin(k, &e), e);
		else if (what < 9990)
			assert_ok(keeper_poll(k, false, &e), e);
		else if (what < 9996)
			assert_ok(keeper_poll(k, true, &e), e);
		else if (what < 9998)
			keeper_reopen(k);
		else
			assert_ok(idmap_check(k->map, &e), e);
	}
}

static void it_agrees_with_a_plain_array(void **state)
{
	static const size_t SIZES[] = { 1, 50, 1000, 100000 };
	struct rng r;
	rng_init(&r, 11);
	for (enum key_kind kind = 0; kind < KEY_KINDS; kind++)
		for (size_t s = 0; s < ARRAY_LEN(SIZES); s++) {
			struct keeper *k = keeper_new(fs_real(), *state, kind, SIZES[s]);
			work(k, &r, SIZES[s] == 1 ? 1500 : 40000);
			keeper_check_all(k);
			err e;
			assert_ok(keeper_begin(k, &e), e);
			assert_ok(keeper_poll(k, true, &e), e);
			keeper_check_all(k);
			assert_int_equal(k->flushed_at, k->journal.n);
			keeper_reopen(k);
			keeper_free(k);
		}
}

/* Puts many keys in tables of 1,000, and lets merging catch up. */
static void fill(struct keeper *k, uint64_t from, uint64_t to)
{
	err e;
	for (uint64_t i = from; i < to; i++) {
		keeper_put(k, i);
		if (idmap_wants_flush(k->map))
			assert_ok(keeper_begin(k, &e), e);
		if (i % 100 == 0)
			assert_ok(keeper_poll(k, false, &e), e);
	}
	assert_ok(keeper_begin(k, &e), e);
	assert_ok(keeper_poll(k, true, &e), e);
	for (int wait = 0; idmap_runs(k->map) > 6 && wait < 2000; wait++) {
		usleep(1000);
		assert_ok(keeper_poll(k, false, &e), e);
	}
}

static void merging_keeps_runs_few_and_leaves_no_files(void **state)
{
	struct keeper *k = keeper_new(fs_real(), *state, KEYS_HASHED, 100);
	fill(k, 0, KEYS_MAX);
	assert_in_range(idmap_runs(k->map), 1, 6);
	keeper_check_all(k);
	assert_int_equal(idmap_keys(k->map), KEYS_MAX);
	fill(k, 0, KEYS_MAX); /* every key twice */
	keeper_check_all(k);
	assert_in_range(idmap_runs(k->map), 1, 6);
	err e;
	assert_ok(idmap_check(k->map, &e), e);
	assert_true(idmap_memory(k->map) > KEYS_MAX);
	idmap_close(&k->map);
	assert_ok(keeper_open(k, false, &k->map, &e), e);
	assert_int_equal(files_in(fs_real(), *state), idmap_runs(k->map));
	keeper_check_all(k);
	keeper_free(k);
}

static void files_go_only_after_the_manifest_is_stored(void **state)
{
	struct keeper *k = keeper_new(fs_real(), *state, KEYS_HASHED, 100);
	fill(k, 0, 600);
	size_t stored_runs = idmap_runs(k->map);
	err e;
	bool flushed, changed = false;
	/* Merges and flushes end, but nobody stores what they changed. */
	for (uint64_t i = 600; i < 3000; i++) {
		keeper_put(k, i);
		if (idmap_wants_flush(k->map))
			assert_ok(keeper_begin(k, &e), e);
		assert_ok(idmap_poll(k->map, &flushed, &changed, &e), e);
	}
	assert_ok(keeper_begin(k, &e), e);
	assert_ok(idmap_flush_wait(k->map, &flushed, &changed, &e), e);
	assert_true(flushed && changed);
	assert_ok(idmap_poll(k->map, &flushed, &changed, &e), e);
	assert_true(!flushed && changed); /* until it is committed */
	struct idmap *other;
	assert_ok(keeper_open(k, true, &other, &e), e);
	assert_int_equal(idmap_runs(other), stored_runs);
	assert_ok(idmap_check(other, &e), e);
	idmap_close(&other);
	keeper_reopen(k);
	keeper_free(k);
}

/* The caller polls and takes the manifest, then more ends before it says that it stored it. */
static void a_commit_removes_nothing_that_ended_after_the_manifest(void **state)
{
	struct keeper *k = keeper_new(fs_real(), *state, KEYS_HASHED, 20);
	err e;
	for (uint64_t i = 0; i < 4000; i++) {
		keeper_put(k, i % KEYS_MAX);
		if (i % 97 != 0)
			continue;
		bool flushed, changed;
		assert_ok(idmap_poll(k->map, &flushed, &changed, &e), e);
		keeper_store(k, false);
		for (uint64_t n = 0; n < 60; n++)
			keeper_put(k, rng_below(&(struct rng){ { i, n, 3, 4 } }, KEYS_MAX));
		idmap_commit(k->map);
		struct idmap *other;
		assert_ok(keeper_open(k, true, &other, &e), e);
		assert_ok(idmap_check(other, &e), e);
		idmap_close(&other);
	}
	keeper_reopen(k);
	keeper_free(k);
}

static bool is_even(void *arg, uint64_t value)
{
	(void)arg;
	return value % 2 == 0;
}

/* Values rise by one with every put, and even ones are dead: a key whose newest value is dead may
 * be gone or not, but an older value may never come back. */
static void a_dead_value_goes_and_uncovers_nothing(void **state)
{
	struct keeper *k = keeper_new(fs_real(), *state, KEYS_HASHED, 100);
	idmap_set_dead(k->map, is_even, NULL);
	fill(k, 0, 4001);
	fill(k, 0, 4001);
	fill(k, 0, 2000);
	fill(k, 4001, KEYS_MAX); /* these have no older value */
	size_t gone = 0;
	for (uint64_t i = 0; i < KEYS_MAX; i++) {
		uint64_t v = keeper_get(k, i);
		bool dead = k->now[i] % 2 == 0;
		gone += i > 4000 && dead && v == 0;
		assert_true(v == k->now[i] || (dead && v == 0));
	}
	assert_true(gone > 300);
	keeper_free(k);
}

static void a_map_of_dead_values_becomes_empty(void **state)
{
	struct keeper *k = keeper_new(fs_real(), *state, KEYS_HASHED, 10);
	idmap_set_dead(k->map, is_even, NULL);
	err e;
	for (uint64_t i = 0; i < 300; i++) {
		assert_ok(idmap_put(k->map, key_of(KEYS_HASHED, i), 2, &e), e);
		if (i % 10 == 9) {
			assert_ok(keeper_begin(k, &e), e);
			assert_ok(keeper_poll(k, true, &e), e);
		}
	}
	for (int wait = 0; idmap_runs(k->map) > 6 && wait < 2000; wait++) {
		usleep(1000);
		assert_ok(keeper_poll(k, false, &e), e);
	}
	assert_in_range(idmap_keys(k->map), 0, 60);
	keeper_free(k);
}

static void a_reader_writes_and_removes_no_file(void **state)
{
	struct keeper *k = keeper_new(fs_real(), *state, KEYS_HASHED, 100);
	fill(k, 0, 1000);
	idmap_close(&k->map); /* so that nothing goes on in the background */
	err e;
	char stray[128];
	snprintf(stray, sizeof stray, "%s/ids-999999.run", (const char *)*state);
	assert_ok(fs_write_all(fs_real(), stray, S("x"), &e), e);
	size_t files = files_in(fs_real(), *state);
	struct idmap *r;
	assert_ok(keeper_open(k, true, &r, &e), e);
	for (uint64_t i = 0; i < 5000; i++) {
		assert_ok(idmap_put(r, key_of(KEYS_HASHED, 100000 + i), i, &e), e);
		assert_false(idmap_wants_flush(r));
	}
	uint64_t v;
	bool found, flushed, changed;
	for (uint64_t i = 0; i < 5000; i++) {
		assert_ok(idmap_get(r, key_of(KEYS_HASHED, 100000 + i), &v, &found, &e), e);
		assert_true(found && v == i);
	}
	assert_ok(idmap_flush_begin(r, &e), e);
	assert_ok(idmap_flush_wait(r, &flushed, &changed, &e), e);
	assert_false(flushed || changed);
	idmap_close(&r);
	assert_int_equal(files_in(fs_real(), *state), files);
	keeper_reopen(k); /* a writer takes the stray away */
	assert_false(fs_exists(fs_real(), stray));
	keeper_free(k);
}

static void files_of_other_names_stay(void **state)
{
	static const char *const NAMES[] = { "ids-2-000001.run", "idsx-000001.run", "ids-12.run",
					     "ids-000001.txt",	 "ids-00000a.run",  "ids-.run" };
	char path[128];
	err e;
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		snprintf(path, sizeof path, "%s/%s", (const char *)*state, NAMES[i]);
		assert_ok(fs_write_all(fs_real(), path, S("x"), &e), e);
	}
	struct keeper *k = keeper_new(fs_real(), *state, KEYS_HASHED, 100);
	keeper_free(k);
	assert_int_equal(files_in(fs_real(), *state), ARRAY_LEN(NAMES));
}

static void an_empty_flush_is_told_and_writes_nothing(void **state)
{
	struct keeper *k = keeper_new(fs_real(), *state, KEYS_HASHED, 100);
	err e;
	bool flushed, changed;
	assert_ok(idmap_poll(k->map, &flushed, &changed, &e), e);
	assert_false(flushed || changed);
	assert_ok(keeper_begin(k, &e), e);
	assert_ok(idmap_poll(k->map, &flushed, &changed, &e), e);
	assert_true(flushed && changed);
	assert_int_equal(files_in(fs_real(), *state), 0);
	keeper_free(k);
}

/* A flush that is begun while another table is being written holds what was put in between. */
static void a_second_flush_waits_for_the_first(void **state)
{
	struct keeper *k = keeper_new(fs_real(), *state, KEYS_HASHED, 5000);
	err e;
	for (uint64_t i = 0; i < 3000; i++)
		keeper_put(k, i);
	assert_ok(keeper_begin(k, &e), e);
	for (uint64_t i = 3000; i < 3100; i++)
		keeper_put(k, i);
	assert_ok(keeper_begin(k, &e), e);
	for (uint64_t i = 3100; i < 3200; i++)
		keeper_put(k, i);
	assert_ok(keeper_poll(k, true, &e), e);
	assert_in_range(k->flushed_at, 3100, 3200);
	keeper_reopen(k);
	keeper_free(k);
}

#define T(f) cmocka_unit_test_setup_teardown(f, dir_make, dir_remove)

int main(void)
{
	log_set_level(LOG_ERROR);
	const struct CMUnitTest tests[] = {
		T(a_value_is_found_at_once_and_the_newest_wins),
		T(zero_and_the_largest_numbers_are_ordinary),
		T(it_agrees_with_a_plain_array),
		T(merging_keeps_runs_few_and_leaves_no_files),
		T(files_go_only_after_the_manifest_is_stored),
		T(a_commit_removes_nothing_that_ended_after_the_manifest),
		T(a_dead_value_goes_and_uncovers_nothing),
		T(a_map_of_dead_values_becomes_empty),
		T(a_reader_writes_and_removes_no_file),
		T(files_of_other_names_stay),
		T(an_empty_flush_is_told_and_writes_nothing),
		T(a_second_flush_waits_for_the_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
