/*
 * fold.c - which touch says what about whom.
 *
 * What it is:   the one table of meanings: a touch's name decides whether its properties become
 *               current values of its person, its company or its deal, and under which keys.
 * Promises:     depends on the touch alone, never on what is known already.
 */
#include "people/people_int.h"

#include <stdlib.h>

bool touch_is_bookkeeping(str name)
{
	static const str NAMES[] = {
		S("person_identified"),	 S("person_merged"), S("person_unmerged"),
		S("person_erased"),	 S("import_closed"), S("import_undone"),
		S("company_identified"), S("touch_undone"),  S("touch_redone"),
		S("touches_expired"),
	};
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		if (str_eq(name, NAMES[i]))
			return true;
	}
	return false;
}

bool people_name_is_reserved(str name)
{
	static const str PREFIXES[] = {
		S("person_"), S("company_"), S("import_"),  S("stage_"),     S("lead_"),
		S("deal_"),   S("consent_"), S("message_"), S("call_"),	     S("meeting_"),
		S("demo_"),   S("event_"),   S("inbound_"), S("objection_"), S("note_"),
		S("task_"),   S("spend_"),   S("touch_"),   S("bulk_"),
	};
	static const str NAMES[] = {
		S("person_identified"), S("person_updated"),	 S("person_merged"),
		S("person_unmerged"),	S("touches_expired"),	 S("person_erased"),
		S("company_updated"),	S("company_identified"), S("import_closed"),
		S("import_undone"),	S("stage_entered"),	 S("lead_offered"),
		S("lead_accepted"),	S("lead_disqualified"),	 S("lead_recycled"),
		S("deal_created"),	S("deal_stage_entered"), S("deal_won"),
		S("deal_lost"),		S("objection_raised"),	 S("objection_answered"),
		S("note_written"),	S("task_created"),	 S("task_done"),
		S("spend_booked"),	S("message_sent"),	 S("message_delivered"),
		S("message_opened"),	S("message_clicked"),	 S("message_replied"),
		S("message_bounced"),	S("call_made"),		 S("meeting_held"),
		S("demo_booked"),	S("demo_held"),		 S("consent_requested"),
		S("consent_given"),	S("consent_withdrawn"),	 S("inbound_received"),
		S("deal_updated"),	S("deal_person_linked"), S("deal_person_unlinked"),
		S("bulk_changed"),	S("touch_undone"),	 S("touch_redone"),
	};
	bool possible = false;
	for (size_t i = 0; i < ARRAY_LEN(PREFIXES) && !possible; i++)
		possible = str_starts(name, PREFIXES[i]);
	for (size_t i = 0; possible && i < ARRAY_LEN(NAMES); i++) {
		if (str_eq(name, NAMES[i]))
			return true;
	}
	return false;
}

bool people_touch_changes_values(str name)
{
	return touch_is_bookkeeping(name) || people_name_is_reserved(name) ||
	       str_starts(name, S("deal_")) || str_starts(name, S("consent_"));
}

struct folding {
	struct cell_state *cells;
	size_t n;
	const struct touch *t;
};

static void put(struct folding *f, str key, value v)
{
	/* By hand a value can be taken away; files and senders only leave it out. */
	bool says_nothing = v.kind == VALUE_NONE && f->t->by.n == 0;
	if (key.n == 0 || says_nothing || f->n == FOLD_CELLS_MAX)
		return;
	f->cells[f->n++] = (struct cell_state){ .key = key,
						.value = v,
						.at_us = f->t->at_us,
						.tie = f->t->tie,
						.seq = f->t->seq,
						.fill = f->t->fill };
}

/* Keys that only their own touches may set, whatever a file or a sender calls its columns. */
static bool key_is_reserved(str key, enum entity about)
{
	static const str PERSON[] = { S("stage"),	    S("stage_since"),
				      S("stage_reason"),    S("company"),
				      S("disqualified_at"), S("disqualified_reason"),
				      S("recycled_at"),	    S("recycled_until") };
	static const str DEAL[] = { S("person"), S("company"), S("status") };
	if (str_starts(key, S("consent.")) || str_starts(key, S("did#")))
		return true;
	for (size_t i = 0; about == ENTITY_PERSON && i < ARRAY_LEN(PERSON); i++) {
		if (str_eq(key, PERSON[i]))
			return true;
	}
	for (size_t i = 0; about == ENTITY_DEAL && i < ARRAY_LEN(DEAL); i++) {
		if (str_eq(key, DEAL[i]))
			return true;
	}
	return false;
}

/* Of what is done by hand: says how it was done, and is no value of whom it was done to. */
static bool tells_of_the_deed(str key)
{
	return str_eq(key, S("from")) || str_eq(key, S("reason"));
}

static void put_props(struct folding *f, enum entity about, struct arena *a)
{
	for (size_t i = 0; i < f->t->props_n; i++) {
		str key = f->t->props[i].key;
		if (f->t->by.n && tells_of_the_deed(key))
			continue;
		if (key_is_reserved(key, about))
			key = str_printf(a, "trait.%.*s", STR_ARG(key));
		put(f, key, f->t->props[i].value);
	}
}

/* Values that are kept since things are done by hand; what was there before says the same as ever.
 */
static void put_by_hand(struct folding *f, str key, value v)
{
	if (f->t->by.n && v.kind != VALUE_NONE)
		put(f, key, v);
}

static void put_company(struct folding *f)
{
	if (f->t->company)
		put(f, S("company"), value_int((int64_t)f->t->company));
}

