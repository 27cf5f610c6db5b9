/*
 * test_chain_random.c - the sequence engines against all chains there are.
 *
 * What it is:   an oracle that shares no idea with the engines: it walks every assignment of
 * touches to steps, asks FUNNEL.md's conditions of each, and keeps the best. Random cases are small
 * and made to collide: few instants, repeated steps, touches that fill several steps, windows of
 * nothing, periods that cut.
 */
#include "funnel/chain_int.h"
#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define TOUCHES_MAX 9
#define STEPS_MAX   6

struct sample {
	struct chain_rules rules;
	struct chain_touch touches[TOUCHES_MAX];
	size_t n;
};

struct found {
	size_t level;
	size_t touch[STEPS_MAX];
	size_t step[STEPS_MAX];
};

static bool within(const struct sample *s, int64_t first_us, int64_t at_us)
{
	return s->rules.window_us == FUNNEL_WINDOW_NONE || at_us - first_us <= s->rules.window_us;
}

static bool in_period(const struct sample *s, int64_t at_us)
{
	return at_us >= s->rules.from_us && at_us < s->rules.to_us;
}

/* The order in which chains are preferred, said once more in the plainest way. */
static bool better(const struct sample *s, const struct found *a, const struct found *b)
{
	if (a->level != b->level)
		return a->level > b->level;
	if (a->level == 0)
		return false;
	int64_t end_a = s->touches[a->touch[a->level - 1]].at_us;
	int64_t end_b = s->touches[b->touch[b->level - 1]].at_us;
	if (end_a != end_b)
		return end_a < end_b;
	for (size_t i = 0; i < a->level; i++)
		if (s->touches[a->touch[i]].at_us != s->touches[b->touch[i]].at_us)
			return s->touches[a->touch[i]].at_us < s->touches[b->touch[i]].at_us;
	for (size_t i = 0; i < a->level; i++)
		if (a->touch[i] != b->touch[i])
			return a->touch[i] < b->touch[i];
	for (size_t i = 0; i < a->level; i++)
		if (a->step[i] != b->step[i])
			return a->step[i] < b->step[i];
	return false;
}

/* All chains that go on from `now`. In order: step k is filled by a touch not earlier than the
 * last. In any order: the touches are taken by their place, each filling a step that is still free.
 */
static void all_chains(const struct sample *s, bool any, struct found *now, struct found *best)
{
	if (better(s, now, best))
		*best = *now;
	for (size_t t = 0; t < s->n && now->level < s->rules.steps_n; t++) {
		const struct chain_touch *touch = &s->touches[t];
		size_t l = now->level;
		bool used = false;
		for (size_t i = 0; i < l; i++)
			used = used || now->touch[i] == t;
		if (used || (s->rules.clip && !in_period(s, touch->at_us)))
			continue;
		if (l == 0 && !in_period(s, touch->at_us))
			continue;
		if (l > 0 && (touch->at_us < s->touches[now->touch[l - 1]].at_us ||
			      !within(s, s->touches[now->touch[0]].at_us, touch->at_us)))
			continue;
		if (any && l > 0 && t < now->touch[l - 1])
			continue;
		for (size_t step = 0; step < s->rules.steps_n; step++) {
			bool taken = !any && step != l;
			for (size_t i = 0; any && i < l; i++)
				taken = taken || now->step[i] == step;
			if (taken || (touch->mask >> step & 1) == 0)
				continue;
			now->touch[l] = t;
			now->step[l] = step;
			now->level = l + 1;
			all_chains(s, any, now, best);
			now->level = l;
		}
	}
}

static void make_sample(struct rng *r, struct sample *s, size_t steps_max, size_t touches_max)
{
	static const int64_t bases[] = { 0, -5, -1000000, 1700000000000000, TIME_MIN_US };
	int64_t base = bases[rng_below(r, ARRAY_LEN(bases))];
	uint64_t span = 1 + rng_below(r, 12);
	uint64_t crowd = 1 + rng_below(r, 4); /* how many steps a touch tends to fill */
	memset(s, 0, sizeof *s);
	s->rules.steps_n = 1 + (size_t)rng_below(r, steps_max);
	s->n = (size_t)rng_below(r, touches_max + 1);
	int64_t at = base;
	for (size_t i = 0; i < s->n; i++) {
		at += rng_chance(r, 0.5) ? (int64_t)rng_below(r, span) : 0;
		s->touches[i].at_us = at;
		for (uint64_t k = 0; k < crowd; k++)
			s->touches[i].mask |= UINT32_C(1) << rng_below(r, s->rules.steps_n);
	}
	/* A repeated step: whatever fills the one fills the other. */
	if (s->rules.steps_n > 1 && rng_chance(r, 0.4)) {
		size_t a = (size_t)rng_below(r, s->rules.steps_n);
		size_t b = (size_t)rng_below(r, s->rules.steps_n);
		for (size_t i = 0; i < s->n; i++)
			if ((s->touches[i].mask >> a & 1) != 0 ||
			    (s->touches[i].mask >> b & 1) != 0)
				s->touches[i].mask |= UINT32_C(1) << a | UINT32_C(1) << b;
	}
	uint64_t kind = rng_below(r, 4);
	s->rules.window_us = kind == 0	 ? 0
			     : kind == 1 ? FUNNEL_WINDOW_NONE
					 : (int64_t)rng_below(r, 2 * span + 3);
	s->rules.from_us = INT64_MIN;
	s->rules.to_us = INT64_MAX;
	if (rng_chance(r, 0.5)) {
		s->rules.from_us = base + (int64_t)rng_below(r, span * 2) - 2;
		s->rules.to_us = s->rules.from_us + (int64_t)rng_below(r, span * 3);
	}
	s->rules.clip = rng_chance(r, 0.5);
}

