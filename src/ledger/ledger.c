/*
 * ledger.c - the port: checks what it is asked and hands it to the driver.
 *
 * What it is:   the handle, and the rules that hold whatever database stands behind it.
 * Promises:     a driver sees no argument out of its bounds; after an uncertain commit nothing is
 *               read or written through the handle any more.
 * Threads:      as ledger.h.
 */
#include "ledger/ledger.h"

#include "base/mem.h"
#include "ledger/ledger_int.h"

struct ledger {
	const struct ledger_driver *driver;
	void *state;
	enum ledger_mode mode;
	bool uncertain; /* a commit's answer never came */
	bool reading;	/* between read_begin and read_end */
};

static bool usable(const struct ledger *l, err *e)
{
	if (!l->uncertain)
		return true;
	return err_set(e, ERR_IO,
		       "an earlier write to the ledger failed half-way; it must be opened anew");
}

bool ledger_open(const char *path, enum ledger_mode mode, const struct ledger_options *options,
		 struct ledger **l_r, err *e)
{
	static const struct ledger_options NO_OPTIONS = { 0 };
	struct ledger *l = mem_zalloc(1, sizeof *l);
	if (!l)
		return err_nomem(e);
	l->driver = &ledger_sqlite;
	l->mode = mode;
	if (!l->driver->open(path, mode, options ? options : &NO_OPTIONS, &l->state, e)) {
		mem_free(l);
		return false;
	}
	*l_r = l;
	return true;
}

void ledger_close(struct ledger **l)
{
	if (!*l)
		return;
	if ((*l)->reading)
		ledger_read_end(*l);
	(*l)->driver->close((*l)->state);
	mem_free(*l);
	*l = NULL;
}

static bool records_are_valid(const struct ledger_commit *c, err *e)
{
	uint64_t next = 1;
	for (size_t i = 0; i < c->records_n; i++) {
		const struct ledger_record *r = &c->records[i];
		if (r->first_seq < next || r->touches == 0 ||
		    r->first_seq > LEDGER_KEY_MAX - r->touches)
			return err_set(e, ERR_INVALID,
				       "journal record %zu cannot begin at number %llu with %u "
				       "touches",
				       i + 1, (unsigned long long)r->first_seq, r->touches);
		next = r->first_seq + r->touches;
	}
	return true;
}

static bool table_is_valid(enum ledger_table table, err *e)
{
	if ((unsigned)table < LEDGER_TABLES_N)
		return true;
	return err_set(e, ERR_INVALID, "the ledger has no table number %u", (unsigned)table);
}

static bool key_is_valid(uint64_t key, err *e)
{
	if (key <= LEDGER_KEY_MAX)
		return true;
	return err_set(e, ERR_INVALID, "key %llu is too large for the ledger",
		       (unsigned long long)key);
}

static bool commit_is_valid(const struct ledger_commit *c, err *e)
{
	if (!records_are_valid(c, e) || !key_is_valid(c->trim_to, e))
		return false;
	for (size_t i = 0; i < c->changes_n; i++)
		if (!table_is_valid(c->changes[i].table, e) || !key_is_valid(c->changes[i].key, e))
			return false;
	return true;
}

bool ledger_commit(struct ledger *l, const struct ledger_commit *c, err *e)
{
	CHECK(!l->reading);
	if (!usable(l, e))
		return false;
	if (l->mode == LEDGER_READ)
		return err_set(e, ERR_DENIED, "the ledger was opened for reading only");
	if (!commit_is_valid(c, e))
		return false;
	err why;
	err_clear(&why);
	if (l->driver->commit(l->state, c, &why))
		return true;
	l->uncertain = why.code == ERR_UNCERTAIN;
	if (e)
		*e = why;
	return false;
}

bool ledger_load(struct ledger *l, enum ledger_table table, const uint64_t *keys, size_t n,
		 struct arena *a, str *values_r, err *e)
{
	if (!usable(l, e) || !table_is_valid(table, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!key_is_valid(keys[i], e))
			return false;
	return n == 0 || l->driver->load(l->state, table, keys, n, a, values_r, e);
}

bool ledger_scan(struct ledger *l, enum ledger_table table, uint64_t from, ledger_row_fn each,
		 void *arg, err *e)
{
	if (!usable(l, e) || !table_is_valid(table, e))
		return false;
	return from > LEDGER_KEY_MAX || l->driver->scan(l->state, table, from, each, arg, e);
}

bool ledger_scan_records(struct ledger *l, uint64_t from_seq, uint64_t to_seq,
			 ledger_record_fn each, void *arg, err *e)
{
	if (!usable(l, e))
		return false;
	if (from_seq > LEDGER_KEY_MAX || from_seq > to_seq)
		return true;
	return l->driver->scan_records(l->state, from_seq, MIN(to_seq, LEDGER_KEY_MAX), each, arg,
				       e);
}

bool ledger_last_seq(struct ledger *l, uint64_t *seq_r, err *e)
{
	return usable(l, e) && l->driver->last_seq(l->state, seq_r, e);
}

bool ledger_timers_due(struct ledger *l, int64_t now_us, size_t max, struct arena *a,
		       struct ledger_timer_change **timers_r, size_t *n_r, err *e)
{
	return usable(l, e) && l->driver->timers_due(l->state, now_us, max, a, timers_r, n_r, e);
}

bool ledger_scan_timers(struct ledger *l, ledger_timer_fn each, void *arg, err *e)
{
	return usable(l, e) && l->driver->scan_timers(l->state, each, arg, e);
}

bool ledger_timer_next(struct ledger *l, int64_t *due_us_r, err *e)
{
	return usable(l, e) && l->driver->timer_next(l->state, due_us_r, e);
}

bool ledger_read_begin(struct ledger *l, err *e)
{
	CHECK(!l->reading);
	if (!usable(l, e) || !l->driver->read_begin(l->state, e))
		return false;
	l->reading = true;
	return true;
}

void ledger_read_end(struct ledger *l)
{
	CHECK(l->reading);
	l->reading = false;
	l->driver->read_end(l->state);
}

bool ledger_checkpoint(struct ledger *l, err *e)
{
	CHECK(!l->reading);
	if (!usable(l, e))
		return false;
	if (l->mode == LEDGER_READ)
		return err_set(e, ERR_DENIED, "the ledger was opened for reading only");
	return l->driver->checkpoint(l->state, e);
}

bool ledger_check(struct ledger *l, err *e)
{
	return usable(l, e) && l->driver->check(l->state, e);
}

bool ledger_bytes(struct ledger *l, uint64_t *file_r, uint64_t *records_r, err *e)
{
	return usable(l, e) && l->driver->bytes(l->state, file_r, records_r, e);
}
