/*
 * fast_kit_int.h - the pieces of the fast path.
 *
 * What it is:   private to fast*.c. A thread takes a range of subjects, from it one batch after
 *               another: of each segment a part (the touches that fill a step, found in the names,
 *               and their times), of several parts one, then how far each subject came.
 * Threads:      a worker has a bench of its own; the job is read by all.
 */
#ifndef TRICHTER_FAST_KIT_INT_H
#define TRICHTER_FAST_KIT_INT_H

#include "funnel/fast_int.h"

/* A batch ends at so many touches of one segment, so that what was found of it stays in a core's
 * second cache. A subject that has more is a batch of its own. */
#define BATCH_TOUCHES ((uint64_t)65536)
#define WINDOW_ROWS   ((size_t)2048) /* subjects that are unpacked at a time; a batch has no more */
#define ARRAY_SLACK   ((size_t)64)   /* items that may be written behind the last */
#define WORD_ROWS     ((size_t)64)
#define BLOCK_WORDS   (COLFILE_BLOCK_ROWS / WORD_ROWS)

/* What a touch is, by its name: a step, or one of these. */
#define CLASS_BY_VALUE 0x40
#define CLASS_NONE     0xff
/* Beside the steps, of which there are `n`: a touch that fills none, and one that would begin a
 * chain, but does so after the period. */
#define STEP_NOTHING(n) ((uint8_t)(n))
#define STEP_LATE(n)	((uint8_t)((n) + 1))

/* Earlier than any time by more than any window; differences of all of them fit. */
#define NEVER_US      (-(INT64_C(1) << 61))
#define WINDOW_MAX_US (INT64_C(1) << 60)

/* ---- what an instruction set does (fast_plain.c, fast_avx2.c, fast_avx512.c) ----------------- */

/* Looks for names in one block. */
struct find {
	const uint8_t *codes;	 /* `width` bits each; COLFILE_SLACK bytes behind the last */
	unsigned width;		 /* 4, 8, 16 or 32 */
	const uint8_t *class_of; /* by code: 256, or as many as there are names when that is more */
	size_t classes_n;
	const uint64_t *hidden; /* of the block; NULL none */
	/* The high bytes of the times, and which of them may lie in the period; NULL: all do. */
	const uint8_t *high;
	uint8_t high_min, high_max;
	/* Step 0 behind this one is `late`: it lies behind the period. */
	uint8_t begin_max, late;
	uint32_t first_pos; /* of the block's row 0, modulo 2^32 */
	size_t first_word;  /* of the part, for the word that holds row `from` */
};
/* What was found: with ARRAY_SLACK items of room behind the last. */
struct found {
	uint8_t *step;
	uint8_t *high;	/* of the times; only with find.high */
	uint32_t *pos;	/* rows since the first of the part */
	uint64_t *bits; /* a bit for each row, by word of the part, and ... */
	uint32_t *rank; /* ... how many were found before the word */
	size_t n;
};
/* Times of what was found in one block, which is PACKED or SPLIT. */
struct times {
	const struct column_block *block;
	const uint32_t *pos;
	const uint8_t *high; /* of each; SPLIT */
	uint32_t sub;	     /* what to take off a position for the row in the block, modulo 2^32 */
	size_t n;
	int64_t *at; /* with ARRAY_SLACK items of room */
};
/* Levels from steps that come one to a touch. */
struct walk {
	const uint8_t *step; /* or NOTHING, LATE */
	const int64_t *at;
	const uint32_t *begin, *end; /* of each subject's touches */
	size_t n;		     /* subjects */
	size_t steps_n;
	int64_t window_us;
	uint8_t *level;
	int64_t *complete_us; /* when that level was first reached; NULL: not asked */
};
/* For each subject whose level is not 0, where its reported chain begins: the first touch of step 0
 * no earlier than complete_us - window and from_us. */
struct entries {
	const struct walk *walk;
	int64_t from_us;
	uint32_t *index;
};
/* Subjects with touches `begin` to `end`, by their places. */
struct choice {
	uint8_t late; /* as good as step 0 */
	uint8_t *step, *high;
	uint32_t *pos;
	uint32_t *begin, *end, *place;
	size_t n;
};
/* Where each subject's touches end, in what was found: their number before row[i + 1]. */
struct ends {
	const uint64_t *row;
	size_t n;
	uint64_t first_row;
	const uint64_t *bits;
	const uint32_t *rank;
	uint32_t *end;
};
/* What lies outside of [from, until) is made to fill no step, and so is a step 0 at `to` or later.
 */
