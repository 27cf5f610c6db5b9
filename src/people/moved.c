/*
 * moved.c - who may be another subject now than at an earlier number.
 *
 * What it is:   segments of touches are sorted by the subjects of the number at which they were
 *               written. Of a subject for which nothing was joined, separated, shown or hidden
 *               since, the touches still lie together; of all others each touch is asked anew.
 * Promises:     nobody who moved is left out. Some who did not may be in it: whoever was ever one
 *               with somebody who moved.
 * Threads:      as the snapshot.
 */
#include "people/people_int.h"

struct moving {
	struct people *p;
	uint64_t *bits;
	uint64_t n;
	bool any;
};

static void mark(void *arg, uint64_t profile)
{
	struct moving *m = arg;
	if (profile == 0 || profile > m->n || (m->bits[profile / 64] >> (profile % 64) & 1) != 0)
		return;
	uint32_t at = (uint32_t)profile;
	m->any = true;
	do {
		if (at <= m->n)
			m->bits[at / 64] |= UINT64_C(1) << (at % 64);
		at = joins_wide_next(m->p, at);
	} while (at != profile);
}

/* The first edge of a number greater than `seq`. */
static size_t edge_after(const struct joins *j, uint64_t seq)
{
	size_t low = 0, high = j->edges.n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (j->edges.items[mid].seq <= seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void mark_edge(struct moving *m, const struct edge *edge)
{
	if (edge->refused)
		return;
	mark(m, edge->a);
	mark(m, edge->b);
}

/* Was the import what it is now, closed or taken back, at that number already? One that was open
 * is told as changed: the writer joined what readers did not see yet. */
static bool settled(const struct import_info *import, uint64_t seq)
{
	if (import->undone)
		return import->undone_seq <= seq;
	return import->closed && import->closed_seq <= seq;
}

static bool mark_imports(struct moving *m, struct snapshot *s, uint64_t seq, err *e)
{
	struct import_info *imports;
	struct arena a CLEANUP(arena_fini);
	const struct joins *j = &m->p->joins;
	size_t n;
	arena_init(&a, 64 * MIB);
	if (!snapshot_imports(s, &a, &imports, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct import_info *import = &imports[i];
		if (settled(import, seq))
			continue;
		size_t at = edge_after(j, import->from_seq ? import->from_seq - 1 : 0);
		for (; at < j->edges.n; at++) {
			const struct edge *edge = &j->edges.items[at];
			if (import->closed_seq && edge->seq > import->closed_seq)
				break;
			if (edge->import == import->import)
				mark_edge(m, edge);
		}
	}
	return true;
}

bool people_moved_since(struct snapshot *s, uint64_t seq, struct arena *a,
			struct people_moved *moved_r, err *e)
{
	struct people *p = snapshot_people(s);
	struct moving m = { .p = p, .n = people_profiles(p) };
	const struct joins *j = &p->joins;
	m.bits = ARENA_ARRAY(a, uint64_t, m.n / 64 + 1);
	if (!m.bits)
		return arena_err(a, e);
	for (size_t i = edge_after(j, seq); i < j->edges.n; i++)
		mark_edge(&m, &j->edges.items[i]);
	for (size_t i = 0; i < j->ever_cut.n; i++) {
		const struct edge *edge = &j->edges.items[j->ever_cut.items[i]];
		if (edge->cut > seq)
			mark_edge(&m, edge);
	}
	if (!mark_imports(&m, s, seq, e))
		return false;
	snapshot_undone_since(s, seq, mark, &m);
	*moved_r = (struct people_moved){ m.bits, m.n + 1, m.any };
	return true;
}

void people_ever_with(const struct people *p, uint64_t profile,
		      void (*each)(void *arg, uint64_t profile), void *arg)
{
	uint32_t at = (uint32_t)profile;
	if (profile == 0 || profile > people_profiles(p))
		return;
	do {
		each(arg, at);
		at = joins_wide_next(p, at);
	} while (at != profile);
}
