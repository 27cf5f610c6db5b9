/*
 * test_errors.c - what is said about a rule that is none.
 */
#include "rule_common.h"

static const struct {
	const char *text, *error;
} ERRORS[] = {
	/* fields */
	{ "contry = DE",
	  "line 1, column 1: there is no field \"contry\"; did you mean \"country\"?" },
	{ "country = DE and emplyoees > 5",
	  "line 1, column 18: there is no field \"emplyoees\"; did you mean \"employees\"?" },
	{ "email = given",
	  "line 1, column 1: there is no field \"email\"; did you mean \"consent.email\"?" },
	{ "TECH has x",
	  "line 1, column 1: there is no field \"TECH\"; did you mean \"technologies\"?" },
	{ "country_name = x",
	  "line 1, column 1: there is no field \"country_name\"; did you mean \"country\"?" },
	{ "`Job Titel` = x",
	  "line 1, column 1: there is no field \"Job Titel\"; did you mean \"Job Title\"?" },
	{ "weather = nice", "line 1, column 1: there is no field \"weather\"" },
	{ "\"Job Title\" = x",
	  "line 1, column 1: expected a field, found the text \"Job Title\"; a field's name stands in "
	  "backquotes (`) or alone" },
	{ "last = 3",
	  "line 1, column 1: expected a field, found \"last\", a word of the language; a field of "
	  "that name stands in backquotes (`)" },
	{ "and country = x",
	  "line 1, column 1: expected a field, found \"and\", a word of the language; a field of that "
	  "name stands in backquotes (`)" },
	{ "country = a and", "line 1, column 16: expected a field, found the end" },
	{ "= 5", "line 1, column 1: expected a field, found \"=\"" },
	{ "``=5", "line 1, column 1: this name is empty; expected a field between the `" },
	{ "`country = 5", "line 1, column 1: this name has no end; expected a closing `" },
	/* places */
	{ "country = DE\n and\n\tcontry = AT",
	  "line 3, column 2: there is no field \"contry\"; did you mean \"country\"?" },
	{ "country = \"\u00D6\u00E4\u20AC\" xor title = x",
	  "line 1, column 17: expected and, or, or the end, found \"xor\"" },
	/* operators */
	{ "country", "line 1, column 8: expected =, !=, in (...), ~ or is known after \"country\", "
		     "found the end" },
	{ "country equals DE",
	  "line 1, column 9: expected =, !=, in (...), ~ or is known after \"country\", found "
	  "\"equals\"" },
	{ "country is DE", "line 1, column 9: expected =, !=, in (...), ~ or is known after "
			   "\"country\", found \"is\"" },
	{ "title > 5",
	  "line 1, column 7: \"title\" is a text and has no operator \">\"; expected =, "
	  "!=, in (...), ~ or is known" },
	{ "employees ~ 5",
	  "line 1, column 11: \"employees\" is a number and has no operator \"~\"; expected =, !=, <, "
	  "<=, >, >=, in (...), between or is known" },
	{ "employees has any (5)",
	  "line 1, column 11: \"employees\" is a number and has no operator \"has any\"; expected =, "
	  "!=, <, <=, >, >=, in (...), between or is known" },
	{ "employees before 5",
	  "line 1, column 11: \"employees\" is a number and has no operator \"before\"; expected =, "
	  "!=, <, <=, >, >=, in (...), between or is known" },
	{ "time_in_role = 1y",
	  "line 1, column 14: \"time_in_role\" is an age and has no operator \"=\"; expected <, <=, "
	  ">, >=, between or is known" },
	{ "opted_in > true",
	  "line 1, column 10: \"opted_in\" is true or false and has no operator \">\"; expected = "
	  "true, = false or is known" },
	{ "technologies > 5",
	  "line 1, column 14: \"technologies\" is a list and has no operator \">\"; expected has, has "
	  "any (...), has all (...), has none (...), ~ or is known" },
	{ "score = 30d", "line 1, column 7: an age is never exactly a duration; expected <, <=, >, "
			 ">=, between, or last 30d" },
	{ "country == DE", "line 1, column 9: expected = to compare" },
	{ "employees <> 5", "line 1, column 11: expected != for \"differs from\"" },
	{ "country = a && title = b", "line 1, column 13: expected the word and" },
	{ "country = a || title = b", "line 1, column 13: expected the word or" },
	{ "!country = a", "line 1, column 1: expected the word not, or != to compare" },
	/* values */
	{ "stage = mqk", "line 1, column 9: \"stage\" is never \"mqk\"; did you mean \"mql\"?" },
	{ "stage in (lead, paying)",
	  "line 1, column 17: \"stage\" is never \"paying\", expected \"visitor\", \"lead\", \"mql\", "
	  "\"sal\", \"sql\", \"opportunity\" or \"customer\"" },
	{ "employees = many",
	  "line 1, column 13: \"employees\" is a number; expected a number such as "
	  "10, 2.5k or 5%, found \"many\"" },
	{ "employees > \"10\"",
	  "line 1, column 13: \"employees\" is a number; expected a number such "
	  "as 10, 2.5k or 5%, found \"10\"" },
	{ "employees > 30d",
	  "line 1, column 13: \"employees\" is a number; expected a number such as "
	  "10, 2.5k or 5%, found \"30d\"" },
	{ "employees > 10and country = DE",
	  "line 1, column 13: \"employees\" is a number; expected a number such as 10, 2.5k or 5%, "
	  "found \"10and\"" },
	{ "employees > 5 EUR", "line 1, column 15: \"employees\" is a number without a currency; "
			       "expected and, or, or the end, found \"EUR\"" },
	{ "employees = 1e999",
	  "line 1, column 13: \"employees\" is a number; expected a number such "
	  "as 10, 2.5k or 5%, found \"1e999\"" },
	{ "employees between 10 and 5",
	  "line 1, column 26: the upper end of between is below the lower end; expected the smaller "
	  "one first" },
	{ "employees between 10", "line 1, column 21: expected and, with the upper end of between, "
				  "found the end" },
	{ "score between 10 and 2026-01-01",
	  "line 1, column 22: expected both ends of between to be of one kind" },
	{ "score > \"abc\"", "line 1, column 9: <, > and between compare numbers, dates and "
			     "durations, found the text \"abc\"" },
	{ "score = 3com",
	  "line 1, column 9: \"3com\" is neither a number nor a date nor a duration; "
	  "text stands in double quotes" },
	{ "opted_in = yes", "line 1, column 12: \"opted_in\" is true or false; expected true or "
			    "false, found \"yes\"" },
	{ "created = 2026-02-30",
	  "line 1, column 11: \"2026-02-30\" does not exist as a date or time" },
	{ "created < yesterday",
	  "line 1, column 11: \"created\" is a time; expected a date such as 2026-01-31, or last 30d "
	  "without a sign before it, found \"yesterday\"" },
	{ "created > 30d",
	  "line 1, column 11: \"created\" is a time; expected a date such as 2026-01-31, or last 30d "
	  "without a sign before it, found \"30d\"" },
	{ "created last week",
	  "line 1, column 14: expected a duration such as 30d, 6mo or 1y after "
	  "\"last\", found \"week\"" },
	{ "created last 0d",
	  "line 1, column 14: expected a duration longer than nothing, found \"0d\"" },
	{ "created last 1001y", "line 1, column 14: \"1001y\" is longer than 1000 years, expected "
				"less" },
	{ "time_in_role < 30", "line 1, column 16: \"time_in_role\" is an age; expected a duration "
			       "such as 30d, 6mo or 1y, found \"30\"" },
	{ "amount > 12.345 EUR",
	  "line 1, column 10: \"12.345\" is no amount in EUR, expected at most "
	  "2 digits after the point and 18 in all" },
	{ "amount > 5 EUX", "line 1, column 12: \"EUX\" is no currency, expected one such as EUR" },
	{ "country = unknown",
	  "line 1, column 11: expected is unknown without a sign before it, or "
	  "the text \"unknown\" in double quotes" },
	{ "country = and",
	  "line 1, column 11: expected a text such as \"Berlin\", found \"and\", a "
	  "word of the language; as text it stands in double quotes" },
	{ "country = `title`",
	  "line 1, column 11: expected a text such as \"Berlin\", found a field; "
	  "text stands in double quotes" },
	{ "country =", "line 1, column 10: expected a text such as \"Berlin\", found the end" },
	{ "country in DE",
	  "line 1, column 12: expected a list of values in brackets, found \"DE\"" },
	{ "country in ()", "line 1, column 13: expected a text such as \"Berlin\", found \")\"" },
	{ "country in (DE, AT",
	  "line 1, column 19: expected a comma or a closing bracket, found the end" },
	{ "technologies has (a, b)",
	  "line 1, column 18: expected a text such as \"Berlin\", found \"(\"" },
	/* patterns */
	{ "title ~ \"\"", "line 1, column 9: there is nothing to look for; expected words such as "
			  "\"personal*\"" },
	{ "title ~ \"*abc\"",
	  "line 1, column 9: a * stands at the end of a word only; expected words "
	  "such as \"personal*\"" },
	{ "title ~ \"a*b\"",
	  "line 1, column 9: a * stands at the end of a word only; expected words "
	  "such as \"personal*\"" },
	{ "title ~ \"/a*b*\"", "line 1, column 9: a * stands at the end of a word only; expected "
			       "words such as \"personal*\"" },
	/* marks */
	{ "country = 'DE'", "line 1, column 11: expected double quotes (\") around text" },
	{ "country = \u201CDE\u201D",
	  "line 1, column 11: expected straight quotes (\") around text" },
	{ "country\u00A0= DE",
	  "line 1, column 8: this blank is a no-break space; expected an ordinary one" },
	{ "country = \"DE", "line 1, column 11: this text has no end; expected a closing \"" },
	{ "country = \"a\\b\"",
	  "line 1, column 13: in a text a backslash stands before \" or \\ only; "
	  "expected \\\\ for a backslash" },
	{ "country = e-commerce",
	  "line 1, column 12: this mark has no meaning here; text with marks in it stands in double "
	  "quotes, and a field in backquotes" },
	{ "country = \x01",
	  "line 1, column 11: this is no text (control characters, or not UTF-8)" },
	{ "country = \xC3(",
	  "line 1, column 11: this is no text (control characters, or not UTF-8)" },
	{ "employees between 20\u2022= x",
	  "line 1, column 21: this mark has no meaning here; text with marks in it stands in double "
	  "quotes, and a field in backquotes" },
	{ "country = DE 'x'", "line 1, column 14: expected double quotes (\") around text" },
	{ "did(x) ;",
	  "line 1, column 8: this mark has no meaning here; text with marks in it stands "
	  "in double quotes, and a field in backquotes" },
	{ "matches('CFO')", "line 1, column 9: expected double quotes (\") around text" },
	{ "did(x, 'y')", "line 1, column 8: expected double quotes (\") around text" },
	/* structure */
	{ "(country = DE",
	  "line 1, column 14: expected and, or, or a closing bracket, found the end" },
	{ "country = DE)", "line 1, column 13: expected and, or, or the end, found \")\"" },
	{ "country = DE employees > 5",
	  "line 1, column 14: expected and, or, or the end, found \"employees\"" },
	{ "country is unknown or unknown",
	  "line 1, column 23: expected a field, found \"unknown\", a word of the language; a field of "
	  "that name stands in backquotes (`)" },
	{ "()", "line 1, column 2: expected a field, found \")\"" },
	/* behaviour */
	{ "did()", "line 1, column 5: expected the name of a touch, found \")\"" },
	{ "did(\" \")", "line 1, column 5: expected the name of a touch, found an empty text" },
	{ "did(x) or unknown", "line 1, column 8: did(...) is a count and never unknown; expected "
			       "another comparison after \"or\"" },
	{ "did(x) = 2026-01-01",
	  "line 1, column 10: \"did(...)\" is a number; expected a number such "
	  "as 10, 2.5k or 5%, found \"2026-01-01\"" },
	{ "did(x, 30d)", "line 1, column 8: expected last and a duration, found \"30d\"" },
	{ "did(x, last 0d)",
	  "line 1, column 13: expected a duration longer than nothing, found \"0d\"" },
	{ "did(x y)",
	  "line 1, column 7: expected where, a comma or a closing bracket, found \"y\"" },
	{ "did(x where deepth > 3 and path > 3)",
	  "line 1, column 33: \"path\" is a text and has no operator \">\"; expected =, !=, in (...), "
	  "~ or is known" },
	{ "did(x where did(y))",
	  "line 1, column 13: did(...) asks what a person did; expected, after "
	  "where, something about the touch itself" },
	{ "did(x where in_list(y))",
	  "line 1, column 13: in_list(...) asks what a person did; expected, after where, something "
	  "about the touch itself" },
	{ "first(x)", "line 1, column 9: expected =, !=, <, <=, >, >=, between, last 30d, before, "
		      "after or is known after \"first(...)\", found the end" },
	{ "frist(x) is known", "line 1, column 1: there is no question \"frist\"; did you mean "
			       "\"first\"?" },
	{ "sum(x) > 5", "line 1, column 1: no bracket can follow \"sum\"; expected a comparison" },
	{ "matches(CFO)", "line 1, column 9: expected persona and its name, found \"CFO\"" },
	{ "in_list()", "line 1, column 9: expected the name of a list, found \")\"" },
	{ "in_segment(a", "line 1, column 13: expected a closing bracket, found the end" },
};

