/*
 * explain_rules.c - which parameter keeps somebody from a step?
 *
 * What it is:   each parameter that is not at its most lenient is set to that, one at a time, and
 *               the engine asked again. The first without which the chain goes further is the
 * reason; the longer chain then shows the touches that are to blame: what lay between, which gap
 * was too long, which touch came in the same instant. Promises:     says what is true of the
 * subject's own touches, with the instant. Threads:      as the query.
 */
#include "funnel/explain_int.h"

struct blame {
	const struct story *s;
	const struct chain_rules *rules;
	struct chain other; /* the longer one */
	size_t step;	    /* the first that the chain lacks */
};

/* Empty when the arena is full, which is said later. */
static const char *text_of(const struct story *s, str text)
{
	const char *c = str_cstr(s->a, text);
	return c ? c : "";
}

static const char *name_of(const struct blame *b, size_t i)
{
	return text_of(b->s, b->s->touches[b->s->touch_of[i]].name);
}

/* A span as people say it. */
static const char *span_of(const struct story *s, int64_t us)
{
	char text[TIME_TEXT_MAX];
	return text_of(s, duration_print(text, (struct duration){ .us = MAX(us, (int64_t)0) }));
}

static const char *step_name(const struct blame *b, size_t step)
{
	return text_of(b->s, b->s->plan.names[step]);
}

static const char *when(const struct blame *b, size_t i)
{
	return text_of(b->s, story_when(b->s, i));
}

static int64_t at(const struct blame *b, size_t i)
{
	return b->s->steps[i].at_us;
}

/* Where the longer chain fills the missing step; and the step before it. */
static size_t filled(const struct blame *b)
{
	for (size_t k = 0; k < b->other.level; k++)
		if (b->other.step[k] == b->step && b->other.touch[k] != CHAIN_NONE)
			return k;
	return b->other.level - 1;
}

/* ---- one sentence per parameter -------------------------------------------------------------- */

static str because_excluded(const struct blame *b)
{
	const struct story *s = b->s;
	int64_t entry_us = at(b, b->other.touch[0]);
	for (size_t x = 0; x < b->rules->excludes_n; x++) {
		size_t from = b->rules->excludes[x].from, to = b->rules->excludes[x].to;
		size_t open = from < b->other.level ? b->other.touch[from] : CHAIN_NONE;
		size_t close = to < b->other.level ? b->other.touch[to] : CHAIN_NONE;
		int64_t open_us = open == CHAIN_NONE ? entry_us : at(b, open);
		int64_t close_us = close == CHAIN_NONE ? INT64_MAX : at(b, close);
		for (size_t i = 0; i < s->n; i++) {
			if ((s->steps[i].exclude >> x & 1) == 0 || at(b, i) <= open_us ||
			    at(b, i) > close_us || !chain_in_window(b->rules, entry_us, at(b, i)))
				continue;
			return SAY(s,
				   "%s happened on %s, which is excluded between step %zu, %s, and "
				   "step %zu, %s.",
				   "%s am %s, zwischen Schritt %zu, %s, und Schritt %zu, %s, "
				   "ausgeschlossen.",
				   name_of(b, i), when(b, i), from + 1, step_name(b, from), to + 1,
				   step_name(b, to));
		}
	}
	return S("");
}

static str because_strict(const struct blame *b)
{
	const struct story *s = b->s;
	size_t k = filled(b);
	size_t before = k == 0 ? b->other.touch[0] : b->other.touch[k - 1];
	for (size_t i = before + 1; i < b->other.touch[k]; i++) {
		uint32_t own = k == 0 ? 0 : UINT32_C(1) << b->other.step[k - 1];
		if (at(b, i) < b->rules->from_us || (s->steps[i].mask & own) != 0)
			continue;
		return SAY(
			s, "Step %zu, %s, was not the next touch: %s came between, on %s.",
			"Schritt %zu, %s, war nicht der n\u00E4chste Kontakt: dazwischen kam %s, "
			"am %s.",
			b->step + 1, step_name(b, b->step), name_of(b, i), when(b, i));
	}
	return SAY(s, "Step %zu, %s, was not the next touch.",
		   "Schritt %zu, %s, war nicht der n\u00E4chste Kontakt.", b->step + 1,
		   step_name(b, b->step));
}

