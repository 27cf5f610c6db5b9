/*
 * test_segment_merge.c - merging, against the touches that should come out.
 */
#include "segment_test.h"

#include <unistd.h>

#define INPUTS_MAX 5

/* What the questions of a merge are answered with: by the numbers of subject and touch. */
static enum segment_fate subject_fate(void *arg UNUSED, const struct segment *s UNUSED,
				      uint64_t subject, uint64_t *now_r)
{
	*now_r = subject % 50 + 3;
	return subject % 11 == 3   ? FATE_DROP
	       : subject % 11 == 5 ? FATE_MOVE
	       : subject % 11 == 7 ? FATE_EACH
				   : FATE_KEEP;
}

static enum segment_fate touch_fate(void *arg UNUSED, const struct segment *s UNUSED,
				    const struct touch *t, uint64_t *now_r)
{
	*now_r = t->seq % 100;
	return t->seq % 3 == 0 ? FATE_DROP : t->seq % 3 == 1 ? FATE_MOVE : FATE_KEEP;
}

static bool expected(const struct made *m, struct made *out)
{
	uint64_t now;
	*out = *m;
	enum segment_fate fate = subject_fate(NULL, NULL, m->subject, &now);
	if (fate == FATE_EACH)
		fate = touch_fate(NULL, NULL, &m->t, &now);
	if (fate == FATE_MOVE)
		out->subject = now;
	return fate != FATE_DROP;
}

static int year_of(int64_t at_us)
{
	char text[TIME_TEXT_MAX];
	return atoi(time_print(text, at_us).p);
}

static bool path_of(void *arg, int year, char *path, size_t n, err *e UNUSED)
{
	snprintf(path, n, "%s/year-%d", (char *)arg, year);
	return true;
}

static void split(const struct world_of_touches *w, struct rng *r, size_t k, bool by_time,
		  struct segment **in)
{
	struct world_of_touches part[INPUTS_MAX];
	err e;
	for (size_t i = 0; i < k; i++)
		part[i] = (struct world_of_touches){ .items = calloc(w->n, sizeof *w->items) };
	for (size_t i = 0; i < w->n; i++) {
		size_t p = by_time ? (size_t)(w->items[i].t.seq * k / (1000 + w->n + 1))
				   : (size_t)rng_below(r, k);
		part[p].items[part[p].n++] = w->items[i];
	}
	for (size_t i = 0; i < k; i++) {
		assert_ok(build(fs_real(), NULL, i % 2, &part[i], &in[i], &e), e);
		free(part[i].items);
	}
}

static void assert_merged(struct segment **out, size_t n, const struct world_of_touches *w,
			  bool fates)
{
	struct made *all = calloc(w->n + 1, sizeof *all);
	size_t all_n = 0, done = 0;
	struct arena a;
	err e;
	arena_init(&a, 64 * MIB);
	for (size_t i = 0; i < w->n; i++) {
		if (fates)
			all_n += expected(&w->items[i], &all[all_n]);
		else
			all[all_n++] = w->items[i];
	}
	qsort(all, all_n, sizeof *all, made_cmp);
	for (size_t k = 0; k < n; k++) {
		struct segment_cursor *c;
		uint64_t row = 0;
		int year = year_of(segment_info(out[k])->at_min_us);
		assert_int_equal(year_of(segment_info(out[k])->at_max_us), year);
		assert_ok(segment_check(out[k], &e), e);
		assert_ok(segment_cursor_new(out[k], &c, &e), e);
		for (size_t i = 0; i < all_n; i++) {
			struct touch t;
			if (year_of(all[i].t.at_us) != year)
				continue;
			arena_reset(&a);
			assert_ok(segment_touch(c, row++, &a, &t, &e), e);
			assert_same_touch(&t, &all[i].t);
			done++;
		}
		assert_int_equal(row, segment_info(out[k])->touches);
		segment_cursor_free(&c);
	}
	assert_int_equal(done, all_n);
	arena_fini(&a);
	free(all);
}

static void what_comes_out_is_what_went_in(void **state)
{
	struct rng r;
	rng_init(&r, 21);
	for (size_t round = 0; round < 12; round++) {
		bool fates = round % 3 == 2, odd = round % 2;
		size_t k = 1 + round % INPUTS_MAX, out_n;
		struct world_of_touches w;
		struct segment *in[INPUTS_MAX], **out;
		err e;
		touches_make(&w, round,
			     (struct shape_of_touches){ .n = 400 + round * 2500,
							.subjects = 30 + 150 * round,
							.odd = odd,
							.plain = !odd });
		split(&w, &r, k, round % 4 < 2, in);
		struct segment_merge_options o = { .fs = fs_real(),
						   .cold = round % 2,
						   .keyed_seq = 9,
						   .arg = *state,
						   .subject = fates ? subject_fate : NULL,
						   .touch = fates ? touch_fate : NULL,
						   .path = round % 4 == 3 ? path_of : NULL };
		assert_ok(segment_merge(in, k, &o, &out, &out_n, &e), e);
		assert_merged(out, out_n, &w, fates);
		for (size_t i = 0; i < out_n; i++) {
			assert_int_equal(segment_info(out[i])->keyed_seq, 9);
			if (o.path)
				unlink(colfile_path(segment_file(out[i])));
			segment_release(&out[i]);
		}
		mem_free(out);
		for (size_t i = 0; i < k; i++)
			segment_release(&in[i]);
		touches_free(&w);
	}
}

