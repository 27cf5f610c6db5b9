/*
 * plan.c - a rule over columns.
 *
 * What it is:   each comparison becomes a bitmap of the rows for which it holds: every value of a
 *               dictionary is tested once, numbers row by row; and, or, not put bitmaps together.
 *               Rows that an `and` has lost already are not looked at again.
 * Promises:     the answer of rule_test over the same rows. At most TESTS_MAX tests, or an error.
 * Threads:      under the directory's lock, reading.
 */
#include "directory/directory_int.h"

#include "base/mem.h"
#include "base/time.h"

#include <string.h>

#define PLAN_BYTES_MAX	  (512 * MIB)
#define TESTS_MAX	  UINT64_C(4000000000)
#define FIELDS_MAX	  200
#define SCRATCH_BYTES_MAX (16 * MIB)
#define SMALL_NUMBERS	  1024

/* ---- which columns --------------------------------------------------------------------------- */

struct needing {
	struct wanted wanted[FIELDS_MAX];
	size_t n;
	bool over;
};

static void need(struct needing *x, struct wanted w)
{
	for (size_t i = 0; i < x->n; i++) {
		if (x->wanted[i].from == w.from && str_eq(x->wanted[i].name, w.name))
			return;
	}
	if (x->n == FIELDS_MAX)
		x->over = true;
	else
		x->wanted[x->n++] = w;
}

static void need_field(void *arg, str name)
{
	need(arg, (struct wanted){ name, COLUMN_RULE });
}

bool plan_columns(struct directory *d, struct snapshot *s, const struct directory_query *q,
		  str more, err *e)
{
	struct needing x = { .n = 0 };
	if (q->rule)
		rule_each_field(q->rule, need_field, &x);
	if (q->sort.n)
		need(&x, wanted_of_list(q->sort));
	if (more.n)
		need(&x, wanted_of_list(more));
	if (q->person)
		need(&x, (struct wanted){ S("people"), COLUMN_PEOPLE });
	/* Values that come from the company are read again when it changes; by this column. */
	bool all_counts = true;
	for (size_t i = 0; i < x.n; i++)
		all_counts &= x.wanted[i].from == COLUMN_RULE &&
			      (str_eq(x.wanted[i].name, S("touches")) ||
			       str_eq(x.wanted[i].name, S("last_seen")) ||
			       str_eq(x.wanted[i].name, S("first_seen")));
	if (q->entity != ENTITY_COMPANY && (q->company || !all_counts))
		need(&x, (struct wanted){ S("company"), COLUMN_RULE });
	if (x.over)
		return err_set(e, ERR_LIMIT, "the rule asks about more than %d fields", FIELDS_MAX);
	return columns_need(d, s, q->entity, x.wanted, x.n, e);
}

/* ---- bitmaps --------------------------------------------------------------------------------- */

static uint64_t *bitmap_new(struct plan *p)
{
	if (p->free.n)
		return p->free.items[--p->free.n];
	uint64_t *b = arena_alloc(&p->bitmaps, (p->words + 1) * sizeof *b);
	if (!b)
		arena_err(&p->bitmaps, p->e);
	return b;
}

static bool bitmap_done(struct plan *p, uint64_t *b)
{
	return vec_push(&p->free, b) || err_nomem(p->e);
}

bool plan_count(struct plan *p, uint64_t n)
{
	p->tests += n;
	return p->tests <= TESTS_MAX ||
	       err_set(p->e, ERR_LIMIT, "the rule is too long for so many; make it shorter");
}

/* ---- a field --------------------------------------------------------------------------------- */

/* Whether the comparison holds, for each code of the dictionary; 0 is unknown. */
static bool holds_by_code(struct plan *p, const struct rule_part *part,
			  const struct trait_column *c, uint8_t *holds)
{
	holds[0] = rule_part_holds(part, value_none(), p->q->now_us);
	for (uint32_t code = 1; code <= c->dict.ends.n; code++) {
		arena_reset(&p->scratch);
		value v = dict_decode(&c->dict, code, &p->scratch);
		holds[code] = rule_part_holds(part, v, p->q->now_us);
	}
	return plan_count(p, c->dict.ends.n * 16);
}

