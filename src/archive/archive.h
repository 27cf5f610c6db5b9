/*
 * archive.h - which segments there are, and reading all of them.
 *
 * What it is:   the list of segments and of the ids that sealed records brought (the manifest, a
 *               row of the ledger), the files behind it in DIR/archive, and reading their touches
 *               in the order of their numbers. A depot holds what all readers of one directory in
 *               this process share: open files, and segments made in memory.
 * Promises:     a list that was opened stays readable until it is closed, whatever is sealed or
 *               merged meanwhile. A manifest that is damaged, or that names another file than the
 *               one that is there, is refused.
 * Threads:      a list and a walk belong to one thread; a depot, its files and segments are shared.
 * Format:       docs/format/archive.md
 */
#ifndef TRICHTER_ARCHIVE_H
#define TRICHTER_ARCHIVE_H

#include "archive/segment.h"
#include "base/vec.h"

#define ARCHIVE_DIR "archive" /* below the data directory */

/* Segments, older ones (by seq) first. */
struct segment_list {
	struct segment **items;
	size_t n;
};

/* ---- the manifest ---------------------------------------------------------------------------- */

struct archive_file {
	uint64_t number; /* archive/NNNNNN.seg or .ids */
	uint64_t checksum;
};
struct archive_manifest {
	uint64_t number_next;
	uint64_t sealed_seq; /* touches up to there are here: records of them are not read */
	uint64_t last_seq;   /* the highest number of any touch that was ever here */
	uint64_t dropped;    /* touches that are nowhere any more: erased, or too old */
	VEC(struct archive_file) segments;
	VEC(struct archive_file) ids;
};
void archive_manifest_fini(struct archive_manifest *m);
bool archive_manifest_copy(const struct archive_manifest *m, struct archive_manifest *copy_r,
			   err *e) MUST_CHECK;
/* No bytes are the manifest of nothing. ERR_CORRUPT; ERR_CONFLICT: of a newer version. */
bool archive_manifest_read(str bytes, struct archive_manifest *m_r, err *e) MUST_CHECK;
bool archive_manifest_write(const struct archive_manifest *m, struct buf *out, err *e) MUST_CHECK;
/* Below the data directory: "archive/000001.seg"; `ids`: ".ids". */
#define ARCHIVE_NAME_MAX 48
void archive_name(char name[ARCHIVE_NAME_MAX], uint64_t number, bool ids);
/* Is `name` (without directory) one of the manifest's files? */
bool archive_manifest_lists(const struct archive_manifest *m, const char *name);

/* ---- what readers of one directory share ----------------------------------------------------- */

/* One for each directory that is open in this process. */
struct depot;
bool depot_hold(struct fs *fs, const char *dir, struct depot **d_r, err *e) MUST_CHECK;
void depot_release(struct depot **d);

/* A segment in memory of the touches from one number to another, made once for all who ask. `make`
 * is called when there is none that fits, that is keyed at `seq` or before; others wait meanwhile.
 * Held for the caller; what nobody holds is kept while all of it fits into DEPOT_BYTES_MAX. */
#define DEPOT_BYTES_MAX (256 * MIB)
struct chunk;
typedef bool (*chunk_make_fn)(void *arg, uint64_t from_seq, uint64_t to_seq, struct segment **s_r,
			      err *e);
bool depot_chunk(struct depot *d, uint64_t from_seq, uint64_t to_seq, uint64_t seq,
		 chunk_make_fn make, void *arg, struct chunk **c_r, err *e) MUST_CHECK;
struct segment *chunk_segment(const struct chunk *c); /* NULL: no touch in that range */
void depot_chunk_release(struct depot *d, struct chunk **c);
/* Is there one already? Then asking for it costs nothing. */
bool depot_has_chunk(struct depot *d, uint64_t from_seq, uint64_t to_seq, uint64_t seq);
/* Of what is in memory: chunks and their bytes. */
void depot_numbers(struct depot *d, size_t *chunks_r, uint64_t *bytes_r);

/* ---- the list -------------------------------------------------------------------------------- */

struct archive {
	struct depot *depot;
	struct archive_manifest manifest;
	struct segment_list segments; /* in order of their first seq */
	struct colfile **ids;	      /* the same */
	size_t ids_n;
	struct depot_file **files;
	size_t files_n;
};
/* ERR_NOT_FOUND: a file is gone, since a newer manifest is stored: read that one. */
bool archive_open(struct depot *d, str manifest, struct archive **a_r, err *e) MUST_CHECK;
void archive_close(struct archive **a);
/* Touches in all segments. */
uint64_t archive_touches(const struct archive *a);
/* Compares every checksum and promise of every file; the first that is damaged is named. */
bool archive_check(const struct archive *a, err *e) MUST_CHECK;
/* Removes files of DIR/archive that the manifest does not list; while nobody writes there. Says
 * which number is free from there on. */
