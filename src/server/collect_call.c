/*
 * collect_call.c - calls and readers are kept and used again, and what is in flight is counted.
 *
 * What it is:   a pool and an account. Touching fresh memory is slow, so what a call has grown
 * to stays with it, unless it is much. Threads:      any; the pool has the collect's lock.
 */
#include "server/collect_int.h"

#include "base/mem.h"
#include "base/time.h"

#include <string.h>

#define CALLS_KEPT_MAX	     2048
#define CALL_BYTES_KEPT_MAX  (512 * KIB)
#define CALL_BYTES_SMALL     (16 * KIB)
#define CALLS_LARGE_KEPT_MAX 64
#define CHARGE_BASE	     (8 * KIB)
#define CHARGE_PER_BYTE	     8 /* of a body: its tree and its touches */

static size_t charge_of(struct http_request *r)
{
	size_t bytes = http_body(r).n;
	/* What comes compressed may be as large as it is allowed to become. */
	if (http_header(r, S("Content-Encoding")).n > 0)
		bytes = MIN(bytes * 16, COLLECT_BODY_BYTES_MAX);
	return CHARGE_BASE + bytes * CHARGE_PER_BYTE;
}

/* Counts what the request will take. False: there is no room for it now. */
static bool charge(struct collect *c, size_t bytes)
{
	if (atomic_fetch_add(&c->in_flight, bytes) + bytes <= COLLECT_IN_FLIGHT_BYTES)
		return true;
	atomic_fetch_sub(&c->in_flight, bytes);
	return false;
}

static void call_begin(struct collect_call *k, struct http_request *r)
{
	const struct collect_settings *s = k->settings;
	k->http = r;
	k->body = http_body(r);
	k->client = http_client(r);
	k->user_agent = http_header(r, S("User-Agent"));
	k->referer = http_header(r, S("Referer"));
	k->from_page = http_header(r, S("Origin")).n > 0;
	k->received_us = time_now_us();
	k->says_no = (s->honour_dnt && str_eq(http_header(r, S("DNT")), S("1"))) ||
		     (s->honour_gpc && str_eq(http_header(r, S("Sec-GPC")), S("1")));
}

struct collect_call *call_take(struct collect *c, struct http_request *r)
{
	size_t bytes = charge_of(r);
	struct arena arena;
	if (!charge(c, bytes))
		return NULL;
	mutex_lock(&c->lock);
	struct collect_settings *settings = c->settings;
	struct collect_call *k = c->calls;
	settings->refs++;
	if (k) {
		c->calls = k->next;
		c->calls_n--;
	}
	mutex_unlock(&c->lock);
	if (k) {
		arena = k->arena;
		arena_reset(&arena);
	} else {
		arena_init(&arena, COLLECT_ARENA_BYTES_MAX);
		k = mem_alloc(sizeof *k);
	}
	if (!k) {
		atomic_fetch_sub(&c->in_flight, bytes);
		mutex_lock(&c->lock);
		settings_unref(settings);
		mutex_unlock(&c->lock);
		return NULL;
	}
	memset(k, 0, offsetof(struct collect_call, counts.faults));
	k->collect = c;
	k->arena = arena;
	k->charge = bytes;
	k->settings = settings;
	call_begin(k, r);
	return k;
}

void call_give(struct collect_call **call)
{
	struct collect_call *k = *call;
	struct collect *c = k->collect;
	*call = NULL;
	atomic_fetch_sub(&c->in_flight, k->charge);
	bool large = k->arena.bytes_held > CALL_BYTES_SMALL;
	size_t kept_max = k->arena.bytes_held > CALL_BYTES_KEPT_MAX ? 0
			  : large				    ? CALLS_LARGE_KEPT_MAX
								    : CALLS_KEPT_MAX;
	mutex_lock(&c->lock);
	settings_unref(k->settings);
	bool kept = c->calls_n < kept_max;
	if (kept) {
		k->next = c->calls;
		c->calls = k;
		c->calls_n++;
	}
	mutex_unlock(&c->lock);
	if (kept)
		return;
	arena_fini(&k->arena);
	mem_free(k);
}

struct collect_reader *reader_mine(struct collect *c, err *e)
{
	static _Thread_local struct collect_reader *mine;
	static _Thread_local uint64_t of; /* number of the collect that it belongs to */
	if (of == c->number)
		return mine;
	struct collect_reader *r = mem_zalloc(1, sizeof *r);
	if (!r || !json_parser_new(&r->parser, COLLECT_BODY_BYTES_MAX, e)) {
		mem_free(r);
		err_nomem(e);
		return NULL;
	}
	mutex_lock(&c->lock);
	r->next = c->readers;
	c->readers = r;
	mutex_unlock(&c->lock);
	mine = r;
	of = c->number;
	return r;
}

static struct rate *rate_of(struct collect *c, uint64_t key, uint64_t per_s, int64_t now_us)
{
	uint64_t at;
	if (map64_get(&c->rate_at, key, &at))
		return &c->rates.items[at];
	struct rate fresh = { .left = (double)per_s, .at_us = now_us };
	if (!vec_push(&c->rates, fresh))
		return NULL;
	if (!map64_put(&c->rate_at, key, c->rates.n - 1)) {
		c->rates.n--;
		return NULL;
	}
	return &c->rates.items[c->rates.n - 1];
}

/* A bucket per key that fills by `rate_per_s` and holds two seconds of it. A batch that is larger
 * than what is left is let in while something is, and paid off afterwards. */
bool rate_allows(struct collect *c, const struct collect_settings *s, uint64_t key, size_t n)
{
	if (s->rate_per_s == 0)
		return true;
	int64_t now = time_monotonic_us();
	double per_s = (double)s->rate_per_s;
	mutex_lock(&c->lock);
	struct rate *r = rate_of(c, key, s->rate_per_s, now);
	bool allowed = true;
	if (r) {
		r->left += (double)(now - r->at_us) / (double)US_PER_S * per_s;
		r->left = MIN(r->left, 2 * per_s);
		r->at_us = now;
		allowed = r->left >= 1;
		if (allowed)
			r->left -= (double)n;
	}
	mutex_unlock(&c->lock);
	return allowed;
}
