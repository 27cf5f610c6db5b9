/*
 * metrics.c - numbers of the running server for Prometheus, by route and status.
 *
 * What it is:   counters that the loops raise, and a page that prints them with what the journal,
 *               the disk and the process say.
 * Promises:     a request costs a few relaxed additions. The page is for this machine, or for a
 *               secret key that may read.
 * Threads:      counters are atomic; all else is constant after metrics_open.
 */
#include "server/metrics_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "io/file.h"
#include "server/access_log_int.h"
#include "server/server_int.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096

/* Statuses that are told apart; others count as the last. 0: the client went away. */
static const int statuses[] = { 200, 201, 202, 204, 301, 302, 303, 304, 400, 401, 403, 404, 405,
				409, 410, 412, 413, 415, 422, 428, 429, 431, 500, 503, 0,   -1 };
/* Upper bounds of the latency's classes. */
static const int64_t classes_us[] = { 100,   250,   500,    1000,   2500,    5000,   10000,
				      25000, 50000, 100000, 250000, 1000000, 5000000 };

struct route_numbers {
	atomic_uint_fast64_t by_status[ARRAY_LEN(statuses)];
	atomic_uint_fast64_t by_class[ARRAY_LEN(classes_us) + 1];
	atomic_uint_fast64_t us, bytes;
};

struct metrics {
	struct access_log *log;
	enum access_log_what log_what;
	int64_t begun_us;
	size_t routes_n;
	struct route_numbers *routes; /* by number; the last: no route */
};

bool metrics_open(struct server *s, err *e)
{
	struct metrics *m = mem_zalloc(1, sizeof *m);
	s->metrics = m;
	if (m == NULL)
		return err_nomem(e);
	m->begun_us = time_now_us();
	m->log_what = s->options.access_log;
	m->routes_n = routes_count(s->routes);
	m->routes = mem_zalloc(m->routes_n + 1, sizeof *m->routes);
	if (m->routes == NULL)
		return err_nomem(e);
	return m->log_what == ACCESS_LOG_OFF || access_log_new(&m->log, e);
}

void metrics_close(struct server *s)
{
	if (s->metrics == NULL)
		return;
	access_log_free(&s->metrics->log);
	mem_free(s->metrics->routes);
	mem_free(s->metrics);
	s->metrics = NULL;
}

static void add(atomic_uint_fast64_t *n, uint64_t by)
{
	atomic_fetch_add_explicit(n, by, memory_order_relaxed);
}

static uint64_t get(atomic_uint_fast64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

/* Collecting and assets come too often to be read line by line. */
static bool is_logged(const struct metrics *m, const struct route *route, int status)
{
	if (m->log == NULL)
		return false;
	if (m->log_what == ACCESS_LOG_ALL || status >= 500 || route == NULL)
		return true;
	return strncmp(route->pattern, "/api/", 5) == 0;
}

void metrics_done(void *server, struct http_request *r, int status, uint64_t bytes, int64_t us)
{
	struct server *s = server;
	struct metrics *m = s->metrics;
	const struct request *q = http_note(r);
	size_t number = q != NULL ? q->route_number : m->routes_n;
	struct route_numbers *n = &m->routes[number];
	size_t i = 0;
	while (i + 1 < ARRAY_LEN(statuses) && statuses[i] != status)
		i++;
	size_t class = 0;
	while (class < ARRAY_LEN(classes_us) && us > classes_us[class])
		class ++;
	add(&n->by_status[i], 1);
	add(&n->by_class[class], 1);
	add(&n->us, (uint64_t)MAX(us, 0));
	add(&n->bytes, bytes);
	if (is_logged(m, q != NULL ? q->route : NULL, status))
		access_log_put(m->log,
			       &(struct access_line){ .method = q != NULL ? q->route->method : "-",
						      .route = q != NULL ? q->route->pattern : "-",
						      .id = http_id(r),
						      .bytes = bytes,
						      .us = us,
						      .status = status });
}

/* ---- the page -------------------------------------------------------------------------------- */

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_printf(b, "# HELP trichter_%s %s\n# TYPE trichter_%s %s\n", name, help, name, type);
}

