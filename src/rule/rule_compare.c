/*
 * rule_compare.c - what stands right of a field: the operator and its values.
 *
 * What it is:   one way of reading comparisons for fields, counts of did() and the times of first()
 *               and last(); spellings that mean the same become one operator (before is <, = of a
 *               list is has).
 * Promises:     the operator fits the type, and every value fits both.
 */
#include "rule/rule_int.h"

#include <stdlib.h>
#include <string.h>

/* An operator as written, before the type has its say. */
struct written {
	enum compare_op op;
	size_t at;
	str shown;
	size_t tokens; /* words and marks that it takes */
	bool of_time;  /* before, after */
};

static bool written_mark(const struct token *t, struct written *w)
{
	static const enum compare_op OPS[] = {
		[TOKEN_EQ] = OP_EQ,	  [TOKEN_NE] = OP_NE, [TOKEN_LT] = OP_LT,
		[TOKEN_LE] = OP_LE,	  [TOKEN_GT] = OP_GT, [TOKEN_GE] = OP_GE,
		[TOKEN_MATCH] = OP_MATCH,
	};
	if (t->kind < TOKEN_EQ || t->kind > TOKEN_MATCH)
		return false;
	w->op = OPS[t->kind];
	w->tokens = 1;
	return true;
}

static bool written_words(const struct token *t, const struct token *after, struct written *w)
{
	static const struct {
		const char *first, *second;
		enum compare_op op;
	} WORDS[] = {
		{ "in", NULL, OP_IN },		 { "not", "in", OP_NOT_IN },
		{ "between", NULL, OP_BETWEEN }, { "has", "any", OP_HAS_ANY },
		{ "has", "all", OP_HAS_ALL },	 { "has", "none", OP_HAS_NONE },
		{ "has", NULL, OP_HAS_ANY },	 { "last", NULL, OP_WITHIN },
		{ "before", NULL, OP_LT },	 { "after", NULL, OP_GT },
		{ "is", "known", OP_KNOWN },	 { "is", "unknown", OP_UNKNOWN },
	};
	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
		if (!token_is_word(t, WORDS[i].first))
			continue;
		if (WORDS[i].second && !token_is_word(after, WORDS[i].second))
			continue;
		w->op = WORDS[i].op;
		w->tokens = WORDS[i].second ? 2 : 1;
		w->of_time = w->op == OP_LT || w->op == OP_GT;
		return true;
	}
	return false;
}

/* `= last 30d` is what people write who think of it as a value; likewise `= before 2026-01-01`. */
static bool skip_equals(struct parser *p)
{
	struct token after = parser_peek(p);
	return p->now.kind == TOKEN_EQ &&
	       (token_is_word(&after, "last") || token_is_word(&after, "before") ||
		token_is_word(&after, "after"));
}

/* False: no operator stands here. */
static bool written_op(struct parser *p, struct written *w)
{
	if (skip_equals(p))
		parser_next(p);
	struct token after = parser_peek(p);
	*w = (struct written){ .at = p->now.at };
	if (!written_mark(&p->now, w) && !written_words(&p->now, &after, w))
		return false;
	size_t end = w->tokens == 2 ? after.end : p->now.end;
	w->shown = str_sub(p->text, w->at, end - w->at);
	return true;
}

/* What the operator means for a list of texts. */
static enum compare_op op_for(enum rule_type type, enum compare_op op)
{
	if (type != RULE_MULTI)
		return op;
	switch (op) {
	case OP_EQ:
	case OP_IN:
		return OP_HAS_ANY;
	case OP_NE:
	case OP_NOT_IN:
		return OP_HAS_NONE;
	default:
		return op;
	}
}

