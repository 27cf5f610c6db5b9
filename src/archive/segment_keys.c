/*
 * segment_keys.c - keys of properties, their columns and values, when a segment is opened.
 *
 * What it is:   which keys there are, which have columns, what the codes in those mean, and the
 *               shapes of touches.
 * Promises:     see segment.c.
 * Format:       docs/format/segment.md
 * Threads:      one; the segment is not shared yet.
 */
#include "archive/segment_int.h"

#include "base/time.h"

#include <string.h>

static bool bad_keys(const struct segment *s, err *e)
{
	return segment_damaged(s, "its keys", e);
}

static bool key_codes(struct segment *s, str name, int64_t most, int64_t **v_r, err *e)
{
	const struct column *c;
	return segment_need_column(s, TABLE_KEYS, name, COLUMN_CODES, s->keys_n, &c, e) &&
	       (column_max(c) <= most || bad_keys(s, e)) && segment_read_ints(s, c, v_r, e);
}

static bool is_currency(str text)
{
	if (text.n != 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (text.p[i] < 'A' || text.p[i] > 'Z')
			return false;
	}
	return true;
}

/* Numbers of a column that are times or days lie where those can. */
static bool ints_in_range(const struct column *c, enum value_kind kind)
{
	int64_t least = kind == VALUE_TIME ? TIME_MIN_US : TIME_MIN_US / US_PER_DAY;
	int64_t most = kind == VALUE_TIME ? TIME_MAX_US : TIME_MAX_US / US_PER_DAY;
	if (kind != VALUE_TIME && kind != VALUE_DATE)
		return true;
	return column_min(c) >= least && column_max(c) <= most;
}

static bool open_codes(struct segment *s, size_t key, struct key_column *c, err *e)
{
	char name[KEY_COLUMN_MAX];
	return segment_need_column(s, TABLE_TOUCHES, key_column_name(name, 'c', key), COLUMN_CODES,
				   s->info.touches, &c->p.codes, e);
}

static bool open_ints(struct segment *s, size_t key, str currency, struct key_column *c, err *e)
{
	char name[KEY_COLUMN_MAX];
	if (!segment_need_column(s, TABLE_TOUCHES, key_column_name(name, 'i', key), COLUMN_INTS,
				 s->info.touches, &c->p.ints, e) ||
	    !segment_need_column(s, TABLE_TOUCHES, key_column_name(name, 'h', key), COLUMN_CODES,
				 s->info.touches, &c->p.has, e))
		return false;
	if (c->p.kind == VALUE_MONEY) {
		if (!is_currency(currency))
			return bad_keys(s, e);
		memcpy(c->p.currency, currency.p, 3);
	}
	return (kind_is_int(c->p.kind) && column_max(c->p.has) <= 1 &&
		ints_in_range(c->p.ints, c->p.kind)) ||
	       bad_keys(s, e);
}

static bool read_key_columns(struct segment *s, str *currencies, err *e)
{
	int64_t *how, *whole, *kind;
	if (!key_codes(s, S("how"), KEY_INTS, &how, e) || !key_codes(s, S("whole"), 1, &whole, e) ||
	    !key_codes(s, S("kind"), VALUE_LIST, &kind, e))
		return false;
	for (size_t i = 0; i < s->keys_n; i++) {
		s->keys[i].how = (enum key_how)how[i];
		if (how[i] == KEY_REST)
			continue;
		if (s->columns_n == PROPERTY_COLUMNS_MAX)
			return bad_keys(s, e);
		struct key_column *c = &s->columns[s->columns_n];
		s->keys[i].property = s->columns_n++;
		*c = (struct key_column){ .key = i, .whole = whole[i] };
		c->p.key = s->keys[i].text;
		c->p.kind = (enum value_kind)kind[i];
		if (!(how[i] == KEY_CODES ? open_codes(s, i, c, e)
					  : open_ints(s, i, currencies[i], c, e)))
			return false;
		if (c->whole)
			s->properties[s->properties_n++] = &c->p;
	}
	return true;
}

