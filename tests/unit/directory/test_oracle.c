/*
 * test_oracle.c - columns say what every row says: rules, orders, pages, facets, journeys.
 *
 * What it is:   a world that changes at random, and beside the directory a plain walk over
 *               everybody with rule_test, which knows nothing of columns.
 */
#include "directory_test.h"

#include <stdlib.h>

/* ---- the plain walk -------------------------------------------------------------------------- */

struct plain_item {
	uint64_t number;
	value key;
};

struct walking {
	struct people *people;
	const struct directory_query *q;
	str field;
	struct history history;
	bool needs_history;
	struct arena scratch;
	struct arena *a;
	VEC(struct plain_item) items;
	err e;
	bool failed;
};

static void note_did(void *arg, const struct rule_did *did)
{
	struct walking *w = arg;
	(void)did;
	w->needs_history = true;
}

static uint64_t keep(void *arg, const struct touch *t)
{
	const struct walking *w = arg;
	uint64_t about = w->q->entity == ENTITY_PERSON	  ? t->person
			 : w->q->entity == ENTITY_COMPANY ? t->company
							  : t->deal;
	return about ? people_subject_of(w->people, about) : 0;
}

static bool belongs(const struct walking *w, const struct subject *s, str key, uint64_t to)
{
	value v = subject_cell(&s->view, key);
	return to == 0 || (v.kind == VALUE_INT && v.i > 0 &&
			   people_subject_of(w->people, (uint64_t)v.i) == to);
}

static bool each(void *arg, uint64_t number)
{
	struct walking *w = arg;
	struct subject s;
	size_t n = 0;
	const struct touch *touches = w->needs_history ? history_of(&w->history, number, &n) : NULL;
	arena_reset(&w->scratch);
	w->failed = !subject_read(w->people, number, touches, n, w->q->now_us, &w->scratch, &s,
				  &w->e);
	if (w->failed)
		return false;
	if (!belongs(w, &s, S("company"), w->q->company) ||
	    !belongs(w, &s, S("person"), w->q->person) ||
	    (w->q->rule && !rule_test(w->q->rule, &s.rule_row)))
		return true;
	struct plain_item item = { .number = number };
	if (w->field.n)
		item.key = value_dup(w->a, subject_value(&s, w->field, &w->scratch));
	w->failed = w->a->over || !vec_push(&w->items, item);
	if (w->failed)
		arena_err(w->a, &w->e);
	return !w->failed;
}

static bool walk(struct walking *w, struct snapshot *s, err *e)
{
	w->people = snapshot_people(s);
	arena_init(&w->scratch, 64 * MIB);
	if (w->q->rule)
		rule_each_did(w->q->rule, note_did, w);
	bool ok = (!w->needs_history || history_gather(s, keep, w, w->a, &w->history, e)) &&
		  people_each(w->people, w->q->entity, each, w, e);
	arena_fini(&w->scratch);
	if (ok && w->failed)
		*e = w->e;
	return ok && !w->failed;
}

static int item_cmp(const void *a, const void *b, void *arg)
{
	const struct plain_item *x = a, *y = b;
	return sort_cmp(x->key, x->number, y->key, y->number, *(const bool *)arg);
}

/* Everybody who fits, in order, by the plain walk. */
static void plain(struct snapshot *s, const struct directory_query *q, struct arena *a,
		  struct walking *w)
{
	err e = { 0 };
	bool descending = q->descending;
	*w = (struct walking){ .q = q, .field = q->sort, .a = a };
	assert_true(walk(w, s, &e));
	for (size_t i = 0; i < w->items.n; i++)
		w->items.items[i].key = sort_key(w->items.items[i].key, a);
	if (w->items.n)
		qsort_r(w->items.items, w->items.n, sizeof *w->items.items, item_cmp, &descending);
}

/* ---- a world that changes -------------------------------------------------------------------- */

static value some_value(struct rng *rng)
{
	static const str TEXTS[] = { S("Bonn"), S("bonn"), S("Köln"), S("Kiel"), S(""),
				     S("=1+1"), S("12"),   S("true"), S("Ä") };
	switch (rng_below(rng, 8)) {
	case 0:
		return value_int((int64_t)rng_below(rng, 7) - 3);
	case 1:
		return value_real((double)rng_below(rng, 7) / 2);
	case 2:
		return value_bool(rng_chance(rng, 0.5));
	case 3:
		return value_time(DAY((int64_t)rng_below(rng, 9)));
	case 4:
		return value_date(20000 + (int64_t)rng_below(rng, 9));
	case 5:
		return value_money((int64_t)rng_below(rng, 900),
				   rng_chance(rng, 0.5) ? "EUR" : "USD");
	default:
		return value_text(TEXTS[rng_below(rng, ARRAY_LEN(TEXTS))]);
	}
}

