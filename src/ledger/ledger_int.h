/*
 * ledger_int.h - what a driver of the ledger has to offer.
 *
 * What it is:   one table of functions per database. ledger.c checks the arguments and the state of
 *               the handle once for all of them, so that a driver meets only calls that make sense:
 *               no commit on a handle for reading or inside a read, keys within their bounds, no
 *               call after an uncertain commit except close.
 * Threads:      as ledger.h.
 */
#ifndef TRICHTER_LEDGER_INT_H
#define TRICHTER_LEDGER_INT_H

#include "ledger/ledger.h"

#define LEDGER_KEY_MAX ((uint64_t)INT64_MAX)

/* Every function means what its namesake in ledger.h means; `state` is the driver's own. */
struct ledger_driver {
	const char *name;
	bool (*open)(const char *path, enum ledger_mode mode, const struct ledger_options *options,
		     void **state_r, err *e);
	void (*close)(void *state);
	bool (*commit)(void *state, const struct ledger_commit *c, err *e);
	bool (*load)(void *state, enum ledger_table table, const uint64_t *keys, size_t n,
		     struct arena *a, str *values_r, err *e);
	bool (*scan)(void *state, enum ledger_table table, uint64_t from, ledger_row_fn each,
		     void *arg, err *e);
	bool (*scan_records)(void *state, uint64_t from_seq, uint64_t to_seq, ledger_record_fn each,
			     void *arg, err *e);
	bool (*last_seq)(void *state, uint64_t *seq_r, err *e);
	bool (*timers_due)(void *state, int64_t now_us, size_t max, struct arena *a,
			   struct ledger_timer_change **timers_r, size_t *n_r, err *e);
	bool (*scan_timers)(void *state, ledger_timer_fn each, void *arg, err *e);
	bool (*timer_next)(void *state, int64_t *due_us_r, err *e);
	bool (*read_begin)(void *state, err *e);
	void (*read_end)(void *state);
	bool (*checkpoint)(void *state, err *e);
	bool (*check)(void *state, err *e);
	bool (*bytes)(void *state, uint64_t *file_r, uint64_t *records_r, err *e);
};

extern const struct ledger_driver ledger_sqlite;

#endif
