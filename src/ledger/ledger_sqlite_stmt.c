/*
 * ledger_sqlite_stmt.c - the driver's SQL text, and SQLite's failures in words.
 *
 * What it is:   all statements of reading and writing (the schema stands in ledger_sqlite_open.c),
 *               prepared on first use; binding, checksums, errors.
 * Promises:     values are always bound, never pasted; table names come from the table below only.
 * Threads:      as ledger.h.
 */
#include "ledger/ledger_sqlite_int.h"

#include "io/zip.h"

#include <stdio.h>

static const char *const STATEMENTS[ST_N] = {
	[ST_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[ST_BEGIN_READ] = "BEGIN",
	[ST_COMMIT] = "COMMIT",
	[ST_ROLLBACK] = "ROLLBACK",
	[ST_PIN] = "SELECT 1 FROM journal LIMIT 1",
	[ST_RECORD_PUT] =
		"INSERT INTO journal (first_seq, touches, checksum, body) VALUES (?1, ?2, ?3, ?4)",
	/* The first record may begin before the first touch that is asked for. */
	[ST_RECORD_SCAN] =
		"SELECT first_seq, touches, checksum, body FROM journal WHERE first_seq >= coalesce("
		"(SELECT max(first_seq) FROM journal WHERE first_seq <= ?1), ?1) "
		"AND first_seq <= ?2 ORDER BY first_seq",
	[ST_RECORD_LAST] = "SELECT first_seq, touches FROM journal ORDER BY first_seq DESC LIMIT 1",
	[ST_RECORD_SIZES] = "SELECT first_seq, touches, length(body) FROM journal "
			    "WHERE first_seq <= ?1 ORDER BY first_seq",
	[ST_RECORD_TRIM] = "DELETE FROM journal WHERE first_seq <= ?1",
	[ST_TIMER_PUT] = "INSERT OR REPLACE INTO timer (due, kind, subject, checksum, payload) "
			 "VALUES (?1, ?2, ?3, ?4, ?5)",
	[ST_TIMER_REMOVE] = "DELETE FROM timer WHERE due = ?1 AND kind = ?2 AND subject = ?3",
	[ST_TIMER_COUNT_DUE] =
		"SELECT count(*) FROM (SELECT 1 FROM timer WHERE due <= ?1 LIMIT ?2)",
	[ST_TIMER_DUE] = "SELECT due, kind, subject, checksum, payload FROM timer WHERE due <= ?1 "
			 "ORDER BY due, kind, subject LIMIT ?2",
	[ST_TIMER_NEXT] = "SELECT due FROM timer ORDER BY due LIMIT 1",
};

static const char *const TABLES[LEDGER_TABLES_N] = {
	[LEDGER_META] = "meta",	      [LEDGER_IDS] = "ids",	    [LEDGER_EDGES] = "edges",
	[LEDGER_DEVICES] = "devices", [LEDGER_COUNTS] = "counts",   [LEDGER_CELLS] = "cells",
	[LEDGER_ORIGINS] = "origins", [LEDGER_IMPORTS] = "imports", [LEDGER_CONFIG] = "config",
	[LEDGER_OUTBOX] = "outbox",
};

const char *sqlite_table_name(enum ledger_table table)
{
	return TABLES[table];
}

static bool prepare(struct sqlite_ledger *l, const char *sql, sqlite3_stmt **s_r, err *e)
{
	int rc = sqlite3_prepare_v3(l->db, sql, -1, SQLITE_PREPARE_PERSISTENT, s_r, NULL);
	if (rc == SQLITE_OK)
		return true;
	return sqlite_err(l, rc, "cannot prepare a statement", e);
}

sqlite3_stmt *sqlite_statement(struct sqlite_ledger *l, enum statement which, err *e)
{
	if (!l->st[which] && !prepare(l, STATEMENTS[which], &l->st[which], e))
		return NULL;
	return l->st[which];
}

sqlite3_stmt *sqlite_table_statement(struct sqlite_ledger *l, enum ledger_table table,
				     enum table_statement which, err *e)
{
	sqlite3_stmt **s = &l->table_st[table][which];
	if (*s)
		return *s;
	const char *name = TABLES[table];
	char sql[160];
	switch (which) {
	case TS_PUT:
		snprintf(sql, sizeof sql,
			 "INSERT OR REPLACE INTO %s (key, checksum, value) VALUES (?1, ?2, ?3)",
			 name);
		break;
	case TS_REMOVE:
		snprintf(sql, sizeof sql, "DELETE FROM %s WHERE key = ?1", name);
		break;
	case TS_GET:
		snprintf(sql, sizeof sql, "SELECT checksum, value FROM %s WHERE key = ?1", name);
		break;
	case TS_SCAN:
	default:
		snprintf(sql, sizeof sql,
			 "SELECT checksum, value, key FROM %s WHERE key >= ?1 ORDER BY key", name);
		break;
	}
	return prepare(l, sql, s, e) ? *s : NULL;
}

int sqlite_run(sqlite3_stmt *s)
{
	int rc = sqlite3_step(s);
	sqlite3_reset(s); /* repeats the failure of the step */
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

bool sqlite_do(struct sqlite_ledger *l, enum statement which, const char *doing, err *e)
{
	sqlite3_stmt *s = sqlite_statement(l, which, e);
	if (!s)
		return false;
	int rc = sqlite_run(s);
	return rc == SQLITE_OK || sqlite_err(l, rc, doing, e);
}

void sqlite_finalize_all(struct sqlite_ledger *l)
{
	for (size_t i = 0; i < ST_N; i++)
		sqlite3_finalize(l->st[i]);
	for (size_t t = 0; t < LEDGER_TABLES_N; t++)
		for (size_t i = 0; i < TS_N; i++)
			sqlite3_finalize(l->table_st[t][i]);
}

int sqlite_bind_bytes(sqlite3_stmt *s, int at, str value)
{
	return sqlite3_bind_blob64(s, at, value.n ? value.p : "", value.n, SQLITE_STATIC);
}

bool sqlite_column_bytes(struct sqlite_ledger *l, sqlite3_stmt *s, int at, str *value_r, err *e)
{
	const void *p = sqlite3_column_blob(s, at);
	int n = sqlite3_column_bytes(s, at);
	if (!p && sqlite3_errcode(l->db) == SQLITE_NOMEM)
		return err_nomem(e);
	*value_r = p ? str_make(p, (size_t)n) : S("");
	return true;
}

bool sqlite_err(const struct sqlite_ledger *l, int rc, const char *doing, err *e)
{
	const char *path = l->path;
	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		return err_nomem(e);
	case SQLITE_FULL:
		return err_set(e, ERR_IO, "%s: %s: the disk is full", path, doing);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(e, ERR_BUSY, "%s: %s: another process is writing to it", path,
			       doing);
	case SQLITE_NOTADB:
		return err_set(e, ERR_CORRUPT, "%s: %s: this file is not a ledger", path, doing);
	case SQLITE_CORRUPT:
		return err_set(e, ERR_CORRUPT, "%s: %s: the file is damaged (%s)", path, doing,
			       sqlite3_errmsg(l->db));
	case SQLITE_CONSTRAINT:
		return err_set(e, ERR_CONFLICT, "%s: %s: a record of that number is there already",
			       path, doing);
	case SQLITE_TOOBIG:
		return err_set(e, ERR_LIMIT, "%s: %s: a value is larger than the ledger can hold",
			       path, doing);
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return err_set(e, ERR_DENIED, "%s: %s: no permission to write (%s)", path, doing,
			       sqlite3_errmsg(l->db));
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		break;
	default:
		return err_set(e, ERR_IO, "%s: %s: %s", path, doing, sqlite3_errstr(rc));
	}
	if (rc == SQLITE_IOERR_NOMEM)
		return err_nomem(e);
	int errnum = sqlite3_system_errno(l->db);
	if (errnum == 0)
		return err_set(e, ERR_IO, "%s: %s: %s", path, doing, sqlite3_errstr(rc));
	return err_set_errno(e, ERR_IO, errnum, "%s: %s: %s", path, doing, sqlite3_errstr(rc));
}

static uint64_t checksum(uint64_t a, uint64_t b, uint64_t c, str bytes)
{
	uint64_t parts[4] = { a, b, c, zip_hash(bytes.n ? bytes.p : "", bytes.n) };
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		parts[i] = __builtin_bswap64(parts[i]);
#endif
	return zip_hash(parts, sizeof parts);
}

uint64_t sqlite_record_checksum(const struct ledger_record *r)
{
	return checksum(r->first_seq, r->touches, 0, r->body);
}

uint64_t sqlite_row_checksum(enum ledger_table table, uint64_t key, str value)
{
	return checksum(key, (uint64_t)table, 1, value);
}

uint64_t sqlite_timer_checksum(const struct ledger_timer_change *t)
{
	return checksum((uint64_t)t->timer.due_us, t->timer.kind, t->timer.subject, t->payload);
}
