/*
 * collect.c - touches from web pages and servers, over Segment's HTTP API.
 *
 * What it is:   a request is read on its loop and handed to the journal's writer, who answers it
 *               once it is on disk. No thread waits, so a thousand calls with one touch each share
 *               a commit.
 * Workload:     batches of a hundred, a hundred thousand touches a second.
 * Promises:     200 means on disk. Full means 429 with Retry-After; nothing is lost, nothing grows.
 * Threads:      calls run on the loops until they are submitted, on the writer's thread after it.
 */
#include "server/collect_int.h"

#include "base/mem.h"
#include "base/time.h"

#define ANSWER_BYTES_MAX (64 * KIB)

/* ---- the answer ------------------------------------------------------------------------------ */

static void put_reasons(struct json_writer *w, const struct collect_call *k)
{
	json_key(w, S("reasons"));
	json_object_open(w);
	for (size_t i = 0; i < k->counts.faults_n; i++) {
		json_key(w, str_of(k->counts.faults[i].word));
		json_put_uint(w, k->counts.faults[i].n);
	}
	json_object_close(w);
	json_key(w, S("messages"));
	json_array_open(w);
	for (size_t i = 0; i < k->details_n; i++) {
		json_object_open(w);
		json_key(w, S("index"));
		json_put_uint(w, k->details[i].index);
		json_key(w, S("reason"));
		json_put_text(w, str_of(k->details[i].fault));
		json_key(w, S("detail"));
		json_put_text(w, k->details[i].problem);
		json_object_close(w);
	}
	json_array_close(w);
}

#define PLAIN(accepted, duplicate)                                                                 \
	"{\"success\":true,\"accepted\":" accepted ",\"duplicate\":" duplicate ",\"rejected\":0}"

/* One touch is what most calls bring: their answers are made once. */
static void answer_plain(struct collect_call *k, struct buf *b)
{
	static const char JSON[] = "application/json";
	static const char ONE[] = PLAIN("1", "0"), AGAIN[] = PLAIN("0", "1");
	const struct collect_counts *n = &k->counts;
	if (n->accepted + n->duplicate == 1) {
		str body = n->accepted ? str_make(ONE, sizeof ONE - 1)
				       : str_make(AGAIN, sizeof AGAIN - 1);
		http_answer_static(k->http, 200, JSON, body);
		return;
	}
	buf_printf(b, PLAIN("%llu", "%llu"), (unsigned long long)n->accepted,
		   (unsigned long long)n->duplicate);
	http_answer(k->http, 200, JSON, buf_view(b));
}

static void answer_counts(struct collect_call *k)
{
	struct buf b CLEANUP(buf_fini);
	struct json_writer w;
	const struct collect_counts *n = &k->counts;
	buf_init(&b, ANSWER_BYTES_MAX);
	if (n->faults_n == 0) {
		answer_plain(k, &b);
		return;
	}
	json_writer_init(&w, &b, false);
	json_object_open(&w);
	json_key(&w, S("success"));
	json_put_bool(&w, true);
	json_key(&w, S("accepted"));
	json_put_uint(&w, n->accepted);
	json_key(&w, S("duplicate"));
	json_put_uint(&w, n->duplicate);
	json_key(&w, S("rejected"));
	json_put_uint(&w, n->rejected);
	put_reasons(&w, k);
	json_object_close(&w);
	http_answer(k->http, 200, "application/json", buf_view(&b));
}

static void refuse(struct collect_call *k, int status, const err *e)
{
	struct http_request *r = k->http;
	bool is_pixel = k->is_pixel;
	if (status == 0)
		status = e->code == ERR_BUSY ? 429 : problem_status(e->code);
	status_refused(k->collect);
	call_give(&k);
	if (is_pixel)
		pixel_answer(r, status);
	else
		problem_answer(r, status, e, S(""));
}

/* What the journal itself would not have: its sentences are constants. */
static const char *fault_of(const char *reason)
{
	static const struct {
		const char *part, *word;
	} FAULTS[] = {
		{ "reserved", "reserved_name" },
		{ "program's own", "reserved_name" },
		{ "message id", "message_id_too_long" },
		{ "name", "bad_name" },
		{ "time", "bad_date" },
	};
	for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++) {
		if (str_contains(str_of(reason), str_of(FAULTS[i].part)))
			return FAULTS[i].word;
	}
	return "rejected";
}

