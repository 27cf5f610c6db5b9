/*
 * test_sequence_random.c - the general sequence engine against all chains there are, under every
 * parameter.
 *
 * What it is:   random rules and a handful of touches, made to collide: few instants, repeated
 *               steps, touches that fill several steps, re-entries, times before 1970 and at both
 *               ends of what a number holds. CASES=1000000 runs a million.
 */
#include "funnel/chain_int.h"

#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "oracle_attempts.h"

#define CASES_DEFAULT 100000

static bool chance(struct rng *r, double p)
{
	return rng_chance(r, p);
}

static size_t cases(void)
{
	const char *text = getenv("CASES");
	return text ? (size_t)strtoull(text, NULL, 10) : CASES_DEFAULT;
}

static void make_touches(struct rng *r, struct oracle *o, int64_t unit)
{
	static const int64_t bases[] = { 0, -5, -1000000, 1700000000000000, INT64_MIN };
	size_t steps_n = o->rules.steps_n;
	int64_t base = bases[rng_below(r, ARRAY_LEN(bases))];
	uint64_t crowd = 1 + rng_below(r, 3);
	uint64_t span = 1 + rng_below(r, 6);
	int64_t at = base;
	o->n = (size_t)rng_below(r, 7);
	for (size_t i = 0; i < o->n; i++) {
		struct chain_touch *t = &o->touches[i];
		*t = (struct chain_touch){ 0 };
		if (chance(r, 0.65))
			at += (int64_t)rng_below(r, span) * unit;
		t->at_us = at;
		for (uint64_t k = 0; k < crowd && chance(r, 0.85); k++)
			t->mask |= UINT32_C(1) << rng_below(r, steps_n);
		if (o->rules.excludes_n > 0 && chance(r, 0.2))
			t->exclude = (uint32_t)rng_below(r, 1u << o->rules.excludes_n);
		t->hold = (uint32_t)rng_below(r, 3);
	}
	/* The end of time: the last touches move there. */
	if (chance(r, 0.05) && o->n > 1 && o->rules.entry == FUNNEL_ENTRY_ANY)
		for (size_t i = o->n - 1 - (size_t)rng_below(r, o->n - 1); i < o->n; i++)
			o->touches[i].at_us = INT64_MAX - (int64_t)(o->n - 1 - i) / 2;
	if (steps_n > 1 && chance(r, 0.3)) {
		uint32_t both = UINT32_C(1) << rng_below(r, steps_n) |
				UINT32_C(1) << rng_below(r, steps_n);
		for (size_t i = 0; i < o->n; i++)
			if ((o->touches[i].mask & both) != 0)
				o->touches[i].mask |= both;
	}
	if (chance(r, 0.4)) {
		o->rules.from_us = base + (int64_t)rng_below(r, span * 2) * unit;
		o->rules.to_us = o->rules.from_us + (int64_t)rng_below(r, span * 4) * unit;
	}
}

static void make_gaps(struct rng *r, struct chain_rules *u)
{
	u->has_gaps = chance(r, 0.3);
	for (size_t k = 0; k < u->steps_n; k++) {
		u->max_gap_us[k] = chance(r, 0.4) ? (int64_t)rng_below(r, 8) : FUNNEL_GAP_NONE;
		u->min_gap_us[k] = chance(r, 0.4) ? (int64_t)rng_below(r, 4) : 0;
	}
}

static void make_exclusions(struct rng *r, struct chain_rules *u, bool whole)
{
	u->excludes_n = u->steps_n > 1 && chance(r, 0.45) ? 1 + (size_t)rng_below(r, 2) : 0;
	u->policy = (enum funnel_policy)rng_below(r, 3);
	for (size_t x = 0; x < u->excludes_n; x++) {
		size_t from = whole ? 0 : (size_t)rng_below(r, u->steps_n - 1);
		size_t to = whole ? u->steps_n - 1
				  : from + 1 + (size_t)rng_below(r, u->steps_n - 1 - from);
		u->excludes[x] = (struct chain_span){ (uint8_t)from, (uint8_t)to };
	}
}

