/*
 * zip.c - blocks compressed by zstd, and checksums by XXH3.
 *
 * What it is:   one zstd frame per block, with its unpacked size and a checksum in it. Making a
 *               context costs more than packing a small block (it clears some hundred kilobytes),
 * so a few idle ones are kept in a pool of atomic slots. A pool rather than one context per thread:
 * nothing has to be cleaned up when a thread ends. Promises:     unpacking takes no more memory
 * than bytes_max, and nothing of a block that turns out damaged is left in `out`. Contexts are the
 * only memory here that is not from mem.h. Threads:      any number.
 */
#include "io/zip.h"

#include <stdatomic.h>
#include <xxhash.h>
#include <zstd.h>
#include <zstd_errors.h>

#define IDLE_MOST 8
/* High levels make contexts of tens of megabytes, which are not kept. */
#define IDLE_BYTES_MAX (4 * MIB)

static _Atomic(ZSTD_CCtx *) idle_packers[IDLE_MOST];
static _Atomic(ZSTD_DCtx *) idle_unpackers[IDLE_MOST];

static ZSTD_CCtx *packer_take(void)
{
	for (size_t i = 0; i < IDLE_MOST; i++) {
		ZSTD_CCtx *c = atomic_exchange(&idle_packers[i], NULL);
		if (c)
			return c;
	}
	return ZSTD_createCCtx();
}

static void packer_give(ZSTD_CCtx *c)
{
	bool keep = ZSTD_sizeof_CCtx(c) <= IDLE_BYTES_MAX;
	for (size_t i = 0; keep && i < IDLE_MOST; i++) {
		ZSTD_CCtx *empty = NULL;
		if (atomic_compare_exchange_strong(&idle_packers[i], &empty, c))
			return;
	}
	ZSTD_freeCCtx(c);
}

static ZSTD_DCtx *unpacker_take(void)
{
	for (size_t i = 0; i < IDLE_MOST; i++) {
		ZSTD_DCtx *d = atomic_exchange(&idle_unpackers[i], NULL);
		if (d)
			return d;
	}
	return ZSTD_createDCtx();
}

static void unpacker_give(ZSTD_DCtx *d)
{
	for (size_t i = 0; i < IDLE_MOST; i++) {
		ZSTD_DCtx *empty = NULL;
		if (atomic_compare_exchange_strong(&idle_unpackers[i], &empty, d))
			return;
	}
	ZSTD_freeDCtx(d);
}

static bool zstd_failed(size_t result, const char *what, err *e)
{
	if (!ZSTD_isError(result))
		return false;
	if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
		err_nomem(e);
	else
		err_set(e, ERR_CORRUPT, "%s: %s", what, ZSTD_getErrorName(result));
	return true;
}

bool zip_pack(struct buf *out, str in, int level, err *e)
{
	/* A block may fit where its worst case would not. */
	size_t most = MIN(ZSTD_compressBound(in.n), out->bytes_max - MIN(out->n, out->bytes_max));
	char *room = buf_room(out, most);
	if (!room)
		return buf_ok(out, e);
	ZSTD_CCtx *c = packer_take();
	if (!c)
		return err_nomem(e);
	/* Neither call can fail with these arguments: levels are clamped. */
	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	size_t n = ZSTD_compress2(c, room, most, in.p, in.n);
	packer_give(c);
	if (ZSTD_getErrorCode(n) == ZSTD_error_dstSize_tooSmall)
		return err_set(e, ERR_LIMIT, "a block of %zu bytes does not fit in %zu when packed",
			       in.n, most);
	if (zstd_failed(n, "a block cannot be packed", e))
		return false;
	out->n += n;
	return true;
}

/* Exactly one whole frame that says how large it is. */
static bool frame_size(str in, size_t bytes_max, size_t *n_r, err *e)
{
	unsigned long long claimed = ZSTD_getFrameContentSize(in.p, in.n);
	if (claimed == ZSTD_CONTENTSIZE_UNKNOWN || claimed == ZSTD_CONTENTSIZE_ERROR ||
	    ZSTD_findFrameCompressedSize(in.p, in.n) != in.n)
		return err_set(e, ERR_CORRUPT, "a packed block of %zu bytes is damaged", in.n);
	if (claimed > bytes_max)
		return err_set(e, ERR_LIMIT,
			       "a packed block claims %llu bytes; at most %zu are allowed here",
			       claimed, bytes_max);
	*n_r = (size_t)claimed;
	return true;
}

bool zip_unpack(struct buf *out, str in, size_t bytes_max, err *e)
{
	size_t want = 0;
	if (!frame_size(in, bytes_max, &want, e))
		return false;
	char *room = buf_room(out, want);
	if (!room)
		return buf_ok(out, e);
	ZSTD_DCtx *d = unpacker_take();
	if (!d)
		return err_nomem(e);
	size_t n = ZSTD_decompressDCtx(d, room, want, in.p, in.n);
	unpacker_give(d);
	if (zstd_failed(n, "a packed block is damaged", e))
		return false;
	if (n != want)
		return err_set(e, ERR_CORRUPT, "a packed block is damaged: %zu bytes, not %zu", n,
			       want);
	out->n += n;
	return true;
}

uint64_t zip_hash(const void *p, size_t n)
{
	return XXH3_64bits(p, n);
}

struct hash128 zip_hash128(const void *p, size_t n, uint64_t seed)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(p, n, seed);
	return (struct hash128){ .hi = h.high64, .lo = h.low64 };
}
