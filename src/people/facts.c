/*
 * facts.c - small questions to a view of a person or a deal.
 *
 * What it is:   what several readers derive in the same way from what is known: whether anything
 *               changed, how somebody left the line of stages, who has a say in a deal.
 * Threads:      read only; shares nothing.
 */
#include "people/people_int.h"

#include "base/num.h"
#include "io/zip.h"

uint64_t subject_version(const struct subject_view *v)
{
	uint64_t h[] = { v->subject, v->touches, (uint64_t)v->last_us, v->ids_n, v->cells_n,
			 v->visible, 0,		 (uint64_t)v->first_us };
	for (size_t i = 0; i < v->cells_n; i++)
		h[6] = h[6] * UINT64_C(0x9E3779B97F4A7C15) + v->cells[i].seq +
		       str_hash(v->cells[i].key);
	return zip_hash(h, sizeof h);
}

struct subject_exit subject_exit_of(const struct subject_view *v)
{
	struct subject_exit x = { 0 };
	value since = subject_cell(v, S("stage_since"));
	value refused = subject_cell(v, S("disqualified_at"));
	value recycled = subject_cell(v, S("recycled_at"));
	value accepted = subject_cell(v, S("accepted_at"));
	int64_t from = since.kind == VALUE_TIME ? since.i : INT64_MIN;
	value why = subject_cell(v, S("stage_reason"));
	bool back = why.kind == VALUE_TEXT && str_eq(why.text, S("recycled"));
	if (accepted.kind == VALUE_TIME)
		from = MAX(from, accepted.i);
	if (refused.kind == VALUE_TIME && refused.i >= from) {
		x.kind = S("disqualified");
		x.reason = subject_cell(v, S("disqualified_reason"));
		x.at_us = from = refused.i;
	}
	if (recycled.kind == VALUE_TIME && (recycled.i >= from || back)) {
		x.kind = S("recycled");
		x.reason = subject_cell(v, S("recycled_reason"));
		x.until = subject_cell(v, S("recycled_until"));
		x.at_us = recycled.i;
	}
	return x;
}

static void add_person(struct people *p, uint64_t number, str role, struct deal_person *people,
		       size_t *n)
{
	if (number == 0 || number > people_profiles(p) ||
	    people_entity_of(p, number) != ENTITY_PERSON)
		return;
	uint64_t person = people_subject_of(p, number);
	for (size_t i = 0; i < *n; i++) {
		if (people[i].person != person)
			continue;
		if (people[i].role.n == 0)
			people[i].role = role;
		return;
	}
	if (*n < DEAL_PEOPLE_MAX)
		people[(*n)++] = (struct deal_person){ person, role };
}

bool deal_people(struct people *p, const struct subject_view *deal, struct arena *a,
		 struct deal_person **people_r, size_t *n_r, err *e)
{
	struct deal_person *people = ARENA_ARRAY(a, struct deal_person, DEAL_PEOPLE_MAX);
	size_t n = 0;
	if (!people)
		return arena_err(a, e);
	value contact = subject_cell(deal, S("person"));
	if (contact.kind == VALUE_INT && contact.i > 0)
		add_person(p, (uint64_t)contact.i, S(""), people, &n);
	for (size_t i = 0; i < deal->cells_n; i++) {
		const struct cell *c = &deal->cells[i];
		uint64_t number;
		if (c->value.kind == VALUE_TEXT && str_starts(c->key, S(DEAL_ROLE_PREFIX)) &&
		    num_parse_u64(str_sub(c->key, sizeof DEAL_ROLE_PREFIX - 1, c->key.n), &number))
			add_person(p, number, c->value.text, people, &n);
	}
	*people_r = people;
	*n_r = n;
	return true;
}
