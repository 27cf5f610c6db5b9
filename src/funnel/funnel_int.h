/*
 * funnel_int.h - what the files of funnel/ share: the plan, the touches collected, the outcomes.
 *
 * What it is:   private to funnel/. A query is a plan (the specification with its defaults,
 * compiled); one scan collects the touches that matter by subject; each subject's touches give a
 *               progress; these are counted.
 * Promises:     everything that grows with the touches lives in the query's arena.
 * Threads:      one query per thread.
 */
#ifndef TRICHTER_FUNNEL_INT_H
#define TRICHTER_FUNNEL_INT_H

#include "funnel/chain_int.h"

#define GROUPS_DEFAULT	  1000
#define WINDOW_DEFAULT_US (14 * US_PER_DAY)
#define TREND_POINTS_MAX  10000

/* ---- which steps a touch fills (funnel_match.c) ---------------------------------------------- */

struct match_name {
	str name;
	uint32_t mask;
};
struct matcher {
	struct match_name names[FUNNEL_STEPS_MAX];
	size_t names_n;
	uint32_t any;		      /* steps that every touch fills */
	uint32_t stages, deal_stages; /* steps that look at the property `stage` */
	uint32_t rules;
	str stage[FUNNEL_STEPS_MAX]; /* folded */
	const struct rule *rule[FUNNEL_STEPS_MAX];
	uint32_t won, lost; /* met by deal_won and deal_lost, whatever stage they carry */
	int64_t now_us;
	struct arena fold; /* for stages outside ASCII */
};

/* ERR_LIMIT when the arena is full. `matcher_fini` always. */
bool matcher_init(struct matcher *m, const struct funnel_spec *spec, struct arena *a,
		  err *e) MUST_CHECK;
/* The same for what the exclusions exclude: bit x, the x-th. */
bool matcher_init_excludes(struct matcher *m, const struct funnel_spec *spec, struct arena *a,
			   err *e) MUST_CHECK;
void matcher_fini(struct matcher *m);
/* Bit k: the touch fills step k; in the lifecycle, enters the k-th stage. */
uint32_t matcher_mask(struct matcher *m, const struct touch *t);
/* Bit k: who enters this stage enters that of step k; in the lifecycle, the k-th. */
uint32_t matcher_stage(struct matcher *m, str stage);

/* ---- the plan (funnel.c) --------------------------------------------------------------------- */

/* One property of the breakdown. */
struct by_part {
	str name;
	bool of_person; /* of the subject itself, not of a touch */
};
struct plan {
	struct funnel_spec spec; /* defaults filled in */
	struct by_part by[FUNNEL_BY_MAX];
	size_t by_n;
	bool by_people;	   /* people are counted, or what they did; not companies, not deals */
	bool wants_all;	   /* touches that fill no step can matter */
	bool only_counted; /* nothing more is asked of subjects than when they came how far */
	bool general;	   /* by the engine that knows every parameter */
	bool lifecycle;
	size_t rows_n;		  /* of the answer: steps, or visitor and the stages */
	struct chain_rules rules; /* of the engine */
	struct matcher matcher;
	str *names; /* of the rows */
};

/* What one parameter makes of another: totals are attempts, a profile's own ways. rules.c */
bool rules_settle(struct funnel_spec *spec, struct arena *a, err *e) MUST_CHECK;
/* What the engines need of a specification that was checked. */
void rules_make(const struct funnel_spec *spec, struct chain_rules *rules);

bool plan_init(struct plan *p, const struct funnel_spec *spec, struct arena *a, err *e) MUST_CHECK;
void plan_fini(struct plan *p);
void plan_chain(const struct plan *p, const struct chain_touch *touches, size_t n,
		struct chain *chain_r);
/* The number of the breakdown's value, of the touch that says it. */
uint32_t plan_value(const struct plan *p, const struct chain *c, const struct chain_touch *touches);
/* A subject may stand in several groups. */
static inline bool of_several(enum funnel_of of)
{
	return of == FUNNEL_OF_ALL || of == FUNNEL_OF_STEP_ALL;
}
/* The subject has every step, or a later stage than `level` says, but not in order. */
bool plan_out_of_order(const struct plan *p, const struct chain_touch *touches, size_t n,
		       size_t level);

