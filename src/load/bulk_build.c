/*
 * bulk_build.c - what is new becomes segments, one for each calendar year.
 *
 * What it is:   the end of a bulk load: the entries are put in order, what is known already is left
 *               out, numbers are reserved, segments are written, and the journal adds them in the
 *               commit of the import's closing touch.
 * Promises:     until that commit nothing of it is there. The i-th touch of a segment has the i-th
 *               number of its range, so numbers take no room.
 * Threads:      the caller's.
 */
#include "load/bulk_int.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define BATCH 16384

/* What is gathered for one year's segment. */
struct year {
	int year;
	uint64_t touches;
	uint64_t next_seq;
	struct segment_builder *builder;
	struct archive_file file;
	bool written;
	struct code {
		uint32_t name, origin;
		bool known;
	} * codes; /* by what */
	size_t n;
	uint64_t subject[BATCH], person[BATCH], company[BATCH], deal[BATCH];
	int64_t at_us[BATCH];
	uint32_t name[BATCH], origin[BATCH];
};
struct building {
	struct bulk *b;
	struct bulk_merge *merge;
	struct bulk_known *known; /* NULL: nothing can be known already */
	VEC(struct year *) years;
	struct year *last;
	struct span {
		int64_t from_us, to_us;
		struct year *year;
	} span; /* neighbours nearly always fall into one year */
	int64_t at_min_us, at_max_us;
	uint64_t entries, kept;
	uint64_t keyed_seq;
	int64_t received_us;
	bool failed;
	struct arena arena;
	err *e;
};

static int year_of(int64_t at_us)
{
	int64_t days = at_us / US_PER_DAY - (at_us % US_PER_DAY < 0);
	int year, month, day;
	time_civil_from_days(days, &year, &month, &day);
	return year;
}

/* Years beyond the last that have a segment of their own share it. */
static struct year *year_find(struct building *x, int64_t at_us)
{
	int year = year_of(at_us);
	for (size_t i = 0; i < x->years.n; i++) {
		if (x->years.items[i]->year == year)
			return x->years.items[i];
	}
	if (x->years.n == SEGMENT_YEARS_MAX)
		return x->years.items[x->years.n - 1];
	struct year *y = mem_zalloc(1, sizeof *y);
	if (!y || !vec_push(&x->years, y)) {
		mem_free(y);
		err_nomem(x->e);
		return NULL;
	}
	y->year = year;
	return y;
}

static struct year *year_at(struct building *x, int64_t at_us)
{
	struct span *s = &x->span;
	if (s->year && at_us >= s->from_us && at_us < s->to_us)
		return s->year;
	struct year *y = year_find(x, at_us);
	int year = year_of(at_us);
	*s = (struct span){ time_days_from_civil(year, 1, 1) * US_PER_DAY,
			    time_days_from_civil(year + 1, 1, 1) * US_PER_DAY, y };
	return y;
}

static void count_entry(void *arg, const struct bulk_entry *n)
{
	struct building *x = arg;
	struct year *y = x->failed ? NULL : year_at(x, n->at_us);
	x->failed |= y == NULL;
	if (y)
		y->touches++;
}

static void note_time(void *arg, const struct bulk_entry *n)
{
	struct building *x = arg;
	x->at_min_us = MIN(x->at_min_us, n->at_us);
	x->at_max_us = MAX(x->at_max_us, n->at_us);
	x->entries++;
}

/* The entries of the next subject that are not known yet; none: there is no further subject. */
static bool next_group(struct building *x, struct bulk_run **group_r)
{
	return merge_next(x->merge, group_r, x->e) &&
	       (!*group_r || !x->known || known_drop(x->known, *group_r, x->e));
}

/* How many touches each year will have. */
static bool years_count(struct building *x)
{
	struct bulk_run *group;
	if (!x->known) {
		merge_each(x->merge, count_entry, x);
		x->kept = x->entries;
		return !x->failed;
	}
	for (;;) {
		if (!next_group(x, &group))
			return false;
		if (!group)
			break;
		for (size_t i = 0; i < group->n; i++)
			count_entry(x, &group->entries[i]);
		x->kept += group->n;
	}
	merge_restart(x->merge);
	known_restart(x->known);
	return !x->failed;
}

static bool years_open(struct building *x, uint64_t first_seq)
{
	struct loader *l = x->b->l;
	for (size_t i = 0; i < x->years.n; i++) {
		struct year *y = x->years.items[i];
		char path[4096];
		struct segment_options o = { .fs = journal_bulk_fs(l->j),
					     .path = path,
					     .keyed_seq = x->keyed_seq };
		if (!journal_bulk_file(l->j, &y->file.number, path, x->e))
			return false;
		y->written = true;
		y->next_seq = first_seq;
		first_seq += y->touches;
		y->codes = mem_zalloc(x->b->whats.all.n, sizeof *y->codes);
		if (!y->codes)
			return err_nomem(x->e);
		if (!segment_begin_build(&o, &y->builder, x->e))
			return false;
	}
	return true;
}

/* ---- touches --------------------------------------------------------------------------------- */

static bool year_flush(struct building *x, struct year *y)
{
	struct segment_plain p = { .n = y->n,
				   .subject = y->subject,
				   .person = y->person,
				   .company = y->company,
				   .deal = y->deal,
				   .at_us = y->at_us,
				   .name = y->name,
				   .origin = y->origin,
				   .first_seq = y->next_seq,
				   .import = x->b->l->r->import,
				   .received_us = x->received_us };
	if (y->n == 0)
		return true;
	y->next_seq += y->n;
	y->n = 0;
	return segment_add_plain(y->builder, &p, x->e);
}

