/*
 * cells.c - current values of people, companies and deals.
 *
 * What it is:   per profile a sorted list of (key, value, when, by which touch), encoded in one row
 * of the ledger and held in memory while it is worked on. Workload:     imports make or change a
 * row each, live identifies and stages change one now and then. Promises:     a value stands until
 * a touch that is later by (at, tie) says otherwise, in whatever order they arrive; what only fills
 * gives way to what says (cell_wins). Rows that a live touch changed are in that touch's commit;
 * others are written in key order. Threads:      as the people that own it.
 */
#include "people/people_int.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

bool cell_wins(const struct cell_state *b, const struct cell_state *a)
{
	if (a->fill != b->fill)
		return a->fill;
	bool later = b->at_us != a->at_us ? b->at_us > a->at_us
		     : b->tie != a->tie	  ? b->tie > a->tie
					  : b->seq > a->seq;
	return a->fill ? !later : later; /* of those that only fill, the first stays */
}

/* ---- coding ---------------------------------------------------------------------------------- */

static void cells_encode(struct buf *b, const struct cell_state *cells, size_t n)
{
	buf_varint(b, n);
	for (size_t i = 0; i < n; i++) {
		buf_lenstr(b, cells[i].key);
		buf_zigzag(b, cells[i].at_us);
		buf_u64(b, cells[i].tie);
		buf_varint(b, cells[i].seq << 1 | cells[i].fill);
		value_encode(b, cells[i].value);
	}
}

bool cells_decode(str bytes, struct arena *a, struct cell_state **cells_r, size_t *n_r, err *e)
{
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	uint64_t n = bytes.n ? reader_varint(&r) : 0;
	if (n > CELLS_PER_SUBJECT_MAX)
		return err_set(e, ERR_CORRUPT, "a row of values cannot be read");
	struct cell_state *cells = ARENA_ARRAY(a, struct cell_state, (size_t)n);
	if (!cells)
		return arena_err(a, e);
	for (uint64_t i = 0; i < n; i++) {
		cells[i].key = reader_lenstr(&r);
		cells[i].at_us = reader_zigzag(&r);
		cells[i].tie = reader_u64(&r);
		uint64_t seq = reader_varint(&r);
		cells[i].seq = seq >> 1;
		cells[i].fill = seq & 1;
		if (!value_decode(&r, a, &cells[i].value) || r.bad)
			return a->over ? arena_err(a, e)
				       : err_set(e, ERR_CORRUPT, "a row of values cannot be read");
	}
	*cells_r = cells;
	*n_r = (size_t)n;
	return true;
}

/* ---- rows in memory -------------------------------------------------------------------------- */

static struct cell_row *row_held(const struct people *p, uint32_t profile)
{
	const struct cells *c = &p->cells;
	uint32_t at = profile <= c->held.n ? c->held.items[profile - 1] : 0;
	return at ? &c->rows.items[at - 1] : NULL;
}

static bool row_add(struct people *p, uint32_t profile, str bytes, struct cell_row **row_r, err *e)
{
	struct cells *c = &p->cells;
	struct cell_row row = { .profile = profile, .n = bytes.n };
	while (c->held.n < profile) {
		if (!vec_push(&c->held, 0))
			return err_nomem(e);
	}
	if (bytes.n) {
		row.bytes = mem_alloc(bytes.n);
		if (!row.bytes)
			return err_nomem(e);
		memcpy(row.bytes, bytes.p, bytes.n);
	}
	if (!vec_push(&c->rows, row)) {
		mem_free(row.bytes);
		return err_nomem(e);
	}
	c->held.items[profile - 1] = (uint32_t)c->rows.n;
	c->bytes += row.n + sizeof row;
	*row_r = &c->rows.items[c->rows.n - 1];
	return true;
}

bool cells_hold(struct people *p, const uint64_t *profiles, size_t n, err *e)
{
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, GIB);
	uint64_t *missing = ARENA_ARRAY(&a, uint64_t, n);
	str *values = ARENA_ARRAY(&a, str, n);
	if (!missing || !values)
		return arena_err(&a, e);
	size_t missing_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (profiles[i] && !row_held(p, (uint32_t)profiles[i]))
			missing[missing_n++] = profiles[i];
	}
	if (missing_n == 0)
		return true;
	if (!p->cells.ledger)
		memset(values, 0, missing_n * sizeof *values);
	else if (!ledger_load(p->cells.ledger, LEDGER_CELLS, missing, missing_n, &a, values, e))
		return false;
	for (size_t i = 0; i < missing_n; i++) {
		struct cell_row *row;
		if (!row_held(p, (uint32_t)missing[i]) &&
		    !row_add(p, (uint32_t)missing[i], values[i], &row, e))
			return false;
	}
	return true;
}