/* A name, a source, a rule or a value that only a dropped person had is in no dictionary. */
static void nothing_of_the_dropped_stays(void **state)
{
	struct prop props[] = { { S("secret"), value_text(S("Xerxes")) } };
	struct touch t = { .seq = 1,
			   .tie = 1,
			   .name = S("name Xerxes"),
			   .rule = S("rule Xerxes"),
			   .by = S("by Xerxes"),
			   .origin = { .source = S("source Xerxes") },
			   .props = props,
			   .props_n = 1 };
	struct touch kept = { .seq = 2, .tie = 2, .name = S("kept") };
	struct segment_options o = { .fs = fs_real() };
	struct segment_builder *b;
	struct segment *s, **out;
	struct buf bytes;
	size_t n;
	err e;
	assert_ok(segment_begin_build(&o, &b, &e), e);
	assert_ok(segment_add(b, 2, &kept, &e), e);
	assert_ok(segment_add(b, 3, &t, &e), e);
	assert_ok(segment_finish(&b, &s, &e), e);
	struct segment_merge_options m = {
		.fs = fs_real(), .arg = *state, .subject = subject_fate, .path = path_of
	};
	assert_ok(segment_merge(&s, 1, &m, &out, &n, &e), e);
	assert_int_equal(n, 1);
	assert_int_equal(segment_names(out[0]), 1);
	assert_false(segment_has_property(out[0], S("secret")));
	buf_init(&bytes, MIB);
	assert_ok(fs_read_all(fs_real(), colfile_path(segment_file(out[0])), MIB, &bytes, &e), e);
	assert_false(str_contains(buf_view(&bytes), S("Xerxes")));
	assert_false(str_contains(buf_view(&bytes), S("secret")));
	buf_fini(&bytes);
	unlink(colfile_path(segment_file(out[0])));
	segment_release(&out[0]);
	mem_free(out);
	segment_release(&s);
}

static bool stop(void *arg UNUSED, uint64_t touches)
{
	return touches < 300000;
}

static struct segment *plain_segment(size_t n, uint64_t first_seq, size_t every, uint64_t subjects)
{
	struct segment_options o = { .fs = fs_real() };
	struct segment_builder *b;
	struct segment *s;
	uint32_t code, names[1000], origins[1000] = { 0 };
	uint64_t subject[1000];
	int64_t at_us[1000];
	struct rng r;
	err e;
	rng_init(&r, first_seq);
	assert_ok(segment_begin_build(&o, &b, &e), e);
	for (size_t i = 0; i < 16; i++)
		assert_ok(segment_name_add(b, str_make(&"abcdefghijklmnop"[i], 1), &code, &e), e);
	for (size_t at = 0; at < n; at += 1000) {
		for (size_t i = 0; i < 1000; i++) {
			subject[i] = (at + i) / every % subjects;
			at_us[i] = (int64_t)(first_seq + (at + i) % every * 1000) * 1000;
			names[i] = (uint32_t)rng_below(&r, 16);
		}
		struct segment_plain p = { .n = 1000,
					   .subject = subject,
					   .person = subject,
					   .at_us = at_us,
					   .name = names,
					   .origin = origins,
					   .first_seq = first_seq + at,
					   .import = 1 };
		assert_ok(segment_add_plain(b, &p, &e), e);
	}
	assert_ok(segment_finish(&b, &s, &e), e);
	return s;
}

/* Printed beside the test; a bar would depend on the machine. */
static void plain_touches_merge_quickly(void **state UNUSED)
{
	size_t each = 500000, n;
	struct segment *in[4], **out;
	err e;
	for (size_t i = 0; i < ARRAY_LEN(in); i++)
		in[i] = plain_segment(each, 1 + i * each, 20, UINT64_MAX);
	struct segment_merge_options o = { .fs = fs_real() };
	int64_t from = time_cpu_us();
	assert_ok(segment_merge(in, 4, &o, &out, &n, &e), e);
	int64_t us = MAX(time_cpu_us() - from, (int64_t)1);
	printf("  4 segments, every subject in all, 20 touches each: %.1f million touches/s\n",
	       (double)(each * 4) / (double)us);
	assert_int_equal(n, 1);
	segment_release(&out[0]);
	mem_free(out);
	from = time_cpu_us();
	assert_ok(segment_merge(in, 1, &o, &out, &n, &e), e);
	us = MAX(time_cpu_us() - from, (int64_t)1);
	printf("  1 segment: %.1f million touches/s\n", (double)each / (double)us);
	segment_release(&out[0]);
	mem_free(out);
	o.progress = stop;
	assert_false(segment_merge(in, 4, &o, &out, &n, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	for (size_t i = 0; i < ARRAY_LEN(in); i++)
		segment_release(&in[i]);
}

static int make_dir(void **state)
{
	static char dir[] = "/tmp/trichter-merge-XXXXXX";
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
		cmocka_unit_test(what_comes_out_is_what_went_in),
		cmocka_unit_test(nothing_of_the_dropped_stays),
		cmocka_unit_test(plain_touches_merge_quickly),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
