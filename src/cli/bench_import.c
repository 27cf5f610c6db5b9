/*
 * bench_import.c - trichter bench import, bench demo: how quickly much comes in.
 *
 * What it is:   a CSV file of people through the very import that a user runs, into an empty data
 *               directory; and the sample company, large.
 * Threads:      one at a time; the journal has its own.
 */
#include "cli/bench_int.h"

#include "base/rand.h"
#include "base/time.h"
#include "cli/cli_progress_int.h"
#include "load/load.h"
#include "load/sample.h"

#define FILE_CHUNK_BYTES MIB

static const char *const FIRSTS[] = { "Anna",	"Thomas", "Julia",   "Mehmet", "Emma",
				      "Oliver", "Jürgen", "Siobhán", "Raj",    "Lena" };
static const char *const LASTS[] = { "Müller",	"Smith",   "Schneider", "Khan",	    "Weiß",
				     "O'Brien", "Lehmann", "Patel",	"Hartmann", "Jones" };
static const char *const TITLES[] = { "Head of HR", "Personalleiterin", "Operations Manager",
				      "\"Director, People\"", "Geschäftsführer" };
static const char *const PLACES[] = { "DE,Hamburg", "DE,Köln", "AT,Wien", "GB,Leeds", "CH,Basel" };
static const char *const SOURCES[] = { "google", "linkedin", "fair", "newsletter" };
#define ANY(r, list) ((list)[rng_below((r), ARRAY_LEN(list))])

static void row_print(struct buf *b, struct rng *r, uint64_t number, uint64_t companies)
{
	unsigned long long n = (unsigned long long)number;
	unsigned long long company = (unsigned long long)rng_below(r, companies);
	buf_printf(b, "crm-%llu,%s,%s,person%llu@company-%llu.example,+49 30 23125 %03u,%s,%s,", n,
		   ANY(r, FIRSTS), ANY(r, LASTS), n, company, (unsigned)rng_below(r, 1000),
		   ANY(r, TITLES), ANY(r, PLACES));
	buf_printf(b, "Company %llu GmbH,company-%llu.example,%s\n", company, company,
		   ANY(r, SOURCES));
}

static bool file_print(const char *path, const struct bench *b, uint64_t *bytes_r, err *e)
{
	struct file *f = NULL;
	struct buf out;
	struct rng r;
	uint64_t at = 0;
	rng_init(&r, b->seed);
	if (!file_open(fs_real(), path, FILE_CREATE, &f, e))
		return false;
	buf_init(&out, 2 * FILE_CHUNK_BYTES);
	buf_cstr(&out, "external_id,first_name,last_name,email,phone,title,country,city,"
		       "company_name,company_domain,source\n");
	bool ok = true;
	for (uint64_t i = 1; ok && i <= b->rows; i++) {
		row_print(&out, &r, i, b->rows / 10 + 1);
		if (out.n < FILE_CHUNK_BYTES && i < b->rows)
			continue;
		ok = buf_ok(&out, e) && file_write(f, out.p, out.n, at, e);
		at += out.n;
		buf_clear(&out);
	}
	buf_fini(&out);
	*bytes_r = at;
	return file_close(&f, ok ? e : NULL) && ok;
}

struct imported {
	struct load_result result;
	struct stopwatch loaded, closed;
	uint64_t bytes;
};

static bool import_run(struct bench *b, const char *dir, const char *path, struct imported *i,
		       err *e)
{
	struct journal *j = NULL;
	struct progress progress;
	struct load_options o = { .kind_given = true,
				  .kind = LOAD_PEOPLE,
				  .progress = progress_show,
				  .progress_arg = &progress,
				  .stop = b->stop };
	if (!journal_init(dir, e))
		return false;
	struct stopwatch start = stopwatch_start();
	if (!journal_open(dir, NULL, &j, e))
		return false;
	progress_begin(&progress);
	bool ok = load_file(dir, j, path, &o, &b->c->arena, &i->result, e);
	progress_end(&progress);
	i->loaded = stopwatch_since(start);
	journal_close(&j);
	i->closed = stopwatch_since(start);
	return ok;
}

