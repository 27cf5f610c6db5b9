/*
 * column.c - one field of all rows.
 *
 * What it is:   eight bytes a row while all values are whole numbers or times, else four and a
 *               dictionary. A value of another kind turns numbers into codes, once.
 * Promises:     what was set is what is read.
 * Threads:      one writes, or many read.
 */
#include "directory/directory_int.h"

#include "base/mem.h"

struct trait_column *trait_column_new(str name, enum column_from from, bool counts, err *e)
{
	struct trait_column *c = mem_zalloc(1, sizeof *c);
	if (!c) {
		err_nomem(e);
		return NULL;
	}
	*c = (struct trait_column){ .name = name, .from = from, .counts = counts, .numeric = true };
	return c;
}

void trait_column_free(struct trait_column *c)
{
	if (!c)
		return;
	vec_free(&c->numbers);
	vec_free(&c->codes);
	dict_fini(&c->dict);
	mem_free(c);
}

size_t trait_column_rows(const struct trait_column *c)
{
	return c->numeric ? c->numbers.n : c->codes.n;
}

static value number_value(const struct trait_column *c, int64_t number)
{
	return number == NUMBER_UNKNOWN ? value_none()
	       : c->kind == VALUE_TIME	? value_time(number)
					: value_int(number);
}

value trait_column_value(const struct trait_column *c, size_t row, struct arena *a)
{
	if (row >= trait_column_rows(c))
		return value_none();
	if (c->numeric)
		return number_value(c, c->numbers.items[row]);
	return c->codes.items[row] ? dict_decode(&c->dict, c->codes.items[row], a) : value_none();
}

static bool to_codes(struct trait_column *c, err *e)
{
	for (size_t i = 0; i < c->numbers.n; i++) {
		uint32_t code = 0;
		value v = number_value(c, c->numbers.items[i]);
		if (v.kind != VALUE_NONE && !dict_code(&c->dict, v, &code, e))
			return false;
		if (!vec_push(&c->codes, code))
			return err_nomem(e);
	}
	vec_free(&c->numbers);
	c->numeric = false;
	return true;
}

/* Room for the row; those before it that were never set are unknown. */
static bool make_room(struct trait_column *c, size_t row, err *e)
{
	while (c->numeric && c->numbers.n <= row) {
		if (!vec_push(&c->numbers, NUMBER_UNKNOWN))
			return err_nomem(e);
	}
	while (!c->numeric && c->codes.n <= row) {
		if (!vec_push(&c->codes, 0))
			return err_nomem(e);
	}
	return true;
}

static bool is_number(const struct trait_column *c, value v)
{
	bool possible = v.kind == VALUE_TIME || v.kind == VALUE_INT;
	return possible && v.i != NUMBER_UNKNOWN && (c->kind == VALUE_NONE || c->kind == v.kind);
}

bool trait_column_set(struct trait_column *c, size_t row, value v, err *e)
{
	bool known = v.kind != VALUE_NONE;
	if (c->numeric && known && !is_number(c, v) && !to_codes(c, e))
		return false;
	if (!make_room(c, row, e))
		return false;
	if (c->numeric) {
		c->numbers.items[row] = known ? v.i : NUMBER_UNKNOWN;
		if (known)
			c->kind = v.kind;
		return true;
	}
	uint32_t code = known ? c->codes.items[row] : 0;
	if (known && !dict_code(&c->dict, v, &code, e))
		return false;
	c->codes.items[row] = code;
	return true;
}

uint64_t trait_column_bytes(const struct trait_column *c)
{
	return sizeof *c + c->numbers.cap * sizeof *c->numbers.items +
	       c->codes.cap * sizeof *c->codes.items + dict_bytes(&c->dict);
}
