/*
 * store_read.c - touches in the order of their numbers, wherever they are.
 *
 * What it is:   store_through walks what the archive holds and the records of the tail as one row
 *               of numbers; everything that reads touches is a pair of small functions on it, one
 *               for each of the two. Nobody else knows that there are two.
 * Promises:     each touch once: records up to the manifest's sealed_seq are not looked at, whether
 *               or not they were removed already.
 * Threads:      as the store.
 */
#include "journal/journal_int.h"

#include "journal/channel.h"

#define PICK_MAX ((size_t)512) /* of them at most WALK_BYTES_MAX */

/* ---- the one walk ---------------------------------------------------------------------------- */

struct through {
	struct store *s;
	uint64_t from_seq, to_seq;
	/* Tells all that the archive holds up to this number. False: stopped, or failed. */
	bool (*archived)(void *arg, uint64_t upto);
	ledger_record_fn record;
	void *arg;
	uint64_t archive_seq; /* told up to there */
	bool stopped;
};

static bool through_archive(struct through *t, uint64_t upto)
{
	uint64_t last = t->s->archive->manifest.last_seq;
	if (t->archive_seq >= MIN(upto, last))
		return true;
	t->archive_seq = upto;
	t->stopped = !t->archived(t->arg, upto);
	return !t->stopped;
}

static bool through_record(void *arg, const struct ledger_record *record)
{
	struct through *t = arg;
	if (!through_archive(t, record->first_seq - 1))
		return false;
	t->stopped = !t->record(t->arg, record);
	return !t->stopped;
}

static bool store_through(struct through *t, err *e)
{
	uint64_t sealed = t->s->archive->manifest.sealed_seq;
	if (t->from_seq > t->to_seq)
		return true;
	t->archive_seq = t->from_seq - MIN(t->from_seq, UINT64_C(1));
	if (!ledger_scan_records(t->s->ledger, MAX(t->from_seq, sealed + 1), t->to_seq,
				 through_record, t, e))
		return false;
	if (!t->stopped)
		(void)through_archive(t, t->to_seq);
	return true;
}

/* Segments know no channels. */
static struct touch with_channel(const struct touch *t)
{
	struct touch told = *t;
	const struct origin *o = &t->origin;
	if (o->source.n | o->medium.n | o->campaign.n | o->content.n | o->term.n | o->referrer.n |
	    o->click_kind.n)
		told.channel = channel_of(o);
	return told;
}

/* ---- whole touches --------------------------------------------------------------------------- */

struct reading {
	struct store_reading *c;
	struct archive_walk *walk;
	VEC(struct segment *) segments; /* that are walked */
	struct segment_list list;
	uint64_t ids_seq; /* told up to there */
};

static bool read_touch(void *arg, const struct touch *t)
{
	struct store_reading *c = ((struct reading *)arg)->c;
	if (t->seq < MAX(c->from_seq, c->touches_from_seq) ||
	    (!c->hidden_too && store_hides_touch(c->s, t)))
		return true;
	return t->seq <= c->to_seq && c->each(c->arg, t);
}

static bool read_id(void *arg, const struct new_id *id, err *e)
{
	struct store_reading *c = ((struct reading *)arg)->c;
	struct new_id told = *id;
	if (store_is_erased(c->s, id->profile))
		told.system = told.value = S("");
	return c->id(c->arg, &told, e);
}

static bool read_sealed_id(void *arg, const struct archive_id *id, err *e)
{
	const struct new_id told = {
		.profile = id->profile, .kind = id->kind, .system = id->system, .value = id->value
	};
	return read_id(arg, &told, e);
}

/* All ids up to a number, before the touches up to there: an id is given before it is used. */
static bool read_sealed_ids(struct reading *r, uint64_t upto)
{
	const struct archive *a = r->c->s->archive;
	if (!r->c->id || r->ids_seq > upto)
		return true;
	for (size_t i = 0; i < a->ids_n; i++) {
		if (!ids_each(a->ids[i], r->ids_seq, upto, read_sealed_id, r, r->c->e))
			return false;
	}
	r->ids_seq = upto + 1;
	return true;
}

