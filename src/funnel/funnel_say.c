/*
 * funnel_say.c - what an answer says, in one sentence, and where its rows stand.
 *
 * What it is:   "Of 8,000 leads, 842 became customers. Most are lost between MQL and SAL.": made
 *               once, for the terminal, the drawing and the API, in English and German. Stages are
 *               nouns; everything else is "reached".
 * Promises:     the leak is where most are lost in number, the first of equals; the view of a
 *               period has none, since those in one row need not come from the row before.
 * Threads:      any.
 */
#include "funnel/print_int.h"

#include "funnel/funnel_int.h"

#include <math.h>

/* A name longer than this would drown the sentence; its number stands for it. */
#define NAME_IN_SENTENCE_MAX 40

struct noun {
	const char *stage;
	const char *one[LANGUAGES_N], *many[LANGUAGES_N];
};
static const struct noun nouns[] = {
	{ "visitor", { "visitor", "Besucher" }, { "visitors", "Besuchern" } },
	{ "lead", { "lead", "Lead" }, { "leads", "Leads" } },
	{ "mql", { "MQL", "MQL" }, { "MQLs", "MQLs" } },
	{ "sal", { "SAL", "SAL" }, { "SALs", "SALs" } },
	{ "sql", { "SQL", "SQL" }, { "SQLs", "SQLs" } },
	{ "opportunity",
	  { "opportunity", "Verkaufschance" },
	  { "opportunities", "Verkaufschancen" } },
	{ "customer", { "customer", "Kunde" }, { "customers", "Kunden" } },
};

static str row_word(const struct funnel_result *r, size_t row)
{
	if (r->spec.steps_n == 0 && row == 0)
		return S("visitor");
	return row_stage(&r->spec, row);
}

static const struct noun *noun_of(const struct funnel_result *r, size_t row)
{
	if (r->spec.count != FUNNEL_PEOPLE)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(nouns); i++)
		if (str_eq_nocase(row_word(r, row), str_of(nouns[i].stage)))
			return &nouns[i];
	return NULL;
}

void funnel_print_name(const struct funnel_result *r, size_t row, struct buf *out)
{
	str word = row_word(r, row);
	if (word.n == 0) {
		buf_str(out, r->steps[row].name);
		return;
	}
	/* MQL, SAL, SQL are abbreviations; longer stages are words. */
	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i];
		bool capital = i == 0 || word.n <= 3;
		buf_byte(out, (uint8_t)(capital && c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
	}
}

static void put_name(const struct funnel_result *r, size_t row, enum language language,
		     struct buf *out)
{
	size_t before = out->n;
	const struct noun *noun = noun_of(r, row);
	if (noun && language == LANGUAGE_DE) {
		buf_cstr(out, noun->one[language]);
		return;
	}
	funnel_print_name(r, row, out);
	if (out->n - before <= NAME_IN_SENTENCE_MAX || out->n < before)
		return;
	out->n = before;
	buf_printf(out, "%s\u00A0%zu", language == LANGUAGE_DE ? "Schritt" : "step", row + 1);
}

/* ---- the truth ------------------------------------------------------------------------------- */

struct funnel_truth funnel_truth_of(const struct funnel_result *r)
{
	struct funnel_truth t = { .last = r->steps_n - 1 };
	uint64_t most = 0;
	/* Visitors are many and mostly strangers: the story begins with those who came nearer. */
	if (r->spec.steps_n == 0 && t.last > 1 && r->steps[1].count > 0)
		t.first = 1;
	if (r->spec.view == FUNNEL_PERIOD || t.last - t.first < 2)
		return t;
	for (size_t k = t.first + 1; k <= t.last; k++) {
		uint64_t lost = r->steps[k - 1].count - r->steps[k].count;
		if (lost > most) {
			most = lost;
			t.leak = k;
		}
	}
	return t;
}

static const char *unit_of(const struct funnel_result *r, enum language language)
{
	static const char *const words[][LANGUAGES_N] = {
		[FUNNEL_PEOPLE] = { "people", "Personen" },
		[FUNNEL_COMPANIES] = { "companies", "Unternehmen" },
		[FUNNEL_DEALS] = { "deals", "Deals" },
		[FUNNEL_TOTALS] = { "attempts", "Versuche" },
		[FUNNEL_SESSIONS] = { "sessions", "Sitzungen" },
	};
	return words[r->spec.count][language];
}

static void put_many(struct buf *out, uint64_t n, const struct noun *noun, enum language language)
{
	print_count_in(out, n, language);
	buf_printf(out, " %s", n == 1 ? noun->one[language] : noun->many[language]);
}

static void put_rate(const struct funnel_result *r, const struct funnel_truth *t,
		     enum language language, struct buf *out)
{
	double rate = (double)r->steps[t->last].count / (double)r->steps[t->first].count;
	buf_cstr(out, " (");
	print_rate_in(out, rate, language);
	buf_cstr(out, ")");
}

