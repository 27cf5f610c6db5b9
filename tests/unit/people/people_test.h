/*
 * people_test.h - short words for touches and imports that the tests of this directory share.
 */
#ifndef TRICHTER_PEOPLE_TEST_H
#define TRICHTER_PEOPLE_TEST_H

#include "world.h"

#define DAY(n) ((int64_t)(20000 + (n)) * US_PER_DAY)

UNUSED static struct intake touch_named(const char *name, const char *user, int64_t at_us,
					const char *message_id)
{
	return (struct intake){ .name = str_of(name),
				.at_us = at_us,
				.user_id = str_of(user),
				.message_id = str_of(message_id) };
}

UNUSED static uint64_t import_begin_ok(struct world *w)
{
	uint64_t import = 0;
	WORLD_OK(w, journal_import_begin(w->j, S("{}"), &import, &w->e));
	return import;
}

UNUSED static void import_submit(struct world *w, uint64_t import, enum duplicates duplicates,
				 struct intake *items, size_t n)
{
	struct batch b = { .items = items,
			   .n = n,
			   .trust = TRUST_SECRET,
			   .import = import,
			   .duplicates = duplicates };
	WORLD_OK(w, journal_submit(w->j, &b, &w->e));
}

UNUSED static void configure(struct world *w, const char *name, const char *text)
{
	WORLD_OK(w, journal_config_set(w->j, str_of(name), str_of(text), S("test"), &w->e));
}

#endif
