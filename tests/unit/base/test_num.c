/*
 * test_num.c - numbers of machines and of people.
 */
#include "unit/base/base_test.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/rand.h"

#include <locale.h>
#include <math.h>

static void integers_take_the_whole_text_or_fail(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		int64_t v;
	} CASES[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "+5", true, 5 },
		{ "007", true, 7 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "99999999999999999999", false, 0 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "+", false, 0 },
		{ "+-1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1.0", false, 0 },
		{ "0x10", false, 0 },
		{ "1e3", false, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		int64_t v = 42;
		assert_int_equal(num_parse_i64(str_of(CASES[i].text), &v), CASES[i].ok);
		assert_true(v == (CASES[i].ok ? CASES[i].v : 42));
	}
	uint64_t u = 42;
	assert_true(num_parse_u64(S("18446744073709551615"), &u) && u == UINT64_MAX);
	assert_false(num_parse_u64(S("18446744073709551616"), &u));
	assert_false(num_parse_u64(S("-1"), &u));
	assert_false(num_parse_u64(S("1\0"), &u));
	assert_false(num_parse_u64((str){ NULL, 0 }, &u));
}

static void reals_are_decimal_and_finite(void **state)
{
	(void)state;
	static const char *const BAD[] = { "",	    "-",     ".",    "-.",  "e5",   "1e",
					   "1e+",   "inf",   "-inf", "nan", "NaN",  "Infinity",
					   "0x1p3", "1,5",   "1 ",   " 1",  "1..2", "1.2.3",
					   "1e5.0", "1e999", "--1",  "1_0", "1f" };
	static const char *const GOOD[] = { "1",
					    "-1",
					    "+1.5",
					    ".5",
					    "5.",
					    "1e5",
					    "1E-5",
					    "1e+5",
					    "-0",
					    "0.1",
					    "1e-999",
					    "123456789012345678901234567890",
					    "9007199254740993",
					    "1.7976931348623157e308",
					    "4.9e-324",
					    "0.000001e6",
					    "1e22",
					    "1e23",
					    "0e99999999999999999999" };
	double v;
	for (size_t i = 0; i < ARRAY_LEN(BAD); i++)
		if (num_parse_real(str_of(BAD[i]), &v))
			fail_msg("\"%s\" was read as %g", BAD[i], v);
	for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
		if (!num_parse_real(str_of(GOOD[i]), &v))
			fail_msg("\"%s\" was refused", GOOD[i]);
		double want = strtod(GOOD[i], NULL);
		assert_memory_equal(&v, &want, sizeof v);
	}
	char wide[2000];
	memset(wide, '1', sizeof wide);
	assert_false(num_parse_real(str_make(wide, sizeof wide), &v));
	assert_false(num_parse_real(S("1\0"), &v));
}

/* In the "C" locale, which tests have, strtod and printf are the oracle. */
static void random_reals_read_as_the_library_does(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 5);
	for (int round = 0; round < 200000; round++) {
		char text[64];
		switch (rng_below(&r, 3)) {
		case 0:
			snprintf(text, sizeof text, "%.*e", (int)rng_below(&r, 20),
				 rng_normal(&r) * pow(10, (double)rng_below(&r, 40) - 20));
			break;
		case 1:
			snprintf(text, sizeof text, "%.*f", (int)rng_below(&r, 12),
				 rng_normal(&r) * pow(10, (double)rng_below(&r, 15)));
			break;
		default:
			snprintf(text, sizeof text, "%llu.%llue%d",
				 (unsigned long long)(rng_u64(&r) >> rng_below(&r, 64)),
				 (unsigned long long)(rng_u64(&r) >> rng_below(&r, 64)),
				 (int)rng_below(&r, 80) - 40);
		}
		double v;
		double want = strtod(text, NULL);
		assert_true(num_parse_real(str_of(text), &v));
		assert_memory_equal(&v, &want, sizeof v);
	}
}

static void printed_reals_read_back(void **state)
{
	(void)state;
	static const struct {
		double v;
		const char *text;
	} CASES[] = { { 12.0, "12" },
		      { 0.1, "0.1" },
		      { -2.5, "-2.5" },
		      { 1.0 / 3, "0.3333333333333333" },
		      { 1e300, "1e+300" },
		      { 0, "0" },
		      { -0.0, "-0" },
		      { 0.1 + 0.2, "0.30000000000000004" },
		      { 123456789012345, "123456789012345" },
		      { NAN, "nan" },
		      { -HUGE_VAL, "-inf" } };
	struct arena a;
	arena_init(&a, MEMORY_MAX);
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
		assert_text(num_print_real(&a, CASES[i].v), CASES[i].text);
	struct rng r;
	rng_init(&r, 6);
	for (int round = 0; round < 100000; round++) {
		uint64_t bits = rng_u64(&r);
		double v;
		memcpy(&v, &bits, sizeof v);
		if (!isfinite(v))
			continue;
		double back;
		assert_true(num_parse_real(num_print_real(&a, v), &back));
		assert_memory_equal(&v, &back, sizeof v);
		arena_reset(&a);
	}
	arena_fini(&a);
	arena_init(&a, 0);
	assert_null(num_print_real(&a, 1.5).p);
	arena_fini(&a);
}

