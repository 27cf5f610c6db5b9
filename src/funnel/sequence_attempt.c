/*
 * sequence_attempt.c - follows one attempt: which levels does it reach, and when?
 *
 * What it is:   instant by instant from the entry on. For each level it keeps the instants at which
 *               a chain of that length may end and go on (nodes). What a parameter does:
 *
 *               window        no instant after entry + window is looked at
 *               max_gap       nodes too old for the next step are passed for good
 *               min_gap       the oldest node left must be old enough; and no further step of the
 *                             same instant
 *               ties, reuse   how far the touches of one instant carry a chain
 *               strict        every touch of an instant must repeat the step that a chain is at;
 *                             else the nodes are over (idle: an exclusion may still come)
 *               exclude       nodes within the span are over, or tainted when that matters
 *
 *               Touches of one instant lie as it suits the chain: a touch that must not lie between
 *               two steps may always stand before or after a step of its own instant.
 * Promises:     O(touches x steps) while touches of one instant are few.
 */
#include "funnel/sequence_int.h"

#include <string.h>

struct walk {
	struct sequence *s;
	const struct chain_rules *r;
	struct attempt *a;
	uint32_t exclude; /* exclusions that the instant brings */
	int64_t at_us;
	uint32_t q;					   /* number of the instant */
	uint32_t from_clean[LEVELS], from_tainted[LEVELS]; /* per level: bit l: reached from l */
	bool barred, broken; /* an exclusion, or strict, ended chains at this instant */
};

static uint32_t bits_between(size_t low, size_t high)
{
	return (uint32_t)((UINT64_C(1) << high) - (UINT64_C(1) << low));
}

/* Strict: may a chain that came to the instant at level `from` (0: it begins here) and leaves it at
 * `to` go on after it? Each touch must repeat a step that it has just reached. */
static bool repeats_only(const struct walk *w, size_t from, size_t to)
{
	const struct instant *i = &w->s->instant;
	if (w->r->order != FUNNEL_STRICT || from == 0)
		return true;
	uint32_t steps = bits_between(from - 1, to);
	for (size_t t = i->begin; t < i->end; t++)
		if ((i->touches[t].mask & steps) == 0)
			return false;
	return true;
}

/* Does an exclusion of this instant lie within the chain, when it goes on or ends at `to`? It may
 * stand before the step that opens its span when that is of this instant, and after the one that
 * closes it. */
static bool excluded(const struct walk *w, size_t from, size_t to)
{
	for (uint32_t rest = w->exclude; rest != 0; rest &= rest - 1) {
		size_t x = (size_t)__builtin_ctz(rest);
		if (span_holds(w->r, x, from) && span_holds(w->r, x, to))
			return true;
	}
	return false;
}

static int64_t node_us(const struct sequence *s, const struct nodes *n, uint32_t i)
{
	return s->view[s->begins[n->at[i]]].at_us;
}

/* at - earlier, which may pass what a number holds. */
static int64_t span_us(int64_t at_us, int64_t earlier_us)
{
	int64_t d;
	return __builtin_sub_overflow(at_us, earlier_us, &d) ? INT64_MAX : d;
}

static int64_t max_gap(const struct chain_rules *r, size_t level)
{
	return r->has_gaps ? r->max_gap_us[level] : FUNNEL_GAP_NONE;
}

/* Nodes too old for the next step are over; clean ones stay clean whatever comes. */
static void nodes_age(struct walk *w, struct nodes *n, size_t level, bool clean)
{
	int64_t most = max_gap(w->r, level);
	if (most == FUNNEL_GAP_NONE)
		return;
	for (; n->head < n->n; n->head++) {
		int64_t at = node_us(w->s, n, n->head);
		if (span_us(w->at_us, at) <= most)
			break;
		if (clean)
			reached_note(&w->a->clean, level, at);
	}
}

/* Is there a node that the step after `level` may follow at this instant? */
static bool nodes_serve(const struct walk *w, const struct nodes *n, size_t level)
{
	if (n->head == n->n)
		return false;
	return !w->r->has_gaps ||
	       span_us(w->at_us, node_us(w->s, n, n->head)) >= w->r->min_gap_us[level];
}

static void nodes_push(struct nodes *n, uint32_t q)
{
	n->at[n->n++] = q;
}

