/*
 * load_map_columns.c - what a map or an option says about columns.
 *
 * What it is:   `columns:`, `ignore:` and `constants:` of a map file, and --map field=Header.
 * Promises:     a header that the file does not have is an error that names the nearest one.
 */
#include "load/load_int.h"

static size_t header_find_exact(const struct loader *l, str header)
{
	size_t near = LOAD_NO_COLUMN;
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *c = &l->columns.all.items[i];
		if (c->from != FROM_FILE)
			continue;
		if (str_eq(c->header, header))
			return i;
		if (str_eq_nocase(c->header, header))
			near = i;
	}
	return near;
}

str columns_near(struct loader *l, str header)
{
	struct near_name near;
	near_init(&near, header);
	for (size_t i = 0; i < l->columns.all.n; i++)
		near_offer(&near, l->columns.all.items[i].header);
	return near_sentence(&near, &l->setup);
}

static str field_near(struct loader *l, str name)
{
	size_t n;
	const struct field_info *fields = field_table(l->kind, &n);
	struct near_name near;
	near_init(&near, name);
	for (size_t i = 0; i < n; i++)
		near_offer(&near, str_of(fields[i].name));
	return near_sentence(&near, &l->setup);
}

static void claim_field(struct column *c, const struct field_info *f)
{
	c->key = str_of(f->name);
	c->role = f->role;
	c->as_prop = f->as_prop;
	c->known = c->declared = c->claimed = true;
	if (c->type == CELL_AUTO)
		c->type = f->type;
}

static bool claim_trait(struct loader *l, struct column *c, str name, err *e)
{
	c->key = str_dup(&l->setup, name);
	c->role = ROLE_PROP;
	c->claimed = true;
	return !l->setup.over || arena_err(&l->setup, e);
}

static bool map_field(struct loader *l, const struct yaml *y, struct column *c, err *e)
{
	str name;
	if (!map_text(l, y, &name, e))
		return false;
	if (str_eq(name, S("ignore"))) {
		c->role = ROLE_IGNORE;
		c->claimed = true;
		return true;
	}
	const struct field_info *f = field_find(l->kind, name);
	if (!f) {
		str near = field_near(l, name);
		return map_error(
			l, y, e,
			"%s have no field \"%.*s\"%.*s; for a trait of that name write {trait: "
			"%.*s}",
			load_kind_name(l->kind), STR_ARG(name), STR_ARG(near), STR_ARG(name));
	}
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *o = &l->columns.all.items[i];
		if (o != c && o->claimed && o->known && str_eq(o->key, name))
			return map_error(l, y, e, "\"%.*s\" is fed by column \"%.*s\" already",
					 STR_ARG(name), STR_ARG(o->header));
	}
	claim_field(c, f);
	return true;
}

const char *cell_type_name(enum cell_type type)
{
	static const char *const NAMES[CELL_TYPES_N] = {
		[CELL_AUTO] = "auto",	[CELL_TEXT] = "text", [CELL_NUMBER] = "number",
		[CELL_MONEY] = "money", [CELL_TIME] = "time", [CELL_DATE] = "date",
		[CELL_BOOL] = "yes_no", [CELL_LIST] = "list",
	};
	return NAMES[type];
}

static bool map_type(const struct loader *l, const struct yaml *y, struct column *c, err *e)
{
	for (size_t i = 0; y->kind == YAML_TEXT && i < CELL_TYPES_N; i++) {
		if (str_eq(y->text, str_of(cell_type_name((enum cell_type)i)))) {
			c->type = (enum cell_type)i;
			c->declared = i != CELL_AUTO;
			return true;
		}
	}
	return map_error(l, y, e,
			 "\"type\" must be text, number, money, time, date, yes_no or list");
}

static bool map_values(struct loader *l, const struct yaml *y, struct column *c, err *e)
{
	if (y->kind != YAML_MAP)
		return map_error(
			l, y, e,
			"\"values\" must be a map: what stands in the file: what it means");
	c->values = ARENA_ARRAY(&l->setup, struct translation, y->n);
	if (!c->values)
		return arena_err(&l->setup, e);
	for (size_t i = 0; i < y->n; i++) {
		const struct yaml *item = &y->items[i];
		if (item->kind != YAML_TEXT)
			return map_error(l, item, e, "\"%.*s\" must be translated to one text",
					 STR_ARG(item->key));
		c->values[i] = (struct translation){ .from = item->key, .to = item->text };
		if (!map_put(&c->values_by, item->key, i))
			return err_nomem(e);
	}
	c->values_n = y->n;
	return true;
}

