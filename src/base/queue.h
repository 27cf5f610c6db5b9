/*
 * queue.h - a bounded queue of pointers between threads.
 *
 * What it is:   many put, one or many take; full is an answer, not a wait without end.
 * Promises:     never holds more than `items_max`; a closed queue gives out what it holds, then
 *               says that it is empty for ever.
 */
#ifndef TRICHTER_QUEUE_H
#define TRICHTER_QUEUE_H

#include "base/thread.h"

struct queue;

bool queue_new(struct queue **q_r, size_t items_max, err *e) MUST_CHECK;
void queue_free(struct queue **q);
/* False: full (after waiting `wait_us` at most, 0 = at once, negative = without end) or closed. */
bool queue_put(struct queue *q, void *item, int64_t wait_us) MUST_CHECK;
/* Takes up to `n` items, waiting `wait_us` at most for the first (negative: without end). Returns
 * how many; 0 when time ran out or the queue is closed and empty. */
size_t queue_take(struct queue *q, void **items, size_t n, int64_t wait_us);
void queue_close(struct queue *q);
bool queue_is_closed(struct queue *q);
size_t queue_length(struct queue *q);

#endif
