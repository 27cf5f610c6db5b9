/*
 * rule_oracle.h - a small table of random rows, here and in SQLite.
 */
#ifndef TRICHTER_TEST_RULE_ORACLE_H
#define TRICHTER_TEST_RULE_ORACLE_H

#include "rule_common.h"

#include "base/rand.h"

#include <sqlite3.h>
#include <stdlib.h>

#define NOW	    (INT64_C(1769860800) * US_PER_S) /* 2026-01-31T12:00:00Z */
#define TODAY	    INT64_C(20484)
#define ROWS	    48
#define RULES	    20000
#define CELLS	    12
#define TOUCHES_MAX 6

static const struct rule_field ORACLE_FIELDS[] = {
	FIELD("t", RULE_TEXT),	  FIELD("n", RULE_NUMBER), FIELD("f", RULE_NUMBER),
	FIELD("b", RULE_BOOL),	  FIELD("at", RULE_TIME),  FIELD("day", RULE_TIME),
	FIELD("began", RULE_AGE), FIELD("m", RULE_MONEY),  FIELD("l", RULE_MULTI),
	FIELD("x", RULE_ANY),
};
static const struct rule_catalogue ORACLE = {
	.fields = ORACLE_FIELDS,
	.n = ARRAY_LEN(ORACLE_FIELDS),
	.behaviour = true,
};

static const char *const TEXTS[] = { "red",	 "Red Blue",  "blue", "dark-red", "reddish blue",
				     "Blue/red", "green red", "12",   "3.5",	  "b" };
static const char *const ITEMS[] = { "ga", "HubSpot", "jira", "crm" };
static const char *const NAMES[] = { "page_viewed", "call_made", "Order Completed" };
static const char *const PATHS[] = { "/pricing", "/blog", "/pricing/big" };

struct oracle {
	struct rng rng;
	sqlite3 *db;
	struct cell cells[ROWS][CELLS];
	value items[ROWS][4];
	struct touched touches[ROWS][TOUCHES_MAX];
	struct person people[ROWS];
};

static uint64_t below(struct oracle *o, uint64_t n)
{
	return rng_below(&o->rng, n);
}
#define PICK(o, array) ((array)[below((o), ARRAY_LEN(array))])

/* ---- the rows, here and there ---------------------------------------------------------------- */

/* SQLite's own printf: %Q is a text in quotes, or NULL. */
static void run(sqlite3 *db, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *sql = sqlite3_vmprintf(fmt, ap);
	va_end(ap);
	char *why = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s\n  %s", why, sql);
	sqlite3_free(sql);
}

/* The words of the text between single blanks, for LIKE. */
static const char *words_of(const char *text, char out[64])
{
	size_t n = 0;
	out[n++] = ' ';
	for (; *text; text++) {
		bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
			      (*text >= '0' && *text <= '9');
		out[n++] = letter ? *text : ' ';
	}
	out[n++] = ' ';
	out[n] = '\0';
	return out;
}

static void set_cell(struct oracle *o, int row, const char *name, value v)
{
	struct person *p = &o->people[row];
	assert_true(p->cells_n < CELLS);
	o->cells[row][p->cells_n++] = (struct cell){ name, v };
}

static void set_number(struct oracle *o, int row, const char *column, value v)
{
	set_cell(o, row, column, v);
	if (v.kind == VALUE_REAL)
		run(o->db, "UPDATE r SET %s = %.17g WHERE id = %d", column, v.real, row);
	else
		run(o->db, "UPDATE r SET %s = %lld WHERE id = %d", column, (long long)v.i, row);
}

static void set_text(struct oracle *o, int row, const char *column, const char *text)
{
	char words[64];
	set_cell(o, row, column, value_text(str_of(text)));
	run(o->db, "UPDATE r SET %s = %Q, %s_w = %Q WHERE id = %d", column, text, column,
	    words_of(text, words), row);
}

static void make_lists(struct oracle *o, int row)
{
	value list = { .kind = VALUE_LIST, .list = { o->items[row], 0 } };
	for (size_t i = 0; i < ARRAY_LEN(ITEMS); i++) {
		if (below(o, 2))
			continue;
		o->items[row][list.list.n++] = value_text(str_of(ITEMS[i]));
		run(o->db, "INSERT INTO l VALUES (%d, %Q)", row, ITEMS[i]);
	}
	run(o->db, "UPDATE r SET l_known = 1 WHERE id = %d", row);
	set_cell(o, row, "l", list);
}

static void make_touches(struct oracle *o, int row)
{
	struct person *p = &o->people[row];
	for (uint64_t n = below(o, TOUCHES_MAX + 1); n > 0; n--) {
		struct touched t = { .name = PICK(o, NAMES),
				     .at_us = NOW - (int64_t)below(o, 60) * US_PER_DAY,
				     .path = below(o, 3) ? PICK(o, PATHS) : NULL,
				     .depth = (int64_t)below(o, 4) };
		o->touches[row][p->touches_n++] = t;
		run(o->db, "INSERT INTO d VALUES (%d, %Q, %lld, %Q, %lld)", row, t.name,
		    (long long)t.at_us, t.path, (long long)t.depth);
	}
}

static void make_any(struct oracle *o, int row)
{
	const char *text = PICK(o, TEXTS);
	switch (below(o, 3)) {
	case 0:
		set_number(o, row, "x", value_int((int64_t)below(o, 14)));
		break;
	case 1:
		set_number(o, row, "x", value_real((double)below(o, 8) / 2));
		break;
	default:
		set_text(o, row, "x", text);
		if (text[0] >= '0' && text[0] <= '9')
			run(o->db, "UPDATE r SET x_n = %s WHERE id = %d", text, row);
		break;
	}
}

static void make_row(struct oracle *o, int row)
{
	struct person *p = &o->people[row];
	*p = (struct person){ .cells = o->cells[row], .touches = o->touches[row], .now_us = NOW };
	run(o->db, "INSERT INTO r (id) VALUES (%d)", row);
	if (below(o, 4))
		set_text(o, row, "t", PICK(o, TEXTS));
	if (below(o, 4))
		set_number(o, row, "n", value_int((int64_t)below(o, 20) - 5));
	if (below(o, 4))
		set_number(o, row, "f", value_real((double)below(o, 20) / 4));
	if (below(o, 4))
		set_number(o, row, "b", value_bool(below(o, 2)));
	if (below(o, 4))
		set_number(o, row, "at",
			   value_time(NOW + ((int64_t)below(o, 60) - 50) * (US_PER_DAY / 2)));
	if (below(o, 4))
		set_number(o, row, "day", value_date(TODAY - (int64_t)below(o, 30) + 3));
	if (below(o, 4))
		set_number(o, row, "began", value_time(NOW - (int64_t)below(o, 40) * US_PER_DAY));
	if (below(o, 4)) {
		const char *currency = below(o, 2) ? "EUR" : "USD";
		set_number(o, row, "m", value_money((int64_t)below(o, 12) * 50, currency));
		run(o->db, "UPDATE r SET m_c = %Q WHERE id = %d", currency, row);
	}
	if (below(o, 4))
		make_lists(o, row);
	if (below(o, 5))
		make_any(o, row);
	make_touches(o, row);
	p->list = below(o, 2) ? "fair" : NULL;
	p->segment = below(o, 2) ? "hot" : NULL;
	run(o->db, "UPDATE r SET fair = %d, hot = %d WHERE id = %d", p->list != NULL,
	    p->segment != NULL, row);
}

#endif
