/*
 * people_int.h - the parts of people/ among themselves.
 *
 * What it is:   identity (profiles, edges, devices), counts, cells and origins, each with its own
 *               memory and its own rows in the ledger, under one `struct people`.
 * Promises:     numbers of profiles fit 32 bits inside; everything that grows is counted.
 */
#ifndef TRICHTER_PEOPLE_INT_H
#define TRICHTER_PEOPLE_INT_H

#include "base/map.h"
#include "base/thread.h"
#include "base/vec.h"
#include "column/column.h"
#include "journal/hooks.h"
#include "people/people.h"

#define PROFILES_MAX	 UINT32_MAX
#define BLOCK_PROFILES	 64
#define SYSTEM_BYTES_MAX 64
#define ID_BYTES_MAX	 512

/* While rows are read: the first failure ends it. */
struct load_state {
	struct people *p;
	err *e;
	bool failed;
};

/* ---- ids.c: which id stands for which profile ------------------------------------------------ */

/* Profiles are stored in blocks of 64; a block in memory has not been written back yet. */
struct id_block {
	struct buf bytes; /* (kind, system, value) of each profile of the block, in order */
	uint32_t n;
	bool dirty;
};

struct ids {
	struct idmap *map;	       /* hash of (kind, system, value) -> profile */
	VEC(uint8_t) kinds;	       /* by profile - 1 */
	VEC(struct id_block *) blocks; /* by block number; NULL: on disk only */
	uint64_t flushed_seq;	       /* of the journal: the map's runs hold all ids up to there */
	uint64_t flush_begun_seq;
	struct map systems;	  /* of external ids, so that one can be found without naming it */
	struct map64 erased;	  /* profiles that stand for nobody any more */
	struct mutex erased_lock; /* the thread that merges runs asks as well */
	bool manifest_changed;
};

struct hash128 id_key(enum id_kind kind, str system, str value);
bool ids_open(struct people *p, const struct hooks_env *env, err *e) MUST_CHECK;
void ids_close(struct people *p);
bool ids_get(struct people *p, enum id_kind kind, str system, str value, uint64_t *profile_r,
	     bool *found_r, err *e) MUST_CHECK;
/* The id of a profile, in the arena. */
bool ids_of_profile(struct people *p, uint64_t profile, struct arena *a, struct profile_id *id_r,
		    err *e) MUST_CHECK;
bool ids_add(struct people *p, const struct new_id *id, err *e) MUST_CHECK;
bool ids_changes(struct people *p, struct writeback *wb, uint64_t block_from, uint64_t block_to,
		 err *e) MUST_CHECK;
void ids_drop_clean(struct people *p);
/* These profiles (rising) stand for nobody from now on: in memory, and in rows for this commit. */
bool ids_erase(struct people *p, const uint64_t *profiles, size_t n, struct writeback *wb,
	       err *e) MUST_CHECK;
/* A reader's: what the disk says of these profiles. */
bool ids_reload(struct people *p, uint64_t profile, err *e) MUST_CHECK;
void ids_settle(struct people *p, uint64_t profiles_on_disk);
/* Begins, finishes and records what the map writes beside the ledger; `all`: everything, waiting.
 */
bool ids_runs_changes(struct people *p, struct writeback *wb, bool all, err *e) MUST_CHECK;
void ids_committed(struct people *p);

/* ---- joins.c: which profiles are one -----------------------------------------------------------
 */

enum join_why {
	JOIN_IDENTIFY,
	JOIN_ALIAS,
	JOIN_EMAIL,
	JOIN_EXTERNAL,
	JOIN_COMPANY,
	JOIN_BY_HAND,
	JOIN_WHY_N
};

struct edge {
	uint64_t seq;
	uint64_t import;
	int64_t at_us;
	uint32_t a, b;
	uint8_t why;
	bool refused;	/* recorded and shown; joins nothing */
	uint64_t cut;	/* seq of the separation; 0 */
	uint32_t older; /* place of the edge before it between the same two, + 1; 0 none */
};

