/*
 * store.c - everything a data directory holds, in memory as far as it must be.
 *
 * What it is:   opening the ledger, loading the projections and bringing them up to the last
 * record; used by the writer, by readers, by verify and for looking back (as_of). Promises: what
 * was written back is not applied twice, what was not is applied; the state after opening is the
 * state before the process ended, however it ended.
 */
#include "journal/journal_int.h"

#include "base/mem.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

#define LEDGER_FILE	      "ledger.db"
#define TEXTS_BYTES_MAX	      (64 * MIB)
#define TOUCH_ARENA_BYTES_MAX (16 * MIB)
#define MESSAGE_DAYS	      8 /* a live message id is known for at least seven whole days */

struct hash128 message_key(str id)
{
	return zip_hash128(id.p, id.n, 1);
}

uint64_t message_value(uint64_t import, int64_t received_us)
{
	return import << 32 | (uint64_t)(received_us / US_PER_DAY);
}

bool store_note_undone(struct store *s, uint64_t import, err *e)
{
	mutex_lock(&s->undone_lock);
	bool ok = vec_push(&s->undone, import);
	mutex_unlock(&s->undone_lock);
	return ok || err_nomem(e);
}

/* Asked by the thread that merges runs. */
static bool message_is_dead(void *arg, uint64_t v)
{
	struct store *s = arg;
	uint64_t import = v >> 32, day = v & UINT32_MAX;
	if (import) {
		bool undone = false;
		mutex_lock(&s->undone_lock);
		for (size_t i = 0; i < s->undone.n && !undone; i++)
			undone = s->undone.items[i] == import;
		mutex_unlock(&s->undone_lock);
		return undone;
	}
	return day + MESSAGE_DAYS < (uint64_t)(time_now_us() / US_PER_DAY);
}

struct import_row *store_import(struct store *s, uint64_t import)
{
	return import && import <= s->imports.n ? &s->imports.items[import - 1] : NULL;
}

bool store_hides(const struct store *s, uint64_t import)
{
	if (import == 0 || import > s->imports.n)
		return import != 0;
	const struct import_row *row = &s->imports.items[import - 1];
	bool closed = row->closed_seq && row->closed_seq <= s->as_of;
	bool undone = row->undone_seq && row->undone_seq <= s->as_of;
	return !closed || undone;
}

/* What the joins leave out. The writer keeps those of an open import: its next rows need them. */
bool store_import_hidden(void *arg, uint64_t import)
{
	const struct store *s = arg;
	if (s->mode == STORE_READ)
		return store_hides(s, import);
	return import && import <= s->imports.n && s->imports.items[import - 1].undone_seq != 0;
}

/* ---- configuration --------------------------------------------------------------------------- */

bool store_configure(struct store *s, struct people *p, err *e)
{
	for (size_t i = 0; i < s->config.n; i++) {
		const struct config_row *row = &s->config.items[i];
		if (row->to_seq == 0 && row->value.n &&
		    !journal_hooks.configure(p, row->name, row->value, row->from_seq, false, e))
			return err_prefix(e, "configuration %.*s", STR_ARG(row->name));
	}
	return true;
}

/* ---- scanning -------------------------------------------------------------------------------- */

struct scan {
	struct store *s;
	uint64_t from_seq, to_seq;
	bool hidden_too;
	bool (*id)(void *arg, const struct new_id *id, err *e);
	touch_fn each;
	void *arg;
	err *e;
	bool failed;
};

static bool scan_touch(void *arg, const struct touch *t)
{
	struct scan *c = arg;
	if (t->seq < c->from_seq || (!c->hidden_too && store_hides(c->s, t->import) && t->import))
		return true;
	return t->seq <= c->to_seq && c->each(c->arg, t);
}

static bool scan_id(void *arg, const struct new_id *id, err *e)
{
	struct scan *c = arg;
	return c->id(c->arg, id, e);
}

static bool scan_record(void *arg, const struct ledger_record *record)
{
	struct scan *c = arg;
	struct record_reader r = { .id = c->id ? scan_id : NULL, .touch = scan_touch, .arg = c };
	if (!record_read(record->body, record->first_seq, &c->s->touch_arena, &r, c->e)) {
		c->failed = true;
		return false;
	}
	return !r.stopped;
}

static bool scan_run(struct scan *c)
{
	return ledger_scan_records(c->s->ledger, c->from_seq, c->to_seq, scan_record, c, c->e) &&
	       !c->failed;
}

bool store_scan(struct store *s, uint64_t from_seq, uint64_t to_seq, bool hidden_too, touch_fn each,
		void *arg, err *e)
{
	struct scan c = { .s = s,
			  .from_seq = from_seq,
			  .to_seq = to_seq,
			  .hidden_too = hidden_too,
			  .each = each,
			  .arg = arg,
			  .e = e };
	return scan_run(&c);
}

/* ---- bringing up to date --------------------------------------------------------------------- */

