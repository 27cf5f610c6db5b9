/*
 * test_colfile.c - what colfile.h promises of columns, against plain arrays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/thread.h"
#include "base/time.h"
#include "column/colfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define assert_ok(call, e)                                                                         \
	do {                                                                                       \
		err_clear(&(e));                                                                   \
		if (!(call))                                                                       \
			fail_msg("%s", (e).text);                                                  \
	} while (0)

static const size_t ROWS[] = { 0, 1, 2, 63, 16384, 16385, 40000 };

/* A column of numbers as a test keeps it beside the file. */
struct model {
	int64_t *v;
	size_t n;
};

static struct colfile_writer *writer_new(const char *path, bool cold)
{
	struct colfile_options o = {
		.fs = fs_real(), .path = path, .kind = S("test"), .cold = cold
	};
	struct colfile_writer *w;
	err e;
	assert_ok(colfile_create(&o, &w, &e), e);
	return w;
}

static struct colfile *finish(struct colfile_writer *w)
{
	struct colfile *f;
	err e;
	assert_ok(colfile_finish(&w, &f, &e), e);
	return f;
}

static void compare(const struct column *c, const struct model *m)
{
	err e;
	int64_t *v = calloc(m->n + 1, sizeof *v);
	assert_int_equal(column_rows(c), m->n);
	assert_ok(column_ints(c, 0, m->n, v, &e), e);
	assert_memory_equal(v, m->v, m->n * sizeof *v);
	int64_t min = m->n > 0 ? m->v[0] : 0, max = min;
	struct ints_cursor t;
	ints_cursor_init(&t, c);
	for (size_t i = 0; i < m->n; i++) {
		min = MIN(min, m->v[i]);
		max = MAX(max, m->v[i]);
		int64_t one;
		size_t row = i % 2 ? i : m->n - 1 - i;
		if (i % 977 != 0 && m->n > 100)
			continue;
		assert_ok(ints_cursor_get(&t, row, &one, &e), e);
		assert_int_equal(one, m->v[row]);
		size_t n = MIN(m->n - row, (size_t)37);
		assert_ok(column_ints(c, row, n, v, &e), e);
		assert_memory_equal(v, m->v + row, n * sizeof *v);
	}
	ints_cursor_fini(&t);
	assert_int_equal(column_min(c), min);
	assert_int_equal(column_max(c), max);
	for (size_t k = 0; k < column_blocks(c); k++) {
		struct column_block b;
		assert_ok(column_block(c, k, &b, &e), e);
		for (size_t i = 0; i < b.rows; i++) {
			int64_t x = m->v[k * COLFILE_BLOCK_ROWS + i];
			assert_true(x >= b.min && x <= b.max);
			assert_true(b.codec == CODEC_COLD || block_int(&b, i) == x);
			if (column_type(c) == COLUMN_CODES)
				assert_true(b.present >> x % 64 & 1);
		}
		if (column_type(c) == COLUMN_CODES && b.codec == CODEC_PACKED)
			assert_true(b.base == 0 && b.scale == 1);
	}
	free(v);
}

static int64_t pick(struct rng *r, unsigned width, unsigned shape)
{
	static const uint64_t SCALES[] = { 1, 7, 1000, 3600000000 };
	uint64_t x = width == 0 ? 0 : rng_u64(r) >> (64 - width);
	if (shape == 4)
		return (int64_t)(rng_below(r, 50) == 0 ? x : 5);
	return (int64_t)(x * SCALES[shape] - (width > 40 ? 0 : 1000000));
}