/* On the writer's thread: must be short. */
static void written(void *arg, bool ok, const err *e)
{
	struct collect_call *k = arg;
	if (!ok) {
		refuse(k, e->code == ERR_BUSY ? 0 : 503, e);
		return;
	}
	struct collect_counts *n = &k->counts;
	for (size_t i = 0; i < k->batch.n; i++) {
		const struct intake *in = &k->batch.items[i];
		n->accepted += in->outcome == OUTCOME_ACCEPTED;
		n->duplicate += in->outcome == OUTCOME_DUPLICATE;
		if (in->outcome == OUTCOME_REJECTED || in->outcome == OUTCOME_SKIPPED) {
			n->rejected++;
			counts_fault(n, fault_of(in->reason), 1);
		}
	}
	status_note(k);
	if (k->is_pixel)
		pixel_answer(k->http, 200);
	else
		answer_counts(k);
	call_give(&k);
}

void call_run(struct collect_call *k)
{
	int status = 0;
	err e = { 0 };
	if (!call_read(k, &status, &e)) {
		refuse(k, status, &e);
		return;
	}
	if (k->batch.n == 0)
		written(k, true, NULL);
	else if (!journal_submit_then(k->collect->journal, &k->batch, written, k, &e))
		refuse(k, 0, &e);
}

/* ---- the routes ------------------------------------------------------------------------------ */

/* Other people's pages call us: any of them may read the answer, none sends cookies. */
static void allow_origins(struct http_request *r)
{
	if (http_header(r, S("Origin")).n == 0)
		return;
	http_answer_header(r, "Access-Control-Allow-Origin", S("*"));
	http_answer_header(r, "Cross-Origin-Resource-Policy", S("cross-origin"));
}

static bool run_options(struct request *q, struct answer *a, err *e)
{
	(void)e;
	allow_origins(q->http);
	http_answer_header(q->http, "Access-Control-Allow-Methods", S("POST"));
	http_answer_header(q->http, "Access-Control-Allow-Headers",
			   S("authorization, content-type, content-encoding"));
	http_answer_header(q->http, "Access-Control-Max-Age", S("86400"));
	a->status = 204;
	return true;
}

static str type_of_path(str path)
{
	static const struct {
		str path, type;
	} PATHS[] = {
		{ S("/v1/batch"), S("batch") },	  { S("/v1/track"), S("track") },
		{ S("/v1/page"), S("page") },	  { S("/v1/identify"), S("identify") },
		{ S("/v1/screen"), S("screen") }, { S("/v1/group"), S("group") },
		{ S("/v1/alias"), S("alias") },	  { S("/v1/b"), S("batch") },
		{ S("/v1/t"), S("track") },	  { S("/v1/p"), S("page") },
		{ S("/v1/i"), S("identify") },	  { S("/v1/s"), S("screen") },
		{ S("/v1/g"), S("group") },	  { S("/v1/a"), S("alias") },
	};
	for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
		if (str_eq(path, PATHS[i].path))
			return PATHS[i].type;
	}
	return S("");
}

static bool run_post(struct request *q, struct answer *a, err *e)
{
	struct collect_call *k = call_take(q->server->collect, q->http);
	allow_origins(q->http);
	if (!k) {
		status_refused(q->server->collect);
		return problem_with(q, e, 429, "Too much is waiting to be written; try again");
	}
	k->type = type_of_path(http_path(q->http));
	a->sent = true;
	call_run(k);
	return true;
}

#define SUMMARY(what) "Collects " what ", as Segment's HTTP API does"
#define COLLECT(path, name, what)                                                                  \
	{ "POST",                                                                                  \
	  path,                                                                                    \
	  MAY_ANYONE,                                                                              \
	  HTTP_QUICK,                                                                              \
	  COLLECT_HTTP_BYTES_MAX,                                                                  \
	  run_post,                                                                                \
	  .own_key = true,                                                                         \
	  .id = name,                                                                              \
	  .tag = "collect",                                                                        \
	  .summary = SUMMARY(what),                                                                \
	  .body_schema = "{\"type\":\"object\"}",                                                  \
	  .answer_schema = ANSWER },                                                               \
	{                                                                                          \
		"OPTIONS", path, MAY_ANYONE, HTTP_QUICK, 0, run_options, .own_key = true           \
	}
#define SHORT(path)                                                                                \
	{                                                                                          \
		"POST",	  path,		  MAY_ANYONE, HTTP_QUICK, COLLECT_HTTP_BYTES_MAX,          \
		run_post, .own_key = true                                                          \
	},                                                                                         \
	{                                                                                          \
		"OPTIONS", path, MAY_ANYONE, HTTP_QUICK, 0, run_options, .own_key = true           \
	}
