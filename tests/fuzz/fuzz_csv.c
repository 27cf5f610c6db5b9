/*
 * fuzz_csv.c - any bytes as a table.
 *
 * What it is:   the first byte chooses header and delimiter, the rest is the file. What is read has
 *               to keep the reader's promises; rows without problem are written and read again.
 */
#include "fuzz/replay.h"

#include "io/csv.h"
#include "io/file_int.h"

#include <stdlib.h>
#include <string.h>

/* One file, whose content stands in memory. */
struct memory_file {
	struct file base;
	str content;
};
struct memory_fs {
	struct fs base;
	struct memory_file file;
};

static bool memory_open(struct fs *fs, const char *path, enum file_mode mode, struct file **f_r,
			err *e)
{
	(void)path;
	(void)mode;
	(void)e;
	struct memory_fs *own = (struct memory_fs *)(void *)fs;
	own->file.base.fs = fs;
	*f_r = &own->file.base;
	return true;
}

static bool memory_close(struct file *f, err *e)
{
	(void)f;
	(void)e;
	return true;
}

static bool memory_size(struct file *f, uint64_t *bytes_r, err *e)
{
	(void)e;
	*bytes_r = ((struct memory_file *)(void *)f)->content.n;
	return true;
}

static bool memory_read(struct file *f, void *p, size_t n, uint64_t offset, size_t *n_r, err *e)
{
	(void)e;
	str part = str_sub(((struct memory_file *)(void *)f)->content, (size_t)offset, n);
	if (part.n > 0)
		memcpy(p, part.p, part.n);
	*n_r = part.n;
	return true;
}

static const struct fs_ops MEMORY_OPS = {
	.open = memory_open, .close = memory_close, .size = memory_size, .read = memory_read
};

static struct csv_reader *open_table(struct memory_fs *fs, str content, struct csv_options options)
{
	struct csv_reader *r;
	err e = { 0 };
	*fs = (struct memory_fs){ .base.ops = &MEMORY_OPS, .file.content = content };
	if (!csv_open(&fs->base, "t.csv", options, &r, &e)) {
		CHECK(e.code == ERR_INVALID && strncmp(e.text, "t.csv: ", 7) == 0);
		return NULL;
	}
	return r;
}

static void check_row(const struct csv_row *row, uint64_t *line)
{
	CHECK(row->line > *line);
	*line = row->line;
	CHECK(row->n <= CSV_FIELDS_MAX);
	CHECK(row->n > 0 || row->problem.n > 0);
	size_t bytes = 0;
	for (size_t i = 0; i < row->n; i++) {
		CHECK(str_is_utf8(row->fields[i]));
		CHECK(row->fields[i].n == 0 || !memchr(row->fields[i].p, 0, row->fields[i].n));
		bytes += row->fields[i].n;
	}
	CHECK(bytes <= CSV_ROW_BYTES_MAX);
}

/* Reads the rest; good rows are appended to `out`, written anew. */
static void read_table(struct csv_reader *r, struct buf *out)
{
	uint64_t line = 0;
	for (;;) {
		struct csv_row row;
		bool more;
		err e = { 0 };
		CHECK(csv_next(r, &row, &more, &e));
		if (!more)
			break;
		check_row(&row, &line);
		/* A row of one empty field would be a blank line. */
		if (row.problem.n > 0 || (row.n == 1 && row.fields[0].n == 0))
			continue;
		for (size_t i = 0; i < row.n; i++) {
			buf_cstr(out, i ? "," : "");
			csv_put_field(out, row.fields[i], false);
		}
		buf_byte(out, '\n');
	}
	CHECK(csv_bytes_read(r) == csv_bytes_total(r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char DELIMITERS[] = { 0, ',', ';', '\t' };
	if (n == 0)
		return 0;
	struct memory_fs fs;
	struct csv_options options = { .delimiter = DELIMITERS[data[0] >> 1 & 3],
				       .has_header = data[0] & 1 };
	struct csv_reader *r = open_table(&fs, (str){ (const char *)data + 1, n - 1 }, options);
	if (!r)
		return 0;
	struct buf once, twice;
	buf_init(&once, 64 * MIB);
	buf_init(&twice, 64 * MIB);
	/* A mark in front, so that what is written is taken for UTF-8 as it is. */
	buf_cstr(&once, "\xEF\xBB\xBF");
	buf_cstr(&twice, "\xEF\xBB\xBF");
	read_table(r, &once);
	csv_close(&r);
	options = (struct csv_options){ .delimiter = ',' };
	r = open_table(&fs, buf_view(&once), options);
	CHECK(r);
	/* A first row of one field "sep=;" is not data to any reader. */
	if (!str_contains(buf_view(&once), S("=")))
		read_table(r, &twice);
	if (twice.n > 3)
		CHECK(str_eq(buf_view(&once), buf_view(&twice)));
	csv_close(&r);
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}
