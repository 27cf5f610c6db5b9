/*
 * journal_int.h - the parts of journal/ among themselves.
 *
 * What it is:   the store (ledger, people, imports, message ids) as writer, reader, verify and
 * replay hold it; and the writer's jobs.
 */
#ifndef TRICHTER_JOURNAL_INT_H
#define TRICHTER_JOURNAL_INT_H

#include "base/map.h"
#include "base/queue.h"
#include "base/thread.h"
#include "column/column.h"
#include "journal/hooks.h"
#include "journal/record_int.h"
#include "journal/remote_int.h"

enum {
	META_APPLIED = 1,  /* every touch up to there is in the projections on disk */
	META_MESSAGES = 2, /* manifest of the runs of message ids */
	META_MESSAGES_FLUSHED = 3,
	META_UNDONE = 4,  /* number of the last touch that took something back, or did it again */
	META_ARCHIVE = 5, /* manifest of the segments */
};

struct import_row {
	uint64_t import;
	uint64_t from_seq;   /* first touch that may be its */
	uint64_t closed_seq; /* 0: still open */
	uint64_t undone_seq; /* 0: not undone */
	int64_t begun_us;
	uint64_t touches;
	struct buf state; /* the caller's */
	bool dirty;
};

struct config_row {
	uint64_t key;	     /* of the ledger's row */
	str name, value, by; /* in the store's texts */
	uint64_t from_seq;
	uint64_t to_seq; /* 0: still valid */
	int64_t from_us;
	uint64_t before; /* key of the row that this one replaced; 0 none */
	bool dirty;
};

/* What was taken back by hand: a row per taking back, kept among the few rows of LEDGER_META. */
struct undone_row {
	uint64_t undone_seq; /* of the touch that says so */
	uint64_t redone_seq; /* of the one that does it again; 0: it holds */
	uint64_t deed;
	const uint64_t *touches; /* all that it hides, in order; the deed first */
	size_t touches_n;
	const uint64_t *subjects; /* profiles that they are about */
	size_t subjects_n;
	unsigned effects;
	/* of an erasure (EFFECT_ERASED), which holds for every as_of and is never done again: */
	const uint64_t *persons; /* the profiles that stand for nobody any more */
	size_t persons_n;
	const uint64_t *joins; /* those of its touches that joined profiles or devices */
	size_t joins_n;
	const uint64_t
		*imports; /* in turn: an import, how many touches fewer the journal has of it */
	size_t imports_n;
	int64_t erased_us; /* when; 0: its touches are gone from every file */
	bool dirty;
};

#define STORE_OPEN_TRIES 5 /* a file that the list has was just merged away */
enum store_mode { STORE_WRITE, STORE_READ, STORE_REHEARSE };

struct store {
	char *dir;
	struct fs *fs;
	const char *ledger_driver;
	enum store_mode mode;
	uint64_t as_of; /* UINT64_MAX: all */
	struct ledger *ledger;
	struct people *people;
	struct idmap *messages; /* writer only */
	uint64_t messages_flushed_seq, messages_begun_seq;
	bool messages_changed;
	uint64_t last_seq;
	uint64_t applied_seq; /* as the ledger says */
	/* a reader that stays open */
	bool lean;	     /* decides nothing: keeps no book of what rules watch */
	uint64_t folded_seq; /* everything up to there is in memory or on disk */
	uint64_t settle_seq; /* once this is on disk, what was changed before is clean */
	uint64_t opened_profiles;
	bool resting;			       /* no read transaction is open */
	VEC(struct import_row) imports;	       /* by number - 1 */
	VEC(struct config_row) config;	       /* by key - 1 */
	struct map config_newest;	       /* name -> key of its newest row */
	bool config_changed;		       /* a row is dirty */
	VEC(struct undone_row) undone_touches; /* by undone_seq */
	struct map64 undone_by;	   /* touch -> place of the newest row that hides it, + 1 */
	struct map64 erased;	   /* profiles that stand for nobody any more */
	struct map64 erased_joins; /* touches whose joins hold no more, there or gone */
	uint64_t undone_version;   /* META_UNDONE */
	bool undone_changed;	   /* a row is dirty */
	struct arena undone_texts; /* the rows' lists */
	VEC(uint64_t) undone;	   /* imports; read by the thread that merges runs */
	struct mutex undone_lock;
	struct arena texts;
	struct arena touch_arena; /* for scans */
	struct depot *depot;
	struct archive *archive; /* as the ledger has it; never NULL once it is open */
	struct tail *tail;	 /* of a reader: segments of the tail; NULL: nobody asked */
};

