/*
 * bulk_int.h - events in bulk: from a file straight to sorted segments.
 *
 * What it is:   the file is cut into blocks (bulk_cut.c), which workers read into rows of 64 bytes
 *               (bulk_read.c): who, when, what. Whom a row is about is decided once for each
 *               combination of ids (bulk_who.c); the rest is sorting (bulk_sort.c), leaving out
 *               what is known already (bulk_known.c) and writing segments (bulk_build.c).
 * Workload:     100 million rows; a row has 2 microseconds for everything.
 * Promises:     what today's import says of a row is said of it here: the workers read it with the
 *               same code. Rows are settled in the order of the file.
 * Threads:      as many workers as there are cores; everything else on the caller's thread.
 */
#ifndef TRICHTER_BULK_INT_H
#define TRICHTER_BULK_INT_H

#include "base/thread.h"
#include "io/zip.h"
#include "load/load_int.h"

#define BULK_FILE_BYTES_MIN ((uint64_t)8 * MIB) /* smaller files are not worth the trouble */
#define BULK_BLOCK_BYTES    MIB
#define BULK_WORKERS_MAX    8
#define BULK_WHATS_MAX	    ((size_t)1 << 22)
#define BULK_EXTRAS_MAX	    ((size_t)4 * GIB)

/* ---- rows ------------------------------------------------------------------------------------ */

enum bulk_kind {
	BULK_PLAIN,    /* needs no more than a plain touch */
	BULK_ORDINARY, /* goes through the journal as it does without bulk loading */
	BULK_FAULTY,   /* cannot be used */
	BULK_NEW_KEY,  /* JSON: a key that the first rows did not have */
};

/* A row as a worker leaves it. */
struct bulk_row {
	struct hash128 who; /* of all its ids */
	uint64_t device;    /* of its anonymous id; 0 none */
	int64_t at_us;
	uint32_t what;		  /* its name and origin: whats */
	uint32_t extra;		  /* where its properties stand in the block's, + 1; 0 none */
	uint32_t text_at, text_n; /* in the block */
	uint32_t line;		  /* after the block's first */
	uint8_t kind;
};

/* A row that io/csv has read. */
struct bulk_odd {
	uint64_t line;
	size_t fields;
	str problem; /* in the block's arena; "" none */
};

/* A piece of the file that holds whole rows. */
struct bulk_block {
	struct buf text;
	struct arena arena;
	VEC(struct bulk_odd) odd;	 /* not empty: one for each row */
	uint64_t line;			 /* of its first row */
	uint64_t bytes;			 /* of the file up to its end */
	uint64_t offset_next, line_next; /* where the rows behind it begin, for going on */
	bool quoted;			 /* some field may be in quotation marks */
	bool done;
	VEC(struct bulk_row) rows;
	struct buf extras;
	err e; /* why it could not be read: only for want of memory */
	struct bulk_block *next;
};

/* ---- bulk_cut.c: blocks ---------------------------------------------------------------------- */

struct bulk_cutter {
	struct loader *l;
	struct file *file;
	size_t block_bytes;
	uint64_t offset; /* of the next byte to read */
	uint64_t line;	 /* of the next row */
	struct buf rest; /* read already, behind the last block */
	bool ended;
	bool slow;    /* from here on through io/csv: something is not plain */
	bool at_line; /* io/csv stands at the row of line `line` */
};
/* From `offset` on, which is where a row begins; 0: from the first. */
bool cutter_open(struct bulk_cutter *c, struct loader *l, uint64_t offset, uint64_t line,
		 err *e) MUST_CHECK;
void cutter_close(struct bulk_cutter *c);
/* *more_r false: the file is at its end. */
bool cutter_next(struct bulk_cutter *c, struct bulk_block *b, bool *more_r, err *e) MUST_CHECK;
/* One row of a block: its fields, and where the next begins. Texts point into the block or `a`. */
struct bulk_split {
	str fields[CSV_FIELDS_MAX];
	size_t n;
	const char *end; /* of the row, its line end not counted */
	uint32_t lines;	 /* that it takes */
};
const char *bulk_split_row(struct bulk_split *s, const char *p, const char *end, char delimiter,
			   struct arena *a);

/* ---- bulk_what.c: names and origins, numbered ------------------------------------------------ */

