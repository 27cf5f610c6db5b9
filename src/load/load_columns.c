/*
 * load_columns.c - what each header of a file means.
 *
 * What it is:   first what a map or an option says, then plain headers, then other systems' names;
 *               what is left becomes a trait under its own name.
 * Promises:     two columns never feed one field: the better known name has it, the other becomes a
 *               trait. Every column of the file is one of the loader's columns, in the same order.
 */
#include "load/load_int.h"

#include "base/mem.h"

static bool check_doubles(struct loader *l, const str *headers, size_t n, err *e)
{
	struct map seen = { 0 };
	bool ok = true;
	for (size_t i = 0; i < n && ok; i++) {
		str h = str_trim(headers[i]);
		uint64_t before;
		if (h.n == 0)
			continue;
		if (map_get(&seen, h, &before))
			ok = err_set(e, ERR_INVALID,
				     "%s: columns %llu and %zu are both called \"%.*s\"; give them "
				     "different names",
				     l->path, (unsigned long long)before + 1, i + 1, STR_ARG(h));
		else if (!map_put(&seen, h, i))
			ok = err_nomem(e);
	}
	map_fini(&seen);
	return ok;
}

static bool header_push(struct loader *l, str header, err *e)
{
	struct column c = { .header = str_dup(&l->setup, str_trim(header)), .decimal = NUM_GUESS };
	bool as_it_is = l->source.json;
	c.key = as_it_is ? c.header : header_fold(&l->setup, c.header);
	/* So the export calls a property whose name is a column's of touches. */
	if (str_starts(c.key, S("prop.")) && c.key.n > 5) {
		c.key = str_sub(c.key, 5, c.key.n);
		c.claimed = true;
	}
	if (c.key.n == 0)
		c.key = str_printf(&l->setup, "column_%zu", l->columns.all.n + 1);
	if (l->setup.over)
		return arena_err(&l->setup, e);
	size_t i;
	return column_push(l, c, &i, e);
}

static void take_field(struct column *c, const struct field_info *f)
{
	c->key = str_of(f->name);
	c->role = f->role;
	c->type = f->type;
	c->as_prop = f->as_prop;
	c->declared = c->known = true;
}

static bool field_is_taken(const struct loader *l, const struct field_info *f, size_t but)
{
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *c = &l->columns.all.items[i];
		if (i == but)
			continue;
		bool same_role = f->role > ROLE_BECAME && c->role == f->role;
		if ((c->known && str_eq(c->key, str_of(f->name))) || same_role)
			return true;
	}
	return false;
}

/* Gives column i its field, its stage, or leaves it a trait. `ranks` says how good each claim is.
 */
static bool recognise(struct loader *l, size_t i, size_t *rank_r, const struct field_info **f_r,
		      err *e)
{
	struct column *c = &l->columns.all.items[i];
	str folded = header_fold(&l->setup, c->header);
	c->stage = header_stage(l->kind, c->header, folded, &l->setup);
	if (l->setup.over)
		return arena_err(&l->setup, e);
	*f_r = header_find(l->kind, folded, rank_r);
	if (*f_r || c->stage.n == 0)
		return true;
	c->role = ROLE_BECAME;
	c->type = CELL_TIME;
	c->declared = true;
	return true;
}

/* Among the columns that mean the same field, the best known name gets it. */
static bool recognise_all(struct loader *l, size_t from, err *e)
{
	size_t n = l->columns.all.n;
	size_t *ranks = ARENA_ARRAY(&l->setup, size_t, n);
	const struct field_info **fields = ARENA_ARRAY(&l->setup, const struct field_info *, n);
	if (!ranks || !fields)
		return arena_err(&l->setup, e);
	for (size_t i = from; i < n; i++) {
		if (!l->columns.all.items[i].claimed && !recognise(l, i, &ranks[i], &fields[i], e))
			return false;
	}
	for (size_t i = from; i < n; i++) {
		bool best = fields[i] && !field_is_taken(l, fields[i], i);
		for (size_t k = from; k < n && best; k++) {
			best = k == i || !fields[k] || fields[k]->role != fields[i]->role ||
			       (fields[i]->role <= ROLE_BECAME && fields[k] != fields[i]) ||
			       ranks[k] > ranks[i] || (ranks[k] == ranks[i] && k > i);
		}
		if (best)
			take_field(&l->columns.all.items[i], fields[i]);
	}
	return true;
}

/* Traits of one name become name, name_2, name_3. */
static bool make_distinct(struct loader *l, size_t i, err *e)
{
	struct column *c = &l->columns.all.items[i];
	if (c->known || c->claimed)
		return true;
	str key = c->key;
	for (size_t suffix = 2;; suffix++) {
		bool taken = false;
		for (size_t k = 0; k < l->columns.all.n && !taken; k++) {
			const struct column *o = &l->columns.all.items[k];
			taken = k != i && (k < i || o->known) && str_eq(o->key, c->key);
		}
		if (!taken)
			return true;
		c->key = str_printf(&l->setup, "%.*s_%zu", STR_ARG(key), suffix);
		if (l->setup.over)
			return arena_err(&l->setup, e);
	}
}

/* Pipedrive's status says won, lost or open; whatever else a column that we take for that says
 * is kept beside. */
static void keep_status(struct column *c)
{
	if (c->role == ROLE_WON && !str_eq_nocase(c->header, S("won"))) {
		c->type = CELL_TEXT;
		c->as_prop = true;
		c->key = S("deal_status");
	} else if (c->role == ROLE_WON) {
		c->type = CELL_TEXT;
	}
}

