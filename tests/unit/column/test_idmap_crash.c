/*
 * test_idmap_crash.c - power loss, failing operations, a full disk, no memory.
 *
 * What it is:   the caller of idmap_test.h over a simulated disk. Whatever happens, the map opens
 *               with the last stored manifest and has everything that was in it.
 */
#include "idmap_test.h"

#define DIR_NAME "/d"

static struct keeper *sim_keeper(uint64_t seed, size_t table_keys_max)
{
	struct fs *fs = fs_sim_new(seed);
	assert_non_null(fs);
	err e;
	assert_ok(fs_make_dir(fs, DIR_NAME, &e), e);
	return keeper_new(fs, DIR_NAME, KEYS_HASHED, table_keys_max);
}

static void sim_keeper_free(struct keeper *k)
{
	struct fs *fs = k->fs;
	keeper_free(k);
	fs_sim_free(&fs);
}

/* Work during which anything may fail; what is answered is believed. */
static void work_on_a_bad_disk(struct keeper *k, struct rng *r, size_t steps)
{
	err e;
	for (size_t step = 0; step < steps; step++) {
		uint64_t i = rng_below(r, KEYS_MAX), what = rng_below(r, 1000);
		uint64_t v = k->value_next + 1;
		if (what < 900) {
			/* Refused when the table is full and cannot be written. */
			if (!idmap_put(k->map, key_of(k->kind, i), v, &e))
				continue;
			k->value_next = v;
			k->now[i] = v;
			assert_true(vec_push(&k->journal, (struct put){ i, v }));
		} else if (what < 960) {
			assert_int_equal(keeper_get(k, i), k->now[i]);
		} else if (what < 970 || idmap_wants_flush(k->map)) {
			(void)!keeper_begin(k, &e);
		} else {
			(void)!keeper_poll(k, what > 995, &e);
		}
	}
}

/* From now on nothing reaches the disk; then it is as it was, less what was not synced. */
static void power_loss(struct keeper *k)
{
	fs_sim_fail_at(k->fs, 1, true);
	idmap_close(&k->map);
	fs_sim_fail_at(k->fs, 0, false);
	fs_sim_crash(k->fs);
	keeper_reopen(k);
}

static void power_loss_at_any_time_loses_nothing_that_was_stored(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 5);
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct keeper *k = sim_keeper(seed, 50 + rng_below(&r, 300));
		for (int round = 0; round < 4; round++) {
			work_on_a_bad_disk(k, &r, 200 + rng_below(&r, 3000));
			power_loss(k);
		}
		sim_keeper_free(k);
	}
}

static void any_failing_operation_loses_nothing(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 6);
	for (uint64_t n = 1; n <= 150; n++) {
		struct keeper *k = sim_keeper(n, 60);
		fs_sim_fail_at(k->fs, n, n % 2 == 0);
		work_on_a_bad_disk(k, &r, 1500);
		keeper_check_all(k);
		power_loss(k);
		sim_keeper_free(k);
	}
}

static void a_full_disk_refuses_and_recovers(void **state)
{
	(void)state;
	struct keeper *k = sim_keeper(3, 100);
	err e;
	fs_sim_set_free(k->fs, 20000);
	uint64_t put = 0;
	err_clear(&e);
	while (put < KEYS_MAX && idmap_put(k->map, key_of(k->kind, put), k->value_next + 1, &e)) {
		k->now[put++] = ++k->value_next;
		assert_true(vec_push(&k->journal, (struct put){ put - 1, k->value_next }));
	}
	assert_in_range(put, 100, 2000);
	assert_int_equal(e.code, ERR_IO);
	keeper_check_all(k);
	assert_ok(keeper_begin(k, &e), e);
	assert_false(keeper_poll(k, true, &e));
	assert_int_equal(e.code, ERR_IO);
	fs_sim_set_free(k->fs, UINT64_MAX);
	assert_ok(keeper_poll(k, true, &e), e);
	assert_int_equal(k->flushed_at, k->journal.n);
	keeper_check_all(k);
	keeper_put(k, KEYS_MAX - 1);
	power_loss(k);
	sim_keeper_free(k);
}

/* Flush, merge, reopen; at most one failure, which is clean. */
static bool all_steps(struct keeper *k, err *e)
{
	for (uint64_t i = 0; i < 400; i++) {
		uint64_t v = k->value_next + 1;
		if (!idmap_put(k->map, key_of(k->kind, i), v, e))
			return false;
		k->value_next = v;
		k->now[i] = v;
		if (i % 50 != 49)
			continue;
		if (!idmap_flush_begin(k->map, e))
			return false;
		bool flushed, changed;
		if (!idmap_flush_wait(k->map, &flushed, &changed, e))
			return false;
		idmap_commit(k->map);
	}
	return idmap_check(k->map, e);
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
	(void)state;
	bool ok = false;
	for (uint64_t n = 1; !ok; n++) {
		struct keeper *k = sim_keeper(n, 1000);
		err e;
		err_clear(&e);
		mem_fail_at(n);
		ok = all_steps(k, &e);
		mem_fail_at(0);
		if (!ok)
			assert_int_equal(e.code, ERR_NOMEM);
		keeper_check_all(k);
		assert_ok(all_steps(k, &e), e); /* and then it goes on */
		keeper_check_all(k);
		sim_keeper_free(k);
	}
}

static void opening_without_memory_is_a_clean_error(void **state)
{
	(void)state;
	struct keeper *k = sim_keeper(1, 1000);
	err e;
	assert_ok(all_steps(k, &e), e);
	keeper_store(k, false);
	idmap_close(&k->map);
	bool ok = false;
	uint64_t n = 0;
	while (!ok) {
		mem_fail_at(++n);
		ok = keeper_open(k, n % 2, &k->map, &e);
		mem_fail_at(0);
		if (!ok)
			assert_int_equal(e.code, ERR_NOMEM);
	}
	assert_true(n > 10);
	keeper_check_all(k);
	sim_keeper_free(k);
}

int main(void)
{
	log_set_level(LOG_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_loss_at_any_time_loses_nothing_that_was_stored),
		cmocka_unit_test(any_failing_operation_loses_nothing),
		cmocka_unit_test(a_full_disk_refuses_and_recovers),
		cmocka_unit_test(every_failing_allocation_is_a_clean_error),
		cmocka_unit_test(opening_without_memory_is_a_clean_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
