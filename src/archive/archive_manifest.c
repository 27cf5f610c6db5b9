/*
 * archive_manifest.c - the list of files as bytes.
 *
 * What it is:   a few bytes for the ledger to store in the transaction that makes them true.
 * Promises:     bytes that were changed are refused; a manifest of a newer program is named as
 * such. Threads:      shares nothing. Format:       docs/format/archive.md
 */
#include "archive/archive.h"

#include "io/zip.h"

#include <stdio.h>
#include <string.h>

#define MANIFEST_MAGIC	   0x52415254 /* "TRAR" */
#define MANIFEST_VERSION   1
#define MANIFEST_FILES_MAX 1000000

void archive_manifest_fini(struct archive_manifest *m)
{
	vec_free(&m->segments);
	vec_free(&m->ids);
}

bool archive_manifest_copy(const struct archive_manifest *m, struct archive_manifest *copy_r,
			   err *e)
{
	struct archive_manifest c = { .number_next = m->number_next,
				      .sealed_seq = m->sealed_seq,
				      .last_seq = m->last_seq,
				      .dropped = m->dropped };
	bool ok = true;
	for (size_t i = 0; ok && i < m->segments.n; i++)
		ok = vec_push(&c.segments, m->segments.items[i]);
	for (size_t i = 0; ok && i < m->ids.n; i++)
		ok = vec_push(&c.ids, m->ids.items[i]);
	if (!ok) {
		archive_manifest_fini(&c);
		return err_nomem(e);
	}
	*copy_r = c;
	return true;
}

static void put_files(struct buf *out, const struct archive_file *files, size_t n)
{
	buf_varint(out, n);
	for (size_t i = 0; i < n; i++) {
		buf_varint(out, files[i].number);
		buf_u64(out, files[i].checksum);
	}
}

bool archive_manifest_write(const struct archive_manifest *m, struct buf *out, err *e)
{
	size_t from = out->n;
	buf_u32(out, MANIFEST_MAGIC);
	buf_varint(out, MANIFEST_VERSION);
	buf_varint(out, m->number_next);
	buf_varint(out, m->sealed_seq);
	buf_varint(out, m->last_seq);
	buf_varint(out, m->dropped);
	put_files(out, m->segments.items, m->segments.n);
	put_files(out, m->ids.items, m->ids.n);
	if (!buf_ok(out, e))
		return false;
	buf_u64(out, zip_hash(out->p + from, out->n - from));
	return buf_ok(out, e);
}

static bool damaged(err *e)
{
	return err_set(e, ERR_CORRUPT, "the list of the files in " ARCHIVE_DIR "/ is damaged");
}

static bool get_file(struct reader *r, uint64_t number_next, struct archive_file *f_r)
{
	f_r->number = reader_varint(r);
	f_r->checksum = reader_u64(r);
	return !r->bad && f_r->number > 0 && f_r->number < number_next;
}

static bool get_lists(struct reader *r, struct archive_manifest *m, err *e)
{
	struct archive_file f;
	uint64_t n = reader_varint(r);
	for (uint64_t i = 0; i < n; i++) {
		if (n > MANIFEST_FILES_MAX || !get_file(r, m->number_next, &f))
			return damaged(e);
		if (!vec_push(&m->segments, f))
			return err_nomem(e);
	}
	n = reader_varint(r);
	for (uint64_t i = 0; i < n; i++) {
		if (n > MANIFEST_FILES_MAX || !get_file(r, m->number_next, &f))
			return damaged(e);
		if (!vec_push(&m->ids, f))
			return err_nomem(e);
	}
	return (!r->bad && r->end - r->p == 8) || damaged(e);
}

bool archive_manifest_read(str bytes, struct archive_manifest *m_r, err *e)
{
	struct archive_manifest m = { .number_next = 1 };
	struct reader r, end;
	if (bytes.n == 0) {
		*m_r = m;
		return true;
	}
	reader_init(&r, bytes.p, bytes.n);
	if (bytes.n < 4 + 8 || reader_u32(&r) != MANIFEST_MAGIC)
		return damaged(e);
	reader_init(&end, bytes.p + bytes.n - 8, 8);
	if (reader_u64(&end) != zip_hash(bytes.p, bytes.n - 8))
		return damaged(e);
	uint64_t version = reader_varint(&r);
	if (version > MANIFEST_VERSION)
		return err_set(e, ERR_CONFLICT,
			       "the files in " ARCHIVE_DIR
			       "/ were written by a newer version of this program");
	m.number_next = reader_varint(&r);
	m.sealed_seq = reader_varint(&r);
	m.last_seq = reader_varint(&r);
	m.dropped = reader_varint(&r);
	if (!get_lists(&r, &m, e)) {
		archive_manifest_fini(&m);
		return false;
	}
	*m_r = m;
	return true;
}

void archive_name(char name[ARCHIVE_NAME_MAX], uint64_t number, bool ids)
{
	snprintf(name, ARCHIVE_NAME_MAX, ARCHIVE_DIR "/%06llu.%s", (unsigned long long)number,
		 ids ? "ids" : "seg");
}

static bool lists(const struct archive_file *files, size_t n, bool ids, const char *name)
{
	char of[ARCHIVE_NAME_MAX];
	for (size_t i = 0; i < n; i++) {
		archive_name(of, files[i].number, ids);
		if (strcmp(of + sizeof ARCHIVE_DIR, name) == 0)
			return true;
	}
	return false;
}

bool archive_manifest_lists(const struct archive_manifest *m, const char *name)
{
	return lists(m->segments.items, m->segments.n, false, name) ||
	       lists(m->ids.items, m->ids.n, true, name);
}
