/*
 * bulk_merge.c - all runs of a bulk load, subject by subject.
 *
 * What it is:   the run in memory and those in files lie each in order of subject; the next subject
 *               is the least that stands at the head of any of them. Joins since a run was written
 *               may have given some of its entries another subject: these are taken out of it and
 *               make one more run, before anything else.
 * Workload:     a dozen runs, some fifty entries a subject.
 * Threads:      the caller's.
 */
#include "load/bulk_int.h"

#include "base/mem.h"

#include <string.h>

#define DROP_ENTRIES ((size_t)1 << 16)

struct stream {
	const struct bulk_run *run;
	struct file *file; /* that it is in; NULL: in memory */
	size_t at;
	bool old;	/* entries of other subjects than now are passed over */
	size_t dropped; /* of a file: so many are given back to the system */
};
struct bulk_merge {
	struct bulk *b;
	const uint32_t *roots;
	struct bulk_spilled *spilled;
	size_t spilled_n;
	struct bulk_run moved;
	struct stream *streams;
	size_t n;
	struct bulk_run group;
	struct bulk_entry *spare;
	size_t spare_cap;
};

void merge_close(struct bulk_merge **mm)
{
	struct bulk_merge *m = *mm;
	if (!m)
		return;
	*mm = NULL;
	for (size_t i = 0; i < m->spilled_n; i++)
		spill_close(&m->spilled[i]);
	mem_free(m->spilled);
	mem_free(m->streams);
	mem_free(m->spare);
	run_fini(&m->moved);
	run_fini(&m->group);
	mem_free(m);
}

/* Entries whose subject has changed since their run was written. */
static bool take_moved(struct bulk_merge *m, const struct bulk_run *r, size_t roots_n, err *e)
{
	size_t extras = r->extras.n / 8;
	for (size_t i = 0; i < r->n; i++) {
		const struct bulk_entry *x = &r->entries[i];
		if (MAX(x->person, MAX(x->company, x->deal)) > roots_n || x->extra > extras ||
		    x->what >= m->b->whats.all.n)
			return err_set(e, ERR_CORRUPT,
				       "what an interrupted import keeps is not of this directory; "
				       "take the import back with --undo");
		if (entry_subject(x, m->roots) != x->subject &&
		    !run_add(&m->moved, x, run_extra_at(r, x), e))
			return false;
	}
	return true;
}

static bool open_all(struct bulk_merge *m, size_t roots_n, err *e)
{
	struct bulk *b = m->b;
	m->spilled = mem_zalloc(b->l->runs + 1, sizeof *m->spilled);
	m->streams = mem_zalloc(b->l->runs + 2, sizeof *m->streams);
	if (!m->spilled || !m->streams)
		return err_nomem(e);
	for (size_t i = 0; i < b->l->runs; i++) {
		struct bulk_spilled *s = &m->spilled[i];
		if (!spill_open(b, i, s, e))
			return false;
		m->spilled_n++;
		m->streams[m->n++] =
			(struct stream){ .run = &s->run, .file = s->file, .old = true };
		if (!take_moved(m, &s->run, roots_n, e))
			return false;
	}
	if (!run_sort(&m->moved, &b->whats, m->roots, roots_n, e) ||
	    !run_sort(&b->run, &b->whats, m->roots, roots_n, e))
		return false;
	m->streams[m->n++] = (struct stream){ .run = &m->moved };
	m->streams[m->n++] = (struct stream){ .run = &b->run };
	return true;
}

bool merge_open(struct bulk *b, const uint32_t *roots, size_t roots_n, struct bulk_merge **m_r,
		err *e)
{
	struct bulk_merge *m = mem_zalloc(1, sizeof *m);
	if (!m)
		return err_nomem(e);
	m->b = b;
	m->roots = roots;
	buf_init(&m->moved.extras, BULK_EXTRAS_MAX);
	buf_init(&m->group.extras, BULK_EXTRAS_MAX);
	if (!open_all(m, roots_n, e)) {
		merge_close(&m);
		return false;
	}
	merge_restart(m);
	*m_r = m;
	return true;
}

/* What is behind need not stay in memory. */
static void drop_read(const struct stream *s, size_t from, size_t to)
{
	if (s->file)
		file_map_drop(s->file, s->run->entries + from,
			      (to - from) * sizeof *s->run->entries);
}

/* The stream stands at its end, or at an entry that is its subject's. */
static void settle(const struct bulk_merge *m, struct stream *s)
{
	while (s->old && s->at < s->run->n &&
	       entry_subject(&s->run->entries[s->at], m->roots) != s->run->entries[s->at].subject)
		s->at++;
}

void merge_restart(struct bulk_merge *m)
{
	for (size_t i = 0; i < m->n; i++) {
		m->streams[i].at = m->streams[i].dropped = 0;
		settle(m, &m->streams[i]);
	}
}

static bool take_subject(struct bulk_merge *m, struct stream *s, uint32_t subject, err *e)
{
	const struct bulk_run *r = s->run;
	while (s->at < r->n && r->entries[s->at].subject == subject) {
		const struct bulk_entry *x = &r->entries[s->at];
		if (m->group.n == BULK_SUBJECT_MAX)
			return err_set(e, ERR_LIMIT,
				       "the file has more than %zu touches of one person, or of "
				       "nobody; split it",
				       BULK_SUBJECT_MAX);
		if (!run_add(&m->group, x, run_extra_at(r, x), e))
			return false;
		s->at++;
		settle(m, s);
	}
	if (s->at - s->dropped >= DROP_ENTRIES) {
		drop_read(s, s->dropped, s->at);
		s->dropped = s->at;
	}
	return true;
}

static bool spare_for(struct bulk_merge *m, size_t n, err *e)
{
	if (n <= m->spare_cap)
		return true;
	mem_free(m->spare);
	m->spare_cap = 0;
	m->spare = mem_alloc(n * sizeof *m->spare);
	if (!m->spare)
		return err_nomem(e);
	m->spare_cap = n;
	return true;
}

bool merge_next(struct bulk_merge *m, struct bulk_run **group_r, err *e)
{
	uint64_t subject = UINT64_MAX;
	size_t from = 0;
	for (size_t i = 0; i < m->n; i++) {
		const struct stream *s = &m->streams[i];
		if (s->at < s->run->n)
			subject = MIN(subject, (uint64_t)s->run->entries[s->at].subject);
	}
	*group_r = NULL;
	if (subject == UINT64_MAX)
		return true;
	m->group.n = 0;
	buf_clear(&m->group.extras);
	for (size_t i = 0; i < m->n; i++) {
		size_t before = m->group.n;
		if (!take_subject(m, &m->streams[i], (uint32_t)subject, e))
			return false;
		from += before > 0 && m->group.n > before;
	}
	/* What came from one stream is in order. */
	if (from > 0) {
		if (!spare_for(m, m->group.n, e))
			return false;
		run_sort_subject(&m->group, 0, m->group.n, m->spare, &m->b->whats);
	}
	*group_r = &m->group;
	return true;
}

void merge_each(const struct bulk_merge *m, void (*each)(void *arg, const struct bulk_entry *x),
		void *arg)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct stream *s = &m->streams[i];
		for (size_t k = 0; k < s->run->n; k++) {
			const struct bulk_entry *x = &s->run->entries[k];
			if (!s->old || entry_subject(x, m->roots) == x->subject)
				each(arg, x);
		}
		drop_read(s, 0, s->run->n);
	}
}
