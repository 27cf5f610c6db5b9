/*
 * bench_journal.c - trichter bench journal: what a touch costs on its way to the disk.
 *
 * What it is:   first everyone is made known and the message ids of a week are filled in, the
 *               journal is closed and opened again; then batches of 100 messages of JSON, made
 *               beforehand, are parsed and submitted by several threads, each waiting for the
 *               answer.
 * Promises:     what is measured is all that the process does between the first submission and
 *               the moment at which everything is written back, all threads together.
 * Threads:      its own; each has its bodies, parser and arena.
 */
#include "cli/bench_int.h"

#include "base/mem.h"
#include "base/rand.h"
#include "base/thread.h"
#include "base/time.h"
#include "cli/cli_progress_int.h"

#include <stdlib.h>
#include <unistd.h>

#define PRELOAD_BATCH	5000
#define ARENA_BYTES_MAX (64 * MIB)
#define BODIES_MAX	(4 * GIB)
#define RULE		"enter mql when did(\"whitepaper_downloaded\", last 30d) >= 2"

struct sender {
	const struct bench *b;
	struct journal *j;
	struct thread thread;
	struct buf bodies; /* one behind the other */
	VEC(size_t) ends;
	VEC(int64_t) spans_us; /* from submission to answer */
	uint64_t accepted, again;
	int64_t begin_us, every_us; /* when the first batch is due, and each next; 0: at once */
	bool ok;
	err e;
};

/* ---- what is there before -------------------------------------------------------------------- */

struct preload {
	struct intake *items;
	char *texts; /* two ids per touch */
	struct rng rng;
};

static void preload_fill(struct preload *p, const struct bench *b, uint64_t first, size_t n,
			 int64_t now_us)
{
	for (size_t i = 0; i < n; i++) {
		char *message = p->texts + i * 2 * BENCH_UUID_CHARS;
		char *person = message + BENCH_UUID_CHARS;
		bench_uuid(message, rng_u64(&p->rng), rng_u64(&p->rng));
		bench_person_id(person, b->seed, (first + i) % b->people);
		p->items[i] = (struct intake){
			.name = S("page_viewed"),
			.at_us = now_us - (int64_t)rng_below(&p->rng, 6 * US_PER_DAY),
			.message_id = str_make(message, BENCH_UUID_CHARS),
			.anonymous_id = str_make(person, BENCH_UUID_CHARS),
		};
	}
}

/* Every person is an id, every touch another. */
static bool preload_run(const struct bench *b, struct journal *j, err *e)
{
	struct preload p = { .items = mem_zalloc(PRELOAD_BATCH, sizeof *p.items),
			     .texts = mem_zalloc(PRELOAD_BATCH, 2 * BENCH_UUID_CHARS) };
	uint64_t touches = MAX(b->ids > b->people ? b->ids - b->people : 0, b->people);
	struct progress progress;
	int64_t now = time_now_us();
	bool ok = (p.items != NULL && p.texts != NULL) || err_nomem(e);
	rng_init(&p.rng, b->seed + 1);
	progress_begin(&progress);
	for (uint64_t done = 0; ok && done < touches;) {
		size_t n = (size_t)MIN(touches - done, (uint64_t)PRELOAD_BATCH);
		struct batch batch = { .items = p.items, .n = n, .trust = TRUST_PUBLIC };
		preload_fill(&p, b, done, n, now);
		ok = !bench_is_over(b, e) && journal_submit(j, &batch, e);
		done += n;
		progress_show(&progress, done, done, touches);
	}
	progress_end(&progress);
	mem_free(p.items);
	mem_free(p.texts);
	return ok;
}

bool bench_preload(const struct bench *b, const char *dir, err *e)
{
	struct journal *j = NULL;
	if (!journal_init(dir, e) || !journal_open(dir, NULL, &j, e))
		return false;
	bool ok = journal_config_set(j, S("rule.mql"), S(RULE), S("bench"), e) &&
		  preload_run(b, j, e) && journal_flush(j, e);
	journal_close(&j);
	return ok;
}

/* ---- what is measured ------------------------------------------------------------------------ */

static bool bodies_make(struct sender *s, const struct bench *b, uint64_t nth, uint64_t batches,
			err *e)
{
	struct rng r;
	int64_t now = time_now_us();
	rng_init(&r, b->seed + 100 + nth);
	buf_init(&s->bodies, BODIES_MAX);
	if (!vec_reserve(&s->ends, (size_t)batches) || !vec_reserve(&s->spans_us, (size_t)batches))
		return err_nomem(e);
	for (uint64_t i = 0; i < batches; i++) {
		bench_batch_print(&s->bodies, &r, b, BENCH_BATCH, now);
		if (!vec_push(&s->ends, s->bodies.n))
			return err_nomem(e);
	}
	return buf_ok(&s->bodies, e);
}

static str body_of(const struct sender *s, size_t i)
{
	size_t from = i == 0 ? 0 : s->ends.items[i - 1];
	return str_sub(buf_view(&s->bodies), from, s->ends.items[i] - from);
}

