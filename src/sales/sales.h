/*
 * sales.h - what people do by hand with their leads, companies and deals.
 *
 * What it is:   from what somebody asks for ("disqualify, no budget") to the one touch that says
 *               so; what is agreed (stages, reasons, outcomes, who may own) as configuration.
 * Promises:     one deed is one touch, with who did it; what follows from it names it as its cause,
 *               so that taking it back takes everything back. What is asked for is checked whole
 *               before anything is written; an error names the field.
 * Threads:      nothing shared; people as their snapshot.
 */
#ifndef TRICHTER_SALES_H
#define TRICHTER_SALES_H

#include "people/people.h"

#define SALES_NOTE_BYTES_MAX   ((size_t)10000)
#define SALES_LINE_BYTES_MAX   ((size_t)500) /* a reason's text, a next step */
#define SALES_VALUE_BYTES_MAX  ((size_t)1000)
#define SALES_NAME_BYTES_MAX   ((size_t)200)
#define SALES_FIELDS_MAX       ((size_t)100)
#define SALES_WORDS_MAX	       ((size_t)64) /* stages, reasons, outcomes */
#define SALES_OWNERS_MAX       ((size_t)1000)
#define SALES_AMOUNT_MINOR_MAX INT64_C(1000000000000000)

/* ---- what is agreed -------------------------------------------------------------------------- */

struct sales_words {
	const str *items;
	size_t n;
};
struct sales_owner {
	uint64_t user;
	str name;
};
/* Configuration as of a snapshot; defaults where nobody has set anything (DOMAIN.md). */
struct sales_rules {
	struct sales_words stages;	/* the line, without visitor */
	struct sales_words deal_stages; /* of open deals, in order */
	struct sales_words disqualify;	/* valid reasons */
	struct sales_words loss;
	struct sales_words outcomes; /* of calls */
	const struct sales_owner *owners;
	size_t owners_n;
	char currency[4]; /* the workspace's */
};
bool sales_rules_load(struct snapshot *s, struct arena *a, struct sales_rules *r_r,
		      err *e) MUST_CHECK;
bool sales_has_word(const struct sales_words *words, str word);
/* "lead, mql, sal": names of a list of configuration, trimmed, in the arena. */
bool sales_words_parse(str text, struct arena *a, struct sales_words *words_r, err *e) MUST_CHECK;

/* ---- deeds ----------------------------------------------------------------------------------- */

/* What somebody asks for. Texts are borrowed. */
struct sales_ask {
	struct people *people;
	const struct sales_rules *rules;
	enum entity entity;
	uint64_t subject;	   /* 0: something new is to be made */
	str action;		   /* "accept", "won", ...; sales_actions lists them */
	const struct prop *fields; /* as given; VALUE_NONE takes a value away */
	size_t fields_n;
	str by; /* "user:3" */
	int64_t now_us;
};

/* What is to be written: the first is the deed, the others follow from it. In the arena. */
struct sales_deed {
	struct intake *items;
	size_t n;
};

/* One of the actions. ERR_INVALID: *field_r names the field that is wrong (empty: the action);
 * ERR_CONFLICT: it is so already, or does not go from here; ERR_NOT_FOUND: no such subject. */
bool sales_act(const struct sales_ask *q, struct arena *a, struct sales_deed *d_r, str *field_r,
	       err *e) MUST_CHECK;
/* Sets values: names, addresses, traits that the workspace has. Errors as sales_act. */
bool sales_update(const struct sales_ask *q, struct arena *a, struct sales_deed *d_r, str *field_r,
		  err *e) MUST_CHECK;
/* Makes a person, company or deal. ERR_CONFLICT: the address, domain or name is somebody's. */
bool sales_create(const struct sales_ask *q, struct arena *a, struct sales_deed *d_r, str *field_r,
		  err *e) MUST_CHECK;
/* Names of the actions of an entity, in the order in which screens show them. */
size_t sales_actions(enum entity entity, str actions_r[static 16]);

/* Joins two people, or takes a profile out of its person again. */
bool sales_merge(const struct sales_ask *q, uint64_t with, str reason, struct arena *a,
		 struct sales_deed *d_r, str *field_r, err *e) MUST_CHECK;
bool sales_unmerge(const struct sales_ask *q, uint64_t profile, str reason, struct arena *a,
		   struct sales_deed *d_r, str *field_r, err *e) MUST_CHECK;

/* Writes the deed; *seq_r is its number, by which it is taken back. `message_id` (or empty) keeps
 * it from being written twice: ERR_CONFLICT when it is known already. */
bool sales_write(struct journal *j, struct sales_deed *d, str message_id, uint64_t *seq_r,
		 err *e) MUST_CHECK;

/* ---- texts from people ----------------------------------------------------------------------- */

enum sales_text { SALES_LINE, SALES_LINES };
/* NULL, or what is wrong with it, to stand behind the field's name: too long, no UTF-8, characters
 * that are not seen (controls, changes of direction). */
const char *sales_text_fault(str text, enum sales_text kind, size_t bytes_max);

#endif
