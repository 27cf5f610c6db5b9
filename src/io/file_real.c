/*
 * file_real.c - the operating system's files behind `struct fs`.
 *
 * What it is:   pread and pwrite until done, through interruptions and short counts; fdatasync; the
 *               directory synced after a rename, and after the first sync of a file made here: a
 *               file whose name is lost was not kept.
 * Promises:     see file.h. Descriptors are closed on exec. New files get the user's umask, new
 *               directories belong to the user alone.
 * Threads:      one file may be read and written by several threads (no shared position).
 */
#include "io/file.h"

#include "base/mem.h"
#include "io/file_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct real_file {
	struct file base;
	int fd;
	atomic_bool name_unsynced; /* made here, and its directory not synced since */
	char path[];
};

static struct real_file *real_of(struct file *f)
{
	return (struct real_file *)(void *)f;
}

static bool fail(err *e, int errnum, const char *what, const char *path)
{
	enum err_code code = ERR_IO;
	if (errnum == EEXIST || errnum == ENOTEMPTY)
		code = ERR_CONFLICT;
	else if (errnum == EACCES || errnum == EPERM || errnum == EROFS)
		code = ERR_DENIED;
	return err_set_errno(e, code, errnum, "cannot %s %s", what, path);
}

static int open_retry(const char *path, int flags)
{
	int fd;
	do {
		fd = open(path, flags | O_CLOEXEC, 0666);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

/* FILE_WRITE asks in two steps, because only who made the file has to sync its directory; it turns
 * round again when somebody else makes or removes the file between the two. */
static int open_mode(const char *path, enum file_mode mode, bool *made_r)
{
	*made_r = false;
	if (mode == FILE_READ)
		return open_retry(path, O_RDONLY);
	for (int tries = 0;; tries++) {
		if (mode == FILE_WRITE) {
			int fd = open_retry(path, O_RDWR);
			if (fd >= 0 || errno != ENOENT)
				return fd;
		}
		int fd = open_retry(path, O_RDWR | O_CREAT | O_EXCL);
		if (fd >= 0)
			*made_r = true;
		if (fd >= 0 || mode == FILE_CREATE || errno != EEXIST || tries == 10)
			return fd;
	}
}

static bool real_open(struct fs *fs, const char *path, enum file_mode mode, struct file **f_r,
		      err *e)
{
	size_t n = strlen(path) + 1;
	struct real_file *f = mem_alloc(sizeof *f + n);
	if (!f)
		return err_nomem(e);
	bool made;
	int fd = open_mode(path, mode, &made);
	if (fd < 0) {
		int errnum = errno;
		mem_free(f);
		return fail(e, errnum, mode == FILE_CREATE ? "make" : "open", path);
	}
	f->base.fs = fs;
	f->fd = fd;
	atomic_init(&f->name_unsynced, made);
	memcpy(f->path, path, n);
	*f_r = &f->base;
	return true;
}

static bool real_close(struct file *base, err *e)
{
	struct real_file *f = real_of(base);
	/* Not repeated when interrupted: on Linux the descriptor is gone, and its number may belong
	 * to another thread's file by now. */
	bool ok = close(f->fd) == 0 || errno == EINTR;
	if (!ok)
		fail(e, errno, "close", f->path);
	mem_free(f);
	return ok;
}

static bool real_read(struct file *base, void *p, size_t n, uint64_t offset, size_t *n_r, err *e)
{
	struct real_file *f = real_of(base);
	if (!file_range_ok(offset, n))
		return err_set(e, ERR_INVALID, "cannot read %s: no such place", f->path);
	size_t done = 0;
	while (done < n) {
		ssize_t got = pread(f->fd, (char *)p + done, n - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(e, errno, "read", f->path);
		if (got == 0)
			break;
		done += (size_t)got;
	}
	*n_r = done;
	return true;
}

static bool real_write(struct file *base, const void *p, size_t n, uint64_t offset, err *e)
{
	struct real_file *f = real_of(base);
	if (!file_range_ok(offset, n))
		return err_set(e, ERR_INVALID, "cannot write %s: no such place", f->path);
	size_t done = 0;
	while (done < n) {
		ssize_t put = pwrite(f->fd, (const char *)p + done, n - done,
				     (off_t)(offset + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return fail(e, put < 0 ? errno : EIO, "write", f->path);
		done += (size_t)put;
	}
	return true;
}

static bool real_sync_dir(struct fs *fs UNUSED, const char *path, err *e)
{
	int fd = open_retry(path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fail(e, errno, "open", path);
	int rc;
	do {
		rc = fsync(fd);
	} while (rc < 0 && errno == EINTR);
	int errnum = errno;
	close(fd);
	/* Some network file systems cannot sync a directory and say so with EINVAL. */
	return rc == 0 || errnum == EINVAL || fail(e, errnum, "sync", path);
}

static bool sync_parent(struct fs *fs, const char *path, err *e)
{
	char *parent = file_parent(path);
	if (!parent)
		return err_nomem(e);
	bool ok = real_sync_dir(fs, parent, e);
	mem_free(parent);
	return ok;
}

static bool real_sync(struct file *base, err *e)
{
	struct real_file *f = real_of(base);
	int rc;
	do {
		rc = fdatasync(f->fd);
	} while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return fail(e, errno, "sync", f->path);
	if (!atomic_load_explicit(&f->name_unsynced, memory_order_relaxed))
		return true;
	if (!sync_parent(base->fs, f->path, e))
		return false;
	atomic_store_explicit(&f->name_unsynced, false, memory_order_relaxed);
	return true;
}

static bool real_size(struct file *base, uint64_t *bytes_r, err *e)
{
	struct real_file *f = real_of(base);
	struct stat st;
	if (fstat(f->fd, &st) < 0)
		return fail(e, errno, "look at", f->path);
	if (S_ISDIR(st.st_mode))
		return fail(e, EISDIR, "read", f->path);
	*bytes_r = st.st_size > 0 ? (uint64_t)st.st_size : 0;
	return true;
}

static bool real_truncate(struct file *base, uint64_t bytes, err *e)
{
	struct real_file *f = real_of(base);
	if (!file_range_ok(bytes, 0))
		return err_set(e, ERR_INVALID, "cannot truncate %s: no such size", f->path);
	int rc;
	do {
		rc = ftruncate(f->fd, (off_t)bytes);
	} while (rc < 0 && errno == EINTR);
	return rc == 0 || fail(e, errno, "truncate", f->path);
}

static bool real_map(struct file *base, const void **p_r, size_t *n_r, err *e)
{
	struct real_file *f = real_of(base);
	uint64_t bytes = 0;
	if (!real_size(base, &bytes, e))
		return false;
	const void *p = NULL;
	if (bytes > 0) {
		p = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, f->fd, 0);
		if (p == MAP_FAILED)
			return fail(e, errno, "map", f->path);
	}
	*p_r = p;
	*n_r = (size_t)bytes;
	return true;
}

/* Only whole pages inside. */
static void real_map_drop(const void *p, size_t n)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)p + page - 1) / page * page;
	uintptr_t to = ((uintptr_t)p + n) / page * page;
	if (to > from)
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
}

static void real_unmap(struct file *base UNUSED, const void *p, size_t n)
{
	munmap((void *)(uintptr_t)p, n);
}

static bool real_exists(struct fs *fs UNUSED, const char *path)
{
	struct stat st;
	return stat(path, &st) == 0;
}

static bool real_remove(struct fs *fs UNUSED, const char *path, err *e)
{
	return remove(path) == 0 || fail(e, errno, "remove", path);
}

/* Memory is asked for first: once renamed, only the disk may say no. */
static bool real_rename(struct fs *fs, const char *from, const char *to, err *e)
{
	char *a = file_parent(from);
	char *b = file_parent(to);
	bool ok = a && b;
	if (!ok)
		err_nomem(e);
	else if (rename(from, to) < 0)
		ok = fail(e, errno, "rename", from);
	ok = ok && real_sync_dir(fs, b, e);
	if (ok && strcmp(a, b) != 0)
		ok = real_sync_dir(fs, a, e);
	mem_free(a);
	mem_free(b);
	return ok;
}

static bool real_make_dir(struct fs *fs, const char *path, err *e)
{
	if (mkdir(path, 0700) == 0)
		return sync_parent(fs, path, e);
	int errnum = errno;
	struct stat st;
	if (errnum == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	return fail(e, errnum, "make the directory", path);
}

/* False with errno set, ENOMEM included. */
static bool gather_names(DIR *dir, struct file_names *names)
{
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(dir);
		if (!entry)
			return errno == 0;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!file_names_add(names, entry->d_name)) {
			errno = ENOMEM;
			return false;
		}
	}
}

static bool real_list(struct fs *fs UNUSED, const char *path,
		      bool (*each)(void *arg, const char *name), void *arg, err *e)
{
	DIR *dir = opendir(path);
	if (!dir)
		return fail(e, errno, "list", path);
	struct file_names names = { 0 };
	bool ok = gather_names(dir, &names);
	int errnum = errno;
	closedir(dir);
	if (ok)
		file_names_walk(&names, each, arg);
	else
		fail(e, errnum, "list", path);
	file_names_fini(&names);
	return ok;
}

static bool real_free_bytes(struct fs *fs UNUSED, const char *path, uint64_t *bytes_r, err *e)
{
	struct statvfs st;
	if (statvfs(path, &st) < 0)
		return fail(e, errno, "look at the disk of", path);
	uint64_t bytes;
	if (__builtin_mul_overflow((uint64_t)st.f_bavail, (uint64_t)st.f_frsize, &bytes))
		bytes = UINT64_MAX;
	*bytes_r = bytes;
	return true;
}

struct fs *fs_real(void)
{
	static const struct fs_ops OPS = {
		.open = real_open,
		.exists = real_exists,
		.remove = real_remove,
		.rename = real_rename,
		.sync_dir = real_sync_dir,
		.make_dir = real_make_dir,
		.list = real_list,
		.free_bytes = real_free_bytes,
		.close = real_close,
		.read = real_read,
		.write = real_write,
		.sync = real_sync,
		.size = real_size,
		.truncate = real_truncate,
		.map = real_map,
		.unmap = real_unmap,
		.map_drop = real_map_drop,
	};
	static struct fs fs = { .ops = &OPS };
	return &fs;
}