/* A full queue is an answer: the sender waits and sends again, as Segment's libraries do. */
static bool send(struct sender *s, struct batch *batch, err *e)
{
	while (!journal_submit(s->j, batch, e)) {
		if (e->code != ERR_BUSY)
			return false;
		s->again++;
	}
	for (size_t k = 0; k < batch->n; k++)
		s->accepted += batch->items[k].outcome == OUTCOME_ACCEPTED;
	return true;
}

/* When a batch is due: from then on the answer is waited for, however late it is sent. */
static int64_t wait_until_due(const struct sender *s, size_t i)
{
	int64_t now = time_monotonic_us(), due = s->begin_us + (int64_t)i * s->every_us;
	if (s->every_us == 0)
		return now;
	if (due > now)
		usleep((useconds_t)(due - now));
	return due;
}

static void *sender_run(void *arg)
{
	struct sender *s = arg;
	struct json_parser *parser = NULL;
	struct arena a;
	arena_init(&a, ARENA_BYTES_MAX);
	bool ok = json_parser_new(&parser, 4 * MIB, &s->e);
	for (size_t i = 0; ok && i < s->ends.n; i++) {
		struct batch batch = { .trust = TRUST_PUBLIC };
		arena_reset(&a);
		ok = !bench_is_over(s->b, &s->e) &&
		     bench_batch_parse(parser, body_of(s, i), &a, &batch.items, &batch.n, &s->e);
		int64_t began = wait_until_due(s, i);
		ok = ok && send(s, &batch, &s->e) &&
		     (vec_push(&s->spans_us, time_monotonic_us() - began) || err_nomem(&s->e));
	}
	json_parser_free(&parser);
	arena_fini(&a);
	s->ok = ok;
	return NULL;
}

/* What reading the JSON costs alone: the first sender's bodies, read once more. */
static bool parse_alone(const struct sender *s, double *us_r, err *e)
{
	struct json_parser *parser = NULL;
	struct arena a;
	size_t n = MIN(s->ends.n, (size_t)1000), touches = 0;
	bool ok = json_parser_new(&parser, 4 * MIB, e);
	arena_init(&a, ARENA_BYTES_MAX);
	struct stopwatch start = stopwatch_start();
	for (size_t i = 0; ok && i < n; i++) {
		struct intake *items;
		size_t items_n = 0;
		arena_reset(&a);
		ok = bench_batch_parse(parser, body_of(s, i), &a, &items, &items_n, e);
		touches += items_n;
	}
	*us_r = (double)stopwatch_since(start).cpu_us / (double)MAX(touches, (size_t)1);
	json_parser_free(&parser);
	arena_fini(&a);
	return ok;
}

static int span_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* Of all senders' spans, in milliseconds. */
struct latency {
	double mean, p99, p999, worst;
};

static bool latencies(struct sender *senders, size_t n, struct latency *l_r, err *e)
{
	VEC(int64_t) all = { 0 };
	double sum = 0;
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++) {
		for (size_t k = 0; ok && k < senders[i].spans_us.n; k++) {
			sum += (double)senders[i].spans_us.items[k];
			ok = vec_push(&all, senders[i].spans_us.items[k]) || err_nomem(e);
		}
	}
	if (ok && all.n > 0) {
		qsort(all.items, all.n, sizeof *all.items, span_cmp);
		*l_r = (struct latency){ sum / (double)all.n / 1000,
					 (double)all.items[all.n * 99 / 100] / 1000,
					 (double)all.items[all.n * 999 / 1000] / 1000,
					 (double)all.items[all.n - 1] / 1000 };
	}
	vec_free(&all);
	return ok;
}

static bool senders_run(struct sender *senders, size_t n, err *e)
{
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++)
		ok = thread_start(&senders[i].thread, "sender", sender_run, &senders[i], e);
	for (size_t i = 0; i < n; i++)
		thread_join(&senders[i].thread);
	for (size_t i = 0; ok && i < n; i++) {
		ok = senders[i].ok;
		if (!ok)
			*e = senders[i].e;
	}
	return ok;
}