/* Moves what is left of `from` into `to`, by instant. */
static void nodes_move(struct nodes *from, struct nodes *to)
{
	uint32_t more = from->n - from->head;
	uint32_t i = to->n, k = from->n;
	to->n += more;
	for (uint32_t at = to->n; k > from->head;) {
		bool later = i > to->head && to->at[i - 1] > from->at[k - 1];
		to->at[--at] = later ? to->at[--i] : from->at[--k];
	}
	from->head = from->n;
}

/* How far the touches of this instant carry a chain of `level`. */
static size_t instant_carries(struct walk *w, size_t level)
{
	struct instant *i = &w->s->instant;
	size_t limit = level + 1;
	if (w->r->ties != FUNNEL_INCREASE)
		while (limit < w->r->steps_n && (!w->r->has_gaps || w->r->min_gap_us[limit] <= 0))
			limit++;
	limit = MIN(limit, w->r->steps_n);
	if (w->r->reuse == FUNNEL_ONCE)
		return instant_reach(i, level, limit);
	while (level < limit && (i->mask >> level & 1) != 0)
		level++;
	return level;
}

/* What is reached at this instant, from which levels. */
static void walk_arrive(struct walk *w)
{
	struct sequence *s = w->s;
	for (size_t l = 0; l < w->r->steps_n; l++) {
		bool clean = l == 0 ? w->q == 0 : nodes_serve(w, &s->clean[l], l);
		bool tainted = l > 0 && nodes_serve(w, &s->tainted[l], l);
		if (!clean && !tainted)
			continue;
		size_t reach = instant_carries(w, l);
		for (size_t k = l + 1; k <= reach; k++) {
			w->from_clean[k] |= clean ? UINT32_C(1) << l : 0;
			w->from_tainted[k] |= tainted ? UINT32_C(1) << l : 0;
			reached_note(&w->a->all, k, w->at_us);
		}
	}
}

/* What the touches of this instant mean for chains that take none of them. */
static void walk_stay(struct walk *w)
{
	struct sequence *s = w->s;
	bool taint = rules_taint(w->r);
	for (size_t l = 1; l < w->r->steps_n; l++) {
		struct nodes *clean = &s->clean[l];
		bool any = clean->head < clean->n;
		if (any && excluded(w, l, l))
			w->barred = true;
		if (excluded(w, l, l)) {
			if (taint)
				nodes_move(clean, &s->tainted[l]);
			clean->head = clean->n;
			s->idle[l].head = s->idle[l].n;
		}
		if (!repeats_only(w, l, l)) {
			w->broken = w->broken || any;
			if (taint)
				nodes_move(clean, &s->idle[l]);
			clean->head = clean->n;
			s->tainted[l].head = s->tainted[l].n;
		}
	}
}

/* The chains that end at this instant and may go on become nodes. */
static void walk_push(struct walk *w, struct trace *trace)
{
	struct sequence *s = w->s;
	bool taint = rules_taint(w->r);
	for (size_t k = 1; k <= w->r->steps_n; k++) {
		uint32_t goes = 0, ends = 0;
		bool spoilt = false, stuck = false;
		for (uint32_t rest = w->from_clean[k]; rest != 0; rest &= rest - 1) {
			size_t l = (size_t)__builtin_ctz(rest);
			bool out = excluded(w, l, k);
			bool on = repeats_only(w, l, k);
			goes |= on && !out ? UINT32_C(1) << l : 0;
			ends |= !out || !taint ? UINT32_C(1) << l : 0;
			w->barred = w->barred || out;
			w->broken = w->broken || !on;
			spoilt = spoilt || (on && out);
			stuck = stuck || (!on && !out);
		}
		for (uint32_t rest = w->from_tainted[k]; rest != 0; rest &= rest - 1)
			spoilt = spoilt || repeats_only(w, (size_t)__builtin_ctz(rest), k);
		if (trace) {
			trace->ends[k] = k == w->r->steps_n ? w->from_clean[k] : ends;
			trace->goes[k] = goes;
		}
		if (k == w->r->steps_n) {
			if (w->from_clean[k] != 0)
				reached_note(&w->a->clean, k, w->at_us);
			continue;
		}
		if (goes != 0)
			nodes_push(&s->clean[k], w->q);
		else if (stuck && taint)
			nodes_push(&s->idle[k], w->q);
		if (spoilt && taint)
			nodes_push(&s->tainted[k], w->q);
	}
}

