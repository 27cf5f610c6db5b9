/*
 * joins.c - which profiles are one person, company or deal.
 *
 * What it is:   an append-only log of edges between profiles, and a union-find over those that are
 *               visible and not cut. The root is the smallest number of its subject; a ring of
 * `next` lists the subject's profiles. Promises:     joining never changes a touch; cutting and
 * undoing rebuild from the log, so what is joined is always exactly what the log says. Threads: as
 * the people that own it.
 */
#include "people/people_int.h"

#include "base/mem.h"

#include <stdlib.h>

static uint64_t pair_key(uint32_t a, uint32_t b)
{
	return a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
}

/* Edges on disk may name profiles that come with a later record. */
static bool wide_reserve(struct joins *j, uint32_t profiles)
{
	if (!vec_reserve(&j->wide_parent, profiles) || !vec_reserve(&j->wide_next, profiles))
		return false;
	while (j->wide_parent.n < profiles) {
		uint32_t profile = (uint32_t)j->wide_parent.n + 1;
		j->wide_parent.items[j->wide_parent.n++] = profile;
		j->wide_next.items[j->wide_next.n++] = profile;
	}
	return true;
}

bool joins_add_profile(struct people *p, err *e)
{
	struct joins *j = &p->joins;
	CHECK(j->parent.n < PROFILES_MAX);
	uint32_t profile = (uint32_t)(j->parent.n + 1);
	if (!vec_reserve(&j->parent, j->parent.n + 1) || !vec_reserve(&j->next, j->next.n + 1) ||
	    !wide_reserve(j, profile))
		return err_nomem(e);
	j->parent.items[j->parent.n++] = profile;
	j->next.items[j->next.n++] = profile;
	return true;
}

static uint32_t root_in(uint32_t *parent, uint32_t profile)
{
	while (parent[profile - 1] != profile) {
		uint32_t up = parent[profile - 1];
		parent[profile - 1] = parent[up - 1]; /* halve the path */
		profile = up;
	}
	return profile;
}

uint32_t joins_root(const struct people *p, uint32_t profile)
{
	return root_in(p->joins.parent.items, profile);
}

uint32_t joins_next(const struct people *p, uint32_t profile)
{
	return p->joins.next.items[profile - 1];
}

uint32_t joins_wide_next(const struct people *p, uint32_t profile)
{
	return p->joins.wide_next.items[profile - 1];
}

static void unite(uint32_t *parent, uint32_t *next, uint32_t a, uint32_t b)
{
	uint32_t ra = root_in(parent, a), rb = root_in(parent, b);
	if (ra == rb)
		return;
	uint32_t low = MIN(ra, rb), high = MAX(ra, rb);
	parent[high - 1] = low;
	uint32_t swap = next[low - 1]; /* two rings become one */
	next[low - 1] = next[high - 1];
	next[high - 1] = swap;
}

bool joins_has_kind(struct people *p, uint32_t profile, enum id_kind kind)
{
	uint32_t at = profile;
	do {
		if (p->ids.kinds.items[at - 1] == kind)
			return true;
		at = joins_next(p, at);
	} while (at != profile);
	return false;
}

bool joins_is_identified(struct people *p, uint32_t profile)
{
	uint32_t at = profile;
	do {
		if (p->ids.kinds.items[at - 1] != ID_ANONYMOUS)
			return true;
		at = joins_next(p, at);
	} while (at != profile);
	return false;
}

static void count_kinds(struct people *p, uint32_t profile, uint64_t kinds[ID_KINDS_N],
			uint64_t *all)
{
	uint32_t at = profile;
	do {
		kinds[p->ids.kinds.items[at - 1]]++;
		(*all)++;
		at = joins_next(p, at);
	} while (at != profile);
}

static enum join_answer ask_limits(struct people *p, uint32_t a, uint32_t b)
{
	uint64_t kinds[ID_KINDS_N] = { 0 }, all = 0;
	count_kinds(p, a, kinds, &all);
	count_kinds(p, b, kinds, &all);
	if (all > p->ids_max)
		return JOIN_NO_IDS;
	for (size_t i = 0; i < ID_KINDS_N; i++) {
		if (kinds[i] > p->ids_per_kind_max)
			return JOIN_NO_KIND;
	}
	return JOIN_YES;
}

