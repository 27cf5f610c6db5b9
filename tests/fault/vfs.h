/*
 * vfs.h - a disk under SQLite that fails when told to.
 *
 * What it is:   a VFS over the default one. It counts what changes the disk (writes, syncs,
 *               truncations, deletions), makes the n-th of them fail, all after it too when wanted,
 *               and is full after so many bytes. Its name goes into ledger_options.driver_hint.
 * Promises:     a failing operation has no effect, half of it, or all of it (`effect`): a real disk
 *               does any of these. Shared memory and reads pass through.
 * Threads:      one; the faults are global.
 */
#ifndef TRICHTER_TESTS_VFS_H
#define TRICHTER_TESTS_VFS_H

#include "base/base.h"

#include <sqlite3.h>
#include <string.h>

#define FAULTY_VFS "faulty"

enum vfs_kind { VFS_WRITE = 1, VFS_SYNC = 2, VFS_TRUNCATE = 4, VFS_DELETE = 8, VFS_ANY = 15 };
enum vfs_effect { VFS_NOTHING, VFS_HALF, VFS_WHOLE };

struct vfs_faults {
	uint64_t fail_at; /* 1 = the next operation of these kinds; 0: never */
	bool and_all_after;
	unsigned kinds; /* of enum vfs_kind; 0 means all */
	enum vfs_effect effect;
	uint64_t bytes_max;  /* written in all; 0: no end */
	uint64_t operations; /* of these kinds, so far */
	uint64_t bytes;	     /* written so far */
	uint64_t failed;     /* how many failed */
};
static struct vfs_faults vfs_faults;

struct vfs_file {
	sqlite3_file base;
	sqlite3_file *real; /* stands behind this struct */
};

static inline bool vfs_fails(enum vfs_kind kind)
{
	struct vfs_faults *f = &vfs_faults;
	if (f->kinds != 0 && !(f->kinds & kind))
		return false;
	f->operations++;
	bool fails = f->fail_at != 0 && (f->operations == f->fail_at ||
					 (f->and_all_after && f->operations > f->fail_at));
	f->failed += fails;
	return fails;
}

static inline sqlite3_file *vfs_real(sqlite3_file *f)
{
	return ((struct vfs_file *)f)->real;
}

static int vfs_close(sqlite3_file *f)
{
	sqlite3_file *r = vfs_real(f);
	return r->pMethods ? r->pMethods->xClose(r) : SQLITE_OK;
}

static int vfs_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return vfs_real(f)->pMethods->xRead(vfs_real(f), p, n, at);
}

static int vfs_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	sqlite3_file *r = vfs_real(f);
	if (vfs_fails(VFS_WRITE)) {
		int part = vfs_faults.effect == VFS_NOTHING ? 0
			   : vfs_faults.effect == VFS_HALF  ? n / 2
							    : n;
		if (part > 0)
			(void)r->pMethods->xWrite(r, p, part, at);
		return SQLITE_IOERR_WRITE;
	}
	uint64_t max = vfs_faults.bytes_max;
	if (max != 0 && vfs_faults.bytes + (uint64_t)n > max) {
		int part = (int)(max > vfs_faults.bytes ? max - vfs_faults.bytes : 0);
		if (part > 0)
			(void)r->pMethods->xWrite(r, p, part, at);
		vfs_faults.bytes = max;
		vfs_faults.failed++;
		return SQLITE_FULL;
	}
	vfs_faults.bytes += (uint64_t)n;
	return r->pMethods->xWrite(r, p, n, at);
}

static int vfs_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	sqlite3_file *r = vfs_real(f);
	bool fails = vfs_fails(VFS_TRUNCATE);
	int rc = fails && vfs_faults.effect != VFS_WHOLE ? SQLITE_OK : r->pMethods->xTruncate(r, n);
	return fails ? SQLITE_IOERR_TRUNCATE : rc;
}

static int vfs_sync(sqlite3_file *f, int flags)
{
	sqlite3_file *r = vfs_real(f);
	bool fails = vfs_fails(VFS_SYNC);
	int rc = fails && vfs_faults.effect != VFS_WHOLE ? SQLITE_OK : r->pMethods->xSync(r, flags);
	return fails ? SQLITE_IOERR_FSYNC : rc;
}

static int vfs_file_size(sqlite3_file *f, sqlite3_int64 *n)
{
	return vfs_real(f)->pMethods->xFileSize(vfs_real(f), n);
}

