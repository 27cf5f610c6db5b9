/*
 * fast_avx2.c - the fast path with AVX2: 32 names at a time.
 *
 * What it is:   names become classes by table look-ups in registers; what matches is taken out of
 *               the mask one by one.
 * Promises:     reads no more than COLFILE_SLACK bytes behind a block, writes no more than
 *               ARRAY_SLACK items behind what was found.
 * Threads:      shares nothing.
 */
#include "funnel/fast_kit_int.h"

#ifdef __x86_64__

#include <immintrin.h>
#include <string.h>

#define TARGET	      __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
#define TARGET_INLINE TARGET static inline __attribute__((always_inline))

TARGET_INLINE __m256i load_32(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

TARGET_INLINE __m256i table_of_16(const uint8_t *p)
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)p));
}

TARGET_INLINE __m256i classes_of_4(const struct find *f, size_t row)
{
	__m256i two = _mm256_cvtepu8_epi16(
		_mm_loadu_si128((const __m128i *)(const void *)(f->codes + row / 2)));
	__m256i one = _mm256_and_si256(_mm256_or_si256(two, _mm256_slli_epi16(two, 4)),
				       _mm256_set1_epi8(0x0f));
	return _mm256_shuffle_epi8(table_of_16(f->class_of), one);
}

/* Of as many names tables do not fit into registers. */
TARGET_INLINE __m256i classes_of_more(const struct find *f, size_t row, size_t to, unsigned width)
{
	uint8_t classes[32];
	uint32_t code = 0;
	memset(classes, CLASS_NONE, sizeof classes);
	for (size_t i = 0; i < sizeof classes && row + i < to; i++) {
		memcpy(&code, f->codes + (row + i) * (width / 8), width / 8);
		if (code < f->classes_n)
			classes[i] = f->class_of[code];
	}
	return load_32(classes);
}

/* Bit i: byte i lies between the two. */
TARGET_INLINE uint32_t between(__m256i v, uint8_t least, uint8_t most)
{
	__m256i low = _mm256_set1_epi8((char)least), high = _mm256_set1_epi8((char)most);
	__m256i in = _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_max_epu8(v, low), v),
				      _mm256_cmpeq_epi8(_mm256_min_epu8(v, high), v));
	return (uint32_t)_mm256_movemask_epi8(in);
}

TARGET_INLINE void take(const struct find *f, size_t row, uint64_t chosen, const uint8_t *classes,
			struct found *r)
{
	size_t n = r->n;
	uint32_t pos = f->first_pos + (uint32_t)row;
	for (; chosen != 0; chosen &= chosen - 1, n++) {
		size_t i = (size_t)__builtin_ctzll(chosen);
		r->step[n] = classes[i];
		if (f->high && classes[i] == 0 && f->high[row + i] > f->begin_max)
			r->step[n] = f->late;
		r->pos[n] = pos + (uint32_t)i;
		if (f->high)
			r->high[n] = f->high[row + i];
	}
	r->n = n;
}

TARGET_INLINE void find_width(const struct find *f, size_t from, size_t to, struct found *r,
			      unsigned width)
{
	uint8_t classes[WORD_ROWS];
	size_t out = f->first_word;
	for (size_t w = from / WORD_ROWS; w * WORD_ROWS < to; w++, out++) {
		uint64_t chosen = word_mask(w, from, to);
		if (f->hidden)
			chosen &= ~f->hidden[w];
		for (size_t half = 0; half < 2; half++) {
			size_t row = w * WORD_ROWS + half * 32;
			__m256i c = width == 4 ? classes_of_4(f, row)
					       : classes_of_more(f, row, to, width);
			/* CLASS_NONE alone has the highest bit. */
			uint32_t is = ~(uint32_t)_mm256_movemask_epi8(c);
			if (f->high && row < to)
				is &= between(load_32(f->high + row), f->high_min, f->high_max);
			chosen &= half == 0 ? UINT64_C(0xffffffff00000000) | is
					    : UINT64_C(0xffffffff) | (uint64_t)is << 32;
			_mm256_storeu_si256((__m256i *)(void *)(classes + half * 32), c);
		}
		r->bits[out] = chosen;
		r->rank[out] = (uint32_t)r->n;
		take(f, w * WORD_ROWS, chosen, classes, r);
	}
}

TARGET static void find(const struct find *f, size_t from, size_t to, struct found *r)
{
	if (f->width == 4)
		find_width(f, from, to, r, 4);
	else if (f->width == 8)
		find_width(f, from, to, r, 8);
	else if (f->width == 16)
		find_width(f, from, to, r, 16);
	else
		find_width(f, from, to, r, 32);
}

TARGET static void times(const struct times *t)
{
	fast_plain.times(t);
}

TARGET static void ends(const struct ends *r)
{
	ends_all(r);
}

TARGET static void keep(const struct keep *k)
{
	keep_all(k);
}

TARGET static bool repeats(const int64_t *at, size_t n)
{
	__m256i any = _mm256_setzero_si256();
	bool same = false;
	size_t i = 1;
	for (; i + 4 <= n; i += 4)
		any = _mm256_or_si256(
			any,
			_mm256_cmpeq_epi64(
				_mm256_loadu_si256((const __m256i *)(const void *)(at + i)),
				_mm256_loadu_si256((const __m256i *)(const void *)(at + i - 1))));
	for (; i < n; i++)
		same |= at[i] == at[i - 1];
	return same || !_mm256_testz_si256(any, any);
}

TARGET static void entries(const struct entries *r)
{
	entries_all(r);
}

TARGET static void any(const struct walk *w, int64_t to_us, uint8_t *any_r)
{
	any_all(w, to_us, any_r);
}

TARGET static void append(const struct append *a)
{
	append_all(a);
}

TARGET static void prune(struct choice *c)
{
	prune_all(c);
}

TARGET static size_t pack(struct choice *c)
{
	return pack_all(c);
}

TARGET static void walk(const struct walk *w)
{
	if (w->complete_us)
		walk_all(w, true);
	else
		walk_all(w, false);
}

const struct fast_kit fast_avx2 = { .find = find,
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

#endif
