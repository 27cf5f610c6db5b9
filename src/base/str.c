/*
 * str.c - views of text: comparing, cutting, copying.
 *
 * What it is:   bytewise work; what knows UTF-8 and edit distances is in str_text.c.
 * Promises:     a view with n == 0 may have any pointer, NULL too; it is never followed.
 */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

str str_of(const char *nul_terminated)
{
	return (str){ nul_terminated, nul_terminated ? strlen(nul_terminated) : 0 };
}

str str_make(const char *p, size_t n)
{
	return (str){ p, n };
}

bool str_eq(str a, str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_eq_nocase(str a, str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

int str_cmp(str a, str b)
{
	size_t n = MIN(a.n, b.n);
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;
	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(str s, str prefix)
{
	return prefix.n <= s.n && str_eq((str){ s.p, prefix.n }, prefix);
}

bool str_ends(str s, str suffix)
{
	return suffix.n <= s.n && str_eq(str_sub(s, s.n - suffix.n, suffix.n), suffix);
}

bool str_contains(str s, str part)
{
	if (part.n == 0)
		return true;
	return part.n <= s.n && memmem(s.p, s.n, part.p, part.n);
}

size_t str_index(str s, char c)
{
	const char *p = s.n > 0 ? memchr(s.p, c, s.n) : NULL;
	return p ? (size_t)(p - s.p) : s.n;
}

str str_sub(str s, size_t from, size_t n)
{
	if (from >= s.n)
		return (str){ NULL, 0 };
	return (str){ s.p + from, MIN(n, s.n - from) };
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

str str_trim(str s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool str_next(str *rest, char sep, str *part_r)
{
	if (rest->n == 0)
		return false;
	size_t n = str_index(*rest, sep);
	*part_r = (str){ rest->p, n };
	n += n < rest->n;
	rest->p += n;
	rest->n -= n;
	return true;
}

str str_dup(struct arena *a, str s)
{
	if (s.n == 0)
		return (str){ "", 0 };
	char *p = arena_alloc(a, s.n);
	if (!p)
		return (str){ NULL, 0 };
	memcpy(p, s.p, s.n);
	return (str){ p, s.n };
}

char *str_cstr(struct arena *a, str s)
{
	if (s.n == SIZE_MAX) {
		a->over = true;
		return NULL;
	}
	char *p = arena_alloc(a, s.n + 1);
	if (!p)
		return NULL;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

str str_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	CHECK(n >= 0);
	char *p = arena_alloc(a, (size_t)n + 1);
	if (!p)
		return (str){ NULL, 0 };
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (str){ p, (size_t)n };
}

str str_lower(struct arena *a, str s)
{
	if (s.n == 0)
		return (str){ "", 0 };
	char *p = arena_alloc(a, s.n);
	if (!p)
		return (str){ NULL, 0 };
	for (size_t i = 0; i < s.n; i++)
		p[i] = lower(s.p[i]);
	return (str){ p, s.n };
}

uint64_t str_hash(str s)
{
	return XXH3_64bits(s.n > 0 ? s.p : "", s.n);
}

bool str_holds_nocase(str s, str part)
{
	for (size_t i = 0; i + part.n <= s.n; i++) {
		if (str_eq_nocase(str_make(s.p + i, part.n), part))
			return true;
	}
	return false;
}
