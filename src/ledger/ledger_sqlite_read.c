/*
 * ledger_sqlite_read.c - the driver's reads: rows by key and in order, records, timers.
 *
 * What it is:   prepared statements and a check of every row's checksum before it is handed out.
 * Promises:     damaged rows are ERR_CORRUPT and named; a call that takes several keys sees one
 *               state.
 * Threads:      as ledger.h.
 */
#include "ledger/ledger_sqlite_int.h"

#include <string.h>

/* Begins a read unless one is open; *began_r says whether it is the caller's to end. */
static bool read_enter(struct sqlite_ledger *l, bool *began_r, err *e)
{
	*began_r = !l->reading;
	return l->reading || sqlite_do(l, ST_BEGIN_READ, "cannot begin to read", e);
}

/* The end of a read has nothing to write; a rollback does it, and cannot fail. */
static void read_leave(struct sqlite_ledger *l, bool began)
{
	if (began && !sqlite3_get_autocommit(l->db))
		(void)sqlite_run(l->st[ST_ROLLBACK]);
}

bool sqlite_ledger_read_begin(void *state, err *e)
{
	struct sqlite_ledger *l = state;
	bool began = false;
	if (!sqlite_statement(l, ST_ROLLBACK, e) || !read_enter(l, &began, e))
		return false;
	/* BEGIN alone does not choose the state that will be seen; the first row read does. */
	if (!sqlite_do(l, ST_PIN, "cannot begin to read", e)) {
		read_leave(l, began);
		return false;
	}
	l->reading = true;
	return true;
}

void sqlite_ledger_read_end(void *state)
{
	struct sqlite_ledger *l = state;
	l->reading = false;
	read_leave(l, true);
}

static bool row_damaged(const struct sqlite_ledger *l, enum ledger_table table, uint64_t key,
			err *e)
{
	return err_set(e, ERR_CORRUPT, "%s: row %llu of table %s is damaged", l->path,
		       (unsigned long long)key, sqlite_table_name(table));
}

/* Of a statement that selects checksum, value: the value, when it is what was written. */
static bool row_value(struct sqlite_ledger *l, sqlite3_stmt *s, enum ledger_table table,
		      uint64_t key, str *value_r, err *e)
{
	str value;
	if (!sqlite_column_bytes(l, s, 1, &value, e))
		return false;
	if ((uint64_t)sqlite3_column_int64(s, 0) != sqlite_row_checksum(table, key, value))
		return row_damaged(l, table, key, e);
	*value_r = value;
	return true;
}

static bool value_copy(struct arena *a, str value, str *copy_r, err *e)
{
	char *p = arena_alloc(a, value.n);
	if (!p)
		return arena_err(a, e);
	memcpy(p, value.p, value.n);
	*copy_r = str_make(p, value.n);
	return true;
}

static bool load_one(struct sqlite_ledger *l, sqlite3_stmt *s, enum ledger_table table,
		     uint64_t key, struct arena *a, str *value_r, err *e)
{
	sqlite3_bind_int64(s, 1, (int64_t)key);
	int rc = sqlite3_step(s);
	bool ok = true;
	if (rc == SQLITE_ROW) {
		str value;
		ok = row_value(l, s, table, key, &value, e) && value_copy(a, value, value_r, e);
	} else if (rc == SQLITE_DONE) {
		*value_r = (str){ 0 };
	} else {
		ok = sqlite_err(l, rc, "cannot read a row", e);
	}
	sqlite3_reset(s);
	return ok;
}

bool sqlite_ledger_load(void *state, enum ledger_table table, const uint64_t *keys, size_t n,
			struct arena *a, str *values_r, err *e)
{
	struct sqlite_ledger *l = state;
	sqlite3_stmt *s = sqlite_table_statement(l, table, TS_GET, e);
	bool began = false;
	if (!s || !sqlite_statement(l, ST_ROLLBACK, e))
		return false;
	if (n > 1 && !read_enter(l, &began, e))
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++)
		ok = load_one(l, s, table, keys[i], a, &values_r[i], e);
	read_leave(l, began);
	return ok;
}

bool sqlite_ledger_scan(void *state, enum ledger_table table, uint64_t from, ledger_row_fn each,
			void *arg, err *e)
{
	struct sqlite_ledger *l = state;
	sqlite3_stmt *s = sqlite_table_statement(l, table, TS_SCAN, e);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, (int64_t)from);
	bool ok = true;
	int rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		uint64_t key = (uint64_t)sqlite3_column_int64(s, 2);
		str value;
		ok = row_value(l, s, table, key, &value, e);
		if (!ok || !each(arg, key, value))
			break;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		ok = sqlite_err(l, rc, "cannot read a table", e);
	sqlite3_reset(s);
	return ok;
}

static bool record_read(struct sqlite_ledger *l, sqlite3_stmt *s, struct ledger_record *r_r, err *e)
{
	int64_t first_seq = sqlite3_column_int64(s, 0);
	int64_t touches = sqlite3_column_int64(s, 1);
	struct ledger_record r = { .first_seq = (uint64_t)first_seq, .touches = (uint32_t)touches };
	if (!sqlite_column_bytes(l, s, 3, &r.body, e))
		return false;
	if (first_seq < 1 || touches < 1 || touches > UINT32_MAX ||
	    first_seq > INT64_MAX - touches ||
	    (uint64_t)sqlite3_column_int64(s, 2) != sqlite_record_checksum(&r))
		return err_set(e, ERR_CORRUPT,
			       "%s: the journal record that begins with touch %lld is damaged",
			       l->path, (long long)first_seq);
	*r_r = r;
	return true;
}

