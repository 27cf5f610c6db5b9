/*
 * view.c - a person, company or deal as people look at it.
 *
 * What it is:   the profiles of one subject put together: ids, values, counts, sources, joins.
 * Promises:     read only; the same rule that folds touches (cell_wins) decides between profiles.
 */
#include "people/people_int.h"

#include "base/num.h"
#include "journal/channel.h"

#include <stdlib.h>

uint64_t people_subject_of(const struct people *p, uint64_t profile)
{
	if (profile == 0 || profile > p->joins.parent.n)
		return profile;
	return joins_root(p, (uint32_t)profile);
}

enum entity people_entity_of(const struct people *p, uint64_t profile)
{
	if (profile == 0 || profile > p->ids.kinds.n)
		return ENTITY_PERSON;
	switch ((enum id_kind)p->ids.kinds.items[profile - 1]) {
	case ID_COMPANY_DOMAIN:
	case ID_COMPANY_NAME:
	case ID_COMPANY_EXTERNAL:
		return ENTITY_COMPANY;
	case ID_DEAL:
		return ENTITY_DEAL;
	default:
		return ENTITY_PERSON;
	}
}

uint64_t people_profiles(const struct people *p)
{
	return p->ids.kinds.n;
}

/* ---- finding --------------------------------------------------------------------------------- */

static bool find_id(struct people *p, enum id_kind kind, str system, str id, uint64_t *subject_r)
{
	uint64_t profile;
	bool found;
	err ignored;
	if (id.n == 0 || !ids_get(p, kind, system, id, &profile, &found, &ignored) || !found)
		return false;
	*subject_r = people_subject_of(p, profile);
	return true;
}

/* "system:id", or the id alone when only one system has it. */
static bool find_external(struct people *p, enum id_kind kind, str text, uint64_t *subject_r)
{
	size_t colon = str_index(text, ':'), found = 0;
	if ((colon < text.n && find_id(p, kind, str_sub(text, 0, colon),
				       str_sub(text, colon + 1, text.n), subject_r)) ||
	    find_id(p, kind, S(""), text, subject_r))
		return true;
	str system;
	uint64_t ignored, subject;
	for (size_t at = 0; map_next(&p->ids.systems, &at, &system, &ignored);) {
		if (!find_id(p, kind, system, text, &subject))
			continue;
		if (found++ && subject != *subject_r)
			return false;
		*subject_r = subject;
	}
	return found > 0;
}

static bool find_number(struct people *p, enum entity entity, str text, uint64_t *subject_r)
{
	uint64_t number;
	if (!num_parse_u64(text, &number) || number == 0 || number > p->ids.kinds.n ||
	    people_entity_of(p, number) != entity)
		return false;
	*subject_r = people_subject_of(p, number);
	return true;
}

bool people_find(struct people *p, enum entity entity, str text, uint64_t *subject_r)
{
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, MIB);
	text = str_trim(text);
	if (entity == ENTITY_DEAL)
		return find_external(p, ID_DEAL, text, subject_r) ||
		       find_number(p, entity, text, subject_r);
	if (entity == ENTITY_COMPANY) {
		str folded = str_trim(str_fold(&a, text));
		return find_id(p, ID_COMPANY_DOMAIN, S(""), folded, subject_r) ||
		       find_external(p, ID_COMPANY_EXTERNAL, text, subject_r) ||
		       find_id(p, ID_COMPANY_NAME, S(""), folded, subject_r) ||
		       find_number(p, entity, text, subject_r);
	}
	return find_id(p, ID_EMAIL, S(""), email_normalise(&a, text), subject_r) ||
	       find_id(p, ID_USER, S(""), text, subject_r) ||
	       find_id(p, ID_ANONYMOUS, S(""), text, subject_r) ||
	       find_external(p, ID_EXTERNAL, text, subject_r) ||
	       find_number(p, entity, text, subject_r);
}

/* ---- putting together ------------------------------------------------------------------------ */

static size_t ring_length(const struct people *p, uint32_t profile)
{
	size_t n = 0;
	uint32_t at = profile;
	do {
		n++;
		at = joins_next(p, at);
	} while (at != profile);
	return n;
}

static int number_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static uint32_t *ring_sorted(const struct people *p, uint32_t profile, struct arena *a, size_t *n_r)
{
	*n_r = ring_length(p, profile);
	uint32_t *ring = ARENA_ARRAY(a, uint32_t, *n_r);
	if (!ring)
		return NULL;
	uint32_t at = profile;
	for (size_t i = 0; i < *n_r; i++, at = joins_next(p, at))
		ring[i] = at;
	qsort(ring, *n_r, sizeof *ring, number_cmp);
	return ring;
}

