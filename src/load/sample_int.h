/*
 * sample_int.h - what the files of the sample company share.
 *
 * What it is:   the teller (one run: calendar, companies, the chunk being filled) and the life
 *               (one person being told of).
 * Promises:     telling cannot fail on the way: what is too late, too much or without memory goes
 *               to a spare place, and the teller says so at the end of the life.
 * Threads:      one teller, one thread.
 */
#ifndef TRICHTER_SAMPLE_INT_H
#define TRICHTER_SAMPLE_INT_H

#include "load/sample.h"

#include "base/mem.h"
#include "base/rand.h"
#include "base/time.h"

#define LIFE_TOUCHES_MAX 400
#define SAMPLE_PROPS_MAX 10 /* of one touch */
#define DEVICES_MAX	 3
#define HOUR_US		 (3600 * US_PER_S)
#define MINUTE_US	 (60 * US_PER_S)
/* The company's clocks: an hour ahead of UTC, the whole year. */
#define SAMPLE_OFFSET_US   HOUR_US
#define CASE_STUDY_READERS 0.45

enum language { GERMAN, ENGLISH, LANGUAGES_N };

/* ---- sample_world.c: what there is to read, where people come from ----------------------------
 */

enum content_kind {
	CONTENT_HOME,
	CONTENT_ARTICLE,
	CONTENT_GUIDE,
	CONTENT_CASE_STUDY,
	CONTENT_WHITEPAPER,
	CONTENT_WEBINAR,
	CONTENT_TESTIMONIAL,
	CONTENT_PRICES,
	CONTENT_DEMO,
	CONTENT_REFERENCES,
	CONTENT_CONTACT,
	CONTENT_KINDS_N
};
struct content {
	str path, title;
};
const struct content *world_content(enum content_kind kind, enum language language, uint64_t nth);
str world_kind_name(enum content_kind kind);
str world_zone(enum content_kind kind);

struct source {
	struct origin origin;
	const str *campaigns;
	size_t campaigns_n;
	double first, again; /* weights: of first visits, of later ones */
	double lead, mql;    /* how much more often than others */
	int64_t visit_cents; /* what a first visit costs; 0: nothing */
};
extern const struct source world_sources[];
extern const size_t world_sources_n;
extern const struct source *const world_newsletter, *const world_direct;
/* By weight; `u` is in [0, 1). */
const struct source *world_source_first(double u);
const struct source *world_source_again(double u);
/* Chance that a visitor from there becomes a lead; a lead an MQL. */
double world_lead_chance(const struct source *s);
double world_mql_chance(const struct source *s);

/* ---- sample_people.c: companies and names -----------------------------------------------------
 */

struct company {
	uint64_t number;
	str name, domain, industry, city, country;
	enum language language;
	int64_t employees;
};
struct person {
	str first, last, title, email, phone; /* phone may be empty */
};

/* What is remembered of a company between two of its people. */
struct company_state {
	uint32_t people;
	uint64_t device_of; /* the person whose device a colleague may use; 0 none */
};

struct life;
enum language company_language(uint64_t number);
/* The company of that number; its texts are the life's. */
void company_make(struct life *l, uint64_t number, struct company *c);
/* The nth (from 0) person of that company. */
void person_make(struct life *l, const struct company *c, uint32_t nth, struct person *p);

/* ---- sample_time.c: when people do things -----------------------------------------------------
 */

struct calendar {
	int64_t first_day; /* days since 1970, on the company's clocks */
	size_t days;
	double *until; /* weight of all days up to and with this one */
};
bool calendar_init(struct calendar *c, int64_t from_us, int64_t end_us, err *e) MUST_CHECK;
void calendar_fini(struct calendar *c);
/* Some moment of the period: more on workdays, by day, in season, and towards the end. */
int64_t calendar_any(const struct calendar *c, struct rng *r);
/* A moment at which people read, `days` later on average. */
int64_t time_later(struct rng *r, int64_t from_us, double days);
/* A moment at which people work, `days` later on average, never before `from_us`. */
int64_t time_at_work(struct rng *r, int64_t from_us, double days);

