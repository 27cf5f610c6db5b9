/*
 * segment_build.c - touches in order to a segment.
 *
 * What it is:   one touch at a time, with everything that it is; or many plain ones at once, column
 *               by column, as bulk loading has them.
 * Promises:     memory for dictionaries and one block a column, however many touches come. What is
 *               out of order is refused. On failure no file is left.
 * Threads:      one at a time; any.
 */
#include "archive/segment_int.h"

#include "base/mem.h"

#include <string.h>

static void builder_free(struct segment_builder **b_p)
{
	struct segment_builder *b = *b_p;
	*b_p = NULL;
	map_fini(&b->names.codes);
	map_fini(&b->words.codes);
	map_fini(&b->origins.codes);
	vec_free(&b->name_counts);
	build_props_fini(&b->props);
	buf_fini(&b->scratch);
	mem_free(b->numbers);
	mem_free(b->path);
	mem_free(b);
}

void segment_abort(struct segment_builder **b)
{
	if (!*b)
		return;
	colfile_abort(&(*b)->w);
	builder_free(b);
}

static bool columns_add(struct segment_builder *b, err *e)
{
	for (size_t i = 0; i < COL_ALL; i++) {
		const struct column_form *f = &segment_forms[i];
		if (!colfile_add_column(b->w, TABLE_TOUCHES, str_of(f->name), f->type, &b->cols[i],
					e))
			return false;
		if (f->small)
			colfile_prefer_small(b->w, b->cols[i]);
	}
	b->props.w = b->w;
	b->props.shape_column = b->cols[COL_SHAPE];
	b->props.rest_column = b->cols[COL_REST];
	return colfile_add_column(b->w, TABLE_SUBJECTS, S("subject"), COLUMN_INTS,
				  &b->subject_column, e) &&
	       colfile_add_column(b->w, TABLE_SUBJECTS, S("count"), COLUMN_INTS, &b->count_column,
				  e);
}

static bool dictionaries_begin(struct segment_builder *b, err *e)
{
	uint32_t code;
	struct origin nowhere = { 0 };
	b->numbers = mem_alloc(COLFILE_BLOCK_ROWS * sizeof *b->numbers);
	if (!b->numbers)
		return err_nomem(e);
	return text_dict_add(&b->words, S(""), &code, e) &&
	       segment_origin_add(b, &nowhere, &code, e);
}

static bool path_keep(struct segment_builder *b, const char *path, err *e)
{
	if (!path)
		return true;
	size_t n = strlen(path) + 1;
	b->path = mem_alloc(n);
	if (!b->path)
		return err_nomem(e);
	memcpy(b->path, path, n);
	return true;
}

bool segment_begin_build(const struct segment_options *o, struct segment_builder **b_r, err *e)
{
	struct segment_builder *b = mem_zalloc(1, sizeof *b);
	if (!b)
		return err_nomem(e);
	b->fs = o->fs;
	b->keyed_seq = o->keyed_seq;
	buf_init(&b->scratch, 2 * MIB);
	build_props_init(&b->props);
	struct colfile_options c = {
		.fs = o->fs, .path = o->path, .kind = SEGMENT_KIND, .cold = o->cold
	};
	if (!path_keep(b, o->path, e) || !colfile_create(&c, &b->w, e)) {
		builder_free(&b);
		return false;
	}
	if (!columns_add(b, e) || !dictionaries_begin(b, e)) {
		segment_abort(&b);
		return false;
	}
	*b_r = b;
	return true;
}

uint64_t segment_builder_touches(const struct segment_builder *b)
{
	return b->touches;
}

/* ---- dictionaries ---------------------------------------------------------------------------- */

bool segment_name_add(struct segment_builder *b, str name, uint32_t *code_r, err *e)
{
	uint32_t code;
	if (!text_dict_add(&b->names, name, &code, e))
		return false;
	if (code == b->name_counts.n && !vec_push(&b->name_counts, 0))
		return err_nomem(e);
	*code_r = code;
	return true;
}

bool segment_origin_add(struct segment_builder *b, const struct origin *o, uint32_t *code_r, err *e)
{
	str texts[ORIGIN_FIELDS];
	uint64_t known;
	origin_texts(o, texts);
	buf_clear(&b->scratch);
	for (size_t i = 0; i < ORIGIN_FIELDS; i++)
		buf_lenstr(&b->scratch, texts[i]);
	if (!buf_ok(&b->scratch, e))
		return false;
	if (map_get(&b->origins.codes, buf_view(&b->scratch), &known)) {
		*code_r = (uint32_t)known;
		return true;
	}
	uint32_t word;
	for (size_t i = 0; i < ORIGIN_FIELDS; i++) {
		if (!text_dict_add(&b->words, texts[i], &word, e))
			return false;
	}
	return text_dict_add(&b->origins, buf_view(&b->scratch), code_r, e);
}

