/*
 * funnel_pages.c - growing tables in an arena, and sorting in place.
 *
 * What it is:   what funnel/ needs because its memory has a maximum: a vector that doubles would
 * hold three times its items in an arena, and the system's sort takes memory of its own. Promises:
 * items never move; sorting is O(n log n) at worst and nearly free when sorted already. Threads:
 * one at a time.
 */
#include "funnel/funnel_int.h"

#include <string.h>

#define PAGE_ITEMS     ((uint32_t)512)
#define ITEM_BYTES_MAX ((size_t)512)

void pages_init(struct pages *p, struct arena *a, size_t item_bytes)
{
	*p = (struct pages){ .a = a, .item_bytes = item_bytes };
}

void *pages_at(const struct pages *p, uint32_t number)
{
	return p->page[number / PAGE_ITEMS] + (size_t)(number % PAGE_ITEMS) * p->item_bytes;
}

void *pages_add(struct pages *p, err *e)
{
	if (p->n == UINT32_MAX) {
		err_set(e, ERR_LIMIT, "the funnel concerns more than %u touches; narrow the period",
			UINT32_MAX);
		return NULL;
	}
	if (p->n / PAGE_ITEMS == p->page_n) {
		if (p->page_n == p->page_cap) {
			size_t cap = p->page_cap ? p->page_cap * 2 : 16;
			char **page = ARENA_ARRAY(p->a, char *, cap);
			if (!page) {
				(void)arena_err(p->a, e);
				return NULL;
			}
			if (p->page_n > 0)
				memcpy(page, p->page, p->page_n * sizeof *page);
			p->page = page;
			p->page_cap = cap;
		}
		char *items = arena_alloc(p->a, PAGE_ITEMS * p->item_bytes);
		if (!items) {
			(void)arena_err(p->a, e);
			return NULL;
		}
		p->page[p->page_n++] = items;
	}
	return pages_at(p, p->n++);
}

static void swap_items(char *a, char *b, size_t size)
{
	char t[ITEM_BYTES_MAX];
	memcpy(t, a, size);
	memcpy(a, b, size);
	memcpy(b, t, size);
}

static void sift_down(char *items, size_t from, size_t n, size_t size,
		      int (*cmp)(const void *a, const void *b))
{
	for (size_t child; (child = 2 * from + 1) < n; from = child) {
		if (child + 1 < n && cmp(items + child * size, items + (child + 1) * size) < 0)
			child++;
		if (cmp(items + from * size, items + child * size) >= 0)
			return;
		swap_items(items + from * size, items + child * size, size);
	}
}

void sort_items(void *array, size_t n, size_t size, int (*cmp)(const void *a, const void *b))
{
	char *items = array;
	size_t sorted = 1;
	CHECK(size <= ITEM_BYTES_MAX);
	while (sorted < n && cmp(items + (sorted - 1) * size, items + sorted * size) <= 0)
		sorted++;
	if (sorted >= n)
		return;
	if (n <= 16) {
		for (size_t i = sorted; i < n; i++)
			for (size_t k = i;
			     k > 0 && cmp(items + (k - 1) * size, items + k * size) > 0; k--)
				swap_items(items + (k - 1) * size, items + k * size, size);
		return;
	}
	for (size_t i = n / 2; i-- > 0;)
		sift_down(items, i, n, size, cmp);
	for (size_t end = n - 1; end > 0; end--) {
		swap_items(items, items + end * size, size);
		sift_down(items, 0, end, size, cmp);
	}
}