struct device_owner {
	int64_t from_us;
	uint64_t tie;
	uint64_t seq;
	uint64_t import;
	uint32_t profile;
};
struct device {
	uint32_t profile; /* the anonymous id's */
	bool dirty;
	VEC(struct device_owner) owners; /* by (from, tie) */
};

struct joins {
	VEC(uint32_t) parent; /* by profile - 1; smaller or equal numbers */
	VEC(uint32_t) next;   /* ring of the profiles of one subject */
	/* The same over every edge that ever joined anything, cut and hidden ones too. */
	VEC(uint32_t) wide_parent, wide_next;
	VEC(uint32_t) ever_cut; /* places of edges that were cut at some time */
	VEC(struct edge) edges;
	size_t edges_stored;  /* those before are on disk */
	struct map64 pairs;   /* a << 32 | b (a < b) -> index of the newest edge + 1 */
	struct map64 devices; /* profile -> index of `device_list` */
	VEC(struct device *) device_list;
	VEC(struct device *) devices_dirty;
	VEC(size_t) touched; /* edges changed since the last commit (cut) */
};

enum join_answer {
	JOIN_YES,      /* to be joined now */
	JOIN_SAME,     /* one already, and known why */
	JOIN_EVIDENCE, /* one already, but only by what an import said: record this too */
	JOIN_NO_CUT,   /* separated by hand */
	JOIN_NO_KIND,  /* too many ids of a kind */
	JOIN_NO_IDS,   /* too many ids in all */
	JOIN_NO_KNOWN, /* refused before: nothing new to record */
};

bool joins_open(struct people *p, const struct hooks_env *env, err *e) MUST_CHECK;
void joins_close(struct people *p);
bool joins_add_profile(struct people *p, err *e) MUST_CHECK;
uint32_t joins_root(const struct people *p, uint32_t profile);
uint32_t joins_next(const struct people *p, uint32_t profile);
/* Whoever may ever have been one with this profile: a ring, as joins_next. */
uint32_t joins_wide_next(const struct people *p, uint32_t profile);
enum join_answer joins_ask(struct people *p, uint32_t a, uint32_t b, bool import);
/* Has an id that names somebody: anything but anonymous ids. */
bool joins_is_identified(struct people *p, uint32_t profile);
bool joins_has_kind(struct people *p, uint32_t profile, enum id_kind kind);
bool joins_add(struct people *p, const struct edge *edge, err *e) MUST_CHECK;
bool joins_cut(struct people *p, uint32_t profile, uint64_t seq, err *e) MUST_CHECK;
/* All separations anew: of these profiles, at these touches, in order. */
bool joins_recut(struct people *p, const struct touch *cuts, size_t n, err *e) MUST_CHECK;
/* Whose it became the i-th time; 0: not so often. */
uint32_t joins_device_owner_at(const struct people *p, uint32_t device, size_t i);
/* Whose the device is at that time: the owner's profile, or the device's own. */
uint32_t joins_device_owner(const struct people *p, uint32_t device, int64_t at_us);
bool joins_add_owner(struct people *p, uint32_t device, const struct device_owner *o,
		     err *e) MUST_CHECK;
/* From the log, anew: after a cut, or when an import was shown or hidden. */
void joins_rebuild(struct people *p);
bool joins_changes(struct people *p, struct writeback *wb, err *e) MUST_CHECK;
void joins_committed(struct people *p);
const char *join_why_text(enum join_why why);

/* ---- counts.c: what only counts
 * ------------------------------------------------------------------ */

struct count {
	uint64_t touches;
	int64_t first_us, last_us;
	int64_t first_origin_us, last_origin_us;
	uint32_t first_origin_tie, last_origin_tie; /* the upper halves of the touches' ties */
	uint32_t first_origin, last_origin;	    /* 0: none */
};

struct count_block {
	uint64_t applied_seq; /* every effect up to there is in it */
	struct count items[BLOCK_PROFILES];
};

