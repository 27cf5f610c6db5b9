/*
 * undo.c - people, companies and deals when something is taken back.
 *
 * What it is:   what the journal asks for besides forgetting and folding: which values a touch
 *               sets, that the outcome is written at once, and how a reader comes to know it.
 * Threads:      as the people; undo_sets and undo_effects share nothing.
 */
#include "people/people_int.h"

#include "io/zip.h"

bool undo_write_now(struct people *p, const struct map64 *profiles, struct writeback *wb, err *e)
{
	uint64_t profile, ignored;
	for (size_t at = 0; map64_next(profiles, &at, &profile, &ignored);) {
		uint64_t block = (profile - 1) / BLOCK_PROFILES;
		if (!cells_write_now(p, (uint32_t)profile, wb, e) ||
		    !counts_changes(p, wb, block, block + 1, e))
			return false;
	}
	return true;
}

bool undo_reload(struct people *p, const struct map64 *profiles, err *e)
{
	uint64_t profile, ignored;
	if (!origins_reload(p, e))
		return false;
	for (size_t at = 0; map64_next(profiles, &at, &profile, &ignored);) {
		if (!ids_reload(p, profile, e) || !cells_reload(p, (uint32_t)profile, e) ||
		    !counts_reload(p, (uint32_t)profile, e))
			return false;
	}
	return true;
}

unsigned undo_effects(const struct touch *t)
{
	if (str_eq(t->name, S("person_unmerged")))
		return EFFECT_CUTS | EFFECT_JOINS;
	bool joins = str_eq(t->name, S("person_identified")) ||
		     str_eq(t->name, S("person_merged")) ||
		     str_eq(t->name, S("company_identified"));
	return joins ? EFFECT_JOINS : 0;
}

static uint64_t key_of(uint64_t profile, str key)
{
	uint64_t parts[] = { profile, str_hash(key) };
	return zip_hash(parts, sizeof parts) | 1;
}

bool undo_sets(struct people *p, const struct touch *t, bool note, struct map64 *keys, bool *sets_r,
	       err *e)
{
	const uint64_t about[] = { t->person, t->company, t->deal };
	struct arena a CLEANUP(arena_fini);
	(void)p;
	arena_init(&a, MIB);
	*sets_r = false;
	for (size_t i = 0; i < ARRAY_LEN(about); i++) {
		struct cell_state *cells;
		size_t n;
		uint64_t ignored;
		if (about[i] == 0)
			continue;
		if (!fold_cells(t, (enum entity)i, &a, &cells, &n, e))
			return false;
		for (size_t k = 0; k < n; k++) {
			uint64_t key = key_of(about[i], cells[k].key);
			if (note && !map64_put(keys, key, 1))
				return err_nomem(e);
			*sets_r |= !note && map64_get(keys, key, &ignored);
		}
	}
	return true;
}
