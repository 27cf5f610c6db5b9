/*
 * funnel_times.c - how long it took from step to step, in classes.
 *
 * What it is:   a histogram whose classes are spans that people name (a minute, an hour, a day, a
 *               week ...), so that steps and answers can be laid side by side.
 * Promises:     every known time is in one class; empty classes stand between the first and the
 *               last that are not, none before and none behind.
 * Threads:      one at a time.
 */
#include "funnel/funnel_int.h"

static const int64_t BOUNDS_US[] = {
	0,
	10 * US_PER_S,
	60 * US_PER_S,
	5 * 60 * US_PER_S,
	15 * 60 * US_PER_S,
	(60 * 60 * US_PER_S),
	4 * (60 * 60 * US_PER_S),
	12 * (60 * 60 * US_PER_S),
	US_PER_DAY,
	2 * US_PER_DAY,
	3 * US_PER_DAY,
	5 * US_PER_DAY,
	7 * US_PER_DAY,
	14 * US_PER_DAY,
	21 * US_PER_DAY,
	30 * US_PER_DAY,
	60 * US_PER_DAY,
	90 * US_PER_DAY,
	180 * US_PER_DAY,
	365 * US_PER_DAY,
	2 * 365 * US_PER_DAY,
	INT64_MAX,
};
#define CLASSES_N (ARRAY_LEN(BOUNDS_US) - 1)

static size_t class_of(int64_t us)
{
	size_t k = 0;
	while (k + 1 < CLASSES_N && us >= BOUNDS_US[k + 1])
		k++;
	return k;
}

bool times_count(const int64_t *times_us, size_t n, struct arena *a, struct funnel_step_result *s,
		 err *e)
{
	uint64_t counts[CLASSES_N] = { 0 };
	size_t first = CLASSES_N, last = 0;
	for (size_t i = 0; i < n; i++)
		counts[class_of(times_us[i])]++;
	for (size_t k = 0; k < CLASSES_N; k++) {
		if (counts[k] == 0)
			continue;
		first = MIN(first, k);
		last = k;
	}
	s->buckets_n = first == CLASSES_N ? 0 : last - first + 1;
	s->buckets = ARENA_ARRAY(a, struct funnel_bucket, s->buckets_n);
	if (!s->buckets)
		return arena_err(a, e);
	for (size_t i = 0; i < s->buckets_n; i++)
		s->buckets[i] = (struct funnel_bucket){ BOUNDS_US[first + i],
							BOUNDS_US[first + i + 1],
							counts[first + i] };
	return true;
}
