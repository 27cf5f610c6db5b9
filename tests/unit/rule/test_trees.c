/*
 * test_trees.c - random rules, in random spelling: written out and read again they are the same
 * tree and the same text; and what goes wrong when memory runs out while one is read.
 */
#include "rule_common.h"

#include "base/rand.h"

#define RULES 20000

struct gen {
	struct rng rng;
	char text[16 * 1024];
	size_t n;
	bool in_where;
};

static uint64_t below(struct gen *g, uint64_t n)
{
	return rng_below(&g->rng, n);
}

#define PICK(g, array) ((array)[below((g), ARRAY_LEN(array))])

static void raw(struct gen *g, const char *s)
{
	size_t n = strlen(s);
	if (g->n + n < sizeof g->text) {
		memcpy(g->text + g->n, s, n);
		g->n += n;
	}
}

/* A word of the language, in any case, with blanks around it. */
static void word(struct gen *g, const char *s)
{
	static const char *const BLANKS[] = { " ", "  ", "\n", "\t ", " " };
	raw(g, PICK(g, BLANKS));
	bool shout = below(g, 4) == 0;
	for (; *s; s++) {
		char one[2] = { *s, 0 };
		if (shout && *s >= 'a' && *s <= 'z')
			one[0] = (char)(*s - ('a' - 'A'));
		raw(g, one);
	}
	raw(g, PICK(g, BLANKS));
}

static void text(struct gen *g)
{
	static const char *const BARE[] = {
		"DE", "x", "_", "caf\u00E9", "a.b", "true", "did", "x9"
	};
	static const char *const PARTS[] = { "a",      "B",  " ", "\\\"",      "\\\\", "\u00DF",
					     "\u20AC", "(",  ")", ",",	       "`",    "and",
					     "5",      "\n", "*", "\U0001F600" };
	if (below(g, 2)) {
		raw(g, PICK(g, BARE));
		return;
	}
	raw(g, "\"");
	for (uint64_t n = below(g, 6); n > 0; n--)
		raw(g, PICK(g, PARTS));
	raw(g, "\"");
}

static void number(struct gen *g)
{
	char s[64];
	static const char *const ENDS[] = { "", "", "", "k", "m", "%", "e3", "e-7", "E+2", "e15" };
	int64_t v = (int64_t)rng_u64(&g->rng) >> below(g, 64);
	if (below(g, 2))
		snprintf(s, sizeof s, "%lld%s", (long long)v, PICK(g, ENDS));
	else
		snprintf(s, sizeof s, "%lld.%0*llu%s", (long long)v / 1000, (int)below(g, 12) + 1,
			 (unsigned long long)below(g, 100000), PICK(g, ENDS));
	raw(g, s);
}

static void span(struct gen *g)
{
	static const char *const UNITS[] = { "min", "h", "d", "w", "mo", "y", "s", "ms" };
	char s[64];
	int n = snprintf(s, sizeof s, "%d%s", 1 + (int)below(g, 900), PICK(g, UNITS));
	if (below(g, 3) == 0)
		snprintf(s + n, sizeof s - (size_t)n, "%d%s", (int)below(g, 50), PICK(g, UNITS));
	raw(g, s);
}

static void moment(struct gen *g)
{
	char s[96], day[TIME_TEXT_MAX];
	str d = time_print_date(day, (int64_t)below(g, 800000) - 500000);
	int n = snprintf(s, sizeof s, "%.*s", STR_ARG(d));
	if (below(g, 2))
		n += snprintf(s + n, sizeof s - (size_t)n, "T%02d:%02d:%02d%s", (int)below(g, 24),
			      (int)below(g, 60), (int)below(g, 60), below(g, 2) ? "Z" : "+05:30");
	raw(g, s);
}

static void money(struct gen *g)
{
	static const char *const AMOUNTS[] = { "5 EUR",	 "12.5 USD", "500 jpy", "0.125 KWD",
					       "1k chf", "-3 EUR",   "7",	"2.75" };
	raw(g, PICK(g, AMOUNTS));
}

static void any_value(struct gen *g)
{
	switch (below(g, 5)) {
	case 0:
		text(g);
		break;
	case 1:
		number(g);
		break;
	case 2:
		moment(g);
		break;
	case 3:
		raw(g, below(g, 2) ? "true" : "FALSE");
		break;
	default:
		money(g);
		break;
	}
}

