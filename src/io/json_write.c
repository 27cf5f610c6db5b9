/*
 * json_write.c - JSON out, one value after another.
 *
 * What it is:   a writer that knows whether a comma is due; nesting is one bit per level.
 * Promises:     what comes out is valid JSON and valid UTF-8 whatever texts were put in, as long as
 *               opens, keys and closes are called in turn (checked). Failures of the buffer stay in
 *               the buffer.
 */
#include "io/json.h"

#include "io/json_shim.h"
#include "io/utf8_int.h"

#include <math.h>
#include <string.h>

void json_writer_init(struct json_writer *w, struct buf *out, bool pretty)
{
	*w = (struct json_writer){ .out = out, .pretty = pretty };
}

static void new_line(struct json_writer *w)
{
	if (!w->pretty)
		return;
	buf_byte(w->out, '\n');
	for (int i = 0; i < w->depth; i++)
		buf_put(w->out, "  ", 2);
}

/* What stands before a value or a key at this place. */
static void before_item(struct json_writer *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->depth == 0)
		return;
	uint64_t bit = UINT64_C(1) << (w->depth - 1);
	if (w->open & bit)
		buf_byte(w->out, ',');
	w->open |= bit;
	new_line(w);
}

static void open_level(struct json_writer *w, char mark)
{
	before_item(w);
	CHECK(w->depth < 64);
	buf_byte(w->out, (uint8_t)mark);
	w->depth++;
	w->open &= ~(UINT64_C(1) << (w->depth - 1));
}

static void close_level(struct json_writer *w, char mark)
{
	CHECK(w->depth > 0 && !w->after_key);
	bool had_items = w->open >> (w->depth - 1) & 1;
	w->depth--;
	if (had_items)
		new_line(w);
	buf_byte(w->out, (uint8_t)mark);
}

void json_object_open(struct json_writer *w)
{
	open_level(w, '{');
}

void json_object_close(struct json_writer *w)
{
	close_level(w, '}');
}

void json_array_open(struct json_writer *w)
{
	open_level(w, '[');
}

void json_array_close(struct json_writer *w)
{
	close_level(w, ']');
}

/* Bytes from the front that can be written as they are: no control, quotation mark, backslash, and
 * nothing beyond ASCII; eight at a time by the usual tricks on words. */
static size_t plain_prefix(str s)
{
	static const uint64_t ONES = UINT64_C(0x0101010101010101);
	static const uint64_t HIGH = UINT64_C(0x8080808080808080);
	size_t i = 0;
	for (; i + 8 <= s.n; i += 8) {
		uint64_t v;
		memcpy(&v, s.p + i, sizeof v);
		uint64_t quote = v ^ ONES * '"';
		uint64_t slash = v ^ ONES * '\\';
		uint64_t bad = (v - ONES * 0x20) | (quote - ONES) | (slash - ONES) | v;
		if (bad & HIGH)
			break;
	}
	for (; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c == '"' || c == '\\' || c >= 0x80)
			break;
	}
	return i;
}

static void put_escaped(struct buf *out, unsigned char c)
{
	static const char HEX[] = "0123456789abcdef";
	static const char SHORT[] = "\bb\tt\nn\ff\rr\"\"\\\\";
	for (size_t i = 0; i + 1 < sizeof SHORT; i += 2) {
		if ((unsigned char)SHORT[i] == c) {
			char two[] = { '\\', SHORT[i + 1] };
			buf_put(out, two, sizeof two);
			return;
		}
	}
	char six[] = { '\\', 'u', '0', '0', HEX[c >> 4], HEX[c & 15] };
	buf_put(out, six, sizeof six);
}

static void put_quoted(struct buf *out, str s)
{
	buf_byte(out, '"');
	while (s.n > 0) {
		size_t n = plain_prefix(s);
		while (n < s.n && (unsigned char)s.p[n] >= 0x80) {
			size_t k = utf8_char(s.p + n, s.n - n);
			if (k == 0)
				break;
			n += k;
		}
		buf_put(out, s.p, n);
		s = (str){ s.p + n, s.n - n };
		if (s.n == 0)
			break;
		unsigned char c = (unsigned char)s.p[0];
		bool wrong = c >= 0x80 && utf8_char(s.p, s.n) == 0;
		bool escaped = c < 0x20 || c == '"' || c == '\\';
		if (wrong)
			buf_put(out, "\xEF\xBF\xBD", 3);
		else if (escaped)
			put_escaped(out, c);
		if (wrong || escaped)
			s = (str){ s.p + 1, s.n - 1 };
	}
	buf_byte(out, '"');
}

void json_key(struct json_writer *w, str key)
{
	CHECK(!w->after_key && w->depth > 0);
	before_item(w);
	put_quoted(w->out, key);
	buf_byte(w->out, ':');
	if (w->pretty)
		buf_byte(w->out, ' ');
	w->after_key = true;
}

void json_put_text(struct json_writer *w, str s)
{
	before_item(w);
	put_quoted(w->out, s);
}

void json_put_uint(struct json_writer *w, uint64_t i)
{
	char text[20];
	size_t at = sizeof text;
	do {
		text[--at] = (char)('0' + i % 10);
		i /= 10;
	} while (i > 0);
	before_item(w);
	buf_put(w->out, text + at, sizeof text - at);
}

void json_put_int(struct json_writer *w, int64_t i)
{
	if (i >= 0) {
		json_put_uint(w, (uint64_t)i);
		return;
	}
	before_item(w);
	buf_byte(w->out, '-');
	/* The minus stands for the place: what follows is no new item. */
	w->after_key = true;
	json_put_uint(w, 0 - (uint64_t)i);
}

void json_put_real(struct json_writer *w, double v)
{
	if (!isfinite(v)) {
		json_put_null(w);
		return;
	}
	char text[32];
	before_item(w);
	/* As an integer, "-0" would lose its sign. */
	if (v == 0 && signbit(v))
		buf_put(w->out, "-0.0", 4);
	else
		buf_put(w->out, text, json_shim_print_real(text, v));
}

void json_put_bool(struct json_writer *w, bool b)
{
	before_item(w);
	buf_cstr(w->out, b ? "true" : "false");
}

void json_put_null(struct json_writer *w)
{
	before_item(w);
	buf_put(w->out, "null", 4);
}
