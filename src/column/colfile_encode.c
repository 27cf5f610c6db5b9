/*
 * colfile_encode.c - a block of numbers as the fewest bytes that its readers can bear.
 *
 * What it is:   CONST, LINE, PACKED or SPLIT, whichever is first to fit; where little is read,
 * planes of bytes, of the numbers or of their differences, each compressed by itself: the low bytes
 * of times are noise and stay as they are, the high ones take the bits that they are worth.
 * Promises:     every sequence of numbers comes back as it was; a cold block is only made where it
 *               is smaller.
 * Threads:      any; shares nothing.
 */
#include "column/colfile_int.h"

#include "base/mem.h"
#include "io/zip.h"

#include <string.h>

#define ZIP_LEVEL 3

/* A plane is one byte of each number. */
enum plane_mode { PLANE_CONST, PLANE_RAW, PLANE_ZIP };
enum { COLD_PLAIN, COLD_DIFFERENCES };
#define COLD_PLANES_MAX 8

void encode_same(int64_t v, size_t n, enum column_type type, struct block_entry *r)
{
	*r = (struct block_entry){
		.base = v, .min = v, .max = v, .scale = 1, .rows = (uint32_t)n, .codec = CODEC_CONST
	};
	if (type == COLUMN_CODES)
		r->present = UINT64_C(1) << (uint64_t)v % 64;
}

static uint64_t present_of(const int64_t *v, size_t n)
{
	uint64_t present = 0;
	for (size_t i = 0; i < n; i++)
		present |= UINT64_C(1) << (uint64_t)v[i] % 64;
	return present;
}

static void range_of(const int64_t *v, size_t n, int64_t *min_r, int64_t *max_r)
{
	int64_t min = v[0], max = v[0];
	for (size_t i = 1; i < n; i++) {
		min = MIN(min, v[i]);
		max = MAX(max, v[i]);
	}
	*min_r = min;
	*max_r = max;
}

/* Whether v rises by equal steps. */
static bool is_line(const int64_t *v, size_t n, uint64_t *step_r)
{
	if (v[1] <= v[0])
		return false;
	uint64_t step = (uint64_t)v[1] - (uint64_t)v[0];
	for (size_t i = 2; i < n; i++) {
		if (v[i] <= v[i - 1] || (uint64_t)v[i] - (uint64_t)v[i - 1] != step)
			return false;
	}
	*step_r = step;
	return true;
}

static unsigned code_width(uint64_t most)
{
	static const unsigned WIDTHS[] = { 1, 2, 4, 8, 16, 32 };
	unsigned bits = pack_bits(most);
	size_t i = 0;
	while (WIDTHS[i] < bits)
		i++;
	return WIDTHS[i];
}

/* Numbers of the block without base and scale, in place; sets base, scale and width. */
static uint64_t *reduce(int64_t *v, size_t n, enum column_type type, struct block_entry *r)
{
	uint64_t *x = (uint64_t *)v;
	if (type == COLUMN_CODES) {
		r->base = 0;
		r->scale = 1;
		r->width = (uint8_t)code_width((uint64_t)r->max);
		return x;
	}
	r->base = r->min;
	for (size_t i = 0; i < n; i++)
		x[i] -= (uint64_t)r->min;
	r->scale = pack_gcd(x, n);
	if (r->scale > 1)
		pack_divide(x, n, r->scale);
	uint64_t most = ((uint64_t)r->max - (uint64_t)r->min) / r->scale;
	unsigned width = pack_bits(most);
	r->width = (uint8_t)(width > COLFILE_WIDTH_MAX ? 64 : width);
	return x;
}

static bool put_packed(uint64_t *x, size_t n, enum column_type type, struct block_entry *r,
		       struct buf *out, err *e)
{
	bool split = type == COLUMN_TIMES && r->width >= COLFILE_SPLIT_MIN &&
		     r->width <= COLFILE_WIDTH_MAX;
	size_t bytes = split ? split_bytes(n, r->width) : pack_bytes(n, r->width);
	char *p = buf_room(out, bytes + COLFILE_SLACK);
	if (!p)
		return buf_ok(out, e);
	if (split)
		split_put((uint8_t *)p, x, n, r->width);
	else
		pack_put((uint8_t *)p, x, n, r->width);
	out->n += bytes;
	r->codec = split ? CODEC_SPLIT : CODEC_PACKED;
	r->bytes_n = (uint32_t)bytes;
	return true;
}

