/*
 * funnel_cache.c - answers that are kept until the next touch, and computed once.
 *
 * What it is:   entries keyed by the question and the number of the newest touch that it was asked
 *               about. Who asks for what is being computed waits for it, or for the next one. An
 * answer keeps who is behind its numbers, so that the list behind a number is the list it was
 * counted from. Promises:     at most ANSWERS_BYTES_MAX while nobody holds more; at most
 * RUNNING_MAX questions computed at once, each with at most QUERY_BYTES_MAX; who waits longer than
 *               WAIT_US_MAX is told that the server is busy. Rights are checked before: all who may
 *               read get the same answer.
 * Threads:      any worker; the list has one lock, which is not held while computing.
 */
#include "server/funnel_int.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "server/server_int.h"

#define ANSWERS_MAX	  32
#define ANSWERS_BYTES_MAX (256 * MIB)
#define QUERY_BYTES_MAX	  GIB
#define RUNNING_MAX	  2
#define WAIT_US_MAX	  (60 * US_PER_S)
/* Ages count on while nothing happens. */
#define FRESH_US_MAX (5 * 60 * US_PER_S)

enum state { COMPUTING, READY, FAILED };

struct funnel_answer {
	struct funnels *owner;
	struct funnel_answer *next; /* the one used last comes first */
	enum state state;
	unsigned refs;
	bool listed;
	str key;
	uint64_t seq; /* of the touches that it is about */
	bool then;    /* ... and not the newest */
	int64_t made_us;
	uint64_t touches_done, touches; /* while COMPUTING: read, of all; a tenth of a second ago */
	size_t bytes; /* held, once computed; while it is computed the arena is its thread's */
	struct arena a;
	struct funnel_spec spec;
	struct funnel_result result;
	err why; /* FAILED */
};

struct funnels {
	struct mutex lock;
	struct cond changed;
	struct funnel_answer *list;
	struct funnel_memory *memory; /* of segments, for all questions */
	unsigned running;
};

bool funnels_open(struct server *s, err *e)
{
	struct funnels *f = mem_zalloc(1, sizeof *f);
	if (!f)
		return err_nomem(e);
	if (!funnel_memory_new(&f->memory, e)) {
		mem_free(f);
		return false;
	}
	mutex_init(&f->lock);
	cond_init(&f->changed);
	s->funnels = f;
	return true;
}

static void answer_free(struct funnel_answer *x)
{
	if (!x)
		return;
	arena_fini(&x->a);
	mem_free(x);
}

void funnels_close(struct server *s)
{
	struct funnels *f = s->funnels;
	if (!f)
		return;
	for (struct funnel_answer *x = f->list, *next; x; x = next) {
		next = x->next;
		answer_free(x);
	}
	cond_fini(&f->changed);
	mutex_fini(&f->lock);
	funnel_memory_free(&f->memory);
	mem_free(f);
	s->funnels = NULL;
}

/* ---- the list; all with the lock ------------------------------------------------------------- */

static void unlist(struct funnels *f, struct funnel_answer *x)
{
	for (struct funnel_answer **at = &f->list; *at; at = &(*at)->next) {
		if (*at == x) {
			*at = x->next;
			break;
		}
	}
	x->listed = false;
}

static void list_first(struct funnels *f, struct funnel_answer *x)
{
	x->next = f->list;
	x->listed = true;
	f->list = x;
}

/* Who is not held and does not fit goes, those used longest ago first. */
static void evict(struct funnels *f)
{
	size_t n = 0, bytes = 0;
	int64_t now_us = time_monotonic_us();
	for (struct funnel_answer *x = f->list, *next; x; x = next) {
		next = x->next;
		n++;
		bytes += x->bytes;
		bool old = x->state == READY && now_us - x->made_us > FRESH_US_MAX;
		if (x->refs > 0 || (n <= ANSWERS_MAX && bytes <= ANSWERS_BYTES_MAX && !old))
			continue;
		n--;
		bytes -= x->bytes;
		unlist(f, x);
		answer_free(x);
	}
}

/* An answer about touches up to a number from `from` to `to`; held. */
static struct funnel_answer *find(struct funnels *f, str key, uint64_t from, uint64_t to)
{
	int64_t now_us = time_monotonic_us();
	for (struct funnel_answer *x = f->list; x; x = x->next) {
		bool old = x->state == READY && now_us - x->made_us > FRESH_US_MAX;
		if (x->seq >= from && x->seq <= to && !old && x->state != FAILED &&
		    str_eq(x->key, key)) {
			unlist(f, x);
			list_first(f, x);
			x->refs++;
			return x;
		}
	}
	return NULL;
}

/* The same question, being computed about fewer touches; held. */
static struct funnel_answer *find_older(struct funnels *f, const struct funnel_answer *than)
{
	for (struct funnel_answer *x = f->list; x; x = x->next) {
		if (x->state == COMPUTING && x->seq < than->seq && str_eq(x->key, than->key)) {
			x->refs++;
			return x;
		}
	}
	return NULL;
}

