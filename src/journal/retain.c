/*
 * retain.c - touches that were kept for long enough leave.
 *
 * What it is:   as an erasure (erase.c): parts of what retain_search.c found are hidden, a commit
 *               for each, which computes anew whom they were about; then erase_end.c writes the
 *               files without them. `privacy` says after how many months, the sealer's thread when.
 * Workload:     once a day. The first time everything old: a million touches after the other.
 * Promises:     each commit is whole: after a crash at any moment every number is right, and what
 *               is left is done after the next start. Who became a customer meanwhile keeps all.
 * Threads:      retain_run the writer's; the others any, one at a time (the sealer's lock).
 */
#include "journal/retain_int.h"

#include "base/time.h"
#include "io/json.h"

#define PART_TOUCHES	   ((size_t)50000)
#define PART_PERSONS	   ((size_t)20000)
#define STALE_MAX	   20
#define DOCUMENT_BYTES_MAX (64 * KIB)

int64_t journal_retention_months(str privacy)
{
	struct json_parser *parser = NULL;
	struct arena a CLEANUP(arena_fini);
	const struct json *root = NULL, *v = NULL;
	arena_init(&a, MIB);
	if (privacy.n && json_parser_new(&parser, DOCUMENT_BYTES_MAX, NULL) &&
	    json_parse(parser, privacy, &a, &root, NULL) && root->kind == JSON_OBJECT)
		v = json_get(root, S("retention"));
	json_parser_free(&parser);
	bool fits = v && v->kind == JSON_INT && v->i >= 1 && v->i <= RETENTION_MONTHS_MAX;
	return fits ? v->i : 0;
}

int64_t journal_retention_before(int64_t months, int64_t now_us)
{
	return time_add(now_us, (struct duration){ .months = (int32_t)months }, -1);
}

/* ---- the writer's part ----------------------------------------------------------------------- */

static bool last_run(const struct store *s, int64_t *last_us_r, err *e)
{
	static const uint64_t KEY = META_RETAINED;
	struct arena a CLEANUP(arena_fini);
	str bytes;
	arena_init(&a, MIB);
	if (!ledger_load(s->ledger, LEDGER_META, &KEY, 1, &a, &bytes, e))
		return false;
	*last_us_r = (int64_t)store_meta_number(bytes);
	return true;
}

static bool ask(struct journal *j, struct retaining *x, err *e)
{
	const struct config_row *row = store_config(&j->store, S("privacy"));
	x->months = row ? journal_retention_months(row->value) : 0;
	return last_run(&j->store, &x->last_us, e);
}

static bool done(struct journal *j, err *e)
{
	char room[16];
	struct buf b = { .p = room, .cap = sizeof room, .bytes_max = sizeof room };
	group_begin(j);
	buf_varint(&b, (uint64_t)time_now_us());
	return group_put(j, LEDGER_META, META_RETAINED, buf_view(&b), e) && group_commit(j, e);
}

static bool wants_them(void *arg, const struct touch_brief *h)
{
	const struct retaining *x = arg;
	uint64_t ignored;
	return h->person && map64_get(&x->set, h->person, &ignored);
}

static bool is_new(void *arg, const struct touch *t)
{
	struct retaining *x = arg;
	(void)t;
	x->b.stale = true;
	return false;
}

/* Did anything happen to one of them since they were searched? */
static bool look_again(struct journal *j, struct retaining *x, err *e)
{
	struct store *s = &j->store;
	x->b.stale = x->b.undone_version != s->undone_version;
	for (size_t i = 0; i < x->persons.n && !x->b.stale; i++)
		x->b.stale = journal_hooks.subject_of(s->people, x->persons.items[i]) !=
			     x->subjects.items[i];
	return x->b.stale || x->b.upto >= s->last_seq ||
	       store_scan_some(s, x->b.upto + 1, s->last_seq, wants_them, is_new, x, e);
}

static bool append_note(struct journal *j, const struct retaining *x, err *e)
{
	struct prop *props = ARENA_ARRAY(&j->group, struct prop, 1);
	if (!props)
		return arena_err(&j->group, e);
	props[0] = (struct prop){ S("touches"), value_int((int64_t)x->b.row.touches_n) };
	struct touch t = {
		.name = S("touches_expired"), .at_us = j->received_us, .props = props, .props_n = 1
	};
	return group_append(j, &t, e);
}

static bool add_row(struct journal *j, struct retaining *x, uint64_t seq, err *e)
{
	struct store *s = &j->store;
	struct undone_row row = x->b.row;
	s->undone_version = seq;
	s->undone_changed = true;
	row.effects = EFFECT_ERASED | EFFECT_EXPIRED;
	row.undone_seq = row.deed = seq;
	row.erased_us = j->received_us;
	row.dirty = true;
	return store_undone_add(s, &row, e);
}

