/*
 * bulk_read.c - workers read rows: who, when and what.
 *
 * What it is:   each worker has a loader of its own, with the columns and the plan of the one that
 *               opened the file, and builds a row as today's import does; of the touch that comes
 *               out it keeps 64 bytes. Message ids are not made: whoever needs one has the row read
 *               again.
 * Promises:     what cannot be used, and what needs more than a plain touch, is only marked here.
 * Threads:      several; blocks are given in the order of the file, and waited for in that order.
 */
#include "load/bulk_int.h"

#include "base/mem.h"

#include <string.h>

#define WHO_SEED	  UINT64_C(0x77686F)
#define KEY_BYTES_MAX	  (4 * MIB)
#define NAME_BYTES_MAX	  200
#define CLONE_ARENA_BYTES (64 * MIB)
#define EXTRAS_BYTES_MAX  (512 * MIB)

/* ---- a loader for each worker ---------------------------------------------------------------- */

static bool clone_columns(const struct loader *l, struct loader *c, err *e)
{
	for (size_t i = 0; i < l->columns.all.n; i++) {
		struct column column = l->columns.all.items[i];
		column.filled = column.fallbacks = 0;
		struct translation *values = ARENA_ARRAY(&c->setup, struct translation,
							 column.values_n);
		if (!values)
			return arena_err(&c->setup, e);
		for (size_t k = 0; k < column.values_n; k++) {
			values[k] = column.values[k];
			values[k].rows = 0;
		}
		column.values = values;
		if (!vec_push(&c->columns.all, column))
			return err_nomem(e);
	}
	return true;
}

static bool clone_keys(const struct loader *l, struct loader *c, err *e)
{
	str key;
	uint64_t column;
	for (size_t at = 0; map_next(&l->source.keys, &at, &key, &column);) {
		if (!map_put(&c->source.keys, key, column))
			return err_nomem(e);
	}
	return true;
}

bool loader_clone(const struct loader *l, size_t items_max, struct loader **c_r, err *e)
{
	struct loader *c = mem_alloc(sizeof *c);
	if (!c)
		return err_nomem(e);
	*c = *l;
	*c_r = c;
	arena_init(&c->setup, LOAD_SETUP_ARENA_MAX);
	arena_init(&c->source.row, CLONE_ARENA_BYTES);
	memset(&c->chunk, 0, sizeof c->chunk);
	arena_init(&c->chunk.arena, LOAD_CHUNK_ARENA_MAX);
	buf_init(&c->scratch, 64 * MIB);
	buf_init(&c->state, 64 * KIB);
	memset(&c->stages_unknown, 0, sizeof c->stages_unknown);
	memset(&c->source.keys, 0, sizeof c->source.keys);
	memset(&c->columns.all, 0, sizeof c->columns.all);
	c->source.csv = NULL;
	c->source.lines = NULL;
	c->source.parser = NULL;
	c->rejects = NULL;
	c->without_company = c->without_person = c->about_nobody = c->import_timed = 0;
	c->closed_before_created = c->blocked_ids = c->currency_assumed = c->made_deal_ids = 0;
	c->keys_settled = true;
	if (items_max > 0) {
		c->chunk.items = mem_zalloc(items_max, sizeof *c->chunk.items);
		c->chunk.abouts = mem_zalloc(items_max, sizeof *c->chunk.abouts);
	}
	c->cells = ARENA_ARRAY(&c->setup, struct cell_value, LOAD_COLUMNS_MAX);
	c->props = ARENA_ARRAY(&c->setup, struct prop, TOUCH_PROPS_MAX);
	if (items_max > 0 && (!c->chunk.items || !c->chunk.abouts))
		return err_nomem(e);
	if (!c->cells || !c->props)
		return arena_err(&c->setup, e);
	return clone_columns(l, c, e) && clone_keys(l, c, e) &&
	       (!l->source.json || json_parser_new(&c->source.parser, LOAD_LINE_BYTES_MAX, e));
}

