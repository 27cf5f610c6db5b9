/*
 * parameters.c - the parameters of a funnel as people write them.
 *
 * What it is:   one name and one text each, the same for the command line, the API and saved
 *               funnels: entry=first, exclude="unsubscribed:1-3, refunded", max_gap="2d, none, 3h".
 * Promises:     an error says what is allowed.
 * Threads:      any.
 */
#include "funnel/funnel_int.h"

#include "base/num.h"

typedef bool (*parameter_read)(struct arena *a, struct funnel_spec *s, str text, err *e);

/* ---- words ----------------------------------------------------------------------------------- */

static const char *const orders[] = {
	"ordered", "any", "strict", "strict_order", "anchored", NULL
};
static const char *const entries[] = { "any", "first", "each", NULL };
static const char *const reuses[] = { "once", "multi", NULL };
static const char *const ties[] = { "any", "by_step", "increase", "grace", NULL };
static const char *const repeats[] = { "ignore", "stop", NULL };
static const char *const policies[] = { "end_attempt", "drop_person", "reset", NULL };
static const char *const counts[] = { "people", "companies", "deals", "totals", "sessions", NULL };
static const char *const tails[] = { "follow", "clip", NULL };
static const char *const views[] = { "cohort", "period", NULL };

const char *funnel_order_word(enum funnel_order v)
{
	return orders[v];
}
const char *funnel_entry_word(enum funnel_entry v)
{
	return entries[v];
}
const char *funnel_reuse_word(enum funnel_reuse v)
{
	return reuses[v];
}
const char *funnel_ties_word(enum funnel_ties v)
{
	return ties[v];
}
const char *funnel_repeat_word(enum funnel_repeat v)
{
	return repeats[v];
}
const char *funnel_policy_word(enum funnel_policy v)
{
	return policies[v];
}
const char *funnel_count_word(enum funnel_count v)
{
	return counts[v];
}

