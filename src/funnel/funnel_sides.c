/*
 * funnel_sides.c - what a funnel tells beside its steps: who left and why, and where they are now.
 *
 * What it is:   disqualifications, recyclings, deals and stages, noted by subject in the same scan
 *               that collects the steps, whatever the period; then, for one subject, the exit that
 *               is in force and the stage that is theirs now.
 *               Of several exits the latest counts. It is over once the subject came again to the
 *               row that it had reached. A lost deal is an exit while no other deal is open.
 * Promises:     as the projections fold them (people/fold.c): the latest by (at, tie, seq), what
 *               only fills gives way. About 40 bytes for each such touch, in the query's arena.
 * Threads:      one query per thread.
 */
#include "funnel/funnel_int.h"

#include "base/num.h"

bool sides_init(struct sides *s, struct plan *p, uint64_t subjects_n, struct arena *a, err *e)
{
	*s = (struct sides){ .a = a, .p = p, .matcher = &p->matcher, .subjects_n = subjects_n };
	pages_init(&s->items, a, sizeof(struct side_item));
	pages_init(&s->deals, a, sizeof(struct side_deal));
	s->first = ARENA_ARRAY(a, uint32_t, subjects_n);
	s->deal_numbers = ARENA_ARRAY(a, uint32_t, subjects_n);
	if (!s->first || !s->deal_numbers)
		return arena_err(a, e);
	return dict_init(&s->reasons, a, e);
}

/* ---- deeds ----------------------------------------------------------------------------------- */

static enum side_kind kind_of_name(str name)
{
	switch (name.n > 0 ? name.p[0] : 0) {
	case 's':
		return str_eq(name, S("stage_entered")) ? SIDE_STAGE : SIDE_NONE;
	case 'l':
		return str_eq(name, S("lead_disqualified")) ? SIDE_DISQUALIFIED
		       : str_eq(name, S("lead_recycled"))   ? SIDE_RECYCLED
		       : str_eq(name, S("lead_accepted"))   ? SIDE_ACCEPTED
							    : SIDE_NONE;
	case 'd':
		if (!str_starts(name, S("deal_")) || str_starts(name, S("deal_person_")))
			return SIDE_NONE;
		return str_eq(name, S("deal_lost"))  ? SIDE_LOST
		       : str_eq(name, S("deal_won")) ? SIDE_WON
						     : SIDE_OPEN;
	default:
		return SIDE_NONE;
	}
}

static bool is_spend(str name)
{
	return str_eq(name, S("spend_booked"));
}

bool deed_has_name(str name)
{
	return kind_of_name(name) != SIDE_NONE || is_spend(name);
}

static str text_of(value v)
{
	return v.kind == VALUE_TEXT ? str_trim(v.text) : S("");
}

bool deed_of_touch(const struct touch *t, struct arena *a, struct deed *d_r)
{
	enum side_kind kind = kind_of_name(t->name);
	bool of_deal = kind == SIDE_LOST || kind == SIDE_OPEN || kind == SIDE_WON;
	value reason = touch_prop(t, kind == SIDE_LOST ? S("loss_reason") : S("reason"));
	value amount = touch_prop(t, S("amount"));
	if (reason.kind == VALUE_NONE && kind == SIDE_LOST)
		reason = touch_prop(t, S("reason"));
	*d_r = (struct deed){
		.at_us = t->at_us,
		.tie = t->tie,
		.seq = t->seq,
		.person = (uint32_t)t->person,
		.company = (uint32_t)t->company,
		.deal = (uint32_t)t->deal,
		.import = t->import,
		.kind = (uint8_t)(of_deal && t->deal == 0 ? SIDE_NONE : kind),
		.fill = t->fill,
		.spend = is_spend(t->name),
		.created = str_eq(t->name, S("deal_created")),
	};
	d_r->says_status = kind != SIDE_OPEN || d_r->created ||
			   str_eq(t->name, S("deal_stage_entered"));
	if (amount.kind == VALUE_MONEY)
		d_r->amount = amount;
	if (kind == SIDE_STAGE)
		d_r->text = str_dup(a, text_of(touch_prop(t, S("stage"))));
	else if (kind < SIDE_OPEN)
		d_r->text = str_dup(a, text_of(reason));
	return !a->over;
}

/* ---- deals ----------------------------------------------------------------------------------- */

