/*
 * segment_props.c - the properties of one touch out of its shape, its columns and its rest.
 *
 * What it is:   the other half of segment_build_props.c.
 * Promises:     what does not fit is an error; nothing outside the rest is read.
 * Threads:      a cursor belongs to one thread.
 */
#include "archive/segment_int.h"

#include "base/mem.h"
#include "base/time.h"

#include <string.h>

bool props_cursor_init(struct props_cursor *p, const struct segment *s, err *e)
{
	*p = (struct props_cursor){ .s = s };
	texts_cursor_init(&p->rest, s->cols[COL_REST]);
	p->codes = mem_zalloc(s->columns_n, sizeof *p->codes);
	p->has = mem_zalloc(s->columns_n, sizeof *p->has);
	if (!p->codes || !p->has)
		return err_nomem(e);
	for (size_t i = 0; i < s->columns_n; i++) {
		const struct segment_property *c = &s->columns[i].p;
		ints_cursor_init(&p->codes[i], c->codes ? c->codes : c->ints);
		ints_cursor_init(&p->has[i], c->codes ? c->codes : c->has);
	}
	return true;
}

void props_cursor_fini(struct props_cursor *p)
{
	texts_cursor_fini(&p->rest);
	for (size_t i = 0; p->codes && p->has && i < p->s->columns_n; i++) {
		ints_cursor_fini(&p->codes[i]);
		ints_cursor_fini(&p->has[i]);
	}
	mem_free(p->codes);
	mem_free(p->has);
}

static bool bad_touch(const struct props_cursor *p, uint64_t row, err *e)
{
	return err_set(e, ERR_CORRUPT, "%s is damaged (properties of touch %llu)",
		       colfile_path(p->s->file), (unsigned long long)row);
}

/* The keys of a touch: its shape's, or those that stand in its rest. */
static bool keys_of(struct props_cursor *p, size_t shape, struct reader *rest, struct arena *a,
		    struct shape *keys_r, uint64_t row, err *e)
{
	if (shape != SHAPE_OWN) {
		*keys_r = p->s->shapes[shape - SHAPE_OWN - 1];
		return true;
	}
	uint64_t n = reader_varint(rest);
	if (rest->bad || n > TOUCH_PROPS_MAX)
		return bad_touch(p, row, e);
	uint32_t *keys = ARENA_ARRAY(a, uint32_t, (size_t)n);
	if (!keys)
		return arena_err(a, e);
	for (size_t i = 0; i < n; i++) {
		uint64_t key = reader_varint(rest);
		if (rest->bad || key >= p->s->keys_n)
			return bad_touch(p, row, e);
		keys[i] = (uint32_t)key;
	}
	*keys_r = (struct shape){ keys, (size_t)n };
	return true;
}

static bool has_before(const struct shape *keys, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (keys->keys[k] == keys->keys[i])
			return true;
	}
	return false;
}

static value int_value(const struct segment_property *c, int64_t v)
{
	value r = { .kind = c->kind, .i = v };
	memcpy(r.currency, c->currency, sizeof r.currency);
	return r;
}

/* Times and days that a reader could not print are no values. */
static bool int_is_possible(value v)
{
	if (v.kind == VALUE_TIME)
		return v.i >= TIME_MIN_US && v.i <= TIME_MAX_US;
	if (v.kind == VALUE_DATE)
		return v.i >= TIME_MIN_US / US_PER_DAY && v.i <= TIME_MAX_US / US_PER_DAY;
	return true;
}

/* The value out of the key's column; *found_r false: it stands in the rest. */
static bool column_value(struct props_cursor *p, uint32_t key, uint64_t row, value *v_r,
			 bool *found_r, err *e)
{
	const struct segment_key *k = &p->s->keys[key];
	const struct key_column *c = &p->s->columns[k->property];
	int64_t has, v;
	*found_r = false;
	if (!ints_cursor_get(&p->has[k->property], row, &has, e))
		return false;
	if (has == 0)
		return true;
	*found_r = true;
	if (k->how == KEY_CODES) {
		*v_r = c->values[has - 1];
		return true;
	}
	if (!ints_cursor_get(&p->codes[k->property], row, &v, e))
		return false;
	*v_r = int_value(&c->p, v);
	return int_is_possible(*v_r) || bad_touch(p, row, e);
}

static bool prop_read(struct props_cursor *p, uint64_t row, const struct shape *keys, size_t i,
		      struct reader *rest, struct arena *a, value *v_r, err *e)
{
	uint32_t key = keys->keys[i];
	bool found = false;
	if (p->s->keys[key].how != KEY_REST && !has_before(keys, i) &&
	    !column_value(p, key, row, v_r, &found, e))
		return false;
	if (found)
		return true;
	if (!value_decode(rest, a, v_r))
		return a->over ? arena_err(a, e) : bad_touch(p, row, e);
	return true;
}

bool props_cursor_read(struct props_cursor *p, uint64_t row, size_t shape, struct arena *a,
		       struct shape_props *props_r, err *e)
{
	str text;
	struct reader rest;
	struct shape keys = { 0 };
	*props_r = (struct shape_props){ 0 };
	if (shape == SHAPE_NONE)
		return true;
	if (!texts_cursor_get(&p->rest, row, &text, e))
		return false;
	/* Values point into what is read, and the cursor moves on. */
	str own = str_dup(a, text);
	if (text.n > 0 && !own.p)
		return arena_err(a, e);
	reader_init(&rest, own.p, own.n);
	if (!keys_of(p, shape, &rest, a, &keys, row, e))
		return false;
	struct prop *props = ARENA_ARRAY(a, struct prop, keys.n);
	if (!props)
		return arena_err(a, e);
	for (size_t i = 0; i < keys.n; i++) {
		props[i].key = p->s->keys[keys.keys[i]].text;
		if (!prop_read(p, row, &keys, i, &rest, a, &props[i].value, e))
			return false;
	}
	*props_r = (struct shape_props){ props, keys.n };
	return rest.p == rest.end || bad_touch(p, row, e);
}