/* "consent.email" = given, its ground beside it; with a purpose "consent.email.newsletter". */
static void put_consent(struct folding *f, struct arena *a)
{
	const struct touch *t = f->t;
	value channel = touch_prop(t, S("channel")), purpose = touch_prop(t, S("purpose"));
	str c = channel.kind == VALUE_TEXT ? channel.text : S("email");
	str key = str_printf(a, "consent.%.*s%s%.*s", STR_ARG(c),
			     purpose.kind == VALUE_TEXT ? "." : "",
			     STR_ARG(purpose.kind == VALUE_TEXT ? purpose.text : S("")));
	str state = str_sub(t->name, sizeof "consent_" - 1, t->name.n);
	put(f, key, value_text(state));
	put(f, str_printf(a, "%.*s.ground", STR_ARG(key)), touch_prop(t, S("ground")));
	put(f, str_printf(a, "%.*s.wording", STR_ARG(key)), touch_prop(t, S("wording")));
}

static void fold_person(struct folding *f, struct arena *a)
{
	const struct touch *t = f->t;
	if (str_eq(t->name, S("person_updated"))) {
		put_props(f, ENTITY_PERSON, a);
		put_company(f);
	} else if (str_eq(t->name, S("stage_entered"))) {
		value stage = touch_prop(t, S("stage"));
		put(f, S("stage"), stage);
		put(f, S("stage_since"), stage.kind == VALUE_NONE ? stage : value_time(t->at_us));
		put(f, S("stage_reason"), touch_prop(t, S("reason")));
		put_company(f);
	} else if (str_starts(t->name, S("consent_"))) {
		put_consent(f, a);
	} else if (str_eq(t->name, S("lead_disqualified"))) {
		put(f, S("disqualified_reason"), touch_prop(t, S("reason")));
		put(f, S("disqualified_at"), value_time(t->at_us));
	} else if (str_eq(t->name, S("lead_recycled"))) {
		put(f, S("recycled_at"), value_time(t->at_us));
		put(f, S("recycled_until"), touch_prop(t, S("until")));
		put_by_hand(f, S("recycled_reason"), touch_prop(t, S("reason")));
	} else if (str_eq(t->name, S("lead_accepted"))) {
		put_by_hand(f, S("accepted_at"), value_time(t->at_us));
	} else if (str_eq(t->name, S("deal_won")) && t->person) {
		put_company(f);
	}
}

/* The company's own stage: nobody in particular is meant. */
static void fold_company(struct folding *f, struct arena *a)
{
	const struct touch *t = f->t;
	if (str_eq(t->name, S("company_updated"))) {
		put_props(f, ENTITY_COMPANY, a);
	} else if (str_eq(t->name, S("stage_entered")) && !t->person && (t->by.n || t->rule.n)) {
		put(f, S("stage"), touch_prop(t, S("stage")));
		put(f, S("stage_since"), value_time(t->at_us));
	}
}

/* Who has which role in the deal: "role.17" = "champion", 17 being a profile of the person. */
static void put_role(struct folding *f, struct arena *a)
{
	const struct touch *t = f->t;
	bool linked = str_eq(t->name, S("deal_person_linked"));
	if (t->person)
		put(f, str_printf(a, DEAL_ROLE_PREFIX "%llu", (unsigned long long)t->person),
		    linked ? touch_prop(t, S("role")) : value_none());
}

static void fold_deal(struct folding *f, struct arena *a)
{
	const struct touch *t = f->t;
	if (!str_starts(t->name, S("deal_")))
		return;
	if (str_starts(t->name, S("deal_person_"))) {
		put_role(f, a);
		return;
	}
	put_props(f, ENTITY_DEAL, a);
	if (t->person)
		put(f, S("person"), value_int((int64_t)t->person));
	put_company(f);
	if (str_eq(t->name, S("deal_created")))
		put(f, S("created_at"), value_time(t->at_us));
	bool won = str_eq(t->name, S("deal_won")), lost = str_eq(t->name, S("deal_lost"));
	bool created = str_eq(t->name, S("deal_created"));
	if (won || lost || created || str_eq(t->name, S("deal_stage_entered")))
		put(f, S("status"), value_text(won ? S("won") : lost ? S("lost") : S("open")));
	/* That it was created says only that it was open before anything else is known. */
	if (created)
		f->cells[f->n - 1].fill = true;
	if (won || lost) {
		put(f, S("closed_at"), value_time(t->at_us));
		if (touch_prop(t, S("stage")).kind == VALUE_NONE)
			put(f, S("stage"), value_text(won ? S("won") : S("lost")));
	}
}

static int cell_cmp(const void *a, const void *b)
{
	const struct cell_state *x = a, *y = b;
	int order = str_cmp(x->key, y->key);
	return order ? order : value_cmp(x->value, y->value);
}

static bool is_sorted(const struct cell_state *cells, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (str_cmp(cells[i - 1].key, cells[i].key) > 0)
			return false;
	}
	return true;
}

/* Of two values that one touch gives for one key, the greater stays: not by chance. */
static size_t drop_doubles(struct cell_state *cells, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (kept && str_eq(cells[kept - 1].key, cells[i].key))
			kept--;
		cells[kept++] = cells[i];
	}
	return kept;
}

bool fold_cells(const struct touch *t, enum entity about, struct arena *a,
		struct cell_state **cells_r, size_t *n_r, err *e)
{
	struct folding f = { .t = t };
	f.cells = arena_alloc(a, (t->props_n + 16) * sizeof *f.cells);
	if (!f.cells)
		return arena_err(a, e);
	if (about == ENTITY_PERSON)
		fold_person(&f, a);
	else if (about == ENTITY_DEAL)
		fold_deal(&f, a);
	else
		fold_company(&f, a);
	if (a->over)
		return arena_err(a, e);
	if (!is_sorted(f.cells, f.n))
		qsort(f.cells, f.n, sizeof *f.cells, cell_cmp);
	*n_r = drop_doubles(f.cells, f.n);
	*cells_r = f.cells;
	return true;
}
