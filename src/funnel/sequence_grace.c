/*
 * sequence_grace.c - one attempt when touches may be swapped within a grace.
 *
 * What it is:   steps p and q, p before q, may lie the other way round when no more than the grace
 *               lies between them: at(q) >= at(p) - grace. So a chain is followed step by step and
 *               not instant by instant, as states: its last touch, its latest, and by the states
 *               before it the touches that it has used. Of two states of a level the one is dropped
 *               that can do nothing the other cannot. An exclusion, or the window's end, lies
 *               surely behind a step when it is later by more than the grace.
 *
 *               The reported chain is complete as early as may be (its latest touch), and then has
 *               for each step in turn the earliest touch.
 * Promises:     states are few, as touches within a grace of each other are; too many of them is a
 *               limit that is said, not a wrong answer.
 */
#include "funnel/sequence_int.h"

#define CROWD_MAX ((size_t)256) /* states of a level; more only when there are as many touches */

struct level {
	size_t begin, end; /* states */
};

struct crowd {
	struct sequence *s;
	const struct chain_rules *r;
	int64_t entry_us;
	size_t begin, end; /* touches that may belong to the attempt */
	struct level levels[LEVELS];
};

static int64_t minus(int64_t a, int64_t b)
{
	int64_t d;
	if (!__builtin_sub_overflow(a, b, &d))
		return d;
	return a < b ? INT64_MIN : INT64_MAX;
}

static int64_t state_at(const struct crowd *c, const struct grace_state *st)
{
	return c->s->view[st->touch].at_us;
}

/* The state of the chain that has `k` steps, of one that has `level`. */
static const struct grace_state *state_before(const struct crowd *c, const struct grace_state *st,
					      size_t level, size_t k)
{
	for (; level > k; level--)
		st = &c->s->states[st->from];
	return st;
}

/* An exclusion that surely lies after the step that opens its span, and before `before_us` by more
 * than the grace. */
static bool barred(const struct crowd *c, size_t x, int64_t from_us, int64_t before_us)
{
	for (size_t t = c->begin; t < c->end; t++) {
		const struct chain_touch *touch = &c->s->view[t];
		if ((touch->exclude >> x & 1) != 0 &&
		    minus(touch->at_us, from_us) > c->r->grace_us &&
		    minus(before_us, touch->at_us) > c->r->grace_us)
			return true;
	}
	return false;
}

/* Does the touch that fills the step `level` close a span in which an exclusion lies, or stand in
 * one? */
static bool step_barred(const struct crowd *c, const struct grace_state *st, size_t level,
			int64_t at_us)
{
	for (size_t x = 0; x < c->r->excludes_n; x++) {
		if (!span_holds(c->r, x, level))
			continue;
		size_t from = (size_t)c->r->excludes[x].from + 1;
		if (barred(c, x, state_at(c, state_before(c, st, level, from)), at_us))
			return true;
	}
	return false;
}

/* After its last touch, as long as it could have gone on. */
static bool later_barred(const struct crowd *c, const struct grace_state *st, size_t level)
{
	int64_t until_us = INT64_MAX;
	if (level == c->r->steps_n)
		return false;
	if (c->r->has_gaps && c->r->max_gap_us[level] != FUNNEL_GAP_NONE &&
	    __builtin_add_overflow(state_at(c, st), c->r->max_gap_us[level], &until_us))
		until_us = INT64_MAX;
	for (size_t x = 0; x < c->r->excludes_n; x++) {
		if (!span_holds(c->r, x, level))
			continue;
		size_t from = (size_t)c->r->excludes[x].from + 1;
		int64_t from_us = state_at(c, state_before(c, st, level, from));
		for (size_t t = c->begin; t < c->end; t++) {
			const struct chain_touch *touch = &c->s->view[t];
			if ((touch->exclude >> x & 1) != 0 && touch->at_us <= until_us &&
			    minus(touch->at_us, from_us) > c->r->grace_us &&
			    chain_in_window(c->r, c->entry_us, touch->at_us))
				return true;
		}
	}
	return false;
}

static bool uses(const struct crowd *c, const struct grace_state *st, size_t level, uint32_t touch)
{
	for (; level > 0; level--) {
		if (st->touch == touch)
			return true;
		st = &c->s->states[st->from];
	}
	return false;
}

