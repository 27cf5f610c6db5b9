/*
 * test_value.c - typed values: order, storage, print.
 */
#include "unit/base/base_test.h"

#include "base/mem.h"
#include "base/rand.h"
#include "base/time.h"
#include "base/value.h"

#include <math.h>

static value list_of(const value *items, size_t n)
{
	value v = { .kind = VALUE_LIST };
	v.list.items = items;
	v.list.n = n;
	return v;
}

static value any_scalar(struct rng *r)
{
	static const char *const TEXTS[] = { "", "a", "ab", "b", "zürich" };
	static const double REALS[] = { 0, -0.0, 1, 0.5, -1.5, 1e300, 9007199254740992.0, 0x1p63 };
	static const int64_t INTS[] = { 0, 1, -1, 9007199254740993, INT64_MAX, INT64_MIN };
	switch (rng_below(r, 8)) {
	case 0:
		return value_none();
	case 1:
		return value_text(str_of(TEXTS[rng_below(r, ARRAY_LEN(TEXTS))]));
	case 2:
		return value_int(INTS[rng_below(r, ARRAY_LEN(INTS))]);
	case 3:
		return value_real(rng_chance(r, 0.1) ? NAN : REALS[rng_below(r, ARRAY_LEN(REALS))]);
	case 4:
		return value_bool(rng_chance(r, 0.5));
	case 5:
		return value_time((int64_t)rng_below(r, 3) * 1000 - 1000);
	case 6:
		return value_date((int64_t)rng_below(r, 3) - 1);
	default:
		return value_money((int64_t)rng_below(r, 3) - 1,
				   rng_chance(r, 0.5) ? "EUR" : "USD");
	}
}

static value any_value(struct rng *r, value items[4])
{
	if (rng_below(r, 5) > 0)
		return any_scalar(r);
	size_t n = rng_below(r, 5);
	for (size_t i = 0; i < n; i++)
		items[i] = any_scalar(r);
	return list_of(items, n);
}

static int sign(int c)
{
	return (c > 0) - (c < 0);
}

static void the_order_is_total(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 21);
	for (int round = 0; round < 300000; round++) {
		value ia[4];
		value ib[4];
		value ic[4];
		value a = any_value(&r, ia);
		value b = any_value(&r, ib);
		value c = any_value(&r, ic);
		assert_int_equal(value_cmp(a, a), 0);
		assert_int_equal(sign(value_cmp(a, b)), -sign(value_cmp(b, a)));
		assert_int_equal(value_eq(a, b), value_cmp(a, b) == 0);
		if (value_cmp(a, b) <= 0 && value_cmp(b, c) <= 0)
			assert_true(value_cmp(a, c) <= 0);
	}
}

static void numbers_compare_as_numbers(void **state)
{
	(void)state;
	static const struct {
		int64_t i;
		double real;
		int sign;
	} CASES[] = {
		{ 1, 1.0, 0 },
		{ 1, 1.5, -1 },
		{ -1, -1.5, 1 },
		{ -2, -1.5, -1 },
		{ 9007199254740993, 9007199254740992.0, 1 },
		{ INT64_MAX, 0x1p63, -1 },
		{ INT64_MIN, -0x1p63, 0 },
		{ INT64_MIN, -0x1.8p63, 1 },
		{ 0, -0.0, 0 },
		{ INT64_MAX, HUGE_VAL, -1 },
		{ INT64_MIN, -HUGE_VAL, 1 },
		{ INT64_MIN, NAN, 1 },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		int c = value_cmp(value_int(CASES[i].i), value_real(CASES[i].real));
		assert_int_equal(sign(c), CASES[i].sign);
	}
	assert_true(value_cmp(value_text(S("9")), value_int(1)) < 0);
	assert_true(value_cmp(value_money(1, "EUR"), value_money(0, "USD")) < 0);
	assert_true(value_eq(value_none(), value_none()));
}

static bool same_bits(value a, value b)
{
	if (a.kind != b.kind)
		return false;
	if (a.kind == VALUE_REAL)
		return memcmp(&a.real, &b.real, sizeof a.real) == 0;
	return value_eq(a, b);
}

static void what_is_stored_is_read_back(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 22);
	struct buf b;
	struct arena a;
	buf_init(&b, MEMORY_MAX);
	arena_init(&a, MEMORY_MAX);
	for (int round = 0; round < 100000; round++) {
		value items[4];
		value v = any_value(&r, items);
		value back;
		buf_clear(&b);
		arena_reset(&a);
		value_encode(&b, v);
		struct reader in;
		reader_init(&in, b.p, b.n);
		assert_true(value_decode(&in, &a, &back));
		assert_true(in.p == in.end);
		assert_true(same_bits(v, back));
		/* No part of it is a value by itself. */
		size_t cut = rng_below(&r, b.n);
		char *exact = malloc(cut + !cut);
		memcpy(exact, b.p, cut);
		reader_init(&in, exact, cut);
		assert_false(value_decode(&in, &a, &back));
		free(exact);
	}
	arena_fini(&a);
	buf_fini(&b);
}

static void small_values_are_small(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, MEMORY_MAX);
	value_encode(&b, value_int(5));
	assert_int_equal(b.n, 2);
	value_encode(&b, value_none());
	assert_int_equal(b.n, 3);
	value_encode(&b, value_text(S("abc")));
	assert_int_equal(b.n, 8);
	buf_fini(&b);
}

