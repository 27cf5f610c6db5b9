/*
 * load_stages.c - the stages of a person and of a deal, as other systems word them.
 *
 * What it is:   "Marketing Qualified Lead" -> mql; "Became a Lead Date" -> lead; "Closed Won
 *               (Sales Pipeline)" -> won; and the nearest known name for messages.
 * Promises:     a wording that is not known is never guessed.
 */
#include "load/load_int.h"

struct wording {
	const char *text; /* letters and digits only, lower case */
	const char *means;
};

static const struct wording STAGES[] = {
	{ "lead", "lead" },
	{ "marketingqualifiedlead", "mql" },
	{ "mql", "mql" },
	{ "marketingqualifizierterlead", "mql" },
	{ "salesacceptedlead", "sal" },
	{ "sal", "sal" },
	{ "salesqualifiedlead", "sql" },
	{ "sql", "sql" },
	{ "salesqualifizierterlead", "sql" },
	{ "opportunity", "opportunity" },
	{ "verkaufschance", "opportunity" },
	{ "customer", "customer" },
	{ "kunde", "customer" },
	{ "evangelist", "customer" },
};

static const struct wording OUTCOMES[] = {
	{ "won", "won" },	{ "closedwon", "won" },
	{ "gewonnen", "won" },	{ "abgeschlossenundgewonnen", "won" },
	{ "true", "won" },	{ "ja", "won" },
	{ "lost", "lost" },	{ "closedlost", "lost" },
	{ "verloren", "lost" }, { "abgeschlossenundverloren", "lost" },
};

/* Letters and digits of `s` in lower case, into `out`; 0 when there are too many. What stands in
 * round brackets at the end (the pipeline's name) does not count. */
static size_t squeeze(str s, char *out, size_t max)
{
	s = str_trim(s);
	if (str_ends(s, S(")")) && str_index(s, '(') > 0)
		s = str_sub(s, 0, str_index(s, '('));
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		bool keep = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			    (unsigned char)c >= 0x80;
		if (!keep)
			continue;
		if (n == max)
			return 0;
		out[n++] = c;
	}
	return n;
}

static str wording_find(const struct wording *table, size_t n, str text)
{
	char squeezed[64];
	size_t len = squeeze(text, squeezed, sizeof squeezed);
	if (len == 0)
		return S("");
	str want = str_make(squeezed, len);
	for (size_t i = 0; i < n; i++) {
		if (str_eq(want, str_of(table[i].text)))
			return str_of(table[i].means);
	}
	return S("");
}

str stage_of_text(str text)
{
	return wording_find(STAGES, ARRAY_LEN(STAGES), text);
}

str deal_outcome_of_text(str text)
{
	return wording_find(OUTCOMES, ARRAY_LEN(OUTCOMES), text);
}

/* Takes `head` and `tail` off; false when they are not there. */
static bool strip(str s, str head, str tail, str *middle_r)
{
	if (!str_starts(s, head) || !str_ends(s, tail) || s.n <= head.n + tail.n)
		return false;
	*middle_r = str_sub(s, head.n, s.n - head.n - tail.n);
	return true;
}

/* The stage's own wording in `Date entered "Appointment (Sales Pipeline)"`. */
static str entered_stage(str header, struct arena *a)
{
	str s = str_trim(header);
	str inner = str_trim(str_sub(s, sizeof "Date entered" - 1, s.n));
	if (inner.n >= 2 && (inner.p[0] == '"' || inner.p[0] == '\''))
		inner = str_sub(inner, 1, inner.n - 2);
	if (str_ends(inner, S(")")) && str_index(inner, '(') > 0)
		inner = str_trim(str_sub(inner, 0, str_index(inner, '(')));
	return str_lower(a, inner);
}

str header_stage(enum load_kind kind, str header, str folded, struct arena *a)
{
	if (str_starts(folded, S("date_entered_")) && (kind == LOAD_PEOPLE || kind == LOAD_DEALS)) {
		str name = entered_stage(header, a);
		return kind == LOAD_PEOPLE ? stage_of_text(name) : name;
	}
	if (kind != LOAD_PEOPLE)
		return S("");
	str middle = S("");
	bool found = strip(folded, S("became_a_"), S("_date"), &middle) ||
		     strip(folded, S("became_an_"), S("_date"), &middle) ||
		     strip(folded, S("became_"), S("_at"), &middle) ||
		     strip(folded, S("wurde_zum_"), S("_am"), &middle) ||
		     strip(folded, S("wurde_zur_"), S("_am"), &middle) ||
		     strip(folded, S(""), S("_at"), &middle) ||
		     strip(folded, S(""), S("_seit"), &middle) ||
		     strip(folded, S("date_"), S(""), &middle);
	/* To recommend comes after buying, on another day. */
	return found && !str_eq(middle, S("evangelist")) ? stage_of_text(middle) : S("");
}

void near_init(struct near_name *n, str want)
{
	*n = (struct near_name){ .want = want,
				 .distance = MIN(MAX((size_t)2, want.n / 3), (size_t)4) + 1 };
}

void near_offer(struct near_name *n, str name)
{
	size_t d = str_distance(n->want, name, n->distance);
	if (d < n->distance) {
		n->distance = d;
		n->best = name;
	}
}

str near_sentence(const struct near_name *n, struct arena *a)
{
	if (str_is_empty(n->best))
		return S("");
	return str_printf(a, " (did you mean \"%.*s\"?)", STR_ARG(n->best));
}
