/*
 * test_rows.c - every operator beside every kind of value, unknown included.
 */
#include "rule_common.h"
#include "rule_values.h"

static const value TECHS[] = { TEXT("HubSpot"), TEXT("Google Analytics"), TEXT("caf\u00E9") };
static const value MIXED[] = { INT(5), TEXT("red"), DATE(20484), MONEY(500, "EUR") };
#define NOTHING                                                                                    \
	{                                                                                          \
		.kind = VALUE_LIST, .list = { NULL, 0 }                                            \
	}

/* The one value is that of whatever field the rule asks about. */
static const struct {
	const char *rule;
	value value;
	bool holds;
} CASES[] = {
	/* text folds case and accents */
	{ "country = de", TEXT("DE"), true },
	{ "country = \"\u00D6STERREICH\"", TEXT("osterreich"), true },
	{ "country = Strasse", TEXT("Stra\u00DFe"), true },
	{ "country = Lodz", TEXT("\u0141\u00F3d\u017A"), true },
	{ "country = D", TEXT("DE"), false },
	{ "country = DEU", TEXT("DE"), false },
	{ "country = \"\"", TEXT(""), true },
	{ "country = DE", TEXT("D\xFF"), false },
	{ "country != DE", TEXT("AT"), true },
	{ "country != de", TEXT("DE"), false },
	{ "country in (at, de, ch)", TEXT("DE"), true },
	{ "country in (at, de, ch)", TEXT("FR"), false },
	{ "country in (z, y, x, \u00E4, a, b, c)", TEXT("A"), true },
	{ "country not in (at, de)", TEXT("FR"), true },
	{ "country not in (at, de)", TEXT("De"), false },
	{ "country = 01234", TEXT("01234"), true },
	{ "country = 01234", TEXT("1234"), false },
	{ "country is known", TEXT(""), true },
	{ "country is unknown", TEXT(""), false },
	/* a row that holds something else than the catalogue says */
	{ "country = 01234", INT(1234), true },
	{ "country = x", INT(1234), false },
	{ "country = true", BOOL(1), true },
	{ "country = \"2026-01-31\"", DATE(20484), true },
	/* numbers */
	{ "employees = 10", INT(10), true },
	{ "employees = 10", REAL(10.0), true },
	{ "employees = 0.1", REAL(0.1), true },
	{ "employees = 10.5", INT(10), false },
	{ "employees != 10", INT(11), true },
	{ "employees != 10", INT(10), false },
	{ "employees < 10.5", INT(10), true },
	{ "employees < 10", INT(10), false },
	{ "employees <= 10", INT(10), true },
	{ "employees > 9.99", INT(10), true },
	{ "employees > 10", INT(10), false },
	{ "employees >= 10", INT(10), true },
	{ "employees > -1", INT(-1), false },
	{ "employees between 5 and 10", INT(10), true },
	{ "employees between 5 and 10", INT(5), true },
	{ "employees between 5 and 10", REAL(10.01), false },
	{ "employees in (1, 2.5, 10)", REAL(2.5), true },
	{ "employees in (1, 2.5, 10)", INT(2), false },
	{ "employees not in (1, 2.5, 10)", INT(2), true },
	{ "employees = 9007199254740993", INT(9007199254740993), true },
	{ "employees = 9007199254740993", INT(9007199254740992), false },
	{ "employees > 9223372036854775807", INT(INT64_MAX), false },
	{ "employees < 1e30", INT(INT64_MAX), true },
	{ "employees > -1e30", INT(INT64_MIN), true },
	{ "employees < 1e-40", INT(0), true },
	{ "employees > 1e-40", INT(INT64_MAX), true },
	{ "employees < 0.0000000000000000001", INT(0), true },
	{ "employees = 5", REAL(0.0 / 0.0), false },
	{ "employees > 5", TEXT(" 7.5 "), true },
	{ "employees > 5", TEXT("many"), false },
	{ "employees != 5", TEXT("many"), true },
	{ "employees > 0", BOOL(1), false },
	{ "employees > 0", DATE(5), false },
	/* true and false */
	{ "opted_in = true", BOOL(1), true },
	{ "opted_in = true", BOOL(0), false },
	{ "opted_in != true", BOOL(0), true },
	{ "opted_in = false", BOOL(0), true },
	{ "opted_in in (true, false)", BOOL(0), true },
	{ "opted_in not in (true)", BOOL(0), true },
	{ "opted_in = true", TEXT("TRUE"), true },
	{ "opted_in = false", TEXT("no"), false },
	{ "opted_in = true", INT(1), false },
	/* times beside days: the day is a span */
	{ "created = 2026-01-31", TIME(NOW), true },
	{ "created = 2026-01-30", TIME(NOW), false },
	{ "created != 2026-01-30", TIME(NOW), true },
	{ "created < 2026-01-31", TIME(NOW), false },
	{ "created <= 2026-01-31", TIME(NOW), true },
	{ "created > 2026-01-31", TIME(NOW), false },
	{ "created >= 2026-01-31", TIME(NOW), true },
	{ "created before 2026-02-01", TIME(NOW), true },
	{ "created after 2026-01-30", TIME(NOW), true },
	{ "created = 2026-02-01", TIME(NOW + DAY / 2), true },
	{ "created = 2026-01-31", TIME(NOW + DAY / 2), false },
	{ "created between 2026-01-30 and 2026-01-31", TIME(NOW), true },
	{ "created between 2026-01-29 and 2026-01-30", TIME(NOW), false },
	{ "created in (2026-01-01, 2026-01-31)", TIME(NOW), true },
	{ "created not in (2026-01-01, 2026-01-31)", TIME(NOW), false },
	{ "created < 1970-01-01", TIME(-1), true },
	/* times beside instants, days beside both */
	{ "created = 2026-01-31T12:00:00Z", TIME(NOW), true },
	{ "created < 2026-01-31T12:00:00.000001Z", TIME(NOW), true },
	{ "created > 2026-01-31T12:00:00Z", TIME(NOW), false },
	{ "created >= 2026-01-31T13:00:00+01:00", TIME(NOW), true },
	{ "created = 2026-01-31", DATE(20484), true },
	{ "created < 2026-02-01", DATE(20484), true },
	{ "created > 2026-01-31", DATE(20484), false },
	{ "created = 2026-01-31T12:00:00Z", DATE(20484), true },
	{ "created < 2026-02-01T00:00:00Z", DATE(20484), true },
	{ "created < 2026-01-31T23:00:00Z", DATE(20484), false },
	{ "created > 2026-01-30T23:59:59Z", DATE(20484), true },
	{ "created >= 2026-01-01", TEXT("2026-01-31"), true },
	{ "created >= 2026-01-01", TEXT("2025-12-31T23:59:59Z"), false },
	{ "created >= 2026-01-01", TEXT("soon, surely"), false },
	{ "created >= 2026-01-01", INT(5), false },
	{ "created < 9999-12-31", DATE(INT64_MAX), false },
	{ "created < 9999-12-31", TIME(INT64_MIN), false },
	/* the last so and so much, up to now */
	{ "created last 30d", TIME(NOW), true },
	{ "created last 30d", TIME(NOW - 30 * DAY), true },
	{ "created last 30d", TIME(NOW - 30 * DAY - 1), false },
	{ "created last 30d", TIME(NOW + 1), false },
	{ "created last 1mo", TIME(NOW - 31 * DAY), true },
	{ "created last 1mo", TIME(NOW - 31 * DAY - 1), false },
	{ "created last 1d", DATE(20483), true },
	{ "created last 1d", DATE(20482), false },
	{ "created last 1d", DATE(20484), true },
	{ "created last 1d", DATE(20485), false },
	{ "created last 1d", TEXT("2026-01-31"), true },
	{ "created last 1d", INT(5), false },
	/* ages */
	{ "time_in_role < 1y", TIME(NOW - 364 * DAY), true },
	{ "time_in_role < 1y", TIME(NOW - 365 * DAY), false },
	{ "time_in_role <= 1y", TIME(NOW - 365 * DAY), true },
	{ "time_in_role > 1y", TIME(NOW - 365 * DAY), false },
	{ "time_in_role > 1y", TIME(NOW - 366 * DAY), true },
	{ "time_in_role >= 1y", TIME(NOW - 365 * DAY), true },
	{ "time_in_role between 1d and 3d", TIME(NOW - 2 * DAY), true },
	{ "time_in_role between 1d and 3d", TIME(NOW - 4 * DAY), false },
	{ "time_in_role < 1d", TIME(NOW + DAY), true },
	{ "time_in_role < 2d", DATE(20483), true },
	{ "time_in_role < 1d", INT(5), false },
	{ "time_in_role > 1000y", TIME(TIME_MIN_US), true },
	/* money */
	{ "amount > 12.49", MONEY(1250, "EUR"), true },
	{ "amount = 12.5", MONEY(1250, "EUR"), true },
	{ "amount = 1.15", MONEY(115, "USD"), true },
	{ "amount < 12.51", MONEY(1250, "USD"), true },
	{ "amount = 500", MONEY(500, "JPY"), true },
	{ "amount = 0.5", MONEY(500, "KWD"), true },
	{ "amount = 12.50 EUR", MONEY(1250, "EUR"), true },
	{ "amount = 12.50 EUR", MONEY(1250, "USD"), false },
	{ "amount != 12.50 EUR", MONEY(1250, "USD"), true },
	{ "amount > 1 EUR", MONEY(1250, "USD"), false },
	{ "amount <= 12.50 EUR", MONEY(1250, "EUR"), true },
	{ "amount in (1, 12.50 EUR)", MONEY(1250, "EUR"), true },
	{ "amount between 1 EUR and 20 EUR", MONEY(1250, "EUR"), true },
	{ "amount between 1 EUR and 20 EUR", MONEY(1250, "CHF"), false },
	{ "amount > 0", MONEY(INT64_MAX, "EUR"), true },
	{ "amount > 1e17", MONEY(INT64_MAX, "EUR"), false },
	{ "amount < 92233720368547758.08", MONEY(INT64_MAX, "EUR"), true },
	{ "amount > 5 EUR", INT(10), false },
	{ "amount > 5", INT(10), true },
	/* lists of texts */
	{ "technologies has hubspot", LIST(TECHS), true },
	{ "technologies has hub", LIST(TECHS), false },
	{ "technologies = CAFE", LIST(TECHS), true },
	{ "technologies != cafe", LIST(TECHS), false },
	{ "technologies != tea", LIST(TECHS), true },
	{ "technologies has any (a, cafe)", LIST(TECHS), true },
	{ "technologies has any (a, b)", LIST(TECHS), false },
	{ "technologies has all (cafe, hubspot)", LIST(TECHS), true },
	{ "technologies has all (cafe, tea)", LIST(TECHS), false },
	{ "technologies has none (tea, coffee)", LIST(TECHS), true },
	{ "technologies has none (tea, cafe)", LIST(TECHS), false },
	{ "technologies ~ \"goo* analytics\"", LIST(TECHS), true },
	{ "technologies ~ \"hubspot google\"", LIST(TECHS), false },
	{ "technologies has hubspot", TEXT("HubSpot"), true },
	{ "technologies has all (hubspot)", TEXT("HubSpot"), true },
	{ "technologies has a", NOTHING, false },
	{ "technologies has none (a)", NOTHING, true },
	{ "technologies is known", NOTHING, true },
	/* a trait whose type is the row's */
	{ "score = 5", INT(5), true },
	{ "score = 5", TEXT("5.0"), true },
	{ "score = \"5\"", INT(5), true },
	{ "score = \"5\"", TEXT("5"), true },
	{ "score = \"5\"", TEXT("5.0"), false },
	{ "score > 4", TEXT("red"), false },
	{ "score != 4", TEXT("red"), true },
	{ "score = red", INT(4), false },
	{ "score in (4, red)", TEXT("RED"), true },
	{ "score in (red, 4)", TEXT("4"), true },
	{ "score in (4, red)", INT(4), true },
	{ "score = true", BOOL(1), true },
	{ "score = true", TEXT("true"), true },
	{ "score = \"true\"", BOOL(1), true },
	{ "score = 2026-01-31", TIME(NOW), true },
	{ "score = \"2026-01-31\"", TIME(NOW), true },
	{ "score < 30d", TIME(NOW - DAY), true },
	{ "score < 30d", INT(5), false },
	{ "score = 500 JPY", MONEY(500, "JPY"), true },
	{ "score = 5", MONEY(500, "EUR"), true },
	{ "score = 5", LIST(MIXED), true },
	{ "score > 4", LIST(MIXED), true },
	{ "score > 5", LIST(MIXED), false },
	{ "score = RED", LIST(MIXED), true },
	{ "score != red", LIST(MIXED), false },
	{ "score != blue", LIST(MIXED), true },
	{ "score has all (red, 5, 2026-01-31)", LIST(MIXED), true },
	{ "score has all (red, 5, 2026-02-01)", LIST(MIXED), false },
	{ "score has none (blue, 6)", LIST(MIXED), true },
	{ "score has none (blue, 6)", INT(6), false },
	{ "score last 1d", LIST(MIXED), true },
	{ "score ~ \"803*\"", INT(80331), true },
	{ "score ~ \"-5\"", INT(-5), true },
	{ "score ~ \"803*\"", INT(90331), false },
	{ "score ~ red", LIST(MIXED), true },
	{ "score ~ red", REAL(5.0), false },
};