static int vfs_lock(sqlite3_file *f, int level)
{
	return vfs_real(f)->pMethods->xLock(vfs_real(f), level);
}

static int vfs_unlock(sqlite3_file *f, int level)
{
	return vfs_real(f)->pMethods->xUnlock(vfs_real(f), level);
}

static int vfs_check_reserved(sqlite3_file *f, int *out)
{
	return vfs_real(f)->pMethods->xCheckReservedLock(vfs_real(f), out);
}

static int vfs_file_control(sqlite3_file *f, int op, void *arg)
{
	return vfs_real(f)->pMethods->xFileControl(vfs_real(f), op, arg);
}

static int vfs_sector_size(sqlite3_file *f)
{
	return vfs_real(f)->pMethods->xSectorSize(vfs_real(f));
}

static int vfs_device(sqlite3_file *f)
{
	return vfs_real(f)->pMethods->xDeviceCharacteristics(vfs_real(f));
}

static int vfs_shm_map(sqlite3_file *f, int page, int bytes, int extend, void volatile **p)
{
	return vfs_real(f)->pMethods->xShmMap(vfs_real(f), page, bytes, extend, p);
}

static int vfs_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return vfs_real(f)->pMethods->xShmLock(vfs_real(f), offset, n, flags);
}

static void vfs_shm_barrier(sqlite3_file *f)
{
	vfs_real(f)->pMethods->xShmBarrier(vfs_real(f));
}

static int vfs_shm_unmap(sqlite3_file *f, int remove)
{
	return vfs_real(f)->pMethods->xShmUnmap(vfs_real(f), remove);
}

static inline sqlite3_vfs *vfs_default(sqlite3_vfs *v)
{
	return v->pAppData;
}

static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *flags_r)
{
	static const sqlite3_io_methods METHODS = {
		.iVersion = 2, /* without memory-mapped reading: it would pass by the faults */
		.xClose = vfs_close,
		.xRead = vfs_read,
		.xWrite = vfs_write,
		.xTruncate = vfs_truncate,
		.xSync = vfs_sync,
		.xFileSize = vfs_file_size,
		.xLock = vfs_lock,
		.xUnlock = vfs_unlock,
		.xCheckReservedLock = vfs_check_reserved,
		.xFileControl = vfs_file_control,
		.xSectorSize = vfs_sector_size,
		.xDeviceCharacteristics = vfs_device,
		.xShmMap = vfs_shm_map,
		.xShmLock = vfs_shm_lock,
		.xShmBarrier = vfs_shm_barrier,
		.xShmUnmap = vfs_shm_unmap,
	};
	struct vfs_file *vf = (struct vfs_file *)f;
	vf->real = (sqlite3_file *)(vf + 1);
	vf->real->pMethods = NULL;
	int rc = vfs_default(v)->xOpen(vfs_default(v), name, vf->real, flags, flags_r);
	f->pMethods = vf->real->pMethods ? &METHODS : NULL;
	return rc;
}

static int vfs_delete(sqlite3_vfs *v, const char *name, int sync_dir)
{
	if (vfs_fails(VFS_DELETE) && vfs_faults.effect != VFS_WHOLE)
		return SQLITE_IOERR_DELETE;
	return vfs_default(v)->xDelete(vfs_default(v), name, sync_dir);
}

static int vfs_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
	return vfs_default(v)->xAccess(vfs_default(v), name, flags, out);
}

static int vfs_full_name(sqlite3_vfs *v, const char *name, int n, char *out)
{
	return vfs_default(v)->xFullPathname(vfs_default(v), name, n, out);
}

/* Registers the VFS and forgets all faults. Everything that is not about files is the default's. */
static inline void vfs_faults_reset(void)
{
	static sqlite3_vfs vfs;
	memset(&vfs_faults, 0, sizeof vfs_faults);
	if (vfs.zName)
		return;
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	CHECK(real != NULL);
	vfs = *real;
	vfs.pNext = NULL;
	vfs.zName = FAULTY_VFS;
	vfs.szOsFile = (int)sizeof(struct vfs_file) + real->szOsFile;
	vfs.pAppData = real;
	vfs.xOpen = vfs_open;
	vfs.xDelete = vfs_delete;
	vfs.xAccess = vfs_access;
	vfs.xFullPathname = vfs_full_name;
	CHECK(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}

#endif
