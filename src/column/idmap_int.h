/*
 * idmap_int.h - what the files of idmap share.
 *
 * What it is:   the table in memory (idmap_table.c), a run (idmap_run.c reads it, idmap_write.c
 *               makes it), merging (idmap_merge.c), the background thread (idmap_work.c), and the
 *               map that holds them together (idmap.c).
 * Threads:      the caller's thread owns everything except `struct idmap_work`, whose jobs change
 *               under its lock. What a job points to (a frozen table, runs) does not change while
 *               the job lasts.
 * Format:       docs/format/run.md
 */
#ifndef TRICHTER_IDMAP_INT_H
#define TRICHTER_IDMAP_INT_H

#include "column/column.h"

#include "base/thread.h"
#include "base/vec.h"

#include <stdatomic.h>

#define IDMAP_TABLE_KEYS     ((size_t)1 << 20)
#define IDMAP_RUNS_MAX	     6 /* one more, and the newest are merged */
#define IDMAP_FLUSH_RETRY_US INT64_C(1000000)
#define IDMAP_MERGE_RETRY_US INT64_C(10000000)

/* Both in memory and in files, where all numbers are little endian. */
struct idmap_entry {
	uint64_t hi;
	uint64_t lo;
	uint64_t value;
};

static inline bool idmap_before(uint64_t a_hi, uint64_t a_lo, uint64_t b_hi, uint64_t b_lo)
{
	return a_hi != b_hi ? a_hi < b_hi : a_lo < b_lo;
}

/* The high half of a product: maps a uniform number to 0 … n-1, keeping its order. */
static inline uint64_t idmap_scale(uint64_t x, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)x * n) >> 64);
}

/* Asks the system for large pages, which spare a look-up most of its address translation. */
void idmap_use_large_pages(void *p, size_t n);

/* ---- the table in memory ---- */

struct idmap_table {
	uint8_t *tags; /* 0: empty, else 8 bits of the hash */
	struct idmap_entry *slots;
	size_t cap;
	size_t n;
	size_t n_max; /* what `cap` takes */
	uint64_t secret[2];
};

/* Takes no memory yet. */
void idmap_table_init(struct idmap_table *t);
void idmap_table_fini(struct idmap_table *t);
/* Room for `keys` keys in all; keeps what it holds. */
bool idmap_table_reserve(struct idmap_table *t, size_t keys) MUST_CHECK;
void idmap_table_clear(struct idmap_table *t);
void idmap_table_prefetch(const struct idmap_table *t, struct hash128 key);
struct idmap_entry *idmap_table_find(const struct idmap_table *t, struct hash128 key);
/* The key must not be there, and n < n_max. */
void idmap_table_add(struct idmap_table *t, struct hash128 key, uint64_t value);
uint64_t idmap_table_bytes(const struct idmap_table *t);
/* All entries in order of key, on the heap; NULL: no memory. */
struct idmap_entry *idmap_table_sorted(const struct idmap_table *t) MUST_CHECK;

/* ---- a run ---- */

#define RUN_MAGIC	  "Trichrun"
#define RUN_VERSION	  1
#define RUN_BLOCK_BYTES	  4096
#define RUN_BLOCK_ENTRIES 170 /* of 24 bytes; the last 16 bytes of a block are zero */
#define RUN_HEADER_BYTES  4096
#define RUN_FILTER_BYTES  64 /* a block of the filter: one cache line */
#define RUN_FILTER_BITS	  12 /* per key */
#define RUN_PROBES	  7

struct run_index {
	uint64_t hi; /* the block's first key */
	uint64_t lo;
	uint64_t checksum;
};

/* The header's fields, in this order in the file, after magic, version and entries per block. */
struct run_header {
	uint64_t count;
	uint64_t blocks;
	uint64_t filter_blocks;
	uint64_t min_hi;
	uint64_t min_lo;
	uint64_t max_hi;
	uint64_t max_lo;
	uint64_t index_checksum;
	uint64_t filter_checksum;
	uint64_t bytes; /* of the whole file */
};

