/*
 * gunzip.h - a body that came compressed, with a largest size of what comes out.
 */
#ifndef TRICHTER_GUNZIP_H
#define TRICHTER_GUNZIP_H

#include "base/str.h"

/* One gzip member, all of it, into the arena. ERR_LIMIT: more than `bytes_max` would come out, of
 * which nothing is made; ERR_INVALID: it is none, or not whole. */
bool gunzip(str in, size_t bytes_max, struct arena *a, str *out_r, err *e) MUST_CHECK;

#endif