static void list(struct gen *g, void (*one)(struct gen *))
{
	raw(g, "(");
	for (uint64_t n = 1 + below(g, 5); n > 0; n--) {
		one(g);
		raw(g, n > 1 ? " ," : ")");
	}
}

static void equal_to(struct gen *g, void (*one)(struct gen *))
{
	static const char *const MARKS[] = { "=", "!=", " = ", " !=" };
	if (below(g, 3) > 0) {
		raw(g, PICK(g, MARKS));
		one(g);
	} else {
		word(g, below(g, 2) ? "in" : "not in");
		list(g, one);
	}
}

static void ordered(struct gen *g, void (*one)(struct gen *))
{
	static const char *const MARKS[] = { "<", "<=", ">", ">=", " > " };
	raw(g, PICK(g, MARKS));
	one(g);
}

static void times(struct gen *g)
{
	switch (below(g, 5)) {
	case 0:
		word(g, below(g, 2) ? "last" : "= last");
		span(g);
		break;
	case 1:
		word(g, below(g, 2) ? "before" : "after");
		moment(g);
		break;
	case 2:
		equal_to(g, moment);
		break;
	default:
		ordered(g, moment);
		break;
	}
}

static void lists(struct gen *g)
{
	static const char *const WORDS[] = { "has any", "has all", "has none", "in", "not in" };
	if (below(g, 2)) {
		word(g, below(g, 2) ? "has" : "=");
		text(g);
	} else {
		word(g, PICK(g, WORDS));
		list(g, text);
	}
}

static void looked_for(struct gen *g)
{
	static const char *const PATTERNS[] = { "~ \"personal*\"", "~ x", "~ \"/a/b*\"",
						"~ \"head of h*\"" };
	raw(g, " ");
	raw(g, PICK(g, PATTERNS));
}

static void or_unknown(struct gen *g)
{
	if (below(g, 5) == 0)
		word(g, "or unknown");
	else
		raw(g, " ");
}

static void field(struct gen *g)
{
	static const char *const TEXTS[] = { "country", "Title", "`role`", "consent.email" };
	static const char *const NUMBERS[] = { "employees", "`last`", "`a``b`", "ad_spend.google" };
	static const char *const ANYS[] = { "score", "`Job Title`", "`job title`" };
	switch (below(g, 9)) {
	case 0:
		raw(g, PICK(g, TEXTS));
		if (below(g, 3))
			equal_to(g, text);
		else
			looked_for(g);
		break;
	case 1:
		raw(g, PICK(g, NUMBERS));
		if (below(g, 2))
			equal_to(g, number);
		else
			ordered(g, number);
		break;
	case 2:
		raw(g, "created");
		times(g);
		break;
	case 3:
		raw(g, "time_in_role");
		ordered(g, span);
		break;
	case 4:
		raw(g, "amount");
		if (below(g, 2))
			equal_to(g, money);
		else
			ordered(g, money);
		break;
	case 5:
		raw(g, "technologies");
		lists(g);
		break;
	case 6:
		raw(g, "opted_in = true");
		break;
	case 7:
		raw(g, PICK(g, ANYS));
		word(g, below(g, 2) ? "is known" : "is unknown");
		return;
	default:
		raw(g, PICK(g, ANYS));
		equal_to(g, any_value);
		break;
	}
	or_unknown(g);
}

static void touch_field(struct gen *g)
{
	static const char *const FIELDS_OF[] = { "path = x", "depth >= 3", "at last 4d",
						 "Own.Prop in (1, x)", "`Own Prop` != 5k" };
	raw(g, PICK(g, FIELDS_OF));
	or_unknown(g);
}

static void tree(struct gen *g, int depth);

static void behaviour(struct gen *g)
{
	uint64_t which = below(g, 6);
	static const char *const HEADS[] = { "did",	 "first",	 "last",
					     "in_list(", "in_segment (", "matches(persona " };
	word(g, HEADS[which]);
	if (which >= 3) {
		raw(g, "\"A list\")");
		return;
	}
	raw(g, below(g, 2) ? "(page_viewed" : "(\"Order \\\"x\\\" Completed\"");
	if (below(g, 2)) {
		word(g, "where");
		g->in_where = true;
		tree(g, 2);
		g->in_where = false;
	}
	if (below(g, 2)) {
		word(g, ", last");
		span(g);
	}
	raw(g, ")");
	if (which == 0 && below(g, 2))
		ordered(g, number);
	else if (which != 0)
		times(g);
	raw(g, " ");
}

