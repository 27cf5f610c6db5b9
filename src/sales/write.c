/*
 * write.c - a deed into the journal.
 *
 * What it is:   the deed itself first, in a commit of its own; what was asked for with it names it
 *               as its cause, so that taking back the deed takes back all of it.
 */
#include "sales/sales_int.h"

static bool accepted(const struct intake *in, err *e)
{
	if (in->outcome == OUTCOME_ACCEPTED)
		return true;
	if (in->outcome == OUTCOME_DUPLICATE)
		return err_set(e, ERR_CONFLICT,
			       "this was done already, with the same Idempotency-Key: read what "
			       "became of it");
	return err_set(e, ERR_CONFLICT, "%s", in->reason ? in->reason : "it was not accepted");
}

bool sales_write(struct journal *j, struct sales_deed *d, str message_id, uint64_t *seq_r, err *e)
{
	struct batch first = { .items = d->items, .n = 1, .trust = TRUST_SELF };
	d->items[0].message_id = message_id;
	if (!journal_submit(j, &first, e) || !accepted(&d->items[0], e))
		return false;
	*seq_r = d->items[0].seq;
	if (d->n == 1)
		return true;
	for (size_t i = 1; i < d->n; i++)
		d->items[i].cause = *seq_r;
	struct batch rest = { .items = d->items + 1, .n = d->n - 1, .trust = TRUST_SELF };
	if (!journal_submit(j, &rest, e))
		return false;
	for (size_t i = 1; i < d->n; i++) {
		if (!accepted(&d->items[i], e))
			return false;
	}
	return true;
}
