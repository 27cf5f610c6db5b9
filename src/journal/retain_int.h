/*
 * retain_int.h - retention among the parts of journal/.
 *
 * What it is:   retain_search.c finds which touches leave, retain.c hides them, a commit for a
 *               part of them, and has them dropped as what was erased (erase_end.c).
 */
#ifndef TRICHTER_RETAIN_INT_H
#define TRICHTER_RETAIN_INT_H

#include "journal/journal_int.h"

#define META_RETAINED 6 /* when it ran to its end last, microseconds */

struct leaving {
	uint64_t person, company, seq, import;
};

/* What one reading of the journal found: at most RETAIN_ROUND touches. */
#define RETAIN_ROUND ((size_t)1000000)
struct leavers {
	VEC(struct leaving) items; /* by person, seq */
	bool more;
};

enum retain_step { RETAIN_ASK, RETAIN_HIDE, RETAIN_DONE };
/* The writer's part of it: one commit. */
struct retaining {
	enum retain_step step;
	int64_t months, last_us; /* RETAIN_ASK: answered */
	struct taking_back b;	 /* RETAIN_HIDE */
	VEC(uint64_t) persons;	 /* profiles, rising */
	VEC(uint64_t) subjects;	 /* whom each belonged to */
	VEC(uint64_t) imports;	 /* in turn: an import, how many touches of it */
	struct map64 set;	 /* the persons */
};

/* Reads everything up to the store's end; in order of person. */
bool retain_search(struct store *s, int64_t before_us, struct leavers *found, err *e) MUST_CHECK;
/* items[from..to) as a part that the writer can hide. ERR_LIMIT: too much is known of them. */
bool retain_part(struct store *s, const struct leavers *found, size_t from, size_t to,
		 uint64_t undone_version, struct retaining *x, err *e) MUST_CHECK;
void retaining_fini(struct retaining *x);
bool retain_run(struct journal *j, struct job *job, err *e) MUST_CHECK;
/* Whatever is due is done; for who holds the sealer's lock. */
bool retain_all(struct journal *j, int64_t before_us, struct retention *r, err *e) MUST_CHECK;
/* The same when the period says so and it did not run for ERASE_WAIT_US. */
bool retain_when_due(struct journal *j, int64_t now_us, err *e) MUST_CHECK;

#endif
