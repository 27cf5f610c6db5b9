/*
 * live.c - what happens, told to those who look.
 *
 * What it is:   the writer raises a flag after a commit; a thread looks at what is new, four times
 *               a second at most, writes it down once, and hands it to every listener.
 * Promises:     see live_int.h. With nobody listening, nothing is read.
 * Threads:      `lock` is over the listeners, `gate` over what wakes the thread, so that the writer
 *               never waits for a list to be walked; counts are atomic.
 */
#include "server/server_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/time.h"
#include "base/vec.h"
#include "people/people.h"
#include "server/auth_int.h"
#include "server/import_json_int.h"

#include <stdatomic.h>

#define TURN_US		   (US_PER_S / LIVE_SEQ_PER_S)
#define TOUCHES_PER_TURN   (LIVE_TOUCHES_PER_S / LIVE_SEQ_PER_S)
#define HEARTBEAT_US	   (15 * US_PER_S)
#define CHECK_US	   US_PER_S
#define EVENTS_BYTES_MAX   MIB
#define TURN_ARENA_MAX	   (16 * MIB)
#define JOBS_CHANGED_MAX   16
#define EVENT_ARRIVING_MAX 10000 /* touches of one turn that are looked at; the rest is counted */

struct listener {
	struct http_stream *stream;
	uint64_t key, session;
};

struct live {
	struct server *server;
	struct thread thread;
	struct mutex lock;
	VEC(struct listener) listeners;
	struct mutex gate;
	struct cond woken;
	uint64_t jobs[JOBS_CHANGED_MAX];
	size_t jobs_n;
	bool stop;
	atomic_uint_fast64_t committed;
	atomic_uint_fast64_t from; /* where the first listener came in */
	atomic_bool raised;
	atomic_size_t listening;
	/* the thread's own */
	uint64_t told_seq;
	int64_t heartbeat_us, checked_us;
	struct buf events;
	struct arena arena;
};

/* ---- what is told ---------------------------------------------------------------------------- */

static void event_open(struct live *l, struct json_writer *w, const char *name, uint64_t id)
{
	if (id > 0)
		buf_printf(&l->events, "id: %llu\n", (unsigned long long)id);
	buf_printf(&l->events, "event: %s\ndata: ", name);
	json_writer_init(w, &l->events, false);
	json_object_open(w);
}

static void event_close(struct live *l, struct json_writer *w)
{
	json_object_close(w);
	buf_cstr(&l->events, "\n\n");
}

static void put_seq(struct live *l, uint64_t seq)
{
	struct json_writer w;
	event_open(l, &w, "seq", seq);
	json_key(&w, S("seq"));
	json_put_uint(&w, seq);
	event_close(l, &w);
}

static void put_number(struct json_writer *w, const char *key, uint64_t n)
{
	json_key(w, str_of(key));
	if (n > 0)
		json_put_uint(w, n);
	else
		json_put_null(w);
}

static void put_text(struct json_writer *w, const char *key, str text)
{
	json_key(w, str_of(key));
	if (text.n > 0)
		json_put_text(w, text);
	else
		json_put_null(w);
}

struct told {
	struct live *live;
	struct people *people;
	size_t n, more;
	struct touch kept[TOUCHES_PER_TURN];
};

static bool each_touch(void *arg, const struct touch *t)
{
	struct told *x = arg;
	struct arena *a = &x->live->arena;
	if (t->import != 0)
		return true;
	if (x->n == TOUCHES_PER_TURN)
		return ++x->more < EVENT_ARRIVING_MAX;
	/* The texts live only during the call. */
	value path = touch_prop(t, S("path"));
	struct touch *k = &x->kept[x->n++];
	*k = (struct touch){ .seq = t->seq,
			     .at_us = t->at_us,
			     .name = str_dup(a, t->name),
			     .person = t->person,
			     .company = t->company,
			     .deal = t->deal };
	k->origin.source = str_dup(a, t->origin.source);
	k->origin.referrer = path.kind == VALUE_TEXT ? str_dup(a, path.text) : S("");
	return true;
}

static uint64_t subject(struct people *p, uint64_t profile)
{
	return profile > 0 ? people_subject_of(p, profile) : 0;
}

static void put_touch(struct told *x, const struct touch *t, size_t more)
{
	struct json_writer w;
	char at[TIME_TEXT_MAX];
	event_open(x->live, &w, "touch", 0);
	put_number(&w, "seq", t->seq);
	json_key(&w, S("at"));
	json_put_text(&w, time_print(at, t->at_us));
	put_text(&w, "name", t->name);
	put_number(&w, "person", subject(x->people, t->person));
	put_number(&w, "company", subject(x->people, t->company));
	put_number(&w, "deal", subject(x->people, t->deal));
	put_text(&w, "source", t->origin.source);
	put_text(&w, "path", t->origin.referrer);
	if (more > 0)
		put_number(&w, "more", more);
	event_close(x->live, &w);
}

