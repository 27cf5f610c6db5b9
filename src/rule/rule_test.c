/*
 * rule_test.c - whether a rule holds for one row.
 *
 * What it is:   a walk over the tree in the order in which it was written; and and or stop as soon
 * as they know. Workload:     every touch that the journal takes, beside every rule that the touch
 * may concern. Promises:     takes no memory; recursion is at most as deep as the rule is nested.
 * Two-valued: a value that is unknown satisfies no comparison, != and not in included. Threads: any
 * number may test the same rule.
 */
#include "rule/rule_int.h"

#include <stdio.h>

/* Whether one value, no list, satisfies the comparison with one value of the rule. */
static bool holds(enum compare_op op, enum order order)
{
	switch (op) {
	case OP_LT:
		return order == ORDER_LESS;
	case OP_LE:
		return order == ORDER_LESS || order == ORDER_EQUAL;
	case OP_GT:
		return order == ORDER_GREATER;
	case OP_GE:
		return order == ORDER_GREATER || order == ORDER_EQUAL;
	default:
		return order == ORDER_EQUAL;
	}
}

static bool text_is_one_of(str s, const struct compare *c)
{
	size_t low = 0, high = c->sorted_n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = fold_compare(s, c->sorted[middle]->folded);
		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static bool is_one_of(value v, const struct compare *c, int64_t now_us)
{
	bool text = v.kind == VALUE_TEXT;
	if (text && text_is_one_of(v.text, c))
		return true;
	if (text && c->sorted_n == c->n)
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (match_value(v, &c->values[i], now_us) == ORDER_EQUAL)
			return true;
	return false;
}

/* Whole numbers are looked at as their digits, for postcodes and the like that were taken for them.
 */
static bool matches(value v, const struct compare *c)
{
	char digits[24];
	if (v.kind == VALUE_TEXT)
		return pattern_matches(c->pattern, v.text);
	if (v.kind != VALUE_INT)
		return false;
	int n = snprintf(digits, sizeof digits, "%lld", (long long)v.i);
	return pattern_matches(c->pattern, str_make(digits, (size_t)n));
}

static bool one_holds(value v, const struct compare *c, int64_t now_us)
{
	switch (c->op) {
	case OP_EQ:
	case OP_NE:
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
		return holds(c->op, match_value(v, &c->values[0], now_us));
	case OP_BETWEEN:
		return holds(OP_GE, match_value(v, &c->values[0], now_us)) &&
		       holds(OP_LE, match_value(v, &c->values[1], now_us));
	case OP_MATCH:
		return matches(v, c);
	case OP_WITHIN:
		return match_within(v, &c->values[0], now_us);
	default:
		return is_one_of(v, c, now_us);
	}
}

static bool any_holds(value v, const struct compare *c, int64_t now_us)
{
	if (v.kind != VALUE_LIST)
		return one_holds(v, c, now_us);
	for (size_t i = 0; i < v.list.n; i++)
		if (one_holds(v.list.items[i], c, now_us))
			return true;
	return false;
}

static bool has_one(value v, const struct literal *l, int64_t now_us)
{
	if (v.kind != VALUE_LIST)
		return match_value(v, l, now_us) == ORDER_EQUAL;
	for (size_t i = 0; i < v.list.n; i++)
		if (match_value(v.list.items[i], l, now_us) == ORDER_EQUAL)
			return true;
	return false;
}

static bool has_all(value v, const struct compare *c, int64_t now_us)
{
	for (size_t i = 0; i < c->n; i++)
		if (!has_one(v, &c->values[i], now_us))
			return false;
	return true;
}

static value operand_value(const struct operand *of, const struct rule_row *row)
{
	int64_t first = 0, last = 0;
	if (of->kind == OPERAND_FIELD)
		return row->field ? row->field(row->arg, of->name) : value_none();
	uint64_t n = row->did ? row->did(row->arg, of->did, &first, &last) : 0;
	if (of->kind == OPERAND_DID)
		return value_int((int64_t)MIN(n, (uint64_t)INT64_MAX));
	return n == 0 ? value_none() : value_time(of->kind == OPERAND_FIRST ? first : last);
}

static bool test_value(const struct compare *c, value v, int64_t now_us)
{
	if (v.kind == VALUE_NONE)
		return c->op == OP_UNKNOWN || c->or_unknown;
	switch (c->op) {
	case OP_KNOWN:
		return true;
	case OP_UNKNOWN:
		return false;
	case OP_NE:
	case OP_NOT_IN:
	case OP_HAS_NONE:
		return !any_holds(v, c, now_us);
	case OP_HAS_ALL:
		return has_all(v, c, now_us);
	default:
		return any_holds(v, c, now_us);
	}
}

static bool test_compare(const struct compare *c, const struct rule_row *row)
{
	return test_value(c, operand_value(&c->of, row), row->now_us);
}

bool rule_part_holds(const struct rule_part *p, value v, int64_t now_us)
{
	return p->kind == NODE_COMPARE && test_value(&p->compare, v, now_us);
}

static bool test_node(const struct rule_part *n, const struct rule_row *row)
{
	const struct rule_part *part;
	switch (n->kind) {
	case NODE_AND:
		for (part = n->group.first; part; part = part->next)
			if (!test_node(part, row))
				return false;
		return true;
	case NODE_OR:
		for (part = n->group.first; part; part = part->next)
			if (test_node(part, row))
				return true;
		return false;
	case NODE_NOT:
		return !test_node(n->group.first, row);
	case NODE_COMPARE:
		return test_compare(&n->compare, row);
	case NODE_MEMBER:
		return row->member && row->member(row->arg, n->member.set, n->member.name);
	}
	return false;
}

bool rule_test(const struct rule *r, const struct rule_row *row)
{
	return !r->root || test_node(r->root, row);
}
