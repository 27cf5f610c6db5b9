/*
 * view.c - a few snapshots that are kept up to date, and lent out one at a time.
 *
 * What it is:   who borrows gets the one that was used last, since it has the least to catch up
 *               with; a thread follows the journal between requests, and closes what nobody has
 *               used for a while.
 * Promises:     see view_int.h. Memory: VIEWS_MAX times the projections, about 100 bytes a profile
 *               each; usually one.
 * Threads:      any; what is lent belongs to the borrower.
 */
#include "server/server_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/time.h"

#define WAIT_US	  (5 * US_PER_S)
#define FOLLOW_US (INT64_C(250) * 1000)
#define IDLE_US	  (60 * US_PER_S)
/* Nobody has looked for IDLE_US: the journal is followed in larger steps, which cost less. */
#define IDLE_FOLLOW_US (10 * US_PER_S)

struct view {
	struct views *views;
	struct snapshot *snapshot; /* NULL: not open */
	bool lent, for_long;
	int64_t used_us;
};

struct views {
	struct server *server;
	struct mutex mutex;
	struct cond returned; /* or stopping */
	struct view items[VIEWS_MAX];
	size_t lent_long;
	int64_t used_us; /* when somebody looked last */
	int64_t followed_us;
	bool ready; /* the follower's: what usual questions need was made */
	bool stop;
	struct thread follower;
	struct directory *directory;
};

/* The open one that was used last, else one that is not open. Under the mutex. */
static struct view *choose(struct views *vs)
{
	struct view *best = NULL;
	for (size_t i = 0; i < VIEWS_MAX; i++) {
		struct view *v = &vs->items[i];
		if (v->lent)
			continue;
		bool better = best == NULL || (v->snapshot != NULL && best->snapshot == NULL) ||
			      (v->snapshot != NULL && v->used_us > best->used_us);
		best = better ? v : best;
	}
	return best;
}

static struct view *lend(struct views *vs, bool for_long, int64_t wait_us)
{
	int64_t until_us = time_monotonic_us() + wait_us;
	struct view *v = NULL;
	mutex_lock(&vs->mutex);
	for (;;) {
		bool room = !for_long || vs->lent_long < VIEWS_LONG_MAX;
		int64_t left_us = until_us - time_monotonic_us();
		if (room && (v = choose(vs)) != NULL)
			break;
		if (vs->stop || left_us <= 0)
			break;
		(void)cond_wait_for(&vs->returned, &vs->mutex, left_us);
	}
	if (v != NULL) {
		v->lent = true;
		v->for_long = for_long;
		vs->lent_long += for_long;
	}
	mutex_unlock(&vs->mutex);
	return v;
}

static void give_back(struct view *v, bool used)
{
	struct views *vs = v->views;
	if (v->snapshot != NULL)
		snapshot_rest(v->snapshot);
	mutex_lock(&vs->mutex);
	vs->lent_long -= v->for_long;
	v->lent = false;
	if (used)
		vs->used_us = v->used_us = time_monotonic_us();
	cond_broadcast(&vs->returned);
	mutex_unlock(&vs->mutex);
}

/* A view that could not follow is opened anew. */
static bool bring_up_to_date(struct view *v, err *e)
{
	bool reopened;
	if (v->snapshot != NULL) {
		err why = { 0 };
		if (snapshot_refresh(&v->snapshot, NULL, NULL, &reopened, &why))
			return true;
		log_event(LOG_WARN, "view_reopened", "why=\"%s\"", why.text);
		snapshot_close(&v->snapshot);
	}
	return snapshot_open_live(v->views->server->options.data, &v->snapshot, e);
}

static bool borrow(struct server *s, bool for_long, struct view **v_r, err *e)
{
	struct view *v = lend(s->views, for_long, WAIT_US);
	if (v == NULL)
		return err_set(e, ERR_BUSY, "Too much is being read at the moment");
	if (!bring_up_to_date(v, e)) {
		give_back(v, false);
		return false;
	}
	*v_r = v;
	return true;
}

