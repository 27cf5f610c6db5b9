/*
 * rule_type.c - which operators a type has, and the fields that may be asked about.
 *
 * What it is:   the table of types, the look-up of names in the catalogue, and the nearest name for
 *               "did you mean".
 * Promises:     a suggestion is always a name that would have been accepted.
 */
#include "rule/rule_int.h"

#include <stdio.h>

#define BIT(op)	  (1u << (op))
#define OPS_EQUAL (BIT(OP_EQ) | BIT(OP_NE) | BIT(OP_IN) | BIT(OP_NOT_IN))
#define OPS_ORDER (BIT(OP_LT) | BIT(OP_LE) | BIT(OP_GT) | BIT(OP_GE) | BIT(OP_BETWEEN))
#define OPS_HAS	  (BIT(OP_HAS_ANY) | BIT(OP_HAS_ALL) | BIT(OP_HAS_NONE))
#define OPS_KNOWN (BIT(OP_KNOWN) | BIT(OP_UNKNOWN))

static const struct {
	unsigned ops;
	const char *words;
	const char *operators;
} TYPES[] = {
	[RULE_TEXT] = { OPS_EQUAL | OPS_KNOWN | BIT(OP_MATCH), "a text",
			"=, !=, in (...), ~ or is known" },
	[RULE_NUMBER] = { OPS_EQUAL | OPS_ORDER | OPS_KNOWN, "a number",
			  "=, !=, <, <=, >, >=, in (...), between or is known" },
	[RULE_BOOL] = { OPS_EQUAL | OPS_KNOWN, "true or false", "= true, = false or is known" },
	[RULE_TIME] = { OPS_EQUAL | OPS_ORDER | OPS_KNOWN | BIT(OP_WITHIN), "a time",
			"=, !=, <, <=, >, >=, between, last 30d, before, after or is known" },
	[RULE_AGE] = { OPS_ORDER | OPS_KNOWN, "an age", "<, <=, >, >=, between or is known" },
	[RULE_MONEY] = { OPS_EQUAL | OPS_ORDER | OPS_KNOWN, "an amount of money",
			 "=, !=, <, <=, >, >=, in (...), between or is known" },
	[RULE_MULTI] = { OPS_EQUAL | OPS_HAS | OPS_KNOWN | BIT(OP_MATCH), "a list",
			 "has, has any (...), has all (...), has none (...), ~ or is known" },
	[RULE_ANY] = { BIT(OPS_N) - 1, "a trait", "=, <, in (...), has, ~, last 30d or is known" },
};

bool type_allows(enum rule_type type, enum compare_op op)
{
	return TYPES[type].ops & BIT(op);
}

const char *type_words(enum rule_type type)
{
	return TYPES[type].words;
}

const char *type_operators(enum rule_type type)
{
	return TYPES[type].operators;
}

/* ---- suggestions ----------------------------------------------------------------------------- */

/* How far apart two names are; small is near, SIZE_MAX nothing alike. Both in lower case. */
static size_t name_apart(str written, str known)
{
	size_t room = MIN(1 + written.n / 4, (size_t)3);
	size_t apart = str_distance(written, known, room);
	if (apart <= room)
		return apart;
	/* A part of the name that was meant: "email" for "consent.email", "employ" for "employees".
	 */
	if (written.n >= 3 && str_starts(known, written))
		return room + 1;
	if (written.n >= 3 && str_ends(known, written) && known.p[known.n - written.n - 1] == '.')
		return room + 2;
	if (known.n >= 4 && str_starts(written, known))
		return room + 3;
	return SIZE_MAX;
}

/* Lower case of ASCII letters; names longer than the room are not compared. */
static str lowered(char *room, size_t room_n, str s)
{
	if (s.n > room_n)
		return (str){ 0 };
	for (size_t i = 0; i < s.n; i++)
		room[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + ('a' - 'A') : s.p[i]);
	return (str){ room, s.n };
}

struct best {
	str name;
	size_t apart;
};

static void consider(struct best *b, str written, str known)
{
	char one[128], two[128];
	str left = lowered(one, sizeof one, written), right = lowered(two, sizeof two, known);
	if (left.n == 0 || right.n == 0)
		return;
	size_t apart = name_apart(left, right);
	if (apart >= b->apart)
		return;
	b->apart = apart;
	b->name = known;
}

