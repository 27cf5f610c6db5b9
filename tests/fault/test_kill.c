/*
 * test_kill.c - killed with -9 at any moment, the journal holds what it acknowledged, once.
 *
 * What it is:   a child process appends from several threads; the parent kills it at a random
 * moment, a hundred times, and another child goes on with the same directory. What was acknowledged
 * stands in memory shared with the parent.
 */
#include "world.h"

#include "base/rand.h"
#include "base/thread.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define THREADS	    4
#define KILLS	    100
#define BATCH	    7
#define NUMBERS_MAX 2000000

/* Of each thread: all message ids up to this one were acknowledged. */
struct shared {
	volatile uint64_t acknowledged[THREADS];
};

struct appender {
	struct journal *j;
	struct shared *shared;
	uint64_t thread;
};

static void fill(struct intake *in, char id[32], char user[32], uint64_t thread, uint64_t number)
{
	snprintf(id, 32, "t%llu-%llu", (unsigned long long)thread, (unsigned long long)number);
	snprintf(user, 32, "u%llu", (unsigned long long)(number * 7 % 50));
	*in = (struct intake){ .name = number % 5 ? S("page_viewed") : S("person_updated"),
			       .at_us = (int64_t)number * US_PER_S,
			       .message_id = str_of(id) };
	if (number % 3)
		in->user_id = str_of(user);
	if (number % 2)
		in->anonymous_id = str_of(user + 1);
	in->origin.source = number % 4 ? S("google") : S("");
}

static void *append(void *arg)
{
	struct appender *a = arg;
	for (;;) {
		struct intake items[BATCH];
		char ids[BATCH][32], users[BATCH][32];
		uint64_t from = a->shared->acknowledged[a->thread] + 1;
		for (uint64_t i = 0; i < BATCH; i++)
			fill(&items[i], ids[i], users[i], a->thread, from + i);
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
	err e;
	if (!journal_open(dir, NULL, &j, &e)) {
		fprintf(stderr, "open after a kill: %s\n", e.text);
		_exit(4);
	}
	for (uint64_t i = 0; i < THREADS; i++) {
		appenders[i] = (struct appender){ j, shared, i };
		if (!thread_start(&threads[i], "append", append, &appenders[i], &e))
			_exit(5);
	}
	for (;;)
		pause();
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
	for (size_t i = 0; i < THREADS; i++)
		s.counts[i] = calloc(NUMBERS_MAX, 1);
	WORLD_OK(w, snapshot_open(w->dir, 0, &snapshot, &w->e));
	WORLD_OK(w, snapshot_scan(snapshot, see, &s, &w->e));
	snapshot_close(&snapshot);
	uint64_t missing = 0;
	for (size_t i = 0; i < THREADS; i++) {
		for (uint64_t n = 1; n <= shared->acknowledged[i]; n++)
			missing += s.counts[i][n] != 1;
		free(s.counts[i]);
	}
	assert_int_equal(missing, 0);
	assert_int_equal(s.doubles, 0);
	assert_int_equal(s.strangers, 0);
}

static void killed_a_hundred_times_nothing_acknowledged_is_lost_or_doubled(void **state)
{
	struct world w;
	struct rng rng;
	(void)state;
	world_init(&w);
	world_close(&w);
	rng_init(&rng, 42);
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	for (int i = 0; i < KILLS; i++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			child(w.dir, shared);
		usleep((unsigned)(5000 + rng_below(&rng, 60000)));
		kill(pid, SIGKILL);
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status)); /* it had not given up by itself */
		if (i % 10 == 9)
			check_journal(&w, shared);
	}
	uint64_t sum = 0;
	for (size_t i = 0; i < THREADS; i++)
		sum += shared->acknowledged[i];
	print_message("%llu touches acknowledged over %d kills\n", (unsigned long long)sum, KILLS);
	assert_true(sum > 1000);
	world_open(&w);
	world_verify(&w);
	check_journal(&w, shared);
	munmap(shared, sizeof *shared);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_a_hundred_times_nothing_acknowledged_is_lost_or_doubled),
	};
	return cmocka_run_group_tests_name("kill", tests, NULL, NULL);
}
