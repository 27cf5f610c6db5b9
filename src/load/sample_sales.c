/*
 * sample_sales.c - from the MQL to the customer, or out of the funnel.
 *
 * What it is:   offered, called, accepted or disqualified; talked with; the deal, its stages, its
 *               end; renewal and expansion. Rates and planted effects: sample.h.
 */
#include "load/sample_int.h"

#include <math.h>

#define SAL_CHANCE	   0.53 /* and a little from those who come back */
#define SQL_CHANCE	   0.50
#define OPPORTUNITY_READER 0.72
#define OPPORTUNITY_OTHER  0.50
#define WON_READER	   0.272
#define WON_OTHER	   0.196
#define COLLEAGUE_CHANCE   0.25

static const str OWNERS[] = { S("Lea Brandt"), S("Tom Seidel"), S("Amira Haddad"),
			      S("Jonas Wirth") };
static const str REPS[] = { S("Nele Kurz"), S("Ben Arnold"), S("Zoe Lang"), S("Kim Petersen") };
static const str MQL_REASONS[] = { S("fit and engagement"), S("asked for a demo"),
				   S("two downloads in 30 days") };
static const str REFUSALS[] = { S("no fit"),   S("not reachable"), S("student or applicant"),
				S("no need"),  S("not reachable"), S("competitor"),
				S("too small") };
static const str NOT_NOW[] = { S("no budget"), S("timing"), S("no authority"), S("no need"),
			       S("timing") };
static const str LOSSES[] = { S("chose a competitor"),
			      S("wants more time"),
			      S("content with what they have"),
			      S("price"),
			      S("no budget"),
			      S("no decision"),
			      S("no decision"),
			      S("not reachable"),
			      S("no fit"),
			      S("chose a competitor") };
static const str RIVALS[] = { S("Schichtwerk"), S("Rosterly"), S("DienstPlus") };
static const str OBJECTIONS[] = { S("price"), S("works council"), S("change of system"),
				  S("data protection"), S("time") };

/* ---- from MQL to SQL ------------------------------------------------------------------------- */

/* A few tries; the time of the last. */
static int64_t tell_calls(struct life *l, int64_t at_us)
{
	for (int i = 0; i < 4; i++) {
		bool reached = rng_chance(&l->rng, 0.5);
		at_us = time_at_work(&l->rng, at_us + 10 * MINUTE_US, 0.7);
		struct intake *in = tell_known(l, S("call_made"), at_us);
		tell_text(l, in, S("outcome"), reached ? S("reached") : S("no answer"));
		if (reached)
			tell_prop(l, in, S("minutes"),
				  value_int((int64_t)(2 + rng_below(&l->rng, 20))));
		if (reached)
			break;
	}
	return at_us;
}

static void tell_refusal(struct life *l, str reason, int64_t at_us)
{
	struct intake *in = tell_known(l, S("lead_disqualified"), at_us);
	tell_text(l, in, S("reason"), reason);
	tell_text(l, in, S("team"), S("SDR"));
}

/* Back to marketing, with a date to come back; that date. */
static int64_t tell_recycled(struct life *l, enum sample_stage from, int64_t at_us)
{
	int64_t until = at_us + (int64_t)(45 + rng_below(&l->rng, 90)) * US_PER_DAY;
	struct intake *in = tell_known(l, S("lead_recycled"), at_us + 2 * US_PER_S);
	tell_prop(l, in, S("until"), value_date(until / US_PER_DAY));
	tell_stage(l, SAMPLE_LEAD, stage_name(from), S("recycled"), at_us + 3 * US_PER_S);
	lead_nurture(l, at_us + 10 * US_PER_DAY, until, 3);
	return until;
}

/* MQL to accepted or not; *at_us moves on. */
static bool is_accepted(struct life *l, int64_t *at_us)
{
	tell_stage(l, SAMPLE_MQL, S("lead"), PICK(l, MQL_REASONS), *at_us);
	struct intake *in = tell_known(l, S("lead_offered"), *at_us + 2 * US_PER_S);
	tell_text(l, in, S("team"), S("SDR"));
	tell_text(l, in, S("owner"), l->owner);
	*at_us = tell_calls(l, *at_us);
	if (rng_chance(&l->rng, SAL_CHANCE)) {
		in = tell_known(l, S("lead_accepted"), *at_us + 5 * MINUTE_US);
		tell_text(l, in, S("owner"), l->owner);
		return true;
	}
	*at_us = time_at_work(&l->rng, *at_us, 1.5);
	tell_refusal(l, PICK(l, REFUSALS), *at_us);
	return false;
}

