/*
 * test_seal.c - what is sealed or merged reads as before.
 *
 * What it is:   a journal with a bit of everything is read whole, sealed at random places, read
 *               again and compared to the byte; the same with two journals of which one is sealed
 *               while touches come in.
 */
#include "fault/seal_world.h"

/* ---- in columns ------------------------------------------------------------------------------ */

struct visible {
	uint64_t n;
	uint64_t *seqs; /* 1: visible, by number */
};

static bool note_visible(void *arg, const struct touch *t)
{
	struct visible *v = arg;
	v->seqs[t->seq] = 1;
	v->n++;
	return true;
}

/* Whose a row is, by what the segment is sorted by. */
static uint64_t subject_of_row(struct world *w, const struct segment *s, uint64_t row)
{
	int64_t subject = 0, count;
	for (uint64_t at = 0, end = 0; end <= row; at++) {
		WORLD_OK(w, column_ints(segment_subject(s), at, 1, &subject, &w->e));
		WORLD_OK(w, column_ints(segment_count(s), at, 1, &count, &w->e));
		end += (uint64_t)count;
	}
	return (uint64_t)subject;
}

/* Who did not move since the number that the segment is keyed at lies where they belong now. */
static void check_subject(struct world *w, struct snapshot *s, const struct people_moved *moved,
			  const struct segment *segment, uint64_t row, const struct touch *t)
{
	uint64_t profile = t->person ? t->person : t->company ? t->company : t->deal;
	uint64_t subject = profile ? people_subject_of(snapshot_people(s), profile) : 0;
	if (profile < moved->n && (moved->bits[profile / 64] >> profile % 64 & 1))
		return;
	assert_true(subject_of_row(w, segment, row) == subject);
}

/* Every touch up to the snapshot's number is in one segment, as the journal has it; what the scan
 * leaves out is said to be hidden; and it is sorted by whom it belongs to. */
static void check_segments(struct world *w, uint64_t as_of)
{
	struct snapshot *s;
	const struct snapshot_segment *segments;
	size_t n;
	WORLD_OK(w, snapshot_open(w->dir, as_of, &s, &w->e));
	WORLD_OK(w, snapshot_segments(s, &segments, &n, &w->e));
	uint64_t last = snapshot_seq(s), found = 0;
	struct visible v = { .seqs = calloc(last + 1, sizeof *v.seqs) };
	WORLD_OK(w, snapshot_scan(s, note_visible, &v, &w->e));
	for (size_t i = 0; i < n; i++) {
		const struct snapshot_segment *x = &segments[i];
		const struct segment_info *info = segment_info(x->segment);
		struct segment_cursor *c;
		WORLD_OK(w, segment_cursor_new(x->segment, &c, &w->e));
		assert_true(info->seq_max <= last && info->keyed_seq <= last);
		struct people_moved moved;
		struct arena a;
		arena_init(&a, MIB);
		WORLD_OK(w, people_moved_since(s, info->keyed_seq, &a, &moved, &w->e));
		for (uint64_t row = 0; row < info->touches; row++) {
			struct touch t, stored;
			arena_reset(&w->a);
			WORLD_OK(w, segment_touch(c, row, &w->a, &t, &w->e));
			WORLD_OK(w, snapshot_touch(s, t.seq, &w->a, &stored, &w->e));
			assert_true(str_eq(t.name, stored.name) && t.at_us == stored.at_us &&
				    t.person == stored.person &&
				    str_eq(t.message_id, stored.message_id));
			bool hidden = x->hidden ||
				      (x->some_hidden && snapshot_hides_row(s, t.seq, t.import));
			assert_true(v.seqs[t.seq] == (hidden ? 0 : 1));
			v.seqs[t.seq] = 2;
			found++;
			check_subject(w, s, &moved, x->segment, row, &t);
		}
		segment_cursor_free(&c);
		arena_fini(&a);
	}
	assert_int_equal(found, last);
	free(v.seqs);
	snapshot_close(&s);
}

static void every_touch_is_in_one_segment(void **state)
{
	struct world w;
	(void)state;
	open_unsealed(&w);
	play(&w, 5, seal_never);
	uint64_t last = numbers_of(&w).tail_touches;
	check_segments(&w, 0);
	check_segments(&w, last / 2);
	for (uint64_t keep = 200; keep > 0; keep /= 10) {
		WORLD_OK(&w, journal_seal(w.j, keep, &w.e));
		check_segments(&w, 0);
		check_segments(&w, last / 2);
		check_segments(&w, last - 100);
	}
	WORLD_OK(&w, journal_merge(w.j, &w.e));
	check_segments(&w, 0);
	world_fini(&w);
}

