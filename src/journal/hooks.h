/*
 * hooks.h - what the journal asks of the layer above it: whose touch is it, and what does it
 * change?
 *
 * What it is:   one table of functions, `journal_hooks`, that the program defines exactly once
 *               (people/ does). The journal calls; it never knows what people are.
 * Promises:     `decide` and `react` are called live only; everything else also in replay, with the
 *               same touches in the same order of seq, except that touches of an import are folded
 *               when it closes. All calls of one `struct people` come from one thread.
 */
#ifndef TRICHTER_JOURNAL_HOOKS_H
#define TRICHTER_JOURNAL_HOOKS_H

#include "base/map.h"
#include "base/vec.h"
#include "journal/journal.h"

/* A profile's number and the id that it stands for. */
struct new_id {
	uint64_t profile;
	uint8_t kind;
	str system;
	str value;
};

#define DECIDED_TOUCHES_MAX 24
#define DECIDED_IDS_MAX	    24

/* What was decided about one intake. Texts live in the caller's arena or the intake. */
struct decided {
	struct touch touch; /* seq, received_us, message id, tie are filled by the journal */
	struct new_id ids[DECIDED_IDS_MAX];
	size_t ids_n;
	struct touch then[DECIDED_TOUCHES_MAX]; /* follow from it, in order */
	size_t then_n;
	enum outcome outcome; /* ACCEPTED, SKIPPED or REJECTED */
	const char *reason;
	bool subject_is_new;
	uint64_t device; /* has changed hands: at another time it might be somebody else's; 0 */
};

/* Rows that go into the next commit; the bytes live in the arena. */
struct writeback {
	struct arena *arena;
	VEC(struct ledger_change) changes;
	VEC(struct ledger_timer_change) timers;
};

struct hooks_env {
	struct ledger *ledger;
	struct fs *fs;
	const char *dir;
	bool read_only; /* nothing is written, not even files beside the ledger */
	bool empty;	/* begin with nothing: replay and rehearsal of an empty journal */
	bool rehearse;
	/* import -> what is known of it; for leaving out what is not visible */
	bool (*import_hidden)(void *arg, uint64_t import);
	/* a touch that was taken back by hand: its joins and separations hold no more */
	bool (*touch_hidden)(void *arg, uint64_t seq);
	void *arg;
};

enum { EFFECT_JOINS = 1, EFFECT_CUTS = 2, EFFECT_ERASED = 4, EFFECT_EXPIRED = 8 };

/* Where the manifest of the files that lie beside the ledger stands, for backups. */
#define HOOKS_META_IDS 10
#define HOOKS_IDS_NAME "ids"

struct journal_hooks {
	/* Loads what the ledger holds. */
	bool (*open)(const struct hooks_env *env, struct people **p_r, err *e);
	void (*close)(struct people **p);

	/* Before a group is decided: fetch what it will need. */
	void (*prepare)(struct people *p, const struct intake *items, size_t n);
	bool (*decide)(struct people *p, const struct batch *b, const struct intake *in,
		       struct arena *a, struct decided *d, err *e);
	/* Rules that now hold: appends to then[]. */
	bool (*react)(struct people *p, const struct touch *t, struct arena *a, struct decided *d,
		      err *e);
	bool (*timer)(struct people *p, const struct ledger_timer_change *timer, int64_t now_us,
		      struct arena *a, struct decided *d, err *e);

