/*
 * gzip.h - compression of answers for browsers, on zlib.
 *
 * What it is:   a compressor that is used again and again, since making one costs more than a small
 *               answer.
 * Promises:     one complete gzip member (RFC 1952) per call; no time and no name in it.
 * Threads:      one at a time per compressor.
 */
#ifndef TRICHTER_GZIP_H
#define TRICHTER_GZIP_H

#include "base/buf.h"

struct gzip {
	struct gzip *next; /* for the owner's list */
	struct gzip_state *state;
};

#define GZIP_FAST 1
#define GZIP_BEST 9

bool gzip_new(struct gzip **g_r, int level, err *e) MUST_CHECK;
void gzip_free(struct gzip **g);
/* Appends `in`, compressed, to `out`. */
bool gzip_compress(struct gzip *g, str in, struct buf *out, err *e) MUST_CHECK;

#endif
