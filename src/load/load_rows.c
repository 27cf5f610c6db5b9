/*
 * load_rows.c - a row of a table, from its cells to its touches.
 *
 * What it is:   copies the row (its texts live until the journal has answered), reads each cell as
 *               its column says, finds out whom it is about and in which stage, and has the plan's
 *               touches made.
 * Workload:     tens of millions of rows; nothing here looks anything up by name.
 * Promises:     a row is made into all of its touches or into none.
 */
#include "load/load_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool row_problem(struct loader *l, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(l->problem, sizeof l->problem, fmt, ap);
	va_end(ap);
	return false;
}

bool row_copy(struct loader *l, const struct raw_row *raw, struct chunk_row *row, err *e)
{
	struct arena *a = &l->chunk.arena;
	size_t bytes = raw->text.n;
	for (size_t i = 0; i < raw->n; i++)
		bytes += raw->fields[i].n;
	char *p = arena_alloc(a, bytes);
	str *fields = arena_alloc(a, raw->n * sizeof *fields);
	if (!p || !fields)
		return arena_err(a, e);
	l->chunk.bytes += bytes + raw->n * sizeof *fields;
	for (size_t i = 0; i < raw->n; i++) {
		if (raw->fields[i].n > 0)
			memcpy(p, raw->fields[i].p, raw->fields[i].n);
		fields[i] = str_make(p, raw->fields[i].n);
		p += raw->fields[i].n;
	}
	if (raw->text.n > 0)
		memcpy(p, raw->text.p, raw->text.n);
	row->text = str_make(p, raw->text.n);
	row->fields = fields;
	row->fields_n = raw->n;
	return true;
}

/* EUR, eur, € */
static bool take_row_currency(struct loader *l, str text)
{
	static const struct {
		const char *sign;
		const char *code;
	} SIGNS[] = { { "\xE2\x82\xAC", "EUR" }, { "$", "USD" }, { "\xC2\xA3", "GBP" } };
	if (text.n == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(SIGNS); i++) {
		if (str_eq(text, str_of(SIGNS[i].sign)))
			text = str_of(SIGNS[i].code);
	}
	char code[4] = "";
	for (size_t i = 0; i < 3 && i < text.n; i++)
		code[i] = (char)(text.p[i] >= 'a' && text.p[i] <= 'z' ? text.p[i] - 'a' + 'A'
								      : text.p[i]);
	if (text.n != 3 || !num_is_currency(str_make(code, 3)))
		return row_problem(
			l, "column \"%.*s\": \"%.*s\" is no currency code such as EUR",
			STR_ARG(l->columns.all.items[l->columns.of_role[ROLE_CURRENCY]].header),
			STR_ARG(str_sub(text, 0, 40)));
	memcpy(l->row_currency, code, 4);
	return true;
}

static str column_text(const struct loader *l, const struct column *c, const struct chunk_row *row,
		       size_t i)
{
	if (c->from == FROM_CONSTANT)
		return c->constant;
	if (i >= row->fields_n)
		return S("");
	return l->source.json ? str_trim(row->fields[i]) : cell_clean(row->fields[i]);
}

/* What JSON says itself: numbers, yes and no, lists. */
static bool read_node(struct loader *l, struct column *c, const struct json *node,
		      struct cell_value *v)
{
	bool open = c->type == CELL_TEXT || c->type == CELL_AUTO;
	if (!node || node->kind == JSON_TEXT || c->known || !open || c->values_n > 0)
		return false;
	/* Items point into the row's JSON, which is gone with the next row. */
	v->value = value_dup(&l->chunk.arena, json_value(&l->source.row, node));
	v->filled = v->value.kind != VALUE_NONE;
	c->filled += v->filled;
	return true;
}

static bool read_cells(struct loader *l, const struct raw_row *raw, const struct chunk_row *row)
{
	struct arena *a = &l->chunk.arena;
	size_t currency = l->columns.of_role[ROLE_CURRENCY];
	l->row_currency[0] = '\0';
	if (currency != LOAD_NO_COLUMN) {
		struct column *c = &l->columns.all.items[currency];
		if (!take_row_currency(l, column_text(l, c, row, currency)))
			return false;
	}
	for (size_t i = 0; i < l->columns.all.n; i++) {
		struct column *c = &l->columns.all.items[i];
		struct cell_value *v = &l->cells[i];
		v->filled = false;
		v->text = S("");
		if (c->role == ROLE_IGNORE || c->from == FROM_LOOKUP)
			continue;
		str text = column_text(l, c, row, i);
		if (text.n == 0)
			continue;
		v->text = text;
		if (raw->nodes && i < raw->n && read_node(l, c, raw->nodes[i], v))
			continue;
		if (!cell_read(l, c, text, raw->line, a, v))
			return false;
	}
	return l->lookups.n == 0 || lookups_fill(l, raw->line, a);
}