/* Needs a locale whose decimal mark is a comma: the system's, or one below LOCPATH. */
static void a_locale_with_commas_changes_nothing(void **state)
{
	(void)state;
	static const char *const NAMES[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR" };
	bool set = false;
	for (size_t i = 0; i < ARRAY_LEN(NAMES) && !set; i++)
		set = setlocale(LC_NUMERIC, NAMES[i]) != NULL;
	if (!set)
		skip();
	assert_string_equal(localeconv()->decimal_point, ",");
	double v;
	struct arena a;
	arena_init(&a, MEMORY_MAX);
	assert_true(num_parse_real(S("0.12345678901234567891"), &v));
	assert_true(v > 0.12 && v < 0.13);
	assert_false(num_parse_real(S("0,5"), &v));
	assert_text(num_print_real(&a, 2.5), "2.5");
	assert_text(num_print_real(&a, 1.0 / 3), "0.3333333333333333");
	arena_fini(&a);
	setlocale(LC_NUMERIC, "C");
}

static const struct human_case {
	const char *text;
	enum num_decimal decimal;
	bool ok;
	double v;
} HUMAN[] = {
	{ "1,234.50", NUM_POINT, true, 1234.5 },
	{ "1.234,50", NUM_COMMA, true, 1234.5 },
	{ "1,234.50", NUM_GUESS, true, 1234.5 },
	{ "1.234,50", NUM_GUESS, true, 1234.5 },
	{ "1.234", NUM_GUESS, true, 1.234 },
	{ "1,234", NUM_GUESS, true, 1.234 },
	{ "1.234.567", NUM_GUESS, true, 1234567 },
	{ "1,234,567", NUM_GUESS, true, 1234567 },
	{ "1.234", NUM_POINT, true, 1.234 },
	{ "1.234", NUM_COMMA, true, 1234 },
	{ "1,234", NUM_POINT, true, 1234 },
	{ "1054", NUM_GUESS, true, 1054 },
	{ " -12,5 ", NUM_COMMA, true, -12.5 },
	{ "+12", NUM_POINT, true, 12 },
	{ "\xE2\x88\x92"
	  "5",
	  NUM_POINT, true, -5 },
	{ "1 234 567,8", NUM_GUESS, true, 1234567.8 },
	{ "1'234.50", NUM_GUESS, true, 1234.5 },
	{ "1\xE2\x80\x99"
	  "234",
	  NUM_POINT, true, 1234 },
	{ "1\xC2\xA0"
	  "234,5",
	  NUM_COMMA, true, 1234.5 },
	{ "1\xE2\x80\xAF"
	  "234,5",
	  NUM_COMMA, true, 1234.5 },
	{ ".5", NUM_POINT, true, 0.5 },
	{ "5.", NUM_POINT, true, 5 },
	{ "007", NUM_POINT, true, 7 },
	{ "", NUM_GUESS, false, 0 },
	{ "-", NUM_GUESS, false, 0 },
	{ ".", NUM_GUESS, false, 0 },
	{ ",", NUM_GUESS, false, 0 },
	{ "1,23", NUM_POINT, false, 0 },
	{ "1234,567", NUM_POINT, false, 0 },
	{ "12,34,567", NUM_POINT, false, 0 },
	{ "1,234,56", NUM_POINT, false, 0 },
	{ "1,234 567", NUM_POINT, false, 0 },
	{ "1 234'567", NUM_POINT, false, 0 },
	{ "1,,234", NUM_POINT, false, 0 },
	{ ",234", NUM_POINT, false, 0 },
	{ "0,123", NUM_POINT, false, 0 },
	{ "1.234.567", NUM_POINT, false, 0 },
	{ "1.234,567,890", NUM_GUESS, false, 0 },
	{ "1.5 ", NUM_POINT, true, 1.5 },
	{ "1.2 3", NUM_POINT, false, 0 },
	{ "1.234,", NUM_COMMA, true, 1234 },
	{ "- 5", NUM_POINT, false, 0 },
	{ "--5", NUM_POINT, false, 0 },
	{ "5k", NUM_POINT, false, 0 },
	{ "5%", NUM_POINT, false, 0 },
	{ "1e5", NUM_POINT, false, 0 },
	{ "12 EUR", NUM_POINT, false, 0 },
	{ "\xC2\xA0", NUM_POINT, false, 0 },
};

static void people_write_numbers_in_many_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(HUMAN); i++) {
		const struct human_case *c = &HUMAN[i];
		double v = 42;
		int64_t minor;
		if (num_parse_human(str_of(c->text), c->decimal, &v) != c->ok)
			fail_msg("\"%s\" should be %s", c->text, c->ok ? "read" : "refused");
		if (c->ok && v != c->v)
			fail_msg("\"%s\" is %g, wanted %g", c->text, v, c->v);
		assert_int_equal(num_parse_minor(str_of(c->text), c->decimal, 3, &minor), c->ok);
		if (c->ok)
			assert_int_equal(minor, llround(c->v * 1000));
	}
}

