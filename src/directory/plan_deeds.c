/*
 * plan_deeds.c - did(...), first(...) and last(...) over the columns of touches.
 *
 * What it is:   one pass over the touches counts per row; only a `where` needs the records, those
 * of that name. Threads:      under the directory's lock, reading.
 */
#include "directory/directory_int.h"

#include "base/mem.h"
#include "base/time.h"

#include <string.h>

#define DID_TOUCHES_MAX 20000000
#define COUNTS_TESTED	1024

/* Counted by profile first, which costs one look-up a touch; put together by row afterwards. */
struct deeds {
	uint32_t *count;
	int64_t *first_us, *last_us; /* only where times are asked for; else NULL */
	size_t n;
	const struct plan *p;
	const struct rule_did *did;
};

static void deeds_free(struct deeds *x)
{
	mem_free(x->count);
	mem_free(x->first_us);
	mem_free(x->last_us);
}

static bool deeds_make(struct deeds *x, size_t n, bool times, err *e)
{
	x->n = n;
	x->count = mem_zalloc(n + 1, sizeof *x->count);
	if (times) {
		x->first_us = mem_zalloc(n + 1, sizeof *x->first_us);
		x->last_us = mem_zalloc(n + 1, sizeof *x->last_us);
	}
	return (x->count && (!times || (x->first_us && x->last_us))) || err_nomem(e);
}

static void deed(struct deeds *x, size_t i, uint32_t count, int64_t first_us, int64_t last_us)
{
	if (i >= x->n)
		return;
	if (x->first_us) {
		x->first_us[i] = x->count[i] ? MIN(x->first_us[i], first_us) : first_us;
		x->last_us[i] = x->count[i] ? MAX(x->last_us[i], last_us) : last_us;
	}
	x->count[i] += MIN(count, UINT32_MAX - x->count[i]);
}

/* From profiles to the rows of their subjects. */
static void deeds_join(const struct deeds *by_profile, struct deeds *by_row)
{
	const struct plan *p = by_profile->p;
	bool times = by_profile->first_us != NULL;
	for (size_t i = 0; i < by_profile->n; i++) {
		size_t row;
		if (by_profile->count[i] && rows_find(&p->d->rows, p->q->entity, i + 1, &row))
			deed(by_row, row, by_profile->count[i], times ? by_profile->first_us[i] : 0,
			     times ? by_profile->last_us[i] : 0);
	}
}

/* Numbers of the touches of that name, in that time, about somebody of the entity. */
struct deed_walk {
	const struct touches *t;
	uint16_t name;
	int64_t from_us, to_us;
};

static bool deed_fits(const struct deed_walk *w, uint64_t seq)
{
	const struct touches *t = w->t;
	size_t i = (size_t)seq - 1;
	return t->name.items[i] == w->name && t->at_us.items[i] >= w->from_us &&
	       t->at_us.items[i] <= w->to_us && !bit_get(t->hidden.items, i);
}

typedef bool (*deed_fn)(void *arg, uint64_t seq, uint64_t profile, int64_t at_us);

static bool deeds_each(const struct deed_walk *w, enum entity entity, deed_fn each, void *arg)
{
	const struct touches *t = w->t;
	size_t about_n = entity == ENTITY_COMPANY ? t->companies.n : t->deals.n;
	const struct about *about = entity == ENTITY_COMPANY ? t->companies.items : t->deals.items;
	if (entity == ENTITY_PERSON) {
		for (size_t i = 0; i < t->person.n; i++) {
			if (t->name.items[i] == w->name && t->person.items[i] &&
			    deed_fits(w, i + 1) &&
			    !each(arg, i + 1, t->person.items[i], t->at_us.items[i]))
				return false;
		}
		return true;
	}
	for (size_t i = 0; i < about_n; i++) {
		if (deed_fits(w, about[i].touch) && !each(arg, about[i].touch, about[i].profile,
							  t->at_us.items[about[i].touch - 1]))
			return false;
	}
	return true;
}

static struct deed_walk deed_walk_of(const struct plan *p, const struct rule_did *did)
{
	bool ever = did->last.us == 0 && did->last.months == 0;
	return (struct deed_walk){ .t = &p->d->touches,
				   .name = touches_name(&p->d->touches, did->name),
				   .from_us = ever ? INT64_MIN
						   : time_add(p->q->now_us, did->last, -1),
				   .to_us = ever ? INT64_MAX : p->q->now_us };
}

