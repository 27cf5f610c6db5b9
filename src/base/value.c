/*
 * value.c - typed values: comparing, copying, storing, printing.
 *
 * What it is:   one switch over the kinds per operation.
 * Promises:     value_decode refuses what value_encode does not write: kinds, days, instants,
 *               currencies and lists out of range. It reads no byte past the end.
 */
#include "base/value.h"

#include "base/num.h"
#include "base/num_int.h"
#include "base/time.h"

#include <math.h>
#include <string.h>

value value_none(void)
{
	return (value){ .kind = VALUE_NONE };
}

value value_text(str s)
{
	return (value){ .kind = VALUE_TEXT, .text = s };
}

value value_int(int64_t i)
{
	return (value){ .kind = VALUE_INT, .i = i };
}

value value_real(double d)
{
	return (value){ .kind = VALUE_REAL, .real = d };
}

value value_bool(bool b)
{
	return (value){ .kind = VALUE_BOOL, .i = b };
}

value value_time(int64_t at_us)
{
	return (value){ .kind = VALUE_TIME, .i = at_us };
}

value value_date(int64_t days)
{
	return (value){ .kind = VALUE_DATE, .i = days };
}

value value_money(int64_t minor, const char currency[3])
{
	value v = { .kind = VALUE_MONEY, .i = minor };
	memcpy(v.currency, currency, 3);
	return v;
}

static int cmp_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* What is no number comes before all numbers, so that the order stays total. */
static int cmp_real(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(b) - isnan(a);
	return (a > b) - (a < b);
}

/* Exact: turning the integer into a double would make neighbours above 2^53 equal. */
static int cmp_int_real(int64_t a, double b)
{
	if (isnan(b))
		return 1;
	if (b >= 0x1p63)
		return -1;
	if (b < -0x1p63)
		return 1;
	double whole = trunc(b);
	int c = cmp_i64(a, (int64_t)whole);
	return c != 0 ? c : cmp_real(whole, b);
}

static int cmp_number(value a, value b)
{
	if (a.kind == VALUE_INT)
		return b.kind == VALUE_INT ? cmp_i64(a.i, b.i) : cmp_int_real(a.i, b.real);
	return b.kind == VALUE_INT ? -cmp_int_real(b.i, a.real) : cmp_real(a.real, b.real);
}

static bool is_number(value v)
{
	return v.kind == VALUE_INT || v.kind == VALUE_REAL;
}

static int cmp_list(value a, value b)
{
	for (size_t i = 0; i < MIN(a.list.n, b.list.n); i++) {
		int c = value_cmp(a.list.items[i], b.list.items[i]);
		if (c != 0)
			return c;
	}
	return (a.list.n > b.list.n) - (a.list.n < b.list.n);
}

int value_cmp(value a, value b)
{
	if (is_number(a) && is_number(b))
		return cmp_number(a, b);
	if (a.kind != b.kind)
		return a.kind < b.kind ? -1 : 1;
	switch (a.kind) {
	case VALUE_TEXT:
		return str_cmp(a.text, b.text);
	case VALUE_MONEY: {
		int c = memcmp(a.currency, b.currency, 3);
		return c != 0 ? c : cmp_i64(a.i, b.i);
	}
	case VALUE_LIST:
		return cmp_list(a, b);
	case VALUE_NONE:
		return 0;
	case VALUE_BOOL:
	case VALUE_TIME:
	case VALUE_DATE:
	case VALUE_INT:
	case VALUE_REAL:
		break;
	}
	return cmp_i64(a.i, b.i);
}

bool value_eq(value a, value b)
{
	return value_cmp(a, b) == 0;
}

static value dup_list(struct arena *a, value v)
{
	value *items = ARENA_ARRAY(a, value, v.list.n);
	if (!items)
		return value_none();
	for (size_t i = 0; i < v.list.n; i++) {
		items[i] = value_dup(a, v.list.items[i]);
		if (a->over)
			return value_none();
	}
	v.list.items = items;
	return v;
}

value value_dup(struct arena *a, value v)
{
	if (v.kind == VALUE_LIST)
		return dup_list(a, v);
	if (v.kind != VALUE_TEXT)
		return v;
	str copy = str_dup(a, v.text);
	return copy.p ? value_text(copy) : value_none();
}

static void encode_one(struct buf *b, value v)
{
	buf_byte(b, (uint8_t)v.kind);
	switch (v.kind) {
	case VALUE_NONE:
		break;
	case VALUE_TEXT:
		buf_lenstr(b, v.text);
		break;
	case VALUE_REAL: {
		uint64_t bits;
		memcpy(&bits, &v.real, sizeof bits);
		buf_u64(b, bits);
		break;
	}
	case VALUE_BOOL:
		buf_byte(b, v.i != 0);
		break;
	case VALUE_INT:
	case VALUE_TIME:
	case VALUE_DATE:
		buf_zigzag(b, v.i);
		break;
	case VALUE_MONEY:
		buf_put(b, v.currency, 3);
		buf_zigzag(b, v.i);
		break;
	case VALUE_LIST:
		buf_varint(b, v.list.n);
		break;
	}
}

