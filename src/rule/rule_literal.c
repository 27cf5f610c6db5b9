/*
 * rule_literal.c - the values of a rule, read as the field's type asks for them.
 *
 * What it is:   one token (two for money) to a struct literal. For a field that may hold anything
 * the form of the value decides; text then keeps its other readings, for rows that hold a number or
 * a time under that name. Promises:     a value of the wrong type is refused with what would have
 * been right; what is accepted is in range, so that testing a row needs no checks.
 */
#include "rule/rule_int.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

static const char *type_example(enum rule_type type)
{
	static const char *const EXAMPLES[] = {
		[RULE_TEXT] = "a text such as \"Berlin\"",
		[RULE_NUMBER] = "a number such as 10, 2.5k or 5%",
		[RULE_BOOL] = "true or false",
		[RULE_TIME] = "a date such as 2026-01-31, or last 30d without a sign before it",
		[RULE_AGE] = "a duration such as 30d, 6mo or 1y",
		[RULE_MONEY] = "an amount such as 500 or 500 EUR",
		[RULE_MULTI] = "a text such as \"Berlin\"",
		[RULE_ANY] = "a text, a number, a date or a duration",
	};
	return EXAMPLES[type];
}

static bool wrong(struct parser *p, const struct asked *q, const struct token *t)
{
	char name[QUOTED_MAX], found[QUOTED_MAX];
	return parser_fail(p, t->at, "%s is %s; expected %s, found %s", quoted(name, q->shown),
			   type_words(q->of.type), type_example(q->of.type), token_shown(found, t));
}

/* ---- times and spans ------------------------------------------------------------------------- */

static bool has_date_form(str s)
{
	static const char FORM[] = "dddd-dd-dd";
	if (s.n < 10)
		return false;
	for (size_t i = 0; i < 10; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';
		if (FORM[i] == 'd' ? !digit : s.p[i] != '-')
			return false;
	}
	return true;
}

/* Sets the times of `l`, and its kind; false when the text is no time. */
static bool read_times(str s, struct literal *l)
{
	int64_t days;
	if (!has_date_form(s))
		return false;
	if (s.n == 10) {
		if (!time_parse_date(s, &days, NULL))
			return false;
		l->kind = LITERAL_DAY;
		l->from_us = time_local_midnight(days);
		l->to_us = time_local_midnight(days + 1);
	} else {
		if (!time_parse(s, &l->from_us, NULL))
			return false;
		l->kind = LITERAL_INSTANT;
		l->to_us = l->from_us;
	}
	l->has_times = true;
	return true;
}

static bool read_span(str s, struct literal *l)
{
	if (!duration_parse(s, &l->span, NULL))
		return false;
	l->kind = LITERAL_SPAN;
	return l->span.us >= 0 && l->span.months >= 0;
}

static bool span_fits(const struct literal *l)
{
	return l->span.months <= 12 * SPAN_YEARS_MAX &&
	       l->span.us <= INT64_C(365) * SPAN_YEARS_MAX * US_PER_DAY;
}

/* Canonical spelling of times and spans. */
static bool spell(struct parser *p, struct literal *l, str written)
{
	char text[TIME_TEXT_MAX];
	int64_t days;
	str s = written;
	if (l->kind == LITERAL_INSTANT)
		s = time_print(text, l->from_us);
	else if (l->kind == LITERAL_SPAN)
		s = duration_print(text, l->span);
	else if (time_parse_date(written, &days, NULL))
		s = time_print_date(text, days);
	l->text = str_dup(p->a, s);
	return l->text.p || parser_nomem(p);
}

static bool wrong_order(struct parser *p, const struct token *t)
{
	char found[QUOTED_MAX];
	return parser_fail(
		p, t->at,
		"<, > and between compare numbers, dates and durations, found the text %s",
		token_shown(found, t));
}

