/*
 * buf.c - growing bytes, and reading them back.
 *
 * What it is:   text and records are written once from front to back and read the same way.
 * Promises:     never holds more than bytes_max; a reader never leaves what it was given.
 */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BUF_BYTES_MIN	 ((size_t)64)
#define VARINT_BYTES_MAX 10

void buf_init(struct buf *b, size_t bytes_max)
{
	*b = (struct buf){ .bytes_max = bytes_max };
}

void buf_fini(struct buf *b)
{
	mem_free(b->p);
	buf_init(b, b->bytes_max);
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->over = false;
	b->nomem = false;
}

static bool buf_failed(const struct buf *b)
{
	return b->over || b->nomem;
}

/* Makes the memory hold at least `want` bytes, want <= bytes_max. */
static bool buf_grow(struct buf *b, size_t want)
{
	size_t cap = b->cap > b->bytes_max / 2 ? b->bytes_max : b->cap * 2;
	cap = MAX(MAX(cap, want), MIN(BUF_BYTES_MIN, b->bytes_max));
	char *p = mem_realloc(b->p, cap, 1);
	if (!p) {
		b->nomem = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

char *buf_room(struct buf *b, size_t n)
{
	if (UNLIKELY(buf_failed(b)))
		return NULL;
	if (UNLIKELY(n > b->cap - b->n || !b->p)) {
		if (n > b->bytes_max - b->n) {
			b->over = true;
			return NULL;
		}
		if (!buf_grow(b, b->n + n))
			return NULL;
	}
	return b->p + b->n;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	char *room = buf_room(b, n);
	if (!room)
		return;
	memcpy(room, p, n);
	b->n += n;
}

void buf_str(struct buf *b, str s)
{
	buf_put(b, s.p, s.n);
}

void buf_cstr(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_byte(struct buf *b, uint8_t c)
{
	char *room = buf_room(b, 1);
	if (!room)
		return;
	*room = (char)c;
	b->n++;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	if (buf_failed(b))
		return;
	char small[256];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	CHECK(n >= 0);
	if ((size_t)n < sizeof small) {
		buf_put(b, small, (size_t)n);
		return;
	}
	/* One byte more than what counts, for the NUL that vsnprintf insists on. */
	struct buf whole;
	buf_init(&whole, (size_t)n + 1);
	char *room = buf_room(&whole, (size_t)n + 1);
	if (!room) {
		b->nomem = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(room, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_put(b, room, (size_t)n);
	buf_fini(&whole);
}

void buf_u32(struct buf *b, uint32_t v)
{
	uint8_t out[4];
	for (size_t i = 0; i < sizeof out; i++)
		out[i] = (uint8_t)(v >> (8 * i));
	buf_put(b, out, sizeof out);
}

void buf_u64(struct buf *b, uint64_t v)
{
	uint8_t out[8];
	for (size_t i = 0; i < sizeof out; i++)
		out[i] = (uint8_t)(v >> (8 * i));
	buf_put(b, out, sizeof out);
}

void buf_varint(struct buf *b, uint64_t v)
{
	uint8_t out[VARINT_BYTES_MAX];
	size_t n = 0;
	while (v >= 0x80) {
		out[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	out[n++] = (uint8_t)v;
	buf_put(b, out, n);
}

void buf_zigzag(struct buf *b, int64_t v)
{
	buf_varint(b, ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0));
}

void buf_lenstr(struct buf *b, str s)
{
	buf_varint(b, s.n);
	buf_str(b, s);
}

bool buf_ok(const struct buf *b, err *e)
{
	if (b->nomem)
		return err_nomem(e);
	if (b->over)
		return err_set(e, ERR_LIMIT, "this is longer than the %zu bytes that it may have",
			       b->bytes_max);
	return true;
}

str buf_view(const struct buf *b)
{
	return (str){ b->p, b->n };
}

void reader_init(struct reader *r, const void *p, size_t n)
{
	static const uint8_t nothing[1];
	r->p = p ? p : nothing;
	r->end = r->p + (p ? n : 0);
	r->bad = false;
}

static void reader_fail(struct reader *r)
{
	r->p = r->end;
	r->bad = true;
}

/* The next `n` bytes, or NULL when there are fewer. */
static const uint8_t *reader_take(struct reader *r, uint64_t n)
{
	if (UNLIKELY(n > (uint64_t)(r->end - r->p))) {
		reader_fail(r);
		return NULL;
	}
	const uint8_t *p = r->p;
	r->p += n;
	return p;
}

uint8_t reader_byte(struct reader *r)
{
	const uint8_t *p = reader_take(r, 1);
	return p ? *p : 0;
}

uint32_t reader_u32(struct reader *r)
{
	const uint8_t *p = reader_take(r, 4);
	uint32_t v = 0;
	for (size_t i = 0; p && i < 4; i++)
		v |= (uint32_t)p[i] << (8 * i);
	return v;
}

uint64_t reader_u64(struct reader *r)
{
	const uint8_t *p = reader_take(r, 8);
	uint64_t v = 0;
	for (size_t i = 0; p && i < 8; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

/* One number has one form: a needless last byte of zero is refused, and so are bits past 64. */
uint64_t reader_varint(struct reader *r)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < VARINT_BYTES_MAX && r->p < r->end; i++) {
		uint8_t c = *r->p++;
		if ((i == VARINT_BYTES_MAX - 1 && c > 1) || (i > 0 && c == 0))
			break;
		v |= (uint64_t)(c & 0x7F) << (7 * i);
		if (c < 0x80)
			return v;
	}
	reader_fail(r);
	return 0;
}

int64_t reader_zigzag(struct reader *r)
{
	uint64_t v = reader_varint(r);
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

str reader_bytes(struct reader *r, uint64_t n)
{
	const uint8_t *p = reader_take(r, n);
	return p ? (str){ (const char *)p, (size_t)n } : (str){ NULL, 0 };
}

str reader_lenstr(struct reader *r)
{
	uint64_t n = reader_varint(r);
	return reader_bytes(r, n);
}