struct keep {
	uint8_t *step;
	const int64_t *at;
	size_t n;
	int64_t from_us, until_us, to_us;
	uint8_t nothing, late;
};
/* Of all steps within the window: none; the first of them at `to` or later, as far as was seen; the
 * first of them before. */
enum { ANY_NONE, ANY_MAYBE, ANY_SURE = 3 };
/* `n` touches to another place, all from one part; with ARRAY_SLACK items of room behind them
 * there, and as many that may be read behind those here. */
struct append {
	const uint8_t *from_step;
	const int64_t *from_at;
	const uint32_t *from_pos;
	uint8_t *step;
	int64_t *at;
	uint32_t *pos, *src;
	uint32_t part;
	size_t n;
};
struct fast_kit {
	void (*find)(const struct find *f, size_t from, size_t to, struct found *r);
	void (*times)(const struct times *t);
	void (*walk)(const struct walk *w);
	void (*entries)(const struct entries *r);
	/* Whether there are touches of all steps within the window, in any order: ANY_... */
	void (*any)(const struct walk *w, int64_t to_us, uint8_t *any_r);
	/* Copies touches behind others. */
	void (*append)(const struct append *a);
	/* Drops subjects without a touch of step 0; some of them may stay. */
	void (*prune)(struct choice *c);
	/* Moves touches together, so that only those of the subjects are left. How many. */
	size_t (*pack)(struct choice *c);
	void (*ends)(const struct ends *r);
	void (*keep)(const struct keep *k);
	/* Whether two neighbours are equal. */
	bool (*repeats)(const int64_t *at, size_t n);
};
extern const struct fast_kit fast_plain, fast_avx2, fast_avx512;
const struct fast_kit *fast_kit_used(void);

/* ---- the job and its workers (fast.c) -------------------------------------------------------- */

/* A segment with what follows from the question. */
struct prepared {
	const struct fast_segment *s;
	uint32_t number;
	uint64_t rows, subjects;
	uint8_t *class_of;
	size_t classes_n;  /* names */
	uint64_t wanted;   /* bit c % 64 for each code c that is not CLASS_NONE */
	bool all_by_steps; /* no name looks at a value */
	bool few_begin;	   /* many subjects have no touch of step 0 */
};
struct job {
	const struct fast_question *q;
	const struct fast_kit *kit;
	struct prepared *segments;
	size_t segments_n;
	bool wide;		   /* a touch may fill several steps; the lifecycle always is */
	bool chains;		   /* the reported chain is asked for, not levels alone */
	int64_t from_us, until_us; /* what lies outside can be in no chain */
	int64_t window_us;
	uint64_t batch_touches;
	/* Ranges of subjects, for whoever comes first. */
	uint64_t *bounds;
	size_t ranges_n;
	atomic_size_t next;
	atomic_bool failed;
	atomic_size_t bytes; /* of working memory, all workers together */
	size_t bytes_max;
};

/* Memory that is kept from batch to batch, and grows. */
struct room {
	void *p;
	size_t bytes;
};
/* At least so many items; what was in it is lost when it grows. */
bool room_for(struct job *j, struct room *r, size_t n, size_t item_bytes, err *e) MUST_CHECK;
void room_fini(struct room *r);

/* ---- subjects of a segment, one window after another (fast_cursor.c) ------------------------- */

struct cursor {
	const struct prepared *p;
	uint64_t next;	    /* subject that comes next: its place in the segment's table */
	uint64_t row;	    /* its first touch */
	uint64_t window_at; /* place of the window's first */
	size_t window_n;
	int64_t subject[WINDOW_ROWS];
	int64_t count[WINDOW_ROWS];
	uint64_t begin[WINDOW_ROWS + 1]; /* where the touches of each begin */
};
/* To the first subject whose number is at least `lo`. */
bool cursor_seek(struct cursor *c, const struct prepared *p, uint64_t lo, err *e) MUST_CHECK;
/* False: there is none. Has the window hold the next subject. */
bool cursor_load(struct cursor *c, bool *more_r, err *e) MUST_CHECK;
/* Whether the next subject, which is loaded, lies below. */
static inline bool cursor_has(const struct cursor *c, uint64_t bound)
{
	return c->next < c->p->subjects && (uint64_t)c->subject[c->next - c->window_at] < bound;
}
/* The number below which a batch may take subjects from here. */
uint64_t cursor_bound(const struct cursor *c, uint64_t batch_touches);

/* ---- one segment's share of a batch (fast_part.c) -------------------------------------------- */

