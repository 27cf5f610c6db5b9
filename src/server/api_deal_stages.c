/*
 * api_deal_stages.c - what is being sold, stage by stage: how many deals, and how much money.
 *
 * What it is:   one pass over the deals for which a rule holds, page by page; amounts are put
 *               together currency by currency, since unlike money is never added up.
 * Promises:     open stages come first, in the order of the line that is agreed, then others by
 *               name, then won and lost. At most STAGES_MAX stages and SUMS_MAX currencies of each;
 *               sums that would overflow are an error.
 * Threads:      workers.
 */
#include "server/shape_int.h"

#include "base/num.h"
#include "base/time.h"
#include "sales/sales.h"

#include <stdlib.h>

#define STAGES_MAX 100
#define SUMS_MAX   8

struct sum {
	char currency[4];
	int64_t minor;
};
struct stage {
	str name, status;
	size_t place; /* in the line that is agreed; SIZE_MAX: elsewhere */
	uint64_t count;
	struct sum sums[SUMS_MAX];
	size_t sums_n;
};
struct tally {
	struct stage *stages;
	size_t n;
	const struct sales_words *line;
	struct arena *arena;
};

static str text_of(const struct subject_view *v, str key)
{
	value x = subject_cell(v, key);
	return x.kind == VALUE_TEXT ? x.text : S("");
}

static size_t place_of(const struct sales_words *line, str name)
{
	for (size_t i = 0; i < line->n; i++) {
		if (str_eq_nocase(line->items[i], name))
			return i;
	}
	return SIZE_MAX;
}

static struct stage *stage_of(struct tally *t, str name, str status)
{
	for (size_t i = 0; i < t->n; i++) {
		if (str_eq(t->stages[i].name, name))
			return &t->stages[i];
	}
	if (t->n == STAGES_MAX)
		return NULL;
	struct stage *s = &t->stages[t->n++];
	*s = (struct stage){ .name = str_dup(t->arena, name),
			     .status = str_dup(t->arena, status),
			     .place = place_of(t->line, name) };
	return s;
}

static bool sum_add(struct stage *s, value amount, err *e)
{
	size_t i = 0;
	while (i < s->sums_n && !str_eq(str_of(s->sums[i].currency), str_of(amount.currency)))
		i++;
	if (i == SUMS_MAX)
		return true;
	if (i == s->sums_n) {
		s->sums[i] = (struct sum){ .minor = 0 };
		for (size_t k = 0; k < 3; k++)
			s->sums[i].currency[k] = amount.currency[k];
		s->sums_n++;
	}
	return !__builtin_add_overflow(s->sums[i].minor, amount.i, &s->sums[i].minor) ||
	       err_set(e, ERR_LIMIT, "the amounts of stage %.*s are too large to be put together",
		       STR_ARG(str_sub(s->name, 0, 64)));
}

static bool deal_add(struct tally *t, struct people *p, uint64_t number, err *e)
{
	struct arena scratch CLEANUP(arena_fini);
	struct subject_view v;
	arena_init(&scratch, MIB);
	if (!people_view(p, number, &scratch, &v, e))
		return false;
	struct stage *s = stage_of(t, text_of(&v, S("stage")), text_of(&v, S("status")));
	if (s == NULL)
		return true;
	s->count++;
	value amount = subject_cell(&v, S("amount"));
	return amount.kind != VALUE_MONEY || sum_add(s, amount, e);
}

static bool deals_add(struct request *q, struct view *v, struct list *l, struct tally *t, err *e)
{
	struct directory_page page;
	l->query.limit = DIRECTORY_ROWS_MAX;
	do {
		if (!directory_page(view_directory(v), view_snapshot(v), &l->query, q->arena, &page,
				    e))
			return false;
		for (size_t i = 0; i < page.n; i++) {
			if (!deal_add(t, l->people, page.subjects[i], e))
				return false;
		}
		l->query.after = page.next;
	} while (page.next.n);
	return true;
}

/* 0 open, 1 won, 2 lost: ends come last. */
static int end_of(const struct stage *s)
{
	return str_eq(s->status, S("lost")) || str_eq(s->name, S("lost")) ? 2
	       : str_eq(s->status, S("won")) || str_eq(s->name, S("won")) ? 1
									  : 0;
}

static int stage_cmp(const void *a, const void *b)
{
	const struct stage *x = a, *y = b;
	if (end_of(x) != end_of(y))
		return end_of(x) - end_of(y);
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return str_cmp(x->name, y->name);
}

static void put_stages(struct json_writer *w, const struct tally *t)
{
	json_object_open(w);
	json_key(w, S("rows"));
	json_array_open(w);
	for (size_t i = 0; i < t->n; i++) {
		const struct stage *s = &t->stages[i];
		json_object_open(w);
		shape_key_text(w, S("stage"), s->name);
		shape_key_text(w, S("status"), s->status);
		json_key(w, S("count"));
		json_put_uint(w, s->count);
		json_key(w, S("sums"));
		json_array_open(w);
		for (size_t k = 0; k < s->sums_n; k++) {
			shape_value(w, value_money(s->sums[k].minor, s->sums[k].currency));
		}
		json_array_close(w);
		json_object_close(w);
	}
	json_array_close(w);
	json_object_close(w);
}

static bool tally_put(struct request *q, struct answer *a, struct view *v, err *e)
{
	struct list l;
	struct sales_rules rules;
	struct tally t = { .arena = q->arena };
	struct json_writer w;
	if (!list_read(q, v, ENTITY_DEAL, &l, e) ||
	    !sales_rules_load(view_snapshot(v), q->arena, &rules, e))
		return false;
	t.line = &rules.deal_stages;
	t.stages = ARENA_ARRAY(q->arena, struct stage, STAGES_MAX);
	if (t.stages == NULL)
		return arena_err(q->arena, e);
	if (!deals_add(q, v, &l, &t, e))
		return false;
	qsort(t.stages, t.n, sizeof *t.stages, stage_cmp);
	json_writer_init(&w, &a->body, false);
	put_stages(&w, &t);
	return !q->arena->over || arena_err(q->arena, e);
}

static bool deal_stages(struct request *q, struct answer *a, err *e)
{
	struct view *v = NULL;
	bool ok = view_borrow(q->server, &v, e) && tally_put(q, a, v, e);
	view_return(&v);
	return ok;
}

static const struct route_param params[] = {
	{ "where", "query", "{\"type\":\"string\"}", "A rule: owner = \"Anna\"", false },
	{ 0 },
};

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/deals/stages",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = deal_stages,
	  .id = "listDealStages",
	  .tag = "deals",
	  .summary = "How many deals stand in each stage, and how much money, by currency",
	  .params = params,
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_deal_stages = { rows, ARRAY_LEN(rows) };