/* ---- sample_tell.c: touches -------------------------------------------------------------------
 */

struct teller {
	const struct sample_options *o;
	sample_sink sink;
	void *arg;
	uint64_t people, companies_n;
	struct calendar calendar;
	struct company_state *companies;
	uint64_t seed;
	struct arena texts; /* of the chunk */
	struct intake *items;
	size_t n;
	struct prop *props;
	size_t props_n;
	struct intake spare;
	struct sample_result result;
};

/* One person. */
struct life {
	struct teller *t;
	struct rng rng;
	uint64_t number;
	size_t begin;	 /* first touch in the teller's items */
	uint64_t serial; /* of its touches, for their message ids */
	const struct source *source;
	enum language language;
	str devices[DEVICES_MAX];
	size_t devices_n;
	bool is_lead;	 /* is one or will be: reads no case study but as planted */
	bool reads_case; /* ... and this is one who will */
	bool may_mail;	 /* confirmed consent */
	bool is_known;	 /* has filled in a form */
	bool no_company; /* of the deal: forgotten */
	struct company company;
	struct person person;
	str deal;	 /* its id */
	str owner;	 /* of sales */
	unsigned stages; /* bit per stage told of within the period */
};

void life_begin(struct life *l, struct teller *t, uint64_t number);
/* Puts the touches in order, gives them their message ids, counts. */
void life_end(struct life *l);
bool teller_init(struct teller *t, const struct sample_options *o, sample_sink sink, void *arg,
		 err *e) MUST_CHECK;
void teller_fini(struct teller *t);
/* Hands the chunk over when it has no room for another life, or in any case. */
bool teller_flush(struct teller *t, bool all, err *e) MUST_CHECK;

/* A touch about nobody yet; past the end of the period it goes nowhere. */
struct intake *tell(struct life *l, str name, int64_t at_us);
/* Properties are added before the next touch is told. */
void tell_prop(struct life *l, struct intake *in, str key, value v);
void tell_text(struct life *l, struct intake *in, str key, str text);
/* About the known person: by e-mail address. */
struct intake *tell_known(struct life *l, str name, int64_t at_us);
/* The company is named too, unless it is forgotten. */
struct intake *tell_deal(struct life *l, str name, int64_t at_us);
void tell_stage(struct life *l, enum sample_stage stage, str from, str reason, int64_t at_us);
/* 16 hexadecimal digits, another for each number. In the chunk's texts. */
str tell_id(struct teller *t, uint64_t salt, uint64_t number);
str life_device(struct life *l, uint64_t number, size_t nth);
str life_text(struct life *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
str stage_name(enum sample_stage stage);
#define PICK(l, array) ((array)[rng_below(&(l)->rng, ARRAY_LEN(array))])

/* ---- sample_visit.c ---------------------------------------------------------------------------
 */

enum focus { FOCUS_LEARN, FOCUS_COMPARE, FOCUS_CASE, FOCUS_BUY };
struct visit {
	const struct source *source;
	enum focus focus;
	str device;
	int64_t at_us; /* moves on with each page */
};
/* A visit's pages; v->at_us is a little after the last one. */
void visit_tell(struct life *l, struct visit *v);
void visit_page(struct life *l, struct visit *v, const struct content *c, enum content_kind kind);
/* As visit_tell, from a source that people return by, with one of their devices. */
int64_t visit_again(struct life *l, enum focus focus, int64_t at_us);
/* The visits before anyone knows who it is; the time of the last. */
int64_t visit_first(struct life *l, int64_t at_us);

/* ---- sample_lead.c, sample_sales.c ------------------------------------------------------------
 */

/* From the form on. */
void lead_tell(struct life *l, int64_t at_us);
/* Mails and visits between two moments. */
void lead_nurture(struct life *l, int64_t from_us, int64_t to_us, size_t mails_max);
/* From MQL on. */
void sales_tell(struct life *l, int64_t at_us);
/* From SQL on: the deal. */
void deal_tell(struct life *l, int64_t at_us);
/* What adverts cost, day by day. */
bool spend_tell(struct teller *t, err *e) MUST_CHECK;

#endif
