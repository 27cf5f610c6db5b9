/*
 * fuzz_segment.c - opens and reads whatever bytes as a segment.
 *
 * What it is:   checksums keep damage out, and would keep the fuzzer out: so header, index and
 *               blocks get the ones that fit before anything is read.
 * Promises:     nothing read from a file leads outside of it, whatever it holds; the bytes stand in
 *               a block of exactly their size, so that the sanitizer sees the first one beyond.
 */
#include "fuzz/replay.h"

#include "archive/segment_int.h"
#include "base/mem.h"
#include "column/colfile_int.h"
#include "io/zip.h"

#include <stdlib.h>
#include <string.h>

#define TOUCHES_MOST ((uint64_t)20000)

/* Makes the header fit the rest; the fuzzer chooses where the index begins. */
static void fit_header(uint8_t *p, size_t n)
{
	struct colfile_header h;
	memcpy(&h.index_at, p + 24, 8);
	if (h.index_at > n)
		h.index_at = COLFILE_HEADER_BYTES;
	h.bytes = n;
	h.index_bytes = n - h.index_at;
	h.index_checksum = zip_hash(p + h.index_at, (size_t)h.index_bytes);
	colfile_header_encode(&h, p);
}

static void fit_blocks(struct colfile *f)
{
	for (size_t i = 0; i < f->columns_n; i++) {
		const struct column *c = &f->columns[i];
		for (size_t k = 0; !c->uniform && k < c->blocks; k++) {
			struct block_entry *x = &c->entries[k];
			if (x->bytes_n > 0)
				x->checksum = zip_hash(f->map + x->at,
						       (size_t)colfile_padded(x->bytes_n));
		}
	}
}

static struct colfile *open_bytes(const uint8_t *p, size_t n)
{
	struct colfile *f = mem_zalloc(1, sizeof *f);
	str path;
	if (!f || !writer_own(S("fuzzed"), &path))
		abort();
	f->path = (char *)(uintptr_t)path.p;
	f->map = p;
	f->map_n = n;
	if (!colfile_begin_reading(f, SEGMENT_KIND, NULL)) {
		colfile_close(&f);
		return NULL;
	}
	fit_blocks(f);
	return f;
}

static void read_columns(const struct colfile *f)
{
	static int64_t v[COLFILE_BLOCK_ROWS];
	for (size_t i = 0; i < f->columns_n; i++) {
		const struct column *c = &f->columns[i];
		for (size_t k = 0; k < MIN(column_blocks(c), (size_t)8); k++) {
			struct column_block b;
			if (!column_block(c, k, &b, NULL) || c->type == COLUMN_BYTES)
				continue;
			if (b.codec != CODEC_COLD)
				(void)block_int(&b, b.rows - 1);
			(void)!block_ints(&b, b.rows / 2, b.rows - b.rows / 2, v, NULL);
		}
	}
}

static void read_properties(const struct segment *s)
{
	struct buf b;
	buf_init(&b, MIB);
	for (size_t i = 0; i < segment_properties(s); i++) {
		const struct segment_property *p = segment_property_at(s, i);
		for (size_t k = 1; k <= MIN(p->values_n, (size_t)100); k++) {
			buf_clear(&b);
			value_print(&b, segment_property_value(s, p, k));
		}
	}
	buf_fini(&b);
}

static void read_rows(struct segment *s)
{
	struct segment_cursor *c;
	uint64_t touches = segment_info(s)->touches, row;
	struct arena a;
	bool found;
	if (!segment_cursor_new(s, &c, NULL))
		abort();
	arena_init(&a, 4 * MIB);
	for (uint64_t i = 0; i < MIN(touches, (uint64_t)200); i++) {
		struct touch t;
		arena_reset(&a);
		(void)!segment_touch(c, touches - 1 - i, &a, &t, NULL);
	}
	arena_fini(&a);
	if (touches <= TOUCHES_MOST) {
		for (uint64_t i = 0; i < touches; i++) {
			if (!segment_by_seq(c, i, 1, &row, NULL))
				break;
		}
		(void)!segment_row_of(c, segment_info(s)->seq_max, &row, &found, NULL);
	}
	segment_cursor_free(&c);
}

static void merge(struct segment *s)
{
	struct segment *in[] = { s, s }, **out;
	struct segment_merge_options o = { .fs = fs_real() };
	size_t n;
	if (!segment_merge(in, 2, &o, &out, &n, NULL))
		return;
	for (size_t i = 0; i < n; i++)
		segment_release(&out[i]);
	mem_free((void *)out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct segment *s;
	uint64_t first;
	size_t rows;
	if (n < COLFILE_HEADER_BYTES)
		return 0;
	uint8_t *p = malloc(n);
	if (!p)
		abort();
	memcpy(p, data, n);
	fit_header(p, n);
	struct colfile *f = open_bytes(p, n);
	if (f) {
		read_columns(f);
		if (segment_of_file(f, &s, NULL)) {
			read_properties(s);
			read_rows(s);
			(void)!segment_find(s, (uint64_t)column_max(segment_subject(s)), &first,
					    &rows, NULL);
			if (segment_info(s)->touches <= TOUCHES_MOST) {
				(void)!segment_check(s, NULL);
				merge(s);
			}
			segment_release(&s);
		}
	}
	free(p);
	return 0;
}
