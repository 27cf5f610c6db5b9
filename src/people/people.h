/*
 * people.h - who is who, and what is known of them now.
 *
 * What it is:   identity (ids -> profiles -> persons, companies, deals) and the projections that
 * fold touches into current values. Every id stands for one profile, for ever; an append-only log
 * of edges joins profiles to persons; a person's number is the smallest of their profiles'.
 * Companies and deals are kept by the same means. Promises:     the fold does not depend on the
 * order in which touches arrive: the value that counts is the latest by (at, tie); joining and
 * separating never change a touch or a row. Threads:      as the journal or snapshot that owns it.
 */
#ifndef TRICHTER_PEOPLE_H
#define TRICHTER_PEOPLE_H

#include "journal/journal.h"
#include "rule/rule.h"

struct people;

/* The line of stages where nobody has set another ("stages"). */
#define STAGES_DEFAULT "lead, mql, sal, sql, opportunity, customer"

enum id_kind {
	ID_ANONYMOUS,
	ID_USER,
	ID_EMAIL,
	ID_EXTERNAL,
	ID_COMPANY_DOMAIN,
	ID_COMPANY_NAME,
	ID_COMPANY_EXTERNAL,
	ID_DEAL,
	ID_KINDS_N
};
enum entity { ENTITY_PERSON, ENTITY_COMPANY, ENTITY_DEAL };

#define PEOPLE_IDS_PER_KIND_MAX 5
#define PEOPLE_IDS_MAX		500

struct profile_id {
	uint64_t profile;
	enum id_kind kind;
	str system; /* of external ids */
	str value;
};

/* The subject that the profile belongs to now (its own number when alone). */
uint64_t people_subject_of(const struct people *p, uint64_t profile);
enum entity people_entity_of(const struct people *p, uint64_t profile);
/* Highest profile number given so far; profiles are numbered from 1. */
uint64_t people_profiles(const struct people *p);
/* "who@example.com", a user id, an anonymous id, "system:id", or a number -> the person (company,
 * deal). False: nobody. */
bool people_find(struct people *p, enum entity entity, str text, uint64_t *subject_r);

/* One current value and where it comes from. */
struct cell {
	str key;
	value value;
	int64_t at_us;
	uint64_t seq; /* of the touch that set it */
};

/* Everything known of a subject, joined over their profiles. In the arena. */
struct subject_view {
	uint64_t subject;
	enum entity entity;
	bool visible; /* some touch that counts is about them */
	struct profile_id *ids;
	size_t ids_n;
	value emails, user_ids, anonymous_ids, external_ids; /* of ids: one text or a list */
	struct cell *cells;				     /* by key */
	size_t cells_n;
	uint64_t touches;
	int64_t first_us, last_us; /* of touches; 0, 0 when none */
	struct origin first_origin, latest_origin;
	str first_channel, latest_channel;
};
bool people_view(struct people *p, uint64_t subject, struct arena *a, struct subject_view *v_r,
		 err *e) MUST_CHECK;
/* The same without ids and cells: what only counts. `ring` (may be NULL) is told every profile. */
void people_view_counts(struct people *p, uint64_t subject,
			void (*ring)(void *arg, uint64_t profile), void *arg,
			struct subject_view *v_r);
value subject_cell(const struct subject_view *v, str key); /* VALUE_NONE when unknown */
/* Changes whenever anything known of the subject does: for ETag and If-Match. */
uint64_t subject_version(const struct subject_view *v);
/* How somebody left the line of stages, since they last entered one. */
struct subject_exit {
	str kind; /* "disqualified", "recycled"; "" still on the line */
	value reason, until;
	int64_t at_us;
};
struct subject_exit subject_exit_of(const struct subject_view *v);
/* Cells of a deal: DEAL_ROLE_PREFIX and the number of a person's profile = their role in it. */
#define DEAL_ROLE_PREFIX "role."
/* The persons of a deal, each once: the main contact first, then who has a role; in the arena. At
 * most DEAL_PEOPLE_MAX. */