static bool figures_add(struct bench *b, struct sender *senders, size_t n, struct stopwatch took,
			double flush_ms, const struct journal_numbers *j, err *e)
{
	struct latency l = { 0 };
	double parse = 0, seconds = (double)took.wall_us / (double)US_PER_S;
	uint64_t accepted = 0, again = 0;
	for (size_t i = 0; i < n; i++) {
		accepted += senders[i].accepted;
		again += senders[i].again;
	}
	if (!latencies(senders, n, &l, e) || !parse_alone(&senders[0], &parse, e))
		return false;
	if (accepted == 0)
		return err_set(e, ERR_CONFLICT, "the journal accepted none of the touches");
	double touches = (double)accepted;
	const struct figure figures[] = {
		{ "cpu_us_per_touch", "CPU per touch, all threads", "µs",
		  (double)took.cpu_us / touches, 2, BAR_AT_MOST, 6 },
		{ "parse_us_per_touch", "  of which reading JSON", "µs", parse, 2, BAR_NONE, 0 },
		{ "touches_per_second", "touches per second", "", touches / seconds, 0, BAR_NONE,
		  0 },
		{ "commit_worst_ms", "worst commit", "ms", (double)j->commit_us_max / 1000, 1,
		  BAR_AT_MOST, 500 },
		{ "commit_p999_ms", "99.9 % of commits within", "ms",
		  (double)j->commit_us_p999 / 1000, 1, BAR_AT_MOST, 100 },
		{ "batch_mean_ms", "a batch is answered in, on average", "ms", l.mean, 2, BAR_NONE,
		  0 },
		{ "batch_p99_ms", "99 % of batches within", "ms", l.p99, 2, BAR_AT_MOST, 50 },
		{ "batch_p999_ms", "99.9 % of batches within", "ms", l.p999, 2, BAR_AT_MOST, 100 },
		{ "batch_worst_ms", "the slowest batch", "ms", l.worst, 2, BAR_AT_MOST, 500 },
		{ "touches", "touches accepted", "", touches, 0, BAR_NONE, 0 },
		{ "commits", "commits", "", (double)j->commits, 0, BAR_NONE, 0 },
		{ "busy", "batches sent again, the queue being full", "", (double)again, 0,
		  BAR_NONE, 0 },
		{ "wall_seconds", "time in all", "s", seconds, 2, BAR_NONE, 0 },
		{ "flush_ms", "  of which writing back at the end", "ms", flush_ms, 0, BAR_NONE,
		  0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		if (!bench_add(b, figures[i], e))
			return false;
	}
	return true;
}

/* What was sealed and merged meanwhile. */
static bool archive_figures(struct bench *b, const char *dir, err *e)
{
	struct snapshot *s = NULL;
	struct archive_numbers n;
	if (!snapshot_open(dir, 0, &s, e))
		return false;
	snapshot_archive_numbers(s, &n);
	snapshot_close(&s);
	const struct figure figures[] = {
		{ "sealed", "touches in the archive", "", (double)n.touches, 0, BAR_NONE, 0 },
		{ "segments", "  in so many segments", "", (double)n.segments, 0, BAR_NONE, 0 },
		{ "bytes_per_sealed", "  bytes a touch", "",
		  n.touches ? (double)n.bytes / (double)n.touches : 0, 2, BAR_NONE, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		if (!bench_add(b, figures[i], e))
			return false;
	}
	return true;
}

static bool measure(struct bench *b, struct sender *senders, const char *dir, err *e)
{
	size_t n = (size_t)b->threads;
	struct journal *j = NULL;
	struct journal_numbers numbers;
	uint64_t batches = MAX(b->touches / BENCH_BATCH / n, UINT64_C(1));
	bool ok = true;
	bench_say("making the messages");
	for (size_t i = 0; ok && i < n; i++)
		ok = bodies_make(&senders[i], b, i, batches, e);
	const struct journal_options o = { .tail_touches_max = b->tail };
	if (!ok || !journal_open(dir, &o, &j, e))
		return false;
	bench_say("measuring");
	struct stopwatch start = stopwatch_start();
	for (size_t i = 0; i < n; i++) {
		senders[i].b = b;
		senders[i].j = j;
		if (b->rate == 0)
			continue;
		senders[i].every_us = (int64_t)(BENCH_BATCH * n * US_PER_S / b->rate);
		senders[i].begin_us = time_monotonic_us() +
				      senders[i].every_us * (int64_t)i / (int64_t)n;
	}
	ok = senders_run(senders, n, e);
	struct stopwatch sent = stopwatch_since(start);
	ok = ok && journal_flush(j, e);
	struct stopwatch took = stopwatch_since(start);
	journal_numbers(j, &numbers);
	ok = ok && figures_add(b, senders, n, took, (double)(took.wall_us - sent.wall_us) / 1000,
			       &numbers, e);
	journal_close(&j);
	return ok && archive_figures(b, dir, e);
}

bool bench_journal(struct bench *b, err *e)
{
	str path = str_printf(&b->c->arena, "%s/data", b->dir);
	char *dir = str_cstr(&b->c->arena, path);
	struct sender *senders = ARENA_ARRAY(&b->c->arena, struct sender, (size_t)b->threads);
	if (dir == NULL || senders == NULL)
		return arena_err(&b->c->arena, e);
	b->how = str_printf(
		&b->c->arena,
		"%llu people and %llu ids are known before, and the journal is closed and opened "
		"again: not measured. Then %llu threads read batches of %d Segment messages from "
		"memory, submit them and wait for the answer; one rule is in force (" RULE
		"; one touch in 50 is one). Counted is the CPU time of the whole process, from the "
		"first message until everything is written back; commits are timed by the journal.",
		(unsigned long long)b->people, (unsigned long long)b->ids,
		(unsigned long long)b->threads, BENCH_BATCH);
	bench_say("making people and ids known");
	bool ok = bench_preload(b, dir, e) && measure(b, senders, dir, e);
	for (size_t i = 0; i < b->threads; i++) {
		buf_fini(&senders[i].bodies);
		vec_free(&senders[i].ends);
		vec_free(&senders[i].spans_us);
	}
	return ok;
}