/* The first touch after the entry that is out of turn, or repeats. */
static str because_ended(const struct blame *b, bool repeat)
{
	const struct story *s = b->s;
	uint32_t reached = 1;
	size_t entry = b->other.touch[0];
	for (size_t i = entry + 1; i < s->n; i++) {
		uint32_t mask = s->steps[i].mask;
		uint32_t turn = mask & (reached | reached << 1);
		bool fresh = (turn & ~reached) != 0;
		if (repeat && !fresh && (mask & reached & ~UINT32_C(1)) != 0 &&
		    at(b, i) > at(b, entry)) {
			size_t step = (size_t)__builtin_ctz(mask & reached & ~UINT32_C(1));
			return SAY(s, "Step %zu, %s, was repeated on %s, which ends the count.",
				   "Schritt %zu, %s, kam am %s noch einmal; das beendet die "
				   "Z\u00E4hlung.",
				   step + 1, step_name(b, step), when(b, i));
		}
		if (!repeat && turn == 0 && at(b, i) > at(b, entry) && mask == 0)
			return SAY(s, "%s, on %s, is no step, which ends the count.",
				   "%s, am %s, ist kein Schritt; das beendet die Z\u00E4hlung.",
				   name_of(b, i), when(b, i));
		if (!repeat && turn == 0 && at(b, i) > at(b, entry))
			return SAY(s, "%s, on %s, came out of turn, which ends the count.",
				   "%s, am %s, war nicht an der Reihe; das beendet die "
				   "Z\u00E4hlung.",
				   name_of(b, i), when(b, i));
		reached |= turn;
	}
	return S("");
}

static str because_strict_order(const struct blame *b)
{
	return because_ended(b, false);
}

static str because_repeat(const struct blame *b)
{
	return because_ended(b, true);
}

static str because_gap(const struct blame *b, bool longest)
{
	const struct story *s = b->s;
	for (size_t k = 1; k < b->other.level; k++) {
		size_t i = b->other.touch[k], before = b->other.touch[k - 1];
		int64_t gap;
		if (i == CHAIN_NONE || before == CHAIN_NONE ||
		    __builtin_sub_overflow(at(b, i), at(b, before), &gap))
			continue;
		int64_t most = b->rules->max_gap_us[k], least = b->rules->min_gap_us[k];
		if (longest && gap > most)
			return SAY(
				s,
				"Step %zu, %s, came on %s, %s after the step before; at most "
				"%s may lie between.",
				"Schritt %zu, %s, kam am %s, %s nach dem vorigen; h\u00F6chstens "
				"%s d\u00FCrfen dazwischen liegen.",
				k + 1, step_name(b, k), when(b, i), span_of(s, gap),
				span_of(s, most));
		if (!longest && gap < least)
			return SAY(s,
				   "Step %zu, %s, came on %s, %s after the step before; at least "
				   "%s must lie between.",
				   "Schritt %zu, %s, kam am %s, %s nach dem vorigen; mindestens %s "
				   "m\u00FCssen dazwischen liegen.",
				   k + 1, step_name(b, k), when(b, i), span_of(s, gap),
				   span_of(s, least));
	}
	return S("");
}

static str because_too_long(const struct blame *b)
{
	return because_gap(b, true);
}

static str because_too_soon(const struct blame *b)
{
	return because_gap(b, false);
}

static str because_window(const struct blame *b)
{
	const struct story *s = b->s;
	size_t i = b->other.touch[filled(b)];
	return SAY(s, "Step %zu, %s, happened on %s, outside the window of %s.",
		   "Schritt %zu, %s, fand am %s statt, au\u00DFerhalb des Zeitfensters von %s.",
		   b->step + 1, step_name(b, b->step), when(b, i), span_of(s, b->rules->window_us));
}

static str because_held(const struct blame *b)
{
	const struct story *s = b->s;
	size_t i = b->other.touch[filled(b)];
	struct buf list;
	buf_init(&list, 4096);
	for (size_t k = 0; k < s->plan.spec.hold_n; k++)
		if (!str_eq(s->plan.spec.hold[k], S("session")))
			buf_printf(&list, "%s%.*s", list.n > 0 ? ", " : "",
				   STR_ARG(s->plan.spec.hold[k]));
	const char *names = text_of(s, buf_view(&list));
	buf_fini(&list);
	if (s->steps[i].hold == 0)
		return SAY(s, "Step %zu, %s, happened on %s, without a value of %s.",
			   "Schritt %zu, %s, fand am %s statt, ohne einen Wert von %s.",
			   b->step + 1, step_name(b, b->step), when(b, i), names);
	return SAY(s, "Step %zu, %s, happened on %s, with another value of %s.",
		   "Schritt %zu, %s, fand am %s statt, mit einem anderen Wert von %s.", b->step + 1,
		   step_name(b, b->step), when(b, i), names);
}

/* What is said of the missing step and when it happened. */
static str about_step(const struct blame *b, const char *en, const char *de)
{
	size_t i = b->other.touch[filled(b)];
	bool german = b->s->language == LANGUAGE_DE;
	return str_printf(b->s->a,
			  german ? "Schritt %zu, %s, fand am %s statt, %s."
				 : "Step %zu, %s, happened on %s, %s.",
			  b->step + 1, step_name(b, b->step), when(b, i), german ? de : en);
}

static str because_session(const struct blame *b)
{
	return about_step(b, "in another session", "in einer anderen Sitzung");
}

static str because_same_instant(const struct blame *b)
{
	return about_step(b, "in the same instant as the step before, not later",
			  "im selben Augenblick wie der vorige Schritt, nicht sp\u00E4ter");
}

