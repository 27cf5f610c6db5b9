/*
 * bench_funnel_int.h - what the parts of trichter bench funnel share.
 *
 * What it is:   the touches as rows of a file, and the questions with the answers that the bare
 *               segment gave.
 * Threads:      one at a time.
 */
#ifndef TRICHTER_BENCH_FUNNEL_INT_H
#define TRICHTER_BENCH_FUNNEL_INT_H

#include "archive/segment.h"
#include "cli/bench_int.h"

#define MS_OF(watch) ((double)(watch) / 1000.0)

/* The best of several: bench_floor.c. */
bool floor_read(const struct segment *s, double *ms_r, uint64_t *bytes_r, err *e) MUST_CHECK;

#define PRODUCT_HEADER "at,name,user_id,source\n"
#define PRODUCT_STEPS  32

struct product_question {
	const char *name;
	int64_t window_us, from_us, to_us;
	bool by_source;
	uint64_t count[PRODUCT_STEPS]; /* what the segment answered */
	double wall_ms, cpu_ms;
};
struct product_load {
	double load_s, open_ms;
};
/* One touch as a row of the file. */
void product_row(struct buf *b, uint64_t person, int64_t at_us, uint32_t name, uint32_t source);
/* Loads the file into a data directory of its own and asks. ERR_CONFLICT: another answer. */
bool product_run(struct bench *b, const char *path, const str *names, size_t names_n,
		 struct product_question *q, size_t n, struct product_load *r, err *e) MUST_CHECK;

#endif
