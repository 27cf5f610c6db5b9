/*
 * thread.h - threads, locks and waiting; the only place that names pthread.
 */
#ifndef TRICHTER_THREAD_H
#define TRICHTER_THREAD_H

#include "base/err.h"

#include <pthread.h>

struct thread {
	pthread_t id;
	bool started;
};
struct mutex {
	pthread_mutex_t m;
};
struct cond {
	pthread_cond_t c;
};

/* The thread takes no signals of the process: those are for the one that started first. */
bool thread_start(struct thread *t, const char *name, void *(*run)(void *), void *arg,
		  err *e) MUST_CHECK;
void thread_join(struct thread *t); /* nothing when never started */
/* The calling thread takes a core only when few others want it. Where that cannot be had, nothing.
 */
void thread_stand_back(void);

/* For one that lives as long as the program. */
#define MUTEX_INIT                                                                                 \
	{                                                                                          \
		PTHREAD_MUTEX_INITIALIZER                                                          \
	}
/* How many threads can run at the same time; at least 1. */
unsigned thread_cores(void);

void mutex_init(struct mutex *m);
void mutex_fini(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

/* Many may read at a time, or one writes; one who waits to write goes before new readers. */
struct rwlock {
	pthread_rwlock_t l;
};
void rwlock_init(struct rwlock *l);
void rwlock_fini(struct rwlock *l);
void rwlock_read(struct rwlock *l);
void rwlock_write(struct rwlock *l);
void rwlock_unlock(struct rwlock *l);

void cond_init(struct cond *c); /* waits count on the monotonic clock */
void cond_fini(struct cond *c);
void cond_wait(struct cond *c, struct mutex *m);
/* False when `wait_us` passed first. */
bool cond_wait_for(struct cond *c, struct mutex *m, int64_t wait_us);
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

#endif
