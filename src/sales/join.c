/*
 * join.c - two people who are one, and one who is two.
 *
 * What it is:   the same touches as people/hand.c writes for the command line, as deeds: checked
 *               here, so that the field is named, and again by the journal.
 */
#include "sales/sales_int.h"

static bool join_deed(struct making *m, const char *name, uint64_t person, struct sales_deed *d_r)
{
	struct intake *in = ARENA_NEW(m->a, struct intake);
	if (!in)
		return arena_err(m->a, m->e);
	*in = making_touch(m, str_of(name));
	in->person = person;
	*d_r = (struct sales_deed){ in, 1 };
	return true;
}

static bool put_reason(struct making *m, str reason)
{
	const char *fault = sales_text_fault(reason, SALES_LINE, SALES_LINE_BYTES_MAX);
	if (fault)
		return making_fault(m, S("reason"), "%s", fault);
	making_put(m, S("by"), value_text(m->q->by));
	making_put(m, S("reason"), value_text(reason));
	return true;
}

bool sales_merge(const struct sales_ask *q, uint64_t with, str reason, struct arena *a,
		 struct sales_deed *d_r, str *field_r, err *e)
{
	struct making m;
	struct subject_view other = { 0 };
	if (!making_init(&m, q, a, field_r, e))
		return false;
	bool known = with > 0 && with <= people_profiles(q->people) &&
		     people_entity_of(q->people, with) == ENTITY_PERSON;
	if (known && !people_view(q->people, with, a, &other, e))
		return false;
	if (!other.visible)
		return making_fault(&m, S("with"), "has to be the number of a person");
	if (other.subject == m.view.subject)
		return err_set(e, ERR_CONFLICT, "these two are one person already");
	making_put(&m, S("profile"), value_int((int64_t)other.subject));
	making_put(&m, S("why"), value_text(S("by hand")));
	return put_reason(&m, reason) && join_deed(&m, "person_merged", m.view.subject, d_r);
}

bool sales_unmerge(const struct sales_ask *q, uint64_t profile, str reason, struct arena *a,
		   struct sales_deed *d_r, str *field_r, err *e)
{
	struct making m;
	if (!making_init(&m, q, a, field_r, e))
		return false;
	bool theirs = profile > 0 && profile <= people_profiles(q->people) &&
		      people_entity_of(q->people, profile) == ENTITY_PERSON &&
		      people_subject_of(q->people, profile) == m.view.subject;
	if (!theirs)
		return making_fault(&m, S("profile"), "has to be a profile of this person");
	if (m.view.ids_n < 2)
		return err_set(e, ERR_CONFLICT, "this person is one profile: nothing is joined");
	return put_reason(&m, reason) && join_deed(&m, "person_unmerged", profile, d_r);
}
