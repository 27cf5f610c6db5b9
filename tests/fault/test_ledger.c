/*
 * test_ledger.c - the n-th write, sync, truncation or deletion under the ledger fails.
 *
 * What it is:   a fixed sequence of commits over a faulty disk, for every n until nothing fails any
 *               more. Whatever was answered must be what is found, both in a copy of the files
 *               taken at the failure (as a killed process leaves them) and after closing.
 */
#include "fault/vfs.h"

#include "base/log.h"
#include "ledger/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define COMMITS	  8
#define BODY_MAX  9000
#define COPY_NAME "copy.db"

enum answer { NOT_ASKED, COMMITTED, FAILED, UNCERTAIN };

struct run {
	char dir[64];
	char path[128];
	enum answer answers[COMMITS + 1];
	bool open_failed;
	bool copied;
	enum answer at_copy[COMMITS + 1];
};

static size_t body_bytes(uint64_t k)
{
	return (size_t)(k * 977 % BODY_MAX + 10);
}

static void body_make(uint64_t k, char body[BODY_MAX + 10])
{
	for (size_t i = 0; i < body_bytes(k); i++)
		body[i] = (char)(k * 7 + i % 251);
}

static bool commit_k(struct ledger *l, uint64_t k, err *e)
{
	static char body[BODY_MAX + 10];
	body_make(k, body);
	str bytes = str_make(body, body_bytes(k));
	struct ledger_record r = { k, 1, bytes };
	struct ledger_change ch[] = { { LEDGER_META, k, bytes, false },
				      { LEDGER_CELLS, 1000 - k, bytes, false } };
	struct ledger_timer_change t = { { (int64_t)k, 1, k }, bytes, false };
	struct ledger_commit c = { .records = &r,
				   .records_n = 1,
				   .changes = ch,
				   .changes_n = 2,
				   .timers = &t,
				   .timers_n = 1 };
	return ledger_commit(l, &c, e);
}

