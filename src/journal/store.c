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

bool config_is_rule(str name)
{
	return str_starts(name, S("rule."));
}

bool store_configure(struct store *s, struct people *p, err *e)
{
	for (size_t i = 0; i < s->config.n; i++) {
		const struct config_row *row = &s->config.items[i];
		if (s->lean && config_is_rule(row->name))
			continue;
		if (row->to_seq == 0 && row->value.n &&
		    !journal_hooks.configure(p, row->name, row->value, row->from_seq, false, e))
			return err_prefix(e, "configuration %.*s", STR_ARG(row->name));
	}
	return true;
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
		    (!store_hides_touch(r->s, t) && !journal_hooks.fold(r->p, t, t->seq, r->e));
	return !r->failed;
}

bool store_replay(struct store *s, struct people *p, uint64_t to_seq, err *e)
{
	struct replaying r = { s, p, e, false };
	struct store_reading reading = { .s = s,
					 .from_seq = 1,
					 .to_seq = to_seq,
					 .hidden_too = true,
					 .id = replay_id,
					 .each = replay_touch,
					 .arg = &r,
					 .e = e };
	bool ok = store_read(&reading) && !r.failed;
	journal_hooks.rejoin(p);
	return ok;
}

/* ---- opening --------------------------------------------------------------------------------- */

uint64_t store_meta_number(str bytes)
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
	    !store_archive_load(s, e) || !store_last_seq(s, &s->last_seq, e) ||
	    !store_rows_load(s, e) || !store_undone_load(s, e))
		return false;
	s->applied_seq = store_meta_number(meta[0]);
	s->messages_flushed_seq = store_meta_number(meta[2]);
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
				 .touch_hidden = store_touch_hidden,
				 .arg = s };
	if (!journal_hooks.open(&env, &s->people, e))
		return false;
	if (!back) {
		s->as_of = s->mode == STORE_READ ? s->last_seq : UINT64_MAX;
		return store_configure(s, s->people, e) && store_catch_up(s, e);
	}
	return store_replay(s, s->people, s->as_of, e);
}

static bool open_ledger(struct store *s, err *e)
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
	return mode != LEDGER_READ || ledger_read_begin(s->ledger, e);
}

bool store_open(struct store *s, err *e)
{
	return open_ledger(s, e) && load_rows(s, e) && open_people(s, e);
}

bool store_open_bare(struct store *s, err *e)
{
	CHECK(s->mode == STORE_READ);
	if (!open_ledger(s, e) || !load_rows(s, e))
		return false;
	s->as_of = s->last_seq;
	return true;
}

void store_close(struct store *s)
{
	journal_hooks.close(&s->people);
	idmap_close(&s->messages);
	if (s->ledger && s->mode != STORE_WRITE && !s->resting)
		ledger_read_end(s->ledger);
	ledger_close(&s->ledger);
	store_archive_close(s);
	for (size_t i = 0; i < s->imports.n; i++)
		buf_fini(&s->imports.items[i].state);
	vec_free(&s->imports);
	vec_free(&s->undone);
	store_undone_free(s);
	mutex_fini(&s->undone_lock);
	vec_free(&s->config);
	map_fini(&s->config_newest);
	s->config_changed = false;
	arena_fini(&s->texts);
	arena_fini(&s->touch_arena);
	s->messages_changed = false;
}
