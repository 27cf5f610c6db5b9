/*
 * cli_people_facets.c - how many of those who fit have which value.
 *
 * Promises:     a value that is a list counts for each of its items; who has none is counted under
 *               null. At most FACET_VALUES_MAX values a field.
 * Threads:      one at a time.
 */
#include "cli/cli_people_int.h"

#include "base/map.h"

#include <stdlib.h>

#define FACET_VALUES_MAX 100000
#define FACET_ROWS_SHOWN 20

struct facet_value {
	str text; /* p NULL: none */
	uint64_t n;
};
struct facet {
	struct map index; /* text -> position in values */
	VEC(struct facet_value) values;
};
static bool facet_count(struct query *q, struct facet *f, value v)
{
	struct buf b;
	uint64_t at = 0;
	bool ok = true;
	buf_init(&b, MIB);
	/* A byte before the text keeps "none" apart from the empty text. */
	buf_byte(&b, v.kind == VALUE_NONE ? '0' : '1');
	value_print(&b, v);
	if (map_get(&f->index, buf_view(&b), &at)) {
		f->values.items[at].n++;
	} else if (f->values.n == FACET_VALUES_MAX) {
		ok = err_set(&q->e, ERR_LIMIT, "a field has more than %d values", FACET_VALUES_MAX);
	} else {
		struct facet_value item = { .n = 1 };
		if (v.kind != VALUE_NONE)
			item.text = str_dup(&q->cli->arena, str_sub(buf_view(&b), 1, b.n));
		if (v.kind != VALUE_NONE && item.text.p == NULL)
			item.text = S("");
		ok = buf_ok(&b, &q->e) && ((map_put(&f->index, buf_view(&b), f->values.n) &&
					    vec_push(&f->values, item)) ||
					   err_nomem(&q->e));
	}
	buf_fini(&b);
	return ok;
}

static bool take_facets(struct query *q, uint64_t number)
{
	struct facet *facets = q->taking;
	(void)number;
	for (size_t i = 0; i < q->facets_n; i++) {
		value v = subject_value(&q->subject, q->facets[i], &q->scratch);
		if (v.kind != VALUE_LIST || v.list.n == 0) {
			value one = v.kind == VALUE_LIST ? value_none() : v;
			if (!facet_count(q, &facets[i], one))
				return false;
			continue;
		}
		for (size_t k = 0; k < v.list.n; k++) {
			if (!facet_count(q, &facets[i], v.list.items[k]))
				return false;
		}
	}
	return true;
}

static int value_order(const void *a, const void *b)
{
	const struct facet_value *x = a;
	const struct facet_value *y = b;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return str_cmp(x->text, y->text);
}

static void facets_json(struct query *q, const struct facet *facets)
{
	struct json_writer w;
	json_writer_init(&w, &q->cli->out, false);
	json_object_open(&w);
	json_key(&w, S("count"));
	json_put_uint(&w, q->count);
	json_key(&w, S("facets"));
	json_object_open(&w);
	for (size_t i = 0; i < q->facets_n; i++) {
		json_key(&w, q->facets[i]);
		json_array_open(&w);
		for (size_t k = 0; k < facets[i].values.n; k++) {
			const struct facet_value *item = &facets[i].values.items[k];
			json_object_open(&w);
			json_key(&w, S("value"));
			if (item->text.p != NULL)
				json_put_text(&w, item->text);
			else
				json_put_null(&w);
			json_key(&w, S("count"));
			json_put_uint(&w, item->n);
			json_object_close(&w);
		}
		json_array_close(&w);
	}
	json_object_close(&w);
	json_object_close(&w);
	buf_byte(&q->cli->out, '\n');
}

static bool facet_table(struct query *q, str field, const struct facet *f, bool csv, err *e)
{
	const struct table_column columns[] = {
		{ S("field"), S("field"), ALIGN_LEFT, false },
		{ S("value"), field, ALIGN_LEFT, true },
		{ S("count"), S("people"), ALIGN_RIGHT, false },
		{ S("share"), S("share"), ALIGN_RIGHT, false },
	};
	/* On a terminal the field is the head of its column. */
	size_t skip = csv ? 0 : 1;
	struct table t = { .columns = columns + skip, .columns_n = ARRAY_LEN(columns) - skip };
	char text[NUMBER_TEXT_MAX];
	bool ok = true;
	size_t shown = csv ? f->values.n : MIN(f->values.n, (size_t)FACET_ROWS_SHOWN);
	for (size_t k = 0; ok && k < shown; k++) {
		const struct facet_value *item = &f->values.items[k];
		double share = q->count > 0 ? (double)item->n / (double)q->count : 0.0;
		struct table_cell cells[] = {
			{ .value = value_text(field) },
			{ .value = item->text.p != NULL ? value_text(item->text) : value_none(),
			  .text = item->text.p != NULL ? item->text : S("(without)"),
			  .style = item->text.p != NULL ? STYLE_PLAIN : STYLE_GREY },
			{ .value = value_int((int64_t)item->n),
			  .text = str_dup(&q->cli->arena, show_count(text, item->n)) },
			{ .value = value_real(share),
			  .text = str_dup(&q->cli->arena, show_rate(text, share)) },
		};
		for (size_t i = skip; ok && i < ARRAY_LEN(cells); i++)
			ok = table_add(&t, cells[i], e);
	}
	if (ok && csv)
		table_put_csv(&t, false, &q->cli->out);
	else if (ok)
		table_put_text(&t, &q->cli->term, &q->cli->arena, &q->cli->out);
	if (ok && shown < f->values.n)
		buf_printf(&q->cli->out, "... and %zu more values\n", f->values.n - shown);
	table_fini(&t);
	return ok;
}

static bool facets_print(struct query *q, const struct facet *facets, err *e)
{
	char text[NUMBER_TEXT_MAX];
	bool csv = q->format == FORMAT_CSV;
	for (size_t i = 0; i < q->facets_n && q->count > 0; i++)
		qsort(facets[i].values.items, facets[i].values.n, sizeof *facets[i].values.items,
		      value_order);
	if (q->format == FORMAT_JSON) {
		facets_json(q, facets);
		return true;
	}
	if (csv)
		buf_cstr(&q->cli->out, "field,value,count,share\n");
	else
		buf_printf(&q->cli->out, "%.*s people\n", STR_ARG(show_count(text, q->count)));
	for (size_t i = 0; i < q->facets_n; i++) {
		buf_cstr(&q->cli->out, csv ? "" : "\n");
		if (!facet_table(q, q->facets[i], &facets[i], csv, e))
			return false;
	}
	return true;
}

bool people_facets(struct query *q, query_walk_fn walk, err *e)
{
	struct facet *facets = ARENA_ARRAY(&q->cli->arena, struct facet, q->facets_n);
	if (facets == NULL)
		return arena_err(&q->cli->arena, e);
	q->taking = facets;
	bool ok = walk(q, take_facets, e) && facets_print(q, facets, e);
	for (size_t i = 0; i < q->facets_n; i++) {
		map_fini(&facets[i].index);
		vec_free(&facets[i].values);
	}
	return ok;
}
