/*
 * follows.c - what always follows, whatever the rules say.
 *
 * What it is:   the decisions that are part of the domain, not of anybody's agreement: a won deal
 *               makes customers of its company and of the people with a role in it; a lead that
 *               sales accepts enters that stage, one that is recycled is marketing's again; an open
 *               deal makes an opportunity of whom it is with. Each is a touch whose cause is the
 * one that brought it. Promises:     decided once, live; nobody is moved back along the line, or to
 * a stage that it does not have. Of touches that are not by hand only the won deal brings
 * something: senders say the stages of their people themselves. Threads:      the writer's.
 */
#include "people/people_int.h"

#include "base/num.h"

/* What the touches that follow say of where they come from. */
#define FOLLOWS_RULE S("follows@1")

struct following {
	struct people *p;
	const struct touch *t;
	struct arena *a;
	struct decided *d;
	err *e;
};

static bool enter(struct following *f, uint64_t person, uint64_t company, str stage, str reason,
		  value from)
{
	struct decided *d = f->d;
	if (d->then_n == DECIDED_TOUCHES_MAX || !stage_is_on_line(f->p, stage))
		return true;
	struct prop *props = ARENA_ARRAY(f->a, struct prop, 3);
	if (!props)
		return arena_err(f->a, f->e);
	size_t n = 0;
	props[n++] = (struct prop){ S("stage"), value_text(stage) };
	if (from.kind != VALUE_NONE)
		props[n++] = (struct prop){ S("from"), from };
	props[n++] = (struct prop){ S("reason"), value_text(reason) };
	d->then[d->then_n++] = (struct touch){ .name = S("stage_entered"),
					       .at_us = f->t->at_us,
					       .person = person,
					       .company = company,
					       .cause = f->t->seq,
					       .props = props,
					       .props_n = n,
					       .rule = FOLLOWS_RULE };
	return true;
}

static bool enter_person(struct following *f, uint64_t person, str stage, str reason)
{
	struct subject_view v;
	if (!people_view(f->p, person, f->a, &v, f->e))
		return false;
	value from = subject_cell(&v, S("stage"));
	return !stage_is_ahead(f->p, from, stage) || enter(f, v.subject, 0, stage, reason, from);
}

/* Back to marketing: the one way back that is a decision. */
static bool enter_lead_again(struct following *f)
{
	struct subject_view v;
	if (!people_view(f->p, f->t->person, f->a, &v, f->e))
		return false;
	value from = subject_cell(&v, S("stage"));
	bool further = from.kind == VALUE_TEXT &&
		       stage_is_ahead(f->p, value_text(S("lead")), from.text);
	return !further || enter(f, v.subject, 0, S("lead"), S("recycled"), from);
}

static bool enter_company(struct following *f, uint64_t company, str stage, str reason)
{
	struct subject_view v;
	if (!people_view(f->p, company, f->a, &v, f->e))
		return false;
	value from = subject_cell(&v, S("stage"));
	return !stage_is_ahead(f->p, from, stage) || enter(f, 0, v.subject, stage, reason, from);
}

static bool deal_was_won(struct following *f)
{
	struct subject_view deal;
	struct deal_person *people;
	size_t n;
	if (!people_view(f->p, f->t->deal, f->a, &deal, f->e) ||
	    !deal_people(f->p, &deal, f->a, &people, &n, f->e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!enter_person(f, people[i].person, S("customer"), S("deal won")))
			return false;
	}
	value company = subject_cell(&deal, S("company"));
	return company.kind != VALUE_INT || company.i <= 0 ||
	       (uint64_t)company.i > people_profiles(f->p) ||
	       enter_company(f, (uint64_t)company.i, S("customer"), S("deal won"));
}

static bool deal_is_open(struct following *f, bool *open_r)
{
	struct subject_view deal;
	if (!people_view(f->p, f->t->deal, f->a, &deal, f->e))
		return false;
	value status = subject_cell(&deal, S("status"));
	*open_r = status.kind == VALUE_TEXT && str_eq(status.text, S("open"));
	return true;
}

bool follows_react(struct people *p, const struct touch *t, struct arena *a, struct decided *d,
		   err *e)
{
	struct following f = { .p = p, .t = t, .a = a, .d = d, .e = e };
	bool open;
	if (t->deal && str_eq(t->name, S("deal_won")))
		return deal_was_won(&f);
	if (t->by.n == 0 || t->person == 0)
		return true;
	if (str_eq(t->name, S("lead_accepted")))
		return enter_person(&f, t->person, S("sal"), S("accepted by sales"));
	if (str_eq(t->name, S("lead_recycled")))
		return enter_lead_again(&f);
	if (!t->deal ||
	    !(str_eq(t->name, S("deal_created")) || str_eq(t->name, S("deal_person_linked"))))
		return true;
	return deal_is_open(&f, &open) &&
	       (!open || enter_person(&f, t->person, S("opportunity"), S("deal opened")));
}
