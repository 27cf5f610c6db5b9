/*
 * fast_world.h - touches that are in segments and, beside them, in the simplest array there is.
 *
 * What it is:   random touches of a few subjects, cut into segments; and what chain_ordered() or
 *               lifecycle_chain() say of them, subject by subject. Made to collide: few instants,
 *               repeated names, windows of nothing, periods that cut, touches that are hidden.
 */
#ifndef TRICHTER_FAST_WORLD_H
#define TRICHTER_FAST_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/time.h"
#include "funnel/fast_int.h"
#include "funnel/funnel_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENTS_MAX 6
#define GROUPS	     5 /* and one for those without */
#define VALUES_MAX   8
#define NAMES_MAX    600

#define assert_ok(call, e)                                                                         \
	do {                                                                                       \
		err_clear(&(e));                                                                   \
		if (!(call))                                                                       \
			fail_msg("%s", (e).text);                                                  \
	} while (0)

struct item {
	uint64_t subject;
	int64_t at_us;
	uint64_t tie, seq;
	uint32_t name, origin, stage; /* origin, stage: 0 none */
	uint32_t segment;
	bool hidden;
};

/* What is asked. */
struct asked {
	struct chain_rules rules;
	uint32_t steps_of_name[NAMES_MAX];
	bool by_value[NAMES_MAX];
	uint32_t steps_of_stage[VALUES_MAX];
	bool lifecycle, in_order, has_hidden, until_given, out_of_order;
	int64_t until_us;
	enum fast_grouping grouping;
	size_t of_step;
	uint64_t only[16], skip[16];
	bool has_only, has_skip;
};
struct world {
	struct item *items; /* by (subject, at, tie, seq) */
	size_t n, subjects, names_n, segments_n;
	struct segment *segments[SEGMENTS_MAX];
	uint64_t *seq_of[SEGMENTS_MAX]; /* by row */
	uint64_t *hidden[SEGMENTS_MAX];
	uint32_t *subject_group;
};

