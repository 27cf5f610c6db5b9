/*
 * api_sources.c - what each source brought and cost; which touches there are.
 *
 * What it is:   GET /api/v1/sources: the lifecycle funnel broken down by source, channel, medium or
 *               campaign, beside the spend booked on each; GET /api/v1/touch-names: names with
 *               counts, for pickers.
 * Promises:     spend of a source nobody came from has a row too; amounts of several currencies are
 *               never added. Names are counted at most once in NAMES_FRESH_US.
 * Threads:      workers; the list of names has a lock.
 */
#include "server/funnel_int.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "base/vec.h"
#include "server/server_int.h"

#include <stdlib.h>
#include <string.h>

#define SOURCES_MAX    1000
#define VALUES_MAX     10000
#define CURRENCIES_MAX 4
#define NAMES_MAX      1000
#define NAMES_FRESH_US (60 * US_PER_S)

/* ---- what touches say of each source --------------------------------------------------------- */

struct money {
	char currency[4];
	int64_t minor;
	bool over;
};
struct source {
	str text; /* empty: touches without one */
	uint64_t touches;
	int64_t first_us, last_us;
	struct money spend[CURRENCIES_MAX];
	size_t spend_n;
	bool shown;
};
struct scan {
	struct map numbers;
	VEC(struct source) list;
	struct arena texts;
	size_t field; /* which of source, medium, campaign, channel */
	int64_t from_us, to_us;
	err *e;
	bool failed;
};

static const char *const fields[] = { "source", "channel", "medium", "campaign", NULL };

static str field_of(const struct scan *s, const struct touch *t)
{
	const str values[] = { t->origin.source, t->channel, t->origin.medium, t->origin.campaign };
	return values[s->field];
}

static struct source *source_of(struct scan *s, str text)
{
	uint64_t number;
	if (map_get(&s->numbers, text, &number))
		return &s->list.items[number];
	/* What comes after so many different ones is in the funnel's rows, without dates. */
	if (s->list.n >= VALUES_MAX)
		return NULL;
	str kept = str_dup(&s->texts, text);
	s->failed = s->texts.over || !map_put(&s->numbers, text, s->list.n) ||
		    !vec_push(&s->list, (struct source){ .text = kept });
	if (s->failed) {
		err_nomem(s->e);
		return NULL;
	}
	return &s->list.items[s->list.n - 1];
}

static void add_spend(struct source *s, value amount)
{
	size_t i = 0;
	while (i < s->spend_n && memcmp(s->spend[i].currency, amount.currency, 3) != 0)
		i++;
	if (i == CURRENCIES_MAX)
		return;
	if (i == s->spend_n)
		memcpy(s->spend[s->spend_n++].currency, amount.currency, 4);
	struct money *m = &s->spend[i];
	m->over = m->over || ADD_OVERFLOWS(m->minor, amount.i, &m->minor);
}

