/*
 * segment_forms.c - what a segment's columns are called, and the small codes in them.
 *
 * What it is:   the table of columns that builder and reader share, and message ids as UUIDs.
 * Format:       docs/format/segment.md
 */
#include "archive/segment_int.h"

#include <stdio.h>

const struct column_form segment_forms[COL_ALL] = {
	[COL_AT] = { "at", COLUMN_TIMES, false },
	[COL_NAME] = { "name", COLUMN_CODES, false },
	[COL_ORIGIN] = { "origin", COLUMN_CODES, false },
	[COL_SEQ] = { "seq", COLUMN_INTS, true },
	[COL_PERSON] = { "person", COLUMN_INTS, true },
	[COL_COMPANY] = { "company", COLUMN_INTS, true },
	[COL_DEAL] = { "deal", COLUMN_INTS, true },
	[COL_IMPORT] = { "import", COLUMN_INTS, true },
	[COL_RECEIVED] = { "received", COLUMN_INTS, true },
	[COL_CAUSE] = { "cause", COLUMN_INTS, true },
	[COL_RULE] = { "rule", COLUMN_CODES, true },
	[COL_BY] = { "by", COLUMN_CODES, true },
	[COL_FLAGS] = { "flags", COLUMN_CODES, true },
	[COL_SHAPE] = { "shape", COLUMN_CODES, true },
	[COL_ID] = { "id", COLUMN_BYTES, false },
	[COL_REST] = { "rest", COLUMN_BYTES, false },
};

const char *const segment_origin_fields[ORIGIN_FIELDS] = { "source",	"medium", "campaign",
							   "content",	"term",	  "referrer",
							   "click_kind" };

void origin_texts(const struct origin *o, str texts[ORIGIN_FIELDS])
{
	texts[0] = o->source;
	texts[1] = o->medium;
	texts[2] = o->campaign;
	texts[3] = o->content;
	texts[4] = o->term;
	texts[5] = o->referrer;
	texts[6] = o->click_kind;
}

str key_column_name(char out[KEY_COLUMN_MAX], char letter, size_t key)
{
	int n = snprintf(out, KEY_COLUMN_MAX, "%c%zu", letter, key);
	return str_make(out, (size_t)n);
}

static bool is_dash(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool uuid_pack(str id, uint8_t bytes[UUID_BYTES])
{
	if (id.n != UUID_CHARS)
		return false;
	size_t k = 0;
	for (size_t i = 0; i < UUID_CHARS;) {
		if (is_dash(i)) {
			if (id.p[i++] != '-')
				return false;
			continue;
		}
		int high = hex_digit(id.p[i]), low = hex_digit(id.p[i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[k++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	return true;
}

void uuid_unpack(const uint8_t bytes[UUID_BYTES], char text[UUID_CHARS])
{
	static const char DIGITS[] = "0123456789abcdef";
	size_t k = 0;
	for (size_t i = 0; i < UUID_CHARS;) {
		if (is_dash(i)) {
			text[i++] = '-';
			continue;
		}
		text[i++] = DIGITS[bytes[k] >> 4];
		text[i++] = DIGITS[bytes[k++] & 15];
	}
}
