/*
 * load_map_touch.c - `touches:` of a map file.
 *
 * What it is:   which touches one row stands for: name, about whom, the columns its time is looked
 *               for in, conditions, properties; compiled into the slots of the plan.
 * Promises:     every column that is named exists; a touch's place in the list is its order among
 *               touches of one instant.
 */
#include "load/load_int.h"

static bool touch_column(struct loader *l, const struct yaml *y, str name, size_t *column_r, err *e)
{
	*column_r = columns_find(l, name);
	if (*column_r != LOAD_NO_COLUMN)
		return true;
	str near = columns_near(l, name);
	return map_error(l, y, e, "there is no column \"%.*s\"%.*s", STR_ARG(name), STR_ARG(near));
}

static bool touch_about(struct loader *l, const struct yaml *y, struct slot *s, err *e)
{
	static const str NAMES[] = { [ABOUT_PERSON] = S("person"),
				     [ABOUT_COMPANY] = S("company"),
				     [ABOUT_DEAL] = S("deal"),
				     [ABOUT_NOBODY] = S("nobody") };
	for (size_t i = 0; y->kind == YAML_TEXT && i < ARRAY_LEN(NAMES); i++) {
		if (str_eq(y->text, NAMES[i])) {
			s->about = (enum about)i;
			return true;
		}
	}
	return map_error(l, y, e, "\"about\" must be person, company, deal or nobody");
}

/* A column whose cells are times, or the word `import`, which must come last. */
static bool touch_at_one(struct loader *l, const struct yaml *y, struct slot *s, err *e)
{
	if (y->kind != YAML_TEXT)
		return map_error(l, y, e, "\"at\" must be a column or a list of columns");
	if (s->at_import)
		return map_error(l, y, e, "nothing can come after \"import\": it is always there");
	if (str_eq(y->text, S("import"))) {
		s->at_import = true;
		return true;
	}
	size_t column;
	if (!touch_column(l, y, y->text, &column, e))
		return false;
	struct column *c = &l->columns.all.items[column];
	if (c->type != CELL_TIME && c->type != CELL_DATE)
		return map_error(
			l, y, e,
			"column \"%.*s\" holds no dates that are recognised; give it a date_format",
			STR_ARG(c->header));
	c->declared = true;
	if (s->at_n == LOAD_AT_MAX)
		return map_error(l, y, e, "\"at\" takes at most %d columns", LOAD_AT_MAX);
	s->at[s->at_n++] = column;
	return true;
}

static bool touch_at(struct loader *l, const struct yaml *y, struct slot *s, err *e)
{
	if (y->kind == YAML_TEXT)
		return touch_at_one(l, y, s, e);
	if (y->kind == YAML_MAP || y->n == 0)
		return map_error(l, y, e, "\"at\" must be a column or a list of columns");
	for (size_t i = 0; i < y->n; i++) {
		if (!touch_at_one(l, &y->items[i], s, e))
			return false;
	}
	return true;
}

/* A text, or a list of texts. */
static bool touch_texts(struct loader *l, const struct yaml *y, struct condition *c, err *e)
{
	size_t n = y->kind == YAML_LIST ? y->n : 1;
	str *any = ARENA_ARRAY(&l->setup, str, n);
	if (!any)
		return arena_err(&l->setup, e);
	if (y->kind == YAML_MAP)
		return map_error(l, y, e, "a condition compares with a text or a list of texts");
	for (size_t i = 0; i < n; i++) {
		const struct yaml *item = y->kind == YAML_LIST ? &y->items[i] : y;
		if (item->kind != YAML_TEXT)
			return map_error(l, item, e, "a condition compares with texts");
		any[i] = item->text;
	}
	c->any = any;
	c->any_n = n;
	return true;
}

static bool touch_condition(struct loader *l, const struct yaml *y, struct condition *c, err *e)
{
	static const char *const KEYS[] = { "filled", "not" };
	if (!touch_column(l, y, y->key, &c->column, e))
		return false;
	if (y->kind != YAML_MAP)
		return touch_texts(l, y, c, e);
	if (!map_known_keys(l, y, KEYS, ARRAY_LEN(KEYS), e))
		return false;
	const struct yaml *filled = yaml_get(y, S("filled")), *not_in = yaml_get(y, S("not"));
	if (!filled == !not_in)
		return map_error(l, y, e, "a condition is either {filled: yes} or {not: ...}");
	if (not_in) {
		c->negate = true;
		return touch_texts(l, not_in, c, e);
	}
	bool yes;
	if (!map_yes_no(l, filled, &yes, e))
		return false;
	c->filled = true;
	c->negate = !yes;
	return true;
}

static bool touch_when(struct loader *l, const struct yaml *y, struct slot *s, err *e)
{
	if (y->kind != YAML_MAP)
		return map_error(l, y, e, "\"when\" must be a map of columns and what they hold");
	struct condition *conditions = ARENA_ARRAY(&l->setup, struct condition, y->n);
	if (!conditions)
		return arena_err(&l->setup, e);
	for (size_t i = 0; i < y->n; i++) {
		if (!touch_condition(l, &y->items[i], &conditions[i], e))
			return false;
	}
	s->conditions = conditions;
	s->conditions_n = y->n;
	return true;
}

static value constant_value(const struct yaml *y)
{
	value v;
	bool typed = !y->quoted &&
		     (parse_number(y->text, NUM_POINT, &v) || parse_bool(y->text, &v));
	return typed ? v : value_text(y->text);
}

