/*
 * rand.c - xoshiro256++ and what is drawn from it; secrets from the system.
 *
 * What it is:   D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", 2019.
 * Promises:     the same seed gives the same integers and rng_real on every machine; the last digit
 *               of what goes through a logarithm is the mathematical library's.
 */
#include "base/rand.h"

#include <errno.h>
#include <math.h>
#include <sys/random.h>

static uint64_t splitmix64(uint64_t *x)
{
	uint64_t z = *x += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

void rng_init(struct rng *r, uint64_t seed)
{
	for (size_t i = 0; i < ARRAY_LEN(r->s); i++)
		r->s[i] = splitmix64(&seed);
}

static uint64_t rotl(uint64_t x, unsigned k)
{
	return x << k | x >> (64 - k);
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotl(s[0] + s[3], 23) + s[0];
	uint64_t t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

/* D. Lemire, "Fast random integer generation in an interval", 2019. */
uint64_t rng_below(struct rng *r, uint64_t n)
{
	CHECK(n > 0);
	unsigned __int128 wide = (unsigned __int128)rng_u64(r) * n;
	if ((uint64_t)wide < n) {
		uint64_t least = -n % n;
		while ((uint64_t)wide < least)
			wide = (unsigned __int128)rng_u64(r) * n;
	}
	return (uint64_t)(wide >> 64);
}

double rng_real(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

bool rng_chance(struct rng *r, double p)
{
	return rng_real(r) < p;
}

/* Marsaglia's polar method; the second number of each pair is thrown away, so that the state stays
 * the four words alone. */
double rng_normal(struct rng *r)
{
	double u;
	double q;
	do {
		u = 2 * rng_real(r) - 1;
		double v = 2 * rng_real(r) - 1;
		q = u * u + v * v;
	} while (q >= 1 || q <= 0);
	return u * sqrt(-2 * log(q) / q);
}

double rng_exponential(struct rng *r, double mean)
{
	return -mean * log1p(-rng_real(r));
}

void rand_bytes(void *p, size_t n)
{
	unsigned char *at = p;
	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);
		/* Without the system's random numbers nothing secret may be made. */
		CHECK(got > 0 || (got < 0 && errno == EINTR));
		if (got <= 0)
			continue;
		at += got;
		n -= (size_t)got;
	}
}

uint64_t rand_u64(void)
{
	uint64_t v;
	rand_bytes(&v, sizeof v);
	return v;
}
