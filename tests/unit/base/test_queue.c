/*
 * test_queue.c - threads, waiting, and the queue between them. Also meant for the thread sanitizer.
 */
#include "unit/base/base_test.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/queue.h"
#include "base/time.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#define PUTTERS 3
#define TAKERS	3
#define EACH	20000

static int numbers[PUTTERS * EACH];

static struct queue *queue_make(size_t items_max)
{
	struct queue *q = NULL;
	err e;
	assert_true(queue_new(&q, items_max, &e));
	return q;
}

static void items_come_out_in_order(void **state)
{
	(void)state;
	struct queue *q = queue_make(3);
	void *got[5];
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 3; i++)
			assert_true(queue_put(q, &numbers[i], 0));
		assert_false(queue_put(q, &numbers[3], 0));
		assert_int_equal(queue_length(q), 3);
		assert_int_equal(queue_take(q, got, 2, 0), 2);
		assert_ptr_equal(got[0], &numbers[0]);
		assert_ptr_equal(got[1], &numbers[1]);
		assert_true(queue_put(q, &numbers[4], 0));
		assert_int_equal(queue_take(q, got, 5, -1), 2);
		assert_ptr_equal(got[0], &numbers[2]);
		assert_ptr_equal(got[1], &numbers[4]);
		assert_int_equal(queue_take(q, got, 5, 0), 0);
	}
	queue_free(&q);
	assert_null(q);
	queue_free(&q);
}

static void waiting_ends_when_time_is_up(void **state)
{
	(void)state;
	struct queue *q = queue_make(1);
	void *got;
	int64_t start = time_monotonic_us();
	assert_int_equal(queue_take(q, &got, 1, 20000), 0);
	assert_true(time_monotonic_us() - start >= 20000);
	assert_true(queue_put(q, q, 0));
	start = time_monotonic_us();
	assert_false(queue_put(q, q, 20000));
	assert_true(time_monotonic_us() - start >= 20000);
	queue_free(&q);
}

static void a_closed_queue_gives_out_what_it_holds(void **state)
{
	(void)state;
	struct queue *q = queue_make(4);
	void *got;
	assert_true(queue_put(q, &numbers[0], 0));
	assert_true(queue_put(q, &numbers[1], 0));
	assert_false(queue_is_closed(q));
	queue_close(q);
	queue_close(q);
	assert_true(queue_is_closed(q));
	assert_false(queue_put(q, &numbers[2], -1));
	assert_int_equal(queue_take(q, &got, 1, -1), 1);
	assert_int_equal(queue_take(q, &got, 1, -1), 1);
	assert_ptr_equal(got, &numbers[1]);
	assert_int_equal(queue_take(q, &got, 1, -1), 0);
	queue_free(&q);
}

static void without_memory_there_is_no_queue(void **state)
{
	(void)state;
	struct queue *q = NULL;
	err e;
	mem_fail_at(1);
	assert_false(queue_new(&q, 10, &e));
	mem_fail_at(0);
	assert_int_equal(e.code, ERR_NOMEM);
	assert_false(queue_new(&q, SIZE_MAX / 4, &e));
	assert_false(queue_new(&q, SIZE_MAX / 8, &e));
	assert_int_equal(e.code, ERR_NOMEM);
	assert_null(q);
}

struct worker {
	struct thread thread;
	struct queue *q;
	size_t number;
	size_t taken;
	uint8_t *seen; /* a byte a number, of this taker alone */
	bool in_order;
};

static void *put_all(void *arg)
{
	struct worker *w = arg;
	for (size_t i = 0; i < EACH; i++) {
		int *item = &numbers[w->number * EACH + i];
		/* Half of them try again by themselves, half wait in the queue. */
		while (!queue_put(w->q, item, i % 2 ? -1 : 50))
			if (queue_is_closed(w->q))
				return NULL;
	}
	return NULL;
}

static void *take_all(void *arg)
{
	struct worker *w = arg;
	size_t last[PUTTERS] = { 0 };
	void *got[7];
	size_t n;
	w->in_order = true;
	while ((n = queue_take(w->q, got, 1 + w->taken % 7, -1)) > 0) {
		for (size_t i = 0; i < n; i++) {
			size_t at = (size_t)((int *)got[i] - numbers);
			w->in_order &= last[at / EACH] <= at % EACH + 1;
			last[at / EACH] = at % EACH + 1;
			w->seen[at]++;
		}
		w->taken += n;
	}
	return NULL;
}

