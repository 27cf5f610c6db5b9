/*
 * funnel_where.c - what a subject is like now: for `where` and for a breakdown by its own traits.
 *
 * What it is:   the subject's view (people/) held against the rule, and asked for one value.
 * Promises:     one view at a time in memory of bounded size, whatever the number of subjects.
 * Threads:      one query per thread.
 */
#include "funnel/funnel_int.h"

#define VIEW_BYTES_MAX (64 * MIB)

void portrait_init(struct portrait *t, struct people *p, const struct plan *plan)
{
	*t = (struct portrait){ .people = p, .plan = plan };
	arena_init(&t->scratch, VIEW_BYTES_MAX);
}

void portrait_fini(struct portrait *t)
{
	arena_fini(&t->scratch);
}

bool portrait_read(struct portrait *t, uint64_t subject, err *e)
{
	arena_reset(&t->scratch);
	t->has_company = false;
	if (!people_view(t->people, subject, &t->scratch, &t->view, e))
		return false;
	value company = subject_cell(&t->view, S("company"));
	if (t->view.entity == ENTITY_COMPANY || company.kind != VALUE_INT || company.i <= 0)
		return true;
	t->has_company = true;
	return people_view(t->people, (uint64_t)company.i, &t->scratch, &t->company, e);
}

static struct subject_row row_of(const struct portrait *t)
{
	return (struct subject_row){ .view = &t->view,
				     .company = t->has_company ? &t->company : NULL,
				     .now_us = t->plan->spec.now_us };
}

bool portrait_where(const struct portrait *t, const struct touch *history, size_t history_n)
{
	struct subject_row subject = row_of(t);
	subject.history = history;
	subject.history_n = history_n;
	struct rule_row row = subject_rule_row(&subject);
	return !t->plan->spec.where || rule_test(t->plan->spec.where, &row);
}

value portrait_breakdown(const struct portrait *t, str by)
{
	value v;
	if (subject_origin(&t->view, by, &v))
		return v;
	struct subject_row subject = row_of(t);
	struct rule_row row = subject_rule_row(&subject);
	return row.field(row.arg, by);
}
