/*
 * test_csv_bad.c - tables that are broken: each row that cannot be used says so, the rest is read.
 */
#include "unit/io/csv_test.h"

#include "io/file_int.h"

#include <sys/resource.h>

static void a_nul_byte_spoils_its_row_only(void **state)
{
	(void)state;
	assert_rows("a,b\nx\0y,1\nc,d\n", ',', "1:a|b\n2!this row holds a NUL byte\n3:c|d\n");
	assert_rows("a\0b\n", ',', "1!this row holds a NUL byte\n");
}

static void bytes_that_are_not_utf8_spoil_their_row_only(void **state)
{
	(void)state;
	assert_rows("n\xC3\xA4me,b\nx\xFFy,1\nc,d\n", ',',
		    "1:näme|b\n2!this row holds bytes that are not UTF-8\n3:c|d\n");
	assert_rows("\xEF\xBB\xBF"
		    "a\n\xC3,\xA4\nb\n",
		    ',', "1:a\n2!this row holds bytes that are not UTF-8\n3:b\n");
	assert_rows("\xFF\xFE"
		    "a\0\n\0\x00\xD8,\0\n\0b\0",
		    ',', "1:a\n2!this row holds bytes that are not UTF-16LE\n3:b\n");
	assert_rows("\xFF\xFE"
		    "a\0\n\0b\0c",
		    ',', "1:a\n2!this row holds bytes that are not UTF-16LE\n");
}

static void a_broken_row_can_be_shown(void **state)
{
	(void)state;
	struct fs *fs = fs_sim_new(1);
	struct csv_reader *r = open_table(fs, "\xC3\xA4\xFFz,a\0b", 8,
					  (struct csv_options){ .delimiter = ',' });
	struct csv_row row;
	bool more;
	err e;
	assert_ok(csv_next(r, &row, &more, &e), &e);
	assert_true(more && row.problem.n > 0);
	assert_int_equal(row.n, 2);
	assert_text(row.fields[0], "ä?z");
	assert_text(row.fields[1], "a?b");
	csv_close(&r);
	fs_sim_free(&fs);
}

static void text_behind_a_closing_mark_spoils_its_row_only(void **state)
{
	(void)state;
	assert_rows("a,\"b\"c,d\n1,2\n", ',',
		    "1!text stands behind a closing quotation mark in line 1\n2:1|2\n");
	/* An opening mark too many: found where the next one closes it. */
	assert_rows("\"a,b\nc,d\ne,\"f, g\",h\n1,2\n", ',',
		    "1!text stands behind a closing quotation mark in line 3\n4:1|2\n");
	assert_rows("\"a\" ,b", ',', "1!text stands behind a closing quotation mark in line 1\n");
}

static void a_mark_that_is_never_closed_is_told(void **state)
{
	(void)state;
	assert_rows("a,b\nc,\"d\ne,f\n", ',',
		    "1:a|b\n2!a quotation mark in this row is never closed: everything from here "
		    "to the end of the file (line 3) was read as one field\n");
	assert_rows("\"", ',',
		    "1!a quotation mark in this row is never closed: everything from here to the "
		    "end of the file (line 1) was read as one field\n");
}

static void too_many_fields_spoil_their_row_only(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, MIB);
	for (int i = 0; i < CSV_FIELDS_MAX - 1; i++)
		buf_byte(&b, ',');
	buf_cstr(&b, "\n");
	for (int i = 0; i < CSV_FIELDS_MAX; i++)
		buf_byte(&b, ',');
	buf_cstr(&b, "\na,b\n");
	struct fs *fs = fs_sim_new(1);
	struct csv_reader *r = open_table(fs, b.p, b.n, (struct csv_options){ .delimiter = ',' });
	struct csv_row row;
	bool more;
	err e;
	assert_ok(csv_next(r, &row, &more, &e), &e);
	assert_int_equal(row.n, CSV_FIELDS_MAX);
	assert_int_equal(row.problem.n, 0);
	assert_ok(csv_next(r, &row, &more, &e), &e);
	assert_text(row.problem, "this row has more than 2000 fields");
	assert_ok(csv_next(r, &row, &more, &e), &e);
	assert_int_equal(row.n, 2);
	assert_int_equal(row.line, 3);
	csv_close(&r);
	fs_sim_free(&fs);
	buf_fini(&b);
}

