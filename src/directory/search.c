/*
 * search.c - the quick search: how a word of a name, address or company begins.
 *
 * What it is:   the keys of a dictionary's texts lie one behind the other; the words looked for are
 *               found in them by their bytes, and what they are part of gives their rank.
 * Promises:     one pass over the keys of at most three columns.
 * Threads:      under the directory's lock, reading.
 */
#include "directory/directory_int.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum rank { RANK_NONE, RANK_WORD, RANK_BEGINS, RANK_WHOLE };

struct hit {
	uint64_t subject;
	int64_t last_us;
	uint8_t rank;
};

struct searching {
	struct directory *d;
	const struct table *table;
	str wanted; /* folded */
	uint8_t *ranks;
	const struct trait_column *last;
	struct hit *best;
	size_t n, max;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (uint8_t)c >= 0x80;
}

static enum rank rank_at(const struct searching *x, str key, size_t at)
{
	if (at == 0)
		return key.n == x->wanted.n ? RANK_WHOLE : RANK_BEGINS;
	return is_letter(key.p[at - 1]) ? RANK_NONE : RANK_WORD;
}

/* For each code the best rank of the words in its key. */
static void rank_codes(struct searching *x, const struct dict *dict, uint8_t *ranks)
{
	const char *base = dict->folds.p, *p = base, *end = base + dict->folds.n;
	uint32_t code = 0;
	memset(ranks, RANK_NONE, dict->folded.n + 1);
	while (p < end && (p = memmem(p, (size_t)(end - p), x->wanted.p, x->wanted.n)) != NULL) {
		uint64_t at = (uint64_t)(p - base);
		while (dict->folded.items[code] <= at)
			code++;
		str key = dict_fold(dict, code + 1);
		size_t inside = (size_t)(p - key.p);
		if (inside + x->wanted.n <= key.n) {
			enum rank rank = rank_at(x, key, inside);
			ranks[code + 1] = MAX(ranks[code + 1], (uint8_t)rank);
		}
		p++;
	}
}

static int hit_cmp(const struct hit *a, const struct hit *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	if (a->last_us != b->last_us)
		return a->last_us > b->last_us ? -1 : 1;
	return a->subject < b->subject ? -1 : a->subject > b->subject;
}

/* Few are kept: each is put into its place. */
static void keep(struct searching *x, const struct hit *hit)
{
	size_t at = x->n;
	for (size_t i = 0; i < x->n; i++) {
		if (x->best[i].subject != hit->subject)
			continue;
		if (hit_cmp(hit, &x->best[i]) >= 0)
			return;
		memmove(&x->best[i], &x->best[i + 1], (x->n - i - 1) * sizeof *x->best);
		at = --x->n;
		break;
	}
	if (at == x->max && hit_cmp(hit, &x->best[x->max - 1]) >= 0)
		return;
	if (x->n == x->max)
		x->n--;
	at = x->n++;
	for (; at > 0 && hit_cmp(hit, &x->best[at - 1]) < 0; at--)
		x->best[at] = x->best[at - 1];
	x->best[at] = *hit;
}

static bool search_column(struct searching *x, const struct trait_column *c, bool lower, err *e)
{
	if (!c || c->numeric || c->dict.ends.n == 0)
		return true;
	uint8_t *ranks = mem_alloc(c->dict.ends.n + 1);
	if (!ranks)
		return err_nomem(e);
	rank_codes(x, &c->dict, ranks);
	size_t rows = MIN(c->codes.n, x->table->subjects.n);
	for (size_t row = 0; row < rows; row++) {
		uint8_t rank = ranks[c->codes.items[row]];
		if (rank == RANK_NONE || !bit_get(x->table->live.items, row))
			continue;
		struct hit hit = { .subject = x->table->subjects.items[row], .rank = rank };
		if (lower) /* somebody's company counts less than their own name */
			hit.rank = RANK_WORD;
		if (x->last && row < x->last->numbers.n)
			hit.last_us = x->last->numbers.items[row];
		keep(x, &hit);
	}
	mem_free(ranks);
	return true;
}

bool directory_search(struct directory *d, struct snapshot *s, enum entity entity, str text,
		      size_t max, struct arena *a, uint64_t **subjects_r, size_t *n_r, err *e)
{
	static const struct wanted COLUMNS[] = { { S("name"), COLUMN_ROW },
						 { S("email"), COLUMN_RULE },
						 { S("company"), COLUMN_ROW },
						 { S("last_seen"), COLUMN_RULE },
						 { S("company"), COLUMN_RULE } };
	struct searching x = { .d = d, .wanted = str_fold(a, str_trim(text)) };
	x.max = MIN(max, (size_t)DIRECTORY_SEARCH_MAX);
	x.best = ARENA_ARRAY(a, struct hit, x.max + 1);
	uint64_t *subjects = ARENA_ARRAY(a, uint64_t, x.max);
	if (!x.best || !subjects)
		return arena_err(a, e);
	*subjects_r = subjects;
	*n_r = 0;
	if (snapshot_seq(s) == 0 || x.wanted.n == 0 || x.max == 0)
		return true;
	if (!directory_follow(d, s, DIRECTORY_NEEDED, e) ||
	    !columns_need(d, s, entity, COLUMNS, ARRAY_LEN(COLUMNS), e) || !directory_read(d, s, e))
		return false;
	x.table = &d->rows.tables[entity];
	x.last = trait_column_find(x.table, S("last_seen"), COLUMN_RULE);
	bool ok = true;
	for (size_t i = 0; ok && i < 3; i++)
		ok = search_column(&x, trait_column_find(x.table, COLUMNS[i].name, COLUMNS[i].from),
				   i == 2, e);
	rwlock_unlock(&d->lock);
	for (size_t i = 0; i < x.n; i++)
		subjects[i] = x.best[i].subject;
	*n_r = x.n;
	return ok;
}
