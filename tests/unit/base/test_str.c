/*
 * test_str.c - views of text: cutting, comparing, copying.
 */
#include "unit/base/base_test.h"

#include "base/mem.h"
#include "base/rand.h"

static void empty_views_may_have_no_pointer(void **state)
{
	(void)state;
	str none = { NULL, 0 };
	assert_true(str_eq(none, S("")));
	assert_true(str_eq_nocase(none, S("")));
	assert_int_equal(str_cmp(none, S("")), 0);
	assert_true(str_cmp(none, S("a")) < 0);
	assert_true(str_starts(none, none));
	assert_true(str_ends(S("a"), none));
	assert_true(str_contains(none, none));
	assert_false(str_contains(none, S("a")));
	assert_int_equal(str_index(none, 'a'), 0);
	assert_int_equal(str_trim(none).n, 0);
	assert_true(str_is_utf8(none));
	assert_int_equal(str_hash(none), str_hash(S("")));
	assert_int_equal(str_of(NULL).n, 0);
	assert_int_equal(str_distance(none, S("ab"), 3), 2);
}

static void texts_compare_bytewise(void **state)
{
	(void)state;
	static const struct {
		str a;
		str b;
		int sign;
	} CASES[] = {
		{ S("a"), S("b"), -1 },	      { S("ab"), S("a"), 1 }, { S("a"), S("a"), 0 },
		{ S("a\0b"), S("a\0c"), -1 }, { S("B"), S("a"), -1 }, { S("\xC3"), S("z"), 1 },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		int c = str_cmp(CASES[i].a, CASES[i].b);
		assert_int_equal((c > 0) - (c < 0), CASES[i].sign);
		assert_int_equal(str_eq(CASES[i].a, CASES[i].b), CASES[i].sign == 0);
	}
	assert_true(str_eq_nocase(S("AbZ[@"), S("aBz[@")));
	assert_false(str_eq_nocase(S("["), S("{")));
	assert_false(str_eq_nocase(S("a"), S("ab")));
}

static void parts_are_found(void **state)
{
	(void)state;
	str s = S("haystack");
	assert_true(str_starts(s, S("hay")) && !str_starts(s, S("stack")));
	assert_true(str_ends(s, S("stack")) && !str_ends(s, S("hay")));
	assert_false(str_ends(S("ay"), S("hay")));
	assert_true(str_contains(s, S("yst")) && !str_contains(s, S("sty")));
	assert_int_equal(str_index(s, 's'), 3);
	assert_int_equal(str_index(s, 'z'), s.n);
	assert_text(str_sub(s, 3, 5), "stack");
	assert_text(str_sub(s, 3, SIZE_MAX), "stack");
	assert_text(str_sub(s, 8, 1), "");
	assert_text(str_sub(s, SIZE_MAX, SIZE_MAX), "");
	assert_text(str_trim(S("\t\n a b \r\v\f")), "a b");
	assert_text(str_trim(S(" \t ")), "");
}

static void splitting_keeps_empty_parts(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *parts; /* in brackets */
	} CASES[] = { { "a,,b", "[a][][b]" }, { "", "" },      { ",", "[]" },
		      { ",a", "[][a]" },      { "a,", "[a]" }, { "abc", "[abc]" } };
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		char seen[64] = "";
		str rest = str_of(CASES[i].text);
		str part;
		while (str_next(&rest, ',', &part)) {
			size_t n = strlen(seen);
			snprintf(seen + n, sizeof seen - n, "[%.*s]", STR_ARG(part));
		}
		assert_string_equal(seen, CASES[i].parts);
	}
}

