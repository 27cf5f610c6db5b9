/*
 * idmap_test.h - what the tests of idmap share.
 *
 * What it is:   keys of three kinds, and a caller that behaves as the journal does: it keeps what
 *               is not flushed yet, stores manifests, and puts everything again after a crash.
 */
#ifndef TRICHTER_IDMAP_TEST_H
#define TRICHTER_IDMAP_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/vec.h"
#include "column/column.h"

#define KEYS_MAX 6000

enum key_kind {
	KEYS_HASHED,
	KEYS_CLOSE,   /* neighbouring numbers */
	KEYS_SAME_HI, /* they differ in their low half only */
	KEY_KINDS,
};

static UNUSED struct hash128 key_of(enum key_kind kind, uint64_t i)
{
	if (kind == KEYS_HASHED)
		return zip_hash128(&i, sizeof i, 99);
	if (kind == KEYS_CLOSE)
		return (struct hash128){ .hi = i * 3, .lo = i % 7 };
	return (struct hash128){ .hi = i % 3 ? 7 : UINT64_MAX, .lo = i };
}

struct put {
	uint64_t i;
	uint64_t value;
};

struct keeper {
	struct fs *fs;
	const char *dir;
	enum key_kind kind;
	size_t table_keys_max;
	struct idmap *map;
	uint64_t now[KEYS_MAX]; /* what every key holds; 0: nothing */
	VEC(struct put) journal;
	size_t begun_at;   /* of the journal, when a flush was begun */
	size_t flushed_at; /* what is in the stored manifest */
	char manifest[8192];
	size_t manifest_n;
	uint64_t value_next;
};

#define assert_ok(call, e)                                                                         \
	do {                                                                                       \
		if (!(call))                                                                       \
			fail_msg("%s: %s: %s", #call, err_code_name((e).code), (e).text);          \
	} while (0)

static UNUSED bool keeper_open(struct keeper *k, bool read_only, struct idmap **m_r, err *e)
{
	struct idmap_options o = { .fs = k->fs,
				   .dir = k->dir,
				   .name = "ids",
				   .table_keys_max = k->table_keys_max,
				   .read_only = read_only };
	return idmap_open(&o, str_make(k->manifest, k->manifest_n), m_r, e);
}

static UNUSED void keeper_put(struct keeper *k, uint64_t i)
{
	err e;
	uint64_t v = ++k->value_next;
	assert_ok(idmap_put(k->map, key_of(k->kind, i), v, &e), e);
	k->now[i] = v;
	assert_true(vec_push(&k->journal, (struct put){ i, v }));
}

static UNUSED uint64_t keeper_get(struct keeper *k, uint64_t i)
{
	err e;
	uint64_t v = 0;
	bool found;
	struct hash128 key = key_of(k->kind, i);
	idmap_prefetch(k->map, key);
	assert_ok(idmap_get(k->map, key, &v, &found, &e), e);
	return found ? v : 0;
}

static UNUSED void keeper_check_all(struct keeper *k)
{
	for (uint64_t i = 0; i < KEYS_MAX; i++)
		assert_int_equal(keeper_get(k, i), k->now[i]);
}

/* Stores the manifest, as a ledger commit would. */
static UNUSED void keeper_store(struct keeper *k, bool flushed)
{
	struct arena a;
	arena_init(&a, MIB);
	str manifest;
	err e;
	assert_ok(idmap_manifest(k->map, &a, &manifest, &e), e);
	assert_true(manifest.n <= sizeof k->manifest);
	memcpy(k->manifest, manifest.p, manifest.n);
	k->manifest_n = manifest.n;
	arena_fini(&a);
	if (flushed)
		k->flushed_at = k->begun_at;
}

static UNUSED bool keeper_begin(struct keeper *k, err *e)
{
	size_t at = k->journal.n;
	if (!idmap_flush_begin(k->map, e))
		return false;
	k->begun_at = at;
	return true;
}

static UNUSED bool keeper_poll(struct keeper *k, bool wait, err *e)
{
	bool flushed, changed;
	if (!(wait ? idmap_flush_wait(k->map, &flushed, &changed, e)
		   : idmap_poll(k->map, &flushed, &changed, e)))
		return false;
	if (changed) {
		keeper_store(k, flushed);
		idmap_commit(k->map);
	}
	return true;
}

/* After a crash: every key holds what it held at the last flush, or something put later; then what
 * was put since is put again, and all is as it was. */
static UNUSED void keeper_reopen(struct keeper *k)
{
	static uint64_t flushed[KEYS_MAX];
	err e;
	idmap_close(&k->map);
	assert_ok(keeper_open(k, false, &k->map, &e), e);
	assert_ok(idmap_check(k->map, &e), e);
	memset(flushed, 0, sizeof flushed);
	for (size_t at = 0; at < k->flushed_at; at++)
		flushed[k->journal.items[at].i] = k->journal.items[at].value;
	for (uint64_t i = 0; i < KEYS_MAX; i++) {
		uint64_t v = keeper_get(k, i);
		assert_true(v >= flushed[i] && v <= k->now[i]);
	}
	for (size_t at = k->flushed_at; at < k->journal.n; at++) {
		struct put *p = &k->journal.items[at];
		assert_ok(idmap_put(k->map, key_of(k->kind, p->i), p->value, &e), e);
	}
	keeper_check_all(k);
}

static UNUSED void keeper_free(struct keeper *k)
{
	idmap_close(&k->map);
	vec_free(&k->journal);
	mem_free(k);
}

static UNUSED struct keeper *keeper_new(struct fs *fs, const char *dir, enum key_kind kind,
					size_t table_keys_max)
{
	struct keeper *k = mem_zalloc(1, sizeof *k);
	assert_non_null(k);
	k->fs = fs;
	k->dir = dir;
	k->kind = kind;
	k->table_keys_max = table_keys_max;
	err e;
	assert_ok(keeper_open(k, false, &k->map, &e), e);
	return k;
}

struct name_count {
	size_t n;
};

static UNUSED bool count_name(void *arg, const char *name)
{
	(void)name;
	((struct name_count *)arg)->n++;
	return true;
}

static UNUSED size_t files_in(struct fs *fs, const char *dir)
{
	struct name_count c = { 0 };
	err e;
	assert_ok(fs_list(fs, dir, count_name, &c, &e), e);
	return c.n;
}

/* A directory on the real disk. */
static UNUSED int dir_make(void **state)
{
	static char dir[64];
	snprintf(dir, sizeof dir, "/tmp/trichter-idmap-XXXXXX");
	*state = dir;
	return mkdtemp(dir) ? 0 : -1;
}

static UNUSED bool remove_name(void *arg, const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", (const char *)arg, name);
	return unlink(path) == 0;
}

static UNUSED int dir_remove(void **state)
{
	err e;
	if (!fs_list(fs_real(), *state, remove_name, *state, &e))
		return -1;
	return rmdir(*state);
}

#endif
