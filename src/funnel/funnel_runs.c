/*
 * funnel_runs.c - where the touches of each subject stand.
 *
 * What it is:   each segment has the touches of one subject together, as it was when the segment
 *               was written. Those of a subject that did not move since are read where they stand;
 *               of one that moved, each touch is looked up and told under whose it is now.
 * Companies and deals are found the same way, touch by touch. Promises:     every touch is told
 * once, under the subject it belongs to as of the snapshot. Threads:      strays are found by one
 * thread; runs belong to one thread, and people are only asked what does not change them.
 */
#include "funnel/source_int.h"

#include "base/mem.h"

#include <stdlib.h>

#define WINDOW 512

static bool is_moved(const struct source *s, uint64_t subject)
{
	return s->all_moved || (s->moved.any && subject < s->moved.n &&
				(s->moved.bits[subject / 64] >> (subject % 64) & 1) != 0);
}

/* ---- a walk over the subjects of one segment ------------------------------------------------- */

static bool walk_fill(struct lens *r, err *e)
{
	const struct segment *s = r->source->segment;
	uint64_t all = segment_info(s)->subjects;
	if (!r->window_subjects) {
		r->window_subjects = mem_alloc(WINDOW * sizeof *r->window_subjects);
		r->window_counts = mem_alloc(WINDOW * sizeof *r->window_counts);
		if (!r->window_subjects || !r->window_counts)
			return err_nomem(e);
	}
	r->window_from = r->at_subject;
	r->window_n = (size_t)MIN((uint64_t)WINDOW, all - r->at_subject);
	return column_ints(segment_subject(s), r->window_from, r->window_n, r->window_subjects,
			   e) &&
	       column_ints(segment_count(s), r->window_from, r->window_n, r->window_counts, e);
}

/* The run at which the walk stands; *n_r 0: it is at its end. */
static bool walk_peek(struct lens *r, uint64_t *subject_r, uint64_t *n_r, err *e)
{
	*n_r = 0;
	if (r->at_subject >= segment_info(r->source->segment)->subjects)
		return true;
	if ((r->window_n == 0 || r->at_subject >= r->window_from + r->window_n ||
	     r->at_subject < r->window_from) &&
	    !walk_fill(r, e))
		return false;
	*subject_r = (uint64_t)r->window_subjects[r->at_subject - r->window_from];
	*n_r = (uint64_t)r->window_counts[r->at_subject - r->window_from];
	return true;
}

static void walk_on(struct lens *r, uint64_t n)
{
	r->at_row += n;
	r->at_subject++;
}

/* To the first subject not below `lo`. */
static bool walk_to(struct lens *r, uint64_t lo, err *e)
{
	const struct column *c = segment_subject(r->source->segment);
	struct column_block b;
	size_t low = 0, high = column_blocks(c);
	uint64_t subject, n;
	while (low < high) { /* the first block whose greatest is not below */
		size_t mid = low + (high - low) / 2;
		column_peek(c, mid, &b);
		if ((uint64_t)b.max < lo)
			low = mid + 1;
		else
			high = mid;
	}
	uint64_t from = (uint64_t)low * COLFILE_BLOCK_ROWS;
	if (low == column_blocks(c)) {
		r->at_subject = column_rows(c);
		return true;
	}
	if (r->at_subject < from || r->at_subject == 0) {
		r->at_subject = from;
		r->at_row = segment_begin(r->source->segment, low);
	}
	for (;;) {
		if (!walk_peek(r, &subject, &n, e))
			return false;
		if (n == 0 || subject >= lo)
			return true;
		walk_on(r, n);
	}
}

/* ---- strays ---------------------------------------------------------------------------------- */

static int cmp_strayed(const void *a, const void *b)
{
	const struct strayed *x = a, *y = b;
	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	return (x->ref > y->ref) - (x->ref < y->ref);
}

static bool stray_add(struct strays *x, uint64_t subject, uint64_t ref, err *e)
{
	if (x->items.n >= x->items_max)
		return err_set(e, ERR_LIMIT,
			       "the query needs more memory than it may take (memory_max)");
	return vec_push(&x->items, (struct strayed){ (uint32_t)subject, ref }) || err_nomem(e);
}

