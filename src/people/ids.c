/*
 * ids.c - which id stands for which profile.
 *
 * What it is:   id -> profile in an idmap (hashes of kind, system and value); profile -> id in
 * blocks of 64, one row of the ledger each, written when they changed. Workload:     per touch one
 * or two look-ups of known ids; per new visitor one new profile. Promises:     an id stands for its
 * profile for ever. What the idmap's runs do not hold yet is put again from the journal's records
 * (flushed_seq says from where). Threads:      as the people that own it.
 */
#include "people/people_int.h"

#include "base/mem.h"

#include <string.h>

enum {
	META_IDS_MANIFEST = HOOKS_META_IDS,
	META_IDS_FLUSHED = 11,
};

struct hash128 id_key(enum id_kind kind, str system, str id)
{
	char text[1 + SYSTEM_BYTES_MAX + 1 + ID_BYTES_MAX];
	size_t n = 0;
	text[n++] = (char)('0' + (int)kind);
	size_t system_n = MIN(system.n, (size_t)SYSTEM_BYTES_MAX);
	if (system_n)
		memcpy(text + n, system.p, system_n);
	n += system_n;
	text[n++] = '\0';
	size_t id_n = MIN(id.n, (size_t)ID_BYTES_MAX);
	if (id_n)
		memcpy(text + n, id.p, id_n);
	n += id_n;
	return zip_hash128(text, n, 0);
}

