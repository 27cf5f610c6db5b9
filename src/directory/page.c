/*
 * page.c - those who fit, in order: a page of them, and how many there are.
 *
 * What it is:   one pass over the rows that fit keeps the best `limit` behind the cursor in a heap;
 *               values are compared by the first bytes of their keys, and by themselves only when
 *               those are equal.
 * Promises:     O(rows) at any depth; the order is sort_cmp's.
 * Threads:      under the directory's lock, reading.
 */
#include "directory/directory_int.h"

#include <stdlib.h>

#define KEY_ARENA_MAX (4 * MIB)

struct item {
	uint64_t order; /* of the value; UINT64_MAX when unknown, and `known` decides */
	uint32_t code;	/* of the dictionary; 0: `order` says all */
	uint32_t number;
	uint32_t row;
	bool known;
};

struct sorting {
	const struct table *table;
	const struct trait_column *column; /* NULL: by number alone */
	bool descending;
	struct arena keys; /* of two values that are compared */
	struct cursor after;
	struct item after_item;
	bool has_after;
};

/* ---- order ----------------------------------------------------------------------------------- */

static value key_of(struct sorting *s, const struct item *x)
{
	return sort_key(dict_decode(&s->column->dict, x->code, &s->keys), &s->keys);
}

static int value_order(struct sorting *s, const struct item *a, const struct item *b)
{
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	if (a->code == b->code)
		return 0;
	arena_reset(&s->keys);
	value x = a->code ? key_of(s, a) : s->after.key, y = b->code ? key_of(s, b) : s->after.key;
	return value_cmp(x, y);
}

static int item_cmp(struct sorting *s, const struct item *a, const struct item *b)
{
	if (a->known != b->known)
		return a->known ? -1 : 1;
	int order = a->known && s->column ? value_order(s, a, b) : 0;
	if (order)
		return s->descending ? -order : order;
	if (a->number == b->number)
		return 0;
	bool down = !s->column && s->descending;
	return (a->number < b->number) != down ? -1 : 1;
}

static uint64_t number_order(int64_t number)
{
	return (uint64_t)number ^ (UINT64_C(1) << 63);
}

static struct item item_of(const struct sorting *s, size_t row)
{
	struct item x = { .number = s->table->subjects.items[row], .row = (uint32_t)row };
	const struct trait_column *c = s->column;
	if (!c) {
		x.known = true;
	} else if (c->numeric) {
		int64_t number = row < c->numbers.n ? c->numbers.items[row] : NUMBER_UNKNOWN;
		x.known = number != NUMBER_UNKNOWN;
		x.order = number_order(number);
	} else {
		x.code = row < c->codes.n ? c->codes.items[row] : 0;
		x.known = x.code != 0;
		x.order = x.known ? c->dict.order.items[x.code - 1] : 0;
	}
	return x;
}

/* The cursor as a row that is not there. A column of numbers holds one kind: a cursor of another
 * kind stands before or behind all of them. */
static bool after_set(struct sorting *s, const struct directory_query *q, struct arena *a, err *e)
{
	if (q->after.n == 0)
		return true;
	if (!cursor_parse(q->after, a, &s->after, e))
		return false;
	value key = s->after.key;
	s->has_after = true;
	s->after_item = (struct item){ .number = (uint32_t)MIN(s->after.number, UINT32_MAX) };
	s->after_item.known = !s->column || key.kind != VALUE_NONE;
	if (s->column && !s->column->numeric) {
		s->after_item.order = dict_order(key);
	} else if (s->column && key.kind != VALUE_NONE) {
		bool same = key.kind == s->column->kind;
		s->after_item.order = same			   ? number_order(key.i)
				      : key.kind < s->column->kind ? 0
								   : UINT64_MAX;
	}
	return true;
}

/* ---- the best -------------------------------------------------------------------------------- */

/* A heap with the last of those kept on top. */
static void sift_down(struct sorting *s, struct item *heap, size_t n, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= n)
			return;
		if (child + 1 < n && item_cmp(s, &heap[child], &heap[child + 1]) < 0)
			child++;
		if (item_cmp(s, &heap[at], &heap[child]) >= 0)
			return;
		struct item swap = heap[at];
		heap[at] = heap[child];
		heap[child] = swap;
		at = child;
	}
}

static void sift_up(struct sorting *s, struct item *heap, size_t at)
{
	while (at > 0 && item_cmp(s, &heap[(at - 1) / 2], &heap[at]) < 0) {
		struct item swap = heap[at];
		heap[at] = heap[(at - 1) / 2];
		heap[(at - 1) / 2] = swap;
		at = (at - 1) / 2;
	}
}

static int item_qsort_cmp(const void *a, const void *b, void *arg)
{
	return item_cmp(arg, a, b);
}

