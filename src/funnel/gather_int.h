/*
 * gather_int.h - a question carried out over segments by several threads.
 *
 * What it is:   private to funnel/. A gathering walks over all subjects in ranges; each worker puts
 *               one subject's touches together, runs the engine, and notes what became of it. What
 *               needs people or the answer's memory is done by one thread afterwards.
 * Promises:     the result does not depend on the number of workers, nor on how the touches are cut
 *               into segments.
 * Threads:      starts its own, and waits for them.
 */
#ifndef TRICHTER_FUNNEL_GATHER_INT_H
#define TRICHTER_FUNNEL_GATHER_INT_H

#include "funnel/source_int.h"

#include <stdatomic.h>

#define WORKERS_MAX 16

/* A touch that a rule asks about. */
struct beside {
	uint32_t subject;
	uint64_t ref;
};

struct gathering;
struct worker;
/* Called for every subject that has touches, which stand in w->runs; by each worker for its own. */
typedef bool (*worker_each)(void *arg, struct worker *w, uint64_t subject, err *e);
struct worker {
	struct gathering *g;
	struct lenses lenses;
	struct runs runs;
	struct arena a; /* what became of subjects */
	/* the subject at hand: its touches in their total order; of each, `seq` is its REF */
	VEC(struct chain_touch) touches;
	VEC(struct chain_touch) own; /* those of one value */
	bool strayed;		     /* some come from elsewhere */
	VEC(struct beside) beside;
	VEC(struct first) firsts; /* of the fast path, where that says everything */
	struct progress *list, *all;
	size_t n, all_n;
	struct sequence *engine; /* of rules that are not plain; NULL until it is needed */
	int64_t *names;		 /* of one window of rows */
	size_t number;
	bool failed;
	err why;
	struct thread thread;
};

struct gathering {
	struct sources sources;
	const struct plan *plan;
	struct strays strays;
	uint64_t subjects_n;
	uint64_t *only;	       /* bit per subject that is asked about; NULL: all */
	uint32_t *fast_source; /* source of each segment of the fast path */
	uint64_t out_of_order; /* of the fast path */
	worker_each each;
	void *each_arg;
	_Atomic uint64_t next; /* range to be taken */
	atomic_bool stop;
	struct funnel_watch *watch; /* may be NULL */
	size_t workers_n;
	struct worker workers[WORKERS_MAX];
};
/* Opens the segments. `values` numbers the values of the breakdown. gathering_fini in any case. */
bool gathering_open(struct gathering *g, struct snapshot *s, const struct plan *p,
		    struct dict *values, bool (*asked)(void *arg, str name), void *asked_arg,
		    struct arena *a, err *e) MUST_CHECK;
/* What became of everybody, into the workers' lists. `deeds`: by subject, not 0 for those who have
 * some beside the steps; NULL: nobody matters. */
bool gathering_judge(struct gathering *g, const uint32_t *deeds, struct arena *a,
		     err *e) MUST_CHECK;
/* funnel_fast.c: of a plain question all but a few; *general_r: somebody is left, g->only says who.
 */
bool gathering_is_plain(const struct gathering *g);
bool gathering_fast(struct gathering *g, const uint32_t *deeds, bool *general_r, struct arena *a,
		    err *e) MUST_CHECK;
void gathering_fini(struct gathering *g);

/* Another walk over the same, with the same workers. */
bool gathering_walk(struct gathering *g, worker_each each, void *arg, err *e) MUST_CHECK;

/* funnel_gather.c: the subject's touches into w->touches. */
bool worker_collect(struct worker *w, uint64_t subject, err *e) MUST_CHECK;
/* The breakdown's value of w->touches[i] is in it from now on. */
bool worker_value(struct worker *w, struct chain_touch *t, err *e) MUST_CHECK;
/* funnel_outcome.c: what became of somebody without deeds, whose chain is known. */
bool worker_note(struct worker *w, uint64_t subject, const struct chain *c,
		 const struct chain_touch *t, err *e) MUST_CHECK;
/* ... and of the subject at hand. */
bool worker_judge(struct worker *w, uint64_t subject, err *e) MUST_CHECK;

#endif
