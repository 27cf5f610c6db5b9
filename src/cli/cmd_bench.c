/*
 * cmd_bench.c - trichter bench: the program's own measurements, on data that it makes.
 *
 * What it is:   options, a place to work, one of the benchmarks, its figures beside their bars,
 *               and how and on what they were measured.
 * Promises:     the data directory is not touched; what is made is removed, also after a failure
 *               or an interrupt. A missed bar is shown, not a failure: machines differ.
 * Threads:      one at a time.
 */
#include "cli/bench_int.h"

#include "base/time.h"

#include <stdio.h>
#include <unistd.h>

static const struct option options[] = {
	OPTION("people", "N", "journal, ingest: people known before; screens: people (1,000,000)"),
	OPTION("ids", "N", "journal, ingest: ids known before, people among them (10,000,000)"),
	OPTION("touches", "N",
	       "journal, ingest, demo, funnel: touches measured (1,000,000; demo, funnel 10,000,000)"),
	OPTION("days", "N", "funnel: over how many days (90)"),
	SWITCH("product", "funnel: also import the touches, and ask the whole program"),
	OPTION("peers", "DIR", "funnel: leave touches and answers there for bench/peers.mjs"),
	OPTION("threads", "N", "journal: threads that submit (4)"),
	OPTION("rate", "N", "journal: touches a second (as fast as they are taken)"),
	OPTION("tail", "N", "journal: touches that are not sealed into the archive (524,288)"),
	OPTION("rows", "N", "import: rows of the file (500,000)"),
	OPTION("seed", "N", "of what is made up (1)"),
	OPTION("dir", "DIR", "where there is room to work (TMPDIR, /tmp)"),
	OPTION("format", "FORMAT", "table or json"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "bench journal", "what a touch costs on its way to the disk" },
	{ "bench journal --rate 50000 --tail 200000",
	  "how soon it answers while it seals and merges" },
	{ "bench ingest", "what collecting costs over HTTP, beside nginx" },
	{ "bench import --rows 100000", "how quickly a file of people comes in" },
	{ "bench bulk --touches 10000000", "how quickly a large file of events comes in" },
	{ "bench screens --people 100000", "how long lists, pages and journeys take" },
	{ "bench funnel --days 365",
	  "a funnel over ten million touches, and over one month of them" },
	{ "bench demo --dir /var/tmp --format json", "ten million touches of the sample company" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_bench = {
	.name = "bench",
	.words = "import|bulk|journal|ingest|demo|screens|funnel",
	.summary = "measures this program on this machine",
	.about =
		"Makes data in a temporary directory, measures, says how and on what, and removes "
		"it. CPU times are those of the whole process; figures of two machines compare only "
		"with their disks and processors beside them.",
	.options = options,
	.examples = examples,
	.words_min = 1,
	.words_max = 1,
	.run = run,
};

struct kind {
	const char *name;
	bool (*run)(struct bench *b, err *e) MUST_CHECK;
	uint64_t touches;
};
static const struct kind kinds[] = {
	{ "import", bench_import, 0 },	     { "journal", bench_journal, 1000000 },
	{ "ingest", bench_ingest, 1000000 }, { "demo", bench_demo, 10000000 },
	{ "screens", bench_screens, 0 },     { "funnel", bench_funnel, 10000000 },
	{ "bulk", bench_bulk, 10000000 },
};

bool bench_add(struct bench *b, struct figure f, err *e)
{
	return vec_push(&b->figures, f) || err_nomem(e);
}

bool bench_is_over(const struct bench *b, err *e)
{
	if (*b->stop)
		err_set(e, ERR_BUSY, "interrupted");
	return *b->stop;
}

struct stopwatch stopwatch_start(void)
{
	return (struct stopwatch){ .wall_us = time_monotonic_us(), .cpu_us = time_cpu_us() };
}

struct stopwatch stopwatch_since(struct stopwatch start)
{
	struct stopwatch now = stopwatch_start();
	return (struct stopwatch){ .wall_us = MAX(now.wall_us - start.wall_us, INT64_C(1)),
				   .cpu_us = now.cpu_us - start.cpu_us };
}

void bench_say(const char *what)
{
	struct terminal t;
	terminal_look(&t, STDERR_FILENO);
	if (t.is_terminal)
		cli_note("%s ...", what);
}

static const struct kind *kind_find(const char *word, err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (str_eq(str_of(word), str_of(kinds[i].name)))
			return &kinds[i];
	}
	err_set(e, ERR_INVALID,
		"there are import, bulk, journal, ingest, demo, screens and funnel, not \"%s\"",
		word);
	return NULL;
}

static bool plan_read(const struct args *a, const struct kind *k, struct bench *b, bool *json_r,
		      err *e)
{
	static const char *const formats[] = { "table", "json", NULL };
	size_t format = 0;
	if (!args_count(a, "people", 1000000, &b->people, e) ||
	    !args_count(a, "ids", 10000000, &b->ids, e) ||
	    !args_count(a, "touches", k->touches, &b->touches, e) ||
	    !args_count(a, "threads", 4, &b->threads, e) ||
	    !args_count(a, "rate", 0, &b->rate, e) || !args_count(a, "tail", 0, &b->tail, e) ||
	    !args_count(a, "rows", 500000, &b->rows, e) || !args_count(a, "seed", 1, &b->seed, e) ||
	    !args_count(a, "days", 90, &b->days, e) ||
	    !args_choice(a, "format", formats, 0, &format, e))
		return false;
	*json_r = format == 1;
	b->peers = args_text(a, "peers");
	b->product = args_on(a, "product");
	if (b->days < 1 || b->days > 366)
		return err_set(e, ERR_INVALID,
			       "--days is 1 to 366: a segment covers a year at most");
	if (b->threads < 1 || b->threads > BENCH_THREADS_MAX)
		return err_set(e, ERR_INVALID, "--threads is 1 to %d", BENCH_THREADS_MAX);
	const uint64_t counts[] = { b->people, b->ids, b->rows, b->touches, b->rate, b->tail };
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		if (counts[i] > UINT64_C(1000000000))
			return err_set(e, ERR_INVALID,
				       "a thousand million of anything is the most");
	}
	if (b->people == 0 || b->rows == 0)
		return err_set(e, ERR_INVALID, "--people and --rows are at least 1");
	return true;
}

