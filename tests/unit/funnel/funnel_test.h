/*
 * funnel_test.h - short words for tests of whole funnels over a journal.
 */
#ifndef TRICHTER_TESTS_FUNNEL_H
#define TRICHTER_TESTS_FUNNEL_H

#include "world.h"

#include "funnel/funnel.h"
#include "base/mem.h"

#include <math.h>

#define DAY(n) ((int64_t)(20000 + (n)) * US_PER_DAY)

/* A touch of a user, with one property or none. */
UNUSED static struct intake of_user(const char *user, const char *name, int64_t at_us)
{
	return (struct intake){ .name = str_of(name), .at_us = at_us, .user_id = str_of(user) };
}

UNUSED static void say(struct world *w, struct intake in, const char *key, const char *text)
{
	struct prop prop = { str_of(key), value_text(str_of(text)) };
	in.props = key ? &prop : NULL;
	in.props_n = key ? 1 : 0;
	world_one(w, TRUST_SECRET, in);
}

UNUSED static void did(struct world *w, const char *user, const char *name, int64_t at_us)
{
	say(w, of_user(user, name, at_us), NULL, NULL);
}

UNUSED static void from_source(struct world *w, const char *user, const char *name, int64_t at_us,
			       const char *source)
{
	struct intake in = of_user(user, name, at_us);
	in.origin.source = str_of(source);
	say(w, in, NULL, NULL);
}

UNUSED static void enters(struct world *w, const char *user, const char *stage, int64_t at_us)
{
	say(w, of_user(user, "stage_entered", at_us), "stage", stage);
}

UNUSED static void refused(struct world *w, const char *user, int64_t at_us, const char *reason)
{
	say(w, of_user(user, "lead_disqualified", at_us), "reason", reason);
}

UNUSED static void recycled(struct world *w, const char *user, int64_t at_us)
{
	did(w, user, "lead_recycled", at_us);
}

UNUSED static uint64_t left(const struct funnel_result *r, size_t row, enum funnel_exit_kind kind)
{
	return r->steps[row].exits[kind].count;
}

UNUSED static struct funnel_spec spec_of(struct world *w, const char *steps)
{
	static const str stages[] = { S("lead"), S("mql"), S("customer") };
	struct funnel_spec spec = { .stages = stages,
				    .stages_n = ARRAY_LEN(stages),
				    .from_us = INT64_MIN,
				    .to_us = INT64_MAX,
				    .now_us = DAY(1000) };
	struct funnel_step *list;
	if (steps) {
		WORLD_OK(w, funnel_parse_steps(&w->a, str_of(steps), &list, &spec.steps_n, &w->e));
		spec.steps = list;
	}
	return spec;
}

/* The answer lives in the world's arena. */
UNUSED static struct funnel_result run_as_of(struct world *w, const struct funnel_spec *spec,
					     uint64_t as_of)
{
	struct funnel_result r;
	struct snapshot *s;
	WORLD_OK(w, journal_flush(w->j, &w->e));
	WORLD_OK(w, snapshot_open(w->dir, as_of, &s, &w->e));
	WORLD_OK(w, funnel_run(s, spec, &w->a, &r, &w->e));
	snapshot_close(&s);
	return r;
}

UNUSED static struct funnel_result run(struct world *w, const struct funnel_spec *spec)
{
	return run_as_of(w, spec, 0);
}

UNUSED static void where(struct world *w, struct funnel_spec *spec, const char *rule)
{
	struct rule_catalogue c;
	WORLD_OK(w, journal_flush(w->j, &w->e));
	WORLD_OK(w, people_catalogue(journal_people(w->j), funnel_entity(spec->count), &w->a, &c,
				     &w->e));
	WORLD_OK(w, rule_parse(&w->a, str_of(rule), &c, &spec->where, &w->e));
}

/* "2 1 0": the counts of the steps. */
UNUSED static const char *counts_of(const struct funnel_result *r,
				    const struct funnel_step_result *steps)
{
	static char text[1024];
	size_t n = 0;
	for (size_t k = 0; k < r->steps_n; k++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%ju", k ? " " : "",
				      (uintmax_t)steps[k].count);
	return text;
}

#define assert_counts(r, wanted) assert_string_equal(counts_of(&(r), (r).steps), (wanted))

UNUSED static const struct funnel_group *group_of(const struct funnel_result *r, const char *text)
{
	for (size_t g = 0; g < r->groups_n; g++) {
		value v = r->groups[g].value;
		if (text ? v.kind == VALUE_TEXT && str_eq(v.text, str_of(text))
			 : v.kind == VALUE_NONE)
			return &r->groups[g];
	}
	fail_msg("no group %s", text ? text : "without a value");
	return NULL;
}

#define assert_group(r, text, wanted)                                                              \
	assert_string_equal(counts_of(&(r), group_of(&(r), (text))->steps), (wanted))

#endif