/* Every comparison of every type, beside a row that knows nothing. */
static const char *const UNKNOWN[] = {
	"country = a",
	"country != a",
	"country in (a)",
	"country not in (a)",
	"country ~ a",
	"country is known",
	"employees = 1",
	"employees != 1",
	"employees < 1",
	"employees <= 1",
	"employees > 1",
	"employees >= 1",
	"employees in (1)",
	"employees not in (1)",
	"employees between 1 and 2",
	"opted_in = true",
	"opted_in != true",
	"opted_in not in (true)",
	"created = 2026-01-01",
	"created != 2026-01-01",
	"created < 2026-01-01",
	"created last 30d",
	"created before 2026-01-01",
	"created after 2026-01-01",
	"created between 2026-01-01 and 2026-02-01",
	"time_in_role < 1y",
	"time_in_role > 1y",
	"time_in_role between 1d and 2d",
	"amount = 1",
	"amount != 1 EUR",
	"amount between 1 and 2",
	"technologies has a",
	"technologies != a",
	"technologies has any (a, b)",
	"technologies has all (a, b)",
	"technologies has none (a)",
	"technologies ~ a",
	"score = 1",
	"score != a",
	"score > 1",
	"score not in (1)",
	"score has none (1)",
	"first(x) > 2026-01-01",
	"last(x) != 2026-01-01",
	"first(x) is known",
	"did(x)",
	"did(x) > 0",
	"in_list(x)",
	"in_segment(x)",
	"matches(persona x)",
};