static bool parse_time(struct parser *p, const struct asked *q, const struct token *t,
		       struct literal *l_r)
{
	char found[QUOTED_MAX];
	str s = t->raw;
	if (t->kind == TOKEN_TEXT && !lex_decode(p, t, &s))
		return false;
	struct literal l = { 0 };
	if (!read_times(s, &l)) {
		if (has_date_form(s))
			return parser_fail(p, t->at, "%s does not exist as a date or time",
					   quoted(found, s));
		return q->of.type == RULE_ANY ? wrong_order(p, t) : wrong(p, q, t);
	}
	*l_r = l;
	return spell(p, l_r, s);
}

static bool span_check(struct parser *p, const struct token *t, const struct literal *l)
{
	char found[QUOTED_MAX];
	if (span_fits(l))
		return true;
	return parser_fail(p, t->at, "%s is longer than %d years, expected less",
			   quoted(found, t->raw), SPAN_YEARS_MAX);
}

bool parse_span(struct parser *p, struct literal *l_r)
{
	struct token t = p->now;
	char found[QUOTED_MAX];
	struct literal l = { 0 };
	if (t.kind != TOKEN_NUMBER || !read_span(t.raw, &l))
		return parser_fail(p, t.at,
				   "expected a duration such as 30d, 6mo or 1y after "
				   "\"last\", found %s",
				   token_shown(found, &t));
	if (l.span.us == 0 && l.span.months == 0)
		return parser_fail(p, t.at, "expected a duration longer than nothing, found %s",
				   token_shown(found, &t));
	if (!span_check(p, &t, &l) || !spell(p, &l, t.raw))
		return false;
	*l_r = l;
	parser_next(p);
	return true;
}

/* ---- numbers and money ----------------------------------------------------------------------- */

static bool set_number(struct parser *p, const struct decimal *d, struct literal *l_r)
{
	*l_r = (struct literal){ .kind = LITERAL_NUMBER, .has_number = true, .number = *d };
	l_r->text = decimal_print(p->a, d);
	return l_r->text.p || parser_nomem(p);
}

