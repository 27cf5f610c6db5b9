/*
 * print_parameters.c - the parameters of the engines, as parts of the sentence of rules.
 *
 * What it is:   what print_rules.c says of order, window, gaps, entry, reuse, ties, repeats,
 *               exclusions, what is held, and the profile: in English and German.
 * Promises:     each parameter that differs from its default is said.
 * Threads:      any.
 */
#include "funnel/funnel_int.h"

#include "funnel/print_int.h"

typedef const char *const phrase[LANGUAGES_N];

static void say(struct buf *out, phrase p, enum language language)
{
	buf_cstr(out, p[language]);
}

void say_order(struct buf *out, const struct funnel_spec *spec, enum language language)
{
	static phrase steps[] = {
		[FUNNEL_ORDERED] = { ", with the steps in order and other touches between them",
				     ", Schritte der Reihe nach, anderes darf dazwischen liegen" },
		[FUNNEL_ANY] = { ", with the steps in any order",
				 ", Schritte in beliebiger Reihenfolge" },
		[FUNNEL_STRICT] = { ", with each step the very next touch after the one before, "
				    "repeats of that aside",
				    ", jeder Schritt der n\u00E4chste Kontakt nach dem vorigen, von "
				    "dessen Wiederholungen abgesehen" },
		[FUNNEL_STRICT_ORDER] = { ", with the steps in order, up to the first touch that "
					  "is no step or comes out of turn",
					  ", Schritte der Reihe nach, bis zum ersten Kontakt, der "
					  "kein Schritt oder nicht an der Reihe ist" },
		[FUNNEL_ANCHORED] = { ", with the anchors in their place and the other steps in any "
				      "order between them",
				      ", Anker an ihrem Platz, die anderen Schritte dazwischen in "
				      "beliebiger Reihenfolge" },
	};
	static phrase lifecycle[] = {
		[FUNNEL_ORDERED] = { ", in order of time", ", in der Reihenfolge der Zeit" },
		[FUNNEL_ANY] = { ", in any order", ", in beliebiger Reihenfolge" },
	};
	static phrase furthest = { " by the furthest that they came",
				   " nach dem weitesten Schritt, den sie erreicht haben" };
	static phrase stage = { " who entered each stage or a later one",
				", die die Stufe oder eine sp\u00E4tere erreicht haben" };
	bool stages = spec->steps_n == 0;
	say(out, stages ? stage : furthest, language);
	if (!stages)
		say(out, steps[spec->order], language);
	else
		say(out, lifecycle[spec->order == FUNNEL_ANY ? FUNNEL_ANY : FUNNEL_ORDERED],
		    language);
}

static void say_span(struct buf *out, int64_t us)
{
	char text[TIME_TEXT_MAX];
	buf_str(out, duration_print(text, (struct duration){ .us = us }));
}

/* ", at most 2d from step to step", ", at most 3h before step 3". */
static void say_gaps(struct buf *out, const struct funnel_spec *spec, const int64_t *gaps,
		     phrase word, enum language language)
{
	bool de = language == LANGUAGE_DE;
	bool same = true;
	if (!gaps || spec->steps_n < 2)
		return;
	for (size_t k = 2; k < spec->steps_n; k++)
		same = same && gaps[k] == gaps[1];
	for (size_t k = 1; k < (same ? 2 : spec->steps_n); k++) {
		if (gaps[k] == FUNNEL_GAP_NONE || (gaps == spec->min_gap_us && gaps[k] == 0))
			continue;
		say(out, word, language);
		say_span(out, gaps[k]);
		if (same)
			buf_cstr(out, de ? " von Schritt zu Schritt" : " from step to step");
		else
			buf_printf(out, de ? " vor Schritt %zu" : " before step %zu", k + 1);
	}
}

void say_times(struct buf *out, const struct funnel_spec *spec, enum language language)
{
	static phrase none = { ", without a window", ", ohne Zeitfenster" };
	static phrase within = { ", all within ", ", alles innerhalb von " };
	static phrase of_first = { " of the first", " nach dem ersten" };
	static phrase of_visit = { " of a visit", " nach einem Besuch" };
	static phrase most = { ", at most ", ", h\u00F6chstens " };
	static phrase least = { ", at least ", ", mindestens " };
	if (spec->window_us == FUNNEL_WINDOW_NONE) {
		say(out, none, language);
	} else {
		say(out, within, language);
		print_window(out, spec->window_us);
		say(out, spec->steps_n == 0 ? of_visit : of_first, language);
	}
	say_gaps(out, spec, spec->max_gap_us, most, language);
	say_gaps(out, spec, spec->min_gap_us, least, language);
}

static void say_ties(struct buf *out, const struct funnel_spec *spec, enum language language)
{
	static phrase words[] = {
		[FUNNEL_TIES_ANY] = { ", touches of the same instant in any order",
				      ", Kontakte desselben Augenblicks in beliebiger Reihenfolge" },
		[FUNNEL_BY_STEP] = { ", touches of the same instant in the order of the steps",
				     ", Kontakte desselben Augenblicks in der Reihenfolge der "
				     "Schritte" },
		[FUNNEL_INCREASE] = { ", each step later than the one before",
				      ", jeder Schritt sp\u00E4ter als der vorige" },
		[FUNNEL_GRACE] = { ", touches in any order that lie no further apart than ",
				   ", in beliebiger Reihenfolge Kontakte im Abstand bis " },
	};
	say(out, words[spec->ties], language);
	if (spec->ties == FUNNEL_GRACE)
		say_span(out, spec->grace_us);
}

