/*
 * test_seal_kill.c - killed with -9 at any moment while touches come in and are sealed and merged:
 * what was acknowledged is there, once.
 *
 * What it is:   as test_kill.c, with a tail of 300 touches, so that sealing, merging and the
 * removal of records go on all the time.
 */
#include "world.h"

#include "base/rand.h"
#include "base/thread.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define THREADS	    3
#define BATCH	    17
#define NUMBERS_MAX 1000000
#define TAIL	    300

struct shared {
	volatile uint64_t acknowledged[THREADS];
};

struct appender {
	struct journal *j;
	struct shared *shared;
	uint64_t thread;
};

static void *append(void *arg)
{
	struct appender *a = arg;
	for (;;) {
		struct intake items[BATCH];
		char ids[BATCH][32], users[BATCH][32];
		uint64_t from = a->shared->acknowledged[a->thread] + 1;
		for (uint64_t i = 0; i < BATCH; i++) {
			unsigned long long n = from + i;
			snprintf(ids[i], 32, "t%llu-%llu", (unsigned long long)a->thread, n);
			snprintf(users[i], 32, "u%llu", n * 7 % 50);
			items[i] = (struct intake){
				.name = n % 5 ? S("page_viewed") : S("person_updated"),
				.at_us = (int64_t)(n * 37 % 800) * US_PER_DAY,
				.message_id = str_of(ids[i]),
				.user_id = n % 3 ? str_of(users[i]) : S(""),
				.anonymous_id = n % 2 ? str_of(users[i] + 1) : S("")
			};
		}
		struct batch b = { .items = items, .n = BATCH, .trust = TRUST_SECRET };
		err e;
		if (!journal_submit(a->j, &b, &e))
			_exit(3);
		a->shared->acknowledged[a->thread] = from + BATCH - 1;
	}
}

static void child(const char *dir, struct shared *shared)
{
	struct journal *j;
	struct thread threads[THREADS];
	struct appender appenders[THREADS];
	struct journal_options o = { .tail_touches_max = TAIL };
	err e;
	if (!journal_open(dir, &o, &j, &e)) {
		fprintf(stderr, "open after a kill: %s\n", e.text);
		_exit(4);
	}
	for (uint64_t i = 0; i < THREADS; i++) {
		appenders[i] = (struct appender){ j, shared, i };
		if (!thread_start(&threads[i], "append", append, &appenders[i], &e))
			_exit(5);
	}
	/* Beside the sealing in the background: that looks only a few times a second. */
	for (uint64_t i = 0;; i++) {
		if (!journal_seal(j, i % 3 * 100, &e) || (i % 4 == 0 && !journal_merge(j, &e)))
			_exit(6);
	}
}

struct seen {
	uint8_t *counts[THREADS];
	uint64_t doubles, strangers;
};

static bool see(void *arg, const struct touch *t)
{
	struct seen *s = arg;
	unsigned long long thread, number;
	char text[64] = { 0 };
	if (t->message_id.n == 0 || t->message_id.n >= sizeof text)
		return true;
	memcpy(text, t->message_id.p, t->message_id.n);
	if (sscanf(text, "t%llu-%llu", &thread, &number) != 2 || thread >= THREADS ||
	    number >= NUMBERS_MAX) {
		s->strangers++;
		return true;
	}
	s->doubles += s->counts[thread][number]++ != 0;
	return true;
}

static void check_journal(struct world *w, const struct shared *shared)
{
	struct seen s = { 0 };
	struct snapshot *snapshot;
	uint64_t missing = 0;
	for (size_t i = 0; i < THREADS; i++)
		s.counts[i] = calloc(NUMBERS_MAX, 1);
	WORLD_OK(w, snapshot_open(w->dir, 0, &snapshot, &w->e));
	WORLD_OK(w, snapshot_scan(snapshot, see, &s, &w->e));
	snapshot_close(&snapshot);
	for (size_t i = 0; i < THREADS; i++) {
		for (uint64_t n = 1; n <= shared->acknowledged[i]; n++)
			missing += s.counts[i][n] != 1;
		free(s.counts[i]);
	}
	assert_int_equal(missing, 0);
	assert_int_equal(s.doubles, 0);
	assert_int_equal(s.strangers, 0);
}

static void killed_while_sealing_nothing_is_lost_or_doubled(void **state)
{
	struct world w;
	struct rng rng;
	struct archive_numbers n;
	struct snapshot *s;
	uint64_t differences, touches;
	const char *wanted = getenv("SEAL_KILLS");
	int kills = wanted ? atoi(wanted) : 30;
	(void)state;
	world_init(&w);
	world_close(&w);
	rng_init(&rng, 42);
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	for (int i = 0; i < kills; i++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			child(w.dir, shared);
		usleep((unsigned)(5000 + rng_below(&rng, 120000)));
		kill(pid, SIGKILL);
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status)); /* it had not given up by itself */
		if (i % 10 == 9) {
			check_journal(&w, shared);
			WORLD_OK(&w, journal_verify(w.dir, world_say, NULL, &differences, &touches,
						    &w.e));
		}
	}
	w.options.tail_touches_max = UINT64_MAX;
	world_open(&w);
	world_verify(&w);
	check_journal(&w, shared);
	WORLD_OK(&w, snapshot_open(w.dir, 0, &s, &w.e));
	snapshot_archive_numbers(s, &n);
	snapshot_close(&s);
	print_message("%llu touches in %llu segments, %llu in the tail\n",
		      (unsigned long long)n.touches, (unsigned long long)n.segments,
		      (unsigned long long)n.tail_touches);
	assert_true(n.segments > 0 && n.touches > 100);
	munmap(shared, sizeof *shared);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_while_sealing_nothing_is_lost_or_doubled),
	};
	return cmocka_run_group_tests_name("killed while sealing", tests, NULL, NULL);
}
