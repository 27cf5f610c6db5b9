/*
 * sample.h - the sample company: a year of a business that never was.
 *
 * What it is:   Plankraft sells shift planning to companies in Germany, Austria, Switzerland and
 *               Britain. People come from searches, adverts, mails, partners and portals, read,
 *               come back, fill in forms; marketing and sales do their work; deals are won and
 *               lost. All of it is told as touches, one person after the other, and goes in as
 *               one import.
 * Promises:     the same options with the same end give the same touches, byte for byte. A
 *               person's story depends on the seed and their number, not on how many others there
 *               are, but for the companies that they share. Work and memory per touch are
 *               constant. Companies have .example domains, telephone numbers come from ranges
 *               kept for fiction.
 * Threads:      one at a time.
 *
 * Rates of those whose story has ended (the newest stories are cut off at the end of the period):
 *   visitor -> lead 6 %, lead -> mql 40 %, mql -> sal 55 %, sal -> sql 50 %, sql -> opportunity
 *   60 %, opportunity -> customer 28 %.
 *
 * Planted on purpose, to be found again by whoever analyses it:
 * - Of the leads, 45 % read a case study (a page_viewed with kind "case_study") after they became a
 *   lead and before sales first calls. Of those that become an SQL, readers become customers
 *   twice as often as the others (opportunity 72 % against 50 %, won 27 % against 20 %). Reading
 *   changes nothing else. No lead reads a case study at any other time; anonymous visitors do.
 * - Sources differ: visitors from review portals and partners become leads twice as often as
 *   those from paid LinkedIn, and their leads become MQLs twice as often.
 *
 * As in life: 3 % of the deals name no company, 4 % of those who get to SQL were never entered as
 * SAL, now and then two colleagues share a device or somebody types an address in capitals, some
 * read on two or three devices.
 */
#ifndef TRICHTER_SAMPLE_H
#define TRICHTER_SAMPLE_H

#include "journal/journal.h"

#define SAMPLE_PEOPLE_DEFAULT	 20000
#define SAMPLE_PEOPLE_MAX	 UINT64_C(100000000)
#define SAMPLE_DAYS_DEFAULT	 365
#define SAMPLE_DAYS_MAX		 3650
#define SAMPLE_SEED_DEFAULT	 1
#define SAMPLE_CHUNK_TOUCHES_MAX 2000
/* About; for asking for a number of touches. */
#define SAMPLE_TOUCHES_PER_PERSON 5.03

enum sample_stage {
	SAMPLE_LEAD,
	SAMPLE_MQL,
	SAMPLE_SAL,
	SAMPLE_SQL,
	SAMPLE_OPPORTUNITY,
	SAMPLE_CUSTOMER,
	SAMPLE_STAGES_N
};

struct sample_options {
	uint64_t seed;
	uint64_t people; /* visitors; 0: the default */
	uint64_t days;	 /* 0: the default */
	int64_t end_us;	 /* nothing happens from then on; 0: the midnight before now */
	/* Told now and then: touches so far, people so far and in all. */
	void (*progress)(void *arg, uint64_t touches, uint64_t people, uint64_t people_total);
	void *progress_arg;
	const volatile bool *stop; /* set by a signal: what was made is taken back */
};

struct sample_result {
	uint64_t import;
	uint64_t touches;
	uint64_t people;		   /* told of, colleagues met in a deal included */
	uint64_t companies;		   /* that some lead works for */
	uint64_t deals, won, lost;	   /* lost: of new business */
	uint64_t entered[SAMPLE_STAGES_N]; /* people who entered that stage at least once */
	int64_t from_us, end_us;
};

/* The touches alone, in chunks of at most SAMPLE_CHUNK_TOUCHES_MAX, each valid during the call; the
 * sink says in `e` why it wants no more. ERR_INVALID: more people or days than there may be. */
typedef bool (*sample_sink)(void *arg, struct intake *items, size_t n, err *e);
bool sample_each(const struct sample_options *o, sample_sink sink, void *arg,
		 struct sample_result *r, err *e) MUST_CHECK;

/* The same into a journal, as one import, closed at the end. When it fails on the way the import is
 * taken back; ERR_BUSY with "interrupted" when `stop` was set. */
bool sample_make(struct journal *j, const struct sample_options *o, struct sample_result *r,
		 err *e) MUST_CHECK;

#endif
