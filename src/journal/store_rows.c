/*
 * store_rows.c - imports and configuration as rows of the ledger.
 *
 * What it is:   their coding, their loading when a store is opened, and which configuration is
 * valid. Promises:     a row that does not fit is named and never half read.
 */
#include "journal/journal_int.h"

bool store_import_encode(const struct import_row *row, struct buf *b, err *e)
{
	buf_varint(b, row->from_seq);
	buf_varint(b, row->closed_seq);
	buf_varint(b, row->undone_seq);
	buf_zigzag(b, row->begun_us);
	buf_varint(b, row->touches);
	buf_lenstr(b, buf_view(&row->state));
	return buf_ok(b, e);
}

struct load_state {
	struct store *s;
	err *e;
	bool failed;
};

static bool load_import(void *arg, uint64_t import, str bytes)
{
	struct load_state *l = arg;
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	struct import_row row = { .import = import };
	row.from_seq = reader_varint(&r);
	row.closed_seq = reader_varint(&r);
	row.undone_seq = reader_varint(&r);
	row.begun_us = reader_zigzag(&r);
	row.touches = reader_varint(&r);
	str state = reader_lenstr(&r);
	buf_init(&row.state, MIB);
	buf_str(&row.state, state);
	l->failed = true;
	if (r.bad || import != l->s->imports.n + 1)
		return err_set(l->e, ERR_CORRUPT, "the row of import %llu cannot be read",
			       (unsigned long long)import);
	if (!buf_ok(&row.state, l->e) || !vec_push(&l->s->imports, row))
		return err_nomem(l->e);
	if (row.undone_seq && !store_note_undone(l->s, import, l->e))
		return false;
	l->failed = false;
	return true;
}

bool store_config_encode(const struct config_row *row, struct buf *b, err *e)
{
	buf_lenstr(b, row->name);
	buf_lenstr(b, row->value);
	buf_lenstr(b, row->by);
	buf_varint(b, row->from_seq);
	buf_varint(b, row->to_seq);
	buf_zigzag(b, row->from_us);
	return buf_ok(b, e);
}

static bool load_config(void *arg, uint64_t key, str bytes)
{
	struct load_state *l = arg;
	bytes = str_dup(&l->s->texts, bytes);
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	struct config_row row = { .key = key };
	row.name = reader_lenstr(&r);
	row.value = reader_lenstr(&r);
	row.by = reader_lenstr(&r);
	row.from_seq = reader_varint(&r);
	row.to_seq = reader_varint(&r);
	row.from_us = reader_zigzag(&r);
	l->failed = true;
	if (r.bad)
		return err_set(l->e, ERR_CORRUPT, "configuration row %llu cannot be read",
			       (unsigned long long)key);
	if (key != l->s->config.n + 1)
		return err_set(l->e, ERR_CORRUPT, "configuration row %llu is missing",
			       (unsigned long long)l->s->config.n + 1);
	if (!store_config_add(l->s, row, l->e))
		return false;
	l->failed = false;
	return true;
}

bool store_config_add(struct store *s, struct config_row row, err *e)
{
	row.before = 0;
	map_get(&s->config_newest, row.name, &row.before);
	if (!vec_push(&s->config, row) || !map_put(&s->config_newest, row.name, row.key))
		return err_nomem(e);
	return true;
}

const struct config_row *store_config(const struct store *s, str name)
{
	/* What was set after the last touch holds from the next one on, and so at present. */
	bool now = s->as_of >= s->last_seq;
	uint64_t key = 0;
	map_get(&s->config_newest, name, &key);
	for (; key; key = s->config.items[key - 1].before) {
		const struct config_row *row = &s->config.items[key - 1];
		bool valid = now ? row->to_seq == 0
				 : row->from_seq <= s->as_of &&
					     (row->to_seq == 0 || row->to_seq > s->as_of);
		if (valid)
			return row;
	}
	return NULL;
}

bool store_rows_load(struct store *s, err *e)
{
	struct load_state l = { .s = s, .e = e };
	return ledger_scan(s->ledger, LEDGER_IMPORTS, 0, load_import, &l, e) && !l.failed &&
	       ledger_scan(s->ledger, LEDGER_CONFIG, 0, load_config, &l, e) && !l.failed;
}
