/*
 * load_types.c - how each column reads, found from the first rows.
 *
 * What it is:   counts, for each column whose type or spelling nobody stated, how many of the first
 *               rows read as a number with a point or a comma, as a date of each known form, as yes
 *               or no, as a list; and decides.
 * Promises:     a date that can be read two ways (03/04/2026) is never guessed: another column of
 *               the file decides, or the user is asked.
 */
#include "load/load_int.h"

#include <string.h>

#define DATE_FORMS_MAX 16

struct guess {
	uint32_t n;
	uint32_t number[2]; /* with a point, with a comma */
	uint32_t money[2];  /* the same, currency named */
	uint32_t boolean;
	uint32_t listed, broken_list;
	uint32_t date[DATE_FORMS_MAX];
	uint32_t date_only;
	uint32_t digits13, digits10;
};

static bool only_digits(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return true;
}

static void guess_dates(struct guess *g, str s)
{
	bool date_only = false;
	int64_t at;
	bool any = false;
	if (s.n < 6 || s.n > 40)
		return;
	for (size_t i = 0; i < date_patterns_n; i++) {
		if (parse_time(s, str_of(date_patterns[i]), &date_only, &at)) {
			g->date[i]++;
			any |= date_only;
		}
	}
	g->date_only += any;
	g->digits13 += s.n == 13 && only_digits(s);
	g->digits10 += s.n == 10 && only_digits(s);
}

/* What people write where they have no value says nothing about a column. */
static bool is_placeholder(str s)
{
	static const str WORDS[] = { S("n/a"),	S("na"),    S("none"),	   S("null"),
				     S("-"),	S("--"),    S("?"),	   S("unknown"),
				     S("k.a."), S("keine"), S("unbekannt") };
	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
		if (str_eq_nocase(s, WORDS[i]))
			return true;
	}
	return false;
}

/* Nearly all: one typing mistake in a column of numbers does not make it text. */
static bool most(uint32_t hits, uint32_t n)
{
	return n > 0 && (uint64_t)hits * 10 >= (uint64_t)n * 9;
}

static void guess_cell(struct guess *g, str s, bool amounts)
{
	value v;
	if (is_placeholder(s))
		return;
	g->n++;
	for (int comma = 0; comma < 2; comma++) {
		enum num_decimal decimal = comma ? NUM_COMMA : NUM_POINT;
		g->number[comma] += parse_number(s, decimal, &v);
		g->money[comma] += parse_money(s, decimal, amounts ? "EUR" : "", 0, &v);
	}
	g->boolean += parse_bool(s, &v);
	if (str_index(s, ';') < s.n) {
		if (parse_looks_like_list(s))
			g->listed++;
		else
			g->broken_list++;
	}
	guess_dates(g, s);
}

static bool is_pair(size_t a, size_t b)
{
	str x = str_of(date_patterns[a]), y = str_of(date_patterns[b]);
	return x.n == 8 && y.n == 8 && x.p[2] == y.p[2] && a != b;
}

/* The date form that reads most; `*ambiguous_r`: another with day and month exchanged reads as
 * many. SIZE_MAX: none reads any. */
static size_t best_date(const struct guess *g, bool *ambiguous_r)
{
	size_t best = SIZE_MAX;
	uint32_t most = 0;
	*ambiguous_r = false;
	for (size_t i = 0; i < date_patterns_n; i++) {
		if (g->date[i] > most) {
			best = i;
			most = g->date[i];
			*ambiguous_r = false;
		} else if (most > 0 && g->date[i] == most && is_pair(best, i)) {
			*ambiguous_r = true;
		}
	}
	return best;
}

static enum num_decimal decide_decimal(const struct loader *l, const uint32_t hits[2])
{
	if (l->source.json)
		return NUM_POINT;
	if (l->map.decimal != NUM_GUESS)
		return l->map.decimal;
	if (hits[0] != hits[1])
		return hits[0] > hits[1] ? NUM_POINT : NUM_COMMA;
	return l->source.csv && csv_delimiter(l->source.csv) == ';' ? NUM_COMMA : NUM_POINT;
}

static void decide_date(struct column *c, const struct guess *g)
{
	if (c->pattern.n > 0 || g->n == 0)
		return;
	if (g->digits13 == g->n || g->digits10 == g->n) {
		c->pattern = g->digits13 == g->n ? S("epoch_ms") : S("epoch_s");
		return;
	}
	bool ambiguous;
	size_t best = best_date(g, &ambiguous);
	if (best != SIZE_MAX)
		c->pattern = str_of(date_patterns[best]);
	c->ambiguous = ambiguous;
}

