/*
 * file.c - calls through the table of a file system, and whole files on top of it.
 *
 * What it is:   the part of file.h that is the same for the real disk and for its twin.
 * Promises:     fs_write_all leaves the old or the new content under the name, whatever fails.
 * Threads:      as the driver's; two writers of one path at a time are the caller's mistake.
 */
#include "io/file.h"

#include "base/mem.h"
#include "base/vec.h"
#include "io/file_int.h"

#include <stdlib.h>
#include <string.h>

#define READ_BEYOND_STEP (4 * KIB)

bool file_open(struct fs *fs, const char *path, enum file_mode mode, struct file **f_r, err *e)
{
	return fs->ops->open(fs, path, mode, f_r, e);
}

bool file_close(struct file **f, err *e)
{
	struct file *it = *f;
	*f = NULL;
	return it ? it->fs->ops->close(it, e) : true;
}

bool file_read(struct file *f, void *p, size_t n, uint64_t offset, size_t *n_r, err *e)
{
	return f->fs->ops->read(f, p, n, offset, n_r, e);
}

bool file_write(struct file *f, const void *p, size_t n, uint64_t offset, err *e)
{
	return f->fs->ops->write(f, p, n, offset, e);
}

bool file_sync(struct file *f, err *e)
{
	return f->fs->ops->sync(f, e);
}

bool file_size(struct file *f, uint64_t *bytes_r, err *e)
{
	return f->fs->ops->size(f, bytes_r, e);
}

bool file_truncate(struct file *f, uint64_t bytes, err *e)
{
	return f->fs->ops->truncate(f, bytes, e);
}

bool file_map(struct file *f, const void **p_r, size_t *n_r, err *e)
{
	return f->fs->ops->map(f, p_r, n_r, e);
}

void file_unmap(struct file *f, const void *p, size_t n)
{
	if (p)
		f->fs->ops->unmap(f, p, n);
}

void file_map_drop(struct file *f, const void *p, size_t n)
{
	if (f->fs->ops->map_drop)
		f->fs->ops->map_drop(p, n);
}

bool fs_exists(struct fs *fs, const char *path)
{
	return fs->ops->exists(fs, path);
}

bool fs_remove(struct fs *fs, const char *path, err *e)
{
	return fs->ops->remove(fs, path, e);
}

bool fs_rename(struct fs *fs, const char *from, const char *to, err *e)
{
	return fs->ops->rename(fs, from, to, e);
}

bool fs_sync_dir(struct fs *fs, const char *path, err *e)
{
	return fs->ops->sync_dir(fs, path, e);
}

bool fs_make_dir(struct fs *fs, const char *path, err *e)
{
	return fs->ops->make_dir(fs, path, e);
}

bool fs_list(struct fs *fs, const char *path, bool (*each)(void *arg, const char *name), void *arg,
	     err *e)
{
	return fs->ops->list(fs, path, each, arg, e);
}

bool fs_free_bytes(struct fs *fs, const char *path, uint64_t *bytes_r, err *e)
{
	return fs->ops->free_bytes(fs, path, bytes_r, e);
}

/* Reads to the end rather than to the size first seen: files below /proc say that they have none.
 * What lies behind that size comes through a small block, so that `b` need not be larger than the
 * file. */
static bool read_whole(struct file *f, const char *path, size_t bytes_max, struct buf *b, err *e)
{
	char beyond[READ_BEYOND_STEP];
	uint64_t size;
	if (!file_size(f, &size, e))
		return false;
	uint64_t offset = 0;
	while (size <= bytes_max && offset <= bytes_max) {
		size_t step = (size_t)MIN(size - MIN(offset, size), (uint64_t)MIB);
		char *to = step > 0 ? buf_room(b, step) : beyond;
		if (!to)
			return buf_ok(b, e);
		size_t n;
		if (!file_read(f, to, step > 0 ? step : sizeof beyond, offset, &n, e))
			return false;
		if (n == 0)
			return buf_ok(b, e);
		offset += n;
		if (step > 0)
			b->n += n;
		else
			buf_put(b, beyond, n);
	}
	return err_set(e, ERR_LIMIT, "%s has more than %zu bytes", path, bytes_max);
}

bool fs_read_all(struct fs *fs, const char *path, size_t bytes_max, struct buf *b, err *e)
{
	struct file *f;
	if (!file_open(fs, path, FILE_READ, &f, e))
		return false;
	size_t before = b->n;
	bool ok = read_whole(f, path, bytes_max, b, e);
	if (!ok)
		b->n = before;
	file_close(&f, NULL);
	return ok;
}

static bool write_beside(struct fs *fs, const char *beside, str content, err *e)
{
	struct file *f;
	if (!file_open(fs, beside, FILE_WRITE, &f, e))
		return false;
	bool ok = file_truncate(f, 0, e) && file_write(f, content.p, content.n, 0, e) &&
		  file_sync(f, e);
	bool closed = file_close(&f, ok ? e : NULL);
	return ok && closed;
}

bool fs_write_all(struct fs *fs, const char *path, str content, err *e)
{
	static const char SUFFIX[] = ".new";
	size_t n = strlen(path);
	char *beside = mem_alloc(n + sizeof SUFFIX);
	if (!beside)
		return err_nomem(e);
	memcpy(beside, path, n);
	memcpy(beside + n, SUFFIX, sizeof SUFFIX);
	bool written = write_beside(fs, beside, content, e);
	bool ok = written && fs_rename(fs, beside, path, e);
	if (!ok) {
		/* Best effort: what went wrong is said already, and the next write takes the same
		 * name. */
		bool removed UNUSED = fs_remove(fs, beside, NULL);
	}
	mem_free(beside);
	return ok;
}

char *file_parent(const char *path)
{
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n > 0 && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	const char *parent = n > 0 ? path : ".";
	n = MAX(n, (size_t)1);
	char *copy = mem_alloc(n + 1);
	if (!copy)
		return NULL;
	memcpy(copy, parent, n);
	copy[n] = '\0';
	return copy;
}

bool file_range_ok(uint64_t offset, uint64_t n)
{
	return offset <= INT64_MAX && n <= INT64_MAX - offset;
}

bool file_names_add(struct file_names *names, const char *name)
{
	size_t n = strlen(name) + 1;
	char *copy = mem_alloc(n);
	if (!copy)
		return false;
	memcpy(copy, name, n);
	if (vec_push(names, copy))
		return true;
	mem_free(copy);
	return false;
}

void file_names_fini(struct file_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		mem_free(names->items[i]);
	vec_free(names);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void file_names_walk(struct file_names *names, bool (*each)(void *arg, const char *name), void *arg)
{
	if (names->n > 1)
		qsort(names->items, names->n, sizeof *names->items, compare_names);
	for (size_t i = 0; i < names->n; i++) {
		if (!each(arg, names->items[i]))
			return;
	}
}