static str text_of(const struct loader *l, enum role role)
{
	size_t column = l->columns.of_role[role];
	if (column == LOAD_NO_COLUMN || !l->cells[column].filled)
		return S("");
	return l->cells[column].text;
}

static void count_unknown_stage(struct loader *l, str stage)
{
	uint64_t n = 0;
	if (l->stages_unknown.n >= 100)
		return;
	map_get(&l->stages_unknown, stage, &n);
	/* Without memory the note is missing, nothing else. */
	if (!map_put(&l->stages_unknown, stage, n + 1))
		return;
}

/* `won` says no of an open deal as well as of a lost one: lost is what was closed by now. */
static bool says_lost(struct loader *l, str won)
{
	value v = value_none();
	if (won.n == 0)
		return false;
	size_t closed = l->columns.of_role[ROLE_CLOSED_AT], column = l->columns.of_role[ROLE_WON];
	bool no = str_eq(won, S("0")) || (parse_bool(won, &v) && v.i == 0);
	bool plain = str_eq_nocase(l->columns.all.items[column].header, S("won"));
	if (!no || !plain || closed == LOAD_NO_COLUMN || !l->cells[closed].filled)
		return false;
	return value_instant(l->cells[closed].value) <= l->import_us;
}

static str deal_stage(str stage)
{
	static const str OWN[] = { S("prospecting"), S("evaluation"), S("commitment") };
	for (size_t i = 0; i < ARRAY_LEN(OWN); i++) {
		if (str_eq_nocase(stage, OWN[i]))
			return OWN[i];
	}
	return stage;
}

static void find_stage(struct making *m)
{
	struct loader *l = m->l;
	str stage = text_of(l, ROLE_STAGE);
	if (l->map.touches)
		return;
	if (l->kind == LOAD_PEOPLE) {
		m->stage = stage_of_text(stage);
		if (stage.n > 0 && m->stage.n == 0)
			count_unknown_stage(l, stage);
		return;
	}
	if (l->kind != LOAD_DEALS)
		return;
	str won = text_of(l, ROLE_WON);
	str outcome = deal_outcome_of_text(stage);
	if (outcome.n == 0)
		outcome = deal_outcome_of_text(won);
	value yes = value_none();
	m->won = str_eq(outcome, S("won")) || str_eq(won, S("1")) ||
		 (parse_bool(won, &yes) && yes.i == 1);
	m->lost = !m->won && (str_eq(outcome, S("lost")) || says_lost(l, won));
	m->stage = deal_stage(stage);
}

bool row_build(struct loader *l, const struct raw_row *raw, struct chunk_row *row, bool *ok_r,
	       err *e)
{
	struct making m = { .l = l, .a = &l->chunk.arena, .raw = raw };
	*ok_r = true;
	if (l->in_bulk) { /* the block lives until the row is settled */
		row->fields = raw->fields;
		row->fields_n = raw->n;
		row->text = raw->text;
	} else if (!row_copy(l, raw, row, e)) {
		return false;
	}
	row->items_n = 0;
	row->first = l->chunk.n;
	if (raw->problem.n > 0) {
		*ok_r = row_problem(l, "%.*s", STR_ARG(raw->problem));
		return true;
	}
	if (!read_cells(l, raw, row)) {
		*ok_r = false;
		return !m.a->over || arena_err(m.a, e);
	}
	uint64_t blocked = l->blocked_ids;
	if (!row_ids(l, &m.whole, m.a, ok_r, e))
		return false;
	if (!*ok_r)
		return true;
	m.blocked = l->blocked_ids - blocked;
	const struct intake *w = &m.whole;
	m.has_person = w->user_id.n || w->email.n || w->external_n || w->anonymous_id.n;
	m.has_company = w->company_domain.n || w->company_name.n || w->company_id.value.n;
	find_stage(&m);
	if (!touches_make(&m, ok_r, e))
		return false;
	row->items_n = l->chunk.n - row->first;
	return true;
}
