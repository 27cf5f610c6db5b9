/*
 * archive.c - a list of segments, opened as the manifest has it.
 *
 * What it is:   every file of the manifest, shared through the depot, in order of the first number.
 * Promises:     see archive.h.
 * Threads:      a list belongs to one thread.
 */
#include "archive/archive_int.h"

#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool hold_files(struct archive *a, err *e)
{
	const struct archive_manifest *m = &a->manifest;
	size_t n = m->segments.n + m->ids.n;
	a->files = mem_zalloc(n, sizeof(struct depot_file *));
	a->segments.items = mem_zalloc(m->segments.n, sizeof(struct segment *));
	a->ids = mem_zalloc(m->ids.n, sizeof(struct colfile *));
	if (!a->files || !a->segments.items || !a->ids)
		return err_nomem(e);
	for (size_t i = 0; i < m->segments.n; i++) {
		if (!depot_file_hold(a->depot, &m->segments.items[i], false, &a->files[a->files_n],
				     e))
			return false;
		a->segments.items[a->segments.n++] = a->files[a->files_n++]->segment;
	}
	for (size_t i = 0; i < m->ids.n; i++) {
		if (!depot_file_hold(a->depot, &m->ids.items[i], true, &a->files[a->files_n], e))
			return false;
		a->ids[a->ids_n++] = a->files[a->files_n++]->ids;
	}
	return true;
}

static int segment_cmp(const void *x, const void *y)
{
	const struct segment_info *a = segment_info(*(struct segment *const *)x);
	const struct segment_info *b = segment_info(*(struct segment *const *)y);
	if (a->seq_min != b->seq_min)
		return a->seq_min < b->seq_min ? -1 : 1;
	return a->at_min_us < b->at_min_us ? -1 : a->at_min_us > b->at_min_us;
}

static int64_t ids_first(const struct colfile *f)
{
	const struct column *c = colfile_column(f, 0, S("seq"));
	return c ? column_min(c) : 0;
}

static int ids_cmp(const void *x, const void *y)
{
	int64_t a = ids_first(*(struct colfile *const *)x),
		b = ids_first(*(struct colfile *const *)y);
	return a < b ? -1 : a > b;
}

bool archive_open(struct depot *d, str manifest, struct archive **a_r, err *e)
{
	struct archive *a = mem_zalloc(1, sizeof *a);
	if (!a)
		return err_nomem(e);
	a->depot = d;
	if (!archive_manifest_read(manifest, &a->manifest, e) || !hold_files(a, e)) {
		archive_close(&a);
		return false;
	}
	if (a->segments.n)
		qsort(a->segments.items, a->segments.n, sizeof(struct segment *), segment_cmp);
	if (a->ids_n)
		qsort(a->ids, a->ids_n, sizeof(struct colfile *), ids_cmp);
	*a_r = a;
	return true;
}

void archive_close(struct archive **ap)
{
	struct archive *a = *ap;
	if (!a)
		return;
	*ap = NULL;
	for (size_t i = 0; i < a->files_n; i++)
		depot_file_release(a->depot, &a->files[i]);
	mem_free(a->files);
	mem_free(a->segments.items);
	mem_free(a->ids);
	archive_manifest_fini(&a->manifest);
	mem_free(a);
}

uint64_t archive_touches(const struct archive *a)
{
	uint64_t n = 0;
	for (size_t i = 0; i < a->segments.n; i++)
		n += segment_info(a->segments.items[i])->touches;
	return n;
}

bool archive_check(const struct archive *a, err *e)
{
	for (size_t i = 0; i < a->segments.n; i++) {
		if (!segment_check(a->segments.items[i], e))
			return false;
	}
	for (size_t i = 0; i < a->ids_n; i++) {
		if (!ids_check(a->ids[i], e))
			return false;
	}
	return true;
}

/* ---- left-overs ------------------------------------------------------------------------------ */

struct cleaning {
	const struct archive_manifest *m;
	struct buf names; /* each ends with a NUL */
	uint64_t number_next;
};

static bool clean_name(void *arg, const char *name)
{
	struct cleaning *c = arg;
	str s = str_of(name), digits = str_sub(s, 0, str_index(s, '.'));
	uint64_t number;
	if (num_parse_u64(digits, &number) && number < UINT64_MAX)
		c->number_next = MAX(c->number_next, number + 1);
	if (name[0] != '.' && !archive_manifest_lists(c->m, name))
		buf_put(&c->names, name, s.n + 1);
	return true;
}

bool archive_clean(struct fs *fs, const char *dir, const struct archive_manifest *m,
		   uint64_t *number_next_r, err *e)
{
	char path[4096];
	struct cleaning c = { .m = m, .number_next = m->number_next };
	snprintf(path, sizeof path, "%s/" ARCHIVE_DIR, dir);
	*number_next_r = m->number_next;
	if (!fs_exists(fs, path))
		return true;
	buf_init(&c.names, 64 * MIB);
	bool ok = fs_list(fs, path, clean_name, &c, e) && buf_ok(&c.names, e);
	str rest = buf_view(&c.names), name;
	while (ok && str_next(&rest, '\0', &name)) {
		if (name.n == 0)
			continue;
		ok = snprintf(path, sizeof path, "%s/" ARCHIVE_DIR "/%.*s", dir, STR_ARG(name)) <
			     (int)sizeof path &&
		     fs_remove(fs, path, e);
	}
	buf_fini(&c.names);
	*number_next_r = c.number_next;
	return ok;
}
