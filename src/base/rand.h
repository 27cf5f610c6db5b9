/*
 * rand.h - random numbers: repeatable from a seed, and unguessable from the system.
 */
#ifndef TRICHTER_RAND_H
#define TRICHTER_RAND_H

#include "base/base.h"

/* xoshiro256++ (Blackman, Vigna 2019), seeded by splitmix64. Not for secrets. */
struct rng {
	uint64_t s[4];
};
void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* 0 … n-1, unbiased; n > 0 */
double rng_real(struct rng *r);		       /* 0 ≤ x < 1 */
bool rng_chance(struct rng *r, double p);
double rng_normal(struct rng *r); /* mean 0, standard deviation 1 */
double rng_exponential(struct rng *r, double mean);

void rand_bytes(void *p, size_t n); /* from the system */
uint64_t rand_u64(void);

#endif
