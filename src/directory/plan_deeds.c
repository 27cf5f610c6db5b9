/*
 * plan_deeds.c - did(...), first(...) and last(...) over the columns of touches.
 *
 * What it is:   one pass over the touches counts per row; only a `where` needs the records, those
 * of that name. Threads:      under the directory's lock, reading.
 */
#include "directory/directory_int.h"

#include "base/mem.h"
#include "base/time.h"

#define DID_TOUCHES_MAX 20000000

struct deeds {
	uint32_t *count; /* by row */
	int64_t *first_us, *last_us;
	const struct plan *p;
	const struct rule_did *did;
	bool failed;
};

static void deed(struct deeds *x, uint64_t profile, int64_t at_us)
{
	size_t row;
	if (!rows_find(&x->p->d->rows, x->p->q->entity, profile, &row) || row >= x->p->rows)
		return;
	x->first_us[row] = x->count[row] ? MIN(x->first_us[row], at_us) : at_us;
	x->last_us[row] = x->count[row] ? MAX(x->last_us[row], at_us) : at_us;
	x->count[row] += x->count[row] < UINT32_MAX;
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
	deed(arg, profile, at_us);
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
	/* Beyond NAMES_MAX names share a code. */
	if (str_eq(t->name, x->did->name) && (!x->did->where || rule_test(x->did->where, &row)))
		deed(x,
		     entity == ENTITY_PERSON	? t->person
		     : entity == ENTITY_COMPANY ? t->company
						: t->deal,
		     t->at_us);
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

static void bits_by_deeds(const struct plan *p, const struct rule_part *part, const struct deeds *x,
			  const uint64_t *within, uint64_t *out)
{
	enum rule_part_kind kind = rule_part_kind(part);
	for (size_t w = 0; w < p->words; w++) {
		uint64_t bits = 0;
		for (size_t i = 0; within[w] && i < 64 && w * 64 + i < p->rows; i++) {
			size_t row = w * 64 + i;
			value v = kind == RULE_PART_DID	    ? value_int(x->count[row])
				  : !x->count[row]	    ? value_none()
				  : kind == RULE_PART_FIRST ? value_time(x->first_us[row])
							    : value_time(x->last_us[row]);
			bits |= (uint64_t)rule_part_holds(part, v, p->q->now_us) << i;
		}
		out[w] = bits & within[w];
	}
}

bool plan_deeds(struct plan *p, const struct rule_part *part, const uint64_t *within, uint64_t *out)
{
	const struct rule_did *did = rule_part_did(part);
	struct deed_walk w = deed_walk_of(p, did);
	struct deeds x = { .p = p, .did = did };
	if (!plan_count(p, p->rows + p->d->touches.person.n))
		return false;
	x.count = mem_zalloc(p->rows + 1, sizeof *x.count);
	x.first_us = mem_zalloc(p->rows + 1, sizeof *x.first_us);
	x.last_us = mem_zalloc(p->rows + 1, sizeof *x.last_us);
	bool ok = (x.count && x.first_us && x.last_us) || err_nomem(p->e);
	if (ok && w.name != NAME_NONE) {
		if (did->where || w.name == NAME_ELSE)
			ok = deeds_where(p, &w, &x);
		else
			(void)deeds_each(&w, p->q->entity, count_deed, &x);
	}
	if (ok)
		bits_by_deeds(p, part, &x, within, out);
	mem_free(x.count);
	mem_free(x.first_us);
	mem_free(x.last_us);
	return ok;
}
