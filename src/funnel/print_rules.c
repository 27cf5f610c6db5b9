/*
 * print_rules.c - the rules in force, as words and as one sentence.
 *
 * What it is:   funnels are believed when they say how they counted; every document carries this.
 * Promises:     names every parameter that can change the numbers.
 * Threads:      any.
 */
#include "funnel/print_int.h"

#include "funnel/funnel_int.h"

#include <math.h>
#include <stdio.h>

const char *of_word(enum funnel_of of)
{
	switch (of) {
	case FUNNEL_OF_FIRST:
		return "first";
	case FUNNEL_OF_LAST:
		return "last";
	case FUNNEL_OF_STEP:
		return "step";
	case FUNNEL_OF_ALL:
		return "all";
	case FUNNEL_OF_STEP_ALL:
		return "step all";
	case FUNNEL_OF_PERSON:
		break;
	}
	return "person";
}

const char *unit_word(enum time_unit unit)
{
	return unit == TIME_DAY ? "day" : unit == TIME_WEEK ? "week" : "month";
}

void print_window(struct buf *out, int64_t window_us)
{
	char text[TIME_TEXT_MAX];
	if (window_us == FUNNEL_WINDOW_NONE)
		buf_cstr(out, "none");
	else
		buf_str(out, duration_print(text, (struct duration){ .us = window_us }));
}

void print_count_in(struct buf *out, uint64_t n, enum language language)
{
	char digits[32];
	size_t at = sizeof digits;
	size_t written = 0;
	do {
		if (written > 0 && written % 3 == 0)
			digits[--at] = language == LANGUAGE_DE ? '.' : ',';
		digits[--at] = (char)('0' + n % 10);
		written++;
		n /= 10;
	} while (n > 0);
	buf_put(out, digits + at, sizeof digits - at);
}

void print_count(struct buf *out, uint64_t n)
{
	print_count_in(out, n, LANGUAGE_EN);
}

void print_rate_in(struct buf *out, double rate, enum language language)
{
	char text[32];
	if (!isfinite(rate)) {
		buf_cstr(out, "\u2013");
		return;
	}
	bool tiny = rate > 0 && rate < 0.00005;
	int digits = tiny ? 2 : rate == 0 || rate == 1 ? 0 : rate < 0.01 ? 2 : 1;
	int n = snprintf(text, sizeof text, "%.*f", digits, tiny ? 0.01 : rate * 100);
	if (tiny)
		buf_cstr(out, language == LANGUAGE_DE ? "unter " : "under ");
	for (int i = 0; i < n && i < (int)sizeof text; i++)
		buf_byte(out, (uint8_t)(text[i] == '.' && language == LANGUAGE_DE ? ',' : text[i]));
	buf_cstr(out, "\u202F%");
}

void print_where(struct buf *out, const struct funnel_spec *spec)
{
	if (spec->where)
		print_rule(out, spec->where);
}

void print_rule(struct buf *out, const struct rule *where)
{
	struct arena a;
	arena_init(&a, 16 * MIB);
	str rule = rule_print(&a, where);
	out->nomem |= !rule.p;
	buf_str(out, rule);
	arena_fini(&a);
}

void print_failed(struct buf *out, const struct buf *part)
{
	out->nomem |= part->nomem;
	out->over |= part->over;
}

/* Midnight is a day; other instants have an hour. */
static void say_instant(struct buf *out, const char *before, int64_t at_us)
{
	char text[TIME_TEXT_MAX];
	str s = time_print_local(text, at_us);
	if (at_us >= TIME_MIN_US && at_us <= TIME_MAX_US && time_floor(at_us, TIME_DAY) == at_us)
		s = str_sub(s, 0, s.n - MIN(s.n, (size_t)6));
	buf_printf(out, " %s %.*s", before, STR_ARG(s));
}