/* Can `a` do whatever `b` can? */
static bool covers(const struct crowd *c, const struct grace_state *a, const struct grace_state *b,
		   size_t level)
{
	const struct chain_rules *r = c->r;
	if (a->max_us > b->max_us || (a->tainted && !b->tainted))
		return false;
	if (r->has_gaps && a->touch != b->touch)
		return false;
	for (size_t x = 0; x < r->excludes_n; x++) {
		size_t from = (size_t)r->excludes[x].from + 1;
		if (level >= from && level <= r->excludes[x].to &&
		    state_at(c, state_before(c, a, level, from)) <
			    state_at(c, state_before(c, b, level, from)))
			return false;
	}
	if (r->reuse == FUNNEL_MULTI)
		return true;
	uint32_t later = level >= 32 ? 0 : ~((UINT32_C(1) << level) - 1);
	const struct grace_state *st = a;
	for (size_t k = level; k > 0; k--, st = &c->s->states[st->from]) {
		const struct chain_touch *t = &c->s->view[st->touch];
		if ((t->mask & later) != 0 && minus(b->max_us, t->at_us) <= r->grace_us &&
		    !uses(c, b, level, st->touch))
			return false;
	}
	return true;
}

/* A state that no other of its level covers; those that it covers go. */
static void level_add(struct crowd *c, size_t level, const struct grace_state *st)
{
	struct sequence *s = c->s;
	struct level *l = &c->levels[level];
	size_t kept = l->begin;
	for (size_t i = l->begin; i < l->end; i++)
		if (covers(c, &s->states[i], st, level))
			return;
	for (size_t i = l->begin; i < l->end; i++)
		if (!covers(c, st, &s->states[i], level))
			s->states[kept++] = s->states[i];
	l->end = kept;
	if (l->end == s->states_cap || l->end - l->begin >= MAX(c->end - c->begin, CROWD_MAX)) {
		s->over = true;
		return;
	}
	s->states[l->end++] = *st;
}

/* May the touch fill the step after `level` of the chain? */
static bool may_follow(const struct crowd *c, const struct grace_state *st, size_t level,
		       uint32_t t)
{
	const struct chain_rules *r = c->r;
	const struct chain_touch *touch = &c->s->view[t];
	if ((touch->mask >> level & 1) == 0 || minus(st->max_us, touch->at_us) > r->grace_us ||
	    !chain_in_window(r, c->entry_us, MAX(touch->at_us, c->entry_us)))
		return false;
	if (r->reuse == FUNNEL_ONCE && uses(c, st, level, t))
		return false;
	if (!r->has_gaps)
		return true;
	int64_t gap = minus(touch->at_us, state_at(c, st));
	return gap <= r->max_gap_us[level] &&
	       (r->min_gap_us[level] <= 0 || gap >= r->min_gap_us[level]);
}

/* Of touches of one instant that fill the same steps it is enough to try the first that is left. */
static bool has_twin(const struct crowd *c, const struct grace_state *st, size_t level, uint32_t t)
{
	const struct chain_touch *touch = &c->s->view[t];
	for (uint32_t i = t; i-- > c->begin && c->s->view[i].at_us == touch->at_us;)
		if (c->s->view[i].mask == touch->mask)
			return c->r->reuse == FUNNEL_MULTI || !uses(c, st, level, i);
	return false;
}

static void follow(struct crowd *c, size_t from, size_t level, uint32_t t)
{
	const struct grace_state *st = &c->s->states[from];
	int64_t at_us = c->s->view[t].at_us;
	if (!may_follow(c, st, level, t) || has_twin(c, st, level, t))
		return;
	struct grace_state next = { .touch = t,
				    .from = (uint32_t)from,
				    .max_us = MAX(st->max_us, at_us),
				    .tainted = st->tainted };
	if (step_barred(c, st, level, at_us)) {
		if (!rules_taint(c->r))
			return;
		next.tainted = true;
	}
	level_add(c, level + 1, &next);
}

/* From the states of `level` on to all further ones; returns the last level that has any. */
static size_t crowd_go_on(struct crowd *c, size_t level)
{
	for (; level < c->r->steps_n && !c->s->over; level++) {
		struct level *l = &c->levels[level];
		c->levels[level + 1] = (struct level){ l->end, l->end };
		for (size_t i = l->begin; i < l->end; i++)
			for (size_t t = c->begin; t < c->end; t++)
				follow(c, i, level, (uint32_t)t);
		if (c->levels[level + 1].begin == c->levels[level + 1].end)
			return level;
	}
	return level;
}

/* The touches of the attempt: from a grace before the entry to the window's end. */
static void crowd_begin(struct crowd *c, struct sequence *s, size_t entry)
{
	*c = (struct crowd){ .s = s, .r = &s->rules, .entry_us = s->view[entry].at_us };
	c->begin = entry;
	while (c->begin > 0 && minus(c->entry_us, s->view[c->begin - 1].at_us) <= c->r->grace_us)
		c->begin--;
	c->end = entry;
	while (c->end < s->n && chain_in_window(c->r, c->entry_us, s->view[c->end].at_us))
		c->end++;
	c->levels[1] = (struct level){ 1, 1 }; /* 0 is nobody's state */
}