struct saying {
	struct intake items[12];
	struct prop props[12][3];
	value lists[12][2];
	char text[12][4][24];
};

static size_t say(struct pair *p, struct saying *y)
{
	static const char *const NAMES[] = { "page_viewed",   "paper_read",	 "person_updated",
					     "stage_entered", "company_updated", "deal_created",
					     "deal_won",      "consent_given" };
	static const str KEYS[] = { S("city"), S("size"), S("tags"), S("owner"), S("full_name") };
	static const str STAGES[] = { S("lead"), S("mql"), S("customer") };
	struct rng *rng = &p->rng;
	size_t n = 1 + rng_below(rng, ARRAY_LEN(y->items));
	for (size_t i = 0; i < n; i++) {
		char(*text)[24] = y->text[i];
		snprintf(text[0], 24, "u%d", (int)rng_below(rng, 15));
		snprintf(text[1], 24, "a%d", (int)rng_below(rng, 25));
		snprintf(text[2], 24, "m%d", (int)rng_below(rng, 100000));
		snprintf(text[3], 24, "c%d.example", (int)rng_below(rng, 5));
		const char *name = NAMES[rng_below(rng, ARRAY_LEN(NAMES))];
		y->items[i] = (struct intake){ .name = str_of(name),
					       .at_us = DAY((int64_t)rng_below(rng, 12)),
					       .message_id = str_of(text[2]) };
		struct intake *in = &y->items[i];
		if (rng_chance(rng, 0.6))
			in->user_id = str_of(text[0]);
		if (rng_chance(rng, 0.6))
			in->anonymous_id = str_of(text[1]);
		if (rng_chance(rng, 0.3) || strcmp(name, "company_updated") == 0)
			in->company_domain = str_of(text[3]);
		if (strncmp(name, "deal_", 5) == 0)
			in->deal_id.value = str_of(text[0]);
		in->origin.source = rng_chance(rng, 0.3) ? S("google") : S("");
		in->props = y->props[i];
		in->props_n = 2;
		if (rng_chance(rng, 0.4))
			in->by = S("user:1");
		y->props[i][0] = (struct prop){ KEYS[rng_below(rng, ARRAY_LEN(KEYS))],
						some_value(rng) };
		y->props[i][1] = (struct prop){ S("stage"), value_text(STAGES[rng_below(rng, 3)]) };
		if (rng_chance(rng, 0.2)) {
			y->lists[i][0] = value_text(S("x y"));
			y->lists[i][1] = value_text(S("Z"));
			y->props[i][0].value = (value){ .kind = VALUE_LIST };
			y->props[i][0].value.list.items = y->lists[i];
			y->props[i][0].value.list.n = 2;
		}
	}
	return n;
}

static void submit_some(struct pair *p, uint64_t import)
{
	struct saying *y = calloc(1, sizeof *y);
	assert_non_null(y);
	struct batch b = {
		.items = y->items, .n = say(p, y), .trust = TRUST_SECRET, .import = import
	};
	WORLD_OK(&p->w, journal_submit(p->w.j, &b, &p->w.e));
	free(y);
}

/* Asks for little while an import is open: what was made ready then has to follow. */
static void glance(struct pair *p)
{
	refresh(p);
	WORLD_OK(&p->w,
		 directory_follow(p->d, p->s,
				  rng_chance(&p->rng, 0.5) ? DIRECTORY_AHEAD : DIRECTORY_NEEDED,
				  &p->w.e));
}

static void change(struct pair *p)
{
	struct rng *rng = &p->rng;
	uint64_t dice = rng_below(rng, 23), import;
	uint64_t all = people_profiles(journal_people(p->w.j)) + 1;
	struct undo_result undone;
	if (dice < 14) {
		submit_some(p, 0);
	} else if (dice < 16) {
		WORLD_OK(&p->w, journal_import_begin(p->w.j, S("{}"), &import, &p->w.e));
		submit_some(p, import);
		if (rng_chance(rng, 0.5))
			glance(p);
		submit_some(p, 0);
		submit_some(p, import);
		WORLD_OK(&p->w, journal_import_close(p->w.j, import, S("{}"), &p->w.e));
		if (rng_chance(rng, 0.5))
			glance(p);
		if (rng_chance(rng, 0.5))
			WORLD_OK(&p->w, journal_import_undo(p->w.j, import, &undone, &p->w.e));
	} else if (dice < 18) {
		bool done = people_merge(p->w.j, rng_below(rng, all), rng_below(rng, all), S("t"),
					 S("t"), &p->w.e);
		(void)done; /* nobody of that number, or one already */
	} else if (dice >= 20) {
		struct touch_undo u = { .seq = 1 + rng_below(rng, snapshot_seq(p->s) + 4),
					.by = S("user:1"),
					.anyway = true };
		bool done = journal_touch_undo(p->w.j, &u, &p->w.e);
		(void)done; /* only what was done by hand */
	} else {
		bool done = people_unmerge(p->w.j, rng_below(rng, all), S("t"), S("t"), &p->w.e);
		(void)done;
	}
}

