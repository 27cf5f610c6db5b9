/*
 * cursor.c - where a page ended, as a text that a client hands back.
 *
 * What it is:   the number and the sort key of the last row, in hexadecimal with a check. A page is
 *               what comes after that key, so rows that are added or change in between neither
 *               repeat nor hide others.
 * Promises:     whatever text comes back, it is either a key or an error.
 * Threads:      nothing shared.
 */
#include "directory/directory_int.h"

#include "base/buf.h"

#include <string.h>

#define CURSOR_BYTES_MAX 512
#define CHECK_BYTES	 4

value sort_key(value v, struct arena *a)
{
	if (v.kind == VALUE_LIST)
		return v.list.n ? sort_key(v.list.items[0], a) : value_none();
	if (v.kind != VALUE_TEXT)
		return v;
	str folded = str_fold(a, str_sub(v.text, 0, (size_t)SORT_TEXT_BYTES_MAX * 2));
	return value_text(str_sub(folded, 0, SORT_TEXT_BYTES_MAX));
}

int sort_cmp(value a, uint64_t a_number, value b, uint64_t b_number, bool descending)
{
	bool no_a = a.kind == VALUE_NONE, no_b = b.kind == VALUE_NONE;
	if (no_a != no_b)
		return no_a ? 1 : -1;
	int order = no_a ? 0 : value_cmp(a, b);
	if (order)
		return descending ? -order : order;
	return a_number < b_number ? -1 : a_number > b_number;
}

str cursor_print(struct arena *a, const struct cursor *c)
{
	static const char DIGITS[] = "0123456789abcdef";
	char room[CURSOR_BYTES_MAX] = { 0 };
	struct buf b = { .p = room, .cap = sizeof room, .bytes_max = sizeof room };
	buf_varint(&b, c->number);
	value_encode(&b, c->key);
	buf_u32(&b, (uint32_t)str_hash(buf_view(&b)));
	char *text = arena_alloc(a, 2 * b.n);
	if (!text || !buf_ok(&b, NULL))
		return S("");
	for (size_t i = 0; i < b.n; i++) {
		text[2 * i] = DIGITS[(uint8_t)room[i] >> 4];
		text[2 * i + 1] = DIGITS[(uint8_t)room[i] & 15];
	}
	return str_make(text, 2 * b.n);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool no_cursor(err *e)
{
	return err_set(e, ERR_INVALID, "this is no cursor that a page gave");
}

bool cursor_parse(str text, struct arena *a, struct cursor *c_r, err *e)
{
	if (text.n % 2 || text.n / 2 <= CHECK_BYTES || text.n / 2 > CURSOR_BYTES_MAX)
		return no_cursor(e);
	size_t n = text.n / 2;
	char *bytes = arena_alloc(a, n);
	if (!bytes)
		return arena_err(a, e);
	for (size_t i = 0; i < n; i++) {
		int high = digit(text.p[2 * i]), low = digit(text.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return no_cursor(e);
		bytes[i] = (char)(high << 4 | low);
	}
	struct reader r;
	reader_init(&r, bytes, n - CHECK_BYTES);
	struct cursor c = { .number = reader_varint(&r) };
	if (r.bad || !value_decode(&r, a, &c.key) || r.bad || r.p != r.end ||
	    c.key.kind == VALUE_LIST)
		return no_cursor(e);
	struct reader check;
	reader_init(&check, bytes + n - CHECK_BYTES, CHECK_BYTES);
	if (reader_u32(&check) != (uint32_t)str_hash(str_make(bytes, n - CHECK_BYTES)))
		return no_cursor(e);
	*c_r = c;
	return true;
}

str directory_cursor_text(const struct directory_cursor *c, struct arena *a)
{
	struct cursor last = { c->seq, value_time(c->at_us) };
	return cursor_print(a, &last);
}

bool directory_cursor_read(str text, struct arena *a, struct directory_cursor *c_r, err *e)
{
	struct cursor c;
	if (!cursor_parse(text, a, &c, e))
		return false;
	if (c.key.kind != VALUE_TIME)
		return no_cursor(e);
	*c_r = (struct directory_cursor){ c.key.i, c.number };
	return true;
}
