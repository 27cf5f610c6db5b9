/*
 * bench_floor.c - what memory can deliver: the floor under every question.
 *
 * What it is:   all bytes of the columns that a funnel needs, read once by two threads and added
 * up. Threads:      starts two.
 */
#include "cli/bench_funnel_int.h"

#include "base/thread.h"

#include <string.h>

#define READERS_N 2
#define REPEATS	  9

struct reading {
	const struct column *columns[4];
	size_t first; /* every other block */
	uint64_t sum, bytes;
	struct thread thread;
	err e;
	bool failed;
};

static void *read_blocks(void *arg)
{
	struct reading *r = arg;
	struct column_block b;
	for (size_t c = 0; c < ARRAY_LEN(r->columns); c++) {
		for (size_t i = r->first; i < column_blocks(r->columns[c]); i += READERS_N) {
			uint64_t word, sum[4] = { 0 };
			if (!column_block(r->columns[c], i, &b, &r->e)) {
				r->failed = true;
				return NULL;
			}
			for (size_t at = 0; at + 32 <= b.bytes_n; at += 32) {
				for (size_t k = 0; k < 4; k++) {
					memcpy(&word, b.bytes + at + k * 8, sizeof word);
					sum[k] += word;
				}
			}
			r->sum += sum[0] + sum[1] + sum[2] + sum[3];
			r->bytes += b.bytes_n;
		}
	}
	return NULL;
}

/* All bytes of the columns that the questions need, by two threads. */
bool floor_read(const struct segment *s, double *ms_r, uint64_t *bytes_r, err *e)
{
	for (size_t n = 0; n < REPEATS; n++) {
		struct reading r[READERS_N] = { 0 };
		struct stopwatch start = stopwatch_start();
		bool ok = true;
		for (size_t i = 0; i < READERS_N; i++) {
			r[i] = (struct reading){ .columns = { segment_name(s), segment_at(s),
							      segment_subject(s),
							      segment_count(s) },
						 .first = i };
			ok = ok && thread_start(&r[i].thread, "reading", read_blocks, &r[i], e);
		}
		*bytes_r = 0;
		for (size_t i = 0; i < READERS_N; i++) {
			thread_join(&r[i].thread);
			*bytes_r += r[i].bytes;
			if (ok && r[i].failed)
				*e = r[i].e;
			ok = ok && !r[i].failed;
		}
		if (!ok)
			return false;
		double ms = MS_OF(stopwatch_since(start).wall_us);
		*ms_r = n == 0 ? ms : MIN(*ms_r, ms);
	}
	return true;
}
