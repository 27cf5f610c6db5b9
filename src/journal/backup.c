/*
 * backup.c - all of a data directory as one file, while a server may go on writing.
 *
 * What it is:   the ledger's rows as of one touch, read through the port, the files beside it that
 * its manifests name, and the small files of the directory. What belongs to one machine or one
 * moment is left out: the lock, the socket, sessions, uploads.
 * Promises:     one state, whatever is written meanwhile; written beside, synced, renamed. The
 * ledger's log cannot be shortened while the backup reads.
 * Format:       docs/format/backup.md
 * Threads:      the caller's.
 */
#include "journal/backup_int.h"

#include "base/num.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TRIES		 5
#define ZSTD_LEVEL	 3
#define PATH_BYTES_MAX	 4096
#define MANIFESTS_MAX	 (4 * MIB)
#define FILES_BESIDE_MAX 10000

struct backup {
	const char *dir;
	struct ledger *ledger;
	struct file *out;
	uint64_t offset;
	struct buf block, packed;
	struct arena arena;
	uint64_t items;
	uint64_t seq, last_seq, sealed_seq;
	backup_progress progress;
	void *progress_arg;
	err *e;
	bool failed;
	bool gone; /* a file was removed by the writer: begin again */
};

/* ---- blocks ---------------------------------------------------------------------------------- */

static bool write_bytes(struct backup *b, const void *p, size_t n)
{
	b->failed = b->failed || !file_write(b->out, p, n, b->offset, b->e);
	b->offset += n;
	return !b->failed;
}

static bool block_write(struct backup *b)
{
	char room[16];
	struct buf head = { .p = room, .cap = sizeof room, .bytes_max = sizeof room };
	if (b->failed || b->block.n == 0)
		return !b->failed;
	buf_clear(&b->packed);
	if (!buf_ok(&b->block, b->e) ||
	    !zip_pack(&b->packed, buf_view(&b->block), ZSTD_LEVEL, b->e)) {
		b->failed = true;
		return false;
	}
	buf_u32(&head, (uint32_t)b->packed.n);
	buf_u64(&head, zip_hash(b->packed.p, b->packed.n));
	buf_clear(&b->block);
	return write_bytes(b, head.p, head.n) && write_bytes(b, b->packed.p, b->packed.n);
}

/* After an item was appended to the block. */
static bool item_done(struct backup *b)
{
	b->items++;
	return b->block.n < BACKUP_BLOCK_BYTES || block_write(b);
}

static bool head_write(struct backup *b, int64_t made_us)
{
	char room[BACKUP_HEAD_BYTES];
	struct buf head = { .p = room, .cap = sizeof room, .bytes_max = sizeof room };
	buf_cstr(&head, BACKUP_MAGIC);
	buf_u64(&head, BACKUP_VERSION);
	buf_u64(&head, (uint64_t)made_us);
	buf_u64(&head, b->last_seq);
	buf_u64(&head, zip_hash(head.p, head.n));
	return write_bytes(b, head.p, head.n);
}

/* ---- the ledger ------------------------------------------------------------------------------ */

struct table_scan {
	struct backup *b;
	enum ledger_table table;
};

static bool put_row(void *arg, uint64_t key, str bytes)
{
	struct table_scan *t = arg;
	struct buf *block = &t->b->block;
	buf_byte(block, BACKUP_ROW);
	buf_varint(block, t->table);
	buf_varint(block, key);
	buf_lenstr(block, bytes);
	return item_done(t->b);
}

static bool put_record(void *arg, const struct ledger_record *r)
{
	struct backup *b = arg;
	buf_byte(&b->block, BACKUP_RECORD);
	buf_varint(&b->block, r->first_seq);
	buf_varint(&b->block, r->touches);
	buf_lenstr(&b->block, r->body);
	b->seq = r->first_seq + r->touches - 1;
	if (b->progress)
		b->progress(b->progress_arg, b->seq, b->last_seq);
	return item_done(b);
}

static bool put_timer(void *arg, const struct ledger_timer_change *t)
{
	struct backup *b = arg;
	buf_byte(&b->block, BACKUP_TIMER);
	buf_zigzag(&b->block, t->timer.due_us);
	buf_varint(&b->block, t->timer.kind);
	buf_varint(&b->block, t->timer.subject);
	buf_lenstr(&b->block, t->payload);
	return item_done(b);
}

