/*
 * rule_values.h - values of all kinds, short to write in tables.
 */
#ifndef TRICHTER_TEST_RULE_VALUES_H
#define TRICHTER_TEST_RULE_VALUES_H

#define NOW (INT64_C(1769860800) * US_PER_S) /* 2026-01-31T12:00:00Z */
#define DAY US_PER_DAY
#define TEXT(s)                                                                                    \
	{                                                                                          \
		.kind = VALUE_TEXT, .text = { s, sizeof s - 1 }                                    \
	}
#define INT(v)                                                                                     \
	{                                                                                          \
		.kind = VALUE_INT, .i = v                                                          \
	}
#define REAL(v)                                                                                    \
	{                                                                                          \
		.kind = VALUE_REAL, .real = v                                                      \
	}
#define BOOL(v)                                                                                    \
	{                                                                                          \
		.kind = VALUE_BOOL, .i = v                                                         \
	}
#define TIME(v)                                                                                    \
	{                                                                                          \
		.kind = VALUE_TIME, .i = v                                                         \
	}
#define DATE(v)                                                                                    \
	{                                                                                          \
		.kind = VALUE_DATE, .i = v                                                         \
	}
#define MONEY(v, c)                                                                                \
	{                                                                                          \
		.kind = VALUE_MONEY, .i = v, .currency = c                                         \
	}
#define LIST(a)                                                                                    \
	{                                                                                          \
		.kind = VALUE_LIST, .list = { a, ARRAY_LEN(a) }                                    \
	}

#endif