static void say_period(struct buf *out, const struct funnel_spec *spec, enum language language)
{
	bool de = language == LANGUAGE_DE;
	bool lifecycle = spec->steps_n == 0;
	bool from = spec->from_us != INT64_MIN;
	bool to = spec->to_us != INT64_MAX;
	if (!from && !to) {
		buf_cstr(out, de ? ", zu jeder Zeit" : ", at any time");
		return;
	}
	if (spec->view == FUNNEL_PERIOD)
		buf_cstr(out, de ? ", jeder Schritt" : ", each step");
	else if (de)
		buf_cstr(out, lifecycle ? ", mit einem Besuch" : ", mit dem ersten Schritt");
	else
		buf_cstr(out, lifecycle ? ", with a visit" : ", with the first step");
	if (from)
		say_instant(out, de ? "ab" : "from", spec->from_us);
	if (to)
		say_instant(out, de ? "vor" : "before", spec->to_us);
	if (spec->view == FUNNEL_PERIOD)
		return;
	if (spec->tail == FUNNEL_CLIP)
		buf_cstr(out, de ? " und allem anderen auch in dieser Zeit"
				 : " and all others in that period too");
	else
		buf_cstr(out,
			 de ? " und allem anderen auch danach" : " and the others also after that");
}

static void say_breakdown(struct buf *out, const struct funnel_spec *spec, enum language language)
{
	static const char *const subjects[][LANGUAGES_N] = {
		[FUNNEL_PEOPLE] = { "the person", "der Person" },
		[FUNNEL_COMPANIES] = { "the company", "des Unternehmens" },
		[FUNNEL_DEALS] = { "the deal", "des Deals" },
		[FUNNEL_TOTALS] = { "the person", "der Person" },
		[FUNNEL_SESSIONS] = { "the person", "der Person" },
	};
	static const char *const touches[][LANGUAGES_N] = {
		[FUNNEL_OF_FIRST] = { "the first touch", "des ersten Kontakts" },
		[FUNNEL_OF_LAST] = { "the last touch", "des letzten Kontakts" },
		[FUNNEL_OF_ALL] = { "all touches, each value by itself",
				    "aller Kontakte, jeder Wert f\u00FCr sich" },
	};
	bool de = language == LANGUAGE_DE;
	if (spec->by.n == 0)
		return;
	buf_printf(out, de ? "; aufgeteilt nach %.*s " : "; broken down by %.*s of ",
		   STR_ARG(spec->by));
	if (spec->of == FUNNEL_OF_STEP)
		buf_printf(out, de ? "von Schritt %zu" : "step %zu", spec->of_step);
	else if (spec->of == FUNNEL_OF_STEP_ALL)
		buf_printf(out,
			   de ? "von Schritt %zu, jeder Wert f\u00FCr sich"
			      : "step %zu, each value by itself",
			   spec->of_step);
	else if (spec->of == FUNNEL_OF_PERSON)
		buf_cstr(out, subjects[spec->count][language]);
	else
		buf_cstr(out, touches[spec->of][language]);
}

static void say_count(struct buf *out, const struct funnel_spec *spec, enum language language)
{
	static const char *const words[][LANGUAGES_N] = {
		[FUNNEL_PEOPLE] = { "people", "Personen" },
		[FUNNEL_COMPANIES] = { "companies", "Unternehmen" },
		[FUNNEL_DEALS] = { "deals", "Deals" },
		[FUNNEL_TOTALS] = { "attempts", "Versuche" },
		[FUNNEL_SESSIONS] = { "sessions", "Sitzungen" },
	};
	bool de = language == LANGUAGE_DE;
	buf_printf(out, de ? "Gez\u00E4hlt: %s" : "Counted: %s", words[spec->count][language]);
	say_order(out, spec, language);
	say_times(out, spec, language);
	say_period(out, spec, language);
}

void funnel_print_rules(const struct funnel_result *r, enum language language, struct buf *out)
{
	const struct funnel_spec *spec = &r->spec;
	bool de = language == LANGUAGE_DE;
	say_count(out, spec, language);
	say_parameters(out, spec, language);
	if (spec->where) {
		buf_cstr(out, de ? "; nur wo gilt " : "; only where ");
		print_where(out, spec);
	}
	say_breakdown(out, spec, language);
	say_profile(out, spec, language);
	buf_printf(out,
		   de ? "; Zeiten in %s; Stand von Kontakt " : "; times in %s; as known at touch ",
		   zone_name());
	print_count_in(out, r->snapshot, language);
	buf_cstr(out, ".");
	if (r->out_of_order > 0) {
		buf_cstr(
			out,
			de ? " Nicht in der Reihenfolge und darum nicht bis zum Ende gez\u00E4hlt: "
			   : " Not in order, and so not counted to the end: ");
		print_count_in(out, r->out_of_order, language);
		buf_cstr(out, ".");
	}
}