/* The touches since the last turn. They are a service: when they cannot be read, `seq` alone is
 * told. */
static void put_touches(struct live *l, uint64_t to_seq)
{
	struct told x = { .live = l };
	struct view *v = NULL;
	err e = { 0 };
	if (!view_borrow(l->server, &v, &e)) {
		log_event(LOG_WARN, "live_not_read", "why=\"%s\"", e.text);
		return;
	}
	x.people = snapshot_people(view_snapshot(v));
	if (!snapshot_scan_from(view_snapshot(v), l->told_seq + 1, to_seq, each_touch, &x, &e))
		log_event(LOG_WARN, "live_not_read", "why=\"%s\"", e.text);
	for (size_t i = 0; i < x.n; i++)
		put_touch(&x, &x.kept[i], i + 1 == x.n ? x.more : 0);
	view_return(&v);
}

static void put_jobs(struct live *l, const uint64_t *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct import_job job;
		err e = { 0 };
		if (!imports_job(l->server->imports, jobs[i], &l->arena, &job, &e))
			continue;
		buf_cstr(&l->events, "event: import\ndata: ");
		import_put_job(&l->events, &job);
		buf_cstr(&l->events, "\n\n");
	}
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* Takes listener `i` out of the list. Under the lock. */
static void listener_drop(struct live *l, size_t i)
{
	http_stream_close(&l->listeners.items[i].stream);
	l->listeners.items[i] = l->listeners.items[--l->listeners.n];
	atomic_store(&l->listening, l->listeners.n);
}

static void tell_all(struct live *l, str text)
{
	mutex_lock(&l->lock);
	for (size_t i = l->listeners.n; i > 0; i--) {
		if (!http_stream_send(l->listeners.items[i - 1].stream, text))
			listener_drop(l, i - 1);
	}
	mutex_unlock(&l->lock);
}

/* Whose session or key is no longer valid, or may no longer read. */
static void drop_ended(struct live *l, int64_t now_us)
{
	l->checked_us = now_us;
	mutex_lock(&l->lock);
	for (size_t i = l->listeners.n; i > 0; i--) {
		const struct listener *x = &l->listeners.items[i - 1];
		if (!auth_still_may(l->server->auth, x->session, x->key, MAY_READ))
			listener_drop(l, i - 1);
	}
	mutex_unlock(&l->lock);
}

static void turn(struct live *l)
{
	uint64_t jobs[JOBS_CHANGED_MAX];
	mutex_lock(&l->gate);
	size_t jobs_n = l->jobs_n;
	for (size_t i = 0; i < jobs_n; i++)
		jobs[i] = l->jobs[i];
	l->jobs_n = 0;
	mutex_unlock(&l->gate);
	atomic_store(&l->raised, false);
	uint64_t seq = atomic_load(&l->committed);
	int64_t now_us = time_monotonic_us();
	buf_clear(&l->events);
	arena_reset(&l->arena);
	l->told_seq = MAX(l->told_seq, atomic_load(&l->from));
	if (atomic_load(&l->listening) > 0) {
		if (seq > l->told_seq) {
			put_touches(l, seq);
			put_seq(l, seq);
		}
		put_jobs(l, jobs, jobs_n);
		if (l->events.n == 0 && now_us - l->heartbeat_us >= HEARTBEAT_US)
			buf_cstr(&l->events, ":\n\n");
	}
	l->told_seq = MAX(l->told_seq, seq);
	if (l->events.n > 0 || now_us - l->heartbeat_us >= HEARTBEAT_US)
		l->heartbeat_us = now_us;
	if (now_us - l->checked_us >= CHECK_US)
		drop_ended(l, now_us);
	if (l->events.n > 0)
		tell_all(l, buf_view(&l->events));
}

static void *live_run(void *arg)
{
	struct live *l = arg;
	for (;;) {
		int64_t begun_us = time_monotonic_us();
		turn(l);
		mutex_lock(&l->gate);
		/* First until the next turn may be, then until there is something to tell. */
		int64_t left_us;
		while (!l->stop && (left_us = begun_us + TURN_US - time_monotonic_us()) > 0)
			(void)cond_wait_for(&l->woken, &l->gate, left_us);
		int64_t beat_us = begun_us +
				  (atomic_load(&l->listening) > 0 ? CHECK_US : HEARTBEAT_US);
		while (!l->stop && !atomic_load(&l->raised) && l->jobs_n == 0 &&
		       (left_us = beat_us - time_monotonic_us()) > 0)
			(void)cond_wait_for(&l->woken, &l->gate, left_us);
		bool stop = l->stop;
		mutex_unlock(&l->gate);
		if (stop)
			return NULL;
	}
}

