/*
 * test_oracle.c - random rules beside SQLite: each is written as SQL as well, and both must find
 * the same rows of a small table.
 *
 * SQL's third answer is taken away where it arises: a comparison with an unknown value is
 * coalesce(..., 0), or 1 after `or unknown`, so that NOT, AND and OR see two values only. Texts are
 * ASCII here, and SQLite's NOCASE stands for folding.
 */
#include "rule_oracle.h"

/* ---- a comparison in both languages ---------------------------------------------------------- */

struct both {
	char rule[2048];
	char sql[8192];
};

PRINTF_LIKE(2, 3) static void rule_add(struct both *b, const char *fmt, ...)
{
	size_t n = strlen(b->rule);
	va_list ap;
	va_start(ap, fmt);
	int added = vsnprintf(b->rule + n, sizeof b->rule - n, fmt, ap);
	va_end(ap);
	assert_true(added >= 0 && n + (size_t)added < sizeof b->rule);
}

PRINTF_LIKE(2, 3) static void sql_add(struct both *b, const char *fmt, ...)
{
	size_t n = strlen(b->sql);
	va_list ap;
	va_start(ap, fmt);
	int added = vsnprintf(b->sql + n, sizeof b->sql - n, fmt, ap);
	va_end(ap);
	assert_true(added >= 0 && n + (size_t)added < sizeof b->sql);
}

static const char *const MARKS[] = { "=", "!=", "<", "<=", ">", ">=" };

/* Closes what `coalesce(` opened. */
static void or_unknown(struct oracle *o, struct both *b)
{
	bool lets_pass = below(o, 4) == 0;
	if (lets_pass)
		rule_add(b, " or unknown");
	sql_add(b, ", %d)", lets_pass);
}

static void known(struct oracle *o, struct both *b, const char *rule, const char *sql)
{
	bool yes = below(o, 2);
	rule_add(b, "%s is %s", rule, yes ? "known" : "unknown");
	sql_add(b, "((%s) IS %s NULL)", sql, yes ? "NOT" : "");
}

static void text_list(struct oracle *o, struct both *b)
{
	rule_add(b, "(");
	sql_add(b, "(");
	for (uint64_t n = 1 + below(o, 4); n > 0; n--) {
		const char *text = PICK(o, TEXTS);
		rule_add(b, "\"%s\"%s", text, n > 1 ? ", " : ")");
		sql_add(b, "'%s'%s", text, n > 1 ? ", " : ")");
	}
}

static const struct {
	const char *pattern, *like;
} PATTERNS[] = {
	{ "red", "% red %" },		{ "RED*", "% red%" },
	{ "red blue", "% red blue %" }, { "red b*", "% red b%" },
	{ "dark r*", "% dark r%" },	{ "blue", "% blue %" },
	{ "re* blue", NULL },		{ "reddish bl*", "% reddish bl%" },
	{ "lue", "% lue %" },
};

static void compare_text(struct oracle *o, struct both *b)
{
	const char *text = PICK(o, TEXTS);
	bool not = below(o, 2);
	size_t i = below(o, ARRAY_LEN(PATTERNS));
	switch (below(o, 4)) {
	case 0:
		rule_add(b, "t %s \"%s\"", not ? "!=" : "=", text);
		sql_add(b, "coalesce(t %s '%s' COLLATE NOCASE", not ? "<>" : "=", text);
		break;
	case 1:
		rule_add(b, "t%s in ", not ? " not" : "");
		sql_add(b, "coalesce(t COLLATE NOCASE %s IN ", not ? "NOT" : "");
		text_list(o, b);
		break;
	case 2:
		rule_add(b, "t ~ \"%s\"", PATTERNS[i].pattern);
		if (PATTERNS[i].like)
			sql_add(b, "coalesce(t_w LIKE '%s'", PATTERNS[i].like);
		else /* a prefix, then a word: no LIKE says "the rest of a word" */
			sql_add(b,
				"coalesce(t_w LIKE '%% red blue %%' OR t_w LIKE '%% reddish blue %%'");
		break;
	default:
		known(o, b, "t", "t");
		return;
	}
	or_unknown(o, b);
}

/* A number of the rule, as SQL writes it. */
static void number(struct oracle *o, char rule[32], char sql[32])
{
	static const struct {
		const char *rule, *sql;
	} SPELLED[] = { { "0.01k", "10" }, { "350%", "3.5" }, { "1e1", "10" }, { "-2", "-2" } };
	if (below(o, 4) == 0) {
		size_t i = below(o, ARRAY_LEN(SPELLED));
		strcpy(rule, SPELLED[i].rule);
		strcpy(sql, SPELLED[i].sql);
		return;
	}
	snprintf(rule, 32, "%.2f", (double)below(o, 60) / 4 - 3);
	strcpy(sql, rule);
}