/* Keeps the first `max` behind the cursor; *more_r: there are others. */
static size_t choose(struct sorting *s, const uint64_t *bits, size_t rows, struct item *heap,
		     size_t max, bool *more_r)
{
	size_t n = 0;
	for (size_t w = 0; w * 64 < rows; w++) {
		for (uint64_t left = bits[w]; left; left &= left - 1) {
			size_t row = w * 64 + (size_t)__builtin_ctzll(left);
			struct item x = item_of(s, row);
			if (s->has_after && item_cmp(s, &x, &s->after_item) <= 0)
				continue;
			if (n < max) {
				heap[n] = x;
				sift_up(s, heap, n++);
			} else {
				*more_r = true;
				if (item_cmp(s, &x, &heap[0]) < 0) {
					heap[0] = x;
					sift_down(s, heap, n, 0);
				}
			}
		}
	}
	if (n)
		qsort_r(heap, n, sizeof *heap, item_qsort_cmp, s);
	return n;
}

static uint64_t bits_count(const uint64_t *bits, size_t rows)
{
	uint64_t n = 0;
	for (size_t w = 0; w * 64 < rows; w++)
		n += (uint64_t)__builtin_popcountll(bits[w]);
	return n;
}

static str next_of(struct sorting *s, const struct item *last, struct arena *a)
{
	struct cursor c = { .number = last->number };
	if (s->column)
		c.key = sort_key(trait_column_value(s->column, last->row, a), a);
	return cursor_print(a, &c);
}

static bool page_of(struct sorting *s, const struct directory_query *q, const uint64_t *bits,
		    size_t rows, struct arena *a, struct directory_page *p, err *e)
{
	bool more = false;
	uint64_t all = bits_count(bits, rows);
	size_t max = (size_t)MIN((uint64_t)q->limit, all);
	struct item *heap = ARENA_ARRAY(a, struct item, max);
	p->subjects = ARENA_ARRAY(a, uint64_t, max);
	p->count = all;
	if (!heap || !p->subjects)
		return arena_err(a, e);
	if (max == 0 || !after_set(s, q, a, e))
		return max == 0;
	p->n = choose(s, bits, rows, heap, max, &more);
	for (size_t i = 0; i < p->n; i++)
		p->subjects[i] = heap[i].number;
	if (more && p->n)
		p->next = next_of(s, &heap[p->n - 1], a);
	return !a->over || arena_err(a, e);
}

static bool page_read(struct directory *d, struct snapshot *s, const struct directory_query *q,
		      struct arena *a, struct directory_page *p, err *e)
{
	struct sorting sorting = { .table = &d->rows.tables[q->entity],
				   .descending = q->descending };
	struct wanted sort = wanted_of_list(q->sort);
	uint64_t *bits;
	size_t rows;
	bool by_number = q->sort.n == 0 || str_eq(q->sort, S("number")) ||
			 (q->entity == ENTITY_PERSON && str_eq(q->sort, S("person")));
	if (!by_number) {
		sorting.column = trait_column_find(sorting.table, sort.name, sort.from);
		if (!sorting.column)
			return err_set(e, ERR_BUSY, "a field is being made ready; try again");
	}
	arena_init(&sorting.keys, KEY_ARENA_MAX);
	bool ok = plan_run(d, s, q, a, &bits, &rows, e) &&
		  page_of(&sorting, q, bits, rows, a, p, e);
	arena_fini(&sorting.keys);
	return ok;
}

bool directory_page(struct directory *d, struct snapshot *s, const struct directory_query *q,
		    struct arena *a, struct directory_page *p_r, err *e)
{
	struct directory_page p = { .next = S("") };
	struct cursor ignored;
	if (q->after.n && !cursor_parse(q->after, a, &ignored, e))
		return false;
	bool empty = snapshot_seq(s) == 0;
	if (!empty) {
		struct directory_query need = *q;
		if (str_eq(q->sort, S("number")) ||
		    (q->entity == ENTITY_PERSON && str_eq(q->sort, S("person"))))
			need.sort = S("");
		if (!directory_follow(d, s, DIRECTORY_NEEDED, e) ||
		    !plan_columns(d, s, &need, S(""), e) || !directory_read(d, s, e))
			return false;
		bool ok = page_read(d, s, q, a, &p, e);
		rwlock_unlock(&d->lock);
		if (!ok)
			return false;
	}
	*p_r = p;
	return true;
}

/* ---- facets ---------------------------------------------------------------------------------- */

struct tally {
	struct map64 numbers;  /* of a column of numbers */
	VEC(uint64_t) by_code; /* of a dictionary */
	struct dict items;     /* single values of lists */
	VEC(uint64_t) by_item;
	uint64_t unknown;
	err *e;
};

static bool tally_item(struct tally *t, value v, uint64_t n)
{
	uint32_t code = 0;
	if (!dict_code(&t->items, v, &code, t->e))
		return false;
	while (t->by_item.n < code) {
		if (!vec_push(&t->by_item, 0))
			return err_nomem(t->e);
	}
	t->by_item.items[code - 1] += n;
	return true;
}

static bool tally_row(struct tally *t, const struct trait_column *c, size_t row)
{
	uint64_t n = 0;
	if (c->numeric) {
		int64_t number = row < c->numbers.n ? c->numbers.items[row] : NUMBER_UNKNOWN;
		if (number == NUMBER_UNKNOWN) {
			t->unknown++;
			return true;
		}
		(void)map64_get(&t->numbers, (uint64_t)number, &n);
		return map64_put(&t->numbers, (uint64_t)number, n + 1) || err_nomem(t->e);
	}
	uint32_t code = row < c->codes.n ? c->codes.items[row] : 0;
	t->unknown += code == 0;
	t->by_code.items[code]++;
	return true;
}