static value same_value(void *arg, str name)
{
	(void)name;
	return *(const value *)arg;
}

static bool holds(const char *text, value v)
{
	struct arena a;
	arena_init(&a, MIB);
	struct rule_row row = { .arg = &v, .now_us = NOW, .field = same_value };
	bool r = rule_test(parsed(&a, text), &row);
	arena_fini(&a);
	return r;
}

static void each_operator_compares_each_kind_of_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
		if (holds(CASES[i].rule, CASES[i].value) != CASES[i].holds)
			fail_msg("case %zu: %s should %s", i, CASES[i].rule,
				 CASES[i].holds ? "hold" : "not hold");
}

static void not_turns_every_answer_around(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		char text[256];
		snprintf(text, sizeof text, "not (%s)", CASES[i].rule);
		assert_int_equal(holds(text, CASES[i].value), !CASES[i].holds);
	}
}

static void or_unknown_changes_nothing_for_what_is_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		char text[256];
		if (strstr(CASES[i].rule, " is "))
			continue;
		snprintf(text, sizeof text, "%s or unknown", CASES[i].rule);
		assert_int_equal(holds(text, CASES[i].value), CASES[i].holds);
	}
}

static void an_unknown_value_satisfies_no_comparison(void **state)
{
	(void)state;
	value none = { .kind = VALUE_NONE };
	for (size_t i = 0; i < ARRAY_LEN(UNKNOWN); i++) {
		char text[256];
		if (holds(UNKNOWN[i], none))
			fail_msg("holds for the unknown: %s", UNKNOWN[i]);
		snprintf(text, sizeof text, "not (%s)", UNKNOWN[i]);
		assert_true(holds(text, none));
		if (strstr(UNKNOWN[i], " is ") || strstr(UNKNOWN[i], "did(") ||
		    i + 3 >= ARRAY_LEN(UNKNOWN))
			continue;
		snprintf(text, sizeof text, "%s or unknown", UNKNOWN[i]);
		assert_true(holds(text, none));
	}
	assert_true(holds("country is unknown", none));
	assert_true(holds("first(x) is unknown", none));
	assert_true(holds("did(x) = 0", none));
}