static bool put_ledger(struct backup *b)
{
	for (int i = 0; i < LEDGER_TABLES_N; i++) {
		struct table_scan t = { .b = b, .table = (enum ledger_table)i };
		if (!ledger_scan(b->ledger, t.table, 0, put_row, &t, b->e) || b->failed)
			return false;
	}
	return ledger_scan_timers(b->ledger, put_timer, b, b->e) && !b->failed &&
	       ledger_scan_records(b->ledger, b->sealed_seq + 1, b->last_seq, put_record, b,
				   b->e) &&
	       !b->failed;
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool file_pieces(struct backup *b, struct file *f, const char *name)
{
	char *piece = arena_alloc(&b->arena, BACKUP_PIECE_BYTES);
	size_t n = 0;
	if (!piece)
		return arena_err(&b->arena, b->e);
	for (uint64_t at = 0;; at += n) {
		if (!file_read(f, piece, BACKUP_PIECE_BYTES, at, &n, b->e))
			return false;
		if (n == 0 && at > 0)
			return true;
		buf_byte(&b->block, BACKUP_FILE);
		buf_lenstr(&b->block, str_of(name));
		buf_varint(&b->block, at);
		buf_lenstr(&b->block, str_make(piece, n));
		if (!item_done(b))
			return false;
		if (n < BACKUP_PIECE_BYTES)
			return true;
	}
}

static bool put_file(struct backup *b, const char *name, bool may_be_gone)
{
	char path[PATH_BYTES_MAX];
	struct file *f = NULL;
	err why = { 0 };
	snprintf(path, sizeof path, "%s/%s", b->dir, name);
	arena_reset(&b->arena);
	if (!file_open(fs_real(), path, FILE_READ, &f, &why)) {
		b->gone = why.code == ERR_NOT_FOUND;
		if (b->gone && may_be_gone)
			return true;
		*b->e = why;
		return false;
	}
	bool ok = file_pieces(b, f, name);
	return file_close(&f, ok ? b->e : NULL) && ok;
}

static bool put_run(void *arg, const char *file)
{
	struct backup *b = arg;
	b->failed = b->failed || !put_file(b, file, false);
	return !b->failed;
}

/* What the ledger says of files, as of the touch that is backed up. */
static bool put_runs(struct backup *b)
{
	static const uint64_t KEYS[] = { META_MESSAGES, HOOKS_META_IDS };
	static const char *const NAMES[] = { "messages", HOOKS_IDS_NAME };
	struct arena manifests CLEANUP(arena_fini);
	str found[ARRAY_LEN(KEYS)];
	arena_init(&manifests, MANIFESTS_MAX);
	if (!ledger_load(b->ledger, LEDGER_META, KEYS, ARRAY_LEN(KEYS), &manifests, found, b->e))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
		if (!idmap_manifest_files(found[i], NAMES[i], put_run, b, b->e) || b->failed)
			return false;
	}
	return true;
}

static bool put_archive_files(struct backup *b, const struct archive_file *files, size_t n,
			      bool ids)
{
	char name[ARCHIVE_NAME_MAX];
	for (size_t i = 0; i < n; i++) {
		archive_name(name, files[i].number, ids);
		if (!put_file(b, name, false))
			return false;
	}
	return true;
}

/* Segments, and the ids that their records brought. */
static bool put_archive(struct backup *b, const struct archive_manifest *m)
{
	return put_archive_files(b, m->segments.items, m->segments.n, false) &&
	       put_archive_files(b, m->ids.items, m->ids.n, true);
}

