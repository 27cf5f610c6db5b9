/*
 * funnel.c - the plan of a funnel: what was asked, with the defaults filled in.
 *
 * What it is:   what stands between the specification and the engines: which of them runs, over
 *               which rows, and which touch of a chain says the value of a breakdown.
 * Promises:     FUNNEL.md, for the parameters in funnel.h; what makes no sense is refused here.
 * Threads:      a plan is only read once it is made.
 */
#include "funnel/funnel_int.h"

static bool has_stage(const struct funnel_spec *spec)
{
	for (size_t k = 0; k < spec->steps_n; k++)
		if (spec->steps[k].kind == STEP_STAGE || spec->steps[k].kind == STEP_DEAL_STAGE)
			return true;
	return spec->steps_n == 0;
}

static bool check_spec(const struct plan *p, err *e)
{
	const struct funnel_spec *spec = &p->spec;
	if (p->lifecycle && spec->stages_n == 0)
		return err_set(e, ERR_INVALID, "no steps and no stages; expected one or the other");
	if (p->lifecycle && spec->stages_n >= FUNNEL_STEPS_MAX)
		return err_set(e, ERR_INVALID, "%zu stages; the lifecycle funnel has at most %d",
			       spec->stages_n, FUNNEL_STEPS_MAX - 1);
	if (spec->window_us < 0)
		return err_set(e, ERR_INVALID,
			       "the window is negative; expected a span such as 14d, or none");
	if (spec->from_us > spec->to_us)
		return err_set(e, ERR_INVALID, "the period ends before it begins");
	if ((spec->of == FUNNEL_OF_STEP || spec->of == FUNNEL_OF_STEP_ALL) &&
	    (spec->of_step == 0 || spec->of_step > p->rows_n))
		return err_set(e, ERR_INVALID,
			       "the breakdown is of step %zu, but the steps are 1 to %zu",
			       spec->of_step, p->rows_n);
	return true;
}

/* A name that only a subject has needs no `of`. */
static bool is_of_subject(str by)
{
	return str_starts(by, S("first_")) || str_starts(by, S("latest_"));
}

/* "source,country": at most FUNNEL_BY_MAX. */
static bool plan_by(struct plan *p, err *e)
{
	struct funnel_spec *s = &p->spec;
	str text = s->by, name;
	bool all_of_person = true;
	while (s->by.n > 0 && str_next(&text, ',', &name)) {
		name = str_trim(name);
		if (name.n == 0)
			return err_set(e, ERR_INVALID,
				       "the breakdown wants the names of properties, such as "
				       "source, or two: source,country");
		if (p->by_n == FUNNEL_BY_MAX)
			return err_set(e, ERR_INVALID, "a breakdown is by at most %d properties",
				       FUNNEL_BY_MAX);
		bool of_person = s->of == FUNNEL_OF_PERSON ||
				 (s->of == FUNNEL_OF_FIRST && is_of_subject(name));
		p->by[p->by_n++] = (struct by_part){ name, of_person };
		all_of_person = all_of_person && of_person;
	}
	if (p->by_n > 0 && all_of_person)
		s->of = FUNNEL_OF_PERSON;
	return true;
}

static bool plan_names(struct plan *p, struct arena *a, err *e)
{
	p->names = ARENA_ARRAY(a, str, p->rows_n);
	if (!p->names)
		return arena_err(a, e);
	for (size_t k = 0; k < p->rows_n; k++) {
		if (p->lifecycle)
			p->names[k] = k == 0 ? S("visitor") : p->spec.stages[k - 1];
		else
			p->names[k] = step_text(a, &p->spec.steps[k]);
		if (!p->names[k].p)
			return arena_err(a, e);
	}
	return true;
}