static bool scan_touch(void *arg, const struct touch *t)
{
	struct scan *s = arg;
	bool spend = str_eq(t->name, S("spend_booked"));
	if (t->at_us < s->from_us || t->at_us >= s->to_us || (!spend && t->person == 0))
		return true;
	struct source *x = source_of(s, field_of(s, t));
	if (!x)
		return !s->failed;
	if (spend) {
		value amount = touch_prop(t, S("amount"));
		if (amount.kind == VALUE_MONEY)
			add_spend(x, amount);
		return true;
	}
	x->first_us = x->touches == 0 ? t->at_us : MIN(x->first_us, t->at_us);
	x->last_us = x->touches == 0 ? t->at_us : MAX(x->last_us, t->at_us);
	x->touches++;
	return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void put_number(struct json_writer *w, const char *key, uint64_t n)
{
	json_key(w, str_of(key));
	json_put_uint(w, n);
}

static void put_amount(struct json_writer *w, int64_t minor, const char *currency)
{
	json_object_open(w);
	json_key(w, S("amount_minor"));
	json_put_int(w, minor);
	json_key(w, S("currency"));
	json_put_text(w, str_of(currency));
	json_object_close(w);
}

/* An amount per head in each currency; an empty list when nobody came or nothing was spent. */
static void put_cost(struct json_writer *w, const char *key, const struct source *x, uint64_t heads)
{
	json_key(w, str_of(key));
	json_array_open(w);
	for (size_t i = 0; x && heads > 0 && i < x->spend_n; i++)
		if (!x->spend[i].over)
			put_amount(w, x->spend[i].minor / (int64_t)MIN(heads, (uint64_t)INT64_MAX),
				   x->spend[i].currency);
	json_array_close(w);
}

static void put_time(struct json_writer *w, const char *key, bool known, int64_t at_us)
{
	char text[TIME_TEXT_MAX];
	json_key(w, str_of(key));
	if (known)
		json_put_text(w, time_print(text, at_us));
	else
		json_put_null(w);
}

static uint64_t count_at(const struct funnel_result *r, const struct funnel_group *g, str stage)
{
	for (size_t k = 0; g && k < r->steps_n; k++)
		if (str_eq_nocase(r->steps[k].name, stage))
			return g->steps[k].count;
	return 0;
}

static void put_steps(struct json_writer *w, const struct funnel_result *r,
		      const struct funnel_group *g)
{
	json_key(w, S("steps"));
	json_array_open(w);
	for (size_t k = 0; k < r->steps_n; k++) {
		json_object_open(w);
		json_key(w, S("name"));
		json_put_text(w, r->steps[k].name);
		put_number(w, "count", g ? g->steps[k].count : 0);
		json_object_close(w);
	}
	json_array_close(w);
}

/* Either may be missing: spend without visitors, visitors whose touches carry no source. */
static void put_row(struct json_writer *w, const struct funnel_result *r,
		    const struct funnel_group *g, const struct source *x)
{
	json_object_open(w);
	json_key(w, S("value"));
	if (g ? g->value.kind == VALUE_TEXT : x->text.n > 0)
		json_put_text(w, g ? g->value.text : x->text);
	else
		json_put_null(w);
	json_key(w, S("other"));
	json_put_bool(w, g && g->other);
	put_steps(w, r, g);
	put_number(w, "touches", x ? x->touches : 0);
	put_time(w, "first_at", x && x->touches > 0, x ? x->first_us : 0);
	put_time(w, "last_at", x && x->touches > 0, x ? x->last_us : 0);
	put_cost(w, "spend", x, 1);
	put_cost(w, "cost_per_lead", x, count_at(r, g, S("lead")));
	put_cost(w, "cost_per_sql", x, count_at(r, g, S("sql")));
	put_cost(w, "cost_per_customer", x, count_at(r, g, S("customer")));
	json_key(w, S("won"));
	json_array_open(w);
	for (size_t i = 0; g && i < g->won_n; i++)
		put_amount(w, g->won[i].amount_minor, g->won[i].currency);
	json_array_close(w);
	json_object_close(w);
}

static void put_rows(struct json_writer *w, const struct funnel_result *r, struct scan *s)
{
	json_key(w, S("rows"));
	json_array_open(w);
	for (size_t i = 0; i < r->groups_n; i++) {
		const struct funnel_group *g = &r->groups[i];
		struct source *x = NULL;
		uint64_t number;
		str text = g->value.kind == VALUE_TEXT ? g->value.text : S("");
		if (!g->other && map_get(&s->numbers, text, &number)) {
			x = &s->list.items[number];
			x->shown = true;
		}
		put_row(w, r, g, x);
	}
	for (size_t i = 0; i < s->list.n; i++)
		if (!s->list.items[i].shown && s->list.items[i].spend_n > 0)
			put_row(w, r, NULL, &s->list.items[i]);
	json_array_close(w);
}

static bool list_sources(struct request *q, struct answer *a, struct scan *s,
			 const struct funnel_result *r, err *e)
{
	struct view *v = NULL;
	struct json_writer w;
	if (!view_borrow(q->server, &v, e))
		return false;
	bool ok = snapshot_scan(view_snapshot(v), scan_touch, s, e) && !s->failed;
	view_return(&v);
	if (!ok)
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("by"));
	json_put_text(&w, str_of(fields[s->field]));
	put_rows(&w, r, s);
	put_number(&w, "snapshot", r->snapshot);
	json_object_close(&w);
	return true;
}

static bool sources(struct request *q, struct answer *a, err *e)
{
	static const struct funnel_ask ask = { .by = "source", .groups = SOURCES_MAX };
	struct funnel_answer *f = NULL;
	struct scan s = { .from_us = INT64_MIN, .to_us = INT64_MAX, .e = e };
	if (!params_known(q, e) || !param_choice(q, "by", fields, &s.field, e) ||
	    !param_period(q, &s.from_us, &s.to_us, e) || !funnel_borrow(q, &ask, &f, e))
		return false;
	arena_init(&s.texts, 64 * MIB);
	bool ok = list_sources(q, a, &s, funnel_answer_of(f), e);
	arena_fini(&s.texts);
	vec_free(&s.list);
	map_fini(&s.numbers);
	funnel_return(&f);
	return ok;
}

