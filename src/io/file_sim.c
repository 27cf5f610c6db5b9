/*
 * file_sim.c - a disk in memory that can fail, be full, and lose its power.
 *
 * What it is:   the twin of file_real.c for fault tests: the same table of functions, over the
 *               contents of file_sim_node.c and the names of file_sim_name.c; what is done
 *               with an open file stands in file_sim_file.c.
 * Promises:     deterministic for one seed and one order of calls. Synced content under a synced
 *               name survives every crash; of the rest a random part does, as on a real disk. A
 *               failing write may have written a beginning. Directories exist at once and for ever,
 *               and are not removed by a crash.
 * Threads:      any number; one lock around everything.
 */
#include "io/file_sim_int.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

struct sim_fs *sim_of(struct fs *fs)
{
	return (struct sim_fs *)(void *)fs;
}

bool sim_fail(err *e, int errnum, const char *what, const char *path)
{
	enum err_code code = errnum == EEXIST || errnum == ENOTEMPTY ? ERR_CONFLICT : ERR_IO;
	return err_set_errno(e, code, errnum, "cannot %s %s", what, path);
}

/* Counts an operation; true when it is one that has to fail. */
bool sim_strikes(struct sim_fs *fs)
{
	uint64_t n = atomic_fetch_add(&fs->operations, 1) + 1;
	return fs->fail_at > 0 && (n == fs->fail_at || (fs->fail_all_after && n > fs->fail_at));
}

int sim_random_errno(struct sim_fs *fs)
{
	return rng_chance(&fs->rng, 0.5) ? EIO : ENOSPC;
}

uint64_t sim_free_now(const struct sim_fs *fs)
{
	uint64_t used = sim_bytes_used(fs);
	if (fs->bytes_max == UINT64_MAX)
		return UINT64_MAX;
	return fs->bytes_max > used ? fs->bytes_max - used : 0;
}

/* Makes the file under a canonical path; the caller holds the lock. */
static struct sim_node *make_file(struct sim_fs *fs, const char *path, err *e)
{
	bool nomem;
	if (!sim_parent_exists(fs, path, &nomem)) {
		sim_fail(e, nomem ? ENOMEM : ENOENT, "make", path);
		return NULL;
	}
	struct sim_entry *entry = sim_entry_take(fs, path);
	struct sim_node *node = entry ? sim_node_new() : NULL;
	if (node && sim_change_add(fs, NULL, path, node))
		sim_entry_set_now(entry, node);
	else
		err_nomem(e);
	sim_node_unref(node);
	return entry ? entry->now : NULL;
}

/* The file's content by the rules of `mode`; NULL with `e` set. */
static struct sim_node *find_file(struct sim_fs *fs, const char *path, enum file_mode mode,
				  bool *made_r, err *e)
{
	struct sim_entry *entry = sim_entry_find(fs, path);
	bool there = entry && (entry->now || entry->is_dir);
	*made_r = false;
	if (sim_dir_exists(fs, path) && mode != FILE_CREATE) {
		sim_fail(e, EISDIR, "open", path);
		return NULL;
	}
	if (there && mode == FILE_CREATE) {
		sim_fail(e, EEXIST, "make", path);
		return NULL;
	}
	if (there)
		return entry->now;
	if (mode == FILE_READ) {
		sim_fail(e, ENOENT, "open", path);
		return NULL;
	}
	*made_r = true;
	return make_file(fs, path, e);
}

static bool sim_open(struct fs *base, const char *given, enum file_mode mode, struct file **f_r,
		     err *e)
{
	struct sim_fs *fs = sim_of(base);
	char *path = sim_path(given);
	size_t n = path ? strlen(path) + 1 : 0;
	struct sim_file *f = path ? mem_alloc(sizeof *f + n) : NULL;
	if (!f) {
		mem_free(path);
		return err_nomem(e);
	}
	memcpy(f->path, path, n);
	mem_free(path);
	f->base.fs = base;
	mutex_lock(&fs->m);
	f->node = find_file(fs, f->path, mode, &f->name_unsynced, e);
	f->epoch = fs->epoch;
	if (f->node)
		sim_node_ref(f->node);
	mutex_unlock(&fs->m);
	if (!f->node) {
		mem_free(f);
		return false;
	}
	*f_r = &f->base;
	return true;
}

/* Counts as one operation; false: it had to fail, or memory ran out. */
static bool sync_dir_locked(struct sim_fs *fs, const char *dir, err *e)
{
	if (sim_strikes(fs))
		return sim_fail(e, EIO, "sync", dir);
	sim_dir_sync(fs, dir);
	return true;
}