static bool origin_is_empty(const struct origin *o)
{
	return !(o->source.n | o->medium.n | o->campaign.n | o->content.n | o->term.n |
		 o->referrer.n | o->click_kind.n);
}

/* ---- one touch ------------------------------------------------------------------------------- */

static bool run_end(struct segment_builder *b, err *e)
{
	int64_t subject = (int64_t)b->subject, count = (int64_t)b->count;
	return b->count == 0 || (colfile_put_ints(b->w, b->subject_column, &subject, 1, e) &&
				 colfile_put_ints(b->w, b->count_column, &count, 1, e));
}

static bool out_of_order(err *e)
{
	return err_set(e, ERR_INVALID, "touches of a segment have to come in order");
}

bool build_order(struct segment_builder *b, uint64_t subject, int64_t at_us, uint64_t tie,
		 uint64_t seq, err *e)
{
	if (b->count > 0 && subject == b->subject) {
		bool after = at_us != b->at_us ? at_us > b->at_us
			     : tie != b->tie   ? tie > b->tie
					       : seq > b->seq;
		if (!after)
			return out_of_order(e);
	} else {
		if (b->count > 0 && subject < b->subject)
			return out_of_order(e);
		if (!run_end(b, e))
			return false;
		b->subject = subject;
		b->count = 0;
	}
	b->at_us = at_us;
	b->tie = tie;
	b->seq = seq;
	return true;
}

static bool id_put(struct segment_builder *b, str id, unsigned *flags, err *e)
{
	uint8_t uuid[UUID_BYTES];
	if (uuid_pack(id, uuid)) {
		*flags |= FLAG_UUID;
		id = str_make((const char *)uuid, sizeof uuid);
	} else if (id.n > 0) {
		*flags |= FLAG_TEXT;
	}
	return colfile_put_text(b->w, b->cols[COL_ID], id, e);
}

static bool codes_of(struct segment_builder *b, const struct touch *t, uint32_t codes[COL_ALL],
		     err *e)
{
	codes[COL_ORIGIN] = 0;
	return segment_name_add(b, t->name, &codes[COL_NAME], e) &&
	       (origin_is_empty(&t->origin) ||
		segment_origin_add(b, &t->origin, &codes[COL_ORIGIN], e)) &&
	       text_dict_add(&b->words, t->rule, &codes[COL_RULE], e) &&
	       text_dict_add(&b->words, t->by, &codes[COL_BY], e);
}

bool segment_add(struct segment_builder *b, uint64_t subject, const struct touch *t, err *e)
{
	uint32_t codes[COL_ALL] = { 0 };
	if (!build_order(b, subject, t->at_us, t->tie, t->seq, e) || !codes_of(b, t, codes, e))
		return false;
	unsigned flags = (t->fill ? FLAG_FILL : 0u) | (t->from_public ? FLAG_PUBLIC : 0u);
	if (!id_put(b, t->message_id, &flags, e))
		return false;
	codes[COL_FLAGS] = flags;
	const int64_t numbers[COL_NUMBERS] = {
		[COL_AT] = t->at_us,
		[COL_SEQ] = (int64_t)t->seq,
		[COL_PERSON] = (int64_t)person_code(subject, t->person),
		[COL_COMPANY] = (int64_t)t->company,
		[COL_DEAL] = (int64_t)t->deal,
		[COL_IMPORT] = (int64_t)t->import,
		[COL_RECEIVED] = t->received_us,
		[COL_CAUSE] = (int64_t)t->cause,
	};
	for (size_t i = 0; i < COL_NUMBERS; i++) {
		if (i == COL_SHAPE)
			continue;
		bool ok = segment_forms[i].type == COLUMN_CODES
				  ? colfile_put_codes(b->w, b->cols[i], &codes[i], 1, e)
				  : colfile_put_ints(b->w, b->cols[i], &numbers[i], 1, e);
		if (!ok)
			return false;
	}
	if (!build_props_put(&b->props, t, e))
		return false;
	b->name_counts.items[codes[COL_NAME]]++;
	b->count++;
	b->touches++;
	return true;
}

/* ---- many plain touches ---------------------------------------------------------------------- */

