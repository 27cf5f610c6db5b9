/*
 * load_open.c - everything that is settled before the first row goes to the journal.
 *
 * What it is:   map, kind, columns, types, lookups and plan, in this order; and giving it all back.
 * Promises:     whatever is wrong with the file as a whole is said here, with nothing begun.
 */
#include "load/load_int.h"

#include "base/mem.h"

#include <string.h>

#define CURRENCY_DEFAULT "EUR"

/* Segment's messages say what they are in their first line. */
static bool find_segment(struct loader *l, err *e)
{
	bool wanted = l->kind_settled ? l->kind == LOAD_EVENTS : true;
	if (!l->source.json || !wanted || l->o->map_path)
		return true;
	struct raw_row raw;
	bool more;
	l->source.segment = true;
	if (!source_next(l, &raw, &more, e))
		return false;
	l->source.segment = more && raw.object && message_is(raw.object);
	if (l->source.segment) {
		l->kind = LOAD_EVENTS;
		l->kind_settled = true;
	}
	return source_restart(l, e);
}

static bool find_kind(struct loader *l, err *e)
{
	if (l->o->kind_given && l->map.kind_given && l->o->kind != l->map.kind)
		return err_set(e, ERR_INVALID, "%s is a map for %s, not for %s", l->map.path,
			       load_kind_name(l->map.kind), load_kind_name(l->o->kind));
	l->kind = l->map.kind_given ? l->map.kind : l->o->kind;
	l->kind_settled = l->map.kind_given || l->o->kind_given;
	return find_segment(l, e);
}

static bool recognise_kind(struct loader *l, err *e)
{
	if (l->kind_settled)
		return true;
	size_t n = l->columns.all.n;
	str *headers = ARENA_ARRAY(&l->setup, str, n);
	if (!headers)
		return arena_err(&l->setup, e);
	for (size_t i = 0; i < n; i++)
		headers[i] = l->columns.all.items[i].header;
	l->kind_settled = kind_recognise(headers, n, &l->setup, &l->kind);
	if (l->setup.over)
		return arena_err(&l->setup, e);
	return l->kind_settled ||
	       err_set(e, ERR_INVALID,
		       "%s: the headers do not say what it holds; name it: people, companies, deals, "
		       "events or spend",
		       l->path);
}

static void take_settings(struct loader *l)
{
	l->currency_given = l->map.currency[0] != '\0';
	memcpy(l->currency, l->currency_given ? l->map.currency : CURRENCY_DEFAULT, 4);
	l->id_system = l->map.id_system;
	l->id_system_given = l->map.id_system_given;
}

static bool open_table(struct loader *l, err *e)
{
	if (!columns_collect(l, e) || !recognise_kind(l, e) || !columns_settle(l, e))
		return false;
	take_settings(l);
	return columns_check(l, e) && types_find(l, e) && lookups_open(l, e) && plan_make(l, e);
}

static bool chunk_init(struct loader *l, err *e)
{
	struct chunk *c = &l->chunk;
	arena_init(&c->arena, LOAD_CHUNK_ARENA_MAX);
	c->items = mem_zalloc(BATCH_ITEMS_MAX, sizeof *c->items);
	c->abouts = mem_zalloc(BATCH_ITEMS_MAX, sizeof *c->abouts);
	c->rows = mem_zalloc(LOAD_CHUNK_ROWS, sizeof *c->rows);
	if (!c->items || !c->abouts || !c->rows)
		return err_nomem(e);
	l->cells = ARENA_ARRAY(&l->setup, struct cell_value, LOAD_COLUMNS_MAX);
	l->props = ARENA_ARRAY(&l->setup, struct prop, TOUCH_PROPS_MAX);
	return (l->cells && l->props) || arena_err(&l->setup, e);
}

static bool loader_begin(struct loader *l, const char *path, const struct load_options *o, err *e)
{
	l->path = path;
	l->o = o;
	l->fs = fs_real();
	arena_init(&l->setup, LOAD_SETUP_ARENA_MAX);
	arena_init(&l->source.row, 0);
	arena_init(&l->chunk.arena, 0);
	buf_init(&l->scratch, 64 * MIB);
	buf_init(&l->state, 64 * KIB);
	columns_index(&l->columns);
	l->import_us = time_now_us();
	return map_read(l, e) && source_open(l, e) && find_kind(l, e);
}

bool loader_look(struct loader *l, const char *path, const struct load_options *o, err *e)
{
	if (!loader_begin(l, path, o, e))
		return false;
	if (l->source.segment)
		return true;
	if (!columns_collect(l, e) || !columns_settle(l, e))
		return false;
	take_settings(l);
	return types_find(l, e);
}

bool loader_open(struct loader *l, const char *path, const struct load_options *o, err *e)
{
	if (!loader_begin(l, path, o, e))
		return false;
	if (!l->source.segment && !open_table(l, e))
		return false;
	return chunk_init(l, e) && seen_new(&l->seen, e) && state_file_marks(l, e);
}

void loader_fini(struct loader *l)
{
	rejects_drop(l);
	lookups_fini(l);
	source_close(l);
	columns_fini(&l->columns);
	map_fini(&l->stages_unknown);
	seen_free(&l->seen);
	mem_free(l->chunk.items);
	mem_free(l->chunk.abouts);
	mem_free(l->chunk.rows);
	arena_fini(&l->chunk.arena);
	buf_fini(&l->scratch);
	buf_fini(&l->state);
	arena_fini(&l->setup);
}
