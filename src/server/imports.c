/*
 * imports.c - the one thread that imports, rehearses and takes back what came in through screens.
 *
 * What it is:   jobs in a ring of the last hundred; one runs at a time, since a journal has one
 * open import at a time.
 * Promises:     whoever asks sees a copy; a stop interrupts between two chunks and says so.
 * Threads:      its own for the work; all else from any.
 */
#include "server/uploads_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOBS_KEPT	 100
#define JOBS_WAITING_MAX 16
#define JOB_ARENA_MAX	 (256 * MIB)
#define JOB_NOTES_MAX	 (64 * KIB)
#define SWEEP_EVERY_US	 (3600 * US_PER_S)

struct slot {
	struct import_job job;
	struct buf notes;
	char token[UPLOAD_TOKEN_CHARS + 1];
	bool kind_given, live, resume, has_map;
	enum load_kind kind;
	enum duplicates duplicates;
	char date_format[64];
	uint64_t import; /* of an undo */
	bool marked;
	volatile bool stop;
};

struct imports {
	struct imports_options o;
	struct mutex mutex; /* guards all below but the token and the order of a running slot */
	struct cond wake;
	struct thread thread;
	bool closing;
	uint64_t last_id;
	struct slot slots[JOBS_KEPT];
};

const char *imports_data(const struct imports *im)
{
	return im->o.data;
}

static struct slot *slot_of(struct imports *im, uint64_t id)
{
	struct slot *s = &im->slots[id % JOBS_KEPT];
	return id && s->job.id == id ? s : NULL;
}

static void tell(struct imports *im, const struct slot *s)
{
	if (im->o.changed)
		im->o.changed(im->o.arg, s->job.id);
}

/* ---- the work -------------------------------------------------------------------------------- */

struct running {
	struct imports *im;
	struct slot *s;
	struct load_result result; /* the thread's own, copied out under the lock */
};

static void progress(void *arg, uint64_t rows, uint64_t bytes, uint64_t bytes_total)
{
	struct running *r = arg;
	struct imports *im = r->im;
	err ignored = { 0 };
	if (!r->s->marked && r->result.import && r->s->job.what == IMPORT_JOB_LOAD) {
		r->s->marked = true;
		if (!upload_mark(im->o.data, str_of(r->s->token), r->result.import, &ignored))
			log_event(LOG_WARN, "upload_not_marked", "code=%s",
				  err_code_name(ignored.code));
	}
	mutex_lock(&im->mutex);
	r->s->job.result.read = rows;
	r->s->job.result.import = r->result.import;
	r->s->job.bytes = bytes;
	r->s->job.bytes_total = bytes_total;
	mutex_unlock(&im->mutex);
	tell(im, r->s);
}

static bool load_job(struct running *r, struct arena *a, err *e)
{
	struct imports *im = r->im;
	struct slot *s = r->s;
	char path[UPLOAD_PATH_MAX], map[UPLOAD_PATH_MAX];
	bool rehearse = s->job.what == IMPORT_JOB_REHEARSE;
	str token = str_of(s->token);
	if (!upload_path(im->o.data, token, s->job.file, path) ||
	    !upload_path(im->o.data, token, UPLOAD_MAP_FILE, map))
		return err_set(e, ERR_INVALID, "the path of the data directory is too long");
	struct load_options o = { .kind_given = s->kind_given,
				  .kind = s->kind,
				  .map_path = s->has_map ? map : NULL,
				  .date_format = s->date_format[0] ? s->date_format : NULL,
				  .duplicates = s->duplicates,
				  .dry_run = rehearse,
				  .resume = s->resume,
				  .live = s->live,
				  .progress = progress,
				  .progress_arg = r,
				  .stop = &s->stop };
	const struct journal_options rehearsal = { .rehearse = true };
	struct journal *own = NULL;
	if (rehearse && !journal_open(im->o.data, &rehearsal, &own, e))
		return false;
	bool ok = load_file(im->o.data, own ? own : im->o.journal, path, &o, a, &r->result, e);
	journal_close(&own);
	if (!ok)
		upload_shorten(im->o.data, token, e);
	return ok;
}

