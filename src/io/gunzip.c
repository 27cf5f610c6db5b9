/*
 * gunzip.c - a body that came compressed, with a largest size of what comes out.
 *
 * What it is:   zlib over a growing buffer.
 * Promises:     a few bytes that would become gigabytes cost no more than `bytes_max`.
 * Threads:      shares nothing.
 */
#include "io/gunzip.h"

#include "base/buf.h"

#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#define GZIP_WINDOW 31 /* 15 bits, with a gzip head */
#define PIECE_BYTES (64 * KIB)

static bool is_broken(err *e)
{
	return err_set(e, ERR_INVALID, "the body is no whole gzip member");
}

static bool run(z_stream *z, struct buf *out, size_t bytes_max, err *e)
{
	for (;;) {
		char *room = buf_room(out, PIECE_BYTES);
		if (!room)
			return buf_ok(out, e);
		z->next_out = (unsigned char *)room;
		z->avail_out = PIECE_BYTES;
		int r = inflate(z, Z_NO_FLUSH);
		out->n += PIECE_BYTES - z->avail_out;
		if (out->n > bytes_max)
			return err_set(e, ERR_LIMIT, "the body would have more than %zu bytes",
				       bytes_max);
		if (r == Z_STREAM_END)
			return z->avail_in == 0 || is_broken(e);
		/* Whatever it lacks does not come any more. */
		if (r != Z_OK || (z->avail_in == 0 && z->avail_out > 0))
			return r == Z_MEM_ERROR ? err_nomem(e) : is_broken(e);
	}
}

bool gunzip(str in, size_t bytes_max, struct arena *a, str *out_r, err *e)
{
	struct buf out CLEANUP(buf_fini);
	z_stream z = { .next_in = (const unsigned char *)in.p, .avail_in = (unsigned)in.n };
	buf_init(&out, bytes_max + PIECE_BYTES);
	if (in.n > UINT32_MAX)
		return err_set(e, ERR_LIMIT, "the body is too large");
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return err_nomem(e);
	bool ok = run(&z, &out, bytes_max, e);
	inflateEnd(&z);
	if (!ok)
		return false;
	str text = str_dup(a, buf_view(&out));
	if (out.n > 0 && !text.p)
		return arena_err(a, e);
	*out_r = text;
	return true;
}
