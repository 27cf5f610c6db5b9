/*
 * journal.h - the one door for everything that happens, and the order in which it was learned.
 *
 * What it is:   touches as they come in (`struct intake`), as they are recorded (`struct touch`),
 * the one writer that turns the first into the second, and the reading of what is recorded. Who a
 * touch is about, what follows from it and what it changes is not known here: a set of hooks
 * (people/ provides them) decides and applies. Workload:     batches of about 100 touches from many
 * threads; one commit for all that wait. Promises:     a touch is acknowledged when it is on disk;
 * each accepted message id is recorded once; replay of the records gives the same projections as
 * the live run. Threads:      journal_submit from any thread; hooks run on the writer's thread
 * alone. Format:       docs/format/record.md
 */
#ifndef TRICHTER_JOURNAL_H
#define TRICHTER_JOURNAL_H

#include "archive/archive.h"
#include "io/file.h"
#include "ledger/ledger.h"

/* How far the sender is believed (DESIGN.md, "Who is believed"). */
enum trust {
	TRUST_PUBLIC, /* a write key: anyone */
	TRUST_SECRET, /* a secret key, the CLI, an import */
	TRUST_SELF,   /* the program itself: decisions, rules, timers */
};

struct external_id {
	str system; /* "hubspot", "olist"; "" when only one is known */
	str value;
};

enum outcome {
	OUTCOME_PENDING,
	OUTCOME_ACCEPTED,
	OUTCOME_DUPLICATE,
	OUTCOME_SKIPPED,
	OUTCOME_REJECTED,
	OUTCOME_PLACED /* bulk loading: nothing is recorded; the caller knows now whom it is about
			*/
};

/* A touch as it comes in. Texts are borrowed until the answer is there. */
struct intake {
	str name;
	int64_t at_us;
	str message_id; /* empty: one is made */
	/* about whom: any of these; all empty = nobody */
	str anonymous_id, user_id, email;
	str previous_id; /* alias: the id that is to join user_id */
	const struct external_id *external;
	size_t external_n;
	str company_domain, company_name;
	struct external_id company_id; /* empty value: none */
	struct external_id deal_id;
	uint64_t person, company, deal; /* by number, when known; 0: by the ids above */
	struct origin origin;
	const struct prop *props;
	size_t props_n;
	uint64_t row;	/* of an import: touches of one row stand together; 0 none */
	uint8_t tie;	/* order among touches of one instant that came together: 0, 1, 2 ... */
	uint64_t cause; /* number of the touch that this follows from; 0 none */
	str by;		/* done by hand: by whom ("user:3"); empty: nobody's hand */
	/* Imports, of an id that is made of what the touch says: how often an equal one came before
	 * it, + 1. Touches that were loaded in bulk have no ids; such a one is known by the same.
	 */
	uint32_t equal;
	str equal_id; /* of the first of them, when it is not the first */
	bool plain;   /* bulk loading: recorded here only when something follows from it */
	/* answered by the writer */
	struct {
		uint64_t person, company, deal; /* of a plain one */
		bool by_time;			/* another time may have another answer */
	} about;
	enum outcome outcome;
	bool own; /* a duplicate of what the same import brought */
	uint64_t seq;
	bool subject_is_new; /* imports: the person, company or deal was not known before */
	const char *reason;  /* why rejected or skipped: a constant sentence */
};

enum duplicates { DUPLICATES_UPDATE, DUPLICATES_FILL, DUPLICATES_SKIP };

/* Something to be delivered outside (a webhook, a mail), stored in the commit of the touches that
 * it follows from; delivered at least once. */
struct outbox_item {
	uint64_t id; /* given by the journal */
	int64_t due_us;
	uint32_t tries; /* failed ones so far */
	str kind;	/* who delivers it: "webhook", "mail" */
	str body;
};
#define OUTBOX_BODY_BYTES_MAX MIB

/* What one caller submits at once; one commit holds all of it or nothing. */
struct batch {
	struct intake *items;
	size_t n;
	enum trust trust;
	uint64_t import;	    /* 0: live */
	enum duplicates duplicates; /* for imports: what a row of a known subject does */
	bool live;		    /* rules fire (always so when import is 0) */
	str import_state;	    /* stored with the commit when import != 0 and not empty */
	const struct outbox_item *outbox;
	size_t outbox_n;
};