static bool is_later(int64_t at_us, uint64_t tie, int64_t than_us, uint64_t than_tie)
{
	return at_us != than_us ? at_us > than_us : tie >= than_tie;
}

/* *number_r: 1 + the deal's number. */
static bool take_deal(struct sides *s, const struct deed *t, uint64_t subject,
		      struct people *people, uint32_t *number_r, err *e)
{
	uint64_t deal = people_subject_of(people, t->deal);
	if (deal >= s->subjects_n)
		return err_set(e, ERR_CORRUPT,
			       "a touch is about number %ju, but only %ju were given out",
			       (uintmax_t)deal, (uintmax_t)s->subjects_n - 1);
	if (s->deal_numbers[deal] == 0) {
		struct side_deal *made = pages_add(&s->deals, e);
		if (!made)
			return false;
		*made = (struct side_deal){ .first_us = t->at_us,
					    .status = SIDE_NONE,
					    .amount_us = INT64_MIN,
					    .who_us = INT64_MIN };
		s->deal_numbers[deal] = s->deals.n;
	}
	struct side_deal *d = pages_at(&s->deals, s->deal_numbers[deal] - 1);
	value amount = t->amount;
	bool created = t->created;
	d->first_us = MIN(d->first_us, t->at_us);
	if (amount.kind != VALUE_NONE && is_later(t->at_us, t->tie, d->amount_us, d->amount_tie)) {
		d->amount = amount;
		d->amount_us = t->at_us;
		d->amount_tie = t->tie;
	}
	if (subject != 0 && is_later(t->at_us, t->tie, d->who_us, d->who_tie)) {
		d->subject = subject;
		d->who_us = t->at_us;
		d->who_tie = t->tie;
	}
	/* That it was created says only that it was open before anything else was known. */
	if (t->says_status &&
	    (d->status == SIDE_NONE ||
	     (!created && is_later(t->at_us, t->tie, d->status_us, d->status_tie)))) {
		d->status = t->kind;
		d->status_us = created ? INT64_MIN : t->at_us;
		d->status_tie = created ? 0 : t->tie;
	}
	*number_r = s->deal_numbers[deal];
	return true;
}

/* ---- taking ---------------------------------------------------------------------------------- */

static bool wins(const struct side_item *b, const struct side_item *a)
{
	if (a->fill != b->fill)
		return a->fill;
	bool later = b->at_us != a->at_us ? b->at_us > a->at_us
		     : b->tie != a->tie	  ? b->tie > a->tie
					  : b->seq > a->seq;
	return a->fill ? !later : later;
}

static bool comes_after(const struct side_item *b, const struct side_item *a)
{
	if (b->at_us != a->at_us)
		return b->at_us > a->at_us;
	return b->tie != a->tie ? b->tie > a->tie : b->seq > a->seq;
}

static uint8_t row_of_stage(struct sides *s, str stage)
{
	uint32_t mask = matcher_stage(s->matcher, stage);
	if (mask == 0)
		return ROW_NONE;
	return (uint8_t)(__builtin_ctz(mask) + (s->p->lifecycle ? 1 : 0));
}

static bool add_item(struct sides *s, uint64_t subject, const struct side_item *item, err *e)
{
	/* Of stages the one that is theirs now is enough, of a deal that it was once open. */
	for (uint32_t i = s->first[subject]; i != 0;) {
		struct side_item *old = pages_at(&s->items, i - 1);
		i = old->next;
		if (old->kind != item->kind || item->kind < SIDE_OPEN || old->deal != item->deal)
			continue;
		if ((item->kind == SIDE_STAGE && wins(item, old)) ||
		    (item->kind == SIDE_ACCEPTED && comes_after(item, old))) {
			uint32_t next = old->next;
			*old = *item;
			old->next = next;
		}
		return true;
	}
	struct side_item *made = pages_add(&s->items, e);
	if (!made)
		return false;
	*made = *item;
	made->next = s->first[subject];
	s->first[subject] = s->items.n;
	return true;
}