/* ---- printing -------------------------------------------------------------------------------- */

static bool is_held(const struct figure *f)
{
	return f->bar == BAR_NONE ||
	       (f->bar == BAR_AT_MOST ? f->value <= f->limit : f->value >= f->limit);
}

static str number_print(char text[NUMBER_TEXT_MAX], double n, int digits)
{
	if (digits == 0 && n >= 0 && n < 1e18)
		return show_count(text, (uint64_t)(n + 0.5));
	snprintf(text, NUMBER_TEXT_MAX, "%.*f", digits, n);
	return str_of(text);
}

static int limit_digits(const struct figure *f)
{
	return f->limit == (double)(int64_t)f->limit ? 0 : MAX(f->digits, 1);
}

static bool table_make(struct cli *c, const struct bench *b, err *e)
{
	static const struct table_column columns[] = {
		{ S("figure"), S(""), ALIGN_LEFT, true },
		{ S("value"), S("measured"), ALIGN_RIGHT, false },
		{ S("unit"), S(""), ALIGN_LEFT, false },
		{ S("bar"), S("bar"), ALIGN_LEFT, false },
	};
	struct table t = { .columns = columns, .columns_n = ARRAY_LEN(columns) };
	char text[NUMBER_TEXT_MAX];
	bool ok = true;
	for (size_t i = 0; ok && i < b->figures.n; i++) {
		const struct figure *f = &b->figures.items[i];
		str measured = str_dup(&c->arena, number_print(text, f->value, f->digits));
		str bar = S("");
		if (f->bar != BAR_NONE)
			bar = str_printf(&c->arena, "%s %.*s: %s",
					 f->bar == BAR_AT_MOST ? "at most" : "at least",
					 STR_ARG(number_print(text, f->limit, limit_digits(f))),
					 is_held(f) ? "held" : "missed");
		enum style style = is_held(f) ? STYLE_PLAIN : STYLE_BAD;
		ok = table_add(&t, (struct table_cell){ .text = str_of(f->name) }, e) &&
		     table_add(&t, (struct table_cell){ .text = measured, .style = style }, e) &&
		     table_add(&t, (struct table_cell){ .text = str_of(f->unit) }, e) &&
		     table_add(&t, (struct table_cell){ .text = bar, .style = style }, e);
	}
	if (ok)
		table_put_text(&t, &c->term, &c->arena, &c->out);
	table_fini(&t);
	return ok;
}