	bool (*add_id)(struct people *p, const struct new_id *id, err *e);
	/* Joins, separations, devices: also of touches of imports that are still open. */
	bool (*join)(struct people *p, const struct touch *t, err *e);
	/* Counts and current values. `effect_seq` is the touch's own, or its import's closing
	 * touch's. */
	bool (*fold)(struct people *p, const struct touch *t, uint64_t effect_seq, err *e);
	/* As fold, but only into the subjects that `part` still names; `t` is the whole touch. */
	bool (*refold)(struct people *p, const struct touch *t, const struct touch *part,
		       uint64_t effect_seq, err *e);
	/* Do the touches of this segment do nothing but count? Then all of them are folded at once,
	 * as by fold; `person` is told whom they are about, some several times. */
	bool (*only_counts)(const struct people *p, const struct segment *s);
	bool (*fold_segment)(struct people *p, const struct segment *s, uint64_t effect_seq,
			     bool (*person)(void *arg, uint64_t profile), void *arg, err *e);
	/* An import's visibility changed: joins are computed anew from what is visible. */
	void (*rejoin)(struct people *p);
	/* Forgets the folded values of these subjects (they are folded again). */
	bool (*forget)(struct people *p, const struct map64 *profiles, err *e);
	/* What was forgotten and folded again of these subjects goes into the next commit, whole: a
	 * reader or a restart need not fold them again. */
	bool (*write_now)(struct people *p, const struct map64 *profiles, struct writeback *wb,
			  err *e);
	/* A reader's: these subjects as the disk has them now, since something about them was taken
	 * back; what the reader had folded itself is given up. */
	bool (*reload)(struct people *p, const struct map64 *profiles, err *e);
	/* Separations anew: these touches, in order of seq, are all that hold. */
	bool (*recut)(struct people *p, const struct touch *cuts, size_t n, err *e);
	/* Everybody who is one with this profile, itself included. False: not a person's. */
	bool (*ring)(struct people *p, uint64_t profile, void (*each)(void *arg, uint64_t profile),
		     void *arg);
	/* These profiles' ids are forgotten: they stand for nobody from now on. */
	bool (*erase)(struct people *p, const uint64_t *profiles, size_t n, struct writeback *wb,
		      err *e);
	/* Of a touch about somebody who is erased: does it say something of its deal or company
	 * that stays? Then `kept_r` says that alone, without the person. */
	bool (*keeps)(const struct touch *t, const str *texts, size_t n, struct arena *a,
		      struct touch *kept_r, bool *keeps_r, err *e);
	/* The words by which these profiles are known: of ids and values, in the arena. */
	bool (*texts)(struct people *p, const uint64_t *profiles, size_t n, struct arena *a,
		      const str **texts_r, size_t *texts_n_r, err *e);
	/* Hashes of what was erased leave the files beside the ledger. */
	void (*compact)(struct people *p);
	/* Whoever is a customer, or in a deal that was won: subjects. */
	bool (*buyers)(struct people *p, struct map64 *subjects, err *e);
	/* May this touch of somebody who is none leave when it is old? Not: what still holds. */
	bool (*leaves)(struct people *p, const struct touch *t, bool *leaves_r, err *e);
	/* What taking this touch back changes besides values. */
	unsigned (*effects)(const struct touch *t);
	/* Notes in `keys` which values of whom a touch sets (note), or tells whether it sets one of
	 * those that are there. */
	bool (*sets)(struct people *p, const struct touch *t, bool note, struct map64 *keys,
		     bool *sets_r, err *e);
	/* A configuration value is valid from now on ("rule.*" and others; live and at opening). */
	bool (*configure)(struct people *p, str name, str value, uint64_t from_seq, bool live,
			  err *e);

	uint64_t (*profiles)(const struct people *p);
	/* Whom a profile belongs to now: what segments are sorted by. */
	uint64_t (*subject_of)(const struct people *p, uint64_t profile);
	/* The next profile of the same subject; in the end the first again. */
	uint64_t (*next_of)(const struct people *p, uint64_t profile);
	/* The i-th profile that a device has ever belonged to; 0: there are no more. */
	uint64_t (*device_owner)(const struct people *p, uint64_t device, size_t i);
	/* A reader's own: what was changed before the last call but one is on disk by now, and need
	 * not be kept in memory. */
	void (*settle)(struct people *p);

	/* A new rule looks at what happened before it: only its did() counters are folded. */
	bool (*watch)(struct people *p, const struct touch *t, err *e);

	/* What must be in this commit. */
	bool (*changes)(struct people *p, struct writeback *wb, err *e);
	/* What is written back: in key order, the `share` (0 … 1) of the present sweep that is to
	 * be done by now. *done_r: the sweep is complete, and what was applied before it began is
	 * on disk. */
	bool (*sweep)(struct people *p, double share, struct writeback *wb, bool *done_r, err *e);
	void (*sweep_begin)(struct people *p, uint64_t seq);
	/* Up to where the sweep that was completed last brought the projections on disk. */
	uint64_t (*swept_seq)(const struct people *p);
	bool (*is_dirty)(const struct people *p);
	/* The commit that held the last changes and sweep slices is on disk. */
	void (*committed)(struct people *p);
	/* Everything that lies beside the ledger, before closing. */
	bool (*flush)(struct people *p, struct writeback *wb, err *e);
	uint64_t (*flushed_ids_seq)(const struct people *p);

	/* Compares two; says one sentence per difference. */
	bool (*compare)(struct people *stored, struct people *replayed,
			void (*say)(void *arg, const char *sentence), void *arg,
			uint64_t *differences_r, err *e);
};

extern const struct journal_hooks journal_hooks;

#endif
