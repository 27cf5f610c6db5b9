/*
 * funnel.h - how many came how far.
 *
 * What it is:   steps, window and rules of FUNNEL.md over the touches of a snapshot; the answer
 * with rates, times, trend, groups and, for one person, the explanation. The lifecycle funnel is
 * the one without steps. This engine is correct before fast; a faster one may stand behind the same
 * interface. Promises:     counts never rise from step to step; the answer does not depend on
 * arrival order; a rate with denominator zero is unknown, not zero. Threads:      one query per
 * thread; nothing shared.
 */
#ifndef TRICHTER_FUNNEL_H
#define TRICHTER_FUNNEL_H

#include "funnel/parameters.h"
#include "journal/journal.h"
#include "people/people.h"

#include <stdatomic.h>

#define FUNNEL_BY_MAX 2

enum funnel_zone { FUNNEL_TOFU, FUNNEL_MOFU, FUNNEL_BOFU };
enum funnel_step_kind { STEP_NAME, STEP_STAGE, STEP_DEAL_STAGE, STEP_RULE, STEP_ANY };
struct funnel_step {
	enum funnel_step_kind kind;
	str name;		 /* touch name or stage; for rules the text */
	const struct rule *rule; /* STEP_RULE */
	bool first_ever;	 /* only the subject's first touch of all that fills it */
	bool optional;		 /* a chain may pass it over */
	bool anchor;		 /* FUNNEL_ANCHORED: keeps its place */
};
/* Touches that must not lie between two steps of a chain. */
struct funnel_exclusion {
	struct funnel_step what;
	size_t from, to; /* steps, from 1, from < to; 0 0: from the first to the last */
};

/* Read and set by others while the query runs. */
struct funnel_watch {
	_Atomic uint64_t done, all; /* touches that were read, of all */
	atomic_bool stop;	    /* set: the query ends with ERR_BUSY */
	/* Called ten times a second by a thread of its own; false: stop. NULL: nobody asks. */
	bool (*tick)(void *arg, struct funnel_watch *w);
	void *arg;
};

/* What is found in segments once and for all questions; optional. Any number may use one. */
struct funnel_memory;
bool funnel_memory_new(struct funnel_memory **m_r, err *e) MUST_CHECK;
void funnel_memory_free(struct funnel_memory **m);

struct funnel_spec {
	const struct funnel_step *steps;
	size_t steps_n;	   /* 0: the lifecycle funnel over `stages` */
	const str *stages; /* the line, in order, without visitor */
	size_t stages_n;
	const enum funnel_zone *zones; /* of each stage; NULL: by their names */
	enum funnel_order order;
	int64_t window_us; /* FUNNEL_WINDOW_NONE, or inclusive from the first step */
	bool window_given; /* false: none when a step is a stage, else 14 days */
	enum funnel_count count;
	enum funnel_tail tail;
	int64_t from_us, to_us;	  /* the period, [from, to); INT64_MIN, INT64_MAX: all */
	const struct rule *where; /* over people_catalogue of what is counted; NULL: all */
	str by;			  /* breakdown property, or two: "source,country"; empty: none */
	enum funnel_of of;
	size_t of_step;	   /* FUNNEL_OF_STEP: from 1 */
	size_t groups_max; /* 0: 1000; the rest is summed in one group "(other)" */
	bool trend;
	enum time_unit trend_unit;
	int64_t now_us; /* periods and ages count up to here */
	enum funnel_entry entry;
	enum funnel_reuse reuse;
	enum funnel_ties ties;
	int64_t grace_us; /* FUNNEL_GRACE */
	enum funnel_repeat repeat;
	/* Per step, from the step before; [0] says nothing. NULL: none; FUNNEL_GAP_NONE: none
	 * there. */
	const int64_t *max_gap_us, *min_gap_us;
	const struct funnel_exclusion *excludes;
	size_t excludes_n;
	enum funnel_policy exclude_policy;
	str hold[FUNNEL_HOLD_MAX]; /* properties; "session": the same session */
	size_t hold_n;
	enum funnel_profile profile; /* the one whose parameters were taken */
	uint32_t changed;	     /* bit per parameter that was given beside it */
	enum funnel_view view;
	bool until_given; /* nothing at or after until_us counts: the answer as it was then */
	int64_t until_us;
	bool compare;	  /* also count the period before, as it stood at the same age */
	bool keep;	  /* keep who is behind every number: funnel_people */
	bool counts_only; /* no exits, here, money, young */
	bool correlate;	  /* also what comes with conversion */
	bool no_fast;	  /* for tests: the general way only */
	unsigned threads; /* 0: as many as pays */
	struct funnel_memory *memory;	  /* NULL: none */
	struct funnel_watch *watch;	  /* how far it is, and an end to it; NULL */
	const struct rule *compare_where; /* counted beside `where`, to compare; NULL: none */
};

