/*
 * test_seal.c - what is sealed, merged or dropped reads as before, whatever fails and whenever the
 * process is killed.
 *
 * What it is:   a journal with a bit of everything is read whole, sealed at random places, read
 *               again and compared to the byte; the same with two journals of which one is sealed
 *               while touches come in; then faults at the n-th operation, kill -9, flipped bits.
 */
#include "fault/seal_world.h"

#include "fault/faulty_fs.h"
#include "fault/vfs.h"

#include <dirent.h>
#include <sys/stat.h>

static void open_unsealed(struct world *w)
{
	world_init(w);
	world_close(w);
	w->options.tail_touches_max = UINT64_MAX;
	world_open(w);
}

static uint64_t deed(struct world *w, uint64_t person, const char *name, int64_t at_us)
{
	struct intake in = {
		.name = str_of(name), .at_us = at_us, .person = person, .by = S("user:1")
	};
	world_submit(w, TRUST_SELF, &in, 1);
	assert_int_equal(in.outcome, OUTCOME_ACCEPTED);
	return in.seq;
}

/* Live touches, an import that is taken back, one that stays, deeds by hand of which one is taken
 * back; `seal` is called at random places. */
static void play(struct world *w, uint64_t seed, void (*seal)(struct world *w, struct rng *r))
{
	struct rng r, places;
	uint64_t number = 0, import[2];
	struct undo_result undone;
	rng_init(&r, seed);
	rng_init(&places, seed + 1);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 120; i++) {
			WORLD_OK(w, seal_submit(w->j, &r, ++number, 0, &w->e));
			if (rng_below(&places, 40) == 0)
				seal(w, &places);
		}
		WORLD_OK(w, journal_import_begin(w->j, S("{}"), &import[round], &w->e));
		for (int i = 0; i < 60; i++) {
			WORLD_OK(w,
				 seal_submit(w->j, &r, ++number, i % 3 ? import[round] : 0, &w->e));
			if (rng_below(&places, 30) == 0)
				seal(w, &places);
		}
		WORLD_OK(w, journal_import_close(w->j, import[round], S("{}"), &w->e));
		seal(w, &places);
		uint64_t person = world_find(w, "u7");
		if (person == 0)
			continue;
		uint64_t first = deed(w, person, "person_updated", 2000 * US_PER_DAY);
		seal(w, &places);
		struct touch_undo u = { .seq = first, .by = S("user:1"), .anyway = true };
		WORLD_OK(w, journal_touch_undo(w->j, &u, &w->e));
		(void)deed(w, person, "lead_accepted", 2001 * US_PER_DAY);
	}
	WORLD_OK(w, journal_import_undo(w->j, import[0], &undone, &w->e));
	assert_true(undone.touches > 0);
	seal(w, &places);
	for (int i = 0; i < 30; i++)
		WORLD_OK(w, seal_submit(w->j, &r, ++number, 0, &w->e));
}

static void seal_never(struct world *w, struct rng *r)
{
	(void)w;
	(void)r;
}

static void seal_some(struct world *w, struct rng *r)
{
	WORLD_OK(w, journal_seal(w->j, rng_below(r, 60), &w->e));
	if (rng_below(r, 3) == 0)
		WORLD_OK(w, journal_merge(w->j, &w->e));
	if (rng_below(r, 4) == 0)
		world_reopen(w);
}

static struct archive_numbers numbers_of(struct world *w)
{
	struct archive_numbers n;
	struct snapshot *s;
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	snapshot_archive_numbers(s, &n);
	snapshot_close(&s);
	return n;
}

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
		}
		segment_cursor_free(&c);
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
		/* Whole records: one that reaches into what is kept stays. */
		assert_true(n.sealed_seq <= none.tail_touches - keeps[k]);
		assert_true(n.sealed_seq + 20 > none.tail_touches - keeps[k]);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_touch_is_in_one_segment),
		cmocka_unit_test(sealed_touches_read_as_before),
		cmocka_unit_test(sealing_changes_nothing_of_what_follows),
	};
	return cmocka_run_group_tests_name("sealing", tests, NULL, NULL);
}