bool view_borrow(struct server *s, struct view **v_r, err *e)
{
	return borrow(s, false, v_r, e);
}

bool view_borrow_long(struct server *s, struct view **v_r, err *e)
{
	return borrow(s, true, v_r, e);
}

void view_return(struct view **v)
{
	if (*v != NULL)
		give_back(*v, true);
	*v = NULL;
}

struct snapshot *view_snapshot(struct view *v)
{
	return v->snapshot;
}

struct directory *view_directory(struct view *v)
{
	return v->views->directory;
}

/* ---- following ------------------------------------------------------------------------------- */

/* All but the one that was used last, once nobody has asked for a while. */
static void close_idle(struct views *vs)
{
	struct snapshot *closing[VIEWS_MAX] = { NULL };
	int64_t now_us = time_monotonic_us();
	mutex_lock(&vs->mutex);
	const struct view *keep = choose(vs);
	for (size_t i = 0; i < VIEWS_MAX; i++) {
		struct view *v = &vs->items[i];
		if (v->lent || v == keep || v->used_us + IDLE_US > now_us)
			continue;
		closing[i] = v->snapshot;
		v->snapshot = NULL;
	}
	mutex_unlock(&vs->mutex);
	for (size_t i = 0; i < VIEWS_MAX; i++)
		snapshot_close(&closing[i]);
}

static bool time_to_follow(struct views *vs, bool *idle_r)
{
	int64_t now_us = time_monotonic_us();
	mutex_lock(&vs->mutex);
	bool idle = vs->used_us + IDLE_US < now_us;
	*idle_r = idle;
	bool now = !idle || vs->followed_us + IDLE_FOLLOW_US < now_us;
	if (now)
		vs->followed_us = now_us;
	mutex_unlock(&vs->mutex);
	return now;
}

static void follow_once(struct views *vs)
{
	err e = { 0 };
	bool idle;
	if (!time_to_follow(vs, &idle))
		return;
	struct view *v = lend(vs, false, 0);
	if (v == NULL)
		return;
	if (!bring_up_to_date(v, &e) ||
	    !directory_follow(vs->directory, v->snapshot,
			      idle && vs->ready ? DIRECTORY_MARKS : DIRECTORY_AHEAD, &e))
		log_event(LOG_WARN, "view_not_followed", "why=\"%s\"", e.text);
	else
		vs->ready = snapshot_seq(v->snapshot) > 0;
	give_back(v, false);
}

static void *follower_run(void *arg)
{
	struct views *vs = arg;
	for (;;) {
		follow_once(vs);
		close_idle(vs);
		mutex_lock(&vs->mutex);
		int64_t until_us = time_monotonic_us() + FOLLOW_US, left_us;
		while (!vs->stop && (left_us = until_us - time_monotonic_us()) > 0)
			(void)cond_wait_for(&vs->returned, &vs->mutex, left_us);
		bool stop = vs->stop;
		mutex_unlock(&vs->mutex);
		if (stop)
			return NULL;
	}
}

bool views_open(struct server *s, err *e)
{
	struct views *vs = mem_zalloc(1, sizeof *vs);
	if (vs == NULL)
		return err_nomem(e);
	mutex_init(&vs->mutex);
	cond_init(&vs->returned);
	vs->server = s;
	for (size_t i = 0; i < VIEWS_MAX; i++)
		vs->items[i].views = vs;
	s->views = vs;
	return directory_new(&vs->directory, e) &&
	       thread_start(&vs->follower, "follower", follower_run, vs, e);
}

void views_close(struct server *s)
{
	struct views *vs = s->views;
	if (vs == NULL)
		return;
	mutex_lock(&vs->mutex);
	vs->stop = true;
	cond_broadcast(&vs->returned);
	mutex_unlock(&vs->mutex);
	thread_join(&vs->follower);
	for (size_t i = 0; i < VIEWS_MAX; i++)
		snapshot_close(&vs->items[i].snapshot);
	directory_free(&vs->directory);
	cond_fini(&vs->returned);
	mutex_fini(&vs->mutex);
	mem_free(vs);
	s->views = NULL;
}
