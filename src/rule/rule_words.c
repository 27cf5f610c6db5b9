/*
 * rule_words.c - what `~` looks for.
 *
 * What it is:   a pattern is cut at everything that is no letter and no digit; its words must stand
 *               one after the other somewhere in the text, each whole, or only begun where a * ends
 *               it. A pattern that begins with another mark ("/pricing*", "#1") is about how the
 *               whole text begins.
 * Promises:     no memory while matching; O(text × words), and PATTERN_WORDS_MAX bounds the words.
 */
#include "rule/rule_int.h"

#include <string.h>
#include <utf8proc.h>

static int32_t decode(str s, size_t *at)
{
	if (*at >= s.n)
		return FOLD_END;
	utf8proc_int32_t c;
	utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)s.p + *at,
						 (utf8proc_ssize_t)(s.n - *at), &c);
	if (used <= 0) {
		(*at)++;
		return FOLD_END;
	}
	*at += (size_t)used;
	return c;
}

/* `put` NULL only counts. Returns the words, or 0 with *why set. */
static size_t cut_words(str folded, struct word *put, const char **why)
{
	size_t n = 0, at = 0, begin = 0;
	bool inside = false;
	for (;;) {
		size_t here = at;
		int32_t c = decode(folded, &at);
		bool word = c != FOLD_END && fold_is_word(c);
		bool star = c == '*';
		if (word && !inside)
			begin = here;
		if (star && !inside) {
			*why = "a * stands at the end of a word only";
			return 0;
		}
		if (inside && !word) {
			if (put)
				put[n] = (struct word){ str_sub(folded, begin, here - begin),
							star };
			n++;
		}
		if (star && at < folded.n) {
			size_t ahead = at;
			int32_t after = decode(folded, &ahead);
			if (after == '*' || fold_is_word(after)) {
				*why = "a * stands at the end of a word only";
				return 0;
			}
		}
		if (c == FOLD_END)
			return n;
		inside = word;
	}
}

static bool parse_anchored(str folded, struct pattern *p, const char **why_r)
{
	p->anchored = true;
	p->begin = folded;
	p->open_end = folded.p[folded.n - 1] == '*';
	if (p->open_end)
		p->begin.n--;
	if (str_index(p->begin, '*') < p->begin.n || p->begin.n == 0) {
		*why_r = "a * stands at the end of a word only";
		return false;
	}
	return true;
}

bool pattern_parse(struct arena *a, str text, const struct pattern **p_r, const char **why_r)
{
	*why_r = NULL;
	str folded = str_fold(a, str_trim(text));
	struct pattern *p = ARENA_NEW(a, struct pattern);
	if (!folded.p || !p)
		return false;
	*p_r = p;
	if (folded.n == 0) {
		*why_r = "there is nothing to look for";
		return false;
	}
	size_t at = 0;
	int32_t first = decode(folded, &at);
	if (!fold_is_word(first))
		return parse_anchored(folded, p, why_r);
	p->words_n = cut_words(folded, NULL, why_r);
	if (p->words_n == 0)
		return false;
	if (p->words_n > PATTERN_WORDS_MAX) {
		*why_r = "there are more than 32 words to look for";
		return false;
	}
	p->words = ARENA_ARRAY(a, struct word, p->words_n);
	if (!p->words)
		return false;
	(void)cut_words(folded, p->words, why_r);
	return true;
}

/* Takes the folded `part` off the front of the text. */
static bool take_part(struct fold *f, str part)
{
	size_t at = 0;
	while (at < part.n)
		if (fold_next(f) != decode(part, &at))
			return false;
	return true;
}

/* Takes a word, of which `c` is the first letter, and what lies behind it up to the first letter of
 * the next word, which is returned; FOLD_END when there is none. `fits_r` says whether it was it.
 */
static int32_t take_word(struct fold *f, int32_t c, const struct word *w, bool *fits_r)
{
	size_t at = 0;
	*fits_r = decode(w->folded, &at) == c;
	c = fold_next(f);
	while (*fits_r && at < w->folded.n) {
		*fits_r = decode(w->folded, &at) == c;
		c = *fits_r ? fold_next(f) : c;
	}
	if (fold_is_word(c) && !w->prefix)
		*fits_r = false;
	if (!*fits_r)
		return c;
	while (fold_is_word(c))
		c = fold_next(f);
	while (c != FOLD_END && !fold_is_word(c))
		c = fold_next(f);
	return c;
}

static bool words_here(const struct pattern *p, struct fold f, int32_t c)
{
	for (size_t i = 0; i < p->words_n; i++) {
		if (c == FOLD_END)
			return false;
		bool fits;
		c = take_word(&f, c, &p->words[i], &fits);
		if (!fits)
			return false;
	}
	return true;
}

static bool begins(const struct pattern *p, str text)
{
	struct fold f;
	fold_init(&f, text);
	if (!take_part(&f, p->begin))
		return false;
	if (p->open_end)
		return true;
	size_t last = p->begin.n - 1, at;
	while (last > 0 && ((unsigned char)p->begin.p[last] & 0xC0) == 0x80)
		last--;
	at = last;
	/* Where the pattern ends within a word, that word must end as well. */
	return !fold_is_word(decode(p->begin, &at)) || !fold_is_word(fold_next(&f));
}

bool pattern_matches(const struct pattern *p, str text)
{
	if (p->anchored)
		return begins(p, text);
	struct fold f;
	fold_init(&f, text);
	bool inside = false;
	for (int32_t c; (c = fold_next(&f)) != FOLD_END;) {
		bool word = fold_is_word(c);
		if (word && !inside && words_here(p, f, c))
			return true;
		inside = word;
	}
	return false;
}