static bool map_times(const struct loader *l, const struct yaml *y, struct column *c, err *e)
{
	if (y->kind != YAML_TEXT || !num_parse_real(y->text, &c->times) || c->times == 0)
		return map_error(l, y, e, "\"times\" must be a number other than 0");
	return true;
}

static bool map_split(const struct loader *l, const struct yaml *y, struct column *c, err *e)
{
	if (y->kind != YAML_TEXT || y->text.n != 1)
		return map_error(l, y, e, "\"split\" must be one character");
	c->split = y->text.p[0];
	c->type = CELL_LIST;
	c->declared = true;
	return true;
}

static bool map_other(const struct loader *l, const struct yaml *y, struct column *c, err *e)
{
	bool keep = y->kind == YAML_TEXT && str_eq(y->text, S("keep"));
	if (!keep && (y->kind != YAML_TEXT || !str_eq(y->text, S("reject"))))
		return map_error(l, y, e, "\"other\" must be keep or reject");
	c->values_closed = !keep;
	return true;
}

static bool map_column_key(struct loader *l, const struct yaml *y, struct column *c, err *e)
{
	bool ignored;
	str name;
	if (str_eq(y->key, S("field")))
		return map_field(l, y, c, e);
	if (str_eq(y->key, S("trait")))
		return map_text(l, y, &name, e) && claim_trait(l, c, name, e);
	if (str_eq(y->key, S("type")))
		return map_type(l, y, c, e);
	if (str_eq(y->key, S("date_format")))
		return map_text(l, y, &c->pattern, e);
	if (str_eq(y->key, S("decimal")))
		return map_decimal(l, y, &c->decimal, e);
	if (str_eq(y->key, S("currency")))
		return map_currency(l, y, c->currency, e);
	if (str_eq(y->key, S("values")))
		return map_values(l, y, c, e);
	if (str_eq(y->key, S("times")))
		return map_times(l, y, c, e);
	if (str_eq(y->key, S("split")))
		return map_split(l, y, c, e);
	if (str_eq(y->key, S("other")))
		return map_other(l, y, c, e);
	return map_yes_no(l, y, &ignored, e);
}

bool map_column(struct loader *l, const struct yaml *y, struct column *c, err *e)
{
	static const char *const KEYS[] = { "field",   "trait",	   "type",    "date_format",
					    "decimal", "currency", "values",  "times",
					    "split",   "other",	   "optional" };
	c->map_line = y->line;
	if (y->kind == YAML_TEXT)
		return map_field(l, y, c, e);
	if (y->kind != YAML_MAP)
		return map_error(l, y, e, "a column is a field's name, or a map of what it is");
	if (!map_known_keys(l, y, KEYS, ARRAY_LEN(KEYS), e))
		return false;
	if (yaml_get(y, S("field")) && yaml_get(y, S("trait")))
		return map_error(l, y, e, "a column is either a field or a trait");
	for (size_t i = 0; i < y->n; i++) {
		if (!map_column_key(l, &y->items[i], c, e))
			return false;
	}
	if (c->pattern.n > 0 && c->type != CELL_DATE && c->type != CELL_TIME) {
		c->type = CELL_TIME;
		c->declared = true;
	}
	if ((c->currency[0] || c->times != 0) && c->type == CELL_AUTO)
		c->type = c->currency[0] ? CELL_MONEY : CELL_NUMBER;
	return true;
}

static bool map_missing(struct loader *l, const struct yaml *y, err *e)
{
	const struct yaml *optional = y->kind == YAML_MAP ? yaml_get(y, S("optional")) : NULL;
	bool yes = false;
	if (optional && !map_yes_no(l, optional, &yes, e))
		return false;
	if (yes)
		return true;
	str near = columns_near(l, y->key);
	return map_error(l, y, e, "%s has no column \"%.*s\"%.*s", l->path, STR_ARG(y->key),
			 STR_ARG(near));
}

