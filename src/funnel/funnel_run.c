/*
 * funnel_run.c - runs a funnel: a plan, one scan, a chain per subject, the counts.
 *
 * What it is:   the answer asked for, and beside it in the same scan the period before and the
 *               group that it is compared with.
 * Promises:     all that grows with the touches is taken from the arena given, whose maximum is
 *               the query's.
 * Threads:      one query per thread.
 */
#include "funnel/funnel_int.h"

struct run {
	struct plan *p, plan;
	struct harvest h;
	struct portrait portrait;
	struct arena *a;       /* of the answer */
	struct arena *scratch; /* of the run: `own` */
	struct arena own;
	struct progress *list;
	size_t n;
	struct progress *all; /* of FUNNEL_OF_ALL */
	size_t all_n;
	struct progress *outside; /* not counted, but in a stage */
	uint64_t out_of_order;
};

/* Puts the subject's own values into the place of those that touches do not have. */
static bool run_own_values(struct run *r, uint32_t *group_r, err *e)
{
	value values[FUNNEL_BY_MAX];
	value all = dict_value(&r->h.dict, *group_r);
	for (size_t i = 0; i < r->p->by_n; i++) {
		const struct by_part *by = &r->p->by[i];
		bool listed = r->p->by_n > 1 && all.kind == VALUE_LIST;
		values[i] = by->of_person ? portrait_breakdown(&r->portrait, by->name)
			    : listed	  ? all.list.items[i]
					  : value_none();
	}
	return dict_number_all(&r->h.dict, values, r->p->by_n, group_r, e);
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
	if (!portrait_read(&r->portrait, subject, e) || !harvest_history(&r->h, subject, e))
		return false;
	*counts_r = portrait_where(&r->portrait, r->h.history, r->h.history_n);
	return !*counts_r || !of_person || run_own_values(r, group_r, e);
}

/* When the subject last came to the row that it reached last: exits before that are over. */
static int64_t run_since(const struct run *r, const struct progress *o)
{
	size_t row = o->level - (size_t)1;
	bool by_row = r->p->lifecycle || r->p->spec.order == FUNNEL_ORDERED;
	uint32_t bit = r->p->lifecycle ? (row == 0 ? 0 : UINT32_C(1) << (row - 1))
				       : UINT32_C(1) << row;
	for (size_t i = r->h.touches_n; by_row && i-- > 0;)
		if ((r->h.touches[i].mask & bit) != 0)
			return r->h.touches[i].at_us;
	return o->at_us[row];
}

