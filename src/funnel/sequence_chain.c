/*
 * sequence_chain.c - the reported chain: the touches of the attempt that counts.
 *
 * What it is:   the attempt is followed once more, keeping its course; then backwards from the
 *               instant at which it was complete, to mark from where that can be reached; then
 *               forwards, each step as early as the marks allow. So of all chains that are as long
 *               and complete at that instant it is the one whose first step is earliest, then the
 *               second, and so on; among touches of one instant those that come first in the total
 *               order.
 * Promises:     O(touches x steps); no allocation.
 */
#include "funnel/sequence_int.h"

#include <string.h>

struct search {
	struct sequence *s;
	size_t level;	      /* of the chain */
	uint32_t last;	      /* number of the instant at which it is complete */
	uint32_t top[LEVELS]; /* per level: nodes not yet passed on the way back */
	int32_t covered[LEVELS];
};

static int32_t *cover_at(const struct search *f, size_t level, uint32_t node)
{
	return &f->s->cover[level * (f->s->cap + 1) + node];
}

/* Marks the nodes that a chain may come from which takes steps at this instant. */
static void mark_from(struct search *f, const struct trace *t, uint32_t arrivals)
{
	for (uint32_t rest = arrivals; rest != 0; rest &= rest - 1) {
		size_t l = (size_t)__builtin_ctz(rest);
		if (l == 0 || t->head[l] == t->end[l])
			continue;
		*cover_at(f, l, t->end[l] - 1) += 1;
		if (t->head[l] > 0)
			*cover_at(f, l, t->head[l] - 1) -= 1;
	}
}

/* From the last instant back to the entry: which levels at which instants lead there. */
static void mark_back(struct search *f)
{
	struct sequence *s = f->s;
	for (size_t l = 1; l < s->rules.steps_n; l++) {
		memset(cover_at(f, l, 0), 0, (s->clean[l].n + 1) * sizeof(int32_t));
		f->top[l] = s->clean[l].n;
		f->covered[l] = 0;
	}
	struct trace *last = &s->traces[f->last];
	mark_from(f, last, last->ends[f->level]);
	for (uint32_t q = f->last + 1; q-- > 0;) {
		struct trace *t = &s->traces[q];
		for (size_t l = 1; l < s->rules.steps_n; l++) {
			while (f->top[l] > 0 && s->clean[l].at[f->top[l] - 1] >= q) {
				f->top[l]--;
				f->covered[l] += *cover_at(f, l, f->top[l]);
				if (s->clean[l].at[f->top[l]] == q && f->covered[l] > 0 &&
				    q < f->last)
					t->good |= UINT64_C(1) << l;
			}
		}
		for (uint64_t rest = t->good; rest != 0; rest &= rest - 1)
			mark_from(f, t, t->goes[__builtin_ctzll(rest)]);
	}
	last->good = UINT64_C(1) << f->level;
}

/* Has the node of (level, instant) a place among those that `t` could follow? */
static bool follows(const struct search *f, const struct trace *t, size_t level, uint32_t q)
{
	const struct nodes *n = &f->s->clean[level];
	uint32_t low = t->head[level], high = t->end[level];
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (n->at[mid] < q)
			low = mid + 1;
		else
			high = mid;
	}
	return low < t->end[level] && n->at[low] == q;
}

/* To which level the chain goes at this instant, coming from `level` at instant `from`; 0: it takes
 * nothing here. As many steps as may be: each is then as early as may be. */
static size_t goes_to(const struct search *f, uint32_t q, size_t level, uint32_t from)
{
	const struct trace *t = &f->s->traces[q];
	for (size_t k = f->s->rules.steps_n; k > level; k--) {
		uint32_t arrivals = q == f->last ? t->ends[k] : t->goes[k];
		if ((t->good >> k & 1) == 0 || (arrivals >> level & 1) == 0)
			continue;
		if (level == 0 || follows(f, t, level, from))
			return k;
	}
	return 0;
}

/* The first touches of the instant that fill the steps up to `to`. */
static void take_touches(struct sequence *s, uint32_t q, size_t to, struct chain *c)
{
	instant_take(&s->instant, s->view, s->begins[q], s->n);
	if (s->rules.reuse == FUNNEL_ONCE && s->rules.ties != FUNNEL_INCREASE) {
		instant_fill(&s->instant, to, c);
		return;
	}
	for (; c->level < to; c->level++) {
		size_t t = s->instant.begin;
		while ((s->view[t].mask >> c->level & 1) == 0)
			t++;
		c->touch[c->level] = t;
	}
}

void attempt_chain(struct sequence *s, size_t entry, size_t level, int64_t complete_us,
		   struct chain *chain_r)
{
	struct search f = { .s = s, .level = level };
	struct attempt a;
	size_t n = attempt_trace(s, entry, complete_us, &a);
	uint32_t from = 0;
	CHECK(n > 0);
	f.last = (uint32_t)n - 1;
	mark_back(&f);
	chain_r->level = 0;
	for (uint32_t q = 0; chain_r->level < level; q++) {
		CHECK(q <= f.last);
		size_t to = goes_to(&f, q, chain_r->level, from);
		if (to == 0)
			continue;
		take_touches(s, q, to, chain_r);
		CHECK(chain_r->level == to);
		from = q;
	}
	for (size_t k = 0; k < level; k++)
		chain_r->step[k] = (uint8_t)k;
}
