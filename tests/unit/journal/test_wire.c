/*
 * test_wire.c - what is said over DIR/sock is understood as it was meant, or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "journal/hooks.h"
#include "journal/wire_int.h"

const struct journal_hooks journal_hooks = { 0 };

#define ITEMS 5

static str some_text(struct rng *r, struct arena *a)
{
	size_t n = rng_below(r, 12);
	char *p = arena_alloc(a, n + 1);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)rng_below(r, 256);
	return str_make(p, n);
}

static value some_value(struct rng *r, struct arena *a)
{
	switch (rng_below(r, 4)) {
	case 0:
		return value_text(some_text(r, a));
	case 1:
		return value_int((int64_t)rng_u64(r));
	case 2:
		return value_money(-12345, "EUR");
	default:
		return value_none();
	}
}

static void make_item(struct rng *r, struct arena *a, struct intake *in)
{
	struct external_id *ids = ARENA_ARRAY(a, struct external_id, 2);
	struct prop *props = ARENA_ARRAY(a, struct prop, 3);
	for (size_t i = 0; i < 2; i++)
		ids[i] = (struct external_id){ some_text(r, a), some_text(r, a) };
	for (size_t i = 0; i < 3; i++)
		props[i] = (struct prop){ some_text(r, a), some_value(r, a) };
	*in = (struct intake){ .name = some_text(r, a),
			       .at_us = (int64_t)rng_u64(r),
			       .message_id = some_text(r, a),
			       .email = some_text(r, a),
			       .previous_id = some_text(r, a),
			       .company_name = some_text(r, a),
			       .external = ids,
			       .external_n = rng_below(r, 3),
			       .deal_id = { some_text(r, a), some_text(r, a) },
			       .person = rng_u64(r),
			       .origin.click_kind = some_text(r, a),
			       .props = props,
			       .props_n = rng_below(r, 4),
			       .row = rng_u64(r),
			       .tie = (uint8_t)rng_u64(r),
			       .cause = rng_u64(r) };
}

static void assert_same_item(const struct intake *x, const struct intake *y)
{
	assert_true(str_eq(x->name, y->name) && str_eq(x->message_id, y->message_id));
	assert_true(str_eq(x->email, y->email) && str_eq(x->previous_id, y->previous_id));
	assert_true(str_eq(x->company_name, y->company_name));
	assert_true(str_eq(x->deal_id.system, y->deal_id.system));
	assert_true(str_eq(x->deal_id.value, y->deal_id.value));
	assert_true(str_eq(x->origin.click_kind, y->origin.click_kind));
	assert_true(x->at_us == y->at_us && x->person == y->person && x->row == y->row);
	assert_true(x->tie == y->tie && x->cause == y->cause);
	assert_int_equal(x->external_n, y->external_n);
	for (size_t i = 0; i < x->external_n; i++)
		assert_true(str_eq(x->external[i].value, y->external[i].value));
	assert_int_equal(x->props_n, y->props_n);
	for (size_t i = 0; i < x->props_n; i++) {
		assert_true(str_eq(x->props[i].key, y->props[i].key));
		assert_true(value_eq(x->props[i].value, y->props[i].value));
	}
}

static void make_request(struct rng *r, struct arena *a, struct wire_request *q)
{
	static const struct outbox_item box = { .due_us = -3, .kind = { "mail", 4 } };
	struct intake *items = ARENA_ARRAY(a, struct intake, ITEMS);
	for (size_t i = 0; i < ITEMS; i++)
		make_item(r, a, &items[i]);
	*q = (struct wire_request){ .call = (enum wire_call)(1 + rng_below(r, WIRE_ERASE)),
				    .import = rng_u64(r),
				    .name = some_text(r, a),
				    .text = some_text(r, a),
				    .by = some_text(r, a) };
	q->batch = (struct batch){ .items = items,
				   .n = rng_below(r, ITEMS + 1),
				   .trust = TRUST_SECRET,
				   .import = rng_u64(r),
				   .duplicates = DUPLICATES_SKIP,
				   .live = true,
				   .import_state = some_text(r, a),
				   .outbox = &box,
				   .outbox_n = rng_below(r, 2) };
}

static void a_call_is_read_as_it_was_written(void **state)
{
	(void)state;
	struct rng r;
	struct arena a;
	struct buf b;
	err e = { 0 };
	rng_init(&r, 1);
	arena_init(&a, 4 * MIB);
	buf_init(&b, MIB);
	for (int i = 0; i < 2000; i++) {
		struct wire_request q, got;
		arena_reset(&a);
		buf_clear(&b);
		make_request(&r, &a, &q);
		assert_true(wire_put_request(&b, &q, &e));
		assert_true(wire_get_request(str_sub(buf_view(&b), 4, b.n), &a, &got, &e));
		assert_int_equal(got.call, q.call);
		assert_true(got.import == q.import && str_eq(got.by, q.by));
		if (q.call != WIRE_BATCH)
			continue;
		assert_int_equal(got.batch.n, q.batch.n);
		assert_int_equal(got.batch.outbox_n, q.batch.outbox_n);
		assert_true(got.batch.import == q.batch.import && got.batch.live);
		assert_int_equal(got.batch.duplicates, DUPLICATES_SKIP);
		for (size_t k = 0; k < q.batch.n; k++)
			assert_same_item(&q.batch.items[k], &got.batch.items[k]);
	}
	buf_fini(&b);
	arena_fini(&a);
}

static void outcomes_and_reasons_come_back(void **state)
{
	(void)state;
	struct arena a;
	struct buf b;
	err e = { 0 };
	arena_init(&a, MIB);
	buf_init(&b, MIB);
	struct intake sent[3] = {
		{ .outcome = OUTCOME_ACCEPTED, .seq = 77, .subject_is_new = true },
		{ .outcome = OUTCOME_REJECTED, .reason = "no" },
		{ .outcome = OUTCOME_DUPLICATE }
	};
	struct intake got[3] = { 0 };
	struct wire_reply r = { .ok = true, .a = 5, .b = 6 }, back;
	assert_true(wire_put_reply(&b, &r, sent, 3, &e));
	assert_true(wire_get_reply(str_sub(buf_view(&b), 4, b.n), &back, got, 3, &a, &e));
	assert_true(back.ok && back.a == 5 && back.b == 6);
	assert_true(got[0].seq == 77 && got[0].subject_is_new && !got[0].reason);
	assert_string_equal(got[1].reason, "no");
	assert_int_equal(got[2].outcome, OUTCOME_DUPLICATE);
	buf_clear(&b);
	r = (struct wire_reply){ .e = { .code = ERR_BUSY, .text = "later" } };
	assert_true(wire_put_reply(&b, &r, sent, 3, &e));
	assert_true(wire_get_reply(str_sub(buf_view(&b), 4, b.n), &back, got, 3, &a, &e));
	assert_false(back.ok);
	assert_int_equal(back.e.code, ERR_BUSY);
	assert_string_equal(back.e.text, "later");
	buf_fini(&b);
	arena_fini(&a);
}

/* A call cut short, with something behind it, or with any byte changed is refused or is a call; it
 * never leaves the frame (the sanitizers see to that). */
