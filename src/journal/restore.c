/*
 * restore.c - a backup back into a data directory.
 *
 * What it is:   reads block after block, checks each, and puts rows, records, timers and files
 * where they were; beside the directory first, renamed when all of it is on disk.
 * Promises:     the directory is made whole or not at all; a damaged or cut backup is named.
 * Format:       docs/format/backup.md
 * Threads:      the caller's.
 */
#include "journal/backup_int.h"

#include "base/vec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096
#define NAME_BYTES_MAX 200
#define COMMIT_ITEMS   50000

struct restore {
	const char *path; /* of the backup, for messages */
	char dir[PATH_BYTES_MAX];
	struct file *in;
	uint64_t offset, bytes;
	struct buf packed, block;
	struct ledger *ledger;
	struct arena arena; /* of one commit */
	VEC(struct ledger_change) changes;
	VEC(struct ledger_timer_change) timers;
	VEC(struct ledger_record) records;
	struct file *out; /* the file that is being written */
	char out_name[NAME_BYTES_MAX + 1];
	uint64_t items;
	bool ended;
	uint64_t last_seq;
	backup_progress progress;
	void *progress_arg;
	err *e;
};

static bool damaged(struct restore *r)
{
	return err_set(r->e, ERR_CORRUPT, "%s is damaged at byte %llu", r->path,
		       (unsigned long long)r->offset);
}

/* ---- what is put back ------------------------------------------------------------------------ */

static bool commit(struct restore *r)
{
	struct ledger_commit c = { .records = r->records.items,
				   .records_n = r->records.n,
				   .changes = r->changes.items,
				   .changes_n = r->changes.n,
				   .timers = r->timers.items,
				   .timers_n = r->timers.n };
	bool ok = c.records_n + c.changes_n + c.timers_n == 0 || ledger_commit(r->ledger, &c, r->e);
	vec_clear(&r->records);
	vec_clear(&r->changes);
	vec_clear(&r->timers);
	arena_reset(&r->arena);
	return ok;
}

static bool keep(struct restore *r, str bytes, str *kept_r)
{
	*kept_r = str_dup(&r->arena, bytes);
	return bytes.n == 0 || kept_r->p || arena_err(&r->arena, r->e);
}

static bool take_row(struct restore *r, struct reader *in)
{
	uint64_t table = reader_varint(in), key = reader_varint(in);
	str bytes = reader_lenstr(in);
	if (in->bad || table >= LEDGER_TABLES_N || key > INT64_MAX)
		return damaged(r);
	struct ledger_change c = { .table = (enum ledger_table)table, .key = key };
	return keep(r, bytes, &c.value) && (vec_push(&r->changes, c) || err_nomem(r->e));
}

static bool take_record(struct restore *r, struct reader *in)
{
	uint64_t first = reader_varint(in), touches = reader_varint(in);
	str body = reader_lenstr(in);
	if (in->bad || first == 0 || first > INT64_MAX || touches == 0 || touches > UINT32_MAX)
		return damaged(r);
	struct ledger_record c = { .first_seq = first, .touches = (uint32_t)touches };
	if (r->progress)
		r->progress(r->progress_arg, first + touches - 1, r->last_seq);
	return keep(r, body, &c.body) && (vec_push(&r->records, c) || err_nomem(r->e));
}

static bool take_timer(struct restore *r, struct reader *in)
{
	int64_t due = reader_zigzag(in);
	uint64_t kind = reader_varint(in), subject = reader_varint(in);
	str payload = reader_lenstr(in);
	if (in->bad || kind > UINT32_MAX)
		return damaged(r);
	struct ledger_timer_change c = { .timer = { due, (uint32_t)kind, subject } };
	return keep(r, payload, &c.payload) && (vec_push(&r->timers, c) || err_nomem(r->e));
}

static bool file_done(struct restore *r)
{
	if (!r->out)
		return true;
	bool ok = file_sync(r->out, r->e);
	return file_close(&r->out, ok ? r->e : NULL) && ok;
}

/* "archive/000001.seg", or .ids */
static bool name_is_archive(str name)
{
	str digits;
	if (!str_starts(name, S(ARCHIVE_DIR "/")) ||
	    !(str_ends(name, S(".seg")) || str_ends(name, S(".ids"))))
		return false;
	digits = str_sub(name, sizeof ARCHIVE_DIR, name.n - sizeof ARCHIVE_DIR - 4);
	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return false;
	}
	return digits.n > 0 && name.n < ARCHIVE_NAME_MAX;
}

/* A plain name below the directory, and none that the ledger itself uses. */
static bool name_is_fine(str name)
{
	if (name_is_archive(name))
		return true;
	return name.n > 0 && name.n <= NAME_BYTES_MAX && name.p[0] != '.' &&
	       str_index(name, '/') == name.n && memchr(name.p, 0, name.n) == NULL &&
	       !str_starts(name, S("ledger.db"));
}