struct catching_up {
	struct store *s;
	err *e;
	bool failed;
	VEC(uint64_t) closed; /* imports closed in what is applied now */
	uint64_t undone_last;
};

static bool catch_id(void *arg, const struct new_id *id, err *e)
{
	struct catching_up *c = arg;
	return journal_hooks.add_id(c->s->people, id, e);
}

static bool catch_message(struct catching_up *c, const struct touch *t)
{
	struct store *s = c->s;
	return !s->messages || t->message_id.n == 0 || t->seq <= s->messages_flushed_seq ||
	       idmap_put(s->messages, message_key(t->message_id),
			 message_value(t->import, t->received_us), c->e);
}

static bool import_was_open(const struct store *s, const struct touch *t)
{
	if (t->import == 0 || t->import > s->imports.n)
		return t->import != 0;
	uint64_t closed = s->imports.items[t->import - 1].closed_seq;
	return closed == 0 || t->seq < closed;
}

static bool catch_touch(void *arg, const struct touch *t)
{
	struct catching_up *c = arg;
	struct store *s = c->s;
	c->failed = true;
	if (!catch_message(c, t))
		return false;
	if (t->seq > s->applied_seq) {
		if (!journal_hooks.join(s->people, t, c->e))
			return false;
		bool undone = t->import && t->import <= s->imports.n &&
			      s->imports.items[t->import - 1].undone_seq != 0;
		if (!undone && !import_was_open(s, t) &&
		    !journal_hooks.fold(s->people, t, t->seq, c->e))
			return false;
		value import = touch_prop(t, S("import"));
		if (str_eq(t->name, S("import_closed")) && import.kind == VALUE_INT &&
		    !vec_push(&c->closed, (uint64_t)import.i))
			return err_nomem(c->e);
		if (str_eq(t->name, S("import_undone")) && import.kind == VALUE_INT)
			c->undone_last = (uint64_t)import.i;
	}
	c->failed = false;
	return true;
}

struct fold_import {
	struct store *s;
	uint64_t import;
	uint64_t effect_seq;
	err *e;
	bool failed;
};

static bool fold_import_touch(void *arg, const struct touch *t)
{
	struct fold_import *f = arg;
	if (t->import == f->import && t->seq < f->effect_seq)
		f->failed = !journal_hooks.fold(f->s->people, t, f->effect_seq, f->e);
	return !f->failed;
}

static bool fold_closed_imports(struct catching_up *c)
{
	for (size_t i = 0; i < c->closed.n; i++) {
		struct import_row *row = store_import(c->s, c->closed.items[i]);
		if (!row || row->undone_seq)
			continue;
		struct fold_import f = { c->s, row->import, row->closed_seq, c->e, false };
		if (!store_scan(c->s, row->from_seq, row->closed_seq, true, fold_import_touch, &f,
				c->e) ||
		    f.failed)
			return false;
	}
	return true;
}

static bool join_open_import(void *arg, const struct touch *t)
{
	struct catching_up *c = arg;
	c->failed = t->import && !journal_hooks.join(c->s->people, t, c->e);
	return !c->failed;
}

static bool catch_up(struct store *s, err *e)
{
	struct catching_up c = { .s = s, .e = e };
	uint64_t from = MIN(s->applied_seq, journal_hooks.flushed_ids_seq(s->people));
	if (s->messages)
		from = MIN(from, s->messages_flushed_seq);
	struct scan scan = { .s = s,
			     .from_seq = from + 1,
			     .to_seq = s->last_seq,
			     .hidden_too = true,
			     .id = catch_id,
			     .each = catch_touch,
			     .arg = &c,
			     .e = e };
	bool ok = scan_run(&scan) && !c.failed;
	journal_hooks.rejoin(s->people);
	ok = ok && fold_closed_imports(&c);
	vec_free(&c.closed);
	if (ok && c.undone_last) {
		struct undo_result ignored;
		ok = undo_apply(s, c.undone_last, s->last_seq, &ignored, e);
	}
	const struct import_row *newest = s->imports.n ? &s->imports.items[s->imports.n - 1] : NULL;
	if (ok && s->mode != STORE_READ && newest && !newest->closed_seq && !newest->undone_seq)
		ok = store_scan(s, newest->from_seq, s->last_seq, true, join_open_import, &c, e) &&
		     !c.failed;
	return ok;
}

/* ---- replay ---------------------------------------------------------------------------------- */

struct replaying {
	struct store *s;
	struct people *p;
	err *e;
	bool failed;
};

static bool replay_id(void *arg, const struct new_id *id, err *e)
{
	struct replaying *r = arg;
	return journal_hooks.add_id(r->p, id, e);
}

static bool replay_touch(void *arg, const struct touch *t)
{
	struct replaying *r = arg;
	r->failed = !journal_hooks.join(r->p, t, r->e) ||
		    (!store_hides(r->s, t->import) && !journal_hooks.fold(r->p, t, t->seq, r->e));
	return !r->failed;
}

