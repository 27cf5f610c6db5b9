/*
 * zip.h - compression of blocks, on libzstd.
 *
 * Promises:     the unpacked size stands in the block; a block that claims more than the caller
 *               allows, or that is damaged, is an error and never more memory.
 */
#ifndef TRICHTER_ZIP_H
#define TRICHTER_ZIP_H

#include "base/buf.h"

bool zip_pack(struct buf *out, str in, int level, err *e) MUST_CHECK;
bool zip_unpack(struct buf *out, str in, size_t bytes_max, err *e) MUST_CHECK;
uint64_t zip_hash(const void *p, size_t n); /* XXH3, 64 bits: checksums */
struct hash128 {
	uint64_t hi;
	uint64_t lo;
};
struct hash128 zip_hash128(const void *p, size_t n, uint64_t seed);

#endif
