/*
 * explain_int.h - one subject's story: its touches, the chain that counts, and why it ends.
 *
 * What it is:   private to funnel/. funnel_explain.c brings the touches and speaks of the default
 *               rules and of the lifecycle; explain_rules.c of every other parameter.
 */
#ifndef TRICHTER_EXPLAIN_INT_H
#define TRICHTER_EXPLAIN_INT_H

#include "funnel/funnel_int.h"

struct story {
	struct plan plan;
	struct subject_key key;
	struct dict held;
	struct matcher excluder;
	uint64_t subject;
	struct arena *a;
	struct pages pages;	   /* struct touch, as they came */
	struct touch *touches;	   /* in their total order */
	struct chain_touch *steps; /* those that can take part */
	size_t *touch_of;	   /* of each step: its place in touches */
	size_t n;
	struct chain chain;
	enum language language;
	bool failed;
	err *e;
};

/* The same sentence in English or German, the values in the same order. */
#define SAY(s, en, de, ...)                                                                        \
	str_printf((s)->a, (s)->language == LANGUAGE_DE ? (de) : (en), __VA_ARGS__)

/* When touch i of the steps happened. */
str story_when(const struct story *s, size_t i);
/* The furthest chain by these rules. */
bool story_chain(const struct story *s, const struct chain_rules *rules, struct chain *chain_r,
		 err *e) MUST_CHECK;
/* Why the chain ends before `step`, which is not in it. Empty when no single parameter is the
 * reason. */
bool story_of_rules(const struct story *s, size_t step, str *why_r, err *e) MUST_CHECK;

/* Every visible touch of one person, in no order (explain_find.c). */
bool person_touches(struct snapshot *s, uint64_t subject, touch_fn each, void *arg,
		    err *e) MUST_CHECK;

#endif
