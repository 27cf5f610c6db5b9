/*
 * segment_cursor.c - whole touches out of a segment.
 *
 * What it is:   a cursor for each column, and the run of the subject in which the last row was.
 * Promises:     a touch comes back as it was added, to the byte; its tie is computed again from its
 *               message id.
 * Threads:      a cursor belongs to one thread; the segment is shared.
 */
#include "archive/segment_cursor_int.h"

#include "base/mem.h"

#include <string.h>

bool segment_cursor_new(const struct segment *s, struct segment_cursor **c_r, err *e)
{
	struct segment_cursor *c = mem_zalloc(1, sizeof *c);
	if (!c)
		return err_nomem(e);
	c->s = s;
	c->subject_block = SIZE_MAX;
	for (size_t i = 0; i < COL_NUMBERS; i++)
		ints_cursor_init(&c->numbers[i], s->cols[i]);
	texts_cursor_init(&c->id, s->cols[COL_ID]);
	if (!props_cursor_init(&c->props, s, e)) {
		segment_cursor_free(&c);
		return false;
	}
	*c_r = c;
	return true;
}

void segment_cursor_free(struct segment_cursor **c_p)
{
	struct segment_cursor *c = *c_p;
	*c_p = NULL;
	if (!c)
		return;
	for (size_t i = 0; i < COL_NUMBERS; i++)
		ints_cursor_fini(&c->numbers[i]);
	texts_cursor_fini(&c->id);
	props_cursor_fini(&c->props);
	mem_free(c->subjects);
	mem_free(c->ends);
	vec_free(&c->order);
	mem_free(c);
}

/* ---- whose row it is ------------------------------------------------------------------------- */

/* The block of subjects in which the row is. */
static size_t block_of_row(const struct segment *s, uint64_t row)
{
	size_t low = 0, high = column_blocks(s->count);
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (s->begins[middle] <= row)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool subjects_load(struct segment_cursor *c, size_t block, err *e)
{
	const struct segment *s = c->s;
	uint64_t first = (uint64_t)block * COLFILE_BLOCK_ROWS;
	size_t n = (size_t)MIN(s->info.subjects - first, (uint64_t)COLFILE_BLOCK_ROWS);
	c->subject_block = SIZE_MAX;
	if (!c->subjects)
		c->subjects = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *c->subjects);
	if (!c->ends)
		c->ends = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *c->ends);
	if (!c->subjects || !c->ends)
		return err_nomem(e);
	if (!column_ints(s->subject, first, n, c->subjects, e) ||
	    !column_ints(s->count, first, n, c->ends, e))
		return false;
	/* The sum is known to be right: segment_read.c. */
	int64_t end = (int64_t)s->begins[block];
	for (size_t i = 0; i < n; i++)
		c->ends[i] = end += c->ends[i];
	c->subject_block = block;
	c->subjects_n = n;
	c->subject_i = 0;
	return true;
}

/* The run of the row, counted within the loaded block. */
static size_t run_of_row(const struct segment_cursor *c, uint64_t row)
{
	size_t low = 0, high = c->subjects_n - 1; /* the first whose end is behind the row */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if ((uint64_t)c->ends[middle] > row)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

bool cursor_subject(struct segment_cursor *c, uint64_t row, uint64_t *subject_r, err *e)
{
	const struct segment *s = c->s;
	size_t block = c->subject_block;
	bool loaded = block != SIZE_MAX && row >= s->begins[block] && row < s->begins[block + 1];
	if (!loaded && !subjects_load(c, block_of_row(s, row), e))
		return false;
	size_t i = c->subject_i;
	uint64_t begin = i > 0 ? (uint64_t)c->ends[i - 1] : s->begins[c->subject_block];
	if (row < begin || row >= (uint64_t)c->ends[i]) {
		bool next = row >= begin && i + 1 < c->subjects_n && row < (uint64_t)c->ends[i + 1];
		c->subject_i = next ? i + 1 : run_of_row(c, row);
	}
	*subject_r = (uint64_t)c->subjects[c->subject_i];
	return true;
}

/* ---- one touch ------------------------------------------------------------------------------- */

static bool bad_touch(const struct segment_cursor *c, uint64_t row, err *e)
{
	return err_set(e, ERR_CORRUPT, "%s is damaged (touch %llu)", colfile_path(c->s->file),
		       (unsigned long long)row);
}

bool cursor_message_id(struct segment_cursor *c, uint64_t row, unsigned flags, struct arena *a,
		       str *id_r, err *e)
{
	str id;
	*id_r = S("");
	if (!(flags & (FLAG_UUID | FLAG_TEXT)))
		return true;
	if (!texts_cursor_get(&c->id, row, &id, e))
		return false;
	if (!(flags & FLAG_UUID)) {
		*id_r = str_dup(a, id);
		return (id.n > 0 && id_r->p) ||
		       (id.n == 0 ? bad_touch(c, row, e) : arena_err(a, e));
	}
	if (id.n != UUID_BYTES)
		return bad_touch(c, row, e);
	char *text = arena_alloc(a, UUID_CHARS);
	if (!text)
		return arena_err(a, e);
	uuid_unpack((const uint8_t *)id.p, text);
	*id_r = str_make(text, UUID_CHARS);
	return true;
}

/* Field by field: a touch is large, and a copy of it costs more than reading one. */
static void numbers_to_touch(const struct segment *s, const int64_t v[COL_NUMBERS],
			     uint64_t subject, struct touch *t)
{
	unsigned flags = (unsigned)v[COL_FLAGS];
	t->seq = (uint64_t)v[COL_SEQ];
	t->at_us = v[COL_AT];
	t->received_us = v[COL_RECEIVED];
	t->name = s->names[v[COL_NAME]];
	t->person = person_of_code(subject, (uint64_t)v[COL_PERSON]);
	t->company = (uint64_t)v[COL_COMPANY];
	t->deal = (uint64_t)v[COL_DEAL];
	t->origin = s->origins[v[COL_ORIGIN]];
	t->channel = S("");
	t->import = (uint64_t)v[COL_IMPORT];
	t->cause = (uint64_t)v[COL_CAUSE];
	t->rule = s->words[v[COL_RULE]];
	t->by = s->words[v[COL_BY]];
	t->fill = flags & FLAG_FILL;
	t->from_public = flags & FLAG_PUBLIC;
}

bool segment_touch(struct segment_cursor *c, uint64_t row, struct arena *a, struct touch *t_r,
		   err *e)
{
	int64_t v[COL_NUMBERS];
	uint64_t subject;
	str id;
	struct shape_props props;
	CHECK(row < c->s->info.touches);
	if (!cursor_subject(c, row, &subject, e))
		return false;
	for (size_t i = 0; i < COL_NUMBERS; i++) {
		if (!ints_cursor_get(&c->numbers[i], row, &v[i], e))
			return false;
	}
	if (!cursor_message_id(c, row, (unsigned)v[COL_FLAGS], a, &id, e) ||
	    !props_cursor_read(&c->props, row, (size_t)v[COL_SHAPE], a, &props, e))
		return false;
	numbers_to_touch(c->s, v, subject, t_r);
	t_r->message_id = id;
	t_r->tie = id.n > 0 ? tie_of_message_id(id) : t_r->seq;
	t_r->props = props.items;
	t_r->props_n = props.n;
	return true;
}
