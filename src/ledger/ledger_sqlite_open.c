/*
 * ledger_sqlite_open.c - opening, making, migrating and closing an SQLite ledger.
 *
 * What it is:   the schema as a list of migrations: the n-th takes a file from format n - 1 to n.
 * Promises:     a file that is not a ledger is not touched; making and migrating is one
 *               transaction; opening for writing ends every doubt about an earlier commit whose
 *               answer never came.
 * Format:       docs/format/ledger.md
 * Threads:      as ledger.h.
 */
#include "ledger/ledger_sqlite_int.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define APPLICATION_ID 0x54726963 /* "Tric" */

#define KEYED_TABLE(name)                                                                          \
	"CREATE TABLE " name                                                                       \
	" (key INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, value BLOB NOT NULL);"

static const char *const MIGRATIONS[] = {
	"CREATE TABLE journal (first_seq INTEGER PRIMARY KEY, touches INTEGER NOT NULL,"
	" checksum INTEGER NOT NULL, body BLOB NOT NULL);"
	"CREATE TABLE timer (due INTEGER NOT NULL, kind INTEGER NOT NULL, subject INTEGER NOT NULL,"
	" checksum INTEGER NOT NULL, payload BLOB NOT NULL,"
	" PRIMARY KEY (due, kind, subject)) WITHOUT ROWID;" KEYED_TABLE("meta") KEYED_TABLE("ids")
		KEYED_TABLE("edges") KEYED_TABLE("devices") KEYED_TABLE("counts")
			KEYED_TABLE("cells") KEYED_TABLE("origins") KEYED_TABLE("imports")
				KEYED_TABLE("config") KEYED_TABLE("outbox"),
};
#define FORMAT_VERSION ((int64_t)ARRAY_LEN(MIGRATIONS))

/* What a file says about itself. */
struct identity {
	int64_t application;
	int64_t version;
	bool empty; /* no table at all: just made, or about to be */
};

static bool exec(struct sqlite_ledger *l, const char *sql, const char *doing, err *e)
{
	int rc = sqlite3_exec(l->db, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK || sqlite_err(l, rc, doing, e);
}

static bool query_number(struct sqlite_ledger *l, const char *sql, int64_t *v_r, err *e)
{
	static const char DOING[] = "cannot read the ledger";
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(l->db, sql, -1, &s, NULL);
	if (rc != SQLITE_OK)
		return sqlite_err(l, rc, DOING, e);
	rc = sqlite3_step(s);
	int64_t v = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_finalize(s);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return sqlite_err(l, rc, DOING, e);
	*v_r = v;
	return true;
}

static bool identity_read(struct sqlite_ledger *l, struct identity *id_r, err *e)
{
	int64_t tables;
	if (!query_number(l, "PRAGMA application_id", &id_r->application, e) ||
	    !query_number(l, "PRAGMA user_version", &id_r->version, e) ||
	    !query_number(l, "SELECT count(*) FROM sqlite_schema", &tables, e))
		return false;
	id_r->empty = tables == 0 && id_r->application == 0 && id_r->version == 0;
	return true;
}

/* Nothing has been written so far, so somebody else's database stays as it is. */
static bool identity_check(const struct sqlite_ledger *l, const struct identity *id, err *e)
{
	bool reading = l->mode == LEDGER_READ;
	if (id->empty && !reading)
		return true;
	if (id->empty)
		return err_set(e, ERR_NOT_FOUND, "%s: the ledger is empty; it was never set up",
			       l->path);
	if (id->application != APPLICATION_ID || id->version < 1)
		return err_set(e, ERR_CORRUPT, "%s: this database is not a ledger", l->path);
	if (id->version > FORMAT_VERSION)
		return err_set(e, ERR_CONFLICT,
			       "%s: written by a newer version of this program (format %lld; this "
			       "one knows up to %lld); use that version",
			       l->path, (long long)id->version, (long long)FORMAT_VERSION);
	if (id->version < FORMAT_VERSION && reading)
		return err_set(e, ERR_CONFLICT,
			       "%s: written by an older version of this program (format %lld); "
			       "open it for writing once, that brings it up to date",
			       l->path, (long long)id->version);
	return true;
}

static bool configure_reader(struct sqlite_ledger *l, err *e)
{
	return exec(l,
		    "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;"
		    "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA query_only = ON;",
		    "cannot open the ledger", e);
}

/* Remembers how long the log has become; SQLite's own checkpointing is thereby off. */
static int after_commit(void *arg, sqlite3 *db, const char *schema, int log_pages)
{
	(void)db;
	(void)schema;
	struct sqlite_ledger *l = arg;
	l->log_pages = log_pages > 0 ? (uint32_t)log_pages : 0;
	return SQLITE_OK;
}

static bool configure_writer(struct sqlite_ledger *l, err *e)
{
	char sql[512];
	snprintf(sql, sizeof sql,
		 "PRAGMA page_size = %d; PRAGMA auto_vacuum = NONE; PRAGMA journal_mode = %s;"
		 "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
		 "PRAGMA cell_size_check = ON; PRAGMA foreign_keys = OFF;"
		 "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"
		 "PRAGMA cache_size = -8192; PRAGMA journal_size_limit = %zu;",
		 LEDGER_PAGE_BYTES, l->mode == LEDGER_MEMORY ? "MEMORY" : "WAL",
		 LEDGER_LOG_BYTES_KEPT);
	if (!exec(l, sql, "cannot open the ledger for writing", e))
		return false;
	sqlite3_wal_hook(l->db, after_commit, l);
	/* The change to a log is refused silently. */
	int64_t has_log = 0;
	if (l->mode == LEDGER_MEMORY)
		return true;
	if (!query_number(l, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &has_log, e))
		return false;
	return has_log || err_set(e, ERR_IO,
				  "%s: this file system cannot share memory between processes, "
				  "which the ledger needs; put it on a local disk",
				  l->path);
}

static bool migrate_from(struct sqlite_ledger *l, int64_t version, err *e)
{
	for (; version < FORMAT_VERSION; version++)
		if (!exec(l, MIGRATIONS[version], "cannot set up the tables", e))
			return false;
	/* Written even when it stays the same: see settle() below. */
	char sql[128];
	snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %lld;",
		 APPLICATION_ID, (long long)FORMAT_VERSION);
	return exec(l, sql, "cannot set up the tables", e);
}

