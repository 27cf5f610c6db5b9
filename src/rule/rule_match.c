/*
 * rule_match.c - one value of a row beside one value of a rule.
 *
 * What it is:   the row's value says what kind of comparison it is; the rule's value is read as
 * that kind where it can be. Text in a row that stands beside a number, a time or a true/false of
 * the rule is read as one. Promises:     no memory; values that do not compare are neither equal
 * nor in order.
 */
#include "rule/rule_int.h"

#include "base/num.h"

#include <math.h>
#include <string.h>

#define DAYS_MIN INT64_C(-719162) /* 0001-01-01 */
#define DAYS_MAX INT64_C(2932896) /* 9999-12-31 */

static enum order order_of(int sign)
{
	return sign < 0 ? ORDER_LESS : sign > 0 ? ORDER_GREATER : ORDER_EQUAL;
}

static enum order match_real(double v, const struct literal *l)
{
	if (!l->has_number || isnan(v))
		return ORDER_NONE;
	return order_of((v > l->number.real) - (v < l->number.real));
}

/* [from, to) of a time or a day; an instant has both equal. False: no time that exists. */
static bool value_times(value v, int64_t *from_r, int64_t *to_r)
{
	if (v.kind == VALUE_DATE) {
		if (v.i < DAYS_MIN || v.i > DAYS_MAX)
			return false;
		*from_r = time_local_midnight(v.i);
		*to_r = time_local_midnight(v.i + 1);
		return true;
	}
	*from_r = *to_r = v.i;
	return v.kind == VALUE_TIME && v.i >= TIME_MIN_US && v.i <= TIME_MAX_US;
}

/* An instant lies before, within or after a day; two days and two instants compare as they are. */
static int times_order(int64_t from, int64_t to, int64_t other_from, int64_t other_to)
{
	if (from == to && other_from == other_to)
		return (from > other_from) - (from < other_from);
	if (from == to)
		return from < other_from ? -1 : from >= other_to;
	if (other_from == other_to)
		return other_from < from ? 1 : other_from >= to ? -1 : 0;
	return (from > other_from) - (from < other_from);
}

static enum order match_time(value v, const struct literal *l, int64_t now_us)
{
	int64_t from, to;
	if (!value_times(v, &from, &to))
		return ORDER_NONE;
	if (l->kind == LITERAL_SPAN) {
		/* An age is larger the earlier it began. */
		int64_t began = time_add(now_us, l->span, -1);
		return order_of((from < began) - (from > began));
	}
	if (!l->has_times)
		return ORDER_NONE;
	return order_of(times_order(from, to, l->from_us, l->to_us));
}

static enum order match_money(value v, const struct literal *l)
{
	if (l->kind == LITERAL_MONEY) {
		if (memcmp(v.currency, l->currency, 3) != 0)
			return ORDER_NONE;
		return order_of((v.i > l->minor) - (v.i < l->minor));
	}
	if (!l->has_number)
		return ORDER_NONE;
	int digits = num_currency_digits(v.currency);
	return order_of(decimal_compare(v.i, digits, &l->number));
}

/* Text of a row, read as an instant or a day; VALUE_NONE when it is neither. */
static value text_as_time(str s)
{
	int64_t at;
	if (s.n < 10 || s.p[4] != '-')
		return value_none();
	if (s.n == 10)
		return time_parse_date(s, &at, NULL) ? value_date(at) : value_none();
	return time_parse(s, &at, NULL) ? value_time(at) : value_none();
}

static enum order match_text(str s, const struct literal *l, int64_t now_us)
{
	double real;
	bool flag;
	switch (l->kind) {
	case LITERAL_TEXT:
		return fold_compare(s, l->folded) == 0 ? ORDER_EQUAL : ORDER_NONE;
	case LITERAL_NUMBER:
		if (!num_parse_real(str_trim(s), &real))
			return ORDER_NONE;
		return match_real(real, l);
	case LITERAL_BOOL:
		flag = fold_compare(s, S("true")) == 0;
		if (!flag && fold_compare(s, S("false")) != 0)
			return ORDER_NONE;
		return flag == l->flag ? ORDER_EQUAL : ORDER_NONE;
	case LITERAL_INSTANT:
	case LITERAL_DAY:
	case LITERAL_SPAN:
		return match_time(text_as_time(str_trim(s)), l, now_us);
	case LITERAL_MONEY:
		return ORDER_NONE;
	}
	return ORDER_NONE;
}

enum order match_value(value v, const struct literal *l, int64_t now_us)
{
	switch (v.kind) {
	case VALUE_TEXT:
		return match_text(v.text, l, now_us);
	case VALUE_INT:
		return l->has_number ? order_of(decimal_compare(v.i, 0, &l->number)) : ORDER_NONE;
	case VALUE_REAL:
		return match_real(v.real, l);
	case VALUE_BOOL:
		return l->has_flag && l->flag == (v.i != 0) ? ORDER_EQUAL : ORDER_NONE;
	case VALUE_TIME:
	case VALUE_DATE:
		return match_time(v, l, now_us);
	case VALUE_MONEY:
		return match_money(v, l);
	case VALUE_NONE:
	case VALUE_LIST:
		break;
	}
	return ORDER_NONE;
}

bool match_within(value v, const struct literal *span, int64_t now_us)
{
	int64_t from, to;
	if (v.kind == VALUE_TEXT)
		v = text_as_time(str_trim(v.text));
	if (!value_times(v, &from, &to))
		return false;
	int64_t began = time_add(now_us, span->span, -1);
	return times_order(from, to, began, began) >= 0 &&
	       times_order(from, to, now_us, now_us) <= 0;
}