/* One block of a part. */
struct piece {
	size_t number;	 /* of the block */
	size_t from, to; /* rows in it */
	struct column_block name, at;
	struct find find;
	size_t found_from; /* what was found in it begins there */
	bool wanted;
};
struct part {
	const struct prepared *p;
	size_t n;	/* subjects of which something was found; in the lifecycle all */
	size_t taken_n; /* subjects */
	const int64_t *subject;
	uint64_t first_row; /* of the word that holds the first touch */
	struct room begins, ends, places, subjects, pieces;
	struct room steps, masks, poses, highs, ats, bits, ranks;
	const uint64_t *row;   /* taken_n + 1: where each taken subject's touches begin */
	uint32_t *begin, *end; /* of each subject, in what was found */
	uint32_t *place;       /* among those taken */
	struct piece *piece;
	size_t pieces_n;
	uint32_t *mask; /* wide */
	int64_t *at;
	struct found found;
	struct ints_cursor when, value, group;
	struct room codes;   /* names that are not read in place */
	struct room visits;  /* lifecycle */
	uint64_t *visit_row; /* first touch in the period, or UINT64_MAX */
};
void part_init(struct part *p);
void part_fini(struct part *p);
/* Takes the subjects below `bound` out of the cursor and finds their touches. `alone`: no other
 * segment has touches of them. */
bool part_take(struct job *j, struct part *p, struct cursor *c, uint64_t bound, bool alone,
	       err *e) MUST_CHECK;

/* ---- what was found of all segments (fast_merge.c) ------------------------------------------- */

struct bundle {
	size_t n; /* subjects */
	const int64_t *subject;
	const uint32_t *begin, *end;
	size_t touches_n;
	uint8_t *step;	/* narrow */
	uint32_t *mask; /* wide */
	int64_t *at;
	uint32_t *pos;
	uint32_t *src; /* which part; NULL: the first */
	bool *crossed; /* touches of several segments at one instant; NULL: none */
	struct part *parts;
	size_t parts_n;
	/* lifecycle: the first touch in the period; row UINT64_MAX: none */
	int64_t *visit_at;
	uint64_t *visit_row;
	uint32_t *visit_src;
	struct room subjects, begins, ends, steps, masks, ats, poses, srcs, crosses;
	struct room visit_ats, visit_rows, visit_srcs;
	struct room spare[4]; /* for sorting */
};
void bundle_init(struct bundle *b);
void bundle_fini(struct bundle *b);
bool bundle_merge(struct job *j, struct bundle *b, struct part *parts, size_t n, err *e) MUST_CHECK;
/* Puts touches of one instant in the order of their steps. */
bool bundle_settle(struct job *j, struct bundle *b, err *e) MUST_CHECK;

/* ---- how far each subject came (fast_level.c, fast_line.c) ----------------------------------- */

struct worker {
	struct job *job;
	unsigned number;
	struct cursor *cursors;
	struct part *parts;
	size_t parts_n;
	struct bundle batch;
	struct room levels, completes, touches, indexes, anys;
	uint8_t *level;
	int64_t *complete_us;
	struct fast_answer answer; /* group_count of its own */
	size_t left_cap;
	bool failed;
	err e;
};
/* Levels of the batch's subjects into the answer. */
bool bundle_count(struct worker *w, err *e) MUST_CHECK;
bool bundle_count_lifecycle(struct worker *w, err *e) MUST_CHECK;
/* Counts one subject, and tells of it. `index` into the batch by row; CHAIN_NONE: passed over. */
bool worker_tell(struct worker *w, uint32_t place, size_t level, const size_t *index,
		 err *e) MUST_CHECK;
bool worker_leave(struct worker *w, uint64_t subject, err *e) MUST_CHECK;

/* The rows of word `w` that lie in [from, to). */
static inline uint64_t word_mask(size_t w, size_t from, size_t to)
{
	uint64_t mask = UINT64_MAX;
	if (w == from / WORD_ROWS)
		mask &= UINT64_MAX << from % WORD_ROWS;
	if (w == to / WORD_ROWS)
		mask &= (UINT64_C(1) << to % WORD_ROWS) - 1;
	return mask;
}

/* For each level the entry of the chain that began last: slot k + 1 takes what slot k has, slot 0
 * is the touch itself. An entry that lies too far back may be handed on all the same: it would only
 * push out an older one, which lies farther back still. Nothing in it depends on the data but the
 * number of touches, so that nothing is guessed wrong. */
