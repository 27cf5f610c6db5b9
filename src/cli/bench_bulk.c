/*
 * bench_bulk.c - trichter bench bulk: how quickly a large file of events comes in.
 *
 * What it is:   a CSV file in order of time, fifty touches a person, through the very import that a
 *               user runs, into an empty data directory.
 * Threads:      one at a time; the import has its own.
 */
#include "cli/bench_int.h"

#include "base/rand.h"
#include "base/time.h"
#include "cli/cli_progress_int.h"
#include "load/load.h"

#include <stdio.h>
#include <sys/resource.h>

#define FILE_CHUNK_BYTES MIB
#define TOUCHES_A_PERSON 50
#define SPAN_DAYS	 90
#define NAMES		 40
#define START_DAY	 20000 /* 2024-10-04 */

static const char *const ORIGINS[] = { "google,cpc",
				       "google,organic",
				       "linkedin,social",
				       "newsletter,email",
				       "fair,event",
				       "bing,cpc",
				       "partner,referral",
				       ",",
				       ",",
				       "," };

static void put_digits(char *p, uint64_t v, size_t n)
{
	while (n > 0) {
		p[--n] = (char)('0' + v % 10);
		v /= 10;
	}
}

/* 2024-10-04T12:00:00.000Z */
static void put_time(struct buf *b, int64_t at_ms)
{
	char text[] = "0000-00-00T00:00:00.000Z";
	int year, month, day;
	int64_t days = at_ms / (US_PER_DAY / 1000), ms = at_ms % (US_PER_DAY / 1000);
	time_civil_from_days(days, &year, &month, &day);
	put_digits(text, (uint64_t)year, 4);
	put_digits(text + 5, (uint64_t)month, 2);
	put_digits(text + 8, (uint64_t)day, 2);
	put_digits(text + 11, (uint64_t)(ms / 3600000), 2);
	put_digits(text + 14, (uint64_t)(ms / 60000 % 60), 2);
	put_digits(text + 17, (uint64_t)(ms / 1000 % 60), 2);
	put_digits(text + 20, (uint64_t)(ms % 1000), 3);
	buf_put(b, text, sizeof text - 1);
}

static void put_number(struct buf *b, uint64_t v)
{
	char text[20];
	size_t n = sizeof text;
	do
		text[--n] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	buf_put(b, text + n, sizeof text - n);
}

/* Frequent names are more frequent. */
static uint64_t any_name(struct rng *r)
{
	return MIN(rng_below(r, NAMES), rng_below(r, NAMES));
}

static void row_print(struct buf *b, struct rng *r, uint64_t i, uint64_t touches, uint64_t people)
{
	double share = (double)i / (double)touches;
	uint64_t person = rng_below(r, people);
	put_time(b, (int64_t)START_DAY * (US_PER_DAY / 1000) +
			    (int64_t)(share * SPAN_DAYS * (double)(US_PER_DAY / 1000)));
	buf_cstr(b, ",event_");
	put_number(b, any_name(r));
	buf_cstr(b, ",u");
	put_number(b, person);
	buf_byte(b, ',');
	buf_cstr(b, ORIGINS[person % ARRAY_LEN(ORIGINS)]);
	buf_byte(b, '\n');
}

static bool file_print(const char *path, const struct bench *b, uint64_t people, uint64_t *bytes_r,
		       err *e)
{
	struct file *f = NULL;
	struct buf out;
	struct rng r;
	uint64_t at = 0;
	rng_init(&r, b->seed);
	if (!file_open(fs_real(), path, FILE_CREATE, &f, e))
		return false;
	buf_init(&out, 2 * FILE_CHUNK_BYTES);
	buf_cstr(&out, "at,name,user_id,source,medium\n");
	bool ok = true;
	for (uint64_t i = 0; ok && i < b->touches; i++) {
		row_print(&out, &r, i, b->touches, people);
		if (out.n < FILE_CHUNK_BYTES && i + 1 < b->touches)
			continue;
		ok = !bench_is_over(b, e) && buf_ok(&out, e) && file_write(f, out.p, out.n, at, e);
		at += out.n;
		buf_clear(&out);
	}
	buf_fini(&out);
	*bytes_r = at;
	return file_close(&f, ok ? e : NULL) && ok;
}

struct loaded {
	struct load_result result;
	struct stopwatch visible, closed;
	uint64_t bytes, archive_bytes;
};