void sales_tell(struct life *l, int64_t at_us)
{
	l->owner = PICK(l, REPS);
	if (!is_accepted(l, &at_us)) {
		if (!rng_chance(&l->rng, 0.35))
			return;
		at_us = tell_recycled(l, SAMPLE_MQL, at_us);
		if (!rng_chance(&l->rng, 0.3))
			return;
		at_us = time_at_work(&l->rng, at_us, 5);
		if (!is_accepted(l, &at_us))
			return;
	}
	bool sql = rng_chance(&l->rng, SQL_CHANCE);
	bool skipped = sql && rng_chance(&l->rng, 0.04);
	if (!skipped)
		tell_stage(l, SAMPLE_SAL, S("mql"), S("worth the time"), at_us + 6 * MINUTE_US);
	at_us = time_at_work(&l->rng, at_us + HOUR_US, 6);
	struct intake *in = tell_known(l, S("meeting_held"), at_us);
	tell_text(l, in, S("kind"), S("discovery"));
	tell_prop(l, in, S("minutes"), value_int((int64_t)(20 + rng_below(&l->rng, 40))));
	if (sql) {
		tell_stage(l, SAMPLE_SQL, skipped ? S("mql") : S("sal"),
			   S("size, timing and urgency fit"), at_us + 10 * MINUTE_US);
		deal_tell(l, at_us);
		return;
	}
	at_us += 15 * MINUTE_US;
	tell_refusal(l, PICK(l, NOT_NOW), at_us);
	if (rng_chance(&l->rng, 0.4))
		tell_recycled(l, SAMPLE_SAL, at_us);
}

/* ---- the deal -------------------------------------------------------------------------------- */

struct deal {
	value amount; /* a year's */
	str pipeline;
};

/* Somebody else of the company who has a say. */
static void tell_colleague(struct life *l, struct person *p, int64_t at_us)
{
	struct teller *t = l->t;
	person_make(l, &l->company, t->companies[l->company.number].people++, p);
	struct intake *in = tell(l, S("person_updated"), at_us);
	t->result.people += in != &t->spare;
	in->email = p->email;
	in->company_domain = l->company.domain;
	tell_text(l, in, S("first_name"), p->first);
	tell_text(l, in, S("last_name"), p->last);
	tell_text(l, in, S("title"), p->title);
	in = tell_deal(l, S("meeting_held"), at_us + MINUTE_US);
	in->email = p->email;
	tell_text(l, in, S("kind"), S("evaluation"));
}

static void tell_deal_opened(struct life *l, const struct deal *d, str stage, int64_t at_us)
{
	struct intake *in = tell_deal(l, S("deal_created"), at_us);
	bool was_made = in != &l->t->spare;
	tell_prop(l, in, S("name"),
		  value_text(life_text(l, "%.*s, %.*s", STR_ARG(l->company.name),
				       STR_ARG(d->pipeline))));
	tell_text(l, in, S("pipeline"), d->pipeline);
	tell_text(l, in, S("stage"), stage);
	tell_prop(l, in, S("amount"), d->amount);
	tell_prop(l, in, S("term_months"), value_int(12));
	tell_text(l, in, S("owner"), l->owner);
	l->t->result.deals += was_made;
	in = tell_deal(l, S("deal_stage_entered"), at_us + US_PER_S);
	tell_text(l, in, S("stage"), stage);
}

static void tell_deal_stage(struct life *l, str stage, str from, int64_t at_us)
{
	struct intake *in = tell_deal(l, S("deal_stage_entered"), at_us);
	tell_text(l, in, S("stage"), stage);
	tell_text(l, in, S("from"), from);
}

static void tell_won(struct life *l, const struct deal *d, int64_t at_us)
{
	struct intake *in = tell_deal(l, S("deal_won"), at_us);
	tell_text(l, in, S("stage"), S("won"));
	tell_prop(l, in, S("amount"), d->amount);
	l->t->result.won += in != &l->t->spare;
}

static void tell_lost(struct life *l, int64_t at_us)
{
	str reason = PICK(l, LOSSES);
	struct intake *in = tell_deal(l, S("deal_lost"), at_us);
	tell_text(l, in, S("stage"), S("lost"));
	tell_text(l, in, S("loss_reason"), reason);
	if (str_eq(reason, S("chose a competitor")))
		tell_text(l, in, S("competitor"), PICK(l, RIVALS));
	l->t->result.lost += in != &l->t->spare;
}

static void tell_objection(struct life *l, int64_t at_us)
{
	str topic = PICK(l, OBJECTIONS);
	struct intake *in = tell_deal(l, S("objection_raised"), at_us);
	tell_text(l, in, S("topic"), topic);
	if (!rng_chance(&l->rng, 0.7))
		return;
	in = tell_deal(l, S("objection_answered"), at_us + HOUR_US);
	tell_text(l, in, S("topic"), topic);
}

static void next_deal(struct life *l, struct deal *d, char letter, str pipeline, double share)
{
	double cents = (double)d->amount.i * share;
	d->amount = value_money((int64_t)(cents / 1000) * 1000, "EUR");
	d->pipeline = pipeline;
	l->deal = life_text(l, "%c-%llu", letter, (unsigned long long)l->number);
}