struct bulk_what {
	str name;
	struct origin origin;
	uint64_t order; /* among touches of one subject and instant */
};
struct bulk_whats {
	struct mutex lock;
	struct map numbers;
	struct arena texts;
	VEC(struct bulk_what) all;
};
void whats_init(struct bulk_whats *w);
void whats_fini(struct bulk_whats *w);
/* A worker's own memory of them, so that it seldom has to ask. */
struct bulk_memory {
	struct {
		uint64_t hash;
		uint32_t number; /* + 1; 0: empty */
		bool plain;	 /* touches of that name do nothing but count */
	} * slots;
	size_t n, cap;
};
bool whats_number(struct bulk_whats *w, struct bulk_memory *m, struct buf *scratch,
		  const struct intake *t, uint32_t *number_r, bool *plain_r, err *e) MUST_CHECK;
bool whats_add(struct bulk_whats *w, str name, const struct origin *o, uint32_t *number_r,
	       err *e) MUST_CHECK;

/* ---- bulk_read.c: workers -------------------------------------------------------------------- */

struct bulk;
struct bulk_worker {
	struct bulk *bulk;
	struct loader *l; /* its own, made of the loader */
	struct bulk_split *split;
	struct bulk_memory memory;
	struct buf key;
	struct thread thread;
};
/* Everything of the loader that reading a row changes is the clone's own; its chunk has room for
 * `items_max` touches, 0: it will be lent one. */
bool loader_clone(const struct loader *l, size_t items_max, struct loader **c_r, err *e) MUST_CHECK;
/* What a clone counted goes to the loader. */
void loader_gather(struct loader *l, const struct loader *c);
void loader_clone_free(struct loader **c);
bool readers_start(struct bulk *b, err *e) MUST_CHECK;
void readers_stop(struct bulk *b);
/* A worker's rows of a block. */
bool bulk_read_block(struct bulk_worker *w, struct bulk_block *b, err *e) MUST_CHECK;
void readers_give(struct bulk *b, struct bulk_block *block);
void readers_wait(struct bulk *b, struct bulk_block *block);
/* The row once more, as a raw one: for the journal or the rejects. */
bool bulk_again(struct bulk *b, struct loader *l, struct bulk_block *block,
		const struct bulk_row *row, struct raw_row *raw, err *e) MUST_CHECK;

/* ---- bulk_who.c: combinations of ids --------------------------------------------------------- */

struct bulk_combo {
	struct hash128 key;
	uint32_t person, company, deal;
	uint32_t next;	/* of the same device, + 1 */
	uint32_t fresh; /* block in which it is asked about row by row */
	bool settled;	/* somebody has answered */
	bool timed;	/* the answer depends on when: it is asked about row by row, always */
};
struct bulk_whos {
	VEC(struct bulk_combo) all;
	uint32_t *slots; /* number + 1 */
	size_t cap;
	struct map64 devices; /* -> newest combination, + 1 */
};
void whos_fini(struct bulk_whos *w);
void whos_prefetch(const struct bulk_whos *w, struct hash128 key);
/* The combination of the row, made when it is new; `block` > 0 numbers blocks. */
bool whos_of(struct bulk_whos *w, const struct bulk_row *row, uint32_t block,
	     struct bulk_combo **c_r, err *e) MUST_CHECK;

/* ---- bulk_sort.c: entries -------------------------------------------------------------------- */

struct bulk_entry {
	uint32_t subject;
	uint32_t person;
	int64_t at_us;
	uint32_t what;
	uint32_t extra; /* where in the run's extras, in units of 8 bytes, + 1; 0 none */
	uint32_t company, deal;
};
struct bulk_run {
	struct bulk_entry *entries;
	size_t n, cap;
	struct buf extras; /* of a run in a file it points into that */
};
void run_fini(struct bulk_run *r);
/* Room for `more` entries. */
bool run_reserve(struct bulk_run *r, size_t more, err *e) MUST_CHECK;
/* Adds an entry whose properties stand at `extra`; NULL: it has none. */
bool run_add(struct bulk_run *r, const struct bulk_entry *x, const char *extra, err *e) MUST_CHECK;
/* By (subject, at, content): the order does not depend on that of the file. */
bool run_sort(struct bulk_run *r, const struct bulk_whats *w, const uint32_t *roots, size_t roots_n,
	      err *e) MUST_CHECK;
