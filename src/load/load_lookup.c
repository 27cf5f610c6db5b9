/*
 * load_lookup.c - columns from a second file, joined to each row.
 *
 * What it is:   `lookups:` of a map file: a small table (sales teams, products) that lies beside
 * the file being read; the row of it that matches adds its columns to ours. Promises:     what
 * finds no match, and a file that is not there, is counted and told. Workload:     tables of some
 * thousand rows, held in memory.
 */
#include "load/load_int.h"

#include <string.h>

#define LOOKUP_ROWS_MAX 1000000

/* Our name for a column of theirs, or a map that says more of it. */
static bool lookup_column(struct loader *l, const struct yaml *y, struct column *c, err *e)
{
	*c = (struct column){ .header = y->key,
			      .key = y->key,
			      .claimed = true,
			      .from = FROM_LOOKUP,
			      .decimal = NUM_POINT };
	if (y->kind != YAML_TEXT || field_find(l->kind, y->text))
		return map_column(l, y, c, e);
	c->key = y->text;
	return true;
}

static bool lookup_columns(struct loader *l, struct lookup *u, const struct yaml *y, err *e)
{
	if (!y || y->kind != YAML_MAP || y->n == 0)
		return map_error(
			l, y ? y : l->map.lookups, e,
			"a lookup needs \"columns\": a map of its columns and our names for them");
	u->columns = ARENA_ARRAY(&l->setup, struct lookup_column, y->n);
	if (!u->columns)
		return arena_err(&l->setup, e);
	u->columns_n = y->n;
	for (size_t i = 0; i < y->n; i++) {
		const struct yaml *item = &y->items[i];
		struct column c;
		if (!lookup_column(l, item, &c, e))
			return false;
		u->columns[i].their = item->key;
		if (!column_push(l, c, &u->columns[i].column, e))
			return false;
	}
	return true;
}

static bool lookup_read(struct loader *l, const struct yaml *y, struct lookup *u, err *e)
{
	static const char *const KEYS[] = { "file", "match", "their", "columns", "optional" };
	if (y->kind != YAML_MAP)
		return map_error(l, y, e, "a lookup is a map with file, match and columns");
	if (!map_known_keys(l, y, KEYS, ARRAY_LEN(KEYS), e))
		return false;
	const struct yaml *file = yaml_get(y, S("file")), *match = yaml_get(y, S("match"));
	const struct yaml *their = yaml_get(y, S("their")), *optional = yaml_get(y, S("optional"));
	str ours;
	if (!file || !match)
		return map_error(l, y, e, "a lookup needs \"file\" and \"match\"");
	if (!map_text(l, file, &u->file, e) || !map_text(l, match, &ours, e))
		return false;
	if (str_index(u->file, '/') < u->file.n)
		return map_error(l, file, e,
				 "the file of a lookup lies beside the file that is read: "
				 "its name, without a folder");
	u->their = ours;
	if (their && !map_text(l, their, &u->their, e))
		return false;
	if (optional && !map_yes_no(l, optional, &u->optional, e))
		return false;
	u->map_line = y->line;
	u->match = columns_find(l, ours);
	if (u->match == LOAD_NO_COLUMN) {
		str near = columns_near(l, ours);
		return map_error(l, match, e, "there is no column \"%.*s\"%.*s", STR_ARG(ours),
				 STR_ARG(near));
	}
	return lookup_columns(l, u, yaml_get(y, S("columns")), e);
}

bool map_lookups(struct loader *l, err *e)
{
	const struct yaml *list = l->map.lookups;
	for (size_t i = 0; list && i < list->n; i++) {
		struct lookup u = { 0 };
		if (!lookup_read(l, &list->items[i], &u, e))
			return false;
		if (!vec_push(&l->lookups, u))
			return err_nomem(e);
	}
	return true;
}

static const char *beside(struct loader *l, str name)
{
	const char *slash = strrchr(l->path, '/');
	int folder = slash ? (int)(slash - l->path + 1) : 0;
	str path = str_printf(&l->setup, "%.*s%.*s", folder, l->path, STR_ARG(name));
	return path.p ? str_cstr(&l->setup, path) : NULL;
}

