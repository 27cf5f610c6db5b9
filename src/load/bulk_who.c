/*
 * bulk_who.c - combinations of ids, and whom they stand for.
 *
 * What it is:   rows with the same ids are about the same people, so the journal is asked once for
 *               each combination: row by row in the block in which it is met, and not again after
 *               that. Where a second combination has the same device, all of them are asked about
 *               again in that block, since who has a device may depend on when; if it does, the
 *               answer says so, and they are asked about row by row for good.
 * Workload:     millions of combinations; a row costs one look-up, fetched ahead.
 * Threads:      the caller's.
 */
#include "load/bulk_int.h"

#include "base/mem.h"

#define SLOTS_MIN ((size_t)1 << 16)

void whos_fini(struct bulk_whos *w)
{
	vec_free(&w->all);
	mem_free(w->slots);
	w->slots = NULL;
	map64_fini(&w->devices);
}

static size_t place_of(const struct bulk_whos *w, struct hash128 key)
{
	size_t at = key.lo & (w->cap - 1);
	while (w->slots[at] != 0) {
		const struct bulk_combo *c = &w->all.items[w->slots[at] - 1];
		if (c->key.lo == key.lo && c->key.hi == key.hi)
			break;
		at = (at + 1) & (w->cap - 1);
	}
	return at;
}

static bool grow(struct bulk_whos *w, err *e)
{
	size_t cap = w->cap ? w->cap * 2 : SLOTS_MIN;
	uint32_t *slots = mem_zalloc(cap, sizeof *slots);
	if (!slots)
		return err_nomem(e);
	mem_free(w->slots);
	w->slots = slots;
	w->cap = cap;
	for (size_t i = 0; i < w->all.n; i++)
		w->slots[place_of(w, w->all.items[i].key)] = (uint32_t)i + 1;
	return true;
}

void whos_prefetch(const struct bulk_whos *w, struct hash128 key)
{
	if (w->cap)
		__builtin_prefetch(&w->slots[key.lo & (w->cap - 1)]);
}

/* Every combination with this device is asked about again in this block. */
static bool link_device(struct bulk_whos *w, uint64_t device, uint32_t block, err *e)
{
	struct bulk_combo *c = &w->all.items[w->all.n - 1];
	uint64_t newest = 0;
	if (map64_get(&w->devices, device, &newest))
		c->next = (uint32_t)newest;
	for (uint32_t at = c->next; at != 0; at = w->all.items[at - 1].next)
		w->all.items[at - 1].fresh = block;
	return map64_put(&w->devices, device, w->all.n) || err_nomem(e);
}

bool whos_of(struct bulk_whos *w, const struct bulk_row *row, uint32_t block,
	     struct bulk_combo **c_r, err *e)
{
	if (w->all.n * 2 >= w->cap && !grow(w, e))
		return false;
	size_t at = place_of(w, row->who);
	if (w->slots[at] != 0) {
		*c_r = &w->all.items[w->slots[at] - 1];
		return true;
	}
	if (w->all.n >= UINT32_MAX - 1)
		return err_set(e, ERR_LIMIT, "the file has too many different ids");
	if (!vec_push(&w->all, (struct bulk_combo){ .key = row->who, .fresh = block }))
		return err_nomem(e);
	w->slots[at] = (uint32_t)w->all.n;
	if (row->device && !link_device(w, row->device, block, e))
		return false;
	*c_r = &w->all.items[w->all.n - 1];
	return true;
}
