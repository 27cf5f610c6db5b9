/*
 * past_int.h - what subjects did, for rules that ask.
 *
 * What it is:   private to funnel/: where the touches stand that a rule's did(...) asks about, by
 *               subject; read when the rule is held against one.
 * Promises:     a touch is noted in 16 bytes, and unpacked when somebody asks.
 * Threads:      one at a time.
 */
#ifndef TRICHTER_FUNNEL_PAST_INT_H
#define TRICHTER_FUNNEL_PAST_INT_H

#include "funnel/gather_int.h"

#define DIDS_MAX 64

struct past {
	str dids[DIDS_MAX]; /* names that the rule asks about */
	size_t dids_n;	    /* more than DIDS_MAX: about every touch */
	bool asks_any;
	VEC(struct strayed) notes; /* by subject, once sorted */
	size_t notes_max;
	struct arena texts;
	VEC(struct touch) touches; /* of the subject that was read */
};
void past_init(struct past *p, const struct rule *where, size_t bytes_max);
void past_fini(struct past *p);
bool past_asks(const struct past *p, str name);
bool past_note(struct past *p, uint32_t subject, uint64_t ref, err *e) MUST_CHECK;
void past_sort(struct past *p);
/* The subject's touches into p->touches, in their total order. */
bool past_read(struct past *p, struct worker *w, uint64_t subject, err *e) MUST_CHECK;

#endif