static void decide_auto(struct loader *l, struct column *c, const struct guess *g)
{
	bool ambiguous;
	size_t date = best_date(g, &ambiguous);
	bool dates = date != SIZE_MAX && most(g->date[date], g->n);
	c->decimal = decide_decimal(l, g->number);
	int comma = c->decimal == NUM_COMMA;
	if (g->n == 0) {
		c->type = l->source.json ? CELL_TEXT : CELL_AUTO;
	} else if (l->source.json && !dates) {
		c->type = CELL_TEXT; /* JSON says itself what a number is */
	} else if (most(g->boolean, g->n)) {
		c->type = CELL_BOOL;
	} else if (most(g->number[comma], g->n)) {
		c->type = CELL_NUMBER;
	} else if (most(MAX(g->money[0], g->money[1]), g->n)) {
		c->type = CELL_MONEY;
		c->decimal = decide_decimal(l, g->money);
	} else if (dates) {
		c->type = g->date_only >= g->date[date] ? CELL_DATE : CELL_TIME;
		c->pattern = str_of(date_patterns[date]);
		c->ambiguous = ambiguous;
	} else {
		c->type = g->listed > 0 && g->broken_list == 0 ? CELL_LIST : CELL_TEXT;
	}
}

static void decide(struct loader *l, struct column *c, const struct guess *g)
{
	bool amounts = c->type == CELL_MONEY;
	if (c->type == CELL_AUTO) {
		decide_auto(l, c, g);
	} else if (c->type == CELL_TIME || c->type == CELL_DATE) {
		decide_date(c, g);
	} else if ((amounts || c->type == CELL_NUMBER) && c->decimal == NUM_GUESS) {
		c->decimal = decide_decimal(l, amounts ? g->money : g->number);
	}
}

/* A column of the same separator that is clear decides for one that is not. */
static bool settle_ambiguous(struct loader *l, struct column *c, err *e)
{
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *o = &l->columns.all.items[i];
		if (o->pattern.n == 8 && !o->ambiguous && c->pattern.n == 8 &&
		    o->pattern.p[2] == c->pattern.p[2]) {
			c->pattern = o->pattern;
			c->ambiguous = false;
			return true;
		}
	}
	if (!c->declared) {
		c->type = CELL_TEXT;
		return true;
	}
	char mark = c->pattern.p[2];
	return err_set(
		e, ERR_INVALID,
		"%s: column \"%.*s\": its dates can be read with the day or the month first; say "
		"which with --date-format %%d%c%%m%c%%Y or %%m%c%%d%c%%Y",
		l->path, STR_ARG(c->header), mark, mark, mark, mark);
}

/* The format that an option or the map states counts for all columns that are dates. */
static void preset_dates(struct loader *l)
{
	str format = l->o->date_format ? str_of(l->o->date_format) : l->map.date_format;
	for (size_t i = 0; i < l->columns.all.n && format.n > 0; i++) {
		struct column *c = &l->columns.all.items[i];
		if ((c->type == CELL_TIME || c->type == CELL_DATE) && c->pattern.n == 0)
			c->pattern = format;
	}
}

/* Traits that read by the stated format are dates. */
static void guess_preset(struct loader *l, struct column *c, str s, uint32_t *hits)
{
	str format = l->o->date_format ? str_of(l->o->date_format) : l->map.date_format;
	bool date_only;
	int64_t at;
	if (format.n > 0 && c->type == CELL_AUTO && parse_time(s, format, &date_only, &at))
		++*hits;
}

static bool sample(struct loader *l, struct guess *guesses, uint32_t *preset, err *e)
{
	struct raw_row raw;
	bool more = true;
	for (size_t row = 0; row < LOAD_SAMPLE_ROWS; row++) {
		if (!source_next(l, &raw, &more, e))
			return false;
		if (!more && row == 0)
			return err_set(e, ERR_INVALID, "%s has a header, but no rows", l->path);
		if (!more)
			break;
		if (raw.problem.n > 0)
			continue;
		for (size_t i = 0; i < raw.n && i < l->columns.all.n; i++) {
			struct column *c = &l->columns.all.items[i];
			str s = cell_clean(raw.fields[i]);
			if (s.n == 0 || s.n > 4000 || c->role == ROLE_IGNORE ||
			    c->type == CELL_TEXT)
				continue;
			guess_cell(&guesses[i], s, c->type == CELL_MONEY);
			guess_preset(l, c, s, &preset[i]);
		}
	}
	return true;
}

bool types_find(struct loader *l, err *e)
{
	struct guess *guesses = ARENA_ARRAY(&l->setup, struct guess, LOAD_COLUMNS_MAX);
	uint32_t *preset = ARENA_ARRAY(&l->setup, uint32_t, LOAD_COLUMNS_MAX);
	if (!guesses || !preset)
		return arena_err(&l->setup, e);
	preset_dates(l);
	if (!sample(l, guesses, preset, e))
		return false;
	for (size_t i = 0; i < l->columns.all.n; i++) {
		struct column *c = &l->columns.all.items[i];
		bool stated = c->type == CELL_AUTO && guesses[i].n > 0 &&
			      preset[i] == guesses[i].n && guesses[i].number[0] == 0;
		decide(l, c, &guesses[i]);
		if (stated) {
			c->type = CELL_TIME;
			c->pattern = l->o->date_format ? str_of(l->o->date_format)
						       : l->map.date_format;
			c->ambiguous = false;
		}
	}
	for (size_t i = 0; i < l->columns.all.n; i++) {
		struct column *c = &l->columns.all.items[i];
		if (c->ambiguous && !settle_ambiguous(l, c, e))
			return false;
	}
	l->types_found = true;
	return source_restart(l, e);
}
