/*
 * rules.c - the rules of a funnel: profiles, which combinations make sense, and what the engines
 * get.
 *
 * What it is:   a profile sets the parameters as another system counts; what is given beside it
 *               holds. A combination that has no meaning is refused, with the parameter and what it
 *               goes with, and never answered differently.
 * Threads:      any.
 */
#include "funnel/funnel_int.h"

#define MIXPANEL_GRACE_US (2 * US_PER_S)

/* ---- profiles -------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum funnel_entry entry;
	enum funnel_reuse reuse;
	enum funnel_ties ties;
	enum funnel_policy policy;
	enum funnel_tail tail;
	int64_t grace_us;
} profiles[] = {
	[FUNNEL_DEFAULT] = { .name = "default" },
	[FUNNEL_CLICKHOUSE] = { .name = "clickhouse",
				.reuse = FUNNEL_MULTI,
				.ties = FUNNEL_BY_STEP,
				.tail = FUNNEL_CLIP },
	[FUNNEL_CLICKHOUSE_ONCE] = { .name = "clickhouse_once",
				     .ties = FUNNEL_BY_STEP,
				     .tail = FUNNEL_CLIP },
	[FUNNEL_POSTHOG] = { .name = "posthog", .policy = FUNNEL_DROP_PERSON, .tail = FUNNEL_CLIP },
	[FUNNEL_MIXPANEL] = { .name = "mixpanel",
			      .entry = FUNNEL_ENTRY_FIRST,
			      .ties = FUNNEL_GRACE,
			      .grace_us = MIXPANEL_GRACE_US },
	[FUNNEL_RETENTIONEERING] = { .name = "retentioneering", .tail = FUNNEL_CLIP },
	[FUNNEL_UMAMI] = { .name = "umami", .reuse = FUNNEL_MULTI },
};

const char *funnel_profile_word(enum funnel_profile profile)
{
	return profiles[profile].name;
}

bool funnel_profile_set(struct funnel_spec *spec, str name, err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(profiles); i++) {
		if (!str_eq(name, str_of(profiles[i].name)))
			continue;
		spec->profile = (enum funnel_profile)i;
		spec->entry = profiles[i].entry;
		spec->reuse = profiles[i].reuse;
		spec->ties = profiles[i].ties;
		spec->grace_us = profiles[i].grace_us;
		spec->exclude_policy = profiles[i].policy;
		spec->tail = profiles[i].tail;
		if (i == FUNNEL_RETENTIONEERING) {
			spec->window_us = FUNNEL_WINDOW_NONE;
			spec->window_given = true;
		}
		if (i == FUNNEL_UMAMI) {
			spec->hold[0] = S("session");
			spec->hold_n = 1;
		}
		return true;
	}
	return err_set(e, ERR_INVALID,
		       "expected default, clickhouse, clickhouse_once, posthog, mixpanel, "
		       "retentioneering or umami, not \"%.*s\"",
		       STR_ARG(str_sub(name, 0, 64)));
}

/* ---- what one parameter makes of another ------------------------------------------------------
 */

static bool given(const struct funnel_spec *s, const char *name)
{
	return (s->changed >> funnel_parameter_number(str_of(name)) & 1) != 0;
}

/* The span without numbers is the whole funnel. PostHog's steps in any order start anew after an
 * exclusion. Attempts are counted as totals, and totals are attempts. */
bool rules_settle(struct funnel_spec *s, struct arena *a, err *e)
{
	if (s->count == FUNNEL_TOTALS && !given(s, "entry"))
		s->entry = FUNNEL_ENTRY_EACH;
	if (s->entry == FUNNEL_ENTRY_EACH && !given(s, "count"))
		s->count = FUNNEL_TOTALS;
	if (s->profile == FUNNEL_POSTHOG) {
		if (s->order == FUNNEL_ANY && !given(s, "exclude_policy"))
			s->exclude_policy = FUNNEL_RESET;
		if (s->of == FUNNEL_OF_STEP)
			s->of = FUNNEL_OF_STEP_ALL;
	}
	if (s->profile == FUNNEL_UMAMI && s->steps_n > 0 && !given(s, "max_gap")) {
		int64_t *gaps = ARENA_ARRAY(a, int64_t, s->steps_n);
		if (!gaps)
			return arena_err(a, e);
		for (size_t k = 0; k < s->steps_n; k++)
			gaps[k] = s->window_us;
		s->max_gap_us = gaps;
		s->window_us = FUNNEL_WINDOW_NONE;
	}
	return true;
}