static enum job_state state_of(const struct running *r, bool ok)
{
	if (!ok)
		return IMPORT_JOB_FAILED;
	return r->result.stopped ? IMPORT_JOB_STOPPED : IMPORT_JOB_DONE;
}

/* The file of a finished import is not needed again; its rejects are. */
static void drop_file(struct imports *im, const struct slot *s)
{
	char path[UPLOAD_PATH_MAX];
	err ignored = { 0 };
	if (upload_path(im->o.data, str_of(s->token), s->job.file, path) &&
	    !fs_remove(fs_real(), path, &ignored))
		err_clear(&ignored); /* the sweep finds it */
}

static void run(struct imports *im, struct slot *s)
{
	struct running r = { .im = im, .s = s };
	struct undo_result undone = { 0 };
	struct arena a CLEANUP(arena_fini);
	err e = { 0 };
	arena_init(&a, JOB_ARENA_MAX);
	bool undo = s->job.what == IMPORT_JOB_UNDO;
	bool ok = undo ? journal_import_undo(im->o.journal, s->import, &undone, &e)
		       : load_job(&r, &a, &e);
	mutex_lock(&im->mutex);
	s->job.state = state_of(&r, ok);
	s->job.e = e;
	s->job.undone = undone;
	s->job.result = r.result;
	s->job.result.notes = S("");
	buf_str(&s->notes, str_sub(r.result.notes, 0, JOB_NOTES_MAX));
	const char *slash = strrchr(r.result.rejects_path, '/');
	snprintf(s->job.result.rejects_path, sizeof s->job.result.rejects_path, "%s",
		 slash ? slash + 1 : "");
	s->job.ended_us = time_now_us();
	mutex_unlock(&im->mutex);
	if (ok && s->job.what == IMPORT_JOB_LOAD && s->job.state == IMPORT_JOB_DONE)
		drop_file(im, s);
	tell(im, s);
}

static struct slot *next_waiting(struct imports *im)
{
	struct slot *best = NULL;
	for (size_t i = 0; i < JOBS_KEPT; i++) {
		struct slot *s = &im->slots[i];
		if (s->job.id && s->job.state == IMPORT_JOB_WAITING &&
		    (!best || s->job.id < best->job.id))
			best = s;
	}
	return best;
}

static void *imports_run(void *arg)
{
	struct imports *im = arg;
	int64_t swept = INT64_MIN / 2;
	mutex_lock(&im->mutex);
	while (!im->closing) {
		struct slot *s = next_waiting(im);
		if (s) {
			s->job.state = IMPORT_JOB_RUNNING;
			s->job.begun_us = time_now_us();
		}
		mutex_unlock(&im->mutex);
		err ignored = { 0 };
		if (s)
			run(im, s);
		if (time_monotonic_us() - swept > SWEEP_EVERY_US) {
			swept = time_monotonic_us();
			if (!uploads_sweep(im->o.data, &ignored))
				log_event(LOG_WARN, "uploads_not_swept", "code=%s",
					  err_code_name(ignored.code));
		}
		mutex_lock(&im->mutex);
		if (!s && !im->closing)
			(void)cond_wait_for(&im->wake, &im->mutex, SWEEP_EVERY_US);
	}
	mutex_unlock(&im->mutex);
	return NULL;
}

/* ---- asking for it --------------------------------------------------------------------------- */

