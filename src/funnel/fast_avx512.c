/*
 * fast_avx512.c - the fast path with AVX-512: 64 names at a time, 8 or 16 times at a time.
 *
 * What it is:   names become classes by one table look-up in a register, what matches is packed
 *               together with its place; times are gathered for what matched alone.
 * Promises:     reads no more than COLFILE_SLACK bytes behind a block, writes no more than
 *               ARRAY_SLACK items behind what was found.
 * Threads:      shares nothing.
 */
#include "funnel/fast_kit_int.h"

#ifdef __x86_64__

#include <immintrin.h>
#include <string.h>

#define TARGET                                                                                     \
	__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,bmi,"     \
			      "bmi2,popcnt,lzcnt")))
#define TARGET_INLINE TARGET static inline __attribute__((always_inline))

/* Class of every code that 8 bits can say. */
struct table {
	__m512i part[4];
};

TARGET_INLINE __m512i classes_of_4(const struct table *t, const uint8_t *codes)
{
	__m512i two = _mm512_cvtepu8_epi16(
		_mm256_loadu_si256((const __m256i *)(const void *)codes));
	__m512i one = _mm512_and_si512(_mm512_or_si512(two, _mm512_slli_epi16(two, 4)),
				       _mm512_set1_epi8(0x0f));
	return _mm512_shuffle_epi8(t->part[0], one);
}

TARGET_INLINE __m512i classes_of_8(const struct table *t, const uint8_t *codes)
{
	__m512i code = _mm512_loadu_si512(codes);
	__m512i low = _mm512_permutex2var_epi8(t->part[0], code, t->part[1]);
	__m512i high = _mm512_permutex2var_epi8(t->part[2], code, t->part[3]);
	return _mm512_mask_blend_epi8(_mm512_movepi8_mask(code), low, high);
}

/* Of as many names tables do not fit into registers. */
TARGET_INLINE __m512i classes_of_more(const struct find *f, size_t row, size_t to)
{
	uint8_t classes[WORD_ROWS];
	uint32_t code = 0;
	memset(classes, CLASS_NONE, sizeof classes);
	for (size_t i = 0; i < WORD_ROWS && row + i < to; i++) {
		memcpy(&code, f->codes + (row + i) * (f->width / 8), f->width / 8);
		if (code < f->classes_n)
			classes[i] = f->class_of[code];
	}
	return _mm512_loadu_si512(classes);
}

