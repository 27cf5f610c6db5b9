/*
 * rule_number.c - numbers of rules, exactly.
 *
 * What it is:   "2.5k", "5%", "1e6" as mantissa and decimal places, so that money and integers are
 *               compared without rounding; numbers with more than 18 digits fall back to a double.
 * Promises:     decimal_parse(decimal_print(d)) gives d.
 */
#include "rule/rule_int.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES_MAX 64

/* The parts of a number as written. */
struct parts {
	str whole, fraction;
	bool negative;
	int64_t exponent; /* of ten, suffix included */
};

static str take_digits(str *rest)
{
	size_t n = 0;
	while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
		n++;
	str digits = str_sub(*rest, 0, n);
	*rest = str_sub(*rest, n, rest->n - n);
	return digits;
}

static bool take_char(str *rest, char a, char b)
{
	if (rest->n == 0 || (rest->p[0] != a && rest->p[0] != b))
		return false;
	*rest = str_sub(*rest, 1, rest->n - 1);
	return true;
}

static bool take_exponent(str *rest, int64_t *exponent_r)
{
	bool negative = take_char(rest, '-', '-');
	if (!negative)
		(void)take_char(rest, '+', '+');
	str digits = take_digits(rest);
	if (digits.n == 0 || digits.n > 5 || !num_parse_i64(digits, exponent_r))
		return false;
	*exponent_r = negative ? -*exponent_r : *exponent_r;
	return true;
}

/* [+-] digits [. digits] and then nothing, an exponent, or one of k, m, %. */
static bool take_apart(str s, struct parts *q)
{
	*q = (struct parts){ 0 };
	if (s.n > NUMBER_BYTES_MAX)
		return false;
	q->negative = take_char(&s, '-', '-');
	if (!q->negative)
		(void)take_char(&s, '+', '+');
	q->whole = take_digits(&s);
	if (take_char(&s, '.', '.'))
		q->fraction = take_digits(&s);
	if (q->whole.n + q->fraction.n == 0)
		return false;
	if (take_char(&s, 'e', 'E'))
		return take_exponent(&s, &q->exponent) && s.n == 0;
	if (take_char(&s, 'k', 'K'))
		q->exponent = 3;
	else if (take_char(&s, 'm', 'M'))
		q->exponent = 6;
	else if (take_char(&s, '%', '%'))
		q->exponent = -2;
	return s.n == 0;
}

static bool push_digits(str digits, int64_t *mant)
{
	for (size_t i = 0; i < digits.n; i++)
		if (MUL_OVERFLOWS(*mant, 10, mant) ||
		    ADD_OVERFLOWS(*mant, (int64_t)(digits.p[i] - '0'), mant))
			return false;
	return true;
}

/* Sets mant, scale and exact; exact false: more digits than fit. */
static void set_exact(const struct parts *q, struct decimal *d)
{
	str fraction = q->fraction;
	while (fraction.n > 0 && fraction.p[fraction.n - 1] == '0')
		fraction.n--;
	int64_t mant = 0;
	if (!push_digits(q->whole, &mant) || !push_digits(fraction, &mant))
		return;
	int64_t scale = mant == 0 ? 0 : (int64_t)fraction.n - q->exponent;
	while (scale > 0 && mant % 10 == 0) {
		mant /= 10;
		scale--;
	}
	if (scale > DECIMAL_SCALE_MAX || scale < -DECIMAL_SCALE_MAX)
		return;
	for (; scale < 0; scale++)
		if (MUL_OVERFLOWS(mant, 10, &mant))
			return;
	d->mant = q->negative ? -mant : mant;
	d->scale = (int)scale;
	d->exact = true;
}

static bool set_real(const struct parts *q, struct decimal *d)
{
	char text[2 * NUMBER_BYTES_MAX];
	int n = snprintf(text, sizeof text, "%s%.*s.%.*se%lld", q->negative ? "-" : "",
			 STR_ARG(q->whole.n ? q->whole : S("0")),
			 STR_ARG(q->fraction.n ? q->fraction : S("0")), (long long)q->exponent);
	if (n < 0 || !num_parse_real(str_make(text, (size_t)n), &d->real))
		return false;
	if (d->real == 0)
		d->real = 0; /* not minus zero */
	return true;
}

static bool parse_once(str s, struct decimal *d)
{
	struct parts q;
	*d = (struct decimal){ 0 };
	if (!take_apart(s, &q) || !set_real(&q, d))
		return false;
	set_exact(&q, d);
	return true;
}

bool decimal_parse(struct arena *a, str s, struct decimal *d_r, bool *is_r)
{
	struct decimal d;
	*is_r = parse_once(s, &d);
	if (*is_r && !d.exact) {
		/* The double is all that is kept, so its shortest text decides: it may fit exactly.
		 */
		str shortest = num_print_real(a, d.real);
		if (!shortest.p)
			return false;
		*is_r = parse_once(shortest, &d);
	}
	*d_r = d;
	return true;
}

str decimal_print(struct arena *a, const struct decimal *d)
{
	if (!d->exact)
		return num_print_real(a, d->real);
	if (d->scale == 0)
		return str_printf(a, "%lld", (long long)d->mant);
	char digits[DECIMAL_SCALE_MAX + 24];
	bool negative = d->mant < 0;
	uint64_t magnitude = negative ? 0 - (uint64_t)d->mant : (uint64_t)d->mant;
	int n = snprintf(digits, sizeof digits, "%0*llu", d->scale + 1,
			 (unsigned long long)magnitude);
	return str_printf(a, "%s%.*s.%s", negative ? "-" : "", n - d->scale, digits,
			  digits + (n - d->scale));
}

static __int128 times_ten(int64_t v, int power)
{
	__int128 r = v;
	for (int i = 0; i < power; i++)
		r *= 10;
	return r;
}

int decimal_compare(int64_t v, int digits, const struct decimal *d)
{
	if (!d->exact) {
		long double scaled = (long double)v;
		for (int i = 0; i < digits; i++)
			scaled /= 10;
		return (scaled > d->real) - (scaled < d->real);
	}
	/* At most 2^63 * 10^18 < 2^123 on either side. */
	__int128 left = times_ten(v, d->scale), right = times_ten(d->mant, digits);
	return (left > right) - (left < right);
}
