/*
 * test_segment_damage.c - flipped bits, disks that fail, power that goes, memory that ends.
 */
#include "segment_test.h"

#define PATH "segments/small"

/* A few touches with everything in them. */
static void small_world(struct world_of_touches *w)
{
	touches_make(w, 4, (struct shape_of_touches){ .n = 12, .subjects = 4, .odd = true });
}

static struct fs *disk_with(struct buf *bytes, bool cold)
{
	struct world_of_touches w;
	struct fs *fs = fs_sim_new(1);
	struct segment *s;
	err e;
	small_world(&w);
	assert_ok(fs_make_dir(fs, "segments", &e), e);
	assert_ok(build(fs, PATH, cold, &w, &s, &e), e);
	segment_release(&s);
	buf_init(bytes, MIB);
	assert_ok(fs_read_all(fs, PATH, MIB, bytes, &e), e);
	touches_free(&w);
	return fs;
}

static void overwrite(struct fs *fs, size_t at, const char *byte)
{
	struct file *f;
	err e;
	assert_ok(file_open(fs, PATH, FILE_WRITE, &f, &e), e);
	assert_ok(file_write(f, byte, 1, at, &e), e);
	assert_ok(file_close(&f, &e), e);
}

static void assert_damaged(struct fs *fs, size_t at)
{
	struct segment *s;
	err e;
	err_clear(&e);
	bool opened = segment_open(fs, PATH, &s, &e);
	bool sound = opened && segment_check(s, &e);
	if (opened)
		segment_release(&s);
	if (sound)
		fail_msg("a change at byte %zu was not found", at);
	assert_true(e.code == ERR_CORRUPT || e.code == ERR_CONFLICT);
	if (!strstr(e.text, PATH))
		fail_msg("byte %zu: \"%s\" does not name the file", at, e.text);
}

static void every_flipped_bit_is_found_and_named(void **state UNUSED)
{
	for (int cold = 0; cold < 2; cold++) {
		struct buf bytes;
		struct fs *fs = disk_with(&bytes, cold);
		for (size_t i = 0; i < bytes.n; i++) {
			for (int bit = 0; bit < 8; bit++) {
				char flipped = (char)(bytes.p[i] ^ 1 << bit);
				overwrite(fs, i, &flipped);
				assert_damaged(fs, i);
			}
			overwrite(fs, i, &bytes.p[i]);
		}
		struct segment *s;
		err e;
		assert_ok(segment_open(fs, PATH, &s, &e), e);
		assert_ok(segment_check(s, &e), e);
		segment_release(&s);
		buf_fini(&bytes);
		fs_sim_free(&fs);
	}
}

static void a_file_of_another_length_is_damaged(void **state UNUSED)
{
	struct buf bytes;
	struct fs *fs = disk_with(&bytes, false);
	err e;
	for (size_t n = 0; n < bytes.n; n += 1 + n / 16) {
		assert_ok(fs_write_all(fs, PATH, str_make(bytes.p, n), &e), e);
		assert_damaged(fs, n);
	}
	buf_byte(&bytes, 0);
	assert_ok(fs_write_all(fs, PATH, buf_view(&bytes), &e), e);
	assert_damaged(fs, bytes.n);
	buf_fini(&bytes);
	fs_sim_free(&fs);
}

static void a_newer_format_is_refused_by_name(void **state UNUSED)
{
	struct buf bytes;
	struct fs *fs = disk_with(&bytes, false);
	struct segment *s;
	err e;
	overwrite(fs, 8, "\2");
	assert_false(segment_open(fs, PATH, &s, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.text, PATH));
	assert_non_null(strstr(e.text, "newer"));
	buf_fini(&bytes);
	fs_sim_free(&fs);
}

