/*
 * text.c - texts from people, before they are kept.
 *
 * What it is:   everything that is typed is shown to others as text, in screens, files and mails;
 * so what cannot be seen is not taken: control characters, and those that turn the direction of
 * what stands behind them (a name that reads as another).
 */
#include "sales/sales_int.h"

/* U+202A … U+202E, U+2066 … U+2069, U+200E, U+200F, U+FEFF: three bytes each in UTF-8. */
static bool turns_direction(const uint8_t *p, size_t n)
{
	if (n < 3)
		return false;
	if (p[0] == 0xE2 && p[1] == 0x80)
		return (p[2] >= 0xAA && p[2] <= 0xAE) || p[2] == 0x8E || p[2] == 0x8F;
	if (p[0] == 0xE2 && p[1] == 0x81)
		return p[2] >= 0xA6 && p[2] <= 0xA9;
	return p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF;
}

const char *sales_text_fault(str text, enum sales_text kind, size_t bytes_max)
{
	if (text.n > bytes_max)
		return "is too long";
	if (!str_is_utf8(text))
		return "is not valid UTF-8";
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = (uint8_t)text.p[i];
		bool blank = c == '\t' || c == '\n' || c == '\r';
		bool next_line = c == 0xC2 && i + 1 < text.n && (uint8_t)text.p[i + 1] < 0xA0;
		if ((c < 0x20 && !(blank && kind == SALES_LINES)) || c == 0x7F || next_line)
			return "holds control characters";
		if (turns_direction((const uint8_t *)text.p + i, text.n - i))
			return "holds characters that turn the direction of writing";
	}
	return NULL;
}
