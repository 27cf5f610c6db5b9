/*
 * segment_build_props.c - properties of touches: which keys have columns, and where the rest goes.
 *
 * What it is:   the first touches are kept until it can be seen which keys are frequent and of what
 *               kind their values are; those get columns, of codes or of numbers. A touch is then
 *               its shape (which keys, in which order), its columns, and a rest.
 * Promises:     each value comes back with its kind, in its place. A value that does not fit its
 *               column stands in the rest, and the column is then no longer offered as whole.
 * Format:       docs/format/segment.md
 * Threads:      as the builder.
 */
#include "archive/segment_int.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLE_ROWS	 COLFILE_BLOCK_ROWS
#define SAMPLE_BYTES_MAX (16 * MIB)
#define SAMPLE_VALUES	 4096 /* different ones in the sample: more have no codes */
#define SAMPLE_SHARE	 256  /* a key of one in so many touches has a column */
#define TOUCH_BYTES_MOST (4 * MIB)

void build_props_init(struct build_props *p)
{
	*p = (struct build_props){ 0 };
	buf_init(&p->sample, SAMPLE_BYTES_MAX + 2 * TOUCH_BYTES_MOST);
	buf_init(&p->encoded, TOUCH_BYTES_MOST);
	buf_init(&p->shape, TOUCH_BYTES_MOST);
	buf_init(&p->rest, TOUCH_BYTES_MOST);
}

void build_props_fini(struct build_props *p)
{
	for (size_t i = 0; i < p->items.n; i++)
		map_fini(&p->items.items[i].values.codes);
	vec_free(&p->items);
	vec_free(&p->now);
	map_fini(&p->keys.codes);
	map_fini(&p->shapes.codes);
	buf_fini(&p->sample);
	buf_fini(&p->encoded);
	buf_fini(&p->shape);
	buf_fini(&p->rest);
}

static bool key_code(struct build_props *p, str text, uint32_t *key_r, err *e)
{
	if (!text_dict_add(&p->keys, text, key_r, e))
		return false;
	return *key_r < p->items.n || vec_push(&p->items, (struct build_key){ .whole = true }) ||
	       err_nomem(e);
}

/* Into p->now, encoded. */
static bool encode(struct build_props *p, const struct touch *t, err *e)
{
	struct buf *b = &p->encoded;
	vec_clear(&p->now);
	buf_clear(b);
	if (!vec_reserve(&p->now, t->props_n))
		return err_nomem(e);
	for (size_t i = 0; i < t->props_n; i++) {
		struct encoded_prop *x = &p->now.items[i];
		size_t begin = b->n;
		if (!key_code(p, t->props[i].key, &x->key, e))
			return false;
		value_encode(b, t->props[i].value);
		x->bytes = str_make(NULL, b->n - begin);
	}
	p->now.n = t->props_n;
	if (!buf_ok(b, e))
		return false;
	const char *at = b->p;
	for (size_t i = 0; i < p->now.n; i++) {
		p->now.items[i].bytes.p = at;
		at += p->now.items[i].bytes.n;
	}
	return true;
}

/* ---- columns --------------------------------------------------------------------------------- */

static unsigned kind_of(str encoded)
{
	return (unsigned char)encoded.p[0];
}

static const char *currency_of(str encoded)
{
	return encoded.p + 1;
}

static int64_t int_of(str encoded)
{
	struct reader r;
	size_t skip = kind_of(encoded) == VALUE_MONEY ? 4 : 1;
	reader_init(&r, encoded.p + skip, encoded.n - skip);
	return reader_zigzag(&r);
}

/* Brings the columns of a key up to the present row. */
static bool column_catch_up(struct build_props *p, struct build_key *k, err *e)
{
	uint64_t gap = p->rows - k->rows;
	k->rows = p->rows;
	return gap == 0 || (colfile_put_same(p->w, k->column, 0, gap, e) &&
			    (k->how != KEY_INTS || colfile_put_same(p->w, k->has, 0, gap, e)));
}

/* 0: it has none, and goes into the rest. */
static bool code_of(struct build_props *p, struct build_key *k, str bytes, uint32_t *code_r, err *e)
{
	uint64_t code;
	*code_r = 0;
	if (map_get(&k->values.codes, bytes, &code)) {
		*code_r = (uint32_t)code + 1;
		return true;
	}
	if (k->values.codes.n == PROPERTY_VALUES_MAX || bytes.n > PROPERTY_VALUE_BYTES_MAX ||
	    p->value_bytes + bytes.n > PROPERTY_BYTES_MAX)
		return true;
	if (!text_dict_add(&k->values, bytes, code_r, e))
		return false;
	p->value_bytes += bytes.n;
	++*code_r;
	return true;
}

