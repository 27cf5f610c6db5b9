/*
 * archive.h - which segments there are, and reading all of them.
 *
 * What it is:   the list of segments (the manifest, a row of the ledger), the files behind it in
 *               DIR/archive, shared by all who read them; and the ids that the sealed records
 *               brought.
 * Promises:     a list that was pinned stays readable until it is released, whatever is sealed or
 *               merged meanwhile.
 * Threads:      a list belongs to one thread; segments are shared.
 * Format:       docs/format/archive.md
 */
#ifndef TRICHTER_ARCHIVE_H
#define TRICHTER_ARCHIVE_H

#include "archive/segment.h"

/* Segments, older ones (by seq) first. */
struct segment_list {
	struct segment **items;
	size_t n;
};

#endif
