/*
 * seal.c - the thread that keeps the tail short and the segments few.
 *
 * What it is:   looks a few times a second how long the tail is; seals the oldest part of one that
 *               is too long, else merges segments when that is due.
 * Promises:     the writer is asked for little at a time, and never waits for this thread. A
 *               failure is logged and tried again later: nothing is lost by it, the tail only
 * grows. Threads:      its own; journal_seal and the others any: one works at a time.
 */
#include "journal/retain_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#define LOOK_US	       (INT64_C(200) * 1000)
#define AFTER_ERR_US   (10 * US_PER_S)
#define ERASE_RETRY_US (3600 * US_PER_S)
#define SEAL_ALIGN     UINT64_C(131072) /* as chunks of the tail are: the others stay as they are */
#define SEAL_KEEP_DIV  2		/* of a tail that is too long half is left */

struct sealer {
	struct journal *j;
	struct thread thread;
	struct mutex work; /* held by who seals, merges or drops */
	struct mutex mutex;
	struct cond wake;
	bool stop;
	uint64_t tail_max;
	int64_t erase_after_us;	 /* what was erased is looked at again then */
	int64_t retain_after_us; /* and what is old */
	uint64_t changes_seen;	 /* no merge was due after so many changes of the archive */
};

static bool limit_get(struct journal *j, bool exact, struct seal_limit *l, err *e)
{
	struct job job = { .kind = JOB_SEAL_LIMIT, .limit = l, .patient = true };
	*l = (struct seal_limit){ .exact = exact };
	bool ok = journal_run_job(j, &job, e);
	vec_free(&l->hidden);
	return ok;
}

/* All but the newest `keep`, in as many steps as it takes. */
static bool seal_all_but(struct journal *j, uint64_t keep, bool exact, err *e)
{
	struct seal_limit l;
	if (!limit_get(j, exact, &l, e))
		return false;
	uint64_t to = l.last_seq - MIN(keep, l.last_seq);
	to = MIN(to, l.to_seq);
	if (!exact && to > l.sealed_seq + SEAL_ALIGN)
		to -= to % SEAL_ALIGN;
	for (uint64_t sealed = l.sealed_seq; sealed < to;) {
		uint64_t done;
		if (!seal_write(j, sealed + 1, to, l.to_seq, &done, e))
			return false;
		if (done == 0)
			break;
		sealed = done;
	}
	return true;
}