static void a_failing_disk_leaves_no_file(void **state UNUSED)
{
	struct world_of_touches w;
	struct fs *fs = fs_sim_new(2);
	err e;
	small_world(&w);
	assert_ok(fs_make_dir(fs, "segments", &e), e);
	bool built = false;
	for (uint64_t n = 1; !built; n++) {
		struct segment *s;
		assert_true(n < 100);
		fs_sim_fail_at(fs, n, false);
		built = build(fs, PATH, false, &w, &s, &e);
		fs_sim_fail_at(fs, 0, false);
		assert_int_equal(fs_exists(fs, PATH), built);
		if (built)
			segment_release(&s);
	}
	assert_ok(fs_remove(fs, PATH, &e), e);
	struct segment *s;
	fs_sim_set_free(fs, 700);
	assert_false(build(fs, PATH, false, &w, &s, &e));
	assert_false(fs_exists(fs, PATH));
	fs_sim_set_free(fs, UINT64_MAX);
	assert_ok(build(fs, PATH, false, &w, &s, &e), e);
	segment_release(&s);
	touches_free(&w);
	fs_sim_free(&fs);
}

/* Builds with the n-th operation and all after it failing, then cuts the power. */
static bool whole_after_crash(const struct world_of_touches *w, uint64_t seed, uint64_t n)
{
	struct fs *fs = fs_sim_new(seed);
	struct segment *s;
	err e;
	assert_ok(fs_make_dir(fs, "segments", &e), e);
	fs_sim_fail_at(fs, n, true);
	bool built = build(fs, PATH, false, w, &s, &e);
	if (built)
		segment_release(&s);
	fs_sim_fail_at(fs, 0, false);
	fs_sim_crash(fs);
	bool opened = segment_open(fs, PATH, &s, &e);
	assert_true(opened || !built);
	if (opened) {
		assert_ok(segment_check(s, &e), e);
		assert_int_equal(segment_info(s)->touches, w->n);
		segment_release(&s);
	}
	fs_sim_free(&fs);
	return opened;
}

/* After a power loss the file is whole, or nobody takes it for one. Small files, so that an index
 * has a chance to be kept while a block is lost. */
static void a_lost_power_leaves_all_or_nothing(void **state UNUSED)
{
	struct world_of_touches w;
	size_t whole = 0, none = 0;
	touches_make(&w, 3, (struct shape_of_touches){ .n = 300, .subjects = 40, .plain = true });
	for (uint64_t seed = 0; seed < 2000; seed++) {
		bool is_whole = whole_after_crash(&w, seed, seed % 8);
		whole += is_whole;
		none += !is_whole;
	}
	assert_true(whole > 0 && none > 0);
	touches_free(&w);
}

static void memory_may_end_anywhere(void **state UNUSED)
{
	struct world_of_touches w;
	struct fs *fs = fs_sim_new(5);
	err e;
	small_world(&w);
	assert_ok(fs_make_dir(fs, "segments", &e), e);
	bool done = false;
	for (uint64_t n = 1; !done; n++) {
		struct segment *s = NULL, **out = NULL;
		size_t out_n = 0;
		struct segment_merge_options o = { .fs = fs };
		mem_fail_once(n);
		bool built = build(fs, PATH, n % 2, &w, &s, &e);
		bool merged = built && segment_merge(&s, 1, &o, &out, &out_n, &e);
		bool checked = merged && segment_check(out[0], &e);
		done = !mem_failed();
		mem_fail_at(0);
		assert_true(checked || (!done && e.code == ERR_NOMEM));
		assert_int_equal(fs_exists(fs, PATH), built);
		for (size_t i = 0; i < out_n; i++)
			segment_release(&out[i]);
		mem_free((void *)out);
		if (built) {
			segment_release(&s);
			assert_ok(fs_remove(fs, PATH, &e), e);
		}
	}
	touches_free(&w);
	fs_sim_free(&fs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_flipped_bit_is_found_and_named),
		cmocka_unit_test(a_file_of_another_length_is_damaged),
		cmocka_unit_test(a_newer_format_is_refused_by_name),
		cmocka_unit_test(a_failing_disk_leaves_no_file),
		cmocka_unit_test(a_lost_power_leaves_all_or_nothing),
		cmocka_unit_test(memory_may_end_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