static void compare_numbers(struct oracle *o, struct both *b, const char *rule, const char *sql)
{
	char one[32], one_sql[32], two[32], two_sql[32];
	const char *mark = PICK(o, MARKS);
	bool not = below(o, 2);
	number(o, one, one_sql);
	number(o, two, two_sql);
	switch (below(o, 4)) {
	case 0:
		rule_add(b, "%s%s in (%s, %s)", rule, not ? " not" : "", one, two);
		sql_add(b, "coalesce((%s) %s IN (%s, %s)", sql, not ? "NOT" : "", one_sql, two_sql);
		break;
	case 1:
		if (atof(one_sql) <= atof(two_sql)) {
			rule_add(b, "%s between %s and %s", rule, one, two);
			sql_add(b, "coalesce((%s) BETWEEN %s AND %s", sql, one_sql, two_sql);
			break;
		}
		/* fall through */
	default:
		rule_add(b, "%s %s %s", rule, mark, one);
		sql_add(b, "coalesce((%s) %s %s", sql, mark, one_sql);
		break;
	}
}

static void compare_number(struct oracle *o, struct both *b)
{
	const char *column = below(o, 2) ? "n" : "f";
	if (below(o, 8) == 0) {
		known(o, b, column, column);
		return;
	}
	compare_numbers(o, b, column, column);
	or_unknown(o, b);
}

static void compare_bool(struct oracle *o, struct both *b)
{
	bool not = below(o, 2), yes = below(o, 2);
	rule_add(b, "b %s %s", not ? "!=" : "=", yes ? "true" : "false");
	sql_add(b, "coalesce(b %s %d", not ? "<>" : "=", yes);
	or_unknown(o, b);
}

/* `sql` gives microseconds. */
static void compare_times(struct oracle *o, struct both *b, const char *rule, const char *sql)
{
	char text[TIME_TEXT_MAX];
	int64_t day = TODAY - (int64_t)below(o, 40) + 3;
	long long from = day * US_PER_DAY, to = from + US_PER_DAY;
	int days = 1 + (int)below(o, 40);
	str d = time_print_date(text, day);
	size_t mark = below(o, 6);
	switch (below(o, 4)) {
	case 0:
		rule_add(b, "%s last %dd", rule, days);
		sql_add(b, "coalesce((%s) BETWEEN %lld AND %lld", sql,
			(long long)NOW - days * US_PER_DAY, (long long)NOW);
		break;
	case 1:
		rule_add(b, "%s %s %.*sT12:00:00Z", rule, MARKS[mark], STR_ARG(d));
		sql_add(b, "coalesce((%s) %s %lld", sql, MARKS[mark],
			from + (long long)US_PER_DAY / 2);
		break;
	default:
		rule_add(b, "%s %s %.*s", rule, MARKS[mark], STR_ARG(d));
		sql_add(b, "coalesce(");
		if (mark < 2)
			sql_add(b, "%s ((%s) >= %lld AND (%s) < %lld)", mark ? "NOT" : "", sql,
				from, sql, to);
		else
			sql_add(b, "(%s) %s %lld", sql,
				mark == 2 || mark == 5 ? MARKS[mark]
				: mark == 3	       ? "<"
						       : ">=",
				mark == 2 || mark == 5 ? from : to);
		break;
	}
}

static void compare_time(struct oracle *o, struct both *b)
{
	compare_times(o, b, "at", "at");
	or_unknown(o, b);
}

static void compare_day(struct oracle *o, struct both *b)
{
	char text[TIME_TEXT_MAX];
	int64_t day = TODAY - (int64_t)below(o, 30) + 3;
	const char *mark = PICK(o, MARKS);
	rule_add(b, "day %s %.*s", mark, STR_ARG(time_print_date(text, day)));
	sql_add(b, "coalesce(day %s %lld", mark, (long long)day);
	or_unknown(o, b);
}

static void compare_age(struct oracle *o, struct both *b)
{
	int days = (int)below(o, 40), hours = (int)below(o, 3) * 8;
	const char *mark = MARKS[2 + below(o, 4)];
	rule_add(b, "began %s %dd%dh", mark, days, hours);
	sql_add(b, "coalesce(%lld - began %s %lld", (long long)NOW, mark,
		days * (long long)US_PER_DAY + hours * 3600 * (long long)US_PER_S);
	or_unknown(o, b);
}

