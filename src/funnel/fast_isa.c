/*
 * fast_isa.c - which instruction set the fast path uses.
 *
 * What it is:   the best that the processor has, unless somebody says otherwise.
 * Threads:      any; forcing is for tests, before questions are asked.
 */
#include "funnel/fast_kit_int.h"
#include "funnel/fast.h"

#include <stdlib.h>

static const struct {
	const char *name;
	const struct fast_kit *kit;
} sets[FAST_ISAS_N] = {
	[FAST_PLAIN] = { "plain", &fast_plain },
#ifdef __x86_64__
	[FAST_AVX2] = { "avx2", &fast_avx2 },
	[FAST_AVX512] = { "avx512", &fast_avx512 },
#endif
};

static _Atomic enum fast_isa forced = FAST_ISAS_N;

bool fast_isa_has(enum fast_isa isa)
{
#ifdef __x86_64__
	__builtin_cpu_init();
	if (isa == FAST_AVX2)
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
	if (isa == FAST_AVX512)
		return __builtin_cpu_supports("avx512vbmi") &&
		       __builtin_cpu_supports("avx512vbmi2") &&
		       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
		       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
#endif
	return isa == FAST_PLAIN;
}

/* What the environment asks for, when the processor has it. */
static enum fast_isa isa_of_environment(void)
{
	const char *name = getenv("TRICHTER_ISA");
	for (enum fast_isa i = FAST_PLAIN; name && i < FAST_ISAS_N; i++)
		if (sets[i].name && str_eq(str_of(name), str_of(sets[i].name)) && fast_isa_has(i))
			return i;
	return FAST_ISAS_N;
}

enum fast_isa fast_isa_used(void)
{
	enum fast_isa isa = forced;
	if (isa == FAST_ISAS_N)
		isa = isa_of_environment();
	if (isa != FAST_ISAS_N)
		return isa;
	return fast_isa_has(FAST_AVX512) ? FAST_AVX512
	       : fast_isa_has(FAST_AVX2) ? FAST_AVX2
					 : FAST_PLAIN;
}

void fast_isa_force(enum fast_isa isa)
{
	CHECK(isa == FAST_ISAS_N || fast_isa_has(isa));
	forced = isa;
}

const struct fast_kit *fast_kit_used(void)
{
	return sets[fast_isa_used()].kit;
}

const char *fast_isa_name(void)
{
	return sets[fast_isa_used()].name;
}
