/*
 * test_record.c - touches to bytes and back; bytes that are not a record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "journal/record_int.h"

#define TOUCHES 40
#define FIRST	1000

struct made {
	struct touch touches[TOUCHES];
	struct prop props[TOUCHES][4];
	char ids[TOUCHES][64];
	size_t n;
};

static const char *const TEXTS[] = { "", "page_viewed", "google", "Zürich", "a", "campaign-2026" };

static str some_text(struct rng *r)
{
	return str_of(TEXTS[rng_below(r, ARRAY_LEN(TEXTS))]);
}

static value some_value(struct rng *r)
{
	switch (rng_below(r, 7)) {
	case 0:
		return value_text(some_text(r));
	case 1:
		return value_int((int64_t)rng_u64(r));
	case 2:
		return value_real(rng_normal(r));
	case 3:
		return value_bool(rng_chance(r, 0.5));
	case 4:
		return value_time((int64_t)rng_below(r, 1000000) - 500000);
	case 5:
		return value_money((int64_t)rng_below(r, 1000000), "EUR");
	default:
		return value_date((int64_t)rng_below(r, 20000));
	}
}

static void some_message_id(struct rng *r, char id[64])
{
	unsigned a = (unsigned)rng_u64(r), b = (unsigned)rng_u64(r);
	switch (rng_below(r, 5)) {
	case 0:
		id[0] = '\0';
		break;
	case 1: /* as most libraries make them */
		snprintf(id, 64, "%08x-%04x-%04x-%04x-%08x%04x", a, b & 0xFFFF, b >> 16, a >> 16, b,
			 a & 0xFFFF);
		break;
	case 2: /* nearly one: capitals must come back as they were */
		snprintf(id, 64, "%08X-%04x-%04x-%04x-%08x%04x", a | 0xA0000000u, b & 0xFFFF,
			 b >> 16, a >> 16, b, a & 0xFFFF);
		break;
	case 3:
		snprintf(id, 64, "%08x-%04x-%04x-%04x_%08x%04x", a, 1u, 2u, 3u, b, 4u);
		break;
	default:
		snprintf(id, 64, "import-%u:%02u", a, b % 100);
	}
}

static void make(struct rng *r, struct made *m, int64_t received_us)
{
	m->n = 1 + rng_below(r, TOUCHES);
	for (size_t i = 0; i < m->n; i++) {
		struct touch *t = &m->touches[i];
		some_message_id(r, m->ids[i]);
		*t = (struct touch){ .seq = FIRST + i,
				     .at_us = (int64_t)rng_u64(r) >> rng_below(r, 40),
				     .received_us = received_us + (int64_t)rng_below(r, 2),
				     .name = some_text(r),
				     .message_id = str_of(m->ids[i]),
				     .person = rng_below(r, 3),
				     .company = rng_below(r, 2),
				     .deal = rng_below(r, 2) << 40,
				     .import = rng_below(r, 2),
				     .cause = rng_below(r, 2),
				     .rule = some_text(r),
				     .by = some_text(r),
				     .fill = rng_chance(r, 0.3),
				     .from_public = rng_chance(r, 0.3),
				     .props = m->props[i],
				     .props_n = rng_below(r, 5) };
		t->origin.source = some_text(r);
		t->origin.term = some_text(r);
		for (size_t k = 0; k < t->props_n; k++)
			m->props[i][k] = (struct prop){ some_text(r), some_value(r) };
	}
}

static bool same(const struct touch *a, const struct touch *b)
{
	bool ok = a->seq == b->seq && a->at_us == b->at_us && a->received_us == b->received_us &&
		  str_eq(a->name, b->name) && str_eq(a->message_id, b->message_id) &&
		  a->person == b->person && a->company == b->company && a->deal == b->deal &&
		  a->import == b->import && a->cause == b->cause && str_eq(a->rule, b->rule) &&
		  str_eq(a->by, b->by) && a->fill == b->fill && a->from_public == b->from_public &&
		  str_eq(a->origin.source, b->origin.source) &&
		  str_eq(a->origin.term, b->origin.term) && a->props_n == b->props_n;
	for (size_t i = 0; ok && i < a->props_n; i++)
		ok = str_eq(a->props[i].key, b->props[i].key) &&
		     value_eq(a->props[i].value, b->props[i].value);
	return ok;
}

