/*
 * words.c - what stages, reasons and outcomes are called, in both languages.
 *
 * What it is:   English words are the keys under which they are counted; this is how they are
 * shown. Words that a workspace has made its own are shown as they are. Threads:      constants.
 */
#include "server/settings_int.h"

static const struct word {
	str key, en, de;
	str zone; /* of stages */
} WORDS[] = {
	{ S("lead"), S("Lead"), S("Lead"), S("mofu") },
	{ S("mql"), S("MQL"), S("MQL"), S("mofu") },
	{ S("sal"), S("SAL"), S("SAL"), S("mofu") },
	{ S("sql"), S("SQL"), S("SQL"), S("bofu") },
	{ S("opportunity"), S("Opportunity"), S("Verkaufschance"), S("bofu") },
	{ S("customer"), S("Customer"), S("Kunde"), S("bofu") },
	{ S("prospecting"), S("Prospecting"), S("Anbahnung"), S("") },
	{ S("evaluation"), S("Evaluation"), S("Prüfung"), S("") },
	{ S("commitment"), S("Commitment"), S("Zusage"), S("") },
	{ S("won"), S("Won"), S("Gewonnen"), S("") },
	{ S("lost"), S("Lost"), S("Verloren"), S("") },
	{ S("no fit"), S("No fit"), S("Passt nicht"), S("") },
	{ S("no need"), S("No need"), S("Kein Bedarf"), S("") },
	{ S("no budget"), S("No budget"), S("Kein Budget"), S("") },
	{ S("no authority"), S("No authority"), S("Nicht zuständig"), S("") },
	{ S("timing"), S("Timing"), S("Zeitpunkt"), S("") },
	{ S("too small"), S("Too small"), S("Zu klein"), S("") },
	{ S("not reachable"), S("Not reachable"), S("Nicht erreichbar"), S("") },
	{ S("competitor"), S("Competitor"), S("Wettbewerber"), S("") },
	{ S("student or applicant"), S("Student or applicant"), S("Student oder Bewerber"), S("") },
	{ S("chose a competitor"), S("Chose a competitor"), S("Wettbewerber gewählt"), S("") },
	{ S("wants more time"), S("Wants more time"), S("Will mehr Zeit"), S("") },
	{ S("content with what they have"), S("Content with what they have"),
	  S("Zufrieden mit dem Bestehenden"), S("") },
	{ S("price"), S("Price"), S("Preis"), S("") },
	{ S("no decision"), S("No decision"), S("Keine Entscheidung"), S("") },
	{ S("other"), S("Other"), S("Anderes"), S("") },
	{ S("reached"), S("Reached"), S("Erreicht"), S("") },
	{ S("no answer"), S("No answer"), S("Nicht abgenommen"), S("") },
	{ S("left a message"), S("Left a message"), S("Nachricht hinterlassen"), S("") },
	{ S("call back"), S("Call back"), S("Rückruf vereinbart"), S("") },
	{ S("wrong number"), S("Wrong number"), S("Falsche Nummer"), S("") },
	{ S("declined"), S("Declined"), S("Abgelehnt"), S("") },
};

static const struct word *find(str key)
{
	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
		if (str_eq(WORDS[i].key, key))
			return &WORDS[i];
	}
	return NULL;
}

str words_label(str key, bool german)
{
	const struct word *x = find(key);
	return !x ? key : german ? x->de : x->en;
}

str words_zone(str stage)
{
	const struct word *x = find(stage);
	return x && x->zone.n ? x->zone : S("mofu");
}

void words_put(struct json_writer *w, str key)
{
	json_object_open(w);
	json_key(w, S("key"));
	json_put_text(w, key);
	json_key(w, S("en"));
	json_put_text(w, words_label(key, false));
	json_key(w, S("de"));
	json_put_text(w, words_label(key, true));
	json_object_close(w);
}

void words_put_list(struct json_writer *w, str key, const struct sales_words *words)
{
	json_key(w, key);
	json_array_open(w);
	for (size_t i = 0; i < words->n; i++)
		words_put(w, words->items[i]);
	json_array_close(w);
}