/* The touches of one run of a moved subject. */
static bool stray_people(struct strays *x, struct lens *r, size_t source, uint64_t subject,
			 uint64_t n, err *e)
{
	struct people *p = snapshot_people(r->all->s->snapshot);
	uint64_t profiles = people_profiles(p);
	for (uint64_t row = r->at_row; row < r->at_row + n; row++) {
		uint64_t person;
		bool hides;
		if (!lens_hides(r, row, &hides, e))
			return false;
		if (hides)
			continue;
		if (!lens_person(r, row, subject, &person, e))
			return false;
		if (person > profiles)
			return err_set(e, ERR_CORRUPT,
				       "a touch is about number %ju, but only %ju were given out",
				       (uintmax_t)person, (uintmax_t)profiles);
		uint64_t now = 0;
		if (person != 0 && people_entity_of(p, person) == ENTITY_PERSON)
			now = people_subject_of(p, person);
		if (!stray_add(x, now, REF(source, row), e))
			return false;
	}
	return true;
}

/* Of visits only each subject's first in the period matters; of equal ones, all. */
static bool stray_visit(struct strays *x, struct lens *r, uint64_t row, uint64_t subject,
			uint64_t ref, err *e)
{
	const struct chain_rules *rules = &r->all->s->plan->rules;
	int64_t at_us;
	if (!ints_cursor_get(&r->at, row, &at_us, e))
		return false;
	if (at_us < rules->from_us || at_us >= rules->to_us || subject == 0)
		return true;
	struct stray_visit *v = &x->visits[subject];
	if (v->ref != 0 && v->at_us < at_us)
		return true;
	if (v->ref != 0 && v->at_us == at_us)
		return stray_add(x, subject, ref, e);
	*v = (struct stray_visit){ at_us, ref + 1 };
	return true;
}

/* Of companies and deals: who is meant by each touch that matters. */
static bool stray_others(struct strays *x, struct subject_key *key, struct lens *r, size_t source,
			 uint64_t subject, uint64_t n, err *e)
{
	const struct source *s = r->source;
	const struct plan *p = r->all->s->plan;
	for (uint64_t row = r->at_row; row < r->at_row + n; row++) {
		struct touch t = { 0 };
		int64_t name, company, deal;
		uint64_t now;
		bool hides;
		if (!ints_cursor_get(&r->name, row, &name, e) || !lens_hides(r, row, &hides, e))
			return false;
		if (hides)
			continue;
		if (!p->wants_all && s->mask_of[name] == 0 && s->exclude_of[name] == 0 &&
		    s->need_of[name] == 0)
			continue;
		if (!lens_person(r, row, subject, &t.person, e) ||
		    !ints_cursor_get(&r->company, row, &company, e) ||
		    !ints_cursor_get(&r->deal, row, &deal, e))
			return false;
		t.company = (uint64_t)company;
		t.deal = (uint64_t)deal;
		if (!subject_key_of(key, &t, &now, e))
			return false;
		bool visit = x->visits && s->mask_of[name] == 0 && s->need_of[name] == 0;
		if (visit ? !stray_visit(x, r, row, now, REF(source, row), e)
			  : (now != 0 || s->need_of[name] != 0) &&
				    !stray_add(x, now, REF(source, row), e))
			return false;
	}
	return true;
}

static bool stray_source(struct strays *x, struct subject_key *key, struct lens *r, size_t source,
			 err *e)
{
	bool people = r->all->s->plan->by_people;
	uint64_t subject, n;
	if (people && !r->source->all_moved && !r->source->moved.any)
		return true;
	r->at_subject = r->at_row = 0;
	for (;;) {
		if (!walk_peek(r, &subject, &n, e))
			return false;
		if (n == 0)
			break;
		bool ok = true;
		if (!people)
			ok = stray_others(x, key, r, source, subject, n, e);
		else if (is_moved(r->source, subject))
			ok = stray_people(x, r, source, subject, n, e);
		if (!ok)
			return false;
		walk_on(r, n);
	}
	r->at_subject = r->at_row = 0;
	return true;
}