/* What rules_check refuses does not come here either. */
static void make_rules(struct rng *r, struct chain_rules *u, enum funnel_order order)
{
	*u = (struct chain_rules){ .steps_n = 1 + (size_t)rng_below(r, 4), .order = order };
	u->window_us = chance(r, 0.3) ? FUNNEL_WINDOW_NONE : (int64_t)rng_below(r, 14);
	u->from_us = INT64_MIN;
	u->to_us = INT64_MAX;
	u->clip = chance(r, 0.5);
	u->entry = (enum funnel_entry)rng_below(r, 3);
	u->reuse = (enum funnel_reuse)rng_below(r, 2);
	u->ties = (enum funnel_ties)rng_below(r, 4);
	u->grace_us = (int64_t)rng_below(r, 4);
	u->hold = chance(r, 0.25);
	u->first_ever = chance(r, 0.15) ? UINT32_C(1) << rng_below(r, u->steps_n) : 0;
	bool floats = order == FUNNEL_ANY || order == FUNNEL_ANCHORED;
	if (!floats)
		make_gaps(r, u);
	make_exclusions(r, u, floats);
	if (floats && u->ties == FUNNEL_INCREASE)
		u->ties = FUNNEL_TIES_ANY;
	if (order == FUNNEL_ANCHORED) {
		u->entry = FUNNEL_ENTRY_ANY;
		u->anchors = (uint32_t)rng_below(r, 16);
		if (u->ties == FUNNEL_GRACE)
			u->ties = FUNNEL_TIES_ANY;
	}
	if ((order == FUNNEL_STRICT && u->ties != FUNNEL_INCREASE) ||
	    (order == FUNNEL_STRICT_ORDER && u->ties == FUNNEL_GRACE))
		u->ties = FUNNEL_TIES_ANY;
	if ((order == FUNNEL_ORDERED || order == FUNNEL_STRICT_ORDER) && u->ties != FUNNEL_GRACE &&
	    chance(r, 0.3))
		u->repeat = FUNNEL_STOP;
	bool cuts = order == FUNNEL_STRICT_ORDER || u->repeat == FUNNEL_STOP;
	if (cuts)
		u->policy = FUNNEL_END_ATTEMPT;
	if ((order == FUNNEL_ORDERED || order == FUNNEL_STRICT) && !cuts &&
	    u->ties != FUNNEL_GRACE && u->entry == FUNNEL_ENTRY_ANY && u->steps_n > 1 &&
	    chance(r, 0.3))
		u->optional = (uint32_t)rng_below(r, UINT64_C(1) << u->steps_n) & ~UINT32_C(1);
	if (u->optional != 0 && u->has_gaps)
		u->policy = FUNNEL_END_ATTEMPT;
	u->sessions = u->entry != FUNNEL_ENTRY_EACH && chance(r, 0.1);
	u->same_session = !u->sessions && u->entry != FUNNEL_ENTRY_EACH && chance(r, 0.05);
	if (u->entry == FUNNEL_ENTRY_ANY)
		return;
	/* One way to end at a time, so that the oracle knows which it was. */
	u->policy = FUNNEL_END_ATTEMPT;
	if (u->excludes_n > 0 || order == FUNNEL_STRICT || u->ties == FUNNEL_GRACE)
		u->has_gaps = false;
	for (size_t k = 0; k < u->steps_n; k++)
		u->min_gap_us[k] = 0;
	if (order == FUNNEL_STRICT || cuts)
		u->excludes_n = 0;
	if (cuts)
		u->has_gaps = false;
	for (size_t x = 0; u->ties == FUNNEL_GRACE && x < u->excludes_n; x++)
		u->excludes[x].from = 0;
}

static void say_rules(const struct chain_rules *u)
{
	fprintf(stderr,
		"steps %zu window %jd period [%jd, %jd) clip %d order %d entry %d reuse %d ties %d "
		"grace %jd repeat %d policy %d hold %d sessions %d %d first_ever %x optional %x "
		"anchors %x\n",
		u->steps_n, (intmax_t)u->window_us, (intmax_t)u->from_us, (intmax_t)u->to_us,
		u->clip, u->order, u->entry, u->reuse, u->ties, (intmax_t)u->grace_us, u->repeat,
		u->policy, u->hold, u->sessions, u->same_session, u->first_ever, u->optional,
		u->anchors);
	for (size_t x = 0; x < u->excludes_n; x++)
		fprintf(stderr, "  exclusion %zu: steps %d to %d\n", x, u->excludes[x].from,
			u->excludes[x].to);
	for (size_t k = 1; u->has_gaps && k < u->steps_n; k++)
		fprintf(stderr, "  gap before step %zu: %jd to %jd\n", k,
			(intmax_t)u->min_gap_us[k], (intmax_t)u->max_gap_us[k]);
}