bool seal_everything(struct journal *j, err *e)
{
	return seal_all_but(j, 0, true, e);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static bool sealer_waits(struct sealer *s, int64_t us)
{
	mutex_lock(&s->mutex);
	if (!s->stop)
		(void)cond_wait_for(&s->wake, &s->mutex, us);
	bool stop = s->stop;
	mutex_unlock(&s->mutex);
	return !stop;
}

/* Sealing and merging take room before they give any back. */
static bool disk_has_room(struct journal *j, bool *has_r, err *e)
{
	uint64_t bytes;
	if (!fs_free_bytes(j->store.fs, j->store.dir, &bytes, e))
		return false;
	*has_r = bytes / 2 >= j->options.disk_reserve_bytes;
	return true;
}

static bool one_round(struct sealer *s, err *e)
{
	struct journal *j = s->j;
	bool merged = false, has_room = false;
	int64_t now = time_now_us();
	mutex_lock(&j->mutex);
	bool erases = j->erased_since_us && j->erased_since_us + ERASE_WAIT_US <= now &&
		      s->erase_after_us <= now;
	uint64_t tail = j->tail_touches, changes = j->archive_changes;
	mutex_unlock(&j->mutex);
	bool retains = s->retain_after_us <= now || s->retain_after_us > now + ERASE_RETRY_US;
	if (!erases && !retains && tail <= s->tail_max && changes == s->changes_seen)
		return true;
	if (!disk_has_room(j, &has_room, e))
		return false;
	if (!has_room)
		return true;
	if (erases) {
		uint64_t waiting;
		s->erase_after_us = now + ERASE_RETRY_US;
		return erase_finish(j, now, &waiting, e);
	}
	if (retains) {
		s->retain_after_us = now + ERASE_RETRY_US;
		return retain_when_due(j, now, e);
	}
	if (tail > s->tail_max)
		return seal_all_but(j, s->tail_max / SEAL_KEEP_DIV, false, e);
	if (!seal_merge(j, &merged, e))
		return false;
	if (!merged)
		s->changes_seen = changes;
	return true;
}

static void *sealer_run(void *arg)
{
	struct sealer *s = arg;
	int64_t wait = LOOK_US;
	thread_stand_back();
	while (sealer_waits(s, wait)) {
		err e = { 0 };
		mutex_lock(&s->work);
		bool ok = one_round(s, &e);
		mutex_unlock(&s->work);
		wait = ok ? LOOK_US : AFTER_ERR_US;
		if (!ok && e.code != ERR_BUSY)
			log_event(LOG_ERROR, "sealing_failed", "code=%s why=\"%s\"",
				  err_code_name(e.code), e.text);
	}
	return NULL;
}

bool sealer_start(struct journal *j, err *e)
{
	struct sealer *s = mem_zalloc(1, sizeof *s);
	if (!s)
		return err_nomem(e);
	s->j = j;
	s->tail_max = j->options.tail_touches_max ? j->options.tail_touches_max : JOURNAL_TAIL;
	mutex_init(&s->work);
	mutex_init(&s->mutex);
	cond_init(&s->wake);
	j->sealer = s;
	return s->tail_max == UINT64_MAX || thread_start(&s->thread, "sealer", sealer_run, s, e);
}

void sealer_stop(struct journal *j)
{
	struct sealer *s = j->sealer;
	if (!s)
		return;
	mutex_lock(&s->mutex);
	s->stop = true;
	cond_signal(&s->wake);
	mutex_unlock(&s->mutex);
	thread_join(&s->thread);
	mutex_fini(&s->work);
	mutex_fini(&s->mutex);
	cond_fini(&s->wake);
	mem_free(s);
	j->sealer = NULL;
}

bool sealer_is_stopped(struct journal *j)
{
	struct sealer *s = j->sealer;
	mutex_lock(&s->mutex);
	bool stop = s->stop;
	mutex_unlock(&s->mutex);
	return stop;
}

/* ---- what others ask for --------------------------------------------------------------------- */

static bool seals_itself(const struct journal *j, err *e)
{
	return (!j->remote && j->sealer) ||
	       err_set(e, ERR_CONFLICT, "the archive is kept by the server that has the directory");
}

bool journal_seal(struct journal *j, uint64_t keep, err *e)
{
	if (!seals_itself(j, e))
		return false;
	mutex_lock(&j->sealer->work);
	bool ok = seal_all_but(j, keep, true, e);
	mutex_unlock(&j->sealer->work);
	return ok;
}

bool journal_merge(struct journal *j, err *e)
{
	bool ok = seals_itself(j, e), merged = true;
	if (!ok)
		return false;
	mutex_lock(&j->sealer->work);
	while (ok && merged)
		ok = seal_merge(j, &merged, e);
	mutex_unlock(&j->sealer->work);
	return ok;
}

bool journal_drop(struct journal *j, const struct journal_drop *d, uint64_t *touches_r, err *e)
{
	if (!seals_itself(j, e))
		return false;
	mutex_lock(&j->sealer->work);
	bool ok = seal_drop(j, d, touches_r, e);
	mutex_unlock(&j->sealer->work);
	return ok;
}

bool journal_erase_finish(struct journal *j, uint64_t *waiting_r, err *e)
{
	if (!seals_itself(j, e))
		return false;
	mutex_lock(&j->sealer->work);
	bool ok = erase_finish(j, INT64_MAX - 1, waiting_r, e);
	mutex_unlock(&j->sealer->work);
	return ok;
}

bool journal_retain(struct journal *j, int64_t before_us, struct retention *r, err *e)
{
	if (!seals_itself(j, e))
		return false;
	mutex_lock(&j->sealer->work);
	bool ok = retain_all(j, before_us, r, e);
	mutex_unlock(&j->sealer->work);
	return ok;
}