static void amounts_become_exact_minor_units(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int digits;
		bool ok;
		int64_t minor;
	} CASES[] = {
		{ "1054", 2, true, 105400 },
		{ "0.005", 2, true, 1 },
		{ "-0.005", 2, true, -1 },
		{ "0.0049999", 2, true, 0 },
		{ "1.005", 2, true, 101 }, /* a double would say 1.00 */
		{ "0.285", 2, true, 29 },
		{ "999.995", 2, true, 100000 },
		{ "12.5", 0, true, 13 },
		{ "12.49", 0, true, 12 },
		{ "12.3456", 3, true, 12346 },
		{ "92233720368547758.07", 2, true, INT64_MAX },
		{ "-92233720368547758.08", 2, true, INT64_MIN },
		{ "92233720368547758.08", 2, false, 0 },
		{ "-92233720368547758.09", 2, false, 0 },
		{ "92233720368547758.075", 2, false, 0 },
		{ "184467440737095516.16", 2, false, 0 },
		{ "184467440737095516.155", 2, false, 0 },
		{ "99999999999999999999999", 2, false, 0 },
		{ "9223372036854775807", 0, true, INT64_MAX },
		{ "9", 18, true, 9000000000000000000 },
		{ "10", 18, false, 0 },
		{ "0.1234567890123456789012345678901234567890", 18, true, 123456789012345679 },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		int64_t minor = 42;
		bool ok = num_parse_minor(str_of(CASES[i].text), NUM_POINT, CASES[i].digits,
					  &minor);
		assert_int_equal(ok, CASES[i].ok);
		if (minor != (ok ? CASES[i].minor : 42))
			fail_msg("\"%s\" is %lld", CASES[i].text, (long long)minor);
	}
	char wide[1000];
	int64_t minor;
	double v;
	memset(wide, '1', sizeof wide);
	assert_false(num_parse_minor(str_make(wide, sizeof wide), NUM_POINT, 2, &minor));
	assert_false(num_parse_human(str_make(wide, sizeof wide), NUM_POINT, &v));
	memset(wide, '0', 300);
	assert_true(num_parse_minor(str_make(wide, 301), NUM_POINT, 2, &minor));
	assert_int_equal(minor, 100);
}

static void random_amounts_survive_any_grouping(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 8);
	for (int round = 0; round < 50000; round++) {
		int64_t want = (int64_t)(rng_u64(&r) >> (1 + rng_below(&r, 50)));
		bool comma = rng_chance(&r, 0.5);
		char plain[32];
		char text[64];
		size_t n = 0;
		int digits = snprintf(plain, sizeof plain, "%lld", (long long)(want / 100));
		for (int i = 0; i < digits; i++) {
			if (i > 0 && (digits - i) % 3 == 0)
				text[n++] = comma ? '.' : ',';
			text[n++] = plain[i];
		}
		snprintf(text + n, sizeof text - n, "%c%02d", comma ? ',' : '.', (int)(want % 100));
		int64_t got;
		enum num_decimal how = comma ? NUM_COMMA : NUM_POINT;
		assert_true(num_parse_minor(str_of(text), how, 2, &got));
		assert_int_equal(got, want);
		assert_true(num_parse_minor(str_of(text), NUM_GUESS, 2, &got));
		assert_int_equal(got, want);
	}
}

static void currencies_have_their_digits(void **state)
{
	(void)state;
	assert_int_equal(num_currency_digits("EUR"), 2);
	assert_int_equal(num_currency_digits("JPY"), 0);
	assert_int_equal(num_currency_digits("KWD"), 3);
	assert_int_equal(num_currency_digits("BRL"), 2);
	assert_int_equal(num_currency_digits("XXX"), 2);
	assert_true(num_is_currency(S("AED")) && num_is_currency(S("ZWL")));
	assert_true(num_is_currency(S("EUR")) && num_is_currency(S("CHF")));
	assert_false(num_is_currency(S("eur")));
	assert_false(num_is_currency(S("EU")));
	assert_false(num_is_currency(S("EUR2")));
	assert_false(num_is_currency(S("XAU")));
	assert_false(num_is_currency((str){ NULL, 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_take_the_whole_text_or_fail),
		cmocka_unit_test(reals_are_decimal_and_finite),
		cmocka_unit_test(random_reals_read_as_the_library_does),
		cmocka_unit_test(printed_reals_read_back),
		cmocka_unit_test(a_locale_with_commas_changes_nothing),
		cmocka_unit_test(people_write_numbers_in_many_ways),
		cmocka_unit_test(amounts_become_exact_minor_units),
		cmocka_unit_test(random_amounts_survive_any_grouping),
		cmocka_unit_test(currencies_have_their_digits),
	};
	return cmocka_run_group_tests_name("base/num", tests, NULL, NULL);
}
