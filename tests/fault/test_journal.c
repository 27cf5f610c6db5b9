/*
 * test_journal.c - the n-th write, sync, allocation fails, or the disk is full: nothing
 * acknowledged is lost, nothing is there twice, and the journal goes on.
 *
 * What it is:   one scenario (live batches, an import, an undo) with a fault at the n-th operation,
 * for every n until none happens any more; then the same messages are sent again, as a client does,
 * and the journal is proven by replay.
 */
#include "world.h"

#include "base/mem.h"
#include "fault/vfs.h"

#define BATCHES 5
#define BATCH	4

struct answers {
	bool live[BATCHES]; /* acknowledged */
	bool closed, undone;
	bool begun;
};

static void fill(struct intake *in, char id[32], char user[32], const char *kind, int number)
{
	static const struct prop PROPS[] = { { S("city"),
					       { .kind = VALUE_TEXT, .text = { "Kiel", 4 } } } };
	snprintf(id, 32, "%s-%d", kind, number);
	snprintf(user, 32, "u%d", number % 6);
	*in = (struct intake){ .name = number % 2 ? S("page_viewed") : S("person_updated"),
			       .at_us = (int64_t)(1 + number) * US_PER_DAY,
			       .message_id = str_of(id),
			       .user_id = str_of(user),
			       .anonymous_id = number % 3 ? str_of(user + 1) : S(""),
			       .props = PROPS,
			       .props_n = 1 };
	in->origin.source = S("google");
}

static bool submit(struct journal *j, const char *kind, int from, uint64_t import, err *e)
{
	struct intake items[BATCH];
	char ids[BATCH][32], users[BATCH][32];
	for (int i = 0; i < BATCH; i++)
		fill(&items[i], ids[i], users[i], kind, from + i);
	struct batch b = { .items = items, .n = BATCH, .trust = TRUST_SECRET, .import = import };
	return journal_submit(j, &b, e);
}

/* As much of it as works; what was acknowledged is noted. */
static void play(struct journal *j, struct answers *o)
{
	uint64_t import;
	struct undo_result undone;
	err e;
	for (int i = 0; i < BATCHES; i++)
		o->live[i] = submit(j, "live", i * BATCH, 0, &e);
	o->begun = journal_import_begin(j, S("{}"), &import, &e);
	if (!o->begun)
		return;
	bool all = true;
	for (int i = 0; i < BATCHES; i++)
		all &= submit(j, "import", i * BATCH, import, &e);
	o->closed = all && journal_import_close(j, import, S("{}"), &e);
	o->undone = o->closed && journal_import_undo(j, import, &undone, &e);
}

struct found {
	unsigned live[BATCHES * BATCH];
	unsigned imported[BATCHES * BATCH];
};

static bool find(void *arg, const struct touch *t)
{
	struct found *f = arg;
	char text[64] = { 0 };
	int number;
	if (t->message_id.n && t->message_id.n < sizeof text) {
		memcpy(text, t->message_id.p, t->message_id.n);
		if (sscanf(text, "live-%d", &number) == 1)
			f->live[number]++;
		else if (sscanf(text, "import-%d", &number) == 1)
			f->imported[number]++;
	}
	return true;
}

static struct found look(struct world *w)
{
	struct found f = { 0 };
	struct snapshot *s;
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	WORLD_OK(w, snapshot_scan(s, find, &f, &w->e));
	snapshot_close(&s);
	return f;
}

/* Without any fault: what was answered is what is found; sent again, all is there once. */
static void check_and_finish(struct world *w, const struct answers *o)
{
	struct found f = look(w);
	for (int i = 0; i < BATCHES * BATCH; i++) {
		assert_true(f.live[i] <= 1);
		if (o->live[i / BATCH])
			assert_int_equal(f.live[i], 1);
		if (o->closed && !o->undone)
			assert_true(f.imported[i] <=
				    1); /* an undo that failed may have been done */
		if (o->undone || !o->begun)
			assert_int_equal(f.imported[i], 0);
	}
	w->options.ledger_driver = NULL;
	world_open(w);
	for (int i = 0; i < BATCHES; i++)
		WORLD_OK(w, submit(w->j, "live", i * BATCH, 0, &w->e));
	world_verify(w);
	f = look(w);
	for (int i = 0; i < BATCHES * BATCH; i++)
		assert_int_equal(f.live[i], 1);
}

