/*
 * directory.c - who fits a rule, in which order, how many, and with which values.
 *
 * Threads:      see directory.h.
 */
#include "directory/directory_int.h"

#include "base/mem.h"

#include <stdlib.h>

struct directory {
	struct mutex mutex;
};

bool directory_new(struct directory **d_r, err *e)
{
	struct directory *d = mem_zalloc(1, sizeof *d);
	if (!d)
		return err_nomem(e);
	mutex_init(&d->mutex);
	*d_r = d;
	return true;
}

void directory_free(struct directory **dd)
{
	if (!*dd)
		return;
	mutex_fini(&(*dd)->mutex);
	mem_free(*dd);
	*dd = NULL;
}

bool directory_follow(struct directory *d, struct snapshot *s, enum directory_how how, err *e)
{
	(void)d;
	(void)s;
	(void)how;
	(void)e;
	return true;
}

struct item {
	uint64_t number;
	value key;
};

struct walking {
	struct people *people;
	const struct directory_query *q;
	str field;
	struct history history;
	bool needs_history;
	struct arena scratch;
	struct arena *a;
	VEC(struct item) items;
	err e;
	bool failed;
};

static void note_did(void *arg, const struct rule_did *did)
{
	struct walking *w = arg;
	(void)did;
	w->needs_history = true;
}

static uint64_t keep(void *arg, const struct touch *t)
{
	const struct walking *w = arg;
	uint64_t about = w->q->entity == ENTITY_PERSON	  ? t->person
			 : w->q->entity == ENTITY_COMPANY ? t->company
							  : t->deal;
	return about ? people_subject_of(w->people, about) : 0;
}

static bool belongs(const struct walking *w, const struct subject *s, str key, uint64_t to)
{
	value v = subject_cell(&s->view, key);
	return to == 0 || (v.kind == VALUE_INT && v.i > 0 &&
			   people_subject_of(w->people, (uint64_t)v.i) == to);
}

static bool each(void *arg, uint64_t number)
{
	struct walking *w = arg;
	struct subject s;
	size_t n = 0;
	const struct touch *touches = w->needs_history ? history_of(&w->history, number, &n) : NULL;
	arena_reset(&w->scratch);
	w->failed = !subject_read(w->people, number, touches, n, w->q->now_us, &w->scratch, &s,
				  &w->e);
	if (w->failed)
		return false;
	if (!belongs(w, &s, S("company"), w->q->company) ||
	    !belongs(w, &s, S("person"), w->q->person) ||
	    (w->q->rule && !rule_test(w->q->rule, &s.rule_row)))
		return true;
	struct item item = { .number = number };
	if (w->field.n)
		item.key = value_dup(w->a, subject_value(&s, w->field, &w->scratch));
	w->failed = w->a->over || !vec_push(&w->items, item);
	if (w->failed)
		arena_err(w->a, &w->e);
	return !w->failed;
}

static bool walk(struct walking *w, struct snapshot *s, err *e)
{
	w->people = snapshot_people(s);
	arena_init(&w->scratch, 64 * MIB);
	if (w->q->rule)
		rule_each_did(w->q->rule, note_did, w);
	bool ok = (!w->needs_history || history_gather(s, keep, w, w->a, &w->history, e)) &&
		  people_each(w->people, w->q->entity, each, w, e);
	arena_fini(&w->scratch);
	if (ok && w->failed)
		*e = w->e;
	return ok && !w->failed;
}

static int item_cmp(const void *a, const void *b, void *arg)
{
	const struct item *x = a, *y = b;
	return sort_cmp(x->key, x->number, y->key, y->number, *(const bool *)arg);
}

bool directory_page(struct directory *d, struct snapshot *s, const struct directory_query *q,
		    struct arena *a, struct directory_page *p_r, err *e)
{
	struct walking w = { .q = q, .field = q->sort, .a = a };
	struct cursor after = { 0 };
	bool descending = q->descending;
	(void)d;
	if (q->after.n && !cursor_parse(q->after, a, &after, e))
		return false;
	bool ok = walk(&w, s, e);
	for (size_t i = 0; ok && i < w.items.n; i++)
		w.items.items[i].key = sort_key(w.items.items[i].key, a);
	if (ok && w.items.n)
		qsort_r(w.items.items, w.items.n, sizeof *w.items.items, item_cmp, &descending);
	struct directory_page p = { .count = w.items.n };
	p.subjects = ARENA_ARRAY(a, uint64_t, q->limit);
	size_t i = 0;
	for (; ok && p.subjects && i < w.items.n && p.n < q->limit; i++) {
		const struct item *x = &w.items.items[i];
		if (!q->after.n ||
		    sort_cmp(x->key, x->number, after.key, after.number, descending) > 0)
			p.subjects[p.n++] = x->number;
	}
	if (ok && i < w.items.n && p.n) {
		struct cursor last = { w.items.items[i - 1].number, w.items.items[i - 1].key };
		p.next = cursor_print(a, &last);
	}
	vec_free(&w.items);
	*p_r = p;
	return ok && (!a->over || arena_err(a, e));
}

