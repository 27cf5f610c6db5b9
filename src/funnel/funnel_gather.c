/*
 * funnel_gather.c - puts the touches of each subject together that a funnel needs.
 *
 * What it is:   of each run of a subject the touches that fill a step, exclude, or are visits;
 *               runs of several segments in one total order.
 * Promises:     exactly the touches that chain_wants() or the lifecycle asks for, so that the
 *               answer is that of every touch. Names are read by column, times only where a name
 *               matters; a touch is unpacked where codes do not decide, or where touches of two
 *               segments lie at one instant.
 * Threads:      a worker is one thread's.
 */
#include "funnel/gather_int.h"

#include "base/mem.h"

#include <string.h>

#define WINDOW_ROWS 1024

/* ---- one row --------------------------------------------------------------------------------- */

struct collecting {
	struct worker *w;
	const struct plan *plan;
	struct lens *r;
	size_t source;
	uint64_t subject;
	bool counts;	   /* for somebody */
	size_t visit;	   /* 1 + place of the run's visit that is kept; 0 none */
	bool first_visits; /* of visits only the first matters: not where each has its value */
	err *e;
};

static bool note_beside(struct collecting *c, uint64_t row)
{
	struct beside b = { .subject = c->counts ? (uint32_t)c->subject : 0,
			    .ref = REF(c->source, row) };
	return vec_push(&c->w->beside, b) || err_nomem(c->e);
}

static bool wanted(const struct collecting *c, int64_t at_us, const struct facts *f)
{
	const struct chain_rules *rules = &c->plan->rules;
	if (!c->plan->lifecycle)
		return chain_wants(rules, at_us, f->mask, f->exclude);
	if (at_us < rules->from_us || (rules->clip && at_us >= rules->to_us))
		return false;
	/* Beside the entries of stages, what lies after the period is no visit. */
	return f->mask != 0 || at_us < rules->to_us;
}

static bool collect_row(struct collecting *c, uint64_t row, int64_t name)
{
	const struct source *s = c->r->source;
	const struct funnel_spec *spec = &c->plan->spec;
	struct facts f = { s->mask_of[name], s->exclude_of[name], 0 };
	uint8_t need = s->need_of[name];
	struct worker *w = c->w;
	int64_t at_us;
	bool hides;
	if (!ints_cursor_get(&c->r->at, row, &at_us, c->e))
		return false;
	if (spec->until_given && at_us >= spec->until_us)
		return true;
	if (!lens_hides(c->r, row, &hides, c->e))
		return false;
	if (hides)
		return true;
	if ((need & NEED_PAST) != 0 && !note_beside(c, row))
		return false;
	if (!c->counts)
		return true;
	if ((need & NEED_ASK) != 0 && !lens_facts(c->r, row, name, &f, c->e))
		return false;
	if (!wanted(c, at_us, &f))
		return true;
	struct chain_touch t = { .at_us = at_us,
				 .seq = REF(c->source, row),
				 .mask = f.mask,
				 .exclude = f.exclude,
				 .hold = f.hold };
	if (c->first_visits && f.mask == 0) {
		if (c->visit != 0)
			return true; /* a run is in order of time */
		c->visit = w->touches.n + 1;
	}
	return vec_push(&w->touches, t) || err_nomem(c->e);
}

/* ---- one run --------------------------------------------------------------------------------- */

/* May the row be passed over by its name alone? */
static bool passes(const struct collecting *c, int64_t name)
{
	const struct source *s = c->r->source;
	if (s->need_of[name] != 0)
		return false;
	if (!c->counts)
		return true;
	if (s->mask_of[name] != 0 || s->exclude_of[name] != 0)
		return false;
	return !c->plan->wants_all || (c->first_visits && c->visit != 0);
}

static bool collect_run(struct collecting *c, const struct run_of *run)
{
	const struct column *names = segment_name(c->r->source->segment);
	int64_t *name = c->w->names;
	for (uint64_t done = 0; done < run->n;) {
		size_t n = (size_t)MIN(run->n - done, (uint64_t)WINDOW_ROWS);
		if (!column_ints(names, run->first + done, n, name, c->e))
			return false;
		for (size_t i = 0; i < n; i++)
			if (!passes(c, name[i]) && !collect_row(c, run->first + done + i, name[i]))
				return false;
		done += n;
	}
	return true;
}

/* ---- several runs in one order --------------------------------------------------------------- */

static int cmp_at(const void *a, const void *b)
{
	const struct chain_touch *x = a, *y = b;
	return (x->at_us > y->at_us) - (x->at_us < y->at_us);
}