static bool migrate(struct sqlite_ledger *l, err *e)
{
	if (!exec(l, "BEGIN IMMEDIATE", "cannot begin to write", e))
		return false;
	struct identity id; /* anew: another process may have been first */
	if (identity_read(l, &id, e) && identity_check(l, &id, e) &&
	    migrate_from(l, id.version, e) && exec(l, "COMMIT", "cannot commit", e))
		return true;
	if (!sqlite3_get_autocommit(l->db))
		(void)sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

/* Ends doubts. When a commit's answer never came, its pages may stand behind the log's valid end,
 * where a later crash could make them valid; or they are valid, but only the system's cache has
 * them. Copying the log into the file and emptying it settles both, and needs no room on a full
 * disk. Where readers forbid emptying, a transaction overwrites what is behind the end. */
static bool settle(struct sqlite_ledger *l, const struct identity *id, err *e)
{
	if (l->mode == LEDGER_MEMORY)
		return migrate(l, e);
	if (id->version == FORMAT_VERSION) {
		err why;
		err_clear(&why);
		if (sqlite_log_empty(l, &why))
			return true;
		if (why.code != ERR_BUSY) {
			if (e)
				*e = why;
			return false;
		}
	}
	return migrate(l, e) && sqlite_log_copy(l, e);
}

/* SQLite takes "file:x" and ":x" for something other than a file's name. */
static char *path_for_sqlite(const char *path)
{
	size_t n = strlen(path);
	char *p = mem_alloc(n + 3);
	if (!p)
		return NULL;
	bool special = path[0] == ':' || strncmp(path, "file:", 5) == 0;
	snprintf(p, n + 3, "%s%s", special ? "./" : "", path);
	return p;
}

static bool open_file(struct sqlite_ledger *l, const char *vfs, err *e)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	flags |= l->mode == LEDGER_READ ? SQLITE_OPEN_READONLY
					: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	char *name = path_for_sqlite(l->path);
	if (!name)
		return err_nomem(e);
	int rc = sqlite3_open_v2(l->mode == LEDGER_MEMORY ? ":memory:" : name, &l->db, flags, vfs);
	mem_free(name);
	if (rc != SQLITE_OK)
		return sqlite_err(l, rc, "cannot open the ledger", e);
	/* SQLite falls back to reading when it may not write. */
	if (l->mode == LEDGER_WRITE && sqlite3_db_readonly(l->db, "main") == 1)
		return err_set(e, ERR_DENIED, "%s: no permission to write to the ledger", l->path);
	sqlite3_busy_timeout(l->db, LEDGER_BUSY_WAIT_MS);
	sqlite3_db_config(l->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (l->mode == LEDGER_READ)
		sqlite3_db_config(l->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return true;
}

static bool open_all(struct sqlite_ledger *l, const char *vfs, err *e)
{
	struct identity id;
	if (!open_file(l, vfs, e) || !identity_read(l, &id, e) || !identity_check(l, &id, e))
		return false;
	if (l->mode == LEDGER_READ)
		return configure_reader(l, e);
	return configure_writer(l, e) && settle(l, &id, e);
}

static void release(struct sqlite_ledger *l)
{
	sqlite_finalize_all(l);
	sqlite3_close(l->db);
	mem_free(l->path);
	mem_free(l);
}

bool sqlite_ledger_open(const char *path, enum ledger_mode mode,
			const struct ledger_options *options, void **state_r, err *e)
{
	if (mode == LEDGER_MEMORY)
		path = "the ledger in memory";
	if (!path || !*path)
		return err_set(e, ERR_INVALID, "the path of the ledger is empty");
	struct sqlite_ledger *l = mem_zalloc(1, sizeof *l);
	if (!l)
		return err_nomem(e);
	l->mode = mode;
	size_t n = strlen(path) + 1;
	l->path = mem_alloc(n);
	if (!l->path) {
		mem_free(l);
		return err_nomem(e);
	}
	memcpy(l->path, path, n);
	if (!open_all(l, options->driver_hint, e)) {
		release(l);
		return false;
	}
	*state_r = l;
	return true;
}

void sqlite_ledger_close(void *state)
{
	struct sqlite_ledger *l = state;
	/* What cannot be copied now stays in the log, where the next opening finds it. */
	if (l->mode == LEDGER_WRITE && !sqlite_log_empty(l, NULL))
		log_event(LOG_INFO, "ledger_log_kept", "pages=%u", l->log_pages);
	release(l);
}
