/*
 * rule_print.c - the canonical text of a rule.
 *
 * What it is:   one blank between words, keywords in small letters, texts in double quotes, fields
 *               bare where they can be, brackets only where precedence needs them. Measured first,
 *               then written.
 * Promises:     parsing what was printed gives the same tree, and printing that the same text.
 */
#include "rule/rule_int.h"

#include <string.h>

/* `p` NULL only counts. */
struct sink {
	char *p;
	size_t n;
};

static void put_str(struct sink *s, str text)
{
	if (s->p && text.n)
		memcpy(s->p + s->n, text.p, text.n);
	s->n += text.n;
}

static void put(struct sink *s, const char *text)
{
	put_str(s, str_of(text));
}

static void put_byte(struct sink *s, char c)
{
	put_str(s, str_make(&c, 1));
}

static void put_text(struct sink *s, str text)
{
	put_byte(s, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			put_byte(s, '\\');
		put_byte(s, text.p[i]);
	}
	put_byte(s, '"');
}

static void put_field(struct sink *s, str name)
{
	if (word_is_bare(name) && !word_is_reserved(name)) {
		put_str(s, name);
		return;
	}
	put_byte(s, '`');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '`')
			put_byte(s, '`');
		put_byte(s, name.p[i]);
	}
	put_byte(s, '`');
}

static void put_literal(struct sink *s, const struct literal *l)
{
	if (l->kind == LITERAL_TEXT)
		put_text(s, l->text);
	else
		put_str(s, l->text);
}

static void put_list(struct sink *s, const struct compare *c)
{
	put(s, " (");
	for (size_t i = 0; i < c->n; i++) {
		if (i > 0)
			put(s, ", ");
		put_literal(s, &c->values[i]);
	}
	put(s, ")");
}

static void put_node(struct sink *s, const struct rule_part *n);

static void put_operand(struct sink *s, const struct operand *of)
{
	static const char *const WORDS[] = {
		[OPERAND_DID] = "did(",
		[OPERAND_FIRST] = "first(",
		[OPERAND_LAST] = "last(",
	};
	if (of->kind == OPERAND_FIELD) {
		put_field(s, of->name);
		return;
	}
	put(s, WORDS[of->kind]);
	put_text(s, of->did->name);
	if (of->did->where) {
		put(s, " where ");
		put_node(s, of->did->where->root);
	}
	if (of->did->last.us != 0 || of->did->last.months != 0) {
		char text[TIME_TEXT_MAX];
		put(s, ", last ");
		put_str(s, duration_print(text, of->did->last));
	}
	put(s, ")");
}

static bool is_default(const struct compare *c)
{
	return c->of.kind == OPERAND_DID && c->op == OP_GE && str_eq(c->values[0].text, S("1"));
}

static void put_compare(struct sink *s, const struct compare *c)
{
	static const char *const OPS[] = {
		[OP_EQ] = " = ",
		[OP_NE] = " != ",
		[OP_LT] = " < ",
		[OP_LE] = " <= ",
		[OP_GT] = " > ",
		[OP_GE] = " >= ",
		[OP_IN] = " in",
		[OP_NOT_IN] = " not in",
		[OP_BETWEEN] = " between ",
		[OP_HAS_ANY] = " has any",
		[OP_HAS_ALL] = " has all",
		[OP_HAS_NONE] = " has none",
		[OP_MATCH] = " ~ ",
		[OP_WITHIN] = " last ",
		[OP_KNOWN] = " is known",
		[OP_UNKNOWN] = " is unknown",
	};
	put_operand(s, &c->of);
	if (is_default(c))
		return;
	bool has_one = c->op == OP_HAS_ANY && c->n == 1;
	put(s, has_one ? " has " : OPS[c->op]);
	switch (c->op) {
	case OP_KNOWN:
	case OP_UNKNOWN:
		break;
	case OP_IN:
	case OP_NOT_IN:
	case OP_HAS_ANY:
	case OP_HAS_ALL:
	case OP_HAS_NONE:
		if (!has_one) {
			put_list(s, c);
			break;
		}
		/* fall through */
	default:
		put_literal(s, &c->values[0]);
		break;
	}
	if (c->op == OP_BETWEEN) {
		put(s, " and ");
		put_literal(s, &c->values[1]);
	}
	if (c->or_unknown)
		put(s, " or unknown");
}

static void put_group(struct sink *s, const struct rule_part *group, const char *word)
{
	for (const struct rule_part *n = group->group.first; n; n = n->next) {
		bool bracket = group->kind == NODE_AND && n->kind == NODE_OR;
		if (n != group->group.first)
			put(s, word);
		put(s, bracket ? "(" : "");
		put_node(s, n);
		put(s, bracket ? ")" : "");
	}
}

static void put_not(struct sink *s, const struct rule_part *inner)
{
	bool bracket = inner->kind == NODE_AND || inner->kind == NODE_OR;
	put(s, bracket ? "not (" : "not ");
	put_node(s, inner);
	put(s, bracket ? ")" : "");
}

static void put_member(struct sink *s, enum rule_set set, str name)
{
	static const char *const WORDS[] = {
		[RULE_LIST] = "in_list(",
		[RULE_SEGMENT] = "in_segment(",
		[RULE_PERSONA] = "matches(persona ",
	};
	put(s, WORDS[set]);
	put_text(s, name);
	put(s, ")");
}

static void put_node(struct sink *s, const struct rule_part *n)
{
	switch (n->kind) {
	case NODE_AND:
		put_group(s, n, " and ");
		break;
	case NODE_OR:
		put_group(s, n, " or ");
		break;
	case NODE_NOT:
		put_not(s, n->group.first);
		break;
	case NODE_COMPARE:
		put_compare(s, &n->compare);
		break;
	case NODE_MEMBER:
		put_member(s, n->member.set, n->member.name);
		break;
	}
}

size_t print_bytes(const struct rule_part *root)
{
	struct sink s = { 0 };
	if (root)
		put_node(&s, root);
	return s.n;
}

str rule_print(struct arena *a, const struct rule *r)
{
	struct sink s = { .p = arena_alloc(a, print_bytes(r->root)) };
	if (!s.p)
		return (str){ 0 };
	if (r->root)
		put_node(&s, r->root);
	return str_make(s.p, s.n);
}
