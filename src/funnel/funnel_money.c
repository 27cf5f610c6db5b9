/*
 * funnel_money.c - what a head cost until sales took over, and what the deals are worth after.
 *
 * What it is:   spend booked in the period, divided by those counted, for the rows before the
 *               opportunity; from the opportunity on the amounts of the deals of those counted: of
 *               all their deals, in the last row of the won ones.
 * Promises:     amounts of different currencies are never added; the currency that was used most
 *               often comes first. A sum that does not fit is left out, not wrapped. Spend is of
 *               nobody in particular, so that a rule about people leaves it unknown.
 * Threads:      one at a time.
 */
#include "funnel/funnel_int.h"

#include "base/num.h"

#include <string.h>

str row_stage(const struct funnel_spec *spec, size_t row)
{
	if (spec->steps_n == 0)
		return row == 0 || row > spec->stages_n ? S("") : spec->stages[row - 1];
	return row < spec->steps_n && spec->steps[row].kind == STEP_STAGE ? spec->steps[row].name
									  : S("");
}

bool row_is_value(const struct funnel_spec *spec, size_t rows_n, size_t row, bool *won_r)
{
	str stage = row_stage(spec, row);
	bool customer = str_eq_nocase(stage, S("customer"));
	bool worth = customer || str_eq_nocase(stage, S("opportunity"));
	if (spec->steps_n == 0 && row + 1 == rows_n)
		customer = worth = true;
	if (row < spec->steps_n && spec->steps[row].kind == STEP_DEAL_STAGE) {
		worth = true;
		customer = str_eq_nocase(spec->steps[row].name, S("won"));
	}
	/* A stage of the line between the two is a stage of a deal as well. */
	for (size_t k = 1; !worth && spec->steps_n == 0 && k < row; k++)
		worth = str_eq_nocase(row_stage(spec, k), S("opportunity"));
	*won_r = customer;
	return worth || spec->count == FUNNEL_DEALS;
}

/* ---- sums ------------------------------------------------------------------------------------ */

void sums_add(struct sums *s, value amount)
{
	size_t i = 0;
	while (i < s->n && memcmp(s->items[i].currency, amount.currency, 3) != 0)
		i++;
	if (i == FUNNEL_MONEY_MAX)
		return;
	if (i == s->n) {
		s->items[s->n++] = (struct sum){ 0 };
		memcpy(s->items[i].currency, amount.currency, sizeof s->items[i].currency);
	}
	struct sum *sum = &s->items[i];
	sum->n++;
	sum->over = sum->over || ADD_OVERFLOWS(sum->minor, amount.i, &sum->minor);
}

static int cmp_sum(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return memcmp(x->currency, y->currency, 3);
}

/* Each amount divided by `heads`, half away from zero; returns how many. */
static size_t sums_give(struct sums *s, uint64_t heads, struct funnel_money *money)
{
	size_t n = 0;
	sort_items(s->items, s->n, sizeof s->items[0], cmp_sum);
	for (size_t i = 0; i < s->n && heads > 0; i++) {
		const struct sum *sum = &s->items[i];
		int64_t by = (int64_t)MIN(heads, (uint64_t)INT64_MAX);
		if (sum->over)
			continue;
		struct funnel_money *m = &money[n++];
		int64_t rest = sum->minor % by;
		m->amount_minor = sum->minor / by;
		if (rest >= by - rest)
			m->amount_minor++;
		else if (rest < 0 && -rest >= by + rest)
			m->amount_minor--;
		memcpy(m->currency, sum->currency, sizeof m->currency);
	}
	return n;
}

/* ---- spend ----------------------------------------------------------------------------------- */

void sides_spend(struct sides *s, const struct deed *d)
{
	const struct funnel_spec *spec = &s->p->spec;
	if (d->amount.kind == VALUE_MONEY && d->at_us >= spec->from_us && d->at_us < spec->to_us)
		sums_add(&s->spend, d->amount);
}

/* ---- deals ----------------------------------------------------------------------------------- */

static bool deal_counts(const struct funnel_spec *spec, const struct side_deal *d, bool won)
{
	int64_t at_us = won ? d->status_us : d->first_us;
	if (d->amount.kind != VALUE_MONEY || (won && d->status != SIDE_WON))
		return false;
	if (spec->tail == FUNNEL_CLIP && at_us >= spec->to_us)
		return false;
	return spec->view == FUNNEL_COHORT || (at_us >= spec->from_us && at_us < spec->to_us);
}

/* What each group brought in. */
static bool group_money(const struct sides *s, const struct counting *c, const struct progress **of,
			struct funnel_result *r, err *e)
{
	struct sums *sums = ARENA_ARRAY(c->scratch_a, struct sums, r->groups_n);
	if (!sums)
		return arena_err(c->scratch_a, e);
	for (uint32_t i = 0; r->groups_n > 0 && i < s->deals.n; i++) {
		const struct side_deal *d = pages_at(&s->deals, i);
		const struct progress *o = of[d->subject];
		if (o && o->group < r->groups_n && deal_counts(&c->p->spec, d, true))
			sums_add(&sums[o->group], d->amount);
	}
	for (size_t g = 0; g < r->groups_n; g++)
		r->groups[g].won_n = sums_give(&sums[g], 1, r->groups[g].won);
	return true;
}

bool sides_money(const struct sides *s, const struct counting *c, struct funnel_result *r, err *e)
{
	const struct funnel_spec *spec = &c->p->spec;
	const struct progress **of = ARENA_ARRAY(c->scratch_a, const struct progress *,
						 s->subjects_n);
	if (!of)
		return arena_err(c->scratch_a, e);
	for (size_t i = 0; i < c->n; i++)
		of[c->list[i]->subject] = c->list[i];
	for (size_t k = 0; k < r->steps_n; k++) {
		struct sums sums = s->spend;
		bool won;
		if (!row_is_value(spec, r->steps_n, k, &won)) {
			if (!spec->where)
				r->steps[k].money_n = sums_give(&sums, r->steps[k].count,
								r->steps[k].money);
			continue;
		}
		sums = (struct sums){ 0 };
		for (uint32_t i = 0; i < s->deals.n; i++) {
			const struct side_deal *d = pages_at(&s->deals, i);
			const struct progress *o = of[d->subject];
			if (o && progress_counts(spec, o, k) && deal_counts(spec, d, won))
				sums_add(&sums, d->amount);
		}
		r->steps[k].money_kind = FUNNEL_VALUE;
		r->steps[k].money_n = sums_give(&sums, 1, r->steps[k].money);
	}
	return group_money(s, c, of, r, e);
}