/* store.c: everything a data directory holds, loaded and brought up to date from the records. */
bool store_open(struct store *s, err *e) MUST_CHECK;
void store_close(struct store *s);
struct import_row *store_import(struct store *s, uint64_t import); /* NULL: no such */
/* Every checksum of the runs of message ids, which a reader does not open otherwise. */
bool store_check_messages(struct store *s, err *e) MUST_CHECK;
bool store_note_undone(struct store *s, uint64_t import, err *e) MUST_CHECK;
/* In the answers of this store: imports that are open or undone (as of its number) are hidden. */
bool store_hides(const struct store *s, uint64_t import);
/* store_archive.c: the list of segments that belongs to what the ledger says. */
bool store_archive_load(struct store *s, err *e) MUST_CHECK;
void store_archive_close(struct store *s);
/* The manifest alone, to be freed, and the last touch's number, wherever that is. */
bool store_manifest_read(struct ledger *l, struct archive_manifest *m_r, uint64_t *last_seq_r,
			 err *e) MUST_CHECK;
/* The last touch's number, whether it is in a record or in a segment. */
bool store_last_seq(struct store *s, uint64_t *seq_r, err *e) MUST_CHECK;
/* tail.c: all touches in columns. */
void store_tail_release(struct store *s);
/* Segments made now are sorted by whom profiles belong to as of this number. The writer knows what
 * an open import joined, readers do not: whoever it joined counts as moved until it is closed. */
uint64_t store_keyed_seq(const struct store *s);
/* One segment of these, in this order. */
bool record_sort_build(struct record_sort *sort, const struct sorted_touch *items, size_t n,
		       const struct segment_options *o, struct segment **s_r, err *e) MUST_CHECK;
/* store_read.c: touches in order of seq, whether they are in the archive or in the tail. */
struct store_reading {
	struct store *s;
	uint64_t from_seq, to_seq;
	bool hidden_too;
	uint64_t but_import; /* segments that hold nothing else are left out; 0 none */
	bool (*id)(void *arg, const struct new_id *id, err *e); /* may be NULL */
	uint64_t touches_from_seq; /* of touches before it only the ids are asked for; 0: of none */
	touch_fn each;
	void *arg;
	err *e;
	bool failed;
};
bool store_read(struct store_reading *r) MUST_CHECK;
/* The last touch whose received time is at or before `at_us`; 0: none. */
bool store_seq_at(struct store *s, int64_t at_us, uint64_t *seq_r, err *e) MUST_CHECK;
bool store_heads(struct store *s, uint64_t from_seq, uint64_t to_seq, head_fn each, void *arg,
		 err *e) MUST_CHECK;
/* The touches of these numbers, which rise; what is hidden or not there is left out. */
bool store_pick(struct store *s, const uint64_t *seqs, size_t n, touch_fn each, void *arg,
		err *e) MUST_CHECK;
bool store_scan(struct store *s, uint64_t from_seq, uint64_t to_seq, bool hidden_too, touch_fn each,
		void *arg, err *e) MUST_CHECK;
