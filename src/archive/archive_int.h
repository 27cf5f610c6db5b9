/*
 * archive_int.h - between the files of archive*.c: what a depot holds.
 */
#ifndef TRICHTER_ARCHIVE_INT_H
#define TRICHTER_ARCHIVE_INT_H

#include "archive/archive.h"
#include "base/thread.h"

#define IDS_KIND "ids"

/* An open file of the archive, and how many lists have it. */
struct depot_file {
	struct archive_file file;
	bool is_ids;
	struct segment *segment;
	struct colfile *ids;
	size_t users;
};

struct chunk {
	uint64_t from_seq, to_seq, keyed_seq;
	struct segment *segment; /* NULL: no touches */
	uint64_t bytes;
	size_t users;
	uint64_t used; /* the depot's clock when it was last let go */
	bool making;
	bool shared; /* found by others; else the caller's alone */
};

struct depot {
	struct depot *next;
	struct fs *fs;
	char *dir;
	size_t users;
	struct mutex mutex;
	struct cond made;
	VEC(struct depot_file *) files;
	VEC(struct chunk *) chunks;
	uint64_t clock, bytes;
};

/* The file of the manifest, opened by the first who asks. */
bool depot_file_hold(struct depot *d, const struct archive_file *file, bool is_ids,
		     struct depot_file **f_r, err *e) MUST_CHECK;
void depot_file_release(struct depot *d, struct depot_file **f);

#endif
