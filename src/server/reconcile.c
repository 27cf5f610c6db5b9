/*
 * reconcile.c - who is meant by each line of a list, and why they are counted here or not.
 *
 * What it is:   ids first: e-mail address, user id, device id, external id, number. What is none of
 *               these and has a blank is taken for a name, which may be several people's. Then one
 *               scan for when those who are not counted entered the stage, or left before.
 * Promises:     counted means counted by the funnel's own answer; everything else only explains.
 * Threads:      one request's.
 */
#include "server/reconcile_int.h"

#include "people/subject.h"

#define NAMES_PEOPLE_MAX  200000
#define SCRATCH_BYTES_MAX (64 * MIB)

const char *verdict_word(enum verdict v)
{
	static const char *const words[VERDICTS_N] = {
		[VERDICT_COUNTED] = "counted",	   [VERDICT_PASSED_OVER] = "passed_over",
		[VERDICT_SAME] = "same",	   [VERDICT_UNKNOWN] = "unknown",
		[VERDICT_AMBIGUOUS] = "ambiguous", [VERDICT_HIDDEN] = "hidden",
		[VERDICT_NEVER] = "never",	   [VERDICT_DISQUALIFIED] = "disqualified",
		[VERDICT_OUTSIDE] = "outside",	   [VERDICT_OUT_OF_ORDER] = "out_of_order",
	};
	return words[v];
}

/* ---- names ----------------------------------------------------------------------------------- */

struct naming {
	struct reconcile *c;
	struct map lines; /* folded name -> 1 + the first line that gives it */
	struct arena scratch;
	uint64_t seen;
	err *e;
	bool failed;
};

static bool is_name(str s)
{
	return str_index(s, ' ') < s.n && str_index(s, '@') == s.n;
}

static bool try_name(void *arg, uint64_t subject)
{
	struct naming *n = arg;
	struct subject_view v;
	uint64_t number;
	arena_reset(&n->scratch);
	if (++n->seen > NAMES_PEOPLE_MAX) {
		n->c->names_left_out = true;
		return false;
	}
	n->failed = !people_view(snapshot_people(n->c->snapshot), subject, &n->scratch, &v, n->e);
	if (n->failed)
		return false;
	str name = str_fold(&n->scratch, subject_name(&v, &n->scratch));
	if (map_get(&n->lines, name, &number)) {
		struct line *l = &n->c->lines[number - 1];
		l->person = subject;
		l->alike++;
	}
	return true;
}

/* Lines that give one name are one question. */
static bool ask_names(struct naming *n)
{
	uint64_t number;
	for (size_t i = 0; i < n->c->lines_n; i++) {
		struct line *l = &n->c->lines[i];
		if (l->person != 0 || !is_name(l->given))
			continue;
		str folded = str_fold(n->c->a, l->given);
		l->by_name = true;
		if (!folded.p)
			return arena_err(n->c->a, n->e);
		if (!map_get(&n->lines, folded, &number) && !map_put(&n->lines, folded, i + 1))
			return err_nomem(n->e);
	}
	return true;
}

static void give_names(struct naming *n)
{
	uint64_t number;
	for (size_t i = 0; i < n->c->lines_n; i++) {
		struct line *l = &n->c->lines[i];
		if (!l->by_name)
			continue;
		str folded = str_fold(n->c->a, l->given);
		if (folded.p && map_get(&n->lines, folded, &number)) {
			l->alike = n->c->lines[number - 1].alike;
			l->person = n->c->lines[number - 1].person;
		}
		if (l->alike > 1)
			l->verdict = VERDICT_AMBIGUOUS;
	}
	for (size_t i = 0; i < n->c->lines_n; i++)
		if (n->c->lines[i].alike > 1)
			n->c->lines[i].person = 0;
}

static bool find_names(struct reconcile *c, err *e)
{
	struct naming n = { .c = c, .e = e };
	arena_init(&n.scratch, SCRATCH_BYTES_MAX);
	bool ok = ask_names(&n);
	if (ok && n.lines.n > 0) {
		ok = people_each(snapshot_people(c->snapshot), ENTITY_PERSON, try_name, &n, e) &&
		     !n.failed;
		if (ok)
			give_names(&n);
	}
	map_fini(&n.lines);
	arena_fini(&n.scratch);
	return ok;
}

/* ---- people ---------------------------------------------------------------------------------- */