static void one(struct buf *b, const char *name, const char *type, const char *help, double v)
{
	head(b, name, type, help);
	buf_printf(b, "trichter_%s %.17g\n", name, v);
}

static void put_requests(struct buf *b, struct metrics *m, const struct routes *t)
{
	head(b, "http_requests_total", "counter",
	     "Requests by route and status; status 0: the client went away");
	for (size_t i = 0; i <= m->routes_n; i++) {
		const struct route *row = i < m->routes_n ? route_at(t, i) : NULL;
		for (size_t k = 0; k < ARRAY_LEN(statuses); k++) {
			uint64_t n = get(&m->routes[i].by_status[k]);
			char status[16];
			(void)snprintf(status, sizeof status, "%d", statuses[k]);
			if (n > 0)
				buf_printf(
					b,
					"trichter_http_requests_total{method=\"%s\",route=\"%s\","
					"status=\"%s\"} %llu\n",
					row != NULL ? row->method : "",
					row != NULL ? row->pattern : "",
					statuses[k] < 0 ? "other" : status, (unsigned long long)n);
		}
	}
}

static void put_latency(struct buf *b, struct route_numbers *n, const struct route *row)
{
	uint64_t sum = 0;
	const char *method = row != NULL ? row->method : "";
	const char *route = row != NULL ? row->pattern : "";
	for (size_t k = 0; k < ARRAY_LEN(classes_us); k++) {
		sum += get(&n->by_class[k]);
		buf_printf(b,
			   "trichter_http_request_seconds_bucket{method=\"%s\",route=\"%s\","
			   "le=\"%g\"} %llu\n",
			   method, route, (double)classes_us[k] / 1e6, (unsigned long long)sum);
	}
	sum += get(&n->by_class[ARRAY_LEN(classes_us)]);
	buf_printf(b,
		   "trichter_http_request_seconds_bucket{method=\"%s\",route=\"%s\",le=\"+Inf\"} "
		   "%llu\ntrichter_http_request_seconds_sum{method=\"%s\",route=\"%s\"} %.6f\n"
		   "trichter_http_request_seconds_count{method=\"%s\",route=\"%s\"} %llu\n",
		   method, route, (unsigned long long)sum, method, route, (double)get(&n->us) / 1e6,
		   method, route, (unsigned long long)sum);
}

static void put_latencies(struct buf *b, struct metrics *m, const struct routes *t)
{
	head(b, "http_request_seconds", "histogram",
	     "From the first line of a request to the end of its answer");
	for (size_t i = 0; i <= m->routes_n; i++) {
		uint64_t n = 0;
		for (size_t k = 0; k <= ARRAY_LEN(classes_us); k++)
			n += get(&m->routes[i].by_class[k]);
		if (n > 0)
			put_latency(b, &m->routes[i], i < m->routes_n ? route_at(t, i) : NULL);
	}
}

static void put_http(struct buf *b, struct server *s)
{
	struct http_numbers n;
	http_server_numbers(s->http, &n);
	one(b, "http_connections", "gauge", "Open connections", (double)n.connections);
	one(b, "http_connections_max", "gauge", "The most there may be", (double)n.connections_max);
	one(b, "http_connections_refused_total", "counter",
	    "Connections that were closed because there were too many", (double)n.refused);
	one(b, "http_jobs_waiting", "gauge", "Requests that wait for a worker",
	    (double)n.jobs_waiting);
	one(b, "http_workers", "gauge", "Threads for requests that wait for the disk", n.workers);
	one(b, "live_listeners", "gauge", "Open streams of events", (double)live_listeners(s));
}

static void put_journal(struct buf *b, struct server *s)
{
	struct journal_numbers n;
	journal_numbers(s->journal, &n);
	one(b, "journal_touches_total", "counter", "Touches recorded since the start",
	    (double)n.touches);
	one(b, "journal_commits_total", "counter", "Commits since the start", (double)n.commits);
	one(b, "journal_batches_total", "counter", "Batches since the start", (double)n.batches);
	one(b, "journal_duplicates_total", "counter", "Touches that were known already",
	    (double)n.duplicates);
	one(b, "journal_rejected_total", "counter", "Touches that were refused, with a reason",
	    (double)n.rejected);
	one(b, "journal_queue_length", "gauge", "Batches that wait for the writer",
	    (double)n.queue_length);
	one(b, "journal_commit_seconds_max", "gauge", "The longest commit since the start",
	    (double)n.commit_us_max / 1e6);
	one(b, "journal_commit_seconds_p999", "gauge", "999 of 1000 commits were faster",
	    (double)n.commit_us_p999 / 1e6);
}