static uint64_t block_of(uint64_t profile)
{
	return (profile - 1) / BLOCK_PROFILES;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static struct id_block *block_held(const struct people *p, uint64_t block)
{
	return block < p->ids.blocks.n ? p->ids.blocks.items[block] : NULL;
}

/* The block in memory, read from the ledger when it has been written back before. */
static bool block_hold(struct people *p, uint64_t block, struct id_block **b_r, err *e)
{
	struct id_block *b = block_held(p, block);
	if (b) {
		*b_r = b;
		return true;
	}
	while (p->ids.blocks.n <= block) {
		if (!vec_push(&p->ids.blocks, NULL))
			return err_nomem(e);
	}
	b = mem_zalloc(1, sizeof *b);
	if (!b)
		return err_nomem(e);
	buf_init(&b->bytes, BLOCK_PROFILES * (ID_BYTES_MAX + SYSTEM_BYTES_MAX + 16));
	p->ids.blocks.items[block] = b;
	*b_r = b;
	return true;
}

static bool block_append(struct id_block *b, const struct new_id *id, err *e)
{
	buf_byte(&b->bytes, id->kind);
	buf_lenstr(&b->bytes, id->system);
	buf_lenstr(&b->bytes, id->value);
	b->n++;
	b->dirty = true;
	return buf_ok(&b->bytes, e);
}

/* Reads the id at position `index` of a block's bytes. */
static bool block_read(str bytes, uint32_t index, struct new_id *id_r)
{
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	for (uint32_t i = 0; i <= index; i++) {
		id_r->kind = reader_byte(&r);
		id_r->system = reader_lenstr(&r);
		id_r->value = reader_lenstr(&r);
	}
	return !r.bad;
}

bool ids_of_profile(struct people *p, uint64_t profile, struct arena *a, struct profile_id *id_r,
		    err *e)
{
	if (profile == 0 || profile > p->ids.kinds.n)
		return err_set(e, ERR_NOT_FOUND, "there is no profile %llu",
			       (unsigned long long)profile);
	uint64_t key = block_of(profile);
	struct id_block *b = block_held(p, key);
	str bytes = b ? buf_view(&b->bytes) : S("");
	if (!b && !ledger_load(p->ledger, LEDGER_IDS, &key, 1, a, &bytes, e))
		return false;
	struct new_id id;
	if (!block_read(bytes, (uint32_t)((profile - 1) % BLOCK_PROFILES), &id))
		return err_set(e, ERR_CORRUPT, "the id of profile %llu cannot be read",
			       (unsigned long long)profile);
	*id_r = (struct profile_id){ .profile = profile,
				     .kind = (enum id_kind)id.kind,
				     .system = str_dup(a, id.system),
				     .value = str_dup(a, id.value) };
	return !a->over || arena_err(a, e);
}

bool ids_changes(struct people *p, struct writeback *wb, uint64_t block_from, uint64_t block_to,
		 err *e)
{
	for (uint64_t block = block_from; block < block_to; block++) {
		struct id_block *b = block_held(p, block);
		if (!b || !b->dirty)
			continue;
		struct ledger_change c = { .table = LEDGER_IDS, .key = block };
		c.value = str_dup(wb->arena, buf_view(&b->bytes));
		if (!c.value.p)
			return arena_err(wb->arena, e);
		if (!vec_push(&wb->changes, c))
			return err_nomem(e);
		b->dirty = false;
	}
	return true;
}

void ids_drop_clean(struct people *p)
{
	struct ids *ids = &p->ids;
	for (size_t i = 0; i + 1 < ids->blocks.n; i++) {
		struct id_block *b = ids->blocks.items[i];
		if (!b || b->dirty)
			continue;
		buf_fini(&b->bytes);
		mem_free(b);
		ids->blocks.items[i] = NULL;
	}
}

void ids_settle(struct people *p, uint64_t profiles_on_disk)
{
	for (uint64_t block = 0; block < profiles_on_disk / BLOCK_PROFILES; block++) {
		struct id_block *b = block_held(p, block);
		if (b)
			b->dirty = false;
	}
	ids_drop_clean(p);
}

/* ---- who was erased ----------------------------------------------------------------------------
 */

static bool is_erased(const struct people *p, uint64_t profile)
{
	uint64_t ignored;
	return p->ids.erased.n && map64_get(&p->ids.erased, profile, &ignored);
}

/* Asked by the thread that merges runs. */
static bool id_is_dead(void *arg, uint64_t profile)
{
	struct people *p = arg;
	mutex_lock(&p->ids.erased_lock);
	bool dead = is_erased(p, profile);
	mutex_unlock(&p->ids.erased_lock);
	return dead;
}

static bool note_erased(struct people *p, uint64_t profile, err *e)
{
	mutex_lock(&p->ids.erased_lock);
	bool ok = map64_put(&p->ids.erased, profile, 1);
	mutex_unlock(&p->ids.erased_lock);
	return ok || err_nomem(e);
}

/* The block again, without the ids of those who were erased. */
static bool block_rewrite(str bytes, uint64_t block, const struct people *p, struct buf *out,
			  err *e)
{
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	for (uint64_t profile = block * BLOCK_PROFILES + 1; r.p < r.end && !r.bad; profile++) {
		uint8_t kind = reader_byte(&r);
		str system = reader_lenstr(&r), id = reader_lenstr(&r);
		bool erased = is_erased(p, profile);
		buf_byte(out, kind);
		buf_lenstr(out, erased ? S("") : system);
		buf_lenstr(out, erased ? S("") : id);
	}
	if (r.bad)
		return err_set(e, ERR_CORRUPT, "block %llu of the ids cannot be read",
			       (unsigned long long)block);
	return buf_ok(out, e);
}

static bool erase_in_block(struct people *p, uint64_t block, struct writeback *wb, err *e)
{
	struct id_block *held = block_held(p, block);
	str bytes = held ? buf_view(&held->bytes) : S("");
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, BLOCK_PROFILES * (ID_BYTES_MAX + SYSTEM_BYTES_MAX + 16));
	if (!held && !ledger_load(p->ledger, LEDGER_IDS, &block, 1, wb->arena, &bytes, e))
		return false;
	if (!block_rewrite(bytes, block, p, &b, e))
		return false;
	struct ledger_change c = { .table = LEDGER_IDS, .key = block };
	c.value = str_dup(wb->arena, buf_view(&b));
	if (!c.value.p)
		return arena_err(wb->arena, e);
	if (held) {
		buf_clear(&held->bytes);
		buf_str(&held->bytes, c.value);
		if (!buf_ok(&held->bytes, e))
			return false;
	}
	return vec_push(&wb->changes, c) || err_nomem(e);
}

bool ids_erase(struct people *p, const uint64_t *profiles, size_t n, struct writeback *wb, err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (!note_erased(p, profiles[i], e))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t block = block_of(profiles[i]);
		if ((i == 0 || block != block_of(profiles[i - 1])) &&
		    !erase_in_block(p, block, wb, e))
			return false;
	}
	return true;
}