#define BATCH_ITEMS_MAX 10000
/* ---- the writer ------------------------------------------------------------------------------ */

struct journal;
struct people;

struct journal_options {
	struct fs *fs;		     /* NULL: the real one */
	const char *ledger_driver;   /* tests: an SQLite VFS; NULL */
	bool rehearse;		     /* everything happens in memory; nothing is stored */
	size_t queue_batches_max;    /* 0: 1024 */
	uint64_t disk_reserve_bytes; /* stop accepting when less is free; 0: 64 MiB */
	/* A tail longer than this is sealed into the archive in the background; 0: JOURNAL_TAIL;
	 * UINT64_MAX: only when journal_seal asks for it. */
	uint64_t tail_touches_max;
};
#define JOURNAL_TAIL ((uint64_t)1 << 19)

/* Opens DIR for writing: takes DIR/lock, applies what was recorded after the last write-back,
 * starts the writer. ERR_CONFLICT: another process has it; ERR_NOT_FOUND: DIR is no data directory.
 */
bool journal_open(const char *dir, const struct journal_options *o, struct journal **j_r,
		  err *e) MUST_CHECK;
/* The same; but where a server has DIR, its journal: every call is carried out there, through
 * DIR/sock. For commands that change data. ERR_CONFLICT: a process that is no server has it. */
bool journal_join(const char *dir, struct journal **j_r, err *e) MUST_CHECK;
/* Lets commands beside this process use the journal, until it is closed: journal_join. */
bool journal_listen(struct journal *j, err *e) MUST_CHECK;
/* Finishes what was accepted, writes back, closes. NULL is fine. */
void journal_close(struct journal **j);

/* Waits until the whole batch is on disk, or until it is clear that it will not be. On true every
 * item has its outcome. ERR_BUSY: the queue or the disk is full; ERR_UNCERTAIN: send it again with
 * the same message ids. */
bool journal_submit(struct journal *j, struct batch *b, err *e) MUST_CHECK;
/* The same without waiting: `done` is told by the writer's thread, which it must not hold up, once
 * the batch is on disk or it is clear that it will not be. Batch and texts are the writer's until
 * then. False: not taken, and `done` is never called. */
typedef void (*submitted_fn)(void *arg, bool ok, const err *e);
bool journal_submit_then(struct journal *j, struct batch *b, submitted_fn done, void *arg,
			 err *e) MUST_CHECK;

/* An import begins: its number. `state` is kept with it (import_state replaces it). ERR_CONFLICT
 * when one was interrupted: resume or undo it first. */
bool journal_import_begin(struct journal *j, str state, uint64_t *import_r, err *e) MUST_CHECK;
/* All that it brought becomes visible together. */
bool journal_import_close(struct journal *j, uint64_t import, str state, err *e) MUST_CHECK;
struct undo_result {
	uint64_t touches;  /* hidden */
	uint64_t subjects; /* people, companies and deals computed anew */
};
/* Takes an import back, also an interrupted one. ERR_NOT_FOUND, or ERR_CONFLICT: undone already. */
bool journal_import_undo(struct journal *j, uint64_t import, struct undo_result *r,
			 err *e) MUST_CHECK;

/* ---- bulk loading: touches of an import that its caller writes into segments himself (load/) */

/* False: of a journal that was joined; what it brings goes through the queue. */
bool journal_bulk_can(const struct journal *j);
/* Where its files are written. */
struct fs *journal_bulk_fs(const struct journal *j);
/* The subjects of all profiles, by number - 1, from mem_alloc; and as of which touch. */
bool journal_bulk_subjects(struct journal *j, uint32_t **subjects_r, size_t *n_r,
			   uint64_t *keyed_seq_r, err *e) MUST_CHECK;
/* Has any other import brought touches that still count? */
bool journal_bulk_has_imports(struct journal *j, uint64_t but, bool *has_r, err *e) MUST_CHECK;
/* Numbers for `n` touches, which nobody else gets. */
bool journal_bulk_reserve(struct journal *j, uint64_t n, uint64_t *first_seq_r, err *e) MUST_CHECK;
/* A file for a segment: its number, and at most 4096 bytes of path. */
bool journal_bulk_file(struct journal *j, uint64_t *number_r, char path[4096], err *e) MUST_CHECK;
/* Where the import keeps what it has read so far, part `k`; these go when it is closed or undone.
 */