static int facet_cmp(const void *a, const void *b)
{
	const struct directory_facet *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return value_cmp(x->value, y->value);
}

static int value_item_cmp(const void *a, const void *b)
{
	return value_cmp(((const struct item *)a)->key, ((const struct item *)b)->key);
}

bool directory_facets(struct directory *d, struct snapshot *s, const struct directory_query *q,
		      str field, size_t max, struct arena *a, struct directory_facet **facets_r,
		      size_t *n_r, err *e)
{
	struct walking w = { .q = q, .field = field, .a = a };
	(void)d;
	bool ok = walk(&w, s, e);
	struct directory_facet *facets = ARENA_ARRAY(a, struct directory_facet, w.items.n + 1);
	size_t n = 0;
	ok = ok && (facets || arena_err(a, e));
	if (ok && w.items.n)
		qsort(w.items.items, w.items.n, sizeof *w.items.items, value_item_cmp);
	for (size_t i = 0; ok && i < w.items.n; i++) {
		if (n && value_eq(facets[n - 1].value, w.items.items[i].key))
			facets[n - 1].count++;
		else
			facets[n++] = (struct directory_facet){ w.items.items[i].key, 1 };
	}
	if (ok && n)
		qsort(facets, n, sizeof *facets, facet_cmp);
	vec_free(&w.items);
	*facets_r = facets;
	*n_r = MIN(n, max);
	return ok;
}

bool directory_search(struct directory *d, struct snapshot *s, enum entity entity, str text,
		      size_t max, struct arena *a, uint64_t **subjects_r, size_t *n_r, err *e)
{
	static const str FIELDS[] = { S("name"), S("email"), S("company") };
	struct directory_query q = { .entity = entity };
	str wanted = str_fold(a, text);
	uint64_t *subjects = ARENA_ARRAY(a, uint64_t, max);
	size_t n = 0;
	(void)d;
	if (!subjects)
		return arena_err(a, e);
	for (size_t f = 0; f < ARRAY_LEN(FIELDS); f++) {
		struct walking w = { .q = &q, .field = FIELDS[f], .a = a };
		bool ok = walk(&w, s, e);
		for (size_t i = 0; ok && i < w.items.n && n < max; i++) {
			value key = sort_key(w.items.items[i].key, a);
			if (key.kind == VALUE_TEXT && str_contains(key.text, wanted))
				subjects[n++] = w.items.items[i].number;
		}
		vec_free(&w.items);
		if (!ok)
			return false;
	}
	*subjects_r = subjects;
	*n_r = n;
	return true;
}

struct journey {
	struct people *people;
	uint64_t subject;
};

static uint64_t keep_subject(void *arg, const struct touch *t)
{
	const struct journey *j = arg;
	const uint64_t about[] = { t->person, t->company, t->deal };
	for (size_t i = 0; i < ARRAY_LEN(about); i++) {
		if (about[i] && people_subject_of(j->people, about[i]) == j->subject)
			return j->subject;
	}
	return 0;
}

bool directory_journey(struct directory *d, struct snapshot *s, const struct directory_journey *j,
		       struct arena *a, struct directory_touches *t_r, err *e)
{
	struct journey w = { snapshot_people(s), j->subject };
	struct history h;
	struct directory_touches t = { 0 };
	(void)d;
	if (!history_gather(s, keep_subject, &w, a, &h, e))
		return false;
	t.touches = ARENA_ARRAY(a, struct touch, j->limit);
	if (!t.touches)
		return arena_err(a, e);
	t.count = h.n;
	for (size_t i = 0; i < h.n && !t.more; i++) {
		const struct touch *x = &h.touches[j->latest_first ? h.n - 1 - i : i];
		bool before = x->at_us != j->after_at_us ? x->at_us < j->after_at_us
							 : x->seq <= j->after_seq;
		if (!j->begin && before != j->latest_first)
			continue;
		if (!j->begin && x->seq == j->after_seq)
			continue;
		t.more = t.n == j->limit;
		if (!t.more)
			t.touches[t.n++] = *x;
	}
	*t_r = t;
	return true;
}

bool directory_latest(struct directory *d, struct snapshot *s, const struct rule *rule,
		      uint64_t before, size_t limit, int64_t now_us, struct arena *a,
		      struct directory_touches *t_r, err *e)
{
	(void)d;
	(void)s;
	(void)rule;
	(void)before;
	(void)limit;
	(void)now_us;
	(void)a;
	(void)e;
	*t_r = (struct directory_touches){ 0 };
	return true;
}

void directory_numbers(struct directory *d, struct directory_numbers *n_r)
{
	(void)d;
	*n_r = (struct directory_numbers){ 0 };
}
