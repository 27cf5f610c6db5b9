/*
 * test_backup.c - a backup holds everything, or is refused.
 */
#include "world.h"

#include "base/thread.h"

#define SMALL 300

static void touch_some(struct world *w, struct journal *j, int from, int n)
{
	static const struct prop PROPS[] = { { S("city"),
					       { .kind = VALUE_TEXT, .text = { "Kiel", 4 } } } };
	for (int i = from; i < from + n; i++) {
		char id[32], user[32];
		snprintf(id, sizeof id, "m%d", i);
		snprintf(user, sizeof user, "u%d", i % 40);
		struct intake in = { .name = i % 3 ? S("page_viewed") : S("person_updated"),
				     .at_us = (int64_t)(1 + i) * 3600 * US_PER_S,
				     .message_id = str_of(id),
				     .user_id = str_of(user),
				     .props = PROPS,
				     .props_n = 1 };
		in.origin.source = S("google");
		struct batch b = { .items = &in, .n = 1, .trust = TRUST_SECRET };
		WORLD_OK(w, journal_submit(j, &b, &w->e));
	}
}

static void path_of(char path[300], const struct world *w, const char *name)
{
	snprintf(path, 300, "%s.%s", w->dir, name);
}

static uint64_t verified(struct world *w, const char *dir)
{
	uint64_t differences = 1, touches = 0;
	WORLD_OK(w, journal_verify(dir, NULL, NULL, &differences, &touches, &w->e));
	assert_int_equal(differences, 0);
	return touches;
}

static void remove_all(struct world *w)
{
	char command[1024];
	snprintf(command, sizeof command, "rm -rf '%s' '%s'.*", w->dir, w->dir);
	journal_close(&w->j);
	arena_fini(&w->a);
	assert_int_equal(system(command), 0);
}

static void what_was_backed_up_comes_back(void **state)
{
	(void)state;
	struct world w;
	char bak[300], back[300];
	struct backup_result made, restored;
	world_init(&w);
	path_of(bak, &w, "bak");
	path_of(back, &w, "back");
	touch_some(&w, w.j, 0, SMALL);
	WORLD_OK(&w, journal_config_set(w.j, S("stages"), S("lead, customer"), S("t"), &w.e));
	world_reopen(&w); /* runs of ids on disk */
	touch_some(&w, w.j, SMALL, SMALL);
	WORLD_OK(&w, journal_backup(w.dir, bak, NULL, NULL, &made, &w.e));
	touch_some(&w, w.j, 2 * SMALL, 10);
	assert_true(journal_backup_last(w.dir) == made.made_us);

	WORLD_OK(&w, journal_restore(bak, back, NULL, NULL, &restored, &w.e));
	assert_int_equal(restored.seq, made.seq);
	assert_int_equal(verified(&w, back), made.seq);

	/* The copy goes on as the original would: what it knows is a duplicate, the rest is new. */
	struct journal *j = NULL;
	WORLD_OK(&w, journal_open(back, NULL, &j, &w.e));
	struct intake known = {
		.name = S("page_viewed"), .at_us = 1, .message_id = S("m7"), .user_id = S("u7")
	};
	struct batch b = { .items = &known, .n = 1, .trust = TRUST_SECRET };
	WORLD_OK(&w, journal_submit(j, &b, &w.e));
	assert_int_equal(known.outcome, OUTCOME_DUPLICATE);
	touch_some(&w, j, 2 * SMALL, 10);
	journal_close(&j);
	assert_int_equal(verified(&w, back), made.seq + 10);
	remove_all(&w);
}

struct writing {
	struct world *w;
	volatile bool stop;
};

static void *write_on(void *arg)
{
	struct writing *x = arg;
	for (int i = 10000; !__atomic_load_n(&x->stop, __ATOMIC_RELAXED); i++)
		touch_some(x->w, x->w->j, i, 1);
	return NULL;
}