bool strays_find(struct strays *x, struct lenses *r, err *e)
{
	struct subject_key key;
	const struct sources *s = r->s;
	const struct plan *p = s->plan;
	*x = (struct strays){ .items_max = r->own.bytes_max / sizeof(struct strayed) };
	bool ok = subject_key_init(&key, snapshot_people(s->snapshot), p->spec.count, &r->own, e);
	if (ok && !p->by_people && p->lifecycle && p->rules.window_us == FUNNEL_WINDOW_NONE) {
		x->visits = ARENA_ARRAY(&r->own, struct stray_visit, key.subjects_n);
		ok = x->visits || arena_err(&r->own, e);
	}
	for (size_t i = 0; ok && i < s->n; i++)
		ok = stray_source(x, &key, &r->items[i], i, e);
	for (uint64_t i = 0; ok && x->visits && i < key.subjects_n; i++)
		ok = x->visits[i].ref == 0 || stray_add(x, i, x->visits[i].ref - 1, e);
	subject_key_fini(&key);
	if (ok && x->items.n > 1)
		qsort(x->items.items, x->items.n, sizeof *x->items.items, cmp_strayed);
	return ok;
}

void strays_fini(struct strays *x)
{
	vec_free(&x->items);
}

static bool is_asked(const struct runs *x, uint64_t subject)
{
	return !x->only || (x->only[subject / 64] >> (subject % 64) & 1) != 0;
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* Runs of one subject come from behind. */
static bool add_run(struct runs *x, uint64_t subject, size_t source, uint64_t first, uint64_t n,
		    err *e)
{
	uint32_t *at = &x->first[subject - x->lo];
	x->touches += n;
	struct run_of run = { .first = first, .n = n, .source = (uint32_t)source, .next = *at };
	if (!vec_push(&x->items, run))
		return err_nomem(e);
	*at = (uint32_t)x->items.n;
	return true;
}

static bool read_source(struct runs *x, size_t source, err *e)
{
	struct lens *r = &x->lenses->items[source];
	uint64_t subject, n;
	if (!walk_to(r, x->lo, e))
		return false;
	for (;;) {
		if (!walk_peek(r, &subject, &n, e))
			return false;
		if (n == 0 || subject >= x->hi)
			return true;
		if (is_asked(x, subject) && !is_moved(r->source, subject) &&
		    !add_run(x, subject, source, r->at_row, n, e))
			return false;
		walk_on(r, n);
	}
}

/* Strays that lie one behind the other, in order of time, are one run. */
static bool add_stray(struct runs *x, const struct strayed *s, err *e)
{
	size_t source = REF_SOURCE(s->ref);
	uint64_t row = REF_ROW(s->ref);
	uint32_t at = x->first[s->subject - x->lo];
	struct run_of *behind = at ? &x->items.items[at - 1] : NULL;
	struct lens *r = &x->lenses->items[source];
	int64_t at_us, next_us;
	if (behind && behind->source == source && behind->first == row + 1) {
		if (!ints_cursor_get(&r->at, row, &at_us, e) ||
		    !ints_cursor_get(&r->at, row + 1, &next_us, e))
			return false;
		if (at_us < next_us) {
			behind->first = row;
			behind->n++;
			x->touches++;
			return true;
		}
	}
	if (!add_run(x, s->subject, source, row, 1, e))
		return false;
	x->items.items[x->items.n - 1].strayed = true;
	return true;
}

/* The first stray of a subject not below `subject`. */
static size_t stray_from(const struct strays *x, uint64_t subject)
{
	size_t low = 0, high = x->items.n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (x->items.items[mid].subject < subject)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool runs_read(struct runs *x, uint64_t lo, uint64_t hi, err *e)
{
	const struct strays *strays = x->strays;
	x->lo = lo;
	x->hi = hi;
	x->touches = 0;
	vec_clear(&x->items);
	if (hi - lo > x->first_n) {
		mem_free(x->first);
		x->first_n = hi - lo;
		x->first = mem_alloc(x->first_n * sizeof *x->first);
		if (!x->first)
			return err_nomem(e);
	}
	for (uint64_t i = 0; i < hi - lo; i++)
		x->first[i] = 0;
	for (size_t i = stray_from(strays, hi); i-- > 0 && strays->items.items[i].subject >= lo;) {
		if (!add_stray(x, &strays->items.items[i], e))
			return false;
	}
	if (!x->lenses->s->plan->by_people)
		return true;
	for (size_t i = x->lenses->s->n; i-- > 0;)
		if (!read_source(x, i, e))
			return false;
	return true;
}

void runs_fini(struct runs *x)
{
	mem_free(x->first);
	x->first = NULL;
	vec_free(&x->items);
}
