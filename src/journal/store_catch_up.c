/*
 * store_catch_up.c - from the projections on disk to the last record, and on to the next one.
 *
 * What it is:   what was recorded after the last write-back is applied when a store is opened; and
 * a reader that stays open applies what was recorded since it last looked. Promises:     a store
 * brought up to date is what one opened now would be. No read transaction is held between two
 * refreshes unless the reader is being used. Threads:      as the store's.
 */
#include "journal/journal_int.h"

/* Beyond these a reader is opened anew: that is quicker, and gives memory back. */
#define REFRESH_TOUCHES_MAX  3000000
#define REFRESH_IMPORT_MAX   20000
#define REFRESH_PROFILES_MAX 4000000

struct catching_up {
	struct store *s;
	err *e;
	bool failed;
	VEC(uint64_t) closed; /* imports closed in what is applied now */
	uint64_t undone_last;
	bool rejoin;   /* joins of imports that are hidden were applied, or one was shown */
	touch_fn each; /* told of every touch that is new; may be NULL */
	void *each_arg;
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
		c->rejoin |= t->import && store_hides(s, t->import);
		bool undone = t->import && t->import <= s->imports.n &&
			      s->imports.items[t->import - 1].undone_seq != 0;
		bool taken_back = store_touch_hidden(s, t->seq);
		undone |= taken_back;
		c->rejoin |= taken_back;
		if (!undone && !import_was_open(s, t) &&
		    !journal_hooks.fold(s->people, t, t->seq, c->e))
			return false;
		value import = touch_prop(t, S("import"));
		if (str_eq(t->name, S("import_closed")) && import.kind == VALUE_INT &&
		    !vec_push(&c->closed, (uint64_t)import.i))
			return err_nomem(c->e);
		if (str_eq(t->name, S("import_undone")) && import.kind == VALUE_INT)
			c->undone_last = (uint64_t)import.i;
		if (c->each && !c->each(c->each_arg, t))
			return false;
	}
	c->failed = false;
	return true;
}

static bool told_already(void *arg, uint64_t person)
{
	(void)arg;
	(void)person;
	return true;
}

