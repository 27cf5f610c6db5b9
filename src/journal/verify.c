/*
 * verify.c - are the projections what the journal says?
 *
 * What it is:   checks every page, segment and checksum, replays all touches into empty projections
 *               and compares; and compares what the rows say of imports with what their touches
 * say. Promises:     reads only. A difference is a sentence; damage is an error that names its
 * place.
 */
#include "journal/journal_int.h"

#include "base/mem.h"

#include <string.h>

struct verifying {
	struct store *s;
	void (*say)(void *arg, const char *sentence);
	void *arg;
	uint64_t differences;
	uint64_t touches;
	uint64_t expected_seq;
	uint64_t missing;	     /* numbers that no touch has */
	uint64_t gap_after;	     /* where the first of them would stand */
	uint64_t undone;	     /* touches that took something back */
	VEC(struct import_row) told; /* by the touches */
	err *e;
	bool failed;
};

static void say(struct verifying *v, const char *sentence)
{
	v->differences++;
	if (v->say)
		v->say(v->arg, sentence);
}

static struct import_row *told_import(struct verifying *v, uint64_t import)
{
	while (v->told.n < import) {
		struct import_row row = { .import = v->told.n + 1 };
		if (!vec_push(&v->told, row))
			return NULL;
	}
	return &v->told.items[import - 1];
}

/* What a touch_undone or touch_redone says beside the row that hides the touches. */
static void verify_undone(struct verifying *v, const struct touch *t)
{
	bool undone = str_eq(t->name, S("touch_undone"));
	value touch = touch_prop(t, S("touch")), list = touch_prop(t, S("touches"));
	if ((!undone && !str_eq(t->name, S("touch_redone"))) || touch.kind != VALUE_INT)
		return;
	const struct undone_row *row = store_undone_of(v->s, undone ? t->seq : (uint64_t)touch.i);
	bool same = row && list.kind == VALUE_LIST && list.list.n == row->touches_n &&
		    (undone ? row->deed == (uint64_t)touch.i : row->redone_seq == t->seq);
	for (size_t i = 0; same && i < row->touches_n; i++)
		same = list.list.items[i].i == (int64_t)row->touches[i];
	v->undone += undone;
	if (same)
		return;
	char text[ERR_TEXT_MAX];
	struct buf b = { .p = text, .cap = sizeof text, .bytes_max = sizeof text };
	buf_printf(&b, "touch %llu took back, or did again, other touches than its row says%c",
		   (unsigned long long)t->seq, '\0');
	say(v, text);
}

static void note_gap(struct verifying *v, uint64_t next_seq)
{
	if (v->missing == 0)
		v->gap_after = v->expected_seq - 1;
	v->missing += next_seq - v->expected_seq;
}

/* Numbers are missing where touches were dropped, and how many were is known. */
static void compare_missing(struct verifying *v)
{
	uint64_t dropped = v->s->archive->manifest.dropped;
	char text[ERR_TEXT_MAX];
	struct buf b = { .p = text, .cap = sizeof text, .bytes_max = sizeof text };
	note_gap(v, v->s->last_seq + 1);
	if (v->missing == dropped)
		return;
	buf_printf(&b, "%llu touches are missing, the first behind touch %llu; %llu were dropped%c",
		   (unsigned long long)v->missing, (unsigned long long)v->gap_after,
		   (unsigned long long)dropped, '\0');
	say(v, text);
}

static bool verify_touch(void *arg, const struct touch *t)
{
	struct verifying *v = arg;
	v->touches++;
	verify_undone(v, t);
	if (t->seq < v->expected_seq)
		say(v, "touches are not in order, or there twice");
	else if (t->seq > v->expected_seq)
		note_gap(v, t->seq);
	v->expected_seq = t->seq + 1;
	value import = touch_prop(t, S("import"));
	bool closed = str_eq(t->name, S("import_closed")),
	     undone = str_eq(t->name, S("import_undone"));
	uint64_t number = t->import					   ? t->import
			  : (closed || undone) && import.kind == VALUE_INT ? (uint64_t)import.i
									   : 0;
	if (number == 0 || number > v->s->imports.n)
		return true;
	struct import_row *row = told_import(v, number);
	if (!row) {
		v->failed = true;
		return err_nomem(v->e);
	}
	row->touches += t->import != 0 && !closed;
	row->closed_seq = closed ? t->seq : row->closed_seq;
	row->undone_seq = undone ? t->seq : row->undone_seq;
	return true;
}