/* ---- rules at random ------------------------------------------------------------------------- */

static str some_rule(struct pair *p, int depth)
{
	static const char *const LEAVES[] = {
		"city = Bonn",
		"city != Bonn",
		"city in (Bonn, \"Köln\", 12)",
		"city ~ \"ko*\"",
		"city is known",
		"city is unknown",
		"city > 1",
		"size >= 1.5",
		"size between 0 and 2",
		"size = true",
		"size < 2024-10-09 or unknown",
		"tags has Z",
		"tags has any (\"x y\", Bonn)",
		"tags has none (Z)",
		"tags = 1 EUR",
		"stage = mql",
		"stage in (lead, customer)",
		"stage_since last 5d",
		"time_in_stage > 3d",
		"time_in_stage <= 4w",
		"touches > 3",
		"touches != 2",
		"touches between 2 and 5",
		"first_seen >= 2024-10-08",
		"last_seen = 2024-10-10",
		"last_seen != 2024-10-10",
		"last_seen last 8d",
		"last_seen before 2024-10-09",
		"first_source = google",
		"latest_source is unknown",
		"number > 10",
		"number in (1, 2, 3, 30)",
		"company.city = Bonn",
		"company is known",
		"consent.email = given",
		"user_id has u3",
		"anonymous_id ~ \"a1*\"",
		"did(page_viewed)",
		"did(page_viewed) >= 3",
		"did(paper_read, last 6d)",
		"not did(nothing)",
		"did(page_viewed where stage = mql) >= 2",
		"did(page_viewed where source = google, last 7d)",
		"first(paper_read) < 2024-10-09",
		"last(page_viewed) >= 2024-10-10",
		"last(paper_read) is unknown",
		"in_list(\"nobody\")",
	};
	uint64_t dice = depth ? rng_below(&p->rng, 10) : 0;
	if (dice < 4)
		return str_of(LEAVES[rng_below(&p->rng, ARRAY_LEN(LEAVES))]);
	str left = some_rule(p, depth - 1);
	if (dice < 6)
		return str_printf(&p->a, "not (%.*s)", STR_ARG(left));
	str right = some_rule(p, depth - 1);
	return str_printf(&p->a, "(%.*s) %s (%.*s)", STR_ARG(left), dice < 8 ? "and" : "or",
			  STR_ARG(right));
}

/* ---- comparing ------------------------------------------------------------------------------- */

static struct directory_query some_query(struct pair *p)
{
	static const str SORTS[] = {
		S(""),	      S("name"),	S("city"),	   S("size"),  S("tags"),
		S("touches"), S("last_at"),	S("first_at"),	   S("stage"), S("company"),
		S("number"),  S("stage_since"), S("first_source"), S("owner")
	};
	struct directory_query q = { .entity = (enum entity)rng_below(&p->rng, 3),
				     .now_us = DAY(11) + 5,
				     .sort = SORTS[rng_below(&p->rng, ARRAY_LEN(SORTS))],
				     .limit = 1 + rng_below(&p->rng, 6),
				     .count = true };
	q.descending = q.sort.n && rng_chance(&p->rng, 0.5);
	struct rule_catalogue c;
	WORLD_OK(&p->w, people_catalogue(snapshot_people(p->s), q.entity, &p->a, &c, &p->w.e));
	c.open = true; /* fields that nobody has yet are unknown */
	str rule = rng_chance(&p->rng, 0.15) ? S("") : some_rule(p, 3);
	if (!rule_parse(&p->a, rule, &c, &q.rule, &p->w.e)) {
		print_error("%.*s: %s\n", STR_ARG(rule), p->w.e.text);
		fail();
	}
	if (rng_chance(&p->rng, 0.2) && q.entity != ENTITY_COMPANY) {
		uint64_t all = people_profiles(snapshot_people(p->s));
		for (uint64_t i = 1; i <= all && !q.company; i++) {
			if (people_entity_of(snapshot_people(p->s), i) == ENTITY_COMPANY &&
			    rng_chance(&p->rng, 0.4))
				q.company = people_subject_of(snapshot_people(p->s), i);
		}
	}
	return q;
}