static void a_test_takes_no_memory(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, MIB);
	const struct rule *r = parsed(&a, "country in (x, y) or title ~ \"gross* stra\u00DFe\" or "
					  "employees > 3 or created last 3d or amount > 5.5 or "
					  "technologies has all (a, b)");
	static const char LONG[] = "a \u00C4\u00D6\u00DC b Gro\u00DFe Stra\u00DFe";
	value values[] = { TEXT("\u00C4\u00D6"), TEXT(LONG), TEXT("2026-01-01"), LIST(TECHS),
			   MONEY(5, "EUR"),	 DATE(3),    REAL(0.1) };
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct rule_row row = { .arg = &values[i], .now_us = NOW, .field = same_value };
		mem_fail_at(1);
		(void)rule_test(r, &row);
		assert_false(mem_failed());
		mem_fail_at(0);
	}
	arena_fini(&a);
}

static int in_utc(void **state)
{
	(void)state;
	err e;
	return zone_set("UTC", &e) ? 0 : 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operator_compares_each_kind_of_value),
		cmocka_unit_test(not_turns_every_answer_around),
		cmocka_unit_test(or_unknown_changes_nothing_for_what_is_known),
		cmocka_unit_test(an_unknown_value_satisfies_no_comparison),
		cmocka_unit_test(a_test_takes_no_memory),
	};
	return cmocka_run_group_tests(tests, in_utc, NULL);
}
