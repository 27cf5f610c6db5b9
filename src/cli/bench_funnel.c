/*
 * bench_funnel.c - trichter bench funnel: questions over many touches in one segment.
 *
 * What it is:   touches made up person by person go straight into a segment, as bulk loading
 *               writes it; then the same questions that bench/peers.mjs asks DuckDB and ClickHouse
 *               of the same touches. With --peers the touches and the answers are left for it; with
 *               --product they are also imported, and asked of as a user asks (bench_product.c).
 * Threads:      one; the questions start their own.
 */
#include "cli/bench_funnel_int.h"

#include "archive/segment.h"
#include "base/rand.h"
#include "base/time.h"
#include "funnel/fast.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define TOUCHES_EACH  50 /* of a person, on average: 1 to twice as many less one */
#define NAMES_N	      16
#define SOURCES_N     12
#define STEPS_N	      5
#define REPEATS	      9
#define WINDOW_DAYS   14
#define MONTH_DAYS    30
#define BASE_US	      INT64_C(1700000000000000)
#define DUMP_BYTES    14 /* of a touch: person 4, time 8, name 1, source 1 */
#define DAYS_US(days) ((int64_t)(days)*US_PER_DAY)

/* Thousandths of all touches. The steps are names 1, 3, 5, 7 and 9: a third of them. */
static const unsigned shares[NAMES_N] = { 200, 100, 140, 80, 100, 70, 80, 50,
					  60,  33,  30,	 20, 20,  10, 5,  2 };
static const size_t step_names[STEPS_N] = { 1, 3, 5, 7, 9 };

struct touches {
	size_t n;
	uint64_t people[2 * TOUCHES_EACH];
	int64_t at_us[2 * TOUCHES_EACH];
	uint32_t name[2 * TOUCHES_EACH], source[2 * TOUCHES_EACH];
};
/* A file that is written as its buffer fills. */
struct output {
	const char *path;
	struct file *file; /* NULL: not asked for */
	struct buf buf;
	uint64_t at;
};
struct made {
	struct bench *b;
	struct rng rng;
	uint32_t name_of[1000]; /* by a number below 1000 */
	uint32_t name_code[NAMES_N], source_code[SOURCES_N];
	str step[STEPS_N];
	uint64_t touches, people;
	struct output rows, table; /* for the peers; for the import */
	struct segment *segment;
};

/* ---- the touches ----------------------------------------------------------------------------- */

static int cmp_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static void make_person(struct made *m, struct touches *t)
{
	uint64_t span_ms = m->b->days * (uint64_t)(US_PER_DAY / 1000);
	m->people++;
	t->n = 1 + (size_t)rng_below(&m->rng, 2 * TOUCHES_EACH - 1);
	t->n = (size_t)MIN((uint64_t)t->n, m->b->touches - m->touches);
	for (size_t i = 0; i < t->n; i++) {
		uint64_t random = rng_u64(&m->rng);
		t->people[i] = m->people;
		t->at_us[i] = BASE_US + (int64_t)(rng_below(&m->rng, span_ms)) * 1000;
		t->name[i] = m->name_of[random % 1000];
		/* A few sources bring most. */
		t->source[i] = (uint32_t)((random >> 32) % SOURCES_N *
					  ((random >> 48) % SOURCES_N) / SOURCES_N);
	}
	qsort(t->at_us, t->n, sizeof *t->at_us, cmp_time);
	m->touches += t->n;
}

static bool output_open(struct output *o, const char *path, err *e)
{
	buf_init(&o->buf, 4 * MIB);
	o->path = path;
	return !path || file_open(fs_real(), path, FILE_CREATE, &o->file, e);
}

static bool output_flush(struct output *o, err *e)
{
	bool ok = !o->file ||
		  (buf_ok(&o->buf, e) && file_write(o->file, o->buf.p, o->buf.n, o->at, e));
	o->at += o->buf.n;
	buf_clear(&o->buf);
	return ok;
}

