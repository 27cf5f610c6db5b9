/*
 * file_sim_file.c - reading, writing and syncing an open file of the simulated disk.
 *
 * What it is:   the second half of the table that file_sim.c fills.
 * Promises:     a file that was open when the power went refuses everything but closing.
 * Threads:      any number; each function holds the disk's lock.
 */
#include "io/file_sim_int.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

static struct sim_file *sim_file_of(struct file *f)
{
	return (struct sim_file *)(void *)f;
}

bool sim_close(struct file *base, err *e UNUSED)
{
	struct sim_file *f = sim_file_of(base);
	struct sim_fs *fs = sim_of(base->fs);
	mutex_lock(&fs->m);
	sim_node_unref(f->node);
	mutex_unlock(&fs->m);
	mem_free(f);
	return true;
}

/* Takes the lock, and gives it back when the file was open while the power went. */
static bool enter(struct sim_file *f, const char *what, err *e)
{
	struct sim_fs *fs = sim_of(f->base.fs);
	mutex_lock(&fs->m);
	if (f->epoch == fs->epoch)
		return true;
	mutex_unlock(&fs->m);
	return sim_fail(e, EIO, what, f->path);
}

static void leave(struct sim_file *f)
{
	mutex_unlock(&sim_of(f->base.fs)->m);
}

bool sim_read(struct file *base, void *p, size_t n, uint64_t offset, size_t *n_r, err *e)
{
	struct sim_file *f = sim_file_of(base);
	if (!enter(f, "read", e))
		return false;
	size_t size = f->node->now_n;
	size_t got = offset < size ? MIN(n, size - (size_t)offset) : 0;
	if (got > 0)
		memcpy(p, f->node->now + offset, got);
	*n_r = got;
	leave(f);
	return true;
}

/* Writes what the disk has room for; 0 or the errno. */
static int write_locked(struct sim_fs *fs, struct sim_node *node, const void *p, size_t n,
			size_t offset)
{
	int errnum = 0;
	if (sim_strikes(fs)) {
		errnum = sim_random_errno(fs);
		n = (size_t)rng_below(&fs->rng, n + 1);
	}
	size_t end = offset + n;
	uint64_t room = sim_free_now(fs);
	if (end > node->now_n && end - node->now_n > room) {
		errnum = errnum ? errnum : ENOSPC;
		uint64_t fits = (uint64_t)node->now_n + room;
		n = fits > offset ? (size_t)(fits - offset) : 0;
	}
	if (n == 0)
		return errnum;
	if (!sim_node_reserve(node, offset + n))
		return ENOMEM;
	sim_node_put(node, p, n, offset);
	return errnum;
}

bool sim_write(struct file *base, const void *p, size_t n, uint64_t offset, err *e)
{
	struct sim_file *f = sim_file_of(base);
	if (!file_range_ok(offset, n))
		return err_set(e, ERR_INVALID, "cannot write %s: no such place", f->path);
	if (!enter(f, "write", e))
		return false;
	int errnum = write_locked(sim_of(base->fs), f->node, p, n, (size_t)offset);
	leave(f);
	return errnum == 0 || sim_fail(e, errnum, "write", f->path);
}

bool sim_sync(struct file *base, err *e)
{
	struct sim_file *f = sim_file_of(base);
	struct sim_fs *fs = sim_of(base->fs);
	if (!enter(f, "sync", e))
		return false;
	bool ok = !sim_strikes(fs);
	if (ok) {
		sim_node_sync(f->node);
		ok = !f->name_unsynced || sim_sync_parent(fs, f->path, e);
		f->name_unsynced = f->name_unsynced && !ok;
	} else {
		sim_node_sync_fail(f->node, &fs->rng);
		sim_fail(e, EIO, "sync", f->path);
	}
	leave(f);
	return ok;
}

bool sim_size(struct file *base, uint64_t *bytes_r, err *e)
{
	struct sim_file *f = sim_file_of(base);
	if (!enter(f, "look at", e))
		return false;
	*bytes_r = f->node->now_n;
	leave(f);
	return true;
}

bool sim_truncate(struct file *base, uint64_t bytes, err *e)
{
	struct sim_file *f = sim_file_of(base);
	struct sim_fs *fs = sim_of(base->fs);
	if (!file_range_ok(bytes, 0))
		return err_set(e, ERR_INVALID, "cannot truncate %s: no such size", f->path);
	if (!enter(f, "truncate", e))
		return false;
	int errnum = sim_strikes(fs) ? sim_random_errno(fs) : 0;
	size_t size = f->node->now_n;
	if (!errnum && bytes > size && bytes - size > sim_free_now(fs))
		errnum = ENOSPC;
	if (!errnum && !sim_node_reserve(f->node, (size_t)bytes))
		errnum = ENOMEM;
	if (!errnum)
		sim_node_resize(f->node, (size_t)bytes);
	leave(f);
	return errnum == 0 || sim_fail(e, errnum, "truncate", f->path);
}

bool sim_map(struct file *base, const void **p_r, size_t *n_r, err *e)
{
	struct sim_file *f = sim_file_of(base);
	if (!enter(f, "map", e))
		return false;
	size_t n = f->node->now_n;
	void *copy = n > 0 ? mem_alloc(n) : NULL;
	if (copy)
		memcpy(copy, f->node->now, n);
	leave(f);
	if (n > 0 && !copy)
		return err_nomem(e);
	*p_r = copy;
	*n_r = n;
	return true;
}

void sim_unmap(struct file *base UNUSED, const void *p, size_t n UNUSED)
{
	mem_free((void *)(uintptr_t)p);
}