static bool touch_set(struct loader *l, const struct yaml *y, struct slot *s, err *e)
{
	if (y->kind != YAML_MAP)
		return map_error(l, y, e, "\"set\" must be a map of properties and their values");
	struct prop *sets = ARENA_ARRAY(&l->setup, struct prop, y->n);
	if (!sets)
		return arena_err(&l->setup, e);
	for (size_t i = 0; i < y->n; i++) {
		const struct yaml *item = &y->items[i];
		if (item->kind != YAML_TEXT)
			return map_error(l, item, e, "\"%.*s\" must be one value",
					 STR_ARG(item->key));
		sets[i] = (struct prop){ item->key, constant_value(item) };
	}
	s->sets = sets;
	s->sets_n = y->n;
	return true;
}

/* A list of columns, or a map from property to column. */
static bool touch_prop_list(struct loader *l, const struct yaml *y, struct slot *s, err *e)
{
	s->props = ARENA_ARRAY(&l->setup, struct slot_prop, y->n);
	if (!s->props)
		return arena_err(&l->setup, e);
	for (size_t i = 0; i < y->n; i++) {
		const struct yaml *item = &y->items[i];
		size_t column;
		if (item->kind != YAML_TEXT)
			return map_error(l, item, e, "a property comes from one column");
		if (!touch_column(l, item, item->text, &column, e))
			return false;
		str key = y->kind == YAML_MAP ? item->key : l->columns.all.items[column].key;
		s->props[i] = (struct slot_prop){ .key = key, .column = column };
	}
	s->props_n = y->n;
	return true;
}

static bool touch_props(struct loader *l, const struct yaml *y, struct slot *s, err *e)
{
	s->all_props = false;
	if (y->kind != YAML_TEXT)
		return touch_prop_list(l, y, s, e);
	s->all_props = str_eq(y->text, S("all"));
	if (!s->all_props && !str_eq(y->text, S("none")))
		return map_error(l, y, e,
				 "\"props\" must be all, none, a list of columns, or a map of "
				 "property: column");
	return true;
}

/* Entering a stage says nothing else unless the map says so; all other touches carry everything. */
static bool carries_all(str name)
{
	static const str BARE[] = { S("stage_entered"), S("deal_stage_entered"), S("deal_won"),
				    S("deal_lost") };
	for (size_t i = 0; i < ARRAY_LEN(BARE); i++) {
		if (str_eq(name, BARE[i]))
			return false;
	}
	return true;
}

static bool touch_key(struct loader *l, const struct yaml *y, struct slot *s, err *e)
{
	if (str_eq(y->key, S("name")))
		return true;
	if (str_eq(y->key, S("about")))
		return touch_about(l, y, s, e);
	if (str_eq(y->key, S("at")))
		return touch_at(l, y, s, e);
	if (str_eq(y->key, S("when")))
		return touch_when(l, y, s, e);
	if (str_eq(y->key, S("set")))
		return touch_set(l, y, s, e);
	if (str_eq(y->key, S("props")))
		return touch_props(l, y, s, e);
	return map_yes_no(l, y, &s->origin, e);
}

static enum about about_of_kind(enum load_kind kind)
{
	switch (kind) {
	case LOAD_COMPANIES:
		return ABOUT_COMPANY;
	case LOAD_DEALS:
		return ABOUT_DEAL;
	case LOAD_SPEND:
		return ABOUT_NOBODY;
	case LOAD_EVENTS:
	case LOAD_PEOPLE:
	case LOAD_KINDS_N:
		break;
	}
	return ABOUT_PERSON;
}

/* Without `at`: the row's own time, and where it has none, that of the import. */
static void default_at(const struct loader *l, struct slot *s)
{
	size_t column = l->columns.of_role[ROLE_AT];
	if (column != LOAD_NO_COLUMN)
		s->at[s->at_n++] = column;
	s->at_import = column == LOAD_NO_COLUMN || l->kind != LOAD_EVENTS;
}

static bool map_touch(struct loader *l, const struct yaml *y, struct slot *s, err *e)
{
	static const char *const KEYS[] = {
		"name", "about", "at", "when", "set", "props", "origin"
	};
	if (y->kind != YAML_MAP)
		return map_error(l, y, e, "a touch is a map with a name");
	if (!map_known_keys(l, y, KEYS, ARRAY_LEN(KEYS), e))
		return false;
	const struct yaml *name = yaml_get(y, S("name"));
	if (!name || name->kind != YAML_TEXT || name->text.n == 0 || name->text.n > 200)
		return map_error(l, y, e, "a touch needs a \"name\" of at most 200 bytes");
	*s = (struct slot){ .name = name->text,
			    .about = about_of_kind(l->kind),
			    .origin = true,
			    .all_props = carries_all(name->text),
			    .place = (uint8_t)(s - l->plan.slots) };
	for (size_t i = 0; i < y->n; i++) {
		if (!touch_key(l, &y->items[i], s, e))
			return false;
	}
	if (s->at_n == 0 && !s->at_import)
		default_at(l, s);
	return true;
}

bool map_touches(struct loader *l, err *e)
{
	const struct yaml *list = l->map.touches;
	if (list->n == 0 || list->n > LOAD_SLOTS_MAX)
		return map_error(l, list, e, "\"touches\" must name 1 to %d touches",
				 LOAD_SLOTS_MAX);
	for (size_t i = 0; i < list->n; i++) {
		l->plan.n = i + 1;
		if (!map_touch(l, &list->items[i], &l->plan.slots[i], e))
			return false;
	}
	return true;
}