/* The present token as a currency in capitals; false when it is no word of three letters. */
static bool currency_here(const struct parser *p, char currency[4])
{
	const struct token *t = &p->now;
	if (t->kind != TOKEN_WORD || t->raw.n != 3 || word_is_reserved(t->raw))
		return false;
	for (size_t i = 0; i < 3; i++) {
		char c = t->raw.p[i];
		currency[i] = (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
		if (currency[i] < 'A' || currency[i] > 'Z')
			return false;
	}
	currency[3] = '\0';
	return true;
}

static bool minor_of(const struct decimal *d, int digits, int64_t *minor_r)
{
	if (!d->exact || d->scale > digits)
		return false;
	*minor_r = d->mant;
	for (int i = d->scale; i < digits; i++)
		if (MUL_OVERFLOWS(*minor_r, 10, minor_r))
			return false;
	return true;
}

/* The number `d` at `t` was read; the currency is the present token. */
static bool parse_money(struct parser *p, const struct token *t, const struct decimal *d,
			const char currency[4], struct literal *l_r)
{
	char found[QUOTED_MAX];
	if (!num_is_currency(str_make(currency, 3)))
		return parser_fail(p, p->now.at, "%s is no currency, expected one such as EUR",
				   token_shown(found, &p->now));
	struct literal l = { .kind = LITERAL_MONEY, .number = *d };
	memcpy(l.currency, currency, 4);
	int digits = num_currency_digits(currency);
	if (!minor_of(d, digits, &l.minor))
		return parser_fail(p, t->at,
				   "%s is no amount in %s, expected at most %d digits after the "
				   "point and 18 in all",
				   token_shown(found, t), currency, digits);
	str number = decimal_print(p->a, d);
	if (!number.p)
		return parser_nomem(p);
	int zeros = d->scale > 0 ? digits - d->scale : 0;
	l.text = str_printf(p->a, "%.*s%.*s %s", STR_ARG(number), zeros, "0000", currency);
	if (!l.text.p)
		return parser_nomem(p);
	*l_r = l;
	parser_next(p);
	return true;
}

/* Takes the token, and the currency behind it. */
static bool parse_amount(struct parser *p, const struct asked *q, const struct token *t,
			 const struct decimal *d, struct literal *l_r)
{
	char currency[4], name[QUOTED_MAX], found[QUOTED_MAX];
	parser_next(p);
	if (!currency_here(p, currency))
		return set_number(p, d, l_r);
	if (q->of.type == RULE_NUMBER)
		return parser_fail(p, p->now.at,
				   "%s is a number without a currency; expected and, or, or the "
				   "end, found %s",
				   quoted(name, q->shown), token_shown(found, &p->now));
	return parse_money(p, t, d, currency, l_r);
}

/* ---- text ------------------------------------------------------------------------------------ */

/* How else the text might be meant, beside a row that holds something else than text. */
static bool set_readings(struct parser *p, struct literal *l)
{
	struct literal times = { 0 };
	char last = l->text.n ? l->text.p[l->text.n - 1] : 0;
	if (last >= '0' && last <= '9' && !decimal_parse(p->a, l->text, &l->number, &l->has_number))
		return parser_nomem(p);
	if (read_times(l->text, &times)) {
		l->has_times = true;
		l->from_us = times.from_us;
		l->to_us = times.to_us;
	}
	l->flag = str_eq(l->folded, S("true"));
	l->has_flag = l->flag || str_eq(l->folded, S("false"));
	return true;
}

/* "a", "b" or "c"; cut where there is no more room. */
static void list_values(char *out, size_t room, const struct rule_field *f)
{
	size_t n = 0;
	for (size_t i = 0; i < f->values_n; i++) {
		char one[QUOTED_MAX];
		const char *mark = i == 0 ? "" : i + 1 == f->values_n ? " or " : ", ";
		quoted(one, f->values[i]);
		if (n + strlen(mark) + strlen(one) + sizeof " \u2026" > room) {
			snprintf(out + n, room - n, " \u2026");
			return;
		}
		n += (size_t)snprintf(out + n, room - n, "%s%s", mark, one);
	}
}

/* A closed field's value gets its known spelling. */
static bool check_closed(struct parser *p, const struct asked *q, const struct token *t, str *s)
{
	const struct rule_field *f = &q->field;
	char name[QUOTED_MAX], found[QUOTED_MAX], meant[QUOTED_MAX], list[256] = "no value at all";
	if (q->of.kind != OPERAND_FIELD || !f->values_closed)
		return true;
	str folded = str_fold(p->a, *s);
	if (!folded.p)
		return parser_nomem(p);
	for (size_t i = 0; i < f->values_n; i++) {
		if (fold_compare(f->values[i], folded) != 0)
			continue;
		*s = str_dup(p->a, f->values[i]);
		return s->p || s->n == 0 || parser_nomem(p);
	}
	quoted(name, q->shown);
	quoted(found, *s);
	str near = nearest(*s, f->values, f->values_n);
	if (near.n > 0)
		return parser_fail(p, t->at, "%s is never %s; did you mean %s?", name, found,
				   quoted(meant, near));
	list_values(list, sizeof list, f);
	return parser_fail(p, t->at, "%s is never %s, expected %s", name, found, list);
}

static bool set_text(struct parser *p, const struct asked *q, const struct token *t,
		     struct literal *l_r)
{
	str s;
	if (t->kind != TOKEN_TEXT)
		s = str_dup(p->a, t->raw);
	else if (!lex_decode(p, t, &s))
		return false;
	if (!s.p)
		return parser_nomem(p);
	if (!check_closed(p, q, t, &s))
		return false;
	struct literal l = { .kind = LITERAL_TEXT, .text = s };
	l.folded = str_fold(p->a, s);
	if (!l.folded.p)
		return parser_nomem(p);
	*l_r = l;
	return set_readings(p, l_r);
}

static bool set_flag(struct literal *l_r, bool flag)
{
	*l_r = (struct literal){ .kind = LITERAL_BOOL, .has_flag = true, .flag = flag };
	l_r->text = flag ? S("true") : S("false");
	return true;
}

/* ---- by type --------------------------------------------------------------------------------- */

/* A token that begins like a number, for a type that takes numbers or times. */
static bool parse_numeric(struct parser *p, const struct asked *q, const struct token *t,
			  struct literal *l_r)
{
	enum rule_type type = q->of.type;
	bool any = type == RULE_ANY;
	char found[QUOTED_MAX];
	struct literal l = { 0 };
	struct decimal d;
	bool number;
	if (type == RULE_TIME || (any && has_date_form(t->raw))) {
		if (!parse_time(p, q, t, l_r))
			return false;
		parser_next(p);
		return true;
	}
	if ((type == RULE_AGE || any) && read_span(t->raw, &l)) {
		if (!span_check(p, t, &l) || !spell(p, &l, t->raw))
			return false;
		*l_r = l;
		parser_next(p);
		return true;
	}
	if (!decimal_parse(p->a, t->raw, &d, &number))
		return parser_nomem(p);
	if (number && type != RULE_AGE)
		return parse_amount(p, q, t, &d, l_r);
	if (!any)
		return wrong(p, q, t);
	return parser_fail(p, t->at,
			   "%s is neither a number nor a date nor a duration; text stands in "
			   "double quotes",
			   token_shown(found, t));
}

static bool check_token(struct parser *p, const struct asked *q, const struct token *t)
{
	char found[QUOTED_MAX];
	if (t->kind == TOKEN_NAME)
		return parser_fail(p, t->at,
				   "expected %s, found a field; text stands in double quotes",
				   type_example(q->of.type));
	if (t->kind != TOKEN_WORD && t->kind != TOKEN_TEXT && t->kind != TOKEN_NUMBER)
		return parser_fail(p, t->at, "expected %s, found %s", type_example(q->of.type),
				   token_shown(found, t));
	static const char *const FREE[] = { "true", "false", "any", "all", "none" };
	for (size_t i = 0; i < ARRAY_LEN(FREE); i++)
		if (token_is_word(t, FREE[i]))
			return true;
	if (t->kind != TOKEN_WORD || !word_is_reserved(t->raw))
		return true;
	if (token_is_word(t, "unknown") || token_is_word(t, "known"))
		return parser_fail(p, t->at,
				   "expected is %.*s without a sign before it, or the text "
				   "\"%.*s\" in double quotes",
				   STR_ARG(t->raw), STR_ARG(t->raw));
	return parser_fail(p, t->at,
			   "expected %s, found %s, a word of the language; as text it stands in "
			   "double quotes",
			   type_example(q->of.type), token_shown(found, t));
}

static bool op_orders(enum compare_op op)
{
	return op == OP_LT || op == OP_LE || op == OP_GT || op == OP_GE || op == OP_BETWEEN;
}

bool parse_literal(struct parser *p, const struct asked *q, enum compare_op op, struct literal *l_r)
{
	struct token t = p->now;
	enum rule_type type = q->of.type;
	bool is_true = token_is_word(&t, "true"), is_false = token_is_word(&t, "false");
	if (!check_token(p, q, &t) || !parser_count(p, t.at))
		return false;
	if (type == RULE_TEXT || type == RULE_MULTI || op == OP_MATCH) {
		if (!set_text(p, q, &t, l_r))
			return false;
		parser_next(p);
		return true;
	}
	if (t.kind == TOKEN_NUMBER)
		return parse_numeric(p, q, &t, l_r);
	bool ordered_any = type == RULE_ANY && op_orders(op);
	if (type == RULE_TIME || (ordered_any && t.kind == TOKEN_TEXT)) {
		if (t.kind != TOKEN_TEXT)
			return wrong(p, q, &t);
		if (!parse_time(p, q, &t, l_r))
			return false;
	} else if ((type == RULE_BOOL || type == RULE_ANY) && (is_true || is_false) &&
		   !ordered_any) {
		(void)set_flag(l_r, is_true);
	} else if (ordered_any) {
		return wrong_order(p, &t);
	} else if (type != RULE_ANY) {
		return wrong(p, q, &t);
	} else if (!set_text(p, q, &t, l_r)) {
		return false;
	}
	parser_next(p);
	return true;
}
