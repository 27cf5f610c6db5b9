/*
 * test_segment.c - what segment.h promises, against the touches that went in.
 */
#include "segment_test.h"

#include <unistd.h>

static void assert_holds(struct segment *s, const struct world_of_touches *w)
{
	err e;
	struct segment_cursor *c;
	struct arena a;
	arena_init(&a, 64 * MIB);
	assert_ok(segment_check(s, &e), e);
	assert_int_equal(segment_info(s)->touches, w->n);
	assert_ok(segment_cursor_new(s, &c, &e), e);
	for (size_t i = 0; i < w->n; i++) {
		struct touch t;
		arena_reset(&a);
		assert_ok(segment_touch(c, i, &a, &t, &e), e);
		assert_same_touch(&t, &w->items[i].t);
	}
	for (size_t k = 0; k < 300 && w->n > 0; k++) {
		struct touch t;
		size_t i = k * 7919 % w->n;
		arena_reset(&a);
		assert_ok(segment_touch(c, i, &a, &t, &e), e);
		assert_same_touch(&t, &w->items[i].t);
	}
	segment_cursor_free(&c);
	arena_fini(&a);
}

static void assert_finds(struct segment *s, const struct world_of_touches *w)
{
	err e;
	uint64_t first;
	size_t n, subjects = 0;
	for (size_t i = 0; i < w->n;) {
		size_t k = i;
		while (k < w->n && w->items[k].subject == w->items[i].subject)
			k++;
		if (subjects % 17 == 0 || w->n - i < 100) {
			assert_ok(segment_find(s, w->items[i].subject, &first, &n, &e), e);
			assert_int_equal(first, i);
			assert_int_equal(n, k - i);
			if (k == w->n || w->items[k].subject != w->items[i].subject + 1) {
				assert_ok(segment_find(s, w->items[i].subject + 1, &first, &n, &e),
					  e);
				assert_int_equal(n, 0);
			}
		}
		subjects++;
		i = k;
	}
	assert_int_equal(segment_info(s)->subjects, subjects);
	assert_ok(segment_find(s, UINT64_MAX, &first, &n, &e), e);
	assert_int_equal(n, 0);
}

static void every_touch_comes_back_to_the_byte(void **state)
{
	static const size_t SIZES[] = { 0, 1, 2, 300, 16384, 16385, 40000 };
	for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
		for (int how = 0; how < 3; how++) {
			struct world_of_touches w;
			struct segment *s;
			err e;
			char path[64];
			snprintf(path, sizeof path, "%s/odd", (char *)*state);
			touches_make(&w, i * 3 + (size_t)how,
				     (struct shape_of_touches){ .n = SIZES[i],
								.subjects = 1 + SIZES[i] / 9,
								.odd = true });
			assert_ok(build(fs_real(), how ? path : NULL, how == 2, &w, &s, &e), e);
			assert_holds(s, &w);
			assert_finds(s, &w);
			assert_int_equal(segment_info(s)->keyed_seq, 77);
			segment_release(&s);
			if (how) {
				assert_ok(segment_open(fs_real(), path, &s, &e), e);
				assert_finds(s, &w);
				segment_release(&s);
				unlink(path);
			}
			touches_free(&w);
		}
	}
}

static void the_columns_say_what_the_touches_are(void **state UNUSED)
{
	struct world_of_touches w;
	struct segment *s;
	err e;
	touches_make(&w, 5, (struct shape_of_touches){ .n = 20000, .subjects = 900, .odd = true });
	assert_ok(build(fs_real(), NULL, false, &w, &s, &e), e);
	uint64_t row = 0;
	for (uint64_t i = 0; i < segment_info(s)->subjects; i++) {
		int64_t subject, count, v;
		assert_ok(column_ints(segment_subject(s), i, 1, &subject, &e), e);
		assert_ok(column_ints(segment_count(s), i, 1, &count, &e), e);
		if (i % COLFILE_BLOCK_ROWS == 0)
			assert_int_equal(segment_begin(s, i / COLFILE_BLOCK_ROWS), row);
		for (int64_t k = 0; k < count; k++, row++) {
			const struct made *m = &w.items[row];
			assert_int_equal(m->subject, subject);
			assert_ok(column_ints(segment_name(s), row, 1, &v, &e), e);
			assert_true(str_eq(segment_name_text(s, (size_t)v), m->t.name));
			assert_ok(column_ints(segment_origin(s), row, 1, &v, &e), e);
			assert_same_origin(segment_origin_of(s, (size_t)v), &m->t.origin);
			assert_ok(column_ints(segment_person(s), row, 1, &v, &e), e);
			assert_int_equal(v == 0 ? (uint64_t)subject : (uint64_t)v - 1, m->t.person);
			assert_ok(column_ints(segment_at(s), row, 1, &v, &e), e);
			assert_int_equal(v, m->t.at_us);
		}
	}
	assert_int_equal(row, w.n);
	uint32_t code;
	assert_true(segment_name_code(s, S("name 3"), &code));
	assert_true(str_eq(segment_name_text(s, code), S("name 3")));
	assert_false(segment_name_code(s, S("name 99"), &code));
	assert_true(str_is_empty(segment_origin_of(s, 0)->source));
	segment_release(&s);
	touches_free(&w);
}

/* The value of a property by its column; VALUE_NONE when the touch does not have it. */
static value by_column(const struct segment *s, const struct segment_property *p, uint64_t row)
{
	err e;
	int64_t v;
	assert_ok(column_ints(p->codes ? p->codes : p->has, row, 1, &v, &e), e);
	if (v == 0)
		return value_none();
	if (p->codes)
		return segment_property_value(s, p, (size_t)v);
	assert_ok(column_ints(p->ints, row, 1, &v, &e), e);
	value r = { .kind = p->kind, .i = v };
	memcpy(r.currency, p->currency, sizeof r.currency);
	return r;
}

