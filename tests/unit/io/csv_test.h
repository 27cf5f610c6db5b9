/*
 * csv_test.h - tables in memory, read to the end and written down as one text.
 */
#ifndef TRICHTER_CSV_TEST_H
#define TRICHTER_CSV_TEST_H

#include "unit/io/io_test.h"

#include "io/csv.h"

/* Reads the rest: "LINE:field|field\n" per row; a row with a problem is "LINE!problem\n". */
static inline void read_rows(struct csv_reader *r, struct buf *out)
{
	err e;
	for (uint64_t number = 1;; number++) {
		struct csv_row row;
		bool more;
		assert_ok(csv_next(r, &row, &more, &e), &e);
		if (!more)
			return;
		assert_int_equal(row.number, number);
		buf_printf(out, "%llu%s", (unsigned long long)row.line, row.problem.n ? "!" : ":");
		buf_str(out, row.problem);
		for (size_t i = 0; i < row.n; i++) {
			assert_true(str_is_utf8(row.fields[i]));
			if (row.problem.n > 0)
				continue;
			if (i > 0)
				buf_byte(out, '|');
			buf_str(out, row.fields[i]);
		}
		buf_byte(out, '\n');
	}
}

static inline struct csv_reader *open_table(struct fs *fs, const void *p, size_t n,
					    struct csv_options options)
{
	err e;
	struct csv_reader *r;
	put_file(fs, "t.csv", p, n);
	assert_ok(csv_open(fs, "t.csv", options, &r, &e), &e);
	assert_int_equal(csv_bytes_total(r), n);
	return r;
}

/* The whole table without a header, as read_rows writes it. */
#define assert_rows_n(content, content_n, delimiter_, want)                                        \
	do {                                                                                       \
		struct fs *fs_ = fs_sim_new(1);                                                    \
		struct csv_options options_ = { .delimiter = (delimiter_) };                       \
		struct csv_reader *r_ = open_table(fs_, (content), (content_n), options_);         \
		struct buf out_;                                                                   \
		buf_init(&out_, 64 * MIB);                                                         \
		read_rows(r_, &out_);                                                              \
		assert_text(buf_view(&out_), want);                                                \
		assert_int_equal(csv_bytes_read(r_), csv_bytes_total(r_));                         \
		buf_fini(&out_);                                                                   \
		csv_close(&r_);                                                                    \
		assert_null(r_);                                                                   \
		fs_sim_free(&fs_);                                                                 \
	} while (0)
#define assert_rows(lit, delimiter, want) assert_rows_n(lit, sizeof(lit) - 1, delimiter, want)

#endif
