/*
 * funnel_explain.c - why one subject came as far as it did.
 *
 * What it is:   the subject's touches, all of them, run through the same plan as the funnel; then
 * one sentence about the step that is missing: it never happened, or too early, too late, outside
 * the period, or only in a touch that counts for another step already. Where other parameters hold,
 * explain_rules.c finds the one that is to blame.
 * Promises:     level and chain are those that funnel_run counts.
 * Threads:      one query per thread.
 */
#include "funnel/explain_int.h"

static bool collect(void *arg, const struct touch *t)
{
	struct story *s = arg;
	uint64_t subject;
	s->failed = !subject_key_of(&s->key, t, &subject, s->e);
	if (s->failed || subject != s->subject)
		return !s->failed;
	struct touch *to = pages_add(&s->pages, s->e);
	s->failed = !to || (!touch_copy(s->a, t, to) && !arena_err(s->a, s->e));
	return !s->failed;
}

static int cmp_touch(const void *a, const void *b)
{
	return touch_cmp(a, b);
}

/* The total order, and the steps that each touch fills. */
static bool arrange(struct story *s, err *e)
{
	s->touches = ARENA_ARRAY(s->a, struct touch, s->pages.n);
	s->steps = ARENA_ARRAY(s->a, struct chain_touch, s->pages.n);
	s->touch_of = ARENA_ARRAY(s->a, size_t, s->pages.n);
	if (!s->touches || !s->steps || !s->touch_of)
		return arena_err(s->a, e);
	for (uint32_t i = 0; i < s->pages.n; i++)
		s->touches[i] = *(struct touch *)pages_at(&s->pages, i);
	sort_items(s->touches, s->pages.n, sizeof *s->touches, cmp_touch);
	for (size_t i = 0; i < s->pages.n; i++) {
		const struct touch *t = &s->touches[i];
		struct chain_touch *to = &s->steps[s->n];
		*to = (struct chain_touch){ .at_us = t->at_us, .tie = t->tie, .seq = t->seq };
		to->mask = matcher_mask(&s->plan.matcher, t);
		to->exclude = matcher_mask(&s->excluder, t);
		value values[FUNNEL_HOLD_MAX];
		size_t n;
		if (touch_held(t, &s->plan.spec, values, &n) &&
		    !dict_number_all(&s->held, values, n, &to->hold, e))
			return false;
		/* What fills a step outside the period is told of as well. */
		if (to->mask == 0 && to->exclude == 0 && !s->plan.wants_all)
			continue;
		s->touch_of[s->n++] = i;
	}
	return true;
}

/* ---- the sentence ---------------------------------------------------------------------------- */

/* How the touches that would fill a step lie to the chain; indexes into steps, or CHAIN_NONE. */
struct lie {
	size_t first, before, after, taken, outside;
};

static struct lie lie_of(const struct story *s, size_t step)
{
	struct lie lie = { CHAIN_NONE, CHAIN_NONE, CHAIN_NONE, CHAIN_NONE, CHAIN_NONE };
	const struct chain_rules *rules = &s->plan.rules;
	const struct chain *c = &s->chain;
	bool ordered = s->plan.spec.order == FUNNEL_ORDERED;
	/* From where on a further step would have counted: the last step, or else the beginning. */
	size_t ends_at = c->level == 0 ? CHAIN_NONE
				       : c->touch[ordered && !s->plan.lifecycle ? c->level - 1 : 0];
	for (size_t i = 0; i < s->n; i++) {
		int64_t at = s->steps[i].at_us;
		bool used = false;
		if ((s->steps[i].mask >> step & 1) == 0)
			continue;
		if (lie.first == CHAIN_NONE)
			lie.first = i;
		for (size_t k = 0; k < c->level; k++)
			used = used || c->touch[k] == i;
		if (used)
			lie.taken = i;
		else if (at < rules->from_us || (rules->clip && at >= rules->to_us))
			lie.outside = lie.outside == CHAIN_NONE ? i : lie.outside;
		else if (ends_at != CHAIN_NONE && at < s->steps[ends_at].at_us)
			lie.before = i;
		else if (lie.after == CHAIN_NONE)
			lie.after = i;
	}
	return lie;
}

