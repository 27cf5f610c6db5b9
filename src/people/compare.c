/*
 * compare.c - two projections of one journal, for verify.
 *
 * What it is:   ids, joins, counts, sources and values, compared profile by profile.
 * Promises:     one sentence per difference, at most DIFFERENCES_MAX of them in words; all are
 * counted.
 */
#include "people/people_int.h"

#include <stdarg.h>
#include <stdio.h>

#define DIFFERENCES_MAX 1000

struct comparing {
	struct people *a, *b; /* stored, replayed */
	void (*say)(void *arg, const char *sentence);
	void *arg;
	uint64_t differences;
};

static void PRINTF_LIKE(2, 3) differ(struct comparing *c, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;
	if (c->differences++ >= DIFFERENCES_MAX || !c->say)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	c->say(c->arg, text);
}

static bool origin_eq(struct origin a, struct origin b)
{
	return str_eq(a.source, b.source) && str_eq(a.medium, b.medium) &&
	       str_eq(a.campaign, b.campaign) && str_eq(a.content, b.content) &&
	       str_eq(a.term, b.term) && str_eq(a.referrer, b.referrer) &&
	       str_eq(a.click_kind, b.click_kind);
}

static void compare_counts(struct comparing *c, uint32_t profile)
{
	static const struct count NONE = { 0 };
	const struct count *a = counts_get(c->a, profile), *b = counts_get(c->b, profile);
	a = a ? a : &NONE;
	b = b ? b : &NONE;
	if (a->touches != b->touches) {
		differ(c, "profile %u: %llu touches are counted, the journal holds %llu", profile,
		       (unsigned long long)a->touches, (unsigned long long)b->touches);
		return;
	}
	if (a->first_us != b->first_us || a->last_us != b->last_us)
		differ(c, "profile %u: first or last touch at another time than the journal says",
		       profile);
	if (!origin_eq(origins_get(c->a, a->first_origin), origins_get(c->b, b->first_origin)) ||
	    !origin_eq(origins_get(c->a, a->last_origin), origins_get(c->b, b->last_origin)))
		differ(c, "profile %u: another first or latest source than the journal says",
		       profile);
}

static bool cell_eq(const struct cell_state *a, const struct cell_state *b)
{
	return str_eq(a->key, b->key) && value_eq(a->value, b->value) && a->at_us == b->at_us &&
	       a->seq == b->seq && a->fill == b->fill;
}

/* Times that a rule kept which is in force no more mean nothing: they are left out on both sides.
 */
static size_t drop_unwatched(const struct people *p, struct cell_state *cells, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		bool keep = !str_starts(cells[i].key, S(DID_KEY_PREFIX));
		for (size_t r = 0; !keep && r < p->rules.list.n; r++) {
			const struct live_rule *rule = p->rules.list.items[r];
			for (size_t w = 0; w < rule->watches.n; w++)
				keep |= str_eq(rule->watches.items[w].key, cells[i].key);
		}
		if (keep)
			cells[kept++] = cells[i];
	}
	return kept;
}

static bool compare_cells(struct comparing *c, uint32_t profile, struct arena *arena, err *e)
{
	struct cell_state *a, *b;
	size_t a_n, b_n;
	arena_reset(arena);
	if (!cells_get(c->a, profile, arena, &a, &a_n, e) ||
	    !cells_get(c->b, profile, arena, &b, &b_n, e))
		return false;
	a_n = drop_unwatched(c->a, a, a_n);
	b_n = drop_unwatched(c->b, b, b_n);
	for (size_t i = 0; i < MIN(a_n, b_n); i++) {
		if (!cell_eq(&a[i], &b[i])) {
			differ(c, "profile %u: value \"%.*s\" differs from what the journal says",
			       profile, STR_ARG(a[i].key));
			return true;
		}
	}
	if (a_n != b_n)
		differ(c, "profile %u: %zu values are stored, the journal says %zu", profile, a_n,
		       b_n);
	return true;
}

static bool compare_ids(struct comparing *c, uint32_t profile, struct arena *arena, err *e)
{
	struct profile_id a, b;
	uint64_t found_profile;
	bool found;
	arena_reset(arena);
	if (!ids_of_profile(c->a, profile, arena, &a, e) ||
	    !ids_of_profile(c->b, profile, arena, &b, e) ||
	    !ids_get(c->a, b.kind, b.system, b.value, &found_profile, &found, e))
		return false;
	if (a.kind != b.kind || !str_eq(a.system, b.system) || !str_eq(a.value, b.value))
		differ(c, "profile %u stands for another id than the journal says", profile);
	if (b.value.n && (!found || found_profile != profile))
		differ(c, "the id of profile %u is not found", profile);
	return true;
}

/* Those of touches that were taken back, or erased, may be there or not. */
static size_t joins_that_hold(const struct people *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->joins.edges.n; i++)
		n += !p->touch_hidden(p->import_arg, p->joins.edges.items[i].seq);
	return n;
}

bool people_compare(struct people *stored, struct people *replayed,
		    void (*say)(void *arg, const char *sentence), void *arg,
		    uint64_t *differences_r, err *e)
{
	struct comparing c = { .a = stored, .b = replayed, .say = say, .arg = arg };
	struct arena arena CLEANUP(arena_fini);
	arena_init(&arena, 64 * MIB);
	if (stored->ids.kinds.n != replayed->ids.kinds.n)
		differ(&c, "%zu profiles are stored, the journal holds %zu", stored->ids.kinds.n,
		       replayed->ids.kinds.n);
	size_t joins = joins_that_hold(stored), told = joins_that_hold(replayed);
	if (joins != told)
		differ(&c, "%zu joins are stored, the journal holds %zu", joins, told);
	size_t n = MIN(stored->ids.kinds.n, replayed->ids.kinds.n);
	for (uint32_t profile = 1; profile <= n; profile++) {
		if (joins_root(stored, profile) != joins_root(replayed, profile))
			differ(&c, "profile %u belongs to %u, by the journal to %u", profile,
			       joins_root(stored, profile), joins_root(replayed, profile));
		compare_counts(&c, profile);
		if (!compare_ids(&c, profile, &arena, e) || !compare_cells(&c, profile, &arena, e))
			return false;
		if (stored->cells.bytes > CELLS_HELD_BYTES_MAX)
			cells_drop_clean(stored);
	}
	*differences_r = c.differences;
	return true;
}
