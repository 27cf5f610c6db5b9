/*
 * segment_merge_copy.c - rows of one segment into the builder of another.
 *
 * What it is:   columns are copied as they are, codes through a table that is filled as they are
 *               met, so that an output knows no name, source or user that none of its touches has.
 *               Touches with properties go whole, since each segment chooses anew which of those
 *               have columns.
 * Threads:      as the merge.
 */
#include "archive/segment_merge_int.h"

#include "base/mem.h"

bool merge_tie(struct merge *m, struct merge_in *in, uint64_t row, uint64_t *tie_r, err *e)
{
	int64_t flags, seq;
	str id;
	if (!ints_cursor_get(&in->c->numbers[COL_FLAGS], row, &flags, e) ||
	    !ints_cursor_get(&in->c->numbers[COL_SEQ], row, &seq, e))
		return false;
	*tie_r = (uint64_t)seq;
	if (!(flags & (FLAG_UUID | FLAG_TEXT)))
		return true;
	arena_reset(&m->a);
	if (!cursor_message_id(in->c, row, (unsigned)flags, &m->a, &id, e))
		return false;
	*tie_r = tie_of_message_id(id);
	return true;
}

/* ---- whole touches --------------------------------------------------------------------------- */

static bool copy_whole(struct merge *m, struct merge_in *in, uint64_t row, uint64_t subject,
		       struct segment_builder *b, err *e)
{
	struct touch t;
	arena_reset(&m->a);
	if (!segment_touch(in->c, row, &m->a, &t, e) || !segment_add(b, subject, &t, e))
		return false;
	m->written++;
	return true;
}

bool merge_copy_moved(struct merge *m, const struct moved *t, err *e)
{
	struct merge_out *out;
	return merge_out_for(m, t->at_us, &out, e) &&
	       copy_whole(m, &m->in[t->input], t->row, t->subject, out->b, e);
}

/* ---- columns --------------------------------------------------------------------------------- */

static bool map_code(const struct segment *s, enum touch_column column, size_t code,
		     struct segment_builder *b, const struct code_maps *maps, uint32_t *code_r,
		     err *e)
{
	uint32_t *map = column == COL_NAME     ? maps->names
			: column == COL_ORIGIN ? maps->origins
					       : maps->words;
	if (map[code] == UINT32_MAX) {
		bool ok = column == COL_NAME ? segment_name_add(b, s->names[code], &map[code], e)
			  : column == COL_ORIGIN
				  ? segment_origin_add(b, &s->origins[code], &map[code], e)
				  : text_dict_add(&b->words, s->words[code], &map[code], e);
		if (!ok)
			return false;
	}
	*code_r = map[code];
	return true;
}

static bool is_mapped(enum touch_column c)
{
	return c == COL_NAME || c == COL_ORIGIN || c == COL_RULE || c == COL_BY;
}

static bool copy_same(struct merge_in *in, enum touch_column c, int64_t v, size_t n,
		      struct segment_builder *b, const struct code_maps *maps, err *e)
{
	if (is_mapped(c)) {
		uint32_t code;
		if (!map_code(in->s, c, (size_t)v, b, maps, &code, e))
			return false;
		v = code;
		if (c == COL_NAME)
			b->name_counts.items[code] += n;
	}
	return colfile_put_same(b->w, b->cols[c], v, n, e);
}

static bool copy_codes(struct merge *m, struct merge_in *in, enum touch_column c, const int64_t *v,
		       size_t n, struct segment_builder *b, const struct code_maps *maps, err *e)
{
	for (size_t i = 0; i < n; i++) {
		m->codes[i] = (uint32_t)v[i];
		if (is_mapped(c) && !map_code(in->s, c, (size_t)v[i], b, maps, &m->codes[i], e))
			return false;
		if (c == COL_NAME)
			b->name_counts.items[m->codes[i]]++;
	}
	return colfile_put_codes(b->w, b->cols[c], m->codes, n, e);
}

/* Rows of one block of a column. */
static bool copy_part(struct merge *m, struct merge_in *in, enum touch_column c, uint64_t row,
		      size_t n, struct segment_builder *b, const struct code_maps *maps, err *e)
{
	struct ints_cursor *t = &in->c->numbers[c];
	size_t at = (size_t)(row % COLFILE_BLOCK_ROWS);
	int64_t first;
	/* Brings the cursor to the block, unpacked when it is cold. */
	if (!ints_cursor_get(t, row, &first, e))
		return false;
	if (t->b.codec == CODEC_CONST)
		return copy_same(in, c, first, n, b, maps, e);
	bool cold = t->b.codec == CODEC_COLD;
	if (!cold && !block_ints(&t->b, at, n, m->numbers, e))
		return false;
	const int64_t *v = cold ? t->unpacked + at : m->numbers;
	return t->b.codes ? copy_codes(m, in, c, v, n, b, maps, e)
			  : colfile_put_ints(b->w, b->cols[c], v, n, e);
}

