/*
 * test_str_text.c - text that knows UTF-8: validity and folding.
 */
#include "unit/base/base_test.h"

#include "base/rand.h"

#include <utf8proc.h>

static void the_examples_fold(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *folded;
	} CASES[] = {
		{ "Größe", "grosse" },
		{ "ÉCOLE", "ecole" },
		{ "Łódź", "lodz" },
		{ "SØREN ÆRØ", "soren aero" },
		{ "plain ASCII, Text", "plain ascii, text" },
		{ "ﬁnance ①", "finance 1" },
		{ "e\xCC\x81", "e" },
		{ "ΣΊΣΥΦΟΣ", "σισυφοσ" },
		{ "İstanbul", "istanbul" },
		{ "ẞ", "ss" },
		{ "Москва", "москва" },
		{ "日本", "日本" },
		{ "soft\xC2\xADhyphen", "softhyphen" },
		{ "", "" },
		{ "\xCC\x81", "" },
		{ "1234567é", "1234567e" },
		{ "Caf\xE9 BAR", "caf\xE9 bar" },
	};
	struct arena a;
	arena_init(&a, MEMORY_MAX);
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
		assert_text(str_fold(&a, str_of(CASES[i].text)), CASES[i].folded);
	arena_fini(&a);
}

static void folding_twice_is_folding_once(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, MEMORY_MAX);
	for (utf8proc_int32_t c = 1; c <= 0x10FFFF; c++) {
		utf8proc_uint8_t one[4];
		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		utf8proc_ssize_t n = utf8proc_encode_char(c, one);
		str once = str_fold(&a, str_make((const char *)one, (size_t)n));
		assert_non_null(once.p);
		assert_true(str_is_utf8(once));
		str twice = str_fold(&a, once);
		if (!str_eq(once, twice))
			fail_msg("U+%04X folds to \"%.*s\", and that to \"%.*s\"", (unsigned)c,
				 STR_ARG(once), STR_ARG(twice));
		arena_reset(&a);
	}
	arena_fini(&a);
}

static void wrong_utf8_is_seen(void **state)
{
	(void)state;
	static const struct {
		str text;
		bool valid;
	} CASES[] = {
		{ S("\x7F"), true },
		{ S("\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF"), true },
		{ S("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), true },
		{ S("\0"), true },
		{ S("\x80"), false },
		{ S("\xC0\x80"), false },
		{ S("\xC1\xBF"), false },
		{ S("\xE0\x9F\xBF"), false },
		{ S("\xED\xA0\x80"), false },
		{ S("\xED\x9F\xBF"), true },
		{ S("\xF0\x8F\xBF\xBF"), false },
		{ S("\xF4\x90\x80\x80"), false },
		{ S("\xF5\x80\x80\x80"), false },
		{ S("\xFF"), false },
		{ S("abcdefgh\xC3"), false },
		{ S("\xE2\x82"), false },
		{ S("\xE2\x82z"), false },
		{ S("\xF0\x9F\x98"), false },
		{ S("\xC3(z"), false },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
		if (str_is_utf8(CASES[i].text) != CASES[i].valid)
			fail_msg("case %zu should be %d", i, CASES[i].valid);
}

static bool utf8_plain(str s)
{
	utf8proc_size_t at = 0;
	while (at < s.n) {
		utf8proc_int32_t c;
		utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.p + at,
						      (utf8proc_ssize_t)(s.n - at), &c);
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

static void random_bytes_are_judged_as_the_library_does(void **state)
{
	(void)state;
	static const unsigned char LIKELY_BYTES[] = { 0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0,
						      0xBF, 0xC2, 0xDF, 0xE0, 0xE1, 0xED,
						      0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xC1 };
	struct rng r;
	rng_init(&r, 1);
	size_t valid = 0;
	for (int round = 0; round < 300000; round++) {
		char text[12];
		size_t n = rng_below(&r, sizeof text);
		for (size_t i = 0; i < n; i++)
			text[i] = (char)LIKELY_BYTES[rng_below(&r, ARRAY_LEN(LIKELY_BYTES))];
		str s = { text, n };
		assert_int_equal(str_is_utf8(s), utf8_plain(s));
		valid += str_is_utf8(s) && n > 0;
	}
	assert_true(valid > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_fold),
		cmocka_unit_test(folding_twice_is_folding_once),
		cmocka_unit_test(wrong_utf8_is_seen),
		cmocka_unit_test(random_bytes_are_judged_as_the_library_does),
	};
	return cmocka_run_group_tests_name("base/str_text", tests, NULL, NULL);
}