static void assert_pages(struct pair *p, struct directory_query *q)
{
	struct walking w;
	size_t at = 0;
	plain(p->s, q, &p->a, &w);
	for (bool more = true; more;) {
		struct directory_page page;
		WORLD_OK(&p->w, directory_page(p->d, p->s, q, &p->a, &page, &p->w.e));
		if (page.count != w.items.n)
			print_error("rule %.*s\n", STR_ARG(rule_print(&p->a, q->rule)));
		assert_int_equal(page.count, w.items.n);
		assert_int_equal(page.n, MIN(q->limit, w.items.n - at));
		for (size_t i = 0; i < page.n; i++, at++)
			assert_int_equal(page.subjects[i], w.items.items[at].number);
		more = page.next.n > 0;
		assert_int_equal(more, at < w.items.n);
		q->after = page.next;
	}
	q->after = S("");
	vec_free(&w.items);
}

static uint64_t plain_facet(const struct walking *w, value wanted)
{
	uint64_t n = 0;
	for (size_t i = 0; i < w->items.n; i++) {
		value v = w->items.items[i].key;
		size_t items_n = v.kind == VALUE_LIST ? v.list.n : 1;
		for (size_t k = 0; k < items_n; k++) {
			value one = v.kind == VALUE_LIST ? v.list.items[k] : v;
			n += one.kind == wanted.kind && value_eq(one, wanted);
		}
	}
	return n;
}

static void assert_facets(struct pair *p, const struct directory_query *q, str field)
{
	struct walking w = { .q = q, .field = field, .a = &p->a };
	struct directory_facet *facets;
	size_t n;
	WORLD_OK(&p->w, walk(&w, p->s, &p->w.e));
	WORLD_OK(&p->w, directory_facets(p->d, p->s, q, field, DIRECTORY_FACET_MAX, &p->a, &facets,
					 &n, &p->w.e));
	for (size_t i = 0; i < n; i++) {
		assert_true(i == 0 || facets[i - 1].count >= facets[i].count);
		assert_int_equal(facets[i].count, plain_facet(&w, facets[i].value));
	}
	vec_free(&w.items);
}

struct gathered {
	struct people *people;
	uint64_t subject;
	enum entity entity;
};

static uint64_t keep_one(void *arg, const struct touch *t)
{
	const struct gathered *g = arg;
	uint64_t about = g->entity == ENTITY_PERSON    ? t->person
			 : g->entity == ENTITY_COMPANY ? t->company
						       : t->deal;
	return about && people_subject_of(g->people, about) == g->subject ? g->subject : 0;
}

static int at_cmp(const void *a, const void *b)
{
	const struct touch *x = a, *y = b;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void assert_journey(struct pair *p)
{
	struct people *people = snapshot_people(p->s);
	uint64_t all = people_profiles(people);
	if (all == 0)
		return;
	uint64_t subject = people_subject_of(people, 1 + rng_below(&p->rng, all));
	struct gathered g = { people, subject, people_entity_of(people, subject) };
	struct directory_journey j = { .subject = subject,
				       .latest_first = rng_chance(&p->rng, 0.5),
				       .begin = true,
				       .limit = 1 + rng_below(&p->rng, 5) };
	struct history h;
	size_t at = 0;
	WORLD_OK(&p->w, history_gather(p->s, keep_one, &g, &p->a, &h, &p->w.e));
	if (h.n)
		qsort(h.touches, h.n, sizeof *h.touches, at_cmp);
	for (bool more = true; more;) {
		struct directory_touches t;
		WORLD_OK(&p->w, directory_journey(p->d, p->s, &j, &p->a, &t, &p->w.e));
		assert_int_equal(t.count, h.n);
		for (size_t i = 0; i < t.n; i++, at++)
			assert_int_equal(t.touches[i].seq,
					 h.touches[j.latest_first ? h.n - 1 - at : at].seq);
		more = t.more;
		assert_int_equal(more, at < h.n);
		if (t.n) {
			j.begin = false;
			j.after_at_us = t.touches[t.n - 1].at_us;
			j.after_seq = t.touches[t.n - 1].seq;
		}
	}
}

static void columns_answer_as_every_row_does(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct pair p;
		pair_init(&p, seed);
		for (int step = 0; step < 80; step++) {
			change(&p);
			if (rng_chance(&p.rng, 0.5))
				continue;
			refresh(&p);
			for (int i = 0; i < 4; i++) {
				struct directory_query q = some_query(&p);
				assert_pages(&p, &q);
			}
			struct directory_query q = some_query(&p);
			assert_facets(&p, &q, S("tags"));
			assert_facets(&p, &q, S("stage"));
			assert_facets(&p, &q, S("touches"));
			for (int i = 0; i < 4; i++)
				assert_journey(&p);
			snapshot_rest(p.s);
			arena_reset(&p.a);
		}
		pair_fini(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_answer_as_every_row_does),
	};
	return cmocka_run_group_tests_name("oracle", tests, NULL, NULL);
}
