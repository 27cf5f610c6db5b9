/*
 * test_bulk.c - events loaded in bulk, beside the same file loaded row by row.
 *
 * What it is:   random files with everything in them that makes bulk loading think: devices that
 *               change hands, ids that join, names that change values, properties, broken rows,
 *               equal rows, quotation marks. Both data directories must then say the same of
 *               everybody, and their replay must prove it. And the same file twice, taken back,
 *               killed, and with the n-th write failing.
 *
 * TEST_CASES (default 8) says how many random files are tried, TEST_SEED with which they begin.
 */
#include "fault/bulk_world.h"

#include <signal.h>
#include <sys/wait.h>

static void bulk_and_row_by_row_say_the_same(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + cases(); seed++) {
		struct place p;
		place_init(&p);
		file_write_random(&p, seed, seed % 4 ? 400 : 1500, false);
		const char *bulk = dir_make(&p, "bulk"), *plain = dir_make(&p, "plain");
		struct load_options dry = { .bulk = LOAD_BULK_ALWAYS,
					    .bulk_bytes_max = 4000,
					    .dry_run = true };
		struct load_result rehearsed;
		OK(&p, try_load(&p, bulk, p.file, dry, &rehearsed));
		struct load_result b = load(&p, bulk, LOAD_BULK_ALWAYS);
		struct load_result r = load(&p, plain, LOAD_BULK_NEVER);
		same_result(seed, &b, &r);
		same_result(seed, &rehearsed, &b);
		same_text("everything", seed, told(&p, bulk, 0), told(&p, plain, 0));
		same_text("counts", seed, counts(&p, bulk), counts(&p, plain));
		proven(&p, bulk);
		place_fini(&p);
	}
}

static void the_same_file_again_adds_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + cases(); seed++) {
		struct place p;
		place_init(&p);
		file_write_random(&p, seed, 200, false);
		const char *dir = dir_make(&p, "data");
		/* By either way, and by either way again. */
		load(&p, dir, seed % 2 ? LOAD_BULK_ALWAYS : LOAD_BULK_NEVER);
		str before = told(&p, dir, 0), counted = counts(&p, dir);
		struct load_result r = load(&p, dir, seed % 3 ? LOAD_BULK_ALWAYS : LOAD_BULK_NEVER);
		if (r.accepted != 0 || r.touches != 0)
			fail_msg("seed %llu: %llu rows again", (unsigned long long)seed,
				 (unsigned long long)r.accepted);
		same_text("everything", seed, told(&p, dir, 0), before);
		same_text("counts", seed, counts(&p, dir), counted);
		proven(&p, dir);
		place_fini(&p);
	}
}

static void what_is_taken_back_is_gone_and_may_come_again(void **state)
{
	(void)state;
	struct place p;
	place_init(&p);
	file_write_random(&p, 3, 300, false);
	const char *dir = dir_make(&p, "data");
	str nothing = told(&p, dir, 0);
	struct load_result first = load(&p, dir, LOAD_BULK_ALWAYS);
	str all = told(&p, dir, 0);
	uint64_t closed;
	struct snapshot *s = NULL;
	OK(&p, snapshot_open(dir, 0, &s, &p.e));
	closed = snapshot_seq(s);
	snapshot_close(&s);
	undo(&p, dir, first.import);
	same_text("taken back", 3, told(&p, dir, 0), nothing);
	same_text("as of before that", 3, told(&p, dir, closed), all);
	same_text("as of the beginning", 3, told(&p, dir, 1), nothing);
	proven(&p, dir);
	struct load_result again = load(&p, dir, LOAD_BULK_ALWAYS);
	assert_int_equal(again.accepted, first.accepted);
	same_text("again", 3, told(&p, dir, 0), all);
	proven(&p, dir);
	place_fini(&p);
}

static bool count_stage(void *arg, const struct touch *t)
{
	*(size_t *)arg += str_eq(t->name, S("stage_entered"));
	return true;
}

