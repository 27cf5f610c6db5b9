/*
 * bulk_sort.c - entries in the order in which segments have touches.
 *
 * What it is:   a radix sort by subject, after which each subject's few entries are put in order of
 *               time; they mostly are, as files of events are written in order of time.
 * Promises:     the order depends on what the entries say, not on where they stood: equal ones of
 *               one subject and instant are ordered by their content.
 * Threads:      the caller's.
 */
#include "load/bulk_int.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define DIGIT_BITS    11
#define DIGITS	      ((size_t)1 << DIGIT_BITS)
#define FEW	      32
#define ENTRIES_LEAST ((size_t)1 << 12)

void run_fini(struct bulk_run *r)
{
	mem_free(r->entries);
	buf_fini(&r->extras);
	r->entries = NULL;
	r->n = r->cap = 0;
}

bool run_reserve(struct bulk_run *r, size_t more, err *e)
{
	size_t cap = r->cap ? r->cap : ENTRIES_LEAST;
	while (cap < r->n + more)
		cap *= 2;
	if (cap == r->cap)
		return true;
	struct bulk_entry *p = mem_realloc(r->entries, cap, sizeof *p);
	if (!p)
		return err_nomem(e);
	r->entries = p;
	r->cap = cap;
	return true;
}

bool run_add(struct bulk_run *r, const struct bulk_entry *x, const char *extra, err *e)
{
	if (r->n == r->cap && !run_reserve(r, 1, e))
		return false;
	struct bulk_entry *to = &r->entries[r->n++];
	*to = *x;
	to->extra = 0;
	if (!extra)
		return true;
	while (r->extras.n % 8 != 0)
		buf_byte(&r->extras, 0);
	to->extra = (uint32_t)(r->extras.n / 8) + 1;
	uint32_t n;
	memcpy(&n, extra, sizeof n);
	buf_put(&r->extras, extra, n);
	return buf_ok(&r->extras, e);
}

const char *run_extra_at(const struct bulk_run *r, const struct bulk_entry *x)
{
	return x->extra ? r->extras.p + (size_t)(x->extra - 1) * 8 : NULL;
}

str run_extra(const struct bulk_run *r, const struct bulk_entry *x)
{
	const char *p = run_extra_at(r, x);
	uint32_t n;
	if (!p)
		return S("");
	memcpy(&n, p, sizeof n);
	return str_make(p + sizeof n, n - sizeof n);
}

uint32_t entry_subject(const struct bulk_entry *x, const uint32_t *roots)
{
	uint32_t of = x->person ? x->person : x->company ? x->company : x->deal;
	return of ? roots[of - 1] : 0;
}

static int cmp64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Of one subject. */
static int content_cmp(const struct bulk_run *r, const struct bulk_entry *a,
		       const struct bulk_entry *b, const struct bulk_whats *w)
{
	if (a->what != b->what)
		return cmp64(w->all.items[a->what].order, w->all.items[b->what].order);
	int order = a->extra || b->extra ? str_cmp(run_extra(r, a), run_extra(r, b)) : 0;
	if (order == 0)
		order = cmp64(a->person, b->person);
	if (order == 0)
		order = cmp64(a->company, b->company);
	return order ? order : cmp64(a->deal, b->deal);
}

static int entry_cmp(const struct bulk_run *r, const struct bulk_entry *a,
		     const struct bulk_entry *b, const struct bulk_whats *w)
{
	if (a->subject != b->subject)
		return cmp64(a->subject, b->subject);
	if (a->at_us != b->at_us)
		return a->at_us < b->at_us ? -1 : 1;
	return content_cmp(r, a, b, w);
}

/* ---- by subject ------------------------------------------------------------------------------ */

static void scatter(const struct bulk_entry *from, struct bulk_entry *to, size_t n, unsigned shift,
		    size_t *counts)
{
	size_t at = 0;
	for (size_t i = 0; i < DIGITS; i++) {
		size_t count = counts[i];
		counts[i] = at;
		at += count;
	}
	for (size_t i = 0; i < n; i++)
		to[counts[from[i].subject >> shift & (DIGITS - 1)]++] = from[i];
}

/* Stable; what was in order of time stays so within each subject. */
static void by_subject(struct bulk_run *r, struct bulk_entry *spare)
{
	size_t counts[3][DIGITS] = { 0 };
	struct bulk_entry *from = r->entries, *to = spare;
	for (size_t i = 0; i < r->n; i++) {
		for (size_t k = 0; k < 3; k++)
			counts[k][from[i].subject >> (k * DIGIT_BITS) & (DIGITS - 1)]++;
	}
	for (unsigned k = 0; k < 3; k++) {
		if (r->n == 0 ||
		    counts[k][from[0].subject >> (k * DIGIT_BITS) & (DIGITS - 1)] == r->n)
			continue; /* all the same */
		scatter(from, to, r->n, k * DIGIT_BITS, counts[k]);
		struct bulk_entry *t = from;
		from = to;
		to = t;
	}
	if (from != r->entries)
		memcpy(r->entries, from, r->n * sizeof *from);
}

/* ---- by time and content --------------------------------------------------------------------- */

static void insert_few(const struct bulk_run *r, struct bulk_entry *p, size_t n,
		       const struct bulk_whats *w)
{
	for (size_t i = 1; i < n; i++) {
		struct bulk_entry x = p[i];
		size_t k = i;
		for (; k > 0 && entry_cmp(r, &p[k - 1], &x, w) > 0; k--)
			p[k] = p[k - 1];
		p[k] = x;
	}
}

static void merge_sort(const struct bulk_run *r, struct bulk_entry *p, size_t n,
		       struct bulk_entry *spare, const struct bulk_whats *w)
{
	if (n <= FEW) {
		insert_few(r, p, n, w);
		return;
	}
	size_t half = n / 2;
	merge_sort(r, p, half, spare, w);
	merge_sort(r, p + half, n - half, spare, w);
	if (entry_cmp(r, &p[half - 1], &p[half], w) <= 0)
		return;
	memcpy(spare, p, half * sizeof *p);
	size_t a = 0, b = half, to = 0;
	while (a < half && b < n)
		p[to++] = entry_cmp(r, &spare[a], &p[b], w) <= 0 ? spare[a++] : p[b++];
	memcpy(p + to, spare + a, (half - a) * sizeof *p);
}

void run_sort_subject(struct bulk_run *r, size_t from, size_t n, struct bulk_entry *spare,
		      const struct bulk_whats *w)
{
	merge_sort(r, r->entries + from, n, spare, w);
}

bool run_sort(struct bulk_run *r, const struct bulk_whats *w, const uint32_t *roots, size_t roots_n,
	      err *e)
{
	struct bulk_entry *spare = mem_alloc(MAX(r->n, (size_t)1) * sizeof *spare);
	if (!spare)
		return err_nomem(e);
	for (size_t i = 0; i < r->n; i++) {
		struct bulk_entry *x = &r->entries[i];
		CHECK(MAX(x->person, MAX(x->company, x->deal)) <= roots_n);
		x->subject = entry_subject(x, roots);
	}
	by_subject(r, spare);
	for (size_t i = 0, to; i < r->n; i = to) {
		for (to = i + 1; to < r->n && r->entries[to].subject == r->entries[i].subject;)
			to++;
		run_sort_subject(r, i, to - i, spare, w);
	}
	mem_free(spare);
	return true;
}
