/*
 * correlate_int.h - what comes with conversion.
 *
 * What it is:   private to funnel/.
 */
#ifndef TRICHTER_FUNNEL_CORRELATE_INT_H
#define TRICHTER_FUNNEL_CORRELATE_INT_H

#include "funnel/gather_int.h"

/* Fills the factors of the answer: of the subjects in `list`, those with all `rows_n` steps beside
 * the others. `a`: of the answer. */
bool correlate_run(struct gathering *g, struct progress *const *list, size_t n, struct arena *a,
		   struct arena *scratch, struct funnel_result *r, err *e) MUST_CHECK;
/* The odds ratio of four counts with its interval. */
void factor_reckon(struct funnel_factor *f);

#endif