/* Where their columns stand; the index of the one that is matched. */
static bool lookup_header(struct lookup *u, const struct csv_reader *csv, const char *path,
			  size_t *match_r, err *e)
{
	size_t n, found = 0;
	const str *header = csv_header(csv, &n);
	*match_r = SIZE_MAX;
	for (size_t i = 0; i < n; i++) {
		if (str_eq(str_trim(header[i]), u->their))
			*match_r = i;
		for (size_t k = 0; k < u->columns_n; k++) {
			if (str_eq(str_trim(header[i]), u->columns[k].their)) {
				u->columns[k].at = i;
				found++;
			}
		}
	}
	if (*match_r == SIZE_MAX)
		return err_set(e, ERR_INVALID, "%s has no column \"%.*s\"", path,
			       STR_ARG(u->their));
	if (found < u->columns_n)
		return err_set(e, ERR_INVALID,
			       "%s has not all columns that the map's lookup in line %u "
			       "names",
			       path, u->map_line);
	return true;
}

static bool lookup_rows(struct loader *l, struct lookup *u, struct csv_reader *csv, size_t match,
			err *e)
{
	struct csv_row row;
	bool more;
	for (;;) {
		if (!csv_next(csv, &row, &more, e))
			return false;
		if (!more)
			return true;
		str key = match < row.n ? cell_clean(row.fields[match]) : S("");
		uint64_t before;
		if (row.problem.n > 0 || key.n == 0 || map_get(&u->rows, key, &before))
			continue;
		if (u->cells.n == LOOKUP_ROWS_MAX)
			return err_set(e, ERR_LIMIT, "%.*s has more than %d rows", STR_ARG(u->file),
				       LOOKUP_ROWS_MAX);
		str *cells = ARENA_ARRAY(&l->setup, str, u->columns_n);
		if (!cells)
			return arena_err(&l->setup, e);
		for (size_t k = 0; k < u->columns_n; k++) {
			size_t at = u->columns[k].at;
			cells[k] = at < row.n ? str_dup(&l->setup, cell_clean(row.fields[at]))
					      : S("");
		}
		if (l->setup.over)
			return arena_err(&l->setup, e);
		if (!map_put(&u->rows, key, u->cells.n) || !vec_push(&u->cells, cells))
			return err_nomem(e);
	}
}

bool lookups_open(struct loader *l, err *e)
{
	for (size_t i = 0; i < l->lookups.n; i++) {
		struct lookup *u = &l->lookups.items[i];
		const char *path = beside(l, u->file);
		if (!path)
			return arena_err(&l->setup, e);
		if (!fs_exists(l->fs, path)) {
			if (u->optional)
				continue;
			return err_set(
				e, ERR_NOT_FOUND,
				"%s:%u: the lookup's file %s is not there; with \"optional: yes\" "
				"its columns stay empty",
				l->map.path, u->map_line, path);
		}
		struct csv_reader *csv = NULL;
		struct csv_options options = { .has_header = true };
		if (!csv_open(l->fs, path, options, &csv, e))
			return false;
		size_t match;
		bool ok = lookup_header(u, csv, path, &match, e) &&
			  lookup_rows(l, u, csv, match, e);
		csv_close(&csv);
		if (!ok)
			return false;
		u->there = true;
	}
	return true;
}

bool lookups_fill(struct loader *l, uint64_t line, struct arena *a)
{
	for (size_t i = 0; i < l->lookups.n; i++) {
		struct lookup *u = &l->lookups.items[i];
		const struct cell_value *key = &l->cells[u->match];
		uint64_t at;
		if (!u->there || !key->filled)
			continue;
		if (!map_get(&u->rows, key->text, &at)) {
			if (u->misses++ == 0)
				u->miss_first = str_dup(&l->setup, str_sub(key->text, 0, 60));
			continue;
		}
		for (size_t k = 0; k < u->columns_n; k++) {
			size_t column = u->columns[k].column;
			str text = u->cells.items[at][k];
			if (text.n > 0 && !cell_read(l, &l->columns.all.items[column], text, line,
						     a, &l->cells[column]))
				return false;
		}
	}
	return true;
}

void lookups_fini(struct loader *l)
{
	for (size_t i = 0; i < l->lookups.n; i++) {
		map_fini(&l->lookups.items[i].rows);
		vec_free(&l->lookups.items[i].cells);
	}
	vec_free(&l->lookups);
}
