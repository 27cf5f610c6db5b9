/*
 * bulk_what.c - names and origins of rows, numbered.
 *
 * What it is:   a file has millions of rows, and some thousand different names and origins in them.
 *               A worker knows the numbers of those it has met; a new one is asked for under a
 * lock. Promises:     two different texts share a number with a chance of 1 in 2^64 a pair. The
 * order of touches of one subject and instant comes from their texts alone. Threads:      any;
 * `memory` is one worker's.
 */
#include "load/bulk_int.h"

#include "base/mem.h"
#include "people/people.h"

#include <string.h>

#define MEMORY_SLOTS	((size_t)4096)
#define TEXTS_BYTES_MAX (512 * MIB)

void whats_init(struct bulk_whats *w)
{
	mutex_init(&w->lock);
	arena_init(&w->texts, TEXTS_BYTES_MAX);
}

void whats_fini(struct bulk_whats *w)
{
	map_fini(&w->numbers);
	vec_free(&w->all);
	arena_fini(&w->texts);
	mutex_fini(&w->lock);
}

static void put_key(struct buf *b, str name, const struct origin *o)
{
	const str parts[] = { name,	  o->source, o->medium,	  o->campaign,
			      o->content, o->term,   o->referrer, o->click_kind };
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		buf_lenstr(b, parts[i]);
}

static bool make(struct bulk_whats *w, str key, str name, const struct origin *o,
		 uint32_t *number_r, err *e)
{
	if (w->all.n == BULK_WHATS_MAX)
		return err_set(e, ERR_LIMIT,
			       "the file has more than %zu different names and sources",
			       BULK_WHATS_MAX);
	struct arena *a = &w->texts;
	struct bulk_what what = {
		.name = str_dup(a, name),
		.origin = { .source = str_dup(a, o->source),
			    .medium = str_dup(a, o->medium),
			    .campaign = str_dup(a, o->campaign),
			    .content = str_dup(a, o->content),
			    .term = str_dup(a, o->term),
			    .referrer = str_dup(a, o->referrer),
			    .click_kind = str_dup(a, o->click_kind) },
		.order = str_hash(key),
	};
	if (a->over)
		return arena_err(a, e);
	if (!vec_push(&w->all, what))
		return err_nomem(e);
	if (!map_put(&w->numbers, key, w->all.n)) {
		w->all.n--;
		return err_nomem(e);
	}
	*number_r = (uint32_t)w->all.n - 1;
	return true;
}

static bool number_of(struct bulk_whats *w, str key, str name, const struct origin *o,
		      uint32_t *number_r, err *e)
{
	uint64_t found;
	mutex_lock(&w->lock);
	bool ok = true;
	if (map_get(&w->numbers, key, &found))
		*number_r = (uint32_t)found - 1;
	else
		ok = make(w, key, name, o, number_r, e);
	mutex_unlock(&w->lock);
	return ok;
}

bool whats_add(struct bulk_whats *w, str name, const struct origin *o, uint32_t *number_r, err *e)
{
	struct buf key CLEANUP(buf_fini);
	buf_init(&key, MIB);
	put_key(&key, name, o);
	return buf_ok(&key, e) && number_of(w, buf_view(&key), name, o, number_r, e);
}

/* ---- a worker's memory ----------------------------------------------------------------------- */

static bool grow(struct bulk_memory *m, err *e)
{
	size_t cap = m->cap ? m->cap * 2 : MEMORY_SLOTS;
	struct bulk_memory bigger = { .slots = mem_zalloc(cap, sizeof *m->slots), .cap = cap };
	if (!bigger.slots)
		return err_nomem(e);
	for (size_t i = 0; i < m->cap; i++) {
		size_t at = m->slots[i].hash & (cap - 1);
		if (m->slots[i].number == 0)
			continue;
		while (bigger.slots[at].number != 0)
			at = (at + 1) & (cap - 1);
		bigger.slots[at] = m->slots[i];
	}
	bigger.n = m->n;
	mem_free(m->slots);
	*m = bigger;
	return true;
}

bool whats_number(struct bulk_whats *w, struct bulk_memory *m, struct buf *scratch,
		  const struct intake *t, uint32_t *number_r, bool *plain_r, err *e)
{
	if (m->n * 2 >= m->cap && !grow(m, e))
		return false;
	buf_clear(scratch);
	put_key(scratch, t->name, &t->origin);
	if (!buf_ok(scratch, e))
		return false;
	uint64_t hash = zip_hash(scratch->p, scratch->n);
	size_t at = hash & (m->cap - 1);
	while (m->slots[at].number != 0 && m->slots[at].hash != hash)
		at = (at + 1) & (m->cap - 1);
	if (m->slots[at].number == 0) {
		uint32_t number;
		if (!number_of(w, buf_view(scratch), t->name, &t->origin, &number, e))
			return false;
		m->slots[at].hash = hash;
		m->slots[at].number = number + 1;
		m->slots[at].plain = !people_touch_changes_values(t->name);
		m->n++;
	}
	*number_r = m->slots[at].number - 1;
	*plain_r = m->slots[at].plain;
	return true;
}