static bool read_order(const struct imports *im, const struct import_order *o, struct slot *s,
		       err *e)
{
	static const str DUPLICATES[] = { S("update"), S("fill"), S("skip") };
	if (!upload_file_name(im->o.data, o->token, s->job.file, e))
		return false;
	memcpy(s->token, o->token.p, UPLOAD_TOKEN_CHARS);
	s->kind_given = o->kind.n > 0;
	if (s->kind_given && !load_kind_parse(o->kind, &s->kind))
		return err_set(e, ERR_INVALID,
			       "kind: people, companies, deals, events or spend, not \"%.*s\"",
			       STR_ARG(o->kind));
	bool known = o->duplicates.n == 0;
	for (size_t i = 0; i < ARRAY_LEN(DUPLICATES); i++) {
		if (!str_eq(o->duplicates, DUPLICATES[i]))
			continue;
		s->duplicates = (enum duplicates)i;
		known = true;
	}
	if (!known)
		return err_set(e, ERR_INVALID, "duplicates: update, fill or skip, not \"%.*s\"",
			       STR_ARG(o->duplicates));
	if (o->date_format.n >= sizeof s->date_format || o->map.n > IMPORT_MAP_MAX)
		return err_set(e, ERR_LIMIT, "the %s is too long",
			       o->map.n > IMPORT_MAP_MAX ? "map" : "date format");
	if (o->date_format.n)
		memcpy(s->date_format, o->date_format.p, o->date_format.n);
	s->has_map = o->map.n > 0;
	s->live = o->live;
	s->resume = o->resume;
	s->job.what = o->dry_run ? IMPORT_JOB_REHEARSE : IMPORT_JOB_LOAD;
	return upload_put_map(im->o.data, o->token, o->map, e);
}

bool imports_preview(struct imports *im, const struct import_order *o, struct arena *a,
		     struct load_preview *p_r, str *name_r, err *e)
{
	struct slot s = { 0 };
	char path[UPLOAD_PATH_MAX], map[UPLOAD_PATH_MAX];
	if (!read_order(im, o, &s, e))
		return false;
	if (!upload_path(im->o.data, o->token, s.job.file, path) ||
	    !upload_path(im->o.data, o->token, UPLOAD_MAP_FILE, map))
		return err_set(e, ERR_INVALID, "the path of the data directory is too long");
	struct load_options options = { .kind_given = s.kind_given,
					.kind = s.kind,
					.map_path = s.has_map ? map : NULL,
					.date_format = s.date_format[0] ? s.date_format : NULL };
	*name_r = str_dup(a, str_of(s.job.file));
	bool ok = load_preview(path, &options, a, p_r, e);
	err why = { 0 };
	if (!ok) {
		upload_shorten(im->o.data, o->token, e);
		return false;
	}
	if (p_r->problem.n > 0) {
		err_set(&why, ERR_INVALID, "%.*s", STR_ARG(p_r->problem));
		upload_shorten(im->o.data, o->token, &why);
		p_r->problem = str_dup(a, str_of(why.text));
	}
	return !a->over || arena_err(a, e);
}

static bool enqueue(struct imports *im, const struct slot *order, uint64_t *job_r, err *e)
{
	size_t waiting = 0;
	mutex_lock(&im->mutex);
	for (size_t i = 0; i < JOBS_KEPT; i++)
		waiting += im->slots[i].job.id && im->slots[i].job.state == IMPORT_JOB_WAITING;
	struct slot *s = &im->slots[(im->last_id + 1) % JOBS_KEPT];
	bool ok = waiting < JOBS_WAITING_MAX && s->job.state != IMPORT_JOB_RUNNING;
	if (ok) {
		buf_fini(&s->notes);
		*s = *order;
		s->job.id = ++im->last_id;
		buf_init(&s->notes, JOB_NOTES_MAX);
		*job_r = s->job.id;
		cond_signal(&im->wake);
	}
	mutex_unlock(&im->mutex);
	return ok || err_set(e, ERR_BUSY, "%d imports wait already; try again when one has ended",
			     JOBS_WAITING_MAX);
}

bool imports_start(struct imports *im, const struct import_order *o, uint64_t *job_r, err *e)
{
	struct slot s = { 0 };
	return read_order(im, o, &s, e) && enqueue(im, &s, job_r, e);
}

bool imports_undo(struct imports *im, uint64_t import, uint64_t *job_r, err *e)
{
	struct slot s = { .import = import, .job.what = IMPORT_JOB_UNDO };
	s.job.result.import = import;
	return enqueue(im, &s, job_r, e);
}