static bool put_code(struct build_props *p, struct build_key *k, str bytes, bool *done_r, err *e)
{
	uint32_t code = 0;
	bool known = kind_of(bytes) != VALUE_NONE;
	if (known && !code_of(p, k, bytes, &code, e))
		return false;
	*done_r = code != 0;
	k->whole &= *done_r || !known;
	return colfile_put_codes(p->w, k->column, &code, 1, e);
}

static bool put_int(struct build_props *p, struct build_key *k, str bytes, bool *done_r, err *e)
{
	unsigned kind = kind_of(bytes);
	bool fits = kind == k->kind &&
		    (kind != VALUE_MONEY || memcmp(currency_of(bytes), k->currency, 3) == 0);
	int64_t v = fits ? int_of(bytes) : 0;
	uint32_t has = fits;
	*done_r = fits;
	k->whole &= fits || kind == VALUE_NONE;
	return colfile_put_ints(p->w, k->column, &v, 1, e) &&
	       colfile_put_codes(p->w, k->has, &has, 1, e);
}

/* Whether the value went into a column. What is unknown is of the rest; of a key that stands twice
 * in a touch, only the first value may be in the column. */
static bool column_put(struct build_props *p, const struct encoded_prop *x, bool *done_r, err *e)
{
	struct build_key *k = &p->items.items[x->key];
	*done_r = false;
	if (k->how == KEY_REST || k->rows > p->rows)
		return true;
	if (!column_catch_up(p, k, e))
		return false;
	k->rows++;
	return k->how == KEY_CODES ? put_code(p, k, x->bytes, done_r, e)
				   : put_int(p, k, x->bytes, done_r, e);
}

/* ---- one row --------------------------------------------------------------------------------- */

static bool shape_code(struct build_props *p, const struct encoded_prop *x, size_t n,
		       uint32_t *code_r, err *e)
{
	uint64_t known;
	buf_clear(&p->shape);
	for (size_t i = 0; i < n; i++)
		buf_varint(&p->shape, x[i].key);
	if (!buf_ok(&p->shape, e))
		return false;
	if (map_get(&p->shapes.codes, buf_view(&p->shape), &known)) {
		*code_r = (uint32_t)known + SHAPE_OWN + 1;
		return true;
	}
	if (p->shapes.codes.n == SHAPES_MAX) {
		*code_r = SHAPE_OWN;
		return true;
	}
	if (!text_dict_add(&p->shapes, buf_view(&p->shape), code_r, e))
		return false;
	*code_r += SHAPE_OWN + 1;
	return true;
}

static bool row_put(struct build_props *p, const struct encoded_prop *x, size_t n, err *e)
{
	uint32_t shape;
	if (!shape_code(p, x, n, &shape, e))
		return false;
	buf_clear(&p->rest);
	if (shape == SHAPE_OWN) {
		buf_varint(&p->rest, n);
		buf_str(&p->rest, buf_view(&p->shape));
	}
	for (size_t i = 0; i < n; i++) {
		bool done;
		if (!column_put(p, &x[i], &done, e))
			return false;
		if (!done)
			buf_str(&p->rest, x[i].bytes);
	}
	p->rows++;
	return buf_ok(&p->rest, e) && colfile_put_codes(p->w, p->shape_column, &shape, 1, e) &&
	       colfile_put_text(p->w, p->rest_column, buf_view(&p->rest), e);
}

static bool rows_skip(struct build_props *p, uint64_t n, err *e)
{
	p->rows += n;
	return colfile_put_same(p->w, p->shape_column, SHAPE_NONE, n, e) &&
	       colfile_put_empty(p->w, p->rest_column, n, e);
}

/* ---- deciding -------------------------------------------------------------------------------- */

static bool note_value(struct build_key *k, str bytes, err *e)
{
	uint32_t code;
	unsigned kind = kind_of(bytes);
	if (kind == VALUE_NONE)
		return true;
	k->count++;
	if (kind == VALUE_MONEY) {
		k->mixed_money |= (k->kinds >> VALUE_MONEY & 1) &&
				  memcmp(k->currency, currency_of(bytes), 3) != 0;
		memcpy(k->currency, currency_of(bytes), 3);
	}
	k->kinds |= 1u << kind;
	k->too_long |= bytes.n > PROPERTY_VALUE_BYTES_MAX;
	/* One more than may be, so that it shows. */
	if (k->too_long || k->values.codes.n > SAMPLE_VALUES)
		return true;
	return text_dict_add(&k->values, bytes, &code, e);
}

