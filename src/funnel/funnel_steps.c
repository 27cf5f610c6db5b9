/*
 * funnel_steps.c - the steps and the window as people write them.
 *
 * What it is:   "page_viewed, stage:mql, deal:won, [RULE], *" taken apart and put together again.
 * Promises:     commas within brackets and quotes do not separate; every error names the step.
 * Threads:      any.
 */
#include "funnel/funnel_int.h"

#include "base/num.h"

#include <string.h>

/* Past the quoted text that begins at `i`; false when it has no end. As the rule language reads it:
 * a backslash takes the next byte along, backquotes know none. */
static bool quote_end(str s, size_t i, size_t *end_r)
{
	char mark = s.p[i++];
	while (i < s.n && s.p[i] != mark)
		i += mark == '"' && s.p[i] == '\\' ? 2 : 1;
	*end_r = i + 1;
	return i < s.n;
}

/* Where the step that begins at `i` ends: at a comma outside quotes and brackets, or at the end. */
static bool step_end(str s, size_t i, size_t number, size_t *end_r, err *e)
{
	bool inside = false;
	size_t opened = i;
	while (i < s.n && (inside || s.p[i] != ',')) {
		char c = s.p[i];
		if (c == '"' || (inside && c == '`')) {
			size_t at = i;
			if (!quote_end(s, at, &i))
				return err_set(e, ERR_INVALID,
					       "step %zu, column %zu: this quote has no end",
					       number, at + 1);
			continue;
		}
		if (c == '[' && !inside) {
			inside = true;
			opened = i;
		} else if (c == ']') {
			if (!inside)
				return err_set(e, ERR_INVALID,
					       "step %zu, column %zu: ] without a [ before it",
					       number, i + 1);
			inside = false;
		}
		i++;
	}
	if (inside)
		return err_set(e, ERR_INVALID,
			       "step %zu, column %zu: [ without its ]; expected "
			       "a rule in brackets, as in [name = \"page_viewed\"]",
			       number, opened + 1);
	*end_r = i;
	return true;
}

/* A name may stand in quotes, for the sake of commas and colons. */
static bool unquote(struct arena *a, str s, str *name_r, err *e)
{
	size_t end;
	if (s.n == 0)
		return err_set(e, ERR_INVALID,
			       "the name is missing; expected one, as in stage:mql");
	if (s.p[0] != '"' || !quote_end(s, 0, &end) || end != s.n) {
		*name_r = str_dup(a, s);
		return name_r->p || arena_err(a, e);
	}
	char *to = arena_alloc(a, s.n);
	if (!to)
		return arena_err(a, e);
	size_t n = 0;
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (s.p[i] == '\\' && i + 2 < s.n)
			i++;
		to[n++] = s.p[i];
	}
	*name_r = str_make(to, n);
	return n > 0 ||
	       err_set(e, ERR_INVALID, "the name is empty; expected one between the quotes");
}

static bool parse_rule_step(struct arena *a, str text, struct funnel_step *step, err *e)
{
	if (text.p[text.n - 1] != ']')
		return err_set(e, ERR_INVALID, "nothing may follow the ]; expected a comma");
	str inside = str_trim(str_sub(text, 1, text.n - 2));
	if (str_is_empty(inside)) {
		return err_set(e, ERR_INVALID,
			       "the brackets are empty; expected a rule, "
			       "or * for any touch");
	}
	step->kind = STEP_RULE;
	step->name = str_dup(a, inside);
	if (!step->name.p)
		return arena_err(a, e);
	return rule_parse(a, step->name, touch_catalogue(), &step->rule, e);
}

/* What stands before a step. */
static str take_marks(str text, struct funnel_step *step)
{
	for (;;) {
		size_t n = 0;
		if (str_starts(text, S("first:"))) {
			step->first_ever = true;
			n = 6;
		} else if (str_starts(text, S("optional:"))) {
			step->optional = true;
			n = 9;
		} else if (str_starts(text, S("anchor:"))) {
			step->anchor = true;
			n = 7;
		}
		if (n == 0)
			return text;
		text = str_trim(str_sub(text, n, text.n));
	}
}

