/*
 * http_stream.c - answers that stay open: server-sent events.
 *
 * What it is:   bytes that wait for one listener, between whoever sends and the listener's loop.
 * Promises:     sending never waits; who does not read loses the connection when `bytes_max` wait.
 * Threads:      the sender's and the loop's meet under the stream's lock; the stream lives until
 *               both have let go of it.
 */
#include "server/http_int.h"

#include "base/mem.h"

#include <string.h>

#define STREAM_BLOCK_BYTES (4 * KIB)

struct http_stream {
	struct mutex lock;
	struct http_request *r; /* NULL: the client is gone */
	struct buf waiting;
	size_t taken;
	unsigned refs;
	bool asleep; /* the loop waits for more */
	bool closed; /* nothing more comes */
};

static void unref(struct http_stream *s, bool last)
{
	if (!last)
		return;
	buf_fini(&s->waiting);
	mutex_fini(&s->lock);
	mem_free(s);
}

/* With the lock held: the loop goes on with it. */
static void wake(struct http_stream *s)
{
	if (s->asleep && s->r != NULL) {
		s->asleep = false;
		http_loop_done(s->r);
	}
}

static ssize_t stream_read(void *arg, uint64_t pos, char *to, size_t n_max)
{
	struct http_stream *s = arg;
	ssize_t n = 0;
	(void)pos;
	mutex_lock(&s->lock);
	size_t there = s->waiting.n - s->taken;
	if (s->r == NULL || s->waiting.over || s->waiting.nomem) {
		n = MHD_CONTENT_READER_END_WITH_ERROR;
	} else if (there > 0) {
		n = (ssize_t)MIN(there, n_max);
		memcpy(to, s->waiting.p + s->taken, (size_t)n);
		s->taken += (size_t)n;
		s->r->bytes_out += (uint64_t)n;
		if (s->taken == s->waiting.n) {
			buf_clear(&s->waiting);
			s->taken = 0;
		}
	} else if (s->closed) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		s->asleep = true;
		MHD_suspend_connection(s->r->mhd);
	}
	mutex_unlock(&s->lock);
	return n;
}

void http_stream_lost(struct http_request *r)
{
	struct http_stream *s = r->stream;
	if (s == NULL)
		return;
	r->stream = NULL;
	mutex_lock(&s->lock);
	s->r = NULL;
	bool last = --s->refs == 0;
	mutex_unlock(&s->lock);
	unref(s, last);
}

void http_stream_end(struct http_request *r)
{
	struct http_stream *s = r->stream;
	mutex_lock(&s->lock);
	s->closed = true;
	wake(s);
	mutex_unlock(&s->lock);
}

struct http_stream *http_stream_open(struct http_request *r, size_t bytes_max)
{
	struct http_stream *s = mem_zalloc(1, sizeof *s);
	struct MHD_Response *response = s != NULL ? MHD_create_response_from_callback(
							    MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES,
							    stream_read, s, NULL)
						  : NULL;
	if (response == NULL) {
		mem_free(s);
		s = NULL;
	} else {
		mutex_init(&s->lock);
		buf_init(&s->waiting, bytes_max);
		s->r = r;
		s->refs = 2;
		r->stream = s;
	}
	http_answer_header(r, "X-Accel-Buffering", S("no")); /* nginx passes it on at once */
	http_answer_with(r, 200, "text/event-stream", response);
	return s;
}

bool http_stream_send(struct http_stream *s, str bytes)
{
	mutex_lock(&s->lock);
	bool ok = s->r != NULL && !s->closed && !s->waiting.over && !s->waiting.nomem;
	if (ok) {
		buf_str(&s->waiting, bytes);
		ok = !s->waiting.over && !s->waiting.nomem;
		wake(s);
	}
	mutex_unlock(&s->lock);
	return ok;
}

void http_stream_close(struct http_stream **stream)
{
	struct http_stream *s = *stream;
	if (s == NULL)
		return;
	*stream = NULL;
	mutex_lock(&s->lock);
	s->closed = true;
	wake(s);
	bool last = --s->refs == 0;
	mutex_unlock(&s->lock);
	unref(s, last);
}