bool cells_get(struct people *p, uint32_t profile, struct arena *a, struct cell_state **cells_r,
	       size_t *n_r, err *e)
{
	uint64_t key = profile;
	if (!cells_hold(p, &key, 1, e))
		return false;
	const struct cell_row *row = row_held(p, profile);
	str bytes = str_make(row->bytes, row->n);
	/* The row's bytes may be replaced while the caller still looks at the cells. */
	bytes = str_dup(a, bytes);
	if (row->n && !bytes.p)
		return arena_err(a, e);
	return cells_decode(bytes, a, cells_r, n_r, e) || err_prefix(e, "profile %u", profile);
}

/* A reader's own list of what is not known to be on disk. */
static bool note_changed(struct people *p, struct cell_row *row, err *e)
{
	struct cells *c = &p->cells;
	if (row->listed && row->mark == c->mark)
		return true;
	row->listed = true;
	row->mark = c->mark;
	return vec_push(&c->changed, row->profile) || err_nomem(e);
}

bool cells_set(struct people *p, uint32_t profile, struct cell_state *cells, size_t n, bool urgent,
	       err *e)
{
	urgent = urgent && !p->read_only;
	if (n > CELLS_PER_SUBJECT_MAX)
		return err_set(e, ERR_LIMIT, "one person or company may have %d traits at most",
			       CELLS_PER_SUBJECT_MAX);
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, 64 * MIB);
	cells_encode(&b, cells, n);
	if (!buf_ok(&b, e))
		return false;
	struct cell_row *row = row_held(p, profile);
	if (!row && !row_add(p, profile, S(""), &row, e))
		return false;
	if (urgent && !row->urgent && !vec_push(&p->cells.urgent, profile))
		return err_nomem(e);
	p->cells.bytes += b.n;
	p->cells.bytes -= row->n;
	mem_free(row->bytes);
	row->bytes = b.p;
	row->n = b.n;
	b.p = NULL; /* taken over */
	p->cells.dirty_n += !row->dirty;
	row->dirty = true;
	row->urgent |= urgent;
	return !p->read_only || note_changed(p, row, e);
}

/* The cells of one profile with a touch's own set beside them; unchanged when none of them wins. */
bool cells_merge(struct people *p, uint32_t profile, const struct cell_state *set, size_t set_n,
		 bool urgent, err *e)
{
	struct cell_state *old;
	size_t old_n, i = 0, k = 0, n = 0;
	bool changed = false;
	if (!cells_get(p, profile, &p->scratch, &old, &old_n, e))
		return false;
	struct cell_state *out = ARENA_ARRAY(&p->scratch, struct cell_state, old_n + set_n);
	if (!out)
		return arena_err(&p->scratch, e);
	while (i < old_n || k < set_n) {
		int order = i == old_n ? 1 : k == set_n ? -1 : str_cmp(old[i].key, set[k].key);
		if (order < 0) {
			out[n++] = old[i++];
		} else if (order > 0) {
			out[n++] = set[k++];
			changed = true;
		} else {
			bool wins = cell_wins(&set[k], &old[i]);
			out[n++] = wins ? set[k] : old[i];
			changed |= wins;
			i++;
			k++;
		}
	}
	return !changed || cells_set(p, profile, out, n, urgent, e);
}

bool cells_forget(struct people *p, uint32_t profile, err *e)
{
	return cells_set(p, profile, NULL, 0, false, e);
}

void cells_drop_clean(struct people *p)
{
	struct cells *c = &p->cells;
	size_t kept = 0;
	for (size_t i = 0; i < c->held.n; i++)
		c->held.items[i] = 0;
	for (size_t i = 0; i < c->rows.n; i++) {
		struct cell_row row = c->rows.items[i];
		if (row.dirty) {
			c->rows.items[kept++] = row;
			c->held.items[row.profile - 1] = (uint32_t)kept;
		} else {
			c->bytes -= row.n + sizeof row;
			mem_free(row.bytes);
		}
	}
	c->rows.n = kept;
}

