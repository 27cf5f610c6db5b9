/*
 * file_sim_int.h - what a simulated disk is made of.
 *
 * What it is:   nodes (file contents), entries (names), and changes of names that no directory sync
 *               has made permanent. Each is kept twice: `now`, what programs see, and `disk`, what
 *               survives a loss of power.
 * Threads:      everything below is touched under sim_fs.m only.
 */
#ifndef TRICHTER_FILE_SIM_INT_H
#define TRICHTER_FILE_SIM_INT_H

#include "base/rand.h"
#include "base/thread.h"
#include "base/vec.h"
#include "io/file_int.h"

#include <stdatomic.h>

#define SIM_SECTOR ((size_t)512)

struct sim_node {
	char *now;
	char *disk;
	uint8_t *dirty; /* per sector: now and disk may differ */
	size_t cap;	/* bytes in now and in disk, whole sectors; zeros beyond the sizes */
	size_t now_n;
	size_t disk_n;
	uint32_t refs; /* names, changes and open files that point here */
};

struct sim_entry {
	char *path;
	bool is_dir;
	struct sim_node *now;
	struct sim_node *disk;
};

/* A name that went away (from), came (to), or both at once. */
struct sim_change {
	char *from;
	char *to;
	struct sim_node *node;
};

struct sim_fs {
	struct fs base;
	struct mutex m;
	struct rng rng;
	VEC(struct sim_entry) entries;
	VEC(struct sim_change) changes;
	_Atomic uint64_t operations;
	uint64_t fail_at; /* 0: never */
	bool fail_all_after;
	uint64_t bytes_max; /* of all files with a name; UINT64_MAX: no end */
	uint64_t epoch;	    /* crashes so far: files opened before the last one are dead */
};

struct sim_file {
	struct file base;
	struct sim_node *node;
	uint64_t epoch;
	bool name_unsynced;
	char path[];
};

/* Contents (file_sim_node.c). */
struct sim_node *sim_node_new(void); /* one reference, the caller's; NULL: no memory */
void sim_node_ref(struct sim_node *node);
void sim_node_unref(struct sim_node *node);
/* Room for `bytes`; false: no memory. */
bool sim_node_reserve(struct sim_node *node, size_t bytes) MUST_CHECK;
/* Within the reserved room; sets the size. */
void sim_node_put(struct sim_node *node, const void *p, size_t n, size_t offset);
void sim_node_resize(struct sim_node *node, size_t bytes);
void sim_node_sync(struct sim_node *node);
/* What a failed sync does on Linux: some sectors reach the disk, all are taken for clean, and a
 * second sync that succeeds writes nothing more. */
void sim_node_sync_fail(struct sim_node *node, struct rng *rng);
/* The power goes: the disk's content, and a random part of what was under way, is all there is. */
void sim_node_crash(struct sim_node *node, struct rng *rng);

/* Names (file_sim_name.c). Paths are canonical from here on: no doubled or trailing slash, no ".".
 */
char *sim_path(const char *path); /* on the heap; NULL: no memory */
struct sim_entry *sim_entry_find(struct sim_fs *fs, const char *path);
/* Finds or adds an entry without content; NULL: no memory. */
struct sim_entry *sim_entry_take(struct sim_fs *fs, const char *path);
void sim_entry_set_now(struct sim_entry *entry, struct sim_node *node);
uint64_t sim_bytes_used(const struct sim_fs *fs);
bool sim_dir_exists(struct sim_fs *fs, const char *path);
/* True when the directory in which `path` stands is there. Memory may run out: false, *nomem_r. */
bool sim_parent_exists(struct sim_fs *fs, const char *path, bool *nomem_r);
/* Notes a change of names; from or to may be NULL. False: no memory, nothing noted. */
bool sim_change_add(struct sim_fs *fs, const char *from, const char *to,
		    struct sim_node *node) MUST_CHECK;
/* Makes the changes in one directory permanent, and earlier ones of the same files. */
void sim_dir_sync(struct sim_fs *fs, const char *dir);
/* Each open change happened or not; then the disk's names are all there are. */
void sim_names_crash(struct sim_fs *fs);
void sim_names_fini(struct sim_fs *fs);
/* Whether `path` stands directly in `dir`; *name_r is its last part. */
bool sim_stands_in(const char *path, const char *dir, const char **name_r);

/* The disk as a whole (file_sim.c); the caller holds the lock. */
struct sim_fs *sim_of(struct fs *fs);
bool sim_fail(err *e, int errnum, const char *what, const char *path);
/* Counts an operation; true when it is one that has to fail. */
bool sim_strikes(struct sim_fs *fs);
int sim_random_errno(struct sim_fs *fs);
uint64_t sim_free_now(const struct sim_fs *fs);
bool sim_sync_parent(struct sim_fs *fs, const char *path, err *e);

/* Open files (file_sim_file.c). */
bool sim_close(struct file *base, err *e);
bool sim_read(struct file *base, void *p, size_t n, uint64_t offset, size_t *n_r, err *e);
bool sim_write(struct file *base, const void *p, size_t n, uint64_t offset, err *e);
bool sim_sync(struct file *base, err *e);
bool sim_size(struct file *base, uint64_t *bytes_r, err *e);
bool sim_truncate(struct file *base, uint64_t bytes, err *e);
bool sim_map(struct file *base, const void **p_r, size_t *n_r, err *e);
void sim_unmap(struct file *base, const void *p, size_t n);

#endif