str story_when(const struct story *s, size_t i)
{
	char text[TIME_TEXT_MAX];
	return str_dup(s->a, time_print_local(text, s->steps[i].at_us));
}

static str why_first_missing(const struct story *s)
{
	struct lie lie = lie_of(s, 0);
	str name = s->plan.names[0];
	if (lie.first == CHAIN_NONE)
		return SAY(s, "Step 1, %.*s, never happened.",
			   "Schritt 1, %.*s, hat nie stattgefunden.", STR_ARG(name));
	return SAY(s, "Step 1, %.*s, happened only outside the period, first on %.*s.",
		   "Schritt 1, %.*s, fand nur au\u00DFerhalb des Zeitraums statt, zuerst am %.*s.",
		   STR_ARG(name), STR_ARG(story_when(s, lie.first)));
}

static str why_too_late(const struct story *s, str name, size_t step, size_t i)
{
	char window[TIME_TEXT_MAX], late[TIME_TEXT_MAX];
	int64_t entry = s->steps[s->chain.touch[0]].at_us;
	struct duration d = { .us = s->plan.rules.window_us };
	int64_t late_us;
	if (__builtin_sub_overflow(s->steps[i].at_us, entry, &late_us) ||
	    __builtin_sub_overflow(late_us, d.us, &late_us))
		late_us = INT64_MAX;
	return SAY(
		s, "Step %zu, %.*s, happened on %.*s, %.*s after the window of %.*s had ended.",
		"Schritt %zu, %.*s, fand am %.*s statt, %.*s nach dem Ende des Zeitfensters von %.*s.",
		step + 1, STR_ARG(name), STR_ARG(story_when(s, i)),
		STR_ARG(duration_print_short(late, late_us)),
		STR_ARG(duration_print_short(window, d.us)));
}

static str why_step_missing(const struct story *s, size_t step)
{
	struct lie lie = lie_of(s, step);
	str name = s->plan.names[step];
	bool ordered = s->plan.spec.order == FUNNEL_ORDERED;
	if (lie.first == CHAIN_NONE)
		return SAY(s, "Step %zu, %.*s, never happened.",
			   "Schritt %zu, %.*s, hat nie stattgefunden.", step + 1, STR_ARG(name));
	if (lie.after != CHAIN_NONE && s->plan.rules.window_us != FUNNEL_WINDOW_NONE)
		return why_too_late(s, name, step, lie.after);
	if (lie.before != CHAIN_NONE && ordered) {
		size_t last = s->chain.level - 1;
		return SAY(
			s,
			"Step %zu, %.*s, happened before step %zu, %.*s: on %.*s, not after %.*s.",
			"Schritt %zu, %.*s, fand vor Schritt %zu, %.*s, statt: am %.*s, nicht nach dem %.*s.",
			step + 1, STR_ARG(name), last + 1, STR_ARG(s->plan.names[last]),
			STR_ARG(story_when(s, lie.before)),
			STR_ARG(story_when(s, s->chain.touch[last])));
	}
	if (lie.before != CHAIN_NONE)
		return SAY(
			s, "Step %zu, %.*s, happened on %.*s, outside the window of the others.",
			"Schritt %zu, %.*s, fand am %.*s statt, au\u00DFerhalb des Zeitfensters der anderen.",
			step + 1, STR_ARG(name), STR_ARG(story_when(s, lie.before)));
	if (lie.outside != CHAIN_NONE)
		return SAY(
			s, "Step %zu, %.*s, happened only outside the period, on %.*s.",
			"Schritt %zu, %.*s, fand nur au\u00DFerhalb des Zeitraums statt, am %.*s.",
			step + 1, STR_ARG(name), STR_ARG(story_when(s, lie.outside)));
	return SAY(
		s, "Step %zu, %.*s, happened only in a touch that counts for another step.",
		"Schritt %zu, %.*s, fand nur in einem Kontakt statt, der f\u00FCr einen anderen Schritt z\u00E4hlt.",
		step + 1, STR_ARG(name));
}

/* The stage of the chain that was first entered after the touch; 0: none. */
static size_t stage_after(const struct story *s, size_t i)
{
	for (size_t k = 1; k < s->chain.level; k++)
		if (s->chain.touch[k] != CHAIN_NONE &&
		    s->steps[s->chain.touch[k]].at_us > s->steps[i].at_us)
			return k;
	return 0;
}