static bool walk_begin(struct reading *r)
{
	struct store_reading *c = r->c;
	const struct segment_list *all = &c->s->archive->segments;
	for (size_t i = 0; i < all->n; i++) {
		bool left_out = c->but_import &&
				segment_info(all->items[i])->import == c->but_import;
		if (!left_out && !vec_push(&r->segments, all->items[i]))
			return err_nomem(c->e);
	}
	r->list = (struct segment_list){ r->segments.items, r->segments.n };
	return archive_walk_new(&r->list, MAX(c->from_seq, c->touches_from_seq), c->to_seq,
				&r->walk, c->e);
}

static bool read_archived(void *arg, uint64_t upto)
{
	struct reading *r = arg;
	struct store_reading *c = r->c;
	const struct touch *t;
	c->failed = true;
	if (!read_sealed_ids(r, upto))
		return false;
	if (!r->walk && !walk_begin(r))
		return false;
	for (;;) {
		if (!archive_walk_next(r->walk, upto, &t, c->e))
			return false;
		if (!t)
			break;
		struct touch told = with_channel(t);
		if (!read_touch(r, &told)) {
			c->failed = false;
			return false;
		}
	}
	c->failed = false;
	return true;
}

static bool read_record(void *arg, const struct ledger_record *record)
{
	struct reading *x = arg;
	struct store_reading *c = x->c;
	struct record_reader r = { .id = c->id ? read_id : NULL, .touch = read_touch, .arg = x };
	if (!record_read(record->body, record->first_seq, &c->s->touch_arena, &r, c->e)) {
		c->failed = true;
		return false;
	}
	return !r.stopped;
}

bool store_read(struct store_reading *c)
{
	struct reading r = { .c = c, .ids_seq = c->from_seq };
	struct through t = { .s = c->s,
			     .from_seq = c->from_seq,
			     .to_seq = c->to_seq,
			     .archived = read_archived,
			     .record = read_record,
			     .arg = &r };
	bool ok = store_through(&t, c->e) && !c->failed;
	archive_walk_free(&r.walk);
	vec_free(&r.segments);
	return ok;
}

bool store_scan(struct store *s, uint64_t from_seq, uint64_t to_seq, bool hidden_too, touch_fn each,
		void *arg, err *e)
{
	struct store_reading c = { .s = s,
				   .from_seq = from_seq,
				   .to_seq = to_seq,
				   .hidden_too = hidden_too,
				   .each = each,
				   .arg = arg,
				   .e = e };
	return store_read(&c);
}

/* ---- some of them ---------------------------------------------------------------------------- */

struct some {
	struct store *s;
	touch_wanted_fn wanted;
	touch_fn each;
	void *arg;
	uint64_t from_seq, to_seq;
	err *e;
	bool failed;
	struct archive_walk *walk;
};

static bool some_wanted(void *arg, const struct touch_brief *h)
{
	struct some *x = arg;
	return h->seq >= x->from_seq && h->seq <= x->to_seq && x->wanted(x->arg, h);
}

static bool some_touch(void *arg, const struct touch *t)
{
	struct some *x = arg;
	return x->each(x->arg, t);
}

static bool some_record(void *arg, const struct ledger_record *record)
{
	struct some *x = arg;
	struct record_reader r = { .touch = some_touch, .arg = x };
	if (record_read_some(record->body, record->first_seq, &x->s->touch_arena, some_wanted, &r,
			     x->e))
		return !r.stopped;
	x->failed = true;
	return false;
}