bool journal_bulk_spill_path(struct journal *j, uint64_t import, size_t k, char path[4096],
			     err *e) MUST_CHECK;
void journal_bulk_drop(struct journal *j, uint64_t number); /* it will not be added */
/* Adds the segments, which hold `touches` reserved numbers of an open import, and keeps `state`
 * with it: one commit. They show when the import is closed. */
bool journal_bulk_add(struct journal *j, uint64_t import, const struct archive_file *files,
		      size_t n, uint64_t touches, str state, err *e) MUST_CHECK;

/* Takes back one deed that was done by hand, with all that followed from it: it is hidden from
 * every number, earlier values return; touch_undone says so in the journal. Of a touch_undone: does
 * it again. The writer is not held up while the journal is searched. */
#define UNDO_LATER_MAX ((size_t)20)
#define UNDO_CHAIN_MAX ((size_t)20000)
struct touch_undo {
	uint64_t seq; /* the deed; or a touch_undone */
	str by;
	bool anyway; /* also when something later builds on it */
	/* answered */
	uint64_t undone_seq;		/* of the touch that says so */
	uint64_t touches;		/* hidden, or shown again */
	uint64_t subjects;		/* people, companies and deals computed anew */
	uint64_t later[UNDO_LATER_MAX]; /* what builds on it, with ERR_CONFLICT */
	size_t later_n;
};
/* ERR_NOT_FOUND: no such touch. ERR_DENIED: not done by hand. ERR_CONFLICT: taken back already,
 * or something later builds on it (later_n > 0). ERR_LIMIT: too much would have to be read anew. */
bool journal_touch_undo(struct journal *j, struct touch_undo *u, err *e) MUST_CHECK;

/* Configuration by name ("stages", "rule.mql"); the empty value removes. Valid from the next touch.
 * Values of names that begin with "secret." are told by journal_config_watch alone, and wiped when
 * they are replaced; that somebody changed them stays known. */
bool journal_config_set(struct journal *j, str name, str value, str by, err *e) MUST_CHECK;
/* The same for a name that never had a value; ERR_CONFLICT when it had. */
bool journal_config_add(struct journal *j, str name, str value, str by, err *e) MUST_CHECK;
typedef bool (*config_fn)(void *arg, str name, str value, uint64_t from_seq, int64_t from_us,
			  str by);
/* Calls `each` for every value that holds now, before it returns, and from then on for each that
 * was changed (empty: removed), when that is on disk and before the change is answered. On the
 * writer's thread: must not wait. `false` from `each` means nothing. Of a journal that was joined,
 * only its own changes are told later, on the caller's thread. */
bool journal_config_watch(struct journal *j, config_fn each, void *arg, err *e) MUST_CHECK;
/* Not told any more once it returns. */
void journal_config_unwatch(struct journal *j, config_fn each, void *arg);
/* Who changed what, newest first: at most `max` changes older than number `before` (0: all), in the
 * arena. Values of secret names are empty. */
struct config_change {
	uint64_t number;
	str name, value, old; /* old: what held before; empty when nothing did */
	str by;
	int64_t at_us;
	bool first; /* the name had no value before */
};
bool journal_config_history(struct journal *j, uint64_t before, size_t max, struct arena *a,
			    struct config_change **changes_r, size_t *n_r, err *e) MUST_CHECK;
/* What is due for delivery, earliest first, at most `max`; in the arena. It stays in the outbox
 * until journal_outbox_done (delivered, or given up) or journal_outbox_retry (one more try, later).
 */
bool journal_outbox_due(struct journal *j, int64_t now_us, size_t max, struct arena *a,
			struct outbox_item **items_r, size_t *n_r, err *e) MUST_CHECK;
bool journal_outbox_done(struct journal *j, uint64_t id, err *e) MUST_CHECK;
bool journal_outbox_retry(struct journal *j, uint64_t id, int64_t due_us, err *e) MUST_CHECK;
/* Waits until everything accepted so far is in the projections on disk. */
bool journal_flush(struct journal *j, err *e) MUST_CHECK;
/* Moves all but about the newest `keep` touches into the archive, and waits until that is on disk:
 * what was committed together goes together. What an open import brought stays in the tail.
 * ERR_CONFLICT: of a journal that was joined. */