static bool copy_ids(struct merge_in *in, uint64_t row, size_t n, struct segment_builder *b, err *e)
{
	if (column_max(in->s->cols[COL_FLAGS]) < FLAG_UUID)
		return colfile_put_empty(b->w, b->cols[COL_ID], n, e);
	for (size_t i = 0; i < n; i++) {
		str id;
		if (!texts_cursor_get(&in->c->id, row + i, &id, e) ||
		    !colfile_put_text(b->w, b->cols[COL_ID], id, e))
			return false;
	}
	return true;
}

/* Opens or continues the run of a subject; that it is in order was seen to by the merge. */
static bool run_continue(struct segment_builder *b, uint64_t subject, size_t n, err *e)
{
	if (b->count == 0 || subject != b->subject) {
		if (!build_order(b, subject, INT64_MIN, 0, 0, e))
			return false;
	}
	b->count += n;
	b->touches += n;
	return true;
}

/* Rows without properties. */
static bool copy_plain(struct merge *m, struct merge_in *in, uint64_t row, size_t n,
		       uint64_t subject, struct merge_out *out, err *e)
{
	struct segment_builder *b = out->b;
	const struct code_maps *maps = &out->maps[in - m->in];
	if (!run_continue(b, subject, n, e))
		return false;
	for (enum touch_column c = 0; c < COL_NUMBERS; c++) {
		for (size_t done = 0; c != COL_SHAPE && done < n;) {
			uint64_t at = row + done;
			size_t most = COLFILE_BLOCK_ROWS - (size_t)(at % COLFILE_BLOCK_ROWS);
			size_t take = MIN(n - done, most);
			if (!copy_part(m, in, c, at, take, b, maps, e))
				return false;
			done += take;
		}
	}
	m->written += n;
	return copy_ids(in, row, n, b, e) && build_props_skip(&b->props, n, e);
}

/* How many rows from `row` on are alike in having properties or not. */
static bool alike(struct merge_in *in, uint64_t row, size_t n, size_t *n_r, bool *plain_r, err *e)
{
	struct ints_cursor *t = &in->c->numbers[COL_SHAPE];
	int64_t shape, other;
	if (column_max(in->s->cols[COL_SHAPE]) == SHAPE_NONE) {
		*plain_r = true;
		*n_r = n;
		return true;
	}
	if (!ints_cursor_get(t, row, &shape, e))
		return false;
	size_t i = 1;
	for (; i < n; i++) {
		if (!ints_cursor_get(t, row + i, &other, e))
			return false;
		if ((other == SHAPE_NONE) != (shape == SHAPE_NONE))
			break;
	}
	*plain_r = shape == SHAPE_NONE;
	*n_r = i;
	return true;
}

static bool copy_to(struct merge *m, struct merge_in *in, uint64_t row, size_t n, uint64_t subject,
		    struct merge_out *out, err *e)
{
	while (n > 0) {
		size_t take = 0;
		bool plain = false;
		if (!alike(in, row, n, &take, &plain, e) ||
		    (plain && !copy_plain(m, in, row, take, subject, out, e)))
			return false;
		for (size_t i = 0; !plain && i < take; i++) {
			if (!copy_whole(m, in, row + i, subject, out->b, e))
				return false;
		}
		row += take;
		n -= take;
	}
	return true;
}

/* ---- years ----------------------------------------------------------------------------------- */

static bool holds(const struct merge_out *out, int64_t at_us)
{
	return at_us >= out->from_us && at_us < out->to_us;
}

bool merge_copy(struct merge *m, struct merge_in *in, uint64_t row, size_t n, uint64_t subject,
		err *e)
{
	struct ints_cursor *at = &in->c->numbers[COL_AT];
	while (n > 0) {
		struct merge_out *out;
		int64_t first, us;
		if (!ints_cursor_get(at, row, &first, e) || !merge_out_for(m, first, &out, e))
			return false;
		bool one_year = holds(out, first) && holds(out, in->s->info.at_max_us);
		size_t take = one_year ? n : 1;
		for (; take < n; take++) {
			if (!ints_cursor_get(at, row + take, &us, e))
				return false;
			if (!holds(out, us))
				break;
		}
		if (!copy_to(m, in, row, take, subject, out, e))
			return false;
		row += take;
		n -= take;
	}
	return true;
}