bool sim_sync_parent(struct sim_fs *fs, const char *path, err *e)
{
	char *parent = file_parent(path);
	if (!parent)
		return err_nomem(e);
	bool ok = sync_dir_locked(fs, parent, e);
	mem_free(parent);
	return ok;
}

static bool sim_exists(struct fs *base, const char *given)
{
	struct sim_fs *fs = sim_of(base);
	char *path = sim_path(given);
	if (!path)
		return false;
	mutex_lock(&fs->m);
	const struct sim_entry *entry = sim_entry_find(fs, path);
	bool there = (entry && entry->now) || sim_dir_exists(fs, path);
	mutex_unlock(&fs->m);
	mem_free(path);
	return there;
}

static bool remove_locked(struct sim_fs *fs, const char *path, err *e)
{
	struct sim_entry *entry = sim_entry_find(fs, path);
	if (!entry || (!entry->now && !entry->is_dir))
		return sim_fail(e, ENOENT, "remove", path);
	if (sim_strikes(fs))
		return sim_fail(e, EIO, "remove", path);
	if (!entry->is_dir) {
		if (!sim_change_add(fs, path, NULL, entry->now))
			return err_nomem(e);
		sim_entry_set_now(entry, NULL);
		return true;
	}
	for (size_t i = 0; i < fs->entries.n; i++) {
		const struct sim_entry *other = &fs->entries.items[i];
		const char *name;
		if ((other->now || other->is_dir) && sim_stands_in(other->path, path, &name))
			return sim_fail(e, ENOTEMPTY, "remove", path);
	}
	entry->is_dir = false;
	return true;
}

static bool sim_remove(struct fs *base, const char *given, err *e)
{
	struct sim_fs *fs = sim_of(base);
	char *path = sim_path(given);
	if (!path)
		return err_nomem(e);
	mutex_lock(&fs->m);
	bool ok = remove_locked(fs, path, e);
	mutex_unlock(&fs->m);
	mem_free(path);
	return ok;
}

static bool rename_locked(struct sim_fs *fs, const char *from, const char *to, err *e)
{
	bool nomem;
	struct sim_entry *source = sim_entry_find(fs, from);
	if (!source || !source->now)
		return sim_fail(e, source && source->is_dir ? EISDIR : ENOENT, "rename", from);
	if (!sim_parent_exists(fs, to, &nomem))
		return sim_fail(e, nomem ? ENOMEM : ENOENT, "rename", to);
	if (sim_dir_exists(fs, to))
		return sim_fail(e, EISDIR, "rename", to);
	if (strcmp(from, to) == 0)
		return true;
	if (sim_strikes(fs))
		return sim_fail(e, sim_random_errno(fs), "rename", from);
	struct sim_entry *target = sim_entry_take(fs, to);
	source = sim_entry_find(fs, from); /* the list may have moved */
	if (!target || !sim_change_add(fs, from, to, source->now))
		return err_nomem(e);
	sim_entry_set_now(target, source->now);
	sim_entry_set_now(source, NULL);
	return sim_sync_parent(fs, to, e) && sim_sync_parent(fs, from, e);
}

static bool sim_rename(struct fs *base, const char *from, const char *to, err *e)
{
	struct sim_fs *fs = sim_of(base);
	char *a = sim_path(from);
	char *b = sim_path(to);
	bool ok = a && b;
	if (ok) {
		mutex_lock(&fs->m);
		ok = rename_locked(fs, a, b, e);
		mutex_unlock(&fs->m);
	} else {
		err_nomem(e);
	}
	mem_free(a);
	mem_free(b);
	return ok;
}

static bool sim_sync_dir(struct fs *base, const char *given, err *e)
{
	struct sim_fs *fs = sim_of(base);
	char *path = sim_path(given);
	if (!path)
		return err_nomem(e);
	mutex_lock(&fs->m);
	bool ok = sim_dir_exists(fs, path) ? sync_dir_locked(fs, path, e)
					   : sim_fail(e, ENOENT, "sync", path);
	mutex_unlock(&fs->m);
	mem_free(path);
	return ok;
}

static bool make_dir_locked(struct sim_fs *fs, const char *path, err *e)
{
	bool nomem;
	if (sim_dir_exists(fs, path))
		return true;
	if (!sim_parent_exists(fs, path, &nomem))
		return sim_fail(e, nomem ? ENOMEM : ENOENT, "make the directory", path);
	struct sim_entry *entry = sim_entry_take(fs, path);
	if (!entry)
		return err_nomem(e);
	if (entry->now)
		return sim_fail(e, EEXIST, "make the directory", path);
	entry->is_dir = true;
	return true;
}

