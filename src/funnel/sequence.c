/*
 * sequence.c - the general sequence engine: what one subject's touches give under all parameters.
 *
 * What it is:   the outer loops of FUNNEL.md. A chain has touches of one session, when sessions are
 *               asked for, and of one value, when something is held; so each session and each value
 *               is looked at by itself. Steps that float are tried in each order, steps that may be
 *               passed over with and without: so what is left is always a plain list of steps, one
 *               after the other, which sequence_entry.c runs. Of all chains found the best is
 *               reported: the longest; then that complete first; then that with the most steps;
 * then that whose touches are earliest. Promises:     exact for every combination that rules_check
 * lets pass.
 */
#include "funnel/sequence_int.h"

#include "base/mem.h"

#include <string.h>

#define STATES_MIN 4096

/* ---- memory ---------------------------------------------------------------------------------- */

static void sequence_drop(struct sequence *s)
{
	mem_free(s->view);
	mem_free(s->place);
	mem_free(s->kept);
	mem_free(s->kept_place);
	mem_free(s->begins);
	mem_free(s->clean[0].at);
	mem_free(s->traces);
	mem_free(s->trace_words);
	mem_free(s->cover);
	mem_free(s->states);
	s->view = s->kept = NULL;
	s->place = s->kept_place = NULL;
	s->begins = NULL;
	s->clean[0].at = NULL;
	s->traces = NULL;
	s->trace_words = NULL;
	s->cover = NULL;
	s->states = NULL;
	s->cap = 0;
}

/* Room for `n` touches. A node stands in one list of its level at a time, tainted ones in two. */
static bool sequence_fit(struct sequence *s, size_t n, err *e)
{
	size_t levels = s->asked.steps_n + 1;
	if (n <= s->cap)
		return true;
	if (n > UINT32_MAX / 8 / LEVELS)
		return err_set(e, ERR_LIMIT,
			       "%zu touches of one subject are more than a funnel "
			       "looks at",
			       n);
	sequence_drop(s);
	n = MAX(n + n / 2, (size_t)64);
	uint32_t *nodes = mem_zalloc(levels * 4 * n, sizeof *nodes);
	s->clean[0].at = nodes;
	s->view = mem_zalloc(n, sizeof *s->view);
	s->place = mem_zalloc(n, sizeof *s->place);
	s->kept = mem_zalloc(n, sizeof *s->kept);
	s->kept_place = mem_zalloc(n, sizeof *s->kept_place);
	s->begins = mem_zalloc(n, sizeof *s->begins);
	s->traces = mem_zalloc(n, sizeof *s->traces);
	s->trace_words = mem_zalloc(n * levels * 4, sizeof *s->trace_words);
	s->cover = mem_zalloc(levels * (n + 1), sizeof *s->cover);
	s->states_cap = s->asked.ties == FUNNEL_GRACE ? STATES_MIN + n : 1;
	s->states = mem_zalloc(s->states_cap, sizeof *s->states);
	if (!nodes || !s->view || !s->place || !s->kept || !s->kept_place || !s->begins ||
	    !s->traces || !s->trace_words || !s->cover || !s->states) {
		sequence_drop(s);
		return err_set(e, ERR_NOMEM, "no memory for the touches of one subject");
	}
	for (size_t l = 0; l < levels; l++) {
		s->clean[l].at = nodes + 4 * n * l;
		s->idle[l].at = s->clean[l].at + n;
		s->tainted[l].at = s->idle[l].at + n;
	}
	for (size_t q = 0; q < n; q++) {
		uint32_t *words = s->trace_words + q * levels * 4;
		s->traces[q] = (struct trace){ words, words + levels, words + 2 * levels,
					       words + 3 * levels, 0 };
	}
	s->cap = n;
	return true;
}

bool sequence_new(const struct chain_rules *rules, struct sequence **s_r, err *e)
{
	struct sequence *s = mem_zalloc(1, sizeof *s);
	if (!s)
		return err_set(e, ERR_NOMEM, "no memory for a sequence engine");
	s->asked = *rules;
	*s_r = s;
	return true;
}

void sequence_free(struct sequence **s)
{
	if (*s)
		sequence_drop(*s);
	mem_free(*s);
	*s = NULL;
}