static size_t erasures(const struct store *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->undone_touches.n; i++)
		n += (s->undone_touches.items[i].effects & EFFECT_ERASED) != 0;
	return n;
}

/* May the journal hold so many touches of an import, since some of them were erased? While an
 * erasure is being finished, some of its touches are gone and others are not. */
static bool imports_fit(const struct store *s, const struct import_row *row, uint64_t told)
{
	uint64_t gone = 0, going = 0;
	for (size_t i = 0; i < s->undone_touches.n; i++) {
		const struct undone_row *x = &s->undone_touches.items[i];
		for (size_t k = 0; k + 1 < x->imports_n; k += 2) {
			if (x->imports[k] == row->import)
				*(x->erased_us ? &going : &gone) += x->imports[k + 1];
		}
	}
	return told + gone <= row->touches && row->touches <= told + gone + going;
}

static void compare_imports(struct verifying *v)
{
	for (size_t i = 0; i < v->s->imports.n; i++) {
		const struct import_row *row = &v->s->imports.items[i];
		struct import_row none = { 0 };
		const struct import_row *told = i < v->told.n ? &v->told.items[i] : &none;
		if (row->closed_seq == told->closed_seq && row->undone_seq == told->undone_seq &&
		    imports_fit(v->s, row, told->touches))
			continue;
		char text[ERR_TEXT_MAX];
		struct buf b = { .p = text, .cap = sizeof text, .bytes_max = sizeof text };
		buf_printf(
			&b,
			"import %zu: the journal holds %llu touches of it, closed at %llu, undone at "
			"%llu; its row says %llu, %llu, %llu%c",
			i + 1, (unsigned long long)told->touches,
			(unsigned long long)told->closed_seq, (unsigned long long)told->undone_seq,
			(unsigned long long)row->touches, (unsigned long long)row->closed_seq,
			(unsigned long long)row->undone_seq, '\0');
		say(v, text);
	}
}

static bool compare_people(struct verifying *v)
{
	struct store *s = v->s;
	struct people *replayed = NULL;
	struct hooks_env env = {
		.ledger = s->ledger, .fs = s->fs, .dir = s->dir, .read_only = true, .empty = true
	};
	env.import_hidden = store_import_hidden;
	env.touch_hidden = store_touch_hidden;
	env.arg = s;
	uint64_t differences = 0;
	bool ok = journal_hooks.open(&env, &replayed, v->e) && store_configure(s, replayed, v->e) &&
		  store_replay(s, replayed, s->last_seq, v->e) &&
		  journal_hooks.compare(s->people, replayed, v->say, v->arg, &differences, v->e);
	v->differences += differences;
	journal_hooks.close(&replayed);
	return ok;
}

bool journal_verify(const char *dir, void (*sentence)(void *arg, const char *sentence), void *arg,
		    uint64_t *differences_r, uint64_t *touches_r, err *e)
{
	struct snapshot *snapshot;
	if (!snapshot_open(dir, 0, &snapshot, e))
		return false;
	struct store *s = snapshot_store(snapshot);
	struct verifying v = { .s = s, .say = sentence, .arg = arg, .expected_seq = 1, .e = e };
	bool ok = ledger_check(s->ledger, e) && archive_check(s->archive, e) &&
		  store_check_messages(s, e) &&
		  store_scan(s, 1, s->last_seq, true, verify_touch, &v, e) && !v.failed;
	if (ok)
		compare_missing(&v);
	if (ok && v.undone + erasures(s) != s->undone_touches.n)
		say(&v, "what was taken back by hand is not what the journal says");
	if (ok) {
		compare_imports(&v);
		ok = compare_people(&v);
	}
	vec_free(&v.told);
	snapshot_close(&snapshot);
	*differences_r = v.differences;
	*touches_r = v.touches;
	return ok;
}
