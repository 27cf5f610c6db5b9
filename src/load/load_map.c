/*
 * load_map.c - the map file: how it is read, and its settings for the whole file.
 *
 * What it is:   docs/import.md describes the keys; here they are checked and taken apart.
 * Promises:     an unknown key, field or value is an error with line and column and the nearest
 *               known name; nothing in a map is ignored silently.
 */
#include "load/load_int.h"

#include "io/zip.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool map_error(const struct loader *l, const struct yaml *at, err *e, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return err_set(e, ERR_INVALID, "%s:%u:%u: %s", l->map.path, at->line, at->column, text);
}

bool map_known_keys(struct loader *l, const struct yaml *map, const char *const *keys, size_t n,
		    err *e)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml *item = &map->items[i];
		struct near_name near;
		near_init(&near, item->key);
		bool known = false;
		for (size_t k = 0; k < n && !known; k++) {
			known = str_eq(item->key, str_of(keys[k]));
			near_offer(&near, str_of(keys[k]));
		}
		if (!known) {
			str hint = near_sentence(&near, &l->setup);
			return map_error(l, item, e, "unknown key \"%.*s\"%.*s", STR_ARG(item->key),
					 STR_ARG(hint));
		}
	}
	return true;
}

bool map_yes_no(const struct loader *l, const struct yaml *y, bool *yes_r, err *e)
{
	value v;
	if (y->kind != YAML_TEXT || !parse_bool(y->text, &v))
		return map_error(l, y, e, "\"%.*s\" must be yes or no", STR_ARG(y->key));
	*yes_r = v.i == 1;
	return true;
}

bool map_text(const struct loader *l, const struct yaml *y, str *text_r, err *e)
{
	if (y->kind != YAML_TEXT)
		return map_error(l, y, e, "\"%.*s\" must be one text", STR_ARG(y->key));
	*text_r = y->text;
	return true;
}

bool map_decimal(const struct loader *l, const struct yaml *y, enum num_decimal *decimal_r, err *e)
{
	bool point = y->kind == YAML_TEXT &&
		     (str_eq(y->text, S("point")) || str_eq(y->text, S(".")));
	bool comma = y->kind == YAML_TEXT &&
		     (str_eq(y->text, S("comma")) || str_eq(y->text, S(",")));
	if (!point && !comma)
		return map_error(l, y, e, "\"decimal\" must be point or comma");
	*decimal_r = point ? NUM_POINT : NUM_COMMA;
	return true;
}

bool map_currency(const struct loader *l, const struct yaml *y, char currency[4], err *e)
{
	if (y->kind != YAML_TEXT || y->text.n != 3 || !num_is_currency(y->text))
		return map_error(l, y, e, "\"currency\" must be a code such as EUR");
	memcpy(currency, y->text.p, 3);
	currency[3] = '\0';
	return true;
}

static bool map_kind(struct loader *l, const struct yaml *y, err *e)
{
	if (y->kind == YAML_TEXT && load_kind_parse(y->text, &l->map.kind)) {
		l->map.kind_given = true;
		return true;
	}
	return map_error(l, y, e, "\"kind\" must be events, people, companies, deals or spend");
}

static bool map_delimiter(struct loader *l, const struct yaml *y, err *e)
{
	static const char MARKS[] = ",;\t|";
	if (y->kind == YAML_TEXT && str_eq(y->text, S("tab"))) {
		l->map.delimiter = '\t';
		return true;
	}
	if (y->kind != YAML_TEXT || y->text.n != 1 || !strchr(MARKS, y->text.p[0]))
		return map_error(l, y, e, "\"delimiter\" must be \",\", \";\", \"|\" or tab");
	l->map.delimiter = y->text.p[0];
	return true;
}

static bool map_encoding(struct loader *l, const struct yaml *y, err *e)
{
	static const str KNOWN[] = { S("utf-8"), S("utf-16"), S("windows-1252") };
	for (size_t i = 0; y->kind == YAML_TEXT && i < ARRAY_LEN(KNOWN); i++) {
		if (str_eq_nocase(y->text, KNOWN[i])) {
			l->map.encoding = KNOWN[i];
			return true;
		}
	}
	return map_error(l, y, e, "\"encoding\" must be utf-8, utf-16 or windows-1252");
}

static bool map_of(const struct loader *l, const struct yaml *y, enum yaml_kind kind,
		   const struct yaml **to, err *e)
{
	if (y->kind != kind)
		return map_error(l, y, e, "\"%.*s\" must be a %s", STR_ARG(y->key),
				 kind == YAML_MAP ? "map of keys and values" : "list");
	*to = y;
	return true;
}

static bool map_setting(struct loader *l, const struct yaml *y, err *e)
{
	struct map_file *m = &l->map;
	str key = y->key;
	if (str_eq(key, S("kind")))
		return map_kind(l, y, e);
	if (str_eq(key, S("title")))
		return true;
	if (str_eq(key, S("delimiter")))
		return map_delimiter(l, y, e);
	if (str_eq(key, S("encoding")))
		return map_encoding(l, y, e);
	if (str_eq(key, S("date_format")))
		return map_text(l, y, &m->date_format, e);
	if (str_eq(key, S("decimal")))
		return map_decimal(l, y, &m->decimal, e);
	if (str_eq(key, S("currency")))
		return map_currency(l, y, m->currency, e);
	if (str_eq(key, S("id_system"))) {
		m->id_system_given = true;
		return map_text(l, y, &m->id_system, e);
	}
	if (str_eq(key, S("columns")))
		return map_of(l, y, YAML_MAP, &m->columns, e);
	if (str_eq(key, S("constants")))
		return map_of(l, y, YAML_MAP, &m->constants, e);
	if (str_eq(key, S("lookups")))
		return map_of(l, y, YAML_LIST, &m->lookups, e);
	if (str_eq(key, S("ignore")))
		return map_of(l, y, YAML_LIST, &m->ignore, e);
	return map_of(l, y, YAML_LIST, &m->touches, e);
}

static bool map_settings(struct loader *l, err *e)
{
	static const char *const KEYS[] = { "kind",	   "title",	"delimiter", "encoding",
					    "date_format", "decimal",	"currency",  "id_system",
					    "columns",	   "constants", "lookups",   "ignore",
					    "touches" };
	const struct yaml *root = l->map.root;
	if (root->kind != YAML_MAP)
		return map_error(l, root, e, "a map file is a map of keys and values");
	if (!map_known_keys(l, root, KEYS, ARRAY_LEN(KEYS), e))
		return false;
	for (size_t i = 0; i < root->n; i++) {
		if (!map_setting(l, &root->items[i], e))
			return false;
	}
	if (!l->map.kind_given && !l->o->kind_given)
		return map_error(l, root, e,
				 "\"kind\" is missing: events, people, companies, deals or "
				 "spend");
	return true;
}

bool map_read(struct loader *l, err *e)
{
	l->map.decimal = NUM_GUESS;
	if (!l->o->map_path)
		return true;
	l->map.path = l->o->map_path;
	struct buf text;
	buf_init(&text, YAML_BYTES_MAX);
	bool ok = fs_read_all(l->fs, l->map.path, YAML_BYTES_MAX, &text, e);
	str copy = ok ? str_dup(&l->setup, buf_view(&text)) : S("");
	buf_fini(&text);
	if (!ok)
		return err_prefix(e, "map file");
	if (l->setup.over)
		return arena_err(&l->setup, e);
	l->map.hash = zip_hash(copy.p, copy.n);
	if (!yaml_parse(copy, &l->setup, &l->map.root, e))
		return err_prefix(e, "%s", l->map.path);
	return map_settings(l, e);
}
