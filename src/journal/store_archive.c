/*
 * store_archive.c - the list of segments that belongs to what the ledger says.
 *
 * What it is:   the manifest in LEDGER_META, opened with the store and read anew when a reader goes
 *               on.
 * Promises:     list and records are of one state of the ledger: together they hold each touch
 *               once.
 * Threads:      as the store.
 */
#include "journal/journal_int.h"

#define MANIFEST_BYTES_MAX (32 * MIB)

bool store_manifest_read(struct ledger *l, struct archive_manifest *m_r, uint64_t *last_seq_r,
			 err *e)
{
	static const uint64_t KEY = META_ARCHIVE;
	struct arena a CLEANUP(arena_fini);
	uint64_t recorded;
	str manifest;
	arena_init(&a, MANIFEST_BYTES_MAX);
	if (!ledger_last_seq(l, &recorded, e) ||
	    !ledger_load(l, LEDGER_META, &KEY, 1, &a, &manifest, e) ||
	    !archive_manifest_read(manifest, m_r, e))
		return false;
	*last_seq_r = MAX(recorded, m_r->last_seq);
	return true;
}

bool store_archive_load(struct store *s, err *e)
{
	static const uint64_t KEY = META_ARCHIVE;
	struct arena a CLEANUP(arena_fini);
	struct archive *fresh = NULL;
	str manifest;
	arena_init(&a, MANIFEST_BYTES_MAX);
	if (!s->depot && !depot_hold(s->fs, s->dir, &s->depot, e))
		return false;
	if (!ledger_load(s->ledger, LEDGER_META, &KEY, 1, &a, &manifest, e) ||
	    !archive_open(s->depot, manifest, &fresh, e))
		return false;
	/* The new one first: what both have stays open. */
	archive_close(&s->archive);
	s->archive = fresh;
	return true;
}

void store_archive_close(struct store *s)
{
	store_tail_release(s);
	archive_close(&s->archive);
	depot_release(&s->depot);
}

bool store_last_seq(struct store *s, uint64_t *seq_r, err *e)
{
	uint64_t recorded;
	if (!ledger_last_seq(s->ledger, &recorded, e))
		return false;
	*seq_r = MAX(recorded, s->archive->manifest.last_seq);
	return true;
}
