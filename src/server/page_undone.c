/*
 * page_undone.c - what was taken back of a person, a company, a deal, and by whom.
 *
 * What it is:   touches that no longer count, for journeys that show them struck through. They come
 *               beside the rows of a journey's first page, since they belong to no page.
 * Promises:     at most UNDONE_MAX, the ones taken back last.
 * Threads:      workers.
 */
#include "server/page_int.h"

#define UNDONE_MAX 200

struct taken {
	struct people *people;
	uint64_t subject;
	uint64_t seq[UNDONE_MAX], undone[UNDONE_MAX];
	size_t n; /* all, also those that others overwrote */
};

static bool is_theirs(void *arg, uint64_t profile)
{
	const struct taken *t = arg;
	return people_subject_of(t->people, profile) == t->subject;
}

static void take(void *arg, uint64_t seq, uint64_t undone_seq)
{
	struct taken *t = arg;
	t->seq[t->n % UNDONE_MAX] = seq;
	t->undone[t->n % UNDONE_MAX] = undone_seq;
	t->n++;
}

/* Of many that were taken back together, each stands with its own subject. */
static bool touch_is_about(const struct taken *t, const struct touch *x)
{
	return (x->person && people_subject_of(t->people, x->person) == t->subject) ||
	       (x->company && people_subject_of(t->people, x->company) == t->subject) ||
	       (x->deal && people_subject_of(t->people, x->deal) == t->subject);
}

static bool put_one(struct request *q, struct json_writer *w, struct snapshot *s,
		    const struct taken *taken, size_t i, err *e)
{
	struct touch deed, undone;
	if (!snapshot_touch(s, taken->seq[i], q->arena, &deed, e))
		return false;
	if (!touch_is_about(taken, &deed))
		return true;
	if (!snapshot_touch(s, taken->undone[i], q->arena, &undone, e))
		return false;
	shape_touch_undone(w, &deed, &undone);
	return true;
}

bool page_undone(struct request *q, struct json_writer *w, struct view *v, uint64_t subject, err *e)
{
	struct snapshot *s = view_snapshot(v);
	struct taken *taken = ARENA_NEW(q->arena, struct taken);
	if (taken == NULL)
		return arena_err(q->arena, e);
	taken->people = snapshot_people(s);
	taken->subject = subject;
	snapshot_undone_each(s, is_theirs, take, taken);
	json_key(w, S("undone"));
	json_array_open(w);
	for (size_t i = 0; i < MIN(taken->n, (size_t)UNDONE_MAX); i++) {
		if (!put_one(q, w, s, taken, i, e))
			return false;
	}
	json_array_close(w);
	return !q->arena->over || arena_err(q->arena, e);
}