/* Who is not counted may be in a stage all the same. */
static bool run_outside(struct run *r, uint64_t subject, err *e)
{
	struct progress o = { .subject = subject, .exit = EXIT_NONE, .here = ROW_NONE };
	bool counts;
	uint32_t group = DICT_NONE;
	if (r->p->spec.counts_only || r->p->matcher.stages == 0 ||
	    r->p->spec.count != FUNNEL_PEOPLE || r->h.sides.first[subject] == 0)
		return true;
	sides_resolve(&r->h.sides, subject, INT64_MIN, &o);
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

static bool run_counted(struct run *r, uint64_t subject, const struct chain *chain, uint32_t group,
			err *e)
{
	const struct funnel_spec *spec = &r->p->spec;
	struct progress *progress;
	bool in_period = spec->view == FUNNEL_COHORT;
	if (!progress_make(chain, r->h.touches, spec->keep ? r->a : r->scratch, &progress, e))
		return false;
	for (size_t k = 0; !in_period && k < progress->level; k++)
		in_period = progress_counts(spec, progress, k);
	if (!in_period)
		return run_outside(r, subject, e);
	progress->subject = subject;
	progress->group = group;
	if (!spec->counts_only)
		sides_resolve(&r->h.sides, subject, run_since(r, progress), progress);
	progress->next = r->list;
	r->list = progress;
	r->n++;
	return true;
}

/* The subject once for each value of its touches, with those touches alone. */
static bool run_all_values(struct run *r, uint64_t subject, err *e)
{
	struct harvest *h = &r->h;
	const struct funnel_spec *spec = &r->p->spec;
	struct chain_touch *own = ARENA_ARRAY(r->scratch, struct chain_touch, h->touches_n);
	struct chain chain;
	if (!own)
		return arena_err(r->scratch, e);
	for (size_t i = 0; i < h->touches_n; i++) {
		uint32_t number = h->touches[i].value;
		struct progress *o;
		size_t n = 0, before = 0;
		while (before < i && h->touches[before].value != number)
			before++;
		if (before < i)
			continue;
		for (size_t k = i; k < h->touches_n; k++)
			if (h->touches[k].value == number)
				own[n++] = h->touches[k];
		plan_chain(r->p, own, n, &chain);
		if (chain.level == 0)
			continue;
		if (!progress_make(&chain, own, spec->keep ? r->a : r->scratch, &o, e))
			return false;
		o->subject = subject;
		o->group = number;
		o->next = r->all;
		r->all = o;
		r->all_n++;
	}
	return true;
}

static bool run_subject(struct run *r, uint64_t subject, err *e)
{
	struct chain chain;
	bool counts;
	if (r->h.first[subject] == 0)
		return run_outside(r, subject, e);
	if (!harvest_touches(&r->h, subject, e))
		return false;
	plan_chain(r->p, r->h.touches, r->h.touches_n, &chain);
	bool out_of_order = plan_out_of_order(r->p, r->h.touches, r->h.touches_n, chain.level);
	if (chain.level == 0 && !out_of_order)
		return run_outside(r, subject, e);
	uint32_t group = plan_value(r->p, &chain, r->h.touches);
	if (!run_traits(r, subject, &counts, &group, e))
		return false;
	if (!counts)
		return true;
	r->out_of_order += out_of_order;
	if (r->p->by_n > 0 && r->p->spec.of == FUNNEL_OF_ALL && !run_all_values(r, subject, e))
		return false;
	return chain.level == 0 ? run_outside(r, subject, e)
				: run_counted(r, subject, &chain, group, e);
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
		if (p->spec.of == FUNNEL_OF_FIRST && !by->of_person && !r->h.seen[k]) {
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

static struct progress **run_list(struct run *r, struct progress *first, size_t n)
{
	struct progress **list = ARENA_ARRAY(r->scratch, struct progress *, n);
	for (size_t i = 0; list && i < n; i++, first = first->next)
		list[i] = first;
	return list;
}

static bool run_count(struct run *r, struct funnel_result *result, err *e)
{
	struct counting c = {
		.p = r->p, .a = r->a, .scratch_a = r->scratch, .n = r->n, .all_n = r->all_n
	};
	size_t most = MAX(r->n, r->all_n);
	const struct sides *sides = r->p->spec.counts_only ? NULL : &r->h.sides;
	c.list = run_list(r, r->list, r->n);
	c.all = run_list(r, r->all, r->all_n);
	c.bucket = ARENA_ARRAY(r->scratch, uint32_t, most);
	c.scratch = ARENA_ARRAY(r->scratch, int64_t, most);
	if (!c.list || !c.all || !c.bucket || !c.scratch)
		return arena_err(r->scratch, e);
	result->by_n = r->p->by_n;
	return progress_count(&c, &r->h.dict, result, e) &&
	       (!sides || sides_count(sides, &c, r->outside, result, e)) &&
	       (!r->p->spec.keep || kept_make(&c, r->outside, sides, result, e));
}

/* `a` NULL: the answer goes with the run. */
static bool run_open(struct run *r, struct snapshot *s, const struct funnel_spec *spec,
		     struct arena *a, size_t bytes_max, err *e)
{
	*r = (struct run){ .p = &r->plan, .scratch = &r->own };
	arena_init(&r->own, bytes_max);
	r->a = a ? a : &r->own;
	bool ok = plan_init(&r->plan, spec, r->a, e);
	portrait_init(&r->portrait, snapshot_people(s), &r->plan);
	return ok;
}

static void run_close(struct run *r)
{
	portrait_fini(&r->portrait);
	plan_fini(&r->plan);
	arena_fini(&r->own);
}

/* From what was collected to the answer. */
static bool run_finish(struct run *r, struct snapshot *s, struct funnel_result *result_r, err *e)
{
	struct funnel_result result = { .snapshot = snapshot_seq(s) };
	if (!choose_breakdown(r, e))
		return false;
	for (uint64_t subject = 1; subject < r->h.subjects_n; subject++)
		if (!run_subject(r, subject, e))
			return false;
	if (!run_count(r, &result, e))
		return false;
	result.spec = r->plan.spec;
	result.out_of_order = r->out_of_order;
	*result_r = result;
	return true;
}

static void take_previous(struct funnel_result *r, const struct funnel_result *before)
{
	for (size_t k = 0; k < r->steps_n; k++)
		r->steps[k].previous = before->steps[k].count;
	r->has_previous = true;
	r->previous_from_us = before->spec.from_us;
	r->previous_to_us = before->spec.to_us;
}

/* Which answers are computed together: the one asked for, the period before, the other group. */
enum { RUN_OWN, RUN_BEFORE, RUN_OTHER };

static void spec_other(const struct funnel_spec *spec, struct funnel_spec *other_r)
{
	*other_r = *spec;
	other_r->where = spec->compare_where;
	other_r->compare_where = NULL;
	other_r->by = S("");
	other_r->trend = other_r->compare = other_r->keep = false;
	other_r->counts_only = true;
}

bool funnel_run(struct snapshot *s, const struct funnel_spec *spec, struct arena *a,
		struct funnel_result *r, err *e)
{
	struct run runs[HARVEST_JOBS_MAX];
	struct harvest_job jobs[HARVEST_JOBS_MAX];
	struct funnel_result results[HARVEST_JOBS_MAX];
	int what[HARVEST_JOBS_MAX] = { RUN_OWN };
	struct funnel_spec more;
	size_t n = 1;
	bool ok = run_open(&runs[0], s, spec, a, a->bytes_max, e);
	if (ok && spec->compare && period_before(&runs[0].plan.spec, &more)) {
		what[n] = RUN_BEFORE;
		ok = run_open(&runs[n++], s, &more, NULL, a->bytes_max, e);
	}
	if (ok && spec->compare_where) {
		what[n] = RUN_OTHER;
		spec_other(spec, &more);
		ok = run_open(&runs[n++], s, &more, NULL, a->bytes_max, e);
	}
	for (size_t i = 0; i < n; i++)
		jobs[i] = (struct harvest_job){ &runs[i].h, &runs[i].plan, &runs[i].own };
	ok = ok && harvest_run(s, jobs, n, e);
	for (size_t i = 0; i < n; i++)
		ok = ok && run_finish(&runs[i], s, &results[i], e);
	for (size_t i = 1; ok && i < n; i++) {
		if (what[i] == RUN_BEFORE)
			take_previous(&results[0], &results[i]);
		else
			ok = versus_make(&results[0], &results[i], a, e);
	}
	for (size_t i = 0; i < n; i++)
		run_close(&runs[i]);
	if (ok)
		*r = results[0];
	return ok;
}