bool imports_job(struct imports *im, uint64_t id, struct arena *a, struct import_job *job_r, err *e)
{
	mutex_lock(&im->mutex);
	const struct slot *s = slot_of(im, id);
	if (s) {
		*job_r = s->job;
		job_r->notes = str_dup(a, buf_view(&s->notes));
	}
	mutex_unlock(&im->mutex);
	if (!s)
		return err_set(e, ERR_NOT_FOUND, "there is no job %llu any more",
			       (unsigned long long)id);
	return !a->over || arena_err(a, e);
}

bool imports_stop(struct imports *im, uint64_t id, err *e)
{
	mutex_lock(&im->mutex);
	struct slot *s = slot_of(im, id);
	bool waits = s && s->job.state == IMPORT_JOB_WAITING;
	if (s)
		__atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
	if (waits) {
		s->job.state = IMPORT_JOB_STOPPED;
		s->job.ended_us = time_now_us();
	}
	mutex_unlock(&im->mutex);
	return s ||
	       err_set(e, ERR_NOT_FOUND, "there is no job %llu any more", (unsigned long long)id);
}

bool imports_token_of(struct imports *im, uint64_t import, struct arena *a, str *token_r, err *e)
{
	char token[UPLOAD_TOKEN_CHARS + 1];
	bool found;
	if (!upload_of_import(im->o.data, import, token, &found, e))
		return false;
	*token_r = found ? str_dup(a, str_of(token)) : S("");
	return !a->over || arena_err(a, e);
}

struct rejects_search {
	char name[256];
};

static bool is_rejects(void *arg, const char *name)
{
	struct rejects_search *x = arg;
	str s = str_of(name);
	if (s.n >= sizeof x->name ||
	    (!str_ends(s, S(".rejects.csv")) && !str_ends(s, S(".rejects.jsonl"))))
		return true;
	snprintf(x->name, sizeof x->name, "%s", name);
	return false;
}

bool imports_rejects(struct imports *im, uint64_t import, int *fd_r, uint64_t *bytes_r,
		     bool *json_r, err *e)
{
	char token[UPLOAD_TOKEN_CHARS + 1], path[UPLOAD_PATH_MAX];
	struct rejects_search x = { 0 };
	struct stat s;
	bool found = false;
	*fd_r = -1;
	if (!upload_of_import(im->o.data, import, token, &found, e))
		return false;
	if (!found || !upload_path(im->o.data, str_of(token), NULL, path) ||
	    !fs_list(fs_real(), path, is_rejects, &x, NULL) || !x.name[0])
		return true;
	if (!upload_path(im->o.data, str_of(token), x.name, path))
		return true;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_set_errno(e, ERR_IO, errno, "the rejected rows");
	if (fstat(fd, &s) != 0) {
		close(fd);
		return err_set_errno(e, ERR_IO, errno, "the rejected rows");
	}
	*fd_r = fd;
	*bytes_r = (uint64_t)s.st_size;
	*json_r = str_ends(str_of(x.name), S(".jsonl"));
	return true;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

bool imports_open(const struct imports_options *o, struct imports **im_r, err *e)
{
	struct imports *im = mem_zalloc(1, sizeof *im);
	if (!im)
		return err_nomem(e);
	im->o = *o;
	mutex_init(&im->mutex);
	cond_init(&im->wake);
	if (uploads_open(o->data, e) && thread_start(&im->thread, "imports", imports_run, im, e)) {
		*im_r = im;
		return true;
	}
	imports_close(&im);
	return false;
}

void imports_close(struct imports **imm)
{
	struct imports *im = *imm;
	if (!im)
		return;
	*imm = NULL;
	mutex_lock(&im->mutex);
	im->closing = true;
	for (size_t i = 0; i < JOBS_KEPT; i++)
		__atomic_store_n(&im->slots[i].stop, true, __ATOMIC_RELAXED);
	cond_signal(&im->wake);
	mutex_unlock(&im->mutex);
	thread_join(&im->thread);
	for (size_t i = 0; i < JOBS_KEPT; i++)
		buf_fini(&im->slots[i].notes);
	cond_fini(&im->wake);
	mutex_fini(&im->mutex);
	mem_free(im);
}
