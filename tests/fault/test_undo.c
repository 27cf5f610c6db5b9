/*
 * test_undo.c - taking back what was done by hand, while the n-th write, sync or allocation fails,
 * and while the process is killed.
 *
 * What it is:   one deed with what follows from it, taken back under a fault at the n-th operation,
 * for every n until none happens any more. Afterwards it is taken back whole or not at all, the
 * answer said which, and the replay proves it. Then the same under kill -9.
 */
#include "world.h"

#include "base/mem.h"
#include "base/rand.h"
#include "base/thread.h"
#include "fault/vfs.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define KILLS 30

static struct intake page(const char *user, int64_t at_us)
{
	return (struct intake){ .name = S("page_viewed"), .at_us = at_us, .user_id = str_of(user) };
}

static bool deed(struct journal *j, const char *name, uint64_t person, int64_t at_us, str city,
		 uint64_t *seq_r, err *e)
{
	struct prop props[] = { { S("city"), value_text(city) } };
	struct intake in = { .name = str_of(name),
			     .at_us = at_us,
			     .person = person,
			     .by = S("user:1"),
			     .props = props,
			     .props_n = 1 };
	struct batch b = { .items = &in, .n = 1, .trust = TRUST_SELF };
	if (!journal_submit(j, &b, e))
		return false;
	*seq_r = in.seq;
	return in.outcome == OUTCOME_ACCEPTED;
}

struct scene {
	struct world w;
	uint64_t person, updated, accepted;
};

static void scene_init(struct scene *x, const char *driver)
{
	*x = (struct scene){ 0 };
	world_init(&x->w);
	world_close(&x->w);
	x->w.options.ledger_driver = driver;
	world_open(&x->w);
	for (int64_t i = 0; i < 20; i++)
		world_one(&x->w, TRUST_SECRET, page(i % 2 ? "anna" : "bert", i * US_PER_S));
	x->person = world_find(&x->w, "anna");
	WORLD_OK(&x->w, deed(x->w.j, "person_updated", x->person, US_PER_DAY, S("Kiel"),
			     &x->updated, &x->w.e));
	WORLD_OK(&x->w, deed(x->w.j, "person_updated", x->person, 2 * US_PER_DAY, S("Bonn"),
			     &x->updated, &x->w.e));
	WORLD_OK(&x->w, deed(x->w.j, "lead_accepted", x->person, 3 * US_PER_DAY, S(""),
			     &x->accepted, &x->w.e));
}

/* Both deeds are taken back; which of them were answered. */
static void play(struct scene *x, bool answered[2], enum err_code codes[2])
{
	const uint64_t seqs[] = { x->updated, x->accepted };
	for (size_t i = 0; i < 2; i++) {
		struct touch_undo u = { .seq = seqs[i], .by = S("user:1"), .anyway = true };
		err e = { 0 };
		answered[i] = journal_touch_undo(x->w.j, &u, &e);
		codes[i] = e.code;
	}
}

static void check(struct scene *x, const bool answered[2], const enum err_code codes[2])
{
	struct snapshot *s;
	x->w.options.ledger_driver = NULL;
	world_open(&x->w);
	WORLD_OK(&x->w, snapshot_open(x->w.dir, 0, &s, &x->w.e));
	bool hidden[] = { snapshot_undone_by(s, x->updated) != 0,
			  snapshot_undone_by(s, x->accepted) != 0 };
	assert_true((snapshot_undone_by(s, x->accepted + 1) != 0) == hidden[1]);
	snapshot_close(&s);
	for (size_t i = 0; i < 2; i++)
		assert_true(hidden[i] == answered[i] || (hidden[i] && codes[i] == ERR_UNCERTAIN));
	struct subject_view v = world_view(&x->w, "anna");
	assert_true(str_eq(subject_cell(&v, S("city")).text, hidden[0] ? S("Kiel") : S("Bonn")));
	assert_true((subject_cell(&v, S("stage")).kind == VALUE_NONE) == hidden[1]);
	assert_int_equal(v.touches, 14u - hidden[0] - 2u * hidden[1]);
	world_verify(&x->w);
	/* and it goes on */
	uint64_t seq;
	WORLD_OK(&x->w, deed(x->w.j, "person_updated", x->person, 9 * US_PER_DAY, S("Ulm"), &seq,
			     &x->w.e));
	struct touch_undo u = { .seq = seq, .by = S("user:1") };
	WORLD_OK(&x->w, journal_touch_undo(x->w.j, &u, &x->w.e));
	world_verify(&x->w);
	world_fini(&x->w);
}

