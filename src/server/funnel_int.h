/*
 * funnel_int.h - funnels over HTTP: what was asked, and the answers that are kept for a while.
 *
 * What it is:   the parts that api_funnel.c, api_funnel_people.c and api_flow.c share.
 * Promises:     every parameter is checked and named when it is wrong; unknown ones are refused.
 *               Equal questions about the same touches are computed once, also when they are asked
 *               at the same time; memory is bounded.
 * Threads:      any worker; an answer that was borrowed does not change.
 */
#ifndef TRICHTER_SERVER_FUNNEL_INT_H
#define TRICHTER_SERVER_FUNNEL_INT_H

#include "funnel/saved.h"
#include "server/shape_int.h"

/* The parameter without blanks at its ends; empty: not given. Of the address, or of `q->given`. */
str param_text(const struct request *q, const char *name);
/* One of `words` (ends with NULL); *at_r stays when it was not given. */
bool param_choice(struct request *q, const char *name, const char *const *words, size_t *at_r,
		  err *e) MUST_CHECK;
bool param_count(struct request *q, const char *name, uint64_t min, uint64_t max, uint64_t *n_r,
		 err *e) MUST_CHECK;
/* An instant, or a day that begins. */
bool param_time(struct request *q, const char *name, int64_t *at_r, err *e) MUST_CHECK;
/* `from` and `to`; what is not given stays. */
bool param_period(struct request *q, int64_t *from_r, int64_t *to_r, err *e) MUST_CHECK;

/* The line of stages, without visitor; in the arena. */
bool stages_read(struct snapshot *s, struct arena *a, const str **stages_r, size_t *n_r,
		 err *e) MUST_CHECK;

/* What a route asks beside its parameters. */
struct funnel_ask {
	uint64_t snapshot; /* of the number that was shown: taken when it is still kept */
	const char *by;	   /* when the parameter is not given; NULL: none */
	size_t groups;	   /* the same; 0: as ever */
	bool period;	   /* the view, when not given */
	const int64_t *from_us, *to_us; /* instead of the parameters; NULL: these */
};
#define FUNNEL_AS_ASKED ((struct funnel_ask){ 0 })
/* What was asked, with texts in `a`; and the same as one text, for comparing. */
bool funnel_query_read(struct request *q, const struct funnel_ask *ask, struct snapshot *s,
		       struct arena *a, struct funnel_spec *spec, str *key_r, err *e) MUST_CHECK;
/* The parameters that funnel_query_read takes, for the routes. */
#define FUNNEL_PARAMS_OF_ORDER                                                                     \
	{ "order", "query",                                                                        \
	  "{\"enum\":[\"ordered\",\"strict\",\"strict_order\",\"any\",\"anchored\"]}",             \
	  "Other touches may lie between the steps; or not; or steps in any order", false },       \
		{ "ties", "query", "{\"type\":\"string\"}",                                        \
		  "Touches of one instant: any, by_step, increase, or a grace in milliseconds",    \
		  false },                                                                         \
		{ "repeat", "query", "{\"enum\":[\"ignore\",\"stop\"]}",                           \
		  "A repeated step: no matter, or the end", false },                               \
		{ "max_gap", "query", "{\"type\":\"string\"}",                                     \
		  "At most this from step to step; or a list from step 2 on: 2d, none", false },   \
		{ "min_gap", "query", "{\"type\":\"string\"}", "At least this from step to step",  \
		  false },                                                                         \
		{ "exclude", "query", "{\"type\":\"string\"}",                                     \
		  "Must not lie between two steps: unsubscribed:1-3, [RULE]", false },             \
	{                                                                                          \
		"exclude_policy", "query",                                                         \
			"{\"enum\":[\"end_attempt\",\"drop_person\",\"reset\"]}",                  \
			"What an exclusion does", false                                            \
	}
#define FUNNEL_PARAMS_OF_COUNTING                                                                  \
	{ "profile", "query",                                                                      \
	  "{\"enum\":[\"default\",\"clickhouse\",\"clickhouse_once\",\"posthog\",\"mixpanel\","    \
	  "\"retentioneering\",\"umami\"]}",                                                       \
	  "Counts as another system does; parameters given beside it hold", false },               \
		{ "entry", "query", "{\"enum\":[\"any\",\"first\",\"each\"]}",                     \
		  "The best attempt, the first, or each of them", false },                         \
		{ "reuse", "query", "{\"enum\":[\"once\",\"multi\"]}",                             \
		  "May a touch fill several steps", false },                                       \
		{ "hold", "query", "{\"type\":\"string\"}",                                        \
		  "Only touches of one value of these properties make a chain", false },           \
	{                                                                                          \
		"count", "query",                                                                  \
			"{\"enum\":[\"people\",\"companies\",\"deals\",\"totals\",\"sessions\"]}", \
			"What is counted", false                                                   \
	}
