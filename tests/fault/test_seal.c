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

#include <fcntl.h>

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

/* ---- damage ---------------------------------------------------------------------------------- */

static void flip(const char *path, off_t at, unsigned char bits)
{
	unsigned char c;
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= bits;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

/* verify finds it and names the file. */
static void check_flips(struct world *w, const char *name)
{
	char path[400];
	uint64_t differences, touches;
	snprintf(path, sizeof path, "%s/%s", w->dir, name);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	off_t size = lseek(fd, 0, SEEK_END);
	close(fd);
	const char *wanted = getenv("SEAL_FLIPS");
	off_t step = MAX(size / (wanted ? atoi(wanted) : 40), 1);
	for (off_t at = 0; at < size; at += step) {
		unsigned char bit = (unsigned char)(1u << at % 8);
		flip(path, at, bit);
		err e = { 0 };
		bool ok = journal_verify(w->dir, NULL, NULL, &differences, &touches, &e);
		/* ERR_CONFLICT: it says now that it is of a newer version. */
		if (ok || (e.code != ERR_CORRUPT && e.code != ERR_CONFLICT) ||
		    !strstr(e.text, name)) {
			print_error("%s, byte %lld of %lld: %d %s\n", name, (long long)at,
				    (long long)size, ok, e.text);
			fail();
		}
		flip(path, at, bit);
	}
}

struct names {
	char items[20][64];
	size_t n;
};

static bool note_name(void *arg, const char *name)
{
	struct names *names = arg;
	if (name[0] != '.' && names->n < ARRAY_LEN(names->items))
		snprintf(names->items[names->n++], 64, ARCHIVE_DIR "/%.40s", name);
	return true;
}

static void a_flipped_bit_is_found_and_named(void **state)
{
	struct world w;
	(void)state;
	open_unsealed(&w);
	play(&w, 13, seal_never);
	WORLD_OK(&w, journal_seal(w.j, 10, &w.e));
	world_close(&w);
	struct names names = { 0 };
	char path[300];
	snprintf(path, sizeof path, "%s/" ARCHIVE_DIR, w.dir);
	WORLD_OK(&w, fs_list(fs_real(), path, note_name, &names, &w.e));
	assert_true(names.n >= 2);
	for (size_t i = 0; i < names.n; i++)
		check_flips(&w, names.items[i]);
	world_open(&w);
	world_verify(&w);
	world_fini(&w);
}

/* ---- faults ---------------------------------------------------------------------------------- */

/* As much of it as works. */
static void play_faults(struct journal *j, struct rng *r, bool *acknowledged, size_t n)
{
	err e;
	for (size_t i = 0; i < n; i++) {
		acknowledged[i] = seal_submit(j, r, i + 1, 0, &e);
		if (i % 10 == 9 && !journal_seal(j, 3, &e))
			err_clear(&e);
		if (i % 20 == 19 && !journal_merge(j, &e))
			err_clear(&e);
	}
}

static bool count_message(void *arg, const struct touch *t)
{
	uint8_t *counts = arg;
	unsigned long long number;
	char text[64] = { 0 };
	if (t->message_id.n == 0 || t->message_id.n >= sizeof text)
		return true;
	memcpy(text, t->message_id.p, t->message_id.n);
	const char *at = strrchr(text, '-');
	if (at && sscanf(at + 1, "%llu", &number) == 1 && number < 100)
		counts[number]++;
	return true;
}

#define FAULT_TOUCHES 40

static void check_faults(struct world *w, const bool *acknowledged)
{
	uint8_t counts[100] = { 0 };
	struct snapshot *s;
	w->options.fs = NULL;
	w->options.ledger_driver = NULL;
	world_open(w);
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	WORLD_OK(w, snapshot_scan(s, count_message, counts, &w->e));
	snapshot_close(&s);
	for (size_t i = 0; i < FAULT_TOUCHES; i++) {
		assert_true(counts[i + 1] <= 1);
		assert_true(counts[i + 1] == 1 || !acknowledged[i]);
	}
	WORLD_OK(w, journal_seal(w->j, 0, &w->e));
	WORLD_OK(w, journal_merge(w->j, &w->e));
	world_verify(w);
}

/* `of_ledger`: under SQLite; else of the files beside it. */
static bool one_fault(uint64_t n, bool of_ledger, bool all_after, enum vfs_effect effect)
{
	struct world w;
	struct rng r;
	bool acknowledged[FAULT_TOUCHES];
	vfs_faults_reset();
	fs_faults_reset();
	world_init(&w);
	world_close(&w);
	w.options.tail_touches_max = UINT64_MAX;
	w.options.ledger_driver = of_ledger ? FAULTY_VFS : NULL;
	w.options.fs = of_ledger ? NULL : &faulty_fs;
	world_open(&w);
	rng_init(&r, 17);
	if (of_ledger) {
		vfs_faults.fail_at = vfs_faults.operations + n;
		vfs_faults.and_all_after = all_after;
		vfs_faults.effect = effect;
	} else {
		fs_faults.fail_at = fs_faults.operations + n;
		fs_faults.and_all_after = all_after;
	}
	play_faults(w.j, &r, acknowledged, FAULT_TOUCHES);
	world_close(&w);
	bool failed = vfs_faults.failed > 0 || fs_faults.failed > 0;
	vfs_faults_reset();
	fs_faults_reset();
	check_faults(&w, acknowledged);
	world_fini(&w);
	return failed;
}

/* Every n-th operation in turn; SEAL_STEP 1 leaves none out. */
static void a_failing_disk_loses_nothing_of_what_is_sealed(void **state)
{
	static const enum vfs_effect EFFECTS[] = { VFS_NOTHING, VFS_HALF, VFS_WHOLE };
	const char *wanted = getenv("SEAL_STEP");
	uint64_t step = wanted ? strtoull(wanted, NULL, 10) : 23, runs = 0;
	(void)state;
	for (uint64_t n = 1, kind = 0;; n += step, kind++) {
		bool failed = one_fault(n, false, kind % 2, VFS_NOTHING);
		runs++;
		if (!failed)
			break;
	}
	for (uint64_t n = 1, kind = 0;; n += step, kind++) {
		bool failed = one_fault(n, true, kind % 2, EFFECTS[kind % ARRAY_LEN(EFFECTS)]);
		runs++;
		if (!failed)
			break;
	}
	print_message("%llu runs\n", (unsigned long long)runs);
	assert_true(runs > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_touch_is_in_one_segment),
		cmocka_unit_test(sealed_touches_read_as_before),
		cmocka_unit_test(sealing_changes_nothing_of_what_follows),
		cmocka_unit_test(who_reads_goes_on_reading),
		cmocka_unit_test(a_backup_holds_the_archive),
		cmocka_unit_test(a_flipped_bit_is_found_and_named),
		cmocka_unit_test(a_failing_disk_loses_nothing_of_what_is_sealed),
	};
	return cmocka_run_group_tests_name("sealing", tests, NULL, NULL);
}
