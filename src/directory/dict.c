/*
 * dict.c - different values, numbered.
 *
 * What it is:   each value once, encoded, with the key by which it is put in order; a hash table of
 *               codes over them. About 30 bytes a value beside its own.
 * Promises:     a failed call leaves it as it was.
 * Threads:      one writes, or many read.
 */
#include "directory/directory_int.h"

#include "base/mem.h"

#include <string.h>

#define DICT_BYTES_MAX	GIB
#define DICT_CODES_MAX	(UINT32_MAX - 1)
#define VALUE_ARENA_MAX MIB

void dict_fini(struct dict *d)
{
	buf_fini(&d->bytes);
	buf_fini(&d->folds);
	vec_free(&d->ends);
	vec_free(&d->folded);
	vec_free(&d->order);
	mem_free(d->slots);
	*d = (struct dict){ 0 };
}

static str part(const struct buf *b, const uint64_t *ends, uint32_t code)
{
	uint64_t from = code > 1 ? ends[code - 2] : 0;
	return str_make(b->p + from, (size_t)(ends[code - 1] - from));
}

str dict_fold(const struct dict *d, uint32_t code)
{
	return part(&d->folds, d->folded.items, code);
}

value dict_decode(const struct dict *d, uint32_t code, struct arena *a)
{
	str bytes = part(&d->bytes, d->ends.items, code);
	struct reader r;
	value v;
	reader_init(&r, bytes.p, bytes.n);
	return value_decode(&r, a, &v) ? v : value_none();
}

static bool slots_grow(struct dict *d, err *e)
{
	size_t n = d->slots_n ? d->slots_n * 2 : 64;
	uint32_t *slots = mem_zalloc(n, sizeof *slots);
	if (!slots)
		return err_nomem(e);
	for (size_t i = 0; i < d->ends.n; i++) {
		uint64_t at = str_hash(part(&d->bytes, d->ends.items, (uint32_t)(i + 1)));
		while (slots[at & (n - 1)])
			at++;
		slots[at & (n - 1)] = (uint32_t)(i + 1);
	}
	mem_free(d->slots);
	d->slots = slots;
	d->slots_n = n;
	return true;
}

/* The keys of a list's texts stand one behind the other, with a blank between. */
static bool fold_append(struct dict *d, value v, err *e)
{
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, VALUE_ARENA_MAX);
	size_t n = v.kind == VALUE_LIST ? v.list.n : 1;
	const value *items = v.kind == VALUE_LIST ? v.list.items : &v;
	for (size_t i = 0; i < n; i++) {
		if (items[i].kind != VALUE_TEXT)
			continue;
		arena_reset(&a);
		if (i)
			buf_byte(&d->folds, ' ');
		buf_str(&d->folds, sort_key(items[i], &a).text);
	}
	return buf_ok(&d->folds, e);
}

/* The kind, then the first seven bytes of a text's key; numbers of both kinds are of one. */
uint64_t dict_order(value key)
{
	enum value_kind kind = key.kind == VALUE_REAL ? VALUE_INT : key.kind;
	uint64_t order = (uint64_t)kind << 56;
	for (size_t i = 0; key.kind == VALUE_TEXT && i < 7 && i < key.text.n; i++)
		order |= (uint64_t)(uint8_t)key.text.p[i] << (48 - 8 * i);
	return order;
}

static bool add(struct dict *d, value v, str bytes, err *e)
{
	if (d->ends.n >= DICT_CODES_MAX)
		return err_set(e, ERR_LIMIT, "a field has too many different values");
	if (!d->bytes.bytes_max) {
		buf_init(&d->bytes, DICT_BYTES_MAX);
		buf_init(&d->folds, DICT_BYTES_MAX);
	}
	if (!vec_reserve(&d->ends, d->ends.n + 1) || !vec_reserve(&d->folded, d->folded.n + 1) ||
	    !vec_reserve(&d->order, d->order.n + 1))
		return err_nomem(e);
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, VALUE_ARENA_MAX);
	size_t folds_n = d->folds.n;
	buf_str(&d->bytes, bytes);
	if (!buf_ok(&d->bytes, e) || !fold_append(d, v, e)) {
		d->bytes.n = d->ends.n ? d->ends.items[d->ends.n - 1] : 0;
		d->folds.n = folds_n;
		return false;
	}
	d->ends.items[d->ends.n++] = d->bytes.n;
	d->folded.items[d->folded.n++] = d->folds.n;
	d->order.items[d->order.n++] = dict_order(sort_key(v, &a));
	return true;
}

/* Whether that is the value of the code, without reading it; false also where that is not known. */
static bool is_text_of(const struct dict *d, uint32_t code, value v)
{
	str bytes = part(&d->bytes, d->ends.items, code);
	return v.kind == VALUE_TEXT && v.text.n < 128 && bytes.n == v.text.n + 2 &&
	       (uint8_t)bytes.p[0] == VALUE_TEXT && memcmp(bytes.p + 2, v.text.p, v.text.n) == 0;
}

bool dict_code(struct dict *d, value v, uint32_t *code_r, err *e)
{
	if (*code_r && v.kind == VALUE_TEXT && v.text.n && is_text_of(d, *code_r, v))
		return true; /* as it was, which is what most are */
	char room[512];
	struct buf small = { .p = room, .cap = sizeof room, .bytes_max = sizeof room };
	struct buf large CLEANUP(buf_fini);
	buf_init(&large, 16 * MIB);
	value_encode(&small, v);
	bool fits = buf_ok(&small, NULL);
	if (!fits)
		value_encode(&large, v);
	if (!fits && !buf_ok(&large, e))
		return false;
	str bytes = buf_view(fits ? &small : &large);
	if (d->ends.n * 2 >= d->slots_n && !slots_grow(d, e))
		return false;
	uint64_t at = str_hash(bytes);
	for (uint32_t code; (code = d->slots[at & (d->slots_n - 1)]) != 0; at++) {
		if (str_eq(part(&d->bytes, d->ends.items, code), bytes)) {
			*code_r = code;
			return true;
		}
	}
	if (!add(d, v, bytes, e))
		return false;
	*code_r = (uint32_t)d->ends.n;
	d->slots[at & (d->slots_n - 1)] = *code_r;
	return true;
}

uint64_t dict_bytes(const struct dict *d)
{
	return d->bytes.cap + d->folds.cap + d->ends.cap * sizeof *d->ends.items +
	       d->folded.cap * sizeof *d->folded.items + d->order.cap * sizeof *d->order.items +
	       d->slots_n * sizeof *d->slots;
}
