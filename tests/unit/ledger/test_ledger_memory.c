/*
 * test_ledger_memory.c - the n-th allocation fails, SQLite's own included.
 */
#include "ledger_test.h"

#include "base/log.h"
#include "base/mem.h"

#include <malloc.h>
#include <sqlite3.h>

static void *heap_alloc(int n)
{
	return mem_alloc((size_t)n);
}

static void *heap_realloc(void *p, int n)
{
	return mem_realloc(p, (size_t)n, 1);
}

static int heap_size(void *p)
{
	return p ? (int)malloc_usable_size(p) : 0;
}

static int heap_round_up(int n)
{
	return (n + 7) & ~7;
}

static int heap_init(void *arg)
{
	(void)arg;
	return SQLITE_OK;
}

static void heap_shutdown(void *arg)
{
	(void)arg;
}

static const sqlite3_mem_methods HEAP = { heap_alloc,	 mem_free,  heap_realloc,  heap_size,
					  heap_round_up, heap_init, heap_shutdown, NULL };

static bool any_row(void *arg, uint64_t key, str value)
{
	(void)key;
	(void)value;
	++*(size_t *)arg;
	return true;
}

static bool any_record(void *arg, const struct ledger_record *r)
{
	(void)r;
	++*(size_t *)arg;
	return true;
}

static char big[20000];

/* One of everything; stops at the first failure. `committed_r` says how far it surely came. */
static bool use_ledger(struct ledger *l, struct arena *a, unsigned *committed_r, err *e)
{
	struct ledger_record r = { 1, 100, { big, sizeof big } };
	struct ledger_change ch[] = { { LEDGER_META, 1, S("one"), false },
				      { LEDGER_COUNTS, 2, { big, sizeof big }, false } };
	struct ledger_timer_change t = { { 1, 2, 3 }, S("payload"), false };
	struct ledger_commit c = { .records = &r,
				   .records_n = 1,
				   .changes = ch,
				   .changes_n = 2,
				   .timers = &t,
				   .timers_n = 1 };
	if (!ledger_commit(l, &c, e))
		return false;
	*committed_r = 1;
	uint64_t keys[] = { 1, 2, 3 };
	str values[3];
	size_t n = 0;
	uint64_t seq, file, records;
	int64_t due;
	struct ledger_timer_change *timers;
	if (!ledger_load(l, LEDGER_COUNTS, keys, 3, a, values, e) ||
	    !ledger_scan(l, LEDGER_META, 0, any_row, &n, e) ||
	    !ledger_scan_records(l, 0, 1000, any_record, &n, e) || !ledger_last_seq(l, &seq, e) ||
	    !ledger_timers_due(l, 9, 9, a, &timers, &n, e) || !ledger_timer_next(l, &due, e) ||
	    !ledger_bytes(l, &file, &records, e))
		return false;
	if (!ledger_read_begin(l, e))
		return false;
	ledger_read_end(l);
	return ledger_check(l, e) && ledger_checkpoint(l, e);
}

static bool open_and_use(const char *path, enum ledger_mode mode, unsigned *committed_r, err *e)
{
	struct ledger *l = NULL;
	struct arena a;
	arena_init(&a, MIB);
	bool ok = ledger_open(path, mode, NULL, &l, e) && use_ledger(l, &a, committed_r, e);
	ledger_close(&l);
	arena_fini(&a);
	return ok;
}

static void check_what_is_there(const char *path, unsigned committed, enum err_code code)
{
	err e;
	struct ledger *l = open_ledger(path, LEDGER_WRITE);
	uint64_t seq;
	assert_ok(ledger_last_seq(l, &seq, &e), e);
	if (committed)
		assert_int_equal(seq, 100);
	else if (code != ERR_UNCERTAIN)
		assert_int_equal(seq, 0);
	assert_string_equal(value_of(l, LEDGER_META, 1), seq == 100 ? "one" : "-");
	assert_ok(ledger_check(l, &e), e);
	ledger_close(&l);
}

static void remove_files(const struct place *p)
{
	char path[128];
	static const char *const SUFFIXES[] = { "", "-wal", "-shm", "-journal" };
	for (size_t i = 0; i < ARRAY_LEN(SUFFIXES); i++) {
		snprintf(path, sizeof path, "%s%s", p->path, SUFFIXES[i]);
		unlink(path);
	}
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
	struct place *p = *state;
	uint64_t n = 0;
	bool ok = false;
	while (!ok) {
		remove_files(p);
		err e;
		err_clear(&e);
		unsigned committed = 0;
		mem_fail_at(++n);
		ok = open_and_use(p->path, LEDGER_WRITE, &committed, &e);
		mem_fail_at(0);
		if (!ok && e.code != ERR_NOMEM && e.code != ERR_UNCERTAIN)
			fail_msg("allocation %llu: %s: %s", (unsigned long long)n,
				 err_code_name(e.code), e.text);
		check_what_is_there(p->path, committed, ok ? ERR_NONE : e.code);
	}
	assert_true(n > 100);
}

static void in_memory_too(void **state)
{
	(void)state;
	uint64_t n = 0;
	bool ok = false;
	while (!ok) {
		err e;
		err_clear(&e);
		unsigned committed = 0;
		mem_fail_at(++n);
		ok = open_and_use("", LEDGER_MEMORY, &committed, &e);
		mem_fail_at(0);
		if (!ok && e.code != ERR_NOMEM && e.code != ERR_UNCERTAIN)
			fail_msg("allocation %llu: %s: %s", (unsigned long long)n,
				 err_code_name(e.code), e.text);
	}
	assert_true(n > 100);
}

/* The handle goes on after a failure, unless it says that the outcome is unknown. */
static void a_handle_goes_on_after_running_out_of_memory(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	bool ok = false;
	uint64_t first_seq = 1;
	for (uint64_t n = 1; !ok; n++) {
		err_clear(&e);
		mem_fail_at(n);
		ok = commit_record(l, first_seq, 1, str_make(big, sizeof big), &e);
		mem_fail_at(0);
		if (e.code == ERR_UNCERTAIN) {
			uint64_t seq;
			assert_err(ledger_last_seq(l, &seq, &e), e, ERR_IO);
			ledger_close(&l);
			l = open_ledger(p->path, LEDGER_WRITE);
			assert_ok(ledger_last_seq(l, &seq, &e), e);
			first_seq = seq + 1;
			continue;
		}
		assert_int_equal(e.code, ok ? ERR_NONE : ERR_NOMEM);
		first_seq += ok;
		assert_ok(commit_record(l, first_seq++, 1, S("goes on"), &e), e);
	}
	assert_ok(ledger_check(l, &e), e);
	ledger_close(&l);
}

int main(void)
{
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &HEAP) != SQLITE_OK)
		return 1;
	log_set_level(LOG_ERROR);
	memset(big, 'b', sizeof big);
	const struct CMUnitTest tests[] = {
		T(every_failing_allocation_is_a_clean_error),
		T(in_memory_too),
		T(a_handle_goes_on_after_running_out_of_memory),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	sqlite3_shutdown();
	return failed;
}