static bool fold_closed_imports(struct catching_up *c)
{
	c->rejoin |= c->closed.n > 0;
	for (size_t i = 0; i < c->closed.n; i++) {
		struct import_row *row = store_import(c->s, c->closed.items[i]);
		if (!row || row->undone_seq)
			continue;
		if (!bulk_fold(c->s, row, told_already, NULL, c->e))
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

static bool catch_records(struct catching_up *c, uint64_t from)
{
	struct store_reading reading = { .s = c->s,
					 .from_seq = from,
					 .to_seq = c->s->last_seq,
					 .hidden_too = true,
					 /* The writer knows message ids. */
					 .touches_from_seq = c->s->messages ? 0
									    : c->s->applied_seq + 1,
					 .id = catch_id,
					 .each = catch_touch,
					 .arg = c,
					 .e = c->e };
	return store_read(&reading) && !c->failed;
}

bool store_catch_up(struct store *s, err *e)
{
	struct catching_up c = { .s = s, .e = e };
	uint64_t from = MIN(s->applied_seq, journal_hooks.flushed_ids_seq(s->people));
	if (s->messages)
		from = MIN(from, s->messages_flushed_seq);
	bool ok = catch_records(&c, from + 1);
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
	if (s->mode == STORE_READ)
		journal_hooks.settle(s->people);
	s->folded_seq = s->last_seq;
	s->settle_seq = s->last_seq;
	s->opened_profiles = journal_hooks.profiles(s->people);
	return ok;
}

/* ---- refreshing ------------------------------------------------------------------------------ */

struct rows_before {
	struct arena texts;
	VEC(struct import_row) imports;
	VEC(struct config_row) config;
};

static void rows_free(struct rows_before *b)
{
	for (size_t i = 0; i < b->imports.n; i++)
		buf_fini(&b->imports.items[i].state);
	vec_free(&b->imports);
	vec_free(&b->config);
	arena_fini(&b->texts);
}

#define VEC_MOVE(to, from)                                                                         \
	((to)->items = (from)->items, (to)->n = (from)->n, (to)->cap = (from)->cap,                \
	 (from)->items = NULL, (from)->n = (from)->cap = 0)

/* Reads imports and configuration anew; the old rows are handed out for comparing. */
static bool rows_reload(struct store *s, struct rows_before *before, err *e)
{
	before->texts = s->texts;
	VEC_MOVE(&before->imports, &s->imports);
	VEC_MOVE(&before->config, &s->config);
	vec_clear(&s->undone);
	arena_init(&s->texts, before->texts.bytes_max);
	return store_rows_load(s, e);
}

/* True when an import was taken back, or a large one was closed: everything is read anew then. */
static bool imports_want_reopen(const struct store *s, const struct rows_before *before)
{
	for (size_t i = 0; i < s->imports.n; i++) {
		const struct import_row *row = &s->imports.items[i];
		bool known = i < before->imports.n;
		bool was_closed = known && before->imports.items[i].closed_seq != 0;
		bool was_undone = known && before->imports.items[i].undone_seq != 0;
		if (row->undone_seq && !was_undone && row->from_seq <= s->last_seq)
			return true;
		if (row->closed_seq && !was_closed && row->touches > REFRESH_IMPORT_MAX)
			return true;
	}
	return s->imports.n < before->imports.n;
}

/* Values that hold now and did not before are handed to people. */
static bool config_refresh(struct store *s, const struct rows_before *before, err *e)
{
	for (size_t i = 0; i < s->config.n; i++) {
		const struct config_row *row = &s->config.items[i];
		if (row->to_seq || i < before->config.n || (s->lean && config_is_rule(row->name)))
			continue;
		if (!journal_hooks.configure(s->people, row->name, row->value, row->from_seq, false,
					     e))
			return err_prefix(e, "configuration %.*s", STR_ARG(row->name));
	}
	return true;
}

/* Who is dirty here is not on disk yet, or was not when it was changed. Two generations: what was
 * changed before the last mark is clean once the writer has written back beyond that mark. */
static void settle_read(struct store *s, uint64_t applied_on_disk)
{
	if (applied_on_disk < s->settle_seq)
		return;
	journal_hooks.settle(s->people);
	s->settle_seq = s->folded_seq;
}

static bool refresh_apply(struct store *s, const struct rows_before *before, bool rejoin,
			  touch_fn each, void *arg, err *e)
{
	struct catching_up c = { .s = s, .e = e, .rejoin = rejoin, .each = each, .each_arg = arg };
	s->applied_seq = s->folded_seq; /* of this memory, whatever is on disk */
	bool ok = config_refresh(s, before, e) &&
		  (s->last_seq == s->folded_seq || catch_records(&c, s->folded_seq + 1));
	if (ok && (c.rejoin || c.closed.n))
		journal_hooks.rejoin(s->people);
	ok = ok && fold_closed_imports(&c);
	vec_free(&c.closed);
	journal_hooks.committed(s->people); /* nothing of it is this reader's to write */
	s->folded_seq = s->last_seq;
	return ok;
}

void store_rest(struct store *s)
{
	if (!s->resting)
		ledger_read_end(s->ledger);
	s->resting = true;
}

/* What was taken back since: its commit held whom it was about, whole; so they are read from the
 * disk again, and what is newer is folded as ever. Separations alone want everything anew. */
static bool undone_refresh(struct store *s, bool *reopen_r, bool *rejoin_r, err *e)
{
	static const uint64_t KEY = META_UNDONE;
	uint64_t before = s->undone_version;
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, MIB);
	str bytes;
	if (!ledger_load(s->ledger, LEDGER_META, &KEY, 1, &a, &bytes, e))
		return false;
	if (store_meta_number(bytes) == before)
		return true;
	if (!store_undone_load(s, e))
		return false;
	struct map64 subjects = { 0 };
	bool ok = true;
	for (size_t i = 0; i < s->undone_touches.n; i++) {
		const struct undone_row *row = &s->undone_touches.items[i];
		if (MAX(row->undone_seq, row->redone_seq) <= before)
			continue;
		*reopen_r |= (row->effects & EFFECT_CUTS) != 0;
		*reopen_r |= (row->effects & EFFECT_EXPIRED) && row->subjects_n == 0;
		*rejoin_r |= (row->effects & EFFECT_JOINS) != 0;
		for (size_t k = 0; ok && k < row->subjects_n; k++)
			ok = map64_put(&subjects, row->subjects[k], 1) || err_nomem(e);
	}
	if (ok && !*reopen_r)
		ok = journal_hooks.reload(s->people, &subjects, e);
	map64_fini(&subjects);
	return ok;
}

/* Another state of the ledger, and the list of segments that belongs to it. A file that was merged
 * away between the two is in no newer list. */
static bool refresh_begin(struct store *s, uint64_t *last_seq_r, err *e)
{
	store_rest(s);
	store_tail_release(s);
	for (int i = 1;; i++) {
		err why = { 0 };
		if (!ledger_read_begin(s->ledger, e))
			return false;
		s->resting = false;
		if (store_archive_load(s, &why))
			return store_last_seq(s, last_seq_r, e);
		store_rest(s);
		if (why.code != ERR_NOT_FOUND || i == STORE_OPEN_TRIES) {
			if (e)
				*e = why;
			return false;
		}
	}
}

bool store_refresh(struct store *s, touch_fn each, void *arg, bool *reopen_r, err *e)
{
	static const uint64_t KEY = META_APPLIED;
	struct rows_before before = { 0 };
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, MIB);
	str applied;
	uint64_t last_seq;
	*reopen_r = false;
	if (!refresh_begin(s, &last_seq, e) ||
	    !ledger_load(s->ledger, LEDGER_META, &KEY, 1, &a, &applied, e))
		return false;
	if (last_seq < s->folded_seq || last_seq - s->folded_seq > REFRESH_TOUCHES_MAX ||
	    journal_hooks.profiles(s->people) - s->opened_profiles > REFRESH_PROFILES_MAX) {
		*reopen_r = true;
		return true;
	}
	bool ok = rows_reload(s, &before, e);
	bool rejoin = false;
	*reopen_r = ok && imports_want_reopen(s, &before);
	if (ok && !*reopen_r) {
		settle_read(s, store_meta_number(applied));
		s->last_seq = last_seq;
		s->as_of = last_seq;
		ok = undone_refresh(s, reopen_r, &rejoin, e);
	}
	if (ok && !*reopen_r)
		ok = refresh_apply(s, &before, rejoin, each, arg, e);
	rows_free(&before);
	return ok;
}
