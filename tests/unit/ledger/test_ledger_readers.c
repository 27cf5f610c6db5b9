/*
 * test_ledger_readers.c - readers beside a writer, in this process and in others; killed writers;
 * the log.
 */
#include "ledger_test.h"

#include <sys/wait.h>

static void a_reader_sees_one_state_while_the_writer_goes_on(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *w = open_ledger(p->path, LEDGER_WRITE);
	assert_ok(commit_row(w, LEDGER_META, 1, S("old"), &e), e);
	struct ledger *r = open_ledger(p->path, LEDGER_READ);
	assert_ok(ledger_read_begin(r, &e), e);
	assert_ok(commit_row(w, LEDGER_META, 1, S("new"), &e), e);
	assert_string_equal(value_of(r, LEDGER_META, 1), "old");
	assert_err(ledger_checkpoint(w, &e), e, ERR_BUSY);
	ledger_read_end(r);
	assert_string_equal(value_of(r, LEDGER_META, 1), "new");
	assert_ok(ledger_checkpoint(w, &e), e);
	assert_ok(commit_row(w, LEDGER_META, 1, S("newer"), &e), e);
	assert_string_equal(value_of(r, LEDGER_META, 1), "newer");
	ledger_close(&r);
	assert_ok(commit_row(w, LEDGER_META, 1, S("newest"), &e), e);
	ledger_close(&w);
}

static void a_reader_can_neither_write_nor_make_a_ledger(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *r;
	assert_err(ledger_open(p->path, LEDGER_READ, NULL, &r, &e), e, ERR_NOT_FOUND);
	assert_int_not_equal(access(p->path, F_OK), 0);
	struct ledger *w = open_ledger(p->path, LEDGER_WRITE);
	ledger_close(&w);
	r = open_ledger(p->path, LEDGER_READ);
	assert_err(commit_row(r, LEDGER_META, 1, S("x"), &e), e, ERR_DENIED);
	assert_err(ledger_checkpoint(r, &e), e, ERR_DENIED);
	assert_ok(ledger_check(r, &e), e);
	ledger_close(&r);
}

/* In a process of its own; its exit status is what it found. */
static int read_in_child(const char *path, enum ledger_table table, uint64_t key, const char *want)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct ledger *l;
		err e;
		if (!ledger_open(path, LEDGER_READ, NULL, &l, &e))
			_exit(10);
		struct arena a;
		arena_init(&a, MIB);
		str v;
		bool ok = ledger_load(l, table, &key, 1, &a, &v, &e) && str_eq(v, str_of(want));
		ledger_close(&l);
		arena_fini(&a);
		_exit(ok ? 0 : 11);
	}
	int status = -1;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void another_process_reads_while_a_writer_has_it_open(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *w = open_ledger(p->path, LEDGER_WRITE);
	assert_ok(commit_row(w, LEDGER_META, 1, S("in the log"), &e), e);
	assert_int_equal(read_in_child(p->path, LEDGER_META, 1, "in the log"), 0);
	assert_ok(commit_row(w, LEDGER_META, 1, S("later"), &e), e);
	assert_int_equal(read_in_child(p->path, LEDGER_META, 1, "later"), 0);
	ledger_close(&w);
	/* ... and when nobody does and no log is there */
	assert_int_equal(read_in_child(p->path, LEDGER_META, 1, "later"), 0);
}

static void a_killed_writer_leaves_what_it_committed(void **state)
{
	struct place *p = *state;
	err e;
	pid_t pid = fork();
	if (pid == 0) {
		struct ledger *l;
		bool ok = ledger_open(p->path, LEDGER_WRITE, NULL, &l, &e);
		for (uint64_t i = 1; ok && i <= 20; i++)
			ok = commit_record(l, i, 1, S("x"), &e);
		_exit(ok ? 0 : 1);
	}
	int status = -1;
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	struct ledger *r = open_ledger(p->path, LEDGER_READ); /* before any writer */
	uint64_t seq;
	assert_ok(ledger_last_seq(r, &seq, &e), e);
	assert_int_equal(seq, 20);
	ledger_close(&r);
	struct ledger *w = open_ledger(p->path, LEDGER_WRITE);
	assert_ok(ledger_last_seq(w, &seq, &e), e);
	assert_int_equal(seq, 20);
	assert_ok(ledger_check(w, &e), e);
	ledger_close(&w);
}

static void the_log_stays_short_under_many_commits(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	char body[100000];
	memset(body, 'b', sizeof body);
	char wal[128];
	snprintf(wal, sizeof wal, "%s-wal", p->path);
	long longest = 0;
	for (uint64_t i = 1; i <= 600; i++) {
		assert_ok(commit_record(l, i, 1, str_make(body, sizeof body), &e), e);
		FILE *f = fopen(wal, "rb");
		assert_non_null(f);
		fseek(f, 0, SEEK_END);
		longest = MAX(longest, ftell(f));
		fclose(f);
	}
	assert_in_range(longest, 1000000, 20000000); /* 60 MB were written */
	uint64_t file, records;
	assert_ok(ledger_bytes(l, &file, &records, &e), e);
	assert_int_equal(records, 600 * sizeof body);
	assert_in_range(file, records, records + 22000000);
	ledger_close(&l);
}

static void a_ledger_in_memory_leaves_nothing_behind(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_MEMORY);
	assert_ok(commit_record(l, 1, 2, S("x"), &e), e);
	assert_ok(commit_row(l, LEDGER_EDGES, 1, S("y"), &e), e);
	assert_string_equal(value_of(l, LEDGER_EDGES, 1), "y");
	assert_ok(ledger_checkpoint(l, &e), e);
	assert_ok(ledger_check(l, &e), e);
	uint64_t file, records;
	assert_ok(ledger_bytes(l, &file, &records, &e), e);
	assert_int_equal(file, 0);
	assert_int_equal(records, 1);
	ledger_close(&l);
	assert_int_not_equal(access(p->path, F_OK), 0);
}

static void a_name_that_looks_like_an_address_is_a_file(void **state)
{
	struct place *p = *state;
	char before[512];
	assert_non_null(getcwd(before, sizeof before));
	assert_int_equal(chdir(p->dir), 0);
	static const char *const NAMES[] = { "file:x?mode=memory", ":memory:" };
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		struct ledger *l = open_ledger(NAMES[i], LEDGER_WRITE);
		ledger_close(&l);
		assert_int_equal(unlink(NAMES[i]), 0);
	}
	assert_int_equal(chdir(before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_reader_sees_one_state_while_the_writer_goes_on),
		T(a_reader_can_neither_write_nor_make_a_ledger),
		T(another_process_reads_while_a_writer_has_it_open),
		T(a_killed_writer_leaves_what_it_committed),
		T(the_log_stays_short_under_many_commits),
		T(a_ledger_in_memory_leaves_nothing_behind),
		T(a_name_that_looks_like_an_address_is_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