struct counts {
	VEC(struct count_block *) blocks; /* by (profile - 1) / 64; NULL: nothing counted yet */
	VEC(uint64_t) dirty;		  /* bit per block */
	size_t dirty_n;
};
bool counts_open(struct people *p, const struct hooks_env *env, err *e) MUST_CHECK;
void counts_close(struct people *p);
bool counts_fold(struct people *p, uint32_t profile, const struct touch *t, uint64_t effect_seq,
		 err *e) MUST_CHECK;
/* The same of many touches that were counted already. */
bool counts_add(struct people *p, uint32_t profile, const struct count *c, uint64_t effect_seq,
		err *e) MUST_CHECK;
const struct count *counts_get(const struct people *p, uint32_t profile); /* NULL: none */
void counts_prefetch(const struct people *p, uint32_t profile);
bool counts_forget(struct people *p, uint32_t profile, err *e) MUST_CHECK;
/* The block of this profile as it is on disk. */
bool counts_reload(struct people *p, uint32_t profile, err *e) MUST_CHECK;
bool counts_changes(struct people *p, struct writeback *wb, uint64_t block_from, uint64_t block_to,
		    err *e) MUST_CHECK;
void count_join(struct count *into, const struct count *from);

/* ---- origins.c: sources, numbered
 * ------------------------------------------------------------------ */

#define ORIGINS_MAX (1u << 20)
struct origins {
	struct map numbers;	 /* encoded origin -> number */
	VEC(struct origin) list; /* by number - 1; texts in `texts` */
	VEC(str) channels;	 /* of each */
	struct arena texts;
	size_t stored;
};
bool origins_open(struct people *p, const struct hooks_env *env, err *e) MUST_CHECK;
void origins_close(struct people *p);
/* 0 when the origin is empty or there are too many different ones already. */
bool origins_number(struct people *p, const struct origin *o, uint32_t *number_r,
		    err *e) MUST_CHECK;
str origins_channel(const struct people *p, uint32_t number);
struct origin origins_get(const struct people *p, uint32_t number);
/* A reader's: those that were stored since. */
bool origins_reload(struct people *p, err *e) MUST_CHECK;
bool origins_changes(struct people *p, struct writeback *wb, err *e) MUST_CHECK;

/* ---- cells.c: current values
 * ------------------------------------------------------------------------ */

/* One value with what decides whether another touch may replace it. */
struct cell_state {
	str key;
	value value;
	int64_t at_us;
	uint64_t tie;
	uint64_t seq;
	bool fill;
};
struct cell_row {
	uint32_t profile;
	bool dirty;
	bool urgent; /* must be in the next commit */
	bool listed; /* a reader's: in `changed` or `settling` */
	uint8_t mark;
	char *bytes; /* encoded cells, by key */
	size_t n;
};
struct cells {
	struct ledger *ledger;
	VEC(uint32_t) held; /* by profile - 1: index of rows + 1, or 0 */
	VEC(struct cell_row) rows;
	size_t bytes; /* of all rows held */
	size_t dirty_n;
	VEC(uint32_t) urgent;
	VEC(uint32_t) sweep; /* profiles to be written in this sweep, in order */
	size_t sweep_at;
	/* a reader's: what it applied itself since the last mark, and before it */
	VEC(uint32_t) changed;
	VEC(uint32_t) settling;
	uint8_t mark;
};
#define CELLS_HELD_BYTES_MAX  (512 * MIB)
#define CELLS_PER_SUBJECT_MAX 5000

bool cells_open(struct people *p, const struct hooks_env *env, err *e) MUST_CHECK;
void cells_close(struct people *p);
/* Brings the rows of these profiles into memory, in one call of the ledger. */
bool cells_hold(struct people *p, const uint64_t *profiles, size_t n, err *e) MUST_CHECK;
/* The cells of one profile, in the arena, by key. */
bool cells_get(struct people *p, uint32_t profile, struct arena *a, struct cell_state **cells_r,
	       size_t *n_r, err *e) MUST_CHECK;