static void compare_money(struct oracle *o, struct both *b)
{
	size_t mark = below(o, 6);
	int minor = (int)below(o, 12) * 50;
	if (below(o, 2)) {
		rule_add(b, "m %s %d.%02d", MARKS[mark], minor / 100, minor % 100);
		sql_add(b, "coalesce(m %s %d", MARKS[mark], minor);
	} else {
		/* Another currency is known, and neither equal nor in order. */
		rule_add(b, "m %s %d.%02d eur", MARKS[mark], minor / 100, minor % 100);
		sql_add(b,
			"coalesce(CASE WHEN m_c = 'EUR' THEN m %s %d WHEN m_c IS NOT NULL THEN %d END",
			MARKS[mark], minor, mark == 1);
	}
	or_unknown(o, b);
}

static void compare_list(struct oracle *o, struct both *b)
{
	static const char *const WORDS[] = { "any", "all", "none" };
	size_t which = below(o, 3);
	uint64_t n = 1 + below(o, 3);
	if (below(o, 8) == 0) {
		known(o, b, "l", "l_known");
		return;
	}
	rule_add(b, "l has %s (", WORDS[which]);
	sql_add(b, "coalesce(CASE WHEN l_known THEN %s (", which == 2 ? "NOT" : "");
	for (uint64_t i = 0; i < n; i++) {
		const char *item = PICK(o, ITEMS);
		rule_add(b, "%s%s", i ? ", " : "", item);
		sql_add(b,
			"%s EXISTS (SELECT 1 FROM l WHERE l.id = r.id AND item = '%s' COLLATE NOCASE)",
			i == 0	     ? ""
			: which == 1 ? " AND"
				     : " OR",
			item);
	}
	rule_add(b, ")");
	sql_add(b, ") END");
	or_unknown(o, b);
}

static void compare_any(struct oracle *o, struct both *b)
{
	size_t mark = below(o, 6);
	const char *text = PICK(o, TEXTS);
	if (below(o, 2)) {
		char one[32], one_sql[32];
		number(o, one, one_sql);
		rule_add(b, "x %s %s", MARKS[mark], one);
		/* Text that is no number is known, and compares with none. */
		sql_add(b,
			"coalesce(CASE WHEN typeof(x) = 'null' THEN NULL WHEN typeof(x) <> 'text' THEN "
			"x %s %s WHEN x_n IS NULL THEN %d ELSE x_n %s %s END",
			MARKS[mark], one_sql, mark == 1, MARKS[mark], one_sql);
	} else {
		bool reads = text[0] >= '0' && text[0] <= '9';
		mark %= 2;
		rule_add(b, "x %s \"%s\"", MARKS[mark], text);
		sql_add(b,
			"coalesce(CASE WHEN typeof(x) = 'null' THEN NULL WHEN typeof(x) = 'text' THEN "
			"x %s '%s' COLLATE NOCASE ELSE %s(x = %s) END",
			mark ? "<>" : "=", text, mark ? "NOT " : "", reads ? text : "''");
	}
	or_unknown(o, b);
}

/* ---- behaviour and groups -------------------------------------------------------------------- */

/* The touches meant, as "FROM d WHERE ...". */
static void touches(struct oracle *o, struct both *b, char *from, size_t size)
{
	const char *name = PICK(o, NAMES), *path = PICK(o, PATHS);
	int days = 1 + (int)below(o, 60);
	size_t n = (size_t)snprintf(from, size, "FROM d WHERE d.id = r.id AND d.name = '%s'", name);
	rule_add(b, "\"%s\"", name);
	switch (below(o, 3)) {
	case 0:
		rule_add(b, " where path != \"%s\" and not depth = 2", path);
		n += (size_t)snprintf(
			from + n, size - n,
			" AND coalesce(path <> '%s', 0) AND NOT coalesce(depth = 2, 0)", path);
		break;
	case 1:
		rule_add(b, " where path ~ \"/pricing*\" or unknown");
		n += (size_t)snprintf(from + n, size - n,
				      " AND coalesce(path LIKE '/pricing%%', 1)");
		break;
	default:
		break;
	}
	if (below(o, 2)) {
		rule_add(b, ", last %dd", days);
		snprintf(from + n, size - n, " AND d.at >= %lld",
			 (long long)NOW - days * US_PER_DAY);
	}
	rule_add(b, ")");
}

static void behaviour(struct oracle *o, struct both *b)
{
	char from[512], sql[600];
	uint64_t which = below(o, 4), n = below(o, 4);
	const char *mark = PICK(o, MARKS);
	switch (which) {
	case 0:
		rule_add(b, "did(");
		touches(o, b, from, sizeof from);
		if (below(o, 3) == 0) {
			sql_add(b, "EXISTS (SELECT 1 %s)", from);
			return;
		}
		rule_add(b, " %s %d", mark, (int)n);
		sql_add(b, "((SELECT count(*) %s) %s %d)", from, mark, (int)n);
		return;
	case 1:
	case 2:
		rule_add(b, which == 1 ? "first(" : "last(");
		touches(o, b, from, sizeof from);
		snprintf(sql, sizeof sql, "SELECT %s(d.at) %s", which == 1 ? "min" : "max", from);
		compare_times(o, b, "", sql);
		or_unknown(o, b);
		return;
	default:
		rule_add(b, n % 2 ? "in_list(fair)" : "in_segment(hot)");
		sql_add(b, n % 2 ? "fair" : "hot");
		return;
	}
}