bool sides_take(struct sides *s, const struct deed *t, uint64_t subject, struct people *people,
		err *e)
{
	struct side_item item = { .at_us = t->at_us,
				  .tie = t->tie,
				  .seq = t->seq,
				  .kind = t->kind,
				  .row = ROW_NONE,
				  .fill = t->fill };
	bool of_deal = t->kind == SIDE_LOST || t->kind == SIDE_OPEN || t->kind == SIDE_WON;
	if (of_deal && !take_deal(s, t, subject, people, &item.deal, e))
		return false;
	if (subject == 0 || t->kind == SIDE_WON)
		return true;
	if (t->kind == SIDE_STAGE)
		item.row = row_of_stage(s, t->text);
	else if (t->kind < SIDE_OPEN &&
		 !dict_number(&s->reasons, value_text(t->text), &item.reason, e))
		return false;
	return add_item(s, subject, &item, e);
}

/* ---- one subject ----------------------------------------------------------------------------- */

static const struct side_deal *deal_of(const struct sides *s, const struct side_item *item)
{
	return pages_at(&s->deals, item->deal - 1);
}

static bool has_open_deal(const struct sides *s, uint64_t subject)
{
	for (uint32_t i = s->first[subject]; i != 0;) {
		const struct side_item *item = pages_at(&s->items, i - 1);
		if (item->deal != 0 && deal_of(s, item)->status == SIDE_OPEN)
			return true;
		i = item->next;
	}
	return false;
}

/* When the lead was last accepted. */
static const struct side_item *accepted(const struct sides *s, uint64_t subject)
{
	const struct side_item *latest = NULL;
	for (uint32_t i = s->first[subject]; i != 0;) {
		const struct side_item *item = pages_at(&s->items, i - 1);
		if (item->kind == SIDE_ACCEPTED && (!latest || comes_after(item, latest)))
			latest = item;
		i = item->next;
	}
	return latest;
}

/* The latest exit that may count; NULL: none. */
static const struct side_item *latest_exit(const struct sides *s, uint64_t subject)
{
	const struct side_item *latest = NULL;
	bool asked = false, open = false;
	for (uint32_t i = s->first[subject]; i != 0;) {
		const struct side_item *item = pages_at(&s->items, i - 1);
		i = item->next;
		if (item->kind >= FUNNEL_EXITS_N || (latest && !comes_after(item, latest)))
			continue;
		if (item->kind == SIDE_LOST) {
			/* Lost once and since won, or taken up again, is not lost. */
			if (deal_of(s, item)->status != SIDE_LOST)
				continue;
			open = asked ? open : has_open_deal(s, subject);
			asked = true;
			if (open)
				continue;
		}
		latest = item;
	}
	/* Who was refused and then accepted after all is back. */
	const struct side_item *back = latest && latest->kind == SIDE_DISQUALIFIED
					       ? accepted(s, subject)
					       : NULL;
	return back && comes_after(back, latest) ? NULL : latest;
}

static const struct side_item *stage_now(const struct sides *s, uint64_t subject)
{
	for (uint32_t i = s->first[subject]; i != 0;) {
		const struct side_item *item = pages_at(&s->items, i - 1);
		if (item->kind == SIDE_STAGE)
			return item;
		i = item->next;
	}
	return NULL;
}

void sides_resolve(const struct sides *s, uint64_t subject, int64_t since_us, struct progress *o)
{
	const struct funnel_spec *spec = &s->p->spec;
	const struct side_item *exit = latest_exit(s, subject);
	const struct side_item *stage = stage_now(s, subject);
	size_t last = s->p->rows_n - 1;
	bool in_time = exit && exit->at_us >= since_us &&
		       (spec->view == FUNNEL_COHORT ||
			(exit->at_us >= spec->from_us && exit->at_us < spec->to_us)) &&
		       (spec->tail == FUNNEL_FOLLOW || exit->at_us < spec->to_us);
	/* Who was further already, before the period, left from there. */
	bool further = stage && stage->row != ROW_NONE && stage->row >= o->level;
	if (in_time && !further && o->level > 0 && o->level <= last) {
		o->exit = exit->kind;
		o->exit_us = exit->at_us;
		o->reason = exit->reason;
	}
	/* Who left is nowhere, until the next stage is entered; a customer who lets one more deal
	 * go stays a customer. */
	if (stage && (!exit || exit->at_us < stage->at_us ||
		      (exit->kind == SIDE_LOST && stage->row == last))) {
		o->here = stage->row;
		o->here_us = stage->at_us;
	} else if (!stage && !exit && s->p->lifecycle && o->level > 0) {
		o->here = 0;
		o->here_us = o->at_us[0];
	}
}
