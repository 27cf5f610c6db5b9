/*
 * collect_names.c - which event names and property keys write keys have brought so far.
 *
 * What it is:   two hash tables of fixed size, open addressing. A loop asks for every name and key
 *               of every message, so asking takes no lock; adding, which happens a few thousand
 *               times in the life of a company, takes one.
 * Promises:     never more than the settings allow: names without end fill no dictionary. They
 *               outlive a restart in DIR/collect.names, one a line, written by the janitor; losing
 *               that file loses nothing but the count.
 * Threads:      any.
 */
#include "server/collect_int.h"

#include "base/log.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

#define NAMES_ARENA_MAX (16 * MIB)
#define NAMES_FILE_MAX	(8 * MIB)

struct name_entry {
	uint64_t hash;
	uint32_t n;
	char text[];
};

/* The slot that holds it, or the free one where it would stand. */
static size_t find(const struct name_set *set, uint64_t hash, str name, bool *found_r)
{
	size_t at = (size_t)hash & (NAMES_SLOTS - 1);
	for (;; at = (at + 1) & (NAMES_SLOTS - 1)) {
		const struct name_entry *e = atomic_load_explicit(&set->slots[at],
								  memory_order_acquire);
		*found_r = e && e->hash == hash && str_eq(str_make(e->text, e->n), name);
		if (!e || *found_r)
			return at;
	}
}

static bool add(struct names *n, struct name_set *set, uint64_t hash, str name, size_t n_max)
{
	bool found, added = false;
	mutex_lock(&n->lock);
	size_t at = find(set, hash, name, &found);
	if (!found && atomic_load(&set->n) < MIN(n_max, (size_t)NAMES_SLOTS / 2)) {
		struct name_entry *e = arena_alloc(&n->arena, sizeof *e + name.n);
		if (e) {
			e->hash = hash;
			e->n = (uint32_t)name.n;
			memcpy(e->text, name.p, name.n);
			atomic_store_explicit(&set->slots[at], e, memory_order_release);
			atomic_fetch_add(&set->n, 1);
			atomic_store(&n->changed, true);
			added = true;
		}
	}
	mutex_unlock(&n->lock);
	return found || added;
}

bool names_admit(struct names *n, bool is_key, str name, size_t n_max)
{
	struct name_set *set = is_key ? &n->keys : &n->events;
	uint64_t hash = str_hash(name);
	bool found;
	find(set, hash, name, &found);
	if (found)
		return true;
	/* Full: no lock for each of those that will never be let in. */
	return atomic_load_explicit(&set->n, memory_order_relaxed) < n_max &&
	       add(n, set, hash, name, n_max);
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool path_of(struct collect *c, char path[4096])
{
	return snprintf(path, 4096, "%s/collect.names", server_data(c->server)) < 4096;
}

static void put_set(struct buf *b, const struct name_set *set, char kind)
{
	for (size_t i = 0; i < NAMES_SLOTS; i++) {
		const struct name_entry *e = atomic_load_explicit(&set->slots[i],
								  memory_order_acquire);
		if (!e)
			continue;
		buf_byte(b, (uint8_t)kind);
		buf_put(b, e->text, e->n);
		buf_byte(b, '\n');
	}
}

void names_save(struct collect *c)
{
	struct names *n = &c->names;
	struct buf b CLEANUP(buf_fini);
	char path[4096];
	err e = { 0 };
	buf_init(&b, NAMES_FILE_MAX);
	if (!atomic_exchange(&n->changed, false))
		return;
	put_set(&b, &n->events, 'e');
	put_set(&b, &n->keys, 'k');
	bool ok = buf_ok(&b, &e) && path_of(c, path) &&
		  fs_write_all(fs_real(), path, buf_view(&b), &e);
	if (!ok)
		log_event(LOG_ERROR, "collect_names", "why=\"%s\"", e.text);
}

/* "eSigned up" or "kplan" a line; what is none is passed over. */
static void names_load(struct names *n, str text)
{
	for (str line; str_next(&text, '\n', &line);) {
		if (line.n < 2 || line.n > MESSAGE_PUBLIC_NAME_BYTES_MAX + 1)
			continue;
		str name = str_sub(line, 1, line.n);
		if (line.p[0] == 'e')
			names_admit(n, false, name, NAMES_SLOTS / 2);
		else if (line.p[0] == 'k')
			names_admit(n, true, name, NAMES_SLOTS / 2);
	}
	atomic_store(&n->changed, false);
}

bool names_open(struct collect *c, err *e)
{
	char path[4096];
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, NAMES_FILE_MAX);
	mutex_init(&c->names.lock);
	arena_init(&c->names.arena, NAMES_ARENA_MAX);
	bool ok = true;
	if (path_of(c, path) && fs_exists(fs_real(), path))
		ok = fs_read_all(fs_real(), path, NAMES_FILE_MAX, &b, e);
	if (ok)
		names_load(&c->names, buf_view(&b));
	return ok;
}

void names_close(struct collect *c)
{
	names_save(c);
	arena_fini(&c->names.arena);
	mutex_fini(&c->names.lock);
}