TARGET_INLINE __m512i positions(void)
{
	return _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47,
			       46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30,
			       29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13,
			       12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

/* Of 16 rows their places, as numbers of 32 bits. */
TARGET_INLINE void put_16(uint32_t *to, __m128i where, __m512i add)
{
	_mm512_storeu_si512(to, _mm512_add_epi32(add, _mm512_cvtepu8_epi32(where)));
}

/* Appends the chosen of 64 rows. */
TARGET_INLINE void take(struct found *r, __m512i classes, __m512i high, __mmask64 chosen,
			uint32_t pos, bool has_high)
{
	__m512i where = _mm512_maskz_compress_epi8(chosen, positions());
	__m512i add = _mm512_set1_epi32((int)pos);
	uint32_t *to = r->pos + r->n;
	size_t n = (size_t)__builtin_popcountll(chosen);
	_mm512_storeu_si512(r->step + r->n, _mm512_maskz_compress_epi8(chosen, classes));
	if (has_high)
		_mm512_storeu_si512(r->high + r->n, _mm512_maskz_compress_epi8(chosen, high));
	put_16(to, _mm512_castsi512_si128(where), add);
	put_16(to + 16, _mm512_extracti32x4_epi32(where, 1), add);
	if (n > 32) {
		put_16(to + 32, _mm512_extracti32x4_epi32(where, 2), add);
		put_16(to + 48, _mm512_extracti32x4_epi32(where, 3), add);
	}
	r->n += n;
}

/* `period`: some of the high bytes lie outside of it. */
TARGET_INLINE void find_width(const struct find *f, size_t from, size_t to, struct found *found,
			      unsigned width, bool has_high, bool period)
{
	struct table t;
	struct found r = *found; /* a copy, which no store can seem to change */
	size_t out = f->first_word;
	if (width == 4)
		t.part[0] = _mm512_broadcast_i32x4(
			_mm_loadu_si128((const __m128i *)(const void *)f->class_of));
	for (size_t i = 0; width == 8 && i < 4; i++)
		t.part[i] = _mm512_loadu_si512(f->class_of + i * 64);
	const __m512i least = _mm512_set1_epi8((char)f->high_min);
	const __m512i most = _mm512_set1_epi8((char)f->high_max);
	const __m512i begin = _mm512_set1_epi8((char)f->begin_max);
	const __m512i late_step = _mm512_set1_epi8((char)f->late);
	for (size_t w = from / WORD_ROWS; w * WORD_ROWS < to; w++, out++) {
		size_t row = w * WORD_ROWS;
		_mm_prefetch(f->codes + (row + 6144) / 2, _MM_HINT_T0);
		__m512i high = _mm512_setzero_si512();
		__m512i classes = width == 4   ? classes_of_4(&t, f->codes + row / 2)
				  : width == 8 ? classes_of_8(&t, f->codes + row)
					       : classes_of_more(f, row, to);
		/* CLASS_NONE alone has the highest bit. */
		__mmask64 chosen = ~_mm512_movepi8_mask(classes) & word_mask(w, from, to);
		if (f->hidden)
			chosen &= ~f->hidden[w];
		if (has_high) {
			_mm_prefetch(f->high + row + 4096, _MM_HINT_T0);
			high = _mm512_loadu_si512(f->high + row);
		}
		if (period) {
			chosen = _mm512_mask_cmpge_epu8_mask(chosen, high, least);
			chosen = _mm512_mask_cmple_epu8_mask(chosen, high, most);
			__mmask64 late = _mm512_mask_testn_epi8_mask(
				_mm512_cmpgt_epu8_mask(high, begin), classes, _mm512_set1_epi8(-1));
			classes = _mm512_mask_mov_epi8(classes, late, late_step);
		}
		r.bits[out] = chosen;
		r.rank[out] = (uint32_t)r.n;
		take(&r, classes, high, chosen, f->first_pos + (uint32_t)row, has_high);
	}
	found->n = r.n;
}

TARGET_INLINE void find_some(const struct find *f, size_t from, size_t to, struct found *r,
			     unsigned width)
{
	if (!f->high)
		find_width(f, from, to, r, width, false, false);
	else if (f->high_min == 0 && f->high_max == UINT8_MAX)
		find_width(f, from, to, r, width, true, false);
	else
		find_width(f, from, to, r, width, true, true);
}

TARGET static void find(const struct find *f, size_t from, size_t to, struct found *r)
{
	if (f->width == 4)
		find_some(f, from, to, r, 4);
	else if (f->width == 8)
		find_some(f, from, to, r, 8);
	else
		find_width(f, from, to, r, f->width, f->high != NULL, f->high != NULL);
}

/* ---- times ----------------------------------------------------------------------------------- */

struct unpack {
	const uint8_t *bytes;
	__m256i width, sub;
	__m512i mask, scale, base;
	unsigned low;
};

/* Eight numbers of up to 57 bits. */
TARGET_INLINE __m512i low_of_8(const struct unpack *u, const uint32_t *pos)
{
	__m256i row = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)(const void *)pos),
				       u->sub);
	__m256i bit = _mm256_mullo_epi32(row, u->width);
	__m512i shift = _mm512_cvtepu32_epi64(_mm256_and_si256(bit, _mm256_set1_epi32(7)));
	__m512i word = _mm512_i32gather_epi64(_mm256_srli_epi32(bit, 3), u->bytes, 1);
	return _mm512_and_si512(_mm512_srlv_epi64(word, shift), u->mask);
}

TARGET_INLINE void put_8(const struct unpack *u, __m512i x, int64_t *at)
{
	_mm512_storeu_si512(at, _mm512_add_epi64(_mm512_mullo_epi64(x, u->scale), u->base));
}

TARGET_INLINE __m512i with_high(const struct unpack *u, __m512i low, const uint8_t *high)
{
	__m512i h = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)(const void *)high));
	return _mm512_or_si512(low, _mm512_sll_epi64(h, _mm_cvtsi32_si128((int)u->low)));
}

TARGET_INLINE struct unpack unpack_of(const struct times *t)
{
	const struct column_block *b = t->block;
	bool split = b->codec == CODEC_SPLIT;
	unsigned low = split ? b->width - 8 : b->width;
	return (struct unpack){
		.bytes = split ? b->bytes + b->rows : b->bytes,
		.width = _mm256_set1_epi32((int)low),
		.sub = _mm256_set1_epi32((int)t->sub),
		.mask = _mm512_set1_epi64((long long)((UINT64_C(1) << low) - 1)),
		.scale = _mm512_set1_epi64((long long)b->scale),
		.base = _mm512_set1_epi64((long long)b->base),
		.low = low,
	};
}

/* What is read for the touches after next, two lines of it. */
TARGET_INLINE void fetch_ahead(const struct unpack *u, const struct times *t, size_t i)
{
	size_t one = MIN(i + 96, t->n - 1), two = MIN(i + 100, t->n - 1);
	_mm_prefetch(u->bytes + (size_t)(t->pos[one] - t->sub) * u->low / 8, _MM_HINT_T0);
	_mm_prefetch(u->bytes + (size_t)(t->pos[two] - t->sub) * u->low / 8, _MM_HINT_T0);
}

