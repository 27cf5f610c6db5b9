/*
 * reconcile_int.h - a list from another system beside what is counted here.
 *
 * What it is:   api_reconcile.c reads the list and prints the answer; reconcile.c finds out who is
 *               meant by each line, and why they are counted or not.
 * Promises:     every line gets one verdict and one sentence.
 * Threads:      one request's.
 */
#ifndef TRICHTER_SERVER_RECONCILE_INT_H
#define TRICHTER_SERVER_RECONCILE_INT_H

#include "base/map.h"
#include "server/funnel_int.h"

#define RECONCILE_IDS_MAX      10000
#define RECONCILE_ID_BYTES_MAX 512
#define RECONCILE_MISSING_MAX  10000

enum verdict {
	VERDICT_COUNTED,
	VERDICT_PASSED_OVER, /* counted, because a later stage was entered */
	VERDICT_SAME,	     /* the same person as an earlier line */
	VERDICT_UNKNOWN,
	VERDICT_AMBIGUOUS, /* a name that several have */
	VERDICT_HIDDEN,	   /* known only from an import that was taken back */
	VERDICT_NEVER,
	VERDICT_DISQUALIFIED, /* before they could */
	VERDICT_OUTSIDE,      /* entered, not in the period */
	VERDICT_OUT_OF_ORDER,
	VERDICTS_N
};
const char *verdict_word(enum verdict v);

struct line {
	str given;
	uint64_t person; /* 0: nobody */
	str name;
	bool counted;
	enum verdict verdict;
	size_t same_as; /* VERDICT_SAME: the earlier line */
	uint64_t alike; /* VERDICT_AMBIGUOUS: how many */
	str stage_now;	/* "" none */
	str reason;	/* of a disqualification */
	int64_t at_us;	/* of what the sentence tells */
	bool by_name;
};

struct reconcile {
	struct arena *a;
	struct snapshot *snapshot;
	const struct funnel_result *r;
	size_t row;
	struct line *lines;
	size_t lines_n;
	struct funnel_person *counted; /* here, the latest first */
	size_t counted_n;
	struct map64 counted_at; /* person -> place in `counted` */
	struct map64 line_of;	 /* person -> 1 + the first line that means them */
	bool names_left_out;	 /* too many people to look names up */
};
bool reconcile_run(struct reconcile *c, err *e) MUST_CHECK;
void reconcile_say(const struct reconcile *c, const struct line *l, enum language language,
		   struct buf *out);

#endif