bool ids_reload(struct people *p, uint64_t profile, err *e)
{
	struct arena a CLEANUP(arena_fini);
	uint64_t block = block_of(profile);
	str bytes;
	struct new_id id;
	struct buf b CLEANUP(buf_fini);
	arena_init(&a, MIB);
	buf_init(&b, BLOCK_PROFILES * (ID_BYTES_MAX + SYSTEM_BYTES_MAX + 16));
	if (profile == 0 || profile > p->ids.kinds.n)
		return true;
	if (!ledger_load(p->ledger, LEDGER_IDS, &block, 1, &a, &bytes, e))
		return false;
	if (!bytes.p || !block_read(bytes, (uint32_t)((profile - 1) % BLOCK_PROFILES), &id) ||
	    id.value.n)
		return true; /* not there yet, or nothing has changed */
	if (!note_erased(p, profile, e))
		return false;
	struct id_block *held = block_held(p, block);
	if (!held)
		return true;
	if (!block_rewrite(buf_view(&held->bytes), block, p, &b, e))
		return false;
	buf_clear(&held->bytes);
	buf_str(&held->bytes, buf_view(&b));
	return buf_ok(&held->bytes, e);
}

/* ---- look-up and growth ---------------------------------------------------------------------- */

bool ids_get(struct people *p, enum id_kind kind, str system, str id, uint64_t *profile_r,
	     bool *found_r, err *e)
{
	if (!idmap_get(p->ids.map, id_key(kind, system, id), profile_r, found_r, e))
		return false;
	*found_r = *found_r && !is_erased(p, *profile_r);
	return true;
}

static bool note_system(struct people *p, str system, err *e)
{
	uint64_t ignored;
	return system.n == 0 || map_get(&p->ids.systems, system, &ignored) ||
	       map_put(&p->ids.systems, system, 1) || err_nomem(e);
}

bool ids_add(struct people *p, const struct new_id *id, err *e)
{
	if (id->value.n == 0 && !note_erased(p, id->profile, e))
		return false;
	if (id->profile <= p->ids.kinds.n) /* known already: replayed */
		return id->value.n == 0 ||
		       idmap_put(p->ids.map, id_key((enum id_kind)id->kind, id->system, id->value),
				 id->profile, e);
	if (id->profile != p->ids.kinds.n + 1 || id->kind >= ID_KINDS_N)
		return err_set(e, ERR_CORRUPT, "profile %llu is out of turn",
			       (unsigned long long)id->profile);
	struct id_block *b;
	if (!vec_reserve(&p->ids.kinds, p->ids.kinds.n + 1))
		return err_nomem(e);
	if (!block_hold(p, block_of(id->profile), &b, e) || !block_append(b, id, e) ||
	    !joins_add_profile(p, e) || !note_system(p, id->system, e))
		return false;
	p->ids.kinds.items[p->ids.kinds.n++] = id->kind;
	return id->value.n == 0 ||
	       idmap_put(p->ids.map, id_key((enum id_kind)id->kind, id->system, id->value),
			 id->profile, e);
}

/* ---- opening --------------------------------------------------------------------------------- */

static bool load_block(void *arg, uint64_t block, str bytes)
{
	struct load_state *s = arg;
	struct people *p = s->p;
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	bool ok = block * BLOCK_PROFILES == p->ids.kinds.n;
	while (ok && r.p < r.end) {
		uint8_t kind = reader_byte(&r);
		str system = reader_lenstr(&r);
		str id = reader_lenstr(&r);
		ok = !r.bad && kind < ID_KINDS_N;
		if (!ok)
			break;
		if (!vec_push(&p->ids.kinds, kind)) {
			s->failed = true;
			return err_nomem(s->e);
		}
		if ((id.n == 0 && !note_erased(p, p->ids.kinds.n, s->e)) ||
		    !joins_add_profile(p, s->e) || !note_system(p, system, s->e)) {
			s->failed = true;
			return false;
		}
	}
	if (!ok) {
		s->failed = true;
		return err_set(s->e, ERR_CORRUPT, "block %llu of the ids cannot be read",
			       (unsigned long long)block);
	}
	return true;
}