bool journal_seal(struct journal *j, uint64_t keep, err *e) MUST_CHECK;
/* Makes fewer and larger segments of those that are there, as it is done in the background, until
 * no merge is due. */
bool journal_merge(struct journal *j, err *e) MUST_CHECK;
/* Takes touches out of the archive for ever. Afterwards what `touch` holds for, and the ids that
 * `id` holds for, are in no segment and in no file of ids; their numbers stay missing. The caller
 * seals before, and says in the journal and in the projections what becomes of it: verify counts
 * the missing numbers, and replays without them. */
struct journal_drop {
	/* May any touch of it be concerned? NULL: all may. */
	bool (*segment)(void *arg, const struct segment_info *info);
	bool (*touch)(void *arg, const struct touch *t);
	/* NULL: none. The profile stays, its id becomes empty. */
	bool (*id)(void *arg, uint64_t profile, uint8_t kind, str system, str value);
	void *arg;
};
bool journal_drop(struct journal *j, const struct journal_drop *d, uint64_t *touches_r,
		  err *e) MUST_CHECK;
/* A person is erased. At once: nothing of them is in any answer, of now or of an earlier number,
 * and their ids stand for nobody. What their touches said of deals and companies stays, without
 * them. person_erased, about nobody, says that it was done. In the files of the archive their
 * touches are until journal_erase_finish, which happens by itself ERASE_WAIT_US later at most. */
struct erasure {
	uint64_t person; /* any of their profiles */
	str by;
	/* answered */
	uint64_t seq;	   /* of person_erased */
	uint64_t touches;  /* that are gone */
	uint64_t profiles; /* and ids */
	uint64_t kept;	   /* touches that stay with a deal or a company */
};
#define ERASE_WAIT_US	 (20 * 3600 * INT64_C(1000000)) /* done within a day */
#define JOURNAL_ERASURES "erasures"			/* the list, in the directory */
/* ERR_NOT_FOUND: no person. ERR_CONFLICT: an import brings them just now. ERR_LIMIT: too much would
 * have to be read anew. */
bool journal_erase(struct journal *j, struct erasure *x, err *e) MUST_CHECK;
/* No byte of those who were erased is in a file of the directory when it returns true and
 * *waiting_r is 0: else so many erasures wait for an import that is open. Rewrites segments. */
bool journal_erase_finish(struct journal *j, uint64_t *waiting_r, err *e) MUST_CHECK;
/* Erases again in a restored directory, and from its files, who is in the list that another one, of
 * which it is an older state, keeps as DIR/erasures. ERR_INVALID names the line. */
bool journal_erase_again(const char *dir, const char *path, uint64_t *erased_r, err *e) MUST_CHECK;
/* Touches before an instant leave, of people who are no customers and in no deal that was won: at
 * once every answer, and the files before it returns. What a present value comes from stays, what
 * joins people, and what is about a deal. touches_expired, about nobody, says how many went. By
 * itself once a day, with as many months as `privacy` says in "retention". */
struct retention {
	uint64_t touches, people; /* profiles */
	uint64_t waiting;	  /* for an import that is open */
};
#define RETENTION_MONTHS_MAX 1200
int64_t journal_retention_months(str privacy); /* of its JSON text; 0: without end */
int64_t journal_retention_before(int64_t months, int64_t now_us);
bool journal_retain(struct journal *j, int64_t before_us, struct retention *r, err *e) MUST_CHECK;
/* Called on the writer's thread after each commit with the last touch's number; must not wait.
 * Before anything is submitted; one listener. */
void journal_on_commit(struct journal *j, void (*committed)(void *arg, uint64_t last_seq),
		       void *arg);
/* The writer's own view; only while nobody submits, and never of a journal that was joined. */
struct people *journal_people(struct journal *j);

struct journal_numbers {
	uint64_t touches, commits, batches, duplicates, rejected;
	int64_t commit_us_max;
	int64_t commit_us_p999; /* upper bound of a log-scale histogram's class, 1.1 wide */
	uint64_t queue_length;
};
void journal_numbers(struct journal *j, struct journal_numbers *n_r);