static void every_failing_disk_operation_loses_nothing(void **state)
{
	static const enum vfs_effect EFFECTS[] = { VFS_NOTHING, VFS_HALF, VFS_WHOLE };
	uint64_t n = 0, runs = 0;
	(void)state;
	for (bool failed = true; failed;) {
		n++;
		failed = false;
		for (size_t i = 0; i < 2 * ARRAY_LEN(EFFECTS); i++) {
			struct world w;
			struct answers o = { 0 };
			vfs_faults_reset();
			world_init(&w);
			world_close(&w);
			w.options.ledger_driver = FAULTY_VFS;
			world_open(&w);
			vfs_faults.fail_at = vfs_faults.operations + n;
			vfs_faults.and_all_after = i >= ARRAY_LEN(EFFECTS);
			vfs_faults.effect = EFFECTS[i % ARRAY_LEN(EFFECTS)];
			play(w.j, &o);
			world_close(&w);
			failed |= vfs_faults.failed > 0;
			vfs_faults_reset();
			check_and_finish(&w, &o);
			world_fini(&w);
			runs++;
		}
	}
	print_message("%llu runs, up to the %llu-th operation\n", (unsigned long long)runs,
		      (unsigned long long)n);
	assert_true(n > 20);
}

static void every_failing_allocation_loses_nothing(void **state)
{
	uint64_t n = 0, runs = 0;
	(void)state;
	for (bool failed = true; failed; n++) {
		failed = false;
		for (int once = 0; once < 2; once++) {
			struct world w;
			struct answers o = { 0 };
			world_init(&w);
			if (once)
				mem_fail_once(n + 1);
			else
				mem_fail_at(n + 1);
			play(w.j, &o);
			failed |= mem_failed();
			mem_fail_at(0);
			world_close(&w);
			check_and_finish(&w, &o);
			world_fini(&w);
			runs++;
		}
	}
	print_message("%llu runs, up to the %llu-th allocation\n", (unsigned long long)runs,
		      (unsigned long long)n);
	assert_true(n > 100);
}

static void a_full_disk_is_answered_and_recovered_from(void **state)
{
	struct world w;
	err e;
	(void)state;
	vfs_faults_reset();
	world_init(&w);
	world_close(&w);
	w.options.ledger_driver = FAULTY_VFS;
	world_open(&w);
	vfs_faults.bytes_max = vfs_faults.bytes + 60000;
	int stored = 0, refused = 0;
	for (; refused < 3 && stored < 1000;) {
		if (submit(w.j, "live", 0, 0, &e) && submit(w.j, "more", stored * BATCH, 0, &e))
			stored++;
		else
			refused++;
	}
	assert_int_equal(refused, 3);
	assert_true(stored > 2);
	assert_string_not_equal(e.text, "");
	assert_true(world_touches(&w) >= (uint64_t)stored * BATCH); /* reading goes on */
	vfs_faults.bytes_max = 0;				    /* there is room again */
	WORLD_OK(&w, submit(w.j, "again", 0, 0, &w.e));
	world_verify(&w);
	world_fini(&w);
	/* before it is full: a reserve is kept */
	world_init(&w);
	world_close(&w);
	w.options.disk_reserve_bytes = UINT64_MAX;
	world_open(&w);
	assert_false(submit(w.j, "live", 0, 0, &w.e));
	assert_int_equal(w.e.code, ERR_BUSY);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failing_disk_operation_loses_nothing),
		cmocka_unit_test(every_failing_allocation_loses_nothing),
		cmocka_unit_test(a_full_disk_is_answered_and_recovered_from),
	};
	return cmocka_run_group_tests_name("journal under faults", tests, NULL, NULL);
}