static void bits_by_code(const struct plan *p, const struct trait_column *c, const uint8_t *holds,
			 const uint64_t *within, uint64_t *out)
{
	for (size_t w = 0; w < p->words; w++) {
		uint64_t bits = 0;
		size_t from = w * 64, n = MIN(p->rows - from, (size_t)64);
		for (size_t i = 0; within[w] && i < n; i++) {
			size_t row = from + i;
			uint32_t code = row < c->codes.n ? c->codes.items[row] : 0;
			bits |= (uint64_t)holds[code] << i;
		}
		out[w] = bits & within[w];
	}
}

struct number_test {
	const struct rule_part *part;
	enum value_kind kind;
	int64_t now_us;
	bool unknown; /* holds for those that are not known */
	bool has_range;
	struct rule_range range;
	int8_t small[SMALL_NUMBERS]; /* -1: not tested yet */
};

static bool number_holds(struct number_test *t, int64_t number)
{
	if (number == NUMBER_UNKNOWN)
		return t->unknown;
	if (t->has_range)
		return (number >= t->range.from && number <= t->range.to) == t->range.inside;
	bool small = number >= 0 && number < SMALL_NUMBERS;
	if (small && t->small[number] >= 0)
		return t->small[number];
	value v = t->kind == VALUE_TIME ? value_time(number) : value_int(number);
	bool holds = rule_part_holds(t->part, v, t->now_us);
	if (small)
		t->small[number] = holds;
	return holds;
}

static void bits_by_number(const struct plan *p, const struct trait_column *c,
			   struct number_test *t, const uint64_t *within, uint64_t *out)
{
	for (size_t w = 0; w < p->words; w++) {
		uint64_t bits = 0;
		size_t from = w * 64, n = MIN(p->rows - from, (size_t)64);
		for (size_t i = 0; within[w] && i < n; i++) {
			size_t row = from + i;
			int64_t number = row < c->numbers.n ? c->numbers.items[row]
							    : NUMBER_UNKNOWN;
			bits |= (uint64_t)number_holds(t, number) << i;
		}
		out[w] = bits & within[w];
	}
}

static bool run_field(struct plan *p, const struct rule_part *part, const uint64_t *within,
		      uint64_t *out)
{
	const struct trait_column *c = trait_column_find(p->table, rule_part_field(part),
							 COLUMN_RULE);
	if (!c)
		return err_set(p->e, ERR_BUSY, "a field is being made ready; try again");
	if (!plan_count(p, p->rows))
		return false;
	if (c->numeric) {
		struct number_test t = { .part = part, .kind = c->kind, .now_us = p->q->now_us };
		t.unknown = rule_part_holds(part, value_none(), p->q->now_us);
		t.has_range = rule_part_range(part, c->kind, p->q->now_us, &t.range);
		memset(t.small, -1, sizeof t.small);
		bits_by_number(p, c, &t, within, out);
		return true;
	}
	uint8_t *holds = mem_alloc(c->dict.ends.n + 1);
	if (!holds)
		return err_nomem(p->e);
	bool ok = holds_by_code(p, part, c, holds);
	if (ok)
		bits_by_code(p, c, holds, within, out);
	mem_free(holds);
	return ok;
}

/* ---- the tree -------------------------------------------------------------------------------- */

static bool run(struct plan *p, const struct rule_part *part, const uint64_t *within,
		uint64_t *out);

static bool run_and(struct plan *p, const struct rule_part *part, const uint64_t *within,
		    uint64_t *out)
{
	uint64_t *left = bitmap_new(p);
	if (!left)
		return false;
	memcpy(left, within, p->words * sizeof *left);
	for (const struct rule_part *c = rule_part_first(part); c; c = rule_part_next(c)) {
		if (!run(p, c, left, out))
			return false;
		memcpy(left, out, p->words * sizeof *left);
	}
	return bitmap_done(p, left);
}

