/*
 * sequence_any.c - one attempt with the steps in any order.
 *
 * What it is:   a chain is a set of touches from the entry on, each filling another step (reuse
 *               multi: a touch as many as it matches). An exclusion lies in the chain from its
 * first step to its last, so the first one after the entry is all that matters: what lies behind it
 * is out of reach, and where exclusions taint, what is not complete before it is not clean.
 * Promises:     each touch used once: a greatest matching, by chain_any over the touches in reach.
 */
#include "funnel/sequence_int.h"

/* From the entry on: where the touches in reach end, and where the window does. */
struct reach {
	size_t end, window_end;
	bool excluded;
	int64_t excluded_us;
};

static struct reach reach_of(const struct sequence *s, size_t entry)
{
	const struct chain_rules *r = &s->rules;
	int64_t grace = r->ties == FUNNEL_GRACE ? r->grace_us : 0;
	int64_t entry_us = s->view[entry].at_us;
	struct reach reach = { 0 };
	size_t i = entry;
	for (; i < s->n && chain_in_window(r, entry_us, s->view[i].at_us); i++) {
		int64_t past;
		bool later = __builtin_sub_overflow(s->view[i].at_us, entry_us, &past) ||
			     past > grace;
		if (s->view[i].exclude != 0 && later && !reach.excluded) {
			reach.excluded = true;
			reach.excluded_us = s->view[i].at_us;
		}
	}
	reach.window_end = reach.end = i;
	if (!reach.excluded)
		return reach;
	/* Up to the exclusion: within the grace of it a touch may stand before it. */
	while (reach.end > entry) {
		int64_t behind;
		bool far = __builtin_sub_overflow(s->view[reach.end - 1].at_us, reach.excluded_us,
						  &behind) ||
			   behind > grace;
		if (!far)
			break;
		reach.end--;
	}
	return reach;
}

/* A touch may fill all the steps that it matches: each is filled by its first one. */
static void chain_multi(const struct sequence *s, size_t entry, size_t end, struct chain *c)
{
	uint32_t filled = 0;
	c->level = 0;
	for (size_t t = entry; t < end; t++) {
		uint32_t fresh = s->view[t].mask & ~filled;
		for (; fresh != 0; fresh &= fresh - 1) {
			c->touch[c->level] = t;
			c->step[c->level++] = (uint8_t)__builtin_ctz(fresh);
		}
		filled |= s->view[t].mask;
	}
}

/* The longest chain of the touches [entry, end) that begins at the entry's instant. */
static void chain_within(const struct sequence *s, size_t entry, size_t end, struct chain *c)
{
	struct chain_rules rules = s->rules;
	if (rules.reuse == FUNNEL_MULTI) {
		chain_multi(s, entry, end, c);
		return;
	}
	rules.clip = false;
	rules.from_us = s->view[entry].at_us;
	rules.to_us = rules.from_us == INT64_MAX ? INT64_MAX : rules.from_us + 1;
	chain_any(&rules, s->view + entry, end - entry, c);
	for (size_t k = 0; k < c->level; k++)
		c->touch[k] += entry;
}

static void note_levels(const struct sequence *s, const struct chain *c, struct reached *r)
{
	for (size_t k = 0; k < c->level; k++)
		reached_note(r, k + 1, s->view[c->touch[k]].at_us);
}

void any_run(struct sequence *s, size_t entry, struct attempt *a)
{
	struct reach reach = reach_of(s, entry);
	struct chain c;
	*a = (struct attempt){ .end = ATTEMPT_GOES_ON };
	bool taint = rules_taint(&s->rules);
	chain_within(s, entry, reach.end, &c);
	bool done = c.level == s->rules.steps_n;
	if (!taint || done || !reach.excluded)
		note_levels(s, &c, taint ? &a->clean : &a->all);
	if (taint) {
		chain_within(s, entry, reach.window_end, &c);
		note_levels(s, &c, &a->all);
	}
	if (done) {
		a->end = ATTEMPT_DONE;
	} else if (reach.excluded) {
		a->end = ATTEMPT_EXCLUDED;
		a->end_us = reach.excluded_us;
	} else if (reach.window_end < s->n) {
		a->end = ATTEMPT_TIMED_OUT;
		a->end_us = s->view[reach.window_end].at_us;
	}
}

void any_chain(struct sequence *s, size_t entry, size_t level, int64_t complete_us,
	       struct chain *chain_r)
{
	(void)complete_us;
	chain_within(s, entry, reach_of(s, entry).end, chain_r);
	CHECK(chain_r->level == level);
}