static void rows_up_to_the_limit_are_read(void **state)
{
	(void)state;
	static const size_t SIZES[] = { CSV_ROW_BYTES_MAX - 4, CSV_ROW_BYTES_MAX - 1,
					CSV_ROW_BYTES_MAX, CSV_ROW_BYTES_MAX + 1,
					3 * CSV_ROW_BYTES_MAX };
	for (size_t i = 0; i < ARRAY_LEN(SIZES) * 2; i++) {
		size_t size = SIZES[i / 2];
		bool quoted = i % 2;
		struct buf b;
		buf_init(&b, 16 * MIB);
		char *room = buf_room(&b, size);
		memset(room, '\n', size);
		if (!quoted)
			memset(room, 'x', size);
		else
			room[0] = room[size - 1] = '"';
		b.n = size;
		buf_cstr(&b, "\nnext,row\n");
		struct fs *fs = fs_sim_new(1);
		struct csv_reader *r = open_table(fs, b.p, b.n,
						  (struct csv_options){ .delimiter = ',' });
		struct csv_row row;
		bool more;
		err e;
		assert_ok(csv_next(r, &row, &more, &e), &e);
		/* The line end and the reader's own mark behind the field take part. */
		assert_int_equal(row.problem.n == 0, size < CSV_ROW_BYTES_MAX);
		if (row.problem.n == 0)
			assert_int_equal(row.fields[0].n, size - (quoted ? 2 : 0));
		else
			assert_true(str_starts(row.problem, S("this row is longer than 4 MiB")));
		assert_int_equal(row.line, 1);
		assert_ok(csv_next(r, &row, &more, &e), &e);
		assert_text(row.fields[0], "next");
		assert_int_equal(row.line, quoted ? size : 2);
		csv_close(&r);
		fs_sim_free(&fs);
		buf_fini(&b);
	}
}

/* A file of any size that nobody has to store: a pattern, then a line. */
struct made_file {
	struct file base;
	const char *pattern;
	uint64_t pattern_bytes;
};
static const char TAIL[] = "\"\nnext,row\n";

static bool made_open(struct fs *fs, const char *path, enum file_mode mode, struct file **f_r,
		      err *e);
static bool made_close(struct file *f, err *e)
{
	(void)e;
	free(f);
	return true;
}
static bool made_size(struct file *f, uint64_t *bytes_r, err *e)
{
	(void)e;
	*bytes_r = ((struct made_file *)(void *)f)->pattern_bytes + sizeof TAIL - 1;
	return true;
}
static bool made_read(struct file *base, void *p, size_t n, uint64_t offset, size_t *n_r, err *e)
{
	(void)e;
	struct made_file *f = (struct made_file *)(void *)base;
	size_t period = strlen(f->pattern);
	char *to = p;
	size_t i = 0;
	for (; i < n && i < period && offset + i < f->pattern_bytes; i++)
		to[i] = f->pattern[(offset + i) % period];
	while (i == period && i < n && period <= n / 2) {
		memcpy(to + period, to, period);
		period *= 2;
		i = period;
	}
	size_t whole = offset < f->pattern_bytes ? (size_t)MIN(f->pattern_bytes - offset, n) : 0;
	for (; i < whole; i++)
		to[i] = f->pattern[(offset + i) % strlen(f->pattern)];
	i = whole;
	for (; i < n && offset + i < f->pattern_bytes + sizeof TAIL - 1; i++)
		to[i] = TAIL[offset + i - f->pattern_bytes];
	*n_r = i;
	return true;
}

static const struct fs_ops MADE_OPS = {
	.open = made_open, .close = made_close, .size = made_size, .read = made_read
};
static const struct made_file *made_now;

static bool made_open(struct fs *fs, const char *path, enum file_mode mode, struct file **f_r,
		      err *e)
{
	(void)path;
	(void)mode;
	(void)e;
	struct made_file *f = malloc(sizeof *f);
	*f = *made_now;
	f->base.fs = fs;
	*f_r = &f->base;
	return true;
}

