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