/* ---- which of two chains is reported --------------------------------------------------------- */

static int64_t chain_complete_us(const struct chain_touch *touches, const struct chain *c)
{
	int64_t at_us = INT64_MIN;
	for (size_t k = 0; k < c->level; k++)
		if (c->touch[k] != CHAIN_NONE)
			at_us = MAX(at_us, touches[c->touch[k]].at_us);
	return at_us;
}

static size_t chain_filled(const struct chain *c)
{
	size_t n = 0;
	for (size_t k = 0; k < c->level; k++)
		n += c->touch[k] != CHAIN_NONE;
	return n;
}

static int cmp_us(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* <0: a. A step that was passed over comes after one that was not. */
static int row_cmp(const struct chain_touch *touches, size_t a, size_t b, bool by_instant)
{
	if (a == CHAIN_NONE || b == CHAIN_NONE)
		return (a == CHAIN_NONE) - (b == CHAIN_NONE);
	return by_instant ? cmp_us(touches[a].at_us, touches[b].at_us) : (a > b) - (a < b);
}

/* <0: a. By instants first (where touches are not swapped), then by places in the total order, then
 * by steps. */
static int chain_cmp(const struct sequence *s, const struct chain *a, const struct chain *b)
{
	const struct chain_touch *touches = s->touches;
	bool swapped = s->asked.ties == FUNNEL_GRACE && s->asked.order != FUNNEL_ANY;
	int c = (a->level < b->level) - (a->level > b->level);
	if (c == 0)
		c = cmp_us(chain_complete_us(touches, a), chain_complete_us(touches, b));
	if (c == 0)
		c = (chain_filled(a) < chain_filled(b)) - (chain_filled(a) > chain_filled(b));
	for (size_t k = 0; c == 0 && !swapped && k < a->level; k++)
		c = row_cmp(touches, a->touch[k], b->touch[k], true);
	for (size_t k = 0; c == 0 && k < a->level; k++)
		c = row_cmp(touches, a->touch[k], b->touch[k], false);
	for (size_t k = 0; c == 0 && k < a->level; k++)
		c = (a->step[k] > b->step[k]) - (a->step[k] < b->step[k]);
	return c;
}

/* How many of the steps asked a chain of `level` steps in view has come to. */
static size_t level_asked(const struct sequence *s, size_t level)
{
	return level == 0 || s->asked.optional == 0 ? level : (size_t)s->step_of[level - 1] + 1;
}

void sequence_tainted(struct sequence *s, size_t level)
{
	s->tainted_level = MAX(s->tainted_level, level_asked(s, level));
}

bool sequence_take(struct sequence *s, const struct chain *c)
{
	struct chain own = { .level = level_asked(s, c->level) };
	for (size_t k = 0; s->asked.optional != 0 && k < own.level; k++) {
		own.touch[k] = CHAIN_NONE;
		own.step[k] = (uint8_t)k;
	}
	for (size_t k = 0; k < c->level; k++) {
		uint8_t step = s->step_of[c->step[k]];
		size_t row = s->asked.optional != 0 ? step : k;
		own.touch[row] = s->place[c->touch[k]];
		own.step[row] = step;
	}
	if (s->asked.entry == FUNNEL_ENTRY_EACH)
		return s->each(s->arg, &own);
	if (s->best.level == 0 || chain_cmp(s, &own, &s->best) < 0)
		s->best = own;
	return true;
}

/* ---- which steps, in which order ------------------------------------------------------------- */

/* The funnel in view has these of the steps, in this order. */
static void rules_in_view(struct sequence *s, const uint8_t *steps, size_t n)
{
	struct chain_rules *r = &s->rules;
	const struct chain_rules *asked = &s->asked;
	*r = *asked;
	r->steps_n = n;
	if (r->order == FUNNEL_ANCHORED)
		r->order = FUNNEL_ORDERED;
	memcpy(s->step_of, steps, n);
	for (size_t k = 0; k < n; k++) {
		r->max_gap_us[k] = asked->max_gap_us[steps[k]];
		r->min_gap_us[k] = asked->min_gap_us[steps[k]];
	}
	/* Beside a step that is passed over a span opens, or closes, with the nearest one kept. */
	for (size_t x = 0; asked->optional != 0 && x < asked->excludes_n; x++) {
		size_t from = 0, to = n;
		for (size_t k = 0; k < n; k++)
			if (steps[k] <= asked->excludes[x].from)
				from = k;
		for (size_t k = n; k-- > 0;)
			if (steps[k] >= asked->excludes[x].to)
				to = k;
		r->excludes[x] = (struct chain_span){ (uint8_t)from, (uint8_t)to };
	}
}

static bool run_view(struct sequence *s, const uint8_t *steps, size_t n, size_t kept_n)
{
	rules_in_view(s, steps, n);
	/* Attempts wear out the touches that they used, so there is always a fresh view. */
	s->n = kept_n;
	memcpy(s->view, s->kept, kept_n * sizeof *s->view);
	memcpy(s->place, s->kept_place, kept_n * sizeof *s->place);
	if (s->asked.optional != 0 || s->asked.order == FUNNEL_ANCHORED) {
		for (size_t i = 0; i < kept_n; i++) {
			uint32_t mask = 0;
			for (size_t k = 0; k < n; k++)
				mask |= (s->kept[i].mask >> steps[k] & 1) << k;
			s->view[i].mask = mask;
		}
	}
	return entries_run(s);
}

/* Each order in which the steps that float between two anchors can come. `present`: steps that some
 * touch fills; behind the first that none does no order makes a difference, so it comes last. */
static bool run_orders(struct sequence *s, uint8_t *steps, size_t from, uint32_t present,
		       size_t kept_n)
{
	size_t n = s->asked.steps_n;
	size_t to = from;
	bool any = false;
	if (from == n)
		return run_view(s, steps, n, kept_n);
	if ((s->asked.anchors >> steps[from] & 1) != 0)
		return (present >> steps[from] & 1) != 0
			       ? run_orders(s, steps, from + 1, present, kept_n)
			       : run_view(s, steps, n, kept_n);
	while (to < n && (s->asked.anchors >> steps[to] & 1) == 0)
		to++;
	for (size_t k = from; k < to; k++) {
		uint8_t first = steps[from], chosen = steps[k];
		if ((present >> chosen & 1) == 0)
			continue;
		any = true;
		steps[from] = chosen;
		steps[k] = first;
		bool on = run_orders(s, steps, from + 1, present, kept_n);
		steps[from] = first;
		steps[k] = chosen;
		if (!on)
			return false;
	}
	return any || run_view(s, steps, n, kept_n);
}

/* With each set of the optional steps. The last one need not be left out: who does not come to it
 * came to the step before. */
static bool run_options(struct sequence *s, size_t kept_n)
{
	uint32_t optional = s->asked.optional & ~(UINT32_C(1) << (s->asked.steps_n - 1));
	uint32_t without = 0;
	do {
		uint8_t steps[FUNNEL_STEPS_MAX];
		size_t n = 0;
		for (size_t k = 0; k < s->asked.steps_n; k++)
			if ((without >> k & 1) == 0)
				steps[n++] = (uint8_t)k;
		if (!run_view(s, steps, n, kept_n))
			return false;
		without = (without - optional) & optional;
	} while (without != 0);
	return true;
}

static bool run_kept(struct sequence *s, size_t kept_n)
{
	uint8_t steps[FUNNEL_STEPS_MAX];
	if (s->asked.optional != 0)
		return run_options(s, kept_n);
	for (size_t k = 0; k < s->asked.steps_n; k++)
		steps[k] = (uint8_t)k;
	if (s->asked.order != FUNNEL_ANCHORED)
		return run_view(s, steps, s->asked.steps_n, kept_n);
	uint32_t present = 0;
	for (size_t i = 0; i < kept_n; i++)
		present |= s->kept[i].mask;
	return run_orders(s, steps, 0, present, kept_n);
}

/* ---- whose touches --------------------------------------------------------------------------- */

/* Where the steps count that only the first touch ever fills. */
struct slice {
	size_t begin, end;
	size_t first[FUNNEL_STEPS_MAX];
};

static void find_firsts(const struct sequence *s, size_t n, struct slice *slice)
{
	for (uint32_t rest = s->asked.first_ever; rest != 0; rest &= rest - 1) {
		size_t k = (size_t)__builtin_ctz(rest);
		slice->first[k] = 0;
		while (slice->first[k] < n && (s->touches[slice->first[k]].mask >> k & 1) == 0)
			slice->first[k]++;
	}
}

static uint32_t mask_of(const struct sequence *s, const struct slice *slice, size_t i)
{
	uint32_t mask = s->touches[i].mask;
	for (uint32_t rest = mask & s->asked.first_ever; rest != 0; rest &= rest - 1) {
		size_t k = (size_t)__builtin_ctz(rest);
		if (slice->first[k] != i)
			mask &= ~(UINT32_C(1) << k);
	}
	return mask;
}

/* Keeps the touches of the slice for one value of `hold`, and those without a value, which then
 * fill no step. */
static size_t keep_touches(struct sequence *s, const struct slice *slice, uint32_t hold)
{
	size_t n = 0;
	for (size_t i = slice->begin; i < slice->end; i++) {
		const struct chain_touch *t = &s->touches[i];
		if (t->at_us < s->asked.from_us || (s->asked.clip && t->at_us >= s->asked.to_us))
			continue;
		if (s->asked.hold && t->hold != hold && t->hold != 0)
			continue;
		s->kept[n] = *t;
		s->kept[n].mask = s->asked.hold && t->hold == 0 ? 0 : mask_of(s, slice, i);
		s->kept_place[n++] = (uint32_t)i;
	}
	return n;
}

static bool run_values(struct sequence *s, const struct slice *slice)
{
	if (!s->asked.hold)
		return run_kept(s, keep_touches(s, slice, 0));
	for (size_t i = slice->begin; i < slice->end; i++) {
		const struct chain_touch *t = &s->touches[i];
		bool fresh = t->hold != 0 && t->mask != 0;
		for (size_t k = slice->begin; fresh && k < i; k++)
			fresh = s->touches[k].hold != t->hold || s->touches[k].mask == 0;
		if (fresh && !run_kept(s, keep_touches(s, slice, t->hold)))
			return false;
	}
	return true;
}

/* Hands over the best chain, unless whoever came as far only did so with an exclusion. */
static bool hand_over(struct sequence *s)
{
	bool dropped = rules_taint(&s->asked) && s->asked.policy == FUNNEL_DROP_PERSON &&
		       s->tainted_level > s->best.level;
	bool on = true;
	if (s->best.level > 0 && !dropped)
		on = s->each(s->arg, &s->best);
	s->best.level = s->tainted_level = 0;
	return on;
}

/* A session ends when nothing happens for half an hour. */
static size_t session_end(const struct chain_touch *touches, size_t i, size_t n)
{
	for (i++; i < n; i++) {
		int64_t idle;
		if (__builtin_sub_overflow(touches[i].at_us, touches[i - 1].at_us, &idle) ||
		    idle > FUNNEL_SESSION_US)
			break;
	}
	return i;
}

bool sequence_run(struct sequence *s, const struct chain_touch *touches, size_t n,
		  sequence_each each, void *arg, err *e)
{
	bool by_session = s->asked.sessions || s->asked.same_session;
	struct slice slice = { .end = n };
	if (!sequence_fit(s, n, e))
		return false;
	s->touches = touches;
	s->each = each;
	s->arg = arg;
	s->over = false;
	s->best.level = s->tainted_level = 0;
	find_firsts(s, n, &slice);
	for (size_t begin = 0; begin < n; begin = slice.end) {
		slice.begin = begin;
		slice.end = by_session ? session_end(touches, begin, n) : n;
		if (!run_values(s, &slice))
			return true;
		if (s->over)
			return err_set(e, ERR_LIMIT,
				       "ties: too many touches lie within the grace of each other; "
				       "expected a shorter grace, or --ties any");
		if (s->asked.sessions && !hand_over(s))
			return true;
	}
	(void)hand_over(s);
	return true;
}

static bool take_first(void *arg, const struct chain *chain)
{
	*(struct chain *)arg = *chain;
	return false;
}

bool sequence_best(struct sequence *s, const struct chain_touch *touches, size_t n,
		   struct chain *chain_r, err *e)
{
	chain_r->level = 0;
	return sequence_run(s, touches, n, take_first, chain_r, e);
}
