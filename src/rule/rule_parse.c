/*
 * rule_parse.c - the grammar: and, or, not, brackets, behaviour, lists.
 *
 * What it is:   recursive descent; docs/rules.md has the grammar in the same order. A chain of
 * `and` is one node however it was bracketed, so that the canonical text is one. Promises:
 * recursion is counted and ends at RULE_DEPTH_MAX.
 */
#include "rule/rule_int.h"

static bool parse_or(struct parser *p, struct rule_part **n_r) MUST_CHECK;

static bool make_node(struct parser *p, enum node_kind kind, size_t at, struct rule_part **n_r)
{
	if (!parser_count(p, at))
		return false;
	struct rule_part *n = ARENA_NEW(p->a, struct rule_part);
	if (!n)
		return parser_nomem(p);
	n->kind = kind;
	*n_r = n;
	return true;
}

static bool enter(struct parser *p, size_t at)
{
	if (++p->depth <= RULE_DEPTH_MAX)
		return true;
	parser_fail(p, at, "brackets and nots are nested more than %d deep, expected less",
		    RULE_DEPTH_MAX);
	if (p->e)
		p->e->code = ERR_LIMIT;
	return false;
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

/* The name of a touch, a list, a segment or a persona: quoted, or a bare word. */
static bool parse_name(struct parser *p, const char *what, str *name_r)
{
	char found[QUOTED_MAX];
	struct token t = p->now;
	if (t.kind != TOKEN_WORD && t.kind != TOKEN_TEXT)
		return parser_fail(p, t.at, "expected the name of %s, found %s", what,
				   token_shown(found, &t));
	if (t.kind == TOKEN_TEXT && !lex_decode(p, &t, name_r))
		return false;
	if (t.kind == TOKEN_WORD) {
		*name_r = str_dup(p->a, t.raw);
		if (!name_r->p)
			return parser_nomem(p);
	}
	if (str_trim(*name_r).n == 0)
		return parser_fail(p, t.at, "expected the name of %s, found an empty text", what);
	parser_next(p);
	return true;
}

/* ---- behaviour ------------------------------------------------------------------------------- */

static bool parse_where(struct parser *p, const struct rule **where_r)
{
	static const struct rule_catalogue ANY_TOUCH = { .open = true };
	const struct rule_catalogue *outer = p->catalogue;
	size_t at = p->now.at;
	parser_next(p);
	if (!enter(p, at))
		return false;
	p->catalogue = outer->touch ? outer->touch : &ANY_TOUCH;
	p->in_where = true;
	struct rule *r = ARENA_NEW(p->a, struct rule);
	if (!r)
		return parser_nomem(p);
	struct rule_part *root;
	if (!parse_or(p, &root))
		return false;
	r->root = root;
	*where_r = r;
	p->catalogue = outer;
	p->in_where = false;
	p->depth--;
	return true;
}

/* name [where RULE] [, last D] ) */
static bool parse_did(struct parser *p, struct rule_did *d)
{
	char found[QUOTED_MAX];
	if (!parse_name(p, "a touch", &d->name))
		return false;
	if (token_is_word(&p->now, "where") && !parse_where(p, &d->where))
		return false;
	if (p->now.kind == TOKEN_COMMA) {
		parser_next(p);
		if (!token_is_word(&p->now, "last"))
			return parser_fail(p, p->now.at, "expected last and a duration, found %s",
					   token_shown(found, &p->now));
		parser_next(p);
		struct literal l;
		if (!parse_span(p, &l))
			return false;
		d->last = l.span;
	}
	return expect(p, TOKEN_CLOSE, "where, a comma or a closing bracket");
}

/* did( first( last(: what is compared. The word and the bracket are the next tokens. */
static bool parse_behaviour(struct parser *p, enum operand_kind kind, struct rule_part **n_r)
{
	static const struct {
		enum rule_type type;
		str shown;
	} KINDS[] = {
		[OPERAND_DID] = { RULE_NUMBER, { "did(...)", 8 } },
		[OPERAND_FIRST] = { RULE_TIME, { "first(...)", 10 } },
		[OPERAND_LAST] = { RULE_TIME, { "last(...)", 9 } },
	};
	struct rule_did *d = ARENA_NEW(p->a, struct rule_did);
	if (!d)
		return parser_nomem(p);
	if (!make_node(p, NODE_COMPARE, p->now.at, n_r))
		return false;
	parser_next(p);
	parser_next(p);
	if (!parse_did(p, d))
		return false;
	struct asked q = { .of = { .kind = kind, .type = KINDS[kind].type, .did = d },
			   .shown = KINDS[kind].shown };
	return parse_compare(p, &q, &(*n_r)->compare);
}

static bool parse_member(struct parser *p, enum rule_set set, struct rule_part **n_r)
{
	static const char *const WHATS[] = { "a list", "a segment", "a persona" };
	char found[QUOTED_MAX];
	if (!make_node(p, NODE_MEMBER, p->now.at, n_r))
		return false;
	parser_next(p);
	parser_next(p);
	if (set == RULE_PERSONA) {
		if (!token_is_word(&p->now, "persona"))
			return parser_fail(p, p->now.at, "expected persona and its name, found %s",
					   token_shown(found, &p->now));
		parser_next(p);
	}
	(*n_r)->member.set = set;
	return parse_name(p, WHATS[set], &(*n_r)->member.name) &&
	       expect(p, TOKEN_CLOSE, "a closing bracket");
}

/* What a word before a bracket stands for; *is_r false when it is none of ours. */
static bool parse_function(struct parser *p, struct rule_part **n_r, bool *is_r)
{
	static const struct {
		const char *word;
		bool member;
		enum operand_kind operand;
		enum rule_set set;
	} FUNCTIONS[] = {
		{ "did", false, OPERAND_DID, 0 },	 { "first", false, OPERAND_FIRST, 0 },
		{ "last", false, OPERAND_LAST, 0 },	 { "in_list", true, 0, RULE_LIST },
		{ "in_segment", true, 0, RULE_SEGMENT }, { "matches", true, 0, RULE_PERSONA },
	};
	*is_r = false;
	if (p->now.kind != TOKEN_WORD || parser_peek(p).kind != TOKEN_OPEN)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(FUNCTIONS); i++) {
		if (!token_is_word(&p->now, FUNCTIONS[i].word))
			continue;
		*is_r = true;
		if (p->in_where)
			return parser_fail(p, p->now.at,
					   "%s(...) asks what a person did; expected, after where, "
					   "something about the touch itself",
					   FUNCTIONS[i].word);
		if (!p->catalogue->behaviour)
			return parser_fail(p, p->now.at,
					   "%s(...) cannot be asked here, expected a field",
					   FUNCTIONS[i].word);
		return FUNCTIONS[i].member ? parse_member(p, FUNCTIONS[i].set, n_r)
					   : parse_behaviour(p, FUNCTIONS[i].operand, n_r);
	}
	return true;
}

