/*
 * svg_text.c - text in a drawing: escaped, measured, broken into lines.
 *
 * What it is:   an SVG file cannot ask how wide a text will be, so widths are estimated from what
 * plain sans-serif faces have in common, a little on the wide side. Promises:     what comes out is
 * well-formed XML and valid UTF-8 whatever went in; no character is cut. Threads:      any.
 */
#include "funnel/print_int.h"

/* Takes one character off the front; bytes that are not UTF-8 give U+FFFD, one at a time. */
static uint32_t next_char(str *s, size_t *bytes_r)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)s->p;
	size_t n = p[0] < 0x80			 ? 1
		   : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
		   : (p[0] & 0xF0) == 0xE0	 ? 3
		   : p[0] >= 0xF0 && p[0] < 0xF5 ? 4
						 : 0;
	uint32_t c = n <= 1 ? p[0] : p[0] & (0xFFu >> (n + 1));
	bool good = n > 0 && n <= s->n;
	for (size_t i = 1; good && i < n; i++) {
		good = (p[i] & 0xC0) == 0x80;
		c = c << 6 | (p[i] & 0x3Fu);
	}
	good = good && c >= least[n] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
	*bytes_r = good ? n : 1;
	*s = str_sub(*s, *bytes_r, s->n);
	return good ? c : 0xFFFD;
}

void svg_escape(struct buf *out, str s)
{
	while (s.n > 0) {
		const char *p = s.p;
		size_t bytes;
		uint32_t c = next_char(&s, &bytes);
		bool blank = c == '\t' || c == '\n' || c == '\r';
		if (c == '&')
			buf_cstr(out, "&amp;");
		else if (c == '<')
			buf_cstr(out, "&lt;");
		else if (c == '>')
			buf_cstr(out, "&gt;");
		else if (c == '"')
			buf_cstr(out, "&quot;");
		else if (c == '\'')
			buf_cstr(out, "&#39;");
		else if (blank)
			buf_cstr(out, " ");
		else if (c < 0x20 || c == 0x7F || c == 0xFFFD || c == 0xFFFE || c == 0xFFFF)
			buf_cstr(out, "\xEF\xBF\xBD");
		else
			buf_put(out, p, bytes);
	}
}

/* In thousandths of the type size. */
static int char_width(uint32_t c)
{
	static const uint16_t ranges[][3] = {
		{ ' ', ' ', 320 },   { '!', '!', 400 }, { '"', '"', 460 }, { '%', '%', 950 },
		{ '\'', '\'', 280 }, { '(', ')', 390 }, { ',', ',', 320 }, { '.', '/', 340 },
		{ '-', '-', 360 },   { ':', ';', 340 }, { 'I', 'J', 300 }, { 'M', 'M', 870 },
		{ 'W', 'W', 990 },   { 'A', 'Z', 720 }, { '[', ']', 390 }, { '_', '`', 500 },
		{ 'f', 'f', 360 },   { 'i', 'j', 280 }, { 'l', 'l', 280 }, { 'm', 'm', 975 },
		{ 'r', 'r', 415 },   { 's', 's', 525 }, { 't', 't', 395 }, { 'w', 'w', 820 },
	};
	/* Hangul, Chinese, Japanese and pictures take a square. */
	if (c >= 0x1100 && !(c >= 0x1E00 && c < 0x2E80))
		return 1000;
	if (c >= 0x300 && c < 0x370)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return ranges[i][2];
	return 635;
}

double svg_width(str s, int size_px)
{
	int64_t width = 0;
	size_t bytes;
	while (s.n > 0)
		width += char_width(next_char(&s, &bytes));
	return (double)width * size_px / 1000.0;
}

str svg_line(str s, int size_px, double width, str *rest_r)
{
	double used = 0;
	size_t end = 0;
	size_t blank = 0;
	str rest = s;
	while (rest.n > 0) {
		size_t bytes;
		uint32_t c = next_char(&rest, &bytes);
		used += char_width(c) * size_px / 1000.0;
		if (used > width && end > 0)
			break;
		blank = c == ' ' ? end : blank;
		end += bytes;
	}
	if (end == s.n) {
		*rest_r = (str){ 0 };
		return s;
	}
	/* A word is broken only when it alone fills most of the line. */
	if (s.p[end] == ' ' || blank == 0 || blank < end / 2)
		blank = end;
	*rest_r = str_trim(str_sub(s, blank, s.n));
	return str_sub(s, 0, blank);
}

void svg_fitted(struct buf *out, str s, int size_px, double width)
{
	str rest = s;
	size_t end = 0;
	double used = svg_width(S("\u2026"), size_px);
	if (svg_width(s, size_px) <= width) {
		svg_escape(out, s);
		return;
	}
	while (rest.n > 0) {
		size_t bytes;
		used += char_width(next_char(&rest, &bytes)) * size_px / 1000.0;
		if (used > width)
			break;
		end += bytes;
	}
	svg_escape(out, str_trim(str_sub(s, 0, end)));
	buf_cstr(out, "\u2026");
}
