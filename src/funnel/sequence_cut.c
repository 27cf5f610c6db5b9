/*
 * sequence_cut.c - where strict_order and `repeat: stop` end everything.
 *
 * What it is:   once somebody has begun, the first touch that matches no step, or none whose turn
 *               has come (strict_order), or that only repeats a step after the first (stop), is the
 *               end: nothing from there on counts. When each level is first reached does not depend
 *               on what comes later, so the end is found afterwards, and levels reached behind it
 *               are taken away. A step's turn has come when the step before it has been reached.
 * Promises:     one pass over the touches.
 */
#include "funnel/sequence_int.h"

static bool reached_by(const struct reached *r, size_t level, int64_t at_us)
{
	return (r->levels >> level & 1) != 0 && r->at_us[level] <= at_us;
}

static bool reached_before(const struct reached *r, size_t level, int64_t at_us)
{
	return (r->levels >> level & 1) != 0 && r->at_us[level] < at_us;
}

/* Steps of the mask whose turn has come. */
static uint32_t in_turn(const struct reached *r, uint32_t mask, int64_t at_us)
{
	uint32_t turn = 0;
	for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
		size_t step = (size_t)__builtin_ctz(rest);
		if (step == 0 || reached_by(r, step, at_us))
			turn |= UINT32_C(1) << step;
	}
	return turn;
}

/* Steps after the first that had been reached before this touch, when it reaches no other. */
static uint32_t repeated(const struct reached *r, uint32_t mask, int64_t at_us)
{
	uint32_t again = 0;
	for (uint32_t rest = mask & ~UINT32_C(1); rest != 0; rest &= rest - 1) {
		size_t step = (size_t)__builtin_ctz(rest);
		if (reached_before(r, step + 1, at_us))
			again |= UINT32_C(1) << step;
		else if (reached_by(r, step, at_us))
			return 0;
	}
	return again;
}

/* Does the touch end everything? *step_r: where it stands among those of its instant. */
static bool ends(const struct chain_rules *rules, const struct reached *r,
		 const struct chain_touch *t, size_t *step_r)
{
	uint32_t again = rules->repeat == FUNNEL_STOP ? repeated(r, t->mask, t->at_us) : 0;
	bool out = rules->order == FUNNEL_STRICT_ORDER && in_turn(r, t->mask, t->at_us) == 0;
	if (out)
		*step_r = t->mask == 0 ? 0 : (size_t)__builtin_ctz(t->mask);
	else if (again != 0)
		*step_r = (size_t)__builtin_ctz(again);
	return out || again != 0;
}

bool cut_apply(const struct sequence *s, struct reached *r, int64_t *end_us_r)
{
	const struct chain_rules *rules = &s->rules;
	int64_t end_us = 0;
	size_t steps = FUNNEL_STEPS_MAX; /* of the last instant only those before this one count */
	bool found = false;
	if (rules->order != FUNNEL_STRICT_ORDER && rules->repeat != FUNNEL_STOP)
		return false;
	for (size_t i = 0; i < s->n; i++) {
		const struct chain_touch *t = &s->view[i];
		size_t step = 0;
		if (found && t->at_us > end_us)
			break;
		if (!reached_before(r, 1, t->at_us) || !ends(rules, r, t, &step))
			continue;
		found = true;
		end_us = t->at_us;
		steps = MIN(steps, step);
	}
	if (!found)
		return false;
	/* By step: those before it in its instant. Else its instant as it suits the chain. */
	for (size_t k = 1; k <= rules->steps_n; k++)
		if (r->at_us[k] > end_us ||
		    (r->at_us[k] == end_us && rules->ties == FUNNEL_BY_STEP && k > steps))
			r->levels &= ~(UINT64_C(1) << k);
	*end_us_r = end_us;
	return true;
}