static bool read_keys(struct segment *s, err *e)
{
	const struct column *text = colfile_column(s->file, TABLE_KEYS, S("text"));
	const struct column *currency;
	str *texts, *currencies;
	if (!text || column_rows(text) > segment_entries_max(s))
		return bad_keys(s, e);
	s->keys_n = (size_t)column_rows(text);
	if (!segment_need_column(s, TABLE_KEYS, S("text"), COLUMN_BYTES, s->keys_n, &text, e) ||
	    !segment_need_column(s, TABLE_KEYS, S("currency"), COLUMN_BYTES, s->keys_n, &currency,
				 e) ||
	    !segment_read_texts(s, text, &texts, e) ||
	    !segment_read_texts(s, currency, &currencies, e))
		return false;
	s->keys = ARENA_ARRAY(&s->arena, struct segment_key, s->keys_n);
	s->columns = ARENA_ARRAY(&s->arena, struct key_column, PROPERTY_COLUMNS_MAX);
	if (!s->keys || !s->columns)
		return arena_err(&s->arena, e);
	for (size_t i = 0; i < s->keys_n; i++) {
		s->keys[i].text = texts[i];
		if (!map_put(&s->key_codes, texts[i], i))
			return err_nomem(e);
	}
	return read_key_columns(s, currencies, e);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* A value of the table goes to its key's column. */
static bool place_value(struct segment *s, int64_t key, str encoded, err *e)
{
	if ((uint64_t)key >= s->keys_n || s->keys[key].how != KEY_CODES)
		return bad_keys(s, e);
	struct key_column *c = &s->columns[s->keys[key].property];
	struct reader r;
	reader_init(&r, encoded.p, encoded.n);
	if (!value_decode(&r, &s->arena, &c->values[c->filled++]) || r.p != r.end)
		return s->arena.over ? arena_err(&s->arena, e) : bad_keys(s, e);
	return true;
}

static bool values_alloc(struct segment *s, const int64_t *keys, size_t n, err *e)
{
	for (size_t i = 0; i < n; i++) {
		if ((uint64_t)keys[i] >= s->keys_n || s->keys[keys[i]].how != KEY_CODES)
			return bad_keys(s, e);
		s->columns[s->keys[keys[i]].property].p.values_n++;
	}
	for (size_t i = 0; i < s->columns_n; i++) {
		struct key_column *c = &s->columns[i];
		if (!c->p.codes)
			continue;
		c->values = ARENA_ARRAY(&s->arena, value, c->p.values_n);
		if (!c->values)
			return arena_err(&s->arena, e);
		if ((uint64_t)column_max(c->p.codes) > c->p.values_n)
			return bad_keys(s, e);
	}
	return true;
}

static bool read_values(struct segment *s, err *e)
{
	const struct column *key = colfile_column(s->file, TABLE_VALUES, S("key")), *text;
	int64_t *keys;
	str *texts;
	if (!key || column_rows(key) > segment_entries_max(s))
		return bad_keys(s, e);
	size_t n = (size_t)column_rows(key);
	if (!segment_need_column(s, TABLE_VALUES, S("key"), COLUMN_CODES, n, &key, e) ||
	    !segment_need_column(s, TABLE_VALUES, S("value"), COLUMN_BYTES, n, &text, e) ||
	    !segment_read_ints(s, key, &keys, e) || !segment_read_texts(s, text, &texts, e) ||
	    !values_alloc(s, keys, n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!place_value(s, keys[i], texts[i], e))
			return false;
	}
	return true;
}

/* ---- shapes ---------------------------------------------------------------------------------- */

static bool read_shape(struct segment *s, str text, struct shape *shape, err *e)
{
	struct reader r;
	uint32_t *keys = ARENA_ARRAY(&s->arena, uint32_t, text.n);
	if (!keys)
		return arena_err(&s->arena, e);
	reader_init(&r, text.p, text.n);
	size_t n = 0;
	while (r.p < r.end && !r.bad) {
		uint64_t key = reader_varint(&r);
		if (r.bad || key >= s->keys_n || n == TOUCH_PROPS_MAX)
			return segment_damaged(s, "its shapes", e);
		keys[n++] = (uint32_t)key;
	}
	*shape = (struct shape){ keys, n };
	return true;
}

static bool read_shapes(struct segment *s, err *e)
{
	const struct column *c = colfile_column(s->file, TABLE_SHAPES, S("keys"));
	str *texts;
	if (!c || column_type(c) != COLUMN_BYTES || column_rows(c) > SHAPES_MAX)
		return segment_damaged(s, "its shapes", e);
	s->shapes_n = (size_t)column_rows(c);
	s->shapes = ARENA_ARRAY(&s->arena, struct shape, s->shapes_n);
	if (!s->shapes)
		return arena_err(&s->arena, e);
	if (!segment_read_texts(s, c, &texts, e))
		return false;
	for (size_t i = 0; i < s->shapes_n; i++) {
		if (!read_shape(s, texts[i], &s->shapes[i], e))
			return false;
	}
	uint64_t most = column_rows(s->cols[COL_SHAPE]) == 0
				? 0
				: (uint64_t)column_max(s->cols[COL_SHAPE]);
	return most < s->shapes_n + SHAPE_OWN + 1 || segment_damaged(s, "its shapes", e);
}

bool segment_read_keys(struct segment *s, err *e)
{
	return read_keys(s, e) && read_values(s, e) && read_shapes(s, e);
}