bool sqlite_ledger_scan_records(void *state, uint64_t from_seq, uint64_t to_seq,
				ledger_record_fn each, void *arg, err *e)
{
	struct sqlite_ledger *l = state;
	sqlite3_stmt *s = sqlite_statement(l, ST_RECORD_SCAN, e);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, (int64_t)from_seq);
	sqlite3_bind_int64(s, 2, (int64_t)to_seq);
	bool ok = true;
	int rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct ledger_record r;
		ok = record_read(l, s, &r, e);
		if (!ok)
			break;
		if (r.first_seq + r.touches > from_seq && !each(arg, &r))
			break;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		ok = sqlite_err(l, rc, "cannot read the journal", e);
	sqlite3_reset(s);
	return ok;
}

bool sqlite_ledger_last_seq(void *state, uint64_t *seq_r, err *e)
{
	struct sqlite_ledger *l = state;
	sqlite3_stmt *s = sqlite_statement(l, ST_RECORD_LAST, e);
	if (!s)
		return false;
	int rc = sqlite3_step(s);
	uint64_t first = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 1;
	uint64_t touches = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 1) : 0;
	sqlite3_reset(s);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return sqlite_err(l, rc, "cannot read the journal", e);
	*seq_r = first + touches - 1;
	return true;
}

bool sqlite_timer_read(struct sqlite_ledger *l, sqlite3_stmt *s, struct ledger_timer_change *t_r,
		       err *e)
{
	struct ledger_timer_change t = { .timer = { .due_us = sqlite3_column_int64(s, 0),
						    .kind = (uint32_t)sqlite3_column_int64(s, 1),
						    .subject = (uint64_t)sqlite3_column_int64(
							    s, 2) } };
	if (!sqlite_column_bytes(l, s, 4, &t.payload, e))
		return false;
	if ((uint64_t)sqlite3_column_int64(s, 3) != sqlite_timer_checksum(&t))
		return err_set(e, ERR_CORRUPT,
			       "%s: the timer of kind %u for subject %llu is damaged", l->path,
			       t.timer.kind, (unsigned long long)t.timer.subject);
	*t_r = t;
	return true;
}

static bool timers_count(struct sqlite_ledger *l, int64_t now_us, int64_t max, size_t *n_r, err *e)
{
	sqlite3_stmt *s = sqlite_statement(l, ST_TIMER_COUNT_DUE, e);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, now_us);
	sqlite3_bind_int64(s, 2, max);
	int rc = sqlite3_step(s);
	size_t n = rc == SQLITE_ROW ? (size_t)sqlite3_column_int64(s, 0) : 0;
	sqlite3_reset(s);
	if (rc != SQLITE_ROW)
		return sqlite_err(l, rc, "cannot read the timers", e);
	*n_r = n;
	return true;
}

static bool timers_read(struct sqlite_ledger *l, int64_t now_us, size_t n, struct arena *a,
			struct ledger_timer_change *timers, size_t *n_r, err *e)
{
	sqlite3_stmt *s = sqlite_statement(l, ST_TIMER_DUE, e);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, now_us);
	sqlite3_bind_int64(s, 2, (int64_t)n);
	bool ok = true;
	size_t got = 0;
	int rc = SQLITE_DONE;
	while (ok && got < n && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct ledger_timer_change *t = &timers[got++];
		ok = sqlite_timer_read(l, s, t, e) && value_copy(a, t->payload, &t->payload, e);
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		ok = sqlite_err(l, rc, "cannot read the timers", e);
	sqlite3_reset(s);
	*n_r = got;
	return ok;
}

bool sqlite_ledger_timers_due(void *state, int64_t now_us, size_t max, struct arena *a,
			      struct ledger_timer_change **timers_r, size_t *n_r, err *e)
{
	struct sqlite_ledger *l = state;
	bool began = false;
	if (!sqlite_statement(l, ST_ROLLBACK, e) || !read_enter(l, &began, e))
		return false;
	struct ledger_timer_change *timers = NULL;
	size_t n = 0;
	bool ok = timers_count(l, now_us, (int64_t)MIN(max, (size_t)INT64_MAX), &n, e);
	if (ok) {
		timers = ARENA_ARRAY(a, struct ledger_timer_change, n);
		ok = timers ? timers_read(l, now_us, n, a, timers, &n, e) : arena_err(a, e);
	}
	read_leave(l, began);
	if (!ok)
		return false;
	*timers_r = timers;
	*n_r = n;
	return true;
}

bool sqlite_ledger_scan_timers(void *state, ledger_timer_fn each, void *arg, err *e)
{
	struct sqlite_ledger *l = state;
	sqlite3_stmt *s = sqlite_statement(l, ST_TIMER_DUE, e);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, INT64_MAX);
	sqlite3_bind_int64(s, 2, -1); /* no limit */
	bool ok = true;
	int rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct ledger_timer_change t;
		ok = sqlite_timer_read(l, s, &t, e);
		if (!ok || !each(arg, &t))
			break;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		ok = sqlite_err(l, rc, "cannot read the timers", e);
	sqlite3_reset(s);
	return ok;
}

bool sqlite_ledger_timer_next(void *state, int64_t *due_us_r, err *e)
{
	struct sqlite_ledger *l = state;
	sqlite3_stmt *s = sqlite_statement(l, ST_TIMER_NEXT, e);
	if (!s)
		return false;
	int rc = sqlite3_step(s);
	int64_t due = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : INT64_MAX;
	sqlite3_reset(s);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return sqlite_err(l, rc, "cannot read the timers", e);
	*due_us_r = due;
	return true;
}