static size_t staged(struct place *p, const char *dir)
{
	struct snapshot *s = NULL;
	size_t n = 0;
	OK(p, snapshot_open(dir, 0, &s, &p->e));
	OK(p, snapshot_scan(s, count_stage, &n, &p->e));
	snapshot_close(&s);
	return n;
}

static void configure(struct place *p, const char *dir)
{
	struct journal *j = NULL;
	OK(p, journal_open(dir, NULL, &j, &p->e));
	OK(p, journal_config_set(j, S("rule.mql"),
				 S("enter mql when did(\"page_viewed\") >= 2 and did(\"signup\")"),
				 S("test"), &p->e));
	journal_close(&j);
}

/* Rules that keep a book of what people did read it from the touches that were loaded in bulk. */
static void rules_hold_after_a_bulk_load(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + cases() / 3 + 1; seed++) {
		struct place p;
		place_init(&p);
		file_write_random(&p, seed, 200, true);
		const char *bulk = dir_make(&p, "bulk"), *plain = dir_make(&p, "plain");
		configure(&p, bulk);
		configure(&p, plain);
		load(&p, bulk, LOAD_BULK_ALWAYS);
		load(&p, plain, LOAD_BULK_NEVER);
		assert_int_equal(staged(&p, bulk), staged(&p, plain));
		assert_true(staged(&p, bulk) > 0);
		proven(&p, bulk);
		place_fini(&p);
	}
}

/* The process is killed at a random moment of the load, and goes on, until it is done. No device
 * changes hands in it: what is read a second time knows who had it later. */
static void a_load_that_was_killed_goes_on(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, first_seed());
	for (uint64_t seed = first_seed(); seed < first_seed() + cases(); seed++) {
		struct place p;
		place_init(&p);
		file_write_random(&p, seed, 3000, true);
		const char *dir = dir_make(&p, "data"), *whole = dir_make(&p, "whole");
		struct load_result want = load(&p, whole, LOAD_BULK_ALWAYS), got;
		struct load_options o = { .bulk = LOAD_BULK_ALWAYS, .bulk_bytes_max = 4000 };
		bool began = false;
		for (int tries = 0; tries < 4; tries++) {
			pid_t child = fork();
			assert_true(child >= 0);
			if (child == 0) {
				o.resume = began;
				_exit(try_load(&p, dir, p.file, o, &got) ? 0 : 1);
			}
			usleep((useconds_t)rng_below(&r, 150000));
			kill(child, SIGKILL);
			int status;
			assert_int_equal(waitpid(child, &status, 0), child);
			struct snapshot *s = NULL;
			struct import_info *imports;
			size_t n;
			OK(&p, snapshot_open(dir, 0, &s, &p.e));
			OK(&p, snapshot_imports(s, &p.a, &imports, &n, &p.e));
			snapshot_close(&s);
			began = n > 0;
			if (began && imports[n - 1].closed)
				break;
		}
		struct snapshot *s = NULL;
		struct import_info *imports;
		size_t n;
		OK(&p, snapshot_open(dir, 0, &s, &p.e));
		OK(&p, snapshot_imports(s, &p.a, &imports, &n, &p.e));
		bool closed = n > 0 && imports[n - 1].closed;
		snapshot_close(&s);
		if (!closed) {
			o.resume = n > 0;
			OK(&p, try_load(&p, dir, p.file, o, &got));
			/* Who was met in what is read again is not new any more. */
			assert_in_range(got.people_new, 0, want.people_new);
			got.people_new = want.people_new;
			same_result(seed, &got, &want);
		}
		same_text("everything", seed, told(&p, dir, 0), told(&p, whole, 0));
		same_text("counts", seed, counts(&p, dir), counts(&p, whole));
		proven(&p, dir);
		place_fini(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bulk_and_row_by_row_say_the_same),
		cmocka_unit_test(the_same_file_again_adds_nothing),
		cmocka_unit_test(what_is_taken_back_is_gone_and_may_come_again),
		cmocka_unit_test(rules_hold_after_a_bulk_load),
		cmocka_unit_test(a_load_that_was_killed_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
