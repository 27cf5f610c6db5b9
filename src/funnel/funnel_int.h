/*
 * funnel_int.h - what the files of funnel/ share: the plan, the touches collected, the outcomes.
 *
 * What it is:   private to funnel/. A query is a plan (the specification with its defaults,
 * compiled); one scan collects the touches that matter by subject; each subject's touches give a
 *               progress; these are counted.
 * Promises:     everything that grows with the touches lives in the query's arena.
 * Threads:      one query per thread.
 */
#ifndef TRICHTER_FUNNEL_INT_H
#define TRICHTER_FUNNEL_INT_H

#include "funnel/chain_int.h"

#define GROUPS_DEFAULT	  1000
#define WINDOW_DEFAULT_US (14 * US_PER_DAY)
#define TREND_POINTS_MAX  10000

/* ---- which steps a touch fills (funnel_match.c) ---------------------------------------------- */

struct match_name {
	str name;
	uint32_t mask;
};
struct matcher {
	struct match_name names[FUNNEL_STEPS_MAX];
	size_t names_n;
	uint32_t any;		      /* steps that every touch fills */
	uint32_t stages, deal_stages; /* steps that look at the property `stage` */
	uint32_t rules;
	str stage[FUNNEL_STEPS_MAX]; /* folded */
	const struct rule *rule[FUNNEL_STEPS_MAX];
	uint32_t won, lost; /* met by deal_won and deal_lost, whatever stage they carry */
	int64_t now_us;
	struct arena fold; /* for stages outside ASCII */
};

/* ERR_LIMIT when the arena is full. `matcher_fini` always. */
bool matcher_init(struct matcher *m, const struct funnel_spec *spec, struct arena *a,
		  err *e) MUST_CHECK;
void matcher_fini(struct matcher *m);
/* Bit k: the touch fills step k; in the lifecycle, enters the k-th stage. */
uint32_t matcher_mask(struct matcher *m, const struct touch *t);

/* ---- the plan (funnel.c) --------------------------------------------------------------------- */

struct plan {
	struct funnel_spec spec; /* defaults filled in */
	bool lifecycle;
	size_t rows_n;		  /* of the answer: steps, or visitor and the stages */
	struct chain_rules rules; /* of the engine */
	struct matcher matcher;
	str *names; /* of the rows */
};

bool plan_init(struct plan *p, const struct funnel_spec *spec, struct arena *a, err *e) MUST_CHECK;
void plan_fini(struct plan *p);
void plan_chain(const struct plan *p, const struct chain_touch *touches, size_t n,
		struct chain *chain_r);
/* The subject has every step, or a later stage than `level` says, but not in order. */
bool plan_out_of_order(const struct plan *p, const struct chain_touch *touches, size_t n,
		       size_t level);

/* ---- growing tables in the arena (funnel_pages.c) -------------------------------------------- */

/* Items keep their place, so that growing copies nothing and wastes little of the arena. */
struct pages {
	struct arena *a;
	char **page;
	size_t page_n, page_cap;
	size_t item_bytes;
	uint32_t n;
};
void pages_init(struct pages *p, struct arena *a, size_t item_bytes);
/* A new item, its contents undefined; its number is p->n - 1. NULL: ERR_LIMIT or ERR_NOMEM in `e`.
 */
void *pages_add(struct pages *p, err *e) MUST_CHECK;
void *pages_at(const struct pages *p, uint32_t number);
/* Sorts in place, without memory of its own. */
void sort_items(void *items, size_t n, size_t size, int (*cmp)(const void *a, const void *b));

/* ---- the values of a breakdown (funnel_dict.c) ----------------------------------------------- */

#define DICT_NONE 0 /* the number of VALUE_NONE */

struct dict {
	struct arena *a;
	struct pages values;
	uint32_t *slots;
	size_t slots_n;
};

bool dict_init(struct dict *d, struct arena *a, err *e) MUST_CHECK;
/* The number of the value; an empty text is VALUE_NONE. ERR_LIMIT when the arena is full. */
bool dict_number(struct dict *d, value v, uint32_t *number_r, err *e) MUST_CHECK;
value dict_value(const struct dict *d, uint32_t number);