static int cmp_ref(const void *a, const void *b)
{
	const struct chain_touch *x = a, *y = b;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

struct placed {
	struct chain_touch t;
	uint64_t tie, seq;
};

static int cmp_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	if (x->tie != y->tie)
		return x->tie < y->tie ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Touches of one instant: whole touches say which comes first. */
static bool order_instant(struct worker *w, struct chain_touch *t, size_t n, err *e)
{
	struct placed *p = mem_alloc(n * sizeof *p);
	bool ok = p || err_nomem(e);
	for (size_t i = 0; ok && i < n; i++) {
		struct touch whole;
		struct lens *r = &w->lenses.items[REF_SOURCE(t[i].seq)];
		ok = lens_touch(r, REF_ROW(t[i].seq), &whole, e);
		if (ok)
			p[i] = (struct placed){ t[i], whole.tie, whole.seq };
	}
	if (ok)
		sort_items(p, n, sizeof *p, cmp_placed);
	for (size_t i = 0; ok && i < n; i++)
		t[i] = p[i].t;
	mem_free(p);
	return ok;
}

static bool order_runs(struct worker *w, err *e)
{
	struct chain_touch *t = w->touches.items;
	size_t n = w->touches.n;
	sort_items(t, n, sizeof *t, cmp_at);
	for (size_t i = 0, end; i < n; i = end) {
		end = i + 1;
		while (end < n && t[end].at_us == t[i].at_us)
			end++;
		if (end - i == 1)
			continue;
		/* Of one source the rows of an instant are in order already. */
		sort_items(t + i, end - i, sizeof *t, cmp_ref);
		if ((REF_SOURCE(t[i].seq) != REF_SOURCE(t[end - 1].seq) || w->strayed) &&
		    !order_instant(w, t + i, end - i, e))
			return false;
	}
	return true;
}

bool worker_collect(struct worker *w, uint64_t subject, err *e)
{
	struct gathering *g = w->g;
	const struct people *p = snapshot_people(g->sources.snapshot);
	struct collecting c = { .w = w, .plan = g->plan, .subject = subject, .e = e };
	size_t runs_n = 0;
	vec_clear(&w->touches);
	w->strayed = !g->plan->by_people;
	c.counts = subject != 0 &&
		   (!g->plan->by_people || people_entity_of(p, subject) == ENTITY_PERSON);
	c.first_visits = g->plan->lifecycle && g->plan->rules.window_us == FUNNEL_WINDOW_NONE &&
			 !(g->plan->by_n > 0 && of_several(g->plan->spec.of));
	for (uint32_t i = w->runs.first[subject - w->runs.lo]; i != 0; runs_n++) {
		const struct run_of *run = &w->runs.items.items[i - 1];
		w->strayed = w->strayed || run->strayed;
		c.source = run->source;
		c.r = &w->lenses.items[run->source];
		c.visit = 0;
		if (!collect_run(&c, run))
			return false;
		i = run->next;
	}
	return runs_n < 2 || w->touches.n < 2 || order_runs(w, e);
}

bool worker_value(struct worker *w, struct chain_touch *t, err *e)
{
	return lens_value(&w->lenses.items[REF_SOURCE(t->seq)], REF_ROW(t->seq), &t->value, e);
}

static bool judge_each(void *arg, struct worker *w, uint64_t subject, err *e)
{
	(void)arg;
	return worker_collect(w, subject, e) && (w->touches.n == 0 || worker_judge(w, subject, e));
}

/* ---- all subjects ---------------------------------------------------------------------------- */

#define RANGE ((uint64_t)1024)

static bool worker_range(struct worker *w, uint64_t lo, uint64_t hi, err *e)
{
	w->runs.only = w->g->only;
	if (!runs_read(&w->runs, lo, hi, e))
		return false;
	for (uint64_t subject = lo; subject < hi; subject++) {
		if (w->runs.first[subject - lo] == 0)
			continue;
		if (!w->g->each(w->g->each_arg, w, subject, e))
			return false;
	}
	return true;
}

static bool is_stopped(struct gathering *g, err *e)
{
	if (g->watch && atomic_load_explicit(&g->watch->stop, memory_order_relaxed))
		err_set(e, ERR_BUSY, "the query was cancelled");
	else if (!atomic_load_explicit(&g->stop, memory_order_relaxed))
		return false;
	return true;
}

static void *worker_run(void *arg)
{
	struct worker *w = arg;
	struct gathering *g = w->g;
	for (;;) {
		uint64_t lo = atomic_fetch_add(&g->next, RANGE);
		if (lo >= g->subjects_n)
			break;
		w->failed = is_stopped(g, &w->why) ||
			    !worker_range(w, lo, MIN(lo + RANGE, g->subjects_n), &w->why);
		if (w->failed) {
			atomic_store(&g->stop, true);
			break;
		}
		if (g->watch)
			atomic_fetch_add(&g->watch->done, w->runs.touches);
	}
	return NULL;
}

static bool worker_init(struct worker *w, struct gathering *g, size_t bytes_max, err *e)
{
	*w = (struct worker){ .g = g, .number = (size_t)(w - g->workers) };
	arena_init(&w->a, bytes_max);
	w->runs = (struct runs){ .lenses = &w->lenses, .strays = &g->strays };
	w->names = mem_alloc(WINDOW_ROWS * sizeof *w->names);
	bool ok = lenses_init(&w->lenses, &g->sources, bytes_max, e);
	return ok && (w->names || err_nomem(e));
}

static void worker_fini(struct worker *w)
{
	lenses_fini(&w->lenses);
	sequence_free(&w->engine);
	runs_fini(&w->runs);
	vec_free(&w->touches);
	vec_free(&w->own);
	vec_free(&w->beside);
	vec_free(&w->firsts);
	mem_free(w->names);
	arena_fini(&w->a);
}

/* Few touches are quicker read than shared out. */
#define TOUCHES_PER_WORKER 200000

static size_t workers_for(const struct gathering *g)
{
	uint64_t by_work = g->sources.touches / TOUCHES_PER_WORKER + 1;
	uint64_t asked = g->plan->spec.threads ? g->plan->spec.threads : thread_cores();
	if (g->plan->spec.threads == 0)
		asked = MIN(asked, by_work);
	return (size_t)MAX(MIN(asked, (uint64_t)WORKERS_MAX), (uint64_t)1);
}

static bool run_workers(struct gathering *g, err *e)
{
	bool ok = true;
	for (size_t i = 1; ok && i < g->workers_n; i++)
		ok = thread_start(&g->workers[i].thread, "funnel", worker_run, &g->workers[i], e);
	if (!ok)
		atomic_store(&g->stop, true);
	worker_run(&g->workers[0]);
	for (size_t i = 1; i < g->workers_n; i++)
		thread_join(&g->workers[i].thread);
	/* Whoever failed for a reason of its own says it; the others only stopped. */
	for (size_t i = 0; ok && i < g->workers_n; i++) {
		const struct worker *w = &g->workers[i];
		if (!w->failed || w->why.code == ERR_NONE)
			continue;
		*e = w->why;
		ok = false;
	}
	return ok;
}

static bool in_range(const struct gathering *g, err *e)
{
	for (size_t i = 0; i < g->sources.n; i++) {
		const struct source *s = &g->sources.items[i];
		uint64_t max = (uint64_t)column_max(segment_subject(s->segment));
		if (max >= g->subjects_n && !s->all_moved)
			return err_set(e, ERR_CORRUPT,
				       "a touch is about number %ju, but only %ju were given out",
				       (uintmax_t)max, (uintmax_t)g->subjects_n - 1);
	}
	return true;
}

bool gathering_open(struct gathering *g, struct snapshot *s, const struct plan *p,
		    struct dict *values, bool (*asked)(void *arg, str name), void *asked_arg,
		    struct arena *a, err *e)
{
	memset(g, 0, sizeof *g);
	g->plan = p;
	g->watch = p->spec.watch;
	g->subjects_n = people_profiles(snapshot_people(s)) + 1;
	if (!sources_init(&g->sources, s, p, values, asked, asked_arg, a, e) || !in_range(g, e))
		return false;
	if (g->watch)
		atomic_fetch_add(&g->watch->all, g->sources.touches);
	size_t n = workers_for(g);
	for (size_t i = 0; i < n; i++) {
		g->workers_n++;
		if (!worker_init(&g->workers[i], g, a->bytes_max / n, e))
			return false;
	}
	return strays_find(&g->strays, &g->workers[0].lenses, e);
}

bool gathering_judge(struct gathering *g, const uint32_t *deeds, struct arena *a, err *e)
{
	bool general = true;
	if (gathering_is_plain(g) && !gathering_fast(g, deeds, &general, a, e))
		return false;
	bool ok = !general || gathering_walk(g, judge_each, NULL, e);
	g->only = NULL;
	return ok;
}

bool gathering_walk(struct gathering *g, worker_each each, void *arg, err *e)
{
	g->each = each;
	g->each_arg = arg;
	atomic_store(&g->next, 0);
	for (size_t i = 0; i < g->workers_n; i++)
		lenses_rewind(&g->workers[i].lenses);
	return run_workers(g, e);
}

void gathering_fini(struct gathering *g)
{
	for (size_t i = 0; i < g->workers_n; i++)
		worker_fini(&g->workers[i]);
	strays_fini(&g->strays);
	if (g->plan)
		sources_fini(&g->sources);
}
