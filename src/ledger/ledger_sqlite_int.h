/*
 * ledger_sqlite_int.h - what the files of the SQLite driver share.
 *
 * What it is:   the driver's state, its statements, and how its failures are put into words.
 * Format:       docs/format/ledger.md
 * Threads:      as ledger.h.
 */
#ifndef TRICHTER_LEDGER_SQLITE_INT_H
#define TRICHTER_LEDGER_SQLITE_INT_H

#include "ledger/ledger_int.h"

#include <sqlite3.h>

#define LEDGER_PAGE_BYTES   4096
#define LEDGER_BUSY_WAIT_MS 5000
/* The log is copied into the file when this many pages of it were not yet: few enough that the
 * commit that pays for it takes tens of milliseconds on a busy disk (with 8192, a tenth of a second
 * and more), many enough that pages changed often are copied once. */
#define LEDGER_LOG_PAGES_MAX 4096
/* What a log that grew beside a long read shrinks back to. */
#define LEDGER_LOG_BYTES_KEPT (32 * MIB)

enum statement {
	ST_BEGIN_WRITE,
	ST_BEGIN_READ,
	ST_COMMIT,
	ST_ROLLBACK,
	ST_PIN,
	ST_RECORD_PUT,
	ST_RECORD_SCAN,
	ST_RECORD_LAST,
	ST_RECORD_SIZES,
	ST_RECORD_TRIM,
	ST_TIMER_PUT,
	ST_TIMER_REMOVE,
	ST_TIMER_COUNT_DUE,
	ST_TIMER_DUE,
	ST_TIMER_NEXT,
	ST_N,
};

/* Of each table of ledger.h. */
enum table_statement { TS_PUT, TS_REMOVE, TS_GET, TS_SCAN, TS_N };

struct sqlite_ledger {
	sqlite3 *db;
	enum ledger_mode mode;
	bool reading;	       /* in ledger_read_begin … ledger_read_end */
	uint32_t log_pages;    /* as of the last commit */
	uint32_t copied_pages; /* log_pages when it was last copied into the file */
	char *path;	       /* as the caller gave it: for messages */
	sqlite3_stmt *st[ST_N];
	sqlite3_stmt *table_st[LEDGER_TABLES_N][TS_N];
};

/* Statements are prepared when first needed and kept. NULL: failed, and `e` says why. */
sqlite3_stmt *sqlite_statement(struct sqlite_ledger *l, enum statement which, err *e) MUST_CHECK;
sqlite3_stmt *sqlite_table_statement(struct sqlite_ledger *l, enum ledger_table table,
				     enum table_statement which, err *e) MUST_CHECK;
const char *sqlite_table_name(enum ledger_table table);
/* Runs a statement that gives no rows, and resets it. Returns SQLite's result code. */
int sqlite_run(sqlite3_stmt *s);
/* The same for one of the fixed statements without arguments. */
bool sqlite_do(struct sqlite_ledger *l, enum statement which, const char *doing, err *e) MUST_CHECK;
void sqlite_finalize_all(struct sqlite_ledger *l);

/* Binds bytes; the empty value is bound as such, not as NULL. They must live until the reset. */
int sqlite_bind_bytes(sqlite3_stmt *s, int at, str value);
/* The bytes of a column, borrowed until the next step; n is 0 and p not NULL when empty. False:
 * SQLite had no memory to hand them out. */
bool sqlite_column_bytes(struct sqlite_ledger *l, sqlite3_stmt *s, int at, str *value_r,
			 err *e) MUST_CHECK;

/* Puts result code `rc` into words: "PATH: doing: reason". Always returns false. */
bool sqlite_err(const struct sqlite_ledger *l, int rc, const char *doing, err *e);

/* Checksums cover the numbers beside the bytes as well, so a row that strayed is found too. */
uint64_t sqlite_record_checksum(const struct ledger_record *r);
uint64_t sqlite_row_checksum(enum ledger_table table, uint64_t key, str value);
uint64_t sqlite_timer_checksum(const struct ledger_timer_change *t);

/* Opening and closing (ledger_sqlite_open.c). */
bool sqlite_ledger_open(const char *path, enum ledger_mode mode,
			const struct ledger_options *options, void **state_r, err *e) MUST_CHECK;
void sqlite_ledger_close(void *state);

/* Reading (ledger_sqlite_read.c). */
bool sqlite_ledger_load(void *state, enum ledger_table table, const uint64_t *keys, size_t n,
			struct arena *a, str *values_r, err *e) MUST_CHECK;
bool sqlite_ledger_scan(void *state, enum ledger_table table, uint64_t from, ledger_row_fn each,
			void *arg, err *e) MUST_CHECK;
bool sqlite_ledger_scan_records(void *state, uint64_t from_seq, uint64_t to_seq,
				ledger_record_fn each, void *arg, err *e) MUST_CHECK;
bool sqlite_ledger_last_seq(void *state, uint64_t *seq_r, err *e) MUST_CHECK;
bool sqlite_ledger_timers_due(void *state, int64_t now_us, size_t max, struct arena *a,
			      struct ledger_timer_change **timers_r, size_t *n_r,
			      err *e) MUST_CHECK;
/* Of a row of ST_TIMER_DUE: the timer, when it is what was written; the payload is borrowed. */
bool sqlite_timer_read(struct sqlite_ledger *l, sqlite3_stmt *s, struct ledger_timer_change *t_r,
		       err *e) MUST_CHECK;
bool sqlite_ledger_scan_timers(void *state, ledger_timer_fn each, void *arg, err *e) MUST_CHECK;
bool sqlite_ledger_timer_next(void *state, int64_t *due_us_r, err *e) MUST_CHECK;
bool sqlite_ledger_read_begin(void *state, err *e) MUST_CHECK;
void sqlite_ledger_read_end(void *state);

/* Looking at the whole (ledger_sqlite_check.c). */
bool sqlite_ledger_check(void *state, err *e) MUST_CHECK;
bool sqlite_ledger_bytes(void *state, uint64_t *file_r, uint64_t *records_r, err *e) MUST_CHECK;

/* Copies as much of the log into the file as no reader needs where it is. */
bool sqlite_log_copy(struct sqlite_ledger *l, err *e) MUST_CHECK;
/* Copies all of it and empties it; ERR_BUSY at once when somebody reads. */
bool sqlite_log_empty(struct sqlite_ledger *l, err *e) MUST_CHECK;

#endif