/* The last block grows: it is held with its bytes. */
static bool hold_last_block(struct people *p, err *e)
{
	if (p->ids.kinds.n % BLOCK_PROFILES == 0)
		return true;
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, MIB);
	uint64_t block = block_of(p->ids.kinds.n);
	str bytes;
	struct id_block *b;
	if (!ledger_load(p->ledger, LEDGER_IDS, &block, 1, &a, &bytes, e) ||
	    !block_hold(p, block, &b, e))
		return false;
	buf_str(&b->bytes, bytes);
	b->n = (uint32_t)(p->ids.kinds.n % BLOCK_PROFILES);
	return buf_ok(&b->bytes, e);
}

bool ids_open(struct people *p, const struct hooks_env *env, err *e)
{
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, 4 * MIB);
	mutex_init(&p->ids.erased_lock);
	static const uint64_t KEYS[] = { META_IDS_MANIFEST, META_IDS_FLUSHED };
	str meta[ARRAY_LEN(KEYS)] = { { 0 } };
	struct load_state s = { .p = p, .e = e };
	if (!env->empty) {
		if (!ledger_load(p->ledger, LEDGER_META, KEYS, ARRAY_LEN(KEYS), &a, meta, e) ||
		    !ledger_scan(p->ledger, LEDGER_IDS, 0, load_block, &s, e) || s.failed ||
		    !hold_last_block(p, e))
			return false;
	}
	struct reader r;
	reader_init(&r, meta[1].p, meta[1].n);
	p->ids.flushed_seq = meta[1].n ? reader_varint(&r) : 0;
	struct idmap_options o = { .fs = env->fs,
				   .dir = env->dir,
				   .name = env->empty ? "replay" : HOOKS_IDS_NAME,
				   .read_only = env->read_only || env->empty || env->rehearse };
	if (!idmap_open(&o, meta[0], &p->ids.map, e))
		return false;
	idmap_set_dead(p->ids.map, id_is_dead, p);
	return true;
}

void ids_close(struct people *p)
{
	idmap_close(&p->ids.map);
	for (size_t i = 0; i < p->ids.blocks.n; i++) {
		if (!p->ids.blocks.items[i])
			continue;
		buf_fini(&p->ids.blocks.items[i]->bytes);
		mem_free(p->ids.blocks.items[i]);
	}
	vec_free(&p->ids.blocks);
	vec_free(&p->ids.kinds);
	map_fini(&p->ids.systems);
	map64_fini(&p->ids.erased);
	mutex_fini(&p->ids.erased_lock);
}

/* ---- runs of the map ------------------------------------------------------------------------- */

static bool put_meta(struct writeback *wb, uint64_t key, str bytes, err *e)
{
	struct ledger_change c = { .table = LEDGER_META, .key = key, .value = bytes };
	return vec_push(&wb->changes, c) || err_nomem(e);
}

static bool put_manifest(struct people *p, struct writeback *wb, err *e)
{
	str manifest;
	if (!idmap_manifest(p->ids.map, wb->arena, &manifest, e))
		return false;
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, 64);
	buf_varint(&b, p->ids.flushed_seq);
	str seq = str_dup(wb->arena, buf_view(&b));
	if (!buf_ok(&b, e))
		return false;
	if (!seq.p)
		return arena_err(wb->arena, e);
	p->ids.manifest_changed = true;
	return put_meta(wb, META_IDS_MANIFEST, manifest, e) &&
	       put_meta(wb, META_IDS_FLUSHED, seq, e);
}

bool ids_runs_changes(struct people *p, struct writeback *wb, bool all, err *e)
{
	struct idmap *m = p->ids.map;
	bool flushed = false, changed = false;
	if (p->read_only)
		return true;
	if (all || idmap_wants_flush(m)) {
		/* Nothing was folded since opening: the runs still hold what they held. */
		p->ids.flush_begun_seq = MAX(p->applied_seq, p->ids.flushed_seq);
		if (!idmap_flush_begin(m, e))
			return false;
	}
	if (!(all ? idmap_flush_wait(m, &flushed, &changed, e)
		  : idmap_poll(m, &flushed, &changed, e)))
		return false;
	if (!changed)
		return true;
	if (flushed)
		p->ids.flushed_seq = p->ids.flush_begun_seq;
	return put_manifest(p, wb, e);
}

void ids_committed(struct people *p)
{
	if (p->ids.manifest_changed)
		idmap_commit(p->ids.map);
	p->ids.manifest_changed = false;
}
