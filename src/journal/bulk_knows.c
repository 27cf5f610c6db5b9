/*
 * bulk_knows.c - was a touch loaded in bulk before?
 *
 * What it is:   touches that were loaded in bulk have no message ids. An import that goes row by
 * row looks for one that says the same: same person, instant, name, origin, properties and deal, in
 * the segments that hold imports. Workload:     one search per row and segment, of imports of
 * events beside such segments alone. Threads:      the writer's.
 */
#include "journal/journal_int.h"

#define OWNERS_MAX    64 /* of one device that are looked at */
#define MADE_ID_BYTES 26 /* "i", 22 digits, ":00": load/ makes them of what a touch says */

struct looking {
	struct store *s;
	const struct touch *t;
	struct arena *a;
	uint64_t bare, all; /* equal ones without an id; with those whose id was made */
	err *e;
};

static bool same_origin(const struct origin *a, const struct origin *b)
{
	return str_eq(a->source, b->source) && str_eq(a->medium, b->medium) &&
	       str_eq(a->campaign, b->campaign) && str_eq(a->content, b->content) &&
	       str_eq(a->term, b->term) && str_eq(a->referrer, b->referrer) &&
	       str_eq(a->click_kind, b->click_kind);
}

static bool same_props(const struct touch *a, const struct touch *b)
{
	if (a->props_n != b->props_n)
		return false;
	for (size_t i = 0; i < a->props_n; i++) {
		value v = touch_prop(b, a->props[i].key);
		if (v.kind != a->props[i].value.kind || !value_eq(v, a->props[i].value))
			return false;
	}
	return true;
}

static bool id_is_made(str id)
{
	return id.n == 0 || (id.n == MADE_ID_BYTES && id.p[0] == 'i' && id.p[23] == ':');
}

static bool look_at(struct looking *x, struct segment_cursor *c, uint64_t row)
{
	struct touch t;
	if (!segment_touch(c, row, x->a, &t, x->e))
		return false;
	bool same = t.import && !store_hides_touch(x->s, &t) && t.cause == 0 &&
		    id_is_made(t.message_id) && t.deal == x->t->deal &&
		    str_eq(t.name, x->t->name) && same_origin(&t.origin, &x->t->origin) &&
		    same_props(&t, x->t);
	x->all += same;
	x->bare += same && t.message_id.n == 0;
	return true;
}

/* The first of `n` rows from `first` on that is not before that instant. */
static bool row_at(const struct segment *s, uint64_t first, size_t n, int64_t at_us,
		   uint64_t *row_r, err *e)
{
	size_t from = 0;
	while (n > 0) {
		size_t half = n / 2;
		int64_t at;
		if (!column_ints(segment_at(s), first + from + half, 1, &at, e))
			return false;
		if (at < at_us) {
			from += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	*row_r = first + from;
	return true;
}

static bool look_in(struct looking *x, const struct segment *s, struct segment_cursor *c,
		    uint64_t subject)
{
	uint64_t first, row;
	size_t n;
	if (!segment_find(s, subject, &first, &n, x->e) ||
	    !row_at(s, first, n, x->t->at_us, &row, x->e))
		return false;
	for (; row < first + n; row++) {
		int64_t at;
		if (!column_ints(segment_at(s), row, 1, &at, x->e))
			return false;
		if (at != x->t->at_us)
			break;
		if (!look_at(x, c, row))
			return false;
	}
	return true;
}

/* Whoever of a subject's profiles was the subject when the segment was written. */
static bool look_for(struct looking *x, const struct segment *s, struct segment_cursor *c,
		     uint64_t profile)
{
	uint64_t at = profile;
	do {
		if (!look_in(x, s, c, at))
			return false;
		at = at ? journal_hooks.next_of(x->s->people, at) : 0;
	} while (at != profile);
	return true;
}

/* Also those who have had the device, and the device itself. */
static bool look_for_all(struct looking *x, const struct segment *s, uint64_t profile,
			 uint64_t device)
{
	struct people *p = x->s->people;
	uint64_t seen[OWNERS_MAX], owner = device;
	size_t n = 0;
	struct segment_cursor *c = NULL;
	if (!segment_cursor_new(s, &c, x->e))
		return false;
	bool ok = look_for(x, s, c, profile);
	seen[n++] = journal_hooks.subject_of(p, profile);
	for (size_t i = 0; ok && owner && n < OWNERS_MAX; i++) {
		uint64_t subject = journal_hooks.subject_of(p, owner);
		bool again = false;
		for (size_t k = 0; k < n; k++)
			again |= seen[k] == subject;
		if (!again) {
			seen[n++] = subject;
			ok = look_for(x, s, c, owner);
		}
		owner = journal_hooks.device_owner(p, device, i);
	}
	segment_cursor_free(&c);
	return ok;
}

/* Of equal rows of one file the first may have brought a join: then it has its id. */
static bool first_is_known(struct store *s, const struct intake *in, bool *known_r, err *e)
{
	uint64_t v;
	return in->equal_id.n == 0 ||
	       idmap_get(s->messages, message_key(in->equal_id), &v, known_r, e);
}

bool bulk_knows(struct store *s, const struct intake *in, const struct decided *d, struct arena *a,
		bool *known_r, err *e)
{
	const struct touch *t = &d->touch;
	struct looking x = { .s = s, .t = t, .a = a, .e = e };
	uint64_t profile = t->person ? t->person : t->company ? t->company : t->deal;
	for (size_t i = 0; i < s->archive->segments.n; i++) {
		const struct segment *in_it = s->archive->segments.items[i];
		const struct segment_info *info = segment_info(in_it);
		bool may = info->has_imports && info->at_min_us <= t->at_us &&
			   info->at_max_us >= t->at_us;
		if (may && !look_for_all(&x, in_it, profile, d->device))
			return false;
	}
	*known_r = x.bare > 0 && x.all >= in->equal;
	return *known_r || x.bare == 0 || x.bare + 1 < in->equal ||
	       first_is_known(s, in, known_r, e);
}