static bool walk_alive(const struct walk *w)
{
	const struct sequence *s = w->s;
	for (size_t l = 1; l < w->r->steps_n; l++)
		if (s->clean[l].head < s->clean[l].n || s->tainted[l].head < s->tainted[l].n ||
		    s->idle[l].head < s->idle[l].n)
			return true;
	return false;
}

static void walk_trace(const struct walk *w, struct trace *trace)
{
	const struct sequence *s = w->s;
	size_t bytes = (w->r->steps_n + 1) * sizeof(uint32_t);
	memset(trace->head, 0, bytes);
	memset(trace->end, 0, bytes);
	memset(trace->ends, 0, bytes);
	memset(trace->goes, 0, bytes);
	trace->good = 0;
	for (size_t l = 1; l < w->r->steps_n; l++) {
		const struct nodes *n = &s->clean[l];
		uint32_t end = n->head;
		while (end < n->n && (!w->r->has_gaps ||
				      span_us(w->at_us, node_us(s, n, end)) >= w->r->min_gap_us[l]))
			end = w->r->has_gaps ? end + 1 : n->n;
		trace->head[l] = n->head;
		trace->end[l] = end;
	}
}

static void walk_instant(struct walk *w, struct trace *trace)
{
	struct sequence *s = w->s;
	for (size_t k = 0; k <= w->r->steps_n; k++)
		w->from_clean[k] = w->from_tainted[k] = 0;
	w->exclude = 0;
	w->barred = w->broken = false;
	for (size_t t = s->instant.begin; w->r->excludes_n > 0 && t < s->instant.end; t++)
		w->exclude |= s->view[t].exclude;
	for (size_t l = 1; l < w->r->steps_n; l++) {
		nodes_age(w, &s->clean[l], l, true);
		nodes_age(w, &s->tainted[l], l, false);
		nodes_age(w, &s->idle[l], l, true);
	}
	if (trace)
		walk_trace(w, trace);
	walk_arrive(w);
	if (w->q > 0)
		walk_stay(w);
	walk_push(w, trace);
}

static bool all_reached(const struct walk *w)
{
	const struct reached *r = rules_taint(w->r) ? &w->a->clean : &w->a->all;
	return (r->levels >> w->r->steps_n & 1) != 0;
}

static size_t attempt_walk(struct sequence *s, size_t entry, int64_t until_us, struct attempt *a,
			   bool keep)
{
	struct walk w = { .s = s, .r = &s->rules, .a = a };
	int64_t entry_us = s->view[entry].at_us;
	*a = (struct attempt){ .end = ATTEMPT_GOES_ON };
	for (size_t l = 0; l <= w.r->steps_n; l++)
		s->clean[l].head = s->clean[l].n = s->tainted[l].head = s->tainted[l].n =
			s->idle[l].head = s->idle[l].n = 0;
	for (size_t t = entry; t < s->n; t = s->instant.end, w.q++) {
		w.at_us = s->view[t].at_us;
		if (!chain_in_window(w.r, entry_us, w.at_us)) {
			a->end = ATTEMPT_TIMED_OUT;
			a->end_us = w.at_us;
			break;
		}
		if (w.at_us > until_us)
			break;
		instant_take(&s->instant, s->view, t, s->n);
		s->begins[w.q] = t;
		walk_instant(&w, keep ? &s->traces[w.q] : NULL);
		if (all_reached(&w)) {
			a->end = ATTEMPT_DONE;
			w.q++;
			break;
		}
		if (!walk_alive(&w)) {
			/* Neither excluded nor broken: the gap has passed. */
			a->end = w.barred   ? ATTEMPT_EXCLUDED
				 : w.broken ? ATTEMPT_BROKEN
					    : ATTEMPT_TIMED_OUT;
			a->end_us = w.at_us;
			w.q++;
			break;
		}
	}
	for (size_t l = 1; l < w.r->steps_n; l++) {
		struct nodes *both[] = { &s->clean[l], &s->idle[l] };
		for (size_t i = 0; i < ARRAY_LEN(both); i++)
			if (both[i]->head < both[i]->n)
				reached_note(&a->clean, l, node_us(s, both[i], both[i]->head));
	}
	return w.q;
}

void attempt_run(struct sequence *s, size_t entry, struct attempt *a)
{
	(void)attempt_walk(s, entry, INT64_MAX, a, false);
}

size_t attempt_trace(struct sequence *s, size_t entry, int64_t until_us, struct attempt *a)
{
	return attempt_walk(s, entry, until_us, a, true);
}