static void every_mistake_is_named_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ERRORS); i++) {
		struct arena a;
		arena_init(&a, MIB);
		const struct rule *r = (const struct rule *)&a;
		err e = { 0 };
		if (rule_parse(&a, str_of(ERRORS[i].text), &PEOPLE, &r, &e))
			fail_msg("no error: %s", ERRORS[i].text);
		if (strcmp(e.text, ERRORS[i].error) != 0)
			fail_msg("%s\n  said:     %s\n  expected: %s", ERRORS[i].text, e.text,
				 ERRORS[i].error);
		assert_int_equal(e.code, ERR_INVALID);
		assert_ptr_equal(r, &a); /* untouched */
		assert_false(rule_parse(&a, str_of(ERRORS[i].text), &PEOPLE, &r, NULL));
		arena_fini(&a);
	}
}

static void behaviour_is_refused_where_there_is_none(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, MIB);
	const struct rule *r;
	err e = { 0 };
	assert_false(rule_parse(&a, S("path = x and did(y)"), &TOUCHES, &r, &e));
	assert_string_equal(e.text,
			    "line 1, column 14: did(...) cannot be asked here, expected a field");
	arena_fini(&a);
}

static void a_long_piece_of_the_rule_is_cut_in_messages(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, MIB);
	const struct rule *r;
	err e = { 0 };
	char text[400] = "country = \"";
	for (size_t i = 0; i < 100; i++)
		strcat(text, "\u00E4");
	strcat(text, "\"");
	assert_false(rule_parse(&a, str_of(strchr(text, '"')), &PEOPLE, &r, &e));
	assert_true(strlen(e.text) < 200);
	assert_true(str_is_utf8(str_of(e.text)));
	assert_non_null(strstr(e.text, "\u00E4\u2026\""));
	arena_fini(&a);
}

