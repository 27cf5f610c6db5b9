/*
 * world.h - a data directory of its own for a test, and short words for what tests do with it.
 *
 * What it is:   makes a directory below the system's temporary one, opens the journal, submits
 * touches in one line, and removes everything at the end.
 */
#ifndef TRICHTER_TESTS_WORLD_H
#define TRICHTER_TESTS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"
#include "people/people.h"

struct world {
	char dir[256];
	struct journal *j;
	struct journal_options options;
	struct arena a;
	err e;
};

UNUSED static void world_fail(struct world *w, const char *what)
{
	print_error("%s: %s: %s\n", what, err_code_name(w->e.code), w->e.text);
	fail();
}

#define WORLD_OK(w, call)                                                                          \
	do {                                                                                       \
		if (!(call))                                                                       \
			world_fail((w), #call);                                                    \
	} while (0)

UNUSED static void world_open(struct world *w)
{
	WORLD_OK(w, journal_open(w->dir, &w->options, &w->j, &w->e));
}

UNUSED static void world_init(struct world *w)
{
	*w = (struct world){ 0 };
	const char *base = getenv("TMPDIR");
	snprintf(w->dir, sizeof w->dir, "%s/trichter-test-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(w->dir));
	arena_init(&w->a, 256 * MIB);
	WORLD_OK(w, journal_init(w->dir, &w->e));
	world_open(w);
}

UNUSED static void world_close(struct world *w)
{
	journal_close(&w->j);
}

UNUSED static void world_reopen(struct world *w)
{
	world_close(w);
	world_open(w);
}

UNUSED static void world_remove(const char *dir)
{
	char command[512];
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}

UNUSED static void world_fini(struct world *w)
{
	world_close(w);
	world_remove(w->dir);
	arena_fini(&w->a);
}

/* Submits items with this trust; every item has its outcome afterwards. */
UNUSED static void world_submit(struct world *w, enum trust trust, struct intake *items, size_t n)
{
	struct batch b = { .items = items, .n = n, .trust = trust };
	WORLD_OK(w, journal_submit(w->j, &b, &w->e));
}

UNUSED static void world_one(struct world *w, enum trust trust, struct intake in)
{
	world_submit(w, trust, &in, 1);
	if (in.outcome != OUTCOME_ACCEPTED)
		print_error("not accepted: %s\n", in.reason ? in.reason : "?");
	assert_int_equal(in.outcome, OUTCOME_ACCEPTED);
}

UNUSED static uint64_t world_find(struct world *w, const char *id)
{
	uint64_t subject = 0;
	WORLD_OK(w, journal_flush(w->j, &w->e));
	return people_find(journal_people(w->j), ENTITY_PERSON, str_of(id), &subject) ? subject : 0;
}

UNUSED static struct subject_view world_view(struct world *w, const char *id)
{
	struct subject_view v;
	uint64_t subject = world_find(w, id);
	assert_true(subject != 0);
	WORLD_OK(w, people_view(journal_people(w->j), subject, &w->a, &v, &w->e));
	return v;
}

UNUSED static void world_say(void *arg, const char *sentence)
{
	(void)arg;
	print_error("verify: %s\n", sentence);
}

/* Proves the projections; closes and opens the journal on the way. */
UNUSED static void world_verify(struct world *w)
{
	uint64_t differences, touches;
	world_close(w);
	WORLD_OK(w, journal_verify(w->dir, world_say, NULL, &differences, &touches, &w->e));
	assert_int_equal(differences, 0);
	world_open(w);
}

UNUSED static bool world_count_touch(void *arg, const struct touch *t)
{
	(void)t;
	(*(uint64_t *)arg)++;
	return true;
}

/* Visible touches, as a reader beside the writer sees them. */
UNUSED static uint64_t world_touches(struct world *w)
{
	struct snapshot *s;
	uint64_t n = 0;
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	WORLD_OK(w, snapshot_scan(s, world_count_touch, &n, &w->e));
	snapshot_close(&s);
	return n;
}

UNUSED static uint64_t world_people(struct world *w)
{
	struct snapshot *s;
	uint64_t n = 0;
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	for (uint64_t i = 1; i <= people_profiles(snapshot_people(s)); i++) {
		struct subject_view v;
		WORLD_OK(w, people_view(snapshot_people(s), i, &w->a, &v, &w->e));
		n += v.subject == i && v.visible && v.entity == ENTITY_PERSON;
	}
	snapshot_close(&s);
	return n;
}

#endif