static void say(const struct sample *s, const struct found *want, const struct chain *got)
{
	fprintf(stderr, "steps %zu window %jd period [%jd, %jd) clip %d\n", s->rules.steps_n,
		(intmax_t)s->rules.window_us, (intmax_t)s->rules.from_us, (intmax_t)s->rules.to_us,
		s->rules.clip);
	for (size_t i = 0; i < s->n; i++)
		fprintf(stderr, "  touch %zu at %jd mask %x\n", i, (intmax_t)s->touches[i].at_us,
			s->touches[i].mask);
	fprintf(stderr, "expected:");
	for (size_t i = 0; i < want->level; i++)
		fprintf(stderr, " %zd for step %zu", (ssize_t)want->touch[i], want->step[i]);
	fprintf(stderr, "\nfound:");
	for (size_t i = 0; i < got->level; i++)
		fprintf(stderr, " %zd for step %u", (ssize_t)got->touch[i], got->step[i]);
	fprintf(stderr, "\n");
}

static void compare(const struct sample *s, const struct found *want, const struct chain *got)
{
	bool same = want->level == got->level;
	for (size_t i = 0; same && i < want->level; i++)
		same = want->touch[i] == got->touch[i] && want->step[i] == got->step[i];
	if (!same)
		say(s, want, got);
	assert_true(same);
}

static void run(uint64_t seed, size_t cases, size_t steps_max, size_t touches_max, bool any)
{
	struct rng r;
	size_t levels[STEPS_MAX + 1] = { 0 };
	rng_init(&r, seed);
	for (size_t i = 0; i < cases; i++) {
		struct sample s;
		struct found now = { 0 }, best = { 0 };
		struct chain chain;
		make_sample(&r, &s, steps_max, touches_max);
		all_chains(&s, any, &now, &best);
		if (any)
			chain_any(&s.rules, s.touches, s.n, &chain);
		else
			chain_ordered(&s.rules, s.touches, s.n, &chain);
		compare(&s, &best, &chain);
		levels[chain.level]++;
	}
	/* A comparison of nothing with nothing would prove nothing. */
	for (size_t l = 0; l <= steps_max; l++)
		assert_true(levels[l] > 0);
}

static void the_ordered_chain_is_the_best_of_all_chains(void **state)
{
	(void)state;
	run(1, 300000, 4, 6, false);
	run(2, 20000, STEPS_MAX, TOUCHES_MAX, false);
}

static void the_chain_in_any_order_is_the_best_of_all_chains(void **state)
{
	(void)state;
	run(3, 300000, 4, 6, true);
	run(4, 20000, STEPS_MAX, 8, true);
}

/* The lifecycle by its definition, one visit after another, one stage after another. */
static struct found lifecycle_from(const struct sample *s, bool in_order, size_t visit)
{
	struct found f = { .level = 1, .touch = { visit } };
	for (size_t k = 0; k < s->rules.steps_n; k++) {
		size_t chosen = CHAIN_NONE;
		for (size_t t = 0; t < s->n && chosen == CHAIN_NONE; t++) {
			int64_t at = s->touches[t].at_us;
			bool ok = (s->touches[t].mask >> k & 1) != 0 &&
				  at >= s->touches[visit].at_us &&
				  within(s, s->touches[visit].at_us, at) &&
				  (!s->rules.clip || in_period(s, at));
			for (size_t j = 0; ok && in_order && j < k; j++)
				for (size_t u = 0; u < s->n; u++)
					if ((s->touches[u].mask >> j & 1) != 0 &&
					    s->touches[u].at_us >= s->touches[visit].at_us) {
						/* the first entry of an earlier stage */
						bool known = within(s, s->touches[visit].at_us,
								    s->touches[u].at_us) &&
							     (!s->rules.clip ||
							      in_period(s, s->touches[u].at_us));
						ok = ok && (!known || s->touches[u].at_us <= at);
						break;
					}
			if (ok)
				chosen = t;
		}
		f.touch[k + 1] = chosen;
		f.step[k + 1] = k + 1;
		if (chosen != CHAIN_NONE)
			f.level = k + 2;
	}
	return f;
}

static void the_lifecycle_is_the_furthest_of_all_visits(void **state)
{
	struct rng r;
	(void)state;
	rng_init(&r, 5);
	for (size_t i = 0; i < 200000; i++) {
		struct sample s;
		struct found best = { 0 };
		struct chain chain;
		bool in_order = rng_chance(&r, 0.7);
		make_sample(&r, &s, STEPS_MAX - 1, TOUCHES_MAX);
		for (size_t t = 0; t < s.n; t++)
			if (rng_chance(&r, 0.5))
				s.touches[t].mask &= UINT32_C(1) << rng_below(&r, STEPS_MAX);
		for (size_t t = 0; t < s.n; t++) {
			if (!in_period(&s, s.touches[t].at_us))
				continue;
			struct found f = lifecycle_from(&s, in_order, t);
			bool first = best.level == 0 || f.level > best.level;
			if (!first && f.level == best.level && f.level > 1)
				first = s.touches[f.touch[f.level - 1]].at_us <
					s.touches[best.touch[best.level - 1]].at_us;
			if (first)
				best = f;
		}
		lifecycle_chain(&s.rules, in_order, s.touches, s.n, &chain);
		compare(&s, &best, &chain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ordered_chain_is_the_best_of_all_chains),
		cmocka_unit_test(the_chain_in_any_order_is_the_best_of_all_chains),
		cmocka_unit_test(the_lifecycle_is_the_furthest_of_all_visits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
