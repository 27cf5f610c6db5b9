/*
 * bench_ingest.c - trichter bench ingest: what collecting costs, over HTTP.
 *
 * What it is:   a server in a process of its own, on a data directory with everyone known and the
 *               ids of a week; batches of 100 messages, uniform over the people, as fast as they
 * are answered; the same at half that rate; single calls beside nginx answering 204; and a million
 * requests that bring nothing new, which must leave no trace in its memory. Promises:     every
 * answer that counts was 200, so every touch was on disk before it. Threads:      one; the server
 * is another process on the same machine.
 */
#include "cli/bench_client_int.h"
#include "cli/bench_int.h"

#include "base/mem.h"
#include "base/rand.h"
#include "base/time.h"
#include "server/auth.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BATCH_CONNECTIONS  16
#define SINGLE_CONNECTIONS 256
#define IDS_AGAIN	   10000 /* message ids that come again and again */
#define SETTLE_US	   (1500 * INT64_C(1000))
#define REQUEST_BYTES_MAX  (256 * KIB)

/* A request of one connection: its bytes, and where ids stand in it. */
struct slot {
	struct buf bytes;
	VEC(size_t) message_at;
	VEC(size_t) person_at;
};

struct ingest {
	struct bench *b;
	struct child server;
	struct slot *slots;
	size_t slots_n;
	struct rng rng;
	char token[TOKEN_TEXT_MAX];
	bool again; /* message ids come again */
	uint64_t again_next;
};

/* ---- requests -------------------------------------------------------------------------------- */

static bool note_ids(struct slot *s, size_t from, err *e)
{
	static const char MESSAGE[] = "\"messageId\":\"", PERSON[] = "\"anonymousId\":\"";
	const char *p = s->bytes.p + from, *end = s->bytes.p + s->bytes.n;
	while ((p = memmem(p, (size_t)(end - p), MESSAGE, sizeof MESSAGE - 1)) != NULL) {
		p += sizeof MESSAGE - 1;
		if (!vec_push(&s->message_at, (size_t)(p - s->bytes.p)))
			return err_nomem(e);
		p = memmem(p, (size_t)(end - p), PERSON, sizeof PERSON - 1);
		CHECK(p != NULL);
		p += sizeof PERSON - 1;
		if (!vec_push(&s->person_at, (size_t)(p - s->bytes.p)))
			return err_nomem(e);
	}
	return true;
}

/* The body of one request with `n` messages, behind its head. */
static bool slot_make(struct ingest *g, struct slot *s, size_t n, err *e)
{
	struct buf body CLEANUP(buf_fini);
	char credentials[128], coded[192];
	buf_init(&body, REQUEST_BYTES_MAX);
	buf_init(&s->bytes, REQUEST_BYTES_MAX);
	if (n == 1)
		bench_message_print(&body, &g->rng, g->b, time_now_us());
	else
		bench_batch_print(&body, &g->rng, g->b, n, time_now_us());
	snprintf(credentials, sizeof credentials, "%s:", g->token);
	sodium_bin2base64(coded, sizeof coded, (const unsigned char *)credentials,
			  strlen(credentials), sodium_base64_VARIANT_ORIGINAL);
	buf_printf(&s->bytes,
		   "POST /v1/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic %s\r\n"
		   "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
		   n == 1 ? "track" : "batch", coded, body.n);
	size_t from = s->bytes.n;
	buf_str(&s->bytes, buf_view(&body));
	return buf_ok(&body, e) && buf_ok(&s->bytes, e) && note_ids(s, from, e);
}

static void slots_free(struct ingest *g)
{
	for (size_t i = 0; i < g->slots_n; i++) {
		buf_fini(&g->slots[i].bytes);
		vec_free(&g->slots[i].message_at);
		vec_free(&g->slots[i].person_at);
	}
	mem_free(g->slots);
	g->slots = NULL;
	g->slots_n = 0;
}

static bool slots_make(struct ingest *g, size_t connections, size_t messages, err *e)
{
	slots_free(g);
	g->slots = mem_zalloc(connections, sizeof *g->slots);
	if (g->slots == NULL)
		return err_nomem(e);
	for (; g->slots_n < connections; g->slots_n++) {
		if (!slot_make(g, &g->slots[g->slots_n], messages, e)) {
			g->slots_n++;
			return false;
		}
	}
	return true;
}

/* New message ids and other people in the place of the last ones. */
static str slot_next(void *arg, size_t connection)
{
	struct ingest *g = arg;
	struct slot *s = &g->slots[connection];
	for (size_t i = 0; i < s->message_at.n; i++) {
		uint64_t high = rng_u64(&g->rng), low = rng_u64(&g->rng);
		if (g->again) {
			high = 1;
			low = g->again_next++ % IDS_AGAIN;
		}
		bench_uuid(s->bytes.p + s->message_at.items[i], high, low);
		bench_person_id(s->bytes.p + s->person_at.items[i], g->b->seed,
				rng_below(&g->rng, g->b->people));
	}
	return buf_view(&s->bytes);
}