void value_encode(struct buf *b, value v)
{
	if (v.kind == VALUE_LIST && v.list.n > VALUE_LIST_MAX) {
		b->over = true;
		return;
	}
	encode_one(b, v);
	for (size_t i = 0; v.kind == VALUE_LIST && i < v.list.n; i++) {
		CHECK(v.list.items[i].kind != VALUE_LIST);
		encode_one(b, v.list.items[i]);
	}
}

static bool decode_ranged(struct reader *r, int64_t least, int64_t most, value *v)
{
	v->i = reader_zigzag(r);
	return v->i >= least && v->i <= most;
}

static bool decode_currency(struct reader *r, value *v)
{
	str code = reader_bytes(r, 3);
	if (r->bad)
		return false;
	for (size_t i = 0; i < code.n; i++)
		if (code.p[i] < 'A' || code.p[i] > 'Z')
			return false;
	memcpy(v->currency, code.p, 3);
	return true;
}

static bool decode_one(struct reader *r, value *v)
{
	uint8_t kind = reader_byte(r);
	if (r->bad || kind > VALUE_LIST)
		return false;
	*v = (value){ .kind = (enum value_kind)kind };
	switch (v->kind) {
	case VALUE_NONE:
	case VALUE_LIST:
		break;
	case VALUE_TEXT:
		v->text = reader_lenstr(r);
		break;
	case VALUE_REAL: {
		uint64_t bits = reader_u64(r);
		memcpy(&v->real, &bits, sizeof bits);
		break;
	}
	case VALUE_BOOL:
		v->i = reader_byte(r);
		return !r->bad && v->i <= 1;
	case VALUE_INT:
		v->i = reader_zigzag(r);
		break;
	case VALUE_TIME:
		return decode_ranged(r, TIME_MIN_US, TIME_MAX_US, v) && !r->bad;
	case VALUE_DATE:
		return decode_ranged(r, TIME_MIN_US / US_PER_DAY, TIME_MAX_US / US_PER_DAY, v) &&
		       !r->bad;
	case VALUE_MONEY:
		if (!decode_currency(r, v))
			return false;
		v->i = reader_zigzag(r);
		break;
	}
	return !r->bad;
}

bool value_decode(struct reader *r, struct arena *a, value *v_r)
{
	value v;
	if (!decode_one(r, &v))
		return false;
	if (v.kind == VALUE_LIST) {
		uint64_t n = reader_varint(r);
		/* Each item takes a byte at least: a short record cannot ask for much memory. */
		if (r->bad || n > VALUE_LIST_MAX || n > (uint64_t)(r->end - r->p))
			return false;
		value *items = ARENA_ARRAY(a, value, (size_t)n);
		if (!items)
			return false;
		for (size_t i = 0; i < n; i++)
			if (!decode_one(r, &items[i]) || items[i].kind == VALUE_LIST)
				return false;
		v.list.items = items;
		v.list.n = (size_t)n;
	}
	*v_r = v;
	return true;
}

void value_skip(struct reader *r)
{
	value v;
	if (!decode_one(r, &v)) {
		r->bad = true;
		return;
	}
	if (v.kind != VALUE_LIST)
		return;
	for (uint64_t n = reader_varint(r); n > 0 && !r->bad; n--)
		r->bad |= !decode_one(r, &v);
}

static void print_money(struct buf *b, value v)
{
	int digits = num_currency_digits(v.currency);
	uint64_t scale = 1;
	for (int i = 0; i < digits; i++)
		scale *= 10;
	uint64_t minor = v.i < 0 ? -(uint64_t)v.i : (uint64_t)v.i;
	buf_printf(b, "%s%llu", v.i < 0 ? "-" : "", (unsigned long long)(minor / scale));
	if (digits > 0)
		buf_printf(b, ".%0*llu", digits, (unsigned long long)(minor % scale));
	buf_byte(b, ' ');
	buf_put(b, v.currency, 3);
}

void value_print(struct buf *b, value v)
{
	char text[TIME_TEXT_MAX];
	char number[NUM_REAL_TEXT_MAX];
	switch (v.kind) {
	case VALUE_NONE:
		break;
	case VALUE_TEXT:
		buf_str(b, v.text);
		break;
	case VALUE_INT:
		buf_printf(b, "%lld", (long long)v.i);
		break;
	case VALUE_REAL:
		buf_str(b, num_format_real(number, v.real));
		break;
	case VALUE_BOOL:
		buf_cstr(b, v.i ? "true" : "false");
		break;
	case VALUE_TIME:
		buf_str(b, time_print(text, v.i));
		break;
	case VALUE_DATE:
		buf_str(b, time_print_date(text, v.i));
		break;
	case VALUE_MONEY:
		print_money(b, v);
		break;
	case VALUE_LIST:
		for (size_t i = 0; i < v.list.n; i++) {
			if (i > 0)
				buf_byte(b, ';');
			value_print(b, v.list.items[i]);
		}
		break;
	}
}

const char *value_kind_name(enum value_kind kind)
{
	static const char *const NAMES[] = {
		[VALUE_NONE] = "unknown", [VALUE_TEXT] = "text",   [VALUE_INT] = "number",
		[VALUE_REAL] = "number",  [VALUE_BOOL] = "yes/no", [VALUE_TIME] = "time",
		[VALUE_DATE] = "date",	  [VALUE_MONEY] = "money", [VALUE_LIST] = "list",
	};
	return (size_t)kind < ARRAY_LEN(NAMES) ? NAMES[kind] : "unknown";
}