static bool map_ignored(struct loader *l, err *e)
{
	const struct yaml *list = l->map.ignore;
	for (size_t i = 0; list && i < list->n; i++) {
		const struct yaml *y = &list->items[i];
		str header;
		if (!map_text(l, y, &header, e))
			return false;
		size_t column = header_find_exact(l, header);
		if (column == LOAD_NO_COLUMN) {
			str near = columns_near(l, header);
			return map_error(l, y, e, "%s has no column \"%.*s\"%.*s", l->path,
					 STR_ARG(header), STR_ARG(near));
		}
		l->columns.all.items[column].role = ROLE_IGNORE;
		l->columns.all.items[column].claimed = true;
	}
	return true;
}

bool column_push(struct loader *l, struct column c, size_t *i_r, err *e)
{
	*i_r = l->columns.all.n;
	if (l->columns.all.n == LOAD_COLUMNS_MAX)
		return err_set(e, ERR_LIMIT, "%s has more than %d columns", l->path,
			       LOAD_COLUMNS_MAX);
	return vec_push(&l->columns.all, c) || err_nomem(e);
}

static bool map_constant(struct loader *l, const struct yaml *y, err *e)
{
	struct column c = { .header = y->key,
			    .key = y->key,
			    .claimed = true,
			    .from = FROM_CONSTANT,
			    .decimal = NUM_POINT,
			    .map_line = y->line };
	if (!map_text(l, y, &c.constant, e))
		return false;
	const struct field_info *f = field_find(l->kind, y->key);
	if (f)
		claim_field(&c, f);
	else if (y->quoted)
		c.type = CELL_TEXT;
	size_t i;
	return column_push(l, c, &i, e);
}

bool map_columns(struct loader *l, err *e)
{
	const struct yaml *map = l->map.columns;
	for (size_t i = 0; map && i < map->n; i++) {
		const struct yaml *y = &map->items[i];
		size_t column = header_find_exact(l, y->key);
		if (column == LOAD_NO_COLUMN) {
			if (!map_missing(l, y, e))
				return false;
			continue;
		}
		if (!map_column(l, y, &l->columns.all.items[column], e))
			return false;
	}
	if (!map_ignored(l, e))
		return false;
	const struct yaml *constants = l->map.constants;
	for (size_t i = 0; constants && i < constants->n; i++) {
		if (!map_constant(l, &constants->items[i], e))
			return false;
	}
	return map_lookups(l, e);
}

/* --map currency=USD where no column is called USD: the currency of all amounts. */
static bool pair_currency(struct loader *l, str field, str header)
{
	if (!str_eq(field, S("currency")) || header.n != 3 || !num_is_currency(header) ||
	    header_find_exact(l, header) != LOAD_NO_COLUMN)
		return false;
	for (size_t i = 0; i < 3; i++)
		l->map.currency[i] = header.p[i];
	l->map.currency[3] = '\0';
	return true;
}

bool map_pairs(struct loader *l, err *e)
{
	for (size_t i = 0; i < l->o->map_pairs_n; i++) {
		str pair = str_of(l->o->map_pairs[i]);
		size_t at = str_index(pair, '=');
		str field = str_trim(str_sub(pair, 0, at)),
		    header = str_trim(str_sub(pair, at + 1, pair.n));
		if (at == pair.n || field.n == 0 || header.n == 0)
			return err_set(e, ERR_INVALID, "--map %.*s: write it as field=Header",
				       STR_ARG(pair));
		if (pair_currency(l, field, header))
			continue;
		size_t column = header_find_exact(l, header);
		str near = column == LOAD_NO_COLUMN ? columns_near(l, header) : S("");
		if (column == LOAD_NO_COLUMN)
			return err_set(e, ERR_INVALID, "--map %.*s: %s has no column \"%.*s\"%.*s",
				       STR_ARG(pair), l->path, STR_ARG(header), STR_ARG(near));
		const struct field_info *f = field_find(l->kind, field);
		struct column *c = &l->columns.all.items[column];
		near = f ? S("") : field_near(l, field);
		if (near.n > 0)
			return err_set(e, ERR_INVALID, "--map %.*s: %s have no field \"%.*s\"%.*s",
				       STR_ARG(pair), load_kind_name(l->kind), STR_ARG(field),
				       STR_ARG(near));
		c->type = CELL_AUTO;
		if (f)
			claim_field(c, f);
		else if (!claim_trait(l, c, field, e))
			return false;
	}
	return true;
}
