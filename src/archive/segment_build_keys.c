/*
 * segment_build_keys.c - the tables of keys, shapes and values, when all touches are in.
 *
 * Format:       docs/format/segment.md
 * Threads:      as the builder.
 */
#include "archive/segment_int.h"

#include "base/mem.h"

static bool columns_end(struct build_props *p, err *e)
{
	for (size_t i = 0; i < p->items.n; i++) {
		struct build_key *k = &p->items.items[i];
		uint64_t gap = p->rows - k->rows;
		if (k->how == KEY_REST)
			continue;
		if (!colfile_put_same(p->w, k->column, 0, gap, e) ||
		    (k->how == KEY_INTS && !colfile_put_same(p->w, k->has, 0, gap, e)))
			return false;
	}
	return true;
}

static uint32_t key_number(const struct build_key *k, str name)
{
	if (str_eq(name, S("how")))
		return k->how;
	if (str_eq(name, S("whole")))
		return k->whole;
	return k->how == KEY_INTS ? k->kind : 0;
}

static bool put_key_numbers(struct build_props *p, str name, err *e)
{
	unsigned c;
	bool ok = colfile_add_column(p->w, TABLE_KEYS, name, COLUMN_CODES, &c, e);
	for (size_t i = 0; ok && i < p->items.n; i++) {
		uint32_t v = key_number(&p->items.items[i], name);
		ok = colfile_put_codes(p->w, c, &v, 1, e);
	}
	return ok;
}

static bool put_keys(struct build_props *p, err *e)
{
	str *texts;
	if (!text_dict_list(&p->keys, &texts, e))
		return false;
	bool ok = build_put_texts(p->w, TABLE_KEYS, S("text"), texts, p->items.n, e);
	for (size_t i = 0; ok && i < p->items.n; i++) {
		const struct build_key *k = &p->items.items[i];
		bool money = k->how == KEY_INTS && k->kind == VALUE_MONEY;
		texts[i] = money ? str_make(k->currency, 3) : S("");
	}
	ok = ok && build_put_texts(p->w, TABLE_KEYS, S("currency"), texts, p->items.n, e);
	mem_free(texts);
	return ok && put_key_numbers(p, S("how"), e) && put_key_numbers(p, S("whole"), e) &&
	       put_key_numbers(p, S("kind"), e);
}

static bool put_shapes(struct build_props *p, err *e)
{
	str *texts;
	if (!text_dict_list(&p->shapes, &texts, e))
		return false;
	bool ok = build_put_texts(p->w, TABLE_SHAPES, S("keys"), texts, p->shapes.codes.n, e);
	mem_free(texts);
	return ok;
}

static bool put_key_values(struct build_props *p, size_t key, unsigned key_column,
			   unsigned value_column, err *e)
{
	const struct text_dict *d = &p->items.items[key].values;
	str *texts;
	if (!text_dict_list(d, &texts, e))
		return false;
	bool ok = colfile_put_same(p->w, key_column, (int64_t)key, d->codes.n, e);
	for (size_t i = 0; ok && i < d->codes.n; i++)
		ok = colfile_put_text(p->w, value_column, texts[i], e);
	mem_free(texts);
	return ok;
}

static bool put_values(struct build_props *p, err *e)
{
	unsigned key_column, value_column;
	bool ok = colfile_add_column(p->w, TABLE_VALUES, S("key"), COLUMN_CODES, &key_column, e) &&
		  colfile_add_column(p->w, TABLE_VALUES, S("value"), COLUMN_BYTES, &value_column,
				     e);
	for (size_t i = 0; ok && i < p->items.n; i++) {
		if (p->items.items[i].how == KEY_CODES)
			ok = put_key_values(p, i, key_column, value_column, e);
	}
	return ok;
}

bool build_props_finish(struct build_props *p, err *e)
{
	return (p->decided || build_props_decide(p, e)) && columns_end(p, e) && put_keys(p, e) &&
	       put_shapes(p, e) && put_values(p, e);
}