static void raise_flag(struct live *l)
{
	if (atomic_exchange(&l->raised, true))
		return;
	mutex_lock(&l->gate);
	cond_signal(&l->woken);
	mutex_unlock(&l->gate);
}

/* On the writer's thread. */
static void on_commit(void *arg, uint64_t last_seq)
{
	struct live *l = arg;
	atomic_store(&l->committed, last_seq);
	if (atomic_load(&l->listening) > 0)
		raise_flag(l);
}

void live_import_changed(void *server, uint64_t job)
{
	struct server *s = server;
	struct live *l = s->live;
	if (l == NULL || atomic_load(&l->listening) == 0)
		return;
	mutex_lock(&l->gate);
	bool known = false;
	for (size_t i = 0; i < l->jobs_n; i++)
		known |= l->jobs[i] == job;
	if (!known && l->jobs_n < JOBS_CHANGED_MAX)
		l->jobs[l->jobs_n++] = job;
	cond_signal(&l->woken);
	mutex_unlock(&l->gate);
}

/* ---- listeners ------------------------------------------------------------------------------- */

size_t live_listeners(struct server *s)
{
	return atomic_load(&s->live->listening);
}

/* Where the journal stands, at once: who comes back after a break (Last-Event-ID) sees that it has
 * moved, and reads anew what the screen shows. */
static void greet(struct live *l, struct http_stream *stream)
{
	char text[160];
	struct buf b = { .p = text, .cap = sizeof text, .bytes_max = sizeof text };
	unsigned long long seq = atomic_load(&l->committed);
	buf_printf(&b, "retry: 2000\nid: %llu\nevent: seq\ndata: {\"seq\":%llu}\n\n", seq, seq);
	(void)http_stream_send(stream, buf_view(&b));
}

static bool listen(struct request *q, struct answer *a, err *e)
{
	struct live *l = q->server->live;
	mutex_lock(&l->lock);
	bool room = l->listeners.n < LIVE_LISTENERS_MAX &&
		    vec_reserve(&l->listeners, l->listeners.n + 1);
	if (room) {
		if (l->listeners.n == 0)
			atomic_store(&l->from, atomic_load(&l->committed));
		struct listener x = { .key = q->actor.key,
				      .session = q->actor.session,
				      .stream = http_stream_open(q->http, LIVE_BYTES_MAX) };
		a->sent = true;
		if (x.stream != NULL) {
			greet(l, x.stream);
			l->listeners.items[l->listeners.n++] = x;
			atomic_store(&l->listening, l->listeners.n);
		}
	}
	mutex_unlock(&l->lock);
	raise_flag(l); /* from now on it looks after who may listen */
	return room || err_set(e, ERR_BUSY, "Too many are listening at the moment");
}

bool live_open(struct server *s, err *e)
{
	struct live *l = mem_zalloc(1, sizeof *l);
	if (l == NULL)
		return err_nomem(e);
	mutex_init(&l->lock);
	mutex_init(&l->gate);
	cond_init(&l->woken);
	buf_init(&l->events, EVENTS_BYTES_MAX);
	arena_init(&l->arena, TURN_ARENA_MAX);
	l->server = s;
	l->heartbeat_us = time_monotonic_us();
	s->live = l;
	struct view *v = NULL;
	if (!view_borrow(s, &v, e))
		return false;
	l->told_seq = snapshot_seq(view_snapshot(v));
	atomic_store(&l->committed, l->told_seq);
	view_return(&v);
	journal_on_commit(s->journal, on_commit, l);
	return thread_start(&l->thread, "live", live_run, l, e);
}

void live_close(struct server *s)
{
	struct live *l = s->live;
	if (l == NULL)
		return;
	journal_on_commit(s->journal, NULL, NULL);
	mutex_lock(&l->gate);
	l->stop = true;
	cond_signal(&l->woken);
	mutex_unlock(&l->gate);
	thread_join(&l->thread);
	while (l->listeners.n > 0)
		listener_drop(l, l->listeners.n - 1);
	vec_free(&l->listeners);
	buf_fini(&l->events);
	arena_fini(&l->arena);
	cond_fini(&l->woken);
	mutex_fini(&l->gate);
	mutex_fini(&l->lock);
	mem_free(l);
	s->live = NULL;
}

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/live",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = listen,
	  .id = "listen",
	  .tag = "live",
	  .summary = "What happens, as it happens (server-sent events: seq, touch, import)",
	  .answer_type = "text/event-stream" },
};
const struct route_list routes_live = { rows, ARRAY_LEN(rows) };
