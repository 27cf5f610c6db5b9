/*
 * test_parse.c - what a rule reads as and how it is written out.
 */
#include "rule_common.h"

static const struct {
	const char *text, *canonical; /* NULL: the same */
} RULES[] = {
	{ "", NULL },
	{ "  \n\t ", "" },
	/* the examples of the specification */
	{ "industry in (\"financial services\", \"banking\") and employees > 10 and "
	  "ad_spend.google > 0\n  and technologies has \"HubSpot\" and jobs has \"marketing\" and "
	  "role = \"head of hr\" and time_in_role < 1y",
	  "industry in (\"financial services\", \"banking\") and employees > 10 and "
	  "ad_spend.google > 0 and technologies has \"HubSpot\" and jobs has \"marketing\" and "
	  "role = \"head of hr\" and time_in_role < 1y" },
	{ "stage = mql and did(\"whitepaper_downloaded\", last 30d) >= 2 and consent.email = given",
	  "stage = \"mql\" and did(\"whitepaper_downloaded\", last 30d) >= 2 and "
	  "consent.email = \"given\"" },
	{ "title ~ \"personal*\" or not (country in (DE, AT, CH))",
	  "title ~ \"personal*\" or not country in (\"DE\", \"AT\", \"CH\")" },
	/* precedence and brackets */
	{ "last(a) is known or first(b) is known and not did(c)",
	  "last(\"a\") is known or first(\"b\") is known and not did(\"c\")" },
	{ "(country = a or country = b) and country = c",
	  "(country = \"a\" or country = \"b\") and country = \"c\"" },
	{ "((country = a) and ((country = b and (country = c))))",
	  "country = \"a\" and country = \"b\" and country = \"c\"" },
	{ "country = a or (country = b or country = c)",
	  "country = \"a\" or country = \"b\" or country = \"c\"" },
	{ "country = a or country = b and country = c or country = d",
	  "country = \"a\" or country = \"b\" and country = \"c\" or country = \"d\"" },
	{ "not (country = a and country = b)", "not (country = \"a\" and country = \"b\")" },
	{ "not country = a and country = b", "not country = \"a\" and country = \"b\"" },
	{ "not not country = a", "not not country = \"a\"" },
	{ "NOT country = a AND country = b Or country = c",
	  "not country = \"a\" and country = \"b\" or country = \"c\"" },
	/* text */
	{ "country = \"a \\\"b\\\" \\\\ c\"", NULL },
	{ "country=DE", "country = \"DE\"" },
	{ "COUNTRY = \"DE\"", "country = \"DE\"" },
	{ "country = \u00D6sterreich", "country = \"\u00D6sterreich\"" },
	{ "country = 01234", "country = \"01234\"" },
	{ "country in (30d, true, 5%, none)", "country in (\"30d\", \"true\", \"5%\", \"none\")" },
	{ "country not in (\"and\", \"or\")", NULL },
	{ "country = \"\"", NULL },
	{ "country = \"two\nlines\"", NULL },
	{ "country = DE or unknown", "country = \"DE\" or unknown" },
	{ "country = DE or unknown or country = AT",
	  "country = \"DE\" or unknown or country = \"AT\"" },
	{ "title ~ \"/pricing*\" and title ~ personal",
	  "title ~ \"/pricing*\" and title ~ \"personal\"" },
	/* closed values take their known spelling */
	{ "stage = MQL or stage in (Customer, SAL)",
	  "stage = \"mql\" or stage in (\"customer\", \"sal\")" },
	/* fields */
	{ "`Job Title` = \"Head of HR\"", NULL },
	{ "`job title` = x", "`Job Title` = \"x\"" },
	{ "`country` = x", "country = \"x\"" },
	{ "persona = cfo", "persona = \"cfo\"" },
	{ "`last` = 3", NULL },
	{ "`a``b` = 3", NULL },
	/* numbers */
	{ "employees > 10k", "employees > 10000" },
	{ "employees >= 2.5m", "employees >= 2500000" },
	{ "employees < 5%", "employees < 0.05" },
	{ "employees <= -.5", "employees <= -0.5" },
	{ "employees != +7.00", "employees != 7" },
	{ "employees = 1E3", "employees = 1000" },
	{ "employees = 1.25e-3", "employees = 0.00125" },
	{ "employees = -0", "employees = 0" },
	{ "employees = 123456789012345678", NULL },
	{ "employees = 9223372036854775807", NULL },
	{ "employees = 0.000000000000000001", NULL },
	{ "employees = 1e300", "employees = 1e+300" },
	{ "employees = 1.25e-40", NULL },
	{ "employees = 0.12345678901234567890123", "employees = 0.12345678901234568" },
	{ "employees in (1, 2k)", "employees in (1, 2000)" },
	{ "employees between 10 and 20 and employees != 15", NULL },
	{ "employees between 10 and 10", NULL },
	/* true and false */
	{ "opted_in = TRUE or opted_in != false", "opted_in = true or opted_in != false" },
	/* times */
	{ "created last 30d", NULL },
	{ "created = last 4w", "created last 28d" },
	{ "created before 2026-01-01 or created after 2026-01-31",
	  "created < 2026-01-01 or created > 2026-01-31" },
	{ "created = before 2026-01-01", "created < 2026-01-01" },
	{ "created >= 2026-01-31T12:00:00+02:00", "created >= 2026-01-31T10:00:00Z" },
	{ "created >= \"2026-01-31 12:00\"", "created >= 2026-01-31T12:00:00Z" },
	{ "created = \"2026-01-31\"", "created = 2026-01-31" },
	{ "created between 2026-01-01 and 2026-01-31T00:00:00.5Z", NULL },
	{ "created in (2026-01-01, 2026-02-01)", NULL },
	{ "time_in_role between 6mo and 1y6mo", NULL },
	{ "time_in_role > 15min or time_in_role <= 8h", NULL },
	/* money */
	{ "amount >= 500 EUR", NULL },
	{ "amount > 12.5 usd", "amount > 12.50 USD" },
	{ "amount = 5k jpy", "amount = 5000 JPY" },
	{ "amount between 1 EUR and 2.05 EUR", NULL },
	{ "amount > 12.5", NULL },
	/* lists of texts */
	{ "technologies has any (a, b)", "technologies has any (\"a\", \"b\")" },
	{ "technologies has all (a, b)", "technologies has all (\"a\", \"b\")" },
	{ "technologies has none (a, b) or unknown",
	  "technologies has none (\"a\", \"b\") or unknown" },
	{ "technologies = a and technologies has any (b) and technologies has all (c)",
	  "technologies has \"a\" and technologies has \"b\" and technologies has \"c\"" },
	{ "technologies in (a, b)", "technologies has any (\"a\", \"b\")" },
	{ "technologies != a or technologies not in (b, c)",
	  "technologies has none (\"a\") or technologies has none (\"b\", \"c\")" },
	{ "technologies ~ \"hub*\"", NULL },
	/* what may hold anything */
	{ "score in (1, a, \"2\", true, 2026-01-01, 500 EUR)",
	  "score in (1, \"a\", \"2\", true, 2026-01-01, 500 EUR)" },
	{ "score < 30d or score last 1y", NULL },
	{ "score before \"2026-01-01 10:00\"", "score < 2026-01-01T10:00:00Z" },
	{ "score has all (\"a\", 5)", NULL },
	/* behaviour */
	{ "did(page_viewed)", "did(\"page_viewed\")" },
	{ "did(page_viewed) >= 1", "did(\"page_viewed\")" },
	{ "did(\"Order Completed\") = 0", NULL },
	{ "did(a) in (1, 2) or did(b) between 3 and 4 or did(c) != 1",
	  "did(\"a\") in (1, 2) or did(\"b\") between 3 and 4 or did(\"c\") != 1" },
	{ "did(page_viewed where path ~ \"/pricing*\" and (depth > 3 or At last 3d), last 30d) > 2",
	  "did(\"page_viewed\" where path ~ \"/pricing*\" and (depth > 3 or at last 3d), "
	  "last 30d) > 2" },
	{ "did(x where `Cart Value` > 5 and Plan in (a, b))",
	  "did(\"x\" where `Cart Value` > 5 and Plan in (\"a\", \"b\"))" },
	{ "First(a) < 2026-01-01 and LAST(b, last 1y) last 30d",
	  "first(\"a\") < 2026-01-01 and last(\"b\", last 1y) last 30d" },
	{ "in_list(\"Fair 2026\") or in_segment(hot) or matches(persona \"CFO\")",
	  "in_list(\"Fair 2026\") or in_segment(\"hot\") or matches(persona \"CFO\")" },
	{ "not matches ( persona CFO )", "not matches(persona \"CFO\")" },
};