static void a_backup_beside_a_writer_is_one_state(void **state)
{
	(void)state;
	struct world w, other;
	char bak[300], back[300];
	struct backup_result made, restored;
	struct thread t = { 0 };
	world_init(&w);
	other = w;
	struct writing x = { .w = &other };
	path_of(bak, &w, "bak");
	path_of(back, &w, "back");
	touch_some(&w, w.j, 0, SMALL);
	WORLD_OK(&w, thread_start(&t, "writing", write_on, &x, &w.e));
	for (int i = 0; i < 5; i++) {
		char command[400];
		WORLD_OK(&w, journal_backup(w.dir, bak, NULL, NULL, &made, &w.e));
		WORLD_OK(&w, journal_restore(bak, back, NULL, NULL, &restored, &w.e));
		assert_int_equal(verified(&w, back), made.seq);
		snprintf(command, sizeof command, "rm -rf '%s'", back);
		assert_int_equal(system(command), 0);
	}
	__atomic_store_n(&x.stop, true, __ATOMIC_RELAXED);
	thread_join(&t);
	remove_all(&w);
}

static void a_wrong_byte_or_a_missing_end_is_refused(void **state)
{
	(void)state;
	struct world w;
	char bak[300], bad[300], back[300], part[320];
	struct backup_result made, restored;
	struct buf whole;
	world_init(&w);
	path_of(bak, &w, "bak");
	path_of(bad, &w, "bad");
	path_of(back, &w, "back");
	snprintf(part, sizeof part, "%s.restoring", back);
	touch_some(&w, w.j, 0, 60);
	world_reopen(&w);
	WORLD_OK(&w, journal_backup(w.dir, bak, NULL, NULL, &made, &w.e));
	buf_init(&whole, 64 * MIB);
	WORLD_OK(&w, fs_read_all(fs_real(), bak, 64 * MIB, &whole, &w.e));
	for (size_t at = 0; at < whole.n; at += at < 60 || at + 60 > whole.n ? 1 : whole.n / 97) {
		whole.p[at] ^= 0x20;
		WORLD_OK(&w, fs_write_all(fs_real(), bad, buf_view(&whole), &w.e));
		whole.p[at] ^= 0x20;
		assert_false(journal_restore(bad, back, NULL, NULL, &restored, &w.e));
		WORLD_OK(&w, fs_write_all(fs_real(), bad, str_make(whole.p, at), &w.e));
		assert_false(journal_restore(bad, back, NULL, NULL, &restored, &w.e));
		assert_false(fs_exists(fs_real(), back));
		assert_false(fs_exists(fs_real(), part));
	}
	buf_byte(&whole, 0);
	WORLD_OK(&w, fs_write_all(fs_real(), bad, buf_view(&whole), &w.e));
	assert_false(journal_restore(bad, back, NULL, NULL, &restored, &w.e));
	buf_fini(&whole);
	remove_all(&w);
}

static void nothing_is_overwritten_that_is_not_ours(void **state)
{
	(void)state;
	struct world w;
	char bak[300], other[300];
	struct backup_result r;
	world_init(&w);
	path_of(bak, &w, "bak");
	path_of(other, &w, "other");
	WORLD_OK(&w, fs_write_all(fs_real(), other, S("a letter to grandmother"), &w.e));
	assert_false(journal_backup(w.dir, other, NULL, NULL, &r, &w.e));
	assert_int_equal(w.e.code, ERR_CONFLICT);
	WORLD_OK(&w, journal_backup(w.dir, bak, NULL, NULL, &r, &w.e));
	WORLD_OK(&w, journal_backup(w.dir, bak, NULL, NULL, &r, &w.e));
	assert_false(journal_restore(bak, w.dir, NULL, NULL, &r, &w.e));
	assert_int_equal(w.e.code, ERR_CONFLICT);
	assert_false(journal_restore(other, other, NULL, NULL, &r, &w.e));
	remove_all(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_backed_up_comes_back),
		cmocka_unit_test(a_backup_beside_a_writer_is_one_state),
		cmocka_unit_test(a_wrong_byte_or_a_missing_end_is_refused),
		cmocka_unit_test(nothing_is_overwritten_that_is_not_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