static void every_width_comes_back_hot_and_cold(void **state)
{
	struct rng r;
	rng_init(&r, 3);
	for (unsigned width = 0; width <= 64; width++) {
		for (unsigned how = 0; how < 15; how++) {
			char path[64];
			snprintf(path, sizeof path, "%s/w%u.%u", (char *)*state, width, how);
			bool cold = how % 3 == 0, memory = how % 2;
			struct model m = { .n = ROWS[(width + how) % ARRAY_LEN(ROWS)] };
			m.v = calloc(m.n + 1, sizeof *m.v);
			for (size_t i = 0; i < m.n; i++)
				m.v[i] = pick(&r, width, how % 5);
			struct colfile_writer *w = writer_new(memory ? NULL : path, cold);
			unsigned c;
			err e;
			enum column_type type = how < 8 ? COLUMN_TIMES : COLUMN_INTS;
			assert_ok(colfile_add_column(w, 0, S("n"), type, &c, &e), e);
			if (how % 5 == 1)
				colfile_prefer_small(w, c);
			for (size_t at = 0; at < m.n;) {
				size_t some = 1 + (size_t)rng_below(&r, 9000);
				size_t n = MIN(m.n - at, some);
				assert_ok(colfile_put_ints(w, c, m.v + at, n, &e), e);
				at += n;
			}
			struct colfile *f = finish(w);
			assert_ok(colfile_check(f, &e), e);
			compare(colfile_column(f, 0, S("n")), &m);
			colfile_close(&f);
			free(m.v);
			unlink(path);
		}
	}
}

static void codes_of_every_width_come_back(void **state UNUSED)
{
	struct rng r;
	rng_init(&r, 4);
	for (unsigned width = 0; width <= 32; width++) {
		for (unsigned how = 0; how < 4; how++) {
			struct model m = { .n = ROWS[(width + how) % ARRAY_LEN(ROWS)] };
			m.v = calloc(m.n + 1, sizeof *m.v);
			uint32_t *codes = calloc(m.n + 1, sizeof *codes);
			for (size_t i = 0; i < m.n; i++) {
				codes[i] = width ? (uint32_t)(rng_u64(&r) >> (64 - width)) : 9;
				m.v[i] = codes[i];
			}
			struct colfile_writer *w = writer_new(NULL, how % 2);
			unsigned c;
			err e;
			assert_ok(colfile_add_column(w, 3, S("c"), COLUMN_CODES, &c, &e), e);
			assert_ok(colfile_put_codes(w, c, codes, m.n, &e), e);
			struct colfile *f = finish(w);
			compare(colfile_column(f, 3, S("c")), &m);
			assert_null(colfile_column(f, 2, S("c")));
			colfile_close(&f);
			free(codes);
			free(m.v);
		}
	}
}

/* Equal numbers, numbers that differ, and runs, in every order. */
static void equal_numbers_mix_with_others(void **state UNUSED)
{
	struct rng r;
	rng_init(&r, 5);
	for (int round = 0; round < 20; round++) {
		struct model m = { .v = calloc(200000, sizeof *m.v) };
		struct colfile_writer *w = writer_new(NULL, round % 2);
		unsigned c;
		err e;
		assert_ok(colfile_add_column(w, 0, S("n"), COLUMN_INTS, &c, &e), e);
		while (m.n < 150000) {
			size_t n = (size_t)rng_below(&r, round < 10 ? 300 : 40000);
			int64_t x = (int64_t)rng_below(&r, 3) - 1;
			bool same = rng_chance(&r, 0.7), line = rng_chance(&r, 0.5);
			for (size_t i = 0; i < n; i++)
				m.v[m.n + i] = same ? x
						    : (line ? (int64_t)i * 3
							    : (int64_t)rng_below(&r, 9));
			if (same)
				assert_ok(colfile_put_same(w, c, x, n, &e), e);
			else
				assert_ok(colfile_put_ints(w, c, m.v + m.n, n, &e), e);
			m.n += n;
		}
		struct colfile *f = finish(w);
		compare(colfile_column(f, 0, S("n")), &m);
		colfile_close(&f);
		free(m.v);
	}
}

static void a_line_takes_no_room(void **state UNUSED)
{
	struct colfile_writer *w = writer_new(NULL, false);
	struct model m = { .n = 100001 };
	m.v = calloc(m.n, sizeof *m.v);
	unsigned c, k;
	err e;
	for (size_t i = 0; i < m.n; i++)
		m.v[i] = INT64_MIN + (int64_t)i * 12345678901;
	assert_ok(colfile_add_column(w, 0, S("line"), COLUMN_INTS, &c, &e), e);
	assert_ok(colfile_add_column(w, 1, S("same"), COLUMN_INTS, &k, &e), e);
	assert_ok(colfile_put_ints(w, c, m.v, m.n, &e), e);
	assert_ok(colfile_put_same(w, k, INT64_MAX, UINT64_C(1) << 33, &e), e);
	struct colfile *f = finish(w);
	assert_true(colfile_bytes(f) < 300);
	compare(colfile_column(f, 0, S("line")), &m);
	assert_int_equal(column_max(colfile_column(f, 1, S("same"))), INT64_MAX);
	colfile_close(&f);
	free(m.v);
}

