/*
 * rule_fold.c - text compared with case and accents folded, without memory.
 *
 * What it is:   a walk over UTF-8 that gives folded code points one by one. Texts of a rule are
 *               folded once, by str_fold, when it is parsed; a row's text while it is compared.
 * Workload:     mostly ASCII, mostly unequal within the first letters.
 * Promises:     what str_fold gives, for every text that is UTF-8 (a test compares them over all of
 *               Unicode); any bytes are taken.
 */
#include "rule/rule_int.h"

#include <utf8proc.h>

#define FOLD_INVALID 0x110000 /* plus the byte */

void fold_init(struct fold *f, str s)
{
	f->p = (const unsigned char *)s.p;
	f->end = s.n ? f->p + s.n : f->p;
	f->at = 0;
	f->n = 0;
}

/* The letters that str_fold takes apart and Unicode does not. */
static const char *plain_letter(int32_t c)
{
	static const struct {
		int32_t c;
		const char *plain;
	} LETTERS[] = {
		{ 0x00E6, "ae" }, { 0x00F0, "d" }, { 0x00F8, "o" }, { 0x00FE, "th" },
		{ 0x0111, "d" },  { 0x0127, "h" }, { 0x0131, "i" }, { 0x0142, "l" },
		{ 0x0153, "oe" }, { 0x0167, "t" },
	};
	if (c > 0x0167)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(LETTERS); i++)
		if (LETTERS[i].c == c)
			return LETTERS[i].plain;
	return NULL;
}

static void fold_push(struct fold *f, int32_t c)
{
	const char *plain = plain_letter(c);
	if (!plain)
		f->queue[f->n++] = c;
	for (; plain && *plain; plain++)
		f->queue[f->n++] = *plain;
}

/* Beyond ASCII: fills the queue with what the next character folds to, which may be nothing. */
static void fold_fill(struct fold *f)
{
	static const utf8proc_option_t HOW = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
					     UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK |
					     UTF8PROC_IGNORE;
	utf8proc_int32_t c, parts[FOLD_WIDTH_MAX];
	utf8proc_ssize_t used = utf8proc_iterate(f->p, f->end - f->p, &c);
	f->at = 0;
	f->n = 0;
	if (used <= 0) {
		f->queue[f->n++] = FOLD_INVALID + *f->p++;
		return;
	}
	f->p += used;
	int class = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char(c, parts, FOLD_WIDTH_MAX, HOW, &class);
	CHECK(n >= 0 && n <= FOLD_WIDTH_MAX);
	for (utf8proc_ssize_t i = 0; i < n; i++)
		fold_push(f, parts[i]);
}

int32_t fold_next(struct fold *f)
{
	for (;;) {
		if (f->at < f->n)
			return f->queue[f->at++];
		if (f->p == f->end)
			return FOLD_END;
		unsigned char c = *f->p;
		if (c < 0x80) {
			f->p++;
			return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
		}
		fold_fill(f);
	}
}

/* The next code point of text that is folded, hence valid, already. */
static int32_t plain_next(const unsigned char **p, const unsigned char *end)
{
	if (*p == end)
		return FOLD_END;
	if (**p < 0x80)
		return *(*p)++;
	utf8proc_int32_t c;
	utf8proc_ssize_t used = utf8proc_iterate(*p, end - *p, &c);
	if (used <= 0)
		return FOLD_INVALID + *(*p)++;
	*p += used;
	return c;
}

int fold_compare(str s, str folded)
{
	struct fold f;
	fold_init(&f, s);
	const unsigned char *p = (const unsigned char *)folded.p;
	const unsigned char *end = folded.n ? p + folded.n : p;
	for (;;) {
		int32_t a = fold_next(&f), b = plain_next(&p, end);
		if (a != b)
			return a < b ? -1 : 1;
		if (a == FOLD_END)
			return 0;
	}
}

bool fold_is_word(int32_t c)
{
	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
	if (c >= FOLD_INVALID)
		return false;
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return true;
	default:
		return false;
	}
}