static void drop(struct funnels *f, struct funnel_answer *x)
{
	x->refs--;
	if (!x->listed && x->refs == 0)
		answer_free(x);
	evict(f);
}

void funnel_return(struct funnel_answer **xx)
{
	struct funnel_answer *x = *xx;
	if (!x)
		return;
	struct funnels *f = x->owner;
	mutex_lock(&f->lock);
	drop(f, x);
	mutex_unlock(&f->lock);
	*xx = NULL;
}

const struct funnel_result *funnel_answer_of(const struct funnel_answer *x)
{
	return &x->result;
}

/* ---- computing ------------------------------------------------------------------------------- */

/* Waits for a turn; false: too long. With the lock. */
static bool wait_turn(struct funnels *f, err *e)
{
	int64_t until_us = time_monotonic_us() + WAIT_US_MAX;
	while (f->running >= RUNNING_MAX) {
		int64_t left_us = until_us - time_monotonic_us();
		if (left_us <= 0)
			return err_set(e, ERR_BUSY, "Other funnels are being counted; try again");
		(void)cond_wait_for(&f->changed, &f->lock, left_us);
	}
	f->running++;
	return true;
}

struct asking {
	const struct request *q;
	struct funnels *f;
	struct funnel_answer *x;
};

/* Goes on while somebody waits: whoever asked, or others who ask the same. */
static bool somebody_waits(void *arg, struct funnel_watch *w)
{
	const struct asking *a = arg;
	mutex_lock(&a->f->lock);
	a->x->touches_done = atomic_load(&w->done);
	a->x->touches = atomic_load(&w->all);
	bool others = a->x->refs > 1;
	mutex_unlock(&a->f->lock);
	return others || !http_client_gone(a->q->http);
}

static bool compute(struct request *q, struct funnel_answer *x, struct snapshot *s, err *e)
{
	struct asking asking = { q, x->owner, x };
	struct funnel_watch watch = { .tick = somebody_waits, .arg = &asking };
	x->spec.keep = true;
	x->spec.memory = x->owner->memory;
	x->spec.watch = &watch;
	bool ok = funnel_run(s, &x->spec, &x->a, &x->result, e);
	x->spec.watch = NULL;
	x->result.spec.watch = NULL;
	return ok;
}

/* Computes what was put on the list, and tells those who wait. */
static bool compute_listed(struct request *q, struct funnel_answer *x, struct snapshot *s, err *e)
{
	struct funnels *f = x->owner;
	mutex_lock(&f->lock);
	bool turn = wait_turn(f, &x->why);
	mutex_unlock(&f->lock);
	bool ok = turn && compute(q, x, s, &x->why);
	mutex_lock(&f->lock);
	f->running -= turn;
	x->state = ok ? READY : FAILED;
	x->bytes = x->a.bytes_held;
	x->made_us = time_monotonic_us();
	if (!ok) {
		if (e)
			*e = x->why;
		unlist(f, x);
		drop(f, x);
	}
	cond_broadcast(&f->changed);
	evict(f);
	mutex_unlock(&f->lock);
	return ok;
}

/* Waits until another request has computed it. The lock is free. */
static bool wait_for(struct funnels *f, struct funnel_answer *x, err *e)
{
	int64_t until_us = time_monotonic_us() + WAIT_US_MAX;
	mutex_lock(&f->lock);
	while (x->state == COMPUTING && time_monotonic_us() < until_us)
		(void)cond_wait_for(&f->changed, &f->lock, until_us - time_monotonic_us());
	bool ok = x->state == READY;
	if (x->state == COMPUTING)
		err_set(e, ERR_BUSY, "This funnel is still being counted; try again");
	else if (!ok && e)
		*e = x->why;
	if (!ok)
		drop(f, x);
	mutex_unlock(&f->lock);
	return ok;
}

/* ---- as of an earlier touch ------------------------------------------------------------------ */

/* The touch that `as_of` names; 0: the newest. */
static bool read_as_of(struct request *q, struct snapshot *s, uint64_t *seq_r, err *e)
{
	str text = param_text(q, "as_of");
	int64_t at_us;
	uint64_t seq = 0;
	*seq_r = 0;
	if (text.n == 0)
		return true;
	if (!num_parse_u64(text, &seq)) {
		if (!param_time(q, "as_of", &at_us, e) || !snapshot_seq_at(s, at_us, &seq, e))
			return false;
	}
	if (seq == 0)
		return problem_field(q, e, "as_of", "nothing was known then");
	*seq_r = seq >= snapshot_seq(s) ? 0 : seq;
	return true;
}

/* ---- borrowing ------------------------------------------------------------------------------- */