/* The newest edge between these two that was not taken back. */
static const struct edge *edge_between(const struct people *p, uint32_t a, uint32_t b)
{
	const struct joins *j = &p->joins;
	uint64_t at;
	if (!map64_get(&j->pairs, pair_key(a, b), &at))
		return NULL;
	while (at && p->touch_hidden(p->import_arg, j->edges.items[at - 1].seq))
		at = j->edges.items[at - 1].older;
	return at ? &j->edges.items[at - 1] : NULL;
}

/* Somebody took one of these out of a person with one of those by hand. */
static bool parted_by_hand(struct people *p, uint32_t a, uint32_t b)
{
	uint32_t x = a;
	do {
		uint32_t y = b;
		do {
			const struct edge *edge = edge_between(p, x, y);
			if (edge && edge->cut)
				return true;
			y = joins_next(p, y);
		} while (y != b);
		x = joins_next(p, x);
	} while (x != a);
	return false;
}

enum join_answer joins_ask(struct people *p, uint32_t a, uint32_t b, bool import)
{
	const struct edge *known = edge_between(p, a, b);
	if (known && p->import_hidden(p->import_arg, known->import) && !import)
		known = NULL; /* what only an undone or open import said counts for nothing */
	if (known && known->refused)
		return JOIN_NO_KNOWN;
	if (joins_root(p, a) == joins_root(p, b)) {
		bool said_by_import = known && known->import != 0;
		return !known || (said_by_import && !import) ? JOIN_EVIDENCE : JOIN_SAME;
	}
	return parted_by_hand(p, a, b) ? JOIN_NO_CUT : ask_limits(p, a, b);
}

static bool edge_push(struct joins *j, struct edge edge)
{
	uint64_t before = 0;
	edge.older = map64_get(&j->pairs, pair_key(edge.a, edge.b), &before) ? (uint32_t)before : 0;
	if (!wide_reserve(j, MAX(edge.a, edge.b)) || !vec_push(&j->edges, edge) ||
	    (edge.cut && !vec_push(&j->ever_cut, (uint32_t)j->edges.n - 1)))
		return false;
	if (!edge.refused)
		unite(j->wide_parent.items, j->wide_next.items, edge.a, edge.b);
	return map64_put(&j->pairs, pair_key(edge.a, edge.b), j->edges.n);
}

bool joins_add(struct people *p, const struct edge *edge, err *e)
{
	struct joins *j = &p->joins;
	if (edge->a == 0 || edge->b == 0 || edge->a > j->parent.n || edge->b > j->parent.n)
		return err_set(e, ERR_CORRUPT, "touch %llu joins profiles that do not exist",
			       (unsigned long long)edge->seq);
	if (j->edges.n && edge->seq <= j->edges.items[j->edges.n - 1].seq)
		return true; /* replayed: it is in the log already */
	if (!edge_push(j, *edge))
		return err_nomem(e);
	if (!edge->refused)
		unite(j->parent.items, j->next.items, edge->a, edge->b);
	return true;
}

static bool cut_edges(struct people *p, uint32_t profile, uint64_t seq)
{
	struct joins *j = &p->joins;
	for (size_t i = 0; i < j->edges.n; i++) {
		struct edge *edge = &j->edges.items[i];
		if ((edge->a != profile && edge->b != profile) || edge->cut || edge->seq > seq)
			continue;
		edge->cut = seq;
		if (!vec_push(&j->touched, i) || !vec_push(&j->ever_cut, (uint32_t)i))
			return false;
	}
	return true;
}

/* Its edges are cut; joins_ask finds them later and keeps automatic rules from joining again. */
bool joins_cut(struct people *p, uint32_t profile, uint64_t seq, err *e)
{
	if (!cut_edges(p, profile, seq))
		return err_nomem(e);
	joins_rebuild(p);
	return true;
}

bool joins_recut(struct people *p, const struct touch *cuts, size_t n, err *e)
{
	struct joins *j = &p->joins;
	for (size_t i = 0; i < j->edges.n; i++) {
		if (j->edges.items[i].cut && !vec_push(&j->touched, i))
			return err_nomem(e);
		j->edges.items[i].cut = 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (!cut_edges(p, (uint32_t)cuts[i].person, cuts[i].seq))
			return err_nomem(e);
	}
	return true;
}

