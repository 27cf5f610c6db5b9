/*
 * chain.c - finds the longest chain of steps, in order, in one subject's touches: one pass.
 *
 * What it is:   the inner loop of most funnels; FUNNEL.md is its specification (order ordered,
 *               entry any; reuse and ties as they are, but for a grace; no gaps, no exclusions).
 *               Levels: it is enough to keep, for each length, the chain with the latest entry.
 *               Touches of one instant may be taken in any order, each once, so how far they carry
 *               a chain of length l is a matching of the steps l, l + 1, ... with them; each as
 * often as it matches, or one of them only, where the rules say so. Chain: once the greatest length
 * L and the first instant C at which it is reached are known, the first touch of step 0 not before
 * C - window begins a chain that is complete at C (at every instant it has come at least as far as
 * any chain that begins later), and taking each step as early as possible from there gives it.
 * Promises:     O(touches x steps) while touches of one instant are few; no allocation.
 * Data from:    sorted by (at, tie, seq). Checked where they are collected.
 * Threads:      shares nothing.
 */
#include "funnel/chain_int.h"

#include "funnel/instant_int.h"

bool chain_in_window(const struct chain_rules *rules, int64_t from_us, int64_t at_us)
{
	int64_t past;
	if (rules->window_us == FUNNEL_WINDOW_NONE)
		return true;
	return !__builtin_sub_overflow(at_us, from_us, &past) && past <= rules->window_us;
}

int64_t chain_entry_from(const struct chain_rules *rules, int64_t at_us)
{
	int64_t entry;
	if (rules->window_us == FUNNEL_WINDOW_NONE ||
	    __builtin_sub_overflow(at_us, rules->window_us, &entry))
		return rules->from_us;
	return MAX(entry, rules->from_us);
}

void chain_cut(const struct chain_rules *rules, const struct chain_touch *touches, size_t n,
	       size_t *begin_r, size_t *end_r)
{
	size_t begin = 0;
	size_t end = n;
	while (begin < n && touches[begin].at_us < rules->from_us)
		begin++;
	while (rules->clip && end > begin && touches[end - 1].at_us >= rules->to_us)
		end--;
	*begin_r = begin;
	*end_r = end;
}

bool chain_wants(const struct chain_rules *rules, int64_t at_us, uint32_t mask, uint32_t exclude)
{
	bool all = rules->order == FUNNEL_STRICT || rules->order == FUNNEL_STRICT_ORDER ||
		   rules->same_session || rules->sessions;
	if (rules->clip && at_us >= rules->to_us)
		return false;
	if (at_us < rules->from_us)
		return (mask & rules->first_ever) != 0;
	return all || mask != 0 || exclude != 0;
}

/* Nothing is asked but reuse and ties. */
static bool is_free(const struct chain_rules *r)
{
	return r->entry == FUNNEL_ENTRY_ANY && r->repeat == FUNNEL_IGNORE && !r->hold &&
	       !r->same_session && !r->sessions && (r->first_ever | r->optional) == 0 &&
	       r->excludes_n == 0 && !r->has_gaps;
}

static bool all_defaults(const struct chain_rules *r)
{
	return is_free(r) && r->reuse == FUNNEL_ONCE && r->ties == FUNNEL_TIES_ANY;
}

bool chain_is_simple(const struct chain_rules *r)
{
	return r->order == FUNNEL_ORDERED && is_free(r) && r->ties != FUNNEL_GRACE;
}

bool chain_is_plain(const struct chain_rules *r)
{
	return r->order == FUNNEL_ORDERED && all_defaults(r);
}

bool chain_is_plain_any(const struct chain_rules *r)
{
	return r->order == FUNNEL_ANY && all_defaults(r);
}

/* How far the touches of the instant carry a chain of `level`. */
static size_t carries(const struct chain_rules *rules, struct instant *i, size_t level)
{
	size_t limit = rules->ties == FUNNEL_INCREASE ? level + 1 : rules->steps_n;
	limit = MIN(limit, rules->steps_n);
	if (rules->reuse == FUNNEL_ONCE)
		return instant_reach(i, level, limit);
	while (level < limit && (i->mask >> level & 1) != 0)
		level++;
	return level;
}

/* Carries the chain on and notes the first touches that do. */
static void carry_on(const struct chain_rules *rules, struct instant *i, struct chain *chain)
{
	if (rules->reuse == FUNNEL_ONCE && rules->ties != FUNNEL_INCREASE) {
		instant_fill(i, rules->steps_n, chain);
		return;
	}
	for (size_t to = carries(rules, i, chain->level); chain->level < to; chain->level++) {
		size_t t = i->begin;
		while ((i->touches[t].mask >> chain->level & 1) == 0)
			t++;
		chain->touch[chain->level] = t;
	}
}

/* The greatest length and the instant at which it is first reached. */
static size_t greatest_level(const struct chain_rules *rules, const struct chain_touch *touches,
			     size_t begin, size_t end, struct instant *instant, int64_t *at_us_r)
{
	int64_t entry[FUNNEL_STEPS_MAX + 1]; /* of the chain of that length which began last */
	size_t best = 0;
	for (size_t t = begin; t < end && best < rules->steps_n; t = instant->end) {
		int64_t at = touches[t].at_us;
		instant_take(instant, touches, t, end);
		/* Downwards, so that what is read is how it was before this instant. */
		for (size_t l = MIN(best, rules->steps_n - 1) + 1; l-- > 0;) {
			int64_t since = l == 0 ? at : entry[l];
			if (l == 0 ? at >= rules->to_us : !chain_in_window(rules, since, at))
				continue;
			size_t reach = carries(rules, instant, l);
			for (size_t k = l + 1; k <= reach; k++)
				entry[k] = k > best ? since : MAX(entry[k], since);
			if (reach > best) {
				best = reach;
				*at_us_r = at;
			}
		}
	}
	return best;
}

void chain_ordered(const struct chain_rules *rules, const struct chain_touch *touches, size_t n,
		   struct chain *chain_r)
{
	struct instant instant;
	size_t begin, end;
	int64_t complete = 0;
	chain_cut(rules, touches, n, &begin, &end);
	size_t level = greatest_level(rules, touches, begin, end, &instant, &complete);
	chain_r->level = 0;
	if (level == 0)
		return;
	int64_t entry_from = chain_entry_from(rules, complete);
	size_t t = begin;
	while (touches[t].at_us < entry_from || (touches[t].mask & 1) == 0)
		t++;
	/* The first touch of step 0 may stand behind others of its instant. */
	while (t > begin && touches[t - 1].at_us == touches[t].at_us)
		t--;
	for (; chain_r->level < level; t = instant.end) {
		CHECK(t < end);
		instant_take(&instant, touches, t, end);
		carry_on(rules, &instant, chain_r);
	}
	for (size_t step = 0; step < level; step++)
		chain_r->step[step] = (uint8_t)step;
}