static bool run_or(struct plan *p, const struct rule_part *part, const uint64_t *within,
		   uint64_t *out)
{
	uint64_t *left = bitmap_new(p), *one = bitmap_new(p);
	if (!left || !one)
		return false;
	memcpy(left, within, p->words * sizeof *left);
	memset(out, 0, p->words * sizeof *out);
	for (const struct rule_part *c = rule_part_first(part); c; c = rule_part_next(c)) {
		if (!run(p, c, left, one))
			return false;
		for (size_t w = 0; w < p->words; w++) {
			out[w] |= one[w];
			left[w] &= ~one[w];
		}
	}
	return bitmap_done(p, left) && bitmap_done(p, one);
}

/* Bits of `within` for which the part holds; `out` is not `within`. */
static bool run(struct plan *p, const struct rule_part *part, const uint64_t *within, uint64_t *out)
{
	switch (rule_part_kind(part)) {
	case RULE_PART_AND:
		return run_and(p, part, within, out);
	case RULE_PART_OR:
		return run_or(p, part, within, out);
	case RULE_PART_NOT:
		if (!run(p, rule_part_first(part), within, out))
			return false;
		for (size_t w = 0; w < p->words; w++)
			out[w] = within[w] & ~out[w];
		return true;
	case RULE_PART_FIELD:
		return run_field(p, part, within, out);
	case RULE_PART_DID:
	case RULE_PART_FIRST:
	case RULE_PART_LAST:
		return plan_deeds(p, part, within, out);
	case RULE_PART_MEMBER: /* nobody is in a list that does not exist */
		break;
	}
	memset(out, 0, p->words * sizeof *out);
	return true;
}

/* ---- whose ----------------------------------------------------------------------------------- */

static bool names_subject(const struct plan *p, value v, uint64_t subject)
{
	const struct rows *r = &p->d->rows;
	for (size_t i = 0; v.kind == VALUE_LIST && i < v.list.n; i++) {
		if (names_subject(p, v.list.items[i], subject))
			return true;
	}
	return v.kind == VALUE_INT && v.i > 0 && (uint64_t)v.i <= r->root.n &&
	       r->root.items[v.i - 1] == subject;
}

static bool keep_those_of(struct plan *p, str name, enum column_from from, uint64_t subject,
			  uint64_t *bits)
{
	const struct trait_column *c = trait_column_find(p->table, name, from);
	if (!c)
		return err_set(p->e, ERR_BUSY, "a field is being made ready; try again");
	for (size_t row = 0; row < p->rows; row++) {
		if (!bit_get(bits, row))
			continue;
		arena_reset(&p->scratch);
		if (!names_subject(p, trait_column_value(c, row, &p->scratch), subject))
			bits[row / 64] &= ~(UINT64_C(1) << (row % 64));
	}
	return true;
}

static bool plan_all(struct plan *p, uint64_t *bits)
{
	const struct directory_query *q = p->q;
	if (p->words == 0)
		return true;
	memcpy(bits, p->table->live.items, p->words * sizeof *bits);
	if (q->company && !keep_those_of(p, S("company"), COLUMN_RULE, q->company, bits))
		return false;
	if (q->person && !keep_those_of(p, S("people"), COLUMN_PEOPLE, q->person, bits))
		return false;
	const struct rule_part *root = q->rule ? rule_root(q->rule) : NULL;
	if (!root)
		return true;
	uint64_t *within = bitmap_new(p);
	if (!within)
		return false;
	memcpy(within, bits, p->words * sizeof *bits);
	return run(p, root, within, bits);
}

bool plan_run(struct directory *d, struct snapshot *s, const struct directory_query *q,
	      struct arena *a, uint64_t **bits_r, size_t *rows_r, err *e)
{
	struct plan p = { .d = d, .s = s, .table = &d->rows.tables[q->entity], .q = q, .e = e };
	p.rows = p.table->subjects.n;
	p.words = (p.rows + 63) / 64;
	uint64_t *bits = arena_alloc(a, (p.words + 1) * sizeof *bits);
	if (!bits)
		return arena_err(a, e);
	arena_init(&p.bitmaps, PLAN_BYTES_MAX);
	arena_init(&p.scratch, SCRATCH_BYTES_MAX);
	bool ok = plan_all(&p, bits);
	vec_free(&p.free);
	arena_fini(&p.bitmaps);
	arena_fini(&p.scratch);
	*bits_r = bits;
	*rows_r = p.rows;
	return ok;
}