void cells_settle(struct people *p)
{
	struct cells *c = &p->cells;
	for (size_t i = 0; i < c->settling.n; i++) {
		struct cell_row *row = row_held(p, c->settling.items[i]);
		if (!row || !row->dirty || row->mark == c->mark)
			continue; /* changed again since */
		row->dirty = false;
		c->dirty_n--;
	}
	vec_clear(&c->settling);
	for (size_t i = 0; i < c->changed.n; i++) {
		if (!vec_push(&c->settling, c->changed.items[i]))
			break; /* the rest stays in memory */
	}
	vec_clear(&c->changed);
	c->mark++;
}

bool cells_reload(struct people *p, uint32_t profile, err *e)
{
	struct cell_row *row = row_held(p, profile);
	struct arena a CLEANUP(arena_fini);
	uint64_t key = profile;
	str bytes;
	arena_init(&a, 64 * MIB);
	if (!row)
		return true; /* read when it is asked for */
	if (!ledger_load(p->cells.ledger, LEDGER_CELLS, &key, 1, &a, &bytes, e))
		return false;
	char *copy = bytes.n ? mem_alloc(bytes.n) : NULL;
	if (bytes.n && !copy)
		return err_nomem(e);
	if (bytes.n)
		memcpy(copy, bytes.p, bytes.n);
	mem_free(row->bytes);
	p->cells.bytes += bytes.n;
	p->cells.bytes -= row->n;
	p->cells.dirty_n -= row->dirty;
	row->bytes = copy;
	row->n = bytes.n;
	row->dirty = false;
	return true;
}

/* ---- rows on disk ---------------------------------------------------------------------------- */

static bool row_write(struct people *p, struct cell_row *row, struct writeback *wb, err *e)
{
	struct ledger_change c = { .table = LEDGER_CELLS,
				   .key = row->profile,
				   .remove = row->n <= 1 };
	c.value = str_dup(wb->arena, str_make(row->bytes, row->n));
	if (row->n && !c.value.p)
		return arena_err(wb->arena, e);
	if (!vec_push(&wb->changes, c))
		return err_nomem(e);
	p->cells.dirty_n -= row->dirty;
	row->dirty = false;
	row->urgent = false;
	return true;
}

bool cells_write_now(struct people *p, uint32_t profile, struct writeback *wb, err *e)
{
	struct cell_row *row = row_held(p, profile);
	return !row || !row->dirty || row_write(p, row, wb, e);
}

bool cells_changes(struct people *p, struct writeback *wb, err *e)
{
	struct cells *c = &p->cells;
	for (size_t i = 0; i < c->urgent.n; i++) {
		struct cell_row *row = row_held(p, c->urgent.items[i]);
		if (row && row->dirty && row->urgent && !row_write(p, row, wb, e))
			return false;
	}
	vec_clear(&c->urgent);
	return true;
}

static int number_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

void cells_sweep_begin(struct people *p)
{
	struct cells *c = &p->cells;
	vec_clear(&c->sweep);
	c->sweep_at = 0;
	if (!vec_reserve(&c->sweep, c->dirty_n + 1))
		return; /* tried again with the next sweep: the rows stay dirty */
	for (size_t i = 0; i < c->rows.n; i++) {
		if (c->rows.items[i].dirty)
			c->sweep.items[c->sweep.n++] = c->rows.items[i].profile;
	}
	qsort(c->sweep.items, c->sweep.n, sizeof *c->sweep.items, number_cmp);
}

bool cells_sweep(struct people *p, double share, struct writeback *wb, bool *done_r, err *e)
{
	struct cells *c = &p->cells;
	size_t upto = share >= 1 ? c->sweep.n : (size_t)(share * (double)c->sweep.n);
	for (; c->sweep_at < upto; c->sweep_at++) {
		struct cell_row *row = row_held(p, c->sweep.items[c->sweep_at]);
		if (row && row->dirty && !row_write(p, row, wb, e))
			return false;
	}
	*done_r = c->sweep_at >= c->sweep.n;
	return true;
}

bool cells_open(struct people *p, const struct hooks_env *env, err *e)
{
	(void)e;
	p->cells.ledger = env->empty ? NULL : p->ledger;
	return true;
}

void cells_close(struct people *p)
{
	struct cells *c = &p->cells;
	for (size_t i = 0; i < c->rows.n; i++)
		mem_free(c->rows.items[i].bytes);
	vec_free(&c->rows);
	vec_free(&c->held);
	vec_free(&c->urgent);
	vec_free(&c->sweep);
	vec_free(&c->changed);
	vec_free(&c->settling);
}
