/*
 * bulk_spill.c - runs in files.
 *
 * What it is:   when the rows of a file do not fit into memory, what is read so far is put in order
 *               and written beside the archive, and the import's state says that it is there: this
 *               is also how far a bulk load that was killed has come. The files are read back at
 *               the end, and go when the import is closed or taken back.
 * Promises:     a file is whole, or is not used; its checksums are compared when it is opened.
 * Threads:      the caller's.
 * Format:       docs/format/bulk.md
 */
#include "load/bulk_int.h"

#include "base/mem.h"

#include <string.h>

#define MAGIC	     "Trichblk"
#define VERSION	     1
#define HEADER_BYTES 64

struct header {
	uint64_t entries, extras, whats; /* entries: how many; the others: bytes */
	uint64_t entries_sum, extras_sum, whats_sum;
};

static void header_put(struct buf *b, const struct header *h)
{
	buf_cstr(b, MAGIC);
	buf_u64(b, VERSION);
	buf_u64(b, h->entries);
	buf_u64(b, h->extras);
	buf_u64(b, h->whats);
	buf_u64(b, h->entries_sum);
	buf_u64(b, h->extras_sum);
	buf_u64(b, h->whats_sum);
}

static void whats_put(const struct bulk_whats *w, struct buf *b)
{
	buf_varint(b, w->all.n);
	for (size_t i = 0; i < w->all.n; i++) {
		const struct bulk_what *x = &w->all.items[i];
		const struct origin *o = &x->origin;
		const str parts[] = { x->name,	  o->source, o->medium,	  o->campaign,
				      o->content, o->term,   o->referrer, o->click_kind };
		for (size_t k = 0; k < ARRAY_LEN(parts); k++)
			buf_lenstr(b, parts[k]);
	}
}

static bool write_parts(struct file *f, const struct bulk_run *r, const struct buf *whats, err *e)
{
	char room[HEADER_BYTES];
	struct buf head = { .p = room, .cap = sizeof room, .bytes_max = sizeof room };
	size_t entries = r->n * sizeof *r->entries;
	struct header h = { r->n,
			    r->extras.n,
			    whats->n,
			    zip_hash(r->entries, entries),
			    zip_hash(r->extras.p, r->extras.n),
			    zip_hash(whats->p, whats->n) };
	header_put(&head, &h);
	uint64_t at = HEADER_BYTES;
	return buf_ok(&head, e) && file_write(f, room, head.n, 0, e) &&
	       file_write(f, r->entries, entries, at, e) &&
	       (r->extras.n == 0 || file_write(f, r->extras.p, r->extras.n, at + entries, e)) &&
	       file_write(f, whats->p, whats->n, at + entries + r->extras.n, e) && file_sync(f, e);
}

bool spill_write(struct bulk *b, size_t k, err *e)
{
	struct loader *l = b->l;
	struct buf whats CLEANUP(buf_fini);
	struct file *f = NULL;
	char path[4096];
	buf_init(&whats, 1024 * MIB);
	whats_put(&b->whats, &whats);
	seen_put(l->seen, &whats);
	if (!buf_ok(&whats, e) || !journal_bulk_spill_path(l->j, l->r->import, k, path, e) ||
	    !file_open(journal_bulk_fs(l->j), path, FILE_WRITE, &f, e))
		return false;
	bool ok = file_truncate(f, 0, e) && write_parts(f, &b->run, &whats, e);
	return file_close(&f, ok ? e : NULL) && ok;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool damaged(const char *path, err *e)
{
	return err_set(
		e, ERR_CORRUPT,
		"%s, in which an interrupted import keeps what it read, is damaged; take the "
		"import back with --undo",
		path);
}

static bool parts_find(struct bulk_spilled *s, const char *path, str *whats_r, err *e)
{
	struct reader r;
	struct header h;
	reader_init(&r, s->map, s->map_n);
	str magic = reader_bytes(&r, sizeof MAGIC - 1);
	uint64_t version = reader_u64(&r);
	h.entries = reader_u64(&r);
	h.extras = reader_u64(&r);
	h.whats = reader_u64(&r);
	h.entries_sum = reader_u64(&r);
	h.extras_sum = reader_u64(&r);
	h.whats_sum = reader_u64(&r);
	if (r.bad || !str_eq(magic, S(MAGIC)) || version != VERSION ||
	    h.entries > s->map_n / sizeof(struct bulk_entry))
		return damaged(path, e);
	const char *entries = (const char *)s->map + HEADER_BYTES;
	size_t bytes = (size_t)h.entries * sizeof(struct bulk_entry);
	if (h.extras > s->map_n || h.whats > s->map_n ||
	    HEADER_BYTES + bytes + h.extras + h.whats != s->map_n)
		return damaged(path, e);
	const char *extras = entries + bytes;
	*whats_r = str_make(extras + h.extras, (size_t)h.whats);
	if (zip_hash(entries, bytes) != h.entries_sum ||
	    zip_hash(extras, (size_t)h.extras) != h.extras_sum ||
	    zip_hash(whats_r->p, whats_r->n) != h.whats_sum)
		return damaged(path, e);
	file_map_drop(s->file, s->map, s->map_n);
	s->run.entries = (struct bulk_entry *)(uintptr_t)entries;
	s->run.n = (size_t)h.entries;
	s->run.extras = (struct buf){ .p = (char *)(uintptr_t)extras, .n = (size_t)h.extras };
	return true;
}

static bool open_file(struct bulk *b, size_t k, struct bulk_spilled *s, str *whats_r, err *e)
{
	struct fs *fs = journal_bulk_fs(b->l->j);
	char path[4096];
	*s = (struct bulk_spilled){ 0 };
	if (!journal_bulk_spill_path(b->l->j, b->l->r->import, k, path, e))
		return false;
	if (!fs_exists(fs, path))
		return err_set(e, ERR_NOT_FOUND,
			       "%s, in which the interrupted import keeps what it read, is gone; "
			       "take the import back with --undo",
			       path);
	if (!file_open(fs, path, FILE_READ, &s->file, e))
		return false;
	if (file_map(s->file, &s->map, &s->map_n, e) && parts_find(s, path, whats_r, e))
		return true;
	spill_close(s);
	return false;
}

bool spill_open(struct bulk *b, size_t k, struct bulk_spilled *s, err *e)
{
	str ignored;
	return open_file(b, k, s, &ignored, e);
}

void spill_close(struct bulk_spilled *s)
{
	if (s->map)
		file_unmap(s->file, s->map, s->map_n);
	file_close(&s->file, NULL);
	*s = (struct bulk_spilled){ 0 };
}

bool spill_resume(struct bulk *b, size_t k, err *e)
{
	struct bulk_spilled s;
	struct reader r;
	str whats;
	if (!open_file(b, k, &s, &whats, e))
		return false;
	reader_init(&r, whats.p, whats.n);
	uint64_t n = reader_varint(&r);
	bool ok = true;
	for (uint64_t i = 0; ok && i < n && !r.bad; i++) {
		str name = reader_lenstr(&r);
		struct origin o;
		str *parts[] = { &o.source, &o.medium,	 &o.campaign,  &o.content,
				 &o.term,   &o.referrer, &o.click_kind };
		for (size_t f = 0; f < ARRAY_LEN(parts); f++)
			*parts[f] = reader_lenstr(&r);
		uint32_t number;
		ok = whats_add(&b->whats, name, &o, &number, e);
	}
	ok = ok && seen_take(b->l->seen, &r, e);
	spill_close(&s);
	return ok;
}
