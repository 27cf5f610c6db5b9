/*
 * json_where.c - finds the place at which a document stops being JSON.
 *
 * What it is:   simdjson is fast and says little; this reads the same grammar one byte after the
 *               other, only after simdjson has refused, and says where and why.
 * Promises:     agrees with simdjson on every document (a fuzz target holds them together) but for
 *               integers beyond 64 bits, which it counts. No recursion, no allocation.
 */
#include "io/json_int.h"

#include "base/num.h"
#include "io/utf8_int.h"

#include <stdio.h>
#include <string.h>

/* Digits of a number that decide whether it is finite. */
#define DIGITS_KEPT 40

struct scan {
	str text;
	size_t at;
	size_t wide;		   /* integers beyond 64 bits so far */
	char open[JSON_DEPTH_MAX]; /* '{' or '[' */
	int depth;
	err *e;
	void (*on_wide)(void *arg, size_t end); /* may be NULL */
	void *arg;
};

static bool fault_as(struct scan *s, enum err_code code, size_t at, const char *what)
{
	struct text_place place = text_place(s->text, at);
	return err_set(s->e, code, "line %zu, column %zu: %s", place.line, place.column, what);
}

static bool fault(struct scan *s, size_t at, const char *what)
{
	return fault_as(s, ERR_INVALID, at, what);
}

/* The next byte that is no blank; 0 at the end (a NUL in the text is wrong everywhere, too). */
static char next_mark(struct scan *s)
{
	while (s->at < s->text.n) {
		char c = s->text.p[s->at];
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return c;
		s->at++;
	}
	return '\0';
}

static bool at_end(const struct scan *s)
{
	return s->at >= s->text.n;
}

