/*
 * str.h - borrowed text: a pointer and a length.
 *
 * What it is:   views into memory that somebody else owns; never NUL-terminated by promise.
 * Promises:     nothing here allocates unless it takes an arena. Functions on text are bytewise
 *               unless they say that they know UTF-8.
 */
#ifndef TRICHTER_STR_H
#define TRICHTER_STR_H

#include "base/arena.h"

typedef struct str {
	const char *p; /* may be NULL when n is 0 */
	size_t n;
} str;

#define S(lit) ((str){ "" lit, sizeof(lit) - 1 })
/* For printf: "%.*s", STR_ARG(s) */
#define STR_ARG(s) (int)MIN((s).n, (size_t)INT32_MAX), (s).p ? (s).p : ""

str str_of(const char *nul_terminated); /* NULL gives the empty text */
str str_make(const char *p, size_t n);
static inline bool str_is_empty(str s)
{
	return s.n == 0;
}
bool str_eq(str a, str b);
bool str_eq_nocase(str a, str b); /* ASCII letters only */
int str_cmp(str a, str b);	  /* bytewise; of "a" and "ab", "a" comes first */
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
bool str_contains(str s, str part);
/* Position of the first `c`, or s.n. */
bool str_holds_nocase(str s, str part); /* ASCII letters only; the empty part is in every text */
size_t str_index(str s, char c);
/* From `from` on, `n` bytes at most; out of range is cut, not an error. */
str str_sub(str s, size_t from, size_t n);
str str_trim(str s); /* ASCII blanks at both ends */
/* Takes the part before the next `sep` off the front of `*rest`; false when nothing is left.
 * "a,,b" gives "a", "", "b"; a last `sep` ends its part and begins none: "a," gives "a". */
bool str_next(str *rest, char sep, str *part_r);

/* Copies into the arena; p is NULL (and n 0) when the arena is full and s was not empty. */
str str_dup(struct arena *a, str s);
/* The same, NUL-terminated; NULL when the arena is full. */
char *str_cstr(struct arena *a, str s);
/* printf into the arena; p NULL when full. */
str str_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
str str_lower(struct arena *a, str s); /* ASCII letters only */

/* Whole text is valid UTF-8 (no surrogates, no overlong forms). */
bool str_is_utf8(str s);
/* Case and accents folded for comparing and searching: "Größe" gives "grosse", "ÉCOLE" "ecole",
 * "Łódź" "lodz". Twice is as once. p is NULL when the arena is full; invalid UTF-8 comes back
 * bytewise lower-cased. */
str str_fold(struct arena *a, str s);
#define STR_DISTANCE_MAX ((size_t)64)
/* Edit distance in bytes (insert, delete, replace, swap of neighbours), of at most `max`
 * (<= STR_DISTANCE_MAX); max + 1 when more. */
size_t str_distance(str a, str b, size_t max);

/* XXH3, 64 bits: the same in every process, so it may be stored. Who chooses texts can choose them
 * to collide. */
uint64_t str_hash(str s);

#endif
