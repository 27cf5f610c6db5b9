/*
 * gzip.c - compression of answers for browsers, on zlib.
 *
 * Threads:      one at a time per compressor.
 */
#include "io/gzip.h"

#include "base/mem.h"

#include <zlib.h>

#define GZIP_WINDOW	  (15 + 16) /* 32 KiB, and a gzip head rather than zlib's */
#define GZIP_MEMORY_LEVEL 8
#define GZIP_STEP_MAX	  (size_t)(1 << 30)
#define EXPAND_STEP	  (64 * KIB)

struct gzip_state {
	z_stream z;
};

static void *take(void *arg, unsigned n, unsigned size)
{
	(void)arg;
	return mem_zalloc(n, size);
}

static void give(void *arg, void *block)
{
	(void)arg;
	mem_free(block);
}

bool gzip_new(struct gzip **g_r, int level, err *e)
{
	struct gzip *g = mem_zalloc(1, sizeof *g);
	struct gzip_state *s = mem_zalloc(1, sizeof *s);
	if (g != NULL && s != NULL) {
		s->z.zalloc = take;
		s->z.zfree = give;
		if (deflateInit2(&s->z, level, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY_LEVEL,
				 Z_DEFAULT_STRATEGY) == Z_OK) {
			g->state = s;
			*g_r = g;
			return true;
		}
	}
	mem_free(g);
	mem_free(s);
	return err_nomem(e);
}

void gzip_free(struct gzip **g)
{
	if (*g == NULL)
		return;
	deflateEnd(&(*g)->state->z);
	mem_free((*g)->state);
	mem_free(*g);
	*g = NULL;
}

bool gzip_compress(struct gzip *g, str in, struct buf *out, err *e)
{
	z_stream *z = &g->state->z;
	if (in.n > GZIP_STEP_MAX)
		return err_set(e, ERR_LIMIT, "too much to compress at once");
	CHECK(deflateReset(z) == Z_OK);
	size_t bound = deflateBound(z, in.n);
	char *to = buf_room(out, bound);
	if (to == NULL)
		return buf_ok(out, e);
	z->next_in = (Bytef *)(uintptr_t)in.p; /* read only: zlib's type says too little */
	z->avail_in = (uInt)in.n;
	z->next_out = (Bytef *)to;
	z->avail_out = (uInt)bound;
	CHECK(deflate(z, Z_FINISH) == Z_STREAM_END);
	out->n += bound - z->avail_out;
	return true;
}

bool gzip_expand(str in, struct buf *out, err *e)
{
	z_stream z = { .zalloc = take, .zfree = give };
	if (in.n > GZIP_STEP_MAX)
		return err_set(e, ERR_LIMIT, "too much to expand at once");
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.n;
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return err_nomem(e);
	int now = Z_OK;
	while (now == Z_OK) {
		char *to = buf_room(out, EXPAND_STEP);
		if (to == NULL)
			break;
		z.next_out = (Bytef *)to;
		z.avail_out = (uInt)EXPAND_STEP;
		now = inflate(&z, Z_NO_FLUSH);
		out->n += EXPAND_STEP - z.avail_out;
	}
	inflateEnd(&z);
	return buf_ok(out, e) &&
	       (now == Z_STREAM_END || err_set(e, ERR_CORRUPT, "not a whole gzip member"));
}