static bool load_run(struct bench *b, const char *dir, const char *path, struct loaded *r, err *e)
{
	struct journal *j = NULL;
	struct progress progress;
	struct load_options o = { .kind_given = true,
				  .kind = LOAD_EVENTS,
				  .bulk = LOAD_BULK_ALWAYS,
				  .progress = progress_show,
				  .progress_arg = &progress,
				  .stop = b->stop };
	if (!journal_init(dir, e))
		return false;
	struct stopwatch start = stopwatch_start();
	if (!journal_open(dir, NULL, &j, e))
		return false;
	progress_begin(&progress);
	bool ok = load_file(dir, j, path, &o, &b->c->arena, &r->result, e);
	progress_end(&progress);
	r->visible = stopwatch_since(start);
	journal_close(&j);
	r->closed = stopwatch_since(start);
	return ok;
}

/* Bytes of the segments. */
struct sum {
	const char *dir;
	uint64_t bytes;
};

static bool add_size(void *arg, const char *name)
{
	struct sum *s = arg;
	struct file *f = NULL;
	char path[4096];
	uint64_t n = 0;
	err ignored = { 0 };
	if (!str_ends(str_of(name), S(".seg")) ||
	    snprintf(path, sizeof path, "%s/%s", s->dir, name) >= (int)sizeof path ||
	    !file_open(fs_real(), path, FILE_READ, &f, &ignored))
		return true;
	if (file_size(f, &n, &ignored))
		s->bytes += n;
	file_close(&f, NULL);
	return true;
}

static bool add_figures(struct bench *b, const struct loaded *r, err *e)
{
	struct rusage usage;
	double n = (double)r->result.read, seconds = (double)r->closed.wall_us / (double)US_PER_S;
	getrusage(RUSAGE_SELF, &usage);
	const struct figure figures[] = {
		{ "touches_per_second", "touches per second", "", n / seconds, 0, BAR_AT_LEAST,
		  1000000 },
		{ "cpu_us_per_touch", "CPU per touch, all threads", "µs",
		  (double)r->closed.cpu_us / n, 2, BAR_NONE, 0 },
		{ "touches", "touches", "", n, 0, BAR_NONE, 0 },
		{ "people", "people", "", (double)r->result.people_new, 0, BAR_NONE, 0 },
		{ "megabytes", "the file", "MB", (double)r->bytes / 1e6, 1, BAR_NONE, 0 },
		{ "archive_bytes", "segments, per touch", "bytes", (double)r->archive_bytes / n, 2,
		  BAR_NONE, 0 },
		{ "memory_mib", "most memory", "MiB", (double)usage.ru_maxrss / 1024, 0, BAR_NONE,
		  0 },
		{ "visible_seconds", "until it is visible", "s",
		  (double)r->visible.wall_us / (double)US_PER_S, 2, BAR_NONE, 0 },
		{ "wall_seconds", "time in all", "s", seconds, 2, BAR_NONE, 0 },
	};
	for (size_t k = 0; k < ARRAY_LEN(figures); k++) {
		if (!bench_add(b, figures[k], e))
			return false;
	}
	return true;
}

bool bench_bulk(struct bench *b, err *e)
{
	struct arena *a = &b->c->arena;
	char *dir = str_cstr(a, str_printf(a, "%s/data", b->dir));
	char *path = str_cstr(a, str_printf(a, "%s/events.csv", b->dir));
	char *archive = str_cstr(a, str_printf(a, "%s/data/archive", b->dir));
	uint64_t people = MAX(b->touches / TOUCHES_A_PERSON, UINT64_C(1));
	struct loaded r = { 0 };
	b->how = str_printf(
		a,
		"A CSV file of %llu events of %llu people in 90 days (time, one of 40 names, user "
		"id, source, medium) is read by the import that a user runs into an empty data "
		"directory, identity rules applied, from opening the journal until it is closed: "
		"then it is sorted, on disk and counted. CPU time is that of the whole process.",
		(unsigned long long)b->touches, (unsigned long long)people);
	if (!dir || !path || !archive || b->how.p == NULL)
		return arena_err(a, e);
	bench_say("writing the file");
	if (!file_print(path, b, people, &r.bytes, e))
		return false;
	bench_say("loading");
	if (!load_run(b, dir, path, &r, e) || bench_is_over(b, e))
		return false;
	if (r.result.accepted != b->touches)
		return err_set(e, ERR_CONFLICT, "of %llu rows only %llu were accepted",
			       (unsigned long long)b->touches,
			       (unsigned long long)r.result.accepted);
	struct sum sum = { .dir = archive };
	if (!fs_list(fs_real(), archive, add_size, &sum, e))
		return false;
	r.archive_bytes = sum.bytes;
	return add_figures(b, &r, e);
}
