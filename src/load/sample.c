/*
 * sample.c - tells of everyone, one after the other, and hands it over.
 *
 * What it is:   the loop over people, what adverts cost, and the import that carries it all.
 * Promises:     a chunk is as large as a commit should be; between two chunks it looks whether it
 *               is to stop.
 * Threads:      one at a time.
 */
#include "load/sample_int.h"

#define PROGRESS_EVERY 1000 /* people */

static void visitor_tell(struct life *l)
{
	struct teller *t = l->t;
	l->source = world_source_first(rng_real(&l->rng));
	l->language = rng_chance(&l->rng, 0.68) ? GERMAN : ENGLISH;
	l->devices[0] = life_device(l, l->number, 0);
	l->devices_n = 1;
	l->is_lead = rng_chance(&l->rng, world_lead_chance(l->source));
	int64_t at = visit_first(l, calendar_any(&t->calendar, &l->rng));
	if (l->is_lead)
		lead_tell(l, time_later(&l->rng, at, 4));
}

/* What one source costs on one day; its campaigns share it. */
static void spend_of(struct life *l, const struct source *s, double visits, int64_t at_us)
{
	double cents = visits * (double)s->visit_cents / (double)s->campaigns_n;
	for (size_t i = 0; i < s->campaigns_n; i++) {
		double noise = 0.8 + 0.4 * rng_real(&l->rng);
		struct intake *in = tell(l, S("spend_booked"), at_us);
		in->origin = (struct origin){ .source = s->origin.source,
					      .medium = s->origin.medium,
					      .campaign = s->campaigns[i] };
		tell_prop(l, in, S("amount"), value_money((int64_t)(cents * noise), "EUR"));
	}
}

bool spend_tell(struct teller *t, err *e)
{
	const struct calendar *c = &t->calendar;
	double weights = 0, before = 0;
	struct life l;
	uint64_t serial = 0;
	for (size_t i = 0; i < world_sources_n; i++)
		weights += world_sources[i].first;
	for (size_t day = 0; day < c->days; day++) {
		double share = (c->until[day] - before) / c->until[c->days - 1];
		int64_t end = (c->first_day + (int64_t)day + 1) * US_PER_DAY - SAMPLE_OFFSET_US;
		before = c->until[day];
		if (!teller_flush(t, false, e))
			return false;
		life_begin(&l, t, 0);
		rng_init(&l.rng, t->seed + day);
		l.serial = serial;
		for (size_t i = 0; i < world_sources_n; i++) {
			const struct source *s = &world_sources[i];
			if (s->visit_cents)
				spend_of(&l, s, (double)t->people * share * s->first / weights,
					 end - HOUR_US);
		}
		life_end(&l);
		serial = l.serial;
	}
	return true;
}

static bool tell_everyone(struct teller *t, err *e)
{
	const struct sample_options *o = t->o;
	struct life l;
	for (uint64_t i = 1; i <= t->people; i++) {
		if (!teller_flush(t, false, e))
			return false;
		life_begin(&l, t, i);
		visitor_tell(&l);
		life_end(&l);
		t->result.people += t->n > l.begin;
		if (i % PROGRESS_EVERY)
			continue;
		if (o->stop && *o->stop)
			return err_set(e, ERR_BUSY, "interrupted");
		if (o->progress)
			o->progress(o->progress_arg, t->result.touches + t->n, i, t->people);
	}
	return spend_tell(t, e) && teller_flush(t, true, e);
}

bool sample_each(const struct sample_options *o, sample_sink sink, void *arg,
		 struct sample_result *r, err *e)
{
	struct teller t;
	bool ok = teller_init(&t, o, sink, arg, e) && tell_everyone(&t, e);
	if (ok)
		*r = t.result;
	teller_fini(&t);
	return ok;
}

/* ---- into a journal -------------------------------------------------------------------------- */

struct making {
	struct journal *j;
	uint64_t import;
};

static bool submit(void *arg, struct intake *items, size_t n, err *e)
{
	struct making *m = arg;
	struct batch b = { .items = items, .n = n, .trust = TRUST_SECRET, .import = m->import };
	if (!journal_submit(m->j, &b, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (items[i].outcome != OUTCOME_ACCEPTED)
			return err_set(e, ERR_CONFLICT,
				       "the journal refuses a touch of the sample company: %s",
				       items[i].reason ? items[i].reason : "no reason given");
	}
	return true;
}

bool sample_make(struct journal *j, const struct sample_options *o, struct sample_result *r, err *e)
{
	struct making m = { .j = j };
	struct undo_result undone;
	err ignored;
	str state = S("the sample company");
	if (!journal_import_begin(j, state, &m.import, e))
		return false;
	if (!sample_each(o, submit, &m, r, e)) {
		bool taken_back = journal_import_undo(j, m.import, &undone, &ignored);
		return taken_back ? false
				  : err_prefix(e, "import %llu is to be taken back with --undo",
					       (unsigned long long)m.import);
	}
	r->import = m.import;
	return journal_import_close(j, m.import, state, e);
}
