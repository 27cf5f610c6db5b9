/*
 * time_parse_int.h - the pieces from which both readers of time are made.
 *
 * What it is:   each read_… takes what it reads off the front of *s; when it returns false, *s is
 *               no longer of use.
 */
#ifndef TRICHTER_TIME_PARSE_INT_H
#define TRICHTER_TIME_PARSE_INT_H

#include "base/time_int.h"

/* `least` to `most` (at most 9) decimal digits. */
bool read_digits(str *s, size_t least, size_t most, int *v_r);
bool read_char(str *s, char c);
/* 1 to 9 digits after the point, cut to microseconds. */
bool read_fraction(str *s, int64_t *us_r);
/* "Z", "+01:00", "+0100", "+01". */
bool read_offset(str *s, int32_t *offset_s_r);

/* Microseconds since midnight. */
int64_t clock_us(int hour, int minute, int second, int64_t fraction_us);
/* What clocks showed as an instant: by the offset, or by the zone where `offset_s` is NULL. */
bool time_from_local(int64_t local_us, const int32_t *offset_s, int64_t *at_us_r,
		     const char **why_r);
/* Says that `s` is no `what`; always false. */
bool time_refuse(err *e, str s, const char *what, const char *why);

#endif