bool cells_set(struct people *p, uint32_t profile, struct cell_state *cells, size_t n, bool urgent,
	       err *e) MUST_CHECK;
/* Sets those of `set` (by key) that win over what stands there. Uses `scratch`. */
bool cells_merge(struct people *p, uint32_t profile, const struct cell_state *set, size_t set_n,
		 bool urgent, err *e) MUST_CHECK;
bool cells_forget(struct people *p, uint32_t profile, err *e) MUST_CHECK;
/* True when `b` is to stand in place of `a`. */
bool cell_wins(const struct cell_state *b, const struct cell_state *a);
bool cells_changes(struct people *p, struct writeback *wb, err *e) MUST_CHECK;
void cells_sweep_begin(struct people *p);
bool cells_sweep(struct people *p, double share, struct writeback *wb, bool *done_r,
		 err *e) MUST_CHECK;
void cells_drop_clean(struct people *p);
/* The row goes into this commit if it was changed. */
bool cells_write_now(struct people *p, uint32_t profile, struct writeback *wb, err *e) MUST_CHECK;
/* A held row as it is on disk. */
bool cells_reload(struct people *p, uint32_t profile, err *e) MUST_CHECK;
/* What was changed before the last call but one is on disk. */
void cells_settle(struct people *p);
/* Decodes a stored row. */
bool cells_decode(str bytes, struct arena *a, struct cell_state **cells_r, size_t *n_r,
		  err *e) MUST_CHECK;

/* ---- traits.c: which keys cells have had, for suggestions
 * ------------------------------------------- */

#define TRAITS_MAX 10000
struct traits {
	struct map numbers; /* "p:country" -> 1 */
	VEC(str) names;	    /* with the entity's letter in front */
	struct arena texts;
	bool dirty;
};
bool traits_open(struct people *p, const struct hooks_env *env, err *e) MUST_CHECK;
void traits_close(struct people *p);
bool traits_note(struct people *p, enum entity about, str key, err *e) MUST_CHECK;
bool traits_changes(struct people *p, struct writeback *wb, err *e) MUST_CHECK;

/* ---- fold.c: which touch changes which cells
 * ----------------------------------------------------------- */

#define FOLD_CELLS_MAX (TOUCH_PROPS_MAX + 16)
/* What a touch says about its person, company and deal, as cells by key; n 0: nothing. */
bool fold_cells(const struct touch *t, enum entity about, struct arena *a,
		struct cell_state **cells_r, size_t *n_r, err *e) MUST_CHECK;
/* True for touches that only keep the books (joins, imports): they count for nobody. */
bool touch_is_bookkeeping(str name);

/* ---- rules.c: what follows when a rule holds
 * --------------------------------------------------------------- */

#define RULES_MAX      200
#define RULE_TIMES_MAX 500 /* of one did() and one profile; the newest are kept */
#define DID_KEY_PREFIX "did#"

/* A did(...) whose times are kept per profile, in a cell of this key. */
struct watch {
	str key;
	str name;		  /* of the touch */
	const struct rule *where; /* NULL: all */
	const struct rule_did *did;
};
struct live_rule {
	str name;
	str stage; /* what it enters */
	const struct rule *when;
	uint64_t version; /* sequence number from which it is valid */
	struct arena arena;
	VEC(struct watch) watches;
	bool on_cells; /* depends on current values */
	bool on_time;
};
struct rules {
	VEC(struct live_rule *) list;
	VEC(str) stages; /* the line */
	struct arena stages_arena;
};
bool rules_configure(struct people *p, str name, str value, uint64_t from_seq, bool live,
		     err *e) MUST_CHECK;
void rules_close(struct people *p);
bool rules_react(struct people *p, const struct touch *t, struct arena *a, struct decided *d,
		 err *e) MUST_CHECK;
/* Nobody enters the stage they are in by decision, nor one that the line has behind them. */
bool stage_is_ahead(const struct people *p, value now, str to);
bool stage_is_on_line(const struct people *p, str stage);
bool rules_timer(struct people *p, const struct ledger_timer_change *timer, int64_t now_us,
		 struct arena *a, struct decided *d, err *e) MUST_CHECK;