/* ---- and, or, not ---------------------------------------------------------------------------- */

static bool parse_primary(struct parser *p, struct rule_part **n_r)
{
	size_t at = p->now.at;
	if (p->now.kind == TOKEN_OPEN) {
		parser_next(p);
		if (!enter(p, at) || !parse_or(p, n_r))
			return false;
		p->depth--;
		return expect(p, TOKEN_CLOSE, "and, or, or a closing bracket");
	}
	bool function;
	if (!parse_function(p, n_r, &function))
		return false;
	if (function)
		return true;
	struct asked q;
	return make_node(p, NODE_COMPARE, at, n_r) && parse_field(p, &q) &&
	       parse_compare(p, &q, &(*n_r)->compare);
}

static bool parse_not(struct parser *p, struct rule_part **n_r)
{
	size_t at = p->now.at;
	if (!token_is_word(&p->now, "not"))
		return parse_primary(p, n_r);
	struct rule_part *inner;
	parser_next(p);
	if (!enter(p, at) || !make_node(p, NODE_NOT, at, n_r) || !parse_not(p, &inner))
		return false;
	p->depth--;
	(*n_r)->group.first = (*n_r)->group.last = inner;
	return true;
}

/* Adds `n` behind the group's last; what is a group of the same kind itself is taken in. */
static void group_add(struct rule_part *group, struct rule_part *n)
{
	bool same = n->kind == group->kind;
	struct rule_part *first = same ? n->group.first : n;
	if (group->group.last)
		group->group.last->next = first;
	else
		group->group.first = first;
	group->group.last = same ? n->group.last : n;
}

static bool parse_chain(struct parser *p, enum node_kind kind, const char *word,
			bool (*part)(struct parser *, struct rule_part **), struct rule_part **n_r)
{
	size_t at = p->now.at;
	struct rule_part *n;
	if (!part(p, &n))
		return false;
	*n_r = n;
	if (!token_is_word(&p->now, word))
		return true;
	struct rule_part *group = NULL;
	if (!make_node(p, kind, at, &group))
		return false;
	group_add(group, n);
	while (token_is_word(&p->now, word)) {
		parser_next(p);
		if (!part(p, &n))
			return false;
		group_add(group, n);
	}
	*n_r = group;
	return true;
}

static bool parse_and(struct parser *p, struct rule_part **n_r)
{
	return parse_chain(p, NODE_AND, "and", parse_not, n_r);
}

static bool parse_or(struct parser *p, struct rule_part **n_r)
{
	return parse_chain(p, NODE_OR, "or", parse_and, n_r);
}

bool parse_rule(struct parser *p, const struct rule_part **root_r)
{
	char found[QUOTED_MAX];
	struct rule_part *root = NULL;
	*root_r = NULL;
	if (p->now.kind == TOKEN_END)
		return true;
	if (!parse_or(p, &root))
		return false;
	if (p->now.kind != TOKEN_END)
		return parser_fail(p, p->now.at, "expected and, or, or the end, found %s",
				   token_shown(found, &p->now));
	*root_r = root;
	return true;
}