/* A packed block has to be so much larger than a cold one before it gives way. */
static bool cold_pays(enum encode_size size, size_t cold, size_t packed)
{
	return size == ENCODE_COLD ? cold + cold / 64 < packed : cold + cold / 4 < packed;
}

bool encode_ints(int64_t *v, size_t n, enum column_type type, enum encode_size size,
		 struct block_entry *r, struct buf *out, err *e)
{
	int64_t min, max;
	uint64_t step;
	range_of(v, n, &min, &max);
	if (min == max) {
		encode_same(min, n, type, r);
		return true;
	}
	*r = (struct block_entry){ .min = min, .max = max, .rows = (uint32_t)n };
	if (type == COLUMN_CODES) {
		r->present = present_of(v, n);
	} else if (is_line(v, n, &step)) {
		r->base = v[0];
		r->scale = step;
		r->codec = CODEC_LINE;
		return true;
	}
	uint64_t *x = reduce(v, n, type, r);
	size_t before = out->n;
	if (size != ENCODE_FAST) {
		if (!cold_pack(out, x, n, e))
			return false;
		if (cold_pays(size, out->n - before, pack_bytes(n, r->width))) {
			r->codec = CODEC_COLD;
			r->bytes_n = (uint32_t)(out->n - before);
			return true;
		}
		out->n = before;
	}
	return put_packed(x, n, type, r, out, e);
}

/* ---- planes of bytes ------------------------------------------------------------------------- */

static bool plane_put(struct buf *head, struct buf *body, const uint8_t *plane, size_t n, err *e)
{
	if (memcmp(plane, plane + 1, n - 1) == 0) {
		buf_byte(head, PLANE_CONST);
		buf_byte(head, plane[0]);
		return buf_ok(head, e);
	}
	size_t before = body->n;
	if (!zip_pack(body, str_make((const char *)plane, n), ZIP_LEVEL, e))
		return false;
	size_t packed = body->n - before;
	if (packed >= n) {
		body->n = before;
		buf_put(body, plane, n);
		buf_byte(head, PLANE_RAW);
		return buf_ok(body, e) && buf_ok(head, e);
	}
	buf_byte(head, PLANE_ZIP);
	buf_varint(head, packed);
	return buf_ok(head, e);
}

/* Numbers as signed ones of `planes` bytes, lowest plane first. */
static bool planes_put(struct buf *out, const uint64_t *x, size_t n, uint8_t how, unsigned planes,
		       err *e)
{
	uint8_t plane[COLFILE_BLOCK_ROWS];
	struct buf body;
	buf_init(&body, 2 * COLD_PLANES_MAX * COLFILE_BLOCK_ROWS);
	buf_byte(out, how);
	buf_byte(out, (uint8_t)planes);
	bool ok = buf_ok(out, e);
	for (unsigned k = 0; ok && k < planes; k++) {
		for (size_t i = 0; i < n; i++)
			plane[i] = (uint8_t)(x[i] >> 8 * k);
		ok = plane_put(out, &body, plane, n, e);
	}
	buf_str(out, buf_view(&body));
	buf_fini(&body);
	return ok && buf_ok(out, e);
}

static unsigned planes_signed(const uint64_t *d, size_t n)
{
	uint64_t all = 0;
	for (size_t i = 0; i < n; i++)
		all |= d[i] ^ (d[i] >> 63 ? UINT64_MAX : 0);
	return MIN(pack_bits(all) / 8 + 1, 8u);
}