static void say_cohort(const struct funnel_result *r, const struct funnel_truth *t,
		       enum language language, struct buf *out)
{
	bool de = language == LANGUAGE_DE;
	uint64_t first_n = r->steps[t->first].count, last_n = r->steps[t->last].count;
	const struct noun *first = noun_of(r, t->first), *last = noun_of(r, t->last);
	buf_cstr(out, de ? "Von " : "Of ");
	if (first && last) {
		put_many(out, first_n, first, language);
		buf_cstr(out, de ? (last_n == 1 ? " wurde " : " wurden ") : ", ");
		print_count_in(out, last_n, language);
		buf_printf(out, "%s%s.", de ? " " : " became ",
			   last_n == 1 ? last->one[language] : last->many[language]);
		return;
	}
	print_count_in(out, first_n, language);
	buf_printf(out, " %s", unit_of(r, language));
	if (de)
		buf_cstr(out, r->spec.count == FUNNEL_TOTALS ? "n mit " : " mit ");
	else
		buf_cstr(out, r->spec.count == FUNNEL_PEOPLE ? " who reached " : " that reached ");
	put_name(r, t->first, language, out);
	buf_cstr(out, de ? (last_n == 1 ? " erreichte " : " erreichten ") : ", ");
	print_count_in(out, last_n, language);
	buf_cstr(out, de ? " auch " : " reached ");
	put_name(r, t->last, language, out);
	put_rate(r, t, language, out);
	buf_cstr(out, ".");
}

static void say_period(const struct funnel_result *r, const struct funnel_truth *t,
		       enum language language, struct buf *out)
{
	bool de = language == LANGUAGE_DE;
	buf_cstr(out, de ? "In diesem Zeitraum kamen " : "In this period ");
	print_count_in(out, r->steps[t->first].count, language);
	buf_printf(out, de ? " %s zu " : " %s came to ", unit_of(r, language));
	put_name(r, t->first, language, out);
	buf_cstr(out, de ? " und " : " and ");
	print_count_in(out, r->steps[t->last].count, language);
	buf_cstr(out, de ? " zu " : " to ");
	put_name(r, t->last, language, out);
	buf_cstr(out, ".");
}

void funnel_print_sentence(const struct funnel_result *r, enum language language, struct buf *out)
{
	struct funnel_truth t = funnel_truth_of(r);
	bool de = language == LANGUAGE_DE;
	uint64_t n = r->steps[t.first].count;
	if (n == 0 && (r->spec.view == FUNNEL_COHORT || r->steps[t.last].count == 0)) {
		const struct noun *noun = noun_of(r, t.first);
		const char *what = noun ? noun->many[language] : unit_of(r, language);
		if (de && noun)
			what = str_eq_nocase(row_word(r, t.first), S("visitor")) ? "Besucher"
										 : what;
		buf_printf(out, de ? "Keine %s in diesem Zeitraum." : "No %s in this period.",
			   what);
		return;
	}
	if (t.first == t.last) {
		print_count_in(out, n, language);
		buf_printf(out, de ? " %s mit " : " %s reached ", unit_of(r, language));
		put_name(r, t.first, language, out);
		buf_cstr(out, ".");
		return;
	}
	if (r->spec.view == FUNNEL_PERIOD)
		say_period(r, &t, language, out);
	else
		say_cohort(r, &t, language, out);
	if (t.leak == 0)
		return;
	buf_cstr(out, de ? " Die meisten gehen zwischen " : " Most are lost between ");
	put_name(r, t.leak - 1, language, out);
	buf_cstr(out, de ? " und " : " and ");
	put_name(r, t.leak, language, out);
	buf_cstr(out, de ? " verloren." : ".");
}

/* ---- places ---------------------------------------------------------------------------------- */

/* The row of a stage of the line; the number of rows when it has none. */
static size_t row_of(const struct funnel_spec *spec, str stage)
{
	for (size_t k = 0; k < spec->stages_n; k++)
		if (str_eq_nocase(spec->stages[k], stage))
			return k + 1;
	return spec->stages_n + 1;
}

bool funnel_place(const struct funnel_spec *spec, size_t row, enum funnel_zone *zone_r,
		  enum funnel_side *side_r)
{
	size_t at = row;
	if (spec->steps_n > 0) {
		str stage = row_stage(spec, row);
		at = row_of(spec, stage);
		if (stage.n == 0 || at > spec->stages_n)
			return false;
	}
	size_t last = spec->stages_n;
	size_t mql = row_of(spec, S("mql")), sql = row_of(spec, S("sql"));
	size_t sal = MIN(row_of(spec, S("sal")), MIN(sql, row_of(spec, S("opportunity"))));
	/* A line of their own words: the last stage is a customer, of whoever sells. */
	sal = MIN(sal, mql < last ? mql + 1 : last);
	sql = MIN(sql, MIN(row_of(spec, S("opportunity")), last));
	*zone_r = at == 0 ? FUNNEL_TOFU : at >= sql ? FUNNEL_BOFU : FUNNEL_MOFU;
	if (at > 0 && spec->zones)
		*zone_r = spec->zones[at - 1];
	*side_r = at == mql ? FUNNEL_BOTH : at >= sal ? FUNNEL_SALES : FUNNEL_MARKETING;
	return true;
}
