/*
 * once.c - requests that may be sent again: Idempotency-Key.
 *
 * What it is:   a ring of the newest answers in memory, found by who asked and by their key. After
 *               a restart the answers are gone, but what they wrote carries a message id made of
 *               the key, which the journal knows for a week: a repetition is then refused (409) and
 *               not done twice.
 * Promises:     at most ONCE_ENTRIES_MAX answers and ONCE_BYTES_MAX bytes; the oldest go first, or
 *               after a day. An answer is given only to whom it was given before.
 * Threads:      any.
 */
#include "server/once_int.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/time.h"
#include "io/zip.h"

#include <string.h>

#define ONCE_ENTRIES_MAX   4096
#define ONCE_BYTES_MAX	   (16 * MIB)
#define ONCE_KEY_BYTES_MAX ((size_t)200)
#define ONCE_US		   US_PER_DAY

struct entry {
	char *id; /* who and their key; NULL: free */
	size_t id_n;
	uint64_t request; /* hash of method, path and body */
	int64_t at_us;
	int status; /* 0: being worked on */
	char *body;
	size_t body_n;
	char location[128];
	char etag[64];
};

struct once {
	struct mutex mutex;
	struct map64 places; /* hash of id -> place + 1; another id's place is no hit */
	struct entry ring[ONCE_ENTRIES_MAX];
	size_t next;
	size_t bytes;
};

bool once_open(struct once **o_r, err *e)
{
	struct once *o = mem_zalloc(1, sizeof *o);
	if (!o)
		return err_nomem(e);
	mutex_init(&o->mutex);
	*o_r = o;
	return true;
}

static void entry_drop(struct once *o, struct entry *x)
{
	uint64_t place;
	if (!x->id)
		return;
	uint64_t hash = zip_hash(x->id, x->id_n);
	if (map64_get(&o->places, hash, &place) && &o->ring[place - 1] == x)
		map64_remove(&o->places, hash);
	o->bytes -= x->id_n + x->body_n;
	mem_free(x->id);
	mem_free(x->body);
	*x = (struct entry){ 0 };
}

void once_close(struct once **oo)
{
	struct once *o = *oo;
	if (!o)
		return;
	for (size_t i = 0; i < ONCE_ENTRIES_MAX; i++)
		entry_drop(o, &o->ring[i]);
	map64_fini(&o->places);
	mutex_fini(&o->mutex);
	mem_free(o);
	*oo = NULL;
}

static bool key_of(struct request *q, str *id_r, bool *given_r, err *e)
{
	str key = http_header(q->http, S("Idempotency-Key"));
	*given_r = key.p != NULL;
	if (!*given_r)
		return true;
	bool fits = key.n > 0 && key.n <= ONCE_KEY_BYTES_MAX;
	for (size_t i = 0; fits && i < key.n; i++)
		fits = key.p[i] >= ' ' && key.p[i] <= '~';
	if (!fits)
		return problem_with(q, e, 400,
				    "Idempotency-Key has to be 1 to %zu visible characters",
				    ONCE_KEY_BYTES_MAX);
	*id_r = str_printf(q->arena, "%.*s\n%.*s", STR_ARG(q->actor.name), STR_ARG(key));
	return id_r->p || arena_err(q->arena, e);
}

static uint64_t request_hash(struct request *q)
{
	const str parts[] = { http_method(q->http), http_path(q->http), http_body(q->http) };
	uint64_t hashes[2 * ARRAY_LEN(parts)];
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		hashes[2 * i] = parts[i].n;
		hashes[2 * i + 1] = zip_hash(parts[i].p, parts[i].n);
	}
	return zip_hash(hashes, sizeof hashes);
}

static struct entry *find(struct once *o, str id)
{
	uint64_t place;
	if (!map64_get(&o->places, zip_hash(id.p, id.n), &place))
		return NULL;
	struct entry *x = &o->ring[place - 1];
	bool same = x->id && str_eq(str_make(x->id, x->id_n), id);
	if (same && x->at_us + ONCE_US < time_now_us()) {
		entry_drop(o, x);
		return NULL;
	}
	return same ? x : NULL;
}

