/*
 * ledger_sqlite.c - the SQLite driver: commits and checkpoints.
 *
 * What it is:   one transaction per group. The log (WAL) is synced at every commit; copying it into
 *               the file is done here, after a commit, when it has grown enough, never by SQLite on
 *               its own and never by readers.
 * Promises:     what failed before COMMIT was rolled back and is certainly not there. COMMIT itself
 *               fails for certain only when the lock was not had or the disk was full: then its
 *               last page, which makes it valid, was not written. Anything else may have come after
 *               that page and is ERR_UNCERTAIN.
 * Format:       docs/format/ledger.md
 * Threads:      as ledger.h.
 */
#include "ledger/ledger_sqlite_int.h"

#include "base/log.h"

static bool put_records(struct sqlite_ledger *l, const struct ledger_commit *c, err *e)
{
	if (c->records_n == 0)
		return true;
	sqlite3_stmt *s = sqlite_statement(l, ST_RECORD_PUT, e);
	if (!s)
		return false;
	for (size_t i = 0; i < c->records_n; i++) {
		const struct ledger_record *r = &c->records[i];
		sqlite3_bind_int64(s, 1, (int64_t)r->first_seq);
		sqlite3_bind_int64(s, 2, r->touches);
		sqlite3_bind_int64(s, 3, (int64_t)sqlite_record_checksum(r));
		int rc = sqlite_bind_bytes(s, 4, r->body);
		if (rc == SQLITE_OK)
			rc = sqlite_run(s);
		if (rc != SQLITE_OK)
			return sqlite_err(l, rc, "cannot write to the journal", e);
	}
	return true;
}

static bool put_changes(struct sqlite_ledger *l, const struct ledger_commit *c, err *e)
{
	for (size_t i = 0; i < c->changes_n; i++) {
		const struct ledger_change *ch = &c->changes[i];
		sqlite3_stmt *s = sqlite_table_statement(l, ch->table,
							 ch->remove ? TS_REMOVE : TS_PUT, e);
		if (!s)
			return false;
		int rc = sqlite3_bind_int64(s, 1, (int64_t)ch->key);
		if (!ch->remove) {
			sqlite3_bind_int64(
				s, 2, (int64_t)sqlite_row_checksum(ch->table, ch->key, ch->value));
			rc = sqlite_bind_bytes(s, 3, ch->value);
		}
		if (rc == SQLITE_OK)
			rc = sqlite_run(s);
		if (rc != SQLITE_OK)
			return sqlite_err(l, rc, "cannot write a row", e);
	}
	return true;
}

static bool put_timers(struct sqlite_ledger *l, const struct ledger_commit *c, err *e)
{
	for (size_t i = 0; i < c->timers_n; i++) {
		const struct ledger_timer_change *t = &c->timers[i];
		sqlite3_stmt *s = sqlite_statement(l, t->remove ? ST_TIMER_REMOVE : ST_TIMER_PUT,
						   e);
		if (!s)
			return false;
		sqlite3_bind_int64(s, 1, t->timer.due_us);
		sqlite3_bind_int64(s, 2, t->timer.kind);
		int rc = sqlite3_bind_int64(s, 3, (int64_t)t->timer.subject);
		if (!t->remove) {
			sqlite3_bind_int64(s, 4, (int64_t)sqlite_timer_checksum(t));
			rc = sqlite_bind_bytes(s, 5, t->payload);
		}
		if (rc == SQLITE_OK)
			rc = sqlite_run(s);
		if (rc != SQLITE_OK)
			return sqlite_err(l, rc, "cannot write a timer", e);
	}
	return true;
}

/* The first number of the last record to be removed; 0: none. A body's length is read without its
 * pages. */
static bool trim_end(struct sqlite_ledger *l, const struct ledger_commit *c, int64_t *first_r,
		     bool *all_r, err *e)
{
	sqlite3_stmt *s = sqlite_statement(l, ST_RECORD_SIZES, e);
	uint64_t bytes = 0;
	if (!s)
		return false;
	*first_r = 0;
	*all_r = true;
	sqlite3_bind_int64(s, 1, (int64_t)c->trim_to);
	int rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t first = sqlite3_column_int64(s, 0), touches = sqlite3_column_int64(s, 1);
		if ((uint64_t)(first + touches - 1) > c->trim_to)
			break;
		if (bytes >= c->trim_bytes) {
			*all_r = false;
			break;
		}
		bytes += (uint64_t)sqlite3_column_int64(s, 2);
		*first_r = first;
	}
	sqlite3_reset(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ||
	       sqlite_err(l, rc, "cannot read the journal", e);
}

