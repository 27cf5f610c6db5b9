/*
 * remote.c - a journal that a running server holds, as seen by a command beside it.
 *
 * What it is:   each call is one frame there and one back, one at a time.
 * Promises:     a call whose answer never came is ERR_UNCERTAIN, as with a disk: asking again with
 *               the same message ids is safe.
 * Threads:      any; calls of several threads follow one another.
 */
#include "journal/journal_int.h"

#include "base/mem.h"

#include <unistd.h>

#define REASONS_BYTES_MAX (64 * MIB)

struct remote {
	int fd;
	struct mutex mutex;
	struct buf out, in;
	struct arena reasons; /* why items were refused; as long as the journal is open */
	bool broken;
};

static bool exchange(struct remote *r, struct wire_request *q, struct wire_reply *reply, err *e)
{
	bool more = false;
	buf_clear(&r->out);
	if (!wire_put_request(&r->out, q, e))
		return false;
	r->broken = true;
	err why = { 0 };
	if (!wire_write(r->fd, buf_view(&r->out), &why) || !wire_read(r->fd, &r->in, &more, &why) ||
	    !more)
		return err_set(e, ERR_UNCERTAIN,
			       "the server ended while it was asked%s%.200s; whether it was done "
			       "is not known",
			       why.code ? ": " : "", why.text);
	if (!wire_get_reply(buf_view(&r->in), reply, q->batch.items, q->batch.n, &r->reasons, e))
		return false;
	r->broken = false;
	if (!reply->ok && e)
		*e = reply->e;
	return reply->ok;
}

static bool call(struct remote *r, struct wire_request *q, struct wire_reply *reply, err *e)
{
	mutex_lock(&r->mutex);
	bool ok = r->broken ? err_set(e, ERR_UNCERTAIN, "the server has ended")
			    : exchange(r, q, reply, e);
	mutex_unlock(&r->mutex);
	return ok;
}

static bool call_of(enum job_kind kind, enum wire_call *call_r)
{
	static const struct {
		enum job_kind kind;
		enum wire_call call;
	} calls[] = {
		{ JOB_BATCH, WIRE_BATCH },
		{ JOB_IMPORT_BEGIN, WIRE_IMPORT_BEGIN },
		{ JOB_IMPORT_CLOSE, WIRE_IMPORT_CLOSE },
		{ JOB_IMPORT_UNDO, WIRE_IMPORT_UNDO },
		{ JOB_CONFIG, WIRE_CONFIG },
		{ JOB_CONFIG_WATCH, WIRE_CONFIG_EACH },
		{ JOB_FLUSH, WIRE_FLUSH },
		{ JOB_ERASE, WIRE_ERASE },
	};
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (calls[i].kind == kind) {
			*call_r = calls[i].call;
			return true;
		}
	}
	return false;
}

/* The reply's text lies in r->in, which nobody else uses before the next call. */
static bool tell_all(str text, const struct job *job, err *e)
{
	struct reader r;
	reader_init(&r, text.p, text.n);
	while (r.p < r.end && !r.bad) {
		str name = reader_lenstr(&r);
		str held = reader_lenstr(&r);
		str by = reader_lenstr(&r);
		uint64_t seq = reader_varint(&r);
		int64_t at_us = reader_zigzag(&r);
		if (!r.bad)
			job->watch(job->watch_arg, name, held, seq, at_us, by);
	}
	return !r.bad || err_set(e, ERR_UNCERTAIN, "the server's answer could not be read");
}

bool remote_run(struct remote *r, struct job *job, err *e)
{
	struct wire_request q = {
		.import = job->import, .name = job->name, .text = job->text, .by = job->by
	};
	struct wire_reply reply;
	if (!call_of(job->kind, &q.call))
		return err_set(e, ERR_INVALID, "only the server itself delivers what is waiting");
	q.import = job->must_be_new ? 1 : q.import;
	if (job->kind == JOB_BATCH)
		q.batch = *job->batch;
	if (!call(r, &q, &reply, e))
		return false;
	if (job->kind == JOB_CONFIG_WATCH)
		return tell_all(reply.text, job, e);
	if (job->kind == JOB_IMPORT_BEGIN)
		job->import = reply.a;
	job->undo = (struct undo_result){ .touches = reply.a, .subjects = reply.b };
	return true;
}

bool remote_open(const char *dir, struct remote **r_r, err *e)
{
	struct remote *r = mem_zalloc(1, sizeof *r);
	if (!r)
		return err_nomem(e);
	r->fd = -1;
	mutex_init(&r->mutex);
	buf_init(&r->out, WIRE_FRAME_BYTES_MAX);
	buf_init(&r->in, WIRE_FRAME_BYTES_MAX);
	arena_init(&r->reasons, REASONS_BYTES_MAX);
	struct wire_request hello = { .call = WIRE_HELLO, .text = S(TRICHTER_VERSION) };
	struct wire_reply reply;
	if (!wire_connect(dir, &r->fd, e) || !call(r, &hello, &reply, e)) {
		remote_close(&r);
		return false;
	}
	*r_r = r;
	return true;
}

void remote_close(struct remote **rr)
{
	struct remote *r = *rr;
	if (!r)
		return;
	*rr = NULL;
	if (r->fd >= 0)
		close(r->fd);
	buf_fini(&r->out);
	buf_fini(&r->in);
	arena_fini(&r->reasons);
	mutex_fini(&r->mutex);
	mem_free(r);
}
