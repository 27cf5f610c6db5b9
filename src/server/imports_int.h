/*
 * imports_int.h - files that come in through the screens: uploaded, looked at, rehearsed, imported.
 *
 * What it is:   uploads below DIR/uploads, each in a folder of its own named by a random token; and
 * one thread that imports, rehearses and takes back, one after another.
 * Promises:     an upload that is not used is removed after a day; a stop of the server interrupts
 * an import between two chunks, to be resumed; texts name files, never folders.
 * Threads:      any.
 */
#ifndef TRICHTER_SERVER_IMPORTS_INT_H
#define TRICHTER_SERVER_IMPORTS_INT_H

#include "load/load.h"

#define UPLOAD_TOKEN_CHARS 32
#define UPLOAD_NAME_MAX	   120 /* bytes */
#define UPLOAD_BYTES_MAX   (8 * GIB)
#define UPLOAD_PART_MAX	   (8 * MIB)
#define IMPORT_MAP_MAX	   (256 * KIB)

struct imports;

struct imports_options {
	const char *data;
	struct journal *journal;
	/* Something of a job changed; on the jobs' thread; must not wait. */
	void (*changed)(void *arg, uint64_t job);
	void *arg;
};
bool imports_open(const struct imports_options *o, struct imports **im_r, err *e) MUST_CHECK;
/* Interrupts what runs between two chunks. */
void imports_close(struct imports **im);

const char *imports_data(const struct imports *im);
bool upload_token_is_fine(str token);

/* ---- uploads --------------------------------------------------------------------------------- */

/* `name` as the browser says it; only its last part counts. The file is empty at first. */
bool upload_begin(struct imports *im, str name, char token_r[UPLOAD_TOKEN_CHARS + 1],
		  err *e) MUST_CHECK;
/* The next part, which has to begin where the file ends (ERR_CONFLICT, with the place, when it does
 * not: a part sent twice does no harm). ERR_BUSY: the disk is nearly full. */
bool upload_append(struct imports *im, str token, uint64_t offset, str part, uint64_t *bytes_r,
		   err *e) MUST_CHECK;
bool upload_remove(struct imports *im, str token, err *e) MUST_CHECK;

/* How a file is to be read. Texts are borrowed. */
struct import_order {
	str token;
	str kind;	 /* "" recognised */
	str map;	 /* a map file's text, YAML or JSON; "" none */
	str date_format; /* "" recognised */
	str duplicates;	 /* "", "update", "fill", "skip" */
	bool dry_run, live, resume;
};
bool imports_preview(struct imports *im, const struct import_order *o, struct arena *a,
		     struct load_preview *p_r, str *name_r, err *e) MUST_CHECK;

/* ---- jobs ------------------------------------------------------------------------------------ */

enum job_what { IMPORT_JOB_LOAD, IMPORT_JOB_REHEARSE, IMPORT_JOB_UNDO };
enum job_state {
	IMPORT_JOB_WAITING,
	IMPORT_JOB_RUNNING,
	IMPORT_JOB_DONE,
	IMPORT_JOB_FAILED,
	IMPORT_JOB_STOPPED
};
struct import_job {
	uint64_t id;
	enum job_what what;
	enum job_state state;
	char file[UPLOAD_NAME_MAX + 1];
	uint64_t bytes, bytes_total;
	struct load_result result; /* rejects_path holds a name, not a path */
	str notes;
	struct undo_result undone;
	err e;
	int64_t begun_us, ended_us; /* 0: not yet */
};
/* ERR_BUSY: too many wait. */
bool imports_start(struct imports *im, const struct import_order *o, uint64_t *job_r,
		   err *e) MUST_CHECK;
bool imports_undo(struct imports *im, uint64_t import, uint64_t *job_r, err *e) MUST_CHECK;
/* ERR_NOT_FOUND: no such job, or it is forgotten (the last hundred are kept). */
bool imports_job(struct imports *im, uint64_t id, struct arena *a, struct import_job *job_r,
		 err *e) MUST_CHECK;
bool imports_stop(struct imports *im, uint64_t id, err *e) MUST_CHECK;

/* The upload that an import was read from, "" when it is gone: for resuming. */
bool imports_token_of(struct imports *im, uint64_t import, struct arena *a, str *token_r,
		      err *e) MUST_CHECK;
/* The rows of an import that could not be used; -1 when there are none. The caller closes it. */
bool imports_rejects(struct imports *im, uint64_t import, int *fd_r, uint64_t *bytes_r,
		     bool *json_r, err *e) MUST_CHECK;

#endif
