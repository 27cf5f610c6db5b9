/*
 * segment_read.c - what is read of a segment when it is opened.
 *
 * What it is:   its columns, the counts of its subjects (they lead from subjects to rows, so their
 *               sum is compared), names, words and origins.
 * Promises:     see segment.c.
 * Format:       docs/format/segment.md
 * Threads:      one; the segment is not shared yet.
 */
#include "archive/segment_int.h"

#include "base/mem.h"

#include <string.h>

uint64_t segment_entries_max(const struct segment *s)
{
	return MIN(256 + 64 * colfile_bytes(s->file), (uint64_t)UINT32_MAX);
}

bool segment_read_ints(struct segment *s, const struct column *c, int64_t **v_r, err *e)
{
	size_t n = (size_t)column_rows(c);
	int64_t *v = ARENA_ARRAY(&s->arena, int64_t, n);
	if (!v)
		return arena_err(&s->arena, e);
	*v_r = v;
	return column_ints(c, 0, n, v, e);
}

bool segment_read_texts(struct segment *s, const struct column *c, str **v_r, err *e)
{
	size_t n = (size_t)column_rows(c);
	str *v = ARENA_ARRAY(&s->arena, str, n);
	if (!v)
		return arena_err(&s->arena, e);
	struct texts_cursor t;
	texts_cursor_init(&t, c);
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++) {
		str text;
		ok = texts_cursor_get(&t, i, &text, e);
		if (ok && text.n > 0) {
			v[i] = str_dup(&s->arena, text);
			ok = v[i].p || arena_err(&s->arena, e);
		}
	}
	texts_cursor_fini(&t);
	*v_r = v;
	return ok;
}

/* ---- columns --------------------------------------------------------------------------------- */

static bool read_note(struct segment *s, err *e)
{
	struct reader r;
	str note = colfile_note(s->file, SEGMENT_NOTE);
	reader_init(&r, note.p, note.n);
	uint64_t version = reader_varint(&r);
	if (!r.bad && version > SEGMENT_VERSION)
		return err_set(e, ERR_CONFLICT,
			       "%s has touches of format %llu; this program reads up to format %d: "
			       "use a newer one",
			       colfile_path(s->file), (unsigned long long)version, SEGMENT_VERSION);
	s->info.keyed_seq = reader_varint(&r);
	return (!r.bad && version > 0 && r.p == r.end) || segment_damaged(s, "its note", e);
}