static bool describe(struct reconcile *c, struct line *l, err *e)
{
	struct subject_view v;
	if (!people_view(snapshot_people(c->snapshot), l->person, c->a, &v, e))
		return false;
	value stage = subject_cell(&v, S("stage"));
	l->name = subject_name(&v, c->a);
	l->stage_now = stage.kind == VALUE_TEXT ? stage.text : S("");
	l->verdict = v.visible ? VERDICT_NEVER : VERDICT_HIDDEN;
	return true;
}

static bool find_people(struct reconcile *c, err *e)
{
	struct people *p = snapshot_people(c->snapshot);
	uint64_t number;
	for (size_t i = 0; i < c->lines_n; i++) {
		struct line *l = &c->lines[i];
		l->verdict = VERDICT_UNKNOWN;
		if (!people_find(p, ENTITY_PERSON, l->given, &l->person))
			l->person = 0;
	}
	if (!find_names(c, e))
		return false;
	for (size_t i = 0; i < c->lines_n; i++) {
		struct line *l = &c->lines[i];
		if (l->person == 0)
			continue;
		if (!describe(c, l, e))
			return false;
		if (map64_get(&c->line_of, l->person, &number)) {
			l->verdict = VERDICT_SAME;
			l->same_as = number - 1;
		} else if (!map64_put(&c->line_of, l->person, i + 1)) {
			return err_nomem(e);
		}
	}
	return true;
}

/* ---- why ------------------------------------------------------------------------------------- */

/* What the touches of one line's person say of the stage. */
struct trace {
	int64_t entered_us, refused_us;
	bool entered, entered_in, refused;
	str reason;
};
struct tracing {
	struct reconcile *c;
	struct trace *traces; /* by line */
	str stage;
	bool failed;
};

static bool stage_is(const struct touch *t, str stage)
{
	value v = touch_prop(t, S("stage"));
	return v.kind == VALUE_TEXT && str_eq_nocase(str_trim(v.text), stage);
}

static bool trace_touch(void *arg, const struct touch *t)
{
	struct tracing *x = arg;
	const struct funnel_spec *spec = &x->c->r->spec;
	uint64_t number;
	bool entry = x->c->row == 0 ||
		     (str_eq(t->name, S("stage_entered")) && stage_is(t, x->stage));
	bool refusal = str_eq(t->name, S("lead_disqualified"));
	if (t->person == 0 || (!entry && !refusal) ||
	    !map64_get(&x->c->line_of,
		       people_subject_of(snapshot_people(x->c->snapshot), t->person), &number))
		return true;
	struct trace *trace = &x->traces[number - 1];
	if (entry) {
		if (!trace->entered || t->at_us < trace->entered_us)
			trace->entered_us = t->at_us;
		trace->entered = true;
		trace->entered_in |= t->at_us >= spec->from_us && t->at_us < spec->to_us;
	} else if (!trace->refused || t->at_us > trace->refused_us) {
		value reason = touch_prop(t, S("reason"));
		trace->refused = true;
		trace->refused_us = t->at_us;
		trace->reason = reason.kind == VALUE_TEXT ? str_dup(x->c->a, reason.text) : S("");
		x->failed = x->c->a->over;
	}
	return !x->failed;
}

static void judge(const struct reconcile *c, struct line *l, const struct trace *t)
{
	const struct funnel_spec *spec = &c->r->spec;
	uint64_t at;
	l->counted = map64_get(&c->counted_at, l->person, &at);
	if (l->counted) {
		l->verdict = t->entered ? VERDICT_COUNTED : VERDICT_PASSED_OVER;
		l->at_us = c->counted[at].at_us;
	} else if (l->verdict == VERDICT_HIDDEN) {
		return;
	} else if (t->entered) {
		bool in = t->entered_us >= spec->from_us && t->entered_us < spec->to_us;
		l->verdict = in ? VERDICT_OUT_OF_ORDER : VERDICT_OUTSIDE;
		l->at_us = t->entered_us;
	} else if (t->refused) {
		l->verdict = VERDICT_DISQUALIFIED;
		l->at_us = t->refused_us;
		l->reason = t->reason;
	} else {
		l->verdict = VERDICT_NEVER;
	}
}

