/*
 * funnel_versus.c - two funnels side by side: is the difference more than chance?
 *
 * What it is:   the steps of the answer beside the same steps of others (another rule), with the
 *               difference of the shares and the probability of one at least as great if both came
 *               from one population. Two-sided; by the pooled two-proportion z test where every
 *               expected count is at least 5, by Fisher's exact test where one is not (A. Agresti,
 *               Categorical Data Analysis, 3rd ed., sections 3.2 and 3.5; W. G. Cochran's rule
 *               of 5, Biometrics 10, 1954).
 * Promises:     what has no people has no share and no probability: NaN. Who is in both groups is
 *               counted in both, which makes the test cautious.
 * Threads:      any.
 */
#include "funnel/funnel_int.h"

#include <math.h>

#define EXPECTED_MIN 5.0

static double log_choose(double n, double k)
{
	return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/* Sums the tables with the same margins that are no more likely than this one. */
static double fisher(double a, double n1, double c, double n2)
{
	double hits = a + c, all = log_choose(n1 + n2, hits);
	double low = MAX(0.0, hits - n2), high = MIN(n1, hits);
	double own = log_choose(n1, a) + log_choose(n2, c) - all;
	double p = 0;
	for (double x = low; x <= high; x += 1) {
		double other = log_choose(n1, x) + log_choose(n2, hits - x) - all;
		/* Equally likely ones differ by rounding alone. */
		if (other <= own + 1e-7)
			p += exp(other);
	}
	return MIN(p, 1.0);
}

double versus_p_value(uint64_t a, uint64_t n1, uint64_t c, uint64_t n2)
{
	double x1 = (double)a, x2 = (double)c, m1 = (double)n1, m2 = (double)n2;
	if (n1 == 0 || n2 == 0 || a > n1 || c > n2)
		return (double)NAN;
	if (a + c == 0 || a + c == n1 + n2)
		return 1;
	double pooled = (x1 + x2) / (m1 + m2);
	double least = MIN(m1, m2) * MIN(pooled, 1 - pooled);
	if (least < EXPECTED_MIN)
		return fisher(x1, m1, x2, m2);
	double z = (x2 / m2 - x1 / m1) / sqrt(pooled * (1 - pooled) * (1 / m1 + 1 / m2));
	return erfc(fabs(z) / M_SQRT2);
}

bool versus_make(struct funnel_result *r, const struct funnel_result *other, struct arena *a,
		 err *e)
{
	struct funnel_versus *v = ARENA_NEW(a, struct funnel_versus);
	size_t n = r->steps_n;
	if (!v)
		return arena_err(a, e);
	v->steps = ARENA_ARRAY(a, struct funnel_step_result, n);
	v->difference = ARENA_ARRAY(a, double, n);
	v->p_value = ARENA_ARRAY(a, double, n);
	if (!v->steps || !v->difference || !v->p_value)
		return arena_err(a, e);
	for (size_t k = 0; k < n; k++) {
		v->steps[k] = other->steps[k];
		v->steps[k].name = r->steps[k].name;
		v->steps[k].buckets_n = 0;
		v->difference[k] = other->steps[k].from_first - r->steps[k].from_first;
		v->p_value[k] = k == 0 ? (double)NAN
				       : versus_p_value(r->steps[k].count, r->steps[0].count,
							other->steps[k].count,
							other->steps[0].count);
	}
	r->versus = v;
	return true;
}