/* Sums the counts by block of subjects; a block that is one number is not even unpacked. */
static bool sum_block(struct segment *s, size_t block, uint64_t *sum_r, err *e)
{
	int64_t v[1024];
	struct column_block b;
	if (!column_block(s->count, block, &b, e))
		return false;
	uint64_t sum = 0, most = s->info.touches;
	if (b.codec == CODEC_CONST) {
		*sum_r = sum = (uint64_t)b.base * b.rows;
		return (b.base >= 1 && (uint64_t)b.base <= most) ||
		       segment_damaged(s, "its counts", e);
	}
	int64_t least = INT64_MAX, greatest = 0;
	if (b.codec == CODEC_COLD) {
		int64_t *all = mem_alloc(b.rows * sizeof *all);
		bool ok = all ? block_ints(&b, 0, b.rows, all, e) : err_nomem(e);
		for (size_t i = 0; ok && i < b.rows; i++) {
			least = MIN(least, all[i]);
			greatest = MAX(greatest, all[i]);
			sum += (uint64_t)all[i];
		}
		mem_free(all);
		if (!ok)
			return false;
	}
	for (size_t at = 0; b.codec != CODEC_COLD && at < b.rows; at += ARRAY_LEN(v)) {
		size_t n = MIN(b.rows - at, ARRAY_LEN(v));
		if (!block_ints(&b, at, n, v, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			least = MIN(least, v[i]);
			greatest = MAX(greatest, v[i]);
			sum += (uint64_t)v[i];
		}
	}
	*sum_r = sum;
	return (least >= 1 && (uint64_t)greatest <= most) || segment_damaged(s, "its counts", e);
}

static bool read_begins(struct segment *s, err *e)
{
	size_t blocks = column_blocks(s->count);
	s->begins = mem_zalloc(blocks + 1, sizeof *s->begins);
	if (!s->begins)
		return err_nomem(e);
	for (size_t i = 0; i < blocks; i++) {
		uint64_t sum = 0;
		if (!sum_block(s, i, &sum, e))
			return false;
		s->begins[i + 1] = s->begins[i] + sum;
		if (s->begins[i + 1] > s->info.touches)
			return segment_damaged(s, "its counts", e);
	}
	return s->begins[blocks] == s->info.touches || segment_damaged(s, "its counts", e);
}

static void read_info(struct segment *s)
{
	struct segment_info *i = &s->info;
	const struct column *import = s->cols[COL_IMPORT];
	i->seq_min = (uint64_t)column_min(s->cols[COL_SEQ]);
	i->seq_max = (uint64_t)column_max(s->cols[COL_SEQ]);
	i->at_min_us = column_min(s->cols[COL_AT]);
	i->at_max_us = column_max(s->cols[COL_AT]);
	i->has_imports = column_min(import) != 0 || column_max(import) != 0;
	if (column_min(import) == column_max(import))
		i->import = (uint64_t)column_max(import);
	i->subjects = column_rows(s->subject);
	i->bytes = colfile_bytes(s->file);
}

bool segment_read_columns(struct segment *s, err *e)
{
	const struct column *at = colfile_column(s->file, TABLE_TOUCHES, S("at"));
	const struct column *subject = colfile_column(s->file, TABLE_SUBJECTS, S("subject"));
	if (!at || !subject)
		return segment_damaged(s, "its columns", e);
	s->info.touches = column_rows(at);
	for (size_t i = 0; i < COL_ALL; i++) {
		const struct column_form *f = &segment_forms[i];
		if (!segment_need_column(s, TABLE_TOUCHES, str_of(f->name), f->type,
					 s->info.touches, &s->cols[i], e))
			return false;
	}
	uint64_t subjects = column_rows(subject);
	if (!segment_need_column(s, TABLE_SUBJECTS, S("subject"), COLUMN_INTS, subjects,
				 &s->subject, e) ||
	    !segment_need_column(s, TABLE_SUBJECTS, S("count"), COLUMN_INTS, subjects, &s->count,
				 e))
		return false;
	if (column_max(s->cols[COL_FLAGS]) > FLAGS_ALL)
		return segment_damaged(s, "its flags", e);
	read_info(s);
	return read_note(s, e) && read_begins(s, e);
}

/* ---- dictionaries ---------------------------------------------------------------------------- */

/* Whether a column's codes are all below n. */
static bool codes_below(const struct column *c, size_t n)
{
	return column_rows(c) == 0 || (uint64_t)column_max(c) < n;
}

static bool read_table(struct segment *s, enum table table, str name, str **texts_r, size_t *n_r,
		       err *e)
{
	const struct column *c = colfile_column(s->file, table, name);
	if (!c || column_type(c) != COLUMN_BYTES || column_rows(c) > segment_entries_max(s))
		return segment_damaged(s, "its dictionaries", e);
	*n_r = (size_t)column_rows(c);
	return segment_read_texts(s, c, texts_r, e);
}

static bool read_names(struct segment *s, err *e)
{
	const struct column *count;
	int64_t *counts;
	if (!read_table(s, TABLE_NAMES, S("text"), &s->names, &s->names_n, e) ||
	    !segment_need_column(s, TABLE_NAMES, S("count"), COLUMN_INTS, s->names_n, &count, e) ||
	    !segment_read_ints(s, count, &counts, e))
		return false;
	s->name_counts = (uint64_t *)counts;
	for (size_t i = 0; i < s->names_n; i++) {
		if (!map_put(&s->name_codes, s->names[i], i))
			return err_nomem(e);
	}
	return codes_below(s->cols[COL_NAME], s->names_n) || segment_damaged(s, "its names", e);
}

static bool read_words(struct segment *s, err *e)
{
	return read_table(s, TABLE_WORDS, S("text"), &s->words, &s->words_n, e) &&
	       ((codes_below(s->cols[COL_RULE], s->words_n) &&
		 codes_below(s->cols[COL_BY], s->words_n)) ||
		segment_damaged(s, "its words", e));
}

static str *origin_field(struct origin *o, size_t field)
{
	str *fields[ORIGIN_FIELDS] = { &o->source, &o->medium,	 &o->campaign,	&o->content,
				       &o->term,   &o->referrer, &o->click_kind };
	return fields[field];
}

static bool read_origin_field(struct segment *s, size_t field, err *e)
{
	const struct column *c;
	int64_t *codes;
	if (!segment_need_column(s, TABLE_ORIGINS, str_of(segment_origin_fields[field]),
				 COLUMN_CODES, s->origins_n, &c, e))
		return false;
	if (!codes_below(c, s->words_n))
		return segment_damaged(s, "its origins", e);
	if (!segment_read_ints(s, c, &codes, e))
		return false;
	for (size_t i = 0; i < s->origins_n; i++)
		*origin_field(&s->origins[i], field) = s->words[codes[i]];
	return true;
}

static bool read_origins(struct segment *s, err *e)
{
	const struct column *c = colfile_column(s->file, TABLE_ORIGINS,
						str_of(segment_origin_fields[0]));
	if (!c || column_rows(c) == 0 || column_rows(c) > segment_entries_max(s))
		return segment_damaged(s, "its origins", e);
	s->origins_n = (size_t)column_rows(c);
	s->origins = ARENA_ARRAY(&s->arena, struct origin, s->origins_n);
	if (!s->origins)
		return arena_err(&s->arena, e);
	for (size_t i = 0; i < ORIGIN_FIELDS; i++) {
		if (!read_origin_field(s, i, e))
			return false;
	}
	return codes_below(s->cols[COL_ORIGIN], s->origins_n) ||
	       segment_damaged(s, "its origins", e);
}

bool segment_read_dictionaries(struct segment *s, err *e)
{
	return read_names(s, e) && read_words(s, e) && read_origins(s, e);
}