/* ---- combinations ---------------------------------------------------------------------------- */

static uint32_t steps_that_are(const struct funnel_spec *s, bool optional)
{
	uint32_t mask = 0;
	for (size_t k = 0; k < s->steps_n; k++)
		mask |= (uint32_t)(optional ? s->steps[k].optional : s->steps[k].anchor) << k;
	return mask;
}

static bool has_gaps(const struct funnel_spec *s)
{
	for (size_t k = 1; k < s->steps_n; k++)
		if ((s->max_gap_us && s->max_gap_us[k] != FUNNEL_GAP_NONE) ||
		    (s->min_gap_us && s->min_gap_us[k] > 0))
			return true;
	return false;
}

/* In how many ways the steps that float can be put in order. */
static size_t orders_of(const struct funnel_spec *s)
{
	size_t orders = 1, run = 0;
	for (size_t k = 0; k < s->steps_n && orders <= FUNNEL_ORDERS_MAX; k++) {
		run = s->steps[k].anchor ? 0 : run + 1;
		orders *= MAX(run, (size_t)1);
	}
	return orders;
}

struct refusal {
	bool refused;
	const char *parameter, *why;
};

static bool refuse(const struct refusal *list, size_t n, const char **parameter_r, err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (!list[i].refused)
			continue;
		*parameter_r = list[i].parameter;
		return err_set(e, ERR_INVALID, "%s", list[i].why);
	}
	return true;
}

/* The lifecycle counts stages, which are entered once and for all. */
static bool check_lifecycle(const struct funnel_spec *s, const char **parameter_r, err *e)
{
#define ONLY " goes with steps; the lifecycle funnel has none: give steps as well"
	const struct refusal list[] = {
		{ s->order != FUNNEL_ORDERED && s->order != FUNNEL_ANY, "order",
		  "an order other than ordered and any" ONLY },
		{ s->count == FUNNEL_TOTALS || s->count == FUNNEL_SESSIONS, "count",
		  "counting totals or sessions" ONLY },
		{ s->entry != FUNNEL_ENTRY_ANY, "entry", "an entry other than any" ONLY },
		{ s->reuse != FUNNEL_ONCE, "reuse", "reuse multi" ONLY },
		{ s->ties != FUNNEL_TIES_ANY, "ties", "another way with ties than any" ONLY },
		{ s->repeat != FUNNEL_IGNORE, "repeat", "repeat stop" ONLY },
		{ s->excludes_n > 0, "exclude", "an exclusion" ONLY },
		{ s->hold_n > 0, "hold", "hold" ONLY },
		{ s->max_gap_us || s->min_gap_us, "max_gap", "a gap" ONLY },
	};
#undef ONLY
	return refuse(list, ARRAY_LEN(list), parameter_r, e);
}

static bool check_counts(const struct funnel_spec *s, const char **parameter_r, err *e)
{
	bool each = s->entry == FUNNEL_ENTRY_EACH;
	bool taints = s->excludes_n > 0 && s->exclude_policy != FUNNEL_END_ATTEMPT;
	const struct refusal list[] = {
		{ s->count == FUNNEL_TOTALS && !each, "entry",
		  "count totals counts every attempt: expected entry each, or none" },
		{ each && s->count != FUNNEL_TOTALS, "count",
		  "entry each counts every attempt: expected count totals, or none" },
		{ taints && s->entry != FUNNEL_ENTRY_ANY, "exclude_policy",
		  "drop_person and reset go with entry any; with first and each an exclusion ends "
		  "the attempt: expected end_attempt" },
		{ s->of == FUNNEL_OF_ALL && each, "of",
		  "of all puts somebody in several groups, entry each counts attempts: expected "
		  "first, last, step N or person" },
	};
	return refuse(list, ARRAY_LEN(list), parameter_r, e);
}

