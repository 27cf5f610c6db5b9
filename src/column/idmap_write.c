/*
 * idmap_write.c - writes a run, front to back.
 *
 * What it is:   entries come in order of key; blocks go out as they fill, the filter and the index
 *               grow in memory and follow, the header comes last.
 * Promises:     a run that run_write_end handed out is on disk under its name. A file that was cut
 *               short has no header, so it is never taken for a run. The disk is synced every few
 *               megabytes, so that other files' syncs do not wait for all of it.
 * Format:       docs/format/run.md
 * Threads:      one at a time; any.
 */
#include "column/idmap_int.h"

#include "base/mem.h"

#include <string.h>

#define CHUNK_BLOCKS   64
#define SYNC_BYTES_MAX (8 * MIB)

struct run_writer {
	struct fs *fs;
	struct run *run;     /* being made */
	uint8_t *chunk;	     /* CHUNK_BLOCKS blocks */
	size_t chunk_blocks; /* full ones */
	size_t entries;	     /* in the block after them */
	uint64_t at;	     /* where the chunk goes in the file */
	uint64_t synced_at;
	uint64_t last_hi;
	uint64_t last_lo;
	uint64_t index_cap;
};

static void writer_free(struct run_writer **w)
{
	mem_free((*w)->chunk);
	run_free(&(*w)->run);
	mem_free(*w);
	*w = NULL;
}

void run_write_abort(struct run_writer **w)
{
	if (!*w)
		return;
	struct run *r = (*w)->run;
	if (r && r->file) {
		/* What stays if this fails is no run, and removed when the map is opened next. */
		(void)file_close(&r->file, NULL);
		(void)!fs_remove((*w)->fs, r->path, NULL);
	}
	writer_free(w);
}

static bool writer_alloc(struct run_writer *w, const struct run_place *at, uint64_t keys_max)
{
	struct run *r = mem_zalloc(1, sizeof *r);
	if (!r)
		return false;
	w->run = r;
	r->number = at->number;
	r->h.filter_blocks = run_filter_blocks(keys_max);
	w->index_cap = (keys_max + RUN_BLOCK_ENTRIES - 1) / RUN_BLOCK_ENTRIES;
	r->path = run_path(at->dir, at->name, at->number);
	r->filter = run_filter_alloc(r->h.filter_blocks, &r->filter_memory);
	r->index = mem_alloc((size_t)w->index_cap * sizeof *r->index);
	w->chunk = mem_zalloc(CHUNK_BLOCKS, RUN_BLOCK_BYTES);
	return r->path && r->filter && r->index && w->chunk;
}

bool run_write_begin(const struct run_place *at, uint64_t keys_max, struct run_writer **w_r, err *e)
{
	struct run_writer *w = mem_zalloc(1, sizeof *w);
	if (!w)
		return err_nomem(e);
	w->fs = at->fs;
	w->at = RUN_HEADER_BYTES;
	if (!writer_alloc(w, at, keys_max)) {
		writer_free(&w);
		return err_nomem(e);
	}
	if (!file_open(w->fs, w->run->path, FILE_CREATE, &w->run->file, e)) {
		writer_free(&w);
		return false;
	}
	*w_r = w;
	return true;
}

static bool chunk_write(struct run_writer *w, err *e)
{
	size_t n = w->chunk_blocks * RUN_BLOCK_BYTES;
	if (!file_write(w->run->file, w->chunk, n, w->at, e))
		return false;
	w->at += n;
	w->chunk_blocks = 0;
	if (w->at - w->synced_at < SYNC_BYTES_MAX)
		return true;
	w->synced_at = w->at;
	return file_sync(w->run->file, e);
}

/* Closes the block that is being filled; what it does not use is zero. */
static bool block_end(struct run_writer *w, err *e)
{
	struct run *r = w->run;
	uint8_t *block = w->chunk + w->chunk_blocks * RUN_BLOCK_BYTES;
	size_t used = w->entries * sizeof(struct idmap_entry);
	memset(block + used, 0, RUN_BLOCK_BYTES - used);
	CHECK(r->h.blocks < w->index_cap);
	struct run_index *x = &r->index[r->h.blocks++];
	memcpy(&x->hi, block, 8);
	memcpy(&x->lo, block + 8, 8);
	x->checksum = zip_hash(block, RUN_BLOCK_BYTES);
	w->entries = 0;
	w->chunk_blocks++;
	return w->chunk_blocks < CHUNK_BLOCKS || chunk_write(w, e);
}

bool run_write(struct run_writer *w, const struct idmap_entry *entry, err *e)
{
	struct run *r = w->run;
	if (r->h.count == 0) {
		r->h.min_hi = entry->hi;
		r->h.min_lo = entry->lo;
	} else {
		CHECK(idmap_before(w->last_hi, w->last_lo, entry->hi, entry->lo));
	}
	w->last_hi = entry->hi;
	w->last_lo = entry->lo;
	r->h.count++;
	memcpy(w->chunk + w->chunk_blocks * RUN_BLOCK_BYTES + w->entries * sizeof *entry, entry,
	       sizeof *entry);
	run_filter_add(r->filter, r->h.filter_blocks,
		       (struct hash128){ .hi = entry->hi, .lo = entry->lo });
	return ++w->entries < RUN_BLOCK_ENTRIES || block_end(w, e);
}

static bool tail_write(struct run_writer *w, err *e)
{
	struct run *r = w->run;
	uint64_t index_bytes = r->h.blocks * sizeof *r->index;
	uint64_t filter_bytes = run_filter_bytes(&r->h);
	r->h.max_hi = w->last_hi;
	r->h.max_lo = w->last_lo;
	r->h.index_checksum = zip_hash(r->index, (size_t)index_bytes);
	r->h.filter_checksum = zip_hash(r->filter, (size_t)filter_bytes);
	r->h.bytes = run_filter_at(&r->h) + filter_bytes;
	uint8_t head[RUN_HEADER_BYTES];
	run_header_encode(&r->h, head, &r->checksum);
	/* The first sync of a new file makes its name permanent too. */
	return file_write(r->file, r->index, (size_t)index_bytes, run_index_at(&r->h), e) &&
	       file_write(r->file, r->filter, (size_t)filter_bytes, run_filter_at(&r->h), e) &&
	       file_write(r->file, head, sizeof head, 0, e) && file_sync(r->file, e);
}

bool run_write_end(struct run_writer **w, struct run **r_r, err *e)
{
	struct run_writer *v = *w;
	if (v->run->h.count == 0) {
		run_write_abort(w);
		*r_r = NULL;
		return true;
	}
	if ((v->entries > 0 && !block_end(v, e)) || (v->chunk_blocks > 0 && !chunk_write(v, e)) ||
	    !tail_write(v, e) || !run_begin_reading(v->run, e)) {
		run_write_abort(w);
		return false;
	}
	*r_r = v->run;
	v->run = NULL;
	writer_free(w);
	return true;
}

bool run_write_table(const struct run_place *at, const struct idmap_table *t, struct run **r_r,
		     err *e)
{
	struct idmap_entry *sorted = idmap_table_sorted(t);
	if (!sorted)
		return err_nomem(e);
	struct run_writer *w = NULL;
	bool ok = run_write_begin(at, t->n, &w, e);
	for (size_t i = 0; ok && i < t->n; i++)
		ok = run_write(w, &sorted[i], e);
	mem_free(sorted);
	if (!ok) {
		run_write_abort(&w);
		return false;
	}
	return run_write_end(&w, r_r, e);
}