/* ---- one measurement ------------------------------------------------------------------------- */

struct measured {
	struct load_result load;
	double per_second; /* requests */
	double cpu_us;	   /* of the server, a request, writing back included */
	double memory_mib; /* by how much it grew */
};

static bool measure(struct ingest *g, const struct child *server, size_t connections,
		    uint64_t requests, double per_second, struct measured *m, err *e)
{
	int64_t cpu_before, cpu_after;
	uint64_t memory_before, memory_after;
	const struct load l = { .port = server->port,
				.connections = connections,
				.requests = requests,
				.per_second = per_second,
				.next = slot_next,
				.arg = g,
				.stop = g->b->stop };
	*m = (struct measured){ 0 };
	if (!child_memory(server, &memory_before, e) || !child_cpu_us(server, &cpu_before, e) ||
	    !bench_load(&l, &m->load, e))
		return false;
	usleep(SETTLE_US);
	if (!child_cpu_us(server, &cpu_after, e) || !child_memory(server, &memory_after, e))
		return false;
	if (m->load.failed > 0)
		return err_set(e, ERR_IO, "%llu of %llu requests were refused, the last with %d",
			       (unsigned long long)m->load.failed, (unsigned long long)requests,
			       m->load.status_last);
	m->per_second = (double)requests * (double)US_PER_S / (double)m->load.wall_us;
	m->cpu_us = (double)(cpu_after - cpu_before) / (double)requests;
	m->memory_mib = ((double)memory_after - (double)memory_before) / (double)MIB;
	return true;
}

static bool add_all(struct bench *b, const struct figure *figures, size_t n, err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (!bench_add(b, figures[i], e))
			return false;
	}
	return true;
}

static bool run_full(struct ingest *g, double *batches_per_s_r, err *e)
{
	struct measured m;
	uint64_t batches = MAX(g->b->touches / BENCH_BATCH, UINT64_C(1));
	bench_say("batches, as fast as they are answered");
	bool ok = slots_make(g, BATCH_CONNECTIONS, BENCH_BATCH, e) &&
		  measure(g, &g->server, BATCH_CONNECTIONS, batches / 10 + 1, 0, &m, e);
	vec_free(&m.load.spans_us);
	ok = ok && measure(g, &g->server, BATCH_CONNECTIONS, batches, 0, &m, e);
	if (ok) {
		const struct figure figures[] = {
			{ "cpu_us_per_touch", "CPU per touch, the whole server", "µs",
			  m.cpu_us / BENCH_BATCH, 2, BAR_AT_MOST, 8 },
			{ "touches_per_second", "touches per second", "",
			  m.per_second * BENCH_BATCH, 0, BAR_AT_LEAST, 100000 },
			{ "full_p50_ms", "  half of the batches within", "ms",
			  load_span_ms(&m.load, 500), 2, BAR_NONE, 0 },
			{ "full_p99_ms", "  99 % of the batches within", "ms",
			  load_span_ms(&m.load, 990), 2, BAR_NONE, 0 },
			{ "full_p999_ms", "  99.9 % of the batches within", "ms",
			  load_span_ms(&m.load, 999), 2, BAR_NONE, 0 },
			{ "full_memory_mib", "  memory more (new ids are kept)", "MiB",
			  m.memory_mib, 1, BAR_NONE, 0 },
		};
		*batches_per_s_r = m.per_second;
		ok = add_all(g->b, figures, ARRAY_LEN(figures), e);
	}
	vec_free(&m.load.spans_us);
	return ok;
}

static bool run_half(struct ingest *g, double batches_per_s, err *e)
{
	struct measured m;
	uint64_t batches = MAX(g->b->touches / BENCH_BATCH / 2, UINT64_C(1));
	bench_say("batches, at half that rate");
	bool ok = measure(g, &g->server, BATCH_CONNECTIONS, batches, batches_per_s / 2, &m, e);
	if (ok) {
		const struct figure figures[] = {
			{ "half_p50_ms", "at half load, half of the batches within", "ms",
			  load_span_ms(&m.load, 500), 2, BAR_NONE, 0 },
			{ "half_p99_ms", "  99 % of the batches within", "ms",
			  load_span_ms(&m.load, 990), 2, BAR_AT_MOST, 50 },
			{ "half_p999_ms", "  99.9 % of the batches within", "ms",
			  load_span_ms(&m.load, 999), 2, BAR_AT_MOST, 100 },
		};
		ok = add_all(g->b, figures, ARRAY_LEN(figures), e);
	}
	vec_free(&m.load.spans_us);
	return ok;
}