/* ---- growing tables in the arena (funnel_pages.c) -------------------------------------------- */

/* Items keep their place, so that growing copies nothing and wastes little of the arena. */
struct pages {
	struct arena *a;
	char **page;
	size_t page_n, page_cap;
	size_t item_bytes;
	uint32_t n;
};
void pages_init(struct pages *p, struct arena *a, size_t item_bytes);
/* A new item, its contents undefined; its number is p->n - 1. NULL: ERR_LIMIT or ERR_NOMEM in `e`.
 */
void *pages_add(struct pages *p, err *e) MUST_CHECK;
void *pages_at(const struct pages *p, uint32_t number);
/* Sorts in place, without memory of its own. */
void sort_items(void *items, size_t n, size_t size, int (*cmp)(const void *a, const void *b));

/* ---- the values of a breakdown (funnel_dict.c) ----------------------------------------------- */

#define DICT_NONE 0 /* the number of VALUE_NONE */

struct dict {
	struct arena *a;
	struct pages values;
	uint32_t *slots;
	size_t slots_n;
};

bool dict_init(struct dict *d, struct arena *a, err *e) MUST_CHECK;
/* The number of the value; an empty text is VALUE_NONE. ERR_LIMIT when the arena is full. */
bool dict_number(struct dict *d, value v, uint32_t *number_r, err *e) MUST_CHECK;
value dict_value(const struct dict *d, uint32_t number);
/* The number of all values of a breakdown together: of one its own, of several a list; of several
 * that are all unknown, VALUE_NONE's. */
bool dict_number_all(struct dict *d, const value *values, size_t n, uint32_t *number_r,
		     err *e) MUST_CHECK;

/* ---- whom a touch counts for (funnel_subject.c) ---------------------------------------------- */

/* Companies of people are looked up once each. */
struct subject_key {
	struct people *people;
	enum funnel_count count;
	uint64_t subjects_n; /* subjects are numbered below this */
	uint64_t *
		company_of; /* per person: 0 not looked up, UINT64_MAX none; NULL when not needed */
	struct arena scratch;
};
bool subject_key_init(struct subject_key *k, struct people *p, enum funnel_count count,
		      struct arena *a, err *e) MUST_CHECK;
void subject_key_fini(struct subject_key *k);
/* *subject_r 0: for nobody. */
bool subject_key_of(struct subject_key *k, const struct touch *t, uint64_t *subject_r,
		    err *e) MUST_CHECK;

/* ---- one subject's own traits (funnel_where.c) ----------------------------------------------- */

struct portrait {
	struct people *people;
	const struct plan *plan;
	struct arena scratch;
	struct subject_view view, company;
	bool has_company;
};
void portrait_init(struct portrait *t, struct people *p, const struct plan *plan);
void portrait_fini(struct portrait *t);
/* Reads the subject; what was read before is gone. */
bool portrait_read(struct portrait *t, uint64_t subject, err *e) MUST_CHECK;
bool portrait_where(const struct portrait *t, const struct touch *history, size_t history_n);
value portrait_breakdown(const struct portrait *t, str by);

/* ---- classes of times (funnel_times.c), two funnels (funnel_versus.c) ------------------------ */

bool times_count(const int64_t *times_us, size_t n, struct arena *a, struct funnel_step_result *s,
		 err *e) MUST_CHECK;
/* How likely two shares, a of n1 and c of n2, differ so much by chance alone; NaN: unknown. */
double versus_p_value(uint64_t a, uint64_t n1, uint64_t c, uint64_t n2);
bool versus_make(struct funnel_result *r, const struct funnel_result *other, struct arena *a,
		 err *e) MUST_CHECK;

/* ---- counting (funnel_count.c) --------------------------------------------------------------- */

#define ROW_NONE  UINT8_MAX
#define EXIT_NONE UINT8_MAX