static bool check_orders(const struct funnel_spec *s, const char **parameter_r, err *e)
{
	bool floats = s->order == FUNNEL_ANY || s->order == FUNNEL_ANCHORED;
	bool taints = s->excludes_n > 0 && s->exclude_policy != FUNNEL_END_ATTEMPT;
	bool cuts = s->order == FUNNEL_STRICT_ORDER || s->repeat == FUNNEL_STOP;
	const struct refusal list[] = {
		{ s->order == FUNNEL_STRICT && s->ties != FUNNEL_TIES_ANY &&
			  s->ties != FUNNEL_INCREASE,
		  "ties", "order strict goes with ties any or increase" },
		{ s->order == FUNNEL_STRICT_ORDER && s->ties == FUNNEL_GRACE, "ties",
		  "a grace swaps touches, and order strict_order asks for their order: expected "
		  "ties any, by_step or increase" },
		{ floats && s->ties == FUNNEL_INCREASE, "ties",
		  "ties increase is about steps one after the other: expected order ordered, "
		  "strict or strict_order" },
		{ s->order == FUNNEL_ANCHORED && s->ties == FUNNEL_GRACE, "ties",
		  "order anchored goes with ties any or by_step" },
		{ s->repeat == FUNNEL_STOP &&
			  (floats || s->order == FUNNEL_STRICT || s->ties == FUNNEL_GRACE),
		  "repeat",
		  "repeat stop goes with order ordered or strict_order, and not with a grace" },
		{ cuts && taints, "exclude_policy",
		  "strict_order and repeat stop end what comes after: expected exclude_policy "
		  "end_attempt" },
		{ floats && has_gaps(s), "max_gap",
		  "a gap is from one step to the next: expected order ordered, strict or "
		  "strict_order" },
		{ s->order == FUNNEL_ANCHORED && s->entry != FUNNEL_ENTRY_ANY, "entry",
		  "order anchored goes with entry any" },
		{ s->order == FUNNEL_ANCHORED && steps_that_are(s, false) == 0, "steps",
		  "order anchored, but no step is an anchor: expected one, as in "
		  "anchor:form_submitted" },
		{ s->order != FUNNEL_ANCHORED && steps_that_are(s, false) != 0, "order",
		  "a step is an anchor: expected order anchored" },
		{ s->order == FUNNEL_ANCHORED && orders_of(s) > FUNNEL_ORDERS_MAX, "steps",
		  "the steps that float can come in more than 720 orders: expected more anchors, "
		  "or order any" },
	};
	return refuse(list, ARRAY_LEN(list), parameter_r, e);
}

static bool check_optional(const struct funnel_spec *s, const char **parameter_r, err *e)
{
	uint32_t optional = steps_that_are(s, true);
	bool taints = s->excludes_n > 0 && s->exclude_policy != FUNNEL_END_ATTEMPT;
	if (optional == 0)
		return true;
	const struct refusal list[] = {
		{ (optional & 1) != 0, "steps", "the first step cannot be optional" },
		{ __builtin_popcount(optional) > FUNNEL_OPTIONAL_MAX, "steps",
		  "more than 4 optional steps" },
		{ s->order != FUNNEL_ORDERED && s->order != FUNNEL_STRICT, "order",
		  "optional steps go with order ordered or strict" },
		{ s->entry != FUNNEL_ENTRY_ANY, "entry", "optional steps go with entry any" },
		{ s->ties == FUNNEL_GRACE, "ties", "optional steps do not go with a grace" },
		{ s->repeat == FUNNEL_STOP, "repeat", "optional steps do not go with repeat stop" },
		{ taints && has_gaps(s), "exclude_policy",
		  "optional steps with gaps go with exclude_policy end_attempt" },
	};
	return refuse(list, ARRAY_LEN(list), parameter_r, e);
}

