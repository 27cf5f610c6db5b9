/*
 * bulk_fold.c - what an import brought is folded when it is closed.
 *
 * What it is:   segments that were loaded in bulk are folded from their columns, all else touch by
 *               touch in the order of the numbers.
 * Promises:     the same values and counts as touch by touch.
 * Threads:      the store's.
 */
#include "journal/journal_int.h"

struct bulk_folding {
	struct store *s;
	const struct import_row *row;
	bool (*person)(void *arg, uint64_t profile);
	void *arg;
	err *e;
	bool failed;
};

static bool fold_touch(void *arg, const struct touch *t)
{
	struct bulk_folding *f = arg;
	if (t->import != f->row->import || t->seq >= f->row->closed_seq)
		return true;
	f->failed = !journal_hooks.fold(f->s->people, t, f->row->closed_seq, f->e) ||
		    (t->person && !f->person(f->arg, t->person));
	return !f->failed;
}

/* Either all of its segments, or none: what is left out of the scan is folded here. */
static bool all_only_count(const struct bulk_folding *f)
{
	const struct segment_list *all = &f->s->archive->segments;
	for (size_t i = 0; i < all->n; i++) {
		if (segment_info(all->items[i])->import == f->row->import &&
		    !journal_hooks.only_counts(f->s->people, all->items[i]))
			return false;
	}
	return true;
}

static bool fold_segments(struct bulk_folding *f)
{
	const struct segment_list *all = &f->s->archive->segments;
	for (size_t i = 0; i < all->n; i++) {
		if (segment_info(all->items[i])->import == f->row->import &&
		    !journal_hooks.fold_segment(f->s->people, all->items[i], f->row->closed_seq,
						f->person, f->arg, f->e))
			return false;
	}
	return true;
}

bool bulk_fold(struct store *s, const struct import_row *row,
	       bool (*person)(void *arg, uint64_t profile), void *arg, err *e)
{
	struct bulk_folding f = { .s = s, .row = row, .person = person, .arg = arg, .e = e };
	bool at_once = all_only_count(&f);
	if (at_once && !fold_segments(&f))
		return false;
	struct store_reading scan = { .s = s,
				      .from_seq = row->from_seq,
				      .to_seq = row->closed_seq,
				      .hidden_too = true,
				      .but_import = at_once ? row->import : 0,
				      .each = fold_touch,
				      .arg = &f,
				      .e = e };
	return store_read(&scan) && !f.failed;
}
