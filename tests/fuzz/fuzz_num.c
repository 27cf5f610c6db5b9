/*
 * fuzz_num.c - numbers of machines and people, amounts, stored values, folded text.
 *
 * What it is:   the first byte chooses the reader and how it reads; the rest is what it reads.
 * Promises:     numbers are finite and read back as printed; an amount agrees with the number that
 *               the same text gives; stored values are written again as the same bytes.
 */
#include "fuzz/replay.h"

#include "base/num.h"
#include "base/value.h"

#include <math.h>
#include <string.h>

static struct arena arena;

static void machine(str s, uint8_t how)
{
	(void)how;
	int64_t i;
	uint64_t u;
	double v;
	double back;
	bool whole = num_parse_i64(s, &i);
	if (num_parse_u64(s, &u) && u <= INT64_MAX)
		CHECK(whole && (uint64_t)i == u);
	if (num_parse_real(s, &v)) {
		CHECK(isfinite(v));
		CHECK(num_parse_real(num_print_real(&arena, v), &back));
		CHECK(memcmp(&v, &back, sizeof v) == 0);
	}
	if (whole)
		CHECK(num_parse_real(s, &v) || s.n >= 512);
}

static void human(str s, uint8_t how)
{
	enum num_decimal decimal = (enum num_decimal)(how % 3);
	int digits = how / 3 % 5;
	double v;
	int64_t minor;
	bool number = num_parse_human(s, decimal, &v);
	bool amount = num_parse_minor(s, decimal, digits, &minor);
	CHECK(number || !amount);
	if (number)
		CHECK(isfinite(v));
	if (!amount)
		return;
	double scaled = v * pow(10, digits);
	CHECK(fabs(scaled - (double)minor) <= 0.5 + fabs(scaled) * 1e-9);
}

static void stored(str s, uint8_t how)
{
	(void)how;
	struct reader r;
	value v;
	reader_init(&r, s.p, s.n);
	if (!value_decode(&r, &arena, &v))
		return;
	size_t used = s.n - (size_t)(r.end - r.p);
	struct buf b;
	err e;
	buf_init(&b, MIB);
	value_encode(&b, v);
	CHECK(buf_ok(&b, &e));
	CHECK(str_eq(buf_view(&b), str_sub(s, 0, used)));
	CHECK(value_eq(v, value_dup(&arena, v)));
	buf_clear(&b);
	value_print(&b, v);
	CHECK(buf_ok(&b, &e));
	buf_fini(&b);
}

static void text(str s, uint8_t how)
{
	size_t half = s.n / 2;
	size_t apart = str_distance(str_sub(s, 0, half), str_sub(s, half, s.n), how % 65);
	CHECK(apart <= how % 65 + (size_t)1);
	str once = str_fold(&arena, s);
	CHECK(once.p && str_is_utf8(once) == str_is_utf8(s));
	CHECK(str_eq(once, str_fold(&arena, once)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const READERS[])(str, uint8_t) = { machine, human, stored, text };
	if (n == 0)
		return 0;
	if (arena.bytes_max == 0)
		arena_init(&arena, 64 * MIB);
	arena_reset(&arena);
	size_t reader = data[0] % ARRAY_LEN(READERS);
	uint8_t how = (uint8_t)(data[0] / ARRAY_LEN(READERS));
	READERS[reader]((str){ (const char *)data + 1, n - 1 }, how);
	return 0;
}