/* What is behind the last position is not to be followed: the last rows are read one by one. */
TARGET static void times(const struct times *t)
{
	struct unpack u = unpack_of(t);
	bool split = t->block->codec == CODEC_SPLIT;
	uint32_t pos[8];
	size_t i = 0;
	for (; i + 8 <= t->n; i += 8) {
		fetch_ahead(&u, t, i);
		__m512i x = low_of_8(&u, t->pos + i);
		put_8(&u, split ? with_high(&u, x, t->high + i) : x, t->at + i);
	}
	if (i == t->n)
		return;
	for (size_t k = 0; k < 8; k++)
		pos[k] = t->pos[MIN(i + k, t->n - 1)];
	__m512i x = low_of_8(&u, pos);
	put_8(&u, split ? with_high(&u, x, t->high + i) : x, t->at + i);
}

TARGET static void ends(const struct ends *r)
{
	ends_all(r);
}

TARGET static void keep(const struct keep *k)
{
	const __m512i from = _mm512_set1_epi64(k->from_us);
	const __m512i until = _mm512_set1_epi64(k->until_us);
	const __m512i to = _mm512_set1_epi64(k->to_us);
	const __m128i nothing = _mm_set1_epi8((char)k->nothing);
	const __m128i late_step = _mm_set1_epi8((char)k->late);
	for (size_t i = 0; i < k->n; i += 8) {
		__mmask8 some = (__mmask8)_bzhi_u32(0xff, (unsigned)MIN(k->n - i, (size_t)8));
		__m512i at = _mm512_loadu_si512(k->at + i);
		__m128i step = _mm_loadl_epi64((const __m128i *)(const void *)(k->step + i));
		__mmask8 in = _mm512_cmpge_epi64_mask(at, from) &
			      _mm512_cmplt_epi64_mask(at, until);
		__mmask8 late = _mm512_cmpge_epi64_mask(at, to) &
				(__mmask8)_mm_testn_epi8_mask(step, _mm_set1_epi8(-1));
		step = _mm_mask_mov_epi8(step, late, late_step);
		_mm_mask_storeu_epi8(k->step + i, some & (__mmask8)(~in | late),
				     _mm_mask_mov_epi8(step, (__mmask8)~in, nothing));
	}
}

TARGET static bool repeats(const int64_t *at, size_t n)
{
	uint32_t any = 0;
	size_t i = 1;
	for (; i + 8 <= n; i += 8)
		any |= _mm512_cmpeq_epi64_mask(_mm512_loadu_si512(at + i),
					       _mm512_loadu_si512(at + i - 1));
	for (; i < n; i++)
		any |= at[i] == at[i - 1];
	return any != 0;
}

/* ---- subjects -------------------------------------------------------------------------------- */

/* Bit i: the i-th of up to 64 touches is of that step. */
TARGET_INLINE uint64_t steps_of(const uint8_t *step, size_t n, uint8_t is)
{
	return _bzhi_u64(
		_mm512_cmpeq_epi8_mask(_mm512_loadu_si512(step), _mm512_set1_epi8((char)is)),
		(unsigned)n);
}

/* ... is of step 0. */
TARGET_INLINE uint64_t begins_of(const uint8_t *step, size_t n)
{
	return _bzhi_u64(_mm512_testn_epi8_mask(_mm512_loadu_si512(step), _mm512_set1_epi8(-1)),
			 (unsigned)n);
}

/* Bit i: the i-th of 16 is no earlier. */
TARGET_INLINE uint32_t since_16(const int64_t *at, __m512i from)
{
	uint32_t low = _mm512_cmpge_epi64_mask(_mm512_loadu_si512(at), from);
	uint32_t high = _mm512_cmpge_epi64_mask(_mm512_loadu_si512(at + 8), from);
	return low | high << 8;
}

TARGET static void entries(const struct entries *r)
{
	const struct walk *w = r->walk;
	for (size_t s = 0; s < w->n; s++) {
		size_t i = w->begin[s], n = w->end[s] - i;
		int64_t from = MAX(w->complete_us[s] - w->window_us, r->from_us);
		__m512i since = _mm512_set1_epi64(from);
		if (n <= 32) {
			uint64_t at = since_16(w->at + i, since);
			if (n > 16)
				at |= (uint64_t)since_16(w->at + i + 16, since) << 16;
			i += (size_t)_tzcnt_u64(at & begins_of(w->step + i, n));
		} else {
			while (w->level[s] > 0 && (w->step[i] != 0 || w->at[i] < from))
				i++;
		}
		r->index[s] = (uint32_t)i;
	}
}

