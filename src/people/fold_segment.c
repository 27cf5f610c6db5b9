/*
 * fold_segment.c - the counts of a whole segment at once.
 *
 * What it is:   a segment that was loaded in bulk holds only touches that count and set no values,
 *               so it is folded from its columns: who, when, from where.
 * Workload:     a hundred million touches when an import is closed; some 20 ns each.
 * Promises:     the same counts as folding its touches one by one in the order of their numbers.
 * Threads:      as the people that own it.
 */
#include "people/people_int.h"

#include "base/mem.h"

#define PIECE 4096

struct folding {
	struct people *p;
	const struct segment *s;
	uint64_t effect_seq;
	uint32_t *origins; /* by the segment's code: number + 1; 0: not asked yet */
	struct count sum;  /* of one profile's touches that stand together */
	uint32_t profile;
	/* the subject of the next row, and how many rows are left of it */
	int64_t subject;
	int64_t left;
	uint64_t subject_at;
	bool (*person)(void *arg, uint64_t profile);
	void *arg;
	err *e;
};
struct piece {
	int64_t at[PIECE], origin[PIECE], person[PIECE], company[PIECE], deal[PIECE], seq[PIECE];
};

static bool piece_read(const struct segment *s, uint64_t from, size_t n, struct piece *p, err *e)
{
	return column_ints(segment_at(s), from, n, p->at, e) &&
	       column_ints(segment_origin(s), from, n, p->origin, e) &&
	       column_ints(segment_person(s), from, n, p->person, e) &&
	       column_ints(segment_company(s), from, n, p->company, e) &&
	       column_ints(segment_deal(s), from, n, p->deal, e) &&
	       column_ints(segment_seq(s), from, n, p->seq, e);
}

/* A row is mostly about its subject itself. */
static bool person_of(struct folding *f, int64_t code, int64_t *person_r)
{
	if (f->left == 0) {
		if (!column_ints(segment_subject(f->s), f->subject_at, 1, &f->subject, f->e) ||
		    !column_ints(segment_count(f->s), f->subject_at, 1, &f->left, f->e))
			return false;
		f->subject_at++;
	}
	f->left--;
	*person_r = code == 0 ? f->subject : code - 1;
	return true;
}

static bool origin_of(struct folding *f, int64_t code, uint32_t *number_r)
{
	uint32_t *known = &f->origins[code];
	if (*known == 0) {
		uint32_t number;
		if (!origins_number(f->p, segment_origin_of(f->s, (size_t)code), &number, f->e))
			return false;
		*known = number + 1;
	}
	*number_r = *known - 1;
	return true;
}

static bool put_sum(struct folding *f)
{
	return f->sum.touches == 0 || counts_add(f->p, f->profile, &f->sum, f->effect_seq, f->e);
}

/* Companies and deals lie apart from each other in it. */
static bool add_apart(struct folding *f, int64_t profile, const struct count *one)
{
	return profile == 0 || counts_add(f->p, (uint32_t)profile, one, f->effect_seq, f->e);
}

static bool add_person(struct folding *f, int64_t profile, const struct count *one)
{
	if (profile == 0)
		return true;
	if (profile != f->profile) {
		if (!put_sum(f))
			return false;
		f->profile = (uint32_t)profile;
		f->sum = (struct count){ 0 };
		if (!f->person(f->arg, (uint64_t)profile))
			return false;
	}
	count_join(&f->sum, one);
	return true;
}

static bool is_known(const struct folding *f, int64_t profile)
{
	return profile >= 0 && (uint64_t)profile <= f->p->ids.kinds.n;
}

static bool fold_piece(struct folding *f, const struct piece *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t origin;
		int64_t person;
		uint32_t tie = (uint32_t)((uint64_t)p->seq[i] >> 32);
		if (!person_of(f, p->person[i], &person))
			return false;
		if (!is_known(f, person) || !is_known(f, p->company[i]) || !is_known(f, p->deal[i]))
			return err_set(f->e, ERR_CORRUPT, "touch %llu is about nobody known",
				       (unsigned long long)p->seq[i]);
		if (!origin_of(f, p->origin[i], &origin))
			return false;
		struct count one = { .touches = 1, .first_us = p->at[i], .last_us = p->at[i] };
		if (origin) {
			one.first_origin = one.last_origin = origin;
			one.first_origin_us = one.last_origin_us = p->at[i];
			one.first_origin_tie = one.last_origin_tie = tie;
		}
		if (!add_person(f, person, &one) || !add_apart(f, p->company[i], &one) ||
		    !add_apart(f, p->deal[i], &one))
			return false;
	}
	return true;
}

static bool fold_all(struct folding *f)
{
	uint64_t touches = segment_info(f->s)->touches;
	struct piece *piece = mem_alloc(sizeof *piece);
	if (!piece)
		return err_nomem(f->e);
	bool ok = true;
	for (uint64_t at = 0; ok && at < touches; at += PIECE) {
		size_t n = (size_t)MIN(touches - at, (uint64_t)PIECE);
		ok = piece_read(f->s, at, n, piece, f->e) && fold_piece(f, piece, n);
	}
	mem_free(piece);
	return ok && put_sum(f);
}

/* Names that rules keep a book of, or that set values, want each touch. */
bool people_only_counts(const struct people *p, const struct segment *s)
{
	if (rules_watch_anything(p))
		return false;
	for (size_t i = 0; i < segment_names(s); i++) {
		if (people_touch_changes_values(segment_name_text(s, i)))
			return false;
	}
	return true;
}

bool people_fold_segment(struct people *p, const struct segment *s, uint64_t effect_seq,
			 bool (*person)(void *arg, uint64_t profile), void *arg, err *e)
{
	struct folding f = {
		.p = p, .s = s, .effect_seq = effect_seq, .person = person, .arg = arg, .e = e
	};
	f.origins = mem_zalloc(segment_origins(s) + 1, sizeof *f.origins);
	if (!f.origins)
		return err_nomem(e);
	p->applied_seq = MAX(p->applied_seq, effect_seq);
	bool ok = fold_all(&f);
	mem_free(f.origins);
	return ok;
}
