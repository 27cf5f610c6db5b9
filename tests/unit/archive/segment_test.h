/*
 * segment_test.h - touches of every kind, in order, for the tests of segments.
 */
#ifndef TRICHTER_SEGMENT_TEST_H
#define TRICHTER_SEGMENT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "archive/segment.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define assert_ok(call, e)                                                                         \
	do {                                                                                       \
		err_clear(&(e));                                                                   \
		if (!(call))                                                                       \
			fail_msg("%s", (e).text);                                                  \
	} while (0)

struct made {
	uint64_t subject;
	struct touch t;
};
struct world_of_touches {
	struct arena a;
	struct made *items;
	size_t n;
};
/* What generated touches look like. */
struct shape_of_touches {
	size_t n;
	uint64_t subjects; /* spread over so many */
	bool odd;	   /* everything that a touch may be, times before 1970 too */
	bool plain;	   /* without ids and properties */
};

static str word(struct arena *a, struct rng *r, const char *what, uint64_t n)
{
	return str_printf(a, "%s %llu", what, (unsigned long long)rng_below(r, n));
}

static value odd_value(struct arena *a, struct rng *r, bool in_list)
{
	switch (rng_below(r, in_list ? 8 : 9)) {
	case 0:
		return value_none();
	case 1:
		return value_text(word(a, r, "value", 20000));
	case 2:
		return value_int((int64_t)rng_u64(r));
	case 3:
		return value_real(rng_normal(r));
	case 4:
		return value_bool(rng_chance(r, 0.5));
	case 5:
		return value_time((int64_t)rng_below(r, 1000000) - 500000);
	case 6:
		return value_date((int64_t)rng_below(r, 1000) - 500);
	case 7:
		return value_money((int64_t)rng_below(r, 100000) - 5000,
				   rng_chance(r, 0.5) ? "EUR" : "USD");
	default:
		break;
	}
	size_t n = (size_t)rng_below(r, 4);
	value *items = ARENA_ARRAY(a, value, n);
	for (size_t i = 0; i < n; i++)
		items[i] = odd_value(a, r, true);
	value v = { .kind = VALUE_LIST };
	v.list.items = items;
	v.list.n = n;
	return v;
}

/* Keys that are texts of few or many values, numbers, money, and of any kind. */
static value value_of_key(struct arena *a, struct rng *r, size_t key)
{
	switch (key) {
	case 0:
		return value_text(word(a, r, "plan", 5));
	case 1:
		return value_int((int64_t)rng_below(r, 1000));
	case 2:
		return value_money((int64_t)rng_below(r, 1000000), "EUR");
	case 3:
		return value_text(word(a, r, "page", 100000));
	case 4:
		return value_time((int64_t)rng_u64(r) % INT64_C(1000000000000000));
	case 5: /* nearly always a number */
		return rng_below(r, 20000) ? value_int(7) : value_text(S("seven"));
	default:
		return odd_value(a, r, false);
	}
}

static void make_props(struct arena *a, struct rng *r, struct touch *t)
{
	static const char *const KEYS[] = { "plan", "seats", "price",	"page",
					    "when", "mixed", "anything" };
	if (rng_chance(r, 0.3))
		return;
	size_t n = (size_t)rng_below(r, rng_below(r, 500) ? 6 : 60);
	struct prop *props = ARENA_ARRAY(a, struct prop, n);
	for (size_t i = 0; i < n; i++) {
		size_t key = (size_t)rng_below(r, 8);
		props[i].key = key < 7 ? str_of(KEYS[key]) : word(a, r, "key", 300);
		props[i].value = value_of_key(a, r, key);
	}
	t->props = props;
	t->props_n = n;
}

static str make_id(struct arena *a, struct rng *r)
{
	uint64_t x = rng_u64(r), y = rng_u64(r);
	switch (rng_below(r, 6)) {
	case 0:
		return S("");
	case 1:
		return str_printf(a, "order %llu:%02u", (unsigned long long)rng_below(r, 1000),
				  (unsigned)(x % 100));
	case 2:
		return str_printf(a, "%016llX", (unsigned long long)x);
	case 3: /* like a UUID, but not as it is written */
		return str_printf(a, "%08X-0000-0000-0000-%012llX", (unsigned)x,
				  (unsigned long long)(y >> 16));
	default:
		return str_printf(a, "%08x-%04x-%04x-%04x-%012llx", (unsigned)x,
				  (unsigned)(x >> 48), (unsigned)(x >> 32) & 0xffff,
				  (unsigned)y & 0xffff, (unsigned long long)(y >> 16));
	}
}