static bool parse_step(struct arena *a, str text, struct funnel_step *step, err *e)
{
	text = take_marks(text, step);
	str name = text;
	if (str_is_empty(text))
		return err_set(e, ERR_INVALID,
			       "nothing stands here; expected a touch name, stage:NAME, "
			       "deal:STAGE, [RULE] or *");
	if (text.p[0] == '[')
		return parse_rule_step(a, text, step, e);
	if (str_eq(text, S("*"))) {
		step->kind = STEP_ANY;
		step->name = S("*");
		return true;
	}
	step->kind = STEP_NAME;
	if (str_starts(text, S("stage:"))) {
		step->kind = STEP_STAGE;
		name = str_trim(str_sub(text, 6, text.n));
	} else if (str_starts(text, S("deal:"))) {
		step->kind = STEP_DEAL_STAGE;
		name = str_trim(str_sub(text, 5, text.n));
	}
	return unquote(a, name, &step->name, e);
}

bool funnel_parse_steps(struct arena *a, str text, struct funnel_step **steps_r, size_t *n_r,
			err *e)
{
	struct funnel_step *steps = ARENA_ARRAY(a, struct funnel_step, FUNNEL_STEPS_MAX);
	size_t n = 0;
	size_t at = 0;
	if (!steps)
		return arena_err(a, e);
	if (str_is_empty(str_trim(text)))
		return err_set(e, ERR_INVALID,
			       "no steps; expected some, as in \"page_viewed, stage:mql\"");
	do {
		size_t end = 0;
		if (n == FUNNEL_STEPS_MAX)
			return err_set(e, ERR_INVALID,
				       "more than %d steps; a funnel has at most that many",
				       FUNNEL_STEPS_MAX);
		if (!step_end(text, at, n + 1, &end, e))
			return false;
		if (!parse_step(a, str_trim(str_sub(text, at, end - at)), &steps[n], e)) {
			err_prefix(e, "step %zu", n + 1);
			return false;
		}
		n++;
		at = end + 1;
	} while (at <= text.n);
	*steps_r = steps;
	*n_r = n;
	return true;
}

/* "…:2-4" behind an exclusion; false: there is none. */
static bool take_span(str *text, size_t *from_r, size_t *to_r)
{
	size_t at = text->n;
	uint64_t from, to;
	while (at > 0 && text->p[at - 1] != ':')
		at--;
	str span = str_trim(str_sub(*text, at, text->n));
	size_t dash = str_index(span, '-');
	if (at == 0 || dash == span.n || !num_parse_u64(str_trim(str_sub(span, 0, dash)), &from) ||
	    !num_parse_u64(str_trim(str_sub(span, dash + 1, span.n)), &to))
		return false;
	*text = str_trim(str_sub(*text, 0, at - 1));
	*from_r = (size_t)MIN(from, (uint64_t)FUNNEL_STEPS_MAX + 1);
	*to_r = (size_t)MIN(to, (uint64_t)FUNNEL_STEPS_MAX + 1);
	return true;
}

static bool parse_exclude(struct arena *a, str text, struct funnel_exclusion *x, err *e)
{
	if (take_span(&text, &x->from, &x->to) && (x->from == 0 || x->from >= x->to))
		return err_set(e, ERR_INVALID,
			       "%zu-%zu is no span of steps; expected two, the lower first, as in "
			       "unsubscribed:1-3",
			       x->from, x->to);
	if (!parse_step(a, text, &x->what, e))
		return false;
	if (x->what.first_ever || x->what.optional || x->what.anchor)
		return err_set(e, ERR_INVALID,
			       "first:, optional: and anchor: go with steps, not with exclusions");
	return true;
}