void joins_rebuild(struct people *p)
{
	struct joins *j = &p->joins;
	for (size_t i = 0; i < j->parent.n; i++) {
		j->parent.items[i] = (uint32_t)(i + 1);
		j->next.items[i] = (uint32_t)(i + 1);
	}
	for (size_t i = 0; i < j->edges.n; i++) {
		const struct edge *edge = &j->edges.items[i];
		/* While a store is brought up to date, an edge on disk may name profiles that come
		 * with a later record: it is rebuilt once more then. */
		if (edge->a > j->parent.n || edge->b > j->parent.n)
			continue;
		if (!edge->refused && !edge->cut &&
		    !p->import_hidden(p->import_arg, edge->import) &&
		    !p->touch_hidden(p->import_arg, edge->seq))
			unite(j->parent.items, j->next.items, edge->a, edge->b);
	}
}

const char *join_why_text(enum join_why why)
{
	static const char *const TEXTS[JOIN_WHY_N] = {
		"identify", "alias", "e-mail", "external id", "company", "by hand",
	};
	return (size_t)why < JOIN_WHY_N ? TEXTS[why] : "unknown";
}

/* ---- devices --------------------------------------------------------------------------------- */

static struct device *device_of(const struct people *p, uint32_t profile)
{
	uint64_t at;
	return map64_get(&p->joins.devices, profile, &at) ? p->joins.device_list.items[at] : NULL;
}

uint32_t joins_device_owner_at(const struct people *p, uint32_t profile, size_t i)
{
	const struct device *d = device_of(p, profile);
	return d && i < d->owners.n ? d->owners.items[i].profile : 0;
}

uint32_t joins_device_owner(const struct people *p, uint32_t profile, int64_t at_us)
{
	const struct device *d = device_of(p, profile);
	uint32_t owner = profile;
	for (size_t i = 0; d && i < d->owners.n && d->owners.items[i].from_us <= at_us; i++) {
		if (!p->import_hidden(p->import_arg, d->owners.items[i].import) &&
		    !p->touch_hidden(p->import_arg, d->owners.items[i].seq))
			owner = d->owners.items[i].profile;
	}
	return owner;
}