static bool count_deed(void *arg, uint64_t seq, uint64_t profile, int64_t at_us)
{
	(void)seq;
	deed(arg, (size_t)profile - 1, 1, at_us, at_us);
	return true;
}

struct where_walk {
	VEC(uint64_t) seqs;
	bool failed;
};

static bool keep_seq(void *arg, uint64_t seq, uint64_t profile, int64_t at_us)
{
	struct where_walk *w = arg;
	(void)profile;
	(void)at_us;
	w->failed = w->seqs.n >= DID_TOUCHES_MAX || !vec_push(&w->seqs, seq);
	return !w->failed;
}

static bool test_deed(void *arg, const struct touch *t)
{
	struct deeds *x = arg;
	struct rule_row row = touch_row(t, x->p->q->now_us);
	enum entity entity = x->p->q->entity;
	uint64_t about = entity == ENTITY_PERSON    ? t->person
			 : entity == ENTITY_COMPANY ? t->company
						    : t->deal;
	/* Beyond NAMES_MAX names share a code. */
	if (about && str_eq(t->name, x->did->name) &&
	    (!x->did->where || rule_test(x->did->where, &row)))
		deed(x, (size_t)about - 1, 1, t->at_us, t->at_us);
	return true;
}

/* Properties stand in the records alone: those of that name are read. */
static bool deeds_where(struct plan *p, const struct deed_walk *w, struct deeds *x)
{
	struct where_walk where = { .failed = false };
	bool ok = deeds_each(w, p->q->entity, keep_seq, &where);
	if (!ok)
		ok = err_set(p->e, ERR_LIMIT, "did(...): more than %d touches to be read",
			     DID_TOUCHES_MAX);
	ok = ok && snapshot_touches(p->s, where.seqs.items, where.seqs.n, test_deed, x, p->e);
	vec_free(&where.seqs);
	return ok;
}

/* Most counts are small: each is tested once. */
struct tested {
	int8_t holds[COUNTS_TESTED]; /* -1: not yet */
};

static bool deed_holds(const struct plan *p, const struct rule_part *part, const struct deeds *x,
		       size_t row, struct tested *t)
{
	enum rule_part_kind kind = rule_part_kind(part);
	uint32_t count = x->count[row];
	if (kind != RULE_PART_DID) {
		value at = !count		     ? value_none()
			   : kind == RULE_PART_FIRST ? value_time(x->first_us[row])
						     : value_time(x->last_us[row]);
		return rule_part_holds(part, at, p->q->now_us);
	}
	if (count >= COUNTS_TESTED)
		return rule_part_holds(part, value_int(count), p->q->now_us);
	if (t->holds[count] < 0)
		t->holds[count] = rule_part_holds(part, value_int(count), p->q->now_us);
	return t->holds[count];
}

static void bits_by_deeds(const struct plan *p, const struct rule_part *part, const struct deeds *x,
			  const uint64_t *within, uint64_t *out)
{
	struct tested tested;
	memset(tested.holds, -1, sizeof tested.holds);
	for (size_t w = 0; w < p->words; w++) {
		uint64_t bits = 0;
		for (size_t i = 0; within[w] && i < 64 && w * 64 + i < p->rows; i++)
			bits |= (uint64_t)deed_holds(p, part, x, w * 64 + i, &tested) << i;
		out[w] = bits & within[w];
	}
}

bool plan_deeds(struct plan *p, const struct rule_part *part, const uint64_t *within, uint64_t *out)
{
	const struct rule_did *did = rule_part_did(part);
	bool times = rule_part_kind(part) != RULE_PART_DID;
	struct deed_walk w = deed_walk_of(p, did);
	struct deeds x = { .p = p, .did = did }, rows = { .p = p, .did = did };
	if (!plan_count(p, p->rows + p->d->touches.person.n))
		return false;
	bool ok = deeds_make(&x, p->d->rows.root.n, times, p->e) &&
		  deeds_make(&rows, p->rows, times, p->e);
	if (ok && w.name != NAME_NONE) {
		if (did->where || w.name == NAME_ELSE)
			ok = deeds_where(p, &w, &x);
		else
			(void)deeds_each(&w, p->q->entity, count_deed, &x);
	}
	if (ok) {
		deeds_join(&x, &rows);
		bits_by_deeds(p, part, &rows, within, out);
	}
	deeds_free(&x);
	deeds_free(&rows);
	return ok;
}
