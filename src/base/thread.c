/*
 * thread.c - pthread, with its failures either reported or impossible.
 *
 * What it is:   locks and conditions that cannot fail when used rightly: a wrong use ends the
 *               process. Only starting a thread can fail for want of means.
 * Promises:     conditions count on the monotonic clock, so setting the wall clock wakes nobody.
 */
#include "base/thread.h"

#include "base/time.h"

#include <unistd.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STAND_BACK_NICE 10

/* The system's limit, with the NUL; a longer name is cut. */
#define NAME_BYTES_MAX 16

/* Signals to the process are the main thread's: a worker sees none but those of its own faults. */
static void block_signals(sigset_t *before)
{
	static const int FAULTS[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP };
	sigset_t all;
	sigfillset(&all);
	for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++)
		sigdelset(&all, FAULTS[i]);
	CHECK(pthread_sigmask(SIG_BLOCK, &all, before) == 0);
}

bool thread_start(struct thread *t, const char *name, void *(*run)(void *), void *arg, err *e)
{
	t->started = false;
	sigset_t before;
	block_signals(&before);
	int failed = pthread_create(&t->id, NULL, run, arg);
	CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
	if (failed)
		return err_set_errno(e, ERR_LIMIT, failed, "no thread could be started for \"%s\"",
				     name);
	t->started = true;
	char cut[NAME_BYTES_MAX] = "";
	memcpy(cut, name, strnlen(name, sizeof cut - 1));
	/* Only for those who look at the process from outside: a failure harms nothing. */
	(void)pthread_setname_np(t->id, cut);
	return true;
}

void thread_stand_back(void)
{
	/* Of this thread alone, which Linux counts as a process here. */
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), STAND_BACK_NICE);
}

void thread_join(struct thread *t)
{
	if (!t->started)
		return;
	CHECK(pthread_join(t->id, NULL) == 0);
	t->started = false;
}

void mutex_init(struct mutex *m)
{
	CHECK(pthread_mutex_init(&m->m, NULL) == 0);
}

void mutex_fini(struct mutex *m)
{
	CHECK(pthread_mutex_destroy(&m->m) == 0);
}

void mutex_lock(struct mutex *m)
{
	CHECK(pthread_mutex_lock(&m->m) == 0);
}

void mutex_unlock(struct mutex *m)
{
	CHECK(pthread_mutex_unlock(&m->m) == 0);
}

void rwlock_init(struct rwlock *l)
{
	pthread_rwlockattr_t attr;
	CHECK(pthread_rwlockattr_init(&attr) == 0);
	CHECK(pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) ==
	      0);
	CHECK(pthread_rwlock_init(&l->l, &attr) == 0);
	CHECK(pthread_rwlockattr_destroy(&attr) == 0);
}

void rwlock_fini(struct rwlock *l)
{
	CHECK(pthread_rwlock_destroy(&l->l) == 0);
}

void rwlock_read(struct rwlock *l)
{
	CHECK(pthread_rwlock_rdlock(&l->l) == 0);
}

void rwlock_write(struct rwlock *l)
{
	CHECK(pthread_rwlock_wrlock(&l->l) == 0);
}

void rwlock_unlock(struct rwlock *l)
{
	CHECK(pthread_rwlock_unlock(&l->l) == 0);
}

void cond_init(struct cond *c)
{
	pthread_condattr_t attr;
	CHECK(pthread_condattr_init(&attr) == 0);
	CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	CHECK(pthread_cond_init(&c->c, &attr) == 0);
	CHECK(pthread_condattr_destroy(&attr) == 0);
}

void cond_fini(struct cond *c)
{
	CHECK(pthread_cond_destroy(&c->c) == 0);
}

void cond_wait(struct cond *c, struct mutex *m)
{
	CHECK(pthread_cond_wait(&c->c, &m->m) == 0);
}

bool cond_wait_for(struct cond *c, struct mutex *m, int64_t wait_us)
{
	int64_t until;
	if (__builtin_add_overflow(time_monotonic_us(), MAX(wait_us, 0), &until))
		until = INT64_MAX;
	struct timespec at = {
		.tv_sec = until / US_PER_S,
		.tv_nsec = until % US_PER_S * 1000,
	};
	int failed = pthread_cond_timedwait(&c->c, &m->m, &at);
	CHECK(failed == 0 || failed == ETIMEDOUT);
	return failed == 0;
}

void cond_signal(struct cond *c)
{
	CHECK(pthread_cond_signal(&c->c) == 0);
}

void cond_broadcast(struct cond *c)
{
	CHECK(pthread_cond_broadcast(&c->c) == 0);
}

unsigned thread_cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? (unsigned)n : 1;
}
