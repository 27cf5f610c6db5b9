/*
 * test_bulk_cut.c - bulk loading reads the rows that io/csv reads, whatever the file holds.
 *
 * TEST_CASES (default 3000) says how many random files are tried.
 */
#include "load/bulk_int.h"

#include "base/rand.h"
#include "load_test.h"

struct cutting {
	struct loading l;
	struct loader *loader, *other;
	struct bulk b;
	struct bulk_block block;
};

static void cutting_open(struct cutting *c, const char *path)
{
	err *e = &c->l.e;
	memset(&c->b, 0, sizeof c->b);
	c->loader = mem_zalloc(1, sizeof *c->loader);
	c->other = mem_zalloc(1, sizeof *c->other);
	struct loader *both[] = { c->loader, c->other };
	for (size_t i = 0; i < 2; i++) {
		both[i]->dir = c->l.dir;
		both[i]->j = &c->l.j;
		both[i]->r = &c->l.r;
		if (!loader_open(both[i], path, &c->l.o, e))
			fail_msg("%s", e->text);
	}
	size_t n;
	csv_header(c->loader->source.csv, &n);
	c->loader->csv_fields = n;
	c->loader->csv_delimiter = csv_delimiter(c->loader->source.csv);
	c->b.l = c->loader;
	c->b.workers_n = 1;
	c->b.workers[0].bulk = &c->b;
	c->b.split = mem_alloc(sizeof *c->b.split);
	c->b.workers[0].split = mem_alloc(sizeof *c->b.split);
	buf_init(&c->b.workers[0].key, MIB);
	whats_init(&c->b.whats);
	assert_true(loader_clone(c->loader, 64, &c->b.workers[0].l, e));
	c->b.workers[0].l->in_bulk = true;
	assert_true(loader_clone(c->loader, 64, &c->b.again, e));
	buf_init(&c->block.text, 16 * MIB);
	buf_init(&c->block.extras, 16 * MIB);
	arena_init(&c->block.arena, 16 * MIB);
}

static void cutting_close(struct cutting *c)
{
	struct bulk_worker *w = &c->b.workers[0];
	cutter_close(&c->b.cutter);
	loader_clone_free(&w->l);
	loader_clone_free(&c->b.again);
	buf_fini(&w->key);
	mem_free(w->split);
	mem_free(w->memory.slots);
	mem_free(c->b.split);
	whats_fini(&c->b.whats);
	buf_fini(&c->block.text);
	buf_fini(&c->block.extras);
	arena_fini(&c->block.arena);
	vec_free(&c->block.rows);
	vec_free(&c->block.odd);
	loader_fini(c->loader);
	loader_fini(c->other);
	mem_free(c->loader);
	mem_free(c->other);
}

static void compare(const struct raw_row *got, const struct raw_row *want)
{
	assert_int_equal(got->line, want->line);
	if (!str_eq(got->problem, want->problem))
		fail_msg("line %u: \"%.*s\" is not \"%.*s\"", (unsigned)want->line,
			 STR_ARG(got->problem), STR_ARG(want->problem));
	assert_int_equal(got->n, want->n);
	for (size_t i = 0; i < want->n; i++) {
		if (!str_eq(got->fields[i], want->fields[i]))
			fail_msg("line %u, field %zu: \"%.*s\" is not \"%.*s\"",
				 (unsigned)want->line, i, STR_ARG(got->fields[i]),
				 STR_ARG(want->fields[i]));
	}
}

/* All rows of the file in blocks, beside those of io/csv. */
static void same_rows(struct cutting *c, const char *path, size_t block_bytes)
{
	struct raw_row want, got;
	bool more = true, more_want = true;
	err *e = &c->l.e;
	cutting_open(c, path);
	if (!cutter_open(&c->b.cutter, c->loader, 0, 0, e))
		fail_msg("%s", e->text);
	c->b.cutter.block_bytes = block_bytes;
	for (;;) {
		if (!cutter_next(&c->b.cutter, &c->block, &more, e))
			fail_msg("%s", e->text);
		if (!more)
			break;
		if (!bulk_read_block(&c->b.workers[0], &c->block, e))
			fail_msg("%s", e->text);
		for (size_t i = 0; i < c->block.rows.n; i++) {
			assert_true(source_next(c->other, &want, &more_want, e));
			assert_true(more_want);
			assert_true(bulk_again(&c->b, c->b.again, &c->block,
					       &c->block.rows.items[i], &got, e));
			compare(&got, &want);
		}
	}
	assert_true(source_next(c->other, &want, &more_want, e));
	assert_false(more_want);
	cutting_close(c);
}

static void random_file(struct loading *l, struct rng *r)
{
	static const char *const PARTS[] = { "a",     "b",	     ",",
					     ",",     "\n",	     "\n",
					     "\"",    "\"",	     "\"\"",
					     "\r\n",  "\xC3\xA9",    " ",
					     "x,y\n", "\"a,b\",c\n", "\"a\"\"b\",\"c\nd\"\n",
					     "z" };
	struct buf b;
	char path[256];
	uint64_t odd = rng_below(r, 6);
	buf_init(&b, MIB);
	buf_cstr(&b, "at,name\n");
	for (uint64_t n = rng_below(r, 60); n > 0; n--) {
		buf_cstr(&b, PARTS[rng_below(r, ARRAY_LEN(PARTS))]);
		if (odd == 0 && rng_below(r, 40) == 0)
			buf_byte(&b, '\r');
		if (odd == 1 && rng_below(r, 40) == 0)
			buf_byte(&b, 0xFF);
		if (odd == 2 && rng_below(r, 60) == 0)
			buf_byte(&b, 0);
	}
	buf_cstr(&b, "\n2025-01-01,z\n");
	snprintf(path, sizeof path, "%s/random.csv", l->dir);
	if (!fs_write_all(fs_real(), path, buf_view(&b), &l->e))
		fail_msg("%s", l->e.text);
	buf_fini(&b);
}

static void random_files_have_the_rows_of_io_csv(void **state)
{
	(void)state;
	static struct cutting c;
	struct rng r;
	const char *cases = getenv("TEST_CASES");
	long n = cases ? atol(cases) : 3000;
	char path[256];
	loading_init(&c.l);
	c.l.o.kind_given = true;
	c.l.o.kind = LOAD_EVENTS;
	rng_init(&r, 7);
	snprintf(path, sizeof path, "%s/random.csv", c.l.dir);
	for (long i = 0; i < n; i++) {
		random_file(&c.l, &r);
		same_rows(&c, path, 1 + (size_t)rng_below(&r, 64));
	}
	loading_fini(&c.l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_files_have_the_rows_of_io_csv),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
