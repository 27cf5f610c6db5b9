/*
 * archive_depot.c - what all readers of one directory in this process share.
 *
 * What it is:   open files by number and checksum, closed when the last list that has them goes;
 *               and segments in memory by their range of numbers, made by the first who asks.
 * Promises:     a file is opened once and a chunk made once, however many ask at a time. What
 *               nobody uses any more is kept within DEPOT_BYTES_MAX, the latest used longest, and
 *               goes with the last user of the directory.
 * Threads:      any. No lock is held while a chunk is made or a file opened by another depot.
 */
#include "archive/archive_int.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static struct mutex depots_lock = MUTEX_INIT;
static struct depot *depots;

static struct depot *depot_find(const struct fs *fs, const char *dir)
{
	for (struct depot *d = depots; d; d = d->next) {
		if (d->fs == fs && strcmp(d->dir, dir) == 0)
			return d;
	}
	return NULL;
}

static struct depot *depot_new(struct fs *fs, const char *dir)
{
	struct depot *d = mem_zalloc(1, sizeof *d);
	size_t n = strlen(dir) + 1;
	char *copy = d ? mem_alloc(n) : NULL;
	if (!copy) {
		mem_free(d);
		return NULL;
	}
	memcpy(copy, dir, n);
	d->dir = copy;
	d->fs = fs;
	mutex_init(&d->mutex);
	cond_init(&d->made);
	d->next = depots;
	depots = d;
	return d;
}

bool depot_hold(struct fs *fs, const char *dir, struct depot **d_r, err *e)
{
	mutex_lock(&depots_lock);
	struct depot *d = depot_find(fs, dir);
	if (!d)
		d = depot_new(fs, dir);
	if (d)
		d->users++;
	mutex_unlock(&depots_lock);
	if (!d)
		return err_nomem(e);
	*d_r = d;
	return true;
}

static void chunk_free(struct chunk *c)
{
	segment_release(&c->segment);
	mem_free(c);
}

static void depot_free(struct depot *d)
{
	CHECK(d->files.n == 0);
	for (size_t i = 0; i < d->chunks.n; i++)
		chunk_free(d->chunks.items[i]);
	vec_free(&d->chunks);
	vec_free(&d->files);
	mutex_fini(&d->mutex);
	cond_fini(&d->made);
	mem_free(d->dir);
	mem_free(d);
}