struct disk {
	char path[PATH_BYTES_MAX];
	int depth;
	uint64_t bytes;
};

static bool each_file(void *arg, const char *name)
{
	struct disk *d = arg;
	struct disk below = { .depth = d->depth + 1 };
	struct file *f = NULL;
	uint64_t bytes = 0;
	err ignored;
	int n = snprintf(below.path, sizeof below.path, "%s/%s", d->path, name);
	if (n < 0 || (size_t)n >= sizeof below.path)
		return true;
	if (d->depth == 0 && fs_list(fs_real(), below.path, each_file, &below, &ignored)) {
		d->bytes += below.bytes;
		return true;
	}
	/* What vanishes while we look was temporary. */
	if (!file_open(fs_real(), below.path, FILE_READ, &f, &ignored))
		return true;
	if (file_size(f, &bytes, &ignored))
		d->bytes += bytes;
	(void)file_close(&f, &ignored);
	return true;
}

static void put_disk(struct buf *b, struct server *s)
{
	struct disk d = { .depth = 0 };
	uint64_t free_bytes = 0;
	err ignored;
	(void)snprintf(d.path, sizeof d.path, "%s", s->options.data);
	if (fs_list(fs_real(), d.path, each_file, &d, &ignored))
		one(b, "data_bytes", "gauge", "The data directory on disk", (double)d.bytes);
	if (fs_free_bytes(fs_real(), d.path, &free_bytes, &ignored))
		one(b, "disk_free_bytes", "gauge", "Room that is left on the data directory's disk",
		    (double)free_bytes);
}

static void put_process(struct buf *b, struct metrics *m)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (f != NULL) {
		if (fscanf(f, "%*u %lu", &pages) == 1)
			one(b, "process_resident_memory_bytes", "gauge", "Memory in use",
			    (double)pages * (double)sysconf(_SC_PAGESIZE));
		(void)fclose(f);
	}
	one(b, "process_cpu_seconds_total", "counter", "CPU time, all threads",
	    (double)time_cpu_us() / 1e6);
	one(b, "process_start_time_seconds", "gauge", "When it was started",
	    (double)m->begun_us / 1e6);
	head(b, "build_info", "gauge", "What is running");
	buf_printf(b, "trichter_build_info{version=\"%s\"} 1\n", TRICHTER_VERSION);
}

/* From this machine, and not by way of a proxy on it. */
static bool is_local(const struct request *q)
{
	static const char *const of_proxies[] = { "X-Forwarded-For", "X-Forwarded-Host",
						  "X-Real-IP", "Forwarded", "Via" };
	str client = http_client(q->http);
	for (size_t i = 0; i < ARRAY_LEN(of_proxies); i++) {
		if (http_header(q->http, str_of(of_proxies[i])).p != NULL)
			return false;
	}
	return str_starts(client, S("127.")) || str_eq(client, S("::1"));
}

static bool metrics(struct request *q, struct answer *a, err *e)
{
	struct server *s = q->server;
	if (!is_local(q) && !actor_may(&q->actor, MAY_READ))
		return problem_with(q, e, 401, "From this machine, or with a secret key");
	a->content_type = "text/plain; version=0.0.4; charset=utf-8";
	put_requests(&a->body, s->metrics, s->routes);
	put_latencies(&a->body, s->metrics, s->routes);
	put_http(&a->body, s);
	put_journal(&a->body, s);
	put_disk(&a->body, s);
	put_process(&a->body, s->metrics);
	return true;
}

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/metrics",
	  .may = MAY_ANYONE,
	  .where = HTTP_WORKER,
	  .run = metrics },
};
const struct route_list routes_metrics = { rows, ARRAY_LEN(rows) };