#define FUNNEL_PARAMS                                                                              \
	{ "from", "query", "{\"type\":\"string\"}",                                                \
	  "The first step lies at or after this: 2026-01-31, or a full time", false },             \
		{ "to", "query", "{\"type\":\"string\"}", "... and before this", false },          \
		{ "period", "query",                                                               \
		  "{\"enum\":[\"30d\",\"90d\",\"12mo\",\"month\",\"last_month\",\"quarter\","      \
		  "\"last_quarter\",\"year\"]}",                                                   \
		  "Instead of from and to: a period that moves with the clock", false },           \
		{ "compare", "query", "{\"enum\":[\"previous\",\"none\"]}",                        \
		  "Also count the period before, as it stood at the same age", false },            \
		{ "by", "query", "{\"type\":\"string\"}",                                          \
		  "Broken down by source, channel, owner, any property or trait; by two: a,b",     \
		  false },                                                                         \
		{ "of", "query", "{\"type\":\"string\"}",                                          \
		  "The property of which touch: first, last, step N, all; or of the person",       \
		  false },                                                                         \
		{ "groups", "query", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000}",      \
		  "At most so many groups, the rest summed (1000)", false },                       \
		{ "where", "query", "{\"type\":\"string\"}",                                       \
		  "Only those for whom this rule holds", false },                                  \
		{ "correlate", "query", "{\"enum\":[\"0\",\"1\"]}",                                \
		  "Also what comes with conversion: touches, values, traits", false },             \
		{ "compare_where", "query", "{\"type\":\"string\"}",                               \
		  "Also count those for whom this rule holds, and compare", false },               \
		{ "steps", "query", "{\"type\":\"string\"}",                                       \
		  "Touch names, stage:NAME, deal:STAGE, [RULE] or *, with first:, optional: or "   \
		  "anchor: before it; without: the lifecycle",                                     \
		  false },                                                                         \
		{ "window", "query", "{\"type\":\"string\"}",                                      \
		  "Within this of the first step: 14d, 8h, none", false },                         \
		FUNNEL_PARAMS_OF_ORDER, FUNNEL_PARAMS_OF_COUNTING,                                 \
		{ "tail", "query", "{\"enum\":[\"follow\",\"clip\"]}",                             \
		  "Later steps may lie after the period, or must not", false },                    \
		{ "view", "query", "{\"enum\":[\"cohort\",\"period\"]}",                           \
		  "Who began in the period, followed on; or what happened in the period", false }, \
		{ "trend", "query", "{\"enum\":[\"day\",\"week\",\"month\"]}",                     \
		  "Also by day, week or month", false },                                           \
	{                                                                                          \
		"as_of", "query", "{\"type\":\"string\"}",                                         \
			"Only what was known then: a time, or a touch's number", false             \
	}

/* ---- answers (funnel_cache.c) ---------------------------------------------------------------- */

struct funnel_answer;
/* Computes the answer, or takes one that is there. Give it back. */
bool funnel_borrow(struct request *q, const struct funnel_ask *ask, struct funnel_answer **f_r,
		   err *e) MUST_CHECK;
void funnel_return(struct funnel_answer **f);
const struct funnel_result *funnel_answer_of(const struct funnel_answer *f);
/* How far the question is that somebody waits for. */
struct funnel_progress {
	bool counting;
	uint64_t touches_done, touches; /* 0 of 0: not begun */
};
bool funnel_progress_of(struct request *q, struct funnel_progress *p_r, err *e) MUST_CHECK;

/* ---- who is behind a number (api_funnel_people.c) -------------------------------------------- */

bool funnel_people_answer(struct request *q, struct answer *a, err *e);
/* One row as lists of people have it, into an object that is open. */
bool person_put_row(struct json_writer *w, struct people *p, uint64_t subject, int64_t now_us,
		    struct arena *a, err *e) MUST_CHECK;

#endif
