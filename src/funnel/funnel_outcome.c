/*
 * funnel_outcome.c - what became of one subject.
 *
 * What it is:   the engine over the subject's touches; the chain with its value of the breakdown,
 *               and when the subject last came to the row that it reached last.
 * Promises:     takes memory of the worker alone; asks nothing of people.
 * Threads:      a worker is one thread's.
 */
#include "funnel/gather_int.h"

/* When the subject last came to the row that it reached last: exits before that are over. */
static int64_t since(const struct plan *p, const struct chain_touch *t, size_t n,
		     const struct progress *o)
{
	if (o->level == 0)
		return INT64_MIN;
	size_t row = o->level - (size_t)1;
	bool by_row = p->lifecycle || p->spec.order != FUNNEL_ANY;
	uint32_t bit = p->lifecycle ? (row == 0 ? 0 : UINT32_C(1) << (row - 1))
				    : UINT32_C(1) << row;
	for (size_t i = n; by_row && i-- > 0;)
		if ((t[i].mask & bit) != 0)
			return t[i].at_us;
	return o->at_us[row];
}

/* The values of the chain's touches. */
static bool chain_values(struct worker *w, const struct chain *c, struct chain_touch *t, err *e)
{
	for (size_t k = 0; k < c->level; k++)
		if (c->touch[k] != CHAIN_NONE && !worker_value(w, &t[c->touch[k]], e))
			return false;
	return true;
}

static bool add(struct worker *w, struct progress **list, size_t *n, uint64_t subject,
		const struct chain *c, const struct chain_touch *t, struct progress **o_r, err *e)
{
	struct progress *o;
	if (!progress_make(c, t, &w->a, &o, e))
		return false;
	o->subject = subject;
	o->next = *list;
	*list = o;
	++*n;
	*o_r = o;
	return true;
}

static bool best_chain(struct worker *w, const struct chain_touch *t, size_t n, struct chain *c_r,
		       err *e)
{
	const struct plan *p = w->g->plan;
	if (!p->general) {
		plan_chain(p, t, n, c_r);
		return true;
	}
	return (w->engine || sequence_new(&p->rules, &w->engine, e)) &&
	       sequence_best(w->engine, t, n, c_r, e);
}

/* ---- each value by itself -------------------------------------------------------------------- */

/* The touches that count for one value: those that have it, or all but step N of another. */
static size_t choose_own(struct worker *w, const struct plan *p, uint32_t number)
{
	uint32_t step = p->spec.of == FUNNEL_OF_STEP_ALL ? UINT32_C(1) << (p->spec.of_step - 1) : 0;
	size_t n = 0;
	for (size_t k = 0; k < w->touches.n; k++) {
		struct chain_touch t = w->touches.items[k];
		if (step == 0 && t.value != number)
			continue;
		if (t.value != number)
			t.mask &= ~step;
		w->own.items[n++] = t;
	}
	return n;
}

static bool is_new_value(const struct worker *w, const struct plan *p, size_t i)
{
	const struct chain_touch *t = w->touches.items;
	uint32_t step = p->spec.of == FUNNEL_OF_STEP_ALL ? UINT32_C(1) << (p->spec.of_step - 1)
							 : UINT32_MAX;
	if (step != UINT32_MAX && (t[i].mask & step) == 0)
		return false;
	for (size_t k = 0; k < i; k++)
		if (t[k].value == t[i].value && (step == UINT32_MAX || (t[k].mask & step) != 0))
			return false;
	return true;
}