/* Keeps, for did(), when a watched touch happened to whom. */
bool rules_watch(struct people *p, uint32_t profile, enum entity about, const struct touch *t,
		 err *e) MUST_CHECK;

/* Is a book kept of any touch? */
bool rules_watch_anything(const struct people *p);

/* ---- fold_segment.c: a segment that was loaded in bulk
 * ---------------------------------------------------------------------- */

bool people_only_counts(const struct people *p, const struct segment *s);
bool people_fold_segment(struct people *p, const struct segment *s, uint64_t effect_seq,
			 bool (*person)(void *arg, uint64_t profile), void *arg, err *e) MUST_CHECK;

/* ---- undo.c: when something is taken back
 * ---------------------------------------------------------------------- */

bool undo_write_now(struct people *p, const struct map64 *profiles, struct writeback *wb,
		    err *e) MUST_CHECK;
bool undo_reload(struct people *p, const struct map64 *profiles, err *e) MUST_CHECK;
unsigned undo_effects(const struct touch *t);
bool undo_sets(struct people *p, const struct touch *t, bool note, struct map64 *keys, bool *sets_r,
	       err *e) MUST_CHECK;

/* ---- erase.c: when somebody is erased
 * ---------------------------------------------------------------------- */

bool erase_ring(struct people *p, uint64_t profile, void (*each)(void *arg, uint64_t profile),
		void *arg);
bool erase_texts(struct people *p, const uint64_t *profiles, size_t n, struct arena *a,
		 const str **texts_r, size_t *texts_n_r, err *e) MUST_CHECK;
bool erase_keeps(const struct touch *t, const str *texts, size_t n, struct arena *a,
		 struct touch *kept_r, bool *keeps_r, err *e) MUST_CHECK;
void erase_compact(struct people *p);
/* retain.c */
bool retain_buyers(struct people *p, struct map64 *subjects, err *e) MUST_CHECK;
bool retain_leaves(struct people *p, const struct touch *t, bool *leaves_r, err *e) MUST_CHECK;

/* ---- follows.c: what always follows
 * ---------------------------------------------------------------------- */

/* What a touch brings with it whatever the rules say; appends to then[]. */
bool follows_react(struct people *p, const struct touch *t, struct arena *a, struct decided *d,
		   err *e) MUST_CHECK;

/* ---- compare.c: two projections, for verify
 * ------------------------------------------------------ */

bool people_compare(struct people *stored, struct people *replayed,
		    void (*say)(void *arg, const char *sentence), void *arg,
		    uint64_t *differences_r, err *e) MUST_CHECK;

/* ---- people.c
 * ------------------------------------------------------------------------------------------- */

struct people {
	struct ledger *ledger;
	bool read_only;
	bool (*import_hidden)(void *arg, uint64_t import);
	void *import_arg;
	bool (*touch_hidden)(void *arg, uint64_t seq);
	struct ids ids;
	struct joins joins;
	struct counts counts;
	struct origins origins;
	struct cells cells;
	struct traits traits;
	struct rules rules;
	struct arena scratch; /* for one fold */
	uint64_t ids_per_kind_max;
	uint64_t ids_max;
	uint64_t settle_profiles; /* a reader's: so many when it last settled */
	/* the sweep that is going on */
	uint64_t sweep_seq;
	uint64_t sweep_block, sweep_blocks;
	uint64_t applied_seq;	   /* the newest touch that was folded or joined */
	VEC(uint64_t) import_seen; /* by profile - 1: the last import that said something of it */
	uint64_t row,
		row_import; /* the row that was decided last, and whether its subject was new */
	bool row_is_new;
	VEC(struct ledger_timer_change) timers; /* to be set or removed with the next commit */
};

bool people_decide(struct people *p, const struct batch *b, const struct intake *in,
		   struct arena *a, struct decided *d, err *e) MUST_CHECK;

#endif