/* After the first deal is won the funnel does not end. */
static void tell_afterwards(struct life *l, struct deal d, int64_t won_us)
{
	struct deal more = d;
	if (rng_chance(&l->rng, 0.25)) {
		int64_t at = time_at_work(&l->rng, won_us + 60 * US_PER_DAY, 40);
		next_deal(l, &more, 'E', S("expansion"), 0.3);
		tell_deal_opened(l, &more, S("evaluation"), at);
		at = time_at_work(&l->rng, at, 20);
		if (rng_chance(&l->rng, 0.6))
			tell_won(l, &more, at);
		else
			tell_lost(l, at);
	}
	int64_t at = time_at_work(&l->rng, won_us + 300 * US_PER_DAY, 10);
	more = d;
	next_deal(l, &more, 'R', S("renewal"), 1.04);
	tell_deal_opened(l, &more, S("evaluation"), at);
	at = time_at_work(&l->rng, at, 25);
	if (rng_chance(&l->rng, 0.85))
		tell_won(l, &more, at);
	else
		tell_lost(l, at);
}

static void tell_customer(struct life *l, const struct person *colleague, int64_t at_us)
{
	struct person self = l->person;
	tell_stage(l, SAMPLE_CUSTOMER, S("opportunity"), S("deal won"), at_us + US_PER_S);
	if (colleague->email.n == 0)
		return;
	/* One more person, in the same stage. */
	unsigned before = l->stages;
	l->stages = 0;
	l->person = *colleague;
	tell_stage(l, SAMPLE_CUSTOMER, S(""), S("role in the deal"), at_us + 2 * US_PER_S);
	l->t->result.entered[SAMPLE_CUSTOMER] += l->stages != 0;
	l->person = self;
	l->stages = before;
}

/* From the demo to the signature, or not. */
static void tell_pursuit(struct life *l, struct deal *d, int64_t at_us)
{
	struct person colleague = { 0 };
	bool won = rng_chance(&l->rng, l->reads_case ? WON_READER : WON_OTHER);
	visit_again(l, FOCUS_BUY, time_later(&l->rng, at_us, 2));
	if (rng_chance(&l->rng, COLLEAGUE_CHANCE))
		tell_colleague(l, &colleague, time_at_work(&l->rng, at_us, 5));
	if (rng_chance(&l->rng, 0.5))
		tell_objection(l, time_at_work(&l->rng, at_us, 8));
	at_us = time_at_work(&l->rng, at_us, 14);
	struct intake *in = tell_deal(l, S("meeting_held"), at_us);
	tell_text(l, in, S("kind"), S("evaluation"));
	bool committed = won || rng_chance(&l->rng, 0.3);
	if (committed) {
		at_us = time_at_work(&l->rng, at_us, 8);
		tell_deal_stage(l, S("commitment"), S("evaluation"), at_us);
	}
	at_us = time_at_work(&l->rng, at_us, won ? 14 : 25);
	if (!won) {
		tell_lost(l, at_us);
		return;
	}
	tell_won(l, d, at_us);
	tell_customer(l, &colleague, at_us);
	tell_afterwards(l, *d, at_us);
}

void deal_tell(struct life *l, int64_t at_us)
{
	bool opens = rng_chance(&l->rng, l->reads_case ? OPPORTUNITY_READER : OPPORTUNITY_OTHER);
	struct intake *in = tell_known(l, S("demo_booked"), at_us + 12 * MINUTE_US);
	tell_text(l, in, S("owner"), l->owner);
	at_us = time_at_work(&l->rng, at_us + US_PER_DAY, 6);
	in = tell_known(l, S("demo_held"), at_us);
	tell_prop(l, in, S("minutes"), value_int((int64_t)(30 + rng_below(&l->rng, 40))));
	if (!opens) {
		at_us = time_at_work(&l->rng, at_us, 4);
		tell_refusal(l, PICK(l, NOT_NOW), at_us);
		if (rng_chance(&l->rng, 0.4))
			tell_recycled(l, SAMPLE_SQL, at_us);
		return;
	}
	l->owner = PICK(l, OWNERS);
	l->no_company = rng_chance(&l->rng, 0.03);
	l->deal = life_text(l, "D-%llu", (unsigned long long)l->number);
	double euros = pow((double)l->company.employees, 0.85) * (55 + 110 * rng_real(&l->rng));
	struct deal d = { .amount = value_money((int64_t)(euros / 10) * 1000, "EUR"),
			  .pipeline = S("new business") };
	at_us += HOUR_US;
	tell_deal_opened(l, &d, S("evaluation"), at_us);
	tell_stage(l, SAMPLE_OPPORTUNITY, S("sql"), S("deal opened"), at_us + 2 * US_PER_S);
	tell_pursuit(l, &d, at_us);
}
