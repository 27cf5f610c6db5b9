/*
 * utf8_int.h - characters and places in UTF-8 text, for the readers and writers of io/.
 */
#ifndef TRICHTER_UTF8_INT_H
#define TRICHTER_UTF8_INT_H

#include "base/str.h"

/* Bytes of the character at p, of the n > 0 that are there: 1 to 4; 0 when there is none. The range
 * of the second byte excludes overlong forms, surrogates and what lies past U+10FFFF (Unicode,
 * table 3-7). */
static inline size_t utf8_char(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
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
	for (size_t i = 2; i < want; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	}
	return want;
}

/* Writes U+0000 to U+10FFFF (no surrogates) as 1 to 4 bytes. */
static inline size_t utf8_put(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xC0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xE0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3F));
		to[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	to[0] = (char)(0xF0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3F));
	to[2] = (char)(0x80 | (c >> 6 & 0x3F));
	to[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

/* Where a byte of a document stands, for people: both from 1, columns in characters. */
struct text_place {
	size_t line;
	size_t column;
};
static inline struct text_place text_place(str document, size_t at)
{
	struct text_place place = { 1, 1 };
	for (size_t i = 0; i < at && i < document.n; i++) {
		if (document.p[i] == '\n') {
			place.line++;
			place.column = 1;
		} else if (((unsigned char)document.p[i] & 0xC0) != 0x80) {
			place.column++;
		}
	}
	return place;
}

#endif
