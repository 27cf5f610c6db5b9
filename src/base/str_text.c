/*
 * str_text.c - text as people see it: UTF-8, folding, edit distance.
 *
 * What it is:   Unicode's own tables (compatibility decomposition, full case folding, marks
 *               dropped), and the few Latin letters whose stroke or ligature those tables do not
 *               take apart.
 * Promises:     folding what is folded changes nothing; text of plain ASCII never meets the tables.
 */
#include "base/str.h"

#include <string.h>
#include <utf8proc.h>

#define ASCII_MASK UINT64_C(0x8080808080808080)
/* The longest decomposition of one character in Unicode has 18. */
#define FOLD_CHARS_MAX 64

static size_t ascii_prefix(str s)
{
	size_t i = 0;
	for (; i + 8 <= s.n; i += 8) {
		uint64_t eight;
		memcpy(&eight, s.p + i, sizeof eight);
		if (eight & ASCII_MASK)
			break;
	}
	while (i < s.n && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

/* Bytes of the character at p, of n bytes that are there; 0 when it is none. The second byte's
 * range excludes overlong forms, surrogates and what lies past U+10FFFF (Unicode, table 3-7). */
static size_t utf8_char_length(const unsigned char *p, size_t n)
{
	unsigned char c = p[0];
	if (c < 0x80)
		return 1;
	size_t want = c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
	if (want == 0 || want > n)
		return 0;
	unsigned char least = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
	unsigned char most = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
	if (p[1] < least || p[1] > most)
		return 0;
	for (size_t i = 2; i < want; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	return want;
}

bool str_is_utf8(str s)
{
	size_t i = ascii_prefix(s);
	while (i < s.n) {
		size_t n = utf8_char_length((const unsigned char *)s.p + i, s.n - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

/* Letters that Unicode holds for indivisible and people do not: Łódź is looked for as "lodz". */
static const char *plain_letter(utf8proc_int32_t c)
{
	switch (c) {
	case 0x00E6:
		return "ae";
	case 0x00F0:
	case 0x0111:
		return "d";
	case 0x00F8:
		return "o";
	case 0x00FE:
		return "th";
	case 0x0127:
		return "h";
	case 0x0131:
		return "i";
	case 0x0142:
		return "l";
	case 0x0153:
		return "oe";
	case 0x0167:
		return "t";
	default:
		return NULL;
	}
}

/* Writes the folded form of the character `c` to `to` (NULL: counts only); returns its bytes. */
static size_t fold_char(utf8proc_int32_t c, char *to)
{
	static const utf8proc_option_t HOW = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
					     UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK |
					     UTF8PROC_IGNORE;
	utf8proc_int32_t parts[FOLD_CHARS_MAX];
	int boundclass = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char(c, parts, FOLD_CHARS_MAX, HOW, &boundclass);
	CHECK(n >= 0 && n <= FOLD_CHARS_MAX);
	size_t bytes = 0;
	for (utf8proc_ssize_t i = 0; i < n; i++) {
		utf8proc_uint8_t one[4];
		const char *from = plain_letter(parts[i]);
		size_t k = from ? strlen(from) : (size_t)utf8proc_encode_char(parts[i], one);
		if (to)
			memcpy(to + bytes, from ? (const void *)from : one, k);
		bytes += k;
	}
	return bytes;
}

static size_t fold_text(str s, char *to)
{
	size_t bytes = 0;
	for (size_t i = 0; i < s.n;) {
		utf8proc_int32_t c;
		utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.p + i,
						      (utf8proc_ssize_t)(s.n - i), &c);
		CHECK(n > 0);
		bytes += fold_char(c, to ? to + bytes : NULL);
		i += (size_t)n;
	}
	return bytes;
}

str str_fold(struct arena *a, str s)
{
	if (ascii_prefix(s) == s.n || !str_is_utf8(s))
		return str_lower(a, s);
	/* Counted first: one character may become 33 bytes, and nearly never does. */
	size_t n = fold_text(s, NULL);
	if (n == 0)
		return (str){ "", 0 };
	char *p = arena_alloc(a, n);
	if (!p)
		return (str){ NULL, 0 };
	fold_text(s, p);
	return (str){ p, n };
}

static size_t min3(size_t a, size_t b, size_t c)
{
	return MIN(MIN(a, b), c);
}

/* Three rows of the table, of which only the 2 * max + 1 cells around the diagonal are kept: cell k
 * of row i is column i + k - max. Cells outside count as max + 1. */
struct band {
	size_t cells[3][2 * STR_DISTANCE_MAX + 3];
	size_t max;
};

/* Fills row i (of 1 … a.n) and returns its least cell. */
static size_t band_row(struct band *d, str a, str b, size_t i)
{
	size_t none = d->max + 1;
	size_t *now = d->cells[i % 3] + 1;
	const size_t *up = d->cells[(i + 2) % 3] + 1;
	const size_t *up2 = d->cells[(i + 1) % 3] + 1;
	size_t least = none;
	now[-1] = none;
	for (size_t k = 0; k <= 2 * d->max; k++) {
		size_t cost = none;
		if (i + k >= d->max && i + k - d->max <= b.n) {
			size_t j = i + k - d->max;
			if (j == 0) {
				cost = i;
			} else {
				bool same = a.p[i - 1] == b.p[j - 1];
				cost = min3(now[(ptrdiff_t)k - 1] + 1, up[k + 1] + 1,
					    up[k] + !same);
				if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
				    a.p[i - 2] == b.p[j - 1])
					cost = MIN(cost, up2[k] + 1);
			}
		}
		now[k] = MIN(cost, none);
		least = MIN(least, now[k]);
	}
	now[2 * d->max + 1] = none;
	return least;
}

size_t str_distance(str a, str b, size_t max)
{
	CHECK(max <= STR_DISTANCE_MAX);
	size_t apart = a.n > b.n ? a.n - b.n : b.n - a.n;
	if (apart > max)
		return max + 1;
	struct band d = { .max = max };
	for (size_t k = 0; k < ARRAY_LEN(d.cells[0]); k++) {
		size_t j = k - 1 - max; /* wraps left of column 0, and is large then */
		d.cells[0][k] = j <= MIN(b.n, max) ? j : max + 1;
	}
	for (size_t i = 1; i <= a.n; i++) {
		/* A swap reaches back two rows, and yet one row past the maximum decides: where the
		 * swap would begin below it, a replacement in the row between would be too. */
		if (band_row(&d, a, b, i) > max)
			return max + 1;
	}
	return d.cells[a.n % 3][b.n + max - a.n + 1];
}
