/*
 * rule_common.h - what the tests of rule/ share: a catalogue with a field of every type, rows made
 * of names and values, and the comparison of two trees.
 */
#ifndef TRICHTER_TEST_RULE_COMMON_H
#define TRICHTER_TEST_RULE_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "rule/rule.h"
#include "rule/rule_int.h"

static const str STAGES[] = {
	{ "visitor", 7 }, { "lead", 4 },	 { "mql", 3 },	    { "sal", 3 },
	{ "sql", 3 },	  { "opportunity", 11 }, { "customer", 8 },
};

#define FIELD(NAME, TYPE)                                                                          \
	{                                                                                          \
		.name = { NAME, sizeof NAME - 1 }, .type = TYPE                                    \
	}

static const struct rule_field FIELDS[] = {
	FIELD("country", RULE_TEXT),
	FIELD("industry", RULE_TEXT),
	FIELD("role", RULE_TEXT),
	FIELD("title", RULE_TEXT),
	FIELD("consent.email", RULE_TEXT),
	FIELD("employees", RULE_NUMBER),
	FIELD("ad_spend.google", RULE_NUMBER),
	FIELD("opted_in", RULE_BOOL),
	FIELD("created", RULE_TIME),
	FIELD("time_in_role", RULE_AGE),
	FIELD("amount", RULE_MONEY),
	FIELD("technologies", RULE_MULTI),
	FIELD("jobs", RULE_MULTI),
	FIELD("score", RULE_ANY),
	FIELD("Job Title", RULE_ANY),
	FIELD("persona", RULE_TEXT),
	FIELD("last", RULE_NUMBER),
	FIELD("a`b", RULE_NUMBER),
	{ .name = { "stage", 5 },
	  .type = RULE_TEXT,
	  .values = STAGES,
	  .values_n = 7,
	  .values_closed = true },
};

static const struct rule_field TOUCH_FIELDS[] = {
	FIELD("path", RULE_TEXT),
	FIELD("at", RULE_TIME),
	FIELD("depth", RULE_NUMBER),
};

static const struct rule_catalogue TOUCHES UNUSED = {
	.fields = TOUCH_FIELDS,
	.n = ARRAY_LEN(TOUCH_FIELDS),
	.open = true,
};

static const struct rule_catalogue PEOPLE UNUSED = {
	.fields = FIELDS,
	.n = ARRAY_LEN(FIELDS),
	.behaviour = true,
	.touch = &TOUCHES,
};

static inline bool duration_eq(struct duration a, struct duration b)
{
	return a.us == b.us && a.months == b.months;
}

static inline bool literal_eq(const struct literal *a, const struct literal *b)
{
	return a->kind == b->kind && str_eq(a->text, b->text) && str_eq(a->folded, b->folded) &&
	       a->has_number == b->has_number && a->has_times == b->has_times &&
	       a->has_flag == b->has_flag && a->flag == b->flag &&
	       memcmp(a->currency, b->currency, 4) == 0 && a->number.mant == b->number.mant &&
	       a->number.scale == b->number.scale && a->number.exact == b->number.exact &&
	       !(a->number.real < b->number.real) && !(a->number.real > b->number.real) &&
	       a->minor == b->minor && a->from_us == b->from_us && a->to_us == b->to_us &&
	       duration_eq(a->span, b->span);
}

static inline bool node_eq(const struct rule_part *a, const struct rule_part *b);

static inline bool compare_eq(const struct compare *a, const struct compare *b)
{
	if (a->of.kind != b->of.kind || a->of.type != b->of.type || !str_eq(a->of.name, b->of.name))
		return false;
	if (a->op != b->op || a->or_unknown != b->or_unknown || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!literal_eq(&a->values[i], &b->values[i]))
			return false;
	const struct rule_did *x = a->of.did, *y = b->of.did;
	if (!x != !y)
		return false;
	if (!x)
		return true;
	if (!str_eq(x->name, y->name) || !duration_eq(x->last, y->last) || !x->where != !y->where)
		return false;
	return !x->where || node_eq(x->where->root, y->where->root);
}

static inline bool node_eq(const struct rule_part *a, const struct rule_part *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind)
		return false;
	if (a->kind == NODE_COMPARE)
		return compare_eq(&a->compare, &b->compare);
	if (a->kind == NODE_MEMBER)
		return a->member.set == b->member.set && str_eq(a->member.name, b->member.name);
	const struct rule_part *x = a->group.first, *y = b->group.first;
	for (; x && y; x = x->next, y = y->next)
		if (!node_eq(x, y))
			return false;
	return x == y;
}

/* Fails the test with the message when the text is no rule. */
static inline const struct rule *parsed(struct arena *a, const char *text)
{
	const struct rule *r = NULL;
	err e = { 0 };
	if (!rule_parse(a, str_of(text), &PEOPLE, &r, &e))
		fail_msg("%s\n  %s", text, e.text);
	return r;
}

/* ---- rows ------------------------------------------------------------------------------------ */

struct cell {
	const char *name;
	value value;
};

struct touched {
	const char *name;
	int64_t at_us;
	const char *path;
	int64_t depth;
};

struct person {
	const struct cell *cells;
	size_t cells_n;
	const struct touched *touches;
	size_t touches_n;
	const char *list, *segment, *persona;
	int64_t now_us;
};

static inline value touched_field(void *arg, str name)
{
	const struct touched *t = arg;
	if (str_eq(name, S("path")))
		return t->path ? value_text(str_of(t->path)) : value_none();
	if (str_eq(name, S("at")))
		return value_time(t->at_us);
	if (str_eq(name, S("depth")))
		return value_int(t->depth);
	return value_none();
}

static inline value person_field(void *arg, str name)
{
	const struct person *p = arg;
	for (size_t i = 0; i < p->cells_n; i++)
		if (str_eq(name, str_of(p->cells[i].name)))
			return p->cells[i].value;
	return value_none();
}

static inline uint64_t person_did(void *arg, const struct rule_did *did, int64_t *first_us_r,
				  int64_t *last_us_r)
{
	const struct person *p = arg;
	bool ever = did->last.us == 0 && did->last.months == 0;
	int64_t from = ever ? INT64_MIN : time_add(p->now_us, did->last, -1);
	uint64_t n = 0;
	for (size_t i = 0; i < p->touches_n; i++) {
		struct touched t = p->touches[i];
		struct rule_row row = { .arg = &t, .now_us = p->now_us, .field = touched_field };
		if (!str_eq(did->name, str_of(t.name)) || t.at_us < from)
			continue;
		if (did->where && !rule_test(did->where, &row))
			continue;
		if (first_us_r && (n == 0 || t.at_us < *first_us_r))
			*first_us_r = t.at_us;
		if (last_us_r && (n == 0 || t.at_us > *last_us_r))
			*last_us_r = t.at_us;
		n++;
	}
	return n;
}

static inline bool person_member(void *arg, enum rule_set set, str name)
{
	const struct person *p = arg;
	const char *in[] = { p->list, p->segment, p->persona };
	return in[set] && str_eq(name, str_of(in[set]));
}

static inline struct rule_row person_row(struct person *p)
{
	return (struct rule_row){ .arg = p,
				  .now_us = p->now_us,
				  .field = person_field,
				  .did = person_did,
				  .member = person_member };
}

#endif
