/*
 * column.h - what is stored outside the ledger in files of our own.
 *
 * What it is:   at this stage idmap: a map from 128-bit keys to 64-bit values that stays fast at
 *               tens of millions of keys. New keys are in a table in memory; a full table becomes
 * an immutable run, a file sorted by key with a filter in memory; runs are merged by size in the
 * background, so a look-up costs a handful of cache misses at any size. Workload:     per touch one
 * look-up of a message id that is almost always new, and one or two of identities that are almost
 * always known; batches, so memory can be fetched ahead. Promises:     a value put is found at
 * once, the newest wins; runs are checksummed, a damaged one is named and never read as data.
 * Nothing is durable before idmap_flush: who uses it keeps what is not flushed elsewhere (the
 * journal) and puts it again after a crash. Threads:      one thread calls; merging has a thread of
 * its own inside. Format:       docs/format/run.md
 */
#ifndef TRICHTER_COLUMN_H
#define TRICHTER_COLUMN_H

#include "io/file.h"
#include "io/zip.h"

struct idmap;

struct idmap_options {
	struct fs *fs;
	const char *dir;       /* must exist */
	const char *name;      /* file names begin with it: NAME-000001.run */
	size_t table_keys_max; /* keys in memory before a run is written; 0: 1 << 20 */
	bool read_only;	       /* writes no file, removes none; puts stay in memory */
};

/* `manifest` is what idmap_manifest gave when it was last stored; empty for a new map. Files of
 * this name that it does not list are left-overs and removed. ERR_CORRUPT names the file. Read
 * only, ERR_NOT_FOUND: a writer has removed a file since; read the stored manifest again. */
bool idmap_open(const struct idmap_options *o, str manifest, struct idmap **m_r, err *e) MUST_CHECK;
void idmap_close(struct idmap **m);

/* Brings what a later idmap_get of that key will touch towards the cache. */
void idmap_prefetch(const struct idmap *m, struct hash128 key);
/* False: a part of a run that was read for the first time is damaged. */
bool idmap_get(struct idmap *m, struct hash128 key, uint64_t *value_r, bool *found_r,
	       err *e) MUST_CHECK;
/* Adds or replaces, in memory. False: no memory, or the table is full and could not be written as a
 * run; nothing changed. A table is handed to the background thread when it is a quarter over its
 * maximum and nobody began a flush; the call waits only when that is a whole table behind. */
bool idmap_put(struct idmap *m, struct hash128 key, uint64_t value, err *e) MUST_CHECK;

/* True when a flush is due: the table in memory is at its maximum. Not while one waits to begin. */
bool idmap_wants_flush(const struct idmap *m);
/* Begins to write everything put so far as a run, in the background; puts and gets go on. While an
 * earlier table is being written it waits for that, and then takes what was put until then. */
bool idmap_flush_begin(struct idmap *m, err *e) MUST_CHECK;
/* `*changed_r`: the manifest has changed since idmap_commit, as a flush or a merge has finished;
 * `*flushed_r`, once: the last flush that was begun is in it. The caller stores the new manifest,
 * then calls idmap_commit; if it could not store it, the next poll says `changed` again. What fails
 * in the background is logged and tried again; nothing is lost by it. */
bool idmap_poll(struct idmap *m, bool *flushed_r, bool *changed_r, err *e) MUST_CHECK;
/* Waits for the flush that was begun, if any, and polls. False also when it could not be written.
 */
bool idmap_flush_wait(struct idmap *m, bool *flushed_r, bool *changed_r, err *e) MUST_CHECK;
/* What to hand to the next idmap_open, as of the last poll; in the arena. */
bool idmap_manifest(const struct idmap *m, struct arena *a, str *manifest_r, err *e) MUST_CHECK;
/* The names of the files that a manifest of the map `name` lists; false stops. */
bool idmap_manifest_files(str manifest, const char *name, bool (*each)(void *arg, const char *file),
			  void *arg, err *e) MUST_CHECK;
/* The last manifest is stored: files that it no longer lists are removed. */
void idmap_commit(struct idmap *m);
/* Drops, at the next merge, keys whose value `dead` says is of no use any more (expired). It is
 * called on the merging thread: what it reads must not change, or be atomic or locked. */
void idmap_set_dead(struct idmap *m, bool (*dead)(void *arg, uint64_t value), void *arg);

/* All runs become one at the next occasion, without what is dead. */
void idmap_compact(struct idmap *m);

uint64_t idmap_keys(const struct idmap *m);   /* an upper bound: replaced keys count twice */
uint64_t idmap_memory(const struct idmap *m); /* bytes */
size_t idmap_runs(const struct idmap *m);
/* Every checksum of every run. */
bool idmap_check(struct idmap *m, err *e) MUST_CHECK;

#endif