static void tree(struct oracle *o, struct both *b, int depth)
{
	static void (*const LEAVES[])(struct oracle *, struct both *) = {
		compare_text,  compare_number, compare_bool, compare_time, compare_day, compare_age,
		compare_money, compare_list,   compare_any,  behaviour,	   behaviour,
	};
	uint64_t kind = depth > 0 ? below(o, 5) : 4;
	if (kind >= 3) {
		PICK(o, LEAVES)(o, b);
		return;
	}
	if (kind == 2) {
		rule_add(b, "not (");
		sql_add(b, "NOT (");
		tree(o, b, depth - 1);
	} else {
		rule_add(b, "(");
		sql_add(b, "(");
		tree(o, b, depth - 1);
		rule_add(b, kind ? " and " : " or ");
		sql_add(b, kind ? " AND " : " OR ");
		tree(o, b, depth - 1);
	}
	rule_add(b, ")");
	sql_add(b, ")");
}

/* ---- the comparison -------------------------------------------------------------------------- */

static uint64_t ask_sqlite(struct oracle *o, const struct both *b)
{
	char sql[sizeof b->sql + 64];
	sqlite3_stmt *s;
	uint64_t found = 0;
	snprintf(sql, sizeof sql, "SELECT id FROM r WHERE %s", b->sql);
	if (sqlite3_prepare_v2(o->db, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s\n  %s", sqlite3_errmsg(o->db), sql);
	while (sqlite3_step(s) == SQLITE_ROW)
		found |= UINT64_C(1) << sqlite3_column_int(s, 0);
	assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
	return found;
}

static uint64_t ask_rule(struct oracle *o, struct arena *a, const char *text)
{
	const struct rule *r;
	uint64_t found = 0;
	err e = { 0 };
	if (!rule_parse(a, str_of(text), &ORACLE, &r, &e))
		fail_msg("%s\n  %s", e.text, text);
	for (size_t i = 0; i < ROWS; i++) {
		struct rule_row row = person_row(&o->people[i]);
		if (rule_test(r, &row))
			found |= UINT64_C(1) << i;
	}
	return found;
}

static void sqlite_finds_the_same_rows(void **state)
{
	(void)state;
	static struct oracle o;
	static struct both b;
	rng_init(&o.rng, 20260131);
	assert_int_equal(sqlite3_open(":memory:", &o.db), SQLITE_OK);
	run(o.db, "CREATE TABLE r (id INTEGER PRIMARY KEY, t TEXT, t_w TEXT, n INTEGER, f REAL, "
		  "b INTEGER, at INTEGER, day INTEGER, began INTEGER, m INTEGER, m_c TEXT, "
		  "l_known INTEGER, x, x_w TEXT, x_n, fair INTEGER, hot INTEGER);"
		  "CREATE TABLE l (id INTEGER, item TEXT);"
		  "CREATE TABLE d (id INTEGER, name TEXT, at INTEGER, path TEXT, depth INTEGER)");
	for (int i = 0; i < ROWS; i++)
		make_row(&o, i);
	struct arena a;
	arena_init(&a, MIB);
	uint64_t some = 0;
	for (int i = 0; i < RULES; i++) {
		arena_reset(&a);
		b.rule[0] = b.sql[0] = '\0';
		tree(&o, &b, (int)below(&o, 4));
		uint64_t ours = ask_rule(&o, &a, b.rule), theirs = ask_sqlite(&o, &b);
		if (ours != theirs)
			fail_msg("rule %d: %s\n  %s\n  ours %016llx theirs %016llx", i, b.rule,
				 b.sql, (unsigned long long)ours, (unsigned long long)theirs);
		some += ours != 0 && ours != (UINT64_C(1) << ROWS) - 1;
	}
	/* Most rules find some rows and not others, or the comparison would say little. */
	assert_true(some > RULES / 2);
	arena_fini(&a);
	sqlite3_close(o.db);
}

static int in_utc(void **state)
{
	(void)state;
	err e;
	return zone_set("UTC", &e) ? 0 : 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sqlite_finds_the_same_rows),
	};
	return cmocka_run_group_tests(tests, in_utc, NULL);
}