static long memory_kib(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void a_line_of_a_gigabyte_costs_no_memory(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		uint64_t bytes;
	} CASES[] = {
		{ "x", GIB },			     /* one unquoted field */
		{ "\"\"", 32 * MIB },		     /* a quoted one of marks */
		{ "\"aaaaaaaaaaa\"\"\n", 32 * MIB }, /* a quoted one over many lines */
		{ "a,", 32 * MIB },		     /* fields without end */
	};
	struct fs fs = { .ops = &MADE_OPS };
	long before = memory_kib();
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct made_file made = { .pattern = CASES[i].pattern,
					  .pattern_bytes = CASES[i].bytes };
		made_now = &made;
		err e;
		struct csv_reader *r;
		struct csv_options options = { .delimiter = ',' };
		assert_ok(csv_open(&fs, "made", options, &r, &e), &e);
		size_t problems = 0;
		bool more = true;
		struct csv_row row = { 0 };
		while (more) {
			assert_ok(csv_next(r, &row, &more, &e), &e);
			problems += more && row.problem.n > 0;
		}
		assert_true(problems > 0);
		assert_int_equal(csv_bytes_read(r), csv_bytes_total(r));
		csv_close(&r);
	}
	assert_in_range(memory_kib() - before, 0, 128 * 1024);
}

static void a_header_that_is_broken_is_an_error(void **state)
{
	(void)state;
	struct fs *fs = fs_sim_new(1);
	struct csv_options options = { .has_header = true };
	struct csv_reader *r;
	err e;
	put_file(fs, "t.csv", "\na\0b,c\n1,2\n", 11);
	assert_error(csv_open(fs, "t.csv", options, &r, &e), &e, ERR_INVALID,
		     "t.csv: line 2, which should name the columns: this row holds a NUL byte");
	fs_sim_free(&fs);
}

static void files_that_are_no_text_are_refused_by_name(void **state)
{
	(void)state;
	struct fs *fs = fs_sim_new(1);
	struct csv_options options = { .has_header = true };
	struct csv_reader *r;
	err e;
	put_file(fs, "t.xlsx", "PK\003\004 and so on", 12);
	assert_error(csv_open(fs, "t.xlsx", options, &r, &e), &e, ERR_INVALID, "a workbook");
	put_file(fs, "t.gz", "\x1F\x8B\x08", 3);
	assert_error(csv_open(fs, "t.gz", options, &r, &e), &e, ERR_INVALID, "gzip");
	assert_error(csv_open(fs, "none.csv", options, &r, &e), &e, ERR_NOT_FOUND, "none.csv");
	fs_sim_free(&fs);
}

/* Opens and reads everything; false with `e` set when anything failed. */
static bool read_all(struct fs *fs, size_t *rows_r, err *e)
{
	struct csv_reader *r;
	struct csv_options options = { .has_header = true };
	if (!csv_open(fs, "t.csv", options, &r, e))
		return false;
	bool more = true;
	bool ok = true;
	*rows_r = 0;
	while (ok && more) {
		struct csv_row row;
		ok = csv_next(r, &row, &more, e);
		*rows_r += ok && more;
	}
	csv_close(&r);
	return ok;
}

static void no_allocation_that_fails_is_lost(void **state)
{
	(void)state;
	struct fs *fs = fs_sim_new(1);
	struct buf b;
	buf_init(&b, MIB);
	buf_put(&b, "\xFF\xFE", 2);
	for (int i = 0; i < 20000; i++) {
		static const char CELL[] = "\"\0a\0b\0c\0\"\0,\0x\0";
		buf_put(&b, CELL, sizeof CELL - 1);
		buf_put(&b, i % 1000 < 2 ? "\n\0" : ",\0", 2);
	}
	put_file(fs, "t.csv", b.p, b.n);
	size_t rows = 0;
	bool ok = false;
	uint64_t n = 1;
	for (; !ok; n++) {
		err e = { 0 };
		mem_fail_at(n);
		ok = read_all(fs, &rows, &e);
		mem_fail_at(0);
		if (!ok)
			assert_int_equal(e.code, ERR_NOMEM);
	}
	assert_true(n > 10);
	assert_int_equal(rows, 40);
	buf_fini(&b);
	fs_sim_free(&fs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_a_gigabyte_costs_no_memory),
		cmocka_unit_test(a_nul_byte_spoils_its_row_only),
		cmocka_unit_test(bytes_that_are_not_utf8_spoil_their_row_only),
		cmocka_unit_test(a_broken_row_can_be_shown),
		cmocka_unit_test(text_behind_a_closing_mark_spoils_its_row_only),
		cmocka_unit_test(a_mark_that_is_never_closed_is_told),
		cmocka_unit_test(too_many_fields_spoil_their_row_only),
		cmocka_unit_test(rows_up_to_the_limit_are_read),
		cmocka_unit_test(a_header_that_is_broken_is_an_error),
		cmocka_unit_test(files_that_are_no_text_are_refused_by_name),
		cmocka_unit_test(no_allocation_that_fails_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
