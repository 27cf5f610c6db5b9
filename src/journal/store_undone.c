/*
 * store_undone.c - what was taken back by hand, and is hidden.
 *
 * What it is:   a row per taking back: which touches, whom they are about, and whether it was done
 *               again since. The rows are loaded whole: people take back little.
 * Promises:     a row is in the commit of the touch that says the same; as of an earlier number
 *               nothing is hidden that was not hidden then.
 * Threads:      as the store.
 */
#include "journal/journal_int.h"

#define UNDONE_TEXTS_BYTES_MAX (256 * MIB)

static void put_list(struct buf *b, const uint64_t *items, size_t n)
{
	uint64_t before = 0;
	buf_varint(b, n);
	for (size_t i = 0; i < n; i++) {
		buf_zigzag(b, (int64_t)(items[i] - before));
		before = items[i];
	}
}

bool store_undone_encode(const struct undone_row *row, struct buf *b, err *e)
{
	buf_varint(b, row->redone_seq);
	buf_varint(b, row->deed);
	buf_varint(b, row->effects);
	put_list(b, row->touches, row->touches_n);
	put_list(b, row->subjects, row->subjects_n);
	if (row->effects & EFFECT_ERASED) {
		put_list(b, row->persons, row->persons_n);
		put_list(b, row->joins, row->joins_n);
		put_list(b, row->imports, row->imports_n);
		buf_zigzag(b, row->erased_us);
	}
	return buf_ok(b, e);
}

static bool get_list(struct reader *r, struct arena *a, const uint64_t **items_r, size_t *n_r)
{
	uint64_t n = reader_varint(r), before = 0;
	if (r->bad || n > (uint64_t)(r->end - r->p)) {
		r->bad = true;
		return true;
	}
	uint64_t *items = ARENA_ARRAY(a, uint64_t, (size_t)n);
	if (!items)
		return false;
	for (uint64_t i = 0; i < n; i++)
		items[i] = before += (uint64_t)reader_zigzag(r);
	*items_r = items;
	*n_r = (size_t)n;
	return true;
}

static bool add(struct store *s, const struct undone_row *row)
{
	if (!vec_push(&s->undone_touches, *row))
		return false;
	for (size_t i = 0; i < row->persons_n; i++) {
		if (!map64_put(&s->erased, row->persons[i], 1))
			return false;
	}
	for (size_t i = 0; i < row->joins_n; i++) {
		if (!map64_put(&s->erased_joins, row->joins[i], 1))
			return false;
	}
	for (size_t i = 0; i < row->touches_n; i++) {
		if (!map64_put(&s->undone_by, row->touches[i], s->undone_touches.n))
			return false;
	}
	return true;
}

struct loading {
	struct store *s;
	err *e;
	bool failed;
};

static bool load_row(void *arg, uint64_t key, str bytes)
{
	struct loading *l = arg;
	struct undone_row row = { .undone_seq = key & ~undone_key(0) };
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	row.redone_seq = reader_varint(&r);
	row.deed = reader_varint(&r);
	row.effects = (unsigned)reader_varint(&r);
	l->failed = true;
	if (!get_list(&r, &l->s->undone_texts, &row.touches, &row.touches_n) ||
	    !get_list(&r, &l->s->undone_texts, &row.subjects, &row.subjects_n))
		return arena_err(&l->s->undone_texts, l->e);
	if (row.effects & EFFECT_ERASED) {
		if (!get_list(&r, &l->s->undone_texts, &row.persons, &row.persons_n) ||
		    !get_list(&r, &l->s->undone_texts, &row.joins, &row.joins_n) ||
		    !get_list(&r, &l->s->undone_texts, &row.imports, &row.imports_n))
			return arena_err(&l->s->undone_texts, l->e);
		row.erased_us = reader_zigzag(&r);
	}
	if (r.bad)
		return err_set(l->e, ERR_CORRUPT, "what touch %llu took back cannot be read",
			       (unsigned long long)row.undone_seq);
	if (!add(l->s, &row))
		return err_nomem(l->e);
	l->failed = false;
	return true;
}