/* The same for entries of one subject; `spare` has room for half of them. */
void run_sort_subject(struct bulk_run *r, size_t from, size_t n, struct bulk_entry *spare,
		      const struct bulk_whats *w);
uint32_t entry_subject(const struct bulk_entry *x, const uint32_t *roots);
/* Where its properties stand; NULL none. The first four bytes are their length, itself included. */
const char *run_extra_at(const struct bulk_run *r, const struct bulk_entry *x);
str run_extra(const struct bulk_run *r, const struct bulk_entry *x);

/* ---- bulk_spill.c: runs in files, when there are more rows than memory ----------------------- */

struct bulk_spilled {
	struct bulk_run run; /* not to be freed */
	struct file *file;
	const void *map;
	size_t map_n;
};
/* The run, which is in order, with all names and origins so far, as file number `k` of the import;
 * it is synced. */
bool spill_write(struct bulk *b, size_t k, err *e) MUST_CHECK;
bool spill_open(struct bulk *b, size_t k, struct bulk_spilled *s, err *e) MUST_CHECK;
void spill_close(struct bulk_spilled *s);
/* The names and origins, and how often equal rows came, as file `k` knows them: for going on. */
bool spill_resume(struct bulk *b, size_t k, err *e) MUST_CHECK;

/* ---- bulk_merge.c: all runs, subject by subject ---------------------------------------------- */

#define BULK_RUNS_MAX	 1000
#define BULK_SUBJECT_MAX ((size_t)1 << 25) /* entries of one subject */
struct bulk_merge;
bool merge_open(struct bulk *b, const uint32_t *roots, size_t roots_n, struct bulk_merge **m_r,
		err *e) MUST_CHECK;
void merge_close(struct bulk_merge **m);
void merge_restart(struct bulk_merge *m);
/* The entries of the next subject, in order, until the next call; NULL: there is none. They may be
 * changed. */
bool merge_next(struct bulk_merge *m, struct bulk_run **group_r, err *e) MUST_CHECK;
/* Every entry, in no order. */
void merge_each(const struct bulk_merge *m, void (*each)(void *arg, const struct bulk_entry *x),
		void *arg);

/* ---- bulk.c ---------------------------------------------------------------------------------- */

struct bulk {
	struct loader *l;
	struct loader *again; /* rows that the journal or the rejects must see are read by it */
	struct bulk_cutter cutter;
	struct bulk_whats whats;
	struct bulk_whos whos;
	struct bulk_worker workers[BULK_WORKERS_MAX];
	size_t workers_n;
	/* blocks between cutter, workers and caller */
	struct mutex lock;
	struct cond given, done;
	struct bulk_block *first, **last;
	bool stop;
	struct bulk_split *split; /* for rows that are read again */
	struct bulk_run run;	  /* in memory */
	size_t run_bytes_max;	  /* more are spilled */
	struct bulk_block *now;	  /* the block that is settled */
	uint32_t block;		  /* its number, from 1 */
	VEC(uint32_t) sent;	  /* its rows that stand in the loader's chunk */
};

/* May this import be loaded in bulk? */
bool bulk_fits(const struct loader *l);
bool bulk_load(struct loader *l, err *e) MUST_CHECK;
/* The journal has answered for the loader's chunk. */
bool bulk_answers(struct bulk *b, err *e) MUST_CHECK;

/* bulk_known.c: what earlier imports have brought. */
struct bulk_known;
/* NULL: nothing that touches between these times could be equal to. */
bool known_open(struct bulk *b, const uint32_t *roots, size_t roots_n, int64_t from_us,
		int64_t to_us, struct bulk_known **k_r, err *e) MUST_CHECK;
void known_close(struct bulk_known **k);
void known_restart(struct bulk_known *k);
/* Drops those entries of a subject that are known; subjects rise. */
bool known_drop(struct bulk_known *k, struct bulk_run *group, err *e) MUST_CHECK;
/* Properties as a row keeps them, in the arena. */
bool bulk_extra_read(str extra, struct arena *a, const struct prop **props_r, size_t *n_r,
		     err *e) MUST_CHECK;
/* bulk_build.c: what is new becomes segments, and they visible. */
bool bulk_finish(struct bulk *b, err *e) MUST_CHECK;

#endif
