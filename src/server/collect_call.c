/*
 * collect_call.c - calls and readers are kept and used again, and what is in flight is counted.
 *
 * What it is:   two pools and an account. Touching fresh memory is slow, so what a call has grown
 * to stays with it, unless it is much. Threads:      any; the pools have the collect's lock.
 */
#include "server/collect_int.h"

#include "base/mem.h"
#include "base/time.h"

#define CALLS_KEPT_MAX	     2048
#define CALL_BYTES_KEPT_MAX  (512 * KIB)
#define CALL_BYTES_SMALL     (16 * KIB)
#define CALLS_LARGE_KEPT_MAX 64
#define READERS_KEPT_MAX     64
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

static struct collect_call *pool_take(struct collect *c)
{
	mutex_lock(&c->lock);
	struct collect_call *k = c->calls;
	if (k) {
		c->calls = k->next;
		c->calls_n--;
	}
	mutex_unlock(&c->lock);
	return k;
}

struct collect_call *call_take(struct collect *c, struct http_request *r)
{
	size_t charge = charge_of(r);
	if (atomic_fetch_add(&c->in_flight, charge) + charge > COLLECT_IN_FLIGHT_BYTES) {
		atomic_fetch_sub(&c->in_flight, charge);
		return NULL;
	}
	struct collect_call *k = pool_take(c);
	struct arena arena;
	if (k) {
		arena = k->arena;
		arena_reset(&arena);
	} else {
		k = mem_alloc(sizeof *k);
		arena_init(&arena, COLLECT_ARENA_BYTES_MAX);
	}
	if (!k) {
		atomic_fetch_sub(&c->in_flight, charge);
		return NULL;
	}
	*k = (struct collect_call){ .collect = c,
				    .http = r,
				    .arena = arena,
				    .charge = charge,
				    .settings = settings_ref(c),
				    .body = http_body(r),
				    .client = http_client(r),
				    .user_agent = http_header(r, S("User-Agent")),
				    .referer = http_header(r, S("Referer")),
				    .received_us = time_now_us() };
	k->says_no = (k->settings->honour_dnt && str_eq(http_header(r, S("DNT")), S("1"))) ||
		     (k->settings->honour_gpc && str_eq(http_header(r, S("Sec-GPC")), S("1")));
	return k;
}

void call_give(struct collect_call **call)
{
	struct collect_call *k = *call;
	struct collect *c = k->collect;
	*call = NULL;
	settings_unref(c, k->settings);
	atomic_fetch_sub(&c->in_flight, k->charge);
	bool large = k->arena.bytes_held > CALL_BYTES_SMALL;
	size_t kept_max = k->arena.bytes_held > CALL_BYTES_KEPT_MAX ? 0
			  : large				    ? CALLS_LARGE_KEPT_MAX
								    : CALLS_KEPT_MAX;
	mutex_lock(&c->lock);
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

struct collect_reader *reader_take(struct collect *c, err *e)
{
	mutex_lock(&c->lock);
	struct collect_reader *r = c->readers;
	if (r) {
		c->readers = r->next;
		c->readers_n--;
	}
	mutex_unlock(&c->lock);
	if (r)
		return r;
	r = mem_zalloc(1, sizeof *r);
	if (!r || !json_parser_new(&r->parser, COLLECT_BODY_BYTES_MAX, e)) {
		mem_free(r);
		err_nomem(e);
		return NULL;
	}
	return r;
}

void reader_give(struct collect *c, struct collect_reader *r)
{
	mutex_lock(&c->lock);
	bool kept = c->readers_n < READERS_KEPT_MAX;
	if (kept) {
		r->next = c->readers;
		c->readers = r;
		c->readers_n++;
	}
	mutex_unlock(&c->lock);
	if (kept)
		return;
	json_parser_free(&r->parser);
	mem_free(r);
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