/* ---- whom a touch counts for (funnel_subject.c) ---------------------------------------------- */

/* Companies of people are looked up once each. */
struct subject_key {
	struct people *people;
	enum funnel_count count;
	uint64_t subjects_n; /* subjects are numbered below this */
	uint64_t *
		company_of; /* per person: 0 not looked up, UINT64_MAX none; NULL when not needed */
	struct arena scratch;
};
bool subject_key_init(struct subject_key *k, struct people *p, enum funnel_count count,
		      struct arena *a, err *e) MUST_CHECK;
void subject_key_fini(struct subject_key *k);
/* *subject_r 0: for nobody. */
bool subject_key_of(struct subject_key *k, const struct touch *t, uint64_t *subject_r,
		    err *e) MUST_CHECK;
enum entity count_entity(enum funnel_count count);

/* ---- collecting (funnel_scan.c) -------------------------------------------------------------- */

struct harvest {
	struct arena *a;
	uint64_t subjects_n;  /* subjects are numbered below this */
	uint32_t *first;      /* per subject: 1 + the number of its newest kept touch, or 0 */
	uint32_t *first_past; /* the same for what a rule's did(...) asks about; NULL when it asks
				 nothing */
	struct pages kept, past;
	struct dict dict;
	/* one subject's touches, taken together */
	struct chain_touch *touches;
	size_t touches_n, touches_cap;
	struct touch *history;
	size_t history_n, history_cap;
};

bool harvest_run(struct harvest *h, struct snapshot *s, struct plan *p, struct arena *a,
		 err *e) MUST_CHECK;
/* Puts the subject's touches into h->touches, in their total order. */
bool harvest_touches(struct harvest *h, uint64_t subject, err *e) MUST_CHECK;
/* The same for what its rule may ask: h->history. */
bool harvest_history(struct harvest *h, uint64_t subject, err *e) MUST_CHECK;

/* A copy that outlives the scan. */
bool touch_keep(struct arena *a, const struct touch *t, struct touch *t_r, err *e) MUST_CHECK;
/* The value of a breakdown property of a touch. */
value touch_breakdown(const struct touch *t, str by, int64_t now_us);

/* ---- one subject's own traits (funnel_where.c) ----------------------------------------------- */

struct portrait {
	struct people *people;
	const struct plan *plan;
	struct arena scratch;
	struct subject_view view, company;
	bool has_company;
};
void portrait_init(struct portrait *t, struct people *p, const struct plan *plan);
void portrait_fini(struct portrait *t);
/* Reads the subject; what was read before is gone. */
bool portrait_read(struct portrait *t, uint64_t subject, err *e) MUST_CHECK;
bool portrait_where(const struct portrait *t, const struct touch *history, size_t history_n);
value portrait_breakdown(const struct portrait *t, str by);

/* ---- counting (funnel_count.c) --------------------------------------------------------------- */

/* What became of one subject. */
struct progress {
	struct progress *next;
	int64_t first_us; /* of the chain */
	uint32_t group;	  /* number in the dictionary */
	uint32_t passed;  /* bit k: row k counts only because of a later one */
	size_t level;
	int64_t gap_us[]; /* level entries: [k] from row k - 1 to row k; -1 unknown; [0] unused */
};

bool progress_make(const struct chain *c, const struct chain_touch *touches, struct arena *a,
		   struct progress **progress_r, err *e) MUST_CHECK;
/* Fills the steps, groups and trend of the answer; `list` has n. */
bool progress_count(struct progress *list, size_t n, const struct plan *p, const struct dict *dict,
		    struct arena *a, struct funnel_result *r, err *e) MUST_CHECK;

/* ---- texts (funnel_steps.c) ------------------------------------------------------------------ */

/* The step as it is written: "stage:mql". `p` NULL when the arena is full. */
str step_text(struct arena *a, const struct funnel_step *step);

#endif
