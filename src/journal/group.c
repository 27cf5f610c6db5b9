/*
 * group.c - the touches of one group: known already? whose? what follows?
 *
 * What it is:   the inner loop of the writer: message ids are looked up, the hooks decide, the
 * touch is written, and what follows from it (joins, stages by rule) behind it. Workload:     100
 * touches a batch, one to sixty batches a group; about one microsecond a touch here. Threads: the
 * writer's.
 */
#include "journal/journal_int.h"

#include "base/time.h"

#include <string.h>

#define LIVE_FUTURE_US_MAX   US_PER_DAY
#define MESSAGE_ID_BYTES_MAX 200
#define TIMERS_PER_GROUP     1000
#define CHAIN_MAX	     16 /* rules that follow from rules */

static void prefetch(struct journal *j, const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->items[i].message_id.n)
			idmap_prefetch(j->store.messages, message_key(b->items[i].message_id));
	}
}

static bool is_known(struct journal *j, const struct intake *in, bool *known_r, uint64_t *import_r,
		     err *e)
{
	uint64_t v = 0;
	bool found = false;
	*known_r = false;
	*import_r = 0;
	if (in->message_id.n == 0)
		return true;
	if (!idmap_get(j->store.messages, message_key(in->message_id), &v, &found, e))
		return false;
	const struct import_row *row = found ? store_import(&j->store, v >> 32) : NULL;
	*known_r = found && !(row && row->undone_seq);
	*import_r = found ? v >> 32 : 0;
	return true;
}

/* A clock that runs ahead by more than a day is not believed: the time of receipt stands, the
 * sender's is kept beside it. */
static bool correct_clock(struct journal *j, const struct batch *b, struct touch *t, err *e)
{
	if (b->import || t->at_us <= j->received_us + LIVE_FUTURE_US_MAX)
		return true;
	struct prop *props = ARENA_ARRAY(&j->batch, struct prop, t->props_n + 1);
	if (!props)
		return arena_err(&j->batch, e);
	for (size_t i = 0; i < t->props_n; i++)
		props[i] = t->props[i];
	props[t->props_n] = (struct prop){ S("original_at"), value_time(t->at_us) };
	t->props = props;
	t->props_n++;
	t->at_us = j->received_us;
	return true;
}

/* What rules decided becomes touches; rules may set off rules, each round is asked about in the
 * next. */
static bool follow_round(struct journal *j, const struct touch *cause, err *e)
{
	struct decided *d = j->decided;
	size_t n = d->then_n;
	memcpy(j->round, d->then, n * sizeof *j->round);
	d->then_n = 0;
	for (size_t i = 0; i < n; i++) {
		j->round[i].import = cause->import;
		j->round[i].cause = j->round[i].cause ? j->round[i].cause : cause->seq;
		if (!group_append(j, &j->round[i], e))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (!journal_hooks.react(j->store.people, &j->round[i], &j->batch, d, e))
			return false;
	}
	return true;
}

static bool follow_rules(struct journal *j, const struct touch *cause, err *e)
{
	struct decided *d = j->decided;
	d->then_n = 0;
	if (!journal_hooks.react(j->store.people, cause, &j->batch, d, e))
		return false;
	for (int depth = 0; d->then_n > 0 && depth < CHAIN_MAX; depth++) {
		if (!follow_round(j, cause, e))
			return false;
	}
	d->then_n = 0;
	return true;
}

static bool accept(struct journal *j, struct batch *b, struct intake *in, err *e)
{
	struct decided *d = j->decided;
	struct touch t = d->touch;
	t.message_id = in->message_id;
	if (!correct_clock(j, b, &t, e) || !group_append(j, &t, e))
		return false;
	if (t.message_id.n && !idmap_put(j->store.messages, message_key(t.message_id),
					 message_value(b->import, j->received_us), e))
		return false;
	in->outcome = OUTCOME_ACCEPTED;
	in->seq = t.seq;
	in->subject_is_new = d->subject_is_new;
	bool joined = d->then_n > 0;
	if (!group_append_then(j, &t, e))
		return false;
	if (b->import && !b->live)
		return true;
	/* Who was joined brings what they did: every rule may hold now. */
	struct touch join = t;
	join.name = S("person_identified");
	return follow_rules(j, &t, e) && (!joined || follow_rules(j, &join, e));
}

static bool decide(struct journal *j, struct batch *b, struct intake *in, err *e)
{
	struct decided *d = j->decided;
	if (!journal_hooks.decide(j->store.people, b, in, &j->batch, d, e))
		return false;
	for (size_t i = 0; i < d->ids_n; i++) {
		if (!record_add_id(&j->record, &d->ids[i], e))
			return false;
	}
	in->outcome = d->outcome;
	in->reason = d->reason;
	in->subject_is_new = d->subject_is_new;
	return true;
}

static bool is_duplicate(struct intake *in)
{
	in->outcome = OUTCOME_DUPLICATE;
	in->reason = "known already";
	return true;
}

/* Bulk loading: whose it is is decided as ever; unless something follows from it, the touch itself
 * goes into a segment. `own`: this import has recorded it before it was interrupted. */