static void say_exclusions(struct buf *out, const struct funnel_spec *spec, enum language language)
{
	static phrase policies[] = {
		[FUNNEL_END_ATTEMPT] = { " ends the attempt", " beendet den Versuch" },
		[FUNNEL_DROP_PERSON] = { " takes the person out", " nimmt die Person heraus" },
		[FUNNEL_RESET] = { " voids what was reached", " l\u00F6scht, was erreicht war" },
	};
	bool de = language == LANGUAGE_DE;
	struct arena a;
	arena_init(&a, 16 * MIB);
	for (size_t x = 0; x < spec->excludes_n; x++) {
		const struct funnel_exclusion *out_of = &spec->excludes[x];
		str text = step_text(&a, &out_of->what);
		out->nomem |= !text.p;
		size_t from = out_of->from == 0 ? 1 : out_of->from;
		size_t to = out_of->from == 0 ? spec->steps_n : out_of->to;
		buf_printf(out,
			   de ? "; %.*s zwischen Schritt %zu und %zu"
			      : "; %.*s between steps %zu and %zu",
			   STR_ARG(text), from, to);
		say(out, policies[spec->exclude_policy], language);
	}
	arena_fini(&a);
}

static void say_hold(struct buf *out, const struct funnel_spec *spec, enum language language)
{
	bool de = language == LANGUAGE_DE;
	bool held = false;
	for (size_t i = 0; i < spec->hold_n; i++) {
		if (str_eq(spec->hold[i], S("session")))
			continue;
		buf_printf(out, "%s%.*s",
			   held ? (de ? " und " : " and ")
				: (de ? "; alles mit gleichem Wert von " : "; all with the same "),
			   STR_ARG(spec->hold[i]));
		held = true;
	}
	for (size_t i = 0; i < spec->hold_n; i++)
		if (str_eq(spec->hold[i], S("session")))
			buf_cstr(out, de ? "; alles in einer Sitzung" : "; all in one session");
}

static void say_marks(struct buf *out, const struct funnel_spec *spec, enum language language)
{
	bool de = language == LANGUAGE_DE;
	for (size_t k = 0; k < spec->steps_n; k++) {
		if (spec->steps[k].optional)
			buf_printf(out,
				   de ? "; Schritt %zu darf fehlen" : "; step %zu may be missing",
				   k + 1);
		if (spec->steps[k].first_ever)
			buf_printf(out,
				   de ? "; Schritt %zu nur beim allerersten Mal"
				      : "; step %zu only the first time ever",
				   k + 1);
	}
}

void say_parameters(struct buf *out, const struct funnel_spec *spec, enum language language)
{
	static phrase reuse[] = {
		[FUNNEL_ONCE] = { "; each touch counts for one step",
				  "; jeder Kontakt z\u00E4hlt f\u00FCr einen Schritt" },
		[FUNNEL_MULTI] = { "; a touch counts for all steps that it matches",
				   "; ein Kontakt z\u00E4hlt f\u00FCr alle Schritte, auf die er passt" },
	};
	static phrase first = { "; the first attempt counts until it times out",
				"; der erste Versuch gilt, bis seine Zeit abl\u00E4uft" };
	static phrase each = { "; a new attempt begins when the one before is over",
			       "; ein neuer Versuch beginnt, wenn der vorige zu Ende ist" };
	static phrase stop = { "; a repeated step ends the count",
			       "; ein wiederholter Schritt beendet die Z\u00E4hlung" };
	say(out, reuse[spec->reuse], language);
	say_ties(out, spec, language);
	if (spec->entry == FUNNEL_ENTRY_FIRST)
		say(out, first, language);
	if (spec->entry == FUNNEL_ENTRY_EACH)
		say(out, each, language);
	if (spec->repeat == FUNNEL_STOP)
		say(out, stop, language);
	say_marks(out, spec, language);
	say_hold(out, spec, language);
	say_exclusions(out, spec, language);
}

/* "; by the profile posthog, but with another window, ties". */
void say_profile(struct buf *out, const struct funnel_spec *spec, enum language language)
{
	bool de = language == LANGUAGE_DE;
	const char *name;
	const char *between = de ? ", aber mit eigenem Wert von " : ", but with another ";
	if (spec->profile == FUNNEL_DEFAULT)
		return;
	buf_printf(out, de ? "; nach dem Profil %s" : "; by the profile %s",
		   funnel_profile_word(spec->profile));
	for (size_t i = 0; (name = funnel_parameter_name(i)) != NULL; i++) {
		if ((spec->changed >> i & 1) == 0)
			continue;
		buf_printf(out, "%s%s", between, name);
		between = ", ";
	}
}
