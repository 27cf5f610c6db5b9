/*
 * fast_plain.c - the fast path in plain C: what every other instruction set has to equal.
 *
 * What it is:   one touch after another, without branches on what the touches are.
 * Threads:      shares nothing.
 */
#include "funnel/fast_kit_int.h"

#include <string.h>

static inline uint32_t code_at(const uint8_t *codes, unsigned width, size_t i)
{
	uint16_t half;
	uint32_t whole;
	switch (width) {
	case 4:
		return codes[i / 2] >> i % 2 * 4 & 0xf;
	case 8:
		return codes[i];
	case 16:
		memcpy(&half, codes + i * sizeof half, sizeof half);
		return half;
	default:
		memcpy(&whole, codes + i * sizeof whole, sizeof whole);
		return whole;
	}
}

static inline __attribute__((always_inline)) void find_word(const struct find *f, size_t from,
							    size_t to, uint64_t allowed,
							    unsigned width, uint64_t *bits_r,
							    struct found *r)
{
	uint64_t bits = 0;
	for (size_t i = from; i < to; i++) {
		uint32_t code = code_at(f->codes, width, i);
		uint8_t class = code < f->classes_n ? f->class_of[code] : CLASS_NONE;
		bool is = class != CLASS_NONE && (allowed >> i % WORD_ROWS & 1) != 0;
		if (f->high) {
			class = class == 0 && f->high[i] > f->begin_max ? f->late : class;
			is = is && f->high[i] >= f->high_min && f->high[i] <= f->high_max;
			r->high[r->n] = f->high[i];
		}
		r->step[r->n] = class;
		r->pos[r->n] = f->first_pos + (uint32_t)i;
		r->n += is;
		bits |= (uint64_t)is << i % WORD_ROWS;
	}
	*bits_r = bits;
}

static void find(const struct find *f, size_t from, size_t to, struct found *r)
{
	size_t out = f->first_word;
	for (size_t i = from; i < to; out++) {
		size_t end = MIN((i / WORD_ROWS + 1) * WORD_ROWS, to);
		uint64_t allowed = f->hidden ? ~f->hidden[i / WORD_ROWS] : UINT64_MAX;
		r->rank[out] = (uint32_t)r->n;
		if (f->width == 4)
			find_word(f, i, end, allowed, 4, &r->bits[out], r);
		else if (f->width == 8)
			find_word(f, i, end, allowed, 8, &r->bits[out], r);
		else if (f->width == 16)
			find_word(f, i, end, allowed, 16, &r->bits[out], r);
		else
			find_word(f, i, end, allowed, 32, &r->bits[out], r);
		i = end;
	}
}

static void times(const struct times *t)
{
	const struct column_block *b = t->block;
	bool split = b->codec == CODEC_SPLIT;
	unsigned low = split ? b->width - 8 : b->width;
	const uint8_t *bytes = split ? b->bytes + b->rows : b->bytes;
	uint64_t mask = (UINT64_C(1) << low) - 1;
	for (size_t i = 0; i < t->n; i++) {
		size_t bit = (size_t)(t->pos[i] - t->sub) * low;
		uint64_t x;
		memcpy(&x, bytes + bit / 8, sizeof x);
		x = x >> bit % 8 & mask;
		if (split)
			x |= (uint64_t)t->high[i] << low;
		t->at[i] = (int64_t)((uint64_t)b->base + b->scale * x);
	}
}

static void ends(const struct ends *r)
{
	ends_all(r);
}

static void keep(const struct keep *k)
{
	keep_all(k);
}

static bool repeats(const int64_t *at, size_t n)
{
	bool any = false;
	for (size_t i = 1; i < n; i++)
		any |= at[i] == at[i - 1];
	return any;
}

static void entries(const struct entries *r)
{
	entries_all(r);
}

static void any(const struct walk *w, int64_t to_us, uint8_t *any_r)
{
	any_all(w, to_us, any_r);
}

static void append(const struct append *a)
{
	append_all(a);
}

static void prune(struct choice *c)
{
	prune_all(c);
}

static size_t pack(struct choice *c)
{
	return pack_all(c);
}

static void walk(const struct walk *w)
{
	if (w->complete_us)
		walk_all(w, true);
	else
		walk_all(w, false);
}

const struct fast_kit fast_plain = { .find = find,
				     .times = times,
				     .walk = walk,
				     .entries = entries,
				     .any = any,
				     .append = append,
				     .prune = prune,
				     .pack = pack,
				     .ends = ends,
				     .keep = keep,
				     .repeats = repeats };