/* ---- names of touches ------------------------------------------------------------------------ */

struct name {
	str text;
	uint64_t count;
};

static bool count_name(void *arg, const struct touch *t)
{
	struct map *names = arg;
	uint64_t n = 0;
	(void)map_get(names, t->name, &n);
	return (n == 0 && names->n >= VALUES_MAX) || map_put(names, t->name, n + 1);
}

static int cmp_name(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return str_cmp(x->text, y->text);
}

static bool print_names(const struct map *names, struct arena *a, struct buf *out, err *e)
{
	struct json_writer w;
	struct name *list = ARENA_ARRAY(a, struct name, names->n);
	size_t n = 0, at = 0;
	str text;
	uint64_t count;
	if (!list)
		return arena_err(a, e);
	while (map_next(names, &at, &text, &count))
		list[n++] = (struct name){ text, count };
	if (n > 1)
		qsort(list, n, sizeof *list, cmp_name);
	json_writer_init(&w, out, false);
	json_object_open(&w);
	json_key(&w, S("rows"));
	json_array_open(&w);
	for (size_t i = 0; i < MIN(n, (size_t)NAMES_MAX); i++) {
		json_object_open(&w);
		json_key(&w, S("name"));
		json_put_text(&w, list[i].text);
		put_number(&w, "count", list[i].count);
		json_object_close(&w);
	}
	json_array_close(&w);
	put_number(&w, "more", n > NAMES_MAX ? n - NAMES_MAX : 0);
	json_object_close(&w);
	return true;
}

struct touch_names {
	struct mutex lock;
	struct buf text;
	int64_t made_us;
};

bool touch_names_open(struct server *s, err *e)
{
	s->touch_names = mem_zalloc(1, sizeof *s->touch_names);
	if (!s->touch_names)
		return err_nomem(e);
	mutex_init(&s->touch_names->lock);
	buf_init(&s->touch_names->text, MIB);
	return true;
}

void touch_names_close(struct server *s)
{
	if (!s->touch_names)
		return;
	buf_fini(&s->touch_names->text);
	mutex_fini(&s->touch_names->lock);
	mem_free(s->touch_names);
	s->touch_names = NULL;
}

static bool names_count(struct request *q, struct buf *out, err *e)
{
	struct map names = { 0 };
	struct view *v = NULL;
	if (!view_borrow(q->server, &v, e))
		return false;
	bool ok = snapshot_scan(view_snapshot(v), count_name, &names, e) &&
		  print_names(&names, q->arena, out, e);
	view_return(&v);
	map_fini(&names);
	return ok;
}

static bool touch_names(struct request *q, struct answer *a, err *e)
{
	struct touch_names *t = q->server->touch_names;
	bool ok = true;
	if (!params_known(q, e))
		return false;
	/* Who asks meanwhile waits for the one count, instead of counting too. */
	mutex_lock(&t->lock);
	if (t->text.n == 0 || time_monotonic_us() - t->made_us > NAMES_FRESH_US) {
		buf_clear(&t->text);
		ok = names_count(q, &t->text, e) && buf_ok(&t->text, e);
		t->made_us = time_monotonic_us();
		if (!ok)
			buf_clear(&t->text);
	}
	buf_str(&a->body, buf_view(&t->text));
	mutex_unlock(&t->lock);
	return ok;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static const struct route_param sources_params[] = {
	{ "by", "query", "{\"enum\":[\"source\",\"channel\",\"medium\",\"campaign\"]}",
	  "What a row is", false },
	{ "from", "query", "{\"type\":\"string\"}", "A visit at or after this", false },
	{ "to", "query", "{\"type\":\"string\"}", "... and before this", false },
	{ NULL, NULL, NULL, NULL, false }
};

static const struct route rows[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/sources",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = sources,
	  .id = "listSources",
	  .tag = "sources",
	  .summary = "What each source brought and cost",
	  .params = sources_params,
	  .answer_schema = "{\"type\":\"object\"}" },
	{ .method = "GET",
	  .pattern = "/api/v1/touch-names",
	  .may = MAY_READ,
	  .where = HTTP_WORKER,
	  .run = touch_names,
	  .id = "listTouchNames",
	  .tag = "touches",
	  .summary = "Names of touches, with how many there are",
	  .answer_schema = "{\"type\":\"object\"}" },
};
const struct route_list routes_sources = { rows, ARRAY_LEN(rows) };