/* store_undone.c: what was taken back by hand. */
bool store_undone_load(struct store *s, err *e) MUST_CHECK;
void store_undone_free(struct store *s);
bool store_undone_encode(const struct undone_row *row, struct buf *b, err *e) MUST_CHECK;
static inline uint64_t undone_key(uint64_t undone_seq)
{
	return UINT64_C(1) << 48 | undone_seq;
}
/* Adds a row behind the others; its lists are copied. */
bool store_undone_add(struct store *s, const struct undone_row *row, err *e) MUST_CHECK;
/* The row that hides this touch as of the store's number; NULL: none. */
const struct undone_row *store_undone_by(const struct store *s, uint64_t seq);
struct undone_row *store_undone_of(const struct store *s, uint64_t undone_seq); /* NULL: no such */
/* For hooks_env. */
bool store_touch_hidden(void *store, uint64_t seq);
/* Whoever it belonged to was erased. */
static inline bool store_is_erased(const struct store *s, uint64_t profile)
{
	uint64_t ignored;
	return s->erased.n && map64_get(&s->erased, profile, &ignored);
}
/* Is it left out of the answers of this store? */
static inline bool store_hides_touch(const struct store *s, const struct touch *t)
{
	return (t->import && store_hides(s, t->import)) ||
	       (s->undone_touches.n && store_undone_by(s, t->seq) != NULL);
}
/* Rows and ledger alone, for reading: no people, so it opens in a moment. */
bool store_open_bare(struct store *s, err *e) MUST_CHECK;
/* As store_scan with what is hidden, but only what is wanted is decoded. */
bool store_scan_some(struct store *s, uint64_t from_seq, uint64_t to_seq, touch_wanted_fn wanted,
		     touch_fn each, void *arg, err *e) MUST_CHECK;
/* One touch, in the arena. ERR_NOT_FOUND. */
bool store_touch(struct store *s, uint64_t seq, struct arena *a, struct touch *t_r,
		 err *e) MUST_CHECK;
/* Folds everything visible into `people`, which must be empty; for as_of and verify. */
bool store_replay(struct store *s, struct people *p, uint64_t to_seq, err *e) MUST_CHECK;
/* store_catch_up.c: from the projections on disk to the last record. */
bool store_catch_up(struct store *s, err *e) MUST_CHECK;
/* On to the newest record; `each` is told of the touches applied. *reopen_r: open it anew instead
 * (nothing was applied). After a failure the store can only be closed. */
bool store_refresh(struct store *s, touch_fn each, void *arg, bool *reopen_r, err *e) MUST_CHECK;
void store_rest(struct store *s);
uint64_t store_meta_number(str bytes);
bool config_is_rule(str name);
/* store_rows.c: imports and configuration as rows of the ledger. */
bool store_rows_load(struct store *s, err *e) MUST_CHECK;
bool store_import_encode(const struct import_row *row, struct buf *b, err *e) MUST_CHECK;
bool store_config_encode(const struct config_row *row, struct buf *b, err *e) MUST_CHECK;
const struct config_row *store_config(const struct store *s, str name);
/* Adds a row behind the others and notes which one it replaces. */
bool store_config_add(struct store *s, struct config_row row, err *e) MUST_CHECK;
/* Names that only journal_config_watch tells the values of. */
static inline bool config_is_secret(str name)
{
	return str_starts(name, S("secret."));
}
/* Hands every valid configuration value to these people. */
bool store_configure(struct store *s, struct people *p, err *e) MUST_CHECK;
/* What the joins of this store leave out; for hooks_env. */
bool store_import_hidden(void *store, uint64_t import);
struct store *snapshot_store(struct snapshot *s);
/* value of a message id in the map */
uint64_t message_value(uint64_t import, int64_t received_us);
struct hash128 message_key(str message_id);

/* ---- the writer ------------------------------------------------------------------------------ */

enum job_kind {
	JOB_BATCH,
	JOB_IMPORT_BEGIN,
	JOB_IMPORT_CLOSE,
	JOB_IMPORT_UNDO,
	JOB_BULK_SUBJECTS,
	JOB_BULK_HAS_IMPORTS,
	JOB_TOUCH_UNDO,
	JOB_CONFIG,
	JOB_CONFIG_WATCH,
	JOB_CONFIG_UNWATCH,
	JOB_CONFIG_HISTORY,
	JOB_FLUSH,
	JOB_OUTBOX_DUE,
	JOB_OUTBOX_DONE,
	JOB_OUTBOX_RETRY,
	JOB_ARCHIVE,
	JOB_SUBJECTS,
	JOB_SEAL_LIMIT,
	JOB_ERASE_BEGIN,
	JOB_ERASE,
	JOB_ERASE_END,
	JOB_RETAIN
};