struct run {
	char *path;
	uint64_t number;
	struct run_header h;
	uint64_t checksum; /* of the header: says in the manifest which file is meant */
	struct file *file;
	const uint8_t *map;
	size_t map_n;
	struct run_index *index;
	uint64_t *first_hi; /* of each block, apart, so that a search stays in few cache lines */
	uint8_t *filter;    /* aligned to a cache line, inside filter_memory */
	void *filter_memory;
	double blocks_per_key; /* for interpolation */
	uint64_t *verified;    /* a bit per block that a look-up has checked */
	bool damaged;	       /* is not merged any more */
	bool unlisted;	       /* obsolete, and the manifest says so */
};

uint64_t run_filter_blocks(uint64_t keys);
static inline uint64_t run_filter_bytes(const struct run_header *h)
{
	return h->filter_blocks * RUN_FILTER_BYTES;
}
static inline uint64_t run_index_at(const struct run_header *h)
{
	return RUN_HEADER_BYTES + h->blocks * RUN_BLOCK_BYTES;
}
/* The filter begins on a cache line. */
static inline uint64_t run_filter_at(const struct run_header *h)
{
	uint64_t end = run_index_at(h) + h->blocks * sizeof(struct run_index);
	return (end + RUN_FILTER_BYTES - 1) / RUN_FILTER_BYTES * RUN_FILTER_BYTES;
}

void run_header_encode(const struct run_header *h, uint8_t out[RUN_HEADER_BYTES],
		       uint64_t *checksum_r);
/* The name of run `number`, on the heap; NULL: no memory. */
char *run_path(const char *dir, const char *name, uint64_t number);
bool run_open(struct fs *fs, const char *dir, const char *name, uint64_t number, struct run **r_r,
	      err *e) MUST_CHECK;
/* Closes the file, which stays. */
void run_free(struct run **r);
/* What is needed besides header, file, index and filter to read: the mapping and small things. */
bool run_begin_reading(struct run *r, err *e) MUST_CHECK;

/* Filter memory for `blocks` blocks, zeroed, in *memory_r; the aligned place is returned. */
uint8_t *run_filter_alloc(uint64_t blocks, void **memory_r) MUST_CHECK;
void run_filter_add(uint8_t *filter, uint64_t blocks, struct hash128 key);
bool run_may_hold(const struct run *r, struct hash128 key);
void run_prefetch(const struct run *r, struct hash128 key);
bool run_get(struct run *r, struct hash128 key, uint64_t *value_r, bool *found_r,
	     err *e) MUST_CHECK;
/* Entries of a block, whose checksum is compared. NULL: damaged. */
const struct idmap_entry *run_block(const struct run *r, uint64_t block, err *e) MUST_CHECK;
uint64_t run_block_entries(const struct run *r, uint64_t block);
bool run_check(const struct run *r, err *e) MUST_CHECK;
uint64_t run_memory(const struct run *r);

/* Where a run is written (idmap_write.c). */
struct run_place {
	struct fs *fs;
	const char *dir;
	const char *name;
	uint64_t number;
};

struct run_writer;
/* `keys_max`: no more entries than this will come. */
bool run_write_begin(const struct run_place *at, uint64_t keys_max, struct run_writer **w_r,
		     err *e) MUST_CHECK;
/* Keys rise strictly. */
bool run_write(struct run_writer *w, const struct idmap_entry *entry, err *e) MUST_CHECK;
/* Synced, its name too, and ready to be read. *r_r is NULL (and no file is left) when nothing was
 * written into it. Frees the writer in every case. */
bool run_write_end(struct run_writer **w, struct run **r_r, err *e) MUST_CHECK;
/* Removes the file. */
void run_write_abort(struct run_writer **w);
bool run_write_table(const struct run_place *at, const struct idmap_table *t, struct run **r_r,
		     err *e) MUST_CHECK;

/* ---- background work ---- */

enum job_state { JOB_NONE, JOB_WAITING, JOB_RUNNING, JOB_DONE, JOB_FAILED };

struct flush_job {
	enum job_state state;
	struct run_place at;
	const struct idmap_table *table;
	struct run *result;
	err e;
};

struct merge_job {
	enum job_state state;
	struct run_place at;
	struct run **inputs; /* oldest first */
	size_t inputs_n;
	struct run **older; /* all that are older than the inputs */
	size_t older_n;
	bool (*dead)(void *arg, uint64_t value);
	void *dead_arg;
	struct run *result;
	struct run *damaged; /* the input that could not be read */
	err e;
};