static void make_odd(struct arena *a, struct rng *r, struct touch *t, uint64_t subject)
{
	t->message_id = make_id(a, r);
	t->person = rng_chance(r, 0.9) ? subject : rng_below(r, 1000);
	t->company = rng_chance(r, 0.2) ? rng_below(r, 50) : 0;
	t->deal = rng_chance(r, 0.05) ? 1 + rng_below(r, 50) : 0;
	t->import = rng_chance(r, 0.3) ? 1 + rng_below(r, 3) : 0;
	t->cause = rng_chance(r, 0.1) ? 1 + rng_below(r, 100000) : 0;
	t->rule = rng_chance(r, 0.1) ? word(a, r, "mql@", 3) : S("");
	t->by = rng_chance(r, 0.1) ? word(a, r, "user", 5) : S("");
	t->fill = rng_chance(r, 0.1);
	t->from_public = rng_chance(r, 0.5);
	t->received_us = t->at_us + (int64_t)rng_below(r, 5000000);
	if (rng_chance(r, 0.2))
		t->origin.campaign = word(a, r, "campaign", 20);
	if (rng_chance(r, 0.1))
		t->origin.referrer = word(a, r, "https://example.com/", 200);
	if (rng_chance(r, 0.1))
		t->origin.click_kind = S("gclid");
	make_props(a, r, t);
}

static int made_cmp(const void *a, const void *b)
{
	const struct made *x = a, *y = b;
	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	return touch_cmp(&x->t, &y->t);
}

UNUSED static void touches_make(struct world_of_touches *w, uint64_t seed,
				struct shape_of_touches shape)
{
	struct rng r;
	rng_init(&r, seed);
	arena_init(&w->a, SIZE_MAX / 2);
	w->n = shape.n;
	w->items = calloc(shape.n + 1, sizeof *w->items);
	for (size_t i = 0; i < shape.n; i++) {
		struct made *m = &w->items[i];
		int64_t ms = (int64_t)rng_below(&r, UINT64_C(7776000000));
		m->subject = rng_below(&r, shape.subjects);
		m->t.seq = 1000 + i;
		m->t.at_us = (shape.odd ? ms - 7000000000 : ms) * 1000;
		if (shape.odd && rng_chance(&r, 0.1))
			m->t.at_us = (int64_t)rng_below(&r, 5);
		m->t.received_us = 5;
		m->t.person = m->subject;
		m->t.name = word(&w->a, &r, "name", 16);
		m->t.origin.source = word(&w->a, &r, "source", 15);
		if (rng_below(&r, 16) == 0)
			m->t.origin.source = S("");
		if (!shape.plain)
			make_odd(&w->a, &r, &m->t, m->subject);
		m->t.tie = m->t.message_id.n ? tie_of_message_id(m->t.message_id) : m->t.seq;
	}
	qsort(w->items, w->n, sizeof *w->items, made_cmp);
}

UNUSED static void touches_free(struct world_of_touches *w)
{
	arena_fini(&w->a);
	free(w->items);
}

UNUSED static bool build(struct fs *fs, const char *path, bool cold,
			 const struct world_of_touches *w, struct segment **s_r, err *e)
{
	struct segment_options o = { .fs = fs, .path = path, .cold = cold, .keyed_seq = 77 };
	struct segment_builder *b;
	if (!segment_begin_build(&o, &b, e))
		return false;
	for (size_t i = 0; i < w->n; i++) {
		if (!segment_add(b, w->items[i].subject, &w->items[i].t, e)) {
			segment_abort(&b);
			return false;
		}
	}
	return segment_finish(&b, s_r, e);
}

/* Equal to the byte, kinds and order of properties included. */
static void assert_same_value(value a, value b)
{
	struct buf x, y;
	buf_init(&x, MIB);
	buf_init(&y, MIB);
	value_encode(&x, a);
	value_encode(&y, b);
	assert_true(str_eq(buf_view(&x), buf_view(&y)));
	buf_fini(&x);
	buf_fini(&y);
}

static void assert_same_origin(const struct origin *a, const struct origin *b)
{
	assert_true(str_eq(a->source, b->source));
	assert_true(str_eq(a->medium, b->medium));
	assert_true(str_eq(a->campaign, b->campaign));
	assert_true(str_eq(a->content, b->content));
	assert_true(str_eq(a->term, b->term));
	assert_true(str_eq(a->referrer, b->referrer));
	assert_true(str_eq(a->click_kind, b->click_kind));
}

UNUSED static void assert_same_touch(const struct touch *a, const struct touch *b)
{
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->at_us, b->at_us);
	assert_int_equal(a->received_us, b->received_us);
	assert_true(str_eq(a->name, b->name));
	assert_true(str_eq(a->message_id, b->message_id));
	assert_int_equal(a->tie, b->tie);
	assert_int_equal(a->person, b->person);
	assert_int_equal(a->company, b->company);
	assert_int_equal(a->deal, b->deal);
	assert_same_origin(&a->origin, &b->origin);
	assert_int_equal(a->import, b->import);
	assert_int_equal(a->cause, b->cause);
	assert_true(str_eq(a->rule, b->rule));
	assert_true(str_eq(a->by, b->by));
	assert_int_equal(a->fill, b->fill);
	assert_int_equal(a->from_public, b->from_public);
	assert_int_equal(a->props_n, b->props_n);
	for (size_t i = 0; i < a->props_n; i++) {
		assert_true(str_eq(a->props[i].key, b->props[i].key));
		assert_same_value(a->props[i].value, b->props[i].value);
	}
}

#endif
