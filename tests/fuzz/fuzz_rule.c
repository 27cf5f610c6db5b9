/*
 * fuzz_rule.c - any bytes as a rule.
 *
 * What it is:   the first byte chooses the catalogue, the rest is the text. What is taken must be
 *               written out as a text that is taken again and written out the same; and testing
 * rows of all kinds must agree between the two.
 */
#include "fuzz/replay.h"

#include "rule/rule.h"

#include <math.h>
#include <string.h>

#define FIELD(NAME, TYPE)                                                                          \
	{                                                                                          \
		.name = { NAME, sizeof NAME - 1 }, .type = TYPE                                    \
	}

static const str STAGES[] = { { "lead", 4 }, { "mql", 3 }, { "Kunde \"A\"", 9 } };
static const struct rule_field FIELDS[] = {
	FIELD("country", RULE_TEXT),
	FIELD("n", RULE_NUMBER),
	FIELD("b", RULE_BOOL),
	FIELD("at", RULE_TIME),
	FIELD("age", RULE_AGE),
	FIELD("m", RULE_MONEY),
	FIELD("l", RULE_MULTI),
	FIELD("x", RULE_ANY),
	FIELD("Job Title", RULE_ANY),
	FIELD("a`b", RULE_TEXT),
	FIELD("last", RULE_NUMBER),
	{ .name = { "stage", 5 },
	  .type = RULE_TEXT,
	  .values = STAGES,
	  .values_n = 3,
	  .values_closed = true },
};
static const struct rule_catalogue TOUCHES = { .open = true };
static const struct rule_catalogue PEOPLE = {
	.fields = FIELDS,
	.n = ARRAY_LEN(FIELDS),
	.behaviour = true,
};
static const struct rule_catalogue PEOPLE_TOUCHES = {
	.fields = FIELDS,
	.n = ARRAY_LEN(FIELDS),
	.behaviour = true,
	.touch = &PEOPLE,
};
static const struct rule_catalogue *const CATALOGUES[] = { &PEOPLE, &TOUCHES, &PEOPLE_TOUCHES };

static const value ITEMS[] = {
	{ .kind = VALUE_TEXT, .text = { "a", 1 } },
	{ .kind = VALUE_INT, .i = 5 },
	{ .kind = VALUE_DATE, .i = 20000 },
};
static const value VALUES[] = {
	{ .kind = VALUE_NONE },
	{ .kind = VALUE_TEXT, .text = { "Gro\xC3\x9F\x65 Stra\xC3\x9F\x65", 14 } },
	{ .kind = VALUE_TEXT, .text = { "\xFF\xC3", 2 } },
	{ .kind = VALUE_TEXT, .text = { "2026-01-31", 10 } },
	{ .kind = VALUE_TEXT, .text = { "12.5", 4 } },
	{ .kind = VALUE_TEXT, .text = { NULL, 0 } },
	{ .kind = VALUE_INT, .i = 5 },
	{ .kind = VALUE_INT, .i = INT64_MIN },
	{ .kind = VALUE_REAL, .real = NAN },
	{ .kind = VALUE_REAL, .real = 1e300 },
	{ .kind = VALUE_BOOL, .i = 1 },
	{ .kind = VALUE_TIME, .i = INT64_C(1769860800000000) },
	{ .kind = VALUE_TIME, .i = INT64_MIN },
	{ .kind = VALUE_DATE, .i = 20484 },
	{ .kind = VALUE_DATE, .i = INT64_MAX },
	{ .kind = VALUE_MONEY, .i = INT64_MAX, .currency = "KWD" },
	{ .kind = VALUE_MONEY, .i = 500, .currency = "EUR" },
	{ .kind = VALUE_LIST, .list = { ITEMS, ARRAY_LEN(ITEMS) } },
	{ .kind = VALUE_LIST, .list = { NULL, 0 } },
};

struct asked {
	value value;
	int64_t now_us;
};

static value field(void *arg, str name)
{
	const struct asked *q = arg;
	CHECK(name.n > 0);
	return q->value;
}

static uint64_t did(void *arg, const struct rule_did *d, int64_t *first_us_r, int64_t *last_us_r)
{
	const struct asked *q = arg;
	struct rule_row touch = { .arg = arg, .now_us = q->now_us, .field = field };
	CHECK(d->name.n > 0);
	if (d->where && !rule_test(d->where, &touch))
		return 0;
	*first_us_r = 0;
	*last_us_r = q->now_us;
	return d->name.n % 5;
}

static bool member(void *arg, enum rule_set set, str name)
{
	(void)arg;
	return (name.n + set) % 2;
}

static uint64_t answers(const struct rule *r)
{
	static const int64_t NOWS[] = { INT64_C(1769860800000000), 0, TIME_MAX_US };
	uint64_t bits = 0;
	for (size_t i = 0; i < ARRAY_LEN(VALUES); i++) {
		for (size_t k = 0; k < ARRAY_LEN(NOWS); k++) {
			struct asked q = { VALUES[i], NOWS[k] };
			struct rule_row row = { .arg = &q,
						.now_us = NOWS[k],
						.field = field,
						.did = did,
						.member = member };
			bits = bits << 1 | rule_test(r, &row);
		}
	}
	return bits;
}

static void count_field(void *arg, str name)
{
	*(size_t *)arg += name.n;
}

static void count_did(void *arg, const struct rule_did *d)
{
	*(size_t *)arg += d->name.n;
}

static void check_rule(struct arena *a, const struct rule *r, const struct rule_catalogue *c)
{
	const struct rule *again;
	err e = { 0 };
	size_t n = 0;
	str once = rule_print(a, r);
	CHECK(once.p);
	CHECK(rule_parse(a, once, c, &again, &e));
	CHECK(str_eq(rule_print(a, again), once));
	CHECK(answers(r) == answers(again));
	CHECK(rule_is_empty(r) == (once.n == 0));
	CHECK(rule_depends_on_time(r) == rule_depends_on_time(again));
	rule_each_field(r, count_field, &n);
	rule_each_did(r, count_did, &n);
	CHECK(n > 0 || rule_is_empty(r) || str_index(once, '(') < once.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	struct arena a;
	arena_init(&a, 64 * MIB);
	const struct rule_catalogue *c = CATALOGUES[data[0] % ARRAY_LEN(CATALOGUES)];
	const struct rule *r;
	err e = { 0 };
	if (rule_parse(&a, str_make((const char *)data + 1, n - 1), c, &r, &e))
		check_rule(&a, r, c);
	else
		CHECK(e.code == ERR_INVALID || e.code == ERR_LIMIT);
	if (e.code == ERR_INVALID)
		CHECK(str_is_utf8(str_of(e.text)) && str_starts(str_of(e.text), S("line ")));
	arena_fini(&a);
	return 0;
}