void loader_clone_free(struct loader **cc)
{
	struct loader *c = *cc;
	if (!c)
		return;
	json_parser_free(&c->source.parser);
	arena_fini(&c->source.row);
	vec_free(&c->columns.all);
	map_fini(&c->source.keys);
	map_fini(&c->stages_unknown);
	mem_free(c->chunk.items);
	mem_free(c->chunk.abouts);
	arena_fini(&c->chunk.arena);
	buf_fini(&c->scratch);
	buf_fini(&c->state);
	arena_fini(&c->setup);
	mem_free(c);
	*cc = NULL;
}

void loader_gather(struct loader *l, const struct loader *c)
{
	l->without_company += c->without_company;
	l->without_person += c->without_person;
	l->about_nobody += c->about_nobody;
	l->import_timed += c->import_timed;
	l->blocked_ids += c->blocked_ids;
	l->currency_assumed += c->currency_assumed;
	for (size_t i = 0; i < c->columns.all.n; i++) {
		struct column *to = &l->columns.all.items[i];
		const struct column *from = &c->columns.all.items[i];
		if (from->fallbacks &&
		    (to->fallbacks == 0 || from->fallback_line < to->fallback_line)) {
			to->fallback_line = from->fallback_line;
			to->fallback_text = str_dup(&l->setup, from->fallback_text);
		}
		to->filled += from->filled;
		to->fallbacks += from->fallbacks;
		for (size_t k = 0; k < from->values_n; k++)
			to->values[k].rows += from->values[k].rows;
	}
}

/* ---- a raw row ------------------------------------------------------------------------------- */

/* What io/csv said of the row, where it has read it. */
static void take_odd(const struct bulk_block *b, size_t i, struct bulk_split *s,
		     struct raw_row *raw)
{
	if (b->odd.n == 0)
		return;
	const struct bulk_odd *odd = &b->odd.items[i];
	raw->line = odd->line;
	raw->problem = odd->problem;
	s->n = odd->fields;
}

static bool raw_csv(struct loader *l, struct bulk_split *s, struct raw_row *raw, err *e)
{
	size_t want = l->csv_fields;
	raw->fields = s->fields;
	raw->n = s->n;
	if (raw->problem.n == 0 && s->n != want)
		raw->problem = source_fields_problem(l, s->n, want);
	return !l->source.row.over || arena_err(&l->source.row, e);
}

/* The next row of the block from `p` on. *row_r false: these bytes are no row. */
static const char *read_raw(struct loader *l, struct bulk_split *s, const struct bulk_block *b,
			    const char *p, struct raw_row *raw, bool *row_r, bool *ok_r, err *e)
{
	const char *end = b->text.p + b->text.n;
	*raw = (struct raw_row){ 0 };
	*ok_r = true;
	arena_reset(&l->source.row);
	if (l->source.json) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		str line = str_make(p, (size_t)((lf ? lf : end) - p));
		s->lines = 1;
		s->end = line.p + line.n;
		*row_r = str_trim(line).n > 0;
		if (*row_r)
			*ok_r = source_json(l, str_trim(line), line.n > LOAD_LINE_BYTES_MAX, raw,
					    e);
		return lf ? lf + 1 : end;
	}
	const char *next = bulk_split_row(s, p, end, l->csv_delimiter, &l->source.row);
	bool nothing = s->n == 1 && s->fields[0].n == 0;
	bool blank = nothing && s->end == p;
	*row_r = !blank && !(nothing && l->columns.all.n > 1);
	if (b->odd.n)
		*row_r = true;
	*ok_r = !l->source.row.over || arena_err(&l->source.row, e);
	return next;
}

/* ---- what a worker keeps of a row ------------------------------------------------------------ */

static void put_id(struct buf *b, const struct external_id *id)
{
	buf_lenstr(b, id->system);
	buf_lenstr(b, id->value);
}