static bool hide(struct journal *j, struct retaining *x, err *e)
{
	struct store *s = &j->store;
	if (!look_again(j, x, e))
		return false;
	if (x->b.stale)
		return true;
	if (!undo_gather(s, &x->b, x->b.upto + 1, e))
		return false;
	group_begin(j);
	uint64_t seq = j->next_seq;
	j->must_reload = true; /* until all of it is on disk */
	if (!add_row(j, x, seq, e) || !append_note(j, x, e) ||
	    !undo_compute_anew(j, &x->b, seq, e) ||
	    !journal_hooks.write_now(s->people, &x->b.subjects, &j->wb, e) || !group_commit(j, e))
		return false;
	j->must_reload = false;
	mutex_lock(&j->mutex);
	if (j->erased_since_us == 0)
		j->erased_since_us = j->received_us;
	mutex_unlock(&j->mutex);
	x->b.undone_version = seq;
	return true;
}

bool retain_run(struct journal *j, struct job *job, err *e)
{
	struct retaining *x = job->retaining;
	return x->step == RETAIN_ASK	? ask(j, x, e)
	       : x->step == RETAIN_HIDE ? hide(j, x, e)
					: done(j, e);
}

static bool step(struct journal *j, struct retaining *x, err *e)
{
	struct job job = { .kind = JOB_RETAIN, .retaining = x, .patient = true };
	return journal_run_job(j, &job, e);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* The end of the part that begins at `from`: whole people, if they are not too much. */
static size_t part_end(const struct leavers *found, size_t from, size_t touches)
{
	const struct leaving *items = found->items.items;
	size_t persons = 0, at = from;
	for (; at < found->items.n && at - from < touches; at++) {
		persons += at == from || items[at].person != items[at - 1].person;
		if (persons > PART_PERSONS)
			break;
	}
	return at;
}

struct rounds {
	struct journal *j;
	struct retention *r;
	int64_t before_us;
	bool stale, more;
};

/* Half as many when too much is known of them. */
static bool one_part(struct rounds *o, struct store *s, const struct leavers *found, size_t *from,
		     uint64_t *undone_version, err *e)
{
	for (size_t touches = PART_TOUCHES;; touches /= 2) {
		struct retaining x;
		err why = { 0 };
		size_t to = part_end(found, *from, touches);
		bool ok = retain_part(s, found, *from, to, *undone_version, &x, &why) &&
			  step(o->j, &x, &why);
		bool stale = ok && x.b.stale;
		*undone_version = ok && !stale ? x.b.undone_version : *undone_version;
		o->r->people += ok && !stale ? x.persons.n : 0;
		retaining_fini(&x);
		if (!ok && why.code == ERR_LIMIT && touches > 1)
			continue;
		if (!ok && e)
			*e = why;
		o->stale = stale;
		o->r->touches += ok && !stale ? to - *from : 0;
		*from = to;
		return ok;
	}
}

static bool one_round(struct rounds *o, err *e)
{
	struct journal *j = o->j;
	struct leavers found = { .more = false };
	struct store s = { .dir = j->store.dir,
			   .fs = j->store.fs,
			   .ledger_driver = j->store.ledger_driver,
			   .mode = STORE_READ,
			   .as_of = UINT64_MAX };
	bool ok = store_open(&s, e) && retain_search(&s, o->before_us, &found, e);
	uint64_t undone_version = s.undone_version;
	o->stale = false;
	for (size_t from = 0; ok && !o->stale && from < found.items.n;) {
		ok = !sealer_is_stopped(j) || err_set(e, ERR_BUSY, "the journal is being closed");
		ok = ok && one_part(o, &s, &found, &from, &undone_version, e);
	}
	o->more = found.more;
	store_close(&s);
	vec_free(&found.items);
	return ok && erase_finish(j, INT64_MAX - 1, &o->r->waiting, e);
}

bool retain_all(struct journal *j, int64_t before_us, struct retention *r, err *e)
{
	struct rounds o = { .j = j, .r = r, .before_us = before_us };
	struct retaining x = { .step = RETAIN_DONE };
	size_t stale = 0;
	*r = (struct retention){ 0 };
	do {
		if (!one_round(&o, e))
			return false;
		stale += o.stale;
	} while ((o.stale || o.more) && stale < STALE_MAX);
	if (o.stale)
		return err_set(e, ERR_BUSY, "whom it is about is being changed: try again later");
	return step(j, &x, e);
}

bool retain_when_due(struct journal *j, int64_t now_us, err *e)
{
	struct retaining x = { .step = RETAIN_ASK };
	struct retention r;
	if (!step(j, &x, e))
		return false;
	if (x.months == 0 || (x.last_us <= now_us && x.last_us + ERASE_WAIT_US > now_us))
		return true;
	return retain_all(j, journal_retention_before(x.months, now_us), &r, e);
}

bool snapshot_retention(const struct snapshot *snapshot, struct retention_state *r, err *e)
{
	const struct store *s = snapshot_store((struct snapshot *)(uintptr_t)snapshot);
	const struct config_row *row = store_config(s, S("privacy"));
	*r = (struct retention_state){ 0 };
	r->months = row ? journal_retention_months(row->value) : 0;
	for (size_t i = 0; i < s->undone_touches.n; i++) {
		const struct undone_row *gone = &s->undone_touches.items[i];
		if ((gone->effects & EFFECT_EXPIRED) && gone->erased_us)
			r->waiting += gone->touches_n;
	}
	return last_run(s, &r->last_us, e);
}
