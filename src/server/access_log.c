/*
 * access_log.c - one line in the log for each request, written by a thread of its own.
 *
 * What it is:   a ring of what is to be logged, between the loops and a thread that writes, since
 *               standard error may be a pipe whose reader sleeps.
 * Promises:     see access_log_int.h.
 * Threads:      access_log_put from any; the rest as server.c.
 */
#include "server/access_log_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/time.h"

#define RING_MAX   4096
#define FLUSH_US   (INT64_C(300) * 1000)
#define TAKEN_ONCE 256

struct access_log {
	struct mutex lock;
	struct cond woken;
	struct thread thread;
	bool stop;
	struct access_line ring[RING_MAX];
	size_t first, n;
	uint64_t dropped;
};

static void write_line(const struct access_line *x)
{
	log_event(x->status >= 500 ? LOG_WARN : LOG_INFO, "request",
		  "id=%llu method=%s route=%s status=%d bytes=%llu us=%lld",
		  (unsigned long long)x->id, x->method, x->route, x->status,
		  (unsigned long long)x->bytes, (long long)x->us);
}

static void *log_run(void *arg)
{
	struct access_log *l = arg;
	struct access_line lines[TAKEN_ONCE];
	mutex_lock(&l->lock);
	for (;;) {
		size_t n = MIN(l->n, (size_t)TAKEN_ONCE);
		uint64_t dropped = l->dropped;
		for (size_t i = 0; i < n; i++)
			lines[i] = l->ring[(l->first + i) % RING_MAX];
		l->first = (l->first + n) % RING_MAX;
		l->n -= n;
		l->dropped = 0;
		mutex_unlock(&l->lock);
		for (size_t i = 0; i < n; i++)
			write_line(&lines[i]);
		if (dropped > 0)
			log_event(LOG_WARN, "requests_not_logged", "n=%llu",
				  (unsigned long long)dropped);
		mutex_lock(&l->lock);
		if (l->n == 0 && l->stop)
			break;
		if (l->n == 0)
			(void)cond_wait_for(&l->woken, &l->lock, FLUSH_US);
	}
	mutex_unlock(&l->lock);
	return NULL;
}

void access_log_put(struct access_log *l, const struct access_line *x)
{
	mutex_lock(&l->lock);
	if (l->n < RING_MAX)
		l->ring[(l->first + l->n++) % RING_MAX] = *x;
	else
		l->dropped++;
	mutex_unlock(&l->lock);
}

bool access_log_new(struct access_log **l_r, err *e)
{
	struct access_log *l = mem_zalloc(1, sizeof *l);
	if (l == NULL)
		return err_nomem(e);
	mutex_init(&l->lock);
	cond_init(&l->woken);
	if (!thread_start(&l->thread, "log", log_run, l, e)) {
		access_log_free(&l);
		return false;
	}
	*l_r = l;
	return true;
}

void access_log_free(struct access_log **log)
{
	struct access_log *l = *log;
	if (l == NULL)
		return;
	mutex_lock(&l->lock);
	l->stop = true;
	cond_signal(&l->woken);
	mutex_unlock(&l->lock);
	thread_join(&l->thread);
	cond_fini(&l->woken);
	mutex_fini(&l->lock);
	mem_free(l);
	*log = NULL;
}