static bool is_entry(const struct crowd *c, size_t t)
{
	return (c->s->view[t].mask & 1) != 0 && c->s->view[t].at_us == c->entry_us;
}

/* How an attempt that does not go through is over. */
static void attempt_ending(const struct crowd *c, struct attempt *a)
{
	const struct sequence *s = c->s;
	for (size_t x = 0; x < s->rules.excludes_n; x++) {
		for (size_t t = c->begin; t < c->end; t++) {
			bool open = span_holds(&s->rules, x, 1);
			if ((s->view[t].exclude >> x & 1) != 0 && open &&
			    minus(s->view[t].at_us, c->entry_us) > s->rules.grace_us &&
			    (a->end != ATTEMPT_EXCLUDED || s->view[t].at_us < a->end_us)) {
				a->end = ATTEMPT_EXCLUDED;
				a->end_us = s->view[t].at_us;
			}
		}
	}
	if (a->end == ATTEMPT_GOES_ON && c->end < s->n) {
		a->end = ATTEMPT_TIMED_OUT;
		a->end_us = s->view[c->end].at_us;
	}
}

void grace_run(struct sequence *s, size_t entry, struct attempt *a)
{
	struct crowd c;
	*a = (struct attempt){ .end = ATTEMPT_GOES_ON };
	crowd_begin(&c, s, entry);
	for (size_t t = entry; t < c.end && s->view[t].at_us == c.entry_us; t++) {
		struct grace_state st = { .touch = (uint32_t)t, .max_us = c.entry_us };
		if (is_entry(&c, t) && !has_twin(&c, NULL, 0, (uint32_t)t))
			level_add(&c, 1, &st);
	}
	size_t level = crowd_go_on(&c, 1);
	for (size_t k = 1; k <= level && !s->over; k++) {
		for (size_t i = c.levels[k].begin; i < c.levels[k].end; i++) {
			const struct grace_state *st = &s->states[i];
			reached_note(&a->all, k, st->max_us);
			if (!st->tainted && !later_barred(&c, st, k))
				reached_note(&a->clean, k, st->max_us);
		}
	}
	const struct reached *counts = rules_taint(&s->rules) ? &a->clean : &a->all;
	if ((counts->levels >> s->rules.steps_n & 1) != 0)
		a->end = ATTEMPT_DONE;
	else
		attempt_ending(&c, a);
}
/* Does the chain of `st`, at `level`, lead to `to` at that instant? */
static bool leads_to(struct crowd *c, const struct grace_state *st, size_t level, size_t to,
		     int64_t complete_us)
{
	size_t begin = c->levels[level].begin;
	bool found = false;
	if (st->max_us > complete_us)
		return false;
	c->s->states[begin] = *st;
	c->levels[level].end = begin + 1;
	bool far = crowd_go_on(c, level) >= to;
	for (size_t i = c->levels[to].begin; far && i < c->levels[to].end && !found; i++) {
		const struct grace_state *end = &c->s->states[i];
		found = end->max_us == complete_us &&
			(!rules_taint(c->r) || (!end->tainted && !later_barred(c, end, to)));
	}
	return found;
}

void grace_chain(struct sequence *s, size_t entry, size_t level, int64_t complete_us,
		 struct chain *chain_r)
{
	struct crowd c;
	crowd_begin(&c, s, entry);
	chain_r->level = 0;
	for (size_t k = 0; k < level && !s->over; k++) {
		size_t place = c.levels[k + 1].begin;
		for (size_t t = c.begin; t < c.end; t++) {
			const struct grace_state *before = &s->states[place - 1];
			int64_t at_us = s->view[t].at_us;
			struct grace_state st = { .touch = (uint32_t)t, .max_us = at_us };
			if (k == 0 ? !is_entry(&c, t) : !may_follow(&c, before, k, (uint32_t)t))
				continue;
			if (k > 0) {
				st.from = (uint32_t)place - 1;
				st.max_us = MAX(before->max_us, at_us);
				st.tainted = step_barred(&c, before, k, at_us);
			}
			if (st.tainted || !leads_to(&c, &st, k + 1, level, complete_us))
				continue;
			chain_r->touch[k] = t;
			chain_r->step[k] = (uint8_t)k;
			chain_r->level = k + 1;
			break;
		}
		CHECK(s->over || chain_r->level == k + 1);
		c.levels[k + 2 < LEVELS ? k + 2 : k + 1] = (struct level){ place + 1, place + 1 };
	}
}