/* What becomes of the manifest in one commit. */
struct archive_change {
	uint64_t seal_to; /* up to there all records of the tail are in the archive; 0: as before */
	const struct archive_file *segments, *ids; /* are new; of the same numbers: replaced */
	size_t segments_n, ids_n;
	const uint64_t *gone, *ids_gone; /* numbers of files that are not listed any more */
	size_t gone_n, ids_gone_n;
	int64_t dropped; /* touches that are nowhere any more (or are there again: < 0) */
	/* Numbers of touches to be used by who writes segments before they are recorded: they
	 * count as dropped until `dropped` takes them back. */
	uint64_t reserve;
	uint64_t reserved_seq; /* answered: the first of them */
	uint64_t import;       /* an open one that they are of; 0 none */
	uint64_t import_touches;
	str import_state; /* kept with it */
};

/* How far may be sealed, and where that stands. */
struct seal_limit {
	bool exact; /* write back first, so that as much as possible may */
	uint64_t sealed_seq, last_seq;
	uint64_t to_seq;
	VEC(uint64_t) hidden; /* imports */
};

struct job {
	enum job_kind kind;
	struct batch *batch;
	uint64_t import;
	str name, text, by;
	struct undo_result undo;
	struct taking_back *back;
	struct erasing *erasing;
	struct retaining *retaining;
	struct archive_change *archive;
	struct seal_limit *limit;
	uint64_t *profiles; /* become their subjects */
	size_t profiles_n;
	uint64_t keyed_seq; /* answered: as of there */
	int64_t at_us;	    /* outbox: now, or when to try again */
	uint64_t outbox_id;
	size_t items_max, items_n;
	struct outbox_item *items;
	struct arena *arena; /* the caller's, who waits */
	config_fn watch;
	void *watch_arg;
	uint32_t *subjects; /* bulk loading */
	bool has;
	bool must_be_new;
	bool patient; /* waits for room in the queue */
	uint64_t before;
	struct config_change *changes;
	bool ok;
	bool done;
	submitted_fn then; /* not NULL: nobody waits; told, and the job is freed */
	void *then_arg;
	/* of those who wait: nothing from here on is set for the others */
	err e;
	struct cond finished;
};

#define COMMIT_CLASSES	    256
#define CONFIG_WATCHERS_MAX 8

struct config_watcher {
	config_fn fn;
	void *arg;
};

struct journal {
	struct remote *remote; /* not NULL: all of it is with a server, and nothing below is used */
	struct listener *listener;
	struct store store;
	struct journal_options options;
	int lock_fd;
	struct queue *queue;
	struct thread thread;
	struct mutex mutex; /* guards jobs' done and the numbers */
	bool must_reload;   /* memory may differ from the disk: load again before going on */
	bool no_sweep; /* nothing of the sweep in this commit: what belongs to it is folded after it
			*/
	struct record_writer record;
	struct arena group; /* of one group */
	struct arena batch; /* of one intake */
	struct decided *decided;
	struct touch round[DECIDED_TOUCHES_MAX]; /* what one round of rules decided */
	struct writeback wb;
	uint64_t next_seq;
	int64_t received_us;
	bool sweeping;
	bool sweep_all; /* also what would not be worth it */
	bool trimming;	/* records that were sealed may still be there */
	struct sealer *sealer;
	uint64_t archive_number;  /* the next free one; under the mutex */
	uint64_t tail_touches;	  /* as of the last commit; under the mutex */
	uint64_t archive_changes; /* so far; under the mutex */
	int64_t erased_since_us;  /* the oldest erasure that waits; 0: none; under the mutex */
	int64_t sweep_began_us;
	int64_t timer_next_us;
	VEC(struct ledger_timer_change) timers_done;
	uint64_t outbox_last_id; /* highest number given */
	void (*committed)(void *arg, uint64_t last_seq);
	void *committed_arg;
	struct config_watcher watchers[CONFIG_WATCHERS_MAX]; /* the writer's */
	size_t watchers_n;
	struct journal_numbers numbers;
	uint64_t commit_classes[COMMIT_CLASSES];
};