static bool sim_make_dir(struct fs *base, const char *given, err *e)
{
	struct sim_fs *fs = sim_of(base);
	char *path = sim_path(given);
	if (!path)
		return err_nomem(e);
	mutex_lock(&fs->m);
	bool ok = make_dir_locked(fs, path, e);
	mutex_unlock(&fs->m);
	mem_free(path);
	return ok;
}

static bool gather_locked(struct sim_fs *fs, const char *path, struct file_names *names, err *e)
{
	if (!sim_dir_exists(fs, path))
		return sim_fail(e, ENOENT, "list", path);
	for (size_t i = 0; i < fs->entries.n; i++) {
		const struct sim_entry *entry = &fs->entries.items[i];
		const char *name;
		if ((entry->now || entry->is_dir) && sim_stands_in(entry->path, path, &name) &&
		    !file_names_add(names, name))
			return err_nomem(e);
	}
	return true;
}

static bool sim_list(struct fs *base, const char *given, bool (*each)(void *arg, const char *name),
		     void *arg, err *e)
{
	struct sim_fs *fs = sim_of(base);
	char *path = sim_path(given);
	if (!path)
		return err_nomem(e);
	struct file_names names = { 0 };
	mutex_lock(&fs->m);
	bool ok = gather_locked(fs, path, &names, e);
	mutex_unlock(&fs->m);
	if (ok)
		file_names_walk(&names, each, arg);
	file_names_fini(&names);
	mem_free(path);
	return ok;
}

static bool sim_free_bytes(struct fs *base, const char *path UNUSED, uint64_t *bytes_r,
			   err *e UNUSED)
{
	struct sim_fs *fs = sim_of(base);
	mutex_lock(&fs->m);
	*bytes_r = sim_free_now(fs);
	mutex_unlock(&fs->m);
	return true;
}

struct fs *fs_sim_new(uint64_t seed)
{
	static const struct fs_ops OPS = {
		.open = sim_open,
		.exists = sim_exists,
		.remove = sim_remove,
		.rename = sim_rename,
		.sync_dir = sim_sync_dir,
		.make_dir = sim_make_dir,
		.list = sim_list,
		.free_bytes = sim_free_bytes,
		.close = sim_close,
		.read = sim_read,
		.write = sim_write,
		.sync = sim_sync,
		.size = sim_size,
		.truncate = sim_truncate,
		.map = sim_map,
		.unmap = sim_unmap,
	};
	struct sim_fs *fs = mem_zalloc(1, sizeof *fs);
	if (!fs)
		return NULL;
	fs->base.ops = &OPS;
	fs->bytes_max = UINT64_MAX;
	mutex_init(&fs->m);
	rng_init(&fs->rng, seed);
	return &fs->base;
}

void fs_sim_free(struct fs **base)
{
	if (!*base)
		return;
	struct sim_fs *fs = sim_of(*base);
	*base = NULL;
	sim_names_fini(fs);
	mutex_fini(&fs->m);
	mem_free(fs);
}

void fs_sim_fail_at(struct fs *base, uint64_t n, bool and_all_after)
{
	struct sim_fs *fs = sim_of(base);
	mutex_lock(&fs->m);
	fs->fail_at = n > 0 ? atomic_load(&fs->operations) + n : 0;
	fs->fail_all_after = and_all_after;
	mutex_unlock(&fs->m);
}

uint64_t fs_sim_operations(const struct fs *base)
{
	return atomic_load(&((const struct sim_fs *)(const void *)base)->operations);
}

void fs_sim_set_free(struct fs *base, uint64_t bytes)
{
	struct sim_fs *fs = sim_of(base);
	mutex_lock(&fs->m);
	if (__builtin_add_overflow(sim_bytes_used(fs), bytes, &fs->bytes_max))
		fs->bytes_max = UINT64_MAX;
	mutex_unlock(&fs->m);
}

void fs_sim_crash(struct fs *base)
{
	struct sim_fs *fs = sim_of(base);
	mutex_lock(&fs->m);
	fs->epoch++;
	sim_names_crash(fs);
	for (size_t i = 0; i < fs->entries.n; i++) {
		if (fs->entries.items[i].now)
			sim_node_crash(fs->entries.items[i].now, &fs->rng);
	}
	mutex_unlock(&fs->m);
}
