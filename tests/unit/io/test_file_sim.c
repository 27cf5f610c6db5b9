/*
 * test_file_sim.c - the simulated disk: failing, full, and without power.
 *
 * What it is:   the promises that fault tests elsewhere rest on: what was synced is there after
 * every crash, what was not may be there or not, and both really happen.
 */
#include "unit/io/io_test.h"

#define CRASHES 200
#define SECTOR	512

static struct file *open_file(struct fs *fs, const char *path, enum file_mode mode)
{
	struct file *f;
	err e;
	assert_ok(file_open(fs, path, mode, &f, &e), &e);
	return f;
}

static void close_file(struct file *f)
{
	err e;
	assert_ok(file_close(&f, &e), &e);
}

static bool content_is(struct fs *fs, const char *path, const char *want)
{
	struct buf b;
	err e;
	buf_init(&b, MIB);
	bool same = fs_read_all(fs, path, MIB, &b, &e) && str_eq(buf_view(&b), str_of(want));
	buf_fini(&b);
	return same;
}

static void what_was_synced_survives_every_crash(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < CRASHES; seed++) {
		struct fs *fs = fs_sim_new(seed);
		err e;
		struct file *f = open_file(fs, "a", FILE_CREATE);
		assert_ok(file_write(f, "synced", 6, 0, &e), &e);
		assert_ok(file_sync(f, &e), &e);
		fs_sim_crash(fs);
		assert_true(content_is(fs, "a", "synced"));
		close_file(f);
		fs_sim_free(&fs);
	}
}

static void an_unsynced_file_may_be_there_or_not(void **state)
{
	(void)state;
	int there = 0;
	int whole = 0;
	for (uint64_t seed = 0; seed < CRASHES; seed++) {
		struct fs *fs = fs_sim_new(seed);
		err e;
		struct file *f = open_file(fs, "a", FILE_CREATE);
		assert_ok(file_write(f, "unsynced", 8, 0, &e), &e);
		close_file(f);
		fs_sim_crash(fs);
		there += fs_exists(fs, "a");
		whole += content_is(fs, "a", "unsynced");
		fs_sim_free(&fs);
	}
	assert_in_range(there, CRASHES / 4, CRASHES * 3 / 4);
	assert_in_range(whole, 1, there - 1);
}

static void unsynced_sectors_are_kept_each_by_chance(void **state)
{
	(void)state;
	static char old[64 * SECTOR], new[64 * SECTOR], got[64 * SECTOR];
	memset(old, 'o', sizeof old);
	memset(new, 'n', sizeof new);
	struct fs *fs = fs_sim_new(7);
	err e;
	size_t n;
	struct file *f = open_file(fs, "a", FILE_CREATE);
	assert_ok(file_write(f, old, sizeof old, 0, &e), &e);
	assert_ok(file_sync(f, &e), &e);
	assert_ok(file_write(f, new, sizeof new - SECTOR, 0, &e), &e);
	close_file(f);
	fs_sim_crash(fs);
	f = open_file(fs, "a", FILE_READ);
	assert_ok(file_read(f, got, sizeof got, 0, &n, &e), &e);
	assert_int_equal(n, sizeof got);
	int kept = 0;
	for (size_t i = 0; i < 64; i++) {
		const char *sector = got + i * SECTOR;
		bool is_new = memcmp(sector, new, SECTOR) == 0;
		assert_true(is_new || memcmp(sector, old, SECTOR) == 0);
		kept += is_new;
	}
	assert_in_range(kept, 16, 48);
	assert_memory_equal(got + 63 * SECTOR, old, SECTOR);
	close_file(f);
	fs_sim_free(&fs);
}

static void an_unsynced_removal_may_be_taken_back(void **state)
{
	(void)state;
	int back = 0;
	for (uint64_t seed = 0; seed < CRASHES; seed++) {
		struct fs *fs = fs_sim_new(seed);
		err e;
		put_file(fs, "a", "content", 7);
		assert_ok(fs_remove(fs, "a", &e), &e);
		assert_false(fs_exists(fs, "a"));
		if (seed % 2)
			assert_ok(fs_sync_dir(fs, ".", &e), &e);
		fs_sim_crash(fs);
		if (seed % 2)
			assert_false(fs_exists(fs, "a"));
		back += fs_exists(fs, "a") && content_is(fs, "a", "content");
		fs_sim_free(&fs);
	}
	assert_in_range(back, CRASHES / 8, CRASHES * 3 / 8);
}