static int state_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct cell_state *)a)->key, ((const struct cell_state *)b)->key);
}

static bool view_cells(struct people *p, const uint32_t *ring, size_t ring_n, struct arena *a,
		       struct subject_view *v, err *e)
{
	struct cell_state *all = NULL;
	size_t n = 0;
	for (size_t i = 0; i < ring_n; i++) {
		struct cell_state *own;
		size_t own_n;
		if (!cells_get(p, ring[i], a, &own, &own_n, e))
			return false;
		if (own_n == 0)
			continue;
		struct cell_state *joined = ARENA_ARRAY(a, struct cell_state, n + own_n);
		if (!joined)
			return arena_err(a, e);
		for (size_t k = 0; k < n; k++)
			joined[k] = all[k];
		for (size_t k = 0; k < own_n; k++)
			joined[n + k] = own[k];
		all = joined;
		n += own_n;
	}
	if (n)
		qsort(all, n, sizeof *all, state_cmp);
	v->cells = ARENA_ARRAY(a, struct cell, n);
	if (!v->cells)
		return arena_err(a, e);
	for (size_t i = 0; i < n;) {
		if (str_starts(all[i].key, S(DID_KEY_PREFIX))) { /* the rules' own book-keeping */
			i++;
			continue;
		}
		size_t best = i, k = i + 1;
		for (; k < n && str_eq(all[k].key, all[i].key); k++)
			best = cell_wins(&all[k], &all[best]) ? k : best;
		if (all[best].value.kind != VALUE_NONE) /* else it was taken away */
			v->cells[v->cells_n++] = (struct cell){ all[best].key, all[best].value,
								all[best].at_us, all[best].seq };
		i = k;
	}
	return true;
}

/* All ids of a kind as one value: nothing, a text, or a list. */
static bool view_ids_of(const struct subject_view *v, enum id_kind kind, struct arena *a,
			value *v_r)
{
	value *items = ARENA_ARRAY(a, value, v->ids_n);
	if (!items)
		return false;
	size_t n = 0;
	for (size_t i = 0; i < v->ids_n; i++) {
		if (v->ids[i].kind == kind)
			items[n++] = value_text(v->ids[i].value);
	}
	*v_r = n == 0 ? value_none() : items[0];
	if (n > 1) {
		*v_r = (value){ .kind = VALUE_LIST };
		v_r->list.items = items;
		v_r->list.n = n;
	}
	return true;
}

static void view_sum(const struct people *p, const struct count *sum, struct subject_view *v)
{
	v->touches = sum->touches;
	v->visible = sum->touches > 0;
	v->first_us = sum->first_us;
	v->last_us = sum->last_us;
	v->first_origin = origins_get(p, sum->first_origin);
	v->latest_origin = origins_get(p, sum->last_origin);
	v->first_channel = origins_channel(p, sum->first_origin);
	v->latest_channel = origins_channel(p, sum->last_origin);
}

static void view_counts(struct people *p, const uint32_t *ring, size_t ring_n,
			struct subject_view *v)
{
	struct count sum = { 0 };
	for (size_t i = 0; i < ring_n; i++)
		count_join(&sum, counts_get(p, ring[i]));
	view_sum(p, &sum, v);
}

bool people_view(struct people *p, uint64_t subject, struct arena *a, struct subject_view *v_r,
		 err *e)
{
	if (subject == 0 || subject > p->ids.kinds.n)
		return err_set(e, ERR_NOT_FOUND, "there is nobody of number %llu",
			       (unsigned long long)subject);
	struct subject_view v = { .subject = people_subject_of(p, subject) };
	v.entity = people_entity_of(p, v.subject);
	size_t n;
	uint32_t *ring = ring_sorted(p, (uint32_t)v.subject, a, &n);
	v.ids = ARENA_ARRAY(a, struct profile_id, n);
	if (!ring || !v.ids)
		return arena_err(a, e);
	for (size_t i = 0; i < n; i++) {
		if (!ids_of_profile(p, ring[i], a, &v.ids[v.ids_n++], e))
			return false;
	}
	if (!view_ids_of(&v, ID_EMAIL, a, &v.emails) || !view_ids_of(&v, ID_USER, a, &v.user_ids) ||
	    !view_ids_of(&v, ID_ANONYMOUS, a, &v.anonymous_ids) ||
	    !view_ids_of(&v, ID_EXTERNAL, a, &v.external_ids))
		return arena_err(a, e);
	view_counts(p, ring, n, &v);
	if (!view_cells(p, ring, n, a, &v, e))
		return false;
	*v_r = v;
	return true;
}