static bool place(struct journal *j, struct batch *b, struct intake *in, bool known, bool own,
		  err *e)
{
	struct decided *d = j->decided;
	if (!decide(j, b, in, e))
		return false;
	in->about.person = d->touch.person;
	in->about.company = d->touch.company;
	in->about.deal = d->touch.deal;
	in->about.by_time = d->device != 0;
	if (d->outcome != OUTCOME_ACCEPTED || own)
		return true;
	/* Whoever had the device may have it. */
	if (d->device && !known && !bulk_knows(&j->store, in, d, &j->batch, &known, e))
		return false;
	if (d->device && known)
		return is_duplicate(in);
	if (d->then_n > 0 && !known)
		return accept(j, b, in, e);
	in->outcome = OUTCOME_PLACED;
	d->then_n = 0;
	return journal_hooks.join(j->store.people, &d->touch, e);
}

static bool one_intake(struct journal *j, struct batch *b, struct intake *in, err *e)
{
	bool known;
	uint64_t import;
	arena_reset(&j->batch);
	in->reason = NULL;
	in->own = false;
	in->seq = 0;
	if (in->message_id.n > MESSAGE_ID_BYTES_MAX) {
		in->outcome = OUTCOME_REJECTED;
		in->reason = "the message id is longer than 200 bytes";
		return true;
	}
	if (!is_known(j, in, &known, &import, e))
		return false;
	if (in->plain)
		return place(j, b, in, known, known && import == b->import, e);
	in->own = known && b->import && import == b->import;
	if (known)
		return is_duplicate(in);
	if (!decide(j, b, in, e))
		return false;
	if (j->decided->outcome != OUTCOME_ACCEPTED)
		return true;
	if (in->equal && b->import) {
		if (!bulk_knows(&j->store, in, j->decided, &j->batch, &known, e))
			return false;
		if (known)
			return is_duplicate(in);
	}
	return accept(j, b, in, e);
}

static bool one_batch(struct journal *j, struct batch *b, err *e)
{
	struct import_row *row = store_import(&j->store, b->import);
	if (b->import && (!row || row->closed_seq || row->undone_seq))
		return err_set(e, ERR_CONFLICT, "import %llu is not open",
			       (unsigned long long)b->import);
	prefetch(j, b);
	journal_hooks.prepare(j->store.people, b->items, b->n);
	for (size_t i = 0; i < b->n; i++) {
		if (!one_intake(j, b, &b->items[i], e))
			return false;
	}
	if (!outbox_put(j, b->outbox, b->outbox_n, e))
		return false;
	if (row && b->import_state.n) {
		buf_clear(&row->state);
		buf_str(&row->state, b->import_state);
		row->dirty = true;
		return buf_ok(&row->state, e);
	}
	return true;
}

static void count_outcomes(struct journal *j, struct job **jobs, size_t n)
{
	mutex_lock(&j->mutex);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < jobs[i]->batch->n; k++) {
			enum outcome o = jobs[i]->batch->items[k].outcome;
			j->numbers.touches += o == OUTCOME_ACCEPTED;
			j->numbers.duplicates += o == OUTCOME_DUPLICATE;
			j->numbers.rejected += o == OUTCOME_REJECTED;
		}
	}
	j->numbers.batches += n;
	mutex_unlock(&j->mutex);
}

/* Rows that are skipped may bring new ids of known subjects. Ids stand in a record, and a record
 * begins with a touch: when there is none, one is made that says nothing else. */
static bool keep_ids(struct journal *j, uint64_t import, err *e)
{
	if (j->record.ids_n == 0 || j->record.touches_n > 0)
		return true;
	struct touch t = { .name = S("person_identified"),
			   .at_us = j->received_us,
			   .import = import };
	return group_append(j, &t, e);
}

bool group_batches(struct journal *j, struct job **jobs, size_t n, err *e)
{
	group_begin(j);
	for (size_t i = 0; i < n; i++) {
		if (!one_batch(j, jobs[i]->batch, e)) {
			j->must_reload = true; /* half a group is in memory */
			return false;
		}
	}
	if (!keep_ids(j, jobs[0]->batch->import, e) || !group_commit(j, e))
		return false;
	count_outcomes(j, jobs, n);
	return true;
}

/* ---- timers ---------------------------------------------------------------------------------- */

static bool one_timer(struct journal *j, const struct ledger_timer_change *timer, err *e)
{
	struct decided *d = j->decided;
	arena_reset(&j->batch);
	d->then_n = d->ids_n = 0;
	if (!journal_hooks.timer(j->store.people, timer, j->received_us, &j->batch, d, e))
		return false;
	struct touch nothing = { 0 };
	if (!group_append_then(j, &nothing, e))
		return false;
	struct ledger_timer_change done = { .timer = timer->timer, .remove = true };
	return vec_push(&j->timers_done, done) || err_nomem(e);
}

bool group_timers(struct journal *j, err *e)
{
	struct ledger_timer_change *timers;
	size_t n;
	group_begin(j);
	if (!ledger_timers_due(j->store.ledger, j->received_us, TIMERS_PER_GROUP, &j->group,
			       &timers, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!one_timer(j, &timers[i], e)) {
			j->must_reload = true;
			return false;
		}
	}
	return group_commit(j, e) && ledger_timer_next(j->store.ledger, &j->timer_next_us, e);
}
