/*
 * bench_int.h - what the benchmarks share: options, a place to work, figures with their bars.
 *
 * What it is:   each benchmark makes its data, runs the program's own code over it and adds
 *               figures; cmd_bench.c prints them with how they were measured.
 * Threads:      one at a time; a benchmark starts threads of its own.
 */
#ifndef TRICHTER_BENCH_INT_H
#define TRICHTER_BENCH_INT_H

#include "cli/cli_int.h"

#define BENCH_THREADS_MAX 64
#define BENCH_BATCH	  100 /* touches */

enum bar { BAR_NONE, BAR_AT_MOST, BAR_AT_LEAST };
struct figure {
	const char *key;  /* in JSON */
	const char *name; /* for people */
	const char *unit;
	double value;
	int digits; /* after the point */
	enum bar bar;
	double limit;
};

struct bench {
	struct cli *c;
	const char *dir; /* of its own, removed afterwards */
	uint64_t people, touches, ids, threads, rows, seed, days;
	bool product;	   /* also as a user asks */
	const char *peers; /* where the touches are left for others; NULL: nowhere */
	uint64_t rate;	   /* touches a second; 0: as fast as they are taken */
	uint64_t tail;	   /* longer ones are sealed; 0: as ever */
	VEC(struct figure) figures;
	str how;		   /* what was measured: sentences */
	const volatile bool *stop; /* set by an interrupt */
};

bool bench_add(struct bench *b, struct figure f, err *e) MUST_CHECK;
/* True when an interrupt came: says so in `e`. */
bool bench_is_over(const struct bench *b, err *e);
/* Wall and CPU time (all threads of the process) between two moments. */
struct stopwatch {
	int64_t wall_us, cpu_us;
};
struct stopwatch stopwatch_start(void);
struct stopwatch stopwatch_since(struct stopwatch start);
/* What is being done, on standard error, when that is a terminal. */
void bench_say(const char *what);

/* ---- bench_machine.c --------------------------------------------------------------------------
 */

struct machine {
	char cpu[128], kernel[128], disk[128], compiler[64], sqlite[32];
	long cores;
	double memory_gib;
	int64_t sync_us; /* median of a 4 KiB append and its sync */
};
bool machine_look(const char *dir, struct machine *m, err *e) MUST_CHECK;
/* A directory of its own below --dir, TMPDIR or /tmp; in the arena. */
bool workplace_make(struct cli *c, const char *below, const char **dir_r, err *e) MUST_CHECK;
void workplace_remove(const char *dir);

/* ---- bench_journal.c, bench_messages.c, bench_import.c ----------------------------------------
 */

bool bench_journal(struct bench *b, err *e) MUST_CHECK;
bool bench_import(struct bench *b, err *e) MUST_CHECK;
bool bench_bulk(struct bench *b, err *e) MUST_CHECK;
bool bench_demo(struct bench *b, err *e) MUST_CHECK;
bool bench_ingest(struct bench *b, err *e) MUST_CHECK;
bool bench_screens(struct bench *b, err *e) MUST_CHECK;
bool bench_funnel(struct bench *b, err *e) MUST_CHECK; /* bench_funnel.c */
/* A data directory in which everybody and the ids of a week are known, and one rule. */
bool bench_preload(const struct bench *b, const char *dir, err *e) MUST_CHECK;

/* An id as Segment's libraries make them: 36 characters. */
#define BENCH_UUID_CHARS 36
void bench_uuid(char *p, uint64_t high, uint64_t low);
/* The anonymous id of a person of the benchmark. */
void bench_person_id(char *p, uint64_t seed, uint64_t person);
/* One body of /v1/batch with `n` messages, uniform over the people. */
struct rng;
void bench_message_print(struct buf *b, struct rng *r, const struct bench *bench, int64_t now_us);
void bench_batch_print(struct buf *b, struct rng *r, const struct bench *bench, size_t n,
		       int64_t now_us);
/* Its touches, in the arena. */
struct json_parser;
bool bench_batch_parse(struct json_parser *p, str body, struct arena *a, struct intake **items_r,
		       size_t *n_r, err *e) MUST_CHECK;

#endif