static bool tally_all(struct tally *t, const struct trait_column *c, const uint64_t *bits,
		      size_t rows)
{
	if (!vec_reserve(&t->by_code, c->dict.ends.n + 1))
		return err_nomem(t->e);
	for (t->by_code.n = 0; t->by_code.n <= c->dict.ends.n; t->by_code.n++)
		t->by_code.items[t->by_code.n] = 0;
	for (size_t w = 0; w * 64 < rows; w++) {
		for (uint64_t left = bits[w]; left; left &= left - 1) {
			if (!tally_row(t, c, w * 64 + (size_t)__builtin_ctzll(left)))
				return false;
		}
	}
	return true;
}

/* Whoever has several values counts for each of them. */
static bool tally_lists(struct tally *t, const struct trait_column *c, struct arena *a)
{
	uint64_t number, n;
	for (size_t at = 0; map64_next(&t->numbers, &at, &number, &n);) {
		value v = c->kind == VALUE_TIME ? value_time((int64_t)number)
						: value_int((int64_t)number);
		if (!tally_item(t, v, n))
			return false;
	}
	for (uint32_t code = 1; code < t->by_code.n; code++) {
		if (t->by_code.items[code] == 0)
			continue;
		arena_reset(a);
		value v = dict_decode(&c->dict, code, a);
		size_t items_n = v.kind == VALUE_LIST ? v.list.n : 1;
		const value *items = v.kind == VALUE_LIST ? v.list.items : &v;
		t->unknown += items_n == 0 ? t->by_code.items[code] : 0;
		for (size_t i = 0; i < items_n; i++) {
			if (!tally_item(t, items[i], t->by_code.items[code]))
				return false;
		}
	}
	return true;
}

static int facet_cmp(const void *a, const void *b)
{
	const struct directory_facet *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return value_cmp(x->value, y->value);
}

static bool tally_print(struct tally *t, size_t max, struct arena *a,
			struct directory_facet **facets_r, size_t *n_r)
{
	size_t all = t->by_item.n + 1, n = 0;
	struct arena values CLEANUP(arena_fini);
	arena_init(&values, 512 * MIB);
	struct directory_facet *facets = ARENA_ARRAY(&values, struct directory_facet, all);
	if (!facets)
		return arena_err(&values, t->e);
	for (uint32_t code = 1; code <= t->by_item.n; code++)
		facets[n++] = (struct directory_facet){ dict_decode(&t->items, code, &values),
							t->by_item.items[code - 1] };
	if (t->unknown)
		facets[n++] = (struct directory_facet){ value_none(), t->unknown };
	if (n)
		qsort(facets, n, sizeof *facets, facet_cmp);
	n = MIN(n, max);
	*facets_r = ARENA_ARRAY(a, struct directory_facet, n);
	for (size_t i = 0; *facets_r && i < n; i++)
		(*facets_r)[i] = (struct directory_facet){ value_dup(a, facets[i].value),
							   facets[i].count };
	*n_r = n;
	return !a->over || arena_err(a, t->e);
}

static bool facets_read(struct directory *d, struct snapshot *s, const struct directory_query *q,
			struct wanted field, size_t max, struct arena *a,
			struct directory_facet **facets_r, size_t *n_r, err *e)
{
	struct tally t = { .e = e };
	uint64_t *bits;
	size_t rows;
	struct arena scratch;
	const struct trait_column *c = trait_column_find(&d->rows.tables[q->entity], field.name,
							 field.from);
	if (!c)
		return err_set(e, ERR_BUSY, "a field is being made ready; try again");
	arena_init(&scratch, KEY_ARENA_MAX);
	bool ok = plan_run(d, s, q, a, &bits, &rows, e) && tally_all(&t, c, bits, rows) &&
		  tally_lists(&t, c, &scratch) && tally_print(&t, max, a, facets_r, n_r);
	map64_fini(&t.numbers);
	vec_free(&t.by_code);
	vec_free(&t.by_item);
	dict_fini(&t.items);
	arena_fini(&scratch);
	return ok;
}

bool directory_facets(struct directory *d, struct snapshot *s, const struct directory_query *q,
		      str field, size_t max, struct arena *a, struct directory_facet **facets_r,
		      size_t *n_r, err *e)
{
	struct directory_query unsorted = *q;
	unsorted.sort = S("");
	*facets_r = NULL;
	*n_r = 0;
	if (snapshot_seq(s) == 0)
		return true;
	if (!directory_follow(d, s, DIRECTORY_NEEDED, e) ||
	    !plan_columns(d, s, &unsorted, field, e) || !directory_read(d, s, e))
		return false;
	bool ok = facets_read(d, s, &unsorted, wanted_of_list(field), max, a, facets_r, n_r, e);
	rwlock_unlock(&d->lock);
	return ok;
}