static bool check_spans(const struct funnel_spec *s, const char **parameter_r, err *e)
{
	bool floats = s->order == FUNNEL_ANY || s->order == FUNNEL_ANCHORED;
	for (size_t x = 0; x < s->excludes_n; x++) {
		size_t from = s->excludes[x].from, to = s->excludes[x].to;
		*parameter_r = "exclude";
		if (s->steps_n < 2)
			return err_set(e, ERR_INVALID,
				       "an exclusion lies between two steps, and there is one");
		if (from == 0)
			continue;
		if (from >= to || to > s->steps_n)
			return err_set(e, ERR_INVALID,
				       "%zu-%zu is no span of steps; expected two of 1 to %zu, the "
				       "lower first",
				       from, to, s->steps_n);
		if (floats && (from != 1 || to != s->steps_n))
			return err_set(
				e, ERR_INVALID,
				"where steps come in any order an exclusion lies anywhere "
				"between the first and the last: expected it without %zu-%zu",
				from, to);
	}
	for (size_t k = 1; k < s->steps_n && s->max_gap_us && s->min_gap_us; k++) {
		*parameter_r = "min_gap";
		if (s->min_gap_us[k] > s->max_gap_us[k])
			return err_set(e, ERR_INVALID,
				       "the least gap before step %zu is longer than the greatest",
				       k + 1);
	}
	*parameter_r = NULL;
	return true;
}

bool funnel_check(const struct funnel_spec *spec, const char **parameter_r, err *e)
{
	struct funnel_spec s = *spec;
	const char *ignored;
	if (!parameter_r)
		parameter_r = &ignored;
	*parameter_r = NULL;
	/* What rules_settle decides, without its memory. */
	if (s.count == FUNNEL_TOTALS && !given(&s, "entry"))
		s.entry = FUNNEL_ENTRY_EACH;
	if (s.entry == FUNNEL_ENTRY_EACH && !given(&s, "count"))
		s.count = FUNNEL_TOTALS;
	if (s.steps_n == 0)
		return check_lifecycle(&s, parameter_r, e);
	return check_counts(&s, parameter_r, e) && check_orders(&s, parameter_r, e) &&
	       check_optional(&s, parameter_r, e) && check_spans(&s, parameter_r, e);
}

/* ---- for the engines ------------------------------------------------------------------------- */

void rules_make(const struct funnel_spec *s, struct chain_rules *r)
{
	/* What happened in a period is cut from chains of any time. */
	bool cohort = s->view == FUNNEL_COHORT;
	*r = (struct chain_rules){
		.steps_n = s->steps_n == 0 ? s->stages_n : s->steps_n,
		.window_us = s->window_us,
		.from_us = cohort ? s->from_us : INT64_MIN,
		.to_us = cohort ? s->to_us : INT64_MAX,
		.clip = cohort && s->tail == FUNNEL_CLIP,
		.order = s->order,
		.entry = s->entry,
		.reuse = s->reuse,
		.ties = s->ties,
		.grace_us = s->grace_us,
		.repeat = s->repeat,
		.policy = s->exclude_policy,
		.sessions = s->count == FUNNEL_SESSIONS,
		.excludes_n = s->excludes_n,
		.has_gaps = has_gaps(s),
	};
	for (size_t k = 0; k < s->steps_n; k++) {
		uint32_t bit = UINT32_C(1) << k;
		r->first_ever |= s->steps[k].first_ever ? bit : 0;
		r->optional |= s->steps[k].optional ? bit : 0;
		r->anchors |= s->steps[k].anchor ? bit : 0;
		r->max_gap_us[k] = s->max_gap_us ? s->max_gap_us[k] : FUNNEL_GAP_NONE;
		r->min_gap_us[k] = s->min_gap_us ? s->min_gap_us[k] : 0;
	}
	for (size_t x = 0; x < s->excludes_n; x++) {
		bool whole = s->excludes[x].from == 0;
		size_t from = whole ? 1 : s->excludes[x].from;
		size_t to = whole ? s->steps_n : s->excludes[x].to;
		r->excludes[x] = (struct chain_span){ (uint8_t)(from - 1), (uint8_t)(to - 1) };
	}
	for (size_t i = 0; i < s->hold_n; i++) {
		bool session = str_eq(s->hold[i], S("session"));
		r->same_session = r->same_session || session;
		r->hold = r->hold || !session;
	}
}