void columns_index(struct columns *c)
{
	for (size_t role = 0; role < ROLES_N; role++)
		c->of_role[role] = LOAD_NO_COLUMN;
	for (size_t i = c->all.n; i-- > 0;) {
		if (c->all.items[i].role > ROLE_BECAME)
			c->of_role[c->all.items[i].role] = i;
	}
}

static bool settle(struct loader *l, size_t from, err *e)
{
	if (!recognise_all(l, from, e))
		return false;
	for (size_t i = from; i < l->columns.all.n; i++) {
		if (!make_distinct(l, i, e))
			return false;
		keep_status(&l->columns.all.items[i]);
	}
	columns_index(&l->columns);
	return true;
}

/* The keys of the first rows; source_next adds a column for each new one. */
static bool collect_keys(struct loader *l, err *e)
{
	struct raw_row raw;
	bool more = true;
	for (size_t row = 0; row < LOAD_SAMPLE_ROWS && more; row++) {
		if (!source_next(l, &raw, &more, e))
			return false;
	}
	return source_restart(l, e);
}

bool columns_collect(struct loader *l, err *e)
{
	if (l->source.json)
		return l->source.segment || collect_keys(l, e);
	size_t n;
	const str *headers = csv_header(l->source.csv, &n);
	if (n > LOAD_COLUMNS_MAX)
		return err_set(e, ERR_LIMIT, "%s has %zu columns; at most %d are read", l->path, n,
			       LOAD_COLUMNS_MAX);
	if (!check_doubles(l, headers, n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!header_push(l, headers[i], e))
			return false;
	}
	for (size_t i = n - MIN(n, l->source.rejects_tail); i < n; i++) {
		l->columns.all.items[i].role = ROLE_IGNORE;
		l->columns.all.items[i].claimed = true;
	}
	return true;
}

bool columns_settle(struct loader *l, err *e)
{
	return map_columns(l, e) && map_pairs(l, e) && settle(l, 0, e);
}

bool column_add(struct loader *l, str header, err *e)
{
	size_t i = l->columns.all.n;
	if (!header_push(l, header, e))
		return false;
	if (!l->types_found)
		return true;
	if (!settle(l, i, e))
		return false;
	struct column *c = &l->columns.all.items[i];
	c->decimal = NUM_POINT;
	if (c->type == CELL_AUTO)
		c->type = CELL_TEXT;
	return plan_make(l, e);
}

size_t columns_find(const struct loader *l, str name)
{
	const struct column *all = l->columns.all.items;
	size_t n = l->columns.all.n;
	for (size_t i = 0; i < n; i++) {
		if (str_eq(all[i].header, name) && all[i].from == FROM_FILE)
			return i;
	}
	for (size_t i = 0; i < n; i++) {
		if (str_eq(all[i].key, name) && all[i].role != ROLE_IGNORE)
			return i;
	}
	for (size_t i = 0; i < n; i++) {
		if (str_eq_nocase(all[i].header, name))
			return i;
	}
	return LOAD_NO_COLUMN;
}

static bool has(const struct loader *l, enum role role)
{
	return l->columns.of_role[role] != LOAD_NO_COLUMN;
}

static const char *what_is_missing(const struct loader *l)
{
	switch (l->kind) {
	case LOAD_PEOPLE:
		return has(l, ROLE_EXTERNAL_ID) || has(l, ROLE_EMAIL) || has(l, ROLE_USER_ID) ||
				       has(l, ROLE_ANONYMOUS_ID) || has(l, ROLE_LINKEDIN)
			       ? NULL
			       : "says who a person is (external_id, email, user_id or anonymous_id)";
	case LOAD_COMPANIES:
		return has(l, ROLE_COMPANY_ID) || has(l, ROLE_COMPANY_DOMAIN) ||
				       has(l, ROLE_COMPANY_NAME)
			       ? NULL
			       : "says which company it is (external_id, domain or name)";
	case LOAD_DEALS:
		return has(l, ROLE_DEAL_ID) || columns_find(l, S("name")) != LOAD_NO_COLUMN
			       ? NULL
			       : "says which deal it is (external_id or name)";
	case LOAD_EVENTS:
		return !has(l, ROLE_AT)	    ? "says when it happened (at)"
		       : !has(l, ROLE_NAME) ? "says what happened (name)"
					    : NULL;
	case LOAD_SPEND:
		return !has(l, ROLE_AT)	      ? "says when it was spent (date)"
		       : !has(l, ROLE_AMOUNT) ? "says how much was spent (amount)"
					      : NULL;
	case LOAD_KINDS_N:
		break;
	}
	return NULL;
}

bool columns_check(struct loader *l, err *e)
{
	const char *missing = l->map.touches ? NULL : what_is_missing(l);
	if (!missing)
		return true;
	struct buf names;
	buf_init(&names, 300);
	for (size_t i = 0; i < l->columns.all.n && i < 12; i++)
		buf_printf(&names, "%s\"%.*s\"", i ? ", " : "",
			   STR_ARG(l->columns.all.items[i].header));
	bool fits = buf_ok(&names, NULL);
	err_set(e, ERR_INVALID,
		"%s: no column %s; the columns are %.*s%s. Use --map field=Header or a map file",
		l->path, missing, STR_ARG(buf_view(&names)),
		fits && l->columns.all.n <= 12 ? "" : " ...");
	buf_fini(&names);
	return false;
}

void columns_fini(struct columns *c)
{
	for (size_t i = 0; i < c->all.n; i++)
		map_fini(&c->all.items[i].values_by);
	vec_free(&c->all);
}
