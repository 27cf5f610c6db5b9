/*
 * test_segment_size.c - bytes a touch, and how quickly many plain ones are written.
 *
 * What it is:   the data of the design's bars: a person, a time in milliseconds, one of 16 names,
 *               one of 16 sources; 50 touches a person in 90 days. Sizes are asserted, times only
 *               printed. TRICHTER_TOUCHES=100000000 makes more of it.
 */
#include "segment_test.h"

#define PER_PERSON 50
#define AT_ONCE	   ((size_t)50000)

struct plain {
	uint64_t subject[AT_ONCE];
	int64_t at_us[AT_ONCE];
	uint32_t name[AT_ONCE], origin[AT_ONCE];
};

static size_t touches_wanted(void)
{
	const char *text = getenv("TRICHTER_TOUCHES");
	return text ? (size_t)strtoull(text, NULL, 10) : 1000000;
}

static int by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static void plain_make(struct plain *p, struct rng *r, uint64_t first_person)
{
	for (size_t i = 0; i < AT_ONCE; i += PER_PERSON) {
		for (size_t k = i; k < i + PER_PERSON; k++) {
			uint64_t ms = rng_below(r, UINT64_C(7776000000));
			p->subject[k] = first_person + i / PER_PERSON;
			p->at_us[k] = INT64_C(1700000000000000) + (int64_t)ms * 1000;
			p->name[k] = (uint32_t)rng_below(r, 16);
			p->origin[k] = (uint32_t)rng_below(r, 16);
		}
		qsort(p->at_us + i, PER_PERSON, sizeof *p->at_us, by_number);
	}
}

static struct segment_builder *begin(bool cold)
{
	struct segment_options o = { .fs = fs_real(), .cold = cold };
	struct segment_builder *b;
	err e;
	assert_ok(segment_begin_build(&o, &b, &e), e);
	for (uint32_t i = 0; i < 16; i++) {
		char text[32];
		uint32_t code;
		snprintf(text, sizeof text, "name %u", i);
		assert_ok(segment_name_add(b, str_of(text), &code, &e), e);
		assert_int_equal(code, i);
		struct origin o16 = { .source = i ? str_of(text) : S("") };
		assert_ok(segment_origin_add(b, &o16, &code, &e), e);
		assert_int_equal(code, i);
	}
	return b;
}

static struct segment *fill(struct segment_builder *b, size_t touches, const char *what)
{
	struct plain *p = malloc(sizeof *p);
	struct segment *s;
	struct rng r;
	int64_t us = 0;
	err e;
	rng_init(&r, 9);
	for (size_t done = 0; done < touches; done += AT_ONCE) {
		plain_make(p, &r, 1 + done / PER_PERSON);
		struct segment_plain x = { .n = AT_ONCE,
					   .subject = p->subject,
					   .person = p->subject,
					   .at_us = p->at_us,
					   .name = p->name,
					   .origin = p->origin,
					   .first_seq = 1 + done,
					   .import = 7,
					   .received_us = 9 };
		int64_t from = time_cpu_us();
		assert_ok(segment_add_plain(b, &x, &e), e);
		us += time_cpu_us() - from;
	}
	int64_t from = time_cpu_us();
	assert_ok(segment_finish(&b, &s, &e), e);
	us += time_cpu_us() - from;
	printf("  %s: %.3f bytes a touch, %.1f million touches/s of CPU time\n", what,
	       (double)segment_info(s)->bytes / (double)touches, (double)touches / (double)us);
	free(p);
	return s;
}

static void plain_touches_take_few_bytes(void **state UNUSED)
{
	size_t n = touches_wanted() / AT_ONCE * AT_ONCE;
	struct segment *s = fill(begin(false), n, "as queries read it");
	assert_true((double)segment_info(s)->bytes <= 5.2 * (double)n);
	struct column_block b;
	err e;
	assert_ok(column_block(segment_at(s), 0, &b, &e), e);
	assert_int_equal(b.codec, CODEC_SPLIT);
	assert_true(b.width <= 33);
	assert_ok(column_block(segment_name(s), 0, &b, &e), e);
	assert_int_equal(b.width, 4);
	segment_release(&s);
}

static void cold_ones_take_fewer(void **state UNUSED)
{
	size_t n = touches_wanted() / AT_ONCE * AT_ONCE;
	struct segment *hot = fill(begin(false), n, "as queries read it");
	struct segment *s = fill(begin(true), n, "cold");
	assert_true((double)segment_info(s)->bytes <= 4.8 * (double)n);
	int64_t *a = malloc(COLFILE_BLOCK_ROWS * 2 * sizeof *a), *b = a + COLFILE_BLOCK_ROWS;
	int64_t us = 0;
	for (uint64_t row = 0; row + COLFILE_BLOCK_ROWS <= n; row += COLFILE_BLOCK_ROWS) {
		err e;
		assert_ok(column_ints(segment_at(hot), row, COLFILE_BLOCK_ROWS, a, &e), e);
		int64_t from = time_cpu_us();
		assert_ok(column_ints(segment_at(s), row, COLFILE_BLOCK_ROWS, b, &e), e);
		us += time_cpu_us() - from;
		assert_memory_equal(a, b, COLFILE_BLOCK_ROWS * sizeof *a);
	}
	printf("  cold times are unpacked at %.0f million/s\n", (double)n / (double)MAX(us, 1));
	free(a);
	segment_release(&hot);
	segment_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_touches_take_few_bytes),
		cmocka_unit_test(cold_ones_take_fewer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
