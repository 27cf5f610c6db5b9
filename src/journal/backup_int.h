/*
 * backup_int.h - the file of a backup: blocks of items, each block packed and with a checksum.
 */
#ifndef TRICHTER_JOURNAL_BACKUP_INT_H
#define TRICHTER_JOURNAL_BACKUP_INT_H

#include "io/zip.h"
#include "journal/journal_int.h"

#define BACKUP_MAGIC	   "Trichbak"
#define BACKUP_VERSION	   2
#define BACKUP_OLDEST	   1 /* read as well: without an archive */
#define BACKUP_HEAD_BYTES  40
#define BACKUP_BLOCK_BYTES (4 * MIB)
#define BACKUP_BLOCK_MAX   (300 * MIB) /* the largest record stands in a block of its own */
#define BACKUP_PIECE_BYTES MIB	       /* of a file beside the ledger */
#define BACKUP_LAST_FILE   "last-backup"

enum backup_item {
	BACKUP_ROW = 1, /* table, key, value */
	BACKUP_RECORD,	/* first seq, touches, body */
	BACKUP_TIMER,	/* due, kind, subject, payload */
	BACKUP_FILE,	/* name, offset, bytes */
	BACKUP_END,	/* how many items there were */
};

#endif