bool funnel_parse_excludes(struct arena *a, str text, struct funnel_exclusion **list_r, size_t *n_r,
			   err *e)
{
	struct funnel_exclusion *list = ARENA_ARRAY(a, struct funnel_exclusion,
						    FUNNEL_EXCLUDES_MAX);
	size_t n = 0;
	size_t at = 0;
	if (!list)
		return arena_err(a, e);
	do {
		size_t end = 0;
		if (n == FUNNEL_EXCLUDES_MAX)
			return err_set(e, ERR_INVALID, "more than %d exclusions",
				       FUNNEL_EXCLUDES_MAX);
		if (!step_end(text, at, n + 1, &end, e) ||
		    !parse_exclude(a, str_trim(str_sub(text, at, end - at)), &list[n], e))
			return err_prefix(e, "exclusion %zu", n + 1);
		n++;
		at = end + 1;
	} while (at <= text.n);
	*list_r = list;
	*n_r = n;
	return true;
}

bool funnel_parse_window(str text, int64_t *window_us_r, err *e)
{
	struct duration d;
	int64_t months_us, us;
	text = str_trim(text);
	if (str_eq_nocase(text, S("none"))) {
		*window_us_r = FUNNEL_WINDOW_NONE;
		return true;
	}
	if (!duration_parse(text, &d, e)) {
		err_prefix(e, "window");
		return false;
	}
	/* A window is the same span for everyone, so a month is 30 days and a year 365. */
	int64_t days = (int64_t)(d.months / 12) * 365 + (int64_t)(d.months % 12) * 30;
	if (MUL_OVERFLOWS(days, US_PER_DAY, &months_us) || ADD_OVERFLOWS(months_us, d.us, &us) ||
	    us < 0 || us == FUNNEL_WINDOW_NONE)
		return err_set(e, ERR_INVALID,
			       "window: \"%.*s\" is no span; expected one such as 14d, or none",
			       STR_ARG(text));
	*window_us_r = us;
	return true;
}

static bool needs_quotes(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(",[]\"", s.p[i]))
			return true;
	return str_eq(s, S("*")) || str_trim(s).n != s.n;
}

/* Would be read as something else than a touch name. */
static bool is_marked(str s)
{
	return str_starts(s, S("stage:")) || str_starts(s, S("deal:")) ||
	       str_starts(s, S("first:")) || str_starts(s, S("optional:")) ||
	       str_starts(s, S("anchor:"));
}

static str quoted(struct arena *a, const char *before, str name)
{
	size_t n = strlen(before);
	char *to;
	if (!needs_quotes(name) && (*before || !is_marked(name)))
		return str_printf(a, "%s%.*s", before, STR_ARG(name));
	to = arena_alloc(a, n + 2 * name.n + 2);
	if (!to)
		return (str){ 0 };
	memcpy(to, before, n);
	to[n++] = '"';
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			to[n++] = '\\';
		to[n++] = name.p[i];
	}
	to[n++] = '"';
	return str_make(to, n);
}

static str step_name(struct arena *a, const struct funnel_step *step)
{
	switch (step->kind) {
	case STEP_NAME:
		return quoted(a, "", step->name);
	case STEP_STAGE:
		return quoted(a, "stage:", step->name);
	case STEP_DEAL_STAGE:
		return quoted(a, "deal:", step->name);
	case STEP_RULE:
		return str_printf(a, "[%.*s]", STR_ARG(step->name));
	case STEP_ANY:
		break;
	}
	return S("*");
}

str step_text(struct arena *a, const struct funnel_step *step)
{
	str name = step_name(a, step);
	if (!name.p || (!step->first_ever && !step->optional && !step->anchor))
		return name;
	return str_printf(a, "%s%s%s%.*s", step->anchor ? "anchor:" : "",
			  step->optional ? "optional:" : "", step->first_ever ? "first:" : "",
			  STR_ARG(name));
}