static bool key_of(struct bulk_worker *w, const struct intake *t, struct bulk_row *row, err *e)
{
	struct buf *b = &w->key;
	buf_clear(b);
	const str ids[] = { t->anonymous_id, t->user_id, t->email, t->company_domain,
			    t->company_name };
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		buf_lenstr(b, ids[i]);
	bool more = t->external_n || t->company_id.value.n || t->deal_id.value.n;
	for (size_t i = 0; i < t->external_n; i++)
		put_id(b, &t->external[i]);
	if (more) {
		put_id(b, &t->company_id);
		put_id(b, &t->deal_id);
	}
	if (!buf_ok(b, e))
		return false;
	row->who = zip_hash128(b->p, b->n, WHO_SEED);
	row->device = t->anonymous_id.n ? str_hash(t->anonymous_id) | 1 : 0;
	return true;
}

static bool put_extra(struct bulk_block *block, const struct intake *t, struct bulk_row *row,
		      err *e)
{
	struct buf *b = &block->extras;
	if (t->props_n == 0)
		return true;
	while (b->n % 8 != 0)
		buf_byte(b, 0);
	size_t at = b->n;
	buf_u32(b, 0);
	buf_u32(b, (uint32_t)t->props_n);
	for (size_t i = 0; i < t->props_n; i++) {
		buf_lenstr(b, t->props[i].key);
		value_encode(b, t->props[i].value);
	}
	if (!buf_ok(b, e))
		return false;
	uint32_t n = (uint32_t)(b->n - at);
	memcpy(b->p + at, &n, sizeof n);
	row->extra = (uint32_t)(at / 8) + 1;
	return true;
}

/* What the journal would refuse, or make more of than a touch, goes to it. */
static bool is_plain(const struct intake *t)
{
	return t->message_id.n == 0 && t->name.n > 0 && t->name.n <= NAME_BYTES_MAX &&
	       str_is_utf8(t->name) && t->at_us >= TIME_MIN_US && t->at_us <= TIME_MAX_US &&
	       t->props_n <= TOUCH_PROPS_MAX && t->previous_id.n == 0;
}

static bool keep(struct bulk_worker *w, struct bulk_block *b, const struct intake *t,
		 struct bulk_row *row, err *e)
{
	bool plain = is_plain(t);
	row->at_us = t->at_us;
	row->kind = BULK_ORDINARY;
	if (!plain)
		return true;
	if (!whats_number(&w->bulk->whats, &w->memory, &w->key, t, &row->what, &plain, e))
		return false;
	if (!plain)
		return true;
	row->kind = BULK_PLAIN;
	return key_of(w, t, row, e) && put_extra(b, t, row, e);
}

static bool read_row(struct bulk_worker *w, struct bulk_block *b, struct raw_row *raw,
		     struct bulk_row *row, err *e)
{
	struct loader *l = w->l;
	struct chunk_row ignored = { 0 };
	bool ok = true;
	if (!l->source.json && !raw_csv(l, w->split, raw, e))
		return false;
	row->kind = BULK_FAULTY;
	if (l->key_is_new) {
		l->key_is_new = false;
		row->kind = BULK_NEW_KEY;
		return true;
	}
	if (raw->problem.n > 0)
		return true;
	arena_reset(&l->chunk.arena);
	l->chunk.n = 0;
	if (!row_build(l, raw, &ignored, &ok, e))
		return false;
	return !ok || l->chunk.n != 1 || keep(w, b, &l->chunk.items[0], row, e);
}