static str because_used(const struct blame *b)
{
	const struct story *s = b->s;
	return SAY(s, "Step %zu, %s, happened only in a touch that counts for another step.",
		   "Schritt %zu, %s, fand nur in einem Kontakt statt, der f\u00FCr einen anderen "
		   "Schritt z\u00E4hlt.",
		   b->step + 1, step_name(b, b->step));
}

static str because_not_first(const struct blame *b)
{
	return about_step(b, "but not for the first time", "aber nicht zum ersten Mal");
}

static str because_entry(const struct blame *b)
{
	const struct story *s = b->s;
	if (s->chain.level == 0)
		return S("");
	return SAY(s,
		   "An attempt begun on %s went further; the first, begun on %s, counts until it "
		   "times out.",
		   "Ein Versuch ab dem %s kam weiter; der erste, ab dem %s, gilt, bis seine Zeit "
		   "abl\u00E4uft.",
		   when(b, b->other.touch[0]), when(b, s->chain.touch[0]));
}

static str because_period(const struct blame *b)
{
	return about_step(b, "outside the period", "au\u00DFerhalb des Zeitraums");
}

static str because_order(const struct blame *b)
{
	return about_step(b, "but not in its turn", "aber nicht an der Reihe");
}

/* ---- the trials ------------------------------------------------------------------------------ */

static void let_exclude(struct chain_rules *r)
{
	r->excludes_n = 0;
}
static void let_order(struct chain_rules *r)
{
	r->order = FUNNEL_ORDERED;
}
static void let_repeat(struct chain_rules *r)
{
	r->repeat = FUNNEL_IGNORE;
}
static void let_first(struct chain_rules *r)
{
	r->first_ever = 0;
}
static void let_hold(struct chain_rules *r)
{
	r->hold = false;
}
static void let_session(struct chain_rules *r)
{
	r->sessions = r->same_session = false;
}
static void let_max_gap(struct chain_rules *r)
{
	for (size_t k = 0; k < r->steps_n; k++)
		r->max_gap_us[k] = FUNNEL_GAP_NONE;
}
static void let_min_gap(struct chain_rules *r)
{
	for (size_t k = 0; k < r->steps_n; k++)
		r->min_gap_us[k] = 0;
}
static void let_ties(struct chain_rules *r)
{
	r->ties = FUNNEL_TIES_ANY;
}
static void let_reuse(struct chain_rules *r)
{
	r->reuse = FUNNEL_MULTI;
}
static void let_entry(struct chain_rules *r)
{
	r->entry = FUNNEL_ENTRY_ANY;
}
static void let_window(struct chain_rules *r)
{
	r->window_us = FUNNEL_WINDOW_NONE;
}
static void let_period(struct chain_rules *r)
{
	r->from_us = INT64_MIN;
	r->to_us = INT64_MAX;
	r->clip = false;
}
static void let_any_order(struct chain_rules *r)
{
	*r = (struct chain_rules){ .steps_n = r->steps_n,
				   .window_us = FUNNEL_WINDOW_NONE,
				   .from_us = INT64_MIN,
				   .to_us = INT64_MAX,
				   .order = FUNNEL_ANY };
}

struct trial {
	bool asked;
	void (*let)(struct chain_rules *r);
	str (*because)(const struct blame *b);
};

bool story_of_rules(const struct story *s, size_t step, str *why_r, err *e)
{
	const struct chain_rules *r = &s->plan.rules;
	const struct trial trials[] = {
		{ r->excludes_n > 0, let_exclude, because_excluded },
		{ r->order == FUNNEL_STRICT, let_order, because_strict },
		{ r->order == FUNNEL_STRICT_ORDER, let_order, because_strict_order },
		{ r->repeat == FUNNEL_STOP, let_repeat, because_repeat },
		{ r->first_ever != 0, let_first, because_not_first },
		{ r->hold, let_hold, because_held },
		{ r->same_session || r->sessions, let_session, because_session },
		{ r->has_gaps, let_max_gap, because_too_long },
		{ r->has_gaps, let_min_gap, because_too_soon },
		{ r->window_us != FUNNEL_WINDOW_NONE, let_window, because_window },
		{ r->ties == FUNNEL_INCREASE, let_ties, because_same_instant },
		{ r->reuse == FUNNEL_ONCE, let_reuse, because_used },
		{ r->entry != FUNNEL_ENTRY_ANY, let_entry, because_entry },
		{ true, let_period, because_period },
		{ true, let_any_order, because_order },
	};
	*why_r = S("");
	for (size_t i = 0; i < ARRAY_LEN(trials) && why_r->n == 0; i++) {
		struct chain_rules rules = *r;
		struct blame b = { .s = s, .rules = r, .step = step };
		if (!trials[i].asked)
			continue;
		trials[i].let(&rules);
		if (!story_chain(s, &rules, &b.other, e))
			return false;
		if (b.other.level > s->chain.level)
			*why_r = trials[i].because(&b);
	}
	return true;
}
