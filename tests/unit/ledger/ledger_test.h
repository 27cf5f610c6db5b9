/*
 * ledger_test.h - what the tests of the ledger share: a directory of their own, short commits.
 */
#ifndef TRICHTER_LEDGER_TEST_H
#define TRICHTER_LEDGER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/ledger.h"

struct place {
	char dir[64];
	char path[96];
};

static UNUSED int place_make(void **state)
{
	static struct place p;
	snprintf(p.dir, sizeof p.dir, "/tmp/trichter-ledger-XXXXXX");
	if (!mkdtemp(p.dir))
		return -1;
	snprintf(p.path, sizeof p.path, "%s/ledger.db", p.dir);
	*state = &p;
	return 0;
}

static UNUSED int place_remove(void **state)
{
	struct place *p = *state;
	char path[128];
	static const char *const SUFFIXES[] = { "", "-wal", "-shm", "-journal" };
	for (size_t i = 0; i < ARRAY_LEN(SUFFIXES); i++) {
		snprintf(path, sizeof path, "%s%s", p->path, SUFFIXES[i]);
		unlink(path);
	}
	return rmdir(p->dir);
}

#define assert_ok(call, e)                                                                         \
	do {                                                                                       \
		if (!(call))                                                                       \
			fail_msg("%s: %s: %s", #call, err_code_name((e).code), (e).text);          \
	} while (0)
#define assert_err(call, e, wanted)                                                                \
	do {                                                                                       \
		err_clear(&(e));                                                                   \
		assert_false(call);                                                                \
		if ((e).code != (wanted))                                                          \
			fail_msg("%s: %s: %s", #call, err_code_name((e).code), (e).text);          \
	} while (0)

static UNUSED struct ledger *open_ledger(const char *path, enum ledger_mode mode)
{
	struct ledger *l = NULL;
	err e;
	assert_ok(ledger_open(path, mode, NULL, &l, &e), e);
	return l;
}

static UNUSED bool commit_record(struct ledger *l, uint64_t first_seq, uint32_t touches, str body,
				 err *e)
{
	struct ledger_record r = { first_seq, touches, body };
	struct ledger_commit c = { .records = &r, .records_n = 1 };
	return ledger_commit(l, &c, e);
}

static UNUSED bool commit_row(struct ledger *l, enum ledger_table table, uint64_t key, str value,
			      err *e)
{
	struct ledger_change ch = { .table = table, .key = key, .value = value };
	struct ledger_commit c = { .changes = &ch, .changes_n = 1 };
	return ledger_commit(l, &c, e);
}

static UNUSED bool commit_timer(struct ledger *l, int64_t due, uint32_t kind, uint64_t subject,
				str payload, bool remove, err *e)
{
	struct ledger_timer_change t = { { due, kind, subject }, payload, remove };
	struct ledger_commit c = { .timers = &t, .timers_n = 1 };
	return ledger_commit(l, &c, e);
}

/* The value of one key, as a string in static memory; "-" where there is none. */
static UNUSED const char *value_of(struct ledger *l, enum ledger_table table, uint64_t key)
{
	static char text[256];
	struct arena a;
	arena_init(&a, MIB);
	str v;
	err e;
	assert_ok(ledger_load(l, table, &key, 1, &a, &v, &e), e);
	snprintf(text, sizeof text, "%.*s", v.p ? (int)v.n : 1, v.p ? v.p : "-");
	arena_fini(&a);
	return text;
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_make, place_remove)

#endif