static void a_rename_is_permanent_once_it_returns(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < CRASHES; seed++) {
		struct fs *fs = fs_sim_new(seed);
		err e;
		assert_ok(fs_make_dir(fs, "x", &e), &e);
		assert_ok(fs_make_dir(fs, "y", &e), &e);
		put_file(fs, "y/b", "old", 3);
		put_file(fs, "x/a", "new", 3);
		assert_ok(fs_rename(fs, "x//a", "./y/b", &e), &e);
		fs_sim_crash(fs);
		assert_false(fs_exists(fs, "x/a"));
		assert_true(content_is(fs, "y/b", "new"));
		fs_sim_free(&fs);
	}
}

static void a_rename_without_a_sync_can_empty_a_file(void **state)
{
	(void)state;
	int damaged = 0;
	for (uint64_t seed = 0; seed < CRASHES; seed++) {
		struct fs *fs = fs_sim_new(seed);
		err e;
		put_file(fs, "a", "old", 3);
		struct file *f = open_file(fs, "b", FILE_CREATE);
		assert_ok(file_write(f, "new", 3, 0, &e), &e);
		close_file(f);
		assert_ok(fs_rename(fs, "b", "a", &e), &e);
		fs_sim_crash(fs);
		damaged += !content_is(fs, "a", "old") && !content_is(fs, "a", "new");
		fs_sim_free(&fs);
	}
	assert_true(damaged > CRASHES / 4);
}

static void a_file_open_across_a_crash_is_dead(void **state)
{
	(void)state;
	struct fs *fs = fs_sim_new(1);
	err e;
	char c;
	size_t n;
	struct file *f = open_file(fs, "a", FILE_CREATE);
	assert_ok(file_sync(f, &e), &e);
	fs_sim_crash(fs);
	assert_error(file_write(f, "x", 1, 0, &e), &e, ERR_IO, "write");
	assert_error(file_read(f, &c, 1, 0, &n, &e), &e, ERR_IO, "read");
	assert_error(file_sync(f, &e), &e, ERR_IO, "sync");
	close_file(f);
	f = open_file(fs, "a", FILE_WRITE);
	assert_ok(file_write(f, "x", 1, 0, &e), &e);
	close_file(f);
	fs_sim_free(&fs);
}

/* As on Linux: the kernel forgets that the pages were dirty. */
static void a_sync_after_a_failed_sync_proves_nothing(void **state)
{
	(void)state;
	int lost = 0;
	for (uint64_t seed = 0; seed < CRASHES; seed++) {
		struct fs *fs = fs_sim_new(seed);
		err e;
		put_file(fs, "a", "old", 3);
		struct file *f = open_file(fs, "a", FILE_WRITE);
		assert_ok(file_write(f, "new", 3, 0, &e), &e);
		fs_sim_fail_at(fs, 1, false);
		assert_error(file_sync(f, &e), &e, ERR_IO, "sync");
		assert_ok(file_sync(f, &e), &e);
		close_file(f);
		fs_sim_crash(fs);
		lost += content_is(fs, "a", "old");
		fs_sim_free(&fs);
	}
	assert_in_range(lost, CRASHES / 4, CRASHES * 3 / 4);
}

static void the_nth_operation_fails(void **state)
{
	(void)state;
	struct fs *fs = fs_sim_new(3);
	err e;
	struct file *f = open_file(fs, "a", FILE_CREATE);
	fs_sim_fail_at(fs, 3, false);
	uint64_t before = fs_sim_operations(fs);
	assert_ok(file_write(f, "1", 1, 0, &e), &e);
	assert_ok(file_truncate(f, 0, &e), &e);
	assert_error(file_write(f, "3", 1, 0, &e), &e, ERR_IO, "write");
	assert_ok(file_write(f, "4", 1, 0, &e), &e);
	assert_int_equal(fs_sim_operations(fs) - before, 4);
	fs_sim_fail_at(fs, 1, true);
	assert_error(file_write(f, "5", 1, 0, &e), &e, ERR_IO, "write");
	assert_error(file_sync(f, &e), &e, ERR_IO, "sync");
	assert_error(file_truncate(f, 0, &e), &e, ERR_IO, "truncate");
	assert_error(fs_remove(fs, "a", &e), &e, ERR_IO, "remove");
	assert_error(fs_rename(fs, "a", "b", &e), &e, ERR_IO, "rename");
	assert_error(fs_sync_dir(fs, ".", &e), &e, ERR_IO, "sync");
	fs_sim_fail_at(fs, 0, true);
	assert_ok(file_write(f, "6", 1, 0, &e), &e);
	close_file(f);
	fs_sim_free(&fs);
}