static bool find_reasons(struct reconcile *c, err *e)
{
	struct tracing x = { .c = c, .stage = c->r->steps[c->row].name };
	x.traces = ARENA_ARRAY(c->a, struct trace, c->lines_n);
	if (!x.traces)
		return arena_err(c->a, e);
	if (!snapshot_scan(c->snapshot, trace_touch, &x, e))
		return false;
	if (x.failed)
		return arena_err(c->a, e);
	for (size_t i = 0; i < c->lines_n; i++)
		if (c->lines[i].person != 0 && c->lines[i].verdict != VERDICT_SAME)
			judge(c, &c->lines[i], &x.traces[i]);
	for (size_t i = 0; i < c->lines_n; i++)
		if (c->lines[i].verdict == VERDICT_SAME)
			c->lines[i].counted = c->lines[c->lines[i].same_as].counted;
	return true;
}

static bool find_counted(struct reconcile *c, err *e)
{
	const struct funnel_who who = { .step = c->row + 1, .outcome = FUNNEL_REACHED };
	uint64_t count = c->r->steps[c->row].count;
	if (!funnel_people(c->r, &who, NULL, (size_t)count, c->a, &c->counted, &c->counted_n,
			   &count, e))
		return false;
	for (size_t i = 0; i < c->counted_n; i++)
		if (!map64_put(&c->counted_at, c->counted[i].subject, i))
			return err_nomem(e);
	return true;
}

bool reconcile_run(struct reconcile *c, err *e)
{
	return find_counted(c, e) && find_people(c, e) && find_reasons(c, e);
}

/* ---- in words -------------------------------------------------------------------------------- */

static const char *const sentences[VERDICTS_N][LANGUAGES_N] = {
	[VERDICT_COUNTED] = { "Counted: entered %S on %T.", "Gez\u00E4hlt: %S erreicht am %T." },
	[VERDICT_PASSED_OVER] = { "Counted: a later stage was entered on %T, so that %S was passed "
				  "over.",
				  "Gez\u00E4hlt: am %T wurde eine sp\u00E4tere Stufe erreicht, %S "
				  "also \u00FCbersprungen." },
	[VERDICT_SAME] = { "The same person as \"%G\", above.",
			   "Dieselbe Person wie \u201E%G\u201C weiter oben." },
	[VERDICT_UNKNOWN] = { "Nobody here has this id.", "Niemand hier hat diese Kennung." },
	[VERDICT_AMBIGUOUS] = { "%N people here have this name; give an e-mail address or an id.",
				"%N Personen hier hei\u00DFen so; n\u00F6tig ist eine E-Mail-Adresse "
				"oder Kennung." },
	[VERDICT_HIDDEN] = { "Known only from an import that was taken back.",
			     "Nur aus einem Import bekannt, der zur\u00FCckgenommen wurde." },
	[VERDICT_NEVER] = { "Never entered %S%C.", "Hat %S nie erreicht%C." },
	[VERDICT_DISQUALIFIED] = { "Disqualified on %T%R, and never entered %S.",
				   "Am %T disqualifiziert%R und %S nie erreicht." },
	[VERDICT_OUTSIDE] = { "First entered %S on %T, which is outside the period.",
			      "%S zuerst erreicht am %T, au\u00DFerhalb des Zeitraums." },
	[VERDICT_OUT_OF_ORDER] = { "Entered %S on %T, but not in order: an earlier stage was "
				   "entered only later.",
				   "%S erreicht am %T, aber nicht der Reihe nach: eine fr\u00FChere "
				   "Stufe wurde erst danach erreicht." },
};

static void say_time(struct buf *out, int64_t at_us)
{
	char text[TIME_TEXT_MAX];
	buf_str(out, time_print_local(text, at_us));
}

static void say_part(const struct reconcile *c, const struct line *l, char part, bool de,
		     struct buf *out)
{
	switch (part) {
	case 'S':
		funnel_print_name(c->r, c->row, out);
		break;
	case 'T':
		say_time(out, l->at_us);
		break;
	case 'G':
		buf_str(out, c->lines[l->same_as].given);
		break;
	case 'N':
		buf_printf(out, "%ju", (uintmax_t)l->alike);
		break;
	case 'R':
		if (l->reason.n > 0)
			buf_printf(out, " (%.*s)", STR_ARG(l->reason));
		break;
	case 'C':
		if (l->stage_now.n > 0)
			buf_printf(out, de ? "; ist jetzt %.*s" : "; is %.*s now",
				   STR_ARG(l->stage_now));
		break;
	default:
		break;
	}
}

void reconcile_say(const struct reconcile *c, const struct line *l, enum language language,
		   struct buf *out)
{
	for (const char *s = sentences[l->verdict][language]; *s; s++) {
		if (*s == '%')
			say_part(c, l, *++s, language == LANGUAGE_DE, out);
		else
			buf_byte(out, (uint8_t)*s);
	}
}