static bool answer_make(struct request *q, const struct funnel_ask *ask, struct snapshot *s,
			struct funnel_answer **x_r, err *e)
{
	struct funnel_answer *x = mem_zalloc(1, sizeof *x);
	if (!x)
		return err_nomem(e);
	arena_init(&x->a, QUERY_BYTES_MAX);
	x->owner = q->server->funnels;
	x->refs = 1;
	uint64_t as_of = 0;
	if (!funnel_query_read(q, ask, s, &x->a, &x->spec, &x->key, e) ||
	    !read_as_of(q, s, &as_of, e)) {
		answer_free(x);
		return false;
	}
	x->then = as_of != 0;
	x->seq = x->then ? as_of : snapshot_seq(s);
	*x_r = x;
	return true;
}

enum found { FOUND_NONE, FOUND_THERE, FOUND_OLDER };

/* Somebody else's answer, computed or being computed; or who is being computed about fewer touches;
 * or none: `x` is put on the list. */
static enum found look(struct funnels *f, struct funnel_answer *x, uint64_t snapshot,
		       uint64_t now_seq, struct funnel_answer **there_r)
{
	enum found found = FOUND_THERE;
	mutex_lock(&f->lock);
	struct funnel_answer *there = snapshot ? find(f, x->key, snapshot, snapshot) : NULL;
	/* What was asked for is as new as the question; newer does as well. */
	if (!there)
		there = find(f, x->key, x->seq, x->then ? x->seq : UINT64_MAX);
	if (!there && !x->then) {
		there = find_older(f, x);
		found = FOUND_OLDER;
	}
	if (!there) {
		found = FOUND_NONE;
		x->seq = x->then ? x->seq : now_seq;
		list_first(f, x);
	}
	mutex_unlock(&f->lock);
	*there_r = there;
	return found;
}

/* Those who come while a question is computed wait for its end, and the next computation answers
 * all of them: with touches coming in all the time each would be computed alone otherwise. */
static void await(struct funnels *f, struct funnel_answer *older)
{
	int64_t until_us = time_monotonic_us() + WAIT_US_MAX;
	mutex_lock(&f->lock);
	while (older->state == COMPUTING && time_monotonic_us() < until_us)
		(void)cond_wait_for(&f->changed, &f->lock, until_us - time_monotonic_us());
	drop(f, older);
	mutex_unlock(&f->lock);
}

/* What was known earlier is replayed from the journal, for this answer alone. */
static bool compute_as_of(struct request *q, struct funnel_answer *x, err *e)
{
	struct funnels *f = q->server->funnels;
	struct snapshot *then = NULL;
	if (snapshot_open(server_data(q->server), x->seq, &then, &x->why)) {
		bool ok = compute_listed(q, x, then, e);
		snapshot_close(&then);
		return ok;
	}
	mutex_lock(&f->lock);
	x->state = FAILED;
	if (e)
		*e = x->why;
	unlist(f, x);
	drop(f, x);
	cond_broadcast(&f->changed);
	mutex_unlock(&f->lock);
	return false;
}

bool funnel_borrow(struct request *q, const struct funnel_ask *ask, struct funnel_answer **f_r,
		   err *e)
{
	struct funnels *f = q->server->funnels;
	struct view *v = NULL;
	struct funnel_answer *x = NULL, *there = NULL;
	enum found found = FOUND_OLDER;
	while (found == FOUND_OLDER) {
		if (!view_borrow_long(q->server, &v, e)) {
			answer_free(x);
			return false;
		}
		struct snapshot *s = view_snapshot(v);
		if (!x && !answer_make(q, ask, s, &x, e)) {
			view_return(&v);
			return false;
		}
		found = look(f, x, ask->snapshot, snapshot_seq(s), &there);
		if (found == FOUND_OLDER) {
			view_return(&v);
			await(f, there);
		}
	}
	bool then = x->then;
	bool ok = found == FOUND_THERE || then || compute_listed(q, x, view_snapshot(v), e);
	view_return(&v);
	if (found == FOUND_THERE) {
		answer_free(x);
		x = there;
		ok = wait_for(f, x, e);
	} else if (then) {
		ok = compute_as_of(q, x, e);
	}
	if (ok)
		*f_r = x;
	return ok;
}

bool funnel_progress_of(struct request *q, struct funnel_progress *p_r, err *e)
{
	struct funnels *f = q->server->funnels;
	struct funnel_answer *x = NULL;
	struct view *v = NULL;
	if (!view_borrow(q->server, &v, e))
		return false;
	bool ok = answer_make(q, &FUNNEL_AS_ASKED, view_snapshot(v), &x, e);
	view_return(&v);
	if (!ok)
		return false;
	*p_r = (struct funnel_progress){ 0 };
	mutex_lock(&f->lock);
	for (const struct funnel_answer *y = f->list; y; y = y->next) {
		if (y->state != COMPUTING || !str_eq(y->key, x->key))
			continue;
		p_r->counting = true;
		p_r->touches_done = MIN(y->touches_done, y->touches);
		p_r->touches = y->touches;
	}
	mutex_unlock(&f->lock);
	answer_free(x);
	return true;
}