str nearest(str name, const str *names, size_t n)
{
	struct best b = { .apart = SIZE_MAX };
	for (size_t i = 0; i < n; i++)
		consider(&b, name, names[i]);
	return b.name;
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* False: no memory. */
static bool field_find(struct parser *p, str name, struct rule_field *f_r, bool *found_r)
{
	*found_r = true;
	const struct rule_catalogue *c = p->catalogue;
	for (size_t i = 0; i < c->n; i++) {
		if (str_eq(c->fields[i].name, name)) {
			*f_r = c->fields[i];
			return true;
		}
	}
	for (size_t i = 0; i < c->n; i++) {
		if (str_eq_nocase(c->fields[i].name, name)) {
			*f_r = c->fields[i];
			return true;
		}
	}
	if (c->find && c->find(c->arg, name, f_r))
		return true;
	str lower = c->find ? str_lower(p->a, name) : name;
	*found_r = c->find && lower.p && c->find(c->arg, lower, f_r);
	return lower.p || parser_nomem(p);
}

/* An unknown word before a bracket. */
static bool function_unknown(struct parser *p, const struct token *t)
{
	static const str FUNCTIONS[] = { { "did", 3 },	   { "first", 5 },	 { "last", 4 },
					 { "in_list", 7 }, { "in_segment", 10 }, { "matches", 7 } };
	char shown[QUOTED_MAX];
	str near = { 0 };
	quoted(shown, t->raw);
	if (p->catalogue->behaviour)
		near = nearest(t->raw, FUNCTIONS, ARRAY_LEN(FUNCTIONS));
	if (near.n == 0)
		return parser_fail(p, t->at, "no bracket can follow %s; expected a comparison",
				   shown);
	return parser_fail(p, t->at, "there is no question %s; did you mean \"%.*s\"?", shown,
			   STR_ARG(near));
}

static bool field_unknown(struct parser *p, const struct token *t, str name)
{
	char shown[QUOTED_MAX], meant[QUOTED_MAX];
	struct best b = { .apart = SIZE_MAX };
	for (size_t i = 0; i < p->catalogue->n; i++)
		consider(&b, name, p->catalogue->fields[i].name);
	quoted(shown, name);
	if (b.name.n == 0)
		return parser_fail(p, t->at, "there is no field %s", shown);
	return parser_fail(p, t->at, "there is no field %s; did you mean %s?", shown,
			   quoted(meant, b.name));
}

bool parse_field(struct parser *p, struct asked *q_r)
{
	struct token t = p->now;
	char shown[QUOTED_MAX];
	str name = t.raw;
	if (t.kind == TOKEN_TEXT)
		return parser_fail(p, t.at,
				   "expected a field, found the text %s; a field's name stands in "
				   "backquotes (`) or alone",
				   token_shown(shown, &t));
	if (t.kind != TOKEN_WORD && t.kind != TOKEN_NAME)
		return parser_fail(p, t.at, "expected a field, found %s", token_shown(shown, &t));
	if (t.kind == TOKEN_WORD && word_is_reserved(name))
		return parser_fail(p, t.at,
				   "expected a field, found %s, a word of the language; a field of "
				   "that name stands in backquotes (`)",
				   token_shown(shown, &t));
	if (t.kind == TOKEN_NAME && !lex_decode(p, &t, &name))
		return false;
	struct rule_field f = { .name = name, .type = RULE_ANY };
	bool found;
	if (t.kind == TOKEN_WORD && parser_peek(p).kind == TOKEN_OPEN)
		return function_unknown(p, &t);
	if (!field_find(p, name, &f, &found))
		return false;
	if (!found && !p->catalogue->open)
		return field_unknown(p, &t, name);
	CHECK(f.name.n > 0);
	*q_r = (struct asked){ .of = { .kind = OPERAND_FIELD, .type = f.type }, .field = f };
	q_r->of.name = str_dup(p->a, f.name);
	q_r->shown = q_r->of.name;
	if (!q_r->of.name.p)
		return parser_nomem(p);
	parser_next(p);
	return true;
}