struct idmap_work {
	struct thread thread;
	struct mutex lock;
	struct cond wanted; /* something is to be done, or stop */
	struct cond done;   /* a job has ended */
	struct flush_job flush;
	struct merge_job merge;
	struct fs *fs;
	VEC(struct run *) trash; /* to be removed: a large file takes its time */
	atomic_bool flush_waits; /* a merge that runs makes room for it */
	atomic_bool stop;
	atomic_bool news; /* a job has ended since the caller last looked */
};

void work_init(struct idmap_work *w, struct fs *fs);
/* Stops the thread, dropping what it does; what had ended can still be taken. */
void work_stop(struct idmap_work *w);
void work_fini(struct idmap_work *w);
/* Starts the thread when there is none yet. */
bool work_post_flush(struct idmap_work *w, const struct run_place *at,
		     const struct idmap_table *table, err *e) MUST_CHECK;
/* `job` gives inputs, older runs and dead(); its arrays go over to the work, and come back with it.
 */
bool work_post_merge(struct idmap_work *w, const struct merge_job *job, err *e) MUST_CHECK;
/* Take a job that has ended out (state DONE or FAILED; NONE when there is none). */
struct flush_job work_take_flush(struct idmap_work *w);
struct merge_job work_take_merge(struct idmap_work *w);
/* Closes the run and removes its file, in the background if it can be. */
void work_remove(struct idmap_work *w, struct run *r);
/* Waits until the flush that was posted has ended. */
void work_wait_flush(struct idmap_work *w);
/* Called by a merge now and then: writes a table that waits. False: the work is to be dropped. */
bool work_breathe(struct idmap_work *w);

/* How many of the newest runs to merge; 0: none. Runs are in order of age, oldest first. */
size_t merge_choose(struct run *const *runs, size_t n);
bool merge_run(struct idmap_work *w, struct merge_job *job) MUST_CHECK;

/* ---- the map ---- */

struct idmap {
	struct fs *fs;
	char *dir;
	char *name;
	size_t keys_max; /* a flush is due; the table is handed over at a quarter more */
	bool read_only;
	bool (*dead)(void *arg, uint64_t value);
	void *dead_arg;

	struct idmap_table active;
	struct idmap_table frozen; /* being written, when has_frozen */
	struct idmap_table spare;
	bool has_frozen;
	VEC(struct run *) runs;	    /* oldest first */
	VEC(struct run *) obsolete; /* merged away; their files go at idmap_commit */
	struct buf manifest;	    /* as of the last poll */
	uint64_t number_next;	    /* of a run */

	bool flush_posted;    /* of the frozen table; else it failed, and waits for another try */
	bool flush_queued;    /* begin another as soon as the frozen table is a run */
	bool flush_begun;     /* the caller waits to hear of one */
	bool handed_over;     /* a table was frozen without being asked for */
	uint64_t frozen_n;    /* tables frozen so far */
	uint64_t installed_n; /* of them, how many are runs */
	uint64_t flush_wanted;
	int64_t flush_retry_us; /* not before */
	err flush_err;		/* why the last one failed */
	bool merge_posted;
	bool compacts; /* the next merge is of all runs */
	int64_t merge_retry_us;
	bool changed;	  /* since the last poll */
	bool uncommitted; /* since idmap_commit */
	struct idmap_work work;
};

/* Manifests (idmap_manifest.c). */
bool manifest_encode(const struct idmap *m, struct buf *out, err *e) MUST_CHECK;
/* Opens the runs it lists. */
bool manifest_open(struct idmap *m, str manifest, err *e) MUST_CHECK;
/* Removes files of this name that are in no run of the map. */
bool manifest_clean(struct idmap *m, err *e) MUST_CHECK;

/* Flushing (idmap_flush.c). Hands the active table to the background; there is no frozen one. */
bool flush_freeze(struct idmap *m, err *e) MUST_CHECK;
/* Takes what has ended and posts what is due. What failed in the background is logged and tried
 * again after a while, at once when `now`. */
bool flush_advance(struct idmap *m, bool now, err *e) MUST_CHECK;

#endif