bool plan_init(struct plan *p, const struct funnel_spec *spec, struct arena *a, err *e)
{
	*p = (struct plan){ .spec = *spec, .lifecycle = spec->steps_n == 0 };
	struct funnel_spec *s = &p->spec;
	if (s->steps_n > FUNNEL_STEPS_MAX)
		return err_set(e, ERR_INVALID, "%zu steps; a funnel has at most %d", s->steps_n,
			       FUNNEL_STEPS_MAX);
	if (!s->window_given)
		s->window_us = has_stage(s) ? FUNNEL_WINDOW_NONE : WINDOW_DEFAULT_US;
	if (s->groups_max == 0)
		s->groups_max = GROUPS_DEFAULT;
	if (!funnel_check(s, NULL, e))
		return false;
	p->rows_n = p->lifecycle ? s->stages_n + 1 : s->steps_n;
	if (!plan_by(p, e) || !rules_settle(s, a, e))
		return false;
	/* Exits, deals and stages are of people, not of their attempts. */
	s->counts_only = s->counts_only || s->count == FUNNEL_TOTALS || s->count == FUNNEL_SESSIONS;
	rules_make(s, &p->rules);
	if (!check_spec(p, e) || !plan_names(p, a, e) || !matcher_init(&p->matcher, s, a, e))
		return false;
	p->only_counted = !s->where && !s->correlate;
	for (size_t i = 0; i < p->by_n; i++)
		p->only_counted = p->only_counted && !p->by[i].of_person;
	p->by_people = funnel_entity(s->count) == ENTITY_PERSON;
	int64_t some_us = p->rules.from_us != INT64_MIN ? p->rules.from_us
			  : p->rules.to_us != INT64_MAX ? p->rules.to_us - 1
							: 0;
	p->general = !p->lifecycle && !chain_is_simple(&p->rules) && !chain_is_plain_any(&p->rules);
	p->wants_all = p->lifecycle || chain_wants(&p->rules, some_us, 0, 0);
	return true;
}

void plan_fini(struct plan *p)
{
	matcher_fini(&p->matcher);
}

void plan_chain(const struct plan *p, const struct chain_touch *touches, size_t n,
		struct chain *chain_r)
{
	if (p->lifecycle)
		lifecycle_chain(&p->rules, p->spec.order == FUNNEL_ORDERED, touches, n, chain_r);
	else if (p->spec.order == FUNNEL_ORDERED)
		chain_ordered(&p->rules, touches, n, chain_r);
	else
		chain_any(&p->rules, touches, n, chain_r);
}

bool plan_out_of_order(const struct plan *p, const struct chain_touch *touches, size_t n,
		       size_t level)
{
	struct chain any;
	uint32_t all = 0;
	if (p->general || p->spec.order != FUNNEL_ORDERED || level == p->rows_n)
		return false;
	if (p->lifecycle) {
		lifecycle_chain(&p->rules, false, touches, n, &any);
		return any.level > level;
	}
	if (!chain_is_plain(&p->rules))
		return false;
	for (size_t i = 0; i < n; i++)
		all |= touches[i].mask;
	if ((size_t)__builtin_popcount(all) < p->rows_n)
		return false;
	chain_any(&p->rules, touches, n, &any);
	return any.level == p->rows_n;
}

/* The touch whose value the breakdown takes, or CHAIN_NONE. First and last are meant of the steps,
 * also when these came in another order. A visit is anything that happened, so that in the
 * lifecycle the first is the first touch of the chain that has a value at all. */
static size_t value_touch(const struct plan *p, const struct chain *c,
			  const struct chain_touch *touches)
{
	size_t step = 0;
	size_t at = CHAIN_NONE;
	for (size_t k = 0; k < c->level; k++) {
		if (c->touch[k] == CHAIN_NONE)
			continue;
		switch (p->spec.of) {
		case FUNNEL_OF_FIRST:
			if (at == CHAIN_NONE ||
			    (p->lifecycle ? touches[at].value == DICT_NONE : c->step[k] < step)) {
				at = c->touch[k];
				step = c->step[k];
			}
			break;
		case FUNNEL_OF_LAST:
			if (at == CHAIN_NONE || c->step[k] > step) {
				at = c->touch[k];
				step = c->step[k];
			}
			break;
		case FUNNEL_OF_STEP:
			if (c->step[k] + (size_t)1 == p->spec.of_step)
				return c->touch[k];
			break;
		case FUNNEL_OF_PERSON:
		case FUNNEL_OF_ALL:
		case FUNNEL_OF_STEP_ALL:
			break;
		}
	}
	return at;
}

uint32_t plan_value(const struct plan *p, const struct chain *c, const struct chain_touch *touches)
{
	size_t at = value_touch(p, c, touches);
	return at == CHAIN_NONE ? DICT_NONE : touches[at].value;
}
