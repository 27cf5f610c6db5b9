/*
 * time_int.h - what the files about time share.
 */
#ifndef TRICHTER_TIME_INT_H
#define TRICHTER_TIME_INT_H

#include "base/time.h"

#define US_PER_MIN    (60 * US_PER_S)
#define US_PER_HOUR   (60 * US_PER_MIN)
#define TIME_DAYS_MIN INT64_C(-719162) /* 0001-01-01 */
#define TIME_DAYS_MAX INT64_C(2932896) /* 9999-12-31 */

/* Rounded down, also below zero; b > 0. */
int64_t floor_div(int64_t a, int64_t b);
/* month 1 … 12. */
int days_in_month(int year, int month);
/* The nearest instant that is in range. */
int64_t time_clamp(int64_t at_us);

/* Input as an error may show it: its beginning, what cannot be printed as "?". Returns `shown`. */
#define TIME_SHOWN_MAX 64
const char *time_show(char shown[TIME_SHOWN_MAX], str s);

/* The instant at which the clocks of the zone show `local_us` (microseconds since 1970 on those
 * clocks). Shown twice: the first of the two. Never shown, because clocks were put forward: as far
 * behind the change as the text is behind the last time shown before it (02:30 becomes 03:30). */
int64_t zone_from_local(int64_t local_us);

#endif