/* Settings, the audit log and the like; not what belongs to this machine or this moment. */
static bool is_left_out(const char *name)
{
	static const char *const NAMES[] = { "lock", "sock", "sessions", BACKUP_LAST_FILE };
	str s = str_of(name);
	if (str_starts(s, S("ledger.db")) || str_ends(s, S(".run")) || str_ends(s, S(".part")) ||
	    str_starts(s, S(".")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		if (strcmp(name, NAMES[i]) == 0)
			return true;
	}
	return false;
}

static bool put_beside(void *arg, const char *name)
{
	struct backup *b = arg;
	char path[PATH_BYTES_MAX];
	struct stat s;
	snprintf(path, sizeof path, "%s/%s", b->dir, name);
	if (is_left_out(name) || stat(path, &s) != 0 || !S_ISREG(s.st_mode))
		return true;
	b->failed = b->failed || !put_file(b, name, true);
	return !b->failed;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool write_files_and_rows(struct backup *b, const struct archive_manifest *m)
{
	return put_runs(b) && put_archive(b, m) &&
	       fs_list(fs_real(), b->dir, put_beside, b, b->e) && !b->failed && put_ledger(b);
}

static bool write_all(struct backup *b, struct backup_result *r)
{
	struct archive_manifest m = { 0 };
	r->made_us = time_now_us();
	if (!store_manifest_read(b->ledger, &m, &b->last_seq, b->e))
		return false;
	r->seq = b->last_seq;
	b->sealed_seq = m.sealed_seq;
	bool ok = head_write(b, r->made_us) && write_files_and_rows(b, &m);
	archive_manifest_fini(&m);
	if (!ok)
		return false;
	buf_byte(&b->block, BACKUP_END);
	buf_varint(&b->block, b->items);
	if (!block_write(b) || !file_truncate(b->out, b->offset, b->e) || !file_sync(b->out, b->e))
		return false;
	r->bytes = b->offset;
	return true;
}

/* A name that was typed wrongly costs nobody a file. */
static bool path_is_fine(const char *path, err *e)
{
	char magic[8] = { 0 };
	struct file *f = NULL;
	size_t n = 0;
	if (!fs_exists(fs_real(), path))
		return true;
	if (!file_open(fs_real(), path, FILE_READ, &f, e))
		return false;
	bool ok = file_read(f, magic, sizeof magic, 0, &n, e);
	ok = file_close(&f, ok ? e : NULL) && ok;
	if (!ok || n == 0 || (n == sizeof magic && memcmp(magic, BACKUP_MAGIC, 8) == 0))
		return ok;
	return err_set(e, ERR_CONFLICT, "%s is there already and is no backup; choose another name",
		       path);
}

static bool backup_once(struct backup *b, const char *part, struct backup_result *r)
{
	char path[PATH_BYTES_MAX];
	snprintf(path, sizeof path, "%s/ledger.db", b->dir);
	b->offset = b->items = 0;
	b->failed = b->gone = false;
	buf_clear(&b->block);
	if (!ledger_open(path, LEDGER_READ, NULL, &b->ledger, b->e))
		return false;
	bool ok = ledger_read_begin(b->ledger, b->e) &&
		  file_open(fs_real(), part, FILE_WRITE, &b->out, b->e) && write_all(b, r);
	if (b->out)
		ok = file_close(&b->out, ok ? b->e : NULL) && ok;
	ledger_read_end(b->ledger);
	ledger_close(&b->ledger);
	return ok;
}

static void note_last(const char *dir, int64_t made_us)
{
	char path[PATH_BYTES_MAX], text[32];
	err ignored = { 0 };
	snprintf(path, sizeof path, "%s/" BACKUP_LAST_FILE, dir);
	snprintf(text, sizeof text, "%lld\n", (long long)made_us);
	/* A directory that may only be read is backed up all the same; status then knows no date.
	 */
	if (!fs_write_all(fs_real(), path, str_of(text), &ignored))
		err_clear(&ignored);
}

int64_t journal_backup_last(const char *dir)
{
	char path[PATH_BYTES_MAX];
	struct buf text CLEANUP(buf_fini);
	err ignored = { 0 };
	uint64_t at = 0;
	buf_init(&text, 64);
	snprintf(path, sizeof path, "%s/" BACKUP_LAST_FILE, dir);
	if (!fs_read_all(fs_real(), path, 64, &text, &ignored) ||
	    !num_parse_u64(str_trim(buf_view(&text)), &at))
		return 0;
	return (int64_t)at;
}

static bool is_data_directory(const char *dir, const char *path, err *e)
{
	char ledger[PATH_BYTES_MAX];
	if (strlen(dir) + 300 > PATH_BYTES_MAX || strlen(path) + 16 > PATH_BYTES_MAX)
		return err_set(e, ERR_INVALID, "the path is too long");
	snprintf(ledger, sizeof ledger, "%s/ledger.db", dir);
	return fs_exists(fs_real(), ledger) ||
	       err_set(e, ERR_NOT_FOUND, "%s is no data directory", dir);
}

bool journal_backup(const char *dir, const char *path, backup_progress progress, void *arg,
		    struct backup_result *r, err *e)
{
	char part[PATH_BYTES_MAX];
	err own = { 0 }, ignored = { 0 };
	struct backup b = { .dir = dir, .progress = progress, .progress_arg = arg, .e = &own };
	if (!is_data_directory(dir, path, e) || !path_is_fine(path, e))
		return false;
	snprintf(part, sizeof part, "%s.part", path);
	buf_init(&b.block, BACKUP_BLOCK_MAX);
	buf_init(&b.packed, BACKUP_BLOCK_MAX + MIB);
	arena_init(&b.arena, 4 * MIB);
	*r = (struct backup_result){ 0 };
	bool ok = false;
	/* The writer may remove a file that it has just merged away: then from the beginning. */
	for (int i = 0; !ok && i < TRIES && (i == 0 || b.gone); i++) {
		err_clear(&own);
		ok = backup_once(&b, part, r);
	}
	ok = ok && fs_rename(fs_real(), part, path, &own);
	if (ok)
		note_last(dir, r->made_us);
	else if (fs_exists(fs_real(), part) && !fs_remove(fs_real(), part, &ignored))
		err_clear(&ignored);
	buf_fini(&b.block);
	buf_fini(&b.packed);
	arena_fini(&b.arena);
	if (!ok && e)
		*e = own;
	return ok;
}