static void many_threads_lose_and_repeat_nothing(void **state)
{
	(void)state;
	struct queue *q = queue_make(16);
	struct worker putters[PUTTERS];
	struct worker takers[TAKERS];
	err e;
	for (size_t i = 0; i < TAKERS; i++) {
		takers[i] = (struct worker){ .q = q, .number = i };
		takers[i].seen = calloc(ARRAY_LEN(numbers), 1);
		assert_true(thread_start(&takers[i].thread, "a taker with a long name", take_all,
					 &takers[i], &e));
	}
	for (size_t i = 0; i < PUTTERS; i++) {
		putters[i] = (struct worker){ .q = q, .number = i };
		assert_true(thread_start(&putters[i].thread, "putter", put_all, &putters[i], &e));
	}
	for (size_t i = 0; i < PUTTERS; i++)
		thread_join(&putters[i].thread);
	queue_close(q);
	size_t taken = 0;
	for (size_t i = 0; i < TAKERS; i++) {
		thread_join(&takers[i].thread);
		assert_true(takers[i].in_order);
		taken += takers[i].taken;
	}
	assert_int_equal(taken, ARRAY_LEN(numbers));
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		size_t seen = 0;
		for (size_t k = 0; k < TAKERS; k++)
			seen += takers[k].seen[i];
		assert_int_equal(seen, 1);
	}
	for (size_t i = 0; i < TAKERS; i++)
		free(takers[i].seen);
	queue_free(&q);
}

static void closing_wakes_everybody(void **state)
{
	(void)state;
	struct queue *q = queue_make(1);
	struct worker takers[TAKERS];
	err e;
	for (size_t i = 0; i < TAKERS; i++) {
		takers[i] = (struct worker){ .q = q };
		assert_true(thread_start(&takers[i].thread, "taker", take_all, &takers[i], &e));
	}
	/* Time enough for all of them to fall asleep. */
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	queue_close(q);
	for (size_t i = 0; i < TAKERS; i++)
		thread_join(&takers[i].thread);
	thread_join(&takers[0].thread); /* nothing left to join */
	queue_free(&q);
}

static atomic_int signals_seen_in;

static void on_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signals_seen_in, 1);
}

struct gate {
	struct mutex m;
	struct cond c;
	bool open;
	bool blocked;
};

static void *wait_at_gate(void *arg)
{
	struct gate *g = arg;
	sigset_t mask;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	mutex_lock(&g->m);
	g->blocked = sigismember(&mask, SIGTERM) && sigismember(&mask, SIGINT) &&
		     !sigismember(&mask, SIGSEGV);
	while (!g->open)
		cond_wait(&g->c, &g->m);
	mutex_unlock(&g->m);
	return NULL;
}

static void threads_leave_signals_to_the_first(void **state)
{
	(void)state;
	struct gate g = { 0 };
	struct thread t;
	err e;
	signal(SIGTERM, on_signal);
	mutex_init(&g.m);
	cond_init(&g.c);
	assert_true(thread_start(&t, "gate", wait_at_gate, &g, &e));
	raise(SIGTERM);
	assert_int_equal(atomic_load(&signals_seen_in), 1);
	mutex_lock(&g.m);
	assert_false(cond_wait_for(&g.c, &g.m, 1000));
	assert_false(cond_wait_for(&g.c, &g.m, -5));
	g.open = true;
	mutex_unlock(&g.m);
	cond_signal(&g.c);
	cond_broadcast(&g.c);
	thread_join(&t);
	assert_true(g.blocked);
	signal(SIGTERM, SIG_DFL);
	cond_fini(&g.c);
	mutex_fini(&g.m);
}

static void *use_a_map(void *arg)
{
	(void)arg;
	struct map m = { 0 };
	uint64_t v = 0;
	bool ok = map_put(&m, S("key"), 7) && map_get(&m, S("key"), &v) && v == 7;
	map_fini(&m);
	return ok ? NULL : &numbers[0];
}

static void threads_draw_the_secret_of_maps_once(void **state)
{
	(void)state;
	struct thread threads[4];
	err e;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_true(thread_start(&threads[i], "map", use_a_map, NULL, &e));
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		thread_join(&threads[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_draw_the_secret_of_maps_once),
		cmocka_unit_test(items_come_out_in_order),
		cmocka_unit_test(waiting_ends_when_time_is_up),
		cmocka_unit_test(a_closed_queue_gives_out_what_it_holds),
		cmocka_unit_test(without_memory_there_is_no_queue),
		cmocka_unit_test(many_threads_lose_and_repeat_nothing),
		cmocka_unit_test(closing_wakes_everybody),
		cmocka_unit_test(threads_leave_signals_to_the_first),
	};
	return cmocka_run_group_tests_name("base/queue", tests, NULL, NULL);
}