/* What became of one subject. */
struct progress {
	struct progress *next;
	uint64_t subject;
	uint32_t group;	   /* number in the dictionary; after counting, of the group */
	uint32_t passed;   /* bit k: row k counts only because of a later one */
	uint32_t reason;   /* of the exit: its number */
	bool out_of_order; /* has every step, but not in order */
	uint8_t level;
	uint8_t exit;	 /* enum funnel_exit_kind in force, or EXIT_NONE */
	uint8_t here;	 /* the row that is their stage now, or ROW_NONE */
	int64_t exit_us; /* before it is known: when it last came to its last row */
	int64_t here_us;
	int64_t at_us[]; /* level entries: when row k was reached; of a passed one, the next one */
};

bool progress_make(const struct chain *c, const struct chain_touch *touches, struct arena *a,
		   struct progress **progress_r, err *e) MUST_CHECK;
/* Counted in row k: it came so far, and with the view of a period came there in it. */
bool progress_counts(const struct funnel_spec *spec, const struct progress *o, size_t k);
/* Counted in row k, and in no later one. */
bool progress_drops(const struct funnel_spec *spec, const struct progress *o, size_t k);
/* From row k - 1 to row k; -1 unknown. */
int64_t progress_gap_us(const struct progress *o, size_t k);

/* Somebody who came to the first row and no further, and has no deeds beside it: nearly everybody.
 */
struct first {
	int64_t at_us;
	uint32_t subject;
	uint32_t group; /* as progress has it */
};

/* Where an answer is put together. */
struct counting {
	const struct plan *p;
	struct arena *a; /* of the answer */
	struct arena *scratch_a;
	struct progress **list; /* sorted by bucket */
	size_t n;
	struct first *firsts; /* beside the list */
	size_t firsts_n;
	struct progress **all; /* of FUNNEL_OF_ALL: one for each value of each subject */
	size_t all_n;
	uint32_t *bucket; /* of each, while sorting */
	int64_t *scratch; /* n times */
};
/* Fills the steps, groups and trend of the answer. */
bool progress_count(struct counting *c, const struct dict *dict, struct funnel_result *r,
		    err *e) MUST_CHECK;
/* Sorts the list by bucket; begin_r gets where each of the `buckets_n` begins, and the end. */
bool counting_sort(struct counting *c, size_t buckets_n, size_t **begin_r, err *e) MUST_CHECK;
/* The steps of the answer for list[from..to) and so many firsts. */
bool counting_tally(const struct counting *c, size_t from, size_t to, uint64_t firsts_n,
		    struct funnel_step_result **steps_r, err *e) MUST_CHECK;
void counting_rates(struct funnel_step_result *steps, size_t rows_n);
/* funnel_trend.c */
bool trend_count(struct counting *c, struct funnel_result *r, err *e) MUST_CHECK;

/* ---- beside the steps: exits, stages now, deals, spend (funnel_sides.c) ---------------------- */

/* Amounts by currency. */
struct sum {
	char currency[4];
	int64_t minor;
	uint64_t n;
	bool over;
};
struct sums {
	struct sum items[FUNNEL_MONEY_MAX];
	size_t n;
};
/* Of a currency too many nothing is kept. */
void sums_add(struct sums *s, value amount);