static bool output_close(struct output *o, err *e)
{
	buf_fini(&o->buf);
	return !o->file || file_close(&o->file, e);
}

/* As ClickHouse reads rows: UInt32, Int64, UInt8, UInt8; and as a table. */
static bool dump_person(struct made *m, const struct touches *t, err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		uint32_t person = (uint32_t)t->people[i];
		uint8_t codes[2] = { (uint8_t)t->name[i], (uint8_t)t->source[i] };
		if (m->rows.file) {
			buf_put(&m->rows.buf, &person, sizeof person);
			buf_put(&m->rows.buf, &t->at_us[i], sizeof t->at_us[i]);
			buf_put(&m->rows.buf, codes, sizeof codes);
		}
		if (m->table.file)
			product_row(&m->table.buf, person, t->at_us[i], codes[0], codes[1]);
	}
	return (m->rows.buf.n < MIB || output_flush(&m->rows, e)) &&
	       (m->table.buf.n < MIB || output_flush(&m->table, e));
}

static bool add_person(struct made *m, struct segment_builder *s, struct touches *t, err *e)
{
	if (!dump_person(m, t, e))
		return false;
	for (size_t i = 0; i < t->n; i++) {
		t->name[i] = m->name_code[t->name[i]];
		t->source[i] = m->source_code[t->source[i]];
	}
	struct segment_plain plain = { .n = t->n,
				       .subject = t->people,
				       .person = t->people,
				       .at_us = t->at_us,
				       .name = t->name,
				       .origin = t->source,
				       .first_seq = m->touches - t->n + 1,
				       .received_us = BASE_US };
	return segment_add_plain(s, &plain, e);
}

static bool add_words(struct made *m, struct segment_builder *s, err *e)
{
	struct arena *a = &m->b->c->arena;
	size_t n = 0;
	for (size_t i = 0; i < NAMES_N; i++) {
		str name = str_printf(a, "name_%02zu", i);
		for (unsigned share = 0; share < shares[i]; share++)
			m->name_of[n++] = (uint32_t)i;
		if (!segment_name_add(s, name, &m->name_code[i], e))
			return false;
		for (size_t k = 0; k < STEPS_N; k++)
			if (step_names[k] == i)
				m->step[k] = name;
	}
	CHECK(n == ARRAY_LEN(m->name_of));
	for (size_t i = 0; i < SOURCES_N; i++) {
		struct origin o = { .source = str_printf(a, "source_%02zu", i) };
		if (!segment_origin_add(s, &o, &m->source_code[i], e))
			return false;
	}
	return true;
}

static bool make_touches(struct made *m, struct segment_builder *s, err *e)
{
	struct touches t;
	if (!add_words(m, s, e))
		return false;
	while (m->touches < m->b->touches) {
		if (m->people % 4096 == 0 && bench_is_over(m->b, e))
			return false;
		make_person(m, &t);
		if (!add_person(m, s, &t, e))
			return false;
	}
	return output_flush(&m->rows, e) && output_flush(&m->table, e);
}

static const char *path_in(struct bench *b, const char *dir, const char *name)
{
	return str_printf(&b->c->arena, "%s/%s", dir, name).p;
}

static bool build(struct made *m, const char *path, err *e)
{
	struct bench *b = m->b;
	struct segment_options o = { .fs = fs_real(), .path = path };
	struct segment_builder *s = NULL;
	rng_init(&m->rng, b->seed);
	bool ok = output_open(&m->rows, b->peers ? path_in(b, b->peers, "touches.bin") : NULL, e) &&
		  output_open(&m->table, b->product ? path_in(b, b->dir, "touches.csv") : NULL, e);
	if (m->table.file)
		buf_cstr(&m->table.buf, PRODUCT_HEADER);
	ok = ok && segment_begin_build(&o, &s, e) && make_touches(m, s, e);
	if (ok)
		ok = segment_finish(&s, &m->segment, e);
	else if (s)
		segment_abort(&s);
	ok = output_close(&m->rows, ok ? e : NULL) && ok;
	return output_close(&m->table, ok ? e : NULL) && ok;
}

