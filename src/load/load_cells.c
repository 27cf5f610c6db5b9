/*
 * load_cells.c - a cell of a row, read as its column says.
 *
 * What it is:   translation, the column's type, and what happens when a text does not fit: dates
 *               and the amount of a deal must be right, or the row is rejected; any other value is
 *               kept as the text that it is, and counted.
 * Promises:     no text is changed but by trimming, by `values:` of a map, and by taking off the
 *               apostrophe that guards against formulas.
 */
#include "load/load_int.h"

static bool is_formula_mark(char c)
{
	return c == '=' || c == '+' || c == '-' || c == '@' || c == '\t' || c == '\r';
}

/* A text that starts with apostrophes and then a mark loses one apostrophe: the export put it
 * there. */
str cell_clean(str s)
{
	s = str_trim(s);
	if (LIKELY(s.n < 2 || s.p[0] != '\''))
		return s;
	size_t i = 1;
	while (i < s.n && s.p[i] == '\'')
		i++;
	return i < s.n && is_formula_mark(s.p[i]) ? str_sub(s, 1, s.n) : s;
}

/* The number of days from midnight to `at_us`, when that is a whole local day. */
static value day_of(int64_t at_us)
{
	int64_t local = at_us + zone_offset_s(at_us) * US_PER_S;
	int64_t days = local / US_PER_DAY;
	if (local % US_PER_DAY < 0)
		days--;
	/* A midnight that the clock's change moved lies within the day all the same. */
	return value_date(days);
}

static bool read_time(const struct column *c, str text, value *v_r)
{
	bool date_only;
	int64_t at_us;
	if (!parse_time(text, c->pattern, &date_only, &at_us))
		return false;
	if (date_only || c->type == CELL_DATE) {
		*v_r = day_of(at_us);
		return true;
	}
	*v_r = value_time(at_us);
	return true;
}

static bool read_number(const struct column *c, str text, value *v_r)
{
	if (!parse_number(text, c->decimal, v_r))
		return false;
	if (c->times != 0)
		*v_r = value_real((v_r->kind == VALUE_INT ? (double)v_r->i : v_r->real) * c->times);
	return true;
}

static const char *currency_of(struct loader *l, const struct column *c)
{
	if (c->currency[0])
		return c->currency;
	return l->row_currency[0] ? l->row_currency : l->currency;
}

static bool read_money(struct loader *l, const struct column *c, str text, value *v_r)
{
	bool said = c->currency[0] || l->row_currency[0] || l->currency_given;
	if (!said) {
		/* The text may name its currency; if it does not, the default counts, and is told.
		 */
		if (parse_money(text, c->decimal, "", c->times, v_r))
			return true;
	}
	if (!parse_money(text, c->decimal, currency_of(l, c), c->times, v_r))
		return false;
	l->currency_assumed += !said;
	return true;
}

static bool read_auto(struct column *c, str text, struct arena *a, value *v_r)
{
	if (parse_number(text, NUM_POINT, v_r) || parse_bool(text, v_r) || read_time(c, text, v_r))
		return true;
	if (str_index(text, ';') < text.n && parse_looks_like_list(text))
		return parse_list(a, text, ';', v_r);
	return false;
}

static bool read_typed(struct loader *l, struct column *c, str text, struct arena *a, value *v_r)
{
	switch (c->type) {
	case CELL_NUMBER:
		return read_number(c, text, v_r);
	case CELL_MONEY:
		return read_money(l, c, text, v_r);
	case CELL_TIME:
	case CELL_DATE:
		return read_time(c, text, v_r);
	case CELL_BOOL:
		return parse_bool(text, v_r);
	case CELL_LIST:
		return parse_list(a, text, c->split ? c->split : ';', v_r);
	case CELL_AUTO:
		return read_auto(c, text, a, v_r);
	case CELL_TEXT:
	case CELL_TYPES_N:
		break;
	}
	*v_r = value_text(text);
	return true;
}

/* `values:` of a map file. */
static bool translate(struct loader *l, struct column *c, str *text)
{
	uint64_t i;
	if (map_get(&c->values_by, *text, &i)) {
		c->values[i].rows++;
		*text = c->values[i].to;
		return true;
	}
	if (!c->values_closed)
		return true;
	return row_problem(l, "column \"%.*s\": \"%.*s\" is none of the values that the map names",
			   STR_ARG(c->header), STR_ARG(str_sub(*text, 0, 60)));
}

/* An advert that was seen is spend of an unknown amount. */
static bool is_seen(const struct column *c, str text)
{
	return str_contains(c->key, S("ad_spend.")) && str_eq(text, S("seen"));
}

static bool must_fit(const struct column *c)
{
	bool date = c->type == CELL_TIME || c->type == CELL_DATE;
	return c->declared && (date || c->role == ROLE_AMOUNT);
}

bool cell_read(struct loader *l, struct column *c, str text, uint64_t line, struct arena *a,
	       struct cell_value *v_r)
{
	if (c->values_n > 0 && !translate(l, c, &text))
		return false;
	if (UNLIKELY(text.n > LOAD_CELL_BYTES_MAX))
		return row_problem(l, "column \"%.*s\": a text of %zu bytes; at most %zu are kept",
				   STR_ARG(c->header), text.n, LOAD_CELL_BYTES_MAX);
	v_r->text = text;
	v_r->filled = text.n > 0;
	if (!v_r->filled)
		return true;
	c->filled++;
	if (read_typed(l, c, text, a, &v_r->value))
		return true;
	if (must_fit(c))
		return row_problem(l, "column \"%.*s\": \"%.*s\" is no %s%s%.*s",
				   STR_ARG(c->header), STR_ARG(str_sub(text, 0, 60)),
				   c->role == ROLE_AMOUNT ? "amount" : "date",
				   c->pattern.n ? " written as " : "", STR_ARG(c->pattern));
	v_r->value = value_text(text);
	if (c->type != CELL_AUTO && !is_seen(c, text) && c->fallbacks++ == 0) {
		c->fallback_line = line;
		c->fallback_text = str_dup(&l->setup, str_sub(text, 0, 60));
	}
	return true;
}
