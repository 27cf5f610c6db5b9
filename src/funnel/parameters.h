/*
 * parameters.h - the parameters by which a funnel counts.
 *
 * What it is:   FUNNEL.md's table as types: every parameter that decides what one subject's touches
 *               amount to; the default of each is 0, so that rules which say nothing are the
 *               defaults. A profile sets them as another system counts.
 * Threads:      any.
 */
#ifndef TRICHTER_FUNNEL_PARAMETERS_H
#define TRICHTER_FUNNEL_PARAMETERS_H

#include "base/time.h"
#include "base/value.h"

#define FUNNEL_STEPS_MAX    32
#define FUNNEL_WINDOW_NONE  INT64_MAX
#define FUNNEL_GAP_NONE	    INT64_MAX
#define FUNNEL_EXCLUDES_MAX 16
#define FUNNEL_HOLD_MAX	    3
#define FUNNEL_SESSION_US   (30 * 60 * US_PER_S) /* so long without a touch ends a session */
/* Anchored: in how many ways the floating steps can be put in order. */
#define FUNNEL_ORDERS_MAX   720
#define FUNNEL_OPTIONAL_MAX 4

enum funnel_order {
	FUNNEL_ORDERED,
	FUNNEL_ANY,
	FUNNEL_STRICT,	     /* the next step is the next touch of all */
	FUNNEL_STRICT_ORDER, /* a touch of no step, or of a step out of turn, is the end */
	FUNNEL_ANCHORED,     /* named steps keep their place, the others float between them */
};
/* Any: the best over all entries. First: the first holds until it times out. Each: all of them, one
 * after another (count totals). */
enum funnel_entry { FUNNEL_ENTRY_ANY, FUNNEL_ENTRY_FIRST, FUNNEL_ENTRY_EACH };
enum funnel_reuse { FUNNEL_ONCE, FUNNEL_MULTI };
/* Touches of one instant: in any order; in the order of the steps they match; not one after the
 * other at all; in any order also when they lie within the grace. */
enum funnel_ties { FUNNEL_TIES_ANY, FUNNEL_BY_STEP, FUNNEL_INCREASE, FUNNEL_GRACE };
enum funnel_repeat { FUNNEL_IGNORE, FUNNEL_STOP };
enum funnel_policy { FUNNEL_END_ATTEMPT, FUNNEL_DROP_PERSON, FUNNEL_RESET };
enum funnel_count {
	FUNNEL_PEOPLE,
	FUNNEL_COMPANIES,
	FUNNEL_DEALS,
	FUNNEL_TOTALS,	 /* attempts of people */
	FUNNEL_SESSIONS, /* sessions of people */
	FUNNEL_COUNTS_N,
};
enum funnel_tail { FUNNEL_FOLLOW, FUNNEL_CLIP };
/* Cohort: who began in the period, followed on. Period: who came to each step in the period,
 * whenever they began; counts may rise from step to step. */
enum funnel_view { FUNNEL_COHORT, FUNNEL_PERIOD };
/* All: in the group of each value that the touches of a chain have, with those touches alone. Step
 * all: under each value with which it has a chain whose step N has that value. */
enum funnel_of {
	FUNNEL_OF_FIRST,
	FUNNEL_OF_LAST,
	FUNNEL_OF_STEP,
	FUNNEL_OF_PERSON,
	FUNNEL_OF_ALL,
	FUNNEL_OF_STEP_ALL,
};
enum funnel_profile {
	FUNNEL_DEFAULT,
	FUNNEL_CLICKHOUSE,
	FUNNEL_CLICKHOUSE_ONCE,
	FUNNEL_POSTHOG,
	FUNNEL_MIXPANEL,
	FUNNEL_RETENTIONEERING,
	FUNNEL_UMAMI,
	FUNNEL_PROFILES_N,
};

#endif