bool bulk_read_block(struct bulk_worker *w, struct bulk_block *b, err *e)
{
	const char *p = b->text.p, *end = p + b->text.n;
	uint64_t line = b->line;
	vec_clear(&b->rows);
	buf_clear(&b->extras);
	while (p < end) {
		struct raw_row raw;
		bool is_row, ok;
		const char *from = p;
		p = read_raw(w->l, w->split, b, p, &raw, &is_row, &ok, e);
		if (!ok)
			return false;
		struct bulk_row row = { .text_at = (uint32_t)(from - b->text.p),
					.text_n = (uint32_t)(p - from),
					.line = (uint32_t)(line - b->line) };
		raw.line = line;
		take_odd(b, b->rows.n, w->split, &raw);
		line += w->split->lines;
		if (!is_row)
			continue;
		if (!read_row(w, b, &raw, &row, e))
			return false;
		if (!vec_push(&b->rows, row))
			return err_nomem(e);
	}
	return true;
}

bool bulk_again(struct bulk *b, struct loader *l, struct bulk_block *block,
		const struct bulk_row *row, struct raw_row *raw, err *e)
{
	struct bulk_split *s = b->split;
	bool is_row, ok;
	size_t i = (size_t)(row - block->rows.items);
	read_raw(l, s, block, block->text.p + row->text_at, raw, &is_row, &ok, e);
	if (!ok)
		return false;
	raw->line = block->line + row->line;
	take_odd(block, i, s, raw);
	raw->number = b->l->r->read + i + 1;
	return l->source.json || raw_csv(l, s, raw, e);
}

/* ---- the queue of blocks --------------------------------------------------------------------- */

static struct bulk_block *take(struct bulk *b)
{
	mutex_lock(&b->lock);
	while (!b->first && !b->stop)
		cond_wait(&b->given, &b->lock);
	struct bulk_block *block = b->stop ? NULL : b->first;
	if (block) {
		b->first = block->next;
		if (!b->first)
			b->last = &b->first;
	}
	mutex_unlock(&b->lock);
	return block;
}

static void *worker_run(void *arg)
{
	struct bulk_worker *w = arg;
	struct bulk *b = w->bulk;
	struct bulk_block *block;
	while ((block = take(b)) != NULL) {
		err e = { 0 };
		bool ok = bulk_read_block(w, block, &e);
		mutex_lock(&b->lock);
		if (!ok)
			block->e = e;
		block->done = true;
		cond_broadcast(&b->done);
		mutex_unlock(&b->lock);
	}
	return NULL;
}

void readers_give(struct bulk *b, struct bulk_block *block)
{
	mutex_lock(&b->lock);
	block->done = false;
	block->next = NULL;
	block->e = (err){ 0 };
	*b->last = block;
	b->last = &block->next;
	cond_signal(&b->given);
	mutex_unlock(&b->lock);
}

void readers_wait(struct bulk *b, struct bulk_block *block)
{
	mutex_lock(&b->lock);
	while (!block->done)
		cond_wait(&b->done, &b->lock);
	mutex_unlock(&b->lock);
}

bool readers_start(struct bulk *b, err *e)
{
	for (size_t i = 0; i < b->workers_n; i++) {
		struct bulk_worker *w = &b->workers[i];
		w->bulk = b;
		buf_init(&w->key, KEY_BYTES_MAX);
		w->split = mem_alloc(sizeof *w->split);
		if (!w->split)
			return err_nomem(e);
		if (!loader_clone(b->l, LOAD_SLOTS_MAX, &w->l, e))
			return false;
		w->l->in_bulk = true;
	}
	for (size_t i = 0; i < b->workers_n; i++) {
		if (!thread_start(&b->workers[i].thread, "bulk", worker_run, &b->workers[i], e))
			return false;
	}
	return true;
}

void readers_stop(struct bulk *b)
{
	mutex_lock(&b->lock);
	b->stop = true;
	cond_broadcast(&b->given);
	mutex_unlock(&b->lock);
	for (size_t i = 0; i < b->workers_n; i++) {
		struct bulk_worker *w = &b->workers[i];
		thread_join(&w->thread);
		loader_clone_free(&w->l);
		mem_free(w->split);
		w->split = NULL;
		mem_free(w->memory.slots);
		w->memory.slots = NULL;
		buf_fini(&w->key);
	}
}