static void bytes_that_are_no_call_are_refused(void **state)
{
	(void)state;
	struct rng r;
	struct arena a;
	struct buf b;
	err e = { 0 };
	rng_init(&r, 2);
	arena_init(&a, 16 * MIB);
	buf_init(&b, MIB);
	for (int i = 0; i < 3000; i++) {
		struct wire_request q, got;
		arena_reset(&a);
		buf_clear(&b);
		make_request(&r, &a, &q);
		assert_true(wire_put_request(&b, &q, &e));
		size_t n = b.n - 4;
		char *copy = malloc(n + 1);
		memcpy(copy, b.p + 4, n);
		size_t cut = rng_below(&r, n);
		char *exact = malloc(cut + 1);
		memcpy(exact, copy, cut);
		assert_false(wire_get_request(str_make(exact, cut), &a, &got, &e));
		copy[n] = 0;
		assert_false(wire_get_request(str_make(copy, n + 1), &a, &got, &e));
		copy[rng_below(&r, n)] = (char)rng_u64(&r);
		bool ignored = wire_get_request(str_make(copy, n), &a, &got, &e);
		(void)ignored;
		free(exact);
		free(copy);
	}
	buf_fini(&b);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_read_as_it_was_written),
		cmocka_unit_test(outcomes_and_reasons_come_back),
		cmocka_unit_test(bytes_that_are_no_call_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
