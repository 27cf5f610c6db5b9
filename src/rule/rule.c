/*
 * rule.c - the door: text to rule, and what a rule depends on.
 *
 * What it is:   checks of the whole text before it is taken apart, the check of the canonical
 * text's length after, and walks over the tree. Promises:     as rule.h says; `*r_r` is written
 * only on success.
 */
#include "rule/rule.h"
#include "rule/rule_int.h"

#include <utf8proc.h>

/* Offset of the first byte that is no UTF-8 or a control character other than blanks; n when fine.
 */
static size_t first_bad_byte(str s)
{
	size_t i = 0;
	while (i < s.n) {
		utf8proc_int32_t c;
		utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)s.p + i,
							 (utf8proc_ssize_t)(s.n - i), &c);
		bool blank = c == '\t' || c == '\n' || c == '\r';
		if (used <= 0 || (c < 0x20 && !blank) || c == 0x7F)
			break;
		i += (size_t)used;
	}
	return i;
}

static bool check_text(struct parser *p)
{
	if (p->text.n > RULE_BYTES_MAX)
		return err_set(p->e, ERR_LIMIT,
			       "the rule has %zu bytes, expected at most %zu; keep long lists of "
			       "values as a list and ask for in_list(\"...\")",
			       p->text.n, RULE_BYTES_MAX);
	size_t at = first_bad_byte(p->text);
	if (at < p->text.n)
		return parser_fail(p, at, "this is no text (control characters, or not UTF-8)");
	return true;
}

bool rule_parse(struct arena *a, str text, const struct rule_catalogue *c, const struct rule **r_r,
		err *e)
{
	struct parser p = { .a = a, .text = text, .catalogue = c, .e = e };
	if (!check_text(&p))
		return false;
	struct rule *r = ARENA_NEW(a, struct rule);
	if (!r)
		return arena_err(a, e);
	parser_next(&p);
	if (!parse_rule(&p, &r->root))
		return false;
	size_t bytes = print_bytes(r->root);
	if (bytes > RULE_BYTES_MAX)
		return err_set(e, ERR_LIMIT,
			       "the rule has %zu bytes when written out in full, expected at most "
			       "%zu",
			       bytes, RULE_BYTES_MAX);
	*r_r = r;
	return true;
}

bool rule_is_empty(const struct rule *r)
{
	return !r->root;
}

/* ---- walks ----------------------------------------------------------------------------------- */

/* What a walk does with each comparison; false stops it. */
struct walk {
	bool (*compare)(const struct walk *w, const struct compare *c);
	void (*field)(void *arg, str name);
	void (*did)(void *arg, const struct rule_did *did);
	void *arg;
};

static bool walk_node(const struct walk *w, const struct rule_part *n)
{
	if (n->kind == NODE_COMPARE)
		return w->compare(w, &n->compare);
	if (n->kind == NODE_MEMBER)
		return true;
	for (const struct rule_part *part = n->group.first; part; part = part->next)
		if (!walk_node(w, part))
			return false;
	return true;
}

static bool walk_rule(const struct walk *w, const struct rule *r)
{
	return !r->root || walk_node(w, r->root);
}

static bool say_field(const struct walk *w, const struct compare *c)
{
	if (c->of.kind == OPERAND_FIELD)
		w->field(w->arg, c->of.name);
	return true;
}

static bool say_did(const struct walk *w, const struct compare *c)
{
	if (c->of.kind != OPERAND_FIELD)
		w->did(w->arg, c->of.did);
	return true;
}

void rule_each_field(const struct rule *r, void (*each)(void *arg, str name), void *arg)
{
	struct walk w = { .compare = say_field, .field = each, .arg = arg };
	(void)walk_rule(&w, r);
}

void rule_each_did(const struct rule *r, void (*each)(void *arg, const struct rule_did *did),
		   void *arg)
{
	struct walk w = { .compare = say_did, .did = each, .arg = arg };
	(void)walk_rule(&w, r);
}

/* False when the comparison's answer changes as time goes by. */
static bool is_timeless(const struct walk *w, const struct compare *c)
{
	const struct rule_did *d = c->of.did;
	if (d && (d->last.us != 0 || d->last.months != 0))
		return false;
	if (d && d->where && !walk_rule(w, d->where))
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (c->values[i].kind == LITERAL_SPAN)
			return false;
	return true;
}

bool rule_depends_on_time(const struct rule *r)
{
	struct walk w = { .compare = is_timeless };
	return !walk_rule(&w, r);
}

/* ---- parts ----------------------------------------------------------------------------------- */

const struct rule_part *rule_root(const struct rule *r)
{
	return r->root;
}

enum rule_part_kind rule_part_kind(const struct rule_part *p)
{
	switch (p->kind) {
	case NODE_AND:
		return RULE_PART_AND;
	case NODE_OR:
		return RULE_PART_OR;
	case NODE_NOT:
		return RULE_PART_NOT;
	case NODE_MEMBER:
		return RULE_PART_MEMBER;
	case NODE_COMPARE:
		break;
	}
	switch (p->compare.of.kind) {
	case OPERAND_DID:
		return RULE_PART_DID;
	case OPERAND_FIRST:
		return RULE_PART_FIRST;
	case OPERAND_LAST:
		return RULE_PART_LAST;
	case OPERAND_FIELD:
		break;
	}
	return RULE_PART_FIELD;
}

const struct rule_part *rule_part_first(const struct rule_part *p)
{
	return p->group.first;
}

const struct rule_part *rule_part_next(const struct rule_part *p)
{
	return p->next;
}

str rule_part_field(const struct rule_part *p)
{
	return p->compare.of.name;
}

const struct rule_did *rule_part_did(const struct rule_part *p)
{
	return p->compare.of.did;
}
