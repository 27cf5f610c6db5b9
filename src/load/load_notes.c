/*
 * load_notes.c - what a person should know about an import besides its counts.
 *
 * What it is:   one sentence a line: columns kept as traits, values translated, values that did not
 *               fit, deals without a company, times that were not stated ...
 * Promises:     nothing that was changed, assumed or left out goes without a sentence.
 */
#include "load/load_int.h"

#define NOTES_BYTES_MAX (256 * KIB)

static const char *type_name(enum cell_type type)
{
	static const char *const NAMES[CELL_TYPES_N] = {
		[CELL_AUTO] = "any",	[CELL_TEXT] = "text", [CELL_NUMBER] = "number",
		[CELL_MONEY] = "money", [CELL_TIME] = "time", [CELL_DATE] = "date",
		[CELL_BOOL] = "yes/no", [CELL_LIST] = "list",
	};
	return NAMES[type];
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void note_traits(const struct loader *l, struct buf *b)
{
	bool any = false;
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *c = &l->columns.all.items[i];
		if (c->role != ROLE_PROP || c->known || c->claimed)
			continue;
		buf_printf(b, "%s%.*s (%s)", any ? ", " : "Kept as traits: ", STR_ARG(c->key),
			   type_name(c->type));
		any = true;
	}
	if (any)
		buf_cstr(b, ".\n");
}

static void note_values(const struct loader *l, struct buf *b)
{
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *c = &l->columns.all.items[i];
		for (size_t k = 0; k < c->values_n; k++) {
			const struct translation *t = &c->values[k];
			if (t->rows > 0 && !str_eq(t->from, t->to))
				buf_printf(b,
					   "%.*s: \"%.*s\" was read as \"%.*s\" in %llu row%s.\n",
					   STR_ARG(c->header), STR_ARG(t->from), STR_ARG(t->to),
					   (unsigned long long)t->rows, plural(t->rows));
		}
	}
}

static void note_misfits(const struct loader *l, struct buf *b)
{
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *c = &l->columns.all.items[i];
		if (c->fallbacks == 0)
			continue;
		buf_printf(
			b,
			"%.*s: %llu value%s did not read as %s and stayed text; the first is \"%.*s\" in "
			"line %llu.\n",
			STR_ARG(c->header), (unsigned long long)c->fallbacks, plural(c->fallbacks),
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
		if (u->misses > 0)
			buf_printf(
				b,
				"%llu row%s found no match in %.*s; the first looked for \"%.*s\".\n",
				(unsigned long long)u->misses, plural(u->misses), STR_ARG(u->file),
				STR_ARG(u->miss_first));
	}
}

static void note_deals(const struct loader *l, struct buf *b)
{
	if (l->without_company > 0)
		buf_printf(b, "%llu deal%s came without a company; they are kept.\n",
			   (unsigned long long)l->without_company, plural(l->without_company));
	bool people = l->columns.of_role[ROLE_EMAIL] != LOAD_NO_COLUMN ||
		      l->columns.of_role[ROLE_EXTERNAL_ID] != LOAD_NO_COLUMN;
	if (l->without_person > 0 && people)
		buf_printf(b, "%llu deal%s came without a person; they are kept.\n",
			   (unsigned long long)l->without_person, plural(l->without_person));
	if (l->closed_before_created > 0)
		buf_printf(
			b,
			"%llu deal%s closed before they began, the first in line %llu; kept as they are.\n",
			(unsigned long long)l->closed_before_created,
			plural(l->closed_before_created),
			(unsigned long long)l->closed_before_line);
	if (l->made_deal_ids > 0)
		buf_printf(b,
			   "%llu deal%s had no id of their own: name and company stand for it.\n",
			   (unsigned long long)l->made_deal_ids, plural(l->made_deal_ids));
}

static void note_stages(const struct loader *l, struct buf *b)
{
	str stage;
	uint64_t rows;
	for (size_t at = 0; map_next(&l->stages_unknown, &at, &stage, &rows);)
		buf_printf(
			b,
			"Lifecycle stage \"%.*s\" is none of ours (%llu row%s); it is kept as a trait.\n",
			STR_ARG(str_sub(stage, 0, 60)), (unsigned long long)rows, plural(rows));
}

static void note_assumed(const struct loader *l, struct buf *b)
{
	if (l->currency_assumed > 0)
		buf_printf(
			b,
			"%llu amount%s named no currency and were taken as %s; --map currency=USD or a map's "
			"\"currency\" says otherwise.\n",
			(unsigned long long)l->currency_assumed, plural(l->currency_assumed),
			l->currency);
	if (l->import_timed > 0)
		buf_printf(
			b,
			"%llu row%s did not say when it happened: the time of the import was taken.\n",
			(unsigned long long)l->import_timed, plural(l->import_timed));
	if (l->blocked_ids > 0)
		buf_printf(b, "%llu id%s such as \"null\" or \"0\" stood for none.\n",
			   (unsigned long long)l->blocked_ids, plural(l->blocked_ids));
	if (l->about_nobody > 0)
		buf_printf(b, "%llu event%s named nobody.\n", (unsigned long long)l->about_nobody,
			   plural(l->about_nobody));
	const char *encoding = l->source.csv ? csv_encoding(l->source.csv) : "UTF-8";
	bool as_said = str_eq_nocase(str_of(encoding), l->map.encoding) || l->map.encoding.n == 0 ||
		       str_eq_nocase(str_sub(str_of(encoding), 0, l->map.encoding.n),
				     l->map.encoding);
	if (!as_said)
		buf_printf(b, "The map says %.*s, but the file is %s, and was read so.\n",
			   STR_ARG(l->map.encoding), encoding);
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
