/*
 * colfile_pack.c - numbers of few bits, side by side.
 *
 * What it is:   packing and unpacking of a block's numbers, and the greatest common divisor that
 *               lets whole milliseconds, kept as microseconds, take the bits of milliseconds.
 * Promises:     unpacking costs an unaligned load a number at most; the usual widths of codes are
 *               loops that a compiler turns into vector instructions.
 * Threads:      any; shares nothing.
 */
#include "column/colfile_int.h"

#include <string.h>

unsigned pack_bits(uint64_t x)
{
	return x == 0 ? 0 : 64 - (unsigned)__builtin_clzll(x);
}

void pack_put(uint8_t *out, const uint64_t *x, size_t n, unsigned width)
{
	if (width == 64) {
		memcpy(out, x, n * 8);
		return;
	}
	uint64_t word = 0;
	unsigned used = 0;
	uint8_t *p = out;
	for (size_t i = 0; i < n; i++) {
		word |= x[i] << used;
		used += width;
		if (used >= 64) {
			memcpy(p, &word, 8);
			p += 8;
			used -= 64;
			word = used > 0 ? x[i] >> (width - used) : 0;
		}
	}
	memcpy(p, &word, (used + 7) / 8);
}

/* Numbers that lie in whole bytes. */
#define GET_WHOLE(type)                                                                            \
	do {                                                                                       \
		for (size_t i = 0; i < n; i++) {                                                   \
			type x;                                                                    \
			memcpy(&x, in + (from + i) * sizeof x, sizeof x);                          \
			out[i] = colfile_value(base, scale, x);                                    \
		}                                                                                  \
	} while (0)

static inline int64_t get_one(const uint8_t *in, unsigned width, uint64_t mask, size_t i,
			      int64_t base, uint64_t scale)
{
	size_t bit = i * width;
	uint64_t word;
	memcpy(&word, in + bit / 8, 8);
	return colfile_value(base, scale, word >> bit % 8 & mask);
}

/* Eight numbers take `width` bytes, so that places and shifts repeat. */
static void get_eights(const uint8_t *in, unsigned width, size_t eights, int64_t base,
		       uint64_t scale, int64_t *out)
{
	uint64_t mask = (UINT64_C(1) << width) - 1;
	size_t at[8];
	unsigned shift[8];
	for (unsigned j = 0; j < 8; j++) {
		at[j] = j * width / 8;
		shift[j] = j * width % 8;
	}
	for (size_t i = 0; i < eights; i++, in += width, out += 8) {
		for (unsigned j = 0; j < 8; j++) {
			uint64_t word;
			memcpy(&word, in + at[j], 8);
			out[j] = colfile_value(base, scale, word >> shift[j] & mask);
		}
	}
}

void pack_get(const uint8_t *in, unsigned width, size_t from, size_t n, int64_t base,
	      uint64_t scale, int64_t *out)
{
	if (width == 8)
		GET_WHOLE(uint8_t);
	else if (width == 16)
		GET_WHOLE(uint16_t);
	else if (width == 32)
		GET_WHOLE(uint32_t);
	else if (width == 64)
		GET_WHOLE(uint64_t);
	if (width == 8 || width == 16 || width == 32 || width == 64)
		return;
	uint64_t mask = (UINT64_C(1) << width) - 1;
	for (; n > 0 && from % 8 != 0; from++, n--)
		*out++ = get_one(in, width, mask, from, base, scale);
	size_t eights = n / 8;
	get_eights(in + from / 8 * width, width, eights, base, scale, out);
	for (size_t i = eights * 8; i < n; i++)
		out[i] = get_one(in, width, mask, from + i, base, scale);
}

void split_put(uint8_t *out, uint64_t *x, size_t n, unsigned width)
{
	unsigned low = width - 8;
	uint64_t mask = (UINT64_C(1) << low) - 1;
	for (size_t i = 0; i < n; i++) {
		out[i] = (uint8_t)(x[i] >> low);
		x[i] &= mask;
	}
	pack_put(out + n, x, n, low);
}

/* As get_eights, with a byte on top of each. */
static void split_eights(const uint8_t *in, const uint8_t *high, unsigned low, size_t eights,
			 int64_t base, uint64_t scale, int64_t *out)
{
	uint64_t mask = (UINT64_C(1) << low) - 1;
	size_t at[8];
	unsigned shift[8];
	for (unsigned j = 0; j < 8; j++) {
		at[j] = j * low / 8;
		shift[j] = j * low % 8;
	}
	for (size_t i = 0; i < eights; i++, in += low, high += 8, out += 8) {
		for (unsigned j = 0; j < 8; j++) {
			uint64_t word;
			memcpy(&word, in + at[j], 8);
			word = (word >> shift[j] & mask) | (uint64_t)high[j] << low;
			out[j] = colfile_value(base, scale, word);
		}
	}
}

void split_get(const struct column_block *b, size_t from, size_t n, int64_t *out)
{
	unsigned low = b->width - 8;
	for (; n > 0 && from % 8 != 0; from++, n--)
		*out++ = block_int(b, from);
	size_t eights = n / 8;
	split_eights(b->bytes + b->rows + from / 8 * low, b->bytes + from, low, eights, b->base,
		     b->scale, out);
	for (size_t i = eights * 8; i < n; i++)
		out[i] = block_int(b, from + i);
}

/* ---- common divisors ------------------------------------------------------------------------- */

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Division without dividing (Granlund, Montgomery 1994): for an odd `d`, x * inverse is x / d when
 * d divides x, and above UINT64_MAX / d when it does not. */
struct divisor {
	uint64_t inverse, most;
	unsigned zeros;
};

static struct divisor divisor_of(uint64_t d)
{
	struct divisor r = { .zeros = (unsigned)__builtin_ctzll(d) };
	uint64_t odd = d >> r.zeros;
	r.inverse = odd;
	for (int i = 0; i < 5; i++)
		r.inverse *= 2 - odd * r.inverse;
	r.most = UINT64_MAX / d;
	return r;
}

static inline uint64_t divide(struct divisor d, uint64_t x)
{
	uint64_t y = x * d.inverse;
	return d.zeros ? y >> d.zeros | y << (64 - d.zeros) : y;
}

uint64_t pack_gcd(const uint64_t *x, size_t n)
{
	uint64_t g = 0;
	struct divisor d = { 0 };
	for (size_t i = 0; i < n; i++) {
		if (x[i] == 0 || (g != 0 && divide(d, x[i]) <= d.most))
			continue;
		g = gcd(x[i], g);
		if (g == 1)
			return 1;
		d = divisor_of(g);
	}
	return g;
}

void pack_divide(uint64_t *x, size_t n, uint64_t by)
{
	struct divisor d = divisor_of(by);
	for (size_t i = 0; i < n; i++)
		x[i] = x[i] * d.inverse >> d.zeros;
}
