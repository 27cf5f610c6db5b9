/*
 * funnel_subject.c - whom a touch counts for: a person, a company, a deal.
 *
 * What it is:   the touch's own number, joined to the subject that it belongs to as of the
 * snapshot. A person's touch that names no company counts for the company of that person. Promises:
 * each person's company is looked up once in a query. Threads:      one query per thread.
 */
#include "funnel/funnel_int.h"

#define VIEW_BYTES_MAX (64 * MIB)

enum entity funnel_entity(enum funnel_count count)
{
	return count == FUNNEL_COMPANIES ? ENTITY_COMPANY
	       : count == FUNNEL_DEALS	 ? ENTITY_DEAL
					 : ENTITY_PERSON;
}

bool subject_key_init(struct subject_key *k, struct people *p, enum funnel_count count,
		      struct arena *a, err *e)
{
	*k = (struct subject_key){ .people = p,
				   .count = count,
				   .subjects_n = people_profiles(p) + 1 };
	arena_init(&k->scratch, VIEW_BYTES_MAX);
	if (count != FUNNEL_COMPANIES)
		return true;
	k->company_of = ARENA_ARRAY(a, uint64_t, k->subjects_n);
	return k->company_of || arena_err(a, e);
}

void subject_key_fini(struct subject_key *k)
{
	arena_fini(&k->scratch);
}

static bool company_of_person(struct subject_key *k, uint64_t person, uint64_t *company_r, err *e)
{
	if (k->company_of[person] == 0) {
		struct subject_view view;
		arena_reset(&k->scratch);
		if (!people_view(k->people, person, &k->scratch, &view, e))
			return false;
		value company = subject_cell(&view, S("company"));
		bool known = company.kind == VALUE_INT && company.i > 0;
		k->company_of[person] = known ? (uint64_t)company.i : UINT64_MAX;
	}
	*company_r = k->company_of[person] == UINT64_MAX ? 0 : k->company_of[person];
	return true;
}

static bool in_range(const struct subject_key *k, uint64_t number, err *e)
{
	return number < k->subjects_n ||
	       err_set(e, ERR_CORRUPT, "a touch is about number %ju, but only %ju were given out",
		       (uintmax_t)number, (uintmax_t)k->subjects_n - 1);
}

/* The subject that a number belongs to; nobody's stays nobody's. */
static bool join(const struct subject_key *k, uint64_t number, uint64_t *subject_r, err *e)
{
	*subject_r = 0;
	if (number == 0)
		return true;
	if (!in_range(k, number, e))
		return false;
	uint64_t subject = people_subject_of(k->people, number);
	if (!in_range(k, subject, e))
		return false;
	*subject_r = subject;
	return true;
}

bool subject_key_of(struct subject_key *k, const struct touch *t, uint64_t *subject_r, err *e)
{
	uint64_t person, company = t->company;
	if (k->count == FUNNEL_DEALS)
		return join(k, t->deal, subject_r, e);
	if (k->count != FUNNEL_COMPANIES)
		return join(k, t->person, subject_r, e);
	if (company == 0 && t->person != 0) {
		if (!join(k, t->person, &person, e) || !company_of_person(k, person, &company, e))
			return false;
	}
	return join(k, company, subject_r, e);
}