static bool some_archived(void *arg, uint64_t upto)
{
	struct some *x = arg;
	struct arena *a = &x->s->touch_arena;
	const struct archive_head *h;
	x->failed = true;
	if (!x->walk &&
	    !archive_heads_new(&x->s->archive->segments, x->from_seq, x->to_seq, &x->walk, x->e))
		return false;
	for (;;) {
		struct touch t;
		if (!archive_heads_next(x->walk, upto, &h, x->e))
			return false;
		if (!h)
			break;
		const struct touch_brief brief = { h->seq,  h->person, h->company,
						   h->deal, h->cause,  h->import };
		if (!some_wanted(x, &brief))
			continue;
		arena_reset(a);
		if (!archive_head_touch(x->walk, h, a, &t, x->e))
			return false;
		t = with_channel(&t);
		if (!x->each(x->arg, &t)) {
			x->failed = false;
			return false;
		}
	}
	x->failed = false;
	return true;
}

bool store_scan_some(struct store *s, uint64_t from_seq, uint64_t to_seq, touch_wanted_fn wanted,
		     touch_fn each, void *arg, err *e)
{
	struct some x = { s, wanted, each, arg, from_seq, to_seq, e, false, NULL };
	struct through t = { .s = s,
			     .from_seq = from_seq,
			     .to_seq = to_seq,
			     .archived = some_archived,
			     .record = some_record,
			     .arg = &x };
	bool ok = store_through(&t, e) && !x.failed;
	archive_walk_free(&x.walk);
	return ok;
}

/* ---- one ------------------------------------------------------------------------------------- */

struct one {
	uint64_t seq;
	struct arena *a;
	struct touch *t_r;
	bool found;
};

static bool one_wanted(void *arg, const struct touch_brief *h)
{
	const struct one *x = arg;
	return h->seq == x->seq;
}

static bool one_touch(void *arg, const struct touch *t)
{
	struct one *x = arg;
	x->found = touch_copy(x->a, t, x->t_r);
	return false;
}

bool store_touch(struct store *s, uint64_t seq, struct arena *a, struct touch *t_r, err *e)
{
	struct one x = { .seq = seq, .a = a, .t_r = t_r };
	if (seq > 0 && seq <= MIN(s->as_of, s->last_seq) &&
	    !store_scan_some(s, seq, seq, one_wanted, one_touch, &x, e))
		return false;
	if (a->over)
		return arena_err(a, e);
	const struct undone_row *row = s->undone_touches.n ? store_undone_by(s, seq) : NULL;
	return (x.found && !(row && (row->effects & EFFECT_ERASED))) ||
	       err_set(e, ERR_NOT_FOUND, "there is no touch %llu", (unsigned long long)seq);
}

/* ---- by number ------------------------------------------------------------------------------- */

struct picking {
	struct store *s;
	const uint64_t *seqs;
	size_t n, at;
	touch_fn each;
	void *arg;
	bool stopped, failed;
	err *e;
	VEC(struct touch) archived; /* of the present stretch of numbers */
	size_t archived_at;
};

static bool pick_wanted(void *arg, const struct touch_brief *h)
{
	struct picking *p = arg;
	while (p->at < p->n && p->seqs[p->at] < h->seq)
		p->at++;
	return p->at < p->n && p->seqs[p->at] == h->seq;
}

static bool pick_touch(void *arg, const struct touch *t)
{
	struct picking *p = arg;
	p->at++;
	if (!store_hides_touch(p->s, t))
		p->stopped = !p->each(p->arg, t);
	return !p->stopped && p->at < p->n;
}

/* All that is wanted of one record; what is not is passed over. */
static bool pick_record(void *arg, const struct ledger_record *record)
{
	struct picking *p = arg;
	struct record_reader r = { .touch = pick_touch, .arg = p };
	p->failed = !record_read_some(record->body, record->first_seq, &p->s->touch_arena,
				      pick_wanted, &r, p->e);
	while (p->at < p->n && p->seqs[p->at] < record->first_seq + record->touches)
		p->at++;
	return false;
}

static bool pick_archived(void *arg, const struct touch *t)
{
	struct picking *p = arg;
	p->failed = !vec_push(&p->archived, with_channel(t));
	return !p->failed || err_nomem(p->e);
}

