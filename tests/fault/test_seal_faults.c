/*
 * test_seal_faults.c - sealing and merging while the disk fails, and files that are damaged.
 *
 * What it is:   the n-th operation under the ledger, and on the files beside it, fails in turn;
 *               bits flip in every file of the archive.
 */
#include "fault/seal_world.h"

#include "fault/faulty_fs.h"
#include "fault/vfs.h"

#include <fcntl.h>

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
		cmocka_unit_test(a_flipped_bit_is_found_and_named),
		cmocka_unit_test(a_failing_disk_loses_nothing_of_what_is_sealed),
	};
	return cmocka_run_group_tests_name("sealing under faults", tests, NULL, NULL);
}
