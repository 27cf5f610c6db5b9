/*
 * hand.c - joining and separating people by hand.
 *
 * What it is:   one touch each, through the same door as everything else, so that who did it and
 * why stands in the journal and replay knows it.
 */
#include "people/people_int.h"

#include "base/time.h"

static bool submit_one(struct journal *j, struct intake *in, err *e)
{
	struct batch b = { .items = in, .n = 1, .trust = TRUST_SELF };
	if (!journal_submit(j, &b, e))
		return false;
	if (in->outcome == OUTCOME_ACCEPTED)
		return true;
	return err_set(e, ERR_CONFLICT, "%s", in->reason ? in->reason : "it was not accepted");
}

bool people_merge(struct journal *j, uint64_t a, uint64_t b, str by, str why, err *e)
{
	const struct prop props[] = {
		{ S("profile"), value_int((int64_t)b) },
		{ S("why"), value_text(S("by hand")) },
		{ S("by"), value_text(by) },
		{ S("reason"), value_text(why) },
	};
	struct intake in = { .name = S("person_merged"),
			     .at_us = time_now_us(),
			     .person = a,
			     .by = by,
			     .props = props,
			     .props_n = ARRAY_LEN(props) };
	return submit_one(j, &in, e);
}

bool people_unmerge(struct journal *j, uint64_t profile, str by, str why, err *e)
{
	const struct prop props[] = {
		{ S("by"), value_text(by) },
		{ S("reason"), value_text(why) },
	};
	struct intake in = { .name = S("person_unmerged"),
			     .at_us = time_now_us(),
			     .person = profile,
			     .by = by,
			     .props = props,
			     .props_n = ARRAY_LEN(props) };
	return submit_one(j, &in, e);
}