static void properties_by_column_are_those_of_the_touches(void **state UNUSED)
{
	struct world_of_touches w;
	struct segment *s;
	err e;
	touches_make(&w, 6, (struct shape_of_touches){ .n = 40000, .subjects = 900, .odd = true });
	assert_ok(build(fs_real(), NULL, false, &w, &s, &e), e);
	for (size_t i = 0; i < segment_properties(s); i++) {
		const struct segment_property *p = segment_property_at(s, i);
		assert_ptr_equal(segment_property(s, p->key), p);
		for (size_t row = 0; row < w.n; row += 3)
			assert_same_value(by_column(s, p, row),
					  touch_prop(&w.items[row].t, p->key));
	}
	assert_non_null(segment_property(s, S("plan")));
	assert_non_null(segment_property(s, S("plan"))->codes);
	assert_non_null(segment_property(s, S("seats"))->ints);
	assert_int_equal(segment_property(s, S("price"))->kind, VALUE_MONEY);
	assert_string_equal(segment_property(s, S("price"))->currency, "EUR");
	/* Too many values; one value late that is of another kind; any kind. */
	assert_null(segment_property(s, S("page")));
	assert_null(segment_property(s, S("anything")));
	assert_true(segment_has_property(s, S("page")));
	assert_false(segment_has_property(s, S("nothing")));
	segment_release(&s);
	touches_free(&w);
}

static void a_late_value_of_another_kind_comes_back(void **state UNUSED)
{
	struct world_of_touches w = { .n = 20000 };
	struct prop prop = { S("n"), value_int(3) }, late[] = { { S("n"), value_text(S("x")) },
								{ S("n"), value_int(4) },
								{ S("n"), value_none() } };
	struct segment *s;
	err e;
	arena_init(&w.a, MIB);
	w.items = calloc(w.n, sizeof *w.items);
	for (size_t i = 0; i < w.n; i++) {
		w.items[i].subject = 1;
		w.items[i].t = (struct touch){
			.seq = i + 1, .tie = i + 1, .name = S("n"), .props = &prop, .props_n = 1
		};
	}
	w.items[19000].t.props = late;
	w.items[19000].t.props_n = 2;
	w.items[19001].t.props = late + 1;
	w.items[19001].t.props_n = 2;
	assert_ok(build(fs_real(), NULL, false, &w, &s, &e), e);
	assert_holds(s, &w);
	assert_null(segment_property(s, S("n")));
	segment_release(&s);
	w.items[19000].t.props_n = 0;
	assert_ok(build(fs_real(), NULL, false, &w, &s, &e), e);
	assert_holds(s, &w);
	assert_non_null(segment_property(s, S("n")));
	segment_release(&s);
	touches_free(&w);
}

static void rows_come_in_order_of_seq(void **state UNUSED)
{
	struct world_of_touches w;
	struct segment *s;
	struct segment_cursor *c;
	err e;
	touches_make(&w, 7,
		     (struct shape_of_touches){ .n = 30000, .subjects = 900, .plain = true });
	assert_ok(build(fs_real(), NULL, false, &w, &s, &e), e);
	assert_ok(segment_cursor_new(s, &c, &e), e);
	uint64_t rows[100];
	for (uint64_t from = 0; from < w.n; from += 100) {
		assert_ok(segment_by_seq(c, from, 100, rows, &e), e);
		for (size_t i = 0; i < 100; i++)
			assert_int_equal(w.items[rows[i]].t.seq, 1000 + from + i);
	}
	for (uint64_t seq = 1000; seq < 1000 + w.n; seq += 101) {
		uint64_t row;
		bool found;
		assert_ok(segment_row_of(c, seq, &row, &found, &e), e);
		assert_true(found);
		assert_int_equal(w.items[row].t.seq, seq);
	}
	bool found;
	assert_ok(segment_row_of(c, 999, rows, &found, &e), e);
	assert_false(found);
	assert_ok(segment_row_of(c, 1000 + w.n, rows, &found, &e), e);
	assert_false(found);
	segment_cursor_free(&c);
	segment_release(&s);
	touches_free(&w);
}

static void what_is_out_of_order_is_refused(void **state UNUSED)
{
	struct touch early = { .seq = 1, .tie = 1, .at_us = 5, .name = S("a") };
	struct touch late = { .seq = 2, .tie = 2, .at_us = 6, .name = S("a") };
	struct {
		uint64_t a, b;
		struct touch *x, *y;
	} CASES[] = { { 2, 1, &early, &late }, { 1, 1, &late, &early }, { 1, 1, &early, &early } };
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct segment_options o = { .fs = fs_real() };
		struct segment_builder *b;
		err e;
		assert_ok(segment_begin_build(&o, &b, &e), e);
		assert_ok(segment_add(b, CASES[i].a, CASES[i].x, &e), e);
		assert_false(segment_add(b, CASES[i].b, CASES[i].y, &e));
		assert_int_equal(e.code, ERR_INVALID);
		segment_abort(&b);
	}
}

static int make_dir(void **state)
{
	static char dir[] = "/tmp/trichter-segment-XXXXXX";
	*state = mkdtemp(dir);
	return *state ? 0 : -1;
}

static int remove_dir(void **state)
{
	return rmdir(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_touch_comes_back_to_the_byte),
		cmocka_unit_test(the_columns_say_what_the_touches_are),
		cmocka_unit_test(properties_by_column_are_those_of_the_touches),
		cmocka_unit_test(a_late_value_of_another_kind_comes_back),
		cmocka_unit_test(rows_come_in_order_of_seq),
		cmocka_unit_test(what_is_out_of_order_is_refused),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