static void a_full_disk_takes_what_fits_and_recovers(void **state)
{
	(void)state;
	struct fs *fs = fs_sim_new(1);
	err e;
	uint64_t bytes;
	put_file(fs, "ballast", "0123456789", 10);
	fs_sim_set_free(fs, 6);
	struct file *f = open_file(fs, "a", FILE_CREATE);
	assert_ok(file_write(f, "1234", 4, 0, &e), &e);
	assert_error(file_write(f, "5678", 4, 4, &e), &e, ERR_IO, "No space left");
	assert_error(file_truncate(f, 100, &e), &e, ERR_IO, "No space left");
	assert_ok(file_size(f, &bytes, &e), &e);
	assert_int_equal(bytes, 6);
	assert_ok(file_write(f, "over", 4, 0, &e), &e);
	assert_ok(fs_free_bytes(fs, ".", &bytes, &e), &e);
	assert_int_equal(bytes, 0);
	assert_ok(fs_remove(fs, "ballast", &e), &e);
	assert_ok(fs_free_bytes(fs, ".", &bytes, &e), &e);
	assert_int_equal(bytes, 10);
	assert_ok(file_write(f, "5678", 4, 4, &e), &e);
	close_file(f);
	fs_sim_free(&fs);
}

/* The promise of fs_write_all against everything the twin can do. */
static void writing_all_is_old_or_new_whatever_fails(void **state)
{
	(void)state;
	int old = 0;
	int new = 0;
	for (uint64_t seed = 0; seed < CRASHES; seed++) {
		for (uint64_t n = 1; n <= 8; n++) {
			struct fs *fs = fs_sim_new(seed);
			err e;
			put_file(fs, "a", "old content", 11);
			fs_sim_fail_at(fs, n, seed % 2);
			bool ok = fs_write_all(fs, "a", S("new"), &e);
			fs_sim_fail_at(fs, 0, false);
			if (seed % 3)
				fs_sim_crash(fs);
			bool is_new = content_is(fs, "a", "new");
			assert_true(is_new || (!ok && content_is(fs, "a", "old content")));
			new += is_new;
			old += !is_new;
			fs_sim_free(&fs);
		}
	}
	assert_true(old > CRASHES && new > CRASHES);
}

static void no_allocation_that_fails_harms_the_twin(void **state)
{
	(void)state;
	struct fs *fs = fs_sim_new(1);
	err e;
	bool ok = false;
	put_file(fs, "a", "old", 3);
	for (uint64_t n = 1; !ok; n++) {
		mem_fail_at(n);
		ok = fs_write_all(fs, "a", S("new"), &e);
		mem_fail_at(0);
		if (!ok)
			assert_int_equal(e.code, ERR_NOMEM);
		assert_true(content_is(fs, "a", "new") || (!ok && content_is(fs, "a", "old")));
	}
	assert_true(content_is(fs, "a", "new"));
	mem_fail_at(1);
	assert_null(fs_sim_new(1));
	mem_fail_at(0);
	fs_sim_free(&fs);
	assert_null(fs);
	fs_sim_free(&fs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_synced_survives_every_crash),
		cmocka_unit_test(an_unsynced_file_may_be_there_or_not),
		cmocka_unit_test(unsynced_sectors_are_kept_each_by_chance),
		cmocka_unit_test(an_unsynced_removal_may_be_taken_back),
		cmocka_unit_test(a_rename_is_permanent_once_it_returns),
		cmocka_unit_test(a_rename_without_a_sync_can_empty_a_file),
		cmocka_unit_test(a_file_open_across_a_crash_is_dead),
		cmocka_unit_test(a_sync_after_a_failed_sync_proves_nothing),
		cmocka_unit_test(the_nth_operation_fails),
		cmocka_unit_test(a_full_disk_takes_what_fits_and_recovers),
		cmocka_unit_test(writing_all_is_old_or_new_whatever_fails),
		cmocka_unit_test(no_allocation_that_fails_harms_the_twin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
