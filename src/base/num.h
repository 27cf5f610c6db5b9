/*
 * num.h - numbers from text and arithmetic that does not wrap.
 *
 * Promises:     parsing takes the whole text or fails; no locale has any say.
 */
#ifndef TRICHTER_NUM_H
#define TRICHTER_NUM_H

#include "base/str.h"

#define ADD_OVERFLOWS(a, b, r) __builtin_add_overflow((a), (b), (r))
#define MUL_OVERFLOWS(a, b, r) __builtin_mul_overflow((a), (b), (r))

bool num_parse_i64(str s, int64_t *v_r) MUST_CHECK;
bool num_parse_u64(str s, uint64_t *v_r) MUST_CHECK;
/* Decimal point or exponent; finite only. */
bool num_parse_real(str s, double *v_r) MUST_CHECK;

/* Which mark stands before the fraction. */
enum num_decimal { NUM_POINT, NUM_COMMA, NUM_GUESS };
/* A number as people write it: "1,234.50" or "1.234,50" (by `decimal`; NUM_GUESS decides by the
 * last mark, and takes "1.234" and "1,234" as fractions, "1.234.567" not), a sign, blanks or
 * apostrophes as thousands, `k` `m` `%` not taken. Groups have three digits, the first one to
 * three. */
bool num_parse_human(str s, enum num_decimal decimal, double *v_r) MUST_CHECK;
/* The same as exact minor units: "1054" with 2 digits is 105400. More digits than the currency has
 * are rounded half away from zero. */
bool num_parse_minor(str s, enum num_decimal decimal, int digits, int64_t *minor_r) MUST_CHECK;
/* Digits after the point of a currency: 2, 0 for JPY and others, 3 for KWD and others. */
int num_currency_digits(const char currency[3]);
bool num_is_currency(str s); /* an ISO 4217 code in capitals that the project knows */
/* The shortest text that reads back as the same double; "12" for 12.0. What is not finite is
 * printed as "nan", "inf", "-inf", which num_parse_real refuses. */
str num_print_real(struct arena *a, double v);

#endif
