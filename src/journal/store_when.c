/*
 * store_when.c - which touch was the last at an instant.
 *
 * What it is:   touches are received in the order of their numbers, so the archive is searched by
 *               halves, and only what is left is read.
 * Promises:     the answer of reading all of it. Where numbers are missing, the next touch is
 * asked. Threads:      as the store.
 */
#include "journal/journal_int.h"

#define PROBE_TOUCHES UINT64_C(64)

struct receipt {
	int64_t at_us;
	uint64_t seq;
};

static bool receipt_touch(void *arg, const struct touch *t)
{
	struct receipt *x = arg;
	if (t->received_us > x->at_us)
		return false;
	x->seq = t->seq;
	return true;
}

static bool receipt_one(void *arg, const struct touch *t)
{
	*(struct receipt *)arg = (struct receipt){ t->received_us, t->seq };
	return false;
}

/* The first touch from a number on, up to another: when it was received. seq 0: there is none. */
static bool receipt_from(struct store *s, uint64_t from_seq, uint64_t to_seq, struct receipt *x,
			 err *e)
{
	uint64_t near = MIN(to_seq, from_seq + PROBE_TOUCHES);
	*x = (struct receipt){ 0 };
	if (!store_scan(s, from_seq, near, true, receipt_one, x, e))
		return false;
	/* Numbers may be missing. */
	return x->seq || store_scan(s, near + 1, to_seq, true, receipt_one, x, e);
}

/* Touches are received in the order of their numbers, so the archive is searched by halves, and
 * only what is left is read. */
bool store_seq_at(struct store *s, int64_t at_us, uint64_t *seq_r, err *e)
{
	struct receipt x = { .at_us = at_us };
	uint64_t low = 1, high = s->archive->manifest.last_seq + 1; /* what is before low is old */
	while (high - low > 2 * PROBE_TOUCHES && low < high) {
		struct receipt probe;
		uint64_t mid = low + (high - low) / 2;
		if (!receipt_from(s, mid, s->last_seq, &probe, e))
			return false;
		if (probe.seq == 0 || probe.at_us > at_us) {
			high = mid;
			continue;
		}
		low = mid;
		x.seq = probe.seq;
	}
	if (!store_scan(s, low, s->last_seq, true, receipt_touch, &x, e))
		return false;
	*seq_r = x.seq;
	return true;
}