/* ---- the questions --------------------------------------------------------------------------- */

struct timing {
	double best_ms, median_ms, cpu_ms, first_ms;
};
struct asked {
	const char *name;
	struct timing timing;
	struct fast_trial_result result;
};

static int cmp_double(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static bool ask(struct made *m, const struct fast_trial *t, struct asked *q, err *e)
{
	double wall[REPEATS], cpu[REPEATS];
	for (size_t i = 0; i < REPEATS; i++) {
		struct stopwatch start = stopwatch_start();
		if (bench_is_over(m->b, e) || !fast_trial_run(t, &q->result, e))
			return false;
		struct stopwatch took = stopwatch_since(start);
		wall[i] = MS_OF(took.wall_us);
		cpu[i] = MS_OF(took.cpu_us);
	}
	q->timing.first_ms = wall[0];
	qsort(wall, REPEATS, sizeof *wall, cmp_double);
	qsort(cpu, REPEATS, sizeof *cpu, cmp_double);
	q->timing.best_ms = wall[0];
	q->timing.median_ms = wall[REPEATS / 2];
	q->timing.cpu_ms = cpu[0];
	return true;
}

enum { PLAIN, BY_SOURCE, FILTERED, MONTH, QUESTIONS_N };

static bool ask_all(struct made *m, struct asked q[QUESTIONS_N],
		    struct fast_trial_result *first_touch, err *e)
{
	size_t words = (size_t)m->people / 64 + 1;
	uint64_t *odd = ARENA_ARRAY(&m->b->c->arena, uint64_t, words);
	struct fast_trial t = { .segments = &m->segment,
				.segments_n = 1,
				.steps = m->step,
				.steps_n = STEPS_N,
				.window_us = DAYS_US(WINDOW_DAYS),
				.from_us = INT64_MIN,
				.to_us = INT64_MAX };
	if (!odd)
		return arena_err(&m->b->c->arena, e);
	for (size_t i = 0; i < words; i++)
		odd[i] = UINT64_C(0xaaaaaaaaaaaaaaaa);
	if (!ask(m, &t, &q[PLAIN], e))
		return false;
	t.by_source = true;
	if (!ask(m, &t, &q[BY_SOURCE], e))
		return false;
	t.by_source = false;
	t.by_first_touch = true; /* for the others, which cannot tell the chain's own source */
	t.subjects_n = m->people + 1;
	if (!fast_trial_run(&t, first_touch, e))
		return false;
	t.by_first_touch = false;
	t.people = odd;
	t.people_n = m->people + 1;
	if (!ask(m, &t, &q[FILTERED], e))
		return false;
	t.people = NULL;
	t.from_us = BASE_US + DAYS_US(m->b->days / 2);
	t.to_us = t.from_us + DAYS_US(MONTH_DAYS);
	return ask(m, &t, &q[MONTH], e);
}

static void put_counts(struct json_writer *w, const uint64_t *count)
{
	json_array_open(w);
	for (size_t k = 0; k < STEPS_N; k++)
		json_put_int(w, (int64_t)count[k]);
	json_array_close(w);
}

/* What the others have to answer. */
static bool leave_answers(struct made *m, const struct asked q[QUESTIONS_N],
			  const struct fast_trial_result *first_touch, err *e)
{
	struct buf out;
	struct json_writer w;
	struct file *f = NULL;
	buf_init(&out, MIB);
	json_writer_init(&w, &out, true);
	json_object_open(&w);
	for (size_t i = 0; i < QUESTIONS_N; i++) {
		json_key(&w, str_of(q[i].name));
		put_counts(&w, q[i].result.count);
	}
	json_key(&w, S("by_first_touch"));
	json_object_open(&w);
	for (size_t i = 0; i < first_touch->groups_n; i++) {
		const struct fast_trial_group *g = &first_touch->groups[i];
		if (g->source.n == 0)
			continue;
		json_key(&w, str_sub(g->source, sizeof "source_" - 1, SIZE_MAX));
		put_counts(&w, g->count);
	}
	json_object_close(&w);
	json_key(&w, S("people"));
	json_put_int(&w, (int64_t)m->people);
	json_object_close(&w);
	const char *path = path_in(m->b, m->b->peers, "answers.json");
	bool ok = buf_ok(&out, e) && file_open(fs_real(), path, FILE_CREATE, &f, e) &&
		  file_write(f, out.p, out.n, 0, e);
	ok = (!f || file_close(&f, ok ? e : NULL)) && ok;
	buf_fini(&out);
	return ok;
}

/* Of one question: its times, and what it costs beside the plain one. Processor times, since what
 * else runs moves them least. */
static bool add_question(struct made *m, const char *const keys[4], const char *name,
			 const struct asked *q, const struct asked *plain, double limit, err *e)
{
	const struct figure figures[] = {
		{ keys[0], name, "ms", q->timing.best_ms, 2, BAR_NONE, 0 },
		{ keys[1], "the same, median", "ms", q->timing.median_ms, 2, BAR_NONE, 0 },
		{ keys[2], "processor time of it", "ms", q->timing.cpu_ms, 2, BAR_NONE, 0 },
		{ keys[3], "of the plain one", "times", q->timing.cpu_ms / plain->timing.cpu_ms, 2,
		  limit > 0 ? BAR_AT_MOST : BAR_NONE, limit },
	};
	for (size_t i = 0; i < ARRAY_LEN(figures) - (q == plain); i++)
		if (!bench_add(m->b, figures[i], e))
			return false;
	return true;
}

static bool add_figures(struct made *m, const struct asked q[QUESTIONS_N], double floor_ms,
			uint64_t bytes, err *e)
{
	static const char *const keys[QUESTIONS_N][4] = {
		{ "plain_ms", "plain_median_ms", "plain_cpu_ms", "plain_ratio" },
		{ "source_ms", "source_median_ms", "source_cpu_ms", "source_ratio" },
		{ "filter_ms", "filter_median_ms", "filter_cpu_ms", "filter_ratio" },
		{ "month_ms", "month_median_ms", "month_cpu_ms", "month_ratio" },
	};
	static const char *const names[QUESTIONS_N] = { "5 steps, 14 days",
							"by the first step's source",
							"half of the people",
							"who began in one month" };
	const struct segment_info *info = segment_info(m->segment);
	bool year = m->b->days >= 300;
	const double limits[QUESTIONS_N] = { 0, 1.5, 1.5, year ? 1.0 / 3 : 0 };
	const struct timing *plain = &q[PLAIN].timing;
	struct rusage use;
	getrusage(RUSAGE_SELF, &use);
	const struct figure first[] = {
		{ "touches", "touches", "", (double)m->touches, 0, BAR_NONE, 0 },
		{ "people", "people", "", (double)m->people, 0, BAR_NONE, 0 },
		{ "bytes_per_touch", "on disk", "bytes a touch",
		  (double)info->bytes / (double)info->touches, 2,
		  m->b->days <= 90 ? BAR_AT_MOST : BAR_NONE, 5.2 },
		{ "first_ms", "first question after opening, checksums compared", "ms",
		  plain->first_ms, 1, BAR_NONE, 0 },
	};
	const struct figure last[] = {
		{ "plain_ns", "processor time of the plain one", "ns a touch",
		  plain->cpu_ms * 1e6 / (double)m->touches, 2, BAR_NONE, 0 },
		{ "floor_ms", "reading the columns, two threads", "ms", floor_ms, 2, BAR_NONE, 0 },
		{ "floor_mib", "of them", "MiB", (double)bytes / (double)MIB, 0, BAR_NONE, 0 },
		{ "floor_ratio", "the plain one, of that", "times", plain->best_ms / floor_ms, 1,
		  BAR_AT_MOST, 8 },
		{ "peak_mib", "peak memory", "MiB", (double)use.ru_maxrss / 1024, 0, BAR_NONE, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		if (!bench_add(m->b, first[i], e))
			return false;
	for (size_t i = 0; i < QUESTIONS_N; i++)
		if (!add_question(m, keys[i], names[i], &q[i], &q[PLAIN], limits[i], e))
			return false;
	for (size_t i = 0; i < ARRAY_LEN(last); i++)
		if (!bench_add(m->b, last[i], e))
			return false;
	return true;
}

/* The same questions of the whole program, with the answers that the segment gave. */
static bool ask_product(struct made *m, const struct asked q[QUESTIONS_N], err *e)
{
	static const size_t asked[] = { PLAIN, BY_SOURCE, MONTH };
	const int64_t month = BASE_US + DAYS_US(m->b->days / 2);
	struct product_question p[ARRAY_LEN(asked)];
	struct product_load load = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		bool part = asked[i] == MONTH;
		p[i] = (struct product_question){ .name = q[asked[i]].name,
						  .window_us = DAYS_US(WINDOW_DAYS),
						  .from_us = part ? month : INT64_MIN,
						  .to_us = part ? month + DAYS_US(MONTH_DAYS)
								: INT64_MAX,
						  .by_source = asked[i] == BY_SOURCE };
		memcpy(p[i].count, q[asked[i]].result.count, sizeof p[i].count);
	}
	if (!product_run(m->b, m->table.path, m->step, STEPS_N, p, ARRAY_LEN(p), &load, e))
		return false;
	const struct figure figures[] = {
		{ "load_per_second", "loaded from CSV, identity rules applied", "touches a second",
		  (double)m->touches / load.load_s, 0, BAR_AT_LEAST, 1000000 },
		{ "open_ms", "opened", "ms", load.open_ms, 1, BAR_NONE, 0 },
		{ "product_plain_ms", "the whole program: plain", "ms", p[0].wall_ms, 2, BAR_NONE,
		  0 },
		{ "product_plain_cpu_ms", "processor time of it", "ms", p[0].cpu_ms, 2, BAR_NONE,
		  0 },
		{ "product_source_ms", "the whole program: by the first step's source", "ms",
		  p[1].wall_ms, 2, BAR_NONE, 0 },
		{ "product_source_cpu_ms", "processor time of it", "ms", p[1].cpu_ms, 2, BAR_NONE,
		  0 },
		{ "product_month_ms", "the whole program: one month", "ms", p[2].wall_ms, 2,
		  BAR_NONE, 0 },
		{ "product_month_cpu_ms", "processor time of it", "ms", p[2].cpu_ms, 2, BAR_NONE,
		  0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		if (!bench_add(m->b, figures[i], e))
			return false;
	return true;
}

bool bench_funnel(struct bench *b, err *e)
{
	static struct asked q[QUESTIONS_N] = { { .name = "plain" },
					       { .name = "by_source" },
					       { .name = "filtered" },
					       { .name = "month" } };
	static struct fast_trial_result first_touch;
	struct made m = { .b = b };
	double floor_ms = 0;
	uint64_t bytes = 0;
	const char *path = path_in(b, b->dir, "touches.segment");
	b->how = str_printf(
		&b->c->arena,
		"One segment of %ju touches, %ju days, times in ms, 16 names, 12 sources; "
		"questions by all cores with %s, the best of %d.",
		(uintmax_t)b->touches, (uintmax_t)b->days, fast_isa_name(), REPEATS);
	if (!path || !b->how.p)
		return arena_err(&b->c->arena, e);
	bench_say("making touches");
	bool ok = build(&m, path, e);
	bench_say("asking");
	ok = ok && ask_all(&m, q, &first_touch, e) && floor_read(m.segment, &floor_ms, &bytes, e) &&
	     (!b->peers || leave_answers(&m, q, &first_touch, e)) &&
	     add_figures(&m, q, floor_ms, bytes, e) && (!b->product || ask_product(&m, q, e));
	if (m.segment)
		segment_release(&m.segment);
	return ok;
}