#include "funnel/reading.h"

/* The side exits. Everyone is in one at most: the latest, unless they came back after it to the
 * step that they had reached. */
enum funnel_exit_kind { FUNNEL_DISQUALIFIED, FUNNEL_RECYCLED, FUNNEL_LOST, FUNNEL_EXITS_N };
struct funnel_reason {
	str reason; /* empty: none was given */
	uint64_t count;
};
struct funnel_exit {
	uint64_t count;
	struct funnel_reason *reasons; /* by falling count; the rest is not listed */
	size_t reasons_n;
};
/* Amounts of one currency; several are never added. */
struct funnel_money {
	int64_t amount_minor; /* per head where the kind says so */
	char currency[4];
};
enum funnel_money_kind { FUNNEL_COST_PER_HEAD, FUNNEL_VALUE };
#define FUNNEL_MONEY_MAX   8
#define FUNNEL_REASONS_MAX 20

/* How many took so long from the step before: [from_us, to_us); the last has no end, INT64_MAX. */
struct funnel_bucket {
	int64_t from_us, to_us;
	uint64_t count;
};
struct funnel_step_result {
	str name;
	uint64_t count;
	uint64_t skipped;     /* lifecycle: counted here only because of a later stage */
	double from_previous; /* NaN: unknown */
	double from_first;
	int64_t median_us; /* from the step before; -1: unknown */
	int64_t p90_us;
	/* What follows stands in the answer's own steps only. */
	struct funnel_exit exits[FUNNEL_EXITS_N]; /* came so far, no further, and left */
	uint64_t here_now;			  /* of those counted here: it is their stage now */
	uint64_t here_all;			  /* of everybody */
	uint64_t young;	   /* came so far, did not leave, and may still come further */
	uint64_t previous; /* count in the period before */
	enum funnel_money_kind money_kind;
	struct funnel_money money[FUNNEL_MONEY_MAX]; /* the currency used most first */
	size_t money_n;				     /* 0: unknown */
	struct funnel_bucket *buckets;		     /* of times; from the first that has any */
	size_t buckets_n;
};
struct funnel_group {
	value value; /* VALUE_NONE: those without one; of two properties a list */
	value values[FUNNEL_BY_MAX];
	bool other;
	struct funnel_step_result *steps;
	struct funnel_money won[FUNNEL_MONEY_MAX]; /* the won deals of those in it */
	size_t won_n;
};
struct funnel_trend_point {
	int64_t from_us, to_us;
	bool complete; /* everyone in it has had the whole window */
	struct funnel_step_result *steps;
};
/* The same steps counted for others, beside the answer's own. */
struct funnel_versus {
	struct funnel_step_result *steps;
	/* Of each step: what share of the first came so far, less the same share of the answer's
	 * own; and how likely so great a difference is by chance alone. NaN: unknown. */
	double *difference, *p_value;
};
/* What comes with conversion: a touch of that name between the first step and the last (or the end
 * of the window), a value of a property of the first step's touch, or a trait. */
struct funnel_factor {
	bool is_touch;
	bool is_trait; /* of the subject; else a property of the first step's touch */
	str name;
	value value; /* of a property */
	/* subjects with it, and all, of those with every step and of the others */
	uint64_t converted_with, converted, dropped_with, dropped;
	double odds_ratio, low, high; /* low, high: 95 % */
};
#define FUNNEL_FACTORS_MAX	 100
#define FUNNEL_FACTOR_PEOPLE_MIN 10 /* fewer with it, or without it, say nothing */
struct funnel_result {
	size_t steps_n;
	struct funnel_step_result *steps;
	struct funnel_group *groups;
	size_t groups_n;
	struct funnel_trend_point *trend;
	size_t trend_n;
	uint64_t snapshot;
	uint64_t out_of_order;	 /* subjects that have every step, but not in the order asked for */
	struct funnel_spec spec; /* with all defaults filled in: the rules in force */
	bool has_sides;		 /* exits, here, young are known */
	bool has_here;		 /* the steps are stages of people */
	bool has_previous;
	int64_t previous_from_us, previous_to_us;
	struct funnel_kept *kept;      /* spec.keep; in the arena */
	struct funnel_versus *versus;  /* spec.compare_where; else NULL */
	size_t by_n;		       /* properties of the breakdown */
	struct funnel_factor *factors; /* spec.correlate: the surest first */
	size_t factors_n;
};
/* ERR_LIMIT when the arena is too small for the subjects involved. */
bool funnel_run(struct snapshot *s, const struct funnel_spec *spec, struct arena *a,
		struct funnel_result *r, err *e) MUST_CHECK;

