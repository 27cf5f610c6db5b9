/*
 * reading.h - a funnel's parameters as people write them, read and checked.
 *
 * What it is:   part of funnel.h. The same names and texts on the command line, over HTTP and in
 *               saved funnels.
 * Promises:     an error says what is allowed.
 * Threads:      any.
 */
#ifndef TRICHTER_FUNNEL_READING_H
#define TRICHTER_FUNNEL_READING_H

#include "base/arena.h"
#include "base/err.h"
#include "funnel/parameters.h"
#include "people/people.h"

struct funnel_step;
struct funnel_exclusion;
struct funnel_spec;

/* Takes INTERFACES.md's step list apart: "page_viewed, stage:mql, deal:won, [RULE], *". Commas
 * inside brackets and quotes do not separate. Before a step may stand first: (first time ever),
 * optional: and anchor: */
bool funnel_parse_steps(struct arena *a, str text, struct funnel_step **steps_r, size_t *n_r,
			err *e) MUST_CHECK;
/* The same with the steps between which it must not lie: "unsubscribed:1-3, [RULE]". */
bool funnel_parse_excludes(struct arena *a, str text, struct funnel_exclusion **list_r, size_t *n_r,
			   err *e) MUST_CHECK;
/* "14d", "none" */
bool funnel_parse_window(str text, int64_t *window_us_r, err *e) MUST_CHECK;
/* What is counted: a person, a company, a deal. */
enum entity funnel_entity(enum funnel_count count);

/* The parameters that one text each sets: "profile", which comes first, "window", "order", "entry"
 * ...; NULL behind the last. */
const char *funnel_parameter_name(size_t i);
size_t funnel_parameter_number(str name);
/* After the steps have been read. */
bool funnel_parameter_set(struct arena *a, struct funnel_spec *spec, size_t i, str text,
			  err *e) MUST_CHECK;
/* The parameters of a profile, before others. */
bool funnel_profile_set(struct funnel_spec *spec, str name, err *e) MUST_CHECK;
/* Do they make sense together? *parameter_r, unless NULL, gets the name of the one that does not
 * fit. */
bool funnel_check(const struct funnel_spec *spec, const char **parameter_r, err *e) MUST_CHECK;

const char *funnel_order_word(enum funnel_order v); /* "ordered" */
const char *funnel_entry_word(enum funnel_entry v);
const char *funnel_reuse_word(enum funnel_reuse v);
const char *funnel_ties_word(enum funnel_ties v);
const char *funnel_repeat_word(enum funnel_repeat v);
const char *funnel_policy_word(enum funnel_policy v);
const char *funnel_count_word(enum funnel_count v);
const char *funnel_profile_word(enum funnel_profile v);

#endif
