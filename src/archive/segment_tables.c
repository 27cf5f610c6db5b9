/*
 * segment_tables.c - a builder's dictionaries, and the tables that they become.
 *
 * What it is:   names with their counts, the short texts of origins, rules and users, and origins
 *               as seven of those.
 * Format:       docs/format/segment.md
 * Threads:      as the builder.
 */
#include "archive/segment_int.h"

#include "base/mem.h"

bool text_dict_add(struct text_dict *d, str text, uint32_t *code_r, err *e)
{
	uint64_t code;
	if (!map_get(&d->codes, text, &code)) {
		code = d->codes.n;
		if (code == UINT32_MAX)
			return err_set(e, ERR_LIMIT, "too many different texts for one segment");
		if (!map_put(&d->codes, text, code))
			return err_nomem(e);
	}
	*code_r = (uint32_t)code;
	return true;
}

bool text_dict_list(const struct text_dict *d, str **texts_r, err *e)
{
	str *texts = mem_zalloc(d->codes.n, sizeof *texts);
	if (!texts)
		return err_nomem(e);
	str text;
	uint64_t code;
	for (size_t at = 0; map_next(&d->codes, &at, &text, &code);)
		texts[code] = text;
	*texts_r = texts;
	return true;
}

bool build_put_texts(struct colfile_writer *w, enum table table, str name, const str *texts,
		     size_t n, err *e)
{
	unsigned c;
	bool ok = colfile_add_column(w, table, name, COLUMN_BYTES, &c, e);
	for (size_t i = 0; ok && i < n; i++)
		ok = colfile_put_text(w, c, texts[i], e);
	return ok;
}

bool build_put_codes(struct colfile_writer *w, enum table table, str name, const uint32_t *v,
		     size_t n, err *e)
{
	unsigned c;
	return colfile_add_column(w, table, name, COLUMN_CODES, &c, e) &&
	       colfile_put_codes(w, c, v, n, e);
}

static bool put_dict(struct colfile_writer *w, enum table table, const struct text_dict *d, err *e)
{
	str *texts;
	if (!text_dict_list(d, &texts, e))
		return false;
	bool ok = build_put_texts(w, table, S("text"), texts, d->codes.n, e);
	mem_free(texts);
	return ok;
}

/* An origin is kept under its seven texts, each with its length. */
static bool put_origin_field(struct segment_builder *b, const str *origins, size_t field, err *e)
{
	size_t n = b->origins.codes.n;
	uint32_t *codes = mem_alloc(n * sizeof *codes);
	if (!codes)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++) {
		struct reader r;
		uint64_t word = 0;
		str text = S("");
		reader_init(&r, origins[i].p, origins[i].n);
		for (size_t k = 0; k <= field; k++)
			text = reader_lenstr(&r);
		CHECK(!r.bad && map_get(&b->words.codes, text, &word));
		codes[i] = (uint32_t)word;
	}
	bool ok = build_put_codes(b->w, TABLE_ORIGINS, str_of(segment_origin_fields[field]), codes,
				  n, e);
	mem_free(codes);
	return ok;
}

static bool put_origins(struct segment_builder *b, err *e)
{
	str *origins;
	if (!text_dict_list(&b->origins, &origins, e))
		return false;
	bool ok = true;
	for (size_t field = 0; ok && field < ORIGIN_FIELDS; field++)
		ok = put_origin_field(b, origins, field, e);
	mem_free(origins);
	return ok;
}

static bool put_note(struct segment_builder *b, err *e)
{
	struct buf *note = &b->scratch;
	buf_clear(note);
	buf_varint(note, SEGMENT_VERSION);
	buf_varint(note, b->keyed_seq);
	return buf_ok(note, e) && colfile_put_note(b->w, SEGMENT_NOTE, buf_view(note), e);
}

bool build_tables(struct segment_builder *b, err *e)
{
	unsigned counts;
	return put_note(b, e) && put_dict(b->w, TABLE_NAMES, &b->names, e) &&
	       colfile_add_column(b->w, TABLE_NAMES, S("count"), COLUMN_INTS, &counts, e) &&
	       colfile_put_ints(b->w, counts, (const int64_t *)b->name_counts.items,
				b->name_counts.n, e) &&
	       put_dict(b->w, TABLE_WORDS, &b->words, e) && put_origins(b, e);
}