static str why_not_this_stage(const struct story *s, size_t stage, size_t i)
{
	str name = s->plan.names[stage];
	str when = story_when(s, i);
	size_t later = stage_after(s, i);
	if (later != 0)
		return SAY(s, "%.*s was entered on %.*s, before %.*s, on %.*s.",
			   "%.*s wurde am %.*s erreicht, vor %.*s am %.*s.", STR_ARG(name),
			   STR_ARG(when), STR_ARG(s->plan.names[later]),
			   STR_ARG(story_when(s, s->chain.touch[later])));
	if (chain_in_window(&s->plan.rules, s->steps[s->chain.touch[0]].at_us, s->steps[i].at_us))
		return SAY(s, "%.*s was entered on %.*s, before an earlier stage was.",
			   "%.*s wurde am %.*s erreicht, vor einer fr\u00FCheren Stufe.",
			   STR_ARG(name), STR_ARG(when));
	return SAY(s, "%.*s was entered on %.*s, outside the window of the visit.",
		   "%.*s wurde am %.*s erreicht, au\u00DFerhalb des Zeitfensters des Besuchs.",
		   STR_ARG(name), STR_ARG(when));
}

/* The lowest stage above the level that was entered at all tells more than those that were not. */
static str why_stage_missing(const struct story *s)
{
	size_t level = s->chain.level;
	for (size_t stage = level; stage < s->plan.rows_n; stage++) {
		struct lie lie = lie_of(s, stage - 1);
		size_t i = lie.after;
		if (i == CHAIN_NONE)
			i = lie.before != CHAIN_NONE ? lie.before : lie.taken;
		if (i != CHAIN_NONE)
			return why_not_this_stage(s, stage, i);
		if (lie.outside != CHAIN_NONE)
			return SAY(s, "%.*s was entered only outside the period, on %.*s.",
				   "%.*s wurde nur au\u00DFerhalb des Zeitraums erreicht, am %.*s.",
				   STR_ARG(s->plan.names[stage]),
				   STR_ARG(story_when(s, lie.outside)));
	}
	return SAY(s, "No stage after %.*s was entered.", "Keine Stufe nach %.*s wurde erreicht.",
		   STR_ARG(s->plan.names[level - 1]));
}

/* The first step that the chain lacks. */
static size_t missing_step(const struct story *s)
{
	uint64_t filled = 0;
	for (size_t k = 0; k < s->chain.level; k++)
		filled |= UINT64_C(1) << s->chain.step[k];
	return (size_t)__builtin_ctzll(~filled);
}

static str why_stopped(const struct story *s)
{
	const struct chain *c = &s->chain;
	if (c->level == s->plan.rows_n)
		return S("");
	if (s->plan.lifecycle && c->level == 0)
		return s->language == LANGUAGE_DE
			       ? (s->n == 0 ? S("Es ist nichts bekannt.")
					    : S("Im Zeitraum ist nichts geschehen."))
			       : (s->n == 0 ? S("Nothing is known to have happened.")
					    : S("Nothing happened in the period."));
	if (s->plan.lifecycle)
		return why_stage_missing(s);
	if (s->plan.spec.order != FUNNEL_ANY && s->plan.spec.order != FUNNEL_ANCHORED &&
	    c->level == 0)
		return why_first_missing(s);
	return why_step_missing(s, missing_step(s));
}

/* ---- one subject ----------------------------------------------------------------------------- */

static bool where_holds(struct story *s, struct people *p, bool *holds_r, err *e)
{
	struct portrait portrait;
	*holds_r = true;
	if (!s->plan.spec.where)
		return true;
	portrait_init(&portrait, p, &s->plan);
	bool ok = portrait_read(&portrait, s->subject, e);
	if (ok)
		*holds_r = portrait_where(&portrait, s->touches, s->pages.n);
	portrait_fini(&portrait);
	return ok;
}

/* Of several attempts or sessions the furthest. */
static bool take_furthest(void *arg, const struct chain *c)
{
	struct chain *best = arg;
	if (c->level > best->level)
		*best = *c;
	return true;
}