static void what_nobody_stored_is_refused(void **state)
{
	(void)state;
	static const str CASES[] = {
		S(""),
		S("\x09"),
		S("\xFF"),
		S("\x01\x05"
		  "abcd"),
		S("\x01"),
		S("\x03"
		  "1234567"),
		S("\x04\x02"),
		S("\x04"),
		S("\x02\x80"),
		S("\x07"
		  "eUR\x02"),
		S("\x07"
		  "EU"),
		S("\x07"
		  "EUR"),
		S("\x08\x01"),
		S("\x08\x01\x08\x00"),
		S("\x08\x91\x4E"),
		S("\x05\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
		S("\x06\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
		S("\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
	};
	struct arena a;
	arena_init(&a, MEMORY_MAX);
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct reader r;
		value v;
		reader_init(&r, CASES[i].p, CASES[i].n);
		if (value_decode(&r, &a, &v))
			fail_msg("case %zu was read as %s", i, value_kind_name(v.kind));
	}
	arena_fini(&a);
}

static void lists_have_a_largest_length(void **state)
{
	(void)state;
	static value items[VALUE_LIST_MAX + 1];
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		items[i] = value_int((int64_t)i);
	struct buf b;
	struct arena a;
	err e;
	value back;
	buf_init(&b, MEMORY_MAX);
	arena_init(&a, MEMORY_MAX);
	value_encode(&b, list_of(items, VALUE_LIST_MAX));
	assert_true(buf_ok(&b, &e));
	struct reader r;
	reader_init(&r, b.p, b.n);
	assert_true(value_decode(&r, &a, &back));
	assert_true(value_eq(back, list_of(items, VALUE_LIST_MAX)));
	value_encode(&b, list_of(items, VALUE_LIST_MAX + 1));
	assert_false(buf_ok(&b, &e));
	/* One more than allowed, though each of them is there: all unknown, one byte each. */
	static char long_list[3 + VALUE_LIST_MAX + 1] = "\x08\x91\x4E";
	reader_init(&r, long_list, sizeof long_list);
	assert_false(value_decode(&r, &a, &back));
	long_list[1] = '\x90';
	reader_init(&r, long_list, sizeof long_list - 1);
	assert_true(value_decode(&r, &a, &back));
	/* A list that claims more than its record holds takes no memory. */
	struct arena none;
	arena_init(&none, 0);
	reader_init(&r, "\x08\x90\x4E\x00", 4);
	assert_false(value_decode(&r, &none, &back));
	assert_false(none.over);
	arena_fini(&a);
	buf_fini(&b);
}

static void copies_are_deep(void **state)
{
	(void)state;
	char text[] = "text";
	value items[] = { value_text(str_of(text)), value_int(3) };
	struct arena a;
	arena_init(&a, MEMORY_MAX);
	value copy = value_dup(&a, list_of(items, 2));
	text[0] = 'X';
	items[1] = value_none();
	assert_int_equal(copy.list.n, 2);
	assert_text(copy.list.items[0].text, "text");
	assert_int_equal(copy.list.items[1].i, 3);
	assert_int_equal(value_dup(&a, value_text(S(""))).kind, VALUE_TEXT);
	arena_fini(&a);
	for (uint64_t n = 1; n < 3; n++) {
		arena_init(&a, MEMORY_MAX);
		/* The second time, the list's array fits the first block and the text does not. */
		static char wide[8000];
		value big[] = { value_text(str_make(wide, sizeof wide)) };
		mem_fail_at(n);
		value v = value_dup(&a, list_of(big, 1));
		mem_fail_at(0);
		assert_int_equal(v.kind, VALUE_NONE);
		assert_true(a.over && a.nomem);
		arena_fini(&a);
	}
}

static void values_print_as_people_read_them(void **state)
{
	(void)state;
	value items[] = { value_text(S("a")), value_int(-3), value_bool(true) };
	const struct {
		value v;
		const char *text;
	} cases[] = {
		{ value_none(), "" },
		{ value_text(S("as it is; so")), "as it is; so" },
		{ value_int(INT64_MIN), "-9223372036854775808" },
		{ value_real(12.0), "12" },
		{ value_real(0.25), "0.25" },
		{ value_bool(false), "false" },
		{ value_time(0), "1970-01-01T00:00:00Z" },
		{ value_date(-1), "1969-12-31" },
		{ value_money(1250, "EUR"), "12.50 EUR" },
		{ value_money(-5, "EUR"), "-0.05 EUR" },
		{ value_money(1250, "JPY"), "1250 JPY" },
		{ value_money(1250, "KWD"), "1.250 KWD" },
		{ value_money(INT64_MIN, "EUR"), "-92233720368547758.08 EUR" },
		{ list_of(items, 3), "a;-3;true" },
		{ list_of(items, 0), "" },
	};
	struct buf b;
	buf_init(&b, MEMORY_MAX);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_clear(&b);
		value_print(&b, cases[i].v);
		assert_text(buf_view(&b), cases[i].text);
	}
	buf_fini(&b);
	assert_string_equal(value_kind_name(VALUE_TEXT), "text");
	assert_string_equal(value_kind_name(VALUE_LIST), "list");
	assert_string_equal(value_kind_name((enum value_kind)77), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_is_total),
		cmocka_unit_test(numbers_compare_as_numbers),
		cmocka_unit_test(what_is_stored_is_read_back),
		cmocka_unit_test(small_values_are_small),
		cmocka_unit_test(what_nobody_stored_is_refused),
		cmocka_unit_test(lists_have_a_largest_length),
		cmocka_unit_test(copies_are_deep),
		cmocka_unit_test(values_print_as_people_read_them),
	};
	return cmocka_run_group_tests_name("base/value", tests, NULL, NULL);
}