static void merging_sorts_by_who_is_who_now(void **state)
{
	struct world w;
	struct rng r;
	(void)state;
	open_unsealed(&w);
	rng_init(&r, 23);
	for (uint64_t i = 1; i <= 600; i++) {
		WORLD_OK(&w, seal_submit(w.j, &r, i, 0, &w.e));
		if (i % 60 == 0)
			WORLD_OK(&w, journal_seal(w.j, 5, &w.e));
	}
	uint64_t a = world_find(&w, "u3"), b = world_find(&w, "u8");
	assert_true(a && b && a != b);
	WORLD_OK(&w, people_merge(w.j, a, b, S("user:1"), S("the same"), &w.e));
	check_segments(&w, 0);
	struct archive_numbers before = numbers_of(&w);
	WORLD_OK(&w, journal_merge(w.j, &w.e));
	struct archive_numbers after = numbers_of(&w);
	assert_true(after.segments * 2 <= before.segments);
	assert_int_equal(after.touches, before.touches);
	check_segments(&w, 0);
	world_verify(&w);
	world_fini(&w);
}

/* ---- dropping -------------------------------------------------------------------------------- */

static bool is_about_nobody(void *arg, const struct touch *t)
{
	(void)arg;
	return !t->person && !t->company && !t->deal && t->message_id.n;
}

static bool count_about_nobody(void *arg, const struct touch *t)
{
	*(uint64_t *)arg += is_about_nobody(NULL, t);
	return true;
}

static uint64_t about_nobody(struct world *w)
{
	struct snapshot *s;
	uint64_t n = 0;
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	WORLD_OK(w, snapshot_scan(s, count_about_nobody, &n, &w->e));
	snapshot_close(&s);
	return n;
}

static void what_is_dropped_is_nowhere_and_counted(void **state)
{
	struct world w;
	struct rng r;
	uint64_t dropped;
	const struct journal_drop d = { .touch = is_about_nobody };
	(void)state;
	open_unsealed(&w);
	rng_init(&r, 29);
	for (uint64_t i = 1; i <= 300; i++)
		WORLD_OK(&w, seal_submit(w.j, &r, i, 0, &w.e));
	uint64_t nobodys = about_nobody(&w);
	assert_true(nobodys > 20);
	WORLD_OK(&w, journal_seal(w.j, 0, &w.e));
	WORLD_OK(&w, journal_drop(w.j, &d, &dropped, &w.e));
	assert_int_equal(dropped, nobodys);
	assert_int_equal(about_nobody(&w), 0);
	assert_int_equal(numbers_of(&w).dropped, nobodys);
	world_verify(&w);
	WORLD_OK(&w, journal_drop(w.j, &d, &dropped, &w.e));
	assert_int_equal(dropped, 0);
	/* What comes later is told from what is missing. */
	for (uint64_t i = 301; i <= 330; i++)
		WORLD_OK(&w, seal_submit(w.j, &r, i, 0, &w.e));
	world_verify(&w);
	world_fini(&w);
}

static void sealed_touches_read_as_before(void **state)
{
	struct world w;
	uint64_t seqs[4] = { 0 };
	char *before[4];
	(void)state;
	open_unsealed(&w);
	play(&w, 3, seal_never);
	struct archive_numbers none = numbers_of(&w);
	assert_int_equal(none.segments, 0);
	for (size_t i = 0; i < ARRAY_LEN(seqs); i++) {
		seqs[i] = i * none.tail_touches / 4;
		before[i] = dump_world(&w, seqs[i], true);
	}
	const uint64_t keeps[] = { 300, 120, 30, 0 };
	for (size_t k = 0; k < ARRAY_LEN(keeps); k++) {
		WORLD_OK(&w, journal_seal(w.j, keeps[k], &w.e));
		struct archive_numbers n = numbers_of(&w);
		/* Whole records: one that reaches into what is kept goes as well. */
		assert_true(n.sealed_seq >= none.tail_touches - keeps[k]);
		assert_true(n.sealed_seq < none.tail_touches - keeps[k] + 20);
		assert_int_equal(n.touches, n.sealed_seq);
		if (k == 2)
			WORLD_OK(&w, journal_merge(w.j, &w.e));
		for (size_t i = 0; i < ARRAY_LEN(seqs); i++) {
			char *after = dump_world(&w, seqs[i], true);
			assert_same_text(before[i], after);
			free(after);
		}
		world_verify(&w);
	}
	assert_int_equal(numbers_of(&w).tail_touches, 0);
	for (size_t i = 0; i < ARRAY_LEN(seqs); i++)
		free(before[i]);
	/* Numbers go on where they were. */
	struct rng r;
	rng_init(&r, 9);
	WORLD_OK(&w, seal_submit(w.j, &r, 100000, 0, &w.e));
	world_verify(&w);
	world_fini(&w);
}

