/*
 * test_archive.c - the manifest, what a depot shares, left-overs, the file of ids.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archive/archive.h"
#include "base/thread.h"

#define OK(call)                                                                                   \
	do {                                                                                       \
		err e_ = { 0 };                                                                    \
		err *e = &e_;                                                                      \
		if (!(call))                                                                       \
			fail_msg("%s: %s", #call, e_.text);                                        \
	} while (0)

static struct archive_manifest sample(void)
{
	struct archive_manifest m = {
		.number_next = 12, .sealed_seq = 5000, .last_seq = 7000, .dropped = 3
	};
	for (uint64_t i = 1; i <= 5; i++)
		assert_true(vec_push(&m.segments, (struct archive_file){ i * 2, i * 1000003 }));
	assert_true(vec_push(&m.ids, (struct archive_file){ 11, 77 }));
	return m;
}

static void a_manifest_comes_back_and_damage_is_refused(void **state)
{
	struct archive_manifest m = sample(), back = { 0 }, copy = { 0 };
	struct buf b CLEANUP(buf_fini);
	(void)state;
	buf_init(&b, MIB);
	OK(archive_manifest_write(&m, &b, e));
	OK(archive_manifest_read(buf_view(&b), &back, e));
	OK(archive_manifest_copy(&back, &copy, e));
	assert_int_equal(copy.number_next, 12);
	assert_int_equal(copy.sealed_seq, 5000);
	assert_int_equal(copy.last_seq, 7000);
	assert_int_equal(copy.dropped, 3);
	assert_int_equal(copy.segments.n, 5);
	assert_int_equal(copy.segments.items[4].checksum, 5 * 1000003);
	assert_int_equal(copy.ids.items[0].number, 11);
	assert_true(archive_manifest_lists(&m, "000010.seg"));
	assert_true(archive_manifest_lists(&m, "000011.ids"));
	assert_false(archive_manifest_lists(&m, "000011.seg"));
	archive_manifest_fini(&back);
	archive_manifest_fini(&copy);
	for (size_t i = 0; i < b.n * 8; i++) {
		err why;
		b.p[i / 8] ^= (char)(1 << i % 8);
		assert_false(archive_manifest_read(buf_view(&b), &back, &why));
		b.p[i / 8] ^= (char)(1 << i % 8);
	}
	for (size_t n = 1; n < b.n; n++) {
		err why;
		assert_false(archive_manifest_read(str_make(b.p, n), &back, &why));
		assert_int_equal(why.code, ERR_CORRUPT);
	}
	OK(archive_manifest_read(S(""), &back, e));
	assert_int_equal(back.segments.n, 0);
	archive_manifest_fini(&m);
}

static void put_file(struct fs *fs, const char *path)
{
	OK(fs_write_all(fs, path, S("x"), e));
}

static void left_overs_are_removed_and_numbers_go_on(void **state)
{
	struct archive_manifest m = sample();
	struct fs *fs = fs_sim_new(1);
	uint64_t next = 0;
	(void)state;
	OK(fs_make_dir(fs, "d", e));
	OK(archive_clean(fs, "d", &m, &next, e)); /* no directory yet */
	assert_int_equal(next, 12);
	OK(fs_make_dir(fs, "d/archive", e));
	put_file(fs, "d/archive/000010.seg");
	put_file(fs, "d/archive/000011.ids");
	put_file(fs, "d/archive/000011.seg");
	put_file(fs, "d/archive/000040.seg");
	OK(archive_clean(fs, "d", &m, &next, e));
	assert_int_equal(next, 41);
	assert_true(fs_exists(fs, "d/archive/000010.seg"));
	assert_true(fs_exists(fs, "d/archive/000011.ids"));
	assert_false(fs_exists(fs, "d/archive/000011.seg"));
	assert_false(fs_exists(fs, "d/archive/000040.seg"));
	fs_sim_free(&fs);
	archive_manifest_fini(&m);
}

/* ---- the depot ------------------------------------------------------------------------------- */

struct maker {
	struct depot *depot;
	struct mutex mutex;
	unsigned made;
	bool fails;
};

static bool make(void *arg, uint64_t from_seq, uint64_t to_seq, struct segment **s_r, err *e)
{
	struct maker *m = arg;
	struct segment_builder *b = NULL;
	const struct segment_options o = { .keyed_seq = to_seq };
	const struct touch t = { .seq = from_seq, .tie = from_seq, .name = S("a"), .person = 1 };
	mutex_lock(&m->mutex);
	m->made++;
	mutex_unlock(&m->mutex);
	if (m->fails)
		return err_set(e, ERR_IO, "it was told to fail");
	return segment_begin_build(&o, &b, e) && segment_add(b, 1, &t, e) &&
	       segment_finish(&b, s_r, e);
}

