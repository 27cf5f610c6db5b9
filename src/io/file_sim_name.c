/*
 * file_sim_name.c - the names of a simulated disk, and the changes that a crash may take back.
 *
 * What it is:   a flat list of paths, few hundred at most in a test; each with the content that
 *               programs see under it and the content that the disk has under it.
 * Promises:     a change is made whole or not at all (a rename never shows both names or none).
 */
#include "io/file_sim_int.h"

#include "base/mem.h"

#include <string.h>

char *sim_path(const char *path)
{
	size_t n = strlen(path);
	char *out = mem_alloc(n + 2);
	if (!out)
		return NULL;
	size_t at = 0;
	if (path[0] == '/')
		out[at++] = '/';
	while (*path) {
		size_t part = strcspn(path, "/");
		if (part > 0 && !(part == 1 && path[0] == '.')) {
			if (at > 0 && out[at - 1] != '/')
				out[at++] = '/';
			memcpy(out + at, path, part);
			at += part;
		}
		path += part;
		if (*path == '/')
			path++;
	}
	if (at == 0)
		out[at++] = '.';
	out[at] = '\0';
	return out;
}

struct sim_entry *sim_entry_find(struct sim_fs *fs, const char *path)
{
	for (size_t i = 0; i < fs->entries.n; i++) {
		if (strcmp(fs->entries.items[i].path, path) == 0)
			return &fs->entries.items[i];
	}
	return NULL;
}

static char *copy_text(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = mem_alloc(n);
	return copy ? memcpy(copy, s, n) : NULL;
}

struct sim_entry *sim_entry_take(struct sim_fs *fs, const char *path)
{
	struct sim_entry *entry = sim_entry_find(fs, path);
	if (entry)
		return entry;
	char *copy = copy_text(path);
	if (!copy)
		return NULL;
	if (!vec_push(&fs->entries, (struct sim_entry){ .path = copy })) {
		mem_free(copy);
		return NULL;
	}
	return &fs->entries.items[fs->entries.n - 1];
}

void sim_entry_set_now(struct sim_entry *entry, struct sim_node *node)
{
	if (node)
		sim_node_ref(node);
	sim_node_unref(entry->now);
	entry->now = node;
}

static void set_disk(struct sim_entry *entry, struct sim_node *node)
{
	if (node)
		sim_node_ref(node);
	sim_node_unref(entry->disk);
	entry->disk = node;
}

uint64_t sim_bytes_used(const struct sim_fs *fs)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < fs->entries.n; i++) {
		if (fs->entries.items[i].now)
			sum += fs->entries.items[i].now->now_n;
	}
	return sum;
}

bool sim_dir_exists(struct sim_fs *fs, const char *path)
{
	if (strcmp(path, ".") == 0 || strcmp(path, "/") == 0)
		return true;
	const struct sim_entry *entry = sim_entry_find(fs, path);
	return entry && entry->is_dir;
}

bool sim_parent_exists(struct sim_fs *fs, const char *path, bool *nomem_r)
{
	char *parent = file_parent(path);
	*nomem_r = !parent;
	bool there = parent && sim_dir_exists(fs, parent);
	mem_free(parent);
	return there;
}

bool sim_stands_in(const char *path, const char *dir, const char **name_r)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t n = slash ? (size_t)(slash - path) : 0;
	*name_r = name;
	if (*name == '\0' || strcmp(path, ".") == 0)
		return false;
	if (!slash)
		return strcmp(dir, ".") == 0;
	if (n == 0)
		return strcmp(dir, "/") == 0;
	return strlen(dir) == n && memcmp(dir, path, n) == 0;
}

static void change_fini(struct sim_change *change)
{
	mem_free(change->from);
	mem_free(change->to);
	sim_node_unref(change->node);
}

bool sim_change_add(struct sim_fs *fs, const char *from, const char *to, struct sim_node *node)
{
	struct sim_change change = {
		.from = from ? copy_text(from) : NULL,
		.to = to ? copy_text(to) : NULL,
		.node = node,
	};
	sim_node_ref(node);
	if ((from && !change.from) || (to && !change.to) || !vec_push(&fs->changes, change)) {
		change_fini(&change);
		return false;
	}
	return true;
}

/* Entries are never taken out of the list while changes name them, so both are found. */
static void change_apply(struct sim_fs *fs, const struct sim_change *change)
{
	struct sim_entry *from = change->from ? sim_entry_find(fs, change->from) : NULL;
	struct sim_entry *to = change->to ? sim_entry_find(fs, change->to) : NULL;
	if (to)
		set_disk(to, change->node);
	if (from && from->disk == change->node)
		set_disk(from, NULL);
}

static bool concerns(const struct sim_change *change, const char *dir)
{
	const char *name;
	return (change->from && sim_stands_in(change->from, dir, &name)) ||
	       (change->to && sim_stands_in(change->to, dir, &name));
}

/* Whether a later change of the same file is made permanent by syncing `dir`: then an earlier one
 * cannot stay open, or it would bring a name back that is gone. */
static bool is_drawn_in(const struct sim_fs *fs, size_t i, const char *dir)
{
	for (size_t k = i; k < fs->changes.n; k++) {
		if (fs->changes.items[k].node == fs->changes.items[i].node &&
		    concerns(&fs->changes.items[k], dir))
			return true;
	}
	return false;
}

/* Drops names that neither programs nor the disk know any more. */
static void prune(struct sim_fs *fs)
{
	size_t kept = 0;
	for (size_t i = 0; i < fs->entries.n; i++) {
		struct sim_entry entry = fs->entries.items[i];
		if (entry.is_dir || entry.now || entry.disk)
			fs->entries.items[kept++] = entry;
		else
			mem_free(entry.path);
	}
	fs->entries.n = kept;
}

void sim_dir_sync(struct sim_fs *fs, const char *dir)
{
	size_t kept = 0;
	for (size_t i = 0; i < fs->changes.n; i++) {
		struct sim_change change = fs->changes.items[i];
		if (is_drawn_in(fs, i, dir)) {
			change_apply(fs, &change);
			change_fini(&change);
		} else {
			fs->changes.items[kept++] = change;
		}
	}
	fs->changes.n = kept;
	if (kept == 0)
		prune(fs);
}

void sim_names_crash(struct sim_fs *fs)
{
	for (size_t i = 0; i < fs->changes.n; i++) {
		if (rng_chance(&fs->rng, 0.5))
			change_apply(fs, &fs->changes.items[i]);
		change_fini(&fs->changes.items[i]);
	}
	fs->changes.n = 0;
	for (size_t i = 0; i < fs->entries.n; i++) {
		struct sim_entry *entry = &fs->entries.items[i];
		if (!entry->is_dir)
			sim_entry_set_now(entry, entry->disk);
	}
	prune(fs);
}

void sim_names_fini(struct sim_fs *fs)
{
	for (size_t i = 0; i < fs->changes.n; i++)
		change_fini(&fs->changes.items[i]);
	vec_free(&fs->changes);
	for (size_t i = 0; i < fs->entries.n; i++) {
		struct sim_entry *entry = &fs->entries.items[i];
		sim_node_unref(entry->now);
		sim_node_unref(entry->disk);
		mem_free(entry->path);
	}
	vec_free(&fs->entries);
}