static void say_chain(const struct chain *c)
{
	fprintf(stderr, "  level %zu:", c->level);
	for (size_t i = 0; i < c->level; i++)
		fprintf(stderr, " %zd for step %u", (ssize_t)c->touch[i], c->step[i]);
	fprintf(stderr, "\n");
}

struct gathered {
	struct chain chains[ORACLE_CHAINS];
	size_t n;
};

static bool gather(void *arg, const struct chain *c)
{
	struct gathered *g = arg;
	g->chains[g->n++] = *c;
	return g->n < ORACLE_CHAINS;
}

static bool chain_same(const struct chain *a, const struct chain *b)
{
	bool same = a->level == b->level;
	for (size_t k = 0; same && k < a->level; k++)
		same = a->touch[k] == b->touch[k] && a->step[k] == b->step[k];
	return same;
}

static void compare(const struct oracle *o, const struct gathered *g)
{
	bool same = o->found_n == g->n;
	for (size_t i = 0; same && i < g->n; i++)
		same = chain_same(&o->found[i], &g->chains[i]);
	if (same)
		return;
	say_rules(&o->rules);
	for (size_t i = 0; i < o->n; i++)
		fprintf(stderr, "  touch %zu at %jd mask %x exclude %x hold %u\n", i,
			(intmax_t)o->touches[i].at_us, o->touches[i].mask, o->touches[i].exclude,
			o->touches[i].hold);
	fprintf(stderr, "expected:\n");
	for (size_t i = 0; i < o->found_n; i++)
		say_chain(&o->found[i]);
	fprintf(stderr, "found:\n");
	for (size_t i = 0; i < g->n; i++)
		say_chain(&g->chains[i]);
	fail();
}

static void run(uint64_t seed, enum funnel_order order)
{
	struct rng r;
	size_t levels[ORACLE_STEPS + 1] = { 0 }, several = 0, simple = 0;
	rng_init(&r, seed);
	for (size_t i = 0; i < cases() / 5; i++) {
		struct oracle o = { 0 };
		struct gathered g = { 0 };
		struct sequence *s;
		err e = { 0 };
		make_rules(&r, &o.rules, order);
		bool by_session = o.rules.sessions || o.rules.same_session;
		make_touches(&r, &o, by_session ? FUNNEL_SESSION_US / 2 : 1);
		if (by_session)
			o.rules.window_us = FUNNEL_WINDOW_NONE;
		oracle_run(&o);
		assert_true(sequence_new(&o.rules, &s, &e));
		assert_true(sequence_run(s, o.touches, o.n, gather, &g, &e));
		sequence_free(&s);
		compare(&o, &g);
		if (chain_is_simple(&o.rules)) {
			chain_ordered(&o.rules, o.touches, o.n, &g.chains[0]);
			g.n = g.chains[0].level > 0;
			compare(&o, &g);
			simple++;
		}
		levels[o.found_n > 0 ? o.found[0].level : 0]++;
		several += o.found_n > 1;
	}
	/* A comparison of nothing with nothing would prove nothing. */
	for (size_t l = 0; l < 4; l++)
		assert_true(levels[l] > cases() / 1000);
	assert_true(order != FUNNEL_ORDERED || simple > cases() / 1000);
	assert_true(order == FUNNEL_ANCHORED || several > cases() / 1000);
}

static void ordered_chains_are_the_best_of_all_chains(void **state)
{
	(void)state;
	run(11, FUNNEL_ORDERED);
}
static void chains_in_any_order_are_the_best_of_all_chains(void **state)
{
	(void)state;
	run(12, FUNNEL_ANY);
}
static void strict_chains_are_the_best_of_all_chains(void **state)
{
	(void)state;
	run(13, FUNNEL_STRICT);
}
static void chains_in_strict_order_are_the_best_of_all_chains(void **state)
{
	(void)state;
	run(14, FUNNEL_STRICT_ORDER);
}
static void anchored_chains_are_the_best_of_all_chains(void **state)
{
	(void)state;
	run(15, FUNNEL_ANCHORED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordered_chains_are_the_best_of_all_chains),
		cmocka_unit_test(chains_in_any_order_are_the_best_of_all_chains),
		cmocka_unit_test(strict_chains_are_the_best_of_all_chains),
		cmocka_unit_test(chains_in_strict_order_are_the_best_of_all_chains),
		cmocka_unit_test(anchored_chains_are_the_best_of_all_chains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
