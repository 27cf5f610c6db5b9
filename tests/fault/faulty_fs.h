/*
 * faulty_fs.h - the real file system, failing when told to.
 *
 * What it is:   counts what changes the disk (creating, writing, syncing, renaming, removing,
 *               truncating) and makes the n-th of them fail, all after it too when wanted.
 * Promises:     a failing operation has no effect. Reads pass through.
 * Threads:      any; the faults are global.
 */
#ifndef TRICHTER_TESTS_FAULTY_FS_H
#define TRICHTER_TESTS_FAULTY_FS_H

#include "io/file_int.h"

#include <stdatomic.h>

struct fs_faults {
	atomic_uint_least64_t operations, failed;
	uint64_t fail_at; /* 1 = the next; 0: never */
	bool and_all_after;
};
static struct fs_faults fs_faults;
static struct fs_ops faulty_ops;
static struct fs faulty_fs = { &faulty_ops };

static bool fs_fails(err *e)
{
	uint64_t n = atomic_fetch_add(&fs_faults.operations, 1) + 1;
	bool fails = fs_faults.fail_at &&
		     (n == fs_faults.fail_at || (fs_faults.and_all_after && n > fs_faults.fail_at));
	if (fails)
		atomic_fetch_add(&fs_faults.failed, 1);
	return fails && (err_set(e, ERR_IO, "the disk was told to fail"), true);
}

static bool faulty_open(struct fs *fs, const char *path, enum file_mode mode, struct file **f_r,
			err *e)
{
	(void)fs;
	if (mode != FILE_READ && fs_fails(e))
		return false;
	if (!fs_real()->ops->open(fs_real(), path, mode, f_r, e))
		return false;
	(*f_r)->fs = &faulty_fs;
	return true;
}

static bool faulty_remove(struct fs *fs, const char *path, err *e)
{
	(void)fs;
	return !fs_fails(e) && fs_real()->ops->remove(fs_real(), path, e);
}

static bool faulty_rename(struct fs *fs, const char *from, const char *to, err *e)
{
	(void)fs;
	return !fs_fails(e) && fs_real()->ops->rename(fs_real(), from, to, e);
}

static bool faulty_sync_dir(struct fs *fs, const char *path, err *e)
{
	(void)fs;
	return !fs_fails(e) && fs_real()->ops->sync_dir(fs_real(), path, e);
}

static bool faulty_make_dir(struct fs *fs, const char *path, err *e)
{
	(void)fs;
	return !fs_fails(e) && fs_real()->ops->make_dir(fs_real(), path, e);
}

static bool faulty_write(struct file *f, const void *p, size_t n, uint64_t offset, err *e)
{
	return !fs_fails(e) && fs_real()->ops->write(f, p, n, offset, e);
}

static bool faulty_sync(struct file *f, err *e)
{
	return !fs_fails(e) && fs_real()->ops->sync(f, e);
}

static bool faulty_truncate(struct file *f, uint64_t bytes, err *e)
{
	return !fs_fails(e) && fs_real()->ops->truncate(f, bytes, e);
}

UNUSED static void fs_faults_reset(void)
{
	fs_faults = (struct fs_faults){ 0 };
	faulty_ops = *fs_real()->ops;
	faulty_ops.open = faulty_open;
	faulty_ops.remove = faulty_remove;
	faulty_ops.rename = faulty_rename;
	faulty_ops.sync_dir = faulty_sync_dir;
	faulty_ops.make_dir = faulty_make_dir;
	faulty_ops.write = faulty_write;
	faulty_ops.sync = faulty_sync;
	faulty_ops.truncate = faulty_truncate;
}

#endif
