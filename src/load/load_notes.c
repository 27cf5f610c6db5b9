/*
 * load_notes.c - what a person should know about an import besides its counts.
 *
 * What it is:   one sentence a line: columns kept as traits, values translated, values that did not
 *               fit, deals without a company, times that were not stated ...
 * Promises:     nothing that was changed, assumed or left out goes without a sentence.
 */
#include "load/load_int.h"

#include <stdio.h>

#define NOTES_BYTES_MAX	 (256 * KIB)
#define TRAITS_NAMED_MAX 50

static const char *type_name(enum cell_type type)
{
	static const char *const NAMES[CELL_TYPES_N] = {
		[CELL_AUTO] = "any",	[CELL_TEXT] = "text", [CELL_NUMBER] = "number",
		[CELL_MONEY] = "money", [CELL_TIME] = "time", [CELL_DATE] = "date",
		[CELL_BOOL] = "yes/no", [CELL_LIST] = "list",
	};
	return NAMES[type];
}

/* "1 deal", "1,425 deals" */
static void put_n(struct buf *b, uint64_t n, const char *what)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_byte(b, ',');
		buf_byte(b, (uint8_t)digits[i]);
	}
	buf_printf(b, " %s%s", what, n == 1 ? "" : "s");
}

static void note_traits(const struct loader *l, struct buf *b)
{
	size_t n = 0;
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *c = &l->columns.all.items[i];
		if (c->role != ROLE_PROP || c->known || c->claimed || n++ >= TRAITS_NAMED_MAX)
			continue;
		buf_printf(b, "%s%.*s", n > 1 ? ", " : "Kept as traits: ", STR_ARG(c->key));
		/* JSON says value by value what it is. */
		if (!l->source.json || c->type != CELL_TEXT)
			buf_printf(b, " (%s)", type_name(c->type));
	}
	if (n > TRAITS_NAMED_MAX)
		buf_printf(b, " and %zu more", n - TRAITS_NAMED_MAX);
	if (n > 0)
		buf_cstr(b, ".\n");
}

static void note_values(const struct loader *l, struct buf *b)
{
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *c = &l->columns.all.items[i];
		for (size_t k = 0; k < c->values_n; k++) {
			const struct translation *t = &c->values[k];
			if (t->rows > 0 && !str_eq(t->from, t->to)) {
				buf_printf(b, "%.*s: \"%.*s\" was read as \"%.*s\" in ",
					   STR_ARG(c->header), STR_ARG(t->from), STR_ARG(t->to));
				put_n(b, t->rows, "row");
				buf_cstr(b, ".\n");
			}
		}
	}
}

static void note_misfits(const struct loader *l, struct buf *b)
{
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *c = &l->columns.all.items[i];
		if (c->fallbacks == 0)
			continue;
		buf_printf(b, "%.*s: ", STR_ARG(c->header));
		put_n(b, c->fallbacks, "value");
		buf_printf(
			b,
			" did not read as %s and stayed text; the first is \"%.*s\" in line %llu.\n",
			type_name(c->type), STR_ARG(c->fallback_text),
			(unsigned long long)c->fallback_line);
	}
}

static bool column_is_used(const struct loader *l, size_t column)
{
	for (size_t i = 0; i < l->plan.n; i++) {
		const struct slot *s = &l->plan.slots[i];
		for (size_t k = 0; k < s->at_n; k++) {
			if (s->at[k] == column)
				return true;
		}
		for (size_t k = 0; k < s->conditions_n; k++) {
			if (s->conditions[k].column == column)
				return true;
		}
		for (size_t k = 0; k < s->props_n; k++) {
			if (s->props[k].column == column)
				return true;
		}
	}
	for (size_t i = 0; i < l->lookups.n; i++) {
		if (l->lookups.items[i].match == column)
			return true;
	}
	return false;
}