static void a_closed_list_of_many_values_is_cut_in_messages(void **state)
{
	(void)state;
	static const str values[] = {
		{ "a rather long name of a value, number one", 41 },
		{ "a rather long name of a value, number two", 41 },
		{ "a rather long name of a value, number 3", 39 },
		{ "a rather long name of a value, number 4", 39 },
		{ "a rather long name of a value, number 5", 39 },
		{ "a rather long name of a value, number 6", 39 },
		{ "a rather long name of a value, number 7", 39 },
	};
	struct rule_field f = { .name = S("kind"), .values = values, .values_closed = true };
	struct rule_catalogue c = { .fields = &f, .n = 1 };
	const struct rule *r;
	struct arena a;
	err e = { 0 };
	arena_init(&a, MIB);
	for (f.values_n = 0; f.values_n <= ARRAY_LEN(values); f.values_n++) {
		assert_false(rule_parse(&a, S("kind = x"), &c, &r, &e));
		assert_true(strlen(e.text) < 320);
	}
	assert_non_null(strstr(e.text, "number 5\" \u2026"));
	f.values_n = 2;
	assert_true(rule_parse(&a, S("kind = \"A RATHER long name of a value, number two\""), &c,
			       &r, &e));
	arena_fini(&a);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static char *repeated(struct arena *a, const char *head, const char *part, size_t n,
		      const char *tail)
{
	size_t size = strlen(head) + n * strlen(part) + strlen(tail) + 1;
	char *text = arena_alloc(a, size);
	assert_non_null(text);
	char *at = stpcpy(text, head);
	for (size_t i = 0; i < n; i++)
		at = stpcpy(at, part);
	strcpy(at, tail);
	return text;
}

static void limit_case(const char *head, const char *part, size_t n, const char *tail,
		       enum err_code code, const char *error)
{
	struct arena a;
	arena_init(&a, 16 * MIB);
	const struct rule *r;
	err e = { 0 };
	char *text = repeated(&a, head, part, n, tail);
	bool ok = rule_parse(&a, str_of(text), &PEOPLE, &r, &e);
	assert_string_equal(e.text, error);
	assert_int_equal(e.code, code);
	assert_int_equal(ok, code == ERR_NONE);
	if (ok) {
		str printed = rule_print(&a, r);
		const struct rule *again = parsed(&a, str_cstr(&a, printed));
		assert_true(node_eq(r->root, again->root));
	}
	arena_fini(&a);
}

static void nesting_has_a_limit(void **state)
{
	(void)state;
	const char *deep = "brackets and nots are nested more than 100 deep, expected less";
	char error[128];
	snprintf(error, sizeof error, "line 1, column 101: %s", deep);
	limit_case("", "(", 100,
		   "country = a))))))))))))))))))))))))))))))))))))))))))))))))))))))))))"
		   "))))))))))))))))))))))))))))))))))))))))))",
		   ERR_NONE, "");
	limit_case("", "(", 101, "country = a", ERR_LIMIT, error);
	limit_case("", "(", 50000, "country = a", ERR_LIMIT, error);
	limit_case("", "not ", 100, "country = a", ERR_NONE, "");
	snprintf(error, sizeof error, "line 1, column 401: %s", deep);
	limit_case("", "not ", 101, "country = a", ERR_LIMIT, error);
	snprintf(error, sizeof error, "line 1, column 407: %s", deep);
	limit_case("", "not ", 100, "did(x where path = a)", ERR_LIMIT, error);
}

static void what_stands_side_by_side_is_not_nested(void **state)
{
	(void)state;
	limit_case("country = a", " and (country = b)", 300, "", ERR_NONE, "");
	limit_case("country = a", " and not country = b", 300, "", ERR_NONE, "");
	limit_case("country = a", " and did(x where path = a)", 300, "", ERR_NONE, "");
}

static void length_has_a_limit(void **state)
{
	(void)state;
	limit_case("country = a", " ", RULE_BYTES_MAX - 11, "", ERR_NONE, "");
	limit_case("country = a", " ", RULE_BYTES_MAX - 10, "", ERR_LIMIT,
		   "the rule has 65537 bytes, expected at most 65536; keep long lists of values as "
		   "a list and ask for in_list(\"...\")");
	/* what fits as written may not fit when written out */
	limit_case("employees in (1", ",1m", 9000, ")", ERR_LIMIT,
		   "the rule has 81016 bytes when written out in full, expected at most 65536");
}

static void the_number_of_values_has_a_limit(void **state)
{
	(void)state;
	const char *error =
		"the rule has more than 10000 comparisons and values; expected a shorter "
		"one, or a list with in_list(\"...\")";
	char placed[256];
	limit_case("employees in (1", ",1", 9998, ")", ERR_NONE, "");
	snprintf(placed, sizeof placed, "line 1, column %d: %s", 15 + 2 * 9999, error);
	limit_case("employees in (1", ",1", 9999, ")", ERR_LIMIT, placed);
}

static void a_pattern_has_at_most_32_words(void **state)
{
	(void)state;
	limit_case("title ~ \"", "w ", 32, "\"", ERR_NONE, "");
	limit_case(
		"title ~ \"", "w ", 33, "\"", ERR_INVALID,
		"line 1, column 9: there are more than 32 words to look for; expected words such "
		"as \"personal*\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mistake_is_named_with_its_place),
		cmocka_unit_test(behaviour_is_refused_where_there_is_none),
		cmocka_unit_test(a_long_piece_of_the_rule_is_cut_in_messages),
		cmocka_unit_test(a_closed_list_of_many_values_is_cut_in_messages),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(what_stands_side_by_side_is_not_nested),
		cmocka_unit_test(length_has_a_limit),
		cmocka_unit_test(the_number_of_values_has_a_limit),
		cmocka_unit_test(a_pattern_has_at_most_32_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
