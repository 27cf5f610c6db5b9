/*
 * subject.h - what is known of one person, company or deal, by column; and what happened to them.
 *
 * What it is:   what the command line and the server both show: a subject with the company's view
 *               beside it, and touches copied out of a scan.
 * Promises:     read only. Texts live in the caller's arena.
 * Threads:      as the snapshot that is read.
 */
#ifndef TRICHTER_PEOPLE_SUBJECT_H
#define TRICHTER_PEOPLE_SUBJECT_H

#include "people/people.h"

struct subject {
	struct subject_view view;
	struct subject_view company;
	bool has_company;
	struct subject_row row;
	struct rule_row rule_row;
};
/* `history`: their touches, for rules with did(...); NULL, 0 when none is needed. The subject must
 * stay where it is while its row is used. */
bool subject_read(struct people *p, uint64_t number, const struct touch *history, size_t history_n,
		  int64_t now_us, struct arena *a, struct subject *s_r, err *e) MUST_CHECK;
/* "person", "name", "company", "stage", "first_source", "touches", any trait. */
value subject_value(const struct subject *s, str column, struct arena *a);
/* What a person is called: their name, else their e-mail address, else another id. */
str subject_name(const struct subject_view *v, struct arena *a);
const char *id_kind_name(enum id_kind kind);
/* "hubspot:12", or the value alone. In the arena. */
str id_text(const struct profile_id *id, struct arena *a);

/* ---- touches of one or many subjects --------------------------------------------------------- */

struct history {
	struct touch *touches; /* by (subject, time) */
	uint64_t *subjects;    /* of each touch */
	size_t n;
};
/* Every visible touch for which `keep` names a subject (0: none), copied into the arena. */
typedef uint64_t (*history_keep)(void *arg, const struct touch *t);
bool history_gather(struct snapshot *s, history_keep keep, void *arg, struct arena *a,
		    struct history *h_r, err *e) MUST_CHECK;
/* Those of one person, for which `keep` names it; reads no others than theirs and those of whoever
 * was ever joined with them. */
bool history_of_person(struct snapshot *s, uint64_t person, history_keep keep, void *arg,
		       struct arena *a, struct history *h_r, err *e) MUST_CHECK;
/* The touches of one subject: a part of h->touches. */
const struct touch *history_of(const struct history *h, uint64_t subject, size_t *n_r);

#endif