static void tree(struct gen *g, int depth)
{
	uint64_t kind = depth > 0 ? below(g, 8) : 7;
	switch (kind) {
	case 0:
	case 1:
	case 2:
		for (uint64_t n = 1 + below(g, 3); n > 0; n--) {
			tree(g, depth - 1);
			word(g, below(g, 2) ? "and" : "or");
		}
		tree(g, depth - 1);
		break;
	case 3:
		word(g, "not");
		raw(g, "(");
		tree(g, depth - 1);
		raw(g, ")");
		break;
	case 4:
		word(g, "not");
		tree(g, 0);
		break;
	case 5:
		raw(g, "((");
		tree(g, depth - 1);
		raw(g, " ) )");
		break;
	default:
		if (g->in_where)
			touch_field(g);
		else if (below(g, 5) == 0)
			behaviour(g);
		else
			field(g);
		break;
	}
}

static void a_random_rule_written_out_is_the_same_rule(void **state)
{
	(void)state;
	static struct gen g;
	rng_init(&g.rng, 4711);
	struct arena a;
	arena_init(&a, 4 * MIB);
	size_t longest = 0;
	for (int i = 0; i < RULES; i++) {
		arena_reset(&a);
		g.n = 0;
		tree(&g, 4);
		if (g.n + 64 > sizeof g.text)
			continue; /* may have been cut */
		g.text[g.n] = '\0';
		const struct rule *r = parsed(&a, g.text);
		str once = rule_print(&a, r);
		assert_non_null(once.p);
		longest = MAX(longest, once.n);
		const struct rule *again = parsed(&a, str_cstr(&a, once));
		str twice = rule_print(&a, again);
		if (!str_eq(once, twice) || !node_eq(r->root, again->root))
			fail_msg("%s\n  once:  %.*s\n  twice: %.*s", g.text, STR_ARG(once),
				 STR_ARG(twice));
	}
	assert_true(longest > 500);
	arena_fini(&a);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static const char EVERYTHING[] =
	"country in (\"a\\\"b\", c) and not (`job title` ~ \"head of h*\" or title ~ \"/x*\") and "
	"employees between 0.12345678901234567890123 and 1e300 or created last 30d or created in "
	"(2026-01-01, 2026-01-01T10:00:00Z) or time_in_role < 1y or amount in (5, 12.50 EUR) or "
	"technologies has all (a, b) or stage in (MQL) or score in (1, \"2.5\", true) or "
	"did(page_viewed where path = x and Own ~ y, last 30d) > 2 or last(\"x y\") before 2026-01-01 "
	"or in_list(a) or matches(persona \"b c\") or `plan` = 0.12345678901234567890123";

static bool find_plan(void *arg, str name, struct rule_field *f_r)
{
	*f_r = (struct rule_field){ .name = S("Plan"), .type = RULE_ANY };
	return arg == NULL && str_eq(name, S("plan"));
}

static void a_full_arena_is_a_clean_error(void **state)
{
	(void)state;
	struct rule_catalogue c = PEOPLE;
	c.find = find_plan;
	size_t max = 0;
	bool done = false;
	for (; !done; max += 16) {
		struct arena a;
		arena_init(&a, max);
		const struct rule *r = NULL;
		err e = { 0 };
		done = rule_parse(&a, str_of(EVERYTHING), &c, &r, &e);
		if (done) {
			str s = rule_print(&a, r);
			done = s.p != NULL;
		} else {
			assert_int_equal(e.code, ERR_LIMIT);
			assert_null(r);
			assert_true(a.over);
		}
		arena_fini(&a);
		assert_true(max < MIB);
	}
	assert_true(max > 4 * KIB);
}

static void each_failing_allocation_is_a_clean_error(void **state)
{
	(void)state;
	struct rule_catalogue c = PEOPLE;
	c.find = find_plan;
	bool failed = true;
	for (uint64_t n = 1; failed; n++) {
		struct arena a;
		arena_init(&a, MIB);
		const struct rule *r = NULL;
		err e = { 0 };
		mem_fail_at(n);
		bool ok = rule_parse(&a, str_of(EVERYTHING), &c, &r, &e);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(ok, !failed);
		if (failed) {
			assert_int_equal(e.code, ERR_NOMEM);
			assert_null(r);
		}
		arena_fini(&a);
		assert_true(n < 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_random_rule_written_out_is_the_same_rule),
		cmocka_unit_test(a_full_arena_is_a_clean_error),
		cmocka_unit_test(each_failing_allocation_is_a_clean_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
