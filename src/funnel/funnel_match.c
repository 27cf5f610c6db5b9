/*
 * funnel_match.c - which steps does a touch fill?
 *
 * What it is:   the steps of a plan, arranged so that most touches are passed over by their name.
 * Promises:     names are compared exactly, stages with case and accents folded; a rule is asked
 * last. A property that is not set is no match, never an error. Threads:      as the plan.
 */
#include "funnel/funnel_int.h"

#define STAGE_BYTES_MAX ((size_t)1024)

static void add_name(struct matcher *m, str name, uint32_t bit)
{
	for (size_t i = 0; i < m->names_n; i++) {
		if (str_eq(m->names[i].name, name)) {
			m->names[i].mask |= bit;
			return;
		}
	}
	m->names[m->names_n++] = (struct match_name){ name, bit };
}

static bool add_stage(struct matcher *m, size_t k, str stage, bool of_deal, struct arena *a, err *e)
{
	uint32_t bit = UINT32_C(1) << k;
	m->stage[k] = str_fold(a, stage);
	if (!m->stage[k].p)
		return arena_err(a, e);
	if (!of_deal) {
		m->stages |= bit;
		return true;
	}
	m->deal_stages |= bit;
	m->won |= str_eq(m->stage[k], S("won")) ? bit : 0;
	m->lost |= str_eq(m->stage[k], S("lost")) ? bit : 0;
	return true;
}

static bool add_step(struct matcher *m, size_t k, const struct funnel_step *step, struct arena *a,
		     err *e)
{
	uint32_t bit = UINT32_C(1) << k;
	switch (step->kind) {
	case STEP_NAME:
		add_name(m, step->name, bit);
		return true;
	case STEP_STAGE:
		return add_stage(m, k, step->name, false, a, e);
	case STEP_DEAL_STAGE:
		return add_stage(m, k, step->name, true, a, e);
	case STEP_RULE:
		m->rule[k] = step->rule;
		m->rules |= bit;
		return true;
	case STEP_ANY:
		m->any |= bit;
		return true;
	}
	return err_set(e, ERR_INVALID, "step %zu is of no known kind", k + 1);
}

bool matcher_init(struct matcher *m, const struct funnel_spec *spec, struct arena *a, err *e)
{
	*m = (struct matcher){ .now_us = spec->now_us };
	arena_init(&m->fold, 64 * KIB);
	for (size_t k = 0; k < spec->steps_n; k++)
		if (!add_step(m, k, &spec->steps[k], a, e))
			return false;
	for (size_t k = 0; spec->steps_n == 0 && k < spec->stages_n; k++)
		if (!add_stage(m, k, spec->stages[k], false, a, e))
			return false;
	return true;
}

bool matcher_init_excludes(struct matcher *m, const struct funnel_spec *spec, struct arena *a,
			   err *e)
{
	*m = (struct matcher){ .now_us = spec->now_us };
	arena_init(&m->fold, 64 * KIB);
	for (size_t k = 0; k < spec->excludes_n; k++)
		if (!add_step(m, k, &spec->excludes[k].what, a, e))
			return false;
	return true;
}

void matcher_fini(struct matcher *m)
{
	arena_fini(&m->fold);
}

/* Most stages are plain ASCII, where folding is lower case; others take the long way. */
static bool stage_eq(struct matcher *m, str stage, str folded)
{
	bool ascii = true;
	bool same = stage.n == folded.n;
	if (stage.n > STAGE_BYTES_MAX)
		return false;
	for (size_t i = 0; i < stage.n && ascii; i++) {
		char c = stage.p[i];
		ascii = (signed char)c >= 0;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		same = same && c == folded.p[i];
	}
	if (ascii)
		return same;
	arena_reset(&m->fold);
	str s = str_fold(&m->fold, stage);
	return s.p && str_eq(s, folded);
}

static uint32_t text_mask(struct matcher *m, str stage, uint32_t wanted)
{
	uint32_t mask = 0;
	for (; wanted != 0; wanted &= wanted - 1) {
		size_t k = (size_t)__builtin_ctz(wanted);
		if (stage_eq(m, stage, m->stage[k]))
			mask |= UINT32_C(1) << k;
	}
	return mask;
}

static uint32_t stage_mask(struct matcher *m, const struct touch *t, uint32_t wanted)
{
	value stage = touch_prop(t, S("stage"));
	return stage.kind == VALUE_TEXT ? text_mask(m, str_trim(stage.text), wanted) : 0;
}

uint32_t matcher_stage(struct matcher *m, str stage)
{
	return text_mask(m, stage, m->stages);
}

static uint32_t deal_mask(struct matcher *m, const struct touch *t)
{
	if (t->deal == 0 || !str_starts(t->name, S("deal_")))
		return 0;
	if (str_eq(t->name, S("deal_won")))
		return m->won | stage_mask(m, t, m->deal_stages);
	if (str_eq(t->name, S("deal_lost")))
		return m->lost | stage_mask(m, t, m->deal_stages);
	if (str_eq(t->name, S("deal_stage_entered")) || str_eq(t->name, S("deal_created")))
		return stage_mask(m, t, m->deal_stages);
	return 0;
}

uint32_t matcher_mask(struct matcher *m, const struct touch *t)
{
	uint32_t mask = m->any;
	for (size_t i = 0; i < m->names_n; i++)
		if (str_eq(m->names[i].name, t->name))
			mask |= m->names[i].mask;
	if (m->stages != 0 && str_eq(t->name, S("stage_entered")))
		mask |= stage_mask(m, t, m->stages);
	if (m->deal_stages != 0)
		mask |= deal_mask(m, t);
	if (m->rules != 0) {
		struct rule_row row = touch_row(t, m->now_us);
		for (uint32_t rest = m->rules; rest != 0; rest &= rest - 1) {
			size_t k = (size_t)__builtin_ctz(rest);
			if (rule_test(m->rule[k], &row))
				mask |= UINT32_C(1) << k;
		}
	}
	return mask;
}

value touch_breakdown(const struct touch *t, str by, int64_t now_us)
{
	struct rule_row row = touch_row(t, now_us);
	value v = row.field(row.arg, by);
	/* Where a visit began is its path, unless it says otherwise. */
	if (v.kind == VALUE_NONE && str_eq(by, S("landing_page")))
		v = row.field(row.arg, S("path"));
	return v;
}

bool touch_held(const struct touch *t, const struct funnel_spec *spec, value *values, size_t *n_r)
{
	size_t n = 0;
	for (size_t i = 0; i < spec->hold_n; i++) {
		str key = spec->hold[i];
		if (str_eq(key, S("session")))
			continue;
		if (str_eq(key, S("deal")) && t->deal != 0)
			values[n] = value_int((int64_t)t->deal);
		else if (str_eq(key, S("company")) && t->company != 0)
			values[n] = value_int((int64_t)t->company);
		else
			values[n] = touch_breakdown(t, key, spec->now_us);
		if (values[n++].kind == VALUE_NONE)
			return false;
	}
	*n_r = n;
	return n > 0;
}