static int cmp_item(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	if (x->tie != y->tie)
		return x->tie < y->tie ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

static str name_of(char text[16], uint32_t name)
{
	snprintf(text, 16, "name_%u", name);
	return str_of(text);
}

static void build_segment(struct world *w, size_t number, bool cold)
{
	struct segment_options o = { .cold = cold };
	struct segment_builder *b;
	size_t rows = 0;
	err e;
	assert_ok(segment_begin_build(&o, &b, &e), e);
	for (size_t i = 0; i < w->n; i++) {
		const struct item *m = &w->items[i];
		char name[16], stage[16], source[16];
		struct prop prop = { .key = S("stage") };
		struct touch t = { .seq = m->seq,
				   .at_us = m->at_us,
				   .received_us = m->at_us,
				   .tie = m->tie,
				   .name = name_of(name, m->name),
				   .person = m->subject };
		if (m->segment != number)
			continue;
		snprintf(stage, sizeof stage, "stage_%u", m->stage);
		snprintf(source, sizeof source, "source_%u", m->origin);
		prop.value = value_text(str_of(stage));
		t.props = &prop;
		t.props_n = m->stage != 0;
		if (m->origin != 0)
			t.origin.source = str_of(source);
		assert_ok(segment_add(b, m->subject, &t, &e), e);
		w->seq_of[number][rows] = m->seq;
		if (m->hidden)
			w->hidden[number][rows / 64] |= UINT64_C(1) << rows % 64;
		rows++;
	}
	assert_ok(segment_finish(&b, &w->segments[number], &e), e);
}

/* The segments of a world that has its touches. */
static void world_build(struct world *w, bool cold)
{
	qsort(w->items, w->n, sizeof *w->items, cmp_item);
	for (size_t k = 0; k < w->segments_n; k++) {
		w->seq_of[k] = calloc(w->n + 1, sizeof **w->seq_of);
		w->hidden[k] = calloc(w->n / 64 + 1 + COLFILE_BLOCK_ROWS / 64, sizeof **w->hidden);
		build_segment(w, k, cold);
	}
}

/* Touches of a world. */
struct shape {
	size_t touches, subjects, segments, names;
	uint64_t span_us; /* of time */
	int64_t unit_us;
	bool by_time; /* segments follow one another */
	bool hidden;
	bool cold; /* packed smaller */
};

static void world_make(struct world *w, struct rng *r, const struct shape *s)
{
	static const int64_t bases[] = { 0, -5000000, 1700000000000000 };
	int64_t base = bases[rng_below(r, ARRAY_LEN(bases))];
	*w = (struct world){ .n = s->touches,
			     .subjects = s->subjects,
			     .names_n = s->names,
			     .segments_n = s->segments };
	w->items = calloc(s->touches + 1, sizeof *w->items);
	w->subject_group = calloc(s->subjects + 1, sizeof *w->subject_group);
	for (size_t i = 0; i < s->touches; i++) {
		struct item *m = &w->items[i];
		uint64_t past = rng_below(r, s->span_us);
		*m = (struct item){ .subject = rng_below(r, s->subjects + 1),
				    .at_us = base + (int64_t)past * s->unit_us,
				    .tie = rng_below(r, 3),
				    .seq = i + 1,
				    .name = (uint32_t)rng_below(r, s->names),
				    .origin = (uint32_t)rng_below(r, 6),
				    .stage = rng_chance(r, 0.5) ? 1 + (uint32_t)rng_below(r, 6) : 0,
				    .hidden = s->hidden && rng_chance(r, 0.1) };
		m->segment = (uint32_t)(s->by_time ? past * s->segments / s->span_us
						   : rng_below(r, s->segments));
	}
	for (size_t i = 0; i <= s->subjects; i++)
		w->subject_group[i] = rng_chance(r, 0.2) ? FAST_NO_GROUP
							 : (uint32_t)rng_below(r, GROUPS);
	world_build(w, s->cold);
}

static void world_free(struct world *w)
{
	for (size_t k = 0; k < w->segments_n; k++) {
		segment_release(&w->segments[k]);
		free(w->seq_of[k]);
		free(w->hidden[k]);
	}
	free(w->items);
	free(w->subject_group);
}

static uint32_t mask_of(const struct asked *q, const struct item *m)
{
	uint32_t mask = q->steps_of_name[m->name];
	if (q->by_value[m->name])
		mask |= q->steps_of_stage[m->stage];
	return mask;
}

static bool counts(const struct asked *q, uint64_t subject)
{
	bool only = subject < 1024 && (q->only[subject / 64] >> subject % 64 & 1) != 0;
	bool skip = subject < 1024 && (q->skip[subject / 64] >> subject % 64 & 1) != 0;
	return subject != 0 && (!q->has_only || only) && (!q->has_skip || !skip);
}

/* ---- what has to come out -------------------------------------------------------------------- */

struct verdict {
	uint64_t subject;
	size_t level;
	uint32_t group;
	int64_t at_us[FUNNEL_STEPS_MAX];
	uint64_t seq[FUNNEL_STEPS_MAX]; /* 0: passed over */
	bool out_of_order;
	bool crossed; /* touches of several segments have one instant */
};
struct verdicts {
	struct verdict *items;
	size_t n;
	struct fast_answer answer;
	uint64_t groups[(GROUPS + 1) * FUNNEL_STEPS_MAX];
};

static uint32_t group_of(const struct world *w, const struct asked *q, const struct verdict *o,
			 const uint32_t *origins)
{
	size_t step = q->grouping == FAST_BY_LAST ? o->level : q->of_step;
	if (q->grouping == FAST_BY_SUBJECT)
		return w->subject_group[o->subject] == FAST_NO_GROUP ? GROUPS
								     : w->subject_group[o->subject];
	if (q->grouping == FAST_UNGROUPED)
		return 0;
	if (step > o->level || o->seq[step - 1] == 0 || origins[step - 1] == 0)
		return GROUPS;
	return origins[step - 1] - 1;
}

/* As the run of a funnel has it. */
static bool out_of_order(const struct asked *q, const struct chain_touch *touches, size_t n,
			 size_t level)
{
	struct chain any;
	if (q->lifecycle) {
		lifecycle_chain(&q->rules, false, touches, n, &any);
		return any.level > level;
	}
	chain_any(&q->rules, touches, n, &any);
	return level < q->rules.steps_n && any.level == q->rules.steps_n;
}

/* One subject's touches, as the engines take them. */
static void judge(const struct world *w, const struct asked *q, const struct item *items, size_t n,
		  struct verdict *o)
{
	struct chain_touch *touches = calloc(n + 1, sizeof *touches);
	size_t *where = calloc(n + 1, sizeof *where);
	uint32_t origins[FUNNEL_STEPS_MAX] = { 0 };
	struct chain chain;
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t mask = mask_of(q, &items[i]);
		if (i > 0 && items[i].at_us == items[i - 1].at_us &&
		    items[i].segment != items[i - 1].segment)
			o->crossed = true;
		if (items[i].hidden && q->has_hidden)
			continue;
		if (q->until_given && items[i].at_us >= q->until_us)
			continue;
		if (mask == 0 && !q->lifecycle)
			continue;
		where[kept] = i;
		touches[kept++] = (struct chain_touch){ .at_us = items[i].at_us,
							.tie = items[i].tie,
							.seq = items[i].seq,
							.mask = mask };
	}
	if (q->lifecycle)
		lifecycle_chain(&q->rules, q->in_order, touches, kept, &chain);
	else
		chain_ordered(&q->rules, touches, kept, &chain);
	o->level = chain.level;
	o->out_of_order = out_of_order(q, touches, kept, chain.level);
	for (size_t k = 0; k < chain.level; k++) {
		if (chain.touch[k] == CHAIN_NONE)
			continue;
		const struct item *m = &items[where[chain.touch[k]]];
		o->at_us[k] = m->at_us;
		o->seq[k] = m->seq;
		origins[k] = m->origin;
	}
	if (o->level > 0)
		o->group = group_of(w, q, o, origins);
	free(touches);
	free(where);
}

static void expect(const struct world *w, const struct asked *q, struct verdicts *r)
{
	*r = (struct verdicts){ .items = calloc(w->subjects + 1, sizeof *r->items) };
	for (size_t i = 0, end; i < w->n; i = end) {
		struct verdict *o = &r->items[w->items[i].subject];
		for (end = i; end < w->n && w->items[end].subject == w->items[i].subject; end++)
			;
		o->subject = w->items[i].subject;
		if (!counts(q, o->subject))
			continue;
		judge(w, q, w->items + i, end - i, o);
	}
	r->n = w->subjects + 1;
}

#endif
