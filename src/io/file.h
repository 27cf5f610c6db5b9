/*
 * file.h - files through a table of functions, so that tests can put a simulated disk behind it.
 *
 * What it is:   `struct fs` is the real file system or its twin: in memory, losing what was not
 *               synced when told to crash, failing the n-th operation, or being full.
 * Promises:     writes are whole or an error; file_sync means on disk, a new file's name included;
 *               fs_rename and fs_write_all are atomic and synced with the directory.
 */
#ifndef TRICHTER_FILE_H
#define TRICHTER_FILE_H

#include "base/buf.h"

struct fs;
struct file;

enum file_mode {
	FILE_READ,   /* must exist */
	FILE_CREATE, /* must not exist; read and write */
	FILE_WRITE,  /* made if missing; read and write */
};

struct fs *fs_real(void);

bool file_open(struct fs *fs, const char *path, enum file_mode mode, struct file **f_r,
	       err *e) MUST_CHECK;
/* Closing a writer can fail: nothing is promised about what was not synced. NULL is fine. */
bool file_close(struct file **f, err *e);
/* Reads up to n bytes at `offset`; *n_r is smaller only at the file's end. */
bool file_read(struct file *f, void *p, size_t n, uint64_t offset, size_t *n_r, err *e) MUST_CHECK;
bool file_write(struct file *f, const void *p, size_t n, uint64_t offset, err *e) MUST_CHECK;
bool file_sync(struct file *f, err *e) MUST_CHECK;
bool file_size(struct file *f, uint64_t *bytes_r, err *e) MUST_CHECK;
bool file_truncate(struct file *f, uint64_t bytes, err *e) MUST_CHECK;
/* Maps the whole file read-only; unmap with the same length. Empty files give NULL and 0. */
bool file_map(struct file *f, const void **p_r, size_t *n_r, err *e) MUST_CHECK;
void file_unmap(struct file *f, const void *p, size_t n);
/* A part of a mapped file will not be read for a while: its memory goes back to the system. */
void file_map_drop(struct file *f, const void *p, size_t n);

bool fs_exists(struct fs *fs, const char *path);
bool fs_remove(struct fs *fs, const char *path, err *e) MUST_CHECK;
/* Renames over `to`, and syncs the directory. */
bool fs_rename(struct fs *fs, const char *from, const char *to, err *e) MUST_CHECK;
bool fs_sync_dir(struct fs *fs, const char *path, err *e) MUST_CHECK;
bool fs_make_dir(struct fs *fs, const char *path, err *e) MUST_CHECK; /* existing is fine */
/* Calls `each` with every name in the directory, in order of their bytes, until it returns false;
 * that is no failure. */
bool fs_list(struct fs *fs, const char *path, bool (*each)(void *arg, const char *name), void *arg,
	     err *e) MUST_CHECK;
bool fs_free_bytes(struct fs *fs, const char *path, uint64_t *bytes_r, err *e) MUST_CHECK;
/* The whole file, at most bytes_max. */
bool fs_read_all(struct fs *fs, const char *path, size_t bytes_max, struct buf *b,
		 err *e) MUST_CHECK;
/* Written beside, synced, renamed over: the old or the new content, never a mixture. */
bool fs_write_all(struct fs *fs, const char *path, str content, err *e) MUST_CHECK;

/* The twin. */
struct fs *fs_sim_new(uint64_t seed);
void fs_sim_free(struct fs **fs);
/* The n-th write, sync, rename, remove or truncation from now on fails (1 = the next); 0 never. */
void fs_sim_fail_at(struct fs *fs, uint64_t n, bool and_all_after);
uint64_t fs_sim_operations(const struct fs *fs);     /* such operations so far */
void fs_sim_set_free(struct fs *fs, uint64_t bytes); /* UINT64_MAX: no end */
/* Power loss: of what was not synced, a random part is kept (whole 512-byte sectors). */
void fs_sim_crash(struct fs *fs);

#endif