static bool trim_records(struct sqlite_ledger *l, const struct ledger_commit *c, err *e)
{
	int64_t first;
	bool all;
	if (c->trim_to == 0)
		return true;
	if (!trim_end(l, c, &first, &all, e))
		return false;
	if (first) {
		sqlite3_stmt *s = sqlite_statement(l, ST_RECORD_TRIM, e);
		if (!s)
			return false;
		sqlite3_bind_int64(s, 1, first);
		int rc = sqlite_run(s);
		if (rc != SQLITE_OK)
			return sqlite_err(l, rc, "cannot remove records", e);
	}
	if (c->trimmed_r)
		*c->trimmed_r = all;
	return true;
}

/* Some failures have rolled back already; a rollback then has nothing to do. Its statement was
 * prepared beforehand and it needs no disk. */
static void roll_back(struct sqlite_ledger *l)
{
	if (!sqlite3_get_autocommit(l->db))
		(void)sqlite_run(l->st[ST_ROLLBACK]);
}

static bool end_commit(struct sqlite_ledger *l, err *e)
{
	int rc = sqlite_run(l->st[ST_COMMIT]);
	if (rc == SQLITE_OK)
		return true;
	bool certain = (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_FULL;
	sqlite_err(l, rc, "cannot commit", e);
	if (!certain && e)
		e->code = ERR_UNCERTAIN;
	roll_back(l);
	return false;
}

bool sqlite_log_copy(struct sqlite_ledger *l, err *e)
{
	int rc = sqlite3_wal_checkpoint_v2(l->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return rc == SQLITE_OK || sqlite_err(l, rc, "cannot copy the log into the file", e);
}

bool sqlite_log_empty(struct sqlite_ledger *l, err *e)
{
	/* Waiting for a reader would hold up the writer. */
	sqlite3_busy_timeout(l->db, 0);
	int rc = sqlite3_wal_checkpoint_v2(l->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(l->db, LEDGER_BUSY_WAIT_MS);
	if (rc == SQLITE_BUSY)
		return err_set(e, ERR_BUSY, "%s: the log cannot be emptied while it is being read",
			       l->path);
	if (rc != SQLITE_OK)
		return sqlite_err(l, rc, "cannot copy the log into the file", e);
	l->log_pages = l->copied_pages = 0;
	return true;
}

/* The commit is on disk already, so a failure here costs nothing but space and is tried again after
 * the next stretch of log. A reader may keep the log from starting over; so that it is not copied
 * again at every commit from then on, what counts is its growth. */
static void copy_log_if_long(struct sqlite_ledger *l)
{
	if (l->log_pages < l->copied_pages)
		l->copied_pages = 0; /* it has started over */
	if (l->log_pages - l->copied_pages < LEDGER_LOG_PAGES_MAX)
		return;
	l->copied_pages = l->log_pages;
	err e;
	if (!sqlite_log_copy(l, &e))
		log_event(LOG_WARN, "ledger_log_not_copied", "why=\"%s\"", e.text);
}

static bool commit(void *state, const struct ledger_commit *c, err *e)
{
	struct sqlite_ledger *l = state;
	if (!sqlite_statement(l, ST_COMMIT, e) || !sqlite_statement(l, ST_ROLLBACK, e))
		return false;
	roll_back(l); /* in case memory was too short for it the last time */
	if (!sqlite_do(l, ST_BEGIN_WRITE, "cannot begin to write", e))
		return false;
	if (!put_records(l, c, e) || !put_changes(l, c, e) || !put_timers(l, c, e) ||
	    !trim_records(l, c, e)) {
		roll_back(l);
		return false;
	}
	if (!end_commit(l, e))
		return false;
	copy_log_if_long(l);
	return true;
}

static bool checkpoint(void *state, err *e)
{
	struct sqlite_ledger *l = state;
	return l->mode == LEDGER_MEMORY || sqlite_log_empty(l, e);
}

const struct ledger_driver ledger_sqlite = {
	.name = "sqlite",
	.open = sqlite_ledger_open,
	.close = sqlite_ledger_close,
	.commit = commit,
	.load = sqlite_ledger_load,
	.scan = sqlite_ledger_scan,
	.scan_records = sqlite_ledger_scan_records,
	.last_seq = sqlite_ledger_last_seq,
	.timers_due = sqlite_ledger_timers_due,
	.scan_timers = sqlite_ledger_scan_timers,
	.timer_next = sqlite_ledger_timer_next,
	.read_begin = sqlite_ledger_read_begin,
	.read_end = sqlite_ledger_read_end,
	.checkpoint = checkpoint,
	.check = sqlite_ledger_check,
	.bytes = sqlite_ledger_bytes,
};
