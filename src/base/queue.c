/*
 * queue.c - a ring of pointers under one lock.
 *
 * What it is:   takers wait for items, putters for room. One lock is enough: a batch of touches is
 *               one item, so there are thousands of items a second, not millions.
 * Promises:     nobody waits longer than asked; closing wakes everybody.
 * Threads:      any.
 */
#include "base/queue.h"

#include "base/mem.h"
#include "base/time.h"

struct queue {
	struct mutex lock;
	struct cond not_empty;
	struct cond not_full;
	size_t first;
	size_t n;
	size_t items_max;
	bool closed;
	void *items[];
};

bool queue_new(struct queue **q_r, size_t items_max, err *e)
{
	CHECK(items_max > 0);
	size_t bytes;
	if (__builtin_mul_overflow(items_max, sizeof(void *), &bytes) ||
	    __builtin_add_overflow(bytes, sizeof(struct queue), &bytes))
		return err_nomem(e);
	struct queue *q = mem_zalloc(1, bytes);
	if (!q)
		return err_nomem(e);
	q->items_max = items_max;
	mutex_init(&q->lock);
	cond_init(&q->not_empty);
	cond_init(&q->not_full);
	*q_r = q;
	return true;
}

void queue_free(struct queue **q)
{
	if (!*q)
		return;
	cond_fini(&(*q)->not_full);
	cond_fini(&(*q)->not_empty);
	mutex_fini(&(*q)->lock);
	mem_free(*q);
	*q = NULL;
}

/* A moment on the monotonic clock; negative waits have none. */
static int64_t deadline_of(int64_t wait_us)
{
	int64_t until;
	if (wait_us < 0 || __builtin_add_overflow(time_monotonic_us(), wait_us, &until))
		return INT64_MAX;
	return until;
}

/* False when the deadline has passed. Wakes may be spurious: callers look again. */
static bool wait_until(struct queue *q, struct cond *c, int64_t deadline)
{
	if (deadline == INT64_MAX) {
		cond_wait(c, &q->lock);
		return true;
	}
	int64_t left = deadline - time_monotonic_us();
	if (left <= 0)
		return false;
	cond_wait_for(c, &q->lock, left);
	return true;
}

bool queue_put(struct queue *q, void *item, int64_t wait_us)
{
	int64_t deadline = wait_us == 0 ? 0 : deadline_of(wait_us);
	mutex_lock(&q->lock);
	while (q->n == q->items_max && !q->closed)
		if (!wait_until(q, &q->not_full, deadline))
			break;
	bool taken = q->n < q->items_max && !q->closed;
	if (taken) {
		q->items[(q->first + q->n) % q->items_max] = item;
		q->n++;
		cond_signal(&q->not_empty);
	}
	mutex_unlock(&q->lock);
	return taken;
}

size_t queue_take(struct queue *q, void **items, size_t n, int64_t wait_us)
{
	int64_t deadline = wait_us == 0 ? 0 : deadline_of(wait_us);
	mutex_lock(&q->lock);
	while (q->n == 0 && !q->closed)
		if (!wait_until(q, &q->not_empty, deadline))
			break;
	size_t took = MIN(n, q->n);
	for (size_t i = 0; i < took; i++)
		items[i] = q->items[(q->first + i) % q->items_max];
	q->first = (q->first + took) % q->items_max;
	q->n -= took;
	if (took == 1)
		cond_signal(&q->not_full);
	else if (took > 1)
		cond_broadcast(&q->not_full);
	mutex_unlock(&q->lock);
	return took;
}

void queue_close(struct queue *q)
{
	mutex_lock(&q->lock);
	q->closed = true;
	cond_broadcast(&q->not_empty);
	cond_broadcast(&q->not_full);
	mutex_unlock(&q->lock);
}

bool queue_is_closed(struct queue *q)
{
	mutex_lock(&q->lock);
	bool closed = q->closed;
	mutex_unlock(&q->lock);
	return closed;
}

size_t queue_length(struct queue *q)
{
	mutex_lock(&q->lock);
	size_t n = q->n;
	mutex_unlock(&q->lock);
	return n;
}