#define SLOTS_N (FUNNEL_STEPS_MAX + 3)
static inline __attribute__((always_inline)) void walk_all(const struct walk *w, bool complete)
{
	int64_t slot[SLOTS_N] __attribute__((aligned(64)));
	const uint64_t none = UINT64_C(3) << w->steps_n; /* so that these are never news */
	for (size_t s = 0; s < w->n; s++) {
		const size_t end = w->end[s];
		uint64_t reached = none;
		int64_t when = 0;
		for (size_t k = 0; k < 8; k++)
			slot[k] = NEVER_US;
		for (size_t k = 8; k < w->steps_n + 3; k++)
			slot[k] = NEVER_US;
		for (size_t i = w->begin[s]; i < end; i++) {
			size_t k = w->step[i];
			int64_t at = w->at[i];
			slot[0] = at;
			int64_t entry = slot[k];
			slot[k + 1] = entry;
			uint64_t now = reached | (uint64_t)(at - entry <= w->window_us) << k;
			if (complete)
				when = now != reached ? at : when;
			reached = now;
		}
		w->level[s] = (uint8_t)__builtin_popcountll(reached - none);
		if (complete)
			w->complete_us[s] = when;
	}
}

static inline __attribute__((always_inline)) void prune_all(struct choice *c)
{
	size_t n = 0;
	for (size_t s = 0; s < c->n; s++) {
		bool has = false;
		for (size_t i = c->begin[s]; i < c->end[s] && !has; i++)
			has = c->step[i] == 0 || c->step[i] == c->late;
		c->begin[n] = c->begin[s];
		c->end[n] = c->end[s];
		c->place[n] = c->place[s];
		n += has;
	}
	c->n = n;
}

static inline __attribute__((always_inline)) size_t pack_all(struct choice *c)
{
	size_t out = 0;
	for (size_t s = 0; s < c->n; s++) {
		size_t from = out;
		for (size_t i = c->begin[s]; i < c->end[s]; i++, out++) {
			c->step[out] = c->step[i];
			c->pos[out] = c->pos[i];
			c->high[out] = c->high[i];
		}
		c->begin[s] = (uint32_t)from;
		c->end[s] = (uint32_t)out;
	}
	return out;
}

static inline __attribute__((always_inline)) void entries_all(const struct entries *r)
{
	const struct walk *w = r->walk;
	for (size_t s = 0; s < w->n; s++) {
		size_t i = w->begin[s];
		int64_t from = MAX(w->complete_us[s] - w->window_us, r->from_us);
		while (w->level[s] > 0 && (w->step[i] != 0 || w->at[i] < from))
			i++;
		r->index[s] = (uint32_t)i;
	}
}

static inline __attribute__((always_inline)) void ends_all(const struct ends *r)
{
	for (size_t i = 0; i < r->n; i++) {
		uint64_t at = r->row[i + 1] - r->first_row;
		uint64_t before = r->bits[at / WORD_ROWS] & ((UINT64_C(1) << at % WORD_ROWS) - 1);
		r->end[i] = r->rank[at / WORD_ROWS] + (uint32_t)__builtin_popcountll(before);
	}
}

static inline __attribute__((always_inline)) void keep_all(const struct keep *k)
{
	for (size_t i = 0; i < k->n; i++) {
		bool in = k->at[i] >= k->from_us && k->at[i] < k->until_us;
		bool late = k->at[i] >= k->to_us && k->step[i] == 0;
		uint8_t step = late ? k->late : k->step[i];
		k->step[i] = in ? step : k->nothing;
	}
}

static inline __attribute__((always_inline)) uint8_t any_one(const struct walk *w, size_t s,
							     int64_t to_us)
{
	int64_t last[FUNNEL_STEPS_MAX + 2];
	uint8_t any = ANY_NONE;
	for (size_t k = 0; k < w->steps_n + 2; k++)
		last[k] = NEVER_US;
	for (size_t i = w->begin[s]; i < w->end[s]; i++) {
		size_t step = w->step[i] == STEP_LATE(w->steps_n) ? 0 : w->step[i];
		int64_t at = w->at[i], first = at;
		last[step] = at;
		for (size_t k = 0; k < w->steps_n; k++)
			first = MIN(first, last[k]);
		if (at - first <= w->window_us)
			any |= first < to_us ? ANY_SURE : ANY_MAYBE;
	}
	return any;
}

static inline __attribute__((always_inline)) void any_all(const struct walk *w, int64_t to_us,
							  uint8_t *any_r)
{
	for (size_t s = 0; s < w->n; s++)
		any_r[s] = any_one(w, s, to_us);
}

static inline __attribute__((always_inline)) void append_all(const struct append *a)
{
	for (size_t i = 0; i < a->n; i++) {
		a->step[i] = a->from_step[i];
		a->at[i] = a->from_at[i];
		a->pos[i] = a->from_pos[i];
		a->src[i] = a->part;
	}
}

#endif