/* The sentences, in lines of what a terminal shows. */
static void put_wrapped(struct buf *b, str text)
{
	size_t column = 0;
	for (str word; str_next(&text, ' ', &word);) {
		if (column > 0 && column + 1 + word.n > 80) {
			buf_byte(b, '\n');
			column = 0;
		}
		if (column > 0)
			buf_byte(b, ' ');
		buf_str(b, word);
		column += word.n + 1;
	}
	buf_byte(b, '\n');
}

static bool put_text(struct cli *c, const struct bench *b, const struct machine *m, err *e)
{
	if (!table_make(c, b, e))
		return false;
	buf_byte(&c->out, '\n');
	put_wrapped(&c->out, b->how);
	buf_printf(&c->out, "\n%s, %ld cores, %.0f GiB; %s\n", m->cpu, m->cores, m->memory_gib,
		   m->kernel);
	buf_printf(&c->out, "%s, 4 KiB appended and synced in %lld µs (median)\n", m->disk,
		   (long long)m->sync_us);
	buf_printf(&c->out, "trichter %s, %s, SQLite %s\n", TRICHTER_VERSION, m->compiler,
		   m->sqlite);
	return true;
}

static void put_machine(struct json_writer *w, const struct machine *m)
{
	const struct {
		str key;
		const char *text;
	} texts[] = {
		{ S("cpu"), m->cpu },	    { S("kernel"), m->kernel },
		{ S("disk"), m->disk },	    { S("compiler"), m->compiler },
		{ S("sqlite"), m->sqlite }, { S("trichter"), TRICHTER_VERSION },
	};
	json_key(w, S("machine"));
	json_object_open(w);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		json_key(w, texts[i].key);
		json_put_text(w, str_of(texts[i].text));
	}
	json_key(w, S("cores"));
	json_put_int(w, m->cores);
	json_key(w, S("memory_gib"));
	json_put_real(w, m->memory_gib);
	json_key(w, S("sync_us"));
	json_put_int(w, m->sync_us);
	json_object_close(w);
}

static void put_json(struct cli *c, const struct kind *k, const struct bench *b,
		     const struct machine *m)
{
	struct json_writer w;
	json_writer_init(&w, &c->out, false);
	json_object_open(&w);
	json_key(&w, S("bench"));
	json_put_text(&w, str_of(k->name));
	json_key(&w, S("how"));
	json_put_text(&w, b->how);
	put_machine(&w, m);
	json_key(&w, S("figures"));
	json_object_open(&w);
	for (size_t i = 0; i < b->figures.n; i++) {
		json_key(&w, str_of(b->figures.items[i].key));
		json_put_real(&w, b->figures.items[i].value);
	}
	json_object_close(&w);
	json_key(&w, S("bars"));
	json_array_open(&w);
	for (size_t i = 0; i < b->figures.n; i++) {
		const struct figure *f = &b->figures.items[i];
		if (f->bar == BAR_NONE)
			continue;
		json_object_open(&w);
		json_key(&w, S("figure"));
		json_put_text(&w, str_of(f->key));
		json_key(&w, f->bar == BAR_AT_MOST ? S("at_most") : S("at_least"));
		json_put_real(&w, f->limit);
		json_key(&w, S("held"));
		json_put_bool(&w, is_held(f));
		json_object_close(&w);
	}
	json_array_close(&w);
	json_object_close(&w);
	buf_byte(&c->out, '\n');
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	struct bench b = { .c = c, .stop = cli_stop_flag() };
	struct machine m;
	bool json = false;
	err e = { 0 };
	const struct kind *k = kind_find(a->words[0], &e);
	if (k == NULL || !plan_read(a, k, &b, &json, &e))
		return cli_usage(a, &e);
	if (!workplace_make(c, args_text(a, "dir"), &b.dir, &e))
		return cli_fail(&e);
	bool ok = machine_look(b.dir, &m, &e) && k->run(&b, &e);
	workplace_remove(b.dir);
	if (ok && json)
		put_json(c, k, &b, &m);
	else if (ok)
		ok = put_text(c, &b, &m, &e);
	vec_free(&b.figures);
	return ok ? CLI_DONE : cli_fail(&e);
}