static void every_failing_disk_operation_leaves_it_whole(void **state)
{
	static const enum vfs_effect EFFECTS[] = { VFS_NOTHING, VFS_HALF, VFS_WHOLE };
	uint64_t n = 0, runs = 0;
	(void)state;
	for (bool failed = true; failed;) {
		n++;
		failed = false;
		for (size_t i = 0; i < 2 * ARRAY_LEN(EFFECTS); i++, runs++) {
			struct scene x;
			bool answered[2];
			enum err_code codes[2];
			vfs_faults_reset();
			scene_init(&x, FAULTY_VFS);
			vfs_faults.fail_at = vfs_faults.operations + n;
			vfs_faults.and_all_after = i >= ARRAY_LEN(EFFECTS);
			vfs_faults.effect = EFFECTS[i % ARRAY_LEN(EFFECTS)];
			play(&x, answered, codes);
			bool here = vfs_faults.failed > 0;
			world_close(&x.w);
			failed |= here;
			vfs_faults_reset();
			check(&x, answered, codes);
		}
	}
	print_message("%llu runs, up to the %llu-th operation\n", (unsigned long long)runs,
		      (unsigned long long)n);
	assert_true(n > 3);
}

static void every_failing_allocation_leaves_it_whole(void **state)
{
	uint64_t n = 0, runs = 0;
	(void)state;
	for (bool failed = true; failed; n++) {
		failed = false;
		for (int once = 0; once < 2; once++, runs++) {
			struct scene x;
			bool answered[2];
			enum err_code codes[2];
			scene_init(&x, NULL);
			if (once)
				mem_fail_once(n + 1);
			else
				mem_fail_at(n + 1);
			play(&x, answered, codes);
			failed |= mem_failed();
			mem_fail_at(0);
			world_close(&x.w);
			check(&x, answered, codes);
		}
	}
	print_message("%llu runs, up to the %llu-th allocation\n", (unsigned long long)runs,
		      (unsigned long long)n);
	assert_true(n > 50);
}

/* ---- killed ---------------------------------------------------------------------------------- */

struct shared {
	volatile uint64_t
		undone; /* a deed that is taken back, and nothing further was asked of it */
	volatile uint64_t answered;
};

static void child(const char *dir, uint64_t person, struct shared *shared, uint64_t seed)
{
	struct journal *j;
	struct rng rng;
	err e = { 0 };
	rng_init(&rng, seed);
	if (!journal_open(dir, NULL, &j, &e))
		_exit(4);
	for (int64_t i = 0;; i++) {
		uint64_t seq;
		char city[16];
		struct intake other = page("bert", (int64_t)rng_below(&rng, 1u << 30));
		struct batch b = { .items = &other, .n = 1, .trust = TRUST_SECRET };
		snprintf(city, sizeof city, "v%d", (int)rng_below(&rng, 1000));
		if (!journal_submit(j, &b, &e) ||
		    !deed(j, "person_updated", person, time_now_us(), str_of(city), &seq, &e))
			_exit(5);
		struct touch_undo u = { .seq = seq, .by = S("user:1"), .anyway = true };
		if (!journal_touch_undo(j, &u, &e))
			_exit(6);
		shared->undone = seq;
		shared->answered++;
		if (rng_chance(&rng, 0.5))
			continue;
		shared->undone = 0;
		u.seq = u.undone_seq;
		if (!journal_touch_undo(j, &u, &e))
			_exit(7);
	}
}

static void killed_at_any_moment_it_is_whole(void **state)
{
	struct scene x;
	struct rng rng;
	(void)state;
	scene_init(&x, NULL);
	world_close(&x.w);
	rng_init(&rng, 7);
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	int kills = 0;
	/* where everything is slow (sanitizers) more kills find something done */
	for (int i = 0; i < KILLS || (shared->answered <= 20 && i < 10 * KILLS); i++, kills++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			child(x.w.dir, x.person, shared, (uint64_t)i);
		usleep((unsigned)(8000 + rng_below(&rng, 60000)));
		kill(pid, SIGKILL);
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		struct snapshot *s;
		uint64_t differences, touches;
		WORLD_OK(&x.w,
			 journal_verify(x.w.dir, world_say, NULL, &differences, &touches, &x.w.e));
		assert_int_equal(differences, 0);
		WORLD_OK(&x.w, snapshot_open(x.w.dir, 0, &s, &x.w.e));
		if (shared->undone)
			assert_true(snapshot_undone_by(s, shared->undone) != 0);
		snapshot_close(&s);
	}
	print_message("%llu taken back over %d kills\n", (unsigned long long)shared->answered,
		      kills);
	assert_true(shared->answered > 20);
	world_open(&x.w);
	world_verify(&x.w);
	munmap(shared, sizeof *shared);
	world_fini(&x.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failing_disk_operation_leaves_it_whole),
		cmocka_unit_test(every_failing_allocation_leaves_it_whole),
		cmocka_unit_test(killed_at_any_moment_it_is_whole),
	};
	return cmocka_run_group_tests_name("taking back under faults", tests, NULL, NULL);
}