/* False: some step is missing altogether. */
TARGET_INLINE bool has_each_step(const struct walk *w, size_t s)
{
	const uint8_t *step = w->step + w->begin[s];
	size_t n = w->end[s] - w->begin[s];
	if (n > WORD_ROWS)
		return true;
	uint64_t begins = steps_of(step, n, 0) | steps_of(step, n, STEP_LATE(w->steps_n));
	bool each = begins != 0;
	for (size_t k = 1; k < w->steps_n; k++)
		each &= steps_of(step, n, (uint8_t)k) != 0;
	return each;
}

TARGET static void any(const struct walk *w, int64_t to_us, uint8_t *any_r)
{
	/* When each step was last, all side by side; more than eight are done one by one. */
	const __mmask8 all = (__mmask8)((1u << w->steps_n) - 1);
	if (w->steps_n > 8) {
		any_all(w, to_us, any_r);
		return;
	}
	const __m512i to = _mm512_set1_epi64(to_us);
	for (size_t s = 0; s < w->n; s++) {
		if (!has_each_step(w, s)) {
			any_r[s] = ANY_NONE;
			continue;
		}
		__m512i last = _mm512_set1_epi64(NEVER_US);
		const size_t end = w->end[s];
		uint32_t any = ANY_NONE;
		for (size_t i = w->begin[s]; i < end; i++) {
			size_t step = w->step[i] == STEP_LATE(w->steps_n) ? 0 : w->step[i];
			__m512i at = _mm512_set1_epi64(w->at[i]);
			__m512i since = _mm512_set1_epi64(w->at[i] - w->window_us);
			last = _mm512_mask_mov_epi64(last, (__mmask8)(1u << step) & all, at);
			bool full = (_mm512_cmpge_epi64_mask(last, since) & all) == all;
			bool before = (_mm512_cmplt_epi64_mask(last, to) & all) != 0;
			any |= (uint32_t)full | (uint32_t)(full & before) << 1;
		}
		any_r[s] = (uint8_t)any;
	}
}

TARGET static void append(const struct append *a)
{
	const __m512i part = _mm512_set1_epi32((int)a->part);
	for (size_t i = 0; i < a->n; i += 16) {
		_mm_storeu_si128(
			(__m128i *)(void *)(a->step + i),
			_mm_loadu_si128((const __m128i *)(const void *)(a->from_step + i)));
		_mm512_storeu_si512(a->at + i, _mm512_loadu_si512(a->from_at + i));
		_mm512_storeu_si512(a->at + i + 8, _mm512_loadu_si512(a->from_at + i + 8));
		_mm512_storeu_si512(a->pos + i, _mm512_loadu_si512(a->from_pos + i));
		_mm512_storeu_si512(a->src + i, part);
	}
}

TARGET static void prune(struct choice *c)
{
	size_t n = 0;
	for (size_t s = 0; s < c->n; s++) {
		size_t begin = c->begin[s], end = c->end[s];
		size_t some = MIN(end - begin, (size_t)64);
		uint64_t has = begins_of(c->step + begin, some) |
			       steps_of(c->step + begin, some, c->late);
		c->begin[n] = (uint32_t)begin;
		c->end[n] = (uint32_t)end;
		c->place[n] = c->place[s];
		n += has != 0 || end - begin > 64;
	}
	c->n = n;
}

/* Nothing is written behind the last of a run: what follows may not have been moved yet. */
TARGET static size_t pack(struct choice *c)
{
	size_t out = 0;
	for (size_t s = 0; s < c->n; s++) {
		size_t from = out;
		for (size_t i = c->begin[s]; i < c->end[s];) {
			unsigned n = (unsigned)MIN(c->end[s] - i, (size_t)16);
			__mmask16 some = (__mmask16)_bzhi_u32(UINT32_MAX, n);
			__m128i step = _mm_maskz_loadu_epi8(some, c->step + i);
			__m128i high = _mm_maskz_loadu_epi8(some, c->high + i);
			__m512i pos = _mm512_maskz_loadu_epi32(some, c->pos + i);
			_mm_mask_storeu_epi8(c->step + out, some, step);
			_mm_mask_storeu_epi8(c->high + out, some, high);
			_mm512_mask_storeu_epi32(c->pos + out, some, pos);
			i += n;
			out += n;
		}
		c->begin[s] = (uint32_t)from;
		c->end[s] = (uint32_t)out;
	}
	return out;
}

TARGET static void walk(const struct walk *w)
{
	if (w->complete_us)
		walk_all(w, true);
	else
		walk_all(w, false);
}

const struct fast_kit fast_avx512 = { .find = find,
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
