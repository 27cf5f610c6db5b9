/*
 * csv_text.c - a file in any of four encodings as lines of UTF-8.
 *
 * What it is:   the stage below the CSV grammar: reads chunks, decodes, cuts behind line ends (LF,
 *               CRLF, CR).
 * Promises:     two buffers of fixed size, whatever the file holds; each byte is looked at once per
 *               kind of line end.
 */
#include "io/csv_int.h"

#include "base/mem.h"
#include "io/utf8_int.h"

#include <string.h>

/* A byte of raw text becomes at most 3 of UTF-8. */
#define RAW_BYTES (CSV_CHUNK / 3)
#define BAD_BYTE  ((char)0xFF)

/* 0x80 to 0x9F of Windows-1252; the five that it leaves open are control characters, as browsers
 * read them (WHATWG). */
static const uint16_t WINDOWS_1252[32] = {
	0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
	0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
	0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
};

const char *csv_encoding_name(enum csv_encoding encoding)
{
	switch (encoding) {
	case CSV_UTF8:
		return "UTF-8";
	case CSV_UTF16_LE:
		return "UTF-16LE";
	case CSV_UTF16_BE:
		return "UTF-16BE";
	case CSV_WINDOWS_1252:
		return "Windows-1252";
	}
	return "unknown";
}

static size_t decode_1252(const unsigned char *raw, size_t n, char *out)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t c = raw[i];
		if (c < 0x80)
			out[k++] = (char)c;
		else
			k += utf8_put(out + k, c < 0xA0 ? WINDOWS_1252[c - 0x80] : c);
	}
	return k;
}

static uint32_t unit_at(const unsigned char *p, bool big)
{
	return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static size_t decode_utf16(const unsigned char *raw, size_t n, bool big, bool at_end, char *out,
			   size_t *used_r)
{
	size_t i = 0;
	size_t k = 0;
	while (i + 2 <= n) {
		uint32_t c = unit_at(raw + i, big);
		if (c < 0xD800 || c > 0xDFFF) {
			k += utf8_put(out + k, c);
			i += 2;
			continue;
		}
		if (c < 0xDC00 && i + 4 > n && !at_end)
			break;
		uint32_t low = c < 0xDC00 && i + 4 <= n ? unit_at(raw + i + 2, big) : 0;
		if (low >= 0xDC00 && low <= 0xDFFF) {
			k += utf8_put(out + k, 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
			i += 4;
		} else {
			out[k++] = BAD_BYTE;
			i += 2;
		}
	}
	if (at_end && i < n) {
		out[k++] = BAD_BYTE;
		i = n;
	}
	*used_r = i;
	return k;
}

size_t csv_decode(enum csv_encoding encoding, const char *raw, size_t n, bool at_end, char *out,
		  size_t *used_r)
{
	const unsigned char *bytes = (const unsigned char *)raw;
	switch (encoding) {
	case CSV_UTF16_LE:
	case CSV_UTF16_BE:
		return decode_utf16(bytes, n, encoding == CSV_UTF16_BE, at_end, out, used_r);
	case CSV_WINDOWS_1252:
		*used_r = n;
		return decode_1252(bytes, n, out);
	case CSV_UTF8:
		break;
	}
	memcpy(out, raw, n);
	*used_r = n;
	return n;
}

bool csv_text_init(struct csv_text *t, struct file *file, uint64_t size, enum csv_encoding encoding,
		   size_t start, err *e)
{
	*t = (struct csv_text){
		.file = file,
		.size = size,
		.offset = start,
		.encoding = encoding,
	};
	t->out = mem_alloc(CSV_CHUNK);
	if (encoding != CSV_UTF8)
		t->raw = mem_alloc(RAW_BYTES);
	if (t->out && (t->raw || encoding == CSV_UTF8))
		return true;
	csv_text_fini(t);
	return err_nomem(e);
}

void csv_text_fini(struct csv_text *t)
{
	mem_free(t->out);
	mem_free(t->raw);
	t->out = NULL;
	t->raw = NULL;
}

static size_t place_of(const struct csv_text *t, char c)
{
	size_t left = t->out_n - t->out_at;
	const char *at = left > 0 ? memchr(t->out + t->out_at, c, left) : NULL;
	return at ? (size_t)(at - t->out) : t->out_n;
}

static bool fill_raw(struct csv_text *t, err *e)
{
	size_t want = MIN((CSV_CHUNK - t->out_n) / 3, RAW_BYTES);
	size_t n = 0;
	if (want > t->raw_n &&
	    !file_read(t->file, t->raw + t->raw_n, want - t->raw_n, t->offset, &n, e))
		return false;
	t->end = n < want - MIN(t->raw_n, want);
	t->offset += n;
	t->raw_n += n;
	size_t used;
	t->out_n += csv_decode(t->encoding, t->raw, t->raw_n, t->end, t->out + t->out_n, &used);
	memmove(t->raw, t->raw + used, t->raw_n - used);
	t->raw_n -= used;
	return true;
}

/* Makes room in front and reads on. */
static bool fill(struct csv_text *t, err *e)
{
	memmove(t->out, t->out + t->out_at, t->out_n - t->out_at);
	t->out_n -= t->out_at;
	t->out_at = 0;
	bool ok;
	if (t->encoding == CSV_UTF8) {
		size_t want = CSV_CHUNK - t->out_n;
		size_t n = 0;
		ok = file_read(t->file, t->out + t->out_n, want, t->offset, &n, e);
		t->end = n < want;
		t->offset += n;
		t->out_n += n;
	} else {
		ok = fill_raw(t, e);
	}
	t->lf = place_of(t, '\n');
	t->cr = place_of(t, '\r');
	return ok;
}

/* Where the present line ends, behind its line end; 0 when that is not in the buffer, or cannot be
 * told because an LF may follow the CR that stands last. */
static size_t line_end(struct csv_text *t)
{
	if (t->lf < t->out_at)
		t->lf = place_of(t, '\n');
	if (t->cr < t->out_at)
		t->cr = place_of(t, '\r');
	if (t->lf == t->out_n && t->cr == t->out_n)
		return 0;
	if (t->lf < t->cr)
		return t->lf + 1;
	if (t->cr + 1 == t->out_n && !t->end)
		return 0;
	return t->cr + 1 == t->lf && t->lf < t->out_n ? t->lf + 1 : t->cr + 1;
}

/* Room for less than two UTF-16 units is none. */
static bool is_full(const struct csv_text *t)
{
	size_t room = CSV_CHUNK - (t->out_n - t->out_at);
	return t->encoding == CSV_UTF8 ? room == 0 : room < 3 * 4;
}

bool csv_text_piece(struct csv_text *t, str *piece_r, bool *ends_line_r, bool *more_r, err *e)
{
	size_t to = line_end(t);
	while (to == 0 && !t->end && !is_full(t)) {
		if (!fill(t, e))
			return false;
		to = line_end(t);
	}
	*ends_line_r = to > 0 || t->end;
	if (to == 0) {
		/* A CR that stands last waits for what follows it. */
		bool waits = !t->end && t->cr + 1 == t->out_n;
		to = t->out_n - (waits ? 1 : 0);
	}
	*more_r = to > t->out_at;
	*piece_r = (str){ t->out + t->out_at, to - t->out_at };
	t->out_at = to;
	return true;
}

bool csv_text_peek(struct csv_text *t, str *text_r, err *e)
{
	if (t->out_n == 0 && !t->end && !fill(t, e))
		return false;
	*text_r = (str){ t->out + t->out_at, t->out_n - t->out_at };
	return true;
}
