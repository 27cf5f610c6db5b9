/*
 * idmap_manifest.c - which files make up a map.
 *
 * What it is:   a few bytes for the caller to store where storing is atomic; what is in no stored
 *               manifest is a left-over of a crash.
 * Promises:     a manifest that is damaged, or that names a file which is missing or another one,
 *               is refused.
 * Format:       docs/format/run.md
 * Threads:      the caller's.
 */
#include "column/idmap_int.h"

#include <stdio.h>
#include <string.h>

#define MANIFEST_MAGIC	  0x4d444954 /* "TIDM" */
#define MANIFEST_VERSION  1
#define MANIFEST_RUNS_MAX 100000

bool manifest_encode(const struct idmap *m, struct buf *out, err *e)
{
	buf_clear(out);
	buf_u32(out, MANIFEST_MAGIC);
	buf_varint(out, MANIFEST_VERSION);
	buf_varint(out, m->number_next);
	buf_varint(out, m->runs.n);
	for (size_t i = 0; i < m->runs.n; i++) {
		buf_varint(out, m->runs.items[i]->number);
		buf_u64(out, m->runs.items[i]->checksum);
	}
	if (!buf_ok(out, e))
		return false;
	buf_u64(out, zip_hash(out->p, out->n));
	return buf_ok(out, e);
}

static bool damaged(const struct idmap *m, err *e)
{
	return err_set(e, ERR_CORRUPT, "the list of the files %s/%s-*.run is damaged", m->dir,
		       m->name);
}

static bool run_add(struct idmap *m, uint64_t number, uint64_t checksum, err *e)
{
	struct run *r;
	if (!vec_reserve(&m->runs, m->runs.n + 1))
		return err_nomem(e);
	err why;
	err_clear(&why);
	if (!run_open(m->fs, m->dir, m->name, number, &r, &why)) {
		/* A reader's manifest may be older than what the writer has removed since. */
		if (why.code == ERR_NOT_FOUND && !m->read_only)
			why.code = ERR_CORRUPT;
		if (e)
			*e = why;
		return false;
	}
	m->runs.items[m->runs.n++] = r;
	return r->checksum == checksum ||
	       err_set(e, ERR_CORRUPT, "%s is not the file that was written under this name",
		       r->path);
}

bool manifest_open(struct idmap *m, str manifest, err *e)
{
	if (manifest.n == 0)
		return true;
	struct reader r;
	reader_init(&r, manifest.p, manifest.n);
	if (manifest.n < 8 + 4 || reader_u32(&r) != MANIFEST_MAGIC)
		return damaged(m, e);
	struct reader end;
	reader_init(&end, manifest.p + manifest.n - 8, 8);
	if (reader_u64(&end) != zip_hash(manifest.p, manifest.n - 8))
		return damaged(m, e);
	uint64_t version = reader_varint(&r);
	if (version > MANIFEST_VERSION)
		return err_set(e, ERR_CONFLICT,
			       "the files %s/%s-*.run were written by a newer version of this "
			       "program",
			       m->dir, m->name);
	m->number_next = reader_varint(&r);
	uint64_t n = reader_varint(&r);
	if (r.bad || version == 0 || n > MANIFEST_RUNS_MAX)
		return damaged(m, e);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t number = reader_varint(&r);
		uint64_t checksum = reader_u64(&r);
		if (r.bad || number >= m->number_next)
			return damaged(m, e);
		if (!run_add(m, number, checksum, e))
			return false;
	}
	return true;
}

bool idmap_manifest_files(str manifest, const char *name, bool (*each)(void *arg, const char *file),
			  void *arg, err *e)
{
	struct reader r, end;
	char file[300];
	if (manifest.n == 0)
		return true;
	reader_init(&r, manifest.p, manifest.n);
	reader_init(&end, manifest.n < 8 ? "" : manifest.p + manifest.n - 8,
		    manifest.n < 8 ? 0 : 8);
	bool fits = reader_u32(&r) == MANIFEST_MAGIC && manifest.n >= 8 &&
		    reader_u64(&end) == zip_hash(manifest.p, manifest.n - 8);
	(void)reader_varint(&r); /* version */
	(void)reader_varint(&r); /* next number */
	uint64_t n = reader_varint(&r);
	for (uint64_t i = 0; fits && i < n; i++) {
		uint64_t number = reader_varint(&r);
		(void)reader_u64(&r); /* checksum */
		if (r.bad)
			break;
		snprintf(file, sizeof file, "%s-%06llu.run", name, (unsigned long long)number);
		if (!each(arg, file))
			return true;
	}
	return (fits && !r.bad) ||
	       err_set(e, ERR_CORRUPT, "the list of the files %s-*.run is damaged", name);
}

/* A name that this map could have made: NAME-, digits, .run. */
static bool name_is_ours(const struct idmap *m, str name)
{
	if (!str_starts(name, str_of(m->name)) || !str_ends(name, S(".run")))
		return false;
	str middle = str_sub(name, strlen(m->name), name.n);
	if (middle.n < 1 + 6 + 4 || middle.p[0] != '-')
		return false;
	for (size_t i = 1; i < middle.n - 4; i++)
		if (middle.p[i] < '0' || middle.p[i] > '9')
			return false;
	return true;
}

static bool name_is_listed(const struct idmap *m, str name)
{
	for (size_t i = 0; i < m->runs.n; i++)
		if (str_ends(str_of(m->runs.items[i]->path), name))
			return true;
	return false;
}

struct cleaning {
	struct idmap *m;
	struct buf names; /* each ends with a NUL */
};

static bool clean_name(void *arg, const char *name)
{
	struct cleaning *c = arg;
	if (name_is_ours(c->m, str_of(name)) && !name_is_listed(c->m, str_of(name)))
		buf_put(&c->names, name, strlen(name) + 1);
	return true;
}

bool manifest_clean(struct idmap *m, err *e)
{
	struct cleaning c = { .m = m };
	buf_init(&c.names, 64 * MIB);
	bool ok = fs_list(m->fs, m->dir, clean_name, &c, e) && buf_ok(&c.names, e);
	struct buf path;
	buf_init(&path, 64 * KIB);
	str rest = buf_view(&c.names), name;
	while (ok && str_next(&rest, '\0', &name)) {
		if (name.n == 0)
			continue;
		buf_clear(&path);
		buf_printf(&path, "%s/%.*s", m->dir, STR_ARG(name));
		buf_byte(&path, 0);
		ok = buf_ok(&path, e) && fs_remove(m->fs, path.p, e);
	}
	buf_fini(&path);
	buf_fini(&c.names);
	return ok;
}