bool store_replay(struct store *s, struct people *p, uint64_t to_seq, err *e)
{
	struct replaying r = { s, p, e, false };
	struct scan scan = { .s = s,
			     .from_seq = 1,
			     .to_seq = to_seq,
			     .hidden_too = true,
			     .id = replay_id,
			     .each = replay_touch,
			     .arg = &r,
			     .e = e };
	bool ok = scan_run(&scan) && !r.failed;
	journal_hooks.rejoin(p);
	return ok;
}

/* ---- opening --------------------------------------------------------------------------------- */

static uint64_t meta_number(str bytes)
{
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	return bytes.n ? reader_varint(&r) : 0;
}

static bool open_messages(struct store *s, str manifest, err *e)
{
	struct idmap_options o = {
		.fs = s->fs, .dir = s->dir, .name = "messages", .read_only = s->mode != STORE_WRITE
	};
	if (s->mode == STORE_READ)
		return true;
	if (!idmap_open(&o, manifest, &s->messages, e))
		return false;
	idmap_set_dead(s->messages, message_is_dead, s);
	return true;
}

bool store_check_messages(struct store *s, err *e)
{
	static const uint64_t KEY = META_MESSAGES;
	str manifest;
	struct idmap *m = NULL;
	struct idmap_options o = {
		.fs = s->fs, .dir = s->dir, .name = "messages", .read_only = true
	};
	bool ok = ledger_load(s->ledger, LEDGER_META, &KEY, 1, &s->texts, &manifest, e) &&
		  idmap_open(&o, manifest, &m, e) && idmap_check(m, e);
	idmap_close(&m);
	return ok;
}

static bool load_rows(struct store *s, err *e)
{
	static const uint64_t KEYS[] = { META_APPLIED, META_MESSAGES, META_MESSAGES_FLUSHED };
	str meta[ARRAY_LEN(KEYS)];
	if (!ledger_load(s->ledger, LEDGER_META, KEYS, ARRAY_LEN(KEYS), &s->texts, meta, e) ||
	    !ledger_last_seq(s->ledger, &s->last_seq, e) || !store_rows_load(s, e))
		return false;
	s->applied_seq = meta_number(meta[0]);
	s->messages_flushed_seq = meta_number(meta[2]);
	return open_messages(s, meta[1], e);
}

static bool open_people(struct store *s, err *e)
{
	bool back = s->as_of < s->last_seq;
	struct hooks_env env = { .ledger = s->ledger,
				 .fs = s->fs,
				 .dir = s->dir,
				 .read_only = s->mode == STORE_READ,
				 .rehearse = s->mode == STORE_REHEARSE,
				 .empty = back,
				 .import_hidden = store_import_hidden,
				 .arg = s };
	if (!journal_hooks.open(&env, &s->people, e))
		return false;
	if (!back) {
		s->as_of = s->mode == STORE_READ ? s->last_seq : UINT64_MAX;
		return store_configure(s, s->people, e) && catch_up(s, e);
	}
	return store_replay(s, s->people, s->as_of, e);
}

bool store_open(struct store *s, err *e)
{
	mutex_init(&s->undone_lock);
	arena_init(&s->texts, TEXTS_BYTES_MAX);
	arena_init(&s->touch_arena, TOUCH_ARENA_BYTES_MAX);
	char path[4096];
	if (snprintf(path, sizeof path, "%s/" LEDGER_FILE, s->dir) >= (int)sizeof path)
		return err_set(e, ERR_INVALID, "the path of the data directory is too long");
	struct ledger_options o = { .driver_hint = s->ledger_driver };
	enum ledger_mode mode = s->mode == STORE_WRITE ? LEDGER_WRITE : LEDGER_READ;
	if (!ledger_open(path, mode, &o, &s->ledger, e))
		return e && e->code == ERR_NOT_FOUND
			       ? err_set(e, ERR_NOT_FOUND,
					 "%s is no data directory; make one with `trichter init --data %s`",
					 s->dir, s->dir)
			       : false;
	if (mode == LEDGER_READ && !ledger_read_begin(s->ledger, e))
		return false;
	return load_rows(s, e) && open_people(s, e);
}

void store_close(struct store *s)
{
	journal_hooks.close(&s->people);
	idmap_close(&s->messages);
	if (s->ledger && s->mode != STORE_WRITE)
		ledger_read_end(s->ledger);
	ledger_close(&s->ledger);
	for (size_t i = 0; i < s->imports.n; i++)
		buf_fini(&s->imports.items[i].state);
	vec_free(&s->imports);
	vec_free(&s->undone);
	mutex_fini(&s->undone_lock);
	vec_free(&s->config);
	map_fini(&s->config_newest);
	s->config_changed = false;
	arena_fini(&s->texts);
	arena_fini(&s->touch_arena);
	s->messages_changed = false;
}