/* What is larger than this is not even read. */
#define COLLECT_HTTP_BYTES_MAX (2 * MIB)
#define ANSWER                                                                                     \
	"{\"type\":\"object\",\"properties\":{\"success\":{\"type\":\"boolean\"},"                 \
	"\"accepted\":{\"type\":\"integer\"},\"duplicate\":{\"type\":\"integer\"},"                \
	"\"rejected\":{\"type\":\"integer\"},\"reasons\":{\"type\":\"object\","                    \
	"\"additionalProperties\":{\"type\":\"integer\"}},\"messages\":{\"type\":\"array\","       \
	"\"items\":{\"type\":\"object\"}}}}"

static const struct route rows[] = {
	COLLECT("/v1/batch", "collectBatch", "many messages of any type"),
	COLLECT("/v1/track", "collectTrack", "an event"),
	COLLECT("/v1/page", "collectPage", "a page view"),
	COLLECT("/v1/identify", "collectIdentify", "who somebody is"),
	COLLECT("/v1/screen", "collectScreen", "a screen of an app"),
	COLLECT("/v1/group", "collectGroup", "which company somebody belongs to"),
	COLLECT("/v1/alias", "collectAlias", "that two ids are one person"),
	SHORT("/v1/b"),
	SHORT("/v1/t"),
	SHORT("/v1/p"),
	SHORT("/v1/i"),
	SHORT("/v1/s"),
	SHORT("/v1/g"),
	SHORT("/v1/a"),
	{ "GET", "/t.gif", MAY_ANYONE, HTTP_QUICK, 0, collect_pixel, .own_key = true },
	{ "GET", "/api/v1/collect/status", MAY_READ, HTTP_QUICK, 0, collect_status_get,
	  .id = "getCollectStatus", .tag = "collect",
	  .summary = "What has arrived lately, and what was refused and why",
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_collect = { rows, ARRAY_LEN(rows) };

/* ---- opening and closing --------------------------------------------------------------------- */

#define JANITOR_WAIT_US (5 * US_PER_S)

/* Writes down new names now and then: loops must not wait for the disk. */
static void *janitor_run(void *arg)
{
	struct collect *c = arg;
	mutex_lock(&c->janitor_lock);
	while (!c->janitor_stops) {
		cond_wait_for(&c->janitor_wakes, &c->janitor_lock, JANITOR_WAIT_US);
		mutex_unlock(&c->janitor_lock);
		names_save(c);
		mutex_lock(&c->janitor_lock);
	}
	mutex_unlock(&c->janitor_lock);
	return NULL;
}

bool collect_open(struct server *s, err *e)
{
	static _Atomic uint64_t opened;
	struct collect *c = mem_zalloc(1, sizeof *c);
	if (!c)
		return err_nomem(e);
	c->number = atomic_fetch_add(&opened, 1) + 1;
	c->journal = s->journal;
	c->server = s;
	mutex_init(&c->lock);
	mutex_init(&c->status.lock);
	mutex_init(&c->janitor_lock);
	cond_init(&c->janitor_wakes);
	s->collect = c;
	return names_open(c, e) && settings_open(c, e) &&
	       thread_start(&c->janitor, "collect", janitor_run, c, e);
}

static void pools_free(struct collect *c)
{
	for (struct collect_reader *r = c->readers, *next; r; r = next) {
		next = r->next;
		json_parser_free(&r->parser);
		mem_free(r);
	}
	for (struct collect_call *k = c->calls, *next; k; k = next) {
		next = k->next;
		arena_fini(&k->arena);
		mem_free(k);
	}
}

void collect_close(struct server *s)
{
	struct collect *c = s->collect;
	if (!c)
		return;
	s->collect = NULL;
	mutex_lock(&c->janitor_lock);
	c->janitor_stops = true;
	cond_signal(&c->janitor_wakes);
	mutex_unlock(&c->janitor_lock);
	thread_join(&c->janitor);
	names_close(c);
	settings_close(c);
	pools_free(c);
	map64_fini(&c->rate_at);
	vec_free(&c->rates);
	cond_fini(&c->janitor_wakes);
	mutex_fini(&c->janitor_lock);
	mutex_fini(&c->status.lock);
	mutex_fini(&c->lock);
	mem_free(c);
}