static void a_rule_reads_and_writes_out_as_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(RULES); i++) {
		struct arena a;
		arena_init(&a, MIB);
		const struct rule *r = parsed(&a, RULES[i].text);
		const char *want = RULES[i].canonical ? RULES[i].canonical : RULES[i].text;
		str printed = rule_print(&a, r);
		assert_non_null(printed.p);
		assert_string_equal(str_cstr(&a, printed), want);
		const struct rule *again = parsed(&a, want);
		assert_true(node_eq(r->root, again->root));
		assert_string_equal(str_cstr(&a, rule_print(&a, again)), want);
		arena_fini(&a);
	}
}

static void an_empty_rule_says_so_and_always_holds(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, MIB);
	struct rule_row row = { 0 };
	const struct rule *empty = parsed(&a, " "), *full = parsed(&a, "country is known");
	assert_true(rule_is_empty(empty));
	assert_true(rule_test(empty, &row));
	assert_false(rule_is_empty(full));
	assert_false(rule_test(full, &row));
	arena_fini(&a);
}

/* ---- what a rule depends on ------------------------------------------------------------------ */

static void add_name(void *arg, str name)
{
	char *names = arg;
	strncat(names, name.p, name.n);
	strcat(names, " ");
}

static void add_did(void *arg, const struct rule_did *did)
{
	add_name(arg, did->name);
}