static void *ask(void *arg)
{
	struct maker *m = arg;
	for (uint64_t i = 0; i < 50; i++) {
		struct chunk *c = NULL;
		OK(depot_chunk(m->depot, 1 + i * 10, 10 + i * 10, 1000, make, m, &c, e));
		assert_int_equal(segment_info(chunk_segment(c))->seq_min, 1 + i * 10);
		depot_chunk_release(m->depot, &c);
	}
	return NULL;
}

static void a_chunk_is_made_once_for_all_who_ask(void **state)
{
	struct maker m = { 0 };
	struct depot *same = NULL;
	struct thread threads[4] = { 0 };
	struct chunk *c = NULL;
	size_t chunks;
	uint64_t bytes;
	err why;
	(void)state;
	mutex_init(&m.mutex);
	OK(depot_hold(fs_real(), "/nowhere", &m.depot, e));
	OK(depot_hold(fs_real(), "/nowhere", &same, e));
	assert_ptr_equal(m.depot, same);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		OK(thread_start(&threads[i], "ask", ask, &m, e));
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		thread_join(&threads[i]);
	assert_int_equal(m.made, 50);
	depot_numbers(same, &chunks, &bytes);
	assert_int_equal(chunks, 50);
	assert_true(bytes > 0);
	/* What was sorted by what came later is not for an earlier reader. */
	assert_true(depot_has_chunk(same, 1, 10, 1000));
	assert_false(depot_has_chunk(same, 1, 10, 999));
	m.fails = true;
	assert_false(depot_chunk(same, 1, 10, 999, make, &m, &c, &why));
	assert_int_equal(why.code, ERR_IO);
	m.fails = false;
	OK(depot_chunk(same, 1, 10, 999, make, &m, &c, e));
	depot_chunk_release(same, &c);
	depot_release(&same);
	depot_release(&m.depot);
	mutex_fini(&m.mutex);
}

/* ---- ids ------------------------------------------------------------------------------------- */

struct told {
	uint64_t n, first, last;
};

static bool tell(void *arg, const struct archive_id *id, err *e)
{
	struct told *t = arg;
	char text[32];
	(void)e;
	snprintf(text, sizeof text, "u%llu", (unsigned long long)id->profile);
	assert_true(str_eq(id->value, str_of(text)));
	t->first = t->n++ ? t->first : id->profile;
	t->last = id->profile;
	return true;
}

static void ids_come_back_by_their_records(void **state)
{
	struct fs *fs = fs_sim_new(2);
	struct ids_writer *w = NULL;
	struct archive_file f = { 0 };
	struct colfile *c = NULL;
	(void)state;
	OK(fs_make_dir(fs, "d", e));
	OK(ids_writer_new(fs, "d/1.ids", &w, e));
	for (uint64_t i = 1; i <= 40000; i++) {
		char text[32];
		snprintf(text, sizeof text, "u%llu", (unsigned long long)i);
		const struct archive_id id = {
			.seq = (i + 3) / 4 * 10, .profile = i, .kind = 1, .value = str_of(text)
		};
		OK(ids_writer_put(w, &id, e));
	}
	OK(ids_writer_finish(&w, &f, e));
	OK(colfile_open(fs, "d/1.ids", S("ids"), &c, e));
	assert_true(colfile_checksum(c) == f.checksum);
	OK(ids_check(c, e));
	struct told all = { 0 }, some = { 0 }, none = { 0 };
	OK(ids_each(c, 0, UINT64_MAX, tell, &all, e));
	assert_int_equal(all.n, 40000);
	/* Records begin at 10, 20 ... and brought four each. */
	OK(ids_each(c, 15, 40, tell, &some, e));
	assert_int_equal(some.n, 12);
	assert_int_equal(some.first, 5);
	assert_int_equal(some.last, 16);
	OK(ids_each(c, 100001, UINT64_MAX, tell, &none, e));
	assert_int_equal(none.n, 0);
	colfile_close(&c);
	fs_sim_free(&fs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_comes_back_and_damage_is_refused),
		cmocka_unit_test(left_overs_are_removed_and_numbers_go_on),
		cmocka_unit_test(a_chunk_is_made_once_for_all_who_ask),
		cmocka_unit_test(ids_come_back_by_their_records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
