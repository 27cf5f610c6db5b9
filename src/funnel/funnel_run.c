/*
 * funnel_run.c - runs a funnel: a plan, the touches of each subject gathered, the counts.
 *
 * What it is:   workers say what the touches of each subject amount to (funnel_gather.c); one
 * thread asks people about those who came so far, puts beside them who left and where they are now,
 * and counts. The period before and the group that the answer is compared with are answers of their
 * own. Promises:     all that grows with the touches is taken from the arena given, or as much
 * again; its maximum is the query's. Threads:      one query per thread; it starts workers of its
 * own.
 */
#include "funnel/correlate_int.h"
#include "funnel/deeds_int.h"
#include "funnel/past_int.h"
#include "funnel/watch_int.h"

#include <string.h>

struct run {
	struct plan *p, plan;
	struct gathering g;
	struct dict dict;
	struct past past;
	struct sides sides;
	struct portrait portrait;
	struct arena *a;       /* of the answer */
	struct arena *scratch; /* of the run: `own` */
	struct arena own;
	struct progress *list;
	size_t n;
	struct first *firsts; /* in the answer's memory */
	size_t firsts_n;
	struct progress *all; /* of FUNNEL_OF_ALL */
	size_t all_n;
	struct progress *outside;     /* not counted, but in a stage */
	uint64_t *counted, *left_out; /* bit per subject: in the list; its rule does not hold */
	uint64_t out_of_order;
};