/* journal.c: puts a job into the queue and waits for its end. */
bool journal_run_job(struct journal *j, struct job *job, err *e) MUST_CHECK;

/* writer.c */
void *writer_run(void *journal);
/* Begins a group: next number, time of receipt. */
void group_begin(struct journal *j);
/* Gives the touch its number, writes it into the record, joins and folds it. */
bool group_append(struct journal *j, struct touch *t, err *e) MUST_CHECK;
/* One transaction: the record, what changed, a slice of the sweep. */
bool group_commit(struct journal *j, err *e) MUST_CHECK;
/* Sweeps until nothing is dirty. */
bool writer_flush(struct journal *j, err *e) MUST_CHECK;
/* Everything beside the ledger (runs of ids) is written and recorded; before closing. */
bool flush_runs(struct journal *j, err *e) MUST_CHECK;
/* Appends what `d` says follows from touch `t`. */
bool group_append_then(struct journal *j, const struct touch *t, err *e) MUST_CHECK;

/* group.c */
bool group_batches(struct journal *j, struct job **jobs, size_t n, err *e) MUST_CHECK;
bool group_timers(struct journal *j, err *e) MUST_CHECK;

/* archive_change.c: the writer's part of sealing and merging. */
bool archive_change(struct journal *j, struct job *job, err *e) MUST_CHECK;
bool archive_subjects(struct journal *j, struct job *job, err *e) MUST_CHECK;
bool archive_limit(struct journal *j, struct job *job, err *e) MUST_CHECK;
/* Once, at opening: left-overs of a crash are removed. */
bool archive_begin(struct journal *j, err *e) MUST_CHECK;
/* The others', by way of the writer. */
bool journal_archive_change(struct journal *j, struct archive_change *c, err *e) MUST_CHECK;
/* Replaces profiles (0 stays) by whom they belong to, as of *keyed_seq_r. */
bool journal_subjects(struct journal *j, uint64_t *profiles, size_t n, uint64_t *keyed_seq_r,
		      err *e) MUST_CHECK;
/* A number for a file of the archive that no other has or had. */
uint64_t journal_archive_number(struct journal *j);
/* Path of such a file: at most 4096 bytes. */
bool journal_archive_path(struct journal *j, uint64_t number, bool ids, char path[4096],
			  err *e) MUST_CHECK;
/* Removes a file that is in no manifest on disk. */
void journal_archive_remove(struct journal *j, uint64_t number, bool ids);

/* seal.c */
bool sealer_start(struct journal *j, err *e) MUST_CHECK;
void sealer_stop(struct journal *j);
/* Long work is given up when the journal is being closed. */
bool sealer_is_stopped(struct journal *j);
/* seal_write.c: the records from the tail's beginning that begin up to `to_seq`, or a part of them,
 * as files that the manifest then has; none that reaches beyond `most_seq`. *sealed_r: up to where;
 * 0: there is nothing to be sealed. */
bool seal_write(struct journal *j, uint64_t from_seq, uint64_t to_seq, uint64_t most_seq,
		uint64_t *sealed_r, err *e) MUST_CHECK;
/* seal_merge.c: *merged_r false: none is due. */
bool seal_merge(struct journal *j, bool *merged_r, err *e) MUST_CHECK;
bool seal_drop(struct journal *j, const struct journal_drop *d, uint64_t *touches_r,
	       err *e) MUST_CHECK;

/* outbox.c */
bool outbox_load(struct journal *j, err *e) MUST_CHECK;
bool outbox_put(struct journal *j, const struct outbox_item *items, size_t n, err *e) MUST_CHECK;
bool outbox_run(struct journal *j, struct job *job, err *e) MUST_CHECK;
/* Adds a row to the next commit. */
bool group_put(struct journal *j, enum ledger_table table, uint64_t key, str bytes,
	       err *e) MUST_CHECK;

