/*
 * num.c - numbers that machines wrote, and how we write them.
 *
 * What it is:   strict decimal parsing; reals through an exact short cut where there is one, else
 *               through the C library in its own "C" locale.
 * Promises:     no allocation but the arena's; the process's locale has no say.
 */
#include "base/num.h"
#include "base/num_int.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer numbers are refused: no program writes them, and strtod wants a copy. */
#define NUM_BYTES_MAX 512

bool num_parse_u64(str s, uint64_t *v_r)
{
	if (s.n == 0)
		return false;
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (MUL_OVERFLOWS(v, 10u, &v) || ADD_OVERFLOWS(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*v_r = v;
	return true;
}

bool num_parse_i64(str s, int64_t *v_r)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	if (minus || (s.n > 0 && s.p[0] == '+'))
		s = str_sub(s, 1, s.n);
	uint64_t v;
	if (!num_parse_u64(s, &v) || v > (uint64_t)INT64_MAX + minus)
		return false;
	*v_r = (int64_t)(minus ? -v : v);
	return true;
}

/* A number taken apart; `mantissa` holds the first 19 digits that count. */
struct decimal {
	bool minus;
	bool exact; /* mantissa * 10^exponent is the whole number */
	uint64_t mantissa;
	int64_t exponent;
};

static size_t digits_at(str s, size_t i)
{
	size_t n = 0;
	while (i + n < s.n && s.p[i + n] >= '0' && s.p[i + n] <= '9')
		n++;
	return n;
}

static void decimal_add(struct decimal *d, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (d->mantissa > (UINT64_MAX - 9) / 10)
			d->exact = false;
		else
			d->mantissa = d->mantissa * 10 + (uint64_t)(p[i] - '0');
	}
}

/* Sign, digits with at most one point, exponent: and nothing else. */
static bool decimal_read(str s, struct decimal *d)
{
	*d = (struct decimal){ .exact = true };
	size_t i = 0;
	if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
		d->minus = s.p[i++] == '-';
	size_t whole = digits_at(s, i);
	decimal_add(d, s.p + i, whole);
	i += whole;
	size_t fraction = 0;
	if (i < s.n && s.p[i] == '.') {
		fraction = digits_at(s, ++i);
		decimal_add(d, s.p + i, fraction);
		i += fraction;
		d->exponent = -(int64_t)fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		bool minus = ++i < s.n && s.p[i] == '-';
		if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		size_t n = digits_at(s, i);
		if (n == 0)
			return false;
		int64_t e = 0;
		for (size_t k = 0; k < n; k++)
			e = MIN(e * 10 + (s.p[i + k] - '0'), INT64_C(100000));
		i += n;
		d->exponent += minus ? -e : e;
	}
	return i == s.n;
}

/* An integer below 2^53 times or by a power of ten up to 10^22 is one correctly rounded operation
 * (W. Clinger, "How to read floating point numbers accurately", 1990). */
static bool decimal_short_cut(const struct decimal *d, double *v_r)
{
	static const double TENS[] = { 1e0,  1e1,  1e2,	 1e3,  1e4,  1e5,  1e6,	 1e7,
				       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
				       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	int64_t most = (int64_t)ARRAY_LEN(TENS) - 1;
	if (!d->exact || d->mantissa >> 53 != 0 || d->exponent < -most || d->exponent > most)
		return false;
	double v = (double)d->mantissa;
	v = d->exponent < 0 ? v / TENS[-d->exponent] : v * TENS[d->exponent];
	*v_r = d->minus ? -v : v;
	return true;
}

static bool real_read(const char *nul_terminated, double *v_r)
{
	static locale_t plain;
	/* The library's own constant: no memory is taken, and every thread gets the same. */
	locale_t c = __atomic_load_n(&plain, __ATOMIC_RELAXED);
	if (!c) {
		c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
		CHECK(c);
		__atomic_store_n(&plain, c, __ATOMIC_RELAXED);
	}
	double v = strtod_l(nul_terminated, NULL, c);
	if (!isfinite(v))
		return false;
	*v_r = v;
	return true;
}

bool num_parse_real(str s, double *v_r)
{
	struct decimal d;
	if (s.n == 0 || s.n >= NUM_BYTES_MAX || !decimal_read(s, &d))
		return false;
	if (decimal_short_cut(&d, v_r))
		return true;
	char text[NUM_BYTES_MAX];
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return real_read(text, v_r);
}

/* The process's locale may have put another mark, of several bytes even, where the point belongs.
 */
static size_t real_point(char *text)
{
	size_t to = 0;
	for (size_t i = 0; text[i]; i++) {
		bool own = strchr("0123456789+-e", text[i]);
		if (own)
			text[to++] = text[i];
		else if (to > 0 && text[to - 1] != '.')
			text[to++] = '.';
	}
	text[to] = '\0';
	return to;
}

str num_format_real(char text[NUM_REAL_TEXT_MAX], double v)
{
	if (!isfinite(v))
		return isnan(v) ? S("nan") : v < 0 ? S("-inf") : S("inf");
	size_t n = 0;
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, NUM_REAL_TEXT_MAX, "%.*g", digits, v);
		n = real_point(text);
		double back;
		if (num_parse_real((str){ text, n }, &back) && back == v)
			break;
	}
	return (str){ text, n };
}

str num_print_real(struct arena *a, double v)
{
	char text[NUM_REAL_TEXT_MAX];
	return str_dup(a, num_format_real(text, v));
}
