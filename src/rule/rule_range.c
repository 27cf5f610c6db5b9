/*
 * rule_range.c - for which numbers or times a comparison holds, as one range.
 *
 * What it is:   a value of a rule divides the numbers into smaller, equal and greater ones; where
 *               the parts meet is found by halving, so that nothing about spans, days and decimals
 *               is known here twice.
 * Threads:      nothing shared.
 */
#include "rule/rule_int.h"

/* [from, to]: equal; down: greater values of the rule stand at smaller ones of the row. */
struct parts {
	int64_t least, most;
	int64_t from, to;
	bool down;
	bool none_equal; /* then `from` is the first beyond */
};

struct probe {
	const struct literal *l;
	enum value_kind kind;
	int64_t now_us;
};

static enum order order_at(const struct probe *p, int64_t x)
{
	value v = p->kind == VALUE_TIME ? value_time(x) : value_int(x);
	return match_value(v, p->l, p->now_us);
}

static int64_t middle_of(int64_t low, int64_t high)
{
	return (int64_t)((uint64_t)low + ((uint64_t)high - (uint64_t)low) / 2);
}

/* The first x in [least, most] whose order is not `order`; false: all are. */
static bool first_other(const struct probe *p, enum order order, int64_t least, int64_t most,
			int64_t *x_r)
{
	if (order_at(p, most) == order)
		return false;
	int64_t low = least, high = most;
	while (low < high) {
		int64_t middle = middle_of(low, high);
		if (order_at(p, middle) == order)
			low = middle + 1;
		else
			high = middle;
	}
	*x_r = low;
	return true;
}

/* False: some values do not compare, or all stand on one side: the caller tests them one by one. */
static bool parts_find(const struct probe *p, struct parts *q)
{
	q->least = p->kind == VALUE_TIME ? TIME_MIN_US : INT64_MIN + 1;
	q->most = p->kind == VALUE_TIME ? TIME_MAX_US : INT64_MAX;
	enum order at_least = order_at(p, q->least), at_most = order_at(p, q->most);
	bool up = at_least == ORDER_LESS && at_most == ORDER_GREATER;
	q->down = at_least == ORDER_GREATER && at_most == ORDER_LESS;
	if (!up && !q->down)
		return false;
	int64_t beyond;
	if (!first_other(p, at_least, q->least, q->most, &q->from))
		return false;
	q->none_equal = order_at(p, q->from) != ORDER_EQUAL;
	q->to = q->from;
	if (q->none_equal)
		return true;
	if (!first_other(p, ORDER_EQUAL, q->from, q->most, &beyond))
		return false;
	q->to = beyond - 1;
	return true;
}

static struct rule_range range_of(enum compare_op op, const struct parts *q)
{
	/* Bounds of what is before the equal ones, and of what is after. */
	int64_t before = q->from - 1, after = q->none_equal ? q->from : q->to + 1;
	bool less = op == OP_LT || op == OP_LE, or_equal = op == OP_LE || op == OP_GE;
	struct rule_range r = { .inside = op != OP_NE };
	if (op == OP_EQ || op == OP_NE) {
		r.from = q->from;
		r.to = q->none_equal ? q->from - 1 : q->to;
	} else if (less != q->down) {
		r.from = q->least;
		r.to = or_equal ? after - 1 : before;
	} else {
		r.from = or_equal ? before + 1 : after;
		r.to = q->most;
	}
	return r;
}

static bool range_one(const struct literal *l, enum compare_op op, enum value_kind kind,
		      int64_t now_us, struct rule_range *r)
{
	struct probe probe = { l, kind, now_us };
	struct parts q;
	if (!parts_find(&probe, &q))
		return false;
	*r = range_of(op, &q);
	return true;
}

bool rule_part_range(const struct rule_part *p, enum value_kind kind, int64_t now_us,
		     struct rule_range *r_r)
{
	if (p->kind != NODE_COMPARE || (kind != VALUE_INT && kind != VALUE_TIME))
		return false;
	const struct compare *c = &p->compare;
	struct rule_range low, high;
	switch (c->op) {
	case OP_EQ:
	case OP_NE:
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
		return range_one(&c->values[0], c->op, kind, now_us, r_r);
	case OP_BETWEEN:
		if (!range_one(&c->values[0], OP_GE, kind, now_us, &low) ||
		    !range_one(&c->values[1], OP_LE, kind, now_us, &high))
			return false;
		*r_r = (struct rule_range){ MAX(low.from, high.from), MIN(low.to, high.to), true };
		return true;
	case OP_WITHIN:
		if (kind != VALUE_TIME)
			return false;
		*r_r = (struct rule_range){ time_add(now_us, c->values[0].span, -1), now_us, true };
		return true;
	default:
		return false;
	}
}