static int owner_cmp(const struct device_owner *a, const struct device_owner *b)
{
	if (a->from_us != b->from_us)
		return a->from_us < b->from_us ? -1 : 1;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static bool device_hold(struct people *p, uint32_t profile, struct device **d_r, err *e)
{
	struct device *d = device_of(p, profile);
	if (!d) {
		d = mem_zalloc(1, sizeof *d);
		if (!d)
			return err_nomem(e);
		d->profile = profile;
		if (!vec_push(&p->joins.device_list, d)) {
			mem_free(d);
			return err_nomem(e);
		}
		if (!map64_put(&p->joins.devices, profile, p->joins.device_list.n - 1))
			return err_nomem(e);
	}
	*d_r = d;
	return true;
}

bool joins_add_owner(struct people *p, uint32_t profile, const struct device_owner *o, err *e)
{
	struct device *d = NULL;
	if (!device_hold(p, profile, &d, e))
		return false;
	size_t at = d->owners.n;
	while (at > 0 && owner_cmp(&d->owners.items[at - 1], o) > 0)
		at--;
	if (at > 0 && owner_cmp(&d->owners.items[at - 1], o) == 0)
		return true; /* replayed */
	if (!vec_push(&d->owners, *o))
		return err_nomem(e);
	for (size_t i = d->owners.n - 1; i > at; i--)
		d->owners.items[i] = d->owners.items[i - 1];
	d->owners.items[at] = *o;
	if (!d->dirty && !vec_push(&p->joins.devices_dirty, d))
		return err_nomem(e);
	d->dirty = true;
	return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void edge_encode(struct buf *b, const struct edge *edge)
{
	buf_varint(b, edge->a);
	buf_varint(b, edge->b);
	buf_zigzag(b, edge->at_us);
	buf_varint(b, edge->import);
	buf_byte(b, edge->why);
	buf_byte(b, edge->refused);
	buf_varint(b, edge->cut);
}

static bool edge_load(void *arg, uint64_t seq, str bytes)
{
	struct load_state *s = arg;
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	struct edge edge = { .seq = seq };
	edge.a = (uint32_t)reader_varint(&r);
	edge.b = (uint32_t)reader_varint(&r);
	edge.at_us = reader_zigzag(&r);
	edge.import = reader_varint(&r);
	edge.why = reader_byte(&r);
	edge.refused = reader_byte(&r);
	edge.cut = reader_varint(&r);
	struct joins *j = &s->p->joins;
	if (r.bad || edge.a == 0 || edge.b == 0) {
		s->failed = true;
		return err_set(s->e, ERR_CORRUPT, "edge %llu cannot be read",
			       (unsigned long long)seq);
	}
	if (!edge_push(j, edge)) {
		s->failed = true;
		return err_nomem(s->e);
	}
	return true;
}

static void device_encode(struct buf *b, const struct device *d)
{
	buf_varint(b, d->owners.n);
	for (size_t i = 0; i < d->owners.n; i++) {
		const struct device_owner *o = &d->owners.items[i];
		buf_zigzag(b, o->from_us);
		buf_u64(b, o->tie);
		buf_varint(b, o->seq);
		buf_varint(b, o->import);
		buf_varint(b, o->profile);
	}
}

static bool device_load(void *arg, uint64_t profile, str bytes)
{
	struct load_state *s = arg;
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	uint64_t n = reader_varint(&r);
	for (uint64_t i = 0; i < n && !r.bad && !s->failed; i++) {
		struct device_owner o;
		o.from_us = reader_zigzag(&r);
		o.tie = reader_u64(&r);
		o.seq = reader_varint(&r);
		o.import = reader_varint(&r);
		o.profile = (uint32_t)reader_varint(&r);
		s->failed = !joins_add_owner(s->p, (uint32_t)profile, &o, s->e);
	}
	if (r.bad) {
		s->failed = true;
		return err_set(s->e, ERR_CORRUPT, "device %llu cannot be read",
			       (unsigned long long)profile);
	}
	return !s->failed;
}

/* Edges may name profiles that only the journal's newest records know: the caller adds those, then
 * rebuilds. */
bool joins_open(struct people *p, const struct hooks_env *env, err *e)
{
	if (env->empty)
		return true;
	struct load_state s = { p, e, false };
	if (!ledger_scan(p->ledger, LEDGER_EDGES, 0, edge_load, &s, e) || s.failed ||
	    !ledger_scan(p->ledger, LEDGER_DEVICES, 0, device_load, &s, e) || s.failed)
		return false;
	joins_committed(p); /* all of it came from there */
	return true;
}

void joins_close(struct people *p)
{
	struct joins *j = &p->joins;
	for (size_t i = 0; i < j->device_list.n; i++) {
		vec_free(&j->device_list.items[i]->owners);
		mem_free(j->device_list.items[i]);
	}
	vec_free(&j->device_list);
	vec_free(&j->devices_dirty);
	map64_fini(&j->devices);
	map64_fini(&j->pairs);
	vec_free(&j->edges);
	vec_free(&j->touched);
	vec_free(&j->parent);
	vec_free(&j->next);
	vec_free(&j->wide_parent);
	vec_free(&j->wide_next);
	vec_free(&j->ever_cut);
}

static bool put_row(struct writeback *wb, enum ledger_table table, uint64_t key,
		    const struct buf *b, err *e)
{
	if (!buf_ok(b, e))
		return false;
	struct ledger_change c = { .table = table,
				   .key = key,
				   .value = str_dup(wb->arena, buf_view(b)) };
	if (!c.value.p)
		return arena_err(wb->arena, e);
	return vec_push(&wb->changes, c) || err_nomem(e);
}

bool joins_changes(struct people *p, struct writeback *wb, err *e)
{
	struct joins *j = &p->joins;
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, MIB);
	for (size_t i = 0; i < j->touched.n; i++) {
		const struct edge *edge = &j->edges.items[j->touched.items[i]];
		buf_clear(&b);
		edge_encode(&b, edge);
		if (!put_row(wb, LEDGER_EDGES, edge->seq, &b, e))
			return false;
	}
	for (size_t i = j->edges_stored; i < j->edges.n; i++) {
		buf_clear(&b);
		edge_encode(&b, &j->edges.items[i]);
		if (!put_row(wb, LEDGER_EDGES, j->edges.items[i].seq, &b, e))
			return false;
	}
	for (size_t i = 0; i < j->devices_dirty.n; i++) {
		const struct device *d = j->devices_dirty.items[i];
		buf_clear(&b);
		device_encode(&b, d);
		if (!put_row(wb, LEDGER_DEVICES, d->profile, &b, e))
			return false;
	}
	return true;
}

void joins_committed(struct people *p)
{
	struct joins *j = &p->joins;
	j->edges_stored = j->edges.n;
	vec_clear(&j->touched);
	for (size_t i = 0; i < j->devices_dirty.n; i++)
		j->devices_dirty.items[i]->dirty = false;
	vec_clear(&j->devices_dirty);
}
