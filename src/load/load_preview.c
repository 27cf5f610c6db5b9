/*
 * load_preview.c - what an import would read, for programs: the screen on which columns are chosen.
 *
 * What it is:   columns with what each is taken for and the values of the first rows.
 * Promises:     nothing is stored; texts live in the caller's arena and are short.
 * Threads:      one.
 */
#include "load/load_int.h"

#include "base/mem.h"

#define SAMPLE_BYTES_MAX 120

bool load_field_at(enum load_kind kind, size_t i, const char **name_r, const char **type_r)
{
	size_t n;
	const struct field_info *fields = field_table(kind, &n);
	if (i >= n)
		return false;
	*name_r = fields[i].name;
	*type_r = cell_type_name(fields[i].type);
	return true;
}

/* Not cut in the middle of a character. */
static str short_copy(struct arena *a, str s)
{
	if (s.n > SAMPLE_BYTES_MAX) {
		s.n = SAMPLE_BYTES_MAX;
		while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
			s.n--;
	}
	return str_dup(a, s);
}

static enum load_use use_of(const struct column *c)
{
	if (c->role == ROLE_IGNORE)
		return LOAD_USE_IGNORE;
	if (c->role == ROLE_BECAME)
		return LOAD_USE_STAGE_DATE;
	return c->known ? LOAD_USE_FIELD : LOAD_USE_TRAIT;
}

static bool copy_columns(const struct loader *l, struct arena *a, struct load_preview *p, err *e)
{
	size_t n = l->columns.all.n;
	p->columns = ARENA_ARRAY(a, struct load_column, n);
	if (n && !p->columns)
		return arena_err(a, e);
	for (size_t i = 0; i < n; i++) {
		const struct column *c = &l->columns.all.items[i];
		if (c->from != FROM_FILE)
			continue;
		p->columns[p->columns_n++] = (struct load_column){
			.header = str_dup(a, c->header),
			.use = use_of(c),
			.key = str_dup(a, c->role == ROLE_BECAME ? c->stage : c->key),
			.type = cell_type_name(c->type),
			.pattern = str_dup(a, c->pattern),
			.ambiguous = c->ambiguous,
			.samples = ARENA_ARRAY(a, str, LOAD_PREVIEW_ROWS),
		};
	}
	return !a->over || arena_err(a, e);
}

static bool copy_touches(const struct loader *l, struct arena *a, struct load_preview *p, err *e)
{
	p->touches = ARENA_ARRAY(a, str, l->plan.n);
	if (l->plan.n && !p->touches)
		return arena_err(a, e);
	for (size_t i = 0; i < l->plan.n; i++)
		p->touches[p->touches_n++] = str_dup(a, l->plan.slots[i].name);
	return !a->over || arena_err(a, e);
}

/* The first rows' cells; a row that cannot be read has none. Columns of the file come first. */
static bool copy_rows(struct loader *l, struct arena *a, struct load_preview *p, err *e)
{
	struct raw_row raw;
	bool more = true;
	if (!source_restart(l, e))
		return false;
	while (p->rows_n < LOAD_PREVIEW_ROWS) {
		if (!source_next(l, &raw, &more, e))
			return false;
		if (!more)
			break;
		for (size_t i = 0; i < MIN(raw.n, p->columns_n); i++)
			p->columns[i].samples[p->rows_n] = short_copy(a, raw.fields[i]);
		p->rows_n++;
	}
	return !a->over || arena_err(a, e);
}

/* `look`: only columns, of a file that cannot be imported as it is asked for. */
static bool preview(const char *path, const struct load_options *o, bool look, struct arena *a,
		    struct load_preview *p, err *e)
{
	struct load_result r = { 0 };
	struct loader *l = mem_zalloc(1, sizeof *l);
	if (!l)
		return err_nomem(e);
	l->r = &r;
	*p = (struct load_preview){ 0 };
	bool ok = look ? loader_look(l, path, o, e) : loader_open(l, path, o, e);
	if (ok) {
		p->kind_known = o->kind_given || !look;
		p->kind = l->kind;
		p->segment = l->source.segment;
		ok = p->segment || (copy_columns(l, a, p, e) && copy_touches(l, a, p, e) &&
				    copy_rows(l, a, p, e));
	}
	loader_fini(l);
	mem_free(l);
	return ok;
}

bool load_preview(const char *path, const struct load_options *o, struct arena *a,
		  struct load_preview *p_r, err *e)
{
	err why = { 0 }, ignored = { 0 };
	if (preview(path, o, false, a, p_r, &why))
		return true;
	/* Headers that name no kind, or rows about nobody: there are still columns to choose from.
	 */
	struct load_options guess = *o;
	guess.kind_given = true;
	guess.kind = o->kind_given ? o->kind : LOAD_PEOPLE;
	if (why.code == ERR_INVALID && preview(path, &guess, true, a, p_r, &ignored)) {
		p_r->kind_known = o->kind_given;
		p_r->problem = str_dup(a, str_of(why.text));
		return !a->over || arena_err(a, e);
	}
	if (e)
		*e = why;
	return false;
}