static enum key_how how_of(const struct build_key *k)
{
	bool one_kind = (k->kinds & (k->kinds - 1)) == 0;
	if (k->kinds && one_kind && kind_is_int((unsigned)__builtin_ctz(k->kinds)) &&
	    !k->mixed_money)
		return KEY_INTS;
	return k->too_long || k->values.codes.n > SAMPLE_VALUES ? KEY_REST : KEY_CODES;
}

static bool column_begin(struct build_props *p, size_t key, err *e)
{
	struct build_key *k = &p->items.items[key];
	char name[KEY_COLUMN_MAX];
	k->how = how_of(k);
	if (k->how == KEY_REST)
		return true;
	k->kind = (enum value_kind)__builtin_ctz(k->kinds);
	if (k->how == KEY_CODES)
		return colfile_add_column(p->w, TABLE_TOUCHES, key_column_name(name, 'c', key),
					  COLUMN_CODES, &k->column, e);
	return colfile_add_column(p->w, TABLE_TOUCHES, key_column_name(name, 'i', key), COLUMN_INTS,
				  &k->column, e) &&
	       colfile_add_column(p->w, TABLE_TOUCHES, key_column_name(name, 'h', key),
				  COLUMN_CODES, &k->has, e);
}

struct key_rank {
	uint64_t count;
	size_t key;
};

static int more_first(const void *a, const void *b)
{
	const struct key_rank *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static bool columns_begin(struct build_props *p, err *e)
{
	size_t n = p->items.n, columns = 0;
	struct key_rank *ranks = mem_alloc(n * sizeof *ranks);
	if (!ranks)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		ranks[i] = (struct key_rank){ p->items.items[i].count, i };
	if (n > 1)
		qsort(ranks, n, sizeof *ranks, more_first);
	bool ok = true;
	for (size_t i = 0; ok && i < n && columns < PROPERTY_COLUMNS_MAX; i++) {
		if (ranks[i].count == 0 || ranks[i].count * SAMPLE_SHARE < p->sample_rows)
			break;
		ok = column_begin(p, ranks[i].key, e);
		columns += p->items.items[ranks[i].key].how != KEY_REST;
	}
	mem_free(ranks);
	for (size_t i = 0; i < n; i++) {
		struct build_key *k = &p->items.items[i];
		if (k->how == KEY_CODES)
			continue;
		map_fini(&k->values.codes);
	}
	return ok;
}

static bool sample_replay(struct build_props *p, err *e)
{
	struct reader r;
	reader_init(&r, p->sample.p, p->sample.n);
	while (r.p < r.end) {
		uint64_t gap = reader_varint(&r), n = reader_varint(&r);
		vec_clear(&p->now);
		for (uint64_t i = 0; i < n; i++) {
			struct encoded_prop x = { .key = (uint32_t)reader_varint(&r) };
			x.bytes = reader_lenstr(&r);
			if (!vec_push(&p->now, x))
				return err_nomem(e);
		}
		if (!rows_skip(p, gap, e) || !row_put(p, p->now.items, p->now.n, e))
			return false;
	}
	CHECK(!r.bad);
	return rows_skip(p, p->waiting, e);
}

bool build_props_decide(struct build_props *p, err *e)
{
	p->decided = true;
	bool ok = columns_begin(p, e) && sample_replay(p, e);
	buf_fini(&p->sample);
	return ok;
}

static bool sample_put(struct build_props *p, err *e)
{
	struct buf *b = &p->sample;
	buf_varint(b, p->waiting);
	buf_varint(b, p->now.n);
	for (size_t i = 0; i < p->now.n; i++) {
		const struct encoded_prop *x = &p->now.items[i];
		buf_varint(b, x->key);
		buf_lenstr(b, x->bytes);
		if (!note_value(&p->items.items[x->key], x->bytes, e))
			return false;
	}
	p->waiting = 0;
	p->sample_rows++;
	if (!buf_ok(b, e))
		return false;
	return (p->sample_rows < SAMPLE_ROWS && b->n < SAMPLE_BYTES_MAX) ||
	       build_props_decide(p, e);
}

bool build_props_skip(struct build_props *p, uint64_t n, err *e)
{
	if (p->decided)
		return rows_skip(p, n, e);
	p->waiting += n;
	return true;
}

bool build_props_put(struct build_props *p, const struct touch *t, err *e)
{
	if (t->props_n == 0)
		return build_props_skip(p, 1, e);
	return encode(p, t, e) &&
	       (p->decided ? row_put(p, p->now.items, p->now.n, e) : sample_put(p, e));
}