/* Up to seqs[end]: what the archive has was found before, the rest is in records. */
static bool pick_stretch(struct picking *p, size_t end, err *e)
{
	uint64_t sealed = p->s->archive->manifest.sealed_seq;
	p->archived_at = 0;
	while (p->at < end && !p->stopped) {
		size_t before = p->at;
		uint64_t seq = p->seqs[before];
		if (p->archived_at < p->archived.n && p->archived.items[p->archived_at].seq == seq)
			(void)pick_touch(p, &p->archived.items[p->archived_at++]);
		else if (seq > sealed &&
			 (!ledger_scan_records(p->s->ledger, seq, seq, pick_record, p, e) ||
			  p->failed))
			return false;
		p->at = MAX(p->at, before + 1);
	}
	return true;
}

bool store_pick(struct store *s, const uint64_t *seqs, size_t n, touch_fn each, void *arg, err *e)
{
	struct picking p = { .s = s, .seqs = seqs, .n = n, .each = each, .arg = arg, .e = e };
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, WALK_BYTES_MAX);
	bool ok = true;
	while (ok && p.at < n && !p.stopped) {
		size_t from = p.at, end = MIN(from + PICK_MAX, n);
		arena_reset(&a);
		vec_clear(&p.archived);
		ok = seqs[from] > s->archive->manifest.last_seq ||
		     (archive_pick(&s->archive->segments, seqs + from, end - from, &a,
				   pick_archived, &p, e) &&
		      !p.failed);
		ok = ok && pick_stretch(&p, end, e);
	}
	vec_free(&p.archived);
	return ok;
}

/* ---- who, when and what ---------------------------------------------------------------------- */

struct heading {
	struct store *s;
	uint64_t from_seq, to_seq;
	head_fn each;
	void *arg;
	bool failed;
	err *e;
	struct archive_walk *walk;
};

static bool head_touch(void *arg, const struct touch_head *h)
{
	struct heading *x = arg;
	if (h->seq < x->from_seq)
		return true;
	struct touch_head told = *h;
	told.hidden = (h->import && store_hides(x->s, h->import)) ||
		      store_undone_by(x->s, h->seq) != NULL;
	return h->seq <= x->to_seq && x->each(x->arg, &told);
}

static bool head_record(void *arg, const struct ledger_record *record)
{
	struct heading *x = arg;
	bool stopped = false;
	x->failed = !record_read_heads(record->body, record->first_seq, head_touch, x, &stopped,
				       x->e);
	return !x->failed && !stopped;
}

static bool head_archived(void *arg, uint64_t upto)
{
	struct heading *x = arg;
	const struct archive_head *h;
	x->failed = true;
	if (!x->walk &&
	    !archive_heads_new(&x->s->archive->segments, x->from_seq, x->to_seq, &x->walk, x->e))
		return false;
	for (;;) {
		if (!archive_heads_next(x->walk, upto, &h, x->e))
			return false;
		if (!h)
			break;
		const struct touch_head told = { .seq = h->seq,
						 .at_us = h->at_us,
						 .name = h->name,
						 .person = h->person,
						 .company = h->company,
						 .deal = h->deal,
						 .import = h->import };
		if (!head_touch(x, &told)) {
			x->failed = false;
			return false;
		}
	}
	x->failed = false;
	return true;
}

bool store_heads(struct store *s, uint64_t from_seq, uint64_t to_seq, head_fn each, void *arg,
		 err *e)
{
	struct heading x = {
		.s = s, .from_seq = from_seq, .to_seq = to_seq, .each = each, .arg = arg, .e = e
	};
	struct through t = { .s = s,
			     .from_seq = from_seq,
			     .to_seq = to_seq,
			     .archived = head_archived,
			     .record = head_record,
			     .arg = &x };
	bool ok = store_through(&t, e) && !x.failed;
	archive_walk_free(&x.walk);
	return ok;
}