bool bench_import(struct bench *b, err *e)
{
	struct arena *a = &b->c->arena;
	char *dir = str_cstr(a, str_printf(a, "%s/data", b->dir));
	char *path = str_cstr(a, str_printf(a, "%s/people.csv", b->dir));
	struct imported i = { 0 };
	b->how = str_printf(
		a,
		"A CSV file of %llu people with 11 columns, one company for ten of them, is read by "
		"the import that a user runs into an empty data directory, identity rules applied, "
		"from opening the journal until it is closed and everything is written back. CPU "
		"time is that of the whole process.",
		(unsigned long long)b->rows);
	if (dir == NULL || path == NULL || b->how.p == NULL)
		return arena_err(a, e);
	bench_say("writing the file");
	if (!file_print(path, b, &i.bytes, e))
		return false;
	bench_say("importing");
	if (!import_run(b, dir, path, &i, e))
		return false;
	double rows = (double)i.result.read, seconds = (double)i.closed.wall_us / (double)US_PER_S;
	if (bench_is_over(b, e))
		return false;
	if (i.result.accepted != b->rows)
		return err_set(e, ERR_CONFLICT, "of %llu rows only %llu were accepted",
			       (unsigned long long)b->rows, (unsigned long long)i.result.accepted);
	const struct figure figures[] = {
		{ "rows_per_second", "rows per second", "", rows / seconds, 0, BAR_AT_LEAST,
		  50000 },
		{ "cpu_us_per_row", "CPU per row, all threads", "µs",
		  (double)i.closed.cpu_us / rows, 2, BAR_NONE, 0 },
		{ "rows", "rows", "", rows, 0, BAR_NONE, 0 },
		{ "touches", "touches", "", (double)i.result.touches, 0, BAR_NONE, 0 },
		{ "people_new", "new people", "", (double)i.result.people_new, 0, BAR_NONE, 0 },
		{ "megabytes", "the file", "MB", (double)i.bytes / 1e6, 1, BAR_NONE, 0 },
		{ "visible_seconds", "until it is visible", "s",
		  (double)i.loaded.wall_us / (double)US_PER_S, 2, BAR_NONE, 0 },
		{ "wall_seconds", "time in all", "s", seconds, 2, BAR_NONE, 0 },
	};
	for (size_t k = 0; k < ARRAY_LEN(figures); k++) {
		if (!bench_add(b, figures[k], e))
			return false;
	}
	return true;
}

/* ---- the sample company ---------------------------------------------------------------------- */

static bool told(void *arg, struct intake *items, size_t n, err *e)
{
	uint64_t *sum = arg;
	(void)e;
	for (size_t i = 0; i < n; i++)
		*sum += (uint64_t)items[i].at_us;
	return true;
}

static bool demo_run(const struct sample_options *o, const char *dir, struct sample_result *r,
		     struct stopwatch *visible, struct stopwatch *closed, err *e)
{
	struct journal *j = NULL;
	if (!journal_init(dir, e))
		return false;
	struct stopwatch start = stopwatch_start();
	if (!journal_open(dir, NULL, &j, e))
		return false;
	bool ok = sample_make(j, o, r, e);
	*visible = stopwatch_since(start);
	journal_close(&j);
	*closed = stopwatch_since(start);
	return ok;
}

bool bench_demo(struct bench *b, err *e)
{
	struct arena *a = &b->c->arena;
	char *dir = str_cstr(a, str_printf(a, "%s/data", b->dir));
	struct progress progress;
	struct sample_options o = {
		.seed = b->seed,
		.people = MAX((uint64_t)((double)b->touches / SAMPLE_TOUCHES_PER_PERSON),
			      UINT64_C(1)),
		.progress = progress_show,
		.progress_arg = &progress,
		.stop = b->stop,
	};
	struct sample_result r = { 0 };
	struct stopwatch visible, closed;
	uint64_t sum = 0;
	b->how = S("The sample company is made up and put into an empty data directory as one "
		   "import, from opening the journal until it is closed and everything is written "
		   "back; telling alone is measured first, with nothing behind it. The bar is ten "
		   "million touches in two minutes.");
	if (dir == NULL)
		return arena_err(a, e);
	bench_say("telling");
	progress_begin(&progress);
	struct stopwatch start = stopwatch_start();
	bool ok = sample_each(&o, told, &sum, &r, e);
	struct stopwatch alone = stopwatch_since(start);
	bench_say("telling and recording");
	ok = ok && demo_run(&o, dir, &r, &visible, &closed, e);
	progress_end(&progress);
	if (!ok)
		return false;
	double n = (double)MAX(r.touches, UINT64_C(1));
	double seconds = (double)closed.wall_us / (double)US_PER_S;
	const struct figure figures[] = {
		{ "wall_us_per_touch", "time per touch", "µs", (double)closed.wall_us / n, 2,
		  BAR_AT_MOST, 12 },
		{ "cpu_us_per_touch", "CPU per touch, all threads", "µs", (double)closed.cpu_us / n,
		  2, BAR_NONE, 0 },
		{ "telling_us_per_touch", "  of which telling", "µs", (double)alone.cpu_us / n, 2,
		  BAR_NONE, 0 },
		{ "touches", "touches", "", (double)r.touches, 0, BAR_NONE, 0 },
		{ "people", "people", "", (double)r.people, 0, BAR_NONE, 0 },
		{ "visible_seconds", "until it is visible", "s",
		  (double)visible.wall_us / (double)US_PER_S, 2, BAR_NONE, 0 },
		{ "wall_seconds", "time in all", "s", seconds, 2, BAR_NONE, 0 },
	};
	for (size_t k = 0; k < ARRAY_LEN(figures); k++) {
		if (!bench_add(b, figures[k], e))
			return false;
	}
	return true;
}