struct side_deal {
	uint64_t subject;
	int64_t first_us, status_us;
	uint64_t status_tie;
	int64_t amount_us, who_us;
	uint64_t amount_tie, who_tie;
	value amount;	/* VALUE_MONEY, or none */
	uint8_t status; /* enum side_kind */
};
enum side_kind {
	SIDE_DISQUALIFIED = FUNNEL_DISQUALIFIED,
	SIDE_RECYCLED = FUNNEL_RECYCLED,
	SIDE_LOST = FUNNEL_LOST,
	SIDE_OPEN,
	SIDE_WON,
	SIDE_ACCEPTED,
	SIDE_STAGE,
	SIDE_NONE,
};
struct side_item {
	int64_t at_us;
	uint64_t tie, seq;
	uint32_t next; /* 1 + the number of the next of this subject, or 0 */
	uint32_t reason;
	uint32_t deal; /* 1 + its number in `deals`; 0 none */
	uint8_t kind, row;
	bool fill;
};
struct sides {
	struct arena *a;
	const struct plan *p;
	struct matcher *matcher;
	uint32_t *first;	/* per subject: 1 + the number of its newest item */
	uint32_t *deal_numbers; /* per deal's subject: 1 + its number in `deals` */
	uint64_t subjects_n;
	struct pages items, deals;
	struct dict reasons;
	struct sums spend; /* booked in the period */
};
bool sides_init(struct sides *s, struct plan *p, uint64_t subjects_n, struct arena *a,
		err *e) MUST_CHECK;
/* A touch that says something beside the steps: what of it counts. */
struct deed {
	int64_t at_us;
	uint64_t tie, seq, import;
	uint32_t person, company, deal; /* as the touch has them */
	uint8_t kind;			/* enum side_kind */
	bool fill, spend;
	bool created, says_status; /* of a deal */
	str text;		   /* the stage, or the reason */
	value amount;		   /* VALUE_MONEY, or none */
};
bool deed_has_name(str name);
/* Texts into the arena; false: it is full. */
bool deed_of_touch(const struct touch *t, struct arena *a, struct deed *d_r);
void sides_spend(struct sides *s, const struct deed *d);
bool sides_take(struct sides *s, const struct deed *d, uint64_t subject, struct people *people,
		err *e) MUST_CHECK;
/* Which exit is in force and which stage is theirs now. `since_us`: when the subject last came to
 * the row that it reached last. */
void sides_resolve(const struct sides *s, uint64_t subject, int64_t since_us, struct progress *o);
/* Fills exits, here, young and money of the answer's steps. `outside`: subjects that are not
 * counted, with their stage. */
bool sides_count(const struct sides *s, struct counting *c, const struct progress *outside,
		 struct funnel_result *r, err *e) MUST_CHECK;
/* Still within the time in which it may come further. */
bool progress_is_young(const struct funnel_result *r, const struct progress *o);
bool first_is_young(const struct funnel_result *r, const struct first *f);
/* The row shows what deals are worth, not what heads cost; *won_r: of won ones only. */
bool row_is_value(const struct funnel_spec *spec, size_t rows_n, size_t row, bool *won_r);
bool sides_money(const struct sides *s, const struct counting *c, struct funnel_result *r,
		 err *e) MUST_CHECK;
/* The stage of a row; empty when it is none. */
str row_stage(const struct funnel_spec *spec, size_t row);

/* The values of what is held, FUNNEL_HOLD_MAX at most; false: one is missing, or nothing is held.
 */
bool touch_held(const struct touch *t, const struct funnel_spec *spec, value *values, size_t *n_r);
/* The value of a breakdown property of a touch. */
value touch_breakdown(const struct touch *t, str by, int64_t now_us);

/* ---- the period before (funnel_period.c) ----------------------------------------------------- */

/* The period before, as long; false: there is none. */
bool period_before(const struct funnel_spec *spec, struct funnel_spec *before_r);

/* ---- who is behind the numbers (funnel_people.c) --------------------------------------------- */

struct funnel_kept {
	struct progress **list;
	size_t n;
	const struct first *firsts;
	size_t firsts_n;
	struct progress **all; /* of FUNNEL_OF_ALL */
	size_t all_n;
	struct progress *outside; /* not counted, but in a stage */
	str *reasons;		  /* by number */
	size_t reasons_n;
	str *groups; /* as value_print writes them */
};
bool kept_make(const struct counting *c, struct progress *outside, const struct sides *s,
	       struct funnel_result *r, err *e) MUST_CHECK;

/* ---- texts (funnel_steps.c) ------------------------------------------------------------------ */

/* The step as it is written: "stage:mql". `p` NULL when the arena is full. */
str step_text(struct arena *a, const struct funnel_step *step);

#endif