/* Runs of equal subjects, and that all of it is in order. */
static bool plain_runs(struct segment_builder *b, const struct segment_plain *p, err *e)
{
	for (size_t i = 0; i < p->n;) {
		uint64_t seq = p->first_seq + i;
		size_t k = i + 1;
		if (!build_order(b, p->subject[i], p->at_us[i], seq, seq, e))
			return false;
		while (k < p->n && p->subject[k] == p->subject[i]) {
			if (p->at_us[k] < p->at_us[k - 1])
				return out_of_order(e);
			k++;
		}
		b->count += k - i;
		b->at_us = p->at_us[k - 1];
		b->tie = b->seq = p->first_seq + k - 1;
		i = k;
	}
	return true;
}

static bool plain_codes(struct segment_builder *b, const struct segment_plain *p, err *e)
{
	uint32_t most = 0;
	for (size_t i = 0; i < p->n; i++) {
		CHECK(p->name[i] < b->name_counts.n);
		b->name_counts.items[p->name[i]]++;
		most = MAX(most, p->origin[i]);
	}
	CHECK(most < b->origins.codes.n);
	return colfile_put_codes(b->w, b->cols[COL_NAME], p->name, p->n, e) &&
	       colfile_put_codes(b->w, b->cols[COL_ORIGIN], p->origin, p->n, e);
}

static bool plain_seqs(struct segment_builder *b, const struct segment_plain *p, err *e)
{
	for (size_t i = 0; i < p->n; i += COLFILE_BLOCK_ROWS) {
		size_t n = MIN(p->n - i, COLFILE_BLOCK_ROWS);
		for (size_t k = 0; k < n; k++)
			b->numbers[k] = (int64_t)(p->first_seq + i + k);
		if (!colfile_put_ints(b->w, b->cols[COL_SEQ], b->numbers, n, e))
			return false;
	}
	return true;
}

static bool plain_persons(struct segment_builder *b, const struct segment_plain *p, err *e)
{
	unsigned column = b->cols[COL_PERSON];
	if (memcmp(p->person, p->subject, p->n * sizeof *p->person) == 0)
		return colfile_put_same(b->w, column, 0, p->n, e);
	for (size_t i = 0; i < p->n; i += COLFILE_BLOCK_ROWS) {
		size_t n = MIN(p->n - i, COLFILE_BLOCK_ROWS);
		for (size_t k = 0; k < n; k++)
			b->numbers[k] = (int64_t)person_code(p->subject[i + k], p->person[i + k]);
		if (!colfile_put_ints(b->w, column, b->numbers, n, e))
			return false;
	}
	return true;
}

static bool plain_numbers(struct segment_builder *b, enum touch_column c, const uint64_t *v,
			  size_t n, err *e)
{
	return v ? colfile_put_ints(b->w, b->cols[c], (const int64_t *)v, n, e)
		 : colfile_put_same(b->w, b->cols[c], 0, n, e);
}

static bool plain_same(struct segment_builder *b, enum touch_column c, int64_t v, size_t n, err *e)
{
	return colfile_put_same(b->w, b->cols[c], v, n, e);
}

bool segment_add_plain(struct segment_builder *b, const struct segment_plain *p, err *e)
{
	size_t n = p->n;
	if (n == 0)
		return true;
	bool ok = plain_runs(b, p, e) && colfile_put_ints(b->w, b->cols[COL_AT], p->at_us, n, e) &&
		  plain_codes(b, p, e) && plain_seqs(b, p, e) && plain_persons(b, p, e) &&
		  plain_numbers(b, COL_COMPANY, p->company, n, e) &&
		  plain_numbers(b, COL_DEAL, p->deal, n, e) &&
		  plain_same(b, COL_IMPORT, (int64_t)p->import, n, e) &&
		  plain_same(b, COL_RECEIVED, p->received_us, n, e) &&
		  plain_same(b, COL_CAUSE, 0, n, e) && plain_same(b, COL_RULE, 0, n, e) &&
		  plain_same(b, COL_BY, 0, n, e) && plain_same(b, COL_FLAGS, 0, n, e) &&
		  colfile_put_empty(b->w, b->cols[COL_ID], n, e) &&
		  build_props_skip(&b->props, n, e);
	if (ok)
		b->touches += n;
	return ok;
}

/* ---- the end --------------------------------------------------------------------------------- */

bool segment_finish(struct segment_builder **b_p, struct segment **s_r, err *e)
{
	struct segment_builder *b = *b_p;
	struct colfile *f;
	*b_p = NULL;
	if (!run_end(b, e) || !build_props_finish(&b->props, e) || !build_tables(b, e)) {
		segment_abort(&b);
		return false;
	}
	bool ok = colfile_finish(&b->w, &f, e);
	if (ok && !segment_of_file(f, s_r, e)) {
		/* Best effort: what went wrong is said, and nobody names the file. */
		if (b->path)
			(void)!fs_remove(b->fs, b->path, NULL);
		ok = false;
	}
	builder_free(&b);
	return ok;
}