struct deal_person {
	uint64_t person;
	str role; /* "" the main contact without one */
};
#define DEAL_PEOPLE_MAX 20
bool deal_people(struct people *p, const struct subject_view *deal, struct arena *a,
		 struct deal_person **people_r, size_t *n_r, err *e) MUST_CHECK;
/* "first_source", "latest_campaign", ...: where the first touch came from, or the latest. False:
 * the field is none of these. */
bool subject_origin(const struct subject_view *v, str field, value *value_r);

/* Their values come into memory with one call; before a walk over many. */
bool people_hold(struct people *p, const uint64_t *subjects, size_t n, err *e) MUST_CHECK;
/* Touches of that name may change more than counts: values, or who is who. */
bool people_touch_changes_values(str name);
/* Every visible subject of that entity, in order of number. */
typedef bool (*subject_fn)(void *arg, uint64_t subject);
bool people_each(struct people *p, enum entity entity, subject_fn each, void *arg,
		 err *e) MUST_CHECK;

/* Joins and separations, for the person's page: who, when, why, by what touch; refusals too. */
struct edge_info {
	uint64_t a, b; /* profiles */
	uint64_t seq;
	int64_t at_us;
	str why;      /* "identify", "alias", "import", "by hand", ... */
	bool cut;     /* separated again */
	bool refused; /* asked for, and not done */
};
bool people_edges(struct people *p, uint64_t subject, struct arena *a, struct edge_info **edges_r,
		  size_t *n_r, err *e) MUST_CHECK;

/* Fields of the rule language for people, companies and deals: built-in ones, traits seen so far.
 */
bool people_catalogue(struct people *p, enum entity entity, struct arena *a,
		      struct rule_catalogue *c_r, err *e) MUST_CHECK;
/* Fields of touches: name, source, ..., and any property. */
const struct rule_catalogue *touch_catalogue(void);
/* A row over one touch; `t` must outlive it. */
struct rule_row touch_row(const struct touch *t, int64_t now_us);
/* A row over one subject for people_catalogue's rules. `did` is answered by `history`: their
 * touches in order of time (NULL, 0: nothing happened). */
struct subject_row {
	const struct subject_view *view;
	const struct subject_view *company; /* of the person or deal; NULL: unknown */
	const struct touch *history;
	size_t history_n;
	int64_t now_us;
};
struct rule_row subject_rule_row(const struct subject_row *r);

/* Who may belong to another subject now, or have others belong to them, than as of `seq`: bit
 * n % 64 of word n / 64 for profile n, below `n`; in the arena. `seq` is not after the snapshot's.
 */
struct people_moved {
	const uint64_t *bits;
	uint64_t n;
	bool any;
};
bool people_moved_since(struct snapshot *s, uint64_t seq, struct arena *a,
			struct people_moved *moved_r, err *e) MUST_CHECK;

/* Every profile that may ever have been one with this one, itself too: under whose subject a touch
 * of theirs may lie in a segment. */
void people_ever_with(const struct people *p, uint64_t profile,
		      void (*each)(void *arg, uint64_t profile), void *arg);

/* By hand. Each is one touch, with who did it and why. */
bool people_merge(struct journal *j, uint64_t a, uint64_t b, str by, str why, err *e) MUST_CHECK;
/* Takes `profile` out of its person; automatic rules will not join the two again. */
bool people_unmerge(struct journal *j, uint64_t profile, str by, str why, err *e) MUST_CHECK;

/* The e-mail address as it is compared: case folded, domain in ASCII. Empty when it is none. */
str email_normalise(struct arena *a, str s);
/* True for what senders write when they have no id: empty, null, undefined, 0, NaN, ... */
bool id_is_blocked(str s);
/* Names of touches that only the program itself, secret keys and imports may send. */
bool people_name_is_reserved(str name);

#endif
