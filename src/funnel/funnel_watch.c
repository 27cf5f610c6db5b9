/*
 * funnel_watch.c - looks after a long query while it runs.
 *
 * What it is:   a thread that asks whoever watches, ten times a second, whether to go on: a
 * terminal draws how far it is, a server sees that nobody waits any more. Promises:     no thread
 * unless somebody wants to be asked; it has ended when the query has. Threads:      one beside the
 * query's.
 */
#include "funnel/watch_int.h"

#define ASK_EVERY_US (US_PER_S / 10)

static void *monitor_run(void *arg)
{
	struct monitor *m = arg;
	mutex_lock(&m->lock);
	while (!m->over) {
		(void)cond_wait_for(&m->changed, &m->lock, ASK_EVERY_US);
		if (m->over)
			break;
		mutex_unlock(&m->lock);
		if (!m->watch->tick(m->watch->arg, m->watch))
			atomic_store(&m->watch->stop, true);
		mutex_lock(&m->lock);
	}
	mutex_unlock(&m->lock);
	return NULL;
}

bool monitor_begin(struct monitor *m, struct funnel_watch *watch, err *e)
{
	*m = (struct monitor){ .watch = watch };
	if (!watch || !watch->tick)
		return true;
	mutex_init(&m->lock);
	cond_init(&m->changed);
	m->runs = true;
	return thread_start(&m->thread, "funnel-watch", monitor_run, m, e);
}

void monitor_end(struct monitor *m)
{
	if (!m->runs)
		return;
	mutex_lock(&m->lock);
	m->over = true;
	cond_broadcast(&m->changed);
	mutex_unlock(&m->lock);
	thread_join(&m->thread);
	cond_fini(&m->changed);
	mutex_fini(&m->lock);
}