static const struct {
	const char *text, *fields, *dids;
	bool time;
} DEPENDS[] = {
	{ "", "", "", false },
	{ "country = a and not (title ~ b or country = c)", "country title country ", "", false },
	{ "did(x where path = a) or first(y) < 2026-01-01 or `Job Title` = z", "Job Title ", "x y ",
	  false },
	{ "created > 2026-01-01", "created ", "", false },
	{ "country = a or created last 30d", "country created ", "", true },
	{ "not time_in_role < 1y", "time_in_role ", "", true },
	{ "did(x, last 30d)", "", "x ", true },
	{ "did(x where at last 1d)", "", "x ", true },
	{ "last(x) last 30d", "", "x ", true },
	{ "score < 5", "score ", "", false },
	{ "score < 5d", "score ", "", true },
	{ "in_list(x)", "", "", false },
};

static void a_rule_tells_what_it_depends_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(DEPENDS); i++) {
		struct arena a;
		arena_init(&a, MIB);
		char fields[256] = "", dids[256] = "";
		const struct rule *r = parsed(&a, DEPENDS[i].text);
		rule_each_field(r, add_name, fields);
		rule_each_did(r, add_did, dids);
		assert_string_equal(fields, DEPENDS[i].fields);
		assert_string_equal(dids, DEPENDS[i].dids);
		assert_int_equal(rule_depends_on_time(r), DEPENDS[i].time);
		arena_fini(&a);
	}
}

/* ---- catalogues ------------------------------------------------------------------------------ */

static bool find_trait(void *arg, str name, struct rule_field *f_r)
{
	if (!str_eq(name, S("plan type")))
		return false;
	*f_r = (struct rule_field){ .name = S("Plan Type"), .type = *(enum rule_type *)arg };
	return true;
}

static void a_catalogue_may_find_fields_of_its_own(void **state)
{
	(void)state;
	enum rule_type type = RULE_NUMBER;
	struct rule_catalogue c = { .fields = FIELDS, .n = 3, .find = find_trait, .arg = &type };
	struct arena a;
	arena_init(&a, MIB);
	const struct rule *r;
	err e = { 0 };
	assert_true(rule_parse(&a, S("`PLAN Type` > 3 and Country = a"), &c, &r, &e));
	assert_string_equal(str_cstr(&a, rule_print(&a, r)), "`Plan Type` > 3 and country = \"a\"");
	assert_false(rule_parse(&a, S("`Plan Types` > 3"), &c, &r, &e));
	assert_string_equal(e.text, "line 1, column 1: there is no field \"Plan Types\"");
	arena_fini(&a);
}

static void an_open_catalogue_takes_any_name_as_written(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, MIB);
	const struct rule *r;
	err e = { 0 };
	assert_true(rule_parse(&a, S("PATH = a and Product_ID = 5"), &TOUCHES, &r, &e));
	assert_string_equal(str_cstr(&a, rule_print(&a, r)), "path = \"a\" and Product_ID = 5");
	struct rule_catalogue c = { .behaviour = true };
	assert_true(rule_parse(&a, S("did(x where Any.Thing > 5)"), &c, &r, &e));
	assert_string_equal(str_cstr(&a, rule_print(&a, r)), "did(\"x\" where Any.Thing > 5)");
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_reads_and_writes_out_as_expected),
		cmocka_unit_test(an_empty_rule_says_so_and_always_holds),
		cmocka_unit_test(a_rule_tells_what_it_depends_on),
		cmocka_unit_test(a_catalogue_may_find_fields_of_its_own),
		cmocka_unit_test(an_open_catalogue_takes_any_name_as_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
