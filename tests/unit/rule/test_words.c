/*
 * test_words.c - folding without memory, and what `~` finds.
 */
#include "rule_common.h"

#include <utf8proc.h>

static void assert_folds_as_base_does(struct arena *a, str s)
{
	arena_reset(a);
	str folded = str_fold(a, s);
	assert_non_null(folded.p);
	struct fold f;
	size_t n = 0;
	fold_init(&f, s);
	for (int32_t c; (c = fold_next(&f)) != FOLD_END;) {
		utf8proc_uint8_t one[4];
		size_t width = (size_t)utf8proc_encode_char(c, one);
		assert_true(n + width <= folded.n);
		assert_memory_equal(folded.p + n, one, width);
		n += width;
	}
	assert_int_equal(n, folded.n);
	assert_int_equal(fold_compare(s, folded), 0);
}

static void every_character_of_unicode_folds_as_base_folds_it(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, MIB);
	for (int32_t c = 0; c <= 0x10FFFF; c++) {
		utf8proc_uint8_t text[8] = { 'x' };
		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		size_t n = 1 + (size_t)utf8proc_encode_char(c, text + 1);
		text[n++] = 'Y';
		assert_folds_as_base_does(&a, str_make((const char *)text, n));
	}
	arena_fini(&a);
}

static const struct {
	const char *a, *b; /* b folded */
	int order;
} COMPARED[] = {
	{ "", "", 0 },		 { "a", "", 1 },	  { "", "a", -1 },
	{ "ABC", "abc", 0 },	 { "abd", "abc", 1 },	  { "ab", "abc", -1 },
	{ "\u00C4", "a", 0 },	 { "\uFB01n", "fin", 0 }, { "\u00E6", "ae", 0 },
	{ "\u00E6", "a", 1 },	 { "z", "\u03B1", -1 },	  { "\u03B1", "z", 1 },
	{ "\xFF", "\u03B1", 1 }, { "a\xC3", "a", 1 },	  { "\u0301", "", 0 },
};

static void folded_texts_compare_by_code_points(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(COMPARED); i++)
		assert_int_equal(fold_compare(str_of(COMPARED[i].a), str_of(COMPARED[i].b)),
				 COMPARED[i].order);
}

static const struct {
	const char *pattern, *text;
	bool found;
} FOUND[] = {
	/* whole words, anywhere */
	{ "personal", "Leiter Personal", true },
	{ "personal", "Personalleiter", false },
	{ "personal", "Unpersonal", false },
	{ "PERSONAL", "personal", true },
	{ "personal", "(Personal)", true },
	{ "personal", "", false },
	{ "b", "a-b_c.d", true },
	{ "page", "page_viewed", true },
	/* the beginning of a word */
	{ "personal*", "Leiterin Personalwesen", true },
	{ "personal*", "Personal", true },
	{ "personal*", "Unpersonal", false },
	{ "person*", "per son", false },
	/* consecutive words */
	{ "head of hr", "Global Head of HR, EMEA", true },
	{ "head of hr", "head -- of -- HR", true },
	{ "head of hr", "head of the HR", false },
	{ "head hr", "head of hr", false },
	{ "head of hr", "head of", false },
	{ "head of head of hr", "head of head of head of hr", true },
	{ "a a b", "a a a b", true },
	{ "head of h*", "head of Human Resources", true },
	{ "hea* of* hr", "Heads often HR", true },
	{ "hea* of hr", "Heads often HR", false },
	/* accents, ligatures, other scripts */
	{ "grosse strasse", "Gro\u00DFe Stra\u00DFe", true },
	{ "\u00C9cole*", "ecolier", false },
	{ "\u00C9col*", "ecolier", true },
	{ "\u043C\u043E\u0441\u043A\u0432\u0430", "\u041C\u041E\u0421\u041A\u0412\u0410", true },
	{ "lodz", "\u0141\u00F3d\u017A", true },
	{ "2", "Web 2.0", true },
	/* marks within the pattern only cut it */
	{ "c++", "C", true },
	{ "node.js", "Node JS developer", true },
	{ "  personal  ", "personal", true },
	{ "html5", "html 5", false },
	/* a mark at the beginning: how the whole text begins */
	{ "/pricing*", "/pricing", true },
	{ "/pricing*", "/pricing/enterprise", true },
	{ "/pricing*", "/Pricing-2026", true },
	{ "/pricing*", "/de/pricing", false },
	{ "/pricing*", "pricing", false },
	{ "/pricing", "/pricing?plan=x", true },
	{ "/pricing", "/pricing", true },
	{ "/pricing", "/pricings", false },
	{ "/blog/", "/blog/2026", true },
	{ "/blog/*", "/blog/2026", true },
	{ "/blog/*", "/blog", false },
	{ "/", "/", true },
	{ "/*", "/x", true },
	{ "#1 choice", "#1 Choice of 2026", true },
	{ "-25%", "-25% off", true },
	{ "/\u00FCber", "/UBER/uns", true },
	{ "/\u00FCber", "/uberall", false },
	/* bytes that are no text */
	{ "a", "\xFF\xFE a", true },
	{ "a",
	  "\xFF"
	  "a",
	  true },
	{ "/a*", "\xFF/a", false },
};

static void a_pattern_finds_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(FOUND); i++) {
		struct arena a;
		arena_init(&a, MIB);
		const struct pattern *p;
		const char *why;
		assert_true(pattern_parse(&a, str_of(FOUND[i].pattern), &p, &why));
		if (pattern_matches(p, str_of(FOUND[i].text)) != FOUND[i].found)
			fail_msg("\"%s\" in \"%s\" should be %s", FOUND[i].pattern, FOUND[i].text,
				 FOUND[i].found ? "found" : "missed");
		arena_fini(&a);
	}
}

static void stars_elsewhere_are_refused(void **state)
{
	(void)state;
	static const char *const WRONG[] = { "*",    "a *", "* a",   "a**", "a*b", "a* *",
					     "/a*b", "/**", "a b*c", "",    "  ",  "a -*" };
	for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
		struct arena a;
		arena_init(&a, MIB);
		const struct pattern *p;
		const char *why = NULL;
		if (pattern_parse(&a, str_of(WRONG[i]), &p, &why))
			fail_msg("taken: \"%s\"", WRONG[i]);
		assert_non_null(why);
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_of_unicode_folds_as_base_folds_it),
		cmocka_unit_test(folded_texts_compare_by_code_points),
		cmocka_unit_test(a_pattern_finds_words),
		cmocka_unit_test(stars_elsewhere_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