static bool run_nginx(struct ingest *g, uint64_t requests, double *per_second_r, err *e)
{
	struct child nginx = { 0 };
	struct measured m = { 0 };
	err why = { 0 };
	*per_second_r = 0;
	if (!child_nginx(g->b->dir, &nginx, &why)) {
		child_end(&nginx);
		bench_say(why.text);
		return why.code == ERR_NOT_FOUND || (*e = why, false);
	}
	bool ok = measure(g, &nginx, SINGLE_CONNECTIONS, requests, 0, &m, e);
	child_end(&nginx);
	if (ok) {
		const struct figure figures[] = {
			{ "nginx_per_second", "nginx, return 204: calls per second", "",
			  m.per_second, 0, BAR_NONE, 0 },
			{ "nginx_cpu_us", "  CPU per call", "µs", m.cpu_us, 2, BAR_NONE, 0 },
		};
		*per_second_r = m.per_second;
		ok = add_all(g->b, figures, ARRAY_LEN(figures), e);
	}
	vec_free(&m.load.spans_us);
	return ok;
}

static bool run_single(struct ingest *g, err *e)
{
	struct measured m = { 0 };
	uint64_t requests = MAX(g->b->touches / 4, UINT64_C(1));
	double nginx;
	bench_say("single calls");
	bool ok = slots_make(g, SINGLE_CONNECTIONS, 1, e) && run_nginx(g, requests, &nginx, e) &&
		  measure(g, &g->server, SINGLE_CONNECTIONS, requests, 0, &m, e);
	if (ok) {
		const struct figure figures[] = {
			{ "single_per_second", "single track calls per second", "", m.per_second, 0,
			  BAR_NONE, 0 },
			{ "single_cpu_us", "  CPU per call", "µs", m.cpu_us, 2, BAR_NONE, 0 },
			{ "single_p99_ms", "  99 % of the calls within", "ms",
			  load_span_ms(&m.load, 990), 2, BAR_NONE, 0 },
			{ "single_share", "  as a share of nginx's", "%",
			  nginx > 0 ? m.per_second / nginx * 100 : 0, 0, BAR_AT_LEAST, 50 },
		};
		ok = add_all(g->b, figures, ARRAY_LEN(figures) - (nginx > 0 ? 0 : 1), e);
	}
	vec_free(&m.load.spans_us);
	return ok;
}

/* Requests that bring nothing new: what they leave in memory is theirs alone. */
static bool run_memory(struct ingest *g, err *e)
{
	struct measured m = { 0 };
	bench_say("requests that bring nothing new");
	g->again = true;
	bool ok = measure(g, &g->server, SINGLE_CONNECTIONS, g->b->touches / 10 + IDS_AGAIN, 0, &m,
			  e);
	vec_free(&m.load.spans_us);
	ok = ok && measure(g, &g->server, SINGLE_CONNECTIONS, g->b->touches, 0, &m, e);
	const struct figure f = { "memory_growth_mib",
				  "memory more after as many requests again",
				  "MiB",
				  m.memory_mib,
				  1,
				  BAR_AT_MOST,
				  8 };
	vec_free(&m.load.spans_us);
	return ok && bench_add(g->b, f, e);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool key_make(struct ingest *g, const char *data, err *e)
{
	struct journal *j = NULL;
	struct auth *auth = NULL;
	const struct key key = { .name = "bench" };
	uint64_t id;
	if (!journal_open(data, NULL, &j, e))
		return false;
	bool ok = auth_open(j, &(struct auth_options){ 0 }, &auth, e) &&
		  auth_key_add(auth, &key, S("bench"), &id, g->token, e);
	auth_close(&auth);
	journal_close(&j);
	return ok;
}

static bool run_all(struct ingest *g, const char *data, err *e)
{
	double batches_per_s = 0;
	bench_say("making people and ids known");
	return bench_preload(g->b, data, e) && key_make(g, data, e) &&
	       child_serve(data, &g->server, e) && run_full(g, &batches_per_s, e) &&
	       run_half(g, batches_per_s, e) && run_single(g, e) && run_memory(g, e);
}

bool bench_ingest(struct bench *b, err *e)
{
	struct ingest g = { .b = b };
	str path = str_printf(&b->c->arena, "%s/data", b->dir);
	char *data = str_cstr(&b->c->arena, path);
	if (data == NULL)
		return arena_err(&b->c->arena, e);
	b->how = str_printf(
		&b->c->arena,
		"A server in a process of its own, with %llu people and %llu ids known; the load "
		"comes over loopback from this process, on the same cores. Batches of %d messages, "
		"uniform over the people, on %d connections; single calls on %d. CPU is the server's, "
		"all threads, from the first request until everything is written back. At half load "
		"a span begins when its batch was due.",
		(unsigned long long)b->people, (unsigned long long)b->ids, BENCH_BATCH,
		BATCH_CONNECTIONS, SINGLE_CONNECTIONS);
	rng_init(&g.rng, b->seed + 7);
	bool ok = run_all(&g, data, e);
	child_end(&g.server);
	slots_free(&g);
	return ok;
}