static void bit_put(uint64_t *bits, uint64_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool bit_at(const uint64_t *bits, uint64_t i)
{
	return (bits[i / 64] >> (i % 64) & 1) != 0;
}

/* Puts the subject's own values into the place of those that touches do not have. */
static bool run_own_values(struct run *r, uint32_t *group_r, err *e)
{
	value values[FUNNEL_BY_MAX];
	value all = dict_value(&r->dict, *group_r);
	for (size_t i = 0; i < r->p->by_n; i++) {
		const struct by_part *by = &r->p->by[i];
		bool listed = r->p->by_n > 1 && all.kind == VALUE_LIST;
		values[i] = by->of_person ? portrait_breakdown(&r->portrait, by->name)
			    : listed	  ? all.list.items[i]
					  : value_none();
	}
	return dict_number_all(&r->dict, values, r->p->by_n, group_r, e);
}

/* What the rule and the breakdown say of the subject itself. *counts_r false: the rule does not
 * hold. */
static bool run_traits(struct run *r, uint64_t subject, bool *counts_r, uint32_t *group_r, err *e)
{
	const struct funnel_spec *spec = &r->p->spec;
	bool of_person = false;
	for (size_t i = 0; i < r->p->by_n; i++)
		of_person = of_person || r->p->by[i].of_person;
	*counts_r = true;
	if (!spec->where && !of_person)
		return true;
	if (!portrait_read(&r->portrait, subject, e) ||
	    !past_read(&r->past, r->g.workers, subject, e))
		return false;
	*counts_r = portrait_where(&r->portrait, r->past.touches.items, r->past.touches.n);
	return !*counts_r || !of_person || run_own_values(r, group_r, e);
}

/* ---- beside the steps ------------------------------------------------------------------------ */

static bool run_past(struct run *r, err *e)
{
	for (size_t i = 0; i < r->g.workers_n; i++) {
		const struct worker *w = &r->g.workers[i];
		for (size_t k = 0; k < w->beside.n; k++) {
			const struct beside *b = &w->beside.items[k];
			if (b->subject != 0 && !past_note(&r->past, b->subject, b->ref, e))
				return false;
		}
	}
	past_sort(&r->past);
	return true;
}

static bool run_deed(struct run *r, const struct source *s, struct subject_key *key,
		     const struct deed *d, err *e)
{
	struct snapshot *snapshot = r->g.sources.snapshot;
	const struct touch t = { .person = d->person, .company = d->company, .deal = d->deal };
	uint64_t subject;
	if ((r->p->spec.until_given && d->at_us >= r->p->spec.until_us) ||
	    (s->some_hidden &&
	     (d->seq > r->g.sources.seq || snapshot_hides_row(snapshot, d->seq, d->import))))
		return true;
	if (d->spend)
		sides_spend(&r->sides, d);
	return d->kind == SIDE_NONE || (subject_key_of(key, &t, &subject, e) &&
					sides_take(&r->sides, d, subject, key->people, e));
}

/* Who left, who is where, deals and spend. */
static bool run_sides(struct run *r, err *e)
{
	struct deeds_list l;
	struct subject_key key;
	struct sources *s = &r->g.sources;
	if (r->p->spec.counts_only)
		return true;
	bool ok = subject_key_init(&key, snapshot_people(s->snapshot), r->p->spec.count, r->scratch,
				   e);
	ok = ok && sides_init(&r->sides, r->p, r->g.subjects_n, r->scratch, e);
	ok = deeds_find(&l, s, r->p->spec.memory, r->g.workers_n, r->own.bytes_max, r->scratch,
			e) &&
	     ok;
	for (size_t i = 0; ok && i < s->n; i++)
		for (size_t k = 0; ok && k < l.items[i]->items.n; k++)
			ok = run_deed(r, &s->items[i], &key, &l.items[i]->items.items[k], e);
	deeds_give_back(&l);
	subject_key_fini(&key);
	return ok;
}

/* ---- one subject ----------------------------------------------------------------------------- */

/* Who is not counted may be in a stage all the same. */
static bool run_outside(struct run *r, uint64_t subject, err *e)
{
	struct progress o = { .subject = subject, .exit = EXIT_NONE, .here = ROW_NONE };
	bool counts;
	uint32_t group = DICT_NONE;
	sides_resolve(&r->sides, subject, INT64_MIN, &o);
	if (o.here == ROW_NONE)
		return true;
	if (!run_traits(r, subject, &counts, &group, e))
		return false;
	if (!counts)
		return true;
	struct progress *kept = arena_alloc(r->a, sizeof *kept);
	if (!kept)
		return arena_err(r->a, e);
	*kept = o;
	kept->group = UINT32_MAX;
	kept->next = r->outside;
	r->outside = kept;
	return true;
}

/* All that are not counted and in a stage. */
static bool run_others(struct run *r, err *e)
{
	if (r->p->spec.counts_only || r->p->matcher.stages == 0 ||
	    r->p->spec.count != FUNNEL_PEOPLE)
		return true;
	for (uint64_t subject = 1; subject < r->g.subjects_n; subject++)
		if (r->sides.first[subject] != 0 && !bit_at(r->counted, subject) &&
		    !bit_at(r->left_out, subject) && !run_outside(r, subject, e))
			return false;
	return true;
}

/* What outlives the run lies in memory of the answer. */
static bool run_keep(struct run *r, struct progress **o, err *e)
{
	if (!r->p->spec.keep)
		return true;
	size_t bytes = sizeof **o + (*o)->level * sizeof(*o)->at_us[0];
	struct progress *copy = arena_alloc(r->a, bytes);
	if (!copy)
		return arena_err(r->a, e);
	memcpy(copy, *o, bytes);
	*o = copy;
	return true;
}

static bool run_counted(struct run *r, struct progress *o, err *e)
{
	const struct funnel_spec *spec = &r->p->spec;
	bool in_period = spec->view == FUNNEL_COHORT;
	int64_t since_us = o->exit_us;
	for (size_t k = 0; !in_period && k < o->level; k++)
		in_period = progress_counts(spec, o, k);
	if (!in_period)
		return true;
	if (!run_keep(r, &o, e))
		return false;
	o->exit_us = 0;
	if (!spec->counts_only)
		sides_resolve(&r->sides, o->subject, since_us, o);
	bit_put(r->counted, o->subject);
	o->next = r->list;
	r->list = o;
	r->n++;
	return true;
}

static bool run_progress(struct run *r, struct progress *o, err *e)
{
	bool counts;
	if (!run_traits(r, o->subject, &counts, &o->group, e))
		return false;
	if (!counts) {
		bit_put(r->left_out, o->subject);
		return true;
	}
	r->out_of_order += o->out_of_order;
	return o->level == 0 || run_counted(r, o, e);
}

/* Whoever the rule leaves out is in no group. */
static bool run_value(struct run *r, struct progress *o, err *e)
{
	if (bit_at(r->left_out, o->subject))
		return true;
	if (!run_keep(r, &o, e))
		return false;
	o->next = r->all;
	r->all = o;
	r->all_n++;
	return true;
}

/* A property that only people have has to be asked of each of them. */
static bool run_unfold(struct run *r, const struct first *f, err *e)
{
	const struct chain_touch t = { .at_us = f->at_us };
	const struct chain c = { .level = 1 };
	struct progress *o;
	if (!progress_make(&c, &t, r->scratch, &o, e))
		return false;
	o->subject = f->subject;
	o->exit_us = INT64_MIN;
	return run_progress(r, o, e);
}

static bool run_firsts(struct run *r, err *e)
{
	const struct funnel_spec *spec = &r->p->spec;
	bool of_person = false, period = spec->view == FUNNEL_PERIOD;
	size_t n = 0;
	for (size_t i = 0; i < r->p->by_n; i++)
		of_person = of_person || r->p->by[i].of_person;
	for (size_t i = 0; i < r->g.workers_n; i++)
		n += r->g.workers[i].firsts.n;
	r->firsts = arena_alloc(spec->keep ? r->a : r->scratch,
				MAX(n, (size_t)1) * sizeof *r->firsts);
	if (!r->firsts)
		return arena_err(spec->keep ? r->a : r->scratch, e);
	for (size_t i = 0; i < r->g.workers_n; i++) {
		const struct worker *w = &r->g.workers[i];
		if (!of_person && !period && w->firsts.n > 0) {
			memcpy(r->firsts + r->firsts_n, w->firsts.items,
			       w->firsts.n * sizeof *r->firsts);
			r->firsts_n += w->firsts.n;
			continue;
		}
		for (size_t k = 0; k < w->firsts.n; k++) {
			const struct first *f = &w->firsts.items[k];
			if (of_person ? !run_unfold(r, f, e) : false)
				return false;
			if (of_person ||
			    (period && (f->at_us < spec->from_us || f->at_us >= spec->to_us)))
				continue;
			r->firsts[r->firsts_n++] = *f;
		}
	}
	return true;
}

static bool run_subjects(struct run *r, err *e)
{
	struct progress *o, *next;
	r->counted = ARENA_ARRAY(r->scratch, uint64_t, r->g.subjects_n / 64 + 1);
	r->left_out = ARENA_ARRAY(r->scratch, uint64_t, r->g.subjects_n / 64 + 1);
	if (!r->counted || !r->left_out)
		return arena_err(r->scratch, e);
	for (size_t i = 0; i < r->g.workers_n; i++) {
		for (o = r->g.workers[i].list; o; o = next) {
			next = o->next;
			if (!run_progress(r, o, e))
				return false;
		}
		for (o = r->g.workers[i].all; o; o = next) {
			next = o->next;
			if (!run_value(r, o, e))
				return false;
		}
	}
	return run_firsts(r, e) && run_others(r, e);
}

/* ---- what it is broken down by --------------------------------------------------------------- */

static bool is_seen(const struct dict *d, size_t part, size_t parts_n)
{
	if (parts_n == 1)
		return d->values.n > 1;
	for (uint32_t i = 1; i < d->values.n; i++)
		if (dict_value(d, i).list.items[part].kind != VALUE_NONE)
			return true;
	return false;
}

/* A property that no touch carries is one of the people, companies or deals themselves; where they
 * came from is where they came from first. */
static bool choose_breakdown(struct run *r, err *e)
{
	static const char *const origins[] = { "source", "medium",   "campaign", "content",
					       "term",	 "referrer", "channel" };
	struct plan *p = r->p;
	bool changed = false, all_of_person = true;
	for (size_t k = 0; k < p->by_n; k++) {
		struct by_part *by = &p->by[k];
		if (p->spec.of == FUNNEL_OF_FIRST && !by->of_person &&
		    !is_seen(&r->dict, k, p->by_n)) {
			by->of_person = changed = true;
			for (size_t i = 0; i < ARRAY_LEN(origins); i++)
				if (str_eq(by->name, str_of(origins[i])))
					by->name = str_printf(r->a, "first_%s", origins[i]);
		}
		all_of_person = all_of_person && by->of_person;
	}
	if (!changed)
		return true;
	if (all_of_person)
		p->spec.of = FUNNEL_OF_PERSON;
	p->spec.by = p->by_n == 1 ? p->by[0].name
				  : str_printf(r->a, "%.*s,%.*s", STR_ARG(p->by[0].name),
					       STR_ARG(p->by[1].name));
	return !r->a->over || arena_err(r->a, e);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static struct progress **run_list(struct run *r, struct progress *first, size_t n)
{
	struct progress **list = ARENA_ARRAY(r->scratch, struct progress *, n);
	for (size_t i = 0; list && i < n; i++, first = first->next)
		list[i] = first;
	return list;
}

static bool run_count(struct run *r, struct funnel_result *result, err *e)
{
	struct counting c = { .p = r->p,
			      .a = r->a,
			      .scratch_a = r->scratch,
			      .n = r->n,
			      .all_n = r->all_n,
			      .firsts = r->firsts,
			      .firsts_n = r->firsts_n };
	size_t most = MAX(r->n, r->all_n);
	const struct sides *sides = r->p->spec.counts_only ? NULL : &r->sides;
	c.list = run_list(r, r->list, r->n);
	c.all = run_list(r, r->all, r->all_n);
	c.bucket = ARENA_ARRAY(r->scratch, uint32_t, most);
	c.scratch = ARENA_ARRAY(r->scratch, int64_t, most);
	if (!c.list || !c.all || !c.bucket || !c.scratch)
		return arena_err(r->scratch, e);
	result->by_n = r->p->by_n;
	return progress_count(&c, &r->dict, result, e) &&
	       (!r->p->spec.correlate ||
		correlate_run(&r->g, c.list, c.n, r->a, r->scratch, result, e)) &&
	       (!sides || sides_count(sides, &c, r->outside, result, e)) &&
	       (!r->p->spec.keep || kept_make(&c, r->outside, sides, result, e));
}

static bool run_asked(void *arg, str name)
{
	return past_asks(arg, name);
}

/* One answer; what it is made of goes with the run. `a` NULL: the answer, too. */
static bool run_all(struct run *r, struct snapshot *s, const struct funnel_spec *spec,
		    struct arena *a, size_t bytes_max, struct funnel_result *result_r, err *e)
{
	struct funnel_result result = { .snapshot = snapshot_seq(s) };
	memset(r, 0, sizeof *r);
	r->p = &r->plan;
	r->scratch = &r->own;
	arena_init(&r->own, bytes_max);
	r->a = a ? a : &r->own;
	bool ok = plan_init(&r->plan, spec, r->a, e);
	portrait_init(&r->portrait, snapshot_people(s), &r->plan);
	past_init(&r->past, spec->where, bytes_max);
	ok = ok && dict_init(&r->dict, r->scratch, e) &&
	     gathering_open(&r->g, s, &r->plan, &r->dict, r->past.asks_any ? run_asked : NULL,
			    &r->past, r->scratch, e) &&
	     run_sides(r, e) && gathering_judge(&r->g, r->sides.first, r->scratch, e) &&
	     run_past(r, e) && choose_breakdown(r, e) && run_subjects(r, e) &&
	     run_count(r, &result, e);
	if (!ok)
		return false;
	result.spec = r->plan.spec;
	result.out_of_order = r->out_of_order + r->g.out_of_order;
	*result_r = result;
	return true;
}

static void run_close(struct run *r)
{
	gathering_fini(&r->g);
	past_fini(&r->past);
	portrait_fini(&r->portrait);
	plan_fini(&r->plan);
	arena_fini(&r->own);
}

static void take_previous(struct funnel_result *r, const struct funnel_result *before)
{
	for (size_t k = 0; k < r->steps_n; k++)
		r->steps[k].previous = before->steps[k].count;
	r->has_previous = true;
	r->previous_from_us = before->spec.from_us;
	r->previous_to_us = before->spec.to_us;
}

static void spec_other(const struct funnel_spec *spec, struct funnel_spec *other_r)
{
	*other_r = *spec;
	other_r->where = spec->compare_where;
	other_r->compare_where = NULL;
	other_r->by = S("");
	other_r->correlate = false;
	other_r->trend = other_r->compare = other_r->keep = false;
	other_r->counts_only = true;
}

/* The period before. */
static bool add_previous(struct snapshot *s, const struct run *own, struct funnel_result *r, err *e)
{
	struct funnel_spec before;
	struct funnel_result result;
	struct run run;
	if (!period_before(&own->plan.spec, &before))
		return true;
	bool ok = run_all(&run, s, &before, NULL, own->own.bytes_max, &result, e);
	if (ok)
		take_previous(r, &result);
	run_close(&run);
	return ok;
}

/* The group that the answer is compared with. */
static bool add_versus(struct snapshot *s, const struct run *own, struct funnel_result *r,
		       struct arena *a, err *e)
{
	struct funnel_spec other;
	struct funnel_result result;
	struct run run;
	spec_other(&own->plan.spec, &other);
	bool ok = run_all(&run, s, &other, NULL, own->own.bytes_max, &result, e) &&
		  versus_make(r, &result, a, e);
	run_close(&run);
	return ok;
}

bool funnel_run(struct snapshot *s, const struct funnel_spec *spec, struct arena *a,
		struct funnel_result *r, err *e)
{
	struct run run;
	struct funnel_result result;
	struct monitor monitor;
	bool watched = monitor_begin(&monitor, spec->watch, e);
	bool ok = run_all(&run, s, spec, a, a->bytes_max, &result, e) && watched &&
		  (!spec->compare || add_previous(s, &run, &result, e)) &&
		  (!spec->compare_where || add_versus(s, &run, &result, a, e));
	run_close(&run);
	monitor_end(&monitor);
	if (ok)
		*r = result;
	return ok;
}