static void whole_milliseconds_take_their_bits(void **state UNUSED)
{
	struct rng r;
	rng_init(&r, 6);
	struct colfile_writer *w = writer_new(NULL, false);
	unsigned c;
	err e;
	assert_ok(colfile_add_column(w, 0, S("at"), COLUMN_TIMES, &c, &e), e);
	for (size_t i = 0; i < COLFILE_BLOCK_ROWS; i++) {
		int64_t at = ((int64_t)rng_below(&r, UINT64_C(7776000000)) - 4000000000) * 1000;
		assert_ok(colfile_put_ints(w, c, &at, 1, &e), e);
	}
	struct colfile *f = finish(w);
	struct column_block b;
	assert_ok(column_block(colfile_column(f, 0, S("at")), 0, &b, &e), e);
	assert_int_equal(b.codec, CODEC_SPLIT);
	assert_int_equal(b.bytes_n, COLFILE_BLOCK_ROWS * 33 / 8);
	assert_int_equal(b.width, 33);
	assert_int_equal(b.scale, 1000);
	colfile_close(&f);
}

static void texts_come_back(void **state)
{
	struct rng r;
	rng_init(&r, 7);
	for (int round = 0; round < 8; round++) {
		char path[64];
		snprintf(path, sizeof path, "%s/texts%d", (char *)*state, round);
		struct colfile_writer *w = writer_new(path, round % 2);
		size_t rows = ROWS[(size_t)round % ARRAY_LEN(ROWS)],
		       longest = round == 7 ? MIB : 40;
		char *text = calloc(1, MIB);
		unsigned c;
		err e;
		assert_ok(colfile_add_column(w, 0, S("t"), COLUMN_BYTES, &c, &e), e);
		struct rng again = r;
		rows = round == 7 ? 20 : rows;
		for (size_t i = 0; i < rows; i++) {
			size_t n = round == 3 ? 0 : (size_t)rng_below(&r, longest + 1);
			memset(text, 'a' + (int)(n % 20), n);
			assert_ok(colfile_put_text(w, c, str_make(text, n), &e), e);
		}
		struct colfile *f = finish(w);
		struct texts_cursor t;
		texts_cursor_init(&t, colfile_column(f, 0, S("t")));
		for (size_t i = 0; i < rows; i++) {
			size_t n = round == 3 ? 0 : (size_t)rng_below(&again, longest + 1);
			str got;
			memset(text, 'a' + (int)(n % 20), n);
			assert_ok(texts_cursor_get(&t, i, &got, &e), e);
			assert_int_equal(got.n, n);
			assert_memory_equal(got.p ? got.p : "", text, n);
		}
		texts_cursor_fini(&t);
		colfile_close(&f);
		free(text);
		unlink(path);
	}
}