void depot_release(struct depot **dp)
{
	struct depot *d = *dp;
	if (!d)
		return;
	*dp = NULL;
	mutex_lock(&depots_lock);
	bool last = --d->users == 0;
	for (struct depot **at = &depots; last && *at; at = &(*at)->next) {
		if (*at == d) {
			*at = d->next;
			break;
		}
	}
	mutex_unlock(&depots_lock);
	if (last)
		depot_free(d);
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool file_open_one(const struct depot *d, struct depot_file *f, err *e)
{
	char name[ARCHIVE_NAME_MAX], path[4096];
	archive_name(name, f->file.number, f->is_ids);
	if (snprintf(path, sizeof path, "%s/%s", d->dir, name) >= (int)sizeof path)
		return err_set(e, ERR_INVALID, "the path of the data directory is too long");
	bool ok = f->is_ids ? colfile_open(d->fs, path, S(IDS_KIND), &f->ids, e)
			    : segment_open(d->fs, path, &f->segment, e);
	if (!ok)
		return false;
	const struct colfile *c = f->is_ids ? f->ids : segment_file(f->segment);
	return colfile_checksum(c) == f->file.checksum ||
	       err_set(e, ERR_CORRUPT, "%s is not the file that was written under this name", path);
}

static void file_free(struct depot_file *f)
{
	segment_release(&f->segment);
	colfile_close(&f->ids);
	mem_free(f);
}

static struct depot_file *file_find(const struct depot *d, const struct archive_file *file,
				    bool is_ids)
{
	for (size_t i = 0; i < d->files.n; i++) {
		struct depot_file *f = d->files.items[i];
		if (f->file.number == file->number && f->file.checksum == file->checksum &&
		    f->is_ids == is_ids)
			return f;
	}
	return NULL;
}

static struct depot_file *file_add(struct depot *d, const struct archive_file *file, bool is_ids,
				   err *e)
{
	struct depot_file *f = mem_zalloc(1, sizeof *f);
	if (!f || !vec_reserve(&d->files, d->files.n + 1)) {
		mem_free(f);
		(void)err_nomem(e);
		return NULL;
	}
	f->file = *file;
	f->is_ids = is_ids;
	if (!file_open_one(d, f, e)) {
		file_free(f);
		return NULL;
	}
	d->files.items[d->files.n++] = f;
	return f;
}

bool depot_file_hold(struct depot *d, const struct archive_file *file, bool is_ids,
		     struct depot_file **f_r, err *e)
{
	mutex_lock(&d->mutex);
	struct depot_file *f = file_find(d, file, is_ids);
	if (!f)
		f = file_add(d, file, is_ids, e);
	if (f)
		f->users++;
	mutex_unlock(&d->mutex);
	*f_r = f;
	return f != NULL;
}

void depot_file_release(struct depot *d, struct depot_file **fp)
{
	struct depot_file *f = *fp;
	if (!f)
		return;
	*fp = NULL;
	mutex_lock(&d->mutex);
	bool last = --f->users == 0;
	for (size_t i = 0; last && i < d->files.n; i++) {
		if (d->files.items[i] == f) {
			d->files.items[i] = d->files.items[--d->files.n];
			break;
		}
	}
	mutex_unlock(&d->mutex);
	if (last)
		file_free(f);
}

/* ---- chunks ---------------------------------------------------------------------------------- */

/* With the lock held: the one that fits, or that is being made. */
static struct chunk *chunk_find(const struct depot *d, uint64_t from_seq, uint64_t to_seq,
				uint64_t seq)
{
	for (size_t i = 0; i < d->chunks.n; i++) {
		struct chunk *c = d->chunks.items[i];
		if (c->from_seq == from_seq && c->to_seq == to_seq && c->keyed_seq <= seq)
			return c;
	}
	return NULL;
}

static void chunk_remove(struct depot *d, struct chunk *c)
{
	for (size_t i = 0; i < d->chunks.n; i++) {
		if (d->chunks.items[i] == c) {
			d->chunks.items[i] = d->chunks.items[--d->chunks.n];
			break;
		}
	}
	d->bytes -= c->bytes;
	chunk_free(c);
}

/* Gives up what was not used for longest, until the rest fits. */
static void chunks_trim(struct depot *d)
{
	while (d->bytes > DEPOT_BYTES_MAX) {
		struct chunk *oldest = NULL;
		for (size_t i = 0; i < d->chunks.n; i++) {
			struct chunk *c = d->chunks.items[i];
			if (c->users == 0 && (!oldest || c->used < oldest->used))
				oldest = c;
		}
		if (!oldest)
			return;
		chunk_remove(d, oldest);
	}
}

static struct chunk *chunk_add(struct depot *d, uint64_t from_seq, uint64_t to_seq, uint64_t seq)
{
	struct chunk *c = mem_zalloc(1, sizeof *c);
	if (!c || !vec_push(&d->chunks, c)) {
		mem_free(c);
		return NULL;
	}
	*c = (struct chunk){
		.from_seq = from_seq, .to_seq = to_seq, .keyed_seq = seq, .users = 1, .making = true
	};
	return c;
}

/* Makes it without the lock. What it is keyed at, and its size, is known only then. */
static bool chunk_make(struct depot *d, struct chunk *c, chunk_make_fn make, void *arg, err *e)
{
	struct segment *s = NULL;
	bool ok = make(arg, c->from_seq, c->to_seq, &s, e);
	mutex_lock(&d->mutex);
	c->making = false;
	if (ok) {
		c->segment = s;
		c->bytes = sizeof *c + (s ? segment_info(s)->bytes : 0);
		d->bytes += c->bytes;
		chunks_trim(d);
	} else {
		c->from_seq = c->to_seq = 0; /* nobody finds it any more */
		if (--c->users == 0)
			chunk_remove(d, c);
	}
	cond_broadcast(&d->made);
	mutex_unlock(&d->mutex);
	return ok;
}

bool depot_chunk(struct depot *d, uint64_t from_seq, uint64_t to_seq, uint64_t seq,
		 chunk_make_fn make, void *arg, struct chunk **c_r, err *e)
{
	mutex_lock(&d->mutex);
	struct chunk *c = chunk_find(d, from_seq, to_seq, seq);
	if (c) {
		c->users++;
		while (c->making)
			cond_wait(&d->made, &d->mutex);
		bool failed = c->to_seq == 0;
		if (failed && --c->users == 0)
			chunk_remove(d, c);
		c = failed ? NULL : c;
	}
	bool found = c != NULL;
	if (!found)
		c = chunk_add(d, from_seq, to_seq, seq);
	mutex_unlock(&d->mutex);
	if (!c)
		return err_nomem(e);
	if (!found && !chunk_make(d, c, make, arg, e))
		return false;
	*c_r = c;
	return true;
}

struct segment *chunk_segment(const struct chunk *c)
{
	return c->segment;
}

void depot_chunk_release(struct depot *d, struct chunk **cp)
{
	struct chunk *c = *cp;
	if (!c)
		return;
	*cp = NULL;
	mutex_lock(&d->mutex);
	c->users--;
	c->used = ++d->clock;
	chunks_trim(d);
	mutex_unlock(&d->mutex);
}

bool depot_has_chunk(struct depot *d, uint64_t from_seq, uint64_t to_seq, uint64_t seq)
{
	mutex_lock(&d->mutex);
	const struct chunk *c = chunk_find(d, from_seq, to_seq, seq);
	bool has = c && !c->making;
	mutex_unlock(&d->mutex);
	return has;
}

void depot_numbers(struct depot *d, size_t *chunks_r, uint64_t *bytes_r)
{
	mutex_lock(&d->mutex);
	*chunks_r = d->chunks.n;
	*bytes_r = d->bytes;
	mutex_unlock(&d->mutex);
}