bool cold_pack(struct buf *out, const uint64_t *x, size_t n, err *e)
{
	uint64_t *d = mem_alloc(n * sizeof *d);
	if (!d)
		return err_nomem(e);
	uint64_t all = x[0];
	d[0] = x[0];
	for (size_t i = 1; i < n; i++) {
		all |= x[i];
		d[i] = x[i] - x[i - 1];
	}
	size_t before = out->n;
	bool ok = planes_put(out, x, n, COLD_PLAIN, (pack_bits(all) + 7) / 8, e);
	size_t plain = out->n - before;
	ok = ok && planes_put(out, d, n, COLD_DIFFERENCES, planes_signed(d, n), e);
	mem_free(d);
	size_t differences = out->n - before - plain;
	if (ok && differences < plain)
		memmove(out->p + before, out->p + before + plain, differences);
	if (ok)
		out->n = before + MIN(plain, differences);
	return ok;
}

struct plane {
	enum plane_mode mode;
	uint8_t byte;
	uint64_t packed;
};

static bool planes_read(struct reader *r, struct plane planes[COLD_PLANES_MAX], unsigned n)
{
	for (unsigned k = 0; k < n; k++) {
		uint8_t mode = reader_byte(r);
		if (mode > PLANE_ZIP)
			return false;
		planes[k] = (struct plane){ .mode = (enum plane_mode)mode };
		if (mode == PLANE_CONST)
			planes[k].byte = reader_byte(r);
		else if (mode == PLANE_ZIP)
			planes[k].packed = reader_varint(r);
	}
	return !r->bad;
}

/* The bytes of a plane that is not CONST, in the block or in `b`; NULL: it does not fit. */
static const uint8_t *plane_bytes(struct reader *r, const struct plane *p, size_t rows,
				  struct buf *b, err *e)
{
	str packed = reader_bytes(r, p->mode == PLANE_RAW ? rows : p->packed);
	if (!r->bad && p->mode == PLANE_RAW)
		return (const uint8_t *)packed.p;
	buf_clear(b);
	if (!r->bad && !zip_unpack(b, packed, rows, e))
		return NULL;
	if (!r->bad && b->n == rows)
		return (const uint8_t *)b->p;
	err_set(e, ERR_CORRUPT, "a cold block does not fit its description");
	return NULL;
}

static bool planes_unpack(struct reader *r, const struct plane *planes, unsigned n, size_t rows,
			  uint64_t *x, err *e)
{
	struct buf b;
	buf_init(&b, COLFILE_BLOCK_ROWS);
	uint64_t same = 0;
	bool ok = true;
	for (unsigned k = 0; k < n; k++)
		same |= planes[k].mode == PLANE_CONST ? (uint64_t)planes[k].byte << 8 * k : 0;
	for (size_t i = 0; i < rows; i++)
		x[i] = same;
	for (unsigned k = 0; ok && k < n; k++) {
		if (planes[k].mode == PLANE_CONST)
			continue;
		const uint8_t *p = plane_bytes(r, &planes[k], rows, &b, e);
		ok = p != NULL;
		for (size_t i = 0; ok && i < rows; i++)
			x[i] |= (uint64_t)p[i] << 8 * k;
	}
	buf_fini(&b);
	return ok;
}

bool cold_unpack(const struct column_block *b, uint64_t *x, err *e)
{
	struct reader r;
	struct plane planes[COLD_PLANES_MAX];
	reader_init(&r, b->bytes, b->bytes_n);
	uint8_t how = reader_byte(&r);
	uint8_t n = reader_byte(&r);
	if (r.bad || how > COLD_DIFFERENCES || n > COLD_PLANES_MAX || !planes_read(&r, planes, n))
		return err_set(e, ERR_CORRUPT, "a cold block does not fit its description");
	if (!planes_unpack(&r, planes, n, b->rows, x, e))
		return false;
	if (how == COLD_PLAIN)
		return true;
	/* Numbers of n bytes, whose highest bit is a sign. */
	uint64_t sign = n > 0 ? UINT64_C(1) << (8 * n - 1) : 0, sum = 0;
	for (size_t i = 0; i < b->rows; i++)
		x[i] = sum += (x[i] ^ sign) - sign;
	return true;
}