static bool word(str text, const char *const *words, size_t n, size_t *at_r, err *e)
{
	char room[256];
	struct buf list = { .p = room, .cap = sizeof room, .bytes_max = sizeof room };
	for (size_t i = 0; i < n; i++) {
		if (str_eq(text, str_of(words[i]))) {
			*at_r = i;
			return true;
		}
	}
	for (size_t i = 0; i < n; i++)
		buf_printf(&list, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", words[i]);
	return err_set(e, ERR_INVALID, "expected %.*s, not \"%.*s\"", STR_ARG(buf_view(&list)),
		       STR_ARG(str_sub(text, 0, 64)));
}

#define READ_WORD(name, field, type, words)                                                        \
	static bool name(struct arena *a, struct funnel_spec *s, str text, err *e)                 \
	{                                                                                          \
		size_t at = 0;                                                                     \
		(void)a;                                                                           \
		if (!word(text, words, ARRAY_LEN(words) - 1, &at, e))                              \
			return false;                                                              \
		s->field = (enum type)at;                                                          \
		return true;                                                                       \
	}
READ_WORD(read_order, order, funnel_order, orders)
READ_WORD(read_entry, entry, funnel_entry, entries)
READ_WORD(read_reuse, reuse, funnel_reuse, reuses)
READ_WORD(read_repeat, repeat, funnel_repeat, repeats)
READ_WORD(read_policy, exclude_policy, funnel_policy, policies)
READ_WORD(read_count, count, funnel_count, counts)
READ_WORD(read_tail, tail, funnel_tail, tails)
READ_WORD(read_view, view, funnel_view, views)

/* ---- spans of time --------------------------------------------------------------------------- */

static bool read_profile(struct arena *a, struct funnel_spec *s, str text, err *e)
{
	(void)a;
	return funnel_profile_set(s, text, e);
}

static bool read_span(str text, const char *what, int64_t *us_r, err *e)
{
	err why = { 0 };
	if (funnel_parse_window(text, us_r, &why))
		return true;
	return err_set(e, ERR_INVALID, "\"%.*s\" is no %s; expected a span such as 2d or 30min",
		       STR_ARG(str_sub(text, 0, 64)), what);
}

static bool read_window(struct arena *a, struct funnel_spec *s, str text, err *e)
{
	(void)a;
	s->window_given = true;
	return read_span(text, "window (or none)", &s->window_us, e);
}

/* any, by_step, increase; or a grace in milliseconds: 2000, or 2s. */
static bool read_ties(struct arena *a, struct funnel_spec *s, str text, err *e)
{
	size_t at = 0;
	uint64_t ms = 0;
	err why = { 0 };
	(void)a;
	if (word(text, ties, 3, &at, &why)) {
		s->ties = (enum funnel_ties)at;
		return true;
	}
	if (str_starts(text, S("grace")))
		text = str_trim(str_sub(text, 5, text.n));
	bool number = num_parse_u64(text, &ms) && ms <= (uint64_t)(INT64_MAX / 1000);
	s->ties = FUNNEL_GRACE;
	s->grace_us = (int64_t)ms * 1000;
	if (number ||
	    (funnel_parse_window(text, &s->grace_us, &why) && s->grace_us != FUNNEL_WINDOW_NONE))
		return true;
	return err_set(e, ERR_INVALID,
		       "expected any, by_step, increase, or a grace in milliseconds such as 2000, "
		       "not \"%.*s\"",
		       STR_ARG(str_sub(text, 0, 64)));
}

/* One span for all steps, or a list: the first before step 2, the second before step 3 ... */
static bool read_gaps(struct arena *a, const struct funnel_spec *s, str text, int64_t none_us,
		      const int64_t **gaps_r, err *e)
{
	int64_t *gaps = ARENA_ARRAY(a, int64_t, FUNNEL_STEPS_MAX);
	size_t n = 1;
	str part;
	if (!gaps)
		return arena_err(a, e);
	while (str_next(&text, ',', &part)) {
		if (n == FUNNEL_STEPS_MAX)
			return err_set(e, ERR_INVALID, "more gaps than there can be steps");
		if (!read_span(str_trim(part), "gap (or none)", &gaps[n], e))
			return false;
		if (gaps[n] == FUNNEL_WINDOW_NONE)
			gaps[n] = none_us;
		n++;
	}
	if (n == 2)
		for (; n < FUNNEL_STEPS_MAX; n++)
			gaps[n] = gaps[1];
	else if (n != s->steps_n)
		return err_set(e, ERR_INVALID,
			       "%zu gaps for %zu steps; expected one for all, or one for each step "
			       "from the second on",
			       n - 1, s->steps_n);
	*gaps_r = NULL;
	for (size_t k = 1; k < n; k++)
		if (gaps[k] != none_us)
			*gaps_r = gaps;
	return true;
}

static bool read_max_gap(struct arena *a, struct funnel_spec *s, str text, err *e)
{
	return read_gaps(a, s, text, FUNNEL_GAP_NONE, &s->max_gap_us, e);
}

static bool read_min_gap(struct arena *a, struct funnel_spec *s, str text, err *e)
{
	return read_gaps(a, s, text, 0, &s->min_gap_us, e);
}

/* ---- what excludes, what is held --------------------------------------------------------------
 */

static bool read_exclude(struct arena *a, struct funnel_spec *s, str text, err *e)
{
	struct funnel_exclusion *list = NULL;
	if (str_eq(text, S("none"))) {
		s->excludes = NULL;
		s->excludes_n = 0;
		return true;
	}
	if (!funnel_parse_excludes(a, text, &list, &s->excludes_n, e))
		return false;
	s->excludes = list;
	return true;
}

static bool read_hold(struct arena *a, struct funnel_spec *s, str text, err *e)
{
	str part;
	s->hold_n = 0;
	if (str_eq(text, S("none")))
		return true;
	while (str_next(&text, ',', &part)) {
		part = str_trim(part);
		if (part.n == 0)
			return err_set(
				e, ERR_INVALID,
				"a name is missing; expected properties, as in deal,content");
		if (s->hold_n == FUNNEL_HOLD_MAX)
			return err_set(e, ERR_INVALID, "more than %d properties", FUNNEL_HOLD_MAX);
		s->hold[s->hold_n] = str_dup(a, part);
		if (!s->hold[s->hold_n++].p)
			return arena_err(a, e);
	}
	return true;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* The profile first: what is given beside it holds. */
static const struct {
	const char *name;
	parameter_read read;
} parameters[] = {
	{ "profile", read_profile },
	{ "window", read_window },
	{ "order", read_order },
	{ "entry", read_entry },
	{ "reuse", read_reuse },
	{ "ties", read_ties },
	{ "repeat", read_repeat },
	{ "max_gap", read_max_gap },
	{ "min_gap", read_min_gap },
	{ "exclude", read_exclude },
	{ "exclude_policy", read_policy },
	{ "hold", read_hold },
	{ "count", read_count },
	{ "tail", read_tail },
	{ "view", read_view },
};

const char *funnel_parameter_name(size_t i)
{
	return i < ARRAY_LEN(parameters) ? parameters[i].name : NULL;
}

size_t funnel_parameter_number(str name)
{
	size_t i = 0;
	while (i < ARRAY_LEN(parameters) && !str_eq(name, str_of(parameters[i].name)))
		i++;
	return i;
}

bool funnel_parameter_set(struct arena *a, struct funnel_spec *spec, size_t i, str text, err *e)
{
	spec->changed |= i == 0 ? 0 : UINT32_C(1) << i;
	return parameters[i].read(a, spec, str_trim(text), e);
}