static bool archive_dir_make(struct restore *r)
{
	char path[PATH_BYTES_MAX + 16];
	snprintf(path, sizeof path, "%s/" ARCHIVE_DIR, r->dir);
	return fs_make_dir(fs_real(), path, r->e);
}

static bool take_file(struct restore *r, struct reader *in)
{
	char path[PATH_BYTES_MAX + NAME_BYTES_MAX + 2];
	str name = reader_lenstr(in);
	uint64_t at = reader_varint(in);
	str bytes = reader_lenstr(in);
	if (in->bad || !name_is_fine(name))
		return damaged(r);
	if (!r->out || !str_eq(name, str_of(r->out_name))) {
		if (!file_done(r))
			return false;
		if (name_is_archive(name) && !archive_dir_make(r))
			return false;
		memcpy(r->out_name, name.p, name.n);
		r->out_name[name.n] = '\0';
		snprintf(path, sizeof path, "%s/%s", r->dir, r->out_name);
		if (!file_open(fs_real(), path, FILE_CREATE, &r->out, r->e))
			return false;
	}
	return bytes.n == 0 || file_write(r->out, bytes.p, bytes.n, at, r->e);
}

static bool take_end(struct restore *r, struct reader *in)
{
	uint64_t items = reader_varint(in);
	if (in->bad || items != r->items || in->p != in->end)
		return damaged(r);
	r->ended = true;
	return true;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static bool take_block(struct restore *r)
{
	struct reader in;
	reader_init(&in, r->block.p, r->block.n);
	while (in.p < in.end) {
		bool ok = false;
		if (r->ended)
			return damaged(r);
		switch (reader_byte(&in)) {
		case BACKUP_ROW:
			ok = take_row(r, &in);
			break;
		case BACKUP_RECORD:
			ok = take_record(r, &in);
			break;
		case BACKUP_TIMER:
			ok = take_timer(r, &in);
			break;
		case BACKUP_FILE:
			ok = take_file(r, &in);
			break;
		case BACKUP_END:
			return take_end(r, &in);
		default:
			return damaged(r);
		}
		if (!ok)
			return false;
		r->items++;
	}
	/* The texts of what waits lie in the arena, not in the block. */
	bool full = r->changes.n + r->records.n + r->timers.n > COMMIT_ITEMS ||
		    arena_bytes_used(&r->arena) > 2 * BACKUP_BLOCK_BYTES;
	return !full || commit(r);
}

static bool read_bytes(struct restore *r, void *p, size_t n)
{
	size_t got;
	if (!file_read(r->in, p, n, r->offset, &got, r->e))
		return false;
	if (got < n)
		return err_set(r->e, ERR_CORRUPT, "%s is cut off: its end is missing", r->path);
	r->offset += n;
	return true;
}

static bool next_block(struct restore *r)
{
	char head[12];
	struct reader in;
	if (!read_bytes(r, head, sizeof head))
		return false;
	reader_init(&in, head, sizeof head);
	uint32_t n = reader_u32(&in);
	uint64_t hash = reader_u64(&in);
	if (n > BACKUP_BLOCK_MAX)
		return damaged(r);
	buf_clear(&r->packed);
	buf_clear(&r->block);
	char *room = buf_room(&r->packed, n);
	if (!room)
		return err_nomem(r->e);
	if (!read_bytes(r, room, n))
		return false;
	r->packed.n = n;
	if (zip_hash(room, n) != hash ||
	    !zip_unpack(&r->block, buf_view(&r->packed), BACKUP_BLOCK_MAX, NULL))
		return damaged(r);
	return take_block(r);
}

static bool read_head(struct restore *r, struct backup_result *result)
{
	char head[BACKUP_HEAD_BYTES];
	struct reader in;
	if (r->bytes < BACKUP_HEAD_BYTES)
		return err_set(r->e, ERR_INVALID, "%s is no backup", r->path);
	if (!read_bytes(r, head, sizeof head))
		return false;
	if (memcmp(head, BACKUP_MAGIC, 8) != 0)
		return err_set(r->e, ERR_INVALID, "%s is no backup", r->path);
	reader_init(&in, head + 8, sizeof head - 8);
	uint64_t version = reader_u64(&in);
	result->made_us = (int64_t)reader_u64(&in);
	result->seq = r->last_seq = reader_u64(&in);
	if (reader_u64(&in) != zip_hash(head, sizeof head - 8))
		return damaged(r);
	return (version >= BACKUP_OLDEST && version <= BACKUP_VERSION) ||
	       err_set(r->e, ERR_CONFLICT, "%s was made by a newer version of this program",
		       r->path);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* All that the manifest names is there, and is what it names. */
static bool archive_done(struct restore *r)
{
	char path[PATH_BYTES_MAX + 16];
	struct store s = {
		.dir = r->dir, .fs = fs_real(), .mode = STORE_READ, .as_of = UINT64_MAX
	};
	bool ok = store_open_bare(&s, r->e);
	store_close(&s);
	snprintf(path, sizeof path, "%s/" ARCHIVE_DIR, r->dir);
	return ok && fs_sync_dir(fs_real(), path, r->e);
}

static bool fill(struct restore *r, struct backup_result *result)
{
	char path[PATH_BYTES_MAX + 16];
	struct archive_manifest m = { 0 };
	uint64_t last;
	snprintf(path, sizeof path, "%s/ledger.db", r->dir);
	if (!read_head(r, result) || !ledger_open(path, LEDGER_WRITE, NULL, &r->ledger, r->e))
		return false;
	while (!r->ended) {
		if (!next_block(r))
			return false;
	}
	if (!commit(r) || !file_done(r) || !store_manifest_read(r->ledger, &m, &last, r->e))
		return false;
	bool archive = m.segments.n + m.ids.n > 0;
	archive_manifest_fini(&m);
	if (last != r->last_seq || r->offset != r->bytes)
		return damaged(r);
	ledger_close(&r->ledger);
	result->bytes = r->bytes;
	return (!archive || archive_done(r)) && fs_sync_dir(fs_real(), r->dir, r->e);
}

static bool refuse_name(void *arg, const char *name)
{
	bool *other = arg;
	*other = strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
	return !*other;
}

static bool dir_is_free(const char *dir, err *e)
{
	bool other = false;
	if (strlen(dir) + 32 > PATH_BYTES_MAX)
		return err_set(e, ERR_INVALID, "the path is too long");
	if (!fs_exists(fs_real(), dir))
		return true;
	if (!fs_list(fs_real(), dir, refuse_name, &other, e))
		return false;
	return !other || err_set(e, ERR_CONFLICT,
				 "%s is not empty; a backup is restored into an empty or a new "
				 "directory",
				 dir);
}

static bool remove_name(void *arg, const char *name)
{
	char path[PATH_BYTES_MAX + 300];
	err ignored = { 0 };
	snprintf(path, sizeof path, "%s/%s", (const char *)arg, name);
	if (strcmp(name, ARCHIVE_DIR) == 0) {
		if (fs_list(fs_real(), path, remove_name, path, &ignored))
			(void)rmdir(path);
		return true;
	}
	if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	    !fs_remove(fs_real(), path, &ignored))
		err_clear(&ignored);
	return true;
}

static void remove_dir(char *dir)
{
	err ignored = { 0 };
	if (!fs_exists(fs_real(), dir))
		return;
	if (fs_list(fs_real(), dir, remove_name, dir, &ignored))
		(void)rmdir(dir);
}

/* What was made beside takes the place of the empty directory. */
static bool move_in(struct restore *r, const char *dir)
{
	if (fs_exists(fs_real(), dir) && rmdir(dir) != 0)
		return err_set_errno(r->e, ERR_IO, errno, "%s", dir);
	return fs_rename(fs_real(), r->dir, dir, r->e);
}

static void restore_fini(struct restore *r)
{
	file_close(&r->in, NULL);
	file_close(&r->out, NULL);
	ledger_close(&r->ledger);
	buf_fini(&r->packed);
	buf_fini(&r->block);
	arena_fini(&r->arena);
	vec_free(&r->changes);
	vec_free(&r->timers);
	vec_free(&r->records);
}

bool journal_restore(const char *path, const char *dir, backup_progress progress, void *arg,
		     struct backup_result *result, err *e)
{
	err own = { 0 };
	struct restore r = { .path = path, .progress = progress, .progress_arg = arg, .e = &own };
	str name = str_of(dir);
	*result = (struct backup_result){ 0 };
	while (name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	if (!dir_is_free(dir, e))
		return false;
	snprintf(r.dir, sizeof r.dir, "%.*s.restoring", STR_ARG(name));
	buf_init(&r.packed, BACKUP_BLOCK_MAX + MIB);
	buf_init(&r.block, BACKUP_BLOCK_MAX);
	arena_init(&r.arena, 2 * BACKUP_BLOCK_MAX);
	remove_dir(r.dir);
	bool ok = file_open(fs_real(), path, FILE_READ, &r.in, &own) &&
		  file_size(r.in, &r.bytes, &own) && fs_make_dir(fs_real(), r.dir, &own) &&
		  fill(&r, result) && move_in(&r, dir);
	restore_fini(&r);
	if (!ok) {
		remove_dir(r.dir);
		if (e)
			*e = own;
	}
	return ok;
}