static void note_left_out(const struct loader *l, struct buf *b)
{
	bool any = false;
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *c = &l->columns.all.items[i];
		bool ignored = c->role == ROLE_IGNORE && i < l->columns.all.n && l->map.ignore;
		bool unused = c->role == ROLE_PROP && !column_is_used(l, i);
		if (!ignored && !unused)
			continue;
		buf_printf(b, "%s%.*s",
			   any ? ", " : "Left out, as the map says: ", STR_ARG(c->header));
		any = true;
	}
	if (any)
		buf_cstr(b, ".\n");
}

static void note_lookups(const struct loader *l, struct buf *b)
{
	for (size_t i = 0; i < l->lookups.n; i++) {
		const struct lookup *u = &l->lookups.items[i];
		if (!u->there)
			buf_printf(
				b,
				"%.*s does not lie beside the file: what it would add is not known.\n",
				STR_ARG(u->file));
		if (u->misses == 0)
			continue;
		put_n(b, u->misses, "row");
		buf_printf(b, " found no match in %.*s; the first looked for \"%.*s\".\n",
			   STR_ARG(u->file), STR_ARG(u->miss_first));
	}
}

/* A sentence that starts with a number; none when it is 0. */
static void note_n(struct buf *b, uint64_t n, const char *what, const char *rest)
{
	if (n == 0)
		return;
	put_n(b, n, what);
	buf_printf(b, " %s\n", rest);
}

static void note_deals(const struct loader *l, struct buf *b)
{
	bool people = l->columns.of_role[ROLE_EMAIL] != LOAD_NO_COLUMN ||
		      l->columns.of_role[ROLE_EXTERNAL_ID] != LOAD_NO_COLUMN;
	note_n(b, l->without_company, "deal", "came without a company; kept all the same.");
	note_n(b, people ? l->without_person : 0, "deal",
	       "came without a person; kept all the same.");
	if (l->closed_before_created > 0) {
		put_n(b, l->closed_before_created, "deal");
		buf_printf(
			b,
			" closed before the day of creation, first in line %llu; kept as it stands.\n",
			(unsigned long long)l->closed_before_line);
	}
	note_n(b, l->made_deal_ids, "deal", "had no id: name and company stand for it.");
}

static void note_stages(const struct loader *l, struct buf *b)
{
	str stage;
	uint64_t rows;
	for (size_t at = 0; map_next(&l->stages_unknown, &at, &stage, &rows);) {
		buf_printf(b, "Lifecycle stage \"%.*s\" is none of ours and stays a trait: ",
			   STR_ARG(str_sub(stage, 0, 60)));
		put_n(b, rows, "row");
		buf_cstr(b, ".\n");
	}
}

static void note_encoding(const struct loader *l, struct buf *b)
{
	str is = str_of(l->source.csv ? csv_encoding(l->source.csv) : "UTF-8"),
	    said = l->map.encoding;
	if (!str_eq_nocase(str_sub(is, 0, said.n), said))
		buf_printf(b, "The map says %.*s, but the file is %.*s and was read so.\n",
			   STR_ARG(said), STR_ARG(is));
}

static void note_assumed(const struct loader *l, struct buf *b)
{
	if (l->currency_assumed > 0) {
		put_n(b, l->currency_assumed, "amount");
		buf_printf(
			b,
			" without a currency read as %s; --map currency=USD or \"currency\" in a map "
			"says otherwise.\n",
			l->currency);
	}
	note_n(b, l->import_timed, "row",
	       "did not say when it happened: the time of the import was taken.");
	note_n(b, l->blocked_ids, "id", "such as \"null\" or \"0\" stood for none.");
	note_n(b, l->about_nobody, "event", "named nobody.");
	note_encoding(l, b);
}

bool notes_make(struct loader *l, struct arena *a, str *notes_r, err *e)
{
	struct buf b;
	buf_init(&b, NOTES_BYTES_MAX);
	note_traits(l, &b);
	note_left_out(l, &b);
	note_values(l, &b);
	note_misfits(l, &b);
	note_stages(l, &b);
	note_lookups(l, &b);
	note_deals(l, &b);
	note_assumed(l, &b);
	bool ok = !b.nomem || err_nomem(e);
	if (ok)
		*notes_r = str_dup(a, buf_view(&b));
	buf_fini(&b);
	return ok && (!a->over || arena_err(a, e));
}
