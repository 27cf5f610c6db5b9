/*
 * file_int.h - the table of functions behind `struct fs`, for its two drivers.
 *
 * What it is:   file_real.c and file_sim.c each fill a table; file.c calls through it and builds
 * the rest (reading and writing whole files) from it.
 */
#ifndef TRICHTER_FILE_INT_H
#define TRICHTER_FILE_INT_H

#include "io/file.h"

struct fs_ops {
	bool (*open)(struct fs *fs, const char *path, enum file_mode mode, struct file **f_r,
		     err *e);
	bool (*exists)(struct fs *fs, const char *path);
	bool (*remove)(struct fs *fs, const char *path, err *e);
	bool (*rename)(struct fs *fs, const char *from, const char *to, err *e);
	bool (*sync_dir)(struct fs *fs, const char *path, err *e);
	bool (*make_dir)(struct fs *fs, const char *path, err *e);
	/* Names in the order of their bytes; not under a lock. */
	bool (*list)(struct fs *fs, const char *path, bool (*each)(void *arg, const char *name),
		     void *arg, err *e);
	bool (*free_bytes)(struct fs *fs, const char *path, uint64_t *bytes_r, err *e);

	/* Frees `f` in every case. */
	bool (*close)(struct file *f, err *e);
	bool (*read)(struct file *f, void *p, size_t n, uint64_t offset, size_t *n_r, err *e);
	bool (*write)(struct file *f, const void *p, size_t n, uint64_t offset, err *e);
	bool (*sync)(struct file *f, err *e);
	bool (*size)(struct file *f, uint64_t *bytes_r, err *e);
	bool (*truncate)(struct file *f, uint64_t bytes, err *e);
	bool (*map)(struct file *f, const void **p_r, size_t *n_r, err *e);
	void (*unmap)(struct file *f, const void *p, size_t n);
	void (*map_drop)(const void *p, size_t n); /* NULL: nothing to be gained */
};

/* Both stand first in what the drivers allocate. */
struct fs {
	const struct fs_ops *ops;
};
struct file {
	struct fs *fs;
};

/* The directory in which `path` stands: "." for a bare name, "/" at the top. On the heap; NULL: no
 * memory. */
char *file_parent(const char *path);

/* A list of names as drivers gather it before calling anybody back. */
struct file_names {
	char **items;
	size_t n;
	size_t cap;
};
bool file_names_add(struct file_names *names, const char *name) MUST_CHECK;
void file_names_fini(struct file_names *names);
/* Sorts, then calls `each` until it returns false. */
void file_names_walk(struct file_names *names, bool (*each)(void *arg, const char *name),
		     void *arg);

/* True when offset + n is a place that a file can have. */
bool file_range_ok(uint64_t offset, uint64_t n);

#endif
