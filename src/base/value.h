/*
 * value.h - one typed value: what a property of a touch, a trait or a cell of a table holds.
 *
 * What it is:   a small tagged union, passed by value; text and lists are borrowed.
 * Promises:     value_cmp is a total order within a kind; numbers of both kinds compare as numbers.
 */
#ifndef TRICHTER_VALUE_H
#define TRICHTER_VALUE_H

#include "base/buf.h"

enum value_kind {
	VALUE_NONE, /* unknown: satisfies no comparison */
	VALUE_TEXT,
	VALUE_INT,
	VALUE_REAL,
	VALUE_BOOL,
	VALUE_TIME,  /* int64 microseconds UTC since 1970 */
	VALUE_DATE,  /* a calendar day, as days since 1970-01-01 */
	VALUE_MONEY, /* integer minor units and an ISO 4217 currency */
	VALUE_LIST,  /* of any of the above; never of lists */
};

typedef struct value {
	enum value_kind kind;
	char currency[4]; /* VALUE_MONEY: three letters and a NUL */
	union {
		str text;
		int64_t i; /* INT, BOOL (0, 1), TIME (us), DATE (days), MONEY (minor units) */
		double real;
		struct {
			const struct value *items;
			size_t n;
		} list;
	};
} value;

#define VALUE_LIST_MAX 10000

value value_none(void);
value value_text(str s);
value value_int(int64_t i);
value value_real(double d);
value value_bool(bool b);
value value_time(int64_t at_us);
value value_date(int64_t days);
value value_money(int64_t minor, const char currency[3]);

/* As value_cmp gives 0: an unknown value equals another one here; that it satisfies no comparison
 * is the rule language's to see to. */
bool value_eq(value a, value b);
/* <0, 0, >0; kinds that do not compare are ordered by kind. Money of two currencies by currency. */
int value_cmp(value a, value b);
/* Deep copy into the arena; VALUE_NONE when the arena is full (check a->over). */
value value_dup(struct arena *a, value v);
/* Binary form, self-describing; value_decode's views point into what is read, lists into `a`. A
 * list of more than VALUE_LIST_MAX makes buf_ok fail. value_decode's false: not what value_encode
 * wrote, or the arena is full. */
void value_encode(struct buf *b, value v);
bool value_decode(struct reader *r, struct arena *a, value *v_r) MUST_CHECK;
/* Passes over what value_decode would read, without looking into it; at the end of what is read, or
 * past it, r->bad says so. */
void value_skip(struct reader *r);
/* As people read it and files carry it: text as it is, numbers plain, times RFC 3339, dates
 * 2026-01-31, money "12.50 EUR", yes/no as true/false, lists separated by ";". */
void value_print(struct buf *b, value v);
/* "text", "number", "date", ... */
const char *value_kind_name(enum value_kind kind);

#endif