static void copies_live_in_the_arena(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, MEMORY_MAX);
	char text[] = "Text";
	str copy = str_dup(&a, str_of(text));
	char *nul = str_cstr(&a, str_of(text));
	text[0] = 'X';
	assert_text(copy, "Text");
	assert_string_equal(nul, "Text");
	assert_text(str_lower(&a, S("ÄBC")), "Äbc");
	assert_text(str_printf(&a, "%d-%s", 12, "x"), "12-x");
	char *empty = str_cstr(&a, (str){ NULL, 0 });
	assert_string_equal(empty, "");
	assert_non_null(str_dup(&a, (str){ NULL, 0 }).p);
	arena_fini(&a);
}

static void a_full_arena_gives_no_text(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 0);
	assert_null(str_dup(&a, S("x")).p);
	assert_null(str_cstr(&a, S("x")));
	assert_null(str_lower(&a, S("X")).p);
	assert_null(str_fold(&a, S("é")).p);
	assert_null(str_printf(&a, "%d", 1).p);
	assert_null(str_cstr(&a, (str){ "", SIZE_MAX }));
	assert_true(a.over);
	err e;
	assert_false(arena_err(&a, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	arena_fini(&a);
	arena_init(&a, MEMORY_MAX);
	mem_fail_at(1);
	assert_null(str_dup(&a, S("x")).p);
	mem_fail_at(0);
	assert_false(arena_err(&a, &e));
	assert_int_equal(e.code, ERR_NOMEM);
	arena_fini(&a);
}

/* The plain table, for comparison: optimal string alignment. */
static size_t distance_plain(str a, str b)
{
	size_t d[32][32];
	for (size_t i = 0; i <= a.n; i++) {
		for (size_t j = 0; j <= b.n; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			size_t same = a.p[i - 1] == b.p[j - 1] ? 0 : 1;
			size_t best = MIN(d[i - 1][j], d[i][j - 1]) + 1;
			best = MIN(best, d[i - 1][j - 1] + same);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				best = MIN(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	}
	return d[a.n][b.n];
}

static void distances_match_the_plain_table(void **state)
{
	(void)state;
	assert_int_equal(str_distance(S("industry"), S("indutsry"), 2), 1);
	assert_int_equal(str_distance(S("stage"), S("stage"), 0), 0);
	assert_int_equal(str_distance(S("stage"), S("state"), 0), 1);
	struct rng r;
	rng_init(&r, 7);
	for (int round = 0; round < 20000; round++) {
		char a[24];
		char b[24];
		size_t an = rng_below(&r, sizeof a);
		size_t bn = rng_below(&r, sizeof b);
		for (size_t i = 0; i < sizeof a; i++) {
			a[i] = (char)('a' + rng_below(&r, 3));
			b[i] = rng_chance(&r, 0.7) ? a[i] : (char)('a' + rng_below(&r, 3));
		}
		size_t max = rng_below(&r, 26);
		size_t want = MIN(distance_plain(str_make(a, an), str_make(b, bn)), max + 1);
		assert_int_equal(str_distance(str_make(a, an), str_make(b, bn), max), want);
	}
	static char longer[5000];
	memset(longer, 'x', sizeof longer);
	str whole = { longer, sizeof longer };
	assert_int_equal(str_distance(whole, str_sub(whole, 0, 4990), STR_DISTANCE_MAX), 10);
}

static void hashes_are_stable_and_differ(void **state)
{
	(void)state;
	/* Stored by others: XXH3 of these texts, as its authors' program prints it. */
	assert_int_equal(str_hash(S("")), UINT64_C(0x2d06800538d394c2));
	assert_int_equal(str_hash(S("a")), UINT64_C(0xe6c632b61e964e1f));
	assert_int_not_equal(str_hash(S("ab")), str_hash(S("ba")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_views_may_have_no_pointer),
		cmocka_unit_test(texts_compare_bytewise),
		cmocka_unit_test(parts_are_found),
		cmocka_unit_test(splitting_keeps_empty_parts),
		cmocka_unit_test(copies_live_in_the_arena),
		cmocka_unit_test(a_full_arena_gives_no_text),
		cmocka_unit_test(distances_match_the_plain_table),
		cmocka_unit_test(hashes_are_stable_and_differ),
	};
	return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
