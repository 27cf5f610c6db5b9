/*
 * funnel_dict.c - the values of a breakdown property, each with a number.
 *
 * What it is:   a hash table from values to numbers, so that a collected touch carries four bytes
 *               instead of a value. Values that are equal (numbers of both kinds too) share a
 * number. Promises:     all memory is the arena's; number 0 is VALUE_NONE. Threads:      one at a
 * time.
 */
#include "funnel/funnel_int.h"

#include <math.h>
#include <string.h>

#define SLOTS_FIRST   ((size_t)256)
#define LIST_TEXT_MAX MIB

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9E3779B97F4A7C15);
	return h ^ h >> 32;
}

static uint64_t hash_value(value v)
{
	uint64_t h = mix(0, (uint64_t)v.kind);
	switch (v.kind) {
	case VALUE_NONE:
		return h;
	case VALUE_TEXT:
		return mix(h, str_hash(v.text));
	case VALUE_INT:
	case VALUE_REAL: {
		/* 1 and 1.0 are the same number, so they must meet. */
		double d = v.kind == VALUE_REAL ? v.real : (double)v.i;
		uint64_t bits;
		if (d == 0 || isnan(d))
			d = 0;
		memcpy(&bits, &d, sizeof bits);
		return mix(1, bits);
	}
	case VALUE_BOOL:
	case VALUE_TIME:
	case VALUE_DATE:
		return mix(h, (uint64_t)v.i);
	case VALUE_MONEY:
		return mix(mix(h, (uint64_t)v.i), (uint64_t)(uint8_t)v.currency[0] << 16 |
							  (uint64_t)(uint8_t)v.currency[1] << 8 |
							  (uint64_t)(uint8_t)v.currency[2]);
	case VALUE_LIST:
		for (size_t i = 0; i < v.list.n; i++)
			h = mix(h, hash_value(v.list.items[i]));
		return h;
	}
	return h;
}

static bool grow_slots(struct dict *d, err *e)
{
	size_t slots_n = d->slots_n ? d->slots_n * 2 : SLOTS_FIRST;
	uint32_t *slots = ARENA_ARRAY(d->a, uint32_t, slots_n);
	if (!slots)
		return arena_err(d->a, e);
	for (uint32_t i = 1; i < d->values.n; i++) {
		size_t at = (size_t)hash_value(dict_value(d, i)) & (slots_n - 1);
		while (slots[at] != 0)
			at = (at + 1) & (slots_n - 1);
		slots[at] = i;
	}
	d->slots = slots;
	d->slots_n = slots_n;
	return true;
}

bool dict_init(struct dict *d, struct arena *a, err *e)
{
	*d = (struct dict){ .a = a };
	pages_init(&d->values, a, sizeof(value));
	value *none = pages_add(&d->values, e);
	if (!none)
		return false;
	*none = value_none();
	return grow_slots(d, e);
}

value dict_value(const struct dict *d, uint32_t number)
{
	return *(value *)pages_at(&d->values, number);
}

bool dict_number(struct dict *d, value v, uint32_t *number_r, err *e)
{
	if (v.kind == VALUE_NONE || (v.kind == VALUE_TEXT && v.text.n == 0) ||
	    (v.kind == VALUE_LIST && v.list.n == 0)) {
		*number_r = DICT_NONE;
		return true;
	}
	size_t at = (size_t)hash_value(v) & (d->slots_n - 1);
	for (; d->slots[at] != 0; at = (at + 1) & (d->slots_n - 1)) {
		if (value_eq(dict_value(d, d->slots[at]), v)) {
			*number_r = d->slots[at];
			return true;
		}
	}
	value copy = value_dup(d->a, v);
	if (copy.kind == VALUE_NONE)
		return arena_err(d->a, e);
	value *slot = pages_add(&d->values, e);
	if (!slot)
		return false;
	*slot = copy;
	d->slots[at] = d->values.n - 1;
	*number_r = d->values.n - 1;
	return d->values.n < d->slots_n / 2 || grow_slots(d, e);
}

/* A list within a list is a text. */
static bool flat(struct dict *d, value v, value *v_r, err *e)
{
	struct buf text;
	*v_r = v;
	if (v.kind != VALUE_LIST)
		return true;
	buf_init(&text, LIST_TEXT_MAX);
	value_print(&text, v);
	bool ok = buf_ok(&text, e);
	if (ok)
		*v_r = value_text(str_dup(d->a, buf_view(&text)));
	buf_fini(&text);
	return ok && (!d->a->over || arena_err(d->a, e));
}

bool dict_number_all(struct dict *d, const value *values, size_t n, uint32_t *number_r, err *e)
{
	value items[MAX(FUNNEL_BY_MAX, FUNNEL_HOLD_MAX)];
	bool known = false;
	CHECK(n <= ARRAY_LEN(items));
	if (n == 1)
		return dict_number(d, values[0], number_r, e);
	for (size_t i = 0; i < n; i++) {
		if (!flat(d, values[i], &items[i], e))
			return false;
		if (items[i].kind == VALUE_TEXT && items[i].text.n == 0)
			items[i] = value_none();
		known = known || items[i].kind != VALUE_NONE;
	}
	value all = { .kind = known ? VALUE_LIST : VALUE_NONE };
	if (known) {
		all.list.items = items;
		all.list.n = n;
	}
	return dict_number(d, all, number_r, e);
}
