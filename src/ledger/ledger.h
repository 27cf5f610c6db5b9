/*
 * ledger.h - the port to the store of what is new and what must be seen at once.
 *
 * What it is:   journal records, small keyed tables ("projections", configuration), timers. A
 * driver is a table of functions (ledger_int.h); SQLite is the one built in, PostgreSQL can stand
 * beside it: every call takes arrays, so a group costs a few round trips. Workload:     one writer,
 * a commit per group of touches; readers in other threads or processes that open, read a snapshot
 * and close. Promises:     a commit that returned true is on disk, whole; one that returned false
 * is not there, unless the code is ERR_UNCERTAIN: then it is there whole or not at all, and only a
 *               new ledger_open can tell. Text and blobs of SQL stay inside.
 * Threads:      a handle belongs to one thread at a time; several handles may be open on one path.
 */
#ifndef TRICHTER_LEDGER_H
#define TRICHTER_LEDGER_H

#include "base/arena.h"
#include "base/str.h"

struct ledger;

/* Tables from a 64-bit number to bytes. Their contents belong to whoever writes them. */
enum ledger_table {
	LEDGER_META,	/* counters, watermarks, lists of run files; few rows */
	LEDGER_IDS,	/* which ids each block of profiles stands for */
	LEDGER_EDGES,	/* which profiles were joined, and by what; by sequence number */
	LEDGER_DEVICES, /* from when on a device belongs to whom */
	LEDGER_COUNTS,	/* what only counts, per block of subjects */
	LEDGER_CELLS,	/* current values per subject */
	LEDGER_ORIGINS, /* sources, numbered */
	LEDGER_IMPORTS,
	LEDGER_CONFIG, /* versions of stages, rules, ... */
	LEDGER_OUTBOX, /* what is to be delivered outside */
	LEDGER_TABLES_N
};

struct ledger_change {
	enum ledger_table table;
	uint64_t key; /* at most INT64_MAX */
	str value;
	bool remove;
};

struct ledger_timer {
	int64_t due_us;
	uint32_t kind;
	uint64_t subject;
};

struct ledger_timer_change {
	struct ledger_timer timer; /* all three together are the key */
	str payload;
	bool remove;
};

struct ledger_record {
	uint64_t first_seq;
	uint32_t touches;
	str body;
};

struct ledger_commit {
	const struct ledger_record *records; /* in order; usually one */
	size_t records_n;
	const struct ledger_change *changes; /* best in order of (table, key) */
	size_t changes_n;
	const struct ledger_timer_change *timers;
	size_t timers_n;
	/* Records whose touches all have numbers up to this one are removed, oldest first, until
	 * about so many bytes of them are gone: a long list takes several commits, so that none of
	 * them is long. 0: none are removed. */
	uint64_t trim_to;
	uint64_t trim_bytes;
	bool *trimmed_r; /* set to whether none of them is left */
};

enum ledger_mode {
	LEDGER_WRITE,  /* makes the file when missing, migrates an older format */
	LEDGER_READ,   /* never writes, never checkpoints */
	LEDGER_MEMORY, /* empty, gone at close: for rehearsals */
};

struct ledger_options {
	const char *driver_hint; /* NULL; for tests: the name of an SQLite VFS */
};

/* ERR_NOT_FOUND: LEDGER_READ of a path where nothing is. ERR_CONFLICT: written by a newer version.
 * ERR_CORRUPT: not a ledger, or damaged; the text names the path. */
bool ledger_open(const char *path, enum ledger_mode mode, const struct ledger_options *options,
		 struct ledger **l_r, err *e) MUST_CHECK;
/* Writers checkpoint, so that the file alone holds everything. */
void ledger_close(struct ledger **l);

/* After a failure the handle goes on working, as if nothing had been asked; only after
 * ERR_UNCERTAIN every call but ledger_close fails, until the ledger is opened anew. A record whose
 * number is taken is ERR_CONFLICT. */
bool ledger_commit(struct ledger *l, const struct ledger_commit *c, err *e) MUST_CHECK;

/* values_r[i] is the value of keys[i], in the arena; p is NULL where there is none. */
bool ledger_load(struct ledger *l, enum ledger_table table, const uint64_t *keys, size_t n,
		 struct arena *a, str *values_r, err *e) MUST_CHECK;

/* In order of key, from `from` on. `each` returns false to stop (ledger_scan then returns true),
 * and may not use the same handle. Values are valid during the call. */
typedef bool (*ledger_row_fn)(void *arg, uint64_t key, str value);
bool ledger_scan(struct ledger *l, enum ledger_table table, uint64_t from, ledger_row_fn each,
		 void *arg, err *e) MUST_CHECK;

/* Records that hold any touch with from_seq <= seq <= to_seq, in order. A body whose checksum does
 * not fit is ERR_CORRUPT and named by its number, never handed out. */
typedef bool (*ledger_record_fn)(void *arg, const struct ledger_record *record);
bool ledger_scan_records(struct ledger *l, uint64_t from_seq, uint64_t to_seq,
			 ledger_record_fn each, void *arg, err *e) MUST_CHECK;
/* The number of the last touch of any record; 0 when there is none. */
bool ledger_last_seq(struct ledger *l, uint64_t *seq_r, err *e) MUST_CHECK;

/* The timers due at `now_us` or before, earliest first, at most `max`; payloads in the arena. */
bool ledger_timers_due(struct ledger *l, int64_t now_us, size_t max, struct arena *a,
		       struct ledger_timer_change **timers_r, size_t *n_r, err *e) MUST_CHECK;
/* All timers, earliest first, as ledger_scan. */
typedef bool (*ledger_timer_fn)(void *arg, const struct ledger_timer_change *timer);
bool ledger_scan_timers(struct ledger *l, ledger_timer_fn each, void *arg, err *e) MUST_CHECK;
/* When the earliest is due; INT64_MAX when there is none. */
bool ledger_timer_next(struct ledger *l, int64_t *due_us_r, err *e) MUST_CHECK;

/* Between these, all reads of this handle see one state. Keep it short: a writer cannot shorten its
 * log while it is open. */
bool ledger_read_begin(struct ledger *l, err *e) MUST_CHECK;
void ledger_read_end(struct ledger *l);

/* Copies its log into the file and empties it, so that nothing erased is left in it; called by the
 * writer when it is idle. ERR_BUSY: somebody reads; what could be copied was. */
bool ledger_checkpoint(struct ledger *l, err *e) MUST_CHECK;
/* Reads every page and record. On damage: ERR_CORRUPT, and the text says what. */
bool ledger_check(struct ledger *l, err *e) MUST_CHECK;
/* Bytes on disk, log included, and of the records alone. */
bool ledger_bytes(struct ledger *l, uint64_t *file_r, uint64_t *records_r, err *e) MUST_CHECK;

#endif