/* imports.c, config.c */
bool import_begin(struct journal *j, struct job *job, err *e) MUST_CHECK;
bool import_close(struct journal *j, struct job *job, err *e) MUST_CHECK;
bool import_undo(struct journal *j, struct job *job, err *e) MUST_CHECK;
/* A rule is new: counters are folded from all that happened, then everyone is asked once. */
bool evaluate_everyone(struct journal *j, err *e) MUST_CHECK;
/* bulk.c */
bool bulk_subjects(struct journal *j, struct job *job, err *e) MUST_CHECK;
bool bulk_has_imports(struct journal *j, struct job *job, err *e) MUST_CHECK;
/* Was a touch that says the same loaded in bulk? `d` is what was decided about it. */
bool bulk_knows(struct store *s, const struct intake *in, const struct decided *d, struct arena *a,
		bool *known_r, err *e) MUST_CHECK;
/* Folds what a closed import brought; `person` is told of everybody, some several times. */
bool bulk_fold(struct store *s, const struct import_row *row,
	       bool (*person)(void *arg, uint64_t profile), void *arg, err *e) MUST_CHECK;
/* What an import kept of the rows that it had read. */
void bulk_spill_remove(struct store *s, uint64_t import);
/* undo_collect.c looks up, on the caller's thread, what a taking back is about; undo.c carries it
 * out on the writer's. */
struct taking_back {
	struct touch_undo *u;
	uint64_t upto;		 /* the journal was searched up to here */
	uint64_t undone_version; /* as it was then */
	struct undone_row row;	 /* to be */
	uint64_t again;		 /* undone_seq of the row that is done again; 0 none */
	struct map64 chain;	 /* the touches of the row */
	struct map64 subjects;
	VEC(struct touch) history; /* all touches about the subjects, in order */
	VEC(struct touch) cuts;	   /* all separations by hand, when that matters */
	struct arena arena;
	bool stale; /* something happened since: search again */
};
bool undo_collect(struct store *s, struct taking_back *b, err *e) MUST_CHECK;
/* Adds what was recorded from `from_seq` on to the history. */
bool undo_gather(struct store *s, struct taking_back *b, uint64_t from_seq, err *e) MUST_CHECK;
void taking_back_fini(struct taking_back *b);
bool touch_undo(struct journal *j, struct job *job, err *e) MUST_CHECK;
/* Everybody of b->subjects from all that is known of them and not hidden now. */
bool undo_compute_anew(struct journal *j, const struct taking_back *b, uint64_t effect_seq,
		       err *e) MUST_CHECK;
/* erase.c, erase_end.c */
struct erasing {
	struct taking_back
		b; /* its subjects: the profiles, and the companies and deals of their touches */
	struct erasure *x;
	VEC(uint64_t) profiles; /* of the person, rising */
	VEC(uint64_t) joins, imports, ended;
	VEC(struct touch) kept; /* what they said of deals and companies, without the person */
	struct touch_undo undo;
	struct arena arena;
	const str *texts; /* by which the person is known */
	size_t texts_n;
};
#define ERASE_BYTES_MAX (512 * MIB)
/* Since when the oldest erasure waits for erase_finish. The writer's, or nobody else is there. */
void erase_note_waiting(struct journal *j);
/* erase_list.c: DIR/erasures, as the ledger has it. */
void erase_list_write(struct journal *j);
bool erase_begin(struct journal *j, struct job *job, err *e) MUST_CHECK;
bool erase_run(struct journal *j, struct job *job, err *e) MUST_CHECK;
bool erase_end(struct journal *j, struct job *job, err *e) MUST_CHECK;
/* Removes what was erased before `before_us` from every file; for who holds the sealer's lock. */
bool erase_finish(struct journal *j, int64_t before_us, uint64_t *touches_r, err *e) MUST_CHECK;
/* seal.c: all that can be sealed is; for who holds the sealer's lock. */
bool seal_everything(struct journal *j, err *e) MUST_CHECK;
bool config_set(struct journal *j, struct job *job, err *e) MUST_CHECK;
bool config_watch(struct journal *j, struct job *job, err *e) MUST_CHECK;
void config_unwatch(struct journal *j, struct job *job);
bool config_history(struct journal *j, struct job *job, err *e) MUST_CHECK;
/* After a crash between an undo's commit and its write-back: computes its subjects anew. */
bool undo_apply(struct store *s, uint64_t import, uint64_t effect_seq, struct undo_result *r,
		err *e) MUST_CHECK;

#endif