/* ---- reading --------------------------------------------------------------------------------- */

/* What is known as of one sequence number: people, configuration and touches. */
struct snapshot;
/* The touch is valid during the call; false ends the walk. */
typedef bool (*touch_fn)(void *arg, const struct touch *t);

/* as_of 0: all that is there. Opens read-only; a running writer is not disturbed. An as_of before
 * the present is computed by replay. ERR_NOT_FOUND: DIR is no data directory. */
bool snapshot_open(const char *dir, uint64_t as_of, struct snapshot **s_r, err *e) MUST_CHECK;
/* One of the present that stays open and follows what is recorded. It keeps no book for rules. */
bool snapshot_open_live(const char *dir, struct snapshot **s_r, err *e) MUST_CHECK;
/* On to the newest touch; costs what is new, about half a microsecond a touch. `each` (may be NULL)
 * is told of every touch applied, visible or not. *reopened_r: too much changed (an import was
 * taken back, a large one closed, millions of touches), it was opened anew and `each` was not told.
 * After a failure it can only be closed. */
bool snapshot_refresh(struct snapshot **s, touch_fn each, void *arg, bool *reopened_r,
		      err *e) MUST_CHECK;
/* Between uses: holds no read transaction until the next refresh, and may not be read. */
void snapshot_rest(struct snapshot *s);
void snapshot_close(struct snapshot **s);
uint64_t snapshot_seq(const struct snapshot *s);
struct people *snapshot_people(struct snapshot *s);
/* The last touch whose received time is at or before `at_us`. */
bool snapshot_seq_at(struct snapshot *s, int64_t at_us, uint64_t *seq_r, err *e) MUST_CHECK;

/* One touch by its number, in the arena, also a hidden one. ERR_NOT_FOUND. */
bool snapshot_touch(struct snapshot *s, uint64_t seq, struct arena *a, struct touch *t_r,
		    err *e) MUST_CHECK;
/* Hidden because it was taken back: the number of the touch_undone that says so; 0: it was not. */
uint64_t snapshot_undone_by(const struct snapshot *s, uint64_t seq);
/* What is taken back now and is about one of the profiles for which `about` holds, in the order in
 * which it was taken back: the touch's number, and that of the touch_undone. */
void snapshot_undone_each(const struct snapshot *s, bool (*about)(void *arg, uint64_t profile),
			  void (*each)(void *arg, uint64_t seq, uint64_t undone_seq), void *arg);
/* Whom a touch_undone or touch_redone is about: profiles, whose values and counts it changed. For
 * whoever keeps something beside the snapshot and follows by snapshot_refresh's `each`. */
void snapshot_undone_subjects(const struct snapshot *s, const struct touch *t,
			      const uint64_t **profiles_r, size_t *n_r);
/* The same of every taking back, or doing again, of a number after `seq`. */
void snapshot_undone_since(const struct snapshot *s, uint64_t seq,
			   void (*each)(void *arg, uint64_t profile), void *arg);
/* The touches that it hid, or showed again. */
void snapshot_undone_touches(const struct snapshot *s, const struct touch *t,
			     const uint64_t **seqs_r, size_t *n_r);
/* Erasures of which files still hold something, and since when the oldest waits (0: none does). */
void snapshot_erasures(const struct snapshot *s, uint64_t *done_r, uint64_t *waiting_r,
		       int64_t *since_us_r);
struct retention_state {
	int64_t months;	  /* 0: without end */
	int64_t last_us;  /* when it was done last; 0: never */
	uint64_t waiting; /* touches that are in no answer, and still in files */
};
bool snapshot_retention(const struct snapshot *s, struct retention_state *r, err *e) MUST_CHECK;
/* Is this touch, however it was come by, counted? Not: imports open or undone, what was undone. */
bool snapshot_shows(const struct snapshot *s, const struct touch *t);

/* Every visible touch (imports closed and not undone, nothing taken back), in order of seq. */
bool snapshot_scan(struct snapshot *s, touch_fn each, void *arg, err *e) MUST_CHECK;

/* The same from one number to another, both included. */
bool snapshot_scan_from(struct snapshot *s, uint64_t from_seq, uint64_t to_seq, touch_fn each,
			void *arg, err *e) MUST_CHECK;