static void copy_file(const char *from, const char *to)
{
	unlink(to);
	FILE *in = fopen(from, "rb");
	if (!in)
		return;
	FILE *out = fopen(to, "wb");
	assert_non_null(out);
	static char bytes[65536];
	size_t n;
	while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* As a killed process would leave the files; the shared memory is gone then. Closing a descriptor
 * of a file drops the locks that SQLite has on it, which nobody else here minds. */
static void copy_ledger(struct run *run)
{
	static const char *const SUFFIXES[] = { "", "-wal", "-journal" };
	for (size_t i = 0; i < ARRAY_LEN(SUFFIXES); i++) {
		char from[160], to[160];
		snprintf(from, sizeof from, "%s%s", run->path, SUFFIXES[i]);
		snprintf(to, sizeof to, "%s/" COPY_NAME "%s", run->dir, SUFFIXES[i]);
		copy_file(from, to);
	}
	run->copied = true;
	memcpy(run->at_copy, run->answers, sizeof run->answers);
}

static bool open_faulty(const char *path, struct ledger **l_r, err *e)
{
	struct ledger_options o = { .driver_hint = FAULTY_VFS };
	err_clear(e);
	return ledger_open(path, LEDGER_WRITE, &o, l_r, e);
}

/* After an uncertain answer only a new opening can tell; what it tells is the answer then. */
static bool ask_anew(struct run *run, struct ledger **l, uint64_t k)
{
	err e;
	ledger_close(l);
	if (!open_faulty(run->path, l, &e))
		return false;
	struct arena a;
	arena_init(&a, MIB);
	str v;
	bool ok = ledger_load(*l, LEDGER_META, &k, 1, &a, &v, &e);
	if (ok)
		run->answers[k] = v.p ? COMMITTED : FAILED;
	arena_fini(&a);
	return ok;
}

static void run_commits(struct run *run)
{
	struct ledger *l = NULL;
	err e;
	run->open_failed = !open_faulty(run->path, &l, &e);
	if (run->open_failed) {
		assert_true(e.code == ERR_IO || e.code == ERR_CORRUPT || e.code == ERR_NOT_FOUND);
		return;
	}
	for (uint64_t k = 1; k <= COMMITS; k++) {
		err_clear(&e);
		bool ok = commit_k(l, k, &e);
		run->answers[k] = ok ? COMMITTED : e.code == ERR_UNCERTAIN ? UNCERTAIN : FAILED;
		if (!ok && e.code != ERR_UNCERTAIN && e.code != ERR_IO)
			fail_msg("commit %llu: %s: %s", (unsigned long long)k,
				 err_code_name(e.code), e.text);
		if (!ok && !run->copied)
			copy_ledger(run);
		if (run->answers[k] == UNCERTAIN && !ask_anew(run, &l, k))
			break;
		if (k % 3 == 0)
			(void)!ledger_checkpoint(l, &e);
	}
	ledger_close(&l);
}

struct find {
	bool found[COMMITS + 1];
};

static bool find_record(void *arg, const struct ledger_record *r)
{
	struct find *f = arg;
	static char body[BODY_MAX + 10];
	assert_in_range(r->first_seq, 1, COMMITS);
	body_make(r->first_seq, body);
	assert_true(str_eq(r->body, str_make(body, body_bytes(r->first_seq))));
	f->found[r->first_seq] = true;
	return true;
}

/* Each commit is there with its record, both rows and the timer, or with none of them. */
static void look(const char *path, const enum answer *answers)
{
	struct ledger *l = NULL;
	err e;
	if (!ledger_open(path, LEDGER_WRITE, NULL, &l, &e))
		fail_msg("cannot open: %s", e.text);
	if (!ledger_check(l, &e))
		fail_msg("check: %s", e.text);
	struct find f = { 0 };
	assert_true(ledger_scan_records(l, 0, UINT64_MAX, find_record, &f, &e));
	struct arena a;
	arena_init(&a, 4 * MIB);
	struct ledger_timer_change *timers;
	size_t timers_n, at = 0;
	assert_true(ledger_timers_due(l, INT64_MAX, 1000, &a, &timers, &timers_n, &e));
	for (uint64_t k = 1; k <= COMMITS; k++) {
		str meta, cell;
		uint64_t cell_key = 1000 - k;
		assert_true(ledger_load(l, LEDGER_META, &k, 1, &a, &meta, &e));
		assert_true(ledger_load(l, LEDGER_CELLS, &cell_key, 1, &a, &cell, &e));
		bool timer = at < timers_n && timers[at].timer.subject == k;
		at += timer;
		assert_true((meta.p != NULL) == f.found[k]);
		assert_true((cell.p != NULL) == f.found[k]);
		assert_true(timer == f.found[k]);
		if (answers[k] == COMMITTED && !f.found[k])
			fail_msg("commit %llu was acknowledged and is lost", (unsigned long long)k);
		if ((answers[k] == FAILED || answers[k] == NOT_ASKED) && f.found[k])
			fail_msg("commit %llu was refused and is there", (unsigned long long)k);
	}
	arena_fini(&a);
	ledger_close(&l);
}

static void remove_all(struct run *run)
{
	static const char *const NAMES[] = { "ledger.db", COPY_NAME };
	static const char *const SUFFIXES[] = { "", "-wal", "-shm", "-journal" };
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
		for (size_t k = 0; k < ARRAY_LEN(SUFFIXES); k++) {
			char path[160];
			snprintf(path, sizeof path, "%s/%s%s", run->dir, NAMES[i], SUFFIXES[k]);
			unlink(path);
		}
	assert_int_equal(rmdir(run->dir), 0);
}

static void run_init(struct run *run)
{
	memset(run, 0, sizeof *run);
	snprintf(run->dir, sizeof run->dir, "/tmp/trichter-fault-XXXXXX");
	assert_non_null(mkdtemp(run->dir));
	snprintf(run->path, sizeof run->path, "%s/ledger.db", run->dir);
	vfs_faults_reset();
}

/* Returns whether anything failed. */
static bool run_once(uint64_t fail_at, bool and_all_after, enum vfs_effect effect, unsigned kinds)
{
	struct run run;
	run_init(&run);
	vfs_faults.fail_at = fail_at;
	vfs_faults.and_all_after = and_all_after;
	vfs_faults.effect = effect;
	vfs_faults.kinds = kinds;
	run_commits(&run);
	bool failed = vfs_faults.failed > 0;
	vfs_faults_reset();
	if (run.copied) {
		char copy[128];
		snprintf(copy, sizeof copy, "%s/" COPY_NAME, run.dir);
		look(copy, run.at_copy);
	}
	look(run.path, run.answers);
	remove_all(&run);
	return failed;
}

static void for_every_n(bool and_all_after)
{
	static const enum vfs_effect EFFECTS[] = { VFS_NOTHING, VFS_HALF, VFS_WHOLE };
	for (size_t i = 0; i < ARRAY_LEN(EFFECTS); i++) {
		uint64_t n = 1;
		while (run_once(n, and_all_after, EFFECTS[i], VFS_ANY))
			n++;
		assert_true(n > 60);
	}
}

static void one_failing_operation_loses_nothing(void **state)
{
	(void)state;
	for_every_n(false);
}

static void a_disk_that_stays_broken_loses_nothing(void **state)
{
	(void)state;
	for_every_n(true);
}

static void failing_syncs_alone_lose_nothing(void **state)
{
	(void)state;
	uint64_t n = 1;
	while (run_once(n, true, VFS_NOTHING, VFS_SYNC))
		n++;
	assert_true(n > COMMITS);
}

/* The commit whose log could not be synced may be there or not, and the answer says so. */
static void a_failed_sync_is_answered_as_uncertain(void **state)
{
	(void)state;
	struct run run;
	run_init(&run);
	struct ledger *l;
	err e;
	assert_true(open_faulty(run.path, &l, &e));
	assert_true(commit_k(l, 1, &e));
	vfs_faults.kinds = VFS_SYNC;
	vfs_faults.operations = 0;
	vfs_faults.fail_at = 1;
	assert_false(commit_k(l, 2, &e));
	assert_int_equal(e.code, ERR_UNCERTAIN);
	assert_false(commit_k(l, 3, &e));
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.text, "opened anew"));
	vfs_faults_reset();
	ledger_close(&l);
	enum answer answers[COMMITS + 1] = { [1] = COMMITTED, [2] = UNCERTAIN };
	look(run.path, answers);
	remove_all(&run);
}