/* ---- the people behind a number (funnel_people.c) -------------------------------------------- */

enum funnel_outcome {
	FUNNEL_REACHED, /* counted in the step */
	FUNNEL_DROPPED, /* counted in the step, and not in the next */
	FUNNEL_HERE,	/* the step is their stage now; of those counted */
	FUNNEL_HERE_ALL,
	FUNNEL_LEFT,  /* by an exit, from this step */
	FUNNEL_STILL, /* young */
	FUNNEL_OPEN,  /* dropped, and by no exit */
};
struct funnel_who {
	size_t step; /* from 1 */
	enum funnel_outcome outcome;
	enum funnel_exit_kind exit; /* FUNNEL_LEFT */
	bool by_reason;
	str reason;
	bool by_group;
	str group;     /* as value_print writes it */
	bool no_group; /* those without a value */
};
struct funnel_person {
	uint64_t subject;
	int64_t at_us; /* when they came to the step, or left */
};
/* Those behind one number, the latest first, then by number. `after` NULL: from the beginning; else
 * those behind it. At most `max`; *count_r is all of them. The answer was run with `keep`. */
bool funnel_people(const struct funnel_result *r, const struct funnel_who *who,
		   const struct funnel_person *after, size_t max, struct arena *a,
		   struct funnel_person **people_r, size_t *n_r, uint64_t *count_r,
		   err *e) MUST_CHECK;

/* ---- what the answer says (funnel_say.c) ----------------------------------------------------- */

enum language { LANGUAGE_EN, LANGUAGE_DE, LANGUAGES_N };

/* The truth of the answer: from which step to which the story goes, and where most are lost. */
struct funnel_truth {
	size_t first, last; /* rows, from 0 */
	size_t leak;	    /* most are lost between leak - 1 and leak; 0: nowhere, or not asked */
};
struct funnel_truth funnel_truth_of(const struct funnel_result *r);
/* "Of 8,000 leads, 842 became customers. Most are lost between MQL and SAL." One for all: the
 * terminal, the drawing, the API. */
void funnel_print_sentence(const struct funnel_result *r, enum language language, struct buf *out);
/* A step as people write it: "MQL", "Lead"; steps that are no stages as they were asked for. */
void funnel_print_name(const struct funnel_result *r, size_t row, struct buf *out);

enum funnel_side { FUNNEL_MARKETING, FUNNEL_BOTH, FUNNEL_SALES };
/* Where a row stands in the one funnel. False: it is no stage. */
bool funnel_place(const struct funnel_spec *spec, size_t row, enum funnel_zone *zone_r,
		  enum funnel_side *side_r);

/* Why one subject came as far as it did. */
struct funnel_explanation {
	uint64_t subject;
	size_t level;
	struct touch *chain; /* the touches chosen, one per step reached; seq 0: passed over */
	size_t *step;	     /* which step each fills, from 0; in order: 0, 1, 2 ... */
	str why_stopped;     /* a sentence; empty when it went through */
	str why_stopped_de;
};
bool funnel_explain(struct snapshot *s, const struct funnel_spec *spec, uint64_t subject,
		    struct arena *a, struct funnel_explanation *x_r, err *e) MUST_CHECK;

/* The same answer as a document. All texts go to `out`. */
void funnel_print_json(const struct funnel_result *r, struct buf *out);
void funnel_print_csv(const struct funnel_result *r, struct buf *out);
/* One sentence with the rules in force. */
void funnel_print_rules(const struct funnel_result *r, enum language language, struct buf *out);
/* A drawing for a slide: bars, counts, rates, with a title; 1280 by what it needs. */
void funnel_print_svg(const struct funnel_result *r, str title, struct buf *out);

#endif
