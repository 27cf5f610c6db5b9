/*
 * chain.c - finds the longest chain of steps, in order, in one subject's touches.
 *
 * What it is:   the inner loop of every funnel; FUNNEL.md is its specification (order ordered, ties
 *               any, reuse once, entry any).
 *               Levels: it is enough to keep, for each length, the chain with the latest entry: one
 *               pass. Touches of one instant may be taken in any order, each once, so how far they
 *               carry a chain of length l is a matching of the steps l, l + 1, ... with them.
 *               Chain: once the greatest length L and the first instant C at which it is reached
 * are known, the first touch of step 0 not before C - window begins a chain that is complete at C
 * (at every instant it has come at least as far as any chain that begins later), and taking each
 * step as early as possible from there gives it. Promises:     O(touches x steps) while touches of
 * one instant are few; no allocation. Data from:    sorted by (at, tie, seq). Checked where they
 * are collected. Threads:      shares nothing.
 */
#include "funnel/chain_int.h"

/* Of the touches of one instant only the first FUNNEL_STEPS_MAX of each step can matter: a chain
 * uses no more than that, so one of them is always free for a touch beyond. */
#define CANDIDATES_MAX (FUNNEL_STEPS_MAX * FUNNEL_STEPS_MAX)
#define UNMATCHED      UINT16_MAX
#define NO_STEP	       UINT8_MAX

struct instant {
	const struct chain_touch *touches;
	size_t begin, end; /* of the instant, in the array */
	uint32_t mask;	   /* of all its touches together */
	size_t n;	   /* candidates */
	bool chosen;	   /* candidates are listed; otherwise they are all */
	size_t at[CANDIDATES_MAX];
	/* the matching */
	uint16_t candidate_of[FUNNEL_STEPS_MAX];
	uint8_t step_of[CANDIDATES_MAX];
	uint32_t seen[CANDIDATES_MAX]; /* = round: visited in this search, or not to be had */
	uint32_t round;
};

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

bool chain_is_plain(const struct chain_rules *r)
{
	return r->order == FUNNEL_ORDERED && r->entry == FUNNEL_ENTRY_ANY &&
	       r->reuse == FUNNEL_ONCE && r->ties == FUNNEL_TIES_ANY &&
	       r->repeat == FUNNEL_IGNORE && !r->hold && !r->same_session && !r->sessions &&
	       (r->first_ever | r->optional) == 0 && r->excludes_n == 0 && !r->has_gaps;
}

/* Takes up the instant that begins at `begin`. */
static void instant_take(struct instant *i, const struct chain_touch *touches, size_t begin,
			 size_t end)
{
	i->touches = touches;
	i->begin = begin;
	i->end = begin;
	i->mask = 0;
	i->chosen = false;
	while (i->end < end && touches[i->end].at_us == touches[begin].at_us)
		i->mask |= touches[i->end++].mask;
	i->n = i->end - begin;
}

/* Lists the candidates; done only when a matching is needed. */
static void instant_choose(struct instant *i)
{
	uint8_t many[FUNNEL_STEPS_MAX] = { 0 };
	i->chosen = true;
	i->n = 0;
	for (size_t t = i->begin; t < i->end; t++) {
		bool wanted = false;
		for (uint32_t rest = i->touches[t].mask; rest != 0; rest &= rest - 1) {
			size_t step = (size_t)__builtin_ctz(rest);
			if (many[step] < FUNNEL_STEPS_MAX) {
				many[step]++;
				wanted = true;
			}
		}
		if (wanted)
			i->at[i->n++] = t;
	}
	for (size_t c = 0; c < i->n; c++)
		i->seen[c] = 0;
	i->round = 0;
}

static bool instant_has(const struct instant *i, size_t candidate, size_t step)
{
	return (i->touches[i->at[candidate]].mask >> step & 1) != 0;
}

/* Finds a touch for `step`, moving others to further touches where needed (an augmenting path,
 * depth at most the steps). A failed search leaves the matching as it was. */
static bool match_step(struct instant *i, size_t step)
{
	for (size_t c = 0; c < i->n; c++) {
		if (i->seen[c] == i->round || !instant_has(i, c, step))
			continue;
		i->seen[c] = i->round;
		if (i->step_of[c] == NO_STEP || match_step(i, i->step_of[c])) {
			i->step_of[c] = (uint8_t)step;
			i->candidate_of[step] = (uint16_t)c;
			return true;
		}
	}
	return false;
}

/* How far the touches of the instant carry a chain that has `level` steps. */
static size_t instant_reach(struct instant *i, size_t level, size_t steps_n)
{
	if (level == steps_n || (i->mask >> level & 1) == 0)
		return level;
	if (i->end - i->begin == 1)
		return level + 1;
	if (!i->chosen)
		instant_choose(i);
	for (size_t c = 0; c < i->n; c++)
		i->step_of[c] = NO_STEP;
	for (i->round++; level < steps_n && match_step(i, level); i->round++)
		level++;
	return level;
}

/* Tries to give candidate `c` to `step`, whose touch is a later one; `taken` are the candidates of
 * earlier steps. */
static bool match_move(struct instant *i, size_t c, size_t step, size_t first_step)
{
	uint16_t old = i->candidate_of[step];
	uint8_t other = i->step_of[c];
	i->round++;
	for (size_t s = first_step; s < step; s++)
		i->seen[i->candidate_of[s]] = i->round;
	i->seen[c] = i->round;
	i->step_of[old] = NO_STEP;
	i->step_of[c] = (uint8_t)step;
	i->candidate_of[step] = (uint16_t)c;
	if (other == NO_STEP || match_step(i, other))
		return true;
	i->step_of[c] = other;
	i->candidate_of[other] = (uint16_t)c;
	i->step_of[old] = (uint8_t)step;
	i->candidate_of[step] = old;
	return false;
}

/* Carries the chain on by the touches of the instant and notes which: of all ways the one with the
 * earliest touch for the first of the new steps, then for the second, and so on. */
static void instant_fill(struct instant *i, size_t steps_n, struct chain *chain)
{
	size_t first = chain->level;
	size_t level = instant_reach(i, first, steps_n);
	if (level == first)
		return;
	chain->level = level;
	if (i->end - i->begin == 1) {
		chain->touch[first] = i->begin;
		return;
	}
	for (size_t step = first; step < level; step++) {
		for (size_t c = 0; c < i->candidate_of[step]; c++) {
			bool taken = i->step_of[c] != NO_STEP && i->step_of[c] < step;
			if (!taken && instant_has(i, c, step) && match_move(i, c, step, first))
				break;
		}
		chain->touch[step] = i->at[i->candidate_of[step]];
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
			size_t reach = instant_reach(instant, l, rules->steps_n);
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
		instant_fill(&instant, rules->steps_n, chain_r);
	}
	for (size_t step = 0; step < level; step++)
		chain_r->step[step] = (uint8_t)step;
}