static void sealing_changes_nothing_of_what_follows(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct world plain, sealed;
		open_unsealed(&plain);
		open_unsealed(&sealed);
		play(&plain, seed, seal_never);
		play(&sealed, seed, seal_some);
		assert_true(numbers_of(&sealed).segments > 0);
		char *a = dump_world(&plain, 0, false), *b = dump_world(&sealed, 0, false);
		assert_same_text(a, b);
		free(a);
		free(b);
		world_verify(&sealed);
		world_fini(&plain);
		world_fini(&sealed);
	}
}

/* ---- readers beside it ----------------------------------------------------------------------- */

static void who_reads_goes_on_reading(void **state)
{
	struct world w;
	struct snapshot *old, *live;
	bool reopened;
	(void)state;
	open_unsealed(&w);
	play(&w, 7, seal_never);
	WORLD_OK(&w, snapshot_open(w.dir, 0, &old, &w.e));
	WORLD_OK(&w, snapshot_open_live(w.dir, &live, &w.e));
	char *before = dump_snapshot(&w, old, true);
	for (uint64_t keep = 400; keep > 0; keep -= 40) {
		WORLD_OK(&w, journal_seal(w.j, keep, &w.e));
		if (keep % 80 == 0)
			WORLD_OK(&w, journal_merge(w.j, &w.e));
		WORLD_OK(&w, journal_flush(w.j, &w.e)); /* records are removed on the way */
		char *after = dump_snapshot(&w, old, true);
		assert_same_text(before, after);
		free(after);
		snapshot_rest(live);
		WORLD_OK(&w, snapshot_refresh(&live, NULL, NULL, &reopened, &w.e));
		assert_false(reopened);
		after = dump_snapshot(&w, live, true);
		assert_same_text(before, after);
		free(after);
	}
	snapshot_close(&old);
	snapshot_close(&live);
	free(before);
	world_fini(&w);
}

static void a_backup_holds_the_archive(void **state)
{
	struct world w, back = { 0 };
	char path[300];
	struct backup_result made, restored;
	(void)state;
	open_unsealed(&w);
	play(&w, 11, seal_some);
	assert_true(numbers_of(&w).segments > 0 && numbers_of(&w).tail_touches > 0);
	snprintf(path, sizeof path, "%s.bak", w.dir);
	snprintf(back.dir, sizeof back.dir, "%.200s.back", w.dir);
	arena_init(&back.a, 256 * MIB);
	WORLD_OK(&w, journal_backup(w.dir, path, NULL, NULL, &made, &w.e));
	WORLD_OK(&w, journal_restore(path, back.dir, NULL, NULL, &restored, &w.e));
	assert_int_equal(made.seq, restored.seq);
	char *a = dump_world(&w, 0, true), *b = dump_world(&back, 0, true);
	assert_same_text(a, b);
	free(a);
	free(b);
	world_open(&back);
	struct rng r;
	rng_init(&r, 12);
	WORLD_OK(&back, seal_submit(back.j, &r, 100000, 0, &back.e));
	WORLD_OK(&back, journal_seal(back.j, 0, &back.e));
	world_verify(&back);
	world_fini(&back);
	assert_int_equal(unlink(path), 0);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_touch_is_in_one_segment),
		cmocka_unit_test(merging_sorts_by_who_is_who_now),
		cmocka_unit_test(what_is_dropped_is_nowhere_and_counted),
		cmocka_unit_test(sealed_touches_read_as_before),
		cmocka_unit_test(sealing_changes_nothing_of_what_follows),
		cmocka_unit_test(who_reads_goes_on_reading),
		cmocka_unit_test(a_backup_holds_the_archive),
	};
	return cmocka_run_group_tests_name("sealing", tests, NULL, NULL);
}