static bool judge_values(struct worker *w, uint64_t subject, err *e)
{
	const struct plan *p = w->g->plan;
	struct progress *o;
	struct chain c;
	bool some = false;
	for (size_t i = 0; i < w->touches.n; i++)
		if (!worker_value(w, &w->touches.items[i], e))
			return false;
	if (!vec_reserve(&w->own, w->touches.n))
		return err_nomem(e);
	for (size_t i = 0; i < w->touches.n; i++) {
		if (!is_new_value(w, p, i))
			continue;
		size_t n = choose_own(w, p, w->touches.items[i].value);
		if (!best_chain(w, w->own.items, n, &c, e))
			return false;
		if (c.level < (p->spec.of == FUNNEL_OF_STEP_ALL ? p->spec.of_step : 1))
			continue;
		if (!add(w, &w->all, &w->all_n, subject, &c, w->own.items, &o, e))
			return false;
		o->group = w->touches.items[i].value;
		some = true;
	}
	if (some || p->spec.of != FUNNEL_OF_STEP_ALL)
		return true;
	/* Who has no chain up to that step has no value. */
	if (!best_chain(w, w->touches.items, w->touches.n, &c, e))
		return false;
	if (c.level == 0)
		return true;
	if (!add(w, &w->all, &w->all_n, subject, &c, w->touches.items, &o, e))
		return false;
	o->group = DICT_NONE;
	return true;
}

/* ---- one subject ----------------------------------------------------------------------------- */

static bool judge_chain(struct worker *w, uint64_t subject, const struct chain *c,
			bool out_of_order, err *e)
{
	const struct plan *p = w->g->plan;
	struct chain_touch *t = w->touches.items;
	struct progress *o;
	bool of_touch = p->by_n > 0 && p->spec.of != FUNNEL_OF_PERSON;
	if (of_touch && !chain_values(w, c, t, e))
		return false;
	if (!add(w, &w->list, &w->n, subject, c, t, &o, e))
		return false;
	o->group = of_touch ? plan_value(p, c, t) : DICT_NONE;
	o->out_of_order = out_of_order;
	o->exit_us = since(p, t, w->touches.n, o);
	return true;
}

bool worker_note(struct worker *w, uint64_t subject, const struct chain *c,
		 const struct chain_touch *t, err *e)
{
	const struct plan *p = w->g->plan;
	struct progress *o;
	bool of_touch = p->by_n > 0 && p->spec.of != FUNNEL_OF_PERSON;
	if (c->level == 1 && p->only_counted) {
		struct first f = { t[c->touch[0]].at_us, (uint32_t)subject,
				   of_touch ? plan_value(p, c, t) : DICT_NONE };
		return vec_push(&w->firsts, f) || err_nomem(e);
	}
	if (!add(w, &w->list, &w->n, subject, c, t, &o, e))
		return false;
	o->group = of_touch ? plan_value(p, c, t) : DICT_NONE;
	o->exit_us = INT64_MIN;
	return true;
}

struct telling {
	struct worker *w;
	uint64_t subject;
	bool failed, out_of_order;
	err *e;
};

static bool tell_chain(void *arg, const struct chain *c)
{
	struct telling *t = arg;
	t->failed = !judge_chain(t->w, t->subject, c, false, t->e);
	return !t->failed;
}

/* Every parameter: a chain, or with some several of them. */
static bool judge_sequence(struct worker *w, uint64_t subject, err *e)
{
	struct telling t = { .w = w, .subject = subject, .e = e };
	if (!w->engine && !sequence_new(&w->g->plan->rules, &w->engine, e))
		return false;
	return sequence_run(w->engine, w->touches.items, w->touches.n, tell_chain, &t, e) &&
	       !t.failed;
}

bool worker_judge(struct worker *w, uint64_t subject, err *e)
{
	const struct plan *p = w->g->plan;
	struct chain c;
	bool all = p->by_n > 0 && (p->spec.of == FUNNEL_OF_ALL || p->spec.of == FUNNEL_OF_STEP_ALL);
	if (all && !judge_values(w, subject, e))
		return false;
	if (p->general)
		return judge_sequence(w, subject, e);
	plan_chain(p, w->touches.items, w->touches.n, &c);
	bool out_of_order = plan_out_of_order(p, w->touches.items, w->touches.n, c.level);
	if (c.level == 0 && !out_of_order)
		return true;
	return judge_chain(w, subject, &c, out_of_order, e);
}