/* A touch with properties of its own. */
static bool add_whole(struct building *x, struct year *y, const struct bulk_run *group,
		      const struct bulk_entry *n)
{
	const struct bulk_what *what = &x->b->whats.all.items[n->what];
	struct touch t = { .at_us = n->at_us,
			   .received_us = x->received_us,
			   .name = what->name,
			   .person = n->person,
			   .company = n->company,
			   .deal = n->deal,
			   .origin = what->origin,
			   .import = x->b->l->r->import };
	if (!year_flush(x, y))
		return false;
	t.seq = t.tie = y->next_seq++;
	arena_reset(&x->arena);
	return bulk_extra_read(run_extra(group, n), &x->arena, &t.props, &t.props_n, x->e) &&
	       segment_add(y->builder, n->subject, &t, x->e);
}

static bool code_of(struct building *x, struct year *y, uint32_t number)
{
	struct code *c = &y->codes[number];
	const struct bulk_what *what = &x->b->whats.all.items[number];
	if (c->known)
		return true;
	c->known = true;
	return segment_name_add(y->builder, what->name, &c->name, x->e) &&
	       segment_origin_add(y->builder, &what->origin, &c->origin, x->e);
}

static bool add(struct building *x, struct year *y, const struct bulk_run *group,
		const struct bulk_entry *n)
{
	if (n->extra)
		return add_whole(x, y, group, n);
	if (!code_of(x, y, n->what))
		return false;
	size_t i = y->n++;
	y->subject[i] = n->subject;
	y->person[i] = n->person;
	y->company[i] = n->company;
	y->deal[i] = n->deal;
	y->at_us[i] = n->at_us;
	y->name[i] = y->codes[n->what].name;
	y->origin[i] = y->codes[n->what].origin;
	return y->n < BATCH || year_flush(x, y);
}

static bool add_all(struct building *x)
{
	struct bulk_run *group;
	for (;;) {
		if (!next_group(x, &group))
			return false;
		if (!group)
			return true;
		for (size_t i = 0; i < group->n; i++) {
			const struct bulk_entry *n = &group->entries[i];
			struct year *y = year_at(x, n->at_us);
			if (!y || !add(x, y, group, n))
				return false;
		}
	}
}

static bool years_finish(struct building *x)
{
	for (size_t i = 0; i < x->years.n; i++) {
		struct year *y = x->years.items[i];
		struct segment *s = NULL;
		if (!year_flush(x, y) || !segment_finish(&y->builder, &s, x->e))
			return false;
		y->file.checksum = colfile_checksum(segment_file(s));
		segment_release(&s);
	}
	return true;
}

/* ---- into the archive ------------------------------------------------------------------------ */

static bool commit(struct building *x, str state)
{
	struct loader *l = x->b->l;
	struct archive_file files[SEGMENT_YEARS_MAX];
	for (size_t i = 0; i < x->years.n; i++)
		files[i] = x->years.items[i]->file;
	return journal_bulk_add(l->j, l->r->import, files, x->years.n, x->kept, state, x->e);
}

static void years_free(struct building *x, bool ok)
{
	for (size_t i = 0; i < x->years.n; i++) {
		struct year *y = x->years.items[i];
		segment_abort(&y->builder);
		if (!ok && y->written)
			journal_bulk_drop(x->b->l->j, y->file.number);
		mem_free(y->codes);
		mem_free(y);
	}
	vec_free(&x->years);
	arena_fini(&x->arena);
}

static bool build(struct building *x)
{
	struct loader *l = x->b->l;
	uint64_t first_seq;
	x->received_us = time_now_us();
	l->built = true;
	l->built = x->kept == 0 ||
		   (journal_bulk_reserve(l->j, x->kept, &first_seq, x->e) &&
		    years_open(x, first_seq) && add_all(x) && years_finish(x) &&
		    state_print(l, &l->state, x->e) && commit(x, buf_view(&l->state)));
	return l->built;
}

static bool finish(struct building *x, const uint32_t *roots, size_t roots_n)
{
	struct bulk *b = x->b;
	struct load_result *r = b->l->r;
	if (!merge_open(b, roots, roots_n, &x->merge, x->e))
		return false;
	merge_each(x->merge, note_time, x);
	if (x->entries == 0)
		return true;
	if (!known_open(b, roots, roots_n, x->at_min_us, x->at_max_us, &x->known, x->e) ||
	    !years_count(x))
		return false;
	uint64_t known = x->entries - x->kept;
	r->accepted -= known;
	r->touches -= known;
	r->duplicate += known;
	return b->l->o->dry_run || build(x);
}

bool bulk_finish(struct bulk *b, err *e)
{
	uint32_t *roots = NULL;
	size_t n;
	struct building x = { .b = b, .at_min_us = INT64_MAX, .at_max_us = INT64_MIN, .e = e };
	arena_init(&x.arena, 64 * MIB);
	bool ok = journal_bulk_subjects(b->l->j, &roots, &n, &x.keyed_seq, e) &&
		  finish(&x, roots, n);
	known_close(&x.known);
	merge_close(&x.merge);
	years_free(&x, ok);
	mem_free(roots);
	return ok;
}