void people_view_counts(struct people *p, uint64_t subject,
			void (*ring)(void *arg, uint64_t profile), void *arg,
			struct subject_view *v_r)
{
	struct subject_view v = { .subject = subject };
	struct count sum = { 0 };
	uint32_t at = (uint32_t)subject;
	do {
		count_join(&sum, counts_get(p, at));
		if (ring)
			ring(arg, at);
		at = joins_next(p, at);
	} while (at != subject);
	v.entity = people_entity_of(p, subject);
	view_sum(p, &sum, &v);
	*v_r = v;
}

value subject_cell(const struct subject_view *v, str key)
{
	size_t low = 0, high = v->cells_n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = str_cmp(v->cells[mid].key, key);
		if (order == 0)
			return v->cells[mid].value;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return value_none();
}

bool subject_origin(const struct subject_view *v, str field, value *value_r)
{
	bool first = str_starts(field, S("first_"));
	if (!first && !str_starts(field, S("latest_")))
		return false;
	const struct origin *o = first ? &v->first_origin : &v->latest_origin;
	const struct {
		str name, text;
	} fields[] = {
		{ S("source"), o->source },
		{ S("medium"), o->medium },
		{ S("campaign"), o->campaign },
		{ S("content"), o->content },
		{ S("term"), o->term },
		{ S("referrer"), o->referrer },
		{ S("channel"), first ? v->first_channel : v->latest_channel },
	};
	str name = str_sub(field, first ? 6 : 7, field.n);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (!str_eq(fields[i].name, name))
			continue;
		*value_r = fields[i].text.n ? value_text(fields[i].text) : value_none();
		return true;
	}
	return false;
}

/* Brings the rows of the next stretch of profiles into memory with one call. */
#define HOLD_AHEAD	     4096
#define WALK_CELLS_BYTES_MAX (64 * MIB)

static bool hold_ahead(struct people *p, uint32_t from, struct arena *a, err *e)
{
	arena_reset(a);
	uint64_t n = MIN((uint64_t)HOLD_AHEAD, p->ids.kinds.n - from + 1);
	uint64_t *profiles = ARENA_ARRAY(a, uint64_t, (size_t)n);
	if (!profiles)
		return arena_err(a, e);
	for (uint64_t i = 0; i < n; i++)
		profiles[i] = from + i;
	if (p->read_only && p->cells.bytes > CELLS_HELD_BYTES_MAX)
		cells_drop_clean(p);
	return cells_hold(p, profiles, (size_t)n, e);
}

bool people_hold(struct people *p, const uint64_t *subjects, size_t n, err *e)
{
	if (p->read_only && p->cells.bytes > WALK_CELLS_BYTES_MAX)
		cells_drop_clean(p);
	return cells_hold(p, subjects, n, e);
}

bool people_each(struct people *p, enum entity entity, subject_fn each, void *arg, err *e)
{
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, MIB);
	for (uint32_t i = 1; i <= p->ids.kinds.n; i++) {
		if ((i - 1) % HOLD_AHEAD == 0 && !hold_ahead(p, i, &a, e))
			return false;
		if (joins_root(p, i) != i || people_entity_of(p, i) != entity)
			continue;
		uint32_t at = i;
		bool visible = false;
		do {
			const struct count *c = counts_get(p, at);
			visible = c && c->touches;
			at = joins_next(p, at);
		} while (at != i && !visible);
		if (visible && !each(arg, i))
			return true;
	}
	return true;
}

bool people_edges(struct people *p, uint64_t subject, struct arena *a, struct edge_info **edges_r,
		  size_t *n_r, err *e)
{
	size_t n = 0;
	struct edge_info *out = NULL;
	for (int pass = 0; pass < 2; pass++) {
		n = 0;
		for (size_t i = 0; i < p->joins.edges.n; i++) {
			const struct edge *edge = &p->joins.edges.items[i];
			if (people_subject_of(p, edge->a) != subject &&
			    people_subject_of(p, edge->b) != subject)
				continue;
			if ((edge->import && p->import_hidden(p->import_arg, edge->import)) ||
			    p->touch_hidden(p->import_arg, edge->seq))
				continue;
			if (out)
				out[n] = (struct edge_info){ .a = edge->a,
							     .b = edge->b,
							     .seq = edge->seq,
							     .at_us = edge->at_us,
							     .why = str_of(join_why_text(
								     (enum join_why)edge->why)),
							     .cut = edge->cut != 0,
							     .refused = edge->refused };
			n++;
		}
		if (pass == 0 && !(out = ARENA_ARRAY(a, struct edge_info, n)))
			return arena_err(a, e);
	}
	*edges_r = out;
	*n_r = n;
	return true;
}