/* The touches of these numbers, ascending; those that are hidden or not there are left out. Reads
 * only the records that hold them. */
bool snapshot_touches(struct snapshot *s, const uint64_t *seqs, size_t n, touch_fn each, void *arg,
		      err *e) MUST_CHECK;

/* Of every touch from `from_seq` to `to_seq`, hidden ones too, only who, when and what. */
struct touch_head {
	uint64_t seq;
	int64_t at_us;
	str name; /* of equal names in a row, the same bytes */
	uint64_t person, company, deal;
	uint64_t import;
	bool hidden; /* its import is open or was taken back, or it was itself */
};
typedef bool (*head_fn)(void *arg, const struct touch_head *h);
bool snapshot_heads(struct snapshot *s, uint64_t from_seq, uint64_t to_seq, head_fn each, void *arg,
		    err *e) MUST_CHECK;

/* ---- in columns ---------------------------------------------------------------------------- */

/* All touches up to snapshot_seq, hidden ones too, as segments: the archive's, and behind them the
 * tail's, in memory, older ones first. They stay until the snapshot is refreshed or closed; the
 * tail's are shared by all snapshots of one directory. */
struct snapshot_segment {
	struct segment *segment;
	bool hidden;	  /* all of it is: an import that is open or was taken back */
	bool some_hidden; /* ask snapshot_hides_row of each row */
};
bool snapshot_segments(struct snapshot *s, const struct snapshot_segment **segments_r, size_t *n_r,
		       err *e) MUST_CHECK;
bool snapshot_hides_row(const struct snapshot *s, uint64_t seq, uint64_t import);

struct archive_numbers {
	uint64_t sealed_seq; /* up to there touches are in the archive */
	uint64_t tail_touches;
	uint64_t segments, touches, bytes; /* of the archive */
	uint64_t dropped;
};
void snapshot_archive_numbers(const struct snapshot *s, struct archive_numbers *n_r);

struct import_info {
	uint64_t from_seq, closed_seq; /* where its touches stand; 0: still open */
	uint64_t undone_seq;	       /* 0: not undone */
	uint64_t import;
	bool closed, undone;
	int64_t begun_us;
	uint64_t touches;
	str state;
};
bool snapshot_imports(struct snapshot *s, struct arena *a, struct import_info **imports_r,
		      size_t *n_r, err *e) MUST_CHECK;
/* The value of a configuration name; empty when it was never set, and for secret names. In the
 * arena. */
bool snapshot_config(struct snapshot *s, str name, struct arena *a, str *value_r,
		     err *e) MUST_CHECK;
/* Every value that holds; no secret names. */
bool snapshot_config_each(struct snapshot *s, config_fn each, void *arg, err *e) MUST_CHECK;

/* Replays the journal into empty projections and compares with what is stored; reads every page and
 * checksum. `say` gets one sentence per difference. *differences_r 0: proven. */
bool journal_verify(const char *dir, void (*say)(void *arg, const char *sentence), void *arg,
		    uint64_t *differences_r, uint64_t *touches_r, err *e) MUST_CHECK;

/* ---- backups (docs/format/backup.md) --------------------------------------------------------- */

struct backup_result {
	uint64_t seq;	/* all touches up to there are in it */
	uint64_t bytes; /* of the file */
	int64_t made_us;
};
typedef void (*backup_progress)(void *arg, uint64_t seq, uint64_t seq_last);
/* One file that holds all of DIR as of one touch, while a server may go on writing. The file is
 * there whole or not at all. ERR_CONFLICT: `path` is there and is no backup. */
bool journal_backup(const char *dir, const char *path, backup_progress progress, void *arg,
		    struct backup_result *r, err *e) MUST_CHECK;
/* Makes DIR, which has to be empty or missing, what the backup holds; whole or not at all.
 * ERR_CORRUPT names the place. */
bool journal_restore(const char *path, const char *dir, backup_progress progress, void *arg,
		     struct backup_result *r, err *e) MUST_CHECK;
/* When a backup of DIR was last finished; 0 never. */
int64_t journal_backup_last(const char *dir);

/* Makes DIR a data directory (empty or missing before). ERR_CONFLICT: something else is in it. */
bool journal_init(const char *dir, err *e) MUST_CHECK;

#endif