/* A place for a request that begins; what is being worked on is passed over. */
static bool add(struct once *o, str id, uint64_t request)
{
	struct entry *x = &o->ring[o->next % ONCE_ENTRIES_MAX];
	for (size_t i = 0; i < ONCE_ENTRIES_MAX && x->id && x->status == 0; i++)
		x = &o->ring[++o->next % ONCE_ENTRIES_MAX];
	if (x->id && x->status == 0)
		return false;
	entry_drop(o, x);
	char *copy = mem_alloc(id.n);
	if (!copy || !map64_put(&o->places, zip_hash(id.p, id.n), (uint64_t)(x - o->ring) + 1)) {
		mem_free(copy);
		return false;
	}
	memcpy(copy, id.p, id.n);
	*x = (struct entry){ .id = copy, .id_n = id.n, .request = request, .at_us = time_now_us() };
	o->bytes += id.n;
	o->next++;
	return true;
}

static bool replay(struct request *q, const struct entry *x, struct answer *a, err *e)
{
	a->status = x->status;
	buf_put(&a->body, x->body, x->body_n);
	a->location = str_dup(q->arena, str_of(x->location));
	a->etag = str_dup(q->arena, str_of(x->etag));
	http_answer_header(q->http, "Idempotency-Replayed", S("true"));
	return !q->arena->over || arena_err(q->arena, e);
}

bool once_begin(struct once *o, struct request *q, struct answer *a, bool *again_r, err *e)
{
	str id;
	bool given, ok = true;
	*again_r = false;
	if (!key_of(q, &id, &given, e))
		return false;
	if (!given)
		return true;
	uint64_t request = request_hash(q);
	mutex_lock(&o->mutex);
	const struct entry *x = find(o, id);
	if (x && x->request != request)
		ok = problem_with(q, e, 422,
				  "This Idempotency-Key was sent with another request before");
	else if (x && x->status == 0)
		ok = problem_with(q, e, 409, "The first request with this key is being worked on");
	else if (x)
		ok = *again_r = replay(q, x, a, e);
	else if (!add(o, id, request))
		ok = err_set(e, ERR_BUSY, "too many requests are being worked on");
	mutex_unlock(&o->mutex);
	return ok;
}

static void make_room(struct once *o, size_t bytes)
{
	for (size_t i = 0; i < ONCE_ENTRIES_MAX && o->bytes + bytes > ONCE_BYTES_MAX; i++) {
		struct entry *oldest = &o->ring[(o->next + i) % ONCE_ENTRIES_MAX];
		if (oldest->status)
			entry_drop(o, oldest);
	}
}

static void keep(struct once *o, struct entry *x, const struct answer *a)
{
	str body = buf_view(&a->body);
	make_room(o, body.n);
	x->body = mem_alloc(body.n);
	if (body.n && !x->body) {
		entry_drop(o, x); /* the journal knows it by its message id */
		return;
	}
	if (body.n)
		memcpy(x->body, body.p, body.n);
	x->body_n = body.n;
	o->bytes += body.n;
	x->status = a->status;
	if (a->location.n < sizeof x->location && a->location.n)
		memcpy(x->location, a->location.p, a->location.n);
	if (a->etag.n < sizeof x->etag && a->etag.n)
		memcpy(x->etag, a->etag.p, a->etag.n);
}

void once_end(struct once *o, struct request *q, bool ok, const struct answer *a)
{
	str id;
	bool given;
	err ignored = { 0 }; /* it was said at the beginning */
	if (!key_of(q, &id, &given, &ignored) || !given)
		return;
	mutex_lock(&o->mutex);
	struct entry *x = find(o, id);
	if (x && x->status == 0) {
		if (ok && !a->sent && buf_ok(&a->body, NULL))
			keep(o, x, a);
		else
			entry_drop(o, x);
	}
	mutex_unlock(&o->mutex);
}

str once_message_id(struct request *q)
{
	str id;
	bool given;
	err ignored = { 0 };
	if (!key_of(q, &id, &given, &ignored) || !given)
		return S("");
	struct hash128 h = zip_hash128(id.p, id.n, 17);
	return str_printf(q->arena, "once:%016llx%016llx", (unsigned long long)h.hi,
			  (unsigned long long)h.lo);
}