bool archive_clean(struct fs *fs, const char *dir, const struct archive_manifest *m,
		   uint64_t *number_next_r, err *e) MUST_CHECK;

/* ---- ids ------------------------------------------------------------------------------------- */

/* An id that a sealed record brought, and the record's first number. */
struct archive_id {
	uint64_t seq, profile;
	uint8_t kind;
	str system, value;
};
struct ids_writer;
bool ids_writer_new(struct fs *fs, const char *path, struct ids_writer **w_r, err *e) MUST_CHECK;
bool ids_writer_put(struct ids_writer *w, const struct archive_id *id,
		    err *e) MUST_CHECK; /* by seq */
/* Frees the writer in any case; on failure no file is left. */
bool ids_writer_finish(struct ids_writer **w, struct archive_file *file_r, err *e) MUST_CHECK;
void ids_writer_abort(struct ids_writer **w);
/* `each` returning false ends the walk with a failure, of which it has said why. */
typedef bool (*archive_id_fn)(void *arg, const struct archive_id *id, err *e);
bool ids_each(const struct colfile *f, uint64_t from_seq, uint64_t to_seq, archive_id_fn each,
	      void *arg, err *e) MUST_CHECK;
bool ids_check(const struct colfile *f, err *e) MUST_CHECK;

/* ---- fewer and larger ones ------------------------------------------------------------------- */

/* Which of them become one (see archive_merge.c for the bound that this keeps): their places in the
 * list; 0: none is due. */
#define ARCHIVE_MERGE_MAX ((size_t)8)
size_t archive_merge_choose(const struct segment_list *l, size_t places[ARCHIVE_MERGE_MAX]);

/* Which profiles the touches of these are about: bit n % 64 of word n / 64; to be freed. */
struct profile_bits {
	uint64_t *words;
	size_t n; /* words */
};
bool archive_profiles(struct segment *const *inputs, size_t n, struct profile_bits *b_r,
		      err *e) MUST_CHECK;

/* Several segments as one, or one anew: in the order of whom profiles belong to now. */
struct archive_merge {
	struct segment *const *inputs; /* at most ARCHIVE_MERGE_MAX */
	size_t n;
	const uint64_t *subjects; /* of each profile that they are about */
	uint64_t subjects_n;
	bool (*drops)(void *arg, const struct touch *t); /* NULL: none */
	void *arg;
	bool (*stopped)(void *arg); /* asked now and then; NULL: never */
	void *stopped_arg;
	uint64_t dropped; /* answered */
};
/* *s_r NULL: nothing was left. ERR_BUSY: stopped. */
bool archive_merge_run(struct archive_merge *m, const struct segment_options *o,
		       struct segment **s_r, err *e) MUST_CHECK;

/* ---- touches in order of seq ----------------------------------------------------------------- */

/* The list is read in windows of numbers, each segment in the order of its rows, since that is
 * cheapest; memory is bounded by WALK_BYTES_MAX. */
#define WALK_BYTES_MAX (256 * MIB)
struct archive_walk;
/* The list must live longer. Numbers from ... to, both included. */
bool archive_walk_new(const struct segment_list *l, uint64_t from_seq, uint64_t to_seq,
		      struct archive_walk **w_r, err *e) MUST_CHECK;
void archive_walk_free(struct archive_walk **w);
/* The next touch up to number `upto`, valid until the next call; *t_r NULL: there is none. */
bool archive_walk_next(struct archive_walk *w, uint64_t upto, const struct touch **t_r,
		       err *e) MUST_CHECK;

/* Who, when and what of a row; and where it is. */
struct archive_head {
	uint64_t seq;
	int64_t at_us;
	str name;
	uint64_t person, company, deal, import, cause;
	uint32_t segment; /* place in the list */
	uint64_t row;
};
bool archive_heads_new(const struct segment_list *l, uint64_t from_seq, uint64_t to_seq,
		       struct archive_walk **w_r, err *e) MUST_CHECK;
bool archive_heads_next(struct archive_walk *w, uint64_t upto, const struct archive_head **h_r,
			err *e) MUST_CHECK;
/* The whole touch of a head, in the arena. */
bool archive_head_touch(struct archive_walk *w, const struct archive_head *h, struct arena *a,
			struct touch *t_r, err *e) MUST_CHECK;

/* The touches of these numbers, which rise; those that are not there are left out. */
typedef bool (*archive_touch_fn)(void *arg, const struct touch *t); /* false stops */
bool archive_pick(const struct segment_list *l, const uint64_t *seqs, size_t n, struct arena *a,
		  archive_touch_fn each, void *arg, err *e) MUST_CHECK;

#endif
