/*
 * source_int.h - segments as a question sees them.
 *
 * What it is:   private to funnel/. For each segment of a snapshot the question's words as the
 *               segment's codes: which steps a name fills, which names have to be looked at more
 *               closely, and on which columns the answer depends then. A lens is one thread's way
 *               into one segment; what it found for the same codes it does not look up twice.
 * Promises:     a touch is unpacked only where codes do not decide. Nothing here knows subjects.
 * Threads:      sources are made once and then only read; a lens belongs to one thread.
 */
#ifndef TRICHTER_FUNNEL_SOURCE_INT_H
#define TRICHTER_FUNNEL_SOURCE_INT_H

#include "base/thread.h"
#include "base/vec.h"
#include "funnel/funnel_int.h"

/* Where a touch stands: its source and its row, as one number. */
#define REF_ROW_BITS	 40
#define REF(source, row) ((uint64_t)(source) << REF_ROW_BITS | (row))
#define REF_SOURCE(ref)	 ((size_t)((ref) >> REF_ROW_BITS))
#define REF_ROW(ref)	 ((ref) & ((UINT64_C(1) << REF_ROW_BITS) - 1))
#define SOURCES_MAX	 ((size_t)1 << (64 - REF_ROW_BITS))

enum {
	NEED_ASK = 1,  /* what it fills is not decided by its name */
	NEED_PAST = 2, /* a rule's did(...) asks about it */
};

/* The columns on which something depends, beside the name. */
#define DEPENDS_MAX 6
struct depends {
	const struct column *columns[DEPENDS_MAX];
	size_t n;
	bool unknown; /* on more than columns of codes: each touch is asked */
};

struct source {
	const struct segment *segment;
	uint64_t rows;
	bool some_hidden; /* or of numbers after the snapshot's */
	bool all_moved;	  /* each touch is asked whose it is */
	struct people_moved moved;
	const uint32_t *mask_of; /* by code of a name: the steps that it fills in any case */
	const uint32_t *exclude_of;
	const uint8_t *need_of;
	struct depends facts, values;
};

struct sources {
	struct snapshot *snapshot;
	const struct plan *plan;
	uint64_t seq;
	struct source *items;
	size_t n;
	uint64_t touches;
	/* numbers of values, of the breakdown and of what is held; shared by all threads */
	struct mutex lock;
	struct dict *values;
	struct dict held;
};
/* `asked`: does a rule ask about touches of that name? NULL: about none. */
bool sources_init(struct sources *s, struct snapshot *snapshot, const struct plan *p,
		  struct dict *values, bool (*asked)(void *arg, str name), void *asked_arg,
		  struct arena *a, err *e) MUST_CHECK;
void sources_fini(struct sources *s);

/* ---- one thread's way into a segment (funnel_lens.c) --------------------------------------- */

struct memo_entry;
struct memo {
	struct memo_entry *slots;
	size_t slots_n, n;
};
/* What a touch says of steps. */
struct facts {
	uint32_t mask, exclude, hold;
};
struct lens {
	const struct source *source;
	struct lenses *all;
	struct ints_cursor at, name, person, company, deal;
	struct ints_cursor facts[DEPENDS_MAX], values[DEPENDS_MAX];
	struct segment_cursor *whole; /* NULL: not needed yet */
	struct memo facts_memo, values_memo;
	bool by_name; /* the breakdown asks for the name, too */
	/* where the walk over subjects stands (funnel_runs.c) */
	uint64_t at_subject, at_row, window_from;
	size_t window_n;
	int64_t *window_subjects, *window_counts;
};
/* All of one thread. */
struct lenses {
	struct sources *s;
	struct lens *items; /* by source */
	struct matcher matcher, excluder;
	struct arena scratch; /* for one touch */
	struct arena own;
};
bool lenses_init(struct lenses *r, struct sources *s, size_t bytes_max, err *e) MUST_CHECK;
void lenses_fini(struct lenses *r);
/* The walk over subjects begins anew. */
void lenses_rewind(struct lenses *r);
/* The touch, whole; valid until the next call. */
bool lens_touch(struct lens *r, uint64_t row, struct touch *t_r, err *e) MUST_CHECK;
bool lens_facts(struct lens *r, uint64_t row, int64_t name, struct facts *f_r, err *e) MUST_CHECK;
/* The number of the breakdown's value. */
bool lens_value(struct lens *r, uint64_t row, uint32_t *number_r, err *e) MUST_CHECK;
/* Is the touch left out of this snapshot's answers? */
bool lens_hides(struct lens *r, uint64_t row, bool *hides_r, err *e) MUST_CHECK;
/* The profile that the touch was about; 0 nobody. `subject`: of its run. */
bool lens_person(struct lens *r, uint64_t row, uint64_t subject, uint64_t *person_r,
		 err *e) MUST_CHECK;

/* ---- runs of subjects (funnel_runs.c) -------------------------------------------------------- */

/* The touches of one subject in one source: `n` rows from `first` on. */
struct run_of {
	uint64_t first;
	uint64_t n;
	uint32_t source;
	bool strayed;  /* touches that may have been of several subjects */
	uint32_t next; /* 1 + the place of the next of this subject, of a later source; 0 none */
};
/* A touch that is counted elsewhere than where it stands. */
struct strayed {
	uint32_t subject;
	uint64_t ref;
};
struct stray_visit {
	int64_t at_us;
	uint64_t ref; /* + 1; 0 none */
};
struct strays {
	VEC(struct strayed) items; /* by subject; of one subject in order of source and row */
	size_t items_max;
	struct stray_visit *visits; /* by subject, where only the first matters; else NULL */
};
/* Of moved subjects each touch, under whose it is now; of companies and deals each touch that
 * matters. */
bool strays_find(struct strays *x, struct lenses *r, err *e) MUST_CHECK;
void strays_fini(struct strays *x);

/* The runs of the subjects from `lo` to `hi` - 1. Ranges come in rising order. */
struct runs {
	struct lenses *lenses;
	const struct strays *strays;
	const uint64_t *only; /* bit per subject that is asked about; NULL: all */
	uint64_t lo, hi;
	uint32_t *first; /* by subject - lo: 1 + place of the first run; 0 none */
	uint64_t first_n;
	VEC(struct run_of) items;
	uint64_t touches; /* of all runs */
};
bool runs_read(struct runs *x, uint64_t lo, uint64_t hi, err *e) MUST_CHECK;
void runs_fini(struct runs *x);

#endif