static void notes_and_names_come_back(void **state)
{
	char path[64];
	snprintf(path, sizeof path, "%s/notes", (char *)*state);
	struct colfile_writer *w = writer_new(path, false);
	struct colfile *f;
	err e;
	assert_ok(colfile_put_note(w, S("a"), S("x\0y"), &e), e);
	f = finish(w);
	uint64_t checksum = colfile_checksum(f);
	assert_true(str_eq(colfile_note(f, S("a")), S("x\0y")));
	assert_true(str_is_empty(colfile_note(f, S("b"))));
	assert_string_equal(colfile_path(f), path);
	colfile_close(&f);
	assert_false(colfile_open(fs_real(), path, S("other"), &f, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.text, path));
	assert_ok(colfile_open(fs_real(), path, S("test"), &f, &e), e);
	assert_int_equal(colfile_checksum(f), checksum);
	colfile_close(&f);
	w = NULL;
	struct colfile_options o = { .fs = fs_real(), .path = path, .kind = S("test") };
	assert_false(colfile_create(&o, &w, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	unlink(path);
	assert_false(colfile_open(fs_real(), path, S("test"), &f, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

struct reading {
	const struct column *numbers, *texts;
	bool ok;
};

static void *read_all(void *arg)
{
	struct reading *r = arg;
	int64_t v[COLFILE_BLOCK_ROWS];
	struct texts_cursor t;
	str text;
	texts_cursor_init(&t, r->texts);
	r->ok = true;
	for (size_t k = 0; k < column_blocks(r->numbers); k++) {
		size_t row = k * COLFILE_BLOCK_ROWS;
		r->ok &= column_ints(r->numbers, row, COLFILE_BLOCK_ROWS, v, NULL);
		r->ok &= v[5] == (int64_t)((row + 5) * (row + 5));
		r->ok &= texts_cursor_get(&t, row, &text, NULL) && text.n == row % 7 + 1;
	}
	texts_cursor_fini(&t);
	return NULL;
}

static void threads_read_the_same_blocks_for_the_first_time(void **state UNUSED)
{
	struct colfile_writer *w = writer_new(NULL, false);
	struct reading r[4];
	struct thread threads[4] = { 0 };
	unsigned c, t;
	err e;
	assert_ok(colfile_add_column(w, 0, S("n"), COLUMN_TIMES, &c, &e), e);
	assert_ok(colfile_add_column(w, 0, S("t"), COLUMN_BYTES, &t, &e), e);
	for (size_t i = 0; i < 4 * COLFILE_BLOCK_ROWS; i++) {
		int64_t v = (int64_t)(i * i);
		assert_ok(colfile_put_ints(w, c, &v, 1, &e), e);
		assert_ok(colfile_put_text(w, t, str_make("abcdefgh", i % 7 + 1), &e), e);
	}
	struct colfile *f = finish(w);
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		r[i].numbers = colfile_column(f, 0, S("n"));
		r[i].texts = colfile_column(f, 0, S("t"));
		assert_ok(thread_start(&threads[i], "reader", read_all, &r[i], &e), e);
	}
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		thread_join(&threads[i]);
		assert_true(r[i].ok);
	}
	colfile_close(&f);
}

/* Printed beside the test; a bar would depend on the machine. */
static void unpacking_is_quick(void **state UNUSED)
{
	static const unsigned WIDTHS[] = { 4, 7, 8, 16, 33 };
	static int64_t v[COLFILE_BLOCK_ROWS];
	struct rng r;
	rng_init(&r, 8);
	for (size_t k = 0; k < ARRAY_LEN(WIDTHS); k++) {
		struct colfile_writer *w = writer_new(NULL, false);
		unsigned c;
		err e;
		struct column_block b;
		assert_ok(colfile_add_column(w, 0, S("n"), COLUMN_TIMES, &c, &e), e);
		for (size_t i = 0; i < COLFILE_BLOCK_ROWS; i++)
			v[i] = (int64_t)(rng_u64(&r) >> (64 - WIDTHS[k]));
		assert_ok(colfile_put_ints(w, c, v, COLFILE_BLOCK_ROWS, &e), e);
		struct colfile *f = finish(w);
		assert_ok(column_block(colfile_column(f, 0, S("n")), 0, &b, &e), e);
		int64_t from = time_cpu_us();
		for (int i = 0; i < 1000; i++)
			assert_ok(block_ints(&b, 0, b.rows, v, &e), e);
		int64_t us = MAX(time_cpu_us() - from, (int64_t)1);
		printf("  %u bits: %.2f thousand million numbers a second\n", WIDTHS[k],
		       (double)COLFILE_BLOCK_ROWS / (double)us);
		colfile_close(&f);
	}
}

static int make_dir(void **state)
{
	static char dir[] = "/tmp/trichter-colfile-XXXXXX";
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
		cmocka_unit_test(every_width_comes_back_hot_and_cold),
		cmocka_unit_test(codes_of_every_width_come_back),
		cmocka_unit_test(equal_numbers_mix_with_others),
		cmocka_unit_test(a_line_takes_no_room),
		cmocka_unit_test(whole_milliseconds_take_their_bits),
		cmocka_unit_test(texts_come_back),
		cmocka_unit_test(notes_and_names_come_back),
		cmocka_unit_test(threads_read_the_same_blocks_for_the_first_time),
		cmocka_unit_test(unpacking_is_quick),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
