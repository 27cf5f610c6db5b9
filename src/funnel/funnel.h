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

#include "journal/journal.h"
#include "people/people.h"

#define FUNNEL_STEPS_MAX   32
#define FUNNEL_WINDOW_NONE INT64_MAX

enum funnel_order { FUNNEL_ORDERED, FUNNEL_ANY };
enum funnel_count { FUNNEL_PEOPLE, FUNNEL_COMPANIES, FUNNEL_DEALS };
enum funnel_tail { FUNNEL_FOLLOW, FUNNEL_CLIP };
enum funnel_of { FUNNEL_OF_FIRST, FUNNEL_OF_LAST, FUNNEL_OF_STEP, FUNNEL_OF_PERSON };

enum funnel_step_kind { STEP_NAME, STEP_STAGE, STEP_DEAL_STAGE, STEP_RULE, STEP_ANY };
struct funnel_step {
	enum funnel_step_kind kind;
	str name;		 /* touch name or stage; for rules the text */
	const struct rule *rule; /* STEP_RULE */
};

struct funnel_spec {
	const struct funnel_step *steps;
	size_t steps_n;	   /* 0: the lifecycle funnel over `stages` */
	const str *stages; /* the line, in order, without visitor */
	size_t stages_n;
	enum funnel_order order;
	int64_t window_us; /* FUNNEL_WINDOW_NONE, or inclusive from the first step */
	bool window_given; /* false: none when a step is a stage, else 14 days */
	enum funnel_count count;
	enum funnel_tail tail;
	int64_t from_us, to_us;	  /* the period, [from, to); INT64_MIN, INT64_MAX: all */
	const struct rule *where; /* over people_catalogue of what is counted; NULL: all */
	str by;			  /* breakdown property; empty: none */
	enum funnel_of of;
	size_t of_step;	   /* FUNNEL_OF_STEP: from 1 */
	size_t groups_max; /* 0: 1000; the rest is summed in one group "(other)" */
	bool trend;
	enum time_unit trend_unit;
	int64_t now_us; /* periods and ages count up to here */
};

/* Takes INTERFACES.md's step list apart: "page_viewed, stage:mql, deal:won, [RULE], *". Commas
 * inside brackets and quotes do not separate. */
bool funnel_parse_steps(struct arena *a, str text, struct funnel_step **steps_r, size_t *n_r,
			err *e) MUST_CHECK;
/* "14d", "none" */
bool funnel_parse_window(str text, int64_t *window_us_r, err *e) MUST_CHECK;

struct funnel_step_result {
	str name;
	uint64_t count;
	uint64_t skipped;     /* lifecycle: counted here only because of a later stage */
	double from_previous; /* NaN: unknown */
	double from_first;
	int64_t median_us; /* from the step before; -1: unknown */
	int64_t p90_us;
};
struct funnel_group {
	value value; /* VALUE_NONE: those without one */
	bool other;
	struct funnel_step_result *steps;
};
struct funnel_trend_point {
	int64_t from_us, to_us;
	bool complete; /* everyone in it has had the whole window */
	struct funnel_step_result *steps;
};
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
};
/* ERR_LIMIT when the arena is too small for the subjects involved. */
bool funnel_run(struct snapshot *s, const struct funnel_spec *spec, struct arena *a,
		struct funnel_result *r, err *e) MUST_CHECK;

/* Why one subject came as far as it did. */
struct funnel_explanation {
	uint64_t subject;
	size_t level;
	struct touch *chain; /* the touches chosen, one per step reached; seq 0: passed over */
	size_t *step;	     /* which step each fills, from 0; in order: 0, 1, 2 ... */
	str why_stopped;     /* a sentence; empty when it went through */
};
bool funnel_explain(struct snapshot *s, const struct funnel_spec *spec, uint64_t subject,
		    struct arena *a, struct funnel_explanation *x_r, err *e) MUST_CHECK;

/* The same answer as a document. All texts go to `out`. */
void funnel_print_json(const struct funnel_result *r, struct buf *out);
void funnel_print_csv(const struct funnel_result *r, struct buf *out);
/* One sentence with the rules in force. */
void funnel_print_rules(const struct funnel_result *r, struct buf *out);
/* A drawing for a slide: bars, counts, rates, with a title; 1280 by what it needs. */
void funnel_print_svg(const struct funnel_result *r, str title, struct buf *out);

#endif
