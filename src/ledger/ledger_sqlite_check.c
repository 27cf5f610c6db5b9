/*
 * ledger_sqlite_check.c - reads everything to find damage, and counts bytes.
 *
 * What it is:   SQLite's own check of its pages, then the checksum of every record, row and timer.
 * Promises:     the first damage found is named; nothing is changed.
 * Threads:      as ledger.h.
 */
#include "ledger/ledger_sqlite_int.h"

static bool check_pages(struct sqlite_ledger *l, err *e)
{
	static const char DOING[] = "cannot read the ledger";
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(l->db, "PRAGMA integrity_check(1)", -1, &s, NULL);
	if (rc != SQLITE_OK)
		return sqlite_err(l, rc, DOING, e);
	rc = sqlite3_step(s);
	bool ok;
	if (rc == SQLITE_ROW) {
		const char *said = (const char *)sqlite3_column_text(s, 0);
		ok = str_eq(str_of(said), S("ok")) ||
		     err_set(e, ERR_CORRUPT, "%s: the file is damaged: %s", l->path,
			     said ? said : "unknown");
	} else {
		ok = sqlite_err(l, rc, DOING, e);
	}
	sqlite3_finalize(s);
	return ok;
}

struct record_check {
	uint64_t next_seq;
	uint64_t overlaps_at; /* 0: none */
};

static bool check_record(void *arg, const struct ledger_record *r)
{
	struct record_check *c = arg;
	if (r->first_seq < c->next_seq)
		c->overlaps_at = r->first_seq;
	c->next_seq = r->first_seq + r->touches;
	return c->overlaps_at == 0;
}

/* Reading a record, row or timer compares its checksum. */
static bool check_records(struct sqlite_ledger *l, err *e)
{
	struct record_check c = { .next_seq = 1 };
	if (!sqlite_ledger_scan_records(l, 0, LEDGER_KEY_MAX, check_record, &c, e))
		return false;
	if (c.overlaps_at == 0)
		return true;
	return err_set(e, ERR_CORRUPT,
		       "%s: the journal record that begins with touch %llu overlaps the one before",
		       l->path, (unsigned long long)c.overlaps_at);
}

static bool check_row(void *arg, uint64_t key, str value)
{
	(void)arg;
	(void)key;
	(void)value;
	return true;
}

static bool check_timers(struct sqlite_ledger *l, err *e)
{
	sqlite3_stmt *s = sqlite_statement(l, ST_TIMER_DUE, e);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, INT64_MAX);
	sqlite3_bind_int64(s, 2, INT64_MAX);
	bool ok = true;
	int rc = SQLITE_DONE;
	struct ledger_timer_change t;
	while (ok && (rc = sqlite3_step(s)) == SQLITE_ROW)
		ok = sqlite_timer_read(l, s, &t, e);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		ok = sqlite_err(l, rc, "cannot read the timers", e);
	sqlite3_reset(s);
	return ok;
}

bool sqlite_ledger_check(void *state, err *e)
{
	struct sqlite_ledger *l = state;
	if (!check_pages(l, e) || !check_records(l, e) || !check_timers(l, e))
		return false;
	/* Keys below 0 cannot have been written; from there on, so that they are found. */
	for (size_t t = 0; t < LEDGER_TABLES_N; t++)
		if (!sqlite_ledger_scan(l, (enum ledger_table)t, (uint64_t)INT64_MIN, check_row,
					NULL, e))
			return false;
	return true;
}

/* 0 for a file that is not there, as in memory. */
static uint64_t file_bytes(struct sqlite_ledger *l, int which)
{
	sqlite3_file *f = NULL;
	sqlite3_int64 n = 0;
	if (sqlite3_file_control(l->db, "main", which, &f) != SQLITE_OK || !f || !f->pMethods)
		return 0;
	return f->pMethods->xFileSize(f, &n) == SQLITE_OK && n > 0 ? (uint64_t)n : 0;
}

bool sqlite_ledger_bytes(void *state, uint64_t *file_r, uint64_t *records_r, err *e)
{
	struct sqlite_ledger *l = state;
	static const char DOING[] = "cannot read the journal";
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(l->db, "SELECT coalesce(sum(length(body)), 0) FROM journal", -1,
				    &s, NULL);
	if (rc != SQLITE_OK)
		return sqlite_err(l, rc, DOING, e);
	rc = sqlite3_step(s);
	uint64_t records = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
	sqlite3_finalize(s);
	if (rc != SQLITE_ROW)
		return sqlite_err(l, rc, DOING, e);
	*records_r = records;
	*file_r = file_bytes(l, SQLITE_FCNTL_FILE_POINTER) +
		  file_bytes(l, SQLITE_FCNTL_JOURNAL_POINTER);
	return true;
}