static void a_full_disk_is_said_and_recovered_from(void **state)
{
	(void)state;
	for (uint64_t bytes = 1; bytes < 400000; bytes += 3001) {
		struct run run;
		run_init(&run);
		struct ledger *l;
		err e;
		vfs_faults.bytes_max = bytes;
		bool opened = open_faulty(run.path, &l, &e);
		if (!opened) {
			assert_int_equal(e.code, ERR_IO);
			assert_non_null(strstr(e.text, "disk is full"));
			vfs_faults.bytes_max = 0;
			assert_true(open_faulty(run.path, &l, &e));
		}
		for (uint64_t k = 1; k <= COMMITS; k++) {
			bool ok = commit_k(l, k, &e);
			if (!ok) {
				assert_int_equal(e.code, ERR_IO);
				assert_non_null(strstr(e.text, "disk is full"));
				vfs_faults.bytes_max = 0; /* somebody made room */
				assert_true(commit_k(l, k, &e));
			}
			run.answers[k] = COMMITTED;
		}
		ledger_close(&l);
		look(run.path, run.answers);
		remove_all(&run);
	}
}

/* A server must start on a full disk, to show what it has and to make room. */
static void a_full_disk_does_not_forbid_opening(void **state)
{
	(void)state;
	struct run run;
	run_init(&run);
	struct ledger *l;
	err e;
	assert_true(open_faulty(run.path, &l, &e));
	assert_true(commit_k(l, 1, &e));
	ledger_close(&l);
	vfs_faults.bytes_max = 1;
	vfs_faults.bytes = 1;
	assert_true(open_faulty(run.path, &l, &e));
	assert_false(commit_k(l, 2, &e));
	assert_int_equal(e.code, ERR_IO);
	vfs_faults_reset();
	assert_true(commit_k(l, 2, &e));
	ledger_close(&l);
	enum answer answers[COMMITS + 1] = { [1] = COMMITTED, [2] = COMMITTED };
	look(run.path, answers);
	remove_all(&run);
}

int main(void)
{
	log_set_level(LOG_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_failing_operation_loses_nothing),
		cmocka_unit_test(a_disk_that_stays_broken_loses_nothing),
		cmocka_unit_test(failing_syncs_alone_lose_nothing),
		cmocka_unit_test(a_failed_sync_is_answered_as_uncertain),
		cmocka_unit_test(a_full_disk_is_said_and_recovered_from),
		cmocka_unit_test(a_full_disk_does_not_forbid_opening),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
