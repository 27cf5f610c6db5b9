/*
 * idmap.c - the map: a table in memory before runs in files.
 *
 * What it is:   opening, looking up, putting. Newest first: the active table, the frozen one, then
 *               runs from the newest to the oldest; each run's filter answers most questions for
 *               keys that it does not have.
 * Promises:     see column.h.
 * Threads:      the caller's; the background thread reads the frozen table and runs beside it.
 */
#include "column/column.h"

#include "base/mem.h"
#include "column/idmap_int.h"

#include <string.h>

/* A table grows in steps while it is small, then at once to its full size: moving many keys would
 * hold up the caller. */
#define TABLE_KEYS_FIRST ((size_t)1024)
#define TABLE_KEYS_SMALL ((size_t)1 << 16)

static char *text_copy(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = mem_alloc(n);
	if (p)
		memcpy(p, s, n);
	return p;
}

static bool map_fill(struct idmap *m, const struct idmap_options *o, str manifest, err *e)
{
	m->dir = text_copy(o->dir);
	m->name = text_copy(o->name);
	if (!m->dir || !m->name)
		return err_nomem(e);
	return manifest_open(m, manifest, e) && manifest_encode(m, &m->manifest, e) &&
	       (m->read_only || manifest_clean(m, e));
}

bool idmap_open(const struct idmap_options *o, str manifest, struct idmap **m_r, err *e)
{
	struct idmap *m = mem_zalloc(1, sizeof *m);
	if (!m)
		return err_nomem(e);
	m->fs = o->fs;
	m->keys_max = o->table_keys_max ? o->table_keys_max : IDMAP_TABLE_KEYS;
	m->read_only = o->read_only;
	m->number_next = 1;
	idmap_table_init(&m->active);
	idmap_table_init(&m->frozen);
	idmap_table_init(&m->spare);
	buf_init(&m->manifest, MIB);
	work_init(&m->work, m->fs);
	if (!map_fill(m, o, manifest, e)) {
		idmap_close(&m);
		return false;
	}
	*m_r = m;
	return true;
}

/* A run that no stored manifest can name: nobody will ask for its file. */
static void drop_result(struct idmap *m, struct run *r)
{
	if (!r)
		return;
	(void)!fs_remove(m->fs, r->path, NULL);
	run_free(&r);
}

void idmap_close(struct idmap **mp)
{
	struct idmap *m = *mp;
	if (!m)
		return;
	work_stop(&m->work);
	drop_result(m, work_take_flush(&m->work).result);
	struct merge_job merge = m->work.merge;
	drop_result(m, work_take_merge(&m->work).result);
	if (m->merge_posted) {
		mem_free(merge.inputs);
		mem_free(merge.older);
	}
	work_fini(&m->work);
	for (size_t i = 0; i < m->runs.n; i++)
		run_free(&m->runs.items[i]);
	for (size_t i = 0; i < m->obsolete.n; i++)
		run_free(&m->obsolete.items[i]);
	vec_free(&m->runs);
	vec_free(&m->obsolete);
	idmap_table_fini(&m->active);
	idmap_table_fini(&m->frozen);
	idmap_table_fini(&m->spare);
	buf_fini(&m->manifest);
	mem_free(m->dir);
	mem_free(m->name);
	mem_free(m);
	*mp = NULL;
}

void idmap_prefetch(const struct idmap *m, struct hash128 key)
{
	idmap_table_prefetch(&m->active, key);
	if (m->has_frozen)
		idmap_table_prefetch(&m->frozen, key);
	for (size_t i = 0; i < m->runs.n; i++)
		run_prefetch(m->runs.items[i], key);
}

static const struct idmap_entry *find_in_memory(const struct idmap *m, struct hash128 key)
{
	const struct idmap_entry *x = idmap_table_find(&m->active, key);
	return x || !m->has_frozen ? x : idmap_table_find(&m->frozen, key);
}

bool idmap_get(struct idmap *m, struct hash128 key, uint64_t *value_r, bool *found_r, err *e)
{
	const struct idmap_entry *x = find_in_memory(m, key);
	*found_r = x != NULL;
	if (x) {
		*value_r = x->value;
		return true;
	}
	for (size_t i = m->runs.n; i-- > 0 && !*found_r;)
		if (!run_get(m->runs.items[i], key, value_r, found_r, e))
			return false;
	return true;
}

static size_t keys_at_most(const struct idmap *m)
{
	return m->keys_max + m->keys_max / 4 + 1;
}

/* The table is at its limit: hands it to the background, waiting for the one before. */
static bool hand_over(struct idmap *m, err *e)
{
	if (!flush_advance(m, false, e))
		return false;
	if (m->flush_posted) {
		work_wait_flush(&m->work);
		if (!flush_advance(m, false, e))
			return false;
	}
	if (m->active.n < keys_at_most(m))
		return true; /* a flush that was asked for has taken it */
	if (m->has_frozen) {
		if (e)
			*e = m->flush_err;
		return false;
	}
	m->handed_over = true;
	return flush_freeze(m, e);
}

/* Makes room for one more key in memory. */
static bool make_room(struct idmap *m, err *e)
{
	if (!m->read_only && m->active.n >= keys_at_most(m) && !hand_over(m, e))
		return false;
	if (m->active.n < m->active.n_max)
		return true;
	size_t want = MAX(m->active.n_max * 4, TABLE_KEYS_FIRST);
	if (!m->read_only && (m->has_frozen || want > TABLE_KEYS_SMALL || want > keys_at_most(m)))
		want = keys_at_most(m);
	return idmap_table_reserve(&m->active, want) || err_nomem(e);
}

bool idmap_put(struct idmap *m, struct hash128 key, uint64_t value, err *e)
{
	struct idmap_entry *x = idmap_table_find(&m->active, key);
	if (x) {
		x->value = value;
		return true;
	}
	bool full = m->active.n >= m->active.n_max ||
		    (!m->read_only && m->active.n >= keys_at_most(m));
	if (UNLIKELY(full) && !make_room(m, e))
		return false;
	idmap_table_add(&m->active, key, value);
	return true;
}

void idmap_set_dead(struct idmap *m, bool (*dead)(void *arg, uint64_t value), void *arg)
{
	m->dead = dead;
	m->dead_arg = arg;
}

void idmap_compact(struct idmap *m)
{
	m->compacts = m->runs.n > 0;
}

uint64_t idmap_keys(const struct idmap *m)
{
	uint64_t n = m->active.n + (m->has_frozen ? m->frozen.n : 0);
	for (size_t i = 0; i < m->runs.n; i++)
		n += m->runs.items[i]->h.count;
	return n;
}

uint64_t idmap_memory(const struct idmap *m)
{
	uint64_t n = sizeof *m + m->manifest.cap + idmap_table_bytes(&m->active) +
		     idmap_table_bytes(&m->frozen) + idmap_table_bytes(&m->spare);
	for (size_t i = 0; i < m->runs.n; i++)
		n += run_memory(m->runs.items[i]);
	for (size_t i = 0; i < m->obsolete.n; i++)
		n += run_memory(m->obsolete.items[i]);
	return n;
}

size_t idmap_runs(const struct idmap *m)
{
	return m->runs.n;
}

bool idmap_check(struct idmap *m, err *e)
{
	for (size_t i = 0; i < m->runs.n; i++)
		if (!run_check(m->runs.items[i], e))
			return false;
	return true;
}