bool store_undone_load(struct store *s, err *e)
{
	static const uint64_t KEY = META_UNDONE;
	struct loading l = { s, e, false };
	struct arena a CLEANUP(arena_fini);
	str version;
	arena_init(&a, MIB);
	store_undone_free(s);
	arena_init(&s->undone_texts, UNDONE_TEXTS_BYTES_MAX);
	if (!ledger_load(s->ledger, LEDGER_META, &KEY, 1, &a, &version, e))
		return false;
	s->undone_version = store_meta_number(version);
	return s->undone_version == 0 ||
	       (ledger_scan(s->ledger, LEDGER_META, undone_key(0), load_row, &l, e) && !l.failed);
}

void store_undone_free(struct store *s)
{
	vec_free(&s->undone_touches);
	map64_fini(&s->undone_by);
	map64_fini(&s->erased);
	map64_fini(&s->erased_joins);
	s->undone_by = (struct map64){ 0 };
	s->erased = s->erased_joins = (struct map64){ 0 };
	arena_fini(&s->undone_texts);
	s->undone_version = 0;
	s->undone_changed = false;
}

static const uint64_t *list_copy(struct arena *a, const uint64_t *items, size_t n)
{
	uint64_t *copy = ARENA_ARRAY(a, uint64_t, n);
	for (size_t i = 0; copy && i < n; i++)
		copy[i] = items[i];
	return copy;
}

bool store_undone_add(struct store *s, const struct undone_row *row, err *e)
{
	struct undone_row copy = *row;
	copy.touches = list_copy(&s->undone_texts, row->touches, row->touches_n);
	copy.subjects = list_copy(&s->undone_texts, row->subjects, row->subjects_n);
	copy.persons = list_copy(&s->undone_texts, row->persons, row->persons_n);
	copy.joins = list_copy(&s->undone_texts, row->joins, row->joins_n);
	copy.imports = list_copy(&s->undone_texts, row->imports, row->imports_n);
	if (!copy.touches || !copy.subjects || !copy.persons || !copy.joins || !copy.imports)
		return arena_err(&s->undone_texts, e);
	return add(s, &copy) || err_nomem(e);
}

static bool holds(const struct store *s, const struct undone_row *row)
{
	if (row->effects & EFFECT_ERASED)
		return true;
	return row->undone_seq <= s->as_of && !(row->redone_seq && row->redone_seq <= s->as_of);
}

static bool names(const struct undone_row *row, uint64_t seq)
{
	size_t low = 0, high = row->touches_n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (row->touches[mid] == seq)
			return true;
		if (row->touches[mid] < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

const struct undone_row *store_undone_by(const struct store *s, uint64_t seq)
{
	uint64_t at;
	if (!map64_get(&s->undone_by, seq, &at))
		return NULL;
	/* The newest row is asked first; one before it may be what held as of an earlier number. */
	for (size_t i = at; i > 0; i--) {
		const struct undone_row *row = &s->undone_touches.items[i - 1];
		if (holds(s, row) && names(row, seq))
			return row;
		if (s->as_of >= s->last_seq && i == at)
			return NULL;
	}
	return NULL;
}

struct undone_row *store_undone_of(const struct store *s, uint64_t undone_seq)
{
	for (size_t i = s->undone_touches.n; i > 0; i--) {
		if (s->undone_touches.items[i - 1].undone_seq == undone_seq)
			return &s->undone_touches.items[i - 1];
	}
	return NULL;
}

bool store_touch_hidden(void *arg, uint64_t seq)
{
	const struct store *s = arg;
	uint64_t ignored;
	return (s->undone_touches.n && store_undone_by(s, seq) != NULL) ||
	       (s->erased_joins.n && map64_get(&s->erased_joins, seq, &ignored));
}