/* Four hexadecimal digits at `at`; -1 when there are none. */
static int32_t hex4(const struct scan *s, size_t at)
{
	int32_t v = 0;
	for (size_t i = at; i < at + 4; i++) {
		char c = i < s->text.n ? s->text.p[i] : 'x';
		int32_t digit = c >= '0' && c <= '9'   ? c - '0'
				: c >= 'a' && c <= 'f' ? c - 'a' + 10
				: c >= 'A' && c <= 'F' ? c - 'A' + 10
						       : -1;
		if (digit < 0)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

/* At a backslash; goes behind the escape. */
static bool scan_escape(struct scan *s)
{
	size_t from = s->at;
	char c = from + 1 < s->text.n ? s->text.p[from + 1] : '\0';
	if (c != 'u') {
		s->at += 2;
		return (c && strchr("\"\\/bfnrt", c)) ||
		       fault(s, from, "there is no such escape; a backslash is written \\\\");
	}
	int32_t unit = hex4(s, from + 2);
	if (unit < 0)
		return fault(s, from, "four hexadecimal digits are expected after \\u");
	s->at += 6;
	if (unit < 0xD800 || unit > 0xDFFF)
		return true;
	bool pair = unit < 0xDC00 && s->at + 1 < s->text.n && s->text.p[s->at] == '\\' &&
		    s->text.p[s->at + 1] == 'u';
	int32_t low = pair ? hex4(s, s->at + 2) : -1;
	if (low < 0xDC00 || low > 0xDFFF)
		return fault(s, from, "this \\u escape is half of a surrogate pair");
	s->at += 6;
	return true;
}

/* At the opening quotation mark; goes behind the closing one. */
static bool scan_text(struct scan *s)
{
	size_t from = s->at++;
	while (!at_end(s)) {
		unsigned char c = (unsigned char)s->text.p[s->at];
		if (c == '"') {
			s->at++;
			return true;
		}
		if (c == '\\') {
			if (!scan_escape(s))
				return false;
		} else if (c < 0x20) {
			return fault(s, s->at,
				     "a control character stands in a text; it is written \\n, \\t "
				     "or \\u00XX");
		} else {
			size_t n = utf8_char(s->text.p + s->at, s->text.n - s->at);
			if (n == 0)
				return fault(s, s->at, "these bytes are not UTF-8");
			s->at += n;
		}
	}
	return fault(s, from, "the text that begins here has no closing quotation mark");
}

static size_t scan_digits(struct scan *s)
{
	size_t from = s->at;
	while (!at_end(s) && s->text.p[s->at] >= '0' && s->text.p[s->at] <= '9')
		s->at++;
	return s->at - from;
}

/* A well-formed number shortened to its first digits, for the one question whether it is finite. */
static bool is_finite(str number)
{
	char text[DIGITS_KEPT + 32];
	size_t n = 0;
	int64_t exponent = 0;
	bool after_point = false;
	bool leading = true;
	size_t i = number.p[0] == '-' ? 1 : 0;
	for (; i < number.n && number.p[i] != 'e' && number.p[i] != 'E'; i++) {
		char c = number.p[i];
		if (c == '.') {
			after_point = true;
			continue;
		}
		leading = leading && c == '0';
		bool kept = !leading && n < DIGITS_KEPT;
		if (kept)
			text[n++] = c;
		exponent += (kept || leading ? 0 : 1) - (after_point ? 1 : 0);
	}
	if (n == 0)
		return true;
	int64_t written = 0;
	if (i < number.n) {
		bool minus = number.p[++i] == '-';
		for (i += minus || number.p[i] == '+' ? 1 : 0; i < number.n; i++)
			written = MIN(written * 10 + (number.p[i] - '0'), INT64_C(1) << 40);
		written = minus ? -written : written;
	}
	int put = snprintf(text + n, sizeof text - n, "e%lld", (long long)(exponent + written));
	double v;
	return num_parse_real((str){ text, n + (size_t)put }, &v);
}

static bool scan_number(struct scan *s)
{
	size_t from = s->at;
	bool is_integer = true;
	s->at += s->text.p[s->at] == '-';
	size_t first = s->at;
	size_t whole = scan_digits(s);
	if (whole == 0)
		return fault(s, s->at, "a digit is expected after the minus");
	if (whole > 1 && s->text.p[first] == '0')
		return fault(s, first, "a number may not begin with 0");
	if (!at_end(s) && s->text.p[s->at] == '.') {
		is_integer = false;
		s->at++;
		if (scan_digits(s) == 0)
			return fault(s, s->at, "a digit is expected after the point");
	}
	if (!at_end(s) && (s->text.p[s->at] == 'e' || s->text.p[s->at] == 'E')) {
		is_integer = false;
		s->at++;
		if (!at_end(s) && (s->text.p[s->at] == '+' || s->text.p[s->at] == '-'))
			s->at++;
		if (scan_digits(s) == 0)
			return fault(s, s->at, "a digit is expected in the exponent");
	}
	str number = str_sub(s->text, from, s->at - from);
	int64_t i;
	uint64_t u;
	if (is_integer && (num_parse_i64(number, &i) || num_parse_u64(number, &u)))
		return true;
	if (!is_finite(number))
		return fault(s, from, "this number is too large");
	if (is_integer) {
		s->wide++;
		if (s->on_wide)
			s->on_wide(s->arg, s->at);
	}
	return true;
}

static bool scan_word(struct scan *s, str word)
{
	if (!str_starts(str_sub(s->text, s->at, s->text.n), word))
		return fault(s, s->at, "a value is expected; texts stand in quotation marks");
	s->at += word.n;
	return true;
}

/* A text, number, true, false or null. */
static bool scan_plain(struct scan *s, char c)
{
	if (c == '"')
		return scan_text(s);
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(s);
	return scan_word(s, c == 't' ? S("true") : c == 'f' ? S("false") : S("null"));
}

/* What directly follows a plain value: nothing that would make it another one. */
static bool scan_border(struct scan *s)
{
	char c = at_end(s) ? ' ' : s->text.p[s->at];
	return memchr(" \t\n\r,:[]{}\"", c, 11) ||
	       fault(s, s->at, "this does not belong to the value before it");
}

/* In an object: a key and its colon. */
static bool scan_key(struct scan *s)
{
	if (next_mark(s) != '"')
		return fault(s, s->at, "a key in quotation marks is expected");
	if (!scan_text(s))
		return false;
	if (next_mark(s) != ':')
		return fault(s, s->at, "a colon is expected after the key");
	s->at++;
	return true;
}

/* At '{' or '['. *empty_r: it was closed at once. */
static bool scan_open(struct scan *s, char c, bool *empty_r)
{
	_Static_assert(JSON_DEPTH_MAX == 64, "the text names it");
	if (s->depth == JSON_DEPTH_MAX)
		return fault_as(s, ERR_LIMIT, s->at, "nested deeper than 64 levels");
	s->open[s->depth++] = c;
	s->at++;
	*empty_r = next_mark(s) == (c == '{' ? '}' : ']');
	if (!*empty_r)
		return c == '[' || scan_key(s);
	s->at++;
	s->depth--;
	return true;
}

/* Behind a value: closes what ends here, and goes to the place of the next value. *done_r: that was
 * the whole document. */
static bool scan_after(struct scan *s, bool *done_r)
{
	for (;;) {
		char c = next_mark(s);
		*done_r = s->depth == 0;
		if (s->depth == 0)
			return at_end(s) || fault(s, s->at, "the document has ended before this");
		bool object = s->open[s->depth - 1] == '{';
		if (c == ',') {
			s->at++;
			return !object || scan_key(s);
		}
		if (c != (object ? '}' : ']'))
			return fault(s, s->at,
				     at_end(s) ? "the document ends here, before it is complete"
				     : object  ? "a comma or } is expected"
					       : "a comma or ] is expected");
		s->at++;
		s->depth--;
	}
}

static bool scan_document(struct scan *s)
{
	bool done = false;
	next_mark(s);
	if (at_end(s))
		return fault(s, 0, "the document is empty");
	while (!done) {
		char c = next_mark(s);
		if (at_end(s))
			return fault(s, s->at, "the document ends here, before it is complete");
		bool complete = true;
		if (c == '{' || c == '[') {
			if (!scan_open(s, c, &complete))
				return false;
		} else if (!scan_plain(s, c) || !scan_border(s)) {
			return false;
		}
		if (complete && !scan_after(s, &done))
			return false;
	}
	return true;
}

bool json_check(str document, size_t *wide_r, err *e)
{
	struct scan s = { .text = document, .e = e };
	if (!scan_document(&s))
		return false;
	*wide_r = s.wide;
	return true;
}

struct widening {
	str from;
	size_t done;
	char *to;
	size_t n;
};

static void widen_up_to(struct widening *w, size_t end)
{
	memcpy(w->to + w->n, w->from.p + w->done, end - w->done);
	w->n += end - w->done;
	w->done = end;
}

static void widen_one(void *arg, size_t end)
{
	struct widening *w = arg;
	widen_up_to(w, end);
	memcpy(w->to + w->n, "e0", 2);
	w->n += 2;
}

size_t json_widen(str document, char *to)
{
	struct widening w = { .from = document, .to = to };
	struct scan s = { .text = document, .on_wide = widen_one, .arg = &w };
	CHECK(scan_document(&s));
	widen_up_to(&w, document.n);
	return w.n;
}