bool story_chain(const struct story *s, const struct chain_rules *rules, struct chain *chain_r,
		 err *e)
{
	struct sequence *engine = NULL;
	chain_r->level = 0;
	bool ok = sequence_new(rules, &engine, e) &&
		  sequence_run(engine, s->steps, s->n, take_furthest, chain_r, e);
	sequence_free(&engine);
	return ok;
}

static bool find_chain(struct story *s, err *e)
{
	if (s->plan.general)
		return story_chain(s, &s->plan.rules, &s->chain, e);
	plan_chain(&s->plan, s->steps, s->n, &s->chain);
	return true;
}

/* In one language. */
static bool tell_why(struct story *s, enum language language, str *why_r, err *e)
{
	s->language = language;
	*why_r = S("");
	if (s->chain.level == s->plan.rows_n)
		return true;
	if (s->plan.general || (!s->plan.lifecycle && s->plan.rules.order == FUNNEL_ORDERED &&
				!chain_is_plain(&s->plan.rules))) {
		size_t step = missing_step(s);
		if (lie_of(s, step).first != CHAIN_NONE && !story_of_rules(s, step, why_r, e))
			return false;
	}
	if (why_r->n == 0)
		*why_r = why_stopped(s);
	return !s->a->over || arena_err(s->a, e);
}

static bool tell(struct story *s, struct people *p, struct funnel_explanation *x, err *e)
{
	bool holds;
	if (!arrange(s, e) || !where_holds(s, p, &holds, e))
		return false;
	if (!holds) {
		str rule = rule_print(s->a, s->plan.spec.where);
		x->why_stopped = str_printf(s->a, "Not counted: this does not hold: %.*s",
					    STR_ARG(rule));
		x->why_stopped_de = str_printf(s->a, "Nicht gez\u00E4hlt: es gilt nicht: %.*s",
					       STR_ARG(rule));
		return !s->a->over || arena_err(s->a, e);
	}
	if (!find_chain(s, e))
		return false;
	x->level = s->chain.level;
	x->chain = ARENA_ARRAY(s->a, struct touch, x->level);
	x->step = ARENA_ARRAY(s->a, size_t, x->level);
	if (!x->chain || !x->step)
		return arena_err(s->a, e);
	for (size_t k = 0; k < x->level; k++) {
		x->step[k] = s->chain.step[k];
		if (s->chain.touch[k] != CHAIN_NONE)
			x->chain[k] = s->touches[s->touch_of[s->chain.touch[k]]];
	}
	return tell_why(s, LANGUAGE_EN, &x->why_stopped, e) &&
	       tell_why(s, LANGUAGE_DE, &x->why_stopped_de, e);
}

static bool explain(struct story *s, struct snapshot *snapshot, const struct funnel_spec *spec,
		    uint64_t subject, struct funnel_explanation *x, err *e)
{
	struct people *p = snapshot_people(snapshot);
	if (subject == 0 || subject > people_profiles(p))
		return err_set(e, ERR_NOT_FOUND, "there is nobody of number %ju",
			       (uintmax_t)subject);
	s->subject = people_subject_of(p, subject);
	x->subject = s->subject;
	pages_init(&s->pages, s->a, sizeof(struct touch));
	return plan_init(&s->plan, spec, s->a, e) && dict_init(&s->held, s->a, e) &&
	       matcher_init_excludes(&s->excluder, &s->plan.spec, s->a, e) &&
	       subject_key_init(&s->key, p, spec->count, s->a, e) &&
	       (s->plan.by_people ? person_touches(snapshot, s->subject, collect, s, e)
				  : snapshot_scan(snapshot, collect, s, e)) &&
	       !s->failed && tell(s, p, x, e);
}

bool funnel_explain(struct snapshot *s, const struct funnel_spec *spec, uint64_t subject,
		    struct arena *a, struct funnel_explanation *x_r, err *e)
{
	struct story story = { .a = a, .e = e };
	struct funnel_explanation x = { 0 };
	bool ok = explain(&story, s, spec, subject, &x, e);
	subject_key_fini(&story.key);
	matcher_fini(&story.excluder);
	plan_fini(&story.plan);
	if (ok)
		*x_r = x;
	return ok;
}