static bool takes_list(const struct written *w)
{
	switch (w->op) {
	case OP_IN:
	case OP_NOT_IN:
	case OP_HAS_ALL:
	case OP_HAS_NONE:
		return true;
	case OP_HAS_ANY:
		return w->tokens == 2; /* has any; has alone takes one */
	default:
		return false;
	}
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool keep_values(struct parser *p, struct compare *c, const struct literal *first, size_t n)
{
	struct literal *values = ARENA_ARRAY(p->a, struct literal, n);
	if (!values)
		return parser_nomem(p);
	size_t i = 0;
	for (; first; first = first->next) {
		values[i] = *first;
		values[i++].next = NULL;
	}
	c->values = values;
	c->n = n;
	return true;
}

static bool expect(struct parser *p, enum token_kind kind, const char *what)
{
	char found[QUOTED_MAX];
	if (p->now.kind != kind)
		return parser_fail(p, p->now.at, "expected %s, found %s", what,
				   token_shown(found, &p->now));
	parser_next(p);
	return true;
}

static bool parse_list(struct parser *p, const struct asked *q, struct compare *c)
{
	struct literal *first = NULL, **tail = &first;
	size_t n = 0;
	if (!expect(p, TOKEN_OPEN, "a list of values in brackets"))
		return false;
	do {
		if (n > 0)
			parser_next(p); /* the comma */
		struct literal *l = ARENA_NEW(p->a, struct literal);
		if (!l)
			return parser_nomem(p);
		if (!parse_literal(p, q, c->op, l))
			return false;
		*tail = l;
		tail = &l->next;
		n++;
	} while (p->now.kind == TOKEN_COMMA);
	return expect(p, TOKEN_CLOSE, "a comma or a closing bracket") &&
	       keep_values(p, c, first, n);
}

static int duration_compare(struct duration a, struct duration b)
{
	int64_t left = time_add(0, a, 1), right = time_add(0, b, 1);
	return (left > right) - (left < right);
}

/* <0, 0, >0; *same_r false when the two are of different kinds. */
static int bounds_compare(const struct literal *a, const struct literal *b, bool *same_r)
{
	*same_r = a->kind == b->kind || (a->has_times && b->has_times);
	if (!*same_r)
		return 0;
	switch (a->kind) {
	case LITERAL_NUMBER:
		return (a->number.real > b->number.real) - (a->number.real < b->number.real);
	case LITERAL_MONEY:
		*same_r = memcmp(a->currency, b->currency, 4) == 0;
		return (a->minor > b->minor) - (a->minor < b->minor);
	case LITERAL_SPAN:
		return duration_compare(a->span, b->span);
	default:
		return (a->from_us > b->to_us) - (a->from_us < b->to_us);
	}
}

static bool parse_between(struct parser *p, const struct asked *q, struct compare *c)
{
	struct literal *both = ARENA_ARRAY(p->a, struct literal, 2);
	char found[QUOTED_MAX];
	if (!both)
		return parser_nomem(p);
	if (!parse_literal(p, q, c->op, &both[0]))
		return false;
	if (!token_is_word(&p->now, "and"))
		return parser_fail(p, p->now.at,
				   "expected and, with the upper end of between, found %s",
				   token_shown(found, &p->now));
	parser_next(p);
	size_t at = p->now.at;
	if (!parse_literal(p, q, c->op, &both[1]))
		return false;
	bool same;
	int order = bounds_compare(&both[0], &both[1], &same);
	if (!same)
		return parser_fail(p, at, "expected both ends of between to be of one kind");
	if (order > 0)
		return parser_fail(p, at,
				   "the upper end of between is below the lower end; expected the "
				   "smaller one first");
	c->values = both;
	c->n = 2;
	return true;
}

static bool parse_pattern(struct parser *p, const struct asked *q, struct compare *c)
{
	struct literal *l = ARENA_NEW(p->a, struct literal);
	size_t at = p->now.at;
	const char *why;
	if (!l)
		return parser_nomem(p);
	if (!parse_literal(p, q, c->op, l))
		return false;
	if (!pattern_parse(p->a, l->text, &c->pattern, &why)) {
		if (!why)
			return parser_nomem(p);
		return parser_fail(p, at, "%s; expected words such as \"personal*\"", why);
	}
	c->values = l;
	c->n = 1;
	return true;
}

static bool parse_one(struct parser *p, const struct asked *q, struct compare *c)
{
	struct literal *l = ARENA_NEW(p->a, struct literal);
	if (!l)
		return parser_nomem(p);
	bool within = c->op == OP_WITHIN;
	if (within ? !parse_span(p, l) : !parse_literal(p, q, c->op, l))
		return false;
	if (within && !parser_count(p, p->now.at))
		return false;
	c->values = l;
	c->n = 1;
	return true;
}

/* ---- afterwards ------------------------------------------------------------------------------ */

static int by_folded(const void *a, const void *b)
{
	const struct literal *x = *(const struct literal *const *)a;
	const struct literal *y = *(const struct literal *const *)b;
	size_t n = MIN(x->folded.n, y->folded.n);
	int order = n ? memcmp(x->folded.p, y->folded.p, n) : 0;
	return order ? order : (x->folded.n > y->folded.n) - (x->folded.n < y->folded.n);
}

static bool sort_texts(struct parser *p, struct compare *c)
{
	c->sorted = ARENA_ARRAY(p->a, const struct literal *, c->n);
	if (!c->sorted)
		return parser_nomem(p);
	for (size_t i = 0; i < c->n; i++)
		if (c->values[i].kind == LITERAL_TEXT)
			c->sorted[c->sorted_n++] = &c->values[i];
	qsort(c->sorted, c->sorted_n, sizeof *c->sorted, by_folded);
	return true;
}

/* An age has no equal: no two are of the same microsecond. */
static bool check_spans(struct parser *p, const struct compare *c, size_t at)
{
	if (c->op == OP_BETWEEN || c->op == OP_WITHIN || (c->op >= OP_LT && c->op <= OP_GE))
		return true;
	for (size_t i = 0; i < c->n; i++)
		if (c->values[i].kind == LITERAL_SPAN)
			return parser_fail(p, at,
					   "an age is never exactly a duration; expected <, <=, >, "
					   ">=, between, or last %.*s",
					   STR_ARG(c->values[i].text));
	return true;
}

static bool parse_or_unknown(struct parser *p, const struct asked *q, struct compare *c)
{
	struct token after = parser_peek(p);
	if (!token_is_word(&p->now, "or") || !token_is_word(&after, "unknown"))
		return true;
	if (q->of.kind == OPERAND_DID)
		return parser_fail(p, p->now.at,
				   "did(...) is a count and never unknown; expected another "
				   "comparison after \"or\"");
	parser_next(p);
	parser_next(p);
	c->or_unknown = true;
	return true;
}

static bool check_op(struct parser *p, const struct asked *q, const struct written *w,
		     enum compare_op op)
{
	char name[QUOTED_MAX], shown[QUOTED_MAX];
	bool times = q->of.type == RULE_TIME || q->of.type == RULE_ANY;
	if (type_allows(q->of.type, op) && (times || !w->of_time))
		return true;
	return parser_fail(p, w->at, "%s is %s and has no operator %s; expected %s",
			   quoted(name, q->shown), type_words(q->of.type), quoted(shown, w->shown),
			   type_operators(q->of.type));
}

static bool parse_values(struct parser *p, const struct asked *q, const struct written *w,
			 struct compare *c)
{
	struct asked of_time = *q;
	of_time.of.type = RULE_TIME;
	if (w->of_time)
		return parse_one(p, &of_time, c);
	switch (c->op) {
	case OP_KNOWN:
	case OP_UNKNOWN:
		return true;
	case OP_BETWEEN:
		return parse_between(p, q, c);
	case OP_MATCH:
		return parse_pattern(p, q, c);
	default:
		return takes_list(w) ? parse_list(p, q, c) : parse_one(p, q, c);
	}
}

/* did(x) alone asks whether it ever happened. */
static bool default_compare(struct parser *p, struct compare *c)
{
	struct literal *l = ARENA_NEW(p->a, struct literal);
	if (!l)
		return parser_nomem(p);
	*l = (struct literal){ .kind = LITERAL_NUMBER,
			       .has_number = true,
			       .text = S("1"),
			       .number = { .mant = 1, .exact = true, .real = 1 } };
	c->op = OP_GE;
	c->values = l;
	c->n = 1;
	return true;
}

bool parse_compare(struct parser *p, const struct asked *q, struct compare *c_r)
{
	char name[QUOTED_MAX], found[QUOTED_MAX];
	struct compare c = { .of = q->of };
	struct written w;
	size_t at = p->now.at;
	if (!written_op(p, &w)) {
		if (q->of.kind != OPERAND_DID)
			return parser_fail(p, at, "expected %s after %s, found %s",
					   type_operators(q->of.type), quoted(name, q->shown),
					   token_shown(found, &p->now));
		if (!default_compare(p, &c) || !parse_or_unknown(p, q, &c))
			return false;
		*c_r = c;
		return true;
	}
	c.op = op_for(q->of.type, w.op);
	if (!check_op(p, q, &w, c.op))
		return false;
	for (size_t i = 0; i < w.tokens; i++)
		parser_next(p);
	if (!parse_values(p, q, &w, &c) || !check_spans(p, &c, at) || !sort_texts(p, &c))
		return false;
	if (c.op == OP_HAS_ALL && c.n == 1)
		c.op = OP_HAS_ANY;
	if (c.op != OP_KNOWN && c.op != OP_UNKNOWN && !parse_or_unknown(p, q, &c))
		return false;
	*c_r = c;
	return true;
}