struct reading {
	const struct made *m;
	size_t touches, ids;
};

static bool read_id(void *arg, const struct new_id *id, err *e)
{
	struct reading *x = arg;
	(void)e;
	assert_int_equal(id->profile, 7 + x->ids);
	assert_true(str_eq(id->value, S("anna@example.com")));
	x->ids++;
	return true;
}

static bool read_one(void *arg, const struct touch *t)
{
	struct reading *x = arg;
	assert_true(same(t, &x->m->touches[x->touches]));
	x->touches++;
	return true;
}

static str write_record(struct record_writer *w, const struct made *m, int64_t received_us)
{
	err e = { 0 };
	str body = { 0 };
	record_begin(w, FIRST, received_us);
	for (uint64_t i = 0; i < 2; i++) {
		const struct new_id id = { 7 + i, 2, S("crm"), S("anna@example.com") };
		assert_true(record_add_id(w, &id, &e));
	}
	for (size_t i = 0; i < m->n; i++)
		assert_true(record_add_touch(w, &m->touches[i], &e));
	assert_true(record_finish(w, &body, &e));
	return body;
}

static void what_is_written_is_read(void **state)
{
	struct record_writer w;
	struct rng rng;
	struct arena a;
	(void)state;
	rng_init(&rng, 3);
	record_writer_init(&w);
	arena_init(&a, MIB);
	for (int round = 0; round < 2000; round++) {
		static struct made m;
		err e = { 0 };
		make(&rng, &m, 1700000000000000);
		struct reading x = { .m = &m };
		struct record_reader r = { .id = read_id, .touch = read_one, .arg = &x };
		assert_true(record_read(write_record(&w, &m, 1700000000000000), FIRST, &a, &r, &e));
		assert_int_equal(x.touches, m.n);
		assert_int_equal(x.ids, 2);
	}
	arena_fini(&a);
	record_writer_fini(&w);
}

static bool look(void *arg, const struct touch *t)
{
	uint64_t *sum = arg;
	*sum += t->name.n ? (uint8_t)t->name.p[t->name.n - 1] : 0;
	*sum += t->message_id.n ? (uint8_t)t->message_id.p[t->message_id.n - 1] : 0;
	for (size_t i = 0; i < t->props_n; i++)
		*sum += t->props[i].key.n;
	return true;
}

/* Cut short or with any byte changed, a body is read as something or refused, and never left. */
static void bytes_that_are_no_record_are_refused(void **state)
{
	struct record_writer w;
	struct rng rng;
	struct arena a;
	uint64_t sum = 0, refused = 0;
	(void)state;
	rng_init(&rng, 5);
	record_writer_init(&w);
	arena_init(&a, MIB);
	for (int round = 0; round < 3000; round++) {
		static struct made m;
		err e = { 0 };
		make(&rng, &m, 1);
		str body = write_record(&w, &m, 1);
		size_t n = rng_chance(&rng, 0.5) ? rng_below(&rng, body.n) : body.n;
		char *copy = malloc(n ? n : 1); /* of its own, so that reading on is seen */
		memcpy(copy, body.p, n);
		for (uint64_t k = rng_below(&rng, 4); n && k > 0; k--)
			copy[rng_below(&rng, n)] = (char)rng_u64(&rng);
		struct record_reader r = { .touch = look, .arg = &sum };
		bool ok = record_read(str_make(copy, n), FIRST, &a, &r, &e);
		assert_true(ok || e.code == ERR_CORRUPT || e.code == ERR_LIMIT);
		refused += !ok;
		free(copy);
	}
	assert_true(refused > 1000);
	arena_fini(&a);
	record_writer_fini(&w);
}

static void touches_of_one_row_keep_their_order(void **state)
{
	uint64_t a = tie_of_message_id(S("row-1:00")), b = tie_of_message_id(S("row-1:01"));
	(void)state;
	assert_true(a < b && a >> 8 == b >> 8);
	assert_true(tie_of_message_id(S("row-2:00")) >> 8 != a >> 8);
	assert_true(tie_of_message_id(S("row-1")) == a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(bytes_that_are_no_record_are_refused),
		cmocka_unit_test(touches_of_one_row_keep_their_order),
	};
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
