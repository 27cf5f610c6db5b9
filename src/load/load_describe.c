/*
 * load_describe.c - what an import would read, before it reads it.
 *
 * What it is:   one sentence per column, and what a row stands for.
 */
#include "load/load_int.h"

#include "base/mem.h"

#include <string.h>

static void describe_column(const struct column *c, struct buf *b)
{
	static const char *const TYPES[CELL_TYPES_N] = {
		[CELL_AUTO] = "whatever each value is",
		[CELL_TEXT] = "text",
		[CELL_NUMBER] = "number",
		[CELL_MONEY] = "money",
		[CELL_TIME] = "time",
		[CELL_DATE] = "date",
		[CELL_BOOL] = "yes or no",
		[CELL_LIST] = "list",
	};
	if (c->from == FROM_FILE)
		buf_printf(b, "\"%.*s\" ", STR_ARG(c->header));
	else
		buf_printf(b, "%s ",
			   c->from == FROM_CONSTANT ? "(the map's constant)" : "(looked up)");
	if (c->role == ROLE_IGNORE) {
		buf_cstr(b, "is left out.\n");
		return;
	}
	if (c->role == ROLE_BECAME) {
		buf_printf(b, "is the time at which stage %.*s was entered", STR_ARG(c->stage));
	} else {
		buf_printf(b, "is %s %.*s", c->known ? "the field" : "kept as trait",
			   STR_ARG(c->key));
		buf_printf(b, " (%s)", TYPES[c->type]);
	}
	if (c->pattern.n > 0)
		buf_printf(b, ", dates as %.*s", STR_ARG(c->pattern));
	if (c->values_n > 0)
		buf_printf(b, ", %zu values translated", c->values_n);
	buf_cstr(b, ".\n");
}

static void describe(const struct loader *l, struct buf *b)
{
	if (l->source.segment) {
		buf_printf(b, "%s holds Segment messages, one a line.\n", l->path);
		return;
	}
	buf_printf(b, "%s holds %s.\n", l->path, load_kind_name(l->kind));
	for (size_t i = 0; i < l->columns.all.n; i++)
		describe_column(&l->columns.all.items[i], b);
	buf_cstr(b, "A row stands for ");
	for (size_t i = 0; i < l->plan.n; i++) {
		str name = l->plan.slots[i].name.n ? l->plan.slots[i].name
						   : S("the event it names");
		buf_printf(b, "%s%.*s", i ? ", " : "", STR_ARG(name));
	}
	buf_cstr(b, ".\n");
}

bool load_describe(const char *path, const struct load_options *o, struct arena *a, str *text_r,
		   err *e)
{
	struct load_result r = { 0 };
	struct loader *l = mem_zalloc(1, sizeof *l);
	if (!l)
		return err_nomem(e);
	l->r = &r;
	struct buf b;
	buf_init(&b, MIB);
	bool ok = loader_open(l, path, o, e);
	if (ok)
		describe(l, &b);
	ok = ok && buf_ok(&b, e);
	if (ok)
		*text_r = str_dup(a, buf_view(&b));
	buf_fini(&b);
	loader_fini(l);
	mem_free(l);
	return ok && (!a->over || arena_err(a, e));
}
